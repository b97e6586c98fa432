/* Facts of the driver suite in the JSON report (report_driver.h), written and read by the same
 * rows: what one direction knows, the other does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/advice.h"
#include "conformance/report.h"
#include "conformance/report_driver.h"
#include "conformance/report_load.h"
#include "kmip/base/clock.h"

/* One way in which a value stands in the JSON. */
struct kind {
    json_t *(*out)(const void *p); /* NULL: it is left out */
    void (*in)(void *p, size_t room, const json_t *j);
};

struct row {
    const char *key;
    const struct kind *kind;
    size_t off, room;
};

static json_t *object(const struct row *row, const void *base)
{
    json_t *j = json_object();
    for (; row->key; row++) {
        json_t *v = row->kind->out((const char *)base + row->off);
        if (v)
            json_object_set_new(j, row->key, v);
    }
    return j;
}

static void load(const struct row *row, void *base, const json_t *from)
{
    for (; row->key; row++) {
        const json_t *j = json_object_get(from, row->key);
        if (j)
            row->kind->in((char *)base + row->off, row->room, j);
    }
}

/* ---- kinds ------------------------------------------------------------------ */

/* As the file will hold it, so that it is the same when it is read back. */
static json_t *real(double x)
{
    char digits[40];
    snprintf(digits, sizeof digits, "%.12g", x);
    return json_real(strtod(digits, NULL));
}

static int64_t ns_in(const json_t *j, double unit)
{
    double x = json_number_value(j) * unit;
    return (int64_t)(x < 0 ? x - 0.5 : x + 0.5);
}

static json_t *tri_out(const void *p)
{
    enum tri t = *(const enum tri *)p;
    return t == TRI_UNKNOWN ? json_null() : json_boolean(t == TRI_YES);
}

static void tri_in(void *p, size_t room, const json_t *j)
{
    (void)room;
    *(enum tri *)p = json_is_true(j) ? TRI_YES : json_is_false(j) ? TRI_NO : TRI_UNKNOWN;
}

static json_t *text_out(const void *p)
{
    return report_json_text(p);
}

static json_t *given_out(const void *p)
{
    return *(const char *)p ? report_json_text(p) : NULL;
}

static void text_in(void *p, size_t room, const json_t *j)
{
    const char *s = json_string_value(j);
    snprintf(p, room, "%s", s ? s : "");
}

static json_t *count_out(const void *p)
{
    return json_integer((json_int_t) * (const unsigned *)p);
}

static void count_in(void *p, size_t room, const json_t *j)
{
    (void)room;
    *(unsigned *)p = (unsigned)json_integer_value(j);
}

static json_t *size_out(const void *p)
{
    return json_integer((json_int_t) * (const size_t *)p);
}

static void size_in(void *p, size_t room, const json_t *j)
{
    (void)room;
    *(size_t *)p = (size_t)json_integer_value(j);
}

static json_t *flag_out(const void *p)
{
    return json_boolean(*(const bool *)p);
}

static void flag_in(void *p, size_t room, const json_t *j)
{
    (void)room;
    *(bool *)p = json_is_true(j);
}

static json_t *real_out(const void *p)
{
    return real(*(const double *)p);
}

static void real_in(void *p, size_t room, const json_t *j)
{
    (void)room;
    *(double *)p = json_number_value(j);
}

static json_t *ms_out(const void *p)
{
    return real((double)*(const int64_t *)p / 1e6);
}

static void ms_in(void *p, size_t room, const json_t *j)
{
    (void)room;
    *(int64_t *)p = ns_in(j, 1e6);
}

static json_t *seconds_out(const void *p)
{
    return *(const int64_t *)p > 0 ? real((double)*(const int64_t *)p / 1e9) : NULL;
}

static void seconds_in(void *p, size_t room, const json_t *j)
{
    (void)room;
    *(int64_t *)p = ns_in(j, 1e9);
}

