/* The validator: valid messages pass, and every change that the tables forbid shows. */
#include <criterion/criterion.h>

#include "kmip/schema/validate.h"
#include "kmip/schema/walk.h"
#include "kmip/tests/support/findings.h"
#include "kmip/tests/support/messages.h"

static void validate(struct bytes msg, uint8_t version, struct findings *f)
{
    struct kerr err = KERR_INIT;

    findings_init(f);
    cr_assert(kmip_validate(msg, version, NULL, &f->sink, &err), "%s", err.msg);
}

Test(validate, passes_valid_messages)
{
    for (size_t i = 0; i < n_samples; i++) {
        struct buf msg;
        struct findings f;

        buf_init(&msg, BUF_NO_LIMIT);
        steps_write(samples[i].steps, &msg);
        validate(buf_bytes(&msg), 0, &f);
        cr_expect_eq(f.n, 0, "%s: %s", samples[i].name, findings_text(&f));
        buf_clear(&msg);
    }
}

/* One change to one item, and what the tables say to it. */
enum change { REMOVE, DUPLICATE, SWAP, RETYPE, N_CHANGES };

static const char *const change_names[] = {"remove", "duplicate", "swap", "retype"};

struct mutation {
    enum change change;
    const uint8_t *target; /* value of the item to change, in the original */
    unsigned type;         /* new type for RETYPE */
};

static void write_item(struct ttlv_writer *w, const struct ttlv_item *it, const struct mutation *m);

static void write_children(struct ttlv_writer *w, struct bytes run, const struct mutation *m)
{
    struct ttlv_reader r;
    struct ttlv_item it, next;

    ttlv_r_init(&r, run, NULL, NULL);
    while (ttlv_r_next(&r, &it)) {
        bool hit = it.val.p == m->target;

        if (hit && m->change == REMOVE)
            continue;
        if (hit && m->change == SWAP && ttlv_r_next(&r, &next))
            write_item(w, &next, m);
        write_item(w, &it, m);
        if (hit && m->change == DUPLICATE)
            write_item(w, &it, m);
    }
}

static void write_item(struct ttlv_writer *w, const struct ttlv_item *it, const struct mutation *m)
{
    static const uint8_t zero[8];

    if (it->val.p == m->target && m->change == RETYPE) {
        int n = ttlv_type_length(m->type);

        ttlv_w_value(w, it->tag, m->type, bytes_of(zero, n < 0 ? 0 : (size_t)n));
    } else if (it->type == TTLV_STRUCTURE && it->len > 0) {
        ttlv_w_open(w, it->tag);
        write_children(w, it->val, m);
        ttlv_w_close(w);
    } else {
        ttlv_w_value(w, it->tag, it->type, it->val);
    }
}

/* Items of equal tag beside each other count as one repeated field. */
static unsigned count(struct bytes run, uint32_t tag)
{
    struct ttlv_reader r;
    struct ttlv_item it;
    unsigned n = 0;

    ttlv_r_init(&r, run, NULL, NULL);
    while (ttlv_r_next(&r, &it))
        n += it.tag == tag;
    return n;
}

struct place {
    struct bytes siblings;
    const struct kmip_frame *frame;
    const struct kmip_spot *spot;
    struct ttlv_item item, next;
    bool has_next, locate_value;
};

static unsigned other_type(uint16_t types)
{
    for (unsigned t = TTLV_STRUCTURE; t <= TTLV_INTERVAL; t++)
        if (!(types & TYPE_BIT(t)) && t != TTLV_BIG_INTEGER)
            return t;
    return 0;
}

/* True when the tables forbid the change; only sure cases, conditions aside. */
static bool forbidden(const struct place *p, struct mutation *m)
{
    const struct kmip_field *f = p->spot->field;

    if (!f)
        return false;
    switch (m->change) {
    case REMOVE:
        return f->need == KMIP_REQUIRED && count(p->siblings, p->item.tag) == 1 && !p->locate_value;
    case DUPLICATE:
        return !f->repeat;
    case SWAP:
        return p->has_next && p->next.tag != p->item.tag;
    case RETYPE:
        m->type = p->spot->types ? other_type(p->spot->types) : 0;
        return m->type != 0;
    default:
        return false;
    }
}

