/* An attempt that does what the driver does for a bucket (repro.h), one request at a
 * time: Create, Activate, Encrypt and Decrypt, Revoke, Destroy. What a step fails with is
 * the failure of the attempt, unless the client tries again: then on a new connection,
 * after a pause that grows. */
#include <stdio.h>
#include <string.h>

#include "client/lib/requests.h"
#include "conformance/driver_handshake.h"
#include "conformance/repro.h"
#include "kmip/base/clock.h"

#define PAUSE_NS (20 * NS_PER_MS) /* before the first attempt that follows; doubled each time */
#define PAUSE_DOUBLED_MAX 5

struct flow {
    struct repro_run *r;
    struct repro_result *out;
    const struct repro_attempt *a;
    struct wire w;
    struct key k;
    unsigned connections;
    bool greeted;      /* the handshake was made on this connection */
    bool unsure;       /* this step was sent before, and its reply was lost */
    unsigned creates;  /* sent */
    struct kerr why;   /* what broke it */
};

struct step {
    const char *name;
    bool (*run)(struct flow *f, struct kerr *err);
    bool once; /* refused the second time, when it was carried out the first time */
};

/* ---- connections ------------------------------------------------------------ */

static bool connected(struct flow *f, struct kerr *err)
{
    if (f->w.kc)
        return true;
    if (f->connections++ > 0)
        repro_note(f->out, EVENT_NOTE, "connection %u", f->connections);
    f->greeted = false;
    if (!repro_open(f->r, f->out, &f->w, true, 1, f->a->match, err))
        return false;
    if (f->a->version)
        f->w.version = f->a->version;
    return true;
}

/* Over for this connection, unless the client stays on it. */
static void after_failure(struct flow *f, unsigned n, const struct kerr *err)
{
    repro_note(f->out, EVENT_BROKE, "%s", err->msg);
    if (f->a->stay && f->w.kc && err->code == KE_REFUSED) {
        repro_note(f->out, EVENT_NOTE, "tries again on the same connection");
        return;
    }
    wire_close(&f->w);
    repro_note(f->out, EVENT_NOTE, "connects again");
    clock_wait_until(clock_mono_ns() +
                         (PAUSE_NS << (n < PAUSE_DOUBLED_MAX ? n : PAUSE_DOUBLED_MAX)),
                     f->r->stop);
}

/* Until it is done, or the client gives up. */
static bool step(struct flow *f, const struct step *s)
{
    f->unsure = false;
    for (unsigned n = 0;; n++) {
        struct kerr err = KERR_INIT;
        bool open = connected(f, &err);
        if (open && s->run(f, &err))
            return true;
        if (f->unsure && s->once && err.code == KE_REFUSED) {
            repro_note(f->out, EVENT_NOTE, "%s had been carried out: only its reply was lost",
                       s->name);
            return true;
        }
        if (n >= f->a->again || *f->r->stop) {
            f->why = err;
            return false;
        }
        f->unsure = f->unsure || (open && err.code != KE_REFUSED);
        after_failure(f, n, &err);
    }
}

/* ---- steps ------------------------------------------------------------------ */

static const char *bucket(const struct flow *f)
{
    return f->a->bucket ? f->a->bucket : "bucket";
}

/* The key of a Create whose reply was lost. */
static bool found(struct flow *f, struct kerr *err)
{
    struct key_found found = {.n = 0};
    if (!key_find(&f->w, f->a->attribute, bucket(f), &found, err) || found.n == 0)
        return false;
    snprintf(f->k.uid, sizeof f->k.uid, "%s", found.first);
    repro_note(f->out, EVENT_NOTE, "the key had been made: %s", f->k.uid);
    return true;
}

static bool create(struct flow *f, struct kerr *err)
{
    const struct key_plan plan = {
        .way = f->a->way, .attribute = f->a->attribute, .bucket = bucket(f)};
    if (f->unsure && f->a->look_first && (found(f, err) || err->code != KE_OK))
        return err->code == KE_OK;
    f->creates++;
    return key_create(&f->w, &plan, &f->k, err);
}

static bool activate(struct flow *f, struct kerr *err)
{
    return key_activate(&f->w, f->k.uid, err);
}

static bool use(struct flow *f, struct kerr *err)
{
    return key_use(&f->w, f->k.uid, err);
}

static bool locate(struct flow *f, struct kerr *err)
{
    struct key_found seen = {.wanted = f->k.uid};
    return key_find(&f->w, f->a->attribute, bucket(f), &seen, err) &&
           (seen.has_wanted || kerr_set(err, KE_REPLY, "Locate does not find the key"));
}

