/* The control API: what can be asked, what is refused, and that changes are whole. */
#include "mockserver/tests/control_rig.h"

TestSuite(control, .init = set_up, .fini = tear_down_control, .timeout = 60);
TestSuite(control_objects, .init = set_up, .fini = tear_down_control, .timeout = 60);

/* --- looking ----------------------------------------------------------- */

Test(control, tells_health_state_and_routes)
{
    START_CONTROL("seed=7", "vendor=acme");
    json_t *v = expect_json(200, "GET", "/health", NULL);
    cr_expect_str_eq(text_of(v, "status"), "ok");
    json_decref(v);
    v = expect_json(200, "GET", "/state", NULL);
    cr_expect_eq(int_of(v, "seed"), 7);
    cr_expect_eq(int_of(v, "port"), server->port);
    cr_expect_eq(int_of(v, "control.port"), atoi(control_port_text));
    cr_expect_str_eq(text_of(v, "vendor"), "acme");
    cr_expect_str_eq(text_of(v, "version"), KMIP_CONFORM_VERSION);
    cr_expect_eq(int_of(v, "journal.room"), 1000);
    json_decref(v);
    v = expect_json(200, "GET", "/", NULL);
    cr_expect_gt(count_of(v, "routes"), 20);
    json_decref(v);
}

Test(control, counts_connections_requests_and_objects)
{
    START_CONTROL("seed=7");
    struct tls_conn *t = client();
    cr_assert_eq(create(t, 0, NULL).status, 0);
    cr_assert_eq(create(t, 0, NULL).status, 0);
    json_t *v = expect_json(200, "GET", "/state", NULL);
    cr_expect_eq(int_of(v, "connections.open"), 1);
    cr_expect_eq(int_of(v, "connections.accepted"), 1);
    cr_expect_eq(int_of(v, "requests"), 2);
    cr_expect_eq(int_of(v, "objects"), 2);
    json_decref(v);
    tls_free(&t);
}

Test(control, answers_head_without_a_body)
{
    START_CONTROL("seed=7");
    struct http h = http("HEAD", "/health", NULL);
    cr_expect_eq(h.status, 200);
    cr_expect_eq(h.n, 0);
    http_free(&h);
}

Test(control, keeps_answers_out_of_caches_and_guesses)
{
    START_CONTROL("seed=7");
    struct http h = http("GET", "/state", NULL);
    cr_expect(strstr(h.head, "Content-Type: application/json"), "%s", h.head);
    cr_expect(strstr(h.head, "Cache-Control: no-store"), "%s", h.head);
    cr_expect(strstr(h.head, "X-Content-Type-Options: nosniff"), "%s", h.head);
    http_free(&h);
}

/* --- refusing ---------------------------------------------------------- */

