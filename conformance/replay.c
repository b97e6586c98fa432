/* Recorded exchanges in a server's place (replay.h). */
#include "conformance/replay.h"

#include <stdio.h>

#include "kmip/base/clock.h"

/* What the tester, judging alone, needs of its time before the first reply. */
static void start_clock(struct pace *pace, const struct replay *p)
{
    pace->stands = true;
    pace->control = NULL;
    pace->wall_ns = p->n > 0 ? p->turns[0].e->wall_ns : 0;
    pace->mono_ns = p->n > 0 ? p->turns[0].e->mono_ns : 0;
}

bool replay_init(struct replay *p, const struct case_result *recorded, const struct target *target)
{
    size_t n = 0;
    *p = (struct replay){.target = target, .changed = REPLAY_AS_IT_WAS};
    arena_init(&p->arena, 256u << 20);
    for (const struct exchange *e = recorded->exchanges; e; e = e->next)
        n++;
    p->turns = arena_array(&p->arena, n + 1, sizeof *p->turns);
    for (const struct exchange *e = recorded->exchanges; p->turns && e; e = e->next)
        p->turns[p->n++].e = e;
    return p->turns != NULL;
}

void replay_clear(struct replay *p)
{
    arena_clear(&p->arena);
    p->n = 0;
}

bool replay_can(const struct test_case *tc)
{
    for (size_t i = 0; i < tc->n_steps; i++) {
        const struct case_step *s = &tc->steps[i];
        if (s->kind == STEP_STALL || s->kind == STEP_CIPHERS || s->families || s->together)
            return false;
    }
    return !tc->probe && !tc->mock.otherwise;
}

/* ---- which reply ------------------------------------------------------------- */

/* Drawn anew whenever a request is built. */
static bool is_drawn(const struct ttlv_item *it, size_t step)
{
    return it->tag == KMIP_TAG_UNIQUE_BATCH_ITEM_ID ||
           (step == SIZE_MAX && it->tag == KMIP_TAG_KEY_MATERIAL);
}

static bool same_items(struct bytes a, struct bytes b, size_t step, unsigned depth)
{
    struct ttlv_reader ra, rb;
    struct ttlv_item ia, ib;
    ttlv_r_init(&ra, a, NULL, NULL);
    ttlv_r_init(&rb, b, NULL, NULL);
    while (ttlv_r_next(&ra, &ia)) {
        if (!ttlv_r_next(&rb, &ib) || ia.tag != ib.tag || ia.type != ib.type)
            return false;
        if (is_drawn(&ia, step) ? ia.len != ib.len
            : ia.type == TTLV_STRUCTURE && depth < TTLV_MAX_DEPTH
                ? !same_items(ia.val, ib.val, step, depth + 1)
                : !bytes_eq(ia.val, ib.val))
            return false;
    }
    return !ra.failed && !rb.failed && ra.pos == ra.end && rb.pos == rb.end;
}

/* Requests that are broken on purpose are compared byte by byte. */
static bool same_request(struct bytes a, struct bytes b, size_t step)
{
    return bytes_eq(a, b) || same_items(a, b, step, 0);
}

/* The next that fits; when all are used, the last one once more. */
static struct replay_turn *find_turn(struct replay *p, size_t step, struct bytes asked)
{
    struct replay_turn *again = NULL;
    for (size_t i = 0; i < p->n; i++) {
        struct replay_turn *t = &p->turns[i];
        if (t->e->step != step || (!p->learning && !same_request(t->built, asked, step)))
            continue;
        if (!t->used)
            return t;
        again = t;
    }
    return p->learning ? NULL : again;
}

/* ---- the reply ---------------------------------------------------------------- */

static void write_refusals(struct ttlv_writer *w, struct kmip_message request, int64_t now_s)
{
    struct kmip_item it;
    ttlv_w_open(w, KMIP_TAG_RESPONSE_MESSAGE);
    ttlv_w_open(w, KMIP_TAG_RESPONSE_HEADER);
    ttlv_w_open(w, KMIP_TAG_PROTOCOL_VERSION);
    ttlv_w_int(w, KMIP_TAG_PROTOCOL_VERSION_MAJOR, request.header.major);
    ttlv_w_int(w, KMIP_TAG_PROTOCOL_VERSION_MINOR, request.header.minor);
    ttlv_w_close(w);
    ttlv_w_date(w, KMIP_TAG_TIME_STAMP, now_s);
    ttlv_w_int(w, KMIP_TAG_BATCH_COUNT, (int32_t)request.n_items);
    ttlv_w_close(w);
    while (kmip_next_item(&request, &it)) {
        ttlv_w_open(w, KMIP_TAG_BATCH_ITEM);
        if (it.has_operation)
            ttlv_w_enum(w, KMIP_TAG_OPERATION, it.operation);
        if (it.has_id)
            ttlv_w_bytes(w, KMIP_TAG_UNIQUE_BATCH_ITEM_ID, it.id);
        ttlv_w_enum(w, KMIP_TAG_RESULT_STATUS, KMIP_RESULT_STATUS_OPERATION_FAILED);
        ttlv_w_enum(w, KMIP_TAG_RESULT_REASON, KMIP_RESULT_REASON_ITEM_NOT_FOUND);
        ttlv_w_close(w);
    }
    ttlv_w_close(w);
}

