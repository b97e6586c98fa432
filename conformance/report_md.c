/* The report as Markdown (report.h), for the summary of a CI's job: short, the details folded.
 * Whatever a server said is text, never markup. A summary of GitHub has a mebibyte; where
 * details would not fit, it says of how many cases. */
#include "conformance/baseline.h"
#include "conformance/html.h"
#include "conformance/report.h"
#include "conformance/report_message.h"
#include "kmip/base/clock.h"
#include "kmip/base/file.h"
#include "kmip/base/text.h"

#define DETAILS_MAX (700u << 10) /* bytes, from where on no more details begin */
#define MESSAGE_MAX (16u << 10)
#define CELL_MAX 300
#define ROWS_MAX 200

/* ---- text ------------------------------------------------------------------- */

/* On one line; characters that mean something to Markdown, HTML or a table are escaped. */
static void put_text(struct buf *out, const char *s)
{
    struct buf shown;
    buf_init(&shown, 1u << 20);
    text_show(&shown, bytes_str(s), CELL_MAX);
    for (const char *p = buf_cstr(&shown); *p; p++) {
        if (*p == '&' || *p == '<' || *p == '>') {
            html_text(out, bytes_of(p, 1));
            continue;
        }
        if (strchr("\\`*_{}[]#|~$@", *p))
            buf_putc(out, '\\');
        buf_putc(out, *p);
    }
    buf_clear(&shown);
}

static void put_cell(struct buf *out, const char *s)
{
    buf_puts(out, "| ");
    put_text(out, s);
    buf_putc(out, ' ');
}

static const char *mark(enum verdict v)
{
    static const char *const marks[VERDICT_COUNT_] = {
        [VERDICT_PASS] = "\u2705",          [VERDICT_WARN] = "\u26A0\uFE0F",
        [VERDICT_FAIL] = "\u274C",          [VERDICT_NOT_SUPPORTED] = "\u2796",
        [VERDICT_NOT_APPLICABLE] = "\u2796", [VERDICT_INCONCLUSIVE] = "\u2754",
        [VERDICT_ERROR] = "\u203C\uFE0F"};
    return marks[v];
}

/* ---- head and profiles -------------------------------------------------------- */

static void head(struct buf *out, const struct run_result *r)
{
    struct buf text;
    struct report_fact f;
    buf_init(&text, 4096);
    enum verdict v = report_conclusion(r, &text);
    buf_printf(out, "## %s KMIP conformance: ", mark(v));
    put_text(out, buf_cstr(&text));
    buf_puts(out, "\n\n| | |\n|---|---|\n");
    buf_clear(&text);
    for (size_t i = 0; report_fact(r, i, &f); i++) {
        put_cell(out, f.title);
        put_cell(out, buf_cstr(&f.value));
        buf_puts(out, "|\n");
        buf_clear(&f.value);
    }
    buf_printf(out, "| Took | %.1f s |\n", (double)r->took_ns / 1e9);
}

static void suites_table(struct buf *out, const struct run_result *r)
{
    const char *names[REPORT_SUITES_MAX];
    size_t n[VERDICT_COUNT_], suites = report_suites(r, names);
    if (suites == 0)
        return;
    buf_puts(out, "\n| Profile | |");
    for (int v = 0; v < VERDICT_COUNT_; v++)
        buf_printf(out, " %s |", verdict_name((enum verdict)v));
    buf_puts(out, "\n|---|---|");
    for (int v = 0; v < VERDICT_COUNT_; v++)
        buf_puts(out, "--:|");
    buf_putc(out, '\n');
    for (size_t p = 0; p < suites; p++) {
        report_suite_counts(r, names[p], n);
        put_cell(out, report_suite(names[p]));
        buf_printf(out, "| %s |", mark(report_worst(n)));
        for (int v = 0; v < VERDICT_COUNT_; v++)
            buf_printf(out, " %zu |", n[v]);
        buf_putc(out, '\n');
    }
}

static void remarks(struct buf *out, const struct run_result *r)
{
    struct report_remark m;
    for (size_t i = 0; report_remark(r, i, &m); i++) {
        buf_printf(out, "\n%s **%s**: ", mark(m.error ? VERDICT_ERROR : VERDICT_WARN), m.name);
        put_text(out, buf_cstr(&m.text));
        buf_putc(out, '\n');
        buf_clear(&m.text);
    }
}

/* ---- tables of cases ---------------------------------------------------------- */

static void put_rows(struct buf *out, const struct run_result *r, const struct test_case *tc)
{
    const struct requirement *q = NULL;
    buf_puts(out, "| ");
    for (size_t i = 0; i < tc->covers.n; i++) {
        buf_puts(out, i ? ", " : "");
        put_text(out, tc->covers.v[i]);
        if (!q)
            q = requirement_in(r->requirements, r->n_requirements, tc->covers.v[i]);
    }
    if (q) {
        buf_puts(out, ": ");
        put_text(out, q->text);
    }
    buf_putc(out, ' ');
}

