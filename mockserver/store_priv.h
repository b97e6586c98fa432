/* Inside of the store: shared by store.c (objects and requests), store_scan.c,
 * store_sql.c (statements) and store_file.c (opening). */
#ifndef MOCKSERVER_STORE_PRIV_H
#define MOCKSERVER_STORE_PRIV_H

#include <sqlite3.h>

#include "mockserver/searchkey.h"
#include "mockserver/store.h"
#include "mockserver/store_cache.h"

/* SQL(name, text): every statement there is besides those of opening. */
#define STORE_STATEMENTS(SQL)                                                                      \
    SQL(BEGIN, "BEGIN")                                                                            \
    SQL(COMMIT, "COMMIT")                                                                          \
    SQL(ROLLBACK, "ROLLBACK")                                                                      \
    SQL(MARK, "SAVEPOINT mark")                                                                    \
    SQL(RELEASE, "RELEASE mark")                                                                   \
    SQL(UNDO, "ROLLBACK TO mark")                                                                  \
    SQL(GET, "SELECT row, blob FROM object WHERE uid = ?1")                                        \
    SQL(ADD, "INSERT INTO object (uid, owner, type, blob) VALUES (?1, ?2, ?3, ?4)")                \
    SQL(PUT, "UPDATE object SET owner = ?2, type = ?3, blob = ?4 WHERE uid = ?1")                  \
    SQL(REMOVE, "DELETE FROM object WHERE row = ?1")                                               \
    SQL(COUNT, "SELECT count(*) FROM object")                                                      \
    SQL(KEY_ADD, "INSERT OR IGNORE INTO attr_key (name, value, row) VALUES (?1, ?2, ?3)")          \
    SQL(KEY_REMOVE, "DELETE FROM attr_key WHERE name = ?1 AND value = ?2 AND row = ?3")            \
    SQL(KEY_HAS, "SELECT 1 FROM attr_key WHERE name = ?1 AND value = ?2 AND row = ?3")             \
    SQL(KEY_COUNT,                                                                                 \
        "SELECT count(*) FROM (SELECT 1 FROM attr_key WHERE name = ?1 AND value = ?2 LIMIT 1000)") \
    SQL(KEY_ROWS, "SELECT k.row, o.uid FROM attr_key k JOIN object o ON o.row = k.row "            \
                  "WHERE k.name = ?1 AND k.value = ?2 AND k.row > ?3 ORDER BY k.row LIMIT ?4")     \
    SQL(ALL_ROWS, "SELECT row, uid FROM object WHERE row > ?3 ORDER BY row LIMIT ?4")              \
    SQL(LIVE_ADD, "INSERT OR IGNORE INTO live_name (value, row) VALUES (?2, ?3)")                  \
    SQL(LIVE_REMOVE, "DELETE FROM live_name WHERE value = ?2 AND row = ?3")                        \
    SQL(LIVE_OTHER, "SELECT 1 FROM live_name WHERE value = ?2 AND row <> ?3 LIMIT 1")

enum store_sql {
#define SQL(name, text) SQL_##name,
    STORE_STATEMENTS(SQL)
#undef SQL
        SQL_COUNT_
};

#define STORE_MARKS_MAX 16

struct store_mark {
    bool savepoint; /* SQLite knows of it already */
    uint64_t count; /* objects at that time */
};

struct mock_store {
    sqlite3 *db;
    sqlite3_stmt *sql[SQL_COUNT_];
    char *path;
    uint64_t runs; /* statements run, for tests: reading from the cache runs none */
    struct store_cache cache;
    uint64_t count;
    uint64_t run;

    /* The request. */
    bool open;    /* between store_begin and store_end */
    bool writing; /* SQLite has a transaction */
    bool optional; /* ... with nothing in it but what may be lost */
    struct store_mark marks[STORE_MARKS_MAX];
    unsigned n_marks;
    uint64_t count_before;
    struct mock_object *held; /* objects handed out or written */
    bool spoiled;             /* a change failed half-way ... */
    unsigned spoiled_marks;   /* ... with so many marks set: undoing the last of them repairs it */
    bool lost;                /* SQLite has given up the whole transaction */
    char why[256];            /* the failure that spoiled it */
};

/* store_sql.c */
__attribute__((warn_unused_result)) bool sql_prepare(struct mock_store *s, struct kerr *err);
void sql_finalize(struct mock_store *s);
/* Runs a statement that gives no rows, and clears its bindings. */
__attribute__((warn_unused_result)) bool sql_run(struct mock_store *s, enum store_sql id,
                                                 struct kerr *err);
enum sql_row { SQL_ROW, SQL_END, SQL_ERROR };
/* One step of a query; sql_done ends it, also after an error. */
enum sql_row sql_step(struct mock_store *s, enum store_sql id, struct kerr *err);
void sql_done(struct mock_store *s, enum store_sql id);
/* The view must live until sql_run or sql_done. */
void sql_bind_bytes(struct mock_store *s, enum store_sql id, int at, struct bytes v);
void sql_bind_int(struct mock_store *s, enum store_sql id, int at, int64_t v);
struct bytes sql_column(struct mock_store *s, enum store_sql id, int at);
/* KE_STORE with SQLite's reason and what to do about it. Returns false. */
bool sql_error(struct mock_store *s, int rc, const char *doing, struct kerr *err);

/* store_memory.c: from here on SQLite's memory is wiped before it is given back. To be called
 * before SQLite is first used. */
void store_memory_wiped(void);

/* store_file.c: opens and checks, or makes, the database; s->path is set. */
__attribute__((warn_unused_result)) bool store_open_db(struct mock_store *s, struct kerr *err);

/* store.c */
/* Puts the object on the request's list, so that it stays until the end. */
void store_hold(struct mock_store *s, struct mock_object *o);
/* Reads the object into the cache, which does not have it. NULL without error: no
 * such object. */
struct mock_object *store_load(struct mock_store *s, struct bytes uid, bool as_oldest,
                               struct kerr *err);
/* Notes that the request cannot be committed as it stands. */
void store_spoil(struct mock_store *s, const struct kerr *err);

#endif
