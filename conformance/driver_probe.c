/* Running a probe (driver_probe.h): the journal, the evidence and what is seen of the
 * wire are kept by a watch on its connections, so that a probe says only what it asks
 * for and what the answers mean. */
#include "conformance/driver_probe.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/lib/bucket.h"
#include "conformance/clock_measure.h"
#include "conformance/interrupt.h"
#include "kmip/base/clock.h"

#define EXCHANGES_KEPT 96

const struct probe *const driver_probes[] = {
    probes_handshake, probes_clock, probes_key, probes_pipeline,
    probes_attribute, probes_connection, probes_last, NULL,
};

void driver_init(struct driver *d, const struct driver_options *o)
{
    *d = (struct driver){.opt = *o};
}

struct picture driver_picture(const struct driver_facts *f, size_t i)
{
    const struct clock_facts *c = &f->clock;
    bool differs = c->known && !c->uneven && (clock_behind(&c->at_start) || clock_ahead(&c->at_start));
    return (struct picture){.v = f->depth[i].seen.v,
                            .n = f->depth[i].seen.n,
                            .began_wall_ns = f->depth[i].seen.began_wall_ns,
                            .two_clocks = differs,
                            .offset_ns = differs ? clock_offset_ns(&c->at_start) : 0};
}

struct test_case *probe_case(const struct probe *row, const char *suite, struct kerr *err)
{
    struct test_case *c = calloc(1, sizeof *c);
    if (!c) {
        kerr_set(err, KE_MEMORY, "no memory for a case");
        return NULL;
    }
    c->id = row->id;
    c->title = row->title;
    c->clause = row->clause;
    c->why = row->why;
    c->level = row->level;
    c->suite = suite;
    c->path = "(a probe, part of the program)";
    c->needs_identities = 1;
    c->unnamed = true;
    c->probe = row;
    return c;
}

/* ---- the watch -------------------------------------------------------------- */

static bool sending(void *arg, struct wire *w, struct wire_call *c)
{
    struct probing *p = arg;
    struct bytes request = buf_bytes(&c->request);
    (void)w;
    if (!made_allowed(&p->rn, request))
        return kerr_set(&c->err, KE_INTERNAL, "not sent: an object that this run has not made");
    if (made_before(&p->rn, "main", request, &c->ask))
        return true;
    return kerr_set(&c->err, p->rn.err.code, "%s", p->rn.err.msg);
}

static bool keep(struct probing *p, const struct wire_call *c)
{
    const struct exchange e = {
        .step = SIZE_MAX, .client = "main", .note = c->answered ? "" : c->err.msg,
        .sent_ns = c->begun_ns,
        .took_ns = (c->answered ? c->seen.arrived_ns : c->ended_ns) - c->begun_ns,
        .request = buf_bytes(&c->request), .reply = buf_bytes(&c->reply)};
    return result_keep(p->rn.result, &e);
}

static void over(void *arg, struct wire *w, struct wire_call *c)
{
    struct probing *p = arg;
    wire_facts_note(w->depth > 1 ? &p->piped : &p->alone, c);
    if (!c->answered && c->operation == KMIP_OPERATION_CREATE)
        p->creates++;
    bool kept = p->kept >= EXCHANGES_KEPT || keep(p, c);
    p->kept++;
    if (!kept || (c->answered && !made_after(&p->rn, "main", buf_bytes(&c->request),
                                             buf_bytes(&c->reply), c->ask)))
        kerr_set(&c->err, KE_MEMORY, "no memory to keep an exchange");
}

static const struct wire_watch watch = {.sending = sending, .over = over};

bool probe_connect(struct probing *p, struct wire *w, unsigned depth, enum kc_match match,
                   bool strict, struct kerr *err)
{
    uint8_t version = p->facts->adopted ? p->facts->adopted : KMIP_V12;
    *w = (struct wire){.version = version, .strict = strict, .watch = &watch, .arg = p};
    return wire_open(w, &p->base, depth, match, err);
}

bool probe_open_as(struct probing *p, struct wire *w, unsigned depth, enum kc_match match,
                   bool strict)
{
    struct kerr err = KERR_INIT;
    if (probe_connect(p, w, depth, match, strict, &err))
        return true;
    probe_failed(p, &err);
    return false;
}

bool probe_open(struct probing *p, struct wire *w, unsigned depth)
{
    return probe_open_as(p, w, depth, KC_MATCH_ID, false);
}

/* ---- what it says ----------------------------------------------------------- */

void probe_say(struct probing *p, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&p->evidence, fmt, ap);
    va_end(ap);
    buf_putc(&p->evidence, '\n');
}

void probe_decide(struct probing *p, enum verdict v, const char *fmt, ...)
{
    char text[900];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    struct case_result *c = p->rn.result;
    if (v != VERDICT_PASS) {
        result_decide(c, v, SIZE_MAX, "%s", text);
    } else if (c->verdict == VERDICT_PASS) {
        const char *copy = arena_str(&c->arena, text);
        c->reason = copy ? copy : "";
    }
}

