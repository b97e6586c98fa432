/* Deviations of which there is one for each of many: reasons, attributes, states, operations.
 * The rule that is broken stands once, where it is kept, and asks here whether it is to be
 * broken for this one. Everything else asks deviates() (op.h). */
#ifndef MOCKSERVER_DEVIANT_H
#define MOCKSERVER_DEVIANT_H

#include "mockserver/lifecycle.h"
#include "mockserver/op.h"

/* Rules of attributes. */
enum attribute_rule {
    ATTRIBUTE_TOLD,      /* what an object has is told */
    ATTRIBUTE_KNOWN,     /* it is an attribute at all */
    ATTRIBUTE_KEPT,      /* what is given when an object is made is kept */
    ATTRIBUTE_READ_ONLY, /* a client cannot change it */
    ATTRIBUTE_STAYS,     /* a client cannot delete it */
    ATTRIBUTE_FREEZES,   /* a client can change it for a while only */
    ATTRIBUTE_SOUGHT     /* Locate heeds it */
};

/* Rules that an operation keeps. */
enum operation_rule {
    OPERATION_MOVES_LAST_CHANGE, /* Last Change Date moves */
    OPERATION_NEEDS_FREE_NAME    /* a Name in use is refused */
};

/* To be called where something deviates at all: they go through tables. */
bool deviant_breaks_attribute(const struct op_call *c, enum attribute_rule rule, uint32_t tag);
bool deviant_breaks_operation(const struct op_call *c, enum operation_rule rule);

static inline bool breaks_attribute(const struct op_call *c, enum attribute_rule rule,
                                    const struct kmip_attribute *def)
{
    return c->engine->cfg->switches.any && def && deviant_breaks_attribute(c, rule, def->tag);
}

static inline bool breaks_operation(const struct op_call *c, enum operation_rule rule)
{
    return c->engine->cfg->switches.any && deviant_breaks_operation(c, rule);
}

/* The Result Reason that a failure of the operation gets in place of the right one. */
uint32_t deviant_reason(const struct mock_switches *s, uint32_t operation, uint32_t reason);

/* Where an event leads to in place of the right state (0: it is refused). */
uint32_t deviant_state(const struct mock_switches *s, uint32_t state, enum lifecycle_event event,
                       uint32_t next);

/* What a Batch Error Continuation Option (0: none) is taken for in place of its meaning. */
uint32_t deviant_continuation(const struct mock_switches *s, uint32_t option, uint32_t meaning);

/* The Result Reason by which a header with options that a server has to take is refused,
 * and why; 0: it is not. */
uint32_t deviant_refusal(const struct mock_switches *s, const struct kmip_header *h,
                         const char **why);

#endif
