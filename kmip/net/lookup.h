/* Host names into addresses, with a deadline. */
#ifndef KMIP_NET_LOOKUP_H
#define KMIP_NET_LOOKUP_H

#include <netdb.h>

#include "kmip/base/error.h"

/* The stream addresses of a name, for freeaddrinfo; NULL on failure: KE_CONNECT when there
 * are none, KE_TIMEOUT at the deadline (monotonic ns), KE_INTERRUPTED when a signal with a
 * handler arrives. */
struct addrinfo *lookup_host(const char *host, const char *port, int64_t deadline_ns,
                             struct kerr *err);

#endif
