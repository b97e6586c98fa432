/* The gate (target.h): before any case, is there a KMIP server, and what does it say
 * of itself? */
#include <stdio.h>

#include "client/lib/requests.h"
#include "conformance/target.h"
#include "kmip/base/text.h"
#include "kmip/schema/validate.h"

static bool succeeded(const struct kmip_item *it, const char *operation, struct kerr *err)
{
    if (it->has_status && it->status == KMIP_RESULT_STATUS_SUCCESS)
        return true;
    struct buf message;
    buf_init(&message, 1000);
    text_show(&message, it->message, 200);
    kerr_set(err, KE_REFUSED, "the server answers %s with %s%s%s%s%s", operation,
             it->has_status ? kmip_name_of("Result Status", it->status) : "no Result Status",
             it->has_reason ? ", " : "",
             it->has_reason ? kmip_name_of("Result Reason", it->reason) : "", message.n ? ": " : "",
             buf_cstr(&message));
    buf_clear(&message);
    return false;
}

/* ---- clauses ---------------------------------------------------------------- */

static void add_clause(void *arg, const struct finding *f)
{
    struct target *t = arg;
    char clause[FINDING_CLAUSE_MAX];
    finding_clause(f, clause);
    const char *all = strstr(t->gate_clause, clause)
                          ? t->gate_clause
                          : arena_printf(&t->arena, "%s; %s", t->gate_clause, clause);
    t->gate_clause = all ? all : t->gate_clause;
}

/* That of the operation, and of every rule of the standard that the reply breaks: nothing
 * else will be tested, so this is all that the server's maker gets to read. */
static void note_clauses(struct target *t, const struct target_call *c, const char *clause)
{
    const struct finding_sink sink = {add_clause, t};
    struct kerr ignored = KERR_INIT;
    t->gate_clause = clause;
    if (kmip_validate(buf_bytes(&c->reply), 0, NULL, &sink, &ignored))
        kmip_check_reply(buf_bytes(&c->request), buf_bytes(&c->reply), 0, &sink);
}

/* ---- Discover Versions ------------------------------------------------------ */

static void take_version(struct target *t, const struct ttlv_item *it)
{
    struct ttlv_item major, minor;
    if (it->tag == KMIP_TAG_PROTOCOL_VERSION &&
        ttlv_find(it, KMIP_TAG_PROTOCOL_VERSION_MAJOR, &major) &&
        ttlv_find(it, KMIP_TAG_PROTOCOL_VERSION_MINOR, &minor) && major.type == TTLV_INTEGER &&
        minor.type == TTLV_INTEGER && t->n_versions < sizeof t->versions)
        t->versions[t->n_versions++] =
            KMIP_VERSION((uint8_t)ttlv_int(&major), (uint8_t)ttlv_int(&minor));
}

/* What a request of our version cannot be tested with, said before every case does. */
static bool speaks(const struct target *t, struct kerr *err)
{
    struct buf list;
    uint8_t version = t->opt.settings.version;
    if (t->n_versions == 0 || target_has_version(t, version))
        return true;
    buf_init(&list, 400);
    for (size_t i = 0; i < t->n_versions; i++)
        buf_printf(&list, "%s%s", i ? ", " : "", kmip_version_text(t->versions[i]));
    kerr_set(err, KE_REFUSED,
             "the server speaks KMIP %s, not %s; --protocol chooses the version to test",
             buf_cstr(&list), kmip_version_text(version));
    buf_clear(&list);
    return false;
}

static bool ask_versions(struct target *t, struct kerr *err)
{
    struct target_call c;
    struct ttlv_reader r;
    struct ttlv_item it;
    if (t->opt.settings.version < KMIP_V11) { /* it is new in 1.1 */
        t->versions[t->n_versions++] = t->opt.settings.version;
        return true;
    }
    target_ask(t, &c, KMIP_OPERATION_DISCOVER_VERSIONS);
    bool ok = target_answer(&c, "main", err) && succeeded(&c.item, "Discover Versions", err);
    if (ok && c.item.has_payload) {
        ttlv_r_children(&r, c.msg.msg, &c.item.payload, NULL);
        while (ttlv_r_next(&r, &it))
            take_version(t, &it);
    }
    if (!ok)
        note_clauses(t, &c, "KMIP 1.2 spec, 4.26");
    target_call_clear(&c);
    return ok && speaks(t, err);
}

/* ---- Query ------------------------------------------------------------------ */

