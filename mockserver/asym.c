/* Asymmetric keys in the forms of Key Material (asym.h): one row per format, with what it
 * is a form of, how it is read and how it is written. */
#include "mockserver/asym.h"

#include "kmip/schema/dict.h"
#include "mockserver/der.h"

static const uint8_t oid_rsa[] = {0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01};
static const uint8_t oid_ec[] = {0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01};

#define OID(o) bytes_of(o, sizeof(o))

#define FOR(a) ASYM_ALGORITHM(KMIP_CRYPTOGRAPHIC_ALGORITHM_##a)
#define FOR_EC (FOR(ECDSA) | FOR(ECDH) | FOR(ECMQV) | FOR(EC))

static unsigned bits_of(struct bytes number)
{
    return number.n ? (unsigned)(number.n * 8) - (unsigned)(__builtin_clz(number.p[0]) - 24) : 0;
}

/* What the numbers say of the key. */
static enum asym_reading is_rsa(struct asym_key *k)
{
    k->kind = ASYM_RSA;
    k->algorithms = FOR(RSA);
    k->bits = bits_of(k->rsa[RSA_MODULUS]);
    return k->bits ? ASYM_READ : ASYM_MALFORMED;
}

/* Uncompressed, compressed or hybrid (X9.62); the length tells whether it is whole. */
static bool is_point(struct bytes point, size_t coordinate)
{
    if (point.n == 0 || point.p[0] < 2 || point.p[0] > 7 || point.p[0] == 5)
        return false;
    return point.n == 1 + coordinate * (point.p[0] < 4 ? 1 : 2);
}

/* A scalar is below the order of the curve, which may have a bit more than a coordinate. */
static enum asym_reading is_ec(struct asym_key *k)
{
    k->kind = ASYM_EC;
    if (!k->algorithms)
        k->algorithms = FOR_EC;
    if (!k->curve)
        return ASYM_KEPT;
    k->bits = k->curve->bits;
    for (; k->d.n > 0 && k->d.p[0] == 0; k->d.n--)
        k->d.p++;
    if (k->is_private && (k->d.n == 0 || bits_of(k->d) > k->bits + 1))
        return ASYM_MALFORMED;
    if ((!k->is_private || k->point.n) && !is_point(k->point, curve_bytes(k->curve)))
        return ASYM_MALFORMED;
    return ASYM_READ;
}

/* Reading DER. What is inside is given without its outer head. */

static enum asym_reading read_pkcs1_private(struct bytes der, struct asym_key *k)
{
    static const uint8_t order[] = {RSA_MODULUS,          RSA_PUBLIC_EXPONENT,
                                    RSA_PRIVATE_EXPONENT, RSA_P,
                                    RSA_Q,                RSA_PRIME_EXPONENT_P,
                                    RSA_PRIME_EXPONENT_Q, RSA_CRT_COEFFICIENT};
    struct bytes in, version;
    if (!der_next(&der, DER_SEQUENCE, &in) || der.n || !der_number(&in, &version))
        return ASYM_MALFORMED;
    for (size_t i = 0; i < sizeof order; i++)
        if (!der_number(&in, &k->rsa[order[i]]))
            return ASYM_MALFORMED;
    return version.n || in.n ? ASYM_KEPT : is_rsa(k); /* more than two primes: kept */
}

static enum asym_reading read_pkcs1_public(struct bytes der, struct asym_key *k)
{
    struct bytes in;
    if (!der_next(&der, DER_SEQUENCE, &in) || der.n || !der_number(&in, &k->rsa[RSA_MODULUS]) ||
        !der_number(&in, &k->rsa[RSA_PUBLIC_EXPONENT]) || in.n)
        return ASYM_MALFORMED;
    return is_rsa(k);
}

static enum asym_reading read_pkcs1(struct bytes der, struct asym_key *k)
{
    return (k->is_private ? read_pkcs1_private : read_pkcs1_public)(der, k);
}

/* A curve by name; one that is given otherwise, or is none of the standard's, stays NULL. */
static void read_curve(struct bytes parameters, struct asym_key *k)
{
    struct bytes oid;
    if (der_next(&parameters, DER_OID, &oid) && !parameters.n)
        k->curve = curve_by_oid(oid);
}

