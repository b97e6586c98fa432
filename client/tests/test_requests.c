/* Requests, byte for byte against the same message written in YAML, and free of
 * findings. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "client/lib/bucket.h"
#include "client/lib/requests.h"
#include "kmip/schema/validate.h"
#include "kmip/tests/support/findings.h"
#include "kmip/tests/support/fixture.h"
#include "kmip/tests/support/hex.h"

TestSuite(requests, .timeout = 30);

static const uint8_t key16[] = "0123456789abcdef";
static const struct req_key aes = {
    .algorithm = KMIP_CRYPTOGRAPHIC_ALGORITHM_AES,
    .length = 128,
    .usage = KMIP_CRYPTOGRAPHIC_USAGE_MASK_ENCRYPT | KMIP_CRYPTOGRAPHIC_USAGE_MASK_DECRYPT,
    .name = "my key",
};

static void discover(struct ttlv_writer *w)
{
    req_discover_versions(w, (const uint8_t[]){KMIP_V12, KMIP_V10}, 2);
}

static void query(struct ttlv_writer *w)
{
    req_query(w, (const uint32_t[]){KMIP_QUERY_FUNCTION_QUERY_OPERATIONS,
                                    KMIP_QUERY_FUNCTION_QUERY_SERVER_INFORMATION}, 2);
}

static void create(struct ttlv_writer *w)
{
    struct req_key key = aes;
    struct ttlv_writer more;
    struct buf b;

    buf_init(&b, BUF_NO_LIMIT);
    ttlv_w_init(&more, &b, NULL);
    kmip_attribute_text(&more, "x-purpose", "demo");
    key.more = buf_bytes(&b);
    req_create(w, KMIP_OBJECT_TYPE_SYMMETRIC_KEY, &key);
    buf_clear(&b);
}

static void reg(struct ttlv_writer *w, uint32_t type, uint32_t kind, const struct req_key *key)
{
    req_register(w, &(struct req_object){.type = type, .kind = kind, .data = bytes_of(key16, 16),
                                         .key = key});
}

static void register_key(struct ttlv_writer *w)
{
    reg(w, KMIP_OBJECT_TYPE_SYMMETRIC_KEY, 0, &aes);
}

static void register_secret(struct ttlv_writer *w)
{
    static const struct req_key verify = {.usage = KMIP_CRYPTOGRAPHIC_USAGE_MASK_VERIFY};

    reg(w, KMIP_OBJECT_TYPE_SECRET_DATA, KMIP_SECRET_DATA_TYPE_PASSWORD, &verify);
}

static void register_opaque(struct ttlv_writer *w)
{
    static const struct req_key none = {0};

    reg(w, KMIP_OBJECT_TYPE_OPAQUE_OBJECT, 0x80000001, &none);
}

static void register_certificate(struct ttlv_writer *w)
{
    static const struct req_key verify = {.usage = KMIP_CRYPTOGRAPHIC_USAGE_MASK_VERIFY};

    reg(w, KMIP_OBJECT_TYPE_CERTIFICATE, KMIP_CERTIFICATE_TYPE_X_509, &verify);
}

static void register_template(struct ttlv_writer *w)
{
    static const struct req_key t = {.length = 256, .name = "t"};

    reg(w, KMIP_OBJECT_TYPE_TEMPLATE, 0, &t);
}

static void locate(struct ttlv_writer *w)
{
    struct ttlv_writer in;
    struct buf b;

    buf_init(&b, BUF_NO_LIMIT);
    ttlv_w_init(&in, &b, NULL);
    kmip_attribute_name(&in, "my key");
    req_locate(w, 5, KMIP_STORAGE_STATUS_MASK_ON_LINE_STORAGE, buf_bytes(&b));
    buf_clear(&b);
}

static void get(struct ttlv_writer *w)
{
    req_get(w, "1", KMIP_KEY_FORMAT_TYPE_RAW);
}

static void get_attributes(struct ttlv_writer *w)
{
    req_get_attributes(w, "1", (const char *const[]){"State", "Name"}, 2);
}

static void modify(struct ttlv_writer *w)
{
    struct ttlv_writer in;
    struct buf b;

    buf_init(&b, BUF_NO_LIMIT);
    ttlv_w_init(&in, &b, NULL);
    kmip_attribute_text(&in, "x-a", "b");
    req_attribute(w, "1", buf_bytes(&b));
    buf_clear(&b);
}

static void delete(struct ttlv_writer *w)
{
    req_delete_attribute(w, "1", "x-a", 2);
}

static void delete_without_index(struct ttlv_writer *w)
{
    req_delete_attribute(w, "1", "x-a", -1);
}

static void check(struct ttlv_writer *w)
{
    req_check(w, "1", &(struct req_check){.usage_limit = 100, .lease = 60,
                                          .usage = KMIP_CRYPTOGRAPHIC_USAGE_MASK_SIGN});
}

static void check_nothing(struct ttlv_writer *w)
{
    req_check(w, "1", &(struct req_check){.usage_limit = -1, .lease = -1});
}

static void activate(struct ttlv_writer *w)
{
    req_uid(w, "1");
}

static void placeholder(struct ttlv_writer *w)
{
    req_uid(w, NULL);
}

static void revoke(struct ttlv_writer *w)
{
    req_revoke(w, "1", KMIP_REVOCATION_REASON_CODE_KEY_COMPROMISE, "lost", 1371853139);
}

static void encrypt(struct ttlv_writer *w)
{
    req_crypt(w, "1", &(struct req_crypt){.data = bytes_of("abc", 3)});
}

static void bucket_two_step(struct ttlv_writer *w)
{
    bucket_create_payload(w, &(struct bucket_key){.attribute = "x-bucket", .activation = 7}, "b1");
}

static void bucket_compound(struct ttlv_writer *w)
{
    bucket_create_payload(w, &(struct bucket_key){.compound = true, .activation = 0}, "b1");
}

static void bucket_cipher_payload(struct ttlv_writer *w)
{
    bucket_crypt_payload(w, "1", bytes_of("abc", 3));
}

static void bucket_revoke(struct ttlv_writer *w)
{
    bucket_revoke_payload(w, "1");
}

static const struct {
    const char *name;
    uint32_t operation;
    void (*payload)(struct ttlv_writer *w);
    const char *yaml; /* of the payload, one field a line */
} rows[] = {
    {"Discover Versions", KMIP_OPERATION_DISCOVER_VERSIONS, discover,
     "Protocol Version: [1.2, 1.0]"},
    {"Query", KMIP_OPERATION_QUERY, query,
     "Query Function: [Query Operations, Query Server Information]"},
    {"Create", KMIP_OPERATION_CREATE, create,
     "Object Type: Symmetric Key\n"
     "Template-Attribute: {Attributes: {Cryptographic Algorithm: AES, Cryptographic Length: 128, "
     "Cryptographic Usage Mask: Encrypt | Decrypt, Name: my key, x-purpose: demo}}"},
    {"Register key", KMIP_OPERATION_REGISTER, register_key,
     "Object Type: Symmetric Key\n"
     "Template-Attribute: {Attributes: {Cryptographic Algorithm: AES, Cryptographic Length: 128, "
     "Cryptographic Usage Mask: Encrypt | Decrypt, Name: my key}}\n"
     "Symmetric Key: {Key Block: {Key Format Type: Raw, Key Value: {Key Material: "
     "!ByteString 30313233343536373839616263646566}, Cryptographic Algorithm: AES, "
     "Cryptographic Length: 128}}"},
    {"Register secret", KMIP_OPERATION_REGISTER, register_secret,
     "Object Type: Secret Data\n"
     "Template-Attribute: {Attributes: {Cryptographic Usage Mask: Verify}}\n"
     "Secret Data: {Secret Data Type: Password, Key Block: {Key Format Type: Raw, Key Value: "
     "{Key Material: !ByteString 30313233343536373839616263646566}}}"},
    {"Register opaque", KMIP_OPERATION_REGISTER, register_opaque,
     "Object Type: Opaque Object\n"
     "Template-Attribute: {}\n"
     "Opaque Object: {Opaque Data Type: 0x80000001, Opaque Data Value: "
     "30313233343536373839616263646566}"},
    {"Register certificate", KMIP_OPERATION_REGISTER, register_certificate,
     "Object Type: Certificate\n"
     "Template-Attribute: {Attributes: {Cryptographic Usage Mask: Verify}}\n"
     "Certificate: {Certificate Type: X.509, Certificate Value: "
     "30313233343536373839616263646566}"},
    {"Register template", KMIP_OPERATION_REGISTER, register_template,
     "Object Type: Template\n"
     "Template-Attribute: {Attributes: {Name: t}}\n"
     "Template: {Attributes: {Cryptographic Length: 256}}"},
    {"Locate", KMIP_OPERATION_LOCATE, locate,
     "Maximum Items: 5\nStorage Status Mask: On-line storage\nAttributes: {Name: my key}"},
    {"Get", KMIP_OPERATION_GET, get, "Unique Identifier: '1'\nKey Format Type: Raw"},
    {"Get Attributes", KMIP_OPERATION_GET_ATTRIBUTES, get_attributes,
     "Unique Identifier: '1'\nAttribute Name: [State, Name]"},
    {"Modify Attribute", KMIP_OPERATION_MODIFY_ATTRIBUTE, modify,
     "Unique Identifier: '1'\nAttributes: {x-a: b}"},
    {"Delete Attribute", KMIP_OPERATION_DELETE_ATTRIBUTE, delete,
     "Unique Identifier: '1'\nAttribute Name: x-a\nAttribute Index: 2"},
    {"Delete Attribute without index", KMIP_OPERATION_DELETE_ATTRIBUTE, delete_without_index,
     "Unique Identifier: '1'\nAttribute Name: x-a"},
    {"Check", KMIP_OPERATION_CHECK, check,
     "Unique Identifier: '1'\nUsage Limits Count: 100\nCryptographic Usage Mask: Sign\n"
     "Lease Time: 60"},
    {"Check nothing", KMIP_OPERATION_CHECK, check_nothing, "Unique Identifier: '1'"},
    {"Activate", KMIP_OPERATION_ACTIVATE, activate, "Unique Identifier: '1'"},
    {"Activate the ID Placeholder", KMIP_OPERATION_ACTIVATE, placeholder, NULL},
    {"Revoke", KMIP_OPERATION_REVOKE, revoke,
     "Unique Identifier: '1'\n"
     "Revocation Reason: {Revocation Reason Code: Key Compromise, Revocation Message: lost}\n"
     "Compromise Occurrence Date: 2013-06-21T22:18:59Z"},
    {"Encrypt", KMIP_OPERATION_ENCRYPT, encrypt, "Unique Identifier: '1'\nData: 616263"},
    {"bucket key, two-step", KMIP_OPERATION_CREATE, bucket_two_step,
     "Object Type: Symmetric Key\n"
     "Template-Attribute: {Attributes: {x-bucket: b1, Cryptographic Algorithm: AES, "
     "Cryptographic Length: 256, Cryptographic Usage Mask: Encrypt | Decrypt}}"},
    {"bucket key, compound", KMIP_OPERATION_CREATE, bucket_compound,
     "Object Type: Symmetric Key\n"
     "Template-Attribute: {Attributes: {Cryptographic Algorithm: AES, Cryptographic Length: 256, "
     "Cryptographic Usage Mask: Encrypt | Decrypt, Activation Date: 1970-01-01T00:00:00Z}}"},
    {"bucket key, cipher", KMIP_OPERATION_ENCRYPT, bucket_cipher_payload,
     "Unique Identifier: '1'\n"
     "Cryptographic Parameters: {Block Cipher Mode: CBC, Padding Method: PKCS5, "
     "Cryptographic Algorithm: AES}\n"
     "Data: 616263\nIV/Counter/Nonce: 00000000000000000000000000000000"},
    {"bucket key, revoke", KMIP_OPERATION_REVOKE, bucket_revoke,
     "Unique Identifier: '1'\n"
     "Revocation Reason: {Revocation Reason Code: Cessation of Operation, "
     "Revocation Message: About to be deleted}"},
};

