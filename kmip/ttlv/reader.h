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
 * its structure ends that structure only (and is handed out when nothing but
 * padding is missing). Errors remain for limits, also for the number of findings.
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
#define TTLV_DEFAULT_SIZE (8u << 20)
#define TTLV_DEFAULT_ITEMS 200000u
extern const struct ttlv_limits ttlv_default_limits;

/* Deviations that a tolerant reader reports of one message; the next is an error
 * (KE_TTLV_COUNT). Bounds the work that a hostile message can ask for. */
#define TTLV_MAX_FINDINGS 1000u

struct ttlv_reader {
    struct bytes msg;
    const uint8_t *pos, *end;              /* current level */
    const uint8_t *up_pos[TTLV_MAX_DEPTH]; /* the levels above, to come back to */
    const uint8_t *up_end[TTLV_MAX_DEPTH];
    unsigned depth;                        /* structures entered */
    uint32_t items;                        /* read so far */
    uint32_t findings;                     /* reported so far */
    struct ttlv_limits limits;
    const struct finding_sink *sink;       /* NULL: strict */
    const struct ttlv_namer *namer;        /* for texts of errors and findings; may be NULL */
    struct kerr *err;
    bool failed;
};

/* Starts before the first item of msg, which may be a whole message or any run
 * of items. limits NULL = default; a size above UINT32_MAX counts as that. A
 * message longer than limits->size fails at the first step (KE_TTLV_SIZE). err
 * may be NULL. */
void ttlv_r_init(struct ttlv_reader *r, struct bytes msg, const struct ttlv_limits *limits,
                 struct kerr *err);
/* Turns the reader tolerant; before the first step. sink outlives the reader; without a
 * function to take findings they are passed over in silence. */
void ttlv_r_tolerant(struct ttlv_reader *r, const struct finding_sink *sink,
                     const struct ttlv_namer *namer);

/* Steps to the next item of this level. False at its end and on error. */
__attribute__((always_inline)) static inline bool ttlv_r_next(struct ttlv_reader *r,
                                                              struct ttlv_item *it);
/* Goes into the structure that ttlv_r_next has just given. False (KE_TTLV_DEPTH)
 * when nested too deeply, which ends the reading like any error. */
static inline bool ttlv_r_enter(struct ttlv_reader *r, const struct ttlv_item *it);
/* Back to the level above, behind the structure that was entered. */
static inline void ttlv_r_leave(struct ttlv_reader *r);

/* Reads a run of items that a checked message holds: the children of it. Strict,
 * no limits of its own, offsets relative to the whole message `of`. */
void ttlv_r_children(struct ttlv_reader *r, struct bytes of, const struct ttlv_item *it,
                     struct kerr *err);

/* First child with this tag, or false. For messages already checked. */
bool ttlv_find(const struct ttlv_item *parent, uint32_t tag, struct ttlv_item *out);
/* The single item that the bytes start with (not checked to be alone). Strict. */
bool ttlv_first(struct bytes msg, struct ttlv_item *out);

/* Reads every item at every depth of a message, which is one item; strict without
 * sink. False on error; the number of items goes to *items unless NULL. Bytes
 * behind the first item are an error (KE_TTLV_TRAILING), or a finding; so is a
 * message without any item (KE_TTLV_SHORT). */
bool ttlv_check(struct bytes msg, const struct ttlv_limits *limits, const struct finding_sink *sink,
                const struct ttlv_namer *namer, uint32_t *items, struct kerr *err);

/* ---- Only the bodies of the three functions that step; nothing to call below. ----
 *
 * Inline because a message is a few dozen small items, where calls would cost as
 * much as the work. The honest item is done with here; anything else goes to one
 * of the four functions. */

/* Lengths that need no second look: (length & mask) == want, by item type. */
struct ttlv_quick_ {
    uint32_t mask, want;
};
extern const struct ttlv_quick_ ttlv_quick_[TTLV_INTERVAL + 1];

/* Less than a header is left, or no more items are allowed. Always false. */
bool ttlv_r_edge_(struct ttlv_reader *r);
/* A header that the standard does not have, or an item that does not fit in. */
bool ttlv_r_irregular_(struct ttlv_reader *r, struct ttlv_item *it, size_t left);
/* Length, value and padding of an item that ends within its level. */
bool ttlv_r_check_(struct ttlv_reader *r, struct ttlv_item *it, size_t padded);
/* Always false. */
bool ttlv_r_too_deep_(struct ttlv_reader *r, const struct ttlv_item *it);

static inline bool ttlv_r_next(struct ttlv_reader *r, struct ttlv_item *it)
{
    const uint8_t *at = r->pos;
    size_t left = (size_t)(r->end - at);
    if (left == 0)
        return false;
    if (left < TTLV_HEADER || r->items >= r->limits.items)
        return ttlv_r_edge_(r);
    r->items++;
    left -= TTLV_HEADER;
    uint64_t head = be64_get(at);
    uint32_t len = (uint32_t)head;
    uint8_t first = at[0], type = at[3];
    it->tag = (uint32_t)(head >> 40);
    it->type = type;
    it->len = len;
    it->off = (uint32_t)(at - r->msg.p);
    it->wrong = false;
    it->val = bytes_of(at + TTLV_HEADER, len);
    uint64_t padded = ttlv_padded(len);
    if ((first != 0x42 && first != 0x54) || type - 1u >= TTLV_INTERVAL || padded > left)
        return ttlv_r_irregular_(r, it, left);
    r->pos = at + TTLV_HEADER + padded;
    /* A tolerant reader looks at the padding, which ends the item's last eight bytes. */
    uint64_t padding = (UINT64_C(1) << 8 * (padded - len)) - 1;
    if ((len & ttlv_quick_[type].mask) == ttlv_quick_[type].want &&
        (!r->sink || (be64_get(at + padded) & padding) == 0))
        return true;
    return ttlv_r_check_(r, it, (size_t)padded);
}

static inline bool ttlv_r_enter(struct ttlv_reader *r, const struct ttlv_item *it)
{
    if (r->depth >= r->limits.depth)
        return ttlv_r_too_deep_(r, it);
    r->up_pos[r->depth] = r->pos;
    r->up_end[r->depth++] = r->end;
    r->pos = it->val.p;
    r->end = it->val.p + it->val.n;
    return true;
}

static inline void ttlv_r_leave(struct ttlv_reader *r)
{
    if (r->depth == 0)
        return;
    r->depth--;
    r->pos = r->up_pos[r->depth];
    r->end = r->up_end[r->depth];
}

#endif
