/* Known deviations: the file and its errors, what is known of a run, writing it. */
#include "conformance/tests/cases.h"

#include "conformance/baseline.h"
#include "conformance/reason.h"
#include "kmip/base/clock.h"
#include "kmip/base/file.h"

#define NOW 1800000000 /* 2027-01-15 */
#define CASES 3

static struct tmpdir dir;
static struct test_case *tc[CASES];
static struct target target;
static struct run_result run;
static struct baseline baseline;

static const char *const ids[CASES] = {"a", "b", "c"};

static void set_up(void)
{
    struct target_options o = {.object = NULL};
    struct kerr err = KERR_INIT;
    tmpdir_make(&dir);
    for (size_t i = 0; i < CASES; i++) {
        char text[400], name[20];
        snprintf(text, sizeof text,
                 "id: %s\ntitle: T\nclause: KMIP 1.2 spec, 4.%zu\nlevel: MUST\nsteps: [{operation: "
                 "Get}]\n",
                 ids[i], i / 2);
        snprintf(name, sizeof name, "%s.yaml", ids[i]);
        tc[i] = case_load(tmpdir_write(&dir, name, text), "", &err);
        cr_assert(tc[i], "%s", err.msg);
        tc[i]->next = NULL;
        if (i > 0)
            tc[i - 1]->next = tc[i];
    }
    kc_settings_init(&o.settings);
    o.settings.host = "kms.example";
    target_init(&target, &o);
    target.vendor = "Acme: \"KMS\"";
    run = (struct run_result){.target = &target, .repeat = 1, .gate_text = "",
                              .started_wall_ns = NOW * NS_PER_S};
}

static void tear_down(void)
{
    result_clear(&run);
    baseline_clear(&baseline);
    target_clear(&target);
    for (size_t i = 0; i < CASES; i++) {
        tc[i]->next = NULL;
        case_free(&tc[i]);
    }
    tmpdir_remove(&dir);
}

TestSuite(baseline, .init = set_up, .fini = tear_down, .timeout = 30);

static void add(size_t i, unsigned round, enum verdict v, const char *reason)
{
    struct kerr err = KERR_INIT;
    struct case_result *c = result_new(tc[i], round);
    cr_assert(c);
    if (v != VERDICT_PASS)
        result_decide(c, v, 0, "%s", reason);
    cr_assert(result_add(&run, c, &err));
}

static void know(const char *yaml)
{
    struct kerr err = KERR_INIT;
    cr_assert(baseline_parse(&baseline, "known.yaml", bytes_str(yaml), NOW, &err), "%s", err.msg);
    run.baseline = &baseline;
    result_know(&run);
    baseline_settle(&baseline, &run, tc[0]);
}

/* ---- the file --------------------------------------------------------------- */

Test(baseline, an_entry_has_one_cause_and_many_cases)
{
    know("# what we live with\n"
         "- cause: no Fresh\n  clause: KMIP 1.2 spec, 3.34\n  note: >-\n    two\n    lines\n"
         "  expires: 2027-01-15\n  verdict: WARN\n  reason: not there\n"
         "  cases:\n    - a\n    - b: 'other: words'\n"
         "- {verdict: FAIL, reason: x, cases: a}\n");
    cr_assert_eq(baseline.n, 3);
    cr_expect_str_eq(baseline.v[0].id, "a");
    cr_expect_str_eq(baseline.v[0].reason, "not there");
    cr_expect_str_eq(baseline.v[1].reason, "other: words");
    cr_expect_str_eq(baseline.v[1].note, "two lines");
    cr_expect_str_eq(baseline.v[1].cause, "no Fresh");
    cr_expect_eq(baseline.v[1].line, 12);
    cr_expect(!baseline.v[0].expired, "its last day is not over");
    cr_expect_eq(baseline.v[2].verdict, VERDICT_FAIL);
    cr_expect_str_eq(baseline.v[2].expires, "");
}

