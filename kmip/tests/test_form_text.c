/* The text tree, the hex dump, the bare bytes. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "kmip/form/form.h"
#include "kmip/schema/walk.h"
#include "kmip/tests/support/golden.h"
#include "kmip/tests/support/fixture.h"
#include "kmip/tests/support/guard.h"
#include "kmip/ttlv/reader.h"

typedef void printer(struct bytes, const struct form_options *, struct buf *);

static void golden_forms(const char *name, const char *suffix, printer *print,
                         const struct form_options *o)
{
    char path[256];
    struct buf msg, out;
    buf_init(&msg, BUF_NO_LIMIT);
    buf_init(&out, BUF_NO_LIMIT);
    fixture_message(name, &msg);
    print(buf_bytes(&msg), o, &out);
    snprintf(path, sizeof path, "fixtures/messages/%s.%s", name, suffix);
    golden_expect(path, buf_bytes(&out));
    buf_clear(&msg);
    buf_clear(&out);
}

Test(form_text, prints_every_fixture_as_its_golden_file_has_it)
{
    for (const char *const *name = fixture_names(); *name; name++)
        golden_forms(*name, "txt", form_text, NULL);
}

Test(form_hex, prints_fixtures_as_their_golden_files_have_them)
{
    static const char *const names[] = {"create-request", "get-response", "encrypt-request"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        golden_forms(names[i], "dump", form_hex, NULL);
}

static struct buf printed(printer *print, const char *hex, const struct form_options *o)
{
    struct buf msg, out;
    buf_init(&msg, BUF_NO_LIMIT);
    buf_init(&out, BUF_NO_LIMIT);
    fixture_hex(hex, &msg);
    print(buf_bytes(&msg), o, &out);
    buf_clear(&msg);
    return out;
}

/* Cuts findings behind the name of their rule: how they are worded is the reader's. */
static void cut_findings(struct buf *text)
{
    size_t n = 0;
    bool cut = false;
    for (size_t i = 0; i < text->n; i++) {
        if (text->p[i] == '!')
            cut = true;
        if (text->p[i] == '\n')
            cut = false;
        bool colon = cut && text->p[i] == ':';
        if (colon)
            while (i < text->n && text->p[i] != '\n')
                i++;
        if (i < text->n)
            text->p[n++] = text->p[i];
    }
    buf_truncate(text, n);
}

/* Single items and broken ones: what the whole tree looks like. */
static const struct {
    const char *name, *hex, *text;
} trees[] = {
    {"nothing", "", ""},
    {"mask with an unknown bit", "42002C02000000040010000C00000000",
     "Cryptographic Usage Mask: Encrypt | Decrypt | 0x00100000\n"},
    {"unknown enumeration value", "42005C05000000048000002A00000000", "Operation: 0x8000002A\n"},
    {"date beyond the calendar", "420001090000000800FFFFFFFFFFFFFF",
     "Activation Date: 72057594037927935\n"},
    {"interval", "4200490A00000004000D2F0000000000", "Lease Time: 864000 s\n"},
    {"big integer", "4200520400000008FFFFFFFFFFFFFFFE", "Modulus: 0xfffffffffffffffe\n"},
    {"empty byte string", "4200930800000000", "Unique Batch Item ID: (empty)\n"},
    {"extension tag", "54AA010200000004FFFFFFFF00000000", "0x54AA01: -1 (Integer)\n"},
    {"unknown standard tag", "42FF0107000000014100000000000000", "0x42FF01: \"A\"\n"},
    {"another type than the tag prescribes", "42000D07000000013100000000000000",
     "Batch Count: \"1\" (Text String)\n"},
    {"a structure in place of a leaf", "42000D0100000000", "Batch Count (Structure)\n"},
    {"control characters", "42007D070000000A1B5B324A0A09C29B7F41000000000000",
     "Result Message: \"\\x1b[2J\\n\\t\\u009b\\x7fA\"\n"},
    {"short Integer", "42000D02000000030000010000000000",
     "Batch Count: <Integer of length 3: 000001>\n"
     "! ttlv.length\n"},
    {"unknown type", "42000D0B000000040000000100000000",
     "Batch Count: <type 0B of length 4: 00000001>\n"
     "! ttlv.type\n"},
    {"padding", "42000D020000000400000001000000FF", "Batch Count: 1\n! ttlv.padding\n"},
    {"not UTF-8", "42007D0700000002C328000000000000", "Result Message: \"\\xc3(\"\n! ttlv.utf8\n"},
    {"an item that leaves its structure", "42007B010000001042000D02000000400000000100000000",
     "Response Message\n"
     "  Batch Count: <type 02 of length 64, 8 bytes left>\n"
     "  ! ttlv.span\n"},
    {"too few bytes for a header", "42007B01000000084200",
     "Response Message\n"
     "! ttlv.span\n"
     "  <2 bytes left>\n"
     "  ! ttlv.trailing\n"},
    {"a message cut short", "42007B010000004042007A010000001042000D02000000040000000100000000420092",
     "Response Message\n"
     "! ttlv.span\n"
     "  Response Header\n"
     "    Batch Count: 1\n"
     "  <3 bytes left>\n"
     "  ! ttlv.trailing\n"},
    {"bytes behind the message", "42007B010000000042",
     "Response Message\n"
     "<1 byte left>\n"
     "! ttlv.trailing\n"
     "! ttlv.trailing\n"},
};

