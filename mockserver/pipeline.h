/* The replies outstanding on one connection, and how they leave.
 *
 * Without faults a reply leaves at once, whole, in the order of the requests. A
 * reply_plan changes that for one reply. Two things can happen to it in turn:
 *
 * It may open a group, which takes this reply and those that follow until it has
 * `want` of them or the first has waited max_wait; `mix` then changes the members
 * together (their order, their identifiers, one record for all) and they go on.
 * The kinds of groups are passed in the order of enum group_kind.
 *
 * Then it is cut into what leaves as TLS records of its own, with pauses, copies and
 * perhaps the end of the connection in between.
 *
 * `replies: {reorder: ...}` of the configuration is a group that opens by itself.
 * No sockets, no clock of its own: time is handed in, as nanoseconds that never go back;
 * virtual time is among them. */
#ifndef MOCKSERVER_PIPELINE_H
#define MOCKSERVER_PIPELINE_H

#include "kmip/base/buf.h"

#define PIPELINE_GROUP_MAX 1024 /* replies of one group */
#define PIPELINE_SPLIT_MAX 16

/* What happens to the connection behind a reply. */
enum reply_end {
    END_NONE,
    END_CLOSE, /* close-notify, then the socket's end */
    END_RESET, /* the socket is reset */
    END_HALF   /* no more is sent, but requests are still taken */
};

struct reply {
    struct buf bytes;     /* one whole Response Message, or a piece of it */
    uint64_t request;     /* number of the request on this connection, from 0 */
    uint64_t exchange;    /* its entry in the journal; 0: none */
    int64_t arrived_ns;   /* when it was handed in */
    int64_t due_ns;       /* leaves no earlier */
    int64_t pause_ns;     /* ... and so long after what leaves before it */
    int64_t resume_ns;    /* when that is, once it is the next; INT64_MIN: no matter */
    const void *delayer, *pauser; /* whose delay and pause it is, for pipeline_dissolve */
    enum reply_end then;  /* once it has left */
    struct reply_plan *plan; /* owned; NULL: nothing special, or done with */
    struct reply *joined; /* replies whose bytes are behind its own; owned */
    struct reply *next;
};

enum group_kind { GROUP_SWAP, GROUP_REORDER, GROUP_COALESCE, GROUP_KINDS };

/* Changes the *n members, which stand in the order of the requests: their order, their
 * bytes, or their number, when some join others. False: left as they were. */
typedef bool reply_mix(struct reply **v, size_t *n, const void *params, uint64_t *rng);

struct group_plan {
    size_t want;         /* 0: opens no such group */
    int64_t max_wait_ns;
    reply_mix *mix;
    const void *params;  /* for mix; outlives the group (pipeline_dissolve) */
    uint64_t rng;        /* stream for mix */
    void *owner;         /* who is told of the outcome */
};

struct reply_plan {
    struct group_plan group[GROUP_KINDS];
    int64_t delay_ns;    /* leaves so long after it was handed in; later ones wait behind it */
    const void *delayer, *splitter, *staller; /* who wanted that; of several the last */
    unsigned copies;     /* leaves so many times more */
    bool drop;           /* does not leave at all */
    size_t split[PIPELINE_SPLIT_MAX]; /* bytes of its pieces; the last takes the rest */
    size_t n_split;
    bool split_all;      /* every piece has split[0] bytes */
    int64_t split_pause_ns; /* between the pieces */
    bool stalls;         /* stall_at bytes leave, then nothing for stall_ns */
    size_t stall_at;
    int64_t stall_ns;    /* INT64_MAX: for good */
    enum reply_end end;  /* end_at bytes leave (SIZE_MAX: all), then this */
    size_t end_at;
};

struct group {
    bool open;
    struct group_plan plan;
    struct reply *first, *last;
    size_t n;
    int64_t due_ns;
};

/* Told when a group opened by a plan (or by the configuration: owner NULL) ends. */
struct pipeline_watch {
    void (*struck)(void *arg, void *owner, const struct reply *member); /* once per member */
    void (*missed)(void *arg, void *owner); /* nothing was changed */
    void *arg;
};

struct pipeline {
    struct group group[GROUP_KINDS];
    struct reply *out, *out_tail;
    size_t n_held, n_out;
    size_t bytes;        /* of all replies here */
    size_t window;       /* of the configuration's reordering; 1: none */
    int64_t max_wait_ns;
    uint64_t rng;        /* state of the connection's stream */
    int64_t now_ns;      /* latest time handed in */
    bool shut;           /* replies go nowhere */
    bool hurry;          /* nothing waits for time any more */
    bool failed;         /* no memory: the connection cannot go on */
    struct pipeline_watch watch;
};

/* seed and stream give the order: same seed and stream, same order. */
void pipeline_init(struct pipeline *p, size_t window, int64_t max_wait_ns, uint64_t seed,
                   uint64_t stream);
void pipeline_clear(struct pipeline *p);
/* The reordering of the configuration is another one from now on; a group that is open
 * ends as it began. */
void pipeline_rearrange(struct pipeline *p, size_t window, int64_t max_wait_ns);
/* Takes the bytes over (moved out of *bytes) and copies the plan (NULL: none). False:
 * no memory. */
__attribute__((warn_unused_result)) bool pipeline_push(struct pipeline *p, struct buf *bytes,
                                                       uint64_t request, uint64_t exchange,
                                                       const struct reply_plan *plan,
                                                       int64_t now_ns);
/* Lets go what is due; then returns when to call again, or INT64_MAX. */
int64_t pipeline_due(struct pipeline *p, int64_t now_ns);
/* The next to send, or NULL; the caller frees it with reply_free. Its bytes may be
 * none: then only `then` is to be done. */
struct reply *pipeline_take(struct pipeline *p);
void reply_free(struct reply **r);
/* No more requests will come (peer closed its side): groups end as they are. */
void pipeline_flush(struct pipeline *p);
/* The server stops: besides, nothing is delayed or stalled any longer. */
void pipeline_hurry(struct pipeline *p);
/* Nothing leaves any more: what is here and what comes is dropped. */
void pipeline_shut(struct pipeline *p);
/* The owner's fault was taken away: its groups end without change, and what it delays,
 * pauses or stalls leaves. */
void pipeline_dissolve(struct pipeline *p, const void *owner);

/* Puts the members in an order drawn from the stream that is never the original one
 * when there are two or more. A reply_mix. */
bool pipeline_shuffle(struct reply **v, size_t *n, const void *params, uint64_t *rng);

#endif
