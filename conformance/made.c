/* What requests make and destroy on the server (runner.h), kept in the journal.
 *
 * Each item of a request that makes something has a number, and announces under it the
 * attributes by which its object can be found. Only the reply to that very item, when it
 * names the object, settles them. Anything else leaves them open: a refusal, an Undone, a
 * success without identifier, a reply to another request, a closed connection. */
#include "conformance/made.h"
#include "kmip/base/text.h"
#include "kmip/schema/open.h"

static const struct {
    uint32_t operation;
    unsigned effect;
} effects[] = {
    {KMIP_OPERATION_CREATE, MADE_NEW},
    {KMIP_OPERATION_CREATE_KEY_PAIR, MADE_NEW},
    {KMIP_OPERATION_REGISTER, MADE_NEW},
    {KMIP_OPERATION_DERIVE_KEY, MADE_NEW},
    {KMIP_OPERATION_CERTIFY, MADE_NEW},
    {KMIP_OPERATION_CREATE_SPLIT_KEY, MADE_NEW},
    {KMIP_OPERATION_JOIN_SPLIT_KEY, MADE_NEW},
    {KMIP_OPERATION_RE_KEY, MADE_NEW | MADE_CHANGES | MADE_REPLACES},
    {KMIP_OPERATION_RE_KEY_KEY_PAIR, MADE_NEW | MADE_CHANGES | MADE_REPLACES},
    {KMIP_OPERATION_RE_CERTIFY, MADE_NEW | MADE_CHANGES | MADE_REPLACES},
    {KMIP_OPERATION_ACTIVATE, MADE_CHANGES},
    {KMIP_OPERATION_REVOKE, MADE_CHANGES},
    {KMIP_OPERATION_DESTROY, MADE_CHANGES},
    {KMIP_OPERATION_ARCHIVE, MADE_CHANGES},
    {KMIP_OPERATION_RECOVER, MADE_CHANGES},
    {KMIP_OPERATION_ADD_ATTRIBUTE, MADE_CHANGES},
    {KMIP_OPERATION_MODIFY_ATTRIBUTE, MADE_CHANGES},
    {KMIP_OPERATION_DELETE_ATTRIBUTE, MADE_CHANGES},
    {KMIP_OPERATION_OBTAIN_LEASE, MADE_CHANGES},
    {KMIP_OPERATION_GET_USAGE_ALLOCATION, MADE_CHANGES},
};

unsigned made_effect(uint32_t operation)
{
    for (size_t i = 0; i < sizeof effects / sizeof *effects; i++)
        if (effects[i].operation == operation)
            return effects[i].effect;
    return 0;
}

static unsigned effect_of(const struct kmip_item *it)
{
    return it->has_operation ? made_effect(it->operation) : 0;
}

/* ---- names ------------------------------------------------------------------ */

bool made_bears_prefix(const struct running *rn, struct bytes text)
{
    struct bytes prefix = bytes_str(rn->runner->run_prefix);
    return text.n >= prefix.n && memcmp(text.p, prefix.p, prefix.n) == 0;
}

/* An Attribute whose text bears the run's prefix: what the object can be found by. */
static bool take_attribute(const struct running *rn, const struct ttlv_item *attribute,
                           made_take *take, void *arg)
{
    struct ttlv_item name, value, inner;
    if (!ttlv_find(attribute, KMIP_TAG_ATTRIBUTE_NAME, &name) || name.type != TTLV_TEXT_STRING ||
        !ttlv_find(attribute, KMIP_TAG_ATTRIBUTE_VALUE, &value))
        return true;
    if (value.type == TTLV_STRUCTURE && ttlv_find(&value, KMIP_TAG_NAME_VALUE, &inner))
        value = inner;
    return value.type != TTLV_TEXT_STRING || !made_bears_prefix(rn, value.val) ||
           take(arg, name.val, value.val);
}

bool made_each_name(const struct running *rn, const struct ttlv_item *in, made_take *take,
                    void *arg)
{
    struct ttlv_reader r;
    struct ttlv_item it;
    ttlv_r_init(&r, in->val, NULL, NULL);
    while (ttlv_r_next(&r, &it)) {
        if (it.type != TTLV_STRUCTURE)
            continue;
        if (!(it.tag == KMIP_TAG_ATTRIBUTE ? take_attribute(rn, &it, take, arg)
                                           : made_each_name(rn, &it, take, arg)))
            return false;
    }
    return true;
}

