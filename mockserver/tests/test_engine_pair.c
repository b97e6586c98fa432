/* Create Key Pair, Re-key Key Pair; public and private keys registered and got in other
 * formats. */
#include "mockserver/tests/engine_rig.h"

#define F(name) KMIP_KEY_FORMAT_TYPE_##name
#define REASON(name) KMIP_RESULT_REASON_##name
#define RSA "Cryptographic Algorithm: RSA, Cryptographic Length: 512"
#define PRIVATE(attrs) "Private Key Template-Attribute: {Attributes: {" attrs "}}"
#define PUBLIC(attrs) "Public Key Template-Attribute: {Attributes: {" attrs "}}"
#define COMMON(attrs) "Common Template-Attribute: {Attributes: {" attrs "}}"
#define SIGN "Cryptographic Usage Mask: Sign"
#define VERIFY "Cryptographic Usage Mask: Verify"
#define PAIR(common, priv, pub)                                                                    \
    "Create Key Pair, {" COMMON(common) ", " PRIVATE(SIGN priv) ", " PUBLIC(VERIFY pub) "}"

/* The response of the first item binds both keys. */
static void take_pair(struct rig *r, const char *private_name, const char *public_name)
{
    rig_take(r, private_name, KMIP_TAG_PRIVATE_KEY_UNIQUE_IDENTIFIER);
    rig_take(r, public_name, KMIP_TAG_PUBLIC_KEY_UNIQUE_IDENTIFIER);
}

static void make_pair(struct rig *r, const char *items)
{
    rig_expect(r, items, 0);
    take_pair(r, "priv", "pub");
}

/* Does the only link of this type of $object lead to $to? */
static bool is_linked(struct rig *r, const char *object, uint32_t type, const char *to)
{
    char ask[120];
    struct ttlv_item v, f;
    struct form_value_ref want;
    unsigned found = 0;
    bool right = false;
    snprintf(ask, sizeof ask, "Get Attributes, {Unique Identifier: $%s, Attribute Name: Link}",
             object);
    rig_expect(r, ask, 0);
    cr_assert(rig_lookup(r, bytes_str(to), &want));
    for (unsigned n = 0; rig_attribute(r, "Link", n, &v, NULL); n++) {
        cr_assert(ttlv_find(&v, KMIP_TAG_LINK_TYPE, &f));
        if (ttlv_enum(&f) != type)
            continue;
        found++;
        right = ttlv_find(&v, KMIP_TAG_LINKED_OBJECT_IDENTIFIER, &f) && bytes_eq(f.val, want.val);
    }
    return found == 1 && right;
}

/* The Key Block of a Get, which must carry this format; `object` gets its tag. */
static void got_block(struct rig *r, uint32_t object, uint32_t format, struct ttlv_item *material)
{
    struct ttlv_item body, block, it;
    cr_assert(rig_field(r, 0, object, &body) && ttlv_find(&body, KMIP_TAG_KEY_BLOCK, &block));
    cr_assert(ttlv_find(&block, KMIP_TAG_KEY_FORMAT_TYPE, &it));
    cr_expect_eq(ttlv_enum(&it), format, "%s", kmip_name_of("Key Format Type", ttlv_enum(&it)));
    cr_assert(ttlv_find(&block, KMIP_TAG_KEY_VALUE, &it) &&
              ttlv_find(&it, KMIP_TAG_KEY_MATERIAL, material));
}

