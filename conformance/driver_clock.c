/* Probes: the server's clock against ours, its dates against its clock, and its drift. */
#include <stdio.h>

#include "conformance/clock_measure.h"
#include "conformance/driver_probe.h"
#include "kmip/base/clock.h"
#include "kmip/base/text.h"

#define WORTH_TELLING_PPM 100.0 /* 9 s a day */

/* The last sample alone, when all together make no sense. */
static void from_last(struct clock_measure *m)
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

static void clock_known(struct probing *p, const struct clock_measure *m)
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
    struct clock_measure m;
    struct kerr err = KERR_INIT;
    char words[120];
    if (!probe_open(p, &w, 1))
        return;
    if (!clock_measure(&m, &w, p->rn.runner->stop, &err)) {
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
    struct clock_measure m;
    struct kerr err = KERR_INIT;
    if (!f->known || f->uneven) {
        probe_decide(p, VERDICT_NOT_APPLICABLE,
                     "needs an offset to begin with: driver-clock-offset, in the same run");
        return;
    }
    if (!probe_open(p, &w, 1))
        return;
    if (!clock_measure(&m, &w, p->rn.runner->stop, &err)) {
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
