/* A session (session.h): framing, engine, pipeline. */
#include "mockserver/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kmip/base/clock.h"
#include "kmip/base/log.h"
#include "kmip/base/text.h"
#include "kmip/net/tls.h"
#include "kmip/ttlv/framing.h"
#include "mockserver/rng.h"

/* Replies that may wait to leave before reading stops. The byte bound counts held
 * replies too: these leave after max_wait at the latest, so nothing locks up. */
#define FULL_REPLIES 128u
#define FULL_BYTES (4u << 20)

static char nobody[] = "-"; /* whose name there was no memory for */

/* --- beginning and end ------------------------------------------------- */

static void on_struck(void *arg, void *owner, const struct reply *r)
{
    struct session *s = arg;
    static const char event[] = "held, and let go together with its neighbours";
    if (owner)
        fault_struck(&s->faults, owner, r->request + 1, r->exchange, event);
    else
        fault_configured(&s->faults, CONFIGURED_REORDER, r->request + 1, r->exchange, event);
}

static void on_missed(void *arg, void *owner)
{
    struct session *s = arg;
    if (owner)
        fault_missed(&s->faults, owner);
}

static void on_forget(void *arg, const struct fault_use *u)
{
    pipeline_dissolve(&((struct session *)arg)->pipe, u);
}

void session_init(struct session *s, struct mock_engine *e, const struct mock_peer *peer,
                  uint64_t number, int64_t now_ns)
{
    const struct mock_config *cfg = e->cfg;
    *s = (struct session){
        .engine = e, .peer = *peer, .number = number, .partial_ns = INT64_MAX, .active_ns = now_ns};
    draws_init(&s->draws, cfg, e->run, peer->identity, number);
    s->message_max = (size_t)cfg->limits.message_size;
    buf_init(&s->in, s->message_max + 2 * TLS_RECORD_MAX);
    pipeline_init(&s->pipe, (size_t)cfg->reorder_window, cfg->reorder_wait_ns, (uint64_t)cfg->seed,
                  number);
    s->pipe.watch = (struct pipeline_watch){.struck = on_struck, .missed = on_missed, .arg = s};
    struct buf who;
    buf_init(&who, BUF_NO_LIMIT);
    text_quote(&who, bytes_str(peer->identity[0] ? peer->identity : "-"), 200);
    char *copy = strdup(buf_cstr(&who));
    s->who = copy ? copy : nobody;
    buf_clear(&who);
}

void session_rearrange(struct session *s)
{
    const struct mock_config *cfg = s->engine->cfg;
    pipeline_rearrange(&s->pipe, (size_t)cfg->reorder_window, cfg->reorder_wait_ns);
}

static bool clock_is_for(const struct clock_choice *c, const struct session *s)
{
    uint64_t number = c->client && s->faults.set ? s->faults.ordinal : s->number;
    return (!c->client || text_glob(c->client, s->peer.identity)) &&
           (c->connection == 0 || (uint64_t)c->connection == number);
}

static void own_clock(struct session *s, const struct clock_spec *spec)
{
    s->own_clock = malloc(sizeof *s->own_clock);
    s->pipe.failed = !s->own_clock;
    if (s->own_clock)
        mock_clock_init_own(s->own_clock, spec, s->clock);
}

void session_attach(struct session *s, struct fault_set *faults, struct journal *journal,
                    struct mock_clock *clock, int64_t now_ns)
{
    const struct mock_config *cfg = s->engine->cfg;
    s->journal = journal && journal->room > 0 ? journal : NULL;
    s->wall_minus_mono_ns = s->journal ? clock_wall_ns() - clock_mono_ns() : 0;
    s->clock = clock;
    s->active_ns = mock_clock_virtual(clock, now_ns);
    if (faults) {
        fault_conn_open(&s->faults, faults, s->number, s->peer.identity, clock, now_ns);
        s->faults.forget = on_forget;
        s->faults.forget_arg = s;
        s->pipe.rng = rng_stream((uint64_t)cfg->seed, s->faults.stream);
        draws_init(&s->draws, cfg, s->engine->run, s->peer.identity, s->faults.ordinal);
    }
    for (size_t i = 0; clock && i < cfg->clocks.n && !s->own_clock && !s->pipe.failed; i++)
        if (clock_is_for(&cfg->clocks.v[i], s))
            own_clock(s, &cfg->clocks.v[i].spec);
}

void session_clear(struct session *s)
{
    buf_clear(&s->in);
    fault_conn_close(&s->faults);
    s->pipe.watch = (struct pipeline_watch){0};
    pipeline_clear(&s->pipe);
    free(s->own_clock);
    s->own_clock = NULL;
    if (s->who != nobody)
        free(s->who);
    s->who = nobody;
    s->ending = true;
}

