/* Certificates for tests and demonstrations (pki.h).
 *
 * A set is made whole or not at all as far as its users can see: keys are written
 * before the certificates that belong to them, and under a lock on the folder. */
#include "kmip/net/pki.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kmip/base/buf.h"
#include "kmip/base/clock.h"
#include "kmip/base/file.h"

enum { PATH_ROOM = 4096, PEM_MAX = 65536 };

#define HOUR INT64_C(3600)
#define TEN_YEARS (INT64_C(3652) * 24 * HOUR)

static bool crypto_failed(const char *doing, int rc, struct kerr *err)
{
    return kerr_set(err, KE_CRYPTO, "cannot make a certificate: %s: %s", doing, gnutls_strerror(rc));
}

/* --- folders and files ------------------------------------------------- */

static bool path_of(char out[PATH_ROOM], const char *dir, const char *name, struct kerr *err)
{
    return (size_t)snprintf(out, PATH_ROOM, "%s/%s", dir, name) < PATH_ROOM ||
           kerr_set(err, KE_FILE, "the path %s/%s is too long", dir, name);
}

/* mkdir -p, each folder 0700. */
static bool make_dirs(const char *dir, struct kerr *err)
{
    char path[PATH_ROOM];
    if (!dir[0] || (size_t)snprintf(path, sizeof path, "%s", dir) >= sizeof path)
        return kerr_set(err, KE_FILE, "cannot make the folder \"%s\"", dir);
    for (char *p = path + 1;; p++) {
        char c = *p;
        if (c != '/' && c != 0)
            continue;
        *p = 0;
        if (mkdir(path, 0700) < 0 && errno != EEXIST)
            return kerr_set(err, KE_FILE, "cannot make the folder %s: %s", path, strerror(errno));
        if (c == 0)
            return true;
        *p = c;
    }
}

/* The folder, made if need be, locked until the descriptor is closed; -1 on failure. */
static int lock_dir(const char *dir, struct kerr *err)
{
    if (!make_dirs(dir, err))
        return -1;
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0 && TEMP_FAILURE_RETRY(flock(fd, LOCK_EX)) == 0)
        return fd;
    kerr_set(err, KE_FILE, "cannot use the folder %s: %s", dir, strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

static bool write_pem(const char *path, const gnutls_datum_t *pem, unsigned mode, struct kerr *err)
{
    return file_write(path, bytes_of(pem->data, pem->size), mode, err);
}

static bool write_cert(const char *path, gnutls_x509_crt_t crt, struct kerr *err)
{
    gnutls_datum_t pem = {0};
    int rc = gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &pem);
    if (rc < 0)
        return crypto_failed("export of the certificate", rc, err);
    bool ok = write_pem(path, &pem, 0644, err);
    gnutls_free(pem.data);
    return ok;
}

static bool write_key(const char *path, gnutls_x509_privkey_t key, struct kerr *err)
{
    gnutls_datum_t pem = {0};
    int rc = gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN,
                                               &pem);
    if (rc < 0)
        return crypto_failed("export of the key", rc, err);
    bool ok = write_pem(path, &pem, 0600, err);
    wipe(pem.data, pem.size);
    gnutls_free(pem.data);
    return ok;
}

static bool read_cert(const char *path, gnutls_x509_crt_t crt, struct kerr *err)
{
    struct buf pem;
    buf_init(&pem, PEM_MAX);
    bool ok = file_read(path, &pem, err);
    gnutls_datum_t d = {pem.p, (unsigned)pem.n};
    int rc = ok ? gnutls_x509_crt_import(crt, &d, GNUTLS_X509_FMT_PEM) : 0;
    buf_clear(&pem);
    return ok && (rc == 0 || kerr_set(err, KE_PEM, "%s is no certificate: %s", path,
                                      gnutls_strerror(rc)));
}

static bool read_key(const char *path, gnutls_x509_privkey_t key, struct kerr *err)
{
    struct buf pem;
    buf_init(&pem, PEM_MAX);
    bool ok = file_read(path, &pem, err);
    gnutls_datum_t d = {pem.p, (unsigned)pem.n};
    int rc = ok ? gnutls_x509_privkey_import2(key, &d, GNUTLS_X509_FMT_PEM, NULL, 0) : 0;
    buf_clear(&pem);
    return ok && (rc == 0 || kerr_set(err, KE_PEM, "%s is no private key: %s", path,
                                      gnutls_strerror(rc)));
}

/* --- a certificate and its key ----------------------------------------- */

/* Both empty or both owned; clear is safe at any time. */
struct pair {
    gnutls_x509_crt_t crt;
    gnutls_x509_privkey_t key;
};

