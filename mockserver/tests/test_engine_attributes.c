/* Attribute rules: who may add, modify and delete what, in which state. */
#include "mockserver/tests/engine_rig.h"

#define AES                                                                                        \
    "Cryptographic Algorithm: AES, Cryptographic Length: 128, Cryptographic Usage Mask: Encrypt "  \
    "| Decrypt"
#define CREATE(attrs)                                                                              \
    "Create, {Object Type: Symmetric Key, Template-Attribute: {Attributes: {" AES attrs "}}}"
#define ADD(name, value)                                                                           \
    "Add Attribute, {Unique Identifier: $k, Attribute: {Attribute Name: " name                     \
    ", Attribute Value: " value "}}"
#define MODIFY(name, value)                                                                        \
    "Modify Attribute, {Unique Identifier: $k, Attribute: {Attribute Name: " name                  \
    ", Attribute Value: " value "}}"
#define MODIFY_AT(name, index, value)                                                              \
    "Modify Attribute, {Unique Identifier: $k, Attribute: {Attribute Name: " name                  \
    ", Attribute Index: " index ", Attribute Value: " value "}}"
#define DELETE(name) "Delete Attribute, {Unique Identifier: $k, Attribute Name: " name "}"
#define DELETE_AT(name, index)                                                                     \
    "Delete Attribute, {Unique Identifier: $k, Attribute Name: " name ", Attribute Index: " index  \
    "}"
#define REVOKE(code)                                                                               \
    "Revoke, {Unique Identifier: $k, Revocation Reason: {Revocation Reason Code: " code "}}"

#define DENIED KMIP_RESULT_REASON_PERMISSION_DENIED
#define ILLEGAL KMIP_RESULT_REASON_ILLEGAL_OPERATION
#define FIELD KMIP_RESULT_REASON_INVALID_FIELD
#define NOT_FOUND KMIP_RESULT_REASON_ITEM_NOT_FOUND

