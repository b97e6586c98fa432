/* Messages taken apart and put together (message.h). Judging a reply against its
 * request is in reply.c. */
#include "kmip/schema/message.h"

#include "kmip/schema/open.h"

static bool is(const struct ttlv_item *it, uint32_t tag, unsigned type)
{
    return it->tag == tag && it->type == type && !it->wrong;
}

void kmip_read_children(struct ttlv_reader *r, struct bytes msg, const struct ttlv_item *it)
{
    static const struct finding_sink quiet = {NULL, NULL};

    ttlv_r_children(r, msg, it, NULL);
    ttlv_r_tolerant(r, &quiet, NULL);
}

static void read_version(const struct ttlv_item *version, struct kmip_header *h)
{
    struct ttlv_item it;

    if (ttlv_find(version, KMIP_TAG_PROTOCOL_VERSION_MAJOR, &it) && it.type == TTLV_INTEGER)
        h->major = ttlv_int(&it);
    if (ttlv_find(version, KMIP_TAG_PROTOCOL_VERSION_MINOR, &it) && it.type == TTLV_INTEGER)
        h->minor = ttlv_int(&it);
    if (h->major >= 1 && h->major <= 15 && h->minor >= 0 && h->minor <= 15)
        h->version = KMIP_VERSION(h->major, h->minor);
}

/* A field of the header; one that has another type than its tag's is passed over. */
static void read_header_field(const struct ttlv_item *it, struct kmip_header *h)
{
    if (is(it, KMIP_TAG_PROTOCOL_VERSION, TTLV_STRUCTURE)) {
        read_version(it, h);
    } else if (is(it, KMIP_TAG_BATCH_COUNT, TTLV_INTEGER)) {
        h->has_batch_count = true;
        h->batch_count = ttlv_int(it);
    } else if (is(it, KMIP_TAG_TIME_STAMP, TTLV_DATE_TIME)) {
        h->has_time_stamp = true;
        h->time_stamp = ttlv_long(it);
    } else if (is(it, KMIP_TAG_MAXIMUM_RESPONSE_SIZE, TTLV_INTEGER)) {
        h->has_max_response_size = true;
        h->max_response_size = ttlv_int(it);
    } else if (is(it, KMIP_TAG_ASYNCHRONOUS_INDICATOR, TTLV_BOOLEAN)) {
        h->has_async = true;
        h->async = ttlv_bool(it);
    } else if (is(it, KMIP_TAG_BATCH_ERROR_CONTINUATION_OPTION, TTLV_ENUMERATION)) {
        h->has_continuation = true;
        h->continuation = ttlv_enum(it);
    } else if (is(it, KMIP_TAG_BATCH_ORDER_OPTION, TTLV_BOOLEAN)) {
        h->has_order = true;
        h->order = ttlv_bool(it);
    } else if (is(it, KMIP_TAG_AUTHENTICATION, TTLV_STRUCTURE)) {
        h->has_authentication = true;
        h->authentication = *it;
    } else if (is(it, KMIP_TAG_ATTESTATION_CAPABLE_INDICATOR, TTLV_BOOLEAN)) {
        h->has_attestation_capable = true;
        h->attestation_capable = ttlv_bool(it);
    }
}

static void read_header(struct bytes msg, const struct ttlv_item *header, struct kmip_header *h)
{
    struct ttlv_reader r;
    struct ttlv_item it;

    kmip_read_children(&r, msg, header);
    while (ttlv_r_next(&r, &it))
        read_header_field(&it, h);
}

