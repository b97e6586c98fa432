/* Faults in force: what is made to go wrong, when, and how often.
 *
 * A fault is match + action + how often. Every request is held against the faults
 * in the order in which they were declared; those that match and are still due fire.
 * Their actions work at one of several stages (fault_action.h): before TLS, when a
 * connection opens, on how the engine answers, on the reply's fields, on its bytes,
 * on how it leaves.
 *
 * Random draws come from a stream per connection and fault. The stream depends on
 * the seed, the fault's name, the client's identity and which of its connections it
 * is: same seed and same requests give the same faults, whatever other clients do.
 *
 * A firing counts when it had an effect: a window that held a single reply, or a
 * field that is not there, is as if the fault had not been due. Each is told in the
 * log and in the journal.
 *
 * One thread. Faults change between requests only, whole or not at all. */
#ifndef MOCKSERVER_FAULT_H
#define MOCKSERVER_FAULT_H

#include "kmip/net/tls.h"
#include "mockserver/behaviour.h"
#include "mockserver/clock.h"
#include "mockserver/fault_list.h"
#include "mockserver/journal.h"
#include "mockserver/pipeline.h"

struct fault_certs;
struct fault_client;
struct fault_scenario;
struct fault_use; /* what one fault has done on one connection */
struct fault_conn;

/* What the configuration itself makes go wrong, without `faults:`. */
enum fault_configured {
    CONFIGURED_REORDER,
    CONFIGURED_COMPOUND_CREATE,
    CONFIGURED_CUSTOM_ATTRIBUTES,
    FAULT_CONFIGURED_KINDS
};

/* All faults of a server. */
struct fault_set {
    struct fault **v;      /* in force, in order */
    size_t n;
    struct fault *retired; /* replaced, but in force for connections that were there before */
    struct fault_scenario *scenarios;
    struct fault_client *clients;
    struct fault_conn *conns; /* open ones */
    unsigned configured_logged[FAULT_CONFIGURED_KINDS];
    struct fault_certs *certs;
    struct journal *journal;  /* may be NULL */
    uint64_t seed;
    uint64_t requests;        /* of the server, matched against faults */
    uint64_t opened;          /* connections so far */
    /* Told when a fault is taken away that keeps handshakes from beginning: each of them is
     * to be told to fault_accept_over. */
    void (*begin_handshakes)(void *arg, const struct fault *stalled_by);
    void *begin_arg;
};

/* Empty; of cfg it takes the seed and where the certificates are. journal may be NULL. */
__attribute__((warn_unused_result)) bool fault_set_init(struct fault_set *s,
                                                        const struct mock_config *cfg,
                                                        struct journal *journal, struct kerr *err);
/* After all connections are closed. */
void fault_set_clear(struct fault_set *s);

/* --- changes while the server runs ------------------------------------- */

/* Adds all of the list, in force at once for every connection; or none. Names must be
 * new, except those of the list that were made up, which get a number. */
__attribute__((warn_unused_result)) bool fault_set_add(struct fault_set *s,
                                                       const struct fault_list *l,
                                                       struct kerr *err);
/* Away at once, from every connection: armed effects end, replies that were held,
 * delayed or stalled leave, handshakes that were kept from beginning begin.
 * False when there is no fault of this name. */
__attribute__((warn_unused_result)) bool fault_set_remove(struct fault_set *s, const char *name,
                                                          struct kerr *err);
/* The list in place of all there are; NULL: none. Connections that are open keep the
 * faults they have, new ones get the list. */
__attribute__((warn_unused_result)) bool fault_set_replace(struct fault_set *s,
                                                           const struct fault_list *l,
                                                           struct kerr *err);
/* The list in place of all there are, at once and for every connection, as if each had
 * been removed and the list added; on failure nothing has changed. NULL: none. */
__attribute__((warn_unused_result)) bool fault_set_put(struct fault_set *s,
                                                       const struct fault_list *l,
                                                       struct kerr *err);
/* Counts, streams and scenarios as at the start; the faults stay. */
void fault_set_reset(struct fault_set *s);

/* What somebody may want to know of the i-th fault (i < n). */
struct fault_info {
    const char *name;
    const char *action;
    const struct ynode *source; /* as it was declared */
    int64_t count;              /* INT64_MAX: always */
    uint64_t fired;             /* in all */
};
struct fault_info fault_set_info(const struct fault_set *s, size_t i);
/* How many were replaced and are still in force for connections that were there before. */
size_t fault_set_retired(const struct fault_set *s);

/* A scenario's state; "started" while nobody has set one. */
const char *fault_scenario(const struct fault_set *s, const char *scenario);
__attribute__((warn_unused_result)) bool fault_scenario_set(struct fault_set *s,
                                                            const char *scenario,
                                                            const char *state, struct kerr *err);
/* Visits the scenarios that have had a state set, or that faults in force speak of; a
 * name may come more than once. */
void fault_scenarios_visit(const struct fault_set *s, void (*visit)(void *arg, const char *name),
                           void *arg);

/* --- one connection ---------------------------------------------------- */

