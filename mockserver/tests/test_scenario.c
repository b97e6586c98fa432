/* Scenarios: how they lie over a configuration, how they are found, and that each file
 * which comes with the programs says what it has to. */
#include <criterion/criterion.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "kmip/base/clock.h"
#include "kmip/base/file.h"
#include "kmip/tests/support/tmpdir.h"
#include "mockserver/config.h"
#include "mockserver/fault_action.h"
#include "mockserver/scenario.h"

static struct tmpdir dir;

static void make_dir(void)
{
    tmpdir_make(&dir);
}

static void remove_dir(void)
{
    tmpdir_remove(&dir);
}

TestSuite(scenario, .timeout = 20, .init = make_dir, .fini = remove_dir);

static bool load(struct mock_config *cfg, const char *file, const char *const names[],
                 const char *set, struct kerr *err)
{
    struct opt_list scenarios = {.n = 0}, sets = {.v = {set}, .n = set != NULL};
    for (; names && names[scenarios.n]; scenarios.n++)
        scenarios.v[scenarios.n] = names[scenarios.n];
    const struct config_layers layers = {file ? tmpdir_write(&dir, "mock.yaml", file) : NULL,
                                         &scenarios, &sets};
    return config_load_layers(cfg, &layers, err);
}

/* A file; its path stays through the next three. */
static const char *scenario(const char *name, const char *text)
{
    static char path[4][200];
    static size_t turn;
    char *out = path[turn++ % 4];
    snprintf(out, sizeof path[0], "%s", tmpdir_write(&dir, name, text));
    return out;
}

Test(scenario, lies_between_file_and_set)
{
    struct mock_config cfg;
    struct kerr err = KERR_INIT;
    const char *one = scenario("one.yaml", "compound_create: ignore\nlimits: {idle: 30s}\n"
                                           "clock: {offset: 1h}\nvendor: one\n");
    const char *two = scenario("two.yaml", "vendor: two\nclock: {rate: 2}\n");
    cr_assert(load(&cfg, "vendor: file\ncompound_create: reject\ncustom_attributes: reject\n"
                         "limits: {batch_items: 7}\n",
                   (const char *[]){one, two, NULL}, "clock.offset=-5s", &err),
              "%s", err.msg);
    cr_expect_eq(cfg.compound_create, COMPOUND_IGNORE, "the scenario goes before the file");
    cr_expect_eq(cfg.custom_attributes, CUSTOM_REJECT, "what it leaves out is the file's");
    cr_expect_str_eq(cfg.vendor, "two", "the later scenario goes before the earlier");
    cr_expect(cfg.limits.idle_ns == 30 * NS_PER_S && cfg.limits.batch_items == 7,
              "maps become one, key by key");
    cr_expect_eq(cfg.clock.offset_ns, -5 * NS_PER_S, "--set goes before the scenarios");
    cr_expect_eq(cfg.clock.rate, 2);
    cr_assert_eq(cfg.n_scenarios, 2);
    cr_expect_str_eq(cfg.scenarios[1], two);
    config_clear(&cfg);
}

Test(scenario, adds_faults_and_objects_to_those_there_are)
{
    struct mock_config cfg;
    struct kerr err = KERR_INIT;
    const char *one =
        scenario("one.yaml", "faults: [{name: b, action: drop}, {name: c, action: close}]\n"
                             "preload: [{identifier: two}]\n");
    const char *alone = scenario("alone.yaml", "faults: {name: d, action: reset}\n"
                                               "preload: default-group\n");
    cr_assert(load(&cfg, "faults: {name: a, action: drop}\npreload: {identifier: one}\n",
                   (const char *[]){one, alone, NULL}, NULL, &err),
              "%s", err.msg);
    cr_assert_eq(cfg.faults.n, 4);
    for (size_t i = 0; i < 4; i++)
        cr_expect_eq(cfg.faults.v[i]->name[0], "abcd"[i]);
    cr_assert_eq(cfg.preload.n, 5);
    cr_expect_str_eq(cfg.preload.v[0].uid, "one");
    cr_expect_str_eq(cfg.preload.v[1].uid, "two");
    cr_expect_str_eq(cfg.preload.v[2].uid, "group-default-1");
    config_clear(&cfg);
    cr_assert(load(&cfg, "faults: {name: a, action: drop}\n", (const char *[]){one, NULL},
                   "faults=[]", &err),
              "%s", err.msg);
    cr_expect_eq(cfg.faults.n, 0, "--set replaces the whole list");
    config_clear(&cfg);
}

