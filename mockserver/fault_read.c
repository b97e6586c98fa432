/* Faults out of YAML (fault_list.h). A fault owns a copy of the part of the document
 * that declares it, so that it outlives the document and can be shown again. */
#include <stdio.h>
#include <stdlib.h>

#include "kmip/base/text.h"
#include "mockserver/fault_action.h"
#include "mockserver/fields.h"
#include "mockserver/tables.h"

#define FAULT_MEMORY (1u << 20) /* more than any declaration needs */

struct reading {
    const char *name;
    const struct ynode *match, *action, *count, *probability, *then;
    int per;
};

struct match_reading {
    const struct ynode *operation, *state;
    int64_t nth, connection;
    int of;
    const char *client, *uid;
};

enum { PER_DEFAULT = -1 };

static const char *const per_names[] = {"client", "connection", "server", NULL};
static const char *const of_names[] = {"connection", "server", NULL};

const struct yfield fault_read_fields[] = {
    STR(reading, "name", name, "for log, journal and removal"),
    NODE(reading, "match", match, "which requests or connections"),
    NODE(reading, "action", action, "what goes wrong: NAME, or {NAME: parameters}", NEEDED),
    NODE(reading, "count", count, "how often: a number, or always"),
    CHOICE(reading, "per", per, per_names,
           "whose firings are counted: each client's, each connection's, or the server's"),
    NODE(reading, "probability", probability,
         "chance that it fires when it matches and is due: 0 to 1, or a percentage"),
    NODE(reading, "then", then,
         "state of a scenario that a firing sets: a word, or {scenario, is}"),
    END};

const struct yfield fault_match_fields[] = {
    NODE(match_reading, "operation", operation,
         "name of an operation, or a list: some Batch Item has one of them"),
    INT(match_reading, "nth", nth, 1, INT64_MAX, "only the nth request that fits otherwise"),
    CHOICE(match_reading, "of", of, of_names, "nth of the connection, or of the server"),
    INT(match_reading, "connection", connection, 1, INT64_MAX,
        "number of the connection, from 1; with client: among that client's"),
    STR(match_reading, "client", client,
        "Common Name of the client's certificate; * and ? may stand for others"),
    STR(match_reading, "unique_identifier", uid, "the request names this object"),
    NODE(match_reading, "state", state, "{scenario, is}"),
    END};

struct state_reading {
    const char *scenario, *state;
};

const struct yfield fault_state_fields[] = {
    STR(state_reading, "scenario", scenario, "name of a scenario", NEEDED),
    STR(state_reading, "is", state, "its state; the first is started", NEEDED), END};

/* --- a copy of the document's part ------------------------------------- */

static struct ynode *copy(struct arena *a, const struct ynode *n);

static bool copy_list(struct arena *a, struct ynode **from, size_t n, struct ynode ***to)
{
    *to = from ? arena_array(a, n, sizeof **to) : NULL;
    if (from && n > 0 && !*to)
        return false;
    for (size_t i = 0; from && i < n; i++)
        if (!((*to)[i] = copy(a, from[i])))
            return false;
    return true;
}

static struct ynode *copy(struct arena *a, const struct ynode *n)
{
    struct ynode *c = arena_alloc(a, sizeof *c);
    if (!c)
        return NULL;
    *c = *n;
    c->file = arena_str(a, n->file);
    c->tag = n->tag ? arena_str(a, n->tag) : NULL;
    c->text = n->text ? arena_copy(a, bytes_of(n->text, n->len)) : NULL;
    if (!c->file || (n->tag && !c->tag) || (n->text && !c->text))
        return NULL;
    return copy_list(a, n->keys, n->n, &c->keys) && copy_list(a, n->vals, n->n, &c->vals) ? c
                                                                                          : NULL;
}

/* --- parts ------------------------------------------------------------- */

static bool read_state(const struct ynode *n, const char **scenario, const char **state,
                       struct kerr *err)
{
    struct state_reading r = {0};
    if (!yfields_read(n, fault_state_fields, &r, err))
        return false;
    *scenario = r.scenario;
    *state = r.state;
    return true;
}

static bool read_match(struct fault *f, const struct ynode *n, struct kerr *err)
{
    struct match_reading r = {0};
    struct fault_match *m = &f->match;
    if (!yfields_read(n, fault_match_fields, &r, err) ||
        (r.operation && !read_operations(r.operation, &f->arena, &m->operations, err)) ||
        (r.state && !read_state(r.state, &m->scenario, &m->state, err)))
        return false;
    if (ynode_get(n, "of") && r.nth == 0)
        return ynode_err(ynode_get(n, "of"), KE_CONFIG, err,
                         "of says whose nth request: nth is missing");
    m->nth = r.nth;
    m->nth_of_server = r.of == 1;
    m->connection = r.connection;
    m->client = r.client;
    m->uid = r.uid;
    return true;
}

