/* Several runs side by side: appliances, or versions of a firmware. diff.h tells of two what
 * became worse; this tells of any number where they differ.
 *
 * A case differs when two of the runs that have it came to different verdicts, or deviate for
 * different reasons (reason.h). That a run does not have it says nothing of its server. */
#ifndef CONFORMANCE_COMPARE_H
#define CONFORMANCE_COMPARE_H

#include "conformance/result.h"

#define COMPARE_MAX 16 /* runs */

struct compared_run {
    const char *name; /* of its column: the report's file */
    const struct run_result *result;
};

struct compared_case {
    const struct test_case *tc;              /* of the first run that has it */
    const struct case_tally *of[COMPARE_MAX]; /* by run; NULL: it does not have it */
    bool differs;
};

struct comparison {
    const struct compared_run *runs;
    size_t n_runs;
    struct compared_case *v; /* by suite, in the order of the first run that has them */
    size_t n, differing;
};

/* The runs, 2 to COMPARE_MAX of them, live longer. KE_MEMORY. */
__attribute__((warn_unused_result)) bool compare_make(struct comparison *c,
                                                      const struct compared_run *runs, size_t n,
                                                      struct kerr *err);
void compare_clear(struct comparison *c);

#endif
