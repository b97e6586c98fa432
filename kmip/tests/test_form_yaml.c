/* YAML out, and back: the same bytes. What YAML in takes and refuses is in
 * test_from_yaml.c. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "kmip/form/form.h"
#include "kmip/form/from_yaml.h"
#include "kmip/tests/support/golden.h"
#include "kmip/tests/support/fixture.h"
#include "kmip/ttlv/reader.h"

static const struct form_options show = {.show_secrets = true};

Test(form_yaml, encodes_every_fixture_into_its_golden_bytes)
{
    for (const char *const *name = fixture_names(); *name; name++) {
        char path[256];
        struct buf msg, hex;
        buf_init(&msg, BUF_NO_LIMIT);
        buf_init(&hex, BUF_NO_LIMIT);
        fixture_message(*name, &msg);
        for (size_t i = 0; i < msg.n; i += 32) {
            buf_hex(&hex, bytes_of(msg.p + i, msg.n - i < 32 ? msg.n - i : 32));
            buf_putc(&hex, '\n');
        }
        snprintf(path, sizeof path, "fixtures/messages/%s.hex", *name);
        golden_expect(path, buf_bytes(&hex));
        buf_clear(&msg);
        buf_clear(&hex);
    }
}

/* Fields at the root of a file: for single items, which are no messages. */
static bool fields(struct bytes yaml, struct buf *out, struct kerr *err)
{
    struct ydoc doc = {0};
    struct kmip_walk walk;
    struct ttlv_writer w;
    kmip_walk_init(&walk);
    ttlv_w_init(&w, out, err);
    bool ok = ydoc_parse(&doc, "t.yaml", yaml, err) &&
              from_yaml_fields(doc.root, &walk, NULL, &w, err) && ttlv_w_finish(&w);
    ydoc_clear(&doc);
    return ok;
}

static const struct fixture_form form = {form_yaml, fields};

static bool comes_back(const char *what, struct bytes msg)
{
    return fixture_comes_back(&form, what, msg);
}

Test(form_yaml, reads_back_every_fixture)
{
    fixtures_come_back(&form);
}

/* Bytes and the YAML they are shown as. First the examples of the standard (KMIP 1.2
 * spec, 9.1.2), all under the tag of Compromise Date. */
