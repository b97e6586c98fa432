/* A growable buffer with a bound and a sticky failure.
 *
 * A run of puts is checked once, at the end: the first put that cannot be
 * served (no memory, or the bound reached) sets `failed`, and every later put
 * does nothing. Memory is wiped before it is given back, also when the buffer
 * moves while growing, because buffers carry key material. */
#ifndef KMIP_BASE_BUF_H
#define KMIP_BASE_BUF_H

#include <stdarg.h>

#include "kmip/base/bytes.h"

#define BUF_NO_LIMIT SIZE_MAX

struct buf {
    uint8_t *p;
    size_t n, cap;
    size_t limit;  /* most bytes it may hold */
    bool failed;   /* a put did not fit or found no memory; content is cut there */
    bool too_long; /* ... because of the limit, not of memory */
};

/* Starts empty; allocates nothing. */
void buf_init(struct buf *b, size_t limit);
/* Wipes and frees; safe on an initialised or zeroed buffer, and twice. */
void buf_clear(struct buf *b);
/* Empties (wiping) but keeps the memory; clears `failed`. */
void buf_reset(struct buf *b);
/* Takes n bytes off the front, moving the rest down and wiping the tail. */
void buf_drop(struct buf *b, size_t n);
/* Shortens to n bytes (n <= b->n), wiping what is cut. */
void buf_truncate(struct buf *b, size_t n);

/* Appends n bytes of unspecified content and returns them; NULL on failure. */
static inline uint8_t *buf_room(struct buf *b, size_t n);
bool buf_put(struct buf *b, const void *p, size_t n);
bool buf_put_bytes(struct buf *b, struct bytes v);
bool buf_putc(struct buf *b, char c);
bool buf_puts(struct buf *b, const char *s);
bool buf_fill(struct buf *b, char c, size_t n);
bool buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool buf_vprintf(struct buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
/* Lower-case hexadecimal digits of v. */
bool buf_hex(struct buf *b, struct bytes v);

static inline struct bytes buf_bytes(const struct buf *b)
{
    return bytes_of(b->p, b->n);
}

/* The content as a C string (a NUL is kept behind it); "" when empty or failed
 * before anything was put. Valid until the next put. */
const char *buf_cstr(struct buf *b);

/* Overwrites n bytes in a way the compiler may not drop. */
void wipe(void *p, size_t n);

/* The rest of buf_room, when there is no room yet; nothing to call. */
uint8_t *buf_more_(struct buf *b, size_t n);

static inline uint8_t *buf_room(struct buf *b, size_t n)
{
    size_t end = b->n + n;

    if (b->failed || !b->p || n > b->cap - b->n || end > b->limit)
        return buf_more_(b, n);
    uint8_t *at = b->p + b->n;
    b->n = end;
    return at;
}

#endif
