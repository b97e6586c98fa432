/* When an object matches the attributes of a Locate (KMIP 1.2 spec, 4.9): all of them
 * must be met, indices do not matter. */
#ifndef MOCKSERVER_LOCATE_MATCH_H
#define MOCKSERVER_LOCATE_MATCH_H

#include "mockserver/attrs.h"

#define LOCATE_FILTERS_MAX 64

struct locate_filter {
    const struct kmip_attribute *def; /* NULL: custom */
    struct bytes name;
    struct ttlv_item value;
    int64_t from, to; /* dates: inclusive */
    bool range; /* a date given twice */
};

struct locate_filters {
    struct locate_filter filter[LOCATE_FILTERS_MAX];
    size_t n;
};

/* Reads them from the request payload. */
bool locate_filters_read(struct op_call *c, struct locate_filters *out);
/* The filter on a standard attribute, or NULL. */
const struct locate_filter *locate_filter_on(const struct locate_filters *f, uint32_t tag);
/* The object must be settled. */
bool locate_matches(const struct op_call *c, const struct locate_filters *f,
                    const struct mock_object *o);

#endif
