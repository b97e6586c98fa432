/* Configuration: defaults, files, --set, and what wrong ones are told. */
#include <criterion/criterion.h>

#include "kmip/base/clock.h"
#include "kmip/schema/dict.h"
#include "kmip/tests/support/tmpdir.h"
#include "mockserver/config.h"
#include "mockserver/fault_action.h"

TestSuite(config, .timeout = 20);

static bool load(struct mock_config *cfg, const char *yaml, const char *set, struct kerr *err)
{
    struct tmpdir dir;
    struct opt_list sets = {.v = {set}, .n = set ? 1 : 0};
    tmpdir_make(&dir);
    bool ok = config_load(cfg, yaml ? tmpdir_write(&dir, "mock.yaml", yaml) : NULL, &sets, err);
    tmpdir_remove(&dir);
    return ok;
}

Test(config, has_defaults_without_a_file)
{
    struct mock_config cfg;
    struct kerr err = KERR_INIT;
    cr_assert(config_load(&cfg, NULL, NULL, &err), "%s", err.msg);
    cr_expect_str_eq(cfg.listen, "127.0.0.1:5696");
    cr_expect_null(cfg.certs);
    cr_expect_str_eq(cfg.store, ":memory:");
    cr_expect_eq(cfg.n_versions, 3);
    cr_expect_eq(cfg.versions[0], KMIP_V12);
    cr_expect_eq(cfg.versions[2], KMIP_V10);
    cr_expect_eq(cfg.lease_time_s, 3600);
    cr_expect_eq(cfg.limits.message_size, 1 << 20);
    cr_expect_eq(cfg.reorder_window, 0);
    cr_expect(cfg.keep_metadata && !cfg.seed_given && !cfg.client_cert_optional);
    config_clear(&cfg);
}

Test(config, reads_the_example_with_every_key)
{
    struct mock_config cfg;
    struct kerr err = KERR_INIT;
    cr_assert(config_load(&cfg, "fixtures/mock.yaml", NULL, &err), "%s", err.msg);
    cr_expect_str_eq(cfg.certs, "./certs/server");
    cr_expect_eq(cfg.clock.offset_ns, 0);
    cr_expect_eq(cfg.reorder_window, 4);
    cr_expect_eq(cfg.reorder_wait_ns, 50 * NS_PER_MS);
    cr_expect(cfg.seed_given && cfg.seed == 7);
    cr_assert_eq(cfg.n_credentials, 2);
    cr_expect_str_eq(cfg.credentials[0].username, "ann");
    cr_expect_str_eq(cfg.credentials[0].identity, "ann");
    cr_expect_str_eq(cfg.credentials[1].serial, "0042");
    cr_expect_str_eq(cfg.credentials[1].media, "LT-0815");
    cr_expect_str_eq(cfg.credentials[1].identity, "tape-library");
    cr_expect_eq(cfg.limits.request_ns, 30 * NS_PER_S);
    cr_expect_eq(cfg.faults.n, 2);
    cr_expect_eq(cfg.preload.n, 7);
    cr_expect_eq(cfg.clocks.n, 1);
    cr_expect_eq(cfg.journal_exchanges, 1000);
    config_clear(&cfg);
}

/* Each action is there, save the one in a comment, for which files must be made. */
Test(config, reads_the_example_with_every_action)
{
    struct mock_config cfg;
    struct kerr err = KERR_INIT;
    cr_assert(config_load(&cfg, "fixtures/faults.yaml", NULL, &err), "%s", err.msg);
    for (size_t a = 0; fault_action_at(a); a++) {
        const char *name = fault_action_name(fault_action_at(a));
        bool there = strcmp(name, "certificate") == 0;
        for (size_t i = 0; i < cfg.faults.n; i++)
            there = there || cfg.faults.v[i]->action == fault_action_at(a);
        cr_expect(there, "%s", name);
    }
    config_clear(&cfg);
}