static bool pair_init(struct pair *p, struct kerr *err)
{
    memset(p, 0, sizeof *p);
    return (gnutls_x509_crt_init(&p->crt) == 0 && gnutls_x509_privkey_init(&p->key) == 0) ||
           kerr_set(err, KE_MEMORY, "no memory for a certificate");
}

static void pair_clear(struct pair *p)
{
    if (p->crt)
        gnutls_x509_crt_deinit(p->crt);
    if (p->key)
        gnutls_x509_privkey_deinit(p->key);
    memset(p, 0, sizeof *p);
}

static int generate_key(gnutls_x509_privkey_t key, bool rsa)
{
    return rsa ? gnutls_x509_privkey_generate(key, GNUTLS_PK_RSA, 2048, 0)
               : gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
                                              GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
}

/* RFC 5280, 4.1.2.2: positive, at most 20 bytes; random, so that sets made
 * anew never share a serial number under one name. */
static int set_serial(gnutls_x509_crt_t crt)
{
    uint8_t serial[16];
    int rc = gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof serial);
    serial[0] = (uint8_t)((serial[0] & 0x7F) | 0x40);
    return rc < 0 ? rc : gnutls_x509_crt_set_serial(crt, serial, sizeof serial);
}

static int set_key_ids(gnutls_x509_crt_t crt, gnutls_x509_crt_t issuer)
{
    uint8_t id[64];
    size_t n = sizeof id;
    int rc = gnutls_x509_crt_get_key_id(crt, GNUTLS_KEYID_USE_SHA1, id, &n);
    if (rc == 0)
        rc = gnutls_x509_crt_set_subject_key_id(crt, id, n);
    n = sizeof id;
    if (rc == 0 && issuer)
        rc = gnutls_x509_crt_get_subject_key_id(issuer, id, &n, NULL);
    if (rc == 0 && issuer)
        rc = gnutls_x509_crt_set_authority_key_id(crt, id, n);
    return rc;
}

/* What every certificate has: key, name, serial, dates. */
static int set_common(const struct pair *p, const char *cn, int64_t from, int64_t to)
{
    int64_t now = clock_wall_ns() / NS_PER_S;
    int rc = gnutls_x509_crt_set_version(p->crt, 3);
    if (rc == 0)
        rc = gnutls_x509_crt_set_key(p->crt, p->key);
    if (rc == 0)
        rc = set_serial(p->crt);
    if (rc == 0)
        rc = gnutls_x509_crt_set_dn_by_oid(p->crt, GNUTLS_OID_X520_COMMON_NAME, 0, cn,
                                           (unsigned)strlen(cn));
    if (rc == 0)
        rc = gnutls_x509_crt_set_activation_time(p->crt, from ? from : now - HOUR);
    if (rc == 0)
        rc = gnutls_x509_crt_set_expiration_time(p->crt, to ? to : now + TEN_YEARS);
    return rc;
}

/* Its bytes, of which there are as many as it returns; 0: a name. */
static unsigned address_of(const char *text, uint8_t a[16])
{
    return inet_pton(AF_INET, text, a) == 1 ? 4 : inet_pton(AF_INET6, text, a) == 1 ? 16 : 0;
}

static bool is_address(const char *text)
{
    uint8_t a[16];
    return address_of(text, a) > 0;
}

static int add_ip(gnutls_x509_crt_t crt, const char *ip)
{
    uint8_t a[16];
    unsigned n = address_of(ip, a);
    if (n == 0)
        return GNUTLS_E_INVALID_REQUEST;
    return gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, a, n, GNUTLS_FSAN_APPEND);
}

static int add_dns(gnutls_x509_crt_t crt, const char *name)
{
    return gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, name, (unsigned)strlen(name),
                                                GNUTLS_FSAN_APPEND);
}

static int set_names(gnutls_x509_crt_t crt, const struct pki_leaf *leaf)
{
    bool local = !leaf->dns && !leaf->ip;
    int rc = 0;
    if (leaf->dns || local)
        rc = add_dns(crt, local ? "localhost" : leaf->dns);
    if (rc == 0 && (leaf->ip || local))
        rc = add_ip(crt, local ? "127.0.0.1" : leaf->ip);
    if (rc == 0 && local)
        rc = add_ip(crt, "::1");
    for (size_t i = 0; i < leaf->n_names && rc == 0; i++)
        rc = is_address(leaf->names[i]) ? add_ip(crt, leaf->names[i]) : add_dns(crt, leaf->names[i]);
    return rc;
}

