/* Steps and objects of a case (case.h). */
#include <string.h>

#include "conformance/case_in.h"
#include "kmip/base/clock.h"
#include "kmip/schema/dict.h"

static const char *const states[] = {"Pre-Active", "Active",    "Deactivated",
                                     "Compromised", "Destroyed", "Destroyed Compromised", NULL};
static const char *const identities[] = {"main",  "other",    "anonymous", "expired",
                                         "early", "stranger", "keyless",   NULL};
static const char *const relations[] = {"equals",  "differs", "at_least",
                                        "at_most", "length",  NULL};

/* ---- raw forms -------------------------------------------------------------- */

struct raw_object {
    const char *type, *algorithm, *material, *client;
    const struct ynode *mask, *name, *attributes;
    int64_t length;
    int state;
};

#define OBJECT(name, yaml_kind, ...) \
    {.key = #name, .kind = yaml_kind, .off = offsetof(struct raw_object, name), __VA_ARGS__}

const struct yfield case_object_fields[] = {
    OBJECT(type, YF_STR, .help = "Object Type; default Symmetric Key"),
    OBJECT(algorithm, YF_STR, .help = "Cryptographic Algorithm; default AES"),
    OBJECT(length, YF_INT, .min = 8, .max = 65536,
           .help = "bits; default as long as the material, else 128"),
    OBJECT(mask, YF_NODE, .help = "Cryptographic Usage Mask; default Encrypt | Decrypt"),
    OBJECT(name, YF_NODE, .help = "Name; default made from run, case and object"),
    OBJECT(state, YF_CHOICE, .choices = states, .help = "State to bring it to; default Pre-Active"),
    OBJECT(attributes, YF_NODE, .help = "further attributes"),
    OBJECT(material, YF_STR, .help = "key material in hexadecimal; default random"),
    OBJECT(client, YF_STR, .help = "whose it is; default main"),
    {0},
};

struct raw_repeat {
    int64_t every, at_most;
};

#define REPEAT(name, yaml_kind, ...) \
    {.key = #name, .kind = yaml_kind, .off = offsetof(struct raw_repeat, name), __VA_ARGS__}

const struct yfield case_repeat_fields[] = {
    REPEAT(every, YF_DURATION, .required = true, .min = 1, .max = 3600 * NS_PER_S),
    REPEAT(at_most, YF_DURATION, .required = true, .min = 1, .max = 86400 * NS_PER_S),
    {0},
};

struct raw_connect {
    const char *client, *priority;
    int as;
};

#define CONNECTION(name, yaml_kind, ...) \
    {.key = #name, .kind = yaml_kind, .off = offsetof(struct raw_connect, name), __VA_ARGS__}

const struct yfield case_connect_fields[] = {
    CONNECTION(client, YF_STR, .required = true),
    CONNECTION(as, YF_CHOICE, .choices = identities),
    CONNECTION(priority, YF_STR),
    {0},
};

struct raw_item {
    const char *operation, *id;
    const struct ynode *payload, *extension, *expect;
};

#define ITEM(name, yaml_kind, ...) \
    {.key = #name, .kind = yaml_kind, .off = offsetof(struct raw_item, name), __VA_ARGS__}

const struct yfield case_item_fields[] = {
    ITEM(operation, YF_STR, .required = true), ITEM(id, YF_STR), ITEM(payload, YF_NODE),
    ITEM(extension, YF_NODE), ITEM(expect, YF_NODE), {0},
};

struct raw_step {
    const char *note, *client, *version, *unless, *when, *close;
    bool async, setup, announced;
    int64_t wait, within, no_later, pieces, together, connections, hold;
    struct raw_item item;
    const struct ynode *batch, *header, *message, *raw, *expect, *connect, *let, *check, *repeat,
        *families, *stall, *ciphers;
};

#define STEP(name, yaml_kind) \
    {.key = #name, .kind = yaml_kind, .off = offsetof(struct raw_step, name)}
#define STEP_ITEM(name, yaml_kind) \
    {.key = #name, .kind = yaml_kind, .off = offsetof(struct raw_step, item.name)}

const struct yfield case_step_fields[] = {
    STEP(note, YF_STR),
    STEP(client, YF_STR),
    STEP(version, YF_STR),
    STEP(unless, YF_STR),
    STEP(when, YF_STR),
    STEP(close, YF_STR),
    STEP(async, YF_BOOL),
    STEP(setup, YF_BOOL),
    STEP(announced, YF_BOOL),
    STEP(wait, YF_DURATION),
    STEP(within, YF_DURATION),
    STEP(no_later, YF_DURATION),
    STEP(batch, YF_NODE),
    STEP(header, YF_NODE),
    STEP(message, YF_NODE),
    STEP(raw, YF_NODE),
    STEP(expect, YF_NODE),
    STEP(connect, YF_NODE),
    STEP(let, YF_NODE),
    STEP(check, YF_NODE),
    STEP(repeat, YF_NODE),
    {.key = "pieces", .kind = YF_INT, .off = offsetof(struct raw_step, pieces), .min = 1,
     .max = 16384},
    {.key = "together", .kind = YF_INT, .off = offsetof(struct raw_step, together), .min = 2,
     .max = 1000},
    {.key = "connections", .kind = YF_INT, .off = offsetof(struct raw_step, connections),
     .min = 1, .max = 500},
    STEP(hold, YF_DURATION),
    {.key = "break", .kind = YF_NODE, .off = offsetof(struct raw_step, families)},
    STEP(stall, YF_NODE),
    STEP(ciphers, YF_NODE),
    STEP_ITEM(operation, YF_STR),
    STEP_ITEM(id, YF_STR),
    STEP_ITEM(payload, YF_NODE),
    STEP_ITEM(extension, YF_NODE),
    {0},
};

/* ---- which keys go together ------------------------------------------------- */

/* What makes a step this kind of step: the key that must be there. */
enum form {
    SINGLE = 1, BATCH = 2, MESSAGE = 4, RAW = 8, WAIT = 16, CONNECT = 32, CLOSE = 64, LET = 128,
    CHECK = 256, STALL = 512, CIPHERS = 1024
};

static const struct {
    const char *key;
    enum form form;
    enum step_kind kind;
} forms[] = {
    {"operation", SINGLE, STEP_REQUEST}, {"batch", BATCH, STEP_REQUEST},
    {"message", MESSAGE, STEP_MESSAGE},  {"raw", RAW, STEP_RAW},
    {"wait", WAIT, STEP_WAIT},           {"connect", CONNECT, STEP_CONNECT},
    {"close", CLOSE, STEP_CLOSE},        {"let", LET, STEP_LET},
    {"check", CHECK, STEP_CHECK},        {"stall", STALL, STEP_STALL},
    {"ciphers", CIPHERS, STEP_CIPHERS},
};

#define REQUEST (SINGLE | BATCH)
#define SENDING (REQUEST | MESSAGE | RAW)

/* Keys that some forms only understand; the others take note, unless, when. */
static const struct {
    const char *key;
    unsigned forms;
} limited[] = {
    {"payload", SINGLE},  {"id", SINGLE},      {"extension", SINGLE}, {"announced", SINGLE},
    {"header", REQUEST},  {"version", REQUEST}, {"async", REQUEST},
    {"client", SENDING},  {"repeat", SENDING}, {"within", SENDING | STALL}, {"no_later", SENDING},
    {"pieces", SENDING},  {"together", REQUEST | MESSAGE}, {"break", REQUEST | MESSAGE},
    {"connections", STALL}, {"hold", STALL},
    {"expect", SENDING | CONNECT}, {"setup", SENDING | CONNECT | CHECK},
};

static bool form_of(const struct ynode *n, enum form *form, enum step_kind *kind, struct kerr *err)
{
    const char *found = NULL;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (!ynode_get(n, forms[i].key))
            continue;
        if (found)
            return ynode_err(n, KE_CASE, err, "a step has either '%s' or '%s'", found,
                             forms[i].key);
        found = forms[i].key;
        *form = forms[i].form;
        *kind = forms[i].kind;
    }
    if (!found)
        return ynode_err(n, KE_CASE, err,
                         "a step needs one of: operation, batch, message, raw, wait, connect, "
                         "close, let, check, stall, ciphers");
    for (size_t i = 0; i < sizeof limited / sizeof *limited; i++)
        if (!(limited[i].forms & *form) && ynode_get(n, limited[i].key))
            return ynode_err(ynode_get(n, limited[i].key), KE_CASE, err,
                             "'%s' means nothing beside '%s'", limited[i].key, found);
    return true;
}

/* ---- clients ---------------------------------------------------------------- */

static bool names_client(const struct test_case *c, size_t n_steps, const char *name)
{
    static const char *const known[] = {"main", "second", "other", "anonymous", "fresh"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(name, known[i]) == 0)
            return true;
    for (size_t i = 0; i < n_steps; i++)
        if (c->steps[i].kind == STEP_CONNECT && strcmp(c->steps[i].client, name) == 0)
            return true;
    return false;
}

/* A client that is always there, or was connected by one of the n_steps before. */
static bool check_client(struct test_case *c, size_t n_steps, const struct ynode *at,
                         const char *name, struct kerr *err)
{
    if (strcmp(name, "other") == 0)
        c->needs_identities = 2;
    return names_client(c, n_steps, name) ||
           ynode_err(at, KE_CASE, err,
                     "there is no client '%s': main, second, other, anonymous, fresh, or one that "
                     "a connect step "
                     "before has made",
                     name);
}

/* ---- parts of a step -------------------------------------------------------- */

static bool read_item(struct test_case *c, const struct ynode *n, const struct raw_item *raw,
                      bool batch, struct case_item *out, struct kerr *err)
{
    *out = (struct case_item){
        .node = n, .payload = raw->payload, .extension = raw->extension, .id = raw->id};
    if (!case_enum(ynode_get(n, "operation"), "Operation", raw->operation, &out->operation, err) ||
        (out->payload && !case_check_payload(out->payload, out->operation, err)) ||
        !case_read_expectation(&c->doc.arena, raw->expect, &out->expect, err))
        return false;
    const struct expectation *e = &out->expect;
    if (batch && (e->header || e->batch || e->items != ITEMS_AS_ASKED ||
                  e->connection != CONNECTION_REPLY))
        return ynode_err(e->node, KE_CASE, err,
                         "an item of a batch expects a result; header, items, connection "
                         "and batch belong to the step");
    return true;
}

static bool read_batch(struct test_case *c, const struct ynode *batch, struct case_step *s,
                       struct kerr *err)
{
    if (batch->kind != YNODE_SEQ || batch->n == 0)
        return ynode_err(batch, KE_CASE, err, "batch: expected a list of items");
    s->batch = true;
    s->n_items = batch->n;
    s->items = arena_array(&c->doc.arena, batch->n, sizeof *s->items);
    if (!s->items)
        return kerr_set(err, KE_MEMORY, "no memory for the case");
    for (size_t i = 0; i < batch->n; i++) {
        struct raw_item raw = {0};
        if (!yfields_read(batch->vals[i], case_item_fields, &raw, err) ||
            !read_item(c, batch->vals[i], &raw, true, &s->items[i], err))
            return false;
    }
    return true;
}

static bool read_single(struct test_case *c, const struct raw_step *raw, struct case_step *s,
                        struct kerr *err)
{
    s->n_items = 1;
    s->items = arena_array(&c->doc.arena, 1, sizeof *s->items);
    return s->items ? read_item(c, s->node, &raw->item, false, &s->items[0], err)
                    : kerr_set(err, KE_MEMORY, "no memory for the case");
}

static bool read_connect(const struct ynode *n, struct test_case *c, struct case_step *s,
                         struct kerr *err)
{
    struct raw_connect raw = {0};
    if (!yfields_read(n, case_connect_fields, &raw, err) ||
        !case_variable(ynode_get(n, "client"), raw.client, err))
        return false;
    s->client = raw.client;
    s->as = identities[raw.as];
    s->priority = raw.priority;
    if (strcmp(s->as, "other") == 0)
        c->needs_identities = 2;
    return true;
}

static bool read_check(const struct ynode *n, struct case_step *s, struct kerr *err)
{
    s->that = ynode_get(n, "that");
    for (size_t i = 0; s->that && n->n == 2 && relations[i]; i++)
        if ((s->other = ynode_get(n, relations[i]))) {
            s->relation = (enum relation)i;
            return true;
        }
    return ynode_err(
        n, KE_CASE, err,
        "check: expected {that: $a, RELATION: $b} with equals, differs, at_least, at_most or "
        "length");
}

static bool read_let(const struct ynode *n, struct kerr *err)
{
    if (n->kind != YNODE_MAP)
        return ynode_err(n, KE_CASE, err, "let: expected a map of names and values");
    for (size_t i = 0; i < n->n; i++)
        if (!case_variable(n->keys[i], n->keys[i]->text, err))
            return false;
    return true;
}

static bool read_repeat(const struct ynode *n, struct case_step *s, struct kerr *err)
{
    struct raw_repeat r = {0};
    if (!yfields_read(n, case_repeat_fields, &r, err))
        return false;
    s->repeat_every_ns = r.every;
    s->repeat_at_most_ns = r.at_most;
    return true;
}

/* `unless: $x` and `unless: x` alike. */
static const char *variable(const char *text)
{
    return text && text[0] == '$' ? text + 1 : text;
}

static bool connection_fits(const struct expectation *e, enum step_kind kind)
{
    bool opening = e->connection >= CONNECTION_OPEN;
    for (size_t i = 0; i < e->n_any_of; i++)
        if (!connection_fits(&e->any_of[i], kind))
            return false;
    return kind == STEP_CONNECT ? opening || !e->node : !opening;
}

static bool check_expectation(const struct case_step *s, struct kerr *err)
{
    const struct expectation *e = &s->expect;
    if (e->none)
        return ynode_err(e->node, KE_CASE, err, "expect: none belongs to an item of a batch");
    if (!connection_fits(e, s->kind))
        return ynode_err(e->node, KE_CASE, err,
                         s->kind == STEP_CONNECT
                             ? "connect expects {connection: open}, refused or any"
                             : "a request expects {connection: closed} or silent");
    for (size_t i = 0; s->batch && i < s->n_items; i++)
        if (!case_check_expected(&s->items[i].expect, &s->items[i], 1, err))
            return false;
    return s->kind == STEP_CONNECT || case_check_expected(e, s->items, s->n_items, err);
}

/* ---- the step --------------------------------------------------------------- */

static bool read_parts(struct test_case *c, const struct raw_step *raw, struct case_step *s,
                       struct kerr *err)
{
    const struct ynode *announced = ynode_get(s->node, "announced");
    if (announced)
        s->announced = raw->announced ? ANNOUNCED_ONLY : UNANNOUNCED_ONLY;
    if (raw->version && !(s->version = kmip_version_parse(bytes_str(raw->version))))
        return ynode_err(ynode_get(s->node, "version"), KE_CASE, err, "'%s' is no protocol version",
                         raw->version);
    if (raw->header && (raw->header->kind != YNODE_MAP || raw->header->n > HEADER_MAX))
        return ynode_err(raw->header, KE_CASE, err, "header: expected a map of at most %d fields",
                         HEADER_MAX);
    return (!raw->repeat || read_repeat(raw->repeat, s, err)) &&
           (!raw->let || read_let(raw->let, err)) &&
           (!raw->check || read_check(raw->check, s, err)) &&
           (!raw->connect || read_connect(raw->connect, c, s, err)) &&
           (!raw->item.operation || read_single(c, raw, s, err)) &&
           (!raw->batch || read_batch(c, raw->batch, s, err)) && case_read_hostile(s, err);
}

static bool read_step(struct test_case *c, size_t i, const struct ynode *n, struct kerr *err)
{
    struct case_step *s = &c->steps[i];
    struct raw_step raw = {0};
    enum form form = SINGLE;
    if (!yfields_read(n, case_step_fields, &raw, err) || !form_of(n, &form, &s->kind, err))
        return false;
    s->node = n;
    s->note = raw.note;
    s->client = raw.client ? raw.client : "main";
    s->async = raw.async;
    s->setup = raw.setup;
    s->unless = variable(raw.unless);
    s->when = variable(raw.when);
    s->header = raw.header;
    s->message = raw.message;
    s->raw = raw.raw;
    s->let = raw.let;
    s->close = raw.close;
    s->wait_ns = raw.wait;
    s->within_ns = raw.within;
    s->no_later_ns = raw.no_later;
    s->pieces = raw.pieces;
    s->together = raw.together;
    s->connections = raw.connections ? raw.connections : 1;
    s->hold_ns = raw.hold;
    if ((form & SENDING) && !check_client(c, i, ynode_get(n, "client"), s->client, err))
        return false;
    if (s->close && !check_client(c, i, ynode_get(n, "close"), s->close, err))
        return false;
    raw.item.expect = raw.expect;
    return read_parts(c, &raw, s, err) &&
           case_read_expectation(&c->doc.arena, raw.expect, &s->expect, err) &&
           check_expectation(s, err);
}

bool case_read_steps(struct test_case *c, const struct ynode *steps, struct kerr *err)
{
    if (steps->kind != YNODE_SEQ || steps->n == 0)
        return ynode_err(steps, KE_CASE, err, "steps: expected a list of steps");
    c->n_steps = steps->n;
    c->steps = arena_array(&c->doc.arena, steps->n, sizeof *c->steps);
    if (!c->steps)
        return kerr_set(err, KE_MEMORY, "no memory for the case");
    for (size_t i = 0; i < steps->n; i++)
        if (!read_step(c, i, steps->vals[i], err))
            return false;
    return true;
}

/* ---- objects ---------------------------------------------------------------- */

static bool read_object(struct test_case *c, const struct ynode *key, const struct ynode *n,
                        struct case_object *o, struct kerr *err)
{
    struct raw_object raw = {
        .type = "Symmetric Key", .algorithm = "AES", .length = 128, .client = "main"};
    if (!case_variable(key, key->text, err) || !yfields_read(n, case_object_fields, &raw, err))
        return false;
    *o = (struct case_object){.name = key->text,
                              .node = n,
                              .length = raw.length,
                              .has_length = ynode_get(n, "length") != NULL,
                              .mask = raw.mask,
                              .object_name = raw.name,
                              .attributes = raw.attributes,
                              .material = raw.material,
                              .client = raw.client,
                              .state = (enum object_state)raw.state,
                              .has_state = ynode_get(n, "state") != NULL};
    if (o->attributes && o->attributes->kind != YNODE_MAP)
        return ynode_err(o->attributes, KE_CASE, err,
                         "attributes: expected a map of names and values");
    /* As long as it is; with 3DES the parity leaves that open. */
    if (o->material && !o->has_length && strcmp(raw.algorithm, "AES") == 0)
        o->length = (int64_t)strlen(o->material) * 4;
    return case_enum_name(n, "Object Type", raw.type, &o->type, err) &&
           case_enum_name(n, "Cryptographic Algorithm", raw.algorithm, &o->algorithm, err) &&
           check_client(c, 0, ynode_get(n, "client"), raw.client, err);
}

bool case_read_objects(struct test_case *c, const struct ynode *objects, struct kerr *err)
{
    if (!objects)
        return true;
    if (objects->kind != YNODE_MAP)
        return ynode_err(objects, KE_CASE, err,
                         "objects: expected a map of names and descriptions");
    c->n_objects = objects->n;
    c->objects = arena_array(&c->doc.arena, objects->n, sizeof *c->objects);
    if (!c->objects)
        return kerr_set(err, KE_MEMORY, "no memory for the case");
    for (size_t i = 0; i < objects->n; i++)
        if (!read_object(c, objects->keys[i], objects->vals[i], &c->objects[i], err))
            return false;
    return true;
}
