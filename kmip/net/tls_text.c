/* Certificates, alerts and failures of TLS in words (tls_priv.h).
 *
 * A failure under TLS reaches the user as one line: what the other side did, what
 * that usually means, and which certificate it was about. */
#include <errno.h>
#include <stdio.h>

#include "kmip/base/text.h"
#include "kmip/net/tls_priv.h"

enum { DN_MAX = 160 }; /* bytes of a name that an error shows */

typedef int (*dn_getter)(gnutls_x509_crt_t, gnutls_datum_t *, unsigned);

static void put_dn(struct buf *out, gnutls_x509_crt_t crt, dn_getter get, size_t max)
{
    gnutls_datum_t dn = {0};
    if (get(crt, &dn, 0) < 0) {
        buf_puts(out, "(unreadable)");
        return;
    }
    if (dn.size == 0)
        buf_puts(out, "(empty)");
    text_quote(out, bytes_of(dn.data, dn.size), max);
    gnutls_free(dn.data);
}

static void copy_dn(gnutls_x509_crt_t crt, dn_getter get, char *out, size_t room)
{
    struct buf b;
    buf_init(&b, BUF_NO_LIMIT);
    put_dn(&b, crt, get, room - 4);
    snprintf(out, room, "%s", buf_cstr(&b));
    buf_clear(&b);
}

void tls_cert_subject(gnutls_x509_crt_t crt, char *out, size_t room)
{
    copy_dn(crt, gnutls_x509_crt_get_dn3, out, room);
}

void tls_cert_issuer(gnutls_x509_crt_t crt, char *out, size_t room)
{
    copy_dn(crt, gnutls_x509_crt_get_issuer_dn3, out, room);
}

void tls_cert_summary(struct buf *out, gnutls_x509_crt_t crt)
{
    char from[40], to[40];
    buf_puts(out, "subject ");
    put_dn(out, crt, gnutls_x509_crt_get_dn3, DN_MAX);
    buf_puts(out, ", issuer ");
    put_dn(out, crt, gnutls_x509_crt_get_issuer_dn3, DN_MAX);
    buf_printf(out, ", valid %s to %s",
               text_date_out(gnutls_x509_crt_get_activation_time(crt), from),
               text_date_out(gnutls_x509_crt_get_expiration_time(crt), to));
}

/* RFC 8446, 6 and RFC 5246, 7.2: the alerts by their names there. */
static const struct alert {
    int number;
    bool about_cert; /* sent by a peer that does not like our certificate */
    const char *name, *means;
} alerts[] = {
    {10, false, "unexpected_message", "it did not expect our message"},
    {20, false, "bad_record_mac", "a record reached it damaged"},
    {22, false, "record_overflow", "a record was too long for it"},
    {40, false, "handshake_failure",
     "no version, cipher suite, group or signature in common, or it misses our certificate"},
    {41, true, "no_certificate", "it wants a certificate"},
    {42, true, "bad_certificate", "it finds the certificate malformed or wrongly signed"},
    {43, true, "unsupported_certificate", "it does not take this kind or use of certificate"},
    {44, true, "certificate_revoked", "the certificate was revoked"},
    {45, true, "certificate_expired",
     "by its clock the certificate has expired or is not yet valid"},
    {46, true, "certificate_unknown", "it refuses the certificate for a reason of its own"},
    {47, false, "illegal_parameter", "a field of the handshake made no sense to it"},
    {48, true, "unknown_ca", "it does not trust the issuer"},
    {49, true, "access_denied", "the certificate is valid, but has no access"},
    {50, false, "decode_error", "it could not read our message"},
    {51, false, "decrypt_error", "a signature or check value was wrong"},
    {70, false, "protocol_version", "it supports no TLS version that we offer"},
    {71, false, "insufficient_security", "it wants stronger cipher suites than we offer"},
    {80, false, "internal_error", "it failed inside"},
    {86, false, "inappropriate_fallback", "it refuses the older TLS version"},
    {90, false, "user_canceled", "it gave up"},
    {100, false, "no_renegotiation", "it does not renegotiate"},
    {109, false, "missing_extension", "it misses a TLS extension"},
    {110, false, "unsupported_extension", "it does not know a TLS extension"},
    {112, false, "unrecognized_name", "it does not know the host name we asked for"},
    {115, false, "unknown_psk_identity", "it does not know the key we named"},
    {116, true, "certificate_required", "it wants a client certificate"},
    {120, false, "no_application_protocol", "no application protocol in common"},
};

static const struct alert *alert_of(int number)
{
    for (size_t i = 0; i < sizeof alerts / sizeof *alerts; i++)
        if (alerts[i].number == number)
            return &alerts[i];
    return NULL;
}

/* The server asked for a certificate, we had none, and it broke off for that. */
static bool missed_ours(const struct tls_conn *t, const struct alert *a)
{
    return t->creds->role == TLS_CLIENT && !t->creds->has_cert &&
           gnutls_certificate_client_get_request_status(t->session) &&
           (a->about_cert || a->number == GNUTLS_A_HANDSHAKE_FAILURE);
}

static enum tls_io explain_alert(struct tls_conn *t, struct kerr *err)
{
    int number = (int)gnutls_alert_get(t->session);
    const struct alert *a = alert_of(number);
    const char *other = tls_other(t), *own = t->creds->own;
    if (!a)
        kerr_set(err, KE_TLS, "the %s broke off with TLS alert %d", other, number);
    else if (missed_ours(t, a))
        kerr_set(err, KE_TLS, "the %s refused us, who showed no certificate: %s alert", other,
                 a->name);
    else if (a->about_cert)
        kerr_set(err, KE_TLS, "the %s refused our certificate: %s alert (%s); ours: %s", other,
                 a->name, a->means, own[0] ? own : "none");
    else
        kerr_set(err, KE_TLS, "the %s broke off: %s alert (%s)", other, a->name, a->means);
    return TLS_FAILED;
}

