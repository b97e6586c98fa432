/* Looks over the variables of a case when it is read: what a request uses must have been
 * bound before it, and what an expectation binds must be of use to somebody. Otherwise a
 * slip such as $kye would bind itself to whatever comes, and the case would pass. */
#include <ctype.h>
#include <string.h>

#include "conformance/case_in.h"

#define NAMES_MAX 512

struct name {
    struct bytes text;
    const struct ynode *bound_by; /* an expectation; NULL: something that may stand alone */
    bool used;
};

struct names {
    struct name v[NAMES_MAX];
    size_t n;
    struct kerr *err;
};

static struct name *find(struct names *s, struct bytes text)
{
    for (size_t i = 0; i < s->n; i++)
        if (bytes_eq(s->v[i].text, text))
            return &s->v[i];
    return NULL;
}

static bool bind(struct names *s, struct bytes text, const struct ynode *bound_by)
{
    struct name *known = find(s, text);
    if (known) {
        known->used = known->used || known->bound_by;
        return true;
    }
    if (s->n == NAMES_MAX)
        return kerr_set(s->err, KE_CASE, "more than %d variables in a case", NAMES_MAX);
    s->v[s->n++] = (struct name){.text = text, .bound_by = bound_by};
    return true;
}

static bool use(struct names *s, struct bytes text, const struct ynode *at)
{
    struct name *known = find(s, text);
    if (known) {
        known->used = true;
        return true;
    }
    return ynode_err(at, KE_CASE, s->err,
                     "no variable $%.*s is bound before this: by vars, objects, let, connect or an "
                     "expectation",
                     (int)text.n, (const char *)text.p);
}

/* ---- scalars ---------------------------------------------------------------- */

static size_t name_length(const char *s)
{
    size_t n = 0;
    while (isalnum((unsigned char)s[n]) || s[n] == '_')
        n++;
    return n;
}

/* $name at the start, ${name} anywhere; "$$" is a dollar. */
static bool use_in_text(struct names *s, const struct ynode *n)
{
    size_t length = n->text[0] == '$' ? name_length(n->text + 1) : 0;
    if (length > 0 && !use(s, bytes_of(n->text + 1, length), n))
        return false;
    for (const char *p = strchr(n->text, '$'); p; p = strchr(p, '$')) {
        length = p[1] == '{' ? name_length(p + 2) : 0;
        if (length > 0 && !use(s, bytes_of(p + 2, length), n))
            return false;
        p += p[1] == '$' ? 2 : 1;
    }
    return true;
}

/* A scalar that is nothing but a name. */
static bool is_name(const struct ynode *n)
{
    return n->text[0] == '$' && n->text[1] && name_length(n->text + 1) == strlen(n->text) - 1;
}

/* ---- what is sent ------------------------------------------------------------- */

static bool use_all(struct names *s, const struct ynode *n)
{
    if (!n)
        return true;
    if (n->kind == YNODE_SCALAR)
        return use_in_text(s, n);
    for (size_t i = 0; i < n->n; i++)
        if ((n->kind == YNODE_MAP && !use_in_text(s, n->keys[i])) || !use_all(s, n->vals[i]))
            return false;
    return true;
}

/* ---- what is expected ----------------------------------------------------------- */

/* Forms whose variables must be bound already. */
static bool only_compares(const char *tag)
{
    static const char *const forms[] = {"!not",  "!at_least", "!at_most", "!has",
                                        "!near", "!matches",  "!sha256",  "!length"};
    for (size_t i = 0; tag && i < sizeof forms / sizeof *forms; i++)
        if (strcmp(tag, forms[i]) == 0)
            return true;
    return false;
}

