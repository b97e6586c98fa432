/* One request from its bytes to its reply (engine.h): the batch loop, with what the
 * header asks of it. */
#include "mockserver/engine.h"

#include <stdio.h>
#include <stdlib.h>

#include "kmip/base/clock.h"
#include "mockserver/access.h"
#include "mockserver/async.h"
#include "mockserver/deviant.h"
#include "mockserver/op.h"
#include "mockserver/reply.h"
#include "mockserver/scratch.h"
#include "mockserver/variant.h"

bool engine_init(struct mock_engine *e, const struct mock_config *cfg, int64_t (*clock_ns)(void *),
                 void *clock_arg, struct kerr *err)
{
    *e = (struct mock_engine){.cfg = cfg, .clock_ns = clock_ns, .clock_arg = clock_arg};
    e->scratch = calloc(1, sizeof *e->scratch);
    e->async = async_new();
    if (!e->scratch || !e->async) {
        engine_clear(e);
        return kerr_set(err, KE_MEMORY, "no memory for the engine");
    }
    request_init(&e->scratch->request);
    buf_init(&e->scratch->data, BUF_NO_LIMIT);
    buf_init(&e->scratch->wrapped, BUF_NO_LIMIT);
    buf_init(&e->scratch->found, BUF_NO_LIMIT);
    e->store = store_open(cfg->store, err);
    if (!e->store) {
        engine_clear(e);
        return false;
    }
    e->run = store_run(e->store);
    draws_init(&e->draws, cfg, e->run, "", 0);
    return true;
}

void engine_clear(struct mock_engine *e)
{
    async_free(e);
    if (e->scratch) {
        request_clear(&e->scratch->request);
        buf_clear(&e->scratch->data);
        buf_clear(&e->scratch->wrapped);
        buf_clear(&e->scratch->found);
        free(e->scratch);
        e->scratch = NULL;
    }
    store_close(&e->store);
}

static int64_t whole_seconds(int64_t ns)
{
    int64_t s = ns / NS_PER_S;
    return ns % NS_PER_S < 0 ? s - 1 : s;
}

int64_t engine_now(const struct mock_engine *e)
{
    return whole_seconds(e->clock_ns(e->clock_arg));
}

int64_t engine_stamp(const struct mock_engine *e)
{
    return whole_seconds(e->stamp_ns ? e->stamp_ns(e->clock_arg) : e->clock_ns(e->clock_arg));
}

/* 16 bytes as the text of a UUID, with the marks of a random one (RFC 4122, 4.4). */
static void uuid_text(uint8_t b[16], char out[MOCK_UID_MAX])
{
    b[6] = (uint8_t)((b[6] & 0x0F) | 0x40);
    b[8] = (uint8_t)((b[8] & 0x3F) | 0x80);
    static const char digits[] = "0123456789abcdef";
    char *at = out;
    for (size_t i = 0; i < 16; i++) { /* snprintf takes as long as a tenth of a Create */
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *at++ = '-';
        *at++ = digits[b[i] >> 4];
        *at++ = digits[b[i] & 15];
    }
    *at = '\0';
}

bool engine_new_uid(struct mock_engine *e, struct draws *draws, char out[MOCK_UID_MAX],
                    struct kerr *err)
{
    uint8_t b[16];
    struct kerr own = KERR_INIT;
    bool other_form;
    do {
        if (!draws_bytes(draws, b, sizeof b))
            return kerr_set(err, KE_CRYPTO, "the system gives no random bytes");
        uuid_text(b, out);
        other_form = variant_identifier(e, out);
        /* Streams do not meet (draws.h); but an object may be preloaded under an identifier
         * that the seed would give. */
    } while ((draws->seeded || other_form) && store_get(e->store, bytes_str(out), &own));
    if (own.code != KE_OK && err)
        *err = own;
    return own.code == KE_OK;
}

void engine_settle(struct mock_engine *e)
{
    async_settle(e);
}

/* A batch */

struct failure {
    uint32_t operation, reason;
    char text[RESULT_MESSAGE_MAX];
};

struct batch {
    struct mock_engine *e;
    struct request *rq;
    struct reply_writer *reply;
    struct access access;
    struct op_call call; /* goes from item to item, for the ID Placeholder */
    struct behaviour configured; /* when nobody says otherwise */
    int64_t now;
    struct ttlv_mark behind_header;
    size_t limit; /* of the buffer, while no Maximum Response Size binds it */
    struct answer_note *note;
    struct failure failure; /* of the item that failed last */
    struct behaviour_marks used_before; /* the item */
    int64_t work_until_ns; /* after which none begins, by the monotonic clock */
};

