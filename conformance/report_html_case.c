/* One case, folded up; all that a vendor's engineer needs is inside (report_html_in.h). */
#include <string.h>

#include "conformance/baseline.h"
#include "conformance/report.h"
#include "conformance/report_html_in.h"

static bool deviates(enum verdict v)
{
    return v == VERDICT_FAIL || v == VERDICT_WARN || v == VERDICT_INCONCLUSIVE ||
           v == VERDICT_ERROR;
}

enum standing html_standing(const struct run_result *r, const struct case_tally *t)
{
    if (!r->baseline)
        return STANDING_NONE;
    if (t->known)
        return STANDING_KNOWN;
    if (deviates(t->worst->verdict))
        return STANDING_NEW;
    for (size_t i = 0; i < r->baseline->n; i++)
        if (r->baseline->v[i].now && strcmp(r->baseline->v[i].id, t->tc->id) == 0)
            return STANDING_BETTER;
    return STANDING_NONE;
}

void html_case_link(struct buf *out, const struct test_case *tc)
{
    buf_puts(out, "<a href=\"#case-");
    html_name(out, tc->id);
    html_put(out, "\">%s</a>", tc->id);
}

/* ---- the line that stands for it -------------------------------------------- */

/* What filters go by. */
static void put_data(struct buf *out, const struct run_result *r, const struct case_tally *t)
{
    enum standing s = html_standing(r, t);
    html_put(out, " data-v=\"%s\" data-l=\"%s\" data-cell=\"cell-",
             verdict_name(t->worst->verdict), level_name(t->tc->level));
    html_name(out, t->tc->id);
    buf_puts(out, "\" data-o=\"");
    html_operations(out, r, t->worst);
    html_put(out, "\" data-text=\"%s", t->tc->clause);
    for (size_t i = 0; i < t->tc->covers.n; i++)
        html_put(out, " %s", t->tc->covers.v[i]);
    html_put(out, "\"%s", s == STANDING_NEW || s == STANDING_BETTER ? " data-changed" : "");
}

static void put_summary(struct buf *out, const struct run_result *r, const struct case_tally *t)
{
    static const char *const standings[] = {
        [STANDING_NONE] = "",
        [STANDING_KNOWN] = "<span class=\"tag\">known</span>",
        [STANDING_NEW] = "<span class=\"tag new\">new</span>",
        [STANDING_BETTER] = "<span class=\"tag\">better than known</span>"};
    buf_puts(out, "<summary>");
    html_verdict(out, t->worst->verdict);
    html_put(out, "<span class=\"t\"><span class=\"id\">%s</span>%s</span>\n<span class=\"m\">",
             t->tc->id, t->tc->title);
    buf_puts(out, standings[html_standing(r, t)]);
    html_put(out, "<span>%s%s</span><span>%.1f ms</span></span>", level_name(t->tc->level),
             t->tc->provisional ? ", provisional" : "", (double)t->worst->took_ns / 1e6);
    if (t->worst->reason[0])
        html_put(out, "<span class=\"why\">%s</span>", t->worst->reason);
    buf_puts(out, "</summary>\n");
}

/* ---- inside ----------------------------------------------------------------- */

static void put_requirements(struct buf *out, const struct run_result *r,
                             const struct test_case *tc)
{
    if (tc->covers.n == 0)
        return;
    buf_puts(out, "<dt>Requirement</dt><dd><ul>\n");
    for (size_t i = 0; i < tc->covers.n; i++) {
        const struct requirement *q = requirement_in(r->requirements, r->n_requirements,
                                                      tc->covers.v[i]);
        buf_puts(out, "<li class=\"req\"><a href=\"#row-");
        html_name(out, tc->covers.v[i]);
        html_put(out, "\">%s</a> <span>%s</span></li>\n", tc->covers.v[i], q ? q->text : "");
    }
    buf_puts(out, "</ul></dd>\n");
}

static void put_step(struct buf *out, const struct case_result *c)
{
    if (c->step < c->tc->n_steps)
        html_put(out, "<dt>Step</dt><dd>%zu of %zu%s%s</dd>\n", c->step + 1, c->tc->n_steps,
                 c->step_note[0] ? ": " : "", c->step_note);
    else if (c->step_note[0])
        html_put(out, "<dt>Step</dt><dd>%s</dd>\n", c->step_note);
}

static void put_known(struct buf *out, const struct known *k)
{
    if (!k)
        return;
    html_put(out, "<dt>Known</dt><dd>%s%s%s", k->cause, *k->cause && *k->note ? ": " : "", k->note);
    if (*k->clause)
        html_put(out, " <span class=\"soft\">%s</span>", k->clause);
    if (*k->expires)
        html_put(out, " <span class=\"soft\">until %s</span>", k->expires);
    buf_puts(out, "</dd>\n");
}

static void put_rounds(struct buf *out, const struct case_tally *t)
{
    struct buf text;
    if (t->rounds < 2)
        return;
    buf_init(&text, 1000);
    report_rounds(&text, t);
    html_put(out, "<dt>Rounds</dt><dd>%s</dd>\n", buf_cstr(&text));
    buf_clear(&text);
}

/* What a probe saw, a line each. */
static void put_evidence(struct buf *out, const char *lines)
{
    if (!*lines)
        return;
    buf_puts(out, "<dt>Seen</dt><dd><ul>\n");
    for (size_t n; *lines; lines += lines[n] ? n + 1 : n) {
        n = strcspn(lines, "\n");
        buf_puts(out, "<li>");
        html_text(out, bytes_of(lines, n));
        buf_puts(out, "</li>\n");
    }
    buf_puts(out, "</ul></dd>\n");
}

static void put_facts(struct buf *out, const struct run_result *r, const struct case_tally *t)
{
    const struct test_case *tc = t->tc;
    buf_puts(out, "<dl class=\"facts\">\n");
    put_requirements(out, r, tc);
    html_put(out, "<dt>Clause</dt><dd>%s</dd>\n<dt>Level</dt><dd>%s%s</dd>\n", tc->clause,
             level_name(tc->level), tc->provisional ? ", provisional: a warning at most" : "");
    if (t->worst->reason[0])
        html_put(out, "<dt>Because</dt><dd>%s</dd>\n", t->worst->reason);
    put_step(out, t->worst);
    put_rounds(out, t);
    put_known(out, t->known);
    put_evidence(out, t->worst->evidence);
    if (tc->why)
        html_put(out, "<dt>Note</dt><dd>%s</dd>\n", tc->why);
    buf_puts(out, "</dl>\n");
}

static void put_rerun(struct buf *out, const struct run_result *r, const struct test_case *tc)
{
    struct buf command;
    buf_init(&command, 32768);
    report_command(&command, r, tc);
    html_put(out, "<h4>Run it again</h4>\n<div class=\"cmd\"><code>%s</code></div>\n",
             buf_cstr(&command));
    buf_clear(&command);
}

void html_case(struct buf *out, const struct run_result *r, const struct case_tally *t)
{
    bool print = deviates(t->worst->verdict) && !t->known;
    html_put(out, "<details class=\"case%s\"", print ? " print" : "");
    put_data(out, r, t);
    buf_puts(out, ">\n");
    put_summary(out, r, t);
    buf_puts(out, "<div class=\"body\" id=\"case-");
    html_name(out, t->tc->id);
    buf_puts(out, "\">\n");
    put_facts(out, r, t);
    html_diff(out, &t->worst->found);
    html_exchanges(out, r, t->worst);
    put_rerun(out, r, t->tc);
    buf_puts(out, "</div>\n</details>\n");
}
