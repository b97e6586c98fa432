/* A step with `break` (hostile.h): a good request, broken in every way of some families.
 *
 * Messages go out one behind the other on one connection, as long as the server answers on
 * it; where it hangs up, the next goes on a new one. Each is refused, or the connection
 * closed: what is processed although it breaks a rule of the standard costs a warning, and
 * what is sound enough to be processed may be. Nothing that was refused may be found
 * afterwards. */
#include "conformance/hostile.h"

#include <stdio.h>

#include "conformance/interrupt.h"
#include "conformance/made.h"
#include "conformance/malform.h"
#include "kmip/base/clock.h"
#include "kmip/base/text.h"
#include "kmip/schema/open.h"
#include "kmip/schema/validate.h"

#define CLIENT "fresh"
#define WITHIN_NS (5 * NS_PER_S)        /* for an answer, unless the step says otherwise */
#define WAITING_NS (150 * NS_PER_MS)    /* where the server may wait for more */
#define FAILED_MAX 2                    /* unanswered ones of a family: more only take time */
#define TOLD_MAX 6                      /* malformations told one by one */
#define NAMES_MAX 8
#define REFUSAL "an error or a closed connection"

/* What became of a malformed message. */
enum outcome { REFUSED, PROCESSED, CLOSED, WAITING, HANGS, NO_MESSAGE, OUTCOMES };

struct mark {
    struct bytes attribute, value; /* of the good request */
};

/* A family under way. */
struct onslaught {
    struct running *rn;
    const struct case_step *step;
    const struct malform_family *family;
    struct bytes good;
    bool blind;                 /* Locate does not work: what was made is removed at the end */
    bool makes;                 /* the good request makes objects */
    struct mark marks[NAMES_MAX]; /* by which they would be found */
    size_t n_marks;
    struct test_case maker;     /* in whose name the journal has them */
    unsigned ask;               /* the good request's number in the journal */
    struct sent sent;           /* the malformed message and its reply */
    bool fresh_connection;      /* it was the first on its connection */
    unsigned n, count[OUTCOMES], tolerated, told, failed;
    char last[600];             /* what was done to the message before */
};

/* ---- what it may make ------------------------------------------------------------ */

static bool take_mark(void *arg, struct bytes attribute, struct bytes value)
{
    struct onslaught *o = arg;
    if (o->n_marks < NAMES_MAX)
        o->marks[o->n_marks++] = (struct mark){attribute, value};
    return true;
}

/* Changes to an object must not hit another by a mangled identifier. */
static uint32_t spared(struct bytes good)
{
    struct kmip_message m;
    struct kmip_item it;
    if (!kmip_open(&m, good, NULL))
        return 0;
    while (kmip_next_item(&m, &it))
        if (it.has_operation && (made_effect(it.operation) & MADE_CHANGES))
            return KMIP_TAG_UNIQUE_IDENTIFIER;
    return 0;
}

static void find_marks(struct onslaught *o)
{
    struct kmip_message m;
    struct kmip_item it;
    if (!kmip_open(&m, o->good, NULL))
        return;
    while (kmip_next_item(&m, &it)) {
        if (!it.has_operation || !(made_effect(it.operation) & MADE_NEW) || !it.has_payload)
            continue;
        o->makes = true;
        made_each_name(o->rn, &it.payload, take_mark, o);
    }
}

/* In the journal, what broken requests make goes by a name of its own, so that it can be
 * removed at once, and the objects of the case stay. */
static bool begin_making(struct onslaught *o)
{
    o->maker = *o->rn->tc;
    o->maker.id = arena_printf(&o->rn->result->arena, "%s (broken)", o->rn->tc->id);
    return o->maker.id || kerr_set(&o->rn->err, KE_MEMORY, "no memory for a name");
}

/* What the good request would make. */
static bool announce(struct onslaught *o)
{
    const struct test_case *real = o->rn->tc;
    o->rn->tc = &o->maker;
    bool ok = made_before(o->rn, CLIENT, o->good, &o->ask);
    o->rn->tc = real;
    return ok;
}

static bool note_reply(struct onslaught *o)
{
    const struct test_case *real = o->rn->tc;
    o->rn->tc = &o->maker;
    bool ok = made_after(o->rn, CLIENT, o->good, buf_bytes(&o->sent.reply), o->ask);
    o->rn->tc = real;
    return ok;
}

static void clean(struct onslaught *o)
{
    struct runner *r = o->rn->runner;
    if (!o->makes)
        return;
    interrupt_hold();
    journal_clean(r->journal, r->target, o->maker.id, false);
    interrupt_release();
}

/* ---- nothing stored ---------------------------------------------------------------- */

