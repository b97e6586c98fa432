/* Options and values.yaml: what wins, and what each mistake is told as. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "client/lib/kc.h"
#include "client/lib/settings_opts.h"
#include "kmip/base/clock.h"
#include "kmip/net/pki.h"
#include "kmip/tests/support/tmpdir.h"

static struct tmpdir dir;
static struct kc_settings s;

static const char *const environment[] = {"KMIP_HOST", "KMIP_PORT", "KMIP_CERTS",
                                          "KMIP_CA",   "KMIP_CERT", "KMIP_KEY"};

static void set_up(void)
{
    struct kerr err = KERR_INIT;

    for (size_t i = 0; i < sizeof environment / sizeof *environment; i++)
        unsetenv(environment[i]);
    tmpdir_make(&dir);
    cr_assert(pki_set(tmpdir_file(&dir, "pki"), &err), "%s", err.msg);
}

static void tear_down(void)
{
    tmpdir_remove(&dir);
}

TestSuite(settings, .init = set_up, .fini = tear_down, .timeout = 30);

/* Settings with certificates and the words of a command line, NULL-terminated. */
static bool finish(const char *const *words, struct kerr *err)
{
    static const struct opt_set *sets;
    static struct opt_set set;
    char *argv[24] = {"test"};
    int argc = 1, n_operands;
    char **operands;

    *err = (struct kerr)KERR_INIT;
    kc_settings_init(&s);
    set = (struct opt_set){"Connection", kc_settings_opts, kc_n_settings_opts, &s};
    sets = &set;
    for (; words[argc - 1]; argc++)
        argv[argc] = (char *)words[argc - 1];
    if (!s.certs)
        s.certs = tmpdir_file(&dir, "pki/client");
    return opt_parse(sets, 1, argc, argv, &operands, &n_operands, NULL, err) &&
           kc_settings_finish(&s, err);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static bool with_values(const char *yaml, struct kerr *err)
{
    return finish(WORDS("--values", tmpdir_write(&dir, "values.yaml", yaml)), err);
}

static const char good[] = "kmip:\n"
                           "  enabled: true\n"
                           "  port: 5697\n"
                           "  hosts:\n"
                           "    - kms.example\n"
                           "  compoundCreate: true\n"
                           "  bucketAttributeName: x-zenko-bucket\n"
                           "  pipelineDepth: 4\n";

static void expect_good_values(void)
{
    cr_expect_str_eq(s.host, "kms.example");
    cr_expect_eq(s.port, 5697);
    cr_expect_eq(s.depth, 4);
    cr_expect(s.compound_create && s.values_enabled);
    cr_expect_str_eq(s.bucket_attribute, "x-zenko-bucket");
}

Test(settings, defaults)
{
    struct kerr err;

    cr_assert(finish(WORDS("--host", "kms"), &err), "%s", err.msg);
    cr_expect_eq(s.port, 5696);
    cr_expect_eq(s.depth, 8);
    cr_expect_eq(s.version, 0x12);
    cr_expect_eq(s.timeout_ns, 30 * NS_PER_S);
    cr_expect_eq(s.match, KC_MATCH_ID);
    cr_expect(!s.compound_create && !s.values_enabled);
    cr_expect_null(s.bucket_attribute);
}

Test(settings, all_six_keys_of_a_values_file)
{
    struct kerr err;

    cr_assert(with_values(good, &err), "%s", err.msg);
    expect_good_values();
}

Test(settings, the_block_may_stand_under_cloudserver)
{
    struct kerr err;
    char text[1024] = "global: {a: 1}\ncloudserver:\n  replicas: 3\n";
    char block[sizeof good];

    snprintf(block, sizeof block, "%s", good);
    for (char *line = strtok(block, "\n"); line; line = strtok(NULL, "\n"))
        snprintf(text + strlen(text), sizeof text - strlen(text), "  %s\n", line);
    cr_assert(with_values(text, &err), "%s", err.msg);
    expect_good_values();
}

Test(settings, the_command_line_beats_the_file)
{
    struct kerr err;
    const char *path = tmpdir_write(&dir, "values.yaml", good);

    cr_assert(finish(WORDS("--values", path, "--host", "other", "--port", "1", "--pipeline-depth",
                           "2", "--bucket-attribute", "y-b"),
                     &err), "%s", err.msg);
    cr_expect_str_eq(s.host, "other");
    cr_expect_eq(s.port, 1);
    cr_expect_eq(s.depth, 2);
    cr_expect_str_eq(s.bucket_attribute, "y-b");
    cr_expect(s.compound_create);
}

Test(settings, the_command_line_beats_compound_create_too)
{
    struct kerr err;
    const char *path = tmpdir_write(&dir, "values.yaml", good);

    cr_assert(finish(WORDS("--values", path, "--no-compound-create"), &err), "%s", err.msg);
    cr_expect(!s.compound_create && s.values_enabled);
    cr_assert(finish(WORDS("--host", "a", "--no-compound-create"), &err), "%s", err.msg);
    cr_expect(!s.compound_create);
    path = tmpdir_write(&dir, "values.yaml", "kmip: {hosts: [a], compoundCreate: false}\n");
    cr_assert(finish(WORDS("--values", path, "--compound-create"), &err), "%s", err.msg);
    cr_expect(s.compound_create);
}

Test(settings, merge_keys_bring_what_the_block_does_not_say)
{
    static const char *const rows[] = {
        "common: &c {port: 7, hosts: [kms.example]}\nkmip:\n  <<: *c\n  port: 5697\n",
        "a: &a {port: 5697}\nb: &b {port: 7, hosts: [kms.example]}\nkmip: {<<: [*a, *b]}\n",
        "a: &a {kmip: {port: 5697, hosts: [kms.example]}}\ncloudserver:\n  <<: *a\n",
        "a: &a {hosts: [kms.example]}\nb: &b {<<: *a, port: 5697}\nkmip: {<<: *b}\n",
    };
    struct kerr err;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cr_assert(with_values(rows[i], &err), "%zu: %s", i, err.msg);
        cr_expect_str_eq(s.host, "kms.example");
        cr_expect_eq(s.port, 5697, "%zu: %lld", i, (long long)s.port);
    }
}

