/* YAML in: what it takes, what it refuses and how it says so. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "kmip/base/file.h"
#include "kmip/form/from_yaml.h"
#include "kmip/tests/support/fixture.h"

static bool lookup(void *arg, struct bytes name, struct form_value_ref *out)
{
    static const uint8_t key[4] = {1, 2, 3, 4}, enumeration[4] = {0, 0, 0, 3},
                         integer[4] = {0, 0, 0, 7};
    static const uint8_t name_fields[32] = {0x42, 0, 0x55, 7, 0, 0, 0, 1, 'N', 0, 0, 0, 0, 0, 0, 0,
                                            0x42, 0, 0x54, 5, 0, 0, 0, 4, 0,   0, 0, 1, 0, 0, 0, 0};
    static const struct {
        const char *name;
        unsigned type;
        struct bytes val;
    } vars[] = {
        {"uid", TTLV_TEXT_STRING, {(const uint8_t *)"id-1", 4}},
        {"data", TTLV_BYTE_STRING, {key, sizeof key}},
        {"algorithm", TTLV_ENUMERATION, {enumeration, sizeof enumeration}},
        {"count", TTLV_INTEGER, {integer, sizeof integer}},
        {"name", TTLV_STRUCTURE, {name_fields, sizeof name_fields}},
        {"version", 0, {(const uint8_t *)"1.1", 3}},
        {"five", 0, {(const uint8_t *)"5", 1}},
        {"bucket", 0, {(const uint8_t *)"x-bucket", 8}},
    };
    (void)arg;
    for (size_t i = 0; i < sizeof vars / sizeof *vars; i++)
        if (bytes_eq_str(name, vars[i].name)) {
            out->type = vars[i].type;
            out->val = vars[i].val;
            return true;
        }
    return false;
}

/* $NOW is 2008-03-14T11:56:40Z, the date of the standard's example. */
static const struct form_env env = {.lookup = lookup, .now_s = 0x47DA67F8};

static bool read(const char *yaml, const struct form_env *e, size_t limit, struct buf *out,
                 struct kerr *err)
{
    struct ydoc doc = {0};
    struct kmip_walk walk;
    struct ttlv_writer w;
    buf_init(out, limit);
    kmip_walk_init(&walk);
    ttlv_w_init(&w, out, err);
    bool ok = ydoc_parse(&doc, "t.yaml", bytes_str(yaml), err) &&
              from_yaml_fields(doc.root, &walk, e, &w, err) && ttlv_w_finish(&w);
    ydoc_clear(&doc);
    return ok;
}

