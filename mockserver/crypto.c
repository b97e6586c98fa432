/* Block ciphers by Nettle: one description per algorithm and key length, one
 * function per mode, each in both directions. Key schedules live in one context
 * that is wiped when the work is done. */
#include "mockserver/crypto.h"

#include <errno.h>
#include <nettle/aes.h>
#include <nettle/cbc.h>
#include <nettle/ctr.h>
#include <nettle/des.h>
#include <nettle/gcm.h>
#include <nettle/memops.h>
#include <nettle/nettle-meta.h>
#include <nettle/nist-keywrap.h>
#include <nettle/sha2.h>
#include <sys/random.h>

#include "kmip/schema/tags.h"

enum { BLOCK_MAX = 16, GCM_TAG = 16, GCM_TAG_LEAST = 4, GCM_IV = 12, WRAP_UNIT = 8 };

/* Ciphers */

union schedule {
    struct aes128_ctx aes128;
    struct aes192_ctx aes192;
    struct aes256_ctx aes256;
    struct des3_ctx des3;
};

struct cipher {
    uint32_t algorithm;
    size_t key_length, block;
    nettle_set_key_func *set_encrypt, *set_decrypt;
    nettle_cipher_func *encrypt, *decrypt;
};

/* Nettle has a "weak" answer for keys such as 24 times 01; a key that a client
 * registered is used as it is. */
static void des3_key3(void *ctx, const uint8_t *key)
{
    des3_set_key(ctx, key);
}

/* Two-key 3DES is K1, K2, K1. */
static void des3_key2(void *ctx, const uint8_t *key)
{
    uint8_t three[DES3_KEY_SIZE];
    memcpy(three, key, 2 * DES_KEY_SIZE);
    memcpy(three + 2 * DES_KEY_SIZE, key, DES_KEY_SIZE);
    des3_set_key(ctx, three);
    wipe(three, sizeof three);
}

static void des3_enc(const void *ctx, size_t n, uint8_t *dst, const uint8_t *src)
{
    des3_encrypt(ctx, n, dst, src);
}

static void des3_dec(const void *ctx, size_t n, uint8_t *dst, const uint8_t *src)
{
    des3_decrypt(ctx, n, dst, src);
}

#define AES(bits)                                                                                  \
    static void aes##bits##_ek(void *ctx, const uint8_t *key)                                      \
    {                                                                                              \
        aes##bits##_set_encrypt_key(ctx, key);                                                     \
    }                                                                                              \
    static void aes##bits##_dk(void *ctx, const uint8_t *key)                                      \
    {                                                                                              \
        aes##bits##_set_decrypt_key(ctx, key);                                                     \
    }                                                                                              \
    static void aes##bits##_enc(const void *ctx, size_t n, uint8_t *dst, const uint8_t *src)       \
    {                                                                                              \
        aes##bits##_encrypt(ctx, n, dst, src);                                                     \
    }                                                                                              \
    static void aes##bits##_dec(const void *ctx, size_t n, uint8_t *dst, const uint8_t *src)       \
    {                                                                                              \
        aes##bits##_decrypt(ctx, n, dst, src);                                                     \
    }
AES(128)
AES(192)
AES(256)
#undef AES

static const struct cipher ciphers[] = {
    {KMIP_CRYPTOGRAPHIC_ALGORITHM_AES, 16, 16, aes128_ek, aes128_dk, aes128_enc, aes128_dec},
    {KMIP_CRYPTOGRAPHIC_ALGORITHM_AES, 24, 16, aes192_ek, aes192_dk, aes192_enc, aes192_dec},
    {KMIP_CRYPTOGRAPHIC_ALGORITHM_AES, 32, 16, aes256_ek, aes256_dk, aes256_enc, aes256_dec},
    {KMIP_CRYPTOGRAPHIC_ALGORITHM_3DES, 16, 8, des3_key2, des3_key2, des3_enc, des3_dec},
    {KMIP_CRYPTOGRAPHIC_ALGORITHM_3DES, 24, 8, des3_key3, des3_key3, des3_enc, des3_dec},
};