/* What else may answer on a port. Rows are tried in order. */
static const struct {
    const char *start, *what;
    size_t n;
} not_tls[] = {
    {"HTTP/", "plain HTTP", 5},
    {"GET ", "plain HTTP", 4},
    {"POST ", "plain HTTP", 5},
    {"PUT ", "plain HTTP", 4},
    {"HEAD ", "plain HTTP", 5},
    {"OPTIONS ", "plain HTTP", 8},
    {"<!DOC", "plain HTTP", 5}, /* HTTP/0.9: a page in answer to what was no request */
    {"<html", "plain HTTP", 5},
    {"SSH-", "SSH", 4},
    {"220 ", "a text protocol such as SMTP or FTP", 4},
    {"\x42\x00\x78", "KMIP without TLS", 3},
    {"\x42\x00\x7B", "KMIP without TLS", 3},
};

/* True when the peer's first bytes cannot start a TLS record (types 20 to 24). */
static bool spoke_other_protocol(const struct tls_conn *t)
{
    return t->n_first > 0 && (t->first[0] < 20 || t->first[0] > 24);
}

static enum tls_io explain_not_tls(struct tls_conn *t, struct kerr *err)
{
    for (size_t i = 0; i < sizeof not_tls / sizeof *not_tls; i++)
        if (t->n_first >= not_tls[i].n && memcmp(t->first, not_tls[i].start, not_tls[i].n) == 0) {
            kerr_set(err, KE_TLS, "the %s speaks %s on this port, not TLS", tls_other(t),
                     not_tls[i].what);
            return TLS_FAILED;
        }
    struct buf hex;
    buf_init(&hex, BUF_NO_LIMIT);
    buf_hex(&hex, bytes_of(t->first, t->n_first));
    kerr_set(err, KE_TLS, "the %s does not speak TLS on this port: it starts with bytes %s",
             tls_other(t), buf_cstr(&hex));
    buf_clear(&hex);
    return TLS_FAILED;
}

static enum tls_io explain_system(struct tls_conn *t, struct kerr *err)
{
    bool gone = t->sys_errno == EPIPE || t->sys_errno == ECONNRESET;
    const char *other = tls_other(t);
    if (!t->established)
        kerr_set(err, gone ? KE_CLOSED : KE_IO, "the connection to the %s broke in the TLS handshake: %s",
                 other, strerror(t->sys_errno));
    else if (gone && !t->got_data && t->creds->role == TLS_CLIENT)
        kerr_set(err, KE_CLOSED,
                 "the server closed the connection before any reply: %s (servers that refuse our "
                 "certificate may do so)",
                 strerror(t->sys_errno));
    else
        kerr_set(err, gone ? KE_CLOSED : KE_IO, "the connection to the %s broke: %s", other,
                 strerror(t->sys_errno));
    return TLS_FAILED;
}

/* Failures of the handshake that deserve more than GnuTLS's words. */
static const struct {
    int rc;
    const char *text; /* goes on after "the server" or "the client" */
} known[] = {
    {GNUTLS_E_PREMATURE_TERMINATION, "closed the connection in the TLS handshake"},
    {GNUTLS_E_NO_CERTIFICATE_FOUND, "showed no certificate; one is required"},
    {GNUTLS_E_CERTIFICATE_REQUIRED, "showed no certificate; one is required"},
    {GNUTLS_E_NO_CIPHER_SUITES, "offers no cipher suite that we accept, in no TLS version"},
    {GNUTLS_E_UNKNOWN_CIPHER_SUITE, "offers no cipher suite that we accept, in no TLS version"},
    {GNUTLS_E_UNSUPPORTED_VERSION_PACKET, "offers no TLS version that we accept"},
    {GNUTLS_E_UNSUPPORTED_SIGNATURE_ALGORITHM,
     "offers no signature algorithm that fits the certificates"},
    {GNUTLS_E_NO_COMMON_KEY_SHARE, "offers no key exchange group that we accept"},
    {GNUTLS_E_REHANDSHAKE, "asked for a renegotiation, which is not done"},
};

enum tls_io tls_explain(struct tls_conn *t, int rc, struct kerr *err)
{
    if (t->shake && t->shake->refused.code != KE_OK) {
        kerr_set(err, t->shake->refused.code, "%s", t->shake->refused.msg);
        return TLS_FAILED;
    }
    if (rc == GNUTLS_E_FATAL_ALERT_RECEIVED)
        return explain_alert(t, err);
    /* GnuTLS calls a reset a premature termination, as it does an end of the socket. */
    bool was_reset = rc == GNUTLS_E_PREMATURE_TERMINATION && t->sys_errno != 0;
    if (rc == GNUTLS_E_PULL_ERROR || rc == GNUTLS_E_PUSH_ERROR || was_reset)
        return explain_system(t, err);
    if (!t->established && spoke_other_protocol(t))
        return explain_not_tls(t, err);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].rc == rc) {
            kerr_set(err, KE_TLS, "the %s %s", tls_other(t), known[i].text);
            return TLS_FAILED;
        }
    kerr_set(err, rc == GNUTLS_E_MEMORY_ERROR ? KE_MEMORY : KE_TLS, "TLS with the %s failed: %s",
             tls_other(t), gnutls_strerror(rc));
    return TLS_FAILED;
}
