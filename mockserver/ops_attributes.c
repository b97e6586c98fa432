/* Get Attributes, Get Attribute List, Add, Modify and Delete Attribute (KMIP 1.2 spec,
 * 4.12 to 4.16). The rules are in attrs.c. */
#include <stdlib.h>

#include "mockserver/attrs.h"
#include "mockserver/deviant.h"
#include "mockserver/lifecycle.h"
#include "mockserver/ops.h"
#include "mockserver/scratch.h"
#include "mockserver/variant.h"

/* Attributes come in the order they were set, or from the end: none is prescribed (4.12). */
static const struct mock_attr *nth_attr(const struct op_call *c, const struct mock_object *o,
                                        size_t i)
{
    return &o->attrs[variant_nth(c, VAR_ATTRIBUTES_BACKWARDS, o->n_attrs, i)];
}

/* A name given twice is an error (11.13). Up to a few dozen names are compared as they
 * stand; more are copied and sorted, so that a hostile request costs no more. */
static bool names_differ(struct op_call *c, size_t *n_names)
{
    enum { FEW = 32 };
    struct bytes few[FEW], *names = few, twin;
    struct ttlv_reader r;
    struct ttlv_item it;
    size_t n = 0;
    ttlv_r_init(&r, c->payload.val, NULL, NULL);
    while (ttlv_r_next(&r, &it))
        n += it.tag == KMIP_TAG_ATTRIBUTE_NAME;
    *n_names = n;
    if (n > FEW && !(names = calloc(n, sizeof *names)))
        return op_no_memory(c);
    n = 0;
    ttlv_r_init(&r, c->payload.val, NULL, NULL);
    while (ttlv_r_next(&r, &it))
        if (it.tag == KMIP_TAG_ATTRIBUTE_NAME)
            names[n++] = it.val;
    bool ok = !views_twin(names, n, &twin) || deviates(c, DEV_GET_ATTRIBUTES_NAME_TWICE_TAKEN) ||
              op_fail(c, KMIP_RESULT_REASON_INVALID_MESSAGE,
                      "the Attribute Name \"%s\" is given twice", op_quote(twin).text);
    if (names != few)
        free(names);
    return ok;
}

static void write_named(struct op_call *c, const struct mock_object *o, struct bytes name)
{
    bool one = deviates(c, DEV_GET_ATTRIBUTES_FIRST_INSTANCE_ONLY), found = false;
    for (size_t i = 0; i < o->n_attrs && !(one && found); i++) {
        const struct mock_attr *a = nth_attr(c, o, i);
        if (bytes_eq_str(name, a->name) && attr_visible(c, a)) {
            attr_write(c, a);
            found = true;
        }
    }
}

/* Names of which there is no value are left out, and no error (4.12). */
static bool has_value(struct op_call *c, const struct mock_object *o, struct bytes name)
{
    return !deviates(c, DEV_GET_ATTRIBUTES_UNKNOWN_NAME_REFUSED) || object_attr_named(o, name) ||
           op_fail(c, KMIP_RESULT_REASON_ITEM_NOT_FOUND, "the object has no attribute \"%s\"",
                   op_quote(name).text);
}

/* Archived objects have attributes to tell, their Archive Date above all, although 11.13
 * lists Object Archived. */
bool op_get_attributes(struct op_call *c)
{
    struct mock_object *o =
        op_object(c, POLICY_READ, !varies(c, VAR_ARCHIVED_ATTRIBUTES_REFUSED));
    struct ttlv_reader r;
    struct ttlv_item it;
    size_t n;
    if (!o || !names_differ(c, &n))
        return false;
    if (deviates(c, DEV_GET_ATTRIBUTES_ALL_ALWAYS))
        n = 0;
    op_write_uid(c, o);
    for (size_t i = 0; n == 0 && i < o->n_attrs; i++)
        if (attr_visible(c, nth_attr(c, o, i)))
            attr_write(c, nth_attr(c, o, i));
    ttlv_r_init(&r, c->payload.val, NULL, NULL);
    while (n > 0 && ttlv_r_next(&r, &it))
        if (it.tag == KMIP_TAG_ATTRIBUTE_NAME) {
            if (!has_value(c, o, it.val))
                return false;
            write_named(c, o, it.val);
        }
    return true;
}

