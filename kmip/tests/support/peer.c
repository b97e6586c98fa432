/* The scripted server of peer.h. */
#include "kmip/tests/support/peer.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kmip/base/clock.h"
#include "kmip/net/pki.h"
#include "kmip/net/tcp.h"
#include "kmip/schema/message.h"
#include "kmip/ttlv/framing.h"

enum { PATIENCE_MS = 10000, MESSAGE_MAX = 32 << 20 };

static void note(struct peer *p, const char *what, const struct kerr *err)
{
    if (!p->failure[0])
        snprintf(p->failure, sizeof p->failure, "%s%s%.200s", what, err ? ": " : "",
                 err ? err->msg : "");
}

/* Waits for what io wants; false when it will not come. */
static bool ready(struct peer *p, enum tls_io io, const char *what, const struct kerr *err)
{
    struct pollfd f = {.fd = tls_fd(p->tls), .events = io == TLS_WANT_WRITE ? POLLOUT : POLLIN};

    if (io == TLS_EOF || io == TLS_FAILED)
        note(p, what, io == TLS_FAILED ? err : NULL);
    else if (poll(&f, 1, PATIENCE_MS) == 1)
        return true;
    else
        note(p, what, NULL);
    return false;
}

/* One record more; false with *eof when the client has left. */
static bool read_record(struct peer *p, bool *eof)
{
    uint8_t chunk[TLS_RECORD_MAX];

    for (;;) {
        struct kerr err = KERR_INIT;
        size_t n = 0;
        enum tls_io io = tls_read(p->tls, chunk, sizeof chunk, &n, &err);
        if (io == TLS_OK)
            return buf_put(&p->in, chunk, n);
        *eof = io == TLS_EOF;
        if (*eof || !ready(p, io, "while reading a request", &err))
            return false;
    }
}

void peer_read(struct peer *p, size_t n)
{
    while (n > 0 && !p->failure[0]) {
        struct kerr err = KERR_INIT;
        size_t whole;
        bool eof = false;
        enum ttlv_frame got = ttlv_framing(buf_bytes(&p->in), MESSAGE_MAX, &whole, &err);
        if (got == TTLV_FRAME_BAD) {
            note(p, "request", &err);
        } else if (got == TTLV_FRAME_WHOLE) {
            buf_put(&p->request[p->n_requests++], p->in.p, whole);
            buf_drop(&p->in, whole);
            n--;
        } else if (!read_record(p, &eof)) {
            note(p, "the client left before its request was whole", NULL);
        }
    }
}

void peer_hears_nothing(struct peer *p, int ms)
{
    struct pollfd f = {.fd = tls_fd(p->tls), .events = POLLIN};

    if (p->failure[0])
        return;
    if (p->in.n > 0 || tls_pending(p->tls) > 0 || poll(&f, 1, ms) != 0)
        note(p, "the client sent more than it should have", NULL);
}

void peer_send(struct peer *p, struct bytes v)
{
    while (v.n > 0 && !p->failure[0]) {
        struct kerr err = KERR_INIT;
        size_t n = 0;
        enum tls_io io = tls_write(p->tls, v, &n, &err);
        v = bytes_of(v.p + n, v.n - n);
        if (io != TLS_OK && !ready(p, io, "while sending", &err))
            return;
    }
}

/* Root, header and the item's fields up to where status goes. */
static void begin(struct peer *p, size_t i, struct ttlv_writer *w, struct buf *out)
{
    struct kmip_message m;
    struct kmip_item it = {0};
    struct kerr err = KERR_INIT;

    if (!kmip_open(&m, buf_bytes(&p->request[i]), &err) || !kmip_next_item(&m, &it))
        note(p, "a request that cannot be answered", &err);
    ttlv_w_init(w, out, NULL);
    ttlv_w_open(w, KMIP_TAG_RESPONSE_MESSAGE);
    ttlv_w_open(w, KMIP_TAG_RESPONSE_HEADER);
    ttlv_w_open(w, KMIP_TAG_PROTOCOL_VERSION);
    ttlv_w_int(w, KMIP_TAG_PROTOCOL_VERSION_MAJOR, m.header.major);
    ttlv_w_int(w, KMIP_TAG_PROTOCOL_VERSION_MINOR, m.header.minor);
    ttlv_w_close(w);
    ttlv_w_date(w, KMIP_TAG_TIME_STAMP, clock_wall_ns() / NS_PER_S);
    ttlv_w_int(w, KMIP_TAG_BATCH_COUNT, 1);
    ttlv_w_close(w);
    ttlv_w_open(w, KMIP_TAG_BATCH_ITEM);
    ttlv_w_enum(w, KMIP_TAG_OPERATION, it.operation);
    if (it.has_id)
        ttlv_w_bytes(w, KMIP_TAG_UNIQUE_BATCH_ITEM_ID, it.id);
}

static void end(struct peer *p, struct ttlv_writer *w)
{
    ttlv_w_close(w);
    ttlv_w_close(w);
    if (!ttlv_w_finish(w))
        note(p, "a reply could not be written", NULL);
}