Test(config, reads_values_as_they_are_meant)
{
    struct mock_config cfg;
    struct kerr err = KERR_INIT;
    cr_assert(load(&cfg,
                   "clock: {offset: -90s}\ncompound_create: ignore\ncustom_attributes: reject\n"
                   "versions: [1.1, '1.2']\ntls: NORMAL\nclient_certificate: optional\nlease_time: 2m\n"
                   "asynchronous: ignore\nkeep_metadata: no\nlimits: {idle: 30s}\n",
                   NULL, &err),
              "%s", err.msg);
    cr_expect_eq(cfg.clock.offset_ns, -90 * NS_PER_S);
    cr_expect_eq(cfg.compound_create, COMPOUND_IGNORE);
    cr_expect_eq(cfg.custom_attributes, CUSTOM_REJECT);
    cr_expect_eq(cfg.asynchronous, ASYNC_IGNORE);
    cr_expect(cfg.n_versions == 2 && cfg.versions[0] == KMIP_V11 && cfg.versions[1] == KMIP_V12);
    cr_expect(cfg.client_cert_optional && !cfg.keep_metadata);
    cr_expect_str_eq(cfg.tls, "NORMAL");
    cr_expect_eq(cfg.lease_time_s, 120);
    cr_expect_eq(cfg.limits.idle_ns, 30 * NS_PER_S);
    cr_expect_eq(cfg.limits.batch_items, 1000, "what a map leaves out keeps its default");
    config_clear(&cfg);
}

Test(config, takes_an_empty_file)
{
    struct mock_config cfg;
    struct kerr err = KERR_INIT;
    cr_assert(load(&cfg, "# nothing\n", NULL, &err), "%s", err.msg);
    cr_expect_str_eq(cfg.vendor, "kmip-mock");
    config_clear(&cfg);
}

Test(config, lets_set_go_before_the_file)
{
    struct mock_config cfg;
    struct kerr err = KERR_INIT;
    cr_assert(load(&cfg, "clock: {offset: 1h}\nvendor: file\n", "clock.offset=-5m", &err), "%s",
              err.msg);
    cr_expect_eq(cfg.clock.offset_ns, -300 * NS_PER_S);
    cr_expect_str_eq(cfg.vendor, "file");
    config_clear(&cfg);
    cr_assert(load(&cfg, NULL, "versions=[1.0]", &err), "%s", err.msg);
    cr_expect(cfg.n_versions == 1 && cfg.versions[0] == KMIP_V10);
    config_clear(&cfg);
    cr_assert(load(&cfg, NULL, "replies.reorder.window=3", &err), "%s", err.msg);
    cr_expect_eq(cfg.reorder_window, 3);
    config_clear(&cfg);
    cr_assert(load(&cfg, NULL, "vendor=a=b", &err), "%s", err.msg);
    cr_expect_str_eq(cfg.vendor, "a=b");
    config_clear(&cfg);
}

