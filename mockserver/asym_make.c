/* Making pairs of keys (asym.h), by Nettle. All that is random in a pair comes from one
 * draw, so that with a seed it is the same each time. */
#include <nettle/ecc.h>
#include <nettle/ecdsa.h>
#include <nettle/rsa.h>

#include "kmip/schema/tags.h"
#include "mockserver/asym.h"

enum { RSA_LEAST = 512, RSA_MOST = 4096, RSA_USUAL = 2048, EC_USUAL = 256, RSA_F4 = 65537 };

static const struct {
    uint32_t algorithm;
    enum asym_kind kind;
} made[] = {
    {KMIP_CRYPTOGRAPHIC_ALGORITHM_RSA, ASYM_RSA},
    {KMIP_CRYPTOGRAPHIC_ALGORITHM_ECDSA, ASYM_EC},
    {KMIP_CRYPTOGRAPHIC_ALGORITHM_ECDH, ASYM_EC},
    {KMIP_CRYPTOGRAPHIC_ALGORITHM_EC, ASYM_EC},
};

static enum asym_kind kind_of(uint32_t algorithm)
{
    for (size_t i = 0; i < sizeof made / sizeof *made; i++)
        if (made[i].algorithm == algorithm)
            return made[i].kind;
    return ASYM_OTHER;
}

static enum crypto_result complete_rsa(struct asym_wish *wish)
{
    if (!wish->bits)
        wish->bits = RSA_USUAL;
    return !wish->curve && wish->bits >= RSA_LEAST && wish->bits <= RSA_MOST && wish->bits % 8 == 0
               ? CRYPTO_OK
               : CRYPTO_BAD_KEY;
}

static enum crypto_result complete_ec(struct asym_wish *wish)
{
    if (!wish->bits && !wish->curve)
        wish->bits = EC_USUAL;
    const struct curve *c = wish->curve ? curve_of(wish->curve) : curve_of_length(wish->bits);
    if (!c || !c->nettle || (wish->bits && wish->bits != c->bits))
        return CRYPTO_BAD_KEY;
    wish->curve = c->recommended;
    wish->bits = c->bits;
    return CRYPTO_OK;
}

enum crypto_result asym_complete(struct asym_wish *wish)
{
    switch (kind_of(wish->algorithm)) {
    case ASYM_RSA:
        return complete_rsa(wish);
    case ASYM_EC:
        return complete_ec(wish);
    default:
        return CRYPTO_BAD_ALGORITHM;
    }
}

/* Nettle's source of random bytes, which must not fail: a stream from one draw. */
static void stream_bytes(void *arg, size_t n, uint8_t *to)
{
    if (!draws_bytes(arg, to, n))
        memset(to, 0, n); /* not reached: a seeded one draws on nobody */
}

static bool stream_begin(struct draws *stream, struct draws *draws)
{
    *stream = (struct draws){.seeded = true};
    return draws_bytes(draws, stream->stream, sizeof stream->stream);
}

/* GMP gives memory back as it is; what a number was is taken out before. Nettle's own
 * intermediate values are out of reach. */
static void wipe_number(mpz_t z)
{
    mp_size_t n = (mp_size_t)mpz_size(z);
    if (n > 0)
        wipe(mpz_limbs_modify(z, n), (size_t)n * sizeof(mp_limb_t));
    mpz_limbs_finish(z, 0);
}

/* The number big-endian behind what is there, in `width` bytes at least. Room for it is
 * reserved: views into the buffer stay. */
static struct bytes put_number(struct buf *b, const mpz_t z, size_t width)
{
    size_t n = (mpz_sizeinbase(z, 2) + 7) / 8, room = n > width ? n : width;
    uint8_t *at = buf_room(b, room);
    if (!at)
        return bytes_of(NULL, 0);
    memset(at, 0, room);
    mpz_export(at + room - n, NULL, 1, 1, 1, 0, z);
    return bytes_of(at, room);
}

/* Makes the buffer as large as n more bytes need it. */
static bool reserve(struct buf *b, size_t n)
{
    size_t have = b->n;
    if (!buf_room(b, n))
        return false;
    buf_truncate(b, have);
    return true;
}

