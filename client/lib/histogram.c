#include "client/lib/histogram.h"

#define SUB (1u << HISTOGRAM_SUB_BITS)

/* Values below SUB have a bucket each; above, the leading bits choose it. */
static size_t bucket_of(uint64_t v)
{
    if (v < SUB)
        return (size_t)v;
    unsigned power = 63u - (unsigned)__builtin_clzll(v) - HISTOGRAM_SUB_BITS;
    if (power >= HISTOGRAM_POWERS)
        return HISTOGRAM_BUCKETS - 1;
    return ((size_t)(power + 1) << HISTOGRAM_SUB_BITS) + (size_t)(v >> power) - SUB;
}

/* The largest value of a bucket. */
static int64_t bucket_top(size_t b)
{
    if (b < SUB)
        return (int64_t)b;
    unsigned power = (unsigned)(b >> HISTOGRAM_SUB_BITS) - 1;
    uint64_t leading = (b & (SUB - 1)) + SUB;
    return (int64_t)(((leading + 1) << power) - 1);
}

void histogram_add(struct histogram *h, int64_t value)
{
    if (value < 0)
        value = 0;
    if (h->n == 0 || value < h->min)
        h->min = value;
    if (value > h->max)
        h->max = value;
    h->n++;
    h->sum += (double)value;
    h->count[bucket_of((uint64_t)value)]++;
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
    if (from->n == 0)
        return;
    if (into->n == 0 || from->min < into->min)
        into->min = from->min;
    if (from->max > into->max)
        into->max = from->max;
    into->n += from->n;
    into->sum += from->sum;
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        into->count[i] += from->count[i];
}

int64_t histogram_at(const struct histogram *h, double share)
{
    uint64_t want = (uint64_t)(share * (double)h->n + 0.5), seen = 0;

    if (want == 0)
        want = 1;
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += h->count[i];
        if (h->count[i] && seen >= want)
            return bucket_top(i) < h->max && i < HISTOGRAM_BUCKETS - 1 ? bucket_top(i) : h->max;
    }
    return h->max;
}

double histogram_mean(const struct histogram *h)
{
    return h->n ? h->sum / (double)h->n : 0;
}