static unsigned try_changes(const struct sample *s, struct bytes msg, const struct place *p)
{
    unsigned tried = 0;

    for (unsigned c = 0; c < N_CHANGES; c++) {
        struct mutation m = {(enum change)c, p->item.val.p, 0};
        struct kerr err = KERR_INIT;
        struct ttlv_writer w;
        struct findings f;
        struct buf out;

        if (!forbidden(p, &m))
            continue;
        buf_init(&out, BUF_NO_LIMIT);
        ttlv_w_init(&w, &out, &err);
        write_children(&w, msg, &m);
        cr_assert(ttlv_w_finish(&w), "%s", err.msg);
        validate(buf_bytes(&out), 0, &f);
        cr_expect_neq(f.n, 0, "%s: %s %s in %s is not noticed", s->name, change_names[c],
                      kmip_tag_name(p->item.tag), kmip_tag_name(p->frame->tag));
        buf_clear(&out);
        tried++;
    }
    return tried;
}

static unsigned mutate_level(const struct sample *s, struct bytes msg, struct bytes run,
                             struct kmip_walk *w)
{
    struct ttlv_reader r;
    struct ttlv_item it;
    unsigned tried = 0;

    ttlv_r_init(&r, run, NULL, NULL);
    while (ttlv_r_next(&r, &it)) {
        struct kmip_spot spot = kmip_walk_look(w, it.tag);
        struct place p = {.siblings = run, .frame = &w->frame[w->depth - 1], .spot = &spot,
                          .item = it};
        struct ttlv_reader ahead = r;

        p.has_next = ttlv_r_next(&ahead, &p.next);
        p.locate_value = p.frame->tag == KMIP_TAG_ATTRIBUTE_VALUE &&
                         p.frame->operation == KMIP_OPERATION_LOCATE;
        tried += try_changes(s, msg, &p);
        if (it.type == TTLV_STRUCTURE) {
            cr_assert(kmip_walk_enter(w, it.tag));
            tried += mutate_level(s, msg, it.val, w);
            kmip_walk_leave(w);
        } else {
            kmip_walk_note(w, it.tag, it.type, it.val);
        }
    }
    return tried;
}

Test(validate, notices_every_field_removed_doubled_swapped_or_retyped, .timeout = 60)
{
    unsigned tried = 0;

    for (size_t i = 0; i < n_samples; i++) {
        struct kmip_walk w;
        struct ttlv_item root;
        struct buf msg;

        buf_init(&msg, BUF_NO_LIMIT);
        steps_write(samples[i].steps, &msg);
        kmip_walk_init(&w);
        cr_assert(ttlv_first(buf_bytes(&msg), &root));
        kmip_walk_enter(&w, root.tag);
        tried += mutate_level(&samples[i], buf_bytes(&msg), root.val, &w);
        buf_clear(&msg);
    }
    cr_expect_gt(tried, 1000, "only %u changes were tried", tried);
}

#define CREATE_START                                                       \
    ITEM(CREATE), ENUM(OBJECT_TYPE, KMIP_OBJECT_TYPE_SYMMETRIC_KEY), OPEN(TEMPLATE_ATTRIBUTE)
#define CREATE_END CLOSE, CLOSE2, CLOSE, END

#define KEY_FACTS                                                        \
    ENUM(CRYPTOGRAPHIC_ALGORITHM, KMIP_CRYPTOGRAPHIC_ALGORITHM_AES), INT(CRYPTOGRAPHIC_LENGTH, 8)

