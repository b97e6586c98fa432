/* Probes: the pipeline at depths 1 to 32: is every request answered, in which order,
 * in which TLS records, how fast? */
#include <stdio.h>
#include <stdlib.h>

#include "conformance/driver_probe.h"
#include "kmip/base/clock.h"

#define REQUESTS_LEAST 32   /* and four for each place of the pipeline */
#define REQUESTS_MOST 2048
#define SERIES_NS (400 * NS_PER_MS)

static void say_figures(struct probing *p, const struct depth_facts *d)
{
    const struct wire_facts *w = &d->wire;
    probe_say(p, "%u replies: %u out of order, %u in a record with another, %u over several "
                 "records (at most %u)",
              w->replies, w->moved, w->shared, w->split, w->most_records);
    probe_say(p, "%.0f requests/s; latency median %.3f ms, 99%% %.3f ms, longest %.3f ms",
              d->per_second, (double)d->median_ns / 1e6, (double)d->p99_ns / 1e6,
              (double)d->most_ns / 1e6);
}

static void series(struct probing *p, struct wire *w, const char *uid,
                   const struct load_pairs *pairs, struct depth_facts *d)
{
    unsigned least = 4 * p->row->arg > REQUESTS_LEAST ? 4 * p->row->arg : REQUESTS_LEAST;
    const struct load_plan plan = {.uid = uid, .depth = p->row->arg, .least = least,
                                   .most = REQUESTS_MOST, .at_most_ns = SERIES_NS,
                                   .stop = p->rn.runner->stop};
    struct kerr err = KERR_INIT;
    if (!load_run(w, pairs, &plan, d, &err)) {
        probe_failed(p, &err);
        return;
    }
    say_figures(p, d);
    if (probe_stopped(p))
        probe_decide(p, VERDICT_INCONCLUSIVE, "interrupted");
    else
        probe_decide(p, VERDICT_PASS,
                     "in order, a TLS record each; %.0f requests/s, median %.2f ms",
                     d->per_second, (double)d->median_ns / 1e6);
}

/* A key is made, and what it gives is learnt, by requests one at a time, on a connection
 * that is closed before the next opens. */
static bool learn(struct probing *p, struct load_pairs *pairs, struct key *k)
{
    struct wire w;
    struct kerr err = KERR_INIT;
    char text[900];
    if (!probe_open(p, &w, 1))
        return false;
    bool ok = key_any(&w, k, &err) && load_prepare(pairs, &w, k->uid, &err);
    wire_close(&w);
    if (!ok && p->row->arg == 1)
        probe_failed(p, &err);
    else if (!ok)
        probe_decide(p, VERDICT_INCONCLUSIVE, "no key to try it with: %s",
                     kerr_format(&err, text, sizeof text));
    return ok;
}

static void pipeline(struct probing *p)
{
    struct depth_facts *d = NULL;
    struct load_pairs *pairs = calloc(1, sizeof *pairs);
    struct wire busy = {.kc = NULL};
    struct key k;
    for (size_t i = 0; i < DRIVER_DEPTHS && !d; i++)
        if (p->facts->depth[i].depth == 0 || p->facts->depth[i].depth == p->row->arg)
            d = &p->facts->depth[i];
    if (!pairs || !d) {
        probe_decide(p, VERDICT_ERROR, "no memory");
        free(pairs);
        return;
    }
    *d = (struct depth_facts){.depth = p->row->arg};
    if (learn(p, pairs, &k)) {
        if (probe_open(p, &busy, p->row->arg)) {
            series(p, &busy, k.uid, pairs, d);
        } else {
            d->works = TRI_NO;
            fact_text(d->why, "%s", p->rn.result->reason);
        }
    }
    wire_close(&busy);
    load_clear(pairs);
    free(pairs);
}

static const char why[] =
    "The driver matches replies by position and takes one TLS record for one reply.";

#define DEPTH(n, level)                                                                      \
    {"driver-pipeline-" #n, "Pipeline of depth " #n ": answered in order, a TLS record each", \
     "KMIP 1.2 spec, 6.4; order and records are the driver's own rule", why, level, pipeline, n}

const struct probe probes_pipeline[] = {
    DEPTH(1, LEVEL_MUST),    DEPTH(2, LEVEL_SHOULD),  DEPTH(4, LEVEL_SHOULD),
    DEPTH(8, LEVEL_SHOULD),  DEPTH(16, LEVEL_SHOULD), DEPTH(32, LEVEL_SHOULD),
    {.id = NULL},
};
