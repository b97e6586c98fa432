/* Real and virtual time (pace.h). */
#include "conformance/pace.h"

#include <poll.h>

#include "kmip/base/clock.h"

#define SLICE_MS 50 /* how soon a wait notices Ctrl-C */

int64_t pace_wall_ns(const struct pace *p)
{
    return p && p->stands ? p->wall_ns : clock_add(clock_wall_ns(), p ? p->passed_ns : 0);
}

int64_t pace_mono_ns(const struct pace *p)
{
    return p && p->stands ? p->mono_ns : clock_add(clock_mono_ns(), p ? p->passed_ns : 0);
}

static bool sleep_ns(int64_t ns, const atomic_bool *stop)
{
    int64_t deadline = deadline_in(ns);
    while (!*stop) {
        int left = deadline_poll_ms(deadline);
        if (left == 0)
            return true;
        poll(NULL, 0, left < SLICE_MS ? left : SLICE_MS);
    }
    return false;
}

bool pace_wait(struct pace *p, int64_t ns, const atomic_bool *stop, struct kerr *err)
{
    if (*stop || (!p->stands && !p->control && !sleep_ns(ns, stop)))
        return kerr_set(err, KE_INTERRUPTED, "interrupted");
    if (p->stands) {
        p->wall_ns = clock_add(p->wall_ns, ns);
        p->mono_ns = clock_add(p->mono_ns, ns);
        return true;
    }
    if (!p->control)
        return true;
    int64_t ms = ns / NS_PER_MS + (ns % NS_PER_MS != 0);
    if (!mock_control_advance(p->control, ms, err))
        return false;
    p->passed_ns = clock_add(p->passed_ns, ms * NS_PER_MS);
    return true;
}
