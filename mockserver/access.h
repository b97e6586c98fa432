/* Who asks, and what the default policy lets them do (KMIP 1.2 spec, 3.18.2, 6.6). */
#ifndef MOCKSERVER_ACCESS_H
#define MOCKSERVER_ACCESS_H

#include "kmip/schema/message.h"
#include "mockserver/op.h"

struct access {
    const char *identity;
    bool authenticated; /* by certificate or Credential */
};

/* The peer of the connection, unless the request carries a Credential: then who
 * that stands for. False: it does not verify; *why says so without telling what
 * was wrong with it. */
__attribute__((warn_unused_result)) bool access_identify(const struct mock_config *cfg,
                                                         const struct mock_peer *peer,
                                                         const struct kmip_header *header,
                                                         struct access *out, const char **why);

/* Owners may do everything, and with a shared object every client may; others may read
 * certificates and public keys. */
bool access_allowed(const struct mock_object *o, const char *identity, enum op_policy policy);

#endif