enum outcome { ITEM_DONE, ITEM_FAILED, BATCH_DEAD /* the server itself failed: err of the call */ };

static void note_item(struct batch *b, const struct kmip_item *it, uint32_t status, uint32_t reason,
                      const char *message)
{
    struct answer_note *n = b->note;
    if (it->index != 0)
        return;
    n->operation = it->operation;
    n->status = status;
    n->reason = reason;
    n->id_len = it->id.n < sizeof n->id ? it->id.n : sizeof n->id;
    if (n->id_len > 0)
        memcpy(n->id, it->id.p, n->id_len);
    snprintf(n->uid, sizeof n->uid, "%s", b->call.touched);
    snprintf(n->message, sizeof n->message, "%.127s", message);
}

static bool rule_is_broken(const struct batch *b, enum mock_switch rule)
{
    return switch_on(&b->e->cfg->switches, rule);
}

static bool goes_otherwise(const struct batch *b, enum mock_switch way)
{
    return switch_on(&b->e->cfg->switches, way);
}

/* What the answer to an item begins with. */
static struct reply_head head_of(const struct batch *b, const struct kmip_item *it)
{
    struct reply_head head = reply_head_of(it);
    if (rule_is_broken(b, DEV_BATCH_ID_MISSING_IN_SINGLE_ITEM) && b->rq->msg.n_items == 1)
        head.has_id = false;
    if (rule_is_broken(b, DEV_BATCH_ID_INVENTED) && !head.has_id) {
        head.has_id = true;
        head.id = bytes_str("1");
    }
    head.success_text = goes_otherwise(b, VAR_RESULT_MESSAGE_OF_SUCCESS) ? "OK" : NULL;
    return head;
}

static enum outcome fail_item(struct batch *b, const struct kmip_item *it, uint32_t operation,
                              uint32_t reason, const char *text)
{
    struct reply_head head = head_of(b, it);
    head.operation = operation;
    head.has_id &= !rule_is_broken(b, DEV_BATCH_ID_MISSING_ON_FAILURE);
    head.has_operation &= !rule_is_broken(b, DEV_OPERATION_MISSING_ON_FAILURE);
    if (reason == KMIP_RESULT_REASON_OPERATION_NOT_SUPPORTED)
        head.has_operation &= !rule_is_broken(b, DEV_UNSUPPORTED_OPERATION_NOT_ECHOED);
    reason = deviant_reason(&b->e->cfg->switches, operation, reason);
    b->failure = (struct failure){.operation = operation, .reason = reason};
    result_message(b->failure.text, text);
    reply_failed(b->reply, &head, reason,
                 variant_failure_text(&b->e->cfg->switches, b->failure.text));
    note_item(b, it, KMIP_RESULT_STATUS_OPERATION_FAILED, reason, text);
    return ITEM_FAILED;
}

/* One item without Operation stands for the whole message (KMIP 1.2 spec, 7.1). */
static void refuse_message(struct reply_writer *r, struct ttlv_mark behind_header, uint32_t reason,
                           const char *text, struct answer_note *note)
{
    static const struct reply_head nothing;
    char cut[RESULT_MESSAGE_MAX];
    result_message(cut, text);
    reply_rewind(r, behind_header, 0);
    reply_failed(r, &nothing, reason, cut);
    *note = (struct answer_note){.status = KMIP_RESULT_STATUS_OPERATION_FAILED, .reason = reason};
    snprintf(note->message, sizeof note->message, "%.127s", cut);
}

/* Takes back what a failed item wrote to the reply and to the store. */
static bool take_back(struct batch *b, struct ttlv_mark at, uint32_t items, bool marked)
{
    reply_rewind(b->reply, at, items);
    return !marked || store_undo(b->e->store, &b->call.err);
}

/* Did the item's reply outgrow what the client takes (KMIP 1.2 spec, 6.3), or memory? */
static bool too_large(const struct batch *b)
{
    return b->reply->w.failed && b->reply->err.code == KE_TTLV_SIZE;
}

static void limit_reply(struct batch *b, bool on)
{
    const struct kmip_header *h = &b->rq->msg.header;
    struct buf *out = b->reply->w.out;
    out->limit = b->limit;
    if (on && h->has_max_response_size && !rule_is_broken(b, DEV_MAXIMUM_RESPONSE_SIZE_IGNORED)) {
        size_t most =
            b->reply->start + (size_t)(h->max_response_size > 0 ? h->max_response_size : 0);
        if (most < out->limit)
            out->limit = most;
    }
}

