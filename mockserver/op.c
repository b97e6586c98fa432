/* The table of operations and what their functions share (op.h). */
#include "mockserver/op.h"

#include <stdarg.h>
#include <stdio.h>

#include "kmip/base/log.h"
#include "kmip/base/text.h"
#include "mockserver/access.h"
#include "mockserver/deviant.h"
#include "mockserver/lifecycle.h"
#include "mockserver/ops.h"
#include "mockserver/variant.h"

/* In the order that Query lists them. Poll and Cancel are never asynchronous
 * (KMIP 1.2 spec, 4.27, 4.28); what needs no object is not worth it. */
const struct op mock_ops[] = {
    {KMIP_OPERATION_CREATE, KMIP_V10, OP_ASYNC | OP_CHANGES, op_create},
    {KMIP_OPERATION_CREATE_KEY_PAIR, KMIP_V10, OP_ASYNC | OP_CHANGES, op_create_key_pair},
    {KMIP_OPERATION_REGISTER, KMIP_V10, OP_ASYNC | OP_CHANGES, op_register},
    {KMIP_OPERATION_RE_KEY, KMIP_V10, OP_ASYNC | OP_CHANGES, op_rekey},
    {KMIP_OPERATION_LOCATE, KMIP_V10, OP_ASYNC, op_locate},
    {KMIP_OPERATION_CHECK, KMIP_V10, OP_ASYNC, op_check},
    {KMIP_OPERATION_GET, KMIP_V10, OP_ASYNC | OP_CHANGES, op_get},
    {KMIP_OPERATION_GET_ATTRIBUTES, KMIP_V10, OP_ASYNC, op_get_attributes},
    {KMIP_OPERATION_GET_ATTRIBUTE_LIST, KMIP_V10, OP_ASYNC, op_get_attribute_list},
    {KMIP_OPERATION_ADD_ATTRIBUTE, KMIP_V10, OP_ASYNC | OP_CHANGES, op_add_attribute},
    {KMIP_OPERATION_MODIFY_ATTRIBUTE, KMIP_V10, OP_ASYNC | OP_CHANGES, op_modify_attribute},
    {KMIP_OPERATION_DELETE_ATTRIBUTE, KMIP_V10, OP_ASYNC | OP_CHANGES, op_delete_attribute},
    {KMIP_OPERATION_OBTAIN_LEASE, KMIP_V10, OP_ASYNC, op_obtain_lease},
    {KMIP_OPERATION_GET_USAGE_ALLOCATION, KMIP_V10, OP_ASYNC | OP_CHANGES, op_get_usage_allocation},
    {KMIP_OPERATION_ACTIVATE, KMIP_V10, OP_ASYNC | OP_CHANGES, op_activate},
    {KMIP_OPERATION_REVOKE, KMIP_V10, OP_ASYNC | OP_CHANGES, op_revoke},
    {KMIP_OPERATION_DESTROY, KMIP_V10, OP_ASYNC | OP_CHANGES, op_destroy},
    {KMIP_OPERATION_ARCHIVE, KMIP_V10, OP_ASYNC | OP_CHANGES, op_archive},
    {KMIP_OPERATION_RECOVER, KMIP_V10, OP_ASYNC | OP_CHANGES, op_recover},
    {KMIP_OPERATION_QUERY, KMIP_V10, OP_ANONYMOUS, op_query},
    {KMIP_OPERATION_CANCEL, KMIP_V10, 0, op_cancel},
    {KMIP_OPERATION_POLL, KMIP_V10, 0, op_poll},
    {KMIP_OPERATION_RE_KEY_KEY_PAIR, KMIP_V11, OP_ASYNC | OP_CHANGES, op_rekey_key_pair},
    {KMIP_OPERATION_DISCOVER_VERSIONS, KMIP_V11, OP_ANONYMOUS, op_discover_versions},
    {KMIP_OPERATION_ENCRYPT, KMIP_V12, OP_ASYNC | OP_CHANGES, op_encrypt},
    {KMIP_OPERATION_DECRYPT, KMIP_V12, OP_ASYNC, op_decrypt},
    {0, 0, 0, NULL},
};

