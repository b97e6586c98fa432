/* The replies outstanding on one connection (pipeline.h): groups of held replies,
 * and a list of those that are on their way out. pipeline_cut.c makes pieces. */
#include "mockserver/pipeline_priv.h"

#include <stdlib.h>

#include "kmip/base/clock.h"
#include "mockserver/rng.h"

void pipeline_init(struct pipeline *p, size_t window, int64_t max_wait_ns, uint64_t seed,
                   uint64_t stream)
{
    *p = (struct pipeline){.window = window < 2 ? 1 : window,
                           .max_wait_ns = max_wait_ns,
                           .rng = rng_stream(seed, stream),
                           .now_ns = INT64_MIN};
}

void pipeline_rearrange(struct pipeline *p, size_t window, int64_t max_wait_ns)
{
    p->window = window < 2 ? 1 : window;
    p->max_wait_ns = max_wait_ns;
}

static void free_list(struct reply *r)
{
    for (struct reply *next; r; r = next) {
        next = r->next;
        reply_free(&r);
    }
}

void reply_free(struct reply **r)
{
    if (!*r)
        return;
    free_list((*r)->joined);
    buf_clear(&(*r)->bytes);
    free((*r)->plan);
    free(*r);
    *r = NULL;
}

void pipeline_clear(struct pipeline *p)
{
    for (size_t i = 0; i < GROUP_KINDS; i++)
        free_list(p->group[i].first);
    free_list(p->out);
    *p = (struct pipeline){0};
}

/* --- on the way out ---------------------------------------------------- */

static void head_is_new(struct pipeline *p)
{
    struct reply *r = p->out;
    r->resume_ns = r->pause_ns > 0 ? clock_add(p->now_ns, r->pause_ns) : INT64_MIN;
}

/* When the next one may leave. */
static int64_t head_due(const struct pipeline *p)
{
    return p->out->due_ns > p->out->resume_ns ? p->out->due_ns : p->out->resume_ns;
}

void pipeline_put_out(struct pipeline *p, struct reply *r)
{
    r->next = NULL;
    p->n_out++;
    p->bytes += r->bytes.n;
    if (p->out_tail) {
        p->out_tail->next = r;
        p->out_tail = r;
        return;
    }
    p->out = p->out_tail = r;
    head_is_new(p);
}

struct reply *pipeline_take(struct pipeline *p)
{
    struct reply *r = p->out;
    if (!r || (head_due(p) > p->now_ns && !p->hurry))
        return NULL;
    p->out = r->next;
    if (!p->out)
        p->out_tail = NULL;
    else
        head_is_new(p);
    p->n_out--;
    p->bytes -= r->bytes.n;
    r->next = NULL;
    return r;
}

static void leave(struct pipeline *p, struct reply *r)
{
    if (p->shut)
        reply_free(&r);
    else if (!r->plan)
        pipeline_put_out(p, r);
    else if (!pipeline_cut(p, r))
        p->failed = true;
}

/* --- groups ------------------------------------------------------------ */

static void enter(struct pipeline *p, struct reply *r, unsigned kind);

static void hold(struct pipeline *p, struct group *g, struct reply *r)
{
    r->next = NULL;
    if (g->last)
        g->last->next = r;
    else
        g->first = r;
    g->last = r;
    g->n++;
    p->n_held++;
    p->bytes += r->bytes.n;
}

static void tell(const struct pipeline *p, const struct group *g, bool mixed, struct reply **v,
                 size_t n)
{
    if (!p->watch.struck || !p->watch.missed)
        return;
    if (!mixed) {
        p->watch.missed(p->watch.arg, g->plan.owner);
        return;
    }
    for (size_t i = 0; i < n; i++)
        for (const struct reply *r = v[i]; r; r = r == v[i] ? r->joined : r->next)
            p->watch.struck(p->watch.arg, g->plan.owner, r);
}

/* Ends a group: its members, mixed or not, go on to what comes behind it. */
static void release(struct pipeline *p, unsigned kind, bool mixing)
{
    struct group g = p->group[kind];
    struct reply *v[PIPELINE_GROUP_MAX];
    size_t n = 0;
    p->group[kind] = (struct group){0};
    for (struct reply *r = g.first; r; r = r->next) {
        p->bytes -= r->bytes.n;
        v[n++] = r;
    }
    p->n_held -= n;
    for (size_t i = 0; i < n; i++)
        v[i]->next = NULL;
    bool mixed = mixing && g.plan.mix(v, &n, g.plan.params, &g.plan.rng);
    if (!g.plan.owner && mixing)
        p->rng = g.plan.rng; /* the configuration's group draws on where it left off */
    tell(p, &g, mixed, v, n);
    for (size_t i = 0; i < n; i++)
        enter(p, v[i], kind + 1);
}

/* Does this reply open a group, by its own plan or by the configuration? */
static bool opens(struct pipeline *p, const struct reply *r, unsigned kind)
{
    struct group *g = &p->group[kind];
    if (r->plan && r->plan->group[kind].want > 0)
        g->plan = r->plan->group[kind];
    else if (kind == GROUP_REORDER && p->window > 1)
        g->plan = (struct group_plan){.want = p->window,
                                      .max_wait_ns = p->max_wait_ns,
                                      .mix = pipeline_shuffle,
                                      .rng = p->rng};
    else
        return false;
    if (g->plan.want > PIPELINE_GROUP_MAX)
        g->plan.want = PIPELINE_GROUP_MAX;
    g->open = true;
    g->due_ns = clock_add(p->now_ns, g->plan.max_wait_ns);
    return true;
}

