/* Memory that an engine keeps from request to request, so that the everyday ones
 * (Get, Encrypt) allocate nothing. */
#ifndef MOCKSERVER_SCRATCH_H
#define MOCKSERVER_SCRATCH_H

#include "mockserver/request.h"

#define GROUP_TURNS 64

struct engine_scratch {
    struct request request; /* being answered */
    struct buf data; /* a cipher's result, a value being put together; wiped after use */
    struct buf wrapped; /* a second one, where the first is input */
    struct buf found; /* identifiers, each in MOCK_UID_MAX bytes: what Locate has found */
    char placeholder[MOCK_UID_MAX]; /* ID Placeholder as the last request left it */
    uint64_t numbered; /* identifiers given out that are numbers */
    uint64_t turns[GROUP_TURNS]; /* Object Group Member Default: who was last, by hash of the group */
};

#endif
