/* Turns (turns.h): queues, and a sum. */
#include "mockserver/turns.h"

#include "mockserver/conn.h"

void turns_init(struct turns *t, uv_loop_t *loop)
{
    *t = (struct turns){.held = 0};
    uv_idle_init(loop, &t->idle);
    t->idle.data = t;
}

static struct conn *take(struct turn_queue *q)
{
    struct conn *c = q->first;
    if (!c)
        return NULL;
    q->first = c->turn.next;
    if (!q->first)
        q->last = NULL;
    c->turn.next = NULL;
    c->turn.waits = false;
    return c;
}

static void on_idle(uv_idle_t *h)
{
    struct turns *t = h->data;
    struct conn *last = t->queue[TURN_QUICK].last; /* who asks meanwhile waits for the next look */
    struct conn *c = last ? take(&t->queue[TURN_QUICK]) : NULL;
    for (; c; c = c == last ? NULL : take(&t->queue[TURN_QUICK]))
        conn_turn(c);
    for (int kind = TURN_HANDSHAKE; kind < TURN_KINDS; kind++)
        if ((c = take(&t->queue[kind])))
            conn_turn(c);
    for (int kind = 0; kind < TURN_KINDS; kind++)
        if (t->queue[kind].first)
            return;
    uv_idle_stop(h);
}

void turns_again(struct turns *t, struct conn *c)
{
    if (c->turn.waits)
        return;
    struct turn_queue *q = &t->queue[c->turn.kind];
    c->turn.waits = true;
    c->turn.waits_as = c->turn.kind;
    *(q->first ? &q->last->turn.next : &q->first) = c;
    q->last = c;
    if (!uv_is_active((uv_handle_t *)&t->idle))
        uv_idle_start(&t->idle, on_idle);
}

static void leave(struct turn_queue *q, struct conn *c)
{
    struct conn *before = NULL;
    for (struct conn **p = &q->first; *p; before = *p, p = &(*p)->turn.next)
        if (*p == c) {
            *p = c->turn.next;
            if (q->last == c)
                q->last = before;
            return;
        }
}

void turns_forget(struct turns *t, struct conn *c)
{
    t->held -= c->turn.held;
    c->turn.held = 0;
    if (c->turn.waits)
        leave(&t->queue[c->turn.waits_as], c);
    c->turn.waits = false;
}

void turns_hold(struct turns *t, struct conn *c, size_t bytes, int64_t now_ns)
{
    if (c->turn.held == 0)
        c->turn.since_ns = now_ns;
    t->held += bytes - c->turn.held;
    c->turn.held = bytes;
}

struct conn *turns_too_much(const struct turns *t, struct conn *conns, size_t limit)
{
    size_t n = 0;
    struct conn *longest = NULL;
    if (t->held <= limit)
        return NULL;
    for (struct conn *c = conns; c; c = c->next)
        n += c->turn.held > 0;
    /* One that holds little would not help; whoever holds the average is there. */
    for (struct conn *c = conns; c; c = c->next)
        if (c->turn.held > 0 && c->turn.held >= t->held / n &&
            (!longest || c->turn.since_ns < longest->turn.since_ns))
            longest = c;
    return longest;
}
