/* The rules of attributes (attrs.h). */
#include "mockserver/attrs.h"

#include "kmip/base/text.h"
#include "mockserver/deviant.h"
#include "mockserver/scratch.h"
#include "mockserver/variant.h"

/* What an object may have beside the instances of one attribute, which the configuration
 * bounds; bounds the work per attribute. */
#define OTHERS_MAX 1000

static bool is_prefixed(struct bytes name, char letter)
{
    return name.n > 2 && name.p[0] == letter && name.p[1] == '-';
}

/* A name of a client's (x-) or of this server's own (y-). */
static bool is_custom(struct bytes name)
{
    return (is_prefixed(name, 'x') || is_prefixed(name, 'y')) && !memchr(name.p, 0, name.n);
}

enum attr_kind attr_kind(const struct op_call *c, struct bytes name,
                         const struct kmip_attribute **def)
{
    *def = kmip_attribute_by_name(name);
    if (breaks_attribute(c, ATTRIBUTE_KNOWN, *def) || variant_lacks_attribute(c, *def)) {
        *def = NULL;
        return ATTR_UNKNOWN;
    }
    if (*def && (*def)->since <= c->version && (*def)->tag != KMIP_TAG_CUSTOM_ATTRIBUTE)
        return ATTR_STANDARD;
    *def = NULL;
    if (deviates(c, DEV_UNKNOWN_ATTRIBUTE_TAKEN) && !memchr(name.p, 0, name.n))
        return ATTR_CUSTOM;
    return is_custom(name) && c->behaviour->custom_attributes != CUSTOM_REJECT ? ATTR_CUSTOM
                                                                               : ATTR_UNKNOWN;
}

bool attr_is_refused(const struct op_call *c, struct bytes name)
{
    return is_custom(name) && c->behaviour->custom_attributes == CUSTOM_REJECT;
}

/* The standard's name that was probably meant. */
static const char *nearest(struct bytes name)
{
    const char *names[64];
    char text[48];
    size_t n = 0;
    if (name.n == 0 || name.n >= sizeof text || memchr(name.p, 0, name.n))
        return NULL;
    memcpy(text, name.p, name.n);
    text[name.n] = '\0';
    for (size_t i = 0; i < kmip_n_attributes && n < 64; i++)
        if (kmip_attributes[i].tag != KMIP_TAG_CUSTOM_ATTRIBUTE)
            names[n++] = kmip_attributes[i].name;
    return text_nearest(text, names, n);
}

static bool unknown(struct op_call *c, struct bytes name)
{
    const struct kmip_attribute *def = kmip_attribute_by_name(name);
    const char *near = nearest(name);
    if (def && def->since > c->version)
        return op_fail(c, KMIP_RESULT_REASON_INVALID_FIELD, "%s is an attribute since KMIP %s",
                       def->name, kmip_version_text(def->since));
    if (attr_is_refused(c, name)) {
        op_is_refused(c, BEHAVIOUR_CUSTOM_ATTRIBUTES);
        return op_fail(c, KMIP_RESULT_REASON_INVALID_FIELD,
                       "custom attributes such as \"%s\" are not taken here", op_quote(name).text);
    }
    return op_fail(c, KMIP_RESULT_REASON_INVALID_FIELD, "there is no attribute \"%s\"%s",
                   op_quote(name).text, text_hint(near).text);
}

bool attr_read(struct op_call *c, const struct ttlv_item *attribute, struct attr_in *out)
{
    struct ttlv_item name, index;
    *out = (struct attr_in){0};
    if (!ttlv_find(attribute, KMIP_TAG_ATTRIBUTE_NAME, &name) ||
        !ttlv_find(attribute, KMIP_TAG_ATTRIBUTE_VALUE, &out->value))
        return op_fail(c, KMIP_RESULT_REASON_INVALID_MESSAGE,
                       "an Attribute has no Attribute Name or no Attribute Value");
    out->name = name.val;
    out->has_index = ttlv_find(attribute, KMIP_TAG_ATTRIBUTE_INDEX, &index);
    out->index = out->has_index ? ttlv_int(&index) : 0;
    if (attr_kind(c, out->name, &out->def) == ATTR_UNKNOWN)
        return unknown(c, out->name);
    const struct kmip_tag *tag = out->def ? kmip_tag(out->def->tag) : NULL;
    if (tag && tag->types && !(tag->types & TYPE_BIT(out->value.type)))
        return op_fail(c, KMIP_RESULT_REASON_INVALID_FIELD, "%s cannot be a %s", out->def->name,
                       ttlv_type_name(out->value.type));
    return true;
}

