/* What a server makes up: identifiers, Asynchronous Correlation Values, keys, IVs.
 *
 * Without a seed it comes from the system. With one it is repeatable: each connection
 * has a stream of its own, which depends on the seed, the client's identity and which
 * of its connections it is, so that what one client is given does not depend on other
 * clients. It depends on the store's run too: what an earlier server gave out for the
 * same store does not come again. Keys drawn so are as secret as the seed. */
#ifndef MOCKSERVER_DRAWS_H
#define MOCKSERVER_DRAWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mock_config;

struct draws {
    bool seeded;
    uint8_t stream[32];
    uint64_t drawn; /* blocks so far */
};

/* connection: which of the client's, from 1; 0 is for what no connection asked for. */
void draws_init(struct draws *d, const struct mock_config *cfg, uint64_t run, const char *identity,
                uint64_t connection);
/* False only when the system gives no random bytes. draws: struct draws; the type suits
 * crypto_key_of. */
__attribute__((warn_unused_result)) bool draws_bytes(void *draws, void *p, size_t n);

#endif
