/* Sessions under faults without sockets: requests go in, what leaves is written down
 * as text. Time is scripted.
 *
 * The engine is a stand-in, linked in place of the real one: it succeeds at every
 * item, with a payload of one Unique Identifier, unless it is told to refuse. */
#ifndef MOCKSERVER_TESTS_FAULT_RIG_H
#define MOCKSERVER_TESTS_FAULT_RIG_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "kmip/base/clock.h"
#include "kmip/base/log.h"
#include "mockserver/session.h"

/* Not every test uses all. */
#define RIG static __attribute__((unused))

#define MS NS_PER_MS
#define SEC NS_PER_S

static struct mock_config rig_cfg;
static struct mock_engine rig_engine;
static struct behaviour rig_behaviour; /* of the last request */
static bool rig_untouched; /* the behaviour has no effect on what requests ask for */
static unsigned rig_answered;
static struct journal rig_journal;
static struct mock_clock rig_clock;
static struct fault_set rig_set;
static int64_t rig_now; /* monotonic */

bool engine_answer(struct mock_engine *e, const struct engine_request *rq, struct buf *out,
                   struct answer_note *note, struct kerr *err)
{
    static const struct behaviour none;
    struct kmip_message m;
    struct kmip_item it;
    struct ttlv_writer w;
    (void)e;
    *note = (struct answer_note){0};
    rig_answered++;
    rig_behaviour = rq->behaviour ? *rq->behaviour : none;
    uint32_t refuse = rig_behaviour.refuse_reason;
    if (rq->behaviour && !rig_untouched) {
        rq->behaviour->used = rq->behaviour->said;
        rq->behaviour->used.v[BEHAVIOUR_REFUSE] = refuse != 0;
    }
    cr_assert(kmip_open(&m, rq->bytes, err), "%s", err->msg);
    ttlv_w_init(&w, out, err);
    ttlv_w_open(&w, KMIP_TAG_RESPONSE_MESSAGE);
    ttlv_w_open(&w, KMIP_TAG_RESPONSE_HEADER);
    ttlv_w_open(&w, KMIP_TAG_PROTOCOL_VERSION);
    ttlv_w_int(&w, KMIP_TAG_PROTOCOL_VERSION_MAJOR, 1);
    ttlv_w_int(&w, KMIP_TAG_PROTOCOL_VERSION_MINOR, 2);
    ttlv_w_close(&w);
    ttlv_w_date(&w, KMIP_TAG_TIME_STAMP, 1700000000);
    ttlv_w_int(&w, KMIP_TAG_BATCH_COUNT, (int32_t)m.n_items);
    ttlv_w_close(&w);
    while (kmip_next_item(&m, &it)) {
        if (it.index == 0)
            note->operation = it.operation;
        ttlv_w_open(&w, KMIP_TAG_BATCH_ITEM);
        ttlv_w_enum(&w, KMIP_TAG_OPERATION, it.operation);
        if (it.has_id)
            ttlv_w_bytes(&w, KMIP_TAG_UNIQUE_BATCH_ITEM_ID, it.id);
        ttlv_w_enum(&w, KMIP_TAG_RESULT_STATUS, refuse ? 1 : 0);
        if (refuse) {
            ttlv_w_enum(&w, KMIP_TAG_RESULT_REASON, refuse);
            ttlv_w_str(&w, KMIP_TAG_RESULT_MESSAGE, rig_behaviour.refuse_text);
        } else {
            ttlv_w_open(&w, KMIP_TAG_RESPONSE_PAYLOAD);
            ttlv_w_str(&w, KMIP_TAG_UNIQUE_IDENTIFIER, "uid");
            ttlv_w_close(&w);
        }
        ttlv_w_close(&w);
    }
    note->items = m.n_items;
    note->status = refuse ? 1 : 0;
    ttlv_w_close(&w);
    return ttlv_w_finish(&w);
}

bool engine_reject(struct mock_engine *e, const struct kerr *why, struct buf *out, struct kerr *err)
{
    (void)e;
    (void)why;
    (void)err;
    return buf_puts(out, "rejected");
}

/* --- faults ------------------------------------------------------------ */

RIG bool rig_read(const char *yaml, struct fault_list *out, struct kerr *err)
{
    struct ydoc doc;
    bool ok = ydoc_parse(&doc, "faults.yaml", bytes_str(yaml), err) &&
              fault_list_read(doc.root, out, err);
    ydoc_clear(&doc); /* a fault keeps what it needs */
    return ok;
}

RIG void rig_add(const char *yaml)
{
    struct fault_list l;
    struct kerr err = KERR_INIT;
    cr_assert(rig_read(yaml, &l, &err), "%s", err.msg);
    cr_assert(fault_set_add(&rig_set, &l, &err), "%s", err.msg);
    fault_list_clear(&l);
}

RIG void rig_remove(const char *name)
{
    struct kerr err = KERR_INIT;
    cr_assert(fault_set_remove(&rig_set, name, &err), "%s", err.msg);
}

RIG uint64_t rig_fired(const char *name)
{
    for (size_t i = 0; i < rig_set.n; i++)
        if (strcmp(fault_set_info(&rig_set, i).name, name) == 0)
            return fault_set_info(&rig_set, i).fired;
    cr_assert_fail("no fault %s", name);
    return 0;
}

/* --- sessions ---------------------------------------------------------- */