/* key_length 0: whichever, for what all lengths have in common. */
static const struct cipher *cipher_of(uint32_t algorithm, size_t key_length)
{
    for (size_t i = 0; i < sizeof ciphers / sizeof *ciphers; i++)
        if (ciphers[i].algorithm == algorithm &&
            (key_length == 0 || ciphers[i].key_length == key_length))
            return &ciphers[i];
    return NULL;
}

/* Modes */

struct work {
    const struct cipher *cipher;
    union schedule keys;
    bool encrypting;
    size_t tag; /* GCM: bytes of tag */
    struct bytes iv;
};

/* Works on whole blocks or, for a stream, on any n; in and out may be the same. The
 * running value (previous block, counter) goes on from call to call in `iv`. */
typedef void mode_run(const struct work *w, uint8_t *iv, size_t n, uint8_t *out, const uint8_t *in);

static void run_ecb(const struct work *w, uint8_t *iv, size_t n, uint8_t *out, const uint8_t *in)
{
    (void)iv;
    (w->encrypting ? w->cipher->encrypt : w->cipher->decrypt)(&w->keys, n, out, in);
}

static void run_cbc(const struct work *w, uint8_t *iv, size_t n, uint8_t *out, const uint8_t *in)
{
    if (w->encrypting)
        cbc_encrypt(&w->keys, w->cipher->encrypt, w->cipher->block, iv, n, out, in);
    else
        cbc_decrypt(&w->keys, w->cipher->decrypt, w->cipher->block, iv, n, out, in);
}

static void run_ctr(const struct work *w, uint8_t *iv, size_t n, uint8_t *out, const uint8_t *in)
{
    ctr_crypt(&w->keys, w->cipher->encrypt, w->cipher->block, iv, n, out, in);
}

struct mode {
    uint32_t mode;
    bool padded;        /* needs whole blocks, so padding has a meaning */
    bool keyed_forward; /* decrypts with the cipher's encryption */
    bool any_iv;        /* any length but 0; otherwise exactly a block */
    bool no_iv;
    mode_run *run; /* NULL: GCM, which has its own */
};

static const struct mode modes[] = {
    {KMIP_BLOCK_CIPHER_MODE_ECB, true, false, false, true, run_ecb},
    {KMIP_BLOCK_CIPHER_MODE_CBC, true, false, false, false, run_cbc},
    {KMIP_BLOCK_CIPHER_MODE_CTR, false, true, false, false, run_ctr},
    {KMIP_BLOCK_CIPHER_MODE_GCM, false, true, true, false, NULL},
};

/* The mode, when algorithm, mode, padding and tag length go together. */
static const struct mode *mode_of(const struct crypto_params *p, const struct cipher *any)
{
    const struct mode *m = NULL;
    for (size_t i = 0; any && i < sizeof modes / sizeof *modes; i++)
        if (modes[i].mode == p->mode)
            m = &modes[i];
    bool pkcs5 = p->padding == KMIP_PADDING_METHOD_PKCS5;
    if (!m || (p->padding != 0 && p->padding != KMIP_PADDING_METHOD_NONE && !pkcs5) ||
        (pkcs5 && !m->padded))
        return NULL;
    if (!m->run &&
        (any->block != GCM_BLOCK_SIZE ||
         (p->tag_length != 0 && (p->tag_length < GCM_TAG_LEAST || p->tag_length > GCM_TAG))))
        return NULL;
    return m;
}

size_t crypto_iv_length(const struct crypto_params *p)
{
    const struct cipher *any = cipher_of(p->algorithm, 0);
    const struct mode *m = mode_of(p, any);
    if (!m || m->no_iv)
        return 0;
    return m->any_iv ? GCM_IV : any->block;
}

