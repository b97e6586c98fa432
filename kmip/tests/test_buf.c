/* The growable buffer: content, bound, sticky failure, wiping. */
#include <criterion/criterion.h>

#include "kmip/base/buf.h"
#include "kmip/tests/support/fail_alloc.h"

static bool all_zero(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i])
            return false;
    return true;
}

Test(buf, keeps_what_is_put_while_it_grows)
{
    struct buf b;
    buf_init(&b, BUF_NO_LIMIT);
    for (unsigned i = 0; i < 100000; i++)
        cr_assert(buf_putc(&b, (char)(i * 7)));
    cr_assert_eq(b.n, 100000);
    for (unsigned i = 0; i < 100000; i++)
        cr_assert_eq(b.p[i], (uint8_t)(i * 7), "at %u", i);
    buf_clear(&b);
    cr_assert_null(b.p);
}

Test(buf, is_safe_when_empty_zeroed_or_cleared_twice)
{
    struct buf b;
    buf_init(&b, 10);
    cr_expect_str_eq(buf_cstr(&b), "");
    buf_drop(&b, 5);
    buf_truncate(&b, 0);
    buf_reset(&b);
    cr_expect(buf_put(&b, NULL, 0));
    cr_expect_not_null(buf_room(&b, 0));
    buf_clear(&b);
    buf_clear(&b);
    struct buf zeroed = {0};
    cr_expect_eq(buf_bytes(&zeroed).n, 0);
    cr_expect(!buf_putc(&zeroed, 'x'), "a zeroed buffer has a bound of nothing");
    buf_clear(&zeroed);
}

Test(buf, stops_at_its_bound_and_says_that_it_was_the_bound)
{
    struct buf b;
    buf_init(&b, 8);
    cr_expect(buf_puts(&b, "12345678"));
    cr_expect(!buf_putc(&b, '9'));
    cr_expect(b.failed && b.too_long);
    cr_expect(!buf_put(&b, "", 0), "failure sticks");
    cr_expect_null(buf_room(&b, 0));
    cr_expect_str_eq(buf_cstr(&b), "12345678");
    buf_reset(&b);
    cr_expect(!b.failed && !b.too_long);
    cr_expect(buf_puts(&b, "abc"));
    cr_expect(!buf_room(&b, SIZE_MAX), "a sum that would overflow");
    buf_clear(&b);
}

Test(buf, keeps_to_a_bound_that_was_lowered_below_its_content)
{
    struct buf b;
    buf_init(&b, 100);
    cr_assert(buf_fill(&b, 'x', 50));
    b.limit = 10;
    cr_expect(!buf_putc(&b, 'y'));
    cr_expect(b.too_long);
    buf_clear(&b);
}

Test(buf, fails_for_good_when_memory_runs_out_and_keeps_what_it_had)
{
    struct buf b;
    buf_init(&b, BUF_NO_LIMIT);
    cr_assert(buf_puts(&b, "kept"));
    fail_alloc_from(1);
    bool grew = buf_fill(&b, 'x', 4096);
    fail_alloc_off();
    cr_expect(!grew && b.failed && !b.too_long);
    cr_expect(!buf_putc(&b, 'y'));
    cr_expect_str_eq(buf_cstr(&b), "kept");
    buf_clear(&b);
}

Test(buf, wipes_what_is_cut_dropped_or_reset)
{
    struct buf b;
    buf_init(&b, BUF_NO_LIMIT);
    cr_assert(buf_puts(&b, "secret-tail"));
    buf_truncate(&b, 6);
    cr_expect_str_eq(buf_cstr(&b), "secret");
    cr_expect(all_zero(b.p + 6, 5), "behind a cut");
    buf_truncate(&b, 100);
    cr_expect_eq(b.n, 6, "truncating never lengthens");

    cr_assert(buf_puts(&b, "0123456789"));
    buf_drop(&b, 6);
    cr_expect_str_eq(buf_cstr(&b), "0123456789");
    cr_expect(all_zero(b.p + 10, 6), "behind what moved down");
    buf_drop(&b, 100);
    cr_expect_eq(b.n, 0);
    cr_expect(all_zero(b.p, 16), "all dropped");

    cr_assert(buf_puts(&b, "again"));
    buf_reset(&b);
    cr_expect(all_zero(b.p, 16), "after reset");
    buf_clear(&b);
}

