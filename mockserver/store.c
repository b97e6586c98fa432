/* Objects and requests of the store.
 *
 * The cache holds what SQLite holds, no more: an object that was changed but not put
 * leaves the cache when the request ends, and what an undo takes back leaves it at
 * once, to be read again. So the cache never needs to be repaired. Objects that left
 * it stay readable on the request's list until the end. */
#include "mockserver/store.h"

#include <stdio.h>
#include <stdlib.h>

#include "kmip/base/buf.h"
#include "mockserver/store_priv.h"

enum { CACHE_DEFAULT = 65536 };

struct mock_store *store_open(const char *path, struct kerr *err)
{
    struct mock_store *s = calloc(1, sizeof *s);
    store_memory_wiped();
    bool ok = s && (s->path = strdup(path)) && cache_init(&s->cache, CACHE_DEFAULT);
    if (!ok)
        kerr_set(err, KE_MEMORY, "out of memory");
    ok = ok && store_open_db(s, err);
    if (ok) {
        ok = sql_step(s, SQL_COUNT, err) == SQL_ROW;
        if (ok)
            s->count = (uint64_t)sqlite3_column_int64(s->sql[SQL_COUNT], 0);
        sql_done(s, SQL_COUNT);
    }
    if (!ok)
        store_close(&s);
    return s;
}

void store_close(struct mock_store **s)
{
    struct mock_store *x = *s;
    if (!x)
        return;
    *s = NULL;
    if (x->open && !store_end(x, false, NULL)) {
        /* Nothing was to be kept. */
    }
    cache_clear(&x->cache);
    sql_finalize(x);
    sqlite3_close(x->db);
    free(x->path);
    free(x);
}

void store_cache_limit(struct mock_store *s, size_t objects)
{
    s->cache.limit = objects > 0 ? objects : 1;
    cache_trim(&s->cache);
}

uint64_t store_count(struct mock_store *s)
{
    return s->count;
}

uint64_t store_run(const struct mock_store *s)
{
    return s->run;
}

/* Reading */

void store_hold(struct mock_store *s, struct mock_object *o)
{
    if (!s->open || o->held)
        return;
    o->held = true;
    o->pins++;
    o->held_next = s->held;
    s->held = o;
}

/* The object as it is stored; the cache neither asked nor told. */
static struct mock_object *read_stored(struct mock_store *s, struct bytes uid, struct kerr *err)
{
    struct mock_object *o = NULL;
    sql_bind_bytes(s, SQL_GET, 1, uid);
    if (sql_step(s, SQL_GET, err) == SQL_ROW) {
        int64_t row = sqlite3_column_int64(s->sql[SQL_GET], 0);
        o = object_load(sql_column(s, SQL_GET, 1), err);
        if (o)
            o->row = row;
        else
            kerr_wrap(err, "row %lld of the object store", (long long)row);
    }
    sql_done(s, SQL_GET);
    return o;
}

struct mock_object *store_load(struct mock_store *s, struct bytes uid, bool as_oldest,
                               struct kerr *err)
{
    struct mock_object *o = read_stored(s, uid, err);
    if (o) {
        o->written = s->writing; /* may be what the request wrote and an undo takes back */
        cache_insert(&s->cache, o, as_oldest);
    }
    return o;
}

struct mock_object *store_get(struct mock_store *s, struct bytes uid, struct kerr *err)
{
    if (!s->open)
        cache_trim(&s->cache);
    struct mock_object *o = cache_find(&s->cache, uid);
    if (!o)
        o = store_load(s, uid, false, err);
    if (o)
        store_hold(s, o);
    return o;
}

bool store_name_taken(struct mock_store *s, struct bytes name_value,
                      const struct mock_object *except, bool *taken, struct kerr *err)
{
    struct searchkey key;
    searchkey_cut(name_value, &key);
    sql_bind_bytes(s, SQL_LIVE_OTHER, 2, bytes_of(key.p, key.n));
    sql_bind_int(s, SQL_LIVE_OTHER, 3, except ? except->row : 0);
    enum sql_row got = sql_step(s, SQL_LIVE_OTHER, err);
    sql_done(s, SQL_LIVE_OTHER);
    *taken = got == SQL_ROW;
    return got != SQL_ERROR;
}

