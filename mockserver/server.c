/* The server (server.h): what surrounds the connections. */
#include "mockserver/server.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "kmip/base/clock.h"
#include "kmip/base/log.h"
#include "kmip/net/tcp.h"
#include "mockserver/address.h"
#include "mockserver/conn.h"
#include "mockserver/reload.h"

enum { ACCEPTS_PER_TURN = 8, ACCEPT_RETRY_MS = 100, STOP_MS = 2000 };

static const int signal_numbers[SERVER_SIGNALS] = {SIGTERM, SIGINT, SIGHUP};

/* --- accepting --------------------------------------------------------- */

static void on_acceptable(uv_poll_t *h, int status, int events);
static void on_accept_retry(uv_timer_t *h);

/* Of what keeps connections out something is said once a second at most. */
static bool may_complain(struct server *s)
{
    int64_t now = clock_mono_ns();
    if (now - s->full_logged_ns < NS_PER_S)
        return false;
    s->full_logged_ns = now;
    return true;
}

/* No descriptors or memory left: those who are connected go on; the others wait in
 * the kernel's queue until a connection closes or a moment has passed. */
static void pause_accepting(struct server *s, int why)
{
    if (s->accept_paused)
        return;
    s->accept_paused = true;
    if (may_complain(s))
        log_line(LOG_WARN, "cannot accept connections for now: %s", strerror(why));
    uv_poll_stop(&s->listener);
    uv_timer_start(&s->retry, on_accept_retry, ACCEPT_RETRY_MS, 0);
}

static void resume_accepting(struct server *s)
{
    if (!s->accept_paused || s->stopping)
        return;
    s->accept_paused = false;
    uv_timer_stop(&s->retry);
    uv_poll_start(&s->listener, UV_READABLE, on_acceptable);
}

static void on_accept_retry(uv_timer_t *h)
{
    resume_accepting(h->data);
}

/* One connection more than the limit is closed at once, so that its client does
 * not hang. */
static void refuse(struct server *s, int fd, const char *from)
{
    close(fd);
    if (may_complain(s))
        log_line(LOG_WARN, "refused %s: the limit of %lld connections is reached", from,
                 (long long)s->cfg->limits.connections);
}

/* A fault refuses the connection: the client sees it reset. */
static void refuse_rudely(int fd)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(fd);
}

static void admit(struct server *s, int fd, const union address *a)
{
    char from[80];
    int on = 1;
    address_with_port(a, from, sizeof from);
    if (s->n_conns >= (size_t)s->cfg->limits.connections) {
        refuse(s, fd, from);
        return;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct kerr err = KERR_INIT;
    char text[900];
    struct fault_accept accept;
    uint64_t number = s->next_number++;
    fault_accept(&s->faults, number, from, &accept);
    if (!accept.refuse && conn_open(s, fd, number, from, &accept, &err))
        return;
    fault_accept_over(&accept);
    if (accept.refuse)
        refuse_rudely(fd);
    else
        log_line(LOG_ERROR, "refused %s: %s", from, kerr_format(&err, text, sizeof text));
}

static void on_acceptable(uv_poll_t *h, int status, int events)
{
    struct server *s = h->data;
    (void)status;
    (void)events;
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        union address a;
        socklen_t len = sizeof a;
        int fd = accept4(s->listen_fd, &a.any, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            admit(s, fd, &a);
        } else if (errno == EAGAIN) {
            return;
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            pause_accepting(s, errno);
            return;
        } /* else: this client is gone already, or its network failed; on to the next */
    }
}

/* --- connections ------------------------------------------------------- */

void server_again(struct server *s, struct conn *c)
{
    turns_again(&s->turns, c);
}

/* Nobody can be told in protocol: these do not listen, or have not asked yet. */
void server_shed(struct server *s)
{
    size_t limit = (size_t)s->cfg->limits.buffers;
    struct conn *c;
    while ((c = turns_too_much(&s->turns, s->conns, limit)) != NULL) {
        log_line(LOG_WARN,
                 "#%llu from %s: closed: connections hold %zu bytes of requests and replies, more "
                 "than the limit of %zu; this one has held %zu of them for longest",
                 (unsigned long long)c->number, c->from, s->turns.held, limit, c->turn.held);
        conn_close(c);
    }
}

static void close_handles(struct server *s);