static enum outcome run_op(struct batch *b, const struct kmip_item *it, const struct op *op)
{
    struct op_call *c = &b->call;
    struct reply_head head = head_of(b, it);
    struct ttlv_mark at = ttlv_w_mark(&b->reply->w);
    uint32_t items = b->reply->items;
    size_t operation_at =
        at.n + 2 * TTLV_HEADER; /* the value of Operation, the item's first field */
    char placeholder[MOCK_UID_MAX];
    /* A request of one item is its own mark: it commits or does not. */
    bool marked = op->flags & OP_CHANGES && b->rq->msg.n_items > 1;
    if (marked && !store_mark(b->e->store, &c->err))
        return BATCH_DEAD;
    memcpy(placeholder, c->placeholder, sizeof placeholder);
    c->item = it;
    c->payload = it->payload;
    c->out = &b->reply->w;
    limit_reply(b, true);
    reply_open(b->reply, &head);
    bool ok = op_run(c, op);
    if (ok && !b->reply->w.failed && c->operation != op->operation &&
        !rule_is_broken(b, DEV_POLL_NAMES_ITSELF))
        be32_put(b->reply->w.out->p + operation_at, c->operation);
    reply_close(b->reply);
    limit_reply(b, false);
    if (ok && too_large(b)) {
        memcpy(c->placeholder, placeholder, sizeof placeholder);
        c->finished = NULL;
        const struct kmip_header *h = &b->rq->msg.header;
        ok = op_fail(c, KMIP_RESULT_REASON_RESPONSE_TOO_LARGE,
                     "the response is larger than %s %lld bytes",
                     h->has_max_response_size ? "the Maximum Response Size of" : "this server's",
                     h->has_max_response_size ? (long long)h->max_response_size
                                              : (long long)b->limit);
    } else if (ok && b->reply->w.failed) {
        kerr_set(&c->err, b->reply->err.code, "%s", b->reply->err.msg);
        return BATCH_DEAD;
    }
    if (c->finished)
        async_tell(c->finished);
    if (ok) {
        op_took_effect(c);
        note_item(b, it, KMIP_RESULT_STATUS_SUCCESS, 0, "");
        return marked && !store_release(b->e->store, &c->err) ? BATCH_DEAD : ITEM_DONE;
    }
    if (!take_back(b, at, items, marked))
        return BATCH_DEAD;
    return fail_item(b, it, c->operation, c->reason, c->message);
}

static bool answered_pending(struct batch *b, const struct kmip_item *it, const struct op *op)
{
    struct op_call *c = &b->call;
    struct reply_head head = head_of(b, it);
    struct bytes correlation;
    bool asked = b->rq->msg.header.async || rule_is_broken(b, DEV_PENDING_UNASKED);
    bool may = asked && op->flags & OP_ASYNC && b->rq->msg.n_items == 1 &&
               b->e->cfg->asynchronous == ASYNC_ACCEPT;
    c->item = it;
    c->payload = it->payload;
    bool pending = op->operation == KMIP_OPERATION_POLL ? async_keeps_waiting(c, &correlation)
                                                        : may && async_accept(c, op, &correlation);
    if (!pending)
        return false;
    reply_pending(b->reply, &head, correlation);
    note_item(b, it, KMIP_RESULT_STATUS_OPERATION_PENDING, 0, "");
    return true;
}

/* Is it no operation of this server, because faults will have it so? Then nothing is known of
 * its payload either. */
static bool is_not_offered(struct batch *b, const struct kmip_item *it)
{
    struct behaviour *h = b->call.behaviour;
    uint64_t operation = behaviour_operation(it->operation);
    char text[RESULT_MESSAGE_MAX];
    if (!(h->not_supported & operation))
        return false;
    behaviour_mark(&h->used, BEHAVIOUR_NOT_SUPPORTED, operation);
    snprintf(text, sizeof text, "%s is not supported", kmip_operation_name(it->operation));
    fail_item(b, it, it->operation, KMIP_RESULT_REASON_OPERATION_NOT_SUPPORTED, text);
    return true;
}

/* Is it refused, whatever it is, because faults will have it so? */
static bool is_refused(struct batch *b, const struct kmip_item *it)
{
    struct behaviour *h = b->call.behaviour;
    if (!h->refuse_reason)
        return false;
    behaviour_mark(&h->used, BEHAVIOUR_REFUSE, 1);
    fail_item(b, it, it->operation, h->refuse_reason, h->refuse_text);
    return true;
}

