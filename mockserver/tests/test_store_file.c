/* The store as a file: what is refused, what survives, and what happens when writing
 * fails. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kmip/base/file.h"
#include "kmip/tests/support/tmpdir.h"
#include "mockserver/store_priv.h"

static struct kerr err;
static struct tmpdir dir;

static void setup(void)
{
    tmpdir_make(&dir);
}

static void teardown(void)
{
    tmpdir_remove(&dir);
}

TestSuite(file, .init = setup, .fini = teardown, .timeout = 120);

#define OK(call) cr_assert(call, "%s: %s", #call, err.msg)

static struct mock_store *open_store(void)
{
    struct mock_store *s = store_open(tmpdir_file(&dir, "store"), &err);
    cr_assert_not_null(s, "%s", err.msg);
    return s;
}

/* Without assertions, because a forked child may not use Criterion's. */
static struct mock_object *build(const char *uid, size_t body)
{
    struct mock_object *o = object_new(KMIP_OBJECT_TYPE_SYMMETRIC_KEY, "tester");
    uint8_t *bytes = malloc(body);
    bool ok = o && bytes;
    if (ok) {
        memset(bytes, 0xA5, body);
        snprintf(o->uid, sizeof o->uid, "%s", uid);
        ok = object_set_body(o, bytes_of(bytes, body)) &&
             object_add(o, NULL, bytes_str("x-a"), TTLV_TEXT_STRING, bytes_str(uid), NULL);
    }
    free(bytes);
    if (!ok)
        object_free(&o);
    return o;
}

static struct mock_object *make(const char *uid, size_t body)
{
    struct mock_object *o = build(uid, body);
    cr_assert_not_null(o);
    return o;
}

static void add(struct mock_store *s, const char *uid)
{
    struct mock_object *o = make(uid, 64);
    OK(store_begin(s, &err));
    OK(store_add(s, o, &err));
    OK(store_end(s, true, &err));
}

static bool has(struct mock_store *s, const char *uid)
{
    bool found = store_get(s, bytes_str(uid), &err) != NULL;
    cr_assert_eq(err.code, KE_OK, "%s", err.msg);
    return found;
}

static void expect_refused(const char *path, const char *why, const char *row)
{
    struct mock_store *s = store_open(path, &err);
    cr_expect_null(s, "%s: opened", row);
    cr_expect_eq(err.code, KE_STORE, "%s", row);
    cr_expect(strstr(err.msg, why), "%s: %s", row, err.msg);
    store_close(&s);
    kerr_clear(&err);
}

static struct buf content(const char *path)
{
    struct buf b;
    buf_init(&b, BUF_NO_LIMIT);
    OK(file_read(path, &b, &err));
    return b;
}

/* Refused, and not one byte of it changed, nor anything left beside it. */
static void expect_refused_untouched(const char *path, const char *why, const char *row)
{
    char log[256];
    struct buf before = content(path);
    struct stat st, after;
    cr_assert_eq(stat(path, &st), 0);
    expect_refused(path, why, row);
    cr_assert_eq(stat(path, &after), 0);
    cr_expect(st.st_ino == after.st_ino && st.st_mtim.tv_sec == after.st_mtim.tv_sec &&
                  st.st_mtim.tv_nsec == after.st_mtim.tv_nsec,
              "%s: written", row);
    struct buf now = content(path);
    cr_expect(bytes_eq(buf_bytes(&before), buf_bytes(&now)), "%s: changed", row);
    snprintf(log, sizeof log, "%s-wal", path);
    cr_expect_not(file_exists(log), "%s: a log is left", row);
    buf_clear(&before), buf_clear(&now);
}

Test(file, is_made_for_its_owner_only_and_found_again)
{
    struct stat st;
    umask(0);
    struct mock_store *s = open_store();
    cr_assert_eq(stat(tmpdir_file(&dir, "store"), &st), 0);
    cr_expect_eq(st.st_mode & 07777, 0600);
    add(s, "a"), add(s, "b");
    cr_assert_eq(stat(tmpdir_file(&dir, "store-wal"), &st), 0);
    cr_expect_eq(st.st_mode & 07777, 0600);
    cr_expect_not(file_exists(tmpdir_file(&dir, "store.new")));
    store_close(&s);
    cr_expect_null(s);
    cr_expect_not(file_exists(tmpdir_file(&dir, "store-wal")), "the log is taken in on closing");
    s = open_store();
    cr_expect_eq(store_count(s), 2);
    cr_expect(has(s, "a") && has(s, "b") && !has(s, "c"));
    store_close(&s);
}