size_t session_held(const struct session *s)
{
    return s->in.cap + s->pipe.bytes;
}

bool session_full(const struct session *s)
{
    return s->pipe.n_out >= FULL_REPLIES || s->pipe.bytes >= FULL_BYTES;
}

static void touch(struct session *s, int64_t now_ns)
{
    s->active_ns = mock_clock_virtual(s->clock, now_ns);
    fault_conn_active(&s->faults, now_ns);
}

/* --- answering --------------------------------------------------------- */

/* One request on its way to its reply. */
struct answering {
    struct bytes request;
    struct buf out;
    struct answer_note note;
    struct fault_exchange *faults; /* NULL: none has to do with it */
    struct behaviour configured, *behaved; /* without faults; what has become of it */
    struct clock_ahead clock;      /* that it saw */
    int64_t now_ns;
    int64_t took_ns; /* measured when somebody will look at it */
};

/* s with control characters escaped and `before` in front; nothing when empty. */
static void put_quoted(struct buf *line, const char *before, const char *s)
{
    if (!s[0])
        return;
    buf_puts(line, before);
    text_quote(line, bytes_str(s), 200);
}

/* One line per exchange: who asked for what, what became of it, how long it took, and which
 * faults had to do with it. */
static void log_exchange(const struct session *s, const struct answering *a)
{
    const struct answer_note *note = &a->note;
    struct buf line;
    char faults[300] = "";
    buf_init(&line, 1500);
    buf_puts(&line, note->operation ? kmip_operation_name(note->operation) : "no operation");
    if (note->items > 1)
        buf_printf(&line, " (+%u more)", note->items - 1);
    put_quoted(&line, " ", note->uid);
    buf_printf(&line, " -> %s", kmip_name_of("Result Status", note->status));
    if (note->reason != 0)
        buf_printf(&line, ", %s", kmip_name_of("Result Reason", note->reason));
    put_quoted(&line, ": ", note->message);
    buf_printf(&line, ", %zu B in, %zu B out, %.3f ms", a->request.n, a->out.n,
               (double)a->took_ns / 1e6);
    put_quoted(&line, "; fault: ", a->faults ? fault_names(a->faults, faults, sizeof faults) : "");
    log_line(LOG_INFO, "#%llu/%llu %s: %s", (unsigned long long)s->number,
             (unsigned long long)s->n_requests + 1, s->who, buf_cstr(&line));
    buf_clear(&line);
}

static uint64_t keep(struct session *s, const struct answering *a)
{
    struct journal_about about = {.connection = s->number,
                                  .nth = s->n_requests + 1,
                                  .client = s->peer.identity,
                                  .received_ns = a->now_ns + s->wall_minus_mono_ns,
                                  .took_ns = a->took_ns,
                                  .clock = a->clock};
    return s->journal
               ? journal_add(s->journal, &about, &a->note, a->request, buf_bytes(&a->out))
               : 0;
}

/* What came out differently for what is configured, and not for a fault. */
static void tell_configured(struct session *s, const struct answering *a, uint64_t exchange)
{
    static const enum fault_configured as[BEHAVIOUR_KINDS] = {
        [BEHAVIOUR_COMPOUND_CREATE] = CONFIGURED_COMPOUND_CREATE,
        [BEHAVIOUR_CUSTOM_ATTRIBUTES] = CONFIGURED_CUSTOM_ATTRIBUTES};
    for (int kind = 0; a->behaved && kind < BEHAVIOUR_KINDS; kind++) {
        const char *event = behaviour_configured(a->behaved, (enum behaviour_kind)kind);
        if (event)
            fault_configured(&s->faults, as[kind], s->n_requests + 1, exchange, event);
    }
}

static bool hand_over(struct session *s, struct answering *a, struct kerr *err)
{
    uint64_t exchange = keep(s, a);
    if (a->faults)
        fault_tell(&s->faults, a->faults, exchange);
    tell_configured(s, a, exchange);
    const struct reply_plan *plan = a->faults && a->faults->planned ? &a->faults->plan : NULL;
    if (!pipeline_push(&s->pipe, &a->out, s->n_requests, exchange, plan,
                       mock_clock_virtual(s->clock, a->now_ns)))
        return kerr_set(err, KE_MEMORY, "no memory for a reply");
    s->n_requests++;
    s->engine->requests++;
    return true;
}

/* The clock that this connection sees. */
static struct mock_clock *clock_of(struct session *s)
{
    return s->faults.armed.clock_use ? s->faults.armed.clock : s->own_clock;
}

