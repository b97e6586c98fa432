/* Replies taken apart (reply.h). */
#include "client/lib/reply.h"

#include <stdio.h>

#include "kmip/base/text.h"

void reply_refusal_text(const struct reply_refusal *r, struct buf *out)
{
    buf_puts(out, kmip_name_of("Result Status", r->status));
    if (r->has_reason)
        buf_printf(out, ", %s", kmip_name_of("Result Reason", r->reason));
    if (r->message[0])
        buf_printf(out, ": %s", r->message);
}

void reply_plain(struct bytes text, size_t max, struct buf *out)
{
    struct buf quoted;

    buf_init(&quoted, BUF_NO_LIMIT);
    text_quote(&quoted, text, max);
    for (const char *p = buf_cstr(&quoted); *p; p++) {
        if (p[0] == '\\' && p[1] == '\\')
            buf_putc(out, *p++); /* a backslash is still written twice */
        else if (p[0] == '\\' && p[1] == '"')
            p++;
        buf_putc(out, *p);
    }
    buf_clear(&quoted);
}

void reply_refusal_of(const struct kmip_item *item, uint32_t operation,
                      struct reply_refusal *out)
{
    struct buf text;

    *out = (struct reply_refusal){.refused = true,
                                  .operation = operation,
                                  .status = item->status,
                                  .has_reason = item->has_reason,
                                  .reason = item->reason};
    buf_init(&text, BUF_NO_LIMIT);
    if (item->has_message) /* an escaped byte takes up to six */
        reply_plain(item->message, sizeof out->message / 6 - 4, &text);
    snprintf(out->message, sizeof out->message, "%s", buf_cstr(&text));
    buf_clear(&text);
}

static bool refuse(const struct kmip_item *item, uint32_t operation, struct reply_refusal *out,
                   struct kerr *err)
{
    struct reply_refusal r;
    struct buf text;

    reply_refusal_of(item, operation, &r);
    buf_init(&text, BUF_NO_LIMIT);
    reply_refusal_text(&r, &text);
    kerr_set(err, KE_REFUSED, "the server refused %s: %s", kmip_operation_name(operation),
             buf_cstr(&text));
    buf_clear(&text);
    if (out)
        *out = r;
    return false;
}

/* A field of the Batch Item that is not there, or not of the type it has by the standard. */
static bool lacks(struct bytes msg, const struct kmip_item *item, uint32_t tag, unsigned type,
                  uint32_t operation, struct kerr *err)
{
    struct ttlv_item batch, it;
    const char *op = kmip_operation_name(operation), *name = kmip_tag_name(tag);

    if (ttlv_first(bytes_of(msg.p + item->off, msg.n - item->off), &batch) &&
        ttlv_find(&batch, tag, &it) && it.type != type)
        return kerr_set(err, KE_REPLY, "%s in the reply to %s is of type %s, not %s", name, op,
                        ttlv_type_name(it.type), ttlv_type_name(type));
    return kerr_set(err, KE_REPLY, "the reply to %s has no %s", op, name);
}

bool reply_open(struct bytes msg, uint32_t operation, struct kmip_item *item,
                struct reply_refusal *refusal, struct kerr *err)
{
    struct kmip_message m;

    if (refusal)
        *refusal = (struct reply_refusal){.operation = operation};
    if (!kmip_open(&m, msg, err))
        return kerr_wrap(err, "reply to %s", kmip_operation_name(operation));
    if (!m.header.response)
        return kerr_set(err, KE_REPLY, "the reply to %s is a Request Message",
                        kmip_operation_name(operation));
    if (!kmip_next_item(&m, item))
        return kerr_set(err, KE_REPLY, "the reply to %s has no Batch Item",
                        kmip_operation_name(operation));
    if (!item->has_status)
        return lacks(msg, item, KMIP_TAG_RESULT_STATUS, TTLV_ENUMERATION, operation, err);
    if (item->status != KMIP_RESULT_STATUS_SUCCESS)
        return refuse(item, operation, refusal, err);
    if (!item->has_operation)
        return lacks(msg, item, KMIP_TAG_OPERATION, TTLV_ENUMERATION, operation, err);
    if (item->operation != operation)
        return kerr_set(err, KE_REPLY, "the reply to %s is one to %s",
                        kmip_operation_name(operation), kmip_operation_name(item->operation));
    if (!item->has_payload)
        return lacks(msg, item, KMIP_TAG_RESPONSE_PAYLOAD, TTLV_STRUCTURE, operation, err);
    return true;
}

bool reply_field(const struct kmip_item *item, uint32_t tag, unsigned type, struct bytes *out,
                 struct kerr *err)
{
    struct ttlv_item it;
    const char *op = kmip_operation_name(item->operation);

    if (!ttlv_find(&item->payload, tag, &it))
        return kerr_set(err, KE_REPLY, "the reply to %s has no %s", op, kmip_tag_name(tag));
    if (it.type != type)
        return kerr_set(err, KE_REPLY, "%s in the reply to %s is of type %s, not %s",
                        kmip_tag_name(tag), op, ttlv_type_name(it.type), ttlv_type_name(type));
    *out = it.val;
    return true;
}
