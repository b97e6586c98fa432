/* What the baseline has to do with a run, on the terminal (report.h): deviations that are
 * known, by cause, and entries that a person should look at. */
#include "conformance/baseline.h"
#include "conformance/report.h"
#include "kmip/base/text.h"

/* One cause, however many cases: entries that a person wrote under one heading. */
static bool same_cause(const struct known *a, const struct known *b)
{
    return a->verdict == b->verdict && strcmp(a->cause, b->cause) == 0 &&
           strcmp(a->note, b->note) == 0 && strcmp(a->clause, b->clause) == 0 &&
           (a->cause[0] || a->note[0] || strcmp(a->reason, b->reason) == 0);
}

static const char *title_of(const struct known *k)
{
    return k->cause[0] ? k->cause : k->reason;
}

/* Several lines of a YAML text as one. */
static void put_line(struct terminal *t, const char *what, const char *text)
{
    struct buf line;
    if (!text[0])
        return;
    buf_init(&line, 8192);
    text_quote(&line, bytes_str(text), 4096);
    fprintf(t->out, "    %-9s %s\n", what, buf_cstr(&line));
    buf_clear(&line);
}

static void one_cause(struct terminal *t, const struct run_result *r, size_t at)
{
    const struct known *k = r->tallies[at].known;
    size_t cases = 0;
    for (size_t i = at; i < r->n_tallies; i++)
        cases += r->tallies[i].known && same_cause(r->tallies[i].known, k);
    report_verdict(t, k->verdict);
    fprintf(t->out, "  %s (%zu)\n", title_of(k), cases);
    put_line(t, "clause", k->clause);
    put_line(t, "note", k->note);
    put_line(t, "until", k->expires);
    fprintf(t->out, "    cases    ");
    for (size_t i = at; i < r->n_tallies; i++)
        if (r->tallies[i].known && same_cause(r->tallies[i].known, k))
            fprintf(t->out, " %s", r->tallies[i].tc->id);
    fputc('\n', t->out);
}

static size_t known_of(const struct run_result *r)
{
    size_t n = 0;
    for (int v = 0; v < VERDICT_COUNT_; v++)
        n += r->counts.known[v];
    return n;
}

void report_known(struct terminal *t, const struct run_result *r)
{
    if (known_of(r) == 0)
        return;
    fprintf(t->out, "\nKnown deviations (%zu)\n\n", known_of(r));
    for (size_t i = 0; i < r->n_tallies; i++) {
        bool told = !r->tallies[i].known;
        for (size_t k = 0; k < i && !told; k++)
            told = r->tallies[k].known && same_cause(r->tallies[k].known, r->tallies[i].known);
        if (!told)
            one_cause(t, r, i);
    }
}

void report_known_counts(const struct run_result *r, struct buf *out)
{
    bool first = true;
    for (int v = 0; v < VERDICT_COUNT_; v++) {
        if (r->counts.known[v] == 0)
            continue;
        buf_printf(out, "%s%zu %s", first ? "" : ", ", r->counts.known[v],
                   verdict_name((enum verdict)v));
        first = false;
    }
}

bool report_stale_entry(const struct baseline *b, size_t i, struct buf *out)
{
    const struct known *k = &b->v[i];
    if (k->now)
        buf_printf(out, "%s:%u: %s is known for %s, and is %s now: the entry can go", b->path,
                   k->line, k->id, verdict_name(k->verdict), k->now);
    else if (k->nowhere)
        buf_printf(out, "%s:%u: no case of this run is called %s", b->path, k->line, k->id);
    else if (k->expired)
        buf_printf(out, "%s:%u: %s was known until %s, and counts again", b->path, k->line, k->id,
                   k->expires);
    else
        return false;
    return true;
}

void report_stale(struct terminal *t, const struct run_result *r)
{
    bool first = true;
    for (size_t i = 0; r->baseline && i < r->baseline->n; i++) {
        struct buf line;
        buf_init(&line, 8192);
        if (report_stale_entry(r->baseline, i, &line)) {
            fprintf(t->out, "%s  %s\n", first ? "\nEntries of the baseline to look at\n\n" : "",
                    buf_cstr(&line));
            first = false;
        }
        buf_clear(&line);
    }
}