/* A request holds up all other clients: it must come to an end. */
static bool is_overworked(struct batch *b, const struct kmip_item *it)
{
    char text[RESULT_MESSAGE_MAX];
    if (b->rq->msg.n_items <= 1)
        return false;
    int64_t now = clock_mono_ns();
    if (b->work_until_ns == 0)
        b->work_until_ns = limit_end(now, b->e->cfg->limits.work_ns);
    if (now < b->work_until_ns)
        return false;
    snprintf(text, sizeof text, "not carried out: the items before it took longer than %lld ms",
             (long long)(b->e->cfg->limits.work_ns / NS_PER_MS));
    fail_item(b, it, it->operation, KMIP_RESULT_REASON_GENERAL_FAILURE, text);
    return true;
}

static enum outcome run_item(struct batch *b, const struct kmip_item *it)
{
    if (is_overworked(b, it))
        return ITEM_FAILED;
    const struct op *op = op_find(it->operation);
    const struct request_fault *fault = request_fault(b->rq, it->index);
    char text[RESULT_MESSAGE_MAX];
    b->call.touched[0] = '\0';
    b->call.finished = NULL;
    b->used_before = b->call.behaviour->used;
    bool newer = op && op->since > b->rq->version && !rule_is_broken(b, DEV_NEWER_OPERATION_SERVED);
    if (it->has_operation && (!op || newer)) {
        snprintf(text, sizeof text, "%s is not supported%s%s", kmip_operation_name(it->operation),
                 op ? " by KMIP " : "", op ? kmip_version_text(b->rq->version) : "");
        return fail_item(b, it, it->operation, KMIP_RESULT_REASON_OPERATION_NOT_SUPPORTED, text);
    }
    if (is_not_offered(b, it))
        return ITEM_FAILED;
    if (fault)
        return fail_item(b, it, it->operation, fault->reason, fault->text);
    if (is_refused(b, it))
        return ITEM_FAILED;
    if (!op) /* the tables require an Operation: this is for safety */
        return fail_item(b, it, 0, KMIP_RESULT_REASON_INVALID_MESSAGE,
                         "the Batch Item has no Operation");
    if (!b->access.authenticated && !(op->flags & OP_ANONYMOUS))
        return fail_item(b, it, it->operation, KMIP_RESULT_REASON_AUTHENTICATION_NOT_SUCCESSFUL,
                         "this takes a client certificate or a Credential");
    if (answered_pending(b, it, op))
        return ITEM_DONE;
    return run_op(b, it, op);
}

/* Answers the first n items anew, all alike: reason 0 = Operation Undone. */
static void answer_alike(struct batch *b, uint32_t n, uint32_t reason, const char *text)
{
    struct kmip_message items = b->rq->msg;
    struct kmip_item it;
    reply_rewind(b->reply, b->behind_header, 0);
    while (b->reply->items < n && kmip_next_item(&items, &it)) {
        struct reply_head head = head_of(b, &it);
        if (reason) {
            fail_item(b, &it, it.operation, reason, text);
            continue;
        }
        reply_undone(b->reply, &head);
        note_item(b, &it, KMIP_RESULT_STATUS_OPERATION_UNDONE, 0, "");
    }
}

static uint32_t continuation(const struct batch *b)
{
    const struct kmip_header *h = &b->rq->msg.header;
    uint32_t option = b->rq->msg.n_items > 1 && h->has_continuation ? h->continuation : 0;
    return deviant_continuation(&b->e->cfg->switches, option,
                                option ? option : KMIP_BATCH_ERROR_CONTINUATION_OPTION_STOP);
}

/* Of what behaviour has had an effect, only what the failed item met is left. */
static void undo_marks(struct batch *b)
{
    struct behaviour_marks *used = &b->call.behaviour->used;
    for (int i = 0; i < BEHAVIOUR_KINDS; i++)
        used->v[i] &= ~b->used_before.v[i];
}

/* Undo (KMIP 1.2 spec, 6.13): what the items before the failed one did is taken back,
 * and they are answered Operation Undone. */
static bool undo_batch(struct batch *b, const struct kmip_item *failed)
{
    struct failure f = b->failure;
    async_untell(b->e, b->call.finished);
    undo_marks(b);
    answer_alike(b, failed->index, 0, "");
    fail_item(b, failed, f.operation, f.reason, f.text);
    return (rule_is_broken(b, DEV_UNDO_LEAVES_TRACES) ? store_release : store_undo)(
        b->e->store, &b->call.err);
}

