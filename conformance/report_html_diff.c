/* What was expected and what came instead, as a tree (report_html_in.h): each difference
 * stands under the path of its place, and what paths have in common stands once. */
#include <string.h>

#include "conformance/report_html_in.h"

#define DEEPEST 8 /* classes d0 to d8 of the style sheet */

static unsigned deep(unsigned depth)
{
    return depth < DEEPEST ? depth : DEEPEST;
}

/* How much of a path was said with the one before: whole parts of it. */
static size_t shared(const char *before, const char *path)
{
    size_t common = 0, i = 0;
    for (; before[i] && before[i] == path[i]; i++)
        if (path[i] == '/')
            common = i + 1;
    if (i > 0 && (!before[i] || before[i] == '/') && (!path[i] || path[i] == '/'))
        common = i + (path[i] == '/');
    return common;
}

static unsigned put_path(struct buf *out, const char *before, const char *path)
{
    size_t said = shared(before, path);
    unsigned depth = 0;
    for (size_t at = 0; path[at];) {
        size_t n = strcspn(path + at, "/");
        if (at >= said) {
            html_put(out, "<div class=\"d%u\">", deep(depth));
            html_text(out, bytes_of(path + at, n));
            buf_puts(out, "</div>\n");
        }
        at += n + (path[at + n] == '/');
        depth++;
    }
    return depth;
}

static void put_mismatch(struct buf *out, const struct mismatch *m, unsigned depth)
{
    struct buf expected;
    buf_init(&expected, 1u << 20);
    mismatch_expected(m, &expected);
    html_put(out,
             "<div class=\"exp d%u\"><b>expected</b>%s</div>\n<div class=\"act d%u\"><b>actual</b>%s"
             "</div>\n",
             deep(depth), buf_cstr(&expected), deep(depth), m->actual);
    buf_clear(&expected);
    if (m->off == KERR_NO_OFF && !m->clause && m->must)
        return;
    html_put(out, "<div class=\"rule d%u\">", deep(depth));
    if (m->off != KERR_NO_OFF)
        html_put(out, "offset %u%s", m->off, m->clause || !m->must ? "; " : "");
    if (m->clause)
        html_put(out, "%s%s%s", m->rule, *m->rule ? ": " : "", m->clause);
    html_put(out, "%s</div>\n", m->must ? "" : " (SHOULD)");
}

void html_diff(struct buf *out, const struct mismatches *found)
{
    const char *before = "";
    if (found->n == 0)
        return;
    buf_puts(out, "<h4>Expected against actual</h4>\n<div class=\"diff\">\n");
    for (size_t i = 0; i < found->n; i++) {
        const struct mismatch *m = &found->v[i];
        const char *path = m->path ? m->path : "";
        put_mismatch(out, m, put_path(out, before, path));
        before = path;
    }
    buf_puts(out, "</div>\n");
    if (found->dropped > 0)
        html_put(out, "<p class=\"soft\">... and %zu more that differ</p>\n", found->dropped);
}
