/* Memory for things that are built together and go together: one arena per
 * message, document or run; one release for all of it.
 *
 * Blocks are wiped when they are given back. The bound counts bytes handed out. */
#ifndef KMIP_BASE_ARENA_H
#define KMIP_BASE_ARENA_H

#include "kmip/base/bytes.h"

struct arena_block;

struct arena {
    struct arena_block *head;
    size_t used, limit;
};

void arena_init(struct arena *a, size_t limit);
/* Zeroed memory aligned for any object, or NULL: no memory, or limit reached. */
void *arena_alloc(struct arena *a, size_t n);
/* n objects of size each; NULL also when the product overflows. */
void *arena_array(struct arena *a, size_t n, size_t size);
/* Copies with a terminating NUL behind them. */
char *arena_copy(struct arena *a, struct bytes v);
char *arena_str(struct arena *a, const char *s);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Wipes and frees all of it; the arena can be used again. Safe on a zeroed one. */
void arena_clear(struct arena *a);

#endif