/* Instances of a name need not lie together in the list. */
static bool listed_before(const struct op_call *c, const struct mock_object *o, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (strcmp(nth_attr(c, o, i)->name, nth_attr(c, o, at)->name) == 0)
            return true;
    return false;
}

bool op_get_attribute_list(struct op_call *c)
{
    struct mock_object *o = op_object(c, POLICY_READ, false);
    if (!o)
        return false;
    op_write_uid(c, o);
    for (size_t i = 0; i < o->n_attrs; i++)
        if (attr_visible(c, nth_attr(c, o, i)) &&
            (!listed_before(c, o, i) || deviates(c, DEV_ATTRIBUTE_LIST_REPEATS_NAMES)))
            ttlv_w_str(c->out, KMIP_TAG_ATTRIBUTE_NAME, nth_attr(c, o, i)->name);
    return true;
}

/* The object whose attributes are to be changed; those of a destroyed one are kept as
 * they were. */
static struct mock_object *changeable(struct op_call *c)
{
    struct mock_object *o = op_object(c, POLICY_WRITE, false);
    if (!o || !op_is_destroyed(o))
        return o;
    op_fail(c,
            either(c, VAR_DESTROYED_ATTRIBUTES_AS_ITEM_NOT_FOUND, KMIP_RESULT_REASON_ITEM_NOT_FOUND,
                   KMIP_RESULT_REASON_PERMISSION_DENIED),
            "the object was destroyed; its attributes no longer change");
    return NULL;
}

static bool read_attribute(struct op_call *c, struct attr_in *in)
{
    struct ttlv_item attribute;
    if (!op_field(c, KMIP_TAG_ATTRIBUTE, &attribute))
        return op_fail(c, KMIP_RESULT_REASON_INVALID_MESSAGE, "the request has no Attribute");
    return attr_read(c, &attribute, in);
}

/* Says that the attribute is as asked for, and leaves it as it is. */
static bool pretend(struct op_call *c, struct mock_object *o)
{
    struct ttlv_item given;
    op_write_uid(c, o);
    if (op_field(c, KMIP_TAG_ATTRIBUTE, &given))
        ttlv_w_item(c->out, 0, &given);
    return op_changed(c, o);
}

/* Saves the change, lets dates take effect (3.22), and echoes the attribute. */
static bool finish(struct op_call *c, struct mock_object *o, const struct attr_in *in,
                   int32_t index)
{
    if (!attr_dates_agree(c, o))
        return false;
    op_settle(c, o);
    if (!op_changed(c, o))
        return false;
    op_write_uid(c, o);
    const struct mock_attr *a = object_attr_indexed(o, in->name, index);
    struct ttlv_item given;
    if (a)
        attr_write(c, a);
    else if (op_field(c, KMIP_TAG_ATTRIBUTE, &given)) /* ignored, but not said so */
        ttlv_w_item(c->out, 0, &given);
    return true;
}

bool op_add_attribute(struct op_call *c)
{
    struct mock_object *o = changeable(c);
    struct attr_in in;
    int32_t index;
    if (!o || !read_attribute(c, &in) || !attr_may_add(c, o, &in))
        return false;
    if (deviates(c, DEV_ADD_ATTRIBUTE_CHANGES_NOTHING))
        return pretend(c, o);
    return attr_store(c, o, &in, NULL, KMIP_RESULT_REASON_ILLEGAL_OPERATION, &index) &&
           finish(c, o, &in, index);
}

static bool echo_old(struct op_call *c, struct mock_object *o, const struct attr_in *in,
                     const struct mock_attr *a)
{
    op_write_uid(c, o);
    attr_write(c, a);
    return attr_store(c, o, in, a, KMIP_RESULT_REASON_ILLEGAL_OPERATION, NULL) && op_changed(c, o);
}

