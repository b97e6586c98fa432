/* A session (session.h): framing, engine, pipeline. */
#include "mockserver/session.h"

#include <stdio.h>

#include "kmip/base/clock.h"
#include "kmip/base/log.h"
#include "kmip/base/text.h"
#include "kmip/net/tls.h"
#include "kmip/ttlv/framing.h"

/* Replies that may wait to leave before reading stops. The byte bound counts held
 * replies too: these leave after max_wait at the latest, so nothing locks up. */
#define FULL_REPLIES 128u
#define FULL_BYTES (4u << 20)
/* No reply grows beyond this; a Locate that finds a million objects stays below. */
#define REPLY_MAX (64u << 20)

void session_init(struct session *s, struct mock_engine *e, const struct mock_peer *peer,
                  uint64_t number, int64_t now_ns)
{
    const struct mock_config *cfg = e->cfg;
    *s = (struct session){
        .engine = e, .peer = *peer, .number = number, .partial_ns = INT64_MAX, .active_ns = now_ns};
    buf_init(&s->in, (size_t)cfg->limits.message_size + 2 * TLS_RECORD_MAX);
    pipeline_init(&s->pipe, (size_t)cfg->reorder_window, cfg->reorder_wait_ns, (uint64_t)cfg->seed,
                  number);
    struct buf who;
    buf_init(&who, sizeof s->who - 1);
    text_quote(&who, bytes_str(peer->identity[0] ? peer->identity : "-"), 200);
    snprintf(s->who, sizeof s->who, "%s", buf_cstr(&who));
    buf_clear(&who);
}

void session_clear(struct session *s)
{
    buf_clear(&s->in);
    pipeline_clear(&s->pipe);
    s->ending = true;
}

bool session_full(const struct session *s)
{
    return s->pipe.n_out >= FULL_REPLIES || s->reply_bytes >= FULL_BYTES;
}

/* s with control characters escaped and `before` in front; nothing when empty. */
static void put_quoted(struct buf *line, const char *before, const char *s)
{
    if (!s[0])
        return;
    buf_puts(line, before);
    text_quote(line, bytes_str(s), 200);
}

/* One line per exchange: who asked for what, what became of it, how long it took. */
static void log_exchange(const struct session *s, const struct answer_note *note, size_t asked,
                         size_t replied, int64_t took_ns)
{
    struct buf line;
    buf_init(&line, 1500);
    buf_puts(&line, note->operation ? kmip_operation_name(note->operation) : "no operation");
    if (note->items > 1)
        buf_printf(&line, " (+%u more)", note->items - 1);
    put_quoted(&line, " ", note->uid);
    buf_printf(&line, " -> %s", kmip_name_of("Result Status", note->status));
    if (note->reason != 0)
        buf_printf(&line, ", %s", kmip_name_of("Result Reason", note->reason));
    put_quoted(&line, ": ", note->message);
    log_line(LOG_INFO, "#%llu/%llu %s: %s, %zu B in, %zu B out, %.3f ms",
             (unsigned long long)s->number, (unsigned long long)s->n_requests + 1, s->who,
             buf_cstr(&line), asked, replied, (double)took_ns / 1e6);
    buf_clear(&line);
}

static bool hand_over(struct session *s, struct buf *out, int64_t now_ns, struct kerr *err)
{
    size_t n = out->n;
    if (!pipeline_push(&s->pipe, out, s->n_requests, now_ns))
        return kerr_set(err, KE_MEMORY, "no memory for a reply");
    s->n_requests++;
    s->reply_bytes += n;
    return true;
}

static bool answer(struct session *s, struct bytes request, int64_t now_ns, struct kerr *err)
{
    struct buf out;
    struct answer_note note = {0};
    bool logged = log_on(LOG_INFO);
    int64_t began = logged ? clock_mono_ns() : 0;
    buf_init(&out, REPLY_MAX);
    bool ok = engine_answer(s->engine, &s->peer, request, &out, &note, err);
    if (ok && logged)
        log_exchange(s, &note, request.n, out.n, clock_mono_ns() - began);
    ok = ok && hand_over(s, &out, now_ns, err);
    buf_clear(&out);
    return ok;
}

/* Framing is lost, so nothing behind these bytes can be understood: one error
 * reply, then the end. */
static bool reject(struct session *s, const struct kerr *why, int64_t now_ns, struct kerr *err)
{
    struct buf out;
    char text[900];
    log_line(LOG_WARN, "#%llu/%llu %s: rejected, connection ends: %s",
             (unsigned long long)s->number, (unsigned long long)s->n_requests + 1, s->who,
             kerr_format(why, text, sizeof text));
    buf_init(&out, REPLY_MAX);
    bool ok = engine_reject(s->engine, why, &out, err) && hand_over(s, &out, now_ns, err);
    buf_clear(&out);
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
        switch (ttlv_framing(rest, (size_t)s->engine->cfg->limits.message_size, &n, &why)) {
        case TTLV_FRAME_MORE:
            return true;
        case TTLV_FRAME_BAD:
            *used = v.n;
            return reject(s, &why, now_ns, err);
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
    s->active_ns = now_ns;
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

struct action session_next(struct session *s, int64_t now_ns)
{
    if (s->ending)
        pipeline_flush(&s->pipe);
    int64_t at = pipeline_due(&s->pipe, now_ns);
    struct reply *r = pipeline_take(&s->pipe);
    if (r) {
        s->reply_bytes -= r->bytes.n;
        s->active_ns = now_ns;
        return (struct action){.kind = ACTION_SEND, .reply = r};
    }
    if (s->ending && s->pipe.n_held == 0)
        return (struct action){.kind = ACTION_CLOSE};
    return (struct action){.kind = ACTION_WAIT, .at_ns = at};
}

static int64_t later(int64_t since, int64_t limit_ns)
{
    return limit_ns == 0 || since > INT64_MAX - limit_ns ? INT64_MAX : since + limit_ns;
}

int64_t session_deadline(const struct session *s, const char **why)
{
    const struct mock_limits *l = &s->engine->cfg->limits;
    if (s->partial_ns != INT64_MAX) {
        *why = "a request was not finished in time";
        return later(s->partial_ns, l->request_ns);
    }
    *why = "idle for too long";
    return s->reply_bytes > 0 ? INT64_MAX : later(s->active_ns, l->idle_ns);
}
