/* Requests and responses taken apart into views, and put together again.
 *
 * Views point into the message. Nothing is allocated: batch items are stepped
 * through one by one. */
#ifndef KMIP_SCHEMA_MESSAGE_H
#define KMIP_SCHEMA_MESSAGE_H

#include "kmip/base/error.h"
#include "kmip/base/finding.h"
#include "kmip/schema/dict.h"
#include "kmip/ttlv/reader.h"
#include "kmip/ttlv/writer.h"

struct kmip_header {
    bool response;
    uint8_t version; /* 0: none readable, or beyond what one byte holds: see major, minor */
    int32_t major, minor;
    bool has_batch_count, has_time_stamp, has_max_response_size, has_async, has_continuation,
        has_order, has_authentication, has_attestation_capable;
    int32_t batch_count;
    int64_t time_stamp;
    int32_t max_response_size;
    bool async, order, attestation_capable;
    uint32_t continuation; /* KMIP_BATCH_ERROR_CONTINUATION_OPTION_* */
    struct ttlv_item authentication;
};

struct kmip_item {
    uint32_t index; /* in the message, from 0 */
    uint32_t off;   /* of the Batch Item */
    bool has_operation, has_id, has_payload, has_status, has_reason, has_message, has_correlation,
        has_extension;
    uint32_t operation;
    struct bytes id;
    struct ttlv_item payload;
    uint32_t status, reason;
    struct bytes message;     /* Result Message */
    struct bytes correlation; /* Asynchronous Correlation Value */
    struct ttlv_item extension;
};

struct kmip_message {
    struct bytes msg;
    struct kmip_header header;
    struct ttlv_item root;
    uint32_t n_items;         /* Batch Items actually there */
    uint32_t next_index;      /* of the next Batch Item */
    struct ttlv_reader items; /* stands before the next Batch Item */
};

/* Opens a message: checks the encoding of all of it strictly, reads the header.
 * Tolerant of fields that are out of place; validate.h is for judging. Fails with
 * a ttlv error, or KE_TTLV_ROOT / KE_REPLY when root or header is missing. */
__attribute__((warn_unused_result)) bool kmip_open(struct kmip_message *m, struct bytes msg,
                                                   struct kerr *err);
/* The next batch item, or false at the end. */
bool kmip_next_item(struct kmip_message *m, struct kmip_item *it);

/* What opening a request message takes; zeroed = version 1.2, nothing optional. */
struct kmip_request {
    uint8_t version;           /* 0 = 1.2 */
    int32_t max_response_size; /* 0 = field left out */
    bool async;                /* true = indicator sent, true */
    int order;                 /* 0 left out, 1 true, -1 false */
    uint32_t continuation;     /* 0 left out */
    const char *username, *password; /* Authentication with this credential, unless NULL */
    struct bytes authentication;     /* ... or this one, the encoded value of the field */
    int32_t batch_count;       /* 0 = 1 */
};

/* Opens Request Message, writes the header; items follow; then kmip_request_end. */
void kmip_request_begin(struct ttlv_writer *w, const struct kmip_request *rq);
/* Opens a Batch Item with its Operation, Unique Batch Item ID (left out when
 * empty) and Request Payload; the payload's fields follow; then kmip_item_end. */
void kmip_item_begin(struct ttlv_writer *w, uint32_t operation, struct bytes id);
void kmip_item_end(struct ttlv_writer *w);
void kmip_request_end(struct ttlv_writer *w);

/* Writes one Attribute {name, value}: the value follows under KMIP_TAG_ATTRIBUTE_VALUE,
 * then ttlv_w_close. */
void kmip_attribute_begin(struct ttlv_writer *w, const char *name);
void kmip_attribute_text(struct ttlv_writer *w, const char *name, const char *v);
void kmip_attribute_int(struct ttlv_writer *w, const char *name, int32_t v);
void kmip_attribute_enum(struct ttlv_writer *w, const char *name, uint32_t v);
void kmip_attribute_date(struct ttlv_writer *w, const char *name, int64_t seconds);
/* The Name attribute, an uninterpreted text string. */
void kmip_attribute_name(struct ttlv_writer *w, const char *name);

/* Checks a response against the request it answers (none: empty): root, version, number of
 * items, operations and ids echoed, status against reason and payload, Time Stamp
 * present and within a day of now_s (0: any). Findings message.*, at most
 * TTLV_MAX_FINDINGS and one that says there are more. Items beyond a Stop may be missing;
 * where there is a reason to refuse the whole message, one item without Operation and id
 * may do so. */
void kmip_check_reply(struct bytes request, struct bytes reply, int64_t now_s,
                      const struct finding_sink *sink);

#endif
