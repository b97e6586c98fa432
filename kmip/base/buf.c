/* The growable buffer of buf.h. */
#include "kmip/base/buf.h"

#include <stdio.h>
#include <stdlib.h>

void wipe(void *p, size_t n)
{
    if (n > 0)
        explicit_bzero(p, n);
}

void buf_init(struct buf *b, size_t limit)
{
    memset(b, 0, sizeof *b);
    b->limit = limit;
}

void buf_clear(struct buf *b)
{
    wipe(b->p, b->cap);
    free(b->p);
    b->p = NULL;
    b->n = b->cap = 0;
    b->failed = b->too_long = false;
}

void buf_reset(struct buf *b)
{
    wipe(b->p, b->n);
    b->n = 0;
    b->failed = b->too_long = false;
}

void buf_truncate(struct buf *b, size_t n)
{
    if (n >= b->n)
        return;
    wipe(b->p + n, b->n - n);
    b->n = n;
}

void buf_drop(struct buf *b, size_t n)
{
    if (n > b->n)
        n = b->n;
    if (n == 0)
        return;
    memmove(b->p, b->p + n, b->n - n);
    buf_truncate(b, b->n - n);
}

/* Moves to a larger block. Not realloc: what it leaves behind is not wiped. One
 * byte more than cap is kept for buf_cstr. */
static bool grow(struct buf *b, size_t need)
{
    size_t cap = b->cap ? b->cap : 128;
    while (cap < need)
        cap = cap > SIZE_MAX / 4 ? need : cap * 2;
    uint8_t *p = cap < SIZE_MAX ? malloc(cap + 1) : NULL;
    if (!p) {
        b->failed = true;
        return false;
    }
    if (b->n > 0)
        memcpy(p, b->p, b->n);
    wipe(b->p, b->n);
    free(b->p);
    b->p = p;
    b->cap = cap;
    return true;
}

uint8_t *buf_more_(struct buf *b, size_t n)
{
    if (b->failed)
        return NULL;
    if (b->n > b->limit || n > b->limit - b->n) {
        b->failed = b->too_long = true;
        return NULL;
    }
    if ((n > b->cap - b->n || !b->p) && !grow(b, b->n + n))
        return NULL;
    uint8_t *at = b->p + b->n;
    b->n += n;
    return at;
}

bool buf_put(struct buf *b, const void *p, size_t n)
{
    uint8_t *at = buf_room(b, n);
    if (at && n > 0)
        memcpy(at, p, n);
    return at != NULL;
}

bool buf_put_bytes(struct buf *b, struct bytes v)
{
    return buf_put(b, v.p, v.n);
}

bool buf_putc(struct buf *b, char c)
{
    return buf_put(b, &c, 1);
}

bool buf_puts(struct buf *b, const char *s)
{
    return buf_put(b, s, strlen(s));
}

bool buf_fill(struct buf *b, char c, size_t n)
{
    uint8_t *at = buf_room(b, n);
    if (at)
        memset(at, c, n);
    return at != NULL;
}

bool buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    if (n < 0)
        b->failed = true;
    /* The terminating NUL that vsnprintf writes goes into the spare byte. */
    uint8_t *at = n < 0 ? NULL : buf_room(b, (size_t)n);
    if (at)
        vsnprintf((char *)at, (size_t)n + 1, fmt, again);
    va_end(again);
    return at != NULL;
}

bool buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    bool ok = buf_vprintf(b, fmt, ap);
    va_end(ap);
    return ok;
}

bool buf_hex(struct buf *b, struct bytes v)
{
    static const char digits[] = "0123456789abcdef";
    if (v.n > SIZE_MAX / 2) {
        b->failed = true;
        return false;
    }
    uint8_t *at = buf_room(b, 2 * v.n);
    if (!at)
        return false;
    for (size_t i = 0; i < v.n; i++) {
        at[2 * i] = (uint8_t)digits[v.p[i] >> 4];
        at[2 * i + 1] = (uint8_t)digits[v.p[i] & 15];
    }
    return true;
}

const char *buf_cstr(struct buf *b)
{
    if (!b->p)
        return "";
    b->p[b->n] = 0;
    return (const char *)b->p;
}
