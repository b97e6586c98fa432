/* Attributes of a managed object: one list in wire form, instances of one name in
 * the order of their indices. Saving is in object_blob.c, the Key Block in
 * object_key.c. */
#include "mockserver/object.h"

#include <stdlib.h>

#include "kmip/base/buf.h"
#include "mockserver/searchkey.h"

static void *copy_of(struct bytes v)
{
    uint8_t *p = malloc(v.n + 1); /* a NUL behind it: the same for names and values */
    if (!p)
        return NULL;
    if (v.n > 0)
        memcpy(p, v.p, v.n);
    p[v.n] = 0;
    return p;
}

static void free_wiped(void *p, size_t n)
{
    if (p)
        wipe(p, n);
    free(p);
}

static void free_attr(struct mock_attr *a)
{
    free_wiped(a->value, a->len);
    if (!a->def)
        free((char *)a->name);
    memset(a, 0, sizeof *a);
}

struct mock_object *object_new(uint32_t type, const char *owner)
{
    struct mock_object *o = calloc(1, sizeof *o);
    if (!o)
        return NULL;
    o->type = type;
    o->owner = copy_of(bytes_str(owner));
    o->dirty = o->rekeyed = true;
    if (!o->owner)
        object_free(&o);
    return o;
}

void object_free(struct mock_object **o)
{
    if (!*o)
        return;
    struct mock_object *x = *o;
    *o = NULL;
    for (size_t i = 0; i < x->n_attrs; i++)
        free_attr(&x->attrs[i]);
    free(x->attrs);
    for (size_t i = 0; i < x->n_used; i++)
        free(x->used[i].name);
    free(x->used);
    free_wiped(x->body, x->body_len);
    free(x->owner);
    free_wiped(x, sizeof *x);
}

/* Reading */

const struct mock_attr *object_attr(const struct mock_object *o, uint32_t tag, int32_t n)
{
    for (size_t i = 0; i < o->n_attrs; i++)
        if (o->attrs[i].def && o->attrs[i].def->tag == tag && n-- == 0)
            return &o->attrs[i];
    return NULL;
}

const struct mock_attr *object_attr_named(const struct mock_object *o, struct bytes name)
{
    for (size_t i = 0; i < o->n_attrs; i++)
        if (bytes_eq_str(name, o->attrs[i].name))
            return &o->attrs[i];
    return NULL;
}

const struct mock_attr *object_attr_indexed(const struct mock_object *o, struct bytes name,
                                            int32_t index)
{
    for (size_t i = 0; i < o->n_attrs; i++)
        if (o->attrs[i].index == index && bytes_eq_str(name, o->attrs[i].name))
            return &o->attrs[i];
    return NULL;
}

/* The attribute when its value has the length its type fixes. */
static const struct mock_attr *scalar(const struct mock_object *o, uint32_t tag, unsigned type,
                                      size_t len)
{
    const struct mock_attr *a = object_attr(o, tag, 0);
    return a && a->type == type && a->len == len ? a : NULL;
}

bool object_date(const struct mock_object *o, uint32_t tag, int64_t *seconds)
{
    const struct mock_attr *a = scalar(o, tag, TTLV_DATE_TIME, 8);
    if (a)
        *seconds = (int64_t)be64_get(a->value);
    return a != NULL;
}

bool object_enum(const struct mock_object *o, uint32_t tag, uint32_t *v)
{
    const struct mock_attr *a = scalar(o, tag, TTLV_ENUMERATION, 4);
    if (a)
        *v = be32_get(a->value);
    return a != NULL;
}

bool object_int(const struct mock_object *o, uint32_t tag, int32_t *v)
{
    const struct mock_attr *a = scalar(o, tag, TTLV_INTEGER, 4);
    if (a)
        *v = (int32_t)be32_get(a->value);
    return a != NULL;
}

uint32_t object_state(const struct mock_object *o)
{
    uint32_t state = 0;
    object_enum(o, KMIP_TAG_STATE, &state);
    return state;
}

/* Changing */

static void touched(struct mock_object *o, const struct kmip_attribute *def)
{
    o->dirty = true;
    if (searchkey_indexed(def))
        o->rekeyed = true;
}

/* Puts a copy of the value in place of the old one. The old one goes last, because
 * the new one may be a view into it. */
static bool put_value(struct mock_attr *a, unsigned type, struct bytes value)
{
    if (a->value && a->len == value.n) {
        if (value.n > 0)
            memmove(a->value, value.p, value.n);
    } else {
        uint8_t *copy = copy_of(value);
        if (!copy)
            return false;
        free_wiped(a->value, a->len);
        a->value = copy;
        a->len = value.n;
    }
    a->type = (uint8_t)type;
    return true;
}

static bool append(struct mock_object *o, const struct kmip_attribute *def, struct bytes name,
                   int32_t index, unsigned type, struct bytes value)
{
    if (o->n_attrs == o->cap_attrs) {
        size_t cap = o->cap_attrs ? o->cap_attrs * 2 : 16;
        struct mock_attr *grown = realloc(o->attrs, cap * sizeof *grown);
        if (!grown)
            return false;
        o->attrs = grown;
        o->cap_attrs = cap;
    }
    struct mock_attr a = {.def = def, .index = index};
    a.name = def ? def->name : copy_of(name);
    if (!a.name || !put_value(&a, type, value)) {
        free_attr(&a);
        return false;
    }
    o->attrs[o->n_attrs++] = a;
    touched(o, def);
    return true;
}

static void take_out(struct mock_object *o, size_t at)
{
    const struct kmip_attribute *def = o->attrs[at].def;
    free_attr(&o->attrs[at]);
    memmove(&o->attrs[at], &o->attrs[at + 1], (o->n_attrs - at - 1) * sizeof *o->attrs);
    o->n_attrs--;
    touched(o, def);
}

