/* Encrypt and Decrypt (KMIP 1.2 spec, 4.29, 4.30): whose parameters count, whose IV,
 * and whether the key may be used. */
#include "mockserver/crypto.h"
#include "mockserver/lifecycle.h"
#include "mockserver/ops.h"
#include "mockserver/scratch.h"
#include "mockserver/usage.h"
#include "mockserver/variant.h"

#define IV_MAX 128 /* bytes of an IV made here */

struct cipher {
    struct op_call *call;
    struct mock_object *object;
    bool encrypt;
    struct bytes key, data, iv;
    struct crypto_params params;
    size_t iv_length;
    bool any_iv; /* GCM takes each length of IV, and none was said */
    bool random_iv, made_iv;
    uint8_t own_iv[IV_MAX];
};

/* What keeps the key from this use now; NULL: nothing. Each of the refusals can be made to
 * be left out. */
static const char *refusal_of(const struct cipher *x)
{
    static const struct {
        enum mock_switch on;
        bool encrypt;
        uint32_t state;
    } let_pass[] = {
        {DEV_ENCRYPT_PRE_ACTIVE, true, KMIP_STATE_PRE_ACTIVE},
        {DEV_ENCRYPT_DEACTIVATED, true, KMIP_STATE_DEACTIVATED},
        {DEV_ENCRYPT_COMPROMISED, true, KMIP_STATE_COMPROMISED},
        {DEV_DECRYPT_PRE_ACTIVE, false, KMIP_STATE_PRE_ACTIVE},
        {VAR_DECRYPT_DEACTIVATED_PERMITTED, false, KMIP_STATE_DEACTIVATED},
        {VAR_DECRYPT_COMPROMISED_PERMITTED, false, KMIP_STATE_COMPROMISED},
        {DEV_PROTECT_STOP_IGNORED, true, KMIP_STATE_ACTIVE},
        {DEV_PROCESS_START_IGNORED, false, KMIP_STATE_ACTIVE},
    };
    for (size_t i = 0; i < sizeof let_pass / sizeof *let_pass; i++)
        if (let_pass[i].encrypt == x->encrypt && let_pass[i].state == object_state(x->object) &&
            deviates(x->call, let_pass[i].on))
            return NULL;
    enum lifecycle_use use = x->encrypt ? USE_PROTECT : USE_PROCESS;
    const char *refusal = lifecycle_refusal(x->object, use, x->call->now);
    if (!refusal && varies(x->call, VAR_DATES_LIMIT_EVERY_USE)) /* as 3.22 reads */
        refusal = lifecycle_refusal(x->object, x->encrypt ? USE_PROCESS : USE_PROTECT,
                                    x->call->now);
    return refusal;
}

/* The key and whether it may be used so now. */
static bool find_key(struct cipher *x)
{
    struct op_call *c = x->call;
    struct mock_object *o = x->object;
    struct mock_key key;
    int32_t mask = 0;
    uint32_t bit =
        x->encrypt ? KMIP_CRYPTOGRAPHIC_USAGE_MASK_ENCRYPT : KMIP_CRYPTOGRAPHIC_USAGE_MASK_DECRYPT;
    if (o->type != KMIP_OBJECT_TYPE_SYMMETRIC_KEY)
        return op_fail(c,
                       either(c, VAR_CRYPT_NO_KEY_AS_INVALID_FIELD,
                              KMIP_RESULT_REASON_INVALID_FIELD,
                              KMIP_RESULT_REASON_ILLEGAL_OPERATION),
                       "an object of type %s is no key for Encrypt and Decrypt",
                       kmip_name_of("Object Type", o->type));
    const char *refusal = refusal_of(x);
    if (refusal)
        return op_fail(c, KMIP_RESULT_REASON_PERMISSION_DENIED, "%s", refusal);
    object_int(o, KMIP_TAG_CRYPTOGRAPHIC_USAGE_MASK, &mask);
    if (!((uint32_t)mask & bit) &&
        !deviates(c, x->encrypt ? DEV_ENCRYPT_MASK_IGNORED : DEV_DECRYPT_MASK_IGNORED))
        return op_fail(c,
                       either(c, VAR_CRYPT_MASK_AS_ILLEGAL_OPERATION,
                              KMIP_RESULT_REASON_ILLEGAL_OPERATION,
                              KMIP_RESULT_REASON_PERMISSION_DENIED),
                       "the key's Cryptographic Usage Mask lacks %s",
                       x->encrypt ? "Encrypt" : "Decrypt");
    if (!object_key(o, &key) || !key.has_value)
        return op_fail(c, KMIP_RESULT_REASON_KEY_VALUE_NOT_PRESENT,
                       "the server does not have the Key Value");
    if (key.wrapped || key.bytes.n == 0)
        return op_fail(c, KMIP_RESULT_REASON_ILLEGAL_OPERATION,
                       "the key is %s and cannot be used by the server",
                       key.wrapped ? "wrapped" : "in a format without its bytes");
    x->key = key.bytes;
    object_enum(o, KMIP_TAG_CRYPTOGRAPHIC_ALGORITHM, &x->params.algorithm);
    return true;
}

