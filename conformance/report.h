/* Reports of a run: on the terminal as it goes and at its end, as JSON, as JUnit. */
#ifndef CONFORMANCE_REPORT_H
#define CONFORMANCE_REPORT_H

#include <stdio.h>

#include "conformance/result.h"
#include "conformance/suite.h"

struct terminal {
    FILE *out;
    bool live;  /* a TTY: one line that is written over */
    bool color; /* TTY and no NO_COLOR */
    bool quiet; /* only what went wrong, and totals */
};

void terminal_init(struct terminal *t, FILE *out);
/* Who is tested, before the first case. */
void report_target(struct terminal *t, const struct target *target, const char *run_prefix);
void report_begin(struct terminal *t, const struct test_case *tc, size_t i, size_t n);
void report_case(struct terminal *t, const struct case_result *c);
/* Failures with all that explains them, warnings, skips by reason, totals per profile. */
void report_end(struct terminal *t, const struct run_result *r);
/* One case in full: requirement, clause, expected, actual, decoded exchange. */
void report_detail(struct terminal *t, const struct run_result *r, const struct case_result *c);

/* Rows against cases. Returns the number of rows that lack a case without a stated reason. */
size_t report_coverage(FILE *out, const struct suites *s);

/* Files: "-" is standard output. */
__attribute__((warn_unused_result)) bool report_json(const char *path, const struct run_result *r, struct kerr *err);
__attribute__((warn_unused_result)) bool report_junit(const char *path, const struct run_result *r, struct kerr *err);

#endif
