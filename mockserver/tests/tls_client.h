/* A client of bare TLS for tests of the server: it sees records as they come. */
#ifndef MOCKSERVER_TESTS_TLS_CLIENT_H
#define MOCKSERVER_TESTS_TLS_CLIENT_H

#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kmip/base/clock.h"
#include "kmip/net/tcp.h"
#include "kmip/net/tls.h"
#include "kmip/schema/message.h"
#include "kmip/tests/support/tmpdir.h"
#include "kmip/ttlv/framing.h"

enum { WAIT_MS = 10000, BIG = 1 << 22 };

/* Not every test uses all. */
#define HELPER static __attribute__((unused))

static struct tmpdir dir; /* pki/ with server, client and other is in it */
static char server_port[16];
static struct tls_creds *creds; /* of pki/client */

HELPER struct tls_creds *client_creds(const char *name, bool no_cert)
{
    struct tls_dir files;
    struct kerr err = KERR_INIT;
    struct tls_options o = {.no_client_cert = no_cert};
    cr_assert(tls_dir_files(tmpdir_file(&dir, name), &files, &err), "%s", err.msg);
    struct tls_creds *c = tls_creds_load(
        TLS_CLIENT,
        &(struct tls_files){
            .ca = files.ca, .cert = no_cert ? NULL : files.cert, .key = no_cert ? NULL : files.key},
        &o, &err);
    cr_assert(c, "%s", err.msg);
    return c;
}

HELPER int dial(void)
{
    struct kerr err = KERR_INIT;
    int fd = tcp_connect("127.0.0.1", server_port, deadline_in_ms(WAIT_MS), &err);
    cr_assert_geq(fd, 0, "%s", err.msg);
    return fd;
}

/* False when nothing happens in time. */
HELPER bool ready(int fd, enum tls_io want, int ms)
{
    struct pollfd p = {.fd = fd, .events = want == TLS_WANT_WRITE ? POLLOUT : POLLIN};
    return poll(&p, 1, ms) > 0;
}

/* NULL with err when the handshake fails. */
HELPER struct tls_conn *shake_hands(const struct tls_creds *c, struct kerr *err)
{
    int fd = dial();
    struct tls_conn *t = tls_new(c, fd, "127.0.0.1", err);
    cr_assert(t, "%s", err->msg);
    enum tls_io io;
    while ((io = tls_handshake(t, err)) == TLS_WANT_READ || io == TLS_WANT_WRITE)
        if (!ready(fd, io, WAIT_MS))
            break;
    if (io != TLS_OK)
        tls_free(&t);
    return t;
}

HELPER struct tls_conn *client(void)
{
    struct kerr err = KERR_INIT;
    struct tls_conn *t = shake_hands(creds, &err);
    cr_assert(t, "%s", err.msg);
    return t;
}

/* False when the connection breaks or the peer takes nothing for ms. */
HELPER bool push(struct tls_conn *t, struct bytes v, int ms)
{
    struct kerr err = KERR_INIT;
    while (v.n > 0) {
        size_t n;
        enum tls_io io = tls_write(t, v, &n, &err);
        if (io == TLS_WANT_READ || io == TLS_WANT_WRITE) {
            if (!ready(tls_fd(t), io, ms))
                return false;
            continue;
        }
        if (io != TLS_OK)
            return false;
        v = bytes_of(v.p + n, v.n - n);
    }
    return true;
}

HELPER void say(struct tls_conn *t, struct bytes v)
{
    cr_assert(push(t, v, WAIT_MS), "the server takes no bytes");
}

/* One record, or 0 at the end, or -1 on failure or silence. */
HELPER ssize_t record(struct tls_conn *t, uint8_t out[TLS_RECORD_MAX], int ms)
{
    struct kerr err = KERR_INIT;
    int64_t until = deadline_in_ms(ms);
    for (;;) {
        size_t n;
        enum tls_io io = tls_read(t, out, TLS_RECORD_MAX, &n, &err);
        if (io == TLS_OK)
            return (ssize_t)n;
        if (io == TLS_EOF)
            return tls_abrupt(t) ? -1 : 0;
        if (io == TLS_FAILED || !ready(tls_fd(t), io, deadline_poll_ms(until)))
            return -1;
    }
}

/* A request of `items` times Discover Versions; the id of each is four bytes. */
HELPER void put_request(struct buf *b, uint32_t id, int32_t items)
{
    struct ttlv_writer w;
    struct kerr err = KERR_INIT;
    ttlv_w_init(&w, b, &err);
    struct kmip_request rq = {.batch_count = items};
    kmip_request_begin(&w, &rq);
    for (int32_t i = 0; i < items; i++) {
        uint8_t bytes[4];
        be32_put(bytes, id + (uint32_t)i);
        kmip_item_begin(&w, KMIP_OPERATION_DISCOVER_VERSIONS, bytes_of(bytes, 4));
        kmip_item_end(&w);
    }
    kmip_request_end(&w);
    cr_assert(ttlv_w_finish(&w), "%s", err.msg);
}

HELPER void put_requests(struct buf *b, uint32_t n)
{
    buf_init(b, BUF_NO_LIMIT);
    for (uint32_t i = 0; i < n; i++)
        put_request(b, i, 1);
}

/* The id of the first item of a message that must be a whole response. */
HELPER uint32_t id_of(struct bytes v)
{
    struct kerr err = KERR_INIT;
    struct kmip_message m;
    struct kmip_item it;
    size_t n;
    cr_assert_eq(ttlv_framing(v, BIG, &n, &err), TTLV_FRAME_WHOLE, "%s", err.msg);
    cr_assert_eq(n, v.n, "one reply and nothing else");
    cr_assert(kmip_open(&m, v, &err) && m.header.response && kmip_next_item(&m, &it), "%s",
              err.msg);
    cr_assert(it.has_id && it.id.n == 4);
    return be32_get(it.id.p);
}

/* The id of the reply that the next record must hold whole. */
HELPER uint32_t next_id(struct tls_conn *t)
{
    uint8_t in[TLS_RECORD_MAX];
    ssize_t n = record(t, in, WAIT_MS);
    cr_assert_gt(n, 0);
    return id_of(bytes_of(in, (size_t)n));
}

HELPER void expect_end(struct tls_conn *t, const char *why)
{
    uint8_t in[TLS_RECORD_MAX];
    cr_expect_eq(record(t, in, WAIT_MS), 0, "%s: closed, with close-notify", why);
}

#endif