/* Who may */

/* Set by the server according to the table, yet given by the client when it asks for
 * a key or hands one in (KMIP 1.2 spec, 4.1, 4.3). */
static bool given_at_creation(const struct kmip_attribute *def)
{
    static const uint32_t tags[] = {KMIP_TAG_CRYPTOGRAPHIC_ALGORITHM,
                                    KMIP_TAG_CRYPTOGRAPHIC_LENGTH};
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
        if (def->tag == tags[i])
            return true;
    return def->flags & KMIP_ATTR_CLIENT_SETS;
}

bool attr_applies(const struct kmip_attribute *def, uint32_t object_type)
{
    return def && def->objects & KMIP_OBJECT_BIT(object_type);
}

static bool not_applicable(struct op_call *c, uint32_t reason, const struct kmip_attribute *def,
                           uint32_t type)
{
    return op_fail(c, reason, "%s is no attribute of an object of type %s", def->name,
                   kmip_name_of("Object Type", type));
}

static bool read_only(struct op_call *c, const char *what)
{
    return op_fail(c, KMIP_RESULT_REASON_PERMISSION_DENIED, "%s is not the client's to change",
                   what);
}

/* y- attributes are the server's (KMIP 1.2 spec, 3.39). */
static bool may_touch_custom(struct op_call *c, struct bytes name)
{
    return is_prefixed(name, 'x') || deviates(c, DEV_SERVER_ATTRIBUTE_WRITABLE) ||
           (!is_prefixed(name, 'y') && deviates(c, DEV_UNKNOWN_ATTRIBUTE_TAKEN)) ||
           read_only(c, "an attribute whose name starts with y-");
}

bool attr_may_create(struct op_call *c, uint32_t object_type, const struct attr_in *in)
{
    if (!in->def)
        return may_touch_custom(c, in->name);
    if (!given_at_creation(in->def) && !deviates(c, DEV_READ_ONLY_ATTRIBUTE_GIVEN))
        return op_fail(c, KMIP_RESULT_REASON_INVALID_FIELD,
                       "%s is set by the server, not by the client", in->def->name);
    if (!attr_applies(in->def, object_type))
        return not_applicable(c, KMIP_RESULT_REASON_INVALID_FIELD, in->def, object_type);
    return true;
}

/* What may be changed only for a while. */
static const struct {
    uint32_t tag;
    enum { BEFORE_ACTIVE, BEFORE_DEACTIVATED, BEFORE_IT_COMES, BEFORE_ALLOCATED } until;
} conditions[] = {
    {KMIP_TAG_ACTIVATION_DATE, BEFORE_ACTIVE},
    {KMIP_TAG_DEACTIVATION_DATE, BEFORE_DEACTIVATED},
    {KMIP_TAG_PROCESS_START_DATE, BEFORE_IT_COMES},
    {KMIP_TAG_PROTECT_STOP_DATE, BEFORE_IT_COMES},
    {KMIP_TAG_USAGE_LIMITS, BEFORE_ALLOCATED},
};

/* Since when it may not be changed any more; NULL: it may. */
static const char *frozen(const struct mock_object *o, size_t condition, int64_t now)
{
    int64_t date;
    uint32_t state = object_state(o);
    bool early = !state || state == KMIP_STATE_PRE_ACTIVE;
    switch (conditions[condition].until) {
    case BEFORE_ACTIVE:
        return early ? NULL : "once the object is no longer Pre-Active";
    case BEFORE_ALLOCATED:
        return o->allocated ? "once something of it was allocated" : NULL;
    case BEFORE_IT_COMES:
        if (state && object_date(o, conditions[condition].tag, &date) && date <= now)
            return "once it has been reached";
        break;
    case BEFORE_DEACTIVATED:
        break;
    }
    return early || state == KMIP_STATE_ACTIVE
               ? NULL
               : "once the object is neither Pre-Active nor Active";
}

static bool may_change_now(struct op_call *c, const struct mock_object *o,
                           const struct kmip_attribute *def)
{
    for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++) {
        const char *when =
            conditions[i].tag == def->tag ? frozen(o, i, c->now) : NULL;
        if (when && !breaks_attribute(c, ATTRIBUTE_FREEZES, def))
            return op_fail(c, KMIP_RESULT_REASON_PERMISSION_DENIED, "%s cannot be changed %s",
                           def->name, when);
    }
    return true;
}

