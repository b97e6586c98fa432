/* Sending a request and getting its reply (runner.h): journal, evidence and the
 * standard's rules on the way, asynchronous answers followed to their end. */
#include "conformance/runner.h"

#include "client/lib/requests.h"
#include "conformance/replay.h"
#include "kmip/base/clock.h"

#define POLL_EVERY_MS 100
#define POLL_AT_MOST_MS 60000
#define MESSAGE_MAX (64u << 20)

void sent_init(struct sent *s)
{
    memset(s, 0, sizeof *s);
    buf_init(&s->request, MESSAGE_MAX);
    buf_init(&s->reply, MESSAGE_MAX);
    buf_init(&s->asked, MESSAGE_MAX);
}

void sent_clear(struct sent *s)
{
    buf_clear(&s->request);
    buf_clear(&s->reply);
    buf_clear(&s->asked);
}

/* ---- evidence --------------------------------------------------------------- */

static bool keep(struct running *rn, const char *client, const struct sent *s, int64_t sent_ns,
                 const char *note)
{
    const struct pace *pace = &rn->runner->target->pace;
    const struct exchange e = {.step = rn->step,
                               .client = client,
                               .note = note,
                               .sent_ns = sent_ns,
                               .took_ns = clock_mono_ns() - sent_ns,
                               .wall_ns = pace_wall_ns(pace),
                               .mono_ns = pace_mono_ns(pace),
                               .silent = s->silent,
                               .request = buf_bytes(&s->asked),
                               .reply = buf_bytes(&s->reply)};
    return result_keep(rn->result, &e) ||
           kerr_set(&rn->err, KE_MEMORY, "no memory to keep an exchange");
}

/* ---- one message out, one in ------------------------------------------------ */

/* The connection ended where a reply should have begun, whoever's words it has. */
static bool is_closed(const struct kerr *err)
{
    return (err->code == KE_CLOSED && err->off == KERR_NO_OFF) || err->code == KE_TLS;
}

/* A message that nobody asked for, or the reply to another request: what comes next on
 * this connection would be taken for the wrong one. Ends the connection, and the case if
 * it holds it by name. */
static bool out_of_step(struct running *rn, const char *client, bool must, const char *what)
{
    rules_unasked(rn, must, what);
    rn->over = target_is_named(rn->runner->target, client);
    target_close(rn->runner->target, client);
    return !rn->over;
}

/* What has come too late to be noticed then: of this case if it has asked anything yet. */
static bool nothing_waits(struct running *rn, const char *client)
{
    bool begun = rn->result->exchanges != NULL;
    return !target_unasked(rn->runner->target, client) ||
           out_of_step(rn, client, begun,
                       begun ? "a further message stood on the connection before this request"
                             : "a message stood on the connection before the case's first request");
}

/* All but the last piece, each in a record of its own, when the request goes in pieces;
 * *rest is what is left. False when the server has hung up meanwhile. */
static bool send_pieces(struct kc_client *kc, const struct sent *s, struct bytes *rest,
                        struct kerr *err)
{
    *rest = buf_bytes(&s->asked);
    for (size_t piece = (size_t)s->pieces; piece > 0 && rest->n > piece;) {
        if (!kc_send_raw(kc, bytes_of(rest->p, piece), err))
            return false;
        *rest = bytes_of(rest->p + piece, rest->n - piece);
    }
    return true;
}

/* On the wire and back. A closed connection is an answer, not an error. */
static bool transfer_live(struct running *rn, const char *client, struct sent *s)
{
    struct target *t = rn->runner->target;
    struct kerr err = KERR_INIT;
    struct bytes rest;
    struct target_client *tc =
        nothing_waits(rn, client) ? target_client(t, client, &rn->err) : NULL;
    if (!tc)
        return false;
    int64_t sent_ns = clock_mono_ns();
    buf_reset(&s->reply);
    if (s->within_ns > 0)
        kc_set_timeout(tc->kc, s->within_ns);
    s->has_reply = send_pieces(tc->kc, s, &rest, &err) &&
                   kc_exchange(tc->kc, rest, &s->reply, NULL, &err);
    kc_set_timeout(tc->kc, t->opt.settings.timeout_ns);
    tc->last_ns = pace_mono_ns(&t->pace);
    s->followed = s->has_reply && target_unasked(t, client);
    if (!s->has_reply || strcmp(client, "fresh") == 0)
        target_close(t, client);
    if (!s->has_reply) {
        buf_reset(&s->reply);
        s->silent = s->within_ns > 0 && err.code == KE_TIMEOUT;
        /* What is no message keeps its own words; so does silence, unless the step has
         * set a time for it. */
        if (!is_closed(&err) && !s->silent)
            rn->err = err;
    }
    return keep(rn, client, s, sent_ns, s->has_reply ? "" : err.msg) && rn->err.code == KE_OK;
}

