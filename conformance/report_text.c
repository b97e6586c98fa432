/* The end of the terminal report (report.h): what is least urgent first, failures and
 * totals last, where a terminal leaves them in view.
 *
 * A rule of the standard that is broken in many replies is told once, with the cases. */
#include <stdlib.h>

#include "conformance/baseline.h"
#include "conformance/program.h"
#include "conformance/report.h"
#include "kmip/base/text.h"

#define BROKEN_MAX 64

/* A rule broken in the same way, and in how many cases. */
struct broken {
    const struct mismatch *m;
    const struct case_result *first;
    size_t cases;
};

struct ending {
    struct terminal *t;
    const struct run_result *r;
    struct broken broken[BROKEN_MAX];
    size_t n_broken;
};

/* ---- rules ------------------------------------------------------------------ */

static struct broken *broken_of(struct ending *e, const struct mismatch *m)
{
    for (size_t i = 0; i < e->n_broken; i++) {
        const struct mismatch *b = e->broken[i].m;
        if (strcmp(b->rule, m->rule) == 0 && strcmp(b->expected, m->expected) == 0 &&
            strcmp(b->actual, m->actual) == 0)
            return &e->broken[i];
    }
    return NULL;
}

static void collect(struct ending *e)
{
    for (size_t i = 0; i < e->r->n_tallies; i++) {
        const struct case_result *c = e->r->tallies[i].worst;
        for (size_t k = 0; k < c->found.n && !e->r->tallies[i].known; k++) {
            const struct mismatch *m = &c->found.v[k];
            struct broken *b = m->rule[0] ? broken_of(e, m) : NULL;
            if (b)
                b->cases++;
            else if (m->rule[0] && e->n_broken < BROKEN_MAX)
                e->broken[e->n_broken++] = (struct broken){m, c, 1};
        }
    }
}

static bool is_common(void *arg, const struct mismatch *m)
{
    struct ending *e = arg;
    const struct broken *b = m->rule[0] ? broken_of(e, m) : NULL;
    return b && b->cases > 1;
}

/* Nothing is wrong with the case but what is told with the rules. */
static bool told_with_rules(struct ending *e, const struct case_result *c)
{
    for (size_t i = 0; i < c->found.n; i++)
        if (!is_common(e, &c->found.v[i]))
            return false;
    return c->found.n > 0 && c->found.dropped == 0;
}

static void list_cases(struct ending *e, const struct broken *b)
{
    fprintf(e->t->out, "    cases    ");
    for (size_t i = 0; i < e->r->n_tallies; i++) {
        const struct case_result *c = e->r->tallies[i].worst;
        for (size_t k = 0; k < c->found.n && !e->r->tallies[i].known; k++)
            if (c->found.v[k].rule[0] && broken_of(e, &c->found.v[k]) == b) {
                fprintf(e->t->out, " %s", c->tc->id);
                break;
            }
    }
    fputc('\n', e->t->out);
}

static void common_rules(struct ending *e, bool must)
{
    for (size_t i = 0; i < e->n_broken; i++) {
        const struct broken *b = &e->broken[i];
        if (b->cases < 2 || b->m->must != must)
            continue;
        report_verdict(e->t, must ? VERDICT_FAIL : VERDICT_WARN);
        fprintf(e->t->out, "  rule broken in %zu cases\n", b->cases);
        report_mismatch(e->t, b->m);
        list_cases(e, b);
        report_rerun(e->t, e->r, b->first->tc);
    }
}

/* ---- cases by verdict ------------------------------------------------------- */

static void details_of(struct ending *e, enum verdict v, const char *title)
{
    if (result_unknown(e->r, v) == 0)
        return;
    fprintf(e->t->out, "\n%s (%zu)\n\n", title, result_unknown(e->r, v));
    if (v == VERDICT_FAIL || v == VERDICT_WARN)
        common_rules(e, v == VERDICT_FAIL);
    for (size_t i = 0; i < e->r->n_tallies; i++) {
        const struct case_result *c = e->r->tallies[i].worst;
        if (c->verdict == v && !e->r->tallies[i].known && !told_with_rules(e, c))
            report_detail(e->t, e->r, c, v == VERDICT_FAIL, is_common, e);
    }
}

static bool not_run(const struct case_result *c)
{
    return c->verdict == VERDICT_NOT_SUPPORTED || c->verdict == VERDICT_NOT_APPLICABLE;
}

static bool same_skip(const struct case_result *a, const struct case_result *b)
{
    return a->verdict == b->verdict && strcmp(a->reason, b->reason) == 0;
}

/* One line per reason, with the cases it kept from running. */
static void skips(struct ending *e)
{
    const struct run_result *r = e->r;
    size_t n = r->counts.n[VERDICT_NOT_SUPPORTED] + r->counts.n[VERDICT_NOT_APPLICABLE];
    if (n == 0)
        return;
    fprintf(e->t->out, "\nDid not apply (%zu)\n\n", n);
    for (size_t i = 0; i < r->n_tallies; i++) {
        const struct case_result *c = r->tallies[i].worst;
        bool seen = !not_run(c);
        size_t cases = 0;
        for (size_t k = 0; k < i && !seen; k++)
            seen = same_skip(r->tallies[k].worst, c);
        if (seen)
            continue;
        for (size_t k = i; k < r->n_tallies; k++)
            cases += same_skip(r->tallies[k].worst, c);
        report_verdict(e->t, c->verdict);
        fprintf(e->t->out, "  %s (%zu)\n     ", c->reason, cases);
        for (size_t k = i; k < r->n_tallies; k++)
            if (same_skip(r->tallies[k].worst, c))
                fprintf(e->t->out, " %s", r->tallies[k].tc->id);
        fputc('\n', e->t->out);
    }
}

