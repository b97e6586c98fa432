/* The small parsers and printers: numbers, durations, dates, UTF-8, suggestions. */
#include <criterion/criterion.h>

#include "kmip/base/text.h"
#include "kmip/tests/support/guard.h"
#include "kmip/tests/support/hex.h"
#include "kmip/tests/support/rng.h"

#define N(table) (sizeof(table) / sizeof *(table))

static struct guard wall;

static void set_up(void)
{
    guard_open(&wall, 4096);
}

static void tear_down(void)
{
    guard_close(&wall);
}

TestSuite(text, .init = set_up, .fini = tear_down, .timeout = 30);

/* The text without its NUL, against the wall: a parser that looks one too far faults. */
static struct bytes at_wall(const char *s)
{
    return guard_place(&wall, bytes_str(s));
}

Test(text, integers)
{
    static const struct {
        const char *text;
        bool ok;
        int64_t min, max, value;
    } rows[] = {
        {"0", true, 0, 0, 0},
        {"+7", true, 0, 10, 7},
        {"-7", true, -10, 10, -7},
        {"007", true, 0, 10, 7},
        {"5696", true, 1, 65535, 5696},
        {"65536", false, 1, 65535, 0},
        {"0", false, 1, 65535, 0},
        {"0x1F", true, 0, 100, 31},
        {"0X1f", true, 0, 100, 31},
        {"-0x10", true, -100, 100, -16},
        {"9223372036854775807", true, INT64_MIN, INT64_MAX, INT64_MAX},
        {"9223372036854775808", false, INT64_MIN, INT64_MAX, 0},
        {"-9223372036854775808", true, INT64_MIN, INT64_MAX, INT64_MIN},
        {"-9223372036854775809", false, INT64_MIN, INT64_MAX, 0},
        {"0x7FFFFFFFFFFFFFFF", true, INT64_MIN, INT64_MAX, INT64_MAX},
        {"0x8000000000000000", false, INT64_MIN, INT64_MAX, 0},
        {"99999999999999999999999", false, INT64_MIN, INT64_MAX, 0},
        {"", false, INT64_MIN, INT64_MAX, 0},
        {"-", false, INT64_MIN, INT64_MAX, 0},
        {"+", false, INT64_MIN, INT64_MAX, 0},
        {"0x", false, INT64_MIN, INT64_MAX, 0},
        {"1 ", false, INT64_MIN, INT64_MAX, 0},
        {" 1", false, INT64_MIN, INT64_MAX, 0},
        {"1a", false, INT64_MIN, INT64_MAX, 0},
        {"0xG", false, INT64_MIN, INT64_MAX, 0},
        {"1.5", false, INT64_MIN, INT64_MAX, 0},
    };
    for (size_t i = 0; i < N(rows); i++) {
        int64_t v = 12345;
        bool ok = text_int(at_wall(rows[i].text), rows[i].min, rows[i].max, &v);
        cr_expect_eq(ok, rows[i].ok, "'%s'", rows[i].text);
        cr_expect_eq(v, rows[i].ok ? rows[i].value : 12345, "'%s'", rows[i].text);
    }
}

Test(text, booleans)
{
    static const struct {
        const char *text;
        int value; /* -1: none */
    } rows[] = {{"true", 1}, {"YES", 1}, {"on", 1},  {"false", 0}, {"No", 0}, {"off", 0},
                {"", -1},    {"1", -1},  {"t", -1},  {"truee", -1}, {"tru", -1}};
    for (size_t i = 0; i < N(rows); i++) {
        bool v = false;
        cr_expect_eq(text_bool(at_wall(rows[i].text), &v), rows[i].value >= 0, "'%s'", rows[i].text);
        cr_expect_eq(v, rows[i].value == 1, "'%s'", rows[i].text);
    }
}

