/* The histogram of latencies, and the knee of a sweep. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "client/lib/load.h"

static struct histogram *fresh(void)
{
    struct histogram *h = calloc(1, sizeof *h);
    cr_assert(h);
    return h;
}

Test(histogram, empty_has_zero_everywhere)
{
    struct histogram *h = fresh();
    cr_assert_eq(histogram_at(h, 0.5), 0);
    cr_assert_eq(histogram_at(h, 1), 0);
    cr_assert_eq(histogram_mean(h), 0);
    free(h);
}

Test(histogram, keeps_every_size_of_value_to_within_one_percent)
{
    for (int64_t v = 1; v < INT64_C(1) << 49; v = v * 3 + 1) {
        struct histogram *h = fresh();
        histogram_add(h, v);
        histogram_add(h, v * 2); /* so that max does not cut the first */
        int64_t at = histogram_at(h, 0.5);
        cr_assert(at >= v && (double)at <= (double)v * 1.01 + 1, "%lld became %lld", (long long)v,
                  (long long)at);
        free(h);
    }
}

Test(histogram, percentiles_of_one_to_a_hundred_thousand)
{
    static const struct {
        double share;
        int64_t at;
    } rows[] = {{0.5, 50000}, {0.9, 90000}, {0.99, 99000}, {0.999, 99900}, {1, 100000}};
    struct histogram *h = fresh();

    for (int64_t i = 100000; i > 0; i--)
        histogram_add(h, i);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t at = histogram_at(h, rows[i].share);
        cr_expect(at >= rows[i].at && (double)at < (double)rows[i].at * 1.01, "%g: %lld",
                  rows[i].share, (long long)at);
    }
    cr_expect_eq(h->min, 1);
    cr_expect_eq(h->max, 100000);
    cr_expect_float_eq(histogram_mean(h), 50000.5, 0.001);
    free(h);
}

Test(histogram, takes_what_is_beyond_its_ends)
{
    struct histogram *h = fresh();
    histogram_add(h, -5);
    histogram_add(h, INT64_MAX);
    cr_assert_eq(h->min, 0);
    cr_assert_eq(histogram_at(h, 0.5), 0);
    cr_assert_eq(histogram_at(h, 1), INT64_MAX);
    free(h);
}

Test(histogram, merged_is_as_if_added_one_by_one)
{
    struct histogram *a = fresh(), *b = fresh(), *both = fresh();

    for (int64_t i = 1; i < 5000; i += 7) {
        histogram_add(i % 2 ? a : b, i * i);
        histogram_add(both, i * i);
    }
    histogram_merge(a, b);
    cr_assert_eq(a->n, both->n);
    cr_assert_eq(a->min, both->min);
    cr_assert_eq(a->max, both->max);
    cr_assert_arr_eq(a->count, both->count, sizeof a->count);
    struct histogram *none = fresh();
    histogram_merge(a, none);
    cr_assert_eq(a->min, both->min);
    free(a), free(b), free(both), free(none);
}

Test(knee, is_the_first_depth_that_comes_near_the_best)
{
    static const struct {
        const char *name;
        double v[6];
        size_t n, knee;
    } rows[] = {
        {"rises and flattens", {10, 19, 35, 50, 52, 53}, 6, 3},
        {"never rises", {50, 50, 50, 50}, 4, 0},
        {"still rising", {1, 2, 4, 8, 16, 32}, 6, 5},
        {"falls again", {10, 40, 30, 20}, 4, 1},
        {"one alone", {7}, 1, 0},
        {"nothing was answered", {0, 0, 0}, 3, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_expect_eq(load_knee(rows[i].v, rows[i].n), rows[i].knee, "%s", rows[i].name);
}
