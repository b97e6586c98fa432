/* Bodies of the control API, JSON or YAML: faults, which are put in force beside others or in
 * their place, and objects, which are made in a store. */
#include "ci/fuzz/text_target.h"
#include "kmip/base/clock.h"
#include "mockserver/fault.h"

static int64_t clock_ns(void *arg)
{
    (void)arg;
    return INT64_C(1700000000) * NS_PER_S;
}

static void faults(const struct ynode *body, const struct mock_config *cfg)
{
    struct fault_set set;
    struct fault_list list = {0};
    struct kerr err = KERR_INIT, more = KERR_INIT;

    if (!fault_set_init(&set, cfg, NULL, &err))
        fuzz_broken("%s", err.msg);
    bool ok = fault_list_read(body, &list, &err);
    fuzz_check_error(ok, &err);
    if (ok) {
        size_t n = set.n;
        if (fault_set_add(&set, &list, &more) ? set.n != n + list.n : set.n != n)
            fuzz_broken("of %zu faults %zu are in force", list.n, set.n - n);
        more = (struct kerr)KERR_INIT;
        if (fault_set_put(&set, &list, &more) && set.n != list.n)
            fuzz_broken("of %zu faults %zu are in force", list.n, set.n);
        fault_set_reset(&set);
    }
    fault_list_clear(&list);
    fault_set_clear(&set);
}

static void objects(const struct ynode *body, const struct mock_config *cfg)
{
    struct mock_engine engine;
    struct preload_list list;
    struct kerr err = KERR_INIT;

    if (!engine_init(&engine, cfg, clock_ns, NULL, &err))
        fuzz_broken("%s", err.msg);
    bool ok = preload_read(body, &list, &err);
    fuzz_check_error(ok, &err);
    if (ok) {
        fuzz_check_error(preload_store(&list, &engine, PRELOAD_REFUSE, &err), &err);
        preload_clear(&list);
    }
    engine_clear(&engine);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct opt_list none = {0};
    struct mock_config cfg;
    struct ydoc doc = {0};
    struct kerr err = KERR_INIT;

    bool parsed = ydoc_parse(&doc, "body", bytes_of(data, size), &err);
    fuzz_check_error(parsed, &err);
    if (parsed && doc.root) {
        if (!config_load(&cfg, NULL, &none, &err))
            fuzz_broken("%s", err.msg);
        faults(doc.root, &cfg);
        objects(doc.root, &cfg);
        config_clear(&cfg);
    }
    ydoc_clear(&doc);
    return 0;
}
