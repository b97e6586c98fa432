/* Mutants counted by kind (mutant.h). */
#include <stdlib.h>
#include <string.h>

#include "conformance/mutant.h"

void mutant_tally_init(struct mutant_tally *t)
{
    *t = (struct mutant_tally){.n = 0};
    arena_init(&t->arena, 256u << 20);
}

void mutant_tally_clear(struct mutant_tally *t)
{
    free(t->v);
    free(t->slots);
    arena_clear(&t->arena);
    *t = (struct mutant_tally){.n = 0};
}

/* ---- the table ----------------------------------------------------------------- */

/* FNV-1a, a text behind another, with the NUL between them. */
static size_t hash_text(size_t h, const char *s)
{
    do
        h = (h ^ (unsigned char)*s) * (size_t)1099511628211u;
    while (*s++);
    return h;
}

static size_t hash(enum mutant_kind kind, const char *operation, const char *field,
                   const char *how)
{
    size_t h = hash_text((size_t)14695981039346656037u, mutant_kind_names[kind]);
    return hash_text(hash_text(hash_text(h, operation), field), how);
}

size_t mutant_class_hash(const struct mutant *m)
{
    return hash(m->kind, m->operation, m->field, m->how) >> 8;
}

static size_t *slot_of(struct mutant_tally *t, enum mutant_kind kind, const char *operation,
                       const char *field, const char *how)
{
    size_t i = hash(kind, operation, field, how) & (t->n_slots - 1);
    for (; t->slots[i]; i = (i + 1) & (t->n_slots - 1)) {
        const struct mutant_class *c = &t->v[t->slots[i] - 1];
        if (c->kind == kind && strcmp(c->operation, operation) == 0 &&
            strcmp(c->field, field) == 0 && strcmp(c->how, how) == 0)
            break;
    }
    return &t->slots[i];
}

/* Twice as many slots as classes, at least. */
static bool grow(struct mutant_tally *t)
{
    size_t cap = t->cap ? 2 * t->cap : 1024;
    struct mutant_class *v = realloc(t->v, cap * sizeof *v);
    size_t *slots = calloc(2 * cap, sizeof *slots);
    if (v)
        t->v = v;
    if (!v || !slots) {
        free(slots);
        return false;
    }
    free(t->slots);
    t->slots = slots;
    t->n_slots = 2 * cap;
    t->cap = cap;
    for (size_t i = 0; i < t->n; i++)
        *slot_of(t, v[i].kind, v[i].operation, v[i].field, v[i].how) = i + 1;
    return true;
}

struct mutant_class *mutant_class_of(struct mutant_tally *t, const struct mutant *m)
{
    if (t->n == t->cap && !grow(t))
        return NULL;
    size_t *slot = slot_of(t, m->kind, m->operation, m->field, m->how);
    if (*slot)
        return &t->v[*slot - 1];
    struct mutant_class c = {.kind = m->kind,
                             .operation = arena_str(&t->arena, m->operation),
                             .field = arena_str(&t->arena, m->field),
                             .how = arena_str(&t->arena, m->how)};
    if (!c.operation || !c.field || !c.how)
        return NULL;
    t->v[t->n] = c;
    *slot = ++t->n;
    return &t->v[t->n - 1];
}

bool mutant_tally_add(struct mutant_tally *to, const struct mutant_tally *from)
{
    for (size_t i = 0; i < from->n; i++) {
        const struct mutant_class *f = &from->v[i];
        const struct mutant m = {
            .kind = f->kind, .operation = f->operation, .field = f->field, .how = f->how};
        struct mutant_class *c = mutant_class_of(to, &m);
        if (!c)
            return false;
        for (int k = 0; k < MUTANT_FATES; k++)
            c->n[k] += f->n[k];
        if (!c->example) {
            c->example = f->example;
            c->example_step = f->example_step;
        }
    }
    return true;
}

static int by_name(const void *a, const void *b)
{
    const struct mutant_class *x = a, *y = b;
    int d = strcmp(x->operation, y->operation);
    d = d ? d : strcmp(x->field, y->field);
    d = d ? d : (int)x->kind - (int)y->kind;
    return d ? d : strcmp(x->how, y->how);
}

/* The table of slots is of no use behind it. */
void mutant_tally_sort(struct mutant_tally *t)
{
    if (t->n > 0)
        qsort(t->v, t->n, sizeof *t->v, by_name);
}

/* ---- what a class comes to ------------------------------------------------------ */

size_t mutant_class_size(const struct mutant_class *c)
{
    size_t n = 0;
    for (int k = 0; k < MUTANT_FATES; k++)
        n += c->n[k];
    return n;
}

/* The form of a reply is wrong wherever it is. Whether a field may be missing, and what its
 * value must be, a case knows for what it is about. */
static bool may_be_elsewhere(enum mutant_kind kind)
{
    return kind == MUTANT_REMOVED || kind == MUTANT_CHANGED;
}

enum mutant_excuse mutant_excuse(const struct mutant_class *c)
{
    if (c->reason)
        return MUTANT_LEGAL;
    return may_be_elsewhere(c->kind) && c->n[MUTANT_BY_RULES] + c->n[MUTANT_BY_CASE] > 0
               ? MUTANT_ELSEWHERE
               : MUTANT_SURVIVED;
}

bool mutant_survived(const struct mutant_class *c)
{
    return c->n[MUTANT_GIVEN_UP] > 0 ||
           (c->n[MUTANT_UNNOTICED] > 0 && mutant_excuse(c) == MUTANT_SURVIVED);
}
