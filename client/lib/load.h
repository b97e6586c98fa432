/* Load: many connections at once, requests in flight on each, and what comes back of them.
 *
 * One thread and epoll(7). Without a rate each connection sends as soon as a place in its
 * pipeline is free, and a request's latency counts from when it was handed to TLS. With one,
 * requests are due at equal intervals whatever the server does, and latency counts from when
 * a request was due: a server that stalls is charged for all that waited meanwhile
 * (coordinated omission).
 *
 * Every request has a Unique Batch Item ID of its own, by which its reply is found; or, by
 * position, the oldest request's is expected. A connection that fails is opened again; what
 * it had in flight is lost, and counted. */
#ifndef CLIENT_LIB_LOAD_H
#define CLIENT_LIB_LOAD_H

#include "client/lib/histogram.h"
#include "client/lib/kc.h"

#define LOAD_OPS_MAX 16
#define LOAD_ERRORS_MAX 32
#define LOAD_SECONDS_MAX 3600
#define LOAD_CONNECTIONS_MAX 20000
#define LOAD_DEPTH_MAX 1024

/* A kind of request. Its Unique Batch Item ID has 16 bytes, at id_off. */
struct load_op {
    const char *name;
    unsigned weight;
    struct bytes request;
    size_t id_off;
};

struct load_plan {
    const struct kc_connect *connect; /* depth, match, time-outs and all */
    const struct load_op *ops;
    size_t n_ops;
    unsigned connections;
    uint64_t requests;   /* ends after so many ... */
    int64_t duration_ns; /* ... or so long; 0: the other one decides */
    double rate;         /* per second, over all connections; 0: as fast as replies come */
    bool reconnect;      /* a new connection for every request, with a full handshake */
    bool resume;         /* ... with the TLS session of an earlier one */
    uint64_t seed;       /* of the order of the mix */
    /* Called for each Unique Identifier that a Create gave; or NULL. */
    void (*made)(void *arg, struct bytes uid);
    /* Asked now and then: is this to end early? Or NULL. */
    bool (*enough)(void *arg);
    void *arg;
};

struct load_error {
    char what[160]; /* "Operation Failed, Item Not Found", "connection: ..." */
    uint64_t n;
};

struct load_op_result {
    uint64_t answered, failed; /* replies; those that are no Success */
    struct histogram latency;  /* of replies that are, ns */
};

struct load_result {
    uint64_t sent, answered, failed, lost; /* lost: no reply came */
    uint64_t handshakes, resumed;
    uint64_t late;       /* with a rate: due, and never sent before the end */
    int64_t took_ns;     /* from the first request to the last reply */
    struct histogram latency, handshake;
    struct load_op_result op[LOAD_OPS_MAX];
    struct load_error errors[LOAD_ERRORS_MAX]; /* those beyond are counted in the last */
    size_t n_errors;
    uint64_t second[LOAD_SECONDS_MAX]; /* replies in each second */
    size_t seconds;
    char tls[96];        /* "TLS1.3, AES-256-GCM" */
    bool interrupted;    /* `enough` said so */
};

/* False with err when no load could be made at all: no connection can be opened, no memory.
 * What failed on the way is in the result. */
__attribute__((warn_unused_result)) bool load_run(const struct load_plan *plan,
                                                  struct load_result *result, struct kerr *err);

/* Replies per second. */
double load_throughput(const struct load_result *r);
/* The knee: the position of the first throughput that reaches 90 % of the best. */
size_t load_knee(const double *throughput, size_t n);

#endif
