/* What the outcomes of a selftest come to: which cases kill a deviation, and which do not. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "conformance/selftest.h"

TestSuite(selftest, .timeout = 20);

#define LOCATE "KMIP 1.2 spec, 4.9"

static struct test_case by_row = {.id = "by-row", .clause = "KMIP 1.2 spec, 4.1",
                                  .covers = {{"BL-P-1"}, 1}},
                        by_clause = {.id = "by-clause", .clause = LOCATE},
                        other = {.id = "other", .clause = "KMIP 1.2 spec, 4.25"};

static const char *const rows[] = {"BL-P-1"};
static const struct catalogue_entry must = {.name = "must", .clause = LOCATE,
                                            .level = CATALOGUE_MUST,
                                            .rows = (const char **)rows, .n_rows = 1},
                                    should = {.name = "should", .clause = LOCATE,
                                              .level = CATALOGUE_SHOULD,
                                              .rows = (const char **)rows, .n_rows = 1};

/* A selftest whose honest run came out as `before`, and one entry behind it. */
struct bench {
    struct selftest st;
    struct selftest_entry v[2];
};

static const struct selftest_entry *judged(struct bench *b, enum selftest_kind kind,
                                           const struct catalogue_entry *about,
                                           struct selftest_outcome *before,
                                           struct selftest_outcome *now)
{
    *b = (struct bench){.v = {{.kind = SELFTEST_HONEST, .v = before, .n = before != NULL},
                              {.kind = kind, .about = about, .v = now, .n = now != NULL}}};
    b->st.v = b->v;
    b->st.n = 2;
    if (now)
        b->v[1].counts[now->verdict]++;
    selftest_judge(&b->st, &b->v[1]);
    return &b->v[1];
}

struct row {
    const struct test_case *tc;
    enum verdict verdict, own;
    const struct catalogue_entry *about;
    enum selftest_result result;
};

Test(selftest, a_deviation_is_killed_by_what_a_case_about_it_expects_itself)
{
    static const struct row table[] = {
        {&by_clause, VERDICT_FAIL, VERDICT_FAIL, &must, SELFTEST_GOOD},
        {&by_clause, VERDICT_WARN, VERDICT_WARN, &should, SELFTEST_GOOD},
        {&by_clause, VERDICT_WARN, VERDICT_WARN, &must, SELFTEST_ELSEWHERE},
        /* it stumbled over something else */
        {&by_clause, VERDICT_FAIL, VERDICT_PASS, &must, SELFTEST_ELSEWHERE},
        {&by_clause, VERDICT_FAIL, VERDICT_INCONCLUSIVE, &must, SELFTEST_ELSEWHERE},
        {&by_clause, VERDICT_FAIL, VERDICT_WARN, &must, SELFTEST_ELSEWHERE},
        /* a neighbour */
        {&by_row, VERDICT_FAIL, VERDICT_FAIL, &must, SELFTEST_ELSEWHERE},
        {&other, VERDICT_FAIL, VERDICT_FAIL, &must, SELFTEST_ELSEWHERE},
        {&other, VERDICT_FAIL, VERDICT_FAIL, &should, SELFTEST_ELSEWHERE},
        {&by_clause, VERDICT_INCONCLUSIVE, VERDICT_INCONCLUSIVE, &must, SELFTEST_ELSEWHERE},
        {&by_clause, VERDICT_ERROR, VERDICT_ERROR, &must, SELFTEST_BROKEN},
        {&by_clause, VERDICT_NOT_SUPPORTED, VERDICT_NOT_SUPPORTED, &must, SELFTEST_SURVIVED},
        {NULL, VERDICT_PASS, VERDICT_PASS, &must, SELFTEST_SURVIVED},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const struct row *r = &table[i];
        struct bench b;
        struct selftest_outcome o = {
            .tc = r->tc, .verdict = r->verdict, .own = r->own, .reason = ""};
        const struct selftest_entry *e =
            judged(&b, SELFTEST_DEVIATION, r->about, NULL, r->tc ? &o : NULL);
        cr_expect_eq(e->result, r->result, "row %zu: %s", i, selftest_word(e));
        cr_expect_eq(e->n_kills, e->result == SELFTEST_GOOD, "row %zu", i);
        cr_expect_eq(selftest_killed_by(e), e->n_kills ? TIE_CASE : TIE_NONE, "row %zu", i);
    }
}