static bool match_all(struct names *s, const struct ynode *n)
{
    if (!n || (n->tag && (strcmp(n->tag, "!any") == 0 || strcmp(n->tag, "!absent") == 0)))
        return true;
    if (n->tag && strcmp(n->tag, "!bind") == 0)
        return bind(s, bytes_str(n->text[0] == '$' ? n->text + 1 : n->text), NULL);
    if (only_compares(n->tag))
        return use_all(s, n);
    if (n->kind == YNODE_SCALAR && is_name(n) && !find(s, bytes_str(n->text + 1)))
        return bind(s, bytes_str(n->text + 1), n);
    if (n->kind == YNODE_SCALAR)
        return use_in_text(s, n);
    for (size_t i = 0; i < n->n; i++)
        if ((n->kind == YNODE_MAP && !use_in_text(s, n->keys[i])) || !match_all(s, n->vals[i]))
            return false;
    return true;
}

static bool expectation(struct names *s, const struct expectation *e)
{
    if (!match_all(s, e->header) || !match_all(s, e->item) || !match_all(s, e->payload))
        return false;
    for (size_t i = 0; i < e->n_any_of; i++)
        if (!expectation(s, &e->any_of[i]))
            return false;
    for (size_t i = 0; i < e->n_batch; i++)
        if (!expectation(s, &e->batch[i]))
            return false;
    return true;
}

/* ---- the case ------------------------------------------------------------------- */

static bool bind_map(struct names *s, const struct ynode *map)
{
    for (size_t i = 0; map && i < map->n; i++)
        if (!use_all(s, map->vals[i]) || !bind(s, bytes_str(map->keys[i]->text), NULL))
            return false;
    return true;
}

static bool objects(struct names *s, const struct test_case *c)
{
    for (size_t i = 0; i < c->n_objects; i++) {
        const struct case_object *o = &c->objects[i];
        if (!use_all(s, o->mask) || !use_all(s, o->object_name) || !use_all(s, o->attributes) ||
            !bind(s, bytes_str(o->name), NULL))
            return false;
    }
    return true;
}

static bool condition(struct names *s, const struct case_step *step, const char *name)
{
    return !name || use(s, bytes_str(name), step->node);
}

static bool step(struct names *s, const struct case_step *st)
{
    if (!condition(s, st, st->unless) || !condition(s, st, st->when) || !use_all(s, st->header) ||
        !use_all(s, st->message) || !use_all(s, st->raw) || !use_all(s, st->that) ||
        !use_all(s, st->other) || !bind_map(s, st->let))
        return false;
    for (size_t i = 0; i < st->n_items; i++)
        if (!use_all(s, st->items[i].payload) || !use_all(s, st->items[i].extension))
            return false;
    for (size_t i = 0; st->batch && i < st->n_items; i++)
        if (!expectation(s, &st->items[i].expect))
            return false;
    return expectation(s, &st->expect) &&
           (st->kind != STEP_CONNECT || bind(s, bytes_str(st->client), NULL));
}

static bool nothing_idle(const struct names *s)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct name *n = &s->v[i];
        if (n->bound_by && !n->used)
            return ynode_err(n->bound_by, KE_CASE, s->err,
                             "$%.*s is bound here, and nothing uses it: is it a slip? (!any: is "
                             "there; !bind %.*s: bound on purpose)",
                             (int)n->text.n, (const char *)n->text.p, (int)n->text.n,
                             (const char *)n->text.p);
    }
    return true;
}

bool case_check_variables(const struct test_case *c, struct kerr *err)
{
    static const char *const given[] = {"RUN", "CASE", "NOW", "SERVER_NOW", "VERSION", "PORT"};
    struct names s = {.n = 0, .err = err};
    for (size_t i = 0; i < sizeof given / sizeof *given; i++)
        if (!bind(&s, bytes_str(given[i]), NULL))
            return false;
    if (!bind_map(&s, c->vars) || !objects(&s, c))
        return false;
    for (size_t i = 0; i < c->n_steps; i++)
        if (!step(&s, &c->steps[i]))
            return false;
    return nothing_idle(&s);
}
