/* The blocking client of kc.h.
 *
 * Bytes are taken in a TLS record at a time and gathered in `in`; whenever a
 * request is outstanding, whole messages are cut off its front and given away.
 * A request is a flight (flight.h): outstanding, then arrived, then spare. While
 * one is being written, what the peer says meanwhile is taken in, so that two full
 * sockets never wait for each other.
 *
 * Everything that fails inside does so into c->why and ends the connection; the
 * public functions hand the reason on. */
#include "client/lib/kc.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "client/lib/flight.h"
#include "kmip/base/clock.h"
#include "kmip/net/tcp.h"
#include "kmip/ttlv/framing.h"

#define MAX_MESSAGE_DEFAULT (8u << 20)

struct kc_client {
    struct tls_creds *creds;
    struct tls_conn *tls; /* NULL: dropped, and `why` tells the reason */
    struct tls_info info;
    struct kerr why;
    int64_t timeout_ns;
    size_t max_message;
    unsigned depth;
    enum kc_match match;

    struct flight_queue outstanding, arrived, spare;
    kc_ticket last_ticket;

    struct buf in;      /* received, not yet given away */
    uint32_t records;   /* records that hold bytes of the message at the front of `in` */
    bool shared;        /* ... and one of them held bytes of the message before it */
    int64_t arrived_ns; /* when the latest record came */
    uint32_t n_replies;
    struct buf last_id; /* that the reply before carried */
    size_t unasked;     /* bytes nobody asked for when the server hung up */
    uint8_t record[TLS_RECORD_MAX];
};

/* --- failing ------------------------------------------------------------ */

static void drop(struct kc_client *c)
{
    tls_free(&c->tls);
    buf_reset(&c->in);
}

/* Ends the connection for the reason in c->why and hands it out. */
static bool give_up(struct kc_client *c, struct kerr *err)
{
    if (c->why.code == KE_CLOSED && c->why.off == KERR_NO_OFF && c->in.n > 0)
        c->why.off = (uint32_t)c->in.n; /* how much of a reply had come */
    drop(c);
    return kerr_set_at(err, c->why.code, c->why.off, c->why.path, "%s", c->why.msg);
}

static bool need_open(struct kc_client *c, struct kerr *err)
{
    if (c->tls)
        return true;
    kerr_set_at(err, c->why.code, c->why.off, c->why.path, "%s", c->why.msg);
    return kerr_wrap(err, "the connection was dropped earlier");
}

/* Bytes that the reply at the front of `in` has, as far as is known by now. */
static size_t announced(const struct kc_client *c)
{
    size_t whole = 0;
    struct kerr ignored = KERR_INIT;

    ttlv_framing(buf_bytes(&c->in), c->max_message, &whole, &ignored);
    return whole;
}

static bool peer_closed(struct kc_client *c)
{
    const char *how = tls_abrupt(c->tls) ? " without a TLS close-notify" : "";

    if (c->in.n == 0 && c->outstanding.n == 0)
        return kerr_set(&c->why, KE_CLOSED, "the server closed the connection%s", how);
    if (c->in.n == 0)
        return kerr_set(&c->why, KE_CLOSED, "the server closed the connection%s; requests "
                        "outstanding: %zu", how, c->outstanding.n);
    return kerr_set(&c->why, KE_CLOSED,
                    "the server closed the connection%s in the middle of a reply: "
                    "%zu of at least %zu bytes had come",
                    how, c->in.n, announced(c));
}

/* TLS or the connection failed; `why` says how, but not what was under way. */
static bool broken(struct kc_client *c)
{
    if (c->in.n > 0)
        return kerr_wrap(&c->why, "in the middle of a reply, of which %zu of at least %zu bytes "
                         "had come", c->in.n, announced(c));
    return false;
}

static bool time_is_up(struct kc_client *c, const char *what)
{
    double waited = (double)c->timeout_ns / (double)NS_PER_S;

    /* How long it has been quiet tells a server that is slow from one that has stopped. */
    if (c->in.n > 0)
        return kerr_set(&c->why, KE_TIMEOUT, "waited %.3g s for %s: %zu of at least %zu bytes of "
                        "a reply had come, the latest %.2f s before",
                        waited, what, c->in.n, announced(c),
                        (double)(clock_mono_ns() - c->arrived_ns) / (double)NS_PER_S);
    return kerr_set(&c->why, KE_TIMEOUT, "waited %.3g s for %s in vain", waited, what);
}

/* --- bytes -------------------------------------------------------------- */

