/* Probes: the server's clock against ours, its dates against its clock, and its drift.
 *
 * Ours is the wall clock as it stood when a measurement began, carried on by the
 * monotonic clock, so that a correction of ours meanwhile does not count as theirs. */
#include <stdio.h>

#include "client/lib/requests.h"
#include "conformance/driver_probe.h"
#include "kmip/base/clock.h"
#include "kmip/base/text.h"

#define SAMPLES_MAX 400
#define MEASURE_S 4                  /* at most */
#define ENOUGH_NS (1 * NS_PER_MS)
#define WORTH_TELLING_PPM 100.0       /* 9 s a day */
#define PROBE_EARLY_NS (NS_PER_MS / 2) /* what waking up may take */

struct measure {
    struct clock_estimate e;
    struct clock_sample v[SAMPLES_MAX];
    size_t n;
    bool contradicts, no_stamp;
    int64_t wall_minus_mono_ns;
};

static bool sample(struct measure *m, struct wire *w, struct kerr *err)
{
    static const uint8_t versions[] = {KMIP_V12};
    struct wire_call c;
    req_discover_versions(wire_begin(w, &c, KMIP_OPERATION_DISCOVER_VERSIONS), versions, 1);
    bool ok = wire_ask(w, &c);
    if (!ok)
        kerr_set_at(err, c.err.code, c.err.off, c.err.path, "%s", c.err.msg);
    else if (!c.has_stamp)
        m->no_stamp = true;
    else {
        struct clock_sample *s = &m->v[m->n++];
        *s = (struct clock_sample){.sent_ns = c.begun_ns + m->wall_minus_mono_ns,
                                   .arrived_ns = c.seen.arrived_ns + m->wall_minus_mono_ns,
                                   .stamp_s = c.stamp_s};
        m->contradicts = !clock_estimate_add(&m->e, s) || m->contradicts;
    }
    wire_call_clear(&c);
    return ok;
}

/* After a contradiction it goes on for a while, to see what the other clock does. */
static bool measure(struct probing *p, struct wire *w, struct measure *m, struct kerr *err)
{
    int64_t end = clock_mono_ns() + MEASURE_S * NS_PER_S;
    *m = (struct measure){.wall_minus_mono_ns = clock_wall_ns() - clock_mono_ns()};
    clock_estimate_init(&m->e);
    while (m->n < SAMPLES_MAX && clock_mono_ns() < end && !probe_stopped(p)) {
        if (!sample(m, w, err))
            return false;
        if (m->no_stamp || (!m->contradicts && clock_settled(&m->e, ENOUGH_NS)))
            break;
        int64_t now = clock_mono_ns();
        int64_t next = m->contradicts ? now + 50 * NS_PER_MS
                                      : clock_next_ns(&m->e, now + m->wall_minus_mono_ns) -
                                            m->wall_minus_mono_ns - PROBE_EARLY_NS;
        probe_wait_until(p, next < end ? next : end);
    }
    return true;
}

/* The last sample alone, when all together make no sense. */
static void from_last(struct measure *m)
{
    clock_estimate_init(&m->e);
    if (m->n > 0 && !clock_estimate_add(&m->e, &m->v[m->n - 1]))
        clock_estimate_init(&m->e);
}

static const char *trouble_words(enum clock_trouble t)
{
    static const char *const words[] = {
        [CLOCK_EVEN] = "runs as ours does",
        [CLOCK_FROZEN] = "stands still",
        [CLOCK_BACK] = "goes back",
        [CLOCK_UNEVEN] = "jumps, or runs at another rate than ours",
    };
    return words[t];
}

/* ---- the offset ------------------------------------------------------------- */

static void consequences(struct probing *p, const struct clock_estimate *e)
{
    double s = (double)clock_offset_ns(e) / (double)NS_PER_S;
    probe_say(p, "two-step create (Create, Activate): the server takes its own time for the "
                 "Activation Date, so the key is usable at once whatever the offset");
    if (clock_behind(e))
        probe_say(p, "compound create with the Activation Date now: by the server's clock it lies "
                     "%.3f s ahead, so the key stays Pre-Active that long and Encrypt is refused",
                  -s);
    else if (clock_ahead(e))
        probe_say(p, "compound create with the Activation Date now: by the server's clock it is "
                     "%.3f s old, so the key is usable at once, and dated before it was made",
                  s);
    else
        probe_say(p, "compound create with the Activation Date now: the dates agree");
    probe_say(p, "compound create with the Activation Date 1970-01-01: past by any clock");
}

static void clock_known(struct probing *p, const struct measure *m)
{
    struct clock_facts *f = &p->facts->clock;
    char words[120];
    f->known = true;
    f->at_start = m->e;
    clock_words(&m->e, words, sizeof words);
    probe_say(p, "%zu requests; shortest round trip %.3f ms", m->n,
              (double)m->e.round_trip_ns / (double)NS_PER_MS);
    consequences(p, &m->e);
    if (clock_behind(&m->e) && clock_offset_ns(&m->e) < -NS_PER_S / 10)
        probe_decide(p, VERDICT_WARN,
                     "the server's clock %s: a key made by compound create with the Activation "
                     "Date now is not usable for that long",
                     words);
    else if (clock_ahead(&m->e) && clock_offset_ns(&m->e) > NS_PER_S)
        probe_decide(p, VERDICT_WARN, "the server's clock %s: its dates lie in our future", words);
    else
        probe_decide(p, VERDICT_PASS, "the server's clock %s", words);
}