static const struct refusal {
    const char *method, *path, *body;
    int status;
    const char *field, *word; /* "": no field */
    int line, column;
} refusals[] = {
    {"GET", "/fault", NULL, 404, "", "did you mean /faults", 0, 0},
    {"GET", "/faults/", NULL, 404, "", "there is no /faults/", 0, 0},
    {"GET", "/%2e%2e/etc", NULL, 404, "", "GET / lists", 0, 0},
    {"PATCH", "/faults", NULL, 405, "", "GET, HEAD, POST, PUT, DELETE", 0, 0},
    {"DELETE", "/state", NULL, 405, "", "/state takes GET, HEAD", 0, 0},
    {"GET", "/state?x=1", NULL, 400, "x", "GET /state takes none", 0, 0},
    {"GET", "/faults/nobody", NULL, 404, "name", "no fault named 'nobody'", 0, 0},
    {"DELETE", "/faults/mayb", NULL, 404, "name", "did you mean 'maybe'", 0, 0},
    {"DELETE", "/faults", "[]", 400, "", "takes no body", 0, 0},
    {"POST", "/faults", NULL, 400, "", "needs a body", 0, 0},
    {"POST", "/faults", " \n", 400, "", "needs a body", 0, 0},
    {"POST", "/faults", "{\"action\": ", 400, "", "expected node content", 2, 1},
    {"POST", "/faults", "[{\"action\": \"drop\"}", 400, "", "',' or ']'", 2, 1},
    {"POST", "/faults", "{\"actoin\": \"drop\"}", 400, "faults[0].actoin", "'action'", 1, 2},
    {"POST", "/faults", "{\"count\": 2}", 400, "faults[0]", "key 'action' is missing", 1, 1},
    {"POST", "/faults", "[{\"action\": \"drop\"},\n {\"action\": \"drip\"}]", 400,
     "faults[1].action", "did you mean 'drop'", 2, 13},
    {"POST", "/faults", "[{\"action\": {\"reorder\": {\"window\": 1}}}]", 400,
     "faults[0].action.reorder.window", "from 2", 1, 36},
    {"POST", "/faults", "[{\"action\": {\"reorder\": {\"window\": \"4\"}}}]", 400,
     "faults[0].action.reorder.window", "the text '4'", 1, 36},
    {"POST", "/faults", "{\"faults\": [{\"action\": {\"delay\": \"soon\"}}]}", 400,
     "faults[0].action.delay", "soon", 1, 34},
    {"POST", "/faults", "{\"faults\": [], \"clock\": {}}", 400, "clock", "known here: faults", 1,
     16},
    {"POST", "/faults", "- action: drop\n  match:\n    operation: Creat\n", 400,
     "faults[0].match.operation", "did you mean 'Create'", 3, 16},
    {"POST", "/faults", "- match: {}\n", 400, "faults[0]", "key 'action' is missing", 1, 3},
    {"POST", "/faults", "{name: maybe, action: drop}", 400, "faults[0].name", "'maybe' already", 1,
     8},
    {"PUT", "/clock", "{\"ofset\": \"1s\"}", 400, "clock.ofset", "did you mean 'offset'", 1, 2},
    {"PUT", "/clock", "{\"offset\": \"fast\"}", 400, "clock.offset", "90s", 1, 12},
    {"PUT", "/clock", "{\"jumps\": [{\"after\": \"1s\"}]}", 400, "clock.jumps[0]", "'by'", 1, 12},
    {"POST", "/clock", "{\"advance\": \"-1s\"}", 400, "advance", "between 0s", 1, 13},
    {"POST", "/clock", "{}", 400, "", "key 'advance' is missing", 1, 1},
    {"PUT", "/scenarios/outag", "{\"state\": \"x\"}", 404, "name", "did you mean 'outage'", 0, 0},
    {"PUT", "/scenarios/outage", "{\"is\": \"x\"}", 400, "is", "unknown key", 1, 2},
    {"GET", "/journal?operation=Creat", NULL, 400, "operation", "did you mean 'Create'", 0, 0},
    {"GET", "/journal?operation=", NULL, 400, "operation", "no operation ''", 0, 0},
    {"GET", "/journal?limit=0", NULL, 400, "limit", "from 1 to 1000", 0, 0},
    {"GET", "/journal?limit=5&limit=6", NULL, 400, "limit", "given twice", 0, 0},
    {"GET", "/journal?since=x", NULL, 400, "since", "whole number", 0, 0},
    {"GET", "/journal?clint=x", NULL, 400, "clint", "did you mean 'client'", 0, 0},
    {"GET", "/journal?messages=xml", NULL, 400, "messages", "text, yaml, hex or none", 0, 0},
    {"GET", "/journal?count=1", NULL, 400, "count", "unknown key", 0, 0},
    {"GET", "/journal/wait?timeout=forever", NULL, 400, "timeout", "duration", 0, 0},
    {"GET", "/journal/wait?timeout=1h", NULL, 400, "timeout", "600s", 0, 0},
    {"GET", "/journal/wait?count=1001", NULL, 400, "count", "keeps 1000", 0, 0},
    {"GET", "/objects?state=Actve", NULL, 400, "state", "no state 'Actve'", 0, 0},
    {"GET", "/objects/none", NULL, 404, "identifier", "no object 'none'", 0, 0},
    {"DELETE", "/objects/none", NULL, 404, "identifier", "no object 'none'", 0, 0},
    {"POST", "/objects", "[{\"identifer\": \"x\"}]", 400, "preload[0].identifer", "'identifier'", 1,
     3},
    {"POST", "/reload", NULL, 409, "", "nothing to reload", 0, 0},
};