/* Messages with one fault each, and the finding that tells of it. */
static const struct bad {
    const char *name;
    enum rule_id rule;
    const char *path;
    const struct step steps[48];
} bad[] = {
    {"field of a later version in an old response", RULE_SCHEMA_NEWER,
     "Response Message/Response Header/Server Correlation Value",
     {OPEN(RESPONSE_MESSAGE), OPEN(RESPONSE_HEADER), VERSION(1, 0), DATE(TIME_STAMP, 1),
      TEXT(SERVER_CORRELATION_VALUE, "s"), INT(BATCH_COUNT, 1), CLOSE, OK_ITEM(LOCATE), CLOSE2,
      CLOSE, END}},
    {"nonce in a 1.1 header is told once", RULE_SCHEMA_NEWER,
     "Response Message/Response Header/Nonce",
     {OPEN(RESPONSE_MESSAGE), OPEN(RESPONSE_HEADER), VERSION(1, 1), DATE(TIME_STAMP, 1),
      OPEN(NONCE), BYTES(NONCE_ID, "1"), BYTES(NONCE_VALUE, "2"), CLOSE, INT(BATCH_COUNT, 1), CLOSE,
      OK_ITEM(LOCATE), CLOSE2, CLOSE, END}},
    {"attribute newer than the version", RULE_SCHEMA_NEWER,
     "Response Message/Batch Item/Response Payload/Attribute/Attribute Name",
     {RESPONSE(0, 1), OK_ITEM(GET_ATTRIBUTES), TEXT(UNIQUE_IDENTIFIER, "u"),
      ATTR("Fresh", BOOL(ATTRIBUTE_VALUE, 1)), CLOSE2, CLOSE, END}},
    {"attribute of 1.4 at 1.2", RULE_SCHEMA_NEWER,
     "Response Message/Batch Item/Response Payload/Attribute/Attribute Name",
     {RESPONSE(2, 1), OK_ITEM(GET_ATTRIBUTES), TEXT(UNIQUE_IDENTIFIER, "u"),
      ATTR("Sensitive", BOOL(ATTRIBUTE_VALUE, 1)), CLOSE2, CLOSE, END}},
    {"attribute newer in a list of names", RULE_SCHEMA_NEWER,
     "Response Message/Batch Item/Response Payload/Attribute Name",
     {RESPONSE(1, 1), OK_ITEM(GET_ATTRIBUTE_LIST), TEXT(UNIQUE_IDENTIFIER, "u"),
      TEXT(ATTRIBUTE_NAME, "Original Creation Date"), CLOSE2, CLOSE, END}},
    {"operation newer than the version is told once", RULE_SCHEMA_NEWER,
     "Request Message/Batch Item/Operation",
     {REQUEST(0, 1), ITEM(ENCRYPT), BYTES(DATA, "d"), CLOSE2, CLOSE, END}},
    {"enumeration value newer than the version", RULE_SCHEMA_NEWER,
     "Request Message/Batch Item/Request Payload/Query Function",
     {REQUEST(0, 1), ITEM(QUERY), ENUM(QUERY_FUNCTION, KMIP_QUERY_FUNCTION_QUERY_EXTENSION_MAP),
      CLOSE2, CLOSE, END}},
    {"Cryptographic Algorithm in the parameters at 1.1", RULE_SCHEMA_NEWER,
     "Request Message/Batch Item/Request Payload/Attribute/Attribute Value/Cryptographic Algorithm",
     {REQUEST(1, 1), ITEM(ADD_ATTRIBUTE), OPEN(ATTRIBUTE),
      TEXT(ATTRIBUTE_NAME, "Cryptographic Parameters"), OPEN(ATTRIBUTE_VALUE),
      ENUM(CRYPTOGRAPHIC_ALGORITHM, KMIP_CRYPTOGRAPHIC_ALGORITHM_AES), CLOSE, CLOSE, CLOSE2, CLOSE,
      END}},
    {"Object Type in the Register response", RULE_SCHEMA_UNKNOWN,
     "Response Message/Batch Item/Response Payload/Object Type",
     {RESPONSE(2, 1), OK_ITEM(REGISTER), ENUM(OBJECT_TYPE, KMIP_OBJECT_TYPE_SYMMETRIC_KEY),
      TEXT(UNIQUE_IDENTIFIER, "u"), CLOSE2, CLOSE, END}},
    {"unknown tag", RULE_SCHEMA_UNKNOWN, "Response Message/Batch Item/Response Payload/42FFFF",
     {RESPONSE(2, 1), OK_ITEM(ACTIVATE), TEXT(UNIQUE_IDENTIFIER, "u"),
      {STEP_ITEM, TTLV_INTEGER, 0x42FFFF, 1, NULL}, CLOSE2, CLOSE, END}},
    {"unknown enumeration value", RULE_SCHEMA_ENUM,
     "Response Message/Batch Item/Response Payload/Object Type",
     {RESPONSE(2, 1), OK_ITEM(CREATE), ENUM(OBJECT_TYPE, 0x77), TEXT(UNIQUE_IDENTIFIER, "u"),
      CLOSE2, CLOSE, END}},
    {"unknown enumeration value of an attribute", RULE_SCHEMA_ENUM,
     "Response Message/Batch Item/Response Payload/Attribute/Attribute Value",
     {RESPONSE(2, 1), OK_ITEM(GET_ATTRIBUTES), TEXT(UNIQUE_IDENTIFIER, "u"),
      ATTR("State", ENUM(ATTRIBUTE_VALUE, 7)), CLOSE2, CLOSE, END}},
    {"mask bit that does not exist", RULE_SCHEMA_MASK,
     "Request Message/Batch Item/Request Payload/Storage Status Mask",
     {REQUEST(2, 1), ITEM(LOCATE), INT(STORAGE_STATUS_MASK, 4), CLOSE2, CLOSE, END}},
    {"index on a single-instance attribute", RULE_SCHEMA_INDEX,
     "Response Message/Batch Item/Response Payload/Attribute/Attribute Index",
     {RESPONSE(2, 1), OK_ITEM(ADD_ATTRIBUTE), TEXT(UNIQUE_IDENTIFIER, "u"), OPEN(ATTRIBUTE),
      TEXT(ATTRIBUTE_NAME, "Contact Information"), INT(ATTRIBUTE_INDEX, 1),
      TEXT(ATTRIBUTE_VALUE, "c"), CLOSE, CLOSE2, CLOSE, END}},
    {"negative index", RULE_SCHEMA_INDEX,
     "Request Message/Batch Item/Request Payload/Attribute Index",
     {REQUEST(2, 1), ITEM(DELETE_ATTRIBUTE), TEXT(ATTRIBUTE_NAME, "x-a"), INT(ATTRIBUTE_INDEX, -1),
      CLOSE2, CLOSE, END}},
    {"attribute of the wrong type", RULE_SCHEMA_TYPE,
     "Request Message/Batch Item/Request Payload/Template-Attribute/Attribute/Attribute Value",
     {REQUEST(2, 1), CREATE_START, ATTR("Cryptographic Length", LONG(ATTRIBUTE_VALUE, 256)),
      CREATE_END}},
    {"attribute without value", RULE_SCHEMA_MISSING,
     "Response Message/Batch Item/Response Payload/Attribute",
     {RESPONSE(2, 1), OK_ITEM(MODIFY_ATTRIBUTE), TEXT(UNIQUE_IDENTIFIER, "u"), OPEN(ATTRIBUTE),
      TEXT(ATTRIBUTE_NAME, "Contact Information"), CLOSE, CLOSE2, CLOSE, END}},
    {"structure inside a custom structure", RULE_SCHEMA_VALUE,
     "Request Message/Batch Item/Request Payload/Template-Attribute/Attribute/Attribute Value/Name",
     {REQUEST(2, 1), CREATE_START, OPEN(ATTRIBUTE), TEXT(ATTRIBUTE_NAME, "x-s"),
      OPEN(ATTRIBUTE_VALUE), OPEN(NAME), CLOSE, CLOSE, CLOSE, CREATE_END}},
    {"negative length", RULE_SCHEMA_VALUE,
     "Request Message/Batch Item/Request Payload/Template-Attribute/Attribute/Attribute Value",
     {REQUEST(2, 1), CREATE_START, ATTR("Cryptographic Length", INT(ATTRIBUTE_VALUE, -256)),
      CREATE_END}},
    {"batch items without ids", RULE_SCHEMA_MISSING, "Request Message/Batch Item[1]",
     {REQUEST(2, 2), ITEM_ID(DESTROY, "1"), CLOSE2, ITEM(DESTROY), CLOSE2, CLOSE, END}},
    {"length without algorithm", RULE_SCHEMA_MISSING,
     "Response Message/Batch Item/Response Payload/Symmetric Key/Key Block",
     {RESPONSE(2, 1), OK_ITEM(GET), ENUM(OBJECT_TYPE, KMIP_OBJECT_TYPE_SYMMETRIC_KEY),
      TEXT(UNIQUE_IDENTIFIER, "u"), OPEN(SYMMETRIC_KEY), OPEN(KEY_BLOCK),
      ENUM(KEY_FORMAT_TYPE, KMIP_KEY_FORMAT_TYPE_RAW), OPEN(KEY_VALUE), BYTES(KEY_MATERIAL, "k"),
      CLOSE, INT(CRYPTOGRAPHIC_LENGTH, 8), CLOSE2, CLOSE2, CLOSE, END}},
    {"no Key Value before 1.2", RULE_SCHEMA_MISSING,
     "Response Message/Batch Item/Response Payload/Symmetric Key/Key Block",
     {RESPONSE(1, 1), OK_ITEM(GET), ENUM(OBJECT_TYPE, KMIP_OBJECT_TYPE_SYMMETRIC_KEY),
      TEXT(UNIQUE_IDENTIFIER, "u"), OPEN(SYMMETRIC_KEY), OPEN(KEY_BLOCK),
      ENUM(KEY_FORMAT_TYPE, KMIP_KEY_FORMAT_TYPE_RAW), CLOSE2, CLOSE2, CLOSE, END}},
    {"wrapped Key Value without Key Wrapping Data", RULE_SCHEMA_MISSING,
     "Response Message/Batch Item/Response Payload/Symmetric Key/Key Block",
     {RESPONSE(2, 1), OK_ITEM(GET), ENUM(OBJECT_TYPE, KMIP_OBJECT_TYPE_SYMMETRIC_KEY),
      TEXT(UNIQUE_IDENTIFIER, "u"), OPEN(SYMMETRIC_KEY), OPEN(KEY_BLOCK),
      ENUM(KEY_FORMAT_TYPE, KMIP_KEY_FORMAT_TYPE_RAW), BYTES(KEY_VALUE, "k"), KEY_FACTS, CLOSE2,
      CLOSE2, CLOSE, END}},
    {"a key that does not say what it is", RULE_SCHEMA_KEY_FACTS,
     "Response Message/Batch Item/Response Payload/Symmetric Key/Key Block",
     {RESPONSE(2, 1), OK_ITEM(GET), ENUM(OBJECT_TYPE, KMIP_OBJECT_TYPE_SYMMETRIC_KEY),
      TEXT(UNIQUE_IDENTIFIER, "u"), OPEN(SYMMETRIC_KEY), OPEN(KEY_BLOCK),
      ENUM(KEY_FORMAT_TYPE, KMIP_KEY_FORMAT_TYPE_RAW), OPEN(KEY_VALUE), BYTES(KEY_MATERIAL, "k"),
      CLOSE, CLOSE2, CLOSE2, CLOSE, END}},
    {"a key of another length than it says", RULE_SCHEMA_KEY_LENGTH,
     "Response Message/Batch Item/Response Payload/Symmetric Key/Key Block/Key Value/Key Material",
     {RESPONSE(2, 1), OK_ITEM(GET), ENUM(OBJECT_TYPE, KMIP_OBJECT_TYPE_SYMMETRIC_KEY),
      TEXT(UNIQUE_IDENTIFIER, "u"), OPEN(SYMMETRIC_KEY), OPEN(KEY_BLOCK),
      ENUM(KEY_FORMAT_TYPE, KMIP_KEY_FORMAT_TYPE_RAW), OPEN(KEY_VALUE), BYTES(KEY_MATERIAL, "k"),
      CLOSE, ENUM(CRYPTOGRAPHIC_ALGORITHM, KMIP_CRYPTOGRAPHIC_ALGORITHM_AES),
      INT(CRYPTOGRAPHIC_LENGTH, 128), CLOSE2, CLOSE2, CLOSE, END}},
    {"an object beside the type of none", RULE_SCHEMA_OBJECT,
     "Response Message/Batch Item/Response Payload/Symmetric Key",
     {RESPONSE(2, 1), OK_ITEM(GET), ENUM(OBJECT_TYPE, 0x80000001),
      TEXT(UNIQUE_IDENTIFIER, "u"), OPEN(SYMMETRIC_KEY), OPEN(KEY_BLOCK),
      ENUM(KEY_FORMAT_TYPE, KMIP_KEY_FORMAT_TYPE_RAW), OPEN(KEY_VALUE), BYTES(KEY_MATERIAL, "k"),
      CLOSE, KEY_FACTS, CLOSE2, CLOSE2, CLOSE, END}},
    {"another object than the type says", RULE_SCHEMA_OBJECT,
     "Response Message/Batch Item/Response Payload/Symmetric Key",
     {RESPONSE(2, 1), OK_ITEM(GET), ENUM(OBJECT_TYPE, KMIP_OBJECT_TYPE_CERTIFICATE),
      TEXT(UNIQUE_IDENTIFIER, "u"), OPEN(SYMMETRIC_KEY), OPEN(KEY_BLOCK),
      ENUM(KEY_FORMAT_TYPE, KMIP_KEY_FORMAT_TYPE_RAW), OPEN(KEY_VALUE), BYTES(KEY_MATERIAL, "k"),
      CLOSE, KEY_FACTS, CLOSE2, CLOSE2, CLOSE, END}},
    {"two instances with the same index", RULE_SCHEMA_INDEX_TWICE,
     "Response Message/Batch Item/Response Payload/Attribute[2]",
     {RESPONSE(2, 1), OK_ITEM(GET_ATTRIBUTES), TEXT(UNIQUE_IDENTIFIER, "u"),
      INDEXED("x-a", 0, TEXT(ATTRIBUTE_VALUE, "1")), INDEXED("x-b", 0, TEXT(ATTRIBUTE_VALUE, "1")),
      INDEXED("x-a", 0, TEXT(ATTRIBUTE_VALUE, "2")), CLOSE2, CLOSE, END}},
    {"index left out twice", RULE_SCHEMA_INDEX_TWICE,
     "Response Message/Batch Item/Response Payload/Attribute[1]",
     {RESPONSE(2, 1), OK_ITEM(GET_ATTRIBUTES), TEXT(UNIQUE_IDENTIFIER, "u"),
      ATTR("x-a", TEXT(ATTRIBUTE_VALUE, "1")), ATTR("x-a", TEXT(ATTRIBUTE_VALUE, "2")), CLOSE2,
      CLOSE, END}},
    {"a name in other letters", RULE_SCHEMA_NAME,
     "Response Message/Batch Item/Response Payload/Attribute/Attribute Name",
     {RESPONSE(2, 1), OK_ITEM(GET_ATTRIBUTES), TEXT(UNIQUE_IDENTIFIER, "u"),
      ATTR("state", TEXT(ATTRIBUTE_VALUE, "1")), CLOSE2, CLOSE, END}},
    {"a name that nobody has given, in a list", RULE_SCHEMA_NAME,
     "Response Message/Batch Item/Response Payload/Attribute Name[1]",
     {RESPONSE(2, 1), OK_ITEM(GET_ATTRIBUTE_LIST), TEXT(UNIQUE_IDENTIFIER, "u"),
      TEXT(ATTRIBUTE_NAME, "x-"), TEXT(ATTRIBUTE_NAME, "z-a"), CLOSE2, CLOSE, END}},
    {"Batch Count of more items than there are", RULE_MESSAGE_COUNT,
     "Response Message/Response Header/Batch Count",
     {RESPONSE(2, 2), OK_ITEM(ACTIVATE), TEXT(UNIQUE_IDENTIFIER, "u"), CLOSE2, CLOSE, END}},
    {"Batch Count of fewer items than there are", RULE_MESSAGE_COUNT,
     "Request Message/Request Header/Batch Count",
     {REQUEST(2, 0), ITEM(ACTIVATE), TEXT(UNIQUE_IDENTIFIER, "u"), CLOSE2, CLOSE, END}},
    {"PBKDF2 without salt", RULE_SCHEMA_MISSING,
     "Request Message/Batch Item/Request Payload/Derivation Parameters",
     {REQUEST(2, 1), ITEM(DERIVE_KEY), ENUM(OBJECT_TYPE, KMIP_OBJECT_TYPE_SYMMETRIC_KEY),
      TEXT(UNIQUE_IDENTIFIER, "u"), ENUM(DERIVATION_METHOD, KMIP_DERIVATION_METHOD_PBKDF2),
      OPEN(DERIVATION_PARAMETERS), INT(ITERATION_COUNT, 1), CLOSE, OPEN(TEMPLATE_ATTRIBUTE), CLOSE,
      CLOSE2, CLOSE, END}},
    {"Server Information of no vendor", RULE_SCHEMA_MISSING,
     "Response Message/Batch Item/Response Payload",
     {RESPONSE(2, 1), OK_ITEM(QUERY), OPEN(SERVER_INFORMATION), CLOSE, CLOSE2, CLOSE, END}},
    {"structured material of a raw key", RULE_SCHEMA_TYPE,
     "Response Message/Batch Item/Response Payload/Symmetric Key/Key Block/Key Value/Key Material",
     {RESPONSE(2, 1), OK_ITEM(GET), ENUM(OBJECT_TYPE, KMIP_OBJECT_TYPE_SYMMETRIC_KEY),
      TEXT(UNIQUE_IDENTIFIER, "u"), OPEN(SYMMETRIC_KEY), OPEN(KEY_BLOCK),
      ENUM(KEY_FORMAT_TYPE, KMIP_KEY_FORMAT_TYPE_RAW), OPEN(KEY_VALUE), OPEN(KEY_MATERIAL),
      BYTES(KEY, "k"), CLOSE, CLOSE, KEY_FACTS, CLOSE2, CLOSE2, CLOSE, END}},
    {"RSA key with half a factorisation", RULE_SCHEMA_MISSING,
     "Response Message/Batch Item/Response Payload/Private Key/Key Block/Key Value/Key Material",
     {RESPONSE(2, 1), OK_ITEM(GET), ENUM(OBJECT_TYPE, KMIP_OBJECT_TYPE_PRIVATE_KEY),
      TEXT(UNIQUE_IDENTIFIER, "u"), OPEN(PRIVATE_KEY), OPEN(KEY_BLOCK),
      ENUM(KEY_FORMAT_TYPE, KMIP_KEY_FORMAT_TYPE_TRANSPARENT_RSA_PRIVATE_KEY), OPEN(KEY_VALUE),
      OPEN(KEY_MATERIAL), BIG(MODULUS, "m"), BIG(P, "p"), CLOSE, CLOSE, CLOSE2, CLOSE2, CLOSE,
      END}},
    {"GCM without tag length", RULE_SCHEMA_MISSING,
     "Request Message/Batch Item/Request Payload/Cryptographic Parameters",
     {REQUEST(2, 1), ITEM(ENCRYPT), OPEN(CRYPTOGRAPHIC_PARAMETERS),
      ENUM(BLOCK_CIPHER_MODE, KMIP_BLOCK_CIPHER_MODE_GCM), INT(IV_LENGTH, 96), CLOSE,
      BYTES(DATA, "d"), CLOSE2, CLOSE, END}},
    {"pending without correlation value", RULE_SCHEMA_MISSING, "Response Message/Batch Item",
     {RESPONSE(2, 1), OPEN(BATCH_ITEM), ENUM(OPERATION, KMIP_OPERATION_CREATE),
      ENUM(RESULT_STATUS, KMIP_RESULT_STATUS_OPERATION_PENDING), CLOSE, CLOSE, END}},
    {"repeated field torn apart", RULE_SCHEMA_ORDER,
     "Response Message/Batch Item/Response Payload/Operation[1]",
     {RESPONSE(2, 1), OK_ITEM(QUERY), ENUM(OPERATION, KMIP_OPERATION_CREATE),
      ENUM(OBJECT_TYPE, KMIP_OBJECT_TYPE_TEMPLATE), ENUM(OPERATION, KMIP_OPERATION_GET), CLOSE2,
      CLOSE, END}},
    {"message without header", RULE_SCHEMA_MISSING, "Request Message",
     {OPEN(REQUEST_MESSAGE), ITEM(DESTROY), CLOSE2, CLOSE, END}},
    {"another structure as the root", RULE_SCHEMA_UNKNOWN, "Batch Item",
     {ITEM(DESTROY), CLOSE2, END}},
};

