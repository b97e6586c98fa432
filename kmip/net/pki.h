/* Makes the certificates that tests and demonstrations need: a CA and leaf
 * certificates with ECDSA P-256 keys, written as PEM files (keys 0600).
 *
 * Each call holds a lock on DIR, so that programs started together agree on one set. */
#ifndef KMIP_NET_PKI_H
#define KMIP_NET_PKI_H

#include "kmip/base/error.h"

struct pki_leaf {
    const char *cn;
    bool server;          /* extended usage serverAuth, else clientAuth */
    const char *dns, *ip; /* subject alternative names of a server; NULL = localhost and both loopback addresses */
    int64_t not_before, not_after; /* seconds since the epoch; 0 = an hour ago / ten years on */
    bool rsa;             /* RSA 2048 instead of ECDSA P-256 */
    const char *const *names; /* further names and addresses of a server */
    size_t n_names;
};

/* DIR/ca.pem and DIR/ca-key.pem, made unless both are there (one alone is an
 * error). Creates DIR (0700) and what leads to it. */
__attribute__((warn_unused_result)) bool pki_ca(const char *dir, const char *cn, struct kerr *err);
/* DIR/name/kmip-ca.pem, kmip-cert.pem, kmip-key.pem signed by the CA of DIR, made
 * unless all three are there (a part of them, or a set of another CA, is an error). */
__attribute__((warn_unused_result)) bool pki_leaf(const char *dir, const char *name,
                                                  const struct pki_leaf *leaf, struct kerr *err);
/* What a certificate file says of itself; texts are cut to their room. KE_FILE, KE_PEM. */
struct pki_about {
    char cn[128], issuer_cn[128]; /* "" without one */
    bool rsa;
};
__attribute__((warn_unused_result)) bool pki_describe(const char *cert, struct pki_about *out,
                                                      struct kerr *err);
/* Does this authority's file name the issuer of that certificate? */
bool pki_issued(const char *ca, const char *cert);
/* The set kmip-mock --pki makes: CA, server, client, and other (a second client
 * identity). */
__attribute__((warn_unused_result)) bool pki_set(const char *dir, struct kerr *err);
/* ... whose server is reached by these names and addresses too. KE_PEM, also, when the server's
 * certificate is there already and is not for one of them. */
__attribute__((warn_unused_result)) bool pki_set_for(const char *dir, const char *const *names,
                                                     size_t n, struct kerr *err);

#endif
