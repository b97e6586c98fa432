/* The page of a run, put together (report_html.h). */
#include "conformance/report_html.h"

#include <stdlib.h>
#include <string.h>

#include "conformance/report.h"
#include "conformance/report_html_in.h"

#define OPERATIONS_MAX 128

/* ---- filters ---------------------------------------------------------------- */

struct names {
    struct arena arena;
    const char *v[OPERATIONS_MAX];
    size_t n;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void add_name(struct names *names, struct bytes name)
{
    for (size_t i = 0; i < names->n; i++)
        if (bytes_eq(bytes_str(names->v[i]), name))
            return;
    const char *copy = names->n < OPERATIONS_MAX ? arena_copy(&names->arena, name) : NULL;
    const char *text = copy ? arena_printf(&names->arena, "%.*s", (int)name.n, copy) : NULL;
    if (text)
        names->v[names->n++] = text;
}

/* The operations of all cases, for people to choose from. */
static void list_operations(const struct run_result *r, struct names *names)
{
    struct buf list;
    buf_init(&list, 1u << 16);
    for (size_t i = 0; i < r->n_tallies; i++) {
        buf_reset(&list);
        html_operations(&list, r, r->tallies[i].worst);
        for (size_t at = 0, from = 0; at <= list.n; at++)
            if (at == list.n || list.p[at] == '|') {
                if (at > from)
                    add_name(names, bytes_of(list.p + from, at - from));
                from = at + 1;
            }
    }
    buf_clear(&list);
    if (names->n > 0)
        qsort(names->v, names->n, sizeof *names->v, by_name);
}

static void put_filters(struct buf *out, const struct run_result *r)
{
    struct names names = {.n = 0};
    arena_init(&names.arena, 1u << 20);
    list_operations(r, &names);
    const struct html_filters f = {.counts = r->counts.n,
                                   .levels = true,
                                   .operations = names.v,
                                   .n_operations = names.n,
                                   .changed = r->baseline ? "Changed since baseline" : NULL};
    html_filters(out, &f);
    arena_clear(&names.arena);
}

/* ---- cases ------------------------------------------------------------------ */

static void suite_head(struct buf *out, const struct run_result *r, const char *suite)
{
    size_t n[VERDICT_COUNT_], all = report_suite_counts(r, suite, n);
    html_put(out, "<div class=\"suite\" data-group>\n<h3>%s <span class=\"soft\">%zu case%s</span>"
                  "</h3>\n",
             report_suite(suite), all, all == 1 ? "" : "s");
}

static void put_cases(struct buf *out, const struct run_result *r, const struct html_order *o)
{
    buf_puts(out, "<section id=\"cases\" aria-labelledby=\"cases-h\">\n<h2 id=\"cases-h\">Cases</h2>"
                  "\n");
    for (size_t g = 0; g < o->n_groups; g++) {
        const struct html_group *group = &o->groups[g];
        if (g == 0 || strcmp(o->groups[g - 1].suite, group->suite) != 0) {
            buf_puts(out, g == 0 ? "" : "</div>\n");
            suite_head(out, r, group->suite);
        }
        html_put(out, "<div class=\"group\" data-group>\n<h4>%s%s%s</h4>\n", group->heading,
                 *group->title ? ": " : "", group->title);
        for (size_t i = 0; i < group->n; i++)
            html_case(out, r, o->v[group->first + i]);
        buf_puts(out, "</div>\n");
    }
    buf_puts(out, o->n_groups > 0 ? "</div>\n</section>\n" : "</section>\n");
}

/* ---- the page --------------------------------------------------------------- */

/* Sections that this run has. */
static void list_sections(const struct run_result *r, struct html_section out[10])
{
    size_t n = 0;
    if (r->n_tallies > 0)
        out[n++] = (struct html_section){"summary", "Summary"};
    out[n++] = (struct html_section){"server", "Server"};
    if (html_has_findings(r))
        out[n++] = (struct html_section){"findings", "Findings"};
    if (html_driver(NULL, r))
        out[n++] = (struct html_section){"driver", "Storage driver"};
    if (r->n_tallies > 0) {
        out[n++] = (struct html_section){"matrix", "Matrix"};
        out[n++] = (struct html_section){"cases", "Cases"};
        out[n++] = (struct html_section){"coverage", "Coverage"};
        out[n++] = (struct html_section){"legend", "Legend"};
    }
    out[n] = (struct html_section){NULL, NULL};
}

/* What is about cases; a run whose gate stayed shut has none. */
static void put_parts(struct buf *out, const struct run_result *r, const struct html_order *o)
{
    buf_puts(out, "<div>\n"); /* where the filters stay in view */
    put_filters(out, r);
    html_matrix(out, o);
    put_cases(out, r, o);
    buf_puts(out, "</div>\n");
    html_coverage(out, r);
    html_legend(out);
}

static void put_page(struct buf *out, const struct run_result *r, const struct html_order *o)
{
    struct html_section sections[10];
    const struct target *t = r->target;
    struct buf title;
    list_sections(r, sections);
    buf_init(&title, 4096);
    buf_printf(&title, "%s, KMIP conformance", t->vendor[0] ? t->vendor : t->opt.settings.host);
    html_page_begin(out, buf_cstr(&title), sections);
    buf_clear(&title);
    html_title(out, r);
    html_summary(out, r);
    if (html_has_findings(r))
        html_findings(out, r);
    html_driver(out, r);
    if (r->n_tallies > 0)
        put_parts(out, r, o);
    html_page_end(out);
}

bool report_html(const char *path, const struct run_result *r, struct kerr *err)
{
    struct html_order order;
    struct buf page;
    buf_init(&page, HTML_MAX);
    bool ok = html_order(&order, r) || kerr_set(err, KE_MEMORY, "no memory for the HTML report");
    if (ok) {
        put_page(&page, r, &order);
        ok = html_write(path, &page, result_mode(r), err);
    }
    html_order_clear(&order);
    buf_clear(&page);
    return ok;
}
