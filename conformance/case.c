/* Reads test cases (case.h). The tables below are the format; the checks that a
 * table cannot express follow them. */
#include "conformance/case.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/requirement.h"
#include "kmip/base/text.h"
#include "kmip/schema/dict.h"
#include "kmip/yaml/yfield.h"

static const char *const levels[] = {"MUST", "SHOULD", "MAY", NULL};

const char *level_name(enum case_level l)
{
    return levels[l];
}

const char *verdict_name(enum verdict v)
{
    static const char *const names[] = {"PASS",           "WARN",         "FAIL", "NOT SUPPORTED",
                                        "NOT APPLICABLE", "INCONCLUSIVE", "ERROR"};
    return names[v];
}

/* The raw form of the three maps, before the checks. */
struct raw_needs {
    const struct ynode *operations, *objects, *versions;
    int64_t identities;
};

struct raw_case {
    const char *id, *title, *clause, *why;
    int level;
    const struct ynode *covers, *vars, *objects, *steps;
    struct raw_needs needs;
};

static const struct yfield needs_fields[] = {
    {.key = "operations", .kind = YF_NODE, .off = offsetof(struct raw_needs, operations),
     .help = "operations that Query must announce"},
    {.key = "objects", .kind = YF_NODE, .off = offsetof(struct raw_needs, objects),
     .help = "object types that Query must announce"},
    {.key = "versions", .kind = YF_NODE, .off = offsetof(struct raw_needs, versions),
     .help = "protocol versions that Discover Versions must list"},
    {.key = "identities", .kind = YF_INT, .off = offsetof(struct raw_needs, identities), .min = 1, .max = 2,
     .help = "2: needs certificates of a second client"},
    {0},
};

static const struct yfield case_fields[] = {
    {.key = "id", .kind = YF_STR, .off = offsetof(struct raw_case, id), .required = true,
     .help = "stable name: lower-case letters, digits, '-' and '.'"},
    {.key = "title", .kind = YF_STR, .off = offsetof(struct raw_case, title), .required = true,
     .help = "what must hold, in one line"},
    {.key = "clause", .kind = YF_STR, .off = offsetof(struct raw_case, clause), .required = true,
     .help = "where the standard says so"},
    {.key = "level", .kind = YF_CHOICE, .off = offsetof(struct raw_case, level), .required = true,
     .choices = levels, .help = "what a mismatch costs"},
    {.key = "covers", .kind = YF_NODE, .off = offsetof(struct raw_case, covers),
     .help = "rows of the requirement list"},
    {.key = "needs", .kind = YF_MAP, .off = offsetof(struct raw_case, needs), .fields = needs_fields,
     .help = "without these the case does not apply"},
    {.key = "why", .kind = YF_STR, .off = offsetof(struct raw_case, why),
     .help = "background for whoever meets a failure"},
    {.key = "vars", .kind = YF_NODE, .off = offsetof(struct raw_case, vars), .help = "constants"},
    {.key = "objects", .kind = YF_NODE, .off = offsetof(struct raw_case, objects),
     .help = "objects made before the steps"},
    {.key = "steps", .kind = YF_NODE, .off = offsetof(struct raw_case, steps), .required = true,
     .help = "what is done and expected"},
    {0},
};

struct raw_repeat {
    int64_t every_ns, at_most_ns;
};

static const struct yfield repeat_fields[] = {
    {.key = "every", .kind = YF_DURATION, .off = offsetof(struct raw_repeat, every_ns), .required = true},
    {.key = "at_most", .kind = YF_DURATION, .off = offsetof(struct raw_repeat, at_most_ns), .required = true},
    {0},
};

struct raw_step {
    const char *note, *client, *operation, *id, *version, *unless, *when, *raw, *close;
    bool async, setup;
    int64_t wait_ns, within_ns;
    const struct ynode *payload, *extension, *batch, *header, *message, *expect, *connect, *let, *check,
        *repeat, *announced;
};

#define STEP_FIELD(name, yaml_kind, member) {.key = name, .kind = yaml_kind, .off = offsetof(struct raw_step, member)}