/* RFC 5915; the curve may be known from what stands around it. */
static enum asym_reading read_ec_private(struct bytes der, struct asym_key *k)
{
    struct bytes in, version, part;
    if (!der_next(&der, DER_SEQUENCE, &in) || der.n || !der_number(&in, &version) ||
        version.n != 1 || version.p[0] != 1 || !der_next(&in, DER_OCTET_STRING, &k->d))
        return ASYM_MALFORMED;
    if (der_next(&in, DER_CONTEXT(0), &part))
        read_curve(part, k);
    if (der_next(&in, DER_CONTEXT(1), &part) && (!der_bits(&part, &k->point) || part.n))
        return ASYM_MALFORMED;
    return in.n ? ASYM_MALFORMED : is_ec(k);
}

/* AlgorithmIdentifier and, by it, what the key itself is. */
static enum asym_reading read_named(struct bytes algorithm, struct bytes key, struct asym_key *k)
{
    struct bytes oid;
    if (!der_next(&algorithm, DER_OID, &oid))
        return ASYM_MALFORMED;
    if (bytes_eq(oid, OID(oid_rsa)))
        return read_pkcs1(key, k);
    if (!bytes_eq(oid, OID(oid_ec)))
        return ASYM_KEPT;
    read_curve(algorithm, k);
    if (k->is_private)
        return read_ec_private(key, k);
    k->point = key;
    return is_ec(k);
}

/* RFC 5208, 5958. What begins with an AlgorithmIdentifier is encrypted. */
static enum asym_reading read_pkcs8(struct bytes der, struct asym_key *k)
{
    struct bytes in, version, algorithm, key;
    if (!der_next(&der, DER_SEQUENCE, &in) || der.n)
        return ASYM_MALFORMED;
    if (der_next(&in, DER_SEQUENCE, &algorithm))
        return der_next(&in, DER_OCTET_STRING, &key) && !in.n ? ASYM_KEPT : ASYM_MALFORMED;
    if (!der_number(&in, &version) || !der_next(&in, DER_SEQUENCE, &algorithm) ||
        !der_next(&in, DER_OCTET_STRING, &key))
        return ASYM_MALFORMED;
    return read_named(algorithm, key, k);
}

/* SubjectPublicKeyInfo (RFC 5280). */
static enum asym_reading read_x509(struct bytes der, struct asym_key *k)
{
    struct bytes in, algorithm, key;
    if (!der_next(&der, DER_SEQUENCE, &in) || der.n ||
        !der_next(&in, DER_SEQUENCE, &algorithm) || !der_bits(&in, &key) || in.n)
        return ASYM_MALFORMED;
    return read_named(algorithm, key, k);
}

/* Reading structures */

static const uint32_t rsa_fields[RSA_NUMBERS] = {
    [RSA_MODULUS] = KMIP_TAG_MODULUS,
    [RSA_PRIVATE_EXPONENT] = KMIP_TAG_PRIVATE_EXPONENT,
    [RSA_PUBLIC_EXPONENT] = KMIP_TAG_PUBLIC_EXPONENT,
    [RSA_P] = KMIP_TAG_P,
    [RSA_Q] = KMIP_TAG_Q,
    [RSA_PRIME_EXPONENT_P] = KMIP_TAG_PRIME_EXPONENT_P,
    [RSA_PRIME_EXPONENT_Q] = KMIP_TAG_PRIME_EXPONENT_Q,
    [RSA_CRT_COEFFICIENT] = KMIP_TAG_CRT_COEFFICIENT,
};

/* A field that is a positive Big Integer, without leading zeros. */
static bool number_field(const struct ttlv_item *material, uint32_t tag, struct bytes *out)
{
    struct ttlv_item it;
    if (!ttlv_find(material, tag, &it))
        return true;
    if (it.type != TTLV_BIG_INTEGER || it.val.n == 0 || it.val.p[0] & 0x80)
        return false;
    for (*out = it.val; out->n > 0 && out->p[0] == 0; out->n--)
        out->p++;
    return out->n > 0;
}

static enum asym_reading read_transparent_rsa(const struct ttlv_item *material, struct asym_key *k)
{
    for (size_t i = 0; i < RSA_NUMBERS; i++)
        if (!number_field(material, rsa_fields[i], &k->rsa[i]))
            return ASYM_MALFORMED;
    return is_rsa(k);
}

