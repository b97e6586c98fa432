/* libkmip as a peer to measure by. Without -DWITH_LIBKMIP there is none: peer_new gives
 * NULL and peer_name too. */
#ifndef CI_BENCH_PEER_H
#define CI_BENCH_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct peer;

const char *peer_name(void);
/* For a response that the peer can decode, else NULL: there is nothing to compare with. The
 * bytes must outlive it. */
struct peer *peer_new(const uint8_t *message, size_t n);
/* Decodes the message and frees what came of it, as the library's own client does. */
bool peer_decode(struct peer *p);
/* Encodes what was decoded once; with the buffer that the library's own client makes.
 * False when it cannot: it decodes responses that it does not encode. */
bool peer_encode(struct peer *p);

#endif