Test(file, counts_how_often_it_was_opened_for_writing)
{
    for (uint64_t run = 1; run <= 3; run++) {
        struct mock_store *s = open_store();
        cr_expect_eq(store_run(s), run);
        store_close(&s);
    }
    struct mock_store *s = store_open(":memory:", &err);
    cr_assert_not_null(s, "%s", err.msg);
    cr_expect_eq(store_run(s), 1);
    store_close(&s);
}

Test(file, that_is_empty_becomes_a_store)
{
    tmpdir_write(&dir, "store", "");
    struct mock_store *s = open_store();
    add(s, "a");
    store_close(&s);
    s = open_store();
    cr_expect(has(s, "a"));
    store_close(&s);
}

Test(file, of_another_program_is_refused_untouched)
{
    static const struct {
        const char *name, *text, *why;
    } rows[] = {
        {"text", "listen: 127.0.0.1:5696\n", "not a database"},
        {"one byte", "S", "not a database"},
        {"magic and no more", "SQLite format 3", "not a database"},
        {"long text",
         "This is a long text that is certainly longer than the hundred bytes of a header, is it "
         "not? It is, it is, it is, it is.",
         "not a database"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect_refused_untouched(tmpdir_write(&dir, "foreign", rows[i].text), rows[i].why,
                                 rows[i].name);
}

static void foreign_database(const char *path, const char *sql)
{
    sqlite3 *db;
    cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
    cr_assert_eq(sqlite3_close(db), SQLITE_OK);
}

Test(file, that_is_another_database_or_format_is_refused_untouched)
{
    static const struct {
        const char *name, *sql, *why;
    } rows[] = {
        {"another program", "CREATE TABLE t (a)", "another program"},
        {"another program, WAL", "PRAGMA journal_mode = WAL; CREATE TABLE t (a)",
         "another program"},
        {"a later format",
         "PRAGMA application_id = 0x4B4D4950; PRAGMA user_version = 3; CREATE TABLE t (a)",
         "format 3"},
        {"our mark but not our tables",
         "PRAGMA application_id = 0x4B4D4950; PRAGMA user_version = 2; CREATE TABLE t (a)",
         "not the tables"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char name[16];
        snprintf(name, sizeof name, "foreign%zu", i);
        foreign_database(tmpdir_file(&dir, name), rows[i].sql);
        expect_refused_untouched(tmpdir_file(&dir, name), rows[i].why, rows[i].name);
    }
}

Test(file, that_cannot_be_one_is_refused)
{
    expect_refused(tmpdir_file(&dir, ""), "regular file", "a directory");
    expect_refused("/dev/null", "regular file", "a device");
    expect_refused(tmpdir_file(&dir, "no/such/folder"), "cannot make", "a missing folder");
    expect_refused("", "cannot make", "no name");
    cr_assert_eq(mkfifo(tmpdir_file(&dir, "fifo"), 0600), 0);
    expect_refused(tmpdir_file(&dir, "fifo"), "regular file", "a pipe");
}

Test(file, that_is_missing_while_its_log_is_there_is_not_made_anew)
{
    tmpdir_write(&dir, "store-wal", "what is left of a store");
    expect_refused(tmpdir_file(&dir, "store"), "restore the store", "stray log");
    cr_expect_not(file_exists(tmpdir_file(&dir, "store")));
}

/* A closed store with a few hundred objects. */
static void fill(void)
{
    struct mock_store *s = open_store();
    for (int i = 0; i < 300; i++) {
        char uid[16];
        snprintf(uid, sizeof uid, "u%d", i);
        add(s, uid);
    }
    store_close(&s);
}

Test(file, that_is_torn_is_refused_untouched)
{
    fill();
    struct buf whole = content(tmpdir_file(&dir, "store"));
    static const size_t cuts[] = {101, 512, 4095, 4096, 5000, 20480};
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        char row[32];
        snprintf(row, sizeof row, "cut to %zu", cuts[i]);
        OK(file_write(tmpdir_file(&dir, "torn"), bytes_of(whole.p, cuts[i]), 0600, &err));
        expect_refused_untouched(tmpdir_file(&dir, "torn"), "damaged", row);
    }
    OK(file_write(tmpdir_file(&dir, "torn"), bytes_of(whole.p, 99), 0600, &err));
    expect_refused_untouched(tmpdir_file(&dir, "torn"), "not an object store",
                             "shorter than a header");
    buf_clear(&whole);
}

Test(file, with_a_page_overwritten_is_refused_untouched)
{
    fill();
    struct buf whole = content(tmpdir_file(&dir, "store"));
    for (size_t page = 0; page < whole.n / 4096; page++) {
        char row[32];
        snprintf(row, sizeof row, "page %zu", page + 1);
        uint8_t kept[4096];
        uint8_t *at = whole.p + page * 4096 + (page == 0 ? 100 : 0);
        size_t n = page == 0 ? 3996 : 4096;
        memcpy(kept, at, n);
        memset(at, 0xE7, n);
        OK(file_write(tmpdir_file(&dir, "bad"), buf_bytes(&whole), 0600, &err));
        memcpy(at, kept, n);
        expect_refused_untouched(tmpdir_file(&dir, "bad"), "damaged", row);
    }
    buf_clear(&whole);
}

Test(file, with_a_changed_object_says_so_when_it_is_read)
{
    struct mock_store *s = open_store();
    add(s, "a"), add(s, "b");
    store_close(&s);
    struct buf whole = content(tmpdir_file(&dir, "store"));
    uint8_t pattern[64];
    memset(pattern, 0xA5, sizeof pattern);
    uint8_t *at = memmem(whole.p, whole.n, pattern, sizeof pattern);
    cr_assert_not_null(at);
    at[10] ^= 1;
    OK(file_write(tmpdir_file(&dir, "store"), buf_bytes(&whole), 0600, &err));
    buf_clear(&whole);
    s = open_store();
    unsigned damaged = 0;
    for (const char *uid = "ab"; *uid; uid++)
        if (!store_get(s, bytes_of(uid, 1), &err)) {
            damaged++;
            cr_expect_eq(err.code, KE_STORE);
            cr_expect(strstr(err.msg, "damaged"), "%s", err.msg);
            kerr_clear(&err);
        }
    cr_expect_eq(damaged, 1);
    add(s, "c"); /* the rest goes on */
    store_close(&s);
}

Test(file, belongs_to_one_process_at_a_time)
{
    struct mock_store *s = open_store();
    add(s, "a");
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        struct kerr e = KERR_INIT;
        struct mock_store *other = store_open(tmpdir_file(&dir, "store"), &e);
        _exit(!other && e.code == KE_STORE && strstr(e.msg, "another process") ? 0 : 1);
    }
    int status;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    add(s, "b");
    store_close(&s);
    s = open_store();
    cr_expect(has(s, "a") && has(s, "b"));
    store_close(&s);
}

static bool add_in_child(struct mock_store *s, const char *uid, bool commit)
{
    struct kerr e = KERR_INIT;
    struct mock_object *o = build(uid, 64);
    return o && store_begin(s, &e) && store_add(s, o, &e) && store_end(s, commit, &e);
}

/* A child adds objects one by one and tells each that is committed, until it is killed;
 * between them is always one that is begun and not committed. */
static void write_until_killed(int out)
{
    struct kerr e = KERR_INIT;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    struct mock_store *s = store_open(tmpdir_file(&dir, "store"), &e);
    uint64_t first = s ? store_count(s) : 0;
    for (uint32_t i = 0; s; i++) {
        char uid[32];
        snprintf(uid, sizeof uid, "u%u", (unsigned)(first + i));
        if (!add_in_child(s, uid, true) || write(out, &i, sizeof i) != sizeof i ||
            !add_in_child(s, "half", false))
            break;
    }
    _exit(1);
}

Test(file, keeps_what_was_committed_when_the_process_is_killed)
{
    for (int round = 0; round < 5; round++) {
        uint64_t before = 0;
        if (file_exists(tmpdir_file(&dir, "store"))) {
            struct mock_store *s = open_store();
            before = store_count(s);
            store_close(&s);
        }
        int fds[2];
        cr_assert_eq(pipe(fds), 0);
        fflush(NULL);
        pid_t child = fork();
        if (child == 0)
            write_until_killed(fds[1]);
        close(fds[1]);
        uint32_t told = 0, n = 0;
        while (n < 20u + 13u * (unsigned)round && read(fds[0], &told, sizeof told) == sizeof told)
            n++;
        kill(child, SIGKILL);
        cr_assert_eq(waitpid(child, NULL, 0), child);
        while (read(fds[0], &told, sizeof told) == sizeof told)
            n++;
        close(fds[0]);
        cr_assert_gt(n, 0);
        struct mock_store *s = open_store();
        cr_expect_geq(store_count(s), before + n);
        cr_expect_leq(store_count(s), before + n + 1);
        for (uint64_t i = 0; i < before + n; i++) {
            char uid[32];
            snprintf(uid, sizeof uid, "u%u", (unsigned)i);
            cr_expect(has(s, uid), "%s is lost", uid);
        }
        cr_expect_not(has(s, "half"));
        store_close(&s);
    }
}

Test(file, that_cannot_be_written_is_read_and_says_so_to_writers)
{
    struct mock_store *s = open_store();
    add(s, "a");
    store_close(&s);
    const char *path = tmpdir_file(&dir, "store");
    cr_assert_eq(chmod(path, 0400), 0);
    if (geteuid() == 0) { /* to whom permissions mean nothing */
        cr_assert_eq(chown(path, 65534, 65534), 0);
        cr_assert_eq(chmod(dir.path, 0777), 0);
        cr_assert_eq(setresuid(65534, 65534, 0), 0);
    }
    s = open_store();
    cr_expect(has(s, "a"));
    struct mock_object *o = make("b", 64);
    OK(store_begin(s, &err));
    cr_expect_not(store_add(s, o, &err));
    cr_expect_eq(err.code, KE_STORE);
    cr_expect(strstr(err.msg, "permissions"), "%s", err.msg);
    kerr_clear(&err);
    cr_expect_not(store_end(s, true, &err));
    cr_expect_eq(err.code, KE_STORE);
    kerr_clear(&err);
    object_free(&o);
    OK(store_begin(s, &err));
    cr_expect(has(s, "a") && !has(s, "b"));
    OK(store_end(s, true, &err));
    store_close(&s);
    if (getuid() != geteuid() || geteuid() == 65534)
        cr_expect(setresuid(0, 0, 0) == 0 || geteuid() != 0);
}

Test(file, that_finds_the_disk_full_fails_the_request_and_goes_on_later)
{
    struct rlimit limit, old;
    struct mock_store *s = open_store();
    add(s, "a");
    signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(getrlimit(RLIMIT_FSIZE, &old), 0);
    limit = old;
    limit.rlim_cur = 128 * 1024;
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    unsigned refused = 0;
    for (int i = 0; i < 6; i++) {
        char uid[16];
        snprintf(uid, sizeof uid, "big%d", i);
        struct mock_object *o = make(uid, 50000);
        OK(store_begin(s, &err));
        bool added = store_add(s, o, &err);
        if (!store_end(s, true, &err)) {
            refused++;
            cr_expect_eq(err.code, KE_STORE);
            kerr_clear(&err);
            cr_expect_not(has(s, uid));
        } else {
            cr_expect(has(s, uid));
        }
        if (!added)
            object_free(&o);
    }
    cr_expect_gt(refused, 0);
    cr_expect(has(s, "a"));
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &old), 0);
    add(s, "b");
    cr_expect_eq(store_count(s), 2 + 6 - refused);
    store_close(&s);
    s = open_store();
    cr_expect_eq(store_count(s), 2 + 6 - refused);
    cr_expect(has(s, "a") && has(s, "b"));
    store_close(&s);
}