/* Two ways to write the same bytes; the second is the plain one. */
static const struct {
    const char *yaml, *same;
} alike[] = {
    {"BatchCount: 1", "Batch Count: 1"},
    {"0x42000D: 1", "Batch Count: 1"},
    {"Batch Count: 0x10", "Batch Count: 16"},
    {"Batch Count: \"1\"", "Batch Count: 1"},
    {"Operation: [Create, Get]", "Operation: Create\nOperation: Get"},
    {"Batch Count: 1\nOperation: []", "Batch Count: 1"},
    {"Operation: create", "Operation: Create"},
    {"Operation: 0x8000002A", "Operation: 2147483690"},
    {"Operation: DiscoverVersions", "Operation: Discover Versions"},
    {"Cryptographic Usage Mask: [Encrypt, Decrypt, 0x100000]", "Cryptographic Usage Mask: 1048588"},
    {"Cryptographic Usage Mask: Encrypt|WrapKey", "Cryptographic Usage Mask: 0x14"},
    {"Cryptographic Usage Mask: []\nBatch Count: 1", "Batch Count: 1"},
    {"Lease Time: 2h", "Lease Time: 7200"},
    {"Time Stamp: 2008-03-14T11:56:40Z", "Time Stamp: 1205495800"},
    {"Time Stamp: 2008-03-14T12:56:40+01:00", "Time Stamp: 1205495800"},
    {"Data: 0x01 02:03", "Data: 010203"},
    {"Data: !text \"\\x01A\"", "Data: 0141"},
    {"Data: \"\"", "Data: !text \"\""},
    {"Modulus: FF", "Modulus: ffffffffffffffff"},
    {"Modulus: 00ff", "Modulus: 00000000000000ff"},
    {"Request Payload:", "Request Payload: {}"},
    {"Request Payload: ~", "Request Payload: {}"},
    {"Batch Count: !Structure", "Batch Count: !Structure {}"},
    {"Protocol Version: 1.2",
     "Protocol Version: {Protocol Version Major: 1, Protocol Version Minor: 2}"},
    {"Protocol Version: \"9.31\"",
     "Protocol Version: {Protocol Version Major: 9, Protocol Version Minor: 31}"},
    {"Name: a", "Name: {Name Value: a, Name Type: Uninterpreted Text String}"},
    {"Name: 5", "Name: {Name Value: \"5\", Name Type: 1}"},
    {"Unique Identifier: 5", "Unique Identifier: \"5\""},
    {"Unique Identifier: $$5", "!raw x: 42009407 00000002 2435000000000000"},
    {"Attributes:", "{}"},
    {"Attributes: {State: Active}", "Attribute: {Attribute Name: State, Attribute Value: Active}"},
    {"Attributes: [{State: Active}, {State: Active}]",
     "Attribute: &a {Attribute Name: State, Attribute Value: Active}\nAttribute: *a"},
    {"Attributes: {Object Group: [a, b]}", "Attribute: [{Attribute Name: Object Group, Attribute "
                                           "Value: a}, {Attribute Name: Object Group, "
                                           "Attribute Value: b}]"},
    {"Attributes: {Name: n}", "Attribute: {Attribute Name: Name, Attribute Value: n}"},
    {"Attributes: {Name: !indexed {index: 3, value: n}}",
     "Attribute: {Attribute Name: Name, Attribute Index: 3, Attribute Value: {Name Value: n, Name "
     "Type: 1}}"},
    {"Attributes: {State: }", "Attribute: {Attribute Name: State}"},
    {"Attributes: {Cryptographic Usage Mask: [Sign, Verify]}",
     "Attribute: {Attribute Name: Cryptographic Usage Mask, Attribute Value: 3}"},
    {"Attributes: {x-a: 5, x-b: true, x-c: \"5\", x-d: on, x-e: 5000000000}",
     "Attribute: [{Attribute Name: x-a, Attribute Value: !Integer 5}, {Attribute Name: x-b, "
     "Attribute Value: "
     "!Boolean true}, {Attribute Name: x-c, Attribute Value: !TextString 5}, {Attribute Name: x-d, "
     "Attribute "
     "Value: !TextString on}, {Attribute Name: x-e, Attribute Value: !LongInteger 5000000000}]"},
    {"Attributes: {$bucket: photos, \"Statte\": x}",
     "Attribute: [{Attribute Name: x-bucket, Attribute Value: photos}, {Attribute Name: Statte, "
     "Attribute "
     "Value: x}]"},
    {"Key Block: {Key Format Type: Raw, Key Value: 0102}",
     "Key Block: {Key Format Type: Raw, Key Value: !ByteString 0102}"},
    /* Variables. */
    {"Unique Identifier: $uid", "Unique Identifier: id-1"},
    {"Unique Identifier: \"a-${uid}-${count}-$$\"", "Unique Identifier: \"a-id-1-7-$$\""},
    {"Unique Identifier: ${data}", "Unique Identifier: \"01020304\""},
    {"Data: $data", "Data: 01020304"},
    {"Data: !text $uid", "Data: 69642d31"},
    {"Cryptographic Algorithm: $algorithm", "Cryptographic Algorithm: AES"},
    {"Time Stamp: $NOW", "Time Stamp: 2008-03-14T11:56:40Z"},
    {"Time Stamp: $NOW-3600", "Time Stamp: 2008-03-14T10:56:40Z"},
    {"Time Stamp: $NOW+1h", "Time Stamp: 2008-03-14T12:56:40Z"},
    {"Unique Identifier: at ${NOW-40s}", "Unique Identifier: \"at 2008-03-14T11:56:00Z\""},
    {"Protocol Version: $version", "Protocol Version: 1.1"},
    {"Name: $name", "Name: N"},
    {"Name: $uid", "Name: id-1"},
    {"Batch Count: $five", "Batch Count: 5"},
    {"Attributes: {x-a: $five, x-b: $NOW}",
     "Attributes: {x-a: 5, x-b: !DateTime 2008-03-14T11:56:40Z}"},
    {"Time Stamp: !LongInteger $NOW", "Time Stamp: !LongInteger 1205495800"},
    /* Wrong on purpose. */
    {"Batch Count: !item {}", "!raw x: 42000d0200000000"},
    {"Batch Count: !item {value: 00000001}", "Batch Count: 1"},
    {"Batch Count: !item {value: !Integer 1, padding: FFFFFFFF}",
     "!raw x: 42000D02 00000004 00000001 FFFFFFFF"},
    {"Batch Count: !item {type: 0x0B, length: 3, value: 000001, padding: FFFFFFFFFF}",
     "\"!raw\": 42000D0B 00000003 000001 FFFFFFFFFF"},
    {"Batch Count: !item {type: LongInteger, value: 0000000000000001}",
     "Batch Count: !LongInteger 1"},
    {"Request Payload: !item {length: 0xFFFFFFFF, value: {Operation: Create}}",
     "!raw x: 42007901 FFFFFFFF 42005C05 00000004 00000001 00000000"},
    {"Data: !item {value: !text AB}", "Data: 4142"},
    {"Batch Count: !raw FFFF", "!raw x: FFFF"},
};

