/* Authentication (KMIP Profiles 1.2, 3): client certificates that no server should take,
 * and the cipher suites that it does. */
#ifndef CONFORMANCE_AUTH_H
#define CONFORMANCE_AUTH_H

#include "conformance/runner.h"

/* Identities made for the purpose, in a folder that goes with the target:
 *
 *   expired, early   the client's certificate again, by its own authority, but of the past
 *                    or the future: needs the authority's key (target_options.client_ca)
 *   stranger         a certificate with the client's name, by an authority of ours
 *   keyless          the client's certificate itself, without the private key to it */
bool auth_is_made(const char *as);
/* Points the connection at its files. KE_CONFIG: it cannot be made here, and why. */
__attribute__((warn_unused_result)) bool auth_use(struct target *t, const char *as,
                                                  struct kc_connect *c, struct kerr *err);
/* With the folder. Safe on NULL. */
void auth_certs_free(struct auth_certs **a);

/* The step: tries each cipher suite by itself. False: the case ends here. */
__attribute__((warn_unused_result)) bool step_ciphers(struct running *rn,
                                                      const struct case_step *s);

#endif
