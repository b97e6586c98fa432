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

static bool load_again(void *arg, struct mock_config *next, struct kerr *err)
{
    (void)arg;
    if (!config_load(next, config_file(), NULL, err))
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
    launch();
}

static void reload_with(const char *text)
{
    write_config(text);
    expect_status(200, "POST", "/reload", NULL);
}

TestSuite(reload, .init = set_up, .fini = tear_down_control, .timeout = 60);

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