static uint32_t enum_of(const struct ttlv_item *parameters, uint32_t tag)
{
    struct ttlv_item it;
    return ttlv_find(parameters, tag, &it) && it.type == TTLV_ENUMERATION ? ttlv_enum(&it) : 0;
}

static int32_t int_of(const struct ttlv_item *parameters, uint32_t tag)
{
    struct ttlv_item it;
    return ttlv_find(parameters, tag, &it) && it.type == TTLV_INTEGER ? ttlv_int(&it) : 0;
}

/* IV Length is in bits, Tag Length in bytes (3.6). */
static bool take_parameters(struct cipher *x, const struct ttlv_item *p)
{
    struct op_call *c = x->call;
    struct ttlv_item it;
    uint32_t algorithm = enum_of(p, KMIP_TAG_CRYPTOGRAPHIC_ALGORITHM);
    if (algorithm && algorithm != x->params.algorithm)
        return op_fail(c, KMIP_RESULT_REASON_INVALID_FIELD,
                       "the parameters are for %s, the key is for %s",
                       kmip_name_of("Cryptographic Algorithm", algorithm),
                       kmip_name_of("Cryptographic Algorithm", x->params.algorithm));
    x->params.mode = enum_of(p, KMIP_TAG_BLOCK_CIPHER_MODE);
    x->params.padding = enum_of(p, KMIP_TAG_PADDING_METHOD);
    x->params.tag_length = int_of(p, KMIP_TAG_TAG_LENGTH);
    x->random_iv =
        ttlv_find(p, KMIP_TAG_RANDOM_IV, &it) && it.type == TTLV_BOOLEAN && ttlv_bool(&it);
    if (!x->params.mode)
        return op_fail(c, KMIP_RESULT_REASON_MISSING_DATA,
                       "the Cryptographic Parameters name no Block Cipher Mode");
    if (variant_lacks_mode(c, x->params.mode))
        return op_fail(c, KMIP_RESULT_REASON_INVALID_FIELD, "%s is not offered here",
                       kmip_name_of("Block Cipher Mode", x->params.mode));
    if (x->params.mode == KMIP_BLOCK_CIPHER_MODE_CBC && deviates(c, DEV_CBC_AS_ECB))
        x->params.mode = KMIP_BLOCK_CIPHER_MODE_ECB;
    x->iv_length = crypto_iv_length(&x->params);
    int32_t bits = int_of(p, KMIP_TAG_IV_LENGTH);
    x->any_iv = x->params.mode == KMIP_BLOCK_CIPHER_MODE_GCM && bits <= 0;
    if (x->params.mode == KMIP_BLOCK_CIPHER_MODE_GCM && bits > 0) {
        if (bits % 8 != 0 || bits / 8 > IV_MAX)
            return op_fail(c, KMIP_RESULT_REASON_INVALID_FIELD,
                           "an IV Length of %d bits is not supported", bits);
        x->iv_length = (size_t)bits / 8;
    }
    return true;
}

