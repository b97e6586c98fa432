/* The writer: exact bytes, lengths filled in, sticky failure, raw side, rewinding. */
#include <criterion/criterion.h>

#include "kmip/tests/support/fail_alloc.h"
#include "kmip/tests/support/guard.h"
#include "kmip/tests/support/hex.h"
#include "kmip/tests/support/worked.h"
#include "kmip/ttlv/reader.h"
#include "kmip/ttlv/writer.h"

#define N(table) (sizeof(table) / sizeof *(table))
#define TAG 0x420094u

static struct buf out, value;
static struct ttlv_writer w;
static struct kerr err;
static struct guard wall;

static void begin(void)
{
    buf_reset(&out);
    kerr_clear(&err);
    ttlv_w_init(&w, &out, &err);
}

static void set_up(void)
{
    guard_open(&wall, 65536);
    buf_init(&out, BUF_NO_LIMIT);
    buf_init(&value, BUF_NO_LIMIT);
    begin();
}

static void tear_down(void)
{
    buf_clear(&out);
    buf_clear(&value);
    guard_close(&wall);
}

TestSuite(writer, .init = set_up, .fini = tear_down, .timeout = 30);

static struct bytes bytes_hex(const char *hex)
{
    buf_reset(&value);
    hex_put(&value, hex);
    return guard_place(&wall, buf_bytes(&value));
}

#define expect_written(hex, what) \
    do { \
        cr_expect(ttlv_w_finish(&w), "%s: %s", what, err.msg); \
        cr_expect_str_eq(hex_text(buf_bytes(&out)), hex, "%s: %s", what, hex_text(buf_bytes(&out))); \
    } while (0)

#define expect_failed(why, what) \
    do { \
        cr_expect(!ttlv_w_finish(&w), "%s", what); \
        cr_expect_eq(err.code, why, "%s: %s", what, kerr_name(err.code)); \
    } while (0)

Test(writer, writes_the_worked_encodings)
{
    for (size_t i = 0; i < N_WORKED; i++) {
        const struct worked *k = &worked[i];
        struct bytes v = bytes_hex(k->value);
        begin();
        switch (k->type) {
        case TTLV_INTEGER:
            ttlv_w_int(&w, WORKED_TAG, (int32_t)k->number);
            break;
        case TTLV_LONG_INTEGER:
            ttlv_w_long(&w, WORKED_TAG, k->number);
            break;
        case TTLV_BIG_INTEGER:
            ttlv_w_big(&w, WORKED_TAG, v);
            break;
        case TTLV_ENUMERATION:
            ttlv_w_enum(&w, WORKED_TAG, (uint32_t)k->number);
            break;
        case TTLV_BOOLEAN:
            ttlv_w_bool(&w, WORKED_TAG, k->number);
            break;
        case TTLV_TEXT_STRING:
            ttlv_w_str(&w, WORKED_TAG, "Hello World");
            break;
        case TTLV_BYTE_STRING:
            ttlv_w_bytes(&w, WORKED_TAG, v);
            break;
        case TTLV_DATE_TIME:
            ttlv_w_date(&w, WORKED_TAG, k->number);
            break;
        case TTLV_INTERVAL:
            ttlv_w_interval(&w, WORKED_TAG, (uint32_t)k->number);
            break;
        case TTLV_STRUCTURE:
            ttlv_w_open(&w, WORKED_TAG);
            ttlv_w_enum(&w, 0x420004, 254);
            ttlv_w_int(&w, 0x420005, 255);
            ttlv_w_close(&w);
            break;
        }
        expect_written(k->hex, k->name);

        begin();
        ttlv_w_value(&w, WORKED_TAG, k->type, v);
        expect_written(k->hex, k->name);
    }
}

Test(writer, copies_items_as_read_under_their_own_or_another_tag)
{
    for (size_t i = 0; i < N_WORKED; i++) {
        struct ttlv_item it;
        cr_assert(ttlv_first(bytes_hex(worked[i].hex), &it));
        begin();
        ttlv_w_item(&w, 0, &it);
        expect_written(worked[i].hex, worked[i].name);
        begin();
        ttlv_w_item(&w, 0x540001, &it);
        cr_expect(ttlv_w_finish(&w));
        cr_expect_eq(be32_get(out.p) >> 8, 0x540001);
        cr_expect_str_eq(hex_text(bytes_of(out.p + 3, out.n - 3)), worked[i].hex + 6);
    }
}

