/* Create, Register, templates: what is taken, what is refused and why. */
#include "mockserver/tests/engine_rig.h"

#define AES                                                                                        \
    "Cryptographic Algorithm: AES, Cryptographic Length: 128, Cryptographic Usage Mask: Encrypt "  \
    "| Decrypt"
#define CREATE(attrs)                                                                              \
    "Create, {Object Type: Symmetric Key, Template-Attribute: {Attributes: {" attrs "}}}"
#define K16 "0123456789abcdef0123456789abcdef"
#define BLOCK(k, len)                                                                              \
    "Key Block: {Key Format Type: Raw, Key Value: {Key Material: " k                               \
    "}, Cryptographic Algorithm: AES, Cryptographic Length: " len "}"
#define REGISTER(attrs, object)                                                                    \
    "Register, {Object Type: Symmetric Key, Template-Attribute: {Attributes: {" attrs              \
    "}}, " object "}"
#define KEY(algorithm, length)                                                                     \
    "Symmetric Key: {Key Block: {Key Format Type: Raw, Key Value: {Key Material: " K16             \
    "}, Cryptographic Algorithm: " algorithm ", Cryptographic Length: " length "}}"
#define KEY_VALUE(given, attrs)                                                                    \
    REGISTER(MASK given,                                                                           \
             "Symmetric Key: {Key Block: {Key Format Type: Raw, Key Value: {Key Material: " K16    \
             ", Attributes: {" attrs "}}, Cryptographic Algorithm: AES, Cryptographic Length: 128}}")
#define FIELD KMIP_RESULT_REASON_INVALID_FIELD
#define MASK "Cryptographic Usage Mask: Encrypt | Decrypt"

Test(create, takes_and_refuses_as_the_error_table_says)
{
    static const struct rig_row rows[] = {
        {"plain", CREATE(AES), 0},
        {"length left to the server", CREATE("Cryptographic Algorithm: AES, " MASK), 0},
        {"3DES", CREATE("Cryptographic Algorithm: 3DES, Cryptographic Length: 168, " MASK), 0},
        {"name", CREATE(AES ", Name: one"), 0},
        {"name in use", CREATE(AES ", Name: one"), KMIP_RESULT_REASON_INVALID_FIELD},
        {"same name twice", CREATE(AES ", Name: [two, two]"), KMIP_RESULT_REASON_INVALID_FIELD},
        {"two names", CREATE(AES ", Name: [three, four]"), 0},
        {"other type",
         "Create, {Object Type: Secret Data, Template-Attribute: {Attributes: {" AES "}}}",
         KMIP_RESULT_REASON_INVALID_FIELD},
        {"no algorithm", CREATE("Cryptographic Length: 128, " MASK),
         KMIP_RESULT_REASON_INVALID_MESSAGE},
        {"no mask", CREATE("Cryptographic Algorithm: AES, Cryptographic Length: 128"),
         KMIP_RESULT_REASON_INVALID_MESSAGE},
        {"no template-attribute", "Create, {Object Type: Symmetric Key}",
         KMIP_RESULT_REASON_INVALID_MESSAGE},
        {"length of no AES key",
         CREATE("Cryptographic Algorithm: AES, Cryptographic Length: 100, " MASK),
         KMIP_RESULT_REASON_INVALID_FIELD},
        {"SKIPJACK, which published cases make",
         CREATE("Cryptographic Algorithm: SKIPJACK, Cryptographic Length: 80, " MASK), 0},
        {"SKIPJACK of another length",
         CREATE("Cryptographic Algorithm: SKIPJACK, Cryptographic Length: 128, " MASK),
         KMIP_RESULT_REASON_INVALID_FIELD},
        {"algorithm without keys here",
         CREATE("Cryptographic Algorithm: RC4, Cryptographic Length: 128, " MASK),
         KMIP_RESULT_REASON_INVALID_FIELD},
        {"3DES with its parity bits",
         CREATE("Cryptographic Algorithm: 3DES, Cryptographic Length: 128, " MASK), 0},
        {"policy by name", CREATE(AES ", Operation Policy Name: default"), 0},
        {"policy of another name", CREATE(AES ", Operation Policy Name: nonsense"),
         KMIP_RESULT_REASON_INVALID_FIELD},
        {"server's attribute", CREATE(AES ", State: Active"), KMIP_RESULT_REASON_INVALID_FIELD},
        {"identifier by the client", CREATE(AES ", Unique Identifier: mine"),
         KMIP_RESULT_REASON_INVALID_FIELD},
        {"misspelt attribute", CREATE(AES ", \"Cryptographic Lenght\": 5"),
         KMIP_RESULT_REASON_INVALID_FIELD},
        {"attribute of certificates", CREATE(AES ", Certificate Type: X.509"),
         KMIP_RESULT_REASON_INVALID_FIELD},
        {"y- attribute", CREATE(AES ", y-mine: a"), KMIP_RESULT_REASON_PERMISSION_DENIED},
        {"x- attributes of several types", CREATE(AES ", x-a: text, x-b: 5, x-c: true"), 0},
        {"single given twice", CREATE(AES ", Contact Information: [a, b]"),
         KMIP_RESULT_REASON_INVALID_FIELD},
        {"process start before activation",
         CREATE(AES ", Activation Date: $NOW+10, Process Start Date: $NOW"),
         KMIP_RESULT_REASON_INVALID_FIELD},
        {"protect stop after deactivation",
         CREATE(AES ", Deactivation Date: $NOW+10, Protect Stop Date: $NOW+20"),
         KMIP_RESULT_REASON_INVALID_FIELD},
        {"namespace without data",
         CREATE(AES ", Application Specific Information: {Application Namespace: ssl}"),
         KMIP_RESULT_REASON_APPLICATION_NAMESPACE_NOT_SUPPORTED},
        {"creation date by the client", CREATE(AES ", Original Creation Date: $NOW"),
         KMIP_RESULT_REASON_INVALID_FIELD},
        {"unknown template",
         "Create, {Object Type: Symmetric Key, Template-Attribute: {Name: {Name Value: none, "
         "Name Type: Uninterpreted Text String}, Attributes: {" AES "}}}",
         KMIP_RESULT_REASON_ITEM_NOT_FOUND},
    };
    struct rig *r = rig_new(NULL);
    rig_expect_rows(r, rows);
    rig_ask(r, CREATE(AES ", \"Cryptographic Lenght\": 5"));
    cr_expect(strstr(rig_message(r, 0), "did you mean 'Cryptographic Length'"), "%s",
              rig_message(r, 0));
    rig_free(r);
}

