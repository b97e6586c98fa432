/* Inside form/: what the schema says of one place, asked in the same words by YAML
 * in, YAML out and the printers. In and out must answer alike: a value is written
 * without a type exactly where reading finds that type by itself. */
#ifndef KMIP_FORM_LEAF_H
#define KMIP_FORM_LEAF_H

#include "kmip/base/buf.h"
#include "kmip/schema/walk.h"

/* Types that may stand here; 0 = any. */
uint16_t form_types(const struct kmip_spot *spot);
bool form_allows(const struct kmip_spot *spot, unsigned type);
/* The one type that a leaf here can have, or 0: several, any, or none. */
unsigned form_leaf_type(const struct kmip_spot *spot);
/* Only a Structure may stand here. */
bool form_structure_only(const struct kmip_spot *spot);
/* "Integer", "Structure or Byte String", "any type". Returns out. */
char *form_types_text(const struct kmip_spot *spot, char *out, size_t room);

/* An Integer whose bits have names: a YAML sequence is then one value, not several. */
bool form_is_mask(const struct kmip_spot *spot);
/* ... of an attribute of this name, wherever it stands. */
bool form_mask_attribute(struct bytes name);
/* The enumeration for a value of this type here, or NULL. */
const struct kmip_enum *form_enum(const struct kmip_spot *spot, unsigned type);

/* Structures with a short form: "1.2" and a bare name. */
bool form_is_version(const struct kmip_spot *spot);
bool form_is_name(const struct kmip_spot *spot);

/* Must this item, found at this spot, be left out under these options? */
struct ttlv_item;
struct form_options;
bool form_hides(const struct form_options *o, const struct kmip_spot *spot,
                const struct ttlv_item *it);

/* For messages: the attribute's or the tag's name; never NULL. */
const char *form_field(const struct kmip_spot *spot);

/* "LongInteger": the type's name as a YAML tag has it. */
void form_put_type(struct buf *out, unsigned type);

/* Zero padding, and for a Big Integer no needless sign bytes: what the writer
 * would write for the same value. */
bool form_is_plain_item(const struct ttlv_item *it);

/* Reads names and numbers joined by "|". *bad is the piece that is neither. */
bool form_mask_read(const struct kmip_enum *mask, struct bytes text, uint32_t *value,
                    struct bytes *bad);

/* Appends text in double quotes as YAML has it; '$' is doubled when `dollars`. */
void form_yaml_quote(struct buf *out, struct bytes text, bool dollars);
/* Without quotes where a reader cannot take it for something else. */
void form_yaml_text(struct buf *out, struct bytes text);

#endif
