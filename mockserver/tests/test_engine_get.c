/* Get: formats, wrapping, what is no longer there. */
#include <nettle/aes.h>
#include <nettle/nist-keywrap.h>

#include "mockserver/tests/engine_rig.h"

#define REGISTER(attrs, block)                                                                     \
    "Register, {Object Type: Symmetric Key, Template-Attribute: {Attributes: {" attrs              \
    "}}, Symmetric Key: {Key "                                                                     \
    "Block: {" block "}}}"
#define RAW(k)                                                                                     \
    "Key Format Type: Raw, Key Value: {Key Material: " k "}, Cryptographic Algorithm: AES, "       \
                                                         "Cryptographic Length: 128"
#define MASK "Cryptographic Usage Mask: Encrypt | Decrypt"
#define DATA_KEY "00112233445566778899aabbccddeeff"
#define KEK "000102030405060708090a0b0c0d0e0f"

/* Key Material, or the wrapped Key Value, of the first item, in hexadecimal. */
static const char *material(struct rig *r)
{
    static char text[600];
    struct ttlv_item o, block, value, m, key;
    struct buf hex;
    text[0] = '\0';
    if (!rig_field(r, 0, KMIP_TAG_SYMMETRIC_KEY, &o) ||
        !ttlv_find(&o, KMIP_TAG_KEY_BLOCK, &block) ||
        !ttlv_find(&block, KMIP_TAG_KEY_VALUE, &value))
        return text;
    m = value;
    if (value.type == TTLV_STRUCTURE)
        cr_assert(ttlv_find(&value, KMIP_TAG_KEY_MATERIAL, &m));
    if (m.type == TTLV_STRUCTURE) {
        cr_assert(ttlv_find(&m, KMIP_TAG_KEY, &key));
        m = key;
    }
    buf_init(&hex, BUF_NO_LIMIT);
    buf_hex(&hex, m.val);
    snprintf(text, sizeof text, "%s", buf_cstr(&hex));
    buf_clear(&hex);
    return text;
}

static uint32_t format(struct rig *r)
{
    struct ttlv_item o, block, f;
    return rig_field(r, 0, KMIP_TAG_SYMMETRIC_KEY, &o) &&
                   ttlv_find(&o, KMIP_TAG_KEY_BLOCK, &block) &&
                   ttlv_find(&block, KMIP_TAG_KEY_FORMAT_TYPE, &f)
               ? ttlv_enum(&f)
               : 0;
}

Test(get, serves_raw_and_transparent_from_either)
{
    static const char *const blocks[] = {REGISTER(MASK, RAW(DATA_KEY)),
                                         REGISTER(MASK, "Key Format Type: Transparent Symmetric "
                                                        "Key, Key Value: {Key Material: "
                                                        "{Key: " DATA_KEY "}}, Cryptographic "
                                                                          "Algorithm: AES, "
                                                                          "Cryptographic Length: "
                                                                          "128")};
    struct rig *r = rig_new(NULL);
    for (size_t i = 0; i < 2; i++) {
        rig_make(r, "k", blocks[i]);
        rig_expect(r, "Get, {Unique Identifier: $k}", 0);
        cr_expect_eq(format(r),
                     i ? KMIP_KEY_FORMAT_TYPE_TRANSPARENT_SYMMETRIC_KEY : KMIP_KEY_FORMAT_TYPE_RAW);
        rig_expect(r, "Get, {Unique Identifier: $k, Key Format Type: Raw}", 0);
        cr_expect_eq(format(r), KMIP_KEY_FORMAT_TYPE_RAW);
        cr_expect_str_eq(material(r), DATA_KEY);
        rig_expect(r, "Get, {Unique Identifier: $k, Key Format Type: Transparent Symmetric Key}",
                   0);
        cr_expect_eq(format(r), KMIP_KEY_FORMAT_TYPE_TRANSPARENT_SYMMETRIC_KEY);
        cr_expect_str_eq(material(r), DATA_KEY);
        rig_expect(r, "Get, {Unique Identifier: $k, Key Format Type: PKCS#8}",
                   KMIP_RESULT_REASON_KEY_FORMAT_TYPE_NOT_SUPPORTED);
        rig_expect(r, "Get, {Unique Identifier: $k, Key Format Type: 0x55}",
                   KMIP_RESULT_REASON_KEY_FORMAT_TYPE_NOT_SUPPORTED);
        rig_expect(r,
                   "Get, {Unique Identifier: $k, Key Compression Type: EC Public Key Type "
                   "Uncompressed}",
                   KMIP_RESULT_REASON_KEY_COMPRESSION_TYPE_NOT_SUPPORTED);
    }
    rig_free(r);
}

