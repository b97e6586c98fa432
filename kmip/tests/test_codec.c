/* Properties of reader, writer and framing together, over random and broken messages.
 *
 * Nothing crashes or reads beyond its input (a wall stands there). What strict
 * reading accepts, tolerant reading accepts without a broken MUST, and the other
 * way round. What is accepted is written back as the same bytes. */
#include <criterion/criterion.h>

#include "kmip/tests/support/findings.h"
#include "kmip/tests/support/guard.h"
#include "kmip/tests/support/hex.h"
#include "kmip/tests/support/rng.h"
#include "kmip/ttlv/framing.h"
#include "kmip/ttlv/reader.h"
#include "kmip/ttlv/writer.h"

static struct guard wall;
static struct buf made, again;
static struct findings found;
static struct rng rng;

static void set_up(void)
{
    guard_open(&wall, 1u << 20);
    buf_init(&made, 1u << 20);
    buf_init(&again, 1u << 20);
}

static void tear_down(void)
{
    buf_clear(&made);
    buf_clear(&again);
    guard_close(&wall);
}

TestSuite(codec, .init = set_up, .fini = tear_down, .timeout = 60);

static uint32_t any_tag(void)
{
    static const uint32_t few[] = {0x420078, 0x42000F, 0x42005C, 0x420094, 0x540001};
    return rng_below(&rng, 4) ? few[rng_below(&rng, 5)]
                              : (rng_below(&rng, 2) ? 0x420000 : 0x540000) | rng_below(&rng, 0x10000);
}

