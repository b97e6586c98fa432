/* Framing: need-more, whole or bad, at every split point. */
#include <criterion/criterion.h>

#include "kmip/tests/support/guard.h"
#include "kmip/tests/support/hex.h"
#include "kmip/ttlv/framing.h"

#define N(table) (sizeof(table) / sizeof *(table))

static struct guard wall;
static struct buf stream;
static struct kerr err;

static void set_up(void)
{
    guard_open(&wall, 65536);
    buf_init(&stream, BUF_NO_LIMIT);
}

static void tear_down(void)
{
    buf_clear(&stream);
    guard_close(&wall);
}

TestSuite(framing, .init = set_up, .fini = tear_down, .timeout = 30);

/* The first n bytes of the stream, against the wall. */
static enum ttlv_frame frame(size_t n, size_t max, size_t *whole)
{
    kerr_clear(&err);
    *whole = 12345;
    return ttlv_framing(guard_place(&wall, bytes_of(stream.p, n)), max, whole, &err);
}

static const char *const messages[] = {
    "4200780100000018" "4200770100000000" "42000F0100000008" "4200790100000000",
    "4200780100000000",
    "4200780100000003" "010203", /* framed as declared; the reader tells the rest */
    "4200780100000010" "42000D02000000040000000100000000",
};

Test(framing, needs_more_until_the_message_is_whole_at_every_split)
{
    for (size_t i = 0; i < N(messages); i++)
        for (uint8_t root = 0x78; root <= 0x7B; root += 3) {
            size_t n;
            buf_reset(&stream);
            hex_put(&stream, messages[i]);
            size_t whole = stream.n;
            hex_put(&stream, messages[0]); /* the next message follows at once */
            stream.p[2] = root;
            for (size_t cut = 0; cut <= stream.n; cut++) {
                enum ttlv_frame got = frame(cut, 1000, &n);
                if (cut < 8) {
                    cr_expect(got == TTLV_FRAME_MORE && n == 8, "%s cut at %zu: %zu", messages[i], cut, n);
                } else {
                    cr_expect_eq(got, cut < whole ? TTLV_FRAME_MORE : TTLV_FRAME_WHOLE, "cut at %zu", cut);
                    cr_expect_eq(n, whole, "%s cut at %zu: %zu", messages[i], cut, n);
                }
                cr_expect_eq(err.code, KE_OK);
            }
        }
}

Test(framing, is_bad_from_the_first_byte_that_cannot_be)
{
    static const struct {
        const char *name, *hex;
        size_t bad_from;
    } rows[] = {
        {"other tag", "4300780100000000", 1},
        {"tag of a Batch Item", "42000F0100000000", 3},
        {"second byte", "4201780100000000", 2},
        {"between the roots", "4200790100000000", 3},
        {"Integer", "4200780200000004", 4},
        {"zero", "0000000000000000", 1},
    };
    for (size_t i = 0; i < N(rows); i++) {
        buf_reset(&stream);
        hex_put(&stream, rows[i].hex);
        for (size_t cut = 0; cut <= 8; cut++) {
            size_t n;
            enum ttlv_frame got = frame(cut, 1000, &n);
            cr_expect_eq(got, cut < rows[i].bad_from ? TTLV_FRAME_MORE : TTLV_FRAME_BAD, "%s cut at %zu",
                         rows[i].name, cut);
            if (got == TTLV_FRAME_BAD) {
                cr_expect_eq(n, 0);
                cr_expect_eq(err.code, KE_TTLV_ROOT);
                cr_expect_null(strstr(err.msg, "looks like"), "%s", err.msg);
            }
        }
    }
    size_t n;
    frame(8, 1000, &n);
    cr_expect_str_eq(err.msg, "not a KMIP message: it begins with 00 00 00; a message begins "
                              "with 42 00 78 01 or 42 00 7B 01");
}