/* ---- before ----------------------------------------------------------------- */

struct announcing {
    struct running *rn;
    struct journal_ask ask;
};

static bool intend(void *arg, struct bytes attribute, struct bytes value)
{
    struct announcing *a = arg;
    return journal_intent(a->rn->runner->journal, &a->ask, attribute, value, &a->rn->err);
}

static struct journal_ask ask_of(struct running *rn, const char *client,
                                 const struct kmip_message *request)
{
    return (struct journal_ask){.case_id = rn->tc->id,
                                .client = target_identity(rn->runner->target, client),
                                .authentication = request->header.has_authentication
                                                      ? request->header.authentication.val
                                                      : bytes_of(NULL, 0)};
}

static void note_destroying(struct journal *j, const struct kmip_item *it)
{
    struct ttlv_item uid;
    if (it->has_operation && it->operation == KMIP_OPERATION_DESTROY && it->has_payload &&
        ttlv_find(&it->payload, KMIP_TAG_UNIQUE_IDENTIFIER, &uid))
        journal_destroying(j, uid.val);
}

bool made_before(struct running *rn, const char *client, struct bytes request, unsigned *first)
{
    struct journal *j = rn->runner->journal;
    struct announcing a = {.rn = rn};
    struct kmip_message m;
    struct kmip_item it;
    bool any = false;
    *first = 0;
    if (!kmip_open_outline(&m, request, NULL) && m.n_items == 0)
        return true; /* deliberately wrong: nothing sensible to note */
    a.ask = ask_of(rn, client, &m);
    *first = journal_asks(j, m.n_items);
    while (kmip_next_item(&m, &it)) {
        unsigned effect = effect_of(&it);
        a.ask.no = *first + it.index;
        note_destroying(j, &it);
        any = any || (effect & MADE_NEW);
        if ((effect & MADE_REPLACES) && !journal_intent_again(j, &a.ask, &rn->err))
            return false;
        if ((effect & MADE_NEW) && it.has_payload &&
            !made_each_name(rn, &it.payload, intend, &a))
            return false;
    }
    return !any || journal_sync(j, &rn->err);
}

/* ---- after ------------------------------------------------------------------ */

struct noting {
    struct running *rn;
    struct journal_ask ask;
    struct kmip_message request, reply;
    unsigned first; /* number of the request's first item */
};

/* The item of the request that this one answers: of the same id, or in the same place,
 * and of the same operation. A Poll is answered in the name of what it polls for. */
static bool asked_for(struct kmip_message request, const struct kmip_item *got,
                      struct kmip_item *asked)
{
    while (kmip_next_item(&request, asked)) {
        bool named = got->has_id && asked->has_id;
        if (named ? bytes_eq(got->id, asked->id) : got->index == asked->index)
            return got->has_operation && asked->has_operation &&
                   (got->operation == asked->operation || got->operation == KMIP_OPERATION_POLL ||
                    asked->operation == KMIP_OPERATION_POLL);
    }
    return false;
}

static bool is_identifier(const struct ttlv_item *uid)
{
    return uid->type == TTLV_TEXT_STRING && uid->val.n > 0 && text_utf8(uid->val) &&
           !memchr(uid->val.p, 0, uid->val.n);
}

/* *all: the reply tells all that the item made, and we did not know it before. */
static bool note_made(struct noting *n, uint32_t operation, const struct kmip_item *got, bool *all)
{
    static const uint32_t tags[] = {KMIP_TAG_UNIQUE_IDENTIFIER,
                                    KMIP_TAG_PRIVATE_KEY_UNIQUE_IDENTIFIER,
                                    KMIP_TAG_PUBLIC_KEY_UNIQUE_IDENTIFIER};
    struct journal *j = n->rn->runner->journal;
    const struct kmip_header *h = &n->reply.header;
    bool pair = operation == KMIP_OPERATION_CREATE_KEY_PAIR ||
                operation == KMIP_OPERATION_RE_KEY_KEY_PAIR;
    size_t named = 0;
    struct ttlv_item uid;
    for (size_t i = 0; got->has_payload && i < sizeof tags / sizeof *tags; i++) {
        if (!ttlv_find(&got->payload, tags[i], &uid) || !is_identifier(&uid) ||
            journal_knows(j, uid.val))
            continue;
        named++;
        if (!journal_made(j, &n->ask, uid.val, h->has_time_stamp ? &h->time_stamp : NULL,
                          &n->rn->err))
            return false;
    }
    *all = named >= (pair ? 2 : 1);
    return true;
}