/* Without --certs, so that the environment is asked for them. */
static bool finish_bare(struct kerr *err)
{
    *err = (struct kerr)KERR_INIT;
    return kc_settings_finish(&s, err);
}

Test(settings, the_environment_gives_what_nothing_else_does)
{
    struct kerr err;

    setenv("KMIP_HOST", "kms.env", 1);
    setenv("KMIP_PORT", "7000", 1);
    setenv("KMIP_CERTS", tmpdir_file(&dir, "pki/client"), 1);
    kc_settings_init(&s);
    cr_assert(finish_bare(&err), "%s", err.msg);
    cr_expect_str_eq(s.host, "kms.env");
    cr_expect_eq(s.port, 7000);
    cr_expect_str_eq(s.files.ca, tmpdir_file(&dir, "pki/client/kmip-ca.pem"));
}

Test(settings, file_and_command_line_beat_the_environment)
{
    struct kerr err;

    setenv("KMIP_HOST", "kms.env", 1);
    setenv("KMIP_PORT", "7000", 1);
    setenv("KMIP_CERTS", "/nowhere", 1);
    cr_assert(with_values(good, &err), "%s", err.msg);
    expect_good_values();
    cr_assert(finish(WORDS("--host", "mine", "--port", "5696"), &err), "%s", err.msg);
    cr_expect_str_eq(s.host, "mine");
    cr_expect_eq(s.port, 5696);
}

Test(settings, one_file_takes_the_place_of_the_environments)
{
    struct kerr err;
    const char *other = tmpdir_file(&dir, "pki/other/kmip-key.pem");

    setenv("KMIP_HOST", "kms.env", 1);
    setenv("KMIP_CERTS", tmpdir_file(&dir, "pki/client"), 1);
    kc_settings_init(&s);
    s.key = other;
    cr_assert(finish_bare(&err), "%s", err.msg);
    cr_expect_str_eq(s.files.key, other);
    cr_expect_str_eq(s.files.cert, tmpdir_file(&dir, "pki/client/kmip-cert.pem"));

    unsetenv("KMIP_CERTS");
    setenv("KMIP_CA", tmpdir_file(&dir, "pki/client/kmip-ca.pem"), 1);
    setenv("KMIP_CERT", tmpdir_file(&dir, "pki/client/kmip-cert.pem"), 1);
    setenv("KMIP_KEY", tmpdir_file(&dir, "pki/client/kmip-key.pem"), 1);
    kc_settings_init(&s);
    s.key = other;
    cr_assert(finish_bare(&err), "%s", err.msg);
    cr_expect_str_eq(s.files.key, other);
    cr_expect_str_eq(s.files.ca, tmpdir_file(&dir, "pki/client/kmip-ca.pem"));
}

