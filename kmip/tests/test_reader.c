/* The reader: every rule of the encoding (KMIP 1.2 spec, 9.1), strict and tolerant.
 * Inputs lie against an unreadable page. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "kmip/tests/support/findings.h"
#include "kmip/tests/support/guard.h"
#include "kmip/tests/support/hex.h"
#include "kmip/tests/support/worked.h"
#include "kmip/ttlv/reader.h"

#define N(table) (sizeof(table) / sizeof *(table))
#define ROOT "420078"
#define SIBLING "42000D02000000040000000100000000"

static struct guard wall;
static struct buf scratch;
static struct kerr err;
static struct findings found;

static void set_up(void)
{
    guard_open(&wall, 16u << 20);
    buf_init(&scratch, BUF_NO_LIMIT);
    kerr_clear(&err);
    findings_init(&found);
}

static void tear_down(void)
{
    buf_clear(&scratch);
    guard_close(&wall);
}

TestSuite(reader, .init = set_up, .fini = tear_down, .timeout = 60);

static struct bytes placed(const char *hex)
{
    buf_reset(&scratch);
    hex_put(&scratch, hex);
    return guard_place(&wall, buf_bytes(&scratch));
}

/* A Request Message around an item and a good Integer behind it. */
static struct bytes wrapped(const char *item)
{
    buf_reset(&scratch);
    hex_put(&scratch, ROOT "0100000000");
    hex_put(&scratch, item);
    hex_put(&scratch, SIBLING);
    be32_put(scratch.p + 4, (uint32_t)scratch.n - TTLV_HEADER);
    return guard_place(&wall, buf_bytes(&scratch));
}

static bool strict(struct bytes msg)
{
    kerr_clear(&err);
    return ttlv_check(msg, NULL, NULL, NULL, NULL, &err);
}

static bool tolerant(struct bytes msg)
{
    kerr_clear(&err);
    findings_init(&found);
    return ttlv_check(msg, NULL, &found.sink, NULL, NULL, &err);
}

Test(reader, reads_the_worked_encodings)
{
    for (size_t i = 0; i < N_WORKED; i++) {
        const struct worked *w = &worked[i];
        struct bytes msg = placed(w->hex);
        struct ttlv_reader r;
        struct ttlv_item it;
        ttlv_r_init(&r, msg, NULL, &err);
        cr_assert(ttlv_r_next(&r, &it), "%s: %s", w->name, err.msg);
        cr_expect_eq(it.tag, WORKED_TAG, "%s", w->name);
        cr_expect_eq(it.type, w->type, "%s", w->name);
        cr_expect_eq(it.off, 0);
        cr_expect(!it.wrong);
        cr_expect_str_eq(hex_text(it.val), w->value, "%s", w->name);
        cr_expect_eq(it.len, strlen(w->value) / 2, "%s", w->name);
        switch (w->type) {
        case TTLV_INTEGER:
            cr_expect_eq(ttlv_int(&it), w->number);
            break;
        case TTLV_ENUMERATION:
        case TTLV_INTERVAL:
            cr_expect_eq(ttlv_enum(&it), w->number);
            break;
        case TTLV_LONG_INTEGER:
        case TTLV_DATE_TIME:
            cr_expect_eq(ttlv_long(&it), w->number);
            break;
        case TTLV_BOOLEAN:
            cr_expect(ttlv_bool(&it));
            break;
        }
        cr_expect(!ttlv_r_next(&r, &it), "%s: one item only", w->name);
        cr_expect(!r.failed && err.code == KE_OK);
        cr_expect(strict(msg) && tolerant(msg) && found.n == 0, "%s: %s", w->name, findings_text(&found));
    }
}

Test(reader, goes_into_structures_and_back)
{
    struct ttlv_reader r;
    struct ttlv_item it, root;
    struct bytes msg = wrapped(worked[9].hex);
    ttlv_r_init(&r, msg, NULL, &err);
    cr_assert(ttlv_r_next(&r, &root) && ttlv_r_enter(&r, &root));
    cr_assert(ttlv_r_next(&r, &it) && it.type == TTLV_STRUCTURE && it.off == 8);
    cr_assert(ttlv_r_enter(&r, &it));
    cr_assert(ttlv_r_next(&r, &it));
    cr_expect(it.tag == 0x420004 && it.off == 16 && ttlv_enum(&it) == 254);
    cr_assert(ttlv_r_next(&r, &it));
    cr_expect(it.tag == 0x420005 && it.off == 32 && ttlv_int(&it) == 255);
    cr_assert(!ttlv_r_next(&r, &it));
    cr_assert(!ttlv_r_next(&r, &it), "the end of a level stays the end");
    ttlv_r_leave(&r);
    cr_assert(ttlv_r_next(&r, &it));
    cr_expect(it.tag == 0x42000D && it.off == 48);
    cr_assert(!ttlv_r_next(&r, &it));
    ttlv_r_leave(&r);
    cr_assert(!ttlv_r_next(&r, &it));
    ttlv_r_leave(&r); /* above the top: nothing happens */
    cr_expect(!ttlv_r_next(&r, &it) && !r.failed && r.depth == 0);
    cr_expect_eq(r.items, 5);
}