/* Waits until the socket is ready for one of events; *ready tells for which. */
static bool wait_ready(struct kc_client *c, short events, int64_t deadline, const char *what,
                       short *ready)
{
    struct pollfd p = {.fd = tls_fd(c->tls), .events = events};
    int n = poll(&p, 1, deadline_poll_ms(deadline));

    if (n > 0) {
        *ready = p.revents;
        return true;
    }
    if (n == 0)
        return time_is_up(c, what);
    if (errno == EINTR)
        return kerr_set(&c->why, KE_INTERRUPTED, "interrupted while waiting for %s", what);
    return kerr_set(&c->why, KE_IO, "cannot wait for %s: %s", what, strerror(errno));
}

static bool give_away(struct kc_client *c);

/* Takes in the record that tls_read has just given. */
static bool take_in(struct kc_client *c, size_t n)
{
    bool fits = buf_put(&c->in, c->record, n);

    wipe(c->record, n);
    c->arrived_ns = clock_mono_ns();
    c->records++;
    if (!fits)
        return c->in.too_long
                   ? kerr_set(&c->why, KE_TTLV_SIZE, "the server sends more than was asked for")
                   : kerr_set(&c->why, KE_MEMORY, "no memory for a reply");
    return give_away(c);
}

/* Takes in what is there without waiting; *next is what to wait for then. */
static bool take_available(struct kc_client *c, short *next)
{
    for (;;) {
        size_t n = 0;
        enum tls_io r = tls_read(c->tls, c->record, sizeof c->record, &n, &c->why);
        if (r == TLS_WANT_READ || r == TLS_WANT_WRITE) {
            *next = r == TLS_WANT_READ ? POLLIN : POLLOUT;
            return true;
        }
        if (r == TLS_FAILED)
            return broken(c);
        if (r == TLS_EOF)
            return peer_closed(c);
        if (!take_in(c, n))
            return false;
    }
}

/* Waits for one record at least and takes it in. */
static bool take_record(struct kc_client *c, int64_t deadline)
{
    for (;;) {
        size_t n = 0;
        short ready;
        enum tls_io r = tls_read(c->tls, c->record, sizeof c->record, &n, &c->why);
        if (r == TLS_OK)
            return take_in(c, n);
        if (r == TLS_FAILED)
            return broken(c);
        if (r == TLS_EOF)
            return peer_closed(c);
        if (!wait_ready(c, r == TLS_WANT_READ ? POLLIN : POLLOUT, deadline, "a reply", &ready))
            return false;
    }
}

static bool write_all(struct kc_client *c, struct bytes data, int64_t deadline)
{
    while (data.n > 0) {
        size_t n = 0;
        enum tls_io r = tls_write(c->tls, data, &n, &c->why);
        if (r == TLS_FAILED)
            return false;
        if (r == TLS_EOF)
            return peer_closed(c);
        data = bytes_of(data.p + n, data.n - n);
        if (r == TLS_OK)
            continue;
        short ready, next, out = r == TLS_WANT_WRITE ? POLLOUT : 0;
        if (!wait_ready(c, (short)(POLLIN | out), deadline, "the server to take a request",
                        &ready))
            return false;
        if ((ready & ~POLLOUT) && !take_available(c, &next))
            return false;
    }
    return true;
}

/* --- whose a reply is --------------------------------------------------- */

/* The next item of this level with the tag. */
static bool seek(struct ttlv_reader *r, uint32_t tag, struct ttlv_item *it)
{
    while (ttlv_r_next(r, it))
        if (it->tag == tag)
            return true;
    return false;
}

/* The Unique Batch Item ID of the first Batch Item; empty when there is none, or
 * when the message is too broken to be read that far. */
static struct bytes first_id(struct bytes msg)
{
    struct ttlv_reader r;
    struct ttlv_item it;

    ttlv_r_init(&r, msg, NULL, NULL);
    bool found = ttlv_r_next(&r, &it) && it.type == TTLV_STRUCTURE && ttlv_r_enter(&r, &it) &&
                 seek(&r, KMIP_TAG_BATCH_ITEM, &it) && it.type == TTLV_STRUCTURE &&
                 ttlv_r_enter(&r, &it) && seek(&r, KMIP_TAG_UNIQUE_BATCH_ITEM_ID, &it);
    return found ? it.val : bytes_of(NULL, 0);
}

static void put_id(struct buf *b, struct bytes id)
{
    if (id.n == 0)
        buf_puts(b, "no id");
    else
        buf_hex(b, bytes_of(id.p, id.n < 16 ? id.n : 16));
}

