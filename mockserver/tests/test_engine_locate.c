/* Locate: what matches, what is visible, what the list is limited to. */
#include "mockserver/tests/engine_rig.h"

#define AES                                                                                        \
    "Cryptographic Algorithm: AES, Cryptographic Length: 128, Cryptographic Usage Mask: Encrypt "  \
    "| Decrypt"
#define CREATE(attrs)                                                                              \
    "Create, {Object Type: Symmetric Key, Template-Attribute: {Attributes: {" AES attrs "}}}"
#define FILTER(name, value) "Attribute: {Attribute Name: " name ", Attribute Value: " value "}"
#define FILTER2(n1, v1, n2, v2)                                                                    \
    "Attribute: [{Attribute Name: " n1 ", Attribute Value: " v1 "}, {Attribute Name: " n2          \
    ", Attribute Value: " v2 "}]"

/* Three keys: "a" (Pre-Active, group g, x-n 1), "b" (Active since NOW-100, x-n 2, limits),
 * "c" (archived, Alternative Name), and an Opaque Object "o". */
static struct rig *three(void)
{
    struct rig *r = rig_new(NULL);
    rig_make(r, "a",
             CREATE(", Name: [a, alpha], Object Group: g, x-n: 1, Link: {Link Type: Parent Link, "
                    "Linked Object Identifier: up}"));
    rig_make(r, "b",
             CREATE(", Name: b, x-n: 2, Activation Date: $NOW-100, Usage Limits: {Usage Limits "
                    "Total: 100, "
                    "Usage Limits Unit: Byte}"));
    rig_make(r, "c",
             CREATE(", Name: c, Alternative Name: {Alternative Name Value: sea, Alternative Name "
                    "Type: URI}"));
    rig_expect(r, "Archive, {Unique Identifier: $c}", 0);
    rig_make(r, "o",
             "Register, {Object Type: Opaque Object, Template-Attribute: {Attributes: {Name: o}}, "
             "Opaque Object: "
             "{Opaque Data Type: 0x80000001, Opaque Data Value: 0102}}");
    return r;
}

static const struct {
    const char *payload;
    const char *found; /* names of the objects found, in order of making */
} rows[] = {
    {"{}", "abo"},
    {"{Storage Status Mask: 3}", "abco"},
    {"{Storage Status Mask: Archival storage}", "c"},
    {"{Storage Status Mask: 0}", ""},
    {"{Maximum Items: 2}", "ab"},
    {"{Maximum Items: 0}", ""},
    {"{" FILTER("Name", "{Name Value: a, Name Type: Uninterpreted Text String}") "}", "a"},
    {"{" FILTER("Name", "{Name Value: a, Name Type: URI}") "}", ""},
    {"{" FILTER("Name", "!Structure {Name Value: alpha}") "}", "a"},
    {"{" FILTER("Name", "!Structure {Name Type: Uninterpreted Text String}") "}", "abo"},
    {"{" FILTER("Name", "{Name Value: c, Name Type: Uninterpreted Text String}") "}", ""},
    {"{Attribute: {Attribute Name: Name, Attribute Index: 7, Attribute Value: {Name Value: a, Name "
     "Type: Uninterpreted "
     "Text String}}}",
     "a"},
    {"{" FILTER("Object Type", "Symmetric Key") "}", "ab"},
    {"{" FILTER("Object Type", "Opaque Object") "}", "o"},
    {"{" FILTER("State", "Active") "}", "b"},
    {"{" FILTER("State", "Pre-Active") "}", "a"},
    {"{" FILTER("Unique Identifier", "$b") "}", "b"},
    {"{" FILTER2("Unique Identifier", "$b", "State", "Pre-Active") "}", ""},
    {"{" FILTER("Unique Identifier", "nobody") "}", ""},
    {"{" FILTER("x-n", "!Integer 1") "}", "a"},
    {"{" FILTER("x-n", "!TextString 1") "}", ""},
    {"{" FILTER2("x-n", "!Integer 1", "Name", "!Structure {Name Value: b}") "}", ""},
    {"{" FILTER("Cryptographic Usage Mask", "Encrypt") "}", "ab"},
    {"{" FILTER("Cryptographic Usage Mask", "Encrypt | Sign") "}", ""},
    {"{" FILTER("Activation Date", "$NOW-100") "}", "b"},
    {"{" FILTER("Activation Date", "$NOW-99") "}", ""},
    {"{" FILTER2("Activation Date", "$NOW-200", "Activation Date", "$NOW-100") "}", "b"},
    {"{" FILTER2("Activation Date", "$NOW", "Activation Date", "$NOW-100") "}", "b"},
    {"{" FILTER2("Activation Date", "$NOW-50", "Activation Date", "$NOW") "}", ""},
    {"{" FILTER("Activation Date", "9223372036854775807") "}", "ao"},
    {"{" FILTER("Usage Limits", "!Structure {Usage Limits Total: 100}") "}", "b"},
    {"{" FILTER("Usage Limits", "!Structure {Usage Limits Count: 101}") "}", ""},
    {"{" FILTER("Link", "!Structure {Linked Object Identifier: up}") "}", "a"},
    {"{" FILTER("Object Group", "g") "}", "a"},
    {"{Object Group Member: Group Member Fresh, " FILTER("Object Group", "g") "}", "a"},
    {"{Storage Status Mask: 3, " FILTER("Alternative Name", "!Structure {Alternative Name Value: "
                                                            "sea}") "}",
     "c"},
    {"{" FILTER("Fresh", "false") "}", ""},
    {"{" FILTER("y-none", "a") "}", ""},
};

