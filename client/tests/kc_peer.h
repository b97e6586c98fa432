/* What the tests of the client have in common: one client connected to one
 * scripted server, and requests that are recognised again. */
#ifndef CLIENT_TESTS_KC_PEER_H
#define CLIENT_TESTS_KC_PEER_H

#include <criterion/criterion.h>
#include <stdio.h>

#include "client/lib/kc.h"
#include "client/lib/requests.h"
#include "kmip/base/clock.h"
#include "kmip/tests/support/peer.h"

static struct peer peer;
static struct kc_client *c;

static inline struct kc_connect connect_to_peer(unsigned depth, enum kc_match match)
{
    return (struct kc_connect){
        .host = "127.0.0.1",
        .port = peer.port,
        .files = {.ca = peer.files.ca, .cert = peer.files.cert, .key = peer.files.key},
        .timeout_ns = 10 * NS_PER_S,
        .depth = depth,
        .match = match,
    };
}

static inline void start(void (*script)(struct peer *p), unsigned depth, enum kc_match match)
{
    struct kerr err = KERR_INIT;

    peer_start(&peer, script, NULL);
    struct kc_connect o = connect_to_peer(depth, match);
    c = kc_open(&o, &err);
    cr_assert(c, "%s", err.msg);
}

static inline void stop(bool may_break)
{
    kc_close(&c);
    peer_stop(&peer, may_break);
}

/* An Activate request with one byte as its id (0: no id). */
static inline void request(uint8_t id, struct buf *out)
{
    struct kmip_request head = {0};
    struct ttlv_writer w;

    buf_init(out, BUF_NO_LIMIT);
    req_begin(&w, out, &head, KMIP_OPERATION_ACTIVATE, bytes_of(&id, id ? 1 : 0), NULL);
    req_uid(&w, "key");
    cr_assert(req_end(&w));
}

static inline kc_ticket submit(uint8_t id)
{
    struct kerr err = KERR_INIT;
    kc_ticket t;
    struct buf b;

    request(id, &b);
    cr_assert(kc_submit(c, buf_bytes(&b), bytes_of(&id, id ? 1 : 0), &t, &err), "%s", err.msg);
    buf_clear(&b);
    return t;
}

/* The Unique Identifier of the reply; "" when there is none. */
static inline const char *uid_of(struct bytes reply)
{
    static char out[64];
    struct kmip_message m;
    struct kmip_item it;
    struct ttlv_item uid;

    cr_assert(kmip_open(&m, reply, NULL) && kmip_next_item(&m, &it));
    out[0] = 0;
    if (it.has_payload && ttlv_find(&it.payload, KMIP_TAG_UNIQUE_IDENTIFIER, &uid))
        snprintf(out, sizeof out, "%.*s", (int)uid.val.n, (const char *)uid.val.p);
    return out;
}

static inline void expect_reply(kc_ticket t, const char *uid, struct kc_seen *seen)
{
    struct kerr err = KERR_INIT;
    struct buf reply;

    buf_init(&reply, BUF_NO_LIMIT);
    cr_assert(kc_wait(c, t, &reply, seen, &err), "%s", err.msg);
    cr_expect_str_eq(uid_of(buf_bytes(&reply)), uid);
    buf_clear(&reply);
}

static inline void expect_failure(kc_ticket t, enum kerr_code code, const char *words)
{
    struct kerr err = KERR_INIT;
    struct buf reply;

    buf_init(&reply, BUF_NO_LIMIT);
    cr_expect(!kc_wait(c, t, &reply, NULL, &err));
    cr_expect_eq(err.code, code, "%s: %s", kerr_name(err.code), err.msg);
    cr_expect(strstr(err.msg, words), "\"%s\" is not in: %s", words, err.msg);
    cr_expect_eq(reply.n, 0u);
    buf_clear(&reply);
}

#endif