/* The Count of Usage Limits is the server's; one that says nothing new is let pass. */
static bool count_is_total(const struct ttlv_item *limits)
{
    struct ttlv_item total, count;
    return !ttlv_find(limits, KMIP_TAG_USAGE_LIMITS_COUNT, &count) ||
           (ttlv_find(limits, KMIP_TAG_USAGE_LIMITS_TOTAL, &total) &&
            ttlv_long(&total) == ttlv_long(&count));
}

static bool may_give_value(struct op_call *c, const struct mock_object *o, const struct attr_in *in)
{
    if (!may_change_now(c, o, in->def))
        return false;
    if (in->def->tag == KMIP_TAG_USAGE_LIMITS && !count_is_total(&in->value))
        return read_only(c, "Usage Limits Count");
    return true;
}

static bool may_modify(const struct op_call *c, const struct kmip_attribute *def)
{
    return def->flags & KMIP_ATTR_CLIENT_MODIFIES ||
           breaks_attribute(c, ATTRIBUTE_READ_ONLY, def);
}

bool attr_may_add(struct op_call *c, const struct mock_object *o, const struct attr_in *in)
{
    const struct kmip_attribute *def = in->def;
    if (in->has_index && !deviates(c, DEV_ADD_ATTRIBUTE_WITH_INDEX_TAKEN))
        return op_fail(c, KMIP_RESULT_REASON_INVALID_FIELD,
                       "an attribute is added without Attribute Index: the server gives it");
    if (!def)
        return may_touch_custom(c, in->name);
    /* Original Creation Date is the one attribute that a client may add, yet never change
     * (KMIP 1.2 spec, 3.43). */
    if (!may_modify(c, def) && def->tag != KMIP_TAG_ORIGINAL_CREATION_DATE)
        return read_only(c, def->name);
    if (!attr_applies(def, o->type))
        return not_applicable(c, KMIP_RESULT_REASON_PERMISSION_DENIED, def, o->type);
    if (!(def->flags & KMIP_ATTR_MULTI) && object_attr(o, def->tag, 0) &&
        !deviates(c, DEV_ADD_ATTRIBUTE_REPLACES))
        return op_fail(c, KMIP_RESULT_REASON_ILLEGAL_OPERATION,
                       "%s is set and can have one instance only", def->name);
    return may_give_value(c, o, in);
}

bool attr_may_modify(struct op_call *c, const struct mock_object *o, const struct attr_in *in)
{
    const struct kmip_attribute *def = in->def;
    if (!def && !may_touch_custom(c, in->name))
        return false;
    if (def && !may_modify(c, def))
        return read_only(c, def->name);
    if (!object_attr_named(o, in->name) && deviates(c, DEV_MODIFY_ATTRIBUTE_ADDS))
        return true;
    if (!object_attr_named(o, in->name))
        return op_fail(c, KMIP_RESULT_REASON_INVALID_FIELD,
                       "the object has no attribute \"%s\" to modify", op_quote(in->name).text);
    if (!object_attr_indexed(o, in->name, in->index) &&
        !deviates(c, DEV_MODIFY_ATTRIBUTE_ABSENT_INDEX_TAKEN))
        return op_fail(c, KMIP_RESULT_REASON_ITEM_NOT_FOUND,
                       "\"%s\" has no instance of Attribute Index %d", op_quote(in->name).text,
                       in->index);
    return !def || may_give_value(c, o, in);
}

bool attr_may_delete(struct op_call *c, const struct mock_object *o,
                     const struct kmip_attribute *def, struct bytes name)
{
    if (!def)
        return !object_attr_named(o, name) || may_touch_custom(c, name);
    if (!(def->flags & KMIP_ATTR_CLIENT_DELETES) && !breaks_attribute(c, ATTRIBUTE_STAYS, def))
        return op_fail(c, KMIP_RESULT_REASON_PERMISSION_DENIED,
                       "%s cannot be deleted by the client", def->name);
    return may_change_now(c, o, def);
}

/* Values */

/* Usage Limits as they are kept: Count is what is left of Total (KMIP 1.2 spec, 3.21). */
static bool usage_limits_value(struct op_call *c, const struct ttlv_item *given,
                               struct bytes *value)
{
    struct ttlv_item total, unit;
    struct ttlv_writer w;
    struct buf *b = &c->engine->scratch->data;
    if (!ttlv_find(given, KMIP_TAG_USAGE_LIMITS_TOTAL, &total) ||
        !ttlv_find(given, KMIP_TAG_USAGE_LIMITS_UNIT, &unit))
        return op_fail(c, KMIP_RESULT_REASON_INVALID_MESSAGE,
                       "Usage Limits need a Usage Limits Total and a Usage Limits Unit");
    buf_reset(b);
    ttlv_w_init(&w, b, &c->err);
    ttlv_w_item(&w, 0, &total);
    ttlv_w_long(&w, KMIP_TAG_USAGE_LIMITS_COUNT, ttlv_long(&total));
    ttlv_w_item(&w, 0, &unit);
    *value = buf_bytes(b);
    return ttlv_w_finish(&w);
}

