/* The replies outstanding on one connection and the order they leave in.
 *
 * Without faults a reply leaves at once, in the order of the requests. With
 * reorder {window, max_wait}, replies are held until `window` of them are there or
 * the oldest has waited max_wait; the held ones then leave in an order drawn from
 * the connection's own random stream that is never the original one when two or
 * more are held. No sockets, no clock of its own: time is handed in. */
#ifndef MOCKSERVER_PIPELINE_H
#define MOCKSERVER_PIPELINE_H

#include "kmip/base/buf.h"

struct reply {
    struct buf bytes;     /* one whole Response Message */
    uint64_t request;     /* number of the request on this connection, from 0 */
    int64_t arrived_ns;   /* when it was handed in */
    struct reply *next;
};

struct pipeline {
    struct reply *held, *held_tail, *out, *out_tail;
    size_t n_held, n_out;
    size_t window;
    int64_t max_wait_ns;
    uint64_t rng; /* state of the connection's stream */
};

/* seed and connection number give the stream: same seed and connection, same order. */
void pipeline_init(struct pipeline *p, size_t window, int64_t max_wait_ns, uint64_t seed,
                   uint64_t connection);
void pipeline_clear(struct pipeline *p);
/* Takes the bytes over (moved out of *bytes). False: no memory. */
__attribute__((warn_unused_result)) bool pipeline_push(struct pipeline *p, struct buf *bytes,
                                                       uint64_t request, int64_t now_ns);
/* Lets go what is due; then returns when to call again (monotonic ns), or INT64_MAX. */
int64_t pipeline_due(struct pipeline *p, int64_t now_ns);
/* The next reply to send, or NULL; the caller frees it with reply_free. */
struct reply *pipeline_take(struct pipeline *p);
void reply_free(struct reply **r);
/* No more requests will come (peer closed its side): let everything go. */
void pipeline_flush(struct pipeline *p);

#endif
