/* An object in the making: what Create, Register and Re-key have in common.
 *
 * Attributes come from templates, then from the request, which overrules them; of
 * attributes with several instances both are kept (KMIP 1.2 spec, 4, on templates).
 * making_finish adds what the server sets and stores the object. */
#ifndef MOCKSERVER_MAKING_H
#define MOCKSERVER_MAKING_H

#include "mockserver/attrs.h"

enum making_kind { MAKING_CREATE, MAKING_REGISTER, MAKING_REKEY };

struct making {
    struct op_call *call;
    enum making_kind kind;
    struct mock_object *object; /* owned until it is stored */
    uint64_t given; /* single-instance attributes of the request: bit per row of kmip_attributes */
    uint64_t overruled; /* ... of those that came before making_overrule */
    bool dates_given; /* some date among them */
    bool stored;
};

__attribute__((warn_unused_result)) bool making_begin(struct making *m, struct op_call *c,
                                                      enum making_kind kind, uint32_t object_type);
/* Frees the object unless it was stored. */
void making_clear(struct making *m);

/* The attributes of a Template-Attribute: of the templates it names, then its own. */
__attribute__((warn_unused_result)) bool making_template_attribute(struct making *m,
                                                                   const struct ttlv_item *ta);

/* What the request has given so far may be given again: what comes next goes before it. */
void making_overrule(struct making *m);

/* Was this single-instance attribute given in the request itself? */
bool making_was_given(const struct making *m, uint32_t tag);

/* Sets the object structure of a key, with Key Material that is a Byte String; algorithm
 * and length from the object's attributes. */
__attribute__((warn_unused_result)) bool making_key(struct making *m, uint32_t format,
                                                    struct bytes material);

/* Gives the object its Unique Identifier now, for others to point to; making_finish does it
 * where nobody needs it sooner. */
__attribute__((warn_unused_result)) bool making_identify(struct making *m);

/* Sets all that the server sets, checks what must be there, settles the state and
 * stores the object; sets the ID Placeholder. */
__attribute__((warn_unused_result)) bool making_finish(struct making *m);

#endif
