/* The journal by the control API: what is shown, what is waited for. */
#include "mockserver/tests/control_rig.h"

TestSuite(control_journal, .init = set_up, .fini = tear_down_control, .timeout = 60);
TestSuite(control_wait, .init = set_up, .fini = tear_down_control, .timeout = 60);

/* --- showing ----------------------------------------------------------- */

static void create_and_activate(struct tls_conn *t)
{
    keep_uid(create(t, 0, NULL));
    cr_assert_eq(simple(t, KMIP_OPERATION_ACTIVATE).status, 0);
}

Test(control_journal, shows_exchanges_decoded)
{
    START_CONTROL("faults=[{name: slow, match: {operation: Activate}, action: {delay: 5ms}}]");
    struct tls_conn *t = client();
    create_and_activate(t);
    json_t *v = expect_json(200, "GET", "/journal?messages=text,yaml,hex", NULL);
    cr_assert_eq(count_of(v, "exchanges"), 2);
    const json_t *e = at(v, "exchanges[1]");
    cr_expect_eq(int_of(e, "number"), 2);
    cr_expect_eq(int_of(e, "connection"), 1);
    cr_expect_eq(int_of(e, "nth"), 2);
    cr_expect_str_eq(text_of(e, "client"), "kmip-client");
    cr_expect_str_eq(text_of(e, "operations[0]"), "Activate");
    cr_expect_str_eq(text_of(e, "unique_identifier"), uid);
    cr_expect_str_eq(text_of(e, "result.status"), "Success");
    cr_expect_str_eq(text_of(e, "faults[0]"), "slow");
    cr_expect(strstr(text_of(e, "event"), "delayed"), "%s", text_of(e, "event"));
    cr_expect(strstr(text_of(e, "request.text"), "Operation: Activate"));
    cr_expect(strstr(text_of(e, "reply.text"), "Result Status: Success"));
    cr_expect(strstr(text_of(e, "reply.yaml"), "Response Message:"));
    cr_expect(strstr(text_of(e, "reply.hex"), "42007B"), "%s", text_of(e, "reply.hex"));
    cr_expect_gt(int_of(e, "request.size"), 100);
    cr_expect(strlen(text_of(e, "time")) == strlen("2024-02-29T12:00:00.000Z"));
    json_decref(v);
    v = expect_json(200, "GET", "/journal?messages=none", NULL);
    cr_expect_null(at(v, "exchanges[0].request.text"));
    json_decref(v);
    tls_free(&t);
}

Test(control_journal, shows_what_happened_to_a_connection)
{
    START_CONTROL("faults=[{name: gone, action: {refuse: 1}}]");
    struct kerr err = KERR_INIT;
    int fd = tcp_connect("127.0.0.1", server_port, deadline_in_ms(WAIT_MS), &err);
    json_t *v = expect_json(200, "GET", "/journal/wait?fault=gone", NULL);
    cr_expect_eq(count_of(v, "exchanges"), 1);
    cr_expect_null(at(v, "exchanges[0].request"));
    cr_expect(strlen(text_of(v, "exchanges[0].event")) > 0);
    json_decref(v);
    close(fd); /* -1 when it was reset before it was there */
}

static const struct {
    const char *query;
    const char *numbers;
} filters[] = {
    {"", "1 2 3 4 5 "},
    {"operation=Create", "1 3 5 "},
    {"operation=create", "1 3 5 "},
    {"operation=Activate,Query", "2 4 "},
    {"operation=Locate", ""},
    {"client=kmip-other", "3 4 "},
    {"client=kmip-*", "1 2 3 4 5 "},
    {"client=nobody", ""},
    {"connection=2", "3 4 "},
    {"connection=9", ""},
    {"fault=slow", "2 4 "},
    {"fault=*", "2 4 5 "},
    {"fault=s*&client=kmip-client", "2 "},
    {"fault=slo", ""},
    {"since=3", "3 4 5 "},
    {"since=99", ""},
    {"limit=2", "4 5 "},
    {"limit=2&operation=Create", "3 5 "},
    {"since=1&limit=2", "1 2 "},
    {"since=2&limit=2&operation=Create", "3 5 "},
};

static void five_exchanges(void)
{
    struct tls_creds *other = client_creds("pki/other", false);
    struct kerr err = KERR_INIT;
    struct tls_conn *a = client(), *b = shake_hands(other, &err);
    cr_assert(b, "%s", err.msg);
    create_and_activate(a);
    create_and_activate(b);
    cr_expect_neq(create(a, 0, "refused").status, 0);
    tls_free(&a);
    tls_free(&b);
    tls_creds_free(&other);
}

