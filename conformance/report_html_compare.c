/* The page of several runs side by side (report_html.h). */
#include <string.h>

#include "conformance/html_page.h"
#include "conformance/report.h"
#include "conformance/report_html.h"
#include "kmip/base/clock.h"
#include "kmip/base/text.h"

/* ---- the runs --------------------------------------------------------------- */

static void put_server(struct buf *out, const struct target *t)
{
    html_put(out, "<td>%s<br><span class=\"soft\">%s, port %s</span></td><td>",
             t->vendor[0] ? t->vendor : "no vendor told", t->opt.settings.host, t->port);
    for (size_t i = 0; i < t->n_versions; i++)
        html_put(out, "%s%s", i ? ", " : "KMIP ", kmip_version_text(t->versions[i]));
    html_put(out, "<br><span class=\"soft\">%s%s%s</span></td>", t->tls.version,
             t->tls.suite[0] ? ", " : "", t->tls.suite);
}

static void put_run(struct buf *out, const struct compared_run *run)
{
    const struct run_result *r = run->result;
    struct buf text;
    char date[40];
    buf_init(&text, 4096);
    enum verdict v = report_conclusion(r, &text);
    html_put(out, "<tr><th scope=\"row\">%s</th>", run->name);
    put_server(out, r->target);
    html_put(out,
             "<td><time>%s</time><br><span class=\"soft\">kmip-conform %s</span></td><td>",
             text_date_out(r->started_wall_ns / NS_PER_S, date),
             r->tool_version ? r->tool_version : KMIP_CONFORM_VERSION);
    html_verdict(out, v);
    html_put(out, "<br>%s</td><td>", buf_cstr(&text));
    html_bar(out, r->counts.n);
    html_key(out, r->counts.n);
    buf_puts(out, "</td></tr>\n");
    buf_clear(&text);
}

static void put_runs(struct buf *out, const struct comparison *c)
{
    buf_puts(out, "<section id=\"runs\" aria-labelledby=\"runs-h\">\n<h2 id=\"runs-h\">Runs</h2>\n"
                  "<div class=\"wide\"><table>\n<thead><tr><th scope=\"col\">Report</th>"
                  "<th scope=\"col\">Server</th><th scope=\"col\">Versions</th><th scope=\"col\">Tested"
                  "</th><th scope=\"col\">Conclusion</th><th scope=\"col\">Cases</th></tr></thead>\n"
                  "<tbody>\n");
    for (size_t i = 0; i < c->n_runs; i++)
        put_run(out, &c->runs[i]);
    buf_puts(out, "</tbody></table></div>\n</section>\n");
}

#define ALIKE_MAX 4 /* columns that a page is wide enough for; of more, each is as wide as it needs */

/* ---- the cases -------------------------------------------------------------- */

static void put_cell(struct buf *out, const struct case_tally *t, bool reason)
{
    buf_puts(out, "<td>");
    if (!t)
        buf_puts(out, "<span class=\"v absent\"><span class=\"g\" aria-hidden=\"true\">\u00B7</span>"
                      "not run</span>");
    else
        html_verdict(out, t->worst->verdict);
    if (t && t->known)
        buf_puts(out, " <span class=\"tag\">known</span>");
    if (t && reason && t->worst->reason[0])
        html_put(out, "<small>%s</small>", t->worst->reason);
    buf_puts(out, "</td>");
}

/* Verdicts of the row, for the filter. */
static void put_data(struct buf *out, const struct compared_case *row, size_t n)
{
    html_put(out, " data-l=\"%s\"%s data-text=\"%s\" data-v=\"", level_name(row->tc->level),
             row->differs ? " data-changed" : "", row->tc->clause);
    for (size_t i = 0; i < n; i++)
        if (row->of[i])
            html_put(out, "|%s", verdict_name(row->of[i]->worst->verdict));
    buf_putc(out, '"');
}

