/* Faults on single replies: what the client sees is exactly the fault, and no more. */
#include "mockserver/tests/fault_rig.h"

#include "kmip/form/form.h"
#include "kmip/schema/validate.h"

static struct session *s;

static void set_up(void)
{
    rig_begin(7);
    s = rig_connect(1, "client");
}

static void tear_down(void)
{
    rig_disconnect(s);
    rig_end();
}

TestSuite(fault_reply, .init = set_up, .fini = tear_down, .timeout = 20);

/* The reply to one Get, as text. */
static const char *reply_text(void)
{
    static struct buf text;
    rig_ask(s, KMIP_OPERATION_GET, 'a');
    (void)rig_sent(s);
    buf_clear(&text);
    buf_init(&text, BUF_NO_LIMIT);
    form_text(buf_bytes(&rig_last), &(struct form_options){0}, &text);
    return buf_cstr(&text);
}

static struct buf honest(void)
{
    struct buf b;
    rig_ask(s, KMIP_OPERATION_GET, 'a');
    (void)rig_sent(s);
    buf_init(&b, BUF_NO_LIMIT);
    buf_put_bytes(&b, buf_bytes(&rig_last));
    return b;
}

/* Each changes the honest reply's text in one place and leaves a sound message. */
static const struct field_row {
    const char *name, *yaml, *gone, *there;
} field_rows[] = {
    {"set", "action: {set: {field: Response Header/Time Stamp, value: 2001-02-03T04:05:06Z}}",
     "2023-11-14", "2001-02-03T04:05:06Z"},
    {"set in a payload",
     "action: {set: {field: 'Batch Item[0]/Response Payload/Unique Identifier', value: another}}",
     "Identifier: \"uid\"", "another"},
    {"set to another type",
     "action: {set: {field: Response Header/Batch Count, value: !TextString three}}", "Count: 1",
     "three"},
    {"set by a known operation",
     "match: {operation: Get}\n"
     "action: {set: {field: Batch Item/Result Status, value: Operation Pending}}",
     "Result Status: Success", "Operation Pending"},
    {"insert",
     "action: {insert: {field: Batch Item/Response Payload/Object Type, value: Symmetric Key}}",
     NULL, "Object Type: Symmetric Key"},
    {"insert first",
     "action: {insert: {field: Batch Item/Response Payload/Object Type, value: Symmetric Key, "
     "position: first}}",
     NULL, "Object Type: Symmetric Key"},
    {"insert an unknown tag", "action: {insert: {field: Batch Item/0x54AA01, value: 5}}", NULL,
     "5"},
    {"remove", "action: {remove: Response Header/Time Stamp}", "Time Stamp", NULL},
    {"remove by index", "action: {remove: {field: 'Batch Item[0]/Result Status'}}", "Result Status",
     NULL},
    {"no_batch_id", "action: no_batch_id", "Unique Batch Item ID", NULL},
    {"wrong_version", "action: wrong_version", "Minor: 2", "Minor: 9"},
    {"wrong_version given", "action: {wrong_version: '2.0'}", "Minor: 2", "Major: 2"},
    {"result", "action: {result: {reason: Item Not Found, message: gone}}", "Response Payload",
     "Item Not Found"},
    {"result with its own message", "name: f1\naction: result", "Response Payload",
     "injected fault f1"},
    {"result pending", "action: {result: {status: Operation Pending}}", "Success",
     "Operation Pending"},
};

Test(fault_reply, fields_change_in_one_place_and_the_message_stays_sound)
{
    for (size_t i = 0; i < sizeof field_rows / sizeof *field_rows; i++) {
        const struct field_row *row = &field_rows[i];
        struct kerr err = KERR_INIT;
        struct buf was = honest();
        rig_add(row->yaml);
        const char *text = reply_text();
        cr_expect(!row->gone || !strstr(text, row->gone), "%s: %s", row->name, text);
        cr_expect(!row->there || strstr(text, row->there), "%s: %s", row->name, text);
        cr_expect(ttlv_check(buf_bytes(&rig_last), NULL, NULL, NULL, NULL, &err), "%s: %s",
                  row->name, err.msg);
        cr_expect_eq(fault_set_info(&rig_set, 0).fired, 1, "%s", row->name);
        /* Once: the next reply is honest again. */
        (void)reply_text();
        cr_expect(bytes_eq(buf_bytes(&rig_last), buf_bytes(&was)), "%s", row->name);
        rig_remove(fault_set_info(&rig_set, 0).name);
        buf_clear(&was);
    }
}