static int set_leaf(gnutls_x509_crt_t crt, const struct pki_leaf *leaf)
{
    unsigned usage = GNUTLS_KEY_DIGITAL_SIGNATURE;
    if (leaf->rsa) /* the RSA key exchange of TLS 1.2 encrypts */
        usage |= GNUTLS_KEY_KEY_ENCIPHERMENT;
    int rc = gnutls_x509_crt_set_basic_constraints(crt, 0, -1);
    if (rc == 0)
        rc = gnutls_x509_crt_set_key_usage(crt, usage);
    if (rc == 0)
        rc = gnutls_x509_crt_set_key_purpose_oid(
            crt, leaf->server ? GNUTLS_KP_TLS_WWW_SERVER : GNUTLS_KP_TLS_WWW_CLIENT, 0);
    if (rc == 0 && leaf->server)
        rc = set_names(crt, leaf);
    return rc;
}

static int make_ca(const struct pair *p, const char *cn)
{
    int rc = generate_key(p->key, false);
    if (rc == 0)
        rc = set_common(p, cn, 0, 0);
    if (rc == 0)
        rc = gnutls_x509_crt_set_basic_constraints(p->crt, 1, 0);
    if (rc == 0)
        rc = gnutls_x509_crt_set_key_usage(p->crt, GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN);
    if (rc == 0)
        rc = set_key_ids(p->crt, NULL);
    if (rc == 0)
        rc = gnutls_x509_crt_sign2(p->crt, p->crt, p->key, GNUTLS_DIG_SHA256, 0);
    return rc;
}

static int make_leaf(const struct pair *p, const struct pair *ca, const struct pki_leaf *leaf)
{
    int rc = generate_key(p->key, leaf->rsa);
    if (rc == 0)
        rc = set_common(p, leaf->cn, leaf->not_before, leaf->not_after);
    if (rc == 0)
        rc = set_leaf(p->crt, leaf);
    if (rc == 0)
        rc = set_key_ids(p->crt, ca->crt);
    if (rc == 0)
        rc = gnutls_x509_crt_sign2(p->crt, ca->crt, ca->key, GNUTLS_DIG_SHA256, 0);
    return rc;
}

/* --- sets -------------------------------------------------------------- */

struct ca_paths {
    char crt[PATH_ROOM], key[PATH_ROOM];
};

static bool ca_paths(const char *dir, struct ca_paths *p, struct kerr *err)
{
    return path_of(p->crt, dir, "ca.pem", err) && path_of(p->key, dir, "ca-key.pem", err);
}

static bool write_ca(const struct ca_paths *at, const char *cn, struct kerr *err)
{
    struct pair ca;
    bool ok = pair_init(&ca, err);
    int rc = ok ? make_ca(&ca, cn) : 0;
    if (rc < 0)
        ok = crypto_failed("certificate authority", rc, err);
    ok = ok && write_key(at->key, ca.key, err) && write_cert(at->crt, ca.crt, err);
    pair_clear(&ca);
    return ok;
}

bool pki_ca(const char *dir, const char *cn, struct kerr *err)
{
    struct ca_paths at;
    if (!ca_paths(dir, &at, err))
        return false;
    int lock = lock_dir(dir, err);
    if (lock < 0)
        return false;
    bool crt = file_exists(at.crt), key = file_exists(at.key), ok = true;
    if (crt != key)
        ok = kerr_set(err, KE_PEM,
                      "%s is there, but %s is missing: put it back, or remove the folder %s to "
                      "have everything made anew",
                      crt ? at.crt : at.key, crt ? at.key : at.crt, dir);
    else if (!crt)
        ok = write_ca(&at, cn, err);
    close(lock);
    return ok;
}

struct leaf_paths {
    char dir[PATH_ROOM], ca[PATH_ROOM], crt[PATH_ROOM], key[PATH_ROOM];
};

static bool leaf_paths(const char *dir, const char *name, struct leaf_paths *p, struct kerr *err)
{
    return path_of(p->dir, dir, name, err) && path_of(p->ca, p->dir, "kmip-ca.pem", err) &&
           path_of(p->crt, p->dir, "kmip-cert.pem", err) &&
           path_of(p->key, p->dir, "kmip-key.pem", err);
}

static bool write_leaf(const struct leaf_paths *at, const struct ca_paths *ca_at,
                       const struct pki_leaf *leaf, struct kerr *err)
{
    struct pair ca = {0}, p = {0};
    bool ok = pair_init(&ca, err) && pair_init(&p, err) && read_cert(ca_at->crt, ca.crt, err) &&
              read_key(ca_at->key, ca.key, err);
    int rc = ok ? make_leaf(&p, &ca, leaf) : 0;
    if (rc < 0)
        ok = crypto_failed(leaf->cn, rc, err);
    ok = ok && make_dirs(at->dir, err) && write_key(at->key, p.key, err) &&
         write_cert(at->ca, ca.crt, err) && write_cert(at->crt, p.crt, err);
    pair_clear(&p);
    pair_clear(&ca);
    return ok;
}

