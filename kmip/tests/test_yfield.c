/* Maps into structs by tables: every kind, and errors that say where and what. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "kmip/base/clock.h"
#include "kmip/yaml/yfield.h"

#define N(table) (sizeof(table) / sizeof *(table))

struct inner {
    int64_t window, max_wait;
};

struct conf {
    const char *listen;
    int64_t seed, port, timeout;
    bool quiet;
    int create;
    const struct ynode *faults;
    struct inner reorder;
};

static const char *const create_words[] = {"accept", "reject", "ignore", NULL};

static const struct yfield inner_rows[] = {
    {.key = "window", .kind = YF_INT, .off = offsetof(struct inner, window), .min = 1, .max = 64},
    {.key = "max_wait", .kind = YF_DURATION, .off = offsetof(struct inner, max_wait), .required = true},
    {.key = NULL},
};

static const struct yfield rows[] = {
    {.key = "listen", .kind = YF_STR, .off = offsetof(struct conf, listen)},
    {.key = "seed", .kind = YF_INT, .off = offsetof(struct conf, seed)},
    {.key = "port", .kind = YF_INT, .off = offsetof(struct conf, port), .min = 1, .max = 65535},
    {.key = "timeout", .kind = YF_DURATION, .off = offsetof(struct conf, timeout), .min = 0,
     .max = 60 * NS_PER_S},
    {.key = "quiet", .kind = YF_BOOL, .off = offsetof(struct conf, quiet)},
    {.key = "compound_create", .kind = YF_CHOICE, .off = offsetof(struct conf, create),
     .choices = create_words},
    {.key = "faults", .kind = YF_NODE, .off = offsetof(struct conf, faults)},
    {.key = "reorder", .kind = YF_MAP, .off = offsetof(struct conf, reorder), .fields = inner_rows},
    {.key = NULL},
};

static struct ydoc doc;
static struct kerr err;
static struct conf conf;

static bool read_conf(const char *text)
{
    ydoc_clear(&doc);
    kerr_clear(&err);
    conf = (struct conf){.listen = "default", .seed = 42, .port = 5696, .create = -1};
    cr_assert(ydoc_parse(&doc, "c.yaml", bytes_str(text), &err), "%s", err.msg);
    return yfields_read(doc.root, rows, &conf, &err);
}

static void tear_down(void)
{
    ydoc_clear(&doc);
}

TestSuite(yfield, .fini = tear_down, .timeout = 30);

Test(yfield, reads_every_kind)
{
    cr_assert(read_conf("listen: 127.0.0.1:5696\n"
                        "seed: -7\n"
                        "port: 0x1000\n"
                        "timeout: 1m\n"
                        "quiet: yes\n"
                        "compound_create: ignore\n"
                        "faults: [a, b]\n"
                        "reorder: {window: 4, max_wait: 50ms}\n"),
              "%s", err.msg);
    cr_expect_str_eq(conf.listen, "127.0.0.1:5696");
    cr_expect_eq(conf.seed, -7);
    cr_expect_eq(conf.port, 4096);
    cr_expect_eq(conf.timeout, 60 * NS_PER_S);
    cr_expect(conf.quiet);
    cr_expect_eq(conf.create, 2);
    cr_expect(conf.faults && conf.faults->kind == YNODE_SEQ && conf.faults->n == 2);
    cr_expect_eq(conf.reorder.window, 4);
    cr_expect_eq(conf.reorder.max_wait, 50 * NS_PER_MS);
}

Test(yfield, what_is_not_given_keeps_its_value)
{
    cr_assert(read_conf("quiet: false"), "%s", err.msg);
    cr_expect_str_eq(conf.listen, "default");
    cr_expect(conf.seed == 42 && conf.port == 5696 && conf.create == -1 && conf.faults == NULL);
}

Test(yfield, quoted_numbers_are_text_and_numbers_are_texts_too)
{
    cr_expect(read_conf("listen: 5696"));
    cr_expect_str_eq(conf.listen, "5696");
    cr_expect(!read_conf("port: '5696'"));
    cr_expect_str_eq(err.msg, "c.yaml:1:7: expected a whole number from 1 to 65535, found the text '5696'");
    cr_expect(!read_conf("quiet: 'true'"));
    cr_expect(read_conf("timeout: '5s'"), "a duration is text anyway");
}

Test(yfield, errors_say_where_and_what_was_expected)
{
    static const struct {
        const char *text, *says;
    } bad[] = {
        {"listen: a\nsede: 1", "c.yaml:2:1: unknown key 'sede'; did you mean 'seed'?"},
        {"zebra: 1", "c.yaml:1:1: unknown key 'zebra'; known here: listen, seed, port, timeout, quiet, "
                     "compound_create, faults, reorder"},
        {"reorder:\n  windw: 1", "c.yaml:2:3: unknown key 'windw'; did you mean 'window'?"},
        {"seed: 1\nseed: 2", "c.yaml:2:1: key 'seed' is given twice"},
        {"seed: &x 1\nport: *x\nseed: *x", "c.yaml:3:1: key 'seed' is given twice"},
        {"seed: x", "c.yaml:1:7: expected a whole number, found 'x'"},
        {"seed: 99999999999999999999", "c.yaml:1:7: expected a whole number, found '99999999999999999999'"},
        {"seed: [1]", "c.yaml:1:7: expected a whole number, found a list"},
        {"seed: {a: 1}", "c.yaml:1:7: expected a whole number, found a map"},
        {"seed:", "c.yaml:1:6: expected a whole number, found ''"},
        {"port: 0", "c.yaml:1:7: expected a whole number from 1 to 65535, found 0"},
        {"port: 65536", "c.yaml:1:7: expected a whole number from 1 to 65535, found 65536"},
        {"port: x", "c.yaml:1:7: expected a whole number from 1 to 65535, found x"},
        {"quiet: maybe", "c.yaml:1:8: expected true or false, found 'maybe'"},
        {"quiet: []", "c.yaml:1:8: expected true or false, found a list"},
        {"timeout: soon", "c.yaml:1:10: expected a duration such as 90s, -5m or 50ms, found 'soon'"},
        {"timeout: 61s", "c.yaml:1:10: timeout must lie between 0s and 60s, not 61s"},
        {"timeout: -1ms", "c.yaml:1:10: timeout must lie between 0s and 60s, not -1ms"},
        {"compound_create: maybe",
         "c.yaml:1:18: 'maybe' is not a value of compound_create; one of: accept, reject, ignore"},
        {"compound_create: [accept]", "c.yaml:1:18: expected a word, found a list"},
        {"listen: [a]", "c.yaml:1:9: expected a text, found a list"},
        {"listen: \"a\\0b\"", "c.yaml:1:9: expected a text, found a NUL character in it"},
        {"compound_create: \"accept\\0x\"", "c.yaml:1:18: expected a word, found a NUL character in it"},
        {"\"seed\\0x\": 1", "c.yaml:1:1: unknown key 'seed'"},
        {"reorder: 5", "c.yaml:1:10: expected a map with keys such as 'window'"},
        {"reorder: []", "c.yaml:1:10: expected a map with keys such as 'window'"},
        {"reorder: {window: 1}", "c.yaml:1:10: key 'max_wait' is missing"},
        {"reorder:", "c.yaml:1:9: key 'max_wait' is missing"},
        {"- seed", "c.yaml:1:1: expected a map with keys such as 'listen'"},
        {"seed", "c.yaml:1:1: expected a map with keys such as 'listen'"},
    };
    for (size_t i = 0; i < N(bad); i++) {
        cr_expect(!read_conf(bad[i].text), "%s", bad[i].text);
        cr_expect_eq(err.code, KE_CONFIG, "%s", bad[i].text);
        cr_expect_eq(strncmp(err.msg, bad[i].says, strlen(bad[i].says)), 0, "%s: %s", bad[i].text, err.msg);
    }
}

Test(yfield, an_empty_map_or_nothing_leaves_the_defaults)
{
    cr_expect(read_conf("{}"), "%s", err.msg);
    cr_expect(read_conf("~"), "%s", err.msg);
    cr_expect_eq(conf.seed, 42);
}

Test(yfield, long_lists_of_keys_and_choices_are_cut_not_overrun)
{
    static char names[100][32];
    static const char *choices[101];
    static struct yfield many[102];
    for (size_t i = 0; i < 100; i++) {
        snprintf(names[i], sizeof names[i], "some-long-name-number-%zu", i);
        choices[i] = names[i];
        many[i] = (struct yfield){.key = names[i], .kind = YF_STR};
    }
    many[100] = (struct yfield){.key = "pick", .kind = YF_CHOICE, .choices = choices};
    static void *base[4];
    cr_assert(ydoc_parse(&doc, "c.yaml", bytes_str("zebra: 1"), &err));
    cr_expect(!yfields_read(doc.root, many, base, &err));
    cr_expect(strstr(err.msg, "unknown key 'zebra'; known here: some-long-name-number-0"), "%s", err.msg);
    ydoc_clear(&doc);
    kerr_clear(&err);
    cr_assert(ydoc_parse(&doc, "c.yaml", bytes_str("pick: 1"), &err));
    cr_expect(!yfields_read(doc.root, many, base, &err));
    cr_expect(strstr(err.msg, "'1' is not a value of pick"), "%s", err.msg);
}

Test(yfield, single_scalars_are_read_with_their_place)
{
    int64_t i;
    bool b;
    const char *s;
    cr_assert(ydoc_parse(&doc, "c.yaml", bytes_str("[5, true, text, 2h, {}]"), &err));
    struct ynode **v = doc.root->vals;
    cr_expect(ynode_int(v[0], 0, 9, &i, &err) && i == 5);
    cr_expect(ynode_bool(v[1], &b, &err) && b);
    cr_expect(ynode_str(v[2], &s, &err) && strcmp(s, "text") == 0);
    cr_expect(ynode_duration(v[3], &i, &err) && i == 7200 * NS_PER_S);
    cr_expect(!ynode_str(v[4], &s, &err));
    cr_expect_str_eq(err.msg, "c.yaml:1:21: expected a text, found a map");
}
