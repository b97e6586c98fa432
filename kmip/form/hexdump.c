/* The hex dump (form.h): one line per item, longer values on lines of sixteen.
 *
 *   offset    tag    type length    value and padding                  meaning
 *   00000018  42006A 02 00000004  0000000100000000                   Protocol Version Major: 1
 *
 * Bytes stand as they are in the message, so that the left side can be compared
 * with a capture; only secrets are left out. */
#include <inttypes.h>

#include "kmip/form/form.h"
#include "kmip/form/leaf.h"
#include "kmip/form/tour.h"

#define PER_LINE    16u
#define LEFT        30u                 /* columns before the value */
#define VALUE       (2 * PER_LINE + 2u) /* columns of the value */
#define MEANING_MAX 64u                 /* bytes of a value shown again as its meaning */

static void upper_hex(struct buf *out, struct bytes v)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < v.n; i++) {
        buf_putc(out, digits[v.p[i] >> 4]);
        buf_putc(out, digits[v.p[i] & 15]);
    }
}

static void header(struct buf *out, uint32_t off, const uint8_t *p)
{
    buf_printf(out, "%08" PRIx32 "  %06" PRIX32 " %02X %08" PRIX32 "  ", off, be32_get(p) >> 8,
               p[3], be32_get(p + 4));
}

/* Lines of a value behind its first, up to the longest shown. */
static void more_lines(struct buf *out, struct bytes v, uint32_t off, size_t max)
{
    size_t i = PER_LINE;
    for (; i < v.n && i < max; i += PER_LINE) {
        size_t n = v.n - i < PER_LINE ? v.n - i : PER_LINE;
        buf_printf(out, "%08" PRIx32, (uint32_t)(off + i));
        buf_fill(out, ' ', LEFT - 8);
        upper_hex(out, bytes_of(v.p + i, n));
        buf_putc(out, '\n');
    }
    if (i < v.n) {
        buf_fill(out, ' ', LEFT);
        buf_printf(out, "... %zu more bytes\n", v.n - i);
    }
}

static void meaning(const struct tour *t, struct buf *out)
{
    struct form_options o = *t->o;
    o.max_bytes = MEANING_MAX;
    buf_fill(out, ' ', 2 * (size_t)t->depth);
    if (t->headless) {
        buf_printf(out, "<%u bytes that are no item>",
                   (unsigned)(TTLV_HEADER + ttlv_padded(t->it.len)));
        return;
    }
    if (t->spot.tag)
        buf_puts(out, t->spot.tag->name);
    else
        buf_printf(out, "0x%06" PRIX32, t->it.tag);
    if (t->it.type == TTLV_STRUCTURE)
        return;
    buf_puts(out, ": ");
    if (t->it.type == TTLV_BYTE_STRING && !t->hidden)
        buf_printf(out, "%u bytes", t->it.len);
    else
        form_value(&t->spot, &t->it, &o, out);
}

/* The offset, and the header unless it must not be told. */
static void line_start(const struct tour *t, uint32_t off, const uint8_t *p, struct buf *out)
{
    if (t->headless) {
        buf_printf(out, "%08" PRIx32, off);
        buf_fill(out, ' ', LEFT - 8);
    } else {
        header(out, off, p);
    }
}

static size_t max_bytes(const struct tour *t)
{
    return t->o->max_bytes ? t->o->max_bytes : 1024;
}

/* The value with its padding, of which a part may be missing at the message's end. */
static struct bytes value_and_padding(const struct tour *t)
{
    size_t n = (size_t)ttlv_padded(t->it.len);
    size_t left = (size_t)(t->r.msg.p + t->r.msg.n - t->it.val.p);
    return bytes_of(t->it.val.p, n < left ? n : left);
}

static void item_lines(const struct tour *t, struct buf *out)
{
    bool leaf = t->it.type != TTLV_STRUCTURE, show = leaf && !t->hidden && !t->headless;
    struct bytes v = {0};
    if (show)
        v = value_and_padding(t);
    line_start(t, t->it.off, t->r.msg.p + t->it.off, out);
    size_t n = v.n < PER_LINE ? v.n : PER_LINE;
    upper_hex(out, bytes_of(v.p, n));
    buf_fill(out, ' ', VALUE - 2 * n);
    meaning(t, out);
    buf_putc(out, '\n');
    more_lines(out, v, t->it.off + TTLV_HEADER, max_bytes(t));
}

/* What is no item may be anything, keys too: shown only when asked for, but for a
 * header that can be told. */
static void rest_lines(const struct tour *t, struct buf *out)
{
    struct bytes v = t->rest;
    uint32_t off = t->rest_off;
    line_start(t, off, v.p, out);
    if (!t->headless) {
        v = bytes_of(v.p + TTLV_HEADER, v.n - TTLV_HEADER);
        off += TTLV_HEADER;
    }
    size_t n = !t->o->show_secrets ? 0 : v.n < PER_LINE ? v.n : PER_LINE;
    upper_hex(out, bytes_of(v.p, n));
    buf_fill(out, ' ', VALUE - 2 * n + 2 * (size_t)t->depth);
    buf_printf(out, "<%zu byte%s left>\n", v.n, v.n == 1 ? "" : "s");
    if (t->o->show_secrets)
        more_lines(out, v, off, max_bytes(t));
}

void form_hex(struct bytes msg, const struct form_options *o, struct buf *out)
{
    struct tour t;
    enum tour_step step;
    tour_start(&t, msg, o);
    while ((step = tour_next(&t)) != TOUR_END) {
        if (step == TOUR_ITEM)
            item_lines(&t, out);
        else if (step == TOUR_REST)
            rest_lines(&t, out);
        tour_put_notes(&t, LEFT + VALUE + 2 * (size_t)t.depth, out);
    }
    tour_end(&t);
}
