/* Which cases must have the server to themselves while others run at the same time. */
#ifndef CONFORMANCE_ALONE_H
#define CONFORMANCE_ALONE_H

#include "conformance/case.h"

/* Why the case runs alone under --jobs, or NULL when others may run beside it. `virtual`:
 * waits advance the server's clock, for everybody. */
const char *case_alone(const struct test_case *tc, bool virtual_time);

#endif
