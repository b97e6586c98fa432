/* What requests do to the objects of the server: told to the journal (made.c), and
 * guarded (guard.c). */
#ifndef CONFORMANCE_MADE_H
#define CONFORMANCE_MADE_H

#include "conformance/runner.h"

enum effect { MADE_NEW = 1, MADE_CHANGES = 2, MADE_REPLACES = 4 };

/* Of an operation; an enum effect, or several. */
unsigned made_effect(uint32_t operation);
bool made_bears_prefix(const struct running *rn, struct bytes text);

/* Each Attribute inside `in` whose text bears the run's prefix goes to `take`, which says
 * whether to go on. False: it did not. */
typedef bool made_take(void *arg, struct bytes attribute, struct bytes value);
bool made_each_name(const struct running *rn, const struct ttlv_item *in, made_take *take,
                    void *arg);

#endif
