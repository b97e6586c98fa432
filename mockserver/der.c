/* DER (der.h). */
#include "mockserver/der.h"

enum { LONG_FORM = 0x80, LENGTH_BYTES = 4 };

/* The length behind the tag, in the one form that DER allows; *head: bytes before the
 * content. */
static bool read_length(struct bytes in, size_t *head, size_t *length)
{
    if (in.n < 2)
        return false;
    *head = 2;
    *length = in.p[1];
    if (!(in.p[1] & LONG_FORM))
        return *length <= in.n - *head;
    size_t n = in.p[1] & (LONG_FORM - 1u);
    if (n == 0 || n > LENGTH_BYTES || in.n - 2 < n || in.p[2] == 0)
        return false;
    *head += n;
    *length = 0;
    for (size_t i = 0; i < n; i++)
        *length = *length << 8 | in.p[2 + i];
    return *length >= LONG_FORM && *length <= in.n - *head;
}

bool der_next(struct bytes *in, unsigned tag, struct bytes *content)
{
    size_t head, length;
    if (in->n == 0 || in->p[0] != tag || !read_length(*in, &head, &length))
        return false;
    *content = bytes_of(in->p + head, length);
    *in = bytes_of(in->p + head + length, in->n - head - length);
    return true;
}

bool der_number(struct bytes *in, struct bytes *number)
{
    struct bytes rest = *in, v;
    if (!der_next(&rest, DER_INTEGER, &v) || v.n == 0 || v.p[0] & 0x80)
        return false;
    for (; v.n > 0 && v.p[0] == 0; v.n--)
        v.p++;
    *in = rest;
    *number = v;
    return true;
}

bool der_bits(struct bytes *in, struct bytes *bits)
{
    struct bytes rest = *in, v;
    if (!der_next(&rest, DER_BIT_STRING, &v) || v.n == 0 || v.p[0] != 0)
        return false;
    *in = rest;
    *bits = bytes_of(v.p + 1, v.n - 1);
    return true;
}

void der_close(struct buf *b, size_t start, unsigned tag)
{
    uint8_t head[2 + LENGTH_BYTES];
    size_t length = b->n - start, n = 0, more = 0;
    head[n++] = (uint8_t)tag;
    if (length >= LONG_FORM) {
        while (more < LENGTH_BYTES && length >> 8 * more != 0)
            more++;
        head[n++] = (uint8_t)(LONG_FORM | more);
        while (more-- > 0)
            head[n++] = (uint8_t)(length >> 8 * more);
    } else {
        head[n++] = (uint8_t)length;
    }
    if (!buf_room(b, n))
        return;
    memmove(b->p + start + n, b->p + start, length);
    memcpy(b->p + start, head, n);
}

void der_put(struct buf *b, unsigned tag, struct bytes content)
{
    size_t start = b->n;
    buf_put_bytes(b, content);
    der_close(b, start, tag);
}

void der_put_number(struct buf *b, struct bytes number)
{
    size_t start = b->n;
    if (number.n == 0 || number.p[0] & 0x80)
        buf_putc(b, 0);
    buf_put_bytes(b, number);
    der_close(b, start, DER_INTEGER);
}