/* What the request named counts; without it, what the reply does. */
static void note_gone(struct noting *n, const struct kmip_item *asked, const struct kmip_item *got)
{
    struct ttlv_item wanted, said;
    bool named = asked->has_payload &&
                 ttlv_find(&asked->payload, KMIP_TAG_UNIQUE_IDENTIFIER, &wanted);
    bool told = got->has_payload && ttlv_find(&got->payload, KMIP_TAG_UNIQUE_IDENTIFIER, &said);
    if (named && (!told || bytes_eq(wanted.val, said.val)))
        journal_gone(n->rn->runner->journal, wanted.val);
    else if (!named && told)
        journal_gone(n->rn->runner->journal, said.val);
}

/* A Locate whose reply names objects, and none but ours. */
static bool note_located(struct noting *n, const struct kmip_item *asked,
                         const struct kmip_item *got)
{
    struct running *rn = n->rn;
    struct ttlv_reader r;
    struct ttlv_item uid;
    size_t ours = 0;
    if (!asked->has_payload || !got->has_payload)
        return true;
    ttlv_r_init(&r, got->payload.val, NULL, NULL);
    while (ttlv_r_next(&r, &uid))
        if (uid.tag == KMIP_TAG_UNIQUE_IDENTIFIER && !journal_knows(rn->runner->journal, uid.val))
            return true;
        else
            ours += uid.tag == KMIP_TAG_UNIQUE_IDENTIFIER;
    if (ours == 0)
        return true;
    struct own_locate *own = arena_alloc(&rn->result->arena, sizeof *own);
    const char *payload = arena_copy(&rn->result->arena, asked->payload.val);
    if (!own || !payload)
        return kerr_set(&rn->err, KE_MEMORY, "no memory for what was located");
    *own = (struct own_locate){bytes_of(payload, asked->payload.val.n), rn->own_locates};
    rn->own_locates = own;
    return true;
}

static bool note_item(struct noting *n, const struct kmip_item *got)
{
    struct journal *j = n->rn->runner->journal;
    struct kmip_item asked = {.has_operation = false};
    bool fits = n->first > 0 && asked_for(n->request, got, &asked), all = false;
    uint32_t operation = got->operation;
    if (fits && operation == KMIP_OPERATION_POLL)
        operation = asked.operation;
    n->ask.no = fits ? n->first + asked.index : 0;
    if (got->has_status && got->status == KMIP_RESULT_STATUS_OPERATION_FAILED && fits)
        journal_refused(j, n->ask.no);
    if (!got->has_status || got->status != KMIP_RESULT_STATUS_SUCCESS || !got->has_operation)
        return true;
    if (fits && operation == KMIP_OPERATION_DESTROY)
        note_gone(n, &asked, got);
    if (fits && operation == KMIP_OPERATION_LOCATE && !note_located(n, &asked, got))
        return false;
    if (!(made_effect(operation) & MADE_NEW))
        return true;
    if (!note_made(n, operation, got, &all))
        return false;
    /* Where a key bears no name, this line is all that leads to it. */
    if (n->rn->tc->unnamed && !journal_sync(j, &n->rn->err))
        return false;
    if (fits && all)
        journal_settled(j, n->ask.no);
    return true;
}

/* One item without Operation refuses the whole request (KMIP 1.2 spec, 7.1). */
static void note_whole(struct noting *n)
{
    struct kmip_message reply = n->reply;
    struct kmip_item it;
    if (n->first == 0 || reply.n_items != 1 || !kmip_next_item(&reply, &it) || it.has_operation ||
        !it.has_status || it.status != KMIP_RESULT_STATUS_OPERATION_FAILED)
        return;
    for (uint32_t i = 0; i < n->request.n_items; i++)
        journal_refused(n->rn->runner->journal, n->first + i);
}

bool made_after(struct running *rn, const char *client, struct bytes request, struct bytes reply,
                unsigned first)
{
    struct noting n = {.rn = rn, .first = first};
    struct kmip_item it;
    if (!kmip_open_outline(&n.request, request, NULL) && n.request.n_items == 0)
        n.first = 0;
    n.ask = ask_of(rn, client, &n.request);
    if (!kmip_open_outline(&n.reply, reply, NULL) && n.reply.n_items == 0)
        return true;
    note_whole(&n);
    while (kmip_next_item(&n.reply, &it))
        if (!note_item(&n, &it))
            return false;
    return true;
}
