/* The objects a case works on (runner.h): by Create, else by Register, else the one
 * given with --object. They are brought into the state that the case asks for.
 *
 *     objects:
 *       key: {type: Symmetric Key, algorithm: AES, length: 128, mask: Encrypt | Decrypt,
 *             name: $RUN-a, state: Active, attributes: {...}, material: HEX, client: main} */
#include <stdio.h>
#include <sys/random.h>

#include "conformance/runner.h"
#include "kmip/base/text.h"
#include "kmip/yaml/yfield.h"

struct object_want {
    const char *type, *algorithm, *state, *material, *client;
    const struct ynode *mask, *name, *attributes;
    int64_t length;
};

static const struct yfield object_fields[] = {
    {.key = "type", .kind = YF_STR, .off = offsetof(struct object_want, type)},
    {.key = "algorithm", .kind = YF_STR, .off = offsetof(struct object_want, algorithm)},
    {.key = "length", .kind = YF_INT, .off = offsetof(struct object_want, length), .min = 8, .max = 65536},
    {.key = "mask", .kind = YF_NODE, .off = offsetof(struct object_want, mask)},
    {.key = "name", .kind = YF_NODE, .off = offsetof(struct object_want, name)},
    {.key = "state", .kind = YF_STR, .off = offsetof(struct object_want, state)},
    {.key = "attributes", .kind = YF_NODE, .off = offsetof(struct object_want, attributes)},
    {.key = "material", .kind = YF_STR, .off = offsetof(struct object_want, material)},
    {.key = "client", .kind = YF_STR, .off = offsetof(struct object_want, client)},
    {0},
};

struct making {
    struct running *rn;
    const struct case_object *o;
    struct object_want want;
    uint32_t type, algorithm;
};

/* The operations that lead from Pre-Active to each state. */
static const struct {
    const char *state;
    uint32_t operations[3];
    uint32_t reason; /* of Revoke */
} ways[] = {
    {"Pre-Active", {0}, 0},
    {"Active", {KMIP_OPERATION_ACTIVATE}, 0},
    {"Deactivated", {KMIP_OPERATION_ACTIVATE, KMIP_OPERATION_REVOKE},
     KMIP_REVOCATION_REASON_CODE_CESSATION_OF_OPERATION},
    {"Compromised", {KMIP_OPERATION_REVOKE}, KMIP_REVOCATION_REASON_CODE_KEY_COMPROMISE},
    {"Destroyed", {KMIP_OPERATION_DESTROY}, 0},
    {"Destroyed Compromised", {KMIP_OPERATION_REVOKE, KMIP_OPERATION_DESTROY},
     KMIP_REVOCATION_REASON_CODE_KEY_COMPROMISE},
};

static bool give_up(struct making *mk, enum verdict v, const char *what)
{
    result_decide(mk->rn->result, v, SIZE_MAX, "object '%s' could not be made: %s", mk->o->name, what);
    return false;
}

static bool enum_of(struct making *mk, const char *enumeration, const char *text, uint32_t *out)
{
    const struct kmip_enum_value *v =
        kmip_enum_by_text(kmip_enum_by_name(bytes_str(enumeration)), bytes_str(text));
    if (!v)
        return ynode_err(mk->o->node, KE_CASE, &mk->rn->err, "'%s' is no %s", text, enumeration);
    *out = v->value;
    return true;
}

/* ---- the request ------------------------------------------------------------ */

static bool write_given(struct making *mk, const char *attribute, const struct ynode *value,
                        struct kmip_walk *walk, struct ttlv_writer *w)
{
    struct ynode key = {.kind = YNODE_SCALAR, .text = attribute, .len = strlen(attribute),
                        .file = mk->o->node->file, .line = mk->o->node->line, .col = mk->o->node->col};
    struct ynode outer_key = key, inner = {.kind = YNODE_MAP, .n = 1, .file = key.file, .line = key.line,
                                           .col = key.col};
    struct ynode *k = &key, *v = (struct ynode *)(uintptr_t)value, *ok = &outer_key, *iv = &inner;
    outer_key.text = "Attributes";
    outer_key.len = strlen(outer_key.text);
    inner.keys = &k;
    inner.vals = &v;
    struct ynode map = {.kind = YNODE_MAP, .n = 1, .file = key.file, .line = key.line, .col = key.col,
                        .keys = &ok, .vals = &iv};
    return from_yaml_fields(&map, walk, &mk->rn->vars.env, w, &mk->rn->err);
}

