/* The report as JUnit XML (report.h), in the form that GitLab and Jenkins read: a
 * testsuite per profile, a testcase per case. FAIL is a failure, ERROR an error; what
 * did not apply or could not be decided is skipped with its reason; a warning passes,
 * its text in system-out. A gate that is shut is an error of its own, and so is what could
 * not be removed from the server. */
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
    buf_printf(out, "%s: %s", verdict_name(t->worst->verdict), t->worst->reason);
    if (t->rounds > 1) {
        buf_puts(out, " (");
        report_rounds(out, t);
        buf_puts(out, ")");
    }
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
    const char *element = elements[c->verdict];
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
    }
    buf_puts(out, "</testcase>\n");
}

static void suite(struct buf *out, const struct run_result *r, const char *name)
{
    size_t n[VERDICT_COUNT_], all = report_suite_counts(r, name, n);
    double time = 0;
    if (all == 0)
        return;
    for (size_t i = 0; i < r->n_tallies; i++)
        if (strcmp(r->tallies[i].tc->suite, name) == 0)
            time += (double)r->tallies[i].worst->took_ns / 1e9;
    buf_puts(out, " <testsuite");
    attribute(out, "name", name[0] ? name : "file");
    buf_printf(
        out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"%.3f\">\n", all,
        n[VERDICT_FAIL], n[VERDICT_ERROR],
        n[VERDICT_NOT_SUPPORTED] + n[VERDICT_NOT_APPLICABLE] + n[VERDICT_INCONCLUSIVE], time);
    for (size_t i = 0; i < r->n_tallies; i++)
        if (strcmp(r->tallies[i].tc->suite, name) == 0)
            test_case(out, r, &r->tallies[i]);
    buf_puts(out, " </testsuite>\n");
}

/* An error that is no case's. */
static void extra(struct buf *out, const char *name, const char *text)
{
    buf_printf(out,
               " <testsuite name=\"%s\" tests=\"1\" failures=\"0\" errors=\"1\" skipped=\"0\" "
               "time=\"0\">\n  <testcase name=\"%s\" classname=\"%s\" time=\"0\"><error",
               name, name, name);
    attribute(out, "message", text);
    buf_puts(out, "></error></testcase>\n </testsuite>\n");
}

static void left_behind(struct buf *out, const struct run_result *r)
{
    struct buf text;
    buf_init(&text, 1u << 16);
    buf_printf(&text, "%zu objects may be left on the server: see %s", r->left_behind,
               r->journal && r->journal->path ? r->journal->path : "the report");
    extra(out, "clean-up", buf_cstr(&text));
    buf_clear(&text);
}

bool report_junit(const char *path, const struct run_result *r, struct kerr *err)
{
    struct buf out;
    const size_t *n = r->counts.n;
    bool shut = r->gate != GATE_OPEN, left = r->left_behind > 0;
    buf_init(&out, 256u << 20);
    buf_printf(&out,
               "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"kmip-conform\" "
               "tests=\"%zu\" "
               "failures=\"%zu\" errors=\"%zu\" time=\"%.3f\">\n",
               r->counts.total + shut + left, n[VERDICT_FAIL], n[VERDICT_ERROR] + shut + left,
               (double)r->took_ns / 1e9);
    if (shut)
        extra(&out, "gate", r->gate_text);
    for (size_t p = 0; p < n_profiles; p++)
        suite(&out, r, profiles[p].name);
    suite(&out, r, "");
    if (left)
        left_behind(&out, r);
    buf_puts(&out, "</testsuites>\n");
    bool ok = out.failed ? kerr_set(err, KE_MEMORY, "no memory for the JUnit report")
                         : file_write(path, buf_bytes(&out), 0644, err);
    buf_clear(&out);
    return ok;
}