/* DSA and DH: the size of the prime. */
static enum asym_reading read_transparent_prime(const struct ttlv_item *material,
                                                struct asym_key *k)
{
    struct bytes p = {0};
    if (!number_field(material, KMIP_TAG_P, &p) || !p.n)
        return ASYM_MALFORMED;
    k->bits = bits_of(p);
    return ASYM_READ;
}

static enum asym_reading read_transparent_ec(const struct ttlv_item *material, struct asym_key *k)
{
    struct ttlv_item it;
    if (!ttlv_find(material, KMIP_TAG_RECOMMENDED_CURVE, &it) || it.type != TTLV_ENUMERATION)
        return ASYM_MALFORMED;
    k->curve = curve_of(ttlv_enum(&it));
    if (k->is_private)
        return number_field(material, KMIP_TAG_D, &k->d) ? is_ec(k) : ASYM_MALFORMED;
    if (!ttlv_find(material, KMIP_TAG_Q_STRING, &it) || it.type != TTLV_BYTE_STRING)
        return ASYM_MALFORMED;
    k->point = it.val;
    return is_ec(k);
}

/* Writing DER */

static void write_pkcs1(const struct asym_key *k, struct buf *b)
{
    size_t start = b->n;
    if (k->is_private)
        der_put_number(b, bytes_of(NULL, 0)); /* version: two primes */
    der_put_number(b, k->rsa[RSA_MODULUS]);
    der_put_number(b, k->rsa[RSA_PUBLIC_EXPONENT]);
    if (k->is_private) {
        der_put_number(b, k->rsa[RSA_PRIVATE_EXPONENT]);
        for (size_t i = RSA_P; i < RSA_NUMBERS; i++)
            der_put_number(b, k->rsa[i]);
    }
    der_close(b, start, DER_SEQUENCE);
}

static void write_bits(struct buf *b, struct bytes bits)
{
    size_t start = b->n;
    buf_putc(b, 0);
    buf_put_bytes(b, bits);
    der_close(b, start, DER_BIT_STRING);
}

static void write_curve(const struct asym_key *k, struct buf *b)
{
    uint8_t room[CURVE_OID_MAX];
    der_put(b, DER_OID, curve_oid(k->curve, room));
}

/* d in as many bytes as the order of the curve has (RFC 5915). */
static void write_ec_private(const struct asym_key *k, struct buf *b, bool with_curve)
{
    static const uint8_t one = 1;
    size_t start = b->n, inner, size = curve_bytes(k->curve);
    der_put_number(b, bytes_of(&one, 1));
    inner = b->n;
    buf_fill(b, 0, k->d.n < size ? size - k->d.n : 0);
    buf_put_bytes(b, k->d);
    der_close(b, inner, DER_OCTET_STRING);
    if (with_curve) {
        inner = b->n;
        write_curve(k, b);
        der_close(b, inner, DER_CONTEXT(0));
    }
    if (k->point.n) {
        inner = b->n;
        write_bits(b, k->point);
        der_close(b, inner, DER_CONTEXT(1));
    }
    der_close(b, start, DER_SEQUENCE);
}

static void write_ec_own(const struct asym_key *k, struct buf *b)
{
    write_ec_private(k, b, true);
}

static void write_algorithm(const struct asym_key *k, struct buf *b)
{
    size_t start = b->n;
    if (k->kind == ASYM_RSA) {
        der_put(b, DER_OID, OID(oid_rsa));
        der_put(b, DER_NULL, bytes_of(NULL, 0));
    } else {
        der_put(b, DER_OID, OID(oid_ec));
        write_curve(k, b);
    }
    der_close(b, start, DER_SEQUENCE);
}

static void write_pkcs8(const struct asym_key *k, struct buf *b)
{
    size_t start = b->n;
    der_put_number(b, bytes_of(NULL, 0));
    write_algorithm(k, b);
    size_t inner = b->n;
    if (k->kind == ASYM_RSA)
        write_pkcs1(k, b);
    else
        write_ec_private(k, b, false);
    der_close(b, inner, DER_OCTET_STRING);
    der_close(b, start, DER_SEQUENCE);
}

static void write_x509(const struct asym_key *k, struct buf *b)
{
    size_t start = b->n;
    write_algorithm(k, b);
    if (k->kind == ASYM_RSA) {
        size_t inner = b->n;
        buf_putc(b, 0);
        write_pkcs1(k, b);
        der_close(b, inner, DER_BIT_STRING);
    } else {
        write_bits(b, k->point);
    }
    der_close(b, start, DER_SEQUENCE);
}

