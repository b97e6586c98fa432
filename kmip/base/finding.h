/* A rule of the standard that a message breaks: our product, not an error.
 *
 * The tolerant reader and the validator report findings to a sink and go on.
 * The strings of a finding live only during the call of the sink. */
#ifndef KMIP_BASE_FINDING_H
#define KMIP_BASE_FINDING_H

#include <stdint.h>

enum rule_severity { RULE_MUST, RULE_SHOULD };

enum rule_id {
#define RULE(id, name, severity, clause, requirement) RULE_##id,
#include "kmip/base/rules.def"
#undef RULE
    RULE_COUNT_
};

struct rule {
    const char *name, *clause, *requirement;
    enum rule_severity severity;
};

/* Never NULL for an id below RULE_COUNT_. */
const struct rule *rule_of(enum rule_id id);

struct finding {
    enum rule_id rule;
    uint32_t off;         /* of the item in the message */
    const char *path;     /* tag path with names where they are known */
    const char *section;  /* of the table that the item is not as: "4.11"; NULL: of none */
    const char *expected; /* short text, never key material */
    const char *actual;
};

/* Where the standard says it: the rule's clause, and the table's section behind that.
 * "KMIP 1.2 spec, 7.1, 4.11". */
#define FINDING_CLAUSE_MAX 96
void finding_clause(const struct finding *f, char out[FINDING_CLAUSE_MAX]);

struct finding_sink {
    void (*take)(void *arg, const struct finding *f);
    void *arg;
};

#endif