Test(fault_reply, a_field_that_is_not_there_is_no_firing)
{
    static const char *const yamls[] = {
        "action: {set: {field: Response Header/Server Correlation Value, value: x}}",
        "action: {set: {field: 'Batch Item[1]/Operation', value: Get}}",
        "action: {remove: Batch Item/Message Extension}",
        "action: {insert: {field: Batch Item/Message Extension/Vendor Identification, value: x}}",
        "action: {truncate: 100000}",
        "action: {corrupt: {offset: 100000}}",
        "action: {split: {sizes: 100000}}",
        "action: {bad_padding: Response Header/Time Stamp}",
    };
    for (size_t i = 0; i < sizeof yamls / sizeof *yamls; i++) {
        struct buf was = honest();
        rig_add(yamls[i]);
        (void)reply_text();
        cr_expect(bytes_eq(buf_bytes(&rig_last), buf_bytes(&was)), "%s", yamls[i]);
        cr_expect_eq(fault_set_info(&rig_set, 0).fired, 0, "%s", yamls[i]);
        rig_remove(fault_set_info(&rig_set, 0).name);
        buf_clear(&was);
    }
    cr_expect_str_eq(rig_firings(NULL), "");
}

Test(fault_reply, wrong_batch_id_is_nobodys)
{
    rig_add("action: wrong_batch_id");
    rig_ask(s, KMIP_OPERATION_GET, 'a');
    const char *sent = rig_sent(s);
    cr_expect_eq((uint8_t)sent[0], (uint8_t)('a' ^ 0xFF), "%s", sent);
}

Test(fault_reply, a_result_is_answered_without_the_operation_unless_told_otherwise)
{
    rig_add("{name: refused, action: {result: {reason: Permission Denied}}}");
    (void)reply_text();
    cr_expect_neq(rig_behaviour.refuse_reason, 0, "the engine refuses");
    rig_remove("refused");
    rig_add("{name: lied, action: {result: {reason: Permission Denied, performed: true}}}");
    const char *text = reply_text();
    cr_expect_eq(rig_behaviour.refuse_reason, 0);
    cr_expect(strstr(text, "Permission Denied") && !strstr(text, "Response Payload"), "%s", text);
    rig_remove("lied");
    rig_add("{name: boasted, action: {result: {status: Success}}}");
    text = reply_text();
    cr_expect_eq(rig_behaviour.refuse_reason, 0);
    cr_expect(strstr(text, "Success") && strstr(text, "uid"), "%s", text);
}

/* --- bytes ------------------------------------------------------------- */

Test(fault_reply, truncate_cuts_the_end)
{
    struct buf was = honest();
    rig_add("{name: t, action: {truncate: {at: 20}}}");
    (void)reply_text();
    cr_expect(bytes_eq(buf_bytes(&rig_last), bytes_of(was.p, 20)));
    rig_remove("t");
    rig_add("{name: t, action: {truncate: -3}}");
    (void)reply_text();
    cr_expect(bytes_eq(buf_bytes(&rig_last), bytes_of(was.p, was.n - 3)));
    rig_remove("t");
    rig_add("{name: t, action: {truncate: 0}}");
    rig_ask(s, KMIP_OPERATION_GET, 'a');
    cr_expect_str_eq(rig_sent(s), "", "nothing at all");
    buf_clear(&was);
}

