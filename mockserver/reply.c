/* Response Messages (reply.h). */
#include "mockserver/reply.h"

struct reply_head reply_head_of(const struct kmip_item *it)
{
    return (struct reply_head){.has_operation = it->has_operation,
                               .has_id = it->has_id,
                               .operation = it->operation,
                               .id = it->id};
}

void reply_begin(struct reply_writer *r, struct buf *out, uint8_t version, int64_t now_s)
{
    struct ttlv_writer *w = &r->w;
    r->err = (struct kerr)KERR_INIT;
    r->start = out->n;
    r->items = 0;
    r->extended = false;
    ttlv_w_init(w, out, &r->err);
    ttlv_w_open(w, KMIP_TAG_RESPONSE_MESSAGE);
    ttlv_w_open(w, KMIP_TAG_RESPONSE_HEADER);
    ttlv_w_open(w, KMIP_TAG_PROTOCOL_VERSION);
    ttlv_w_int(w, KMIP_TAG_PROTOCOL_VERSION_MAJOR, version >> 4);
    ttlv_w_int(w, KMIP_TAG_PROTOCOL_VERSION_MINOR, version & 15);
    ttlv_w_close(w);
    ttlv_w_date(w, KMIP_TAG_TIME_STAMP, now_s);
    r->count_at = out->n + TTLV_HEADER;
    ttlv_w_int(w, KMIP_TAG_BATCH_COUNT, 0);
    ttlv_w_close(w);
    r->header = ttlv_w_mark(w);
}

static void open_item(struct reply_writer *r, const struct reply_head *h, uint32_t status)
{
    ttlv_w_open(&r->w, KMIP_TAG_BATCH_ITEM);
    if (h->has_operation)
        ttlv_w_enum(&r->w, KMIP_TAG_OPERATION, h->operation);
    if (h->has_id)
        ttlv_w_bytes(&r->w, KMIP_TAG_UNIQUE_BATCH_ITEM_ID, h->id);
    ttlv_w_enum(&r->w, KMIP_TAG_RESULT_STATUS, status);
    r->items++;
}

/* With an extension that no one needs to know (6.16). */
static void close_item(struct reply_writer *r)
{
    if (r->extended) {
        ttlv_w_open(&r->w, KMIP_TAG_MESSAGE_EXTENSION);
        ttlv_w_str(&r->w, KMIP_TAG_VENDOR_IDENTIFICATION, "ACME");
        ttlv_w_bool(&r->w, KMIP_TAG_CRITICALITY_INDICATOR, false);
        ttlv_w_open(&r->w, KMIP_TAG_VENDOR_EXTENSION);
        ttlv_w_int(&r->w, 0x54AA02, 4711);
        ttlv_w_close(&r->w);
        ttlv_w_close(&r->w);
    }
    ttlv_w_close(&r->w);
}

void reply_open(struct reply_writer *r, const struct reply_head *h)
{
    open_item(r, h, KMIP_RESULT_STATUS_SUCCESS);
    if (h->success_text)
        ttlv_w_str(&r->w, KMIP_TAG_RESULT_MESSAGE, h->success_text);
    ttlv_w_open(&r->w, KMIP_TAG_RESPONSE_PAYLOAD);
}

void reply_close(struct reply_writer *r)
{
    ttlv_w_close(&r->w);
    close_item(r);
}

void reply_failed(struct reply_writer *r, const struct reply_head *h, uint32_t reason,
                  const char *text)
{
    open_item(r, h, KMIP_RESULT_STATUS_OPERATION_FAILED);
    ttlv_w_enum(&r->w, KMIP_TAG_RESULT_REASON, reason);
    if (text[0])
        ttlv_w_str(&r->w, KMIP_TAG_RESULT_MESSAGE, text);
    close_item(r);
}

void reply_pending(struct reply_writer *r, const struct reply_head *h, struct bytes correlation)
{
    open_item(r, h, KMIP_RESULT_STATUS_OPERATION_PENDING);
    ttlv_w_bytes(&r->w, KMIP_TAG_ASYNCHRONOUS_CORRELATION_VALUE, correlation);
    close_item(r);
}

void reply_undone(struct reply_writer *r, const struct reply_head *h)
{
    open_item(r, h, KMIP_RESULT_STATUS_OPERATION_UNDONE);
    close_item(r);
}

void reply_rewind(struct reply_writer *r, struct ttlv_mark m, uint32_t items)
{
    r->w.failed = false;
    r->w.out->failed = r->w.out->too_long = false;
    kerr_clear(&r->err);
    ttlv_w_rewind(&r->w, m);
    r->items = items;
}

bool reply_end(struct reply_writer *r)
{
    ttlv_w_close(&r->w);
    if (!ttlv_w_finish(&r->w))
        return false;
    be32_put(r->w.out->p + r->count_at, r->items);
    return true;
}