static const struct {
    const char *hex, *yaml;
} items[] = {
    {"42002002000000040000000800000000", "Compromise Date: !Integer 8\n"},
    {"420020030000000801B69B4BA5749200", "Compromise Date: !LongInteger 123456789000000000\n"},
    {"42002004000000100000000003FD35EB6BC2DF4618080000",
     "Compromise Date: !BigInteger 0000000003fd35eb6bc2df4618080000\n"},
    {"4200200500000004000000FF00000000", "Compromise Date: !Enumeration 0x000000FF\n"},
    {"42002006000000080000000000000001", "Compromise Date: !Boolean true\n"},
    {"420020070000000B48656C6C6F20576F726C640000000000",
     "Compromise Date: !TextString \"Hello World\"\n"},
    {"42002008000000030102030000000000", "Compromise Date: !ByteString 010203\n"},
    {"42002009000000080000000047DA67F8", "Compromise Date: 2008-03-14T11:56:40Z\n"},
    {"4200200A00000004000D2F0000000000", "Compromise Date: !Interval 864000\n"},
    {"42002001000000204200040500000004000000FE000000004200050200000004000000FF00000000",
     "Compromise Date: !Structure\n"
     "  Application Specific Information: !Enumeration 0x000000FE\n"
     "  Archive Date: !Integer 255\n"},
    /* Types that follow from the tag. */
    {"42000D02000000040000000100000000", "Batch Count: 1\n"},
    {"42000D0200000004FFFFFFFF00000000", "Batch Count: -1\n"},
    {"42002C02000000040000000000000000", "Cryptographic Usage Mask: 0\n"},
    {"42002C02000000040000000C00000000", "Cryptographic Usage Mask: Encrypt | Decrypt\n"},
    {"42002C02000000048000000400000000", "Cryptographic Usage Mask: Encrypt | 0x80000000\n"},
    {"42002C02000000040000000400000000"
     "42002C02000000040000000800000000",
     "Cryptographic Usage Mask: Encrypt\nCryptographic Usage Mask: Decrypt\n"},
    {"42005C05000000040000000100000000", "Operation: Create\n"},
    {"42005C05000000048000002A00000000", "Operation: 0x8000002A\n"},
    {"42007F05000000040000000000000000"
     "42007F05000000040000000100000000",
     "Result Status:\n  - Success\n  - Operation Failed\n"},
    {"42007F05000000040000000000000000"
     "42000D02000000040000000100000000"
     "42007F05000000040000000100000000",
     "Result Status: Success\nBatch Count: 1\nResult Status: Operation Failed\n"},
    {"4200A806000000080000000000000000", "Fresh: false\n"},
    {"42009509000000080000000000000000", "Usage Limits: !DateTime 1970-01-01T00:00:00Z\n"},
    {"42009203000000080000000000000000", "Time Stamp: !LongInteger 0\n"},
    {"42009209000000080000003AFFF44180", "Time Stamp: 253402300800\n"},
    {"4200920900000008FFFFFFFFFFFFFFFF", "Time Stamp: 1969-12-31T23:59:59Z\n"},
    {"4200920900000008000000000000000A", "Time Stamp: 1970-01-01T00:00:10Z\n"},
    /* Structures. */
    {"4200790100000000", "Request Payload: {}\n"},
    {"42007901000000004200790100000000", "Request Payload:\n  - {}\n  - {}\n"},
    {"420069010000002042006A0200000004000000010000000042006B02000000040000000200000000",
     "Protocol Version: 1.2\n"},
    {"420069010000002042006B0200000004000000010000000042006A02000000040000000200000000",
     "Protocol Version:\n  Protocol Version Minor: 1\n  Protocol Version Major: 2\n"},
    {"420053010000002042005507000000015800000000000000"
     "42005405000000040000000100000000",
     "Name: X\n"},
    {"420053010000002042005507000000015800000000000000"
     "42005405000000040000000200000000",
     "Name:\n  Name Value: X\n  Name Type: URI\n"},
    {"42000D0100000000", "Batch Count: !Structure {}\n"},
    {"42000D010000001042000D02000000040000000100000000",
     "Batch Count: !Structure\n  Batch Count: 1\n"},
    /* Text. */
    {"42009407000000017800000000000000", "Unique Identifier: x\n"},
    {"4200940700000000", "Unique Identifier: \"\"\n"},
    {"42009407000000023432000000000000", "Unique Identifier: \"42\"\n"},
    {"42009407000000047472756500000000", "Unique Identifier: \"true\"\n"},
    {"42009407000000046E756C6C00000000", "Unique Identifier: \"null\"\n"},
    {"42009407000000017E00000000000000", "Unique Identifier: \"~\"\n"},
    {"42009407000000032461620000000000", "Unique Identifier: \"$$ab\"\n"},
    {"4200940700000005247B617D24000000", "Unique Identifier: \"$${a}$$\"\n"},
    {"42009407000000056120236220000000", "Unique Identifier: \"a #b \"\n"},
    {"4200940700000007610A62003A205C00", "Unique Identifier: \"a\\nb\\0: \\\\\"\n"},
    {"420094070000000A6122C3A4C29BE282AC5C000000000000",
     "Unique Identifier: \"a\\\"\xC3\xA4\\x9B\xE2\x82\xAC\\\\\"\n"},
    {"4200940700000007F09F9880EFBBBF00", "Unique Identifier: \"\xF0\x9F\x98\x80\\uFEFF\"\n"},
    {"4200930800000000", "Unique Batch Item ID: \"\"\n"},
    /* Tags outside the dictionary. */
    {"54AA0102000000040000000700000000", "0x54AA01: 7\n"},
    {"54AA0103000000080000000000000007", "0x54AA01: !LongInteger 7\n"},
    {"54AA01070000000568656C6C6F000000", "0x54AA01: \"hello\"\n"},
    {"42FF0106000000080000000000000001", "0x42FF01: true\n"},
    {"42FF0105000000040000000100000000", "0x42FF01: !Enumeration 0x00000001\n"},
    {"54AA01010000001054AA0208000000020102000000000000",
     "0x54AA01:\n  0x54AA02: !ByteString 0102\n"},
    /* Items that an honest writer would write differently. */
    {"42000D020000000400000001000000FF",
     "Batch Count: !item {type: Integer, value: \"00000001\", padding: \"000000ff\"}\n"},
    {"42005204000000100000000000000000000000000000007F",
     "Modulus: !item {type: BigInteger, value: \"0000000000000000000000000000007f\"}\n"},
    {"4200520400000010FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
     "Modulus: !item {type: BigInteger, value: \"ffffffffffffffffffffffffffffffff\"}\n"},
    {"4200520400000010FFFFFFFFFFFFFFFF0000000000000000",
     "Modulus: ffffffffffffffff0000000000000000\n"},
};

