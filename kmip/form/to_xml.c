/* KMIP XML out (form.h): what from_xml reads back into the same bytes.
 *
 * Every item has its type, and so any message can be written whose items are sound and
 * whose padding is zero. An item of a type that its tag does not have is written by number,
 * <TTLV tag="...">, as are tags without a name. */
#include <inttypes.h>

#include "kmip/base/text.h"
#include "kmip/form/form.h"
#include "kmip/form/leaf.h"
#include "kmip/form/variable.h"
#include "kmip/schema/walk.h"
#include "kmip/ttlv/reader.h"

struct xml_out {
    struct bytes msg;
    const struct form_options *o;
    struct kmip_walk walk;
    struct buf *out;
    struct kerr *err;
};

static bool fail(struct xml_out *x, const struct ttlv_item *it, const char *what)
{
    char path[sizeof x->err->path];

    ttlv_path_at(x->msg, it->off, &kmip_namer, path, sizeof path);
    return kerr_set_at(x->err, KE_VALUE, it->off, path, "%s", what);
}

/* --- text ------------------------------------------------------------------------ */

/* Characters that XML can say in an attribute (XML 1.0, 2.2); s is UTF-8. */
static bool sayable(struct bytes s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < ' ' && !(s.p[i] && strchr("\t\n\r", s.p[i])))
            return false;
        /* U+FFFE and U+FFFF */
        if (s.p[i] == 0xEF && i + 2 < s.n && s.p[i + 1] == 0xBF && s.p[i + 2] >= 0xBE)
            return false;
    }
    return text_utf8(s);
}

static void put_escaped(struct buf *out, struct bytes s)
{
    for (size_t i = 0; i < s.n; i++)
        switch (s.p[i]) {
        case '&':
            buf_puts(out, "&amp;");
            break;
        case '<':
            buf_puts(out, "&lt;");
            break;
        case '>':
            buf_puts(out, "&gt;");
            break;
        case '"':
            buf_puts(out, "&quot;");
            break;
        case '\t':
        case '\n':
        case '\r': /* a reader would make a blank of it */
            buf_printf(out, "&#%u;", s.p[i]);
            break;
        default:
            buf_putc(out, (char)s.p[i]);
        }
}

/* --- leaves ------------------------------------------------------------------------ */

typedef void leaf_fn(struct buf *, const struct kmip_spot *, const struct ttlv_item *);

static void leaf_integer(struct buf *out, const struct kmip_spot *spot, const struct ttlv_item *it)
{
    const struct kmip_enum *mask = form_enum(spot, TTLV_INTEGER);
    uint32_t v = ttlv_enum(it), known = 0;

    for (unsigned i = 0; mask && i < mask->n; i++)
        known |= mask->values[i].value;
    if (!mask) {
        buf_printf(out, "%" PRId32, ttlv_int(it));
        return;
    }
    if (v == 0 || (v & ~known)) {
        buf_printf(out, "0x%08" PRIX32, v);
        return;
    }
    const char *between = "";
    for (unsigned i = 0; i < mask->n; i++)
        if (v & mask->values[i].value) {
            buf_printf(out, "%s%s", between, mask->values[i].xml);
            between = " ";
        }
}

static void leaf_long(struct buf *out, const struct kmip_spot *spot, const struct ttlv_item *it)
{
    (void)spot;
    buf_printf(out, "%" PRId64, ttlv_long(it));
}

static void leaf_hex(struct buf *out, const struct kmip_spot *spot, const struct ttlv_item *it)
{
    (void)spot;
    buf_hex(out, it->val);
}

static void leaf_enum(struct buf *out, const struct kmip_spot *spot, const struct ttlv_item *it)
{
    uint32_t v = ttlv_enum(it);
    const struct kmip_enum *en = form_enum(spot, TTLV_ENUMERATION);
    const struct kmip_enum_value *name = en ? kmip_enum_value(en, v) : NULL;
    const struct kmip_enum_value *back = name ? kmip_enum_by_text(en, bytes_str(name->xml)) : NULL;

    if (back && back->value == v)
        buf_puts(out, name->xml);
    else
        buf_printf(out, "0x%08" PRIX32, v);
}

static void leaf_bool(struct buf *out, const struct kmip_spot *spot, const struct ttlv_item *it)
{
    (void)spot;
    buf_puts(out, ttlv_bool(it) ? "true" : "false");
}

static void leaf_text(struct buf *out, const struct kmip_spot *spot, const struct ttlv_item *it)
{
    (void)spot;
    put_escaped(out, it->val);
}

static void leaf_date(struct buf *out, const struct kmip_spot *spot, const struct ttlv_item *it)
{
    char date[40];

    (void)spot;
    buf_puts(out, text_date_out(ttlv_long(it), date)); /* seconds where there is no year for it */
}

static void leaf_interval(struct buf *out, const struct kmip_spot *spot, const struct ttlv_item *it)
{
    (void)spot;
    buf_printf(out, "%" PRIu32, ttlv_enum(it));
}

