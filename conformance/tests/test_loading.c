/* Finding, loading and choosing cases; and counting what they cover. */
#include "conformance/tests/cases.h"

#include <sys/stat.h>
#include <unistd.h>

#include "conformance/driver_probe.h"
#include "conformance/report.h"
#include "conformance/requirement.h"

static struct tmpdir dir;
static struct suites s;

static void set_up(void)
{
    tmpdir_make(&dir);
    memset(&s, 0, sizeof s);
}

static void tear_down(void)
{
    suites_clear(&s);
    requirements_clear();
    tmpdir_remove(&dir);
}

TestSuite(loading, .init = set_up, .fini = tear_down, .timeout = 60);

static const char rows_text[] = "row\tprofile\tclause\tmark\trequirement\twithout_case\n"
                                "A-1\tbaseline-server\t4.1\tS\tfirst\t\n"
                                "A-2\tbaseline-server\t4.2\tM\tsecond\tcannot be seen\n";

/* DIR/s with a case in each profile, and the rows beside it. */
static const char *make_suites(void)
{
    static char folder[256];
    snprintf(folder, sizeof folder, "%s", tmpdir_file(&dir, "s"));
    mkdir(folder, 0700);
    for (size_t i = 0; i < n_profiles; i++) {
        char name[200], text[500];
        snprintf(name, sizeof name, "s/%s", profiles[i].name);
        mkdir(tmpdir_file(&dir, name), 0700);
        snprintf(name, sizeof name, "s/%s/one.yaml", profiles[i].name);
        snprintf(
            text, sizeof text,
            "id: one-%zu\ntitle: t\nclause: c\nlevel: MUST\ncovers: [A-1]\nsteps: [{wait: 1s}]\n",
            i);
        tmpdir_write(&dir, name, text);
    }
    tmpdir_write(&dir, "requirements.tsv", rows_text);
    return folder;
}

static struct opt_list list_of(const char *a, const char *b)
{
    struct opt_list l = {.n = 0};
    if (a)
        l.v[l.n++] = a;
    if (b)
        l.v[l.n++] = b;
    return l;
}

Test(loading, profiles_are_loaded_by_name)
{
    static const struct {
        const char *a, *b;
        size_t n;
    } rows[] = {{NULL, NULL, 4}, {"baseline-server", NULL, 1}, {"all", NULL, 4},
                {"robustness", NULL, 1}, {"all", "robustness", 5},
                {"baseline-server", "basic-cryptographic-server", 2}};
    const char *folder = make_suites();
    size_t n_probes = 0;
    for (size_t g = 0; driver_probes[g]; g++)
        for (const struct probe *p = driver_probes[g]; p->id; p++)
            n_probes++;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct kerr err = KERR_INIT;
        struct opt_list names = list_of(rows[i].a, rows[i].b);
        cr_assert(suites_find(&s, folder, &err), "%s", err.msg);
        cr_expect(suites_load(&s, &names, &err), "%s", err.msg);
        bool all = rows[i].a && strcmp(rows[i].a, "all") == 0;
        cr_expect_eq(s.n, rows[i].n + (all ? n_probes : 0), "%s", rows[i].a ? rows[i].a : "default");
        suites_clear(&s);
    }
}

Test(loading, an_unknown_profile_is_told_with_a_suggestion)
{
    struct kerr err = KERR_INIT;
    struct opt_list names = list_of("baseline-serve", NULL);
    cr_assert(suites_find(&s, make_suites(), &err), "%s", err.msg);
    cr_expect(!suites_load(&s, &names, &err));
    cr_expect(
        strstr(err.msg, "there is no profile 'baseline-serve'; did you mean baseline-server?"),
        "%s", err.msg);
    cr_expect_eq(kerr_exit(&err), 2);
}

Test(loading, an_id_is_that_of_one_case)
{
    struct kerr err = KERR_INIT;
    static const struct opt_list names = {.n = 0};
    const char *folder = make_suites();
    tmpdir_write(&dir, "s/baseline-server/two.yaml",
                 "id: one-0\ntitle: t\nclause: c\nlevel: MUST\nsteps: [{wait: 1s}]\n");
    cr_assert(suites_find(&s, folder, &err), "%s", err.msg);
    cr_expect(!suites_load(&s, &names, &err));
    cr_expect(strstr(err.msg, "two.yaml: the id 'one-0' is also that of"), "%s", err.msg);
}

Test(loading, what_is_missing_is_told)
{
    struct kerr err = KERR_INIT;
    cr_expect(!suites_find(&s, tmpdir_file(&dir, "none"), &err));
    cr_expect(strstr(err.msg, "there is no folder"), "%s", err.msg);
    err = (struct kerr)KERR_INIT;
    cr_expect(!suites_add_file(&s, tmpdir_file(&dir, "none.yaml"), &err));
    cr_expect(strstr(err.msg, "none.yaml"), "%s", err.msg);
    cr_expect_eq(kerr_exit(&err), 2);
}

Test(loading, globs_choose_and_skip)
{
    static const struct {
        const char *wanted, *skipped;
        bool selected;
    } rows[] = {{NULL, NULL, true},        {"a-*", NULL, true},    {"b-*", NULL, false},
                {NULL, "a-*", false},      {"a-*", "*case", false}, {"a-cas?", "b", true},
                {"a-cas", NULL, false}};
    struct test_case *tc = case_of(&dir, "steps: [{wait: 1s}]\n");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct opt_list wanted = list_of(rows[i].wanted, NULL),
                        skipped = list_of(rows[i].skipped, NULL);
        cr_expect_eq(suite_selected(tc, &wanted, &skipped), rows[i].selected, "%s %s",
                     rows[i].wanted ? rows[i].wanted : "-",
                     rows[i].skipped ? rows[i].skipped : "-");
    }
    case_free(&tc);
}

Test(loading, coverage_counts_rows_without_a_case)
{
    struct kerr err = KERR_INIT;
    static const struct opt_list names = {.n = 0};
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    cr_assert(suites_find(&s, make_suites(), &err) && suites_load(&s, &names, &err), "%s", err.msg);
    cr_expect_eq(report_coverage(out, &s, &names), 0);
    suites_clear(&s);
    cr_expect_eq(report_coverage(out, &s, &names), 1);
    fclose(out);
    cr_expect(strstr(text, "A-1       S      first\n                   one-0\n"), "%s", text);
    cr_expect(strstr(text, "no case: cannot be seen"), "%s", text);
    cr_expect(strstr(text, "NOT COVERED"), "%s", text);
    free(text);
}

Test(loading, coverage_of_a_profile_is_of_its_own_rows)
{
    struct kerr err = KERR_INIT;
    struct opt_list asked = list_of("baseline-server", NULL), other = list_of("authentication", NULL),
                    every = list_of("all", NULL);
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    cr_assert(suites_find(&s, make_suites(), &err), "%s", err.msg);
    cr_expect_eq(report_coverage(out, &s, &asked), 1); /* without a case of any */
    cr_expect_eq(report_coverage(out, &s, &every), 1);
    cr_expect_eq(report_coverage(out, &s, &other), 0);
    fclose(out);
    cr_expect(strstr(text, "\n0 rows, 0 with cases, "), "%s", text);
    free(text);
}
