/* Parts of a run, for several machines: --shard i/n. */
#ifndef CONFORMANCE_SHARD_H
#define CONFORMANCE_SHARD_H

#include "conformance/case.h"

#define SHARDS_MAX 1000

/* "2/5": the second of five. KE_USAGE. */
__attribute__((warn_unused_result)) bool shard_parse(const char *text, unsigned *index,
                                                     unsigned *of, struct kerr *err);
/* Which of `of` parts a case belongs to, from 1. It follows from the id alone, so that it is
 * the same on every machine and stays when other cases come or go; a probe's from its suite,
 * because probes build on what those before them found. */
unsigned shard_of(const struct test_case *tc, unsigned of);

#endif