/* 'invalid batch item ID', and whose it is. */
static bool wrong_id(struct kc_client *c, struct bytes id)
{
    const struct flight *oldest = c->outstanding.head;
    size_t place = 0;
    struct buf b;

    for (const struct flight *f = oldest; f && !bytes_eq(buf_bytes(&f->id), id); f = f->next)
        place++;
    bool again = c->n_replies > 0 && bytes_eq(buf_bytes(&c->last_id), id);
    buf_init(&b, 400);
    buf_printf(&b, "invalid batch item ID: reply %u of the connection carries ", c->n_replies + 1);
    put_id(&b, id);
    if (id.n > 0 && place < c->outstanding.n)
        buf_printf(&b, ", the id of outstanding request %zu of %zu", place + 1, c->outstanding.n);
    else if (id.n > 0)
        buf_puts(&b, again ? ", the id of the reply before it: one request was answered twice"
                           : ", the id of no outstanding request");
    if (c->match == KC_MATCH_POSITION) {
        buf_puts(&b, "; the oldest outstanding one has ");
        put_id(&b, buf_bytes(&oldest->id));
    }
    kerr_set(&c->why, KE_BATCH_ID, "%s", buf_cstr(&b));
    buf_clear(&b);
    return false;
}

/* The request that a reply with this id answers, or NULL with c->why set. */
static struct flight **whose(struct kc_client *c, struct bytes id)
{
    struct flight **at = &c->outstanding.head;

    if (c->match == KC_MATCH_POSITION) {
        if ((*at)->id.n == 0 || bytes_eq(buf_bytes(&(*at)->id), id))
            return at;
        wrong_id(c, id);
        return NULL;
    }
    /* A reply to a message that could not be read has no id (KMIP 1.2 spec, 7.2):
     * servers answer in order then. */
    if (id.n == 0)
        return at;
    while (*at && !bytes_eq(buf_bytes(&(*at)->id), id))
        at = &(*at)->next;
    if (*at)
        return at;
    for (at = &c->outstanding.head; *at && (*at)->id.n > 0;)
        at = &(*at)->next;
    if (*at)
        return at; /* asked without id, answered with one: for others to judge */
    wrong_id(c, id);
    return NULL;
}

/* Cuts the first n bytes, a whole message, off `in`. */
static void cut(struct kc_client *c, size_t n, struct buf *reply, struct kc_seen *seen)
{
    bool more = c->in.n > n;

    struct bytes id = first_id(bytes_of(c->in.p, n));
    buf_reset(&c->last_id);
    buf_put_bytes(&c->last_id, id);
    buf_put_bytes(reply, bytes_of(c->in.p, n));
    seen->arrived_ns = c->arrived_ns;
    seen->order = c->n_replies++;
    seen->records = c->records;
    seen->shared_record = c->shared || more;
    buf_drop(&c->in, n);
    c->records = more ? 1 : 0; /* the rest stands in the latest record */
    c->shared = more;
}

/* What comes is no message; it need not be this reply that is at fault. */
static bool no_reply(struct kc_client *c)
{
    if (c->n_replies == 0)
        return kerr_wrap(&c->why, "reply of the server");
    return kerr_wrap(&c->why, "reply %u of the connection, if reply %u was as long as it said",
                     c->n_replies + 1, c->n_replies);
}

static bool give_away(struct kc_client *c)
{
    while (c->outstanding.n > 0) {
        size_t n;
        enum ttlv_frame got = ttlv_framing(buf_bytes(&c->in), c->max_message, &n, &c->why);
        if (got != TTLV_FRAME_WHOLE)
            return got == TTLV_FRAME_MORE || no_reply(c);
        struct flight **at = whose(c, first_id(bytes_of(c->in.p, n)));
        if (!at)
            return false;
        struct flight *f = flights_take(&c->outstanding, at);
        cut(c, n, &f->reply, &f->seen);
        flights_put(&c->arrived, f);
        if (f->reply.failed)
            return kerr_set(&c->why, KE_MEMORY, "no memory for a reply of %zu bytes", n);
    }
    return true;
}

/* --- opening and closing ------------------------------------------------ */

void kc_connect_from(const struct kc_settings *s, char port_buf[16], struct kc_connect *out)
{
    snprintf(port_buf, 16, "%u", (unsigned)s->port & 0xFFFF);
    *out = (struct kc_connect){
        .host = s->host,
        .port = port_buf,
        .files = tls_files_of(&s->files),
        .timeout_ns = s->timeout_ns,
        .depth = s->depth > 0 ? (unsigned)s->depth : 1,
        .match = s->match,
    };
}

