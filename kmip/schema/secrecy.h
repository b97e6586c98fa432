/* What the walk asks when it looks and enters; private to the schema room. What
 * everybody asks is in walk.h. */
#ifndef KMIP_SCHEMA_SECRECY_H
#define KMIP_SCHEMA_SECRECY_H

#include "kmip/schema/walk.h"

/* Of an item where the walk stands, found as *spot so far; t gives its meaning, which
 * of an Attribute Value is the attribute's tag. */
uint8_t kmip_secrecy_of(const struct kmip_walk *w, uint32_t tag, const struct kmip_spot *spot,
                        const struct kmip_tag *t);
/* Of what is inside the structure at this spot, of which f was made. */
void kmip_secrecy_enter(struct kmip_walk *w, struct kmip_frame *f, const struct kmip_spot *spot);
/* An item that is no structure has been passed. */
void kmip_secrecy_pass(struct kmip_walk *w, uint32_t tag, struct bytes val);

#endif