static bool transfer(struct running *rn, const char *client, struct sent *s)
{
    if (!rn->runner->replay)
        return transfer_live(rn, client, s);
    int64_t sent_ns = clock_mono_ns();
    return replay_exchange(rn->runner->replay, rn, s) && keep(rn, client, s, sent_ns, "");
}

static void note_time(struct running *rn, const struct kmip_message *m, int64_t sent_s)
{
    if (!m->header.has_time_stamp)
        return;
    struct target *t = rn->runner->target;
    target_note_time(t, m->header.time_stamp, sent_s, pace_wall_ns(&t->pace) / NS_PER_S);
    rn->vars.server_offset_s = t->offset_s;
}

/* An operation of the request that the server denies, having announced it. */
static void note_denied(struct running *rn, struct kmip_message m)
{
    struct kmip_item it;
    rn->denied = 0;
    while (kmip_next_item(&m, &it))
        if (it.has_operation && it.has_reason &&
            it.reason == KMIP_RESULT_REASON_OPERATION_NOT_SUPPORTED &&
            target_has_operation(rn->runner->target, it.operation))
            rn->denied = it.operation;
}

/* A server may hang up behind a message that it refuses as a whole, and a moment later
 * than we look: the next request goes out on a new connection, unless the case itself
 * holds this one. */
static void leave_refused(struct running *rn, const char *client, struct kmip_message m)
{
    struct kmip_item it;
    if (m.n_items == 1 && kmip_next_item(&m, &it) && !it.has_operation &&
        it.status == KMIP_RESULT_STATUS_OPERATION_FAILED &&
        !target_is_named(rn->runner->target, client))
        target_close(rn->runner->target, client);
}

/* Is the reply that to this request, and nothing behind it? */
static bool in_step(struct running *rn, const char *client, const struct sent *s)
{
    char what[200];
    if (target_out_of_step(buf_bytes(&s->asked), buf_bytes(&s->reply), what)) {
        out_of_step(rn, client, true, what);
        rn->over = true; /* what the reply says is of something else */
        return false;
    }
    return !s->followed ||
           out_of_step(rn, client, true, "a further message came behind the reply");
}

/* s->asked out, s->reply in; `poll`: for the answer to s->request. */
static bool once(struct running *rn, const char *client, struct sent *s, bool poll)
{
    struct kmip_message m;
    struct bytes asked = buf_bytes(&s->asked);
    int64_t sent_s = pace_wall_ns(&rn->runner->target->pace) / NS_PER_S;
    if (!made_allowed(rn, asked) || (!poll && !made_before(rn, client, asked, &s->ask)) ||
        !transfer(rn, client, s))
        return false;
    rn->denied = 0;
    if (!s->has_reply)
        return true;
    rules_check(rn, s);
    if (kmip_open(&m, buf_bytes(&s->reply), NULL)) {
        note_time(rn, &m, sent_s);
        note_denied(rn, m);
        leave_refused(rn, client, m);
    }
    return made_after(rn, client, buf_bytes(&s->request), buf_bytes(&s->reply), s->ask) &&
           in_step(rn, client, s);
}

/* ---- asynchronous answers --------------------------------------------------- */

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

static bool build_poll(struct running *rn, uint8_t version, struct bytes correlation,
                       struct buf *out)
{
    const struct kmip_request rq = {.version = version};
    struct ttlv_writer w;
    buf_reset(out);
    req_begin(&w, out, &rq, KMIP_OPERATION_POLL, bytes_of(NULL, 0), &rn->err);
    ttlv_w_bytes(&w, KMIP_TAG_ASYNCHRONOUS_CORRELATION_VALUE, correlation);
    return req_end(&w);
}

static bool follow(struct running *rn, const char *client, struct sent *s)
{
    struct buf correlation;
    struct kmip_message request;
    uint8_t version = rn->runner->target->opt.settings.version;
    const struct pace *pace = &rn->runner->target->pace;
    int64_t deadline = pace_mono_ns(pace) + POLL_AT_MOST_MS * NS_PER_MS;
    bool ok = true, readable = kmip_open(&request, buf_bytes(&s->request), NULL);
    if (readable && request.header.version)
        version = request.header.version;
    buf_init(&correlation, 4096);
    while (ok && s->has_reply && pending(buf_bytes(&s->reply), &correlation)) {
        s->unasked_async = readable && !request.header.async;
        if (pace_mono_ns(pace) >= deadline || *rn->runner->stop)
            break;
        ok = (!s->polled || pause_ns(rn, POLL_EVERY_MS * NS_PER_MS)) &&
             build_poll(rn, version, buf_bytes(&correlation), &s->asked) &&
             once(rn, client, s, true);
        s->polled = true;
    }
    buf_clear(&correlation);
    return ok;
}

bool exchange_run(struct running *rn, const char *client, struct sent *s, bool poll_it)
{
    buf_reset(&s->asked);
    if (!buf_put_bytes(&s->asked, buf_bytes(&s->request)))
        return kerr_set(&rn->err, KE_MEMORY, "no memory for a request");
    return once(rn, client, s, false) && (!poll_it || !s->has_reply || follow(rn, client, s));
}
