/* Whose turn it is among the connections, and who of them holds too much.
 *
 * libuv calls those whose socket is ready. Others ask for another turn: soon, before the
 * next look at the sockets. Those whose turns take long get them one at a time between two
 * looks at the sockets, in the order in which they asked: one that shakes hands, and one
 * whose requests are much work. So a client that asks for little waits for one of each,
 * never for all.
 *
 * What connections hold of requests that are not whole and of replies that were not taken is
 * bounded for all together (limits.buffers). Beyond, the one goes that has held what it
 * holds longest: an honest client's buffers are empty again and again. */
#ifndef MOCKSERVER_TURNS_H
#define MOCKSERVER_TURNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct conn;
struct mock_limits;

/* How long its turns take. */
enum turn_kind { TURN_QUICK, TURN_HANDSHAKE, TURN_WORK, TURN_KINDS };

struct turns {
    uv_idle_t idle; /* active while somebody waits below */
    struct turn_queue {
        struct conn *first, *last;
    } queue[TURN_KINDS];
    size_t held; /* bytes, by all */
};

/* A connection's part of it. */
struct turn {
    struct conn *next;
    enum turn_kind kind, waits_as;
    bool waits; /* in the queue of waits_as */
    size_t held;    /* bytes */
    int64_t since_ns; /* since when that was never 0 */
};

void turns_init(struct turns *t, uv_loop_t *loop);
/* Gives it a turn. */
void turns_again(struct turns *t, struct conn *c);
/* It waits no more and holds nothing. */
void turns_forget(struct turns *t, struct conn *c);
/* It holds so many bytes now. */
void turns_hold(struct turns *t, struct conn *c, size_t bytes, int64_t now_ns);
/* Who has to go for all to hold no more than limit, or NULL. Any of the list of
 * connections. */
struct conn *turns_too_much(const struct turns *t, struct conn *conns, size_t limit);

#endif
