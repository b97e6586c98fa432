/* The faults of a server, and how they change while it runs (fault.h). */
#include <stdlib.h>

#include "kmip/base/log.h"
#include "mockserver/fault_action.h"
#include "mockserver/fault_priv.h"
#include "mockserver/rng.h"

bool fault_set_init(struct fault_set *s, const struct mock_config *cfg, struct journal *journal,
                    struct kerr *err)
{
    *s = (struct fault_set){.seed = (uint64_t)cfg->seed, .journal = journal};
    s->certs = fault_certs_new(cfg);
    return s->certs || kerr_set(err, KE_MEMORY, "no memory for faults");
}

static void unref_all(struct fault **v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        fault_unref(v[i]);
    free(v);
}

void fault_set_clear(struct fault_set *s)
{
    while (s->conns)
        fault_conn_close(s->conns);
    unref_all(s->v, s->n);
    for (struct fault *f = s->retired, *next; f; f = next) {
        next = f->next;
        fault_unref(f);
    }
    fault_scenarios_clear(s);
    fault_clients_clear(s);
    fault_certs_free(&s->certs);
    *s = (struct fault_set){0};
}

/* --- taking away ------------------------------------------------------- */

/* A connection forgets what it knew of a fault; what the fault armed ends. */
static void forget_at(struct fault_conn *c, const struct fault *f)
{
    for (struct fault_use **at = &c->uses, *u; (u = *at);) {
        if (u->fault != f) {
            at = &u->next;
            continue;
        }
        fault_disarm(c, u);
        if (c->forget)
            c->forget(c->forget_arg, u);
        *at = u->next;
        free(u);
    }
}

static void forget_everywhere(struct fault_set *s, struct fault *f)
{
    for (struct fault_conn *c = s->conns; c; c = c->next)
        forget_at(c, f);
    fault_unref(f);
}

static void take_away(struct fault_set *s, struct fault *f)
{
    if (f->stalls > 0 && s->begin_handshakes)
        s->begin_handshakes(s->begin_arg, f);
    forget_everywhere(s, f);
}

bool fault_set_remove(struct fault_set *s, const char *name, struct kerr *err)
{
    bool found = false;
    for (size_t i = 0; i < s->n && !found; i++) {
        struct fault *f = s->v[i];
        if (strcmp(f->name, name) != 0)
            continue;
        s->n--;
        memmove(s->v + i, s->v + i + 1, (s->n - i) * sizeof *s->v);
        take_away(s, f);
        found = true;
    }
    for (struct fault **at = &s->retired, *f; (f = *at);) {
        if (strcmp(f->name, name) != 0) {
            at = &f->next;
            continue;
        }
        *at = f->next;
        take_away(s, f);
        found = true;
    }
    return found || kerr_set(err, KE_USAGE, "there is no fault named '%s'", name);
}

/* A retired fault goes once the last connection it is for is closed. */
void fault_sweep_retired(struct fault_set *s)
{
    uint64_t oldest = UINT64_MAX;
    for (const struct fault_conn *c = s->conns; c; c = c->next)
        if (c->opened < oldest)
            oldest = c->opened;
    for (struct fault **at = &s->retired, *f; (f = *at);) {
        if (oldest <= f->until || f->stalls > 0) {
            at = &f->next;
            continue;
        }
        *at = f->next;
        forget_everywhere(s, f);
    }
}

/* --- adding ------------------------------------------------------------ */

static bool prepare(struct fault_set *s, const struct fault_list *l, struct kerr *err)
{
    for (size_t i = 0; i < l->n; i++) {
        const struct fault *f = l->v[i];
        struct kerr why = KERR_INIT;
        if (f->action->prepare && !f->action->prepare(s, f->params, &why))
            return ynode_err(f->source, why.code, err, "%s cannot be had: %s", f->name, why.msg);
    }
    return true;
}

static bool names_free(const struct fault_set *s, const struct fault_list *l, struct kerr *err)
{
    const struct fault_list lists[] = {{s->v, s->n}, *l};
    for (size_t i = 0; i < l->n; i++)
        if (!fault_name_free(lists, 2, l->v[i], err))
            return false;
    return true;
}

