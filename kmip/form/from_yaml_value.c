/* Scalars of a YAML message into the value of one item (from_yaml.h).
 *
 * The type comes from a YAML tag, else from the place, else from the look of the
 * scalar; then one reader per type takes it. A value that may be secret is never
 * repeated in an error. */
#include <inttypes.h>
#include <stdio.h>

#include "kmip/base/clock.h"
#include "kmip/base/text.h"
#include "kmip/form/from_yaml_in.h"
#include "kmip/form/leaf.h"
#include "kmip/form/variable.h"

struct scalar {
    const struct ynode *node;
    const struct kmip_spot *spot;
    struct bytes s; /* text with variables replaced */
    bool quoted;    /* cannot be a number, Boolean or null */
    bool as_text;   /* !text */
    struct buf *out;
    struct kerr *err;
};

static bool put32(const struct scalar *v, uint32_t n)
{
    uint8_t b[4];
    be32_put(b, n);
    return buf_put(v->out, b, sizeof b);
}

static bool put64(const struct scalar *v, uint64_t n)
{
    uint8_t b[8];
    be64_put(b, n);
    return buf_put(v->out, b, sizeof b);
}

/* Around keys only what should have been a name is worth the risk of quoting. */
static bool may_quote(const struct kmip_spot *spot)
{
    return spot->secrecy < KMIP_GUARDED || (spot->secrecy == KMIP_GUARDED && spot->en);
}

/* Refuses the value: `"..." is no WHAT`. */
static bool refuse(const struct scalar *v, const char *what)
{
    struct buf shown;
    buf_init(&shown, 1024);
    if (!may_quote(v->spot)) {
        buf_puts(&shown, "the value");
    } else {
        buf_putc(&shown, '"');
        text_quote(&shown, v->s, 60);
        buf_putc(&shown, '"');
    }
    ynode_err(v->node, KE_YAML, v->err, "%s: %s is no %s", form_field(v->spot), buf_cstr(&shown),
              what);
    buf_clear(&shown);
    return false;
}

/* The same for a name, with the nearest one that exists. */
static bool refuse_name(const struct scalar *v, const struct kmip_enum *en, struct bytes bad)
{
    const char *names[512];
    char text[128], what[320];
    size_t n = 0;
    for (; n < en->n && n < sizeof names / sizeof *names; n++)
        names[n] = en->values[n].name;
    snprintf(text, sizeof text, "%.*s", bad.n > 100 ? 100 : (int)bad.n, (const char *)bad.p);
    const char *near = text_nearest(text, names, n);
    if (near)
        snprintf(what, sizeof what, "%s; did you mean \"%s\"?", en->name, near);
    else
        snprintf(what, sizeof what,
                 "%s; write one of the standard's names or a number such as 0x%08X", en->name,
                 en->mask ? 1u : 0x80000001u);
    struct scalar part = *v;
    part.s = bad;
    return refuse(&part, what);
}

/* --- one reader per type --- */

static bool read_integer(const struct scalar *v)
{
    const struct kmip_enum *mask = form_enum(v->spot, TTLV_INTEGER);
    int64_t n;
    uint32_t bits;
    struct bytes bad;
    if (mask)
        return form_mask_read(mask, v->s, &bits, &bad) ? put32(v, bits) : refuse_name(v, mask, bad);
    bool hex = v->s.n > 2 && v->s.p[0] == '0' && (v->s.p[1] | 32) == 'x';
    if (!text_int(v->s, INT32_MIN, hex ? UINT32_MAX : INT32_MAX, &n))
        return refuse(v, "Integer; write a whole number from -2147483648 to 2147483647");
    return put32(v, (uint32_t)n);
}

static bool read_long(const struct scalar *v)
{
    int64_t n;
    if (!text_int(v->s, INT64_MIN, INT64_MAX, &n))
        return refuse(v, "Long Integer; write a whole number of 64 bits");
    return put64(v, (uint64_t)n);
}

static bool read_big(const struct scalar *v)
{
    struct buf raw, item;
    struct ttlv_writer w;
    buf_init(&raw, BUF_NO_LIMIT);
    buf_init(&item, BUF_NO_LIMIT);
    bool ok = text_unhex(v->s, &raw) && raw.n > 0;
    if (!ok) {
        refuse(v, "Big Integer; write its two's complement in hexadecimal, such as 00FF");
    } else {
        ttlv_w_init(&w, &item, v->err);
        ttlv_w_big(&w, 0, buf_bytes(&raw));
        ok = ttlv_w_finish(&w) && buf_put(v->out, item.p + TTLV_HEADER, item.n - TTLV_HEADER);
    }
    buf_clear(&raw);
    buf_clear(&item);
    return ok;
}

static bool read_enum(const struct scalar *v)
{
    const struct kmip_enum *en = form_enum(v->spot, TTLV_ENUMERATION);
    const struct kmip_enum_value *name = en ? kmip_enum_by_text(en, v->s) : NULL;
    int64_t n;
    if (name)
        return put32(v, name->value);
    if (text_int(v->s, 0, UINT32_MAX, &n))
        return put32(v, (uint32_t)n);
    if (en)
        return refuse_name(v, en, v->s);
    return refuse(v, "number; this Enumeration has no names here, write one such as 0x80000001");
}

