/* HTTP for the control API (control.h).
 *
 * libmicrohttpd polls nothing itself: its epoll descriptor is watched by the server's
 * loop, and a timer runs for its time-outs. A request comes in pieces (on_request), is
 * answered when its body is whole, and may be suspended until the journal has what it
 * waits for. */
#include "mockserver/control.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "kmip/base/clock.h"
#include "kmip/base/log.h"
#include "kmip/base/text.h"
#include "kmip/base/token.h"
#include "kmip/net/tcp.h"
#include "mockserver/address.h"
#include "mockserver/control_priv.h"

enum {
    CONNECTIONS = 256,           /* at a time, those that wait included */
    CONNECTION_MEMORY = 32 << 10, /* head of a request */
    IDLE_S = 60,
    DISCARD_MAX = 8 << 20, /* of a body that is too large; beyond it the connection is cut */
    REQUEST_MEMORY = 1 << 20
};

/* --- one request ------------------------------------------------------- */

static struct control_request *request_new(struct control *c, struct MHD_Connection *http)
{
    struct control_request *rq = calloc(1, sizeof *rq);
    if (!rq)
        return NULL;
    *rq = (struct control_request){.control = c, .http = http, .name = ""};
    arena_init(&rq->arena, REQUEST_MEMORY);
    buf_init(&rq->body, CONTROL_BODY_MAX);
    return rq;
}

static void on_completed(void *cls, struct MHD_Connection *http, void **state,
                         enum MHD_RequestTerminationCode why)
{
    struct control_request *rq = *state;
    (void)cls, (void)http, (void)why;
    if (!rq)
        return;
    control_wait_free(rq);
    control_stream_free(rq);
    if (rq->response)
        MHD_destroy_response(rq->response);
    json_decref(rq->answer);
    ydoc_clear(&rq->doc);
    buf_clear(&rq->body);
    arena_clear(&rq->arena);
    free(rq);
    *state = NULL;
}

static bool put_header(struct MHD_Response *r, const char *name, const char *value)
{
    return !value || MHD_add_response_header(r, name, value) == MHD_YES;
}

static bool put_headers(const struct control_request *rq, struct MHD_Response *r)
{
    return put_header(r, "Content-Type", rq->type ? rq->type : "application/json") &&
           put_header(r, "Cache-Control", "no-store") &&
           put_header(r, "Allow", rq->allow) &&
           put_header(r, "WWW-Authenticate",
                      rq->status == MHD_HTTP_UNAUTHORIZED ? "Bearer" : NULL) &&
           control_page_headers(r);
}

/* Of rq->answer; NULL for none, or no memory. */
static struct MHD_Response *json_response(const struct control_request *rq)
{
    const size_t how = JSON_INDENT(2) | JSON_REAL_PRECISION(9);
    char *text = rq->answer ? json_dumps(rq->answer, how) : NULL;
    size_t n = text ? strlen(text) : 0;
    if (!text)
        return NULL;
    text[n++] = '\n'; /* in place of the NUL, which HTTP does not need */
    struct MHD_Response *r = MHD_create_response_from_buffer(n, text, MHD_RESPMEM_MUST_FREE);
    if (!r)
        free(text);
    return r;
}

static enum MHD_Result send_answer(struct control_request *rq)
{
    static char no_memory[] = "{\"error\": {\"message\": \"no memory\"}}\n";
    struct MHD_Response *r = rq->response ? rq->response : json_response(rq);
    if (!r) {
        rq->status = MHD_HTTP_INTERNAL_SERVER_ERROR;
        r = MHD_create_response_from_buffer(strlen(no_memory), no_memory, MHD_RESPMEM_PERSISTENT);
    }
    if (!r)
        return MHD_NO;
    rq->response = NULL;
    rq->finished = true;
    enum MHD_Result queued =
        put_headers(rq, r) ? MHD_queue_response(rq->http, rq->status, r) : MHD_NO;
    MHD_destroy_response(r);
    return queued;
}

/* --- its parts --------------------------------------------------------- */

