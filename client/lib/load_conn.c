/* One connection of the load generator: connects, shakes hands, keeps its pipeline full,
 * takes replies apart. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "client/lib/load_in.h"
#include "kmip/base/clock.h"
#include "kmip/schema/tags.h"
#include "kmip/ttlv/framing.h"
#include "kmip/ttlv/reader.h"

/* Requests of at most so many bytes are held back to leave together: less than a hold takes
 * (TLS_HOLD_MAX). */
#define BURST_MAX (64u * 1024u)

/* ---- Opening and closing ---- */

static void forget_requests(struct load_conn *c)
{
    uint32_t depth = c->load->plan->connect->depth;

    for (uint32_t i = 0; i < depth; i++)
        c->slots[i] = (struct load_slot){.next = i + 1 < depth ? i + 1 : LOAD_NONE};
    c->free = 0;
    c->first = c->last = LOAD_NONE;
    c->in_flight = 0;
}

void load_conn_close(struct load_conn *c)
{
    if (c->tls && c->state == LOAD_OPEN)
        tls_bye(c->tls);
    c->load->closed += c->state != LOAD_CLOSED;
    tls_free(&c->tls); /* closes the socket, which leaves epoll by that */
    buf_reset(&c->in);
    c->in_off = 0;
    c->state = LOAD_CLOSED;
    c->writing = c->used = false;
    c->watched = 0;
}

void load_conn_fail(struct load_conn *c, const struct kerr *why)
{
    struct load *l = c->load;

    l->result->lost += c->in_flight;
    l->why = *why;
    load_count_error(l, "connection: %s", why->msg);
    load_conn_close(c);
    forget_requests(c);
    if (++c->failures == LOAD_FAILURES_MAX)
        l->given_up++;
}

/* Has epoll tell of these events; told again as long as they last, for GnuTLS may stop reading
 * behind a session ticket though the socket has more. */
static bool watch(struct load_conn *c, uint32_t events)
{
    struct epoll_event e = {.events = events, .data.ptr = c};
    int how = c->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

    if (events == c->watched)
        return true;
    c->watched = events;
    return epoll_ctl(c->load->poll_fd, how, tls_fd(c->tls), &e) == 0;
}

/* A socket that is on its way; -1 with errno. */
static int start_connect(struct load *l)
{
    int on = 1, fd = l->first_fd;

    l->first_fd = -1;
    if (fd >= 0)
        return fd;
    fd = socket(l->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, (const struct sockaddr *)&l->address, l->address_len) == 0 ||
        errno == EINPROGRESS)
        return fd;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

bool load_conn_open(struct load_conn *c, int64_t now_ns)
{
    struct load *l = c->load;
    struct kerr err = KERR_INIT;
    int fd = start_connect(l);

    forget_requests(c);
    if (fd < 0) {
        kerr_set(&err, KE_CONNECT, "cannot connect: %s", strerror(errno));
        load_conn_fail(c, &err);
        return false;
    }
    c->tls = tls_new(l->creds, fd, l->plan->connect->host, &err);
    if (!c->tls) {
        close(fd);
        load_conn_fail(c, &err);
        return false;
    }
    if (l->plan->resume)
        tls_resume(c->tls, buf_bytes(&l->session));
    c->state = LOAD_CONNECTING;
    l->closed--;
    c->since_ns = now_ns;
    if (watch(c, EPOLLIN | EPOLLOUT))
        return true;
    kerr_set(&err, KE_IO, "cannot watch a connection: %s", strerror(errno));
    load_conn_fail(c, &err);
    return false;
}

