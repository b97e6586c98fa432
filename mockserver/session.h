/* One client's conversation without its socket: bytes in, actions out.
 *
 * session_feed takes what TLS delivered, however it was cut, answers every whole
 * message through the engine and hands the replies to the pipeline. session_next
 * says what the connection has to do now. Neither waits; time is handed in, as
 * monotonic nanoseconds. */
#ifndef MOCKSERVER_SESSION_H
#define MOCKSERVER_SESSION_H

#include "mockserver/engine.h"
#include "mockserver/fault.h"
#include "mockserver/pipeline.h"

struct session {
    struct mock_engine *engine;
    struct mock_peer peer;
    struct draws draws; /* what is made up for this connection */
    uint64_t number; /* of the connection, from 1 */
    char *who; /* identity for log lines, control characters escaped */
    struct buf in; /* received but not answered: part of a message, or held back by session_full */
    struct pipeline pipe;
    struct fault_conn faults; /* set NULL: none, ever */
    struct journal *journal;  /* NULL: none is kept */
    int64_t wall_minus_mono_ns; /* for its times */
    struct mock_clock *clock; /* the server's; NULL: the engine's is left alone */
    struct mock_clock *own_clock; /* unless NULL: in its place */
    uint64_t n_requests;
    int64_t partial_ns; /* when the first byte of an unfinished message came; INT64_MAX: none */
    int64_t active_ns; /* virtual time when something last came or left */
    size_t message_max; /* bytes of a request */
    bool stalled; /* whole messages may lie in `in` because of session_full */
    bool ending; /* no more requests are answered; what is outstanding still leaves */
    enum reply_end then; /* to be done before anything else leaves */
};

enum action_kind {
    ACTION_WAIT, /* nothing to do before at_ns (INT64_MAX: before more bytes come) */
    ACTION_SEND, /* one reply, or a piece, in TLS records of its own; the taker frees it */
    ACTION_CLOSE, /* say goodbye (unless `abrupt`) and close */
    ACTION_RESET, /* reset the connection */
    ACTION_HALF_CLOSE /* say goodbye, but read on; nothing is to be sent any more */
};

struct action {
    enum action_kind kind;
    int64_t at_ns; /* ACTION_WAIT */
    struct reply *reply; /* ACTION_SEND */
    bool abrupt; /* ACTION_CLOSE: without close-notify */
};

void session_init(struct session *s, struct mock_engine *e, const struct mock_peer *peer,
                  uint64_t number, int64_t now_ns);
/* Puts the session, which must not move any more, under faults, and has it keep a
 * journal; any of them may be NULL. now_ns is the machine's monotonic time. To be called
 * before the first byte. */
void session_attach(struct session *s, struct fault_set *faults, struct journal *journal,
                    struct mock_clock *clock, int64_t now_ns);
void session_clear(struct session *s);

/* Bytes from the peer. What can never be a message (other bytes, too large) is
 * answered by one error reply, after which the session ends. No bytes: goes on
 * with what session_full held back. False: the server cannot go on with this
 * connection; drop it. */
__attribute__((warn_unused_result)) bool session_feed(struct session *s, struct bytes in,
                                                      int64_t now_ns, struct kerr *err);
/* True while so many replies wait to leave that no more bytes should be fed: a
 * client that sends without reading is held back, not buffered for. */
bool session_full(const struct session *s);
/* Bytes of requests that are not answered yet and of replies that are not taken. */
size_t session_held(const struct session *s);
/* The peer sends no more: held replies are let go, and once all have left comes
 * ACTION_CLOSE. */
void session_end(struct session *s);
/* The server stops: besides, nothing is delayed any longer. */
void session_stop(struct session *s);

/* Replies from now on leave in the order that the engine's configuration has; what is
 * held leaves as it would have. */
void session_rearrange(struct session *s);

struct action session_next(struct session *s, int64_t now_ns);

/* When the peer will have been too slow (monotonic ns, INT64_MAX: never) by the
 * limits `request` and `idle`, or by a fault; *why gets the reason. */
int64_t session_deadline(const struct session *s, const char **why);
/* The deadline has passed and the connection is closed for it. Returns whether it is
 * to be without close-notify. */
bool session_too_slow(struct session *s, int64_t now_ns);
/* Bytes a second that may leave, encrypted; 0: as fast as it goes. */
int64_t session_rate(const struct session *s);

#endif
