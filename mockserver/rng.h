/* The mock's dice: splitmix64 (Steele, Lea, Flood 2014), one small state per stream.
 *
 * Nothing secret comes from here. What matters is that the same seed and stream
 * give the same numbers on every machine, whatever other streams draw. */
#ifndef MOCKSERVER_RNG_H
#define MOCKSERVER_RNG_H

#include <stdint.h>

#define RNG_STEP UINT64_C(0x9E3779B97F4A7C15)

static inline uint64_t rng_mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/* The start of stream number `stream` of a seed. */
static inline uint64_t rng_stream(uint64_t seed, uint64_t stream)
{
    return rng_mix(rng_mix(seed + RNG_STEP) + (stream + 1) * RNG_STEP);
}

static inline uint64_t rng_next(uint64_t *state)
{
    return rng_mix(*state += RNG_STEP);
}

/* Evenly from 0 to n - 1; n > 0. Values beyond the last whole multiple of n are
 * drawn again, so that no remainder is favoured. */
static inline uint64_t rng_below(uint64_t *state, uint64_t n)
{
    uint64_t cut = (UINT64_MAX - n + 1) % n; /* 2^64 mod n */
    uint64_t v;
    do
        v = rng_next(state);
    while (v > UINT64_MAX - cut);
    return v % n;
}

#endif