static struct ynode *query_node(struct control_request *rq, const char *text, uint32_t place)
{
    struct ynode *n = arena_alloc(&rq->arena, sizeof *n);
    if (n)
        *n = (struct ynode){.kind = YNODE_SCALAR,
                            .line = 1,
                            .col = place,
                            .file = "query",
                            .plain = true,
                            .text = text,
                            .len = strlen(text)};
    return n;
}

enum { PARAMETERS_MAX = 32 };

struct gathering {
    struct control_request *rq;
    struct ynode *map;
    bool failed;
};

static enum MHD_Result gather(void *arg, enum MHD_ValueKind kind, const char *key,
                              const char *value)
{
    struct gathering *g = arg;
    struct ynode *map = g->map;
    (void)kind;
    uint32_t place = 2 * (uint32_t)map->n + 2;
    g->failed = map->n == PARAMETERS_MAX ||
                !(map->keys[map->n] = query_node(g->rq, key, place)) ||
                !(map->vals[map->n] = query_node(g->rq, value ? value : "", place + 1));
    if (!g->failed)
        map->n++;
    return g->failed ? MHD_NO : MHD_YES;
}

/* The query's parameters as a document, so that they are read by field tables too. */
static void read_query(struct control_request *rq)
{
    struct ynode *map = arena_alloc(&rq->arena, sizeof *map);
    struct gathering g = {.rq = rq, .map = map};
    if (map) {
        *map = (struct ynode){.kind = YNODE_MAP, .line = 1, .col = 1, .file = "query"};
        map->keys = arena_array(&rq->arena, PARAMETERS_MAX, sizeof *map->keys);
        map->vals = arena_array(&rq->arena, PARAMETERS_MAX, sizeof *map->vals);
    }
    if (!map || !map->keys || !map->vals) {
        control_answer(rq, MHD_HTTP_INTERNAL_SERVER_ERROR, NULL);
        return;
    }
    MHD_get_connection_values(rq->http, MHD_GET_ARGUMENT_KIND, gather, &g);
    if (g.failed)
        control_refuse(rq, MHD_HTTP_BAD_REQUEST, NULL, "more than %d parameters", PARAMETERS_MAX);
    else if (map->n > 0 && rq->route && !rq->route->params)
        control_refuse(rq, MHD_HTTP_BAD_REQUEST, map->keys[0]->text,
                       "unknown parameter '%s'; %s %s takes none", map->keys[0]->text,
                       rq->route->method, rq->route->path);
    rq->query = map;
}

/* The first call for a request: its head is there. What is refused here is answered
 * once the body has been taken, lest the connection be reset under the answer; but for
 * a body of which is known that it is too large. */
static bool begin(struct control_request *rq, const char *url, const char *method)
{
    int64_t length = 0;
    const char *declared = MHD_lookup_connection_value(rq->http, MHD_HEADER_KIND, "Content-Length");
    rq->started = true;
    if (control_guard(rq, method, url))
        control_find_route(rq, method, url);
    if (!rq->status)
        read_query(rq);
    if (!declared || (text_int(bytes_str(declared), 0, CONTROL_BODY_MAX, &length)))
        return true;
    control_refuse(rq, MHD_HTTP_CONTENT_TOO_LARGE, NULL, "a body has at most %u bytes",
                   CONTROL_BODY_MAX);
    return false;
}

static bool take_body(struct control_request *rq, const char *data, size_t *size)
{
    if (rq->status || rq->body.n + *size > CONTROL_BODY_MAX) {
        control_refuse(rq, MHD_HTTP_CONTENT_TOO_LARGE, NULL, "a body has at most %u bytes",
                       CONTROL_BODY_MAX);
        rq->discarded += *size;
    } else if (!buf_put(&rq->body, data, *size)) {
        control_answer(rq, MHD_HTTP_INTERNAL_SERVER_ERROR, NULL);
    }
    *size = 0;
    return rq->discarded <= DISCARD_MAX;
}