Test(reader, skips_a_structure_that_is_not_entered_and_one_left_early)
{
    struct ttlv_reader r;
    struct ttlv_item it;
    for (int early = 0; early < 2; early++) {
        ttlv_r_init(&r, wrapped(worked[9].hex), NULL, &err);
        cr_assert(ttlv_r_next(&r, &it) && ttlv_r_enter(&r, &it));
        cr_assert(ttlv_r_next(&r, &it) && it.type == TTLV_STRUCTURE);
        if (early) {
            cr_assert(ttlv_r_enter(&r, &it) && ttlv_r_next(&r, &it) && it.tag == 0x420004);
            ttlv_r_leave(&r);
        }
        cr_assert(ttlv_r_next(&r, &it));
        cr_expect_eq(it.tag, 0x42000D);
    }
}

Test(reader, takes_what_the_standard_allows)
{
    static const struct {
        const char *name, *hex;
    } rows[] = {
        {"empty Text String", "4200940700000000"},
        {"empty Byte String", "4200940800000000"},
        {"empty Structure", "4200940100000000"},
        {"extension tag", "54000102000000040000000100000000"},
        {"last extension tag", "54FFFF02000000040000000100000000"},
        {"Boolean false", "42009406000000080000000000000000"},
        {"Text String of eight bytes", "42009407000000086162636465666768"},
        {"Text String with a NUL inside", "42009407000000036100620000000000"},
        {"negative Integer", "4200940200000004FFFFFFFF00000000"},
        {"negative Big Integer", "4200940400000008FFFFFFFFFFFFFFFF"},
        {"Big Integer that needs its sign bytes", "4200940400000010 0000000000000000 8000000000000000"},
        {"Date-Time before the epoch", "4200940900000008FFFFFFFFFFFFFFFF"},
        {"largest Interval", "4200940A00000004FFFFFFFF00000000"},
    };
    for (size_t i = 0; i < N(rows); i++) {
        struct bytes msg = wrapped(rows[i].hex);
        cr_expect(strict(msg), "%s: %s", rows[i].name, err.msg);
        cr_expect(tolerant(msg) && found.n == 0, "%s: %s", rows[i].name, findings_text(&found));
    }
}

/* One deviation inside a Request Message, a good item behind it. `seen`: the items
 * that a tolerant reader hands out, the good one last if reading could go on. */