Test(text, durations)
{
    static const struct {
        const char *text;
        bool ok;
        int64_t ns;
    } rows[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"90s", true, INT64_C(90000000000)},
        {"-90s", true, INT64_C(-90000000000)},
        {"+1h", true, INT64_C(3600000000000)},
        {"-5m", true, INT64_C(-300000000000)},
        {"2d", true, INT64_C(172800000000000)},
        {"50ms", true, 50000000},
        {"7us", true, 7000},
        {"3ns", true, 3},
        {"1h30m", true, INT64_C(5400000000000)},
        {"1h30m15s", true, INT64_C(5415000000000)},
        {"1.5s", true, 1500000000},
        {"0.1s", true, 100000000},
        {"0.3s", true, 300000000},
        {"0.29s", true, 290000000},
        {"-0.7s", true, -700000000},
        {"1.001s", true, 1001000000},
        {".5s", true, 500000000},
        {"106751d", true, INT64_C(106751) * 86400 * 1000000000},
        {"106753d", false, 0},
        {"999999999999999999d", false, 0},
        {"9999999999999999999s", false, 0},
        {"", false, 0},
        {"-", false, 0},
        {"s", false, 0},
        {"5", false, 0},
        {"5 s", false, 0},
        {"5w", false, 0},
        {"1h-5m", false, 0},
        {"--5m", false, 0},
        {"1.s2", false, 0},
        {".s", false, 0},
        {"1h30", false, 0},
    };
    for (size_t i = 0; i < N(rows); i++) {
        int64_t v = 12345;
        cr_expect_eq(text_duration(at_wall(rows[i].text), &v), rows[i].ok, "'%s'", rows[i].text);
        cr_expect_eq(v, rows[i].ok ? rows[i].ns : 12345, "'%s' is %lld", rows[i].text, (long long)v);
    }
}

Test(text, hexadecimal_digits)
{
    static const struct {
        const char *text;
        const char *bytes; /* NULL: refused */
    } rows[] = {
        {"", ""},           {"00ff", "00FF"},         {"00FF", "00FF"},   {"0x42 00 78", "420078"},
        {"42:00:78", "420078"}, {"42\n00\t78 ", "420078"}, {"4 2", "42"}, {"4", NULL},
        {"420", NULL},      {"4g", NULL},             {"42-00", NULL},    {"0x", ""},
        {"42 zz", NULL},
    };
    for (size_t i = 0; i < N(rows); i++) {
        struct buf b;
        buf_init(&b, BUF_NO_LIMIT);
        cr_assert(buf_putc(&b, 'x'));
        bool ok = text_unhex(at_wall(rows[i].text), &b);
        cr_expect_eq(ok, rows[i].bytes != NULL, "'%s'", rows[i].text);
        const char *want = rows[i].bytes ? rows[i].bytes : "";
        cr_expect_str_eq(hex_text(bytes_of(b.p + 1, b.n - 1)), want, "'%s': nothing stays on failure",
                         rows[i].text);
        buf_clear(&b);
    }
}

Test(text, hexadecimal_digits_beyond_the_bound_are_refused)
{
    struct buf b;
    buf_init(&b, 2);
    cr_expect(!text_unhex(bytes_str("010203"), &b));
    cr_expect(b.too_long);
    cr_expect_eq(b.n, 0);
    buf_clear(&b);
}

Test(text, dates)
{
    static const struct {
        const char *text;
        bool ok;
        int64_t seconds;
    } rows[] = {
        {"2008-03-14T11:56:40Z", true, 1205495800},
        {"2008-03-14t11:56:40z", true, 1205495800},
        {"2008-03-14 11:56:40", true, 1205495800},
        {"2008-03-14T13:56:40+02:00", true, 1205495800},
        {"2008-03-14T06:26:40-05:30", true, 1205495800},
        {"1970-01-01T00:00:00Z", true, 0},
        {"1969-12-31T23:59:59Z", true, -1},
        {"1970-01-01", true, 0},
        {"2000-02-29T00:00:00Z", true, 951782400},
        {"0000-01-01T00:00:00Z", true, INT64_C(-62167219200)},
        {"9999-12-31T23:59:59Z", true, INT64_C(253402300799)},
        {"1205495800", true, 1205495800},
        {"-1", true, -1},
        {"1900-02-29T00:00:00Z", false, 0},
        {"2023-02-29T00:00:00Z", false, 0},
        {"2023-04-31", false, 0},
        {"2023-13-01", false, 0},
        {"2023-00-01", false, 0},
        {"2023-01-00", false, 0},
        {"2023-01-32", false, 0},
        {"2023-01-01T24:00:00Z", false, 0},
        {"2023-01-01T00:60:00Z", false, 0},
        {"2023-01-01T00:00:60Z", false, 0},
        {"2023-01-01T00:00Z", false, 0},
        {"2023-01-01T00:00:00+2:00", false, 0},
        {"2023-01-01T00:00:00+24:00", false, 0},
        {"2023-01-01T00:00:00+00:60", false, 0},
        {"2023-01-01T00:00:00Zx", false, 0},
        {"2023-01-01T00:00:00 ", false, 0},
        {"2023-1-01", false, 0},
        {"23-01-01", false, 0},
        {"", false, 0},
        {"now", false, 0},
    };
    for (size_t i = 0; i < N(rows); i++) {
        int64_t v = 12345;
        cr_expect_eq(text_date(at_wall(rows[i].text), &v), rows[i].ok, "'%s'", rows[i].text);
        cr_expect_eq(v, rows[i].ok ? rows[i].seconds : 12345, "'%s' is %lld", rows[i].text, (long long)v);
    }
}

