/* The engine over a disk that fails: every call of SQLite's to the file system fails once,
 * alone and with all that come behind it (sweep_rig.h). */
#include "kmip/tests/support/tmpdir.h"
#include "mockserver/tests/fail_vfs.h"
#include "mockserver/tests/sweep_rig.h"

static struct tmpdir dir;
static unsigned n_stores;

static void setup(void)
{
    tmpdir_make(&dir);
    cr_assert(fail_vfs_install());
}

static void teardown(void)
{
    tmpdir_remove(&dir);
}

TestSuite(engine_disk, .init = setup, .fini = teardown, .timeout = 240);

static void one_fails(size_t nth)
{
    fail_vfs_arm(nth, nth);
}

static void all_fail_from(size_t nth)
{
    fail_vfs_arm(nth, SIZE_MAX);
}

/* On a store of its own, with a cache too small to spare it from reading. */
static struct rig *on_file(void)
{
    static char store[300];
    snprintf(store, sizeof store, "store=%s/%u", dir.path, n_stores++);
    struct rig *r = rig_new((const char *const[]){"seed=7", store, NULL});
    store_cache_limit(r->engine.store, 1);
    return r;
}

static void expect_truth(const struct sweep_failure *failure)
{
    struct sweep_counts c = sweep(on_file, failure, 1, true);
    cr_log_info("%s: %zu tries, %zu done, %zu failed, %zu not answered", failure->name, c.tries,
                c.done, c.failed, c.none);
    cr_expect_gt(c.failed, 50);
    cr_expect_eq(c.none, 0, "a disk is no reason not to answer");
}

Test(engine_disk, tells_the_truth_when_a_call_fails)
{
    expect_truth(&(struct sweep_failure){"call", one_fails, fail_vfs_disarm});
}

Test(engine_disk, tells_the_truth_when_it_breaks)
{
    expect_truth(&(struct sweep_failure){"broken from call", all_fail_from, fail_vfs_disarm});
}

Test(engine_disk, tells_the_truth_when_it_is_full)
{
    fail_vfs.writing = SQLITE_FULL;
    expect_truth(&(struct sweep_failure){"full from call", all_fail_from, fail_vfs_disarm});
}

/* A start that fails leaves a store that opens, or none. */
Test(engine_disk, that_fails_at_the_start_is_told)
{
    bool struck = true;
    for (size_t nth = 1; struck; nth++) {
        struct rig *r = on_file();
        struct kerr err = KERR_INIT;
        rig_make(r, "k", SWEEP_CREATE(""));
        uint64_t before = rig_digest(r);
        engine_clear(&r->engine);
        one_fails(nth);
        bool ok = engine_init(&r->engine, &r->cfg, rig_clock, r, &err);
        struck = fail_vfs_disarm();
        cr_expect(ok || (struck && (err.code == KE_STORE || err.code == KE_MEMORY)), "%zu: %s", nth,
                  err.msg);
        sweep_reopen(r);
        cr_expect_eq(rig_digest(r), before, "%zu", nth);
        rig_free(r);
    }
}