static const struct deviation {
    const char *name, *hex;
    enum kerr_code code;
    enum rule_id rule;
    const char *path;
    unsigned seen;
    bool wrong; /* the item is marked so */
} deviations[] = {
    {"Boolean 2", "42009406000000080000000000000002", KE_TTLV_VALUE, RULE_TTLV_BOOLEAN, ROOT "/420094", 3, true},
    {"Boolean with a high bit", "42009406000000088000000000000001", KE_TTLV_VALUE, RULE_TTLV_BOOLEAN,
     ROOT "/420094", 3, true},
    {"Text String overlong", "4200940700000002C0AF000000000000", KE_TTLV_UTF8, RULE_TTLV_UTF8, ROOT "/420094", 3,
     true},
    {"Text String surrogate", "4200940700000003EDA0800000000000", KE_TTLV_UTF8, RULE_TTLV_UTF8, ROOT "/420094", 3,
     true},
    {"Text String cut in a character", "4200940700000002E282000000000000", KE_TTLV_UTF8, RULE_TTLV_UTF8,
     ROOT "/420094", 3, true},
    {"Text String Latin-1", "42009407000000086161616161E96161", KE_TTLV_UTF8, RULE_TTLV_UTF8, ROOT "/420094", 3,
     true},
    {"Text String ending in NUL", "42009407000000036162000000000000", KE_TTLV_VALUE, RULE_TTLV_UTF8,
     ROOT "/420094", 3, false},
    {"Text String of a NUL", "42009407000000010000000000000000", KE_TTLV_VALUE, RULE_TTLV_UTF8, ROOT "/420094", 3,
     false},
    {"tag 00", "00009402000000040000000100000000", KE_TTLV_TAG, RULE_TTLV_TAG, ROOT "/000094", 3, false},
    {"tag 43", "43009402000000040000000100000000", KE_TTLV_TAG, RULE_TTLV_TAG, ROOT "/430094", 3, false},
    {"tag FF", "FFFFFF02000000040000000100000000", KE_TTLV_TAG, RULE_TTLV_TAG, ROOT "/FFFFFF", 3, false},
    {"type 00", "42009400000000040000000100000000", KE_TTLV_TYPE, RULE_TTLV_TYPE, ROOT "/420094", 3, true},
    {"type 0B", "4200940B000000040000000100000000", KE_TTLV_TYPE, RULE_TTLV_TYPE, ROOT "/420094", 3, true},
    {"type 12", "42009412000000040000000100000000", KE_TTLV_TYPE, RULE_TTLV_TYPE, ROOT "/420094", 3, true},
    {"type FF of odd length", "420094FF000000030000000100000000", KE_TTLV_TYPE, RULE_TTLV_TYPE, ROOT "/420094", 3,
     true},
    {"Big Integer of no bytes", "4200940400000000", KE_TTLV_LENGTH, RULE_TTLV_LENGTH, ROOT "/420094", 3, true},
    {"length one beyond the structure", "42009408000000190000000000000000", KE_TTLV_SHORT, RULE_TTLV_SPAN,
     ROOT "/420094", 1, false},
    {"length far beyond the message", "42009408000FFFFF0000000000000000", KE_TTLV_SHORT, RULE_TTLV_SPAN,
     ROOT "/420094", 1, false},
    {"length FFFFFFFF", "42009408FFFFFFFF0000000000000000", KE_TTLV_SHORT, RULE_TTLV_SPAN, ROOT "/420094", 1, false},
    {"length FFFFFFF8", "42009408FFFFFFF80000000000000000", KE_TTLV_SHORT, RULE_TTLV_SPAN, ROOT "/420094", 1, false},
    {"Structure of length FFFFFFFF", "42009401FFFFFFFF0000000000000000", KE_TTLV_SHORT, RULE_TTLV_SPAN,
     ROOT "/420094", 1, false},
    {"Integer of length FFFFFFFF", "42009402FFFFFFFF0000000000000000", KE_TTLV_SHORT, RULE_TTLV_SPAN,
     ROOT "/420094", 1, false},
    {"Integer of length 80000000", "42009402800000000000000000000000", KE_TTLV_SHORT, RULE_TTLV_SPAN,
     ROOT "/420094", 1, false},
};

/* Items handed out below the root of a message. */
static unsigned walk(struct bytes msg, bool *wrong, struct ttlv_item *last)
{
    struct ttlv_reader r;
    struct ttlv_item it;
    unsigned n = 0;
    findings_init(&found);
    kerr_clear(&err);
    ttlv_r_init(&r, msg, NULL, &err);
    ttlv_r_tolerant(&r, &found.sink, NULL);
    *wrong = false;
    cr_assert(ttlv_r_next(&r, &it) && ttlv_r_enter(&r, &it));
    for (n = 1; ttlv_r_next(&r, &it); n++) {
        *wrong |= it.wrong;
        *last = it;
    }
    cr_expect(!r.failed, "%s", err.msg);
    return n;
}

Test(reader, strict_stops_at_each_deviation_with_its_place)
{
    for (size_t i = 0; i < N(deviations); i++) {
        const struct deviation *d = &deviations[i];
        cr_expect(!strict(wrapped(d->hex)), "%s", d->name);
        cr_expect_eq(err.code, d->code, "%s: %s %s", d->name, kerr_name(err.code), err.msg);
        cr_expect_eq(err.off, 8, "%s: offset %u", d->name, err.off);
        cr_expect_str_eq(err.path, d->path, "%s: %s", d->name, err.path);
        cr_expect(strstr(err.msg, "expected"), "%s: %s", d->name, err.msg);
    }
}

Test(reader, tolerant_reports_each_deviation_and_goes_on_where_framing_allows)
{
    for (size_t i = 0; i < N(deviations); i++) {
        const struct deviation *d = &deviations[i];
        struct ttlv_item last;
        bool wrong;
        unsigned seen = walk(wrapped(d->hex), &wrong, &last);
        cr_expect_eq(seen, d->seen, "%s: %u items", d->name, seen);
        cr_expect_eq(wrong, d->wrong, "%s", d->name);
        cr_expect(d->seen < 3 || (last.tag == 0x42000D && !last.wrong), "%s", d->name);
        cr_expect_eq(found.n, 1, "%s: %s", d->name, findings_text(&found));
        cr_expect_eq(found.v[0].rule, d->rule, "%s: %s", d->name, findings_text(&found));
        cr_expect_eq(found.v[0].off, 8, "%s", d->name);
        cr_expect_str_eq(found.v[0].path, d->path, "%s", d->name);
        cr_expect(found.v[0].expected[0] && found.v[0].actual[0], "%s", d->name);
        cr_expect(tolerant(wrapped(d->hex)), "%s: a deviation is no error", d->name);
    }
}

