/* The mock's clock (clock.h). */
#include "mockserver/clock.h"

#include "kmip/base/clock.h"

#define SMALL_STEP_NS NS_PER_S
#define MOST_GAINED_NS 9.2e18 /* what fits */

const struct clock_spec clock_right = {.rate = 1};

bool clock_spec_same(const struct clock_spec *a, const struct clock_spec *b)
{
    if (a->offset_ns != b->offset_ns || a->rate != b->rate || a->freeze != b->freeze ||
        a->freeze_given != b->freeze_given || a->freeze_at_ns != b->freeze_at_ns ||
        a->strobe_by_ns != b->strobe_by_ns || a->strobe_every_ns != b->strobe_every_ns ||
        a->applies_to != b->applies_to || a->n_jumps != b->n_jumps)
        return false;
    for (size_t i = 0; i < a->n_jumps; i++)
        if (a->jumps[i].by_requests != b->jumps[i].by_requests ||
            a->jumps[i].after != b->jumps[i].after || a->jumps[i].by_ns != b->jumps[i].by_ns)
            return false;
    return true;
}

/* The machine's clock. When it is set back by a little (time synchronisation), this
 * stands still instead, so that two replies never seem to go back in time without
 * being told to; a larger step is followed. */
static int64_t wall(struct mock_clock *c)
{
    const struct mock_clock *server = c->server ? c->server : c;
    int64_t now = server->held ? server->held_wall_ns : c->wall_ns();
    if (now >= c->last_wall_ns || now < c->last_wall_ns - SMALL_STEP_NS)
        c->last_wall_ns = now;
    return c->last_wall_ns;
}

static int64_t advanced(const struct mock_clock *c)
{
    return c->server ? c->server->advanced_ns : c->advanced_ns;
}

void mock_clock_init(struct mock_clock *c, const struct clock_spec *spec)
{
    *c = (struct mock_clock){
        .wall_ns = clock_wall_ns, .mono_ns = clock_mono_ns, .last_wall_ns = INT64_MIN};
    mock_clock_set(c, spec);
}

void mock_clock_init_own(struct mock_clock *c, const struct clock_spec *spec,
                         const struct mock_clock *server)
{
    *c = (struct mock_clock){.wall_ns = server->wall_ns,
                             .mono_ns = server->mono_ns,
                             .server = server,
                             .last_wall_ns = INT64_MIN};
    mock_clock_set(c, spec);
}

void mock_clock_set(struct mock_clock *c, const struct clock_spec *spec)
{
    c->spec = *spec;
    c->requests = 0;
    c->began_wall_ns = wall(c);
    c->began_ns = c->mono_ns();
    c->began_advanced_ns = advanced(c);
}

void mock_clock_hold(struct mock_clock *c, struct mock_clock *over)
{
    c->held_wall_ns = c->wall_ns();
    c->held = true;
    c->over = over;
    c->requests++;
    if (over)
        over->requests++;
}

void mock_clock_release(struct mock_clock *c)
{
    c->held = false;
    c->over = NULL;
}

void mock_clock_advance(struct mock_clock *c, int64_t by_ns)
{
    c->advanced_ns = clock_add(c->advanced_ns, by_ns);
}

int64_t mock_clock_virtual(const struct mock_clock *c, int64_t mono_ns)
{
    int64_t at = c ? clock_add(mono_ns, c->advanced_ns) : mono_ns;
    return at < INT64_MAX || mono_ns == INT64_MAX ? at : INT64_MAX - 1;
}

int64_t mock_clock_monotonic(const struct mock_clock *c, int64_t virtual_ns)
{
    return c && virtual_ns < INT64_MAX ? virtual_ns - c->advanced_ns : virtual_ns;
}

/* How far the spec has moved the clock when so much time has passed. */
static int64_t moved(const struct mock_clock *c, int64_t passed)
{
    const struct clock_spec *s = &c->spec;
    int64_t sum = s->offset_ns;
    for (size_t i = 0; i < s->n_jumps; i++) {
        const struct clock_jump *j = &s->jumps[i];
        /* "after 5 requests" is first seen by the sixth, which is counted already. */
        if (j->by_requests ? c->requests > (uint64_t)j->after : passed >= j->after)
            sum = clock_add(sum, j->by_ns);
    }
    if (s->strobe_every_ns > 0 && passed / s->strobe_every_ns % 2 == 1)
        sum = clock_add(sum, s->strobe_by_ns);
    return sum;
}

/* Where it stands but for the virtual time, once so much time of both sorts has passed. */
static int64_t base(struct mock_clock *c, int64_t passed)
{
    const struct clock_spec *s = &c->spec;
    if (s->freeze)
        return s->freeze_given ? s->freeze_at_ns : c->began_wall_ns;
    if (s->rate == 1)
        return wall(c);
    double gained = (s->rate - 1) * (double)passed;
    return clock_add(wall(c), gained < MOST_GAINED_NS ? (int64_t)gained : INT64_MAX);
}

/* Nothing but an offset: how much time has passed does not matter. */
static bool is_steady(const struct clock_spec *s)
{
    return s->rate == 1 && !s->freeze && s->n_jumps == 0 && s->strobe_every_ns == 0;
}

static int64_t told(struct mock_clock *c, enum clock_side side)
{
    int64_t virtual_ns = advanced(c);
    if (c->spec.applies_to != CLOCK_BOTH && c->spec.applies_to != (int)side)
        return clock_add(wall(c), virtual_ns);
    if (is_steady(&c->spec))
        return clock_add(clock_add(wall(c), virtual_ns), c->spec.offset_ns);
    int64_t passed =
        clock_add(c->mono_ns() - c->began_ns, virtual_ns - c->began_advanced_ns);
    return clock_add(clock_add(base(c, passed), virtual_ns), moved(c, passed));
}

static int64_t read_side(void *arg, enum clock_side side)
{
    struct mock_clock *c = arg;
    return told(c->over ? c->over : c, side);
}

int64_t mock_clock_ns(void *arg)
{
    return read_side(arg, CLOCK_LIFE_CYCLE);
}

int64_t mock_clock_stamp_ns(void *arg)
{
    return read_side(arg, CLOCK_TIME_STAMP);
}

struct clock_ahead mock_clock_ahead(struct mock_clock *c)
{
    int64_t machine = wall(c->over ? c->over : c);
    return (struct clock_ahead){.time_stamp_ns = mock_clock_stamp_ns(c) - machine,
                                .life_cycle_ns = mock_clock_ns(c) - machine};
}
