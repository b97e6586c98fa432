/* Pending operations, Poll and Cancel (async.h). */
#include "mockserver/async.h"

#include <stdlib.h>

#include "mockserver/ops.h"

/* Entries and bytes kept at a time. The oldest outcome nobody polled for gives way. */
#define ENTRIES_MAX 256u
#define BYTES_MAX (16u << 20)

struct async_entry {
    struct async_entry *next;
    uint8_t correlation[16];
    char identity[192];
    uint32_t operation;
    struct buf payload; /* of the response */
    bool succeeded;
    bool told; /* by the reply that is being written */
    unsigned polls; /* answered Operation Pending */
    uint32_t reason;
    char message[RESULT_MESSAGE_MAX];
};

struct engine_async {
    struct async_entry *first; /* oldest first */
    size_t n, bytes;
    struct async_entry *open; /* the newest, while it can be cancelled; or NULL */
};

struct engine_async *async_new(void)
{
    return calloc(1, sizeof(struct engine_async));
}

static void free_entry(struct async_entry *x)
{
    buf_clear(&x->payload);
    free(x);
}

/* Takes the entry at *at out and frees it. */
static void drop(struct engine_async *a, struct async_entry **at)
{
    struct async_entry *x = *at;
    *at = x->next;
    a->n--;
    a->bytes -= x->payload.n;
    free_entry(x);
}

static void make_room(struct engine_async *a, size_t bytes)
{
    while (a->first && (a->n >= ENTRIES_MAX || a->bytes + bytes > BYTES_MAX))
        drop(a, &a->first);
}

static void append(struct engine_async *a, struct async_entry *x)
{
    struct async_entry **at = &a->first;
    make_room(a, x->payload.n);
    while (*at)
        at = &(*at)->next;
    *at = a->open = x;
    a->n++;
    a->bytes += x->payload.n;
}

/* Carrying out */

static struct async_entry *new_entry(struct op_call *c)
{
    struct async_entry *x = calloc(1, sizeof *x);
    if (!x)
        return NULL;
    buf_init(&x->payload, BYTES_MAX);
    x->operation = c->item->operation;
    if (strlen(c->identity) < sizeof x->identity &&
        draws_bytes(c->draws, x->correlation, sizeof x->correlation)) {
        memcpy(x->identity, c->identity, strlen(c->identity));
        return x;
    }
    free_entry(x);
    return NULL;
}

static void carry_out(struct async_entry *x, struct op_call *c, const struct op *op)
{
    ttlv_w_init(c->out, &x->payload, NULL);
    x->succeeded = op_run(c, op);
    if (x->succeeded && !ttlv_w_finish(c->out))
        x->succeeded = x->payload.too_long
                           ? op_fail(c, KMIP_RESULT_REASON_RESPONSE_TOO_LARGE,
                                     "the response is too large to be kept for Poll")
                           : op_fail(c, KMIP_RESULT_REASON_GENERAL_FAILURE, "out of memory");
    if (x->succeeded) {
        op_took_effect(c);
        return;
    }
    buf_reset(&x->payload);
    x->reason = c->reason;
    memcpy(x->message, c->message, sizeof x->message);
}

bool async_accept(struct op_call *c, const struct op *op, struct bytes *correlation)
{
    struct async_entry *x = new_entry(c);
    if (!x)
        return false;
    struct ttlv_writer out;
    struct op_call own = *c;
    own.out = &out;
    carry_out(x, &own, op);
    append(c->engine->async, x);
    *correlation = bytes_of(x->correlation, sizeof x->correlation);
    return true;
}

bool async_is_open(const struct mock_engine *e)
{
    return e->async->open != NULL;
}

void async_settle(struct mock_engine *e)
{
    struct engine_async *a = e->async;
    struct async_entry *x = a->open;
    struct kerr err = KERR_INIT;
    if (!x)
        return;
    a->open = NULL;
    if (store_end(e->store, x->succeeded, &err) || !x->succeeded)
        return;
    a->bytes -= x->payload.n;
    buf_reset(&x->payload);
    x->succeeded = false;
    x->reason = KMIP_RESULT_REASON_GENERAL_FAILURE;
    result_message(x->message, op_own_failure(&err));
}

void async_free(struct mock_engine *e)
{
    if (!e->async)
        return;
    async_settle(e);
    while (e->async->first)
        drop(e->async, &e->async->first);
    free(e->async);
    e->async = NULL;
}

/* Telling */

static bool is_named(const struct async_entry *x, const char *identity, struct bytes correlation)
{
    return !x->told && bytes_eq(correlation, bytes_of(x->correlation, sizeof x->correlation)) &&
           strcmp(x->identity, identity) == 0;
}

bool async_is_cancelled_by(const struct mock_engine *e, const char *identity,
                           const struct kmip_message *m)
{
    struct kmip_message items = *m;
    struct kmip_item it;
    struct ttlv_item value;
    return e->async->open && m->n_items == 1 && kmip_next_item(&items, &it) &&
           it.operation == KMIP_OPERATION_CANCEL && it.has_payload &&
           ttlv_find(&it.payload, KMIP_TAG_ASYNCHRONOUS_CORRELATION_VALUE, &value) &&
           is_named(e->async->open, identity, value.val);
}

void async_tell(struct async_entry *x)
{
    x->told = true;
}

void async_untell(struct mock_engine *e, const struct async_entry *but)
{
    for (struct async_entry *x = e->async->first; x; x = x->next)
        x->told = x->told && x == but;
}

void async_forget_told(struct mock_engine *e)
{
    struct engine_async *a = e->async;
    for (struct async_entry **at = &a->first; *at;) {
        if (!(*at)->told) {
            at = &(*at)->next;
            continue;
        }
        if (*at == a->open) { /* told that it was cancelled */
            a->open = NULL;
            (void)!store_end(e->store, false, NULL); /* nothing is kept either way */
        }
        drop(a, at);
    }
}

/* Poll and Cancel */

static struct async_entry *find(struct op_call *c)
{
    struct ttlv_item value;
    if (op_field(c, KMIP_TAG_ASYNCHRONOUS_CORRELATION_VALUE, &value))
        for (struct async_entry *x = c->engine->async->first; x; x = x->next)
            if (is_named(x, c->identity, value.val))
                return x;
    op_fail(c, KMIP_RESULT_REASON_ITEM_NOT_FOUND,
            "nothing is pending under this Asynchronous Correlation Value");
    return NULL;
}

bool async_keeps_waiting(const struct op_call *c, struct bytes *correlation)
{
    enum { TIMES = 2 };
    struct ttlv_item value;
    if (!varies(c, VAR_POLL_PENDING_TWICE) ||
        !op_field(c, KMIP_TAG_ASYNCHRONOUS_CORRELATION_VALUE, &value))
        return false;
    for (struct async_entry *x = c->engine->async->first; x; x = x->next)
        if (is_named(x, c->identity, value.val) && x->polls < TIMES) {
            x->polls++;
            *correlation = bytes_of(x->correlation, sizeof x->correlation);
            return true;
        }
    return false;
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
    bool open = x == c->engine->async->open;
    ttlv_w_bytes(c->out, KMIP_TAG_ASYNCHRONOUS_CORRELATION_VALUE,
                 bytes_of(x->correlation, sizeof x->correlation));
    ttlv_w_enum(c->out, KMIP_TAG_CANCELLATION_RESULT,
                open ? KMIP_CANCELLATION_RESULT_CANCELED : KMIP_CANCELLATION_RESULT_COMPLETED);
    if (open)
        c->finished = x;
    return true;
}
