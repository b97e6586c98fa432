/* Life cycle, leases, allocations, re-keying. */
#include "mockserver/tests/engine_rig.h"

#define AES                                                                                        \
    "Cryptographic Algorithm: AES, Cryptographic Length: 128, Cryptographic Usage Mask: Encrypt "  \
    "| Decrypt"
#define CREATE(attrs)                                                                              \
    "Create, {Object Type: Symmetric Key, Template-Attribute: {Attributes: {" AES attrs "}}}"
#define REVOKE(code, more)                                                                         \
    "Revoke, {Unique Identifier: $k, Revocation Reason: {Revocation Reason Code: " code "}" more "}"
#define COMPROMISE REVOKE("Key Compromise", ", Compromise Occurrence Date: 6")
#define ACTIVATE "Activate, {Unique Identifier: $k}"
#define DESTROY "Destroy, {Unique Identifier: $k}"

#define DENIED KMIP_RESULT_REASON_PERMISSION_DENIED
#define ILLEGAL KMIP_RESULT_REASON_ILLEGAL_OPERATION

/* What leads a new key to each state. */
static const struct {
    uint32_t state;
    const char *path[3];
    uint32_t activate, revoke, compromise, destroy;
    uint32_t revoked, compromised, destroyed; /* states when those succeed */
} states[] = {
    {KMIP_STATE_PRE_ACTIVE,
     {NULL},
     0,
     ILLEGAL,
     0,
     0,
     0,
     KMIP_STATE_COMPROMISED,
     KMIP_STATE_DESTROYED},
    {KMIP_STATE_ACTIVE,
     {ACTIVATE},
     DENIED,
     0,
     0,
     DENIED,
     KMIP_STATE_DEACTIVATED,
     KMIP_STATE_COMPROMISED,
     0},
    {KMIP_STATE_DEACTIVATED,
     {ACTIVATE, REVOKE("Unspecified", "")},
     DENIED,
     ILLEGAL,
     0,
     0,
     0,
     KMIP_STATE_COMPROMISED,
     KMIP_STATE_DESTROYED},
    {KMIP_STATE_COMPROMISED,
     {COMPROMISE},
     DENIED,
     ILLEGAL,
     ILLEGAL,
     0,
     0,
     0,
     KMIP_STATE_DESTROYED_COMPROMISED},
    {KMIP_STATE_DESTROYED,
     {DESTROY},
     DENIED,
     ILLEGAL,
     0,
     DENIED,
     0,
     KMIP_STATE_DESTROYED_COMPROMISED,
     0},
    {KMIP_STATE_DESTROYED_COMPROMISED,
     {COMPROMISE, DESTROY},
     DENIED,
     ILLEGAL,
     ILLEGAL,
     DENIED,
     0,
     0,
     0},
};

static void try_from(size_t i, const char *event, uint32_t reason, uint32_t then)
{
    struct rig *r = rig_new(NULL);
    rig_make(r, "k", CREATE(""));
    for (size_t j = 0; j < 3 && states[i].path[j]; j++)
        rig_expect(r, states[i].path[j], 0);
    cr_assert_eq(rig_state(r, "k"), states[i].state);
    rig_expect(r, event, reason);
    cr_expect_eq(rig_state(r, "k"), reason ? states[i].state : then);
    rig_free(r);
}

Test(life, has_the_transitions_of_the_standard_and_no_others)
{
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        try_from(i, ACTIVATE, states[i].activate, KMIP_STATE_ACTIVE);
        try_from(i, REVOKE("Superseded", ""), states[i].revoke, states[i].revoked);
        try_from(i, COMPROMISE, states[i].compromise, states[i].compromised);
        try_from(i, DESTROY, states[i].destroy, states[i].destroyed);
    }
}

