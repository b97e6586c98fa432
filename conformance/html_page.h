/* What every page of a report has: its head with style, script and a policy that lets it ask
 * nothing of anybody, its foot, and the marks by which verdicts are known. */
#ifndef CONFORMANCE_HTML_PAGE_H
#define CONFORMANCE_HTML_PAGE_H

#include "conformance/html.h"
#include "conformance/result.h"

#define HTML_MAX (512u << 20) /* bytes of a page */

/* html_assets.c: conformance/html/report.css and report.js. */
struct bytes html_style(void);
struct bytes html_script(void);

/* A section of the page that its head links to. */
struct html_section {
    const char *id, *title;
};
/* Up to the first thing inside of <main>. Sections end with one of id NULL. */
void html_page_begin(struct buf *out, const char *title, const struct html_section *sections);
void html_page_end(struct buf *out);
/* Writes the page; "-" is standard output. mode: as of file_write. */
__attribute__((warn_unused_result)) bool html_write(const char *path, const struct buf *page,
                                                    unsigned mode, struct kerr *err);

/* The class of a verdict in the style sheet; glyph, word and colour of it. */
const char *html_class(enum verdict v);
void html_verdict(struct buf *out, enum verdict v);
/* Verdicts in the order of their weight, worst first. */
extern const enum verdict html_worst_first[VERDICT_COUNT_];
/* A bar of counts, each part as wide as its share; and what its parts are, in numbers. */
void html_bar(struct buf *out, const size_t n[VERDICT_COUNT_]);
void html_key(struct buf *out, const size_t n[VERDICT_COUNT_]);
/* What each verdict says, for the foot of a page. */
void html_legend(struct buf *out);

/* Filters. Which verdicts, levels and operations there are to choose from; a name for what
 * `changed` means here, or NULL when there is no such filter. */
struct html_filters {
    const size_t *counts;         /* by verdict */
    bool levels;
    const char *const *operations; /* sorted; n_operations of them */
    size_t n_operations;
    const char *changed;
};
void html_filters(struct buf *out, const struct html_filters *f);

#endif