static json_t *wait_out(const void *p)
{
    int64_t ns = *(const int64_t *)p;
    return ns > 0 ? real((double)ns / 1e6) : ns < 0 ? json_null() : NULL;
}

static void wait_in(void *p, size_t room, const json_t *j)
{
    (void)room;
    *(int64_t *)p = json_is_null(j) ? -1 : ns_in(j, 1e6);
}

static json_t *version_out(const void *p)
{
    uint8_t v = *(const uint8_t *)p;
    return json_string(v ? kmip_version_text(v) : "");
}

static void version_in(void *p, size_t room, const json_t *j)
{
    const char *s = json_string_value(j);
    (void)room;
    *(uint8_t *)p = kmip_version_parse(bytes_str(s ? s : ""));
}

static json_t *seen_out(const void *p)
{
    const struct seen_facts *f = p;
    const struct picture seen = {.v = f->v, .n = f->n};
    if (f->n == 0)
        return NULL;
    return json_pack("{s:I, s:o}", "began_ms", (json_int_t)(f->began_wall_ns / NS_PER_MS), "events",
                     picture_json(&seen));
}

static void seen_in(void *p, size_t room, const json_t *j)
{
    struct seen_facts *f = p;
    (void)room;
    f->began_wall_ns = (int64_t)json_integer_value(json_object_get(j, "began_ms")) * NS_PER_MS;
    f->n = picture_load(f->v, sizeof f->v / sizeof *f->v, json_object_get(j, "events"));
}

static json_t *wire_out(const void *p);
static void wire_in(void *p, size_t room, const json_t *j);

static const struct kind TRI = {tri_out, tri_in};
static const struct kind TEXT = {text_out, text_in}; /* char[] */
static const struct kind GIVEN = {given_out, text_in}; /* ... left out when empty */
static const struct kind COUNT = {count_out, count_in}; /* unsigned */
static const struct kind SIZE = {size_out, size_in};
static const struct kind FLAG = {flag_out, flag_in};
static const struct kind REAL = {real_out, real_in};
static const struct kind MS = {ms_out, ms_in};          /* int64_t nanoseconds */
static const struct kind SECONDS = {seconds_out, seconds_in}; /* ... left out when 0 */
static const struct kind WAIT = {wait_out, wait_in}; /* ... of which -1 is no end: null */
static const struct kind VERSION = {version_out, version_in};
static const struct kind SEEN = {seen_out, seen_in};
static const struct kind WIRE = {wire_out, wire_in};

/* ---- rows ------------------------------------------------------------------- */

#define AT(type, member) offsetof(type, member), sizeof(((type *)0)->member)