/* True when it is done with. */
static bool shake_hands(struct load_conn *c, int64_t now_ns)
{
    struct load *l = c->load;
    struct kerr err = KERR_INIT;
    int sys = 0;
    socklen_t n = sizeof sys;

    if (c->state == LOAD_CONNECTING &&
        getsockopt(tls_fd(c->tls), SOL_SOCKET, SO_ERROR, &sys, &n) == 0 && sys != 0) {
        kerr_set(&err, KE_CONNECT, "cannot connect: %s", strerror(sys));
        load_conn_fail(c, &err);
        return false;
    }
    c->state = LOAD_SHAKING;
    switch (tls_handshake(c->tls, &err)) {
    case TLS_WANT_READ:
        (void)watch(c, EPOLLIN);
        return false;
    case TLS_WANT_WRITE:
        (void)watch(c, EPOLLIN | EPOLLOUT);
        return false;
    case TLS_OK:
        break;
    case TLS_EOF:
        kerr_set(&err, KE_TLS, "the server closed the connection during the handshake");
        load_conn_fail(c, &err);
        return false;
    case TLS_FAILED:
        load_conn_fail(c, &err);
        return false;
    }
    const struct tls_info *info = tls_info(c->tls);
    c->state = LOAD_OPEN;
    l->result->handshakes++;
    l->result->resumed += info->resumed;
    histogram_add(&l->result->handshake, now_ns - c->since_ns);
    if (!l->result->tls[0])
        snprintf(l->result->tls, sizeof l->result->tls, "%.15s, %.70s", info->version,
                 info->suite);
    return true;
}

/* ---- Sending ---- */

/* The id of a request: the run's own four bytes, its number, its place. */
static void put_id(uint8_t *id, const struct load *l, uint64_t serial, uint32_t slot)
{
    memcpy(id, l->id_prefix, 4);
    be64_put(id + 4, serial);
    be32_put(id + 12, slot);
}

static void fill_slot(struct load_conn *c, uint32_t i, uint32_t op, int64_t due_ns)
{
    struct load_slot *s = &c->slots[i];

    c->free = s->next;
    *s = (struct load_slot){.due_ns = due_ns, .serial = ++c->load->serial, .op = op,
                            .next = LOAD_NONE};
    if (c->last == LOAD_NONE)
        c->first = i;
    else
        c->slots[c->last].next = i;
    c->last = i;
    c->in_flight++;
}

/* Encrypts one request into what the connection holds back. */
static bool send_one(struct load_conn *c, int64_t due_ns, struct kerr *err)
{
    struct load *l = c->load;
    uint32_t op = load_pick(l), slot = c->free;
    const struct load_op *o = &l->plan->ops[op];
    size_t n;

    buf_reset(&l->request);
    if (!buf_put_bytes(&l->request, o->request))
        return kerr_set(err, KE_MEMORY, "no memory for a request");
    fill_slot(c, slot, op, due_ns);
    put_id(l->request.p + o->id_off, l, c->slots[slot].serial, slot);
    switch (tls_write(c->tls, buf_bytes(&l->request), &n, err)) {
    case TLS_OK: /* a hold takes what it is given */
        break;
    case TLS_EOF:
        return kerr_set(err, KE_CLOSED, "the server closed the connection");
    case TLS_WANT_READ:
    case TLS_WANT_WRITE:
        return kerr_set(err, KE_INTERNAL, "a request was not taken whole");
    case TLS_FAILED:
        return false;
    }
    if (n < l->request.n)
        return kerr_set(err, KE_INTERNAL, "a request is longer than a TLS record");
    l->result->sent++;
    return true;
}

static bool has_room(const struct load_conn *c)
{
    return c->free != LOAD_NONE && !c->writing && !(c->load->plan->reconnect && c->used);
}

static bool flush(struct load_conn *c, struct kerr *err)
{
    enum tls_io io = tls_flush(c->tls, err);

    c->writing = io == TLS_WANT_WRITE;
    return io != TLS_FAILED;
}

/* As many requests as are due and fit into the pipeline, each in its own record, many with
 * one system call. */