Test(control, refuses_with_the_field_and_the_place)
{
    START_CONTROL("seed=7",
                  "faults=[{name: maybe, match: {client: x, state: {scenario: outage, is: x}}, "
                  "action: drop}]");
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        const struct refusal *r = &refusals[i];
        struct http h = http(r->method, r->path, r->body);
        const char *what = r->body ? r->body : "";
        cr_expect_eq(h.status, r->status, "%s %s %s: %d", r->method, r->path, what, h.status);
        cr_expect(h.json, "%s %s %s: %s", r->method, r->path, what, h.body);
        cr_expect_str_eq(text_of(h.json, "error.field"), r->field, "%s %s %s: %s", r->method,
                         r->path, what, h.body);
        cr_expect(strstr(text_of(h.json, "error.message"), r->word), "%s %s %s: %s", r->method,
                  r->path, what, h.body);
        cr_expect_eq(int_of(h.json, "error.line"), r->line, "%s %s %s: %s", r->method, r->path,
                     what, h.body);
        cr_expect_eq(int_of(h.json, "error.column"), r->column, "%s %s %s: %s", r->method,
                     r->path, what, h.body);
        http_free(&h);
    }
    json_t *v = expect_json(200, "GET", "/faults", NULL);
    cr_expect_eq(count_of(v, "faults"), 1, "something was changed");
    json_decref(v);
}

Test(control, names_the_methods_of_a_path)
{
    START_CONTROL("seed=7");
    struct http h = http("PATCH", "/clock", NULL);
    cr_expect(strstr(h.head, "Allow: GET, HEAD, PUT, POST, DELETE"), "%s", h.head);
    http_free(&h);
}

Test(control, serves_this_machine_s_programs_and_no_foreign_pages)
{
    static const struct {
        const char *headers;
        int status;
    } rows[] = {
        {"Host: 127.0.0.1\r\n", 200},
        {"Host: 127.0.0.1:1\r\n", 200}, /* a tunnel */
        {"Host: 127.9.9.9:80\r\n", 200},
        {"Host: localhost:80\r\n", 200},
        {"Host: LOCALHOST\r\n", 200},
        {"Host: [::1]:80\r\n", 200},
        {"Host: example.org\r\n", 403},
        {"Host: localhost.example.org\r\n", 403},
        {"Host: 127.0.0.1.example.org\r\n", 403},
        {"Host: 10.0.0.1\r\n", 403},
        {"Host: [::2]:80\r\n", 403},
        {"Host: 8080\r\n", 403},
        {"Host: \r\n", 403},
        {"Host: localhost:80\r\nOrigin: http://localhost:80\r\n", 200},
        {"Host: localhost:80\r\nOrigin: http://localhost:81\r\n", 403},
        {"Host: localhost:80\r\nOrigin: https://localhost:80\r\n", 403},
        {"Host: localhost:80\r\nOrigin: http://example.org\r\n", 403},
        {"Host: localhost:80\r\nOrigin: null\r\n", 403},
        {"Host: localhost:80\r\nSec-Fetch-Site: none\r\n", 200},
        {"Host: localhost:80\r\nSec-Fetch-Site: same-origin\r\n", 200},
        {"Host: localhost:80\r\nSec-Fetch-Site: same-site\r\n", 403},
        {"Host: localhost:80\r\nSec-Fetch-Site: cross-site\r\n", 403},
    };
    START_CONTROL("seed=7");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct http h = http_take(http_begin("GET", "/health", rows[i].headers, NULL));
        cr_expect_eq(h.status, rows[i].status, "%s: %d", rows[i].headers, h.status);
        http_free(&h);
    }
    struct http h = http_take(http_begin(
        "POST", "/faults", "Host: localhost\r\nOrigin: http://example.org\r\n", "{action: drop}"));
    cr_expect_eq(h.status, 403);
    http_free(&h);
    h = http_take(http_begin("GET", "/health", "", NULL)); /* no Host at all */
    cr_expect_eq(h.status, 400);
    http_free(&h);
    json_t *v = expect_json(200, "GET", "/faults", NULL);
    cr_expect_eq(count_of(v, "faults"), 0);
    json_decref(v);
}