static void take_capability(struct target *t, const struct ttlv_item *it)
{
    if (it->tag == KMIP_TAG_OPERATION && it->type == TTLV_ENUMERATION &&
        t->n_operations < TARGET_OPERATIONS_MAX)
        t->operations[t->n_operations++] = ttlv_enum(it);
    else if (it->tag == KMIP_TAG_OBJECT_TYPE && it->type == TTLV_ENUMERATION && t->n_objects < 32)
        t->objects[t->n_objects++] = ttlv_enum(it);
    else if (it->tag == KMIP_TAG_VENDOR_IDENTIFICATION && it->type == TTLV_TEXT_STRING) {
        struct buf text;
        buf_init(&text, 1000);
        text_quote(&text, it->val, 120);
        const char *v = arena_str(&t->arena, buf_cstr(&text));
        t->vendor = v ? v : "";
        buf_clear(&text);
    }
}

static bool ask_query(struct target *t, struct kerr *err)
{
    static const uint32_t functions[] = {KMIP_QUERY_FUNCTION_QUERY_OPERATIONS,
                                         KMIP_QUERY_FUNCTION_QUERY_OBJECTS,
                                         KMIP_QUERY_FUNCTION_QUERY_SERVER_INFORMATION};
    struct target_call c;
    struct ttlv_reader r;
    struct ttlv_item it;
    target_ask(t, &c, KMIP_OPERATION_QUERY);
    req_query(&c.w, functions, sizeof functions / sizeof *functions);
    bool ok = target_answer(&c, "main", err) && succeeded(&c.item, "Query", err);
    if (ok && c.item.has_payload) {
        ttlv_r_children(&r, c.msg.msg, &c.item.payload, NULL);
        while (ttlv_r_next(&r, &it))
            take_capability(t, &it);
    }
    if (!ok)
        note_clauses(t, &c, "KMIP 1.2 spec, 4.25");
    target_call_clear(&c);
    return ok;
}

/* ---- verdict ---------------------------------------------------------------- */

/* Whatever answers in KMIP's form is a KMIP server, if a faulty one. */
static enum gate_result failed(const struct kerr *err)
{
    switch (err->cls) {
    case KERR_CLASS_INTERRUPT:
        return GATE_INTERRUPTED;
    case KERR_CLASS_CONFIG:
    case KERR_CLASS_USAGE:
        return GATE_CONFIG;
    case KERR_CLASS_TTLV:
        return err->code == KE_TTLV_ROOT || err->code == KE_TTLV_SIZE ? GATE_UNREACHABLE
                                                                      : GATE_REFUSED;
    case KERR_CLASS_PROTOCOL:
    case KERR_CLASS_SCHEMA:
        return GATE_REFUSED;
    default:
        return GATE_UNREACHABLE;
    }
}

/* Adds which request it was, and what that says of the server. */
static enum gate_result does_not_work(const struct target *t, const char *request,
                                      struct kerr *err)
{
    enum gate_result result = failed(err);
    if (err->code == KE_TTLV_ROOT)
        kerr_wrap(err, "this is no KMIP server: %s", request);
    else if (result == GATE_REFUSED && t->gate_clause[0])
        kerr_wrap(err, "%s does not work (%s)", request, t->gate_clause);
    else
        kerr_wrap(err, "%s does not work", request);
    return result;
}

/* Query goes out behind Discover Versions on one connection, unless the server closes that
 * after each reply. */
static bool ask_query_after(struct target *t, struct kerr *err)
{
    struct kerr why = KERR_INIT;
    if (ask_query(t, &why))
        return true;
    if (why.code == KE_CLOSED)
        return ask_query(t, err);
    *err = why;
    return false;
}

enum gate_result target_gate(struct target *t, struct kerr *err)
{
    struct target_client *c = target_client(t, "main", err);
    if (!c) {
        kerr_wrap(err, "no connection");
        return failed(err);
    }
    t->tls = *kc_tls(c->kc);
    if (!ask_versions(t, err))
        return does_not_work(t, "Discover Versions", err);
    if (!ask_query_after(t, err))
        return does_not_work(t, "Query", err);
    return GATE_OPEN;
}

bool target_alive(struct target *t, struct kerr *err)
{
    struct target_call c;
    bool old = t->opt.settings.version < KMIP_V11;
    target_close(t, "main");
    target_ask(t, &c, old ? KMIP_OPERATION_QUERY : KMIP_OPERATION_DISCOVER_VERSIONS);
    if (old)
        req_query(&c.w, &(uint32_t){KMIP_QUERY_FUNCTION_QUERY_OPERATIONS}, 1);
    bool ok = target_answer(&c, "main", err);
    target_call_clear(&c);
    return ok;
}
