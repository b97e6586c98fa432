/* Key wrapping (wrapping.h). */
#include "mockserver/wrapping.h"

#include "mockserver/attrs.h"
#include "mockserver/crypto.h"
#include "mockserver/lifecycle.h"

/* The given parameters are met by a set that the wrapping key has, or 11.12 wants Item
 * Not Found. */
static bool parameters_of_key(const struct mock_object *kek, const struct ttlv_item *given,
                              struct bytes *out)
{
    const struct mock_attr *a;
    for (int32_t i = 0; (a = object_attr(kek, KMIP_TAG_CRYPTOGRAPHIC_PARAMETERS, i)); i++) {
        struct ttlv_item have = {.type = TTLV_STRUCTURE, .val = bytes_of(a->value, a->len)};
        struct ttlv_reader r;
        struct ttlv_item want, it;
        bool all = true;
        if (given) {
            ttlv_r_init(&r, given->val, NULL, NULL);
            while (all && ttlv_r_next(&r, &want))
                all = ttlv_find(&have, want.tag, &it) && bytes_eq(it.val, want.val);
        }
        if (all) {
            *out = have.val;
            return true;
        }
    }
    return false;
}

/* NIST Key Wrap is what this server has, and what it takes when nobody says. */
static bool check_mode(struct op_call *c, const struct mock_object *kek, const struct wrapping *wr)
{
    struct ttlv_item given, mode;
    struct bytes parameters;
    bool asked = ttlv_find(&wr->key_information, KMIP_TAG_CRYPTOGRAPHIC_PARAMETERS, &given);
    if (!parameters_of_key(kek, asked ? &given : NULL, &parameters))
        return !asked || op_fail(c, KMIP_RESULT_REASON_ITEM_NOT_FOUND,
                                 "the wrapping key has no such Cryptographic Parameters");
    struct ttlv_item set = {.type = TTLV_STRUCTURE, .val = parameters};
    if (!ttlv_find(&set, KMIP_TAG_BLOCK_CIPHER_MODE, &mode) ||
        ttlv_enum(&mode) == KMIP_BLOCK_CIPHER_MODE_NISTKEYWRAP)
        return true;
    return op_fail(c, KMIP_RESULT_REASON_FEATURE_NOT_SUPPORTED,
                   "keys are wrapped with NISTKeyWrap here, not with %s",
                   kmip_name_of("Block Cipher Mode", ttlv_enum(&mode)));
}

static bool find_kek(struct op_call *c, struct wrapping *wr)
{
    struct ttlv_item uid;
    struct mock_key key;
    int32_t mask = 0;
    if (!ttlv_find(&wr->key_information, KMIP_TAG_UNIQUE_IDENTIFIER, &uid))
        return op_fail(c, KMIP_RESULT_REASON_INVALID_MESSAGE,
                       "the Encryption Key Information names no key");
    struct mock_object *kek = op_object_by_id(c, uid.val, POLICY_WRITE, false);
    if (!kek)
        return false;
    if (op_is_destroyed(kek))
        return op_fail(c, KMIP_RESULT_REASON_ITEM_NOT_FOUND, "the wrapping key was destroyed");
    if (kek->type != KMIP_OBJECT_TYPE_SYMMETRIC_KEY)
        return op_fail(c, KMIP_RESULT_REASON_ILLEGAL_OPERATION, "a %s cannot wrap keys",
                       kmip_name_of("Object Type", kek->type));
    object_int(kek, KMIP_TAG_CRYPTOGRAPHIC_USAGE_MASK, &mask);
    if (!(mask & (int32_t)KMIP_CRYPTOGRAPHIC_USAGE_MASK_WRAP_KEY))
        return op_fail(c, KMIP_RESULT_REASON_PERMISSION_DENIED,
                       "the wrapping key's Cryptographic Usage Mask lacks Wrap Key");
    const char *refusal = lifecycle_refusal(kek, USE_PROTECT, c->now);
    if (refusal)
        return op_fail(c, KMIP_RESULT_REASON_PERMISSION_DENIED,
                       "the wrapping key is not usable: %s", refusal);
    uint32_t algorithm = 0;
    object_enum(kek, KMIP_TAG_CRYPTOGRAPHIC_ALGORITHM, &algorithm);
    if (!object_key(kek, &key) || key.bytes.n == 0 || algorithm != KMIP_CRYPTOGRAPHIC_ALGORITHM_AES)
        return op_fail(c, KMIP_RESULT_REASON_ILLEGAL_OPERATION,
                       "only an AES key whose bytes the server has can wrap");
    wr->kek = key.bytes;
    return check_mode(c, kek, wr);
}

