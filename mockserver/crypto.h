/* The cipher work of the mock, by Nettle: AES and 3DES in ECB, CBC, CTR, GCM;
 * padding None and PKCS5; AES Key Wrap (RFC 3394); SHA-256; random bytes.
 *
 * Results are named after what the caller must answer; the mapping to Result
 * Reasons is in ops_crypto.c. Outputs are appended to a buf and wiped with it;
 * a failure appends nothing. */
#ifndef MOCKSERVER_CRYPTO_H
#define MOCKSERVER_CRYPTO_H

#include "kmip/base/buf.h"

enum crypto_result {
    CRYPTO_OK,
    CRYPTO_BAD_ALGORITHM, /* algorithm, mode or padding not offered, or no fit */
    CRYPTO_BAD_KEY,       /* key length does not fit the algorithm */
    CRYPTO_BAD_IV,        /* missing or of the wrong length */
    CRYPTO_BAD_LENGTH,    /* data is not whole blocks and there is no padding */
    CRYPTO_BAD_PADDING,   /* on decryption; callers give no detail (padding oracle) */
    CRYPTO_BAD_TAG,       /* GCM */
    CRYPTO_NO_MEMORY,
    CRYPTO_NO_RANDOM /* the system gives no random bytes */
};

struct crypto_params {
    uint32_t algorithm; /* KMIP_CRYPTOGRAPHIC_ALGORITHM_AES or _3DES */
    uint32_t mode;      /* KMIP_BLOCK_CIPHER_MODE_* */
    uint32_t padding;   /* KMIP_PADDING_METHOD_*; 0 = None */
    int32_t tag_length; /* GCM: bytes of tag behind the ciphertext, 4 to 16; 0 = 16 */
};

/* 0 when the pair needs none or is not offered. CBC and CTR (whole counter block): one
 * block. For GCM the usual 12; any length >= 1 is taken. An IV that is not needed is
 * not looked at. */
size_t crypto_iv_length(const struct crypto_params *p);
enum crypto_result crypto_encrypt(const struct crypto_params *p, struct bytes key, struct bytes iv,
                                  struct bytes data, struct buf *out);
enum crypto_result crypto_decrypt(const struct crypto_params *p, struct bytes key, struct bytes iv,
                                  struct bytes data, struct buf *out);
/* RFC 3394; data a multiple of 8, at least 16 bytes. */
enum crypto_result crypto_wrap(struct bytes kek, struct bytes data, struct buf *out);

void crypto_sha256(struct bytes data, uint8_t digest[32]);
/* From the system; false only when it fails. */
__attribute__((warn_unused_result)) bool crypto_random(void *p, size_t n);
/* The bytes that a symmetric key of this Cryptographic Length has; 0: there are none. Of
 * an algorithm that is not served here, any whole number of bytes. */
size_t crypto_key_bytes(uint32_t algorithm, int32_t bits);
/* A fresh key: for 3DES with odd parity and no weak keys. CRYPTO_BAD_ALGORITHM / BAD_KEY
 * when the pair does not exist. */
enum crypto_result crypto_new_key(uint32_t algorithm, int32_t bits, struct buf *out);
/* The same of bytes from elsewhere: for keys that are to be the same each time. */
enum crypto_result crypto_key_of(uint32_t algorithm, int32_t bits,
                                 bool (*bytes)(void *arg, void *p, size_t n), void *arg,
                                 struct buf *out);

#endif