Test(reader, refuses_every_wrong_length_of_every_type)
{
    for (unsigned type = TTLV_STRUCTURE; type <= TTLV_INTERVAL; type++)
        for (unsigned len = 0; len <= 32; len++) {
            int fixed = ttlv_type_length(type);
            bool multiple = type == TTLV_STRUCTURE || type == TTLV_BIG_INTEGER;
            bool good = fixed >= 0 ? len == (unsigned)fixed
                                   : !multiple || (len % 8 == 0 && (len > 0 || type == TTLV_STRUCTURE));
            /* A Structure is left unread here; the rest may hold zeros. */
            char hex[17 + 2 * 32];
            int n = snprintf(hex, sizeof hex, "420094%02X%08X", type, len);
            for (unsigned k = 0; k < ttlv_padded(len); k++)
                n += snprintf(hex + n, sizeof hex - (size_t)n, "00");
            if (type == TTLV_TEXT_STRING && len > 0)
                continue; /* zeros are no text; every length is allowed */
            struct bytes msg = wrapped(hex);
            struct ttlv_reader r;
            struct ttlv_item it;
            kerr_clear(&err);
            ttlv_r_init(&r, msg, NULL, &err);
            cr_assert(ttlv_r_next(&r, &it) && ttlv_r_enter(&r, &it));
            cr_expect_eq(ttlv_r_next(&r, &it), good, "type %u length %u", type, len);
            cr_expect_eq(err.code, good ? KE_OK : KE_TTLV_LENGTH, "type %u length %u", type, len);
            if (!good) {
                cr_expect_eq(err.off, 8);
                cr_expect(strstr(err.msg, ttlv_type_name(type)), "%s", err.msg);
            }

            struct ttlv_item last = {0};
            bool wrong;
            cr_expect_eq(walk(msg, &wrong, &last), 3, "type %u length %u", type, len);
            cr_expect_eq(wrong, !good, "type %u length %u", type, len);
            cr_expect_eq(findings_of(&found, RULE_TTLV_LENGTH), !good, "%s", findings_text(&found));
            cr_expect_eq(last.tag, 0x42000D, "type %u length %u", type, len);
        }
}

Test(reader, says_what_length_was_found_and_what_was_expected)
{
    strict(wrapped("42009402000000030000000000000000"));
    cr_expect_str_eq(err.msg, "Integer has length 3, expected length 4");
    strict(wrapped("42009404000000090000000000000000" "0000000000000000"));
    cr_expect_str_eq(err.msg, "Big Integer has length 9, expected a multiple of 8, at least 8");
    strict(wrapped("42009401000000040000000000000000"));
    cr_expect_str_eq(err.msg, "Structure has length 4, expected a multiple of 8");
    strict(wrapped("42009408000000190000000000000000"));
    cr_expect_str_eq(err.msg, "item declares length 25, expected at most the 24 bytes that are left for it");
}

Test(reader, strict_takes_padding_that_is_not_zero_and_tolerant_reports_it)
{
    static const char *const rows[] = {
        "42009402000000040000000100000001", "42009405000000040000000101000000",
        "4200940A000000040000000100FF0000", "420094070000000461626364 00000080",
        "42009408000000016162000000000000", "42009407000000076162636465666701"};
    for (size_t i = 0; i < N(rows); i++) {
        struct bytes msg = placed(rows[i]);
        cr_expect(strict(msg), "%s: %s", rows[i], err.msg);
        cr_expect(tolerant(msg));
        cr_expect(found.n == 1 && found.v[0].rule == RULE_TTLV_PADDING, "%s: %s", rows[i],
                  findings_text(&found));
        cr_expect_eq(found.musts, 0, "padding is a SHOULD");
    }
}