/* Checks what can be checked before the data is looked at, and sets the key. */
static enum crypto_result begin(struct work *w, const struct mode **mode,
                                const struct crypto_params *p, struct bytes key, struct bytes iv,
                                bool encrypting)
{
    const struct mode *m = mode_of(p, cipher_of(p->algorithm, 0));
    if (!m)
        return CRYPTO_BAD_ALGORITHM;
    w->cipher = key.n > 0 ? cipher_of(p->algorithm, key.n) : NULL;
    if (!w->cipher)
        return CRYPTO_BAD_KEY;
    if (!m->no_iv && (m->any_iv ? iv.n == 0 : iv.n != w->cipher->block))
        return CRYPTO_BAD_IV;
    w->encrypting = encrypting;
    w->iv = iv;
    w->tag = p->tag_length ? (size_t)p->tag_length : GCM_TAG;
    bool forward = encrypting || m->keyed_forward;
    (forward ? w->cipher->set_encrypt : w->cipher->set_decrypt)(&w->keys, key.p);
    *mode = m;
    return CRYPTO_OK;
}

/* The IV as a value that the mode may advance. */
static void load_iv(const struct work *w, const struct mode *m, uint8_t iv[BLOCK_MAX])
{
    memset(iv, 0, BLOCK_MAX);
    if (!m->no_iv)
        memcpy(iv, w->iv.p, w->cipher->block);
}

/* GCM: the tag rides behind the ciphertext; there is no additional data in 1.2. */

static void gcm_run(const struct work *w, size_t n, uint8_t *out, const uint8_t *in,
                    uint8_t tag[GCM_TAG])
{
    struct gcm_key key;
    struct gcm_ctx ctx;
    gcm_set_key(&key, &w->keys, w->cipher->encrypt);
    gcm_set_iv(&ctx, &key, w->iv.n, w->iv.p);
    if (n > 0)
        (w->encrypting ? gcm_encrypt : gcm_decrypt)(&ctx, &key, &w->keys, w->cipher->encrypt, n,
                                                    out, in);
    gcm_digest(&ctx, &key, &w->keys, w->cipher->encrypt, GCM_TAG, tag);
    wipe(&key, sizeof key);
    wipe(&ctx, sizeof ctx);
}

static enum crypto_result gcm_seal(const struct work *w, struct bytes data, struct buf *out)
{
    uint8_t tag[GCM_TAG];
    uint8_t *at = buf_room(out, data.n + w->tag);
    if (!at)
        return CRYPTO_NO_MEMORY;
    gcm_run(w, data.n, at, data.p, tag);
    memcpy(at + data.n, tag, w->tag);
    return CRYPTO_OK;
}

static enum crypto_result gcm_open(const struct work *w, struct bytes data, struct buf *out)
{
    uint8_t tag[GCM_TAG];
    if (data.n < w->tag)
        return CRYPTO_BAD_TAG;
    size_t start = out->n, n = data.n - w->tag;
    uint8_t *at = buf_room(out, n);
    if (!at)
        return CRYPTO_NO_MEMORY;
    gcm_run(w, n, at, data.p, tag);
    if (memeql_sec(tag, data.p + n, w->tag))
        return CRYPTO_OK;
    buf_truncate(out, start);
    return CRYPTO_BAD_TAG;
}

/* Blocks and padding (PKCS5: n bytes of value n, at least one). */

static enum crypto_result seal_padded(const struct work *w, const struct mode *m, struct bytes data,
                                      struct buf *out)
{
    uint8_t iv[BLOCK_MAX], last[BLOCK_MAX];
    size_t block = w->cipher->block, tail = data.n % block, whole = data.n - tail;
    uint8_t *at = buf_room(out, whole + block);
    if (!at)
        return CRYPTO_NO_MEMORY;
    load_iv(w, m, iv);
    if (whole > 0)
        m->run(w, iv, whole, at, data.p);
    memset(last, (int)(block - tail), block);
    if (tail > 0)
        memcpy(last, data.p + whole, tail);
    m->run(w, iv, block, at + whole, last);
    wipe(last, sizeof last);
    return CRYPTO_OK;
}

/* Bytes of padding that the block ends with, or 0 when it is none: the time taken
 * does not tell which byte was wrong. */
static size_t padding_of(const uint8_t *last, size_t block)
{
    uint32_t n = last[block - 1];
    uint32_t bad = (n - 1) >> 31 | ((uint32_t)block - n) >> 31; /* n == 0, n > block */
    for (uint32_t i = 0; i < block; i++) {
        uint32_t inside = (i - n) >> 31; /* counted from the end: i < n */
        bad |= (0u - inside) & (uint32_t)(last[block - 1 - i] ^ n);
    }
    uint32_t good = (bad - 1) >> 31 & ~bad >> 31; /* bad == 0 */
    return (size_t)(n & (0u - good));
}

