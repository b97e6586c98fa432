/* A connection (conn.h). conn_turn is all there is to it: whatever happened
 * (readable, writable, a timer, another turn), it tries to go on in the phase the
 * connection is in, then states what it waits for. */
#include "mockserver/conn.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kmip/base/clock.h"
#include "kmip/base/log.h"
#include "mockserver/server.h"

/* One turn reads at most so many records before the replies are sent, and does so
 * at most so many times before others get their turn. */
enum { RECORDS_PER_ROUND = 32, ROUNDS_PER_TURN = 4 };

/* Whose requests take longer than this has one answered in a turn (TURN_WORK). */
#define SLOW_NS (1 * NS_PER_MS)

#define LINGER_NS (1 * NS_PER_S)
enum { LINGER_READS = 64 };

static void on_poll(uv_poll_t *h, int status, int events);
static void on_timer(uv_timer_t *h);

/* --- beginning and end ------------------------------------------------- */

static void enter(struct conn *c, enum conn_phase phase)
{
    c->phase = phase;
    c->phase_ns = clock_mono_ns();
    c->turn.kind = phase == CONN_HANDSHAKE ? TURN_HANDSHAKE : TURN_QUICK;
}

static void log_failure(const struct conn *c, enum log_level level, const char *what,
                        const struct kerr *err)
{
    char text[900];
    if (log_on(level))
        log_line(level, "#%llu from %s: %s: %s", (unsigned long long)c->number, c->from, what,
                 kerr_format(err, text, sizeof text));
}

bool conn_open(struct server *s, int fd, uint64_t number, const char *from,
               const struct fault_accept *accept, struct kerr *err)
{
    struct conn *c = calloc(1, sizeof *c);
    if (!c) {
        close(fd);
        return kerr_set(err, KE_MEMORY, "no memory for a connection");
    }
    c->server = s;
    c->number = number;
    snprintf(c->from, sizeof c->from, "%s", from);
    c->wake_ns = c->armed_ns = INT64_MAX;
    c->accept = *accept;
    if (accept->stall_ns > 0)
        c->stall_until_ns =
            clock_add(mock_clock_virtual(&s->clock, clock_mono_ns()), accept->stall_ns);
    c->tls = tls_new(accept->creds ? accept->creds : s->creds, fd, NULL, err);
    int rc = c->tls ? uv_poll_init(&s->loop, &c->poll, fd) : 0;
    if (!c->tls || rc < 0) {
        if (c->tls)
            tls_free(&c->tls);
        else
            close(fd);
        free(c);
        return kerr_set(err, KE_IO, "cannot watch a connection: %s", uv_strerror(rc));
    }
    uv_timer_init(&s->loop, &c->timer);
    c->handles = 2;
    c->poll.data = c->timer.data = c;
    c->next = s->conns;
    if (c->next)
        c->next->prev = c;
    s->conns = c;
    s->n_conns++;
    enter(c, CONN_HANDSHAKE);
    log_line(LOG_DEBUG, "#%llu from %s: accepted", (unsigned long long)number, from);
    server_again(s, c);
    return true;
}

static void on_handle_closed(uv_handle_t *h)
{
    struct conn *c = h->data;
    if (--c->handles == 0)
        free(c);
}

void conn_close(struct conn *c)
{
    if (c->phase == CONN_CLOSED)
        return;
    enter(c, CONN_CLOSED);
    uv_close((uv_handle_t *)&c->poll,
             on_handle_closed); /* stops watching before the descriptor goes */
    uv_close((uv_handle_t *)&c->timer, on_handle_closed);
    tls_free(&c->tls);
    reply_free(&c->sending);
    fault_accept_over(&c->accept);
    if (c->has_session)
        session_clear(&c->session);
    log_line(LOG_DEBUG, "#%llu from %s: closed", (unsigned long long)c->number, c->from);
    server_forget(c->server, c);
}

/* The last word is said. What the peer still sends is read and dropped for a
 * while, because closing on unread bytes resets the connection, and the reset
 * would overtake the reply. */
static void linger(struct conn *c)
{
    if (c->peer_done || c->server->stopping) {
        conn_close(c);
        return;
    }
    shutdown(tls_fd(c->tls), SHUT_WR);
    enter(c, CONN_LINGER);
}