/* Writing */

/* Lets the cache forget what the request changed; it stays on the list. */
static void forget_changed(struct mock_store *s)
{
    for (struct mock_object *o = s->held; o; o = o->held_next)
        if (o->written || o->dirty)
            cache_remove(&s->cache, o);
}

void store_spoil(struct mock_store *s, const struct kerr *err)
{
    if (!s->open)
        return;
    if (!s->spoiled) {
        snprintf(s->why, sizeof s->why, "%.*s", (int)sizeof s->why - 1, err->msg);
        s->spoiled_marks = s->n_marks;
    }
    s->spoiled = true;
    if (s->lost) {
        s->spoiled_marks = 0;
        forget_changed(s);
    }
}

/* Opens the transaction that the request has put off so far, marks included. */
static bool start_transaction(struct mock_store *s, struct kerr *err)
{
    if (!s->open)
        return kerr_set(err, KE_INTERNAL, "the store is changed outside a request");
    if (s->spoiled)
        return kerr_set(err, KE_STORE, "an earlier change of this request failed: %s", s->why);
    if (!s->writing) {
        if (!sql_run(s, SQL_BEGIN, err))
            return false;
        s->writing = true;
    }
    for (unsigned i = 0; i < s->n_marks; i++) {
        if (s->marks[i].savepoint)
            continue;
        if (!sql_run(s, SQL_MARK, err))
            return false;
        s->marks[i].savepoint = true;
    }
    return true;
}

/* The same for a change that must not be lost. */
static bool start_writing(struct mock_store *s, struct kerr *err)
{
    s->optional = false;
    return start_transaction(s, err);
}

/* Gives up a transaction in which nothing stands that is missed. */
static void drop_transaction(struct mock_store *s)
{
    struct kerr ignored = KERR_INIT;
    if (!sqlite3_get_autocommit(s->db) && !sql_run(s, SQL_ROLLBACK, &ignored)) {
        /* It has still ended it. */
    }
    for (unsigned i = 0; i < s->n_marks; i++)
        s->marks[i].savepoint = false;
    s->writing = s->optional = s->lost = false;
}

/* Takes the failure of a change: the request cannot be committed unless undone. */
static bool failed(struct mock_store *s, struct kerr *err, struct kerr *why)
{
    store_spoil(s, why);
    if (err && err->code == KE_OK)
        *err = *why;
    return false;
}

/* Adds or removes the keys of `o` that `other` (may be NULL) does not have. */
static bool sync_keys(struct mock_store *s, const struct mock_object *o,
                      const struct mock_object *other, int64_t row, bool add, struct kerr *err)
{
    for (size_t i = 0; i < o->n_attrs; i++) {
        const struct mock_attr *a = &o->attrs[i];
        struct bytes value = searchkey_value(a), name = bytes_str(a->name);
        if (!searchkey_indexed(a->def))
            continue;
        bool live = a->def && a->def->tag == KMIP_TAG_NAME && o->body_len > 0;
        bool kept = other && searchkey_match(other, name, value);
        bool kept_live = kept && other->body_len > 0;
        struct searchkey key;
        searchkey_cut(value, &key);
        const struct {
            bool wanted;
            enum store_sql add, remove;
        } entries[] = {{!kept, SQL_KEY_ADD, SQL_KEY_REMOVE},
                       {live && !kept_live, SQL_LIVE_ADD, SQL_LIVE_REMOVE}};
        for (size_t e = 0; e < 2; e++) {
            enum store_sql id = add ? entries[e].add : entries[e].remove;
            if (!entries[e].wanted)
                continue;
            if (e == 0)
                sql_bind_bytes(s, id, 1, name);
            sql_bind_bytes(s, id, 2, bytes_of(key.p, key.n));
            sql_bind_int(s, id, 3, row);
            if (!sql_run(s, id, err))
                return false;
        }
    }
    return true;
}