Test(get, serves_other_objects_as_registered)
{
    struct rig *r = rig_new(NULL);
    struct ttlv_item it;
    rig_make(r, "s",
             "Register, {Object Type: Secret Data, Template-Attribute: {Attributes: {Cryptographic "
             "Usage Mask: Verify}}, "
             "Secret Data: {Secret Data Type: Password, Key Block: {Key Format Type: Opaque, Key "
             "Value: {Key Material: "
             "0102, Attribute: {Attribute Name: x-inside, Attribute Value: a}}}}}");
    rig_expect(r, "Get, {Unique Identifier: $s}", 0);
    cr_expect(rig_field(r, 0, KMIP_TAG_SECRET_DATA, &it));
    rig_expect(r, "Get, {Unique Identifier: $s, Key Format Type: Raw}",
               KMIP_RESULT_REASON_KEY_FORMAT_TYPE_NOT_SUPPORTED);
    rig_make(r, "o",
             "Register, {Object Type: Opaque Object, Template-Attribute: {}, Opaque Object: "
             "{Opaque Data Type: "
             "0x80000001, Opaque Data Value: 0102}}");
    rig_expect(r, "Get, {Unique Identifier: $o}", 0);
    cr_expect(rig_field(r, 0, KMIP_TAG_OPAQUE_OBJECT, &it));
    rig_expect(r, "Get, {Unique Identifier: $o, Key Format Type: Raw}",
               KMIP_RESULT_REASON_KEY_FORMAT_TYPE_NOT_SUPPORTED);
    rig_make(r, "g",
             "Register, {Object Type: PGP Key, Template-Attribute: {Attributes: {Cryptographic "
             "Usage Mask: Verify}}, "
             "PGP Key: {PGP Key Version: 4, Key Block: {Key Format Type: Raw, Key Value: {Key "
             "Material: 0102}}}}");
    rig_expect(r, "Get, {Unique Identifier: $g}", 0);
    r->version = "1.1"; /* has no PGP Keys */
    rig_expect(r, "Get, {Unique Identifier: $g}", KMIP_RESULT_REASON_ITEM_NOT_FOUND);
    rig_expect(r,
               "Locate, {Attribute: {Attribute Name: Cryptographic Usage Mask, Attribute Value: "
               "Verify}}",
               0);
    cr_expect_eq(rig_count(r, 0, KMIP_TAG_UNIQUE_IDENTIFIER), 1u);
    rig_free(r);
}

Test(get, needs_a_live_object_on_line)
{
    struct rig *r = rig_new(NULL);
    rig_make(r, "k", REGISTER(MASK, RAW(DATA_KEY)));
    rig_expect(r, "Get, {Unique Identifier: none}", KMIP_RESULT_REASON_ITEM_NOT_FOUND);
    rig_expect(r, "Archive, {Unique Identifier: $k}", 0);
    rig_expect(r, "Get, {Unique Identifier: $k}", KMIP_RESULT_REASON_OBJECT_ARCHIVED);
    rig_expect(r, "Archive, {Unique Identifier: $k}", KMIP_RESULT_REASON_OBJECT_ARCHIVED);
    rig_expect(r, "Destroy, {Unique Identifier: $k}", KMIP_RESULT_REASON_OBJECT_ARCHIVED);
    rig_expect(r, "Get Attribute List, {Unique Identifier: $k}",
               KMIP_RESULT_REASON_OBJECT_ARCHIVED);
    cr_expect_eq(rig_number(r, "k", "Archive Date"), RIG_NOW);
    rig_ask(r, "Recover, {Unique Identifier: $k} || Get, {}");
    cr_expect_eq(rig_reason(r, 1), 0u);
    cr_expect_eq(rig_number(r, "k", "Fresh"), 0);
    rig_expect(r, "Destroy, {Unique Identifier: $k}", 0);
    rig_expect(r, "Get, {Unique Identifier: $k}", KMIP_RESULT_REASON_ITEM_NOT_FOUND);
    rig_free(r);
}

