/* One document over another (ynode.h). */
#include "kmip/base/arena.h"
#include "kmip/yaml/ynode.h"

struct merge {
    struct arena *a;
    const char *const *adding;
    bool no_memory;
};

static bool adds_up(const struct merge *m, const char *key)
{
    for (const char *const *k = m->adding; *k; k++)
        if (strcmp(*k, key) == 0)
            return true;
    return false;
}

/* A copy of n with room for `more` children. */
static struct ynode *with_room(struct merge *m, const struct ynode *n, size_t more)
{
    struct ynode *c = arena_alloc(m->a, sizeof *c);
    struct ynode **keys = arena_array(m->a, n->n + more + 1, sizeof *keys);
    struct ynode **vals = arena_array(m->a, n->n + more + 1, sizeof *vals);
    if (!c || !keys || !vals) {
        m->no_memory = true;
        return NULL;
    }
    *c = *n;
    for (size_t i = 0; i < n->n; i++) {
        keys[i] = n->keys ? n->keys[i] : NULL;
        vals[i] = n->vals[i];
    }
    c->keys = keys;
    c->vals = vals;
    return c;
}

/* What stands for a list: the list itself, nothing for null, else a single entry. */
static size_t entries(struct ynode *n, struct ynode ***v, struct ynode **alone)
{
    *alone = n;
    *v = n->kind == YNODE_SEQ ? n->vals : alone;
    return n->kind == YNODE_SEQ ? n->n : !ynode_is_null(n);
}

static struct ynode *add_up(struct merge *m, struct ynode *under, struct ynode *over)
{
    struct ynode **v[2], *alone[2];
    const size_t n[2] = {entries(under, &v[0], &alone[0]), entries(over, &v[1], &alone[1])};
    struct ynode list = *over;
    list.kind = YNODE_SEQ;
    list.tag = NULL;
    list.keys = list.vals = NULL;
    list.n = 0;
    struct ynode *sum = with_room(m, &list, n[0] + n[1]);
    for (int half = 0; sum && half < 2; half++)
        for (size_t i = 0; i < n[half]; i++)
            sum->vals[sum->n++] = v[half][i];
    return sum;
}

static size_t place_of(struct ynode *const *keys, size_t n, const char *key)
{
    size_t at = 0;
    while (at < n && strcmp(keys[at]->text, key) != 0)
        at++;
    return at;
}

/* A key that one document has twice stays there twice, for the reader to complain of. */
static struct ynode *merged(struct merge *m, struct ynode *under, struct ynode *over, bool top)
{
    if (under->kind != YNODE_MAP || over->kind != YNODE_MAP)
        return over;
    struct ynode *sum = with_room(m, under, over->n);
    for (size_t i = 0; sum && i < over->n; i++) {
        const char *key = over->keys[i]->text;
        size_t at = place_of(sum->keys, under->n, key);
        struct ynode *value = over->vals[i];
        if (at == under->n || place_of(over->keys, i, key) < i)
            sum->keys[at = sum->n++] = over->keys[i];
        else if (top && adds_up(m, key))
            value = add_up(m, sum->vals[at], value);
        else
            value = merged(m, sum->vals[at], value, false);
        if (!value)
            return NULL;
        sum->vals[at] = value;
    }
    return sum;
}

bool ydoc_merge(struct ydoc *d, const struct ydoc *over, const char *const *adding,
                struct kerr *err)
{
    struct merge m = {.a = &d->arena, .adding = adding};
    if (!over->root || ynode_is_null(over->root))
        return true;
    struct ynode *root = d->root ? merged(&m, d->root, over->root, true) : over->root;
    if (!root)
        return kerr_set(err, KE_MEMORY, "no memory to put %s over %s", over->root->file,
                        d->root->file);
    d->root = root;
    return true;
}