Test(settings, certificates_given_whole_leave_the_environment_alone)
{
    struct kerr err;

    setenv("KMIP_HOST", "kms.env", 1);
    setenv("KMIP_CERTS", "/nowhere", 1);
    setenv("KMIP_KEY", "/nowhere/key.pem", 1);
    kc_settings_init(&s);
    s.certs = tmpdir_file(&dir, "pki/client");
    cr_assert(finish_bare(&err), "%s", err.msg);
    kc_settings_init(&s);
    s.ca = tmpdir_file(&dir, "pki/client/kmip-ca.pem");
    s.cert = tmpdir_file(&dir, "pki/client/kmip-cert.pem");
    s.key = tmpdir_file(&dir, "pki/client/kmip-key.pem");
    cr_assert(finish_bare(&err), "%s", err.msg);
    cr_expect_str_eq(s.files.key, tmpdir_file(&dir, "pki/client/kmip-key.pem"));
}

Test(settings, the_environment_may_name_three_files)
{
    struct kerr err;

    setenv("KMIP_HOST", "kms.env", 1);
    setenv("KMIP_CA", tmpdir_file(&dir, "pki/client/kmip-ca.pem"), 1);
    setenv("KMIP_CERT", tmpdir_file(&dir, "pki/client/kmip-cert.pem"), 1);
    setenv("KMIP_KEY", tmpdir_file(&dir, "pki/client/kmip-key.pem"), 1);
    kc_settings_init(&s);
    cr_assert(finish_bare(&err), "%s", err.msg);
    cr_expect_str_eq(s.files.key, tmpdir_file(&dir, "pki/client/kmip-key.pem"));
}

Test(settings, a_port_of_the_environment_must_be_one)
{
    static const char *const bad[] = {"x", "0", "65536", "-1", " 1"};
    struct kerr err;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        setenv("KMIP_PORT", bad[i], 1);
        cr_expect(!finish(WORDS("--host", "a"), &err), "%s", bad[i]);
        cr_expect(strstr(err.msg, "KMIP_PORT"), "%s: %s", bad[i], err.msg);
        cr_expect(finish(WORDS("--host", "a", "--port", "9"), &err), "%s", err.msg);
    }
}

Test(settings, one_of_several_hosts_can_be_chosen)
{
    struct kerr err;
    const char *path = tmpdir_write(&dir, "v.yaml", "kmip: {hosts: [a, b, c]}\n");

    cr_assert(finish(WORDS("--values", path, "--host", "b"), &err), "%s", err.msg);
    cr_expect_str_eq(s.host, "b");
}

Test(settings, an_empty_attribute_name_is_none)
{
    struct kerr err;

    cr_assert(with_values("kmip: {hosts: [a], bucketAttributeName: ''}", &err), "%s", err.msg);
    cr_expect_null(s.bucket_attribute);
    cr_assert(with_values("kmip: {hosts: [a], bucketAttributeName: }", &err), "%s", err.msg);
    cr_expect_null(s.bucket_attribute);
}

Test(settings, depth_0_becomes_1)
{
    struct kerr err;

    cr_assert(finish(WORDS("--host", "a", "--pipeline-depth", "0"), &err), "%s", err.msg);
    cr_expect_eq(s.depth, 1);
    cr_assert(with_values("kmip: {hosts: [a], pipelineDepth: 0}", &err), "%s", err.msg);
    cr_expect_eq(s.depth, 1);
}

Test(settings, connection_parameters)
{
    struct kerr err;
    struct kc_connect o;
    char port[16];

    cr_assert(finish(WORDS("--host", "a", "--match", "position", "--timeout", "5", "--protocol",
                           "1.1"),
                     &err), "%s", err.msg);
    kc_connect_from(&s, port, &o);
    cr_expect_str_eq(o.host, "a");
    cr_expect_str_eq(o.port, "5696");
    cr_expect_eq(o.match, KC_MATCH_POSITION);
    cr_expect_eq(o.timeout_ns, 5 * NS_PER_S);
    cr_expect_eq(o.depth, 8u);
    cr_expect_eq(s.version, 0x11);
    cr_expect(strstr(o.files.key, "pki/client/kmip-key.pem"));
}

