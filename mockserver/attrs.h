/* The rules of attributes (KMIP 1.2 spec, 3): who may set, change and delete which,
 * on what objects, and in what state. Driven by the table kmip_attributes; only the
 * few rules that depend on the object are functions.
 *
 * Result Reasons follow the error tables of the operations (11.2, 11.15 to 11.17). */
#ifndef MOCKSERVER_ATTRS_H
#define MOCKSERVER_ATTRS_H

#include "mockserver/op.h"

enum attr_kind { ATTR_UNKNOWN, ATTR_STANDARD, ATTR_CUSTOM };

/* Is it an attribute of objects of this type (KMIP 1.2 spec, 3)? */
bool attr_applies(const struct kmip_attribute *def, uint32_t object_type);

/* What a name stands for in the version of the request. *def: NULL unless standard. */
enum attr_kind attr_kind(const struct op_call *c, struct bytes name,
                         const struct kmip_attribute **def);
/* Is it unknown only because custom attributes are not taken? */
bool attr_is_refused(const struct op_call *c, struct bytes name);

/* An Attribute of a request taken apart. */
struct attr_in {
    const struct kmip_attribute *def; /* NULL: custom */
    struct bytes name;
    bool has_index;
    int32_t index;
    struct ttlv_item value; /* under the tag Attribute Value */
};

/* Reads one. Unknown names: Invalid Field. */
bool attr_read(struct op_call *c, const struct ttlv_item *attribute, struct attr_in *out);

/* May a client give this attribute when an object of this type is made? */
bool attr_may_create(struct op_call *c, uint32_t object_type, const struct attr_in *in);
/* ... add it to, change it of, delete it from this object? */
bool attr_may_add(struct op_call *c, const struct mock_object *o, const struct attr_in *in);
bool attr_may_modify(struct op_call *c, const struct mock_object *o, const struct attr_in *in);
bool attr_may_delete(struct op_call *c, const struct mock_object *o,
                     const struct kmip_attribute *def, struct bytes name);

/* Stores a value the rules allow: over *at, or as a new instance when at is NULL.
 * `taken` is the reason when the Name belongs to another object. *index (may be NULL)
 * gets the instance's. Brings the value into the form it is kept in (Usage Limits
 * get their Count). */
bool attr_store(struct op_call *c, struct mock_object *o, const struct attr_in *in,
                const struct mock_attr *at, uint32_t taken, int32_t *index);

/* Process Start not before Activation, Protect Stop not after Deactivation (3.25, 3.26). */
bool attr_dates_agree(struct op_call *c, const struct mock_object *o);

/* Is it shown to the version of the request? */
bool attr_visible(struct op_call *c, const struct mock_attr *a);
/* Writes an Attribute, fields that the version does not know left out. */
void attr_write(struct op_call *c, const struct mock_attr *a);

#endif