static void names_found(struct rig *r, char out[16])
{
    static const char *const names[] = {"a", "b", "c", "o"};
    struct kmip_item it;
    struct ttlv_reader rd;
    struct ttlv_item uid;
    size_t n = 0;
    cr_assert(rig_item(r, 0, &it));
    ttlv_r_init(&rd, it.payload.val, NULL, NULL);
    while (ttlv_r_next(&rd, &uid) && n < 15)
        for (size_t i = 0; i < 4; i++) {
            struct form_value_ref v;
            cr_assert(rig_lookup(r, bytes_str(names[i]), &v));
            if (bytes_eq(v.val, uid.val))
                out[n++] = names[i][0];
        }
    out[n] = '\0';
}

Test(locate, matches_all_that_is_asked)
{
    struct rig *r = three();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[600], found[16];
        snprintf(text, sizeof text, "Locate, %s", rows[i].payload);
        rig_expect(r, text, 0);
        names_found(r, found);
        cr_expect_str_eq(found, rows[i].found, "%s: found \"%s\", expected \"%s\"", rows[i].payload,
                         found, rows[i].found);
    }
    rig_free(r);
}

Test(locate, refuses_attributes_that_do_not_exist)
{
    struct rig *r = three();
    rig_expect(r, "Locate, {" FILTER("Nonsense", "a") "}", KMIP_RESULT_REASON_INVALID_FIELD);
    rig_expect(r,
               "Locate, {Attribute: [{Attribute Name: Activation Date, Attribute Value: 1}, "
               "{Attribute Name: Activation "
               "Date, Attribute Value: 2}, {Attribute Name: Activation Date, Attribute Value: 3}]}",
               KMIP_RESULT_REASON_INVALID_FIELD);
    rig_expect(r, "Locate, {Maximum Items: -1}", KMIP_RESULT_REASON_INVALID_FIELD);
    rig_free(r);
}

Test(locate, sees_what_time_has_made_of_states)
{
    struct rig *r = rig_new(NULL);
    rig_make(r, "k", CREATE(", Activation Date: $NOW+5"));
    rig_expect(r, "Locate, {" FILTER("State", "Active") "}", 0);
    cr_expect_eq(rig_count(r, 0, KMIP_TAG_UNIQUE_IDENTIFIER), 0u);
    r->now_ns += 5000000000;
    rig_expect(r, "Locate, {" FILTER("State", "Active") "}", 0);
    cr_expect_eq(rig_count(r, 0, KMIP_TAG_UNIQUE_IDENTIFIER), 1u);
    cr_expect_eq(rig_state(r, "k"), KMIP_STATE_ACTIVE);
    rig_free(r);
}

