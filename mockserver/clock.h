/* The clock the mock lives by: Time Stamp, life cycle and date checks all ask it.
 *
 * It is the machine's wall clock, moved by an offset. When the machine's clock is
 * set back by a little (time synchronisation), this one stands still instead, so
 * that two replies never seem to go back in time; a larger step is followed. */
#ifndef MOCKSERVER_CLOCK_H
#define MOCKSERVER_CLOCK_H

#include <stdint.h>

struct mock_clock {
    int64_t offset_ns;
    int64_t last_ns; /* latest time told */
};

void mock_clock_init(struct mock_clock *c, int64_t offset_ns);
/* Nanoseconds since the epoch; arg is a struct mock_clock. Fits engine_init. */
int64_t mock_clock_ns(void *arg);

#endif