/* The whole message around the payload's lines. */
static void expected(uint32_t operation, const char *payload, struct buf *out)
{
    struct kerr err = KERR_INIT;
    struct buf yaml;

    buf_init(&yaml, BUF_NO_LIMIT);
    buf_printf(&yaml,
               "Request Message:\n"
               "  Request Header: {Protocol Version: 1.2, Maximum Response Size: 8000, "
               "Batch Count: 1}\n"
               "  Batch Item:\n"
               "    Operation: %s\n"
               "    Unique Batch Item ID: 0102\n"
               "    Request Payload:%s\n",
               kmip_operation_name(operation), payload ? "" : " {}");
    for (const char *p = payload; p && *p;) {
        size_t n = strcspn(p, "\n");
        buf_printf(&yaml, "      %.*s\n", (int)n, p);
        p += n + (p[n] != 0);
    }
    cr_assert(fixture_yaml(buf_cstr(&yaml), NULL, out, &err), "%s\n%s", err.msg, buf_cstr(&yaml));
    buf_clear(&yaml);
}

Test(requests, are_the_bytes_that_the_standard_describes)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct kmip_request head = bucket_head(0);
        struct kerr err = KERR_INIT;
        struct findings f;
        struct buf got, want;
        struct ttlv_writer w;

        buf_init(&got, BUF_NO_LIMIT);
        buf_init(&want, BUF_NO_LIMIT);
        req_begin(&w, &got, &head, rows[i].operation, bytes_of("\x01\x02", 2), &err);
        rows[i].payload(&w);
        cr_assert(req_end(&w), "%s: %s", rows[i].name, err.msg);
        expected(rows[i].operation, rows[i].yaml, &want);
        cr_expect(bytes_eq(buf_bytes(&got), buf_bytes(&want)), "%s:\n got %s\nwant %s",
                  rows[i].name, hex_text(buf_bytes(&got)), hex_text(buf_bytes(&want)));
        findings_init(&f);
        cr_assert(kmip_validate(buf_bytes(&got), 0, NULL, &f.sink, &err), "%s", err.msg);
        cr_expect_eq(f.n, 0u, "%s: %s", rows[i].name, findings_text(&f));
        buf_clear(&got);
        buf_clear(&want);
    }
}