/* Done one after the other on a Pre-Active key with the Name "k" and nothing else. */
static const struct {
    const char *items;
    uint32_t reason;
} steps[] = {
    {ADD("x-a", "one"), 0},
    {ADD("x-a", "two"), 0},
    {"Add Attribute, {Unique Identifier: $k, Attribute: {Attribute Name: x-a, Attribute Index: 5, "
     "Attribute Value: b}}",
     FIELD},
    {ADD("y-a", "one"), DENIED},
    {ADD("Custom", "one"), FIELD},
    {ADD("State", "Active"), DENIED},
    {ADD("Digest", "{Hashing Algorithm: SHA-256}"), DENIED},
    {ADD("Unique Identifier", "a"), DENIED},
    {ADD("Cryptographic Usage Mask", "Sign"), DENIED},
    {ADD("Fresh", "true"), DENIED},
    {ADD("Operation Policy Name", "default"), DENIED},
    {ADD("Original Creation Date", "$NOW"), ILLEGAL},
    {ADD("Destroy Date", "$NOW"), DENIED},
    {ADD("Archive Date", "$NOW"), DENIED},
    {ADD("Compromise Date", "$NOW"), DENIED},
    {ADD("Lease Time", "5"), DENIED},
    {ADD("Key Value Present", "true"), DENIED},
    {ADD("Certificate Type", "X.509"), DENIED},
    {ADD("Cryptographic Domain Parameters", "{Qlength: 5}"), DENIED},
    {ADD("Contact Information", "Joe"), 0},
    {ADD("Contact Information", "Ann"), ILLEGAL},
    {ADD("Name", "k"), ILLEGAL},
    {ADD("Name", "other"), ILLEGAL},
    {ADD("Name", "k2"), 0},
    {ADD("Alternative Name", "{Alternative Name Value: a, Alternative Name Type: URI}"), 0},
    {ADD("Object Group", "g"), 0},
    {ADD("Link", "{Link Type: Parent Link, Linked Object Identifier: a}"), 0},
    {ADD("Key Value Location", "{Key Value Location Value: a, Key Value Location Type: URI}"), 0},
    {ADD("Application Specific Information", "{Application Namespace: ssl, Application Data: a}"),
     0},
    {ADD("Application Specific Information", "{Application Namespace: ssl}"),
     KMIP_RESULT_REASON_APPLICATION_NAMESPACE_NOT_SUPPORTED},
    {ADD("Cryptographic Parameters", "{Block Cipher Mode: CBC}"), 0},
    {ADD("Usage Limits", "{Usage Limits Total: 1000, Usage Limits Count: 5, Usage Limits Unit: "
                         "Byte}"),
     DENIED},
    {ADD("Usage Limits", "{Usage Limits Total: 1000, Usage Limits Unit: Byte}"), 0},
    {ADD("Usage Limits", "{Usage Limits Total: 1000, Usage Limits Unit: Byte}"), ILLEGAL},
    {ADD("Protect Stop Date", "$NOW+600"), 0},
    {ADD("Deactivation Date", "$NOW+500"), FIELD},
    {ADD("Deactivation Date", "$NOW+700"), 0},

    {MODIFY("x-a", "three"), 0},
    {MODIFY_AT("x-a", "1", "four"), 0},
    {MODIFY_AT("x-a", "2", "four"), NOT_FOUND},
    {MODIFY("x-b", "four"), FIELD},
    {MODIFY("y-b", "four"), DENIED},
    {MODIFY("Nonsense", "four"), FIELD},
    {MODIFY_AT("Contact Information", "0", "Bob"), 0},
    {MODIFY_AT("Contact Information", "1", "Bob"), NOT_FOUND},
    {MODIFY("Process Start Date", "$NOW"), FIELD},
    {MODIFY("State", "Active"), DENIED},
    {MODIFY("Cryptographic Length", "256"), DENIED},
    {MODIFY("Initial Date", "$NOW"), DENIED},
    {MODIFY("Last Change Date", "$NOW"), DENIED},
    {MODIFY("Object Type", "Secret Data"), DENIED},
    {MODIFY("Name", "other"), ILLEGAL},
    {MODIFY("Name", "k2"), ILLEGAL},
    {MODIFY("Name", "k"), 0},
    {MODIFY("Usage Limits", "{Usage Limits Total: 500, Usage Limits Unit: Byte}"), 0},
    {MODIFY("Deactivation Date", "$NOW+10"), FIELD},

    {DELETE_AT("x-a", "7"), NOT_FOUND},
    {DELETE("x-a"), 0},
    {DELETE("x-a"), NOT_FOUND}, /* index 0 is gone; index 1 keeps its number */
    {DELETE_AT("x-a", "1"), 0},
    {DELETE("x-a"), NOT_FOUND},
    {DELETE("y-a"), NOT_FOUND},
    {DELETE("Nonsense"), NOT_FOUND},
    {DELETE("Activation Date"), DENIED},
    {DELETE("Deactivation Date"), DENIED},
    {DELETE("State"), DENIED},
    {DELETE("Cryptographic Usage Mask"), DENIED},
    {DELETE("Contact Information"), 0},
    {DELETE("Contact Information"), NOT_FOUND},
    {DELETE("Usage Limits"), 0},
    {DELETE("Name"), 0},
    {DELETE_AT("Name", "1"), 0},
};

Test(attributes, follow_the_error_tables)
{
    struct rig *r = rig_new(NULL);
    rig_make(r, "other", CREATE(", Name: other"));
    rig_make(r, "k", CREATE(", Name: k"));
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        rig_expect(r, steps[i].items, steps[i].reason);
        if (steps[i].reason == 0)
            cr_expect_eq(rig_count(r, 0, KMIP_TAG_ATTRIBUTE), 1u, "%s: the attribute is echoed",
                         steps[i].items);
    }
    rig_free(r);
}

