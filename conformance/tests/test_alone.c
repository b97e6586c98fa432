/* Which cases run alone, and which shard they belong to. */
#include "conformance/tests/cases.h"

#include "conformance/alone.h"
#include "conformance/shard.h"
#include "conformance/suite.h"

static struct tmpdir dir;

static void set_up(void)
{
    tmpdir_make(&dir);
}

static void tear_down(void)
{
    tmpdir_remove(&dir);
}

TestSuite(alone, .init = set_up, .fini = tear_down, .timeout = 30);

#define LOCATE(payload) "steps: [{operation: Locate, payload: " payload "}]\n"
#define OBJECT "objects: {key: {}}\n"

Test(alone, cases_that_look_at_everything_run_alone)
{
    static const struct {
        const char *yaml;
        bool alone, in_virtual_time;
    } rows[] = {
        {"steps: [{operation: Query}]\n", false, false},
        {"mock: {clock: 2010-02-11T13:01:59Z, otherwise: x}\nsteps: [{operation: Query}]\n", true,
         true},
        {"mock: {preload: states, otherwise: x}\nsteps: [{operation: Query}]\n", false, false},
        {"steps: [{operation: Locate}]\n", true, true},
        {LOCATE("{Maximum Items: 1}"), true, true},
        {LOCATE("{Attributes: {State: Active}}"), true, true},
        {LOCATE("{Attributes: {Initial Date: $NOW}}"), true, true},
        {LOCATE("{Attributes: {Initial Date: $SERVER_NOW-5}}"), true, true},
        {LOCATE("{Attributes: {Name: $RUN-a}}"), false, false},
        {LOCATE("{Attributes: {State: Active, Object Group: \"${RUN}-g\"}}"), false, false},
        {OBJECT LOCATE("{Attributes: {Unique Identifier: $key}}"), false, false},
        {"steps:\n  - batch:\n      - {operation: Query}\n      - {operation: Locate}\n", true, true},
        {"steps:\n  - message:\n      Request Message:\n        Request Header: {Protocol Version: "
         "1.2, Batch Count: 1}\n        Batch Item: {Operation: Locate, Request Payload: {}}\n",
         true, true},
        {"steps: [{wait: 1s}, {operation: Query}]\n", false, true},
        {"steps: [{operation: Query, repeat: {every: 1s, at_most: 5s}}]\n", false, true},
        {"steps: [{operation: Query, async: true}]\n", false, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct test_case *c = case_of(&dir, rows[i].yaml);
        cr_expect_eq(case_alone(c, false) != NULL, rows[i].alone, "row %zu", i);
        cr_expect_eq(case_alone(c, true) != NULL, rows[i].in_virtual_time, "row %zu", i);
        case_free(&c);
    }
}

Test(alone, a_shard_is_given_as_one_of_several)
{
    static const struct {
        const char *text;
        unsigned index, of; /* of 0: refused */
    } rows[] = {{"1/1", 1, 1},   {"3/4", 3, 4}, {"1000/1000", 1000, 1000}, {"0/4", 0, 0},
                {"5/4", 0, 0},   {"4", 0, 0},   {"/4", 0, 0},              {"1/", 0, 0},
                {"1/1001", 0, 0}, {"a/b", 0, 0}, {"1/2/3", 0, 0},           {"", 0, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct kerr err = KERR_INIT;
        unsigned index = 0, of = 0;
        cr_expect_eq(shard_parse(rows[i].text, &index, &of, &err), rows[i].of > 0, "%s",
                     rows[i].text);
        cr_expect_eq(index, rows[i].index);
        cr_expect_eq(of, rows[i].of);
        cr_expect(rows[i].of > 0 || strstr(err.msg, "such as 1/4"), "%s", err.msg);
    }
}

Test(alone, shards_of_the_suites_are_of_a_size)
{
    static const struct opt_list none = {.n = 0};
    struct suites s = {.n = 0};
    struct kerr err = KERR_INIT;
    cr_assert(suites_find(&s, "conformance/suites", &err) && suites_load(&s, &none, &err), "%s",
              err.msg);
    for (unsigned of = 1; of <= 8; of++) {
        size_t n[9] = {0};
        for (const struct test_case *c = s.first; c; c = c->next) {
            unsigned at = shard_of(c, of);
            cr_assert(at >= 1 && at <= of);
            n[at]++;
        }
        for (unsigned i = 1; i <= of; i++)
            cr_expect(n[i] * of * 10 > s.n * 7 && n[i] * of * 10 < s.n * 13,
                      "%zu of %zu cases in shard %u of %u", n[i], s.n, i, of);
    }
    suites_clear(&s);
}
