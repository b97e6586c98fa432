/* Which faults fire at a request, and what becomes of it (fault.h). */
#include <stdio.h>
#include <stdlib.h>

#include "kmip/base/clock.h"
#include "kmip/base/log.h"
#include "kmip/base/text.h"
#include "mockserver/fault_priv.h"
#include "mockserver/rng.h"

/* Firings of one fault that are told at the level every log shows; a fault that fires
 * all the time must not bury the rest. */
enum { LOGGED_LOUD = 10 };

/* --- matching ---------------------------------------------------------- */

bool fault_request_asks(const struct fault_request *rq, const struct read_operations *operations)
{
    struct kmip_message m = rq->msg;
    struct kmip_item it;
    while (rq->readable && kmip_next_item(&m, &it))
        for (size_t i = 0; i < operations->n; i++)
            if (it.has_operation && it.operation == operations->v[i])
                return true;
    return false;
}

bool fault_request_names(const struct fault_request *rq, const char *uid)
{
    struct kmip_message m = rq->msg;
    struct kmip_item it;
    struct ttlv_item id;
    while (rq->readable && kmip_next_item(&m, &it))
        if (it.has_payload && ttlv_find(&it.payload, KMIP_TAG_UNIQUE_IDENTIFIER, &id) &&
            bytes_eq_str(id.val, uid))
            return true;
    return false;
}

static bool in_force(const struct fault *f, const struct fault_conn *c)
{
    return f->since <= c->opened && c->opened <= f->until;
}

static bool state_fits(const struct fault_set *s, const struct fault_match *m)
{
    return !m->scenario || strcmp(fault_scenario(s, m->scenario), m->state) == 0;
}

static bool connection_fits(const struct fault *f, const struct fault_conn *c)
{
    const struct fault_match *m = &f->match;
    if (m->client && !text_glob(m->client, c->client))
        return false;
    uint64_t number = m->client ? c->ordinal : c->number;
    return (m->connection == 0 || (uint64_t)m->connection == number) && state_fits(c->set, m);
}

static bool request_fits(const struct fault *f, const struct fault_request *rq)
{
    const struct fault_match *m = &f->match;
    return (m->operations.n == 0 || fault_request_asks(rq, &m->operations)) &&
           (!m->uid || fault_request_names(rq, m->uid)) &&
           (!f->action->applies || f->action->applies(f->params, rq));
}

static struct fault_use *use_of(struct fault_conn *c, struct fault *f)
{
    struct fault_use **at = &c->uses;
    for (; *at; at = &(*at)->next)
        if ((*at)->fault == f)
            return *at;
    struct fault_use *u = calloc(1, sizeof *u);
    if (!u)
        return NULL;
    u->fault = f;
    u->rng = fault_stream(c->stream, f);
    return *at = u;
}

/* --- counting ---------------------------------------------------------- */

/* Where firings are counted that the fault's `per` makes count. */
static uint64_t *counter(struct fault *f, struct fault_use *u, size_t client)
{
    if (f->per == FAULT_PER_CONNECTION)
        return &u->fired;
    if (f->per == FAULT_PER_SERVER)
        return &f->fired;
    if (client >= f->n_by_client) {
        size_t n = client + 8;
        uint64_t *v = realloc(f->by_client, n * sizeof *v);
        if (!v)
            return &f->fired;
        memset(v + f->n_by_client, 0, (n - f->n_by_client) * sizeof *v);
        f->by_client = v;
        f->n_by_client = n;
    }
    return &f->by_client[client];
}

/* A draw from 0 to 1, the same on every machine: 53 bits fit a double exactly. */
static bool drawn(double probability, uint64_t *rng)
{
    return probability >= 1 || (double)(rng_next(rng) >> 11) * 0x1p-53 < probability;
}

/* It matches: does it fire? The draw is made whenever it might, so that what others
 * use up of a common count does not shift this connection's stream. */
static bool fires(struct fault *f, struct fault_use *u, size_t client)
{
    u->matched++;
    f->matched++;
    uint64_t nth = f->match.nth_of_server ? f->matched : u->matched;
    if (f->match.nth > 0 && nth != (uint64_t)f->match.nth)
        return false;
    bool chance = drawn(f->probability, &u->rng);
    uint64_t *count = counter(f, u, client);
    if (!chance || (f->count != FAULT_ALWAYS && *count >= (uint64_t)f->count))
        return false;
    u->fired++;
    if (count != &u->fired)
        ++*count;
    if (count != &f->fired)
        f->fired++;
    return true;
}

void fault_missed(struct fault_conn *c, struct fault_use *u)
{
    struct fault *f = u->fault;
    uint64_t *count = counter(f, u, c->client_index);
    u->fired -= u->fired > 0;
    if (count != &u->fired)
        *count -= *count > 0;
    if (count != &f->fired)
        f->fired -= f->fired > 0;
}

