/* Actions on the connection (fault_action.h): how it ends, and how it behaves as long
 * as it lasts. */
#include <stdlib.h>

#include "kmip/base/clock.h"
#include "mockserver/fault_action.h"
#include "mockserver/fields.h"


/* --- ends -------------------------------------------------------------- */

struct end_params {
    int after; /* the reply leaves first */
};

static const char *const whens[] = {"before", "after", NULL};

static const struct yfield end_fields[] = {
    CHOICE(end_params, "when", after, whens,
           "before the reply (it is not sent; the default), or after"),
    END};

static const struct end_params after_reply = {.after = 1};

static bool end(struct fault_shot *s, enum reply_end how, size_t at, const char *what)
{
    struct reply_plan *plan = fault_plan(s->exchange);
    if (plan->end != END_NONE)
        return fault_event(s, false, "another fault ends the connection already");
    plan->end = how;
    plan->end_at = at;
    if (at == 0)
        return fault_event(s, true, "%s instead of the reply", what);
    if (at >= s->reply->n)
        return fault_event(s, true, "%s behind the reply", what);
    return fault_event(s, true, "%s after %zu of %zu bytes of the reply", what, at, s->reply->n);
}

static bool end_when(struct fault_shot *s, enum reply_end how, const char *what)
{
    const struct end_params *p = s->params;
    return end(s, how, p->after ? SIZE_MAX : 0, what);
}

static bool apply_close(struct fault_shot *s)
{
    return end_when(s, END_CLOSE, "closed");
}

static bool apply_reset(struct fault_shot *s)
{
    return end_when(s, END_RESET, "reset");
}

static bool apply_half_close(struct fault_shot *s)
{
    return end_when(s, END_HALF, "closed for sending");
}

struct close_after_params {
    int64_t bytes;
    int reset;
};

static const char *const hows[] = {"close", "reset", NULL};

static const struct yfield close_after_fields[] = {
    INT(close_after_params, "bytes", bytes, 1, INT32_MAX,
        "bytes of the reply that leave first", NEEDED),
    CHOICE(close_after_params, "how", reset, hows, "close (the default) or reset"), END};

static bool apply_close_after(struct fault_shot *s)
{
    const struct close_after_params *p = s->params;
    return end(s, p->reset ? END_RESET : END_CLOSE, (size_t)p->bytes,
               p->reset ? "reset" : "closed");
}

/* --- stall ------------------------------------------------------------- */

struct stall_params {
    int64_t for_ns, bytes;
};

static const struct yfield stall_fields[] = {
    TIME(stall_params, "for", for_ns, 0, 365 * READ_DAY_NS,
         "how long nothing leaves; default: for good"),
    INT(stall_params, "bytes", bytes, 0, INT32_MAX, "bytes of the reply that leave first; 0"),
    END};

static const struct stall_params stall_defaults = {.for_ns = INT64_MAX};

static bool apply_stall(struct fault_shot *s)
{
    const struct stall_params *p = s->params;
    struct reply_plan *plan = fault_plan(s->exchange);
    plan->stalls = true;
    plan->stall_at = (size_t)p->bytes;
    plan->stall_ns = p->for_ns;
    plan->staller = s->use;
    if (p->for_ns == INT64_MAX)
        return fault_event(s, true, "nothing leaves any more after %lld bytes",
                           (long long)p->bytes);
    return fault_event(s, true, "nothing leaves for %.3f s after %lld bytes",
                       (double)p->for_ns / 1e9, (long long)p->bytes);
}

/* --- what lasts -------------------------------------------------------- */

struct bandwidth_params {
    int64_t rate;
};

static const struct yfield bandwidth_fields[] = {
    INT(bandwidth_params, "bytes_per_second", rate, 1, INT32_MAX,
        "encrypted bytes that leave in a second", NEEDED),
    END};

