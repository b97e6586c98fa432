/* Probes: a bucket's key from Create to Destroy, each way of making it, and many keys
 * at a time. */
#include <stdio.h>
#include <stdlib.h>

#include "client/lib/requests.h"
#include "conformance/driver_probe.h"
#include "kmip/base/clock.h"
#include "kmip/base/text.h"

#define USABLE_WITHIN_NS (3 * NS_PER_S) /* how long a key that is not usable is watched */
#define ASK_AGAIN_NS (100 * NS_PER_MS)
#define KEYS 8

/* ---- when is it usable? ----------------------------------------------------- */

/* Asks until the key ciphers. The first refusal stays in why. */
static bool becomes_usable(struct probing *p, struct wire *w, const struct key *k,
                           struct create_facts *f, struct kerr *why)
{
    int64_t deadline = clock_mono_ns() + USABLE_WITHIN_NS;
    f->usable_after_ns = -1;
    for (;;) {
        struct kerr err = KERR_INIT;
        if (key_use(w, k->uid, &err)) {
            f->usable_after_ns = clock_mono_ns() - k->made_ns;
            return true;
        }
        if (why->code == KE_OK)
            *why = err;
        if (err.code != KE_REFUSED || clock_mono_ns() >= deadline || probe_stopped(p))
            return false;
        probe_wait_until(p, clock_mono_ns() + ASK_AGAIN_NS);
    }
}

static void say_dates(struct probing *p, struct wire *w, const struct key *k)
{
    struct key_dates d;
    struct kerr err = KERR_INIT;
    char date[40];
    if (!key_look(w, k->uid, &d, &err)) {
        probe_say(p, "the key cannot be looked at: %s", err.msg);
        return;
    }
    if (k->dated)
        probe_say(p, "Activation Date sent     %s", text_date_out(k->sent_date, date));
    if (d.has_activation)
        probe_say(p, "Activation Date kept     %s", text_date_out(d.activation_s, date));
    if (d.has_initial)
        probe_say(p, "Initial Date             %s", text_date_out(d.initial_s, date));
    if (d.has_stamp)
        probe_say(p, "Time Stamp of the server %s", text_date_out(d.stamp_s, date));
    if (d.has_state)
        probe_say(p, "State                    %s", kmip_name_of("State", d.state));
}

/* ---- one key, step by step -------------------------------------------------- */

static void not_made(struct probing *p, struct create_facts *f, const struct kerr *err)
{
    f->refused = err->code == KE_REFUSED;
    fact_text(f->why, "%s", err->msg);
    if (f->refused && p->row->arg != KEY_TWO_STEP)
        probe_decide(p, VERDICT_NOT_SUPPORTED, "%s; so compoundCreate must be false", err->msg);
    else
        probe_failed(p, err);
}

static void used(struct probing *p, struct wire *w, const struct key *k, struct create_facts *f)
{
    struct kerr why = KERR_INIT, err = KERR_INIT;
    bool usable = becomes_usable(p, w, k, f, &why);
    say_dates(p, w, k);
    if (why.code != KE_OK && why.code != KE_REFUSED) {
        fact_text(f->why, "%s", why.msg);
        probe_failed(p, &why);
    } else if (why.code == KE_REFUSED && usable) {
        fact_text(f->why, "the key is usable only after %.1f s: %s",
                  (double)f->usable_after_ns / (double)NS_PER_S, why.msg);
        probe_decide(p, verdict_cap(p->rn.tc), "%s", f->why);
    } else if (why.code == KE_REFUSED) {
        fact_text(f->why, "the key was made, but cannot be used: %s", why.msg);
        probe_decide(p, verdict_cap(p->rn.tc), "%s (not within %.0f s)", f->why,
                     (double)USABLE_WITHIN_NS / (double)NS_PER_S);
    } else if (!key_end(w, k->uid, &err)) {
        fact_text(f->why, "the key works, but cannot be ended: %s", err.msg);
        probe_failed(p, &err);
    } else {
        f->works = TRI_YES;
        probe_decide(p, VERDICT_PASS,
                     "%s: made, used, revoked and destroyed; usable %.1f ms after Create",
                     key_way_name((enum key_way)p->row->arg),
                     (double)f->usable_after_ns / (double)NS_PER_MS);
    }
}

