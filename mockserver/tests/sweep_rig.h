/* A session of requests, each answered again and again with something failing under the
 * engine: the first memory request or system call of the request, the second, and so on
 * until nothing fails any more.
 *
 * Whatever fails, the answer is the truth about the store: what is said to be done is done,
 * what is said to have failed has left no trace, and the engine goes on. Where no answer can
 * be given the connection goes, and the request is done or not done, never half of it. */
#ifndef MOCKSERVER_TESTS_SWEEP_RIG_H
#define MOCKSERVER_TESTS_SWEEP_RIG_H

#include "mockserver/tests/engine_rig.h"

/* What fails. `arm` makes the nth call from now fail, alone or with all behind it; `disarm`
 * returns whether it came to that. */
struct sweep_failure {
    const char *name;
    void (*arm)(size_t nth);
    bool (*disarm)(void);
};

struct sweep_step {
    const char *items;
    const char *header;
    const char *name; /* what the reply has in `tag` is bound to, or NULL */
    uint32_t tag;
    bool optional; /* what it changes may be lost (store_put_optional) */
    bool varies;   /* a part of what it does may be lost, or drawn otherwise, when it is done */
};

#define SWEEP_AES                                                                                  \
    "Cryptographic Algorithm: AES, Cryptographic Length: 128, Cryptographic Usage Mask: Encrypt "  \
    "| Decrypt"
#define SWEEP_CREATE(attrs)                                                                        \
    "Create, {Object Type: Symmetric Key, Template-Attribute: {Attributes: {" SWEEP_AES            \
    ", Cryptographic Parameters: {Block Cipher Mode: ECB, Padding Method: PKCS5}" attrs "}}}"
#define SWEEP_UID KMIP_TAG_UNIQUE_IDENTIFIER

static const struct sweep_step sweep_steps[] = {
    {.items = "Discover Versions, {}"},
    {.items = "Query, {Query Function: [Query Operations, Query Objects, Query Server Information]}"},
    {.items = SWEEP_CREATE(", Name: first, x-a: one"), .name = "k", .tag = SWEEP_UID},
    {.items = "Activate, {Unique Identifier: $k}"},
    {.items = "Encrypt, {Unique Identifier: $k, Data: 00112233445566778899}", .name = "data",
     .tag = KMIP_TAG_DATA},
    {.items = "Decrypt, {Unique Identifier: $k, Data: $data}"},
    {.items = "Locate, {Attribute: [{Attribute Name: State, Attribute Value: Active}, {Attribute Name: "
     "x-a, Attribute Value: one}]}"},
    {.items = "Get, {Unique Identifier: $k}", .optional = true},
    {.items = "Get Attributes, {Unique Identifier: $k}"},
    {.items = "Get Attribute List, {Unique Identifier: $k}"},
    {.items = "Add Attribute, {Unique Identifier: $k, Attribute: {Attribute Name: x-b, Attribute Value: "
     "two}}"},
    {.items = "Modify Attribute, {Unique Identifier: $k, Attribute: {Attribute Name: Name, Attribute Value: "
     "!Structure {Name Value: second, Name Type: Uninterpreted Text String}}}"},
    {.items = "Delete Attribute, {Unique Identifier: $k, Attribute Name: x-a}"},
    {.items = "Check, {Unique Identifier: $k}"},
    {.items = "Obtain Lease, {Unique Identifier: $k}"},
    {.items = "Register, {Object Type: Secret Data, Template-Attribute: {Attributes: {Cryptographic Usage "
     "Mask: Export}}, Secret Data: {Secret Data Type: Password, Key Block: {Key Format Type: "
     "Opaque, Key Value: {Key Material: 2a2a}}}}",
     .name = "s", .tag = SWEEP_UID},
    {.items = "Create Key Pair, {Common Template-Attribute: {Attributes: {Cryptographic Algorithm: RSA, "
     "Cryptographic Length: 512}}, Private Key Template-Attribute: {Attributes: {Cryptographic "
     "Usage Mask: Sign}}, Public Key Template-Attribute: {Attributes: {Cryptographic Usage Mask: "
     "Verify}}}",
     .name = "priv", .tag = KMIP_TAG_PRIVATE_KEY_UNIQUE_IDENTIFIER},
    {.items = "Re-key, {Unique Identifier: $k}", .name = "k2", .tag = SWEEP_UID},
    {.items = SWEEP_CREATE(", Name: pending"), .header = "Asynchronous Indicator: true,",
     .varies = true},
    {.items = SWEEP_CREATE(", Name: batched") " || Activate, {} || Add Attribute, {Attribute: {Attribute "
                                     "Name: x-c, Attribute Value: three}} || Get, {}",
     .header = "Batch Error Continuation Option: Undo,", .varies = true},
    {.items = "Archive, {Unique Identifier: $k2}"},
    {.items = "Recover, {Unique Identifier: $k2}"},
    {.items = "Revoke, {Unique Identifier: $k, Revocation Reason: {Revocation Reason Code: Key Compromise}, "
     "Compromise Occurrence Date: $NOW-5}"},
    {.items = "Destroy, {Unique Identifier: $k}"},
};
enum { SWEEP_STEPS = sizeof sweep_steps / sizeof *sweep_steps };

enum sweep_answer { SWEEP_DONE, SWEEP_FAILED, SWEEP_NONE };