static const struct row wire_rows[] = {
    {"replies", &COUNT, AT(struct wire_facts, replies)},
    {"out_of_order", &COUNT, AT(struct wire_facts, moved)},
    {"shared_record", &COUNT, AT(struct wire_facts, shared)},
    {"several_records", &COUNT, AT(struct wire_facts, split)},
    {"without_id", &COUNT, AT(struct wire_facts, unnamed)},
    {"most_records", &COUNT, AT(struct wire_facts, most_records)},
    {"longest_reply", &SIZE, AT(struct wire_facts, longest)},
    {"where", &GIVEN, AT(struct wire_facts, where)},
    {.key = NULL},
};
static const struct row create_rows[] = {
    {"works", &TRI, AT(struct create_facts, works)},
    {"refused", &FLAG, AT(struct create_facts, refused)},
    {"why", &TEXT, AT(struct create_facts, why)},
    {"usable_after_ms", &WAIT, AT(struct create_facts, usable_after_ns)},
    {.key = NULL},
};
static const struct row depth_rows[] = {
    {"depth", &COUNT, AT(struct depth_facts, depth)},
    {"works", &TRI, AT(struct depth_facts, works)},
    {"wire", &WIRE, AT(struct depth_facts, wire)},
    {"requests_per_second", &REAL, AT(struct depth_facts, per_second)},
    {"median_ms", &MS, AT(struct depth_facts, median_ns)},
    {"p99_ms", &MS, AT(struct depth_facts, p99_ns)},
    {"most_ms", &MS, AT(struct depth_facts, most_ns)},
    {"why", &TEXT, AT(struct depth_facts, why)},
    {"seen", &SEEN, AT(struct depth_facts, seen)},
    {.key = NULL},
};
static const struct row name_rows[] = {
    {"name", &TEXT, AT(struct name_facts, name)},
    {"taken", &TRI, AT(struct name_facts, taken)},
    {"kept", &TRI, AT(struct name_facts, kept)},
    {"located", &TRI, AT(struct name_facts, located)},
    {"longest_kept", &SIZE, AT(struct name_facts, longest)},
    {"why", &TEXT, AT(struct name_facts, why)},
    {.key = NULL},
};
static const struct row rows[] = {
    {"handshake", &TRI, AT(struct driver_facts, handshake)},
    {"handshake_why", &GIVEN, AT(struct driver_facts, handshake_why)},
    {"adopted_version", &VERSION, AT(struct driver_facts, adopted)},
    {"missing", &GIVEN, AT(struct driver_facts, missing)},
    {"alone", &WIRE, AT(struct driver_facts, alone)},
    {"pipelined", &WIRE, AT(struct driver_facts, piped)},
    {"reconnect", &TRI, AT(struct driver_facts, reconnect)},
    {"connections", &TRI, AT(struct driver_facts, connections)},
    {"connected_at_a_time", &COUNT, AT(struct driver_facts, connected)},
    {"lost_creates", &COUNT, AT(struct driver_facts, lost_creates)},
    {"idle_seconds", &SECONDS, AT(struct driver_facts, idle_ns)},
    {"idle_closed", &TRI, AT(struct driver_facts, idle_closed)},
    {"idle_closed_after_seconds", &SECONDS, AT(struct driver_facts, idle_closed_after_ns)},
    {"idle_refused", &FLAG, AT(struct driver_facts, idle_refused)},
    {"idle_why", &GIVEN, AT(struct driver_facts, idle_why)},
    {"advised", &TRI, AT(struct driver_facts, advised)},
    {"advised_why", &GIVEN, AT(struct driver_facts, advised_why)},
    {"configured", &TRI, AT(struct driver_facts, configured)},
    {"configured_why", &GIVEN, AT(struct driver_facts, configured_why)},
    {.key = NULL},
};

static const char *const ways[KEY_WAYS] = {[KEY_TWO_STEP] = "two_step",
                                           [KEY_COMPOUND_NOW] = "compound_now",
                                           [KEY_COMPOUND_EPOCH] = "compound_epoch"};

static json_t *wire_out(const void *p)
{
    return object(wire_rows, p);
}

static void wire_in(void *p, size_t room, const json_t *j)
{
    (void)room;
    load(wire_rows, p, j);
}

/* ---- out -------------------------------------------------------------------- */

static json_t *clock_out(const struct clock_facts *c)
{
    if (!c->known)
        return json_null();
    json_t *j = json_pack("{s:o, s:o, s:o, s:b}", "offset_seconds",
                          real((double)clock_offset_ns(&c->at_start) / 1e9), "uncertain_seconds",
                          real((double)clock_uncertain_ns(&c->at_start) / 1e9), "round_trip_ms",
                          real((double)c->at_start.round_trip_ns / 1e6), "uneven", (int)c->uneven);
    if (c->what[0])
        json_object_set_new(j, "what", report_json_text(c->what));
    if (c->drift_known) {
        json_object_set_new(j, "drift_ppm", real(c->drift_ppm));
        json_object_set_new(j, "drift_uncertain_ppm", real(c->drift_uncertain_ppm));
    }
    if (c->engine_known)
        json_object_set_new(j, "dates_minus_stamps_seconds",
                            json_integer((json_int_t)c->engine_minus_stamp_s));
    return j;
}

