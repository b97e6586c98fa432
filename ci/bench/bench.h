/* What the programs of this folder have in common: time, medians, and the end. */
#ifndef CI_BENCH_BENCH_H
#define CI_BENCH_BENCH_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "kmip/schema/tags.h"
#include "kmip/ttlv/writer.h"

#define BENCH_ROUNDS_MAX 101

/* CPU time of this process so far. */
static inline double bench_cpu_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static inline int bench_by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Sorts v. */
static inline double bench_median(double *v, size_t n)
{
    qsort(v, n, sizeof *v, bench_by_size);
    return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

/* A 1.2 response of one item, up to the fields of the item. */
static inline void bench_begin_response(struct ttlv_writer *w)
{
    ttlv_w_open(w, KMIP_TAG_RESPONSE_MESSAGE);
    ttlv_w_open(w, KMIP_TAG_RESPONSE_HEADER);
    ttlv_w_open(w, KMIP_TAG_PROTOCOL_VERSION);
    ttlv_w_int(w, KMIP_TAG_PROTOCOL_VERSION_MAJOR, 1);
    ttlv_w_int(w, KMIP_TAG_PROTOCOL_VERSION_MINOR, 2);
    ttlv_w_close(w);
    ttlv_w_date(w, KMIP_TAG_TIME_STAMP, 1769860800);
    ttlv_w_int(w, KMIP_TAG_BATCH_COUNT, 1);
    ttlv_w_close(w);
    ttlv_w_open(w, KMIP_TAG_BATCH_ITEM);
}

/* Closes all that is open. */
static inline bool bench_end_response(struct ttlv_writer *w)
{
    while (w->depth > 0 && !w->failed)
        ttlv_w_close(w);
    return ttlv_w_finish(w);
}

_Noreturn static inline void bench_die(const char *program, const char *what)
{
    fprintf(stderr, "%s: %s\n", program, what);
    exit(1);
}

#endif