static enum crypto_result make_rsa(int32_t bits, struct draws *stream, struct buf *numbers,
                                   struct asym_key *out)
{
    struct rsa_public_key pub;
    struct rsa_private_key key;
    rsa_public_key_init(&pub);
    rsa_private_key_init(&key);
    mpz_set_ui(pub.e, RSA_F4);
    enum crypto_result result = CRYPTO_NO_RANDOM;
    if (rsa_generate_keypair(&pub, &key, stream, stream_bytes, NULL, NULL, (unsigned)bits, 0))
        result = reserve(numbers, (size_t)bits) ? CRYPTO_OK : CRYPTO_NO_MEMORY;
    if (result == CRYPTO_OK) {
        const mpz_srcptr values[RSA_NUMBERS] = {pub.n, key.d, pub.e, key.p,
                                                key.q, key.a, key.b, key.c};
        for (size_t i = 0; i < RSA_NUMBERS; i++)
            out->rsa[i] = put_number(numbers, values[i], 1);
    }
    wipe_number(key.d);
    wipe_number(key.p);
    wipe_number(key.q);
    wipe_number(key.a);
    wipe_number(key.b);
    wipe_number(key.c);
    rsa_private_key_clear(&key);
    rsa_public_key_clear(&pub);
    return result;
}

/* The point: uncompressed (X9.62). */
static struct bytes put_point(struct buf *b, const mpz_t x, const mpz_t y, size_t width)
{
    size_t start = b->n;
    buf_putc(b, 4);
    put_number(b, x, width);
    put_number(b, y, width);
    return bytes_of(b->p + start, b->n - start);
}

static enum crypto_result make_ec(const struct curve *curve, struct draws *stream,
                                  struct buf *numbers, struct asym_key *out)
{
    const struct ecc_curve *ecc = curve->nettle();
    size_t width = curve_bytes(curve);
    struct ecc_point pub;
    struct ecc_scalar key;
    mpz_t x, y;
    if (!reserve(numbers, 4 * width + 8))
        return CRYPTO_NO_MEMORY;
    ecc_point_init(&pub, ecc);
    ecc_scalar_init(&key, ecc);
    mpz_inits(x, y, NULL);
    ecdsa_generate_keypair(&pub, &key, stream, stream_bytes);
    ecc_point_get(&pub, x, y);
    out->curve = curve;
    out->point = put_point(numbers, x, y, width);
    ecc_scalar_get(&key, x);
    out->d = put_number(numbers, x, width);
    wipe_number(x);
    mpz_clears(x, y, NULL);
    wipe(key.p, (size_t)ecc_size(ecc) * sizeof(mp_limb_t));
    ecc_scalar_clear(&key);
    ecc_point_clear(&pub);
    return CRYPTO_OK;
}

enum crypto_result asym_make(const struct asym_wish *wish, struct draws *draws,
                             struct buf *numbers, struct asym_key *out)
{
    struct draws stream;
    *out = (struct asym_key){.kind = kind_of(wish->algorithm),
                             .is_private = true,
                             .algorithms = ASYM_ALGORITHM(wish->algorithm),
                             .bits = (unsigned)wish->bits};
    if (!stream_begin(&stream, draws))
        return CRYPTO_NO_RANDOM;
    enum crypto_result result = out->kind == ASYM_RSA
                                    ? make_rsa(wish->bits, &stream, numbers, out)
                                    : make_ec(curve_of(wish->curve), &stream, numbers, out);
    wipe(&stream, sizeof stream);
    return result;
}

struct asym_key asym_public(const struct asym_key *private_key)
{
    struct asym_key k = *private_key;
    k.is_private = false;
    k.d = bytes_of(NULL, 0);
    for (size_t i = 0; i < RSA_NUMBERS; i++)
        if (i != RSA_MODULUS && i != RSA_PUBLIC_EXPONENT)
            k.rsa[i] = bytes_of(NULL, 0);
    return k;
}
