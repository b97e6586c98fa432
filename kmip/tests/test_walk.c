/* The walk: what stands where, by all that decides it. */
#include <criterion/criterion.h>

#include "kmip/schema/walk.h"
#include "kmip/ttlv/reader.h"
#include "kmip/tests/support/messages.h"

static void note_enum(struct kmip_walk *w, uint32_t tag, uint32_t value)
{
    uint8_t v[4];

    be32_put(v, value);
    kmip_walk_note(w, tag, TTLV_ENUMERATION, bytes_of(v, 4));
}

static void note_text(struct kmip_walk *w, uint32_t tag, const char *value)
{
    kmip_walk_note(w, tag, TTLV_TEXT_STRING, bytes_str(value));
}

/* At the payload of an operation, from the root of a message. */
static struct kmip_walk at_payload(bool response, uint32_t operation)
{
    struct kmip_walk w;

    kmip_walk_init(&w);
    kmip_walk_enter(&w, response ? KMIP_TAG_RESPONSE_MESSAGE : KMIP_TAG_REQUEST_MESSAGE);
    kmip_walk_enter(&w, KMIP_TAG_BATCH_ITEM);
    note_enum(&w, KMIP_TAG_OPERATION, operation);
    kmip_walk_enter(&w, response ? KMIP_TAG_RESPONSE_PAYLOAD : KMIP_TAG_REQUEST_PAYLOAD);
    return w;
}

static const struct kmip_struct *here(const struct kmip_walk *w)
{
    return w->frame[w->depth - 1].def;
}

Test(walk, takes_direction_from_the_root_and_payload_from_the_operation)
{
    struct kmip_walk w = at_payload(false, KMIP_OPERATION_CREATE);

    cr_expect_str_eq(here(&w)->name, "Create Request Payload");
    kmip_walk_leave(&w);
    cr_expect_str_eq(here(&w)->name, "Request Batch Item");
    w = at_payload(true, KMIP_OPERATION_CREATE);
    cr_expect_str_eq(here(&w)->name, "Create Response Payload");
    kmip_walk_leave(&w);
    cr_expect_str_eq(here(&w)->name, "Response Batch Item");
    w = at_payload(true, 0x80000001);
    cr_expect_null(here(&w));
}

Test(walk, keeps_the_operation_when_a_payload_lists_operations)
{
    struct kmip_walk w = at_payload(true, KMIP_OPERATION_QUERY);

    note_enum(&w, KMIP_TAG_OPERATION, KMIP_OPERATION_CREATE);
    cr_expect_eq(w.frame[w.depth - 1].operation, KMIP_OPERATION_QUERY);
}

Test(walk, starts_inside_a_payload)
{
    struct kmip_walk w;

    kmip_walk_init_payload(&w, true, KMIP_OPERATION_GET);
    cr_expect_eq(w.depth, 1);
    cr_expect_str_eq(here(&w)->name, "Get Response Payload");
    cr_expect_not_null(kmip_walk_look(&w, KMIP_TAG_SYMMETRIC_KEY).field);
}

Test(walk, gives_attribute_values_the_type_of_their_name)
{
    static const struct {
        const char *name;
        uint16_t types;
        const char *enumeration, *structure;
    } rows[] = {
        {"State", TYPE_BIT(TTLV_ENUMERATION), "State", NULL},
        {"Cryptographic Usage Mask", TYPE_BIT(TTLV_INTEGER), "Cryptographic Usage Mask", NULL},
        {"Activation Date", TYPE_BIT(TTLV_DATE_TIME), NULL, NULL},
        {"Name", TYPE_BIT(TTLV_STRUCTURE), NULL, "Name"},
        {"Usage Limits", TYPE_BIT(TTLV_STRUCTURE), NULL, "Usage Limits"},
        {"x-anything", 0, NULL, NULL},
        {"bucket", 0, NULL, NULL},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct kmip_walk w = at_payload(false, KMIP_OPERATION_ADD_ATTRIBUTE);
        struct kmip_spot s;

        kmip_walk_enter(&w, KMIP_TAG_ATTRIBUTE);
        cr_expect_null(kmip_walk_look(&w, KMIP_TAG_ATTRIBUTE_VALUE).attr);
        note_text(&w, KMIP_TAG_ATTRIBUTE_NAME, rows[i].name);
        cr_expect(w.frame[w.depth - 1].named);
        s = kmip_walk_look(&w, KMIP_TAG_ATTRIBUTE_VALUE);
        cr_expect_not_null(s.field, "%s", rows[i].name);
        cr_expect_eq(s.types, rows[i].types, "%s", rows[i].name);
        cr_expect_str_eq(s.en ? s.en->name : "", rows[i].enumeration ? rows[i].enumeration : "");
        cr_expect_str_eq(s.def ? s.def->name : "", rows[i].structure ? rows[i].structure : "");
    }
}

