/* The mock as a whole: one libuv loop with the listener, the connections, the
 * engine and the signals.
 *
 *     server_open(&s, &cfg, &err);   listens: clients may connect from here on
 *     server_run(&s);                serves until server_stop or a signal
 *     server_close(&s);
 *
 * One thread; several servers in one process do not know of each other. */
#ifndef MOCKSERVER_SERVER_H
#define MOCKSERVER_SERVER_H

#include <uv.h>

#include "kmip/net/tls.h"
#include "mockserver/clock.h"
#include "mockserver/engine.h"
#include "mockserver/fault.h"
#include "mockserver/journal.h"
#include "mockserver/turns.h"

struct conn;
struct control;

enum { SERVER_SIGNALS = 3 };

struct server {
    const struct mock_config *cfg; /* in force: the caller's, which outlives the server, or
                                      what came in its place (reload.h) */
    struct mock_clock clock;
    struct mock_engine engine;
    struct journal journal;
    struct fault_set faults;
    struct control *control; /* the control API (control.h) while it is open, or NULL */
    struct tls_creds *creds;
    uv_loop_t loop;
    uv_poll_t listener;
    uv_timer_t retry; /* to accept */
    uv_timer_t patience; /* with connections that have not closed when the server stops */
    struct turns turns; /* of connections that have work which no poll announces */
    uv_signal_t signals[SERVER_SIGNALS];
    bool have_engine, have_loop;
    int listen_fd; /* -1 once closed */
    char host[64]; /* the address it is bound to; what to connect to when bound to all */
    int port;
    bool beyond_loopback;
    bool stopping;
    int signal; /* the last one that came; 0: none */
    bool aborted; /* stopped without waiting: a second signal */
    struct conn *conns;
    size_t n_conns;
    uint64_t next_number; /* of a connection; from 1 */
    bool accept_paused;
    int64_t full_logged_ns;
    /* Called instead of the usual reaction to SIGTERM, SIGINT (stop; at the second one, at
     * once) and SIGHUP (reload). */
    void (*on_signal)(void *arg, int signum);
    void *on_signal_arg;
    /* Reads the configuration anew with these scenarios over it, for SIGHUP and the control
     * API (reload.h); NULL: it cannot be read again. */
    bool (*load)(void *arg, const struct opt_list *scenarios, struct mock_config *next,
                 struct kerr *err);
    void *load_arg;
    bool has_file; /* there is a configuration file, which somebody may have changed */
    struct mock_config *reloaded; /* in force in place of the caller's; owned; or NULL */
    bool had_terminal; /* when it was opened */
    /* Called when the server begins to stop, unless NULL: somebody may be waiting for
     * what will not happen any more. */
    void (*on_stop)(void *arg);
    void *on_stop_arg;
    uint8_t scratch[TLS_RECORD_MAX]; /* one record of plaintext; wiped after use */
};

/* Loads certificates, opens the store, listens. KE_PEM, KE_STORE, KE_IO... On
 * failure nothing stays open; server_close is then not needed, but allowed. */
__attribute__((warn_unused_result)) bool
server_open(struct server *s, const struct mock_config *cfg, struct kerr *err);
/* Returns when the server has stopped and every connection is closed. */
void server_run(struct server *s);
/* Stops accepting, lets answered replies leave for at most two seconds. */
void server_stop(struct server *s);
/* Stops at once, whatever is on its way. */
void server_abort(struct server *s);
void server_close(struct server *s);
/* Lets by_ns of virtual time pass: clocks move, and what has been waiting so long is
 * due. */
void server_advance(struct server *s, int64_t by_ns);
/* Open connections go by the configuration in force in the order of their replies. */
void server_rearrange(struct server *s);
/* Gives every connection a turn soon: what it waited for may have changed. */
void server_wake(struct server *s);

/* For conn.c. */
void server_forget(struct server *s, struct conn *c); /* a connection is closed */
void server_again(struct server *s, struct conn *c); /* give it a turn soon */
void server_shed(struct server *s); /* closes connections while all hold too much */

#endif