/* --- telling ----------------------------------------------------------- */

/* What is told, and how often it was told before. */
struct teller {
    const char *name, *kind;
    unsigned *logged;
};

static void put_log(const struct teller *t, uint64_t connection, uint64_t request,
                    const char *client, const char *event)
{
    enum log_level level = *t->logged < LOGGED_LOUD ? LOG_WARN : LOG_INFO;
    if (!log_on(level))
        return;
    struct buf who;
    buf_init(&who, 300);
    text_quote(&who, bytes_str(client[0] ? client : "-"), 200);
    char nth[24] = "";
    if (request > 0)
        snprintf(nth, sizeof nth, "/%llu", (unsigned long long)request);
    log_line(level, "#%llu%s %s: fault %s (%s): %s%s", (unsigned long long)connection, nth,
             buf_cstr(&who), t->name, t->kind, event,
             ++*t->logged == LOGGED_LOUD ? "; further ones at --log info" : "");
    buf_clear(&who);
}

static void move_scenario(struct fault_set *s, const struct fault *f)
{
    struct kerr err = KERR_INIT;
    char text[900];
    if (f->then_scenario && !fault_scenario_set(s, f->then_scenario, f->then_state, &err))
        log_line(LOG_ERROR, "%s", kerr_format(&err, text, sizeof text));
}

static uint64_t connection_entry(struct fault_set *s, uint64_t number, const char *client)
{
    struct journal_about about = {
        .connection = number, .client = client, .received_ns = clock_wall_ns()};
    return s->journal ? journal_add(s->journal, &about, NULL, bytes_of(NULL, 0), bytes_of(NULL, 0))
                      : 0;
}

static void strike(struct fault_set *s, struct fault *f, uint64_t number, uint64_t request,
                   const char *client, uint64_t exchange, const char *event)
{
    const struct teller t = {f->name, f->action->name, &f->logged};
    put_log(&t, number, request, client, event);
    if (s->journal)
        journal_fault(s->journal, exchange, f->name, event);
    move_scenario(s, f);
}

void fault_struck(struct fault_conn *c, struct fault_use *u, uint64_t request, uint64_t exchange,
                  const char *event)
{
    if (request == 0)
        exchange = connection_entry(c->set, c->number, c->client);
    strike(c->set, u->fault, c->number, request, c->client, exchange, event);
}

void fault_configured(struct fault_conn *c, enum fault_configured what, uint64_t request,
                      uint64_t exchange, const char *event)
{
    static const char *const names[] = {[CONFIGURED_REORDER] = "replies.reorder",
                                        [CONFIGURED_COMPOUND_CREATE] = "compound_create",
                                        [CONFIGURED_CUSTOM_ATTRIBUTES] = "custom_attributes"};
    struct fault_set *s = c->set;
    if (!s)
        return;
    const struct teller t = {names[what], "configuration", &s->configured_logged[what]};
    put_log(&t, c->number, request, c->client, event);
    if (s->journal)
        journal_fault(s->journal, exchange, names[what], event);
}

void fault_tell(struct fault_conn *c, struct fault_exchange *x, uint64_t exchange)
{
    for (size_t i = 0; i < x->n_fired; i++)
        if (x->fired[i].state == FIRED_STRUCK)
            strike(c->set, x->fired[i].use->fault, c->number, c->requests, c->client, exchange,
                   x->fired[i].event);
}

const char *fault_names(const struct fault_exchange *x, char *out, size_t room)
{
    size_t at = 0;
    out[0] = '\0';
    for (size_t i = 0; i < x->n_fired && at < room; i++)
        if (x->fired[i].state == FIRED_STRUCK)
            at += (size_t)snprintf(out + at, room - at, "%s%s", at ? ", " : "",
                                   x->fired[i].use->fault->name);
    return out;
}

/* --- firing ------------------------------------------------------------ */

static struct fault_shot shot_at(struct fault_conn *c, struct fault_use *u, int64_t now_ns)
{
    const struct fault *f = u->fault;
    return (struct fault_shot){.fault = f,
                               .params = f->params,
                               .rng = &u->rng,
                               .set = c->set,
                               .use = u,
                               .conn = c,
                               .now_ns = now_ns};
}

/* Fires one that fired already by its count; what came of it goes to *f. */
static bool shoot(struct fault_conn *c, struct fault_exchange *x, struct fired *f,
                  struct buf *reply, int64_t now_ns)
{
    struct fault_shot s = shot_at(c, f->use, now_ns);
    s.request = &x->request;
    s.exchange = x;
    s.share = &f->share;
    s.reply = reply;
    bool ok = f->use->fault->action->apply(&s);
    snprintf(f->event, sizeof f->event, "%s", s.event);
    if (s.later) {
        f->state = FIRED_LATER;
    } else if (ok) {
        f->state = FIRED_STRUCK;
    } else {
        fault_missed(c, f->use);
        log_line(LOG_INFO, "#%llu/%llu: fault %s (%s) had no effect: %s",
                 (unsigned long long)c->number, (unsigned long long)c->requests,
                 f->use->fault->name, f->use->fault->action->name, s.event);
    }
    return !s.no_memory;
}