/* SQLite gives up the whole transaction by itself in some failures; a page limit that
 * is reached in the midst of one is the tame kind. */
Test(file, that_reaches_its_limit_inside_a_mark_can_be_undone_to_it)
{
    struct mock_store *s = open_store();
    add(s, "a");
    cr_assert_eq(sqlite3_exec(s->db, "PRAGMA max_page_count = 20", NULL, NULL, NULL), SQLITE_OK);
    OK(store_begin(s, &err));
    struct mock_object *small = make("small", 64), *big = make("big", 200000);
    OK(store_add(s, small, &err));
    OK(store_mark(s, &err));
    cr_expect_not(store_add(s, big, &err));
    cr_expect_eq(err.code, KE_STORE);
    cr_expect(strstr(err.msg, "make room"), "%s", err.msg);
    kerr_clear(&err);
    object_free(&big);
    bool lost = s->lost;
    OK(store_undo(s, &err));
    bool kept = store_end(s, true, &err);
    cr_expect_eq(kept, !lost);
    kerr_clear(&err);
    cr_expect_eq(has(s, "small"), !lost);
    cr_expect(has(s, "a"));
    store_close(&s);
}

static int no_commit(void *arg)
{
    (void)arg;
    return 1;
}

/* A change that may be lost, refused in each way that SQLite has, alone, behind a change
 * that must not be lost, and before one. */