/* Writing structures */

/* A number is positive: its sign takes a byte where the first bit is set. */
static void write_number(struct ttlv_writer *w, uint32_t tag, struct bytes number)
{
    uint8_t room[2048 + 1] = {0};
    if (!number.n || number.n >= sizeof room)
        return;
    memcpy(room + 1, number.p, number.n);
    ttlv_w_big(w, tag, bytes_of(room, number.n + 1));
    wipe(room, sizeof room);
}

static void write_transparent_rsa(const struct asym_key *k, struct ttlv_writer *w)
{
    for (size_t i = 0; i < RSA_NUMBERS; i++)
        if (k->is_private || i == RSA_MODULUS || i == RSA_PUBLIC_EXPONENT)
            write_number(w, rsa_fields[i], k->rsa[i]);
}

static void write_transparent_ec(const struct asym_key *k, struct ttlv_writer *w)
{
    ttlv_w_enum(w, KMIP_TAG_RECOMMENDED_CURVE, k->curve->recommended);
    if (k->is_private)
        write_number(w, KMIP_TAG_D, k->d);
    else
        ttlv_w_bytes(w, KMIP_TAG_Q_STRING, k->point);
}

/* Formats */

enum { PUBLIC = 1, PRIVATE = 2 };

struct form {
    uint32_t format;
    unsigned objects;    /* PUBLIC, PRIVATE */
    uint32_t algorithms; /* ASYM_ALGORITHM bits; 0: of any */
    unsigned kinds;      /* 1 << enum asym_kind: those it can be written for */
    enum asym_reading (*read_der)(struct bytes der, struct asym_key *k);
    enum asym_reading (*read)(const struct ttlv_item *material, struct asym_key *k);
    void (*write_der)(const struct asym_key *k, struct buf *b);
    void (*write)(const struct asym_key *k, struct ttlv_writer *w);
};

