/* Payloads of requests (requests.h). */
#include "client/lib/requests.h"

void req_begin(struct ttlv_writer *w, struct buf *out, const struct kmip_request *head,
               uint32_t operation, struct bytes id, struct kerr *err)
{
    ttlv_w_init(w, out, err);
    kmip_request_begin(w, head);
    kmip_item_begin(w, operation, id);
}

bool req_end(struct ttlv_writer *w)
{
    kmip_item_end(w);
    kmip_request_end(w);
    return ttlv_w_finish(w);
}

static void opt_enum(struct ttlv_writer *w, uint32_t tag, uint32_t v)
{
    if (v)
        ttlv_w_enum(w, tag, v);
}

void req_uid(struct ttlv_writer *w, const char *uid)
{
    if (uid)
        ttlv_w_str(w, KMIP_TAG_UNIQUE_IDENTIFIER, uid);
}

void req_discover_versions(struct ttlv_writer *w, const uint8_t *versions, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ttlv_w_open(w, KMIP_TAG_PROTOCOL_VERSION);
        ttlv_w_int(w, KMIP_TAG_PROTOCOL_VERSION_MAJOR, versions[i] >> 4);
        ttlv_w_int(w, KMIP_TAG_PROTOCOL_VERSION_MINOR, versions[i] & 15);
        ttlv_w_close(w);
    }
}

void req_query(struct ttlv_writer *w, const uint32_t *functions, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ttlv_w_enum(w, KMIP_TAG_QUERY_FUNCTION, functions[i]);
}

void req_key_attributes(struct ttlv_writer *w, const struct req_key *key)
{
    if (key->algorithm)
        kmip_attribute_enum(w, "Cryptographic Algorithm", key->algorithm);
    if (key->length)
        kmip_attribute_int(w, "Cryptographic Length", key->length);
    if (key->usage)
        kmip_attribute_int(w, "Cryptographic Usage Mask", (int32_t)key->usage);
    if (key->name)
        kmip_attribute_name(w, key->name);
    ttlv_w_raw_bytes(w, key->more);
}

static void template_attribute(struct ttlv_writer *w, const struct req_key *key)
{
    ttlv_w_open(w, KMIP_TAG_TEMPLATE_ATTRIBUTE);
    req_key_attributes(w, key);
    ttlv_w_close(w);
}

void req_create(struct ttlv_writer *w, uint32_t object_type, const struct req_key *key)
{
    ttlv_w_enum(w, KMIP_TAG_OBJECT_TYPE, object_type);
    template_attribute(w, key);
}

/* KMIP 1.2 spec, 2.1.3 and 2.1.4. Secret Data needs neither algorithm nor length. */
static void key_block(struct ttlv_writer *w, const struct req_object *o)
{
    ttlv_w_open(w, KMIP_TAG_KEY_BLOCK);
    ttlv_w_enum(w, KMIP_TAG_KEY_FORMAT_TYPE, o->format ? o->format : KMIP_KEY_FORMAT_TYPE_RAW);
    ttlv_w_open(w, KMIP_TAG_KEY_VALUE);
    ttlv_w_bytes(w, KMIP_TAG_KEY_MATERIAL, o->data);
    ttlv_w_close(w);
    if (o->type != KMIP_OBJECT_TYPE_SECRET_DATA) {
        opt_enum(w, KMIP_TAG_CRYPTOGRAPHIC_ALGORITHM, o->key->algorithm);
        if (o->key->length)
            ttlv_w_int(w, KMIP_TAG_CRYPTOGRAPHIC_LENGTH, o->key->length);
    }
    ttlv_w_close(w);
}

/* KMIP 1.2 spec, 2.2: what stands in the object's own structure. */
static void object_fields(struct ttlv_writer *w, const struct req_object *o)
{
    struct req_key content;

    switch (o->type) {
    case KMIP_OBJECT_TYPE_CERTIFICATE:
        ttlv_w_enum(w, KMIP_TAG_CERTIFICATE_TYPE, o->kind);
        ttlv_w_bytes(w, KMIP_TAG_CERTIFICATE_VALUE, o->data);
        break;
    case KMIP_OBJECT_TYPE_OPAQUE_OBJECT:
        ttlv_w_enum(w, KMIP_TAG_OPAQUE_DATA_TYPE, o->kind);
        ttlv_w_bytes(w, KMIP_TAG_OPAQUE_DATA_VALUE, o->data);
        break;
    case KMIP_OBJECT_TYPE_TEMPLATE:
        content = *o->key;
        content.name = NULL;
        req_key_attributes(w, &content);
        break;
    case KMIP_OBJECT_TYPE_SECRET_DATA:
        ttlv_w_enum(w, KMIP_TAG_SECRET_DATA_TYPE, o->kind);
        key_block(w, o);
        break;
    default:
        key_block(w, o);
        break;
    }
}

