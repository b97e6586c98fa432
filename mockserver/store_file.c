/* Opening the database: what a file must be before SQLite may touch it, and how a
 * new one comes to be.
 *
 * SQLite repairs and rewrites what it opens, so the header is looked at first with
 * plain reads. A new file is made whole under another name and then renamed: at its
 * own name there is nothing, or a store. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mockserver/store_priv.h"

/* "KMIP"; with user_version it tells our files from others (SQLite file format 1.3). */
#define APPLICATION_ID 0x4B4D4950
#define FORMAT 2
#define STRING_(x) #x
#define STRING(x) STRING_(x)

enum {
    HEADER = 100,
    AT_USER_VERSION = 60,
    AT_APPLICATION_ID = 68,
    /* Up to this size every page of a file is checked when it is opened; beyond it,
     * damage shows when a page is read. */
    CHECK_BYTES = 64 << 20
};

/* live_name holds the Names of objects that are not destroyed, so that asking whether
 * a Name is taken does not walk through all that ever had it. life counts how often the
 * store was opened, which no restart must forget (draws.h). */
static const char schema[] =
    "BEGIN;"
    "PRAGMA application_id = " STRING(
        APPLICATION_ID) ";"
                        "PRAGMA user_version = " STRING(
                            FORMAT) ";"
                                    "CREATE TABLE object (row INTEGER PRIMARY KEY, uid BLOB NOT "
                                    "NULL UNIQUE, owner BLOB NOT NULL,"
                                    " type INTEGER NOT NULL, blob BLOB NOT NULL) STRICT;"
                                    "CREATE TABLE attr_key (name BLOB NOT NULL, value BLOB NOT "
                                    "NULL, row INTEGER NOT NULL,"
                                    " PRIMARY KEY (name, value, row)) STRICT, WITHOUT ROWID;"
                                    "CREATE TABLE live_name (value BLOB NOT NULL, row INTEGER NOT "
                                    "NULL,"
                                    " PRIMARY KEY (value, row)) STRICT, WITHOUT ROWID;"
                                    "CREATE TABLE life (runs INTEGER NOT NULL) STRICT;"
                                    "INSERT INTO life VALUES (0);"
                                    "COMMIT;";

/* secure_delete: what is destroyed is overwritten in the file. */
static const char settings[] = "PRAGMA secure_delete = ON;"
                               "PRAGMA temp_store = MEMORY;"
                               "PRAGMA cache_size = -16384;"
                               "PRAGMA trusted_schema = OFF;"
                               "PRAGMA cell_size_check = ON;";

/* A locking mode of one owner needs no shared memory file and keeps a second server
 * from working past our cache. */
static const char exclusive[] = "PRAGMA locking_mode = EXCLUSIVE;";
static const char durable[] = "PRAGMA journal_mode = WAL;"
                              "PRAGMA synchronous = FULL;";

static bool exec(struct mock_store *s, const char *sql, const char *doing, struct kerr *err)
{
    int rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK || sql_error(s, sqlite3_extended_errcode(s->db), doing, err);
}

/* The first column of the first row as a number; -1 when there is none. */
static int64_t ask_int(struct mock_store *s, const char *sql)
{
    sqlite3_stmt *q = NULL;
    int64_t v = -1;
    if (sqlite3_prepare_v2(s->db, sql, -1, &q, NULL) == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW)
        v = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    return v;
}

/* A name beside the store's file; the caller frees it. */
static char *beside(const struct mock_store *s, const char *ending)
{
    char *name = NULL;
    return asprintf(&name, "%s%s", s->path, ending) < 0 ? NULL : name;
}

static bool exists(const struct mock_store *s, const char *ending, bool *there, struct kerr *err)
{
    struct stat st;
    char *name = beside(s, ending);
    if (!name)
        return kerr_set(err, KE_MEMORY, "out of memory");
    *there = stat(name, &st) == 0 && st.st_size > 0;
    free(name);
    return true;
}

/* Before SQLite */

