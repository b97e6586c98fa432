/* The rules of rules.def as a table. */
#include "kmip/base/finding.h"

static const struct rule rules[] = {
#define RULE(id, name, severity, clause, requirement) \
    [RULE_##id] = {name, clause, requirement, RULE_##severity},
#include "kmip/base/rules.def"
#undef RULE
};

const struct rule *rule_of(enum rule_id id)
{
    return &rules[id < RULE_COUNT_ ? id : 0];
}
