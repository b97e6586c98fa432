/* The rules of rules.def as a table. */
#include "kmip/base/finding.h"

#include <stdio.h>

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

void finding_clause(const struct finding *f, char out[FINDING_CLAUSE_MAX])
{
    snprintf(out, FINDING_CLAUSE_MAX, "%s%s%s", rule_of(f->rule)->clause, f->section ? ", " : "",
             f->section ? f->section : "");
}
