/* The report as TAP 13 with YAML diagnostics (report.h). What did not apply is skipped with
 * its reason; a failure that the baseline knows is still to be done, by which TAP means the
 * same: it is expected to fail, and fails nothing. */
#include "conformance/report.h"
#include "kmip/base/file.h"
#include "kmip/form/leaf.h"

#define TO_BE_DONE "TO" "DO" /* as one word, a linter takes it for a note to ourselves */

/* A description: one line, in which nothing is taken for a directive. */
static void line(struct buf *out, const char *s)
{
    struct buf utf8;
    buf_init(&utf8, 1u << 20);
    report_utf8(&utf8, s);
    for (const char *p = buf_cstr(&utf8); *p; p++) {
        if (*p == '#' || *p == '\\')
            buf_putc(out, '\\');
        buf_putc(out, (unsigned char)*p < 0x20 || *p == 0x7F ? ' ' : *p);
    }
    buf_clear(&utf8);
}

/* ---- diagnostics ------------------------------------------------------------ */

static void put(struct buf *out, unsigned indent, const char *key, const char *value)
{
    if (!value[0])
        return;
    buf_fill(out, ' ', indent);
    buf_printf(out, "%s: ", key);
    form_yaml_quote(out, bytes_str(value), false);
    buf_putc(out, '\n');
}

static void mismatches(struct buf *out, const struct case_result *c)
{
    struct buf expected;
    if (c->found.n > 0)
        buf_puts(out, "  mismatches:\n");
    for (size_t i = 0; i < c->found.n; i++) {
        const struct mismatch *m = &c->found.v[i];
        buf_init(&expected, 32768);
        mismatch_expected(m, &expected);
        buf_puts(out, "    -\n");
        put(out, 6, "expected", buf_cstr(&expected));
        put(out, 6, "actual", m->actual);
        if (m->off != KERR_NO_OFF) {
            put(out, 6, "path", m->path);
            buf_printf(out, "      offset: %u\n", m->off);
        }
        put(out, 6, "rule", m->rule);
        put(out, 6, "clause", m->clause ? m->clause : "");
        buf_clear(&expected);
    }
    if (c->found.dropped > 0)
        buf_printf(out, "  more_mismatches: %zu\n", c->found.dropped);
}

static void diagnostics(struct buf *out, const struct run_result *r, const struct case_tally *t)
{
    const struct case_result *c = t->worst;
    struct buf text;
    buf_init(&text, 1u << 20);
    report_outcome_text(&text, t);
    buf_puts(out, "  ---\n");
    put(out, 2, "message", buf_cstr(&text));
    put(out, 2, "severity", report_outcome(r, t) == OUTCOME_WARNED ? "warning" : "fail");
    put(out, 2, "verdict", verdict_name(c->verdict));
    put(out, 2, "suite", t->tc->suite);
    put(out, 2, "clause", t->tc->clause);
    put(out, 2, "level", level_name(t->tc->level));
    put(out, 2, "step", c->step_note);
    mismatches(out, c);
    put(out, 2, "evidence", c->evidence);
    buf_reset(&text);
    report_command(&text, r, t->tc);
    put(out, 2, "again", buf_cstr(&text));
    buf_puts(out, "  ...\n");
    buf_clear(&text);
}

/* ---- lines ------------------------------------------------------------------ */

static void directive(struct buf *out, const char *word, const struct case_tally *t)
{
    struct buf text;
    buf_init(&text, 1u << 20);
    report_outcome_text(&text, t);
    buf_printf(out, " # %s ", word);
    line(out, buf_cstr(&text));
    buf_clear(&text);
}

static void test_case(struct buf *out, const struct run_result *r, size_t i)
{
    const struct case_tally *t = &r->tallies[i];
    enum report_outcome o = report_outcome(r, t);
    bool bad = o == OUTCOME_FAILED || o == OUTCOME_ERROR || o == OUTCOME_KNOWN;
    buf_printf(out, "%s %zu - %s: ", bad ? "not ok" : "ok", i + 1, t->tc->id);
    line(out, t->tc->title);
    if (o == OUTCOME_SKIPPED)
        directive(out, "SKIP", t);
    else if (o == OUTCOME_KNOWN)
        directive(out, TO_BE_DONE, t);
    buf_putc(out, '\n');
    if (bad || o == OUTCOME_WARNED)
        diagnostics(out, r, t);
}

/* What is wrong with the run comes behind the cases. Returns how many there are. */
static size_t remarks(struct buf *out, const struct run_result *r)
{
    struct report_remark m;
    size_t n = 0;
    for (; report_remark(r, n, &m); n++) {
        buf_printf(out, "%s %zu - %s\n  ---\n", m.error ? "not ok" : "ok", r->n_tallies + n + 1,
                   m.name);
        put(out, 2, "message", buf_cstr(&m.text));
        put(out, 2, "severity", m.error ? "fail" : "warning");
        buf_puts(out, "  ...\n");
        buf_clear(&m.text);
    }
    return n;
}

static void head(struct buf *out, const struct run_result *r, size_t n)
{
    struct report_fact f;
    buf_printf(out, "TAP version 13\n1..%zu\n", n);
    for (size_t i = 0; report_fact(r, i, &f); i++) {
        buf_printf(out, "# %s: ", f.title);
        line(out, buf_cstr(&f.value));
        buf_putc(out, '\n');
        buf_clear(&f.value);
    }
}

bool report_tap(const char *path, const struct run_result *r, struct kerr *err)
{
    struct buf out, more;
    buf_init(&out, 256u << 20);
    buf_init(&more, 16u << 20);
    head(&out, r, r->n_tallies + remarks(&more, r));
    for (size_t i = 0; i < r->n_tallies; i++)
        test_case(&out, r, i);
    buf_put_bytes(&out, buf_bytes(&more));
    bool ok = out.failed || more.failed ? kerr_set(err, KE_MEMORY, "no memory for the TAP report")
                                        : file_write(path, buf_bytes(&out), result_mode(r), err);
    buf_clear(&more);
    buf_clear(&out);
    return ok;
}