Test(life, sets_the_dates_of_what_happened)
{
    struct rig *r = rig_new(NULL);
    rig_make(r, "k", CREATE(", Deactivation Date: $NOW+100"));
    r->now_ns += 1000000000;
    rig_expect(r, ACTIVATE, 0);
    cr_expect_eq(rig_number(r, "k", "Activation Date"), RIG_NOW + 1);
    r->now_ns += 1000000000;
    rig_expect(r, REVOKE("Cessation of Operation", ""), 0);
    cr_expect_eq(rig_number(r, "k", "Deactivation Date"), RIG_NOW + 2);
    r->now_ns += 1000000000;
    rig_expect(r, COMPROMISE, 0);
    cr_expect_eq(rig_number(r, "k", "Compromise Date"), RIG_NOW + 3);
    cr_expect_eq(rig_number(r, "k", "Compromise Occurrence Date"), 6);
    rig_expect(r, "Get, {Unique Identifier: $k}", 0);
    r->now_ns += 1000000000;
    rig_expect(r, DESTROY, 0);
    cr_expect_eq(rig_number(r, "k", "Destroy Date"), RIG_NOW + 4);
    rig_free(r);
}

Test(revoke, wants_a_known_reason_and_the_date_of_a_compromise)
{
    struct rig *r = rig_new(NULL);
    rig_make(r, "k", CREATE(", Activation Date: $NOW"));
    rig_expect(r, REVOKE("Key Compromise", ""), KMIP_RESULT_REASON_INVALID_MESSAGE);
    rig_expect(r, REVOKE("0x77", ""), KMIP_RESULT_REASON_INVALID_FIELD);
    rig_expect(r, "Revoke, {Unique Identifier: $k}", KMIP_RESULT_REASON_INVALID_MESSAGE);
    rig_expect(r, REVOKE("CA Compromise", ""), 0);
    cr_expect_eq(rig_state(r, "k"), KMIP_STATE_DEACTIVATED);
    rig_make(r, "k",
             "Register, {Object Type: Opaque Object, Template-Attribute: {}, Opaque Object: "
             "{Opaque Data Type: "
             "0x80000001, Opaque Data Value: 0102}}");
    rig_expect(r, ACTIVATE, ILLEGAL);
    rig_expect(r, COMPROMISE, 0);
    cr_expect_eq(rig_number(r, "k", "Compromise Date"), RIG_NOW);
    rig_expect(r, DESTROY, 0);
    rig_expect(r, DESTROY, DENIED);
    rig_free(r);
}

Test(destroy, forgets_everything_when_told_to)
{
    static const char *const sets[] = {"keep_metadata=false", NULL};
    struct rig *r = rig_new(sets);
    rig_make(r, "k", CREATE(""));
    rig_expect(r, DESTROY, 0);
    rig_expect(r, "Get Attributes, {Unique Identifier: $k}", KMIP_RESULT_REASON_ITEM_NOT_FOUND);
    rig_expect(r, DESTROY, KMIP_RESULT_REASON_ITEM_NOT_FOUND);
    rig_free(r);
}

/* Meta-data of other objects is kept here, that of a Template never (KMIP 1.2 spec, 4.21). */
Test(destroy, leaves_nothing_of_a_template)
{
    struct rig *r = rig_new(NULL);
    rig_make(r, "k",
             "Register, {Object Type: Template, Template-Attribute: {Attributes: {Name: t}}, "
             "Template: {Attributes: {Cryptographic Algorithm: AES}}}");
    rig_expect(r, DESTROY, 0);
    rig_expect(r, "Get Attributes, {Unique Identifier: $k}", KMIP_RESULT_REASON_ITEM_NOT_FOUND);
    rig_expect(r, DESTROY, KMIP_RESULT_REASON_ITEM_NOT_FOUND);
    rig_free(r);
}

Test(recover, takes_the_archive_date_away)
{
    struct rig *r = rig_new(NULL);
    struct ttlv_item v;
    rig_make(r, "k", CREATE(""));
    rig_expect(r, "Archive, {Unique Identifier: $k}", 0);
    cr_expect_eq(rig_number(r, "k", "Archive Date"), RIG_NOW);
    rig_expect(r, "Recover, {Unique Identifier: $k}", 0);
    rig_expect(r, "Get Attributes, {Unique Identifier: $k}", 0);
    cr_expect_not(rig_attribute(r, "Archive Date", 0, &v, NULL));
    rig_free(r);
}

