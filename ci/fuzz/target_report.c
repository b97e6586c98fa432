/* A run's report read back: as data for every other form, against itself, and as a shard. */
#include "ci/fuzz/text_target.h"
#include "conformance/diff.h"
#include "conformance/merge.h"
#include "conformance/report_files.h"
#include "conformance/report_read.h"

static void to_files(const json_t *root)
{
    const struct report_files files = {
        .path = {[REPORT_JUNIT] = "/dev/null", [REPORT_MD] = "/dev/null", [REPORT_TAP] = "/dev/null",
                 [REPORT_HTML] = "/dev/null"}};
    struct kerr err = KERR_INIT;

    fuzz_check_error(report_files_make(&files, root, &err), &err);
}

static void against_itself(const json_t *root)
{
    struct diff d;
    struct kerr err = KERR_INIT;

    if (diff_make(&d, "old", root, "new", root, &err)) {
        json_decref(diff_json(&d));
        if (d.same != d.n && !d.broken && d.counts[0] + d.counts[1] + d.counts[2] == d.n && d.n > 0)
            fuzz_broken("a report differs from itself");
        diff_clear(&d);
    } else {
        fuzz_check_error(false, &err);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kerr err = KERR_INIT;
    json_t *root = report_read(fuzz_file("run.json", bytes_of(data, size)), &err);

    fuzz_check_error(root != NULL, &err);
    if (!root)
        return 0;
    to_files(root);
    against_itself(root);
    struct shard_report shard = {.path = "run.json", .root = json_deep_copy(root)};
    json_t *whole = merge_reports(&shard, 1, &err);
    fuzz_check_error(whole != NULL, &err);
    json_decref(whole);
    json_decref(shard.root);
    json_decref(root);
    return 0;
}
