/* Check, Obtain Lease, Get Usage Allocation (KMIP 1.2 spec, 4.10, 4.17, 4.18), and the
 * counting that Encrypt shares with the last. */
#include "mockserver/usage.h"

#include "mockserver/lifecycle.h"
#include "mockserver/ops.h"
#include "mockserver/scratch.h"

/* Usage Limits */

bool usage_limits(const struct mock_object *o, struct usage_limits *out)
{
    const struct mock_attr *a = object_attr(o, KMIP_TAG_USAGE_LIMITS, 0);
    struct ttlv_item total, count, unit;
    if (!a)
        return false;
    struct ttlv_item value = {.type = TTLV_STRUCTURE, .val = bytes_of(a->value, a->len)};
    if (!ttlv_find(&value, KMIP_TAG_USAGE_LIMITS_TOTAL, &total) ||
        !ttlv_find(&value, KMIP_TAG_USAGE_LIMITS_COUNT, &count) ||
        !ttlv_find(&value, KMIP_TAG_USAGE_LIMITS_UNIT, &unit))
        return false;
    *out = (struct usage_limits){
        .total = ttlv_long(&total), .count = ttlv_long(&count), .unit = ttlv_enum(&unit)};
    return true;
}

bool usage_allocate(struct op_call *c, struct mock_object *o, const struct usage_limits *limits,
                    int64_t amount)
{
    struct buf *b = &c->engine->scratch->wrapped;
    struct ttlv_writer w;
    if (amount > limits->count)
        return op_fail(c, KMIP_RESULT_REASON_PERMISSION_DENIED,
                       "the Usage Limits have %lld left, less than the %lld asked for",
                       (long long)limits->count, (long long)amount);
    buf_reset(b);
    ttlv_w_init(&w, b, &c->err);
    ttlv_w_long(&w, KMIP_TAG_USAGE_LIMITS_TOTAL, limits->total);
    ttlv_w_long(&w, KMIP_TAG_USAGE_LIMITS_COUNT, limits->count - amount);
    ttlv_w_enum(&w, KMIP_TAG_USAGE_LIMITS_UNIT, limits->unit);
    if (!ttlv_w_finish(&w))
        return false;
    if (!object_set(o, KMIP_TAG_USAGE_LIMITS, TTLV_STRUCTURE, buf_bytes(b)))
        return op_no_memory(c);
    o->allocated = true;
    return op_changed(c, o);
}

bool op_get_usage_allocation(struct op_call *c)
{
    struct mock_object *o = op_live_object(c, POLICY_WRITE);
    struct usage_limits limits;
    struct ttlv_item count;
    if (!o)
        return false;
    if (!op_field(c, KMIP_TAG_USAGE_LIMITS_COUNT, &count))
        return op_fail(c, KMIP_RESULT_REASON_INVALID_MESSAGE,
                       "the request has no Usage Limits Count");
    if (ttlv_long(&count) < 1)
        return op_fail(c, KMIP_RESULT_REASON_INVALID_FIELD,
                       "Usage Limits Count is %lld; at least 1 can be allocated",
                       (long long)ttlv_long(&count));
    if (!usage_limits(o, &limits))
        return op_fail(c, KMIP_RESULT_REASON_ILLEGAL_OPERATION, "the object has no Usage Limits");
    const char *refusal = lifecycle_refusal(o, USE_PROTECT, c->now);
    if (refusal)
        return op_fail(c, KMIP_RESULT_REASON_PERMISSION_DENIED, "%s", refusal);
    if (!usage_allocate(c, o, &limits, ttlv_long(&count)))
        return false;
    op_write_uid(c, o);
    return true;
}

/* Check: the first criterion that does not hold is told, and *field is what gives it. 4.10
 * shows a payload with the refused fields, 11.11 a failure; this server fails by itself. */

static bool check(struct op_call *c, const struct mock_object *o, struct ttlv_item *field)
{
    struct usage_limits limits;
    int32_t mask = 0;
    *field = (struct ttlv_item){0};
    if (!lifecycle_has_state(o->type))
        return op_fail(c, KMIP_RESULT_REASON_ILLEGAL_OPERATION,
                       "an object of type %s is not for checking",
                       kmip_name_of("Object Type", o->type));
    if (op_field(c, KMIP_TAG_USAGE_LIMITS_COUNT, field) && usage_limits(o, &limits) &&
        limits.count < ttlv_long(field) && !deviates(c, DEV_CHECK_LIMITS_IGNORED))
        return op_fail(c, KMIP_RESULT_REASON_PERMISSION_DENIED,
                       "the Usage Limits have only %lld left", (long long)limits.count);
    object_int(o, KMIP_TAG_CRYPTOGRAPHIC_USAGE_MASK, &mask);
    if (deviates(c, DEV_CHECK_MASK_IGNORED))
        mask = -1;
    if (deviates(c, DEV_CHECK_ALWAYS_REFUSES))
        mask = 0;
    if (op_field(c, KMIP_TAG_CRYPTOGRAPHIC_USAGE_MASK, field) && (ttlv_int(field) & ~mask) != 0)
        return op_fail(c, KMIP_RESULT_REASON_PERMISSION_DENIED,
                       "the Cryptographic Usage Mask 0x%08X does not cover 0x%08X", (unsigned)mask,
                       (unsigned)ttlv_int(field));
    if (op_field(c, KMIP_TAG_LEASE_TIME, field) &&
        (int64_t)ttlv_enum(field) > c->engine->cfg->lease_time_s)
        return op_fail(c, KMIP_RESULT_REASON_PERMISSION_DENIED,
                       "leases are granted for %lld seconds at most",
                       (long long)c->engine->cfg->lease_time_s);
    return true;
}

bool op_check(struct op_call *c)
{
    struct mock_object *o = op_live_object(c, POLICY_READ);
    struct ttlv_item field = {0};
    if (!o || !check(c, o, &field)) {
        if (!deviates(c, DEV_PLACEHOLDER_LEFT_BY_FAILED_CHECK))
            c->placeholder[0] = '\0'; /* 4.10 */
        if (!field.tag || !varies(c, VAR_CHECK_TELLS_WHAT_IS_REFUSED))
            return false;
        ttlv_w_item(c->out, 0, &field);
        return true;
    }
    op_write_uid(c, o);
    return true;
}

/* Leases are for objects that may still be used. */
bool op_obtain_lease(struct op_call *c)
{
    struct mock_object *o = op_live_object(c, POLICY_READ);
    int64_t changed = 0;
    if (!o)
        return false;
    uint32_t state = object_state(o);
    if (!lifecycle_has_state(o->type) || state == KMIP_STATE_COMPROMISED)
        return op_fail(c, KMIP_RESULT_REASON_PERMISSION_DENIED, "no lease on an object that is %s",
                       state ? kmip_name_of("State", state) : "neither key nor secret");
    object_date(o, KMIP_TAG_LAST_CHANGE_DATE, &changed);
    op_write_uid(c, o);
    ttlv_w_interval(c->out, KMIP_TAG_LEASE_TIME, (uint32_t)c->engine->cfg->lease_time_s);
    ttlv_w_date(c->out, KMIP_TAG_LAST_CHANGE_DATE, changed);
    return true;
}