Test(form_text, shows_any_bytes_as_far_as_they_go)
{
    for (size_t i = 0; i < sizeof trees / sizeof *trees; i++) {
        struct buf out = printed(form_text, trees[i].hex, NULL);
        cut_findings(&out);
        cr_expect_str_eq(buf_cstr(&out), trees[i].text, "%s: %s", trees[i].name, buf_cstr(&out));
        buf_clear(&out);
    }
}

/* Key Material 41..44, also when its length or its surroundings are broken. */
static const char *const secrets[] = {
    "42004308000000044142434400000000",
    "42004303000000044142434400000000",                 /* wrong length for its type */
    "4200430B000000044142434400000000",                 /* unknown type */
    "420043010000001042009407000000044142434400000000", /* a structure: its leaves too */
    "42004308000000404142434400000000",                 /* cut short */
    "42007B010000001042004308000000404142434400000000",
    "4200A107000000044142434400000000", /* Password */
};

Test(form_text, never_shows_secrets_unless_asked_for)
{
    const struct form_options show = {.show_secrets = true};
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
        printer *const printers[] = {form_text, form_hex, form_raw};
        for (size_t k = 0; k < 3; k++) {
            struct buf hidden = printed(printers[k], secrets[i], NULL);
            struct buf shown = printed(printers[k], secrets[i], &show);
            cr_expect(!strstr(buf_cstr(&hidden), "41424344") && !strstr(buf_cstr(&hidden), "ABCD"),
                      "row %zu: %s", i, buf_cstr(&hidden));
            cr_expect(strstr(buf_cstr(&shown), "41424344") || strstr(buf_cstr(&shown), "ABCD"),
                      "row %zu: %s", i, buf_cstr(&shown));
            buf_clear(&hidden);
            buf_clear(&shown);
        }
    }
}

Test(form_text, says_how_long_a_redacted_value_is)
{
    struct buf out = printed(form_text, secrets[0], NULL);
    cr_expect_str_eq(buf_cstr(&out), "Key Material: <redacted, 4 bytes>\n");
    buf_clear(&out);
}

Test(form_text, puts_offset_tag_and_type_before_each_line_and_indents)
{
    const struct form_options o = {.offsets = true, .indent = 2};
    struct buf out = printed(form_text, "42007B010000001042000D02000000040000000100000001", &o);
    cut_findings(&out);
    cr_expect_str_eq(buf_cstr(&out), "000000  42007B 01    Response Message\n"
                                     "000008  42000D 02      Batch Count: 1\n"
                                     "                       ! ttlv.padding\n");
    buf_clear(&out);
}

Test(form_text, cuts_long_values_between_characters)
{
    const struct form_options o = {.max_bytes = 4};
    struct buf out = printed(form_text,
                             "42007D0700000006616263C3A4640000"
                             "42009308000000050102030405000000",
                             &o);
    cr_expect_str_eq(buf_cstr(&out), "Result Message: \"abc\"... (6 bytes)\n"
                                     "Unique Batch Item ID: 01020304... (5 bytes)\n");
    buf_clear(&out);
}

Test(form_text, stops_at_the_nesting_limit)
{
    struct buf msg, out;
    buf_init(&msg, BUF_NO_LIMIT);
    buf_init(&out, BUF_NO_LIMIT);
    for (uint32_t left = 40; left-- > 0;) {
        uint8_t head[8];
        be32_put(head, 0x54AA0101);
        be32_put(head + 4, left * 8);
        buf_put(&msg, head, sizeof head);
    }
    form_text(buf_bytes(&msg), NULL, &out);
    cr_expect(strstr(buf_cstr(&out), "! not read further: structures are nested deeper"), "%s",
              buf_cstr(&out));
    buf_clear(&msg);
    buf_clear(&out);
}

