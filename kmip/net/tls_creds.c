/* Certificates and keys from PEM files (tls.h), and what can be wrong with them.
 *
 * Wrong files are the commonest trouble with KMIP set-ups, so each way of being
 * wrong has its own sentence, which names the file and the remedy. */
#include <errno.h>
#include <fcntl.h>
#include <gnutls/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kmip/base/clock.h"
#include "kmip/base/file.h"
#include "kmip/base/log.h"
#include "kmip/base/text.h"
#include "kmip/net/tls_priv.h"

/* GnuTLS's own defaults, but never below TLS 1.2, and with the CBC suites with
 * SHA-2 that GnuTLS 3.7 leaves out: the KMIP 1.2 profiles' TLS 1.2 suite names
 * them, and some servers with RSA certificates offer nothing else. */
#define DEFAULT_PRIORITY "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:+SHA256:+SHA384"

enum { PEM_MAX = 4 * 1024 * 1024 };

struct certs {
    gnutls_x509_crt_t *v;
    unsigned n;
};

static bool not_there(const char *what, const char *path, struct kerr *err)
{
    struct stat st;
    int why = errno;
    if (why == ENOENT)
        return kerr_set(err, KE_PEM, "the %s file %s does not exist", what, path);
    if (why == EACCES && stat(path, &st) == 0)
        return kerr_set(err, KE_PEM,
                        "the %s file %s may not be read by this user (mode %04o, owner uid %ld, we are "
                        "uid %ld)",
                        what, path, (unsigned)(st.st_mode & 07777), (long)st.st_uid,
                        (long)geteuid());
    return kerr_set(err, KE_PEM, "cannot read the %s file %s: %s", what, path, strerror(why));
}

/* The file into out, as far as it can be PEM at all. */
static bool read_pem(const char *what, const char *path, struct buf *out, struct kerr *err)
{
    struct stat st;
    if (!path || !path[0])
        return kerr_set(err, KE_PEM, "no %s file is given", what);
    if (faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) < 0 || stat(path, &st) < 0)
        return not_there(what, path, err);
    if (S_ISDIR(st.st_mode))
        return kerr_set(err, KE_PEM, "the %s file %s is a folder", what, path);
    struct kerr why = KERR_INIT;
    if (!file_read(path, out, &why))
        return kerr_set(err, KE_PEM, "cannot read the %s: %s", what, why.msg);
    if (out->n == 0)
        return kerr_set(err, KE_PEM, "the %s file %s is empty", what, path);
    if (strstr(buf_cstr(out), "-----BEGIN "))
        return true;
    if (out->p[0] == 0x30)
        return kerr_set(err, KE_PEM,
                        "the %s file %s is not PEM but looks like DER: convert it, for example "
                        "with openssl %s -inform DER -in FILE -out FILE.pem",
                        what, path, strstr(what, "key") ? "pkey" : "x509");
    return kerr_set(err, KE_PEM, "the %s file %s is not PEM: it has no line -----BEGIN ...-----",
                    what, path);
}

static void certs_clear(struct certs *c)
{
    for (unsigned i = 0; i < c->n; i++)
        gnutls_x509_crt_deinit(c->v[i]);
    gnutls_free(c->v);
    c->v = NULL;
    c->n = 0;
}

static bool load_certs(const char *what, const char *path, unsigned flags, struct certs *out,
                       struct kerr *err)
{
    struct buf pem;
    buf_init(&pem, PEM_MAX);
    bool ok = read_pem(what, path, &pem, err);
    if (ok && !strstr(buf_cstr(&pem), "-----BEGIN CERTIFICATE") &&
        !strstr(buf_cstr(&pem), "-----BEGIN X509 CERTIFICATE"))
        ok = kerr_set(err, KE_PEM, "the %s file %s holds %s, not a certificate", what, path,
                      strstr(buf_cstr(&pem), "PRIVATE KEY-----") ? "a private key"
                                                                 : "something else");
    if (ok) {
        gnutls_datum_t d = {pem.p, (unsigned)pem.n};
        int rc = gnutls_x509_crt_list_import2(&out->v, &out->n, &d, GNUTLS_X509_FMT_PEM, flags);
        if (rc < 0) {
            out->v = NULL;
            out->n = 0;
            ok = kerr_set(err, KE_PEM, "the %s file %s holds a malformed certificate: %s", what,
                          path, gnutls_strerror(rc));
        }
    }
    buf_clear(&pem);
    return ok;
}

