/* What a run comes to, and each of its profiles. */
#include <criterion/criterion.h>
#include <string.h>

#include "conformance/report.h"

TestSuite(conclusion, .timeout = 30);

static void expect(struct run_result *r, enum verdict wanted, const char *text)
{
    struct buf said;
    buf_init(&said, 1000);
    enum verdict v = report_conclusion(r, &said);
    cr_expect_eq(v, wanted, "%s: %s", verdict_name(v), buf_cstr(&said));
    cr_expect_str_eq(buf_cstr(&said), text);
    buf_clear(&said);
}

Test(conclusion, of_a_shut_gate_is_that_nothing_was_tested)
{
    static const struct {
        enum gate_result gate;
        enum verdict verdict;
    } rows[] = {{GATE_UNREACHABLE, VERDICT_ERROR},
                {GATE_REFUSED, VERDICT_FAIL},
                {GATE_CONFIG, VERDICT_ERROR},
                {GATE_INTERRUPTED, VERDICT_INCONCLUSIVE}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct run_result r = {.gate = rows[i].gate, .gate_text = "why"};
        expect(&r, rows[i].verdict, "nothing was tested");
    }
}

Test(conclusion, of_a_profile_is_the_worst_of_what_was_tested)
{
    static const struct {
        size_t n[VERDICT_COUNT_];
        enum verdict worst;
    } rows[] = {
        {{[VERDICT_PASS] = 9, [VERDICT_NOT_APPLICABLE] = 9}, VERDICT_PASS},
        {{[VERDICT_PASS] = 9, [VERDICT_WARN] = 1, [VERDICT_NOT_SUPPORTED] = 1}, VERDICT_WARN},
        {{[VERDICT_WARN] = 9, [VERDICT_INCONCLUSIVE] = 1}, VERDICT_INCONCLUSIVE},
        {{[VERDICT_FAIL] = 1, [VERDICT_ERROR] = 9}, VERDICT_FAIL},
        {{[VERDICT_NOT_APPLICABLE] = 9}, VERDICT_NOT_APPLICABLE},
        {{[VERDICT_NOT_SUPPORTED] = 1, [VERDICT_NOT_APPLICABLE] = 9}, VERDICT_NOT_SUPPORTED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        enum verdict v = report_worst(rows[i].n);
        cr_expect_eq(v, rows[i].worst, "row %zu: %s", i, verdict_name(v));
    }
}
