/* The server without its sockets: what operations need, and what a session calls.
 *
 * engine_answer is the whole life of a request: bytes of one message in, bytes
 * of one reply out. */
#ifndef MOCKSERVER_ENGINE_H
#define MOCKSERVER_ENGINE_H

#include "kmip/base/buf.h"
#include "kmip/base/error.h"
#include "kmip/schema/message.h"
#include "mockserver/behaviour.h"
#include "mockserver/config.h"
#include "mockserver/draws.h"
#include "mockserver/store.h"

struct engine_async; /* requests answered Pending, waiting for Poll */
struct engine_scratch; /* memory kept from request to request */

struct mock_engine {
    const struct mock_config *cfg;
    struct mock_store *store;
    struct engine_async *async;
    struct engine_scratch *scratch;
    int64_t (*clock_ns)(void *arg); /* the server's (skewed) wall clock, ns since the epoch */
    int64_t (*stamp_ns)(void *arg); /* what the Time Stamp says; NULL: clock_ns */
    void *clock_arg;
    uint64_t run;        /* of the store (store_run) */
    struct draws draws;  /* of what no connection asks for */
    uint64_t requests;   /* answered by sessions so far */
};

__attribute__((warn_unused_result)) bool engine_init(struct mock_engine *e,
                                                     const struct mock_config *cfg,
                                                     int64_t (*clock_ns)(void *), void *clock_arg,
                                                     struct kerr *err);
void engine_clear(struct mock_engine *e);

/* The server's time in whole seconds since the epoch. */
int64_t engine_now(const struct mock_engine *e);
/* The same as the Time Stamp has it. */
int64_t engine_stamp(const struct mock_engine *e);

/* A fresh Unique Identifier, in the form of a UUID. */
__attribute__((warn_unused_result)) bool engine_new_uid(struct mock_engine *e, struct draws *draws,
                                                        char out[MOCK_UID_MAX], struct kerr *err);

/* An operation that was answered Pending can be cancelled until the next request, and
 * the store's request stays open as long. This ends it, with effect: to be called before
 * the store is used past engine_answer. */
void engine_settle(struct mock_engine *e);

/* Who asks: from the TLS certificate; a Credential in the request may change it. */
struct mock_peer {
    char identity[192]; /* certificate CN, or "" when there was none */
    bool authenticated; /* a client certificate was shown and verified */
};

/* One request message: who sent it, and what holds for it alone. */
struct engine_request {
    struct bytes bytes;
    const struct mock_peer *peer;
    struct behaviour *behaviour; /* NULL: as configured */
    struct draws *draws;         /* of its connection; NULL: the engine's */
};

/* What a reply says about itself, for log, journal and timeline. */
struct answer_note {
    uint32_t operation; /* of the first item; 0 if none could be read */
    uint32_t status, reason;
    uint32_t items;
    uint8_t id[32]; /* first Unique Batch Item ID, cut to this */
    size_t id_len;
    char uid[MOCK_UID_MAX]; /* object touched by the first item, if any */
    char message[128]; /* Result Message of the first item */
};

/* Appends exactly one Response Message to out. False only when the server itself
 * cannot go on (memory): the connection should then be closed. */
__attribute__((warn_unused_result)) bool engine_answer(struct mock_engine *e,
                                                       const struct engine_request *rq,
                                                       struct buf *out, struct answer_note *note,
                                                       struct kerr *err);
/* A reply for bytes that can never be a message (framing lost): header and one
 * item without Operation, Invalid Message. */
__attribute__((warn_unused_result)) bool engine_reject(struct mock_engine *e,
                                                       const struct kerr *why, struct buf *out,
                                                       struct kerr *err);

#endif
