/* One document over another, and one map into another (ynode.h). */
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

/* --- merge keys ------------------------------------------------------------ */

#define FOLD_MAX 1000u /* keys of an unfolded map: each is compared with all before it */

static bool is_merge(const struct ynode *key)
{
    return key->plain && strcmp(key->text, "<<") == 0;
}

static bool has_merge(const struct ynode *map)
{
    for (size_t i = 0; i < map->n; i++)
        if (is_merge(map->keys[i]))
            return true;
    return false;
}

static bool put_pair(struct ynode *out, const struct ynode *map, size_t i, struct kerr *err)
{
    if (out->n == FOLD_MAX)
        return ynode_err(map->keys[i], KE_CONFIG, err, "more than %u keys in a map with <<",
                         FOLD_MAX);
    out->keys[out->n] = map->keys[i];
    out->vals[out->n++] = map->vals[i];
    return true;
}

/* What `from`, a map or a list of them, has and out has not. Documents hold no cycles. */
static bool fold_in(struct ynode *out, const struct ynode *from, struct kerr *err)
{
    bool ok = from->kind != YNODE_SCALAR ||
              ynode_err(from, KE_CONFIG, err, "expected a map for <<, or a list of maps");
    for (size_t i = 0; ok && from->kind == YNODE_SEQ && i < from->n; i++)
        ok = from->vals[i]->kind == YNODE_MAP
                 ? fold_in(out, from->vals[i], err)
                 : ynode_err(from->vals[i], KE_CONFIG, err, "expected a map for <<");
    for (size_t i = 0; ok && from->kind == YNODE_MAP && i < from->n; i++)
        if (!is_merge(from->keys[i]) &&
            place_of(out->keys, out->n, from->keys[i]->text) == out->n)
            ok = put_pair(out, from, i, err);
    for (size_t i = 0; ok && from->kind == YNODE_MAP && i < from->n; i++)
        if (is_merge(from->keys[i]))
            ok = fold_in(out, from->vals[i], err);
    return ok;
}

bool ydoc_unfold(struct ydoc *d, struct ynode **at, struct kerr *err)
{
    struct ynode *map = *at;
    bool ok = true;
    if (!map || map->kind != YNODE_MAP || !has_merge(map))
        return true;
    struct merge m = {.a = &d->arena};
    struct ynode none = *map;
    none.n = 0;
    struct ynode *out = with_room(&m, &none, FOLD_MAX);
    if (!out)
        return kerr_set(err, KE_MEMORY, "no memory to read %s", map->file);
    /* A key that the map itself has twice stays there twice, for the reader to complain of. */
    for (size_t i = 0; ok && i < map->n; i++)
        ok = is_merge(map->keys[i]) || put_pair(out, map, i, err);
    for (size_t i = 0; ok && i < map->n; i++)
        ok = !is_merge(map->keys[i]) || fold_in(out, map->vals[i], err);
    if (ok)
        *at = out;
    return ok;
}
