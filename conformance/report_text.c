/* The terminal report (report.h). */
#include <stdlib.h>
#include <unistd.h>

#include "conformance/report.h"
#include "conformance/requirement.h"
#include "kmip/base/clock.h"
#include "kmip/base/text.h"
#include "kmip/form/form.h"

static const struct {
    const char *glyph, *color;
} looks[] = {
    [VERDICT_PASS] = {"\u2713", "32"},           [VERDICT_WARN] = {"!", "33"},
    [VERDICT_FAIL] = {"\u2717", "31;1"},         [VERDICT_NOT_SUPPORTED] = {"\u2013", "2"},
    [VERDICT_NOT_APPLICABLE] = {"\u2013", "2"},  [VERDICT_INCONCLUSIVE] = {"?", "35"},
    [VERDICT_ERROR] = {"\u203c", "31;1"},
};

void terminal_init(struct terminal *t, FILE *out)
{
    bool tty = isatty(fileno(out)) == 1;
    const char *term = getenv("TERM"), *plain = getenv("NO_COLOR");
    bool dumb = term && strcmp(term, "dumb") == 0;
    *t = (struct terminal){.out = out, .live = tty && !dumb, .color = tty && !dumb && !(plain && *plain)};
}

static void paint(struct terminal *t, const char *color, const char *text)
{
    if (t->color)
        fprintf(t->out, "\033[%sm%s\033[0m", color, text);
    else
        fputs(text, t->out);
}

static void verdict(struct terminal *t, enum verdict v)
{
    char text[48];
    snprintf(text, sizeof text, "%s %s", looks[v].glyph, verdict_name(v));
    paint(t, looks[v].color, text);
}

static void erase(struct terminal *t)
{
    if (t->live)
        fputs("\r\033[K", t->out);
}

/* ---- while it runs ---------------------------------------------------------- */

void report_target(struct terminal *t, const struct target *target, const char *run_prefix)
{
    char from[40], to[40];
    fprintf(t->out, "Server     %s:%s", target->opt.settings.host, target->port);
    if (target->vendor[0])
        fprintf(t->out, ", \"%s\"", target->vendor);
    fprintf(t->out, "\nVersions   ");
    for (size_t i = 0; i < target->n_versions; i++)
        fprintf(t->out, "%s%s", i ? ", " : "", kmip_version_text(target->versions[i]));
    fprintf(t->out, " (tested with %s)\nTLS        %s, %s%s%s\n", kmip_version_text(target->opt.settings.version),
            target->tls.version, target->tls.suite, target->tls.group[0] ? ", " : "", target->tls.group);
    if (target->tls.has_peer)
        fprintf(t->out, "Certificate  %s, issued by %s, valid %s to %s\n", target->tls.peer_subject,
                target->tls.peer_issuer, text_date_out(target->tls.peer_not_before, from),
                text_date_out(target->tls.peer_not_after, to));
    if (target->has_offset && target->offset_s != 0)
        fprintf(t->out, "Clock      %lld s %s ours: cases about dates may show it\n",
                (long long)llabs((long long)target->offset_s), target->offset_s < 0 ? "behind" : "ahead of");
    else
        fprintf(t->out, "Clock      agrees with ours\n");
    fprintf(t->out, "Run        %s (begins every name that is made)\n\n", run_prefix);
    fflush(t->out);
}

void report_begin(struct terminal *t, const struct test_case *tc, size_t i, size_t n)
{
    if (!t->live)
        return;
    fprintf(t->out, "\r\033[K[%zu/%zu] %s", i + 1, n, tc->id);
    fflush(t->out);
}

void report_case(struct terminal *t, const struct case_result *c)
{
    erase(t);
    if (t->quiet && c->verdict == VERDICT_PASS)
        return;
    verdict(t, c->verdict);
    fprintf(t->out, "%*s %s", (int)(16 - 2 - strlen(verdict_name(c->verdict))), "", c->tc->id);
    if (c->verdict == VERDICT_PASS)
        fprintf(t->out, "  (%lld ms)", (long long)(c->took_ns / NS_PER_MS));
    else if (c->reason[0])
        fprintf(t->out, "  %s", c->reason);
    fputc('\n', t->out);
    fflush(t->out);
}

/* ---- one case in full ------------------------------------------------------- */

