/* Elements of KMIP XML into items (from_xml.h). Names, types and what may stand where are
 * the schema's; the values of each type are read by from_yaml_value.
 *
 * An element with a name must have a type that its tag has: another one is a slip far more
 * often than meant. <TTLV tag="..."> is for what is meant. */
#include "kmip/form/from_xml.h"

#include <stdio.h>

#include "kmip/base/text.h"
#include "kmip/form/leaf.h"
#include "kmip/form/variable.h"

#define VALUE_MAX (64u << 20)

struct xml_in {
    struct kmip_walk walk;
    const struct form_env *env;
    struct ttlv_writer w;
    struct arena scratch; /* of one value */
    struct kerr *err;
};

/* --- names ------------------------------------------------------------------------- */

#define MAX_NAMES 1024u

/* The nearest name: among the fields that belong here, else among all tags. */
static const char *nearest_name(const struct kmip_walk *walk, const char *name)
{
    const char *names[MAX_NAMES];
    const struct kmip_struct *def = walk && walk->depth ? walk->frame[walk->depth - 1].def : NULL;
    size_t n = 0;

    for (unsigned i = 0; def && i < def->n; i++) {
        const struct kmip_tag *t = kmip_tag(def->fields[i].tag);
        if (t)
            names[n++] = t->xml;
    }
    const char *near = text_nearest(name, names, n);
    if (near)
        return near;
    for (n = 0; n < kmip_n_tags && n < MAX_NAMES; n++)
        names[n] = kmip_tags[n].xml;
    return text_nearest(name, names, n);
}

static bool by_number(const struct xnode *n)
{
    return strcmp(n->name, "TTLV") == 0;
}

bool from_xml_tag(const struct xnode *n, const struct kmip_walk *walk, uint32_t *tag,
                  struct kerr *err)
{
    const char *given = xnode_attr(n, "tag");
    int64_t number;

    if (by_number(n)) {
        if (!given || !text_int(bytes_str(given), 1, 0xFFFFFF, &number))
            return xnode_err(n, KE_XML, err,
                             "TTLV: a tag of 24 bits is missing: <TTLV tag=\"0x540001\" ...>");
        *tag = (uint32_t)number;
        return true;
    }
    const struct kmip_tag *t = kmip_tag_by_name(bytes_str(n->name));
    if (t) {
        *tag = t->tag;
        return true;
    }
    const char *near = nearest_name(walk, n->name);
    return xnode_err(n, KE_XML, err,
                     near ? "<%.80s> is no field of the standard; did you mean <%s>?"
                          : "<%.80s> is no field of the standard; a tag by number is <TTLV "
                            "tag=\"0x540001\" ...>%s",
                     n->name, near ? near : "");
}

bool from_xml_type(const struct xnode *n, unsigned *type, struct kerr *err)
{
    static const char *const names[] = {"Structure",   "Integer",    "LongInteger", "BigInteger",
                                        "Enumeration", "Boolean",    "TextString",  "ByteString",
                                        "DateTime",    "Interval"};
    const char *given = xnode_attr(n, "type");

    *type = given ? ttlv_type_by_name(bytes_str(given)) : TTLV_STRUCTURE;
    if (*type)
        return true;
    const char *near = text_nearest(given, names, sizeof names / sizeof *names);
    return xnode_err(n, KE_XML, err, "%s: there is no type \"%.40s\"%s", n->name, given,
                     text_hint(near).text);
}

/* --- values ------------------------------------------------------------------------ */

bool from_xml_variable(const struct xnode *n, struct bytes *name)
{
    const char *value = xnode_attr(n, "value"), *literal = xnode_attr(n, "literal");
    struct ynode scalar = xnode_scalar(n, value ? value : "");

    return !(literal && strcmp(literal, "true") == 0) && variable_whole(&scalar, name);
}

/* "Encrypt  Decrypt" with bars between the names; a number stays as it is. */
static void put_mask(const char *value, struct buf *out)
{
    while (*value) {
        size_t n = strcspn(value, " \t\r\n|");
        if (n > 0) {
            buf_printf(out, "%s%.*s", out->n ? " | " : "", (int)n, value);
            value += n;
        } else {
            value++;
        }
    }
}

static void put_dollars(const char *value, struct buf *out)
{
    for (; *value; value++) {
        if (*value == '$')
            buf_putc(out, '$');
        buf_putc(out, *value);
    }
}

