/* `clock:` of the configuration and of faults (read.h). */
#include "kmip/base/clock.h"
#include "kmip/base/text.h"
#include "mockserver/fields.h"
#include "mockserver/read.h"
#include "mockserver/tables.h"

struct reading {
    struct clock_spec spec;
    const struct ynode *rate, *freeze, *jumps, *strobe, *connections;
    int64_t connection;
    const char *client;
};

static const char *const sides[] = {"both", "time_stamp", "life_cycle", NULL};

#define OFFSET                                                                                     \
    TIME(reading, "offset", spec.offset_ns, -READ_CENTURY_NS, READ_CENTURY_NS,                     \
         "how far the clock is ahead of (+) or behind (-) the machine's")
#define RATE \
    NODE(reading, "rate", rate, "seconds it counts in a second: 1, or 0.5 for a slow one")
#define FREEZE                                                                                     \
    NODE(reading, "freeze", freeze,                                                                \
         "true: it stands still from the start; a date: it stands still there")
#define JUMPS NODE(reading, "jumps", jumps, "list of {after: 5 requests | 10s, by: +1h}")
#define STROBE \
    NODE(reading, "strobe", strobe, "{by, every}: forth and back, each time after `every`")
#define SIDE                                                                                       \
    CHOICE(reading, "applies_to", spec.applies_to, sides,                                          \
           "both, or only time_stamp (of replies) or life_cycle (dates and states)")

const struct yfield read_clock_fields[] = {OFFSET, RATE, FREEZE, JUMPS, STROBE, SIDE, END};

const struct yfield read_clock_server_fields[] = {
    OFFSET, RATE, FREEZE, JUMPS, STROBE, SIDE,
    NODE(reading, "connections", connections,
         "clocks for single connections: a list of these keys with client or connection beside "
         "them"),
    END};

const struct yfield read_clock_choice_fields[] = {
    OFFSET, RATE, FREEZE, JUMPS, STROBE, SIDE,
    INT(reading, "connection", connection, 1, INT64_MAX,
        "number of the connection, from 1; with client: among that client's"),
    STR(reading, "client", client,
        "Common Name of the client's certificate; * and ? may stand for others"),
    END};

struct jump_reading {
    const struct ynode *after;
    int64_t by_ns;
};

const struct yfield read_clock_jump_fields[] = {
    NODE(jump_reading, "after", after, "requests, or a time", NEEDED),
    TIME(jump_reading, "by", by_ns, -READ_CENTURY_NS, READ_CENTURY_NS, "how far", NEEDED), END};

const struct yfield read_clock_strobe_fields[] = {
    TIME(clock_spec, "by", strobe_by_ns, -READ_CENTURY_NS, READ_CENTURY_NS, "how far", NEEDED),
    TIME(clock_spec, "every", strobe_every_ns, 1, READ_CENTURY_NS, "how long", NEEDED), END};

static bool read_freeze(const struct ynode *n, struct clock_spec *s, struct kerr *err)
{
    const char *text;
    int64_t at;
    if (!ynode_str(n, &text, err))
        return false;
    if (n->plain && text_bool(bytes_str(text), &s->freeze))
        return true;
    if (!text_date(bytes_str(text), &at))
        return ynode_err(n, KE_CONFIG, err,
                         "freeze is true, false or a date such as 2024-02-29T12:00:00Z, not '%s'",
                         text);
    if (at > INT64_MAX / NS_PER_S || at < INT64_MIN / NS_PER_S)
        return ynode_err(n, KE_CONFIG, err, "the clock counts from 1678 to 2261; %s is beyond that",
                         text);
    s->freeze = s->freeze_given = true;
    s->freeze_at_ns = at * NS_PER_S;
    return true;
}

