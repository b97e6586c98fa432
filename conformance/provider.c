/* The objects a case works on (runner.h, case.h): by Create, else by Register, else the
 * one given with --object. They are brought into the state that the case asks for.
 *
 * Where the standard leaves open how a request is written, or what a server must have, one
 * that refuses the usual way is asked in the others:
 *   several instances of an attribute without Attribute Index, or with it (2.1.1 has the
 *     server assign it, yet an absent one counts as 0);
 *   three-key 3DES of 168 bits, as the published cases write it, or of 192, which is the
 *     length of its material (3.5);
 *   an Opaque Data Type of 80000001 or 80000000: all its values are extensions;
 *   AES of 128 bits or of 256, where the case says neither: no profile has a length that a
 *     Baseline Server must take. */
#include <stdio.h>
#include <sys/random.h>

#include "client/lib/requests.h"
#include "conformance/runner.h"
#include "kmip/base/text.h"

struct making {
    struct running *rn;
    const struct case_object *o;
    unsigned words;      /* OTHER_...: of what is left open, see above */
    bool plain;          /* a key for AES of 256 bits in place of the one that the case wants */
    struct buf refusals; /* one for each way that was tried */
};

/* What is left open, and is asked for in the other way. */
enum { OTHER_INDICES = 1, OTHER_PARITY = 2, OTHER_DATA_TYPE = 4, OTHER_LENGTH = 8 };

/* The operations that lead from Pre-Active to each state (KMIP 1.2 spec, 3.22). */
static const struct {
    uint32_t operations[3];
    uint32_t reason; /* of Revoke */
} ways[] = {
    [OBJECT_PRE_ACTIVE] = {{0}, 0},
    [OBJECT_ACTIVE] = {{KMIP_OPERATION_ACTIVATE}, 0},
    [OBJECT_DEACTIVATED] = {{KMIP_OPERATION_ACTIVATE, KMIP_OPERATION_REVOKE},
                            KMIP_REVOCATION_REASON_CODE_CESSATION_OF_OPERATION},
    [OBJECT_COMPROMISED] = {{KMIP_OPERATION_REVOKE}, KMIP_REVOCATION_REASON_CODE_KEY_COMPROMISE},
    [OBJECT_DESTROYED] = {{KMIP_OPERATION_DESTROY}, 0},
    [OBJECT_DESTROYED_COMPROMISED] = {{KMIP_OPERATION_REVOKE, KMIP_OPERATION_DESTROY},
                                      KMIP_REVOCATION_REASON_CODE_KEY_COMPROMISE},
};

static bool give_up(struct making *mk, enum verdict v, const char *what)
{
    result_decide(mk->rn->result, v, SIZE_MAX, "object '%s' could not be made: %s", mk->o->name,
                  what);
    return false;
}

/* ---- the request ------------------------------------------------------------ */

static bool several(const struct ynode *n)
{
    return n && n->kind == YNODE_SEQ && n->n > 1;
}

/* What of that the object has. */
static unsigned open_words(const struct case_object *o)
{
    bool indices = several(o->object_name);
    for (size_t i = 0; o->attributes && i < o->attributes->n; i++)
        indices = indices || several(o->attributes->vals[i]);
    bool key = o->type == KMIP_OBJECT_TYPE_SYMMETRIC_KEY;
    bool any_aes = key && !o->has_length && !o->material &&
                   o->algorithm == KMIP_CRYPTOGRAPHIC_ALGORITHM_AES;
    bool parity = o->algorithm == KMIP_CRYPTOGRAPHIC_ALGORITHM_3DES && o->length == 168;
    return (indices ? OTHER_INDICES : 0u) | (parity ? OTHER_PARITY : 0u) |
           (o->type == KMIP_OBJECT_TYPE_OPAQUE_OBJECT ? OTHER_DATA_TYPE : 0u) |
           (any_aes ? OTHER_LENGTH : 0u);
}

static int32_t key_length(const struct making *mk)
{
    if (mk->plain)
        return 256;
    return mk->words & OTHER_PARITY ? 192 : mk->words & OTHER_LENGTH ? 256 : (int32_t)mk->o->length;
}