static bool read_bool(const struct scalar *v)
{
    bool b;
    if (!text_bool(v->s, &b))
        return refuse(v, "Boolean; write true or false");
    return put64(v, b);
}

static bool read_text(const struct scalar *v)
{
    if (!text_utf8(v->s))
        return refuse(v,
                      "Text String; it is not UTF-8 (write it with !item to send it all the same)");
    return buf_put_bytes(v->out, v->s);
}

static bool read_bytes(const struct scalar *v)
{
    if (v->as_text)
        return buf_put_bytes(v->out, v->s);
    size_t before = v->out->n;
    if (text_unhex(v->s, v->out))
        return true;
    if (!v->out->failed)
        buf_truncate(v->out, before);
    return refuse(
        v, "Byte String; write pairs of hexadecimal digits, or !text for the bytes of a text");
}

static bool read_date(const struct scalar *v)
{
    int64_t s;
    if (!text_date(v->s, &s))
        return refuse(v, "Date-Time; write 2026-01-31T12:00:00Z, seconds since 1970, or $NOW");
    return put64(v, (uint64_t)s);
}

static bool read_interval(const struct scalar *v)
{
    int64_t n;
    if (text_int(v->s, 0, UINT32_MAX, &n))
        return put32(v, (uint32_t)n);
    if (text_duration(v->s, &n) && n >= 0 && n % NS_PER_S == 0 && n / NS_PER_S <= UINT32_MAX)
        return put32(v, (uint32_t)(n / NS_PER_S));
    return refuse(v, "Interval; write seconds, or a duration such as 90s or 2h");
}

static bool (*const readers[])(const struct scalar *) = {
    [TTLV_INTEGER] = read_integer,   [TTLV_LONG_INTEGER] = read_long,
    [TTLV_BIG_INTEGER] = read_big,   [TTLV_ENUMERATION] = read_enum,
    [TTLV_BOOLEAN] = read_bool,      [TTLV_TEXT_STRING] = read_text,
    [TTLV_BYTE_STRING] = read_bytes, [TTLV_DATE_TIME] = read_date,
    [TTLV_INTERVAL] = read_interval,
};

/* --- which type --- */

