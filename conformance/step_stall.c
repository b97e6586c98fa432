/* A step with `stall` (hostile.h): connections that say too little, too much, or end in the
 * middle. Meanwhile, and afterwards, the server serves others. */
#include "conformance/hostile.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/lib/requests.h"
#include "kmip/base/clock.h"
#include "kmip/net/tcp.h"

#define HOLD_NS (200 * NS_PER_MS)     /* unless the step says otherwise */
#define WITHIN_NS (5 * NS_PER_S)      /* for the end of a connection that is due */
#define FLOOD_BYTES (4u << 20)        /* of requests whose replies nobody reads */
#define FLOOD_NS (2 * NS_PER_S)

/* One connection of a nuisance. */
struct nuisance {
    int fd;                /* before TLS; -1 when tls has it, or none */
    struct tls_conn *tls;
};

struct stalling {
    struct running *rn;
    const struct case_step *step;
    struct kc_connect to;
    struct tls_creds *creds;
    struct buf request;    /* Query, a sound one */
    struct nuisance *v;
    size_t n;
};

struct stall_way {
    const char *name;
    const char *what;      /* for reports: "connections that ..." */
    bool tls;              /* behind a handshake */
    bool ends;             /* an answer is due, or the end of the connection */
    void (*run)(struct stalling *st, struct nuisance *x);
};

/* ---- bytes -------------------------------------------------------------------------- */

static bool ready(int fd, short events, int64_t deadline)
{
    struct pollfd p = {.fd = fd, .events = events};
    return poll(&p, 1, deadline_poll_ms(deadline)) > 0;
}

/* Before TLS. What the server does about it is seen by others. */
static void put(const struct nuisance *x, struct bytes data)
{
    ssize_t n = send(x->fd, data.p, data.n, MSG_NOSIGNAL);
    (void)n;
}

/* False: the server takes no more. */
static bool put_tls(const struct nuisance *x, struct bytes data, int64_t deadline)
{
    struct kerr ignored = KERR_INIT;
    while (data.n > 0) {
        size_t n = 0;
        enum tls_io r = tls_write(x->tls, data, &n, &ignored);
        if (r == TLS_FAILED || r == TLS_EOF)
            return false;
        data = bytes_of(data.p + n, data.n - n);
        if (r != TLS_OK &&
            !ready(tls_fd(x->tls), r == TLS_WANT_READ ? POLLIN : POLLOUT, deadline))
            return false;
    }
    return true;
}

static void put_some(const struct stalling *st, const struct nuisance *x, size_t n)
{
    bool ok = put_tls(x, bytes_of(st->request.p, n), deadline_in(WITHIN_NS));
    (void)ok;
}

/* An end without a farewell: what was not read is thrown away. */
static void reset(const struct nuisance *x)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};
    int r = setsockopt(x->tls ? tls_fd(x->tls) : x->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    (void)r;
}

/* ---- the ways ------------------------------------------------------------------------ */

/* The head of a ClientHello of TLS 1.2, of which 512 bytes are to come. */
static const uint8_t half_hello[] = {0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01,
                                     0xFC, 0x03, 0x03, 0x20, 0x20, 0x20, 0x20, 0x20};

static void silent(struct stalling *st, struct nuisance *x)
{
    (void)st, (void)x;
}

static void hello_cut(struct stalling *st, struct nuisance *x)
{
    (void)st;
    put(x, bytes_of(half_hello, sizeof half_hello));
}

static void hello_reset(struct stalling *st, struct nuisance *x)
{
    hello_cut(st, x);
    reset(x);
}

