/* Reads items out of a message without copying or allocating.
 *
 *     struct ttlv_reader r;
 *     struct ttlv_item it;
 *     ttlv_r_init(&r, msg, NULL, &err);
 *     while (ttlv_r_next(&r, &it)) {
 *         if (it.type == TTLV_STRUCTURE) ttlv_r_enter(&r, &it);
 *         ...
 *     }
 *
 * A level ends with false and no error; ttlv_r_leave goes back up. A structure
 * that is not entered is skipped by the next step.
 *
 * Strict (no sink): the first item that breaks the encoding ends the reading
 * with an error, which sticks. Tolerant (a sink given): each deviation is
 * reported as a finding and reading goes on wherever framing allows: an item of
 * wrong length or value is still handed out, marked `wrong`; an item that leaves
 * its structure ends that structure only. Errors remain for limits.
 *
 * Non-zero padding is a finding but never an error: the standard does not ask
 * receivers to refuse it. */
#ifndef KMIP_TTLV_READER_H
#define KMIP_TTLV_READER_H

#include "kmip/base/error.h"
#include "kmip/base/finding.h"
#include "kmip/ttlv/ttlv.h"

struct ttlv_limits {
    size_t size;    /* bytes of a message */
    uint32_t items; /* items of a message */
    unsigned depth; /* nested structures, at most TTLV_MAX_DEPTH */
};

/* 8 MiB, 200 000 items, depth 32. */
extern const struct ttlv_limits ttlv_default_limits;

struct ttlv_reader {
    struct bytes msg;
    const uint8_t *pos, *end;              /* current level */
    const uint8_t *ends[TTLV_MAX_DEPTH];   /* ends of the levels above */
    unsigned depth;                        /* structures entered */
    uint32_t items;                        /* read so far */
    struct ttlv_limits limits;
    const struct finding_sink *sink;       /* NULL: strict */
    ttlv_namer *namer;                     /* for paths in errors and findings; may be NULL */
    struct kerr *err;
    bool failed;
};

/* Starts before the first item of msg, which may be a whole message or any run
 * of items. limits NULL = default. A message longer than limits->size fails at
 * the first step (KE_TTLV_SIZE). err may be NULL. */
void ttlv_r_init(struct ttlv_reader *r, struct bytes msg, const struct ttlv_limits *limits,
                 struct kerr *err);
/* Turns the reader tolerant; before the first step. sink outlives the reader. */
void ttlv_r_tolerant(struct ttlv_reader *r, const struct finding_sink *sink, ttlv_namer *namer);

/* Steps to the next item of this level. False at its end and on error. */
bool ttlv_r_next(struct ttlv_reader *r, struct ttlv_item *it);
/* Goes into the structure that ttlv_r_next has just given. False (KE_TTLV_DEPTH)
 * when nested too deeply; the structure is then skipped. */
bool ttlv_r_enter(struct ttlv_reader *r, const struct ttlv_item *it);
/* Back to the level above, behind the structure that was entered. */
void ttlv_r_leave(struct ttlv_reader *r);

/* Reads a run of items that a checked message holds: the children of it. Strict,
 * no limits of its own, offsets relative to the whole message `of`. */
void ttlv_r_children(struct ttlv_reader *r, struct bytes of, const struct ttlv_item *it,
                     struct kerr *err);

/* First child with this tag, or false. For messages already checked. */
bool ttlv_find(const struct ttlv_item *parent, uint32_t tag, struct ttlv_item *out);
/* The single item that the bytes start with (not checked to be alone). Strict. */
bool ttlv_first(struct bytes msg, struct ttlv_item *out);

/* Reads every item at every depth; strict without sink. False on error; the
 * number of items goes to *items unless NULL. Trailing bytes behind the first
 * item are an error (KE_TTLV_TRAILING), or a finding. */
bool ttlv_check(struct bytes msg, const struct ttlv_limits *limits, const struct finding_sink *sink,
                ttlv_namer *namer, uint32_t *items, struct kerr *err);

#endif
