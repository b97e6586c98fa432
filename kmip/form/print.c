/* The text tree, and single values as text (form.h).
 *
 * Everything shown comes from a peer: text is escaped, values are cut at a length,
 * secrets are replaced by their size. */
#include <inttypes.h>

#include "kmip/base/text.h"
#include "kmip/form/form.h"
#include "kmip/form/leaf.h"
#include "kmip/form/tour.h"

#define DEFAULT_MAX 1024u

static size_t max_bytes(const struct form_options *o)
{
    return o && o->max_bytes ? o->max_bytes : DEFAULT_MAX;
}

static void quote(struct buf *out, struct bytes s, size_t max)
{
    bool cut = s.n > max;
    size_t n = cut ? max : s.n;
    for (int i = 0; i < 3 && cut && n > 0 && (s.p[n] & 0xC0) == 0x80; i++)
        n--; /* not in the middle of a character */
    buf_putc(out, '"');
    text_quote(out, bytes_of(s.p, n), SIZE_MAX);
    buf_putc(out, '"');
    if (cut)
        buf_printf(out, "... (%zu bytes)", s.n);
}

static void put_hex(struct buf *out, struct bytes v, size_t max)
{
    buf_hex(out, bytes_of(v.p, v.n > max ? max : v.n));
    if (v.n > max)
        buf_printf(out, "... (%zu bytes)", v.n);
}

/* Per type: how a sound value looks. */
typedef void put_fn(const struct kmip_spot *, const struct ttlv_item *, size_t max, struct buf *);

static void put_structure(const struct kmip_spot *spot, const struct ttlv_item *it, size_t max,
                          struct buf *out)
{
    (void)spot, (void)max;
    buf_printf(out, "structure of %u bytes", it->len);
}

static void put_integer(const struct kmip_spot *spot, const struct ttlv_item *it, size_t max,
                        struct buf *out)
{
    (void)max;
    const struct kmip_enum *mask = form_enum(spot, TTLV_INTEGER);
    if (mask)
        kmip_mask_text(mask, ttlv_enum(it), out);
    else
        buf_printf(out, "%" PRId32, ttlv_int(it));
}

static void put_long(const struct kmip_spot *spot, const struct ttlv_item *it, size_t max,
                     struct buf *out)
{
    (void)spot, (void)max;
    buf_printf(out, "%" PRId64, ttlv_long(it));
}

static void put_big(const struct kmip_spot *spot, const struct ttlv_item *it, size_t max,
                    struct buf *out)
{
    (void)spot;
    buf_puts(out, "0x");
    put_hex(out, it->val, max);
}

static void put_enum(const struct kmip_spot *spot, const struct ttlv_item *it, size_t max,
                     struct buf *out)
{
    (void)max;
    uint32_t v = ttlv_enum(it);
    const struct kmip_enum *en = form_enum(spot, TTLV_ENUMERATION);
    const struct kmip_enum_value *name = en ? kmip_enum_value(en, v) : NULL;
    if (name)
        buf_puts(out, name->name);
    else
        buf_printf(out, "0x%08" PRIX32, v);
}

static void put_bool(const struct kmip_spot *spot, const struct ttlv_item *it, size_t max,
                     struct buf *out)
{
    (void)spot, (void)max;
    buf_puts(out, ttlv_bool(it) ? "true" : "false");
}

static void put_text(const struct kmip_spot *spot, const struct ttlv_item *it, size_t max,
                     struct buf *out)
{
    (void)spot;
    quote(out, it->val, max);
}

static void put_bytes(const struct kmip_spot *spot, const struct ttlv_item *it, size_t max,
                      struct buf *out)
{
    (void)spot;
    if (it->len == 0)
        buf_puts(out, "(empty)");
    put_hex(out, it->val, max);
}

static void put_date(const struct kmip_spot *spot, const struct ttlv_item *it, size_t max,
                     struct buf *out)
{
    (void)spot, (void)max;
    char date[40];
    buf_puts(out, text_date_out(ttlv_long(it), date));
}

static void put_interval(const struct kmip_spot *spot, const struct ttlv_item *it, size_t max,
                         struct buf *out)
{
    (void)spot, (void)max;
    buf_printf(out, "%" PRIu32 " s", ttlv_enum(it));
}

static put_fn *const put_value[] = {
    [TTLV_STRUCTURE] = put_structure, [TTLV_INTEGER] = put_integer,
    [TTLV_LONG_INTEGER] = put_long,   [TTLV_BIG_INTEGER] = put_big,
    [TTLV_ENUMERATION] = put_enum,    [TTLV_BOOLEAN] = put_bool,
    [TTLV_TEXT_STRING] = put_text,    [TTLV_BYTE_STRING] = put_bytes,
    [TTLV_DATE_TIME] = put_date,      [TTLV_INTERVAL] = put_interval,
};

/* A type that the tag does not prescribe is named, and so is one that can neither
 * be foreseen nor seen. */