/* Every fixture, cut at every length and with every byte changed in turn. */
Test(form_text, survives_cut_and_damaged_messages, .timeout = 120)
{
    const struct form_options o = {.offsets = true, .show_secrets = true};
    for (const char *const *name = fixture_names(); *name; name++) {
        struct buf msg, out;
        buf_init(&msg, BUF_NO_LIMIT);
        buf_init(&out, BUF_NO_LIMIT);
        fixture_message(*name, &msg);
        for (size_t i = 0; i < msg.n; i++) {
            uint8_t was = msg.p[i];
            form_text(bytes_of(msg.p, i), &o, &out);
            buf_reset(&out);
            msg.p[i] = (uint8_t)(was ^ (0x11u << (i % 4)));
            form_text(buf_bytes(&msg), &o, &out);
            form_hex(buf_bytes(&msg), &o, &out);
            form_raw(buf_bytes(&msg), NULL, &out);
            buf_reset(&out);
            msg.p[i] = was;
        }
        buf_clear(&msg);
        buf_clear(&out);
    }
}

/* Lengths that agree with each other, and no padding behind the last text: nothing beyond the
 * message is looked at. */
Test(form_hex, shows_a_value_whose_padding_is_missing)
{
    static const uint8_t cut[] = {0x42, 0, 0x78, 1, 0, 0, 0, 0x1B, 0x42, 0, 0x0F, 1, 0, 0, 0, 0x13,
                                  0x42, 0, 0x79, 1, 0, 0, 0, 0x0B, 0x42, 0, 0x94, 7, 0, 0, 0, 3,
                                  'a', 'b', 'c'};
    const struct form_options o = {.show_secrets = true};
    struct guard g;
    struct buf out;
    guard_open(&g, sizeof cut);
    buf_init(&out, BUF_NO_LIMIT);
    form_hex(guard_place(&g, bytes_of(cut, sizeof cut)), &o, &out);
    cr_expect(strstr(buf_cstr(&out), "616263  "), "%s", buf_cstr(&out));
    buf_clear(&out);
    guard_close(&g);
}

Test(form_raw, covers_secrets_alone_and_keeps_each_byte_in_its_place)
{
    struct buf out = printed(form_raw,
                             "4200400100000030"
                             "420042050000000400000001000000004200450100000018"
                             "42004308000000044142434400000000",
                             NULL);
    cr_expect_str_eq(buf_cstr(&out), "4200400100000030"
                                     "420042050000000400000001000000004200450100000018"
                                     "4200430800000004xxxxxxxxxxxxxxxx");
    buf_clear(&out);
}

Test(form_raw, covers_what_is_no_item)
{
    struct buf out = printed(form_raw, "42000D020000000400000001000000004142434400", NULL);
    cr_expect_str_eq(buf_cstr(&out), "42000d02000000040000000100000000xxxxxxxxxx");
    buf_clear(&out);
}

Test(form_raw, is_the_whole_message_when_asked_for)
{
    const struct form_options show = {.show_secrets = true};
    for (const char *const *name = fixture_names(); *name; name++) {
        struct buf msg, hex, raw;
        buf_init(&msg, BUF_NO_LIMIT);
        buf_init(&hex, BUF_NO_LIMIT);
        buf_init(&raw, BUF_NO_LIMIT);
        fixture_message(*name, &msg);
        buf_hex(&hex, buf_bytes(&msg));
        form_raw(buf_bytes(&msg), &show, &raw);
        cr_expect_str_eq(buf_cstr(&raw), buf_cstr(&hex), "%s", *name);
        buf_clear(&msg);
        buf_clear(&hex);
        buf_clear(&raw);
    }
}

Test(form_value, redacts_by_the_place)
{
    struct kmip_walk walk;
    struct ttlv_item it;
    struct buf msg, out;
    buf_init(&msg, BUF_NO_LIMIT);
    buf_init(&out, BUF_NO_LIMIT);
    fixture_hex("42004308000000044142434400000000", &msg);
    kmip_walk_init(&walk);
    cr_assert(ttlv_first(buf_bytes(&msg), &it));
    struct kmip_spot spot = kmip_walk_look(&walk, it.tag);
    form_value(&spot, &it, NULL, &out);
    cr_expect_str_eq(buf_cstr(&out), "<redacted, 4 bytes>");
    buf_reset(&out);
    form_value(&spot, &it, &(struct form_options){.show_secrets = true}, &out);
    cr_expect_str_eq(buf_cstr(&out), "41424344");
    buf_clear(&msg);
    buf_clear(&out);
}