Test(selftest, cases_near_a_deviation_come_first)
{
    static const struct test_case both = {.clause = LOCATE ", 3.2", .covers = {{"BL-P-1"}, 1}};
    cr_expect_eq(selftest_near(&both, &must), NEAR_BOTH);
    cr_expect_eq(selftest_near(&by_clause, &must), NEAR_CLAUSE);
    cr_expect_eq(selftest_near(&by_row, &must), NEAR_ROW);
    cr_expect_eq(selftest_near(&other, &must), NEAR_NOT);
}

Test(selftest, what_the_honest_mock_is_told_too_kills_nothing)
{
    struct bench b;
    struct selftest_outcome before = {
        .tc = &by_clause, .verdict = VERDICT_WARN, .own = VERDICT_WARN, .reason = ""};
    struct selftest_outcome now = before;
    cr_expect_eq(judged(&b, SELFTEST_DEVIATION, &should, &before, &now)->result,
                 SELFTEST_SURVIVED);
    now.verdict = VERDICT_FAIL; /* by a rule; the case says what it said before */
    cr_expect_eq(judged(&b, SELFTEST_DEVIATION, &should, &before, &now)->result,
                 SELFTEST_ELSEWHERE);
    now = (struct selftest_outcome){
        .tc = &by_clause, .verdict = VERDICT_FAIL, .own = VERDICT_FAIL, .reason = ""};
    cr_expect_eq(judged(&b, SELFTEST_DEVIATION, &must, &before, &now)->result, SELFTEST_GOOD);
}

Test(selftest, a_broken_rule_kills_in_whatever_case_it_is_noticed)
{
    static const struct {
        const char *clause;
        bool must;
        enum selftest_result result;
    } table[] = {
        {LOCATE, true, SELFTEST_GOOD},
        {"KMIP 1.2 spec, 4", true, SELFTEST_GOOD}, /* a rule for all of that chapter */
        {LOCATE, false, SELFTEST_ELSEWHERE},
        {"KMIP 1.2 spec, 7.2", true, SELFTEST_ELSEWHERE},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct bench b;
        const char *clauses[] = {table[i].clause};
        bool musts[] = {table[i].must};
        struct selftest_outcome o = {.tc = &other, .verdict = VERDICT_FAIL, .reason = "",
                                     .clauses = clauses, .musts = musts, .n_clauses = 1};
        const struct selftest_entry *e = judged(&b, SELFTEST_DEVIATION, &must, NULL, &o);
        cr_expect_eq(e->result, table[i].result, "row %zu: %s", i, selftest_word(e));
        cr_expect_eq(selftest_killed_by(e), e->n_kills ? TIE_RULE : TIE_NONE, "row %zu", i);
    }
}

Test(selftest, the_gate_kills_by_what_its_replies_broke)
{
    static const struct {
        const char *clause;
        enum selftest_tie by;
    } table[] = {{"KMIP 1.2 spec, 4.26; " LOCATE, TIE_GATE}, {"KMIP 1.2 spec, 4.26", TIE_NONE}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct bench b;
        struct test_case gate = {.id = SELFTEST_GATE, .clause = table[i].clause};
        const char *clauses[] = {table[i].clause};
        bool musts[] = {true};
        struct selftest_outcome o = {.tc = &gate, .verdict = VERDICT_FAIL, .reason = "",
                                     .clauses = clauses, .musts = musts, .n_clauses = 1};
        cr_expect_eq(selftest_killed_by(judged(&b, SELFTEST_DEVIATION, &must, NULL, &o)),
                     table[i].by, "row %zu", i);
    }
}