static const struct yfield step_fields[] = {
    STEP_FIELD("note", YF_STR, note),           STEP_FIELD("client", YF_STR, client),
    STEP_FIELD("operation", YF_STR, operation), STEP_FIELD("id", YF_STR, id),
    STEP_FIELD("version", YF_STR, version),     STEP_FIELD("unless", YF_STR, unless),
    STEP_FIELD("when", YF_STR, when),           STEP_FIELD("raw", YF_STR, raw),
    STEP_FIELD("close", YF_STR, close),         STEP_FIELD("async", YF_BOOL, async),
    STEP_FIELD("setup", YF_BOOL, setup),        STEP_FIELD("wait", YF_DURATION, wait_ns),
    STEP_FIELD("payload", YF_NODE, payload),    STEP_FIELD("extension", YF_NODE, extension),
    STEP_FIELD("batch", YF_NODE, batch),        STEP_FIELD("header", YF_NODE, header),
    STEP_FIELD("message", YF_NODE, message),    STEP_FIELD("expect", YF_NODE, expect),
    STEP_FIELD("connect", YF_NODE, connect),    STEP_FIELD("let", YF_NODE, let),
    STEP_FIELD("check", YF_NODE, check),        STEP_FIELD("repeat", YF_NODE, repeat),
    STEP_FIELD("announced", YF_NODE, announced), STEP_FIELD("within", YF_DURATION, within_ns),
    {0},
};

struct raw_item {
    const char *operation, *id;
    const struct ynode *payload, *extension, *expect;
};

static const struct yfield item_fields[] = {
    {.key = "operation", .kind = YF_STR, .off = offsetof(struct raw_item, operation), .required = true},
    {.key = "id", .kind = YF_STR, .off = offsetof(struct raw_item, id)},
    {.key = "payload", .kind = YF_NODE, .off = offsetof(struct raw_item, payload)},
    {.key = "extension", .kind = YF_NODE, .off = offsetof(struct raw_item, extension)},
    {.key = "expect", .kind = YF_NODE, .off = offsetof(struct raw_item, expect)},
    {0},
};

/* What makes a step this kind of step: the key that must be there. */
static const struct {
    const char *key;
    enum step_kind kind;
} step_kinds[] = {
    {"operation", STEP_REQUEST}, {"batch", STEP_REQUEST}, {"message", STEP_MESSAGE}, {"raw", STEP_RAW},
    {"wait", STEP_WAIT},         {"connect", STEP_CONNECT}, {"close", STEP_CLOSE},   {"let", STEP_LET},
    {"check", STEP_CHECK},
};

/* A number, an enumeration's name: for operations, unknown ones may be sent too. */
static bool enum_value(const struct ynode *at, const char *enumeration, const char *text, uint32_t *out,
                       struct kerr *err)
{
    const struct kmip_enum *e = kmip_enum_by_name(bytes_str(enumeration));
    const struct kmip_enum_value *v = e ? kmip_enum_by_text(e, bytes_str(text)) : NULL;
    int64_t n;
    if (v)
        *out = v->value;
    else if (text_int(bytes_str(text), 0, UINT32_MAX, &n))
        *out = (uint32_t)n;
    else
        return ynode_err(at, KE_CASE, err, "'%s' is no %s of the standard", text, enumeration);
    return true;
}

/* A list of scalars, or one scalar; each goes to take. */
static bool each(const struct ynode *n, const char *what,
                 bool (*take)(void *arg, const struct ynode *n, struct kerr *err), void *arg, struct kerr *err)
{
    if (!n)
        return true;
    if (n->kind == YNODE_SCALAR)
        return take(arg, n, err);
    if (n->kind != YNODE_SEQ)
        return ynode_err(n, KE_CASE, err, "%s: expected a list", what);
    if (n->n > CASE_LIST_MAX)
        return ynode_err(n, KE_CASE, err, "%s: more than %d entries", what, CASE_LIST_MAX);
    for (size_t i = 0; i < n->n; i++) {
        if (n->vals[i]->kind != YNODE_SCALAR)
            return ynode_err(n->vals[i], KE_CASE, err, "%s: expected a name", what);
        if (!take(arg, n->vals[i], err))
            return false;
    }
    return true;
}

static bool take_operation(void *arg, const struct ynode *n, struct kerr *err)
{
    struct test_case *c = arg;
    return enum_value(n, "Operation", n->text, &c->needs_operations[c->n_needs_operations++], err);
}

static bool take_object(void *arg, const struct ynode *n, struct kerr *err)
{
    struct test_case *c = arg;
    return enum_value(n, "Object Type", n->text, &c->needs_objects[c->n_needs_objects++], err);
}

