/* One reply on its way out, as its plan has it (pipeline.h): copies, pieces, pauses
 * and ends. Each piece is a reply of its own from here on. */
#include "mockserver/pipeline_priv.h"

#include <stdlib.h>

static struct reply *piece(const struct reply *r, size_t from, size_t to)
{
    struct reply *p = malloc(sizeof *p);
    if (!p)
        return NULL;
    *p = (struct reply){.request = r->request,
                        .exchange = r->exchange,
                        .arrived_ns = r->arrived_ns,
                        .due_ns = r->due_ns,
                        .resume_ns = INT64_MIN,
                        .delayer = r->delayer};
    buf_init(&p->bytes, BUF_NO_LIMIT);
    if (from == to || buf_put(&p->bytes, r->bytes.p + from, to - from))
        return p;
    free(p);
    return NULL;
}

/* Where the split cuts next; `done` pieces lie before `at`. */
static size_t split_end(const struct reply_plan *plan, size_t done, size_t at, size_t n)
{
    size_t size = plan->split_all        ? plan->split[0]
                  : done < plan->n_split ? plan->split[done]
                                         : n;
    return size < n - at ? at + size : n;
}

/* Byte `at` of the reply is where this piece ends: at the next cut of any sort. */
static size_t next_cut(const struct reply_plan *plan, size_t done, size_t at, size_t n, bool *split)
{
    size_t to = plan->n_split > 0 ? split_end(plan, done, at, n) : n;
    *split = plan->n_split > 0 && to < n;
    if (plan->stalls && plan->stall_at > at && plan->stall_at < to) {
        to = plan->stall_at;
        *split = false;
    }
    return to;
}

/* The reply's bytes up to `most`, piece by piece. */
static bool put_pieces(struct pipeline *p, const struct reply *r, size_t most, enum reply_end end)
{
    const struct reply_plan *plan = r->plan;
    size_t at = 0, done = 0;
    int64_t pause = plan->stalls && plan->stall_at == 0 ? plan->stall_ns : 0;
    const void *pauser = plan->staller;
    do {
        bool split;
        size_t to = next_cut(plan, done, at, most, &split);
        struct reply *part = piece(r, at, to);
        if (!part)
            return false;
        part->pause_ns = pause;
        part->pauser = pauser;
        bool last = to == most;
        part->then = last ? end : END_NONE;
        pipeline_put_out(p, part);
        bool stalls = plan->stalls && to == plan->stall_at;
        pause = stalls ? plan->stall_ns : split ? plan->split_pause_ns : 0;
        pauser = stalls ? plan->staller : plan->splitter;
        done += split;
        at = to;
    } while (at < most);
    return true;
}

static bool is_whole(const struct reply_plan *plan)
{
    return plan->n_split == 0 && !plan->stalls && plan->end == END_NONE;
}

/* All of it leaves, and then the silence: it holds up what follows. */
static bool put_silence(struct pipeline *p, const struct reply *r)
{
    struct reply *nothing = piece(r, 0, 0);
    if (!nothing)
        return false;
    nothing->pause_ns = r->plan->stall_ns;
    nothing->pauser = r->plan->staller;
    pipeline_put_out(p, nothing);
    return true;
}

static bool put_once(struct pipeline *p, const struct reply *r, bool last_copy)
{
    enum reply_end end = last_copy ? r->plan->end : END_NONE;
    size_t most = end != END_NONE && r->plan->end_at < r->bytes.n ? r->plan->end_at : r->bytes.n;
    return put_pieces(p, r, most, end) &&
           (!r->plan->stalls || r->plan->stall_at < r->bytes.n || put_silence(p, r));
}

bool pipeline_cut(struct pipeline *p, struct reply *r)
{
    const struct reply_plan *plan = r->plan;
    bool ok = true;
    r->delayer = plan->delayer;
    r->due_ns = plan->delay_ns > INT64_MAX - r->arrived_ns ? INT64_MAX
                                                            : r->arrived_ns + plan->delay_ns;
    if (plan->drop) {
        /* The end of the connection comes all the same. */
        ok = plan->end == END_NONE || put_pieces(p, r, 0, plan->end);
        reply_free(&r);
        return ok;
    }
    if (is_whole(plan) && plan->copies == 0) {
        free(r->plan);
        r->plan = NULL;
        pipeline_put_out(p, r);
        return true;
    }
    for (unsigned i = 0; ok && i <= plan->copies; i++)
        ok = put_once(p, r, i == plan->copies);
    reply_free(&r);
    return ok;
}