void server_forget(struct server *s, struct conn *c)
{
    turns_forget(&s->turns, c);
    if (c->prev)
        c->prev->next = c->next;
    else
        s->conns = c->next;
    if (c->next)
        c->next->prev = c->prev;
    s->n_conns--;
    if (s->stopping && s->n_conns == 0)
        close_handles(s);
    else
        resume_accepting(s);
}

/* --- opening ----------------------------------------------------------- */

static bool open_listener(struct server *s, struct kerr *err)
{
    struct address_bound at;
    s->listen_fd = tcp_listen(s->cfg->listen, &s->port, err);
    if (s->listen_fd < 0 || !address_bound(s->listen_fd, &at, err))
        return false;
    s->beyond_loopback = at.beyond_loopback;
    snprintf(s->host, sizeof s->host, "%s", at.host);
    return true;
}

static bool open_creds(struct server *s, struct kerr *err)
{
    struct tls_dir files;
    if (!tls_dir_files(s->cfg->certs, &files, err))
        return false;
    const struct tls_files from = tls_files_of(&files);
    s->creds = tls_creds_load(TLS_SERVER, &from,
                              &(struct tls_options){.client_cert_optional = s->cfg->client_cert_optional,
                                                    .priority = s->cfg->tls},
                              err);
    return s->creds != NULL;
}

/* A first signal asks to stop, a second one does not wait. */
static void on_signal(uv_signal_t *h, int signum)
{
    struct server *s = h->data;
    bool again = s->signal != 0;
    if (signum == SIGHUP && !s->on_signal) {
        server_hangup(s);
        return;
    }
    s->signal = signum;
    if (s->on_signal)
        s->on_signal(s->on_signal_arg, signum);
    else if (again)
        server_abort(s);
    else
        server_stop(s);
}

static bool open_loop(struct server *s, struct kerr *err)
{
    int rc = uv_loop_init(&s->loop);
    if (rc < 0)
        return kerr_set(err, KE_IO, "cannot make an event loop: %s", uv_strerror(rc));
    s->have_loop = true;
    rc = uv_poll_init(&s->loop, &s->listener, s->listen_fd);
    if (rc < 0)
        return kerr_set(err, KE_IO, "cannot watch the listening socket: %s", uv_strerror(rc));
    s->listener.data = s;
    uv_timer_init(&s->loop, &s->retry);
    uv_timer_init(&s->loop, &s->patience);
    turns_init(&s->turns, &s->loop);
    s->retry.data = s->patience.data = s;
    for (int i = 0; i < SERVER_SIGNALS; i++) {
        uv_signal_init(&s->loop, &s->signals[i]);
        s->signals[i].data = s;
        rc = uv_signal_start(&s->signals[i], on_signal, signal_numbers[i]);
        if (rc < 0)
            return kerr_set(err, KE_IO, "cannot catch signal %d: %s", signal_numbers[i],
                            uv_strerror(rc));
    }
    rc = uv_poll_start(&s->listener, UV_READABLE, on_acceptable);
    return rc == 0 ||
           kerr_set(err, KE_IO, "cannot watch the listening socket: %s", uv_strerror(rc));
}

static size_t journal_room(const struct mock_config *cfg)
{
    enum { USUAL = 1000 };
    if (cfg->journal_exchanges != JOURNAL_IF_USED)
        return (size_t)cfg->journal_exchanges;
    return cfg->faults.n > 0 || cfg->control ? USUAL : 0;
}

/* Objects that a store has kept from an earlier run stay as they are. */
static bool open_preload(struct server *s, struct kerr *err)
{
    const struct preload_list *l = &s->cfg->preload;
    size_t made = 0;
    if (l->n == 0)
        return true;
    if (!preload_store(l, &s->engine, PRELOAD_LEAVE, err))
        return false;
    for (size_t i = 0; i < l->n; i++)
        made += l->v[i].made;
    log_line(LOG_INFO, "preloaded %zu objects; %zu were there already", made, l->n - made);
    return true;
}

static void begin_handshakes(void *arg, const struct fault *stalled_by)
{
    struct server *s = arg;
    for (struct conn *c = s->conns; c; c = c->next)
        if (c->accept.stalled_by == stalled_by)
            conn_begin_handshake(c);
}

/* All in force before the first connection is accepted. */
static bool open_faults(struct server *s, struct kerr *err)
{
    s->engine.stamp_ns = mock_clock_stamp_ns;
    if (!fault_set_init(&s->faults, s->cfg, &s->journal, err))
        return false;
    s->faults.begin_handshakes = begin_handshakes;
    s->faults.begin_arg = s;
    return fault_set_add(&s->faults, &s->cfg->faults, err);
}