static uint32_t key_algorithm(const struct making *mk)
{
    return mk->plain ? KMIP_CRYPTOGRAPHIC_ALGORITHM_AES : mk->o->algorithm;
}

static bool write_given(struct making *mk, const char *attribute, const struct ynode *value,
                        struct kmip_walk *walk, struct ttlv_writer *w)
{
    return from_yaml_attribute(attribute, value, mk->words & OTHER_INDICES && several(value), walk,
                               &mk->rn->vars.env, w, &mk->rn->err);
}

static bool write_attributes(struct making *mk, bool with_key_facts, struct kmip_walk *walk,
                             struct ttlv_writer *w)
{
    const struct case_object *o = mk->o;
    static const uint32_t plain_mask =
        KMIP_CRYPTOGRAPHIC_USAGE_MASK_ENCRYPT | KMIP_CRYPTOGRAPHIC_USAGE_MASK_DECRYPT;
    ttlv_w_open(w, KMIP_TAG_TEMPLATE_ATTRIBUTE);
    if (!kmip_walk_enter(walk, KMIP_TAG_TEMPLATE_ATTRIBUTE))
        return false;
    if (with_key_facts) {
        kmip_attribute_enum(w, "Cryptographic Algorithm", key_algorithm(mk));
        kmip_attribute_int(w, "Cryptographic Length", key_length(mk));
    }
    if (o->mask && !write_given(mk, "Cryptographic Usage Mask", o->mask, walk, w))
        return false;
    if (!o->mask && mk->o->type != KMIP_OBJECT_TYPE_TEMPLATE &&
        mk->o->type != KMIP_OBJECT_TYPE_OPAQUE_OBJECT)
        kmip_attribute_int(w, "Cryptographic Usage Mask", (int32_t)plain_mask);
    if (o->object_name) {
        if (!write_given(mk, "Name", o->object_name, walk, w))
            return false;
    } else {
        char name[200];
        snprintf(name, sizeof name, "%s-%s-%s", mk->rn->runner->run_prefix, mk->rn->tc->id,
                 mk->o->name);
        kmip_attribute_name(w, name);
    }
    for (size_t i = 0; o->attributes && i < o->attributes->n; i++)
        if (!write_given(mk, o->attributes->keys[i]->text, o->attributes->vals[i], walk, w))
            return false;
    kmip_walk_leave(walk);
    ttlv_w_close(w);
    return true;
}

/* The key material to register: as given, or random. */
static bool material(struct making *mk, struct buf *out)
{
    if (mk->o->material && !mk->plain)
        return text_unhex(bytes_str(mk->o->material), out) ||
               ynode_err(mk->o->node, KE_CASE, &mk->rn->err, "material: expected hexadecimal");
    size_t n = (size_t)(key_length(mk) + 7) / 8;
    if (key_algorithm(mk) == KMIP_CRYPTOGRAPHIC_ALGORITHM_3DES)
        n = mk->o->length <= 128 ? 16 : 24;
    uint8_t *p = buf_room(out, n);
    return (p && getrandom(p, n, 0) == (ssize_t)n) ||
           kerr_set(&mk->rn->err, KE_MEMORY, "no random bytes");
}

static void write_key_block(struct making *mk, struct bytes key, struct ttlv_writer *w)
{
    bool secret = mk->o->type == KMIP_OBJECT_TYPE_SECRET_DATA;
    ttlv_w_open(w, KMIP_TAG_KEY_BLOCK);
    ttlv_w_enum(w, KMIP_TAG_KEY_FORMAT_TYPE,
                secret ? KMIP_KEY_FORMAT_TYPE_OPAQUE : KMIP_KEY_FORMAT_TYPE_RAW);
    ttlv_w_open(w, KMIP_TAG_KEY_VALUE);
    ttlv_w_bytes(w, KMIP_TAG_KEY_MATERIAL, key);
    ttlv_w_close(w);
    if (!secret) {
        ttlv_w_enum(w, KMIP_TAG_CRYPTOGRAPHIC_ALGORITHM, key_algorithm(mk));
        ttlv_w_int(w, KMIP_TAG_CRYPTOGRAPHIC_LENGTH, key_length(mk));
    }
    ttlv_w_close(w);
}