#define WRAP(kek, more)                                                                            \
    "Get, {Unique Identifier: $k, Key Wrapping Specification: {Wrapping Method: Encrypt, "         \
    "Encryption Key Information: "                                                                 \
    "{Unique Identifier: $" kek "%s}" more "}}"
#define NIST ", Cryptographic Parameters: {Block Cipher Mode: NISTKeyWrap}"

static void expect_wrap(struct rig *r, const char *pattern, const char *parameters, uint32_t reason)
{
    char text[600];
    snprintf(text, sizeof text, pattern, parameters); /* the patterns are the constants above */
    rig_expect(r, text, reason);
}

static struct rig *wrapping_rig(void)
{
    struct rig *r = rig_new(NULL);
    rig_make(
        r, "kek",
        REGISTER("Cryptographic Usage Mask: Wrap Key, Activation Date: $NOW-3600" NIST, RAW(KEK)));
    rig_make(r, "k", REGISTER(MASK, RAW(DATA_KEY)));
    return r;
}

Test(wrapping, without_encoding_wraps_the_bytes_of_the_key)
{
    struct rig *r = wrapping_rig();
    struct ttlv_item o, block, data, it;
    expect_wrap(r, WRAP("kek", ", Encoding Option: No Encoding"), NIST, 0);
    cr_expect_str_eq(material(r), "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5");
    cr_assert(rig_field(r, 0, KMIP_TAG_SYMMETRIC_KEY, &o) &&
              ttlv_find(&o, KMIP_TAG_KEY_BLOCK, &block) &&
              ttlv_find(&block, KMIP_TAG_KEY_WRAPPING_DATA, &data));
    cr_expect(ttlv_find(&data, KMIP_TAG_ENCODING_OPTION, &it) &&
              ttlv_enum(&it) == KMIP_ENCODING_OPTION_NO_ENCODING);
    cr_expect(ttlv_find(&data, KMIP_TAG_ENCRYPTION_KEY_INFORMATION, &it));
    rig_expect(r, "Get, {Unique Identifier: $k}", 0);
    cr_expect_str_eq(material(r), DATA_KEY);
    rig_free(r);
}

/* What the client does with it (RFC 3394). */
static bool unwrap(struct bytes kek, struct bytes data, struct buf *plain)
{
    static const uint8_t iv[8] = {0xA6, 0xA6, 0xA6, 0xA6, 0xA6, 0xA6, 0xA6, 0xA6};
    struct aes128_ctx aes;
    uint8_t *at = buf_room(plain, data.n - 8);
    cr_assert(at && kek.n == AES128_KEY_SIZE);
    aes128_set_decrypt_key(&aes, kek.p);
    return nist_keyunwrap16(&aes, (nettle_cipher_func *)aes128_decrypt, iv, data.n - 8, at,
                            data.p);
}

Test(wrapping, with_encoding_wraps_the_key_value_and_attributes)
{
    struct rig *r = wrapping_rig();
    struct ttlv_item o, block, value, attribute, it;
    struct buf plain, kek;
    expect_wrap(r, WRAP("kek", ", Attribute Name: Cryptographic Usage Mask"), NIST, 0);
    cr_assert(rig_field(r, 0, KMIP_TAG_SYMMETRIC_KEY, &o) &&
              ttlv_find(&o, KMIP_TAG_KEY_BLOCK, &block) &&
              ttlv_find(&block, KMIP_TAG_KEY_VALUE, &value));
    cr_assert_eq(value.type, TTLV_BYTE_STRING);
    buf_init(&plain, BUF_NO_LIMIT);
    buf_init(&kek, BUF_NO_LIMIT);
    cr_assert(text_unhex(bytes_str(KEK), &kek));
    cr_assert(unwrap(buf_bytes(&kek), value.val, &plain));
    cr_assert(ttlv_first(buf_bytes(&plain), &value));
    cr_expect_eq(value.tag, KMIP_TAG_KEY_VALUE);
    cr_expect(ttlv_find(&value, KMIP_TAG_ATTRIBUTE, &attribute) &&
              ttlv_find(&attribute, KMIP_TAG_ATTRIBUTE_VALUE, &it) && ttlv_int(&it) == 12);
    buf_clear(&plain);
    buf_clear(&kek);
    rig_free(r);
}

