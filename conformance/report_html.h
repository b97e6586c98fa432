/* The report as a page: one file that stands by itself, for people to read, print and hand
 * on. It is read without JavaScript, which adds filters, hexadecimal and the choice of theme.
 * Nothing that a server said is taken for markup, and what the other reports redact is
 * redacted here. */
#ifndef CONFORMANCE_REPORT_HTML_H
#define CONFORMANCE_REPORT_HTML_H

#include "conformance/compare.h"

/* path "-": standard output. Without rows of the profiles, those that the cases name are
 * listed. */
__attribute__((warn_unused_result)) bool report_html(const char *path, const struct run_result *r,
                                                     struct kerr *err);

/* Several runs side by side: a column for each, a row for each case, what differs first. */
__attribute__((warn_unused_result)) bool report_compare_html(const char *path,
                                                             const struct comparison *c,
                                                             struct kerr *err);

#endif