#define ALLOCATE(n) "Get Usage Allocation, {Unique Identifier: $k, Usage Limits Count: " n "}"

Test(usage, is_allocated_until_nothing_is_left)
{
    struct rig *r = rig_new(NULL);
    rig_make(r, "k",
             CREATE(", Usage Limits: {Usage Limits Total: 1000, Usage Limits Count: 7, Usage "
                    "Limits Unit: Byte}"));
    rig_expect(r, ALLOCATE("500"), DENIED); /* Pre-Active */
    rig_expect(r, ACTIVATE, 0);
    rig_expect(r, "Check, {Unique Identifier: $k, Usage Limits Count: 1000}", 0);
    rig_expect(r, "Check, {Unique Identifier: $k, Usage Limits Count: 1001}", DENIED);
    rig_expect(r, "Get Usage Allocation, {Unique Identifier: $k}",
               KMIP_RESULT_REASON_INVALID_MESSAGE);
    rig_expect(r, ALLOCATE("0"), KMIP_RESULT_REASON_INVALID_FIELD);
    rig_expect(r, ALLOCATE("500"), 0);
    rig_expect(r,
               "Modify Attribute, {Unique Identifier: $k, Attribute: {Attribute Name: Usage "
               "Limits, Attribute Value: "
               "{Usage Limits Total: 1, Usage Limits Unit: Byte}}}",
               DENIED);
    rig_expect(r, "Delete Attribute, {Unique Identifier: $k, Attribute Name: Usage Limits}",
               DENIED);
    rig_expect(r, ALLOCATE("501"), DENIED);
    rig_expect(r, ALLOCATE("500"), 0);
    rig_expect(r, ALLOCATE("1"), DENIED);
    rig_make(r, "k", CREATE(", Activation Date: $NOW"));
    rig_expect(r, ALLOCATE("1"), ILLEGAL);
    rig_expect(r, "Check, {Unique Identifier: $k, Usage Limits Count: 1001}", 0);
    rig_expect(r, "Check, {Unique Identifier: $k, Cryptographic Usage Mask: Encrypt}", 0);
    rig_expect(r, "Check, {Unique Identifier: $k, Cryptographic Usage Mask: Encrypt | Sign}",
               DENIED);
    rig_expect(r, "Check, {Unique Identifier: $k, Lease Time: 3600}", 0);
    rig_expect(r, "Check, {Unique Identifier: $k, Lease Time: 3601}", DENIED);
    rig_make(r, "k",
             CREATE(", Activation Date: $NOW, Protect Stop Date: $NOW-1, Usage Limits: {Usage "
                    "Limits Total: 9, Usage "
                    "Limits Unit: Object}"));
    rig_expect(r, ALLOCATE("1"), DENIED);
    rig_free(r);
}

Test(lease, is_granted_on_what_is_not_compromised)
{
    struct rig *r = rig_new(NULL);
    struct ttlv_item it;
    rig_make(r, "k", CREATE(", Activation Date: $NOW"));
    rig_expect(r, "Obtain Lease, {Unique Identifier: $k}", 0);
    cr_expect(rig_field(r, 0, KMIP_TAG_LEASE_TIME, &it) && ttlv_enum(&it) == 3600);
    rig_expect(r, COMPROMISE, 0);
    rig_expect(r, "Obtain Lease, {Unique Identifier: $k}", DENIED);
    rig_free(r);
}

#define REKEY "Re-key, {Unique Identifier: $k"