static const struct wrong {
    const char *what, *text, *name; /* a file of its own, or a name */
    enum kerr_code code;
    const char *words[3];
} wrongs[] = {
    {"a name that is nearly one", NULL, "out-of-ordr", KE_USAGE,
     {"no scenario 'out-of-ordr'", "fixtures/scenarios", "did you mean 'out-of-order'?"}},
    {"a name that is none", NULL, "zzzzzzzzzzz", KE_USAGE,
     {"no scenario 'zzzzzzzzzzz'", "kmip-mock scenarios"}},
    {"no name", NULL, "", KE_USAGE, {"no scenario ''"}},
    {"a path that is none", NULL, "no/such", KE_USAGE, {"there is no scenario no/such"}},
    {"a file that is none", NULL, "mine.yaml", KE_USAGE, {"there is no scenario mine.yaml"}},
    {"a place to listen", "seed: 1\nlisten: 127.0.0.1:1\n", NULL, KE_CONFIG,
     {"wrong.yaml:2:1", "listen is not for a scenario"}},
    {"a control port", "control: 127.0.0.1:1\n", NULL, KE_CONFIG, {"wrong.yaml:1:1", "control"}},
    {"certificates", "certs: x\n", NULL, KE_CONFIG, {"wrong.yaml:1:1", "certs"}},
    {"a store", "store: x\n", NULL, KE_CONFIG, {"wrong.yaml:1:1", "store"}},
    {"a list", "- faults\n", NULL, KE_CONFIG, {"wrong.yaml:1:1", "a scenario is a map"}},
    {"an unknown key", "vendor: x\nfalts: []\n", NULL, KE_CONFIG,
     {"wrong.yaml:2:1", "did you mean 'faults'?"}},
    {"a key twice", "vendor: x\nvendor: y\n", NULL, KE_CONFIG, {"wrong.yaml:2:1", "twice"}},
    {"a fault twice", "faults: [{name: a, action: drop}, {name: a, action: drop}]\n", NULL,
     KE_CONFIG, {"wrong.yaml:1:42", "a fault named 'a' already"}},
    {"no YAML", "faults: [\n", NULL, KE_YAML, {"wrong.yaml:"}},
};

Test(scenario, tells_what_is_wrong_and_where)
{
    for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
        const struct wrong *w = &wrongs[i];
        struct mock_config cfg;
        struct kerr err = KERR_INIT;
        const char *name = w->text ? scenario("wrong.yaml", w->text) : w->name;
        bool ok = load(&cfg, "asynchronous: ignore\n", (const char *[]){name, NULL}, NULL, &err);
        cr_expect(!ok, "%s: accepted", w->what);
        cr_expect_eq(err.code, w->code, "%s: %s: %s", w->what, kerr_name(err.code), err.msg);
        for (size_t k = 0; k < 3 && w->words[k]; k++)
            cr_expect(strstr(err.msg, w->words[k]), "%s: '%s' is not in: %s", w->what, w->words[k],
                      err.msg);
        if (ok)
            config_clear(&cfg);
    }
}

Test(scenario, takes_one_that_says_nothing)
{
    struct mock_config cfg;
    struct kerr err = KERR_INIT;
    const char *none = scenario("none.yaml", "# Nothing.\n");
    cr_assert(load(&cfg, NULL, (const char *[]){none, NULL}, NULL, &err), "%s", err.msg);
    cr_expect_str_eq(cfg.vendor, "kmip-mock");
    config_clear(&cfg);
}

Test(scenario, looks_in_the_folder_that_is_named)
{
    char path[BESIDE_MAX];
    struct kerr err = KERR_INIT;
    scenario("mine.yaml", "# Mine.\n");
    setenv("KMIP_SCENARIOS", dir.path, 1);
    cr_expect(scenario_path("mine", path, &err), "%s", err.msg);
    cr_expect_not(scenario_path("out-of-order", path, &err));
    err = (struct kerr)KERR_INIT;
    setenv("KMIP_SCENARIOS", "no/such", 1);
    cr_expect_not(scenario_path("mine", path, &err));
    cr_expect(strstr(err.msg, "KMIP_SCENARIOS names the folder no/such"), "%s", err.msg);
}

