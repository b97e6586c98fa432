/* Mutants of one reply (mutant.h): a walk through it, and at each item what can be done to
 * it, spliced into a copy of the message. */
#include "conformance/mutant.h"

#define FIELD_MAX 600

const char *const mutant_kind_names[MUTANT_KINDS + 1] = {"removed", "duplicated", "swapped",
                                                         "retyped", "changed", NULL};

struct maker {
    struct bytes msg;
    mutant_take *take;
    void *arg;
    struct kmip_walk walk;
    uint32_t around[TTLV_MAX_DEPTH]; /* offsets of the structures that the item is in */
    unsigned depth;
    char operation[80], field[FIELD_MAX];
    struct buf out;
    struct mutant m; /* under way: the item at hand */
};

/* ---- splicing ------------------------------------------------------------------ */

static size_t span(const struct ttlv_item *it)
{
    return TTLV_HEADER + (size_t)ttlv_padded(it->len);
}

/* The message with `n` bytes at an offset replaced by those of two pieces, and the lengths of
 * all that is around set right. */
static bool splice(struct maker *k, uint32_t off, size_t n, struct bytes a, struct bytes b)
{
    struct buf *out = &k->out;
    buf_reset(out);
    buf_put(out, k->msg.p, off);
    buf_put_bytes(out, a);
    buf_put_bytes(out, b);
    buf_put(out, k->msg.p + off + n, k->msg.n - off - n);
    if (out->failed)
        return false;
    for (unsigned i = 0; i < k->depth; i++) {
        uint8_t *len = out->p + k->around[i] + 4;
        be32_put(len, (uint32_t)(be32_get(len) + a.n + b.n - n));
    }
    return true;
}

static bool give(struct maker *k, enum mutant_kind kind, const char *how)
{
    k->m.kind = kind;
    k->m.how = how;
    k->m.operation = k->operation;
    k->m.field = k->field;
    k->m.reply = buf_bytes(&k->out);
    return k->take(k->arg, &k->m);
}

static struct bytes whole(const struct maker *k, const struct ttlv_item *it)
{
    return bytes_of(k->msg.p + it->off, span(it));
}

/* ---- what can be done to an item -------------------------------------------------- */

static bool remove_it(struct maker *k, const struct ttlv_item *it)
{
    struct bytes none = bytes_of(NULL, 0);
    return splice(k, it->off, span(it), none, none) && give(k, MUTANT_REMOVED, "");
}

static bool duplicate(struct maker *k, const struct ttlv_item *it)
{
    return splice(k, it->off, span(it), whole(k, it), whole(k, it)) &&
           give(k, MUTANT_DUPLICATED, "");
}

static const char *name_of(const struct ttlv_item *it, char text[16])
{
    const char *name = kmip_tag_name(it->tag);
    if (!name)
        snprintf(text, 16, "%06X", (unsigned)it->tag);
    return name ? name : text;
}

/* Two that are equal byte for byte change nothing. */
static bool swap(struct maker *k, const struct ttlv_item *it, const struct ttlv_item *next)
{
    char how[80], name[16];
    if (bytes_eq(whole(k, it), whole(k, next)))
        return true;
    snprintf(how, sizeof how, "with %s",
             it->tag == next->tag ? "its like" : name_of(next, name));
    return splice(k, it->off, span(it) + span(next), whole(k, next), whole(k, it)) &&
           give(k, MUTANT_SWAPPED, how);
}

struct replacing {
    struct maker *k;
    const struct ttlv_item *it;
    enum mutant_kind kind;
};

/* The item with another type, or value. */
static bool replace(void *arg, const char *how, unsigned type, struct bytes val)
{
    struct replacing *r = arg;
    struct buf item;
    struct ttlv_writer w;
    buf_init(&item, val.n + 32);
    ttlv_w_init(&w, &item, NULL);
    ttlv_w_raw_head(&w, r->it->tag, type, (uint32_t)val.n);
    ttlv_w_raw_bytes(&w, val);
    buf_fill(&item, 0, (size_t)ttlv_padded((uint32_t)val.n) - val.n);
    bool ok = ttlv_w_finish(&w) &&
              splice(r->k, r->it->off, span(r->it), buf_bytes(&item), bytes_of(NULL, 0)) &&
              give(r->k, r->kind, how);
    buf_clear(&item);
    return ok;
}