static void read_body(struct control_request *rq)
{
    struct kerr err = KERR_INIT;
    if (rq->route->body == BODY_NONE && rq->body.n == 0)
        return;
    if (!ydoc_parse(&rq->doc, "body", buf_bytes(&rq->body), &err))
        control_refuse_err(rq, NULL, &err);
    else if (rq->doc.root && rq->route->body == BODY_NONE)
        control_refuse(rq, MHD_HTTP_BAD_REQUEST, NULL, "%s %s takes no body", rq->route->method,
                       rq->route->path);
    else if (!rq->doc.root && rq->route->body == BODY_NEEDED)
        control_refuse(rq, MHD_HTTP_BAD_REQUEST, NULL, "%s %s needs a body: %s",
                       rq->route->method, rq->route->path, rq->route->help);
}

static enum MHD_Result finish(struct control_request *rq)
{
    if (!rq->status)
        read_body(rq);
    if (!rq->status)
        rq->route->run(rq);
    if (rq->wait && !rq->status) {
        MHD_suspend_connection(rq->http);
        return MHD_YES;
    }
    return send_answer(rq);
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *http, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *size, void **state)
{
    struct control_request *rq = *state;
    (void)version;
    if (!rq) {
        rq = *state = request_new(cls, http);
        if (!rq)
            return MHD_NO;
    }
    if (!rq->started)
        return begin(rq, url, method) ? MHD_YES : send_answer(rq);
    if (*size > 0)
        return take_body(rq, data, size) ? MHD_YES : MHD_NO;
    if (rq->wait) {
        control_wait_done(rq);
        return rq->status ? send_answer(rq) : MHD_YES;
    }
    return rq->finished ? MHD_YES : finish(rq);
}

/* --- in the loop ------------------------------------------------------- */

static void on_timer(uv_timer_t *h);

/* Sets the timer to what is due first. */
static void set_timer(struct control *c)
{
    MHD_UNSIGNED_LONG_LONG ms;
    int64_t deadline = control_waits_deadline(c), streams = control_streams_deadline(c);
    if (streams < deadline)
        deadline = streams;
    int wait = deadline_poll_ms(deadline);
    bool timed = MHD_get_timeout(c->daemon, &ms) == MHD_YES;
    if (timed && (wait < 0 || ms < (MHD_UNSIGNED_LONG_LONG)wait))
        wait = (int)(ms < INT32_MAX ? ms : INT32_MAX);
    if (wait >= 0)
        uv_timer_start(&c->timer, on_timer, (uint64_t)wait, 0);
    else
        uv_timer_stop(&c->timer);
}

static void turn(struct control *c)
{
    control_waits_look(c);
    control_streams_look(c);
    MHD_run(c->daemon);
    set_timer(c);
}

static void on_timer(uv_timer_t *h)
{
    turn(h->data);
}

static void on_readable(uv_poll_t *h, int status, int events)
{
    (void)status, (void)events;
    turn(h->data);
}

/* The journal changed, in the middle of an exchange: waits are looked at afterwards,
 * streams when their time has come. */
static void on_journal(void *arg, uint64_t number, enum journal_change what)
{
    struct control *c = arg;
    if (what != JOURNAL_LEFT && number < c->changed)
        c->changed = number;
    if (c->waits) {
        uv_timer_start(&c->timer, on_timer, 0, 0);
    } else if (c->streams && !c->stirred) {
        c->stirred = true;
        set_timer(c);
    }
}

/* The server stops: whoever waits is told so, now, for the loop may end with this turn. */
static void on_stop(void *arg)
{
    enum { ENOUGH = 3 }; /* turns for a short answer: resumed, answered, sent */
    struct control *c = arg;
    c->stopping = true;
    for (int i = 0; i < ENOUGH; i++)
        turn(c);
}

static void on_http_log(void *cls, const char *fmt, va_list ap)
{
    char text[400];
    (void)cls;
    vsnprintf(text, sizeof text, fmt, ap);
    text[strcspn(text, "\r\n")] = '\0';
    log_line(LOG_DEBUG, "control: %s", text);
}

/* --- opening and closing ----------------------------------------------- */

static void warn_beyond(const struct control *c)
{
    log_line(LOG_WARN,
             "the control API listens beyond loopback on %s, and HTTP does not hide its token from "
             "the network%s",
             c->options.listen,
             strlen(c->options.token) < TOKEN_SHORT ? "; the token is so short that it can be "
                                                      "guessed"
                                                    : "");
}

