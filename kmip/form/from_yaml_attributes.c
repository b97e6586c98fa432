/* `Attributes:`, short for repeated Attribute {Attribute Name, Attribute Index,
 * Attribute Value} (KMIP 1.2 spec, 2.1.1). */
#include "kmip/base/text.h"
#include "kmip/form/from_yaml_in.h"
#include "kmip/form/leaf.h"

#define MAX_NAMES 128u

/* An unknown name near a known one is taken for a slip: custom names begin with x-
 * or y-, and a wrong name on purpose can be quoted or stand in the long form. */
static bool check_name(struct yaml_in *c, const struct ynode *key, struct bytes name)
{
    const char *names[MAX_NAMES];
    size_t n = 0;
    bool custom = name.n > 2 && (name.p[0] == 'x' || name.p[0] == 'y') && name.p[1] == '-';
    if (custom || !key->plain || memchr(key->text, '$', key->len) || kmip_attribute_by_name(name))
        return true;
    for (; n < kmip_n_attributes && n < MAX_NAMES; n++)
        names[n] = kmip_attributes[n].name;
    const char *near = text_nearest(key->text, names, n);
    if (!near)
        return true;
    return ynode_err(
        key, KE_YAML, c->err,
        "\"%.80s\" is no attribute; did you mean \"%s\"? (quote the name to send it as it is)",
        key->text, near);
}

/* Takes an !indexed map apart; *value NULL when it has none. */
static bool read_indexed(struct yaml_in *c, const struct ynode *n, const struct ynode **index,
                         const struct ynode **value)
{
    *index = *value = NULL;
    if (n->kind != YNODE_MAP)
        return ynode_err(n, KE_YAML, c->err,
                         "!indexed stands before a map, {index: 1, value: ...}");
    for (size_t i = 0; i < n->n; i++) {
        const char *key = n->keys[i]->text;
        const struct ynode **to = strcmp(key, "index") == 0   ? index
                                  : strcmp(key, "value") == 0 ? value
                                                              : NULL;
        if (!to)
            return ynode_err(n->keys[i], KE_YAML, c->err,
                             "\"%.40s\" means nothing after !indexed; it takes index and value",
                             key);
        if (*to)
            return ynode_err(n->keys[i], KE_YAML, c->err, "\"%.40s\" is there twice", key);
        *to = n->vals[i];
    }
    return *index ||
           ynode_err(n, KE_YAML, c->err, "!indexed needs an index, {index: 1, value: ...}");
}

/* One Attribute, from index and value as they are written, or from a number. */
struct instance {
    const struct ynode *index, *value;
    int64_t number; /* without index node; -1: none */
};

/* A null value gives one without Attribute Value. */
static bool write_instance(struct yaml_in *c, struct bytes name, const struct ynode *n,
                           const struct instance *i)
{
    ttlv_w_open(c->w, KMIP_TAG_ATTRIBUTE);
    if (!kmip_walk_enter(c->walk, KMIP_TAG_ATTRIBUTE))
        return ynode_err(n, KE_YAML, c->err, "structures are nested deeper than %u levels",
                         TTLV_MAX_DEPTH);
    ttlv_w_text(c->w, KMIP_TAG_ATTRIBUTE_NAME, name);
    kmip_walk_note(c->walk, KMIP_TAG_ATTRIBUTE_NAME, TTLV_TEXT_STRING, name);
    bool ok = from_yaml_written(c, n);
    if (ok && i->index)
        ok = from_yaml_item(c, KMIP_TAG_ATTRIBUTE_INDEX, i->index);
    else if (ok && i->number >= 0)
        ttlv_w_int(c->w, KMIP_TAG_ATTRIBUTE_INDEX, (int32_t)i->number);
    if (ok && i->value && !(ynode_is_null(i->value) && !i->value->tag))
        ok = from_yaml_item(c, KMIP_TAG_ATTRIBUTE_VALUE, i->value);
    kmip_walk_leave(c->walk);
    ttlv_w_close(c->w);
    return ok && from_yaml_written(c, n);
}

static bool attribute(struct yaml_in *c, struct bytes name, const struct ynode *n, int64_t number)
{
    struct instance i = {.value = n, .number = number};
    if (from_yaml_tagged(n, "!indexed") && !read_indexed(c, n, &i.index, &i.value))
        return false;
    return write_instance(c, name, n, &i);
}

/* All instances under one name. */
static bool instances(struct yaml_in *c, struct bytes name, const struct ynode *val, bool indexed)
{
    if (val->kind != YNODE_SEQ)
        return attribute(c, name, val, indexed ? 0 : -1);
    if (form_mask_attribute(name))
        return val->n == 0 || attribute(c, name, val, indexed ? 0 : -1);
    if (val->tag)
        return ynode_err(val, KE_YAML, c->err,
                         "%s stands before a sequence; put it before each entry", val->tag);
    for (size_t i = 0; i < val->n; i++)
        if (!attribute(c, name, val->vals[i], indexed ? (int64_t)i : -1))
            return false;
    return true;
}

static bool attribute_map(struct yaml_in *c, const struct ynode *map)
{
    struct buf name;
    bool ok = true;
    if (map->kind != YNODE_MAP)
        return ynode_err(map, KE_YAML, c->err, "Attributes is a map of attribute names and values");
    buf_init(&name, 64 << 10);
    for (size_t i = 0; ok && i < map->n; i++) {
        const struct ynode *key = map->keys[i];
        buf_reset(&name);
        ok = from_yaml_text(key, c->env, &name, c->err) && check_name(c, key, buf_bytes(&name)) &&
             instances(c, buf_bytes(&name), map->vals[i], false);
    }
    buf_clear(&name);
    return ok;
}

bool from_yaml_attributes(struct yaml_in *c, const struct ynode *n)
{
    if (ynode_is_null(n))
        return true;
    if (n->kind != YNODE_SEQ)
        return attribute_map(c, n);
    for (size_t i = 0; i < n->n; i++)
        if (!attribute_map(c, n->vals[i]))
            return false;
    return true;
}

bool from_yaml_attribute(const char *name, const struct ynode *value, bool indexed,
                         struct kmip_walk *walk, const struct form_env *env, struct ttlv_writer *w,
                         struct kerr *err)
{
    struct yaml_in c = {walk, env, w, err};
    return from_yaml_written(&c, value) && instances(&c, bytes_str(name), value, indexed);
}
