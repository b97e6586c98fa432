/* Families that break single items: tag, type, length, value, padding (malform_in.h). */
#include "conformance/malform_in.h"

#include <string.h>

#include "kmip/schema/dict.h"

/* Each item that may be broken. */
#define EACH(it) \
    for (const struct malform_item *it = m->items; it < m->items + m->n && !m->enough; it++) \
        if (!it->spared)

/* ---- tags and types ------------------------------------------------------------ */

void malform_tags(struct malforming *m)
{
    static const uint32_t tags[] = {0x000000, 0x420000, 0x42FFFF, 0x540000, 0x54FFFF, 0xFFFFFF};
    EACH (it) {
        for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
            malform_copy(m);
            if (!m->out.failed)
                be32_put(m->out.p + it->off, tags[i] << 8 | it->type);
            malform_emit(m, it, "tag %06X instead of %06X", tags[i], it->tag);
        }
        malform_copy(m);
        if (!m->out.failed)
            m->out.p[it->off] = 0x43;
        malform_emit(m, it, "tag %06X instead of %06X", (it->tag & 0xFFFF) | 0x430000, it->tag);
    }
}

void malform_types(struct malforming *m)
{
    static const uint8_t types[] = {0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07,
                                    0x08, 0x09, 0x0A, 0x0B, 0x80, 0xFF};
    EACH (it)
        for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
            if (types[i] == it->type)
                continue;
            malform_copy(m);
            if (!m->out.failed)
                m->out.p[it->off + 3] = types[i];
            malform_emit(m, it, "type %02X instead of %02X", types[i], it->type);
        }
}

/* ---- lengths ------------------------------------------------------------------- */

#define LENGTHS_MAX 32

static void add_length(uint32_t v[LENGTHS_MAX], size_t *n, int64_t length)
{
    if (length < 0 || length > UINT32_MAX || *n == LENGTHS_MAX)
        return;
    for (size_t i = 0; i < *n; i++)
        if (v[i] == (uint32_t)length)
            return;
    v[(*n)++] = (uint32_t)length;
}

/* Around its own, around the end of its structure and of the message, and where sums in 32
 * bits and in signed numbers go wrong. The first is its own. */
static size_t lengths_of(const struct malforming *m, const struct malform_item *it,
                         uint32_t v[LENGTHS_MAX])
{
    static const uint32_t fixed[] = {0,          1,          4,          8,          0x00FFFFFF,
                                     0x7FFFFFF8, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF0, 0xFFFFFFF7,
                                     0xFFFFFFF8, 0xFFFFFFFF};
    static const int near[] = {-8, -7, -1, 1, 7, 8};
    size_t n = 0, value = it->off + TTLV_HEADER;
    const struct malform_item *up =
        it->parent == MALFORM_NO_PARENT ? it : &m->items[it->parent];
    int64_t to_end[] = {(int64_t)(up->end - value), (int64_t)(m->good.n - value)};
    add_length(v, &n, it->len);
    for (size_t i = 0; i < sizeof near / sizeof *near; i++)
        add_length(v, &n, (int64_t)it->len + near[i]);
    for (size_t i = 0; i < 2; i++)
        for (int more = 0; more <= 8; more += more == 0 ? 1 : 7)
            add_length(v, &n, to_end[i] + more);
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        add_length(v, &n, fixed[i]);
    return n;
}

void malform_lengths(struct malforming *m)
{
    uint32_t v[LENGTHS_MAX];
    EACH (it) {
        size_t n = lengths_of(m, it, v);
        for (size_t i = 1; i < n; i++) {
            malform_copy(m);
            if (!m->out.failed)
                be32_put(m->out.p + it->off + 4, v[i]);
            malform_emit(m, it, "length %u instead of %u", v[i], it->len);
        }
    }
}

/* ---- sizes --------------------------------------------------------------------- */