/* Of a request that was not made then: Item Not Found; the connection closes on what cannot
 * be read. */
static bool refuse(struct running *rn, struct sent *s)
{
    struct kmip_message request;
    struct ttlv_writer w;
    s->has_reply = kmip_open(&request, buf_bytes(&s->asked), NULL);
    if (!s->has_reply)
        return true;
    ttlv_w_init(&w, &s->reply, &rn->err);
    write_refusals(&w, request, pace_wall_ns(&rn->runner->target->pace) / NS_PER_S);
    return ttlv_w_finish(&w);
}

static bool learn(struct replay *p, struct replay_turn *t, const struct sent *s, struct kerr *err)
{
    struct bytes asked = buf_bytes(&s->asked);
    const char *copy = arena_copy(&p->arena, asked);
    t->built = bytes_of(copy, asked.n);
    return copy || kerr_set(err, KE_MEMORY, "no memory for a request");
}

/* The recorded request in the place of the one that was built: the reply is the answer to it.
 * Of a Poll, the request that is polled for is in place already. */
static bool put_recorded(struct sent *s, const struct exchange *e)
{
    bool poll = !bytes_eq(buf_bytes(&s->asked), buf_bytes(&s->request));
    buf_reset(&s->asked);
    if (!buf_put_bytes(&s->asked, e->request))
        return false;
    if (poll)
        return true;
    buf_reset(&s->request);
    return buf_put_bytes(&s->request, e->request);
}

bool replay_exchange(struct replay *p, struct running *rn, struct sent *s)
{
    struct pace *pace = &rn->runner->target->pace;
    struct replay_turn *t = find_turn(p, rn->step, buf_bytes(&s->asked));
    buf_reset(&s->reply);
    s->followed = s->silent = false;
    if (!t) {
        p->strayed = true;
        return refuse(rn, s);
    }
    if (p->learning && !learn(p, t, s, &rn->err))
        return false;
    bool changed = p->changed == (size_t)(t - p->turns);
    if (!t->used) {
        pace->wall_ns = t->e->wall_ns;
        pace->mono_ns = t->e->mono_ns;
    }
    t->used = true;
    s->silent = t->e->silent;
    s->has_reply = t->e->reply.n > 0;
    return (put_recorded(s, t->e) && buf_put_bytes(&s->reply, changed ? p->reply : t->e->reply)) ||
           kerr_set(&rn->err, KE_MEMORY, "no memory for a reply");
}

bool replay_connect(const struct replay *p, const char *client, struct kerr *err)
{
    for (size_t i = 0; i < p->n; i++)
        if (strcmp(p->turns[i].e->client, client) == 0)
            return true;
    return kerr_set(err, KE_CLOSED, "the connection was refused");
}

/* ---- runs --------------------------------------------------------------------- */

struct case_result *replay_run(struct replay *p, const struct test_case *tc,
                               const char *run_prefix)
{
    static const atomic_bool never;
    struct target target = *p->target;
    struct journal journal;
    target.n_clients = 0;
    start_clock(&target.pace, p);
    journal_init(&journal, NULL, run_prefix, "");
    for (size_t i = 0; i < p->n; i++)
        p->turns[i].used = false;
    p->strayed = false;
    struct runner runner = {.target = &target,
                            .journal = &journal,
                            .run_prefix = run_prefix,
                            .stop = &never,
                            .replay = p};
    struct case_result *result = run_case_again(&runner, tc);
    journal_close(&journal);
    return result;
}

bool replay_learn(struct replay *p, const struct case_result *recorded, const char *run_prefix,
                  char why[300])
{
    p->learning = true;
    struct case_result *again = replay_run(p, recorded->tc, run_prefix);
    p->learning = false;
    bool same = again && again->verdict == recorded->verdict && !p->strayed;
    for (size_t i = 0; same && i < p->n; i++)
        same = p->turns[i].used;
    if (!same)
        snprintf(why, 300, "%s then, %s now%s%s", verdict_name(recorded->verdict),
                 again ? verdict_name(again->verdict) : "no memory",
                 again && again->reason[0] ? ": " : "", again ? again->reason : "");
    result_free(&again);
    return same;
}