Test(from_yaml, takes_every_way_to_write_the_same)
{
    for (size_t i = 0; i < sizeof alike / sizeof *alike; i++) {
        struct buf a, b;
        struct kerr err = KERR_INIT, err_b = KERR_INIT;
        cr_expect(read(alike[i].yaml, &env, BUF_NO_LIMIT, &a, &err), "%s: %s", alike[i].yaml,
                  err.msg);
        cr_expect(read(alike[i].same, &env, BUF_NO_LIMIT, &b, &err_b), "%s: %s", alike[i].same,
                  err_b.msg);
        cr_expect(bytes_eq(buf_bytes(&a), buf_bytes(&b)), "%s", alike[i].yaml);
        buf_clear(&a);
        buf_clear(&b);
    }
}

static const struct {
    const char *yaml, *says;
} refused[] = {
    {"Opertion: Create", "t.yaml:1:1: \"Opertion\" is no field; did you mean \"Operation\"?"},
    {"Request Message:\n  Request Haeder: {}", "t.yaml:2:3: \"Request Haeder\" is no field of "
                                               "Request Message; did you mean \"Request Header\"?"},
    {"Template-Attribute:\n  Atributes: {}",
     "t.yaml:2:3: \"Atributes\" is no field of Template-Attribute; did you mean \"Attributes\"?"},
    {"qqqqqqqqqqqqqqqqqqqq: 1", "write one of the standard's names, or the tag as 0x54AA01"},
    {"0x1000000: 1", "t.yaml:1:1: \"0x1000000\" is no tag"},
    {"Operation: Creat",
     "t.yaml:1:12: Operation: \"Creat\" is no Operation; did you mean \"Create\"?"},
    {"Operation: qqqqqqqqqqqq", "a number such as 0x80000001"},
    {"Operation: -1", "is no Operation"},
    {"Operation: {a: b}", "t.yaml:1:12: Operation: a map stands where Enumeration is expected"},
    {"Operation: [[Create]]", "Operation: a sequence inside a sequence"},
    {"Operation: !Integer [Create]", "put it before each entry"},
    {"Operation:", "t.yaml:1:11: Operation has no value"},
    {"Unique Identifier: null", "Unique Identifier has no value; write \"\" for an empty one"},
    {"Cryptographic Usage Mask: Encrypt | Decript",
     "\"Decript\" is no Cryptographic Usage Mask; did you mean \"Decrypt\"?"},
    {"Cryptographic Usage Mask: [Encrypt, {a: b}]", "a map stands where one value is expected"},
    {"Cryptographic Usage Mask: !Enumeration [Encrypt]", "a mask, which is an Integer"},
    {"Batch Count: one",
     "Batch Count: \"one\" is no Integer; write a whole number from -2147483648"},
    {"Batch Count: 2147483648", "is no Integer"},
    {"Batch Count: !LongInteger 9223372036854775808", "is no Long Integer"},
    {"Usage Limits Count: x", "is no Long Integer"},
    {"Modulus: abc", "is no Big Integer; write its two's complement in hexadecimal"},
    {"Modulus: \"\"", "is no Big Integer"},
    {"Fresh: maybe", "is no Boolean; write true or false"},
    {"Data: 0x1", "write pairs of hexadecimal digits"},
    {"Time Stamp: yesterday", "is no Date-Time; write 2026-01-31T12:00:00Z"},
    {"Lease Time: -1", "is no Interval"},
    {"Lease Time: 1500ms", "is no Interval"},
    {"Protocol Version: 1", "\"1\" is no Protocol Version; write it as 1.2"},
    {"Protocol Version: 1.x", "is no Protocol Version"},
    {"Request Payload: 5", "Request Payload: one value stands where Structure is expected"},
    {"Unique Identifier: !Foo x", "t.yaml:1:20: unknown tag !Foo"},
    {"Unique Identifier: !TextStrng x", "did you mean !TextString?"},
    {"Unique Identifier: !indexed x", "!indexed cannot stand here"},
    {"Operation: !text Create", "!text gives bytes, but the field is a Enumeration"},
    {"Request Payload: !Structure x", "a Structure is written as a map of its fields"},
    {"Request Payload: !Integer {a: b}", "a map stands where Integer is expected"},
    {"Data: !redacted 16", "t.yaml:1:7: the value was redacted"},
    {"Data: !item {value: 0}", "pairs of hexadecimal digits"},
    {"Data: !item {valu: 00}", "\"valu\" means nothing after !item"},
    {"Data: !item {value: 00, value: 01}", "\"value\" is there twice"},
    {"Data: !item {type: 256}", "an item type is a number from 0x00 to 0xFF"},
    {"Data: !item {length: -1}", "a length is a number"},
    {"Data: !item 5", "!item stands before a map"},
    {"Attribute Value: !item {value: 00}", "!item needs a type here"},
    {"Attributes: 5", "Attributes is a map of attribute names and values"},
    {"Attributes: {Crytographic Length: 5}", "t.yaml:1:14: \"Crytographic Length\" is no "
                                             "attribute; did you mean \"Cryptographic Length\"?"},
    {"Attributes: {Cryptographic Length: x}", "Cryptographic Length: \"x\" is no Integer"},
    {"Attributes: {State: {a: b}}", "State: a map stands where Enumeration is expected"},
    {"Attributes: {Name: !indexed n}", "!indexed stands before a map"},
    {"Attributes: {Name: !indexed {value: n}}", "!indexed needs an index"},
    {"Attributes: {Name: !indexed {index: x}}", "Attribute Index: \"x\" is no Integer"},
    {"Attributes: {Name: !indexed {indx: 1}}", "\"indx\" means nothing after !indexed"},
    {"Unique Identifier: $nope", "t.yaml:1:20: no variable \"nope\" is known at this point"},
    {"Unique Identifier: a ${nope}", "no variable \"nope\""},
    {"Unique Identifier: 5 $", "a dollar must begin ${name}"},
    {"Unique Identifier: a $uid", "a dollar must begin ${name}"},
    {"Unique Identifier: ${uid", "a dollar must begin ${name}"},
    {"Unique Identifier: ${}", "a dollar must begin ${name}"},
    {"Unique Identifier: $data",
     "Unique Identifier: $data holds a Byte String, expected Text String"},
    {"Batch Count: $uid", "$uid holds a Text String, expected Integer"},
    {"Time Stamp: $NOW+x", "no variable \"NOW+x\""},
    {"- a", "t.yaml:1:1: a map of fields is expected here, not a sequence"},
    {"a", "a map of fields is expected here, not a single value"},
};

