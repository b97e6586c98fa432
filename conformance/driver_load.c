/* Pipelined requests with one key (driver_load.h). */
#include "conformance/driver_load.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "kmip/base/clock.h"

/* ---- what is seen of the wire ------------------------------------------------ */

void fact_text(char out[FACT_TEXT], const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(out, FACT_TEXT, fmt, ap);
    va_end(ap);
}

void wire_facts_note(struct wire_facts *f, const struct wire_call *c)
{
    const char *what = kmip_operation_name(c->operation);
    if (!c->answered && c->err.code == KE_BATCH_ID) { /* a reply with an id of nobody's */
        f->replies++;
        f->unnamed++;
        if (!f->where[0])
            fact_text(f->where, "%s", c->err.msg);
    }
    if (!c->answered)
        return;
    f->replies++;
    bool moved = wire_moved(c), split = c->seen.records > 1;
    /* An error about a message that could not be read has no id to bear (KMIP 1.2 spec,
     * 7.2), and what was asked for fails anyway. */
    bool unnamed = !c->named && !c->refusal.refused;
    if (c->seen.records > f->most_records)
        f->most_records = c->seen.records;
    if (c->reply.n > f->longest)
        f->longest = c->reply.n;
    if (!f->where[0] && split)
        fact_text(f->where, "reply %u of a connection (%s, %zu bytes) came in %u TLS records",
                  c->place + 1, what, c->reply.n, c->seen.records);
    else if (!f->where[0] && c->seen.shared_record)
        fact_text(f->where, "reply %u of a connection (%s) shared a TLS record with another",
                  c->place + 1, what);
    else if (!f->where[0] && moved)
        fact_text(f->where, "the reply to request %u of a connection (%s) came as number %u",
                  c->place + 1, what, c->seen.order + 1);
    else if (!f->where[0] && unnamed)
        fact_text(f->where, "the reply to request %u of a connection (%s) does not bear its id",
                  c->place + 1, what);
    f->split += split;
    f->shared += c->seen.shared_record;
    f->moved += moved;
    f->unnamed += unnamed;
}

void wire_facts_join(struct wire_facts *f, const struct wire_facts *more)
{
    f->replies += more->replies;
    f->split += more->split;
    f->shared += more->shared;
    f->moved += more->moved;
    f->unnamed += more->unnamed;
    if (more->most_records > f->most_records)
        f->most_records = more->most_records;
    if (more->longest > f->longest)
        f->longest = more->longest;
    if (!f->where[0])
        memcpy(f->where, more->where, sizeof f->where);
}

/* ---- known pairs ------------------------------------------------------------ */

void load_begin(struct load_pairs *p)
{
    for (size_t i = 0; i < LOAD_PAIRS; i++)
        buf_init(&p->cipher[i], 4096);
}

bool load_learn(struct load_pairs *p, size_t i, struct wire *w, const char *uid, struct kerr *err)
{
    for (size_t k = 0; k < KEY_DATA; k++)
        p->plain[i][k] = (uint8_t)(k == 0 ? i + 1 : 16 * i + k);
    return key_crypt(w, uid, false, bytes_of(p->plain[i], KEY_DATA), &p->cipher[i], err);
}

bool load_prepare(struct load_pairs *p, struct wire *w, const char *uid, struct kerr *err)
{
    bool ok = true;
    load_begin(p);
    for (size_t i = 0; ok && i < LOAD_PAIRS; i++)
        ok = load_learn(p, i, w, uid, err);
    return ok;
}

void load_clear(struct load_pairs *p)
{
    for (size_t i = 0; i < LOAD_PAIRS; i++)
        buf_clear(&p->cipher[i]);
}

/* ---- the series ------------------------------------------------------------- */

struct series {
    struct wire *w;
    const struct load_pairs *pairs;
    const struct load_plan *plan;
    struct depth_facts *d;
    struct wire_call flight[DRIVER_DEPTH_MAX];
    unsigned sent, taken;
    int64_t *latency; /* of each request taken */
    struct picture_event *event; /* of all: two for each, in the order met */
    size_t n_events;
    int64_t began_ns;
};

/* Its reply has come, or will not. */
static void note_events(struct series *s, const struct wire_call *c)
{
    if (s->n_events + 2 > 2 * (size_t)s->plan->most || !c->sent)
        return;
    wire_event(s->w, c, EVENT_SENT, &s->event[s->n_events++]);
    if (c->answered)
        wire_event(s->w, c, EVENT_REPLY, &s->event[s->n_events++]);
}

static bool is_decrypt(const struct series *s, unsigned i)
{
    return i % 2 && !s->plan->encrypt_only;
}

/* What goes in with request i, or comes back. */
static struct bytes data_of(const struct series *s, unsigned i, bool back)
{
    size_t pair = (s->plan->encrypt_only ? i : i / 2) % LOAD_PAIRS;
    return is_decrypt(s, i) != back ? buf_bytes(&s->pairs->cipher[pair])
                                    : bytes_of(s->pairs->plain[pair], KEY_DATA);
}

static bool send_next(struct series *s)
{
    struct wire_call *c = &s->flight[s->sent % s->plan->depth];
    uint32_t operation = is_decrypt(s, s->sent) ? KMIP_OPERATION_DECRYPT : KMIP_OPERATION_ENCRYPT;
    key_put_crypt(wire_begin(s->w, c, operation), s->plan->uid, data_of(s, s->sent, false));
    s->sent++;
    return wire_send(s->w, c);
}

