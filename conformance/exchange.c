/* Sending a request and getting its reply (runner.h), with the journal kept on both
 * sides of it and asynchronous answers followed to their end. */
#include "conformance/runner.h"

#include <poll.h>
#include <string.h>

#include "kmip/base/clock.h"

#define POLL_EVERY_MS 100
#define POLL_AT_MOST_MS 60000

void sent_init(struct sent *s)
{
    buf_init(&s->request, 8u << 20);
    buf_init(&s->reply, 8u << 20);
    s->has_reply = s->silent = s->polled = false;
    s->within_ns = 0;
}

void sent_clear(struct sent *s)
{
    buf_clear(&s->request);
    buf_clear(&s->reply);
}

/* Operations that leave something behind on the server. */
static bool makes(uint32_t operation)
{
    switch (operation) {
    case KMIP_OPERATION_CREATE:
    case KMIP_OPERATION_CREATE_KEY_PAIR:
    case KMIP_OPERATION_REGISTER:
    case KMIP_OPERATION_RE_KEY:
    case KMIP_OPERATION_RE_KEY_KEY_PAIR:
    case KMIP_OPERATION_DERIVE_KEY:
    case KMIP_OPERATION_CERTIFY:
    case KMIP_OPERATION_RE_CERTIFY:
    case KMIP_OPERATION_CREATE_SPLIT_KEY:
    case KMIP_OPERATION_JOIN_SPLIT_KEY:
        return true;
    default:
        return false;
    }
}

/* Every Name Value inside that bears the run's prefix. */
static bool intents(struct running *rn, const char *client, const struct ttlv_item *in)
{
    struct ttlv_reader r;
    struct ttlv_item it;
    struct bytes prefix = bytes_str(rn->runner->run_prefix);
    ttlv_r_init(&r, in->val, NULL, NULL);
    while (ttlv_r_next(&r, &it)) {
        bool ok = true;
        if (it.type == TTLV_STRUCTURE)
            ok = intents(rn, client, &it);
        else if (it.tag == KMIP_TAG_NAME_VALUE && it.val.n >= prefix.n &&
                 memcmp(it.val.p, prefix.p, prefix.n) == 0)
            ok = journal_intent(rn->runner->journal, rn->tc->id, client, it.val, &rn->err);
        if (!ok)
            return false;
    }
    return true;
}

static bool note_intents(struct running *rn, const char *client, struct bytes request)
{
    struct kmip_message m;
    struct kmip_item it;
    if (!kmip_open(&m, request, NULL))
        return true; /* deliberately wrong: nothing sensible to note */
    while (kmip_next_item(&m, &it))
        if (it.has_operation && makes(it.operation) && it.has_payload && !intents(rn, client, &it.payload))
            return false;
    return true;
}

static bool note_made(struct running *rn, const char *client, const struct kmip_item *it)
{
    static const uint32_t tags[] = {KMIP_TAG_UNIQUE_IDENTIFIER, KMIP_TAG_PRIVATE_KEY_UNIQUE_IDENTIFIER,
                                    KMIP_TAG_PUBLIC_KEY_UNIQUE_IDENTIFIER};
    struct ttlv_item uid;
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
        if (ttlv_find(&it->payload, tags[i], &uid) && uid.type == TTLV_TEXT_STRING &&
            !journal_made(rn->runner->journal, rn->tc->id, client, uid.val, &rn->err))
            return false;
    return true;
}

/* What the reply says was made or destroyed. */
static bool note_reply(struct running *rn, const char *client, struct bytes reply)
{
    struct kmip_message m;
    struct kmip_item it;
    struct ttlv_item uid;
    bool pending = false;
    if (!kmip_open(&m, reply, NULL))
        return true;
    while (kmip_next_item(&m, &it)) {
        pending = pending || it.status == KMIP_RESULT_STATUS_OPERATION_PENDING;
        if (!it.has_operation || it.status != KMIP_RESULT_STATUS_SUCCESS || !it.has_payload)
            continue;
        if (makes(it.operation) && !note_made(rn, client, &it))
            return false;
        if (it.operation == KMIP_OPERATION_DESTROY && ttlv_find(&it.payload, KMIP_TAG_UNIQUE_IDENTIFIER, &uid))
            journal_gone(rn->runner->journal, uid.val);
    }
    if (!pending)
        journal_settled(rn->runner->journal, rn->tc->id);
    return true;
}

