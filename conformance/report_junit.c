/* The report as JUnit XML (report.h), in the form that GitLab and Jenkins read: a
 * testsuite per profile, a testcase per case. FAIL is a failure, ERROR an error; what
 * did not apply or could not be decided is skipped with its reason; a warning passes,
 * its text in system-out. A failure that the baseline knows is skipped, with its cause;
 * entries of the baseline to look at are a testcase of their own. A gate that is shut is an error of its own, and so is what could
 * not be removed from the server. */
#include "conformance/baseline.h"
#include "conformance/report.h"
#include "kmip/base/clock.h"
#include "kmip/base/file.h"

/* XML 1.0 text: what it cannot hold is replaced (XML 1.0, 2.2). */
static void escape(struct buf *out, const char *s)
{
    static const struct {
        char c;
        const char *entity;
    } entities[] = {{'&', "&amp;"},  {'<', "&lt;"},   {'>', "&gt;"},
                    {'"', "&quot;"}, {'\n', "&#10;"}, {'\t', "&#9;"}};
    struct buf text;
    buf_init(&text, 16u << 20);
    report_utf8(&text, s);
    for (const char *p = buf_cstr(&text); *p; p++) {
        const char *entity = NULL;
        for (size_t i = 0; i < sizeof entities / sizeof *entities; i++)
            if (*p == entities[i].c)
                entity = entities[i].entity;
        if (entity) {
            buf_puts(out, entity);
        } else if ((unsigned char)*p < 0x20) {
            buf_putc(out, '?');
        } else if (strncmp(p, "\xEF\xBF\xBE", 3) == 0 || strncmp(p, "\xEF\xBF\xBF", 3) == 0) {
            buf_puts(out, "\uFFFD"); /* U+FFFE and U+FFFF are no characters */
            p += 2;
        } else {
            buf_putc(out, *p);
        }
    }
    buf_clear(&text);
}

static void attribute(struct buf *out, const char *name, const char *value)
{
    buf_printf(out, " %s=\"", name);
    escape(out, value);
    buf_putc(out, '"');
}

static void put_mismatch(struct buf *text, const struct mismatch *m)
{
    buf_puts(text, "expected ");
    mismatch_expected(m, text);
    buf_printf(text, "\nactual   %s\n", m->actual);
    if (m->off != KERR_NO_OFF)
        buf_printf(text, "where    %s (offset %u)\n", m->path, m->off);
    if (m->clause)
        buf_printf(text, "rule     %s: %s\n", m->rule, m->clause);
}

static void body(struct buf *out, const struct run_result *r, const struct case_result *c)
{
    struct buf text;
    buf_init(&text, 1u << 20);
    buf_printf(&text, "%s (%s)\n", c->tc->clause, level_name(c->tc->level));
    for (size_t i = 0; i < c->found.n; i++)
        put_mismatch(&text, &c->found.v[i]);
    buf_puts(&text, c->evidence);
    buf_puts(&text, "again    ");
    report_command(&text, r, c->tc);
    buf_putc(&text, '\n');
    escape(out, buf_cstr(&text));
    buf_clear(&text);
}

static void message(struct buf *out, const struct case_tally *t)
{
    if (t->known)
        buf_printf(out, "known%s%s: ", t->known->cause[0] ? ", " : "", t->known->cause);
    buf_printf(out, "%s: %s", verdict_name(t->worst->verdict), t->worst->reason);
    if (t->rounds > 1) {
        buf_puts(out, " (");
        report_rounds(out, t);
        buf_puts(out, ")");
    }
}

/* With --repeat, that it passed each time. */
static void all_well(struct buf *out, const struct case_tally *t)
{
    struct buf text;
    if (t->rounds < 2)
        return;
    buf_init(&text, 1000);
    report_rounds(&text, t);
    buf_puts(out, "<system-out>");
    escape(out, buf_cstr(&text));
    buf_puts(out, "</system-out>");
    buf_clear(&text);
}

static void test_case(struct buf *out, const struct run_result *r, const struct case_tally *t)
{
    static const char *const elements[] = {
        [VERDICT_PASS] = NULL,             [VERDICT_WARN] = "system-out",
        [VERDICT_FAIL] = "failure",        [VERDICT_NOT_SUPPORTED] = "skipped",
        [VERDICT_NOT_APPLICABLE] = "skipped", [VERDICT_INCONCLUSIVE] = "skipped",
        [VERDICT_ERROR] = "error",
    };
    const struct case_result *c = t->worst;
    const char *element =
        t->known && c->verdict == VERDICT_FAIL ? "skipped" : elements[c->verdict];
    struct buf text;
    buf_puts(out, "  <testcase");
    attribute(out, "name", t->tc->id);
    attribute(out, "classname", t->tc->suite[0] ? t->tc->suite : "file");
    attribute(out, "file", t->tc->path);
    buf_printf(out, " time=\"%.3f\">", (double)c->took_ns / 1e9);
    if (element) {
        buf_init(&text, 1u << 16);
        message(&text, t);
        buf_printf(out, "<%s", element);
        if (c->verdict != VERDICT_WARN)
            attribute(out, "message", buf_cstr(&text));
        buf_putc(out, '>');
        if (c->verdict == VERDICT_WARN) {
            buf_putc(&text, '\n');
            escape(out, buf_cstr(&text));
        }
        body(out, r, c);
        buf_printf(out, "</%s>", element);
        buf_clear(&text);
    } else {
        all_well(out, t);
    }
    buf_puts(out, "</testcase>\n");
}