Test(walk, gives_key_material_the_shape_of_the_format)
{
    static const struct {
        uint32_t format;
        uint16_t types;
        const char *structure;
    } rows[] = {
        {KMIP_KEY_FORMAT_TYPE_RAW, TYPE_BIT(TTLV_BYTE_STRING), ""},
        {KMIP_KEY_FORMAT_TYPE_PKCS_8, TYPE_BIT(TTLV_BYTE_STRING), ""},
        {KMIP_KEY_FORMAT_TYPE_TRANSPARENT_SYMMETRIC_KEY, TYPE_BIT(TTLV_STRUCTURE),
         "Key Material (Transparent Symmetric Key)"},
        {KMIP_KEY_FORMAT_TYPE_TRANSPARENT_EC_PUBLIC_KEY, TYPE_BIT(TTLV_STRUCTURE),
         "Key Material (Transparent EC Public Key)"},
        {0x80000001, TYPE_BIT(TTLV_STRUCTURE) | TYPE_BIT(TTLV_BYTE_STRING), ""},
        {0, TYPE_BIT(TTLV_STRUCTURE) | TYPE_BIT(TTLV_BYTE_STRING), ""},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct kmip_walk w = at_payload(true, KMIP_OPERATION_GET);
        struct kmip_spot s;

        kmip_walk_enter(&w, KMIP_TAG_SYMMETRIC_KEY);
        kmip_walk_enter(&w, KMIP_TAG_KEY_BLOCK);
        if (rows[i].format)
            note_enum(&w, KMIP_TAG_KEY_FORMAT_TYPE, rows[i].format);
        kmip_walk_enter(&w, KMIP_TAG_KEY_VALUE);
        s = kmip_walk_look(&w, KMIP_TAG_KEY_MATERIAL);
        cr_expect_eq(s.types, rows[i].types, "%08X", rows[i].format);
        cr_expect_str_eq(s.def ? s.def->name : "", rows[i].structure);
        cr_expect_eq(s.secrecy, KMIP_SECRET);
    }
}

Test(walk, gives_credential_values_the_shape_of_their_type)
{
    struct kmip_walk w;

    kmip_walk_init(&w);
    kmip_walk_enter(&w, KMIP_TAG_CREDENTIAL);
    note_enum(&w, KMIP_TAG_CREDENTIAL_TYPE, KMIP_CREDENTIAL_TYPE_DEVICE);
    kmip_walk_enter(&w, KMIP_TAG_CREDENTIAL_VALUE);
    cr_expect_str_eq(here(&w)->name, "Credential Value (Device)");
    struct kmip_spot s = kmip_walk_look(&w, KMIP_TAG_PASSWORD);
    cr_expect(kmip_hides_type(&s, TTLV_TEXT_STRING, false));
    s = kmip_walk_look(&w, KMIP_TAG_DEVICE_IDENTIFIER);
    cr_expect_not(kmip_hides_type(&s, TTLV_TEXT_STRING, false));
    cr_expect(kmip_hides_type(&s, TTLV_BYTE_STRING, false));
    cr_expect(kmip_hides_type(&s, TTLV_TEXT_STRING, true));
}

Test(walk, takes_any_managed_object_where_one_stands)
{
    struct kmip_walk w = at_payload(false, KMIP_OPERATION_REGISTER);

    for (uint32_t type = 1; type <= KMIP_OBJECT_TYPE_PGP_KEY; type++) {
        struct kmip_spot s = kmip_walk_look(&w, kmip_object_tag(type));

        cr_assert_not_null(s.field, "type %u", type);
        cr_expect_eq(s.field->tag, 0);
        cr_expect_not_null(s.def);
    }
    cr_expect_null(kmip_walk_look(&w, KMIP_TAG_KEY_BLOCK).field);
}

Test(walk, leaves_vendor_content_free)
{
    struct kmip_walk w = at_payload(true, KMIP_OPERATION_QUERY);
    struct kmip_spot s;

    kmip_walk_enter(&w, KMIP_TAG_SERVER_INFORMATION);
    s = kmip_walk_look(&w, KMIP_TAG_OBJECT_TYPE);
    cr_expect_null(s.field);
    cr_expect_eq(s.types, 0);
    cr_expect_str_eq(s.en->name, "Object Type"); /* prints well all the same */
    kmip_walk_enter(&w, KMIP_TAG_ATTRIBUTE);
    note_text(&w, KMIP_TAG_ATTRIBUTE_NAME, "State");
    cr_expect_eq(kmip_walk_look(&w, KMIP_TAG_ATTRIBUTE_VALUE).types, 0);
}