bool from_yaml_tag(const struct ynode *n, unsigned *type, struct kerr *err)
{
    static const char *const known[] = {"!Structure",   "!Integer",  "!LongInteger", "!BigInteger",
                                        "!Enumeration", "!Boolean",  "!TextString",  "!ByteString",
                                        "!DateTime",    "!Interval", "!text",        "!item",
                                        "!raw",         "!indexed"};
    *type = 0;
    if (!n->tag || strcmp(n->tag, "!text") == 0)
        return true;
    if (strcmp(n->tag, "!redacted") == 0)
        return ynode_err(
            n, KE_YAML, err,
            "the value was redacted when this file was written; it cannot be read back "
            "(write the file with secrets shown)");
    *type = ttlv_type_by_name(bytes_str(n->tag + (n->tag[0] == '!')));
    if (*type)
        return true;
    const char *near = text_nearest(n->tag, known, sizeof known / sizeof *known);
    if (near && strcmp(near, n->tag) == 0)
        return ynode_err(n, KE_YAML, err, "%s cannot stand here", n->tag);
    return ynode_err(n, KE_YAML, err, "unknown tag %.60s%s%s%s", n->tag,
                     near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

/* In a place for any type, a plain scalar that looks like a number or a Boolean is
 * one; everything else is text. */
static unsigned type_by_look(const struct scalar *v)
{
    int64_t n;
    if (v->as_text)
        return TTLV_BYTE_STRING;
    if (v->quoted)
        return TTLV_TEXT_STRING;
    if (text_int(v->s, INT32_MIN, INT32_MAX, &n))
        return TTLV_INTEGER;
    if (text_int(v->s, INT64_MIN, INT64_MAX, &n))
        return TTLV_LONG_INTEGER;
    return bytes_eq_str(v->s, "true") || bytes_eq_str(v->s, "false") ? TTLV_BOOLEAN
                                                                     : TTLV_TEXT_STRING;
}

static bool pick_type(const struct scalar *v, unsigned *type)
{
    char types[160];
    if (*type)
        return true;
    *type = form_leaf_type(v->spot);
    if (!*type && !form_structure_only(v->spot))
        *type = type_by_look(v);
    if (*type && form_allows(v->spot, *type))
        return true;
    return ynode_err(v->node, KE_YAML, v->err, "%s: one value stands where %s is expected",
                     form_field(v->spot), form_types_text(v->spot, types, sizeof types));
}

static bool read_scalar(const struct scalar *v, unsigned *type)
{
    if (ynode_is_null(v->node) && !v->node->tag)
        return ynode_err(v->node, KE_YAML, v->err, "%s has no value; write \"\" for an empty one",
                         form_field(v->spot));
    if (!pick_type(v, type))
        return false;
    if (v->as_text && *type != TTLV_BYTE_STRING && *type != TTLV_TEXT_STRING)
        return ynode_err(v->node, KE_YAML, v->err, "%s: !text gives bytes, but the field is a %s",
                         form_field(v->spot), ttlv_type_name(*type));
    if (*type >= sizeof readers / sizeof *readers || !readers[*type])
        return ynode_err(v->node, KE_YAML, v->err,
                         "%s: a Structure is written as a map of its fields", form_field(v->spot));
    if (readers[*type](v))
        return true;
    /* A reader that could not put its bytes has said nothing yet. */
    return ynode_err(v->node, v->out->too_long ? KE_TTLV_SIZE : KE_MEMORY, v->err,
                     "%s: the value is too long", form_field(v->spot));
}

/* --- variables --- */

/* May the bytes of a variable stand for a value of type `asked` (0: any that the
 * place allows)? A type asked for takes any bytes of its length. */
static bool variable_fits(const struct kmip_spot *spot, const struct variable *var, unsigned asked)
{
    int len = ttlv_type_length(asked);
    if (asked == 0)
        return form_allows(spot, var->type);
    if (asked == var->type)
        return true;
    if (asked == TTLV_BIG_INTEGER)
        return var->val.n > 0 && var->val.n % 8 == 0;
    return asked != TTLV_STRUCTURE && (len < 0 || var->val.n == (size_t)len);
}

/* A variable that knows its type: its bytes, if they may stand here. */
static bool typed_variable(const struct scalar *v, const struct variable *var, struct bytes name,
                           unsigned *type)
{
    char types[160];
    if (!variable_fits(v->spot, var, *type)) {
        const char *expected =
            *type ? ttlv_type_name(*type) : form_types_text(v->spot, types, sizeof types);
        return ynode_err(v->node, KE_YAML, v->err, "%s: $%.*s holds a %s, expected %s",
                         form_field(v->spot), name.n > 60 ? 60 : (int)name.n, (const char *)name.p,
                         ttlv_type_name(var->type), expected);
    }
    if (*type == 0)
        *type = var->type;
    if (buf_put_bytes(v->out, var->val))
        return true;
    return ynode_err(v->node, v->out->too_long ? KE_TTLV_SIZE : KE_MEMORY, v->err,
                     "%s: the value is too long", form_field(v->spot));
}

/* A sequence of names for a mask: the bits of each together. */
static bool mask_sequence(struct scalar *v, const struct form_env *env, unsigned *type)
{
    uint32_t all = 0;
    const struct ynode *seq = v->node;
    struct buf text;
    if (*type && *type != TTLV_INTEGER)
        return ynode_err(seq, KE_YAML, v->err,
                         "%s: a sequence stands for a mask, which is an Integer",
                         form_field(v->spot));
    buf_init(&text, 64 << 10);
    bool ok = true;
    for (size_t i = 0; ok && i < seq->n; i++) {
        uint32_t bits = 0;
        struct bytes bad;
        v->node = seq->vals[i];
        buf_reset(&text);
        ok = from_yaml_text(v->node, env, &text, v->err);
        v->s = buf_bytes(&text);
        if (ok && !form_mask_read(v->spot->en, v->s, &bits, &bad))
            ok = refuse_name(v, v->spot->en, bad);
        all |= bits;
    }
    v->node = seq;
    *type = TTLV_INTEGER;
    buf_clear(&text);
    return ok && put32(v, all);
}

bool from_yaml_value(const struct ynode *node, const struct kmip_spot *spot,
                     const struct form_env *env, unsigned *type, struct buf *out, struct kerr *err)
{
    char types[160];
    struct bytes name;
    struct variable var = {0};
    struct buf text;
    struct scalar v = {.node = node, .spot = spot, .out = out, .err = err};
    if (!from_yaml_tag(node, type, err))
        return false;
    v.as_text = node->tag && strcmp(node->tag, "!text") == 0;
    v.quoted = !node->plain;
    if (node->kind == YNODE_SEQ && form_is_mask(spot))
        return mask_sequence(&v, env, type);
    if (node->kind != YNODE_SCALAR)
        return ynode_err(node, KE_YAML, err, "%s: a %s stands where one value is expected (%s)",
                         form_field(spot), node->kind == YNODE_MAP ? "map" : "sequence",
                         form_types_text(spot, types, sizeof types));
    if (!memchr(node->text, '$', node->len)) {
        v.s = bytes_of(node->text, node->len);
        return read_scalar(&v, type);
    }
    buf_init(&text, BUF_NO_LIMIT);
    bool ok;
    if (!v.as_text && variable_whole(node, &name)) {
        ok = variable_get(node, name, env, &var, err);
        if (ok && var.type)
            return typed_variable(&v, &var, name, type);
        v.s = var.val;
        v.quoted = false;
    } else {
        ok = from_yaml_text(node, env, &text, err);
        v.s = buf_bytes(&text);
    }
    ok = ok && read_scalar(&v, type);
    buf_clear(&text);
    return ok;
}