static bool write_object(struct making *mk, struct ttlv_writer *w)
{
    struct buf key;
    buf_init(&key, 65536);
    bool ok = material(mk, &key);
    if (ok) {
        ttlv_w_open(w, kmip_object_tag(mk->o->type));
        if (mk->o->type == KMIP_OBJECT_TYPE_OPAQUE_OBJECT) {
            ttlv_w_enum(w, KMIP_TAG_OPAQUE_DATA_TYPE,
                        mk->words & OTHER_DATA_TYPE ? 0x80000000u : 0x80000001u);
            ttlv_w_bytes(w, KMIP_TAG_OPAQUE_DATA_VALUE, buf_bytes(&key));
        } else if (mk->o->type == KMIP_OBJECT_TYPE_TEMPLATE) {
            kmip_attribute_enum(w, "Cryptographic Algorithm", mk->o->algorithm);
            kmip_attribute_int(w, "Cryptographic Length", (int32_t)mk->o->length);
        } else {
            if (mk->o->type == KMIP_OBJECT_TYPE_SECRET_DATA)
                ttlv_w_enum(w, KMIP_TAG_SECRET_DATA_TYPE, KMIP_SECRET_DATA_TYPE_PASSWORD);
            write_key_block(mk, buf_bytes(&key), w);
        }
        ttlv_w_close(w);
    }
    buf_clear(&key);
    return ok;
}

static bool build(struct making *mk, bool create, struct buf *out)
{
    struct kmip_request rq = {.version = mk->rn->runner->target->opt.settings.version};
    struct ttlv_writer w;
    struct kmip_walk walk;
    uint32_t operation = create ? KMIP_OPERATION_CREATE : KMIP_OPERATION_REGISTER;
    bool symmetric = mk->o->type == KMIP_OBJECT_TYPE_SYMMETRIC_KEY;
    kmip_walk_init_payload(&walk, false, operation);
    req_begin(&w, out, &rq, operation, bytes_of(NULL, 0), &mk->rn->err);
    ttlv_w_enum(&w, KMIP_TAG_OBJECT_TYPE, mk->o->type);
    if (!write_attributes(mk, symmetric, &walk, &w) || (!create && !write_object(mk, &w)))
        return false;
    return req_end(&w);
}

/* ---- making it -------------------------------------------------------------- */

static bool no_answer(struct making *mk, const char *what)
{
    return give_up(mk, VERDICT_INCONCLUSIVE, what);
}

/* *refused: the server answers, but not with success; nothing is decided then. */
static bool call(struct making *mk, struct sent *s, struct kmip_item *item, bool *refused)
{
    struct kmip_message m;
    *refused = false;
    if (!exchange_run(mk->rn, mk->o->client, s, true))
        return false;
    if (!s->has_reply)
        return no_answer(mk, "the server closed the connection");
    if (!kmip_open(&m, buf_bytes(&s->reply), NULL) || !kmip_next_item(&m, item))
        return no_answer(mk, "the reply cannot be read");
    *refused = item->status != KMIP_RESULT_STATUS_SUCCESS;
    return !*refused;
}

/* An attribute of the object that no Baseline Server must have (KMIP Profiles 1.2, 5.1), or
 * NULL. */
static const char *optional_attribute(const struct case_object *o)
{
    static const char *const optional[] = {"Usage Limits", "Contact Information",
                                           "Application Specific Information", "Lease Time",
                                           "Operation Policy Name"};
    for (size_t i = 0; o->attributes && i < o->attributes->n; i++) {
        const char *name = o->attributes->keys[i]->text;
        if (name[0] == 'x' && name[1] == '-')
            return name;
        for (size_t k = 0; k < sizeof optional / sizeof *optional; k++)
            if (strcmp(name, optional[k]) == 0)
                return name;
    }
    return NULL;
}

