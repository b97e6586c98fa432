/* The report as JUnit XML (report.h), in the form that GitLab and Jenkins read. */
#include <ctype.h>

#include "conformance/report.h"
#include "kmip/base/clock.h"
#include "kmip/base/file.h"
#include "kmip/base/text.h"

/* XML 1.0 text: what it cannot hold is replaced. */
static void escape(struct buf *out, const char *s)
{
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        switch (c) {
        case '&':
            buf_puts(out, "&amp;");
            break;
        case '<':
            buf_puts(out, "&lt;");
            break;
        case '>':
            buf_puts(out, "&gt;");
            break;
        case '"':
            buf_puts(out, "&quot;");
            break;
        case '\n':
            buf_puts(out, "&#10;");
            break;
        default:
            buf_putc(out, c < 0x20 ? '?' : (char)c);
        }
    }
}

static void attribute(struct buf *out, const char *name, const char *value)
{
    buf_printf(out, " %s=\"", name);
    escape(out, value);
    buf_putc(out, '"');
}

static void body(struct buf *out, const struct case_result *c)
{
    struct buf text;
    buf_init(&text, 1u << 16);
    buf_printf(&text, "%s (%s)\n", c->tc->clause, level_name(c->tc->level));
    for (size_t i = 0; i < c->found.n; i++) {
        const struct mismatch *m = &c->found.v[i];
        buf_printf(&text, "expected %s\nactual   %s\nwhere    %s", m->expected, m->actual, m->path);
        if (m->off != KERR_NO_OFF)
            buf_printf(&text, " (offset %u)", m->off);
        buf_printf(&text, "%s%s\n", m->clause ? "\nclause   " : "", m->clause ? m->clause : "");
    }
    buf_printf(&text, "again: kmip-conform run --case %s\n", c->tc->id);
    escape(out, buf_cstr(&text));
    buf_clear(&text);
}

/* FAIL is a failure, ERROR an error; what was not run is skipped with its reason; a
 * warning passes, its text in system-out. */
static void test_case(struct buf *out, const struct case_result *c)
{
    static const char *const elements[] = {
        [VERDICT_FAIL] = "failure",       [VERDICT_ERROR] = "error",        [VERDICT_NOT_SUPPORTED] = "skipped",
        [VERDICT_NOT_APPLICABLE] = "skipped", [VERDICT_INCONCLUSIVE] = "skipped", [VERDICT_WARN] = "system-out",
    };
    char name[200];
    snprintf(name, sizeof name, c->round ? "%s (round %u)" : "%s", c->tc->id, c->round + 1);
    buf_puts(out, "  <testcase");
    attribute(out, "name", name);
    attribute(out, "classname", c->tc->suite[0] ? c->tc->suite : "file");
    buf_printf(out, " time=\"%.3f\">", (double)c->took_ns / 1e9);
    const char *element = c->verdict == VERDICT_PASS ? NULL : elements[c->verdict];
    if (element) {
        buf_printf(out, "<%s", element);
        if (c->verdict != VERDICT_WARN) {
            char message[1200];
            snprintf(message, sizeof message, "%s: %s", verdict_name(c->verdict), c->reason);
            attribute(out, "message", message);
        }
        buf_putc(out, '>');
        if (c->verdict == VERDICT_WARN)
            escape(out, c->reason);
        body(out, c);
        buf_printf(out, "</%s>", element);
    }
    buf_puts(out, "</testcase>\n");
}

static void suite(struct buf *out, const struct run_result *r, const char *suite_name)
{
    size_t n[VERDICT_COUNT_] = {0}, all = 0;
    double time = 0;
    for (const struct case_result *c = r->cases; c; c = c->next)
        if (strcmp(c->tc->suite, suite_name) == 0) {
            n[c->verdict]++;
            all++;
            time += (double)c->took_ns / 1e9;
        }
    if (all == 0)
        return;
    buf_puts(out, " <testsuite");
    attribute(out, "name", suite_name[0] ? suite_name : "file");
    buf_printf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"%.3f\">\n", all,
               n[VERDICT_FAIL], n[VERDICT_ERROR],
               n[VERDICT_NOT_SUPPORTED] + n[VERDICT_NOT_APPLICABLE] + n[VERDICT_INCONCLUSIVE], time);
    for (const struct case_result *c = r->cases; c; c = c->next)
        if (strcmp(c->tc->suite, suite_name) == 0)
            test_case(out, c);
    buf_puts(out, " </testsuite>\n");
}

bool report_junit(const char *path, const struct run_result *r, struct kerr *err)
{
    struct buf out;
    buf_init(&out, 64u << 20);
    buf_puts(&out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"kmip-conform\">\n");
    for (size_t p = 0; p < n_profiles; p++)
        suite(&out, r, profiles[p].name);
    suite(&out, r, "");
    buf_puts(&out, "</testsuites>\n");
    bool ok = out.failed ? kerr_set(err, KE_MEMORY, "no memory for the JUnit report")
                         : file_write(path, buf_bytes(&out), 0644, err);
    buf_clear(&out);
    return ok;
}