static bool send_due(struct load_conn *c, int64_t now_ns, struct kerr *err)
{
    size_t held = 0;
    int64_t due;

    if (c->writing && !flush(c, err))
        return false;
    while (has_room(c) && load_take(c->load, now_ns, &due)) {
        if (held == 0)
            tls_hold(c->tls);
        if (c->in_flight == 0)
            c->since_ns = now_ns;
        c->used = true;
        if (!send_one(c, due, err))
            return false;
        held += c->load->request.n;
        if (held >= BURST_MAX) {
            if (!flush(c, err))
                return false;
            held = 0;
        }
    }
    return held == 0 || flush(c, err);
}

/* ---- Replies ---- */

struct answer {
    struct bytes id;
    bool has_status, has_reason;
    uint32_t status, reason;
    struct bytes uid;
};

/* The first Batch Item of a reply, as far as load wants to know it. */
static bool read_answer(struct bytes msg, struct answer *a, struct kerr *err)
{
    struct ttlv_reader r;
    struct ttlv_item it;

    *a = (struct answer){.status = 0};
    ttlv_r_init(&r, msg, NULL, err);
    if (!ttlv_r_next(&r, &it) || !ttlv_r_enter(&r, &it))
        return false;
    for (;;) {
        if (!ttlv_r_next(&r, &it)) {
            if (r.failed)
                return false;
            if (r.depth <= 1)
                return a->has_status || kerr_set(err, KE_REPLY, "a reply has no Result Status");
            ttlv_r_leave(&r);
            if (r.depth == 1 && a->has_status)
                return true;
            continue;
        }
        switch (it.tag) {
        case KMIP_TAG_BATCH_ITEM:
        case KMIP_TAG_RESPONSE_PAYLOAD:
            if (it.type == TTLV_STRUCTURE)
                ttlv_r_enter(&r, &it);
            break;
        case KMIP_TAG_UNIQUE_BATCH_ITEM_ID:
            a->id = it.val;
            break;
        case KMIP_TAG_RESULT_STATUS:
            a->has_status = it.type == TTLV_ENUMERATION;
            a->status = a->has_status ? ttlv_enum(&it) : 0;
            break;
        case KMIP_TAG_RESULT_REASON:
            a->has_reason = it.type == TTLV_ENUMERATION;
            a->reason = a->has_reason ? ttlv_enum(&it) : 0;
            break;
        case KMIP_TAG_UNIQUE_IDENTIFIER:
            if (it.type == TTLV_TEXT_STRING && !a->uid.p)
                a->uid = it.val;
            break;
        default:
            break;
        }
    }
}

/* The slot of the request that a reply's id names, or LOAD_NONE. */
static uint32_t slot_of(const struct load_conn *c, struct bytes id)
{
    uint32_t slot = id.n == 16 ? be32_get(id.p + 12) : LOAD_NONE;
    uint8_t expected[16];

    if (slot >= c->load->plan->connect->depth || c->slots[slot].serial == 0)
        return LOAD_NONE;
    put_id(expected, c->load, c->slots[slot].serial, slot);
    return memcmp(expected, id.p, 16) == 0 ? slot : LOAD_NONE;
}

static void free_slot(struct load_conn *c, uint32_t slot)
{
    uint32_t before = LOAD_NONE;

    for (uint32_t i = c->first; i != slot; i = c->slots[i].next)
        before = i;
    if (before == LOAD_NONE)
        c->first = c->slots[slot].next;
    else
        c->slots[before].next = c->slots[slot].next;
    if (c->last == slot)
        c->last = before;
    c->slots[slot] = (struct load_slot){.next = c->free};
    c->free = slot;
    c->in_flight--;
}

static void count_refusal(struct load *l, const struct answer *a)
{
    load_count_error(l, "%s%s%s", kmip_name_of("Result Status", a->status),
                     a->has_reason ? ", " : "",
                     a->has_reason ? kmip_name_of("Result Reason", a->reason) : "");
}