/* 4.29 says that the operation fails, and not why. */
static uint32_t no_parameters(const struct op_call *c)
{
    return either(c, VAR_CRYPT_WITHOUT_PARAMETERS_AS_INVALID_MESSAGE,
                  KMIP_RESULT_REASON_INVALID_MESSAGE,
                  either(c, VAR_CRYPT_WITHOUT_PARAMETERS_AS_INVALID_FIELD,
                         KMIP_RESULT_REASON_INVALID_FIELD, KMIP_RESULT_REASON_MISSING_DATA));
}

/* Those of the request replace those of the key as a whole; of the key's, the set with
 * the lowest index counts. */
static bool find_parameters(struct cipher *x)
{
    struct op_call *c = x->call;
    struct ttlv_item p;
    const struct mock_attr *a = object_attr(x->object, KMIP_TAG_CRYPTOGRAPHIC_PARAMETERS, 0);
    if (op_field(c, KMIP_TAG_CRYPTOGRAPHIC_PARAMETERS, &p) &&
        !(a && deviates(c, DEV_PARAMETERS_OF_THE_KEY_WIN)))
        return take_parameters(x, &p);
    const struct mock_attr *next;
    for (int32_t i = 1; deviates(c, DEV_PARAMETERS_OF_THE_HIGHEST_INDEX) &&
                        (next = object_attr(x->object, KMIP_TAG_CRYPTOGRAPHIC_PARAMETERS, i));
         i++)
        a = next;
    if (!a && deviates(c, DEV_PARAMETERS_NOT_NEEDED)) {
        x->params.mode = KMIP_BLOCK_CIPHER_MODE_ECB;
        return true;
    }
    if (!a)
        return op_fail(c, no_parameters(c),
                       "neither the request nor the key has Cryptographic Parameters");
    p = (struct ttlv_item){.type = TTLV_STRUCTURE, .val = bytes_of(a->value, a->len)};
    return take_parameters(x, &p);
}

/* An IV made here: a drawn one, or where rules are broken one of zeros. */
static bool make_iv(struct cipher *x, bool zero)
{
    memset(x->own_iv, 0, sizeof x->own_iv);
    x->iv = bytes_of(x->own_iv, x->iv_length);
    return zero || draws_bytes(x->call->draws, x->own_iv, x->iv_length) ||
           op_fail(x->call, KMIP_RESULT_REASON_CRYPTOGRAPHIC_FAILURE,
                   "no random IV could be made");
}

static uint32_t iv_length_reason(const struct op_call *c)
{
    return either(c, VAR_CRYPT_IV_LENGTH_AS_CRYPTOGRAPHIC_FAILURE,
                  KMIP_RESULT_REASON_CRYPTOGRAPHIC_FAILURE,
                  either(c, VAR_CRYPT_IV_LENGTH_AS_INVALID_MESSAGE,
                         KMIP_RESULT_REASON_INVALID_MESSAGE, KMIP_RESULT_REASON_INVALID_FIELD));
}

static bool find_iv(struct cipher *x)
{
    struct op_call *c = x->call;
    struct ttlv_item it;
    bool given = op_field(c, KMIP_TAG_IV_COUNTER_NONCE, &it);
    bool beaten = given && x->encrypt && x->random_iv && deviates(c, DEV_RANDOM_IV_BEATS_IV);
    if (given && !beaten) {
        if (x->iv_length > 0 && deviates(c, DEV_IV_IGNORED))
            return make_iv(x, true);
        x->iv = it.val;
        if (x->iv.n > x->iv_length && x->iv_length > 0 &&
            deviates(c, DEV_IV_OF_ANOTHER_LENGTH_TAKEN))
            x->iv.n = x->iv_length;
        if (x->iv_length == 0 && varies(c, VAR_CRYPT_ECB_IV_REFUSED))
            return op_fail(c, KMIP_RESULT_REASON_INVALID_FIELD,
                           "the Block Cipher Mode takes no IV/Counter/Nonce");
        if (x->iv_length == 0 || x->iv.n == x->iv_length || (x->any_iv && x->iv.n > 0))
            return true;
        return op_fail(c, iv_length_reason(c),
                       "the IV/Counter/Nonce has %zu bytes; it takes %zu", x->iv.n, x->iv_length);
    }
    if (x->iv_length == 0)
        return true;
    if ((!x->encrypt || !x->random_iv) &&
        deviates(c, x->encrypt ? DEV_ENCRYPT_DOES_WITHOUT_IV : DEV_DECRYPT_DOES_WITHOUT_IV))
        return make_iv(x, true);
    if (!x->encrypt || !x->random_iv)
        return op_fail(c, KMIP_RESULT_REASON_INVALID_MESSAGE, "%s needs an IV/Counter/Nonce",
                       kmip_name_of("Block Cipher Mode", x->params.mode));
    x->made_iv = true;
    return make_iv(x, deviates(c, DEV_RANDOM_IV_ZERO));
}