Test(control, listens_on_loopback_only)
{
    static const char *const places[] = {"0.0.0.0:0", "[::]:0"};
    struct kerr err;
    cr_assert(open_server(NULL, &(struct kerr)KERR_INIT));
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        kerr_clear(&err);
        cr_expect_not(
            control_open(server, &(struct control_options){.listen = places[i]}, &err));
        cr_expect_eq(err.code, KE_CONFIG);
        cr_expect(strstr(err.msg, "loopback only") && strstr(err.msg, places[i]), "%s", err.msg);
    }
    kerr_clear(&err);
    cr_expect_not(control_open(server, &(struct control_options){.listen = "nonsense"}, &err));
    cr_expect_null(server->control);
}

Test(control, bounds_bodies)
{
    START_CONTROL("seed=7");
    size_t n = (1 << 20) + 1;
    char *big = malloc(n + 1);
    memset(big, ' ', n);
    big[n] = '\0';
    struct http h = http("POST", "/faults", big);
    cr_expect_eq(h.status, 413);
    http_free(&h);
    /* The same without saying how long it is. */
    int fd = http_begin("POST", "/faults",
                        "Host: localhost\r\nTransfer-Encoding: chunked\r\n", NULL);
    char head[20];
    snprintf(head, sizeof head, "%zx\r\n", n);
    http_send(fd, head, strlen(head));
    http_send(fd, big, n);
    http_send(fd, "\r\n0\r\n\r\n", 7);
    h = http_take(fd);
    cr_expect_eq(h.status, 413);
    http_free(&h);
    free(big);
    expect_status(200, "GET", "/health", NULL);
}

/* --- faults ------------------------------------------------------------ */

static const char *names_in_force(void)
{
    static char out[400];
    json_t *v = expect_json(200, "GET", "/faults", NULL);
    out[0] = '\0';
    for (size_t i = 0; i < count_of(v, "faults"); i++)
        snprintf(out + strlen(out), sizeof out - strlen(out), "%s ",
                 text_of(json_array_get(at(v, "faults"), i), "name"));
    json_decref(v);
    return out;
}

Test(control, adds_faults_in_force_at_once)
{
    START_CONTROL("seed=7");
    struct tls_conn *t = client();
    cr_assert_eq(create(t, 0, NULL).status, 0);
    json_t *v = expect_json(201, "POST", "/faults",
                            "{\"name\": \"no\", \"match\": {\"operation\": \"Create\"}, "
                            "\"action\": {\"result\": {\"reason\": \"General Failure\"}}}");
    cr_expect_str_eq(text_of(v, "faults[0].name"), "no");
    cr_expect_str_eq(text_of(v, "faults[0].action"), "result");
    cr_expect_str_eq(text_of(v, "faults[0].declared.match.operation"), "Create");
    cr_expect_eq(int_of(v, "faults[0].count"), 1);
    json_decref(v);
    cr_expect_neq(create(t, 0, NULL).status, 0);
    cr_expect_eq(create(t, 0, NULL).status, 0);
    v = expect_json(200, "GET", "/faults/no", NULL);
    cr_expect_eq(int_of(v, "fired"), 1);
    json_decref(v);
    expect_status(200, "POST", "/faults/reset", NULL);
    cr_expect_neq(create(t, 0, NULL).status, 0);
    expect_status(200, "POST", "/faults/reset", NULL);
    expect_status(200, "DELETE", "/faults/no", NULL);
    cr_expect_eq(create(t, 0, NULL).status, 0);
    tls_free(&t);
}

