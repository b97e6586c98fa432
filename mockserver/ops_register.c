/* Register (KMIP 1.2 spec, 4.3): objects kept as they are handed in. What is checked is
 * that what is said of the object agrees with what it is. */
#include "mockserver/asym_register.h"
#include "mockserver/certificate.h"
#include "mockserver/crypto.h"
#include "mockserver/making.h"
#include "mockserver/ops.h"
#include "mockserver/variant.h"

/* A number said in the Key Block and as an attribute must be the same; said once, it
 * becomes the attribute. 0: not said in the Key Block. */
static bool agree(struct making *m, uint32_t tag, bool enumeration, uint32_t in_block)
{
    struct mock_object *o = m->object;
    uint32_t given;
    int32_t number;
    bool set = enumeration ? object_enum(o, tag, &given) : object_int(o, tag, &number);
    if (!in_block)
        return true;
    if (!set)
        return (enumeration ? object_set_enum(o, tag, in_block)
                            : object_set_int(o, tag, (int32_t)in_block)) ||
               op_no_memory(m->call);
    if (in_block == (enumeration ? given : (uint32_t)number))
        return true;
    return op_fail(m->call, KMIP_RESULT_REASON_INVALID_FIELD,
                   "%s of the Key Block differs from the attribute", kmip_tag_name(tag));
}

/* Algorithm and Length go together, wherever they are said (4.3). */
static bool both_or_neither(struct making *m, const struct mock_key *key)
{
    const struct mock_object *o = m->object;
    bool algorithm = object_attr(o, KMIP_TAG_CRYPTOGRAPHIC_ALGORITHM, 0);
    bool length = object_attr(o, KMIP_TAG_CRYPTOGRAPHIC_LENGTH, 0);
    if (algorithm != length)
        return op_fail(m->call, KMIP_RESULT_REASON_INVALID_MESSAGE,
                       "Cryptographic Algorithm and Cryptographic Length are both to be given, or "
                       "neither");
    if (!algorithm && o->type == KMIP_OBJECT_TYPE_SYMMETRIC_KEY && key->has_value)
        return op_fail(m->call, KMIP_RESULT_REASON_INVALID_MESSAGE,
                       "a Symmetric Key needs Cryptographic Algorithm and Cryptographic Length");
    return true;
}

/* The bytes of the material are those that Algorithm and Length say (4.3). */
static bool size_fits(struct making *m, const struct mock_key *key)
{
    uint32_t algorithm = 0;
    int32_t length = 0;
    if (!object_enum(m->object, KMIP_TAG_CRYPTOGRAPHIC_ALGORITHM, &algorithm) ||
        !object_int(m->object, KMIP_TAG_CRYPTOGRAPHIC_LENGTH, &length) ||
        crypto_key_bytes(algorithm, length) == key->bytes.n ||
        deviates(m->call, DEV_REGISTER_LENGTH_UNCHECKED))
        return true;
    return op_fail(m->call, KMIP_RESULT_REASON_INVALID_FIELD,
                   "%s of Cryptographic Length %d does not have %zu bytes of key",
                   kmip_name_of("Cryptographic Algorithm", algorithm), length, key->bytes.n);
}

static bool is_symmetric_format(uint32_t format)
{
    return format == KMIP_KEY_FORMAT_TYPE_RAW ||
           format == KMIP_KEY_FORMAT_TYPE_TRANSPARENT_SYMMETRIC_KEY;
}

static bool check_symmetric(struct making *m, const struct mock_key *key)
{
    if (!is_symmetric_format(key->format) && key->format != KMIP_KEY_FORMAT_TYPE_OPAQUE &&
        key->format >> 28 != 8)
        return op_fail(m->call, KMIP_RESULT_REASON_KEY_FORMAT_TYPE_NOT_SUPPORTED,
                       "a Symmetric Key does not come as %s",
                       kmip_name_of("Key Format Type", key->format));
    return !is_symmetric_format(key->format) || !key->has_value || key->wrapped ||
           size_fits(m, key);
}