Test(validate, names_rule_and_path_of_each_fault)
{
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct findings f;
        struct buf msg;

        buf_init(&msg, BUF_NO_LIMIT);
        steps_write(bad[i].steps, &msg);
        validate(buf_bytes(&msg), 0, &f);
        cr_expect_eq(f.n, 1, "%s: %s", bad[i].name, findings_text(&f));
        if (f.n == 1) {
            cr_expect_eq(f.v[0].rule, bad[i].rule, "%s: %s", bad[i].name, findings_text(&f));
            cr_expect_str_eq(f.v[0].path, bad[i].path, "%s: %s", bad[i].name, findings_text(&f));
        }
        buf_clear(&msg);
    }
}

static const struct step of_1_4[] = {
    OPEN(RESPONSE_MESSAGE), OPEN(RESPONSE_HEADER), VERSION(1, 4), DATE(TIME_STAMP, 1),
    TEXT(SERVER_CORRELATION_VALUE, "s"), INT(BATCH_COUNT, 1), CLOSE, OK_ITEM(GET_ATTRIBUTES),
    TEXT(UNIQUE_IDENTIFIER, "u"), ATTR("Sensitive", BOOL(ATTRIBUTE_VALUE, 1)),
    ATTR("Cryptographic Algorithm",
         ENUM(ATTRIBUTE_VALUE, KMIP_CRYPTOGRAPHIC_ALGORITHM_CHACHA20)),
    CLOSE2, CLOSE, END};

