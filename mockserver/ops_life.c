/* Activate, Revoke, Destroy, Archive, Recover (KMIP 1.2 spec, 4.19 to 4.23): the moves of
 * an object through its states, by the table of lifecycle.c. */
#include "mockserver/deviant.h"
#include "mockserver/lifecycle.h"
#include "mockserver/ops.h"
#include "mockserver/scratch.h"
#include "mockserver/variant.h"

static const char *state_name(const struct mock_object *o)
{
    return kmip_name_of("State", object_state(o));
}

/* Where the event leads from the object's State; 0: it is refused. */
static uint32_t next_state(const struct op_call *c, const struct mock_object *o,
                           enum lifecycle_event event)
{
    const struct mock_switches *s = &c->engine->cfg->switches;
    uint32_t state = object_state(o);
    uint32_t next = variant_state(s, state, event, lifecycle_next(state, event));
    return deviant_state(s, state, event, next);
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
    uint32_t next = next_state(c, o, LIFE_ACTIVATE);
    if (!next)
        return op_fail(c, KMIP_RESULT_REASON_PERMISSION_DENIED,
                       "only a Pre-Active object can be activated; this is %s", state_name(o));
    if (deviates(c, DEV_ACTIVATE_CHANGES_NOTHING))
        return reply_with_uid(c, o);
    /* A server that is slow to activate keeps the state until the date has come. */
    int64_t delay = c->behaviour->activate_delay_s;
    if (delay > 0)
        op_differs(c, BEHAVIOUR_ACTIVATE, 1);
    if ((delay == 0 && !object_set_enum(o, KMIP_TAG_STATE, next)) ||
        (!deviates(c, DEV_ACTIVATE_SETS_NO_DATE) &&
         !object_set_date(o, KMIP_TAG_ACTIVATION_DATE, lifecycle_later(c->now, delay))))
        return op_no_memory(c);
    op_settle(c, o); /* a Deactivation Date may have passed already */
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
    bool set = !deviates(c, DEV_COMPROMISE_DATE_NOT_SET);
    bool given = occurred && !deviates(c, DEV_COMPROMISE_OCCURRENCE_DATE_REPLACED);
    return ((!set || object_set_date(o, KMIP_TAG_COMPROMISE_DATE, c->now)) &&
            object_set_date(o, KMIP_TAG_COMPROMISE_OCCURRENCE_DATE,
                            given ? ttlv_long(occurred) : c->now)) ||
           op_no_memory(c);
}

static bool move_state(struct op_call *c, struct mock_object *o, bool compromise)
{
    if (!lifecycle_has_state(
            o->type)) /* an Opaque Object: the reason and the dates are all there is */
        return true;
    uint32_t next = next_state(c, o, compromise ? LIFE_COMPROMISE : LIFE_REVOKE);
    if (!next)
        return op_fail(c,
                       either(c, VAR_REVOKE_PRE_ACTIVE_AS_PERMISSION_DENIED,
                              KMIP_RESULT_REASON_PERMISSION_DENIED,
                              KMIP_RESULT_REASON_ILLEGAL_OPERATION),
                       "an object that is %s cannot be revoked for this reason", state_name(o));
    bool ok =
        object_set_enum(o, KMIP_TAG_STATE, next) &&
        (next != KMIP_STATE_DEACTIVATED || deviates(c, DEV_REVOKE_SETS_NO_DATE) ||
         object_set_date(o, KMIP_TAG_DEACTIVATION_DATE, c->now));
    return ok || op_no_memory(c);
}

/* The Revocation Reason as it is given (3.31). */
static bool keep_reason(struct op_call *c, struct mock_object *o, const struct ttlv_item *reason)
{
    struct bytes kept = reason->val;
    struct buf *b = &c->engine->scratch->data;
    struct ttlv_item code;
    struct ttlv_writer w;
    bool unspecified = deviates(c, DEV_REVOCATION_REASON_ALWAYS_UNSPECIFIED);
    if (deviates(c, DEV_REVOCATION_REASON_LOST))
        return true;
    if ((unspecified || deviates(c, DEV_REVOCATION_MESSAGE_LOST)) &&
        ttlv_find(reason, KMIP_TAG_REVOCATION_REASON_CODE, &code)) {
        buf_reset(b);
        ttlv_w_init(&w, b, &c->err);
        ttlv_w_enum(&w, code.tag,
                    unspecified ? KMIP_REVOCATION_REASON_CODE_UNSPECIFIED : ttlv_enum(&code));
        if (!ttlv_w_finish(&w))
            return false;
        kept = buf_bytes(b);
    }
    return object_set(o, KMIP_TAG_REVOCATION_REASON, TTLV_STRUCTURE, kept) || op_no_memory(c);
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
    bool dated = op_field(c, KMIP_TAG_COMPROMISE_OCCURRENCE_DATE, &occurred);
    if (compromise && !dated && !deviates(c, DEV_COMPROMISE_OCCURRENCE_DATE_NOT_NEEDED))
        return op_fail(c, KMIP_RESULT_REASON_INVALID_MESSAGE,
                       "a compromise needs a Compromise Occurrence Date");
    if (!move_state(c, o, compromise) ||
        (compromise && !compromise_dates(c, o, dated ? &occurred : NULL)))
        return false;
    return keep_reason(c, o, &reason) && reply_with_uid(c, o);
}

/* Destroy */

static bool may_destroy(struct op_call *c, const struct mock_object *o)
{
    if (op_is_destroyed(o) && deviates(c, DEV_DESTROY_TWICE))
        return true;
    if (op_is_destroyed(o))
        return op_fail(c, KMIP_RESULT_REASON_PERMISSION_DENIED, "the object was destroyed already");
    if (!lifecycle_has_state(o->type) || next_state(c, o, LIFE_DESTROY))
        return true;
    return op_fail(c, KMIP_RESULT_REASON_PERMISSION_DENIED,
                   "an object that is %s cannot be destroyed; Revoke it first", state_name(o));
}

static bool destroy(struct op_call *c, struct mock_object *o)
{
    uint32_t next = lifecycle_has_state(o->type) ? next_state(c, o, LIFE_DESTROY) : 0;
    bool deactivates =
        object_state(o) == KMIP_STATE_ACTIVE && varies(c, VAR_DESTROY_DEACTIVATES_FIRST);
    return (variant_drop_some(c, o) &&
            (!deactivates || object_set_date(o, KMIP_TAG_DEACTIVATION_DATE, c->now)) &&
            (!next || object_set_enum(o, KMIP_TAG_STATE, next)) &&
            (deviates(c, DEV_DESTROY_DATE_NOT_SET) ||
             object_set_date(o, KMIP_TAG_DESTROY_DATE, c->now)) &&
            (deviates(c, DEV_GET_AFTER_DESTROY) || object_set_body(o, bytes_of(NULL, 0)))) ||
           op_no_memory(c);
}

/* Of a Template nothing remains, its meta-data included (KMIP 1.2 spec, 4.21). */
bool op_destroy(struct op_call *c)
{
    struct mock_object *o = op_object(c, POLICY_WRITE, false);
    if (!o || !may_destroy(c, o))
        return false;
    op_write_uid(c, o);
    if (deviates(c, DEV_DESTROY_CHANGES_NOTHING))
        return true;
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
        o->dirty = true;
        if (!object_remove_tag(o, KMIP_TAG_ARCHIVE_DATE))
            return op_no_memory(c);
        if (!op_changed(c, o))
            return false;
    }
    op_set_placeholder(c, o->uid);
    op_write_uid(c, o);
    return true;
}
