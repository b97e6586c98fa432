/* The rows that the suites must cover: one per requirement of the profiles, kept
 * in requirements.tsv with the clause and how sure the row is.
 *
 * Mark: S read in the specification, V in a vendor's published profile list, N in an
 * implementer's note, T exercised by a published OASIS case, M in part from memory: a
 * provisional row, which by itself never costs a server more than a warning. */
#ifndef CONFORMANCE_REQUIREMENT_H
#define CONFORMANCE_REQUIREMENT_H

#include "kmip/base/error.h"

struct requirement {
    const char *row, *profile, *clause, *mark, *text;
    const char *without_case; /* why no case covers it; "" when one must */
    bool provisional;
};

/* Among n of them; NULL if it is not there. */
const struct requirement *requirement_in(const struct requirement *v, size_t n, const char *row);

/* Loads the table once; it lives until requirements_clear. KE_CASE with FILE:LINE. */
__attribute__((warn_unused_result)) bool requirements_load(const char *path, struct kerr *err);
void requirements_clear(void);
bool requirements_loaded(void);
size_t requirements_count(void);
const struct requirement *requirement_at(size_t i); /* the others follow it */
const struct requirement *requirement_find(const char *row); /* NULL if there is none */

#endif
