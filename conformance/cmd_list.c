/* kmip-conform list and explain: what there is, without a server. */
#include <stdio.h>
#include <string.h>

#include "conformance/case_print.h"
#include "conformance/oasis.h"
#include "conformance/program.h"
#include "conformance/report.h"
#include "conformance/requirement.h"
#include "kmip/base/file.h"
#include "kmip/base/text.h"

struct list_options {
    struct opt_list profiles, cases, skips, oasis;
    const char *suites;
    bool coverage;
};

#define LIST(member) offsetof(struct list_options, member)

static const struct opt list_opts[] = {
    {.name = "suites", .kind = OPT_STR, .off = LIST(suites), .arg = "DIR",
     .help = "folder of the suites"},
    {.name = "profile", .kind = OPT_LIST, .off = LIST(profiles), .arg = "NAME",
     .help = "only this profile"},
    {.name = "case", .kind = OPT_LIST, .off = LIST(cases), .arg = "GLOB",
     .help = "only cases whose id matches"},
    {.name = "skip", .kind = OPT_LIST, .off = LIST(skips), .arg = "GLOB",
     .help = "leave out cases whose id matches"},
    {.name = "oasis", .kind = OPT_LIST, .off = LIST(oasis), .arg = "FILE|DIR",
     .help = "the published OASIS test cases of a file or a folder instead"},
    {.name = "coverage", .kind = OPT_FLAG, .off = LIST(coverage),
     .help = "requirement rows against cases"},
};

/* The one that both commands take. */
#define N_COMMON 1

static void done(struct suites *s)
{
    suites_clear(s);
    requirements_clear();
}

static int list_cases(const struct suites *s, const struct list_options *o)
{
    const char *suite = "";
    size_t n = 0;
    for (const struct test_case *c = s->first; c; c = c->next) {
        if (!suite_selected(c, &o->cases, &o->skips))
            continue;
        if (strcmp(suite, c->suite) != 0)
            printf("%s%s\n", *suite ? "\n" : "", c->suite);
        suite = c->suite;
        printf("  %-44s %-6s %s\n", c->id, level_name(c->level), c->title);
        n++;
    }
    if (n > 0)
        return 0;
    fprintf(stderr, PROGRAM ": no case matches\n");
    return EXIT_USAGE;
}

static bool load(struct suites *s, const struct list_options *o, struct kerr *err)
{
    if (o->oasis.n == 0 || o->profiles.n > 0)
        if (!suites_find(s, o->suites, err) || !suites_load(s, &o->profiles, err))
            return false;
    for (size_t i = 0; i < o->oasis.n; i++)
        if (!oasis_add(s, o->oasis.v[i], true, err))
            return false;
    return true;
}

int cmd_list(int argc, char **argv)
{
    struct list_options o = {.coverage = false};
    struct suites s = {.n = 0};
    struct kerr err = KERR_INIT;
    struct command_line line;
    int code;
    struct opt_set sets[] = {{"List", list_opts, sizeof list_opts / sizeof *list_opts, &o}};
    if (!program_parse("list", sets, 1, argc, argv, &line, &code))
        return code;
    if (line.n > 0) {
        kerr_set(&err, KE_USAGE, "list takes no operand '%s'; --case GLOB chooses cases",
                 line.operands[0]);
        return program_failed(&err);
    }
    if (!load(&s, &o, &err))
        code = program_failed(&err);
    else if (o.coverage)
        code = report_coverage(stdout, &s, &o.profiles) ? EXIT_FAILED : 0;
    else
        code = list_cases(&s, &o);
    done(&s);
    return code;
}

/* ---- explain ---------------------------------------------------------------- */

static void explain(const struct test_case *c)
{
    struct kerr err = KERR_INIT;
    struct buf text;
    printf("%s: %s\n\nclause  %s (%s)\nsuite   %s\nfile    %s\n", c->id, c->title, c->clause,
           level_name(c->level), c->suite[0] ? c->suite : "none", c->path);
    for (size_t i = 0; i < c->covers.n; i++) {
        const struct requirement *q = requirement_find(c->covers.v[i]);
        if (q)
            printf("covers  %s: %s (%s)\n", q->row, q->text, q->clause);
    }
    if (c->provisional)
        printf("        all of these rows are from memory only: a mismatch is a warning\n");
    if (c->why)
        printf("\n%s\n", c->why);
    if (c->not_applicable)
        printf("\ndoes not apply: %s\n", c->not_applicable);
    buf_init(&text, 16u << 20);
    if (strcmp(c->suite, OASIS_SUITE) == 0 && !c->not_applicable)
        case_print(c->doc.root, &text); /* the file says less of how it is judged */
    else if (!c->probe && !file_read(c->path, &text, &err))
        buf_reset(&text);
    if (text.n > 0)
        printf("\n%s", buf_cstr(&text));
    buf_clear(&text);
}

static bool find_case(const struct suites *s, const char *id, const struct test_case **out,
                      struct kerr *err)
{
    const char *names[2048];
    size_t n = 0;
    for (const struct test_case *c = s->first; c; c = c->next) {
        if (strcmp(c->id, id) == 0) {
            *out = c;
            return true;
        }
        if (n < sizeof names / sizeof *names)
            names[n++] = c->id;
    }
    const char *near = text_nearest(id, names, n);
    return kerr_set(err, KE_USAGE, "there is no case '%s'%s%s%s; `%s list` shows them", id,
                    near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "",
                    program_name());
}

/* A case from a file, which needs no suites; or of the suites, by its id. */
static bool find_named(struct suites *s, const char *name, const char *folder,
                       const struct test_case **out, struct kerr *err)
{
    static const struct opt_list all = {{"all", "robustness"}, 2};
    struct kerr ignored = KERR_INIT;
    size_t n = strlen(name);
    bool file = strchr(name, '/') || (n > 5 && strcmp(name + n - 5, ".yaml") == 0) ||
                (n > 4 && strcmp(name + n - 4, ".xml") == 0);
    if (!file)
        return suites_find(s, folder, err) && suites_load(s, &all, err) &&
               find_case(s, name, out, err);
    if (!suites_find(s, folder, &ignored) && folder)
        return kerr_set(err, ignored.code, "%s", ignored.msg);
    if (!(oasis_names(name) ? oasis_add(s, name, true, err) : suites_add_file(s, name, err)))
        return false;
    *out = s->first;
    return true;
}

int cmd_explain(int argc, char **argv)
{
    struct list_options o = {.coverage = false};
    struct suites s = {.n = 0};
    struct kerr err = KERR_INIT;
    struct command_line line;
    const struct test_case *c = NULL;
    int code;
    struct opt_set sets[] = {{"Explain", list_opts, N_COMMON, &o}};
    if (!program_parse("explain", sets, 1, argc, argv, &line, &code))
        return code;
    if (line.n != 1 || oasis_folder(line.operands[0]))
        kerr_set(&err, KE_USAGE, "explain takes the id of one case, or its file");
    else if (find_named(&s, line.operands[0], o.suites, &c, &err))
        explain(c);
    if (err.code != KE_OK)
        code = program_failed(&err);
    done(&s);
    return code;
}