Test(create, sets_what_the_server_sets)
{
    struct rig *r = rig_new(NULL);
    struct ttlv_item v;
    rig_make(r, "k", CREATE(AES ", Name: k"));
    cr_expect_eq(rig_count(r, 0, KMIP_TAG_OBJECT_TYPE), 1);
    cr_expect_eq(rig_state(r, "k"), KMIP_STATE_PRE_ACTIVE);
    cr_expect_eq(rig_number(r, "k", "Initial Date"), RIG_NOW);
    cr_expect_eq(rig_number(r, "k", "Last Change Date"), RIG_NOW);
    cr_expect_eq(rig_number(r, "k", "Original Creation Date"), RIG_NOW);
    cr_expect_eq(rig_number(r, "k", "Fresh"), 1);
    cr_expect_eq(rig_number(r, "k", "Cryptographic Length"), 128);
    cr_expect_eq(rig_number(r, "k", "Activation Date"), -1);
    rig_expect(r, "Get Attributes, {Unique Identifier: $k, Attribute Name: Digest}", 0);
    cr_assert(rig_attribute(r, "Digest", 0, &v, NULL));
    struct ttlv_item f;
    cr_expect(ttlv_find(&v, KMIP_TAG_KEY_FORMAT_TYPE, &f) &&
              ttlv_enum(&f) == KMIP_KEY_FORMAT_TYPE_RAW);
    rig_free(r);
}

Test(create, with_an_activation_date_follows_the_configuration)
{
    static const char *const reject[] = {"compound_create=reject", NULL}, *const ignore[] = {
                                                                              "compound_create="
                                                                              "ignore",
                                                                              NULL};
    struct rig *r = rig_new(NULL);
    rig_make(r, "k", CREATE(AES ", Activation Date: $NOW"));
    cr_expect_eq(rig_state(r, "k"), KMIP_STATE_ACTIVE);
    rig_make(r, "k", CREATE(AES ", Activation Date: $NOW+1"));
    cr_expect_eq(rig_state(r, "k"), KMIP_STATE_PRE_ACTIVE);
    r->now_ns += 1000000000;
    cr_expect_eq(rig_state(r, "k"), KMIP_STATE_ACTIVE);
    rig_make(r, "k", CREATE(AES ", Activation Date: $NOW-10, Deactivation Date: $NOW-5"));
    cr_expect_eq(rig_state(r, "k"), KMIP_STATE_DEACTIVATED);
    rig_free(r);

    r = rig_new(reject);
    rig_expect(r, CREATE(AES ", Name: k, Activation Date: $NOW"), KMIP_RESULT_REASON_INVALID_FIELD);
    rig_expect(r, "Locate, {}", 0);
    cr_expect_eq(rig_count(r, 0, KMIP_TAG_UNIQUE_IDENTIFIER), 0);
    rig_free(r);

    r = rig_new(ignore);
    rig_make(r, "k", CREATE(AES ", Activation Date: $NOW"));
    cr_expect_eq(rig_state(r, "k"), KMIP_STATE_PRE_ACTIVE);
    rig_free(r);
}

