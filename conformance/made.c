/* What requests make and destroy on the server (runner.h), kept in the journal; and
 * the guard that a case changes nothing but what the run has made. */
#include "conformance/runner.h"
#include "kmip/base/text.h"

#include <stdio.h>

enum effect { MAKES = 1, CHANGES = 2, REPLACES = 4 };

static const struct {
    uint32_t operation;
    unsigned effect;
} effects[] = {
    {KMIP_OPERATION_CREATE, MAKES},
    {KMIP_OPERATION_CREATE_KEY_PAIR, MAKES},
    {KMIP_OPERATION_REGISTER, MAKES},
    {KMIP_OPERATION_DERIVE_KEY, MAKES},
    {KMIP_OPERATION_CERTIFY, MAKES},
    {KMIP_OPERATION_CREATE_SPLIT_KEY, MAKES},
    {KMIP_OPERATION_JOIN_SPLIT_KEY, MAKES},
    {KMIP_OPERATION_RE_KEY, MAKES | CHANGES | REPLACES},
    {KMIP_OPERATION_RE_KEY_KEY_PAIR, MAKES | CHANGES | REPLACES},
    {KMIP_OPERATION_RE_CERTIFY, MAKES | CHANGES | REPLACES},
    {KMIP_OPERATION_ACTIVATE, CHANGES},
    {KMIP_OPERATION_REVOKE, CHANGES},
    {KMIP_OPERATION_DESTROY, CHANGES},
    {KMIP_OPERATION_ARCHIVE, CHANGES},
    {KMIP_OPERATION_RECOVER, CHANGES},
    {KMIP_OPERATION_ADD_ATTRIBUTE, CHANGES},
    {KMIP_OPERATION_MODIFY_ATTRIBUTE, CHANGES},
    {KMIP_OPERATION_DELETE_ATTRIBUTE, CHANGES},
};

static unsigned effect_of(const struct kmip_item *it)
{
    for (size_t i = 0; it->has_operation && i < sizeof effects / sizeof *effects; i++)
        if (effects[i].operation == it->operation)
            return effects[i].effect;
    return 0;
}

static bool bears_prefix(const struct running *rn, struct bytes text)
{
    struct bytes prefix = bytes_str(rn->runner->run_prefix);
    return text.n >= prefix.n && memcmp(text.p, prefix.p, prefix.n) == 0;
}

/* ---- the guard -------------------------------------------------------------- */

/* A server whose Locate ignores its filters would otherwise have us destroy the keys
 * of others. */
bool made_allowed(struct running *rn, struct bytes request)
{
    struct kmip_message m;
    struct kmip_item it;
    struct ttlv_item uid;
    if (!kmip_open(&m, request, NULL))
        return true;
    while (kmip_next_item(&m, &it)) {
        if (!(effect_of(&it) & CHANGES) || !it.has_payload ||
            !ttlv_find(&it.payload, KMIP_TAG_UNIQUE_IDENTIFIER, &uid) ||
            uid.type != TTLV_TEXT_STRING || bears_prefix(rn, uid.val) ||
            journal_knows(rn->runner->journal, uid.val))
            continue;
        struct buf id;
        buf_init(&id, 1000);
        text_quote(&id, uid.val, 80);
        result_decide(rn->result, VERDICT_INCONCLUSIVE, rn->step,
                      "not sent: %s of '%s', an object that this run has not made",
                      kmip_operation_name(it.operation), buf_cstr(&id));
        buf_clear(&id);
        rn->over = true;
        return false;
    }
    return true;
}

/* ---- before ----------------------------------------------------------------- */

