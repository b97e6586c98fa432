/* Parts of a run (shard.h). */
#include "conformance/shard.h"

#include <stdio.h>
#include <string.h>

#include "kmip/base/text.h"

bool shard_parse(const char *text, unsigned *index, unsigned *of, struct kerr *err)
{
    const char *slash = strchr(text, '/');
    int64_t i, n;
    if (!slash || !text_int(bytes_str(slash + 1), 1, SHARDS_MAX, &n) ||
        !text_int(bytes_of(text, (size_t)(slash - text)), 1, n, &i))
        return kerr_set(err, KE_USAGE,
                        "--shard takes i/n, the i-th of n parts (up to %d), such as 1/4; not '%s'",
                        SHARDS_MAX, text);
    *index = (unsigned)i;
    *of = (unsigned)n;
    return true;
}

unsigned shard_of(const struct test_case *tc, unsigned of)
{
    uint64_t h = bytes_hash(bytes_str(tc->probe ? tc->suite : tc->id));
    h ^= h >> 32; /* the low bits alone are not mixed well */
    h *= UINT64_C(0x9E3779B97F4A7C15);
    return (unsigned)((h >> 32) % of) + 1;
}
