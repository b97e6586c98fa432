/* The judgement on the other side's certificate (tls_priv.h).
 *
 * GnuTLS builds the chain and answers with a set of flags; the table below turns
 * the flag that matters most into a reason and into the alert that tells the peer.
 * Dates are judged by our clock, so a reason about dates states what it shows. */
#include <arpa/inet.h>
#include <stdio.h>

#include "kmip/base/clock.h"
#include "kmip/base/text.h"
#include "kmip/net/tls_priv.h"

/* In order of weight: the first that is set is reported. */
static const struct reason {
    unsigned status;
    gnutls_alert_description_t alert;
    const char *text;
} reasons[] = {
    {GNUTLS_CERT_REVOKED, GNUTLS_A_CERTIFICATE_REVOKED, "it was revoked"},
    {GNUTLS_CERT_SIGNER_NOT_FOUND, GNUTLS_A_UNKNOWN_CA, "its issuer is not among the trusted ones"},
    {GNUTLS_CERT_SIGNER_NOT_CA, GNUTLS_A_UNKNOWN_CA, "its issuer is not a certificate authority"},
    {GNUTLS_CERT_SIGNER_CONSTRAINTS_FAILURE, GNUTLS_A_UNKNOWN_CA,
     "it breaks a constraint set by its issuer"},
    {GNUTLS_CERT_SIGNATURE_FAILURE, GNUTLS_A_BAD_CERTIFICATE, "its signature is wrong"},
    {GNUTLS_CERT_INSECURE_ALGORITHM, GNUTLS_A_BAD_CERTIFICATE,
     "it is signed with an insecure algorithm"},
    {GNUTLS_CERT_EXPIRED, GNUTLS_A_CERTIFICATE_EXPIRED, "it has expired"},
    {GNUTLS_CERT_NOT_ACTIVATED, GNUTLS_A_CERTIFICATE_EXPIRED, "it is not yet valid"},
    {GNUTLS_CERT_PURPOSE_MISMATCH, GNUTLS_A_UNSUPPORTED_CERTIFICATE,
     "its extended key usage does not allow this role in TLS"},
    {GNUTLS_CERT_UNEXPECTED_OWNER, GNUTLS_A_BAD_CERTIFICATE, "it is for another name"},
    {GNUTLS_CERT_REVOCATION_DATA_SUPERSEDED, GNUTLS_A_BAD_CERTIFICATE,
     "the revocation list is out of date"},
    {GNUTLS_CERT_REVOCATION_DATA_ISSUED_IN_FUTURE, GNUTLS_A_BAD_CERTIFICATE,
     "the revocation list is from the future"},
};

static const struct reason *reason_of(unsigned status)
{
    static const struct reason other = {0, GNUTLS_A_BAD_CERTIFICATE, "it does not verify"};
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (status & reasons[i].status)
            return &reasons[i];
    return &other;
}

/* The peer's own certificate; false when it showed none that can be read. */
static bool peer_cert(gnutls_session_t session, gnutls_x509_crt_t *crt)
{
    unsigned n = 0;
    const gnutls_datum_t *raw = gnutls_certificate_get_peers(session, &n);
    if (!raw || n == 0 || gnutls_x509_crt_init(crt) < 0)
        return false;
    if (gnutls_x509_crt_import(*crt, raw, GNUTLS_X509_FMT_DER) == 0)
        return true;
    gnutls_x509_crt_deinit(*crt);
    return false;
}

static void put_name(struct buf *out, unsigned type, const uint8_t *p, size_t n)
{
    char ip[INET6_ADDRSTRLEN];
    if (type == GNUTLS_SAN_IPADDRESS && (n == 4 || n == 16) &&
        inet_ntop(n == 4 ? AF_INET : AF_INET6, p, ip, sizeof ip)) {
        buf_puts(out, ip);
    } else if (type == GNUTLS_SAN_DNSNAME) {
        text_quote(out, bytes_of(p, n), 64);
    } else {
        buf_puts(out, "(a name of another kind)");
    }
}

/* "not for kms.example but for a, b": the names of a certificate that does not
 * bear the one we asked for. */
static void put_names(struct buf *out, gnutls_x509_crt_t crt, const char *host)
{
    buf_printf(out, ", not %s but ", host);
    unsigned i = 0;
    for (; i < 8; i++) {
        uint8_t name[256];
        size_t n = sizeof name;
        unsigned type = 0;
        int rc = gnutls_x509_crt_get_subject_alt_name2(crt, i, name, &n, &type, NULL);
        if (rc < 0)
            break;
        buf_puts(out, i > 0 ? ", " : "");
        put_name(out, type, name, n);
    }
    if (i == 0)
        buf_puts(out, "none (no subject alternative name)");
}

static bool in_its_dates(gnutls_x509_crt_t crt)
{
    int64_t now = clock_wall_ns() / NS_PER_S;
    return gnutls_x509_crt_get_activation_time(crt) <= now &&
           now <= gnutls_x509_crt_get_expiration_time(crt);
}

/* What belongs behind the bare reason. */
static void put_detail(struct buf *out, const struct tls_conn *t, const struct reason *why,
                       gnutls_x509_crt_t crt)
{
    char now[40];
    switch (why->alert) {
    case GNUTLS_A_UNKNOWN_CA:
        if (t->creds->ca_path)
            buf_printf(out, " (%s)", t->creds->ca_path);
        break;
    case GNUTLS_A_CERTIFICATE_EXPIRED:
        if (!in_its_dates(crt))
            buf_printf(out, " (our clock shows %s)",
                       text_date_out(clock_wall_ns() / NS_PER_S, now));
        else
            buf_puts(out, " (not itself, but an authority in its chain)");
        break;
    case GNUTLS_A_BAD_CERTIFICATE:
        if (why->status == GNUTLS_CERT_UNEXPECTED_OWNER)
            put_names(out, crt, t->shake->host);
        break;
    default:
        break;
    }
}