Test(from_yaml, refuses_with_the_place_and_the_remedy)
{
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct buf out;
        struct kerr err = KERR_INIT;
        cr_expect(!read(refused[i].yaml, &env, BUF_NO_LIMIT, &out, &err), "%s", refused[i].yaml);
        cr_expect(strstr(err.msg, refused[i].says), "%s:\n  %s\n  %s", refused[i].yaml, err.msg,
                  refused[i].says);
        cr_expect(strncmp(err.msg, "t.yaml:", 7) == 0, "%s: %s", refused[i].yaml, err.msg);
        buf_clear(&out);
    }
}

Test(from_yaml, repeats_no_secret_in_an_error)
{
    struct buf out;
    struct kerr err = KERR_INIT;
    cr_expect(!read("Key Material: 00112233xx", NULL, BUF_NO_LIMIT, &out, &err));
    cr_expect(strstr(err.msg, "Key Material: the value is no Byte String"), "%s", err.msg);
    cr_expect(!strstr(err.msg, "0011"), "%s", err.msg);
    buf_clear(&out);
}

Test(from_yaml, needs_an_environment_for_variables)
{
    struct buf out;
    struct kerr err = KERR_INIT;
    cr_expect(!read("Time Stamp: $NOW", NULL, BUF_NO_LIMIT, &out, &err));
    cr_expect(strstr(err.msg, "is a variable, and this file is read without any"), "%s", err.msg);
    buf_clear(&out);
}

Test(from_yaml, keeps_to_the_limit_of_the_buffer)
{
    static const char *const rows[] = {
        "Unique Identifier: 0123456789012345678901234567890123456789", "Operation: [1, 2, 3, 4, 5]",
        "!raw x: 00112233445566778899aabbccddeeff0011223344"
        "5566778899aabbccddeeff00112233445566778899",
        "Request Payload: {Request Payload: {Request Payload: {Request Payload: {Batch "
        "Count: 1}}}}",
        "Data: !item {padding: 00112233445566778899aabbccddeeff00112233445566778899aabbcc"
        "ddeeff00112233445566778899}"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf out;
        struct kerr err = KERR_INIT;
        cr_expect(!read(rows[i], NULL, 32, &out, &err), "%s", rows[i]);
        cr_expect(err.code == KE_TTLV_SIZE && strstr(err.msg, "t.yaml:1:"), "%s: %s", rows[i],
                  err.msg);
        buf_clear(&out);
    }
}

