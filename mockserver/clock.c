/* The mock's clock (clock.h). */
#include "mockserver/clock.h"

#include "kmip/base/clock.h"

#define SMALL_STEP_NS NS_PER_S

void mock_clock_init(struct mock_clock *c, int64_t offset_ns)
{
    *c = (struct mock_clock){.offset_ns = offset_ns, .last_ns = INT64_MIN};
}

int64_t mock_clock_ns(void *arg)
{
    struct mock_clock *c = arg;
    int64_t now = clock_wall_ns() + c->offset_ns;
    if (now >= c->last_ns || now < c->last_ns - SMALL_STEP_NS)
        c->last_ns = now;
    return c->last_ns;
}