static int open_socket(struct control *c, struct kerr *err)
{
    struct address_bound at;
    int fd = tcp_listen(c->options.listen, &c->port, err);
    if (fd < 0) {
        kerr_wrap(err, "control API");
        return -1;
    }
    if (!address_bound(fd, &at, err)) {
        close(fd);
        return -1;
    }
    if (at.beyond_loopback && !control_has_token(c)) {
        kerr_set(err, KE_CONFIG,
                 "the control API changes the server without asking who you are: it listens on "
                 "loopback only, such as 127.0.0.1:%d, not on %s, unless --control-token-file "
                 "names a secret that whoever asks must show",
                 c->port, c->options.listen);
        close(fd);
        return -1;
    }
    if (at.beyond_loopback)
        warn_beyond(c);
    snprintf(c->host, sizeof c->host, "%s", at.host);
    return fd;
}

static bool start_daemon(struct control *c, struct kerr *err)
{
    int fd = open_socket(c, err);
    if (fd < 0)
        return false;
    /* From here on the socket is the daemon's, if there is one. */
    c->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL, on_request, c,
        MHD_OPTION_EXTERNAL_LOGGER, on_http_log, NULL, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL,
        MHD_OPTION_END);
    if (c->daemon)
        return true;
    close(fd);
    return kerr_set(err, KE_IO, "cannot start the HTTP server of the control API");
}

static void on_closed(uv_handle_t *h)
{
    struct control *c = h->data;
    if (--c->handles == 0)
        free(c);
}

/* A running loop is for clients: the handles do not keep it going. */
static bool watch(struct control *c, struct kerr *err)
{
    uv_loop_t *loop = &c->server->loop;
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(c->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    int rc = info ? uv_poll_init(loop, &c->poll, info->epoll_fd) : UV_ENOSYS;
    if (rc < 0)
        return kerr_set(err, KE_IO, "cannot watch the control API: %s", uv_strerror(rc));
    uv_timer_init(loop, &c->timer);
    c->handles = 2;
    c->poll.data = c->timer.data = c;
    uv_unref((uv_handle_t *)&c->poll);
    uv_unref((uv_handle_t *)&c->timer);
    rc = uv_poll_start(&c->poll, UV_READABLE, on_readable);
    return rc == 0 || kerr_set(err, KE_IO, "cannot watch the control API: %s", uv_strerror(rc));
}

static void destroy(struct control *c)
{
    if (c->handles) {
        uv_close((uv_handle_t *)&c->poll, on_closed);
        uv_close((uv_handle_t *)&c->timer, on_closed);
    }
    if (c->daemon)
        MHD_stop_daemon(c->daemon);
    c->daemon = NULL;
    if (!c->handles)
        free(c); /* else once the loop has closed them */
}

bool control_open(struct server *s, const struct control_options *o, struct kerr *err)
{
    struct control *c = calloc(1, sizeof *c);
    if (!c)
        return kerr_set(err, KE_MEMORY, "no memory for the control API");
    *c = (struct control){.server = s,
                          .options = *o,
                          .changed = UINT64_MAX,
                          .opened_ns = clock_mono_ns(),
                          .opened_wall_ns = clock_wall_ns()};
    if (!start_daemon(c, err) || !watch(c, err)) {
        destroy(c);
        return false;
    }
    s->control = c;
    s->journal.changed = on_journal;
    s->journal.changed_arg = c;
    s->on_stop = on_stop;
    s->on_stop_arg = c;
    return true;
}

void control_close(struct server *s)
{
    struct control *c = s->control;
    if (!c)
        return;
    if (!c->stopping)
        on_stop(c);
    s->control = NULL;
    s->journal.changed = NULL;
    s->on_stop = NULL;
    destroy(c);
}

const char *control_host(const struct control *c)
{
    return c->host;
}

int control_port(const struct control *c)
{
    return c->port;
}

void control_place(const struct control *c, char *out, size_t room)
{
    snprintf(out, room, strchr(c->host, ':') ? "[%s]:%d" : "%s:%d", c->host, c->port);
}
