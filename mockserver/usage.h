/* Usage Limits (KMIP 1.2 spec, 3.21) as Check, Get Usage Allocation and Encrypt see them. */
#ifndef MOCKSERVER_USAGE_H
#define MOCKSERVER_USAGE_H

#include "mockserver/op.h"

struct usage_limits {
    int64_t total, count; /* count: what is left */
    uint32_t unit; /* KMIP_USAGE_LIMITS_UNIT_* */
};

/* False: the object has none, its use is not counted. */
bool usage_limits(const struct mock_object *o, struct usage_limits *out);
/* Takes `amount` off and saves the object. Permission Denied when it is not there. */
bool usage_allocate(struct op_call *c, struct mock_object *o, const struct usage_limits *limits,
                    int64_t amount);

#endif
