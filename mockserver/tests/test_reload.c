/* A configuration read anew while the server runs: whole or not at all. */
#include "kmip/base/file.h"
#include "mockserver/reload.h"
#include "mockserver/tests/control_rig.h"

/* A server whose configuration stands in a file of the test. */

static const char *config_file(void)
{
    return tmpdir_file(&dir, "mock.yaml");
}

static void write_config(const char *text)
{
    struct kerr err = KERR_INIT;
    cr_assert(file_write(config_file(), bytes_str(text), 0600, &err), "%s", err.msg);
}

static bool load_again(void *arg, const struct opt_list *scenarios, struct mock_config *next,
                       struct kerr *err)
{
    const struct config_layers layers = {config_file(), scenarios, NULL};
    (void)arg;
    if (!config_load_layers(next, &layers, err))
        return false;
    next->listen = cfg.listen;
    next->certs = cfg.certs;
    next->control = cfg.control;
    return true;
}

static void start_with(const char *text)
{
    struct kerr err = KERR_INIT;
    write_config(text);
    cr_assert(config_load(&cfg, config_file(), NULL, &err), "%s", err.msg);
    cfg.listen = "127.0.0.1:0";
    cfg.certs = tmpdir_file(&dir, "pki/server");
    cfg.control = "127.0.0.1:0";
    server = calloc(1, sizeof *server);
    cr_assert(server && server_open(server, &cfg, &err), "%s", err.msg);
    cr_assert(control_open(server, &(struct control_options){.listen = cfg.control}, &err), "%s",
              err.msg);
    snprintf(control_port_text, sizeof control_port_text, "%d", control_port(server->control));
    server->load = load_again;
    server->has_file = true;
    launch();
}

static void reload_with(const char *text)
{
    write_config(text);
    expect_status(200, "POST", "/reload", NULL);
}

TestSuite(reload, .init = set_up, .fini = tear_down_control, .timeout = 60);
TestSuite(library, .init = set_up, .fini = tear_down_control, .timeout = 60);

static const char failing[] =
    "seed: 7\n"
    "faults:\n"
    "  - {name: fails, match: {operation: Create}, action: {result: {reason: General Failure}}, "
    "count: always}\n";

Test(reload, new_connections_get_the_new_faults_and_open_ones_keep_theirs)
{
    start_with(failing);
    struct tls_conn *old = client();
    cr_expect_neq(create(old, 0, NULL).status, 0);
    reload_with("seed: 7\n");
    cr_expect_neq(create(old, 0, NULL).status, 0);
    struct tls_conn *new = client();
    cr_expect_eq(create(new, 0, NULL).status, 0);
    json_t *v = expect_json(200, "GET", "/state", NULL);
    cr_expect_eq(int_of(v, "faults.in_force"), 0);
    cr_expect_eq(int_of(v, "faults.retired"), 1);
    json_decref(v);
    reload_with(failing);
    cr_expect_eq(create(new, 0, NULL).status, 0);
    cr_expect_neq(create(old, 0, NULL).status, 0);
    tls_free(&old);
    old = client();
    cr_expect_neq(create(old, 0, NULL).status, 0);
    tls_free(&old);
    tls_free(&new);
}

Test(reload, behaviour_changes_for_open_connections_too)
{
    start_with("seed: 7\n");
    struct tls_conn *t = client();
    cr_expect_eq(create(t, 5, "mine").status, 0);
    reload_with("{seed: 7, vendor: other, compound_create: reject, custom_attributes: reject}\n");
    cr_expect_neq(create(t, 5, NULL).status, 0);
    cr_expect_neq(create(t, 0, "mine").status, 0);
    cr_expect_eq(create(t, 0, NULL).status, 0);
    json_t *v = expect_json(200, "GET", "/state", NULL);
    cr_expect_str_eq(text_of(v, "vendor"), "other");
    json_decref(v);
    reload_with("seed: 7\n");
    cr_expect_eq(create(t, 5, "mine").status, 0);
    tls_free(&t);
}

Test(reload, the_clock_changes_when_something_is_new_about_it)
{
    start_with("{seed: 7, clock: {jumps: [{after: 2 requests, by: +1h}]}}\n");
    struct tls_conn *t = client();
    create(t, 0, NULL);
    int64_t before = time_stamp();
    create(t, 0, NULL);
    create(t, 0, NULL);
    cr_expect_gt(time_stamp(), before + 3500);
    reload_with("{seed: 7, vendor: x, clock: {jumps: [{after: 2 requests, by: +1h}]}}\n");
    create(t, 0, NULL);
    cr_expect_gt(time_stamp(), before + 3500, "its jumps began anew");
    reload_with("{seed: 7, clock: {offset: -1h}}\n");
    create(t, 0, NULL);
    cr_expect_lt(time_stamp(), before - 3500);
    tls_free(&t);
}

