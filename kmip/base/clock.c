/* The two clocks of clock.h. */
#include "kmip/base/clock.h"

#include <limits.h>
#include <stdbool.h>
#include <time.h>

static int64_t now(clockid_t id)
{
    struct timespec ts;
    clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

int64_t clock_mono_ns(void)
{
    return now(CLOCK_MONOTONIC);
}

int64_t clock_wall_ns(void)
{
    return now(CLOCK_REALTIME);
}

int64_t deadline_in(int64_t timeout_ns)
{
    int64_t t = clock_mono_ns();
    return timeout_ns < 0 || timeout_ns > INT64_MAX - t ? DEADLINE_NEVER : t + timeout_ns;
}

int64_t deadline_in_ms(int64_t timeout_ms)
{
    bool countable = timeout_ms >= 0 && timeout_ms <= INT64_MAX / NS_PER_MS;
    return deadline_in(countable ? timeout_ms * NS_PER_MS : -1);
}

int deadline_poll_ms(int64_t deadline_ns)
{
    if (deadline_ns == DEADLINE_NEVER)
        return -1;
    int64_t left = deadline_ns - clock_mono_ns();
    if (left <= 0)
        return 0;
    int64_t ms = left / NS_PER_MS + (left % NS_PER_MS != 0);
    return ms > INT_MAX ? INT_MAX : (int)ms;
}
