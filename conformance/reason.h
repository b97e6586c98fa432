/* Reasons of two runs: what in them is of the run, and what is of the server. */
#ifndef CONFORMANCE_REASON_H
#define CONFORMANCE_REASON_H

#include "kmip/base/buf.h"

/* The longest piece of a reason that another run would have as well: without names of the
 * run, identifiers, and times. Within `reason`; of a line or two at most. */
struct bytes reason_piece(const char *reason);
/* Do both say the same, but for such words? */
bool reason_same(const char *a, const char *b);

#endif
