/* The replies outstanding on one connection (pipeline.h): two lists, the held
 * ones in order of request, and those that are on their way out. */
#include "mockserver/pipeline.h"

#include <stdlib.h>

#include "mockserver/rng.h"

void pipeline_init(struct pipeline *p, size_t window, int64_t max_wait_ns, uint64_t seed,
                   uint64_t connection)
{
    *p = (struct pipeline){.window = window < 2 ? 1 : window,
                           .max_wait_ns = max_wait_ns,
                           .rng = rng_stream(seed, connection)};
}

void reply_free(struct reply **r)
{
    if (!*r)
        return;
    buf_clear(&(*r)->bytes);
    free(*r);
    *r = NULL;
}

void pipeline_clear(struct pipeline *p)
{
    struct reply *lists[] = {p->held, p->out};
    for (size_t i = 0; i < 2; i++)
        for (struct reply *r = lists[i], *next; r; r = next) {
            next = r->next;
            reply_free(&r);
        }
    *p = (struct pipeline){0};
}

static void append(struct reply **head, struct reply **tail, size_t *n, struct reply *r)
{
    r->next = NULL;
    if (*tail)
        (*tail)->next = r;
    else
        *head = r;
    *tail = r;
    ++*n;
}

bool pipeline_push(struct pipeline *p, struct buf *bytes, uint64_t request, int64_t now_ns)
{
    struct reply *r = malloc(sizeof *r);
    if (!r)
        return false;
    *r = (struct reply){.bytes = *bytes, .request = request, .arrived_ns = now_ns};
    buf_init(bytes, bytes->limit);
    if (p->window < 2)
        append(&p->out, &p->out_tail, &p->n_out, r);
    else
        append(&p->held, &p->held_tail, &p->n_held, r);
    return true;
}

/* Takes the k-th of the first replies held. */
static struct reply *unhold(struct pipeline *p, size_t k)
{
    struct reply *before = NULL, *r = p->held;
    for (; k > 0; k--) {
        before = r;
        r = r->next;
    }
    if (before)
        before->next = r->next;
    else
        p->held = r->next;
    if (p->held_tail == r)
        p->held_tail = before;
    p->n_held--;
    return r;
}

/* Lets the n oldest go in a drawn order: always one of those left, at random.
 * When every choice fell on the oldest so far, the last one may not, or the
 * order would be the original. */
static void release(struct pipeline *p, size_t n)
{
    bool original = true;
    for (; n > 0; n--) {
        size_t k = n < 2 ? 0 : n == 2 && original ? 1 : (size_t)rng_below(&p->rng, n);
        if (k != 0)
            original = false;
        append(&p->out, &p->out_tail, &p->n_out, unhold(p, k));
    }
}

int64_t pipeline_due(struct pipeline *p, int64_t now_ns)
{
    while (p->n_held > 0 && p->n_held >= p->window)
        release(p, p->window);
    if (p->n_held == 0)
        return INT64_MAX;
    int64_t first = p->held->arrived_ns;
    int64_t due = first > INT64_MAX - p->max_wait_ns ? INT64_MAX : first + p->max_wait_ns;
    if (now_ns < due)
        return due;
    release(p, p->n_held);
    return INT64_MAX;
}

struct reply *pipeline_take(struct pipeline *p)
{
    struct reply *r = p->out;
    if (!r)
        return NULL;
    p->out = r->next;
    if (!p->out)
        p->out_tail = NULL;
    p->n_out--;
    r->next = NULL;
    return r;
}

void pipeline_flush(struct pipeline *p)
{
    while (p->n_held > 0)
        release(p, p->n_held < p->window ? p->n_held : p->window);
}
