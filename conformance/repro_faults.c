/* What was made to go wrong, on the time line (repro.h): the mock's journal has each firing
 * of a fault, with the request or the connection that it struck. A reply that came gets the
 * label; what never came, or a connection, gets an event of its own, before the failure that
 * it led to. */
#include <string.h>

#include "conformance/mock_control.h"
#include "conformance/repro.h"
#include "kmip/base/clock.h"

struct placing {
    struct repro_result *out;
    int64_t wall_minus_mono_ns;
    bool no_memory;
};

static struct picture_event *find(struct repro_result *out, enum picture_kind kind,
                                struct bytes id)
{
    for (size_t i = out->n; i-- > 0;)
        if (out->v[i].kind == kind && bytes_eq(bytes_of(out->v[i].id, sizeof out->v[i].id), id))
            return &out->v[i];
    return NULL;
}

/* The first failure from event i on; else the end. */
static size_t failure_from(const struct repro_result *out, size_t i)
{
    while (i < out->n && out->v[i].kind != EVENT_BROKE)
        i++;
    return i;
}

/* Where something belongs that happened within a millisecond from at_ns on: behind what
 * went before, but not behind the failure that came of it. */
static size_t place_of(const struct repro_result *out, int64_t at_ns)
{
    size_t i = 0;
    while (i < out->n && out->v[i].at_ns < at_ns)
        i++;
    while (i < out->n && out->v[i].at_ns < at_ns + NS_PER_MS && out->v[i].kind != EVENT_BROKE)
        i++;
    return i;
}

/* Of what is told to the millisecond, as near as the neighbours allow. */
static int64_t between(const struct repro_result *out, size_t i, int64_t at_ns)
{
    if (i < out->n && at_ns > out->v[i].at_ns)
        at_ns = out->v[i].at_ns;
    return i > 0 && at_ns < out->v[i - 1].at_ns ? out->v[i - 1].at_ns : at_ns;
}

static struct picture_event *insert(struct repro_result *out, size_t i, int64_t at_ns)
{
    static struct picture_event none;
    if (out->n == REPRO_EVENTS_MAX)
        return &none;
    int64_t at = between(out, i, at_ns);
    memmove(&out->v[i + 1], &out->v[i], (out->n++ - i) * sizeof *out->v);
    out->v[i] = (struct picture_event){.kind = EVENT_FAULT, .at_ns = at, .text = ""};
    return &out->v[i];
}

/* NULL: at a request that is not on this time line. */
static struct picture_event *event_for(struct repro_result *out, const struct mock_firing *f,
                                     int64_t at_ns)
{
    if (f->id.n == 0)
        return at_ns + NS_PER_MS > out->began_ns ? insert(out, place_of(out, at_ns), at_ns) : NULL;
    struct picture_event *e = find(out, EVENT_REPLY, f->id), *sent;
    if (e)
        return e;
    sent = find(out, EVENT_SENT, f->id);
    if (!sent)
        return NULL;
    struct picture_event of = *sent;
    e = insert(out, failure_from(out, (size_t)(sent - out->v)), at_ns);
    e->connection = of.connection;
    e->request = of.request;
    e->operation = of.operation;
    memcpy(e->id, of.id, sizeof e->id);
    return e;
}

static bool place(void *arg, const struct mock_firing *f)
{
    struct placing *p = arg;
    int64_t at_ns = f->at_ms * NS_PER_MS - p->wall_minus_mono_ns;
    struct picture_event *e = event_for(p->out, f, at_ns);
    if (!e)
        return true;
    e->faults = arena_str(&p->out->arena, f->faults);
    e->did = arena_str(&p->out->arena, f->did);
    p->no_memory = !e->faults || !e->did;
    return !p->no_memory;
}

bool repro_faults(struct repro_run *r, struct repro_result *out, struct kerr *err)
{
    struct placing p = {.out = out, .wall_minus_mono_ns = clock_wall_ns() - clock_mono_ns()};
    struct mock_control *c = mock_control_new(r->mock.control, "", err);
    bool ok = c && mock_control_firings(c, place, &p, err);
    mock_control_free(&c);
    return ok && (!p.no_memory || kerr_set(err, KE_MEMORY, "no memory for the time line"));
}