/* The items inside a structure of this tag. */
static void wrap(uint32_t tag, const char *hex, struct buf *msg)
{
    struct buf inner;
    uint8_t head[8];
    buf_init(&inner, BUF_NO_LIMIT);
    fixture_hex(hex, &inner);
    be32_put(head, tag << 8 | TTLV_STRUCTURE);
    be32_put(head + 4, (uint32_t)inner.n);
    buf_put(msg, head, sizeof head);
    buf_put_bytes(msg, buf_bytes(&inner));
    buf_clear(&inner);
}

/* "Outer:" and every line of yaml two columns further in. */
static void indent(const char *outer, const char *yaml, struct buf *out)
{
    buf_puts(out, outer);
    for (; *yaml; yaml = strchr(yaml, '\n') + 1)
        buf_printf(out, "  %.*s\n", (int)(strchr(yaml, '\n') - yaml), yaml);
}

/* What stands in a structure that does not name it, and in one that is free. */
static const struct {
    uint32_t tag;
    const char *key;
} around[] = {{KMIP_TAG_REQUEST_HEADER, "Request Header:\n"}, {0x54AA77, "0x54AA77:\n"}};

Test(form_yaml, shows_items_and_reads_them_back)
{
    for (size_t i = 0; i < 2 * sizeof items / sizeof *items; i++) {
        struct buf msg, yaml, want;
        struct kerr err = KERR_INIT;
        buf_init(&msg, BUF_NO_LIMIT);
        buf_init(&yaml, BUF_NO_LIMIT);
        buf_init(&want, BUF_NO_LIMIT);
        wrap(around[i % 2].tag, items[i / 2].hex, &msg);
        indent(around[i % 2].key, items[i / 2].yaml, &want);
        cr_expect(form_yaml(buf_bytes(&msg), &show, &yaml, &err), "%s: %s", items[i / 2].hex,
                  err.msg);
        cr_expect_str_eq(buf_cstr(&yaml), buf_cstr(&want), "%s\n%s%s", items[i / 2].hex,
                         buf_cstr(&yaml), buf_cstr(&want));
        comes_back(items[i / 2].hex, buf_bytes(&msg));
        buf_clear(&msg);
        buf_clear(&yaml);
        buf_clear(&want);
    }
}

/* Attributes: each row is written as it is read, so it is its own expectation. */
static const char *const attributes[] = {
    "Attributes:\n  x-purpose: \"demo\"\n",
    "Attributes:\n  x-n: 5\n  x-n2: !LongInteger 5\n  x-b: true\n  x-t: \"true\"\n  "
    "x-five: \"5\"\n",
    "Attributes:\n  State: Active\n  Name: my-key\n  Object Group:\n    - a\n    - b\n",
    "Attributes:\n  Object Group: a\n  State: Active\n  Object Group: b\n",
    "Attributes:\n  Cryptographic Usage Mask: Encrypt\n  Cryptographic Usage Mask: "
    "Sign | Decrypt\n",
    "Attributes:\n  Name: !indexed\n    index: 1\n    value: second\n",
    "Attributes:\n  Name:\n    - first\n    - !indexed\n      index: 1\n      value: second\n"
    "    - !indexed\n      index: 2\n    - null\n    - {}\n",
    "Attributes:\n  State: null\n  \"x-$$a: b\": \"$$\"\n",
    "Attributes:\n  State: !TextString \"Active\"\n  Name: !ByteString 00\n  x-s:\n    "
    "0x54AA01: 1\n",
    "Attributes:\n  Link:\n    - Link Type: Next Link\n      Linked Object Identifier: a\n"
    "    - Link Type: Previous Link\n      Linked Object Identifier: b\n",
    /* No short form: an unknown name, an index behind the value, something more. */
    "Attribute:\n  Attribute Name: Statte\n  Attribute Value: 1\n",
    "Attribute:\n  Attribute Name: State\n  Attribute Value: Active\n  Attribute Index: 0\n",
    "Attribute:\n  - Attribute Value: \"x\"\n    Attribute Name: State\n  - {}\n",
    "Attributes:\n  State: Active\nAttribute: {}\nAttributes:\n  State: Pre-Active\n",
    "Attribute: !TextString \"no structure\"\n",
};

