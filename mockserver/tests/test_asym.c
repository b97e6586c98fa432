/* Asymmetric keys made here and in all their forms. What is written is read back, and by
 * GnuTLS, which knows nothing of how it was written. */
#include <criterion/criterion.h>
#include <gnutls/abstract.h>
#include <gnutls/x509.h>

#include "kmip/schema/dict.h"
#include "kmip/tests/support/hex.h"
#include "mockserver/asym.h"
#include "mockserver/der.h"

#define A(name) KMIP_CRYPTOGRAPHIC_ALGORITHM_##name
#define F(name) KMIP_KEY_FORMAT_TYPE_##name

static struct draws draws_of(unsigned seed)
{
    struct draws d = {.seeded = true};
    memset(d.stream, (int)seed, sizeof d.stream);
    return d;
}

static void make(uint32_t algorithm, int32_t bits, unsigned seed, struct buf *numbers,
                 struct asym_key *out)
{
    struct asym_wish wish = {.algorithm = algorithm, .bits = bits};
    struct draws d = draws_of(seed);
    buf_init(numbers, BUF_NO_LIMIT);
    cr_assert_eq(asym_complete(&wish), CRYPTO_OK);
    cr_assert_eq(asym_make(&wish, &d, numbers, out), CRYPTO_OK);
}

/* The Key Material of the key in a format; `it` is a view into `wire`. */
static void written(const struct asym_key *k, uint32_t format, struct buf *wire,
                    struct ttlv_item *it)
{
    struct ttlv_writer w;
    buf_init(wire, BUF_NO_LIMIT);
    ttlv_w_init(&w, wire, NULL);
    asym_write(k, format, &w);
    cr_assert(ttlv_w_finish(&w));
    cr_assert(ttlv_first(buf_bytes(wire), it));
    cr_assert_eq(it->tag, KMIP_TAG_KEY_MATERIAL);
}

static uint32_t type_of(const struct asym_key *k)
{
    return k->is_private ? KMIP_OBJECT_TYPE_PRIVATE_KEY : KMIP_OBJECT_TYPE_PUBLIC_KEY;
}

static bool same(const struct asym_key *a, const struct asym_key *b)
{
    for (size_t i = 0; i < RSA_NUMBERS; i++)
        if (!bytes_eq(a->rsa[i], b->rsa[i]))
            return false;
    return a->kind == b->kind && a->bits == b->bits && a->curve == b->curve;
}

static const struct {
    const char *name;
    uint32_t algorithm;
    int32_t bits;
    uint32_t private_formats[4], public_formats[4];
} pairs[] = {
    {"RSA 1024", A(RSA), 1024,
     {F(PKCS_1), F(PKCS_8), F(TRANSPARENT_RSA_PRIVATE_KEY)},
     {F(PKCS_1), F(X_509), F(TRANSPARENT_RSA_PUBLIC_KEY)}},
    {"ECDSA 256", A(ECDSA), 256,
     {F(ECPRIVATEKEY), F(PKCS_8), F(TRANSPARENT_ECDSA_PRIVATE_KEY)},
     {F(X_509), F(TRANSPARENT_ECDSA_PUBLIC_KEY)}},
    {"ECDH 384", A(ECDH), 384,
     {F(ECPRIVATEKEY), F(PKCS_8), F(TRANSPARENT_ECDH_PRIVATE_KEY)},
     {F(X_509), F(TRANSPARENT_ECDH_PUBLIC_KEY)}},
    {"EC 521", A(EC), 521, {F(ECPRIVATEKEY), F(PKCS_8)}, {F(X_509)}},
    {"EC 192", A(EC), 192, {F(ECPRIVATEKEY), F(PKCS_8)}, {F(X_509)}},
};

static void check_forms(const char *name, const struct asym_key *k, const uint32_t *formats)
{
    for (; *formats; formats++) {
        struct buf wire;
        struct ttlv_item it;
        struct asym_key back;
        const char *format = kmip_name_of("Key Format Type", *formats);
        cr_assert(asym_writable(k, *formats, KMIP_V12), "%s as %s", name, format);
        written(k, *formats, &wire, &it);
        cr_expect_eq(asym_read(type_of(k), *formats, &it, &back), ASYM_READ, "%s as %s", name,
                     format);
        cr_expect(same(k, &back), "%s as %s", name, format);
        cr_expect(back.algorithms & k->algorithms, "%s as %s", name, format);
        buf_clear(&wire);
    }
}