bool kmip_open_outline(struct kmip_message *m, struct bytes msg, struct kerr *err)
{
    struct ttlv_reader r;
    struct ttlv_item it;
    bool found = false;
    uint32_t header;

    *m = (struct kmip_message){.msg = msg};
    if (!ttlv_first(msg, &m->root) || m->root.type != TTLV_STRUCTURE ||
        (m->root.tag != KMIP_TAG_REQUEST_MESSAGE && m->root.tag != KMIP_TAG_RESPONSE_MESSAGE))
        return kerr_set_at(err, KE_TTLV_ROOT, 0, NULL,
                           "message is neither a Request Message nor a Response Message");
    m->header.response = m->root.tag == KMIP_TAG_RESPONSE_MESSAGE;
    header = m->header.response ? KMIP_TAG_RESPONSE_HEADER : KMIP_TAG_REQUEST_HEADER;
    kmip_read_children(&r, msg, &m->root);
    while (ttlv_r_next(&r, &it)) {
        if (is(&it, header, TTLV_STRUCTURE) && !found) {
            found = true;
            read_header(msg, &it, &m->header);
        } else if (is(&it, KMIP_TAG_BATCH_ITEM, TTLV_STRUCTURE)) {
            m->n_items++;
        }
    }
    kmip_read_children(&m->items, msg, &m->root);
    return found || kerr_set_at(err, KE_REPLY, m->root.off, kmip_tag_name(m->root.tag),
                                "message has no %s", kmip_tag_name(header));
}

bool kmip_open(struct kmip_message *m, struct bytes msg, struct kerr *err)
{
    return ttlv_check(msg, NULL, NULL, &kmip_namer, NULL, err) && kmip_open_outline(m, msg, err);
}

static void read_item_field(const struct ttlv_item *it, uint32_t payload, struct kmip_item *out)
{
    if (is(it, KMIP_TAG_OPERATION, TTLV_ENUMERATION)) {
        out->has_operation = true;
        out->operation = ttlv_enum(it);
    } else if (is(it, KMIP_TAG_UNIQUE_BATCH_ITEM_ID, TTLV_BYTE_STRING)) {
        out->has_id = true;
        out->id = it->val;
    } else if (is(it, payload, TTLV_STRUCTURE)) {
        out->has_payload = true;
        out->payload = *it;
    } else if (is(it, KMIP_TAG_RESULT_STATUS, TTLV_ENUMERATION)) {
        out->has_status = true;
        out->status = ttlv_enum(it);
    } else if (is(it, KMIP_TAG_RESULT_REASON, TTLV_ENUMERATION)) {
        out->has_reason = true;
        out->reason = ttlv_enum(it);
    } else if (is(it, KMIP_TAG_RESULT_MESSAGE, TTLV_TEXT_STRING)) {
        out->has_message = true;
        out->message = it->val;
    } else if (is(it, KMIP_TAG_ASYNCHRONOUS_CORRELATION_VALUE, TTLV_BYTE_STRING)) {
        out->has_correlation = true;
        out->correlation = it->val;
    } else if (is(it, KMIP_TAG_MESSAGE_EXTENSION, TTLV_STRUCTURE)) {
        out->has_extension = true;
        out->extension = *it;
    }
}

bool kmip_next_item(struct kmip_message *m, struct kmip_item *it)
{
    uint32_t payload = m->header.response ? KMIP_TAG_RESPONSE_PAYLOAD : KMIP_TAG_REQUEST_PAYLOAD;
    uint32_t index = m->next_index;
    struct ttlv_item item, field;
    struct ttlv_reader r;

    do {
        if (!ttlv_r_next(&m->items, &item))
            return false;
    } while (!is(&item, KMIP_TAG_BATCH_ITEM, TTLV_STRUCTURE));
    m->next_index++;
    *it = (struct kmip_item){.index = index, .off = item.off};
    kmip_read_children(&r, m->msg, &item);
    while (ttlv_r_next(&r, &field))
        read_item_field(&field, payload, it);
    return true;
}

static void write_credential(struct ttlv_writer *w, const char *username, const char *password)
{
    ttlv_w_open(w, KMIP_TAG_AUTHENTICATION);
    ttlv_w_open(w, KMIP_TAG_CREDENTIAL);
    ttlv_w_enum(w, KMIP_TAG_CREDENTIAL_TYPE, KMIP_CREDENTIAL_TYPE_USERNAME_AND_PASSWORD);
    ttlv_w_open(w, KMIP_TAG_CREDENTIAL_VALUE);
    ttlv_w_str(w, KMIP_TAG_USERNAME, username);
    if (password)
        ttlv_w_str(w, KMIP_TAG_PASSWORD, password);
    ttlv_w_close(w);
    ttlv_w_close(w);
    ttlv_w_close(w);
}