/* Notes the refusal. Always false. */
static bool refuse(struct making *mk, uint32_t operation, const struct kmip_item *item)
{
    struct buf *what = &mk->refusals;
    buf_printf(what, "%s %s%s with %s", what->n ? "; and" : "the server answers",
               kmip_operation_name(operation),
               mk->plain   ? " of an AES key of 256 bits"
               : mk->words ? ", in other words,"
                           : "",
               item->has_reason ? kmip_name_of("Result Reason", item->reason) : "no reason");
    if (item->message.n) {
        buf_puts(what, ": ");
        text_show(what, item->message, 200);
    }
    if (mk->rn->denied)
        verdict_denied(mk->rn);
    return false;
}

static bool bind_uid(struct making *mk, struct bytes uid)
{
    return vars_set(&mk->rn->vars, bytes_str(mk->o->name), TTLV_TEXT_STRING, uid) ||
           kerr_set(&mk->rn->err, KE_MEMORY, "no memory for a variable");
}

/* *refused: the server does not want to, and another way may be tried. */
static bool make(struct making *mk, bool create, bool *refused)
{
    struct sent s;
    struct kmip_item item;
    struct ttlv_item uid;
    sent_init(&s);
    *refused = false;
    bool ok = build(mk, create, &s.request) && call(mk, &s, &item, refused);
    if (ok && !(item.has_payload && ttlv_find(&item.payload, KMIP_TAG_UNIQUE_IDENTIFIER, &uid)))
        ok = no_answer(mk, "the reply has no Unique Identifier");
    ok = ok && bind_uid(mk, uid.val);
    if (*refused)
        refuse(mk, create ? KMIP_OPERATION_CREATE : KMIP_OPERATION_REGISTER, &item);
    sent_clear(&s);
    return ok;
}

static bool build_step(struct making *mk, uint32_t operation, uint32_t reason, struct buf *out)
{
    const struct kmip_request rq = {.version = mk->rn->runner->target->opt.settings.version};
    const struct var *v = vars_find(&mk->rn->vars, bytes_str(mk->o->name));
    const char *uid = arena_copy(&mk->rn->result->arena, v->val);
    bool compromise = reason == KMIP_REVOCATION_REASON_CODE_KEY_COMPROMISE;
    struct ttlv_writer w;
    if (!uid)
        return kerr_set(&mk->rn->err, KE_MEMORY, "no memory for a request");
    req_begin(&w, out, &rq, operation, bytes_of(NULL, 0), &mk->rn->err);
    if (operation == KMIP_OPERATION_REVOKE)
        req_revoke(&w, uid, reason, NULL, compromise ? mk->rn->vars.env.now_s : INT64_MIN);
    else
        req_uid(&w, uid);
    return req_end(&w);
}

static bool advance(struct making *mk, uint32_t operation, uint32_t reason)
{
    struct sent s;
    struct kmip_item item;
    bool refused = false;
    if (!target_has_operation(mk->rn->runner->target, operation)) { /* as a Baseline Server must */
        char what[100];
        snprintf(what, sizeof what, "Query does not announce %s", kmip_operation_name(operation));
        return give_up(mk, VERDICT_INCONCLUSIVE, what);
    }
    sent_init(&s);
    bool ok = build_step(mk, operation, reason, &s.request) && call(mk, &s, &item, &refused);
    if (refused && !refuse(mk, operation, &item) && !mk->rn->denied)
        give_up(mk, VERDICT_INCONCLUSIVE, buf_cstr(&mk->refusals));
    sent_clear(&s);
    return ok;
}

static bool bring_to_state(struct making *mk)
{
    for (size_t k = 0; k < 3 && ways[mk->o->state].operations[k]; k++)
        if (!advance(mk, ways[mk->o->state].operations[k], ways[mk->o->state].reason))
            return false;
    return true;
}

/* A case that only reads may use the object that the operator named. */
static bool only_reads(const struct test_case *tc)
{
    static const uint32_t reading[] = {KMIP_OPERATION_LOCATE,
                                       KMIP_OPERATION_CHECK,
                                       KMIP_OPERATION_GET,
                                       KMIP_OPERATION_GET_ATTRIBUTES,
                                       KMIP_OPERATION_GET_ATTRIBUTE_LIST,
                                       KMIP_OPERATION_QUERY,
                                       KMIP_OPERATION_DISCOVER_VERSIONS};
    for (size_t i = 0; i < tc->n_steps; i++)
        for (size_t k = 0; k < tc->steps[i].n_items; k++) {
            bool reads = false;
            for (size_t r = 0; r < sizeof reading / sizeof *reading; r++)
                reads = reads || tc->steps[i].items[k].operation == reading[r];
            if (!reads)
                return false;
        }
    return true;
}