static void warn_if_open(const char *path)
{
    struct stat st;
    if (stat(path, &st) == 0 && (st.st_mode & S_IROTH))
        log_line(LOG_WARN, "private key %s can be read by every user of this machine (mode %04o): "
                 "chmod 600 it", path, (unsigned)(st.st_mode & 07777));
}

static bool key_encrypted(const char *pem)
{
    return strstr(pem, "-----BEGIN ENCRYPTED PRIVATE KEY") || strstr(pem, "Proc-Type: 4,ENCRYPTED");
}

static bool load_key(const char *path, gnutls_x509_privkey_t *out, struct kerr *err)
{
    struct buf pem;
    buf_init(&pem, PEM_MAX);
    bool ok = read_pem("private key", path, &pem, err);
    if (ok && key_encrypted(buf_cstr(&pem)))
        ok = kerr_set(err, KE_PEM,
                      "the private key file %s is protected by a passphrase: give a copy without "
                      "one, for example from openssl pkey -in FILE -out FILE.pem",
                      path);
    if (ok && !strstr(buf_cstr(&pem), "PRIVATE KEY-----"))
        ok = kerr_set(err, KE_PEM, "the private key file %s holds %s, not a private key", path,
                      strstr(buf_cstr(&pem), "-----BEGIN CERTIFICATE") ? "a certificate"
                                                                       : "something else");
    if (ok && gnutls_x509_privkey_init(out) < 0)
        ok = kerr_set(err, KE_MEMORY, "no memory for the private key");
    if (ok) {
        gnutls_datum_t d = {pem.p, (unsigned)pem.n};
        int rc = gnutls_x509_privkey_import2(*out, &d, GNUTLS_X509_FMT_PEM, NULL, 0);
        if (rc < 0) {
            gnutls_x509_privkey_deinit(*out);
            *out = NULL;
            ok = kerr_set(err, KE_PEM, "the private key file %s is malformed: %s", path,
                          gnutls_strerror(rc));
        }
    }
    if (ok)
        warn_if_open(path);
    buf_clear(&pem);
    return ok;
}

static bool key_belongs(gnutls_x509_privkey_t key, gnutls_x509_crt_t crt)
{
    uint8_t a[64], b[64];
    size_t na = sizeof a, nb = sizeof b;
    return gnutls_x509_privkey_get_key_id(key, GNUTLS_KEYID_USE_SHA256, a, &na) == 0 &&
           gnutls_x509_crt_get_key_id(crt, GNUTLS_KEYID_USE_SHA256, b, &nb) == 0 && na == nb &&
           memcmp(a, b, na) == 0;
}

/* A certificate out of its dates is no reason to stop (a tester may want to see
 * what the other side says), but worth a word. */
static void warn_if_out_of_date(const char *path, gnutls_x509_crt_t crt)
{
    char when[40];
    int64_t now = clock_wall_ns() / NS_PER_S;
    int64_t from = gnutls_x509_crt_get_activation_time(crt);
    int64_t to = gnutls_x509_crt_get_expiration_time(crt);
    if (now > to)
        log_line(LOG_WARN, "certificate %s expired on %s", path, text_date_out(to, when));
    else if (now < from)
        log_line(LOG_WARN, "certificate %s is not valid before %s", path, text_date_out(from, when));
}