static bool greet(struct flow *f, struct kerr *err)
{
    uint8_t adopted;
    if (!handshake_versions(&f->w, &adopted, err))
        return false;
    f->w.version = adopted ? adopted : f->w.version;
    f->greeted = handshake_queries(&f->w, NULL, err);
    return f->greeted;
}

static bool trust(struct flow *f, struct kerr *err)
{
    struct buf missing;
    buf_init(&missing, 1000);
    bool ok = handshake_queries(&f->w, &missing, err) &&
              (missing.n == 0 || kerr_set(err, KE_REPLY,
                                          "Query does not list %s: who trusts it stops here",
                                          buf_cstr(&missing)));
    buf_clear(&missing);
    return ok;
}

static bool sign_of_life(struct flow *f, struct kerr *err)
{
    uint8_t offered;
    return handshake_versions(&f->w, &offered, err);
}

static bool end_use(struct flow *f, struct kerr *err)
{
    return key_revoke(&f->w, f->k.uid, err);
}

static bool destroy(struct flow *f, struct kerr *err)
{
    return key_destroy(&f->w, f->k.uid, err);
}

static const struct step step_greet = {"the handshake", greet, false},
                         step_trust = {"Query", trust, false},
                         step_create = {"Create", create, false},
                         step_activate = {"Activate", activate, true},
                         step_life = {"Discover Versions", sign_of_life, false},
                         step_use = {"Encrypt and Decrypt", use, false},
                         step_locate = {"Locate", locate, false},
                         step_revoke = {"Revoke", end_use, true},
                         step_destroy = {"Destroy", destroy, true};

/* A request of the user, and the driver's handshake behind the first on a connection. */
static bool request(struct flow *f, const struct step *s)
{
    return step(f, s) && (!f->a->handshake || f->greeted || step(f, &step_greet));
}

/* ---- the parts -------------------------------------------------------------- */

static bool make(struct flow *f)
{
    if (f->a->uid) {
        snprintf(f->k.uid, sizeof f->k.uid, "%s", f->a->uid);
        return true;
    }
    return request(f, &step_create) &&
           (f->a->way != KEY_TWO_STEP || request(f, &step_activate));
}

/* False: could not be done. */
static bool left_alone(struct flow *f, bool *works, struct kerr *err)
{
    unsigned n = f->a->pauses ? f->a->pauses : 1;
    for (unsigned i = 0; i < n; i++) {
        repro_note(f->out, EVENT_NOTE, "%s pass (virtual time)", f->a->pause);
        if (!repro_pass_time(f->r, f->out, f->a->pause, err))
            return false;
        if (n > 1 && !step(f, &step_life)) {
            *works = false;
            return true;
        }
    }
    return true;
}

static bool use_and_end(struct flow *f)
{
    unsigned rounds = f->a->rounds ? f->a->rounds : 1;
    bool ok = !f->a->locates || request(f, &step_locate);
    for (unsigned i = 0; ok && i < rounds; i++)
        ok = request(f, &step_use);
    return ok && (f->a->uid || (request(f, &step_revoke) && request(f, &step_destroy)));
}

/* What a Create that was sent twice has left. */
static size_t orphans(struct flow *f)
{
    struct key_found seen = {.wanted = f->k.uid};
    struct kerr err = KERR_INIT;
    if (f->creates < 2 || !f->a->attribute || !connected(f, &err) ||
        !key_find(&f->w, f->a->attribute, bucket(f), &seen, &err))
        return 0;
    return seen.n - seen.has_wanted;
}

static void sum_up(struct flow *f)
{
    size_t left = orphans(f);
    char also[160] = "";
    if (f->connections > 1)
        snprintf(also, sizeof also, ", over %u connections", f->connections);
    if (left > 0)
        snprintf(also + strlen(also), sizeof also - strlen(also),
                 "; but %zu key is left that nobody refers to", left);
    repro_says(f->out, true, "%s%s", f->a->uid ? "the key was used" : "made, used and ended", also);
}

bool repro_flow(struct repro_run *r, struct repro_result *out, struct kerr *err)
{
    struct flow f = {.r = r, .out = out, .a = out->attempt, .why = KERR_INIT};
    bool works = (!f.a->trusts_query || step(&f, &step_trust)) && make(&f);
    bool done = !works || !f.a->pause || left_alone(&f, &works, err);
    works = done && works && use_and_end(&f);
    if (works)
        sum_up(&f);
    else if (done)
        repro_says(out, false, "%s", f.why.msg);
    wire_close(&f.w);
    return done;
}
