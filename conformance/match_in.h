/* Inside the matcher: match.c goes through fields, lists and attributes, match_value.c
 * compares one value. */
#ifndef CONFORMANCE_MATCH_IN_H
#define CONFORMANCE_MATCH_IN_H

#include "conformance/match.h"

/* One value of the reply and what the schema says of its place. */
struct got {
    struct kmip_walk *walk; /* stands in the structure around it */
    struct kmip_spot spot;
    const struct ttlv_item *it;
    const char *name; /* of the field or attribute; NULL if it has none */
};

bool match_value(struct matcher *m, const struct ynode *want, const struct got *g);
/* Does it match? Leaves no trace when it does not; *expected, unless NULL, says what would. */
bool match_tried(struct matcher *m, const struct ynode *want, const struct got *g,
                 const char **expected);
/* Numbers, enumerations, dates and Booleans as one scale; false of other types. */
bool match_number(unsigned type, struct bytes v, int64_t *out);
/* The value as it is shown in mismatches. */
const char *match_show(struct matcher *m, const struct got *g);
bool match_tagged(const struct ynode *n, const char *tag);
/* The node without its tag, to be read as a plain value. */
struct ynode match_untagged(const struct ynode *n);

/* Always false. */
bool match_case_error(struct matcher *m, const struct ynode *n, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
bool match_differs(struct matcher *m, const struct got *g, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