Test(create_key_pair, makes_two_keys_that_know_each_other)
{
    struct rig *r = rig_new(NULL);
    struct ttlv_item m;
    make_pair(r, PAIR(RSA, ", Name: one-private", ", Name: one-public"));
    cr_expect(is_linked(r, "priv", KMIP_LINK_TYPE_PUBLIC_KEY_LINK, "pub"));
    cr_expect(is_linked(r, "pub", KMIP_LINK_TYPE_PRIVATE_KEY_LINK, "priv"));
    cr_expect_eq(rig_number(r, "priv", "Object Type"), KMIP_OBJECT_TYPE_PRIVATE_KEY);
    cr_expect_eq(rig_number(r, "pub", "Object Type"), KMIP_OBJECT_TYPE_PUBLIC_KEY);
    cr_expect_eq(rig_number(r, "priv", "Cryptographic Length"), 512);
    cr_expect_eq(rig_number(r, "pub", "Cryptographic Algorithm"),
                 KMIP_CRYPTOGRAPHIC_ALGORITHM_RSA);
    cr_expect_eq(rig_number(r, "pub", "Cryptographic Usage Mask"),
                 KMIP_CRYPTOGRAPHIC_USAGE_MASK_VERIFY);
    cr_expect_eq(rig_number(r, "priv", "Original Creation Date"), RIG_NOW);
    cr_expect_eq(rig_state(r, "priv"), KMIP_STATE_PRE_ACTIVE);
    rig_expect(r, "Get, {Unique Identifier: $priv}", 0);
    got_block(r, KMIP_TAG_PRIVATE_KEY, F(PKCS_1), &m);
    rig_expect(r, "Get, {Unique Identifier: $pub}", 0);
    got_block(r, KMIP_TAG_PUBLIC_KEY, F(PKCS_1), &m);
    rig_free(r);
}

/* Of the rows only those that succeed make anything. */
Test(create_key_pair, takes_and_refuses_as_the_error_table_says)
{
    static const struct rig_row rows[] = {
        {"curve by length", PAIR("Cryptographic Algorithm: ECDSA, Cryptographic Length: 256", "", ""),
         0},
        {"curve by name",
         PAIR("Cryptographic Algorithm: EC, Cryptographic Domain Parameters: {Recommended Curve: "
              "P-384}", "", ""), 0},
        {"curve of another length",
         PAIR("Cryptographic Algorithm: EC, Cryptographic Length: 256, Cryptographic Domain "
              "Parameters: {Recommended Curve: P-384}", "", ""), REASON(INVALID_FIELD)},
        {"curve that no keys are made on",
         PAIR("Cryptographic Algorithm: EC, Cryptographic Domain Parameters: {Recommended Curve: "
              "K-163}", "", ""), REASON(INVALID_FIELD)},
        {"Qlength of RSA", PAIR(RSA ", Cryptographic Domain Parameters: {Qlength: 160}", "", ""),
         REASON(INVALID_FIELD)},
        {"no algorithm", PAIR("Cryptographic Length: 512", "", ""), REASON(INVALID_MESSAGE)},
        {"algorithm of symmetric keys",
         PAIR("Cryptographic Algorithm: AES, Cryptographic Length: 128", "", ""),
         REASON(INVALID_FIELD)},
        {"length of no key", PAIR("Cryptographic Algorithm: RSA, Cryptographic Length: 100", "", ""),
         REASON(INVALID_FIELD)},
        {"length 0", PAIR("Cryptographic Algorithm: RSA, Cryptographic Length: 0", "", ""),
         REASON(INVALID_FIELD)},
        {"nothing at all", "Create Key Pair, {}", REASON(INVALID_MESSAGE)},
        {"no mask of the public key", "Create Key Pair, {" COMMON(RSA) ", " PRIVATE(SIGN) "}",
         REASON(INVALID_MESSAGE)},
        {"one mask for both", "Create Key Pair, {" COMMON(RSA ", " SIGN) "}", 0},
        {"all of it said of the private key",
         "Create Key Pair, {" PRIVATE(RSA ", " SIGN) ", " PUBLIC(VERIFY) "}", 0},
        {"lengths at odds",
         "Create Key Pair, {" PRIVATE(RSA ", " SIGN) ", "
         PUBLIC("Cryptographic Length: 1024, " VERIFY) "}", REASON(INVALID_FIELD)},
        {"a name", PAIR(RSA, ", Name: taken", ""), 0},
        {"a name in use", PAIR(RSA, ", Name: taken", ""), REASON(INVALID_FIELD)},
        {"one name for both", PAIR(RSA ", Name: both", "", ""), REASON(INVALID_FIELD)},
        {"... is not used up by that", PAIR(RSA, ", Name: both", ""), 0},
        {"one name twice", PAIR(RSA, ", Name: twice", ", Name: twice"), REASON(INVALID_FIELD)},
        {"attribute of symmetric keys", PAIR(RSA, ", Process Start Date: $NOW", ""),
         REASON(INVALID_FIELD)},
        {"creation date", PAIR(RSA ", Original Creation Date: $NOW", "", ""),
         REASON(INVALID_FIELD)},
        {"single attribute twice", PAIR(RSA, ", Contact Information: [a, b]", ""),
         REASON(INVALID_FIELD)},
        {"single attribute, overruled", PAIR(RSA ", Contact Information: a",
                                             ", Contact Information: b", ""), 0},
    };
    struct rig *r = rig_new(NULL);
    rig_expect_rows(r, rows);
    rig_free(r);
}