static bool wants_type(const struct kmip_spot *spot, unsigned type)
{
    if (form_types(spot) != 0)
        return !form_allows(spot, type);
    return type != TTLV_STRUCTURE && type != TTLV_TEXT_STRING && type != TTLV_BOOLEAN;
}

static void wrong_value(const struct ttlv_item *it, size_t max, struct buf *out)
{
    const char *name = ttlv_type_name(it->type);
    if (it->type == TTLV_TEXT_STRING) {
        quote(out, it->val, max); /* only its UTF-8 is wrong */
        return;
    }
    if (name)
        buf_printf(out, "<%s of length %u: ", name, it->len);
    else
        buf_printf(out, "<type %02X of length %u: ", it->type, it->len);
    put_hex(out, it->val, max);
    buf_putc(out, '>');
}

static void leaf(const struct kmip_spot *spot, const struct ttlv_item *it, bool hidden, size_t max,
                 struct buf *out)
{
    if (hidden) {
        buf_printf(out, "<redacted, %u bytes>", it->len);
        if (!form_allows(spot, it->type) && ttlv_type_name(it->type))
            buf_printf(out, " (%s)", ttlv_type_name(it->type));
    } else if (it->wrong) {
        wrong_value(it, max, out);
    } else {
        put_value[it->type](spot, it, max, out);
        if (wants_type(spot, it->type))
            buf_printf(out, " (%s)", ttlv_type_name(it->type));
    }
}

void form_value(const struct kmip_spot *spot, const struct ttlv_item *it,
                const struct form_options *o, struct buf *out)
{
    leaf(spot, it, form_hides(o, spot, it), max_bytes(o), out);
}

/* Offset, tag and type in front of a line, and the indentation of its depth. */
static void line_start(const struct tour *t, uint32_t off, uint32_t tag, unsigned type,
                       struct buf *out)
{
    if (t->o->offsets && t->headless)
        buf_printf(out, "%06" PRIx32 "  %9s  ", off, "");
    else if (t->o->offsets)
        buf_printf(out, "%06" PRIx32 "  %06" PRIX32 " %02X  ", off, tag, type);
    buf_fill(out, ' ', t->o->indent + 2 * (size_t)t->depth);
}

static void put_tag(struct buf *out, const struct kmip_spot *spot, uint32_t tag)
{
    if (spot->tag)
        buf_puts(out, spot->tag->name);
    else
        buf_printf(out, "0x%06" PRIX32, tag);
}

static void item_line(const struct tour *t, struct buf *out)
{
    line_start(t, t->it.off, t->it.tag, t->it.type, out);
    if (t->headless) {
        buf_printf(out, "<%u bytes that are no item>\n",
                   (unsigned)(TTLV_HEADER + ttlv_padded(t->it.len)));
        return;
    }
    put_tag(out, &t->spot, t->it.tag);
    if (t->it.type != TTLV_STRUCTURE) {
        buf_puts(out, ": ");
        leaf(&t->spot, &t->it, t->hidden, max_bytes(t->o), out);
    } else if (!form_allows(&t->spot, TTLV_STRUCTURE)) {
        buf_puts(out, " (Structure)");
    }
    buf_putc(out, '\n');
}

/* Bytes that are no item. What stands behind a header that can be told, and all of
 * it where none can, may be anything, keys too. */
static void rest_lines(const struct tour *t, struct buf *out)
{
    struct bytes rest = t->rest;
    bool header = rest.n >= TTLV_HEADER && !t->headless;
    uint32_t tag = header ? be32_get(rest.p) >> 8 : 0;
    unsigned type = header ? rest.p[3] : 0;
    line_start(t, t->rest_off, tag, type, out);
    if (header) {
        put_tag(out, &t->spot, tag);
        buf_printf(out, ": <type %02X of length %" PRIu32 ", ", type, be32_get(rest.p + 4));
        rest = bytes_of(rest.p + TTLV_HEADER, rest.n - TTLV_HEADER);
    } else {
        buf_putc(out, '<');
    }
    buf_printf(out, "%zu byte%s left", rest.n, rest.n == 1 ? "" : "s");
    if (t->o->show_secrets && rest.n > 0) {
        buf_puts(out, ": ");
        put_hex(out, rest, max_bytes(t->o));
    }
    buf_puts(out, ">\n");
}

void form_text(struct bytes msg, const struct form_options *o, struct buf *out)
{
    struct tour t;
    enum tour_step step;
    tour_start(&t, msg, o);
    while ((step = tour_next(&t)) != TOUR_END) {
        if (step == TOUR_ITEM)
            item_line(&t, out);
        else if (step == TOUR_REST)
            rest_lines(&t, out);
        tour_put_notes(&t, (t.o->offsets ? 19 : 0) + t.o->indent + 2 * (size_t)t.depth, out);
    }
    tour_end(&t);
}
