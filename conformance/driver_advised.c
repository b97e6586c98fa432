/* The last probes: the clock once more, and the proof: all that the driver does, as
 * strict as the driver, with the settings that the facts so far advise. */
#include <stdio.h>
#include <stdlib.h>

#include "client/lib/requests.h"
#include "conformance/advice.h"
#include "conformance/driver_probe.h"
#include "kmip/base/clock.h"

#define REQUESTS 64

static bool ask(struct wire *w, struct wire_call *c, struct kerr *err)
{
    bool ok = wire_ask(w, c);
    if (!ok)
        kerr_set_at(err, c->err.code, c->err.off, c->err.path, "%s", c->err.msg);
    wire_call_clear(c);
    return ok;
}

static bool shake(struct wire *w, uint8_t adopted, struct kerr *err)
{
    static const uint8_t versions[] = {KMIP_VERSION(1, 4), KMIP_VERSION(1, 3), KMIP_V12};
    static const uint32_t functions[] = {
        KMIP_QUERY_FUNCTION_QUERY_EXTENSION_MAP, KMIP_QUERY_FUNCTION_QUERY_SERVER_INFORMATION,
        KMIP_QUERY_FUNCTION_QUERY_OPERATIONS, KMIP_QUERY_FUNCTION_QUERY_OBJECTS};
    static const size_t asked[] = {1, 1, 2}; /* functions of each Query */
    struct wire_call c;
    size_t from = 0;
    req_discover_versions(wire_begin(w, &c, KMIP_OPERATION_DISCOVER_VERSIONS), versions,
                          sizeof versions);
    bool ok = ask(w, &c, err);
    w->version = adopted;
    for (size_t i = 0; ok && i < sizeof asked / sizeof *asked; from += asked[i++]) {
        req_query(wire_begin(w, &c, KMIP_OPERATION_QUERY), functions + from, asked[i]);
        ok = ask(w, &c, err);
    }
    return ok;
}

/* The first request goes at version 1.2, ahead of the handshake. */
static bool drive(struct probing *p, struct wire *w, const struct advice *a,
                  struct load_pairs *pairs, struct kerr *err)
{
    uint8_t adopted = w->version;
    char bucket[80];
    struct key k;
    struct depth_facts d;
    probe_name(p, "bucket", bucket, sizeof bucket);
    const struct key_plan plan = {.way = a->compound ? KEY_COMPOUND_EPOCH : KEY_TWO_STEP,
                                  .attribute = a->attribute[0] ? a->attribute : NULL,
                                  .bucket = bucket};
    w->version = KMIP_V12;
    if (!key_create(w, &plan, &k, err) || !shake(w, adopted, err) ||
        (!a->compound && !key_activate(w, k.uid, err)) || !key_use(w, k.uid, err) ||
        !load_prepare(pairs, w, k.uid, err))
        return false;
    const struct load_plan load = {.uid = k.uid, .depth = a->depth, .least = REQUESTS,
                                   .most = REQUESTS, .stop = p->rn.runner->stop};
    return load_run(w, pairs, &load, &d, err) && key_end(w, k.uid, err);
}

static void as_advised(struct probing *p)
{
    struct driver_facts *f = p->facts;
    struct load_pairs *pairs = calloc(1, sizeof *pairs);
    struct advice a;
    struct wire w;
    struct kerr err = KERR_INIT;
    f->advised = TRI_UNKNOWN;
    advise(f, p->driver->opt.attribute, &a);
    if (!pairs) {
        probe_decide(p, VERDICT_ERROR, "no memory");
        return;
    }
    probe_say(p, "compoundCreate: %s, bucketAttributeName: \"%s\", pipelineDepth: %u",
              a.compound ? "true" : "false", a.attribute, a.depth);
    if (!a.works) {
        f->advised = TRI_NO;
        probe_decide(p, VERDICT_FAIL, "no settings make the driver work: %s", a.ask[0]);
    } else if (!probe_open_as(p, &w, a.depth, KC_MATCH_POSITION, true)) {
        f->advised = TRI_NO;
        fact_text(f->advised_why, "%s", p->rn.result->reason);
    } else {
        bool ok = drive(p, &w, &a, pairs, &err);
        if (!ok)
            probe_failed(p, &err);
        if (ok)
            probe_decide(p, VERDICT_PASS,
                         "works by position with compoundCreate: %s, bucketAttributeName: \"%s\", "
                         "pipelineDepth: %u",
                         a.compound ? "true" : "false", a.attribute, a.depth);
        if (!probe_stopped(p))
            f->advised = ok ? TRI_YES : TRI_NO;
        fact_text(f->advised_why, "%s", ok ? "" : err.msg);
        wire_close(&w);
    }
    load_clear(pairs);
    free(pairs);
}

const struct probe probes_last[] = {
    {"driver-clock-drift", "The server's clock does not drift during the run", "KMIP 1.2 spec, 6.5",
     "An offset that grows makes compound create fail later, though it works today.", LEVEL_SHOULD,
     probe_drift, 0},
    {"driver-as-advised", "The driver's whole flow works with the advised settings",
     "KMIP 1.2 spec, 4",
     "Handshake, a bucket's key from Create to Destroy and pipelined requests, by position and a "
     "record a reply.",
     LEVEL_MUST, as_advised, 0},
    {.id = NULL},
};