static bool take_version(void *arg, const struct ynode *n, struct kerr *err)
{
    struct test_case *c = arg;
    uint8_t v = kmip_version_parse(bytes_of(n->text, n->len));
    if (!v || c->n_needs_versions == sizeof c->needs_versions)
        return ynode_err(n, KE_CASE, err, "'%s' is no protocol version such as 1.2", n->text);
    c->needs_versions[c->n_needs_versions++] = v;
    return true;
}

static bool take_row(void *arg, const struct ynode *n, struct kerr *err)
{
    struct test_case *c = arg;
    c->covers.v[c->covers.n++] = n->text;
    const struct requirement *r = requirement_find(n->text);
    if (!r && requirements_loaded())
        return ynode_err(n, KE_CASE, err, "there is no requirement row '%s'", n->text);
    c->provisional = c->provisional && r && r->provisional;
    return true;
}

static bool check_id(const struct ynode *root, const char *id, struct kerr *err)
{
    for (const char *p = id; *p; p++)
        if (!islower((unsigned char)*p) && !isdigit((unsigned char)*p) && !strchr("-.", *p))
            return ynode_err(ynode_get(root, "id"), KE_CASE, err,
                             "an id has lower-case letters, digits, '-' and '.' only, not '%s'", id);
    return *id || ynode_err(ynode_get(root, "id"), KE_CASE, err, "the id is empty");
}

static bool read_item(const struct ynode *n, struct case_item *out, struct kerr *err)
{
    struct raw_item raw = {0};
    if (!yfields_read(n, item_fields, &raw, err))
        return false;
    *out = (struct case_item){.node = n, .payload = raw.payload, .extension = raw.extension,
                              .expect = raw.expect, .id = raw.id};
    return enum_value(ynode_get(n, "operation"), "Operation", raw.operation, &out->operation, err);
}

static bool read_batch(struct test_case *c, const struct ynode *batch, struct case_step *s, struct kerr *err)
{
    if (batch->kind != YNODE_SEQ || batch->n == 0)
        return ynode_err(batch, KE_CASE, err, "batch: expected a list of items");
    s->batch = true;
    s->n_items = batch->n;
    s->items = arena_array(&c->doc.arena, batch->n, sizeof *s->items);
    if (!s->items)
        return kerr_set(err, KE_MEMORY, "no memory for the case");
    for (size_t i = 0; i < batch->n; i++)
        if (!read_item(batch->vals[i], &s->items[i], err))
            return false;
    return true;
}

static bool read_single(struct test_case *c, const struct raw_step *raw, struct case_step *s,
                        struct kerr *err)
{
    s->n_items = 1;
    s->items = arena_array(&c->doc.arena, 1, sizeof *s->items);
    if (!s->items)
        return kerr_set(err, KE_MEMORY, "no memory for the case");
    s->items[0] = (struct case_item){.node = s->node, .payload = raw->payload, .extension = raw->extension,
                                     .expect = raw->expect, .id = raw->id};
    return enum_value(ynode_get(s->node, "operation"), "Operation", raw->operation, &s->items[0].operation,
                      err);
}

static const char *variable(const char *text)
{
    return text && text[0] == '$' ? text + 1 : text;
}

static bool step_kind_of(const struct ynode *n, enum step_kind *kind, struct kerr *err)
{
    const char *found = NULL;
    for (size_t i = 0; i < sizeof step_kinds / sizeof *step_kinds; i++) {
        if (!ynode_get(n, step_kinds[i].key))
            continue;
        if (found)
            return ynode_err(n, KE_CASE, err, "a step has either '%s' or '%s'", found, step_kinds[i].key);
        found = step_kinds[i].key;
        *kind = step_kinds[i].kind;
    }
    return found || ynode_err(n, KE_CASE, err,
                              "a step needs one of: operation, batch, message, raw, wait, connect, close, "
                              "let, check");
}

static bool read_announced(const struct ynode *n, const struct raw_step *raw, struct case_step *s,
                           struct kerr *err)
{
    bool yes;
    if (!n)
        return true;
    if (!raw->operation)
        return ynode_err(n, KE_CASE, err, "announced: only a step with an operation of its own has it");
    if (!ynode_bool(n, &yes, err))
        return false;
    s->announced = yes ? ANNOUNCED_ONLY : UNANNOUNCED_ONLY;
    return true;
}