static bool shake_hands(struct kc_client *c, int64_t deadline)
{
    for (;;) {
        short ready;
        enum tls_io r = tls_handshake(c->tls, &c->why);
        if (r == TLS_OK)
            return true;
        if (r == TLS_EOF)
            return kerr_set(&c->why, KE_TLS,
                            "the server closed the connection during the handshake");
        if (r == TLS_FAILED ||
            !wait_ready(c, r == TLS_WANT_READ ? POLLIN : POLLOUT, deadline, "the TLS handshake",
                        &ready))
            return false;
    }
}

static bool connect_to(struct kc_client *c, const struct kc_connect *o)
{
    int64_t deadline = deadline_in(o->timeout_ns);

    c->creds = tls_creds_load(TLS_CLIENT, &o->files, &o->tls, &c->why);
    if (!c->creds)
        return false;
    int fd = tcp_connect(o->host, o->port, deadline, &c->why);
    if (fd < 0)
        return false;
    c->tls = tls_new(c->creds, fd, o->host, &c->why);
    if (!c->tls) {
        close(fd);
        return false;
    }
    if (!shake_hands(c, deadline))
        return kerr_wrap(&c->why, "%s port %s", o->host, o->port);
    c->info = *tls_info(c->tls);
    return true;
}

struct kc_client *kc_open(const struct kc_connect *o, struct kerr *err)
{
    struct kc_client *c = calloc(1, sizeof *c);

    if (!c) {
        kerr_set(err, KE_MEMORY, "no memory for a connection");
        return NULL;
    }
    c->why = (struct kerr)KERR_INIT;
    c->timeout_ns = o->timeout_ns;
    c->depth = o->depth > 0 ? o->depth : 1;
    c->match = o->match;
    c->max_message = o->max_message ? o->max_message : MAX_MESSAGE_DEFAULT;
    buf_init(&c->in, c->max_message + TLS_RECORD_MAX);
    buf_init(&c->last_id, BUF_NO_LIMIT);
    flights_init(&c->outstanding);
    flights_init(&c->arrived);
    flights_init(&c->spare);
    if (!connect_to(c, o)) {
        give_up(c, err);
        kc_close(&c);
    }
    return c;
}

void kc_close(struct kc_client **at)
{
    struct kc_client *c = *at;

    if (!c)
        return;
    if (c->tls)
        tls_bye(c->tls);
    tls_free(&c->tls);
    tls_creds_free(&c->creds);
    flights_free(&c->outstanding);
    flights_free(&c->arrived);
    flights_free(&c->spare);
    buf_clear(&c->in);
    buf_clear(&c->last_id);
    wipe(c->record, sizeof c->record);
    free(c);
    *at = NULL;
}

bool kc_is_open(const struct kc_client *c)
{
    return c && c->tls;
}

bool kc_still_open(struct kc_client *c)
{
    short next;

    if (!kc_is_open(c))
        return false;
    if (take_available(c, &next))
        return true;
    c->unasked = kc_unasked(c);
    drop(c);
    return false;
}

size_t kc_unasked(const struct kc_client *c)
{
    return !c->tls ? c->unasked : c->outstanding.n == 0 ? c->in.n : 0;
}

const struct tls_info *kc_tls(const struct kc_client *c)
{
    return &c->info;
}

void kc_set_timeout(struct kc_client *c, int64_t timeout_ns)
{
    c->timeout_ns = timeout_ns;
}

void kc_new_id(struct kc_client *c, uint8_t id[16])
{
    size_t n = 0;

    (void)c; /* random for every connection alike */
    while (n < 16) {
        ssize_t got = getrandom(id + n, 16 - n, 0);
        n += got > 0 ? (size_t)got : 0;
    }
}

/* --- requests ----------------------------------------------------------- */

static bool submit(struct kc_client *c, struct bytes request, struct bytes id, kc_ticket *ticket)
{
    int64_t deadline = deadline_in(c->timeout_ns);

    while (c->outstanding.n >= c->depth)
        if (!take_record(c, deadline))
            return false;
    struct flight *f = flight_new(&c->spare, ++c->last_ticket, id);
    if (!f)
        return kerr_set(&c->why, KE_MEMORY, "no memory for a request");
    *ticket = f->ticket;
    flights_put(&c->outstanding, f);
    if (!write_all(c, request, deadline))
        return false;
    f->seen.sent_ns = clock_mono_ns();
    return give_away(c); /* what came before anybody asked counts now */
}

