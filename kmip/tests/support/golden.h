/* Files that hold what a test expects, with a readable complaint about the first
 * line that differs. Run with KMIP_GOLDEN=write to (re)write them, then read the
 * difference before it is committed. */
#ifndef KMIP_TESTS_GOLDEN_H
#define KMIP_TESTS_GOLDEN_H

#include "kmip/base/buf.h"

/* Fails the running test when the file at path (from the top of the tree) does not
 * hold exactly `got`. */
void golden_expect(const char *path, struct bytes got);

#endif