static bool read_step(struct test_case *c, const struct ynode *n, struct case_step *s, struct kerr *err)
{
    struct raw_step raw = {0};
    if (!yfields_read(n, step_fields, &raw, err) || !step_kind_of(n, &s->kind, err))
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
    s->expect = raw.expect;
    s->connect = raw.connect;
    s->let = raw.let;
    s->check = raw.check;
    s->raw = raw.raw;
    s->close = raw.close;
    s->wait_ns = raw.wait_ns;
    s->within_ns = raw.within_ns;
    if (!read_announced(raw.announced, &raw, s, err))
        return false;
    if (raw.version && !(s->version = kmip_version_parse(bytes_str(raw.version))))
        return ynode_err(ynode_get(n, "version"), KE_CASE, err, "'%s' is no protocol version", raw.version);
    if (raw.repeat) {
        struct raw_repeat r = {0};
        if (!yfields_read(raw.repeat, repeat_fields, &r, err))
            return false;
        s->repeat_every_ns = r.every_ns > 0 ? r.every_ns : 1;
        s->repeat_at_most_ns = r.at_most_ns;
    }
    if (raw.batch)
        return read_batch(c, raw.batch, s, err);
    return !raw.operation || read_single(c, &raw, s, err);
}

static bool read_steps(struct test_case *c, const struct ynode *steps, struct kerr *err)
{
    if (steps->kind != YNODE_SEQ || steps->n == 0)
        return ynode_err(steps, KE_CASE, err, "steps: expected a list of steps");
    c->n_steps = steps->n;
    c->steps = arena_array(&c->doc.arena, steps->n, sizeof *c->steps);
    if (!c->steps)
        return kerr_set(err, KE_MEMORY, "no memory for the case");
    for (size_t i = 0; i < steps->n; i++)
        if (!read_step(c, steps->vals[i], &c->steps[i], err))
            return false;
    return true;
}

static bool read_objects(struct test_case *c, const struct ynode *objects, struct kerr *err)
{
    if (!objects)
        return true;
    if (objects->kind != YNODE_MAP)
        return ynode_err(objects, KE_CASE, err, "objects: expected a map of name and description");
    c->n_objects = objects->n;
    c->objects = arena_array(&c->doc.arena, objects->n, sizeof *c->objects);
    if (!c->objects)
        return kerr_set(err, KE_MEMORY, "no memory for the case");
    for (size_t i = 0; i < objects->n; i++)
        c->objects[i] = (struct case_object){objects->keys[i]->text, objects->vals[i]};
    return true;
}

static bool read_case(struct test_case *c, struct kerr *err)
{
    struct raw_case raw = {0};
    const struct ynode *root = c->doc.root;
    if (!root)
        return kerr_set(err, KE_CASE, "%s: the file is empty", c->path);
    if (!yfields_read(root, case_fields, &raw, err) || !check_id(root, raw.id, err))
        return false;
    c->id = raw.id;
    c->title = raw.title;
    c->clause = raw.clause;
    c->why = raw.why;
    c->level = (enum case_level)raw.level;
    c->vars = raw.vars;
    c->needs_identities = raw.needs.identities;
    c->provisional = raw.covers != NULL;
    if (raw.vars && raw.vars->kind != YNODE_MAP)
        return ynode_err(raw.vars, KE_CASE, err, "vars: expected a map");
    return each(raw.covers, "covers", take_row, c, err) &&
           each(raw.needs.operations, "operations", take_operation, c, err) &&
           each(raw.needs.objects, "objects", take_object, c, err) &&
           each(raw.needs.versions, "versions", take_version, c, err) && read_objects(c, raw.objects, err) &&
           read_steps(c, raw.steps, err);
}

struct test_case *case_load(const char *path, const char *suite, struct kerr *err)
{
    struct test_case *c = calloc(1, sizeof *c);
    if (!c) {
        kerr_set(err, KE_MEMORY, "no memory for case %s", path);
        return NULL;
    }
    if (ydoc_load(&c->doc, path, err)) {
        c->path = arena_str(&c->doc.arena, path);
        c->suite = arena_str(&c->doc.arena, suite);
        if (!c->path || !c->suite)
            kerr_set(err, KE_MEMORY, "no memory for case %s", path);
        else if (read_case(c, err))
            return c;
    }
    case_free(&c);
    return NULL;
}

void case_free(struct test_case **c)
{
    if (!*c)
        return;
    ydoc_clear(&(*c)->doc);
    free(*c);
    *c = NULL;
}