static enum crypto_result run_data(const struct work *w, const struct mode *m, struct bytes data,
                                   struct buf *out)
{
    uint8_t iv[BLOCK_MAX];
    if (m->padded && data.n % w->cipher->block != 0)
        return CRYPTO_BAD_LENGTH;
    uint8_t *at = buf_room(out, data.n);
    if (!at)
        return CRYPTO_NO_MEMORY;
    load_iv(w, m, iv);
    if (data.n > 0)
        m->run(w, iv, data.n, at, data.p);
    return CRYPTO_OK;
}

static enum crypto_result open_padded(const struct work *w, const struct mode *m, struct bytes data,
                                      struct buf *out)
{
    size_t start = out->n;
    if (data.n == 0)
        return CRYPTO_BAD_LENGTH;
    enum crypto_result r = run_data(w, m, data, out);
    if (r != CRYPTO_OK)
        return r;
    size_t pad = padding_of(out->p + out->n - w->cipher->block, w->cipher->block);
    buf_truncate(out, pad ? out->n - pad : start);
    return pad ? CRYPTO_OK : CRYPTO_BAD_PADDING;
}

enum crypto_result crypto_encrypt(const struct crypto_params *p, struct bytes key, struct bytes iv,
                                  struct bytes data, struct buf *out)
{
    struct work w;
    const struct mode *m;
    enum crypto_result r = begin(&w, &m, p, key, iv, true);
    if (r == CRYPTO_OK) {
        if (!m->run)
            r = gcm_seal(&w, data, out);
        else if (p->padding == KMIP_PADDING_METHOD_PKCS5)
            r = seal_padded(&w, m, data, out);
        else
            r = run_data(&w, m, data, out);
    }
    wipe(&w, sizeof w);
    return r;
}

enum crypto_result crypto_decrypt(const struct crypto_params *p, struct bytes key, struct bytes iv,
                                  struct bytes data, struct buf *out)
{
    struct work w;
    const struct mode *m;
    enum crypto_result r = begin(&w, &m, p, key, iv, false);
    if (r == CRYPTO_OK) {
        if (!m->run)
            r = gcm_open(&w, data, out);
        else if (p->padding == KMIP_PADDING_METHOD_PKCS5)
            r = open_padded(&w, m, data, out);
        else
            r = run_data(&w, m, data, out);
    }
    wipe(&w, sizeof w);
    return r;
}

/* AES Key Wrap (RFC 3394) */

static const uint8_t wrap_iv[WRAP_UNIT] = {0xA6, 0xA6, 0xA6, 0xA6, 0xA6, 0xA6, 0xA6, 0xA6};

enum crypto_result crypto_wrap(struct bytes kek, struct bytes data, struct buf *out)
{
    union schedule keys;
    const struct cipher *c = kek.n > 0 ? cipher_of(KMIP_CRYPTOGRAPHIC_ALGORITHM_AES, kek.n) : NULL;
    if (!c)
        return CRYPTO_BAD_KEY;
    if (data.n < 2 * WRAP_UNIT || data.n % WRAP_UNIT != 0)
        return CRYPTO_BAD_LENGTH;
    uint8_t *at = buf_room(out, data.n + WRAP_UNIT);
    if (!at)
        return CRYPTO_NO_MEMORY;
    c->set_encrypt(&keys, kek.p);
    nist_keywrap16(&keys, c->encrypt, wrap_iv, data.n + WRAP_UNIT, at, data.p);
    wipe(&keys, sizeof keys);
    return CRYPTO_OK;
}

/* Digest, random bytes, keys */

void crypto_sha256(struct bytes data, uint8_t digest[32])
{
    struct sha256_ctx ctx;
    sha256_init(&ctx);
    if (data.n > 0)
        sha256_update(&ctx, data.n, data.p);
    sha256_digest(&ctx, SHA256_DIGEST_SIZE, digest);
    wipe(&ctx, sizeof ctx);
}

