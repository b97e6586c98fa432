/* States and dates of an object (KMIP 1.2 spec, 3.22): which transitions there
 * are, what a date brings about, and what a state allows.
 *
 * State is what it is at the moment of the request: settle first. */
#ifndef MOCKSERVER_LIFECYCLE_H
#define MOCKSERVER_LIFECYCLE_H

#include "mockserver/object.h"

/* Types that have a State: all but Template and Opaque Object. */
bool lifecycle_has_state(uint32_t object_type);
/* Applies what dates have brought about by `now` (Activation Date, Deactivation
 * Date); returns the state, 0 for a type without one. When that changes, Last Change
 * Date moves forward to the date it came with. None of it needs to be stored, because
 * it comes of the dates again: the object is no more dirty than before, and until it is
 * stored with some change, a clock that goes back takes the state back. */
uint32_t lifecycle_settle(struct mock_object *o, int64_t now);

/* The date so many seconds later; the last there is when it lies beyond that. */
static inline int64_t lifecycle_later(int64_t date, int64_t by_s)
{
    int64_t sum;
    return __builtin_add_overflow(date, by_s, &sum) ? INT64_MAX : sum;
}

enum lifecycle_event { LIFE_ACTIVATE, LIFE_REVOKE, LIFE_COMPROMISE, LIFE_DESTROY };

/* The state an event leads to from `state`, or 0: no such transition. */
uint32_t lifecycle_next(uint32_t state, enum lifecycle_event event);

enum lifecycle_use { USE_PROTECT, USE_PROCESS };
/* NULL when the settled object may be used so at `now` (state, Process Start and
 * Protect Stop Date); else why not, as a text for the Result Message. Protecting and
 * processing both take an Active object. */
const char *lifecycle_refusal(const struct mock_object *o, enum lifecycle_use use, int64_t now);

#endif
