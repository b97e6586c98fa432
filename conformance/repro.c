/* The repros, and how one is run (repro.h). */
#include "conformance/repro.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "kmip/base/clock.h"
#include "kmip/base/text.h"

#define DRIVER_LIKE .match = KC_MATCH_POSITION, .depth = 8
#define ONE_AT_A_TIME .match = KC_MATCH_POSITION, .depth = 1
#define BY_ID .match = KC_MATCH_ID, .depth = 8

const struct repro repros[] = {
    {.name = "out-of-order",
     .title = "replies in another order than their requests",
     .field = "An appliance works on the requests of a connection in parallel and answers each "
              "when it is ready.",
     .shows = "The driver matches by position: 'Invalid batch item ID returned', the connection "
              "ends, what is outstanding fails with 'Conversation interrupted'.",
     .helps = "pipelineDepth: 1; or a client that matches replies by their Unique Batch Item ID.",
     .attempts = {{.title = "by position, pipelineDepth 8", .breaks = true, DRIVER_LIKE},
                  {.title = "by id, depth 8", .remedy = true, BY_ID},
                  {.title = "by position, pipelineDepth 1", .remedy = true, ONE_AT_A_TIME}},
     .n = 3},
    {.name = "out-of-order-once",
     .title = "replies change places once, then never again",
     .field = "A reply overtakes others when the appliance is busy or fails over; afterwards the "
              "order is kept.",
     .shows = "The driver fails once, connects again and works: 'Invalid batch item ID returned' "
              "in the log, and perhaps a key that nobody refers to.",
     .helps = "As for out-of-order. Trying again hides it.",
     .attempts = {{.title = "by position, pipelineDepth 8", .breaks = true, DRIVER_LIKE},
                  {.title = "by position, pipelineDepth 8, again", DRIVER_LIKE},
                  {.title = "by position, pipelineDepth 1", .remedy = true, ONE_AT_A_TIME}},
     .n = 3},
    {.name = "swapped-batch-ids",
     .title = "two replies have each other's id",
     .field = "A server that works in parallel takes the Unique Batch Item ID from a place that two "
              "requests share.",
     .shows = "By position: 'Invalid batch item ID returned'. By id each request gets the other's "
              "answer, and nobody complains.",
     .helps = "pipelineDepth: 1.",
     .attempts = {{.title = "by position, pipelineDepth 8", .breaks = true, DRIVER_LIKE},
                  {.title = "by position, pipelineDepth 1", .remedy = true, ONE_AT_A_TIME}},
     .n = 2},
    {.name = "coalesced-replies",
     .title = "several replies in one TLS record",
     .field = "A server, or a proxy in front of it, writes the replies that are ready with one "
              "call.",
     .shows = "The driver takes a record for a reply: it uses the first, the rest is lost, the "
              "next request fails with 'Invalid batch item ID returned'.",
     .helps = "pipelineDepth: 1; or a client that cuts messages by their length.",
     .attempts = {{.title = "a record a reply, pipelineDepth 8", .breaks = true, DRIVER_LIKE},
                  {.title = "by length and id, depth 8", .remedy = true, BY_ID},
                  {.title = "a record a reply, pipelineDepth 1", .remedy = true, ONE_AT_A_TIME}},
     .n = 3},
    {.name = "fragmented-replies",
     .title = "one reply over several TLS records",
     .field = "A server writes header and body of a reply with two calls, or a reply is longer "
              "than a record.",
     .shows = "The driver's process ends with 'BUG: Wrong buffer size'.",
     .helps = "No setting of the driver: the server must send each reply in one record. A client "
              "that cuts messages by their length is not affected.",
     .attempts = {{.title = "a record a reply, pipelineDepth 8", .breaks = true, DRIVER_LIKE},
                  {.title = "by length and id, depth 8", .remedy = true, BY_ID},
                  {.title = "a record a reply, pipelineDepth 1", .breaks = true, ONE_AT_A_TIME}},
     .n = 3},
    {.name = "clock-behind",
     .title = "the appliance's clock is behind",
     .field = "The appliance's clock is 90 s behind the client's.",
     .shows = "A key made by compound create, with the Activation Date now, is Pre-Active by the "
              "appliance's clock: the first Encrypt is refused, and works by itself later.",
     .helps = "compoundCreate: false (the appliance takes its own time), an Activation Date in the "
              "past, or the same time source for both.",
     .attempts = {{.title = "compound create, Activation Date now", .kind = REPRO_KEY,
                   .breaks = true, .way = KEY_COMPOUND_NOW},
                  {.title = "two-step create", .kind = REPRO_KEY, .remedy = true,
                   .way = KEY_TWO_STEP},
                  {.title = "compound create, 1970-01-01", .kind = REPRO_KEY, .remedy = true,
                   .way = KEY_COMPOUND_EPOCH},
                  {.title = "compound create, now by the server's clock", .kind = REPRO_KEY,
                   .remedy = true, .way = KEY_COMPOUND_AT, .corrected = true}},
     .n = 4},
    {.name = "clock-ahead",
     .title = "the appliance's clock is ahead",
     .field = "The appliance's clock is 90 s ahead of the client's.",
     .shows = "Keys work at once, but their dates lie in the client's future: who goes by them "
              "takes the key for one that is not active yet. A key planned for later is active at "
              "once.",
     .helps = "Going by the key's State instead of its dates; dates corrected by the measured "
              "offset; or the same time source for both.",
     .attempts = {{.title = "two-step create, judged by its dates", .kind = REPRO_KEY,
                   .breaks = true, .way = KEY_TWO_STEP, .by_dates = true},
                  {.title = "two-step create, judged by its State", .kind = REPRO_KEY,
                   .remedy = true, .way = KEY_TWO_STEP},
                  {.title = "compound create, planned for 2 s from now", .kind = REPRO_KEY,
                   .breaks = true, .way = KEY_COMPOUND_AT, .planned_s = 2},
                  {.title = "the same, corrected by the offset", .kind = REPRO_KEY, .remedy = true,
                   .way = KEY_COMPOUND_AT, .planned_s = 2, .corrected = true}},
     .n = 4},
    {.name = "two-clocks",
     .title = "the clock that decides on keys is behind, the Time Stamp is not",
     .field = "The Time Stamp of replies is the front end's, the state of keys goes by a clock of "
              "the crypto module, 90 s behind.",
     .shows = "As for clock-behind, while the Time Stamp agrees with the client's clock.",
     .helps = "compoundCreate: false, or an Activation Date in the past. Correcting dates by the "
              "Time Stamp does not help.",
     .attempts = {{.title = "compound create, now by the Time Stamp", .kind = REPRO_KEY,
                   .breaks = true, .way = KEY_COMPOUND_AT, .corrected = true},
                  {.title = "two-step create", .kind = REPRO_KEY, .remedy = true,
                   .way = KEY_TWO_STEP},
                  {.title = "compound create, 1970-01-01", .kind = REPRO_KEY, .remedy = true,
                   .way = KEY_COMPOUND_EPOCH}},
     .n = 3},
    {.name = "activation-delayed",
     .title = "Activate takes effect a while later",
     .field = "A cluster acknowledges Activate on one node and lets the others know in the "
              "background.",
     .shows = "Encrypt directly after Activate is refused; 2 s later it works.",
     .helps = "Asking for the State until it is Active; compoundCreate: true with a date in the "
              "past.",
     .attempts = {{.title = "two-step create", .kind = REPRO_KEY, .breaks = true,
                   .way = KEY_TWO_STEP},
                  {.title = "compound create, 1970-01-01", .kind = REPRO_KEY, .remedy = true,
                   .way = KEY_COMPOUND_EPOCH}},
     .n = 2},
    {.name = "compound-create-rejected",
     .title = "Create with an Activation Date is refused",
     .field = "An appliance takes the Activation Date by Activate only.",
     .shows = "With compoundCreate: true no bucket can be encrypted: every Create is refused.",
     .helps = "compoundCreate: false.",
     .attempts = {{.title = "compound create, 1970-01-01", .kind = REPRO_KEY, .breaks = true,
                   .way = KEY_COMPOUND_EPOCH},
                  {.title = "two-step create", .kind = REPRO_KEY, .remedy = true,
                   .way = KEY_TWO_STEP},
                  {.title = "compound create, Activation Date now", .kind = REPRO_KEY,
                   .breaks = true, .way = KEY_COMPOUND_NOW}},
     .n = 3},
    {.name = "compound-create-ignored",
     .title = "Create ignores the Activation Date",
     .field = "An appliance takes the request and leaves the Activation Date out.",
     .shows = "With compoundCreate: true keys are made, and stay Pre-Active for good: every "
              "Encrypt is refused.",
     .helps = "compoundCreate: false.",
     .attempts = {{.title = "compound create, 1970-01-01", .kind = REPRO_KEY, .breaks = true,
                   .way = KEY_COMPOUND_EPOCH},
                  {.title = "two-step create", .kind = REPRO_KEY, .remedy = true,
                   .way = KEY_TWO_STEP}},
     .n = 2},
    {.name = "no-custom-attributes",
     .title = "custom attributes are refused",
     .field = "An appliance takes the attributes of the standard only.",
     .shows = "With a bucketAttributeName no bucket can be encrypted: every Create is refused.",
     .helps = "bucketAttributeName: \"\".",
     .attempts = {{.title = "bucketAttributeName: x-zenko-bucket", .kind = REPRO_KEY,
                   .breaks = true, .way = KEY_TWO_STEP, .attribute = "x-zenko-bucket"},
                  {.title = "no bucketAttributeName", .kind = REPRO_KEY, .remedy = true,
                   .way = KEY_TWO_STEP}},
     .n = 2},
};
const size_t n_repros = sizeof repros / sizeof *repros;