static void clock_offset(struct probing *p)
{
    struct clock_facts *f = &p->facts->clock;
    struct wire w;
    struct measure m;
    struct kerr err = KERR_INIT;
    char words[120];
    if (!probe_open(p, &w, 1))
        return;
    if (!measure(p, &w, &m, &err)) {
        probe_failed(p, &err);
    } else if (m.no_stamp) {
        probe_decide(p, VERDICT_WARN, "replies have no Time Stamp: the offset cannot be told");
    } else if (m.contradicts) {
        enum clock_trouble t = clock_trouble(m.v, m.n);
        from_last(&m);
        f->known = m.e.n > 0;
        f->at_start = m.e;
        f->uneven = true;
        fact_text(f->what, "%s (%zu requests within %.1f s)", trouble_words(t), m.n,
                  (double)(m.v[m.n - 1].arrived_ns - m.v[0].sent_ns) / (double)NS_PER_S);
        probe_decide(p, VERDICT_WARN,
                     "the server's clock %s; at the end it %s: only two-step create is safe",
                     f->what, clock_words(&m.e, words, sizeof words));
    } else if (probe_stopped(p)) {
        probe_decide(p, VERDICT_INCONCLUSIVE, "interrupted");
    } else {
        clock_known(p, &m);
    }
    wire_close(&w);
}

/* ---- dates against stamps --------------------------------------------------- */

static void dates(struct probing *p)
{
    struct clock_facts *f = &p->facts->clock;
    struct wire w;
    struct key k;
    struct key_dates d;
    struct kerr err = KERR_INIT;
    if (!probe_open(p, &w, 1))
        return;
    if (!key_create(&w, &(struct key_plan){.way = KEY_TWO_STEP}, &k, &err) ||
        !key_look(&w, k.uid, &d, &err)) {
        probe_failed(p, &err);
    } else if (!d.has_initial || !k.has_stamp) {
        probe_decide(p, VERDICT_WARN, "%s: dates and stamps cannot be compared",
                     d.has_initial ? "replies have no Time Stamp" : "the key has no Initial Date");
    } else {
        long long apart = (long long)(d.initial_s - k.stamp_s);
        char initial[40], stamp[40];
        f->engine_known = true;
        f->engine_minus_stamp_s = apart;
        probe_say(p, "Initial Date %s, Time Stamp of the Create reply %s",
                  text_date_out(d.initial_s, initial), text_date_out(k.stamp_s, stamp));
        if (apart < -1 || apart > 1)
            probe_decide(p, VERDICT_WARN,
                         "the server dates keys %lld s %s its own Time Stamps: what holds for "
                         "dates cannot be told from the stamps",
                         apart < 0 ? -apart : apart, apart < 0 ? "behind" : "ahead of");
        else
            probe_decide(p, VERDICT_PASS, "the dates of a new key agree with the Time Stamp");
    }
    wire_close(&w);
}

/* ---- drift ------------------------------------------------------------------ */

void probe_drift(struct probing *p)
{
    struct clock_facts *f = &p->facts->clock;
    struct wire w;
    struct measure m;
    struct kerr err = KERR_INIT;
    if (!f->known || f->uneven) {
        probe_decide(p, VERDICT_NOT_APPLICABLE,
                     "needs an offset to begin with: driver-clock-offset, in the same run");
        return;
    }
    if (!probe_open(p, &w, 1))
        return;
    if (!measure(p, &w, &m, &err)) {
        probe_failed(p, &err);
    } else if (m.contradicts || m.no_stamp ||
               !clock_drift(&f->at_start, &m.e, &f->drift_ppm, &f->drift_uncertain_ppm)) {
        probe_decide(p, VERDICT_WARN, "the server's clock has %s since the run began",
                     m.no_stamp ? "no stamps" : "become uneven");
        f->uneven = f->uneven || m.contradicts;
    } else {
        double over = (double)(m.e.at_ns - f->at_start.at_ns) / (double)NS_PER_S;
        double gains = f->drift_ppm < 0 ? -f->drift_ppm : f->drift_ppm;
        bool seen = gains > f->drift_uncertain_ppm && gains > WORTH_TELLING_PPM;
        f->drift_known = true;
        if (seen)
            probe_decide(p, VERDICT_WARN,
                         "in %.1f s the server's clock went %.0f ppm %s ours (\u00b1 %.0f): %.1f s "
                         "a day",
                         over, gains,
                         f->drift_ppm < 0 ? "slower than" : "faster than", f->drift_uncertain_ppm,
                         f->drift_ppm * 86400e-6);
        else
            probe_decide(p, VERDICT_PASS,
                         "none seen in %.1f s (it would be less than %.0f ppm)", over,
                         f->drift_uncertain_ppm);
    }
    wire_close(&w);
}

const struct probe probes_clock[] = {
    {"driver-clock-offset", "The server's clock agrees with ours", "KMIP 1.2 spec, 6.5",
     "Time Stamps are whole seconds: the tick is found by asking around it, and bounded by round "
     "trips.",
     LEVEL_SHOULD, clock_offset, 0},
    {"driver-clock-dates", "Dates of objects agree with Time Stamps", "KMIP 1.2 spec, 3.23, 6.5",
     "An appliance whose display clock and engine disagree dates keys by a clock that nobody "
     "sees.",
     LEVEL_SHOULD, dates, 0},
    {.id = NULL},
};