Test(validate, judges_by_the_version_of_the_header_or_the_one_given)
{
    struct findings f;
    struct buf msg;

    buf_init(&msg, BUF_NO_LIMIT);
    steps_write(of_1_4, &msg);
    validate(buf_bytes(&msg), 0, &f);
    cr_expect_eq(f.n, 0);
    validate(buf_bytes(&msg), KMIP_V12, &f);
    cr_expect_eq(f.n, 3);
    buf_clear(&msg);
}

Test(validate, lets_extensions_be)
{
    static const struct step steps[] = {
        RESPONSE(2, 1), OK_ITEM(CREATE), ENUM(OBJECT_TYPE, 0x80000001),
        TEXT(UNIQUE_IDENTIFIER, "u"), {STEP_ITEM, TTLV_STRUCTURE, 0x540001, 0, NULL},
        INT(BATCH_COUNT, 1), CLOSE, OPEN(TEMPLATE_ATTRIBUTE),
        ATTR("Cryptographic Usage Mask", INT(ATTRIBUTE_VALUE, 0x00100004)), CLOSE, CLOSE2, CLOSE,
        END};
    struct findings f;
    struct buf msg;

    buf_init(&msg, BUF_NO_LIMIT);
    steps_write(steps, &msg);
    validate(buf_bytes(&msg), 0, &f);
    cr_expect_eq(f.n, 0, "%s", findings_text(&f));
    buf_clear(&msg);
}

