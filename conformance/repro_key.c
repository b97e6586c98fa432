/* An attempt with a key (repro.h): made, used at once, looked at, ended. When it cannot
 * be used: since when, and why? */
#include <stdarg.h>
#include <stdio.h>

#include "conformance/repro.h"
#include "kmip/base/clock.h"
#include "kmip/base/text.h"

#define SOON_NS (6 * NS_PER_S)       /* a key that becomes usable so soon is waited for */
#define ASK_AGAIN_NS (50 * NS_PER_MS)
#define DATES_AGREE_S 2

static double seconds(int64_t ns)
{
    return (double)ns / (double)NS_PER_S;
}

/* When by our clock the server's clock shows a date; in seconds from now. */
static double until(const struct repro_run *r, int64_t date_s)
{
    double theirs = seconds(clock_wall_ns()) + seconds(clock_offset_ns(&r->clock.e));
    return (double)date_s - theirs;
}

static void note_date(struct repro_result *out, const char *what, bool there, int64_t date_s)
{
    char text[40];
    repro_note(out, EVENT_NOTE, "%-15s %s", what, there ? text_date_out(date_s, text) : "none");
}

static void note_dates(const struct repro_run *r, struct repro_result *out, const struct key *k,
                       const struct key_dates *d)
{
    char ours[40], words[120];
    repro_note(out, EVENT_NOTE, "%-15s %s", "our clock",
               text_date_out(clock_wall_ns() / NS_PER_S, ours));
    note_date(out, "Time Stamp", d->has_stamp, d->stamp_s);
    if (k->dated)
        note_date(out, "date asked for", true, k->sent_date);
    note_date(out, "Activation Date", d->has_activation, d->activation_s);
    note_date(out, "Initial Date", d->has_initial, d->initial_s);
    repro_note(out, EVENT_NOTE, "%-15s %s", "State",
               d->has_state ? kmip_name_of("State", d->state) : "not told");
    if (r->clock.e.n > 0 && (clock_behind(&r->clock.e) || clock_ahead(&r->clock.e)))
        repro_note(out, EVENT_NOTE, "the server's clock %s",
                   clock_words(&r->clock.e, words, sizeof words));
}

static void says(struct repro_result *out, bool works, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void says(struct repro_result *out, bool works, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(out->what, sizeof out->what, fmt, ap);
    va_end(ap);
    out->works = works;
    repro_note(out, works ? EVENT_NOTE : EVENT_BROKE, "%s", out->what);
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

static void not_yet(const struct repro_run *r, struct repro_result *out, struct wire *w,
                    const struct key *k, const struct key_dates *d)
{
    const struct repro_attempt *a = out->attempt;
    double left = d->has_activation ? until(r, d->activation_s) : 0;
    if (!d->has_activation) {
        says(out, false, "not usable, and never by itself: the server has kept no Activation "
                         "Date, so the key waits for an Activate");
        return;
    }
    if (!r->wait && left > seconds(SOON_NS)) {
        char when[40];
        text_date_out(clock_wall_ns() / NS_PER_S + (int64_t)left + 1, when);
        says(out, false, "not usable yet: by the server's clock its Activation Date is still to "
                         "come; usable at %s by ours, %.0f s after Create",
             when, left);
        return;
    }
    double usable = wait_usable(r, w, k, left + seconds(SOON_NS));
    bool planned = a->planned_s > 0 && usable > (double)a->planned_s - DATES_AGREE_S &&
                   usable < (double)a->planned_s + DATES_AGREE_S;
    if (usable < 0)
        says(out, false, "not usable, also after its Activation Date");
    else if (planned)
        says(out, true, "usable %.1f s after Create, as planned", usable);
    else
        says(out, false, "usable only %.1f s after Create: by the server's clock its Activation "
                         "Date was still to come",
             usable);
}

/* ---- a key that is ---------------------------------------------------------- */

static void at_once(struct repro_result *out, const struct key_dates *d)
{
    const struct repro_attempt *a = out->attempt;
    int64_t ahead = d->has_activation ? d->activation_s - clock_wall_ns() / NS_PER_S : 0;
    if (a->planned_s > 0)
        says(out, false, "usable at once, %lld s before it was planned to be: by the server's "
                         "clock that date is past",
             (long long)a->planned_s);
    else if (a->by_dates && (ahead > DATES_AGREE_S || ahead < -DATES_AGREE_S))
        says(out, false, "usable at once, but dated %lld s into our %s: who goes by its dates on "
                         "our clock takes it for %s",
             (long long)(ahead < 0 ? -ahead : ahead), ahead > 0 ? "future" : "past",
             ahead > 0 ? "a key that is not active yet" : "an older key");
    else
        says(out, true, "usable at once%s%s",
             ahead > DATES_AGREE_S ? "; its Activation Date lies in our future" : "",
             d->has_activation && d->has_initial && d->activation_s < d->initial_s - DATES_AGREE_S
                 ? ", its Activation Date before its Initial Date"
                 : "");
}

static struct key_plan plan_of(const struct repro_run *r, const struct repro_attempt *a)
{
    int64_t now_ns = clock_wall_ns() + (a->corrected ? clock_offset_ns(&r->clock.e) : 0);
    /* A second is kept in reserve: the offset is not known to the last millisecond. */
    int64_t reserve = a->planned_s == 0 ? 1 : 0;
    return (struct key_plan){.way = a->way, .attribute = a->attribute, .bucket = "bucket",
                             .date = now_ns / NS_PER_S + a->planned_s - reserve};
}

static bool use_it(struct repro_run *r, struct repro_result *out, struct wire *w,
                   const struct key *k, struct kerr *err)
{
    struct kerr refused = KERR_INIT;
    struct key_dates d;
    bool usable = key_use(w, k->uid, &refused);
    if (!usable && refused.code != KE_REFUSED)
        return kerr_set(err, refused.code, "%s", refused.msg);
    if (!key_look(w, k->uid, &d, err))
        return false;
    note_dates(r, out, k, &d);
    if (usable)
        at_once(out, &d);
    else
        not_yet(r, out, w, k, &d);
    struct kerr end = KERR_INIT;
    return key_end(w, k->uid, &end) || end.code == KE_REFUSED || /* Pre-Active: not to be revoked */
           kerr_set(err, end.code, "%s", end.msg);
}

bool repro_key(struct repro_run *r, struct repro_result *out, struct kerr *err)
{
    const struct key_plan plan = plan_of(r, out->attempt);
    struct wire w;
    struct key k;
    struct kerr why = KERR_INIT;
    if (!repro_open(r, out, &w, true, 1, KC_MATCH_POSITION, err))
        return false;
    out->began_ns = clock_mono_ns();
    bool ok = true;
    if (key_make(&w, &plan, &k, &why))
        ok = use_it(r, out, &w, &k, err);
    else if (why.code == KE_REFUSED)
        says(out, false, "no key: %s", why.msg);
    else
        ok = kerr_set(err, why.code, "%s", why.msg);
    wire_close(&w);
    return ok;
}