void req_register(struct ttlv_writer *w, const struct req_object *o)
{
    struct req_key own = *o->key;

    /* A Template's attributes are its content; its Name is its own (KMIP 1.2 spec, 2.2.6). */
    if (o->type == KMIP_OBJECT_TYPE_TEMPLATE)
        own = (struct req_key){.name = o->key->name};
    ttlv_w_enum(w, KMIP_TAG_OBJECT_TYPE, o->type);
    template_attribute(w, &own);
    ttlv_w_open(w, kmip_object_tag(o->type));
    object_fields(w, o);
    ttlv_w_close(w);
}

void req_locate(struct ttlv_writer *w, int32_t maximum_items, uint32_t storage_status,
                struct bytes attributes)
{
    if (maximum_items)
        ttlv_w_int(w, KMIP_TAG_MAXIMUM_ITEMS, maximum_items);
    if (storage_status)
        ttlv_w_int(w, KMIP_TAG_STORAGE_STATUS_MASK, (int32_t)storage_status);
    ttlv_w_raw_bytes(w, attributes);
}

void req_get(struct ttlv_writer *w, const char *uid, uint32_t key_format)
{
    req_uid(w, uid);
    opt_enum(w, KMIP_TAG_KEY_FORMAT_TYPE, key_format);
}

void req_get_attributes(struct ttlv_writer *w, const char *uid, const char *const *names, size_t n)
{
    req_uid(w, uid);
    for (size_t i = 0; i < n; i++)
        ttlv_w_str(w, KMIP_TAG_ATTRIBUTE_NAME, names[i]);
}

void req_attribute(struct ttlv_writer *w, const char *uid, struct bytes attribute)
{
    req_uid(w, uid);
    ttlv_w_raw_bytes(w, attribute);
}

void req_delete_attribute(struct ttlv_writer *w, const char *uid, const char *name, int32_t index)
{
    req_uid(w, uid);
    ttlv_w_str(w, KMIP_TAG_ATTRIBUTE_NAME, name);
    if (index >= 0)
        ttlv_w_int(w, KMIP_TAG_ATTRIBUTE_INDEX, index);
}

void req_check(struct ttlv_writer *w, const char *uid, const struct req_check *c)
{
    req_uid(w, uid);
    if (c->usage_limit >= 0)
        ttlv_w_long(w, KMIP_TAG_USAGE_LIMITS_COUNT, c->usage_limit);
    if (c->usage)
        ttlv_w_int(w, KMIP_TAG_CRYPTOGRAPHIC_USAGE_MASK, (int32_t)c->usage);
    if (c->lease >= 0)
        ttlv_w_interval(w, KMIP_TAG_LEASE_TIME, (uint32_t)c->lease);
}

void req_revoke(struct ttlv_writer *w, const char *uid, uint32_t reason, const char *message,
                int64_t compromised)
{
    req_uid(w, uid);
    ttlv_w_open(w, KMIP_TAG_REVOCATION_REASON);
    ttlv_w_enum(w, KMIP_TAG_REVOCATION_REASON_CODE, reason);
    if (message)
        ttlv_w_str(w, KMIP_TAG_REVOCATION_MESSAGE, message);
    ttlv_w_close(w);
    if (compromised != INT64_MIN)
        ttlv_w_date(w, KMIP_TAG_COMPROMISE_OCCURRENCE_DATE, compromised);
}

void req_crypt(struct ttlv_writer *w, const char *uid, const struct req_crypt *c)
{
    req_uid(w, uid);
    if (c->mode || c->padding || c->algorithm) {
        ttlv_w_open(w, KMIP_TAG_CRYPTOGRAPHIC_PARAMETERS);
        opt_enum(w, KMIP_TAG_BLOCK_CIPHER_MODE, c->mode);
        opt_enum(w, KMIP_TAG_PADDING_METHOD, c->padding);
        opt_enum(w, KMIP_TAG_CRYPTOGRAPHIC_ALGORITHM, c->algorithm);
        ttlv_w_close(w);
    }
    ttlv_w_bytes(w, KMIP_TAG_DATA, c->data);
    if (c->iv.n > 0)
        ttlv_w_bytes(w, KMIP_TAG_IV_COUNTER_NONCE, c->iv);
}