/* What a failure of the cipher is called. Of decryption nothing more is told than that
 * it failed: more would help to find the plaintext. */
static bool cipher_failed(struct cipher *x, enum crypto_result result)
{
    struct op_call *c = x->call;
    switch (result) {
    case CRYPTO_BAD_ALGORITHM:
        return op_fail(c, KMIP_RESULT_REASON_INVALID_FIELD,
                       "%s with %s and this padding is not offered",
                       kmip_name_of("Cryptographic Algorithm", x->params.algorithm),
                       kmip_name_of("Block Cipher Mode", x->params.mode));
    case CRYPTO_BAD_IV:
        return op_fail(c, KMIP_RESULT_REASON_INVALID_FIELD, "the IV/Counter/Nonce does not fit");
    case CRYPTO_BAD_LENGTH:
        return op_fail(c,
                       either(c, VAR_CRYPT_PARTIAL_BLOCK_AS_INVALID_FIELD,
                              KMIP_RESULT_REASON_INVALID_FIELD,
                              KMIP_RESULT_REASON_CRYPTOGRAPHIC_FAILURE),
                       "%zu bytes of data do not fit: %s", x->data.n, "whole blocks are needed");
    case CRYPTO_NO_MEMORY:
        return op_no_memory(c);
    default:
        return op_fail(c, KMIP_RESULT_REASON_CRYPTOGRAPHIC_FAILURE,
                       x->encrypt ? "encryption failed" : "decryption failed");
    }
}

/* Encryption uses up Usage Limits, decryption does not (4.29, 4.30). A failure later in
 * the same operation takes it back. */
static bool count_use(struct cipher *x)
{
    struct op_call *c = x->call;
    struct usage_limits limits;
    if ((!x->encrypt && !deviates(c, DEV_USAGE_LIMITS_COUNTED_BY_DECRYPT)) ||
        !usage_limits(x->object, &limits))
        return true;
    bool objects = limits.unit == KMIP_USAGE_LIMITS_UNIT_OBJECT &&
                   !deviates(c, DEV_USAGE_LIMITS_OBJECTS_AS_BYTES);
    int64_t amount = objects ? 1 : (int64_t)x->data.n;
    if (deviates(c, DEV_USAGE_LIMITS_NOT_COUNTED))
        amount = 0;
    if (deviates(c, DEV_USAGE_LIMITS_COUNTED_TWICE))
        amount *= 2;
    if (deviates(c, DEV_USAGE_LIMITS_ONE_TOO_MANY) && limits.count > 0 && limits.count < amount)
        amount = limits.count;
    return usage_allocate(x->call, x->object, &limits, amount);
}

/* Whether the data is to be padded, or padding taken off, otherwise than it should be:
 * `with` zeros up to a whole block, and without PKCS5. */
static bool pads_otherwise(const struct cipher *x)
{
    const struct op_call *c = x->call;
    if (x->params.mode != KMIP_BLOCK_CIPHER_MODE_ECB &&
        x->params.mode != KMIP_BLOCK_CIPHER_MODE_CBC)
        return false;
    if (x->params.padding != KMIP_PADDING_METHOD_PKCS5)
        return x->encrypt && deviates(c, DEV_PARTIAL_BLOCK_TAKEN);
    if (!x->encrypt)
        return deviates(c, DEV_PKCS5_NOT_REMOVED);
    size_t block = x->params.algorithm == KMIP_CRYPTOGRAPHIC_ALGORITHM_AES ? 16 : 8;
    return deviates(c, DEV_PKCS5_NOT_ADDED) ||
           (deviates(c, DEV_PKCS5_NO_BLOCK_AT_THE_END) && x->data.n > 0 && x->data.n % block == 0);
}