Test(writer, big_integers_take_the_shortest_multiple_of_eight)
{
    static const struct {
        const char *value, *written;
    } rows[] = {
        {"", "0000000000000000"},
        {"00", "0000000000000000"},
        {"01", "0000000000000001"},
        {"7F", "000000000000007F"},
        {"80", "FFFFFFFFFFFFFF80"},
        {"FF", "FFFFFFFFFFFFFFFF"},
        {"0080", "0000000000000080"},
        {"FF7F", "FFFFFFFFFFFFFF7F"},
        {"7FFFFFFFFFFFFFFF", "7FFFFFFFFFFFFFFF"},
        {"8000000000000000", "8000000000000000"},
        {"008000000000000000", "00000000000000008000000000000000"},
        {"FF7FFFFFFFFFFFFFFF", "FFFFFFFFFFFFFFFF7FFFFFFFFFFFFFFF"},
        {"00000000000000000000000000000001", "0000000000000001"},
        {"FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", "FFFFFFFFFFFFFFFF"},
        {"010000000000000000", "00000000000000010000000000000000"},
        {"000000000000000000000000000000000000000000000000", "0000000000000000"},
    };
    for (size_t i = 0; i < N(rows); i++) {
        struct ttlv_item it;
        begin();
        ttlv_w_big(&w, TAG, bytes_hex(rows[i].value));
        cr_assert(ttlv_w_finish(&w));
        cr_assert(ttlv_first(buf_bytes(&out), &it));
        cr_expect_str_eq(hex_text(it.val), rows[i].written, "%s", rows[i].value);
    }
}

Test(writer, pads_strings_with_zeros)
{
    for (size_t n = 0; n <= 17; n++) {
        struct bytes v = guard_place(&wall, bytes_of("abcdefghijklmnopq", n));
        begin();
        buf_fill(&out, (char)0xEE, 64); /* what was in the memory before must not show */
        buf_reset(&out);
        memset(out.p, 0xEE, 64);
        ttlv_w_bytes(&w, TAG, v);
        ttlv_w_text(&w, TAG, v);
        cr_assert(ttlv_w_finish(&w));
        size_t item = TTLV_HEADER + (n + 7) / 8 * 8;
        cr_assert_eq(out.n, 2 * item);
        for (size_t k = 0; k < 2; k++) {
            cr_expect_eq(be32_get(out.p + k * item + 4), n);
            for (size_t p = TTLV_HEADER + n; p < item; p++)
                cr_expect_eq(out.p[k * item + p], 0, "length %zu", n);
        }
    }
}

Test(writer, fills_in_the_lengths_of_nested_structures)
{
    ttlv_w_open(&w, 0x420078);
    ttlv_w_open(&w, 0x420077);
    ttlv_w_close(&w);
    ttlv_w_open(&w, 0x42000F);
    ttlv_w_str(&w, TAG, "x");
    ttlv_w_close(&w);
    ttlv_w_close(&w);
    expect_written("42007801000000204200770100000000"
                   "42000F010000001042009407000000017800000000000000",
                   "nested");
}

Test(writer, appends_behind_what_stands_in_the_buffer)
{
    buf_puts(&out, "before");
    ttlv_w_init(&w, &out, &err);
    ttlv_w_open(&w, TAG);
    ttlv_w_close(&w);
    cr_expect(ttlv_w_finish(&w));
    cr_expect_eq(memcmp(out.p, "before\x42\x00\x94\x01\0\0\0\0", 14), 0);
}

Test(writer, refuses_uneven_structures)
{
    ttlv_w_open(&w, TAG);
    expect_failed(KE_TTLV_WRITER, "not closed");
    begin();
    ttlv_w_close(&w);
    expect_failed(KE_TTLV_WRITER, "not opened");
    begin();
    for (unsigned i = 0; i < TTLV_MAX_DEPTH; i++)
        ttlv_w_open(&w, TAG);
    for (unsigned i = 0; i < TTLV_MAX_DEPTH; i++)
        ttlv_w_close(&w);
    cr_expect(ttlv_w_finish(&w), "%s", err.msg);
    cr_expect(ttlv_check(buf_bytes(&out), NULL, NULL, NULL, NULL, NULL), "as deep as the reader goes");
    begin();
    for (unsigned i = 0; i <= TTLV_MAX_DEPTH; i++)
        ttlv_w_open(&w, TAG);
    expect_failed(KE_TTLV_DEPTH, "too deep");
}