Test(reload, what_the_api_changed_is_as_the_file_has_it_afterwards)
{
    start_with("seed: 7\n");
    struct tls_conn *t = client();
    expect_status(200, "PUT", "/clock", "{offset: +1h}");
    expect_status(201, "POST", "/faults", "{action: drop, match: {client: nobody}}");
    reload_with("seed: 7\n");
    json_t *v = expect_json(200, "GET", "/state", NULL);
    cr_expect_eq(int_of(v, "faults.in_force"), 0);
    json_decref(v);
    v = expect_json(200, "GET", "/clock", NULL);
    cr_expect_str_eq(text_of(v, "spec.offset"), "0s");
    json_decref(v);
    tls_free(&t);
}

/* A connection was promised its largest request when it opened. */
Test(reload, open_connections_keep_their_largest_request)
{
    start_with("{seed: 7, limits: {message_size: 400}}\n");
    struct tls_conn *t = client();
    cr_expect_eq(create(t, 0, NULL).status, 0);
    reload_with("{seed: 7, limits: {message_size: 256}}\n");
    cr_expect_eq(create(t, 0, NULL).status, 0);
    reload_with("{seed: 7, limits: {message_size: 100000}}\n");
    cr_expect_eq(create(t, 0, NULL).status, 0);
    tls_free(&t);
}

static const struct {
    const char *text, *field, *word;
    int line, column;
} refused[] = {
    {"seed: 7\nvendor: new\ncompund_create: reject\n", "compund_create", "'compound_create'", 3, 1},
    {"seed: 7\nvendor: new\nversions: [1.2, 1.9]\n", "versions[1]", "1.9", 3, 17},
    {"seed: 7\nvendor: new\nclock: {offset: much}\n", "clock.offset", "much", 3, 17},
    {"seed: 7\nvendor: new\nfaults:\n  - action: drop\n  - action: {reorder: {window: 1}}\n",
     "faults[1].action.reorder.window", "from 2", 5, 32},
    {"seed: 7\nvendor: new\nfaults: [\n", "", "", 4, 1},
    {"seed: 8\nvendor: new\n", "seed", "takes a restart", 1, 7},
    {"seed: 7\nvendor: new\nstore: other.db\n", "store", "takes a restart", 3, 8},
    {"seed: 7\nvendor: new\nclient_certificate: optional\n", "client_certificate",
     "takes a restart", 3, 21},
    {"seed: 7\nvendor: new\njournal: {exchanges: 5}\n", "journal", "takes a restart", 3, 10},
    {"seed: 7\nvendor: new\npreload: [states]\n", "preload", "POST /objects", 3, 10},
    {"vendor: new\n", "seed", "is not there any more", 0, 0},
};

Test(reload, is_whole_or_not_at_all)
{
    start_with(failing);
    struct tls_conn *t = client();
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        const char *text = refused[i].text;
        write_config(text);
        json_t *v = expect_json(400, "POST", "/reload", NULL);
        cr_expect_str_eq(text_of(v, "error.field"), refused[i].field, "%s: %s", text,
                         text_of(v, "error.field"));
        cr_expect(strstr(text_of(v, "error.message"), refused[i].word), "%s: %s", text,
                  text_of(v, "error.message"));
        cr_expect_eq(int_of(v, "error.line"), refused[i].line, "%s: %lld", text,
                     int_of(v, "error.line"));
        cr_expect_eq(int_of(v, "error.column"), refused[i].column, "%s: %lld", text,
                     int_of(v, "error.column"));
        if (refused[i].line)
            cr_expect_str_eq(text_of(v, "error.file"), config_file());
        json_decref(v);
        v = expect_json(200, "GET", "/state", NULL);
        cr_expect_str_eq(text_of(v, "vendor"), "kmip-mock", "%s", text);
        cr_expect_eq(int_of(v, "faults.in_force"), 1, "%s", text);
        json_decref(v);
        cr_expect_neq(create(t, 0, NULL).status, 0, "%s", text);
    }
    unlink(config_file());
    json_t *v = expect_json(400, "POST", "/reload", NULL);
    cr_expect(strstr(text_of(v, "error.message"), "mock.yaml"));
    json_decref(v);
    tls_free(&t);
}

/* Nothing points into a configuration that is gone: shows under AddressSanitizer. */
Test(reload, many_times_under_load)
{
    start_with(failing);
    struct tls_conn *t = client();
    for (int i = 0; i < 50; i++) {
        reload_with(i % 2 ? failing
                          : "{seed: 7, vendor: a much longer name than before, credentials: "
                            "[{username: ann, password: x}], clock: {connections: [{client: "
                            "'kmip-*', offset: +1h}]}}\n");
        create(t, 0, NULL);
        struct tls_conn *other = client();
        create(other, 0, NULL);
        tls_free(&other);
    }
    tls_free(&t);
}

/* --- scenarios chosen while it runs ------------------------------------ */

