/* Inside the control API: a request as handlers see it, and how they answer.
 *
 * control.c does HTTP (libmicrohttpd in the server's loop), control_guard.c says who
 * may ask, control_routes.c has the table of what can be asked, one file for each kind
 * of thing has the handlers.
 *
 * Bodies are JSON, or YAML as in the configuration: one reader for both, so that the
 * same checks hold and errors name line, column and field. */
#ifndef MOCKSERVER_CONTROL_PRIV_H
#define MOCKSERVER_CONTROL_PRIV_H

#include <jansson.h>
#include <microhttpd.h>

#include "kmip/base/arena.h"
#include "kmip/yaml/yfield.h"
#include "mockserver/control.h"

#define CONTROL_BODY_MAX (1u << 20)

struct control_wait;   /* a request that waits for the journal (control_wait.c) */
struct control_stream; /* one that is told of exchanges as they happen (control_events.c) */

struct control {
    struct server *server;
    struct control_options options;
    char host[64];
    int port;
    struct MHD_Daemon *daemon;
    uv_poll_t poll;   /* of the daemon's epoll descriptor */
    uv_timer_t timer; /* the daemon's time-outs, waits that are over */
    unsigned handles; /* of the two, those not yet closed */
    int64_t opened_ns; /* monotonic */
    int64_t opened_wall_ns;
    struct control_wait *waits;
    struct control_stream *streams;
    bool stirred; /* streams may have something to tell */
    uint64_t changed; /* lowest entry of the journal that changed since waits were looked at */
    bool stopping;    /* nobody may wait any more */
};

struct control_request {
    struct control *control;
    struct MHD_Connection *http;
    const struct control_route *route; /* NULL: there is none */
    const char *name;                  /* what stands for {name} in the path, or "" */
    struct arena arena;                /* as long as the request */
    struct buf body;
    size_t discarded;                  /* bytes of a body that is not wanted */
    struct ydoc doc;                   /* the body; root NULL: there is none */
    const struct ynode *query;         /* a map of the query's parameters */
    bool started, finished;
    struct control_wait *wait;

    unsigned status;  /* of the answer; 0: none yet */
    json_t *answer;
    struct MHD_Response *response; /* in its place: what is no JSON, of this type */
    const char *type;
    const char *allow; /* for 405 */
    struct control_stream *stream; /* of events, as long as it is answered */
};

enum { CONTROL_STREAMS_MAX = 32 };

enum control_body { BODY_NONE, BODY_NEEDED };

struct control_route {
    const char *method;
    const char *path; /* "/faults/{name}": the last part may stand for anything */
    enum control_body body;
    const struct yfield *params; /* of the query; NULL: none. The handler reads them */
    void (*run)(struct control_request *rq);
    const char *help;
};
extern const struct control_route control_routes[]; /* path NULL behind the last */
/* Finds rq->route and rq->name, or answers 404 or 405. */
void control_find_route(struct control_request *rq, const char *method, const char *path);

/* Who may ask; false: answered 401 or 403. */
bool control_guard(struct control_request *rq, const char *method, const char *path);
bool control_has_token(const struct control *c);

/* --- answers: the first counts ------------------------------------------ */

