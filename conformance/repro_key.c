/* An attempt with a key (repro.h): made, used at once, looked at, ended. When it cannot
 * be used: since when, and why? */
#include <stdio.h>
#include <string.h>

#include "conformance/driver_handshake.h"
#include "conformance/repro.h"
#include "kmip/base/clock.h"
#include "kmip/base/text.h"

#define SOON_NS (6 * NS_PER_S)       /* a key that becomes usable so soon is waited for */
#define PATIENCE_NS (30 * NS_PER_S)  /* of one who asks for the State */
#define ASK_AGAIN_NS (50 * NS_PER_MS)
#define DATES_AGREE_S 2

static double seconds(int64_t ns)
{
    return (double)ns / (double)NS_PER_S;
}

/* ---- the server's time ------------------------------------------------------ */

/* How far the dates of keys are from the Time Stamps of the same replies. */
static int64_t dates_minus_stamps(const struct key *k, const struct key_dates *d)
{
    int64_t apart = d->has_initial && k->has_stamp ? d->initial_s - k->stamp_s : 0;
    return apart > 1 || apart < -1 ? apart : 0;
}

/* In how many seconds the server's clock, that which decides on keys, shows a date. */
static double until(const struct repro_run *r, const struct key *k, const struct key_dates *d,
                    int64_t date_s)
{
    double stamp = r->clock.e.n > 0 && r->trouble == CLOCK_EVEN
                       ? seconds(clock_wall_ns()) + seconds(clock_offset_ns(&r->clock.e))
                       : (double)d->stamp_s;
    return (double)date_s - stamp - (double)dates_minus_stamps(k, d);
}

/* ---- what is seen of it ----------------------------------------------------- */

static void note_date(struct repro_result *out, const char *what, bool there, int64_t date_s)
{
    char text[40];
    repro_note(out, EVENT_NOTE, "%-15s %s", what, there ? text_date_out(date_s, text) : "none");
}

static void note_dates(const struct repro_run *r, struct repro_result *out, const struct key *k,
                       const struct key_dates *d)
{
    char ours[40], words[120];
    int64_t apart = out->dates_apart_s = dates_minus_stamps(k, d);
    repro_note(out, EVENT_NOTE, "%-15s %s", "our clock",
               text_date_out(clock_wall_ns() / NS_PER_S, ours));
    note_date(out, "Time Stamp", d->has_stamp, d->stamp_s);
    if (k->dated)
        note_date(out, "date asked for", true, k->sent_date);
    note_date(out, "Activation Date", d->has_activation, d->activation_s);
    note_date(out, "Initial Date", d->has_initial, d->initial_s);
    repro_note(out, EVENT_NOTE, "%-15s %s", "State",
               d->has_state ? kmip_name_of("State", d->state) : "not told");
    if (apart)
        repro_note(out, EVENT_NOTE, "dates of keys are %lld s %s the Time Stamps",
                   (long long)(apart < 0 ? -apart : apart), apart < 0 ? "behind" : "ahead of");
    if (r->trouble == CLOCK_EVEN && r->clock.e.n > 0 &&
        (clock_behind(&r->clock.e) || clock_ahead(&r->clock.e)))
        repro_note(out, EVENT_NOTE, "the server's clock %s",
                   clock_words(&r->clock.e, words, sizeof words));
}

/* ---- a key that is not usable yet ------------------------------------------- */

/* Asks until it works; when, counted from Create's reply, or -1. */
static double wait_usable(const struct repro_run *r, struct wire *w, const struct key *k,
                          double at_most_s)
{
    int64_t deadline = clock_mono_ns() + (int64_t)(at_most_s * (double)NS_PER_S);
    w->watch = NULL; /* the refusals on the way are all alike */
    while (!*r->stop && clock_mono_ns() < deadline) {
        struct kerr err = KERR_INIT;
        if (key_use(w, k->uid, &err))
            return seconds(clock_mono_ns() - k->made_ns);
        if (err.code != KE_REFUSED)
            break;
        clock_wait_until(clock_mono_ns() + ASK_AGAIN_NS, r->stop);
    }
    return -1;
}

static void without_date(struct repro_result *out, struct wire *w, const struct key *k)
{
    struct kerr err = KERR_INIT;
    if (!out->attempt->late_activate)
        repro_says(out, false, "not usable, and never by itself: the server has kept no Activation "
                               "Date, so the key waits for an Activate");
    else if (key_activate(w, k->uid, &err) && key_use(w, k->uid, &err))
        repro_says(out, true, "usable after an Activate");
    else
        repro_says(out, false, "not usable, also after an Activate: %s", err.msg);
}

