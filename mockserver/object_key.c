/* What the Key Block of an object says (KMIP 1.2 spec, 2.1.3). */
#include "kmip/ttlv/reader.h"
#include "mockserver/object.h"

/* The bytes of a key that is not wrapped: the material itself, or the Key of a
 * Transparent Symmetric Key; nothing for other transparent formats. */
static struct bytes key_bytes(const struct ttlv_item *material)
{
    struct ttlv_item key;
    if (material->type == TTLV_BYTE_STRING)
        return material->val;
    if (material->type == TTLV_STRUCTURE && ttlv_find(material, KMIP_TAG_KEY, &key) &&
        key.type == TTLV_BYTE_STRING)
        return key.val;
    return bytes_of(NULL, 0);
}

bool object_key(const struct mock_object *o, struct mock_key *out)
{
    struct ttlv_item body, block, it;
    memset(out, 0, sizeof *out);
    if (o->body_len == 0 || !ttlv_first(bytes_of(o->body, o->body_len), &body) ||
        body.type != TTLV_STRUCTURE || !ttlv_find(&body, KMIP_TAG_KEY_BLOCK, &block) ||
        block.type != TTLV_STRUCTURE)
        return false;
    if (ttlv_find(&block, KMIP_TAG_KEY_FORMAT_TYPE, &it) && it.type == TTLV_ENUMERATION)
        out->format = ttlv_enum(&it);
    if (ttlv_find(&block, KMIP_TAG_CRYPTOGRAPHIC_ALGORITHM, &it) && it.type == TTLV_ENUMERATION)
        out->algorithm = ttlv_enum(&it);
    if (ttlv_find(&block, KMIP_TAG_CRYPTOGRAPHIC_LENGTH, &it) && it.type == TTLV_INTEGER)
        out->length = ttlv_int(&it);
    out->has_value = ttlv_find(&block, KMIP_TAG_KEY_VALUE, &out->key_value);
    /* A wrapped Key Value is a byte string; with Encoding Option "No Encoding" too. */
    out->wrapped = ttlv_find(&block, KMIP_TAG_KEY_WRAPPING_DATA, &it) ||
                   (out->has_value && out->key_value.type != TTLV_STRUCTURE);
    if (!out->has_value || out->wrapped)
        return true;
    if (ttlv_find(&out->key_value, KMIP_TAG_KEY_MATERIAL, &out->material))
        out->bytes = key_bytes(&out->material);
    else
        out->has_value = false;
    return true;
}
