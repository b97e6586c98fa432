/* Attempts that pipeline, and attempts with several connections (repro.h). */
#include <stdio.h>
#include <stdlib.h>

#include "client/lib/requests.h"
#include "conformance/driver_load.h"
#include "conformance/repro.h"
#include "kmip/base/clock.h"

#define REQUESTS 8
#define CONNECTIONS_MAX 4

/* ---- beforehand ------------------------------------------------------------- */

/* Each step on a connection of its own: what the scenario does to the third request of
 * a connection, say, is kept for the series. */
static bool on_its_own(struct repro_run *r, struct wire *w, struct kerr *err)
{
    wire_close(w);
    return repro_open(r, NULL, w, false, 1, KC_MATCH_ID, err);
}

static bool make_key(struct repro_run *r, struct load_pairs *pairs, struct key *k,
                     struct kerr *err)
{
    struct wire w = {.kc = NULL};
    bool ok = on_its_own(r, &w, err) &&
              key_create(&w, &(struct key_plan){.way = KEY_TWO_STEP}, k, err) &&
              key_activate(&w, k->uid, err);
    load_begin(pairs);
    for (size_t i = 0; ok && i < LOAD_PAIRS; i++)
        ok = on_its_own(r, &w, err) && load_learn(pairs, i, &w, k->uid, err);
    wire_close(&w);
    return ok;
}

/* ---- the series ------------------------------------------------------------- */

static void worked(struct repro_result *out, const struct depth_facts *d)
{
    char also[120] = "";
    if (d->wire.moved > 0)
        snprintf(also, sizeof also, ", %u of them out of order", d->wire.moved);
    else if (d->wire.shared > 0)
        snprintf(also, sizeof also, ", %u of them in a record with another", d->wire.shared);
    else if (d->wire.split > 0)
        snprintf(also, sizeof also, ", %u of them over several records", d->wire.split);
    out->works = true;
    snprintf(out->what, sizeof out->what,
             "%u requests, each with its own reply%s; %.1f ms for all, longest wait %.1f ms",
             d->wire.replies, also,
             d->per_second > 0 ? 1e3 * d->wire.replies / d->per_second : 0.0,
             (double)d->most_ns / (double)NS_PER_MS);
}

static bool series(struct repro_run *r, struct repro_result *out, const struct load_pairs *pairs,
                   const char *uid, struct kerr *err)
{
    const struct repro_attempt *a = out->attempt;
    const struct load_plan plan = {.uid = uid, .depth = a->depth, .least = REQUESTS,
                                   .most = REQUESTS, .encrypt_only = true, .stop = r->stop};
    struct wire w;
    struct depth_facts d;
    repro_begin(out);
    for (unsigned n = 0;; n++) {
        struct kerr why = KERR_INIT;
        if (!repro_open(r, out, &w, true, a->depth, a->match, err))
            return false;
        bool ok = load_run(&w, pairs, &plan, &d, &why);
        wire_close(&w);
        if (ok) {
            worked(out, &d);
            return true;
        }
        if (n == a->again) {
            repro_says(out, false, "%s", why.msg);
            return true;
        }
        repro_note(out, EVENT_BROKE, "%s", why.msg);
        repro_note(out, EVENT_NOTE, "connects again, and sends all %d once more", REQUESTS);
    }
}

bool repro_pipeline(struct repro_run *r, struct repro_result *out, struct kerr *err)
{
    struct load_pairs *pairs = calloc(1, sizeof *pairs);
    struct key k;
    if (!pairs)
        return kerr_set(err, KE_MEMORY, "no memory for an attempt");
    bool ok = (make_key(r, pairs, &k, err) || kerr_wrap(err, "making a key to try it with")) &&
              series(r, out, pairs, k.uid, err);
    load_clear(pairs);
    free(pairs);
    return ok;
}

/* ---- several connections ---------------------------------------------------- */

static bool query(struct wire *w, struct kerr *err)
{
    static const uint32_t functions[] = {KMIP_QUERY_FUNCTION_QUERY_OPERATIONS};
    struct wire_call c;
    req_query(wire_begin(w, &c, KMIP_OPERATION_QUERY), functions, 1);
    bool ok = wire_ask(w, &c);
    if (!ok)
        kerr_set_at(err, c.err.code, c.err.off, c.err.path, "%s", c.err.msg);
    wire_call_clear(&c);
    return ok;
}

bool repro_connections(struct repro_run *r, struct repro_result *out, struct kerr *err)
{
    struct wire w[CONNECTIONS_MAX];
    struct kerr why = KERR_INIT;
    unsigned n = 0, wanted = out->attempt->connections;
    if (wanted > CONNECTIONS_MAX)
        return kerr_set(err, KE_INTERNAL, "more than %d connections", CONNECTIONS_MAX);
    while (n < wanted && why.code == KE_OK) {
        repro_note(out, EVENT_NOTE, "connection %u", n + 1);
        if (repro_open(r, out, &w[n], true, 1, out->attempt->match, &why) && !query(&w[n++], &why))
            n--;
    }
    if (why.code == KE_OK)
        repro_says(out, true, "%u connections at a time, each answered", wanted);
    else
        repro_says(out, false, "connection %u of %u: %s", n + 1, wanted, why.msg);
    for (unsigned i = 0; i < n; i++)
        wire_close(&w[i]);
    return true;
}