static const struct {
    const char *name, *refusal; /* NULL: the commit is refused */
    bool behind, before;
    bool given_up, kept; /* the request: by the caller; and what became of it */
    bool in_memory; /* the object has it as long as it stays there */
} optionals[] = {
    {"alone", "ABORT", false, false, false, true, true},
    {"behind another", "ABORT", true, false, false, true, false},
    {"before another", "ABORT", false, true, false, true, true},
    {"alone, rolled back", "ROLLBACK", false, false, false, true, true},
    {"before another, rolled back", "ROLLBACK", false, true, false, true, true},
    {"before another, rolled back, given up", "ROLLBACK", false, true, true, true, false},
    {"alone, not committed", NULL, false, false, false, true, true},
    {"before another, not committed", NULL, false, true, false, false, false},
};

Test(file, that_does_not_take_an_optional_change_keeps_the_others)
{
    for (size_t i = 0; i < sizeof optionals / sizeof *optionals; i++) {
        char a[16], d[16], sql[200] = "";
        const char *name = optionals[i].name;
        bool others = (optionals[i].behind || optionals[i].before) && optionals[i].kept &&
                      !optionals[i].given_up;
        struct mock_store *s = open_store();
        snprintf(a, sizeof a, "a%zu", i);
        snprintf(d, sizeof d, "d%zu", i);
        add(s, a);
        if (optionals[i].refusal)
            snprintf(sql, sizeof sql,
                     "CREATE TEMP TRIGGER no BEFORE UPDATE ON object BEGIN SELECT RAISE(%s, 'no'); "
                     "END",
                     optionals[i].refusal);
        else
            sqlite3_commit_hook(s->db, no_commit, NULL);
        cr_assert_eq(sqlite3_exec(s->db, sql, NULL, NULL, NULL), SQLITE_OK);
        OK(store_begin(s, &err));
        OK(store_mark(s, &err));
        struct mock_object *o = store_get(s, bytes_str(a), &err);
        cr_assert(o && object_set_bool(o, KMIP_TAG_FRESH, false));
        if (optionals[i].behind)
            OK(store_add(s, make(d, 64), &err));
        store_put_optional(s, o);
        if (optionals[i].before)
            OK(store_add(s, make(d, 64), &err));
        OK(store_release(s, &err));
        cr_expect_eq(store_end(s, !optionals[i].given_up, &err), optionals[i].kept, "%s", name);
        kerr_clear(&err);
        sqlite3_commit_hook(s->db, NULL, NULL);
        cr_expect_eq(has(s, d), others, "%s", name);
        o = store_get(s, bytes_str(a), &err);
        cr_expect_eq(o && object_attr(o, KMIP_TAG_FRESH, 0), optionals[i].in_memory, "%s", name);
        store_close(&s);
        s = open_store();
        cr_expect_eq(has(s, d), others, "%s", name);
        o = store_get(s, bytes_str(a), &err);
        cr_expect(o && !object_attr(o, KMIP_TAG_FRESH, 0), "%s", name);
        store_close(&s);
    }
}

Test(file, overwrites_what_is_destroyed)
{
    struct mock_store *s = open_store();
    add(s, "a"), add(s, "b");
    OK(store_begin(s, &err));
    for (const char *uid = "ab"; *uid; uid++) {
        struct mock_object *o = store_get(s, bytes_of(uid, 1), &err);
        cr_assert(object_set_body(o, bytes_of(NULL, 0)));
        OK(store_put(s, o, &err));
    }
    OK(store_end(s, true, &err));
    store_close(&s);
    struct buf whole = content(tmpdir_file(&dir, "store"));
    uint8_t pattern[64];
    memset(pattern, 0xA5, sizeof pattern);
    cr_expect_null(memmem(whole.p, whole.n, pattern, sizeof pattern));
    buf_clear(&whole);
}
