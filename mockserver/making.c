/* Objects in the making (making.h). */
#include "mockserver/making.h"

#include <stdio.h>

#include "mockserver/access.h"
#include "mockserver/crypto.h"
#include "mockserver/deviant.h"
#include "mockserver/lifecycle.h"
#include "mockserver/scratch.h"
#include "mockserver/variant.h"

bool making_begin(struct making *m, struct op_call *c, enum making_kind kind, uint32_t object_type)
{
    *m = (struct making){.call = c, .kind = kind, .object = object_new(object_type, c->identity)};
    return m->object || op_no_memory(c);
}

void making_clear(struct making *m)
{
    if (!m->stored)
        object_free(&m->object);
    m->object = NULL;
}

/* Attributes */

static uint64_t given_bit(const struct kmip_attribute *def)
{
    return UINT64_C(1) << (def - kmip_attributes); /* 43 rows */
}

bool making_was_given(const struct making *m, uint32_t tag)
{
    const struct kmip_attribute *def = kmip_attribute_by_tag(tag);
    return def && (m->given | m->overruled) & given_bit(def);
}

void making_overrule(struct making *m)
{
    m->overruled |= m->given;
    m->given = 0;
}

static bool is_single(const struct kmip_attribute *def)
{
    return def && !(def->flags & KMIP_ATTR_MULTI);
}

/* One attribute of a template or of the request. */
static bool take_attribute(struct making *m, const struct ttlv_item *attribute, bool from_request)
{
    struct op_call *c = m->call;
    struct attr_in in;
    if (!attr_read(c, attribute, &in) || !attr_may_create(c, m->object->type, &in))
        return false;
    if (breaks_attribute(c, ATTRIBUTE_KEPT, in.def))
        return true;
    const struct mock_attr *at = is_single(in.def) ? object_attr(m->object, in.def->tag, 0) : NULL;
    if (from_request && is_single(in.def)) {
        if (m->given & given_bit(in.def) && !deviates(c, DEV_ATTRIBUTE_TWICE_TAKEN))
            return op_fail(c, KMIP_RESULT_REASON_INVALID_FIELD,
                           "%s is given twice and can have one instance only", in.def->name);
        m->given |= given_bit(in.def);
        m->dates_given |= in.value.type == TTLV_DATE_TIME;
    }
    /* A re-keyed key takes over names; its own name given again changes nothing. */
    if (m->kind == MAKING_REKEY && in.def && in.def->tag == KMIP_TAG_NAME)
        for (int32_t i = 0; (at = object_attr(m->object, KMIP_TAG_NAME, i)); i++)
            if (bytes_eq(bytes_of(at->value, at->len), in.value.val))
                return true;
    return attr_store(c, m->object, &in, at, KMIP_RESULT_REASON_INVALID_FIELD, NULL);
}

/* A Template's own Name, which it may hold since 1.0, is not for others. */
static bool is_name(const struct ttlv_item *attribute)
{
    struct ttlv_item name;
    return ttlv_find(attribute, KMIP_TAG_ATTRIBUTE_NAME, &name) && bytes_eq_str(name.val, "Name");
}

/* A Template's attributes; its structure is that of the body. */
static bool take_template(struct making *m, const struct mock_object *template)
{
    struct ttlv_reader r;
    struct ttlv_item body, it;
    if (!ttlv_first(bytes_of(template->body, template->body_len), &body))
        return true;
    ttlv_r_init(&r, body.val, NULL, NULL);
    while (ttlv_r_next(&r, &it))
        if (it.tag == KMIP_TAG_ATTRIBUTE && !is_name(&it) && !take_attribute(m, &it, false))
            return false;
    return true;
}

/* The template of a name: any live one of that name the caller may read. */
struct template_search {
    struct op_call *call;
    struct bytes name; /* value of the Name structure */
    char uid[MOCK_UID_MAX];
};

static bool visit_template(void *arg, struct mock_object *o)
{
    struct template_search *s = arg;
    const struct mock_attr *a;
    if (o->type != KMIP_OBJECT_TYPE_TEMPLATE || op_is_destroyed(o) ||
        !access_allowed(o, s->call->identity, POLICY_READ))
        return true;
    for (int32_t i = 0; (a = object_attr(o, KMIP_TAG_NAME, i)); i++)
        if (bytes_eq(bytes_of(a->value, a->len), s->name)) {
            snprintf(s->uid, sizeof s->uid, "%s", o->uid);
            return false;
        }
    return true;
}