/* Takes the reference over; NULL: no memory. Not with a response of another type. */
void control_answer(struct control_request *rq, unsigned status, json_t *answer);
/* {"error": {"field": ..., "message": ...}}; field NULL: none in particular. */
void control_refuse(struct control_request *rq, unsigned status, const char *field,
                    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* 400 for what the asker can mend, 500 else. */
unsigned control_status(const struct kerr *err);
/* What went wrong. With a place in the body
 * its line, column and field; the field begins with `in`, which says what the body is
 * (such as "clock"), unless NULL. */
void control_refuse_err(struct control_request *rq, const char *in, const struct kerr *err);

/* The query into base, by the route's params. False: answered 400. */
__attribute__((warn_unused_result)) bool control_params(struct control_request *rq, void *base);
/* What is wrong with a parameter (err placed at it): 400. */
void control_refuse_query(struct control_request *rq, const struct kerr *err);

/* --- JSON --------------------------------------------------------------- */

/* Text of any bytes: what is no UTF-8 is escaped. */
json_t *control_text(struct bytes text);
/* "2024-02-29T12:00:00.123Z" of nanoseconds since the epoch. */
json_t *control_time(int64_t ns);
/* "90s", "-1.5s": as durations are written in the configuration. */
json_t *control_duration(int64_t ns);
/* How far a clock is ahead of the machine's, to the millisecond. */
json_t *control_ahead(const struct clock_ahead *a);
/* A part of a document. */
json_t *control_node(const struct ynode *n);

/* --- handlers ----------------------------------------------------------- */

/* A log line about a change: what was asked for, and more. */
void control_log(const struct control_request *rq, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

void control_get_root(struct control_request *rq);
void control_get_routes(struct control_request *rq);
void control_get_health(struct control_request *rq);
void control_get_state(struct control_request *rq);

void control_get_faults(struct control_request *rq);
void control_get_fault(struct control_request *rq);
void control_post_faults(struct control_request *rq);
void control_put_faults(struct control_request *rq);
void control_delete_faults(struct control_request *rq);
void control_delete_fault(struct control_request *rq);
void control_reset_faults(struct control_request *rq);

/* States of the scenarios that somebody has set or a fault speaks of, by name. */
json_t *control_scenarios(const struct control_request *rq);
void control_get_scenarios(struct control_request *rq);
void control_get_scenario(struct control_request *rq);
void control_put_scenario(struct control_request *rq);
void control_delete_scenario(struct control_request *rq);

void control_get_clock(struct control_request *rq);
void control_put_clock(struct control_request *rq);
void control_post_clock(struct control_request *rq);
void control_delete_clock(struct control_request *rq);

extern const struct yfield control_journal_params[], control_wait_params[],
    control_events_params[];
void control_get_journal(struct control_request *rq);
void control_get_wait(struct control_request *rq);
void control_delete_journal(struct control_request *rq);

void control_post_reload(struct control_request *rq);
void control_get_library(struct control_request *rq);
void control_put_library(struct control_request *rq);

void control_get_objects(struct control_request *rq);
void control_get_object(struct control_request *rq);
void control_post_objects(struct control_request *rq);
void control_delete_objects(struct control_request *rq);
void control_delete_object(struct control_request *rq);
extern const struct yfield control_objects_params[];

/* --- waiting (control_wait.c) ------------------------------------------- */

/* The wait of rq is over: it is asked for the answer. */
void control_wait_done(struct control_request *rq);
/* Lets those go on whose entries are there, whose time is up, or all (stopping). */
void control_waits_look(struct control *c);
/* When they are to be looked at again, monotonic ns; INT64_MAX: there are none. */
int64_t control_waits_deadline(const struct control *c);
size_t control_waits_count(const struct control *c);
void control_wait_free(struct control_request *rq);

/* --- events (control_events.c) ------------------------------------------ */

void control_get_events(struct control_request *rq);
/* Lets those go on that have something to tell, or all (stopping). */
void control_streams_look(struct control *c);
/* When the next of them may have, monotonic ns; INT64_MAX: no matter when. */
int64_t control_streams_deadline(const struct control *c);
size_t control_streams_count(const struct control *c);
void control_stream_free(struct control_request *rq);

/* --- the live page (control_page.c) ------------------------------------- */

/* Is it one of the page's files that is asked for? At "/" that depends on whether HTML is
 * wanted, as browsers do. */
bool control_page_wanted(const struct control_request *rq, const char *method, const char *path);
void control_get_page(struct control_request *rq);
/* What a browser may do with an answer. */
__attribute__((warn_unused_result)) bool control_page_headers(struct MHD_Response *r);

#endif
