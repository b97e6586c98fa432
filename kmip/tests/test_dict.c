/* The dictionary: look-ups both ways, and the tables against each other. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "kmip/base/buf.h"
#include "kmip/schema/dict.h"

#define B(s) bytes_str(s)

Test(dict, finds_every_tag_by_number_and_by_both_names)
{
    for (size_t i = 0; i < kmip_n_tags; i++) {
        const struct kmip_tag *t = &kmip_tags[i];
        char hex[16];

        snprintf(hex, sizeof hex, "0x%06X", t->tag);
        cr_expect_eq(kmip_tag(t->tag), t, "%s", t->name);
        cr_expect_eq(kmip_tag_by_name(B(t->name)), t, "%s", t->name);
        cr_expect_eq(kmip_tag_by_name(B(t->xml)), t, "%s", t->xml);
        cr_expect_eq(kmip_tag_by_name(B(hex)), t, "%s", hex);
    }
}

Test(dict, finds_no_tag_where_there_is_none)
{
    static const char *const names[] = {"", "Nonsense", "activation date", "Activation Date ",
                                        "0x420000", "0x4200", "0x", "42000D", "AActivation Date"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        cr_expect_null(kmip_tag_by_name(B(names[i])), "%s", names[i]);
    cr_expect_null(kmip_tag(0));
    cr_expect_null(kmip_tag(0x420000));
    cr_expect_null(kmip_tag(0x420125));
    cr_expect_null(kmip_tag(0x540001));
    cr_expect_null(kmip_tag_name(0xFFFFFFFF));
}

Test(dict, finds_every_value_of_every_enumeration)
{
    for (size_t i = 0; i < kmip_n_enums; i++) {
        const struct kmip_enum *e = &kmip_enums[i];

        cr_expect_eq(kmip_enum_by_name(B(e->name)), e, "%s", e->name);
        for (size_t k = 0; k < e->n; k++) {
            const struct kmip_enum_value *v = &e->values[k];

            cr_expect_eq(kmip_enum_value(e, v->value), v, "%s %s", e->name, v->name);
            cr_expect_eq(kmip_enum_by_text(e, B(v->name)), v, "%s %s", e->name, v->name);
            cr_expect_eq(kmip_enum_by_text(e, B(v->xml)), v, "%s %s", e->name, v->xml);
            cr_expect(k == 0 || v[-1].value < v->value, "%s ascends", e->name);
        }
        cr_expect_null(kmip_enum_value(e, 0x7FFFFFFF), "%s", e->name);
        cr_expect_null(kmip_enum_by_text(e, B("no such value")), "%s", e->name);
    }
}

Test(dict, takes_enumeration_texts_whatever_their_case_and_separators)
{
    static const struct {
        const char *enumeration, *text;
        uint32_t value;
    } rows[] = {
        {"Cryptographic Algorithm", "3DES", KMIP_CRYPTOGRAPHIC_ALGORITHM_3DES},
        {"Cryptographic Algorithm", "des3", KMIP_CRYPTOGRAPHIC_ALGORITHM_3DES},
        {"State", "preactive", KMIP_STATE_PRE_ACTIVE},
        {"State", "PRE_ACTIVE", KMIP_STATE_PRE_ACTIVE},
        {"State", "Pre Active", KMIP_STATE_PRE_ACTIVE},
        {"Operation", "re-key key pair", KMIP_OPERATION_RE_KEY_KEY_PAIR},
        {"Result Reason", "Object Archived", KMIP_RESULT_REASON_OBJECT_ARCHIVED},
        {"Result Reason", "General Failure", 0x100},
        {"Result Status", "Success", 0},
        {"Hashing Algorithm", "sha512/256", KMIP_HASHING_ALGORITHM_SHA_512_256},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct kmip_enum *e = kmip_enum_by_name(B(rows[i].enumeration));
        const struct kmip_enum_value *v;

        cr_assert_not_null(e, "%s", rows[i].enumeration);
        v = kmip_enum_by_text(e, B(rows[i].text));
        cr_assert_not_null(v, "%s", rows[i].text);
        cr_expect_eq(v->value, rows[i].value, "%s", rows[i].text);
    }
}

Test(dict, gives_every_enumeration_tag_up_to_1_2_its_enumeration)
{
    for (size_t i = 0; i < kmip_n_tags; i++)
        if (kmip_tags[i].types == TYPE_BIT(TTLV_ENUMERATION) && kmip_tags[i].since <= KMIP_V12)
            cr_expect_not_null(kmip_tags[i].en, "%s", kmip_tags[i].name);
    cr_assert_not_null(kmip_tag(KMIP_TAG_CRYPTOGRAPHIC_USAGE_MASK)->en);
    cr_expect(kmip_tag(KMIP_TAG_CRYPTOGRAPHIC_USAGE_MASK)->en->mask);
    cr_expect(kmip_tag(KMIP_TAG_STORAGE_STATUS_MASK)->en->mask);
}

Test(dict, finds_every_structure_by_what_selects_it)
{
    for (size_t i = 0; i < kmip_n_structs; i++) {
        const struct kmip_struct *s = &kmip_structs[i];

        cr_expect_eq(kmip_struct(s->tag, (enum kmip_struct_kind)s->kind, s->selector), s, "%s",
                     s->name);
        for (unsigned k = 0; k < s->n; k++) {
            bool required = s->fields[k].need == KMIP_REQUIRED;

            cr_expect_eq(required, s->required >> k & 1, "%s, field %u", s->name, k);
            cr_expect(s->fields[k].tag == 0 || kmip_tag(s->fields[k].tag), "%s", s->name);
        }
    }
    cr_expect_null(kmip_struct(KMIP_TAG_REQUEST_PAYLOAD, KMIP_STRUCT_REQUEST, 0x80000001));
    cr_expect_null(
        kmip_struct(KMIP_TAG_RESPONSE_PAYLOAD, KMIP_STRUCT_RESPONSE, KMIP_OPERATION_POLL));
    cr_expect_null(kmip_struct(KMIP_TAG_BATCH_COUNT, KMIP_STRUCT_PLAIN, 0));
    cr_expect_null(
        kmip_struct(KMIP_TAG_KEY_MATERIAL, KMIP_STRUCT_SELECTED, KMIP_KEY_FORMAT_TYPE_RAW));
}

Test(dict, has_both_payloads_of_every_operation_of_1_2)
{
    const struct kmip_enum *e = kmip_enum_by_name(B("Operation"));

    for (size_t i = 0; i < e->n; i++) {
        uint32_t op = e->values[i].value;

        if (e->values[i].since > KMIP_V12)
            continue;
        cr_expect_not_null(kmip_struct(KMIP_TAG_REQUEST_PAYLOAD, KMIP_STRUCT_REQUEST, op), "%s",
                           e->values[i].name);
        if (op != KMIP_OPERATION_POLL && op != KMIP_OPERATION_NOTIFY && op != KMIP_OPERATION_PUT)
            cr_expect_not_null(kmip_struct(KMIP_TAG_RESPONSE_PAYLOAD, KMIP_STRUCT_RESPONSE, op),
                               "%s", e->values[i].name);
    }
}

Test(dict, knows_since_when_a_field_exists)
{
    static const struct {
        uint32_t structure, field;
        uint8_t since;
    } rows[] = {
        {KMIP_TAG_DIGEST, KMIP_TAG_KEY_FORMAT_TYPE, KMIP_V11},
        {KMIP_TAG_DIGEST, KMIP_TAG_DIGEST_VALUE, KMIP_V10},
        {KMIP_TAG_CRYPTOGRAPHIC_PARAMETERS, KMIP_TAG_DIGITAL_SIGNATURE_ALGORITHM, KMIP_V12},
        {KMIP_TAG_CRYPTOGRAPHIC_PARAMETERS, KMIP_TAG_CRYPTOGRAPHIC_ALGORITHM, KMIP_V12},
        {KMIP_TAG_CRYPTOGRAPHIC_PARAMETERS, KMIP_TAG_KEY_ROLE_TYPE, KMIP_V10},
        {KMIP_TAG_KEY_WRAPPING_DATA, KMIP_TAG_ENCODING_OPTION, KMIP_V11},
        {KMIP_TAG_RESPONSE_HEADER, KMIP_TAG_NONCE, KMIP_V12},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct kmip_struct *s = kmip_struct(rows[i].structure, KMIP_STRUCT_PLAIN, 0);

        for (unsigned k = 0; k < s->n; k++)
            if (s->fields[k].tag == rows[i].field)
                cr_expect_eq(s->fields[k].since, rows[i].since, "%s %s", s->name,
                             kmip_tag_name(rows[i].field));
    }
}

Test(dict, finds_every_attribute_by_name_and_tag)
{
    for (size_t i = 0; i < kmip_n_attributes; i++) {
        const struct kmip_attribute *a = &kmip_attributes[i];

        cr_expect_eq(kmip_attribute_by_name(B(a->name)), a, "%s", a->name);
        cr_expect_eq(kmip_attribute_by_tag(a->tag), a, "%s", a->name);
        cr_expect_neq(a->objects, 0, "%s", a->name);
    }
    cr_expect_null(kmip_attribute_by_name(B("")));
    cr_expect_null(kmip_attribute_by_name(B("x-ID")));
    cr_expect_null(kmip_attribute_by_name(B("state")));
    cr_expect_null(kmip_attribute_by_name(B("Batch Count")));
    cr_expect_null(kmip_attribute_by_tag(KMIP_TAG_BATCH_COUNT));
}

Test(dict, knows_the_rules_of_attributes)
{
    const struct kmip_attribute *name = kmip_attribute_by_name(B("Name"));
    const struct kmip_attribute *state = kmip_attribute_by_name(B("State"));
    const struct kmip_attribute *start = kmip_attribute_by_name(B("Process Start Date"));
    const struct kmip_attribute *issuer = kmip_attribute_by_name(B("Certificate Issuer"));

    cr_expect_eq(name->flags, KMIP_ATTR_CLIENT_SETS | KMIP_ATTR_SERVER_MODIFIES |
                                  KMIP_ATTR_CLIENT_MODIFIES | KMIP_ATTR_CLIENT_DELETES |
                                  KMIP_ATTR_MULTI);
    cr_expect_eq(name->objects, 0x3FE);
    cr_expect_eq(state->flags,
                 KMIP_ATTR_ALWAYS | KMIP_ATTR_SERVER_SETS | KMIP_ATTR_SERVER_MODIFIES);
    cr_expect_not(state->objects & KMIP_OBJECT_BIT(KMIP_OBJECT_TYPE_TEMPLATE));
    cr_expect_eq(start->objects, KMIP_OBJECT_BIT(KMIP_OBJECT_TYPE_SYMMETRIC_KEY) |
                                     KMIP_OBJECT_BIT(KMIP_OBJECT_TYPE_SPLIT_KEY) |
                                     KMIP_OBJECT_BIT(KMIP_OBJECT_TYPE_TEMPLATE));
    cr_expect(issuer->deprecated);
    cr_expect_not(name->deprecated);
}

Test(dict, names_values_known_and_unknown)
{
    const char *unknown = kmip_name_of("Operation", 0x2C), *other = kmip_name_of("Nothing", 1);

    cr_expect_str_eq(kmip_operation_name(KMIP_OPERATION_RE_KEY), "Re-key");
    cr_expect_str_eq(kmip_name_of("Result Status", 0), "Success");
    cr_expect_str_eq(unknown, "0x0000002C");
    cr_expect_str_eq(other, "0x00000001");
}

Test(dict, writes_masks_as_names)
{
    static const struct {
        uint32_t value;
        const char *text;
    } rows[] = {{0, "0"},
                {12, "Encrypt | Decrypt"},
                {0x400, "Content Commitment (Non Repudiation)"},
                {0x80000001, "Sign | 0x80000000"},
                {0x100000, "0x00100000"}};
    const struct kmip_enum *mask = kmip_enum_by_name(B("Cryptographic Usage Mask"));

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf b;

        buf_init(&b, BUF_NO_LIMIT);
        kmip_mask_text(mask, rows[i].value, &b);
        cr_expect_str_eq(buf_cstr(&b), rows[i].text);
        buf_clear(&b);
    }
}

Test(dict, maps_object_types_to_structures_and_back)
{
    for (uint32_t type = 1; type <= KMIP_OBJECT_TYPE_PGP_KEY; type++)
        cr_expect_eq(kmip_object_type(kmip_object_tag(type)), type);
    cr_expect_eq(kmip_object_tag(KMIP_OBJECT_TYPE_SYMMETRIC_KEY), KMIP_TAG_SYMMETRIC_KEY);
    cr_expect_eq(kmip_object_tag(0), 0);
    cr_expect_eq(kmip_object_tag(10), 0);
    cr_expect_eq(kmip_object_type(KMIP_TAG_KEY_BLOCK), 0);
    cr_expect_eq(kmip_object_type(0), 0);
}

Test(dict, reads_and_writes_versions)
{
    static const struct {
        const char *text;
        uint8_t version;
    } rows[] = {{"1.2", 0x12}, {"1.0", 0x10}, {"2.1", 0x21}, {"1.15", 0x1F}, {"1.16", 0},
                {"0.9", 0},    {"1", 0},      {"", 0},       {"1.", 0},      {".2", 0},
                {"1.2.3", 0},  {"+1.2", 0},   {"1.-1", 0},   {" 1.2", 0},    {"1.002", 0}};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cr_expect_eq(kmip_version_parse(B(rows[i].text)), rows[i].version, "%s", rows[i].text);
        if (rows[i].version)
            cr_expect_str_eq(kmip_version_text(rows[i].version), rows[i].text);
    }
}

Test(dict, marks_what_must_not_be_printed)
{
    static const uint32_t secret[] = {
        KMIP_TAG_KEY_MATERIAL, KMIP_TAG_KEY, KMIP_TAG_PASSWORD, KMIP_TAG_D, KMIP_TAG_X, KMIP_TAG_P,
        KMIP_TAG_Q, KMIP_TAG_CRT_COEFFICIENT, KMIP_TAG_PRIVATE_EXPONENT,
        KMIP_TAG_OPAQUE_DATA_VALUE, KMIP_TAG_DATA};
    static const uint32_t holder[] = {KMIP_TAG_KEY_VALUE, KMIP_TAG_KEY_BLOCK, KMIP_TAG_SECRET_DATA,
                                      KMIP_TAG_CREDENTIAL, KMIP_TAG_AUTHENTICATION};
    static const uint32_t open[] = {KMIP_TAG_MODULUS, KMIP_TAG_USERNAME, KMIP_TAG_Y};

    for (size_t i = 0; i < sizeof secret / sizeof *secret; i++)
        cr_expect_eq(kmip_tag(secret[i])->secrecy, KMIP_SECRET, "%s", kmip_tag_name(secret[i]));
    for (size_t i = 0; i < sizeof holder / sizeof *holder; i++)
        cr_expect_eq(kmip_tag(holder[i])->secrecy, KMIP_HOLDER, "%s", kmip_tag_name(holder[i]));
    for (size_t i = 0; i < sizeof open / sizeof *open; i++)
        cr_expect_eq(kmip_tag(open[i])->secrecy, KMIP_PUBLIC, "%s", kmip_tag_name(open[i]));
}