static void key_flow(struct probing *p)
{
    struct create_facts *f = &p->facts->create[p->row->arg];
    struct wire w;
    struct key k;
    struct kerr err = KERR_INIT;
    *f = (struct create_facts){.works = TRI_NO, .usable_after_ns = -1};
    if (!probe_open(p, &w, 1)) {
        fact_text(f->why, "%s", p->rn.result->reason);
        return;
    }
    if (key_make(&w, &(struct key_plan){.way = (enum key_way)p->row->arg}, &k, &err))
        used(p, &w, &k, f);
    else
        not_made(p, f, &err);
    wire_close(&w);
}

/* ---- many keys, pipelined --------------------------------------------------- */

struct many {
    struct wire w;
    enum key_way way;
    struct key key[KEYS];
    struct wire_call call[KEYS];
    struct buf cipher[KEYS];
};

static const uint8_t plain[KEY_DATA] = "thirty-two bytes of a data key.";

/* One round: the same step for every key, all of them in flight. */
struct round {
    uint32_t operation;
    void (*put)(struct many *m, size_t i, struct ttlv_writer *w);
    bool (*take)(struct many *m, size_t i);
};

static void put_create(struct many *m, size_t i, struct ttlv_writer *w)
{
    key_put_create(w, &(struct key_plan){.way = m->way}, &m->key[i]);
}

static bool take_uid(struct many *m, size_t i)
{
    return key_take_uid(&m->call[i], &m->key[i]);
}

static void put_uid(struct many *m, size_t i, struct ttlv_writer *w)
{
    req_uid(w, m->key[i].uid);
}

/* The reply is about the key that was asked about. */
static bool take_same(struct many *m, size_t i)
{
    struct bytes uid;
    struct wire_call *c = &m->call[i];
    return reply_field(&c->item, KMIP_TAG_UNIQUE_IDENTIFIER, TTLV_TEXT_STRING, &uid, &c->err) &&
           (bytes_eq_str(uid, m->key[i].uid) ||
            kerr_set(&c->err, KE_REPLY, "the reply to %s is about another key than the request",
                     kmip_operation_name(c->operation)));
}

static void put_encrypt(struct many *m, size_t i, struct ttlv_writer *w)
{
    key_put_crypt(w, m->key[i].uid, bytes_of(plain, sizeof plain));
}

static bool take_cipher(struct many *m, size_t i)
{
    return take_same(m, i) && key_take_data(&m->call[i], &m->cipher[i]);
}

static void put_decrypt(struct many *m, size_t i, struct ttlv_writer *w)
{
    key_put_crypt(w, m->key[i].uid, buf_bytes(&m->cipher[i]));
}

static bool take_plain(struct many *m, size_t i)
{
    struct wire_call *c = &m->call[i];
    return take_same(m, i) && key_take_data(c, &m->cipher[i]) &&
           (bytes_eq(buf_bytes(&m->cipher[i]), bytes_of(plain, sizeof plain)) ||
            kerr_set(&c->err, KE_REPLY, "Decrypt does not give back what Encrypt was given"));
}

static void put_revoke(struct many *m, size_t i, struct ttlv_writer *w)
{
    key_put_revoke(w, m->key[i].uid);
}

static const struct round rounds[] = {
    {KMIP_OPERATION_CREATE, put_create, take_uid},
    {KMIP_OPERATION_ACTIVATE, put_uid, take_same},
    {KMIP_OPERATION_ENCRYPT, put_encrypt, take_cipher},
    {KMIP_OPERATION_DECRYPT, put_decrypt, take_plain},
    {KMIP_OPERATION_REVOKE, put_revoke, take_same},
    {KMIP_OPERATION_DESTROY, put_uid, take_same},
};

