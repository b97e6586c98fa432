/* YAML documents as trees (ynode.h), built from libyaml's events.
 *
 * libyaml's own document API loses which scalars were quoted and answers an
 * alias before its anchor is complete; events give both. */
#include "kmip/yaml/ynode.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

#include "kmip/base/buf.h"
#include "kmip/base/file.h"
#include "kmip/base/text.h"

#define MAX_DEPTH 64u
#define MAX_FILE (16u << 20)
#define MAX_ARENA (256u << 20)
#define MAX_ANCHORS 256u
#define MAX_NODES 1000000u /* counting what aliases repeat */

struct anchor {
    const char *name;
    struct ynode *node;     /* NULL while it is being built */
    size_t nodes;           /* in it, aliases followed */
    unsigned height;        /* levels below it */
};

struct builder {
    yaml_parser_t parser;
    struct arena *arena;
    const char *file;
    struct anchor anchors[MAX_ANCHORS]; /* the latest of a name counts */
    size_t n_anchors;
    size_t nodes;     /* so far, aliases followed */
    unsigned deepest; /* level reached since the innermost open anchor */
    struct kerr *err;
};

/* For those who want the place by itself; an earlier error keeps its own. */
static void put_place(struct kerr *err, uint32_t line, uint32_t col, enum ynode_kind kind)
{
    if (!err || err->code != KE_OK)
        return;
    err->line = line;
    err->col = col;
    err->node = (int)kind;
}

static bool fail_at(struct builder *b, yaml_mark_t at, const char *what)
{
    put_place(b->err, (uint32_t)at.line + 1, (uint32_t)at.column + 1, YNODE_SCALAR);
    return kerr_set(b->err, KE_YAML, "%s:%zu:%zu: %s", b->file, at.line + 1, at.column + 1, what);
}

static bool no_memory(struct builder *b)
{
    return kerr_set(b->err, KE_MEMORY, "%s: no memory for the document", b->file);
}

static bool next(struct builder *b, yaml_event_t *ev)
{
    if (yaml_parser_parse(&b->parser, ev))
        return true;
    const char *what = b->parser.problem ? b->parser.problem : "malformed YAML";
    if (b->parser.error == YAML_MEMORY_ERROR)
        return no_memory(b);
    yaml_mark_t at = b->parser.problem_mark;
    if (b->parser.error == YAML_READER_ERROR)
        return kerr_set(b->err, KE_YAML, "%s: byte %zu: %s", b->file, b->parser.problem_offset,
                        what);
    return fail_at(b, at, what);
}

static struct ynode *new_node(struct builder *b, enum ynode_kind kind, const yaml_event_t *ev,
                              const yaml_char_t *tag)
{
    struct ynode *n = arena_alloc(b->arena, sizeof *n);
    if (!n) {
        no_memory(b);
        return NULL;
    }
    n->kind = kind;
    n->line = (uint32_t)ev->start_mark.line + 1;
    n->col = (uint32_t)ev->start_mark.column + 1;
    n->file = b->file;
    if (tag && !(n->tag = arena_str(b->arena, (const char *)tag))) {
        no_memory(b);
        return NULL;
    }
    return n;
}

/* Counts one node, or all that an alias stands for: what readers of the tree will
 * meet. A few lines of aliases of aliases would otherwise make millions. */
static bool count(struct builder *b, size_t nodes, unsigned depth, yaml_mark_t at)
{
    if (nodes > MAX_NODES - b->nodes)
        return fail_at(b, at, "more than 1000000 nodes, aliases followed");
    if (depth > MAX_DEPTH)
        return fail_at(b, at, "nested more than 64 levels deep");
    b->nodes += nodes;
    if (depth > b->deepest)
        b->deepest = depth;
    return true;
}

/* Reserves the anchor before its node is built: an alias inside of it would be a
 * cycle, and is told apart from one that nobody defined. */
static bool anchor_open(struct builder *b, const yaml_char_t *name, yaml_mark_t at,
                        struct anchor **out)
{
    *out = NULL;
    if (!name)
        return true;
    if (b->n_anchors == MAX_ANCHORS)
        return fail_at(b, at, "more than 256 anchors");
    const char *copy = arena_str(b->arena, (const char *)name);
    if (!copy)
        return no_memory(b);
    *out = &b->anchors[b->n_anchors++];
    **out = (struct anchor){.name = copy};
    return true;
}

