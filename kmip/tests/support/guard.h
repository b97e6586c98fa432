/* Memory whose end touches a page that cannot be read: reading one byte beyond an
 * input placed here ends the test with a fault, sanitizer or not. */
#ifndef KMIP_TESTS_SUPPORT_GUARD_H
#define KMIP_TESTS_SUPPORT_GUARD_H

#include "kmip/base/bytes.h"

struct guard {
    uint8_t *map, *wall; /* wall: the first unreadable byte */
    size_t size;
};

/* Room for inputs of up to n bytes, one at a time. Aborts without memory. */
void guard_open(struct guard *g, size_t n);
/* Copies v so that it ends at the wall; the view lives until the next call. */
struct bytes guard_place(struct guard *g, struct bytes v);
void guard_close(struct guard *g);

#endif
