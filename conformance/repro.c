/* How a repro is run (repro.h): events, attempts, and what they come to. */
#include "conformance/repro.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "kmip/base/clock.h"
#include "kmip/base/text.h"

#define NAMES_MAX 100

const struct repro *repro_find(const char *name, struct kerr *err)
{
    const char *names[NAMES_MAX];
    for (size_t i = 0; i < n_repros; i++) {
        names[i < NAMES_MAX ? i : 0] = repros[i].name;
        if (strcmp(repros[i].name, name) == 0)
            return &repros[i];
    }
    const char *near = text_nearest(name, names, n_repros < NAMES_MAX ? n_repros : NAMES_MAX);
    kerr_set(err, KE_USAGE, "there is no repro '%s'%s%s%s; `kmip-conform repro` lists them", name,
             near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
    return NULL;
}

size_t repro_attempts_of(const struct repro *r)
{
    size_t n = 0;
    while (n < REPRO_ATTEMPTS_MAX && r->attempts[n].title)
        n++;
    return n;
}

/* ---- events ----------------------------------------------------------------- */

const char *repro_who(enum repro_who who)
{
    static const char *const words[REPRO_WHO] = {[AS_DRIVER] = "as the driver",
                                                 [OTHERWISE] = "another client",
                                                 [REMEDIED] = "remedied",
                                                 [REPAIRED] = "server repaired"};
    return words[who];
}

static struct picture_event *next(struct repro_result *out)
{
    return &out->v[out->n < REPRO_EVENTS_MAX - 1 ? out->n++ : out->n];
}

static void note(struct repro_result *out, enum picture_kind kind, const char *text)
{
    const char *copy = arena_str(&out->arena, text);
    *next(out) = (struct picture_event){.kind = kind,
                                        .at_ns = clock_mono_ns(),
                                        .passed_ns = out->passed_ns,
                                        .text = copy ? copy : ""};
}

void repro_note(struct repro_result *out, enum picture_kind kind, const char *fmt, ...)
{
    char text[700];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    note(out, kind, text);
}

void repro_says(struct repro_result *out, bool works, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(out->what, sizeof out->what, fmt, ap);
    va_end(ap);
    out->works = works;
    note(out, works ? EVENT_NOTE : EVENT_BROKE, out->what);
}

static bool sending(void *arg, struct wire *w, struct wire_call *c)
{
    struct repro_result *out = arg;
    struct picture_event *e = next(out);
    wire_event(w, c, EVENT_SENT, e);
    e->at_ns = clock_mono_ns();
    e->passed_ns = out->passed_ns;
    return true;
}

static void over(void *arg, struct wire *w, struct wire_call *c)
{
    struct repro_result *out = arg;
    if (!c->answered)
        return; /* told once, for all that were outstanding */
    struct picture_event *e = next(out);
    wire_event(w, c, EVENT_REPLY, e);
    e->passed_ns = out->passed_ns;
    if (c->refusal.refused) {
        struct buf text;
        buf_init(&text, 2000);
        reply_refusal_text(&c->refusal, &text);
        const char *copy = arena_str(&out->arena, buf_cstr(&text));
        e->text = copy ? copy : "";
        buf_clear(&text);
    }
}

static const struct wire_watch watch = {.sending = sending, .over = over};

bool repro_open(struct repro_run *r, struct repro_result *out, struct wire *w, bool watched,
                unsigned depth, enum kc_match match, struct kerr *err)
{
    *w = (struct wire){.version = KMIP_V12, .strict = watched && match == KC_MATCH_POSITION,
                       .watch = watched ? &watch : NULL, .arg = out};
    if (watched)
        w->number = ++out->connections;
    if (!wire_open(w, &r->base, depth, match, err))
        return false;
    if (out && out->attempt->timeout_ms)
        kc_set_timeout(w->kc, out->attempt->timeout_ms * NS_PER_MS);
    return true;
}

void repro_begin(struct repro_result *out)
{
    out->began_ns = clock_mono_ns();
    out->began_wall_ns = clock_wall_ns();
}

struct picture repro_picture(const struct repro_run *r, size_t attempt)
{
    const struct repro_result *x = &r->result[attempt];
    const struct clock_estimate *e = &r->clock.e;
    bool differs = r->trouble == CLOCK_EVEN && x->attempt->who != REPAIRED &&
                   (clock_behind(e) || clock_ahead(e));
    bool keys_differ = !differs && r->trouble == CLOCK_EVEN && x->dates_apart_s != 0;
    return (struct picture){.v = x->v,
                            .n = x->n,
                            .began_ns = x->began_ns,
                            .began_wall_ns = x->began_wall_ns,
                            .two_clocks = differs || keys_differ,
                            .of_keys = keys_differ,
                            .offset_ns = differs ? clock_offset_ns(e)
                                                 : x->dates_apart_s * NS_PER_S};
}

/* ---- attempts --------------------------------------------------------------- */

static int by_time(const void *a, const void *b)
{
    const struct picture_event *x = a, *y = b;
    if (x->at_ns != y->at_ns)
        return x->at_ns < y->at_ns ? -1 : 1;
    if (x->order != y->order) /* of replies in one record */
        return x->order < y->order ? -1 : 1;
    return 0;
}

static bool measure(struct repro_run *r, struct kerr *err)
{
    struct wire w;
    if (!repro_server(r, NULL, err) ||
        !repro_open(r, NULL, &w, false, 1, KC_MATCH_ID, err))
        return false;
    bool ok = clock_measure(&r->clock, &w, r->stop, err);
    wire_close(&w);
    if (r->clock.contradicts)
        r->trouble = clock_trouble(r->clock.v, r->clock.n);
    return ok;
}

static bool attempt(struct repro_run *r, const struct repro_attempt *a, struct repro_result *out,
                    struct kerr *err)
{
    static repro_fn *const kinds[REPRO_KINDS] = {[REPRO_PIPELINE] = repro_pipeline,
                                                 [REPRO_KEY] = repro_key,
                                                 [REPRO_FLOW] = repro_flow,
                                                 [REPRO_CONNECTIONS] = repro_connections};
    out->attempt = a;
    arena_init(&out->arena, 1u << 20);
    if (!repro_server(r, a, err))
        return false;
    repro_begin(out);
    if (!kinds[a->kind](r, out, err))
        return kerr_wrap(err, "%s", a->title);
    if (*r->stop)
        return kerr_set(err, KE_INTERRUPTED, "interrupted");
    qsort(out->v, out->n, sizeof *out->v, by_time);
    out->done = repro_faults(r, out, err) || kerr_wrap(err, "%s", a->title);
    return out->done;
}

bool repro_attempts(struct repro_run *r, struct kerr *err)
{
    size_t n = repro_attempts_of(r->repro);
    clock_estimate_init(&r->clock.e);
    if (r->repro->clock && !measure(r, err))
        return kerr_wrap(err, "measuring the server's clock");
    for (size_t i = 0; i < n; i++)
        if (!attempt(r, &r->repro->attempts[i], &r->result[i], err))
            return false;
    return true;
}

bool repro_as_expected(const struct repro_result *x)
{
    const char *promised = x->attempt->breaks;
    return x->done && x->works == !promised && (!promised || strstr(x->what, promised));
}

bool repro_all(const struct repro_run *r, bool breaking)
{
    size_t n = repro_attempts_of(r->repro);
    for (size_t i = 0; i < n; i++)
        if ((r->repro->attempts[i].breaks != NULL) == breaking && !repro_as_expected(&r->result[i]))
            return false;
    return true;
}

void repro_clear(struct repro_run *r)
{
    mock_stop(&r->mock);
    for (size_t i = 0; i < REPRO_ATTEMPTS_MAX; i++)
        arena_clear(&r->result[i].arena);
    repro_about_clear(&r->about);
}