/* "5 requests", or a duration. */
static bool read_after(const struct ynode *n, struct clock_jump *j, struct kerr *err)
{
    const char *text;
    if (!ynode_str(n, &text, err))
        return false;
    const char *unit = strchr(text, ' ');
    j->by_requests = unit && (strcmp(unit, " requests") == 0 || strcmp(unit, " request") == 0);
    if (j->by_requests)
        return text_int(bytes_of(text, (size_t)(unit - text)), 0, INT64_MAX, &j->after) ||
               ynode_err(n, KE_CONFIG, err, "'%s' is no number of requests", text);
    return (text_duration(bytes_str(text), &j->after) && j->after >= 0) ||
           ynode_err(n, KE_CONFIG, err,
                     "after is a number of requests or a time, such as '5 requests' or 10s, not "
                     "'%s'",
                     text);
}

static bool read_jump(const struct ynode *n, struct clock_jump *j, struct kerr *err)
{
    struct jump_reading r = {0};
    if (!yfields_read(n, read_clock_jump_fields, &r, err) || !read_after(r.after, j, err))
        return false;
    j->by_ns = r.by_ns;
    return true;
}

static bool read_jumps(const struct ynode *n, struct clock_spec *s, struct kerr *err)
{
    if (n->kind != YNODE_SEQ || n->n > CLOCK_JUMPS_MAX)
        return ynode_err(n, KE_CONFIG, err,
                         "jumps is a list of at most %d, such as [{after: 5 requests, by: +1h}]",
                         CLOCK_JUMPS_MAX);
    for (size_t i = 0; i < n->n; i++)
        if (!read_jump(n->vals[i], &s->jumps[i], err))
            return false;
    s->n_jumps = n->n;
    return true;
}

static bool read_strobe(const struct ynode *n, struct clock_spec *s, struct kerr *err)
{
    return yfields_read(n, read_clock_strobe_fields, s, err);
}

static bool read_spec(const struct ynode *n, const struct yfield *fields, struct reading *r,
                      struct kerr *err)
{
    *r = (struct reading){.spec = clock_right};
    struct clock_spec *s = &r->spec;
    return yfields_read(n, fields, r, err) &&
           (!r->rate || read_real(r->rate, "rate", 0, 1e6, &s->rate, err)) &&
           (!r->freeze || read_freeze(r->freeze, s, err)) &&
           (!r->jumps || read_jumps(r->jumps, s, err)) &&
           (!r->strobe || read_strobe(r->strobe, s, err));
}

static bool read_choice(const struct ynode *n, struct clock_choice *out, struct kerr *err)
{
    struct reading r;
    if (!read_spec(n, read_clock_choice_fields, &r, err))
        return false;
    if (!r.client && r.connection == 0)
        return ynode_err(n, KE_CONFIG, err, "whose clock is this? client or connection is missing");
    *out = (struct clock_choice){.connection = r.connection, .client = r.client, .spec = r.spec};
    return true;
}

static bool read_choices(const struct ynode *n, struct arena *a, struct clock_choices *out,
                         struct kerr *err)
{
    if (n->kind != YNODE_SEQ)
        return ynode_err(n, KE_CONFIG, err,
                         "connections is a list, such as [{client: kmip-other, offset: +1h}]");
    out->v = arena_array(a, n->n, sizeof *out->v);
    if (!out->v && n->n > 0)
        return kerr_set(err, KE_MEMORY, "no memory for clocks of connections");
    for (size_t i = 0; i < n->n; i++)
        if (!read_choice(n->vals[i], &out->v[i], err))
            return false;
    out->n = n->n;
    return true;
}

bool read_clock(const struct ynode *n, struct arena *a, struct clock_spec *out,
                struct clock_choices *choices, struct kerr *err)
{
    struct reading r;
    struct clock_choices c = {0};
    if (!read_spec(n, choices ? read_clock_server_fields : read_clock_fields, &r, err) ||
        (r.connections && !read_choices(r.connections, a, &c, err)))
        return false;
    *out = r.spec;
    if (choices)
        *choices = c;
    return true;
}