Test(control_journal, chooses_what_is_shown)
{
    START_CONTROL("faults=[{name: slow, match: {operation: Activate}, action: {delay: 1ms}, "
                  "count: always}, {name: no, match: {nth: 3}, action: {result: {reason: General "
                  "Failure}}}]");
    five_exchanges();
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
        char path[200], numbers[100] = "";
        snprintf(path, sizeof path, "/journal?messages=none%s%s", filters[i].query[0] ? "&" : "",
                 filters[i].query);
        json_t *v = expect_json(200, "GET", path, NULL);
        for (size_t k = 0; k < count_of(v, "exchanges"); k++)
            snprintf(numbers + strlen(numbers), sizeof numbers - strlen(numbers), "%lld ",
                     int_of(json_array_get(at(v, "exchanges"), k), "number"));
        cr_expect_str_eq(numbers, filters[i].numbers, "%s: %s", filters[i].query, numbers);
        json_decref(v);
    }
}

Test(control_journal, finds_every_operation_of_a_batch)
{
    START_CONTROL("seed=7");
    struct tls_conn *t = client();
    begin(KMIP_OPERATION_QUERY);
    buf_clear(&message);
    buf_init(&message, BUF_NO_LIMIT);
    ttlv_w_init(&writer, &message, NULL);
    kmip_request_begin(&writer, &(struct kmip_request){.batch_count = 2});
    kmip_item_begin(&writer, KMIP_OPERATION_QUERY, bytes_str("a"));
    ttlv_w_enum(&writer, KMIP_TAG_QUERY_FUNCTION, KMIP_QUERY_FUNCTION_QUERY_OBJECTS);
    kmip_item_end(&writer);
    kmip_item_begin(&writer, KMIP_OPERATION_LOCATE, bytes_str("b"));
    answer(t);
    json_t *v = expect_json(200, "GET", "/journal?operation=Locate", NULL);
    cr_expect_eq(count_of(v, "exchanges[0].operations"), 2);
    cr_expect_str_eq(text_of(v, "exchanges[0].operations[1]"), "Locate");
    json_decref(v);
    tls_free(&t);
}

Test(control_journal, pages_and_tells_what_was_missed)
{
    START_CONTROL("journal.exchanges=4");
    struct tls_conn *t = client();
    for (int i = 0; i < 10; i++)
        create(t, 0, NULL);
    json_t *v = expect_json(200, "GET", "/journal?since=2&limit=3", NULL);
    long long first = int_of(v, "first"), next = int_of(v, "next");
    cr_expect_eq(first, (long long)server->journal.first);
    cr_expect_eq(int_of(v, "missed"), first - 2);
    cr_expect(json_is_true(at(v, "more")));
    cr_expect_eq(next, first + 3);
    json_decref(v);
    char path[60];
    snprintf(path, sizeof path, "/journal?since=%lld", next);
    v = expect_json(200, "GET", path, NULL);
    cr_expect_eq(int_of(v, "missed"), 0);
    cr_expect(json_is_false(at(v, "more")));
    cr_expect_eq(int_of(v, "next"), 11);
    json_decref(v);
    v = expect_json(200, "DELETE", "/journal", NULL);
    cr_expect_eq(int_of(v, "next"), 11);
    json_decref(v);
    v = expect_json(200, "GET", "/journal?since=11", NULL);
    cr_expect_eq(count_of(v, "exchanges"), 0);
    cr_expect_eq(int_of(v, "next"), 11);
    json_decref(v);
    tls_free(&t);
}

Test(control_journal, says_when_none_is_kept)
{
    START_CONTROL("journal.exchanges=0");
    json_t *v = expect_json(409, "GET", "/journal", NULL);
    cr_expect_str_eq(text_of(v, "error.field"), "journal.exchanges");
    json_decref(v);
}

/* --- waiting ----------------------------------------------------------- */

static void expect_waiting(int fd)
{
    int64_t until = deadline_in_ms(WAIT_MS);
    long long waiting = 0;
    while (waiting == 0 && clock_mono_ns() < until) {
        json_t *v = expect_json(200, "GET", "/state", NULL);
        waiting = int_of(v, "waiting");
        json_decref(v);
    }
    cr_expect_eq(waiting, 1);
    cr_expect_not(ready(fd, TLS_WANT_READ, 50), "it did not wait");
}

Test(control_wait, answers_once_so_many_are_there)
{
    START_CONTROL("seed=7");
    struct tls_conn *t = client();
    create(t, 0, NULL);
    int fd = http_begin("GET", "/journal/wait?count=3&operation=Create&timeout=60s", NULL, NULL);
    expect_waiting(fd);
    create(t, 0, NULL);
    keep_uid(create(t, 0, NULL));
    struct http h = http_take(fd);
    cr_expect_eq(h.status, 200);
    cr_expect_eq(count_of(h.json, "exchanges"), 3);
    http_free(&h);
    expect_status(200, "GET", "/journal/wait?count=3&timeout=0", NULL); /* no need to wait */
    tls_free(&t);
}