Test(text, dates_of_every_size_are_printed_so_that_they_read_back)
{
    static const int64_t rows[] = {0, -1, 1205495800, INT64_C(-62167219200), INT64_C(-62135596800),
                                   INT64_C(-62167219201), INT64_C(253402300799), INT64_C(253402300800),
                                   INT64_MAX, INT64_MIN};
    struct rng r = {1};
    char out[40];
    for (size_t i = 0; i < N(rows) + 5000; i++) {
        int64_t v = i < N(rows) ? rows[i] : (int64_t)rng_next(&r) >> rng_below(&r, 40);
        int64_t back = 1;
        text_date_out(v, out);
        cr_assert(text_date(bytes_str(out), &back) && back == v, "%lld printed as %s", (long long)v, out);
    }
    cr_expect_str_eq(text_date_out(1205495800, out), "2008-03-14T11:56:40Z");
    cr_expect_str_eq(text_date_out(INT64_C(-62135596800), out), "0001-01-01T00:00:00Z");
}

Test(text, utf8)
{
    static const struct {
        const char *name, *hex;
        bool ok;
    } rows[] = {
        {"empty", "", true},
        {"ASCII", "48656C6C6F", true},
        {"NUL inside", "480065", true},
        {"two bytes", "C3A9", true},
        {"three bytes", "E282AC", true},
        {"four bytes", "F09F9491", true},
        {"lowest of two", "C280", true},
        {"highest of two", "DFBF", true},
        {"lowest of three", "E0A080", true},
        {"last before the surrogates", "ED9FBF", true},
        {"first behind the surrogates", "EE8080", true},
        {"noncharacter", "EFBFBF", true},
        {"lowest of four", "F0908080", true},
        {"U+10FFFF", "F48FBFBF", true},
        {"ten ASCII, then two bytes", "30313233343536373839C3A9", true},
        {"eight ASCII, then a bare continuation", "303132333435363780", false},
        {"bare continuation", "80", false},
        {"overlong NUL", "C080", false},
        {"overlong slash", "C0AF", false},
        {"overlong C1", "C1BF", false},
        {"overlong of three", "E09FBF", false},
        {"overlong of four", "F08FBFBF", false},
        {"first surrogate", "EDA080", false},
        {"last surrogate", "EDBFBF", false},
        {"surrogate pair", "EDA0BDEDB482", false},
        {"beyond U+10FFFF", "F4908080", false},
        {"F5", "F5808080", false},
        {"FE", "FE", false},
        {"FF", "FF", false},
        {"cut of two", "C3", false},
        {"cut of three", "E282", false},
        {"cut of four", "F09F94", false},
        {"two broken by ASCII", "C341", false},
        {"three broken by ASCII", "E28241", false},
        {"Latin-1", "48E96C6C6F", false},
    };
    for (size_t i = 0; i < N(rows); i++) {
        struct buf b;
        buf_init(&b, BUF_NO_LIMIT);
        hex_put(&b, rows[i].hex);
        cr_expect_eq(text_utf8(guard_place(&wall, buf_bytes(&b))), rows[i].ok, "%s", rows[i].name);
        buf_clear(&b);
    }
}

/* The fast path for ASCII must see a bad byte wherever it lies. */
Test(text, utf8_finds_one_bad_byte_at_any_place_of_any_length)
{
    uint8_t text[40];
    for (size_t n = 1; n <= sizeof text; n++)
        for (size_t at = 0; at < n; at++) {
            memset(text, 'a', n);
            cr_assert(text_utf8(guard_place(&wall, bytes_of(text, n))));
            text[at] = 0xFF;
            cr_assert(!text_utf8(guard_place(&wall, bytes_of(text, n))), "byte %zu of %zu", at, n);
        }
}

Test(text, globs)
{
    cr_expect(text_glob("tc-*", "tc-311"));
    cr_expect(text_glob("*", ""));
    cr_expect(text_glob("cs-bc-m-[1-3]", "cs-bc-m-2"));
    cr_expect(text_glob("sklc-?-1", "sklc-m-1"));
    cr_expect(!text_glob("tc-*", "sklc-m-1"));
    cr_expect(!text_glob("tc", "tc-311"));
}

