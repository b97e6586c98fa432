/* Deadlines: what a wait is told of the time that is left. */
#include <criterion/criterion.h>
#include <limits.h>

#include "kmip/base/clock.h"

Test(clock, times_are_added_within_what_can_be_counted)
{
    static const struct {
        int64_t at, by, sum;
    } rows[] = {
        {5, 7, 12},
        {5, -7, -2},
        {INT64_MAX, 0, INT64_MAX},
        {INT64_MAX - 1, 2, INT64_MAX},
        {2, INT64_MAX - 1, INT64_MAX},
        {DEADLINE_NEVER, DEADLINE_NEVER, DEADLINE_NEVER},
        {INT64_MIN, -1, INT64_MIN},
        {INT64_MIN, INT64_MAX, -1},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_expect_eq(clock_add(rows[i].at, rows[i].by), rows[i].sum, "row %zu", i);
}

Test(clock, a_deadline_lies_that_far_ahead)
{
    int64_t before = clock_mono_ns();
    int64_t ns = deadline_in(5 * NS_PER_S), ms = deadline_in_ms(5000);

    cr_expect(ns >= before + 5 * NS_PER_S && ns < before + 6 * NS_PER_S);
    cr_expect(ms >= before + 5 * NS_PER_S && ms < before + 6 * NS_PER_S);
    cr_expect(deadline_poll_ms(ns) > 4000 && deadline_poll_ms(ns) <= 5000);
    cr_expect_eq(deadline_poll_ms(before - 1), 0);
}

Test(clock, what_the_clock_cannot_count_is_never)
{
    static const int64_t rows[] = {-1, INT64_MIN, INT64_MAX, INT64_C(9223372036) * NS_PER_S};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cr_expect_eq(deadline_in(rows[i]), DEADLINE_NEVER, "row %zu", i);
        cr_expect_eq(deadline_in_ms(rows[i]), DEADLINE_NEVER, "row %zu", i);
    }
    cr_expect_eq(deadline_in_ms(INT64_MIN / NS_PER_MS - 1), DEADLINE_NEVER);
    cr_expect_eq(deadline_poll_ms(DEADLINE_NEVER), -1);
    cr_expect_eq(deadline_poll_ms(deadline_in(INT64_MAX / 2)), INT_MAX);
}