/* What differs first, or the reason where nothing was compared. */
static void row(struct buf *out, const struct run_result *r, const struct case_tally *t)
{
    const struct case_result *c = t->worst;
    struct buf text;
    buf_init(&text, 65536);
    buf_printf(out, "| %s `%s` ", mark(c->verdict), t->tc->id);
    put_rows(out, r, t->tc);
    put_cell(out, t->tc->clause);
    if (c->found.n > 0) {
        mismatch_expected(&c->found.v[0], &text);
        put_cell(out, buf_cstr(&text));
        put_cell(out, c->found.v[0].actual);
    } else {
        report_outcome_text(&text, t);
        buf_puts(out, "| ");
        put_cell(out, buf_cstr(&text));
    }
    buf_puts(out, "|\n");
    buf_clear(&text);
}

static void table(struct buf *out, const struct run_result *r, enum report_outcome o)
{
    size_t rows = 0;
    buf_puts(out, "| Case | Requirement | Clause | Expected | Actual |\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < r->n_tallies; i++)
        if (report_outcome(r, &r->tallies[i]) == o && rows++ < ROWS_MAX)
            row(out, r, &r->tallies[i]);
    if (rows > ROWS_MAX)
        buf_printf(out, "\n... and %zu more\n", rows - ROWS_MAX);
}

/* ---- details ------------------------------------------------------------------ */

static void put_message(struct buf *out, const struct run_result *r, const struct exchange *e,
                        enum exchange_side side)
{
    struct report_message m;
    report_message(&m, r, e, side);
    if (m.shown.text) {
        size_t n = strlen(m.shown.text);
        html_put(out, "\n%s, %zu bytes\n", side == EXCHANGE_REQUEST ? "Request" : "Reply",
                 m.shown.size);
        while (n > MESSAGE_MAX || (n > 0 && n < strlen(m.shown.text) && m.shown.text[n] != '\n'))
            n = n > MESSAGE_MAX ? MESSAGE_MAX : n - 1;
        html_text(out, bytes_of(m.shown.text, n));
        if (n < strlen(m.shown.text))
            buf_puts(out, "\n...\n");
    } else if (e->note[0]) {
        html_put(out, "\nNo reply: %s\n", e->note);
    }
    report_message_clear(&m);
}

static void details(struct buf *out, const struct run_result *r, const struct case_tally *t)
{
    const struct case_result *c = t->worst;
    const struct exchange *last = NULL;
    struct buf text;
    html_put(out, "\n<details><summary><code>%s</code>: %s</summary>\n\n<pre>\n", t->tc->id,
             t->tc->title);
    buf_init(&text, 1u << 20);
    report_case_text(&text, r, t);
    html_text(out, buf_bytes(&text));
    buf_clear(&text);
    for (const struct exchange *e = c->exchanges; e; e = e->next)
        last = e->step == c->step ? e : last;
    if (last) {
        put_message(out, r, last, EXCHANGE_REQUEST);
        put_message(out, r, last, EXCHANGE_REPLY);
    }
    buf_puts(out, "</pre>\n</details>\n");
}

static void all_details(struct buf *out, const struct run_result *r, enum report_outcome o)
{
    size_t more = 0;
    for (size_t i = 0; i < r->n_tallies; i++) {
        if (report_outcome(r, &r->tallies[i]) != o)
            continue;
        if (out->n < DETAILS_MAX)
            details(out, r, &r->tallies[i]);
        else
            more++;
    }
    if (more > 0)
        buf_printf(out, "\nDetails of %zu more cases are in the JSON report.\n", more);
}

static void section(struct buf *out, const struct run_result *r, enum report_outcome o)
{
    static const struct {
        const char *title;
        bool folded, detailed;
    } looks[OUTCOMES] = {[OUTCOME_ERROR] = {"Errors", false, true},
                         [OUTCOME_FAILED] = {"Failures", false, true},
                         [OUTCOME_WARNED] = {"Warnings", true, false},
                         [OUTCOME_KNOWN] = {"Known failures", true, false},
                         [OUTCOME_SKIPPED] = {"Did not apply, or could not be decided", true, false}};
    size_t n[OUTCOMES];
    report_outcomes(r, NULL, n);
    if (n[o] == 0)
        return;
    if (looks[o].folded)
        buf_printf(out, "\n<details><summary>%s (%zu)</summary>\n\n", looks[o].title, n[o]);
    else
        buf_printf(out, "\n### %s (%zu)\n\n", looks[o].title, n[o]);
    table(out, r, o);
    if (looks[o].detailed)
        all_details(out, r, o);
    if (looks[o].folded)
        buf_puts(out, "\n</details>\n");
}

bool report_md(const char *path, const struct run_result *r, struct kerr *err)
{
    static const enum report_outcome order[] = {OUTCOME_ERROR, OUTCOME_FAILED, OUTCOME_WARNED,
                                                OUTCOME_KNOWN, OUTCOME_SKIPPED};
    struct buf out;
    buf_init(&out, 256u << 20);
    head(&out, r);
    suites_table(&out, r);
    remarks(&out, r);
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        section(&out, r, order[i]);
    bool ok = out.failed ? kerr_set(err, KE_MEMORY, "no memory for the Markdown report")
                         : file_write(path, buf_bytes(&out), result_mode(r), err);
    buf_clear(&out);
    return ok;
}