bool server_open(struct server *s, const struct mock_config *cfg, struct kerr *err)
{
    memset(s, 0, sizeof *s);
    s->cfg = cfg;
    s->listen_fd = -1;
    s->next_number = 1;
    s->full_logged_ns = -NS_PER_S;
    s->had_terminal = server_has_terminal();
    mock_clock_init(&s->clock, &cfg->clock);
    journal_init(&s->journal, journal_room(cfg), (size_t)cfg->journal_bytes);
    signal(SIGPIPE, SIG_IGN);
    s->have_engine =
        open_creds(s, err) && engine_init(&s->engine, cfg, mock_clock_ns, &s->clock, err);
    if (s->have_engine && open_preload(s, err) && open_faults(s, err) && open_listener(s, err) &&
        open_loop(s, err))
        return true;
    server_close(s);
    return false;
}

void server_run(struct server *s)
{
    if (s->beyond_loopback)
        log_line(LOG_WARN,
                 "listening beyond loopback on %s: this is a test tool, keep production keys away "
                 "from it",
                 s->cfg->listen);
    uv_run(&s->loop, UV_RUN_DEFAULT);
}

/* --- stopping ---------------------------------------------------------- */

static void close_handle(uv_handle_t *h)
{
    if (!uv_is_closing(h))
        uv_close(h, NULL);
}

static void close_listener(struct server *s)
{
    if (s->listen_fd < 0)
        return;
    close_handle((uv_handle_t *)&s->listener);
    close(s->listen_fd);
    s->listen_fd = -1;
}

/* The server's own handles; with them goes what keeps the loop alive. */
static void close_handles(struct server *s)
{
    close_listener(s);
    close_handle((uv_handle_t *)&s->retry);
    close_handle((uv_handle_t *)&s->patience);
    close_handle((uv_handle_t *)&s->turns.idle);
    for (int i = 0; i < SERVER_SIGNALS; i++)
        close_handle((uv_handle_t *)&s->signals[i]);
}

static void for_each_conn(struct server *s, void (*what)(struct conn *))
{
    for (struct conn *c = s->conns, *next; c; c = next) {
        next = c->next;
        what(c);
    }
}

static void on_stop_timeout(uv_timer_t *h)
{
    struct server *s = h->data;
    log_line(LOG_WARN, "%zu connections did not take their replies in time and are cut",
             s->n_conns);
    for_each_conn(s, conn_close);
}

void server_stop(struct server *s)
{
    if (s->stopping)
        return;
    s->stopping = true;
    if (s->on_stop)
        s->on_stop(s->on_stop_arg);
    close_listener(s);
    uv_timer_start(&s->patience, on_stop_timeout, STOP_MS, 0);
    for_each_conn(s, conn_finish);
    if (s->n_conns == 0)
        close_handles(s);
}

void server_abort(struct server *s)
{
    s->aborted = true;
    if (s->on_stop && !s->stopping)
        s->on_stop(s->on_stop_arg);
    s->stopping = true;
    for_each_conn(s, conn_close);
    close_handles(s);
}

static void wake(struct conn *c)
{
    server_again(c->server, c);
}

void server_wake(struct server *s)
{
    for_each_conn(s, wake);
}

static void rearrange(struct conn *c)
{
    if (c->has_session)
        session_rearrange(&c->session);
}

void server_rearrange(struct server *s)
{
    for_each_conn(s, rearrange);
}

void server_advance(struct server *s, int64_t by_ns)
{
    mock_clock_advance(&s->clock, by_ns);
    for_each_conn(s, conn_time_passed);
}

static void close_any(uv_handle_t *h, void *arg)
{
    (void)arg;
    close_handle(h);
}

void server_close(struct server *s)
{
    s->stopping = true;
    for_each_conn(s, conn_close);
    if (s->have_loop) {
        uv_walk(&s->loop, close_any, NULL);
        uv_run(&s->loop, UV_RUN_DEFAULT);
        uv_loop_close(&s->loop);
    }
    if (s->listen_fd >= 0)
        close(s->listen_fd);
    fault_set_clear(&s->faults);
    journal_clear(&s->journal);
    if (s->have_engine)
        engine_clear(&s->engine);
    tls_creds_free(&s->creds);
    if (s->reloaded)
        config_clear(s->reloaded);
    free(s->reloaded);
    wipe(s, sizeof *s);
    s->listen_fd = -1;
}
