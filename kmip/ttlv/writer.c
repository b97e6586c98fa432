/* The writer of writer.h. */
#include "kmip/ttlv/writer.h"

#include "kmip/base/text.h"

void ttlv_w_init(struct ttlv_writer *w, struct buf *out, struct kerr *err)
{
    w->out = out;
    w->start = out->n;
    w->depth = 0;
    w->failed = false;
    w->err = err;
}

static void fail(struct ttlv_writer *w, enum kerr_code code, uint32_t tag, const char *what)
{
    w->failed = true;
    kerr_set(w->err, code, "cannot write item %06X: %s", tag & 0xFFFFFF, what);
}

/* Room for header and padded value; NULL on failure. */
static uint8_t *room(struct ttlv_writer *w, uint32_t tag, size_t n)
{
    uint8_t *p = w->failed ? NULL : buf_room(w->out, n);
    if (p || w->failed)
        return p;
    if (w->out->too_long)
        fail(w, KE_TTLV_SIZE, tag, "the message would be larger than its limit");
    else
        fail(w, KE_MEMORY, tag, "out of memory");
    return NULL;
}

static uint64_t head(uint32_t tag, unsigned type, uint32_t len)
{
    return (uint64_t)tag << 40 | (uint64_t)(type & 0xFF) << 32 | len;
}

/* Items of a fixed length are two words: the header, and the value with its padding. */
static void put_words(struct ttlv_writer *w, uint32_t tag, unsigned type, uint32_t len, uint64_t v)
{
    uint8_t *p = room(w, tag, TTLV_HEADER + 8);
    if (!p)
        return;
    be64_put(p, head(tag, type, len));
    be64_put(p + TTLV_HEADER, v);
}

static void put32(struct ttlv_writer *w, uint32_t tag, unsigned type, uint32_t v)
{
    put_words(w, tag, type, 4, (uint64_t)v << 32);
}

static void put64(struct ttlv_writer *w, uint32_t tag, unsigned type, uint64_t v)
{
    put_words(w, tag, type, 8, v);
}

/* Header and room for a value of any length, its padding filled in. */
static uint8_t *begin(struct ttlv_writer *w, uint32_t tag, unsigned type, size_t len)
{
    if (w->failed)
        return NULL;
    if (len > UINT32_MAX - 8) {
        fail(w, KE_TTLV_LENGTH, tag, "value is longer than a length field can say");
        return NULL;
    }
    size_t padded = (size_t)ttlv_padded((uint32_t)len);
    uint8_t *p = room(w, tag, TTLV_HEADER + padded);
    if (!p)
        return NULL;
    /* The padding lies in the item's last word, which is the header's when it is empty. */
    be64_put(p + padded, 0);
    be64_put(p, head(tag, type, (uint32_t)len));
    return p + TTLV_HEADER;
}

static void put_bytes(struct ttlv_writer *w, uint32_t tag, unsigned type, struct bytes v)
{
    uint8_t *p = begin(w, tag, type, v.n);
    if (p && v.n > 0)
        memcpy(p, v.p, v.n);
}

void ttlv_w_open(struct ttlv_writer *w, uint32_t tag)
{
    if (w->failed)
        return;
    if (w->depth == TTLV_MAX_DEPTH) {
        fail(w, KE_TTLV_DEPTH, tag, "structures are nested too deeply");
        return;
    }
    size_t at = w->out->n;
    if (begin(w, tag, TTLV_STRUCTURE, 0))
        w->open[w->depth++] = at;
}

void ttlv_w_close(struct ttlv_writer *w)
{
    if (w->failed)
        return;
    if (w->depth == 0) {
        fail(w, KE_TTLV_WRITER, 0, "a structure is closed that was not opened");
        return;
    }
    size_t at = w->open[--w->depth];
    size_t len = w->out->n - at - TTLV_HEADER;
    if (len > UINT32_MAX - 8) {
        fail(w, KE_TTLV_LENGTH, be32_get(w->out->p + at) >> 8, "structure is too long");
        return;
    }
    be32_put(w->out->p + at + 4, (uint32_t)len);
}

void ttlv_w_int(struct ttlv_writer *w, uint32_t tag, int32_t v)
{
    put32(w, tag, TTLV_INTEGER, (uint32_t)v);
}

void ttlv_w_long(struct ttlv_writer *w, uint32_t tag, int64_t v)
{
    put64(w, tag, TTLV_LONG_INTEGER, (uint64_t)v);
}