/* Closes the socket so that the peer sees a reset. */
static void reset(struct conn *c)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(tls_fd(c->tls), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    conn_close(c);
}

/* All is sent: what the session wanted then. False when the connection is no longer
 * open. */
static bool finish(struct conn *c)
{
    struct action end = c->end;
    c->has_end = false;
    if (end.kind == ACTION_RESET) {
        reset(c);
        return false;
    }
    if (!end.abrupt)
        tls_bye(c->tls);
    if (end.kind == ACTION_HALF_CLOSE) {
        shutdown(tls_fd(c->tls), SHUT_WR);
        return true;
    }
    linger(c);
    return false;
}

/* --- handshake --------------------------------------------------------- */

static void start_session(struct conn *c)
{
    const struct tls_info *info = tls_info(c->tls);
    struct mock_peer peer = {.authenticated = info->has_peer};
    /* Identities are compared, so none may be cut: two could become one. */
    const char *who = info->peer_cn[0] ? info->peer_cn : info->peer_subject;
    if (strlen(who) >= sizeof peer.identity)
        who = info->peer_sha256;
    snprintf(peer.identity, sizeof peer.identity, "%.*s", (int)sizeof peer.identity - 1, who);
    struct server *s = c->server;
    int64_t now = clock_mono_ns();
    session_init(&c->session, &s->engine, &peer, c->number, now);
    session_attach(&c->session, &s->faults, &s->journal, &s->clock, now);
    c->has_session = true;
    enter(c, CONN_OPEN);
    log_line(LOG_INFO, "#%llu from %s: %s is connected, %s%s", (unsigned long long)c->number,
             c->from, c->session.who, info->version,
             info->resumed ? ", resumed" : "");
    tls_settle(c->tls);
}

static void end_stall(struct conn *c)
{
    c->stall_until_ns = 0;
    c->wake_ns = INT64_MAX;
    fault_accept_over(&c->accept);
    enter(c, CONN_HANDSHAKE); /* its time begins now */
}

/* True while a fault keeps the handshake from beginning. */
static bool is_stalled(struct conn *c)
{
    if (c->stall_until_ns == 0)
        return false;
    c->wake_ns = mock_clock_monotonic(&c->server->clock, c->stall_until_ns);
    if (clock_mono_ns() < c->wake_ns)
        return true;
    end_stall(c);
    return false;
}

void conn_begin_handshake(struct conn *c)
{
    if (c->stall_until_ns == 0)
        return;
    end_stall(c);
    server_again(c->server, c);
}

/* Answers the client's hello with an alert, as a server does that has not agreed on
 * anything yet: in the clear (RFC 8446, 5.1 and 6). */
static void shake_with_alert(struct conn *c)
{
    enum { FATAL = 2 };
    const uint8_t record[] = {21, 3, 3, 0, 2, FATAL, (uint8_t)c->accept.alert};
    ssize_t n = recv(tls_fd(c->tls), c->server->scratch, TLS_RECORD_MAX, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        c->blocked_read = TLS_WANT_READ;
        return;
    }
    if (n > 0)
        (void)send(tls_fd(c->tls), record, sizeof record, MSG_NOSIGNAL | MSG_DONTWAIT);
    linger(c);
}

static void shake(struct conn *c)
{
    if (is_stalled(c))
        return;
    if (c->accept.alert) {
        shake_with_alert(c);
        return;
    }
    struct kerr err = KERR_INIT;
    enum tls_io io = tls_handshake(c->tls, &err);
    switch (io) {
    case TLS_OK:
        c->blocked_read = TLS_OK;
        start_session(c);
        break;
    case TLS_WANT_READ:
    case TLS_WANT_WRITE:
        c->blocked_read = io;
        break;
    case TLS_EOF:
    case TLS_FAILED:
        /* Port scanners and health checks just hang up. */
        log_failure(c, err.code == KE_CLOSED ? LOG_INFO : LOG_WARN, "TLS handshake", &err);
        linger(c);
    }
}

/* --- the open connection ----------------------------------------------- */

