/* A reply against what was expected of it, line by line (report_ticket.h). */
#include <stdlib.h>
#include <string.h>

#include "conformance/report_message.h"
#include "conformance/report_ticket.h"

#define AROUND 3 /* lines shown before and behind one that differs */

/* Is it about the item of this line? Findings of other steps may have the same offset. */
static bool is_about(const struct mismatch *m, const struct report_line *l)
{
    const char *slash = strrchr(m->path, '/'), *name = slash ? slash + 1 : m->path;
    size_t n = strcspn(name, "[");
    return l->off != KERR_NO_OFF && m->off == l->off && l->n >= n &&
           strncmp(name, l->text, n) == 0;
}

static const struct mismatch *at_line(const struct mismatches *found, const struct report_line *l,
                                      size_t *next)
{
    for (; *next < found->n; ++*next)
        if (is_about(&found->v[*next], l))
            return &found->v[(*next)++];
    return NULL;
}

static bool differs(const struct mismatches *found, const struct report_line *l)
{
    size_t next = 0;
    return at_line(found, l, &next) != NULL;
}

/* Which lines are shown: those that differ, what is around them, and the structures that they
 * stand in. NULL without memory. */
static bool *choose(const struct shown *reply, const struct mismatches *found)
{
    size_t n = reply->n_lines;
    bool *show = calloc(n + 1, sizeof *show);
    unsigned *depth = calloc(n + 1, sizeof *depth);
    struct report_line l = {.shown = reply};
    while (show && depth && report_line_next(&l) && l.number < n) {
        depth[l.number] = l.depth;
        if (!differs(found, &l))
            continue;
        for (size_t i = l.number > AROUND ? l.number - AROUND : 0; i <= l.number + AROUND; i++)
            if (i < n)
                show[i] = true;
        unsigned above = l.depth;
        for (size_t i = l.number; i-- > 0;)
            if (depth[i] < above) {
                above = depth[i];
                show[i] = true;
            }
    }
    free(depth);
    return show;
}

static void put_differing(struct buf *out, const struct mismatch *m, unsigned depth)
{
    struct buf expected;
    buf_init(&expected, 1u << 20);
    mismatch_expected(m, &expected);
    buf_printf(out, "-         %*sexpected  %s\n", 2 * (int)depth, "", buf_cstr(&expected));
    buf_printf(out, "+         %*sactual    %s\n", 2 * (int)depth, "", m->actual);
    if (m->clause)
        buf_printf(out, "          %*s%s: %s%s\n", 2 * (int)depth, "", m->rule, m->clause,
                   m->must ? "" : " (SHOULD)");
    buf_clear(&expected);
}

static void put_line(struct buf *out, const struct report_line *l, const struct mismatches *found)
{
    const struct mismatch *m;
    size_t next = 0;
    buf_puts(out, differs(found, l) ? "> " : "  ");
    if (l->off == KERR_NO_OFF)
        buf_puts(out, "        ");
    else
        buf_printf(out, "%06x  ", l->off);
    buf_printf(out, "%*s%.*s\n", 2 * (int)l->depth, "", (int)l->n, l->text);
    while ((m = at_line(found, l, &next)))
        put_differing(out, m, l->depth + 1);
}

/* Has it a line of its own in the tree? */
static bool has_line(const struct shown *reply, const struct mismatch *m)
{
    struct report_line l = {.shown = reply};
    while (report_line_next(&l))
        if (is_about(m, &l))
            return true;
    return false;
}

void report_ticket_tree(struct buf *out, const struct shown *reply, const struct mismatches *found)
{
    struct report_line l = {.shown = reply};
    bool skipped = false, *show = reply->text ? choose(reply, found) : NULL, placed = false;
    for (size_t i = 0; i < found->n; i++)
        if (has_line(reply, &found->v[i]))
            placed = true;
        else
            put_differing(out, &found->v[i], 0);
    while (placed && show && report_line_next(&l) && l.number < reply->n_lines) {
        if (show[l.number])
            put_line(out, &l, found);
        else if (!skipped)
            buf_puts(out, "  ...\n");
        skipped = !show[l.number];
    }
    if (found->dropped > 0)
        buf_printf(out, "  ... and %zu more that differ\n", found->dropped);
    free(show);
}