static bool take_named_template(struct making *m, const struct ttlv_item *name)
{
    struct op_call *c = m->call;
    struct ttlv_item value;
    struct template_search s = {.call = c, .name = name->val};
    if (!ttlv_find(name, KMIP_TAG_NAME_VALUE, &value))
        return op_fail(c, KMIP_RESULT_REASON_INVALID_MESSAGE,
                       "the Name of a template has no Name Value");
    struct store_key key = {.name = bytes_str("Name"), .value = value.val};
    if (!store_scan(c->engine->store, &key, 1, visit_template, &s, &c->err))
        return false;
    if (!s.uid[0])
        return op_fail(c, KMIP_RESULT_REASON_ITEM_NOT_FOUND,
                       "there is no Template of the Name \"%s\"", op_quote(value.val).text);
    struct mock_object *template = op_object_by_id(c, bytes_str(s.uid), POLICY_READ, false);
    return template && (deviates(c, DEV_TEMPLATE_IGNORED) || take_template(m, template));
}

static bool take_templates(struct making *m, const struct ttlv_item *ta)
{
    struct ttlv_reader r;
    struct ttlv_item it;
    ttlv_r_init(&r, ta->val, NULL, NULL);
    while (ttlv_r_next(&r, &it))
        if (it.tag == KMIP_TAG_NAME && !take_named_template(m, &it))
            return false;
    return true;
}

static bool take_attributes(struct making *m, const struct ttlv_item *ta)
{
    struct ttlv_reader r;
    struct ttlv_item it;
    ttlv_r_init(&r, ta->val, NULL, NULL);
    while (ttlv_r_next(&r, &it))
        if (it.tag == KMIP_TAG_ATTRIBUTE && !take_attribute(m, &it, true))
            return false;
    return true;
}

bool making_template_attribute(struct making *m, const struct ttlv_item *ta)
{
    bool last = deviates(m->call, DEV_TEMPLATE_BEATS_REQUEST);
    return (last || take_templates(m, ta)) && take_attributes(m, ta) &&
           (!last || take_templates(m, ta));
}

/* Body */

bool making_key(struct making *m, uint32_t format, struct bytes material)
{
    struct op_call *c = m->call;
    struct buf body;
    struct ttlv_writer w;
    uint32_t algorithm = 0;
    int32_t length = 0;
    object_enum(m->object, KMIP_TAG_CRYPTOGRAPHIC_ALGORITHM, &algorithm);
    object_int(m->object, KMIP_TAG_CRYPTOGRAPHIC_LENGTH, &length);
    buf_init(&body, BUF_NO_LIMIT);
    ttlv_w_init(&w, &body, &c->err);
    ttlv_w_open(&w, kmip_object_tag(m->object->type));
    ttlv_w_open(&w, KMIP_TAG_KEY_BLOCK);
    ttlv_w_enum(&w, KMIP_TAG_KEY_FORMAT_TYPE, format);
    ttlv_w_open(&w, KMIP_TAG_KEY_VALUE);
    ttlv_w_bytes(&w, KMIP_TAG_KEY_MATERIAL, material);
    ttlv_w_close(&w);
    ttlv_w_enum(&w, KMIP_TAG_CRYPTOGRAPHIC_ALGORITHM, algorithm);
    ttlv_w_int(&w, KMIP_TAG_CRYPTOGRAPHIC_LENGTH, length);
    ttlv_w_close(&w);
    ttlv_w_close(&w);
    bool ok =
        ttlv_w_finish(&w) && (object_set_body(m->object, buf_bytes(&body)) || op_no_memory(c));
    buf_clear(&body);
    return ok;
}

/* What the server sets */

/* The bytes a Digest is taken of: Key Material, as a whole item when it is a structure
 * (3.17), else what the object holds. *format 0: there is none. */
static bool digest_input(const struct mock_object *o, struct bytes *data, uint32_t *format)
{
    struct mock_key key;
    struct ttlv_item body, it;
    *format = 0;
    if (object_key(o, &key)) {
        if (!key.has_value || key.wrapped)
            return false;
        *format = key.format;
        *data = key.material.val;
        if (key.material.type == TTLV_STRUCTURE)
            *data = bytes_of(key.material.val.p - TTLV_HEADER, key.material.val.n + TTLV_HEADER);
        return true;
    }
    if (!ttlv_first(bytes_of(o->body, o->body_len), &body) ||
        (!ttlv_find(&body, KMIP_TAG_OPAQUE_DATA_VALUE, &it) &&
         !ttlv_find(&body, KMIP_TAG_CERTIFICATE_VALUE, &it)))
        return false;
    *data = it.val;
    return true;
}

