/* A pipeline attempt (repro.h): eight Encrypts with one key. */
#include <stdio.h>
#include <stdlib.h>

#include "conformance/driver_load.h"
#include "conformance/repro.h"
#include "kmip/base/clock.h"

#define REQUESTS 8

static void sum_up(struct repro_result *out, bool worked, const struct depth_facts *d,
                   const struct kerr *err)
{
    char also[120] = "";
    out->works = worked;
    if (!out->works) {
        snprintf(out->what, sizeof out->what, "%s", err->msg);
        repro_note(out, EVENT_BROKE, "%s", err->msg);
        return;
    }
    if (d->wire.moved > 0)
        snprintf(also, sizeof also, ", %u of them out of order", d->wire.moved);
    else if (d->wire.shared > 0)
        snprintf(also, sizeof also, ", %u of them in a record with another", d->wire.shared);
    else if (d->wire.split > 0)
        snprintf(also, sizeof also, ", %u of them over several records", d->wire.split);
    snprintf(out->what, sizeof out->what, "%u requests, each with its own reply%s; longest wait "
                                          "%.1f ms",
             d->wire.replies, also, (double)d->most_ns / (double)NS_PER_MS);
}

static bool series(struct repro_run *r, struct repro_result *out, const struct load_pairs *pairs,
                   const char *uid, struct kerr *err)
{
    const struct repro_attempt *a = out->attempt;
    const struct load_plan plan = {.uid = uid, .depth = a->depth, .least = REQUESTS,
                                   .most = REQUESTS, .stop = r->stop};
    struct wire w;
    struct depth_facts d;
    struct kerr why = KERR_INIT;
    if (!repro_open(r, out, &w, true, a->depth, a->match, err))
        return false;
    out->began_ns = clock_mono_ns();
    bool worked = load_run(&w, pairs, &plan, &d, &why);
    sum_up(out, worked, &d, &why);
    wire_close(&w);
    return true;
}

/* The key is made beforehand, on a connection that nothing shakes. */
bool repro_pipeline(struct repro_run *r, struct repro_result *out, struct kerr *err)
{
    struct load_pairs *pairs = calloc(1, sizeof *pairs);
    struct wire quiet;
    struct key k;
    if (!pairs)
        return kerr_set(err, KE_MEMORY, "no memory for an attempt");
    if (!repro_open(r, out, &quiet, false, 1, KC_MATCH_ID, err)) {
        free(pairs);
        return false;
    }
    bool ok = key_any(&quiet, &k, err) && load_prepare(pairs, &quiet, k.uid, err) &&
              series(r, out, pairs, k.uid, err);
    wire_close(&quiet);
    load_clear(pairs);
    free(pairs);
    return ok;
}