Test(rekey, moves_the_name_and_links_both_ways)
{
    struct rig *r = rig_new(NULL);
    struct ttlv_item v, f;
    struct form_value_ref k, n;
    rig_make(r, "k",
             CREATE(", Name: n, x-a: 1, Usage Limits: {Usage Limits Total: 10, Usage Limits Unit: "
                    "Byte}, Activation Date: $NOW"));
    rig_expect(r, "Get Usage Allocation, {Unique Identifier: $k, Usage Limits Count: 5}", 0);
    r->now_ns += 1000000000;
    rig_make(r, "n", REKEY "}");
    cr_assert(rig_lookup(r, bytes_str("k"), &k) && rig_lookup(r, bytes_str("n"), &n));
    rig_expect(r,
               "Locate, {Attribute: {Attribute Name: Name, Attribute Value: !Structure {Name "
               "Value: n}}}",
               0);
    cr_expect_eq(rig_count(r, 0, KMIP_TAG_UNIQUE_IDENTIFIER), 1u);
    cr_expect(rig_field(r, 0, KMIP_TAG_UNIQUE_IDENTIFIER, &f) && bytes_eq(f.val, n.val));
    rig_expect(r, "Get Attributes, {Unique Identifier: $k, Attribute Name: [Name, Link]}", 0);
    cr_expect_eq(rig_count(r, 0, KMIP_TAG_ATTRIBUTE), 1u);
    cr_assert(rig_attribute(r, "Link", 0, &v, NULL) &&
              ttlv_find(&v, KMIP_TAG_LINKED_OBJECT_IDENTIFIER, &f));
    cr_expect(bytes_eq(f.val, n.val));
    rig_expect(r, "Get Attributes, {Unique Identifier: $n}", 0);
    cr_expect(rig_attribute(r, "x-a", 0, &v, NULL));
    cr_assert(rig_attribute(r, "Link", 0, &v, NULL) &&
              ttlv_find(&v, KMIP_TAG_LINKED_OBJECT_IDENTIFIER, &f));
    cr_expect(bytes_eq(f.val, k.val));
    cr_assert(rig_attribute(r, "Usage Limits", 0, &v, NULL) &&
              ttlv_find(&v, KMIP_TAG_USAGE_LIMITS_COUNT, &f));
    cr_expect_eq(ttlv_long(&f), 10);
    cr_expect_eq(rig_number(r, "n", "Initial Date"), RIG_NOW + 1);
    cr_expect_eq(rig_number(r, "n", "Activation Date"), RIG_NOW);
    cr_expect_eq(rig_state(r, "n"), KMIP_STATE_ACTIVE);
    rig_expect(r, "Get, {Unique Identifier: $k}", 0);
    rig_free(r);
}

/* There is one replacement of a key: its latest. */
Test(rekey, of_a_key_that_was_replaced_links_it_to_the_latest)
{
    struct rig *r = rig_new(NULL);
    struct ttlv_item v, f;
    struct form_value_ref n;
    rig_make(r, "k", CREATE(", Link: {Link Type: Parent Link, Linked Object Identifier: p}"));
    rig_make(r, "first", REKEY "}");
    rig_make(r, "n", REKEY "}");
    cr_assert(rig_lookup(r, bytes_str("n"), &n));
    rig_expect(r, "Get Attributes, {Unique Identifier: $k, Attribute Name: Link}", 0);
    cr_expect_eq(rig_count(r, 0, KMIP_TAG_ATTRIBUTE), 2u);
    cr_assert(rig_attribute(r, "Link", 1, &v, NULL) && ttlv_find(&v, KMIP_TAG_LINK_TYPE, &f));
    cr_expect_eq(ttlv_enum(&f), KMIP_LINK_TYPE_REPLACEMENT_OBJECT_LINK);
    cr_assert(ttlv_find(&v, KMIP_TAG_LINKED_OBJECT_IDENTIFIER, &f));
    cr_expect(bytes_eq(f.val, n.val), "it is the first one's");
    rig_free(r);
}

/* Nobody has seen the new key, whoever was given the old one (3.34). */
Test(rekey, gives_a_fresh_key)
{
    struct rig *r = rig_new(NULL);
    rig_make(r, "k", CREATE(""));
    rig_expect(r, "Get, {Unique Identifier: $k}", 0);
    cr_expect_eq(rig_number(r, "k", "Fresh"), 0);
    rig_make(r, "n", REKEY "}");
    cr_expect_eq(rig_number(r, "n", "Fresh"), 1);
    rig_free(r);
}

