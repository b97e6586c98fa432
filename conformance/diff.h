/* Two runs compared, case by case: before and after a change of the server.
 *
 *   new       the case is worse than before: PASS < WARN < INCONCLUSIVE, ERROR < FAIL; or what
 *             passed is no longer offered (NOT SUPPORTED). These are regressions
 *   fixed     it is better, or what was not supported passes now
 *   changed   the same verdict for another reason; or one that says neither: a case that
 *             deviated does not apply any more, or the run was given less or more
 *   vanished  it was run before, and is not in the new report
 *   added     it is in the new report only. Nothing is known of before, so it is no regression
 *
 * Reasons are compared without what passes with a run (reason.h). */
#ifndef CONFORMANCE_DIFF_H
#define CONFORMANCE_DIFF_H

#include <jansson.h>

#include "conformance/case.h"

enum diff_kind { DIFF_NEW, DIFF_FIXED, DIFF_CHANGED, DIFF_VANISHED, DIFF_ADDED, DIFF_KINDS };

extern const char *const diff_kind_names[DIFF_KINDS];

struct diff_case {
    enum diff_kind kind;
    const json_t *was, *now; /* the case in the reports; NULL: not there */
};

struct diff {
    const char *old_path, *new_path;
    const json_t *old_root, *new_root;
    struct diff_case *v; /* in the order of the new report, vanished ones behind */
    size_t n, counts[DIFF_KINDS], same;
    const char *broken;  /* the new run tested nothing, or lost the server; or NULL */
};

/* Both reports live longer than the result. KE_USAGE when the old one tested nothing. */
__attribute__((warn_unused_result)) bool diff_make(struct diff *d, const char *old_path,
                                                   const json_t *old_root, const char *new_path,
                                                   const json_t *new_root, struct kerr *err);
void diff_clear(struct diff *d);
bool diff_has_regressions(const struct diff *d);
json_t *diff_json(const struct diff *d);

#endif
