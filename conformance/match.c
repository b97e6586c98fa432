/* The matcher (match.h): fields of a structure, instances of a field, attributes by
 * name. One value is match_value.c's. */
#include <stdarg.h>
#include <stdio.h>

#include "conformance/match_in.h"
#include "kmip/base/text.h"
#include "kmip/ttlv/reader.h"

/* ---- mismatches ------------------------------------------------------------- */

void mismatch_add(struct matcher *m, const struct mismatch *mm)
{
    struct mismatches *out = m->out;
    if (out->n < MISMATCH_MAX)
        out->v[out->n++] = *mm;
    else
        out->dropped++;
}

void mismatch_expected(const struct mismatch *mm, struct buf *out)
{
    if (mm->field && *mm->field && !strstr(mm->expected, mm->field))
        buf_printf(out, "%s: ", mm->field);
    buf_puts(out, mm->expected);
}

void mismatch_at(struct matcher *m, uint32_t off, const char *expected, const char *actual)
{
    mismatch_field(m, off, "", expected, actual);
}

void mismatch_field(struct matcher *m, uint32_t off, const char *field, const char *expected,
                    const char *actual)
{
    char path[256] = "";
    if (off != KERR_NO_OFF)
        ttlv_path_at(m->reply, off, &kmip_namer, path, sizeof path);
    struct mismatch mm = {.path = arena_str(m->arena, path),
                          .field = arena_str(m->arena, field),
                          .expected = arena_str(m->arena, expected),
                          .actual = arena_str(m->arena, actual),
                          .off = off,
                          .rule = "",
                          .must = true};
    if (!mm.path || !mm.field || !mm.expected || !mm.actual)
        kerr_set(m->err, KE_MEMORY, "no memory for a mismatch");
    else
        mismatch_add(m, &mm);
}