static void not_tls(struct stalling *st, struct nuisance *x)
{
    (void)st;
    put(x, bytes_str("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));
}

static void not_encrypted(struct stalling *st, struct nuisance *x)
{
    put(x, buf_bytes(&st->request));
}

static void noise(struct stalling *st, struct nuisance *x)
{
    uint8_t bytes[4096];
    (void)st;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 167 + 13);
    put(x, bytes_of(bytes, sizeof bytes));
}

static void half_header(struct stalling *st, struct nuisance *x)
{
    put_some(st, x, 5);
}

static void half_message(struct stalling *st, struct nuisance *x)
{
    put_some(st, x, st->request.n - 1);
}

/* Half a message, then the end of what this side has to say. */
static void half_closed(struct stalling *st, struct nuisance *x)
{
    put_some(st, x, st->request.n / 2);
    tls_bye(x->tls);
    shutdown(tls_fd(x->tls), SHUT_WR);
}

/* A whole one, and then. */
static void whole_closed(struct stalling *st, struct nuisance *x)
{
    put_some(st, x, st->request.n);
    tls_bye(x->tls);
    shutdown(tls_fd(x->tls), SHUT_WR);
}

static void half_reset(struct stalling *st, struct nuisance *x)
{
    put_some(st, x, st->request.n / 2);
    reset(x);
}

static void whole_reset(struct stalling *st, struct nuisance *x)
{
    put_some(st, x, st->request.n);
    reset(x);
}

/* 2 GiB are to come, of which 64 KiB do. */
static void endless(struct stalling *st, struct nuisance *x)
{
    static const uint8_t head[] = {0x42, 0x00, 0x78, 0x01, 0x7F, 0xFF, 0xFF, 0xF8};
    static const uint8_t zeros[65536];
    (void)st;
    bool ok = put_tls(x, bytes_of(head, sizeof head), deadline_in(WITHIN_NS)) &&
              put_tls(x, bytes_of(zeros, sizeof zeros), deadline_in(WITHIN_NS));
    (void)ok;
}

/* Requests upon requests, and no reply is ever read. */
static void unread(struct stalling *st, struct nuisance *x)
{
    int64_t deadline = deadline_in(FLOOD_NS);
    for (size_t sent = 0; sent < FLOOD_BYTES; sent += st->request.n)
        if (!put_tls(x, buf_bytes(&st->request), deadline))
            return;
}

static const struct stall_way ways[] = {
    {"silent", "connections that say nothing at all", false, false, silent},
    {"half-hello", "TLS handshakes that end in the middle of the first message", false, false,
     hello_cut},
    {"hello-reset", "TLS handshakes that are reset in the middle", false, false, hello_reset},
    {"http", "connections that speak HTTP instead of TLS", false, true, not_tls},
    {"not-encrypted", "requests without TLS", false, true, not_encrypted},
    {"noise", "bytes that are nothing", false, true, noise},
    {"tls-silent", "connections that say nothing behind the TLS handshake", true, false, silent},
    {"half-header", "requests of which 5 bytes come", true, false, half_header},
    {"half-message", "requests of which the last byte does not come", true, false, half_message},
    {"half-closed", "requests that end in the middle, with the client's end of the connection",
     true, true, half_closed},
    {"whole-closed", "requests behind which the client closes its end of the connection", true,
     true, whole_closed},
    {"half-reset", "connections that are reset in the middle of a request", true, false,
     half_reset},
    {"whole-reset", "connections that are reset before the reply", true, false, whole_reset},
    {"endless", "messages that announce 2 GiB", true, false, endless},
    {"unread", "requests whose replies nobody reads", true, false, unread},
};

const struct stall_way *stall_find(const char *name)
{
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        if (strcmp(ways[i].name, name) == 0)
            return &ways[i];
    return NULL;
}

void stall_names(struct buf *out)
{
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        buf_printf(out, "%s%s", i ? ", " : "", ways[i].name);
}

/* ---- connections ----------------------------------------------------------------------- */

static void end(struct nuisance *x)
{
    if (x->tls)
        tls_free(&x->tls);
    else if (x->fd >= 0)
        close(x->fd);
    x->fd = -1;
}

static bool shake_hands(struct nuisance *x, int64_t deadline, struct kerr *err)
{
    for (;;) {
        enum tls_io r = tls_handshake(x->tls, err);
        if (r == TLS_OK)
            return true;
        if (r == TLS_FAILED || r == TLS_EOF ||
            !ready(tls_fd(x->tls), r == TLS_WANT_READ ? POLLIN : POLLOUT, deadline))
            return false;
    }
}

/* False: the server takes none, which is for hostile_alive to judge. */
static bool begin(struct stalling *st, struct nuisance *x)
{
    struct kerr err = KERR_INIT;
    int64_t deadline = deadline_in(st->to.timeout_ns);
    x->fd = tcp_connect(st->to.host, st->to.port, deadline, &err);
    if (x->fd < 0 || !st->step->stall->tls)
        return x->fd >= 0;
    x->tls = tls_new(st->creds, x->fd, st->to.host, &err);
    return x->tls && shake_hands(x, deadline, &err);
}

/* Whatever comes is thrown away, until the server ends the connection. An answer to a whole
 * request is as good. False: neither in time. */
static bool ended(const struct stalling *st, struct nuisance *x)
{
    uint8_t bytes[4096];
    struct kerr ignored = KERR_INIT;
    int64_t deadline = deadline_in(st->step->within_ns ? st->step->within_ns : WITHIN_NS);
    for (;;) {
        size_t n = 0;
        if (!x->tls)
            return ready(x->fd, POLLIN, deadline);
        enum tls_io r = tls_read(x->tls, bytes, sizeof bytes, &n, &ignored);
        if (r == TLS_OK || r == TLS_EOF || r == TLS_FAILED)
            return true;
        if (!ready(tls_fd(x->tls), r == TLS_WANT_READ ? POLLIN : POLLOUT, deadline))
            return false;
    }
}

/* ---- the step -------------------------------------------------------------------------- */

static bool prepare(struct stalling *st)
{
    struct running *rn = st->rn;
    struct target *t = rn->runner->target;
    const struct kmip_request head = {.version = t->opt.settings.version};
    struct ttlv_writer w;
    size_t n = (size_t)st->step->connections;
    kc_connect_from(&t->opt.settings, t->port, &st->to);
    st->creds = tls_creds_load(TLS_CLIENT, &st->to.files, &st->to.tls, &rn->err);
    req_begin(&w, &st->request, &head, KMIP_OPERATION_QUERY, bytes_of(NULL, 0), &rn->err);
    req_query(&w, &(uint32_t){KMIP_QUERY_FUNCTION_QUERY_OPERATIONS}, 1);
    st->v = arena_array(&rn->result->arena, n, sizeof *st->v);
    for (size_t i = 0; st->v && i < n; i++)
        st->v[i].fd = -1;
    return st->creds && req_end(&w) &&
           (st->v || kerr_set(&rn->err, KE_MEMORY, "no memory for connections"));
}

static bool run(struct stalling *st)
{
    struct running *rn = st->rn;
    const struct stall_way *way = st->step->stall;
    size_t wanted = (size_t)st->step->connections, open = 0;
    if (!prepare(st))
        return false;
    for (st->n = 0; st->n < wanted && !*rn->runner->stop; st->n++)
        if (begin(st, &st->v[st->n])) {
            way->run(st, &st->v[st->n]);
            open++;
        }
    hostile_say(rn, "%zu of %zu were opened: %s", open, wanted, way->what);
    if (!hostile_alive(rn, way->what, bytes_of(NULL, 0)))
        return false;
    for (size_t i = 0; way->ends && i < st->n; i++)
        if ((st->v[i].tls || st->v[i].fd >= 0) && !ended(st, &st->v[i])) {
            hostile_found(rn, VERDICT_WARN, "an answer or a closed connection", "neither: %s",
                          way->what);
            return true;
        }
    return way->ends || pause_ns(rn, st->step->hold_ns ? st->step->hold_ns : HOLD_NS);
}

bool step_stall(struct running *rn, const struct case_step *s)
{
    struct stalling st = {.rn = rn, .step = s};
    buf_init(&st.request, 4096);
    bool ok = run(&st);
    for (size_t i = 0; i < st.n; i++)
        end(&st.v[i]);
    tls_creds_free(&st.creds);
    buf_clear(&st.request);
    return ok && hostile_alive(rn, s->stall->what, bytes_of(NULL, 0));
}