static json_t *advice_out(const struct driver *d)
{
    struct advice a;
    advise(&d->facts, d->opt.attribute, &a);
    json_t *ask = json_array();
    for (size_t i = 0; i < a.n_asks; i++)
        json_array_append_new(ask, report_json_text(a.ask[i]));
    return json_pack("{s:b, s:b, s:o, s:I, s:o}", "enabled", (int)a.works, "compoundCreate",
                     (int)a.compound, "bucketAttributeName", report_json_text(a.attribute), "pipelineDepth",
                     (json_int_t)a.depth, "ask", ask);
}

json_t *report_driver_json(const struct driver *d)
{
    const struct driver_facts *f = &d->facts;
    json_t *j = object(rows, f), *create = json_object(), *pipeline = json_array(),
           *names = json_array();
    for (size_t i = 0; i < KEY_WAYS; i++)
        if (ways[i])
            json_object_set_new(create, ways[i], object(create_rows, &f->create[i]));
    for (size_t i = 0; i < DRIVER_DEPTHS; i++)
        if (f->depth[i].depth > 0)
            json_array_append_new(pipeline, object(depth_rows, &f->depth[i]));
    for (size_t i = 0; i < f->n_names; i++)
        json_array_append_new(names, object(name_rows, &f->names[i]));
    json_object_set_new(j, "create", create);
    json_object_set_new(j, "pipeline", pipeline);
    json_object_set_new(j, "clock", clock_out(&f->clock));
    json_object_set_new(j, "attributes", names);
    if (d->opt.attribute)
        json_object_set_new(j, "wanted_attribute", report_json_text(d->opt.attribute));
    json_object_set_new(j, "advice", advice_out(d));
    return j;
}

/* ---- in --------------------------------------------------------------------- */

static void clock_in(struct clock_facts *c, const json_t *j)
{
    int64_t offset = ns_in(json_object_get(j, "offset_seconds"), 1e9),
            uncertain = ns_in(json_object_get(j, "uncertain_seconds"), 1e9);
    const json_t *apart = json_object_get(j, "dates_minus_stamps_seconds");
    if (!json_is_object(j))
        return;
    c->known = true;
    c->at_start = (struct clock_estimate){
        .lo_ns = offset - uncertain,
        .hi_ns = offset + uncertain,
        .n = 1,
        .round_trip_ns = ns_in(json_object_get(j, "round_trip_ms"), 1e6)};
    c->uneven = json_is_true(json_object_get(j, "uneven"));
    snprintf(c->what, sizeof c->what, "%s", report_text_of(j, "what"));
    c->drift_known = json_object_get(j, "drift_ppm") != NULL;
    c->drift_ppm = json_number_value(json_object_get(j, "drift_ppm"));
    c->drift_uncertain_ppm = json_number_value(json_object_get(j, "drift_uncertain_ppm"));
    c->engine_known = apart != NULL;
    c->engine_minus_stamp_s = (int64_t)json_integer_value(apart);
}

void report_load_driver(struct report_loaded *l, const json_t *j)
{
    struct driver_facts *f = &l->driver.facts;
    const json_t *create = json_object_get(j, "create"), *pipeline = json_object_get(j, "pipeline"),
                 *names = json_object_get(j, "attributes");
    if (!j)
        return;
    load(rows, f, j);
    for (size_t i = 0; i < KEY_WAYS; i++)
        if (ways[i])
            load(create_rows, &f->create[i], json_object_get(create, ways[i]));
    for (size_t i = 0; i < json_array_size(pipeline) && i < DRIVER_DEPTHS; i++)
        load(depth_rows, &f->depth[i], json_array_get(pipeline, i));
    for (size_t i = 0; i < json_array_size(names) && i < DRIVER_NAMES_MAX; i++)
        load(name_rows, &f->names[f->n_names++], json_array_get(names, i));
    clock_in(&f->clock, json_object_get(j, "clock"));
    l->driver.opt.attribute = json_string_value(json_object_get(j, "wanted_attribute"));
    l->result.driver = &l->driver;
}
