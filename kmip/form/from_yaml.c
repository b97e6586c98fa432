/* Maps of a YAML file into items (from_yaml.h).
 *
 * The file decides the order and may name any field anywhere, because wrong
 * messages must be writable too; the schema only says what a value means where it
 * stands. A misspelt name is an error all the same: it is never what was meant. */
#include <stdio.h>

#include "kmip/base/text.h"
#include "kmip/form/from_yaml_in.h"
#include "kmip/form/leaf.h"
#include "kmip/form/variable.h"

bool from_yaml_written(struct yaml_in *c, const struct ynode *n)
{
    if (!c->w->failed)
        return true;
    if (c->w->err && c->w->err == c->err)
        return kerr_wrap(c->err, "%s:%u:%u", n->file, n->line, n->col);
    return ynode_err(n, c->w->err ? c->w->err->code : KE_TTLV_SIZE, c->err, "%s",
                     c->w->err ? c->w->err->msg : "the item cannot be written");
}

/* --- keys --- */

#define MAX_NAMES 1024u

/* The nearest name: among the fields that belong here, else among all tags. */
static const char *nearest_field(const struct kmip_walk *walk, const char *key)
{
    const char *names[MAX_NAMES];
    size_t n = 0;
    const struct kmip_struct *def = walk->depth ? walk->frame[walk->depth - 1].def : NULL;
    for (unsigned i = 0; def && i < def->n; i++) {
        const char *name = kmip_tag_name(def->fields[i].tag);
        if (name)
            names[n++] = name;
        if (def->fields[i].tag == KMIP_TAG_ATTRIBUTE)
            names[n++] = "Attributes";
    }
    const char *near = text_nearest(key, names, n);
    if (near)
        return near;
    for (n = 0; n < kmip_n_tags && n < MAX_NAMES; n++)
        names[n] = kmip_tags[n].name;
    return text_nearest(key, names, n);
}

static bool unknown_key(struct yaml_in *c, const struct ynode *key)
{
    const char *near = nearest_field(c->walk, key->text);
    const struct kmip_struct *def = c->walk->depth ? c->walk->frame[c->walk->depth - 1].def : NULL;
    char what[160];
    snprintf(what, sizeof what, "\"%.80s\" is no field%s%s", key->text, def ? " of " : "",
             def ? def->name : "");
    if (near)
        return ynode_err(key, KE_YAML, c->err, "%s; did you mean \"%s\"?", what, near);
    return ynode_err(key, KE_YAML, c->err,
                     "%s; write one of the standard's names, or the tag as 0x54AA01", what);
}

static bool key_tag(struct yaml_in *c, const struct ynode *key, uint32_t *tag)
{
    int64_t number;
    struct bytes name = bytes_of(key->text, key->len);
    const struct kmip_tag *t = kmip_tag_by_name(name);
    if (t) {
        *tag = t->tag;
        return true;
    }
    if (name.n > 2 && name.p[0] == '0' && (name.p[1] | 32) == 'x') {
        if (!text_int(name, 0, 0xFFFFFF, &number))
            return ynode_err(key, KE_YAML, c->err,
                             "\"%.40s\" is no tag; a tag has 24 bits, such as 0x54AA01", key->text);
        *tag = (uint32_t)number;
        return true;
    }
    return unknown_key(c, key);
}

/* --- short forms of structures --- */

static bool short_version(struct yaml_in *c, const struct ynode *n, struct bytes text)
{
    int64_t major, minor;
    const uint8_t *dot = text.n ? memchr(text.p, '.', text.n) : NULL;
    size_t k = dot ? (size_t)(dot - text.p) : 0;
    if (!dot || !text_int(bytes_of(text.p, k), 0, INT32_MAX, &major) ||
        !text_int(bytes_of(dot + 1, text.n - k - 1), 0, INT32_MAX, &minor))
        return ynode_err(n, KE_YAML, c->err, "\"%.40s\" is no Protocol Version; write it as 1.2",
                         n->text);
    ttlv_w_open(c->w, KMIP_TAG_PROTOCOL_VERSION);
    ttlv_w_int(c->w, KMIP_TAG_PROTOCOL_VERSION_MAJOR, (int32_t)major);
    ttlv_w_int(c->w, KMIP_TAG_PROTOCOL_VERSION_MINOR, (int32_t)minor);
    ttlv_w_close(c->w);
    return true;
}