/* What is stored of an object that is being changed; the caller frees it. */
static struct mock_object *stored_before(struct mock_store *s, const struct mock_object *o,
                                         struct kerr *err)
{
    struct mock_object *before = read_stored(s, bytes_str(o->uid), err);
    if (!before)
        kerr_set(err, KE_INTERNAL, "an object to be changed is no longer in the store");
    return before;
}

static bool update_keys(struct mock_store *s, const struct mock_object *o, struct kerr *err)
{
    struct mock_object *before = stored_before(s, o, err);
    bool ok = before && sync_keys(s, before, o, o->row, false, err) &&
              sync_keys(s, o, before, o->row, true, err);
    object_free(&before);
    return ok;
}

/* Runs SQL_ADD or SQL_PUT. */
static bool write_row(struct mock_store *s, enum store_sql id, const struct mock_object *o,
                      struct kerr *err)
{
    struct buf blob;
    buf_init(&blob, BUF_NO_LIMIT);
    bool ok = object_save(o, &blob) || kerr_set(err, KE_MEMORY, "out of memory");
    if (ok) {
        sql_bind_bytes(s, id, 1, bytes_str(o->uid));
        sql_bind_bytes(s, id, 2, bytes_str(o->owner));
        sql_bind_int(s, id, 3, o->type);
        sql_bind_bytes(s, id, 4, buf_bytes(&blob));
        ok = sql_run(s, id, err);
    }
    buf_clear(&blob);
    return ok;
}

static void stored(struct mock_store *s, struct mock_object *o)
{
    o->dirty = o->rekeyed = false;
    o->settled.stored_state = 0;
    o->written = true;
    store_hold(s, o);
}

bool store_add(struct mock_store *s, struct mock_object *o, struct kerr *err)
{
    struct kerr why = KERR_INIT;
    if (!start_writing(s, &why))
        return failed(s, err, &why);
    if (!write_row(s, SQL_ADD, o, &why))
        return failed(s, err, &why);
    int64_t row = sqlite3_last_insert_rowid(s->db);
    if (!sync_keys(s, o, NULL, row, true, &why))
        return failed(s, err, &why);
    o->row = row;
    cache_insert(&s->cache, o, false);
    stored(s, o);
    s->count++;
    return true;
}

/* An object that an undo took back, or that never was here, cannot be written. */
static bool ours(const struct mock_object *o, struct kerr *err)
{
    return (o->cached && o->row != 0) ||
           kerr_set(err, KE_INTERNAL, "an object is written that the store no longer holds");
}

bool store_put(struct mock_store *s, struct mock_object *o, struct kerr *err)
{
    struct kerr why = KERR_INIT;
    if (!ours(o, err))
        return false;
    if (!o->dirty)
        return true;
    if (!start_writing(s, &why))
        return failed(s, err, &why);
    /* The keys first: what they were is read from the row. */
    if ((o->rekeyed && !update_keys(s, o, &why)) || !write_row(s, SQL_PUT, o, &why))
        return failed(s, err, &why);
    stored(s, o);
    return true;
}

/* As the only change so far, it takes the transaction with it when it fails; beside
 * others it needs a mark. */
void store_put_optional(struct mock_store *s, struct mock_object *o)
{
    struct kerr why = KERR_INIT;
    if (!o->cached || o->row == 0 || !o->dirty || s->spoiled)
        return;
    bool alone = !s->writing || s->optional;
    s->optional = alone;
    bool ok = alone || store_mark(s, &why);
    if (!ok)
        return;
    ok = start_transaction(s, &why) && write_row(s, SQL_PUT, o, &why);
    struct mock_settled settled = o->settled;
    stored(s, o); /* or as good as */
    if (!ok)
        o->settled = settled;
    if (!alone && !(ok ? store_release(s, &why) : store_undo(s, &why)))
        store_spoil(s, &why);
    if (!alone && s->lost) /* with it went what must not be lost */
        store_spoil(s, &why);
    if (alone && !ok)
        drop_transaction(s);
}