static struct ynode *recall(struct builder *b, const yaml_event_t *ev, unsigned depth)
{
    const char *name = (const char *)ev->data.alias.anchor;
    for (size_t i = b->n_anchors; i-- > 0;) {
        const struct anchor *a = &b->anchors[i];
        if (strcmp(a->name, name) != 0)
            continue;
        if (!a->node)
            fail_at(b, ev->start_mark, "alias of the node that it stands in");
        else if (count(b, a->nodes, depth + a->height, ev->start_mark))
            return a->node;
        return NULL;
    }
    fail_at(b, ev->start_mark, "alias of an anchor that is not defined before it");
    return NULL;
}

static struct ynode *build(struct builder *b, yaml_event_t *ev, unsigned depth);

static struct ynode *build_scalar(struct builder *b, const yaml_event_t *ev)
{
    struct ynode *n = new_node(b, YNODE_SCALAR, ev, ev->data.scalar.tag);
    if (!n)
        return NULL;
    n->len = ev->data.scalar.length;
    n->plain = ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    n->text = arena_copy(b->arena, bytes_of(ev->data.scalar.value, n->len));
    explicit_bzero(ev->data.scalar.value, n->len); /* a password perhaps; the arena is wiped */
    if (!n->text) {
        no_memory(b);
        return NULL;
    }
    return n;
}

/* Growing lists of children; copied into exact arrays would cost a second pass,
 * so the arena keeps the outgrown ones (at most as much again). */
struct list {
    struct ynode **v;
    size_t n, cap;
};

static bool list_add(struct builder *b, struct list *l, struct ynode *n)
{
    if (l->n == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 8;
        struct ynode **v = arena_array(b->arena, cap, sizeof *v);
        if (!v)
            return no_memory(b);
        if (l->n > 0)
            memcpy(v, l->v, l->n * sizeof *v);
        l->v = v;
        l->cap = cap;
    }
    l->v[l->n++] = n;
    return true;
}

/* The children up to the end event; a map alternates keys and values. Levels are
 * counted from 1. */
static bool build_children(struct builder *b, struct ynode *parent, unsigned depth)
{
    struct list keys = {0}, vals = {0};
    bool map = parent->kind == YNODE_MAP, ok = true;
    for (bool key = map;; key = map && !key) {
        yaml_event_t ev;
        if (!next(b, &ev))
            return false;
        bool end = ev.type == YAML_SEQUENCE_END_EVENT || ev.type == YAML_MAPPING_END_EVENT;
        struct ynode *n = end ? NULL : build(b, &ev, depth + 1);
        if (n && key && n->kind != YNODE_SCALAR) {
            fail_at(b, ev.start_mark, "a key must be a plain name");
            n = NULL;
        }
        yaml_event_delete(&ev);
        if (end)
            break;
        ok = n && list_add(b, key ? &keys : &vals, n);
        if (!ok)
            return false;
    }
    parent->n = vals.n;
    parent->keys = keys.v;
    parent->vals = vals.v;
    return true;
}

static struct ynode *build_collection(struct builder *b, const yaml_event_t *ev, unsigned depth)
{
    bool map = ev->type == YAML_MAPPING_START_EVENT;
    const yaml_char_t *tag = map ? ev->data.mapping_start.tag : ev->data.sequence_start.tag;
    struct ynode *n = new_node(b, map ? YNODE_MAP : YNODE_SEQ, ev, tag);
    return n && build_children(b, n, depth) ? n : NULL;
}

static const yaml_char_t *anchor_of(const yaml_event_t *ev)
{
    return ev->type == YAML_SCALAR_EVENT         ? ev->data.scalar.anchor
           : ev->type == YAML_MAPPING_START_EVENT ? ev->data.mapping_start.anchor
                                                  : ev->data.sequence_start.anchor;
}