/* Everything that can be wrong in a values file, with where and what. */
static const struct {
    const char *name, *yaml;
    const char *expect[2]; /* parts of the message; the first is the place */
} bad_values[] = {
    {"empty file", "", {":1:1: ", "the file is empty"}},
    {"no block", "cloud: 1\n", {":1:1: ", "no kmip: block"}},
    {"no block under cloudserver", "a: 1\ncloudserver:\n  x: 1\n", {":3:3: ", "no kmip: block"}},
    {"not a map", "- kmip\n", {":1:1: ", "no kmip: block"}},
    {"two blocks", "kmip: {hosts: [a]}\ncloudserver:\n  kmip: {hosts: [b]}\n",
     {":3:9: ", "a second kmip: block, beside the one at the top of the file (line 1)"}},
    {"two blocks at the top", "kmip: {hosts: [a]}\nkmip: {hosts: [b]}\n",
     {":2:1: ", "a second kmip:, beside the one in line 1"}},
    {"two blocks under cloudserver", "cloudserver:\n  kmip: {hosts: [a]}\n  kmip: {hosts: [b]}\n",
     {":3:3: ", "a second kmip:, beside the one in line 2"}},
    {"cloudserver twice", "cloudserver: {kmip: {hosts: [a]}}\na: 1\ncloudserver: {}\n",
     {":3:1: ", "a second cloudserver:, beside the one in line 1"}},
    {"merge of no map", "a: &a [1]\nkmip:\n  <<: *a\n  hosts: [a]\n",
     {":1:8: ", "expected a map for <<"}},
    {"block is a text", "kmip: yes please\n", {":1:7: ", "expected a map"}},
    {"syntax", "kmip:\n  hosts: [a\n", {":3:1: ", ""}},
    {"enabled: false", "kmip:\n  enabled: false\n  hosts: [a]\n",
     {":2:12: ", "KMIP is switched off here (enabled: false)"}},
    {"enabled is no truth value", "kmip:\n  enabled: 1\n", {":2:12: ", "true or false"}},
    {"no hosts", "kmip:\n  enabled: true\n", {":2:3: ", "hosts names no server"}},
    {"hosts empty", "kmip:\n  hosts: []\n", {":2:10: ", "hosts is empty"}},
    {"hosts null", "kmip:\n  hosts:\n", {":2:", "hosts names no server"}},
    {"hosts a text", "kmip:\n  hosts: kms\n", {":2:10: ", "expected a list for hosts"}},
    {"two hosts", "kmip:\n  hosts:\n    - kms1\n    - kms2\n",
     {":4:7: ", "hosts lists 2 servers, but KMIP has no failover: choose one with --host "
                "(kms1, kms2)"}},
    {"host a map", "kmip:\n  hosts:\n    - {name: a}\n", {":3:7: ", "found a map"}},
    {"host a number", "kmip:\n  hosts: [10]\n", {":2:11: ", "found 10"}},
    {"host empty", "kmip:\n  hosts: ['']\n", {":2:11: ", "is empty"}},
    {"host with port", "kmip:\n  hosts: ['a:5696']\n", {":2:11: ", "without a port"}},
    {"host a URL", "kmip:\n  hosts: ['https://a']\n", {":2:11: ", "bare name"}},
    {"host with blank", "kmip:\n  hosts: ['a b']\n", {":2:11: ", "holds a blank"}},
    {"port a text", "kmip:\n  port: kmip\n", {":2:9: ", "whole number"}},
    {"port quoted", "kmip:\n  port: '5696'\n", {":2:9: ", "whole number"}},
    {"port octal, or not", "kmip:\n  port: 012\n", {":2:9: ", "without the leading zero"}},
    {"port 0", "kmip:\n  port: 0\n", {":2:9: ", "from 1 to 65535"}},
    {"port too high", "kmip:\n  port: 65536\n", {":2:9: ", "from 1 to 65535"}},
    {"compoundCreate a text", "kmip:\n  compoundCreate: 'true'\n", {":2:19: ", "true or false"}},
    {"depth negative", "kmip:\n  pipelineDepth: -1\n", {":2:18: ", "whole number"}},
    {"depth a fraction", "kmip:\n  pipelineDepth: 1.5\n", {":2:18: ", "whole number"}},
    {"attribute a number", "kmip:\n  hosts: [a]\n  bucketAttributeName: 5\n",
     {":3:24: ", "expected a text for bucketAttributeName, found 5"}},
    {"attribute a list", "kmip:\n  hosts: [a]\n  bucketAttributeName: [x]\n",
     {":3:24: ", "bucketAttributeName"}},
    {"unknown key", "kmip:\n  host: a\n", {":2:3: ", "unknown key 'host'; did you mean 'hosts'?"}},
    {"unknown key, none near", "kmip:\n  transport: tls\n",
     {":2:3: ", "known here: enabled, port, hosts, compoundCreate, bucketAttributeName, "
                "pipelineDepth"}},
    {"key twice", "kmip:\n  port: 1\n  port: 2\n", {":3:3: ", "given twice"}},
};

