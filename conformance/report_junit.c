/* The report as JUnit XML (report.h), in the form that GitLab and Jenkins read (ci/junit.xsd): a
 * testsuite per profile, a testcase per case. A warning passes, its text in system-out; a
 * failure that the baseline knows is skipped, with its cause. What is wrong with the run and is
 * no case's is a testsuite of its own. */
#include "conformance/report.h"
#include "kmip/base/clock.h"
#include "kmip/base/file.h"
#include "kmip/base/text.h"

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

/* An element with a message and a text. Jenkins shows the message above the text, and of a test
 * that is skipped the message alone; GitLab shows the text alone: both say it. */
static void element(struct buf *out, const char *name, const char *message, const char *more)
{
    buf_printf(out, "<%s", name);
    if (strcmp(name, "system-out") != 0)
        attribute(out, "message", message);
    buf_putc(out, '>');
    escape(out, message);
    if (*more) {
        escape(out, "\n");
        escape(out, more);
    }
    buf_printf(out, "</%s>", name);
}

/* What came of it, in an element of that name. */
static void told(struct buf *out, const struct run_result *r, const struct case_tally *t,
                 const char *name)
{
    struct buf message, text;
    buf_init(&message, 1u << 20);
    buf_init(&text, 1u << 20);
    report_outcome_text(&message, t);
    report_case_text(&text, r, t);
    element(out, name, buf_cstr(&message), buf_cstr(&text));
    buf_clear(&message);
    buf_clear(&text);
}

static void test_case(struct buf *out, const struct run_result *r, const struct case_tally *t)
{
    static const char *const elements[OUTCOMES] = {
        [OUTCOME_WARNED] = "system-out", [OUTCOME_SKIPPED] = "skipped",
        [OUTCOME_KNOWN] = "skipped",     [OUTCOME_FAILED] = "failure",
        [OUTCOME_ERROR] = "error",
    };
    enum report_outcome o = report_outcome(r, t);
    buf_puts(out, "  <testcase");
    attribute(out, "name", t->tc->id);
    attribute(out, "classname", t->tc->suite[0] ? t->tc->suite : "file");
    buf_printf(out, " time=\"%.3f\">", (double)t->worst->took_ns / 1e9);
    if (elements[o])
        told(out, r, t, elements[o]);
    else
        all_well(out, t);
    buf_puts(out, "</testcase>\n");
}

/* ---- suites ----------------------------------------------------------------- */

static void properties(struct buf *out, const struct run_result *r)
{
    struct report_fact f;
    buf_puts(out, "  <properties>\n");
    for (size_t i = 0; report_fact(r, i, &f); i++) {
        buf_puts(out, "   <property");
        attribute(out, "name", f.name);
        attribute(out, "value", buf_cstr(&f.value));
        buf_puts(out, "/>\n");
        buf_clear(&f.value);
    }
    buf_puts(out, "  </properties>\n");
}

static void suite(struct buf *out, const struct run_result *r, const char *name)
{
    char date[40];
    size_t n[OUTCOMES], all = report_outcomes(r, name, n);
    double time = 0;
    for (size_t i = 0; i < r->n_tallies; i++)
        if (strcmp(r->tallies[i].tc->suite, name) == 0)
            time += (double)r->tallies[i].worst->took_ns / 1e9;
    buf_puts(out, " <testsuite");
    attribute(out, "name", name[0] ? name : "file");
    buf_printf(out,
               " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" "
               "timestamp=\"%.19s\" time=\"%.3f\">\n",
               all, n[OUTCOME_FAILED], n[OUTCOME_ERROR], n[OUTCOME_SKIPPED] + n[OUTCOME_KNOWN],
               text_date_out(r->started_wall_ns / NS_PER_S, date), time);
    properties(out, r);
    for (size_t i = 0; i < r->n_tallies; i++)
        if (strcmp(r->tallies[i].tc->suite, name) == 0)
            test_case(out, r, &r->tallies[i]);
    buf_puts(out, " </testsuite>\n");
}

static void remark(struct buf *out, struct report_remark *m)
{
    const char *text = buf_cstr(&m->text);
    buf_printf(out,
               " <testsuite name=\"%s\" tests=\"1\" failures=\"0\" errors=\"%d\" skipped=\"0\" "
               "time=\"0\">\n  <testcase name=\"%s\" classname=\"%s\" time=\"0\">",
               m->name, m->error, m->name, m->name);
    element(out, m->error ? "error" : "system-out", text, "");
    buf_puts(out, "</testcase>\n </testsuite>\n");
}

static void remarks(struct buf *out, const struct run_result *r, size_t *n, size_t *errors)
{
    struct report_remark m;
    for (*n = *errors = 0; report_remark(r, *n, &m); ++*n) {
        *errors += m.error;
        remark(out, &m);
        buf_clear(&m.text);
    }
}

bool report_junit(const char *path, const struct run_result *r, struct kerr *err)
{
    struct buf out, more;
    const char *names[REPORT_SUITES_MAX];
    size_t n[OUTCOMES], all = report_outcomes(r, NULL, n), n_more, errors;
    buf_init(&out, 256u << 20);
    buf_init(&more, 16u << 20);
    remarks(&more, r, &n_more, &errors);
    buf_printf(&out,
               "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"kmip-conform\" "
               "tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" time=\"%.3f\">\n",
               all + n_more, n[OUTCOME_FAILED], n[OUTCOME_ERROR] + errors,
               (double)r->took_ns / 1e9);
    size_t suites = report_suites(r, names);
    for (size_t p = 0; p < suites; p++)
        suite(&out, r, names[p]);
    buf_put_bytes(&out, buf_bytes(&more));
    buf_puts(&out, "</testsuites>\n");
    bool ok = out.failed || more.failed ? kerr_set(err, KE_MEMORY, "no memory for the JUnit report")
                                        : file_write(path, buf_bytes(&out), result_mode(r), err);
    buf_clear(&more);
    buf_clear(&out);
    return ok;
}
