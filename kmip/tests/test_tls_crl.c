/* Certificates that their authority has revoked: DIR/kmip-crl.pem. */
#include <criterion/criterion.h>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>

#include "kmip/base/clock.h"
#include "kmip/base/file.h"
#include "kmip/net/pki.h"
#include "kmip/tests/support/tlspair.h"
#include "kmip/tests/support/tmpdir.h"

#define DAY (INT64_C(24) * 3600)

static struct tmpdir dir;

static void set_up(void)
{
    struct kerr err = KERR_INIT;
    tmpdir_make(&dir);
    cr_assert(pki_set(dir.path, &err), "%s", err.msg);
}

static void tear_down(void)
{
    tmpdir_remove(&dir);
}

TestSuite(tls_crl, .init = set_up, .fini = tear_down, .timeout = 60);

static gnutls_datum_t content(const char *name, struct buf *b)
{
    struct kerr err = KERR_INIT;
    buf_init(b, BUF_NO_LIMIT);
    cr_assert(file_read(tmpdir_file(&dir, name), b, &err), "%s", err.msg);
    return (gnutls_datum_t){b->p, (unsigned)b->n};
}

static gnutls_x509_crt_t certificate(const char *name)
{
    gnutls_x509_crt_t crt;
    struct buf b;
    gnutls_datum_t d = content(name, &b);
    cr_assert(gnutls_x509_crt_init(&crt) == 0 &&
              gnutls_x509_crt_import(crt, &d, GNUTLS_X509_FMT_PEM) == 0);
    buf_clear(&b);
    return crt;
}

/* The authority's list, with one certificate on it unless NULL, into WHERE/kmip-crl.pem. */
static void revoke(const char *name, const char *where, int64_t next_update)
{
    gnutls_x509_crt_t ca = certificate("ca.pem"), crt = name ? certificate(name) : NULL;
    gnutls_x509_privkey_t key;
    gnutls_x509_crl_t crl;
    gnutls_datum_t out;
    struct buf b;
    struct kerr err = KERR_INIT;
    char path[80];
    time_t now = time(NULL);
    gnutls_datum_t d = content("ca-key.pem", &b);
    cr_assert(gnutls_x509_privkey_init(&key) == 0 &&
              gnutls_x509_privkey_import(key, &d, GNUTLS_X509_FMT_PEM) == 0);
    buf_clear(&b);
    cr_assert(gnutls_x509_crl_init(&crl) == 0 && gnutls_x509_crl_set_version(crl, 2) == 0 &&
              gnutls_x509_crl_set_this_update(crl, now - 2 * DAY) == 0 &&
              gnutls_x509_crl_set_next_update(crl, now + next_update) == 0 &&
              gnutls_x509_crl_set_number(crl, "\1", 1) == 0);
    cr_assert(!crt || gnutls_x509_crl_set_crt(crl, crt, now - DAY) == 0);
    cr_assert(gnutls_x509_crl_sign2(crl, ca, key, GNUTLS_DIG_SHA256, 0) == 0 &&
              gnutls_x509_crl_export2(crl, GNUTLS_X509_FMT_PEM, &out) == 0);
    snprintf(path, sizeof path, "%s/kmip-crl.pem", where);
    cr_assert(file_write(tmpdir_file(&dir, path), bytes_of(out.data, out.size), 0644, &err), "%s",
              err.msg);
    gnutls_free(out.data);
    gnutls_x509_crl_deinit(crl);
    gnutls_x509_privkey_deinit(key);
    gnutls_x509_crt_deinit(ca);
    if (crt)
        gnutls_x509_crt_deinit(crt);
}

static struct tls_creds *load(enum tls_role role, const char *name, const char *priority,
                              struct kerr *err)
{
    struct tls_dir d;
    const struct tls_options o = {.priority = priority};
    cr_assert(tls_dir_files(tmpdir_file(&dir, name), &d, err), "%s", err->msg);
    const struct tls_files f = tls_files_of(&d);
    return tls_creds_load(role, &f, &o, err);
}