static bool take_next(struct series *s)
{
    struct wire_call *c = &s->flight[s->taken % s->plan->depth];
    struct buf data;
    buf_init(&data, 1u << 20);
    bool ok = wire_take(s->w, c);
    wire_facts_note(&s->d->wire, c);
    note_events(s, c);
    ok = ok && key_take_data(c, &data);
    if (ok && !bytes_eq(buf_bytes(&data), data_of(s, s->taken, true)))
        ok = kerr_set(&c->err, KE_REPLY,
                      "the reply to request %u bears its id and another request's content",
                      c->place + 1);
    buf_clear(&data);
    if (!ok)
        return false;
    s->latency[s->taken] = c->seen.arrived_ns - c->begun_ns;
    s->taken++;
    wire_call_clear(c);
    return true;
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void figures(struct series *s, int64_t took_ns)
{
    struct depth_facts *d = s->d;
    unsigned n = s->taken;
    if (n == 0)
        return;
    qsort(s->latency, n, sizeof *s->latency, by_size);
    d->median_ns = s->latency[n / 2];
    d->p99_ns = s->latency[(n * 99 - 1) / 100];
    d->most_ns = s->latency[n - 1];
    d->per_second = (double)n / ((double)(took_ns > 0 ? took_ns : 1) / (double)NS_PER_S);
}

/* ---- for a picture ----------------------------------------------------------- */

static int by_time(const void *a, const void *b)
{
    const struct picture_event *x = a, *y = b;
    if (x->at_ns != y->at_ns)
        return x->at_ns < y->at_ns ? -1 : 1;
    return (x->order > y->order) - (x->order < y->order); /* of replies in one record */
}

static bool is_odd(const struct picture_event *e)
{
    return e->kind == EVENT_REPLY && (e->order != e->request || e->records > 1 || e->shared);
}

/* The first request to be seen: so that those are, which an odd reply overtook. */
static uint32_t first_seen(const struct series *s)
{
    for (size_t i = 0; i < s->n_events; i++)
        if (is_odd(&s->event[i]))
            return s->event[i].request > s->plan->depth ? s->event[i].request - s->plan->depth : 1;
    return 1;
}

static void keep_seen(struct series *s)
{
    struct seen_facts *f = &s->d->seen;
    qsort(s->event, s->n_events, sizeof *s->event, by_time);
    uint32_t first = first_seen(s);
    for (size_t i = 0; i < s->n_events; i++) {
        struct picture_event e = s->event[i];
        if (e.request < first || e.request >= first + SEEN_REQUESTS)
            continue;
        e.at_ns = (e.at_ns - s->began_ns) / 1000 * 1000; /* microseconds, as in reports */
        f->v[f->n++] = e;
    }
}

/* True while another request is due. */
static bool more(const struct series *s, int64_t deadline)
{
    const struct load_plan *p = s->plan;
    if (p->stop && *p->stop)
        return false;
    return s->sent < p->least || (s->sent < p->most && clock_mono_ns() < deadline);
}

static bool series_run(struct series *s, struct kerr *err)
{
    int64_t from = clock_mono_ns(), deadline = from + s->plan->at_most_ns;
    s->began_ns = from;
    s->d->seen.began_wall_ns = clock_wall_ns() / NS_PER_MS * NS_PER_MS;
    bool ok = true, sending;
    do {
        sending = more(s, deadline);
        if (sending)
            ok = send_next(s);
        if (ok && s->sent > s->taken && (!sending || s->sent - s->taken == s->plan->depth))
            ok = take_next(s);
    } while (ok && (sending || s->sent > s->taken));
    figures(s, clock_mono_ns() - from);
    if (ok)
        return true;
    const struct kerr *why = NULL;
    for (unsigned i = s->taken; i < s->sent; i++) { /* the first that failed has the reason */
        struct wire_call *c = &s->flight[i % s->plan->depth];
        if (c->err.code == KE_OK && c->sent) {
            if (!wire_take(s->w, c))
                wire_facts_note(&s->d->wire, c);
            note_events(s, c);
        }
        if (c->err.code != KE_OK && (!why || i == s->taken))
            why = &c->err;
    }
    if (why)
        kerr_set_at(err, why->code, why->off, why->path, "%s", why->msg);
    for (unsigned i = s->taken; i < s->sent; i++)
        wire_call_clear(&s->flight[i % s->plan->depth]);
    return false;
}

bool load_run(struct wire *w, const struct load_pairs *p, const struct load_plan *plan,
              struct depth_facts *d, struct kerr *err)
{
    struct series *s = calloc(1, sizeof *s);
    *d = (struct depth_facts){.depth = plan->depth};
    if (s)
        s->latency = calloc(plan->most + 1, sizeof *s->latency);
    if (s)
        s->event = calloc(2 * (size_t)plan->most + 1, sizeof *s->event);
    bool ok = s && s->latency && s->event;
    if (!ok)
        kerr_set(err, KE_MEMORY, "no memory for a series of requests");
    if (ok) {
        s->w = w;
        s->pairs = p;
        s->plan = plan;
        s->d = d;
        ok = series_run(s, err);
        keep_seen(s);
    }
    d->works = ok ? TRI_YES : TRI_NO;
    if (!ok)
        fact_text(d->why, "%s", err->msg);
    if (s) {
        free(s->latency);
        free(s->event);
    }
    free(s);
    return ok;
}