static bool set_digest(struct making *m)
{
    struct op_call *c = m->call;
    struct buf *b = &c->engine->scratch->data;
    struct ttlv_writer w;
    struct bytes data;
    uint32_t format;
    uint8_t digest[32];
    if (!digest_input(m->object, &data, &format))
        return true; /* metadata only, or wrapped: the server does not know the material */
    if (deviates(c, DEV_DIGEST_OF_SOMETHING_ELSE))
        data = bytes_str(m->object->uid);
    crypto_sha256(data, digest);
    if (deviates(c, DEV_DIGEST_FORMAT_MISSING))
        format = 0;
    buf_reset(b);
    ttlv_w_init(&w, b, &c->err);
    ttlv_w_enum(&w, KMIP_TAG_HASHING_ALGORITHM,
                deviates(c, DEV_DIGEST_ANOTHER_ALGORITHM) ? KMIP_HASHING_ALGORITHM_SHA_1
                                                          : KMIP_HASHING_ALGORITHM_SHA_256);
    ttlv_w_bytes(&w, KMIP_TAG_DIGEST_VALUE, bytes_of(digest, sizeof digest));
    if (format)
        ttlv_w_enum(&w, KMIP_TAG_KEY_FORMAT_TYPE, format);
    return ttlv_w_finish(&w) &&
           (object_set(m->object, KMIP_TAG_DIGEST, TTLV_STRUCTURE, buf_bytes(b)) ||
            op_no_memory(c)) &&
           (variant_add_digests(m, data, format) || op_no_memory(c));
}

static bool applies(const struct mock_object *o, uint32_t tag)
{
    return attr_applies(kmip_attribute_by_tag(tag), o->type);
}

/* Key Value Present says only that there is none (3.41). */
static bool set_key_value_present(struct mock_object *o)
{
    struct mock_key key;
    if (!applies(o, KMIP_TAG_KEY_VALUE_PRESENT) || !object_key(o, &key) || key.has_value)
        return true;
    return object_set_bool(o, KMIP_TAG_KEY_VALUE_PRESENT, false);
}

static bool set_lease_time(const struct op_call *c, struct mock_object *o)
{
    uint8_t wire[4];
    be32_put(wire, (uint32_t)c->engine->cfg->lease_time_s);
    return !applies(o, KMIP_TAG_LEASE_TIME) || varies(c, VAR_LEASES_NONE) ||
           object_set(o, KMIP_TAG_LEASE_TIME, TTLV_INTERVAL, bytes_of(wire, 4));
}

bool making_identify(struct making *m)
{
    struct op_call *c = m->call;
    struct mock_object *o = m->object;
    if (o->uid[0])
        return true;
    if (!c->uid)
        return engine_new_uid(c->engine, c->draws, o->uid, &c->err);
    snprintf(o->uid, sizeof o->uid, "%s", c->uid);
    return true;
}

static bool set_implicit(struct making *m)
{
    struct op_call *c = m->call;
    struct mock_object *o = m->object;
    bool fresh = applies(o, KMIP_TAG_FRESH) && !object_attr(o, KMIP_TAG_FRESH, 0);
    bool made_here = m->kind != MAKING_REGISTER;
    int64_t initial = c->now - (deviates(c, DEV_INITIAL_DATE_A_DAY_EARLY) ? 86400 : 0);
    if (!making_identify(m) || !set_digest(m))
        return false;
    return (object_set_text(o, KMIP_TAG_UNIQUE_IDENTIFIER, bytes_str(o->uid)) &&
            object_set_enum(o, KMIP_TAG_OBJECT_TYPE, o->type) &&
            (!lifecycle_has_state(o->type) ||
             object_set_enum(o, KMIP_TAG_STATE, KMIP_STATE_PRE_ACTIVE)) &&
            object_set_date(o, KMIP_TAG_INITIAL_DATE, initial) &&
            object_set_date(o, KMIP_TAG_LAST_CHANGE_DATE, c->now) &&
            (!made_here || object_set_date(o, KMIP_TAG_ORIGINAL_CREATION_DATE, c->now)) &&
            (!fresh ||
             object_set_bool(o, KMIP_TAG_FRESH, !deviates(c, DEV_FRESH_FALSE_AT_FIRST))) &&
            set_lease_time(c, o) && set_key_value_present(o) && variant_set_attributes(m)) ||
           op_no_memory(c);
}

/* Secret Data of 1.0 clients comes without: a published case of that version
 * (SASED-M-2) has it so. */