Test(reader, rejects_padding_cut_short)
{
    /* The value is whole, so a tolerant reader hands it out. */
    for (unsigned missing = 1; missing <= 5; missing++) {
        buf_reset(&scratch);
        hex_put(&scratch, "4200940700000003616263");
        hex_put(&scratch, &"0000000000"[2 * missing]);
        struct bytes msg = guard_place(&wall, buf_bytes(&scratch));
        cr_expect(!strict(msg));
        cr_expect_eq(err.code, KE_TTLV_SHORT);
        cr_expect(strstr(err.msg, "padding is cut short"), "%s", err.msg);
        struct ttlv_reader r;
        struct ttlv_item it;
        findings_init(&found);
        ttlv_r_init(&r, msg, NULL, NULL);
        ttlv_r_tolerant(&r, &found.sink, NULL);
        cr_expect(ttlv_r_next(&r, &it) && !it.wrong && bytes_eq_str(it.val, "abc"));
        cr_expect(found.n == 1 && found.v[0].rule == RULE_TTLV_SPAN, "%s", findings_text(&found));
        cr_expect(!ttlv_r_next(&r, &it) && !r.failed);
    }
}

Test(reader, survives_a_structure_whose_length_leaves_out_the_padding)
{
    /* As a sender does that counts the bare value: 8 + 3, not 8 + 8. */
    struct bytes msg = placed(ROOT "010000000B" "4200940700000003616263");
    cr_expect(!strict(msg) && err.code == KE_TTLV_LENGTH && err.off == 0, "%s", err.msg);
    cr_expect(tolerant(msg));
    cr_expect_eq(findings_of(&found, RULE_TTLV_LENGTH), 1, "%s", findings_text(&found));
    cr_expect_eq(findings_of(&found, RULE_TTLV_SPAN), 1, "%s", findings_text(&found));

    /* With the padding there all the same, a sibling is found behind it. */
    msg = placed(ROOT "0100000028" "420001010000000B" "4200940700000003616263 0000000000" SIBLING);
    struct ttlv_reader r;
    struct ttlv_item it;
    findings_init(&found);
    ttlv_r_init(&r, msg, NULL, &err);
    ttlv_r_tolerant(&r, &found.sink, NULL);
    cr_assert(ttlv_r_next(&r, &it) && ttlv_r_enter(&r, &it) && ttlv_r_next(&r, &it));
    cr_expect(it.type == TTLV_STRUCTURE && it.wrong && it.val.n == 11);
    cr_assert(ttlv_r_enter(&r, &it) && ttlv_r_next(&r, &it) && bytes_eq_str(it.val, "abc"));
    cr_expect(!ttlv_r_next(&r, &it));
    ttlv_r_leave(&r);
    cr_expect(ttlv_r_next(&r, &it) && it.tag == 0x42000D && it.off == 32);
}

Test(reader, an_overrun_ends_its_own_structure_only)
{
    /* root { A { overrun }, sibling } */
    struct bytes msg = placed(ROOT "0100000028" "4200010100000010" "42009408000000090000000000000000" SIBLING);
    cr_expect(!strict(msg) && err.code == KE_TTLV_SHORT && err.off == 16, "%s", err.msg);
    cr_expect_str_eq(err.path, ROOT "/420001/420094");
    uint32_t items = 0;
    cr_expect(ttlv_check(msg, NULL, &found.sink, NULL, &items, NULL));
    cr_expect_eq(items, 4, "root, A, the overrun, the sibling: %u", items);
    cr_expect(found.n == 1 && found.v[0].rule == RULE_TTLV_SPAN && found.v[0].off == 16, "%s",
              findings_text(&found));
}

Test(reader, rejects_a_message_cut_at_any_byte)
{
    struct bytes whole = wrapped(worked[9].hex);
    uint8_t copy[200];
    memcpy(copy, whole.p, whole.n);
    for (size_t n = 0; n < whole.n; n++) {
        struct bytes cut = guard_place(&wall, bytes_of(copy, n));
        cr_expect(!strict(cut), "cut at %zu", n);
        cr_expect_eq(err.code, KE_TTLV_SHORT, "cut at %zu: %s", n, err.msg);
        cr_expect(tolerant(cut), "cut at %zu: %s", n, err.msg);
        cr_expect_eq(found.n, 1, "cut at %zu: %s", n, findings_text(&found));
    }
}

Test(reader, bytes_too_few_for_a_header_end_a_structure)
{
    for (unsigned n = 1; n < 8; n++) {
        buf_reset(&scratch);
        hex_put(&scratch, ROOT "0100000000");
        scratch.p[7] = (uint8_t)n;
        cr_assert(buf_fill(&scratch, 'x', n));
        struct ttlv_reader r;
        struct ttlv_item it;
        kerr_clear(&err);
        findings_init(&found);
        ttlv_r_init(&r, guard_place(&wall, buf_bytes(&scratch)), NULL, &err);
        ttlv_r_tolerant(&r, &found.sink, NULL);
        cr_assert(ttlv_r_next(&r, &it) && it.wrong && ttlv_r_enter(&r, &it));
        cr_expect(!ttlv_r_next(&r, &it) && !r.failed);
        cr_expect_eq(findings_of(&found, RULE_TTLV_TRAILING), 1, "%s", findings_text(&found));
        cr_expect_eq(found.v[1].off, 8);
    }
}