static void put_row(struct buf *out, const struct comparison *c, const struct compared_case *row)
{
    buf_puts(out, "<tr");
    put_data(out, row, c->n_runs);
    html_put(out, "><th scope=\"row\"><span class=\"id\">%s</span> <span class=\"soft\">%s</span></th>",
             row->tc->id, row->tc->title);
    for (size_t i = 0; i < c->n_runs; i++)
        put_cell(out, row->of[i], row->differs);
    buf_puts(out, "</tr>\n");
}

static void put_columns(struct buf *out, const struct comparison *c, const char *suite)
{
    html_put(out,
             "<div class=\"wide\" data-group tabindex=\"0\"><table class=\"compare%s\">\n<caption>%s"
             "</caption>\n<thead><tr><th scope=\"col\">Case</th>",
             c->n_runs > ALIKE_MAX ? " many" : "", report_suite(suite));
    for (size_t i = 0; i < c->n_runs; i++) {
        const struct target *t = c->runs[i].result->target;
        html_put(out, "<th scope=\"col\"><b>%s</b>%s</th>",
                 t->vendor[0] ? t->vendor : t->opt.settings.host, c->runs[i].name);
    }
    buf_puts(out, "</tr></thead>\n<tbody>\n");
}

/* A table for each suite that has such rows. */
static void put_tables(struct buf *out, const struct comparison *c, bool differing)
{
    const char *suite = NULL;
    for (size_t i = 0; i < c->n; i++) {
        if (c->v[i].differs != differing)
            continue;
        if (!suite || strcmp(suite, c->v[i].tc->suite) != 0) {
            buf_puts(out, suite ? "</tbody></table></div>\n" : "");
            suite = c->v[i].tc->suite;
            put_columns(out, c, suite);
        }
        put_row(out, c, &c->v[i]);
    }
    buf_puts(out, suite ? "</tbody></table></div>\n" : "");
}

static void put_filters(struct buf *out, const struct comparison *c)
{
    size_t n[VERDICT_COUNT_] = {0};
    for (size_t i = 0; i < c->n_runs; i++)
        for (int v = 0; v < VERDICT_COUNT_; v++)
            n[v] += c->runs[i].result->counts.n[v];
    const struct html_filters f = {.counts = n, .levels = true, .changed = "Different only"};
    html_filters(out, &f);
}

static void put_cases(struct buf *out, const struct comparison *c)
{
    html_put(out,
             "<section id=\"cases\" aria-labelledby=\"cases-h\">\n<h2 id=\"cases-h\">%zu case%s "
             "differ%s</h2>\n<p class=\"lead\">Where two servers came to different verdicts, or deviate "
             "for different reasons.</p>\n",
             c->differing, c->differing == 1 ? "" : "s", c->differing == 1 ? "s" : "");
    put_tables(out, c, true);
    html_put(out,
             "</section>\n<section id=\"same\" aria-labelledby=\"same-h\">\n<h2 id=\"same-h\">%zu "
             "the same</h2>\n",
             c->n - c->differing);
    put_tables(out, c, false);
    buf_puts(out, "</section>\n");
}

static void put_page(struct buf *out, const struct comparison *c)
{
    static const struct html_section sections[] = {{"runs", "Runs"},
                                                   {"cases", "Differences"},
                                                   {"same", "The same"},
                                                   {"legend", "Legend"},
                                                   {NULL, NULL}};
    html_page_begin(out, "KMIP conformance compared", sections);
    html_put(out, "<div class=\"title\">\n<p class=\"soft\">KMIP conformance reports</p>\n<h1>%zu runs "
                  "side by side</h1>\n</div>\n",
             c->n_runs);
    put_runs(out, c);
    buf_puts(out, "<div>\n"); /* where the filters stay in view */
    put_filters(out, c);
    put_cases(out, c);
    buf_puts(out, "</div>\n");
    html_legend(out);
    html_page_end(out);
}

bool report_compare_html(const char *path, const struct comparison *c, struct kerr *err)
{
    struct buf page;
    unsigned mode = 0644;
    for (size_t i = 0; i < c->n_runs; i++)
        mode &= result_mode(c->runs[i].result);
    buf_init(&page, HTML_MAX);
    put_page(&page, c);
    bool ok = html_write(path, &page, mode, err);
    buf_clear(&page);
    return ok;
}