/* Names are unique among all objects that are not destroyed (KMIP 1.2 spec, 3.2). */
static bool name_is_free(struct op_call *c, const struct mock_object *o, const struct attr_in *in,
                         const struct mock_attr *at, uint32_t taken)
{
    struct ttlv_item value, other;
    if (!ttlv_find(&in->value, KMIP_TAG_NAME_VALUE, &value))
        return op_fail(c, KMIP_RESULT_REASON_INVALID_MESSAGE, "a Name has no Name Value");
    bool used = false;
    const struct mock_attr *a;
    for (int32_t i = 0; (a = object_attr(o, KMIP_TAG_NAME, i)) && !used; i++)
        used = a != at && ttlv_first(bytes_of(a->value, a->len), &other) &&
               bytes_eq(other.val, value.val);
    if (!used && !store_name_taken(c->engine->store, value.val, o, &used, &c->err))
        return false;
    return !used || breaks_operation(c, OPERATION_NEEDS_FREE_NAME) ||
           op_fail(c, taken, "the Name \"%s\" is in use", op_quote(value.val).text);
}

static bool known_value(struct op_call *c, const struct mock_object *o, const struct attr_in *in,
                        const struct mock_attr *at, uint32_t taken, struct bytes *value)
{
    struct ttlv_item data;
    *value = in->value.val;
    switch (in->def ? in->def->tag : 0) {
    case KMIP_TAG_NAME:
        return name_is_free(c, o, in, at, taken);
    case KMIP_TAG_USAGE_LIMITS:
        return usage_limits_value(c, &in->value, value);
    case KMIP_TAG_APPLICATION_SPECIFIC_INFORMATION: /* 3.36: the server may make up the data */
        return ttlv_find(&in->value, KMIP_TAG_APPLICATION_DATA, &data) ||
               op_fail(c, KMIP_RESULT_REASON_APPLICATION_NAMESPACE_NOT_SUPPORTED,
                       "this server makes up Application Data for no Application Namespace");
    case KMIP_TAG_OPERATION_POLICY_NAME: /* 3.18: the one that is enforced */
        return bytes_eq_str(in->value.val, "default") ||
               op_fail(c, KMIP_RESULT_REASON_INVALID_FIELD,
                       "the only Operation Policy here is \"default\"");
    default:
        return true;
    }
}

static bool room_for_instance(struct op_call *c, const struct mock_object *o, struct bytes name)
{
    int64_t most = c->engine->cfg->limits.attributes, n = 0;
    for (size_t i = 0; i < o->n_attrs; i++)
        n += bytes_eq_str(name, o->attrs[i].name);
    if (n < most && (int64_t)o->n_attrs < most + OTHERS_MAX)
        return true;
    return op_fail(c, KMIP_RESULT_REASON_INDEX_OUT_OF_BOUNDS,
                   "no more instances of \"%s\" fit into one object", op_quote(name).text);
}

/* As much of a text as a server keeps that cuts custom attributes: whole characters. */
static struct bytes cut_text(struct op_call *c, const struct ttlv_item *value)
{
    struct bytes v = value->val;
    if (c->behaviour->custom_attributes != CUSTOM_TRUNCATE || value->type != TTLV_TEXT_STRING ||
        v.n <= c->behaviour->custom_length)
        return v;
    op_differs(c, BEHAVIOUR_CUSTOM_ATTRIBUTES, 1);
    v.n = c->behaviour->custom_length;
    while (v.n > 0 && (v.p[v.n] & 0xC0) == 0x80)
        v.n--;
    return v;
}