Test(reader, rejects_bytes_behind_the_message)
{
    static const struct {
        const char *name, *hex;
        uint32_t off;
    } rows[] = {
        {"one byte", ROOT "010000000000", 8},
        {"a header's worth", ROOT "01000000000000000000000000", 8},
        {"a good item", ROOT "0100000000" SIBLING, 8},
        {"behind an Integer", SIBLING SIBLING, 16},
        {"behind a Text String", "4200940700000000" "42", 8},
        {"behind content", ROOT "0100000010" SIBLING "FF", 24},
    };
    for (size_t i = 0; i < N(rows); i++) {
        struct bytes msg = placed(rows[i].hex);
        cr_expect(!strict(msg), "%s", rows[i].name);
        cr_expect_eq(err.code, KE_TTLV_TRAILING, "%s: %s", rows[i].name, err.msg);
        cr_expect_eq(err.off, rows[i].off, "%s", rows[i].name);
        cr_expect(tolerant(msg));
        cr_expect(found.n == 1 && found.v[0].rule == RULE_TTLV_TRAILING && found.v[0].off == rows[i].off,
                  "%s: %s", rows[i].name, findings_text(&found));
    }
}

Test(reader, an_empty_message_is_none)
{
    cr_expect(!strict(guard_place(&wall, bytes_of(NULL, 0))));
    cr_expect_eq(err.code, KE_TTLV_SHORT);
    cr_expect(!strict(bytes_of(NULL, 0)));
    cr_expect(tolerant(bytes_of(NULL, 0)) && found.n == 1);
    struct ttlv_reader r;
    struct ttlv_item it;
    ttlv_r_init(&r, bytes_of(NULL, 0), NULL, &err);
    kerr_clear(&err);
    cr_expect(!ttlv_r_next(&r, &it) && !r.failed, "a run of no items is fine");
}

Test(reader, reports_big_integers_longer_than_needed)
{
    static const struct {
        const char *hex;
        bool longer;
    } rows[] = {
        {"42009404000000080000000000000000", false},
        {"4200940400000010 0000000000000000 7FFFFFFFFFFFFFFF", true},
        {"4200940400000010 0000000000000000 8000000000000000", false},
        {"4200940400000010 FFFFFFFFFFFFFFFF 8000000000000000", true},
        {"4200940400000010 FFFFFFFFFFFFFFFF 7FFFFFFFFFFFFFFF", false},
        {"4200940400000010 00000000000000FF 0000000000000000", false},
        {"4200940400000018 0000000000000000 0000000000000000 0000000000000001", true},
    };
    for (size_t i = 0; i < N(rows); i++) {
        struct bytes msg = placed(rows[i].hex);
        cr_expect(strict(msg), "%s: %s", rows[i].hex, err.msg);
        cr_expect(tolerant(msg) && found.n == rows[i].longer && found.musts == 0, "%s: %s", rows[i].hex,
                  findings_text(&found));
        cr_expect(!rows[i].longer || found.v[0].rule == RULE_TTLV_BIGINT);
    }
}

/* n empty structures, one in the other. */
static struct bytes nested(size_t n)
{
    buf_reset(&scratch);
    for (size_t i = 0; i < n; i++) {
        uint8_t head[8] = {0x42, 0, 0x78, TTLV_STRUCTURE};
        be32_put(head + 4, (uint32_t)(8 * (n - 1 - i)));
        cr_assert(buf_put(&scratch, head, 8));
    }
    return guard_place(&wall, buf_bytes(&scratch));
}

Test(reader, bounds_the_depth)
{
    cr_expect(strict(nested(TTLV_MAX_DEPTH)), "%s", err.msg);
    for (int mode = 0; mode < 2; mode++) {
        struct bytes msg = nested(TTLV_MAX_DEPTH + 1);
        cr_expect(!(mode ? tolerant(msg) : strict(msg)));
        cr_expect_eq(err.code, KE_TTLV_DEPTH);
        cr_expect_eq(err.off, 8 * TTLV_MAX_DEPTH);
        cr_expect(!(mode ? tolerant(nested(1000000)) : strict(nested(1000000))));
        cr_expect_eq(err.code, KE_TTLV_DEPTH);
    }
    const struct ttlv_limits three = {.size = 1000, .items = 1000, .depth = 3};
    kerr_clear(&err);
    cr_expect(ttlv_check(nested(3), &three, NULL, NULL, NULL, &err));
    cr_expect(!ttlv_check(nested(4), &three, NULL, NULL, NULL, &err));
    cr_expect(err.code == KE_TTLV_DEPTH && err.off == 24 && strstr(err.msg, "3 levels"), "%s", err.msg);
    const struct ttlv_limits more = {.size = 1u << 20, .items = 1000, .depth = 5000};
    cr_expect(!ttlv_check(nested(TTLV_MAX_DEPTH + 1), &more, NULL, NULL, NULL, NULL),
              "the reader's own bound holds whatever is asked");
}

