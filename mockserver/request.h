/* A request as the engine works on it: opened, held against the standard's tables,
 * with what is wrong sorted by Batch Item.
 *
 * What makes the message as a whole unusable sets `reason`; what is wrong inside one
 * Batch Item is that item's fault, and the others are still done (rules of Result
 * Reasons: KMIP 1.2 spec, 6.10, 11.1). An item whose encoding is broken does not
 * hide the others as long as its own length can be trusted: the message is rebuilt
 * with that item emptied, so that everything behind sees sound encoding only.
 *
 * A field that the tables do not have is a fault, unless the request speaks a higher
 * minor version, or the field is an extension (tag 54xxxx): those may stand anywhere and
 * are ignored by who does not know them (9.1.3.1). */
#ifndef MOCKSERVER_REQUEST_H
#define MOCKSERVER_REQUEST_H

#include "kmip/base/buf.h"
#include "kmip/schema/message.h"
#include "mockserver/config.h"

#define RESULT_MESSAGE_MAX 160 /* bytes of a Result Message, with the NUL */

struct request_fault {
    uint32_t reason; /* KMIP_RESULT_REASON_* */
    char text[RESULT_MESSAGE_MAX];
};

struct request_slot {
    uint32_t off; /* of the Batch Item */
    uint32_t fault; /* position in faults + 1, or 0 */
};

struct request {
    struct kmip_message msg; /* stands before the first Batch Item */
    uint8_t version; /* that is worked and answered in */
    bool lenient; /* a minor version above ours: unknown fields do not count */
    bool critical; /* some item has a critical Message Extension */
    uint32_t reason; /* not 0: the whole message is refused, because of text */
    char text[RESULT_MESSAGE_MAX];

    struct request_slot *slots; /* one per Batch Item */
    size_t n_slots, cap_slots;
    struct request_fault *faults;
    size_t n_faults, cap_faults;
    struct bytes *ids; /* for the comparison of Unique Batch Item IDs */
    size_t cap_ids;
    struct buf rebuilt;
    const struct mock_switches *switches; /* rules to be broken */
};

void request_init(struct request *rq);
void request_clear(struct request *rq);

/* Reads a new request; what an earlier one left is forgotten. `bytes` must outlive
 * the use of rq. Never fails: a request that cannot be read is refused. */
void request_read(struct request *rq, const struct mock_config *cfg, struct bytes bytes);

/* The fault of an item, or NULL. */
const struct request_fault *request_fault(const struct request *rq, uint32_t index);

/* Copies text as a Result Message: cut to size at a character's end. */
void result_message(char out[RESULT_MESSAGE_MAX], const char *text);
/* Are two of the n views equal? Sorts them. *twin gets one of the pair. */
bool views_twin(struct bytes *views, size_t n, struct bytes *twin);

#endif