static void put_mark(struct ttlv_writer *w, const struct mark *mark)
{
    ttlv_w_open(w, KMIP_TAG_ATTRIBUTE);
    ttlv_w_text(w, KMIP_TAG_ATTRIBUTE_NAME, mark->attribute);
    if (bytes_eq(mark->attribute, bytes_str("Name"))) {
        ttlv_w_open(w, KMIP_TAG_ATTRIBUTE_VALUE);
        ttlv_w_text(w, KMIP_TAG_NAME_VALUE, mark->value);
        ttlv_w_enum(w, KMIP_TAG_NAME_TYPE, KMIP_NAME_TYPE_UNINTERPRETED_TEXT_STRING);
        ttlv_w_close(w);
    } else {
        ttlv_w_text(w, KMIP_TAG_ATTRIBUTE_VALUE, mark->value);
    }
    ttlv_w_close(w);
}

/* -1: the server does not say. */
static int finds(struct target *t, const struct mark *mark, struct kerr *err)
{
    struct target_call c;
    struct ttlv_item uid;
    target_ask(t, &c, KMIP_OPERATION_LOCATE);
    put_mark(&c.w, mark);
    bool ok = target_answer(&c, "main", err);
    int found = -1;
    if (ok && c.item.has_status && c.item.status == KMIP_RESULT_STATUS_SUCCESS)
        found = c.item.has_payload && ttlv_find(&c.item.payload, KMIP_TAG_UNIQUE_IDENTIFIER, &uid);
    target_call_clear(&c);
    return found;
}

/* False: the case is over. */
static bool nothing_stored(struct onslaught *o, const char *what)
{
    struct running *rn = o->rn;
    struct target *t = rn->runner->target;
    for (size_t i = 0; i < o->n_marks; i++) {
        struct kerr err = KERR_INIT;
        int found = finds(t, &o->marks[i], &err);
        if (found < 0) { /* whether it still serves is seen by the next message */
            o->n_marks = 0;
            o->blind = true;
            hostile_say(rn, "whether anything is stored is not known: Locate does not tell%s%s",
                        err.msg[0] ? ": " : "", err.msg);
        }
        if (found != 1)
            continue;
        hostile_say_message(rn, "message", buf_bytes(&o->sent.asked));
        hostile_found(rn, verdict_cap(rn->tc), "nothing stored of what was not granted",
                      "an object with the %.*s of the request behind %s",
                      (int)o->marks[i].attribute.n, (const char *)o->marks[i].attribute.p, what);
        return false;
    }
    return true;
}

/* ---- one message --------------------------------------------------------------------- */

/* Items of the reply that say so; *all of them. */
static unsigned successes(struct bytes reply, unsigned *all)
{
    struct kmip_message m;
    struct kmip_item it;
    unsigned n = 0;
    *all = 0;
    if (!kmip_open(&m, reply, NULL))
        return 0;
    while (kmip_next_item(&m, &it)) {
        n += it.has_status && it.status != KMIP_RESULT_STATUS_OPERATION_FAILED;
        ++*all;
    }
    return n;
}

/* Of a batch, what one item breaks is no matter of the others. */
static bool all_success(struct bytes reply)
{
    unsigned all;
    return successes(reply, &all) == all && all > 0;
}

static enum outcome outcome_of(struct onslaught *o, const struct malformed *m,
                               const struct kerr *err)
{
    if (o->sent.has_reply)
        return all_success(buf_bytes(&o->sent.reply)) ? PROCESSED : REFUSED;
    if (err->code == KE_TIMEOUT)
        return m->waits ? WAITING : HANGS;
    if ((err->code == KE_CLOSED && err->off == KERR_NO_OFF) || err->cls == KERR_CLASS_TLS ||
        err->code == KE_IO)
        return CLOSED;
    return NO_MESSAGE;
}

/* On the wire and back. False: no connection. */
static bool transfer(struct onslaught *o, const struct malformed *m, struct kerr *err)
{
    struct target *t = o->rn->runner->target;
    struct kerr none = KERR_INIT;
    int64_t within = o->step->within_ns ? o->step->within_ns : WITHIN_NS;
    const struct target_client *before = target_client(t, CLIENT, &none);
    if (!before)
        return kerr_set(err, none.code, "%s", none.msg);
    buf_reset(&o->sent.asked);
    buf_reset(&o->sent.request);
    buf_reset(&o->sent.reply);
    if (!buf_put_bytes(&o->sent.asked, m->message) || !buf_put_bytes(&o->sent.request, m->message))
        return kerr_set(err, KE_MEMORY, "no memory for a message");
    kc_set_timeout(before->kc, m->waits && within > WAITING_NS ? WAITING_NS : within);
    o->fresh_connection = false;
    o->sent.has_reply = kc_exchange(before->kc, m->message, &o->sent.reply, NULL, err);
    if (!o->sent.has_reply) {
        buf_reset(&o->sent.reply);
        target_close(t, CLIENT);
        o->fresh_connection = true;
    } else if (m->overhangs || target_unasked(t, CLIENT)) {
        target_close(t, CLIENT); /* the rest is taken for the beginning of another message */
        o->fresh_connection = true;
    }
    return true;
}