Test(framing, recognises_other_protocols)
{
    static const struct {
        const char *start;
        size_t n, known_from;
        const char *what;
    } rows[] = {
        {"HTTP/1.1 400 Bad Request\r\n", 26, 5, "an HTTP response"},
        {"GET / HTTP/1.1\r\n", 16, 4, "an HTTP request"},
        {"POST /kmip HTTP/1.1\r\n", 21, 5, "an HTTP request"},
        {"PUT / HTTP/1.1\r\n", 16, 4, "an HTTP request"},
        {"<?xml version=\"1.0\"?>", 21, 5, "XML"},
        {"<ResponseMessage>", 17, 3, "KMIP in XML"},
        {"<KMIP>", 6, 5, "KMIP in XML"},
        {"<!DOCTYPE html>", 15, 1, "XML or HTML"},
        {"{\"error\": 1}", 12, 1, "JSON"},
        {"\x16\x03\x01\x02\x00\x01\x00\x01", 8, 2, "a TLS handshake"},
        {"\x15\x03\x03\x00\x02\x02\x28", 7, 2, "a TLS alert"},
        {"\x17\x03\x03\x00\x20", 5, 2, "TLS application data"},
        {"SSH-2.0-OpenSSH_9.2\r\n", 21, 4, "SSH"},
    };
    for (size_t i = 0; i < N(rows); i++) {
        buf_reset(&stream);
        buf_put(&stream, rows[i].start, rows[i].n);
        for (size_t cut = 1; cut <= stream.n; cut++) {
            size_t n;
            cr_expect_eq(frame(cut, 1000, &n), TTLV_FRAME_BAD, "%s cut at %zu", rows[i].what, cut);
            cr_expect_eq(err.code, KE_TTLV_ROOT);
            if (cut >= rows[i].known_from)
                cr_expect(strstr(err.msg, rows[i].what), "%s cut at %zu: %s", rows[i].what, cut, err.msg);
        }
    }
}

Test(framing, bounds_the_size_as_early_as_the_length_tells)
{
    static const struct {
        const char *hex;
        size_t max, bad_from; /* 0: never */
    } rows[] = {
        {"4200780100000100", 264, 0},
        {"4200780100000100", 263, 7},
        {"4200780100000101", 264, 8},
        {"42007801FFFFFFFF", 8u << 20, 5},
        {"4200780100FFFFFF", 8u << 20, 6},
        {"4200780180000000", 8u << 20, 5},
        {"42007801FFFFFFFF", SIZE_MAX, 0},
        {"4200780100000000", 8, 0},
        {"4200780100000000", 7, 1},
        {"4200780100000000", 0, 1},
    };
    for (size_t i = 0; i < N(rows); i++) {
        buf_reset(&stream);
        hex_put(&stream, rows[i].hex);
        for (size_t cut = 1; cut <= 8; cut++) {
            size_t n;
            enum ttlv_frame got = frame(cut, rows[i].max, &n);
            bool bad = rows[i].bad_from && cut >= rows[i].bad_from;
            cr_expect_eq(got == TTLV_FRAME_BAD, bad, "%s max %zu cut at %zu", rows[i].hex, rows[i].max, cut);
            if (bad) {
                cr_expect_eq(err.code, KE_TTLV_SIZE);
                cr_expect_eq(n, 0);
            }
        }
    }
    size_t n;
    buf_reset(&stream);
    hex_put(&stream, "4200780100000101");
    frame(8, 264, &n);
    cr_expect_str_eq(err.msg, "message declares 257 bytes, the limit is 256");
    hex_put(&stream, "");
    stream.p[4] = 1;
    frame(5, 264, &n);
    cr_expect_str_eq(err.msg, "message declares at least 16777216 bytes, the limit is 256");
}

Test(framing, needs_no_error_object)
{
    size_t n;
    cr_expect_eq(ttlv_framing(bytes_str("HTTP/1.1"), 100, &n, NULL), TTLV_FRAME_BAD);
    cr_expect_eq(ttlv_framing(bytes_of(NULL, 0), 100, &n, NULL), TTLV_FRAME_MORE);
}