bool kc_submit(struct kc_client *c, struct bytes request, struct bytes id, kc_ticket *ticket,
               struct kerr *err)
{
    *ticket = 0;
    return need_open(c, err) && (submit(c, request, id, ticket) || give_up(c, err));
}

static bool deliver(struct kc_client *c, struct flight **at, struct buf *reply,
                    struct kc_seen *seen, struct kerr *err)
{
    struct flight *f = flights_take(&c->arrived, at);
    bool ok = buf_put_bytes(reply, buf_bytes(&f->reply));

    if (seen)
        *seen = f->seen;
    flights_put(&c->spare, f);
    return ok || kerr_set(err, reply->too_long ? KE_TTLV_SIZE : KE_MEMORY,
                          "no room for a reply of %zu bytes", f->reply.n);
}

bool kc_wait(struct kc_client *c, kc_ticket ticket, struct buf *reply, struct kc_seen *seen,
             struct kerr *err)
{
    int64_t deadline = deadline_in(c->timeout_ns);

    for (;;) {
        struct flight **at = flights_find(&c->arrived, ticket);
        if (*at)
            return deliver(c, at, reply, seen, err);
        if (!*flights_find(&c->outstanding, ticket))
            return kerr_set(err, KE_INTERNAL, "nobody waits for reply %llu",
                            (unsigned long long)ticket);
        if (!need_open(c, err))
            return false;
        /* Should the connection end while others' replies come in, ours may be among them. */
        if (!take_record(c, deadline) && !*flights_find(&c->arrived, ticket))
            return give_up(c, err);
        if (c->why.code != KE_OK)
            drop(c);
    }
}

bool kc_call(struct kc_client *c, struct bytes request, struct bytes id, struct buf *reply,
             struct kerr *err)
{
    kc_ticket ticket;

    return kc_submit(c, request, id, &ticket, err) && kc_wait(c, ticket, reply, NULL, err);
}

/* --- raw exchange ------------------------------------------------------- */

static bool nothing_outstanding(struct kc_client *c, struct kerr *err)
{
    if (!need_open(c, err))
        return false;
    return c->outstanding.n == 0 ||
           kerr_set(err, KE_INTERNAL, "%zu requests are outstanding", c->outstanding.n);
}

bool kc_send_raw(struct kc_client *c, struct bytes data, struct kerr *err)
{
    return nothing_outstanding(c, err) &&
           (write_all(c, data, deadline_in(c->timeout_ns)) || give_up(c, err));
}

/* One message off the front of `in`, waiting for it. */
static bool receive(struct kc_client *c, struct buf *reply, struct kc_seen *seen)
{
    int64_t deadline = deadline_in(c->timeout_ns);
    struct kc_seen unused;

    for (;;) {
        size_t n;
        enum ttlv_frame got = ttlv_framing(buf_bytes(&c->in), c->max_message, &n, &c->why);
        if (got == TTLV_FRAME_BAD)
            return no_reply(c);
        if (got == TTLV_FRAME_WHOLE) {
            cut(c, n, reply, seen ? seen : &unused);
            return !reply->failed ||
                   kerr_set(&c->why, KE_MEMORY, "no room for a reply of %zu bytes", n);
        }
        if (!take_record(c, deadline))
            return false;
    }
}

bool kc_receive(struct kc_client *c, struct buf *reply, struct kc_seen *seen, struct kerr *err)
{
    if (seen)
        *seen = (struct kc_seen){0};
    return nothing_outstanding(c, err) && (receive(c, reply, seen) || give_up(c, err));
}

/* A server may answer before it has read all of a request, and hang up: the
 * writing fails then, yet the answer counts. */
static bool answered_early(struct kc_client *c, struct buf *reply, struct kc_seen *seen)
{
    struct kerr why = c->why;

    if (why.code == KE_TIMEOUT || why.code == KE_INTERRUPTED)
        return false;
    c->why = (struct kerr)KERR_INIT;
    bool ok = receive(c, reply, seen);
    c->why = why;
    if (ok)
        drop(c);
    return ok;
}

bool kc_exchange(struct kc_client *c, struct bytes request, struct buf *reply, struct kc_seen *seen,
                 struct kerr *err)
{
    struct kc_seen s = {0};

    if (!nothing_outstanding(c, err))
        return false;
    bool written = write_all(c, request, deadline_in(c->timeout_ns));
    int64_t sent_ns = clock_mono_ns();
    if (!(written ? receive(c, reply, &s) : answered_early(c, reply, &s)))
        return give_up(c, err);
    s.sent_ns = sent_ns;
    if (seen)
        *seen = s;
    return true;
}
