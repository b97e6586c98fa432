/* Good messages, each broken in one place: what a server must survive (KMIP 1.2 spec, 9.1).
 *
 * A family breaks one thing (tags, types, lengths, ...) of every item at every depth. What
 * comes out is the same each time, and in the same order. */
#ifndef CONFORMANCE_MALFORM_H
#define CONFORMANCE_MALFORM_H

#include "kmip/base/buf.h"
#include "kmip/base/error.h"

struct malformed {
    struct bytes message; /* lives during the call */
    const char *what;     /* "Request Message/Batch Item/Operation: length 3 instead of 4" */
    bool waits;           /* it announces more than it has: a server may wait for the rest */
    bool overhangs;       /* ... less: what is left begins another message */
};

/* False: enough. */
typedef bool malform_take(void *arg, const struct malformed *m);

struct malforming;

struct malform_family {
    const char *name;
    const char *what; /* what it does to each item, for explanations */
    void (*run)(struct malforming *m);
};

/* A set of families is a mask of their places here. */
extern const struct malform_family malform_families[];
extern const size_t n_malform_families;

/* NULL if there is none of that name. */
const struct malform_family *malform_find(const char *name);

/* Every malformation of the family goes to take. Items with the tag `spared` (0: none)
 * are left as they are. False with err: out of memory, or good is no sound message of at
 * most MALFORM_ITEMS items. */
#define MALFORM_ITEMS 400
__attribute__((warn_unused_result)) bool malform_each(const struct malform_family *f,
                                                      struct bytes good, uint32_t spared,
                                                      malform_take *take, void *arg,
                                                      struct kerr *err);

#endif
