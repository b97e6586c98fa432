/* Cases as the tests of a CI, and what else is wrong with a run (report.h). */
#include "conformance/baseline.h"
#include "conformance/report.h"

enum report_outcome report_outcome(const struct run_result *r, const struct case_tally *t)
{
    static const enum report_outcome of[VERDICT_COUNT_] = {
        [VERDICT_PASS] = OUTCOME_PASSED,
        [VERDICT_WARN] = OUTCOME_WARNED,
        [VERDICT_FAIL] = OUTCOME_FAILED,
        [VERDICT_NOT_SUPPORTED] = OUTCOME_SKIPPED,
        [VERDICT_NOT_APPLICABLE] = OUTCOME_SKIPPED,
        [VERDICT_INCONCLUSIVE] = OUTCOME_SKIPPED,
        [VERDICT_ERROR] = OUTCOME_ERROR,
    };
    enum report_outcome o = of[t->worst->verdict];
    if (o == OUTCOME_WARNED && r->strict && !t->known)
        return OUTCOME_FAILED;
    return o == OUTCOME_FAILED && t->known ? OUTCOME_KNOWN : o;
}

size_t report_outcomes(const struct run_result *r, const char *suite, size_t n[OUTCOMES])
{
    size_t all = 0;
    memset(n, 0, OUTCOMES * sizeof *n);
    for (size_t i = 0; i < r->n_tallies; i++)
        if (!suite || strcmp(r->tallies[i].tc->suite, suite) == 0) {
            n[report_outcome(r, &r->tallies[i])]++;
            all++;
        }
    return all;
}

void report_outcome_text(struct buf *out, const struct case_tally *t)
{
    if (t->known)
        buf_printf(out, "known%s%s: ", t->known->cause[0] ? ", " : "", t->known->cause);
    buf_puts(out, verdict_name(t->worst->verdict));
    if (t->worst->reason[0])
        buf_printf(out, ": %s", t->worst->reason);
    if (t->rounds > 1) {
        buf_puts(out, " (");
        report_rounds(out, t);
        buf_puts(out, ")");
    }
}

static void put_mismatch(struct buf *text, const struct mismatch *m)
{
    buf_puts(text, "expected ");
    mismatch_expected(m, text);
    buf_printf(text, "\nactual   %s\n", m->actual);
    if (m->off != KERR_NO_OFF)
        buf_printf(text, "where    %s (offset %u)\n", m->path, m->off);
    if (m->clause)
        buf_printf(text, "rule     %s: %s\n", m->rule, m->clause);
}

void report_case_text(struct buf *out, const struct run_result *r, const struct case_tally *t)
{
    const struct case_result *c = t->worst;
    buf_printf(out, "%s (%s)\n", t->tc->clause, level_name(t->tc->level));
    for (size_t i = 0; i < t->tc->covers.n; i++) {
        const struct requirement *q =
            requirement_in(r->requirements, r->n_requirements, t->tc->covers.v[i]);
        if (q)
            buf_printf(out, "requires %s: %s\n", q->row, q->text);
    }
    for (size_t i = 0; i < c->found.n; i++)
        put_mismatch(out, &c->found.v[i]);
    if (c->found.dropped > 0)
        buf_printf(out, "... and %zu more that differ\n", c->found.dropped);
    buf_puts(out, c->evidence);
    buf_puts(out, "again    ");
    report_command(out, r, t->tc);
    buf_putc(out, '\n');
}

/* ---- what is no case's ------------------------------------------------------- */

/* Each adds its text where there is something to say. */
static void gate(const struct run_result *r, struct buf *out)
{
    if (r->gate != GATE_OPEN)
        buf_puts(out, r->gate_text);
}

static void ended_early(const struct run_result *r, struct buf *out)
{
    if (r->gate == GATE_OPEN && (r->stopped || r->interrupted))
        buf_printf(out, "%s; %zu case%s not run", r->stopped ? r->stopped : "interrupted",
                   r->not_run, r->not_run == 1 ? " was" : "s were");
}

static void left_behind(const struct run_result *r, struct buf *out)
{
    if (r->left_behind > 0)
        buf_printf(out, "%zu objects may be left on the server: see %s", r->left_behind,
                   r->journal && r->journal->path ? r->journal->path : "the report");
}

/* Entries of the baseline to look at, a line each. */
static void to_look_at(const struct run_result *r, struct buf *out)
{
    for (size_t i = 0; r->baseline && i < r->baseline->n; i++) {
        size_t before = out->n;
        if (report_stale_entry(r->baseline, i, out) && out->n > before)
            buf_putc(out, '\n');
    }
}

bool report_remark(const struct run_result *r, size_t i, struct report_remark *out)
{
    static const struct {
        const char *name;
        void (*say)(const struct run_result *r, struct buf *out);
    } remarks[] = {{"gate", gate},
                   {"run", ended_early},
                   {"clean-up", left_behind},
                   {"baseline", to_look_at}};
    for (size_t k = 0; k < sizeof remarks / sizeof *remarks; k++) {
        *out = (struct report_remark){.name = remarks[k].name, .error = true};
        if (remarks[k].say == to_look_at)
            out->error = r->strict && result_stale(r) > 0;
        buf_init(&out->text, 16u << 20);
        remarks[k].say(r, &out->text);
        if (out->text.n > 0 && i-- == 0)
            return true;
        buf_clear(&out->text);
    }
    return false;
}
