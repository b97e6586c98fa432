/* Several runs side by side: which cases differ. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "conformance/compare.h"

#define RUNS 3

static struct test_case cases[] = {{.id = "a", .suite = ""}, {.id = "b", .suite = ""},
                                   {.id = "c", .suite = ""}};
static struct target targets[RUNS];
static struct run_result results[RUNS];
static struct compared_run runs[RUNS];

static void set_up(void)
{
    static const char *const names[RUNS] = {"one", "two", "three"}, *const hosts[RUNS] = {"x", "y", "z"};
    memset(targets, 0, sizeof targets);
    memset(results, 0, sizeof results);
    for (size_t i = 0; i < RUNS; i++) {
        targets[i].opt.settings.host = hosts[i];
        snprintf(targets[i].port, sizeof targets[i].port, "%zu", 5001 + i);
        results[i].target = &targets[i];
        runs[i] = (struct compared_run){names[i], &results[i]};
    }
}

static void tear_down(void)
{
    for (size_t i = 0; i < RUNS; i++)
        result_clear(&results[i]);
}

TestSuite(compare, .init = set_up, .fini = tear_down, .timeout = 20);

static void add(size_t run, size_t tc, enum verdict v, const char *reason)
{
    struct kerr err = KERR_INIT;
    struct case_result *c = result_new(&cases[tc], 0);
    cr_assert(c);
    if (v != VERDICT_PASS)
        result_decide(c, v, SIZE_MAX, "%s", reason);
    cr_assert(result_add(&results[run], c, &err), "%s", err.msg);
}

static struct comparison compared(size_t n)
{
    struct comparison c;
    struct kerr err = KERR_INIT;
    cr_assert(compare_make(&c, runs, n, &err), "%s", err.msg);
    return c;
}

Test(compare, tells_cases_of_different_verdicts)
{
    for (size_t i = 0; i < RUNS; i++) {
        add(i, 0, VERDICT_PASS, "");
        add(i, 1, i == 2 ? VERDICT_FAIL : VERDICT_PASS, "expected AES, got 3DES");
    }
    struct comparison c = compared(RUNS);
    cr_assert_eq(c.n, 2);
    cr_expect_eq(c.differing, 1);
    cr_expect(!c.v[0].differs && c.v[1].differs);
    cr_expect_eq(c.v[1].of[2]->worst->verdict, VERDICT_FAIL);
    compare_clear(&c);
}

Test(compare, tells_failures_for_different_reasons_but_not_of_different_places)
{
    add(0, 0, VERDICT_FAIL, "expected AES, got 3DES");
    add(1, 0, VERDICT_FAIL, "expected AES, got not there");
    add(0, 1, VERDICT_WARN, "x port 5001 does not answer");
    add(1, 1, VERDICT_WARN, "y port 5002 does not answer");
    struct comparison c = compared(2);
    cr_assert_eq(c.n, 2);
    cr_expect(c.v[0].differs);
    cr_expect(!c.v[1].differs);
    compare_clear(&c);
}

Test(compare, has_cases_of_every_run_and_says_nothing_of_those_that_one_lacks)
{
    add(0, 0, VERDICT_PASS, "");
    add(1, 2, VERDICT_FAIL, "expected AES, got 3DES");
    add(2, 0, VERDICT_PASS, "");
    add(2, 2, VERDICT_FAIL, "expected AES, got 3DES");
    struct comparison c = compared(RUNS);
    cr_assert_eq(c.n, 2);
    cr_expect_eq(c.differing, 0);
    cr_expect_str_eq(c.v[0].tc->id, "a");
    cr_expect_str_eq(c.v[1].tc->id, "c");
    cr_expect(!c.v[0].of[1] && c.v[0].of[2] && !c.v[1].of[0]);
    compare_clear(&c);
}