static bool short_name(struct yaml_in *c, uint32_t tag, struct bytes text)
{
    ttlv_w_open(c->w, tag);
    ttlv_w_text(c->w, KMIP_TAG_NAME_VALUE, text);
    ttlv_w_enum(c->w, KMIP_TAG_NAME_TYPE, KMIP_NAME_TYPE_UNINTERPRETED_TEXT_STRING);
    ttlv_w_close(c->w);
    return true;
}

/* Does a scalar stand for a structure here? Not with a type given, and not as a
 * variable that holds the structure itself. */
static bool is_short(struct yaml_in *c, const struct kmip_spot *spot, const struct ynode *n)
{
    struct bytes name;
    struct variable v;
    if (n->tag || ynode_is_null(n) || !(form_is_version(spot) || form_is_name(spot)) ||
        !form_allows(spot, TTLV_STRUCTURE))
        return false;
    return !variable_whole(n, &name) || !variable_get(n, name, c->env, &v, NULL) ||
           v.type != TTLV_STRUCTURE;
}

static bool short_form(struct yaml_in *c, uint32_t tag, const struct kmip_spot *spot,
                       const struct ynode *n)
{
    struct buf text;
    buf_init(&text, BUF_NO_LIMIT);
    bool ok = from_yaml_text(n, c->env, &text, c->err);
    if (ok)
        ok = form_is_version(spot) ? short_version(c, n, buf_bytes(&text))
                                   : short_name(c, tag, buf_bytes(&text));
    buf_clear(&text);
    return ok && from_yaml_written(c, n);
}

/* --- items --- */

static bool leaf(struct yaml_in *c, uint32_t tag, const struct kmip_spot *spot,
                 const struct ynode *n)
{
    struct buf val;
    unsigned type = 0;
    buf_init(&val, c->w->out->limit);
    bool ok = from_yaml_value(n, spot, c->env, &type, &val, c->err);
    if (ok) {
        ttlv_w_value(c->w, tag, type, buf_bytes(&val));
        ok = from_yaml_written(c, n);
        if (type != TTLV_STRUCTURE)
            kmip_walk_note(c->walk, tag, type, buf_bytes(&val));
    }
    buf_clear(&val);
    return ok;
}

bool from_yaml_structure(struct yaml_in *c, uint32_t tag, const struct ynode *n,
                         const struct ynode *map)
{
    ttlv_w_open(c->w, tag);
    if (!from_yaml_written(c, n))
        return false;
    if (!kmip_walk_enter(c->walk, tag))
        return ynode_err(n, KE_YAML, c->err, "structures are nested deeper than %u levels",
                         TTLV_MAX_DEPTH);
    bool ok = !map || from_yaml_map(c, map);
    kmip_walk_leave(c->walk);
    ttlv_w_close(c->w);
    return ok && from_yaml_written(c, n);
}

static bool map_item(struct yaml_in *c, uint32_t tag, const struct kmip_spot *spot,
                     const struct ynode *n)
{
    unsigned type;
    char types[160];
    if (!from_yaml_tag(n, &type, c->err))
        return false;
    if (type ? type != TTLV_STRUCTURE : !form_allows(spot, TTLV_STRUCTURE))
        return ynode_err(n, KE_YAML, c->err, "%s: a map stands where %s is expected",
                         form_field(spot),
                         type ? ttlv_type_name(type) : form_types_text(spot, types, sizeof types));
    return from_yaml_structure(c, tag, n, n);
}

bool from_yaml_item(struct yaml_in *c, uint32_t tag, const struct ynode *n)
{
    struct kmip_spot spot = kmip_walk_look(c->walk, tag);
    if (from_yaml_tagged(n, "!raw"))
        return from_yaml_raw(c, n);
    if (from_yaml_tagged(n, "!item"))
        return from_yaml_wrong_item(c, tag, n);
    if (n->kind == YNODE_MAP)
        return map_item(c, tag, &spot, n);
    if (n->kind == YNODE_SEQ && !form_is_mask(&spot))
        return ynode_err(n, KE_YAML, c->err, "%s: a sequence inside a sequence has no meaning",
                         form_field(&spot));
    if (ynode_is_null(n) &&
        (n->tag ? from_yaml_tagged(n, "!Structure") : form_structure_only(&spot)))
        return from_yaml_structure(c, tag, n, NULL);
    if (n->kind == YNODE_SCALAR && is_short(c, &spot, n))
        return short_form(c, tag, &spot, n);
    return leaf(c, tag, &spot, n);
}

