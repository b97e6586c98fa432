/* Pending operations, Poll and Cancel (async.h). */
#include "mockserver/async.h"

#include <stdlib.h>

#include "mockserver/crypto.h"
#include "mockserver/ops.h"

/* Entries and bytes kept at a time. The oldest outcome nobody polled for gives way. */
#define ENTRIES_MAX 256u
#define BYTES_MAX (16u << 20)

struct async_entry {
    struct async_entry *next;
    uint8_t correlation[16];
    char identity[192];
    uint32_t operation;
    uint8_t version;
    struct buf payload; /* of the request, or once done of the response */
    bool done, succeeded;
    uint32_t reason;
    char message[RESULT_MESSAGE_MAX];
};

struct engine_async {
    struct async_entry *first; /* oldest first */
    size_t n, bytes;
    size_t waiting; /* not done */
};

struct engine_async *async_new(void)
{
    return calloc(1, sizeof(struct engine_async));
}

/* Takes an entry out and frees it. */
static void drop(struct engine_async *a, struct async_entry *entry)
{
    struct async_entry **at = &a->first;
    while (*at && *at != entry)
        at = &(*at)->next;
    if (!*at)
        return;
    *at = entry->next;
    a->n--;
    a->waiting -= !entry->done;
    a->bytes -= entry->payload.n;
    buf_clear(&entry->payload);
    free(entry);
}

void async_free(struct engine_async **a)
{
    if (!*a)
        return;
    while ((*a)->first)
        drop(*a, (*a)->first);
    free(*a);
    *a = NULL;
}

void async_forget(struct mock_engine *e, struct async_entry *entry)
{
    drop(e->async, entry);
}

static bool make_room(struct engine_async *a, size_t bytes)
{
    while (a->n >= ENTRIES_MAX || a->bytes + bytes > BYTES_MAX) {
        struct async_entry *old = a->first;
        while (old && !old->done)
            old = old->next;
        if (!old)
            return false;
        drop(a, old);
    }
    return true;
}

static void append(struct engine_async *a, struct async_entry *entry)
{
    struct async_entry **at = &a->first;
    while (*at)
        at = &(*at)->next;
    *at = entry;
    a->n++;
    a->waiting++;
    a->bytes += entry->payload.n;
}

bool async_accept(struct mock_engine *e, const struct op_call *c, struct bytes *correlation)
{
    struct engine_async *a = e->async;
    if (strlen(c->identity) >= sizeof((struct async_entry *)0)->identity ||
        c->payload.val.n > BYTES_MAX || !make_room(a, c->payload.val.n))
        return false;
    struct async_entry *entry = calloc(1, sizeof *entry);
    if (!entry)
        return false;
    buf_init(&entry->payload, BUF_NO_LIMIT);
    memcpy(entry->identity, c->identity, strlen(c->identity));
    entry->operation = c->item->operation;
    entry->version = c->version;
    if (!buf_put_bytes(&entry->payload, c->payload.val) ||
        !crypto_random(entry->correlation, sizeof entry->correlation)) {
        buf_clear(&entry->payload);
        free(entry);
        return false;
    }
    append(a, entry);
    *correlation = bytes_of(entry->correlation, sizeof entry->correlation);
    return true;
}

/* Carrying out */

static bool run(struct mock_engine *e, struct async_entry *entry, int64_t now, struct buf *out,
                struct op_call *c)
{
    struct bytes request = buf_bytes(&entry->payload);
    struct kmip_item item = {
        .has_operation = true, .has_payload = true, .operation = entry->operation};
    struct ttlv_writer w;
    const struct op *op = op_find(entry->operation);
    item.payload = (struct ttlv_item){.tag = KMIP_TAG_REQUEST_PAYLOAD,
                                      .type = TTLV_STRUCTURE,
                                      .len = (uint32_t)request.n,
                                      .val = request};
    *c = (struct op_call){.engine = e,
                          .identity = entry->identity,
                          .version = entry->version,
                          .now = now,
                          .item = &item,
                          .request = request,
                          .payload = item.payload,
                          .out = &w};
    ttlv_w_init(&w, out, NULL);
    if (!op_run(c, op))
        return false;
    if (ttlv_w_finish(&w))
        return true;
    return op_fail(c, KMIP_RESULT_REASON_RESPONSE_TOO_LARGE,
                   "the response is too large to be kept for Poll");
}

static void carry_out(struct mock_engine *e, struct async_entry *entry, int64_t now)
{
    struct engine_async *a = e->async;
    struct op_call c = {.err = KERR_INIT};
    struct buf out;
    buf_init(&out, BYTES_MAX);
    bool ok = store_begin(e->store, &c.err);
    if (ok) {
        ok = run(e, entry, now, &out, &c);
        if (!store_end(e->store, ok, &c.err))
            ok = op_fail(&c, KMIP_RESULT_REASON_GENERAL_FAILURE, "%s", c.err.msg);
    } else {
        op_fail(&c, KMIP_RESULT_REASON_GENERAL_FAILURE, "%s", c.err.msg);
    }
    if (!ok)
        buf_reset(&out);
    entry->done = true;
    entry->succeeded = ok;
    entry->reason = c.reason;
    memcpy(entry->message, c.message, sizeof entry->message);
    a->waiting--;
    a->bytes = a->bytes - entry->payload.n + out.n;
    buf_clear(&entry->payload);
    entry->payload = out;
}

void async_settle(struct mock_engine *e, int64_t now)
{
    struct engine_async *a = e->async;
    for (struct async_entry *x = a->first; x && a->waiting > 0; x = x->next)
        if (!x->done)
            carry_out(e, x, now);
}

/* Poll and Cancel */

static struct async_entry *find(struct op_call *c)
{
    struct ttlv_item value;
    if (op_field(c, KMIP_TAG_ASYNCHRONOUS_CORRELATION_VALUE, &value))
        for (struct async_entry *x = c->engine->async->first; x; x = x->next)
            if (bytes_eq(value.val, bytes_of(x->correlation, sizeof x->correlation)) &&
                strcmp(x->identity, c->identity) == 0)
                return x;
    op_fail(c, KMIP_RESULT_REASON_ITEM_NOT_FOUND,
            "nothing is pending under this Asynchronous Correlation Value");
    return NULL;
}

/* The reply is that of the operation polled for (KMIP 1.2 spec, 4.28). */
bool op_poll(struct op_call *c)
{
    struct async_entry *x = find(c);
    if (!x)
        return false;
    c->operation = x->operation;
    c->finished = x;
    if (!x->succeeded)
        return op_fail(c, x->reason, "%s", x->message);
    ttlv_w_raw_bytes(c->out, buf_bytes(&x->payload));
    return true;
}

bool op_cancel(struct op_call *c)
{
    struct async_entry *x = find(c);
    if (!x)
        return false;
    ttlv_w_bytes(c->out, KMIP_TAG_ASYNCHRONOUS_CORRELATION_VALUE,
                 bytes_of(x->correlation, sizeof x->correlation));
    ttlv_w_enum(c->out, KMIP_TAG_CANCELLATION_RESULT,
                x->done ? KMIP_CANCELLATION_RESULT_COMPLETED : KMIP_CANCELLATION_RESULT_CANCELED);
    if (!x->done)
        c->finished = x;
    return true;
}
