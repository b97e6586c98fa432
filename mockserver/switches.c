/* Names of the engine's switches (switches.h). */
#include "mockserver/switches.h"

#include <string.h>

static const char *const names[] = {
#define DEVIATION(id, name) name,
#include "mockserver/deviations.def"
#undef DEVIATION
#define VARIATION(id, name) name,
#include "mockserver/variations.def"
#undef VARIATION
};

enum mock_switch switch_by_name(const char *name)
{
    unsigned i = 0;
    while (i < MOCK_SWITCHES && strcmp(names[i], name) != 0)
        i++;
    return (enum mock_switch)i;
}

const char *switch_name(enum mock_switch which)
{
    return names[which];
}
