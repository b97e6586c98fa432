/* Mutual TLS with GnuTLS over a non-blocking socket: TLS 1.2 and 1.3.
 *
 * No GnuTLS type shows here. A connection never blocks: each call does what it
 * can and says what it waits for; client/ turns that into deadlines with poll(2),
 * the mock into libuv readiness. */
#ifndef KMIP_NET_TLS_H
#define KMIP_NET_TLS_H

#include "kmip/base/bytes.h"
#include "kmip/base/error.h"

struct tls_creds; /* CA, certificate, key; shared by connections, which hold no reference: outlive them */
struct tls_conn;

enum tls_role { TLS_CLIENT, TLS_SERVER };

struct tls_files {
    const char *ca, *cert, *key; /* PEM; key may be in cert's file only if key names it */
    const char *crl;             /* optional */
};

struct tls_options {
    const char *priority;    /* GnuTLS priority string; NULL = the default (TLS 1.2 and 1.3) */
    bool no_client_cert;     /* server: do not ask for one; client: send none */
    bool client_cert_optional; /* server: ask, but go on without */
    bool no_verify_name;     /* client: do not compare the host name */
    bool wrong_on_purpose;   /* our own certificate may be out of date, or not the key's: to see
                              * what the other side says */
};

/* Loads and checks the three files. KE_PEM: missing, unreadable, malformed, key
 * that does not belong to the certificate; the text names the file and the remedy. */
__attribute__((warn_unused_result)) struct tls_creds *tls_creds_load(enum tls_role role,
                                                                     const struct tls_files *files,
                                                                     const struct tls_options *o,
                                                                     struct kerr *err);
void tls_creds_free(struct tls_creds **c);

/* The paths DIR/kmip-ca.pem, DIR/kmip-cert.pem and DIR/kmip-key.pem, and that of a
 * revocation list, DIR/kmip-crl.pem, if it is there. KE_PEM when DIR is not a folder;
 * tls_creds_load complains of the files themselves. */
struct tls_dir {
    char ca[4096], cert[4096], key[4096];
    char crl[4096]; /* "": there is none */
};
/* The same for tls_creds_load; lives as long as *d. */
static inline struct tls_files tls_files_of(const struct tls_dir *d)
{
    return (struct tls_files){d->ca, d->cert, d->key, d->crl[0] ? d->crl : NULL};
}
__attribute__((warn_unused_result)) bool tls_dir_files(const char *dir, struct tls_dir *out,
                                                       struct kerr *err);

/* Takes over fd only on success. host: SNI and name check for a client (an IP
 * address is compared with the certificate's addresses); NULL for a server. */
__attribute__((warn_unused_result)) struct tls_conn *tls_new(const struct tls_creds *c, int fd,
                                                             const char *host, struct kerr *err);
/* Closes the socket too. Does not say goodbye: tls_bye does. Safe on NULL. */
void tls_free(struct tls_conn **t);

enum tls_io {
    TLS_OK,
    TLS_WANT_READ,
    TLS_WANT_WRITE,
    TLS_EOF,   /* the peer sends no more: close-notify, or just the end (tls_abrupt); it
                * may still read */
    TLS_FAILED /* err is set */
};

/* Call until TLS_OK. A refused peer certificate fails with KE_TLS_PEER and says who,
 * issuer, validity and why; a refusal by the peer (alert) names the alert.
 *
 * Under TLS 1.3 a server judges the client's certificate when the client is done
 * already: its refusal then comes out of the first tls_read or tls_write. */
enum tls_io tls_handshake(struct tls_conn *t, struct kerr *err);
/* A client's session, to resume later: after tls_handshake and, under TLS 1.3, after
 * something was read, for the ticket comes behind the handshake. It is a secret. False
 * when there is none yet. */
struct buf;
__attribute__((warn_unused_result)) bool tls_session(const struct tls_conn *t, struct buf *out);
/* Offers to resume it, before tls_handshake. tls_info says whether the server did. */
void tls_resume(struct tls_conn *t, struct bytes session);
/* At most room bytes into p, *n of them: never more than one record's rest. */
enum tls_io tls_read(struct tls_conn *t, void *p, size_t room, size_t *n, struct kerr *err);
/* Sends up to one record of v; *n bytes were taken. After WANT_* call again with
 * the same bytes. */
enum tls_io tls_write(struct tls_conn *t, struct bytes v, size_t *n, struct kerr *err);
/* close-notify, one try; ignores what stands in the way. */
void tls_bye(struct tls_conn *t);

/* Encrypted bytes that the socket has not taken yet. */
size_t tls_waiting(const struct tls_conn *t);
/* Decrypted bytes that wait inside, invisible to poll(2). */
size_t tls_pending(const struct tls_conn *t);
/* After TLS_EOF: the peer closed without close-notify. */
bool tls_abrupt(const struct tls_conn *t);
int tls_fd(const struct tls_conn *t);

/* Replies that are ready together leave together, each in its own record: after
 * tls_hold, tls_write encrypts into a buffer; tls_flush ends the hold and sends
 * what has collected with one system call. (GnuTLS's cork is not the same: it
 * merges the writes into one record.) TLS_WANT_WRITE: the socket took a part;
 * call tls_flush again when it is writable, or tls_write, which sends the rest
 * first. A hold that has grown to TLS_HOLD_MAX goes out by itself. */
void tls_hold(struct tls_conn *t);
enum tls_io tls_flush(struct tls_conn *t, struct kerr *err);
#define TLS_HOLD_MAX (256u * 1024u)
/* Sends at most `most` bytes of what a hold has collected and goes on holding; *left
 * is what remains. For a sender that is to be slow. */
enum tls_io tls_flush_part(struct tls_conn *t, size_t most, size_t *left, struct kerr *err);

/* After the handshake. Strings live as long as the connection. */
struct tls_info {
    char version[16]; /* "TLS1.3" */
    char suite[96];
    char group[32];
    bool resumed;
    bool has_peer;          /* the peer showed a certificate */
    char peer_subject[256]; /* RFC 4514 */
    char peer_issuer[256];
    char peer_cn[128];
    int64_t peer_not_before, peer_not_after; /* seconds since the epoch */
    char peer_sha256[65]; /* fingerprint */
};
const struct tls_info *tls_info(const struct tls_conn *t);
/* Gives back what only the handshake needed, for a server with many connections. What tls_info
 * gave is gone, and what it gives is empty. Nothing before the handshake is over. */
void tls_settle(struct tls_conn *t);

/* Largest plaintext of one record (16384, less when negotiated). */
#define TLS_RECORD_MAX 16384u

#endif
