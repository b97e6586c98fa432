/* An object as one run of bytes for the store, and back.
 *
 *     version, flags, type, uid, owner, attributes, used-up indices, body, checksum
 *
 * Numbers are big-endian; texts and values carry their length in four bytes. The
 * checksum finds what a failing disk has changed behind SQLite's back; it is no
 * protection against an attacker. */
#include <stdlib.h>

#include "kmip/base/buf.h"
#include "mockserver/object.h"

enum { BLOB_VERSION = 1, BLOB_ARCHIVED = 1, BLOB_ALLOCATED = 2, BLOB_SHARED = 4, BLOB_SUM = 8 };

/* Writing */

static void put8(struct buf *b, uint8_t v)
{
    buf_put(b, &v, 1);
}

static void put32(struct buf *b, uint32_t v)
{
    uint8_t *p = buf_room(b, 4);
    if (p)
        be32_put(p, v);
}

static void put_run(struct buf *b, struct bytes v)
{
    put32(b, (uint32_t)v.n);
    buf_put_bytes(b, v);
}

static void put_attr(struct buf *b, const struct mock_attr *a)
{
    put32(b, a->def ? a->def->tag : 0);
    put_run(b, a->def ? bytes_of(NULL, 0) : bytes_str(a->name));
    put32(b, (uint32_t)a->index);
    put8(b, a->type);
    put_run(b, bytes_of(a->value, a->len));
}

bool object_save(const struct mock_object *o, struct buf *out)
{
    size_t start = out->n;
    put8(out, BLOB_VERSION);
    put8(out, (uint8_t)((o->archived ? BLOB_ARCHIVED : 0) | (o->allocated ? BLOB_ALLOCATED : 0) |
                        (o->shared ? BLOB_SHARED : 0)));
    put32(out, o->type);
    put_run(out, bytes_str(o->uid));
    put_run(out, bytes_str(o->owner));
    put32(out, (uint32_t)o->n_attrs);
    for (size_t i = 0; i < o->n_attrs; i++)
        put_attr(out, &o->attrs[i]);
    put32(out, (uint32_t)o->n_used);
    for (size_t i = 0; i < o->n_used; i++) {
        put_run(out, bytes_str(o->used[i].name));
        put32(out, (uint32_t)o->used[i].next);
    }
    put_run(out, bytes_of(o->body, o->body_len));
    if (out->failed)
        return false;
    uint64_t sum = bytes_hash(bytes_of(out->p + start, out->n - start));
    uint8_t *p = buf_room(out, BLOB_SUM);
    if (p)
        be64_put(p, sum);
    return p != NULL;
}

/* Reading: a cursor that turns bad and stays so. */

struct cursor {
    struct bytes left;
    bool bad;
};

static struct bytes take(struct cursor *c, size_t n)
{
    if (c->bad || n > c->left.n) {
        c->bad = true;
        return bytes_of(NULL, 0);
    }
    struct bytes got = bytes_of(c->left.p, n);
    c->left = bytes_of(c->left.p + n, c->left.n - n);
    return got;
}

static uint8_t take8(struct cursor *c)
{
    struct bytes v = take(c, 1);
    return v.n ? v.p[0] : 0;
}

static uint32_t take32(struct cursor *c)
{
    struct bytes v = take(c, 4);
    return v.n ? be32_get(v.p) : 0;
}

static struct bytes take_run(struct cursor *c)
{
    return take(c, take32(c));
}

static char *take_text(struct cursor *c)
{
    struct bytes v = take_run(c);
    return c->bad ? NULL : strndup(v.p ? (const char *)v.p : "", v.n);
}

/* A number of entries that can still follow, each at least `least` bytes long. */
static size_t take_count(struct cursor *c, size_t least)
{
    size_t n = take32(c);
    if (n > c->left.n / least)
        c->bad = true;
    return c->bad ? 0 : n;
}

enum { ATTR_LEAST = 17, USED_LEAST = 8 };

static bool take_attr(struct cursor *c, struct mock_attr *a)
{
    uint32_t tag = take32(c);
    struct bytes name = take_run(c);
    a->index = (int32_t)take32(c);
    a->type = take8(c);
    struct bytes value = take_run(c);
    a->def = tag ? kmip_attribute_by_tag(tag) : NULL;
    if (c->bad || (tag && !a->def)) {
        c->bad = true;
        return false;
    }
    a->name = a->def ? a->def->name : strndup((const char *)name.p, name.n);
    a->len = value.n;
    a->value = malloc(value.n + 1);
    if (a->value && value.n > 0)
        memcpy(a->value, value.p, value.n);
    return a->name && a->value;
}

static bool take_attrs(struct cursor *c, struct mock_object *o)
{
    size_t n = take_count(c, ATTR_LEAST);
    o->attrs = calloc(n ? n : 1, sizeof *o->attrs);
    if (!o->attrs)
        return false;
    o->cap_attrs = n ? n : 1;
    while (o->n_attrs < n)
        if (!take_attr(c, &o->attrs[o->n_attrs++])) /* counted first: object_free then finds it */
            return false;
    return true;
}

static bool take_used(struct cursor *c, struct mock_object *o)
{
    size_t n = take_count(c, USED_LEAST);
    if (n == 0)
        return true;
    o->used = calloc(n, sizeof *o->used);
    if (!o->used)
        return false;
    while (o->n_used < n) {
        struct mock_used *u = &o->used[o->n_used++];
        u->name = take_text(c);
        u->next = (int32_t)take32(c);
        if (!u->name)
            return false;
    }
    return true;
}

/* False: the cursor is bad, or there is no memory. */
static bool take_object(struct cursor *c, struct mock_object *o)
{
    uint8_t flags = take8(c);
    o->archived = flags & BLOB_ARCHIVED;
    o->allocated = flags & BLOB_ALLOCATED;
    o->shared = flags & BLOB_SHARED;
    o->type = take32(c);
    struct bytes uid = take_run(c);
    if (uid.n >= sizeof o->uid)
        c->bad = true;
    else if (uid.n > 0)
        memcpy(o->uid, uid.p, uid.n);
    o->owner = take_text(c);
    if (!o->owner || !take_attrs(c, o) || !take_used(c, o))
        return false;
    struct bytes body = take_run(c);
    return !c->bad && object_set_body(o, body);
}

struct mock_object *object_load(struct bytes blob, struct kerr *err)
{
    struct cursor c = {.left = blob};
    if (blob.n < 1 + BLOB_SUM ||
        bytes_hash(bytes_of(blob.p, blob.n - BLOB_SUM)) != be64_get(blob.p + blob.n - BLOB_SUM)) {
        kerr_set(err, KE_STORE, "a stored object is damaged: its checksum does not fit");
        return NULL;
    }
    c.left.n -= BLOB_SUM;
    if (take8(&c) != BLOB_VERSION) {
        kerr_set(err, KE_STORE, "a stored object has format %u, this program reads format %d",
                 (unsigned)blob.p[0], BLOB_VERSION);
        return NULL;
    }
    struct mock_object *o = calloc(1, sizeof *o);
    bool whole = o && take_object(&c, o);
    if (c.left.n > 0 && whole)
        c.bad = true;
    if (whole && !c.bad) {
        o->dirty = o->rekeyed = false;
        return o;
    }
    if (c.bad)
        kerr_set(err, KE_STORE, "a stored object is damaged: its parts do not fit");
    else
        kerr_set(err, KE_MEMORY, "out of memory");
    object_free(&o);
    return NULL;
}
