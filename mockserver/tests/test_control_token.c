/* Who may ask the control API, once it has a token; and the page, which anybody may have. */
#include "mockserver/tests/control_rig.h"

TestSuite(control_token, .init = set_up, .fini = tear_down_control, .timeout = 60);
TestSuite(control_page, .init = set_up, .fini = tear_down_control, .timeout = 60);

#define TOKEN "open-sesame-0123456789"

static void start_with_token(void)
{
    control_token = TOKEN;
    START_CONTROL("seed=7");
}

static struct http ask(const char *method, const char *path, const char *headers)
{
    return http_take(http_begin(method, path, headers, NULL));
}

Test(control_token, is_asked_for_by_every_route)
{
    static const char *const paths[] = {"/",       "/health", "/state",        "/faults",
                                        "/events", "/clock",  "/journal/wait", "/nowhere",
                                        "/page",   "/page/",  "/page/nothing"};
    start_with_token();
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct http h = http("GET", paths[i], NULL);
        cr_expect_eq(h.status, 401, "%s: %d", paths[i], h.status);
        cr_expect(strstr(h.head, "WWW-Authenticate: Bearer"), "%s", h.head);
        cr_expect_str_eq(text_of(h.json, "error.field"), "Authorization");
        cr_expect_not(strstr(h.body, TOKEN));
        http_free(&h);
    }
    expect_status(401, "POST", "/faults", "{action: drop}");
    expect_status(401, "DELETE", "/objects", NULL);
}

Test(control_token, opens_when_it_is_the_whole)
{
    static const struct {
        const char *headers;
        int status;
    } rows[] = {
        {"Authorization: Bearer " TOKEN "\r\n", 200},
        {"Authorization: bearer   " TOKEN "\r\n", 200},
        {"Authorization: Bearer " TOKEN "0\r\n", 401},
        {"Authorization: Bearer open-sesame\r\n", 401},
        {"Authorization: Bearer \r\n", 401},
        {"Authorization: Bearer\r\n", 401},
        {"Authorization: " TOKEN "\r\n", 401},
        {"Authorization: Basic " TOKEN "\r\n", 401},
        {"X-Token: " TOKEN "\r\n", 401},
        /* Any name of ours will do, but no page of another. */
        {"Host: mock.example\r\nAuthorization: Bearer " TOKEN "\r\n", 200},
        {"Host: mock.example\r\nOrigin: https://mock.example\r\nAuthorization: Bearer " TOKEN
         "\r\n", 200},
        {"Host: mock.example\r\nOrigin: http://other.example\r\nAuthorization: Bearer " TOKEN
         "\r\n", 403},
        {"Host: mock.example\r\nSec-Fetch-Site: cross-site\r\nAuthorization: Bearer " TOKEN
         "\r\n", 403},
    };
    start_with_token();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char headers[300];
        snprintf(headers, sizeof headers, "%s%s",
                 strstr(rows[i].headers, "Host:") ? "" : "Host: 127.0.0.1\r\n", rows[i].headers);
        struct http h = ask("GET", "/health", headers);
        cr_expect_eq(h.status, rows[i].status, "%s: %d", rows[i].headers, h.status);
        http_free(&h);
    }
}

Test(control_token, lets_it_listen_beyond_loopback)
{
    struct kerr err = KERR_INIT;
    cr_assert(open_server((const char *const[]){"control=x", NULL}, &err), "%s", err.msg);
    const struct control_options none = {.listen = "0.0.0.0:0", .token = ""};
    cr_expect_not(control_open(server, &none, &err));
    cr_expect(strstr(err.msg, "--control-token-file"), "%s", err.msg);
    kerr_clear(&err);
    const struct control_options some = {.listen = "0.0.0.0:0", .token = TOKEN};
    cr_assert(control_open(server, &some, &err), "%s", err.msg);
    snprintf(control_port_text, sizeof control_port_text, "%d", control_port(server->control));
    launch();
    expect_status(401, "GET", "/health", NULL);
}

/* --- the page ---------------------------------------------------------- */

#define HTML "Host: 127.0.0.1\r\nAccept: text/html,application/xhtml+xml;q=0.9\r\n"

Test(control_page, is_for_browsers_and_the_list_of_routes_for_others)
{
    START_CONTROL("seed=7");
    struct http h = ask("GET", "/", HTML);
    cr_expect_eq(h.status, 200);
    cr_expect(strstr(h.head, "Content-Type: text/html"), "%s", h.head);
    cr_expect(strstr(h.body, "<!doctype html>"), "%.100s", h.body);
    http_free(&h);
    h = ask("HEAD", "/", HTML);
    cr_expect(h.status == 200 && h.n == 0);
    http_free(&h);
    json_t *v = expect_json(200, "GET", "/", NULL);
    cr_expect_gt(count_of(v, "routes"), 20);
    json_decref(v);
    expect_status(404, "GET", "/page/nothing.js", NULL);
    expect_status(404, "GET", "/page/../control.c", NULL);
    expect_status(405, "POST", "/page/live.js", NULL);
}

/* Every file that the page or one of its scripts names; and nothing from elsewhere. */
static void follow_links(const char *text, const char *before, const char *path, int *n)
{
    for (const char *at = text; (at = strstr(at, before));) {
        char file[100];
        at += strlen(before);
        snprintf(file, sizeof file, "%s%.*s", path, (int)strcspn(at, "\""), at);
        struct http h = ask("GET", file, HTML);
        cr_expect_eq(h.status, 200, "%s", file);
        cr_expect(h.n > 100, "%s is empty", file);
        cr_expect(strstr(h.head, "Content-Security-Policy: default-src 'none'; script-src 'self'"),
                  "%s", h.head);
        cr_expect_not(strstr(h.body, "https://"), "%s", file);
        ++*n;
        if (strstr(file, "live.js"))
            follow_links(h.body, "from \"./", "/page/", n);
        http_free(&h);
    }
}

Test(control_page, is_there_with_all_its_files_without_a_token)
{
    int n = 0;
    start_with_token();
    struct http h = ask("GET", "/", HTML);
    cr_expect_eq(h.status, 200);
    cr_expect_not(strstr(h.body, TOKEN));
    cr_expect_not(strstr(h.body, "style="), "the policy forbids it");
    follow_links(h.body, "=\"/page/", "/page/", &n);
    cr_expect_geq(n, 6, "%d files", n);
    http_free(&h);
}
