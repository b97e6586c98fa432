/* Sockets: connect and listen with deadlines and errors that say what to do. */
#ifndef KMIP_NET_TCP_H
#define KMIP_NET_TCP_H

#include "kmip/base/error.h"

/* A connected, non-blocking socket with TCP_NODELAY, close-on-exec; -1 on
 * failure. Tries every address of the name until one answers or the deadline
 * (monotonic ns) passes; each address left gets its share of the time left. The
 * deadline holds for the look-up of the name too. KE_CONNECT, KE_TIMEOUT, or
 * KE_INTERRUPTED when a signal with a handler arrives. */
int tcp_connect(const char *host, const char *port, int64_t deadline_ns, struct kerr *err);
/* Listening, non-blocking socket on "HOST:PORT", "[::1]:PORT" or "PORT" (which
 * binds 127.0.0.1). Port 0 picks one; the one in use goes to *port. -1 on failure:
 * KE_CONFIG for a place that cannot be meant, KE_IO when the system refuses it. */
int tcp_listen(const char *where, int *port, struct kerr *err);
/* Splits "HOST:PORT", "[IPV6]:PORT", "HOST", "PORT" (digits alone) or a bare IPv6
 * address; missing parts keep what the buffers hold. False, and neither buffer
 * touched, when malformed. */
bool tcp_split(const char *where, char host[256], char port[16]);

#endif
