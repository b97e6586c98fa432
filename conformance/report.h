/* Reports of a run: on the terminal as it goes and at its end, as JSON, as JUnit. */
#ifndef CONFORMANCE_REPORT_H
#define CONFORMANCE_REPORT_H

#include <jansson.h>
#include <stdio.h>

#include "conformance/result.h"
#include "conformance/suite.h"

struct terminal {
    FILE *out;
    bool live;  /* a TTY: one line that is written over */
    bool color; /* TTY and no NO_COLOR */
    bool quiet; /* no line for a case while it goes well */
    int64_t started_ns;
    size_t n[VERDICT_COUNT_]; /* so far */
    const char *at;     /* the case that was begun last; NULL: none */
    size_t at_case, cases;
    int64_t at_ns, said_ns; /* since when; when something was said last */
};

void terminal_init(struct terminal *t, FILE *out);

/* report_progress.c: who is tested, then a line for each case. On a TTY a passed case
 * only moves the line with elapsed time and counts. */
void report_target(struct terminal *t, const struct target *target, const char *run_prefix);
void report_begin(struct terminal *t, const struct test_case *tc, size_t i, size_t n);
void report_case(struct terminal *t, const struct case_tally *c);
/* To be called about each second: a case that takes long is seen to go on. A TTY gets its line
 * anew; elsewhere a line comes when nothing was said for a minute, so that nobody who watches a
 * job takes it for dead. */
void report_tick(struct terminal *t);
void report_paint(struct terminal *t, const char *color, const char *text);
void report_verdict(struct terminal *t, enum verdict v); /* glyph and word */
const char *report_color(enum verdict v);
const char *report_glyph(enum verdict v);

/* report_text.c: skips by reason, warnings, errors, failures, totals per profile. */
void report_end(struct terminal *t, const struct run_result *r);
/* report_detail.c: one case: requirement, clause, expected, actual; in full also the
 * exchange, decoded. Mismatches that `told` says were told already take one line. */
typedef bool report_told(void *arg, const struct mismatch *m);
void report_detail(struct terminal *t, const struct run_result *r, const struct case_result *c,
                   bool full, report_told *told, void *arg);
void report_mismatch(struct terminal *t, const struct mismatch *m);
void report_rerun(struct terminal *t, const struct run_result *r, const struct test_case *tc);

/* report_known.c: known deviations by cause; how many, as "3 FAIL, 1 WARN"; entries of the
 * baseline to look at, and one of them (false: nothing to say of it). */
void report_known(struct terminal *t, const struct run_result *r);
void report_known_counts(const struct run_result *r, struct buf *out);
void report_stale(struct terminal *t, const struct run_result *r);
bool report_stale_entry(const struct baseline *b, size_t i, struct buf *out);

/* report_driver.c: what the driver suite found out, and the advice that comes of it. */
void report_driver(struct terminal *t, const struct run_result *r);
/* ... the advice alone, as YAML. False: it was not run, or not far enough to give any. */
bool report_advice(const struct run_result *r, struct buf *out);

/* report_coverage.c: rows against cases; of the profiles named, or (n == 0) all rows. Returns
 * the number of rows that lack a case without a stated reason. */
size_t report_coverage(FILE *out, const struct suites *s, const struct opt_list *named);

/* report_json.c: as it stands in its file; NULL without memory. */
json_t *report_make(const struct run_result *r, struct kerr *err);
/* One function for each format; report_files.h has the table. They are given a run that was
 * read back from its JSON (report_load): messages are those of report_message.h, there are no
 * bytes; the rows of the profiles are those of the result. Files: "-" is standard output. */
__attribute__((warn_unused_result)) bool report_json(const char *path, const struct run_result *r,
                                                     struct kerr *err);
__attribute__((warn_unused_result)) bool report_write_json(const char *path, const json_t *root,
                                                           struct kerr *err);
__attribute__((warn_unused_result)) bool report_junit(const char *path, const struct run_result *r,
                                                      struct kerr *err);