Test(create, can_be_told_to_refuse_custom_attributes)
{
    static const char *const reject[] = {"custom_attributes=reject", NULL};
    struct rig *r = rig_new(reject);
    rig_expect(r, CREATE(AES ", x-a: b"), KMIP_RESULT_REASON_INVALID_FIELD);
    rig_make(r, "k", CREATE(AES));
    rig_expect(r,
               "Add Attribute, {Unique Identifier: $k, Attribute: {Attribute Name: x-a, Attribute "
               "Value: b}}",
               KMIP_RESULT_REASON_INVALID_FIELD);
    rig_free(r);
}

Test(create, makes_repeatable_identifiers_from_a_seed)
{
    static const char *const seed[] = {"seed=7", NULL};
    char first[MOCK_UID_MAX];
    struct rig *r = rig_new(seed);
    rig_make(r, "k", CREATE(AES));
    snprintf(first, sizeof first, "%s", r->note.uid);
    rig_free(r);
    r = rig_new(seed);
    rig_make(r, "k", CREATE(AES));
    cr_expect_str_eq(r->note.uid, first);
    rig_make(r, "k", CREATE(AES));
    cr_expect_str_neq(r->note.uid, first);
    rig_free(r);
}

Test(register, takes_and_refuses_as_the_error_table_says)
{
    static const struct rig_row rows[] = {
        {"algorithm in the key block only",
         REGISTER(MASK, "Symmetric Key: {" BLOCK(K16, "128") "}"), 0},
        {"said twice, alike", REGISTER(AES, "Symmetric Key: {" BLOCK(K16, "128") "}"), 0},
        {"said twice, differently",
         REGISTER(MASK ", Cryptographic Algorithm: 3DES, Cryptographic Length: 128",
                  "Symmetric Key: {" BLOCK(K16, "128") "}"),
         KMIP_RESULT_REASON_INVALID_FIELD},
        {"no mask", REGISTER("Name: nomask", "Symmetric Key: {" BLOCK(K16, "128") "}"),
         KMIP_RESULT_REASON_INVALID_MESSAGE},
        {"length not of the bytes", REGISTER(MASK, "Symmetric Key: {" BLOCK(K16, "256") "}"),
         KMIP_RESULT_REASON_INVALID_FIELD},
        {"type is not the object's",
         "Register, {Object Type: Secret Data, Template-Attribute: {Attributes: {" MASK
         "}}, Symmetric Key: {" BLOCK(K16, "128") "}}",
         KMIP_RESULT_REASON_INVALID_FIELD},
        {"no object",
         "Register, {Object Type: Symmetric Key, Template-Attribute: {Attributes: {" MASK "}}}",
         KMIP_RESULT_REASON_INVALID_MESSAGE},
        {"algorithm alone",
         REGISTER(MASK ", Cryptographic Algorithm: AES",
                  "Symmetric Key: {Key Block: {Key Format "
                  "Type: Raw, Key Value: {Key Material: " K16 "}}}"),
         KMIP_RESULT_REASON_INVALID_MESSAGE},
        {"transparent",
         REGISTER(AES, "Symmetric Key: {Key Block: {Key Format Type: Transparent Symmetric Key, "
                       "Key Value: "
                       "{Key Material: {Key: " K16 "}}, Cryptographic Algorithm: AES, "
                       "Cryptographic Length: 128}}"),
         0},
        {"metadata only",
         REGISTER("Cryptographic Usage Mask: Encrypt, Key Value Location: {Key Value Location "
                  "Value: "
                  "HSM-12345, Key Value Location Type: Uninterpreted Text String}",
                  "Symmetric Key: {Key Block: {Key Format Type: Raw}}"),
         0},
        {"key value present by the client",
         REGISTER(MASK ", Key Value Present: true", "Symmetric Key: {" BLOCK(K16, "128") "}"),
         KMIP_RESULT_REASON_INVALID_FIELD},
        {"secret data",
         "Register, {Object Type: Secret Data, Template-Attribute: {Attributes: {Cryptographic "
         "Usage Mask: Verify, x-ID: a}}, "
         "Secret Data: {Secret Data Type: Password, Key Block: {Key Format Type: Opaque, Key "
         "Value: {Key Material: "
         "53656372657450617373776f7264}}}}",
         0},
        {"secret data without mask",
         "Register, {Object Type: Secret Data, Template-Attribute: {}, "
         "Secret Data: {Secret Data Type: Password, Key Block: {Key Format Type: Opaque, Key "
         "Value: {Key Material: 53}}}}",
         KMIP_RESULT_REASON_INVALID_MESSAGE},
        {"opaque",
         "Register, {Object Type: Opaque Object, Template-Attribute: {Attributes: {Name: opaque}}, "
         "Opaque Object: "
         "{Opaque Data Type: 0x80000001, Opaque Data Value: 0102}}",
         0},
        {"attributes in the Key Value", KEY_VALUE(", Name: known", "Name: known, Contact Information: Ann"), 0},
        {"a Name of nothing in the Key Value", KEY_VALUE(", Name: own", "Name: other"), FIELD},
        {"a server's attribute in the Key Value", KEY_VALUE("", "State: Compromised"), FIELD},
        {"a Digest in the Key Value",
         KEY_VALUE("", "Digest: {Hashing Algorithm: SHA-256, Digest Value: 00}"), FIELD},
        {"an unknown attribute in the Key Value",
         KEY_VALUE("", "'Nmae': a"), FIELD},
        {"another algorithm in the Key Value", KEY_VALUE("", "Cryptographic Algorithm: 3DES"), FIELD},
        {"the same algorithm in the Key Value", KEY_VALUE("", "Cryptographic Algorithm: AES"), 0},
        {"HMAC of the length that is said", REGISTER(MASK, KEY("HMAC-SHA256", "128")), 0},
        {"HMAC of another length", REGISTER(MASK, KEY("HMAC-SHA256", "4096")), FIELD},
        {"a key of whatever algorithm", REGISTER(MASK, KEY("Blowfish", "64")), FIELD},
        {"Length 0 in the Key Block", REGISTER(MASK, KEY("AES", "0")), FIELD},
        {"negative Length in the Key Block", REGISTER(MASK, KEY("AES", "-128")), FIELD},
        {"policy of another name",
         REGISTER(MASK ", Operation Policy Name: nonsense", KEY("AES", "128")), FIELD},
        {"template with a Name inside",
         "Register, {Object Type: Template, Template-Attribute: {}, Template: {Attributes: {Name: "
         "inside}}}",
         KMIP_RESULT_REASON_INVALID_FIELD},
        {"template with a server's attribute",
         "Register, {Object Type: Template, Template-Attribute: {}, Template: {Attributes: {State: "
         "Active}}}",
         KMIP_RESULT_REASON_INVALID_FIELD},
        {"wrapped",
         REGISTER(MASK, "Symmetric Key: {Key Block: {Key Format Type: Raw, Key Value: !ByteString "
                        "0102030405060708, "
                        "Cryptographic Algorithm: AES, Cryptographic Length: 128, Key Wrapping "
                        "Data: {Wrapping Method: "
                        "Encrypt, Encryption Key Information: {Unique Identifier: kek}}}}"),
         0},
        {"wrapped without saying how",
         REGISTER(MASK, "Symmetric Key: {Key Block: {Key Format Type: Raw, Key Value: !ByteString "
                        "0102030405060708, "
                        "Cryptographic Algorithm: AES, Cryptographic Length: 128}}"),
         KMIP_RESULT_REASON_INVALID_MESSAGE},
        {"not a certificate",
         "Register, {Object Type: Certificate, Template-Attribute: {Attributes: {Cryptographic "
         "Usage Mask: Verify}}, "
         "Certificate: {Certificate Type: X.509, Certificate Value: 0102}}",
         KMIP_RESULT_REASON_INVALID_FIELD},
        {"public key",
         "Register, {Object Type: Public Key, Template-Attribute: {Attributes: {Cryptographic "
         "Usage Mask: Verify, "
         "Cryptographic Algorithm: RSA, Cryptographic Length: 8}}, Public Key: {Key Block: {Key "
         "Format Type: PKCS#1, "
         "Key Value: {Key Material: 300602010f020103}}}}",
         0},
    };
    struct rig *r = rig_new(NULL);
    rig_expect_rows(r, rows);
    rig_expect(r, REGISTER(MASK, "Symmetric Key: {" BLOCK(K16, "128") "}"), 0);
    cr_expect_eq(rig_count(r, 0, KMIP_TAG_OBJECT_TYPE), 0, "Register answers without Object Type");
    rig_free(r);
}