bool crypto_random(void *p, size_t n)
{
    uint8_t *at = p;
    while (n > 0) {
        ssize_t got = getrandom(at, n, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        at += got;
        n -= (size_t)got;
    }
    return true;
}

/* Keys whose Cryptographic Length (3.5) is not just any number of bytes. That of DES and
 * 3DES is told with parity bits and without. */
static const struct {
    uint32_t algorithm;
    int32_t bits;
    size_t bytes;
} key_sizes[] = {
    {KMIP_CRYPTOGRAPHIC_ALGORITHM_AES, 128, 16},  {KMIP_CRYPTOGRAPHIC_ALGORITHM_AES, 192, 24},
    {KMIP_CRYPTOGRAPHIC_ALGORITHM_AES, 256, 32},  {KMIP_CRYPTOGRAPHIC_ALGORITHM_3DES, 112, 16},
    {KMIP_CRYPTOGRAPHIC_ALGORITHM_3DES, 128, 16}, {KMIP_CRYPTOGRAPHIC_ALGORITHM_3DES, 168, 24},
    {KMIP_CRYPTOGRAPHIC_ALGORITHM_3DES, 192, 24}, {KMIP_CRYPTOGRAPHIC_ALGORITHM_DES, 56, 8},
    {KMIP_CRYPTOGRAPHIC_ALGORITHM_DES, 64, 8},    {KMIP_CRYPTOGRAPHIC_ALGORITHM_SKIPJACK, 80, 10},
};

/* Keys are made for what there are ciphers for, and for one that published cases ask for. */
static bool makes_keys(uint32_t algorithm)
{
    return cipher_of(algorithm, 0) || algorithm == KMIP_CRYPTOGRAPHIC_ALGORITHM_SKIPJACK;
}

size_t crypto_key_bytes(uint32_t algorithm, int32_t bits)
{
    bool listed = false;
    for (size_t i = 0; i < sizeof key_sizes / sizeof *key_sizes; i++) {
        if (key_sizes[i].algorithm != algorithm)
            continue;
        listed = true;
        if (key_sizes[i].bits == bits)
            return key_sizes[i].bytes;
    }
    return listed || bits <= 0 || bits % 8 != 0 ? 0 : (size_t)bits / 8;
}

/* Sets the parity; false when a part is weak, or two parts are the same and the
 * cipher would fall back to fewer. */
static bool des3_sound(uint8_t *key, size_t n)
{
    struct des_ctx ctx;
    bool sound = true;
    des_fix_parity(n, key, key);
    for (size_t i = 0; i < n; i += DES_KEY_SIZE) {
        if (!des_set_key(&ctx, key + i))
            sound = false;
        for (size_t j = 0; j < i; j += DES_KEY_SIZE)
            if (memcmp(key + i, key + j, DES_KEY_SIZE) == 0)
                sound = false;
    }
    wipe(&ctx, sizeof ctx);
    return sound;
}

enum crypto_result crypto_key_of(uint32_t algorithm, int32_t bits,
                                 bool (*bytes)(void *arg, void *p, size_t n), void *arg,
                                 struct buf *out)
{
    size_t n = crypto_key_bytes(algorithm, bits);
    if (!makes_keys(algorithm))
        return CRYPTO_BAD_ALGORITHM;
    if (n == 0)
        return CRYPTO_BAD_KEY;
    size_t start = out->n;
    uint8_t *at = buf_room(out, n);
    if (!at)
        return CRYPTO_NO_MEMORY;
    do {
        if (!bytes(arg, at, n)) {
            buf_truncate(out, start);
            return CRYPTO_NO_RANDOM;
        }
    } while (algorithm == KMIP_CRYPTOGRAPHIC_ALGORITHM_3DES && !des3_sound(at, n));
    return CRYPTO_OK;
}

static bool random_bytes(void *arg, void *p, size_t n)
{
    (void)arg;
    return crypto_random(p, n);
}

enum crypto_result crypto_new_key(uint32_t algorithm, int32_t bits, struct buf *out)
{
    return crypto_key_of(algorithm, bits, random_bytes, NULL, out);
}