static void before_engine(struct fault_conn *c, struct fault_exchange *x, struct fired *f,
                          int64_t now_ns)
{
    const struct fault_action *a = f->use->fault->action;
    if (a->stage < FAULT_REQUEST) {
        (void)shoot(c, x, f, NULL, now_ns);
    } else if (a->before) {
        struct fault_shot s = shot_at(c, f->use, now_ns);
        s.request = &x->request;
        s.exchange = x;
        s.share = &f->share;
        a->before(&s);
    }
}

static void consider(struct fault_conn *c, struct fault *f, struct fault_exchange *x)
{
    enum fault_stage stage = f->action->stage;
    if (stage == FAULT_ACCEPT || (stage == FAULT_OPEN && !fault_needs_request(f)))
        return;
    if (!in_force(f, c) || !connection_fits(f, c) || !request_fits(f, &x->request))
        return;
    if (x->n_fired == FAULT_FIRED_MAX) {
        log_line(LOG_WARN, "#%llu/%llu: fault %s: not considered, %d fire at this request already",
                 (unsigned long long)c->number, (unsigned long long)c->requests, f->name,
                 FAULT_FIRED_MAX);
        return;
    }
    struct fault_use *u = use_of(c, f);
    if (u && fires(f, u, c->client_index))
        x->fired[x->n_fired++] = (struct fired){.use = u};
}

static void revoke(struct fault_conn *c, struct fault_exchange *x)
{
    struct fault_armed *a = &c->armed;
    if (!a->revoke_use || (!a->revoked && x->request.idle_ns < a->revoke_idle_ns))
        return;
    a->revoked = true;
    struct behaviour *b = fault_behaviour(x);
    b->refuse_reason = KMIP_RESULT_REASON_GENERAL_FAILURE;
    b->refuse_text = a->revoked_text;
    if (x->n_fired == FAULT_FIRED_MAX)
        return;
    struct fired *f = &x->fired[x->n_fired++];
    *f = (struct fired){.use = a->revoke_use, .state = FIRED_REVOKES};
    snprintf(f->event, sizeof f->event, "General Failure until the client reconnects");
}

static int64_t virtual_ns(const struct fault_conn *c, int64_t now_ns)
{
    return mock_clock_virtual(c->clock, now_ns);
}

static void read_request(struct fault_conn *c, struct bytes request, int64_t now_ns,
                         struct fault_request *rq)
{
    struct kerr ignored = KERR_INIT;
    int64_t now = virtual_ns(c, now_ns);
    rq->bytes = request;
    rq->readable = kmip_open(&rq->msg, request, &ignored);
    rq->idle_ns = now - c->used_ns;
    c->used_ns = now;
}

void fault_request(struct fault_conn *c, struct bytes request, int64_t now_ns,
                   struct fault_exchange *x)
{
    struct fault_set *s = c->set;
    x->n_fired = 0;
    x->behaves = x->planned = false;
    c->requests++;
    s->requests++;
    read_request(c, request, now_ns, &x->request);
    for (size_t i = 0; i < s->n; i++)
        consider(c, s->v[i], x);
    for (struct fault *f = s->retired; f; f = f->next)
        consider(c, f, x);
    for (size_t i = 0; i < x->n_fired; i++)
        before_engine(c, x, &x->fired[i], now_ns);
    revoke(c, x);
}

bool fault_reply(struct fault_conn *c, struct fault_exchange *x, struct buf *reply, int64_t now_ns)
{
    for (size_t i = 0; i < x->n_fired; i++)
        if (x->fired[i].state == FIRED_REVOKES && x->behaviour.used.v[BEHAVIOUR_REFUSE])
            x->fired[i].state = FIRED_STRUCK;
    for (int stage = FAULT_REQUEST; stage <= FAULT_END; stage++)
        for (size_t i = 0; i < x->n_fired; i++)
            if ((int)x->fired[i].use->fault->action->stage == stage &&
                !shoot(c, x, &x->fired[i], reply, now_ns))
                return false;
    return true;
}

/* --- connections ------------------------------------------------------- */