Test(asym, keys_survive_every_form)
{
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct buf numbers;
        struct asym_key private_key, public_key;
        make(pairs[i].algorithm, pairs[i].bits, 1, &numbers, &private_key);
        public_key = asym_public(&private_key);
        cr_expect_eq(private_key.bits, (unsigned)pairs[i].bits);
        check_forms(pairs[i].name, &private_key, pairs[i].private_formats);
        check_forms(pairs[i].name, &public_key, pairs[i].public_formats);
        buf_clear(&numbers);
    }
}

static int gnutls_reads(const struct asym_key *k, uint32_t format)
{
    struct buf wire;
    struct ttlv_item it;
    gnutls_x509_privkey_t private_key;
    gnutls_pubkey_t public_key;
    written(k, format, &wire, &it);
    gnutls_datum_t der = {(unsigned char *)(uintptr_t)it.val.p, (unsigned)it.val.n};
    int result = 0;
    if (k->is_private) {
        gnutls_x509_privkey_init(&private_key);
        result = format == F(PKCS_8)
                     ? gnutls_x509_privkey_import_pkcs8(private_key, &der, GNUTLS_X509_FMT_DER,
                                                        NULL, GNUTLS_PKCS_PLAIN)
                     : gnutls_x509_privkey_import(private_key, &der, GNUTLS_X509_FMT_DER);
        if (result == 0)
            result = gnutls_x509_privkey_verify_params(private_key);
        gnutls_x509_privkey_deinit(private_key);
    } else {
        gnutls_pubkey_init(&public_key);
        result = gnutls_pubkey_import(public_key, &der, GNUTLS_X509_FMT_DER);
        gnutls_pubkey_deinit(public_key);
    }
    buf_clear(&wire);
    return result;
}

Test(asym, what_is_made_is_sound_for_others_too)
{
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct buf numbers;
        struct asym_key k, pub;
        make(pairs[i].algorithm, pairs[i].bits, 2, &numbers, &k);
        pub = asym_public(&k);
        cr_expect_eq(gnutls_reads(&k, pairs[i].private_formats[0]), 0, "%s", pairs[i].name);
        cr_expect_eq(gnutls_reads(&k, F(PKCS_8)), 0, "%s", pairs[i].name);
        cr_expect_eq(gnutls_reads(&pub, F(X_509)), 0, "%s", pairs[i].name);
        buf_clear(&numbers);
    }
}

Test(asym, a_seed_decides_the_key)
{
    static const uint32_t algorithms[] = {A(RSA), A(EC)};
    for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++) {
        struct buf a, b, c;
        struct asym_key ka, kb, kc;
        make(algorithms[i], i ? 256 : 512, 7, &a, &ka);
        make(algorithms[i], i ? 256 : 512, 7, &b, &kb);
        make(algorithms[i], i ? 256 : 512, 8, &c, &kc);
        cr_expect(bytes_eq(buf_bytes(&a), buf_bytes(&b)));
        cr_expect(!bytes_eq(buf_bytes(&a), buf_bytes(&c)));
        buf_clear(&a);
        buf_clear(&b);
        buf_clear(&c);
    }
}