Test(attributes, keep_their_index_and_echo_their_value)
{
    struct rig *r = rig_new(NULL);
    struct ttlv_item v, f;
    int32_t index;
    rig_make(r, "k", CREATE(""));
    rig_expect(r, ADD("x-a", "one"), 0);
    rig_expect(r, ADD("x-a", "two"), 0);
    cr_assert(rig_attribute(r, "x-a", 0, &v, &index));
    cr_expect_eq(index, 1);
    rig_expect(r, DELETE("x-a"), 0);
    cr_assert(rig_attribute(r, "x-a", 0, &v, &index) && bytes_eq_str(v.val, "one"));
    rig_expect(r, DELETE_AT("x-a", "1"), 0);
    rig_expect(r, ADD("x-a", "three"), 0);
    cr_assert(rig_attribute(r, "x-a", 0, &v, &index));
    cr_expect_eq(index, 2, "an index is not given out twice");
    rig_expect(r, ADD("Usage Limits", "{Usage Limits Total: 1000, Usage Limits Unit: Byte}"), 0);
    cr_assert(rig_attribute(r, "Usage Limits", 0, &v, NULL) &&
              ttlv_find(&v, KMIP_TAG_USAGE_LIMITS_COUNT, &f));
    cr_expect_eq(ttlv_long(&f), 1000);
    rig_free(r);
}

Test(attributes, that_are_too_many_are_out_of_bounds)
{
    static const char *const sets[] = {"limits.attributes=3", NULL};
    struct rig *r = rig_new(sets);
    rig_make(r, "k", CREATE(", x-a: [1, 2, 3]"));
    rig_expect(r, ADD("x-a", "4"), KMIP_RESULT_REASON_INDEX_OUT_OF_BOUNDS);
    rig_expect(r, ADD("x-b", "4"), 0);
    rig_expect(r, CREATE(", x-a: [1, 2, 3, 4]"), KMIP_RESULT_REASON_INDEX_OUT_OF_BOUNDS);
    rig_free(r);
}

/* As many as the configuration says, whatever else the object has. */
Test(attributes, are_as_many_as_the_configuration_says)
{
    static const char *const sets[] = {"limits.attributes=1200", NULL};
    struct rig *r = rig_new(sets);
    struct buf items;
    buf_init(&items, BUF_NO_LIMIT);
    const uint32_t want[] = {0, KMIP_RESULT_REASON_INDEX_OUT_OF_BOUNDS};
    for (int more = 0; more < 2; more++) {
        buf_reset(&items);
        buf_puts(&items, "Create, {Object Type: Symmetric Key, Template-Attribute: {Attributes: {"
                         "Cryptographic Algorithm: AES, Cryptographic Length: 128, Cryptographic "
                         "Usage Mask: Encrypt, x-a: [0");
        for (int i = 1; i < 1200 + more; i++)
            buf_printf(&items, ", %d", i);
        buf_puts(&items, "]}}}");
        rig_expect(r, buf_cstr(&items), want[more]);
    }
    buf_clear(&items);
    rig_free(r);
}

Test(attributes, of_a_failed_change_stay_as_they_were_within_a_batch)
{
    struct rig *r = rig_new(NULL);
    struct kmip_item it;
    rig_make(r, "k", CREATE(", Activation Date: $NOW+100"));
    r->header = "Batch Error Continuation Option: Continue,";
    rig_ask(r, ADD("Process Start Date", "$NOW+1") "||"
                                                   "Get Attributes, {Unique Identifier: $k, "
                                                   "Attribute Name: Process Start Date}");
    cr_expect_eq(rig_reason(r, 0), FIELD);
    cr_assert(rig_item(r, 1, &it));
    cr_expect_eq(rig_count(r, 1, KMIP_TAG_ATTRIBUTE), 0u);
    rig_free(r);
}