Test(create_key_pair, leaves_nothing_when_it_fails)
{
    struct rig *r = rig_new(NULL);
    rig_expect(r, "Create Key Pair, {" COMMON(RSA) ", " PUBLIC(VERIFY) "}",
               REASON(INVALID_MESSAGE));
    rig_expect(r, "Locate, {}", 0);
    cr_expect_eq(rig_count(r, 0, KMIP_TAG_UNIQUE_IDENTIFIER), 0);
    rig_free(r);
}

static bool has_text(struct rig *r, const char *object, const char *attribute, const char *text)
{
    char ask[160];
    struct ttlv_item v;
    snprintf(ask, sizeof ask, "Get Attributes, {Unique Identifier: $%s, Attribute Name: %s}",
             object, attribute);
    rig_expect(r, ask, 0);
    return rig_attribute(r, attribute, 0, &v, NULL) && bytes_eq_str(v.val, text);
}

/* What is said of the half, the half's template, what is said of both, the common
 * template (4.2). */
Test(create_key_pair, goes_by_the_precedence_of_the_standard)
{
#define TEMPLATE(name, contact)                                                                    \
    "Register, {Object Type: Template, Template-Attribute: {Attributes: {Name: " name "}}, "       \
    "Template: {Attributes: {Contact Information: " contact "}}}"
#define NAMED(name) "Name: {Name Value: " name ", Name Type: Uninterpreted Text String}, "
    struct rig *r = rig_new(NULL);
    rig_expect(r, TEMPLATE("common", "common-template"), 0);
    rig_expect(r, TEMPLATE("half", "half-template"), 0);
    make_pair(r, "Create Key Pair, {Common Template-Attribute: {" NAMED("common") "Attributes: {"
                 RSA "}}, Private Key Template-Attribute: {" NAMED("half") "Attributes: {" SIGN
                 "}}, " PUBLIC(VERIFY) "}");
    cr_expect(has_text(r, "priv", "Contact Information", "half-template"));
    cr_expect(has_text(r, "pub", "Contact Information", "common-template"));
    make_pair(r, "Create Key Pair, {Common Template-Attribute: {" NAMED("common") "Attributes: {"
                 RSA ", Contact Information: common}}, Private Key Template-Attribute: {"
                 NAMED("half") "Attributes: {" SIGN "}}, Public Key Template-Attribute: {"
                 NAMED("half") "Attributes: {" VERIFY ", Contact Information: half}}}");
    cr_expect(has_text(r, "priv", "Contact Information", "half-template"));
    cr_expect(has_text(r, "pub", "Contact Information", "half"));
    make_pair(r, "Create Key Pair, {Common Template-Attribute: {" NAMED("common") "Attributes: {"
                 RSA ", Contact Information: common}}, " PRIVATE(SIGN) ", " PUBLIC(VERIFY) "}");
    cr_expect(has_text(r, "priv", "Contact Information", "common"));
    rig_free(r);
}