Test(requests, one_is_pinned_down_to_its_bytes)
{
    struct buf got, want;
    struct ttlv_writer w;

    buf_init(&got, BUF_NO_LIMIT);
    buf_init(&want, BUF_NO_LIMIT);
    req_begin(&w, &got, &(struct kmip_request){.version = KMIP_V11}, KMIP_OPERATION_DESTROY,
              bytes_of(NULL, 0), NULL);
    req_uid(&w, "1");
    cr_assert(req_end(&w));
    hex_put(&want, "42007801 00000070"
                   " 42007701 00000038 42006901 00000020 42006A02 00000004 0000000100000000"
                   " 42006B02 00000004 0000000100000000 42000D02 00000004 0000000100000000"
                   " 42000F01 00000028 42005C05 00000004 0000001400000000"
                   " 42007901 00000010 42009407 00000001 3100000000000000");
    cr_expect(bytes_eq(buf_bytes(&got), buf_bytes(&want)), "%s", hex_text(buf_bytes(&got)));
    buf_clear(&got);
    buf_clear(&want);
}

Test(requests, text_that_is_no_utf8_is_refused)
{
    struct kerr err = KERR_INIT;
    struct ttlv_writer w;
    struct buf b;

    buf_init(&b, BUF_NO_LIMIT);
    req_begin(&w, &b, &(struct kmip_request){0}, KMIP_OPERATION_ACTIVATE, bytes_of(NULL, 0), &err);
    req_uid(&w, "a\xFF");
    cr_expect(!req_end(&w));
    cr_expect_eq(err.code, KE_TTLV_UTF8);
    buf_clear(&b);
}
