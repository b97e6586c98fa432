/* A Response Message being written: header, then items, each of them whole or
 * taken back (KMIP 1.2 spec, 7.2). */
#ifndef MOCKSERVER_REPLY_H
#define MOCKSERVER_REPLY_H

#include "kmip/schema/message.h"

struct reply_writer {
    struct ttlv_writer w;
    struct kerr err; /* of w */
    size_t start, count_at; /* in the buffer: the message, the value of Batch Count */
    struct ttlv_mark header; /* behind it */
    uint32_t items;
    bool extended; /* each item ends with a Message Extension */
};

/* What a response item repeats of its request item, and what it says of itself. */
struct reply_head {
    bool has_operation, has_id;
    uint32_t operation;
    struct bytes id;
    const char *success_text; /* Result Message that an item that succeeds has; NULL: none */
};

struct reply_head reply_head_of(const struct kmip_item *it);

/* Writes the header to the end of out; err belongs to *r, which must not move. */
void reply_begin(struct reply_writer *r, struct buf *out, uint8_t version, int64_t now_s);
/* An item up to its Response Payload, whose fields follow; then reply_close. */
void reply_open(struct reply_writer *r, const struct reply_head *h);
void reply_close(struct reply_writer *r);
/* Whole items without payload. */
void reply_failed(struct reply_writer *r, const struct reply_head *h, uint32_t reason,
                  const char *text);
void reply_pending(struct reply_writer *r, const struct reply_head *h, struct bytes correlation);
void reply_undone(struct reply_writer *r, const struct reply_head *h);

/* Back to a mark, whatever became of the writing since; `items` are left. */
void reply_rewind(struct reply_writer *r, struct ttlv_mark m, uint32_t items);
/* Fills in Batch Count and closes. False: see err of r. */
bool reply_end(struct reply_writer *r);

#endif