Test(register, digests_the_material_or_the_whole_transparent_structure)
{
    static const char raw[] = "6c064fe051add11edc07727b594eb48711df843e08445bba2cd786bc16bc58e8";
    static const char transparent[] = "499ce96ff6f5e19fe9fe7a2fe4c3e92b88db0001a4e8df28d9966856b6c4"
                                      "b87c";
    static const char key[] = "0000111122223333444455556666777788889999aaaabbbbccccddddeeeeffff";
    struct rig *r = rig_new(NULL);
    for (int i = 0; i < 2; i++) {
        char text[900];
        struct ttlv_item v, f;
        struct buf hex;
        snprintf(text, sizeof text,
                 REGISTER(MASK, "Symmetric Key: {Key Block: {Key Format Type: %s, Key Value: {Key "
                                "Material: %s%s%s}, "
                                "Cryptographic Algorithm: AES, Cryptographic Length: 256}}"),
                 i ? "Transparent Symmetric Key" : "Raw", i ? "{Key: " : "", key, i ? "}" : "");
        rig_make(r, "k", text);
        rig_expect(r, "Get Attributes, {Unique Identifier: $k, Attribute Name: Digest}", 0);
        cr_assert(rig_attribute(r, "Digest", 0, &v, NULL) &&
                  ttlv_find(&v, KMIP_TAG_DIGEST_VALUE, &f));
        buf_init(&hex, BUF_NO_LIMIT);
        buf_hex(&hex, f.val);
        cr_expect_str_eq(buf_cstr(&hex), i ? transparent : raw);
        buf_clear(&hex);
    }
    rig_free(r);
}