void kmip_request_begin(struct ttlv_writer *w, const struct kmip_request *rq)
{
    uint8_t version = rq->version ? rq->version : KMIP_V12;

    ttlv_w_open(w, KMIP_TAG_REQUEST_MESSAGE);
    ttlv_w_open(w, KMIP_TAG_REQUEST_HEADER);
    ttlv_w_open(w, KMIP_TAG_PROTOCOL_VERSION);
    ttlv_w_int(w, KMIP_TAG_PROTOCOL_VERSION_MAJOR, version >> 4);
    ttlv_w_int(w, KMIP_TAG_PROTOCOL_VERSION_MINOR, version & 15);
    ttlv_w_close(w);
    if (rq->max_response_size)
        ttlv_w_int(w, KMIP_TAG_MAXIMUM_RESPONSE_SIZE, rq->max_response_size);
    if (rq->async)
        ttlv_w_bool(w, KMIP_TAG_ASYNCHRONOUS_INDICATOR, true);
    if (rq->username)
        write_credential(w, rq->username, rq->password);
    if (rq->authentication.n) {
        ttlv_w_open(w, KMIP_TAG_AUTHENTICATION);
        ttlv_w_raw_bytes(w, rq->authentication);
        ttlv_w_close(w);
    }
    if (rq->continuation)
        ttlv_w_enum(w, KMIP_TAG_BATCH_ERROR_CONTINUATION_OPTION, rq->continuation);
    if (rq->order)
        ttlv_w_bool(w, KMIP_TAG_BATCH_ORDER_OPTION, rq->order > 0);
    ttlv_w_int(w, KMIP_TAG_BATCH_COUNT, rq->batch_count ? rq->batch_count : 1);
    ttlv_w_close(w);
}

void kmip_request_end(struct ttlv_writer *w)
{
    ttlv_w_close(w);
}

void kmip_item_begin(struct ttlv_writer *w, uint32_t operation, struct bytes id)
{
    ttlv_w_open(w, KMIP_TAG_BATCH_ITEM);
    ttlv_w_enum(w, KMIP_TAG_OPERATION, operation);
    if (id.n)
        ttlv_w_bytes(w, KMIP_TAG_UNIQUE_BATCH_ITEM_ID, id);
    ttlv_w_open(w, KMIP_TAG_REQUEST_PAYLOAD);
}

void kmip_item_end(struct ttlv_writer *w)
{
    ttlv_w_close(w);
    ttlv_w_close(w);
}

void kmip_attribute_begin(struct ttlv_writer *w, const char *name)
{
    ttlv_w_open(w, KMIP_TAG_ATTRIBUTE);
    ttlv_w_str(w, KMIP_TAG_ATTRIBUTE_NAME, name);
}

void kmip_attribute_text(struct ttlv_writer *w, const char *name, const char *v)
{
    kmip_attribute_begin(w, name);
    ttlv_w_str(w, KMIP_TAG_ATTRIBUTE_VALUE, v);
    ttlv_w_close(w);
}

void kmip_attribute_int(struct ttlv_writer *w, const char *name, int32_t v)
{
    kmip_attribute_begin(w, name);
    ttlv_w_int(w, KMIP_TAG_ATTRIBUTE_VALUE, v);
    ttlv_w_close(w);
}

void kmip_attribute_enum(struct ttlv_writer *w, const char *name, uint32_t v)
{
    kmip_attribute_begin(w, name);
    ttlv_w_enum(w, KMIP_TAG_ATTRIBUTE_VALUE, v);
    ttlv_w_close(w);
}

void kmip_attribute_date(struct ttlv_writer *w, const char *name, int64_t seconds)
{
    kmip_attribute_begin(w, name);
    ttlv_w_date(w, KMIP_TAG_ATTRIBUTE_VALUE, seconds);
    ttlv_w_close(w);
}

void kmip_attribute_name(struct ttlv_writer *w, const char *name)
{
    kmip_attribute_begin(w, "Name");
    ttlv_w_open(w, KMIP_TAG_ATTRIBUTE_VALUE);
    ttlv_w_str(w, KMIP_TAG_NAME_VALUE, name);
    ttlv_w_enum(w, KMIP_TAG_NAME_TYPE, KMIP_NAME_TYPE_UNINTERPRETED_TEXT_STRING);
    ttlv_w_close(w);
    ttlv_w_close(w);
}