Test(from_yaml, stops_at_the_nesting_limit)
{
    struct buf yaml, out;
    struct kerr err = KERR_INIT;
    buf_init(&yaml, BUF_NO_LIMIT);
    for (int i = 0; i < 40; i++)
        buf_puts(&yaml, "{Request Payload: ");
    buf_puts(&yaml, "{}");
    for (int i = 0; i < 40; i++)
        buf_putc(&yaml, '}');
    cr_expect(!read(buf_cstr(&yaml), NULL, BUF_NO_LIMIT, &out, &err));
    cr_expect(strstr(err.msg, "t.yaml:1:") && strstr(err.msg, "deep"), "%s", err.msg);
    buf_clear(&yaml);
    buf_clear(&out);
}

/* Aliases of aliases: small file, 8^20 items. A limit ends it, the reader's or the buffer's. */
Test(from_yaml, survives_aliases_that_multiply, .timeout = 60)
{
    struct buf yaml, out;
    struct kerr err = KERR_INIT;
    buf_init(&yaml, BUF_NO_LIMIT);
    buf_puts(&yaml, "0x540000: &a0 {Batch Count: 1}\n");
    for (int i = 1; i <= 20; i++)
        buf_printf(&yaml,
                   "0x5400%02x: &a%d {Request Payload: [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, "
                   "*a%d]}\n",
                   i, i, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
    cr_expect(!read(buf_cstr(&yaml), NULL, 8 << 20, &out, &err));
    cr_expect(err.code == KE_TTLV_SIZE || err.code == KE_YAML, "%s", err.msg);
    buf_clear(&yaml);
    buf_clear(&out);
}

static const struct {
    const char *yaml, *says;
} no_messages[] = {
    {"", "the document is empty"},
    {"[]", "t.yaml:1:1: a message is a map with one key"},
    {"Request Message: {}\nResponse Message: {}", "a message is a map with one key"},
    {"Batch Item: {}", "t.yaml:1:1: \"Batch Item\" is no message"},
    {"Request Message: [{}, {}]", "t.yaml:1:18: a file holds one message"},
    {"Request Message: 5", "Request Message: one value stands where Structure is expected"},
};

Test(from_yaml_message, takes_one_message_only)
{
    struct buf out;
    struct kerr err = KERR_INIT;
    for (size_t i = 0; i < sizeof no_messages / sizeof *no_messages; i++) {
        kerr_clear(&err);
        buf_init(&out, BUF_NO_LIMIT);
        cr_expect(!fixture_yaml(no_messages[i].yaml, NULL, &out, &err), "%s", no_messages[i].yaml);
        cr_expect(strstr(err.msg, no_messages[i].says), "%s: %s", no_messages[i].yaml, err.msg);
        buf_clear(&out);
    }
    kerr_clear(&err);
    buf_init(&out, BUF_NO_LIMIT);
    cr_expect(fixture_yaml("\"!raw\": 474554202f", NULL, &out, &err), "%s", err.msg);
    cr_expect(bytes_eq_str(buf_bytes(&out), "GET /"));
    buf_clear(&out);
}

/* Every fixture with every byte of its text changed: an error or a message, never a crash. */
Test(from_yaml, survives_damaged_files, .timeout = 300)
{
    for (const char *const *name = fixture_names(); *name; name++) {
        char path[256];
        struct buf yaml, out;
        struct kerr err = KERR_INIT;
        snprintf(path, sizeof path, "fixtures/messages/%s.yaml", *name);
        buf_init(&yaml, BUF_NO_LIMIT);
        cr_assert(file_read(path, &yaml, &err), "%s", err.msg);
        for (size_t i = 0; i < yaml.n; i++) {
            static const char other[] = "!$[{:\n\"\x80";
            char was = (char)yaml.p[i];
            yaml.p[i] = (uint8_t)other[i % (sizeof other - 1)];
            buf_init(&out, 1 << 20);
            kerr_clear(&err);
            bool ok = fixture_yaml(buf_cstr(&yaml), &env, &out, &err);
            cr_expect(ok || err.msg[0], "%s, byte %zu: refused without a word", *name, i);
            buf_clear(&out);
            yaml.p[i] = (uint8_t)was;
        }
        buf_clear(&yaml);
    }
}