/* True when there may be more to read right away. */
static bool receive(struct conn *c)
{
    struct kerr err = KERR_INIT;
    struct session *s = &c->session;
    uint8_t *scratch = c->server->scratch;
    int64_t now = c->read_ns = clock_mono_ns();
    uint64_t answered = s->n_requests;
    bool ok = session_feed(s, bytes_of(NULL, 0), now, &err);
    for (int i = 0; ok && i < RECORDS_PER_ROUND; i++) {
        if (c->turn.kind == TURN_WORK && s->n_requests != answered)
            return true;
        if (s->ending || session_full(s) || c->peer_done)
            return !s->ending && !c->peer_done;
        size_t n;
        enum tls_io io = tls_read(c->tls, scratch, TLS_RECORD_MAX, &n, &err);
        c->blocked_read = io == TLS_WANT_READ || io == TLS_WANT_WRITE ? io : TLS_OK;
        if (c->blocked_read != TLS_OK)
            return false;
        if (io == TLS_EOF) {
            c->peer_done = true;
            session_end(s);
            return false;
        }
        ok = io == TLS_OK && session_feed(s, bytes_of(scratch, n), now, &err);
        wipe(scratch, n);
    }
    if (ok)
        return true;
    log_failure(
        c, err.cls == KERR_CLASS_MEMORY || err.cls == KERR_CLASS_INTERNAL ? LOG_ERROR : LOG_INFO,
        "connection dropped", &err);
    conn_close(c);
    return false;
}

/* Gives the reply in hand to TLS, a record at a time. */
static enum tls_io send_reply(struct conn *c, int64_t now, struct kerr *err)
{
    struct bytes all = buf_bytes(&c->sending->bytes);
    while (c->sent < all.n) {
        size_t n;
        enum tls_io io = tls_write(c->tls, bytes_of(all.p + c->sent, all.n - c->sent), &n, err);
        if (io != TLS_OK)
            return io;
        c->sent += n;
        c->moved_ns = now;
    }
    reply_free(&c->sending);
    return TLS_OK;
}

/* Has a reply in hand, from the session if need be; false when there is none. */
static bool next_reply(struct conn *c, int64_t now)
{
    if (c->sending)
        return true;
    if (c->has_end)
        return false;
    struct action a = session_next(&c->session, now);
    c->wake_ns = a.kind == ACTION_WAIT ? a.at_ns : INT64_MAX;
    if (a.kind != ACTION_SEND) {
        c->has_end = a.kind != ACTION_WAIT;
        c->end = a;
        return false;
    }
    c->sending = a.reply;
    c->sent = 0;
    c->unsent = true;
    c->moved_ns = now;
    return true;
}

/* Everything the session has to send. */
static enum tls_io send_all(struct conn *c, int64_t now, struct kerr *err)
{
    while (next_reply(c, now)) {
        enum tls_io io = send_reply(c, now, err);
        if (io != TLS_OK)
            return io;
    }
    if (!c->unsent)
        return TLS_OK;
    enum tls_io io = tls_flush(c->tls, err);
    if (io == TLS_OK)
        c->unsent = false;
    return io;
}

/* A slow line (fault `bandwidth`): bytes that may leave by now. They come in portions
 * of a twentieth of a second, or one by one. */
static int64_t portion(int64_t rate)
{
    enum { PORTIONS = 20 };
    return rate > PORTIONS ? rate / PORTIONS : 1;
}

static void allow(struct conn *c, int64_t rate, int64_t now)
{
    int64_t most = portion(rate);
    double more = (double)(now - c->allowed_ns) * (double)rate / (double)NS_PER_S;
    if (c->allowed_ns == 0 || more >= (double)most) {
        c->allowance = most;
        c->allowed_ns = now;
    } else if (more >= 1) {
        c->allowance = c->allowance + (int64_t)more < most ? c->allowance + (int64_t)more : most;
        c->allowed_ns = now;
    }
}

/* One record at a time goes to TLS, and from there in portions to the socket: records
 * are cut as ever, only the bytes come slowly. */