Test(settings, every_mistake_in_a_values_file_is_placed)
{
    for (size_t i = 0; i < sizeof bad_values / sizeof *bad_values; i++) {
        struct kerr err;
        cr_expect(!with_values(bad_values[i].yaml, &err), "%s: accepted", bad_values[i].name);
        cr_expect_eq(err.cls, KERR_CLASS_CONFIG, "%s: %s", bad_values[i].name, err.msg);
        cr_expect(strstr(err.msg, "values.yaml:"), "%s: no file in: %s", bad_values[i].name,
                  err.msg);
        for (size_t j = 0; j < 2; j++)
            cr_expect(strstr(err.msg, bad_values[i].expect[j]), "%s: '%s' is not in: %s",
                      bad_values[i].name, bad_values[i].expect[j], err.msg);
        cr_expect_eq(kerr_exit(&err), 2, "%s", bad_values[i].name);
    }
}

static const struct {
    const char *name, *words[6];
    enum kerr_code code;
    const char *expect;
} bad_words[] = {
    {"no host", {"--port", "1"}, KE_USAGE, "which server?"},
    {"host with port", {"--host", "a:1"}, KE_USAGE, "without a port"},
    {"empty host", {"--host", ""}, KE_USAGE, "is empty"},
    {"protocol", {"--host", "a", "--protocol", "2.0"}, KE_USAGE, "1.0, 1.1 or 1.2, not '2.0'"},
    {"protocol 1.4", {"--host", "a", "--protocol", "1.4"}, KE_USAGE, "not '1.4'"},
    {"protocol word", {"--host", "a", "--protocol", "new"}, KE_USAGE, "not 'new'"},
    {"match", {"--host", "a", "--match", "order"}, KE_USAGE, "'id' or 'position', not 'order'"},
    {"port", {"--host", "a", "--port", "0"}, KE_USAGE, "--port takes"},
    {"depth", {"--host", "a", "--pipeline-depth", "-1"}, KE_USAGE, "--pipeline-depth takes"},
    {"compound and not", {"--host", "a", "--compound-create", "--no-compound-create"}, KE_USAGE,
     "contradict each other"},
    {"timeout 0", {"--host", "a", "--timeout", "0"}, KE_USAGE, "--timeout"},
    {"timeout", {"--host", "a", "--timeout", "soon"}, KE_USAGE, "--timeout takes a duration"},
    {"values missing", {"--values", "/nowhere/values.yaml"}, KE_FILE, "/nowhere/values.yaml"},
    {"values a folder", {"--values", "/tmp"}, KE_FILE, "/tmp"},
    {"certs missing", {"--host", "a", "--certs", "/nowhere"}, KE_PEM, "/nowhere"},
    {"ca missing", {"--host", "a", "--ca", "/nowhere/ca.pem"}, KE_PEM,
     "cannot read /nowhere/ca.pem"},
    {"key missing", {"--host", "a", "--key", "/nowhere/k.pem"}, KE_PEM, "the file for --key"},
};

Test(settings, every_mistake_on_the_command_line_is_named)
{
    for (size_t i = 0; i < sizeof bad_words / sizeof *bad_words; i++) {
        struct kerr err;
        cr_expect(!finish(bad_words[i].words, &err), "%s: accepted", bad_words[i].name);
        cr_expect_eq(err.code, bad_words[i].code, "%s: %s: %s", bad_words[i].name,
                     kerr_name(err.code), err.msg);
        cr_expect(strstr(err.msg, bad_words[i].expect), "%s: '%s' is not in: %s",
                  bad_words[i].name, bad_words[i].expect, err.msg);
        cr_expect_eq(kerr_exit(&err), 2, "%s", bad_words[i].name);
    }
}

Test(settings, without_any_certificate_the_options_are_named)
{
    struct kerr err = KERR_INIT;

    kc_settings_init(&s);
    s.host = "a";
    cr_expect(!kc_settings_finish(&s, &err));
    cr_expect_eq(err.code, KE_USAGE);
    cr_expect(strstr(err.msg, "--certs DIR"), "%s", err.msg);
}

Test(settings, single_files_beat_the_folder)
{
    struct kerr err;
    const char *other = tmpdir_file(&dir, "pki/other/kmip-cert.pem");

    cr_assert(finish(WORDS("--host", "a", "--cert", other), &err), "%s", err.msg);
    cr_expect_str_eq(s.files.cert, other);
    cr_expect(strstr(s.files.key, "client/kmip-key.pem"));
}