static void take(struct fault_set *s, struct fault **v, const struct fault_list *l, uint64_t since)
{
    for (size_t i = 0; i < l->n; i++) {
        struct fault *f = l->v[i];
        f->refs++;
        f->since = since;
        v[s->n++] = f;
    }
}

bool fault_set_add(struct fault_set *s, const struct fault_list *l, struct kerr *err)
{
    if (!names_free(s, l, err) || !prepare(s, l, err))
        return false;
    struct fault **v = realloc(s->v, (s->n + l->n + 1) * sizeof *v);
    if (!v)
        return kerr_set(err, KE_MEMORY, "no memory for faults");
    s->v = v;
    size_t had = s->n;
    take(s, v, l, 0);
    for (struct fault_conn *c = s->conns; c; c = c->next)
        fault_arm_late(c, had);
    return true;
}

static void retire(struct fault_set *s, struct fault *f)
{
    if (s->opened < f->until)
        f->until = s->opened;
    f->next = s->retired;
    s->retired = f;
}

bool fault_set_replace(struct fault_set *s, const struct fault_list *l, struct kerr *err)
{
    static const struct fault_list none;
    if (!l)
        l = &none;
    if (!prepare(s, l, err))
        return false;
    struct fault **v = malloc((l->n + 1) * sizeof *v), **old = s->v;
    if (!v)
        return kerr_set(err, KE_MEMORY, "no memory for faults");
    for (size_t i = s->n; i > 0; i--)
        retire(s, old[i - 1]);
    free(old);
    s->v = v;
    s->n = 0;
    take(s, v, l, s->opened + 1);
    fault_sweep_retired(s);
    return true;
}

bool fault_set_put(struct fault_set *s, const struct fault_list *l, struct kerr *err)
{
    static const struct fault_list none;
    if (!l)
        l = &none;
    if (!prepare(s, l, err))
        return false;
    struct fault **v = malloc((l->n + 1) * sizeof *v), **old = s->v;
    if (!v)
        return kerr_set(err, KE_MEMORY, "no memory for faults");
    size_t had = s->n;
    s->v = v;
    s->n = 0;
    for (size_t i = 0; i < had; i++)
        take_away(s, old[i]);
    free(old);
    for (struct fault *f; (f = s->retired);) {
        s->retired = f->next;
        take_away(s, f);
    }
    take(s, v, l, 0);
    for (struct fault_conn *c = s->conns; c; c = c->next)
        fault_arm_late(c, 0);
    return true;
}

/* --- counts ------------------------------------------------------------ */

static void reset_fault(struct fault *f)
{
    f->matched = f->fired = 0;
    f->logged = 0;
    if (f->by_client)
        memset(f->by_client, 0, f->n_by_client * sizeof *f->by_client);
}

void fault_set_reset(struct fault_set *s)
{
    for (size_t i = 0; i < s->n; i++)
        reset_fault(s->v[i]);
    for (struct fault *f = s->retired; f; f = f->next)
        reset_fault(f);
    for (struct fault_conn *c = s->conns; c; c = c->next)
        for (struct fault_use *u = c->uses; u; u = u->next) {
            u->matched = u->fired = 0;
            u->rng = fault_stream(c->stream, u->fault);
        }
    fault_scenarios_clear(s);
    s->requests = 0;
}

struct fault_info fault_set_info(const struct fault_set *s, size_t i)
{
    const struct fault *f = s->v[i];
    return (struct fault_info){.name = f->name,
                               .action = f->action->name,
                               .source = f->source,
                               .count = f->count,
                               .fired = f->fired};
}

size_t fault_set_retired(const struct fault_set *s)
{
    size_t n = 0;
    for (const struct fault *f = s->retired; f; f = f->next)
        n++;
    return n;
}

uint64_t fault_stream(uint64_t connection, const struct fault *f)
{
    return rng_stream(connection, bytes_hash(bytes_str(f->name)));
}