Test(create_key_pair, sets_the_placeholder_to_the_private_key)
{
    struct rig *r = rig_new(NULL);
    struct ttlv_item it, uid;
    rig_ask(r, PAIR(RSA, "", "") " || Get Attributes, {Attribute Name: Object Type}");
    cr_expect_eq(rig_reason(r, 1), 0);
    cr_assert(rig_field(r, 0, KMIP_TAG_PRIVATE_KEY_UNIQUE_IDENTIFIER, &it) &&
              rig_field(r, 1, KMIP_TAG_UNIQUE_IDENTIFIER, &uid));
    cr_expect(bytes_eq(it.val, uid.val));
    rig_free(r);
}

Test(create_key_pair, gives_the_same_keys_for_the_same_seed)
{
    static const char *const seeded[] = {"seed=5", NULL};
    struct buf first, second;
    for (int i = 0; i < 2; i++) {
        struct rig *r = rig_new(seeded);
        struct ttlv_item m;
        struct buf *b = i ? &second : &first;
        make_pair(r, PAIR(RSA, "", ""));
        rig_expect(r, "Get, {Unique Identifier: $priv}", 0);
        got_block(r, KMIP_TAG_PRIVATE_KEY, F(PKCS_1), &m);
        buf_init(b, BUF_NO_LIMIT);
        buf_put_bytes(b, m.val);
        rig_free(r);
    }
    cr_expect(bytes_eq(buf_bytes(&first), buf_bytes(&second)));
    buf_clear(&first);
    buf_clear(&second);
}

/* Under the default policy everybody may read a Public Key, and nobody else the other. */
Test(create_key_pair, lets_others_read_the_public_key_alone)
{
    struct rig *r = rig_new(NULL);
    make_pair(r, PAIR(RSA, "", ""));
    snprintf(r->peer.identity, sizeof r->peer.identity, "bob");
    rig_expect(r, "Get, {Unique Identifier: $pub}", 0);
    rig_expect(r, "Get, {Unique Identifier: $priv}", REASON(PERMISSION_DENIED));
    rig_expect(r, "Destroy, {Unique Identifier: $pub}", REASON(PERMISSION_DENIED));
    rig_expect(r, "Re-key Key Pair, {Private Key Unique Identifier: $priv}",
               REASON(PERMISSION_DENIED));
    rig_free(r);
}

/* Formats */

struct conversion {
    const char *object, *format;
    uint32_t reason, as;
};

static void convert(struct rig *r, const struct conversion *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char ask[160];
        struct ttlv_item m;
        bool is_private = strcmp(rows[i].object, "priv") == 0;
        snprintf(ask, sizeof ask, "Get, {Unique Identifier: $%s, Key Format Type: %s}",
                 rows[i].object, rows[i].format);
        rig_ask(r, ask);
        rig_expect_reason(r, ask, rows[i].reason);
        if (rig_reason(r, 0) == 0)
            got_block(r, is_private ? KMIP_TAG_PRIVATE_KEY : KMIP_TAG_PUBLIC_KEY, rows[i].as, &m);
    }
}

#define NO REASON(KEY_FORMAT_TYPE_NOT_SUPPORTED), 0

Test(get, serves_rsa_keys_in_the_formats_asked_for)
{
    static const struct conversion rows[] = {
        {"priv", "PKCS#1", 0, F(PKCS_1)},
        {"priv", "PKCS#8", 0, F(PKCS_8)},
        {"priv", "Transparent RSA Private Key", 0, F(TRANSPARENT_RSA_PRIVATE_KEY)},
        {"priv", "Transparent RSA Public Key", NO},
        {"priv", "X.509", NO},
        {"priv", "ECPrivateKey", NO},
        {"priv", "Raw", NO},
        {"priv", "Transparent Symmetric Key", NO},
        {"pub", "PKCS#1", 0, F(PKCS_1)},
        {"pub", "X.509", 0, F(X_509)},
        {"pub", "Transparent RSA Public Key", 0, F(TRANSPARENT_RSA_PUBLIC_KEY)},
        {"pub", "PKCS#8", NO},
        {"pub", "Transparent DSA Public Key", NO},
    };
    struct rig *r = rig_new(NULL);
    make_pair(r, PAIR(RSA, "", ""));
    convert(r, rows, sizeof rows / sizeof *rows);
    rig_free(r);
}