bool op_modify_attribute(struct op_call *c)
{
    struct mock_object *o = changeable(c);
    struct attr_in in;
    int32_t index;
    if (!o || !read_attribute(c, &in) || !attr_may_modify(c, o, &in))
        return false;
    if (deviates(c, DEV_MODIFY_ATTRIBUTE_CHANGES_NOTHING))
        return pretend(c, o);
    const struct mock_attr *a = object_attr_indexed(o, in.name, in.index);
    if (!a && deviates(c, DEV_MODIFY_ATTRIBUTE_ABSENT_INDEX_TAKEN))
        a = object_attr_named(o, in.name);
    if (a && deviates(c, DEV_MODIFY_ATTRIBUTE_ECHOES_OLD_VALUE))
        return echo_old(c, o, &in, a);
    return attr_store(c, o, &in, a, KMIP_RESULT_REASON_ILLEGAL_OPERATION, &index) &&
           finish(c, o, &in, index);
}

/* One instance goes, or, where the rules are broken, none or all of them. */
static bool remove_attribute(struct op_call *c, struct mock_object *o, struct bytes name,
                             int32_t index)
{
    const struct mock_attr *a = object_attr_indexed(o, name, index);
    if (!deviates(c, DEV_DELETE_ATTRIBUTE_DELETES_NOTHING) && !object_remove(o, a))
        return op_no_memory(c);
    while (deviates(c, DEV_DELETE_ATTRIBUTE_DELETES_ALL) && (a = object_attr_named(o, name)))
        if (!object_remove(o, a))
            return op_no_memory(c);
    for (size_t i = 0; i < o->n_attrs && deviates(c, DEV_INDICES_SHIFT); i++)
        if (bytes_eq_str(name, o->attrs[i].name) && o->attrs[i].index > index)
            o->attrs[i].index--;
    return op_changed(c, o);
}

/* Says that an attribute was deleted that is not there. */
static bool delete_nothing(struct op_call *c, struct mock_object *o, struct bytes name)
{
    op_write_uid(c, o);
    ttlv_w_open(c->out, KMIP_TAG_ATTRIBUTE);
    ttlv_w_value(c->out, KMIP_TAG_ATTRIBUTE_NAME, TTLV_TEXT_STRING, name);
    ttlv_w_str(c->out, KMIP_TAG_ATTRIBUTE_VALUE, "");
    ttlv_w_close(c->out);
    return op_changed(c, o);
}

bool op_delete_attribute(struct op_call *c)
{
    struct mock_object *o = changeable(c);
    struct ttlv_item name, it;
    const struct kmip_attribute *def;
    if (!o)
        return false;
    if (!op_field(c, KMIP_TAG_ATTRIBUTE_NAME, &name))
        return op_fail(c, KMIP_RESULT_REASON_INVALID_MESSAGE, "the request has no Attribute Name");
    int32_t index = op_field(c, KMIP_TAG_ATTRIBUTE_INDEX, &it) ? ttlv_int(&it) : 0;
    if (attr_kind(c, name.val, &def) == ATTR_UNKNOWN) {
        if (attr_is_refused(c, name.val) && object_attr_named(o, name.val))
            op_is_refused(c, BEHAVIOUR_CUSTOM_ATTRIBUTES);
        return op_fail(c, KMIP_RESULT_REASON_ITEM_NOT_FOUND, "there is no attribute \"%s\"",
                       op_quote(name.val).text);
    }
    if (!attr_may_delete(c, o, def, name.val))
        return false;
    const struct mock_attr *a = object_attr_indexed(o, name.val, index);
    if (!a && deviates(c, DEV_DELETE_ATTRIBUTE_ABSENT_SUCCEEDS))
        return delete_nothing(c, o, name.val);
    if (!a)
        return op_fail(c, KMIP_RESULT_REASON_ITEM_NOT_FOUND,
                       "the object has no \"%s\" of Attribute Index %d", op_quote(name.val).text,
                       index);
    op_write_uid(c, o);
    attr_write(c, a);
    return remove_attribute(c, o, name.val, index);
}