Test(control, replaces_and_clears_for_connections_that_are_open)
{
    START_CONTROL("faults=[{name: old, action: {result: {reason: General Failure}}, "
                  "count: always}]");
    struct tls_conn *t = client();
    cr_expect_neq(create(t, 0, NULL).status, 0);
    expect_status(200, "PUT", "/faults",
                  "[{name: new, match: {operation: Activate}, action: {result: {reason: General "
                  "Failure}}}]");
    cr_expect_str_eq(names_in_force(), "new ");
    keep_uid(create(t, 0, NULL));
    cr_expect_neq(simple(t, KMIP_OPERATION_ACTIVATE).status, 0);
    expect_status(200, "PUT", "/faults", "faults: [{action: {result: {reason: General Failure}}}]");
    cr_expect_neq(create(t, 0, NULL).status, 0);
    expect_status(200, "PUT", "/faults", "[]");
    cr_expect_str_eq(names_in_force(), "");
    expect_status(201, "POST", "/faults", "[{action: drop}, {action: drop}]");
    cr_expect_str_eq(names_in_force(), "drop drop-2 ");
    expect_status(200, "DELETE", "/faults", NULL);
    cr_expect_str_eq(names_in_force(), "");
    cr_expect_eq(create(t, 0, NULL).status, 0);
    tls_free(&t);
}

Test(control, changes_all_faults_or_none)
{
    static const struct {
        const char *method, *body;
    } rows[] = {
        {"POST", "[{name: b, action: drop}, {name: c, action: {reorder: {window: 1}}}]"},
        {"POST", "[{name: b, action: drop}, {name: a, action: drop}]"},
        {"POST", "[{name: b, action: drop}, {name: b, action: drop}]"},
        {"PUT", "[{name: b, action: drop}, {name: c, action: nothing-such}]"},
        {"PUT", "[{name: b, action: drop}, {name: b, action: drop}]"},
    };
    START_CONTROL("faults=[{name: a, match: {client: nobody}, action: drop}]");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        expect_status(400, rows[i].method, "/faults", rows[i].body);
        cr_expect_str_eq(names_in_force(), "a ", "%s: %s", rows[i].body, names_in_force());
    }
}

/* Replies that a fault holds leave once the fault is taken away. */
Test(control, lets_held_replies_go_when_their_fault_goes)
{
    START_CONTROL("faults=[{name: hold, action: {reorder: {window: 3, max_wait: 60s}}, "
                  "count: always}]");
    struct tls_conn *t = client();
    uint8_t in[TLS_RECORD_MAX];
    begin(KMIP_OPERATION_QUERY);
    ttlv_w_enum(&writer, KMIP_TAG_QUERY_FUNCTION, KMIP_QUERY_FUNCTION_QUERY_OPERATIONS);
    kmip_item_end(&writer);
    kmip_request_end(&writer);
    cr_assert(ttlv_w_finish(&writer));
    say(t, buf_bytes(&message));
    expect_status(200, "GET", "/journal/wait?count=1&timeout=5s", NULL);
    cr_expect_eq(record(t, in, 100), -1, "it is not held");
    expect_status(200, "DELETE", "/faults", NULL);
    cr_expect_gt(record(t, in, WAIT_MS), 0);
    tls_free(&t);
}

Test(control, sets_states_of_scenarios)
{
    START_CONTROL("faults=[{name: down, match: {state: {scenario: outage, is: on}}, action: "
                  "{result: {reason: General Failure}}, count: always}]");
    struct tls_conn *t = client();
    cr_expect_eq(create(t, 0, NULL).status, 0);
    json_t *v = expect_json(200, "GET", "/scenarios", NULL);
    cr_expect_str_eq(text_of(v, "scenarios.outage"), "started");
    json_decref(v);
    expect_status(200, "PUT", "/scenarios/outage", "{\"state\": \"on\"}");
    cr_expect_neq(create(t, 0, NULL).status, 0);
    v = expect_json(200, "GET", "/scenarios/outage", NULL);
    cr_expect_str_eq(text_of(v, "state"), "on");
    json_decref(v);
    expect_status(200, "DELETE", "/scenarios/outage", NULL);
    cr_expect_eq(create(t, 0, NULL).status, 0);
    tls_free(&t);
}

/* --- clock ------------------------------------------------------------- */

