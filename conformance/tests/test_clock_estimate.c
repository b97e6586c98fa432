/* The offset of a clock that shows whole seconds only. The other clock is simulated, so
 * that the true offset is known. */
#include <criterion/criterion.h>
#include <string.h>

#include "conformance/clock_estimate.h"
#include "kmip/base/clock.h"

#define T0 (INT64_C(1700000000) * NS_PER_S + 123456789)

TestSuite(clock_estimate, .timeout = 20);

/* A server whose clock is off by offset_ns at T0 and gains `ppm` from then on. It stamps
 * a request half way through its round trip. */
struct other {
    int64_t offset_ns;
    double ppm;
    int64_t round_trip_ns;
};

static int64_t floor_s(int64_t ns)
{
    int64_t s = ns / NS_PER_S;
    return ns % NS_PER_S < 0 ? s - 1 : s;
}

static struct clock_sample ask(const struct other *o, int64_t at_ns)
{
    int64_t mid = at_ns + o->round_trip_ns / 2;
    int64_t theirs = mid + o->offset_ns + (int64_t)((double)(mid - T0) * o->ppm / 1e6);
    return (struct clock_sample){at_ns, at_ns + o->round_trip_ns, floor_s(theirs)};
}

/* Asks as the probe does; the number of samples it took, 0 when they contradict. */
static size_t settle(const struct other *o, int64_t from_ns, struct clock_estimate *e)
{
    int64_t now = from_ns;
    clock_estimate_init(e);
    for (size_t n = 1; n < 400; n++) {
        struct clock_sample s = ask(o, now);
        if (!clock_estimate_add(e, &s))
            return 0;
        if (clock_settled(e, NS_PER_MS))
            return n;
        now = clock_next_ns(e, s.arrived_ns);
        cr_assert_geq(now, s.arrived_ns);
    }
    cr_assert_fail("it does not settle");
    return 0;
}

Test(clock_estimate, finds_any_offset_within_its_uncertainty)
{
    static const int64_t offsets[] = {0,          1,           -1,           40 * NS_PER_MS,
                                      -700000001, 90 * NS_PER_S, -90 * NS_PER_S, 999999999,
                                      -86400 * 400 * NS_PER_S, 3600 * NS_PER_S + 123};
    static const int64_t trips[] = {100000, 2 * NS_PER_MS, 150 * NS_PER_MS};
    for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++)
        for (size_t k = 0; k < sizeof trips / sizeof *trips; k++) {
            struct other o = {offsets[i], 0, trips[k]};
            struct clock_estimate e;
            size_t n = settle(&o, T0, &e);
            int64_t miss = clock_offset_ns(&e) - offsets[i];
            cr_expect(n > 1 && n < 200, "%zu samples for %lld", n, (long long)offsets[i]);
            cr_expect_leq(miss < 0 ? -miss : miss, clock_uncertain_ns(&e));
            cr_expect_leq(clock_uncertain_ns(&e), trips[k] > NS_PER_MS ? trips[k] : NS_PER_MS);
        }
}

Test(clock_estimate, one_sample_leaves_a_second_open)
{
    struct other o = {-90 * NS_PER_S, 0, 2 * NS_PER_MS};
    struct clock_estimate e;
    struct clock_sample s = ask(&o, T0);
    clock_estimate_init(&e);
    cr_assert(clock_estimate_add(&e, &s));
    cr_expect_eq(e.hi_ns - e.lo_ns, NS_PER_S + 2 * NS_PER_MS);
    cr_expect(e.lo_ns <= o.offset_ns && o.offset_ns <= e.hi_ns);
    cr_expect(!clock_settled(&e, NS_PER_S)); /* no tick was seen yet */
}

Test(clock_estimate, says_behind_and_ahead_only_when_sure)
{
    static const struct {
        int64_t offset_ns;
        bool behind, ahead;
        const char *words;
    } rows[] = {
        {-90 * NS_PER_S, true, false, "is 90.000 s behind ours"},
        {90 * NS_PER_S, false, true, "is 90.000 s ahead of ours"},
        {0, false, false, "agrees with ours"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct other o = {rows[i].offset_ns, 0, 200000};
        struct clock_estimate e;
        char words[120];
        settle(&o, T0, &e);
        cr_expect_eq(clock_behind(&e), rows[i].behind);
        cr_expect_eq(clock_ahead(&e), rows[i].ahead);
        clock_words(&e, words, sizeof words);
        cr_expect(strncmp(words, rows[i].words, strlen(rows[i].words)) == 0, "%s", words);
    }
    struct clock_estimate none;
    char words[120];
    clock_estimate_init(&none);
    cr_expect_str_eq(clock_words(&none, words, sizeof words), "is not known");
    cr_expect(!clock_behind(&none) && !clock_ahead(&none));
}

Test(clock_estimate, a_contradiction_changes_nothing)
{
    struct other o = {0, 0, NS_PER_MS};
    struct clock_estimate e, before;
    settle(&o, T0, &e);
    before = e;
    struct clock_sample jump = ask(&(struct other){3600 * NS_PER_S, 0, NS_PER_MS}, T0 + NS_PER_S);
    struct clock_sample absurd = {T0, T0 + 1, -5};
    struct clock_sample far = {T0, T0 + 1, INT64_MAX};
    cr_expect(!clock_estimate_add(&e, &jump));
    cr_expect(!clock_estimate_add(&e, &absurd));
    cr_expect(!clock_estimate_add(&e, &far));
    cr_expect_eq(memcmp(&e, &before, sizeof e), 0);
}

Test(clock_estimate, tells_drift_with_what_it_may_be_off)
{
    static const double rates[] = {0, 300, -2000};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        struct other o = {5 * NS_PER_S, rates[i], 200000};
        struct clock_estimate a, b;
        double ppm, uncertain;
        settle(&o, T0, &a);
        settle(&o, T0 + 30 * NS_PER_S, &b);
        cr_assert(clock_drift(&a, &b, &ppm, &uncertain));
        cr_expect_lt(ppm - rates[i] < 0 ? rates[i] - ppm : ppm - rates[i], uncertain + 1, "%f: %f",
                     rates[i], ppm);
        cr_expect(!clock_drift(&b, &a, &ppm, &uncertain));
    }
}

Test(clock_estimate, names_the_trouble)
{
    struct other right = {0, 0, NS_PER_MS}, late = {-10 * NS_PER_S, 0, NS_PER_MS},
                 early = {10 * NS_PER_S, 0, NS_PER_MS};
    struct clock_sample v[40];
    for (size_t i = 0; i < 40; i++)
        v[i] = ask(&right, T0 + (int64_t)i * 100 * NS_PER_MS);
    cr_expect_eq(clock_trouble(v, 40), CLOCK_EVEN);
    for (size_t i = 0; i < 40; i++)
        v[i].stamp_s = v[0].stamp_s;
    cr_expect_eq(clock_trouble(v, 40), CLOCK_FROZEN);
    for (size_t i = 0; i < 40; i++)
        v[i] = ask(i < 20 ? &right : &late, T0 + (int64_t)i * 100 * NS_PER_MS);
    cr_expect_eq(clock_trouble(v, 40), CLOCK_BACK);
    for (size_t i = 0; i < 40; i++)
        v[i] = ask(i < 20 ? &right : &early, T0 + (int64_t)i * 100 * NS_PER_MS);
    cr_expect_eq(clock_trouble(v, 40), CLOCK_UNEVEN);
}
