/* What faults remember beside their counts: clients and scenarios (fault.h). */
#include <stdlib.h>

#include "mockserver/fault_priv.h"

#define CLIENTS_MAX 10000u

static struct fault_client *find(const struct fault_set *s, const char *identity, uint64_t hash)
{
    for (struct fault_client *c = s->clients; c; c = c->next)
        if (c->hash == hash && strcmp(c->identity, identity) == 0)
            return c;
    return NULL;
}

struct fault_client *fault_client_of(struct fault_set *s, const char *identity)
{
    uint64_t hash = bytes_hash(bytes_str(identity));
    struct fault_client *c = find(s, identity, hash);
    if (c)
        return c;
    if (s->clients && s->clients->index >= CLIENTS_MAX)
        return s->clients;
    c = calloc(1, sizeof *c);
    char *copy = strdup(identity);
    if (!c || !copy) {
        free(c);
        free(copy);
        return NULL;
    }
    c->identity = copy;
    c->hash = hash;
    c->index = s->clients ? s->clients->index + 1 : 0;
    c->next = s->clients;
    s->clients = c;
    return c;
}

void fault_clients_clear(struct fault_set *s)
{
    for (struct fault_client *c = s->clients, *next; c; c = next) {
        next = c->next;
        free(c->identity);
        free(c);
    }
    s->clients = NULL;
}

/* --- scenarios --------------------------------------------------------- */

struct fault_scenario {
    char *name, *state;
    struct fault_scenario *next; /* in the order in which they were set first */
};

static struct fault_scenario *scenario_of(const struct fault_set *s, const char *name)
{
    for (struct fault_scenario *sc = s->scenarios; sc; sc = sc->next)
        if (strcmp(sc->name, name) == 0)
            return sc;
    return NULL;
}

const char *fault_scenario(const struct fault_set *s, const char *scenario)
{
    const struct fault_scenario *sc = scenario_of(s, scenario);
    return sc ? sc->state : "started";
}

void fault_scenarios_visit(const struct fault_set *s, void (*visit)(void *arg, const char *name),
                           void *arg)
{
    for (const struct fault_scenario *sc = s->scenarios; sc; sc = sc->next)
        visit(arg, sc->name);
    for (size_t i = 0; i < s->n; i++) {
        if (s->v[i]->match.scenario)
            visit(arg, s->v[i]->match.scenario);
        if (s->v[i]->then_scenario)
            visit(arg, s->v[i]->then_scenario);
    }
}

static bool scenario_new(struct fault_set *s, const char *name, char *state)
{
    struct fault_scenario *sc = calloc(1, sizeof *sc), **at = &s->scenarios;
    char *copy = strdup(name);
    if (!sc || !copy) {
        free(sc);
        free(copy);
        return false;
    }
    while (*at)
        at = &(*at)->next;
    *sc = (struct fault_scenario){.name = copy, .state = state};
    *at = sc;
    return true;
}

bool fault_scenario_set(struct fault_set *s, const char *scenario, const char *state,
                        struct kerr *err)
{
    struct fault_scenario *sc = scenario_of(s, scenario);
    char *copy = strdup(state);
    if (copy && sc) {
        free(sc->state);
        sc->state = copy;
        return true;
    }
    if (copy && scenario_new(s, scenario, copy))
        return true;
    free(copy);
    return kerr_set(err, KE_MEMORY, "no memory for the state of scenario '%s'", scenario);
}

void fault_scenarios_clear(struct fault_set *s)
{
    for (struct fault_scenario *sc = s->scenarios, *next; sc; sc = next) {
        next = sc->next;
        free(sc->name);
        free(sc->state);
        free(sc);
    }
    s->scenarios = NULL;
}
