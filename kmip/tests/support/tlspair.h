/* Both ends of a TLS connection in one process, over a socket pair and driven by
 * turns: what a test needs to see each side's view of one handshake. */
#ifndef KMIP_TESTS_SUPPORT_TLSPAIR_H
#define KMIP_TESTS_SUPPORT_TLSPAIR_H

#include "kmip/net/tls.h"

struct tlspair {
    struct tls_conn *client, *server;
    enum tls_io client_io, server_io; /* the last answer of each side */
    struct kerr client_err, server_err;
};

/* Credentials of DIR/kmip-*.pem; fails the test when they cannot be loaded. */
struct tls_creds *tlspair_creds(enum tls_role role, const char *dir, const struct tls_options *o);

/* Connects the two and runs the handshake until both sides are done or one has
 * failed. True when both are done. */
bool tlspair_connect(struct tlspair *p, const struct tls_creds *client, const struct tls_creds *server,
                     const char *host);
void tlspair_clear(struct tlspair *p);

/* Writes all of v on one end while the other end reads it into out (room >= v.n);
 * *records counts the reads it took. */
bool tlspair_pass(struct tls_conn *from, struct tls_conn *to, struct bytes v, void *out,
                  size_t *records);

#endif