/* The engine sees the connection's clock, and behaves as faults have it. */
static bool ask_engine(struct session *s, struct answering *a, struct kerr *err)
{
    struct mock_engine *e = s->engine;
    struct fault_exchange *x = a->faults;
    a->behaved = x && x->behaves ? &x->behaviour : &a->configured;
    const struct engine_request rq = {.bytes = a->request,
                                      .peer = &s->peer,
                                      .behaviour = a->behaved,
                                      .draws = &s->draws};
    if (s->clock)
        mock_clock_hold(s->clock, clock_of(s));
    bool ok = engine_answer(e, &rq, &a->out, &a->note, err);
    if (s->clock) {
        a->clock = mock_clock_ahead(s->clock);
        mock_clock_release(s->clock);
    }
    return ok;
}

static bool answer(struct session *s, struct bytes request, int64_t now_ns, struct kerr *err)
{
    struct fault_exchange faults;
    struct answering a = {.request = request, .now_ns = now_ns};
    bool logged = log_on(LOG_INFO), timed = logged || s->journal;
    int64_t began = timed ? clock_mono_ns() : 0;
    buf_init(&a.out, (size_t)s->engine->cfg->limits.response_size);
    if (fault_conn_busy(&s->faults)) {
        a.faults = &faults;
        fault_request(&s->faults, request, now_ns, &faults);
    }
    bool ok = ask_engine(s, &a, err);
    if (ok && a.faults && !fault_reply(&s->faults, a.faults, &a.out, now_ns))
        ok = kerr_set(err, KE_MEMORY, "no memory for a reply");
    if (ok && timed)
        a.took_ns = clock_mono_ns() - began;
    if (ok && logged)
        log_exchange(s, &a);
    ok = ok && hand_over(s, &a, err);
    buf_clear(&a.out);
    return ok;
}

/* Framing is lost, so nothing behind these bytes can be understood: one error
 * reply, then the end. */
static bool reject(struct session *s, struct bytes bytes, const struct kerr *why, int64_t now_ns,
                   struct kerr *err)
{
    struct answering a = {.request = bytes,
                          .now_ns = now_ns,
                          .note = {.status = KMIP_RESULT_STATUS_OPERATION_FAILED,
                                   .reason = KMIP_RESULT_REASON_INVALID_MESSAGE}};
    char text[900];
    log_line(LOG_WARN, "#%llu/%llu %s: rejected, connection ends: %s",
             (unsigned long long)s->number, (unsigned long long)s->n_requests + 1, s->who,
             kerr_format(why, text, sizeof text));
    buf_init(&a.out, (size_t)s->engine->cfg->limits.response_size);
    bool silent = switch_on(&s->engine->cfg->switches, VAR_LOST_FRAMING_ENDS_CONNECTION);
    bool ok = silent || (engine_reject(s->engine, why, &a.out, err) && hand_over(s, &a, err));
    buf_clear(&a.out);
    s->ending = true; /* s->in may be what is being read: session_feed clears it */
    return ok;
}

/* Answers the whole messages at the start of v as long as replies find room;
 * *used bytes are done with. */
static bool answer_all(struct session *s, struct bytes v, size_t *used, int64_t now_ns,
                       struct kerr *err)
{
    *used = 0;
    s->stalled = false;
    while (*used < v.n && !s->ending) {
        if (session_full(s)) {
            s->stalled = true;
            return true;
        }
        struct bytes rest = bytes_of(v.p + *used, v.n - *used);
        struct kerr why = KERR_INIT;
        size_t n;
        switch (ttlv_framing(rest, s->message_max, &n, &why)) {
        case TTLV_FRAME_MORE:
            return true;
        case TTLV_FRAME_BAD:
            *used = v.n;
            return reject(s, rest, &why, now_ns, err);
        case TTLV_FRAME_WHOLE:
            *used += n;
            if (!answer(s, bytes_of(rest.p, n), now_ns, err))
                return false;
        }
    }
    return true;
}

static bool feed(struct session *s, struct bytes in, int64_t now_ns, struct kerr *err)
{
    size_t used;
    /* Mostly whole messages come while nothing is left over: no copy then. */
    if (s->in.n == 0) {
        if (!answer_all(s, in, &used, now_ns, err))
            return false;
        return used == in.n || buf_put(&s->in, in.p + used, in.n - used) ||
               kerr_set(err, KE_MEMORY, "no memory for a request");
    }
    if (!buf_put_bytes(&s->in, in))
        return kerr_set(err, KE_MEMORY, "no memory for a request");
    if (!answer_all(s, buf_bytes(&s->in), &used, now_ns, err))
        return false;
    if (used == s->in.n || s->ending)
        buf_clear(&s->in); /* gives the memory back: most connections are idle */
    else
        buf_drop(&s->in, used);
    return true;
}