bool attr_store(struct op_call *c, struct mock_object *o, const struct attr_in *in,
                const struct mock_attr *at, uint32_t taken, int32_t *index)
{
    struct bytes value;
    if (!at && in->def && deviates(c, DEV_SECOND_INSTANCE_REPLACES_FIRST))
        at = object_attr(o, in->def->tag, 0);
    if (!known_value(c, o, in, at, taken, &value))
        return false;
    if (!in->def)
        value = cut_text(c, &in->value);
    if (!in->def && c->behaviour->custom_attributes == CUSTOM_IGNORE) {
        op_differs(c, BEHAVIOUR_CUSTOM_ATTRIBUTES, 1);
        if (index)
            *index = in->index;
        return true;
    }
    if (at) {
        if (index)
            *index = at->index;
        return object_replace(o, at, in->value.type, value) || op_no_memory(c);
    }
    return room_for_instance(c, o, in->name) &&
           (object_add(o, in->def, in->name, in->value.type, value, index) || op_no_memory(c));
}

bool attr_dates_agree(struct op_call *c, const struct mock_object *o)
{
    int64_t from, to;
    if (object_date(o, KMIP_TAG_ACTIVATION_DATE, &from) &&
        object_date(o, KMIP_TAG_PROCESS_START_DATE, &to) && to < from &&
        !deviates(c, DEV_PROCESS_START_BEFORE_ACTIVATION))
        return op_fail(c, KMIP_RESULT_REASON_INVALID_FIELD,
                       "Process Start Date lies before Activation Date");
    if (object_date(o, KMIP_TAG_PROTECT_STOP_DATE, &from) &&
        object_date(o, KMIP_TAG_DEACTIVATION_DATE, &to) && to < from &&
        !deviates(c, DEV_PROTECT_STOP_AFTER_DEACTIVATION))
        return op_fail(c, KMIP_RESULT_REASON_INVALID_FIELD,
                       "Protect Stop Date lies behind Deactivation Date");
    return true;
}

/* Telling */

bool attr_visible(struct op_call *c, const struct mock_attr *a)
{
    int custom = c->behaviour->custom_attributes;
    if (breaks_attribute(c, ATTRIBUTE_TOLD, a->def))
        return false;
    if (a->def)
        return a->def->since <= c->version || deviates(c, DEV_VERSION_ATTRIBUTES_TOO_NEW);
    if (custom == CUSTOM_ACCEPT || custom == CUSTOM_TRUNCATE)
        return true;
    op_differs(c, BEHAVIOUR_CUSTOM_ATTRIBUTES, 1);
    return false;
}

/* Has the structure of the value fields that the version does not know? */
static bool has_newer_fields(const struct kmip_struct *def, uint8_t version)
{
    for (unsigned i = 0; def && i < def->n; i++)
        if (def->fields[i].since > version)
            return true;
    return false;
}

static bool field_known(const struct kmip_struct *def, uint32_t tag, uint8_t version)
{
    for (unsigned i = 0; i < def->n; i++)
        if (def->fields[i].tag == tag)
            return def->fields[i].since <= version;
    return true;
}

/* The index as it is told; 0: it is not (2.1.1). */
static int32_t told_index(const struct op_call *c, const struct mock_attr *a)
{
    bool several = !a->def || a->def->flags & KMIP_ATTR_MULTI;
    if (deviates(c, DEV_INDEX_NEVER_TOLD))
        return 0;
    return a->index + (several && deviates(c, DEV_INDEX_FROM_ONE));
}

static void write_value(struct op_call *c, const struct mock_attr *a)
{
    const struct kmip_struct *def = NULL;
    struct ttlv_reader r;
    struct ttlv_item it;
    if (a->def && a->type == TTLV_STRUCTURE && c->version < KMIP_V12)
        def = kmip_struct(a->def->tag, KMIP_STRUCT_PLAIN, 0);
    if (!has_newer_fields(def, c->version)) {
        ttlv_w_value(c->out, KMIP_TAG_ATTRIBUTE_VALUE, a->type, bytes_of(a->value, a->len));
        return;
    }
    ttlv_w_open(c->out, KMIP_TAG_ATTRIBUTE_VALUE);
    ttlv_r_init(&r, bytes_of(a->value, a->len), NULL, NULL);
    while (ttlv_r_next(&r, &it))
        if (field_known(def, it.tag, c->version))
            ttlv_w_item(c->out, 0, &it);
    ttlv_w_close(c->out);
}

void attr_write(struct op_call *c, const struct mock_attr *a)
{
    int32_t index = told_index(c, a);
    ttlv_w_open(c->out, KMIP_TAG_ATTRIBUTE);
    ttlv_w_str(c->out, KMIP_TAG_ATTRIBUTE_NAME, a->name);
    if (index != 0 || varies(c, VAR_INDICES_ALWAYS_TOLD))
        ttlv_w_int(c->out, KMIP_TAG_ATTRIBUTE_INDEX, index);
    write_value(c, a);
    ttlv_w_close(c->out);
}
