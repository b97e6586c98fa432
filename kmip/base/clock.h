/* The two clocks: monotonic for deadlines, wall for dates in messages. */
#ifndef KMIP_BASE_CLOCK_H
#define KMIP_BASE_CLOCK_H

#include <stdint.h>

#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)
#define DEADLINE_NEVER INT64_MAX

/* Nanoseconds since an arbitrary start; never goes back. */
int64_t clock_mono_ns(void);
/* Nanoseconds since 1970-01-01T00:00:00Z by the machine's clock. */
int64_t clock_wall_ns(void);
/* A moment that much later, or the first or last there is: times come from configurations
 * and clients. Of DEADLINE_NEVER and a time it is never. */
static inline int64_t clock_add(int64_t at, int64_t by)
{
    int64_t sum;
    if (!__builtin_add_overflow(at, by, &sum))
        return sum;
    return by < 0 ? INT64_MIN : INT64_MAX;
}
/* A deadline that long from now; negative, or beyond what the clock can count, means
 * never. */
int64_t deadline_in(int64_t timeout_ns);
int64_t deadline_in_ms(int64_t timeout_ms);
/* Milliseconds left for poll(2), rounded up: 0 when past, -1 for never. */
int deadline_poll_ms(int64_t deadline_ns);

#endif
