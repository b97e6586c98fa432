/* Requests under way (flight.h). */
#include "client/lib/flight.h"

#include <stdlib.h>

void flights_init(struct flight_queue *q)
{
    *q = (struct flight_queue){.tail = &q->head};
}

void flights_put(struct flight_queue *q, struct flight *f)
{
    f->next = NULL;
    *q->tail = f;
    q->tail = &f->next;
    q->n++;
}

struct flight *flights_take(struct flight_queue *q, struct flight **at)
{
    struct flight *f = *at;

    *at = f->next;
    if (!*at)
        q->tail = at;
    q->n--;
    return f;
}

struct flight **flights_find(struct flight_queue *q, kc_ticket ticket)
{
    struct flight **at = &q->head;

    while (*at && (*at)->ticket != ticket)
        at = &(*at)->next;
    return at;
}

static void flight_free(struct flight *f)
{
    buf_clear(&f->id);
    buf_clear(&f->reply);
    free(f);
}

void flights_free(struct flight_queue *q)
{
    while (q->head)
        flight_free(flights_take(q, &q->head));
}

static struct flight *flight_alloc(void)
{
    struct flight *f = calloc(1, sizeof *f);

    if (f) {
        buf_init(&f->id, BUF_NO_LIMIT);
        buf_init(&f->reply, BUF_NO_LIMIT);
    }
    return f;
}

struct flight *flight_new(struct flight_queue *spare, kc_ticket ticket, struct bytes id)
{
    struct flight *f = spare->head ? flights_take(spare, &spare->head) : flight_alloc();

    if (!f)
        return NULL;
    buf_reset(&f->id);
    buf_reset(&f->reply);
    f->ticket = ticket;
    f->seen = (struct kc_seen){0};
    if (buf_put_bytes(&f->id, id))
        return f;
    flight_free(f);
    return NULL;
}