Test(get, serves_elliptic_curve_keys_in_the_formats_of_their_algorithm)
{
    static const struct conversion rows[] = {
        {"priv", "ECPrivateKey", 0, F(ECPRIVATEKEY)},
        {"priv", "PKCS#8", 0, F(PKCS_8)},
        {"priv", "Transparent ECDSA Private Key", 0, F(TRANSPARENT_ECDSA_PRIVATE_KEY)},
        {"priv", "PKCS#1", NO},
        {"pub", "X.509", 0, F(X_509)},
        {"pub", "Transparent ECDSA Public Key", 0, F(TRANSPARENT_ECDSA_PUBLIC_KEY)},
    };
    struct rig *r = rig_new(NULL);
    make_pair(r, PAIR("Cryptographic Algorithm: ECDSA", "", ""));
    convert(r, rows, sizeof rows / sizeof *rows);
    rig_free(r);
}

/* By default points are uncompressed, and nothing is compressed here (2.1.3). */
Test(get, refuses_to_compress_points)
{
    static const struct {
        const char *object, *type;
        uint32_t reason;
    } rows[] = {
        {"pub", "EC Public Key Type Uncompressed", 0},
        {"pub", "EC Public Key Type X9.62 Compressed Prime",
         REASON(KEY_COMPRESSION_TYPE_NOT_SUPPORTED)},
        {"pub", "EC Public Key Type X9.62 Hybrid", REASON(KEY_COMPRESSION_TYPE_NOT_SUPPORTED)},
        {"priv", "EC Public Key Type Uncompressed", REASON(KEY_COMPRESSION_TYPE_NOT_SUPPORTED)},
    };
    struct rig *r = rig_new(NULL);
    make_pair(r, PAIR("Cryptographic Algorithm: EC", "", ""));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char ask[160];
        snprintf(ask, sizeof ask, "Get, {Unique Identifier: $%s, Key Compression Type: %s}",
                 rows[i].object, rows[i].type);
        rig_expect(r, ask, rows[i].reason);
    }
    rig_free(r);
}

/* What was registered, asked for in another format and registered so, is the same key. */
Test(get, what_was_converted_comes_back)
{
    struct rig *r = rig_new(NULL);
    struct ttlv_item m, back;
    make_pair(r, PAIR(RSA, "", ""));
    rig_expect(r, "Get, {Unique Identifier: $priv, Key Format Type: Transparent RSA Private Key}",
               0);
    got_block(r, KMIP_TAG_PRIVATE_KEY, F(TRANSPARENT_RSA_PRIVATE_KEY), &m);
    rig_bind(r, "material", m.type, m.val);
    rig_make(r, "again", "Register, {Object Type: Private Key, Template-Attribute: {Attributes: {"
                         SIGN "}}, Private Key: {Key Block: {Key Format Type: Transparent RSA "
                         "Private Key, Key Value: {Key Material: $material}, Cryptographic "
                         "Algorithm: RSA, Cryptographic Length: 512}}}");
    rig_expect(r, "Get, {Unique Identifier: $again, Key Format Type: PKCS#1}", 0);
    got_block(r, KMIP_TAG_PRIVATE_KEY, F(PKCS_1), &back);
    rig_bind(r, "first", back.type, back.val);
    rig_expect(r, "Get, {Unique Identifier: $priv}", 0);
    got_block(r, KMIP_TAG_PRIVATE_KEY, F(PKCS_1), &m);
    struct form_value_ref first;
    cr_assert(rig_lookup(r, bytes_str("first"), &first));
    cr_expect(bytes_eq(first.val, m.val));
    rig_free(r);
}

/* Register */

#define REGISTER(type, attrs, format, material, rest)                                              \
    "Register, {Object Type: " type ", Template-Attribute: {Attributes: {" VERIFY attrs "}}, "     \
    type ": {Key Block: {Key Format Type: " format ", Key Value: {Key Material: " material "}"     \
    rest "}}}"
