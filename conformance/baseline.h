/* What is known of a server: deviations that somebody has looked into and lives with, so
 * that a run fails only for what is new. A YAML file, a list, made by --write-baseline and
 * kept by hand:
 *
 *     # Comments stay: what is added later is put behind what stands here.
 *     - cause: no Add Attribute               # a title (optional)
 *       clause: KMIP 1.2 spec, 4.14           # (optional)
 *       note: Ticket 4711, promised for 2.4.  # (optional)
 *       expires: 2027-03-31                   # good to the end of that day, UTC (optional)
 *       verdict: FAIL                         # FAIL, WARN or INCONCLUSIVE
 *       reason: Operation Not Supported       # a piece of the reason that the report has
 *       cases:                                # one, or a list
 *         - attr-link
 *         - attr-name-several: absent         # ... with another piece
 *
 * A case is known when each of its rounds went well, or has the verdict and the reason of an
 * entry. An ERROR is never known: nothing was learnt about the server. An entry that is
 * over does not count; one whose case is better now is stale. */
#ifndef CONFORMANCE_BASELINE_H
#define CONFORMANCE_BASELINE_H

#include "conformance/result.h"

/* One case of an entry. */
struct known {
    const char *id, *reason;
    enum verdict verdict;
    const char *cause, *clause, *note; /* "" if not given */
    const char *expires;               /* as written; "" if never */
    bool expired;
    unsigned line;                     /* of the case in the file */
    const char *now;                   /* stale: the verdict that its case has now; else NULL */
    bool nowhere;                      /* no case of the run bears this id, chosen or not */
};

struct baseline {
    const char *path;
    struct ydoc doc;
    struct known *v; /* in the order of the file */
    size_t n, cap;
};

/* FILE:LINE:COL for all that is wrong. `now_s`: what has expired by then. Clear it also
 * after a failure. */
__attribute__((warn_unused_result)) bool baseline_load(struct baseline *b, const char *path,
                                                       int64_t now_s, struct kerr *err);
__attribute__((warn_unused_result)) bool baseline_parse(struct baseline *b, const char *name,
                                                        struct bytes text, int64_t now_s,
                                                        struct kerr *err);
void baseline_clear(struct baseline *b);

/* The first entry of the case, whatever its verdict, or NULL. */
const struct known *baseline_find(const struct baseline *b, const char *id);
/* When all rounds of a case are there: the entry it is known by goes to t->known. */
void baseline_tally(const struct baseline *b, struct case_tally *t);
/* After the run: which entries are stale, and which belong to none of the cases loaded. */
void baseline_settle(struct baseline *b, const struct run_result *r,
                     const struct test_case *loaded);

/* baseline_write.c: the deviations of a run that `r->baseline` does not have, to `path`: a
 * new file; or, when path is that of the run's baseline, behind what stands in it. *added:
 * how many cases. */
__attribute__((warn_unused_result)) bool baseline_write(const char *path,
                                                        const struct run_result *r, size_t *added,
                                                        struct kerr *err);
/* May it be written? To be asked before the run. */
__attribute__((warn_unused_result)) bool baseline_can_write(const char *path,
                                                            const struct baseline *known,
                                                            struct kerr *err);
#endif
