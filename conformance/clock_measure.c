/* Asking a server for its time (clock_measure.h). */
#include "conformance/clock_measure.h"

#include <poll.h>

#include "client/lib/requests.h"
#include "kmip/base/clock.h"

#define MEASURE_S 4                    /* at most */
#define ENOUGH_NS NS_PER_MS
#define EARLY_NS (NS_PER_MS / 2)       /* what waking up may take */
#define TROUBLED_NS (50 * NS_PER_MS)   /* between samples, once they contradict */

void clock_wait_until(int64_t mono_ns, const atomic_bool *stop)
{
    while (!*stop && deadline_poll_ms(mono_ns) > 0)
        poll(NULL, 0, deadline_poll_ms(mono_ns));
}

/* Wall minus monotonic clock: read again when something came in between. */
static int64_t wall_minus_mono(void)
{
    int64_t best = INT64_MAX, apart = 0;
    for (int i = 0; i < 8; i++) {
        int64_t before = clock_mono_ns(), wall = clock_wall_ns(), after = clock_mono_ns();
        if (after - before < best) {
            best = after - before;
            apart = wall - before - best / 2;
        }
    }
    return apart;
}

static bool sample(struct clock_measure *m, struct wire *w, struct kerr *err)
{
    static const uint8_t versions[] = {KMIP_V12};
    struct wire_call c;
    req_discover_versions(wire_begin(w, &c, KMIP_OPERATION_DISCOVER_VERSIONS), versions, 1);
    bool ok = wire_ask(w, &c);
    if (!ok) {
        kerr_set_at(err, c.err.code, c.err.off, c.err.path, "%s", c.err.msg);
    } else if (!c.has_stamp) {
        m->no_stamp = true;
    } else {
        struct clock_sample *s = &m->v[m->n++];
        *s = (struct clock_sample){.sent_ns = c.begun_ns + m->wall_minus_mono_ns,
                                   .arrived_ns = c.seen.arrived_ns + m->wall_minus_mono_ns,
                                   .stamp_s = c.stamp_s};
        m->contradicts = !clock_estimate_add(&m->e, s) || m->contradicts;
    }
    wire_call_clear(&c);
    return ok;
}

/* After a contradiction it goes on for a while, to see what the other clock does. */
bool clock_measure(struct clock_measure *m, struct wire *w, const atomic_bool *stop,
                   struct kerr *err)
{
    int64_t end = clock_mono_ns() + MEASURE_S * NS_PER_S;
    *m = (struct clock_measure){.wall_minus_mono_ns = wall_minus_mono()};
    clock_estimate_init(&m->e);
    while (m->n < CLOCK_SAMPLES_MAX && clock_mono_ns() < end && !*stop) {
        if (!sample(m, w, err))
            return false;
        if (m->no_stamp || (!m->contradicts && clock_settled(&m->e, ENOUGH_NS)))
            break;
        int64_t now = clock_mono_ns(), wall = now + m->wall_minus_mono_ns;
        int64_t next = m->contradicts
                           ? now + TROUBLED_NS
                           : clock_next_ns(&m->e, wall) - m->wall_minus_mono_ns - EARLY_NS;
        clock_wait_until(next < end ? next : end, stop);
    }
    return true;
}
