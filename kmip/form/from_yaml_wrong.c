/* Deliberately wrong items: !item with a type, length, value or padding of its own,
 * and !raw bytes in place of an item. */
#include "kmip/base/text.h"
#include "kmip/form/from_yaml_in.h"
#include "kmip/form/leaf.h"
#include "kmip/form/variable.h"

/* Bytes in hexadecimal (or !text), or those that a variable holds. */
static bool bytes_from(struct yaml_in *c, const struct ynode *n, struct buf *out)
{
    struct bytes name;
    struct variable v;
    struct buf text;
    if (n->kind != YNODE_SCALAR)
        return ynode_err(n, KE_YAML, c->err, "bytes in hexadecimal are expected here");
    if (variable_whole(n, &name)) {
        if (!variable_get(n, name, c->env, &v, c->err))
            return false;
        if (v.type != 0)
            return buf_put_bytes(out, v.val) ||
                   ynode_err(n, KE_TTLV_SIZE, c->err, "too many bytes");
    }
    buf_init(&text, BUF_NO_LIMIT);
    bool ok = from_yaml_text(n, c->env, &text, c->err);
    if (ok && from_yaml_tagged(n, "!text"))
        ok = buf_put_bytes(out, buf_bytes(&text));
    else if (ok && !text_unhex(buf_bytes(&text), out) && !out->failed)
        ok = ynode_err(n, KE_YAML, c->err, "bytes are written as pairs of hexadecimal digits");
    buf_clear(&text);
    if (ok && out->failed)
        ok = ynode_err(n, KE_TTLV_SIZE, c->err, "too many bytes");
    return ok;
}

bool from_yaml_raw(struct yaml_in *c, const struct ynode *n)
{
    struct buf bytes;
    buf_init(&bytes, c->w->out->limit);
    bool ok = bytes_from(c, n, &bytes);
    if (ok)
        ttlv_w_raw_bytes(c->w, buf_bytes(&bytes));
    buf_clear(&bytes);
    return ok && from_yaml_written(c, n);
}

struct parts {
    const struct ynode *type, *length, *value, *padding;
};

static bool read_parts(struct yaml_in *c, const struct ynode *n, struct parts *p)
{
    const struct {
        const char *key;
        const struct ynode **to;
    } keys[] = {
        {"type", &p->type}, {"length", &p->length}, {"value", &p->value}, {"padding", &p->padding}};
    *p = (struct parts){0};
    if (n->kind != YNODE_MAP)
        return ynode_err(n, KE_YAML, c->err,
                         "!item stands before a map of type, length, value and padding");
    for (size_t i = 0; i < n->n; i++) {
        const struct ynode *key = n->keys[i];
        size_t k = 0;
        while (k < 4 && strcmp(key->text, keys[k].key) != 0)
            k++;
        if (k == 4)
            return ynode_err(
                key, KE_YAML, c->err,
                "\"%.40s\" means nothing after !item; it takes type, length, value and padding",
                key->text);
        if (*keys[k].to)
            return ynode_err(key, KE_YAML, c->err, "\"%.40s\" is there twice", key->text);
        *keys[k].to = n->vals[i];
    }
    return true;
}

/* A type by name or number. */
static bool read_type(struct yaml_in *c, const struct ynode *n, unsigned *type)
{
    int64_t v;
    struct bytes text = bytes_of(n->text, n->len);
    if (n->kind == YNODE_SCALAR && (*type = ttlv_type_by_name(text)) != 0)
        return true;
    if (n->kind != YNODE_SCALAR || !text_int(text, 0, 255, &v))
        return ynode_err(n, KE_YAML, c->err,
                         "an item type is a number from 0x00 to 0xFF or a name such as Integer");
    *type = (unsigned)v;
    return true;
}

/* The fields of a map, encoded on their own: the length around them may be a lie. */
static bool value_fields(struct yaml_in *c, uint32_t tag, const struct ynode *map, struct buf *val)
{
    struct ttlv_writer inner;
    struct yaml_in sub = *c;
    sub.w = &inner;
    ttlv_w_init(&inner, val, c->err);
    if (!kmip_walk_enter(c->walk, tag))
        return ynode_err(map, KE_YAML, c->err, "structures are nested deeper than %u levels",
                         TTLV_MAX_DEPTH);
    bool ok = from_yaml_map(&sub, map);
    kmip_walk_leave(c->walk);
    return ok && ttlv_w_finish(&inner);
}

/* Value bytes; *type is set by what stands there unless it is set already. */
static bool read_value(struct yaml_in *c, uint32_t tag, const struct kmip_spot *spot,
                       const struct ynode *n, unsigned *type, struct buf *val)
{
    unsigned found = 0;
    if (n->kind == YNODE_MAP) {
        *type = *type ? *type : TTLV_STRUCTURE;
        return value_fields(c, tag, n, val);
    }
    if (!n->tag || from_yaml_tagged(n, "!text"))
        return bytes_from(c, n, val);
    if (!from_yaml_value(n, spot, c->env, &found, val, c->err))
        return false;
    *type = *type ? *type : found;
    return true;
}

static bool read_length(struct yaml_in *c, const struct ynode *n, size_t honest, uint32_t *len)
{
    int64_t v = (int64_t)honest;
    if (n && (n->kind != YNODE_SCALAR || !text_int(bytes_of(n->text, n->len), 0, UINT32_MAX, &v)))
        return ynode_err(n, KE_YAML, c->err, "a length is a number from 0 to 0xFFFFFFFF");
    *len = (uint32_t)v;
    return true;
}

static bool write_parts(struct yaml_in *c, uint32_t tag, const struct ynode *n,
                        const struct parts *p, struct buf *val, struct buf *padding)
{
    struct kmip_spot spot = kmip_walk_look(c->walk, tag);
    unsigned type = 0;
    uint32_t len = 0;
    if (p->type && !read_type(c, p->type, &type))
        return false;
    bool typed = p->type != NULL;
    unsigned found = type;
    if (p->value && !read_value(c, tag, &spot, p->value, &found, val))
        return false;
    if (!typed)
        type = found ? found : form_structure_only(&spot) ? TTLV_STRUCTURE : form_leaf_type(&spot);
    if (!typed && !type)
        return ynode_err(n, KE_YAML, c->err, "%s may be of several types: !item needs a type here",
                         form_field(&spot));
    if (!read_length(c, p->length, val->n, &len))
        return false;
    if (!p->padding)
        buf_fill(padding, 0, (8 - val->n % 8) % 8);
    else if (!bytes_from(c, p->padding, padding))
        return false;
    ttlv_w_raw_head(c->w, tag, type, len);
    ttlv_w_raw_bytes(c->w, buf_bytes(val));
    ttlv_w_raw_bytes(c->w, buf_bytes(padding));
    int fixed = ttlv_type_length(type);
    if (type != TTLV_STRUCTURE && ttlv_type_name(type) && len == val->n &&
        (fixed < 0 || val->n == (size_t)fixed))
        kmip_walk_note(c->walk, tag, type, buf_bytes(val));
    return from_yaml_written(c, n);
}

bool from_yaml_wrong_item(struct yaml_in *c, uint32_t tag, const struct ynode *n)
{
    struct parts p;
    struct buf val, padding;
    buf_init(&val, c->w->out->limit);
    buf_init(&padding, c->w->out->limit);
    bool ok = read_parts(c, n, &p) && write_parts(c, tag, n, &p, &val, &padding);
    buf_clear(&val);
    buf_clear(&padding);
    return ok;
}