Test(walk, knows_which_data_is_plaintext)
{
    static const struct {
        uint32_t operation;
        bool response, secret;
    } rows[] = {
        {KMIP_OPERATION_ENCRYPT, false, true},  {KMIP_OPERATION_ENCRYPT, true, false},
        {KMIP_OPERATION_DECRYPT, false, false}, {KMIP_OPERATION_DECRYPT, true, true},
        {KMIP_OPERATION_RNG_RETRIEVE, true, true}, {KMIP_OPERATION_HASH, true, false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct kmip_walk w = at_payload(rows[i].response, rows[i].operation);

        struct kmip_spot s = kmip_walk_look(&w, KMIP_TAG_DATA);

        cr_expect_eq(kmip_hides_type(&s, TTLV_BYTE_STRING, false), rows[i].secret,
                     "%s, response %d",
                     kmip_operation_name(rows[i].operation), rows[i].response);
    }
}

/* What stands inside `around` (0-terminated), of this type: hidden or not. */
static const struct {
    const char *what;
    uint32_t around[6], tag;
    unsigned type;
    bool hidden;
} places[] = {
    {"field of an unknown credential", {KMIP_TAG_CREDENTIAL, KMIP_TAG_CREDENTIAL_VALUE},
     KMIP_TAG_USERNAME, TTLV_TEXT_STRING, true},
    {"extension of a credential", {KMIP_TAG_CREDENTIAL}, 0x540001, TTLV_INTEGER, true},
    {"deep in a credential", {KMIP_TAG_CREDENTIAL_VALUE, 0x540001}, KMIP_TAG_STATE,
     TTLV_ENUMERATION, true},
    {"Credential Value as text", {KMIP_TAG_CREDENTIAL}, KMIP_TAG_CREDENTIAL_VALUE,
     TTLV_TEXT_STRING, true},
    {"Authentication as text", {KMIP_TAG_REQUEST_HEADER}, KMIP_TAG_AUTHENTICATION,
     TTLV_TEXT_STRING, true},
    {"Key Value as bytes", {KMIP_TAG_KEY_BLOCK}, KMIP_TAG_KEY_VALUE, TTLV_BYTE_STRING, true},
    {"Key Value", {KMIP_TAG_KEY_BLOCK}, KMIP_TAG_KEY_VALUE, TTLV_STRUCTURE, false},
    {"extension in Key Value", {KMIP_TAG_KEY_BLOCK, KMIP_TAG_KEY_VALUE}, 0x540002,
     TTLV_BYTE_STRING, true},
    {"attribute in Key Value", {KMIP_TAG_KEY_VALUE, KMIP_TAG_ATTRIBUTE},
     KMIP_TAG_ATTRIBUTE_VALUE, TTLV_BYTE_STRING, false},
    {"Key Format Type", {KMIP_TAG_KEY_BLOCK}, KMIP_TAG_KEY_FORMAT_TYPE, TTLV_ENUMERATION, false},
    {"Cryptographic Length", {KMIP_TAG_KEY_BLOCK}, KMIP_TAG_CRYPTOGRAPHIC_LENGTH, TTLV_INTEGER,
     false},
    {"Cryptographic Length as bytes", {KMIP_TAG_KEY_BLOCK}, KMIP_TAG_CRYPTOGRAPHIC_LENGTH,
     TTLV_BYTE_STRING, true},
    {"a field of no key", {KMIP_TAG_KEY_BLOCK}, KMIP_TAG_IV_COUNTER_NONCE, TTLV_BYTE_STRING,
     true},
    {"wrapping key's name",
     {KMIP_TAG_KEY_BLOCK, KMIP_TAG_KEY_WRAPPING_DATA, KMIP_TAG_ENCRYPTION_KEY_INFORMATION},
     KMIP_TAG_UNIQUE_IDENTIFIER, TTLV_TEXT_STRING, false},
    {"inside Key Material", {KMIP_TAG_KEY_VALUE, KMIP_TAG_KEY_MATERIAL}, KMIP_TAG_STATE,
     TTLV_ENUMERATION, true},
    {"Symmetric Key as bytes", {0}, KMIP_TAG_SYMMETRIC_KEY, TTLV_BYTE_STRING, true},
    {"Secret Data Type", {KMIP_TAG_SECRET_DATA}, KMIP_TAG_SECRET_DATA_TYPE, TTLV_ENUMERATION,
     false},
    {"Data outside of all", {0}, KMIP_TAG_DATA, TTLV_BYTE_STRING, true},
    {"extension outside of all", {0}, 0x540002, TTLV_BYTE_STRING, false},
    {"Key Value of a vendor", {KMIP_TAG_VENDOR_EXTENSION}, KMIP_TAG_KEY_VALUE, TTLV_BYTE_STRING,
     true},
    {"identifier, unknown operation", {KMIP_TAG_RESPONSE_PAYLOAD}, KMIP_TAG_UNIQUE_IDENTIFIER,
     TTLV_TEXT_STRING, false},
    {"Data, unknown operation", {KMIP_TAG_RESPONSE_PAYLOAD}, KMIP_TAG_DATA, TTLV_BYTE_STRING,
     true},
    {"extension, unknown operation", {KMIP_TAG_RESPONSE_PAYLOAD}, 0x540002, TTLV_BYTE_STRING,
     true},
};

Test(walk, hides_by_what_is_around)
{
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct kmip_walk w;

        kmip_walk_init(&w);
        for (const uint32_t *tag = places[i].around; *tag; tag++)
            cr_assert(kmip_walk_enter(&w, *tag));
        struct kmip_spot s = kmip_walk_look(&w, places[i].tag);
        cr_expect_eq(kmip_hides_type(&s, places[i].type, false), places[i].hidden, "%s",
                     places[i].what);
    }
}

