/* The arena: alignment, bound, copies, reuse, failing memory. */
#include <criterion/criterion.h>
#include <stdalign.h>

#include "kmip/base/arena.h"
#include "kmip/tests/support/fail_alloc.h"

Test(arena, gives_zeroed_aligned_memory_that_stays_put)
{
    struct arena a;
    arena_init(&a, 64u << 20);
    uint8_t *p[2000];
    for (size_t i = 0; i < 2000; i++) {
        size_t n = i % 97;
        p[i] = arena_alloc(&a, n);
        cr_assert_not_null(p[i]);
        cr_assert_eq((uintptr_t)p[i] % alignof(max_align_t), 0);
        for (size_t k = 0; k < n; k++)
            cr_assert_eq(p[i][k], 0);
        memset(p[i], (int)(i & 0xFF), n);
    }
    for (size_t i = 0; i < 2000; i++)
        for (size_t k = 0; k < i % 97; k++)
            cr_assert_eq(p[i][k], (uint8_t)i, "object %zu was overwritten", i);
    arena_clear(&a);
}

Test(arena, objects_of_no_bytes_are_distinct)
{
    struct arena a;
    arena_init(&a, 1000);
    void *p = arena_alloc(&a, 0), *q = arena_alloc(&a, 0);
    cr_expect(p && q && p != q);
    arena_clear(&a);
}

Test(arena, stops_at_its_bound)
{
    struct arena a;
    arena_init(&a, 1000);
    cr_expect_null(arena_alloc(&a, 1001));
    cr_expect_not_null(arena_alloc(&a, 500));
    cr_expect_null(arena_alloc(&a, 500), "rounding to the alignment counts");
    cr_expect_not_null(arena_alloc(&a, 400));
    arena_clear(&a);
    cr_expect_not_null(arena_alloc(&a, 900), "cleared, it starts anew");
    arena_clear(&a);
}

Test(arena, refuses_sizes_that_overflow)
{
    struct arena a;
    arena_init(&a, SIZE_MAX);
    cr_expect_null(arena_alloc(&a, SIZE_MAX));
    cr_expect_null(arena_alloc(&a, SIZE_MAX - 15));
    cr_expect_null(arena_array(&a, SIZE_MAX / 2, 3));
    cr_expect_null(arena_array(&a, (size_t)1 << 33, (size_t)1 << 33));
    cr_expect_not_null(arena_array(&a, 0, 8));
    cr_expect_not_null(arena_array(&a, 8, 0));
    arena_clear(&a);
}

Test(arena, serves_objects_larger_than_a_block)
{
    struct arena a;
    arena_init(&a, 8u << 20);
    cr_assert_not_null(arena_alloc(&a, 10));
    uint8_t *p = arena_alloc(&a, 1u << 20);
    cr_assert_not_null(p);
    memset(p, 1, 1u << 20);
    cr_assert_not_null(arena_alloc(&a, 10));
    arena_clear(&a);
}

Test(arena, copies_end_in_nul)
{
    struct arena a;
    arena_init(&a, 1u << 20);
    const char *p = arena_copy(&a, bytes_of("ab\0cd", 5));
    cr_assert_not_null(p);
    cr_expect_eq(memcmp(p, "ab\0cd\0", 6), 0);
    cr_expect_str_eq(arena_copy(&a, bytes_of(NULL, 0)), "");
    cr_expect_str_eq(arena_str(&a, "text"), "text");
    cr_expect_str_eq(arena_str(&a, NULL), "");
    cr_expect_str_eq(arena_printf(&a, "%s-%d", "n", 7), "n-7");
    cr_expect_null(arena_copy(&a, bytes_of("x", SIZE_MAX)));
    arena_clear(&a);
}

Test(arena, is_safe_zeroed_and_cleared_twice)
{
    struct arena a = {0};
    cr_expect_null(arena_alloc(&a, 1));
    arena_clear(&a);
    arena_init(&a, 100);
    cr_expect_not_null(arena_alloc(&a, 1));
    arena_clear(&a);
    arena_clear(&a);
    cr_expect_eq(a.used, 0);
}

Test(arena, answers_null_when_memory_runs_out_and_goes_on_afterwards)
{
    struct arena a;
    arena_init(&a, 1u << 20);
    fail_alloc_from(1);
    void *p = arena_alloc(&a, 100);
    char *s = arena_printf(&a, "%d", 1);
    fail_alloc_off();
    cr_expect_null(p);
    cr_expect_null(s);
    cr_expect_eq(a.used, 0, "what failed is not counted");
    cr_expect_not_null(arena_alloc(&a, 100));
    arena_clear(&a);
}
