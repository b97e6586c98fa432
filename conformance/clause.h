/* Clauses as cases, rules and catalogues cite them:
 *
 *     KMIP 1.2 spec, 3.22 (transition 4), 4.15; KMIP Profiles 1.2, 3.1.3 and 3.2.3
 *
 * Documents end with ';', their sections with ',' or "and"; what stands behind a section's
 * number is more exact when in parentheses, and a title otherwise. */
#ifndef CONFORMANCE_CLAUSE_H
#define CONFORMANCE_CLAUSE_H

#include "kmip/base/buf.h"

/* Does `citing` name a section that `clause` names, or one within it? Of two places of one
 * section, (transition 4) and (transition 6), neither names the other. */
bool clause_cites(const char *citing, const char *clause);
/* Or does either name a section within one of the other's? */
bool clause_touches(const char *a, const char *b);

/* What a clause is filed under: the document that it cites first and the first two numbers of
 * the section, "KMIP 1.2 spec, 3.22". Nothing for a clause that cites nothing. */
void clause_heading(const char *clause, struct buf *out);
/* The order of two headings: 4.9 stands before 4.10. */
int clause_compare(const char *a, const char *b);

#endif
