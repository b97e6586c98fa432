/* What a server answered to a request of one Batch Item.
 *
 * A refusal is no error of ours, yet mostly ends what was wanted: it is kept whole
 * for those who judge it, and put into words (KE_REFUSED) for those who stop. */
#ifndef CLIENT_LIB_REPLY_H
#define CLIENT_LIB_REPLY_H

#include "kmip/schema/message.h"

struct reply_refusal {
    bool refused;
    uint32_t operation; /* the one asked for */
    uint32_t status;    /* KMIP_RESULT_STATUS_* */
    bool has_reason;
    uint32_t reason;    /* KMIP_RESULT_REASON_* */
    char message[1024]; /* Result Message, control characters escaped; may be empty */
};

/* Opens a reply to a request of this operation. True when it is a Success: *item
 * is its first Batch Item, which has a payload; its views point into msg. False
 * with KE_REFUSED, and *refusal filled in (unless NULL), when the server says no
 * (Operation Failed, Pending or Undone); with KE_REPLY or a ttlv error when msg is
 * no such reply. */
__attribute__((warn_unused_result)) bool reply_open(struct bytes msg, uint32_t operation,
                                                    struct kmip_item *item,
                                                    struct reply_refusal *refusal,
                                                    struct kerr *err);

/* A text of the server for a line of its own: control characters escaped, quotes
 * not; cut after max bytes. */
void reply_plain(struct bytes text, size_t max, struct buf *out);

/* What an item that is no Success says; operation is the one asked for. */
void reply_refusal_of(const struct kmip_item *item, uint32_t operation,
                      struct reply_refusal *out);
/* "Operation Failed, Invalid Field: unknown attribute" */
void reply_refusal_text(const struct reply_refusal *r, struct buf *out);

/* A field of the payload of this type. KE_REPLY when it is not there. */
__attribute__((warn_unused_result)) bool reply_field(const struct kmip_item *item, uint32_t tag,
                                                     unsigned type, struct bytes *out,
                                                     struct kerr *err);

#endif
