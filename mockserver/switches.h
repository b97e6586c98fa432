/* Switches of the engine, all off in a server that is as it is by itself: each makes it
 * deviate from one rule (deviations.def), or be right in another way (variations.def). They
 * are turned on by the names of catalogue entries (catalogues.h) and asked for with
 * deviates() and varies(), op.h. */
#ifndef MOCKSERVER_SWITCHES_H
#define MOCKSERVER_SWITCHES_H

#include <stdbool.h>
#include <stdint.h>

enum mock_switch {
#define DEVIATION(id, name) DEV_##id,
#include "mockserver/deviations.def"
#undef DEVIATION
#define VARIATION(id, name) VAR_##id,
#include "mockserver/variations.def"
#undef VARIATION
    MOCK_SWITCHES
};

struct mock_switches {
    uint64_t v[MOCK_SWITCHES / 64 + 1];
    bool any;
};

static inline bool switch_on(const struct mock_switches *s, enum mock_switch which)
{
    return s->v[which / 64] >> (which % 64) & 1;
}

static inline void switch_set(struct mock_switches *s, enum mock_switch which)
{
    s->v[which / 64] |= UINT64_C(1) << (which % 64);
    s->any = true;
}

/* By name; MOCK_SWITCHES: there is none of this name. */
enum mock_switch switch_by_name(const char *name);
const char *switch_name(enum mock_switch which);

#endif