/* Something is missing from `parent`. */
static bool missing(struct matcher *m, const struct ttlv_item *parent, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static bool missing(struct matcher *m, const struct ttlv_item *parent, const char *fmt, ...)
{
    struct buf expected;
    va_list ap;
    buf_init(&expected, 4096);
    va_start(ap, fmt);
    buf_vprintf(&expected, fmt, ap);
    va_end(ap);
    mismatch_at(m, parent->off, buf_cstr(&expected), "not there");
    buf_clear(&expected);
    return false;
}

/* A scalar with its variables replaced, if it has a text then. */
static void put_scalar(struct matcher *m, const struct ynode *n, struct buf *out)
{
    struct kerr ignored = KERR_INIT;
    struct ynode plain = match_untagged(n);
    size_t before = out->n;
    if (!from_yaml_text(&plain, &m->vars->env, out, &ignored)) {
        buf_truncate(out, before);
        buf_puts(out, n->text);
    }
}

/* An expected value as one would write it, with the forms inside it. */
static void put_node(struct matcher *m, const struct ynode *n, struct buf *out)
{
    bool map = n->kind == YNODE_MAP;
    if (n->tag)
        buf_puts(out, n->tag + 1);
    if (match_tagged(n, "!any") || (n->tag && n->kind == YNODE_SCALAR && n->len == 0))
        return; /* what stands behind it is a remark */
    if (n->tag)
        buf_putc(out, ' ');
    if (n->kind == YNODE_SCALAR) {
        put_scalar(m, n, out);
        return;
    }
    buf_putc(out, map ? '{' : '[');
    for (size_t i = 0; i < n->n; i++) {
        buf_printf(out, "%s%s%s", i ? ", " : "", map ? n->keys[i]->text : "", map ? ": " : "");
        put_node(m, n->vals[i], out);
    }
    buf_putc(out, map ? '}' : ']');
}

static const char *node_text(struct matcher *m, const struct ynode *n)
{
    struct buf text;
    buf_init(&text, 2000);
    put_node(m, n, &text);
    const char *copy = arena_str(m->arena, buf_cstr(&text));
    buf_clear(&text);
    return copy ? copy : "";
}

/* ---- instances of a field --------------------------------------------------- */

bool match_enter(struct kmip_walk *walk, const struct ttlv_item *it)
{
    struct ttlv_reader r;
    struct ttlv_item child;
    if (!kmip_walk_enter(walk, it->tag))
        return false;
    ttlv_r_init(&r, it->val, NULL, NULL);
    while (ttlv_r_next(&r, &child))
        if (child.type != TTLV_STRUCTURE)
            kmip_walk_note(walk, child.tag, child.type, child.val);
    return true;
}

/* The instances of one field, or of one attribute's values, in the reply. */
struct found {
    const char *name;
    const struct ttlv_item *parent;
    struct kmip_walk *walk; /* stands in the structure around them */
    struct ttlv_item *v;
    size_t n;
};

static struct got at(const struct found *f, size_t i)
{
    struct got g = {f->walk, kmip_walk_look(f->walk, f->v[i].tag), &f->v[i], f->name};
    return g;
}

static bool is_mask(const struct found *f)
{
    if (f->n == 0)
        return false;
    struct got g = at(f, 0);
    return g.spot.en && g.spot.en->mask;
}

/* A scalar after !contains, !lacks or !set means a list of one. */
struct listed {
    struct ynode list, one, *slot;
};

static const struct ynode *as_list(const struct ynode *n, struct listed *l)
{
    if (n->kind == YNODE_SEQ)
        return n;
    l->one = match_untagged(n);
    l->slot = &l->one;
    l->list = *n;
    l->list.kind = YNODE_SEQ;
    l->list.n = 1;
    l->list.vals = &l->slot;
    return &l->list;
}

/* Pairs each wanted value with an instance of its own; what is left over on either
 * side is a mismatch, instances only when the set must be complete. */
static bool match_set(struct matcher *m, const struct ynode *want, const struct found *f,
                      bool complete)
{
    bool *used = arena_alloc(m->arena, f->n + 1), ok = true;
    if (!used)
        return kerr_set(m->err, KE_MEMORY, "no memory to compare %zu values", f->n);
    for (size_t i = 0; i < want->n; i++) {
        size_t k = 0;
        for (; k < f->n; k++) {
            struct got g = at(f, k);
            if (!used[k] && match_tried(m, want->vals[i], &g, NULL))
                break;
        }
        if (k < f->n)
            used[k] = true;
        else
            ok = missing(m, f->parent, "%s: %s among the values", f->name,
                         node_text(m, want->vals[i]));
    }
    for (size_t k = 0; complete && k < f->n; k++)
        if (!used[k]) {
            struct got g = at(f, k);
            ok = match_differs(m, &g, "%s: no further value", f->name);
        }
    return ok;
}

static bool match_lacks(struct matcher *m, const struct ynode *want, const struct found *f)
{
    bool ok = true;
    for (size_t i = 0; i < want->n; i++)
        for (size_t k = 0; k < f->n; k++) {
            struct got g = at(f, k);
            if (match_tried(m, want->vals[i], &g, NULL))
                ok = match_differs(m, &g, "%s: not %s", f->name, node_text(m, want->vals[i]));
        }
    return ok;
}

static bool match_list(struct matcher *m, const struct ynode *want, const struct found *f)
{
    bool ok = true;
    for (size_t i = 0; i < want->n && i < f->n; i++) {
        struct got g = at(f, i);
        ok = match_value(m, want->vals[i], &g) && ok;
    }
    if (want->n == f->n)
        return ok;
    char expected[160], actual[40];
    snprintf(expected, sizeof expected, "%s: %zu value%s", f->name, want->n,
             want->n == 1 ? "" : "s");
    snprintf(actual, sizeof actual, "%zu", f->n);
    mismatch_at(m, f->n ? f->v[0].off : f->parent->off, expected, actual);
    return false;
}

static bool match_single(struct matcher *m, const struct ynode *want, const struct found *f)
{
    if (f->n == 0)
        return missing(m, f->parent, "%s: %s", f->name, node_text(m, want));
    struct got g = at(f, 0);
    bool ok = match_value(m, want, &g);
    if (f->n == 1 || match_tagged(want, "!any"))
        return ok;
    struct got more = at(f, 1);
    return match_differs(m, &more, "%s once only", f->name);
}

/* A number, a date, or a Protocol Version as major and minor, to be put in order. */
static bool rank_of(const struct ttlv_item *it, int64_t *out)
{
    struct ttlv_item major, minor;
    if (it->tag != KMIP_TAG_PROTOCOL_VERSION)
        return match_number(it->type, it->val, out);
    if (!ttlv_find(it, KMIP_TAG_PROTOCOL_VERSION_MAJOR, &major) || major.type != TTLV_INTEGER ||
        !ttlv_find(it, KMIP_TAG_PROTOCOL_VERSION_MINOR, &minor) || minor.type != TTLV_INTEGER)
        return false;
    *out = ((int64_t)ttlv_int(&major) << 32) + ttlv_int(&minor);
    return true;
}

/* Each value is less than the one before it. */
static bool match_descending(struct matcher *m, const struct found *f)
{
    int64_t last = INT64_MAX, rank;
    for (size_t i = 0; i < f->n; i++) {
        struct got g = at(f, i);
        if (!rank_of(&f->v[i], &rank))
            return match_differs(m, &g, "a value that can be put in order");
        if (rank >= last) {
            struct got before = at(f, i - 1);
            return match_differs(m, &g, "%s: less than %s, the one before it", f->name,
                                 match_show(m, &before));
        }
        last = rank;
    }
    return true;
}

/* ordered: a plain sequence is a list, else a set. */
static bool match_instances(struct matcher *m, const struct ynode *want, const struct found *f,
                            bool ordered)
{
    struct listed l;
    if (match_tagged(want, "!absent")) {
        if (f->n == 0)
            return true;
        struct got g = at(f, 0);
        return match_differs(m, &g, "no %s", f->name);
    }
    if (match_tagged(want, "!lacks"))
        return match_lacks(m, as_list(want, &l), f);
    if (match_tagged(want, "!descending"))
        return match_descending(m, f);
    if (match_tagged(want, "!contains"))
        return match_set(m, as_list(want, &l), f, false);
    if (match_tagged(want, "!set"))
        return match_set(m, as_list(want, &l), f, true);
    /* A plain sequence means the whole repeated field, but for masks, whose one value
     * is written as one. */
    if (want->kind == YNODE_SEQ && !want->tag && !is_mask(f))
        return ordered ? match_list(m, want, f) : match_set(m, want, f, true);
    return match_single(m, want, f);
}

/* ---- attributes ------------------------------------------------------------- */

/* An Attribute structure of this name (and index, unless -1): its value. */
static bool is_instance(const struct ttlv_item *it, struct bytes name, int64_t index,
                        struct ttlv_item *value)
{
    struct ttlv_item n, i;
    if (it->tag != KMIP_TAG_ATTRIBUTE || !ttlv_find(it, KMIP_TAG_ATTRIBUTE_NAME, &n) ||
        !bytes_eq(n.val, name) || !ttlv_find(it, KMIP_TAG_ATTRIBUTE_VALUE, value))
        return false;
    /* Index 0 may be left out (KMIP 1.2 spec, 2.1.1). */
    return index < 0 || (ttlv_find(it, KMIP_TAG_ATTRIBUTE_INDEX, &i) ? ttlv_int(&i) : 0) == index;
}

/* `inside` comes to stand in the first of them. */
static bool attribute_values(struct matcher *m, struct bytes name, int64_t index,
                             struct kmip_walk *inside, struct found *f)
{
    struct ttlv_reader r;
    struct ttlv_item it, value;
    size_t n = 0;
    ttlv_r_children(&r, m->reply, f->parent, NULL);
    while (ttlv_r_next(&r, &it))
        n += is_instance(&it, name, index, &value);
    f->v = arena_array(m->arena, n + 1, sizeof *f->v);
    if (!f->v)
        return kerr_set(m->err, KE_MEMORY, "no memory to compare attributes");
    ttlv_r_children(&r, m->reply, f->parent, NULL);
    while (ttlv_r_next(&r, &it))
        if (is_instance(&it, name, index, &value)) {
            if (f->n == 0 && !match_enter(inside, &it))
                return kerr_set(m->err, KE_TTLV_DEPTH, "structures are nested too deeply");
            f->v[f->n++] = value;
        }
    return true;
}

/* A number, or a variable that was bound to one. */
static bool index_wanted(const struct matcher *m, const struct ynode *n, int64_t *index)
{
    if (n->kind != YNODE_SCALAR)
        return false;
    const struct var *v = n->text[0] == '$' ? vars_find(m->vars, bytes_str(n->text + 1)) : NULL;
    return v && v->type == TTLV_INTEGER ? match_number(v->type, v->val, index)
                                        : text_int(bytes_str(n->text), 0, INT32_MAX, index);
}

static bool match_attribute(struct matcher *m, const struct ynode *want, struct bytes name,
                            const struct kmip_walk *walk, const struct ttlv_item *parent)
{
    struct kmip_walk inside = *walk;
    struct found f = {.name = arena_copy(m->arena, name), .parent = parent, .walk = &inside};
    int64_t index = -1;
    if (!f.name)
        return kerr_set(m->err, KE_MEMORY, "no memory to compare attributes");
    if (match_tagged(want, "!indexed")) {
        const struct ynode *i = ynode_get(want, "index"), *value = ynode_get(want, "value");
        if (!i || !value || !index_wanted(m, i, &index))
            return match_case_error(m, want, "!indexed takes {index: N, value: V}");
        want = value;
    }
    /* Several instances come in any order. */
    return attribute_values(m, name, index, &inside, &f) && match_instances(m, want, &f, false);
}

static bool match_attributes(struct matcher *m, const struct ynode *want,
                             const struct kmip_walk *walk, const struct ttlv_item *parent)
{
    bool ok = true;
    if (want->kind != YNODE_MAP)
        return ynode_is_null(want) ||
               match_case_error(m, want, "Attributes: expected a map of names and values");
    for (size_t i = 0; i < want->n; i++) {
        struct buf name;
        buf_init(&name, 1024);
        bool named = from_yaml_text(want->keys[i], &m->vars->env, &name, m->err);
        ok = named && match_attribute(m, want->vals[i], buf_bytes(&name), walk, parent) && ok;
        buf_clear(&name);
    }
    return ok;
}

/* ---- fields ----------------------------------------------------------------- */

/* The tag that a key names, or 0. */
static uint32_t tag_of(const struct ynode *key)
{
    const struct kmip_tag *t = kmip_tag_by_name(bytes_of(key->text, key->len));
    int64_t number;
    if (t)
        return t->tag;
    return text_int(bytes_of(key->text, key->len), 1, 0xFFFFFF, &number) ? (uint32_t)number : 0;
}

static bool match_field(struct matcher *m, const struct ynode *key, const struct ynode *want,
                        struct kmip_walk *walk, const struct ttlv_item *parent)
{
    struct found f = {.name = key->text, .parent = parent, .walk = walk};
    struct ttlv_reader r;
    struct ttlv_item it;
    uint32_t tag = tag_of(key);
    size_t n = 0;
    if (!tag)
        return match_case_error(m, key, "'%s' is no field of the standard", key->text);
    ttlv_r_children(&r, m->reply, parent, NULL);
    while (ttlv_r_next(&r, &it))
        n += it.tag == tag;
    f.v = arena_array(m->arena, n + 1, sizeof *f.v);
    if (!f.v)
        return kerr_set(m->err, KE_MEMORY, "no memory to compare fields");
    ttlv_r_children(&r, m->reply, parent, NULL);
    while (ttlv_r_next(&r, &it))
        if (it.tag == tag)
            f.v[f.n++] = it;
    return match_instances(m, want, &f, true);
}

static bool is_attributes(const struct ynode *key)
{
    return strcmp(key->text, "Attributes") == 0;
}

bool match_fields(struct matcher *m, const struct ynode *want, struct kmip_walk *walk,
                  const struct ttlv_item *got)
{
    bool ok = true;
    if (want->kind != YNODE_MAP)
        return ynode_is_null(want) || match_case_error(m, want, "expected a map of fields");
    for (size_t i = 0; i < want->n; i++) {
        const struct ynode *key = want->keys[i], *value = want->vals[i];
        ok = (is_attributes(key) ? match_attributes(m, value, walk, got)
                                 : match_field(m, key, value, walk, got)) &&
             ok;
    }
    return ok;
}

bool match_exact(struct matcher *m, const struct ynode *want, const struct ttlv_item *got)
{
    struct ttlv_reader r;
    struct ttlv_item it;
    bool ok = true;
    ttlv_r_children(&r, m->reply, got, NULL);
    while (ttlv_r_next(&r, &it)) {
        bool named = false;
        for (size_t i = 0; want->kind == YNODE_MAP && !named && i < want->n; i++)
            named = is_attributes(want->keys[i]) ? it.tag == KMIP_TAG_ATTRIBUTE
                                                 : it.tag == tag_of(want->keys[i]);
        if (!named) {
            mismatch_at(m, it.off, "no further field", "there");
            ok = false;
        }
    }
    return ok;
}