static bool keep(struct running *rn, const char *client, const struct sent *s, int64_t sent_ns)
{
    struct case_result *c = rn->result;
    struct exchange *e = arena_alloc(&c->arena, sizeof *e);
    char *request = arena_copy(&c->arena, buf_bytes(&s->request));
    char *reply = arena_copy(&c->arena, buf_bytes(&s->reply));
    char *name = arena_str(&c->arena, client);
    if (!e || !request || !reply || !name)
        return kerr_set(&rn->err, KE_MEMORY, "no memory to keep an exchange");
    *e = (struct exchange){.step = rn->step, .client = name, .sent_ns = sent_ns,
                           .took_ns = clock_mono_ns() - sent_ns,
                           .request = bytes_of(request, s->request.n), .reply = bytes_of(reply, s->reply.n)};
    if (c->last_exchange)
        c->last_exchange->next = e;
    else
        c->exchanges = e;
    c->last_exchange = e;
    return true;
}

/* One message out, one in. A closed connection is an answer, not an error. */
static bool once(struct running *rn, const char *client, struct sent *s)
{
    struct target *t = rn->runner->target;
    struct kerr err = KERR_INIT;
    struct kmip_message m;
    if (!note_intents(rn, client, buf_bytes(&s->request)))
        return false;
    struct kc_client *kc = target_client(t, client, &rn->err);
    if (!kc)
        return false;
    int64_t sent_s = clock_wall_ns() / NS_PER_S, sent_ns = clock_mono_ns();
    buf_reset(&s->reply);
    if (s->within_ns > 0)
        kc_set_timeout(kc, s->within_ns);
    s->has_reply = kc_exchange(kc, buf_bytes(&s->request), &s->reply, NULL, &err);
    kc_set_timeout(kc, t->opt.settings.timeout_ns);
    if (!s->has_reply || strcmp(client, "fresh") == 0)
        target_close(t, client);
    if (!s->has_reply) {
        buf_reset(&s->reply);
        /* What is no message stays an error with its own words; so does silence, unless
         * the step has set a time for it. */
        s->silent = s->within_ns > 0 && err.code == KE_TIMEOUT;
        if (err.code != KE_CLOSED && !s->silent)
            rn->err = err;
    }
    if (s->has_reply && kmip_open(&m, buf_bytes(&s->reply), NULL) && m.header.has_time_stamp) {
        target_note_time(t, m.header.time_stamp, sent_s, clock_wall_ns() / NS_PER_S);
        rn->vars.server_offset_s = t->offset_s;
    }
    return keep(rn, client, s, sent_ns) && rn->err.code == KE_OK &&
           (!s->has_reply || note_reply(rn, client, buf_bytes(&s->reply)));
}

/* The correlation value of a reply whose single item is pending. */
static bool pending(struct bytes reply, struct buf *correlation)
{
    struct kmip_message m;
    struct kmip_item it;
    if (!kmip_open(&m, reply, NULL) || m.n_items != 1 || !kmip_next_item(&m, &it) ||
        it.status != KMIP_RESULT_STATUS_OPERATION_PENDING || !it.has_correlation)
        return false;
    buf_reset(correlation);
    return buf_put_bytes(correlation, it.correlation);
}

static bool follow(struct running *rn, const char *client, struct sent *s)
{
    struct buf original, correlation;
    int64_t deadline = deadline_in_ms(POLL_AT_MOST_MS);
    bool ok = true;
    buf_init(&original, 8u << 20);
    buf_init(&correlation, 4096);
    buf_put_bytes(&original, buf_bytes(&s->request));
    while (ok && s->has_reply && pending(buf_bytes(&s->reply), &correlation)) {
        struct kmip_request rq = {.version = rn->runner->target->opt.settings.version};
        struct ttlv_writer w;
        if (s->polled)
            poll(NULL, 0, POLL_EVERY_MS);
        if (deadline_poll_ms(deadline) == 0 || *rn->runner->stop)
            break;
        buf_reset(&s->request);
        ttlv_w_init(&w, &s->request, &rn->err);
        kmip_request_begin(&w, &rq);
        kmip_item_begin(&w, KMIP_OPERATION_POLL, bytes_of(NULL, 0));
        ttlv_w_bytes(&w, KMIP_TAG_ASYNCHRONOUS_CORRELATION_VALUE, buf_bytes(&correlation));
        kmip_item_end(&w);
        kmip_request_end(&w);
        ok = ttlv_w_finish(&w) && once(rn, client, s);
        s->polled = true;
    }
    buf_reset(&s->request);
    buf_put_bytes(&s->request, buf_bytes(&original));
    buf_clear(&original);
    buf_clear(&correlation);
    return ok;
}

bool exchange_run(struct running *rn, const char *client, struct sent *s, bool poll_it)
{
    return once(rn, client, s) && (!poll_it || !s->has_reply || follow(rn, client, s));
}
