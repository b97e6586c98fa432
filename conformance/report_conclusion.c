/* What a run comes to, in one sentence (report.h). */
#include <string.h>

#include "conformance/report.h"

/* Nothing was said of the standard. */
static bool only_driver(const struct run_result *r)
{
    size_t n[VERDICT_COUNT_];
    return r->driver && report_suite_counts(r, "driver", n) == r->counts.total;
}

/* What exit code 0 stands for. */
static const char *well(const struct run_result *r, bool driver)
{
    if (r->counts.known[VERDICT_FAIL] + r->counts.known[VERDICT_INCONCLUSIVE] > 0)
        return "nothing new: every failure is known";
    return driver ? "the storage driver works in all that was tested"
                  : "conformant in all that was tested";
}

/* What exit code 1 stands for. */
static void failed(const struct run_result *r, bool driver, struct buf *out)
{
    size_t failures = result_unknown(r, VERDICT_FAIL);
    size_t warned = r->strict ? result_unknown(r, VERDICT_WARN) : 0;
    size_t stale = r->strict ? result_stale(r) : 0;
    if (failures == 0 && warned == 0)
        buf_puts(out, "nothing new");
    else
        buf_printf(out, "%s: %zu failed%s",
                   driver ? "the storage driver does not work" : "not conformant", failures,
                   r->baseline ? " that are not known" : "");
    if (warned > 0)
        buf_puts(out, ", and warnings count (--strict)");
    if (stale > 0)
        buf_printf(out, "; %zu that the baseline has %s better now (--strict)", stale,
                   stale == 1 ? "is" : "are");
}

/* What exit code 4 stands for. */
static const char *undecided(const struct run_result *r)
{
    const size_t *n = r->counts.n;
    if (result_unknown(r, VERDICT_INCONCLUSIVE) == 0 && n[VERDICT_PASS] + n[VERDICT_WARN] > 0 &&
        !r->interrupted)
        return "nothing failed, but the run does not leave the server as it was";
    return "nothing failed, but not enough was tested to say that it conforms";
}

static enum verdict by_exit_code(const struct run_result *r, struct buf *out)
{
    bool driver = only_driver(r);
    switch (result_exit(r)) {
    case 0:
        buf_puts(out, well(r, driver));
        return VERDICT_PASS;
    case 1:
        failed(r, driver, out);
        return VERDICT_FAIL;
    case 4:
        buf_puts(out, undecided(r));
        return VERDICT_INCONCLUSIVE;
    default:
        buf_printf(out, "the run is not complete: %zu case%s ended in an error",
                   r->counts.n[VERDICT_ERROR], r->counts.n[VERDICT_ERROR] == 1 ? "" : "s");
        return VERDICT_ERROR;
    }
}

/* The gate did not open; why is told elsewhere. */
static enum verdict shut(const struct run_result *r, struct buf *out)
{
    int code = result_exit(r);
    buf_puts(out, "nothing was tested");
    return code == 1 ? VERDICT_FAIL : code == 4 ? VERDICT_INCONCLUSIVE : VERDICT_ERROR;
}

enum verdict report_conclusion(const struct run_result *r, struct buf *out)
{
    if (r->gate != GATE_OPEN)
        return shut(r, out);
    enum verdict v = by_exit_code(r, out);
    size_t mandatory = report_mandatory_skipped(r);
    if (mandatory > 0)
        buf_printf(out, "; %zu case%s that the profiles make mandatory did not run", mandatory,
                   mandatory == 1 ? "" : "s");
    if (r->left_behind > 0)
        buf_printf(out, "; %zu object%s may be left on the server", r->left_behind,
                   r->left_behind == 1 ? "" : "s");
    return v;
}