Test(selftest, no_reply_and_what_query_announces_are_rules_not_the_cases_word)
{
    static const struct test_case tc = {.id = "x"};
    struct case_result *c = result_new(&tc, 0);
    const char *clause;
    bool is_must;
    cr_expect_not(selftest_rule(c, 0, &clause, &is_must));
    c->denied = c->unanswered = true;
    c->found.v[0].clause = LOCATE;
    c->found.n = 2; /* the second without a clause: the case's own */
    static const char *const expected[] = {LOCATE, "KMIP 1.2 spec, 4.25", "KMIP 1.2 spec, 7.1"};
    for (size_t i = 0; i < 3; i++) {
        cr_assert(selftest_rule(c, i, &clause, &is_must));
        cr_expect_str_eq(clause, expected[i]);
        cr_expect_eq(is_must, i > 0);
    }
    cr_expect_not(selftest_rule(c, 3, &clause, &is_must));
    arena_clear(&c->arena);
    free(c);
}

Test(selftest, a_run_that_broke_off_is_no_kill_unless_a_case_had_killed_before)
{
    struct bench b;
    struct selftest_outcome o = {
        .tc = &by_clause, .verdict = VERDICT_FAIL, .own = VERDICT_FAIL, .reason = ""};
    judged(&b, SELFTEST_DEVIATION, &must, NULL, NULL);
    b.v[1].broken = "the mock ended by itself";
    b.v[1].n_worse = b.v[1].n_kills = 0;
    selftest_judge(&b.st, &b.v[1]);
    cr_expect_eq(b.v[1].result, SELFTEST_BROKEN);
    judged(&b, SELFTEST_DEVIATION, &must, NULL, &o);
    b.v[1].broken = "the mock ended by itself";
    b.v[1].n_worse = b.v[1].n_kills = 0;
    selftest_judge(&b.st, &b.v[1]);
    cr_expect_eq(b.v[1].result, SELFTEST_GOOD);
}

Test(selftest, a_variation_may_be_warned_of_but_not_fail)
{
    static const struct {
        enum verdict verdict;
        enum selftest_result result;
    } table[] = {
        {VERDICT_WARN, SELFTEST_GOOD},
        {VERDICT_NOT_SUPPORTED, SELFTEST_GOOD},
        {VERDICT_FAIL, SELFTEST_BLAMED},
        {VERDICT_ERROR, SELFTEST_BROKEN},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct bench b;
        struct selftest_outcome o = {.tc = &other, .verdict = table[i].verdict, .reason = ""};
        cr_expect_eq(judged(&b, SELFTEST_VARIATION, &must, NULL, &o)->result, table[i].result,
                     "row %zu", i);
    }
}

Test(selftest, the_mock_as_it_is_may_have_its_known_warnings_only)
{
    static const struct test_case known = {.id = "tls-port-5696", .clause = LOCATE};
    static const struct {
        const struct test_case *tc;
        enum verdict verdict;
        enum selftest_result result;
    } table[] = {
        {&known, VERDICT_WARN, SELFTEST_GOOD},
        {&known, VERDICT_FAIL, SELFTEST_BLAMED},
        {&other, VERDICT_WARN, SELFTEST_BLAMED},
        {&other, VERDICT_INCONCLUSIVE, SELFTEST_BLAMED},
        {&other, VERDICT_NOT_APPLICABLE, SELFTEST_GOOD},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct bench b;
        struct selftest_outcome o = {.tc = table[i].tc, .verdict = table[i].verdict, .reason = ""};
        cr_expect_eq(judged(&b, SELFTEST_HONEST, NULL, NULL, &o)->result, table[i].result,
                     "row %zu", i);
    }
}