/* Its value, cut or with zeros behind it. */
static void resize(struct malforming *m, const struct malform_item *it, size_t size)
{
    struct buf value;
    struct bytes own = malform_value(m, it);
    buf_init(&value, size + 1);
    buf_put(&value, own.p, own.n < size ? own.n : size);
    buf_fill(&value, 0, size - value.n);
    malform_replace(m, it, buf_bytes(&value));
    buf_clear(&value);
    malform_emit(m, it, "%zu bytes instead of %u", size, it->len);
}

void malform_sizes(struct malforming *m)
{
    static const size_t sizes[] = {0, 1, 2, 3, 4, 5, 7, 8, 9, 12, 16, 24, 4096};
    EACH (it)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
            if (sizes[i] != it->len && it->parent != MALFORM_NO_PARENT)
                resize(m, it, sizes[i]);
}

/* ---- padding ------------------------------------------------------------------- */

void malform_padding(struct malforming *m)
{
    static const uint8_t zeros[8] = {0};
    EACH (it) {
        size_t from = it->off + TTLV_HEADER + it->len, n = it->end - from;
        if (it->type == TTLV_STRUCTURE)
            continue;
        malform_splice(m, it->parent, it->end, 0, bytes_of(zeros, 8));
        malform_emit(m, it, "8 bytes of padding too many");
        if (n == 0)
            continue;
        malform_splice(m, it->parent, from, n, bytes_of(NULL, 0));
        malform_emit(m, it, "no padding");
        malform_splice(m, it->parent, from, 1, bytes_of(NULL, 0));
        malform_emit(m, it, "a byte of padding is missing");
        malform_copy(m);
        if (!m->out.failed)
            memset(m->out.p + from, 0xFF, n);
        malform_emit(m, it, "padding of FF");
    }
}

/* ---- values -------------------------------------------------------------------- */

static const struct {
    uint8_t type;
    const char *value;
    uint8_t n; /* its bytes */
} values[] = {
#define VALUE(type, bytes) {type, bytes, sizeof bytes - 1}
    VALUE(TTLV_INTEGER, "\x00\x00\x00\x00"),
    VALUE(TTLV_INTEGER, "\x7f\xff\xff\xff"),
    VALUE(TTLV_INTEGER, "\x80\x00\x00\x00"),
    VALUE(TTLV_INTEGER, "\xff\xff\xff\xff"),
    VALUE(TTLV_LONG_INTEGER, "\x00\x00\x00\x00\x00\x00\x00\x00"),
    VALUE(TTLV_LONG_INTEGER, "\x7f\xff\xff\xff\xff\xff\xff\xff"),
    VALUE(TTLV_LONG_INTEGER, "\x80\x00\x00\x00\x00\x00\x00\x00"),
    VALUE(TTLV_LONG_INTEGER, "\xff\xff\xff\xff\xff\xff\xff\xff"),
    VALUE(TTLV_BIG_INTEGER, ""),
    VALUE(TTLV_BIG_INTEGER, "\x80\x00\x00\x00\x00\x00\x00\x00"),
    VALUE(TTLV_ENUMERATION, "\x00\x00\x00\x00"),
    VALUE(TTLV_ENUMERATION, "\x00\x01\x00\x00"),
    VALUE(TTLV_ENUMERATION, "\x7f\xff\xff\xff"),
    VALUE(TTLV_ENUMERATION, "\x80\x00\x00\x00"),
    VALUE(TTLV_ENUMERATION, "\xff\xff\xff\xff"),
    VALUE(TTLV_BOOLEAN, "\x00\x00\x00\x00\x00\x00\x00\x02"),
    VALUE(TTLV_BOOLEAN, "\x01\x00\x00\x00\x00\x00\x00\x00"),
    VALUE(TTLV_BOOLEAN, "\x00\x00\x00\x01\x00\x00\x00\x00"),
    VALUE(TTLV_BOOLEAN, "\xff\xff\xff\xff\xff\xff\xff\xff"),
    VALUE(TTLV_TEXT_STRING, ""),
    VALUE(TTLV_TEXT_STRING, "\xff\xfe"),         /* no UTF-8 at all */
    VALUE(TTLV_TEXT_STRING, "\xc0\x80"),         /* NUL in two bytes */
    VALUE(TTLV_TEXT_STRING, "\xed\xa0\x80"),     /* half a surrogate pair */
    VALUE(TTLV_TEXT_STRING, "\xf4\x90\x80\x80"), /* beyond Unicode */
    VALUE(TTLV_TEXT_STRING, "abc\xe2\x82"),      /* ends inside a character */
    VALUE(TTLV_TEXT_STRING, "abc\0"),
    VALUE(TTLV_TEXT_STRING, "a\0b"),
    VALUE(TTLV_TEXT_STRING, "\n\r\t\x1b[2J"),
    VALUE(TTLV_TEXT_STRING, "%s%n%x%999999d"),
    VALUE(TTLV_TEXT_STRING, "' OR '1'='1"),
    VALUE(TTLV_BYTE_STRING, ""),
    VALUE(TTLV_DATE_TIME, "\x00\x00\x00\x00\x00\x00\x00\x00"),
    VALUE(TTLV_DATE_TIME, "\x7f\xff\xff\xff\xff\xff\xff\xff"),
    VALUE(TTLV_DATE_TIME, "\x80\x00\x00\x00\x00\x00\x00\x00"),
    VALUE(TTLV_DATE_TIME, "\xff\xff\xff\xff\xff\xff\xff\xff"),
    VALUE(TTLV_INTERVAL, "\x00\x00\x00\x00"),
    VALUE(TTLV_INTERVAL, "\xff\xff\xff\xff"),
    VALUE(TTLV_STRUCTURE, ""),
#undef VALUE
};

