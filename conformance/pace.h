/* The time that a run lives by: the machine's clocks or, against a mock with a control
 * API, these and the virtual time that has passed there. A wait then advances the mock's
 * clock instead of taking ours, and what the tester reckons with moves along.
 *
 * Where recorded exchanges are judged again (replay.h), time is what it was then: it stands
 * still between them, and a wait moves it along at once.
 *
 * Time-outs of the network and how long things took are no matter of this: they are real. */
#ifndef CONFORMANCE_PACE_H
#define CONFORMANCE_PACE_H

#include <stdatomic.h>

#include "conformance/mock_control.h"

struct pace {
    struct mock_control *control; /* NULL: waits are real */
    int64_t passed_ns;            /* virtual time so far */
    bool stands;                  /* it is what the following say */
    int64_t wall_ns, mono_ns;
};

/* Nanoseconds, as clock_wall_ns and clock_mono_ns have them; a NULL pace is the machine's. */
int64_t pace_wall_ns(const struct pace *p);
int64_t pace_mono_ns(const struct pace *p);
/* Lets time pass. False: KE_INTERRUPTED, and early, when *stop is set; or the mock's
 * control API fails. */
__attribute__((warn_unused_result)) bool pace_wait(struct pace *p, int64_t ns,
                                                   const atomic_bool *stop, struct kerr *err);

#endif