Test(reader, bounds_the_number_of_items)
{
    const struct ttlv_limits four = {.size = 1000, .items = 4, .depth = 3};
    buf_reset(&scratch);
    for (int i = 0; i < 5; i++)
        hex_put(&scratch, SIBLING);
    struct bytes five = guard_place(&wall, buf_bytes(&scratch));
    for (int mode = 0; mode < 2; mode++) {
        struct ttlv_reader r;
        struct ttlv_item it;
        unsigned n = 0;
        kerr_clear(&err);
        ttlv_r_init(&r, bytes_of(five.p, five.n), &four, &err);
        ttlv_r_tolerant(&r, mode ? &found.sink : NULL, NULL);
        while (ttlv_r_next(&r, &it))
            n++;
        cr_expect_eq(n, 4);
        cr_expect(r.failed && err.code == KE_TTLV_COUNT && err.off == 64, "%s", err.msg);
        cr_expect(strstr(err.msg, "more than the 4 items"), "%s", err.msg);
    }
    struct ttlv_reader r;
    struct ttlv_item it;
    unsigned n = 0;
    ttlv_r_init(&r, bytes_of(five.p, 64), &four, &err);
    while (ttlv_r_next(&r, &it))
        n++;
    cr_expect(n == 4 && !r.failed, "as many as allowed is fine");
}

Test(reader, bounds_the_size)
{
    const struct ttlv_limits small = {.size = 31, .items = 10, .depth = 3};
    buf_reset(&scratch);
    hex_put(&scratch, ROOT "0100000018" SIBLING "4200940700000000");
    struct bytes msg = guard_place(&wall, buf_bytes(&scratch));
    for (int mode = 0; mode < 2; mode++) {
        kerr_clear(&err);
        cr_expect(!ttlv_check(msg, &small, mode ? &found.sink : NULL, NULL, NULL, &err));
        cr_expect(err.code == KE_TTLV_SIZE && strstr(err.msg, "32 bytes, the limit is 31"), "%s", err.msg);
    }
    const struct ttlv_limits fits = {.size = 32, .items = 10, .depth = 3};
    cr_expect(ttlv_check(msg, &fits, NULL, NULL, NULL, NULL));

    buf_reset(&scratch);
    cr_assert(buf_fill(&scratch, 0, (8u << 20) + 8));
    hex_put(&scratch, "");
    memcpy(scratch.p, "\x42\x00\x94\x08\x00\x80\x00\x00", 8);
    cr_expect(!strict(buf_bytes(&scratch)) && err.code == KE_TTLV_SIZE, "8 MiB unless told otherwise");
}

Test(reader, bounds_the_findings)
{
    buf_reset(&scratch);
    cr_assert(buf_fill(&scratch, 0, 8 + 8 * (TTLV_MAX_FINDINGS + 1)));
    for (size_t i = 0; i < TTLV_MAX_FINDINGS + 2; i++)
        memcpy(scratch.p + 8 * i, "\x42\x00\x94\x0B\x00\x00\x00\x00", 8);
    scratch.p[2] = 0x78;
    scratch.p[3] = TTLV_STRUCTURE;
    be32_put(scratch.p + 4, 8 * TTLV_MAX_FINDINGS);
    cr_expect(tolerant(bytes_of(scratch.p, 8 + 8 * TTLV_MAX_FINDINGS)), "%s", err.msg);
    cr_expect_eq(found.n, TTLV_MAX_FINDINGS);
    be32_put(scratch.p + 4, 8 * TTLV_MAX_FINDINGS + 8);
    cr_expect(!tolerant(bytes_of(scratch.p, 16 + 8 * TTLV_MAX_FINDINGS)));
    cr_expect_eq(err.code, KE_TTLV_COUNT);
    cr_expect_eq(found.n, TTLV_MAX_FINDINGS);
}

