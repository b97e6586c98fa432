/* Search by keys: the rarest key leads, the index answers for the other indexed ones,
 * and the object itself for the rest.
 *
 * Rows come in batches and no statement stays open while the visitor works, so it may
 * read, change and search as it likes. */
#include <stdlib.h>

#include "mockserver/store_priv.h"

enum { SCAN_KEYS_MAX = 32, SCAN_BATCH = 128 };

struct scan_key {
    struct bytes name;
    struct searchkey value;
    int64_t count; /* objects that have it, as far as counted */
};

struct scan {
    struct mock_store *s;
    const struct store_key *keys;
    size_t n;
    struct scan_key indexed[SCAN_KEYS_MAX]; /* rarest first */
    size_t n_indexed;
    bool (*visit)(void *arg, struct mock_object *o);
    void *arg;
    bool stopped;
};

struct scan_row {
    int64_t row;
    char uid[MOCK_UID_MAX];
};

static bool count_key(struct mock_store *s, struct scan_key *k, struct kerr *err)
{
    sql_bind_bytes(s, SQL_KEY_COUNT, 1, k->name);
    sql_bind_bytes(s, SQL_KEY_COUNT, 2, bytes_of(k->value.p, k->value.n));
    bool ok = sql_step(s, SQL_KEY_COUNT, err) == SQL_ROW;
    if (ok)
        k->count = sqlite3_column_int64(s->sql[SQL_KEY_COUNT], 0);
    sql_done(s, SQL_KEY_COUNT);
    return ok;
}

static int by_count(const void *a, const void *b)
{
    int64_t x = ((const struct scan_key *)a)->count, y = ((const struct scan_key *)b)->count;
    return (x > y) - (x < y);
}

/* Picks the keys that the index knows. Those beyond SCAN_KEYS_MAX are left to the
 * object itself, like all that are not indexed. */
static bool plan(struct scan *sc, struct kerr *err)
{
    for (size_t i = 0; i < sc->n && sc->n_indexed < SCAN_KEYS_MAX; i++) {
        struct scan_key *k = &sc->indexed[sc->n_indexed];
        if (!searchkey_indexed(kmip_attribute_by_name(sc->keys[i].name)))
            continue;
        k->name = sc->keys[i].name;
        searchkey_cut(sc->keys[i].value, &k->value);
        sc->n_indexed++;
    }
    for (size_t i = 0; sc->n_indexed > 1 && i < sc->n_indexed; i++)
        if (!count_key(sc->s, &sc->indexed[i], err))
            return false;
    qsort(sc->indexed, sc->n_indexed, sizeof *sc->indexed, by_count);
    return true;
}

/* The next rows behind `after` that the leading key has. False on error. */
static bool fetch(struct scan *sc, int64_t after, struct scan_row *rows, size_t *n,
                  struct kerr *err)
{
    struct mock_store *s = sc->s;
    enum store_sql id = sc->n_indexed > 0 ? SQL_KEY_ROWS : SQL_ALL_ROWS;
    if (sc->n_indexed > 0) {
        sql_bind_bytes(s, id, 1, sc->indexed[0].name);
        sql_bind_bytes(s, id, 2, bytes_of(sc->indexed[0].value.p, sc->indexed[0].value.n));
    }
    sql_bind_int(s, id, 3, after);
    sql_bind_int(s, id, 4, SCAN_BATCH);
    enum sql_row got = SQL_ROW;
    for (*n = 0; *n < SCAN_BATCH && (got = sql_step(s, id, err)) == SQL_ROW; (*n)++) {
        struct bytes uid = sql_column(s, id, 1);
        struct scan_row *r = &rows[*n];
        r->row = sqlite3_column_int64(s->sql[id], 0);
        memset(r->uid, 0, sizeof r->uid);
        if (uid.n < sizeof r->uid)
            memcpy(r->uid, uid.p, uid.n);
    }
    sql_done(s, id);
    return got != SQL_ERROR;
}

/* Does the index have the row under all keys but the leading one? */
static bool in_index(struct scan *sc, int64_t row, bool *has, struct kerr *err)
{
    *has = true;
    for (size_t i = 1; i < sc->n_indexed && *has; i++) {
        const struct scan_key *k = &sc->indexed[i];
        sql_bind_bytes(sc->s, SQL_KEY_HAS, 1, k->name);
        sql_bind_bytes(sc->s, SQL_KEY_HAS, 2, bytes_of(k->value.p, k->value.n));
        sql_bind_int(sc->s, SQL_KEY_HAS, 3, row);
        enum sql_row got = sql_step(sc->s, SQL_KEY_HAS, err);
        sql_done(sc->s, SQL_KEY_HAS);
        if (got == SQL_ERROR)
            return false;
        *has = got == SQL_ROW;
    }
    return true;
}

/* All keys again on the object: those without index, and indexed ones because a long
 * value is only a digest there. Keys that time changes are left to the visitor. */
static bool has_all(const struct scan *sc, const struct mock_object *o)
{
    for (size_t i = 0; i < sc->n; i++)
        if (!searchkey_timed(kmip_attribute_by_name(sc->keys[i].name)) &&
            !searchkey_match(o, sc->keys[i].name, sc->keys[i].value))
            return false;
    return true;
}

/* What the search brought into a full cache, and nobody kept, goes at once: a search
 * over everything neither fills the memory nor drives out what is in use. */
static void after_visit(struct mock_store *s, struct mock_object *o)
{
    o->pins--;
    if (o->pins > 0)
        return;
    if (o->cached &&
        (o->dirty || o->written || (s->cache.n > s->cache.limit && o == s->cache.oldest)))
        cache_remove(&s->cache, o);
    if (!o->cached)
        object_free(&o);
}

static bool show(struct scan *sc, struct bytes uid, struct kerr *err)
{
    struct kerr why = KERR_INIT;
    struct mock_object *o = cache_peek(&sc->s->cache, uid);
    if (!o)
        o = store_load(sc->s, uid, true, &why);
    if (!o && why.code != KE_OK) {
        if (err && err->code == KE_OK)
            *err = why;
        return false;
    }
    if (!o) /* there is none, or the visitor removed it meanwhile */
        return true;
    o->pins++;
    if (has_all(sc, o))
        sc->stopped = !sc->visit(sc->arg, o);
    after_visit(sc->s, o);
    return true;
}

bool store_scan(struct mock_store *s, const struct store_key *keys, size_t n,
                bool (*visit)(void *arg, struct mock_object *o), void *arg, struct kerr *err)
{
    struct scan sc = {.s = s, .keys = keys, .n = n, .visit = visit, .arg = arg};
    struct scan_row rows[SCAN_BATCH];
    size_t got = SCAN_BATCH;
    int64_t after = 0;
    for (size_t i = 0; i < n; i++) /* at most one object */
        if (bytes_eq_str(keys[i].name, "Unique Identifier"))
            return show(&sc, keys[i].value, err);
    if (!plan(&sc, err))
        return false;
    while (got == SCAN_BATCH && !sc.stopped) {
        if (!fetch(&sc, after, rows, &got, err))
            return false;
        for (size_t i = 0; i < got && !sc.stopped; i++) {
            bool has;
            if (!in_index(&sc, rows[i].row, &has, err) ||
                (has && !show(&sc, bytes_str(rows[i].uid), err)))
                return false;
            after = rows[i].row;
        }
    }
    return true;
}
