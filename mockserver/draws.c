/* Streams of made-up bytes (draws.h): SHA-256 of the stream's start and a counter, block
 * by block. */
#include "mockserver/draws.h"

#include <stdio.h>

#include "mockserver/config.h"
#include "mockserver/crypto.h"

void draws_init(struct draws *d, const struct mock_config *cfg, uint64_t run, const char *identity,
                uint64_t connection)
{
    char text[320];
    *d = (struct draws){.seeded = cfg->seed_given};
    /* The identity comes last: whatever it holds, no two streams have one text. */
    snprintf(text, sizeof text, "%lld:%llu:%llu:%s", (long long)cfg->seed, (unsigned long long)run,
             (unsigned long long)connection, identity);
    crypto_sha256(bytes_str(text), d->stream);
}

bool draws_bytes(void *draws, void *p, size_t n)
{
    struct draws *d = draws;
    uint8_t in[sizeof d->stream + 8], block[32], *to = p;
    if (!d->seeded)
        return crypto_random(p, n);
    memcpy(in, d->stream, sizeof d->stream);
    while (n > 0) {
        size_t k = n < sizeof block ? n : sizeof block;
        be64_put(in + sizeof d->stream, d->drawn++);
        crypto_sha256(bytes_of(in, sizeof in), block);
        memcpy(to, block, k);
        to += k;
        n -= k;
    }
    wipe(in, sizeof in);
    wipe(block, sizeof block);
    return true;
}