static bool check_header(const struct mock_store *s, const uint8_t *h, size_t n, struct kerr *err)
{
    static const char magic[16] = "SQLite format 3";
    if (n < HEADER || memcmp(h, magic, sizeof magic) != 0 ||
        be32_get(h + AT_APPLICATION_ID) != APPLICATION_ID)
        return kerr_set(err, KE_STORE,
                        "%s: not an object store (%s); it is left as it is: name another file",
                        s->path,
                        n >= sizeof magic && memcmp(h, magic, sizeof magic) == 0
                            ? "a database of another program"
                            : "not a database");
    uint32_t format = be32_get(h + AT_USER_VERSION);
    if (format != FORMAT)
        return kerr_set(
            err, KE_STORE,
            "%s: an object store of format %u, this program reads format %d; it is left as it "
            "is: use the program that made it, or name another file",
            s->path, format, FORMAT);
    return true;
}

/* *fresh: there is no file yet, or an empty one. */
static bool look_at(const struct mock_store *s, bool *fresh, struct kerr *err)
{
    struct stat st;
    uint8_t header[HEADER];
    *fresh = false;
    int fd = open(s->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 && errno == ENOENT) {
        *fresh = true;
        return true;
    }
    if (fd < 0)
        return kerr_set(err, KE_STORE, "%s: cannot open the store: %s", s->path, strerror(errno));
    ssize_t n = 0;
    bool ok = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    if (ok)
        n = pread(fd, header, sizeof header, 0);
    close(fd);
    if (!ok)
        return kerr_set(err, KE_STORE,
                        "%s: the store must be a regular file, or :memory:", s->path);
    if (n < 0)
        return kerr_set(err, KE_STORE, "%s: cannot read the store: %s", s->path, strerror(errno));
    *fresh = st.st_size == 0;
    return *fresh || check_header(s, header, (size_t)n, err);
}

/* A log without its file belongs to a store that was lost; SQLite would play it into
 * the new one. */
static bool refuse_stray_log(const struct mock_store *s, struct kerr *err)
{
    static const char *const endings[] = {"-wal", "-journal"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        bool there;
        if (!exists(s, endings[i], &there, err))
            return false;
        if (there)
            return kerr_set(
                err, KE_STORE,
                "%s: the store is missing but its log %s%s is there: restore the store, or "
                "remove the log",
                s->path, s->path, endings[i]);
    }
    return true;
}

/* Making */

/* The folder that a path lies in; the caller frees it. */
static char *folder_of(const char *path)
{
    char *folder = strdup(path), *slash = folder ? strrchr(folder, '/') : NULL;
    if (slash)
        slash[slash == folder ? 1 : 0] = 0;
    else if (folder)
        snprintf(folder, 2, ".");
    return folder;
}

static bool open_at(struct mock_store *s, const char *path, int flags, struct kerr *err)
{
    int rc = sqlite3_open_v2(path, &s->db, flags | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc != SQLITE_OK)
        return sql_error(s, s->db ? sqlite3_extended_errcode(s->db) : rc, "open the store", err);
    sqlite3_extended_result_codes(s->db, 1);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    return exec(s, settings, "open the store", err);
}

static bool close_db(struct mock_store *s)
{
    sqlite3 *db = s->db;
    s->db = NULL;
    return sqlite3_close(db) == SQLITE_OK;
}

/* So that the new name itself survives a power cut. */
static bool sync_directory(const char *path)
{
    char *folder = folder_of(path);
    if (!folder)
        return false;
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(folder);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return ok;
}

static bool make_at(struct mock_store *s, const char *temporary, struct kerr *err)
{
    unlink(temporary); /* of a start that was cut short */
    int fd = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return kerr_set(err, KE_STORE, "%s: cannot make the store: %s", s->path, strerror(errno));
    close(fd);
    bool ok = open_at(s, temporary, SQLITE_OPEN_READWRITE, err) &&
              exec(s, schema, "make the store", err);
    if (s->db && !close_db(s) && ok)
        ok = kerr_set(err, KE_STORE, "%s: cannot finish making the store", s->path);
    if (ok && (rename(temporary, s->path) != 0 || !sync_directory(s->path)))
        ok = kerr_set(err, KE_STORE, "%s: cannot make the store: %s", s->path, strerror(errno));
    if (!ok)
        unlink(temporary);
    return ok;
}

static bool make_file(struct mock_store *s, struct kerr *err)
{
    if (!refuse_stray_log(s, err))
        return false;
    char *temporary = beside(s, ".new");
    if (!temporary)
        return kerr_set(err, KE_MEMORY, "out of memory");
    bool ok = make_at(s, temporary, err);
    free(temporary);
    return ok;
}

/* Checking */

