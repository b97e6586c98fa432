/* Inside the faults: the table of actions, and what an action is given.
 *
 * To add a fault, write one function and one row: the row names the action, the
 * stage it works at, its parameters as a field table, and the function. Rows stand in
 * the file of their kind (fault_behaviour.c, fault_fields.c, fault_shape.c, fault_bytes.c,
 * fault_pipe.c, fault_conn.c), each of which ends with its table; fault_table.c
 * lists the tables. */
#ifndef MOCKSERVER_FAULT_ACTION_H
#define MOCKSERVER_FAULT_ACTION_H

#include "kmip/base/arena.h"
#include "kmip/yaml/yfield.h"
#include "mockserver/fault.h"
#include "mockserver/read.h"

enum fault_stage {
    FAULT_ACCEPT,  /* before TLS: no request, no client */
    FAULT_OPEN,    /* arms the connection: when it opens, or from a request on */
    FAULT_REQUEST, /* the engine's behaviour, said before it answers; effective or not */
    FAULT_FIELDS,  /* the reply as items */
    FAULT_BYTES,   /* the reply as bytes */
    FAULT_PIPE,    /* how it leaves */
    FAULT_END      /* ... and what then becomes of the connection */
};

/* One fault firing. An action uses what its stage has: accept at FAULT_ACCEPT, conn
 * from FAULT_OPEN on, request where there is one, and so on. */
struct fault_shot {
    const struct fault *fault;
    const void *params;
    uint64_t *rng;                        /* the fault's stream on this connection */
    struct fault_set *set;
    struct fault_use *use;
    struct fault_accept *accept;
    struct fault_conn *conn;
    const struct fault_request *request;  /* NULL when the connection opens */
    struct fault_exchange *exchange;      /* behaviour, plan */
    uint64_t *share;                      /* of the firing (struct fired) */
    struct buf *reply;
    int64_t now_ns;
    bool later;                           /* set: strikes later, or not at all */
    bool no_memory;                       /* set: the connection cannot go on */
    char event[200];                      /* what was done; or why nothing could be */
};

struct fault_reading {
    struct arena *arena;   /* of the fault */
    const struct ynode *n; /* the parameters */
    struct fault *fault;
    struct kerr *err;
};

struct fault_action {
    const char *name;
    enum fault_stage stage;
    const char *help;            /* one sentence */
    size_t size;                 /* of the parameters */
    const struct yfield *fields; /* of the parameters; NULL: there are none */
    const void *defaults;        /* NULL: all zero */
    const char *main;            /* `action: {NAME: value}` gives this parameter; or NULL */
    bool bare;                   /* `action: NAME` will do */
    /* Reads them in place of the table, which then only tells what there is. */
    bool (*read)(const struct fault_reading *r, void *params);
    /* What the table cannot say. */
    bool (*check)(const struct fault_reading *r, void *params);
    /* What must be ready before the fault is in force; may be called again. */
    bool (*prepare)(struct fault_set *set, const void *params, struct kerr *err);
    /* Would it have an effect at this request? NULL: at any. */
    bool (*applies)(const void *params, const struct fault_request *rq);
    /* From FAULT_REQUEST on: what is to be done before the engine answers. May be NULL. */
    void (*before)(struct fault_shot *s);
    /* False: it had none after all. */
    bool (*apply)(struct fault_shot *s);
};

struct fault_match {
    struct read_operations operations; /* none: any */
    int64_t nth;             /* 0: any */
    bool nth_of_server;
    int64_t connection;      /* 0: any */
    const char *client;      /* pattern; NULL: any */
    const char *uid;         /* NULL: any */
    const char *scenario, *state; /* NULL: any */
};

enum fault_per { FAULT_PER_CLIENT, FAULT_PER_CONNECTION, FAULT_PER_SERVER };

#define FAULT_ALWAYS INT64_MAX

struct fault {
    const char *name;
    bool name_given;
    const struct fault_action *action;
    const void *params;
    struct fault_match match;
    int64_t count;
    bool count_given;
    int per;                 /* enum fault_per: whose firings count */
    double probability;
    const char *then_scenario, *then_state; /* NULL: none */
    const struct ynode *source;
    struct arena arena;      /* of all the above */

    unsigned refs;
    unsigned stalls;         /* connections whose handshake it keeps from beginning */
    uint64_t since, until;   /* in force for connections that opened so */
    uint64_t matched, fired; /* of the server */
    uint64_t *by_client;     /* fired, by client */
    size_t n_by_client;
    unsigned logged;
    struct fault *next;      /* among the retired */
};

struct fault_use {
    struct fault *fault;
    uint64_t rng;
    uint64_t matched, fired;
    struct fault_use *next;
};

void fault_unref(struct fault *f);
/* Gives f a name that nobody else in the lists has; an error when its own was given. */
__attribute__((warn_unused_result)) bool fault_name_free(const struct fault_list *lists, size_t n,
                                                         struct fault *f, struct kerr *err);
/* The fault needs a request to match: it does not fire when a connection opens. */
bool fault_needs_request(const struct fault *f);
/* What the exchange's behaviour and plan say so far, empty at first: to add to. */
struct behaviour *fault_behaviour(struct fault_exchange *x);
struct reply_plan *fault_plan(struct fault_exchange *x);
/* Writes what was done, or why nothing could be, to s->event; returns done. */
bool fault_event(struct fault_shot *s, bool done, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Forgets armed effects of this use. */
void fault_disarm(struct fault_conn *c, const struct fault_use *u);

/* Requests: does any Batch Item ... */
bool fault_request_asks(const struct fault_request *rq, const struct read_operations *operations);
bool fault_request_names(const struct fault_request *rq, const char *uid);

extern const struct fault_action *const fault_tables[]; /* NULL behind the last */
extern const struct fault_action fault_behaviour_actions[]; /* each ends with name NULL */
extern const struct fault_action fault_field_actions[];
extern const struct fault_action fault_shape_actions[];
extern const struct fault_action fault_byte_actions[];
extern const struct fault_action fault_pipe_actions[];
extern const struct fault_action fault_conn_actions[];
extern const struct fault_action fault_tls_actions[];

/* fault_certs.c: the wrong certificates that a server can show. */
enum fault_certificate {
    CERTIFICATE_EXPIRED,
    CERTIFICATE_NOT_YET_VALID,
    CERTIFICATE_WRONG_NAME,
    CERTIFICATE_UNKNOWN_CA,
    CERTIFICATE_KINDS
};
/* Beside cfg's certificates the authority's key is looked for; what is needed of cfg is
 * copied. NULL when there is no memory. */
struct fault_certs *fault_certs_new(const struct mock_config *cfg);
void fault_certs_free(struct fault_certs **c);
/* Makes it unless it is there. KE_PEM... when the authority's key is missing. */
__attribute__((warn_unused_result)) bool fault_certs_make(struct fault_certs *c,
                                                          enum fault_certificate kind,
                                                          struct kerr *err);
const struct tls_creds *fault_certs_get(const struct fault_certs *c, enum fault_certificate kind);

#endif
