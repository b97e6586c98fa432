/* The built-in sets of `preload:`, in its own language. */
#include <string.h>

#include "mockserver/preload_priv.h"

/* A key for each state (KMIP 1.2 spec, 3.22), each of which it has reached in the usual
 * way: made, activated, revoked, destroyed, a day between each. */
static const char states[] =
    "- {identifier: key-pre-active, names: key-pre-active, state: Pre-Active,\n"
    "   dates: {initial: -6d}}\n"
    "- {identifier: key-active, names: key-active, state: Active,\n"
    "   dates: {initial: -6d, activation: -5d}}\n"
    "- {identifier: key-deactivated, names: key-deactivated, state: Deactivated,\n"
    "   dates: {initial: -6d, activation: -5d, deactivation: -4d}}\n"
    "- {identifier: key-compromised, names: key-compromised, state: Compromised,\n"
    "   dates: {initial: -6d, activation: -5d, compromise: -3d, compromise_occurrence: -4d}}\n"
    "- {identifier: key-destroyed, names: key-destroyed, state: Destroyed,\n"
    "   dates: {initial: -6d, activation: -5d, deactivation: -4d, destroy: -2d}}\n"
    "- {identifier: key-destroyed-compromised, names: key-destroyed-compromised,\n"
    "   state: Destroyed Compromised,\n"
    "   dates: {initial: -6d, activation: -5d, compromise: -3d, compromise_occurrence: -4d,\n"
    "           destroy: -2d}}\n";

/* What a server has ready for those who ask for a fresh member of the group "default"
 * (OASIS KMIP 1.2 test case TC-151). */
static const char default_group[] =
    "- {identifier: group-default-1, group: default}\n"
    "- {identifier: group-default-2, group: default}\n"
    "- {identifier: group-default-3, group: default}\n";

static const struct {
    const char *name, *text;
} sets[] = {{"states", states}, {"default-group", default_group}};

const char *const preload_set_names[] = {"states", "default-group", NULL};

const char *preload_set(const char *name)
{
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
        if (strcmp(sets[i].name, name) == 0)
            return sets[i].text;
    return NULL;
}
