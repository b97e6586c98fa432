/* kmip-conform compare: the reports of several runs side by side (compare.h). */
#include <stdlib.h>
#include <string.h>

#include "conformance/compare.h"
#include "conformance/program.h"
#include "conformance/report.h"
#include "conformance/report_html.h"
#include "conformance/report_read.h"

struct compare_options {
    const char *html;
};

static const struct opt compare_opts[] = {
    {.name = "html", .kind = OPT_STR, .off = offsetof(struct compare_options, html), .arg = "FILE",
     .help = "write the comparison as a page ('-': standard output)"},
};

struct reports {
    json_t *roots[COMPARE_MAX];
    struct report_loaded *loaded[COMPARE_MAX];
    struct compared_run runs[COMPARE_MAX];
    size_t n;
};

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* What tells the columns apart: the name, or of files that are named alike the whole path. */
static const char *column_of(char *const *paths, int n, int at)
{
    for (int i = 0; i < n; i++)
        if (i != at && strcmp(name_of(paths[i]), name_of(paths[at])) == 0)
            return paths[at];
    return name_of(paths[at]);
}

static bool read_one(struct reports *rs, const char *path, const char *column, struct kerr *err)
{
    size_t i = rs->n++;
    rs->loaded[i] = calloc(1, sizeof *rs->loaded[i]);
    if (!rs->loaded[i])
        return kerr_set(err, KE_MEMORY, "no memory for a report");
    rs->roots[i] = report_read(path, err);
    if (!rs->roots[i] || !report_load(rs->loaded[i], rs->roots[i], err))
        return false;
    rs->runs[i] = (struct compared_run){column, &rs->loaded[i]->result};
    return true;
}

static bool read_all(struct reports *rs, char *const *paths, int n, struct kerr *err)
{
    if (n < 2 || n > COMPARE_MAX)
        return kerr_set(err, KE_USAGE, "compare takes 2 to %d reports of `run --json`",
                        COMPARE_MAX);
    for (int i = 0; i < n; i++)
        if (!read_one(rs, paths[i], column_of(paths, n, i), err))
            return false;
    return true;
}

static void clear_all(struct reports *rs)
{
    for (size_t i = 0; i < rs->n; i++) {
        if (rs->loaded[i])
            report_loaded_clear(rs->loaded[i]);
        free(rs->loaded[i]);
        json_decref(rs->roots[i]);
    }
    free(rs);
}

/* ---- for people ------------------------------------------------------------- */

static void print_row(struct terminal *t, const struct comparison *c,
                      const struct compared_case *row)
{
    fprintf(t->out, "%s: %s\n", row->tc->id, row->tc->title);
    for (size_t i = 0; i < c->n_runs; i++) {
        fprintf(t->out, "  %-20s ", c->runs[i].name);
        if (row->of[i])
            report_verdict(t, row->of[i]->worst->verdict);
        else
            fputs("not run", t->out);
        if (row->of[i] && row->of[i]->worst->reason[0])
            fprintf(t->out, "  %s", row->of[i]->worst->reason);
        fputc('\n', t->out);
    }
    fputc('\n', t->out);
}

static void print(struct terminal *t, const struct comparison *c)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->v[i].differs)
            print_row(t, c, &c->v[i]);
    for (size_t i = 0; i < c->n_runs; i++) {
        const struct run_result *r = c->runs[i].result;
        fprintf(t->out, "%-20s ", c->runs[i].name);
        for (int v = 0; v < VERDICT_COUNT_; v++)
            if (r->counts.n[v] > 0)
                fprintf(t->out, " %zu %s", r->counts.n[v], verdict_name((enum verdict)v));
        fputc('\n', t->out);
    }
    fprintf(t->out, "\n%zu cases differ, %zu are the same\n", c->differing, c->n - c->differing);
}

/* ---- the command ------------------------------------------------------------ */

static bool compare(const struct compare_options *o, const struct reports *rs, struct kerr *err)
{
    struct comparison c;
    struct terminal t;
    bool ok = compare_make(&c, rs->runs, rs->n, err);
    terminal_init(&t, o->html && strcmp(o->html, "-") == 0 ? stderr : stdout);
    if (ok)
        print(&t, &c);
    ok = ok && (!o->html || report_compare_html(o->html, &c, err));
    compare_clear(&c);
    return ok;
}

int cmd_compare(int argc, char **argv)
{
    struct compare_options o = {.html = NULL};
    struct opt_set set = {"Compare", compare_opts, sizeof compare_opts / sizeof *compare_opts, &o};
    struct command_line line;
    struct kerr err = KERR_INIT;
    int code = EXIT_CONFORMANT;
    if (!program_parse("compare", &set, 1, argc, argv, &line, &code))
        return code;
    struct reports *rs = calloc(1, sizeof *rs);
    bool ok = rs || kerr_set(&err, KE_MEMORY, "no memory for reports");
    ok = ok && report_can_write(o.html, &err) && read_all(rs, line.operands, line.n, &err) &&
         compare(&o, rs, &err);
    if (rs)
        clear_all(rs);
    return ok ? EXIT_CONFORMANT : program_failed(&err);
}