Test(dates, bring_about_and_limit_what_state_says)
{
    struct rig *r = rig_new(NULL);
    rig_make(r, "k", CREATE(""));
    rig_expect(r, ADD("Activation Date", "$NOW+10"), 0);
    cr_expect_eq(rig_state(r, "k"), KMIP_STATE_PRE_ACTIVE);
    rig_expect(r, MODIFY("Activation Date", "$NOW+20"), 0);
    rig_expect(r, MODIFY("Activation Date", "2"), 0);
    cr_expect_eq(rig_state(r, "k"), KMIP_STATE_ACTIVE);
    rig_expect(r, MODIFY("Activation Date", "$NOW"), DENIED);
    rig_expect(r, ADD("Protect Stop Date", "$NOW+600"), 0);
    rig_expect(r, MODIFY("Protect Stop Date", "$NOW+5"), 0);
    r->now_ns += 5000000000;
    rig_expect(r, MODIFY("Protect Stop Date", "$NOW+50"), DENIED);
    rig_expect(r, ADD("Deactivation Date", "$NOW"), 0);
    cr_expect_eq(rig_state(r, "k"), KMIP_STATE_DEACTIVATED);
    rig_expect(r, MODIFY("Deactivation Date", "$NOW+50"), DENIED);
    rig_expect(r, ADD("Process Start Date", "$NOW+50"), DENIED);
    rig_free(r);
}

Test(attributes, change_until_destroyed)
{
    struct rig *r = rig_new(NULL);
    rig_make(r, "k", CREATE(""));
    rig_expect(r,
               "Revoke, {Unique Identifier: $k, Revocation Reason: {Revocation Reason Code: Key "
               "Compromise}, "
               "Compromise Occurrence Date: 6}",
               0);
    rig_expect(r, ADD("x-a", "1"), 0);
    rig_expect(r, MODIFY("x-a", "2"), 0);
    rig_expect(r, DELETE("x-a"), 0);
    rig_expect(r, "Destroy, {Unique Identifier: $k}", 0);
    rig_expect(r, ADD("x-a", "1"), DENIED);
    rig_expect(r, "Get Attributes, {Unique Identifier: $k}", 0);
    rig_expect(r, "Get Attribute List, {Unique Identifier: $k}", 0);
    rig_free(r);
}

/* A key that was handed in has no Original Creation Date until a client adds it, once
 * (KMIP 1.2 spec, 3.43). */
Test(attributes, take_the_creation_date_of_a_registered_key_once)
{
    struct rig *r = rig_new(NULL);
    rig_make(r, "k",
             "Register, {Object Type: Symmetric Key, Template-Attribute: {Attributes: "
             "{Cryptographic Usage Mask: Encrypt}}, Symmetric Key: {Key Block: {Key Format Type: "
             "Raw, Key Value: {Key Material: 00112233445566778899aabbccddeeff}, Cryptographic "
             "Algorithm: AES, Cryptographic Length: 128}}}");
    rig_expect(r, ADD("Original Creation Date", "2001-02-03T04:05:06Z"), 0);
    rig_expect(r, ADD("Original Creation Date", "2002-02-03T04:05:06Z"), ILLEGAL);
    rig_expect(r, MODIFY("Original Creation Date", "2002-02-03T04:05:06Z"), DENIED);
    rig_expect(r, DELETE("Original Creation Date"), DENIED);
    rig_free(r);
}

Test(attributes, move_the_last_change_date)
{
    static const char *const moving[] = {ADD("x-a", "1"),
                                         MODIFY("x-a", "2"),
                                         DELETE("x-a"),
                                         ADD("Usage Limits", "{Usage Limits Total: 10, Usage "
                                                             "Limits Unit: Byte}"),
                                         "Activate, {Unique Identifier: $k}",
                                         "Get Usage Allocation, {Unique Identifier: $k, Usage "
                                         "Limits Count: 5}",
                                         "Archive, {Unique Identifier: $k}",
                                         "Recover, {Unique Identifier: $k}",
                                         REVOKE("Superseded"),
                                         "Destroy, {Unique Identifier: $k}"};
    static const char *const resting[] = {
        "Get, {Unique Identifier: $k}", "Get Attributes, {Unique Identifier: $k}",
        "Check, {Unique Identifier: $k}", "Obtain Lease, {Unique Identifier: $k}", "Locate, {}"};
    struct rig *r = rig_new(NULL);
    rig_make(r, "k", CREATE(""));
    for (size_t i = 0; i < sizeof resting / sizeof *resting; i++) {
        r->now_ns += 1000000000;
        rig_expect(r, resting[i], 0);
        cr_expect_eq(rig_number(r, "k", "Last Change Date"), RIG_NOW, "%s", resting[i]);
    }
    for (size_t i = 0; i < sizeof moving / sizeof *moving; i++) {
        r->now_ns += 1000000000;
        rig_expect(r, moving[i], 0);
        cr_expect_eq(rig_number(r, "k", "Last Change Date"), r->now_ns / 1000000000, "%s",
                     moving[i]);
    }
    rig_free(r);
}