static bool write_attributes(struct making *mk, bool with_key_facts, struct kmip_walk *walk,
                             struct ttlv_writer *w)
{
    const struct object_want *o = &mk->want;
    static const uint32_t plain_mask =
        KMIP_CRYPTOGRAPHIC_USAGE_MASK_ENCRYPT | KMIP_CRYPTOGRAPHIC_USAGE_MASK_DECRYPT;
    ttlv_w_open(w, KMIP_TAG_TEMPLATE_ATTRIBUTE);
    if (!kmip_walk_enter(walk, KMIP_TAG_TEMPLATE_ATTRIBUTE))
        return false;
    if (with_key_facts) {
        kmip_attribute_enum(w, "Cryptographic Algorithm", mk->algorithm);
        kmip_attribute_int(w, "Cryptographic Length", (int32_t)o->length);
    }
    if (o->mask && !write_given(mk, "Cryptographic Usage Mask", o->mask, walk, w))
        return false;
    if (!o->mask && mk->type != KMIP_OBJECT_TYPE_TEMPLATE && mk->type != KMIP_OBJECT_TYPE_OPAQUE_OBJECT)
        kmip_attribute_int(w, "Cryptographic Usage Mask", (int32_t)plain_mask);
    if (o->name) {
        if (!write_given(mk, "Name", o->name, walk, w))
            return false;
    } else {
        char name[200];
        snprintf(name, sizeof name, "%s-%s-%s", mk->rn->runner->run_prefix, mk->rn->tc->id, mk->o->name);
        kmip_attribute_name(w, name);
    }
    for (size_t i = 0; o->attributes && o->attributes->kind == YNODE_MAP && i < o->attributes->n; i++)
        if (!write_given(mk, o->attributes->keys[i]->text, o->attributes->vals[i], walk, w))
            return false;
    kmip_walk_leave(walk);
    ttlv_w_close(w);
    return true;
}

/* The key material to register: as given, or random. */
static bool material(struct making *mk, struct buf *out)
{
    if (mk->want.material)
        return text_unhex(bytes_str(mk->want.material), out) ||
               ynode_err(mk->o->node, KE_CASE, &mk->rn->err, "material: expected hexadecimal");
    size_t n = (size_t)(mk->want.length + 7) / 8;
    if (mk->algorithm == KMIP_CRYPTOGRAPHIC_ALGORITHM_3DES)
        n = mk->want.length <= 128 ? 16 : 24;
    uint8_t *p = buf_room(out, n);
    return (p && getrandom(p, n, 0) == (ssize_t)n) || kerr_set(&mk->rn->err, KE_MEMORY, "no random bytes");
}

static void write_key_block(struct making *mk, struct bytes key, struct ttlv_writer *w)
{
    bool secret = mk->type == KMIP_OBJECT_TYPE_SECRET_DATA;
    ttlv_w_open(w, KMIP_TAG_KEY_BLOCK);
    ttlv_w_enum(w, KMIP_TAG_KEY_FORMAT_TYPE, secret ? KMIP_KEY_FORMAT_TYPE_OPAQUE : KMIP_KEY_FORMAT_TYPE_RAW);
    ttlv_w_open(w, KMIP_TAG_KEY_VALUE);
    ttlv_w_bytes(w, KMIP_TAG_KEY_MATERIAL, key);
    ttlv_w_close(w);
    if (!secret) {
        ttlv_w_enum(w, KMIP_TAG_CRYPTOGRAPHIC_ALGORITHM, mk->algorithm);
        ttlv_w_int(w, KMIP_TAG_CRYPTOGRAPHIC_LENGTH, (int32_t)mk->want.length);
    }
    ttlv_w_close(w);
}

