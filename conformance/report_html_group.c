/* Cases by suite and chapter, and the matrix of them (report_html_in.h). */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/clause.h"
#include "conformance/report.h"
#include "conformance/report_html_in.h"
#include "kmip/schema/dict.h"

/* ---- order ------------------------------------------------------------------ */

struct placed {
    const struct case_tally *t;
    const char *heading;
    size_t at; /* among the run's cases */
};

static const char *heading_of(struct arena *a, const char *clause)
{
    struct buf text;
    buf_init(&text, 4096);
    clause_heading(clause, &text);
    const char *copy = arena_str(a, text.n > 0 ? buf_cstr(&text) : "No clause");
    buf_clear(&text);
    return copy;
}

static int by_heading(const void *a, const void *b)
{
    const struct placed *x = a, *y = b;
    int order = clause_compare(x->heading, y->heading);
    return order ? order : x->at < y->at ? -1 : x->at > y->at;
}

#define SPECIFICATION "KMIP 1.2 spec, "

/* Chapters that are about no single attribute, operation or row. */
static const struct {
    const char *section, *title;
} chapters[] = {{"2.1", "Base Objects"}, {"2.2", "Managed Objects"}, {"3", "Attributes"},
                {"4", "Operations"},     {"5.1", "Notify"},           {"6.6", "Authentication"},
                {"7.2", "Headers and batch items"}, {"10", "Transport"},
                {"11.1", "Errors of any operation"}};

/* The operation whose payloads the section describes. */
static const char *operation_of(struct arena *a, const char *section)
{
    for (size_t i = 0; i < kmip_n_structs; i++) {
        const struct kmip_struct *s = &kmip_structs[i];
        const char *end = strstr(s->name, " Request Payload");
        if (end && strcmp(s->section, section) == 0)
            return arena_printf(a, "%.*s", (int)(end - s->name), s->name);
    }
    return NULL;
}

/* Up to Query the errors of the operation of 4.N are those of 11.N+1. */
static const char *errors_of(struct arena *a, const char *section)
{
    char of[16];
    const char *number = strncmp(section, "11.", 3) == 0 ? section + 3 : "";
    unsigned long n = strtoul(number, NULL, 10);
    snprintf(of, sizeof of, "4.%lu", n - 1);
    const char *name = n >= 2 && n <= 26 ? operation_of(a, of) : NULL;
    return name ? arena_printf(a, "Errors of %s", name) : NULL;
}

/* The attribute or the operation that the section is about; NULL: neither. */
static const char *name_of(struct arena *a, const char *section)
{
    for (size_t i = 0; i < sizeof chapters / sizeof *chapters; i++)
        if (strcmp(chapters[i].section, section) == 0)
            return chapters[i].title;
    for (size_t i = 0; i < kmip_n_attributes; i++)
        if (strcmp(kmip_attributes[i].section, section) == 0)
            return kmip_attributes[i].name;
    const char *operation = operation_of(a, section);
    return operation ? operation : errors_of(a, section);
}

/* Does the clause cite this very section first, and nothing inside of it? */
static bool is_about(const char *clause, const char *heading)
{
    size_t n = strlen(heading);
    return strncmp(clause, heading, n) == 0 && (clause[n] == 0 || strchr(",; ", clause[n])) &&
           strncmp(clause + n, " (", 2) != 0;
}

/* Titles begin with a capital, and tell nobody what to do. */
static bool is_title(const char *text)
{
    return strlen(text) < 60 && isupper((unsigned char)*text) && !strstr(text, "SHALL") &&
           !strstr(text, "SHOULD") && !strstr(text, "MAY") && strncmp(text, "May ", 4) != 0;
}

/* What a row says of its section, up to a code in parentheses: "Locate (08)". */
static const char *row_of(struct arena *a, const struct run_result *r, const char *heading)
{
    for (size_t i = 0; i < r->n_requirements; i++) {
        const struct requirement *q = &r->requirements[i];
        if (is_about(q->clause, heading) && is_title(q->text))
            return arena_printf(a, "%.*s", (int)strcspn(q->text, "(:"), q->text);
    }
    return NULL;
}

static const char *title_of(struct arena *a, const struct run_result *r, const char *heading)
{
    size_t n = strlen(SPECIFICATION);
    bool ours = strncmp(heading, SPECIFICATION, n) == 0;
    const char *title = ours ? name_of(a, heading + n) : NULL;
    if (!title)
        title = row_of(a, r, heading);
    return title ? title : "";
}