void fault_accept(struct fault_set *s, uint64_t connection, const char *from,
                  struct fault_accept *out)
{
    struct fault *stalled_by = NULL;
    *out = (struct fault_accept){0};
    for (size_t i = 0; i < s->n; i++) {
        struct fault *f = s->v[i];
        const struct fault_match *m = &f->match;
        if (f->action->stage != FAULT_ACCEPT || !state_fits(s, m) ||
            (m->connection > 0 && (uint64_t)m->connection != connection))
            continue;
        struct fault_use u = {.fault = f};
        u.rng = fault_stream(rng_stream(s->seed, connection), f);
        if (!fires(f, &u, 0))
            continue;
        struct fault_shot shot = {
            .fault = f, .params = f->params, .rng = &u.rng, .set = s, .accept = out};
        int64_t stall_ns = out->stall_ns;
        if (f->action->apply(&shot))
            strike(s, f, connection, 0, from, connection_entry(s, connection, ""), shot.event);
        if (out->stall_ns != stall_ns)
            stalled_by = f;
    }
    out->stalled_by = stalled_by;
    if (stalled_by)
        stalled_by->stalls++;
}

void fault_accept_over(struct fault_accept *a)
{
    if (!a->stalled_by)
        return;
    a->stalled_by->stalls--;
    a->stalled_by = NULL;
}

static void arm(struct fault_conn *c, struct fault *f, int64_t now_ns)
{
    if (f->action->stage != FAULT_OPEN || fault_needs_request(f) || !in_force(f, c) ||
        !connection_fits(f, c))
        return;
    struct fault_use *u = use_of(c, f);
    if (!u || !fires(f, u, c->client_index))
        return;
    struct fault_shot s = shot_at(c, u, now_ns);
    bool ok = f->action->apply(&s);
    if (!ok)
        fault_missed(c, u);
    else if (!s.later)
        fault_struck(c, u, 0, 0, s.event);
}

void fault_arm_late(struct fault_conn *c, size_t from)
{
    for (size_t i = from; i < c->set->n; i++)
        arm(c, c->set->v[i], clock_mono_ns());
}

void fault_conn_open(struct fault_conn *c, struct fault_set *s, uint64_t number, const char *client,
                     const struct mock_clock *clock, int64_t now_ns)
{
    struct fault_client *who = fault_client_of(s, client);
    *c = (struct fault_conn){
        .set = s, .number = number, .client = client, .clock = clock, .next = s->conns};
    if (who) {
        c->client_index = who->index;
        c->ordinal = ++who->connections;
    }
    c->stream = rng_stream(rng_stream(s->seed, bytes_hash(bytes_str(client))), c->ordinal);
    c->opened = ++s->opened;
    c->active_ns = c->used_ns = virtual_ns(c, now_ns);
    if (c->next)
        c->next->prev = c;
    s->conns = c;
    for (size_t i = 0; i < s->n; i++)
        arm(c, s->v[i], now_ns);
}

/* What was armed and never struck is as if it had not been due. */
static void refund(struct fault_conn *c)
{
    struct fault_armed *a = &c->armed;
    if (a->idle_use)
        fault_missed(c, a->idle_use);
    if (a->revoke_use && !a->revoked)
        fault_missed(c, a->revoke_use);
    if (a->notify_use)
        fault_missed(c, a->notify_use);
}

void fault_conn_close(struct fault_conn *c)
{
    struct fault_set *s = c->set;
    if (!s)
        return;
    refund(c);
    for (struct fault_use *u = c->uses, *next; u; u = next) {
        next = u->next;
        free(u);
    }
    if (c->prev)
        c->prev->next = c->next;
    else
        s->conns = c->next;
    if (c->next)
        c->next->prev = c->prev;
    free(c->armed.clock);
    *c = (struct fault_conn){0};
    if (s->retired)
        fault_sweep_retired(s);
}

void fault_disarm(struct fault_conn *c, const struct fault_use *u)
{
    struct fault_armed *a = &c->armed;
    if (a->idle_use == u)
        a->idle_use = NULL;
    if (a->revoke_use == u) {
        a->revoke_use = NULL;
        a->revoked = false;
    }
    if (a->rate_use == u) {
        a->rate_use = NULL;
        a->rate = 0;
    }
    if (a->notify_use == u)
        a->notify_use = NULL;
    if (a->clock_use == u)
        a->clock_use = NULL;
}

void fault_conn_active(struct fault_conn *c, int64_t now_ns)
{
    if (c->set)
        c->active_ns = virtual_ns(c, now_ns);
}

int64_t fault_idle_deadline(const struct fault_conn *c)
{
    const struct fault_armed *a = &c->armed;
    if (!a->idle_use || a->idle_ns > INT64_MAX - c->active_ns)
        return INT64_MAX;
    return mock_clock_monotonic(c->clock, c->active_ns + a->idle_ns);
}

void fault_idle_struck(struct fault_conn *c)
{
    struct fault_use *u = c->armed.idle_use;
    c->armed.idle_use = NULL;
    if (u)
        fault_struck(c, u, 0, 0, "closed for having been idle");
}
