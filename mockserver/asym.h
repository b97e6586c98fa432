/* Asymmetric keys as the numbers they are, and the forms that Key Material has for them
 * (KMIP 1.2 spec, 2.1.3, 2.1.7): PKCS#1, PKCS#8, X.509 and ECPrivateKey, which are DER in a
 * Byte String, and the transparent ones, which are structures.
 *
 * Read are RSA and elliptic curve keys on a curve of the standard. Of DSA and DH keys the
 * size is known. All else (encrypted PKCS#8, curves by their parameters, other algorithms)
 * is kept as it is and not looked into. */
#ifndef MOCKSERVER_ASYM_H
#define MOCKSERVER_ASYM_H

#include "kmip/ttlv/reader.h"
#include "kmip/ttlv/writer.h"
#include "mockserver/crypto.h"
#include "mockserver/curves.h"
#include "mockserver/draws.h"

/* In the order of the fields of a Transparent RSA Private Key (2.1.7.4). */
enum asym_number {
    RSA_MODULUS,
    RSA_PRIVATE_EXPONENT,
    RSA_PUBLIC_EXPONENT,
    RSA_P,
    RSA_Q,
    RSA_PRIME_EXPONENT_P,
    RSA_PRIME_EXPONENT_Q,
    RSA_CRT_COEFFICIENT,
    RSA_NUMBERS
};

#define ASYM_ALGORITHM(a) (UINT32_C(1) << (a))

enum asym_kind { ASYM_OTHER, ASYM_RSA, ASYM_EC };

/* Views into what it was read from or made in. */
struct asym_key {
    enum asym_kind kind;
    bool is_private;
    uint32_t algorithms; /* ASYM_ALGORITHM bits: what it can be a key for */
    unsigned bits;       /* Cryptographic Length */
    struct bytes rsa[RSA_NUMBERS]; /* big-endian without leading zeros; empty: not there */
    const struct curve *curve;
    struct bytes d, point; /* of a private key the point may be missing */
};

enum asym_reading {
    ASYM_READ,
    ASYM_KEPT,      /* not looked into: nothing is known of it */
    ASYM_MISFIT,    /* a format that objects of this type do not come in */
    ASYM_MALFORMED  /* not what the format says */
};

/* Key Material of a Public or Private Key. The schema has checked its structure. */
enum asym_reading asym_read(uint32_t object_type, uint32_t format, const struct ttlv_item *material,
                            struct asym_key *out);

/* Can the key be given in this format, to a client of this version? */
bool asym_writable(const struct asym_key *key, uint32_t format, uint8_t version);
/* ... then this writes it, as the item Key Material. */
void asym_write(const struct asym_key *key, uint32_t format, struct ttlv_writer *w);

/* Is it a public key whose point has this form (KMIP_KEY_COMPRESSION_TYPE_*)? */
bool asym_is_compressed(const struct asym_key *key, uint32_t compression);

/* The format in which keys are kept that are made here. */
uint32_t asym_own_format(const struct asym_key *key);

/* What is to be made. Zero: not said; the other two decide, or what is usual. */
struct asym_wish {
    uint32_t algorithm;
    int32_t bits;
    uint32_t curve; /* KMIP_RECOMMENDED_CURVE_* */
};

/* Fills in what is not said. CRYPTO_BAD_ALGORITHM: no pairs are made for it;
 * CRYPTO_BAD_KEY: not of this length or on this curve, or these two do not agree. */
enum crypto_result asym_complete(struct asym_wish *wish);

/* A fresh private key, its public half included; its numbers go into `numbers`, which the
 * caller clears. The wish is complete.
 *
 * This takes time that all other clients wait, because the server has one thread: an RSA
 * key of 2048 bits some 0.05 s, one of 4096, the longest made, a second. */
enum crypto_result asym_make(const struct asym_wish *wish, struct draws *draws,
                             struct buf *numbers, struct asym_key *out);
/* Its public half. */
struct asym_key asym_public(const struct asym_key *private_key);

#endif
