/* The load generator of load.h: opens the connections, decides what is due, ends. */
#include "client/lib/load.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "client/lib/load_in.h"
#include "kmip/base/clock.h"
#include "kmip/net/tcp.h"

#define EVENTS 256

/* ---- What is due ---- */

/* splitmix64: the order of the mix, the same for the same seed. */
static uint64_t draw(struct load *l)
{
    uint64_t z = l->random += UINT64_C(0x9E3779B97F4A7C15);

    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

uint32_t load_pick(struct load *l)
{
    const struct load_plan *p = l->plan;
    uint64_t at = p->n_ops > 1 ? draw(l) % l->weights : 0;
    uint32_t i = 0;

    for (; i + 1 < p->n_ops && at >= p->ops[i].weight; i++)
        at -= p->ops[i].weight;
    return i;
}

/* The moment at which the next request is due, with a rate. */
static int64_t next_due(const struct load *l)
{
    return clock_add(l->start_ns, (int64_t)((double)l->serial * (double)NS_PER_S / l->plan->rate));
}

static bool all_sent(const struct load *l)
{
    return l->plan->requests > 0 && l->serial >= l->plan->requests;
}

bool load_take(struct load *l, int64_t now_ns, int64_t *due_ns)
{
    if (!l->started || l->stopping || all_sent(l))
        return false;
    *due_ns = l->plan->rate > 0 ? next_due(l) : now_ns;
    return *due_ns <= now_ns;
}

/* ---- What is counted ---- */

void load_count_error(struct load *l, const char *fmt, ...)
{
    struct load_result *r = l->result;
    char what[sizeof r->errors[0].what];
    va_list ap;
    size_t i = 0;

    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    while (i < r->n_errors && strcmp(r->errors[i].what, what) != 0)
        i++;
    if (i == LOAD_ERRORS_MAX)
        i--;
    else if (i == r->n_errors)
        snprintf(r->errors[r->n_errors++].what, sizeof what, "%s", what);
    r->errors[i].n++;
}

void load_answered(struct load *l, const struct load_slot *s, int64_t now_ns, bool success)
{
    struct load_result *r = l->result;
    size_t second = (size_t)((now_ns - l->start_ns) / NS_PER_S);

    r->answered++;
    r->op[s->op].answered++;
    l->last_reply_ns = now_ns;
    if (second < LOAD_SECONDS_MAX) {
        r->second[second]++;
        r->seconds = second + 1 > r->seconds ? second + 1 : r->seconds;
    }
    if (!success) {
        r->failed++;
        r->op[s->op].failed++;
        return;
    }
    histogram_add(&r->latency, now_ns - s->due_ns);
    histogram_add(&r->op[s->op].latency, now_ns - s->due_ns);
}

double load_throughput(const struct load_result *r)
{
    return r->took_ns > 0 ? (double)r->answered * (double)NS_PER_S / (double)r->took_ns : 0;
}

size_t load_knee(const double *throughput, size_t n)
{
    double best = 0;
    size_t i = 0;

    for (size_t k = 0; k < n; k++)
        best = throughput[k] > best ? throughput[k] : best;
    while (i + 1 < n && throughput[i] < 0.9 * best)
        i++;
    return i;
}

/* ---- Connections ---- */

/* Whether the server can be reached at all, and at which address. */
static bool find_address(struct load *l, struct kerr *err)
{
    const struct kc_connect *o = l->plan->connect;
    int fd = tcp_connect(o->host, o->port, deadline_in(o->timeout_ns), err);

    if (fd < 0)
        return false;
    l->address_len = sizeof l->address;
    l->first_fd = fd;
    return getpeername(fd, (struct sockaddr *)&l->address, &l->address_len) == 0 || kerr_set(err, KE_CONNECT, "%s port %s: %s", o->host, o->port,
                               strerror(errno));
}

static bool gave_up(const struct load_conn *c)
{
    return c->failures >= LOAD_FAILURES_MAX;
}

/* Those that are closed are opened again while there is something to send. */
static void keep_open(struct load *l, int64_t now_ns)
{
    if (l->closed == l->given_up || l->stopping || all_sent(l))
        return;
    for (unsigned i = 0; i < l->plan->connections; i++) {
        struct load_conn *c = &l->conns[i];
        if (c->state == LOAD_CLOSED && !gave_up(c))
            (void)load_conn_open(c, now_ns);
    }
}

/* What waits longer than the time-out has failed. */
static void check_times(struct load *l, int64_t now_ns)
{
    int64_t limit = l->plan->connect->timeout_ns;
    struct kerr err = KERR_INIT;

    for (unsigned i = 0; i < l->plan->connections; i++) {
        struct load_conn *c = &l->conns[i];
        bool waits = c->state == LOAD_CONNECTING || c->state == LOAD_SHAKING || c->in_flight > 0;
        if (c->state == LOAD_CLOSED || !waits || now_ns - c->since_ns < limit)
            continue;
        kerr_set(&err, KE_TIMEOUT, "%s within %lld s",
                 c->in_flight > 0 ? "no reply" : "no connection", (long long)(limit / NS_PER_S));
        load_conn_fail(c, &err);
    }
}

static unsigned in_flight(const struct load *l)
{
    unsigned n = 0;

    for (unsigned i = 0; i < l->plan->connections; i++)
        n += l->conns[i].in_flight;
    return n;
}

/* ---- The loop ---- */

/* Until when nothing happens but what sockets bring, in ms for epoll_wait. */
static int wait_ms(const struct load *l, int64_t now_ns)
{
    int64_t until = now_ns + NS_PER_S / 10;

    if (!l->stopping && l->end_ns < until)
        until = l->end_ns;
    if (l->started && !l->stopping && l->plan->rate > 0 && !all_sent(l) && next_due(l) < until)
        until = next_due(l);
    return until <= now_ns ? 0 : (int)((until - now_ns + NS_PER_MS - 1) / NS_PER_MS);
}

/* With a rate, requests fall due without a socket being ready: they go to connections by
 * turns, so that none is favoured. */
static void send_due(struct load *l, int64_t now_ns)
{
    unsigned n = l->plan->connections;
    unsigned from = (unsigned)(l->serial % n);

    if (!l->started || l->plan->rate <= 0)
        return;
    for (unsigned i = 0; i < n && !l->stopping && !all_sent(l) && next_due(l) <= now_ns; i++) {
        struct load_conn *c = &l->conns[(from + i) % n];
        if (c->state == LOAD_OPEN && c->free != LOAD_NONE)
            load_conn_go(c, now_ns);
    }
}

/* The clock starts when every connection stands, or has been given up. With --reconnect there
 * is nothing to wait for: connecting is what is measured. */
static void start_if_ready(struct load *l, int64_t now_ns)
{
    for (unsigned i = 0; i < l->plan->connections && !l->plan->reconnect; i++)
        if (l->conns[i].state != LOAD_OPEN && !gave_up(&l->conns[i]))
            return;
    l->started = true;
    l->start_ns = l->last_reply_ns = now_ns;
    if (l->plan->duration_ns > 0)
        l->end_ns = clock_add(now_ns, l->plan->duration_ns);
    for (unsigned i = 0; i < l->plan->connections; i++)
        load_conn_go(&l->conns[i], now_ns);
}

static void stop_if_due(struct load *l, int64_t now_ns)
{
    if (l->stopping)
        return;
    bool enough = l->plan->enough && l->plan->enough(l->plan->arg);
    l->result->interrupted |= enough;
    if (!enough && now_ns < l->end_ns && l->given_up < l->plan->connections)
        return;
    l->stopping = true;
    if (l->plan->rate > 0 && l->plan->requests == 0 && l->end_ns != INT64_MAX) {
        double due = (double)(l->end_ns - l->start_ns) * l->plan->rate / (double)NS_PER_S;
        l->result->late = due > (double)l->serial ? (uint64_t)(due - (double)l->serial) : 0;
    }
}

static bool turn(struct load *l, struct kerr *err)
{
    struct epoll_event events[EVENTS];
    int n = epoll_wait(l->poll_fd, events, EVENTS, wait_ms(l, clock_mono_ns()));

    if (n < 0 && errno != EINTR)
        return kerr_set(err, KE_IO, "cannot wait for connections: %s", strerror(errno));
    for (int i = 0; i < n; i++)
        load_conn_go(events[i].data.ptr, clock_mono_ns());
    return true;
}

static bool run(struct load *l, struct kerr *err)
{
    int64_t checked = 0;

    l->end_ns = INT64_MAX;
    for (;;) {
        int64_t now = clock_mono_ns();
        stop_if_due(l, now);
        if ((l->stopping || all_sent(l) || l->given_up == l->plan->connections) &&
            in_flight(l) == 0)
            break;
        keep_open(l, now);
        if (!l->started)
            start_if_ready(l, now);
        send_due(l, now);
        if (!turn(l, err))
            return false;
        if (now - checked > NS_PER_S / 10) {
            check_times(l, now);
            checked = now;
        }
    }
    l->result->took_ns = l->last_reply_ns - l->start_ns;
    if (l->result->answered > 0 || l->given_up < l->plan->connections)
        return true;
    if (err)
        *err = l->why;
    return false;
}

static bool set_up(struct load *l, struct kerr *err)
{
    const struct load_plan *p = l->plan;
    struct bytes id;

    l->closed = p->connections;
    l->max_message = p->connect->max_message ? p->connect->max_message : TTLV_DEFAULT_SIZE;
    l->conns = calloc(p->connections, sizeof *l->conns);
    l->slots = calloc((size_t)p->connections * p->connect->depth, sizeof *l->slots);
    l->poll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (!l->conns || !l->slots)
        return kerr_set(err, KE_MEMORY, "no memory for %u connections", p->connections);
    if (l->poll_fd < 0)
        return kerr_set(err, KE_IO, "epoll: %s", strerror(errno));
    for (unsigned i = 0; i < p->connections; i++) {
        struct load_conn *c = &l->conns[i];
        c->load = l;
        c->slots = l->slots + (size_t)i * p->connect->depth;
        buf_init(&c->in, l->max_message + TLS_RECORD_MAX);
    }
    for (size_t i = 0; i < p->n_ops; i++)
        l->weights += p->ops[i].weight;
    l->random = p->seed;
    id = bytes_of(&l->random, sizeof l->id_prefix);
    memcpy(l->id_prefix, id.p, id.n);
    l->creds = tls_creds_load(TLS_CLIENT, &p->connect->files, &p->connect->tls, err);
    return l->creds && find_address(l, err);
}

static void tear_down(struct load *l)
{
    for (unsigned i = 0; l->conns && i < l->plan->connections; i++) {
        load_conn_close(&l->conns[i]);
        buf_clear(&l->conns[i].in);
    }
    if (l->first_fd >= 0)
        close(l->first_fd);
    if (l->poll_fd >= 0)
        close(l->poll_fd);
    tls_creds_free(&l->creds);
    free(l->conns);
    free(l->slots);
    buf_clear(&l->session);
    buf_clear(&l->request);
}

bool load_run(const struct load_plan *plan, struct load_result *result, struct kerr *err)
{
    struct load l = {.plan = plan, .result = result, .poll_fd = -1, .first_fd = -1, .why = KERR_INIT};

    memset(result, 0, sizeof *result);
    buf_init(&l.session, BUF_NO_LIMIT);
    buf_init(&l.request, BUF_NO_LIMIT);
    bool ok = set_up(&l, err) && run(&l, err);
    tear_down(&l);
    return ok;
}