/* A server may hang up behind a message that it refuses, a moment later than the next one
 * leaves, or have lost its place in what comes: only what was the first of its connection
 * has been looked at for sure. */
static bool send_it(struct onslaught *o, const struct malformed *m, struct kerr *err,
                    enum outcome *outcome)
{
    bool first = o->fresh_connection;
    if (!transfer(o, m, err))
        return false;
    *outcome = outcome_of(o, m, err);
    if (o->sent.has_reply || *outcome == WAITING || first)
        return true;
    enum outcome before = *outcome;
    *err = (struct kerr)KERR_INIT;
    if (!transfer(o, m, err))
        return false;
    *outcome = outcome_of(o, m, err);
    if (before != CLOSED && o->sent.has_reply)
        hostile_found(o->rn, VERDICT_WARN, REFUSAL,
                      "%s behind other malformed messages, but one when it was sent again on a "
                      "connection of its own: %s",
                      before == HANGS ? "no answer" : "no message", m->what);
    return true;
}

/* ---- what it means --------------------------------------------------------------------- */

static void count_must(void *arg, const struct finding *f)
{
    *(unsigned *)arg += rule_of(f->rule)->severity == RULE_MUST;
}

/* Does the message break a rule of the standard, so that no server should take it? */
static bool breaks_a_rule(struct bytes message)
{
    unsigned n = 0;
    const struct finding_sink sink = {count_must, &n};
    struct kerr err = KERR_INIT;
    return !kmip_validate(message, 0, NULL, &sink, &err) || n > 0;
}

static void tell(struct onslaught *o, const char *how, const struct malformed *m)
{
    if (o->told++ < TOLD_MAX)
        hostile_say(o->rn, "%s: %s, %s", o->family->name, how, m->what);
    else if (o->told == TOLD_MAX + 1)
        hostile_say(o->rn, "%s: and more such", o->family->name);
}

static bool keep(struct onslaught *o, const char *note)
{
    const struct exchange e = {.step = o->rn->step, .client = CLIENT, .note = note,
                               .sent_ns = clock_mono_ns(), .request = buf_bytes(&o->sent.asked),
                               .reply = buf_bytes(&o->sent.reply)};
    return result_keep(o->rn->result, &e) ||
           kerr_set(&o->rn->err, KE_MEMORY, "no memory to keep an exchange");
}

/* An answer is judged by the standard's own rules, like any other; what it echoes of the
 * request only where that can be read. */
static bool check_reply(struct onslaught *o, const struct malformed *m)
{
    struct case_result *c = o->rn->result;
    size_t before = c->found.n;
    struct sent judged = {.reply = o->sent.reply, .has_reply = true, .version_free = true};
    if (!breaks_a_rule(m->message)) {
        judged.request = o->sent.request;
        judged.asked = o->sent.asked;
    }
    rules_check(o->rn, &judged);
    if (c->found.n == before)
        return o->rn->err.code == KE_OK;
    tell(o, "the answer breaks a rule", m);
    return keep(o, "") && o->rn->err.code == KE_OK;
}

static void processed(struct onslaught *o, const struct malformed *m)
{
    struct running *rn = o->rn;
    if (breaks_a_rule(m->message)) {
        if (o->tolerated++ == 0)
            hostile_found(rn, VERDICT_WARN, REFUSAL,
                          "a message processed that breaks a rule of the standard: %s", m->what);
        tell(o, "processed", m);
    }
}

/* What was made is noted, and removed. */
static bool note_made(struct onslaught *o)
{
    unsigned all;
    if (!o->makes || successes(buf_bytes(&o->sent.reply), &all) == 0)
        return true;
    if (!note_reply(o))
        return false;
    if (!o->blind)
        clean(o);
    return announce(o);
}

static bool fails(struct onslaught *o, const struct malformed *m, const char *how)
{
    tell(o, how, m);
    if (o->failed++ > 0)
        return true; /* the first will do */
    if (!keep(o, how))
        return false;
    hostile_say_message(o->rn, "message", m->message);
    hostile_found(o->rn, verdict_cap(o->rn->tc), REFUSAL, "%s: %s", how, m->what);
    return true;
}