Test(form_yaml, writes_attributes_short_where_that_is_exact)
{
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++) {
        struct buf in, msg, yaml;
        struct kerr err = KERR_INIT;
        buf_init(&in, BUF_NO_LIMIT);
        buf_init(&msg, BUF_NO_LIMIT);
        buf_init(&yaml, BUF_NO_LIMIT);
        indent("Template-Attribute:\n", attributes[i], &in);
        cr_expect(fields(buf_bytes(&in), &msg, &err), "row %zu: %s", i, err.msg);
        cr_expect(form_yaml(buf_bytes(&msg), &show, &yaml, &err), "row %zu: %s", i, err.msg);
        cr_expect_str_eq(buf_cstr(&yaml), buf_cstr(&in), "%s%s", buf_cstr(&yaml), buf_cstr(&in));
        comes_back(attributes[i], buf_bytes(&msg));
        buf_clear(&in);
        buf_clear(&msg);
        buf_clear(&yaml);
    }
}

Test(form_yaml, redacts_so_that_it_cannot_be_sent_by_mistake)
{
    static const char *const names[] = {"get-response", "get-response-transparent",
                                        "batch-request"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[256];
        struct buf msg, yaml, back;
        struct kerr err = KERR_INIT;
        buf_init(&msg, BUF_NO_LIMIT);
        buf_init(&yaml, BUF_NO_LIMIT);
        buf_init(&back, BUF_NO_LIMIT);
        fixture_message(names[i], &msg);
        cr_expect(form_yaml(buf_bytes(&msg), NULL, &yaml, &err), "%s", err.msg);
        snprintf(path, sizeof path, "fixtures/messages/%s.redacted", names[i]);
        golden_expect(path, buf_bytes(&yaml));
        cr_expect(!fields(buf_bytes(&yaml), &back, &err));
        cr_expect(strstr(err.msg, "redacted"), "%s", err.msg);
        buf_clear(&msg);
        buf_clear(&yaml);
        buf_clear(&back);
    }
}

Test(form_yaml, refuses_a_broken_encoding)
{
    static const char *const broken[] = {
        "42000D02000000030000010000000000", "42000D0B000000040000000100000000",
        "42007D0700000002C328000000000000", "42007B01000000084200", "42007B0100000000FF"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        struct buf msg, yaml;
        struct kerr err = KERR_INIT;
        buf_init(&msg, BUF_NO_LIMIT);
        buf_init(&yaml, BUF_NO_LIMIT);
        fixture_hex(broken[i], &msg);
        cr_expect(!form_yaml(buf_bytes(&msg), &show, &yaml, &err), "%s", broken[i]);
        cr_expect(err.code != KE_OK);
        buf_clear(&msg);
        buf_clear(&yaml);
    }
}

/* Whatever has a sound encoding must come back, however little sense it makes. */
Test(form_yaml, reads_back_damaged_fixtures_that_are_still_sound, .timeout = 120)
{
    size_t sound = 0;
    for (const char *const *name = fixture_names(); *name; name++) {
        struct buf msg;
        buf_init(&msg, BUF_NO_LIMIT);
        fixture_message(*name, &msg);
        for (size_t i = 0; i < msg.n; i++) {
            uint8_t was = msg.p[i];
            static const uint8_t flips[] = {0x01, 0x02, 0x80, 0x26, 0xFF};
            for (size_t k = 0; k < sizeof flips; k++) {
                msg.p[i] = was ^ flips[k];
                if (!ttlv_check(buf_bytes(&msg), NULL, NULL, NULL, NULL, NULL))
                    continue;
                sound++;
                if (!comes_back(*name, buf_bytes(&msg)))
                    return;
            }
            msg.p[i] = was;
        }
        buf_clear(&msg);
    }
    cr_expect(sound > 5000, "only %zu messages tried", sound);
}

/* --- messages made at random: any tag, any type, any order --- */

struct dice {
    uint64_t state;
};

static uint32_t roll(struct dice *d, uint32_t n)
{
    d->state = d->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(d->state >> 33) % n;
}

