/* A pair of published messages as steps of a case (oasis_in.h). What stands between the
 * messages says whose connection it is and whether the request is repeated; the rest of it
 * is the step's note. */
#include <ctype.h>

#include "conformance/oasis_in.h"

#define REPEAT_EVERY     "1s"
#define REPEAT_AT_LEAST_S 60 /* and 30 s beyond the farthest date that the case sets */

/* ---- what stands between -------------------------------------------------------------- */

/* "# TIME 2 # [Client-B] # Decrypt again" -> "TIME 2, Decrypt again"; NULL if nothing. */
static const char *note_of(struct oasis *o, const char *text)
{
    struct buf out;

    buf_init(&out, 4096);
    while (*text) {
        size_t n = strcspn(text, "#");
        const char *p = text;
        while (n > 0 && isspace((unsigned char)*p))
            p++, n--;
        while (n > 0 && isspace((unsigned char)p[n - 1]))
            n--;
        if (n > 0 && strncmp(p, "[Client", 7) != 0)
            buf_printf(&out, "%s%.*s", out.n ? ", " : "", (int)n, p);
        text += strcspn(text, "#");
        text += *text == '#';
    }
    const char *copy = out.n ? oasis_format(o, "%s", buf_cstr(&out)) : NULL;
    buf_clear(&out);
    return copy;
}

/* The letter of [Client-B], or 'A'. */
static char letter_of(const char *text)
{
    const char *p = strstr(text, "[Client-");
    char c = p ? (char)toupper((unsigned char)p[8]) : 'A';

    return c >= 'A' && c <= 'Z' && p && p[9] == ']' ? c : 'A';
}

/* Makes a connection of its own for the third client and those after it. */
static void connect_client(struct oasis *o, const struct xnode *at, const char *name,
                           struct ynode *steps)
{
    struct ynode *step = oasis_map(o, at), *how = oasis_map(o, at);

    oasis_put(o, how, "client", oasis_scalar(o, at, name));
    oasis_put(o, step, "connect", how);
    oasis_push(o, steps, step);
}

static const char *client_of(struct oasis *o, const struct oasis_pair *p, struct ynode *steps)
{
    unsigned i = (unsigned)(letter_of(p->request->before) - 'A');

    if (p->credential > 1)
        return o->other ? "other" : "second";
    if (i < 2)
        return i == 0 ? "main" : "second";
    const char *name = oasis_format(o, "client_%c", (char)('a' + i));
    if (!o->connected[i])
        connect_client(o, p->request, name, steps);
    o->connected[i] = true;
    return name;
}

/* The mark holds for the same request behind it too: "until the State is Deactivated" stands
 * before the first question, whose answer is still Active. */
static bool is_repeated(struct oasis *o, const struct xnode *request)
{
    bool marked = strstr(request->before, "[REPEAT]") != NULL;
    const char *text = oasis_written_out(o, request);
    bool again = o->repeated && strcmp(o->repeated, text) == 0;

    o->repeated = marked || again ? text : NULL;
    return marked || again;
}

static struct ynode *repeat(struct oasis *o, const struct xnode *at)
{
    struct ynode *map = oasis_map(o, at);
    int64_t most = o->longest_s + 30 > REPEAT_AT_LEAST_S ? o->longest_s + 30 : REPEAT_AT_LEAST_S;

    oasis_put(o, map, "every", oasis_scalar(o, at, REPEAT_EVERY));
    oasis_put(o, map, "at_most", oasis_scalar(o, at, oasis_format(o, "%llds", (long long)most)));
    return map;
}

/* ---- the request ------------------------------------------------------------------------ */

static const char *version_of(struct oasis *o, const struct xnode *header)
{
    const struct xnode *version = oasis_child(header, KMIP_TAG_PROTOCOL_VERSION);

    return oasis_format(o, "%s.%s",
                        oasis_value(oasis_child(version, KMIP_TAG_PROTOCOL_VERSION_MAJOR)),
                        oasis_value(oasis_child(version, KMIP_TAG_PROTOCOL_VERSION_MINOR)));
}

static struct ynode *header_of(struct oasis *o, const struct xnode *header)
{
    struct ynode *map = oasis_fields(o, header), *rest = oasis_map(o, header);

    for (size_t i = 0; i < map->n; i++)
        if (strcmp(map->keys[i]->text, "Protocol Version") != 0)
            oasis_put(o, rest, map->keys[i]->text, map->vals[i]);
    return rest;
}

