/* Parts of the page of a run; private to report_html*.c. */
#ifndef CONFORMANCE_REPORT_HTML_IN_H
#define CONFORMANCE_REPORT_HTML_IN_H

#include "conformance/html_page.h"
#include "conformance/report_html.h"

/* How a case stands to the baseline. */
enum standing { STANDING_NONE, STANDING_KNOWN, STANDING_NEW, STANDING_BETTER };
enum standing html_standing(const struct run_result *r, const struct case_tally *t);

/* report_html_top.c: who was tested, by whom, when, and what came of it. */
void html_title(struct buf *out, const struct run_result *r);
void html_summary(struct buf *out, const struct run_result *r);
/* report_html_findings.c: what deviates; what many cases have in common is told once. */
void html_findings(struct buf *out, const struct run_result *r);
/* Is there anything? */
bool html_has_findings(const struct run_result *r);

/* report_html_driver.c: what the driver suite found out. False: nothing. out NULL: only asks. */
bool html_driver(struct buf *out, const struct run_result *r);

/* report_html_group.c: cases by suite and by the chapter that their clause stands in first. */
struct html_group {
    const char *suite, *heading;
    const char *title; /* of the chapter, as far as the profiles' rows name it; or "" */
    size_t first, n;   /* of html_order.v */
};
struct html_order {
    const struct case_tally **v;
    struct html_group *groups;
    size_t n, n_groups;
    struct arena arena;
};
__attribute__((warn_unused_result)) bool html_order(struct html_order *o,
                                                    const struct run_result *r);
void html_order_clear(struct html_order *o);
void html_matrix(struct buf *out, const struct html_order *o);
/* A link to the case. `named`: the cell that filters hide along with it. */
void html_cell(struct buf *out, const struct case_tally *t, bool named);

/* report_html_case.c: one case, folded up. */
void html_case(struct buf *out, const struct run_result *r, const struct case_tally *t);
void html_case_link(struct buf *out, const struct test_case *tc);
/* report_html_diff.c: what was expected and what came, as a tree. */
void html_diff(struct buf *out, const struct mismatches *found);

/* report_html_exchange.c: what was on the wire. */
void html_exchanges(struct buf *out, const struct run_result *r, const struct case_result *c);
/* The names of the operations that the case asked for, each once, '|' between. */
void html_operations(struct buf *out, const struct run_result *r, const struct case_result *c);

/* report_html_coverage.c: rows of the profiles, and what the cases say of each. */
void html_coverage(struct buf *out, const struct run_result *r);

#endif