Test(writer, refuses_values_that_do_not_fit_their_type)
{
    static const struct {
        const char *name, *value;
        unsigned type;
        enum kerr_code code;
    } rows[] = {
        {"Integer of 3", "010203", TTLV_INTEGER, KE_TTLV_LENGTH},
        {"Integer of 8", "0102030405060708", TTLV_INTEGER, KE_TTLV_LENGTH},
        {"Long Integer of 4", "01020304", TTLV_LONG_INTEGER, KE_TTLV_LENGTH},
        {"Enumeration of none", "", TTLV_ENUMERATION, KE_TTLV_LENGTH},
        {"Boolean of 1", "01", TTLV_BOOLEAN, KE_TTLV_LENGTH},
        {"Boolean 2", "0000000000000002", TTLV_BOOLEAN, KE_TTLV_VALUE},
        {"Date-Time of 9", "010203040506070809", TTLV_DATE_TIME, KE_TTLV_LENGTH},
        {"Interval of 8", "0102030405060708", TTLV_INTERVAL, KE_TTLV_LENGTH},
        {"Big Integer of none", "", TTLV_BIG_INTEGER, KE_TTLV_LENGTH},
        {"Big Integer of 9", "010203040506070809", TTLV_BIG_INTEGER, KE_TTLV_LENGTH},
        {"Structure of 4", "01020304", TTLV_STRUCTURE, KE_TTLV_LENGTH},
        {"Text String not UTF-8", "FF", TTLV_TEXT_STRING, KE_TTLV_UTF8},
        {"Text String ending in NUL", "6100", TTLV_TEXT_STRING, KE_TTLV_VALUE},
        {"type 0", "", 0, KE_TTLV_TYPE},
        {"type 11", "", 11, KE_TTLV_TYPE},
        {"type 258", "01020304", 258, KE_TTLV_TYPE},
    };
    for (size_t i = 0; i < N(rows); i++) {
        begin();
        ttlv_w_value(&w, TAG, rows[i].type, bytes_hex(rows[i].value));
        expect_failed(rows[i].code, rows[i].name);
        cr_expect_eq(out.n, 0, "%s: nothing is written", rows[i].name);
        cr_expect(strstr(err.msg, "420094"), "%s", err.msg);
    }
    begin();
    ttlv_w_text(&w, TAG, bytes_hex("C080"));
    expect_failed(KE_TTLV_UTF8, "overlong");
    begin();
    ttlv_w_str(&w, TAG, "\xED\xA0\x80");
    expect_failed(KE_TTLV_UTF8, "surrogate");
}

Test(writer, the_first_failure_sticks)
{
    ttlv_w_int(&w, TAG, 1);
    ttlv_w_text(&w, TAG, bytes_hex("FF"));
    size_t n = out.n;
    ttlv_w_value(&w, TAG, 99, bytes_hex(""));
    ttlv_w_open(&w, TAG);
    ttlv_w_int(&w, TAG, 2);
    ttlv_w_close(&w);
    ttlv_w_close(&w);
    ttlv_w_raw_head(&w, TAG, 2, 4);
    ttlv_w_rewind(&w, (struct ttlv_mark){0, 0});
    cr_expect_eq(out.n, n, "nothing is added or cut");
    expect_failed(KE_TTLV_UTF8, "sticky");
    cr_expect(!ttlv_w_finish(&w), "and stays");
    ttlv_w_init(&w, &out, NULL);
    ttlv_w_close(&w);
    cr_expect(!ttlv_w_finish(&w), "an error object is not needed");
}

Test(writer, keeps_to_the_size_limit_of_the_buffer)
{
    struct buf small;
    buf_init(&small, 39);
    ttlv_w_init(&w, &small, &err);
    ttlv_w_open(&w, TAG);
    ttlv_w_int(&w, TAG, 1);
    ttlv_w_int(&w, TAG, 2);
    ttlv_w_close(&w);
    expect_failed(KE_TTLV_SIZE, "one byte too many");
    buf_clear(&small);

    buf_init(&small, 40);
    kerr_clear(&err);
    ttlv_w_init(&w, &small, &err);
    ttlv_w_open(&w, TAG);
    ttlv_w_int(&w, TAG, 1);
    ttlv_w_int(&w, TAG, 2);
    ttlv_w_close(&w);
    cr_expect(ttlv_w_finish(&w), "%s", err.msg);
    buf_clear(&small);

    buf_init(&small, 4);
    kerr_clear(&err);
    ttlv_w_init(&w, &small, &err);
    ttlv_w_raw_bytes(&w, bytes_str("12345"));
    expect_failed(KE_TTLV_SIZE, "raw bytes");
    buf_clear(&small);
}