static bool check_pages(struct mock_store *s, struct kerr *err)
{
    int64_t pages = ask_int(s, "PRAGMA page_count"), size = ask_int(s, "PRAGMA page_size");
    if (pages < 0 || size <= 0)
        return sql_error(s, sqlite3_extended_errcode(s->db), "read the store", err);
    if (pages > CHECK_BYTES / size)
        return true;
    sqlite3_stmt *q = NULL;
    int rc = sqlite3_prepare_v2(s->db, "PRAGMA quick_check(1)", -1, &q, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(q);
    bool ok = rc == SQLITE_ROW;
    if (!ok)
        sql_error(s, sqlite3_extended_errcode(s->db), "check the store", err);
    else if (strcmp((const char *)sqlite3_column_text(q, 0), "ok") != 0)
        ok = kerr_set(err, KE_STORE, "%s: the store is damaged (%.200s); restore it from a copy",
                      s->path, (const char *)sqlite3_column_text(q, 0));
    sqlite3_finalize(q);
    return ok;
}

/* A store that can only be read gives nothing out: its run is the last one. */
static bool begin_run(struct mock_store *s, bool writable, struct kerr *err)
{
    if (writable && !exec(s, "UPDATE life SET runs = runs + 1", "open the store", err))
        return false;
    int64_t runs = ask_int(s, "SELECT runs FROM life");
    s->run = runs > 0 ? (uint64_t)runs : 0;
    return runs >= 0 || kerr_set(err, KE_STORE, "%s: the store is damaged; restore it from a copy",
                                 s->path);
}

static bool check_open(struct mock_store *s, struct kerr *err)
{
    /* Reading first: a file that somebody else holds, or that is cut short, shows here,
     * before anything is written. */
    bool writable = sqlite3_db_readonly(s->db, "main") == 0;
    return (!writable || exec(s, exclusive, "open the store", err)) &&
           exec(s, "SELECT count(*) FROM sqlite_schema", "open the store", err) &&
           check_pages(s, err) && sql_prepare(s, err) &&
           (!writable || exec(s, durable, "open the store", err)) && begin_run(s, writable, err);
}

static bool can_write(const char *path)
{
    return faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0;
}

/* Where nothing can be written, not even the lock and the index of a log, SQLite is told
 * that nobody else can either (SQLite: "immutable"). A path becomes a URI for that. */
static bool open_unwritable(struct mock_store *s, struct kerr *err)
{
    struct buf uri;
    buf_init(&uri, BUF_NO_LIMIT);
    bool ok = buf_puts(&uri, "file:");
    for (const char *p = s->path; ok && *p; p++)
        ok = strchr("%?#", *p) ? buf_printf(&uri, "%%%02X", *p) : buf_put(&uri, p, 1);
    ok = (ok && buf_puts(&uri, "?immutable=1")) || kerr_set(err, KE_MEMORY, "out of memory");
    ok = ok && open_at(s, buf_cstr(&uri), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, err);
    buf_clear(&uri);
    return ok;
}

static bool open_there(struct mock_store *s, bool logged, struct kerr *err)
{
    char *folder = folder_of(s->path);
    if (!folder)
        return kerr_set(err, KE_MEMORY, "out of memory");
    bool writable = can_write(s->path) || can_write(folder);
    free(folder);
    if (writable)
        return open_at(s, s->path, SQLITE_OPEN_READWRITE, err);
    if (logged)
        return kerr_set(err, KE_STORE,
                        "%s: the store was not closed, and neither it nor its folder can be "
                        "written to finish that: change their permissions for one start",
                        s->path);
    return open_unwritable(s, err);
}

static bool open_file(struct mock_store *s, struct kerr *err)
{
    bool fresh, logged;
    if (!look_at(s, &fresh, err) || (fresh && !make_file(s, err)) ||
        !exists(s, "-wal", &logged, err) || !open_there(s, logged, err))
        return false;
    if (check_open(s, err))
        return true;
    /* Closing would write the log into the file that is being refused. */
    if (logged)
        sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    return false;
}

bool store_open_db(struct mock_store *s, struct kerr *err)
{
    if (strcmp(s->path, ":memory:") == 0)
        return open_at(s, s->path, SQLITE_OPEN_READWRITE, err) &&
               exec(s, schema, "make the store", err) && sql_prepare(s, err) &&
               begin_run(s, true, err);
    return open_file(s, err);
}
