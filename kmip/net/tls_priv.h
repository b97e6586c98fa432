/* What the files of TLS share among themselves; nobody outside kmip/net includes
 * this. tls.c moves bytes, tls_creds.c loads files, tls_peer.c judges the other
 * side's certificate, tls_text.c puts certificates, alerts and errors into words. */
#ifndef KMIP_NET_TLS_PRIV_H
#define KMIP_NET_TLS_PRIV_H

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "kmip/base/buf.h"
#include "kmip/net/tls.h"

struct tls_creds {
    enum tls_role role;
    struct tls_options o; /* priority is not kept: prio holds its meaning */
    gnutls_certificate_credentials_t cred;
    gnutls_priority_t prio;
    struct tls_known *known;   /* server: clients that were verified lately; may be NULL */
    gnutls_datum_t ticket_key; /* server: one key, so that tickets outlive a connection */
    bool has_cert;
    char *ca_path; /* for error texts; NULL when none */
    char own[512]; /* summary of our own certificate, "" when none */
};

/* What the handshake needs and tells: most of what a connection takes, apart from GnuTLS. */
struct tls_shake {
    char host[256]; /* client: what the certificate must name; "" = do not compare */
    struct kerr refused; /* why the peer's certificate was refused, from the callback */
    struct tls_info info;
};

struct tls_conn {
    gnutls_session_t session;
    const struct tls_creds *creds;
    int fd;
    struct tls_shake *shake; /* NULL after tls_settle */
    bool established, got_data;
    bool eof;       /* the socket has ended */
    bool abrupt;    /* ... without close-notify */
    bool alert_sent; /* close-notify included */
    bool sending;   /* GnuTLS holds a record of a tls_write that it could not send yet */
    bool has_early; /* one byte of data, read while a failed send was being explained */
    uint8_t early;
    int sys_errno;  /* of the last failed system call below GnuTLS; 0 = none */
    gnutls_alert_description_t refusal_alert; /* goes with shake->refused; 0 = GnuTLS's choice */
    uint8_t first[8]; /* what the peer sent first: tells other protocols from TLS */
    size_t n_first;
    bool held;
    struct buf out; /* encrypted records on their way; [out_off, n) is still to go */
    size_t out_off;
};

static inline const char *tls_other(const struct tls_conn *t)
{
    return t->creds->role == TLS_CLIENT ? "server" : "client";
}

/* tls_known.c: clients that were verified lately. */
#define TLS_KEY_SIZE 32
struct tls_known *tls_known_new(void);
void tls_known_free(struct tls_known **k);
/* What a chain of certificates is known by; false when the peer showed none. */
bool tls_known_key(gnutls_session_t session, uint8_t key[TLS_KEY_SIZE]);
/* Was it verified lately? Then what tls_info says of it goes to *peer, unless NULL. */
bool tls_known_find(struct tls_known *k, const uint8_t key[TLS_KEY_SIZE], int64_t now_s,
                    struct tls_info *peer);
void tls_known_put(struct tls_known *k, gnutls_session_t session, const uint8_t key[TLS_KEY_SIZE],
                   int64_t now_s, const struct tls_info *peer);

/* tls_peer.c */
/* Verify callback of the credentials: fills t->shake->refused and refuses. */
int tls_peer_verify(gnutls_session_t session);
/* Fills t->shake->info after a handshake. */
void tls_peer_info(struct tls_conn *t);

/* tls_text.c */
/* "subject CN=a, issuer CN=b, valid 2024-... to 2034-..." */
void tls_cert_summary(struct buf *out, gnutls_x509_crt_t crt);
/* The subject or issuer by RFC 4514, control characters escaped, cut to room. */
void tls_cert_subject(gnutls_x509_crt_t crt, char *out, size_t room);
void tls_cert_issuer(gnutls_x509_crt_t crt, char *out, size_t room);
/* Puts what GnuTLS returned, or the system call below it, into err; returns TLS_FAILED. */
enum tls_io tls_explain(struct tls_conn *t, int rc, struct kerr *err);

#endif