#define RSA_8 "300602010f020103" /* 15 and 3: a modulus of a byte */
#define TRANSPARENT_8 "{Modulus: 0F, Public Exponent: \"03\"}"
#define SAID(algorithm, length)                                                                    \
    ", Cryptographic Algorithm: " algorithm ", Cryptographic Length: " length
#define COMPRESSION "Key Compression Type: EC Public Key Type "
#define BYTES_16 "0102030405060708090a0b0c0d0e0f10"
/* On secp256k1; nobody looks whether the point is on the curve. */
#define K1                                                                                         \
    "3056301006072a8648ce3d020106052b8104000a03420004" BYTES_16 BYTES_16 BYTES_16 BYTES_16

Test(register, checks_asymmetric_keys_against_what_is_said_of_them)
{
    static const struct rig_row rows[] = {
        {"as it is", REGISTER("Public Key", "", "PKCS#1", RSA_8, SAID("RSA", "8")), 0},
        {"nothing said", REGISTER("Public Key", "", "PKCS#1", RSA_8, ""), 0},
        {"transparent", REGISTER("Public Key", "", "Transparent RSA Public Key", TRANSPARENT_8,
                                 SAID("RSA", "8")), 0},
        {"another length", REGISTER("Public Key", "", "PKCS#1", RSA_8, SAID("RSA", "1024")),
         REASON(INVALID_FIELD)},
        {"another algorithm", REGISTER("Public Key", "", "PKCS#1", RSA_8, SAID("ECDSA", "8")),
         REASON(INVALID_FIELD)},
        {"transparent, another length",
         REGISTER("Public Key", "", "Transparent RSA Public Key", TRANSPARENT_8,
                  SAID("RSA", "16")), REASON(INVALID_FIELD)},
        {"no key", REGISTER("Public Key", "", "PKCS#1", "0102", SAID("RSA", "8")),
         REASON(INVALID_FIELD)},
        {"a public key as a private one", REGISTER("Private Key", "", "PKCS#1", RSA_8, ""),
         REASON(INVALID_FIELD)},
        {"format of private keys", REGISTER("Public Key", "", "PKCS#8", RSA_8, ""),
         REASON(KEY_FORMAT_TYPE_NOT_SUPPORTED)},
        {"format of symmetric keys",
         REGISTER("Private Key", "", "Transparent Symmetric Key", "{Key: 00}", ""),
         REASON(KEY_FORMAT_TYPE_NOT_SUPPORTED)},
        {"Opaque is not looked into",
         REGISTER("Private Key", "", "Opaque", "00", SAID("RSA", "4096")), 0},
        {"curve", REGISTER("Public Key", "", "X.509", K1, SAID("EC", "256")), 0},
        {"curve of another length", REGISTER("Public Key", "", "X.509", K1, SAID("EC", "384")),
         REASON(INVALID_FIELD)},
        {"domain parameters",
         REGISTER("Public Key", ", Cryptographic Domain Parameters: {Recommended Curve: "
                                "SECP256K1}", "X.509", K1, SAID("EC", "256")), 0},
        {"domain parameters of another curve",
         REGISTER("Public Key", ", Cryptographic Domain Parameters: {Recommended Curve: P-256}",
                  "X.509", K1, SAID("EC", "256")), REASON(INVALID_FIELD)},
        {"uncompressed", REGISTER("Public Key", "", "X.509, " COMPRESSION "Uncompressed", K1, ""),
         0},
        {"compressed, it says",
         REGISTER("Public Key", "", "X.509, " COMPRESSION "X9.62 Compressed Prime", K1, ""),
         REASON(INVALID_FIELD)},
        {"compressed RSA",
         REGISTER("Public Key", "", "PKCS#1, " COMPRESSION "Uncompressed", RSA_8, ""),
         REASON(INVALID_FIELD)},
        {"transparent curve",
         REGISTER("Private Key", "", "Transparent ECDH Private Key",
                  "{Recommended Curve: P-256, D: \"07\"}", SAID("ECDH", "256")), 0},
        {"transparent curve for another algorithm",
         REGISTER("Private Key", "", "Transparent ECDH Private Key",
                  "{Recommended Curve: P-256, D: \"07\"}", SAID("ECDSA", "256")),
         REASON(INVALID_FIELD)},
        {"DSA", REGISTER("Public Key", "", "Transparent DSA Public Key",
                         "{P: 00FF, Q: \"03\", G: \"05\", Y: \"07\"}", SAID("DSA", "8")), 0},
        {"DSA of another length", REGISTER("Public Key", "", "Transparent DSA Public Key",
                                           "{P: 00FF, Q: \"03\", G: \"05\", Y: \"07\"}", SAID("DSA", "16")),
         REASON(INVALID_FIELD)},
    };
    struct rig *r = rig_new(NULL);
    rig_expect_rows(r, rows);
    rig_free(r);
}