static size_t place_suite(struct html_order *o, const struct run_result *r, const char *suite,
                          struct placed *v)
{
    size_t n = 0;
    for (size_t i = 0; i < r->n_tallies; i++) {
        const struct case_tally *t = &r->tallies[i];
        if (strcmp(t->tc->suite, suite) != 0)
            continue;
        const char *heading = heading_of(&o->arena, t->tc->clause);
        v[n++] = (struct placed){t, heading ? heading : "", i};
    }
    if (n > 0)
        qsort(v, n, sizeof *v, by_heading);
    return n;
}

static void add_suite(struct html_order *o, const struct run_result *r, const char *suite,
                      const struct placed *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct html_group *last = o->n_groups > 0 ? &o->groups[o->n_groups - 1] : NULL;
        if (i == 0 || strcmp(last->heading, v[i].heading) != 0) {
            last = &o->groups[o->n_groups++];
            *last = (struct html_group){suite, v[i].heading, title_of(&o->arena, r, v[i].heading),
                                        o->n, 0};
        }
        last->n++;
        o->v[o->n++] = v[i].t;
    }
}

bool html_order(struct html_order *o, const struct run_result *r)
{
    const char *names[REPORT_SUITES_MAX];
    size_t suites = report_suites(r, names);
    struct placed *v = calloc(r->n_tallies + 1, sizeof *v);
    memset(o, 0, sizeof *o);
    arena_init(&o->arena, 64u << 20);
    o->v = calloc(r->n_tallies + 1, sizeof *o->v);
    o->groups = calloc(r->n_tallies + 1, sizeof *o->groups);
    bool ok = v && o->v && o->groups;
    for (size_t i = 0; ok && i < suites; i++) {
        size_t n = place_suite(o, r, names[i], v);
        add_suite(o, r, names[i], v, n);
    }
    free(v);
    return ok;
}

void html_order_clear(struct html_order *o)
{
    free(o->v);
    free(o->groups);
    arena_clear(&o->arena);
}

/* ---- matrix ----------------------------------------------------------------- */

void html_cell(struct buf *out, const struct case_tally *t, bool named)
{
    enum verdict v = t->worst->verdict;
    html_put(out, "<a class=\"c %s\"", html_class(v));
    if (named) {
        buf_puts(out, " id=\"cell-");
        html_name(out, t->tc->id);
        buf_putc(out, '"');
    }
    buf_puts(out, " href=\"#case-");
    html_name(out, t->tc->id);
    html_put(out, "\" title=\"%s: %s\" aria-label=\"%s: %s\">%s</a>", verdict_name(v), t->tc->id,
             t->tc->id, verdict_name(v), report_glyph(v));
}

static void matrix_head(struct buf *out, const char *suite)
{
    html_put(out,
             "<div class=\"two\" data-group><table class=\"matrix\">\n<caption>%s</caption>\n<colgroup><col "
             "class=\"clause\"><col></colgroup>\n<thead class=\"vh\"><tr><th scope=\"col\">Clause"
             "</th><th scope=\"col\">Cases</th></tr></thead>\n<tbody>\n",
             report_suite(suite));
}

void html_matrix(struct buf *out, const struct html_order *o)
{
    buf_puts(out, "<section id=\"matrix\" aria-labelledby=\"matrix-h\">\n<h2 id=\"matrix-h\">Matrix"
                  "</h2>\n<p class=\"lead\">A square for each case, by suite and by the section that "
                  "it cites first: of the KMIP 1.2 specification, where no other document is named. "
                  "Each leads to its case.</p>\n");
    for (size_t g = 0; g < o->n_groups; g++) {
        const struct html_group *group = &o->groups[g];
        if (g == 0 || strcmp(o->groups[g - 1].suite, group->suite) != 0) {
            buf_puts(out, g == 0 ? "" : "</tbody></table></div>\n");
            matrix_head(out, group->suite);
        }
        size_t n = strlen(SPECIFICATION);
        bool ours = strncmp(group->heading, SPECIFICATION, n) == 0;
        html_put(out, "<tr data-group><th scope=\"row\"><span class=\"%s\">%s </span>%s</th><td>"
                      "<div class=\"cells\">",
                 ours ? "sec" : "soft", group->heading + (ours ? n : 0), group->title);
        for (size_t i = 0; i < group->n; i++)
            html_cell(out, o->v[group->first + i], true);
        buf_puts(out, "</div></td></tr>\n");
    }
    buf_puts(out, o->n_groups > 0 ? "</tbody></table></div>\n</section>\n" : "</section>\n");
}