/* A key that could be registered can be re-keyed, whichever way its length is counted. */
Test(rekey, takes_the_lengths_that_register_takes)
{
    static const struct {
        const char *length, *key;
    } rows[] = {{"112", "0123456789abcdef23456789abcdef01"},
                {"128", "0123456789abcdef23456789abcdef01"},
                {"168", "0123456789abcdef23456789abcdef01456789abcdef0123"},
                {"192", "0123456789abcdef23456789abcdef01456789abcdef0123"}};
    struct rig *r = rig_new(NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[500];
        snprintf(text, sizeof text,
                 "Register, {Object Type: Symmetric Key, Template-Attribute: {Attributes: "
                 "{Cryptographic Usage Mask: Encrypt}}, Symmetric Key: {Key Block: {Key Format "
                 "Type: Raw, Key Value: {Key Material: !ByteString \"%s\"}, Cryptographic "
                 "Algorithm: 3DES, Cryptographic Length: %s}}}",
                 rows[i].key, rows[i].length);
        rig_make(r, "k", text);
        rig_expect(r, REKEY "}", 0);
    }
    rig_free(r);
}

Test(rekey, shifts_dates_by_the_offset_or_takes_those_given)
{
    struct rig *r = rig_new(NULL);
    rig_make(r, "k",
             CREATE(", Activation Date: $NOW-50, Process Start Date: $NOW-40, Deactivation Date: "
                    "$NOW+50"));
    r->now_ns += 10000000000;
    rig_make(r, "n", REKEY ", Offset: 5}");
    cr_expect_eq(rig_number(r, "n", "Activation Date"), RIG_NOW + 15);
    cr_expect_eq(rig_number(r, "n", "Process Start Date"), RIG_NOW + 25);
    cr_expect_eq(rig_number(r, "n", "Deactivation Date"), RIG_NOW + 115);
    cr_expect_eq(rig_state(r, "n"), KMIP_STATE_PRE_ACTIVE);
    rig_expect(r, REKEY ", Offset: 5, Template-Attribute: {Attributes: {Activation Date: $NOW}}}",
               KMIP_RESULT_REASON_INVALID_MESSAGE);
    rig_make(r, "n",
             REKEY ", Template-Attribute: {Attributes: {Activation Date: $NOW-1, Process Start "
                   "Date: $NOW-1, "
                   "Protect Stop Date: $NOW+9, Deactivation Date: $NOW+9, Name: new}}}");
    cr_expect_eq(rig_number(r, "n", "Protect Stop Date"), RIG_NOW + 19);
    rig_make(r, "k", CREATE(""));
    rig_expect(r, REKEY ", Offset: 0}", ILLEGAL);
    rig_free(r);
}

Test(rekey, is_for_symmetric_keys_that_are_there)
{
    struct rig *r = rig_new(NULL);
    rig_make(r, "k",
             "Register, {Object Type: Symmetric Key, Template-Attribute: {Attributes: "
             "{Cryptographic Usage Mask: "
             "Encrypt}}, Symmetric Key: {Key Block: {Key Format Type: Raw}}}");
    rig_expect(r, REKEY "}", KMIP_RESULT_REASON_KEY_VALUE_NOT_PRESENT);
    rig_make(r, "k",
             "Register, {Object Type: Opaque Object, Template-Attribute: {Attributes: {Name: o}}, "
             "Opaque Object: "
             "{Opaque Data Type: 0x80000001, Opaque Data Value: 0102}}");
    rig_expect(r, REKEY "}", DENIED);
    rig_expect(r, "Re-key, {Unique Identifier: none}", KMIP_RESULT_REASON_ITEM_NOT_FOUND);
    rig_make(r, "k", CREATE(", Name: mine"));
    rig_expect(r, REKEY ", Template-Attribute: {Attributes: {Name: o}}}",
               KMIP_RESULT_REASON_INVALID_FIELD);
    /* The failure left the name where it was. */
    rig_expect(r, "Get Attributes, {Unique Identifier: $k, Attribute Name: Name}", 0);
    cr_expect_eq(rig_count(r, 0, KMIP_TAG_ATTRIBUTE), 1u);
    rig_expect(r, COMPROMISE, 0);
    rig_expect(r, REKEY "}", 0);
    rig_free(r);
}
