/* A run against one server, from the options to the results: what `run` and `advise`
 * have in common. */
#ifndef CONFORMANCE_RUN_H
#define CONFORMANCE_RUN_H

#include "conformance/baseline.h"
#include "conformance/driver.h"
#include "conformance/report.h"
#include "conformance/report_files.h"

#define RUN_TIMEOUT_S 10 /* unless --timeout: a case must not wait as long as a bulk job */

struct run_options {
    struct opt_list profiles, cases, skips;
    struct opt_list oasis; /* published cases: files and folders */
    const char *auth_suite, *client_ca;
    struct report_files files;
    const char *suites, *other_certs, *object, *journal, *control;
    const char *control_token, *control_token_file;
    const char *baseline, *write_baseline, *shard;
    int64_t repeat, jobs;
    int64_t idle_ns;
    bool strict, show_secrets, quiet, verbose;
};

struct run {
    struct run_options o;
    struct target_options to;
    struct suites suites;
    struct target target;
    struct journal journal;
    struct run_result result;
    struct terminal term;
    char prefix[40], journal_path[4096], server[400];
    struct buf reach, again, run_options, stopped;
    struct driver driver;
    struct baseline baseline;
    struct run_shard shard;
    const struct test_case **whole; /* of a sharded run: the cases of all shards */
};

/* The caller has set o and to.settings, from the command line. The cases: of the files
 * named, or of the profiles. */
__attribute__((warn_unused_result)) bool run_load(struct run *run, char *const *files, int n_files,
                                                  struct kerr *err);
/* All else that can be wrong before anything is sent. */
__attribute__((warn_unused_result)) bool run_prepare(struct run *run, struct kerr *err);
/* The gate; result.gate tells. */
__attribute__((warn_unused_result)) bool run_gate(struct run *run, struct kerr *err);
/* What it is about to do that no well-meaning client would, on run->term. */
void run_warn(const struct run *run);
/* The cases, told on run->term as they go, and the clean-up. */
__attribute__((warn_unused_result)) bool run_cases(struct run *run, struct kerr *err);
/* run_jobs.c: the cases alone. */
__attribute__((warn_unused_result)) bool run_jobs(struct run *run, struct kerr *err);
/* Is it chosen, and in this shard? */
bool run_wants(const struct run *run, const struct test_case *tc);
/* Cases chosen. */
size_t run_selected(const struct run *run);
/* Safe on a zeroed one. */
void run_clear(struct run *run);

#endif
