/* One operation: its row in the table and what its function is given.
 *
 * A handler reads call->payload, does its work through the store, writes the
 * response payload's fields to call->out (the Response Payload structure is open
 * around it), and returns true; or it returns op_fail(...). What a failed handler
 * wrote, to the reply and to the store, is taken back by the caller. */
#ifndef MOCKSERVER_OP_H
#define MOCKSERVER_OP_H

#include "mockserver/engine.h"
#include "mockserver/request.h"

/* Who may do it under the default policy (KMIP 1.2 spec, 3.18.2). */
enum op_policy { POLICY_NONE, POLICY_READ, POLICY_WRITE };

enum op_flags {
    OP_ASYNC = 1 << 0, /* may be answered Pending when asked to */
    OP_CHANGES = 1 << 1, /* changes the store */
    OP_ANONYMOUS = 1 << 2 /* works without a client certificate (Query, Discover Versions) */
};

struct op_call {
    struct mock_engine *engine;
    const char *identity; /* who asks, after Credential */
    struct behaviour *behaviour; /* of this request */
    struct behaviour_marks effects; /* of behaviour, on what the operation does */
    struct draws *draws; /* where what is made up comes from */
    const char *uid; /* of an object that is made; NULL: a fresh one */
    uint8_t version; /* of the request */
    int64_t now; /* seconds, server's clock */
    const struct kmip_item *item; /* the request item */
    struct bytes request; /* whole request message, for offsets */
    struct ttlv_item payload;
    struct ttlv_writer *out;
    uint32_t operation; /* that the reply names; Poll sets that of what it ends */
    struct async_entry *finished; /* Poll: to be forgotten once the reply stands */
    char placeholder[MOCK_UID_MAX]; /* ID Placeholder: read and set (KMIP 1.2 spec, 4) */
    uint32_t reason; /* set by op_fail */
    char message[RESULT_MESSAGE_MAX];
    char touched[MOCK_UID_MAX]; /* for the log */
    struct kerr err; /* failure of ours (store, memory): answered General Failure */
};

struct op {
    uint32_t operation;
    uint8_t since;
    unsigned flags;
    bool (*run)(struct op_call *c);
};

/* Ends with operation 0. One row per operation. */
extern const struct op mock_ops[];
const struct op *op_find(uint32_t operation);

/* Runs the operation; on false reason and message are set, also for failures of ours. */
__attribute__((warn_unused_result)) bool op_run(struct op_call *c, const struct op *op);

/* A failure of ours as a client may know it. The log gets the whole of it, with paths. */
const char *op_own_failure(const struct kerr *err);

/* Is the server to break this rule? */
static inline bool deviates(const struct op_call *c, enum mock_switch rule)
{
    return switch_on(&c->engine->cfg->switches, rule);
}

/* ... to go this way, which is as right as its own? */
static inline bool varies(const struct op_call *c, enum mock_switch way)
{
    return switch_on(&c->engine->cfg->switches, way);
}
/* The Result Reason, of two that are both right. */
static inline uint32_t either(const struct op_call *c, enum mock_switch way, uint32_t other,
                              uint32_t own)
{
    return varies(c, way) ? other : own;
}

/* The behaviour has changed what the operation does; of no account if it fails. */
static inline void op_differs(struct op_call *c, enum behaviour_kind kind, uint64_t marks)
{
    behaviour_mark(&c->effects, kind, marks);
}
/* The behaviour is why the operation will fail. */
static inline void op_is_refused(struct op_call *c, enum behaviour_kind kind)
{
    behaviour_mark(&c->behaviour->used, kind, 1);
}
/* The operation has succeeded and its reply stands. */
static inline void op_took_effect(struct op_call *c)
{
    behaviour_mark_all(&c->behaviour->used, &c->effects);
}

/* Records reason and Result Message; returns false. */
bool op_fail(struct op_call *c, uint32_t reason, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The object the request names (Unique Identifier of the payload, else the ID
 * Placeholder), settled to now. Checks existence, owner under `policy`, archive
 * (unless archived_ok). NULL after op_fail. */
struct mock_object *op_object(struct op_call *c, enum op_policy policy, bool archived_ok);
/* The same for a given identifier (a wrapping key, a link). */
struct mock_object *op_object_by_id(struct op_call *c, struct bytes uid, enum op_policy policy,
                                    bool archived_ok);
/* op_object, on-line and not destroyed: Item Not Found for an object of which only
 * attributes are left. */
struct mock_object *op_live_object(struct op_call *c, enum op_policy policy);
/* ... that the request names in the field `tag`. */
struct mock_object *op_live_object_of(struct op_call *c, uint32_t tag, enum op_policy policy);
/* Has the request's version objects of this type? Others are not there for it. */
bool op_type_known(const struct op_call *c, uint32_t object_type);
/* Only attributes are left: the object was destroyed. */
bool op_is_destroyed(const struct mock_object *o);

/* Moves the state on to what it is now (lifecycle.h). */
void op_settle(const struct op_call *c, struct mock_object *o);

/* Saves a changed object as it is. */
__attribute__((warn_unused_result)) bool op_save(struct op_call *c, struct mock_object *o);
/* Saves a changed object and moves its Last Change Date. */
__attribute__((warn_unused_result)) bool op_changed(struct op_call *c, struct mock_object *o);
void op_write_uid(struct op_call *c, const struct mock_object *o);
void op_set_placeholder(struct op_call *c, const char *uid);

/* A field of the request payload; the schema has checked its type. */
bool op_field(const struct op_call *c, uint32_t tag, struct ttlv_item *out);
/* Records that memory ran out; returns false. */
bool op_no_memory(struct op_call *c);

/* A text of the client's as it may stand in a Result Message: short, one line. */
struct op_quoted {
    char text[72];
};
struct op_quoted op_quote(struct bytes text);

#endif