void peer_response(struct peer *p, size_t i, const char *uid, struct buf *out)
{
    struct ttlv_writer w;
    char text[32];

    if (p->failure[0])
        return;
    snprintf(text, sizeof text, "uid-%zu", i);
    begin(p, i, &w, out);
    ttlv_w_enum(&w, KMIP_TAG_RESULT_STATUS, KMIP_RESULT_STATUS_SUCCESS);
    ttlv_w_open(&w, KMIP_TAG_RESPONSE_PAYLOAD);
    ttlv_w_str(&w, KMIP_TAG_UNIQUE_IDENTIFIER, uid ? uid : text);
    ttlv_w_close(&w);
    end(p, &w);
}

void peer_reply(struct peer *p, size_t i)
{
    struct buf b;

    buf_init(&b, BUF_NO_LIMIT);
    peer_response(p, i, NULL, &b);
    peer_send(p, buf_bytes(&b));
    buf_clear(&b);
}

void peer_refuse(struct peer *p, size_t i, const char *message)
{
    struct ttlv_writer w;
    struct buf b;

    if (p->failure[0])
        return;
    buf_init(&b, BUF_NO_LIMIT);
    begin(p, i, &w, &b);
    ttlv_w_enum(&w, KMIP_TAG_RESULT_STATUS, KMIP_RESULT_STATUS_OPERATION_FAILED);
    ttlv_w_enum(&w, KMIP_TAG_RESULT_REASON, KMIP_RESULT_REASON_INVALID_FIELD);
    ttlv_w_str(&w, KMIP_TAG_RESULT_MESSAGE, message);
    end(p, &w);
    peer_send(p, buf_bytes(&b));
    buf_clear(&b);
}

void peer_pause(int ms)
{
    poll(NULL, 0, ms);
}

void peer_wait_closed(struct peer *p)
{
    bool eof = false;

    while (!p->failure[0] && read_record(p, &eof))
        ;
}

void peer_hang_up(struct peer *p)
{
    shutdown(tls_fd(p->tls), SHUT_RDWR);
    note(p, "", NULL);
}

static bool take_client(struct peer *p)
{
    struct pollfd f = {.fd = p->listener, .events = POLLIN};
    struct kerr err = KERR_INIT;
    int fd = poll(&f, 1, PATIENCE_MS) == 1 ? accept(p->listener, NULL, NULL) : -1;

    if (fd < 0 || !(p->tls = tls_new(p->creds, fd, NULL, &err))) {
        note(p, "no client came", &err);
        return false;
    }
    for (;;) {
        enum tls_io io = tls_handshake(p->tls, &err);
        if (io == TLS_OK)
            return true;
        if (!ready(p, io, "handshake", &err))
            return false;
    }
}

static void *run(void *arg)
{
    struct peer *p = arg;

    if (take_client(p)) {
        p->script(p);
        if (!p->failure[0])
            tls_bye(p->tls);
        shutdown(tls_fd(p->tls), SHUT_WR);
    }
    return NULL;
}

void peer_start(struct peer *p, void (*script)(struct peer *p), const void *arg)
{
    struct kerr err = KERR_INIT;
    struct tls_dir server;
    int port = 0;

    memset(p, 0, sizeof *p);
    p->script = script;
    p->arg = arg;
    buf_init(&p->in, BUF_NO_LIMIT);
    for (size_t i = 0; i < PEER_REQUESTS; i++)
        buf_init(&p->request[i], BUF_NO_LIMIT);
    tmpdir_make(&p->dir);
    cr_assert(pki_set(p->dir.path, &err) &&
              tls_dir_files(tmpdir_file(&p->dir, "server"), &server, &err) &&
              tls_dir_files(tmpdir_file(&p->dir, "client"), &p->files, &err), "%s", err.msg);
    struct tls_files files = {.ca = server.ca, .cert = server.cert, .key = server.key};
    p->creds = tls_creds_load(TLS_SERVER, &files, &(struct tls_options){0}, &err);
    cr_assert(p->creds, "%s", err.msg);
    p->listener = tcp_listen("127.0.0.1:0", &port, &err);
    cr_assert(p->listener >= 0, "%s", err.msg);
    snprintf(p->port, sizeof p->port, "%d", port);
    cr_assert(pthread_create(&p->thread, NULL, run, p) == 0);
}

void peer_join(struct peer *p)
{
    if (!p->joined)
        pthread_join(p->thread, NULL);
    p->joined = true;
}

void peer_stop(struct peer *p, bool may_break)
{
    char failure[sizeof p->failure];

    peer_join(p);
    memcpy(failure, p->failure, sizeof failure);
    tls_free(&p->tls);
    tls_creds_free(&p->creds);
    close(p->listener);
    buf_clear(&p->in);
    for (size_t i = 0; i < PEER_REQUESTS; i++)
        buf_clear(&p->request[i]);
    tmpdir_remove(&p->dir);
    cr_assert(may_break || !failure[0], "the peer's script failed: %s", failure);
}
