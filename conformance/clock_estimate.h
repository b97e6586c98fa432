/* How far another clock is from ours, when it shows whole seconds only.
 *
 * A Time Stamp of s, taken somewhere between sending and arrival, says that the other
 * clock stood between s and s + 1 at some moment in between. Each sample bounds the
 * offset from both sides; the bounds of all samples hold together as long as both
 * clocks run alike. One sample leaves a second open; samples just before and just
 * after the other clock's tick leave little more than the round trip.
 *
 * All times in ns; ours is any clock that runs evenly, since the epoch. */
#ifndef CONFORMANCE_CLOCK_ESTIMATE_H
#define CONFORMANCE_CLOCK_ESTIMATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct clock_sample {
    int64_t sent_ns, arrived_ns; /* ours; sent: not later than the first byte */
    int64_t stamp_s;             /* theirs */
};

struct clock_estimate {
    int64_t lo_ns, hi_ns;        /* theirs minus ours lies between */
    size_t n;                    /* samples; 0: nothing is known */
    int64_t stamp_s;             /* of the first */
    bool ticked;                 /* a later one had another stamp */
    int64_t round_trip_ns;       /* the shortest */
    int64_t at_ns;               /* when the latest sample that told something was taken */
};

void clock_estimate_init(struct clock_estimate *e);
/* False when the sample contradicts those before: the clocks do not run alike (the
 * estimate stays as it was). */
bool clock_estimate_add(struct clock_estimate *e, const struct clock_sample *s);
int64_t clock_offset_ns(const struct clock_estimate *e);
/* The offset is within so much of clock_offset_ns. */
int64_t clock_uncertain_ns(const struct clock_estimate *e);
/* When the next sample tells most: a little into the time in which the next tick can
 * be. Never before now. */
int64_t clock_next_ns(const struct clock_estimate *e, int64_t now_ns);
/* More samples would not help: the other clock was seen to tick, and the offset is
 * uncertain by no more than a round trip or enough_ns. */
bool clock_settled(const struct clock_estimate *e, int64_t enough_ns);

/* How fast theirs gains on ours between two estimates, in parts per million, and how
 * far that may be wrong. False when they are not apart in time. */
bool clock_drift(const struct clock_estimate *a, const struct clock_estimate *b, double *ppm,
                 double *uncertain_ppm);

/* What samples that contradict each other show. */
enum clock_trouble { CLOCK_EVEN, CLOCK_FROZEN, CLOCK_BACK, CLOCK_UNEVEN };
enum clock_trouble clock_trouble(const struct clock_sample *v, size_t n);

/* Theirs is surely behind, surely ahead, or neither. */
bool clock_behind(const struct clock_estimate *e);
bool clock_ahead(const struct clock_estimate *e);
/* "90.000 s behind ours (± 0.002 s)", "agrees with ours (within 0.003 s)". Returns out. */
char *clock_words(const struct clock_estimate *e, char *out, size_t room);

#endif