const struct op *op_find(uint32_t operation)
{
    for (const struct op *op = mock_ops; op->operation; op++)
        if (op->operation == operation)
            return op;
    return NULL;
}

bool op_run(struct op_call *c, const struct op *op)
{
    c->operation = op->operation;
    c->effects = (struct behaviour_marks){{0}};
    c->finished = NULL;
    c->reason = 0;
    c->message[0] = c->touched[0] = '\0';
    c->err = (struct kerr)KERR_INIT;
    if (op->run(c))
        return true;
    if (c->err.code != KE_OK) {
        op_fail(c, KMIP_RESULT_REASON_GENERAL_FAILURE, "%s", op_own_failure(&c->err));
    }
    return false;
}

const char *op_own_failure(const struct kerr *err)
{
    char line[900];
    log_line(LOG_ERROR, "a request failed: %s", kerr_format(err, line, sizeof line));
    return err->msg[0] ? err->msg : kerr_text(err->code);
}

bool op_fail(struct op_call *c, uint32_t reason, const char *fmt, ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    c->reason = reason;
    result_message(c->message, text);
    return false;
}

bool op_no_memory(struct op_call *c)
{
    return kerr_set(&c->err, KE_MEMORY, "out of memory");
}

struct op_quoted op_quote(struct bytes text)
{
    struct op_quoted q;
    struct buf b;
    buf_init(&b, BUF_NO_LIMIT);
    text_quote(&b, text, 48);
    /* Each escaped character may take four; so the cut is checked again. */
    snprintf(q.text, sizeof q.text, "%s", buf_cstr(&b));
    while (q.text[0] && !text_utf8(bytes_str(q.text)))
        q.text[strlen(q.text) - 1] = '\0';
    buf_clear(&b);
    return q;
}

bool op_field(const struct op_call *c, uint32_t tag, struct ttlv_item *out)
{
    return ttlv_find(&c->payload, tag, out);
}

void op_set_placeholder(struct op_call *c, const char *uid)
{
    snprintf(c->placeholder, sizeof c->placeholder, "%s", uid);
}

void op_write_uid(struct op_call *c, const struct mock_object *o)
{
    ttlv_w_str(c->out, KMIP_TAG_UNIQUE_IDENTIFIER, o->uid);
}

/* Objects */

bool op_is_destroyed(const struct mock_object *o)
{
    return o->body_len == 0;
}

static struct mock_object *not_found(struct op_call *c, struct bytes uid)
{
    op_fail(c, KMIP_RESULT_REASON_ITEM_NOT_FOUND,
            "there is no object with the Unique Identifier \"%s\"", op_quote(uid).text);
    return NULL;
}

bool op_type_known(const struct op_call *c, uint32_t object_type)
{
    const struct kmip_enum_value *v =
        kmip_enum_value(kmip_tag(KMIP_TAG_OBJECT_TYPE)->en, object_type);
    return v && v->since <= c->version && !variant_lacks_type(c, object_type);
}

struct mock_object *op_object_by_id(struct op_call *c, struct bytes uid, enum op_policy policy,
                                    bool archived_ok)
{
    struct mock_object *o = store_get(c->engine->store, uid, &c->err);
    if (!o)
        return c->err.code == KE_OK ? not_found(c, uid) : NULL;
    if (!op_type_known(c, o->type))
        return not_found(c, uid);
    if (!access_allowed(o, c->identity, policy) &&
        !deviates(c, policy == POLICY_WRITE ? DEV_FOREIGN_OBJECTS_CHANGEABLE
                                            : DEV_FOREIGN_OBJECTS_READABLE)) {
        if (varies(c, VAR_FOREIGN_OBJECTS_NOT_FOUND))
            return not_found(c, uid);
        op_fail(c, KMIP_RESULT_REASON_PERMISSION_DENIED, "the object belongs to somebody else");
        return NULL;
    }
    if (o->archived && !archived_ok) {
        op_fail(c, KMIP_RESULT_REASON_OBJECT_ARCHIVED, "the object is archived; Recover it first");
        return NULL;
    }
    op_settle(c, o);
    return o;
}

