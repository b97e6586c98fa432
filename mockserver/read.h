/* Values that the mock's configuration has and yfield.h does not: real numbers,
 * durations with a bound, names of operations, clocks. Errors say FILE:LINE:COL. */
#ifndef MOCKSERVER_READ_H
#define MOCKSERVER_READ_H

#include "kmip/base/arena.h"
#include "kmip/yaml/yfield.h"
#include "mockserver/clock.h"

#define READ_DAY_NS (INT64_C(24) * 3600 * 1000000000)
#define READ_CENTURY_NS (36525 * READ_DAY_NS)

/* A decimal number, "25%" being 0.25. */
__attribute__((warn_unused_result)) bool read_real(const struct ynode *n, const char *what,
                                                   double min, double max, double *out,
                                                   struct kerr *err);
/* A duration within [min, max] ns. */
__attribute__((warn_unused_result)) bool read_time(const struct ynode *n, const char *what,
                                                   int64_t min, int64_t max, int64_t *out,
                                                   struct kerr *err);
/* One operation's name, or a list of them, into the arena. */
struct read_operations {
    uint32_t *v;
    size_t n;
};
__attribute__((warn_unused_result)) bool read_operations(const struct ynode *n, struct arena *a,
                                                         struct read_operations *out,
                                                         struct kerr *err);

/* What `connections:` of a clock says: a clock for those whom it names. */
struct clock_choice {
    int64_t connection; /* number, 0: any; with client: of that client */
    const char *client; /* pattern for the certificate's Common Name; NULL: any */
    struct clock_spec spec;
};
struct clock_choices {
    struct clock_choice *v; /* in the arena */
    size_t n;
};

/* What read_clock reads, without `connections`: for the manual. */
extern const struct yfield read_clock_fields[];
/* `clock:` {offset, rate, freeze, jumps, strobe, applies_to}. With choices (not NULL)
 * also `connections`, each a clock of its own with connection and client. Strings of
 * choices live as long as the document. */
__attribute__((warn_unused_result)) bool read_clock(const struct ynode *n, struct arena *a,
                                                    struct clock_spec *out,
                                                    struct clock_choices *choices,
                                                    struct kerr *err);

#endif
