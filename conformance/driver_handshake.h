/* The driver's handshake on a connection, for the probes, the proof of the advice and
 * `repro`.
 *
 * A user's first request goes out at version 1.2; right behind it, without waiting where
 * the pipeline has room for two, Discover Versions; then three Queries, one after the
 * other, in the version that was adopted: the first that was returned. */
#ifndef CONFORMANCE_DRIVER_HANDSHAKE_H
#define CONFORMANCE_DRIVER_HANDSHAKE_H

#include "conformance/driver_key.h"

/* The user's Create, and Discover Versions; *adopted is 0 when no version is returned. */
__attribute__((warn_unused_result)) bool handshake_begin(struct wire *w,
                                                         const struct key_plan *plan,
                                                         struct key *k, uint8_t *adopted,
                                                         struct kerr *err);
/* Discover Versions alone, on a connection whose first request was another one. */
__attribute__((warn_unused_result)) bool handshake_versions(struct wire *w, uint8_t *adopted,
                                                            struct kerr *err);
/* Extension map; server information; operations and objects, of which those that the
 * driver uses and Query does not list go to missing ("Encrypt, Decrypt"), unless NULL. */
__attribute__((warn_unused_result)) bool handshake_queries(struct wire *w, struct buf *missing,
                                                           struct kerr *err);
/* Opens Discover Versions: 1.4, 1.3, 1.2. */
struct ttlv_writer *handshake_discover(struct wire *w, struct wire_call *c);
/* The first version of its reply, 0 for none; all of them go to list ("1.3, 1.2"). */
uint8_t handshake_offered(const struct wire_call *c, struct buf *list);
/* Does the reply to a Query list the operation? */
bool handshake_lists(const struct wire_call *c, uint32_t operation);
/* Operations that the driver uses and the reply to a Query does not list. */
void handshake_missing(const struct wire_call *c, struct buf *names);

#endif