/* What is told must hold each of the words. */
static const struct wrong {
    const char *name, *yaml, *set;
    enum kerr_code code;
    const char *words[3];
} wrongs[] = {
    {"unknown key", "vendor: x\ncompund_create: accept\n", NULL, KE_CONFIG,
     {"mock.yaml:2:1", "compund_create", "did you mean 'compound_create'"}},
    {"unknown key in a map", "clock: {ofset: 1s}\n", NULL, KE_CONFIG,
     {"mock.yaml:1:9", "did you mean 'offset'"}},
    {"fault", "vendor: x\nfaults:\n  - action: dropp\n", NULL, KE_CONFIG,
     {"mock.yaml:3:13", "did you mean 'drop'"}},
    {"clock of nobody", "clock: {connections: [{offset: 1s}]}\n", NULL, KE_CONFIG,
     {"mock.yaml:1:23", "client or connection is missing"}},
    {"fault set on the command line", NULL, "faults=[{action: drop, count: no}]", KE_CONFIG,
     {"--set", "or always"}},
    {"wrong word", "compound_create: maybe\n", NULL, KE_CONFIG,
     {"mock.yaml:1:18", "accept, reject, ignore"}},
    {"wrong duration", "clock: {offset: soon}\n", NULL, KE_CONFIG, {"mock.yaml:1:17", "duration"}},
    {"duration without unit", "clock: {offset: -90}\n", NULL, KE_CONFIG, {"mock.yaml:1:17"}},
    {"window out of range", "replies: {reorder: {window: -1}}\n", NULL, KE_CONFIG,
     {"mock.yaml:1:29", "0 to 1024"}},
    {"negative wait", "replies: {reorder: {max_wait: -1s}}\n", NULL, KE_CONFIG, {"max_wait"}},
    {"version of another age", "versions: [1.2, 2.0]\n", NULL, KE_CONFIG,
     {"mock.yaml:1:17", "2.0", "1.0, 1.1 and 1.2"}},
    {"version twice", "versions: [1.2, 1.2]\n", NULL, KE_CONFIG, {"mock.yaml:1:17", "twice"}},
    {"no versions", "versions: []\n", NULL, KE_CONFIG, {"mock.yaml:1:11", "one or more"}},
    {"versions as text", "versions: 1.2\n", NULL, KE_CONFIG, {"mock.yaml:1:11", "list"}},
    {"listen without port", "listen: localhost\n", NULL, KE_CONFIG,
     {"mock.yaml:1:9", "HOST:PORT", "localhost"}},
    {"listen on a port too high", "listen: localhost:70000\n", NULL, KE_CONFIG, {"HOST:PORT"}},
    {"empty store", "store: ''\n", NULL, KE_CONFIG, {"mock.yaml:1:8", "store is empty"}},
    {"empty certs", "certs:\n", NULL, KE_CONFIG, {"certs is empty"}},
    {"seed as text", "seed: '7'\n", NULL, KE_CONFIG, {"mock.yaml:1:7", "whole number"}},
    {"key twice", "seed: 7\nseed: 8\n", NULL, KE_CONFIG, {"mock.yaml:2:1", "twice"}},
    {"a list at the top", "- seed\n", NULL, KE_CONFIG, {"mock.yaml:1:1", "map"}},
    {"syntax", "clock: {offset: 1s\n", NULL, KE_YAML, {"mock.yaml:2:1"}},
    {"credential without a name", "credentials: [{password: x}]\n", NULL, KE_CONFIG,
     {"mock.yaml:1:15", "username"}},
    {"credential of two kinds", "credentials: [{username: a, serial: b, password: x}]\n", NULL, KE_CONFIG,
     {"mock.yaml:1:15", "not both"}},
    {"device without identity", "credentials: [{media: a, password: x}]\n", NULL, KE_CONFIG, {"identity"}},
    {"credential without a password", "credentials: [{username: a}]\n", NULL, KE_CONFIG,
     {"mock.yaml:1:15", "password", "none"}},
    {"device without a password", "credentials: [{serial: a}]\n", NULL, KE_CONFIG, {"password"}},
    {"empty password", "credentials: [{serial: a, password: ''}]\n", NULL, KE_CONFIG,
     {"password"}},
    {"message above what is ever read", "limits: {message_size: 8388609}\n", NULL, KE_CONFIG,
     {"8388608"}},
    {"more items than are ever read", "limits: {batch_items: 1000000}\n", NULL, KE_CONFIG,
     {"40000"}},
    {"date beyond the clock", "clock: {freeze: 9999-12-31T23:59:59Z}\n", NULL, KE_CONFIG,
     {"mock.yaml:1:17", "1678", "2261"}},
    {"credentials as a map", "credentials: {username: a}\n", NULL, KE_CONFIG, {"list"}},
    {"message size too small", "limits: {message_size: 8}\n", NULL, KE_CONFIG, {"256"}},
    {"set without value", NULL, "seed", KE_USAGE, {"path=value", "'seed'"}},
    {"set without path", NULL, "=7", KE_USAGE, {"path=value"}},
    {"set of an unknown key", NULL, "clok.offset=1s", KE_CONFIG, {"--set", "did you mean 'clock'"}},
    {"set of a wrong value", NULL, "seed=many", KE_CONFIG, {"--set seed:1:1", "many"}},
    {"set below a text", "vendor: x\n", "vendor.name=y", KE_CONFIG, {"--set vendor.name", "name"}},
    {"set of broken YAML", NULL, "versions=[1.2", KE_YAML, {"--set versions"}},
};

Test(config, tells_what_is_wrong_and_where)
{
    for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
        const struct wrong *w = &wrongs[i];
        struct mock_config cfg;
        struct kerr err = KERR_INIT;
        bool ok = load(&cfg, w->yaml, w->set, &err);
        cr_expect(!ok, "%s: accepted", w->name);
        cr_expect_eq(err.code, w->code, "%s: %s: %s", w->name, kerr_name(err.code), err.msg);
        for (size_t k = 0; k < 3 && w->words[k]; k++)
            cr_expect(strstr(err.msg, w->words[k]), "%s: '%s' is not in: %s", w->name, w->words[k],
                      err.msg);
        if (ok)
            config_clear(&cfg);
    }
}

Test(config, names_a_file_that_is_missing)
{
    struct mock_config cfg;
    struct kerr err = KERR_INIT;
    cr_assert_not(config_load(&cfg, "no/such/mock.yaml", NULL, &err));
    cr_expect_eq(err.code, KE_FILE);
    cr_expect_eq(kerr_exit(&err), 2);
    cr_expect(strstr(err.msg, "no/such/mock.yaml"), "%s", err.msg);
}
