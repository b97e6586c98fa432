/* Inside the breaking of messages: malform.c has the tools, malform_item.c the families
 * that break single items, malform_whole.c those that break structures and messages. */
#ifndef CONFORMANCE_MALFORM_IN_H
#define CONFORMANCE_MALFORM_IN_H

#include "conformance/malform.h"
#include "kmip/ttlv/ttlv.h"

#define MALFORM_NO_PARENT SIZE_MAX

struct malform_item {
    uint32_t off, len, tag;
    uint8_t type;
    bool spared;   /* it, or what it holds, is to stay as it is */
    size_t parent; /* MALFORM_NO_PARENT: the root */
    size_t next;   /* the sibling behind it, or 0 */
    size_t end;    /* offset behind its padding */
};

struct malforming {
    struct bytes good;
    struct malform_item *items;
    size_t n;
    uint32_t spared;
    struct buf out; /* the message under way */
    malform_take *take;
    void *arg;
    bool enough;
    struct kerr *err;
};

/* An item's value, as it stands in the good message. */
struct bytes malform_value(const struct malforming *m, const struct malform_item *it);
/* Into m->out: the good message, unchanged. */
void malform_copy(struct malforming *m);
/* Into m->out: the good message with `cut` bytes at `at` replaced; the structures that
 * hold them, from `parent` up, are as long as they are then. */
void malform_splice(struct malforming *m, size_t parent, size_t at, size_t cut,
                    struct bytes insert);
/* The item replaced by one with this value, padded, and every length right. */
void malform_replace(struct malforming *m, const struct malform_item *it, struct bytes value);
/* Hands m->out out; the text says what was done to the item. */
void malform_emit(struct malforming *m, const struct malform_item *it, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

void malform_tags(struct malforming *m);
void malform_types(struct malforming *m);
void malform_lengths(struct malforming *m);
void malform_sizes(struct malforming *m);
void malform_padding(struct malforming *m);
void malform_values(struct malforming *m);
void malform_bytes(struct malforming *m);

void malform_truncate(struct malforming *m);
void malform_missing(struct malforming *m);
void malform_twice(struct malforming *m);
void malform_order(struct malforming *m);
void malform_strays(struct malforming *m);
void malform_nesting(struct malforming *m);
void malform_many(struct malforming *m);

#endif
