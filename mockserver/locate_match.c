/* Matching for Locate (locate_match.h). */
#include "mockserver/locate_match.h"

#include "mockserver/deviant.h"
#include "mockserver/usage.h"

static bool is_date(const struct kmip_attribute *def)
{
    return def && kmip_tag(def->tag)->types == TYPE_BIT(TTLV_DATE_TIME);
}

static struct locate_filter *same_date(struct locate_filters *f, const struct kmip_attribute *def)
{
    for (size_t i = 0; i < f->n; i++)
        if (f->filter[i].def == def)
            return &f->filter[i];
    return NULL;
}

/* One date is to be met exactly; two are the ends of a range. */
static bool add_date(struct op_call *c, struct locate_filters *f, const struct attr_in *in,
                     bool *added)
{
    int64_t date = ttlv_long(&in->value);
    struct locate_filter *other = same_date(f, in->def);
    *added = other != NULL;
    if (!other) {
        f->filter[f->n].from = f->filter[f->n].to = date;
        if (deviates(c, DEV_LOCATE_DATE_AS_BEGINNING))
            f->filter[f->n].to = INT64_MAX;
        return true;
    }
    if (other->range)
        return op_fail(c, KMIP_RESULT_REASON_INVALID_FIELD, "%s is given more than twice",
                       in->def->name);
    other->range = true;
    if (date < other->from)
        other->from = date;
    else
        other->to = date;
    if (deviates(c, DEV_LOCATE_DATE_RANGE_OPEN) && other->to > other->from) {
        other->from++;
        other->to--;
    }
    return true;
}

static bool add(struct op_call *c, struct locate_filters *f, const struct ttlv_item *attribute)
{
    struct attr_in in;
    bool added = false;
    if (!attr_read(c, attribute, &in))
        return deviates(c, DEV_LOCATE_UNKNOWN_ATTRIBUTE_IGNORED);
    if (breaks_attribute(c, ATTRIBUTE_SOUGHT, in.def))
        return true;
    if (f->n == LOCATE_FILTERS_MAX)
        return op_fail(c, KMIP_RESULT_REASON_INVALID_FIELD, "Locate takes %d attributes at most",
                       LOCATE_FILTERS_MAX);
    f->filter[f->n] = (struct locate_filter){.def = in.def, .name = in.name, .value = in.value};
    if (is_date(in.def) && !add_date(c, f, &in, &added))
        return false;
    f->n += !added;
    return true;
}

bool locate_filters_read(struct op_call *c, struct locate_filters *out)
{
    struct ttlv_reader r;
    struct ttlv_item it;
    out->n = 0;
    ttlv_r_init(&r, c->payload.val, NULL, NULL);
    while (ttlv_r_next(&r, &it))
        if (it.tag == KMIP_TAG_ATTRIBUTE && !add(c, out, &it))
            return false;
    return true;
}

const struct locate_filter *locate_filter_on(const struct locate_filters *f, uint32_t tag)
{
    for (size_t i = 0; i < f->n; i++)
        if (f->filter[i].def && f->filter[i].def->tag == tag)
            return &f->filter[i];
    return NULL;
}

/* Every given field of a structure is met by one of the candidate's. */
static bool fields_match(struct bytes asked, struct bytes have)
{
    struct ttlv_reader wanted, r;
    struct ttlv_item want, it;
    ttlv_r_init(&wanted, asked, NULL, NULL);
    while (ttlv_r_next(&wanted, &want)) {
        bool found = false;
        ttlv_r_init(&r, have, NULL, NULL);
        while (!found && ttlv_r_next(&r, &it))
            found = it.tag == want.tag && it.type == want.type && bytes_eq(it.val, want.val);
        if (!found)
            return false;
    }
    return true;
}

/* At least as much as asked for, in the same unit. */
static bool limits_match(const struct locate_filter *f, const struct mock_object *o)
{
    struct usage_limits have;
    struct ttlv_item it;
    if (!usage_limits(o, &have))
        return false;
    return (!ttlv_find(&f->value, KMIP_TAG_USAGE_LIMITS_TOTAL, &it) ||
            have.total >= ttlv_long(&it)) &&
           (!ttlv_find(&f->value, KMIP_TAG_USAGE_LIMITS_COUNT, &it) ||
            have.count >= ttlv_long(&it)) &&
           (!ttlv_find(&f->value, KMIP_TAG_USAGE_LIMITS_UNIT, &it) || have.unit == ttlv_enum(&it));
}

/* Names by their beginning: no wildcards are meant where none are given. */
static bool begins_so(struct bytes asked, struct bytes have)
{
    struct ttlv_item want, it;
    return ttlv_first(asked, &want) && ttlv_first(have, &it) && it.tag == want.tag &&
           it.val.n >= want.val.n && bytes_eq(bytes_of(it.val.p, want.val.n), want.val);
}

static bool value_matches(const struct op_call *c, const struct locate_filter *f,
                          const struct mock_attr *a)
{
    struct bytes have = bytes_of(a->value, a->len);
    if (a->type != f->value.type)
        return false;
    if (f->def && f->def->tag == KMIP_TAG_CRYPTOGRAPHIC_USAGE_MASK &&
        !deviates(c, DEV_LOCATE_USAGE_MASK_EXACT))
        return (be32_get(have.p) & be32_get(f->value.val.p)) == be32_get(f->value.val.p);
    if (f->def && f->def->tag == KMIP_TAG_NAME && deviates(c, DEV_LOCATE_NAME_PREFIX))
        return begins_so(f->value.val, have);
    if (a->type == TTLV_STRUCTURE && !deviates(c, DEV_LOCATE_WHOLE_STRUCTURES_ONLY))
        return fields_match(f->value.val, have);
    return bytes_eq(f->value.val, have);
}

/* A date that is not set counts as the largest there is. */
static bool date_matches(const struct op_call *c, const struct locate_filter *f,
                         const struct mock_object *o)
{
    int64_t date = INT64_MAX;
    if (!object_date(o, f->def->tag, &date) && deviates(c, DEV_LOCATE_UNSET_DATE_LOST))
        return false;
    return date >= f->from && date <= f->to;
}

static bool filter_matches(const struct op_call *c, const struct locate_filter *f,
                           const struct mock_object *o)
{
    if (is_date(f->def))
        return date_matches(c, f, o);
    if (f->def && f->def->tag == KMIP_TAG_USAGE_LIMITS)
        return limits_match(f, o);
    for (size_t i = 0; i < o->n_attrs; i++)
        if (bytes_eq_str(f->name, o->attrs[i].name) && value_matches(c, f, &o->attrs[i]))
            return true;
    return false;
}

bool locate_matches(const struct op_call *c, const struct locate_filters *f,
                    const struct mock_object *o)
{
    bool any = deviates(c, DEV_LOCATE_ANY_CRITERION) && f->n > 0;
    for (size_t i = 0; i < f->n; i++)
        if (filter_matches(c, &f->filter[i], o) == any)
            return any;
    return !any;
}