bool session_feed(struct session *s, struct bytes in, int64_t now_ns, struct kerr *err)
{
    if (s->ending || (in.n == 0 && !s->stalled))
        return true;
    size_t had = s->in.n;
    uint64_t requests = s->n_requests;
    if (!feed(s, in, now_ns, err))
        return false;
    touch(s, now_ns);
    if (s->in.n == 0 || s->stalled)
        s->partial_ns = INT64_MAX;
    else if (had == 0 || s->n_requests != requests || s->partial_ns == INT64_MAX)
        s->partial_ns = now_ns;
    return true;
}

void session_end(struct session *s)
{
    if (s->ending)
        return;
    if (s->in.n > 0)
        log_line(LOG_INFO, "#%llu %s: the last message stays unfinished after %zu bytes",
                 (unsigned long long)s->number, s->who, s->in.n);
    s->ending = true;
    s->partial_ns = INT64_MAX;
    buf_clear(&s->in);
    pipeline_flush(&s->pipe);
}

void session_stop(struct session *s)
{
    session_end(s);
    pipeline_hurry(&s->pipe);
}

/* --- what leaves ------------------------------------------------------- */

static struct action close_action(struct session *s)
{
    struct fault_armed *a = &s->faults.armed;
    struct action close = {.kind = ACTION_CLOSE, .abrupt = a->notify_use != NULL};
    s->ending = true;
    pipeline_shut(&s->pipe);
    if (a->notify_use)
        fault_struck(&s->faults, a->notify_use, 0, 0, "closed without close-notify");
    a->notify_use = NULL;
    return close;
}

/* The end of the connection that a fault has put behind a reply. */
static struct action end_action(struct session *s)
{
    enum reply_end then = s->then;
    s->then = END_NONE;
    if (then == END_CLOSE)
        return close_action(s);
    pipeline_shut(&s->pipe);
    if (then == END_HALF)
        return (struct action){.kind = ACTION_HALF_CLOSE};
    s->ending = true;
    return (struct action){.kind = ACTION_RESET};
}

static void note_left(const struct session *s, const struct reply *r, int64_t now_ns)
{
    if (!s->journal || r->exchange == 0)
        return;
    int64_t now = now_ns + s->wall_minus_mono_ns;
    journal_left(s->journal, r->exchange, now);
    for (const struct reply *j = r->joined; j; j = j->next)
        journal_left(s->journal, j->exchange, now);
}

/* The next reply that has bytes, or none before an end. */
static struct reply *take(struct session *s)
{
    for (struct reply *r; (r = pipeline_take(&s->pipe)); reply_free(&r)) {
        s->then = r->then;
        if (r->bytes.n > 0)
            return r;
        if (s->then != END_NONE) {
            reply_free(&r);
            return NULL;
        }
    }
    return NULL;
}

struct action session_next(struct session *s, int64_t now_ns)
{
    if (s->then != END_NONE)
        return end_action(s);
    if (s->ending)
        pipeline_flush(&s->pipe);
    int64_t due = pipeline_due(&s->pipe, mock_clock_virtual(s->clock, now_ns));
    struct reply *r = take(s);
    if (r) {
        touch(s, now_ns);
        note_left(s, r, now_ns);
        return (struct action){.kind = ACTION_SEND, .reply = r};
    }
    if (s->then != END_NONE)
        return end_action(s);
    if (s->pipe.failed || (s->ending && s->pipe.n_held == 0 && s->pipe.n_out == 0))
        return close_action(s);
    return (struct action){.kind = ACTION_WAIT, .at_ns = mock_clock_monotonic(s->clock, due)};
}

/* --- time limits ------------------------------------------------------- */

int64_t session_deadline(const struct session *s, const char **why)
{
    const struct mock_limits *l = &s->engine->cfg->limits;
    if (s->partial_ns != INT64_MAX) {
        *why = "a request was not finished in time";
        return limit_end(s->partial_ns, l->request_ns);
    }
    *why = "idle for too long";
    if (s->pipe.bytes > 0)
        return INT64_MAX;
    int64_t limit = mock_clock_monotonic(s->clock, limit_end(s->active_ns, l->idle_ns));
    int64_t fault = fault_idle_deadline(&s->faults);
    return fault < limit ? fault : limit;
}

bool session_too_slow(struct session *s, int64_t now_ns)
{
    if (fault_idle_deadline(&s->faults) <= now_ns && s->partial_ns == INT64_MAX)
        fault_idle_struck(&s->faults);
    return close_action(s).abrupt;
}

int64_t session_rate(const struct session *s)
{
    return s->faults.armed.rate;
}