static void suite(struct buf *out, const struct run_result *r, const char *name)
{
    size_t n[VERDICT_COUNT_], all = report_suite_counts(r, name, n), known = 0;
    double time = 0;
    for (size_t i = 0; i < r->n_tallies; i++)
        if (strcmp(r->tallies[i].tc->suite, name) == 0) {
            const struct case_tally *t = &r->tallies[i];
            time += (double)t->worst->took_ns / 1e9;
            known += t->known && t->worst->verdict == VERDICT_FAIL;
        }
    buf_puts(out, " <testsuite");
    attribute(out, "name", name[0] ? name : "file");
    buf_printf(
        out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"%.3f\">\n", all,
        n[VERDICT_FAIL] - known, n[VERDICT_ERROR],
        known + n[VERDICT_NOT_SUPPORTED] + n[VERDICT_NOT_APPLICABLE] + n[VERDICT_INCONCLUSIVE],
        time);
    for (size_t i = 0; i < r->n_tallies; i++)
        if (strcmp(r->tallies[i].tc->suite, name) == 0)
            test_case(out, r, &r->tallies[i]);
    buf_puts(out, " </testsuite>\n");
}

/* What is no case's: an error, or a remark. */
static void extra(struct buf *out, const char *name, const char *text, bool error)
{
    buf_printf(out,
               " <testsuite name=\"%s\" tests=\"1\" failures=\"0\" errors=\"%d\" skipped=\"0\" "
               "time=\"0\">\n  <testcase name=\"%s\" classname=\"%s\" time=\"0\"><%s",
               name, error, name, name, error ? "error" : "system-out");
    if (error)
        attribute(out, "message", text);
    buf_putc(out, '>');
    if (!error)
        escape(out, text);
    buf_printf(out, "</%s></testcase>\n </testsuite>\n", error ? "error" : "system-out");
}

static void left_behind(struct buf *out, const struct run_result *r)
{
    struct buf text;
    buf_init(&text, 1u << 16);
    buf_printf(&text, "%zu objects may be left on the server: see %s", r->left_behind,
               r->journal && r->journal->path ? r->journal->path : "the report");
    extra(out, "clean-up", buf_cstr(&text), true);
    buf_clear(&text);
}

/* Entries of the baseline to look at, a line each. */
static void to_look_at(struct buf *out, const struct run_result *r)
{
    for (size_t i = 0; r->baseline && i < r->baseline->n; i++) {
        size_t before = out->n;
        if (report_stale_entry(r->baseline, i, out) && out->n > before)
            buf_putc(out, '\n');
    }
}

bool report_junit(const char *path, const struct run_result *r, struct kerr *err)
{
    struct buf out, look;
    bool shut = r->gate != GATE_OPEN, left = r->left_behind > 0;
    bool stale = r->strict && result_stale(r) > 0;
    buf_init(&out, 256u << 20);
    buf_init(&look, 16u << 20);
    to_look_at(&look, r);
    buf_printf(&out,
               "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"kmip-conform\" "
               "tests=\"%zu\" "
               "failures=\"%zu\" errors=\"%zu\" time=\"%.3f\">\n",
               r->counts.total + shut + left + (look.n > 0), result_unknown(r, VERDICT_FAIL),
               r->counts.n[VERDICT_ERROR] + shut + left + stale,
               (double)r->took_ns / 1e9);
    if (shut)
        extra(&out, "gate", r->gate_text, true);
    const char *names[REPORT_SUITES_MAX];
    size_t n = report_suites(r, names);
    for (size_t p = 0; p < n; p++)
        suite(&out, r, names[p]);
    if (left)
        left_behind(&out, r);
    if (look.n > 0)
        extra(&out, "baseline", buf_cstr(&look), stale);
    buf_puts(&out, "</testsuites>\n");
    bool ok = out.failed ? kerr_set(err, KE_MEMORY, "no memory for the JUnit report")
                         : file_write(path, buf_bytes(&out), 0644, err);
    buf_clear(&look);
    buf_clear(&out);
    return ok;
}