/* --- those that come with the programs --------------------------------- */

static const char *const promised[] = {
    "out-of-order", "out-of-order-once", "coalesced-replies", "fragmented-replies",
    "clock-behind", "clock-ahead", "clock-jumps", "clock-frozen", "compound-create-rejected",
    "compound-create-ignored", "no-custom-attributes", "idle-close-30s", "session-revoked",
    "slow-appliance", "flaky-network", "wrong-batch-id", "lying-query", "not-kmip",
    "expired-server-certificate", "dies-mid-reply",
};

Test(scenario, has_all_that_are_promised)
{
    char path[BESIDE_MAX];
    for (size_t i = 0; i < sizeof promised / sizeof *promised; i++) {
        struct kerr err = KERR_INIT;
        cr_expect(scenario_path(promised[i], path, &err), "%s", err.msg);
    }
}

/* The head comment, with the signs, up to the first line that is none of it. */
static char *head_of(const char *path)
{
    struct buf text;
    struct kerr err = KERR_INIT;
    buf_init(&text, 1 << 20);
    cr_assert(file_read(path, &text, &err), "%s", err.msg);
    const char *end = buf_cstr(&text);
    while (*end == '#')
        end += strcspn(end, "\n") + 1;
    char *head = strndup(buf_cstr(&text), (size_t)(end - buf_cstr(&text)));
    buf_clear(&text);
    return head;
}

Test(scenario, files_are_read_and_explain_themselves)
{
    static const char *const parts[] = {"\n#\n# In the field: ", "\n#\n# What a client shows: ",
                                        "\n#\n# What helps: "};
    glob_t files;
    cr_assert_eq(glob("fixtures/scenarios/*.yaml", 0, NULL, &files), 0);
    cr_assert_geq(files.gl_pathc, sizeof promised / sizeof *promised);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        struct mock_config cfg;
        struct kerr err = KERR_INIT;
        const char *path = files.gl_pathv[i];
        bool ok = load(&cfg, NULL, (const char *[]){path, NULL}, NULL, &err);
        cr_expect(ok, "%s", err.msg);
        if (ok)
            config_clear(&cfg);
        char *head = head_of(path);
        const char *at = head;
        size_t title = strcspn(head, "\n");
        cr_expect(strncmp(head, "# ", 2) == 0 && title > 10 && head[title - 1] == '.',
                  "%s: the title is a sentence", path);
        for (size_t k = 0; k < 3; k++) {
            const char *part = at ? strstr(at, parts[k]) : NULL;
            cr_expect(part, "%s: '%s' is missing or in the wrong place", path, parts[k] + 5);
            at = part;
        }
        free(head);
    }
    globfree(&files);
}

/* Several at once, as long as their names do not clash: each says how it behaves. */
Test(scenario, files_go_together)
{
    struct mock_config cfg;
    struct kerr err = KERR_INIT;
    const char *names[sizeof promised / sizeof *promised + 1] = {NULL};
    memcpy(names, promised, sizeof promised);
    cr_assert(load(&cfg, NULL, names, NULL, &err), "%s", err.msg);
    cr_expect_eq(cfg.n_scenarios, sizeof promised / sizeof *promised);
    cr_expect_geq(cfg.faults.n, 12);
    cr_expect(cfg.clock.freeze, "of clock-frozen");
    cr_expect_eq(cfg.clock.offset_ns, 90 * NS_PER_S, "of clock-ahead");
    cr_expect_eq(cfg.reorder_window, 4, "of out-of-order");
    config_clear(&cfg);
}

Test(scenario, lists_and_explains)
{
    struct kerr err = KERR_INIT;
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    cr_assert(scenario_list(out, &err), "%s", err.msg);
    fputs("--\n", out);
    cr_assert(scenario_explain("clock-behind", out, &err), "%s", err.msg);
    cr_expect_not(scenario_explain("clock-behid", out, &err));
    fclose(out);
    cr_expect(strstr(text, "clock-behind                 The appliance's clock is behind the "
                           "client's\n"),
              "%s", text);
    cr_expect(strstr(text, "--\nThe appliance's clock is behind the client's.\n\nIn the field: "),
              "%s", text);
    cr_expect_null(strstr(strstr(text, "--\n"), "offset"), "the comment, not the settings");
    free(text);
}
