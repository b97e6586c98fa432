/* The last probes: the clock once more, and the proof: all that the driver does, as
 * strict as the driver, with the settings that are configured, and with those that the
 * facts so far advise. */
#include <stdio.h>
#include <stdlib.h>

#include "conformance/advice.h"
#include "conformance/driver_handshake.h"
#include "conformance/driver_probe.h"
#include "kmip/base/clock.h"

#define REQUESTS 64

struct drive {
    bool compound;
    const char *attribute; /* NULL: none */
    unsigned depth;
};

static bool greet(struct wire *w, const struct key_plan *plan, struct key *k, struct kerr *err)
{
    uint8_t adopted;
    w->version = KMIP_V12;
    if (!handshake_begin(w, plan, k, &adopted, err))
        return false;
    w->version = adopted ? adopted : KMIP_V12;
    return handshake_queries(w, NULL, err);
}

static bool drive_wire(struct probing *p, struct wire *w, const struct drive *d,
                       struct load_pairs *pairs, struct kerr *err)
{
    char bucket[80];
    struct key k;
    struct depth_facts seen;
    probe_name(p, "bucket", bucket, sizeof bucket);
    const struct key_plan plan = {.way = d->compound ? KEY_COMPOUND_EPOCH : KEY_TWO_STEP,
                                  .attribute = d->attribute,
                                  .bucket = bucket};
    if (!greet(w, &plan, &k, err) ||
        (!d->compound && !key_activate(w, k.uid, err)) || !key_use(w, k.uid, err) ||
        !load_prepare(pairs, w, k.uid, err))
        return false;
    const struct load_plan load = {.uid = k.uid, .depth = d->depth, .least = REQUESTS,
                                   .most = REQUESTS, .stop = p->rn.runner->stop};
    return load_run(w, pairs, &load, &seen, err) && key_end(w, k.uid, err);
}

/* What came of it goes to *works and why. */
static void drive(struct probing *p, const struct drive *d, enum tri *works, char why[FACT_TEXT])
{
    struct load_pairs *pairs = calloc(1, sizeof *pairs);
    struct wire w = {.kc = NULL};
    struct kerr err = KERR_INIT;
    char settings[200];
    snprintf(settings, sizeof settings,
             "compoundCreate: %s, bucketAttributeName: \"%.80s\", pipelineDepth: %u",
             d->compound ? "true" : "false", d->attribute ? d->attribute : "", d->depth);
    probe_say(p, "%s", settings);
    *works = TRI_NO;
    if (!pairs) {
        probe_decide(p, VERDICT_ERROR, "no memory");
        return;
    }
    if (!probe_open_as(p, &w, d->depth, KC_MATCH_POSITION, true)) {
        fact_text(why, "%.*s", FACT_TEXT - 1, p->rn.result->reason);
    } else if (drive_wire(p, &w, d, pairs, &err)) {
        *works = TRI_YES;
        probe_decide(p, VERDICT_PASS, "works by position with %s", settings);
    } else {
        probe_failed(p, &err);
        fact_text(why, "%.*s", FACT_TEXT - 1, err.msg);
    }
    if (probe_stopped(p))
        *works = TRI_UNKNOWN;
    wire_close(&w);
    load_clear(pairs);
    free(pairs);
}

static void as_advised(struct probing *p)
{
    struct driver_facts *f = p->facts;
    struct advice a;
    f->advised = TRI_UNKNOWN;
    advise(f, p->driver->opt.attribute, &a);
    if (!a.works) {
        f->advised = TRI_NO;
        probe_decide(p, VERDICT_FAIL, "no settings make the driver work: %s", a.ask[0]);
        return;
    }
    const struct drive d = {a.compound, a.attribute[0] ? a.attribute : NULL, a.depth};
    drive(p, &d, &f->advised, f->advised_why);
}

static void as_configured(struct probing *p)
{
    const struct driver_options *o = &p->driver->opt;
    struct driver_facts *f = p->facts;
    unsigned depth = o->depth > DRIVER_DEPTH_MAX ? DRIVER_DEPTH_MAX : o->depth;
    if (!o->configured) {
        probe_decide(p, VERDICT_NOT_APPLICABLE,
                     "nothing is configured: --values FILE, or --pipeline-depth, "
                     "--compound-create, --bucket-attribute");
        return;
    }
    if (depth != o->depth)
        probe_say(p, "tried with pipelineDepth %u, the deepest that the suite goes", depth);
    drive(p, &(struct drive){o->compound, o->attribute, depth}, &f->configured,
          f->configured_why);
}

const struct probe probes_last[] = {
    {"driver-clock-drift", "The server's clock does not drift during the run", "KMIP 1.2 spec, 6.5",
     "An offset that grows makes compound create fail later, though it works today.", LEVEL_SHOULD,
     probe_drift, 0},
    {"driver-as-configured", "The driver's whole flow works with the configured settings",
     "KMIP 1.2 spec, 4.1, 4.25, 4.26, 4.29",
     "With compoundCreate the Activation Date is 1970-01-01, as a released driver sends it.",
     LEVEL_MUST, as_configured, 0},
    {"driver-as-advised", "The driver's whole flow works with the advised settings",
     "KMIP 1.2 spec, 4.1, 4.25, 4.26, 4.29",
     "Handshake, a bucket's key from Create to Destroy and pipelined requests, by position and a "
     "record a reply.",
     LEVEL_MUST, as_advised, 0},
    {.id = NULL},
};