Test(baseline, errors_name_the_place)
{
    static const struct {
        const char *yaml, *says;
    } rows[] = {
        {"a: b\n", "f:1:1: a baseline is a list of entries"},
        {"- x\n", "f:1:3: expected an entry"},
        {"- {verdict: FAIL, reason: x}\n", "f:1:3: key 'cases' is missing"},
        {"- {reason: x, cases: a}\n", "f:1:3: key 'verdict' is missing"},
        {"- {verdict: PASS, reason: x, cases: a}\n",
         "'PASS' is not a value of verdict; one of: FAIL, WARN, INCONCLUSIVE"},
        {"- {verdict: ERROR, reason: x, cases: a}\n", "'ERROR' is not a value of verdict"},
        {"- verdict: FAIL\n  reson: x\n  cases: a\n", "did you mean 'reason'"},
        {"- {verdict: FAIL, cases: a}\n", "f:1:26: a needs a piece of its reason"},
        {"- {verdict: FAIL, reason: '', cases: a}\n", "a needs a piece of its reason"},
        {"- verdict: FAIL\n  reason: x\n  cases:\n    - a: ''\n",
         "f:4:10: a needs a piece of its reason"},
        {"- {verdict: FAIL, reason: x, cases: []}\n", "without cases says nothing"},
        {"- {verdict: FAIL, reason: x, cases: [[a]]}\n", "expected the id of a case"},
        {"- {verdict: FAIL, reason: x, cases: [{a: x, b: y}]}\n", "expected the id of a case"},
        {"- {verdict: FAIL, reason: x, cases: ['']}\n", "found nothing"},
        {"- verdict: FAIL\n  reason: x\n  cases: [a, b]\n- verdict: FAIL\n  reason: y\n  cases:\n"
         "    - b\n",
         "f:7:7: b with FAIL stands in line 3 already"},
        {"- {verdict: FAIL, reason: x, cases: a, expires: 2027-02-30}\n",
         "expected a day such as 2027-03-31, found '2027-02-30'"},
        {"- {verdict: FAIL, reason: x, cases: a, expires: 2027-02-03T10:00:00Z}\n",
         "expected a day"},
        {"- {verdict: FAIL\n", "f:2:1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct baseline b;
        struct kerr err = KERR_INIT;
        cr_expect(!baseline_parse(&b, "f", bytes_str(rows[i].yaml), NOW, &err), "row %zu", i);
        cr_expect(strstr(err.msg, rows[i].says), "row %zu: %s", i, err.msg);
        baseline_clear(&b);
    }
}

Test(baseline, an_empty_file_knows_nothing)
{
    static const char *const rows[] = {"", "# only words\n", "[]\n", "---\n"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct baseline b;
        struct kerr err = KERR_INIT;
        cr_expect(baseline_parse(&b, "f", bytes_str(rows[i]), NOW, &err), "%s", err.msg);
        cr_expect_eq(b.n, 0);
        baseline_clear(&b);
    }
}

/* ---- a run ------------------------------------------------------------------ */

Test(baseline, only_the_verdict_and_reason_that_are_known_do_not_count)
{
    static const struct {
        enum verdict v;
        const char *reason, *yaml;
        int code;
    } rows[] = {
        {VERDICT_FAIL, "got nothing", "[{verdict: FAIL, reason: got nothing, cases: a}]", 0},
        {VERDICT_FAIL, "expected 1, got nothing at all",
         "[{verdict: FAIL, reason: got nothing, cases: a}]", 0},
        {VERDICT_FAIL, "got all", "[{verdict: FAIL, reason: got nothing, cases: a}]", 1},
        {VERDICT_FAIL, "got nothing", "[{verdict: WARN, reason: got nothing, cases: a}]", 1},
        {VERDICT_FAIL, "got nothing", "[{verdict: FAIL, reason: got nothing, cases: c}]", 1},
        {VERDICT_FAIL, "x",
         "[{verdict: FAIL, reason: x, cases: a, expires: 2027-01-14}]", 1},
        {VERDICT_FAIL, "x",
         "[{verdict: FAIL, reason: x, cases: a, expires: 2027-01-16}]", 0},
        {VERDICT_INCONCLUSIVE, "x", "[{verdict: INCONCLUSIVE, reason: x, cases: a}]", 0},
        {VERDICT_INCONCLUSIVE, "x", "[{verdict: FAIL, reason: x, cases: a}]", 4},
        {VERDICT_ERROR, "x", "[{verdict: FAIL, reason: x, cases: a}]", 5},
        {VERDICT_WARN, "x", "[]", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        add(0, 0, rows[i].v, rows[i].reason);
        add(1, 0, VERDICT_PASS, "");
        know(rows[i].yaml);
        cr_expect_eq(result_exit(&run), rows[i].code, "row %zu: %d", i, result_exit(&run));
        result_clear(&run);
        run.counts = (struct run_counts){.total = 0};
        baseline_clear(&baseline);
    }
}

Test(baseline, a_case_that_is_better_now_is_stale_and_fails_a_strict_run)
{
    add(0, 0, VERDICT_PASS, "");
    add(1, 0, VERDICT_WARN, "only a bit");
    add(2, 0, VERDICT_FAIL, "otherwise");
    know("- {verdict: FAIL, reason: x, cases: [a, b, elsewhere]}\n"
         "- {verdict: WARN, reason: only a bit, cases: b}\n"
         "- {verdict: FAIL, reason: otherwise, cases: c}\n");
    cr_expect_str_eq(baseline.v[0].now, "PASS");
    cr_expect_null(baseline.v[1].now, "known by another entry");
    cr_expect_null(baseline.v[2].now);
    cr_expect(baseline.v[2].nowhere);
    cr_expect(!baseline.v[0].nowhere);
    cr_expect_eq(result_stale(&run), 1);
    cr_expect_eq(result_exit(&run), 0);
    run.strict = true;
    cr_expect_eq(result_exit(&run), 1);
}

Test(baseline, every_round_of_a_case_must_be_known)
{
    run.repeat = 3;
    add(0, 0, VERDICT_PASS, "");
    add(0, 1, VERDICT_FAIL, "now and then");
    add(0, 2, VERDICT_FAIL, "now and then");
    add(1, 0, VERDICT_FAIL, "now and then");
    add(1, 1, VERDICT_FAIL, "something new");
    add(1, 2, VERDICT_PASS, "");
    know("- {verdict: FAIL, reason: now and then, cases: [a, b]}\n");
    cr_expect_not_null(run.tallies[0].known);
    cr_expect_null(run.tallies[1].known);
    cr_expect_eq(result_unknown(&run, VERDICT_FAIL), 1);
    cr_expect_null(baseline.v[0].now, "it fails still, in two of three");
}

/* ---- writing ---------------------------------------------------------------- */

static void add_deviations(void)
{
    add(0, 0, VERDICT_FAIL, "expected x, got \"kmipconf-12345678-a\" and more \\ of \"it\"");
    add(1, 0, VERDICT_FAIL, "expected x, got \"kmipconf-12345678-b\" and more \\ of \"it\"");
    add(2, 0, VERDICT_INCONCLUSIVE, "the preparation did not work: \xc3\xa9");
}

Test(baseline, what_is_written_is_known_to_the_next_run)
{
    struct kerr err = KERR_INIT;
    const char *path = tmpdir_file(&dir, "known.yaml");
    char kept[400];
    size_t added;
    snprintf(kept, sizeof kept, "%s", path);
    add_deviations();
    cr_assert(baseline_can_write(kept, NULL, &err));
    cr_assert(baseline_write(kept, &run, &added, &err), "%s", err.msg);
    cr_expect_eq(added, 3);
    cr_assert(baseline_load(&baseline, kept, NOW, &err), "%s", err.msg);
    run.baseline = &baseline;
    result_know(&run);
    cr_expect_eq(baseline.n, 3);
    cr_expect_eq(result_unknown(&run, VERDICT_FAIL), 0);
    cr_expect_eq(result_unknown(&run, VERDICT_INCONCLUSIVE), 0);
    cr_expect(!baseline_can_write(kept, NULL, &err));
    cr_expect(strstr(err.msg, "is there already"), "%s", err.msg);
}

static void expect_kept(const char *before, size_t n)
{
    struct kerr err = KERR_INIT;
    struct buf text;
    char path[400];
    size_t added;
    snprintf(path, sizeof path, "%s", tmpdir_write(&dir, "kept.yaml", before));
    cr_assert(baseline_load(&baseline, path, NOW, &err), "%s", err.msg);
    run.baseline = &baseline;
    result_know(&run);
    cr_assert(baseline_can_write(path, &baseline, &err), "%s", err.msg);
    cr_assert(baseline_write(path, &run, &added, &err), "%s: %s", before, err.msg);
    cr_expect_eq(added, n, "%s: %zu", before, added);
    buf_init(&text, 65536);
    cr_assert(file_read(path, &text, &err));
    cr_expect(strncmp(buf_cstr(&text), before, strlen(before)) == 0, "%s", buf_cstr(&text));
    buf_clear(&text);
    baseline_clear(&baseline);
    cr_assert(baseline_load(&baseline, path, NOW, &err), "%s", err.msg);
    result_know(&run);
    cr_expect_eq(result_unknown(&run, VERDICT_INCONCLUSIVE), 0);
    baseline_clear(&baseline);
    run.baseline = NULL;
}

Test(baseline, what_is_added_stands_behind_what_a_person_wrote)
{
    add_deviations();
    expect_kept("# nothing yet", 3);
    expect_kept("# mine\n- verdict: FAIL   # ticket 4711\n  reason: and more\n  cases: [a, b]\n\n"
                "# the end\n", 1);
    expect_kept("  # indented\n  - verdict: FAIL\n    reason: and more\n    cases:\n    - a", 2);
    /* An entry that is there for another reason is for a person to change. */
    expect_kept("- {verdict: FAIL, reason: otherwise, cases: a}\n", 2);
}

Test(baseline, a_list_that_nothing_can_be_put_behind_is_left_as_it_is)
{
    struct kerr err = KERR_INIT;
    const char *before = "[{verdict: FAIL, reason: otherwise, cases: a}]\n";
    char path[400];
    struct buf text;
    size_t added;
    add_deviations();
    snprintf(path, sizeof path, "%s", tmpdir_write(&dir, "kept.yaml", before));
    cr_assert(baseline_load(&baseline, path, NOW, &err));
    run.baseline = &baseline;
    cr_expect(!baseline_write(path, &run, &added, &err));
    cr_expect(strstr(err.msg, "cannot add to"), "%s", err.msg);
    buf_init(&text, 65536);
    err = (struct kerr)KERR_INIT;
    cr_assert(file_read(path, &text, &err));
    cr_expect_str_eq(buf_cstr(&text), before);
    buf_clear(&text);
}

/* ---- reasons ---------------------------------------------------------------- */

Test(baseline, the_piece_of_a_reason_is_what_another_run_says_too)
{
    static const struct {
        const char *reason, *piece;
    } rows[] = {
        {"", ""},
        {"expected Success, got Operation Failed", "expected Success, got Operation Failed"},
        {"got kmipconf-12345678-a-b instead of a name", "instead of a name"},
        {"the date is 2027-01-15T10:00:00Z", "the date is"},
        {"got \"212\", as before", "\", as before"},
        {"got 212 as before", "got 212 as before"},
        {"object 1234567 is not 89", "is not 89"},
        {"id 0f3a9b60-0f3a-4b60-9a60-0f3a9b600f3a is unknown", "is unknown"},
        {"first line\nand a longer second one", "and a longer second one"},
        {"decade beefed facade", "decade beefed facade"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bytes piece = reason_piece(rows[i].reason);
        cr_expect(bytes_eq_str(piece, rows[i].piece), "%s: '%.*s'", rows[i].reason, (int)piece.n,
                  (const char *)piece.p);
    }
    char longer[1000];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = 0;
    cr_expect(reason_piece(longer).n <= 160);
    for (size_t i = 0; i + 1 < sizeof longer; i += 3)
        memcpy(longer + i, "\xe2\x82\xac", 3);
    cr_expect_eq(reason_piece(longer).n % 3, 0, "no character is cut");
}

Test(baseline, reasons_are_the_same_but_for_what_passes)
{
    static const struct {
        const char *a, *b;
        bool same;
    } rows[] = {
        {"", "", true},
        {"x", "", false},
        {"got kmipconf-12345678-a", "got kmipconf-87654321-a", true},
        {"got \"12\"", "got \"345\"", true},
        {"got 12", "got 345", false},
        {"at 2027-01-15T10:00:00Z.", "at 2028-01-15T11:00:00Z.", true},
        {"at 2027-01-15T10:00:00Z.", "at noon.", false},
        {"word", "words", false},
        {"words", "word", false},
        {"a b", "a b c", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_expect_eq(reason_same(rows[i].a, rows[i].b), rows[i].same, "%s, %s", rows[i].a,
                     rows[i].b);
}
