/* Offsets out of whole-second stamps (clock_estimate.h). */
#include "conformance/clock_estimate.h"

#include <stdio.h>

#include "kmip/base/clock.h"

#define PART 16 /* of the time in which the tick can be, from sample to sample */
#define STEP_LEAST_NS (NS_PER_MS / 5)
#define FAR_S (INT64_MAX / NS_PER_S - 1)

static int64_t max(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

void clock_estimate_init(struct clock_estimate *e)
{
    *e = (struct clock_estimate){
        .lo_ns = INT64_MIN, .hi_ns = INT64_MAX, .round_trip_ns = INT64_MAX};
}

bool clock_estimate_add(struct clock_estimate *e, const struct clock_sample *s)
{
    if (s->stamp_s < 0 || s->stamp_s > FAR_S)
        return false; /* no date of ours; the arithmetic below would overflow */
    int64_t stamp_ns = s->stamp_s * NS_PER_S;
    int64_t lo = max(e->lo_ns, stamp_ns - s->arrived_ns);
    int64_t hi = min(e->hi_ns, stamp_ns + NS_PER_S - s->sent_ns);
    if (lo > hi)
        return false;
    if (e->n++ == 0)
        e->stamp_s = s->stamp_s;
    if (lo > e->lo_ns || hi < e->hi_ns)
        e->at_ns = s->arrived_ns;
    e->ticked = e->ticked || s->stamp_s != e->stamp_s;
    e->lo_ns = lo;
    e->hi_ns = hi;
    e->round_trip_ns = min(e->round_trip_ns, s->arrived_ns - s->sent_ns);
    return true;
}

int64_t clock_offset_ns(const struct clock_estimate *e)
{
    return e->lo_ns + (e->hi_ns - e->lo_ns) / 2;
}

int64_t clock_uncertain_ns(const struct clock_estimate *e)
{
    return (e->hi_ns - e->lo_ns + 1) / 2;
}

/* The next moment of ours, after at_ns, at which a clock `offset` from ours ticks. */
static int64_t tick_after(int64_t at_ns, int64_t offset_ns)
{
    int64_t theirs = at_ns + offset_ns;
    int64_t into = ((theirs % NS_PER_S) + NS_PER_S) % NS_PER_S;
    return at_ns + NS_PER_S - into;
}

int64_t clock_next_ns(const struct clock_estimate *e, int64_t now_ns)
{
    if (e->n == 0)
        return now_ns;
    /* The larger the offset, the earlier the tick. */
    int64_t latest = tick_after(now_ns, e->lo_ns);
    int64_t earliest = latest - (e->hi_ns - e->lo_ns);
    int64_t from = max(now_ns, earliest);
    return from + max((latest - from) / PART, STEP_LEAST_NS);
}

bool clock_settled(const struct clock_estimate *e, int64_t enough_ns)
{
    return e->ticked && clock_uncertain_ns(e) <= max(e->round_trip_ns, enough_ns);
}

bool clock_drift(const struct clock_estimate *a, const struct clock_estimate *b, double *ppm,
                 double *uncertain_ppm)
{
    if (a->n == 0 || b->n == 0 || b->at_ns <= a->at_ns)
        return false;
    double apart = (double)(b->at_ns - a->at_ns);
    *ppm = (double)(clock_offset_ns(b) - clock_offset_ns(a)) / apart * 1e6;
    *uncertain_ppm = (double)(clock_uncertain_ns(a) + clock_uncertain_ns(b)) / apart * 1e6;
    return true;
}

enum clock_trouble clock_trouble(const struct clock_sample *v, size_t n)
{
    struct clock_estimate e;
    bool even = true, same = true;
    clock_estimate_init(&e);
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && v[i].stamp_s < v[i - 1].stamp_s)
            return CLOCK_BACK;
        same = same && v[i].stamp_s == v[0].stamp_s;
        even = even && clock_estimate_add(&e, &v[i]);
    }
    if (even)
        return CLOCK_EVEN;
    return same ? CLOCK_FROZEN : CLOCK_UNEVEN;
}

bool clock_behind(const struct clock_estimate *e)
{
    return e->n > 0 && e->hi_ns < 0;
}

bool clock_ahead(const struct clock_estimate *e)
{
    return e->n > 0 && e->lo_ns > 0;
}

static double seconds(int64_t ns)
{
    return (double)(ns < 0 ? -ns : ns) / (double)NS_PER_S;
}

/* Rounded up to what is shown of it. */
static double at_most(int64_t ns)
{
    return (double)((ns + NS_PER_MS - 1) / NS_PER_MS) / 1e3;
}

char *clock_words(const struct clock_estimate *e, char *out, size_t room)
{
    if (e->n == 0)
        snprintf(out, room, "is not known");
    else if (clock_behind(e) || clock_ahead(e))
        snprintf(out, room, "is %.3f s %s ours (\u00b1 %.3f s)", seconds(clock_offset_ns(e)),
                 clock_behind(e) ? "behind" : "ahead of", at_most(clock_uncertain_ns(e)));
    else
        snprintf(out, room, "agrees with ours (within %.3f s)",
                 at_most(max(e->hi_ns, -e->lo_ns)));
    return out;
}