bool object_replace(struct mock_object *o, const struct mock_attr *a, unsigned type,
                    struct bytes value)
{
    struct mock_attr *own = &o->attrs[a - o->attrs];
    if (!put_value(own, type, value))
        return false;
    touched(o, own->def);
    return true;
}

bool object_set(struct mock_object *o, uint32_t tag, unsigned type, struct bytes value)
{
    const struct kmip_attribute *def = kmip_attribute_by_tag(tag);
    const struct mock_attr *first = object_attr(o, tag, 0);
    if (!def)
        return false;
    if (!first)
        return append(o, def, bytes_str(def->name), 0, type, value);
    if (!object_replace(o, first, type, value))
        return false;
    size_t at = (size_t)(first - o->attrs);
    o->attrs[at].index = 0;
    for (size_t i = o->n_attrs; --i > at;)
        if (o->attrs[i].def == def)
            take_out(o, i);
    return true;
}

bool object_set_date(struct mock_object *o, uint32_t tag, int64_t s)
{
    uint8_t wire[8];
    be64_put(wire, (uint64_t)s);
    return object_set(o, tag, TTLV_DATE_TIME, bytes_of(wire, sizeof wire));
}

static bool set32(struct mock_object *o, uint32_t tag, unsigned type, uint32_t v)
{
    uint8_t wire[4];
    be32_put(wire, v);
    return object_set(o, tag, type, bytes_of(wire, sizeof wire));
}

bool object_set_enum(struct mock_object *o, uint32_t tag, uint32_t v)
{
    return set32(o, tag, TTLV_ENUMERATION, v);
}

bool object_set_int(struct mock_object *o, uint32_t tag, int32_t v)
{
    return set32(o, tag, TTLV_INTEGER, (uint32_t)v);
}

bool object_set_bool(struct mock_object *o, uint32_t tag, bool v)
{
    uint8_t wire[8];
    be64_put(wire, v);
    return object_set(o, tag, TTLV_BOOLEAN, bytes_of(wire, sizeof wire));
}

bool object_set_text(struct mock_object *o, uint32_t tag, struct bytes v)
{
    return object_set(o, tag, TTLV_TEXT_STRING, v);
}

/* Instances */

static struct mock_used *used_of(const struct mock_object *o, const char *name)
{
    for (size_t i = 0; i < o->n_used; i++)
        if (strcmp(o->used[i].name, name) == 0)
            return &o->used[i];
    return NULL;
}

/* The index that a new instance gets: above all there are and all there were. */
static int32_t next_index(const struct mock_object *o, const char *name)
{
    int32_t next = 0;
    for (size_t i = 0; i < o->n_attrs; i++)
        if (o->attrs[i].index >= next && strcmp(o->attrs[i].name, name) == 0)
            next = o->attrs[i].index + 1;
    const struct mock_used *used = used_of(o, name);
    return used && used->next > next ? used->next : next;
}

/* Remembers that all indices of the name below `next` are used up. False: no memory. */
static bool remember_used(struct mock_object *o, const char *name, int32_t next)
{
    struct mock_used *used = used_of(o, name);
    if (used) {
        used->next = next;
        return true;
    }
    struct mock_used *grown = realloc(o->used, (o->n_used + 1) * sizeof *grown);
    char *copy = copy_of(bytes_str(name));
    if (grown)
        o->used = grown;
    if (!grown || !copy) {
        free(copy);
        return false;
    }
    o->used[o->n_used++] = (struct mock_used){.name = copy, .next = next};
    return true;
}

bool object_add(struct mock_object *o, const struct kmip_attribute *def, struct bytes name,
                unsigned type, struct bytes value, int32_t *index)
{
    int32_t at = 0;
    if (def && !(def->flags & KMIP_ATTR_MULTI)) {
        if (!object_set(o, def->tag, type, value))
            return false;
    } else {
        char *text = copy_of(def ? bytes_str(def->name) : name);
        bool ok = text != NULL;
        if (ok) {
            at = next_index(o, text);
            ok = append(o, def, bytes_str(text), at, type, value);
        }
        free(text);
        if (!ok)
            return false;
    }
    if (index)
        *index = at;
    return true;
}

bool object_remove(struct mock_object *o, const struct mock_attr *a)
{
    if ((!a->def || a->def->flags & KMIP_ATTR_MULTI) &&
        !remember_used(o, a->name, next_index(o, a->name)))
        return false;
    take_out(o, (size_t)(a - o->attrs));
    return true;
}

bool object_remove_tag(struct mock_object *o, uint32_t tag)
{
    const struct mock_attr *a;
    while ((a = object_attr(o, tag, 0)) != NULL)
        if (!object_remove(o, a))
            return false;
    return true;
}

bool object_set_body(struct mock_object *o, struct bytes item)
{
    uint8_t *copy = NULL;
    if (item.n > 0 && !(copy = copy_of(item)))
        return false;
    free_wiped(o->body, o->body_len);
    o->body = copy;
    o->body_len = item.n;
    o->dirty = o->rekeyed = true; /* whether it is live decides whether its Names are taken */
    return true;
}

void object_write_attr(const struct mock_attr *a, struct ttlv_writer *w)
{
    ttlv_w_open(w, KMIP_TAG_ATTRIBUTE);
    ttlv_w_str(w, KMIP_TAG_ATTRIBUTE_NAME, a->name);
    if (a->index != 0)
        ttlv_w_int(w, KMIP_TAG_ATTRIBUTE_INDEX, a->index);
    ttlv_w_value(w, KMIP_TAG_ATTRIBUTE_VALUE, a->type, bytes_of(a->value, a->len));
    ttlv_w_close(w);
}