/* Do the two come together, in this version of TLS? What each said if not. */
static bool meet(const char *client, const char *version, struct kerr *server_says,
                 struct kerr *client_says)
{
    struct kerr err = KERR_INIT;
    struct tls_creds *cc = load(TLS_CLIENT, client, version, &err);
    struct tls_creds *sc = load(TLS_SERVER, "server", version, &err);
    struct tlspair p;
    cr_assert(cc && sc, "%s", err.msg);
    bool met = tlspair_connect(&p, cc, sc, "localhost");
    *server_says = p.server_err;
    *client_says = p.client_err;
    tlspair_clear(&p);
    tls_creds_free(&cc);
    tls_creds_free(&sc);
    return met;
}

static const char *const versions[] = {"NORMAL:-VERS-ALL:+VERS-TLS1.2",
                                       "NORMAL:-VERS-ALL:+VERS-TLS1.3"};

Test(tls_crl, a_revoked_client_is_refused_and_no_other)
{
    struct kerr server, client;
    revoke("client/kmip-cert.pem", "server", DAY);
    for (size_t v = 0; v < 2; v++) {
        cr_expect_not(meet("client", versions[v], &server, &client));
        cr_expect(server.code == KE_TLS_PEER && strstr(server.msg, "it was revoked"), "%s",
                  server.msg);
        cr_expect(meet("other", versions[v], &server, &client), "%s", server.msg);
    }
    revoke(NULL, "server", DAY);
    cr_expect(meet("client", versions[1], &server, &client), "%s", server.msg);
}

Test(tls_crl, a_revoked_server_is_refused)
{
    struct kerr server, client;
    revoke("server/kmip-cert.pem", "client", DAY);
    for (size_t v = 0; v < 2; v++) {
        cr_expect_not(meet("client", versions[v], &server, &client));
        cr_expect(client.code == KE_TLS_PEER && strstr(client.msg, "it was revoked"), "%s",
                  client.msg);
        cr_expect(meet("other", versions[v], &server, &client), "%s", client.msg);
    }
}

/* Better than none; a word of warning goes to the log. */
Test(tls_crl, a_list_out_of_date_still_counts)
{
    struct kerr server, client;
    revoke("client/kmip-cert.pem", "server", -DAY);
    cr_expect_not(meet("client", versions[1], &server, &client));
    cr_expect(strstr(server.msg, "it was revoked"), "%s", server.msg);
    cr_expect(meet("other", versions[1], &server, &client), "%s", server.msg);
}

Test(tls_crl, a_list_of_another_authority_is_an_error)
{
    struct kerr err = KERR_INIT;
    revoke(NULL, "server", DAY);
    const struct pki_leaf leaf = {.cn = "localhost", .server = true};
    cr_assert(pki_ca(tmpdir_file(&dir, "foreign"), "foreign CA", &err) &&
              pki_leaf(tmpdir_file(&dir, "foreign"), "server", &leaf, &err), "%s", err.msg);
    cr_assert_eq(rename(tmpdir_file(&dir, "server/kmip-crl.pem"),
                        tmpdir_file(&dir, "foreign/server/kmip-crl.pem")), 0);
    struct tls_creds *c = load(TLS_SERVER, "foreign/server", NULL, &err);
    cr_expect_null(c);
    cr_expect(strstr(err.msg, "not signed by the authorities"), "%s", err.msg);
    tls_creds_free(&c);
}

Test(tls_crl, a_file_that_is_no_list_is_an_error)
{
    static const struct {
        const char *text, *why;
    } rows[] = {{"", "is empty"},
                {"hello\n", "is not PEM"},
                {"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n", "cannot be used"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct kerr err = KERR_INIT;
        tmpdir_write(&dir, "server/kmip-crl.pem", rows[i].text);
        struct tls_creds *c = load(TLS_SERVER, "server", NULL, &err);
        cr_expect_null(c);
        cr_expect(strstr(err.msg, rows[i].why) && strstr(err.msg, "kmip-crl.pem"), "%s", err.msg);
        tls_creds_free(&c);
    }
}