__attribute__((warn_unused_result)) bool report_md(const char *path, const struct run_result *r,
                                                   struct kerr *err);
__attribute__((warn_unused_result)) bool report_tap(const char *path, const struct run_result *r,
                                                    struct kerr *err);

/* report_common.c */
/* Is there a folder to write the file in? To be asked before a long run. */
__attribute__((warn_unused_result)) bool report_can_write(const char *path, struct kerr *err);
/* Do both paths lead to one file? "-" is standard output. */
bool report_same_place(const char *a, const char *b);
/* The command that runs this case again. */
void report_command(struct buf *out, const struct run_result *r, const struct test_case *tc);
/* A step as YAML, as it stands in its case. */
void report_step(struct buf *out, const struct test_case *tc, size_t step);
/* Text as valid UTF-8: what is not, becomes U+FFFD. */
void report_utf8(struct buf *out, const char *s);
/* ... as a string of JSON. */
json_t *report_json_text(const char *s);
/* "FAIL in 2 of 5, PASS in 3" for a repeated case. */
void report_rounds(struct buf *out, const struct case_tally *t);
/* Names of a suite for people: the profile's title; "Cases given by file" for "". */
const char *report_suite(const char *suite);
/* The suites of a run in the order of its reports: profiles, others as they come, cases
 * given by file; at most REPORT_SUITES_MAX. Returns their number. */
#define REPORT_SUITES_MAX 32
size_t report_suites(const struct run_result *r, const char *out[REPORT_SUITES_MAX]);
size_t report_suite_counts(const struct run_result *r, const char *suite, size_t n[VERDICT_COUNT_]);
/* The verdict of them all: the worst of what was tested; where nothing was, why. */
enum verdict report_worst(const size_t n[VERDICT_COUNT_]);

/* report_outcome.c: what a case is to a CI, by whose rules a test passes, fails or is skipped:
 * FAIL is a failure, with --strict WARN too; one that the baseline knows is none. */
enum report_outcome {
    OUTCOME_PASSED,
    OUTCOME_WARNED,  /* passed, with a remark */
    OUTCOME_SKIPPED, /* it did not apply, or could not be decided */
    OUTCOME_KNOWN,   /* failed, as the baseline says */
    OUTCOME_FAILED,
    OUTCOME_ERROR,
    OUTCOMES
};
enum report_outcome report_outcome(const struct run_result *r, const struct case_tally *t);
/* How many of a suite, or of the whole run (NULL). Returns their sum. */
size_t report_outcomes(const struct run_result *r, const char *suite, size_t n[OUTCOMES]);
/* "FAIL: reason (FAIL in 2 of 5)", "known, cause: ...": in one sentence what came of it. */
void report_outcome_text(struct buf *out, const struct case_tally *t);
/* Clause, requirements, what differs and where, evidence, and the command that runs it again. */
void report_case_text(struct buf *out, const struct run_result *r, const struct case_tally *t);
/* What else is wrong with the run, that is no case's: one by one, from 0. False: no more. */
struct report_remark {
    const char *name; /* "gate", "run", "clean-up", "baseline" */
    bool error;       /* else to be looked at */
    struct buf text;  /* cleared by the caller */
};
bool report_remark(const struct run_result *r, size_t i, struct report_remark *out);

/* Facts of a run by name, for properties and head lines; one by one, from 0. False: no more. */
struct report_fact {
    const char *name; /* "vendor" */
    const char *title; /* "Vendor" */
    struct buf value; /* cleared by the caller; never empty */
};
bool report_fact(const struct run_result *r, size_t i, struct report_fact *out);

/* report_conclusion.c: what the whole run comes to, as the verdict that its exit code stands
 * for, and a sentence. */
enum verdict report_conclusion(const struct run_result *r, struct buf *out);

/* Published cases that the profiles make mandatory and this server was not asked, for want of
 * an operation or an object type. */
size_t report_mandatory_skipped(const struct run_result *r);

#endif