static void emit_value(struct malforming *m, const struct malform_item *it, struct bytes value)
{
    struct buf hex;
    buf_init(&hex, 200);
    buf_hex(&hex, value);
    malform_replace(m, it, value);
    if (value.n == 0)
        malform_emit(m, it, "empty");
    else
        malform_emit(m, it, "value %s", buf_cstr(&hex));
    buf_clear(&hex);
}

#define LONG_STRING 100000

static void long_string(struct malforming *m, const struct malform_item *it)
{
    struct buf value;
    buf_init(&value, LONG_STRING);
    buf_fill(&value, 'A', LONG_STRING);
    malform_replace(m, it, buf_bytes(&value));
    buf_clear(&value);
    malform_emit(m, it, "%d bytes of text", LONG_STRING);
}

void malform_values(struct malforming *m)
{
    EACH (it) {
        for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
            struct bytes v = bytes_of(values[i].value, values[i].n);
            if (values[i].type == it->type && !bytes_eq(v, malform_value(m, it)))
                emit_value(m, it, v);
        }
        if (it->type == TTLV_TEXT_STRING || it->type == TTLV_BYTE_STRING)
            long_string(m, it);
    }
}

/* ---- bytes --------------------------------------------------------------------- */

/* The innermost item that the byte belongs to. */
static const struct malform_item *holder(const struct malforming *m, size_t at)
{
    const struct malform_item *found = &m->items[0];
    for (size_t i = 0; i < m->n; i++)
        if (m->items[i].off <= at && at < m->items[i].end)
            found = &m->items[i];
    return found;
}

void malform_bytes(struct malforming *m)
{
    for (size_t at = 0; at < m->good.n && !m->enough; at++) {
        const struct malform_item *it = holder(m, at);
        const uint8_t now = m->good.p[at], to[] = {0x00, 0xFF, now ^ 0x80};
        if (it->spared)
            continue;
        for (size_t i = 0; i < sizeof to; i++) {
            if (to[i] == now)
                continue;
            malform_copy(m);
            if (!m->out.failed)
                m->out.p[at] = to[i];
            malform_emit(m, it, "byte %zu of the message is %02X instead of %02X", at, to[i], now);
        }
    }
}