Test(buf, prints_formatted_text_of_any_length)
{
    struct buf b;
    buf_init(&b, BUF_NO_LIMIT);
    for (int i = 0; i < 300; i++)
        cr_assert(buf_printf(&b, "%d,", i));
    cr_expect_eq(b.n, 10 * 2 + 90 * 3 + 200 * 4);
    cr_expect_eq(memcmp(b.p, "0,1,2,3,", 8), 0);
    buf_reset(&b);
    cr_expect(buf_printf(&b, "%500s|", "x"));
    cr_expect_eq(b.n, 501);
    cr_expect_eq(b.p[500], '|');
    buf_clear(&b);

    buf_init(&b, 4);
    cr_expect(buf_printf(&b, "%s", "1234"), "exactly the bound: the NUL needs no room");
    cr_expect(!buf_printf(&b, "%s", "5"));
    cr_expect_str_eq(buf_cstr(&b), "1234");
    buf_clear(&b);
}

Test(buf, writes_hexadecimal_digits_in_lower_case)
{
    struct buf b;
    buf_init(&b, BUF_NO_LIMIT);
    cr_expect(buf_hex(&b, bytes_of("\x00\x0f\xA5\xff", 4)));
    cr_expect(buf_hex(&b, bytes_of(NULL, 0)));
    cr_expect_str_eq(buf_cstr(&b), "000fa5ff");
    buf_clear(&b);
}

Test(buf, room_is_handed_out_for_the_caller_to_fill)
{
    struct buf b;
    buf_init(&b, BUF_NO_LIMIT);
    cr_assert(buf_puts(&b, "ab"));
    uint8_t *at = buf_room(&b, 3);
    cr_assert_not_null(at);
    memcpy(at, "cde", 3);
    cr_expect_str_eq(buf_cstr(&b), "abcde");
    cr_expect(buf_fill(&b, '-', 3));
    cr_expect(buf_put_bytes(&b, bytes_str("f")));
    cr_expect_str_eq(buf_cstr(&b), "abcde---f");
    buf_clear(&b);
}

Test(bytes, integers_are_big_endian_both_ways)
{
    uint8_t p[8];
    be32_put(p, 0x01020304);
    cr_expect_eq(memcmp(p, "\x01\x02\x03\x04", 4), 0);
    cr_expect_eq(be32_get(p), 0x01020304);
    be64_put(p, UINT64_C(0xFEDCBA9876543210));
    cr_expect_eq(memcmp(p, "\xFE\xDC\xBA\x98\x76\x54\x32\x10", 8), 0);
    cr_expect_eq(be64_get(p), UINT64_C(0xFEDCBA9876543210));
}

/* Published values of FNV-1a: what hangs on it is the same on every machine. */
Test(bytes, hash_as_published)
{
    cr_expect_eq(bytes_hash(bytes_str("")), UINT64_C(0xcbf29ce484222325));
    cr_expect_eq(bytes_hash(bytes_str("a")), UINT64_C(0xaf63dc4c8601ec8c));
    cr_expect_eq(bytes_hash(bytes_str("foobar")), UINT64_C(0x85944171f73967e8));
}

Test(bytes, views_compare_by_content)
{
    cr_expect(bytes_eq(bytes_of(NULL, 0), bytes_str("")));
    cr_expect(bytes_eq(bytes_str(NULL), bytes_of(NULL, 0)));
    cr_expect(bytes_eq_str(bytes_of("abc", 3), "abc"));
    cr_expect(!bytes_eq_str(bytes_of("abc", 3), "abcd"));
    cr_expect(!bytes_eq_str(bytes_of("ab\0", 3), "ab"));
}