/* A Length that is given says something, and 0 is no length. */
static bool check_length(struct making *m, const struct ttlv_item *block)
{
    struct ttlv_item it;
    return !ttlv_find(block, KMIP_TAG_CRYPTOGRAPHIC_LENGTH, &it) || ttlv_int(&it) > 0 ||
           op_fail(m->call, KMIP_RESULT_REASON_INVALID_FIELD,
                   "a Cryptographic Length of %d is none", ttlv_int(&it));
}

static bool is_value_of(const struct mock_attr *a, const struct attr_in *in)
{
    return a->type == in->value.type && bytes_eq(bytes_of(a->value, a->len), in->value.val);
}

/* Does the object itself say otherwise? Of attributes with several instances that can
 * only be told of Names, which are nobody's else. */
static bool agrees(const struct mock_object *o, const struct attr_in *in)
{
    const struct mock_attr *a;
    if (!in->def || (in->def->flags & KMIP_ATTR_MULTI && in->def->tag != KMIP_TAG_NAME))
        return true;
    for (int32_t i = 0; (a = object_attr(o, in->def->tag, i)); i++)
        if (is_value_of(a, in))
            return true;
    return in->def->tag != KMIP_TAG_NAME && !object_attr(o, in->def->tag, 0);
}

/* Attributes that the Key Value carries are handed out with it: they are the client's to
 * give, and do not contradict the object's own (2.1.4). */
static bool check_key_value(struct making *m, const struct ttlv_item *key_value)
{
    struct ttlv_reader r;
    struct ttlv_item it;
    struct attr_in in;
    ttlv_r_init(&r, key_value->val, NULL, NULL);
    while (ttlv_r_next(&r, &it)) {
        if (it.tag != KMIP_TAG_ATTRIBUTE)
            continue;
        if (!attr_read(m->call, &it, &in) || !attr_may_create(m->call, m->object->type, &in))
            return false;
        if (!agrees(m->object, &in))
            return op_fail(m->call, KMIP_RESULT_REASON_INVALID_FIELD,
                           "%s in the Key Value is not the object's", in.def->name);
    }
    return true;
}

static bool check_material(struct making *m, const struct mock_key *key,
                           const struct ttlv_item *block)
{
    switch (m->object->type) {
    case KMIP_OBJECT_TYPE_SYMMETRIC_KEY:
        return check_symmetric(m, key);
    case KMIP_OBJECT_TYPE_PUBLIC_KEY:
    case KMIP_OBJECT_TYPE_PRIVATE_KEY:
        return asym_register(m, key, block);
    default:
        return true;
    }
}

static bool check_key_block(struct making *m)
{
    struct mock_key key;
    struct ttlv_item body, block, it;
    if (!object_key(m->object, &key) ||
        !ttlv_first(bytes_of(m->object->body, m->object->body_len), &body) ||
        !ttlv_find(&body, KMIP_TAG_KEY_BLOCK, &block))
        return op_fail(m->call, KMIP_RESULT_REASON_INVALID_MESSAGE, "the object has no Key Block");
    if (key.has_value && key.wrapped && !ttlv_find(&block, KMIP_TAG_KEY_WRAPPING_DATA, &it))
        return op_fail(m->call, KMIP_RESULT_REASON_INVALID_FIELD,
                       "a Key Value that is a Byte String needs Key Wrapping Data");
    if (!check_length(m, &block) ||
        !agree(m, KMIP_TAG_CRYPTOGRAPHIC_ALGORITHM, true, key.algorithm) ||
        !agree(m, KMIP_TAG_CRYPTOGRAPHIC_LENGTH, false, (uint32_t)key.length) ||
        !both_or_neither(m, &key) || !check_material(m, &key, &block))
        return false;
    return !key.has_value || key.wrapped || check_key_value(m, &key.key_value);
}

/* In 1.0 the Name of a Template could stand inside; it is the Template's own all the same. */
static bool take_name(struct making *m, const struct attr_in *name)
{
    return attr_may_create(m->call, KMIP_OBJECT_TYPE_TEMPLATE, name) &&
           attr_store(m->call, m->object, name, NULL, KMIP_RESULT_REASON_INVALID_FIELD, NULL);
}

