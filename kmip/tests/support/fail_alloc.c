/* The wrapped allocator of fail_alloc.h. */
#include "kmip/tests/support/fail_alloc.h"

#include <stdint.h>

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);

static size_t requests, first = SIZE_MAX, last = SIZE_MAX; /* that fail */

static void fail_alloc(size_t from, size_t to)
{
    requests = 0;
    first = from;
    last = to;
}

void fail_alloc_from(size_t nth)
{
    fail_alloc(nth, SIZE_MAX);
}

void fail_alloc_only(size_t nth)
{
    fail_alloc(nth, nth);
}

size_t fail_alloc_off(void)
{
    first = SIZE_MAX;
    return requests;
}

bool fail_alloc_request(void)
{
    requests++;
    return requests < first || requests > last;
}

void *__wrap_malloc(size_t n)
{
    return fail_alloc_request() ? __real_malloc(n) : NULL;
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fail_alloc_request() ? __real_calloc(n, size) : NULL;
}

void *__wrap_realloc(void *p, size_t n)
{
    return fail_alloc_request() ? __real_realloc(p, n) : NULL;
}