static bool use_identity(struct tls_creds *c, const struct tls_files *f, struct kerr *err)
{
    struct certs chain = {0};
    gnutls_x509_privkey_t key = NULL;
    bool ok = load_certs("certificate", f->cert, GNUTLS_X509_CRT_LIST_SORT, &chain, err) &&
              load_key(f->key, &key, err);
    struct buf own;
    buf_init(&own, BUF_NO_LIMIT);
    if (ok) {
        tls_cert_summary(&own, chain.v[0]);
        snprintf(c->own, sizeof c->own, "%s", buf_cstr(&own));
    }
    if (ok && c->o.wrong_on_purpose)
        gnutls_certificate_set_flags(c->cred, GNUTLS_CERTIFICATE_SKIP_KEY_CERT_MATCH);
    else if (ok && !key_belongs(key, chain.v[0]))
        ok = kerr_set(err, KE_PEM,
                      "the private key %s does not belong to the certificate %s (%s): give the "
                      "pair that was made together",
                      f->key, f->cert, c->own);
    if (ok) {
        if (!c->o.wrong_on_purpose)
            warn_if_out_of_date(f->cert, chain.v[0]);
        int rc = gnutls_certificate_set_x509_key(c->cred, chain.v, (int)chain.n, key);
        c->has_cert = rc >= 0;
        ok = rc >= 0 || kerr_set(err, KE_PEM, "cannot use the certificate %s: %s", f->cert,
                                 gnutls_strerror(rc));
    }
    buf_clear(&own);
    certs_clear(&chain);
    if (key)
        gnutls_x509_privkey_deinit(key);
    return ok;
}

static bool use_trust(struct tls_creds *c, const struct tls_files *f, struct kerr *err)
{
    struct certs ca = {0};
    if (!load_certs("CA certificate", f->ca, 0, &ca, err))
        return false;
    int rc = gnutls_certificate_set_x509_trust(c->cred, ca.v, (int)ca.n);
    certs_clear(&ca);
    if (rc < 0)
        return kerr_set(err, KE_PEM, "cannot use the CA certificate file %s: %s", f->ca,
                        gnutls_strerror(rc));
    c->ca_path = strdup(f->ca);
    return c->ca_path || kerr_set(err, KE_MEMORY, "no memory for the CA certificate");
}

/* A list is of one of the authorities, or it would revoke nothing and nobody would know. One
 * that should have been replaced by now is better than none. */
static bool check_crl(gnutls_x509_crl_t crl, const struct certs *ca, const struct tls_files *f,
                      struct kerr *err)
{
    enum { DATES = GNUTLS_CERT_REVOCATION_DATA_SUPERSEDED |
                   GNUTLS_CERT_REVOCATION_DATA_ISSUED_IN_FUTURE };
    unsigned status = 0;
    char when[40];
    int rc = gnutls_x509_crl_verify(crl, ca->v, ca->n, 0, &status);
    if (rc < 0 || (status & ~(unsigned)(DATES | GNUTLS_CERT_INVALID)) != 0)
        return kerr_set(err, KE_PEM,
                        "the revocation list file %s holds a list that is not signed by the "
                        "authorities of %s: give the list that they publish",
                        f->crl, f->ca);
    if (status & GNUTLS_CERT_REVOCATION_DATA_SUPERSEDED)
        log_line(LOG_WARN, "the revocation list %s was to be replaced on %s: who was revoked since "
                 "is let in", f->crl, text_date_out(gnutls_x509_crl_get_next_update(crl), when));
    return true;
}

static bool check_crls(const gnutls_datum_t *pem, const struct tls_files *f, struct kerr *err)
{
    gnutls_x509_crl_t *v = NULL;
    unsigned n = 0;
    struct certs ca = {0};
    int rc = gnutls_x509_crl_list_import2(&v, &n, pem, GNUTLS_X509_FMT_PEM, 0);
    if (rc < 0)
        return kerr_set(err, KE_PEM, "the revocation list file %s cannot be used: %s", f->crl,
                        gnutls_strerror(rc));
    bool ok = load_certs("CA certificate", f->ca, 0, &ca, err);
    for (unsigned i = 0; i < n; i++) {
        ok = ok && check_crl(v[i], &ca, f, err);
        gnutls_x509_crl_deinit(v[i]);
    }
    gnutls_free(v);
    certs_clear(&ca);
    return ok;
}