/* What faults do to a connection before there is TLS. All zero: nothing. */
struct fault_accept {
    bool refuse;                    /* reset at once */
    int64_t stall_ns;               /* no handshake for so long; INT64_MAX: never */
    struct fault *stalled_by;       /* ... whose doing that is (fault_accept_over) */
    int alert;                      /* TLS alert to answer the hello with; 0: none */
    const struct tls_creds *creds;  /* to show instead of the server's; NULL: the server's */
};
void fault_accept(struct fault_set *s, uint64_t connection, const char *from,
                  struct fault_accept *out);
/* Its handshake begins after all, or the connection is gone. Calls after the first do
 * nothing. */
void fault_accept_over(struct fault_accept *a);

/* Effects that last as long as the connection (or until their fault is taken away). */
struct fault_armed {
    struct fault_use *idle_use, *revoke_use, *rate_use, *notify_use, *clock_use;
    int64_t idle_ns;        /* close when idle for so long */
    int64_t revoke_idle_ns; /* revoke the session when idle for so long */
    bool revoked;
    const char *revoked_text;
    int64_t rate;           /* bytes a second; 0: as fast as it goes */
    bool no_close_notify;
    struct mock_clock *clock; /* with clock_use: in place of the server's; owned */
};

struct fault_conn {
    struct fault_set *set; /* NULL: no faults, ever */
    uint64_t number;
    uint64_t opened;       /* which of all that opened */
    const char *client;    /* of the session */
    size_t client_index;
    uint64_t stream;       /* seed, client and which of its connections: where streams begin */
    uint64_t ordinal;      /* which of the client's connections, from 1 */
    uint64_t requests;
    struct fault_use *uses;
    struct fault_armed armed;
    const struct mock_clock *clock; /* the server's; may be NULL */
    int64_t active_ns;     /* virtual time when something last came or left */
    int64_t used_ns;       /* ... of the last request */
    /* Told when a fault that this connection has met is taken away. */
    void (*forget)(void *arg, const struct fault_use *u);
    void *forget_arg;
    struct fault_conn *next, *prev;
};

/* client: certificate's Common Name, or ""; outlives this. clock may be NULL. Faults that act on a
 * connection as such fire here. */
void fault_conn_open(struct fault_conn *c, struct fault_set *s, uint64_t number,
                     const char *client, const struct mock_clock *clock, int64_t now_ns);
void fault_conn_close(struct fault_conn *c);

/* True when some fault may have to do with this connection: only then is a request
 * to go through fault_request and fault_reply. */
static inline bool fault_conn_busy(const struct fault_conn *c)
{
    return c->set && (c->set->n > 0 || c->set->retired || c->uses);
}

#define FAULT_FIRED_MAX 16

/* A request as faults look at it. */
struct fault_request {
    struct bytes bytes;
    bool readable;           /* msg is set; else it is no message of any use */
    struct kmip_message msg; /* stands before the first Batch Item */
    int64_t idle_ns;         /* virtual time since the connection's request before it */
};

/* One exchange as far as faults have to do with it. */
struct fault_exchange {
    struct fault_request request;
    struct behaviour behaviour;
    bool behaves;            /* behaviour says something */
    struct reply_plan plan;
    bool planned;            /* plan says something */
    struct fired {
        struct fault_use *use;
        enum { FIRED, FIRED_STRUCK, FIRED_LATER, FIRED_REVOKES } state;
        uint64_t share;      /* of a behaviour: the marks that are this fault's doing */
        char event[200];     /* what it did */
    } fired[FAULT_FIRED_MAX];
    size_t n_fired;
};

/* Which faults fire at this request: before the engine answers. */
void fault_request(struct fault_conn *c, struct bytes request, int64_t now_ns,
                   struct fault_exchange *x);
/* What they do to the reply: after the engine has answered. False: no memory. */
__attribute__((warn_unused_result)) bool fault_reply(struct fault_conn *c,
                                                     struct fault_exchange *x, struct buf *reply,
                                                     int64_t now_ns);
/* Tells log and journal of all that struck; exchange is the journal's number. */
void fault_tell(struct fault_conn *c, struct fault_exchange *x, uint64_t exchange);

/* For what strikes later than at its exchange: a group that was mixed, a connection
 * that was idle. request: number on the connection, from 1; 0: it is about the
 * connection, for which an entry is made. exchange: the request's entry. */
void fault_struck(struct fault_conn *c, struct fault_use *u, uint64_t request, uint64_t exchange,
                  const char *event);
/* It was none of the faults, but the configuration: told as they are, under the name of its
 * key. */
void fault_configured(struct fault_conn *c, enum fault_configured what, uint64_t request,
                      uint64_t exchange, const char *event);
/* It had no effect after all: is due again. */
void fault_missed(struct fault_conn *c, struct fault_use *u);
/* Names of the faults of x that struck, "a, b"; "" when there are none. */
const char *fault_names(const struct fault_exchange *x, char *out, size_t room);

/* Bytes came or went at now_ns: the connection is not idle. */
void fault_conn_active(struct fault_conn *c, int64_t now_ns);
/* When idle_close is due (monotonic ns), INT64_MAX: never. Virtual time counts. */
int64_t fault_idle_deadline(const struct fault_conn *c);
/* The connection is closed for it. */
void fault_idle_struck(struct fault_conn *c);

#endif