/* A Template holds attributes for objects to come, of whatever type; no Name, which
 * each object has for itself (2.2.6, 11.4). */
static bool check_template(struct making *m, const struct ttlv_item *body)
{
    struct op_call *c = m->call;
    struct ttlv_reader r;
    struct ttlv_item it;
    struct attr_in in;
    ttlv_r_init(&r, body->val, NULL, NULL);
    while (ttlv_r_next(&r, &it)) {
        if (it.tag != KMIP_TAG_ATTRIBUTE)
            continue;
        if (!attr_read(c, &it, &in))
            return false;
        if (in.def && in.def->tag == KMIP_TAG_NAME && c->version == KMIP_V10) {
            if (!take_name(m, &in))
                return false;
            continue;
        }
        if (in.def && in.def->tag == KMIP_TAG_NAME && !deviates(c, DEV_TEMPLATE_WITH_NAME_TAKEN))
            return op_fail(c, KMIP_RESULT_REASON_INVALID_FIELD, "a Template cannot hold a Name");
        if (!attr_may_create(c, KMIP_OBJECT_TYPE_TEMPLATE, &in) &&
            !attr_may_create(c, KMIP_OBJECT_TYPE_SYMMETRIC_KEY, &in) &&
            !attr_may_create(c, KMIP_OBJECT_TYPE_PRIVATE_KEY, &in))
            return false;
    }
    return true;
}

static bool check_body(struct making *m, const struct ttlv_item *body)
{
    switch (m->object->type) {
    case KMIP_OBJECT_TYPE_TEMPLATE:
        return check_template(m, body);
    case KMIP_OBJECT_TYPE_CERTIFICATE:
        return certificate_attributes(m->call, m->object, body);
    case KMIP_OBJECT_TYPE_OPAQUE_OBJECT:
        return true;
    default:
        return check_key_block(m);
    }
}

/* The item as it stands in the request, header and all. */
static struct bytes whole(const struct ttlv_item *it)
{
    return bytes_of(it->val.p - TTLV_HEADER, it->val.n + TTLV_HEADER);
}

static bool do_register(struct making *m, const struct ttlv_item *body)
{
    struct op_call *c = m->call;
    struct ttlv_item ta;
    if (op_field(c, KMIP_TAG_TEMPLATE_ATTRIBUTE, &ta) && !making_template_attribute(m, &ta))
        return false;
    if (!object_set_body(m->object, whole(body)))
        return op_no_memory(c);
    if (!check_body(m, body) || !making_finish(m))
        return false;
    op_write_uid(c, m->object); /* and no Object Type: clients reject it (4.3) */
    variant_tell_implicit(m);
    return true;
}

static bool find_body(const struct op_call *c, struct ttlv_item *out)
{
    struct ttlv_reader r;
    ttlv_r_init(&r, c->payload.val, NULL, NULL);
    while (ttlv_r_next(&r, out))
        if (kmip_object_type(out->tag) && out->type == TTLV_STRUCTURE)
            return true;
    return false;
}

bool op_register(struct op_call *c)
{
    struct making m;
    struct ttlv_item type, body;
    if (!op_field(c, KMIP_TAG_OBJECT_TYPE, &type) || !find_body(c, &body))
        return op_fail(c, KMIP_RESULT_REASON_INVALID_MESSAGE,
                       "the request has no Object Type or no object");
    if (kmip_object_type(body.tag) != ttlv_enum(&type) &&
        !deviates(c, DEV_REGISTER_TYPE_UNCHECKED))
        return op_fail(c, KMIP_RESULT_REASON_INVALID_FIELD,
                       "Object Type is %s, but the object is a %s",
                       kmip_name_of("Object Type", ttlv_enum(&type)), kmip_tag_name(body.tag));
    if (!making_begin(&m, c, MAKING_REGISTER, ttlv_enum(&type)))
        return false;
    bool ok = do_register(&m, &body);
    making_clear(&m);
    return ok;
}