#define F(f) KMIP_KEY_FORMAT_TYPE_##f
#define DER_FORM(f, objects, algorithms, kinds, name, writer)                                      \
    {F(f), objects, algorithms, kinds, read_##name, NULL, writer, NULL}
#define TRANSPARENT(a, kinds, reader, writer)                                                      \
    {F(TRANSPARENT_##a##_PRIVATE_KEY), PRIVATE, FOR(a), kinds, NULL, reader, NULL, writer},        \
    {F(TRANSPARENT_##a##_PUBLIC_KEY), PUBLIC, FOR(a), kinds, NULL, reader, NULL, writer}
#define IS_RSA (1u << ASYM_RSA)
#define IS_EC (1u << ASYM_EC)

static const struct form forms[] = {
    {F(RAW), PUBLIC | PRIVATE, 0, 0, NULL, NULL, NULL, NULL},
    {F(OPAQUE), PUBLIC | PRIVATE, 0, 0, NULL, NULL, NULL, NULL},
    DER_FORM(PKCS_1, PUBLIC | PRIVATE, FOR(RSA), IS_RSA, pkcs1, write_pkcs1),
    DER_FORM(PKCS_8, PRIVATE, 0, IS_RSA | IS_EC, pkcs8, write_pkcs8),
    DER_FORM(X_509, PUBLIC, 0, IS_RSA | IS_EC, x509, write_x509),
    DER_FORM(ECPRIVATEKEY, PRIVATE, FOR_EC, IS_EC, ec_private, write_ec_own),
    TRANSPARENT(DSA, 0, read_transparent_prime, NULL),
    TRANSPARENT(RSA, IS_RSA, read_transparent_rsa, write_transparent_rsa),
    TRANSPARENT(DH, 0, read_transparent_prime, NULL),
    TRANSPARENT(ECDSA, IS_EC, read_transparent_ec, write_transparent_ec),
    TRANSPARENT(ECDH, IS_EC, read_transparent_ec, write_transparent_ec),
    TRANSPARENT(ECMQV, IS_EC, read_transparent_ec, write_transparent_ec),
};

static const struct form *form_of(uint32_t format)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (forms[i].format == format)
            return &forms[i];
    return NULL;
}

enum asym_reading asym_read(uint32_t object_type, uint32_t format, const struct ttlv_item *material,
                            struct asym_key *out)
{
    const struct form *f = form_of(format);
    *out = (struct asym_key){.is_private = object_type == KMIP_OBJECT_TYPE_PRIVATE_KEY};
    if (!f)
        return format >> 28 == 8 ? ASYM_KEPT : ASYM_MISFIT; /* extensions are their owners' */
    if (!(f->objects & (out->is_private ? PRIVATE : PUBLIC)))
        return ASYM_MISFIT;
    out->algorithms = f->algorithms;
    if (f->algorithms & FOR_EC)
        out->algorithms |= FOR(EC); /* since 1.2 the name for all of them */
    if (f->read_der)
        return material->type == TTLV_BYTE_STRING ? f->read_der(material->val, out)
                                                  : ASYM_MALFORMED;
    if (f->read)
        return material->type == TTLV_STRUCTURE ? f->read(material, out) : ASYM_MALFORMED;
    return ASYM_KEPT;
}

/* PKCS#1 has all numbers; a transparent key may have come with some of them. */
static bool is_whole(const struct asym_key *k)
{
    for (size_t i = 0; k->kind == ASYM_RSA && i < RSA_NUMBERS; i++)
        if (!k->rsa[i].n && (k->is_private || i == RSA_PUBLIC_EXPONENT))
            return false;
    return true;
}

bool asym_writable(const struct asym_key *key, uint32_t format, uint8_t version)
{
    const struct form *f = form_of(format);
    if (!f || !(f->objects & (key->is_private ? PRIVATE : PUBLIC)) ||
        !(f->kinds & 1u << key->kind) || (f->algorithms && !(f->algorithms & key->algorithms)))
        return false;
    if (f->write && key->kind == ASYM_EC) {
        const struct kmip_enum *names = kmip_tag(KMIP_TAG_RECOMMENDED_CURVE)->en;
        const struct kmip_enum_value *v = kmip_enum_value(names, key->curve->recommended);
        return v && v->since <= version;
    }
    return is_whole(key);
}

void asym_write(const struct asym_key *key, uint32_t format, struct ttlv_writer *w)
{
    const struct form *f = form_of(format);
    if (f->write) {
        ttlv_w_open(w, KMIP_TAG_KEY_MATERIAL);
        f->write(key, w);
        ttlv_w_close(w);
        return;
    }
    struct buf der;
    buf_init(&der, BUF_NO_LIMIT);
    f->write_der(key, &der);
    ttlv_w_bytes(w, KMIP_TAG_KEY_MATERIAL, buf_bytes(&der));
    if (der.failed) {
        w->failed = true;
        kerr_set(w->err, KE_MEMORY, "out of memory");
    }
    buf_clear(&der);
}

/* First bytes of a point in each form (X9.62, 4.3.6). */
static const struct {
    uint32_t compression;
    uint8_t first[2];
} compressions[] = {
    {KMIP_KEY_COMPRESSION_TYPE_EC_PUBLIC_KEY_TYPE_UNCOMPRESSED, {4, 4}},
    {KMIP_KEY_COMPRESSION_TYPE_EC_PUBLIC_KEY_TYPE_X9_62_COMPRESSED_PRIME, {2, 3}},
    {KMIP_KEY_COMPRESSION_TYPE_EC_PUBLIC_KEY_TYPE_X9_62_COMPRESSED_CHAR2, {2, 3}},
    {KMIP_KEY_COMPRESSION_TYPE_EC_PUBLIC_KEY_TYPE_X9_62_HYBRID, {6, 7}},
};

bool asym_is_compressed(const struct asym_key *k, uint32_t compression)
{
    for (size_t i = 0; i < sizeof compressions / sizeof *compressions; i++)
        if (compressions[i].compression == compression && k->kind == ASYM_EC && !k->is_private)
            return k->point.p[0] == compressions[i].first[0] ||
                   k->point.p[0] == compressions[i].first[1];
    return false;
}

uint32_t asym_own_format(const struct asym_key *key)
{
    if (key->kind == ASYM_RSA)
        return KMIP_KEY_FORMAT_TYPE_PKCS_1;
    return key->is_private ? KMIP_KEY_FORMAT_TYPE_ECPRIVATEKEY : KMIP_KEY_FORMAT_TYPE_X_509;
}