static void write_string(struct ttlv_writer *w, uint32_t tag, bool text)
{
    static const char *const parts[] = {"a", "Hello", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x94\x91", "12345678"};
    char v[120];
    size_t n = 0;
    for (uint32_t k = rng_below(&rng, 6); k > 0; k--) {
        const char *part = parts[rng_below(&rng, 6)];
        memcpy(v + n, part, strlen(part));
        n += strlen(part);
    }
    if (text)
        ttlv_w_text(w, tag, bytes_of(v, n));
    else
        ttlv_w_bytes(w, tag, bytes_of(v, n));
}

static void write_items(struct ttlv_writer *w, unsigned depth)
{
    for (uint32_t k = rng_below(&rng, 5); k > 0; k--) {
        uint32_t tag = any_tag();
        uint64_t v = rng_next(&rng) >> rng_below(&rng, 64);
        uint8_t big[24];
        for (size_t i = 0; i < sizeof big; i++)
            big[i] = (uint8_t)(rng_below(&rng, 3) ? 0 : rng_next(&rng));
        switch (1 + rng_below(&rng, 10)) {
        case TTLV_STRUCTURE:
            if (depth >= 6)
                break;
            ttlv_w_open(w, tag);
            write_items(w, depth + 1);
            ttlv_w_close(w);
            break;
        case TTLV_INTEGER:
            ttlv_w_int(w, tag, (int32_t)v);
            break;
        case TTLV_LONG_INTEGER:
            ttlv_w_long(w, tag, (int64_t)v);
            break;
        case TTLV_BIG_INTEGER:
            ttlv_w_big(w, tag, bytes_of(big, rng_below(&rng, sizeof big)));
            break;
        case TTLV_ENUMERATION:
            ttlv_w_enum(w, tag, (uint32_t)v);
            break;
        case TTLV_BOOLEAN:
            ttlv_w_bool(w, tag, v & 1);
            break;
        case TTLV_TEXT_STRING:
            write_string(w, tag, true);
            break;
        case TTLV_BYTE_STRING:
            write_string(w, tag, false);
            break;
        case TTLV_DATE_TIME:
            ttlv_w_date(w, tag, (int64_t)v);
            break;
        case TTLV_INTERVAL:
            ttlv_w_interval(w, tag, (uint32_t)v);
            break;
        }
    }
}

/* A random message that keeps every rule, into `made`. */
static void make_message(void)
{
    struct ttlv_writer w;
    struct kerr err = KERR_INIT;
    buf_reset(&made);
    ttlv_w_init(&w, &made, &err);
    ttlv_w_open(&w, rng_below(&rng, 2) ? 0x420078 : 0x42007B);
    write_items(&w, 1);
    ttlv_w_close(&w);
    cr_assert(ttlv_w_finish(&w), "%s", err.msg);
}

/* Reads all and writes it back, structure by structure. */
static bool copy_items(struct ttlv_reader *r, struct ttlv_writer *w)
{
    struct ttlv_item it;
    while (ttlv_r_next(r, &it)) {
        if (it.type != TTLV_STRUCTURE) {
            ttlv_w_value(w, it.tag, it.type, it.val);
            continue;
        }
        ttlv_w_open(w, it.tag);
        if (!ttlv_r_enter(r, &it) || !copy_items(r, w))
            return false;
        ttlv_r_leave(r);
        ttlv_w_close(w);
    }
    return !r->failed;
}

static bool copied(struct bytes msg)
{
    struct ttlv_reader r;
    struct ttlv_writer w;
    buf_reset(&again);
    ttlv_r_init(&r, msg, NULL, NULL);
    ttlv_w_init(&w, &again, NULL);
    return copy_items(&r, &w) && ttlv_w_finish(&w);
}

/* Every property of one input. */
static bool check(struct bytes input)
{
    struct bytes msg = guard_place(&wall, input);
    struct kerr strict_err = KERR_INIT, tolerant_err = KERR_INIT;
    uint32_t items = 0, tolerant_items = 0;
    size_t frame_n;
    findings_init(&found);
    bool ok = ttlv_check(msg, NULL, NULL, NULL, &items, &strict_err);
    bool walked = ttlv_check(msg, NULL, &found.sink, NULL, &tolerant_items, &tolerant_err);
    enum ttlv_frame frame = ttlv_framing(msg, 1u << 20, &frame_n, NULL);

    cr_assert_eq(ok, strict_err.code == KE_OK);
    cr_assert_eq(walked, tolerant_err.code == KE_OK);
    cr_assert(walked || tolerant_err.code == KE_TTLV_DEPTH || tolerant_err.code == KE_TTLV_COUNT,
              "tolerant reading fails for limits only, not %s", kerr_name(tolerant_err.code));
    if (ok != (walked && found.musts == 0))
        cr_assert_fail("strict says %s (%s), tolerant %s: %s", ok ? "good" : "bad", strict_err.msg,
                       findings_text(&found), hex_text(msg));
    for (size_t i = 0; i < found.n && i < FINDINGS_KEPT; i++)
        cr_assert_leq(found.v[i].off, msg.n);
    if (!ok) {
        size_t first = 0; /* strict reading stops at the first broken MUST */
        while (first < FINDINGS_KEPT && first < found.n && rule_of(found.v[first].rule)->severity != RULE_MUST)
            first++;
        if (walked && first < FINDINGS_KEPT) {
            cr_assert_eq(strict_err.off, found.v[first].off, "%s", hex_text(msg));
            cr_assert_str_eq(strict_err.path, found.v[first].path);
        }
        return false;
    }
    cr_assert_eq(items, tolerant_items);
    if (frame != TTLV_FRAME_BAD)
        cr_assert(frame == TTLV_FRAME_WHOLE && frame_n == msg.n, "%s", hex_text(msg));
    cr_assert(copied(msg), "accepted, but not written back: %s", hex_text(msg));
    cr_assert_eq(again.n, msg.n);
    if (findings_of(&found, RULE_TTLV_PADDING) == 0)
        cr_assert(bytes_eq(buf_bytes(&again), msg), "%s became %s", hex_text(msg), hex_text(buf_bytes(&again)));
    return true;
}

Test(codec, messages_written_are_accepted_and_written_back_the_same)
{
    rng.state = 1;
    for (int i = 0; i < 20000; i++) {
        make_message();
        cr_assert(check(buf_bytes(&made)), "message %d is refused: %s", i, hex_text(buf_bytes(&made)));
        cr_assert_eq(found.n, 0, "message %d: %s", i, findings_text(&found));
    }
}

/* One change of a kind that breaks messages in the field. */
static void mutate(void)
{
    size_t at = rng_below(&rng, (uint32_t)made.n);
    size_t item = at & ~(size_t)7;
    static const uint32_t lengths[] = {0, 1, 3, 4, 5, 7, 8, 9, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF8, 0xFFFFFFFF};
    switch (rng_below(&rng, 8)) {
    case 0:
        made.p[at] ^= (uint8_t)(1u << rng_below(&rng, 8));
        break;
    case 1:
        made.p[at] = (uint8_t)rng_next(&rng);
        break;
    case 2: /* a length, or what lies where one may be */
        be32_put(made.p + item + 4, lengths[rng_below(&rng, 12)]);
        break;
    case 3:
        made.p[item + 3] = (uint8_t)rng_below(&rng, 13);
        break;
    case 4:
        buf_truncate(&made, at);
        break;
    case 5:
        buf_fill(&made, (char)rng_next(&rng), 1 + rng_below(&rng, 20));
        break;
    case 6: /* eight bytes less */
        if (made.n - item >= 8) {
            memmove(made.p + item, made.p + item + 8, made.n - item - 8);
            buf_truncate(&made, made.n - 8);
        }
        break;
    case 7: /* a length off by a few */
        be32_put(made.p + item + 4, be32_get(made.p + item + 4) + rng_below(&rng, 33) - 16);
        break;
    }
}

Test(codec, broken_messages_keep_the_properties)
{
    rng.state = 2;
    unsigned accepted = 0, n = 60000;
    for (unsigned i = 0; i < n; i++) {
        make_message();
        for (uint32_t k = 1 + rng_below(&rng, 4); k > 0 && made.n > 0; k--)
            mutate();
        accepted += check(buf_bytes(&made));
    }
    cr_expect(accepted > n / 100 && accepted < n / 2, "%u of %u accepted: too tame or too wild", accepted, n);
}

Test(codec, random_bytes_keep_the_properties)
{
    rng.state = 3;
    for (int i = 0; i < 100000; i++) {
        uint8_t bytes[256];
        size_t n = rng_below(&rng, sizeof bytes);
        for (size_t k = 0; k < n; k++)
            bytes[k] = (uint8_t)rng_next(&rng);
        /* Half of them look like items, or nothing past the first header is reached. */
        for (size_t k = 0; i % 2 && k + 8 <= n; k += 8 * (1 + rng_below(&rng, 3))) {
            be32_put(bytes + k, any_tag() << 8 | rng_below(&rng, 12));
            be32_put(bytes + k + 4, rng_below(&rng, rng_below(&rng, 2) ? 16 : 256));
        }
        check(bytes_of(bytes, n));
    }
}

Test(codec, paths_can_be_asked_of_anything_at_any_place)
{
    rng.state = 4;
    char out[160];
    for (int i = 0; i < 20000; i++) {
        make_message();
        for (int k = 0; k < 3 && made.n > 0; k++)
            mutate();
        struct bytes msg = guard_place(&wall, buf_bytes(&made));
        uint32_t off = rng_below(&rng, (uint32_t)msg.n + 20);
        size_t room = rng_below(&rng, sizeof out) + 1;
        ttlv_path_at(msg, rng_below(&rng, 50) ? off : UINT32_MAX, NULL, out, room);
        cr_assert_lt(strlen(out), room);
    }
}

/* Time grows with the size, not with its square: 100 000 items of one message. */
Test(codec, large_messages_are_read_in_one_pass)
{
    struct buf big;
    struct ttlv_writer w;
    uint32_t items;
    buf_init(&big, 8u << 20);
    ttlv_w_init(&w, &big, NULL);
    ttlv_w_open(&w, 0x42007B);
    for (int i = 0; i < 100000; i++)
        ttlv_w_int(&w, 0x42000D, i);
    ttlv_w_close(&w);
    cr_assert(ttlv_w_finish(&w));
    cr_expect(ttlv_check(buf_bytes(&big), NULL, NULL, NULL, &items, NULL));
    cr_expect_eq(items, 100001);
    findings_init(&found);
    for (int i = 0; i < 100000; i++) /* every one deviates */
        big.p[8 + 16 * i + 3] = 0x0B;
    cr_expect(!ttlv_check(buf_bytes(&big), NULL, &found.sink, NULL, NULL, NULL));
    cr_expect_eq(found.n, TTLV_MAX_FINDINGS);
    buf_clear(&big);
}