Test(register, reads_algorithm_and_length_of_a_key_that_nobody_tells_of)
{
    struct rig *r = rig_new(NULL);
    rig_make(r, "k", REGISTER("Public Key", "", "X.509", K1, ""));
    cr_expect_eq(rig_number(r, "k", "Cryptographic Length"), 256);
    cr_expect_eq(rig_number(r, "k", "Cryptographic Algorithm"), KMIP_CRYPTOGRAPHIC_ALGORITHM_EC);
    r->version = "1.1";
    rig_make(r, "k", REGISTER("Public Key", "", "X.509", K1, ""));
    cr_expect_eq(rig_number(r, "k", "Cryptographic Algorithm"),
                 KMIP_CRYPTOGRAPHIC_ALGORITHM_ECDSA);
    rig_free(r);
}

/* Re-key Key Pair */

Test(rekey_key_pair, puts_a_new_pair_in_place_of_the_old)
{
    struct rig *r = rig_new(NULL);
    make_pair(r, PAIR(RSA ", Contact Information: us", ", Name: p", ", Name: q"));
    r->now_ns += 5000000000;
    rig_expect(r, "Re-key Key Pair, {Private Key Unique Identifier: $priv}", 0);
    take_pair(r, "new", "newpub");
    cr_expect(is_linked(r, "new", KMIP_LINK_TYPE_PUBLIC_KEY_LINK, "newpub"));
    cr_expect(is_linked(r, "newpub", KMIP_LINK_TYPE_PRIVATE_KEY_LINK, "new"));
    cr_expect(is_linked(r, "new", KMIP_LINK_TYPE_REPLACED_OBJECT_LINK, "priv"));
    cr_expect(is_linked(r, "newpub", KMIP_LINK_TYPE_REPLACED_OBJECT_LINK, "pub"));
    cr_expect(is_linked(r, "priv", KMIP_LINK_TYPE_REPLACEMENT_OBJECT_LINK, "new"));
    cr_expect(is_linked(r, "pub", KMIP_LINK_TYPE_REPLACEMENT_OBJECT_LINK, "newpub"));
    cr_expect(is_linked(r, "priv", KMIP_LINK_TYPE_PUBLIC_KEY_LINK, "pub"));
    cr_expect_eq(rig_number(r, "priv", "Name"), -1);
    cr_expect_eq(rig_number(r, "new", "Initial Date"), RIG_NOW + 5);
    cr_expect_eq(rig_number(r, "priv", "Last Change Date"), RIG_NOW + 5);
    cr_expect_eq(rig_number(r, "pub", "Last Change Date"), RIG_NOW + 5);
    cr_expect_eq(rig_number(r, "newpub", "Cryptographic Length"), 512);
    cr_expect(has_text(r, "new", "Contact Information", "us"));
    rig_expect(r, "Locate, {Attributes: {Name: q}}", 0);
    cr_expect_eq(rig_count(r, 0, KMIP_TAG_UNIQUE_IDENTIFIER), 1);
    rig_free(r);
}