/* A library of the test's own. */
static void write_library(void)
{
    tmpdir_write(&dir, "mine.yaml", "# Create fails.\n#\n# In the field: now and then.\n"
                                    "faults: [{name: mine, match: {operation: Create}, action: "
                                    "{result: {reason: General Failure}}, count: always}]\n"
                                    "preload: [{identifier: of-mine}]\n");
    tmpdir_write(&dir, "other.yaml", "# Another vendor.\nvendor: other\n");
    setenv("KMIP_SCENARIOS", tmpdir_file(&dir, ""), 1);
}

static void expect_chosen(const char *names, const char *vendor, int faults)
{
    json_t *v = expect_json(200, "PUT", "/library", names);
    json_decref(v);
    v = expect_json(200, "GET", "/state", NULL);
    cr_expect_str_eq(text_of(v, "vendor"), vendor, "%s", names);
    cr_expect_eq(int_of(v, "faults.in_force"), faults, "%s", names);
    json_decref(v);
}

Test(library, is_chosen_from_at_once_for_open_connections_too)
{
    write_library();
    start_with("seed: 7\n");
    struct tls_conn *t = client();
    cr_assert_eq(create(t, 0, NULL).status, 0);
    expect_chosen("mine", "kmip-mock", 1);
    cr_expect_neq(create(t, 0, NULL).status, 0);
    expect_status(200, "GET", "/objects/of-mine", NULL);
    expect_chosen("{scenarios: [mine, other]}", "other", 1);
    json_t *v = expect_json(200, "GET", "/library", NULL);
    cr_expect_eq(count_of(v, "in_force"), 2);
    cr_expect_str_eq(text_of(v, "scenarios[0].name"), "mine");
    cr_expect_str_eq(text_of(v, "scenarios[0].text"),
                     "Create fails.\n\nIn the field: now and then.\n");
    json_decref(v);
    reload_with("seed: 7\nlimits: {batch_items: 7}\n"); /* with those that are in force */
    expect_chosen("[]", "kmip-mock", 0);
    cr_expect_eq(create(t, 0, NULL).status, 0);
    expect_status(200, "GET", "/objects/of-mine", NULL); /* what was made stays */
    tls_free(&t);
}

Test(library, refuses_what_it_does_not_have_and_changes_nothing)
{
    static const struct {
        const char *names, *word;
    } rows[] = {{"min", "did you mean 'mine'"},    {"[mine, ../mine]", "is a path"},
                {"/etc/passwd", "is a path"},      {"mine.yaml", "is a path"},
                {"{scenario: mine}", "scenarios"}, {"[[mine]]", ""}};
    write_library();
    start_with(failing);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        json_t *v = expect_json(400, "PUT", "/library", rows[i].names);
        cr_expect(strstr(text_of(v, "error.message"), rows[i].word), "%s: %s", rows[i].names,
                  text_of(v, "error.message"));
        json_decref(v);
        v = expect_json(200, "GET", "/library", NULL);
        cr_expect_eq(count_of(v, "in_force"), 0, "%s", rows[i].names);
        json_decref(v);
    }
    json_t *v = expect_json(200, "GET", "/faults", NULL);
    cr_expect_str_eq(text_of(v, "faults[0].name"), "fails");
    json_decref(v);
}

Test(library, needs_a_configuration_that_can_be_read_again)
{
    write_library();
    START_CONTROL("seed=7");
    expect_status(409, "PUT", "/library", "mine");
}

Test(library, changes_the_order_of_replies_on_open_connections)
{
    tmpdir_write(&dir, "mixed.yaml", "# Mixed.\nreplies: {reorder: {window: 2, max_wait: 10s}}\n");
    setenv("KMIP_SCENARIOS", tmpdir_file(&dir, ""), 1);
    start_with("seed: 7\n");
    struct tls_conn *t = client();
    cr_assert_eq(create(t, 0, NULL).status, 0);
    expect_chosen("mixed", "kmip-mock", 0);
    struct buf both;
    buf_init(&both, BUF_NO_LIMIT);
    put_requests(&both, 2);
    say(t, buf_bytes(&both));
    buf_clear(&both);
    json_t *v = expect_json(200, "GET", "/journal/wait?since=2&count=2&fault=replies.reorder", NULL);
    cr_expect_gt(int_of(v, "exchanges[0].left_turn"), int_of(v, "exchanges[1].left_turn"));
    json_decref(v);
    tls_free(&t);
}

/* --- SIGHUP ------------------------------------------------------------ */

static void hang_up(void *arg)
{
    (void)arg;
    server_hangup(server);
}

Test(reload, happens_at_a_hangup)
{
    start_with("seed: 7\n");
    write_config("{seed: 7, vendor: new}\n");
    in_server(hang_up, NULL);
    json_t *v = expect_json(200, "GET", "/state", NULL);
    cr_expect_str_eq(text_of(v, "vendor"), "new");
    json_decref(v);
    write_config("{seed: 7, vendor: [}\n");
    in_server(hang_up, NULL);
    expect_status(200, "GET", "/health", NULL);
}

Test(reload, has_nothing_to_do_without_a_file)
{
    START_CONTROL("seed=7");
    in_server(hang_up, NULL);
    expect_status(200, "GET", "/health", NULL);
}