Test(text, suggestions_are_near_or_none)
{
    static const char *const names[] = {"host", "port", "pipeline-depth", "protocol", "timeout"};
    static const struct {
        const char *asked, *near;
    } rows[] = {{"hst", "host"},   {"PORT", "port"},     {"prot", "port"},
                {"pipline-depht", "pipeline-depth"},     {"timeouts", "timeout"},
                {"zebra", NULL},   {"", NULL},           {"protocl", "protocol"}};
    for (size_t i = 0; i < N(rows); i++) {
        const char *near = text_nearest(rows[i].asked, names, N(names));
        cr_expect((near == NULL) == (rows[i].near == NULL) && (!near || strcmp(near, rows[i].near) == 0),
                  "'%s' gives %s", rows[i].asked, near ? near : "nothing");
    }
    char longest[200];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = 0;
    cr_expect_null(text_nearest(longest, names, N(names)));
    cr_expect_null(text_nearest("host", names, 0));
}

Test(text, suggestions_end_a_message)
{
    char longest[200];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = 0;
    cr_expect_str_eq(text_hint(NULL).text, "");
    cr_expect_str_eq(text_hint("port").text, "; did you mean 'port'?");
    cr_expect(strlen(text_hint(longest).text) < sizeof(struct text_hint));
}

Test(text, quoting_escapes_what_a_terminal_would_obey)
{
    static const struct {
        const char *in;
        size_t n, max;
        const char *out;
    } rows[] = {
        {"plain", 5, 100, "plain"},
        {"a\nb\tc", 5, 100, "a\\nb\\tc"},
        {"\x1b[31m", 5, 100, "\\x1b[31m"},
        {"a\0b", 3, 100, "a\\x00b"},
        {"say \"hi\" \\", 10, 100, "say \\\"hi\\\" \\\\"},
        {"\xC3\xA9", 2, 100, "\xC3\xA9"},
        {"\xC3", 1, 100, "\\xc3"},
        {"\xC2\x9B" "31m", 5, 100, "\\u009b31m"},
        {"a\xE2\x80\xAE" "b\xE2\x81\xA9\xEF\xBB\xBF", 11, 100, "a\\u202eb\\u2069\\ufeff"}, /* bidi */
        {"\xF0\x9F\xBF\xBF", 4, 100, "\\U0001ffff"},
        {"\x7f", 1, 100, "\\x7f"},
        {"abcdef", 6, 3, "abc..."},
        {"", 0, 3, ""},
    };
    for (size_t i = 0; i < N(rows); i++) {
        struct buf b;
        buf_init(&b, BUF_NO_LIMIT);
        text_quote(&b, guard_place(&wall, bytes_of(rows[i].in, rows[i].n)), rows[i].max);
        cr_expect_str_eq(buf_cstr(&b), rows[i].out);
        buf_clear(&b);
    }
}

/* Texts that stand by themselves may hold quoted ones: these stay as they are. */
Test(text, showing_leaves_quotes_alone)
{
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"there is no \"x-a\"", "there is no \"x-a\""},
        {"it says \"a \\\"b\\\"\"", "it says \"a \\\"b\\\"\""},
        {"\\x1b", "\\x1b"},
        {"\x1b[31m", "\\x1b[31m"},
        {"a\xE2\x80\xAE", "a\\u202e"},
    };
    for (size_t i = 0; i < N(rows); i++) {
        struct buf b;
        buf_init(&b, BUF_NO_LIMIT);
        text_show(&b, bytes_str(rows[i].in), 100);
        cr_expect_str_eq(buf_cstr(&b), rows[i].out);
        buf_clear(&b);
    }
}

Test(text, shell_words_are_quoted_where_they_must)
{
    static const struct {
        const char *word, *quoted;
    } rows[] = {{"plain", "plain"},       {"/a/b-c_d.pem", "/a/b-c_d.pem"}, {"", "''"},
                {"two words", "'two words'"}, {"it's", "'it'\\''s'"},       {"$HOME", "'$HOME'"},
                {"a;b", "'a;b'"},         {"\xc3\xa9", "'\xc3\xa9'"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf b;
        buf_init(&b, 100);
        text_shell_word(&b, rows[i].word);
        cr_expect_str_eq(buf_cstr(&b), rows[i].quoted);
        buf_clear(&b);
    }
}
