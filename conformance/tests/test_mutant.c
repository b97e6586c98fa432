/* Mutants of replies: what is made of a reply, and what is counted. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "conformance/mutant.h"
#include "conformance/tests/cases.h"
#include "kmip/base/file.h"
#include "kmip/tests/support/fixture.h"

#define HEADER                                                                           \
    "Response Message:\n"                                                               \
    "  Response Header: {Protocol Version: 1.2, Time Stamp: 1371853139, Batch Count: 1}\n" \
    "  Batch Item:\n"

static const char created[] =
    HEADER "    {Operation: Create, Result Status: Success, Response Payload: {Object Type: "
           "Symmetric Key, Unique Identifier: u-1}}\n";
static const char attributes[] =
    HEADER "    {Operation: Get Attributes, Result Status: Success, Response Payload: {Unique "
           "Identifier: u-1, Attributes: {State: Pre-Active, x-a: true}}}\n";

static struct tmpdir dir;

static void set_up(void)
{
    tmpdir_make(&dir);
}

static void tear_down(void)
{
    tmpdir_remove(&dir);
}

TestSuite(mutant, .init = set_up, .fini = tear_down, .timeout = 30);

static void message_of(const char *yaml, struct buf *out)
{
    struct kerr err = KERR_INIT;
    buf_init(out, BUF_NO_LIMIT);
    cr_assert(fixture_yaml(yaml, NULL, out, &err), "%s", err.msg);
}

/* ---- making them ------------------------------------------------------------- */

struct seen {
    struct bytes honest;
    size_t n[MUTANT_KINDS], same, unreadable;
    const char *look_for; /* "kind operation field how" */
    size_t found;
};

static bool see(void *arg, const struct mutant *m)
{
    struct seen *s = arg;
    char text[400];
    s->n[m->kind]++;
    s->same += bytes_eq(m->reply, s->honest);
    s->unreadable += !ttlv_check(m->reply, NULL, NULL, NULL, NULL, NULL);
    snprintf(text, sizeof text, "%s|%s|%s|%s", mutant_kind_names[m->kind], m->operation, m->field,
             m->how);
    s->found += s->look_for && strcmp(text, s->look_for) == 0;
    return true;
}

static struct seen mutants_of(const char *yaml, const char *look_for)
{
    struct seen s = {.look_for = look_for};
    struct buf reply;
    message_of(yaml, &reply);
    s.honest = buf_bytes(&reply);
    cr_assert(mutant_each(s.honest, see, &s));
    buf_clear(&reply);
    return s;
}

Test(mutant, are_another_message_each_that_can_be_read)
{
    struct seen s = mutants_of(attributes, NULL);
    cr_expect_eq(s.same, 0);
    cr_expect_eq(s.unreadable, 0);
}

/* Of 12 below the message: header, version, its two numbers, time, count; item, operation,
 * status, payload, type, identifier. */
Test(mutant, are_made_of_every_item)
{
    struct seen s = mutants_of(created, NULL);
    cr_expect_eq(s.n[MUTANT_REMOVED], 12);
    cr_expect_eq(s.n[MUTANT_DUPLICATED], 12);
    cr_expect_eq(s.n[MUTANT_SWAPPED], 7);
    cr_expect_eq(s.n[MUTANT_RETYPED], 13 * 9);
}