static bool mutate(struct maker *k, const struct ttlv_item *it, const struct ttlv_item *next)
{
    struct kmip_spot spot = kmip_walk_look(&k->walk, it->tag);
    struct replacing types = {k, it, MUTANT_RETYPED}, values = {k, it, MUTANT_CHANGED};
    k->m.off = it->off;
    if (k->depth == 0) /* the message itself: there is nothing around it */
        return mutant_types(it, replace, &types);
    return remove_it(k, it) && duplicate(k, it) && (!next || swap(k, it, next)) &&
           mutant_types(it, replace, &types) && mutant_values(it, &spot, replace, &values);
}

/* ---- where it stands ---------------------------------------------------------------- */

/* "Get Attributes", "Get, failed". */
static void name_item(struct maker *k, const struct ttlv_item *item)
{
    struct ttlv_item op, status;
    bool failed = ttlv_find(item, KMIP_TAG_RESULT_STATUS, &status) &&
                  ttlv_enum(&status) == KMIP_RESULT_STATUS_OPERATION_FAILED;
    const char *name = ttlv_find(item, KMIP_TAG_OPERATION, &op)
                           ? kmip_operation_name(ttlv_enum(&op))
                           : "no Operation";
    snprintf(k->operation, sizeof k->operation, "%s%s", name, failed ? ", failed" : "");
}

/* An Attribute goes by its name; those of clients and vendors by their kind. */
static void put_name(const struct ttlv_item *it, char *out, size_t room)
{
    struct ttlv_item name;
    char text[16];
    int n = snprintf(out, room, "%s", name_of(it, text));
    if (it->tag != KMIP_TAG_ATTRIBUTE || !ttlv_find(it, KMIP_TAG_ATTRIBUTE_NAME, &name) || n < 0)
        return;
    const struct kmip_attribute *known = kmip_attribute_by_name(name.val);
    if ((size_t)n < room)
        snprintf(out + n, room - (size_t)n, " %s", known ? known->name : "of its own");
}

static bool each_in(struct maker *k, const struct ttlv_item *parent, size_t at);

static bool one(struct maker *k, const struct ttlv_item *it, const struct ttlv_item *next,
                size_t at)
{
    bool in_item = it->tag == KMIP_TAG_BATCH_ITEM && k->depth == 1;
    if (in_item)
        name_item(k, it);
    put_name(it, k->field + at, sizeof k->field - at);
    if (!mutate(k, it, next))
        return false;
    if (it->type != TTLV_STRUCTURE) {
        kmip_walk_note(&k->walk, it->tag, it->type, it->val);
        return true;
    }
    if (k->depth == TTLV_MAX_DEPTH || !kmip_walk_enter(&k->walk, it->tag))
        return true;
    k->around[k->depth++] = it->off;
    bool ok = each_in(k, it, in_item || k->depth == 1 ? 0 : strlen(k->field));
    k->depth--;
    kmip_walk_leave(&k->walk);
    if (in_item)
        snprintf(k->operation, sizeof k->operation, "message");
    return ok;
}

/* Children, each with the one behind it. `at`: where their names go in the field's text. */
static bool each_in(struct maker *k, const struct ttlv_item *parent, size_t at)
{
    struct ttlv_reader r;
    struct ttlv_item it, next;
    if (at > 0 && at + 1 < sizeof k->field)
        k->field[at++] = '/';
    ttlv_r_children(&r, k->msg, parent, NULL);
    bool more = ttlv_r_next(&r, &it);
    while (more) {
        more = ttlv_r_next(&r, &next);
        if (!one(k, &it, more ? &next : NULL, at))
            return false;
        it = next;
    }
    return true;
}

bool mutant_each(struct bytes reply, mutant_take *take, void *arg)
{
    struct maker k = {.msg = reply, .take = take, .arg = arg, .operation = "message"};
    struct ttlv_item root;
    if (!ttlv_first(reply, &root))
        return true;
    buf_init(&k.out, 2 * reply.n + 65536);
    kmip_walk_init(&k.walk);
    bool ok = one(&k, &root, NULL, 0);
    buf_clear(&k.out);
    return ok;
}
