/* Paths of errors (ypath.h): the tree is searched for what stands at the error's place.
 * A block map begins where its first key does, so the kind of node counts too. */
#include "kmip/yaml/ypath.h"

#include <stdio.h>

/* Documents that were merged have nodes of several files. */
static bool is_here(const struct ynode *n, const struct kerr *err)
{
    char place[400];
    if (n->line != err->line || n->col != err->col || (int)n->kind != err->node)
        return false;
    snprintf(place, sizeof place, "%s:%u:%u: ", n->file, n->line, n->col);
    return strstr(err->msg, place) != NULL;
}

static bool find(const struct ynode *n, const struct kerr *err, struct buf *out);

/* An alias stands elsewhere than what it repeats, but is the same node: the first use
 * of it is found, which is where the error was met. */
static bool find_in_map(const struct ynode *n, const struct kerr *err, struct buf *out)
{
    size_t before = out->n;
    for (size_t i = 0; i < n->n; i++) {
        buf_printf(out, "%s%s", before ? "." : "", n->keys[i]->text);
        if (is_here(n->keys[i], err) || find(n->vals[i], err, out))
            return true;
        buf_truncate(out, before);
    }
    return false;
}

static bool find_in_list(const struct ynode *n, const struct kerr *err, struct buf *out)
{
    size_t before = out->n;
    for (size_t i = 0; i < n->n; i++) {
        buf_printf(out, "[%zu]", i);
        if (find(n->vals[i], err, out))
            return true;
        buf_truncate(out, before);
    }
    return false;
}

static bool find(const struct ynode *n, const struct kerr *err, struct buf *out)
{
    if (is_here(n, err))
        return true;
    return n->kind == YNODE_MAP ? find_in_map(n, err, out)
           : n->kind == YNODE_SEQ && find_in_list(n, err, out);
}

bool ynode_path(const struct ynode *root, const struct kerr *err, struct buf *out)
{
    size_t before = out->n;
    if (root && err->line && find(root, err, out) && !out->failed)
        return true;
    if (!out->failed)
        buf_truncate(out, before);
    return false;
}
