/* Rows of the profiles, each with the worst that its cases came to (report_html_in.h). */
#include <string.h>

#include "conformance/report.h"
#include "conformance/report_html_in.h"

static bool covers(const struct test_case *tc, const char *row)
{
    for (size_t i = 0; i < tc->covers.n; i++)
        if (strcmp(tc->covers.v[i], row) == 0)
            return true;
    return false;
}

/* What did not apply counts only where there is nothing else. */
static int weight(const struct case_tally *t)
{
    enum verdict v = t->worst->verdict;
    return v == VERDICT_NOT_SUPPORTED || v == VERDICT_NOT_APPLICABLE ? -1 : verdict_rank(v);
}

/* The worst case of the row; NULL: none was run. */
static const struct case_tally *worst_of(const struct run_result *r, const char *row)
{
    const struct case_tally *worst = NULL;
    for (size_t i = 0; i < r->n_tallies; i++) {
        const struct case_tally *t = &r->tallies[i];
        if (covers(t->tc, row) && (!worst || weight(t) > weight(worst)))
            worst = t;
    }
    return worst;
}

static void put_row(struct buf *out, const struct run_result *r, const struct requirement *q)
{
    const struct case_tally *worst = worst_of(r, q->row);
    html_put(out, "<tr class=\"%s\" id=\"row-", worst ? html_class(worst->worst->verdict) : "bare");
    html_name(out, q->row);
    html_put(out, "\"><th scope=\"row\">%s</th><td>%s<br><span class=\"soft\">%s</span></td><td>",
             q->row, q->text, q->clause);
    if (worst)
        html_verdict(out, worst->worst->verdict);
    else
        html_put(out, "<span class=\"v absent\"><span class=\"g\" aria-hidden=\"true\">\u00B7</span>%s"
                      "</span>",
                 q->without_case[0] ? "NO CASE" : "NOT RUN");
    buf_puts(out, "</td><td>");
    if (worst) {
        buf_puts(out, "<div class=\"cells\">");
        for (size_t i = 0; i < r->n_tallies; i++)
            if (covers(r->tallies[i].tc, q->row))
                html_cell(out, &r->tallies[i], false);
        buf_puts(out, "</div>");
    } else {
        html_put(out, "<span class=\"soft\">%s</span>",
                 q->without_case[0] ? q->without_case : "none of its cases was in this run");
    }
    buf_puts(out, "</td></tr>\n");
}

static void put_head(struct buf *out, const char *profile)
{
    html_put(out,
             "<div class=\"wide\"><table class=\"rows\">\n<caption>%s</caption>\n<colgroup>"
             "<col class=\"row\"><col class=\"what\"><col class=\"worst\"><col></colgroup>\n"
             "<thead><tr>"
             "<th scope=\"col\">Row</th><th scope=\"col\">Requirement</th><th scope=\"col\">Worst"
             "</th><th scope=\"col\">Cases</th></tr></thead>\n<tbody>\n",
             report_suite(profile));
}

/* Rows that the cases name, where there is no table of them. */
static void put_names(struct buf *out, const struct run_result *r)
{
    static const struct requirement none = {.profile = "", .clause = "", .mark = "", .text = "",
                                            .without_case = ""};
    put_head(out, "Rows that the cases name");
    for (size_t i = 0; i < r->n_tallies; i++)
        for (size_t k = 0; k < r->tallies[i].tc->covers.n; k++) {
            struct requirement q = none;
            bool seen = false;
            q.row = r->tallies[i].tc->covers.v[k];
            for (size_t j = 0; j < i && !seen; j++)
                seen = covers(r->tallies[j].tc, q.row);
            if (!seen)
                put_row(out, r, &q);
        }
    buf_puts(out, "</tbody></table></div>\n");
}

/* A row may stand in the table of another profile's: the tables here are of one each. */
static bool is_first_of_its_profile(const struct run_result *r, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (strcmp(r->requirements[k].profile, r->requirements[i].profile) == 0)
            return false;
    return true;
}

static void put_profile(struct buf *out, const struct run_result *r, const char *profile)
{
    put_head(out, profile);
    for (size_t i = 0; i < r->n_requirements; i++)
        if (strcmp(r->requirements[i].profile, profile) == 0)
            put_row(out, r, &r->requirements[i]);
    buf_puts(out, "</tbody></table></div>\n");
}

void html_coverage(struct buf *out, const struct run_result *r)
{
    buf_puts(out, "<section id=\"coverage\" aria-labelledby=\"coverage-h\">\n<h2 id=\"coverage-h\">"
                  "Coverage</h2>\n<p class=\"lead\">The rows of the profiles, each with the worst "
                  "verdict of its cases in this run; those that did not apply count where there "
                  "are no others. A row without a case says why.</p>\n");
    for (size_t i = 0; i < r->n_requirements; i++)
        if (is_first_of_its_profile(r, i))
            put_profile(out, r, r->requirements[i].profile);
    if (r->n_requirements == 0)
        put_names(out, r);
    buf_puts(out, "</section>\n");
}
