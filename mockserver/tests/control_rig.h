/* A server with a control API in a thread of the test, and HTTP to it over real sockets. */
#ifndef MOCKSERVER_TESTS_CONTROL_RIG_H
#define MOCKSERVER_TESTS_CONTROL_RIG_H

#include <jansson.h>

#include "mockserver/control.h"
#include "mockserver/tests/server_thread.h"

/* Where it listens. */
static char control_port_text[16];
/* What it asks for, if set before it starts. */
static __attribute__((unused)) const char *control_token;

HELPER void start_control(const char *const sets[])
{
    struct kerr err = KERR_INIT;
    const char *all[40] = {"control=127.0.0.1:0"};
    for (size_t i = 0; sets[i]; i++)
        all[i + 1] = sets[i];
    cr_assert(open_server(all, &err), "%s", err.msg);
    const struct control_options o = {.listen = cfg.control, .token = control_token};
    cr_assert(control_open(server, &o, &err), "%s", err.msg);
    snprintf(control_port_text, sizeof control_port_text, "%d", control_port(server->control));
    launch();
}

#define START_CONTROL(...) start_control((const char *const[]){__VA_ARGS__, NULL})

HELPER void tear_down_control(void)
{
    if (running)
        stop();
    if (server)
        control_close(server);
    tear_down();
}

/* --- HTTP -------------------------------------------------------------- */

struct http {
    int status;
    char head[4000];
    char *body;
    size_t n;
    json_t *json; /* NULL: the body is none */
};

HELPER void http_free(struct http *h)
{
    free(h->body);
    json_decref(h->json);
    *h = (struct http){0};
}

HELPER int http_dial(void)
{
    struct kerr err = KERR_INIT;
    int fd = tcp_connect("127.0.0.1", control_port_text, deadline_in_ms(WAIT_MS), &err);
    cr_assert_geq(fd, 0, "%s", err.msg);
    return fd;
}

HELPER void http_send(int fd, const char *text, size_t n)
{
    while (n > 0) {
        ssize_t k = send(fd, text, n, MSG_NOSIGNAL);
        if (k < 0 && errno == EAGAIN && ready(fd, TLS_WANT_WRITE, WAIT_MS))
            continue;
        if (k <= 0)
            return; /* refused in the middle: what was answered tells */
        text += k;
        n -= (size_t)k;
    }
}

/* All until the other end closes. */
HELPER struct http http_take(int fd)
{
    struct buf in;
    struct http h = {0};
    buf_init(&in, BUF_NO_LIMIT);
    for (;;) {
        char piece[65536];
        cr_assert(ready(fd, TLS_WANT_READ, WAIT_MS), "no answer");
        ssize_t n = recv(fd, piece, sizeof piece, 0);
        if (n < 0 && errno == EAGAIN)
            continue;
        if (n <= 0)
            break;
        buf_put(&in, piece, (size_t)n);
    }
    close(fd);
    const char *all = buf_cstr(&in), *end = strstr(all, "\r\n\r\n");
    if (!end) { /* closed without an answer */
        buf_clear(&in);
        return h;
    }
    sscanf(all, "HTTP/1.1 %d", &h.status);
    snprintf(h.head, sizeof h.head, "%.*s", (int)(end - all), all);
    h.body = strdup(end + 4);
    h.n = in.n - (size_t)(end + 4 - all);
    h.json = json_loads(h.body, 0, NULL);
    buf_clear(&in);
    return h;
}

/* Sends without waiting for the answer. headers: lines that end with CRLF, or NULL for
 * the usual Host. */
HELPER int http_begin(const char *method, const char *path, const char *headers, const char *body)
{
    struct buf b;
    int fd = http_dial();
    buf_init(&b, BUF_NO_LIMIT);
    buf_printf(&b, "%s %s HTTP/1.1\r\nConnection: close\r\n", method, path);
    if (headers)
        buf_puts(&b, headers);
    else
        buf_printf(&b, "Host: 127.0.0.1:%s\r\n", control_port_text);
    if (body)
        buf_printf(&b, "Content-Length: %zu\r\n", strlen(body));
    buf_printf(&b, "\r\n%s", body ? body : "");
    http_send(fd, (const char *)b.p, b.n);
    buf_clear(&b);
    return fd;
}

HELPER struct http http(const char *method, const char *path, const char *body)
{
    return http_take(http_begin(method, path, NULL, body));
}

/* The answer's JSON, which must have come with this status. The caller's. */
HELPER json_t *expect_json(int status, const char *method, const char *path, const char *body)
{
    struct http h = http(method, path, body);
    cr_assert_eq(h.status, status, "%s %s: %d %s", method, path, h.status, h.body);
    cr_assert(h.json, "%s %s: %s", method, path, h.body);
    json_t *v = json_incref(h.json);
    http_free(&h);
    return v;
}

HELPER void expect_status(int status, const char *method, const char *path, const char *body)
{
    json_decref(expect_json(status, method, path, body));
}

/* "a.b[0].c" of v: NULL when it is not there. */
HELPER const json_t *at(const json_t *v, const char *path)
{
    while (v && *path) {
        char key[80];
        size_t n = strcspn(path, ".[");
        if (*path == '[') {
            v = json_array_get(v, strtoul(path + 1, (char **)&path, 10));
            path++;
        } else {
            snprintf(key, sizeof key, "%.*s", (int)n, path);
            v = json_object_get(v, key);
            path += n;
        }
        path += *path == '.';
    }
    return v;
}

HELPER const char *text_of(const json_t *v, const char *path)
{
    const char *text = json_string_value(at(v, path));
    return text ? text : "";
}

HELPER long long int_of(const json_t *v, const char *path)
{
    return json_integer_value(at(v, path));
}

HELPER size_t count_of(const json_t *v, const char *path)
{
    return json_array_size(at(v, path));
}

#endif