/* A set left over from another authority would fail later, in a handshake. */
static bool same_ca(const struct leaf_paths *at, const struct ca_paths *ca_at, struct kerr *err)
{
    struct buf a, b;
    buf_init(&a, PEM_MAX);
    buf_init(&b, PEM_MAX);
    bool ok = file_read(at->ca, &a, err) && file_read(ca_at->crt, &b, err);
    if (ok && !bytes_eq(buf_bytes(&a), buf_bytes(&b)))
        ok = kerr_set(err, KE_PEM,
                      "the certificates in %s are not of the authority %s: remove that folder to "
                      "have them made anew",
                      at->dir, ca_at->crt);
    buf_clear(&a);
    buf_clear(&b);
    return ok;
}

bool pki_leaf(const char *dir, const char *name, const struct pki_leaf *leaf, struct kerr *err)
{
    struct ca_paths ca_at;
    struct leaf_paths at;
    if (!ca_paths(dir, &ca_at, err) || !leaf_paths(dir, name, &at, err))
        return false;
    int lock = lock_dir(dir, err);
    if (lock < 0)
        return false;
    int have = file_exists(at.ca) + file_exists(at.crt) + file_exists(at.key);
    bool ok = have == 0   ? write_leaf(&at, &ca_at, leaf, err)
              : have == 3 ? same_ca(&at, &ca_at, err)
                          : kerr_set(err, KE_PEM,
                                     "%s holds only %d of kmip-ca.pem, kmip-cert.pem and "
                                     "kmip-key.pem: remove that folder to have them made anew",
                                     at.dir, have);
    close(lock);
    return ok;
}

/* --- certificates as they are ------------------------------------------ */

bool pki_describe(const char *cert, struct pki_about *out, struct kerr *err)
{
    gnutls_x509_crt_t crt;
    size_t n = sizeof out->cn, n_issuer = sizeof out->issuer_cn;
    unsigned bits;
    memset(out, 0, sizeof *out);
    if (gnutls_x509_crt_init(&crt) < 0)
        return kerr_set(err, KE_MEMORY, "no memory for a certificate");
    bool ok = read_cert(cert, crt, err);
    if (ok && gnutls_x509_crt_get_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, 0, out->cn, &n) < 0)
        out->cn[0] = 0;
    if (ok && gnutls_x509_crt_get_issuer_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, 0,
                                                   out->issuer_cn, &n_issuer) < 0)
        out->issuer_cn[0] = 0;
    out->rsa = ok && gnutls_x509_crt_get_pk_algorithm(crt, &bits) == GNUTLS_PK_RSA;
    gnutls_x509_crt_deinit(crt);
    return ok;
}

bool pki_issued(const char *ca, const char *cert)
{
    struct kerr ignored = KERR_INIT;
    gnutls_x509_crt_t a = NULL, b = NULL;
    bool ok = gnutls_x509_crt_init(&a) == 0 && gnutls_x509_crt_init(&b) == 0 &&
              read_cert(ca, a, &ignored) && read_cert(cert, b, &ignored) &&
              gnutls_x509_crt_check_issuer(b, a) == 1;
    if (a)
        gnutls_x509_crt_deinit(a);
    if (b)
        gnutls_x509_crt_deinit(b);
    return ok;
}

/* A set that was there may have been made for other names. */
static bool is_for(const char *dir, const char *const *names, size_t n, struct kerr *err)
{
    struct leaf_paths at;
    gnutls_x509_crt_t crt;
    if (!leaf_paths(dir, "server", &at, err))
        return false;
    if (gnutls_x509_crt_init(&crt) < 0)
        return kerr_set(err, KE_MEMORY, "no memory for a certificate");
    bool ok = read_cert(at.crt, crt, err);
    for (size_t i = 0; i < n && ok; i++)
        if (!gnutls_x509_crt_check_hostname(crt, names[i]))
            ok = kerr_set(err, KE_PEM,
                          "%s is not for '%s': remove the folder %s to have it made anew", at.crt,
                          names[i], at.dir);
    gnutls_x509_crt_deinit(crt);
    return ok;
}

bool pki_set(const char *dir, struct kerr *err)
{
    return pki_set_for(dir, NULL, 0, err);
}

bool pki_set_for(const char *dir, const char *const *names, size_t n, struct kerr *err)
{
    const struct {
        const char *name;
        struct pki_leaf leaf;
    } set[] = {
        {"server", {.cn = "localhost", .server = true, .names = names, .n_names = n}},
        {"client", {.cn = "kmip-client"}},
        {"other", {.cn = "kmip-other"}},
    };
    if (!pki_ca(dir, "kmip-conform test CA", err))
        return false;
    for (size_t i = 0; i < sizeof set / sizeof *set; i++)
        if (!pki_leaf(dir, set[i].name, &set[i].leaf, err))
            return false;
    return n == 0 || is_for(dir, names, n, err);
}