/* A plan may want to open a group of a kind that is open already. */
static void opens_too_late(const struct pipeline *p, const struct reply *r, unsigned kind)
{
    if (r->plan && r->plan->group[kind].want > 0 && p->watch.missed)
        p->watch.missed(p->watch.arg, r->plan->group[kind].owner);
}

static void enter(struct pipeline *p, struct reply *r, unsigned kind)
{
    bool plain = !r->plan && p->n_held == 0 && p->window < 2; /* what most are */
    for (; !plain && kind < GROUP_KINDS; kind++) {
        struct group *g = &p->group[kind];
        if (g->open)
            opens_too_late(p, r, kind);
        else if (!opens(p, r, kind))
            continue;
        hold(p, g, r);
        if (g->n >= g->plan.want)
            release(p, kind, true);
        return;
    }
    leave(p, r);
}

bool pipeline_push(struct pipeline *p, struct buf *bytes, uint64_t request, uint64_t exchange,
                   const struct reply_plan *plan, int64_t now_ns)
{
    struct reply *r = malloc(sizeof *r);
    struct reply_plan *own = r && plan ? malloc(sizeof *own) : NULL;
    if (!r || (plan && !own)) {
        free(r);
        return false;
    }
    if (own)
        *own = *plan;
    p->now_ns = now_ns;
    *r = (struct reply){.bytes = *bytes,
                        .request = request,
                        .exchange = exchange,
                        .arrived_ns = now_ns,
                        .due_ns = INT64_MIN,
                        .resume_ns = INT64_MIN,
                        .plan = own};
    buf_init(bytes, bytes->limit);
    enter(p, r, 0);
    return !p->failed;
}

int64_t pipeline_due(struct pipeline *p, int64_t now_ns)
{
    int64_t at = INT64_MAX;
    p->now_ns = now_ns;
    for (unsigned i = 0; p->n_held > 0 && i < GROUP_KINDS; i++) {
        struct group *g = &p->group[i];
        if (g->open && g->due_ns <= now_ns)
            release(p, i, true);
    }
    for (unsigned i = 0; p->n_held > 0 && i < GROUP_KINDS; i++)
        if (p->group[i].open && p->group[i].due_ns < at)
            at = p->group[i].due_ns;
    if (p->out && head_due(p) > now_ns && head_due(p) < at)
        at = head_due(p);
    return at;
}

void pipeline_flush(struct pipeline *p)
{
    for (unsigned i = 0; p->n_held > 0 && i < GROUP_KINDS; i++)
        if (p->group[i].open)
            release(p, i, true);
}

void pipeline_hurry(struct pipeline *p)
{
    pipeline_flush(p);
    p->hurry = true;
}

void pipeline_shut(struct pipeline *p)
{
    p->shut = true;
    free_list(p->out);
    p->out = p->out_tail = NULL;
    p->n_out = 0;
    for (unsigned i = 0; i < GROUP_KINDS; i++)
        if (p->group[i].open)
            release(p, i, false);
    p->bytes = 0;
}

static bool pass(struct reply **v, size_t *n, const void *params, uint64_t *rng)
{
    (void)v;
    (void)n;
    (void)params;
    (void)rng;
    return false;
}

/* What a plan that is not carried out yet owes to the owner. */
static void plan_without(struct reply_plan *plan, const void *owner)
{
    for (unsigned k = 0; k < GROUP_KINDS; k++)
        if (plan->group[k].owner == owner)
            plan->group[k] = (struct group_plan){0};
    if (plan->delayer == owner)
        plan->delay_ns = 0;
    if (plan->splitter == owner)
        plan->split_pause_ns = 0;
    if (plan->staller == owner)
        plan->stalls = false;
}

void pipeline_dissolve(struct pipeline *p, const void *owner)
{
    for (struct reply *r = p->out; r; r = r->next) {
        if (r->delayer == owner)
            r->due_ns = INT64_MIN;
        if (r->pauser == owner)
            r->pause_ns = 0;
        if (r->pauser == owner)
            r->resume_ns = INT64_MIN;
    }
    for (unsigned i = 0; i < GROUP_KINDS; i++) {
        struct group *g = &p->group[i];
        for (struct reply *r = g->first; r; r = r->next)
            if (r->plan)
                plan_without(r->plan, owner);
        if (g->open && g->plan.owner == owner) {
            g->plan.owner = NULL; /* nobody is to be told */
            g->plan.mix = pass;
            release(p, i, false);
        }
    }
}

bool pipeline_shuffle(struct reply **v, size_t *n, const void *params, uint64_t *rng)
{
    (void)params;
    if (*n < 2)
        return false;
    /* Always one of those left, at random. When every choice fell on the oldest so
     * far, the last one may not, or the order would be the original. */
    bool original = true;
    for (size_t i = 0; i < *n; i++) {
        size_t left = *n - i;
        size_t k = left < 2                ? 0
                   : left == 2 && original ? 1
                                           : (size_t)rng_below(rng, left);
        if (k != 0)
            original = false;
        struct reply *r = v[i + k];
        memmove(v + i + 1, v + i, k * sizeof *v);
        v[i] = r;
    }
    return true;
}
