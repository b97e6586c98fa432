/* Inside the load generator: load.c decides what is due and for whom, load_conn.c moves the
 * bytes of one connection. */
#ifndef CLIENT_LIB_LOAD_IN_H
#define CLIENT_LIB_LOAD_IN_H

#include <sys/socket.h>

#include "client/lib/load.h"

/* A request in flight; its place in the connection's slots is part of its id. */
struct load_slot {
    int64_t due_ns;   /* what its latency counts from */
    uint64_t serial;  /* of the run, from 1; 0: the slot is free */
    uint32_t op, next; /* the next in order of sending */
};

#define LOAD_NONE UINT32_MAX

/* How often a connection may fail in a row before it stays closed. */
#define LOAD_FAILURES_MAX 3

enum load_state {
    LOAD_CLOSED,
    LOAD_CONNECTING,
    LOAD_SHAKING,
    LOAD_OPEN
};

struct load;

struct load_conn {
    struct load *load;
    enum load_state state;
    struct tls_conn *tls;
    int64_t since_ns;    /* when it began to connect; of the oldest request when open */
    struct load_slot *slots;
    uint32_t free, first, last; /* lists through the slots; LOAD_NONE: empty */
    uint32_t in_flight;
    bool writing;        /* records wait for the socket to take them */
    uint32_t watched;    /* events that epoll tells of */
    unsigned failures;   /* in a row, without a reply in between */
    bool used;           /* has had its one request (--reconnect) */
    struct buf in;       /* what came, from in_off on */
    size_t in_off;
};

struct load {
    const struct load_plan *plan;
    struct load_result *result;
    struct tls_creds *creds;
    struct sockaddr_storage address;
    socklen_t address_len;
    size_t max_message;
    int poll_fd;
    int first_fd;              /* connected when the address was found: the first connection's */
    struct load_conn *conns;
    struct load_slot *slots;
    uint8_t id_prefix[4];
    uint64_t serial;           /* requests begun */
    uint64_t random;
    unsigned weights;          /* sum */
    bool started;              /* all connections stand: the clock runs */
    int64_t start_ns, end_ns;  /* sending ends; INT64_MAX: by number alone */
    int64_t interval_ns;       /* with a rate */
    bool stopping;             /* nothing more is sent */
    unsigned closed;           /* connections that are LOAD_CLOSED */
    unsigned given_up;         /* ... and stay so: they could not be opened again */
    struct buf session;        /* TLS, to resume */
    struct buf request;        /* being made */
    struct kerr why;           /* of the last connection that failed */
    int64_t last_reply_ns;
};

/* load.c */
/* Is there a request to send now? Its time goes to *due_ns. It then must be sent. */
bool load_take(struct load *l, int64_t now_ns, int64_t *due_ns);
uint32_t load_pick(struct load *l);
/* A reply, or a connection's failure, that is told by kind. */
void load_count_error(struct load *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A reply to a request of this kind, due then. */
void load_answered(struct load *l, const struct load_slot *s, int64_t now_ns, bool success);

/* load_conn.c */
bool load_conn_open(struct load_conn *c, int64_t now_ns);
/* The socket is ready, or there may be something to send. */
void load_conn_go(struct load_conn *c, int64_t now_ns);
/* Fails, and loses what was in flight. */
void load_conn_fail(struct load_conn *c, const struct kerr *why);
void load_conn_close(struct load_conn *c);

#endif
