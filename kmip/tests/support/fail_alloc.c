/* The wrapped allocator of fail_alloc.h. */
#include "kmip/tests/support/fail_alloc.h"

#include <stdbool.h>
#include <stdint.h>

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);

static size_t requests, fail_at = SIZE_MAX;

void fail_alloc_from(size_t nth)
{
    requests = 0;
    fail_at = nth;
}

size_t fail_alloc_off(void)
{
    fail_at = SIZE_MAX;
    return requests;
}

static bool served(void)
{
    return ++requests < fail_at;
}

void *__wrap_malloc(size_t n)
{
    return served() ? __real_malloc(n) : NULL;
}

void *__wrap_calloc(size_t n, size_t size)
{
    return served() ? __real_calloc(n, size) : NULL;
}

void *__wrap_realloc(void *p, size_t n)
{
    return served() ? __real_realloc(p, n) : NULL;
}