Test(walk, trusts_no_odd_header_behind_a_secret)
{
    struct kmip_walk w;

    kmip_walk_init(&w);
    struct kmip_spot s = kmip_walk_look(&w, 0x430001);
    cr_expect_not(kmip_hides_header(&s, 0x430001, TTLV_INTEGER, true));
    cr_expect_not(kmip_hides_type(&s, TTLV_INTEGER, false));
    kmip_walk_enter(&w, KMIP_TAG_KEY_VALUE);
    kmip_walk_leave(&w);
    s = kmip_walk_look(&w, 0x430001);
    cr_expect(kmip_hides_header(&s, 0x430001, TTLV_INTEGER, true));
    cr_expect(kmip_hides_type(&s, TTLV_INTEGER, false));
    s = kmip_walk_look(&w, KMIP_TAG_STATE);
    cr_expect_not(kmip_hides_header(&s, KMIP_TAG_STATE, TTLV_ENUMERATION, false));
    cr_expect(kmip_hides_header(&s, KMIP_TAG_STATE, 0x0B, true));
    cr_expect_not(kmip_hides_type(&s, TTLV_ENUMERATION, true));
    s = kmip_walk_look(&w, 0x540001);
    cr_expect_not(kmip_hides_header(&s, 0x540001, TTLV_INTEGER, true));
    cr_expect(kmip_hides_header(&s, 0x540001, TTLV_INTEGER, false));

    /* Nor behind a payload of which nobody knows what it held, or bytes never read. */
    kmip_walk_init(&w);
    kmip_walk_enter(&w, KMIP_TAG_RESPONSE_PAYLOAD);
    kmip_walk_leave(&w);
    s = kmip_walk_look(&w, 0x430001);
    cr_expect(kmip_hides_header(&s, 0x430001, TTLV_INTEGER, true));
    kmip_walk_init(&w);
    kmip_walk_skip(&w);
    s = kmip_walk_look(&w, 0x430001);
    cr_expect(kmip_hides_header(&s, 0x430001, TTLV_INTEGER, true));
}

Test(walk, refuses_to_go_too_deep_and_to_leave_the_root)
{
    struct kmip_walk w;
    unsigned entered = 0;

    kmip_walk_init(&w);
    while (kmip_walk_enter(&w, KMIP_TAG_ATTRIBUTE_VALUE))
        entered++;
    cr_expect_eq(entered, TTLV_MAX_DEPTH + 1);
    while (entered-- > 0)
        kmip_walk_leave(&w);
    cr_expect_eq(w.depth, 0);
    kmip_walk_leave(&w);
    cr_expect_eq(w.depth, 0);
}

static void walk_level(const char *name, struct bytes run, struct kmip_walk *w)
{
    struct ttlv_reader r;
    struct ttlv_item it;

    ttlv_r_init(&r, run, NULL, NULL);
    while (ttlv_r_next(&r, &it)) {
        struct kmip_spot s = kmip_walk_look(w, it.tag);

        cr_expect(s.types == 0 || s.types & TYPE_BIT(it.type), "%s: %s", name,
                  kmip_tag_name(it.tag));
        if (it.type == TTLV_STRUCTURE) {
            cr_assert(kmip_walk_enter(w, it.tag));
            walk_level(name, it.val, w);
            kmip_walk_leave(w);
        } else {
            kmip_walk_note(w, it.tag, it.type, it.val);
        }
    }
}

Test(walk, allows_the_types_that_valid_messages_use)
{
    for (size_t i = 0; i < n_samples; i++) {
        struct kmip_walk w;
        struct buf msg;

        buf_init(&msg, BUF_NO_LIMIT);
        steps_write(samples[i].steps, &msg);
        kmip_walk_init(&w);
        walk_level(samples[i].name, buf_bytes(&msg), &w);
        cr_expect_eq(w.depth, 0);
        buf_clear(&msg);
    }
}