/* An Attribute whose text bears the run's prefix: what the object can be found by. */
static bool intend(struct running *rn, const char *identity, const struct ttlv_item *attribute)
{
    struct ttlv_item name, value, inner;
    if (!ttlv_find(attribute, KMIP_TAG_ATTRIBUTE_NAME, &name) || name.type != TTLV_TEXT_STRING ||
        !ttlv_find(attribute, KMIP_TAG_ATTRIBUTE_VALUE, &value))
        return true;
    if (value.type == TTLV_STRUCTURE && ttlv_find(&value, KMIP_TAG_NAME_VALUE, &inner))
        value = inner;
    return value.type != TTLV_TEXT_STRING || !bears_prefix(rn, value.val) ||
           journal_intent(rn->runner->journal, rn->tc->id, identity, name.val, value.val, &rn->err);
}

static bool intend_all(struct running *rn, const char *identity, const struct ttlv_item *in)
{
    struct ttlv_reader r;
    struct ttlv_item it;
    ttlv_r_init(&r, in->val, NULL, NULL);
    while (ttlv_r_next(&r, &it)) {
        if (it.type != TTLV_STRUCTURE)
            continue;
        if (!(it.tag == KMIP_TAG_ATTRIBUTE ? intend(rn, identity, &it)
                                           : intend_all(rn, identity, &it)))
            return false;
    }
    return true;
}

bool made_before(struct running *rn, const char *client, struct bytes request)
{
    const char *identity = target_identity(rn->runner->target, client);
    struct kmip_message m;
    struct kmip_item it;
    if (!kmip_open(&m, request, NULL))
        return true; /* deliberately wrong: nothing sensible to note */
    while (kmip_next_item(&m, &it)) {
        unsigned effect = effect_of(&it);
        if ((effect & REPLACES) && !journal_intent_again(rn->runner->journal, rn->tc->id, &rn->err))
            return false;
        if ((effect & MAKES) && it.has_payload && !intend_all(rn, identity, &it.payload))
            return false;
    }
    return true;
}

/* ---- after ------------------------------------------------------------------ */

/* *named: the reply tells what was made. */
static bool note_made(struct running *rn, const char *identity, const struct kmip_item *it,
                      bool *named)
{
    static const uint32_t tags[] = {KMIP_TAG_UNIQUE_IDENTIFIER,
                                    KMIP_TAG_PRIVATE_KEY_UNIQUE_IDENTIFIER,
                                    KMIP_TAG_PUBLIC_KEY_UNIQUE_IDENTIFIER};
    struct ttlv_item uid;
    *named = false;
    for (size_t i = 0; it->has_payload && i < sizeof tags / sizeof *tags; i++) {
        if (!ttlv_find(&it->payload, tags[i], &uid) || uid.type != TTLV_TEXT_STRING ||
            uid.val.n == 0)
            continue;
        *named = true;
        if (!journal_made(rn->runner->journal, rn->tc->id, identity, uid.val, &rn->err))
            return false;
    }
    return true;
}

/* A success that does not say what was made, or an answer that is still to come,
 * leaves the intents open: the clean-up looks for them. */
bool made_after(struct running *rn, const char *client, struct bytes reply)
{
    const char *identity = target_identity(rn->runner->target, client);
    struct kmip_message m;
    struct kmip_item it;
    struct ttlv_item uid;
    bool settled = true;
    if (!kmip_open(&m, reply, NULL))
        return true;
    while (kmip_next_item(&m, &it)) {
        bool named = true;
        if (it.status == KMIP_RESULT_STATUS_OPERATION_PENDING)
            settled = false;
        if (it.status != KMIP_RESULT_STATUS_SUCCESS)
            continue;
        if ((effect_of(&it) & MAKES) && !note_made(rn, identity, &it, &named))
            return false;
        settled = settled && named;
        if (it.has_operation && it.operation == KMIP_OPERATION_DESTROY && it.has_payload &&
            ttlv_find(&it.payload, KMIP_TAG_UNIQUE_IDENTIFIER, &uid) &&
            uid.type == TTLV_TEXT_STRING)
            journal_gone(rn->runner->journal, uid.val);
    }
    if (settled)
        journal_settled(rn->runner->journal, rn->tc->id);
    return true;
}
