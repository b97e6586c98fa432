/* What the driver suite found out (report.h): facts for people at the end of a run, and
 * for machines in the JSON report. */
#include "conformance/report_driver.h"

#include "conformance/advice.h"
#include "conformance/hosts.h"
#include "conformance/report.h"
#include "kmip/base/clock.h"

/* ---- for people ------------------------------------------------------------- */

static void pipeline_table(FILE *out, const struct driver_facts *f)
{
    if (f->depth[0].depth == 0)
        return;
    fprintf(out, "  depth   replies  out of order  shared record  several records   requests/s"
                 "   median ms     99%% ms\n");
    for (size_t i = 0; i < DRIVER_DEPTHS; i++) {
        const struct depth_facts *d = &f->depth[i];
        if (d->depth == 0)
            continue;
        fprintf(out, "  %5u %9u %13u %14u %16u", d->depth, d->wire.replies, d->wire.moved,
                d->wire.shared, d->wire.split);
        if (d->works == TRI_YES)
            fprintf(out, " %12.0f %11.3f %10.3f\n", d->per_second, (double)d->median_ns / 1e6,
                    (double)d->p99_ns / 1e6);
        else
            fprintf(out, "   %s\n", d->why[0] ? d->why : "not tested");
    }
}

/* Where lines of cases that passed were not left standing. */
static void what_was_seen(struct terminal *t, const struct run_result *r)
{
    for (size_t i = 0; i < r->n_tallies; i++) {
        const struct case_result *c = r->tallies[i].worst;
        if (!c->tc->probe || !c->reason[0])
            continue;
        fprintf(t->out, "  %-32s %s\n", c->tc->id, c->reason);
    }
}

void report_driver(struct terminal *t, const struct run_result *r)
{
    if (!r->driver)
        return;
    struct advice a;
    struct buf block;
    const struct kc_settings *s = &r->target->opt.settings;
    const struct advice_host host = {s->host, true, ""};
    const struct advice_place place = {&host, 1, 0, s->port, r->target->vendor,
                                       r->started_wall_ns / NS_PER_S};
    if (r->driver->facts.advised == TRI_UNKNOWN)
        return; /* a part of the suite is nothing to go by */
    advise(&r->driver->facts, r->driver->opt.attribute, &a);
    const struct driver_facts *f = &r->driver->facts;
    bool list = t->live || t->quiet;
    if (list || f->depth[0].depth > 0 || f->advised != TRI_UNKNOWN)
        fprintf(t->out, "\nFor the storage driver\n\n");
    if (list)
        what_was_seen(t, r);
    pipeline_table(t->out, &r->driver->facts);
    buf_init(&block, 1u << 20);
    if (advice_yaml(&a, &place, &block))
        fprintf(t->out, "\nAdvice (`kmip-conform advise` prints it alone)\n\n%s", buf_cstr(&block));
    buf_clear(&block);
}

/* ---- for machines ----------------------------------------------------------- */

static json_t *tri_json(enum tri t)
{
    return t == TRI_UNKNOWN ? json_null() : json_boolean(t == TRI_YES);
}

static json_t *text_json(const char *s)
{
    struct buf utf8;
    buf_init(&utf8, 1u << 16);
    report_utf8(&utf8, s);
    json_t *j = json_string(buf_cstr(&utf8));
    buf_clear(&utf8);
    return j;
}

static json_t *wire_json(const struct wire_facts *w)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "replies", (json_int_t)w->replies,
                     "out_of_order", (json_int_t)w->moved, "shared_record", (json_int_t)w->shared,
                     "several_records", (json_int_t)w->split, "without_id", (json_int_t)w->unnamed,
                     "most_records", (json_int_t)w->most_records, "longest_reply",
                     (json_int_t)w->longest);
}

static json_t *depths_json(const struct driver_facts *f)
{
    json_t *list = json_array();
    for (size_t i = 0; i < DRIVER_DEPTHS; i++) {
        const struct depth_facts *d = &f->depth[i];
        if (d->depth == 0)
            continue;
        json_array_append_new(
            list, json_pack("{s:I, s:o, s:o, s:f, s:f, s:f, s:f, s:o}", "depth",
                            (json_int_t)d->depth, "works", tri_json(d->works), "wire",
                            wire_json(&d->wire), "requests_per_second", d->per_second,
                            "median_ms", (double)d->median_ns / 1e6, "p99_ms",
                            (double)d->p99_ns / 1e6, "most_ms", (double)d->most_ns / 1e6, "why",
                            text_json(d->why)));
    }
    return list;
}

