/* What the driver suite found out, at the end of a run (report.h). */
#include "conformance/advice.h"
#include "conformance/driver.h"
#include "conformance/hosts.h"
#include "conformance/report.h"
#include "kmip/base/clock.h"

#define PICTURE_LINES 24

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

/* The shallowest pipeline whose replies were out of order, or shared records. */
static void pipeline_picture(FILE *out, const struct driver_facts *f)
{
    for (size_t i = 0; i < DRIVER_DEPTHS; i++) {
        const struct depth_facts *d = &f->depth[i];
        struct picture p = driver_picture(f, i);
        struct buf text;
        if (d->wire.moved + d->wire.shared == 0 || p.n == 0)
            continue;
        p.n = p.n < PICTURE_LINES ? p.n : PICTURE_LINES;
        buf_init(&text, 1u << 20);
        picture_text(&text, &p, 2);
        fprintf(out, "\n  At depth %u, from request %u on\n\n%s", d->depth, p.v[0].request,
                buf_cstr(&text));
        buf_clear(&text);
        return;
    }
}

/* Where lines of cases that passed were not left standing. */
static void what_was_seen(struct terminal *t, const struct run_result *r)
{
    for (size_t i = 0; i < r->n_tallies; i++) {
        const struct case_result *c = r->tallies[i].worst;
        if (strcmp(c->tc->suite, "driver") != 0 || !c->reason[0])
            continue;
        fprintf(t->out, "  %-32s %s\n", c->tc->id, c->reason);
    }
}

bool report_advice(const struct run_result *r, struct buf *out)
{
    struct advice a;
    if (!r->driver || r->driver->facts.advised == TRI_UNKNOWN)
        return false; /* a part of the suite is nothing to go by */
    const struct kc_settings *s = &r->target->opt.settings;
    const struct advice_host host = {s->host, true, ""};
    const struct advice_place place = {&host, 1, 0, s->port, r->target->vendor,
                                       r->started_wall_ns / NS_PER_S};
    advise(&r->driver->facts, r->driver->opt.attribute, &a);
    return advice_yaml(&a, &place, out);
}

void report_driver(struct terminal *t, const struct run_result *r)
{
    struct buf block;
    buf_init(&block, 1u << 20);
    if (report_advice(r, &block)) {
        fprintf(t->out, "\nFor the storage driver\n\n");
        if (t->live || t->quiet)
            what_was_seen(t, r);
        pipeline_table(t->out, &r->driver->facts);
    pipeline_picture(t->out, &r->driver->facts);
        fprintf(t->out, "\nAdvice (`kmip-conform advise` prints it alone)\n\n%s", buf_cstr(&block));
    }
    buf_clear(&block);
}