Test(control, sets_the_clock_lets_time_pass_and_takes_it_back)
{
    START_CONTROL("clock.offset=+1h");
    struct tls_conn *t = client();
    create(t, 0, NULL);
    int64_t before = time_stamp();
    expect_status(200, "PUT", "/clock", "{\"offset\": \"-2h\"}");
    create(t, 0, NULL);
    cr_expect_lt(llabs(time_stamp() - before + 3 * 3600), 5);
    json_t *v = expect_json(200, "POST", "/clock", "{\"advance\": \"5h\"}");
    cr_expect_str_eq(text_of(v, "advanced"), "18000s");
    cr_expect_str_eq(text_of(v, "spec.offset"), "-7200s");
    cr_expect_str_eq(text_of(v, "ahead.life_cycle"), "10800s");
    json_decref(v);
    create(t, 0, NULL);
    cr_expect_lt(llabs(time_stamp() - before - 2 * 3600), 5);
    v = expect_json(200, "DELETE", "/clock", NULL);
    cr_expect_str_eq(text_of(v, "spec.offset"), "3600s");
    cr_expect_str_eq(text_of(v, "advanced"), "18000s");
    json_decref(v);
    tls_free(&t);
}

Test(control, shows_a_clock_that_can_be_set_again)
{
    static const char *const specs[] = {
        "{offset: -90s, rate: 0.5, applies_to: time_stamp}",
        "{freeze: 2024-02-29T12:00:00Z}",
        "{freeze: true}",
        "{jumps: [{after: 5 requests, by: +1h}, {after: 1500ms, by: -0.25s}]}",
        "{strobe: {by: +2s, every: 500ms}, applies_to: life_cycle}",
    };
    START_CONTROL("seed=7");
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
        json_t *v = expect_json(200, "PUT", "/clock", specs[i]);
        char *spec = json_dumps(at(v, "spec"), 0);
        json_t *again = expect_json(200, "PUT", "/clock", spec);
        cr_expect(json_equal(at(v, "spec"), at(again, "spec")), "%s: %s", specs[i], spec);
        free(spec);
        json_decref(again);
        json_decref(v);
    }
}

/* --- objects ----------------------------------------------------------- */

Test(control_objects, are_made_shown_and_removed)
{
    START_CONTROL("seed=7");
    json_t *v = expect_json(201, "POST", "/objects",
                            "[{identifier: k1, state: Active, names: [one]}, states]");
    cr_expect_eq(count_of(v, "identifiers"), 7);
    cr_expect_str_eq(text_of(v, "identifiers[0]"), "k1");
    json_decref(v);
    v = expect_json(200, "GET", "/objects?state=active", NULL);
    cr_expect_eq(int_of(v, "total"), 7);
    cr_expect_eq(count_of(v, "objects"), 2);
    json_decref(v);
    v = expect_json(200, "GET", "/objects?name=on*", NULL);
    cr_expect_eq(count_of(v, "objects"), 1);
    cr_expect_str_eq(text_of(v, "objects[0].names[0]"), "one");
    cr_expect_str_eq(text_of(v, "objects[0].algorithm"), "AES");
    json_decref(v);
    v = expect_json(200, "GET", "/objects?limit=3", NULL);
    cr_expect_eq(count_of(v, "objects"), 3);
    cr_expect(json_is_true(at(v, "more")));
    json_decref(v);
    v = expect_json(200, "GET", "/objects/k1", NULL);
    cr_expect_str_eq(text_of(v, "state"), "Active");
    cr_expect_gt(count_of(v, "attributes"), 8);
    json_decref(v);
    expect_status(200, "DELETE", "/objects/k1", NULL);
    expect_status(404, "GET", "/objects/k1", NULL);
    v = expect_json(200, "DELETE", "/objects", NULL);
    cr_expect_eq(int_of(v, "removed"), 6);
    json_decref(v);
    v = expect_json(200, "GET", "/objects", NULL);
    cr_expect_eq(int_of(v, "total"), 0);
    json_decref(v);
}

Test(control_objects, are_all_made_or_none)
{
    START_CONTROL("seed=7");
    expect_status(400, "POST", "/objects", "[{identifier: k1}, {identifier: k1}]");
    expect_status(400, "POST", "/objects", "[{identifier: k1}, {identifier: k2, state: Asleep}]");
    json_t *v = expect_json(200, "GET", "/objects", NULL);
    cr_expect_eq(int_of(v, "total"), 0);
    json_decref(v);
}

