/* Locate (KMIP 1.2 spec, 4.9). Candidates come from the store's index; what matches is
 * decided in locate_match.c. */
#include "mockserver/access.h"
#include "mockserver/lifecycle.h"
#include "mockserver/locate_match.h"
#include "mockserver/ops.h"
#include "mockserver/scratch.h"
#include "mockserver/searchkey.h"
#include "mockserver/variant.h"

#define CAP 4 /* objects told of where the client says no number, and there is a cap */

struct search {
    struct op_call *call;
    struct locate_filters filters;
    uint32_t storage; /* KMIP_STORAGE_STATUS_MASK_* */
    uint32_t member; /* KMIP_OBJECT_GROUP_MEMBER_*, or 0 */
    size_t most; /* Maximum Items */
    size_t stop; /* found so many: enough */
    bool destroyed; /* objects of which only attributes are left count too */
    struct buf *found; /* identifiers, each in MOCK_UID_MAX bytes */
    size_t n;
};

/* Whether the object is there at all for this caller and this question. */
static bool eligible(const struct search *s, const struct mock_object *o)
{
    uint32_t where = o->archived ? KMIP_STORAGE_STATUS_MASK_ARCHIVAL_STORAGE
                                 : KMIP_STORAGE_STATUS_MASK_ON_LINE_STORAGE;
    return op_type_known(s->call, o->type) &&
           (access_allowed(o, s->call->identity, POLICY_READ) ||
            deviates(s->call, DEV_FOREIGN_OBJECTS_LOCATED)) &&
           s->storage & where && (s->destroyed || !op_is_destroyed(o));
}

static bool is_fresh(const struct mock_object *o)
{
    const struct mock_attr *a = object_attr(o, KMIP_TAG_FRESH, 0);
    return a && a->len == 8 && a->value[7];
}

static bool visit(void *arg, struct mock_object *o)
{
    struct search *s = arg;
    if (!eligible(s, o))
        return true;
    op_settle(s->call, o);
    if (!locate_matches(s->call, &s->filters, o))
        return true;
    if (s->member == KMIP_OBJECT_GROUP_MEMBER_GROUP_MEMBER_FRESH && !is_fresh(o))
        return true;
    if (!buf_put(s->found, o->uid, sizeof o->uid)) {
        op_no_memory(s->call);
        return false;
    }
    return ++s->n < s->stop;
}

static bool read_options(struct search *s)
{
    struct op_call *c = s->call;
    struct ttlv_item it;
    s->storage = KMIP_STORAGE_STATUS_MASK_ON_LINE_STORAGE;
    s->most = varies(c, VAR_LOCATE_CAPPED) ? CAP : SIZE_MAX;
    if (deviates(c, DEV_LOCATE_ARCHIVED))
        s->storage |= KMIP_STORAGE_STATUS_MASK_ARCHIVAL_STORAGE;
    if (op_field(c, KMIP_TAG_STORAGE_STATUS_MASK, &it))
        s->storage = (uint32_t)ttlv_int(&it);
    if (op_field(c, KMIP_TAG_OBJECT_GROUP_MEMBER, &it) &&
        !deviates(c, DEV_LOCATE_GROUP_MEMBER_IGNORED))
        s->member = ttlv_enum(&it);
    if (op_field(c, KMIP_TAG_MAXIMUM_ITEMS, &it) &&
        !deviates(c, DEV_LOCATE_MAXIMUM_ITEMS_IGNORED)) {
        if (ttlv_int(&it) < 0)
            return op_fail(c, KMIP_RESULT_REASON_INVALID_FIELD, "Maximum Items is negative");
        s->most = (size_t)ttlv_int(&it);
    }
    return true;
}

