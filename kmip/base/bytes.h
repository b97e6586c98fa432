/* A view of bytes that somebody else owns: a pointer and a length.
 *
 * Nothing here allocates or frees. A view lives exactly as long as the memory
 * it points into. The empty view has n == 0; its pointer may be NULL. */
#ifndef KMIP_BASE_BYTES_H
#define KMIP_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
    const uint8_t *p;
    size_t n;
};

static inline struct bytes bytes_of(const void *p, size_t n)
{
    struct bytes b = {(const uint8_t *)p, n};
    return b;
}

/* The characters of s without its terminating NUL; NULL gives the empty view. */
static inline struct bytes bytes_str(const char *s)
{
    return bytes_of(s, s ? strlen(s) : 0);
}

static inline bool bytes_eq(struct bytes a, struct bytes b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool bytes_eq_str(struct bytes a, const char *s)
{
    return bytes_eq(a, bytes_str(s));
}

/* FNV-1a, 64 bits: the same on every machine, fast for short views, and nothing that
 * stands against an attacker. */
static inline uint64_t bytes_hash(struct bytes b)
{
    uint64_t h = UINT64_C(0xCBF29CE484222325);
    for (size_t i = 0; i < b.n; i++)
        h = (h ^ b.p[i]) * UINT64_C(0x100000001B3);
    return h;
}

/* Big-endian integers, as KMIP sends them (KMIP 1.2 spec, 9.1.1): one access and one
 * instruction to turn it round, which compilers do not make of eight shifts by themselves. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define BE32_TURN(v) __builtin_bswap32(v)
#define BE64_TURN(v) __builtin_bswap64(v)
#else
#define BE32_TURN(v) (v)
#define BE64_TURN(v) (v)
#endif

static inline uint32_t be32_get(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return BE32_TURN(v);
}

static inline uint64_t be64_get(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return BE64_TURN(v);
}

static inline void be32_put(uint8_t *p, uint32_t v)
{
    v = BE32_TURN(v);
    memcpy(p, &v, sizeof v);
}

static inline void be64_put(uint8_t *p, uint64_t v)
{
    v = BE64_TURN(v);
    memcpy(p, &v, sizeof v);
}

#endif
