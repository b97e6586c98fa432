/* Bucket keys as the Zenko storage driver makes, uses and ends them.
 *
 * Each step exists twice: as a payload, for those who send and judge requests
 * themselves (the driver suite, pipelined), and as a call that does it all.
 *
 *   create     Create of an AES-256 key for Encrypt and Decrypt; the attribute that
 *              names the bucket comes first. Two-step: Activate follows. Compound:
 *              an Activation Date stands in the Create, and nothing follows.
 *   cipher     Encrypt with AES, CBC, PKCS5 and an IV of 16 zero bytes
 *   decipher   Decrypt with the same
 *   destroy    Revoke (Cessation of Operation, with a message), then Destroy */
#ifndef CLIENT_LIB_BUCKET_H
#define CLIENT_LIB_BUCKET_H

#include "client/lib/kc.h"
#include "client/lib/reply.h"

/* The driver's Maximum Response Size. */
#define BUCKET_MAX_RESPONSE 8000

struct bucket_key {
    const char *attribute; /* name of the attribute that holds the bucket; NULL = none */
    bool compound;
    int64_t activation;    /* compound: the Activation Date */
};

/* The header of all of the driver's requests. */
struct kmip_request bucket_head(uint8_t version);

void bucket_create_payload(struct ttlv_writer *w, const struct bucket_key *key, const char *bucket);
/* Of Encrypt and of Decrypt. */
void bucket_crypt_payload(struct ttlv_writer *w, const char *uid, struct bytes data);
void bucket_revoke_payload(struct ttlv_writer *w, const char *uid);

/* The calls: over connection c, in version; what the server refuses goes to
 * *refusal, unless NULL, and into err (KE_REFUSED). */
struct bucket_driver {
    struct kc_client *c;
    uint8_t version;
    struct reply_refusal *refusal;
};

/* The new key's Unique Identifier goes to uid, which is emptied first. When Activate
 * fails, uid holds the key that was made all the same. */
__attribute__((warn_unused_result)) bool bucket_create(const struct bucket_driver *d,
                                                       const struct bucket_key *key,
                                                       const char *bucket, struct buf *uid,
                                                       struct kerr *err);
/* Append to out. */
__attribute__((warn_unused_result)) bool bucket_cipher(const struct bucket_driver *d,
                                                       const char *uid, struct bytes data,
                                                       struct buf *out, struct kerr *err);
__attribute__((warn_unused_result)) bool bucket_decipher(const struct bucket_driver *d,
                                                         const char *uid, struct bytes data,
                                                         struct buf *out, struct kerr *err);
__attribute__((warn_unused_result)) bool bucket_destroy(const struct bucket_driver *d,
                                                        const char *uid, struct kerr *err);

#endif
