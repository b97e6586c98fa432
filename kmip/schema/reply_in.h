/* A reply while it is judged against its request; private to the files that do it. */
#ifndef KMIP_SCHEMA_REPLY_IN_H
#define KMIP_SCHEMA_REPLY_IN_H

#include "kmip/schema/open.h"

#define ANSWERED_MAX 65536u   /* request items that are known to be answered or not */

struct reply_check {
    struct kmip_message request, reply;
    bool has_request; /* readable; else the reply is judged alone */
    bool whole;       /* the one item refuses the message, not what an item of it asks for */
    const struct finding_sink *sink;
    uint32_t findings;
    int64_t looked_at;
    uint8_t answered[ANSWERED_MAX / 8]; /* a bit per request item */
};

/* A finding at an offset of the reply. */
void reply_report(struct reply_check *c, enum rule_id rule, uint32_t off, const char *expected,
                  const char *actual);

/* reply_payload.c: what the request says already of the payload of a success: the object, the
 * attribute; and lists that name a thing twice. */
void reply_check_payload(struct reply_check *c, const struct kmip_item *it,
                         const struct kmip_item *asked);

#endif