/* Filters that the index knows: of structures the first field, if it was given. */
static size_t index_keys(const struct search *s, struct store_key keys[LOCATE_FILTERS_MAX])
{
    const struct locate_filters *f = &s->filters;
    size_t n = 0;
    if (deviates(s->call, DEV_LOCATE_ANY_CRITERION) || deviates(s->call, DEV_LOCATE_NAME_PREFIX))
        return 0; /* what the index has not got may match too */
    for (size_t i = 0; i < f->n; i++) {
        const struct locate_filter *x = &f->filter[i];
        struct ttlv_item first;
        struct bytes value = x->value.val;
        if (!searchkey_indexed(x->def))
            continue;
        if (x->value.type == TTLV_STRUCTURE) {
            const struct kmip_struct *def =
                x->def ? kmip_struct(x->def->tag, KMIP_STRUCT_PLAIN, 0) : NULL;
            if (!def || !ttlv_first(value, &first) || first.tag != def->fields[0].tag)
                continue;
            value = first.val;
        }
        keys[n++] = (struct store_key){.name = x->name, .value = value};
    }
    return n;
}

static bool run(struct search *s)
{
    struct op_call *c = s->call;
    const struct locate_filter *uid = locate_filter_on(&s->filters, KMIP_TAG_UNIQUE_IDENTIFIER);
    struct store_key keys[LOCATE_FILTERS_MAX];
    if (s->stop == 0)
        return true;
    if (uid) {
        struct mock_object *o = store_get(c->engine->store, uid->value.val, &c->err);
        if (o)
            visit(s, o);
    } else if (!store_scan(c->engine->store, keys, index_keys(s, keys), visit, s,
                           &c->err)) {
        return false;
    }
    return c->err.code == KE_OK;
}

static const char *uid_at(const struct search *s, size_t i)
{
    return (const char *)s->found->p + i % s->n * MOCK_UID_MAX;
}

/* Object Group Member Default leaves the choice to the server: members take turns, the one
 * behind the last; the first when that is no longer there. */
static size_t first_of_group(struct search *s)
{
    const struct locate_filter *group = locate_filter_on(&s->filters, KMIP_TAG_OBJECT_GROUP);
    size_t first = 0;
    if (s->member != KMIP_OBJECT_GROUP_MEMBER_GROUP_MEMBER_DEFAULT || !group || s->n == 0 ||
        varies(s->call, VAR_GROUP_MEMBER_ALWAYS_THE_FIRST))
        return 0;
    uint64_t *last =
        &s->call->engine->scratch->turns[bytes_hash(group->value.val) % GROUP_TURNS];
    for (size_t i = 0; i < s->n; i++)
        if (bytes_hash(bytes_str(uid_at(s, i))) == *last)
            first = (i + 1) % s->n;
    *last = bytes_hash(bytes_str(uid_at(s, first)));
    return first;
}

static void write_found(struct search *s)
{
    struct op_call *c = s->call;
    size_t first = first_of_group(s), n = s->n < s->most ? s->n : s->most;
    if (n == 1 || !deviates(c, DEV_PLACEHOLDER_LEFT_BY_LOCATE))
        c->placeholder[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        const char *uid = uid_at(s, variant_nth(c, VAR_LOCATE_BACKWARDS, n, i) + first);
        ttlv_w_str(c->out, KMIP_TAG_UNIQUE_IDENTIFIER, uid);
        bool sets = n == 1 ? !deviates(c, DEV_PLACEHOLDER_NOT_SET_BY_LOCATE)
                           : i == 0 && deviates(c, DEV_PLACEHOLDER_SET_BY_LOCATE_OF_SEVERAL);
        if (sets)
            op_set_placeholder(c, uid);
    }
}

bool op_locate(struct op_call *c)
{
    struct search s = {.call = c, .found = &c->engine->scratch->found};
    if (!read_options(&s) || !locate_filters_read(c, &s.filters))
        return false;
    s.stop =
        s.member == KMIP_OBJECT_GROUP_MEMBER_GROUP_MEMBER_DEFAULT && s.most > 0 ? SIZE_MAX : s.most;
    s.destroyed = locate_filter_on(&s.filters, KMIP_TAG_STATE) ||
                  locate_filter_on(&s.filters, KMIP_TAG_DESTROY_DATE);
    s.destroyed &= !varies(c, VAR_LOCATE_NEVER_FINDS_DESTROYED);
    buf_reset(s.found);
    if (!run(&s))
        return false;
    if (s.n == 0 && deviates(c, DEV_LOCATE_NONE_FOUND_FAILS))
        return op_fail(c, KMIP_RESULT_REASON_ITEM_NOT_FOUND, "nothing was found");
    write_found(&s);
    return true;
}