Test(reader, an_error_sticks_and_every_level_ends)
{
    struct ttlv_reader r;
    struct ttlv_item it, root;
    ttlv_r_init(&r, wrapped("42009406000000080000000000000002"), NULL, &err);
    cr_assert(ttlv_r_next(&r, &root) && ttlv_r_enter(&r, &root));
    cr_assert(!ttlv_r_next(&r, &it) && r.failed);
    cr_expect(!ttlv_r_enter(&r, &root), "nothing can be entered");
    for (unsigned i = 0; i < 3; i++) {
        cr_expect(!ttlv_r_next(&r, &it));
        ttlv_r_leave(&r);
        cr_expect(!ttlv_r_next(&r, &it));
    }
    cr_expect_eq(r.depth, 0);
    cr_expect_eq(err.code, KE_TTLV_VALUE, "the first error stays");
}

static const char *test_name(uint32_t tag)
{
    return tag == 0x420078 ? "Request Message" : tag == 0x42000F ? "Batch Item" : NULL;
}

static const struct ttlv_namer test_names = {test_name, NULL};

Test(reader, paths_name_tags_and_count_equal_ones)
{
    struct bytes msg = placed(ROOT "0100000048"
                              "42000F0100000010" SIBLING
                              "42000F0100000028" SIBLING SIBLING "4200940B00000000");
    static const struct {
        uint32_t off;
        const char *path;
    } rows[] = {
        {0, "Request Message"},
        {7, "Request Message"},
        {8, "Request Message/Batch Item[0]"},
        {16, "Request Message/Batch Item[0]/42000D"},
        {31, "Request Message/Batch Item[0]/42000D"},
        {32, "Request Message/Batch Item[1]"},
        {40, "Request Message/Batch Item[1]/42000D[0]"},
        {60, "Request Message/Batch Item[1]/42000D[1]"},
        {72, "Request Message/Batch Item[1]/420094"},
        {80, ""},
        {5000, ""},
        {UINT32_MAX, ""},
    };
    char out[160];
    for (size_t i = 0; i < N(rows); i++)
        cr_expect_str_eq(ttlv_path_at(msg, rows[i].off, &test_names, out, sizeof out), rows[i].path, "%u: %s",
                         rows[i].off, out);

    kerr_clear(&err);
    cr_expect(!ttlv_check(msg, NULL, NULL, &test_names, NULL, &err));
    cr_expect_str_eq(err.path, "Request Message/Batch Item[1]/420094");
    cr_expect(ttlv_check(msg, NULL, &found.sink, &test_names, NULL, NULL));
    cr_expect_str_eq(found.v[0].path, "Request Message/Batch Item[1]/420094");

    for (size_t room = 1; room < 40; room++) {
        memset(out, 'x', sizeof out);
        ttlv_path_at(msg, 72, &test_names, out, room);
        cr_expect_lt(strlen(out), room);
        cr_expect_eq(strncmp(out, "Request Message/Batch Item[1]/420094", strlen(out)), 0);
    }
    out[0] = 'x';
    ttlv_path_at(msg, 72, &test_names, out, 0);
    cr_expect_eq(out[0], 'x', "no room, no write");
    cr_expect_str_eq(ttlv_path_at(bytes_of(NULL, 0), 0, NULL, out, sizeof out), "");
}

Test(reader, paths_reach_the_deepest_level)
{
    char out[400];
    ttlv_path_at(nested(33), 8 * 32, NULL, out, sizeof out);
    size_t slashes = 0;
    for (const char *c = out; *c; c++)
        slashes += *c == '/';
    cr_expect_eq(slashes, 32);
}

Test(reader, finds_children_of_a_checked_message)
{
    struct bytes msg = wrapped(worked[9].hex);
    struct ttlv_item root, it, inner;
    cr_assert(ttlv_first(msg, &root));
    cr_expect_eq(root.tag, 0x420078);
    cr_assert(ttlv_find(&root, 0x42000D, &it));
    cr_expect(it.off == 48 && ttlv_int(&it) == 1);
    cr_assert(ttlv_find(&root, WORKED_TAG, &it));
    cr_assert(ttlv_find(&it, 0x420005, &inner));
    cr_expect(inner.off == 32 && ttlv_int(&inner) == 255);
    cr_expect(!ttlv_find(&root, 0x420005, &inner), "children only, not theirs");
    cr_expect(!ttlv_first(bytes_of(msg.p, 7), &it));
    cr_expect(!ttlv_first(bytes_of(NULL, 0), &it));

    struct ttlv_reader r;
    ttlv_r_children(&r, msg, &root, &err);
    cr_expect(ttlv_r_next(&r, &it) && it.off == 8);
    cr_expect(ttlv_r_enter(&r, &it) && ttlv_r_next(&r, &inner) && inner.off == 16);
    ttlv_r_leave(&r);
    cr_expect(ttlv_r_next(&r, &it) && it.off == 48);
    cr_expect(!ttlv_r_next(&r, &it) && !r.failed, "the run ends with its structure");
}
