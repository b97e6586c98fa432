/* One case of the terminal report (report.h): all that a vendor's engineer needs. */
#include "conformance/report.h"
#include "conformance/report_message.h"
#include "kmip/base/clock.h"

#define MISMATCHES_SHOWN 6
#define REQUESTS_SHOWN 20 /* failures; where there are more, replies must do */
#define LINES_SHOWN 60 /* of a decoded message; --verbose shows all */

void report_mismatch(struct terminal *t, const struct mismatch *m)
{
    struct buf expected;
    buf_init(&expected, 32768);
    mismatch_expected(m, &expected);
    fprintf(t->out, "    expected  %s\n    actual    %s\n", buf_cstr(&expected), m->actual);
    buf_clear(&expected);
    if (m->off != KERR_NO_OFF)
        fprintf(t->out, "    where     %s (offset %u)\n", m->path, m->off);
    if (m->clause)
        fprintf(t->out, "    rule      %s: %s%s\n", m->rule, m->clause, m->must ? "" : " (SHOULD)");
}

void report_rerun(struct terminal *t, const struct run_result *r, const struct test_case *tc)
{
    struct buf command;
    buf_init(&command, 32768);
    report_command(&command, r, tc);
    fprintf(t->out, "    again     %s\n\n", buf_cstr(&command));
    buf_clear(&command);
}

/* ---- messages --------------------------------------------------------------- */

static void print_lines(FILE *out, const struct shown *shown, bool all)
{
    struct report_line line = {.shown = shown};
    size_t more = 0;
    while (report_line_next(&line)) {
        if (all || line.number < LINES_SHOWN)
            fprintf(out, "%*s%.*s\n", 6 + 2 * (int)line.depth, "", (int)line.n, line.text);
        else
            more++;
    }
    if (more > 0)
        fprintf(out, "      ... %zu more lines (--verbose shows them)\n", more);
}

static void print_message(struct terminal *t, const struct run_result *r, const char *what,
                          const struct shown *shown)
{
    fprintf(t->out, "    %s%zu bytes\n", what, shown->size);
    print_lines(t->out, shown, r->verbose);
}

static void print_exchange(struct terminal *t, const struct run_result *r, const struct exchange *e)
{
    struct report_message request, reply;
    report_message(&request, r, e, EXCHANGE_REQUEST);
    report_message(&reply, r, e, EXCHANGE_REPLY);
    if (strcmp(e->client, "main") != 0)
        fprintf(t->out, "    client    %s\n", e->client);
    if (r->verbose || r->counts.n[VERDICT_FAIL] <= REQUESTS_SHOWN)
        print_message(t, r, "request   ", &request.shown);
    else
        fprintf(t->out, "    request   %zu bytes (--verbose shows them)\n", request.shown.size);
    if (reply.shown.text)
        print_message(t, r, "reply     ", &reply.shown);
    else
        fprintf(t->out, "    reply     none after %lld ms: %s\n",
                (long long)(e->took_ns / NS_PER_MS), e->note);
    report_message_clear(&request);
    report_message_clear(&reply);
}

/* The last exchange of the step that decided. */
static void print_exchanges(struct terminal *t, const struct run_result *r,
                            const struct case_result *c)
{
    const struct exchange *last = NULL;
    for (const struct exchange *e = c->exchanges; e; e = e->next) {
        if (r->verbose)
            print_exchange(t, r, e);
        else if (e->step == c->step)
            last = e;
    }
    if (last)
        print_exchange(t, r, last);
}

/* ---- the case --------------------------------------------------------------- */

static void print_requirements(struct terminal *t, const struct run_result *r,
                               const struct test_case *tc)
{
    for (size_t i = 0; i < tc->covers.n; i++) {
        const struct requirement *q = requirement_in(r->requirements, r->n_requirements,
                                                      tc->covers.v[i]);
        if (q)
            fprintf(t->out, "    requires  %s: %s\n", q->row, q->text);
    }
}

/* Does a mismatch say the same already? */
static bool says_more(const struct case_result *c)
{
    for (size_t i = 0; i < c->found.n; i++)
        if (strstr(c->reason, c->found.v[i].expected) && strstr(c->reason, c->found.v[i].actual))
            return false;
    return c->reason[0] != 0;
}

/* The case's own expectations first, then rules. */
static void print_found(struct terminal *t, const struct run_result *r, const struct case_result *c,
                        report_told *told, void *arg)
{
    size_t most = r->verbose ? c->found.n : MISMATCHES_SHOWN, shown = 0, more = c->found.dropped;
    for (int rules = 0; rules < 2; rules++)
        for (size_t i = 0; i < c->found.n; i++) {
            const struct mismatch *m = &c->found.v[i];
            if ((m->rule[0] != 0) != (rules == 1) || (told && told(arg, m)))
                continue;
            if (shown < most)
                report_mismatch(t, m);
            more += shown++ >= most;
        }
    if (more > 0)
        fprintf(t->out, "    ... and %zu more that differ%s\n", more,
                r->verbose ? "" : " (--verbose)");
    for (size_t i = 0; told && i < c->found.n; i++)
        if (told(arg, &c->found.v[i]))
            fprintf(t->out, "    also      %s, told above\n", c->found.v[i].rule);
}

/* What a probe saw, a line each. */
static void print_evidence(struct terminal *t, const char *lines)
{
    for (size_t n; *lines; lines += lines[n] ? n + 1 : n) {
        n = strcspn(lines, "\n");
        fprintf(t->out, "    seen      %.*s\n", (int)n, lines);
    }
}

void report_detail(struct terminal *t, const struct run_result *r, const struct case_result *c,
                   bool full, report_told *told, void *arg)
{
    report_verdict(t, c->verdict);
    fprintf(t->out, "  %s: %s\n", c->tc->id, c->tc->title);
    if (full)
        print_requirements(t, r, c->tc);
    fprintf(t->out, "    clause    %s (%s%s)\n", c->tc->clause, level_name(c->tc->level),
            c->tc->provisional ? ", provisional: a warning at most" : "");
    if (c->step < c->tc->n_steps)
        fprintf(t->out, "    step      %zu of %zu%s%s (%s:%u)\n", c->step + 1, c->tc->n_steps,
                c->step_note[0] ? ": " : "", c->step_note, c->tc->path,
                c->tc->steps[c->step].node->line);
    if (says_more(c))
        fprintf(t->out, "    because   %s\n", c->reason);
    print_evidence(t, c->evidence);
    print_found(t, r, c, told, arg);
    if (c->tc->why && full)
        fprintf(t->out, "    note      %s\n", c->tc->why);
    if (full || r->verbose)
        print_exchanges(t, r, c);
    report_rerun(t, r, c->tc);
}