static struct ynode *build(struct builder *b, yaml_event_t *ev, unsigned depth)
{
    if (ev->type == YAML_ALIAS_EVENT)
        return recall(b, ev, depth);
    bool scalar = ev->type == YAML_SCALAR_EVENT;
    if (!scalar && ev->type != YAML_SEQUENCE_START_EVENT && ev->type != YAML_MAPPING_START_EVENT) {
        fail_at(b, ev->start_mark, "malformed YAML");
        return NULL;
    }
    struct anchor *a;
    size_t before = b->nodes;
    unsigned deepest = b->deepest;
    b->deepest = depth;
    if (!count(b, 1, depth, ev->start_mark) || !anchor_open(b, anchor_of(ev), ev->start_mark, &a))
        return NULL;
    struct ynode *n = scalar ? build_scalar(b, ev) : build_collection(b, ev, depth);
    if (a) {
        a->node = n;
        a->nodes = b->nodes - before;
        a->height = b->deepest - depth;
    }
    if (deepest > b->deepest)
        b->deepest = deepest;
    return n;
}

/* Stream start, at most one document, stream end. */
static bool build_document(struct builder *b, struct ynode **root)
{
    bool started = false;
    for (;;) {
        yaml_event_t ev;
        if (!next(b, &ev))
            return false;
        yaml_event_type_t type = ev.type;
        bool ok = true;
        switch (type) {
        case YAML_STREAM_START_EVENT:
        case YAML_STREAM_END_EVENT:
        case YAML_DOCUMENT_END_EVENT:
            break;
        case YAML_DOCUMENT_START_EVENT:
            ok = !started || fail_at(b, ev.start_mark, "only one document is allowed in a file");
            started = true;
            break;
        default:
            *root = build(b, &ev, 1);
            ok = *root != NULL;
        }
        yaml_event_delete(&ev);
        if (!ok || type == YAML_STREAM_END_EVENT)
            return ok;
    }
}

/* The text as libyaml has it, before it is freed. */
static void wipe_buffers(yaml_parser_t *p)
{
    if (p->raw_buffer.start)
        explicit_bzero(p->raw_buffer.start, (size_t)(p->raw_buffer.end - p->raw_buffer.start));
    if (p->buffer.start)
        explicit_bzero(p->buffer.start, (size_t)(p->buffer.end - p->buffer.start));
}

static bool parse_into(struct arena *arena, const char *file, struct bytes text,
                       struct ynode **root, struct kerr *err)
{
    struct builder *b = calloc(1, sizeof *b);
    *root = NULL;
    if (!b || !yaml_parser_initialize(&b->parser)) {
        free(b);
        return kerr_set(err, KE_MEMORY, "%s: no memory for the YAML parser", file);
    }
    b->arena = arena;
    b->file = file;
    b->err = err;
    static const uint8_t nothing[1] = {0};
    yaml_parser_set_input_string(&b->parser, text.n ? text.p : nothing, text.n);
    bool ok = build_document(b, root);
    wipe_buffers(&b->parser);
    yaml_parser_delete(&b->parser);
    free(b);
    if (ok && *root && (*root)->kind == YNODE_SCALAR && (*root)->len == 0 && (*root)->plain)
        *root = NULL;
    return ok;
}

bool ydoc_parse(struct ydoc *d, const char *name, struct bytes text, struct kerr *err)
{
    arena_init(&d->arena, MAX_ARENA);
    d->root = NULL;
    const char *file = arena_str(&d->arena, name);
    if (!file)
        return kerr_set(err, KE_MEMORY, "%s: no memory for the document", name);
    if (parse_into(&d->arena, file, text, &d->root, err))
        return true;
    ydoc_clear(d);
    return false;
}

bool ydoc_load(struct ydoc *d, const char *path, struct kerr *err)
{
    struct buf text;
    buf_init(&text, MAX_FILE);
    arena_init(&d->arena, MAX_ARENA);
    d->root = NULL;
    const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
    bool ok = file_read(path, &text, err) && ydoc_parse(d, name, buf_bytes(&text), err);
    buf_clear(&text);
    return ok;
}

void ydoc_clear(struct ydoc *d)
{
    arena_clear(&d->arena);
    d->root = NULL;
}

struct ynode *ynode_get(const struct ynode *map, const char *key)
{
    if (!map || map->kind != YNODE_MAP)
        return NULL;
    for (size_t i = 0; i < map->n; i++)
        if (strcmp(map->keys[i]->text, key) == 0)
            return map->vals[i];
    return NULL;
}

bool ynode_is_null(const struct ynode *n)
{
    return n->kind == YNODE_SCALAR && n->plain &&
           (n->len == 0 || strcmp(n->text, "~") == 0 || strcmp(n->text, "null") == 0);
}