static const uint32_t some_tags[] = {KMIP_TAG_ATTRIBUTE,
                                     KMIP_TAG_ATTRIBUTE,
                                     KMIP_TAG_NAME,
                                     KMIP_TAG_PROTOCOL_VERSION,
                                     KMIP_TAG_KEY_BLOCK,
                                     KMIP_TAG_KEY_VALUE,
                                     KMIP_TAG_KEY_MATERIAL,
                                     KMIP_TAG_KEY_FORMAT_TYPE,
                                     KMIP_TAG_OPERATION,
                                     KMIP_TAG_BATCH_ITEM,
                                     KMIP_TAG_REQUEST_PAYLOAD,
                                     KMIP_TAG_CREDENTIAL,
                                     KMIP_TAG_CRYPTOGRAPHIC_USAGE_MASK,
                                     KMIP_TAG_ATTRIBUTE_VALUE,
                                     KMIP_TAG_UNIQUE_IDENTIFIER,
                                     0x54AA01,
                                     0x42FF01,
                                     KMIP_TAG_ATTRIBUTE_NAME,
                                     KMIP_TAG_ATTRIBUTE_INDEX,
                                     KMIP_TAG_NAME_VALUE,
                                     KMIP_TAG_NAME_TYPE};

static const char *const some_texts[] = {
    "State", "x-a",        "Name",     "Cryptographic Usage Mask",
    "true",  "",           "7",        "$NOW",
    "a: b",  "line\nline", "\xC3\xA4", "null",
    "- x",   "Digest"};

static void random_items(struct dice *d, struct ttlv_writer *w, unsigned depth);

static void random_item(struct dice *d, struct ttlv_writer *w, unsigned depth)
{
    uint32_t tag = roll(d, 4) ? some_tags[roll(d, sizeof some_tags / sizeof *some_tags)]
                              : kmip_tags[roll(d, (uint32_t)kmip_n_tags)].tag;
    const struct kmip_tag *t = kmip_tag(tag);
    unsigned type = 1 + roll(d, 10);
    for (unsigned i = 1; t && t->types && roll(d, 4) && i <= 10; i++)
        if (t->types & TYPE_BIT(i))
            type = i;
    uint8_t some[24];
    for (size_t i = 0; i < sizeof some; i++)
        some[i] = roll(d, 3) ? 0 : (uint8_t)roll(d, 256);
    if (type == TTLV_STRUCTURE) {
        ttlv_w_open(w, tag);
        if (depth < 12)
            random_items(d, w, depth + 1);
        ttlv_w_close(w);
    } else if (type == TTLV_TEXT_STRING) {
        ttlv_w_str(w, tag, some_texts[roll(d, sizeof some_texts / sizeof *some_texts)]);
    } else if (type == TTLV_BOOLEAN) {
        ttlv_w_bool(w, tag, roll(d, 2));
    } else {
        int fixed = ttlv_type_length(type);
        size_t n = fixed >= 0                 ? (size_t)fixed
                   : type == TTLV_BIG_INTEGER ? 8 * (1 + roll(d, 3))
                                              : roll(d, 24);
        ttlv_w_value(w, tag, type, bytes_of(some, n));
    }
}

static void random_items(struct dice *d, struct ttlv_writer *w, unsigned depth)
{
    for (uint32_t n = roll(d, 5); n > 0; n--)
        random_item(d, w, depth);
}

Test(form_yaml, reads_back_messages_made_at_random, .timeout = 120)
{
    struct dice d = {20260131};
    for (unsigned i = 0; i < 20000; i++) {
        struct buf msg;
        struct ttlv_writer w;
        char what[32];
        buf_init(&msg, 1 << 20);
        ttlv_w_init(&w, &msg, NULL);
        ttlv_w_open(&w, roll(&d, 2) ? KMIP_TAG_REQUEST_MESSAGE : KMIP_TAG_TEMPLATE_ATTRIBUTE);
        for (unsigned k = 0; k < 4; k++)
            random_items(&d, &w, 1);
        ttlv_w_close(&w);
        snprintf(what, sizeof what, "message %u", i);
        bool ok = ttlv_w_finish(&w) && comes_back(what, buf_bytes(&msg));
        buf_clear(&msg);
        cr_assert(ok, "%s", what);
    }
}