Test(wrapping, is_refused_with_the_reason_of_the_error_table)
{
    struct rig *r = wrapping_rig();
    rig_make(r, "plain", REGISTER(MASK ", Activation Date: $NOW-1", RAW(KEK)));
    rig_make(r, "sleeping", REGISTER("Cryptographic Usage Mask: Wrap Key", RAW(KEK)));
    rig_make(r, "secret",
             "Register, {Object Type: Secret Data, Template-Attribute: {Attributes: {Cryptographic "
             "Usage Mask: Wrap Key}}, "
             "Secret Data: {Secret Data Type: Password, Key Block: {Key Format Type: Opaque, Key "
             "Value: {Key Material: "
             "0102}}}}");
    rig_make(r, "o",
             "Register, {Object Type: Opaque Object, Template-Attribute: {}, Opaque Object: "
             "{Opaque Data Type: "
             "0x80000001, Opaque Data Value: 0102}}");
    rig_bind(r, "none", 0, bytes_str("none"));
    expect_wrap(r, WRAP("none", ""), "", KMIP_RESULT_REASON_ITEM_NOT_FOUND);
    expect_wrap(r, WRAP("plain", ""), "", KMIP_RESULT_REASON_PERMISSION_DENIED);
    expect_wrap(r, WRAP("sleeping", ""), "", KMIP_RESULT_REASON_PERMISSION_DENIED);
    expect_wrap(r, WRAP("secret", ""), "", KMIP_RESULT_REASON_ILLEGAL_OPERATION);
    expect_wrap(r, WRAP("kek", ""), ", Cryptographic Parameters: {Block Cipher Mode: CBC}",
                KMIP_RESULT_REASON_ITEM_NOT_FOUND);
    expect_wrap(r, WRAP("kek", ", Attribute Name: State, Encoding Option: No Encoding"), "",
                KMIP_RESULT_REASON_ENCODING_OPTION_ERROR);
    rig_expect(r,
               "Get, {Unique Identifier: $k, Key Format Type: Transparent Symmetric Key, Key "
               "Wrapping Specification: {Wrapping "
               "Method: Encrypt, Encryption Key Information: {Unique Identifier: $kek}, Encoding "
               "Option: No Encoding}}",
               KMIP_RESULT_REASON_ENCODING_OPTION_ERROR);
    rig_expect(r,
               "Get, {Unique Identifier: $k, Key Wrapping Specification: {Wrapping Method: "
               "MAC/sign, MAC/Signature Key "
               "Information: {Unique Identifier: $kek}}}",
               KMIP_RESULT_REASON_FEATURE_NOT_SUPPORTED);
    rig_expect(r,
               "Get, {Unique Identifier: $o, Key Wrapping Specification: {Wrapping Method: "
               "Encrypt, Encryption Key "
               "Information: {Unique Identifier: $kek}}}",
               KMIP_RESULT_REASON_ILLEGAL_OPERATION);
    rig_expect(r,
               "Get, {Unique Identifier: $secret, Key Wrapping Specification: {Wrapping Method: "
               "Encrypt, Encryption Key "
               "Information: {Unique Identifier: $kek}, Encoding Option: No Encoding}}",
               KMIP_RESULT_REASON_CRYPTOGRAPHIC_FAILURE);
    rig_expect(r,
               "Get, {Unique Identifier: $secret, Key Wrapping Specification: {Wrapping Method: "
               "Encrypt, Encryption Key "
               "Information: {Unique Identifier: $kek}}}",
               0);
    rig_expect(r, "Archive, {Unique Identifier: $kek}", 0);
    expect_wrap(r, WRAP("kek", ""), "", KMIP_RESULT_REASON_OBJECT_ARCHIVED);
    rig_free(r);
}