static bool use_given(struct making *mk)
{
    const char *object = mk->rn->runner->target->opt.object;
    if (!object)
        return give_up(
            mk, VERDICT_NOT_APPLICABLE,
            "the server announces neither Create nor Register; name an object with --object ID");
    if (!only_reads(mk->rn->tc) || mk->o->attributes || mk->o->object_name || mk->o->has_state)
        return give_up(
            mk, VERDICT_NOT_APPLICABLE,
            "the case changes its object, and the one given with --object is not ours to change");
    return bind_uid(mk, bytes_str(object));
}

/* By one operation, in all the words there are, the usual ones first. */
static bool make_by(struct making *mk, bool create, bool *refused)
{
    unsigned open = open_words(mk->o);
    mk->words = 0;
    for (;;) {
        bool made = make(mk, create, refused);
        if (!*refused || mk->rn->denied || mk->words == open)
            return made;
        mk->words = (mk->words - open) & open; /* the next subset of what is open */
    }
}

/* A key of the case's own choice: a Baseline Server need not take it, for that profile names
 * neither algorithms nor lengths (KMIP Profiles 1.2, 5.1). */
static bool is_particular(const struct making *mk)
{
    bool chosen = mk->o->has_length || mk->o->material ||
                  mk->o->algorithm != KMIP_CRYPTOGRAPHIC_ALGORITHM_AES;
    return chosen && mk->o->type == KMIP_OBJECT_TYPE_SYMMETRIC_KEY &&
           strcmp(mk->rn->tc->suite, "baseline-server") == 0;
}

/* No way is left. What is optional need not be there; anything else should have worked.
 * Whether the key itself is what the server will not have, another key tells. */
static void give_in(struct making *mk, bool create)
{
    const char *optional = optional_attribute(mk->o);
    bool refused = false;
    if (!optional && is_particular(mk)) {
        mk->plain = true;
        mk->words = 0;
        if (make(mk, create, &refused))
            optional = "an algorithm or a length";
        else if (!refused || mk->rn->denied)
            return; /* it is decided */
    }
    if (!optional) {
        give_up(mk, VERDICT_INCONCLUSIVE, buf_cstr(&mk->refusals));
        return;
    }
    buf_printf(&mk->refusals, ". It has %s, which is optional", optional);
    give_up(mk, VERDICT_NOT_SUPPORTED, buf_cstr(&mk->refusals));
}

static bool make_somehow(struct making *mk)
{
    const struct target *t = mk->rn->runner->target;
    bool can_create = target_has_operation(t, KMIP_OPERATION_CREATE) &&
                      mk->o->type == KMIP_OBJECT_TYPE_SYMMETRIC_KEY && !mk->o->material;
    bool can_register = target_has_operation(t, KMIP_OPERATION_REGISTER), refused = false;
    if (!can_create && !can_register)
        return use_given(mk);
    bool made = can_create && make_by(mk, true, &refused);
    if (can_register && (!can_create || (refused && !mk->rn->denied)))
        made = make_by(mk, false, &refused);
    if (refused && !mk->rn->denied)
        give_in(mk, !can_register);
    return made && bring_to_state(mk);
}

static bool provide(struct running *rn, const struct case_object *o)
{
    struct making mk = {.rn = rn, .o = o};
    if (!target_has_object(rn->runner->target, o->type))
        return give_up(&mk, VERDICT_NOT_APPLICABLE, "Query does not list its object type");
    buf_init(&mk.refusals, 2000);
    bool ok = make_somehow(&mk);
    buf_clear(&mk.refusals);
    return ok;
}

bool provide_objects(struct running *rn)
{
    for (size_t i = 0; i < rn->tc->n_objects; i++)
        if (!provide(rn, &rn->tc->objects[i]))
            return false;
    return true;
}
