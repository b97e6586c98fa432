/* The engine without memory: every request of ours and of SQLite's fails once, alone and
 * with all that come behind it (sweep_rig.h). */
#include <sqlite3.h>

#include "kmip/tests/support/fail_alloc.h"
#include "mockserver/tests/sweep_rig.h"

/* SQLite's memory by way of fail_alloc. */
static sqlite3_mem_methods real;

static void *sqlite_malloc(int n)
{
    return fail_alloc_request() ? real.xMalloc(n) : NULL;
}

static void *sqlite_realloc(void *p, int n)
{
    return fail_alloc_request() ? real.xRealloc(p, n) : NULL;
}

static void setup(void)
{
    cr_assert_eq(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real), SQLITE_OK);
    sqlite3_mem_methods ours = real;
    ours.xMalloc = sqlite_malloc;
    ours.xRealloc = sqlite_realloc;
    cr_assert_eq(sqlite3_config(SQLITE_CONFIG_MALLOC, &ours), SQLITE_OK);
}

TestSuite(engine_starved, .init = setup, .timeout = 240);

static size_t struck_at;

static void one_fails(size_t nth)
{
    struck_at = nth;
    fail_alloc_only(nth);
}

static void all_fail_from(size_t nth)
{
    struck_at = nth;
    fail_alloc_from(nth);
}

static bool was_struck(void)
{
    return fail_alloc_off() >= struck_at;
}

static struct rig *in_memory(void)
{
    return rig_new((const char *const[]){"seed=7", NULL});
}

static void expect_truth(const struct sweep_failure *failure)
{
    struct sweep_counts c = sweep(in_memory, failure, 1, false);
    cr_log_info("%s: %zu tries, %zu done, %zu failed, %zu not answered", failure->name, c.tries,
                c.done, c.failed, c.none);
    cr_expect_gt(c.tries, 500);
    cr_expect_gt(c.failed, 100);
}

Test(engine_starved, tells_the_truth_when_one_request_finds_no_memory)
{
    expect_truth(&(struct sweep_failure){"memory request", one_fails, was_struck});
}

Test(engine_starved, tells_the_truth_when_memory_runs_out)
{
    expect_truth(&(struct sweep_failure){"no memory from request", all_fail_from, was_struck});
}

/* Opening is whole or not at all, and says why. */
Test(engine_starved, does_not_start_and_says_so)
{
    bool struck = true;
    for (size_t nth = 1; struck; nth++) {
        struct opt_list sets = {.v = {"seed=7", "preload=states"}, .n = 2};
        struct mock_config cfg;
        struct mock_engine e;
        struct kerr err = KERR_INIT;
        struct rig clock = {.now_ns = RIG_NOW * 1000000000};
        one_fails(nth);
        bool configured = config_load(&cfg, NULL, &sets, &err);
        bool opened = configured && engine_init(&e, &cfg, rig_clock, &clock, &err);
        bool ok = opened && preload_store(&cfg.preload, &e, PRELOAD_LEAVE, &err);
        struck = was_struck();
        cr_expect(ok == (err.code == KE_OK), "memory request %zu: %s", nth, err.msg);
        cr_expect(ok || err.code == KE_MEMORY || strstr(err.msg, "memory"),
                  "memory request %zu: %s", nth, err.msg);
        if (opened)
            engine_clear(&e);
        if (configured)
            config_clear(&cfg);
    }
}