static enum tls_io send_slowly(struct conn *c, int64_t rate, int64_t now, struct kerr *err)
{
    for (;;) {
        size_t left, more;
        enum tls_io io = tls_flush_part(c->tls, 0, &left, err);
        if (io == TLS_OK && left > 0) {
            allow(c, rate, now);
            io = tls_flush_part(c->tls, (size_t)c->allowance, &more, err);
            c->allowance -= (int64_t)(left - more);
            if (more < left)
                c->moved_ns = now;
            left = more;
        }
        if (io != TLS_OK)
            return io;
        if (left > 0) {
            c->wake_ns = now + portion(rate) * NS_PER_S / rate;
            return TLS_OK;
        }
        if (!next_reply(c, now)) {
            c->unsent = false;
            return TLS_OK;
        }
        size_t n;
        struct bytes all = buf_bytes(&c->sending->bytes);
        io = tls_write(c->tls, bytes_of(all.p + c->sent, all.n - c->sent), &n, err);
        if (io != TLS_OK)
            return io;
        c->sent += n;
        if (c->sent == all.n)
            reply_free(&c->sending);
    }
}

/* Replies that are ready together leave in one system call, each in a record (or
 * more) of its own. False when the connection is no longer open. */
static bool transmit(struct conn *c)
{
    struct kerr err = KERR_INIT;
    int64_t now = clock_mono_ns();
    int64_t rate = session_rate(&c->session);
    c->turn.kind = now - c->read_ns > SLOW_NS ? TURN_WORK : TURN_QUICK;
    tls_hold(c->tls);
    enum tls_io io = rate > 0 ? send_slowly(c, rate, now, &err) : send_all(c, now, &err);
    c->blocked_write = io == TLS_WANT_READ || io == TLS_WANT_WRITE ? io : TLS_OK;
    if (io == TLS_FAILED || io == TLS_EOF) {
        log_failure(c, LOG_INFO, "connection dropped", &err);
        conn_close(c);
        return false;
    }
    return !c->has_end || c->unsent || finish(c);
}

static void serve(struct conn *c)
{
    for (int round = 0; round < ROUNDS_PER_TURN; round++) {
        bool more = receive(c);
        if (c->phase != CONN_OPEN || !transmit(c))
            return;
        if (!more || session_full(&c->session))
            return;
        if (c->turn.kind == TURN_WORK)
            break;
    }
    server_again(c->server, c);
}

/* --- lingering --------------------------------------------------------- */

static void drop_input(struct conn *c)
{
    for (int i = 0; i < LINGER_READS; i++) {
        ssize_t n = recv(tls_fd(c->tls), c->server->scratch, TLS_RECORD_MAX, MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n <= 0) {
            conn_close(c);
            return;
        }
    }
}

/* --- what it waits for ------------------------------------------------- */

static void watch(struct conn *c)
{
    int events = 0;
    if (c->phase == CONN_HANDSHAKE && c->stall_until_ns != 0)
        events = UV_DISCONNECT; /* nothing is read, but an end is noticed */
    bool reads = (c->phase == CONN_HANDSHAKE && events == 0) || c->phase == CONN_LINGER ||
                 (c->phase == CONN_OPEN && !c->session.ending && !c->peer_done &&
                  !session_full(&c->session));
    if (reads && c->phase != CONN_LINGER && c->blocked_read == TLS_WANT_WRITE)
        events |= UV_WRITABLE;
    else if (reads)
        events |= UV_READABLE;
    if (c->phase == CONN_OPEN && c->blocked_write == TLS_WANT_WRITE)
        events |= UV_WRITABLE;
    if (c->phase == CONN_OPEN && c->blocked_write == TLS_WANT_READ)
        events |= UV_READABLE;
    if (events == c->interest)
        return;
    c->interest = events;
    if (events)
        uv_poll_start(&c->poll, events, on_poll);
    else
        uv_poll_stop(&c->poll);
}

/* The moment after which the peer has been too slow; *why gets the reason. */
static int64_t deadline(const struct conn *c, const char **why)
{
    const struct mock_limits *l = &c->server->cfg->limits;
    switch (c->phase) {
    case CONN_HANDSHAKE:
        *why = "the TLS handshake was not finished in time";
        if (c->stall_until_ns != 0)
            return INT64_MAX;
        return limit_end(c->phase_ns, l->handshake_ns);
    case CONN_LINGER:
        *why = NULL;
        return c->phase_ns + LINGER_NS;
    case CONN_OPEN:
        if (c->unsent) {
            *why = "replies were not taken in time";
            return limit_end(c->moved_ns, l->request_ns);
        }
        return session_deadline(&c->session, why);
    case CONN_CLOSED:
        break;
    }
    *why = NULL;
    return INT64_MAX;
}

