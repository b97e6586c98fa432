/* Clauses as cases, rules and catalogues cite them:
 *
 *     KMIP 1.2 spec, 3.22 (transition 4), 4.15; KMIP Profiles 1.2, 3.1.3 and 3.2.3
 *
 * Documents end with ';', their sections with ',' or "and"; what stands behind a section's
 * number is more exact when in parentheses, and a title otherwise. */
#ifndef CONFORMANCE_CLAUSE_H
#define CONFORMANCE_CLAUSE_H

#include <stdbool.h>

/* Does `citing` name a section that `clause` names, or one within it? Of two places of one
 * section, (transition 4) and (transition 6), neither names the other. */
bool clause_cites(const char *citing, const char *clause);
/* Or does either name a section within one of the other's? */
bool clause_touches(const char *a, const char *b);

#endif