static bool read_count(struct fault *f, const struct ynode *n, struct kerr *err)
{
    f->count_given = true;
    if (n->kind == YNODE_SCALAR && strcmp(n->text, "always") == 0) {
        f->count = FAULT_ALWAYS;
        return true;
    }
    if (n->kind == YNODE_SCALAR && text_int(bytes_str(n->text), 1, FAULT_ALWAYS - 1, &f->count))
        return true;
    return ynode_err(n, KE_CONFIG, err, "count is a number from 1, or always%s%s%s",
                     n->kind == YNODE_SCALAR ? ", not '" : "",
                     n->kind == YNODE_SCALAR ? n->text : "", n->kind == YNODE_SCALAR ? "'" : "");
}

static bool read_then(struct fault *f, const struct ynode *n, struct kerr *err)
{
    if (n->kind != YNODE_SCALAR)
        return read_state(n, &f->then_scenario, &f->then_state, err);
    if (!f->match.scenario)
        return ynode_err(n, KE_CONFIG, err,
                         "then names a state, but of which scenario? Match a state, or give "
                         "{scenario: NAME, is: %s}",
                         n->text);
    f->then_scenario = f->match.scenario;
    return ynode_str(n, &f->then_state, err);
}

/* --- the action -------------------------------------------------------- */

static const struct fault_action *find_action(const char *name)
{
    const struct fault_action *a;
    for (size_t i = 0; (a = fault_action_at(i)); i++)
        if (strcmp(a->name, name) == 0)
            return a;
    return NULL;
}

static bool unknown_action(const struct ynode *n, struct kerr *err)
{
    enum { MOST = 96 };
    const char *names[MOST];
    size_t k = 0;
    for (const struct fault_action *a; k < MOST && (a = fault_action_at(k)); k++)
        names[k] = a->name;
    const char *near = text_nearest(n->text, names, k);
    if (near)
        return ynode_err(n, KE_CONFIG, err, "there is no action '%s'; did you mean '%s'?", n->text,
                         near);
    struct buf list;
    buf_init(&list, 600);
    for (size_t i = 0; i < k; i++)
        buf_printf(&list, "%s%s", i ? ", " : "", names[i]);
    ynode_err(n, KE_CONFIG, err, "there is no action '%s'; there are: %s", n->text,
              buf_cstr(&list));
    buf_clear(&list);
    return false;
}

/* The parameters as a map: {main: value} for a bare value, null for none. */
static const struct ynode *as_map(struct fault *f, const struct ynode *at, struct ynode *value)
{
    struct ynode *map = arena_alloc(&f->arena, sizeof *map);
    struct ynode *key = arena_alloc(&f->arena, sizeof *key);
    struct ynode **pair = arena_array(&f->arena, 2, sizeof *pair);
    if (!map || !key || !pair)
        return NULL;
    *map = (struct ynode){.kind = YNODE_MAP, .line = at->line, .col = at->col, .file = at->file};
    if (!value)
        return map;
    *key = *at;
    key->kind = YNODE_SCALAR;
    key->text = f->action->main;
    key->len = strlen(key->text);
    pair[0] = key;
    pair[1] = value;
    map->keys = pair;
    map->vals = pair + 1;
    map->n = 1;
    return map;
}

static bool read_params(struct fault *f, const struct ynode *at, struct ynode *value,
                        struct kerr *err)
{
    static const struct yfield none[] = {END};
    const struct fault_action *a = f->action;
    bool absent = !value || ynode_is_null(value);
    if (absent && !a->bare)
        return ynode_err(at, KE_CONFIG, err, "%s needs parameters, such as {%s: {%s: ...}}",
                         a->name, a->name, a->main ? a->main : a->fields[0].key);
    if (!absent && !a->fields)
        return ynode_err(value, KE_CONFIG, err, "%s takes no parameters", a->name);
    const struct ynode *map = value;
    if (absent || value->kind != YNODE_MAP) {
        if (!absent && !a->main)
            return ynode_err(value, KE_CONFIG, err,
                             "%s takes a map of parameters, such as {%s: ...}", a->name,
                             a->fields[0].key);
        map = as_map(f, at, absent ? NULL : value);
    }
    void *params = arena_alloc(&f->arena, a->size + 1);
    if (!params || !map)
        return kerr_set(err, KE_MEMORY, "no memory for a fault");
    if (a->defaults)
        memcpy(params, a->defaults, a->size);
    f->params = params;
    struct fault_reading r = {.arena = &f->arena, .n = map, .fault = f, .err = err};
    return (a->read ? a->read(&r, params)
                    : yfields_read(map, a->fields ? a->fields : none, params, err)) &&
           (!a->check || a->check(&r, params));
}

static bool read_action(struct fault *f, const struct ynode *n, struct kerr *err)
{
    const struct ynode *name = n;
    struct ynode *value = NULL;
    if (n->kind == YNODE_MAP && n->n == 1) {
        name = n->keys[0];
        value = n->vals[0];
    } else if (n->kind != YNODE_SCALAR) {
        return ynode_err(n, KE_CONFIG, err,
                         "an action is its name, or a map of one: {NAME: parameters}");
    }
    f->action = find_action(name->text);
    return f->action ? read_params(f, name, value, err) : unknown_action(name, err);
}