static bool run_round(struct many *m, const struct round *r, struct kerr *err)
{
    size_t n = 0;
    bool ok = true;
    for (; n < KEYS && ok; n++) {
        r->put(m, n, wire_begin(&m->w, &m->call[n], r->operation));
        ok = wire_send(&m->w, &m->call[n]);
    }
    for (size_t i = 0; i < n; i++) {
        struct wire_call *c = &m->call[i];
        bool good = c->err.code == KE_OK && wire_take(&m->w, c) && r->take(m, i);
        if (!good && err->code == KE_OK)
            kerr_set_at(err, c->err.code, c->err.off, c->err.path, "%s", c->err.msg);
        wire_call_clear(c);
    }
    return err->code == KE_OK;
}

static void many_keys(struct probing *p)
{
    struct many *m = calloc(1, sizeof *m);
    struct kerr err = KERR_INIT;
    enum key_way way = (enum key_way)p->row->arg;
    if (p->facts->create[way].works == TRI_NO) {
        probe_decide(p, VERDICT_NOT_APPLICABLE, "not even one such key at a time works: %s",
                     p->facts->create[way].why);
        free(m);
        return;
    }
    if (!m) {
        probe_decide(p, VERDICT_ERROR, "no memory");
        return;
    }
    m->way = way;
    for (size_t i = 0; i < KEYS; i++)
        buf_init(&m->cipher[i], 1u << 20);
    bool ok = probe_open(p, &m->w, DRIVER_DEPTH_DEFAULT);
    for (size_t i = 0; ok && i < sizeof rounds / sizeof *rounds; i++) {
        if (rounds[i].operation == KMIP_OPERATION_ACTIVATE && way != KEY_TWO_STEP)
            continue;
        ok = run_round(m, &rounds[i], &err);
        if (!ok)
            probe_failed(p, &err);
    }
    if (ok)
        probe_decide(p, VERDICT_PASS,
                     "%s: %d keys at a time made, used, revoked and destroyed, %d requests in "
                     "flight",
                     key_way_name(way), KEYS, DRIVER_DEPTH_DEFAULT);
    wire_close(&m->w);
    for (size_t i = 0; i < KEYS; i++)
        buf_clear(&m->cipher[i]);
    free(m);
}

#define PIPELINED(id, how, clauses, way)                                                      \
    {"driver-keys-pipelined-" id, "Keys of eight buckets at a time, pipelined" how,           \
     "KMIP 1.2 spec, " clauses,                                                               \
     "The driver has pipelineDepth requests in flight, also while it makes and ends keys.",   \
     LEVEL_SHOULD, many_keys, way}

const struct probe probes_key[] = {
    {"driver-key-two-step", "Create, Activate, Encrypt, Decrypt, Revoke, Destroy",
     "KMIP 1.2 spec, 4.1, 4.19, 4.29, 4.30, 4.20, 4.21",
     "What the driver does for a bucket with compoundCreate: false.", LEVEL_SHOULD, key_flow,
     KEY_TWO_STEP},
    {"driver-key-compound-now", "Create with the Activation Date now gives a key usable at once",
     "KMIP 1.2 spec, 3.24, 4.1",
     "What the driver means to do for a bucket with compoundCreate: true.", LEVEL_SHOULD, key_flow,
     KEY_COMPOUND_NOW},
    {"driver-key-compound-epoch",
     "Create with the Activation Date 1970-01-01 gives a key usable at once",
     "KMIP 1.2 spec, 3.24, 4.1",
     "What a released driver sends with compoundCreate: true, through an invalid date.",
     LEVEL_SHOULD, key_flow, KEY_COMPOUND_EPOCH},
    PIPELINED("two-step", "", "4.1, 4.19, 4.29, 4.30, 4.20, 4.21", KEY_TWO_STEP),
    PIPELINED("compound-now", " by compound create, Activation Date now",
              "3.24, 4.1, 4.29, 4.30, 4.20, 4.21", KEY_COMPOUND_NOW),
    PIPELINED("compound-epoch", " by compound create, Activation Date 1970-01-01",
              "3.24, 4.1, 4.29, 4.30, 4.20, 4.21", KEY_COMPOUND_EPOCH),
    {.id = NULL},
};
