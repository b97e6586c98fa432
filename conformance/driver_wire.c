/* The driver's requests on the wire (driver_wire.h). */
#include "conformance/driver_wire.h"

#include <stdio.h>

#include "client/lib/bucket.h"
#include "client/lib/requests.h"
#include "kmip/base/clock.h"

bool wire_open(struct wire *w, const struct kc_connect *base, unsigned depth, enum kc_match match,
               struct kerr *err)
{
    struct kc_connect o = *base;
    int64_t from = clock_mono_ns();
    o.depth = depth;
    o.match = match;
    w->depth = depth;
    w->sent = 0;
    w->kc = kc_open(&o, err);
    w->open_ns = clock_mono_ns() - from;
    return w->kc != NULL;
}

void wire_close(struct wire *w)
{
    kc_close(&w->kc);
}

struct ttlv_writer *wire_begin(struct wire *w, struct wire_call *c, uint32_t operation)
{
    struct kmip_request head = bucket_head(w->version);
    *c = (struct wire_call){.operation = operation, .err = KERR_INIT};
    buf_init(&c->request, 1u << 20);
    buf_init(&c->reply, 16u << 20);
    kc_new_id(w->kc, c->id);
    req_begin(&c->w, &c->request, &head, operation, bytes_of(c->id, sizeof c->id), &c->err);
    return &c->w;
}

void wire_call_clear(struct wire_call *c)
{
    buf_clear(&c->request);
    buf_clear(&c->reply);
}

/* What is over, is told once. */
static bool over(struct wire *w, struct wire_call *c)
{
    c->ended_ns = clock_mono_ns();
    if (w->watch)
        w->watch->over(w->arg, w, c);
    return c->err.code == KE_OK;
}

bool wire_send(struct wire *w, struct wire_call *c)
{
    c->place = w->sent;
    if (!req_end(&c->w) || (w->watch && !w->watch->sending(w->arg, w, c)))
        return false;
    if (!w->kc)
        return kerr_set(&c->err, KE_CLOSED, "the connection has ended");
    c->begun_ns = clock_mono_ns();
    w->sent++;
    c->sent = kc_submit(w->kc, buf_bytes(&c->request), bytes_of(c->id, sizeof c->id), &c->ticket,
                        &c->err);
    return c->sent || over(w, c);
}

/* ---- the reply -------------------------------------------------------------- */

bool wire_moved(const struct wire_call *c)
{
    return c->answered && c->seen.order != c->place;
}

/* What the driver does about records that are not one reply each. */
static bool as_records(struct wire_call *c)
{
    if (c->seen.records > 1)
        return kerr_set(&c->err, KE_REPLY,
                        "'BUG: Wrong buffer size': reply %u came in %u TLS records, and the driver "
                        "takes a record for a reply; its process ends",
                        c->place + 1, c->seen.records);
    if (c->seen.shared_record)
        return kerr_set(&c->err, KE_REPLY,
                        "reply %u shares a TLS record with another; the driver uses the first of "
                        "them, the rest is lost",
                        c->place + 1);
    return true;
}

static bool open_reply(struct wire *w, struct wire_call *c)
{
    struct kmip_message m;
    struct kmip_item first;
    struct bytes reply = buf_bytes(&c->reply);
    if (w->strict && !as_records(c))
        return false;
    if (!kmip_open(&m, reply, &c->err))
        return kerr_wrap(&c->err, "reply to %s", kmip_operation_name(c->operation));
    c->has_stamp = m.header.has_time_stamp;
    c->stamp_s = m.header.time_stamp;
    c->named = kmip_next_item(&m, &first) && first.has_id &&
               bytes_eq(first.id, bytes_of(c->id, sizeof c->id));
    if (!reply_open(reply, c->operation, &c->item, &c->refusal, &c->err))
        return false;
    return c->named || kerr_set(&c->err, KE_BATCH_ID,
                                "invalid batch item ID: the reply to %s does not bear the "
                                "request's Unique Batch Item ID",
                                kmip_operation_name(c->operation));
}

bool wire_take(struct wire *w, struct wire_call *c)
{
    if (!c->sent)
        return false;
    c->answered = w->kc ? kc_wait(w->kc, c->ticket, &c->reply, &c->seen, &c->err)
                        : kerr_set(&c->err, KE_CLOSED, "conversation interrupted");
    if (c->answered && !open_reply(w, c) && w->strict && c->err.code != KE_REFUSED)
        wire_close(w);
    return over(w, c);
}

bool wire_ask(struct wire *w, struct wire_call *c)
{
    return wire_send(w, c) && wire_take(w, c);
}

void wire_event(const struct wire *w, const struct wire_call *c, enum picture_kind kind,
                struct picture_event *out)
{
    *out = (struct picture_event){.kind = kind,
                                  .at_ns = c->begun_ns,
                                  .connection = w->number ? w->number : 1,
                                  .request = c->place + 1,
                                  .operation = c->operation,
                                  .text = ""};
    memcpy(out->id, c->id, sizeof out->id);
    if (kind != EVENT_REPLY)
        return;
    out->at_ns = c->seen.arrived_ns;
    out->order = c->seen.order + 1;
    out->records = c->seen.records;
    out->shared = c->seen.shared_record;
}

bool wire_text(struct wire_call *c, uint32_t tag, char *out, size_t room)
{
    struct bytes v;
    if (!reply_field(&c->item, tag, TTLV_TEXT_STRING, &v, &c->err))
        return false;
    if (v.n == 0 || v.n >= room || memchr(v.p, 0, v.n))
        return kerr_set(&c->err, KE_REPLY, "%s of %zu bytes cannot be used", kmip_tag_name(tag),
                        v.n);
    memcpy(out, v.p, v.n);
    out[v.n] = 0;
    return true;
}
