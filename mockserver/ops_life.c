/* Activate, Revoke, Destroy, Archive, Recover (KMIP 1.2 spec, 4.19 to 4.23): the moves of
 * an object through its states, by the table of lifecycle.c. */
#include "mockserver/lifecycle.h"
#include "mockserver/ops.h"

static const char *state_name(const struct mock_object *o)
{
    return kmip_name_of("State", object_state(o));
}

static bool reply_with_uid(struct op_call *c, struct mock_object *o)
{
    if (!op_changed(c, o))
        return false;
    op_write_uid(c, o);
    return true;
}

static bool no_state(struct op_call *c, const struct mock_object *o)
{
    return op_fail(c, KMIP_RESULT_REASON_ILLEGAL_OPERATION, "an object of type %s has no State",
                   kmip_name_of("Object Type", o->type));
}

bool op_activate(struct op_call *c)
{
    struct mock_object *o = op_object(c, POLICY_WRITE, false);
    if (!o)
        return false;
    if (!lifecycle_has_state(o->type))
        return no_state(c, o);
    uint32_t next = lifecycle_next(object_state(o), LIFE_ACTIVATE);
    if (!next)
        return op_fail(c, KMIP_RESULT_REASON_PERMISSION_DENIED,
                       "only a Pre-Active object can be activated; this is %s", state_name(o));
    /* A server that is slow to activate keeps the state until the date has come. */
    int64_t delay = c->behaviour->activate_delay_s;
    if (delay > 0)
        op_differs(c, BEHAVIOUR_ACTIVATE, 1);
    if ((delay == 0 && !object_set_enum(o, KMIP_TAG_STATE, next)) ||
        !object_set_date(o, KMIP_TAG_ACTIVATION_DATE, lifecycle_later(c->now, delay)))
        return op_no_memory(c);
    lifecycle_settle(o, c->now); /* a Deactivation Date may have passed already */
    return reply_with_uid(c, o);
}

/* Revoke */

/* CA Compromise is a compromise of what certifies others (3.31). */
static bool is_compromise(const struct mock_object *o, uint32_t code)
{
    bool certifies = o->type == KMIP_OBJECT_TYPE_CERTIFICATE ||
                     o->type == KMIP_OBJECT_TYPE_PUBLIC_KEY ||
                     o->type == KMIP_OBJECT_TYPE_PRIVATE_KEY;
    return code == KMIP_REVOCATION_REASON_CODE_KEY_COMPROMISE ||
           (code == KMIP_REVOCATION_REASON_CODE_CA_COMPROMISE && certifies);
}

static bool compromise_dates(struct op_call *c, struct mock_object *o,
                             const struct ttlv_item *occurred)
{
    return (object_set_date(o, KMIP_TAG_COMPROMISE_DATE, c->now) &&
            object_set_date(o, KMIP_TAG_COMPROMISE_OCCURRENCE_DATE, ttlv_long(occurred))) ||
           op_no_memory(c);
}

static bool move_state(struct op_call *c, struct mock_object *o, bool compromise)
{
    if (!lifecycle_has_state(
            o->type)) /* an Opaque Object: the reason and the dates are all there is */
        return true;
    uint32_t next = lifecycle_next(object_state(o), compromise ? LIFE_COMPROMISE : LIFE_REVOKE);
    if (!next)
        return op_fail(c, KMIP_RESULT_REASON_ILLEGAL_OPERATION,
                       "an object that is %s cannot be revoked for this reason", state_name(o));
    bool ok =
        object_set_enum(o, KMIP_TAG_STATE, next) &&
        (next != KMIP_STATE_DEACTIVATED || object_set_date(o, KMIP_TAG_DEACTIVATION_DATE, c->now));
    return ok || op_no_memory(c);
}

bool op_revoke(struct op_call *c)
{
    struct mock_object *o = op_object(c, POLICY_WRITE, false);
    struct ttlv_item reason, code, occurred;
    if (!o)
        return false;
    if (o->type == KMIP_OBJECT_TYPE_TEMPLATE)
        return no_state(c, o);
    if (!op_field(c, KMIP_TAG_REVOCATION_REASON, &reason) ||
        !ttlv_find(&reason, KMIP_TAG_REVOCATION_REASON_CODE, &code))
        return op_fail(c, KMIP_RESULT_REASON_INVALID_MESSAGE,
                       "the request has no Revocation Reason");
    bool compromise = is_compromise(o, ttlv_enum(&code));
    if (compromise && !op_field(c, KMIP_TAG_COMPROMISE_OCCURRENCE_DATE, &occurred))
        return op_fail(c, KMIP_RESULT_REASON_INVALID_MESSAGE,
                       "a compromise needs a Compromise Occurrence Date");
    if (!move_state(c, o, compromise) || (compromise && !compromise_dates(c, o, &occurred)))
        return false;
    if (!object_set(o, KMIP_TAG_REVOCATION_REASON, TTLV_STRUCTURE, reason.val))
        return op_no_memory(c);
    return reply_with_uid(c, o);
}

/* Destroy */

static bool may_destroy(struct op_call *c, const struct mock_object *o)
{
    if (op_is_destroyed(o))
        return op_fail(c, KMIP_RESULT_REASON_PERMISSION_DENIED, "the object was destroyed already");
    if (!lifecycle_has_state(o->type) || lifecycle_next(object_state(o), LIFE_DESTROY))
        return true;
    return op_fail(c, KMIP_RESULT_REASON_PERMISSION_DENIED,
                   "an object that is %s cannot be destroyed; Revoke it first", state_name(o));
}

static bool destroy(struct op_call *c, struct mock_object *o)
{
    bool state = lifecycle_has_state(o->type);
    return ((!state ||
             object_set_enum(o, KMIP_TAG_STATE, lifecycle_next(object_state(o), LIFE_DESTROY))) &&
            object_set_date(o, KMIP_TAG_DESTROY_DATE, c->now) &&
            object_set_body(o, bytes_of(NULL, 0))) ||
           op_no_memory(c);
}

/* Of a Template nothing remains, its meta-data included (KMIP 1.2 spec, 4.21). */
bool op_destroy(struct op_call *c)
{
    struct mock_object *o = op_object(c, POLICY_WRITE, false);
    if (!o || !may_destroy(c, o))
        return false;
    op_write_uid(c, o);
    if (!c->engine->cfg->keep_metadata || o->type == KMIP_OBJECT_TYPE_TEMPLATE)
        return store_remove(c->engine->store, o, &c->err);
    return destroy(c, o) && op_changed(c, o);
}

/* Archive, Recover */

bool op_archive(struct op_call *c)
{
    struct mock_object *o = op_live_object(c, POLICY_WRITE);
    if (!o)
        return false;
    if (!object_set_date(o, KMIP_TAG_ARCHIVE_DATE, c->now))
        return op_no_memory(c);
    o->archived = true;
    return reply_with_uid(c, o);
}

/* An object that is on-line already is as recovered as it can be. One that was archived
 * loses its Archive Date (KMIP 1.2 spec, 3.32). */
bool op_recover(struct op_call *c)
{
    struct mock_object *o = op_object(c, POLICY_WRITE, true);
    if (!o)
        return false;
    if (o->archived) {
        o->archived = false;
        object_remove_tag(o, KMIP_TAG_ARCHIVE_DATE);
        o->dirty = true;
        if (!op_changed(c, o))
            return false;
    }
    op_set_placeholder(c, o->uid);
    op_write_uid(c, o);
    return true;
}
