/* Collects the findings of a tolerant reader or validator, copied, for a test to
 * look at. */
#ifndef KMIP_TESTS_SUPPORT_FINDINGS_H
#define KMIP_TESTS_SUPPORT_FINDINGS_H

#include <stddef.h>

#include "kmip/base/finding.h"

#define FINDINGS_KEPT 64u

struct findings {
    struct finding_sink sink; /* hand &f.sink to the reader */
    size_t n;                 /* all that came, also those not kept */
    size_t musts;             /* of them, rules of severity MUST */
    struct {
        enum rule_id rule;
        uint32_t off;
        char path[160], expected[120], actual[120];
    } v[FINDINGS_KEPT];
};

void findings_init(struct findings *f);
/* How many of this rule are among those kept. */
size_t findings_of(const struct findings *f, enum rule_id rule);
/* "ttlv.length@8 420078/42000D; ..." in a static buffer, for failure texts. */
const char *findings_text(const struct findings *f);

#endif