void ttlv_w_big(struct ttlv_writer *w, uint32_t tag, struct bytes v)
{
    bool neg = v.n > 0 && v.p[0] & 0x80;
    uint8_t sign = neg ? 0xFF : 0;
    /* Drop sign bytes that say nothing, then fill up to a multiple of eight. */
    while (v.n > 1 && v.p[0] == sign && (v.p[1] & 0x80) == (sign & 0x80))
        v = bytes_of(v.p + 1, v.n - 1);
    size_t len = v.n == 0 ? 8 : (v.n + 7) / 8 * 8;
    uint8_t *p = begin(w, tag, TTLV_BIG_INTEGER, len);
    if (!p)
        return;
    memset(p, sign, len - v.n);
    if (v.n > 0)
        memcpy(p + len - v.n, v.p, v.n);
}

void ttlv_w_enum(struct ttlv_writer *w, uint32_t tag, uint32_t v)
{
    put32(w, tag, TTLV_ENUMERATION, v);
}

void ttlv_w_bool(struct ttlv_writer *w, uint32_t tag, bool v)
{
    put64(w, tag, TTLV_BOOLEAN, v);
}

void ttlv_w_text(struct ttlv_writer *w, uint32_t tag, struct bytes v)
{
    if (!text_utf8(v))
        fail(w, KE_TTLV_UTF8, tag, "text is not UTF-8");
    else if (v.n > 0 && v.p[v.n - 1] == 0)
        fail(w, KE_TTLV_VALUE, tag, "text ends in NUL");
    else
        put_bytes(w, tag, TTLV_TEXT_STRING, v);
}

void ttlv_w_str(struct ttlv_writer *w, uint32_t tag, const char *v)
{
    ttlv_w_text(w, tag, bytes_str(v));
}

void ttlv_w_bytes(struct ttlv_writer *w, uint32_t tag, struct bytes v)
{
    put_bytes(w, tag, TTLV_BYTE_STRING, v);
}

void ttlv_w_date(struct ttlv_writer *w, uint32_t tag, int64_t seconds)
{
    put64(w, tag, TTLV_DATE_TIME, (uint64_t)seconds);
}

void ttlv_w_interval(struct ttlv_writer *w, uint32_t tag, uint32_t seconds)
{
    put32(w, tag, TTLV_INTERVAL, seconds);
}

void ttlv_w_value(struct ttlv_writer *w, uint32_t tag, unsigned type, struct bytes val)
{
    int len = ttlv_type_length(type);
    if (w->failed)
        return;
    if (!ttlv_type_name(type))
        fail(w, KE_TTLV_TYPE, tag, "unknown item type");
    else if (len >= 0 && val.n != (size_t)len)
        fail(w, KE_TTLV_LENGTH, tag, "value has the wrong length for its type");
    else if ((type == TTLV_STRUCTURE && val.n % 8 != 0) ||
             (type == TTLV_BIG_INTEGER && (val.n % 8 != 0 || val.n == 0)))
        fail(w, KE_TTLV_LENGTH, tag, "value is not a multiple of 8 bytes");
    else if (type == TTLV_BOOLEAN && be64_get(val.p) > 1)
        fail(w, KE_TTLV_VALUE, tag, "a Boolean is 0 or 1");
    else if (type == TTLV_TEXT_STRING)
        ttlv_w_text(w, tag, val);
    else
        put_bytes(w, tag, type, val);
}

void ttlv_w_item(struct ttlv_writer *w, uint32_t tag, const struct ttlv_item *it)
{
    put_bytes(w, tag ? tag : it->tag, it->type, it->val);
}

void ttlv_w_raw_head(struct ttlv_writer *w, uint32_t tag, unsigned type, uint32_t len)
{
    uint8_t head[TTLV_HEADER];
    be32_put(head, tag << 8 | (type & 0xFF));
    be32_put(head + 4, len);
    ttlv_w_raw_bytes(w, bytes_of(head, sizeof head));
}

void ttlv_w_raw_bytes(struct ttlv_writer *w, struct bytes v)
{
    if (!w->failed && !buf_put_bytes(w->out, v))
        fail(w, w->out->too_long ? KE_TTLV_SIZE : KE_MEMORY, 0, "no room for raw bytes");
}

struct ttlv_mark ttlv_w_mark(const struct ttlv_writer *w)
{
    return (struct ttlv_mark){w->out->n, w->depth};
}

void ttlv_w_rewind(struct ttlv_writer *w, struct ttlv_mark m)
{
    if (w->failed)
        return;
    /* A slot reused since the mark holds a place behind it: the structure that
     * was open then has been closed, and there is no way back into it. */
    if (m.n > w->out->n || (m.depth > 0 && w->open[m.depth - 1] >= m.n)) {
        fail(w, KE_TTLV_WRITER, 0, "rewound to a place that is gone");
        return;
    }
    buf_truncate(w->out, m.n);
    w->depth = m.depth;
}

bool ttlv_w_finish(struct ttlv_writer *w)
{
    if (!w->failed && w->depth > 0)
        fail(w, KE_TTLV_WRITER, be32_get(w->out->p + w->open[w->depth - 1]) >> 8,
             "a structure was opened and not closed");
    return !w->failed;
}