/* What was answered Pending is done when somebody looks. */
Test(control_objects, that_are_pending_are_there)
{
    START_CONTROL("seed=7");
    struct tls_conn *t = client();
    struct kmip_item it;
    struct ttlv_writer *w = begin_as(KMIP_OPERATION_CREATE, &(struct kmip_request){.async = true});
    ttlv_w_enum(w, KMIP_TAG_OBJECT_TYPE, KMIP_OBJECT_TYPE_SYMMETRIC_KEY);
    ttlv_w_open(w, KMIP_TAG_TEMPLATE_ATTRIBUTE);
    kmip_attribute_enum(w, "Cryptographic Algorithm", KMIP_CRYPTOGRAPHIC_ALGORITHM_AES);
    kmip_attribute_int(w, "Cryptographic Usage Mask", 12);
    ttlv_w_close(w);
    it = answer(t);
    cr_assert_eq(it.status, KMIP_RESULT_STATUS_OPERATION_PENDING);
    json_t *v = expect_json(200, "GET", "/objects", NULL);
    cr_expect_eq(count_of(v, "objects"), 1);
    json_decref(v);
    ttlv_w_bytes(begin(KMIP_OPERATION_CANCEL), KMIP_TAG_ASYNCHRONOUS_CORRELATION_VALUE,
                 it.correlation);
    struct ttlv_item result;
    it = answer(t);
    cr_expect(ttlv_find(&it.payload, KMIP_TAG_CANCELLATION_RESULT, &result) &&
              ttlv_enum(&result) == KMIP_CANCELLATION_RESULT_COMPLETED);
    tls_free(&t);
}

/* States are as the clock has them; looking does not write them down. */
Test(control_objects, have_the_state_of_the_moment)
{
    START_CONTROL("seed=7");
    struct tls_conn *t = client();
    char path[100];
    keep_uid(create(t, clock_wall_ns() / NS_PER_S + 3600, NULL));
    snprintf(path, sizeof path, "/objects/%s", uid);
    json_t *v = expect_json(200, "GET", path, NULL);
    cr_expect_str_eq(text_of(v, "state"), "Pre-Active");
    cr_expect_str_eq(text_of(v, "owner"), "kmip-client");
    json_decref(v);
    expect_status(200, "POST", "/clock", "{advance: 2h}");
    v = expect_json(200, "GET", path, NULL);
    cr_expect_str_eq(text_of(v, "state"), "Active");
    json_decref(v);
    expect_status(200, "PUT", "/clock", "{offset: -5h}");
    v = expect_json(200, "GET", path, NULL);
    cr_expect_str_eq(text_of(v, "state"), "Pre-Active");
    json_decref(v);
    tls_free(&t);
}

/* --- beside clients ---------------------------------------------------- */

Test(control, slow_callers_do_not_hold_up_clients)
{
    enum { CALLERS = 40 };
    int half[CALLERS], deaf;
    START_CONTROL("seed=7");
    struct tls_conn *t = client();
    for (int i = 0; i < 300; i++)
        cr_assert_eq(create(t, 0, NULL).status, 0);
    for (int i = 0; i < CALLERS; i++) {
        half[i] = http_dial();
        http_send(half[i], "POST /faults HTTP/1.1\r\nHost: local", 35);
    }
    deaf = http_begin("GET", "/journal?limit=1000&messages=text,yaml,hex", NULL, NULL);
    int64_t began = clock_mono_ns();
    for (int i = 0; i < 100; i++)
        cr_assert_eq(create(t, 0, NULL).status, 0);
    cr_expect_lt(clock_mono_ns() - began, 20 * NS_PER_S);
    expect_status(200, "GET", "/health", NULL);
    for (int i = 0; i < CALLERS; i++)
        close(half[i]);
    struct http h = http_take(deaf);
    cr_expect_geq(count_of(h.json, "exchanges"), 300);
    http_free(&h);
    tls_free(&t);
}

Test(control, does_not_keep_the_server_from_stopping)
{
    START_CONTROL("seed=7");
    int idle = http_dial();
    int64_t began = clock_mono_ns();
    stop();
    cr_expect_lt(clock_mono_ns() - began, 20 * NS_PER_S);
    control_close(server);
    control_close(server);
    close(idle);
}