Test(validate, goes_on_behind_broken_encoding)
{
    struct findings f;
    struct buf msg;

    buf_init(&msg, BUF_NO_LIMIT);
    steps_write(samples[1].steps, &msg); /* Create response: break Batch Count's length */
    for (size_t i = 0; i + 8 < msg.n; i += 8)
        if (be32_get(msg.p + i) == (KMIP_TAG_BATCH_COUNT << 8 | TTLV_INTEGER))
            msg.p[i + 7] = 3;
    validate(buf_bytes(&msg), 0, &f);
    cr_assert_eq(f.n, 2, "%s", findings_text(&f));
    cr_expect_eq(f.v[0].rule, RULE_TTLV_LENGTH);
    cr_expect_eq(f.v[1].rule, RULE_TTLV_PADDING); /* the count's last byte has become padding */
    cr_expect_str_eq(f.v[0].path, "Response Message/Response Header/Batch Count");
    buf_clear(&msg);
}

/* An empty structure is worth several findings at once: the bound is met, and jumped over. */
Test(validate, tells_when_it_stops_counting)
{
    for (unsigned singles = 0; singles < 8; singles++) {
        struct kerr err = KERR_INIT;
        struct ttlv_writer w;
        struct findings f;
        struct buf msg;

        buf_init(&msg, BUF_NO_LIMIT);
        ttlv_w_init(&w, &msg, NULL);
        ttlv_w_open(&w, KMIP_TAG_RESPONSE_MESSAGE);
        for (unsigned i = 0; i < singles; i++)
            ttlv_w_int(&w, KMIP_TAG_STATE, 1);
        for (unsigned i = 0; i < TTLV_MAX_FINDINGS; i++) {
            ttlv_w_open(&w, KMIP_TAG_RESPONSE_HEADER);
            ttlv_w_close(&w);
        }
        ttlv_w_close(&w);
        cr_assert(ttlv_w_finish(&w));
        findings_init(&f);
        cr_expect_not(kmip_validate(buf_bytes(&msg), 0, NULL, &f.sink, &err));
        cr_expect_eq(err.code, KE_TTLV_COUNT, "%s", err.msg);
        cr_expect_eq(f.n, TTLV_MAX_FINDINGS, "%zu findings", f.n);
        buf_clear(&msg);
    }
}

