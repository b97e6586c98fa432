/* Requests as the Zenko driver sends them, over a connection of their own: Maximum
 * Response Size 8000, one Batch Item, a Unique Batch Item ID of 16 bytes.
 *
 *     struct wire_call c;
 *     ttlv_w_... (wire_begin(&w, &c, KMIP_OPERATION_ACTIVATE), ...);
 *     bool ok = wire_ask(&w, &c);          // or wire_send now and wire_take later
 *     ... c.item, or c.err ...
 *     wire_call_clear(&c);
 *
 * A strict wire ends where the driver would: it takes one TLS record for one reply, and
 * a reply without the id of the oldest request outstanding ends the connection. */
#ifndef CONFORMANCE_DRIVER_WIRE_H
#define CONFORMANCE_DRIVER_WIRE_H

#include "client/lib/kc.h"
#include "client/lib/reply.h"
#include "conformance/picture.h"

struct wire;

struct wire_call {
    uint32_t operation;
    uint8_t id[16];
    struct buf request, reply;
    struct ttlv_writer w;
    unsigned ask;              /* the watch's: the request's number in the journal */
    kc_ticket ticket;
    uint32_t place;            /* which request of its connection, from 0 */
    int64_t begun_ns, ended_ns; /* monotonic: before the first byte left; when all was over */
    bool sent, answered;
    struct kc_seen seen;       /* of an answered one, like all below */
    bool named;                /* the reply bears the request's id */
    bool has_stamp;
    int64_t stamp_s;           /* Time Stamp */
    struct kmip_item item;     /* of a success; views of reply */
    struct reply_refusal refusal;
    struct kerr err;           /* why it is no success: KE_REFUSED, KE_REPLY, KE_CLOSED, ... */
};

struct wire_watch {
    /* Before a request leaves. False, with c->err set: it must not. */
    bool (*sending)(void *arg, struct wire *w, struct wire_call *c);
    /* Its reply is there, or will not come (c->err). */
    void (*over)(void *arg, struct wire *w, struct wire_call *c);
};

struct wire {
    struct kc_client *kc;
    uint8_t version;
    unsigned depth;
    bool strict;
    uint32_t sent;
    uint32_t number;           /* of the connection, for who draws several; 0: the only one */
    int64_t open_ns;           /* what connecting and shaking hands took */
    const struct wire_watch *watch; /* may be NULL */
    void *arg;
};

/* The caller has set version, strict, watch and arg. */
__attribute__((warn_unused_result)) bool wire_open(struct wire *w, const struct kc_connect *base,
                                                   unsigned depth, enum kc_match match,
                                                   struct kerr *err);
void wire_close(struct wire *w);

/* Opens the request up to its payload's fields, which the caller writes. */
struct ttlv_writer *wire_begin(struct wire *w, struct wire_call *c, uint32_t operation);
/* Sends it, waiting for a place in the pipeline. False: c->err. */
__attribute__((warn_unused_result)) bool wire_send(struct wire *w, struct wire_call *c);
/* Waits for its reply. True: a Success with what the driver needs of any reply. */
__attribute__((warn_unused_result)) bool wire_take(struct wire *w, struct wire_call *c);
__attribute__((warn_unused_result)) bool wire_ask(struct wire *w, struct wire_call *c);
void wire_call_clear(struct wire_call *c);

/* A request sent, or its reply, as an event of a picture. */
void wire_event(const struct wire *w, const struct wire_call *c, enum picture_kind kind,
                struct picture_event *out);

/* Place of its reply among the connection's is not that of the request. */
bool wire_moved(const struct wire_call *c);
/* A Text String of the payload; false with c->err (KE_REPLY) when it is not there, or
 * longer than room. */
__attribute__((warn_unused_result)) bool wire_text(struct wire_call *c, uint32_t tag, char *out,
                                                   size_t room);

#endif
