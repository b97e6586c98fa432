/* The repros: a row for each scenario and a scenario for each row, what a scenario says of
 * itself, and when a bug counts as reproduced. */
#include <criterion/criterion.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conformance/repro.h"
#include "kmip/base/file.h"

TestSuite(repro, .timeout = 20);

static void scenarios(glob_t *files)
{
    char folder[BESIDE_MAX], pattern[BESIDE_MAX + 10];
    struct kerr err = KERR_INIT;
    cr_assert(repro_folder(folder, &err), "%s", err.msg);
    snprintf(pattern, sizeof pattern, "%s/*.yaml", folder);
    cr_assert_eq(glob(pattern, 0, NULL, files), 0, "no scenario in %s", folder);
}

Test(repro, every_scenario_has_a_row)
{
    glob_t files;
    scenarios(&files);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        struct kerr err = KERR_INIT;
        char *name = strrchr(files.gl_pathv[i], '/') + 1;
        name[strlen(name) - strlen(".yaml")] = 0;
        cr_expect(repro_find(name, &err), "%s", err.msg);
    }
    cr_expect_eq(files.gl_pathc, n_repros);
    globfree(&files);
}

Test(repro, every_row_has_a_scenario_that_explains_itself)
{
    static const char *const labels[] = {"In the field", "What a client shows", "What helps"};
    for (size_t i = 0; i < n_repros; i++) {
        struct repro_about a;
        struct kerr err = KERR_INIT;
        cr_assert(repro_about_read(&a, repros[i].name, &err), "%s: %s", repros[i].name, err.msg);
        cr_expect(a.title[0] && a.title[strlen(a.title) - 1] != '.', "%s", a.title);
        cr_assert_geq(a.n, 3u, "%s", repros[i].name);
        for (size_t k = 0; k < 3; k++)
            cr_expect_str_eq(a.part[k].label, labels[k], "%s", repros[i].name);
        repro_about_clear(&a);
    }
}

/* Something to see and something that helps; in alphabetical order, so that none is
 * there twice. */
Test(repro, every_row_breaks_somewhere_and_knows_a_remedy)
{
    for (size_t i = 0; i < n_repros; i++) {
        const struct repro *r = &repros[i];
        size_t n = repro_attempts_of(r), broken = 0, remedies = 0;
        cr_expect(i == 0 || strcmp(repros[i - 1].name, r->name) < 0, "%s", r->name);
        cr_expect(r->setting && r->setting[0], "%s", r->name);
        for (size_t k = 0; k < n; k++) {
            const struct repro_attempt *a = &r->attempts[k];
            bool helps = a->who == REMEDIED || a->who == REPAIRED;
            cr_expect(!a->breaks || a->breaks[0], "%s: %s: breaks how?", r->name, a->title);
            cr_expect(!(helps && a->breaks), "%s: %s", r->name, a->title);
            broken += a->breaks != NULL;
            remedies += helps;
        }
        cr_expect(broken > 0 && remedies > 0, "%s", r->name);
        cr_expect(r->attempts[0].who == AS_DRIVER || r->attempts[0].who == OTHERWISE, "%s",
                  r->name);
    }
}

Test(repro, an_unknown_name_is_told_what_is_near)
{
    struct kerr err = KERR_INIT;
    cr_expect(!repro_find("clock-behnid", &err));
    cr_expect_eq(err.code, KE_USAGE);
    cr_expect(strstr(err.msg, "did you mean clock-behind?"), "%s", err.msg);
}

/* ---- what came of it -------------------------------------------------------- */

static const struct repro made_up = {
    .name = "made-up",
    .attempts = {{.title = "a", .breaks = "the promised words"},
                 {.title = "b", .who = REMEDIED},
                 {.title = "c"}}};

static void finish(struct repro_run *r, size_t i, bool works, const char *what)
{
    r->result[i] = (struct repro_result){
        .attempt = &made_up.attempts[i], .works = works, .done = true};
    snprintf(r->result[i].what, sizeof r->result[i].what, "%s", what);
}

Test(repro, is_reproduced_when_it_breaks_as_promised_and_holds_when_the_rest_works)
{
    static const struct {
        bool a_works, b_works, c_works;
        const char *what;
        bool reproduced, holds;
    } rows[] = {
        {false, true, true, "with the promised words in it", true, true},
        {false, true, true, "something else", false, true},
        {true, true, true, "the promised words", false, true},
        {false, false, true, "the promised words", true, false},
        {false, true, false, "the promised words", true, false},
        {true, false, true, "", false, false},
    };
    struct repro_run *r = calloc(1, sizeof *r);
    cr_assert(r);
    r->repro = &made_up;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        finish(r, 0, rows[i].a_works, rows[i].what);
        finish(r, 1, rows[i].b_works, "");
        finish(r, 2, rows[i].c_works, "");
        cr_expect_eq(repro_all(r, true), rows[i].reproduced, "row %zu", i);
        cr_expect_eq(repro_all(r, false), rows[i].holds, "row %zu", i);
    }
    free(r);
}

Test(repro, an_attempt_that_was_not_brought_to_its_end_is_not_as_expected)
{
    struct repro_result x = {.attempt = &made_up.attempts[1], .works = true};
    cr_expect(!repro_as_expected(&x));
}

/* ---- head comments ---------------------------------------------------------- */

Test(repro, reads_paragraphs_of_a_head_comment_with_and_without_label)
{
    static const char text[] = "# A title.\n"
                               "#\n"
                               "# In the field: one\n"
                               "# two.\n"
                               "#\n"
                               "#\n"
                               "# no label here, although far behind comes one: it is too long\n"
                               "clock: {offset: 1s}\n"
                               "# What helps: this is not of the head\n";
    char folder[] = "/tmp/test_repro.XXXXXX", path[100];
    struct repro_about a;
    struct kerr err = KERR_INIT;
    cr_assert(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/x.yaml", folder);
    cr_assert(file_write(path, bytes_str(text), 0600, &err), "%s", err.msg);
    setenv("KMIP_SCENARIOS", folder, 1);
    cr_assert(repro_about_read(&a, "x", &err), "%s", err.msg);
    unsetenv("KMIP_SCENARIOS");
    cr_expect_str_eq(a.path, path);
    cr_expect_str_eq(a.title, "A title");
    cr_assert_eq(a.n, 2u);
    cr_expect_str_eq(a.part[0].label, "In the field");
    cr_expect_str_eq(a.part[0].text, "one two.");
    cr_expect_str_eq(a.part[1].label, "");
    repro_about_clear(&a);
    unlink(path);
    rmdir(folder);
}

Test(repro, a_folder_that_is_not_there_is_told)
{
    char folder[BESIDE_MAX];
    struct kerr err = KERR_INIT;
    setenv("KMIP_SCENARIOS", "/nowhere/scenarios", 1);
    cr_expect(!repro_folder(folder, &err));
    unsetenv("KMIP_SCENARIOS");
    cr_expect(strstr(err.msg, "/nowhere/scenarios"), "%s", err.msg);
}