Test(writer, lack_of_memory_is_told_apart)
{
    struct buf b;
    buf_init(&b, BUF_NO_LIMIT);
    ttlv_w_init(&w, &b, &err);
    fail_alloc_from(1);
    ttlv_w_int(&w, TAG, 1);
    fail_alloc_off();
    expect_failed(KE_MEMORY, "no memory");
    buf_clear(&b);
    kerr_clear(&err);
    buf_init(&b, BUF_NO_LIMIT);
    ttlv_w_init(&w, &b, &err);
    fail_alloc_from(1);
    ttlv_w_raw_head(&w, TAG, 1, 0);
    fail_alloc_off();
    expect_failed(KE_MEMORY, "no memory, raw");
    buf_clear(&b);
}

Test(writer, the_raw_side_writes_what_it_is_told)
{
    ttlv_w_open(&w, 0x420078);
    ttlv_w_raw_head(&w, TAG, TTLV_INTEGER, 3);
    ttlv_w_raw_bytes(&w, bytes_of("\x01\x02\x03\xFF\xFF\xFF\xFF\xFF", 8));
    ttlv_w_raw_head(&w, 0x990094, 0xFE, UINT32_MAX);
    ttlv_w_close(&w);
    expect_written("4200780100000018"
                   "4200940200000003010203FFFFFFFFFF"
                   "990094FEFFFFFFFF",
                   "raw");
    begin();
    ttlv_w_open(&w, 0x420078);
    ttlv_w_raw_head(&w, TAG, TTLV_TEXT_STRING, 1);
    ttlv_w_raw_bytes(&w, bytes_str("x"));
    ttlv_w_close(&w);
    expect_written("4200780100000009420094070000000178", "a structure of odd length is closed as it is");
}

Test(writer, goes_back_to_a_mark)
{
    ttlv_w_open(&w, 0x420078);
    ttlv_w_int(&w, TAG, 1);
    struct ttlv_mark m = ttlv_w_mark(&w);
    ttlv_w_open(&w, 0x42000F);
    ttlv_w_str(&w, TAG, "a text that is cut again");
    ttlv_w_open(&w, 0x42000F);
    ttlv_w_rewind(&w, m);
    ttlv_w_int(&w, TAG, 2);
    ttlv_w_close(&w);
    expect_written("4200780100000020" "42009402000000040000000100000000" "42009402000000040000000200000000",
                   "rewound out of two structures");

    begin();
    m = ttlv_w_mark(&w);
    ttlv_w_int(&w, TAG, 1);
    ttlv_w_rewind(&w, m);
    ttlv_w_rewind(&w, m);
    cr_expect(ttlv_w_finish(&w) && out.n == 0);

    begin();
    ttlv_w_open(&w, 0x420078);
    m = ttlv_w_mark(&w);
    ttlv_w_close(&w);
    ttlv_w_rewind(&w, m);
    ttlv_w_int(&w, TAG, 1);
    ttlv_w_close(&w);
    expect_written("4200780100000010" "42009402000000040000000100000000", "into a structure just closed");
}

Test(writer, refuses_a_mark_whose_place_is_gone)
{
    ttlv_w_open(&w, 0x420078);
    ttlv_w_int(&w, TAG, 1);
    struct ttlv_mark m = ttlv_w_mark(&w);
    ttlv_w_close(&w);
    ttlv_w_open(&w, 0x42000F);
    ttlv_w_rewind(&w, m);
    expect_failed(KE_TTLV_WRITER, "another structure has taken the place");

    begin();
    struct ttlv_mark start = ttlv_w_mark(&w);
    ttlv_w_int(&w, TAG, 1);
    m = ttlv_w_mark(&w);
    ttlv_w_rewind(&w, start);
    ttlv_w_rewind(&w, m);
    expect_failed(KE_TTLV_WRITER, "a mark behind the end");
}