static json_t *creates_json(const struct driver_facts *f)
{
    static const char *const ways[] = {[KEY_TWO_STEP] = "two_step",
                                       [KEY_COMPOUND_NOW] = "compound_now",
                                       [KEY_COMPOUND_EPOCH] = "compound_epoch"};
    json_t *j = json_object();
    for (size_t i = 0; i < KEY_WAYS; i++) {
        const struct create_facts *c = &f->create[i];
        json_t *one = json_pack("{s:o, s:b, s:o}", "works", tri_json(c->works), "refused",
                                (int)c->refused, "why", text_json(c->why));
        if (c->usable_after_ns > 0)
            json_object_set_new(one, "usable_after_ms",
                                json_real((double)c->usable_after_ns / 1e6));
        json_object_set_new(j, ways[i], one);
    }
    return j;
}

static json_t *clock_json(const struct clock_facts *c)
{
    if (!c->known)
        return json_null();
    json_t *j = json_pack("{s:f, s:f, s:f, s:b}", "offset_seconds",
                          (double)clock_offset_ns(&c->at_start) / 1e9, "uncertain_seconds",
                          (double)clock_uncertain_ns(&c->at_start) / 1e9, "round_trip_ms",
                          (double)c->at_start.round_trip_ns / 1e6, "uneven", (int)c->uneven);
    if (c->drift_known) {
        json_object_set_new(j, "drift_ppm", json_real(c->drift_ppm));
        json_object_set_new(j, "drift_uncertain_ppm", json_real(c->drift_uncertain_ppm));
    }
    if (c->engine_known)
        json_object_set_new(j, "dates_minus_stamps_seconds",
                            json_integer((json_int_t)c->engine_minus_stamp_s));
    return j;
}

static json_t *names_json(const struct driver_facts *f)
{
    json_t *list = json_array();
    for (size_t i = 0; i < f->n_names; i++) {
        const struct name_facts *n = &f->names[i];
        json_array_append_new(
            list, json_pack("{s:o, s:o, s:o, s:o, s:I, s:o}", "name", text_json(n->name), "taken",
                            tri_json(n->taken), "kept", tri_json(n->kept), "located",
                            tri_json(n->located), "longest_kept", (json_int_t)n->longest, "why",
                            text_json(n->why)));
    }
    return list;
}

static json_t *advice_json(const struct driver *d)
{
    struct advice a;
    advise(&d->facts, d->opt.attribute, &a);
    json_t *ask = json_array();
    for (size_t i = 0; i < a.n_asks; i++)
        json_array_append_new(ask, text_json(a.ask[i]));
    return json_pack("{s:b, s:b, s:o, s:I, s:o}", "enabled", (int)a.works, "compoundCreate",
                     (int)a.compound, "bucketAttributeName", text_json(a.attribute),
                     "pipelineDepth", (json_int_t)a.depth, "ask", ask);
}

json_t *report_driver_json(const struct driver *d)
{
    const struct driver_facts *f = &d->facts;
    json_t *j = json_pack("{s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "handshake",
                          tri_json(f->handshake), "adopted_version",
                          f->adopted ? kmip_version_text(f->adopted) : "", "alone",
                          wire_json(&f->alone), "pipelined", wire_json(&f->piped), "create",
                          creates_json(f), "pipeline", depths_json(f), "clock",
                          clock_json(&f->clock), "attributes", names_json(f), "reconnect",
                          tri_json(f->reconnect), "connections", tri_json(f->connections), "advice",
                          advice_json(d));
    if (j && f->connections != TRI_UNKNOWN)
        json_object_set_new(j, "connected_at_a_time", json_integer((json_int_t)f->connected));
    if (j && f->idle_ns > 0) {
        json_object_set_new(j, "idle_seconds", json_real((double)f->idle_ns / 1e9));
        json_object_set_new(j, "idle_closed", tri_json(f->idle_closed));
    }
    return j;
}