static bool apply_bandwidth(struct fault_shot *s)
{
    const struct bandwidth_params *p = s->params;
    s->conn->armed.rate_use = s->use;
    s->conn->armed.rate = p->rate;
    return fault_event(s, true, "limited to %lld bytes a second", (long long)p->rate);
}

struct idle_params {
    int64_t after_ns;
};

static const struct yfield idle_fields[] = {
    TIME(idle_params, "after", after_ns, 0, 365 * READ_DAY_NS,
         "time without a byte in either direction", NEEDED), END};

static bool apply_idle_close(struct fault_shot *s)
{
    const struct idle_params *p = s->params;
    s->conn->armed.idle_use = s->use;
    s->conn->armed.idle_ns = p->after_ns;
    s->later = true;
    return true;
}

static bool apply_no_close_notify(struct fault_shot *s)
{
    s->conn->armed.notify_use = s->use;
    s->later = true;
    return true;
}

static bool read_own_clock(const struct fault_reading *r, void *params)
{
    return read_clock(r->n, r->arena, params, NULL, r->err);
}

static bool apply_clock(struct fault_shot *s)
{
    struct fault_armed *a = &s->conn->armed;
    if (!s->conn->clock)
        return fault_event(s, false, "there is no clock");
    if (!a->clock)
        a->clock = malloc(sizeof *a->clock);
    if (!a->clock)
        return fault_event(s, false, "there is no memory for a clock");
    mock_clock_init_own(a->clock, s->params, s->conn->clock);
    a->clock_use = s->use;
    return fault_event(s, true, "a clock of its own for this connection");
}

const struct fault_action fault_conn_actions[] = {
    {.name = "close",
     .stage = FAULT_END,
     .help = "the server closes the connection, with close-notify",
     .size = sizeof(struct end_params),
     .fields = end_fields,
     .main = "when",
     .bare = true,
     .apply = apply_close},
    {.name = "reset",
     .stage = FAULT_END,
     .help = "the server resets the connection",
     .size = sizeof(struct end_params),
     .fields = end_fields,
     .main = "when",
     .bare = true,
     .apply = apply_reset},
    {.name = "half_close",
     .stage = FAULT_END,
     .help = "the server sends no more, but reads on",
     .size = sizeof(struct end_params),
     .fields = end_fields,
     .defaults = &after_reply,
     .main = "when",
     .bare = true,
     .apply = apply_half_close},
    {.name = "close_after",
     .stage = FAULT_END,
     .help = "the connection ends in the middle of the reply",
     .size = sizeof(struct close_after_params),
     .fields = close_after_fields,
     .main = "bytes",
     .apply = apply_close_after},
    {.name = "stall",
     .stage = FAULT_END,
     .help = "the connection falls silent",
     .size = sizeof(struct stall_params),
     .fields = stall_fields,
     .defaults = &stall_defaults,
     .main = "for",
     .bare = true,
     .apply = apply_stall},
    {.name = "bandwidth",
     .stage = FAULT_OPEN,
     .help = "replies leave slowly, from here on",
     .size = sizeof(struct bandwidth_params),
     .fields = bandwidth_fields,
     .main = "bytes_per_second",
     .apply = apply_bandwidth},
    {.name = "idle_close",
     .stage = FAULT_OPEN,
     .help = "the connection is closed when it has been idle",
     .size = sizeof(struct idle_params),
     .fields = idle_fields,
     .main = "after",
     .apply = apply_idle_close},
    {.name = "no_close_notify",
     .stage = FAULT_OPEN,
     .help = "the server's side ends without close-notify, whenever it ends",
     .bare = true,
     .apply = apply_no_close_notify},
    {.name = "clock",
     .stage = FAULT_OPEN,
     .help = "the connection has a clock of its own, from here on",
     .size = sizeof(struct clock_spec),
     .fields = read_clock_fields,
     .read = read_own_clock,
     .apply = apply_clock},
    {.name = NULL},
};