/* --- the whole --------------------------------------------------------- */

bool fault_needs_request(const struct fault *f)
{
    return f->match.operations.n > 0 || f->match.nth > 0 || f->match.uid;
}

/* What is not known before TLS cannot be matched there. */
static bool check_stage(struct fault *f, const struct reading *r, struct kerr *err)
{
    const char *name = f->action->name;
    if (f->action->stage != FAULT_ACCEPT)
        return true;
    if (fault_needs_request(f) || f->match.client)
        return ynode_err(r->match, KE_CONFIG, err,
                         "%s comes before TLS, when neither client nor request is known: match "
                         "connection or state",
                         name);
    if (r->per != PER_DEFAULT && r->per != FAULT_PER_SERVER)
        return ynode_err(ynode_get(f->source, "per"), KE_CONFIG, err,
                         "%s comes before TLS: it is counted per server", name);
    f->per = FAULT_PER_SERVER;
    return true;
}

static bool read_into(struct fault *f, struct kerr *err)
{
    struct reading r = {.per = PER_DEFAULT};
    if (!yfields_read(f->source, fault_read_fields, &r, err))
        return false;
    f->count = 1;
    f->probability = 1;
    f->per = r.per == PER_DEFAULT ? FAULT_PER_CLIENT : r.per;
    f->name = r.name;
    f->name_given = r.name != NULL;
    if (f->name_given && !r.name[0])
        return ynode_err(ynode_get(f->source, "name"), KE_CONFIG, err, "name is empty");
    if ((r.match && !read_match(f, r.match, err)) || (r.count && !read_count(f, r.count, err)) ||
        (r.probability && !read_real(r.probability, "probability", 0, 1, &f->probability, err)) ||
        (r.then && !read_then(f, r.then, err)) || !read_action(f, r.action, err))
        return false;
    if (!f->name_given)
        f->name = f->action->name;
    return check_stage(f, &r, err);
}

static struct fault *read_fault(const struct ynode *n, struct kerr *err)
{
    struct fault *f = calloc(1, sizeof *f);
    if (!f) {
        kerr_set(err, KE_MEMORY, "no memory for a fault");
        return NULL;
    }
    f->refs = 1;
    f->until = UINT64_MAX;
    arena_init(&f->arena, FAULT_MEMORY);
    f->source = copy(&f->arena, n);
    if (!f->source)
        ynode_err(n, KE_MEMORY, err, "no memory for this fault, or it is too large");
    if (f->source && read_into(f, err))
        return f;
    fault_unref(f);
    return NULL;
}

void fault_unref(struct fault *f)
{
    if (--f->refs > 0)
        return;
    arena_clear(&f->arena);
    free(f->by_client);
    free(f);
}

bool fault_list_read(const struct ynode *n, struct fault_list *out, struct kerr *err)
{
    bool list = n->kind == YNODE_SEQ;
    size_t count = list ? n->n : ynode_is_null(n) ? 0 : 1;
    *out = (struct fault_list){0};
    out->v = calloc(count + 1, sizeof *out->v);
    if (!out->v)
        return kerr_set(err, KE_MEMORY, "no memory for faults");
    for (size_t i = 0; i < count; i++) {
        struct fault *f = read_fault(list ? n->vals[i] : n, err);
        bool ok = f && fault_name_free((const struct fault_list[]){*out}, 1, f, err);
        if (f)
            out->v[out->n++] = f;
        if (!ok) {
            fault_list_clear(out);
            return false;
        }
    }
    return true;
}

void fault_list_clear(struct fault_list *l)
{
    for (size_t i = 0; i < l->n; i++)
        fault_unref(l->v[i]);
    free(l->v);
    *l = (struct fault_list){0};
}

/* --- names ------------------------------------------------------------- */

static bool is_taken(const struct fault_list *lists, size_t n, const struct fault *f,
                     const char *name)
{
    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < lists[k].n; i++)
            if (lists[k].v[i] != f && strcmp(lists[k].v[i]->name, name) == 0)
                return true;
    return false;
}

bool fault_name_free(const struct fault_list *lists, size_t n, struct fault *f, struct kerr *err)
{
    if (!is_taken(lists, n, f, f->name))
        return true;
    if (f->name_given)
        return ynode_err(ynode_get(f->source, "name"), KE_CONFIG, err,
                         "there is a fault named '%s' already", f->name);
    for (unsigned k = 2;; k++) {
        char *name = arena_printf(&f->arena, "%s-%u", f->action->name, k);
        if (!name)
            return kerr_set(err, KE_MEMORY, "no memory for the name of a fault");
        if (is_taken(lists, n, f, name))
            continue;
        f->name = name;
        return true;
    }
}
