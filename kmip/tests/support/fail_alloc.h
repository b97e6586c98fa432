/* Makes the project's own memory requests fail on demand.
 *
 * Tests are linked with --wrap for malloc, calloc and realloc, so that the calls
 * made by the project's and the test's code pass here; those inside shared
 * libraries do not. One thread only. */
#ifndef KMIP_TESTS_SUPPORT_FAIL_ALLOC_H
#define KMIP_TESTS_SUPPORT_FAIL_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

/* The nth request from now (1 = the next) and all later ones find no memory. */
void fail_alloc_from(size_t nth);
/* The nth request from now finds none, and no other. */
void fail_alloc_only(size_t nth);
/* Memory for everyone again. Returns how many requests there were since the call above. */
size_t fail_alloc_off(void);
/* Counts a request of somebody else's allocator among these; false: it is to fail. */
bool fail_alloc_request(void);

#endif
