/* One TLS connection of the mock: TLS and readiness on one side, a session
 * (session.h) on the other.
 *
 * The descriptor stays with TLS; libuv only says when it is readable or writable.
 * Two things it cannot say: that decrypted bytes wait inside TLS, and that a
 * session goes on without new bytes. For these a connection asks the server for
 * another turn. */
#ifndef MOCKSERVER_CONN_H
#define MOCKSERVER_CONN_H

#include <uv.h>

#include "kmip/net/tls.h"
#include "mockserver/session.h"
#include "mockserver/turns.h"

struct server;

enum conn_phase {
    CONN_HANDSHAKE,
    CONN_OPEN,
    CONN_LINGER, /* said goodbye; the peer's last bytes are dropped, lest a reset eat our reply */
    CONN_CLOSED /* waits for libuv to let go of the handles */
};

struct conn {
    struct server *server;
    enum conn_phase phase;
    uint64_t number;
    char from[80]; /* client's address and port */
    struct tls_conn *tls;
    struct fault_accept accept; /* what faults do before there is TLS */
    int64_t stall_until_ns; /* virtual time before which the handshake does not begin; 0: none */
    struct session session; /* from CONN_OPEN on */
    bool has_session;
    struct reply *sending; /* taken from the session, not yet taken whole by TLS */
    size_t sent;
    bool unsent; /* TLS holds encrypted bytes that the socket did not take */
    bool has_end; /* `end` is to be done once all is sent */
    struct action end;
    int64_t allowance, allowed_ns; /* with a session_rate: bytes that may leave, as of when */
    enum tls_io blocked_read, blocked_write; /* TLS_OK, or what it waits for */
    bool peer_done; /* no more bytes will come */
    int64_t phase_ns; /* when the phase began */
    int64_t read_ns;  /* when this turn began to read */
    int64_t moved_ns; /* when sending last got on */
    int64_t wake_ns; /* when the session wants to be asked again */
    int64_t armed_ns; /* what the timer is set to; INT64_MAX: not at all */
    int interest; /* what uv_poll watches */
    uv_poll_t poll;
    uv_timer_t timer;
    unsigned handles; /* of libuv, still open */
    struct conn *prev, *next;
    struct turn turn;
};

/* Takes the accepted, non-blocking socket over; closes it on failure. */
__attribute__((warn_unused_result)) bool conn_open(struct server *s, int fd, uint64_t number,
                                                   const char *from,
                                                   const struct fault_accept *accept,
                                                   struct kerr *err);
/* Does what can be done now. */
void conn_turn(struct conn *c);
/* The fault that keeps the handshake from beginning is taken away. */
void conn_begin_handshake(struct conn *c);
/* Virtual time has passed: what is due now happens before anything that arrives later. */
void conn_time_passed(struct conn *c);
/* The server stops: outstanding replies leave, then the connection closes. */
void conn_finish(struct conn *c);
/* Closes at once; the memory goes when libuv is done with it. */
void conn_close(struct conn *c);

#endif
