/* Inside the faults: what fault_set.c, fault_state.c, fault_fire.c and fault_conn.c
 * need of each other. */
#ifndef MOCKSERVER_FAULT_PRIV_H
#define MOCKSERVER_FAULT_PRIV_H

#include "mockserver/fault_action.h"

/* Clients are told apart by identity; each has a number and a count of connections. */
struct fault_client {
    char *identity;
    uint64_t hash;
    uint64_t connections;
    size_t index; /* in by_client of faults */
    struct fault_client *next;
};

/* fault_state.c */
/* The client, made when it is new; one that stands for all the others when there are
 * very many; NULL: no memory. */
struct fault_client *fault_client_of(struct fault_set *s, const char *identity);
void fault_clients_clear(struct fault_set *s);
void fault_scenarios_clear(struct fault_set *s);

/* fault_set.c */
uint64_t fault_stream(uint64_t connection, const struct fault *f);
void fault_sweep_retired(struct fault_set *s);

/* fault_fire.c */
/* Faults from position `from` on were added while the connection is open: those that
 * need no request arm it. */
void fault_arm_late(struct fault_conn *c, size_t from);

#endif
