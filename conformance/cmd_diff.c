/* kmip-conform diff: the reports of two runs compared (diff.h), for people and machines. */
#include <stdlib.h>
#include <string.h>

#include "conformance/diff.h"
#include "conformance/program.h"
#include "conformance/report.h"
#include "conformance/report_read.h"
#include "kmip/base/text.h"

#define REASON_MAX 300 /* bytes on the terminal */

struct diff_options {
    const char *json;
    bool quiet;
};

#define DIFF(member) offsetof(struct diff_options, member)

static const struct opt diff_opts[] = {
    {.name = "json", .kind = OPT_STR, .off = DIFF(json), .arg = "FILE",
     .help = "write the comparison as JSON ('-': standard output)"},
    {.name = "quiet", .ch = 'q', .kind = OPT_FLAG, .off = DIFF(quiet),
     .help = "only what is new, and the last line"},
};

/* ---- for people ------------------------------------------------------------- */

static void print_side(FILE *out, const char *name, const char *path, const json_t *root)
{
    const json_t *target = json_object_get(root, "target");
    const char *vendor = report_text_of(target, "vendor");
    fprintf(out, "%-5s %s: %s:%s%s%s%s, %s, kmip-conform %s\n", name, path,
            report_text_of(target, "host"), report_text_of(target, "port"), *vendor ? ", \"" : "",
            vendor, *vendor ? "\"" : "", report_text_of(root, "started"),
            report_text_of(json_object_get(root, "tool"), "version"));
}

static void print_reason(struct terminal *t, const char *when, const json_t *one)
{
    struct buf line;
    if (!*report_text_of(one, "reason"))
        return;
    buf_init(&line, 4096);
    text_quote(&line, bytes_str(report_text_of(one, "reason")), REASON_MAX);
    fprintf(t->out, "    %-8s %s\n", when, buf_cstr(&line));
    buf_clear(&line);
}

static void print_case(struct terminal *t, const struct diff_case *c)
{
    const json_t *one = c->now ? c->now : c->was;
    if (c->was && c->now && report_verdict_of(c->was) != report_verdict_of(c->now)) {
        report_verdict(t, report_verdict_of(c->was));
        fputs(" -> ", t->out);
    }
    report_verdict(t, report_verdict_of(one));
    fprintf(t->out, "  %s: %s\n", report_text_of(one, "id"), report_text_of(one, "title"));
    if (c->was && c->now)
        print_reason(t, "was", c->was);
    print_reason(t, !c->now ? "was" : c->was ? "is" : "because", one);
    if (c->kind == DIFF_NEW && *report_text_of(c->now, "rerun"))
        fprintf(t->out, "    %-8s %s\n", "again", report_text_of(c->now, "rerun"));
}

static void print_kind(struct terminal *t, const struct diff *d, enum diff_kind kind)
{
    static const char *const titles[DIFF_KINDS] = {
        [DIFF_NEW] = "New",
        [DIFF_FIXED] = "Fixed",
        [DIFF_CHANGED] = "Changed",
        [DIFF_VANISHED] = "Vanished: not in the new report",
        [DIFF_ADDED] = "Added: not in the old report",
    };
    if (d->counts[kind] == 0)
        return;
    fprintf(t->out, "\n%s (%zu)\n\n", titles[kind], d->counts[kind]);
    for (size_t i = 0; i < d->n; i++)
        if (d->v[i].kind == kind)
            print_case(t, &d->v[i]);
}

static void last_word(struct terminal *t, const struct diff *d)
{
    fputc('\n', t->out);
    if (d->broken)
        fprintf(t->out, "The new run did not get to its end: %s\n\n", d->broken);
    else if (report_number_of(d->new_root, "not_run") > 0)
        fprintf(t->out, "The new run was ended early: %lld cases were not run.\n\n",
                (long long)report_number_of(d->new_root, "not_run"));
    report_verdict(t, diff_has_regressions(d) ? VERDICT_FAIL : VERDICT_PASS);
    fprintf(t->out, "  %s: %zu new, %zu fixed, %zu changed, %zu vanished, %zu added, %zu the same\n",
            diff_has_regressions(d) ? "worse than before" : "not worse than before",
            d->counts[DIFF_NEW], d->counts[DIFF_FIXED], d->counts[DIFF_CHANGED],
            d->counts[DIFF_VANISHED], d->counts[DIFF_ADDED], d->same);
}

/* What is most urgent last, as in a report. */
static void print(struct terminal *t, const struct diff *d, bool quiet)
{
    static const enum diff_kind order[] = {DIFF_ADDED, DIFF_VANISHED, DIFF_FIXED, DIFF_CHANGED,
                                           DIFF_NEW};
    print_side(t->out, "Old", d->old_path, d->old_root);
    print_side(t->out, "New", d->new_path, d->new_root);
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (!quiet || order[i] == DIFF_NEW)
            print_kind(t, d, order[i]);
    last_word(t, d);
}

/* ---- the command ------------------------------------------------------------ */

static int told(const struct diff_options *o, const struct diff *d, struct kerr *err)
{
    struct terminal t;
    terminal_init(&t, o->json && strcmp(o->json, "-") == 0 ? stderr : stdout);
    print(&t, d, o->quiet);
    fflush(t.out);
    if (o->json) {
        json_t *root = diff_json(d);
        if (!report_write_json(o->json, root, err))
            return EXIT_OURS;
        json_decref(root);
    }
    return diff_has_regressions(d) ? EXIT_FAILED : EXIT_CONFORMANT;
}

static int compare(const struct diff_options *o, char *const *paths, struct kerr *err)
{
    json_t *olds = report_read(paths[0], err);
    json_t *news = olds ? report_read(paths[1], err) : NULL;
    struct diff d = {.v = NULL};
    int code = EXIT_USAGE;
    if (news && diff_make(&d, paths[0], olds, paths[1], news, err))
        code = told(o, &d, err);
    diff_clear(&d);
    json_decref(olds);
    json_decref(news);
    return code;
}

int cmd_diff(int argc, char **argv)
{
    struct diff_options o = {.json = NULL};
    struct opt_set set = {"Diff", diff_opts, sizeof diff_opts / sizeof *diff_opts, &o};
    struct command_line line;
    struct kerr err = KERR_INIT;
    int code = EXIT_CONFORMANT;
    if (!program_parse("diff", &set, 1, argc, argv, &line, &code))
        return code;
    if (line.n != 2)
        kerr_set(&err, KE_USAGE, "diff takes two reports: the old one and the new one");
    else if (report_can_write(o.json, &err))
        code = compare(&o, line.operands, &err);
    return err.code == KE_OK ? code : program_failed(&err);
}