/* What stands behind the item that has stopped the batch has no answer (6.13). */
static bool stop_batch(struct batch *b, struct kmip_message *rest)
{
    struct kmip_item it;
    while (rule_is_broken(b, DEV_STOPPED_ITEMS_ANSWERED) && kmip_next_item(rest, &it))
        fail_item(b, &it, it.operation, KMIP_RESULT_REASON_GENERAL_FAILURE, "not carried out");
    return true;
}

/* The items in their order: it is always kept, asked for or not (6.12), unless the first is
 * to be put off till the others are done. */
static bool next_item(struct kmip_message *items, struct kmip_item *put_off, struct kmip_item *it)
{
    if (kmip_next_item(items, it))
        return true;
    *it = *put_off;
    put_off->has_operation = false;
    return it->has_operation;
}

static bool run_items(struct batch *b, bool *failed)
{
    struct kmip_message items = b->rq->msg;
    uint32_t option = continuation(b);
    bool undo = option == KMIP_BATCH_ERROR_CONTINUATION_OPTION_UNDO;
    struct kmip_item it, put_off = {.has_operation = false};
    *failed = false;
    if (undo && !store_mark(b->e->store, &b->call.err))
        return false;
    if (rule_is_broken(b, DEV_BATCH_ORDER_IGNORED) && b->rq->msg.n_items > 1)
        (void)kmip_next_item(&items, &put_off);
    while (next_item(&items, &put_off, &it)) {
        enum outcome outcome = run_item(b, &it);
        if (outcome == BATCH_DEAD)
            return false;
        if (outcome == ITEM_DONE)
            continue;
        *failed = true;
        if (undo)
            return undo_batch(b, &it);
        if (option != KMIP_BATCH_ERROR_CONTINUATION_OPTION_CONTINUE)
            return stop_batch(b, &items);
    }
    return !undo || store_release(b->e->store, &b->call.err);
}

/* Nothing of the request is kept: every item is answered with the same failure. */
static void nothing_kept(struct batch *b)
{
    async_untell(b->e, NULL);
    b->call.behaviour->used = (struct behaviour_marks){{0}};
}

/* The items inside a request of the store, which one that is answered Pending leaves
 * open behind it. */
static void run_stored(struct batch *b)
{
    struct mock_store *store = b->e->store;
    struct kerr *err = &b->call.err;
    bool failed;
    if (!store_begin(store, err) || !run_items(b, &failed)) {
        refuse_message(b->reply, b->behind_header, KMIP_RESULT_REASON_GENERAL_FAILURE,
                       op_own_failure(err), b->note);
        if (!store_end(store, false, NULL)) {
            /* Nothing is kept either way. */
        }
        nothing_kept(b);
        return;
    }
    if (async_is_open(b->e))
        return;
    /* A failed request of one item has no mark of its own to go back to. */
    bool commit = !failed || b->rq->msg.n_items > 1;
    if (!store_end(store, commit, err) && commit) {
        answer_alike(b, b->reply->items, KMIP_RESULT_REASON_GENERAL_FAILURE,
                     op_own_failure(err));
        nothing_kept(b);
    }
}

/* Result Status failed (11.1); or, as 6.16 has it, the entire message is rejected. */
static void refuse_critical(struct batch *b)
{
    static const char text[] = "a critical Message Extension is not known here";
    if (goes_otherwise(b, VAR_CRITICAL_EXTENSION_REFUSES_MESSAGE))
        refuse_message(b->reply, b->behind_header, KMIP_RESULT_REASON_FEATURE_NOT_SUPPORTED, text,
                       b->note);
    else
        answer_alike(b, b->rq->msg.n_items, KMIP_RESULT_REASON_FEATURE_NOT_SUPPORTED, text);
}

static void run_batch(struct batch *b)
{
    const char *why = NULL;
    const struct mock_switches *s = &b->e->cfg->switches;
    uint32_t refusal = deviant_refusal(s, &b->rq->msg.header, &why);
    if (!refusal)
        refusal = variant_refusal(s, &b->rq->msg, b->now, &why);
    bool cancels = async_is_cancelled_by(b->e, b->access.identity, &b->rq->msg), failed;
    if (!cancels)
        async_settle(b->e);
    if (refusal)
        refuse_message(b->reply, b->behind_header, refusal, why, b->note);
    else if (b->rq->critical && !rule_is_broken(b, DEV_CRITICAL_EXTENSION_IGNORED))
        refuse_critical(b);
    else if (!cancels)
        run_stored(b);
    else if (!run_items(b, &failed)) /* the store is still in the other's request */
        refuse_message(b->reply, b->behind_header, KMIP_RESULT_REASON_GENERAL_FAILURE,
                       op_own_failure(&b->call.err), b->note);
    async_forget_told(b->e);
}

