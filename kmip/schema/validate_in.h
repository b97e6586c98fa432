/* Inside the validator: validate.c goes through a message, validate_together.c looks at what
 * the fields of one structure say together. */
#ifndef KMIP_SCHEMA_VALIDATE_IN_H
#define KMIP_SCHEMA_VALIDATE_IN_H

#include "kmip/base/finding.h"
#include "kmip/schema/walk.h"
#include "kmip/ttlv/reader.h"

/* An open structure. The walk's frame of the same depth knows what it is. */
struct level {
    struct ttlv_item item;
    uint32_t seen; /* bit per field of the definition */
    uint8_t last;  /* furthest field met */
    bool newer;    /* told to be newer than the message: what is inside goes without saying */
    bool together; /* holds Attributes: they are looked at together */
};

struct validator {
    struct ttlv_reader reader;
    struct kmip_walk walk;
    struct bytes msg;
    const struct finding_sink *sink;
    uint8_t version;
    bool version_given;   /* by the caller: the header's does not count */
    int32_t major, minor; /* of the Protocol Version passed last */
    bool has_batch_count;
    int32_t batch_count;
    uint32_t batch_count_off, batch_items; /* items there are */
    uint32_t findings;
    struct level level[TTLV_MAX_DEPTH + 2]; /* by the walk's depth; 0 is the root */
    struct level *current;                  /* of the structure that is open, and its frame: */
    struct kmip_frame *frame;               /* validator_stand */
};

/* After the walk's depth has changed. */
static inline void validator_stand(struct validator *v)
{
    v->current = &v->level[v->walk.depth];
    v->frame = &v->walk.frame[v->walk.depth - 1];
}

static inline struct level *current(struct validator *v)
{
    return v->current;
}

static inline struct kmip_frame *frame(struct validator *v)
{
    return v->frame;
}

void validator_report(struct validator *v, enum rule_id rule, uint32_t off, const char *expected,
                      const char *actual);
/* At the end of the current structure. */
void validator_check_together(struct validator *v);

#endif