bool store_remove(struct mock_store *s, struct mock_object *o, struct kerr *err)
{
    struct kerr why = KERR_INIT;
    if (!ours(o, err))
        return false;
    if (!start_writing(s, &why))
        return failed(s, err, &why);
    struct mock_object *before = stored_before(s, o, &why);
    bool ok = before && sync_keys(s, before, NULL, o->row, false, &why);
    object_free(&before);
    if (ok) {
        sql_bind_int(s, SQL_REMOVE, 1, o->row);
        ok = sql_run(s, SQL_REMOVE, &why);
    }
    if (!ok)
        return failed(s, err, &why);
    store_hold(s, o);
    cache_remove(&s->cache, o);
    s->count--;
    return true;
}

/* Requests */

bool store_begin(struct mock_store *s, struct kerr *err)
{
    if (s->open)
        return kerr_set(err, KE_INTERNAL, "a request begins inside another");
    cache_trim(&s->cache);
    s->open = true;
    s->count_before = s->count;
    return true;
}

bool store_mark(struct mock_store *s, struct kerr *err)
{
    if (!s->open || s->n_marks == STORE_MARKS_MAX)
        return kerr_set(err, KE_INTERNAL,
                        s->open ? "marks are nested too deeply"
                                : "a mark is set outside a request");
    s->marks[s->n_marks] = (struct store_mark){.count = s->count};
    if (s->writing && !s->lost) {
        if (!sql_run(s, SQL_MARK, err))
            return false;
        s->marks[s->n_marks].savepoint = true;
    }
    s->n_marks++;
    return true;
}

bool store_release(struct mock_store *s, struct kerr *err)
{
    if (s->n_marks == 0)
        return kerr_set(err, KE_INTERNAL, "a mark is released that was not set");
    struct store_mark m = s->marks[--s->n_marks];
    if (s->spoiled_marks > s->n_marks)
        s->spoiled_marks = s->n_marks;
    return !m.savepoint || s->lost || sql_run(s, SQL_RELEASE, err);
}

bool store_undo(struct mock_store *s, struct kerr *err)
{
    struct kerr why = KERR_INIT;
    if (s->n_marks == 0)
        return kerr_set(err, KE_INTERNAL, "a mark is undone that was not set");
    struct store_mark m = s->marks[--s->n_marks];
    forget_changed(s);
    s->count = m.count;
    if (s->spoiled && s->spoiled_marks > s->n_marks && !s->lost)
        s->spoiled = false;
    if (!m.savepoint || s->lost)
        return true;
    if (sql_run(s, SQL_UNDO, &why) && sql_run(s, SQL_RELEASE, &why))
        return true;
    s->lost = true; /* what SQLite now has is neither old nor new: only rollback remains */
    return failed(s, err, &why);
}

/* Ends the transaction. False: nothing of it remains. */
static bool finish_writing(struct mock_store *s, bool commit, struct kerr *err)
{
    bool kept = !commit || sql_run(s, SQL_COMMIT, err);
    if (!sqlite3_get_autocommit(s->db)) {
        struct kerr ignored = KERR_INIT; /* a rollback that fails has still ended it */
        if (!sql_run(s, SQL_ROLLBACK, &ignored))
            kept = false;
    }
    return kept;
}

static void let_go(struct mock_store *s)
{
    while (s->held) {
        struct mock_object *o = s->held;
        s->held = o->held_next;
        o->held_next = NULL;
        o->held = o->written = false;
        o->pins--;
        if (o->dirty)
            cache_remove(&s->cache, o);
        if (!o->cached)
            object_free(&o);
    }
}

bool store_end(struct mock_store *s, bool commit, struct kerr *err)
{
    if (!s->open)
        return kerr_set(err, KE_INTERNAL, "a request ends that did not begin");
    bool ok = true, keep = commit && !s->spoiled;
    if (commit && s->spoiled)
        ok = kerr_set(err, KE_STORE, "nothing of the request is kept, because a change failed: %s",
                      s->why);
    bool optional = keep && s->optional;
    if (s->writing && !finish_writing(s, keep, optional ? NULL : err) && !optional)
        ok = keep = false;
    if (!keep) {
        forget_changed(s);
        s->count = s->count_before;
    }
    let_go(s);
    s->open = s->writing = s->optional = s->spoiled = s->lost = false;
    s->n_marks = s->spoiled_marks = 0;
    cache_trim(&s->cache);
    return ok;
}