const struct repro *repro_find(const char *name, struct kerr *err)
{
    const char *names[sizeof repros / sizeof *repros];
    struct buf list;
    for (size_t i = 0; i < n_repros; i++) {
        names[i] = repros[i].name;
        if (strcmp(names[i], name) == 0)
            return &repros[i];
    }
    const char *near = text_nearest(name, names, n_repros);
    buf_init(&list, 600);
    for (size_t i = 0; i < n_repros; i++)
        buf_printf(&list, "%s%s", i ? ", " : "", names[i]);
    kerr_set(err, KE_USAGE, "there is no repro '%s'%s%s%s; there are %s", name,
             near ? "; did you mean " : "", near ? near : "", near ? "?" : "", buf_cstr(&list));
    buf_clear(&list);
    return NULL;
}

/* ---- events ----------------------------------------------------------------- */

static struct repro_event *event(struct repro_result *out, enum repro_event_kind kind)
{
    struct repro_event *e = &out->v[out->n < REPRO_EVENTS_MAX - 1 ? out->n++ : out->n];
    *e = (struct repro_event){.kind = kind, .at_ns = clock_mono_ns(), .text = ""};
    return e;
}

void repro_note(struct repro_result *out, enum repro_event_kind kind, const char *fmt, ...)
{
    char text[600];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    const char *copy = arena_str(&out->arena, text);
    event(out, kind)->text = copy ? copy : "";
}

