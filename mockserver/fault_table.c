/* All actions there are, and what they share (fault_action.h). */
#include <stdarg.h>
#include <stdio.h>

#include "mockserver/fault_action.h"

const struct fault_action *const fault_tables[] = {
    fault_field_actions, fault_shape_actions, fault_byte_actions,      fault_pipe_actions,
    fault_conn_actions,  fault_tls_actions,   fault_behaviour_actions, NULL,
};

const struct fault_action *fault_action_at(size_t i)
{
    for (size_t t = 0; fault_tables[t]; t++)
        for (const struct fault_action *a = fault_tables[t]; a->name; a++)
            if (i-- == 0)
                return a;
    return NULL;
}

const char *fault_action_name(const struct fault_action *a)
{
    return a->name;
}

const char *fault_action_help(const struct fault_action *a)
{
    return a->help;
}

struct behaviour *fault_behaviour(struct fault_exchange *x)
{
    if (!x->behaves)
        x->behaviour = (struct behaviour){0};
    x->behaves = true;
    return &x->behaviour;
}

struct reply_plan *fault_plan(struct fault_exchange *x)
{
    if (!x->planned)
        x->plan = (struct reply_plan){0};
    x->planned = true;
    return &x->plan;
}

bool fault_event(struct fault_shot *s, bool done, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(s->event, sizeof s->event, fmt, ap);
    va_end(ap);
    return done;
}
