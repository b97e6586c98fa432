/* What came of a run: the data that every report is made from. */
#ifndef CONFORMANCE_RESULT_H
#define CONFORMANCE_RESULT_H

#include "conformance/case.h"
#include "conformance/match.h"
#include "conformance/target.h"

/* One request and its reply as they were on the wire. */
struct exchange {
    size_t step;              /* from 0; SIZE_MAX: preparing or cleaning up */
    const char *client;
    struct bytes request, reply; /* in the result's arena; reply empty if none came */
    int64_t sent_ns, took_ns; /* monotonic */
    struct exchange *next;
};

struct case_result {
    const struct test_case *tc;
    unsigned round;           /* of --repeat, from 0 */
    enum verdict verdict;
    const char *reason;       /* one sentence; "" for a plain PASS */
    size_t step;              /* the step that decided; SIZE_MAX if none */
    const char *step_note;
    struct mismatches found;  /* what differs, MUST and SHOULD, in the order met */
    struct exchange *exchanges, *last_exchange;
    int64_t started_ns, took_ns; /* monotonic */
    struct arena arena;       /* owns the texts and messages above */
    struct case_result *next;
};

struct run_counts {
    size_t n[VERDICT_COUNT_];
    size_t total;
};

struct run_result {
    const struct target *target;
    const char *run_prefix;
    int64_t started_wall_ns, took_ns;
    struct case_result *cases, *last;
    struct run_counts counts;
    size_t left_behind;       /* objects that could not be removed */
    const char *journal_path; /* where they are listed, if any */
    bool interrupted, show_secrets;
    const char *server_args;  /* options that reach the server, for the command that reruns a case */
};

struct case_result *result_new(const struct test_case *tc, unsigned round);
void result_add(struct run_result *r, struct case_result *c);
void result_clear(struct run_result *r);
/* Sets verdict and reason; texts are copied. */
void result_decide(struct case_result *c, enum verdict v, size_t step, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* The exit code of a run: 5 an error of ours, 3 of the network, 1 a FAIL (or, strict, a
 * WARN), 4 inconclusive cases but no failure, 0 conformant. */
int result_exit(const struct run_result *r, bool strict);

#endif