void probe_failed(struct probing *p, const struct kerr *err)
{
    struct case_result *c = p->rn.result;
    char text[900];
    kerr_format(err, text, sizeof text);
    c->error_class = err->code == KE_REFUSED ? KERR_NONE : err->cls;
    if (err->code == KE_INTERRUPTED || probe_stopped(p)) {
        probe_decide(p, VERDICT_INCONCLUSIVE, "interrupted");
        return;
    }
    if (err->cls == KERR_CLASS_MEMORY || err->cls == KERR_CLASS_INTERNAL ||
        err->cls == KERR_CLASS_CONFIG) {
        probe_decide(p, VERDICT_ERROR, "%s", text);
        return;
    }
    c->lost = err->cls == KERR_CLASS_IO || err->cls == KERR_CLASS_TLS ||
              err->cls == KERR_CLASS_TIMEOUT;
    probe_decide(p, verdict_cap(p->rn.tc), "%s", text);
}

bool probe_stopped(const struct probing *p)
{
    return *p->rn.runner->stop;
}

void probe_wait_until(struct probing *p, int64_t mono_ns)
{
    clock_wait_until(mono_ns, p->rn.runner->stop);
}

void probe_name(const struct probing *p, const char *suffix, char *out, size_t room)
{
    snprintf(out, room, "%s-%s", p->rn.runner->run_prefix, suffix);
}

/* ---- after it --------------------------------------------------------------- */

/* What the records, ids and lengths of its replies mean for the driver, whatever it was
 * about. */
static void judge_wire(struct probing *p)
{
    const struct wire_facts *a = &p->alone, *b = &p->piped;
    size_t longest = a->longest > b->longest ? a->longest : b->longest;
    if (longest > BUCKET_MAX_RESPONSE)
        probe_decide(p, VERDICT_WARN,
                     "a reply has %zu bytes, though the request's Maximum Response Size is %d "
                     "(KMIP 1.2 spec, 6.3)",
                     longest, BUCKET_MAX_RESPONSE);
    if (a->split > 0)
        probe_decide(p, VERDICT_FAIL,
                     "%s: the driver takes a record for a reply, and its process ends with 'BUG: "
                     "Wrong buffer size'",
                     a->where);
    if (a->unnamed + b->unnamed > 0)
        probe_decide(p, VERDICT_FAIL,
                     "%u replies do not bear the request's Unique Batch Item ID: the driver ends "
                     "the connection with 'Invalid batch item ID returned'",
                     a->unnamed + b->unnamed);
    if (a->moved + a->shared > 0)
        probe_decide(p, VERDICT_FAIL, "%s, though requests went one at a time", a->where);
    if (b->split > 0)
        probe_decide(p, VERDICT_WARN,
                     "%s: the driver's process ends with 'BUG: Wrong buffer size' unless "
                     "pipelineDepth is 1",
                     b->where);
    if (b->shared > 0)
        probe_decide(p, VERDICT_WARN,
                     "%s: the driver uses the first and loses the rest unless pipelineDepth is 1",
                     b->where);
    if (b->moved > 0)
        probe_decide(p, VERDICT_WARN,
                     "%s: the driver matches by position and ends the connection unless "
                     "pipelineDepth is 1",
                     b->where);
}

static void sum_up(struct probing *p)
{
    struct case_result *c = p->rn.result;
    wire_facts_join(&p->facts->alone, &p->alone);
    wire_facts_join(&p->facts->piped, &p->piped);
    p->facts->lost_creates += p->creates;
    if (p->creates > 0)
        probe_say(p, "%u Create requests had no reply; the driver's keys bear no name, so what "
                     "they may have made cannot be looked for",
                  p->creates);
    if (p->kept > EXCHANGES_KEPT)
        probe_say(p, "%u exchanges, of which the first %d are kept", p->kept, EXCHANGES_KEPT);
    const char *copy = arena_str(&c->arena, buf_cstr(&p->evidence));
    c->evidence = copy ? copy : "";
}

struct case_result *probe_run(struct runner *r, const struct test_case *tc, unsigned round)
{
    struct probing p = {.rn = {.runner = r, .tc = tc, .step = SIZE_MAX, .err = KERR_INIT},
                        .row = tc->probe, .driver = r->driver, .facts = &r->driver->facts};
    p.rn.result = result_new(tc, round);
    if (!p.rn.result)
        return NULL;
    p.rn.result->started_ns = clock_mono_ns();
    buf_init(&p.evidence, 1u << 16);
    kc_connect_from(&r->target->opt.settings, r->target->port, &p.base);
    p.row->run(&p);
    judge_wire(&p);
    verdict_error(&p.rn);
    interrupt_hold();
    journal_clean(r->journal, r->target, tc->id, false);
    interrupt_release();
    target_end_case(r->target);
    sum_up(&p);
    p.rn.result->took_ns = clock_mono_ns() - p.rn.result->started_ns;
    buf_clear(&p.evidence);
    return p.rn.result;
}