static void refuse(struct tls_conn *t, unsigned status)
{
    const struct reason *why = reason_of(status);
    struct buf detail, summary;
    gnutls_x509_crt_t crt;
    t->refusal_alert = why->alert;
    if (!peer_cert(t->session, &crt)) {
        kerr_set(&t->shake->refused, KE_TLS_PEER, "the %s's certificate is refused: it cannot be read",
                 tls_other(t));
        return;
    }
    buf_init(&detail, BUF_NO_LIMIT);
    buf_init(&summary, BUF_NO_LIMIT);
    put_detail(&detail, t, why, crt);
    tls_cert_summary(&summary, crt);
    kerr_set(&t->shake->refused, KE_TLS_PEER, "the %s's certificate is refused: %s%s; %s", tls_other(t),
             why->text, buf_cstr(&detail), buf_cstr(&summary));
    buf_clear(&detail);
    buf_clear(&summary);
    gnutls_x509_crt_deinit(crt);
}

static void peer_cn(gnutls_x509_crt_t crt, char *out, size_t room)
{
    size_t n = room;
    if (gnutls_x509_crt_get_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, 0, out, &n) < 0 ||
        strlen(out) != n) /* a NUL inside: a forged name */
        out[0] = 0;
}

/* What tls_info says of the peer. */
static void read_peer(gnutls_session_t session, struct tls_info *i)
{
    uint8_t sum[32];
    size_t n = sizeof sum;
    struct buf hex;
    gnutls_x509_crt_t crt;

    i->has_peer = peer_cert(session, &crt);
    if (!i->has_peer)
        return;
    tls_cert_subject(crt, i->peer_subject, sizeof i->peer_subject);
    tls_cert_issuer(crt, i->peer_issuer, sizeof i->peer_issuer);
    peer_cn(crt, i->peer_cn, sizeof i->peer_cn);
    i->peer_not_before = gnutls_x509_crt_get_activation_time(crt);
    i->peer_not_after = gnutls_x509_crt_get_expiration_time(crt);
    buf_init(&hex, BUF_NO_LIMIT);
    if (gnutls_x509_crt_get_fingerprint(crt, GNUTLS_DIG_SHA256, sum, &n) == 0)
        buf_hex(&hex, bytes_of(sum, n));
    snprintf(i->peer_sha256, sizeof i->peer_sha256, "%s", buf_cstr(&hex));
    buf_clear(&hex);
    gnutls_x509_crt_deinit(crt);
}

/* Is the peer a client that was verified lately? Its part of t->shake->info is then filled in. */
static bool known(struct tls_conn *t, uint8_t key[TLS_KEY_SIZE], int64_t now_s)
{
    return tls_known_find(t->creds->known, key, now_s, &t->shake->info);
}

int tls_peer_verify(gnutls_session_t session)
{
    struct tls_conn *t = gnutls_session_get_ptr(session);
    static char as_server[] = GNUTLS_KP_TLS_WWW_SERVER, as_client[] = GNUTLS_KP_TLS_WWW_CLIENT;
    bool client = t->creds->role == TLS_CLIENT;
    gnutls_typed_vdata_st want[2] = {
        {GNUTLS_DT_KEY_PURPOSE_OID, (unsigned char *)(client ? as_server : as_client), 0},
        {GNUTLS_DT_DNS_HOSTNAME, (unsigned char *)t->shake->host, 0}, /* takes addresses too */
    };
    int64_t now_s = clock_wall_ns() / NS_PER_S;
    uint8_t key[TLS_KEY_SIZE];
    bool keep = t->creds->known && tls_known_key(session, key);
    unsigned status = 0;

    if (keep && known(t, key, now_s))
        return 0;
    int rc = gnutls_certificate_verify_peers(session, want, t->shake->host[0] ? 2 : 1, &status);
    if (rc == GNUTLS_E_NO_CERTIFICATE_FOUND)
        return t->creds->o.client_cert_optional ? 0 : rc;
    if (rc < 0)
        status = GNUTLS_CERT_INVALID;
    if (status != 0) {
        refuse(t, status);
        return GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR;
    }
    read_peer(session, &t->shake->info);
    if (keep)
        tls_known_put(t->creds->known, session, key, now_s, &t->shake->info);
    return 0;
}

void tls_peer_info(struct tls_conn *t)
{
    struct tls_info *i = &t->shake->info;
    gnutls_session_t s = t->session;
    const char *suite = gnutls_ciphersuite_get(s), *group = gnutls_group_get_name(gnutls_group_get(s));
    const char *version = gnutls_protocol_get_name(gnutls_protocol_get_version(s));
    snprintf(i->version, sizeof i->version, "%s", version ? version : "");
    snprintf(i->suite, sizeof i->suite, "%s", suite ? suite : "");
    snprintf(i->group, sizeof i->group, "%s", group ? group : "");
    i->resumed = gnutls_session_is_resumed(s) != 0;
    if (!i->has_peer) /* not by tls_peer_verify: no certificate was shown, or none is judged */
        read_peer(s, i);
}