/* The same without padding, the data filled up with zeros. */
static enum crypto_result encrypt_filled(struct cipher *x, struct buf *out)
{
    static const uint8_t zeros[16];
    struct crypto_params plain = x->params;
    struct buf data;
    size_t block = x->params.algorithm == KMIP_CRYPTOGRAPHIC_ALGORITHM_AES ? 16 : 8;
    size_t fill = (block - x->data.n % block) % block;
    plain.padding = 0;
    buf_init(&data, BUF_NO_LIMIT);
    enum crypto_result r = CRYPTO_NO_MEMORY;
    if (buf_put(&data, x->data.p, x->data.n) && buf_put(&data, zeros, fill))
        r = crypto_encrypt(&plain, x->key, x->iv, buf_bytes(&data), out);
    buf_clear(&data);
    return r;
}

static enum crypto_result decrypt(struct cipher *x, struct buf *out)
{
    struct crypto_params p = x->params;
    if (pads_otherwise(x))
        p.padding = 0;
    enum crypto_result r = crypto_decrypt(&p, x->key, x->iv, x->data, out);
    if (r == CRYPTO_BAD_PADDING && deviates(x->call, DEV_PKCS5_UNCHECKED)) {
        p.padding = 0;
        buf_reset(out);
        r = crypto_decrypt(&p, x->key, x->iv, x->data, out);
    }
    if (r == CRYPTO_BAD_TAG && deviates(x->call, DEV_GCM_TAG_UNCHECKED)) {
        buf_reset(out);
        r = buf_put(out, x->data.p, x->data.n) ? CRYPTO_OK : CRYPTO_NO_MEMORY;
    }
    return r;
}

static enum crypto_result encrypt(struct cipher *x, struct buf *out)
{
    return pads_otherwise(x) ? encrypt_filled(x, out)
                             : crypto_encrypt(&x->params, x->key, x->iv, x->data, out);
}

static bool run_cipher(struct cipher *x)
{
    struct op_call *c = x->call;
    struct buf *out = &c->engine->scratch->data;
    buf_reset(out);
    enum crypto_result result = x->encrypt ? encrypt(x, out) : decrypt(x, out);
    if (result != CRYPTO_OK)
        return cipher_failed(x, result);
    if (x->encrypt && deviates(c, DEV_ENCRYPT_IDENTIFIER_OF_ANOTHER))
        ttlv_w_str(c->out, KMIP_TAG_UNIQUE_IDENTIFIER, "another");
    else
        op_write_uid(c, x->object);
    ttlv_w_bytes(c->out, KMIP_TAG_DATA, buf_bytes(out));
    bool told = x->made_iv && !deviates(c, DEV_RANDOM_IV_NOT_RETURNED);
    if (told || (x->encrypt && x->iv.n > 0 && deviates(c, DEV_IV_RETURNED)))
        ttlv_w_bytes(c->out, KMIP_TAG_IV_COUNTER_NONCE, x->iv);
    buf_reset(out);
    return true;
}

static bool cipher(struct op_call *c, bool encrypt)
{
    struct cipher x = {.call = c, .encrypt = encrypt};
    struct ttlv_item data;
    x.object = op_live_object(c, POLICY_WRITE);
    if (!x.object || !find_key(&x) || !find_parameters(&x) || !find_iv(&x))
        return false;
    if (!op_field(c, KMIP_TAG_DATA, &data))
        return op_fail(c, KMIP_RESULT_REASON_INVALID_MESSAGE, "the request has no Data");
    x.data = data.val;
    /* The allocation comes before the use (4.29), and the key's bytes stay where they
     * are: only attributes change. */
    return count_use(&x) && run_cipher(&x);
}

bool op_encrypt(struct op_call *c)
{
    return cipher(c, true);
}

bool op_decrypt(struct op_call *c)
{
    return cipher(c, false);
}