Test(control_wait, counts_from_a_number_on)
{
    START_CONTROL("seed=7");
    struct tls_conn *t = client();
    create(t, 0, NULL);
    create(t, 0, NULL);
    int fd = http_begin("GET", "/journal/wait?since=3&timeout=60s", NULL, NULL);
    expect_waiting(fd);
    create(t, 0, NULL);
    struct http h = http_take(fd);
    cr_expect_eq(int_of(h.json, "exchanges[0].number"), 3);
    http_free(&h);
    tls_free(&t);
}

Test(control_wait, ends_with_what_there_was_when_time_is_up)
{
    START_CONTROL("seed=7");
    struct tls_conn *t = client();
    create(t, 0, NULL);
    int64_t began = clock_mono_ns();
    json_t *v = expect_json(504, "GET", "/journal/wait?count=2&timeout=300ms", NULL);
    int64_t took = clock_mono_ns() - began;
    cr_expect(took > 290 * NS_PER_MS && took < 20 * NS_PER_S, "%g s", (double)took / 1e9);
    cr_expect_eq(count_of(v, "exchanges"), 1);
    cr_expect(strstr(text_of(v, "error.message"), "1 of 2"), "%s", text_of(v, "error.message"));
    json_decref(v);
    tls_free(&t);
}

/* A fault may label an exchange long after it came. */
Test(control_wait, sees_faults_that_strike_later)
{
    START_CONTROL("faults=[{name: idle, action: {idle_close: 1s}}]");
    struct tls_conn *t = client();
    create(t, 0, NULL);
    int fd = http_begin("GET", "/journal/wait?fault=idle&timeout=60s", NULL, NULL);
    expect_waiting(fd);
    struct http h = http_take(fd);
    cr_expect_eq(h.status, 200);
    cr_expect_str_eq(text_of(h.json, "exchanges[0].faults[0]"), "idle");
    http_free(&h);
    tls_free(&t);
}

Test(control_wait, lets_everybody_else_go_on)
{
    enum { WAITERS = 30 };
    int fds[WAITERS];
    START_CONTROL("seed=7");
    for (int i = 0; i < WAITERS; i++) {
        char path[80];
        snprintf(path, sizeof path, "/journal/wait?count=%d&timeout=60s", i + 1);
        fds[i] = http_begin("GET", path, NULL, NULL);
    }
    expect_status(200, "GET", "/health", NULL);
    struct tls_conn *t = client();
    for (int i = 0; i < WAITERS; i++)
        cr_assert_eq(create(t, 0, NULL).status, 0);
    for (int i = 0; i < WAITERS; i++) {
        struct http h = http_take(fds[i]);
        cr_expect_eq(h.status, 200);
        cr_expect_geq(count_of(h.json, "exchanges"), (size_t)i + 1);
        http_free(&h);
    }
    tls_free(&t);
}

Test(control_wait, ends_at_once_when_the_server_stops)
{
    START_CONTROL("seed=7");
    int fd = http_begin("GET", "/journal/wait?timeout=60s", NULL, NULL);
    expect_waiting(fd);
    int64_t began = clock_mono_ns();
    stop();
    struct http h = http_take(fd);
    cr_expect_lt(clock_mono_ns() - began, 20 * NS_PER_S);
    cr_expect_eq(h.status, 503);
    cr_expect_str_eq(text_of(h.json, "error.message"), "the server stops");
    http_free(&h);
}

Test(control_wait, counts_anew_when_the_journal_is_emptied)
{
    START_CONTROL("seed=7");
    struct tls_conn *t = client();
    create(t, 0, NULL);
    int fd = http_begin("GET", "/journal/wait?count=2&timeout=60s", NULL, NULL);
    expect_waiting(fd);
    expect_status(200, "DELETE", "/journal", NULL);
    create(t, 0, NULL);
    expect_waiting(fd);
    create(t, 0, NULL);
    struct http h = http_take(fd);
    cr_expect_eq(count_of(h.json, "exchanges"), 2);
    http_free(&h);
    tls_free(&t);
}

Test(control_wait, survives_callers_that_hang_up)
{
    START_CONTROL("seed=7");
    for (int i = 0; i < 20; i++)
        close(http_begin("GET", "/journal/wait?timeout=60s", NULL, NULL));
    struct tls_conn *t = client();
    create(t, 0, NULL);
    expect_status(200, "GET", "/journal/wait", NULL);
    tls_free(&t);
}