/* With --repeat: cases that did not come out the same each time. */
static void repeats(struct ending *e)
{
    size_t unsteady = 0;
    if (e->r->repeat < 2)
        return;
    fprintf(e->t->out, "\nRepeated %u times\n\n", e->r->repeat);
    for (size_t i = 0; i < e->r->n_tallies; i++) {
        const struct case_tally *c = &e->r->tallies[i];
        if (c->n[c->worst->verdict] == c->rounds)
            continue;
        struct buf text;
        buf_init(&text, 1000);
        report_rounds(&text, c);
        fprintf(e->t->out, "  %s: %s\n", c->tc->id, buf_cstr(&text));
        buf_clear(&text);
        unsteady++;
    }
    if (unsteady == 0)
        fprintf(e->t->out, "  every case came out the same each time\n");
}

/* ---- totals ----------------------------------------------------------------- */

/* PASS, WARN, FAIL always, the others if there are any. */
static bool has_column(const struct run_result *r, int v)
{
    return r->counts.n[v] > 0 || v <= VERDICT_FAIL;
}

static void totals_row(struct ending *e, const char *name, const size_t n[VERDICT_COUNT_],
                       size_t all)
{
    fprintf(e->t->out, "%-32s", name);
    for (int v = 0; v < VERDICT_COUNT_; v++) {
        char cell[40];
        if (!has_column(e->r, v))
            continue;
        snprintf(cell, sizeof cell, "%*zu", (int)strlen(verdict_name((enum verdict)v)), n[v]);
        fputs("  ", e->t->out);
        if (n[v] > 0)
            report_paint(e->t, report_color((enum verdict)v), cell);
        else
            fputs(cell, e->t->out);
    }
    fprintf(e->t->out, "  %5zu\n", all);
}

static void totals(struct ending *e)
{
    const char *names[REPORT_SUITES_MAX];
    size_t n[VERDICT_COUNT_], suites = report_suites(e->r, names);
    fprintf(e->t->out, "\n%-32s", "Profile");
    for (int v = 0; v < VERDICT_COUNT_; v++)
        if (has_column(e->r, v))
            fprintf(e->t->out, "  %s", verdict_name((enum verdict)v));
    fprintf(e->t->out, "    all\n");
    for (size_t p = 0; p < suites; p++) {
        size_t all = report_suite_counts(e->r, names[p], n);
        totals_row(e, report_suite(names[p]), n, all);
    }
    if (suites != 1)
        totals_row(e, "All", e->r->counts.n, e->r->counts.total);
    struct buf known;
    buf_init(&known, 1000);
    report_known_counts(e->r, &known);
    if (known.n > 0)
        fprintf(e->t->out, "\nOf these known: %s (%s)\n", buf_cstr(&known), e->r->baseline->path);
    buf_clear(&known);
}

static void left_behind(struct ending *e)
{
    const struct journal *j = e->r->journal;
    if (e->r->left_behind == 0 || !j)
        return;
    fprintf(e->t->out, "\nCould not be removed from the server (%zu)\n\n", e->r->left_behind);
    for (size_t i = 0; i < j->n; i++) {
        const struct journal_entry *x = &j->v[i];
        if (x->gone)
            continue;
        fprintf(e->t->out, "  %s%s%s of case %s: %s\n", x->uid[0] ? "" : x->attribute,
                x->uid[0] ? "" : " ", x->uid[0] ? x->uid : x->value, x->case_id,
                x->why ? x->why : "not tried");
    }
    struct buf path;
    buf_init(&path, 8192);
    text_shell_word(&path, j->path ? j->path : "");
    fprintf(e->t->out, "\n  %s cleanup%s %s\n", program_name(), e->r->reach, buf_cstr(&path));
    buf_clear(&path);
}

static void last_word(struct ending *e)
{
    struct buf text;
    buf_init(&text, 1000);
    enum verdict v = report_conclusion(e->r, &text);
    fputc('\n', e->t->out);
    report_verdict(e->t, v);
    fprintf(e->t->out, "  %s\n", buf_cstr(&text));
    buf_clear(&text);
}

void report_end(struct terminal *t, const struct run_result *r)
{
    struct ending *e = calloc(1, sizeof *e);
    char cases[60];
    if (!e)
        return;
    e->t = t;
    e->r = r;
    if (t->live)
        fputs("\r\033[K", t->out);
    collect(e);
    skips(e);
    report_known(t, r);
    details_of(e, VERDICT_WARN, "Warnings");
    details_of(e, VERDICT_INCONCLUSIVE, "Inconclusive");
    details_of(e, VERDICT_ERROR, "Errors");
    details_of(e, VERDICT_FAIL, "Failures");
    repeats(e);
    report_driver(t, r);
    report_stale(t, r);
    totals(e);
    left_behind(e);
    snprintf(cases, sizeof cases, "%zu case%s not run", r->not_run,
             r->not_run == 1 ? " was" : "s were");
    if (r->interrupted)
        fprintf(t->out, "\nInterrupted: %s.\n", cases);
    else if (r->stopped)
        fprintf(t->out, "\nStopped: %s; %s.\n", r->stopped, cases);
    last_word(e);
    fflush(t->out);
    free(e);
}
