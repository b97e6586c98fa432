/* What of the variations (variations.def) is more than a line where it is done. Each asks
 * for its own switches, and does nothing in a server that is as it is by itself. */
#ifndef MOCKSERVER_VARIANT_H
#define MOCKSERVER_VARIANT_H

#include "mockserver/lifecycle.h"
#include "mockserver/making.h"
#include "mockserver/op.h"

/* A Unique Identifier in another form than that of a UUID, which out holds. True: it is in
 * another form, and need not be unique. */
bool variant_identifier(struct mock_engine *e, char out[MOCK_UID_MAX]);

/* The Result Message that goes out in place of this one of a failure. */
const char *variant_failure_text(const struct mock_switches *s, const char *text);

/* Why a request is refused as a whole for an option of its header that need not be supported;
 * 0: it is not. */
uint32_t variant_refusal(const struct mock_switches *s, const struct kmip_message *m, int64_t now,
                         const char **why);

/* The version that a request of a later minor version than ours is answered under; 0: ours. */
uint8_t variant_version(const struct mock_switches *s, const struct kmip_header *h);

/* Where an event leads to in place of `next` (0: it is refused). */
uint32_t variant_state(const struct mock_switches *s, uint32_t state, enum lifecycle_event event,
                       uint32_t next);

/* Are keys of this kind, objects of this type not for this server? */
bool variant_lacks_key(const struct op_call *c, uint32_t algorithm, int32_t bits);
bool variant_lacks_type(const struct op_call *c, uint32_t object_type);
bool variant_lacks_mode(const struct op_call *c, uint32_t mode);
/* ... or the attribute? */
bool variant_lacks_attribute(const struct op_call *c, const struct kmip_attribute *def);

/* Attributes that the server sets beyond those it has to. False: no memory. */
__attribute__((warn_unused_result)) bool variant_set_attributes(const struct making *m);
/* More Digests of the same data (3.17). False: no memory. */
__attribute__((warn_unused_result)) bool variant_add_digests(const struct making *m,
                                                             struct bytes data, uint32_t format);
/* The Template-Attribute of a response, with what the server has set without being asked
 * (KMIP 1.2 spec, 4.1, 4.3, 4.4). */
void variant_tell_implicit(const struct making *m);
/* Did a date come that the object is made with? Fails the operation. */
bool variant_dates_ahead(const struct making *m);
/* Attributes of an object that is destroyed, of which a server may keep some. False: no
 * memory. */
__attribute__((warn_unused_result)) bool variant_drop_some(struct op_call *c, struct mock_object *o);

/* What Query answers beside operations, objects and the server. */
void variant_list_extensions(struct op_call *c);
void variant_map_extensions(struct op_call *c);
void variant_list_attestation_types(struct op_call *c);

/* i, or what is i-th from the end where the list is to be turned round. */
static inline size_t variant_nth(const struct op_call *c, enum mock_switch way, size_t n, size_t i)
{
    return varies(c, way) ? n - 1 - i : i;
}

#endif