static void init_call(struct batch *b, const struct engine_request *rq)
{
    b->call = (struct op_call){.engine = b->e,
                               .identity = b->access.identity,
                               .behaviour = rq->behaviour ? rq->behaviour : &b->configured,
                               .draws = rq->draws ? rq->draws : &b->e->draws,
                               .version = b->rq->version,
                               .now = b->now,
                               .request = b->rq->msg.msg,
                               .err = KERR_INIT};
    if (rule_is_broken(b, DEV_PLACEHOLDER_OUTLIVES_REQUEST))
        op_set_placeholder(&b->call, b->e->scratch->placeholder);
    behaviour_complete(b->call.behaviour, b->e->cfg);
}

/* The version that is said to be spoken: that of the request (6.1). */
static uint8_t told_version(const struct batch *b)
{
    uint8_t later =
        b->rq->lenient ? variant_version(&b->e->cfg->switches, &b->rq->msg.header) : 0;
    if (later)
        return later;
    return rule_is_broken(b, DEV_PROTOCOL_VERSION_ALWAYS_BEST) && b->e->cfg->n_versions > 0
               ? b->e->cfg->versions[0]
               : b->rq->version;
}

static void tell_batch_count(struct batch *b)
{
    if (rule_is_broken(b, DEV_BATCH_COUNT_OF_THE_REQUEST) && b->note->items > 0)
        b->reply->items = b->note->items;
    b->reply->items += rule_is_broken(b, DEV_BATCH_COUNT_ONE_TOO_MANY);
}

/* Key material and results do not outlive the request. */
static void wipe_scratch(struct engine_scratch *s)
{
    buf_reset(&s->request.rebuilt);
    buf_reset(&s->data);
    buf_reset(&s->wrapped);
    buf_reset(&s->found);
}

bool engine_answer(struct mock_engine *e, const struct engine_request *asked, struct buf *out,
                   struct answer_note *note, struct kerr *err)
{
    struct request *rq = &e->scratch->request;
    struct reply_writer reply;
    struct batch b = {.e = e,
                      .rq = rq,
                      .reply = &reply,
                      .limit = out->limit,
                      .note = note,
                      .now = engine_now(e)};
    const char *why = "";
    *note = (struct answer_note){0};
    request_read(rq, e->cfg, asked->bytes);
    reply_begin(&reply, out, told_version(&b), e->stamp_ns ? engine_stamp(e) : b.now);
    b.behind_header = reply.header;
    reply.extended = goes_otherwise(&b, VAR_RESPONSES_EXTENDED);
    if (rq->reason) {
        refuse_message(&reply, reply.header, rq->reason, rq->text, note);
    } else if (!access_identify(e->cfg, asked->peer, &rq->msg.header, &b.access, &why) &&
               !rule_is_broken(&b, DEV_CREDENTIAL_UNCHECKED)) {
        refuse_message(&reply, reply.header, KMIP_RESULT_REASON_AUTHENTICATION_NOT_SUCCESSFUL, why,
                       note);
    } else {
        note->items = rq->msg.n_items;
        init_call(&b, asked);
        run_batch(&b);
        memcpy(e->scratch->placeholder, b.call.placeholder, sizeof b.call.placeholder);
    }
    wipe_scratch(e->scratch);
    tell_batch_count(&b);
    return reply_end(&reply) || kerr_set(err, reply.err.code, "%s", reply.err.msg);
}

bool engine_reject(struct mock_engine *e, const struct kerr *why, struct buf *out, struct kerr *err)
{
    struct reply_writer reply;
    struct answer_note note;
    char line[900], text[RESULT_MESSAGE_MAX];
    uint8_t version = e->cfg->n_versions ? e->cfg->versions[0] : KMIP_V12;
    result_message(text, kerr_format(why, line, sizeof line));
    reply_begin(&reply, out, version, engine_stamp(e));
    refuse_message(&reply, reply.header, KMIP_RESULT_REASON_INVALID_MESSAGE, text, &note);
    return reply_end(&reply) || kerr_set(err, reply.err.code, "%s", reply.err.msg);
}
