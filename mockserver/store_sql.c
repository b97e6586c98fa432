/* Prepared statements of the store, and SQLite's errors in words. */
#include <stdlib.h>

#include "mockserver/store_priv.h"

static const char *const texts[SQL_COUNT_] = {
#define SQL(name, text) [SQL_##name] = text,
    STORE_STATEMENTS(SQL)
#undef SQL
};

/* What the person who runs the server can do, by primary result code. */
static const struct {
    int code;
    const char *advice;
} advices[] = {
    {SQLITE_FULL, "; make room on its file system"},
    {SQLITE_READONLY, "; the file cannot be written: change its permissions, or use another file"},
    {SQLITE_IOERR, "; the file system failed: see the system log"},
    {SQLITE_CORRUPT, "; the file is damaged: restore it from a copy"},
    {SQLITE_NOTADB, "; the file is damaged or is something else: restore it, or use another file"},
    {SQLITE_BUSY, "; another process uses the file: stop that one, or use another file"},
    {SQLITE_CANTOPEN, "; its directory must exist and be writable"},
    {SQLITE_PERM, "; change the permissions of the file"},
};

bool sql_error(struct mock_store *s, int rc, const char *doing, struct kerr *err)
{
    if ((rc & 0xFF) == SQLITE_NOMEM)
        return kerr_set(err, KE_MEMORY, "out of memory");
    const char *advice = "";
    for (size_t i = 0; i < sizeof advices / sizeof *advices; i++)
        if (advices[i].code == (rc & 0xFF))
            advice = advices[i].advice;
    /* The path stands beside the message: clients may read that. */
    return kerr_set_at(err, KE_STORE, KERR_NO_OFF, s->path, "cannot %s: %s%s", doing,
                       sqlite3_errstr(rc), advice);
}

bool sql_prepare(struct mock_store *s, struct kerr *err)
{
    for (int i = 0; i < SQL_COUNT_; i++) {
        int rc =
            sqlite3_prepare_v3(s->db, texts[i], -1, SQLITE_PREPARE_PERSISTENT, &s->sql[i], NULL);
        if (rc == SQLITE_ERROR) /* a table or column is not there */
            return kerr_set(err, KE_STORE, "%s: not the tables of an object store: %s", s->path,
                            sqlite3_errmsg(s->db));
        if (rc != SQLITE_OK)
            return sql_error(s, rc, "read the tables", err);
    }
    return true;
}

void sql_finalize(struct mock_store *s)
{
    for (int i = 0; i < SQL_COUNT_; i++) {
        sqlite3_finalize(s->sql[i]);
        s->sql[i] = NULL;
    }
}

enum sql_row sql_step(struct mock_store *s, enum store_sql id, struct kerr *err)
{
    s->runs++;
    int rc = sqlite3_step(s->sql[id]);
    if (rc == SQLITE_ROW)
        return SQL_ROW;
    if (rc == SQLITE_DONE)
        return SQL_END;
    rc = sqlite3_extended_errcode(s->db);
    /* Only a query has columns. */
    sql_error(s, rc, sqlite3_column_count(s->sql[id]) > 0 ? "read" : "write", err);
    /* Some failures roll the whole transaction back by themselves. */
    if (s->writing && sqlite3_get_autocommit(s->db))
        s->lost = true;
    return SQL_ERROR;
}

void sql_done(struct mock_store *s, enum store_sql id)
{
    sqlite3_reset(s->sql[id]); /* repeats the error that sql_step reported */
    sqlite3_clear_bindings(s->sql[id]);
}

bool sql_run(struct mock_store *s, enum store_sql id, struct kerr *err)
{
    enum sql_row got = sql_step(s, id, err);
    sql_done(s, id);
    return got != SQL_ERROR;
}

void sql_bind_bytes(struct mock_store *s, enum store_sql id, int at, struct bytes v)
{
    /* Never NULL: an empty value is a value. Fails only for a parameter that the text
     * does not have, or a view above SQLite's 1 GB, which then binds NULL and breaks
     * NOT NULL. */
    sqlite3_bind_blob64(s->sql[id], at, v.n ? (const void *)v.p : "", v.n, SQLITE_STATIC);
}

void sql_bind_int(struct mock_store *s, enum store_sql id, int at, int64_t v)
{
    sqlite3_bind_int64(s->sql[id], at, v);
}

struct bytes sql_column(struct mock_store *s, enum store_sql id, int at)
{
    const void *p = sqlite3_column_blob(s->sql[id], at);
    return bytes_of(p, (size_t)sqlite3_column_bytes(s->sql[id], at));
}