bool ynode_err(const struct ynode *n, enum kerr_code code, struct kerr *err, const char *fmt, ...)
{
    char what[600];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    put_place(err, n->line, n->col, n->kind);
    return kerr_set(err, code, "%s:%u:%u: %s", n->file, n->line, n->col, what);
}

/* The node in *slot, copied with room for one more child: a node may be shared
 * through an alias, and setting a path must change that path only. Null becomes
 * an empty map, since something is wanted below it. NULL: no memory. */
static struct ynode *own(struct ydoc *d, struct ynode **slot, const char *name)
{
    struct ynode *n = arena_alloc(&d->arena, sizeof *n);
    if (!n)
        return NULL;
    if (!*slot || ynode_is_null(*slot))
        *n = (struct ynode){.kind = YNODE_MAP, .file = name, .line = 1, .col = 1};
    else
        *n = **slot;
    struct ynode **keys = arena_array(&d->arena, n->n + 1, sizeof *keys);
    struct ynode **vals = arena_array(&d->arena, n->n + 1, sizeof *vals);
    if (!keys || !vals)
        return NULL;
    for (size_t i = 0; i < n->n; i++) {
        keys[i] = n->keys ? n->keys[i] : NULL;
        vals[i] = n->vals[i];
    }
    n->keys = keys;
    n->vals = vals;
    *slot = n;
    return n;
}

/* The slot of one path step in the map or sequence n (owned), a new one behind the
 * others when there is none; NULL if it cannot be. */
static struct ynode **step(struct ydoc *d, struct ynode *n, const char *key, const char *name)
{
    int64_t i;
    if (n->kind == YNODE_SEQ) {
        if (!text_int(bytes_str(key), 0, (int64_t)n->n, &i))
            return NULL;
        n->n += (size_t)i == n->n;
        return &n->vals[i];
    }
    for (size_t k = 0; n->kind == YNODE_MAP && k < n->n; k++)
        if (strcmp(n->keys[k]->text, key) == 0)
            return &n->vals[k];
    struct ynode *k = n->kind == YNODE_MAP ? arena_alloc(&d->arena, sizeof *k) : NULL;
    if (!k || !(k->text = arena_str(&d->arena, key)))
        return NULL;
    k->kind = YNODE_SCALAR;
    k->len = strlen(key);
    k->plain = true;
    k->file = name;
    k->line = k->col = 1;
    n->keys[n->n] = k;
    return &n->vals[n->n++];
}

/* Puts `fresh` at the path, which is taken apart. */
static bool put_at(struct ydoc *d, char *path, struct ynode *fresh, const char *name,
                   struct kerr *err)
{
    struct ynode **slot = &d->root;
    for (char *key = path, *dot; key; key = dot) {
        dot = strchr(key, '.');
        if (dot)
            *dot++ = 0;
        if (!*key)
            return kerr_set(err, KE_CONFIG, "%s: a name is missing in the path", name);
        struct ynode *n = own(d, slot, name);
        if (!n)
            return kerr_set(err, KE_MEMORY, "%s: no memory", name);
        slot = step(d, n, key, name);
        if (!slot)
            return kerr_set(err, KE_CONFIG, "%s: there is no place called '%s'", name, key);
    }
    *slot = fresh;
    return true;
}

bool ydoc_set(struct ydoc *d, const char *path, const char *value, struct kerr *err)
{
    struct ynode *fresh, *root = d->root;
    const char *name = arena_printf(&d->arena, "--set %s", path);
    char *walk = arena_str(&d->arena, path);
    if (!name || !walk)
        return kerr_set(err, KE_MEMORY, "no memory for --set %s", path);
    if (!parse_into(&d->arena, name, bytes_str(value), &fresh, err))
        return false;
    if (!fresh) { /* empty text is null, as behind a key in a file */
        fresh = arena_alloc(&d->arena, sizeof *fresh);
        if (!fresh)
            return kerr_set(err, KE_MEMORY, "no memory for --set %s", path);
        fresh->file = name;
        fresh->line = fresh->col = 1;
        fresh->plain = true;
        fresh->text = "";
    }
    if (put_at(d, walk, fresh, name, err))
        return true;
    d->root = root; /* what was copied on the way is forgotten */
    return false;
}