Test(rekey_key_pair, counts_dates_from_now_by_an_offset)
{
    struct rig *r = rig_new(NULL);
    make_pair(r, PAIR(RSA ", Activation Date: $NOW-100, Deactivation Date: $NOW+100", "", ""));
    rig_expect(r, "Re-key Key Pair, {Private Key Unique Identifier: $priv, Offset: 10}", 0);
    take_pair(r, "new", "newpub");
    cr_expect_eq(rig_number(r, "new", "Activation Date"), RIG_NOW + 10);
    cr_expect_eq(rig_number(r, "newpub", "Activation Date"), RIG_NOW + 10);
    cr_expect_eq(rig_number(r, "newpub", "Deactivation Date"), RIG_NOW + 210);
    cr_expect_eq(rig_state(r, "new"), KMIP_STATE_PRE_ACTIVE);
    rig_expect(r, "Re-key Key Pair, {Private Key Unique Identifier: $priv}", 0);
    take_pair(r, "new", "newpub");
    cr_expect_eq(rig_number(r, "new", "Activation Date"), RIG_NOW - 100);
    cr_expect_eq(rig_state(r, "newpub"), KMIP_STATE_ACTIVE);
    rig_free(r);
}

Test(rekey_key_pair, refuses_as_the_error_table_says)
{
    static const struct rig_row rows[] = {
        {"nobody", "Re-key Key Pair, {Private Key Unique Identifier: nobody}",
         REASON(ITEM_NOT_FOUND)},
        {"empty placeholder", "Re-key Key Pair, {}", REASON(ITEM_NOT_FOUND)},
        {"the public key", "Re-key Key Pair, {Private Key Unique Identifier: $pub}",
         REASON(PERMISSION_DENIED)},
        {"no pair", "Re-key Key Pair, {Private Key Unique Identifier: $alone}",
         REASON(PERMISSION_DENIED)},
        {"Offset without Activation Date",
         "Re-key Key Pair, {Private Key Unique Identifier: $priv, Offset: 5}",
         REASON(ILLEGAL_OPERATION)},
        {"Offset and a date of one half",
         "Re-key Key Pair, {Private Key Unique Identifier: $dated, Offset: 5, "
         PUBLIC("Deactivation Date: $NOW+99") "}", REASON(INVALID_MESSAGE)},
        {"no keys of this kind are made",
         "Re-key Key Pair, {Private Key Unique Identifier: $priv, "
         COMMON("Cryptographic Length: 100") "}", REASON(PERMISSION_DENIED)},
        {"by Re-key", "Re-key, {Unique Identifier: $priv}", REASON(PERMISSION_DENIED)},
    };
    struct rig *r = rig_new(NULL);
    make_pair(r, PAIR(RSA ", Activation Date: $NOW", "", ""));
    rig_bind(r, "dated", TTLV_TEXT_STRING, bytes_of(r->vars[0].val, r->vars[0].n));
    make_pair(r, PAIR(RSA, ", Name: stays", ""));
    rig_make(r, "alone", "Register, {Object Type: Private Key, Template-Attribute: {Attributes: {"
                         SIGN "}}, Private Key: {Key Block: {Key Format Type: Opaque, Key Value: "
                         "{Key Material: 00}}}}");
    rig_expect_rows(r, rows);
    rig_expect(r, "Get Attributes, {Unique Identifier: $priv, Attribute Name: Name}", 0);
    cr_expect_eq(rig_count(r, 0, KMIP_TAG_ATTRIBUTE), 1, "a refusal takes the Name");
    rig_expect(r, "Destroy, {Unique Identifier: $pub}", 0);
    rig_expect(r, "Re-key Key Pair, {Private Key Unique Identifier: $priv}",
               REASON(ITEM_NOT_FOUND));
    rig_free(r);
}

Test(rekey_key_pair, is_an_operation_since_1_1)
{
    struct rig *r = rig_new(NULL);
    make_pair(r, PAIR(RSA, "", ""));
    r->version = "1.0";
    rig_expect(r, "Re-key Key Pair, {Private Key Unique Identifier: $priv}",
               REASON(OPERATION_NOT_SUPPORTED));
    r->version = "1.1";
    rig_expect(r, "Re-key Key Pair, {Private Key Unique Identifier: $priv}", 0);
    rig_free(r);
}