static bool write_object(struct making *mk, struct ttlv_writer *w)
{
    struct buf key;
    buf_init(&key, 65536);
    bool ok = material(mk, &key);
    if (ok) {
        ttlv_w_open(w, kmip_object_tag(mk->type));
        if (mk->type == KMIP_OBJECT_TYPE_OPAQUE_OBJECT) {
            ttlv_w_enum(w, KMIP_TAG_OPAQUE_DATA_TYPE, 0x80000001u);
            ttlv_w_bytes(w, KMIP_TAG_OPAQUE_DATA_VALUE, buf_bytes(&key));
        } else if (mk->type == KMIP_OBJECT_TYPE_TEMPLATE) {
            kmip_attribute_enum(w, "Cryptographic Algorithm", mk->algorithm);
            kmip_attribute_int(w, "Cryptographic Length", (int32_t)mk->want.length);
        } else {
            if (mk->type == KMIP_OBJECT_TYPE_SECRET_DATA)
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
    bool symmetric = mk->type == KMIP_OBJECT_TYPE_SYMMETRIC_KEY;
    ttlv_w_init(&w, out, &mk->rn->err);
    kmip_walk_init_payload(&walk, false, operation);
    kmip_request_begin(&w, &rq);
    kmip_item_begin(&w, operation, bytes_of(NULL, 0));
    ttlv_w_enum(&w, KMIP_TAG_OBJECT_TYPE, mk->type);
    if (!write_attributes(mk, symmetric, &walk, &w) || (!create && !write_object(mk, &w)))
        return false;
    kmip_item_end(&w);
    kmip_request_end(&w);
    return ttlv_w_finish(&w);
}

/* ---- making it -------------------------------------------------------------- */

static bool call(struct making *mk, struct sent *s, struct kmip_item *item)
{
    struct kmip_message m;
    const char *client = mk->want.client ? mk->want.client : "main";
    if (!exchange_run(mk->rn, client, s, true))
        return false;
    if (!s->has_reply)
        return give_up(mk, VERDICT_INCONCLUSIVE, "the server closed the connection");
    if (!kmip_open(&m, buf_bytes(&s->reply), NULL) || !kmip_next_item(&m, item))
        return give_up(mk, VERDICT_INCONCLUSIVE, "the reply cannot be read");
    if (item->status == KMIP_RESULT_STATUS_SUCCESS)
        return true;
    char what[300];
    snprintf(what, sizeof what, "the server answers %s with %s: %.*s",
             item->has_operation ? kmip_operation_name(item->operation) : "the request",
             item->has_reason ? kmip_name_of("Result Reason", item->reason) : "no reason",
             (int)(item->message.n > 120 ? 120 : item->message.n),
             item->message.n ? (const char *)item->message.p : "");
    return give_up(mk, VERDICT_INCONCLUSIVE, what);
}

static bool make(struct making *mk, bool create)
{
    struct sent s;
    struct kmip_item item;
    struct ttlv_item uid;
    sent_init(&s);
    bool ok = build(mk, create, &s.request) && call(mk, &s, &item);
    if (ok && !(item.has_payload && ttlv_find(&item.payload, KMIP_TAG_UNIQUE_IDENTIFIER, &uid)))
        ok = give_up(mk, VERDICT_INCONCLUSIVE, "the reply has no Unique Identifier");
    ok = ok && (vars_set(&mk->rn->vars, bytes_str(mk->o->name), TTLV_TEXT_STRING, uid.val) ||
                kerr_set(&mk->rn->err, KE_MEMORY, "no memory for a variable"));
    sent_clear(&s);
    return ok;
}

static bool advance(struct making *mk, uint32_t operation, uint32_t reason)
{
    struct kmip_request rq = {.version = mk->rn->runner->target->opt.settings.version};
    const struct var *uid = vars_find(&mk->rn->vars, bytes_str(mk->o->name));
    struct ttlv_writer w;
    struct sent s;
    struct kmip_item item;
    sent_init(&s);
    ttlv_w_init(&w, &s.request, &mk->rn->err);
    kmip_request_begin(&w, &rq);
    kmip_item_begin(&w, operation, bytes_of(NULL, 0));
    ttlv_w_text(&w, KMIP_TAG_UNIQUE_IDENTIFIER, uid->val);
    if (operation == KMIP_OPERATION_REVOKE) {
        ttlv_w_open(&w, KMIP_TAG_REVOCATION_REASON);
        ttlv_w_enum(&w, KMIP_TAG_REVOCATION_REASON_CODE, reason);
        ttlv_w_close(&w);
        if (reason == KMIP_REVOCATION_REASON_CODE_KEY_COMPROMISE)
            ttlv_w_date(&w, KMIP_TAG_COMPROMISE_OCCURRENCE_DATE, mk->rn->vars.env.now_s);
    }
    kmip_item_end(&w);
    kmip_request_end(&w);
    bool ok = ttlv_w_finish(&w) && call(mk, &s, &item);
    sent_clear(&s);
    return ok;
}

static bool bring_to_state(struct making *mk)
{
    const char *state = mk->want.state ? mk->want.state : "Pre-Active";
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        if (strcmp(ways[i].state, state) != 0)
            continue;
        for (size_t k = 0; k < 3 && ways[i].operations[k]; k++)
            if (!advance(mk, ways[i].operations[k], ways[i].reason))
                return false;
        return true;
    }
    return ynode_err(mk->o->node, KE_CASE, &mk->rn->err, "state: '%s' is no State", state);
}

/* A case that only reads may use the object that the operator named. */
static bool only_reads(const struct test_case *tc)
{
    static const uint32_t reading[] = {KMIP_OPERATION_LOCATE, KMIP_OPERATION_CHECK, KMIP_OPERATION_GET,
                                       KMIP_OPERATION_GET_ATTRIBUTES, KMIP_OPERATION_GET_ATTRIBUTE_LIST,
                                       KMIP_OPERATION_QUERY, KMIP_OPERATION_DISCOVER_VERSIONS};
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
        return give_up(mk, VERDICT_NOT_APPLICABLE,
                       "the server announces neither Create nor Register; name an object with --object ID");
    if (!only_reads(mk->rn->tc) || mk->want.attributes || mk->want.name || mk->want.state)
        return give_up(mk, VERDICT_NOT_APPLICABLE,
                       "the case changes its object, and the one given with --object is not ours to change");
    return vars_set(&mk->rn->vars, bytes_str(mk->o->name), TTLV_TEXT_STRING, bytes_str(object)) ||
           kerr_set(&mk->rn->err, KE_MEMORY, "no memory for a variable");
}

static bool provide(struct running *rn, const struct case_object *o)
{
    struct making mk = {.rn = rn, .o = o};
    const struct target *t = rn->runner->target;
    mk.want.length = 128;
    if (!yfields_read(o->node, object_fields, &mk.want, &rn->err) ||
        !enum_of(&mk, "Object Type", mk.want.type ? mk.want.type : "Symmetric Key", &mk.type) ||
        !enum_of(&mk, "Cryptographic Algorithm", mk.want.algorithm ? mk.want.algorithm : "AES", &mk.algorithm))
        return false;
    if (!target_has_object(t, mk.type))
        return give_up(&mk, VERDICT_NOT_APPLICABLE, "Query does not list its object type");
    bool can_create = target_has_operation(t, KMIP_OPERATION_CREATE) &&
                      mk.type == KMIP_OBJECT_TYPE_SYMMETRIC_KEY && !mk.want.material;
    bool can_register = target_has_operation(t, KMIP_OPERATION_REGISTER);
    if (!can_create && !can_register)
        return use_given(&mk);
    return make(&mk, can_create) && bring_to_state(&mk);
}

bool provide_objects(struct running *rn)
{
    for (size_t i = 0; i < rn->tc->n_objects; i++)
        if (!provide(rn, &rn->tc->objects[i]))
            return false;
    return true;
}