Test(validate, survives_every_cut_and_every_flipped_byte, .timeout = 60)
{
    for (size_t s = 0; s < n_samples; s++) {
        struct findings f;
        struct buf msg;

        buf_init(&msg, BUF_NO_LIMIT);
        steps_write(samples[s].steps, &msg);
        for (size_t n = 0; n < msg.n; n++) {
            findings_init(&f);
            (void)kmip_validate(bytes_of(msg.p, n), 0, NULL, &f.sink, NULL);
            cr_assert_neq(f.n, 0, "%s cut to %zu bytes passes", samples[s].name, n);
            msg.p[n] ^= 0xFF;
            findings_init(&f);
            (void)kmip_validate(buf_bytes(&msg), 0, NULL, &f.sink, NULL);
            msg.p[n] ^= 0xFF;
        }
        buf_clear(&msg);
    }
}

Test(validate, fails_on_limits_only)
{
    struct ttlv_limits limits = ttlv_default_limits;
    struct kerr err = KERR_INIT;
    struct findings f;
    struct buf msg;

    buf_init(&msg, BUF_NO_LIMIT);
    steps_write(samples[0].steps, &msg);
    findings_init(&f);
    limits.depth = 3;
    cr_expect_not(kmip_validate(buf_bytes(&msg), 0, &limits, &f.sink, &err));
    cr_expect_eq(err.code, KE_TTLV_DEPTH);
    buf_clear(&msg);
}

Test(validate, checks_a_payload_alone)
{
    static const struct step steps[] = {TEXT(UNIQUE_IDENTIFIER, "u"), END};
    struct kerr err = KERR_INIT;
    struct findings f;
    struct buf msg;

    buf_init(&msg, BUF_NO_LIMIT);
    steps_write(steps, &msg);
    findings_init(&f);
    cr_expect(
        kmip_validate_payload(buf_bytes(&msg), true, KMIP_OPERATION_ACTIVATE, 0, &f.sink, &err));
    cr_expect_eq(f.n, 0);
    cr_expect(
        kmip_validate_payload(buf_bytes(&msg), true, KMIP_OPERATION_ENCRYPT, 0, &f.sink, &err));
    cr_assert_eq(f.n, 1);
    cr_expect_str_eq(f.v[0].expected, "Data in Encrypt Response Payload (4.29)");
    buf_clear(&msg);
}
