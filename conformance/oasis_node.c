/* Nodes of a case made from XML elements, and what elements say (oasis_in.h). */
#include <ctype.h>
#include <stdarg.h>

#include "conformance/oasis_in.h"

static void no_memory(struct oasis *o)
{
    kerr_set(o->err, KE_MEMORY, "no memory for the case");
}

static struct ynode *node(struct oasis *o, const struct xnode *at, enum ynode_kind kind,
                          const char *text)
{
    struct ynode *n = arena_alloc(o->arena, sizeof *n);
    const char *copy = n && text ? arena_str(o->arena, text) : NULL;

    if (!n || (text && !copy)) {
        no_memory(o);
        o->nothing = (struct ynode){.kind = kind, .file = "", .text = ""};
        return &o->nothing;
    }
    *n = (struct ynode){.kind = kind,
                        .line = at->line,
                        .col = at->col,
                        .file = o->file,
                        .plain = kind == YNODE_SCALAR,
                        .text = copy ? copy : "",
                        .len = copy ? strlen(copy) : 0};
    return n;
}

struct ynode *oasis_scalar(struct oasis *o, const struct xnode *at, const char *text)
{
    return node(o, at, YNODE_SCALAR, text);
}

struct ynode *oasis_text(struct oasis *o, const struct xnode *at, const char *text)
{
    struct ynode *n = node(o, at, YNODE_SCALAR, text);

    n->plain = false;
    return n;
}

struct ynode *oasis_map(struct oasis *o, const struct xnode *at)
{
    return node(o, at, YNODE_MAP, NULL);
}

struct ynode *oasis_seq(struct oasis *o, const struct xnode *at)
{
    return node(o, at, YNODE_SEQ, NULL);
}

struct ynode *oasis_tagged(struct ynode *n, const char *tag)
{
    n->tag = tag;
    return n;
}

/* Room for one more: arrays double at each power of two. */
static bool grow(struct oasis *o, struct ynode *n)
{
    if (n == &o->nothing)
        return false;
    if ((n->n & (n->n - 1)) != 0 || (n->n > 0 && !n->vals))
        return n->vals != NULL;
    size_t room = n->n ? 2 * n->n : 1;
    struct ynode **vals = arena_array(o->arena, room, sizeof *vals);
    struct ynode **keys = arena_array(o->arena, room, sizeof *keys);
    if (!vals || !keys) {
        no_memory(o);
        return false;
    }
    if (n->n > 0) {
        memcpy(vals, n->vals, n->n * sizeof *vals);
        memcpy(keys, n->keys, n->n * sizeof *keys);
    }
    n->vals = vals;
    n->keys = keys;
    return true;
}

struct ynode *oasis_put(struct oasis *o, struct ynode *map, const char *key, struct ynode *val)
{
    struct xnode at = {.line = map->line, .col = map->col};

    if (!val || !grow(o, map))
        return val;
    at.line = val->line;
    at.col = val->col;
    map->keys[map->n] = oasis_text(o, &at, key);
    map->vals[map->n++] = val;
    return val;
}

struct ynode *oasis_push(struct oasis *o, struct ynode *seq, struct ynode *val)
{
    if (val && grow(o, seq)) {
        seq->keys[seq->n] = &o->nothing;
        seq->vals[seq->n++] = val;
    }
    return val;
}

const char *oasis_format(struct oasis *o, const char *fmt, ...)
{
    struct buf text;
    va_list ap;

    buf_init(&text, 1u << 20);
    va_start(ap, fmt);
    buf_vprintf(&text, fmt, ap);
    va_end(ap);
    const char *copy = text.failed ? NULL : arena_str(o->arena, buf_cstr(&text));
    buf_clear(&text);
    if (!copy)
        no_memory(o);
    return copy ? copy : "";
}

/* ---- elements --------------------------------------------------------------------- */

uint32_t oasis_tag(const struct xnode *n)
{
    uint32_t tag = 0;

    return from_xml_tag(n, NULL, &tag, NULL) ? tag : 0;
}

unsigned oasis_type(const struct xnode *n)
{
    unsigned type = 0;

    return from_xml_type(n, &type, NULL) ? type : 0;
}

const char *oasis_value(const struct xnode *n)
{
    const char *value = n ? xnode_attr(n, "value") : NULL;

    return value ? value : "";
}

bool oasis_is(const struct xnode *n, uint32_t tag)
{
    return n && oasis_tag(n) == tag;
}

const struct xnode *oasis_child(const struct xnode *n, uint32_t tag)
{
    for (const struct xnode *c = n ? n->first : NULL; c; c = c->next)
        if (oasis_is(c, tag))
            return c;
    return NULL;
}

/* Blanks: none at the ends, and of a run at most `keep` (0 or 1). */
static const char *without_blanks(struct oasis *o, const char *text, size_t keep)
{
    char *out = arena_alloc(o->arena, strlen(text) + 1);
    size_t n = 0;

    if (!out) {
        no_memory(o);
        return "";
    }
    for (const char *p = text; *p; p++)
        if (!isspace((unsigned char)*p))
            out[n++] = *p;
        else if (keep && n > 0 && out[n - 1] != ' ')
            out[n++] = ' ';
    if (n > 0 && out[n - 1] == ' ')
        out[n - 1] = 0;
    return out;
}

const char *oasis_name(struct oasis *o, const char *text)
{
    return without_blanks(o, text, 1);
}

const char *oasis_attribute_name(struct oasis *o, const struct xnode *attribute)
{
    return oasis_name(o, oasis_value(oasis_child(attribute, KMIP_TAG_ATTRIBUTE_NAME)));
}

const char *oasis_squeezed(struct oasis *o, const char *text)
{
    return without_blanks(o, text, 0);
}

size_t oasis_uses(const struct xnode *n, const char *value)
{
    size_t count = strcmp(oasis_value(n), value) == 0;

    for (const struct xnode *c = n->first; c; c = c->next)
        count += oasis_uses(c, value);
    return count;
}

const char *oasis_placeholder(const struct xnode *n)
{
    const char *v = oasis_value(n);
    struct bytes name;
    bool now = strncmp(v, "$NOW", 4) == 0 && (!v[4] || v[4] == '+' || v[4] == '-');

    return from_xml_variable(n, &name) && !now ? v : NULL;
}

const struct xnode *oasis_within(const struct xnode *n, const char *name)
{
    const struct xnode *found = strcmp(n->name, name) == 0 ? n : NULL;

    for (const struct xnode *c = n->first; !found && c; c = c->next)
        found = oasis_within(c, name);
    return found;
}

static void write_out(const struct xnode *n, struct buf *out)
{
    buf_printf(out, "<%s %s", n->name, oasis_value(n));
    for (const struct xnode *c = n->first; c; c = c->next)
        write_out(c, out);
    buf_putc(out, '>');
}

const char *oasis_written_out(struct oasis *o, const struct xnode *n)
{
    struct buf text;

    buf_init(&text, 16u << 20);
    write_out(n, &text);
    const char *copy = oasis_format(o, "%s", buf_cstr(&text));
    buf_clear(&text);
    return copy;
}

uint32_t oasis_enum(const struct xnode *n, const char *enumeration)
{
    const struct kmip_enum *e = kmip_enum_by_name(bytes_str(enumeration));
    const struct kmip_enum_value *v =
        n && e ? kmip_enum_by_text(e, bytes_str(oasis_value(n))) : NULL;

    return v ? v->value : 0;
}