/* Blanks around a value that is no text mean nothing. */
static void put_trimmed(const char *value, struct buf *out)
{
    size_t n;

    value += strspn(value, " \t\r\n");
    for (n = strlen(value); n > 0 && strchr(" \t\r\n", value[n - 1]); n--)
        ;
    buf_put(out, value, n);
}

const char *from_xml_scalar(const struct xnode *n, unsigned type, struct arena *a)
{
    const char *value = xnode_attr(n, "value");
    struct bytes name;
    struct buf out;

    if (!value || from_xml_variable(n, &name))
        return value ? value : "";
    buf_init(&out, VALUE_MAX);
    if (type == TTLV_TEXT_STRING)
        put_dollars(value, &out);
    else if (type == TTLV_INTEGER)
        put_mask(value, &out);
    else
        put_trimmed(value, &out);
    const char *copy = out.failed ? NULL : arena_str(a, buf_cstr(&out));
    buf_clear(&out);
    return copy;
}

/* What from_yaml_value would say with YAML's own words. */
static bool check_value(struct xml_in *c, const struct xnode *n, unsigned type)
{
    const char *value = xnode_attr(n, "value");
    bool hex = type == TTLV_BYTE_STRING || type == TTLV_BIG_INTEGER, ok = true;
    struct bytes name;

    if (from_xml_variable(n, &name))
        return type == TTLV_DATE_TIME || name.n < 3 || memcmp(name.p, "NOW", 3) != 0 ||
               (name.n > 3 && name.p[3] != '+' && name.p[3] != '-') ||
               xnode_err(n, KE_XML, c->err, "%s: \"%s\" is a date, and the type is %s", n->name,
                         value, ttlv_type_name(type));
    if (hex) {
        struct buf ignored;
        buf_init(&ignored, VALUE_MAX);
        ok = text_unhex(bytes_str(value), &ignored);
        buf_clear(&ignored);
    }
    return ok || xnode_err(n, KE_XML, c->err,
                           "%s: the value is no %s; write pairs of hexadecimal digits", n->name,
                           ttlv_type_name(type));
}

static bool written(struct xml_in *c, const struct xnode *n)
{
    if (!c->w.failed)
        return true;
    return c->err->code ? kerr_wrap(c->err, "%s:%u:%u", n->file, n->line, n->col)
                        : xnode_err(n, KE_TTLV_SIZE, c->err, "the item cannot be written");
}

/* hex="...": a text that XML has no characters for. */
static bool text_in_hex(struct xml_in *c, const struct xnode *n, unsigned type, struct buf *out)
{
    return (type == TTLV_TEXT_STRING && !xnode_attr(n, "value") &&
            text_unhex(bytes_str(xnode_attr(n, "hex")), out)) ||
           xnode_err(n, KE_XML, c->err,
                     "%s: hex=\"...\" stands in place of the value of a TextString, and is pairs of "
                     "hexadecimal digits",
                     n->name);
}

static bool value(struct xml_in *c, const struct xnode *n, unsigned type,
                  const struct kmip_spot *spot, struct buf *out)
{
    char yaml_tag[24];
    struct buf name;
    const char *text = check_value(c, n, type) ? from_xml_scalar(n, type, &c->scratch) : NULL;
    struct ynode scalar = xnode_scalar(n, text ? text : "");

    if (!text)
        return kerr_set(c->err, KE_MEMORY, "no memory for a value");
    buf_init(&name, sizeof yaml_tag);
    form_put_type(&name, type);
    snprintf(yaml_tag, sizeof yaml_tag, "!%s", buf_cstr(&name));
    buf_clear(&name);
    scalar.tag = yaml_tag;
    return from_yaml_value(&scalar, spot, c->env, &type, out, c->err);
}

static bool leaf(struct xml_in *c, const struct xnode *n, uint32_t tag, unsigned type,
                 const struct kmip_spot *spot)
{
    struct buf val;

    buf_init(&val, c->w.out->limit);
    bool ok = xnode_attr(n, "hex") ? text_in_hex(c, n, type, &val) : value(c, n, type, spot, &val);
    if (ok) {
        ttlv_w_value(&c->w, tag, type, buf_bytes(&val));
        ok = written(c, n);
        kmip_walk_note(&c->walk, tag, type, buf_bytes(&val));
    }
    buf_clear(&val);
    arena_clear(&c->scratch);
    return ok;
}