static void put_item(struct oasis *o, const struct xnode *item, bool batch, struct ynode *out)
{
    const struct xnode *operation = oasis_child(item, KMIP_TAG_OPERATION);
    const struct xnode *id = oasis_child(item, KMIP_TAG_UNIQUE_BATCH_ITEM_ID);
    const struct xnode *payload = oasis_child(item, KMIP_TAG_REQUEST_PAYLOAD);
    const struct xnode *extension = oasis_child(item, KMIP_TAG_MESSAGE_EXTENSION);

    oasis_put(o, out, "operation", oasis_scalar(o, operation, oasis_value(operation)));
    if (id)
        oasis_put(o, out, "id", oasis_text(o, id, oasis_value(id)));
    else if (batch)
        oasis_put(o, out, "id", oasis_scalar(o, item, "none"));
    if (payload)
        oasis_put(o, out, "payload", oasis_fields(o, payload));
    if (extension)
        oasis_put(o, out, "extension", oasis_fields(o, extension));
}

/* Does the request ask about an asynchronous one, by a Poll or a Cancel? */
static bool asks_for_pending(const struct xnode *item)
{
    uint32_t operation = oasis_operation(item);

    return operation == KMIP_OPERATION_POLL || operation == KMIP_OPERATION_CANCEL;
}

/* ---- the step ----------------------------------------------------------------------------- */

static const struct xnode *next_item(const struct xnode *n)
{
    while (n && !oasis_is(n, KMIP_TAG_BATCH_ITEM))
        n = n->next;
    return n;
}

/* A Locate of at most so many: which ones is the server's choice. */
static bool limits(const struct xnode *item)
{
    return oasis_operation(item) == KMIP_OPERATION_LOCATE &&
           oasis_child(oasis_child(item, KMIP_TAG_REQUEST_PAYLOAD), KMIP_TAG_MAXIMUM_ITEMS);
}

static void put_items(struct oasis *o, const struct oasis_pair *p, struct ynode *step)
{
    const struct xnode *asked = next_item(p->request->first);
    const struct xnode *got = next_item(p->response->first);
    bool batch = asked && next_item(asked->next), found = false;
    struct ynode *items = oasis_seq(o, p->request);

    for (; asked; asked = next_item(asked->next)) {
        struct ynode *item = batch ? oasis_map(o, asked) : step;
        found = found || limits(asked);
        put_item(o, asked, batch, item);
        oasis_put(o, item, "expect",
                  got ? oasis_expect(o, p, asked, got, found) : oasis_scalar(o, asked, "none"));
        oasis_push(o, items, item);
        got = got ? next_item(got->next) : NULL;
    }
    if (batch) {
        oasis_put(o, step, "batch", items);
        oasis_put(o, step, "expect", oasis_expect_batch(o, p, items));
    }
}

static void note_all(struct oasis *o, const struct oasis_pair *p)
{
    const struct xnode *asked = next_item(p->request->first);
    const struct xnode *got = next_item(p->response->first);

    for (; asked && got; asked = next_item(asked->next), got = next_item(got->next))
        oasis_note_objects(o, p, asked, got);
}

void oasis_steps(struct oasis *o, const struct oasis_pair *p, struct ynode *steps)
{
    const struct xnode *header = oasis_child(p->request, KMIP_TAG_REQUEST_HEADER);
    const struct xnode *item = oasis_child(p->request, KMIP_TAG_BATCH_ITEM);
    const char *client = client_of(o, p, steps), *note = note_of(o, p->request->before);
    struct ynode *step = oasis_map(o, p->request);

    oasis_keep_time(o, p, steps);
    if (note)
        oasis_put(o, step, "note", oasis_text(o, p->request, note));
    oasis_put(o, step, "client", oasis_scalar(o, p->request, client));
    oasis_put(o, step, "version", oasis_text(o, header, version_of(o, header)));
    oasis_put(o, step, "header", header_of(o, header));
    if (asks_for_pending(item) && o->pending > 0)
        oasis_put(o, step, "when",
                  oasis_scalar(o, item, oasis_format(o, "ASYNC_%u", o->pending)));
    oasis_note_given(o, p->request, NULL);
    if (is_repeated(o, p->request))
        oasis_put(o, step, "repeat", repeat(o, p->request));
    put_items(o, p, step);
    oasis_push(o, steps, step);
    note_all(o, p);
}