bool wrapping_read(struct op_call *c, const struct ttlv_item *spec, struct wrapping *out)
{
    struct ttlv_item it;
    *out = (struct wrapping){.spec = *spec};
    if (!ttlv_find(spec, KMIP_TAG_WRAPPING_METHOD, &it))
        return op_fail(c, KMIP_RESULT_REASON_INVALID_MESSAGE,
                       "the Key Wrapping Specification has no Wrapping Method");
    if (ttlv_enum(&it) != KMIP_WRAPPING_METHOD_ENCRYPT ||
        ttlv_find(spec, KMIP_TAG_MAC_SIGNATURE_KEY_INFORMATION, &it))
        return op_fail(c, KMIP_RESULT_REASON_FEATURE_NOT_SUPPORTED,
                       "keys are wrapped by encryption only");
    if (!ttlv_find(spec, KMIP_TAG_ENCRYPTION_KEY_INFORMATION, &out->key_information))
        return op_fail(c, KMIP_RESULT_REASON_INVALID_MESSAGE,
                       "the Key Wrapping Specification has no Encryption Key Information");
    out->has_option = ttlv_find(spec, KMIP_TAG_ENCODING_OPTION, &it);
    out->no_encoding = out->has_option && ttlv_enum(&it) == KMIP_ENCODING_OPTION_NO_ENCODING;
    if (out->no_encoding && ttlv_find(spec, KMIP_TAG_ATTRIBUTE_NAME, &it))
        return op_fail(c, KMIP_RESULT_REASON_ENCODING_OPTION_ERROR,
                       "attributes cannot be wrapped along with No Encoding (2.1.6)");
    return find_kek(c, out);
}

void wrapping_write_attributes(struct op_call *c, const struct wrapping *wr,
                               const struct mock_object *o, struct ttlv_writer *w)
{
    struct ttlv_writer *out = c->out;
    struct ttlv_reader r;
    struct ttlv_item it;
    c->out = w;
    ttlv_r_init(&r, wr->spec.val, NULL, NULL);
    while (ttlv_r_next(&r, &it))
        for (size_t i = 0; it.tag == KMIP_TAG_ATTRIBUTE_NAME && i < o->n_attrs; i++)
            if (bytes_eq_str(it.val, o->attrs[i].name) && attr_visible(c, &o->attrs[i]))
                attr_write(c, &o->attrs[i]);
    c->out = out;
}

bool wrapping_wrap(struct op_call *c, const struct wrapping *wr, struct bytes plain,
                   struct buf *out)
{
    buf_reset(out);
    switch (crypto_wrap(wr->kek, plain, out)) {
    case CRYPTO_OK:
        return true;
    case CRYPTO_NO_MEMORY:
        return op_no_memory(c);
    default:
        return op_fail(c, KMIP_RESULT_REASON_CRYPTOGRAPHIC_FAILURE,
                       "AES Key Wrap takes 16 bytes or more, a multiple of 8; here are %zu",
                       plain.n);
    }
}

void wrapping_write_data(const struct wrapping *wr, struct ttlv_writer *w)
{
    struct ttlv_item it;
    ttlv_w_open(w, KMIP_TAG_KEY_WRAPPING_DATA);
    ttlv_w_enum(w, KMIP_TAG_WRAPPING_METHOD, KMIP_WRAPPING_METHOD_ENCRYPT);
    ttlv_w_item(w, 0, &wr->key_information);
    if (wr->has_option && ttlv_find(&wr->spec, KMIP_TAG_ENCODING_OPTION, &it))
        ttlv_w_item(w, 0, &it);
    ttlv_w_close(w);
}