Test(mutant, are_named_by_operation_and_field)
{
    static const char *const names[] = {
        "removed|Create|Response Payload/Unique Identifier|",
        "duplicated|message|Response Header/Time Stamp|",
        "swapped|Create|Operation|with Result Status",
        "retyped|message|Response Message|as Integer",
        "changed|Create|Response Payload/Object Type|the next value",
        "changed|message|Response Header/Batch Count|one more",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        cr_expect_eq(mutants_of(created, names[i]).found, 1, "%s", names[i]);
    static const char *const attribute_names[] = {
        "changed|Get Attributes|Response Payload/Attribute State/Attribute Value|the next value",
        "changed|Get Attributes|Response Payload/Attribute of its own/Attribute Value|the other",
        "swapped|Get Attributes|Response Payload/Attribute State|with its like",
    };
    for (size_t i = 0; i < sizeof attribute_names / sizeof *attribute_names; i++)
        cr_expect_eq(mutants_of(attributes, attribute_names[i]).found, 1, "%s",
                     attribute_names[i]);
}

/* ---- judging them --------------------------------------------------------------- */

/* The fates of all mutants of one kind at a field. */
static size_t fates_of(const struct mutant_tally *t, enum mutant_kind kind, const char *field,
                       enum mutant_fate fate)
{
    size_t n = 0;
    for (size_t i = 0; i < t->n; i++)
        if (t->v[i].kind == kind && strcmp(t->v[i].field, field) == 0)
            n += t->v[i].n[fate];
    return n;
}

/* A case of one step, its request as it is built, and this reply to it. */
static bool judge_case(const char *steps, const char *reply_yaml, enum verdict verdict,
                       struct mutant_tally *tally, struct kerr *err)
{
    struct test_case *tc = case_of(&dir, steps);
    struct case_result *recorded = result_new(tc, 0);
    struct buf request, reply;
    struct bench b;
    bench_open(&b, tc);
    buf_init(&request, BUF_NO_LIMIT);
    cr_assert(step_build(&b.rn, &tc->steps[0], &request), "%s", b.rn.err.msg);
    message_of(reply_yaml, &reply);
    const struct exchange e = {.client = "main", .note = "", .request = buf_bytes(&request),
                               .reply = buf_bytes(&reply)};
    cr_assert(result_keep(recorded, &e));
    recorded->verdict = verdict;
    const struct mutant_lot lot = {
        .recorded = recorded, .target = &b.target, .run_prefix = "kmipconf-1", .every = 1};
    mutant_tally_init(tally);
    bool ok = mutant_judge(&lot, tally, err);
    buf_clear(&request);
    buf_clear(&reply);
    result_free(&recorded);
    bench_close(&b);
    case_free(&tc);
    return ok;
}

#define GET_STATE                                                                       \
    "steps:\n  - {operation: Get Attributes, payload: {Unique Identifier: u-1}, expect: " \
    "{payload: {Attributes: {State: Pre-Active}}}}\n"

Test(mutant, is_noticed_by_the_rules_by_the_case_or_not_at_all)
{
    static const char state[] = "Response Payload/Attribute State/Attribute Value";
    static const char custom[] = "Response Payload/Attribute of its own/Attribute Value";
    struct mutant_tally t;
    struct kerr err = KERR_INIT;
    cr_assert(judge_case(GET_STATE, attributes, VERDICT_PASS, &t, &err), "%s", err.msg);
    cr_expect_eq(fates_of(&t, MUTANT_REMOVED, "Result Status", MUTANT_BY_RULES), 1);
    cr_expect_eq(fates_of(&t, MUTANT_RETYPED, state, MUTANT_BY_RULES), 9);
    cr_expect_eq(fates_of(&t, MUTANT_CHANGED, state, MUTANT_UNNOTICED), 0);
    cr_expect_gt(fates_of(&t, MUTANT_CHANGED, state, MUTANT_BY_CASE), 0);
    cr_expect_eq(fates_of(&t, MUTANT_CHANGED, custom, MUTANT_UNNOTICED), 1);
    mutant_tally_clear(&t);
}

/* A recording that does not judge as it did proves nothing. */
Test(mutant, is_not_judged_of_a_case_that_comes_out_otherwise)
{
    struct mutant_tally t;
    struct kerr err = KERR_INIT;
    cr_expect_not(judge_case(GET_STATE, attributes, VERDICT_WARN, &t, &err));
    cr_expect_eq(err.code, KE_INTERNAL);
    cr_expect(strstr(err.msg, "WARN then, PASS now"), "%s", err.msg);
    mutant_tally_clear(&t);
    err = (struct kerr)KERR_INIT;
    cr_expect_not(judge_case(GET_STATE, attributes, VERDICT_FAIL, &t, &err));
    cr_expect_eq(err.code, KE_INTERNAL);
    mutant_tally_clear(&t);
}

/* ---- counting them ------------------------------------------------------------ */

static struct mutant_class *count(struct mutant_tally *t, enum mutant_kind kind,
                                  const char *field, enum mutant_fate fate)
{
    const struct mutant m = {.kind = kind, .operation = "Get", .field = field, .how = ""};
    struct mutant_class *c = mutant_class_of(t, &m);
    cr_assert_not_null(c);
    c->n[fate]++;
    return c;
}

Test(mutant, of_one_kind_are_counted_together)
{
    struct mutant_tally a, b;
    mutant_tally_init(&a);
    mutant_tally_init(&b);
    for (int i = 0; i < 3000; i++) {
        char field[20];
        snprintf(field, sizeof field, "%d", i);
        count(&a, MUTANT_CHANGED, field, MUTANT_BY_CASE);
        count(&b, MUTANT_CHANGED, field, MUTANT_UNNOTICED);
        count(&b, MUTANT_REMOVED, field, MUTANT_BY_RULES);
    }
    cr_assert(mutant_tally_add(&a, &b));
    mutant_tally_sort(&a);
    cr_expect_eq(a.n, 6000);
    for (size_t i = 0; i < a.n; i++)
        cr_expect_eq(mutant_class_size(&a.v[i]), a.v[i].kind == MUTANT_CHANGED ? 2 : 1);
    mutant_tally_clear(&a);
    mutant_tally_clear(&b);
}

/* A wrong value is another case's business; a wrong form is everybody's. */
Test(mutant, survives_unless_another_case_is_there_for_its_value)
{
    struct mutant_tally t;
    mutant_tally_init(&t);
    struct mutant_class *c = count(&t, MUTANT_CHANGED, "State", MUTANT_UNNOTICED);
    cr_expect(mutant_survived(c));
    c->n[MUTANT_BY_CASE]++;
    cr_expect_eq(mutant_excuse(c), MUTANT_ELSEWHERE);
    cr_expect_not(mutant_survived(c));
    c = count(&t, MUTANT_DUPLICATED, "State", MUTANT_UNNOTICED);
    c->n[MUTANT_BY_RULES]++;
    cr_expect(mutant_survived(c));
    c = count(&t, MUTANT_CHANGED, "Name", MUTANT_GIVEN_UP);
    cr_expect(mutant_survived(c));
    mutant_tally_clear(&t);
}

/* ---- reasons ------------------------------------------------------------------- */

static bool load(struct mutant_reasons *r, const char *yaml, struct kerr *err)
{
    char path[4200];
    struct kerr none = KERR_INIT;
    snprintf(path, sizeof path, "%s/mutants.yaml", dir.path);
    cr_assert(file_write(path, bytes_str(yaml), 0600, &none), "%s", none.msg);
    setenv("KMIP_CATALOGUES", dir.path, 1);
    return mutant_reasons_load(r, err);
}

Test(mutant, is_excused_by_the_first_reason_that_fits)
{
    static const char yaml[] = "- {why: a, clause: b, mutation: [removed, changed], field: 'S*'}\n"
                               "- {why: c, clause: d, mutation: changed, field: [Name, Stat?],\n"
                               "   operation: Get}\n";
    struct mutant_reasons r;
    struct mutant_tally t;
    struct kerr err = KERR_INIT;
    cr_assert(load(&r, yaml, &err), "%s", err.msg);
    mutant_tally_init(&t);
    count(&t, MUTANT_CHANGED, "State", MUTANT_UNNOTICED);
    count(&t, MUTANT_CHANGED, "Name", MUTANT_UNNOTICED);
    count(&t, MUTANT_REMOVED, "Name", MUTANT_UNNOTICED);
    count(&t, MUTANT_CHANGED, "Size", MUTANT_BY_CASE);
    mutant_reasons_apply(&r, &t);
    cr_expect_eq(t.v[0].reason, &r.v[0]);
    cr_expect_eq(t.v[1].reason, &r.v[1]);
    cr_expect_null(t.v[2].reason);
    cr_expect_null(t.v[3].reason, "noticed: it needs none");
    cr_expect(r.v[0].used == 1 && r.v[1].used == 1);
    mutant_tally_clear(&t);
    mutant_reasons_clear(&r);
}

Test(mutant, refuses_reasons_that_say_nothing)
{
    static const char *const wrong[] = {
        "- {why: a, mutation: removed, field: b}\n",                    /* no clause */
        "- {why: a, clause: c, mutation: remove, field: b}\n",          /* no mutation */
        "- {why: a, clause: c, mutation: removed, field: b, if: d}\n",  /* unknown key */
        "why: a\n",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct mutant_reasons r;
        struct kerr err = KERR_INIT;
        cr_expect_not(load(&r, wrong[i], &err), "%s", wrong[i]);
        cr_expect_neq(err.code, KE_OK);
        mutant_reasons_clear(&r);
    }
}
