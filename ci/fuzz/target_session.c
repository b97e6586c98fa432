/* The whole of the mock but its sockets: several messages on one connection, cut as TLS may
 * cut them, the engine and its store, faults or none, and what the connection has to do then.
 *
 * Input: a byte of switches, a byte of how the rest is cut, messages. Each reply is whole and
 * one that the standard's tables know, unless a fault was to damage it. */
#include <stdio.h>
#include <stdlib.h>

#include "ci/fuzz/fuzz.h"
#include "kmip/schema/message.h"
#include "mockserver/server.h"
#include "mockserver/session.h"

enum { WITH_FAULTS = 1, WITH_OTHER_IDENTITY = 2, WITH_OLD_CLOCK = 4 };

static const char config[] =
    "preload: [states, default-group]\n"
    "seed: 7\n"
    "credentials: [{username: fuzz, password: secret}]\n";
static const char faults[] =
    "- {action: {reorder: {window: 2, max_wait: 5ms}}, count: always, probability: 0.5}\n"
    "- {match: {operation: Get}, action: {corrupt: {offset: 20, bits: 3}}, count: always, probability: 0.3}\n"
    "- {match: {operation: Query}, action: {split: {sizes: [1, 7], pause: 1ms}}, count: always}\n"
    "- {match: {operation: Create, nth: 2}, action: duplicate}\n"
    "- {match: {operation: Locate}, action: {remove: Batch Item/Response Payload/Unique Identifier}, count: always}\n"
    "- {match: {operation: Destroy}, action: {truncate: {at: 30}}}\n"
    "- {match: {operation: Encrypt}, action: {result: {reason: General Failure}}, probability: 0.5, count: always}\n";

static int64_t now_ns;

static int64_t clock_ns(void *arg)
{
    (void)arg;
    return INT64_C(1700000000) * NS_PER_S + now_ns;
}

static int64_t mono(void)
{
    return now_ns;
}

static int64_t wall(void)
{
    return clock_ns(NULL);
}

struct rig {
    struct mock_config cfg;
    struct mock_engine engine;
    struct fault_set faults;
    struct journal journal;
    struct mock_clock clock;
};

static void read_faults(struct rig *r)
{
    struct ydoc doc = {0};
    struct fault_list list = {0};
    struct kerr err = KERR_INIT;

    if (!ydoc_parse(&doc, "faults", bytes_str(faults), &err) ||
        !fault_list_read(doc.root, &list, &err) || !fault_set_add(&r->faults, &list, &err))
        fuzz_broken("%s", err.msg);
    fault_list_clear(&list);
    ydoc_clear(&doc);
}

/* Anew for each input: what one leaves behind must not change the next. */
static void open_rig(struct rig *r, uint8_t switches)
{
    struct opt_list none = {0};
    struct kerr err = KERR_INIT;

    if (!config_load(&r->cfg, fuzz_file("mock.yaml", bytes_str(config)), &none, &err) ||
        !engine_init(&r->engine, &r->cfg, clock_ns, NULL, &err) ||
        !preload_store(&r->cfg.preload, &r->engine, PRELOAD_LEAVE, &err))
        fuzz_broken("%s", err.msg);
    journal_init(&r->journal, 20, 1 << 18);
    mock_clock_init(&r->clock, &clock_right);
    r->clock.wall_ns = wall;
    r->clock.mono_ns = mono;
    if (switches & WITH_OLD_CLOCK)
        r->clock.spec.offset_ns = -90 * NS_PER_S;
    if (!fault_set_init(&r->faults, &r->cfg, &r->journal, &err))
        fuzz_broken("%s", err.msg);
    if (switches & WITH_FAULTS)
        read_faults(r);
}

static void close_rig(struct rig *r)
{
    fault_set_clear(&r->faults);
    journal_clear(&r->journal);
    engine_clear(&r->engine);
    config_clear(&r->cfg);
}

/* Without faults nothing but whole messages leaves. */
static void check_reply(struct bytes reply)
{
    struct kmip_message m;
    struct kerr err = KERR_INIT;

    if (!kmip_open(&m, reply, &err) || !m.header.response)
        fuzz_broken("a reply is no message: %s", err.msg);
    if ((int64_t)m.n_items != m.header.batch_count)
        fuzz_broken("a reply with %u items says %d", m.n_items, (int)m.header.batch_count);
}

/* Whatever is to be done until bytes are needed; false: the connection ends. */
static bool drain(struct session *s, bool damaged)
{
    for (unsigned i = 0; i < 10000; i++) {
        struct action a = session_next(s, now_ns);
        switch (a.kind) {
        case ACTION_SEND:
            if (!damaged)
                check_reply(buf_bytes(&a.reply->bytes));
            reply_free(&a.reply);
            break;
        case ACTION_WAIT:
            if (a.at_ns == INT64_MAX)
                return true;
            now_ns = a.at_ns > now_ns ? a.at_ns : now_ns + 1;
            break;
        case ACTION_HALF_CLOSE:
            break;
        case ACTION_CLOSE:
        case ACTION_RESET:
            return false;
        }
    }
    fuzz_broken("the session is never done");
}

static void talk(struct session *s, struct bytes in, uint8_t cut, bool damaged)
{
    struct kerr err = KERR_INIT;
    size_t piece = cut ? cut * (size_t)8 : SIZE_MAX;

    while (in.n > 0 && !s->ending) {
        size_t n = in.n < piece ? in.n : piece;
        if (!session_feed(s, bytes_of(in.p, n), now_ns, &err) || !drain(s, damaged))
            return;
        in.p += n;
        in.n -= n;
        now_ns += 1000;
    }
    session_end(s);
    drain(s, damaged);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct rig rig;
    struct bytes in = bytes_of(data, size);
    uint8_t switches = fuzz_byte(&in), cut = fuzz_byte(&in);
    struct mock_peer peer = {.authenticated = true};
    struct session s;

    if (in.n > 1u << 16)
        return 0;
    now_ns = NS_PER_S;
    snprintf(peer.identity, sizeof peer.identity, "%s",
             switches & WITH_OTHER_IDENTITY ? "other" : "fuzz");
    open_rig(&rig, switches);
    session_init(&s, &rig.engine, &peer, 1, now_ns);
    session_attach(&s, &rig.faults, &rig.journal, &rig.clock, now_ns);
    talk(&s, in, cut, switches & WITH_FAULTS);
    session_clear(&s);
    close_rig(&rig);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
    return fuzz_mutate_messages(data, size, max, seed, 2);
}