Test(register, keeps_dates_and_presence_of_objects_known_by_attributes_only)
{
    struct rig *r = rig_new(NULL);
    rig_make(r, "m",
             REGISTER("Cryptographic Usage Mask: Encrypt", "Symmetric Key: {Key Block: {Key Format "
                                                           "Type: Raw}}"));
    cr_expect_eq(rig_number(r, "m", "Key Value Present"), 0);
    cr_expect_eq(rig_number(r, "m", "Original Creation Date"), -1);
    rig_make(
        r, "k",
        REGISTER(MASK ", Original Creation Date: 38520", "Symmetric Key: {" BLOCK(K16, "128") "}"));
    cr_expect_eq(rig_number(r, "k", "Original Creation Date"), 38520);
    cr_expect_eq(rig_number(r, "k", "Key Value Present"), -1);
    rig_expect(
        r, "Locate, {Attribute: {Attribute Name: Key Value Present, Attribute Value: false}}", 0);
    cr_expect_eq(rig_count(r, 0, KMIP_TAG_UNIQUE_IDENTIFIER), 1);
    rig_expect(r, "Get, {Unique Identifier: $m}", 0);
    rig_expect(r, "Encrypt, {Unique Identifier: $m, Data: 00}",
               KMIP_RESULT_REASON_PERMISSION_DENIED);
    r->version = "1.1";
    rig_expect(r, "Get, {Unique Identifier: $m}", KMIP_RESULT_REASON_ILLEGAL_OPERATION);
    rig_free(r);
}

#define TEMPLATE(name, attrs)                                                                      \
    "Register, {Object Type: Template, Template-Attribute: {Attributes: {Name: " name              \
    "}}, Template: {Attributes: {" attrs "}}}"
#define NAMED(name) "Name: {Name Value: " name ", Name Type: Uninterpreted Text String}"