static bool may_lack_mask(const struct making *m)
{
    uint32_t type = m->object->type;
    return type == KMIP_OBJECT_TYPE_TEMPLATE || type == KMIP_OBJECT_TYPE_OPAQUE_OBJECT ||
           (type == KMIP_OBJECT_TYPE_SECRET_DATA && m->call->version == KMIP_V10);
}

/* Required of what is to be used in cryptography (4.1, 4.3). */
static bool has_required(struct making *m)
{
    const struct mock_object *o = m->object;
    if (may_lack_mask(m) || object_attr(o, KMIP_TAG_CRYPTOGRAPHIC_USAGE_MASK, 0) ||
        deviates(m->call, DEV_USAGE_MASK_NOT_NEEDED))
        return true;
    return op_fail(m->call,
                   either(m->call, VAR_CREATE_INCOMPLETE_AS_INVALID_FIELD,
                          KMIP_RESULT_REASON_INVALID_FIELD, KMIP_RESULT_REASON_INVALID_MESSAGE),
                   "Cryptographic Usage Mask is required of an object of type %s",
                   kmip_name_of("Object Type", o->type));
}

/* Is it of a kind that is kept here? */
static bool has_kind(const struct making *m)
{
    struct op_call *c = m->call;
    uint32_t algorithm = 0;
    int32_t bits = 0;
    object_enum(m->object, KMIP_TAG_CRYPTOGRAPHIC_ALGORITHM, &algorithm);
    object_int(m->object, KMIP_TAG_CRYPTOGRAPHIC_LENGTH, &bits);
    if (!op_type_known(c, m->object->type))
        return op_fail(c, KMIP_RESULT_REASON_INVALID_FIELD, "no objects of type %s are kept here",
                       kmip_name_of("Object Type", m->object->type));
    return !variant_lacks_key(c, algorithm, bits) ||
           op_fail(c, KMIP_RESULT_REASON_INVALID_FIELD, "no %s keys of %d bits are kept here",
                   kmip_name_of("Cryptographic Algorithm", algorithm), bits);
}

/* What was given is kept as it is (4.1, 4.3), unless one of these rules is to be broken. */
static bool keep_given(struct making *m)
{
    struct mock_object *o = m->object;
    int64_t date;
    int32_t mask;
    bool ok = true;
    if (deviates(m->call, DEV_ACTIVATION_DATE_REPLACED) &&
        object_date(o, KMIP_TAG_ACTIVATION_DATE, &date) && date < m->call->now)
        ok = object_set_date(o, KMIP_TAG_ACTIVATION_DATE, m->call->now);
    if (deviates(m->call, DEV_USAGE_MASK_WIDENED) &&
        object_int(o, KMIP_TAG_CRYPTOGRAPHIC_USAGE_MASK, &mask))
        ok &= object_set_int(o, KMIP_TAG_CRYPTOGRAPHIC_USAGE_MASK,
                             mask | (int32_t)KMIP_CRYPTOGRAPHIC_USAGE_MASK_EXPORT);
    return ok || op_no_memory(m->call);
}

/* The ID Placeholder names what was made (4). */
static void set_placeholder(const struct making *m)
{
    static const enum mock_switch unset[] = {
        [MAKING_CREATE] = DEV_PLACEHOLDER_NOT_SET_BY_CREATE,
        [MAKING_REGISTER] = DEV_PLACEHOLDER_NOT_SET_BY_REGISTER,
        [MAKING_REKEY] = MOCK_SWITCHES,
    };
    if (unset[m->kind] == MOCK_SWITCHES || !deviates(m->call, unset[m->kind]))
        op_set_placeholder(m->call, m->object->uid);
}

bool making_finish(struct making *m)
{
    struct op_call *c = m->call;
    struct mock_object *o = m->object;
    if (!has_required(m) || !attr_dates_agree(c, o) || !variant_dates_ahead(m) || !has_kind(m) ||
        !keep_given(m) || !set_implicit(m))
        return false;
    op_settle(c, o);
    if (store_count(c->engine->store) >= (uint64_t)c->engine->cfg->limits.objects)
        return op_fail(c, KMIP_RESULT_REASON_GENERAL_FAILURE,
                       "the store is full: it takes %lld objects (limits.objects)",
                       (long long)c->engine->cfg->limits.objects);
    if (!store_add(c->engine->store, o, &c->err))
        return false;
    m->stored = true;
    set_placeholder(m);
    snprintf(c->touched, sizeof c->touched, "%s", o->uid);
    return true;
}
