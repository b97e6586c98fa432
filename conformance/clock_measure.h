/* Measures the clock of a server over a wire of its own: asks until the offset is as
 * certain as round trips allow (clock_estimate.h).
 *
 * Ours is the wall clock as it stood when the measurement began, carried on by the
 * monotonic clock, so that a correction of ours meanwhile does not count as theirs. */
#ifndef CONFORMANCE_CLOCK_MEASURE_H
#define CONFORMANCE_CLOCK_MEASURE_H

#include <stdatomic.h>

#include "conformance/clock_estimate.h"
#include "conformance/driver_wire.h"

#define CLOCK_SAMPLES_MAX 400

struct clock_measure {
    struct clock_estimate e;   /* of what goes together */
    struct clock_sample v[CLOCK_SAMPLES_MAX];
    size_t n;
    bool contradicts;          /* not all samples do */
    bool no_stamp;             /* replies have no Time Stamp: nothing is known */
    int64_t wall_minus_mono_ns;
};

/* False when a request fails. Ends early once *stop is set. */
__attribute__((warn_unused_result)) bool clock_measure(struct clock_measure *m, struct wire *w,
                                                       const atomic_bool *stop,
                                                       struct kerr *err);
/* Waits until a monotonic time, or until *stop is set. */
void clock_wait_until(int64_t mono_ns, const atomic_bool *stop);

#endif