Test(templates, give_attributes_that_the_request_overrules)
{
    struct rig *r = rig_new(NULL);
    struct ttlv_item v;
    int32_t index;
    rig_make(r, "t1", TEMPLATE("t1", "Contact Information: Joe, x-ID: one, " AES));
    rig_make(r, "t2", TEMPLATE("t2", "Contact Information: Ann, x-ID: two"));
    rig_make(r, "k",
             "Create, {Object Type: Symmetric Key, Template-Attribute: {" NAMED("t1") ", " NAMED(
                 "t2") ", "
                       "Attributes: {Cryptographic Length: 256, x-ID: three}}}");
    rig_expect(r, "Get Attributes, {Unique Identifier: $k}", 0);
    cr_assert(rig_attribute(r, "Contact Information", 0, &v, NULL));
    cr_expect(bytes_eq_str(v.val, "Ann"), "the last template beats earlier ones");
    cr_expect(rig_attribute(r, "Cryptographic Length", 0, &v, NULL) && ttlv_int(&v) == 256);
    static const char *const values[] = {"one", "two", "three"};
    for (unsigned i = 0; i < 3; i++) {
        cr_assert(rig_attribute(r, "x-ID", i, &v, &index));
        cr_expect(bytes_eq_str(v.val, values[i]));
        cr_expect_eq(index, (int32_t)i);
    }
    /* A Template's own attributes are not those it hands on, and it has no State. */
    rig_expect(r, "Get Attributes, {Unique Identifier: $t1}", 0);
    cr_expect(!rig_attribute(r, "Contact Information", 0, &v, NULL));
    cr_expect(!rig_attribute(r, "State", 0, &v, NULL));
    rig_expect(r, "Get, {Unique Identifier: $t1}", 0);
    cr_expect_eq(rig_count(r, 0, KMIP_TAG_TEMPLATE), 1);
    rig_expect(r, "Activate, {Unique Identifier: $t1}", KMIP_RESULT_REASON_ILLEGAL_OPERATION);
    rig_expect(r,
               "Revoke, {Unique Identifier: $t1, Revocation Reason: {Revocation Reason Code: "
               "Unspecified}}",
               KMIP_RESULT_REASON_ILLEGAL_OPERATION);
    rig_expect(r, "Archive, {Unique Identifier: $t2}", 0);
    rig_expect(r, "Create, {Object Type: Symmetric Key, Template-Attribute: {" NAMED("t2") "}}",
               KMIP_RESULT_REASON_OBJECT_ARCHIVED);
    rig_expect(r, "Destroy, {Unique Identifier: $t1}", 0);
    rig_expect(r, "Get, {Unique Identifier: $t1}", KMIP_RESULT_REASON_ITEM_NOT_FOUND);
    rig_expect(r, "Create, {Object Type: Symmetric Key, Template-Attribute: {" NAMED("t1") "}}",
               KMIP_RESULT_REASON_ITEM_NOT_FOUND);
    rig_free(r);
}

Test(templates, of_others_are_not_there)
{
    struct rig *r = rig_new(NULL);
    rig_make(r, "t", TEMPLATE("t", AES));
    snprintf(r->peer.identity, sizeof r->peer.identity, "bob");
    rig_expect(r, "Create, {Object Type: Symmetric Key, Template-Attribute: {" NAMED("t") "}}",
               KMIP_RESULT_REASON_ITEM_NOT_FOUND);
    rig_free(r);
}

/* Published cases of 1.0 (TC-312, SASED-M-2) do what later versions forbid. */
Test(register, takes_from_clients_of_1_0_what_was_usual_then)
{
    struct rig *r = rig_new(NULL);
    const char *with_name = "Register, {Object Type: Template, Template-Attribute: {}, Template: "
                            "{Attributes: {Object Group: g, Name: t}}}",
               *without_mask = "Register, {Object Type: Secret Data, Template-Attribute: {}, Secret "
                               "Data: {Secret Data Type: Password, Key Block: {Key Format Type: "
                               "Opaque, Key Value: {Key Material: 2a2a}}}}";
    rig_expect(r, with_name, KMIP_RESULT_REASON_INVALID_FIELD);
    rig_expect(r, without_mask, KMIP_RESULT_REASON_INVALID_MESSAGE);
    r->version = "1.0";
    rig_make(r, "t", with_name);
    rig_expect(r, with_name, KMIP_RESULT_REASON_INVALID_FIELD);
    rig_expect(r, without_mask, 0);
    rig_expect(r, "Get Attributes, {Unique Identifier: $t, Attribute Name: Name}", 0);
    cr_expect_eq(rig_count(r, 0, KMIP_TAG_ATTRIBUTE), 1);
    rig_make(r, "k", "Create, {Object Type: Symmetric Key, Template-Attribute: {Name: {Name Value: "
                     "t, Name Type: Uninterpreted Text String}, Attributes: {" AES "}}}");
    rig_expect(r, "Get Attributes, {Unique Identifier: $k, Attribute Name: [Name, Object Group]}",
               0);
    cr_expect_eq(rig_count(r, 0, KMIP_TAG_ATTRIBUTE), 1, "the Name is the Template's own");
    rig_free(r);
}