/* The timer is only ever brought forward; one that fires too early is set anew.
 * That spares a reordering of all timers at every request.
 *
 * Timers count whole milliseconds. A deadline may be one late, but what is to leave at
 * its moment may not: the timer ends before it, and turns fill the rest. */
static void arm(struct conn *c)
{
    const char *why;
    int64_t at = deadline(c, &why), more = NS_PER_MS - 1;
    if ((c->phase == CONN_OPEN || c->phase == CONN_HANDSHAKE) && c->wake_ns < at) {
        at = c->wake_ns;
        more = 0;
        if (at - clock_mono_ns() < NS_PER_MS) {
            server_again(c->server, c);
            return;
        }
    }
    if (at >= c->armed_ns)
        return;
    c->armed_ns = at;
    int64_t left = at - clock_mono_ns() + more;
    uint64_t ms = left <= 0 ? 0 : (uint64_t)(left / NS_PER_MS);
    uv_update_time(&c->server->loop); /* the loop's time may lag behind what this turn took */
    uv_timer_start(&c->timer, on_timer, ms, 0);
}

static void note_held(struct conn *c)
{
    struct server *s = c->server;
    size_t held = tls_waiting(c->tls) + (c->sending ? c->sending->bytes.n : 0) +
                  (c->has_session ? session_held(&c->session) : 0);
    if (held != c->turn.held)
        turns_hold(&s->turns, c, held, c->read_ns);
    if (s->turns.held > (size_t)s->cfg->limits.buffers)
        server_shed(s);
}

void conn_turn(struct conn *c)
{
    if (c->phase == CONN_HANDSHAKE)
        shake(c);
    if (c->phase == CONN_OPEN)
        serve(c);
    if (c->phase == CONN_LINGER)
        drop_input(c);
    if (c->phase == CONN_CLOSED)
        return;
    watch(c);
    arm(c);
    note_held(c);
}

static void on_poll(uv_poll_t *h, int status, int events)
{
    struct conn *c = h->data;
    if (events & UV_DISCONNECT) {
        conn_close(c);
        return;
    }
    if (status < 0) {
        log_line(LOG_INFO, "#%llu from %s: connection dropped: %s", (unsigned long long)c->number,
                 c->from, uv_strerror(status));
        conn_close(c);
        return;
    }
    if (c->turn.kind != TURN_QUICK)
        server_again(c->server, c);
    else
        conn_turn(c);
}

static void expire(struct conn *c, const char *why)
{
    if (why)
        log_line(LOG_INFO, "#%llu from %s: closed: %s", (unsigned long long)c->number, c->from,
                 why);
    bool abrupt = c->phase == CONN_OPEN && session_too_slow(&c->session, clock_mono_ns());
    if (c->phase == CONN_OPEN && !c->unsent && !abrupt)
        tls_bye(c->tls);
    conn_close(c);
}

static void on_timer(uv_timer_t *h)
{
    struct conn *c = h->data;
    const char *why;
    c->armed_ns = INT64_MAX;
    /* That this server was busy with others is not the peer's fault: its part of the handshake
     * may have come in time. */
    if (c->phase == CONN_HANDSHAKE || deadline(c, &why) > clock_mono_ns())
        conn_turn(c);
    if (c->phase != CONN_CLOSED && deadline(c, &why) <= clock_mono_ns())
        expire(c, why);
}

/* A turn would read first, and a request that came just behind the time that passed would
 * make an idle connection a busy one. */
void conn_time_passed(struct conn *c)
{
    const char *why;
    if (deadline(c, &why) <= clock_mono_ns())
        expire(c, why);
    else
        server_again(c->server, c);
}

void conn_finish(struct conn *c)
{
    conn_turn(c); /* what has arrived by now is still answered */
    if (c->phase != CONN_OPEN) {
        conn_close(c);
        return;
    }
    session_stop(&c->session);
    conn_turn(c);
}