static bool judge(struct onslaught *o, const struct malformed *m, enum outcome outcome,
                  const struct kerr *err)
{
    char text[900];
    o->n++;
    o->count[outcome]++;
    switch (outcome) {
    case REFUSED:
    case PROCESSED:
        if (outcome == PROCESSED)
            processed(o, m);
        if (!check_reply(o, m) || !note_made(o))
            return false;
        break;
    case HANGS:
        if (!fails(o, m, "no answer at all") ||
            !hostile_alive(o->rn, m->what, m->message))
            return false;
        break;
    case NO_MESSAGE:
        if (!fails(o, m, kerr_format(err, text, sizeof text)))
            return false;
        break;
    default:
        break;
    }
    if (outcome != PROCESSED && !nothing_stored(o, m->what)) {
        clean(o);
        return false;
    }
    return o->failed < FAILED_MAX;
}

/* There is no connection to be had: is it the doing of the message before? */
static bool nobody_there(struct onslaught *o, const struct kerr *err)
{
    if (hostile_alive(o->rn, o->last, buf_bytes(&o->sent.asked)))
        o->rn->err = *err;
    return false;
}

/* Each malformation comes here. */
static bool take(void *arg, const struct malformed *m)
{
    struct onslaught *o = arg;
    struct kerr err = KERR_INIT;
    enum outcome outcome = CLOSED;
    if (*o->rn->runner->stop) {
        result_decide(o->rn->result, VERDICT_INCONCLUSIVE, o->rn->step, "interrupted");
        return false;
    }
    if (!send_it(o, m, &err, &outcome))
        return nobody_there(o, &err);
    bool go_on = judge(o, m, outcome, &err);
    snprintf(o->last, sizeof o->last, "%s", m->what);
    return go_on && o->rn->err.code == KE_OK;
}

/* ---- the step ------------------------------------------------------------------------------ */

static void sum_up(struct onslaught *o)
{
    static const char *const names[OUTCOMES] = {"refused", "processed", "closed", "waited for",
                                                "unanswered", "answered with no message"};
    struct buf line;
    buf_init(&line, 2000);
    for (size_t i = 0; i < OUTCOMES; i++)
        if (o->count[i] > 0)
            buf_printf(&line, ", %u %s", o->count[i], names[i]);
    hostile_say(o->rn, "%s: %u messages%s", o->family->name, o->n, buf_cstr(&line));
    buf_clear(&line);
}

static bool run_family(struct running *rn, const struct case_step *s,
                       const struct malform_family *f, struct bytes good)
{
    struct onslaught o = {.rn = rn, .step = s, .family = f, .good = good,
                          .fresh_connection = true};
    sent_init(&o.sent);
    find_marks(&o);
    snprintf(o.last, sizeof o.last, "the request as it is");
    buf_put_bytes(&o.sent.asked, good);
    target_close(rn->runner->target, CLIENT);
    bool ok = begin_making(&o) && announce(&o) &&
              malform_each(f, good, spared(good), take, &o, &rn->err) && rn->err.code == KE_OK;
    sum_up(&o);
    target_close(rn->runner->target, CLIENT);
    ok = ok && !rn->result->lost && !*rn->runner->stop &&
         hostile_alive(rn, o.last, buf_bytes(&o.sent.asked));
    if (rn->err.code == KE_OK && !rn->result->lost)
        clean(&o);
    sent_clear(&o.sent);
    return ok;
}

/* First the good request itself: of one that is refused, nothing follows from refusals. */
static bool try_good(struct running *rn, const struct case_step *s, struct bytes good)
{
    static const struct malform_family none = {.name = "as it is"};
    struct onslaught o = {.rn = rn, .step = s, .family = &none, .good = good,
                          .fresh_connection = true};
    struct malformed m = {.message = good, .what = "the good request"};
    sent_init(&o.sent);
    find_marks(&o);
    snprintf(o.last, sizeof o.last, "the steps before");
    bool ok = begin_making(&o) && announce(&o) && take(&o, &m) && o.failed == 0;
    if (!rn->result->lost)
        clean(&o);
    if (ok && o.count[PROCESSED] == 0)
        hostile_say(rn, "the request is not granted even as it is%s%s", s->note ? ": " : "",
                    s->note ? s->note : "");
    sent_clear(&o.sent);
    return ok;
}

bool step_malform(struct running *rn, const struct case_step *s)
{
    struct buf good;
    buf_init(&good, 1u << 20);
    bool ok = step_build(rn, s, &good) && made_allowed(rn, buf_bytes(&good)) &&
              try_good(rn, s, buf_bytes(&good));
    for (size_t i = 0; ok && i < n_malform_families; i++)
        if (s->families & 1u << i)
            ok = run_family(rn, s, &malform_families[i], buf_bytes(&good));
    buf_clear(&good);
    return ok;
}

void malform_names(struct buf *out)
{
    for (size_t i = 0; i < n_malform_families; i++)
        buf_printf(out, "%s%s", i ? ", " : "", malform_families[i].name);
}