static bool take_reply(struct load_conn *c, struct bytes msg, int64_t now_ns, struct kerr *err)
{
    struct load *l = c->load;
    struct answer a;

    if (!read_answer(msg, &a, err))
        return false;
    uint32_t slot = slot_of(c, a.id);
    if (l->plan->connect->match == KC_MATCH_POSITION && slot != c->first)
        return kerr_set(err, KE_REPLY, "invalid batch item ID: a reply is not the oldest request's");
    /* Who refuses a message as a whole may leave the id away; what else has none that we know
     * answers nothing of ours. */
    if (slot == LOAD_NONE && a.id.n == 0 && a.status != KMIP_RESULT_STATUS_SUCCESS)
        slot = c->first;
    if (slot == LOAD_NONE)
        return kerr_set(err, KE_REPLY, "a reply names no request that is in flight");
    struct load_slot s = c->slots[slot];
    free_slot(c, slot);
    c->failures = 0;
    if (c->in_flight > 0)
        c->since_ns = now_ns;
    bool success = a.status == KMIP_RESULT_STATUS_SUCCESS;
    load_answered(l, &s, now_ns, success);
    if (!success)
        count_refusal(l, &a);
    else if (l->plan->made && a.uid.p && strcmp(l->plan->ops[s.op].name, "create") == 0)
        l->plan->made(l->plan->arg, a.uid);
    return true;
}

static bool take_replies(struct load_conn *c, struct kerr *err)
{
    struct load *l = c->load;
    size_t n;

    for (;;) {
        struct bytes rest = bytes_of(c->in.p + c->in_off, c->in.n - c->in_off);
        switch (rest.n ? ttlv_framing(rest, l->max_message, &n, err)
                       : TTLV_FRAME_MORE) {
        case TTLV_FRAME_BAD:
            return false;
        case TTLV_FRAME_MORE:
            if (c->in_off > 0)
                buf_drop(&c->in, c->in_off);
            c->in_off = 0;
            return true;
        case TTLV_FRAME_WHOLE:
            if (!take_reply(c, bytes_of(rest.p, n), clock_mono_ns(), err))
                return false;
            c->in_off += n;
        }
    }
}

/* Everything that the socket has. */
static bool receive(struct load_conn *c, struct kerr *err)
{
    for (;;) {
        size_t before = c->in.n, n = 0;
        uint8_t *at = buf_room(&c->in, TLS_RECORD_MAX);
        if (!at)
            return kerr_set(err, KE_TTLV_SIZE, "a reply is longer than a message may be");
        enum tls_io io = tls_read(c->tls, at, TLS_RECORD_MAX, &n, err);
        c->in.n = before + n;
        switch (io) {
        case TLS_OK:
            if (!take_replies(c, err))
                return false;
            break;
        case TLS_WANT_READ:
        case TLS_WANT_WRITE:
            return true;
        case TLS_EOF:
            return kerr_set(err, KE_CLOSED, "the server closed the connection");
        case TLS_FAILED:
            return false;
        }
    }
}

/* --reconnect: the connection has done its one request. */
static void turn_over(struct load_conn *c)
{
    struct load *l = c->load;

    if (l->plan->resume && l->session.n == 0 && !tls_session(c->tls, &l->session))
        buf_reset(&l->session);
    load_conn_close(c);
}

void load_conn_go(struct load_conn *c, int64_t now_ns)
{
    struct kerr err = KERR_INIT;

    if (c->state == LOAD_CLOSED ||
        ((c->state == LOAD_CONNECTING || c->state == LOAD_SHAKING) && !shake_hands(c, now_ns)))
        return;
    if (!receive(c, &err) || !send_due(c, now_ns, &err)) {
        /* A server may close when all is answered: nothing is lost by that. */
        load_conn_fail(c, &err);
        return;
    }
    if (c->used && c->in_flight == 0 && c->load->plan->reconnect)
        turn_over(c);
    else
        (void)watch(c, c->writing ? EPOLLIN | EPOLLOUT : EPOLLIN);
}