/* Which date moves an object on from a state. */
static const struct {
    enum mock_switch on;
    uint32_t state;
} dates_ignored[] = {
    {DEV_ACTIVATION_DATE_REACHED_IGNORED, KMIP_STATE_PRE_ACTIVE},
    {DEV_DEACTIVATION_DATE_REACHED_IGNORED, KMIP_STATE_ACTIVE},
};

void op_settle(const struct op_call *c, struct mock_object *o)
{
    for (size_t i = 0; i < sizeof dates_ignored / sizeof *dates_ignored; i++)
        if (deviates(c, dates_ignored[i].on) && object_state(o) == dates_ignored[i].state)
            return;
    lifecycle_settle(o, c->now);
}

static struct mock_object *object_of(struct op_call *c, uint32_t tag, enum op_policy policy,
                                     bool archived_ok)
{
    struct ttlv_item uid;
    struct bytes id = bytes_str(c->placeholder);
    bool taken = id.n > 0 && deviates(c, DEV_PLACEHOLDER_WINS);
    if (!taken && op_field(c, tag, &uid))
        id = uid.val;
    else if (id.n == 0) {
        op_fail(c,
                deviates(c, DEV_PLACEHOLDER_EMPTY_AS_INVALID_MESSAGE)
                    ? KMIP_RESULT_REASON_INVALID_MESSAGE
                    : KMIP_RESULT_REASON_ITEM_NOT_FOUND,
                "no Unique Identifier is given and the ID Placeholder is empty");
        return NULL;
    }
    struct mock_object *o = op_object_by_id(c, id, policy, archived_ok);
    if (o)
        snprintf(c->touched, sizeof c->touched, "%s", o->uid);
    return o;
}

struct mock_object *op_object(struct op_call *c, enum op_policy policy, bool archived_ok)
{
    return object_of(c, KMIP_TAG_UNIQUE_IDENTIFIER, policy, archived_ok);
}

struct mock_object *op_live_object(struct op_call *c, enum op_policy policy)
{
    return op_live_object_of(c, KMIP_TAG_UNIQUE_IDENTIFIER, policy);
}

/* Item Not Found; or what the error table of Get has where only attributes are left (11.12),
 * and what those who use a key have, of which there is no table. */
static uint32_t destroyed_reason(const struct op_call *c)
{
    static const struct {
        uint32_t operation;
        enum mock_switch on;
        uint32_t reason;
    } others[] = {
        {KMIP_OPERATION_GET, VAR_GET_DESTROYED_AS_ILLEGAL_OPERATION,
         KMIP_RESULT_REASON_ILLEGAL_OPERATION},
        {KMIP_OPERATION_ENCRYPT, VAR_CRYPT_DESTROYED_AS_PERMISSION_DENIED,
         KMIP_RESULT_REASON_PERMISSION_DENIED},
        {KMIP_OPERATION_DECRYPT, VAR_CRYPT_DESTROYED_AS_PERMISSION_DENIED,
         KMIP_RESULT_REASON_PERMISSION_DENIED},
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (others[i].operation == c->operation && varies(c, others[i].on))
            return others[i].reason;
    return KMIP_RESULT_REASON_ITEM_NOT_FOUND;
}

struct mock_object *op_live_object_of(struct op_call *c, uint32_t tag, enum op_policy policy)
{
    struct mock_object *o = object_of(c, tag, policy, false);
    if (!o || !op_is_destroyed(o))
        return o;
    op_fail(c, destroyed_reason(c), "the object was destroyed");
    return NULL;
}

bool op_save(struct op_call *c, struct mock_object *o)
{
    return store_put(c->engine->store, o, &c->err);
}

bool op_changed(struct op_call *c, struct mock_object *o)
{
    if (!breaks_operation(c, OPERATION_MOVES_LAST_CHANGE) &&
        !object_set_date(o, KMIP_TAG_LAST_CHANGE_DATE, c->now))
        return op_no_memory(c);
    return op_save(c, o);
}