/* A sequence repeats its field, except for a mask, where it is one value. */
static bool field(struct yaml_in *c, const struct ynode *key, const struct ynode *val)
{
    uint32_t tag = 0;
    if (strcmp(key->text, "!raw") == 0 || from_yaml_tagged(key, "!raw"))
        return from_yaml_raw(c, val);
    if (strcmp(key->text, "Attributes") == 0)
        return from_yaml_attributes(c, val);
    if (!key_tag(c, key, &tag))
        return false;
    if (val->kind != YNODE_SEQ)
        return from_yaml_item(c, tag, val);
    struct kmip_spot spot = kmip_walk_look(c->walk, tag);
    if (form_is_mask(&spot))
        return val->n == 0 || from_yaml_item(c, tag, val);
    if (val->tag)
        return ynode_err(val, KE_YAML, c->err,
                         "%s: %s stands before a sequence; put it before each entry",
                         form_field(&spot), val->tag);
    for (size_t i = 0; i < val->n; i++)
        if (!from_yaml_item(c, tag, val->vals[i]))
            return false;
    return true;
}

bool from_yaml_map(struct yaml_in *c, const struct ynode *map)
{
    for (size_t i = 0; i < map->n; i++)
        if (!field(c, map->keys[i], map->vals[i]))
            return false;
    return true;
}

bool from_yaml_fields(const struct ynode *node, struct kmip_walk *walk, const struct form_env *env,
                      struct ttlv_writer *w, struct kerr *err)
{
    struct yaml_in c = {walk, env, w, err};
    if (node->kind != YNODE_MAP && !ynode_is_null(node))
        return ynode_err(node, KE_YAML, err, "a map of fields is expected here, not a %s",
                         node->kind == YNODE_SEQ ? "sequence" : "single value");
    if (w->failed)
        return from_yaml_written(&c, node);
    return node->kind != YNODE_MAP || from_yaml_map(&c, node);
}

bool from_yaml_field(const struct ynode *key, const struct ynode *value, struct kmip_walk *walk,
                     const struct form_env *env, struct ttlv_writer *w, struct kerr *err)
{
    struct yaml_in c = {walk, env, w, err};
    return w->failed ? from_yaml_written(&c, key) : field(&c, key, value);
}

bool from_yaml_message(const struct ynode *node, const struct form_env *env, struct buf *out,
                       struct kerr *err)
{
    struct kmip_walk walk;
    struct ttlv_writer w;
    if (!node)
        return kerr_set(err, KE_YAML,
                        "the document is empty, a Request Message or Response Message is expected");
    if (node->kind != YNODE_MAP || node->n != 1)
        return ynode_err(node, KE_YAML, err,
                         "a message is a map with one key, Request Message or Response Message");
    const struct ynode *key = node->keys[0];
    const struct kmip_tag *t = kmip_tag_by_name(bytes_of(key->text, key->len));
    bool raw = strcmp(key->text, "!raw") == 0 || from_yaml_tagged(key, "!raw");
    if (!raw && !(t && (t->tag == KMIP_TAG_REQUEST_MESSAGE || t->tag == KMIP_TAG_RESPONSE_MESSAGE)))
        return ynode_err(key, KE_YAML, err,
                         "\"%.80s\" is no message; write Request Message or Response Message",
                         key->text);
    if (node->vals[0]->kind == YNODE_SEQ)
        return ynode_err(node->vals[0], KE_YAML, err,
                         "a file holds one message, not a sequence of them");
    kmip_walk_init(&walk);
    ttlv_w_init(&w, out, err);
    return from_yaml_fields(node, &walk, env, &w, err) && ttlv_w_finish(&w);
}