/* Too long to wait for: reckoned. */
static void much_later(const struct repro_run *r, struct repro_result *out, const struct key *k,
                       double left)
{
    char when[40];
    text_date_out(clock_wall_ns() / NS_PER_S + (int64_t)left + 1, when);
    repro_says(out, false,
               "not usable yet: by the server's clock its Activation Date is still to come; usable "
               "at %s by ours, %.0f s after Create%s",
               when, left + seconds(clock_mono_ns() - k->made_ns),
               r->trouble == CLOCK_EVEN ? "" : ", unless that clock is set right before");
}

/* As it should be: is it when that time has passed? False: could not be done. */
static bool as_planned(struct repro_run *r, struct repro_result *out, struct wire *w,
                       const struct key *k, struct kerr *err)
{
    long long planned = (long long)out->attempt->planned_s;
    struct kerr why = KERR_INIT;
    char time[30];
    snprintf(time, sizeof time, "%llds", planned);
    repro_note(out, EVENT_NOTE, "%s pass (virtual time)", time);
    if (!repro_pass_time(r, out, time, err))
        return false;
    if (key_use(w, k->uid, &why))
        repro_says(out, true, "not usable at once, but when the %lld s had passed, as planned",
                   planned);
    else
        repro_says(out, false, "not usable, also when the %lld s had passed: %s", planned, why.msg);
    return true;
}

static void not_yet(const struct repro_run *r, struct repro_result *out, struct wire *w,
                    const struct key *k, const struct key_dates *d)
{
    double left = d->has_activation ? until(r, k, d, d->activation_s) : 0;
    if (!d->has_activation) {
        without_date(out, w, k);
        return;
    }
    if (r->trouble == CLOCK_FROZEN) {
        repro_says(out, false, "not usable, and never while the server's clock stands still: by it "
                               "the Activation Date does not come");
        return;
    }
    if (!r->wait && left > seconds(SOON_NS)) {
        much_later(r, out, k, left);
        return;
    }
    double usable = wait_usable(r, w, k, (left > 0 ? left : 0) + seconds(SOON_NS));
    if (usable < 0)
        repro_says(out, false, "not usable, also after its Activation Date");
    else if (k->dated)
        repro_says(out, false, "usable only %.1f s after Create: by the server's clock its "
                               "Activation Date was still to come",
                   usable);
    else
        repro_says(out, false, "usable only %.1f s after Create, though Activate had succeeded",
                   usable);
}

/* ---- a key that is ---------------------------------------------------------- */

static void at_once(struct repro_result *out, const struct key_dates *d)
{
    const struct repro_attempt *a = out->attempt;
    int64_t ahead = d->has_activation ? d->activation_s - clock_wall_ns() / NS_PER_S : 0;
    if (a->planned_s > 0)
        repro_says(out, false,
                   "usable at once, %lld s before it was planned to be: by the server's clock that "
                   "date is past",
                   (long long)a->planned_s);
    else if (a->by_dates && (ahead > DATES_AGREE_S || ahead < -DATES_AGREE_S))
        repro_says(out, false,
                   "usable at once, but dated %lld s into our %s: who goes by its dates on our "
                   "clock takes it for %s",
                   (long long)(ahead < 0 ? -ahead : ahead), ahead > 0 ? "future" : "past",
                   ahead > 0 ? "a key that is not active yet" : "an older key");
    else
        repro_says(out, true, "usable at once%s%s",
                   ahead > DATES_AGREE_S ? "; its Activation Date lies in our future" : "",
                   d->has_activation && d->has_initial &&
                           d->activation_s < d->initial_s - DATES_AGREE_S
                       ? ", its Activation Date before its Initial Date"
                       : "");
}

/* Is the attribute what was written? False when that is told. */
static bool kept(struct repro_result *out, struct wire *w, const struct key *k)
{
    const struct repro_attempt *a = out->attempt;
    struct kerr err = KERR_INIT;
    struct buf got;
    buf_init(&got, 4096);
    bool read = key_attribute(w, k->uid, a->attribute, &got, &err);
    bool same = read && bytes_eq_str(buf_bytes(&got), a->bucket);
    if (!read)
        repro_says(out, false, "the key works, but \"%s\" is not there: %s", a->attribute,
                   err.code == KE_OK ? "not in the reply" : err.msg);
    else if (!same)
        repro_says(out, false,
                   "the key works, but \"%s\" comes back cut: \"%.*s\", %zu bytes of %zu",
                   a->attribute, (int)(got.n < 80 ? got.n : 80), buf_cstr(&got), got.n,
                   strlen(a->bucket));
    buf_clear(&got);
    return same;
}

/* ---- all of it -------------------------------------------------------------- */