RIG void rig_begin(uint64_t seed)
{
    struct kerr err = KERR_INIT;
    log_set_level(LOG_ERROR);
    rig_cfg = (struct mock_config){.seed = (int64_t)seed,
                                   .limits = {.message_size = 1 << 20,
                                              .response_size = 64 << 20,
                                              .request_ns = 30 * SEC},
                                   .clock = clock_right};
    rig_engine = (struct mock_engine){.cfg = &rig_cfg};
    rig_now = 1000 * SEC;
    rig_answered = 0;
    journal_init(&rig_journal, 500, 1 << 20);
    mock_clock_init(&rig_clock, &clock_right);
    cr_assert(fault_set_init(&rig_set, &rig_cfg, &rig_journal, &err), "%s", err.msg);
}

RIG void rig_end(void)
{
    fault_set_clear(&rig_set);
    journal_clear(&rig_journal);
}

RIG struct session *rig_connect(uint64_t number, const char *client)
{
    struct session *s = calloc(1, sizeof *s);
    struct mock_peer peer = {.authenticated = true};
    snprintf(peer.identity, sizeof peer.identity, "%s", client);
    session_init(s, &rig_engine, &peer, number, rig_now);
    session_attach(s, &rig_set, &rig_journal, &rig_clock, rig_now);
    return s;
}

RIG void rig_disconnect(struct session *s)
{
    session_clear(s);
    free(s);
}

/* A request of one operation with a one-byte id; uid may be NULL. */
RIG void rig_put(struct buf *b, uint32_t operation, char id, const char *uid)
{
    struct ttlv_writer w;
    struct kerr err = KERR_INIT;
    ttlv_w_init(&w, b, &err);
    kmip_request_begin(&w, &(struct kmip_request){0});
    kmip_item_begin(&w, operation, bytes_of(&id, id ? 1 : 0));
    if (uid)
        ttlv_w_str(&w, KMIP_TAG_UNIQUE_IDENTIFIER, uid);
    kmip_item_end(&w);
    kmip_request_end(&w);
    cr_assert(ttlv_w_finish(&w), "%s", err.msg);
}

RIG void rig_feed(struct session *s, const struct buf *b)
{
    struct kerr err = KERR_INIT;
    cr_assert(session_feed(s, buf_bytes(b), rig_now, &err), "%s", err.msg);
}

RIG void rig_ask(struct session *s, uint32_t operation, char id)
{
    struct buf b;
    buf_init(&b, BUF_NO_LIMIT);
    rig_put(&b, operation, id, NULL);
    rig_feed(s, &b);
    buf_clear(&b);
}

/* Gets for ids 'a', 'b', ... in one pipeline. */
RIG void rig_ask_many(struct session *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        rig_ask(s, KMIP_OPERATION_GET, (char)('a' + i));
}

/* The ids in a record: "a" for a whole reply, "ab" for two; else "<12 bytes>". */
RIG void rig_describe(struct bytes v, struct buf *out)
{
    struct kmip_message m;
    struct kmip_item it;
    struct kerr err = KERR_INIT;
    size_t at = 0;
    char ids[64] = "";
    while (at + 8 <= v.n && strlen(ids) < 60) {
        size_t n = 8 + (size_t)be32_get(v.p + at + 4);
        if (n > v.n - at || !kmip_open(&m, bytes_of(v.p + at, n), &err) || !m.header.response ||
            !kmip_next_item(&m, &it))
            break;
        snprintf(ids + strlen(ids), 4, "%c%s", it.has_id && it.id.n ? it.id.p[0] : '-',
                 it.status == 0 ? "" : "!");
        at += n;
    }
    if (at == v.n)
        buf_printf(out, "%s ", ids);
    else
        buf_printf(out, "<%zu bytes> ", v.n);
}

/* All that leaves now, and what ends it: "a b close". The last record's bytes go to
 * rig_last. */
RIG struct buf rig_last;
RIG struct action rig_end_action;

RIG const char *rig_sent(struct session *s)
{
    static struct buf out;
    static const char *const ends[] = {"", "", "close ", "reset ", "half "};
    buf_clear(&out);
    buf_init(&out, 4000);
    for (int i = 0; i < 200; i++) {
        struct action a = session_next(s, rig_now);
        rig_end_action = a;
        if (a.kind != ACTION_SEND) {
            buf_printf(&out, "%s%s", a.abrupt ? "abrupt " : "", ends[a.kind]);
            if (a.kind != ACTION_HALF_CLOSE)
                break;
            continue;
        }
        rig_describe(buf_bytes(&a.reply->bytes), &out);
        buf_clear(&rig_last);
        buf_init(&rig_last, BUF_NO_LIMIT);
        buf_put_bytes(&rig_last, buf_bytes(&a.reply->bytes));
        reply_free(&a.reply);
    }
    if (out.n > 0 && out.p[out.n - 1] == ' ')
        out.n--;
    return buf_cstr(&out);
}

/* Faults of the journal, an entry each: "1:reorder 3:reorder", by request number
 * ("c" for the connection), of one client (NULL: of all). */
RIG const char *rig_firings(const char *client)
{
    static struct buf out;
    buf_clear(&out);
    buf_init(&out, 20000);
    for (uint64_t n = rig_journal.first; n < rig_journal.next; n++) {
        const struct exchange *e = journal_get(&rig_journal, n);
        if (e->n_faults == 0 || (client && strcmp(e->client, client) != 0))
            continue;
        if (e->nth)
            buf_printf(&out, "%llu:%s ", (unsigned long long)e->nth, e->faults);
        else
            buf_printf(&out, "c:%s ", e->faults);
    }
    if (out.n > 0)
        out.n--;
    return buf_cstr(&out);
}

#endif
