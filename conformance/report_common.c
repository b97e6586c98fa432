/* What the reports share (report.h). */
#include <errno.h>
#include <libgen.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conformance/case_print.h"
#include "conformance/program.h"
#include "conformance/report.h"
#include "kmip/base/text.h"

bool report_can_write(const char *path, struct kerr *err)
{
    char folder[4096];
    struct stat st;
    if (!path || strcmp(path, "-") == 0)
        return true;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return kerr_set(err, KE_FILE, "cannot write a report to %s: it is a folder", path);
    if (snprintf(folder, sizeof folder, "%s", path) >= (int)sizeof folder)
        return kerr_set(err, KE_FILE, "the path of a report is too long");
    const char *in = dirname(folder);
    return access(in, W_OK | X_OK) == 0 ||
           kerr_set(err, KE_FILE, "cannot write a report to %s: %s: %s", path, in, strerror(errno));
}

/* Where a file is, or would be: its folder and its name in it. */
static bool place_of(const char *path, struct stat *folder, char name[4096])
{
    char copy[4096];
    if (snprintf(copy, sizeof copy, "%s", path) >= (int)sizeof copy)
        return false;
    snprintf(name, 4096, "%s", basename(copy));
    snprintf(copy, sizeof copy, "%s", path);
    return stat(dirname(copy), folder) == 0;
}

bool report_same_place(const char *a, const char *b)
{
    struct stat x, y;
    char name_a[4096], name_b[4096];
    if (strcmp(a, b) == 0)
        return true;
    if (strcmp(a, "-") == 0 || strcmp(b, "-") == 0)
        return false;
    if (stat(a, &x) == 0 && stat(b, &y) == 0)
        return S_ISREG(x.st_mode) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
    return place_of(a, &x, name_a) && place_of(b, &y, name_b) && x.st_dev == y.st_dev &&
           x.st_ino == y.st_ino && strcmp(name_a, name_b) == 0;
}

void report_command(struct buf *out, const struct run_result *r, const struct test_case *tc)
{
    const struct profile *p = tc->suite[0] ? profile_find(tc->suite) : NULL;
    if (tc->rerun) {
        buf_puts(out, tc->rerun);
        return;
    }
    if (r->again)
        buf_puts(out, r->again);
    else
        buf_printf(out, "%s run%s", program_name(), r->reach);
    buf_puts(out, r->run_options);
    if (!tc->suite[0]) {
        buf_putc(out, ' ');
        text_shell_word(out, tc->path);
        return;
    }
    if (p && !p->by_default)
        buf_printf(out, " --profile %s", p->name);
    buf_printf(out, " --case %s", tc->id);
}

void report_step(struct buf *out, const struct test_case *tc, size_t step)
{
    const struct case_step *s = &tc->steps[step];
    if (s->yaml)
        buf_puts(out, s->yaml);
    else
        case_print(s->node, out);
}

/* Bytes of the UTF-8 sequence that s starts with, 0 if it is none. */
static size_t sequence(const char *s)
{
    size_t n = strnlen(s, 4);
    for (size_t k = 1; k <= 4 && k <= n; k++)
        if (text_utf8(bytes_of(s, k)))
            return k;
    return 0;
}

void report_utf8(struct buf *out, const char *s)
{
    while (*s) {
        size_t k = sequence(s);
        if (k > 0)
            buf_put(out, s, k);
        else
            buf_puts(out, "\uFFFD");
        s += k > 0 ? k : 1;
    }
}

json_t *report_json_text(const char *s)
{
    struct buf utf8;
    buf_init(&utf8, 64u << 20);
    report_utf8(&utf8, s);
    json_t *j = json_string(buf_cstr(&utf8));
    buf_clear(&utf8);
    return j;
}

void report_rounds(struct buf *out, const struct case_tally *t)
{
    enum verdict worst = t->worst->verdict;
    buf_printf(out, "%s in %zu of %zu", verdict_name(worst), t->n[worst], t->rounds);
    for (int v = 0; v < VERDICT_COUNT_; v++)
        if (t->n[v] > 0 && v != (int)worst)
            buf_printf(out, ", %s in %zu", verdict_name((enum verdict)v), t->n[v]);
}

const char *report_suite(const char *suite)
{
    const struct profile *p = profile_find(suite);
    return p ? p->title : *suite ? suite : "Cases given by file";
}

static bool has_suite(const struct run_result *r, const char *suite)
{
    for (size_t i = 0; i < r->n_tallies; i++)
        if (strcmp(r->tallies[i].tc->suite, suite) == 0)
            return true;
    return false;
}

static bool is_among(const char *const *names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

size_t report_suites(const struct run_result *r, const char *out[REPORT_SUITES_MAX])
{
    size_t n = 0;
    for (size_t p = 0; p < n_profiles && n < REPORT_SUITES_MAX - 1; p++)
        if (has_suite(r, profiles[p].name))
            out[n++] = profiles[p].name;
    for (size_t i = 0; i < r->n_tallies && n < REPORT_SUITES_MAX - 1; i++) {
        const char *suite = r->tallies[i].tc->suite;
        if (*suite && !is_among(out, n, suite))
            out[n++] = suite;
    }
    if (has_suite(r, ""))
        out[n++] = "";
    return n;
}

size_t report_suite_counts(const struct run_result *r, const char *suite, size_t n[VERDICT_COUNT_])
{
    size_t all = 0;
    memset(n, 0, VERDICT_COUNT_ * sizeof *n);
    for (size_t i = 0; i < r->n_tallies; i++)
        if (strcmp(r->tallies[i].tc->suite, suite) == 0) {
            n[r->tallies[i].worst->verdict]++;
            all++;
        }
    return all;
}

enum verdict report_worst(const size_t n[VERDICT_COUNT_])
{
    bool tested = false;
    enum verdict worst = n[VERDICT_NOT_SUPPORTED] > 0 ? VERDICT_NOT_SUPPORTED
                                                      : VERDICT_NOT_APPLICABLE;
    for (int i = 0; i < VERDICT_COUNT_; i++) {
        enum verdict v = (enum verdict)i;
        if (n[v] == 0 || v == VERDICT_NOT_SUPPORTED || v == VERDICT_NOT_APPLICABLE)
            continue;
        if (!tested || verdict_rank(v) > verdict_rank(worst))
            worst = v;
        tested = true;
    }
    return worst;
}

/* Does the case stand for a published one that a profile makes mandatory? */
static bool is_mandatory(const struct run_result *r, const struct test_case *tc)
{
    for (size_t i = 0; i < tc->covers.n; i++) {
        const struct requirement *q = requirement_in(r->requirements, r->n_requirements,
                                                      tc->covers.v[i]);
        if (q && strncmp(q->text, "pass ", 5) == 0)
            return true;
    }
    return false;
}

size_t report_mandatory_skipped(const struct run_result *r)
{
    size_t n = 0;
    for (size_t i = 0; i < r->n_tallies; i++) {
        enum verdict v = r->tallies[i].worst->verdict;
        n += (v == VERDICT_NOT_SUPPORTED || v == VERDICT_NOT_APPLICABLE) &&
             is_mandatory(r, r->tallies[i].tc);
    }
    return n;
}
