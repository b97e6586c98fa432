/* HTML out, safe by default.
 *
 *     html_put(out, "<a href=\"#%s\">%s</a> %zu", id, title, n);
 *
 * Every %s is escaped, for text and for attributes between double quotes alike; what is
 * markup stands in the format, which is ours. Texts may be any bytes: what is no UTF-8, and
 * what a browser would act upon instead of showing it, is shown as text_show does. Line ends
 * and tabs stay. */
#ifndef CONFORMANCE_HTML_H
#define CONFORMANCE_HTML_H

#include "kmip/base/buf.h"

/* Conversions: %s %zu %d %u %lld %f (with flags, width and precision) and %%. */
void html_put(struct buf *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void html_text(struct buf *out, struct bytes text);
/* Part of an id, or of a link's fragment: the same of both for the same text. */
void html_name(struct buf *out, const char *text);

#endif