static leaf_fn *const leaf_value[] = {
    [TTLV_INTEGER] = leaf_integer,   [TTLV_LONG_INTEGER] = leaf_long,
    [TTLV_BIG_INTEGER] = leaf_hex,   [TTLV_ENUMERATION] = leaf_enum,
    [TTLV_BOOLEAN] = leaf_bool,      [TTLV_TEXT_STRING] = leaf_text,
    [TTLV_BYTE_STRING] = leaf_hex,   [TTLV_DATE_TIME] = leaf_date,
    [TTLV_INTERVAL] = leaf_interval,
};

/* Would from_xml take this text for a variable? */
static bool looks_variable(const struct ttlv_item *it)
{
    struct ynode n = {.kind = YNODE_SCALAR, .text = (const char *)it->val.p, .len = it->val.n};
    struct bytes name;

    return it->type == TTLV_TEXT_STRING && variable_whole(&n, &name);
}

static bool leaf(struct xml_out *x, const struct kmip_spot *spot, const struct ttlv_item *it)
{
    for (uint64_t i = it->len; i < ttlv_padded(it->len); i++)
        if (it->val.p[i] != 0)
            return fail(x, it, "the padding is not zero, which XML cannot say; --yaml can");
    if (!form_is_plain_item(it))
        return fail(x, it, "needless sign bytes, which XML cannot say; --yaml can");
    if (it->type == TTLV_TEXT_STRING && !sayable(it->val)) {
        buf_puts(x->out, " hex=\"");
        buf_hex(x->out, it->val);
        buf_puts(x->out, "\"/>\n");
        return true;
    }
    buf_puts(x->out, " value=\"");
    leaf_value[it->type](x->out, spot, it);
    buf_puts(x->out, looks_variable(it) ? "\" literal=\"true\"/>\n" : "\"/>\n");
    return true;
}

/* --- items -------------------------------------------------------------------------- */

static bool fields(struct xml_out *x, const struct ttlv_item *parent, unsigned indent);

/* The element's name, by number if the name would not be read back as this item. */
static const char *open_element(struct xml_out *x, const struct kmip_spot *spot,
                                const struct ttlv_item *it)
{
    const struct kmip_tag *t = kmip_tag(it->tag);
    const struct kmip_tag *back = t ? kmip_tag_by_name(bytes_str(t->xml)) : NULL;
    bool named = back == t && t && form_allows(spot, it->type);
    const char *name = named ? t->xml : "TTLV";

    buf_printf(x->out, "<%s", name);
    if (!named)
        buf_printf(x->out, " tag=\"0x%06" PRIX32 "\"", it->tag);
    if (it->type != TTLV_STRUCTURE) {
        buf_puts(x->out, " type=\"");
        form_put_type(x->out, it->type);
        buf_putc(x->out, '"');
    }
    return name;
}

static bool item(struct xml_out *x, const struct ttlv_item *it, unsigned indent)
{
    struct kmip_spot spot = kmip_walk_look(&x->walk, it->tag);

    buf_fill(x->out, ' ', indent);
    const char *name = open_element(x, &spot, it);
    if (form_hides(x->o, &spot, it)) {
        buf_printf(x->out, " redacted=\"%" PRIu32 "\"/>\n", it->len);
        if (it->type != TTLV_STRUCTURE)
            kmip_walk_note(&x->walk, it->tag, it->type, it->val);
        return true;
    }
    if (it->type != TTLV_STRUCTURE) {
        kmip_walk_note(&x->walk, it->tag, it->type, it->val);
        return leaf(x, &spot, it);
    }
    if (it->len == 0) {
        buf_puts(x->out, "/>\n");
        return true;
    }
    if (!kmip_walk_enter_as(&x->walk, it->tag, &spot))
        return fail(x, it, "structures are nested too deeply");
    buf_puts(x->out, ">\n");
    bool ok = fields(x, it, indent + 2);
    kmip_walk_leave(&x->walk);
    buf_fill(x->out, ' ', indent);
    buf_printf(x->out, "</%s>\n", name);
    return ok;
}

static bool fields(struct xml_out *x, const struct ttlv_item *parent, unsigned indent)
{
    struct ttlv_reader r;
    struct ttlv_item it;
    bool ok = true;

    ttlv_r_children(&r, x->msg, parent, NULL);
    while (ok && ttlv_r_next(&r, &it))
        ok = item(x, &it, indent);
    return ok;
}

bool form_xml(struct bytes msg, const struct form_options *o, struct buf *out, struct kerr *err)
{
    static const struct form_options none = {.show_secrets = false};
    const struct ttlv_limits limits = {
        .size = UINT32_MAX, .items = UINT32_MAX, .depth = TTLV_MAX_DEPTH};
    struct kerr own = KERR_INIT;
    struct xml_out x = {.msg = msg, .o = o ? o : &none, .out = out, .err = err ? err : &own};
    struct ttlv_item all = {.type = TTLV_STRUCTURE, .len = (uint32_t)msg.n, .val = msg};

    if (!ttlv_check(msg, &limits, NULL, &kmip_namer, NULL, x.err))
        return false;
    kmip_walk_init(&x.walk);
    return fields(&x, &all, x.o->indent) &&
           (!out->failed || kerr_set(x.err, KE_MEMORY, "no room for the message as XML"));
}
