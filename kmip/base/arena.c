/* The arena of arena.h: a list of blocks, newest first. */
#include "kmip/base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "kmip/base/buf.h"

#define BLOCK_MIN 4096u

struct arena_block {
    struct arena_block *next;
    size_t n, cap;
    alignas(max_align_t) uint8_t data[];
};

void arena_init(struct arena *a, size_t limit)
{
    a->head = NULL;
    a->used = 0;
    a->limit = limit;
}

static struct arena_block *add_block(struct arena *a, size_t n)
{
    /* Blocks double, so that many small objects cost few blocks. */
    size_t cap = a->head && a->head->cap < SIZE_MAX / 4 ? a->head->cap * 2 : BLOCK_MIN;
    if (cap > 256 * 1024)
        cap = 256 * 1024;
    if (cap < n)
        cap = n;
    struct arena_block *b = calloc(1, sizeof *b + cap);
    if (!b)
        return NULL;
    b->cap = cap;
    b->next = a->head;
    a->head = b;
    return b;
}

void *arena_alloc(struct arena *a, size_t n)
{
    const size_t align = alignof(max_align_t);
    if (n > a->limit || n > SIZE_MAX / 2)
        return NULL;
    size_t size = (n + align - 1) / align * align;
    if (size == 0)
        size = align;
    if (size > a->limit - a->used)
        return NULL;
    struct arena_block *b = a->head;
    if ((!b || size > b->cap - b->n) && !(b = add_block(a, size)))
        return NULL;
    void *p = b->data + b->n;
    b->n += size;
    a->used += size;
    return p;
}

void *arena_array(struct arena *a, size_t n, size_t size)
{
    if (size > 0 && n > SIZE_MAX / size)
        return NULL;
    return arena_alloc(a, n * size);
}

char *arena_copy(struct arena *a, struct bytes v)
{
    char *p = v.n < SIZE_MAX ? arena_alloc(a, v.n + 1) : NULL;
    if (p && v.n > 0)
        memcpy(p, v.p, v.n);
    return p;
}

char *arena_str(struct arena *a, const char *s)
{
    return arena_copy(a, bytes_str(s));
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    char *p = n < 0 ? NULL : arena_alloc(a, (size_t)n + 1);
    if (p)
        vsnprintf(p, (size_t)n + 1, fmt, again);
    va_end(again);
    va_end(ap);
    return p;
}

void arena_clear(struct arena *a)
{
    while (a->head) {
        struct arena_block *b = a->head;
        a->head = b->next;
        wipe(b->data, b->n);
        free(b);
    }
    a->used = 0;
}