/* --- elements ------------------------------------------------------------------------ */

static bool item(struct xml_in *c, const struct xnode *n);

static bool no_text(struct xml_in *c, const struct xnode *n, const char *text)
{
    return !*text || xnode_err(n, KE_XML, c->err,
                               "text stands between the elements of a message: \"%.40s\"", text);
}

static bool structure(struct xml_in *c, const struct xnode *n, uint32_t tag)
{
    bool ok = true;

    if (xnode_attr(n, "value"))
        return xnode_err(n, KE_XML, c->err,
                         "%s: a Structure has elements, and no value; or its type is missing",
                         n->name);
    ttlv_w_open(&c->w, tag);
    if (!written(c, n))
        return false;
    if (!kmip_walk_enter(&c->walk, tag))
        return xnode_err(n, KE_XML, c->err, "structures are nested deeper than %u levels",
                         TTLV_MAX_DEPTH);
    for (const struct xnode *child = n->first; ok && child; child = child->next)
        ok = no_text(c, child, child->before) && item(c, child);
    kmip_walk_leave(&c->walk);
    ttlv_w_close(&c->w);
    return ok && no_text(c, n, n->trailing) && written(c, n);
}

static bool check_attributes(struct xml_in *c, const struct xnode *n)
{
    static const char *const known[] = {"type", "value",   "tag",     "name",
                                        "hex",  "literal", "redacted"};
    const size_t n_known = sizeof known / sizeof *known;

    if (xnode_attr(n, "redacted"))
        return xnode_err(n, KE_XML, c->err,
                         "%s: the value was redacted when this file was written; it cannot be read "
                         "back (write the file with secrets shown)",
                         n->name);
    for (size_t i = 0; i < n->n_attrs; i++) {
        const char *near = text_nearest(n->attrs[i].name, known, n_known);
        if (!near || strcmp(near, n->attrs[i].name) != 0)
            return xnode_err(n, KE_XML, c->err, "%s: the attribute \"%.40s\" means nothing%s",
                             n->name, n->attrs[i].name, text_hint(near).text);
    }
    return true;
}

static bool item(struct xml_in *c, const struct xnode *n)
{
    char types[160];
    uint32_t tag;
    unsigned type;

    if (!from_xml_tag(n, &c->walk, &tag, c->err) || !check_attributes(c, n) ||
        !from_xml_type(n, &type, c->err))
        return false;
    struct kmip_spot spot = kmip_walk_look(&c->walk, tag);
    if (!by_number(n) && !form_allows(&spot, type))
        return xnode_err(n, KE_XML, c->err, "%s: %s stands where %s is expected%s", n->name,
                         ttlv_type_name(type), form_types_text(&spot, types, sizeof types),
                         type == TTLV_STRUCTURE && !xnode_attr(n, "type") ? " (no type is given)"
                                                                          : "");
    if (type == TTLV_STRUCTURE)
        return structure(c, n, tag);
    if (n->first)
        return xnode_err(n->first, KE_XML, c->err, "<%s> stands inside %s, which is of type %s",
                         n->first->name, n->name, ttlv_type_name(type));
    if (!xnode_attr(n, "value") && !xnode_attr(n, "hex"))
        return xnode_err(n, KE_XML, c->err, "%s: the value is missing", n->name);
    return no_text(c, n, n->trailing) && leaf(c, n, tag, type, &spot);
}

bool from_xml_message(const struct xnode *node, const struct form_env *env, struct buf *out,
                      struct kerr *err)
{
    struct kerr own = KERR_INIT;
    struct xml_in c = {.env = env, .err = err ? err : &own};

    if (strcmp(node->name, "RequestMessage") != 0 && strcmp(node->name, "ResponseMessage") != 0)
        return xnode_err(node, KE_XML, c.err,
                         "<%.80s> stands where <RequestMessage> or <ResponseMessage> is expected",
                         node->name);
    kmip_walk_init(&c.walk);
    ttlv_w_init(&c.w, out, c.err);
    arena_init(&c.scratch, VALUE_MAX);
    bool ok = item(&c, node) && ttlv_w_finish(&c.w);
    arena_clear(&c.scratch);
    return ok;
}
