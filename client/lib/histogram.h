/* Latencies in buckets that grow with them, as an HDR histogram's: every value is kept to
 * within 1 %, from a nanosecond to hours, in a fixed room and without allocation. */
#ifndef CLIENT_LIB_HISTOGRAM_H
#define CLIENT_LIB_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#define HISTOGRAM_SUB_BITS 7 /* each power of two has 128 buckets */
#define HISTOGRAM_POWERS 44  /* values up to 2^50 ns, thirteen days; longer ones count as that */
#define HISTOGRAM_BUCKETS ((HISTOGRAM_POWERS + 1) << HISTOGRAM_SUB_BITS)

struct histogram {
    uint64_t n;
    int64_t min, max; /* exact; of an empty one 0 */
    double sum;
    uint64_t count[HISTOGRAM_BUCKETS];
};

/* A zeroed histogram is empty. Negative values count as 0. */
void histogram_add(struct histogram *h, int64_t value);
void histogram_merge(struct histogram *into, const struct histogram *from);
/* The value that this share of all (0 to 1) does not exceed: the upper end of its bucket, and
 * never more than max; 0 when empty. */
int64_t histogram_at(const struct histogram *h, double share);
double histogram_mean(const struct histogram *h);

#endif