/* The server's time by which keys are dated: that of one made for the purpose. */
static bool by_initial_date(struct repro_run *r, int64_t *now_ns, struct kerr *err)
{
    struct wire w;
    struct key k;
    struct key_dates d;
    if (!repro_open(r, NULL, &w, false, 1, KC_MATCH_ID, err))
        return false;
    bool ok = key_create(&w, &(struct key_plan){.way = KEY_TWO_STEP}, &k, err) &&
              key_look(&w, k.uid, &d, err) &&
              (d.has_initial || kerr_set(err, KE_REPLY, "the key has no Initial Date"));
    wire_close(&w);
    if (ok)
        *now_ns = d.initial_s * NS_PER_S;
    return ok;
}

static bool plan(struct repro_run *r, const struct repro_attempt *a, struct key_plan *out,
                 struct kerr *err)
{
    int64_t now_ns = clock_wall_ns();
    /* A second is kept in reserve: the offset is not known to the last millisecond. */
    int64_t reserve = a->planned_s == 0 ? 1 : 0;
    if (a->clock == BY_TIME_STAMP)
        now_ns += clock_offset_ns(&r->clock.e);
    else if (a->clock == BY_INITIAL_DATE && !by_initial_date(r, &now_ns, err))
        return false;
    *out = (struct key_plan){.way = a->way, .attribute = a->attribute,
                             .bucket = a->bucket ? a->bucket : "bucket",
                             .date = now_ns / NS_PER_S + a->planned_s - reserve};
    return true;
}

/* Before it is used at all. */
static bool await_active(struct repro_run *r, struct repro_result *out, struct wire *w,
                         const struct key *k, struct kerr *err)
{
    int64_t deadline = clock_mono_ns() + PATIENCE_NS;
    struct key_dates d = {.has_state = false};
    unsigned asked = 0;
    const struct wire_watch *watch = w->watch;
    while (!*r->stop && clock_mono_ns() < deadline) {
        if (!key_look(w, k->uid, &d, err))
            return false;
        asked++;
        if (d.has_state && d.state == KMIP_STATE_ACTIVE)
            break;
        w->watch = NULL; /* the answers on the way are all alike */
        clock_wait_until(clock_mono_ns() + ASK_AGAIN_NS, r->stop);
    }
    w->watch = watch;
    repro_note(out, EVENT_NOTE, "asked %u times for its State: %s, %.1f s after Create", asked,
               d.has_state ? kmip_name_of("State", d.state) : "not told",
               seconds(clock_mono_ns() - k->made_ns));
    return true;
}

static bool use_it(struct repro_run *r, struct repro_result *out, struct wire *w,
                   const struct key *k, struct kerr *err)
{
    struct kerr refused = KERR_INIT;
    struct key_dates d;
    if (out->attempt->patient && !await_active(r, out, w, k, err))
        return false;
    bool usable = key_use(w, k->uid, &refused);
    if (!usable && refused.code != KE_REFUSED)
        return kerr_set(err, refused.code, "%s", refused.msg);
    if (!key_look(w, k->uid, &d, err))
        return false;
    note_dates(r, out, k, &d);
    if (!usable && out->attempt->planned_s > 0)
        return as_planned(r, out, w, k, err);
    if (!usable)
        not_yet(r, out, w, k, &d);
    else if (!out->attempt->read_back || kept(out, w, k))
        at_once(out, &d);
    struct kerr end = KERR_INIT;
    return key_end(w, k->uid, &end) || end.code == KE_REFUSED || /* Pre-Active: not to be revoked */
           kerr_set(err, end.code, "%s", end.msg);
}

/* Requests that go before it. */
static bool lead(struct repro_result *out, struct wire *w, struct kerr *err)
{
    uint8_t offered;
    for (unsigned i = 0; i < out->attempt->lead; i++)
        if (!handshake_versions(w, &offered, err))
            return false;
    return true;
}

bool repro_key(struct repro_run *r, struct repro_result *out, struct kerr *err)
{
    const struct repro_attempt *a = out->attempt;
    struct key_plan p;
    struct wire w;
    struct key k;
    struct kerr why = KERR_INIT;
    clock_wait_until(clock_mono_ns() + a->wait_s * NS_PER_S, r->stop);
    if (!plan(r, a, &p, err) || !repro_open(r, out, &w, true, 1, KC_MATCH_POSITION, err))
        return false;
    out->began_ns = clock_mono_ns();
    bool ok = lead(out, &w, err);
    if (ok && key_make(&w, &p, &k, &why))
        ok = use_it(r, out, &w, &k, err);
    else if (why.code == KE_REFUSED)
        repro_says(out, false, "no key: %s", why.msg);
    else if (ok)
        ok = kerr_set(err, why.code, "%s", why.msg);
    wire_close(&w);
    return ok;
}