static void print_mismatch(struct terminal *t, const struct mismatch *m)
{
    fprintf(t->out, "    expected  %s\n    actual    %s\n", m->expected, m->actual);
    if (m->off != KERR_NO_OFF)
        fprintf(t->out, "    where     %s (offset %u)\n", m->path, m->off);
    if (m->clause)
        fprintf(t->out, "    clause    %s [%s]%s\n", m->clause, m->rule, m->must ? "" : ", a SHOULD");
}

static const struct exchange *deciding(const struct case_result *c)
{
    const struct exchange *last = NULL;
    for (const struct exchange *e = c->exchanges; e; e = e->next)
        if (e->step == c->step || (c->step == SIZE_MAX && e->step == SIZE_MAX))
            last = e;
    return last;
}

static void print_message(struct terminal *t, const char *what, struct bytes msg, bool secrets)
{
    struct form_options o = {.show_secrets = secrets, .indent = 6};
    struct buf text;
    if (msg.n == 0) {
        fprintf(t->out, "    %s    none: the connection was closed, or time ran out\n", what);
        return;
    }
    buf_init(&text, 4u << 20);
    form_text(msg, &o, &text);
    fprintf(t->out, "    %s (%zu bytes)\n%s", what, msg.n, buf_cstr(&text));
    buf_clear(&text);
}

void report_detail(struct terminal *t, const struct run_result *r, const struct case_result *c)
{
    const struct exchange *e = deciding(c);
    verdict(t, c->verdict);
    fprintf(t->out, "  %s: %s\n", c->tc->id, c->tc->title);
    for (size_t i = 0; i < c->tc->covers.n; i++) {
        const struct requirement *q = requirement_find(c->tc->covers.v[i]);
        if (q)
            fprintf(t->out, "    requires  %s: %s\n", q->row, q->text);
    }
    fprintf(t->out, "    clause    %s (%s)\n", c->tc->clause, level_name(c->tc->level));
    if (c->step != SIZE_MAX)
        fprintf(t->out, "    step      %zu of %zu%s%s (%s:%u)\n", c->step + 1, c->tc->n_steps,
                c->step_note[0] ? ": " : "", c->step_note, c->tc->path, c->tc->steps[c->step].node->line);
    if (c->reason[0])
        fprintf(t->out, "    because   %s\n", c->reason);
    for (size_t i = 0; i < c->found.n; i++)
        print_mismatch(t, &c->found.v[i]);
    if (c->tc->why)
        fprintf(t->out, "    note      %s\n", c->tc->why);
    if (e) {
        print_message(t, "request", e->request, r->show_secrets);
        print_message(t, "reply  ", e->reply, r->show_secrets);
    }
    fprintf(t->out, "    again     kmip-conform run %s --case %s\n\n", r->server_args, c->tc->id);
}

/* ---- the end ---------------------------------------------------------------- */

static void details_of(struct terminal *t, const struct run_result *r, enum verdict v, const char *title)
{
    if (r->counts.n[v] == 0)
        return;
    fprintf(t->out, "\n%s (%zu)\n\n", title, r->counts.n[v]);
    for (const struct case_result *c = r->cases; c; c = c->next)
        if (c->verdict == v)
            report_detail(t, r, c);
}

/* Skips: one line per reason, with the cases it kept from running. */
static void skips(struct terminal *t, const struct run_result *r)
{
    size_t n = r->counts.n[VERDICT_NOT_SUPPORTED] + r->counts.n[VERDICT_NOT_APPLICABLE];
    if (n == 0)
        return;
    fprintf(t->out, "\nNot run (%zu)\n\n", n);
    for (const struct case_result *c = r->cases; c; c = c->next) {
        bool seen = c->verdict != VERDICT_NOT_SUPPORTED && c->verdict != VERDICT_NOT_APPLICABLE;
        for (const struct case_result *d = r->cases; d != c && !seen; d = d->next)
            seen = d->verdict == c->verdict && strcmp(d->reason, c->reason) == 0;
        if (seen)
            continue;
        verdict(t, c->verdict);
        fprintf(t->out, "  %s:", c->reason);
        for (const struct case_result *d = c; d; d = d->next)
            if (d->verdict == c->verdict && strcmp(d->reason, c->reason) == 0)
                fprintf(t->out, " %s", d->tc->id);
        fputc('\n', t->out);
    }
}

