/* Reads test cases (case.h): the file's own keys here, steps and what they hold in
 * the other case_*.c. The tables of fields are the format. */
#include "conformance/case.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/case_in.h"
#include "conformance/requirement.h"
#include "kmip/base/text.h"
#include "kmip/schema/dict.h"

static const char *const levels[] = {"MUST", "SHOULD", "MAY", NULL};

const char *const auth_suite_names[] = {"report", "basic", "tls12", NULL};

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

/* The raw form of the maps, before the checks. */
struct raw_needs {
    const struct ynode *operations, *objects, *versions, *auth_suite;
    int64_t identities;
};

struct raw_mock {
    const char *clock, *otherwise;
    const struct ynode *preload;
};

struct raw_case {
    const char *id, *title, *clause, *why;
    int level;
    const struct ynode *covers, *vars, *objects, *steps;
    struct raw_needs needs;
    struct raw_mock mock;
};

#define NEEDS(name, yaml_kind, ...) \
    {.key = #name, .kind = yaml_kind, .off = offsetof(struct raw_needs, name), __VA_ARGS__}
#define MOCK(name, yaml_kind, ...) \
    {.key = #name, .kind = yaml_kind, .off = offsetof(struct raw_mock, name), __VA_ARGS__}
#define CASE(name, yaml_kind, ...) \
    {.key = #name, .kind = yaml_kind, .off = offsetof(struct raw_case, name), __VA_ARGS__}

static const struct yfield needs_fields[] = {
    NEEDS(operations, YF_NODE, .help = "operations that Query must announce"),
    NEEDS(objects, YF_NODE, .help = "object types that Query must announce"),
    NEEDS(versions, YF_NODE, .help = "protocol versions that Discover Versions must list"),
    NEEDS(auth_suite, YF_NODE, .help = "which --auth-suite it is about"),
    NEEDS(identities, YF_INT, .min = 1, .max = 2,
          .help = "2: needs certificates of a second client"),
    {0},
};

static const struct yfield mock_fields[] = {
    MOCK(clock, YF_STR, .help = "date that a mock's clock is set to before the case"),
    MOCK(preload, YF_NODE, .help = "objects that a mock is given before the case"),
    MOCK(otherwise, YF_STR, .required = true,
         .help = "why the case does not apply to a server that cannot be made so"),
    {0},
};

const struct yfield case_fields[] = {
    CASE(id, YF_STR, .required = true,
         .help = "stable name: lower-case letters, digits, '-' and '.'"),
    CASE(title, YF_STR, .required = true, .help = "what must hold, in one line"),
    CASE(clause, YF_STR, .required = true, .help = "where the standard says so"),
    CASE(level, YF_CHOICE, .required = true, .choices = levels, .help = "what a mismatch costs"),
    CASE(covers, YF_NODE, .help = "rows of the requirement list"),
    CASE(needs, YF_MAP, .fields = needs_fields, .help = "without these the case does not apply"),
    CASE(why, YF_STR, .help = "background for whoever meets a failure"),
    CASE(mock, YF_MAP, .fields = mock_fields, .help = "what only a mock can be made to be"),
    CASE(vars, YF_NODE, .help = "constants"),
    CASE(objects, YF_NODE, .help = "objects made before the steps"),
    CASE(steps, YF_NODE, .required = true, .help = "what is done and expected"),
    {0},
};

/* ---- names ------------------------------------------------------------------ */

bool case_enum_name(const struct ynode *at, const char *enumeration, const char *text,
                    uint32_t *out, struct kerr *err)
{
    const struct kmip_enum *e = kmip_enum_by_name(bytes_str(enumeration));
    const struct kmip_enum_value *v = e ? kmip_enum_by_text(e, bytes_str(text)) : NULL;
    const char *names[256];
    size_t n = 0;
    if (v) {
        *out = v->value;
        return true;
    }
    for (; e && n < e->n && n < sizeof names / sizeof *names; n++)
        names[n] = e->values[n].name;
    const char *near = text_nearest(text, names, n);
    return ynode_err(at, KE_CASE, err, "'%s' is no %s of the standard%s%s%s", text, enumeration,
                     near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

bool case_enum(const struct ynode *at, const char *enumeration, const char *text, uint32_t *out,
               struct kerr *err)
{
    int64_t n;
    if (!text_int(bytes_str(text), 0, UINT32_MAX, &n))
        return case_enum_name(at, enumeration, text, out, err);
    *out = (uint32_t)n;
    return true;
}

bool case_variable(const struct ynode *at, const char *name, struct kerr *err)
{
    static const char *const taken[] = {"RUN", "CASE", "NOW", "SERVER_NOW", "VERSION", "PORT"};
    bool ok = isalpha((unsigned char)name[0]) || name[0] == '_';
    for (const char *p = name; *p; p++)
        ok = ok && (isalnum((unsigned char)*p) || *p == '_');
    if (!ok)
        return ynode_err(at, KE_CASE, err, "'%s' is no name of a variable: letters, digits and '_'",
                         name);
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        if (strcmp(name, taken[i]) == 0)
            return ynode_err(at, KE_CASE, err, "$%s has a meaning already; take another name",
                             name);
    return true;
}

/* ---- lists ------------------------------------------------------------------ */

/* A list of scalars, or one scalar; each goes to take. */
static bool each(const struct ynode *n, const char *what,
                 bool (*take)(void *arg, const struct ynode *n, struct kerr *err), void *arg,
                 struct kerr *err)
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
    return case_enum(n, "Operation", n->text, &c->needs_operations[c->n_needs_operations++], err);
}

static bool take_object(void *arg, const struct ynode *n, struct kerr *err)
{
    struct test_case *c = arg;
    return case_enum(n, "Object Type", n->text, &c->needs_objects[c->n_needs_objects++], err);
}

static bool take_version(void *arg, const struct ynode *n, struct kerr *err)
{
    struct test_case *c = arg;
    uint8_t v = kmip_version_parse(bytes_of(n->text, n->len));
    c->needs_versions[c->n_needs_versions++] = v;
    return v || ynode_err(n, KE_CASE, err, "'%s' is no protocol version such as 1.2", n->text);
}

static bool take_auth_suite(void *arg, const struct ynode *n, struct kerr *err)
{
    struct test_case *c = arg;
    for (unsigned i = 0; auth_suite_names[i]; i++)
        if (strcmp(n->text, auth_suite_names[i]) == 0) {
            c->needs_auth_suites |= 1u << i;
            return true;
        }
    return ynode_err(n, KE_CASE, err, "auth_suite: expected basic, tls12 or report");
}

static bool take_row(void *arg, const struct ynode *n, struct kerr *err)
{
    struct test_case *c = arg;
    const struct requirement *r = requirement_find(n->text);
    if (!r && requirements_loaded())
        return ynode_err(n, KE_CASE, err, "there is no requirement row '%s'", n->text);
    for (size_t i = 0; i < c->covers.n; i++)
        if (strcmp(c->covers.v[i], n->text) == 0)
            return ynode_err(n, KE_CASE, err, "row '%s' is listed twice", n->text);
    c->covers.v[c->covers.n++] = n->text;
    c->provisional = c->provisional && r && r->provisional;
    return true;
}

/* ---- the file --------------------------------------------------------------- */

static bool check_id(const struct ynode *root, const char *id, struct kerr *err)
{
    for (const char *p = id; *p; p++)
        if (!islower((unsigned char)*p) && !isdigit((unsigned char)*p) && !strchr("-.", *p))
            return ynode_err(ynode_get(root, "id"), KE_CASE, err,
                             "an id has lower-case letters, digits, '-' and '.' only, not '%s'",
                             id);
    return *id || ynode_err(ynode_get(root, "id"), KE_CASE, err, "the id is empty");
}

static bool check_vars(const struct ynode *vars, struct kerr *err)
{
    if (!vars)
        return true;
    if (vars->kind != YNODE_MAP)
        return ynode_err(vars, KE_CASE, err, "vars: expected a map of names and values");
    for (size_t i = 0; i < vars->n; i++)
        if (!case_variable(vars->keys[i], vars->keys[i]->text, err))
            return false;
    return true;
}

static bool read_mock(struct test_case *c, const struct raw_mock *raw, struct kerr *err)
{
    const struct ynode *n = ynode_get(c->doc.root, "mock");
    c->mock = (struct case_mock){
        .otherwise = raw->otherwise, .has_clock = raw->clock != NULL, .preload = raw->preload};
    if (n && !raw->clock && !raw->preload)
        return ynode_err(n, KE_CASE, err, "mock: what is it to be? clock or preload is missing");
    return !raw->clock || text_date(bytes_str(raw->clock), &c->mock.clock_s) ||
           ynode_err(ynode_get(n, "clock"), KE_CASE, err,
                     "clock: '%s' is no date such as 2010-02-11T13:01:59Z", raw->clock);
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
    c->provisional = raw.covers && (raw.covers->kind == YNODE_SCALAR || raw.covers->n > 0);
    return each(raw.covers, "covers", take_row, c, err) &&
           each(raw.needs.operations, "operations", take_operation, c, err) &&
           each(raw.needs.objects, "objects", take_object, c, err) &&
           each(raw.needs.versions, "versions", take_version, c, err) &&
           each(raw.needs.auth_suite, "auth_suite", take_auth_suite, c, err) &&
           check_vars(raw.vars, err) && read_mock(c, &raw.mock, err) && case_read_objects(c, raw.objects, err) &&
           case_read_steps(c, raw.steps, err) && case_check_variables(c, err);
}

struct test_case *case_from(struct ydoc *doc, const char *path, const char *suite,
                            struct kerr *err)
{
    struct test_case *c = calloc(1, sizeof *c);
    if (!c) {
        kerr_set(err, KE_MEMORY, "no memory for case %s", path);
        ydoc_clear(doc);
        return NULL;
    }
    c->doc = *doc;
    *doc = (struct ydoc){.root = NULL};
    c->path = arena_str(&c->doc.arena, path);
    c->suite = arena_str(&c->doc.arena, suite);
    if (!c->path || !c->suite)
        kerr_set(err, KE_MEMORY, "no memory for case %s", path);
    else if (read_case(c, err))
        return c;
    case_free(&c);
    return NULL;
}

struct test_case *case_load(const char *path, const char *suite, struct kerr *err)
{
    struct ydoc doc;
    return ydoc_load(&doc, path, err) ? case_from(&doc, path, suite, err) : NULL;
}

void case_free(struct test_case **c)
{
    if (!*c)
        return;
    ydoc_clear(&(*c)->doc);
    free(*c);
    *c = NULL;
}