Test(locate, finds_destroyed_objects_only_by_state_or_destroy_date)
{
    struct rig *r = three();
    rig_expect(r, "Destroy, {Unique Identifier: $a}", 0);
    rig_expect(r, "Locate, {" FILTER("Name", "!Structure {Name Value: a}") "}", 0);
    cr_expect_eq(rig_count(r, 0, KMIP_TAG_UNIQUE_IDENTIFIER), 0u);
    rig_expect(r, "Locate, {" FILTER2("State", "Pre-Active", "Unique Identifier", "$a") "}", 0);
    cr_expect_eq(rig_count(r, 0, KMIP_TAG_UNIQUE_IDENTIFIER), 0u);
    rig_expect(r, "Locate, {" FILTER("State", "Destroyed") "}", 0);
    cr_expect_eq(rig_count(r, 0, KMIP_TAG_UNIQUE_IDENTIFIER), 1u);
    rig_expect(r, CREATE(", Name: a"), 0);
    rig_free(r);
}

Test(locate, gives_each_fresh_member_of_a_group_once)
{
    struct rig *r = rig_new(NULL);
    rig_make(r, "a", CREATE(", Object Group: g"));
    rig_make(r, "b", CREATE(", Object Group: g"));
    static const char ask[] = "Locate, {Maximum Items: 1, Object Group Member: Group Member "
                              "Fresh, " FILTER("Object Group", "g") "} || Get, {}";
    for (int i = 0; i < 2; i++) {
        rig_ask(r, ask);
        cr_expect_eq(rig_reason(r, 1), 0u);
    }
    rig_ask(r, ask);
    cr_expect_eq(rig_reason(r, 0), 0u);
    cr_expect_eq(rig_count(r, 0, KMIP_TAG_UNIQUE_IDENTIFIER), 0u);
    cr_expect_eq(rig_reason(r, 1), KMIP_RESULT_REASON_ITEM_NOT_FOUND);
    cr_expect_eq(rig_number(r, "a", "Fresh"), 0);
    rig_free(r);
}

Test(locate, lets_members_of_a_group_take_turns)
{
    struct rig *r = rig_new(NULL);
    char uids[4][MOCK_UID_MAX] = {""};
    for (int i = 0; i < 3; i++)
        rig_make(r, "k", CREATE(", Object Group: g"));
    for (int i = 0; i < 4; i++) {
        struct ttlv_item uid;
        rig_expect(r,
                   "Locate, {Maximum Items: 1, Object Group Member: Group Member Default, " FILTER(
                       "Object Group", "g") "}",
                   0);
        cr_assert(rig_field(r, 0, KMIP_TAG_UNIQUE_IDENTIFIER, &uid));
        snprintf(uids[i], MOCK_UID_MAX, "%.*s", (int)uid.val.n, (const char *)uid.val.p);
    }
    cr_expect_str_neq(uids[0], uids[1]);
    cr_expect_str_neq(uids[1], uids[2]);
    cr_expect_str_neq(uids[0], uids[2]);
    cr_expect_str_eq(uids[0], uids[3]);
    /* Once the last that had its turn is gone, the first has it. */
    rig_bind(r, "last", TTLV_TEXT_STRING, bytes_str(uids[3]));
    rig_expect(r, "Destroy, {Unique Identifier: $last}", 0);
    for (int i = 0; i < 2; i++) {
        rig_expect(r,
                   "Locate, {Maximum Items: 1, Object Group Member: Group Member Default, " FILTER(
                       "Object Group", "g") "}",
                   0);
        struct ttlv_item got;
        cr_assert(rig_field(r, 0, KMIP_TAG_UNIQUE_IDENTIFIER, &got));
        cr_expect(bytes_eq_str(got.val, uids[1 + i]));
    }
    rig_free(r);
}