static bool use_crl(struct tls_creds *c, const struct tls_files *f, struct kerr *err)
{
    struct buf pem;
    buf_init(&pem, PEM_MAX);
    bool ok = read_pem("revocation list", f->crl, &pem, err);
    if (ok) {
        gnutls_datum_t d = {pem.p, (unsigned)pem.n};
        ok = check_crls(&d, f, err);
        int rc = ok ? gnutls_certificate_set_x509_crl_mem(c->cred, &d, GNUTLS_X509_FMT_PEM) : 1;
        if (rc <= 0)
            ok = kerr_set(err, KE_PEM, "the revocation list file %s cannot be used: %s", f->crl,
                          rc == 0 ? "it holds none" : gnutls_strerror(rc));
    }
    buf_clear(&pem);
    return ok;
}

static bool use_priority(struct tls_creds *c, const char *priority, struct kerr *err)
{
    const char *at = "", *text = priority ? priority : DEFAULT_PRIORITY;
    int rc = gnutls_priority_init(&c->prio, text, &at);
    return rc == 0 || kerr_set(err, KE_CONFIG, "the TLS priority string \"%s\" is wrong at \"%s\"",
                               text, at);
}

static bool fill(struct tls_creds *c, const struct tls_files *f, const char *priority,
                 struct kerr *err)
{
    bool server = c->role == TLS_SERVER, quiet = c->o.no_client_cert;
    if (gnutls_certificate_allocate_credentials(&c->cred) < 0 ||
        (server && gnutls_session_ticket_key_generate(&c->ticket_key) < 0))
        return kerr_set(err, KE_MEMORY, "no memory for TLS credentials");
    gnutls_certificate_set_verify_function(c->cred, tls_peer_verify);
    return use_priority(c, priority, err) && ((server && quiet) || use_trust(c, f, err)) &&
           ((!server && quiet) || use_identity(c, f, err)) && (!f->crl || use_crl(c, f, err));
}

struct tls_creds *tls_creds_load(enum tls_role role, const struct tls_files *files,
                                 const struct tls_options *o, struct kerr *err)
{
    struct tls_creds *c = calloc(1, sizeof *c);
    if (!c) {
        kerr_set(err, KE_MEMORY, "no memory for TLS credentials");
        return NULL;
    }
    c->role = role;
    if (o)
        c->o = *o;
    c->o.priority = NULL;
    if (role == TLS_SERVER)
        c->known = tls_known_new(); /* without, every client is verified anew */
    if (!fill(c, files, o ? o->priority : NULL, err))
        tls_creds_free(&c);
    return c;
}

void tls_creds_free(struct tls_creds **c)
{
    if (!*c)
        return;
    if ((*c)->cred)
        gnutls_certificate_free_credentials((*c)->cred);
    if ((*c)->prio)
        gnutls_priority_deinit((*c)->prio);
    tls_known_free(&(*c)->known);
    if ((*c)->ticket_key.data) {
        gnutls_memset((*c)->ticket_key.data, 0, (*c)->ticket_key.size);
        gnutls_free((*c)->ticket_key.data);
    }
    free((*c)->ca_path);
    free(*c);
    *c = NULL;
}

bool tls_dir_files(const char *dir, struct tls_dir *out, struct kerr *err)
{
    struct stat st;
    if (stat(dir, &st) < 0)
        return kerr_set(err, KE_PEM,
                        "cannot use the certificate folder %s: %s (it is to hold kmip-ca.pem, "
                        "kmip-cert.pem and kmip-key.pem)",
                        dir, strerror(errno));
    if (!S_ISDIR(st.st_mode))
        return kerr_set(err, KE_PEM, "the certificate folder %s is not a folder", dir);
    if ((size_t)snprintf(out->ca, sizeof out->ca, "%s/kmip-ca.pem", dir) >= sizeof out->ca ||
        (size_t)snprintf(out->cert, sizeof out->cert, "%s/kmip-cert.pem", dir) >= sizeof out->cert ||
        (size_t)snprintf(out->key, sizeof out->key, "%s/kmip-key.pem", dir) >= sizeof out->key ||
        (size_t)snprintf(out->crl, sizeof out->crl, "%s/kmip-crl.pem", dir) >= sizeof out->crl)
        return kerr_set(err, KE_PEM, "the path of the certificate folder is too long");
    if (lstat(out->crl, &st) < 0 && errno == ENOENT) /* one that cannot be read is no reason to do without */
        out->crl[0] = 0;
    return true;
}
