/* What a reader has to act on (report_html_in.h): what deviates, worst first. A rule that
 * many cases saw broken in the same way is told once, with those cases. */
#include <stdlib.h>
#include <string.h>

#include "conformance/baseline.h"
#include "conformance/report.h"
#include "conformance/report_html_in.h"

#define SHOWN 200 /* findings of one verdict; the matrix has them all */

static bool deviates(enum verdict v)
{
    return v == VERDICT_FAIL || v == VERDICT_ERROR || v == VERDICT_INCONCLUSIVE ||
           v == VERDICT_WARN;
}

bool html_has_findings(const struct run_result *r)
{
    for (int v = 0; v < VERDICT_COUNT_; v++)
        if (deviates((enum verdict)v) && r->counts.n[v] > 0)
            return true;
    return false;
}

/* The first mismatch decides a case's reason; cases with the same one are told together. */
static const struct mismatch *cause_of(const struct case_result *c)
{
    for (size_t i = 0; i < c->found.n; i++)
        if (c->found.v[i].rule[0])
            return &c->found.v[i];
    return NULL;
}

static bool same(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

static bool together(const struct case_tally *a, const struct case_tally *b)
{
    const struct mismatch *x = cause_of(a->worst), *y = cause_of(b->worst);
    if (a->worst->verdict != b->worst->verdict || a->known != b->known)
        return false;
    if (!x || !y)
        return !x && !y && same(a->worst->reason, b->worst->reason);
    return same(x->rule, y->rule) && same(x->expected, y->expected) && same(x->actual, y->actual);
}

static void put_cause(struct buf *out, const struct case_tally *t)
{
    const struct mismatch *m = cause_of(t->worst);
    if (m)
        html_put(out,
                 "<p>expected %s, got %s. <span class=\"soft\">%s: %s, seen at %s</span></p>\n",
                 m->expected, m->actual, m->rule, m->clause ? m->clause : t->tc->clause, m->path);
    else
        html_put(out, "<p>%s <span class=\"soft\">%s</span></p>\n",
                 t->worst->reason[0] ? t->worst->reason : t->tc->title, t->tc->clause);
    if (t->known)
        html_put(out, "<p><span class=\"tag\">known</span> %s%s%s</p>\n", t->known->cause,
                 *t->known->cause && *t->known->note ? ": " : "", t->known->note);
}

static void put_cases(struct buf *out, const struct run_result *r, size_t first)
{
    size_t n = 0;
    for (size_t i = first; i < r->n_tallies; i++)
        n += together(&r->tallies[first], &r->tallies[i]);
    if (n > 8)
        html_put(out, "<details><summary>%zu cases</summary>", n);
    buf_puts(out, "<p class=\"chips\">");
    for (size_t i = first; i < r->n_tallies; i++)
        if (together(&r->tallies[first], &r->tallies[i])) {
            html_case_link(out, r->tallies[i].tc);
            buf_putc(out, '\n');
        }
    buf_puts(out, n > 8 ? "</p></details>" : "</p>");
}

static bool told_before(const struct run_result *r, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (together(&r->tallies[i], &r->tallies[at]))
            return true;
    return false;
}

static void put_verdict(struct buf *out, const struct run_result *r, enum verdict v)
{
    size_t shown = 0, more = 0;
    for (size_t i = 0; i < r->n_tallies; i++) {
        if (r->tallies[i].worst->verdict != v || told_before(r, i))
            continue;
        if (shown >= SHOWN) {
            more++;
            continue;
        }
        buf_puts(out, shown++ == 0 ? "<ol class=\"findings\">\n<li>" : "<li>");
        html_verdict(out, v);
        buf_puts(out, "<div>");
        put_cause(out, &r->tallies[i]);
        put_cases(out, r, i);
        buf_puts(out, "</div></li>\n");
    }
    if (shown > 0)
        buf_puts(out, "</ol>\n");
    if (more > 0)
        html_put(out, "<p class=\"soft\">... and %zu more: see the cases.</p>\n", more);
}

void html_findings(struct buf *out, const struct run_result *r)
{
    buf_puts(out, "<section id=\"findings\" aria-labelledby=\"findings-h\">\n<h2 id=\"findings-h\">"
                  "Findings</h2>\n");
    for (int i = 0; i < VERDICT_COUNT_; i++)
        if (deviates(html_worst_first[i]))
            put_verdict(out, r, html_worst_first[i]);
    buf_puts(out, "</section>\n");
}