Test(get_attributes, leaves_out_what_is_unknown_and_refuses_twins)
{
    struct rig *r = rig_new(NULL);
    rig_make(r, "k", CREATE(", Name: [a, b]"));
    rig_expect(r,
               "Get Attributes, {Unique Identifier: $k, Attribute Name: [Name, Nonsense, "
               "Activation Date, x-none]}",
               0);
    cr_expect_eq(rig_count(r, 0, KMIP_TAG_ATTRIBUTE), 2u);
    rig_expect(r,
               "Get Attributes, {Unique Identifier: $k, Attribute Name: [Object Type, Object "
               "Type]}",
               KMIP_RESULT_REASON_INVALID_MESSAGE);
    rig_expect(r, "Get Attribute List, {Unique Identifier: $k}", 0);
    cr_expect_eq(rig_count(r, 0, KMIP_TAG_ATTRIBUTE_NAME), 13u);
    rig_expect(r, "Get Attributes, {Unique Identifier: none}", NOT_FOUND);
    rig_free(r);
}

Test(versions, hide_what_they_do_not_know)
{
    struct rig *r = rig_new(NULL);
    struct ttlv_item v, f;
    rig_make(r, "k",
             CREATE(", Cryptographic Parameters: {Block Cipher Mode: CBC, Random IV: true}, "
                    "Alternative Name: "
                    "{Alternative Name Value: a, Alternative Name Type: URI}"));
    static const struct {
        const char *version;
        unsigned fresh, creation;
        bool format;
    } rows[] = {{"1.0", 0, 0, false}, {"1.1", 1, 0, true}, {"1.2", 1, 1, true}};
    for (size_t i = 0; i < 3; i++) {
        r->version = rows[i].version;
        rig_expect(r, "Get Attributes, {Unique Identifier: $k}",
                   0); /* the validator looks for anything newer */
        cr_expect_eq(rig_attribute(r, "Fresh", 0, &v, NULL), rows[i].fresh);
        cr_expect_eq(rig_attribute(r, "Original Creation Date", 0, &v, NULL), rows[i].creation);
        cr_assert(rig_attribute(r, "Digest", 0, &v, NULL));
        cr_expect_eq(ttlv_find(&v, KMIP_TAG_KEY_FORMAT_TYPE, &f), rows[i].format);
        cr_assert(rig_attribute(r, "Cryptographic Parameters", 0, &v, NULL));
        rig_expect(r, "Get Attribute List, {Unique Identifier: $k}", 0);
        rig_expect(r, "Get, {Unique Identifier: $k}", 0);
    }
    r->version = "1.0";
    rig_expect(r, "Get Attributes, {Unique Identifier: $k, Attribute Name: Fresh}", 0);
    cr_expect_eq(rig_count(r, 0, KMIP_TAG_ATTRIBUTE), 0u);
    rig_expect(r, "Locate, {Attribute: {Attribute Name: Fresh, Attribute Value: true}}", FIELD);
    rig_expect(r, DELETE("Alternative Name"), NOT_FOUND);
    rig_expect(r, "Encrypt, {Unique Identifier: $k, Data: 00}",
               KMIP_RESULT_REASON_OPERATION_NOT_SUPPORTED);
    rig_expect(r, "Discover Versions, {}", KMIP_RESULT_REASON_OPERATION_NOT_SUPPORTED);
    rig_free(r);
}