static void totals_row(struct terminal *t, const char *name, const size_t n[VERDICT_COUNT_])
{
    size_t sum = 0;
    for (int v = 0; v < VERDICT_COUNT_; v++)
        sum += n[v];
    if (sum == 0)
        return;
    fprintf(t->out, "%-34s", name);
    for (int v = 0; v < VERDICT_COUNT_; v++) {
        char cell[16];
        snprintf(cell, sizeof cell, "%*zu", (int)strlen(verdict_name((enum verdict)v)) + 2, n[v]);
        if (n[v] > 0 && v != VERDICT_PASS)
            paint(t, looks[v].color, cell);
        else
            fputs(cell, t->out);
    }
    fprintf(t->out, "%7zu\n", sum);
}

static void totals(struct terminal *t, const struct run_result *r)
{
    fprintf(t->out, "\n%-34s", "Profile");
    for (int v = 0; v < VERDICT_COUNT_; v++)
        fprintf(t->out, "  %s", verdict_name((enum verdict)v));
    fprintf(t->out, "    all\n");
    for (size_t p = 0; p <= n_profiles; p++) {
        size_t n[VERDICT_COUNT_] = {0};
        const char *name = p < n_profiles ? profiles[p].name : "";
        for (const struct case_result *c = r->cases; c; c = c->next)
            if (strcmp(c->tc->suite, name) == 0)
                n[c->verdict]++;
        totals_row(t, p < n_profiles ? profiles[p].title : "Cases given by file", n);
    }
    totals_row(t, "All", r->counts.n);
}

static unsigned rounds(const struct run_result *r)
{
    unsigned n = 0;
    for (const struct case_result *c = r->cases; c; c = c->next)
        if (c->round >= n)
            n = c->round + 1;
    return n;
}

/* With --repeat: cases that did not come out the same each time. */
static void repeats(struct terminal *t, const struct run_result *r)
{
    unsigned n = rounds(r);
    if (n < 2)
        return;
    fprintf(t->out, "\nRepeated %u times\n\n", n);
    size_t unsteady = 0;
    for (const struct case_result *c = r->cases; c; c = c->next) {
        unsigned passed = 0, runs = 0;
        if (c->round != 0)
            continue;
        for (const struct case_result *d = r->cases; d; d = d->next)
            if (d->tc == c->tc) {
                runs++;
                passed += d->verdict == c->verdict;
            }
        if (passed == runs)
            continue;
        unsteady++;
        fprintf(t->out, "  %s: %s in %u of %u\n", c->tc->id, verdict_name(c->verdict), passed, runs);
    }
    if (unsteady == 0)
        fprintf(t->out, "  every case came out the same each time\n");
}

void report_end(struct terminal *t, const struct run_result *r)
{
    erase(t);
    skips(t, r);
    details_of(t, r, VERDICT_WARN, "Warnings");
    details_of(t, r, VERDICT_INCONCLUSIVE, "Inconclusive");
    details_of(t, r, VERDICT_ERROR, "Errors");
    details_of(t, r, VERDICT_FAIL, "Failures");
    repeats(t, r);
    totals(t, r);
    if (r->left_behind > 0)
        fprintf(t->out, "\n%zu objects could not be removed; they are listed in %s: kmip-conform cleanup %s\n",
                r->left_behind, r->journal_path, r->journal_path);
    if (r->interrupted)
        fprintf(t->out, "\nInterrupted: the cases after this point were not run.\n");
    fflush(t->out);
}

/* ---- coverage --------------------------------------------------------------- */

size_t report_coverage(FILE *out, const struct suites *s)
{
    size_t bare = 0, covered = 0;
    for (size_t i = 0; i < requirements_count(); i++) {
        const struct requirement *q = requirement_at(i);
        size_t n = 0;
        fprintf(out, "%-9s %-6s %s\n", q->row, q->mark, q->text);
        for (const struct test_case *c = s->first; c; c = c->next)
            for (size_t k = 0; k < c->covers.n; k++)
                if (strcmp(c->covers.v[k], q->row) == 0) {
                    fprintf(out, "                   %s\n", c->id);
                    n++;
                }
        if (n > 0)
            covered++;
        else if (q->without_case[0])
            fprintf(out, "                   no case: %s\n", q->without_case);
        else
            fprintf(out, "                   NOT COVERED\n");
        bare += n == 0 && !q->without_case[0];
    }
    fprintf(out, "\n%zu rows, %zu with cases, %zu without by a stated reason, %zu not covered\n",
            requirements_count(), covered, requirements_count() - covered - bare, bare);
    return bare;
}
