/* Which settings suit a server (advice.h).
 *
 * The rules, each with the thought behind it:
 *
 *   pipelineDepth        8, the driver's own, or the depth from which on more does not
 *                        help. 1 as soon as any pipelined reply came out of order or
 *                        shared a record: what happens rarely still ends a connection.
 *   compoundCreate       false where two-step works: it depends on nobody's clock.
 *                        true only where that is the one way that works.
 *   bucketAttributeName  a name that is kept, the wanted one first; else none, because
 *                        a refused attribute fails every Create. */
#include "conformance/advice.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kmip/base/clock.h"
#include "kmip/schema/dict.h"

#define NEAR_BEST 0.65 /* of the best throughput: the default depth is good enough */
#define AT_BEST 0.9   /* a depth from which on more does not help */

static void say(char out[ADVICE_TEXT], const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void say(char out[ADVICE_TEXT], const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(out, ADVICE_TEXT, fmt, ap);
    va_end(ap);
}

static char *next_ask(struct advice *a)
{
    return a->ask[a->n_asks < ADVICE_ASKS_MAX - 1 ? a->n_asks++ : a->n_asks];
}

static char *next_note(struct advice *a)
{
    return a->note[a->n_notes < ADVICE_ASKS_MAX - 1 ? a->n_notes++ : a->n_notes];
}

/* ---- pipelineDepth ---------------------------------------------------------- */

static const struct depth_facts *depth_of(const struct driver_facts *f, unsigned depth)
{
    for (size_t i = 0; i < DRIVER_DEPTHS; i++)
        if (f->depth[i].depth == depth)
            return &f->depth[i];
    return NULL;
}

/* In order, a record each: the driver can use it. */
static bool clean(const struct depth_facts *d)
{
    return d->works == TRI_YES && d->wire.moved == 0 && d->wire.shared == 0 && d->wire.split == 0 &&
           d->wire.unnamed == 0;
}

static const char *hazard(const struct wire_facts *w)
{
    return w->moved    ? "replies out of order: the driver matches by position and breaks off"
           : w->split  ? "replies over several TLS records: the driver takes a record for a reply"
           : w->shared ? "several replies in one TLS record: the driver uses only the first"
                       : "replies without their id";
}

/* The first depth that is not answered as it must, or 0. */
static unsigned first_failing(const struct driver_facts *f)
{
    unsigned least = 0;
    for (size_t i = 0; i < DRIVER_DEPTHS; i++)
        if (f->depth[i].depth > 1 && f->depth[i].works == TRI_NO &&
            (least == 0 || f->depth[i].depth < least))
            least = f->depth[i].depth;
    return least;
}

static double best_rate(const struct driver_facts *f, unsigned below, unsigned *at)
{
    double best = 0;
    for (size_t i = 0; i < DRIVER_DEPTHS; i++) {
        const struct depth_facts *d = &f->depth[i];
        if (d->depth > 0 && clean(d) && (below == 0 || d->depth < below) && d->per_second > best) {
            best = d->per_second;
            *at = d->depth;
        }
    }
    return best;
}

/* The smallest depth that is nearly as fast as any, all of them clean. */
static unsigned knee(const struct driver_facts *f, unsigned below, double best)
{
    unsigned depth = 0;
    for (size_t i = 0; i < DRIVER_DEPTHS; i++) {
        const struct depth_facts *d = &f->depth[i];
        if (d->depth > 0 && clean(d) && (below == 0 || d->depth < below) &&
            d->per_second >= AT_BEST * best && (depth == 0 || d->depth < depth))
            depth = d->depth;
    }
    return depth ? depth : 1;
}

static void by_speed(const struct driver_facts *f, struct advice *a)
{
    unsigned below = first_failing(f), at = 1, deepest = 1;
    double best = best_rate(f, below, &at);
    const struct depth_facts *usual = depth_of(f, DRIVER_DEPTH_DEFAULT);
    char limit[ADVICE_TEXT / 2] = "";
    for (size_t i = 0; i < DRIVER_DEPTHS; i++)
        if (clean(&f->depth[i]) && f->depth[i].depth > deepest &&
            (below == 0 || f->depth[i].depth < below))
            deepest = f->depth[i].depth;
    if (below)
        snprintf(limit, sizeof limit, "; depth %u fails: %.200s", below, depth_of(f, below)->why);
    if (usual && clean(usual) && (below == 0 || DRIVER_DEPTH_DEFAULT < below) &&
        usual->per_second >= NEAR_BEST * best)
        a->depth = DRIVER_DEPTH_DEFAULT;
    else
        a->depth = knee(f, below, best);
    const struct depth_facts *chosen = depth_of(f, a->depth);
    if (best > 0)
        say(a->because[ADVICE_DEPTH],
            "in order, a TLS record each, up to depth %u; %.0f requests/s here, %.0f at depth %u%s",
            deepest, chosen ? chosen->per_second : 0, best, at, limit);
    else
        say(a->because[ADVICE_DEPTH], "one at a time%s", limit);
}

static void choose_depth(const struct driver_facts *f, struct advice *a)
{
    const struct wire_facts *w = &f->piped;
    bool tried = false;
    for (size_t i = 0; i < DRIVER_DEPTHS; i++)
        tried = tried || (f->depth[i].depth > 1 && f->depth[i].works != TRI_UNKNOWN);
    a->depth = 1;
    if (w->moved + w->shared + w->split + w->unnamed > 0)
        say(a->because[ADVICE_DEPTH], "%s (%.300s; %u of %u pipelined replies)", hazard(w),
            w->where,
            w->moved     ? w->moved
            : w->split   ? w->split
            : w->shared  ? w->shared
                         : w->unnamed,
            w->replies);
    else if (!tried)
        say(a->because[ADVICE_DEPTH],
            "pipelining was not tested; one request at a time is always safe");
    else
        by_speed(f, a);
}

/* ---- compoundCreate --------------------------------------------------------- */

static const char *way_words(const struct create_facts *c, char *out, size_t room)
{
    if (c->works == TRI_YES)
        snprintf(out, room, "works");
    else if (c->works == TRI_UNKNOWN)
        snprintf(out, room, "was not tested");
    else
        snprintf(out, room, "fails (%.150s)", c->why);
    return out;
}

static void choose_compound(const struct driver_facts *f, struct advice *a)
{
    const struct create_facts *two = &f->create[KEY_TWO_STEP], *now = &f->create[KEY_COMPOUND_NOW],
                              *epoch = &f->create[KEY_COMPOUND_EPOCH];
    char *why = a->because[ADVICE_COMPOUND], text[3][200];
    a->compound = two->works == TRI_NO && epoch->works == TRI_YES;
    if (two->works == TRI_UNKNOWN && now->works == TRI_UNKNOWN && epoch->works == TRI_UNKNOWN)
        say(why, "not tested; two-step depends on no clock");
    else if (two->works == TRI_NO && a->compound)
        say(why,
            "two-step %s; compound with 1970-01-01, as released drivers send it, works; with now "
            "%s",
            way_words(two, text[0], sizeof text[0]), way_words(now, text[1], sizeof text[1]));
    else if (now->works == TRI_NO && epoch->works == TRI_NO && strcmp(now->why, epoch->why) == 0)
        say(why, "two-step %s%s; compound with any date %s",
            way_words(two, text[0], sizeof text[0]),
            two->works == TRI_YES ? ", and depends on no clock" : "",
            way_words(now, text[1], sizeof text[1]));
    else
        say(why, "two-step %s%s; compound with now %s, with 1970-01-01 %s",
            way_words(two, text[0], sizeof text[0]),
            two->works == TRI_YES ? ", and depends on no clock" : "",
            way_words(now, text[1], sizeof text[1]), way_words(epoch, text[2], sizeof text[2]));
}

/* ---- bucketAttributeName ---------------------------------------------------- */

static const struct name_facts *name_kept(const struct driver_facts *f, const char *wanted)
{
    const struct name_facts *kept = NULL;
    for (size_t i = 0; i < f->n_names; i++) {
        const struct name_facts *n = &f->names[i];
        if (n->kept != TRI_YES || (n->longest == 0 && n->why[0]))
            continue;
        if (wanted && strcmp(n->name, wanted) == 0)
            return n;
        if (!kept)
            kept = n;
    }
    return kept;
}

static const struct name_facts *name_facts(const struct driver_facts *f, const char *name)
{
    for (size_t i = 0; name && i < f->n_names; i++)
        if (strcmp(f->names[i].name, name) == 0)
            return &f->names[i];
    return NULL;
}

static void choose_attribute(const struct driver_facts *f, const char *wanted, struct advice *a)
{
    const struct name_facts *kept = name_kept(f, wanted), *want = name_facts(f, wanted);
    char *why = a->because[ADVICE_ATTRIBUTE], instead[200] = "";
    if (want && want != kept)
        snprintf(instead, sizeof instead, "; \"%.64s\" is not kept: %.100s", want->name, want->why);
    a->attribute[0] = 0;
    if (f->n_names == 0) {
        say(why, "not tested; without it keys cannot be found by their bucket, which the driver "
                 "does not need");
    } else if (!kept) {
        say(why, "no name is kept (\"%.64s\": %.200s); without it keys cannot be found by their "
                 "bucket, which the driver does not need",
            f->names[0].name, f->names[0].why);
    } else {
        char length[80] = "";
        if (kept->longest > 0)
            snprintf(length, sizeof length, ", %zu bytes", kept->longest);
        snprintf(a->attribute, sizeof a->attribute, "%s", kept->name);
        say(why, "kept and read back%s; Locate %s%s", length,
            kept->located == TRI_YES  ? "finds the key by it"
            : kept->located == TRI_NO ? "does not find the key by it"
                                      : "was not tried",
            instead);
    }
}

/* ---- does anything work? ---------------------------------------------------- */

/* Of records and ids; false: what else fails may come of them. */
static bool wire_blockers(const struct driver_facts *f, struct advice *a)
{
    if (f->alone.split > 0)
        say(next_ask(a), "send every reply in one TLS record of at most 16384 bytes: %.300s",
            f->alone.where);
    if (f->alone.unnamed > 0)
        say(next_ask(a), "answer each request once, with its Unique Batch Item ID (KMIP 1.2 spec, "
                         "6.4): %.300s", f->alone.where);
    if (f->alone.moved + f->alone.shared > 0 && f->alone.split == 0)
        say(next_ask(a), "answer each request once and by itself: %.300s", f->alone.where);
    return a->n_asks == 0;
}

static void blockers(const struct driver_facts *f, struct advice *a)
{
    const struct depth_facts *one = depth_of(f, 1);
    const struct create_facts *c = f->create;
    if (!wire_blockers(f, a))
        return;
    if (f->handshake == TRI_NO)
        say(next_ask(a), "make the handshake work, which fails: %.400s", f->handshake_why);
    if (c[KEY_TWO_STEP].works == TRI_NO && c[KEY_COMPOUND_EPOCH].works != TRI_YES) {
        say(next_ask(a), "make Create, Activate, Encrypt, Decrypt, Revoke and Destroy work for an "
                         "AES-256 key (KMIP 1.2 spec, 4.1, 4.19, 4.29): %.300s",
            c[KEY_TWO_STEP].why);
        if (c[KEY_COMPOUND_EPOCH].works == TRI_NO)
            say(next_ask(a), "or take Create with an Activation Date in the past (3.24): %.300s",
                c[KEY_COMPOUND_EPOCH].why);
    }
    if (one && one->works == TRI_NO && a->n_asks == 0)
        say(next_ask(a), "answer single requests rightly: %.300s", one->why);
    if (f->reconnect == TRI_NO)
        say(next_ask(a), "let a client connect again, and use its keys then");
    if (f->connections == TRI_NO && f->connected == 0)
        say(next_ask(a), "let a client connect at all times");
    if (f->advised == TRI_NO && a->n_asks == 0)
        say(next_ask(a), "make the whole flow work, which fails with the best settings there are: "
                         "%.300s",
            f->advised_why);
}

static void notes(const struct driver_facts *f, struct advice *a)
{
    const struct clock_facts *c = &f->clock;
    char words[120];
    if (c->uneven)
        say(next_note(a), "the server's clock %.300s", c->what);
    else if (c->known && (clock_behind(&c->at_start) || clock_ahead(&c->at_start)) &&
             clock_uncertain_ns(&c->at_start) < NS_PER_S &&
             (clock_offset_ns(&c->at_start) > NS_PER_S / 10 ||
              clock_offset_ns(&c->at_start) < -NS_PER_S / 10))
        say(next_note(a), "the server's clock %s: keep both on the same time source",
            clock_words(&c->at_start, words, sizeof words));
    long long apart = (long long)c->engine_minus_stamp_s;
    if (c->engine_known && (apart > 1 || apart < -1))
        say(next_note(a), "the server dates keys %lld s %s its own Time Stamps", llabs(apart),
            apart < 0 ? "behind" : "ahead of");
    if (f->connections == TRI_NO && f->connected > 0)
        say(next_note(a), "only %u connections at a time are taken: each of cloudserver's "
                          "processes needs one",
            f->connected);
    if (f->idle_closed == TRI_YES)
        say(next_note(a), "connections are closed after %.0f s without a request: the driver "
                          "connects again, and a request sent at that moment fails",
            (double)f->idle_closed_after_ns / (double)NS_PER_S);
    else if (f->idle_why[0])
        say(next_note(a), "after %.0f s without a request: %.300s",
            (double)f->idle_ns / (double)NS_PER_S, f->idle_why);
    if (f->missing[0])
        say(next_note(a), "Query does not list %.300s; the driver only logs that", f->missing);
}

void advise(const struct driver_facts *f, const char *wanted, struct advice *out)
{
    memset(out, 0, sizeof *out);
    choose_depth(f, out);
    choose_compound(f, out);
    choose_attribute(f, wanted, out);
    blockers(f, out);
    notes(f, out);
    out->works = out->n_asks == 0;
    if (!out->works)
        say(out->because[ADVICE_ENABLED], "no settings make the driver work: %.500s", out->ask[0]);
    else if (f->advised == TRI_YES)
        say(out->because[ADVICE_ENABLED], "proven: handshake and keys of buckets from Create to "
                                          "Destroy, by position, with these settings");
    else
        say(out->because[ADVICE_ENABLED], "nothing stands against it in what was tested; the whole "
                                          "flow with these settings was not");
}