static bool sending(void *arg, struct wire *w, struct wire_call *c)
{
    struct repro_event *e = event(arg, EVENT_SENT);
    e->request = w->sent + 1;
    e->operation = c->operation;
    memcpy(e->id, c->id, sizeof e->id);
    return true;
}

static void over(void *arg, struct wire *w, struct wire_call *c)
{
    struct repro_result *out = arg;
    (void)w;
    if (!c->answered)
        return; /* told once, for all that were outstanding */
    struct repro_event *e = event(out, EVENT_REPLY);
    e->at_ns = c->seen.arrived_ns;
    e->request = c->place + 1;
    e->operation = c->operation;
    memcpy(e->id, c->id, sizeof e->id);
    e->order = c->seen.order + 1;
    e->records = c->seen.records;
    e->shared = c->seen.shared_record;
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
    return wire_open(w, &r->base, depth, match, err);
}

/* ---- attempts --------------------------------------------------------------- */

static int by_time(const void *a, const void *b)
{
    const struct repro_event *x = a, *y = b;
    if (x->at_ns != y->at_ns)
        return x->at_ns < y->at_ns ? -1 : 1;
    if (x->order != y->order) /* of replies in one record */
        return x->order < y->order ? -1 : 1;
    return 0;
}

static bool measure(struct repro_run *r, struct kerr *err)
{
    struct wire w;
    if (!repro_open(r, NULL, &w, false, 1, KC_MATCH_ID, err))
        return false;
    bool ok = clock_measure(&r->clock, &w, r->stop, err);
    wire_close(&w);
    return ok;
}

static bool is_about_keys(const struct repro *r)
{
    return r->attempts[0].kind == REPRO_KEY;
}

bool repro_attempts(struct repro_run *r, struct kerr *err)
{
    clock_estimate_init(&r->clock.e);
    if (is_about_keys(r->repro) && !measure(r, err))
        return false;
    for (size_t i = 0; i < r->repro->n; i++) {
        struct repro_result *out = &r->result[i];
        out->attempt = &r->repro->attempts[i];
        arena_init(&out->arena, 1u << 20);
        out->began_ns = clock_mono_ns();
        bool ok = out->attempt->kind == REPRO_PIPELINE ? repro_pipeline(r, out, err)
                                                       : repro_key(r, out, err);
        if (!ok)
            return kerr_wrap(err, "%s", out->attempt->title);
        if (*r->stop)
            return kerr_set(err, KE_INTERRUPTED, "interrupted");
        qsort(out->v, out->n, sizeof *out->v, by_time);
        out->done = true;
    }
    return true;
}

bool repro_held(const struct repro_run *r)
{
    for (size_t i = 0; i < r->repro->n; i++)
        if (!r->result[i].done || r->result[i].works == r->repro->attempts[i].breaks)
            return false;
    return true;
}

void repro_clear(struct repro_run *r)
{
    for (size_t i = 0; i < REPRO_ATTEMPTS_MAX; i++)
        arena_clear(&r->result[i].arena);
    arena_clear(&r->arena);
}