static size_t differing_bits(struct bytes a, struct bytes b, size_t *first)
{
    size_t n = 0;
    cr_assert_eq(a.n, b.n);
    for (size_t i = 0; i < a.n * 8; i++)
        if ((a.p[i / 8] ^ b.p[i / 8]) >> i % 8 & 1) {
            if (n++ == 0)
                *first = i;
        }
    return n;
}

Test(fault_reply, corrupt_flips_so_many_bits)
{
    size_t first = 0;
    struct buf was = honest();
    rig_add("{name: c, action: {corrupt: {offset: 10, bits: 3}}}");
    (void)reply_text();
    cr_expect_eq(differing_bits(buf_bytes(&was), buf_bytes(&rig_last), &first), 3);
    cr_expect_eq(first, 80);
    rig_remove("c");
    rig_add("{name: c, action: corrupt, count: always}");
    size_t places[2];
    for (int i = 0; i < 2; i++) {
        (void)reply_text();
        cr_expect_eq(differing_bits(buf_bytes(&was), buf_bytes(&rig_last), &places[i]), 1);
    }
    cr_expect_neq(places[0], places[1], "drawn anew");
    buf_clear(&was);
}

Test(fault_reply, length_is_wrong_by_so_much)
{
    static const struct {
        const char *yaml;
        size_t at;
        int64_t by;
    } rows[] = {
        {"{name: l, action: {length: {plus: 8}}}", 4, 8},
        {"{name: l, action: {length: {minus: 16}}}", 4, -16},
        {"{name: l, action: {length: {field: Response Header, plus: 1}}}", 12, 1},
    };
    struct buf was = honest();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        rig_add(rows[i].yaml);
        (void)reply_text();
        cr_expect_eq(be32_get(rig_last.p + rows[i].at),
                     (uint32_t)(be32_get(was.p + rows[i].at) + rows[i].by), "%s", rows[i].yaml);
        cr_expect_eq(rig_last.n, was.n);
        rig_remove("l");
    }
    rig_add("{name: l, action: {length: {huge: true}}}");
    (void)reply_text();
    cr_expect_eq(be32_get(rig_last.p + 4), 0xFFFFFFF8);
    buf_clear(&was);
}

Test(fault_reply, padding_and_type_are_wrong_in_one_item)
{
    struct buf was = honest();
    size_t first;
    rig_add("{name: p, action: bad_padding}");
    (void)reply_text();
    cr_expect_eq(differing_bits(buf_bytes(&was), buf_bytes(&rig_last), &first), 32,
                 "four bytes of an Integer");
    rig_remove("p");
    rig_add("{name: p, action: {bad_padding: "
            "{field: Batch Item/Response Payload/Unique Identifier, byte: 1}}}");
    (void)reply_text();
    cr_expect_eq(differing_bits(buf_bytes(&was), buf_bytes(&rig_last), &first), 5, "five bytes");
    rig_remove("p");
    rig_add("{name: p, action: wrong_type}");
    (void)reply_text();
    cr_expect_eq(differing_bits(buf_bytes(&was), buf_bytes(&rig_last), &first), 3, "5 is now 2");
    buf_clear(&was);
}

Test(fault_reply, not_ttlv_is_another_protocol)
{
    rig_add("{name: n, action: {not_ttlv: http}}");
    (void)reply_text();
    cr_expect_eq(strncmp(buf_cstr(&rig_last), "HTTP/1.1 400", 12), 0);
    rig_remove("n");
    rig_add("{name: n, action: {not_ttlv: {as: xml}}}");
    (void)reply_text();
    cr_expect_eq(strncmp(buf_cstr(&rig_last), "<?xml", 5), 0);
}

Test(fault_reply, several_faults_work_on_one_reply_fields_before_bytes)
{
    rig_add("- {name: cut, action: {truncate: -1}}\n"
            "- {name: stamp, action: {remove: Response Header/Time Stamp}}\n");
    struct buf was = honest();
    cr_expect_str_eq(rig_firings(NULL), "1:cut, stamp");
    struct buf whole = honest();
    cr_expect_eq(was.n, whole.n - 16 - 1);
    buf_clear(&was);
    buf_clear(&whole);
}