Test(asym, wishes_are_completed_or_refused)
{
    static const struct {
        const char *name;
        struct asym_wish wish;
        enum crypto_result result;
        int32_t bits;
        uint32_t curve;
    } rows[] = {
        {"RSA", {A(RSA), 0, 0}, CRYPTO_OK, 2048, 0},
        {"RSA 512", {A(RSA), 512, 0}, CRYPTO_OK, 512, 0},
        {"RSA too short", {A(RSA), 504, 0}, CRYPTO_BAD_KEY, 0, 0},
        {"RSA too long", {A(RSA), 4104, 0}, CRYPTO_BAD_KEY, 0, 0},
        {"RSA, odd", {A(RSA), 1023, 0}, CRYPTO_BAD_KEY, 0, 0},
        {"RSA, negative", {A(RSA), -8, 0}, CRYPTO_BAD_KEY, 0, 0},
        {"RSA on a curve", {A(RSA), 1024, KMIP_RECOMMENDED_CURVE_P_256}, CRYPTO_BAD_KEY, 0, 0},
        {"EC", {A(EC), 0, 0}, CRYPTO_OK, 256, KMIP_RECOMMENDED_CURVE_P_256},
        {"ECDSA by length", {A(ECDSA), 384, 0}, CRYPTO_OK, 384, KMIP_RECOMMENDED_CURVE_P_384},
        {"ECDH by curve", {A(ECDH), 0, KMIP_RECOMMENDED_CURVE_P_521}, CRYPTO_OK, 521,
         KMIP_RECOMMENDED_CURVE_P_521},
        {"both", {A(EC), 224, KMIP_RECOMMENDED_CURVE_P_224}, CRYPTO_OK, 224,
         KMIP_RECOMMENDED_CURVE_P_224},
        {"at odds", {A(EC), 256, KMIP_RECOMMENDED_CURVE_P_224}, CRYPTO_BAD_KEY, 0, 0},
        {"no curve of this length", {A(EC), 300, 0}, CRYPTO_BAD_KEY, 0, 0},
        {"curve that is not made", {A(EC), 0, KMIP_RECOMMENDED_CURVE_SECP256K1}, CRYPTO_BAD_KEY,
         0, 0},
        {"no such curve", {A(EC), 0, 0x7FFF}, CRYPTO_BAD_KEY, 0, 0},
        {"DSA", {A(DSA), 1024, 0}, CRYPTO_BAD_ALGORITHM, 0, 0},
        {"AES", {A(AES), 128, 0}, CRYPTO_BAD_ALGORITHM, 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct asym_wish w = rows[i].wish;
        cr_expect_eq(asym_complete(&w), rows[i].result, "%s", rows[i].name);
        if (rows[i].result == CRYPTO_OK)
            cr_expect(w.bits == rows[i].bits && w.curve == rows[i].curve, "%s", rows[i].name);
    }
}

#define EC_PRIVATE                                                                                 \
    "30740201010420db4d128c30ca309e62c4019758c00ba244dd64d9bf52a31078866b8a00c19c68a00706052b8104" \
    "000aa14403420004dab5d3c253113db414abfc1c0ebf5a02559e656aa1c8b0aa8d870aa0324cda4899925ea1"

Test(asym, what_is_not_the_format_is_told_from_what_is_not_looked_into)
{
    enum { PRI = KMIP_OBJECT_TYPE_PRIVATE_KEY, PUB = KMIP_OBJECT_TYPE_PUBLIC_KEY };
    static const struct {
        const char *name;
        uint32_t type, format;
        const char *hex;
        enum asym_reading reading;
    } rows[] = {
        {"Raw is anything", PRI, F(RAW), "00", ASYM_KEPT},
        {"Opaque is anything", PUB, F(OPAQUE), "00", ASYM_KEPT},
        {"an extension is its owner's", PRI, 0x80000001, "00", ASYM_KEPT},
        {"X.509 is no private key", PRI, F(X_509), "3000", ASYM_MISFIT},
        {"PKCS#8 is no public key", PUB, F(PKCS_8), "3000", ASYM_MISFIT},
        {"a symmetric format", PRI, F(TRANSPARENT_SYMMETRIC_KEY), "00", ASYM_MISFIT},
        {"a transparent key that is bytes", PRI, F(TRANSPARENT_RSA_PRIVATE_KEY), "00",
         ASYM_MALFORMED},
        {"PKCS#1: nothing", PUB, F(PKCS_1), "", ASYM_MALFORMED},
        {"PKCS#1: modulus 0", PUB, F(PKCS_1), "3006020100020103", ASYM_MALFORMED},
        {"PKCS#1: 15 and 3", PUB, F(PKCS_1), "300602010f020103", ASYM_READ},
        {"PKCS#1: negative", PUB, F(PKCS_1), "300602018f020103", ASYM_MALFORMED},
        {"PKCS#1: cut", PUB, F(PKCS_1), "300602010f0201", ASYM_MALFORMED},
        {"PKCS#1: more behind", PUB, F(PKCS_1), "300602010f02010300", ASYM_MALFORMED},
        {"PKCS#1: more inside", PUB, F(PKCS_1), "300902010f020103020103", ASYM_MALFORMED},
        {"PKCS#1: length not the shortest", PUB, F(PKCS_1), "30810602010f020103",
         ASYM_MALFORMED},
        {"PKCS#1: endless length", PUB, F(PKCS_1), "308002010f0201030000", ASYM_MALFORMED},
        {"PKCS#1: length beyond", PUB, F(PKCS_1), "3084ffffffff02010f020103", ASYM_MALFORMED},
        {"PKCS#8: encrypted", PRI, F(PKCS_8), "30073000" "0403010203", ASYM_KEPT},
        {"PKCS#8: another algorithm", PRI, F(PKCS_8), "300a020100" "3003060155" "0400", ASYM_KEPT},
        {"PKCS#8: no key", PRI, F(PKCS_8), "3008020100" "3003060155", ASYM_MALFORMED},
        {"X.509: another algorithm", PUB, F(X_509), "3008" "3003060155" "030100", ASYM_KEPT},
        {"X.509: bits left over", PUB, F(X_509), "3008" "3003060155" "030101", ASYM_MALFORMED},
        {"EC: version 2", PRI, F(ECPRIVATEKEY), "3006020102040101", ASYM_MALFORMED},
        {"EC: curve unknown", PRI, F(ECPRIVATEKEY), "3006020101040101", ASYM_KEPT},
        {"EC: point cut", PRI, F(ECPRIVATEKEY), EC_PRIVATE, ASYM_MALFORMED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct asym_key k;
        struct buf bytes;
        struct ttlv_item it = {.tag = KMIP_TAG_KEY_MATERIAL, .type = TTLV_BYTE_STRING};
        buf_init(&bytes, BUF_NO_LIMIT);
        hex_put(&bytes, rows[i].hex);
        it.val = buf_bytes(&bytes);
        enum asym_reading got = asym_read(rows[i].type, rows[i].format, &it, &k);
        cr_expect_eq(got, rows[i].reading, "%s: %d", rows[i].name, (int)got);
        buf_clear(&bytes);
    }
}

/* Every byte of a key changed, and every cut of it: never a read beyond (guarded by the
 * sanitizers), never a number without end. */
Test(asym, damaged_keys_are_read_within_their_bounds)
{
    static const uint32_t formats[] = {F(PKCS_1), F(PKCS_8)};
    struct buf numbers;
    struct asym_key k, back;
    make(A(RSA), 512, 3, &numbers, &k);
    for (size_t f = 0; f < sizeof formats / sizeof *formats; f++) {
        struct buf wire;
        struct ttlv_item it, cut;
        written(&k, formats[f], &wire, &it);
        for (size_t n = 0; n <= it.val.n; n++) {
            uint8_t *copy = malloc(n + 1);
            memcpy(copy, it.val.p, n);
            cut = it;
            cut.val = bytes_of(copy, n);
            enum asym_reading got = asym_read(KMIP_OBJECT_TYPE_PRIVATE_KEY, formats[f], &cut, &back);
            cr_expect_eq(got, n == it.val.n ? ASYM_READ : ASYM_MALFORMED, "cut at %zu", n);
            if (n < it.val.n) {
                uint8_t *at = (uint8_t *)(uintptr_t)it.val.p + n;
                *at ^= 0x80;
                (void)asym_read(KMIP_OBJECT_TYPE_PRIVATE_KEY, formats[f], &it, &back);
                *at ^= 0x80;
            }
            free(copy);
        }
        buf_clear(&wire);
    }
    buf_clear(&numbers);
}

Test(asym, a_curve_that_the_version_does_not_know_is_not_given)
{
    struct asym_key k = {.kind = ASYM_EC,
                         .is_private = true,
                         .algorithms = ASYM_ALGORITHM(A(ECDSA)),
                         .curve = curve_of(KMIP_RECOMMENDED_CURVE_SECP256K1)};
    cr_expect(asym_writable(&k, F(TRANSPARENT_ECDSA_PRIVATE_KEY), KMIP_V12));
    cr_expect_not(asym_writable(&k, F(TRANSPARENT_ECDSA_PRIVATE_KEY), KMIP_V11));
    cr_expect(asym_writable(&k, F(ECPRIVATEKEY), KMIP_V11));
    cr_expect_not(asym_writable(&k, F(PKCS_1), KMIP_V12));
    cr_expect_not(asym_writable(&k, F(TRANSPARENT_ECDH_PRIVATE_KEY), KMIP_V12));
}

Test(asym, a_key_that_came_with_some_numbers_is_not_given_with_all)
{
    uint8_t one = 1;
    struct asym_key k = {.kind = ASYM_RSA, .is_private = true, .algorithms = ASYM_ALGORITHM(A(RSA))};
    k.rsa[RSA_MODULUS] = k.rsa[RSA_PRIVATE_EXPONENT] = bytes_of(&one, 1);
    cr_expect_not(asym_writable(&k, F(PKCS_1), KMIP_V12));
    cr_expect_not(asym_writable(&k, F(PKCS_8), KMIP_V12));
}

Test(curves, are_told_by_number_and_by_name)
{
    const struct kmip_enum *names = kmip_tag(KMIP_TAG_RECOMMENDED_CURVE)->en;
    unsigned known = 0;
    for (uint16_t i = 0; i < names->n; i++) {
        uint8_t room[CURVE_OID_MAX];
        const struct curve *c = curve_of(names->values[i].value);
        if (names->values[i].since > KMIP_V12)
            continue;
        cr_assert(c, "%s", names->values[i].name);
        cr_expect_eq(curve_by_oid(curve_oid(c, room)), c, "%s", names->values[i].name);
        known++;
    }
    cr_expect_eq(known, 68);
}