/* Whatever fails is the server's own failure, and said to be so. */
static enum sweep_answer sweep_read(struct rig *r, const char *what)
{
    enum sweep_answer answer = SWEEP_DONE;
    for (unsigned i = 0; i < rig_items(r); i++) {
        uint32_t reason = rig_reason(r, i);
        if (reason == 0 || reason == 1000 + KMIP_RESULT_STATUS_OPERATION_PENDING)
            continue;
        answer = SWEEP_FAILED;
        if (reason != 1000 + KMIP_RESULT_STATUS_OPERATION_UNDONE)
            cr_expect_eq(reason, (uint32_t)KMIP_RESULT_REASON_GENERAL_FAILURE, "%s: %u (%s)", what,
                         reason, rig_message(r, i));
    }
    return answer;
}

/* An operation that is pending is done or not: Poll tells. */
static void sweep_poll(struct rig *r)
{
    struct kmip_item it;
    if (!rig_item(r, 0, &it) || !it.has_correlation)
        return;
    rig_bind(r, "pending", TTLV_BYTE_STRING, it.correlation);
    r->header = NULL;
    rig_ask(r, "Poll, {Asynchronous Correlation Value: $pending}");
}

static enum sweep_answer sweep_ask(struct rig *r, const struct sweep_step *step,
                                   const struct sweep_failure *failure, size_t nth, bool *struck)
{
    char what[200];
    struct kerr err = KERR_INIT;
    const struct finding_sink sink = {rig_finding, r};
    snprintf(what, sizeof what, "%.80s: %s %zu", step->items, failure->name, nth);
    failure->arm(nth);
    bool ok = rig_answer(r, &err);
    *struck = failure->disarm();
    if (!ok) {
        cr_expect(*struck && err.code == KE_MEMORY, "%s: %s", what, err.msg);
        return SWEEP_NONE;
    }
    cr_expect(kmip_validate(buf_bytes(&r->reply), 0, NULL, &sink, &err), "%s: %s", what, err.msg);
    sweep_poll(r);
    return sweep_read(r, what);
}

static void sweep_compose(struct rig *r, const struct sweep_step *step)
{
    r->header = step->header;
    rig_compose(r, step->items);
}

static void sweep_take(struct rig *r, const struct sweep_step *step)
{
    if (step->name)
        rig_take(r, step->name, step->tag);
}

/* A rig in which the first n steps are done. */
static struct rig *sweep_rig(struct rig *(*fresh)(void), size_t n)
{
    struct rig *r = fresh();
    for (size_t i = 0; i < n; i++) {
        sweep_compose(r, &sweep_steps[i]);
        rig_send(r);
        cr_assert_eq(sweep_read(r, sweep_steps[i].items), SWEEP_DONE);
        sweep_take(r, &sweep_steps[i]);
    }
    engine_settle(&r->engine);
    return r;
}

/* The store closed and opened again: a file holds what memory did. */
static void sweep_reopen(struct rig *r)
{
    struct kerr err = KERR_INIT;
    engine_clear(&r->engine);
    cr_assert(engine_init(&r->engine, &r->cfg, rig_clock, r, &err), "%s", err.msg);
}

struct sweep_counts {
    size_t tries, done, failed, none; /* how often something failed; what was answered then */
};

/* One step with each of its calls failing, from the stride-th on every stride-th. */
static void sweep_step(struct rig *(*fresh)(void), size_t at, const struct sweep_failure *failure,
                       size_t stride, bool reopens, struct sweep_counts *counts)
{
    static const char *const answers[] = {"Success", "failure", "nothing"};
    const struct sweep_step *step = &sweep_steps[at];
    struct rig *r = sweep_rig(fresh, at);
    const struct draws draws = r->engine.draws;
    uint64_t before = rig_digest(r);
    sweep_compose(r, step);
    rig_send(r);
    uint64_t done = rig_digest(r);
    rig_free(r);
    r = NULL;
    bool struck = true;
    for (size_t nth = 1 + at % stride; struck; nth += stride) {
        if (!r)
            r = sweep_rig(fresh, at);
        r->engine.draws = draws;
        sweep_compose(r, step);
        enum sweep_answer answer = sweep_ask(r, step, failure, nth, &struck);
        uint64_t now = rig_digest(r);
        *(answer == SWEEP_DONE ? &counts->done
          : answer == SWEEP_FAILED ? &counts->failed : &counts->none) += struck;
        counts->tries += struck;
        bool done_now = step->varies ? now != before : now == done;
        cr_expect(answer == SWEEP_DONE     ? done_now
                  : answer == SWEEP_FAILED ? now == before
                                           : done_now || now == before,
                  "%zu %.80s: %s %zu: answered %s, but the store has %s", at, step->items,
                  failure->name, nth, answers[answer],
                  now == before ? "nothing of it" : now == done ? "all of it" : "something else");
        if (reopens) {
            sweep_reopen(r);
            cr_expect(rig_digest(r) == now || (step->optional && answer == SWEEP_DONE),
                      "%.80s: %s %zu: the file has something else than memory", step->items,
                      failure->name, nth);
        }
        if (now != before || reopens)
            rig_free(r), r = NULL;
    }
    if (r)
        rig_free(r);
}

static struct sweep_counts sweep(struct rig *(*fresh)(void), const struct sweep_failure *failure,
                                 size_t stride, bool reopens)
{
    struct sweep_counts counts = {0};
    for (size_t at = 0; at < SWEEP_STEPS; at++)
        sweep_step(fresh, at, failure, stride, reopens, &counts);
    return counts;
}

#endif
