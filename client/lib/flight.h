/* Inside the library: requests under way and the queues they wait in. */
#ifndef CLIENT_LIB_FLIGHT_H
#define CLIENT_LIB_FLIGHT_H

#include "client/lib/kc.h"

struct flight {
    struct flight *next;
    kc_ticket ticket;
    struct buf id, reply;
    struct kc_seen seen;
};

/* First in, first out; one may be taken out of the middle. */
struct flight_queue {
    struct flight *head, **tail;
    size_t n;
};

void flights_init(struct flight_queue *q);
void flights_put(struct flight_queue *q, struct flight *f);
/* Takes *at out, where at is the link that leads to it (&q->head, or flights_find). */
struct flight *flights_take(struct flight_queue *q, struct flight **at);
/* The link to the flight of a ticket; *result is NULL when there is none. */
struct flight **flights_find(struct flight_queue *q, kc_ticket ticket);
void flights_free(struct flight_queue *q);

/* A flight for a request with this id, a used one of `spare` if there is one; NULL
 * without memory. */
struct flight *flight_new(struct flight_queue *spare, kc_ticket ticket, struct bytes id);

#endif
