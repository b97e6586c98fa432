/* The certificates that the mock hands out: what they say and how they are kept. */
#include <criterion/criterion.h>
#include <gnutls/x509.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kmip/base/file.h"
#include "kmip/net/pki.h"
#include "kmip/tests/support/tmpdir.h"

static struct tmpdir dir;

static void set_up(void)
{
    tmpdir_make(&dir);
}

static void tear_down(void)
{
    tmpdir_remove(&dir);
}

TestSuite(pki, .init = set_up, .fini = tear_down, .timeout = 30);

static void make_set(const char *path)
{
    struct kerr err = KERR_INIT;
    cr_assert(pki_set(path, &err), "%s", err.msg);
}

static gnutls_x509_crt_t load(const char *name)
{
    struct buf pem;
    struct kerr err = KERR_INIT;
    gnutls_x509_crt_t crt;
    buf_init(&pem, BUF_NO_LIMIT);
    cr_assert(file_read(tmpdir_file(&dir, name), &pem, &err), "%s", err.msg);
    gnutls_datum_t d = {pem.p, (unsigned)pem.n};
    gnutls_x509_crt_init(&crt);
    cr_assert(gnutls_x509_crt_import(crt, &d, GNUTLS_X509_FMT_PEM) == 0, "%s", name);
    buf_clear(&pem);
    return crt;
}

Test(pki, files_and_folders_are_private)
{
    static const struct {
        const char *name;
        mode_t mode;
    } rows[] = {
        {"pki", 0700},
        {"pki/ca-key.pem", 0600},
        {"pki/ca.pem", 0644},
        {"pki/server", 0700},
        {"pki/server/kmip-ca.pem", 0644},
        {"pki/server/kmip-cert.pem", 0644},
        {"pki/server/kmip-key.pem", 0600},
        {"pki/client", 0700},
        {"pki/client/kmip-ca.pem", 0644},
        {"pki/client/kmip-cert.pem", 0644},
        {"pki/client/kmip-key.pem", 0600},
        {"pki/other", 0700},
        {"pki/other/kmip-ca.pem", 0644},
        {"pki/other/kmip-cert.pem", 0644},
        {"pki/other/kmip-key.pem", 0600},
    };
    umask(022);
    make_set(tmpdir_file(&dir, "pki"));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct stat st;
        cr_assert(stat(tmpdir_file(&dir, rows[i].name), &st) == 0, "%s", rows[i].name);
        cr_expect_eq(st.st_mode & 07777, rows[i].mode, "%s: %o", rows[i].name, st.st_mode & 07777);
    }
}

Test(pki, leaves_name_their_subject_and_use)
{
    static const struct {
        const char *name, *cn, *purpose;
    } rows[] = {
        {"server/kmip-cert.pem", "CN=localhost", GNUTLS_KP_TLS_WWW_SERVER},
        {"client/kmip-cert.pem", "CN=kmip-client", GNUTLS_KP_TLS_WWW_CLIENT},
        {"other/kmip-cert.pem", "CN=kmip-other", GNUTLS_KP_TLS_WWW_CLIENT},
    };
    make_set(dir.path);
    gnutls_x509_crt_t ca = load("ca.pem");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        gnutls_x509_crt_t crt = load(rows[i].name);
        char text[256];
        size_t n = sizeof text;
        unsigned usage = 0, status = 1;
        cr_assert(gnutls_x509_crt_get_dn(crt, text, &n) == 0);
        cr_expect_str_eq(text, rows[i].cn);
        n = sizeof text;
        cr_assert(gnutls_x509_crt_get_key_purpose_oid(crt, 0, text, &n, NULL) == 0);
        cr_expect_str_eq(text, rows[i].purpose);
        cr_expect(gnutls_x509_crt_get_key_usage(crt, &usage, NULL) == 0 &&
                  usage == GNUTLS_KEY_DIGITAL_SIGNATURE);
        cr_expect_eq(gnutls_x509_crt_get_pk_algorithm(crt, NULL), GNUTLS_PK_ECDSA);
        cr_expect_eq(gnutls_x509_crt_get_signature_algorithm(crt), GNUTLS_SIGN_ECDSA_SHA256);
        cr_expect_eq(gnutls_x509_crt_get_ca_status(crt, NULL), 0);
        cr_expect(gnutls_x509_crt_verify(crt, &ca, 1, 0, &status) == 0 && status == 0, "%u", status);
        gnutls_x509_crt_deinit(crt);
    }
    cr_expect_eq(gnutls_x509_crt_get_ca_status(ca, NULL), 1);
    gnutls_x509_crt_deinit(ca);
}

Test(pki, server_certificate_names_loopback)
{
    make_set(dir.path);
    gnutls_x509_crt_t crt = load("server/kmip-cert.pem");
    static const char *const names[] = {"localhost", "127.0.0.1", "::1"};
    for (size_t i = 0; i < 3; i++)
        cr_expect(gnutls_x509_crt_check_hostname(crt, names[i]), "%s", names[i]);
    cr_expect_not(gnutls_x509_crt_check_hostname(crt, "kms.example"));
    gnutls_x509_crt_deinit(crt);
}

Test(pki, a_set_is_for_further_names_and_says_when_it_was_made_for_others)
{
    static const char *const names[] = {"kms.example", "192.0.2.7"}, *const others[] = {"kms2.example"};
    struct kerr err = KERR_INIT;
    cr_assert(pki_set_for(dir.path, names, 2, &err), "%s", err.msg);
    gnutls_x509_crt_t crt = load("server/kmip-cert.pem");
    cr_expect(gnutls_x509_crt_check_hostname(crt, "kms.example"));
    cr_expect(gnutls_x509_crt_check_hostname(crt, "192.0.2.7"));
    cr_expect(gnutls_x509_crt_check_hostname(crt, "localhost"));
    gnutls_x509_crt_deinit(crt);
    cr_expect(pki_set_for(dir.path, names + 1, 1, &err), "%s", err.msg);
    cr_expect_not(pki_set_for(dir.path, others, 1, &err));
    cr_expect(err.code == KE_PEM && strstr(err.msg, "is not for 'kms2.example': remove the folder "),
              "%s", err.msg);
}

Test(pki, a_leaf_takes_names_dates_and_rsa)
{
    struct kerr err = KERR_INIT;
    struct pki_leaf leaf = {.cn = "kms", .server = true, .dns = "kms.example", .ip = "192.0.2.7",
                            .not_before = 1000000000, .not_after = 1100000000, .rsa = true};
    cr_assert(pki_ca(dir.path, "an authority", &err) && pki_leaf(dir.path, "kms", &leaf, &err), "%s",
              err.msg);
    gnutls_x509_crt_t crt = load("kms/kmip-cert.pem");
    cr_expect(gnutls_x509_crt_check_hostname(crt, "kms.example"));
    cr_expect(gnutls_x509_crt_check_hostname(crt, "192.0.2.7"));
    cr_expect_not(gnutls_x509_crt_check_hostname(crt, "localhost"));
    cr_expect_eq(gnutls_x509_crt_get_activation_time(crt), 1000000000);
    cr_expect_eq(gnutls_x509_crt_get_expiration_time(crt), 1100000000);
    cr_expect_eq(gnutls_x509_crt_get_pk_algorithm(crt, NULL), GNUTLS_PK_RSA);
    gnutls_x509_crt_deinit(crt);
}

Test(pki, serial_numbers_differ)
{
    make_set(dir.path);
    static const char *const names[] = {"ca.pem", "server/kmip-cert.pem", "client/kmip-cert.pem",
                                        "other/kmip-cert.pem"};
    uint8_t serial[4][20];
    size_t n[4];
    for (size_t i = 0; i < 4; i++) {
        gnutls_x509_crt_t crt = load(names[i]);
        n[i] = sizeof serial[i];
        cr_assert(gnutls_x509_crt_get_serial(crt, serial[i], &n[i]) == 0);
        cr_expect(n[i] == 16 && !(serial[i][0] & 0x80), "%s", names[i]);
        for (size_t j = 0; j < i; j++)
            cr_expect(memcmp(serial[i], serial[j], 16) != 0);
        gnutls_x509_crt_deinit(crt);
    }
}

Test(pki, what_is_there_stays)
{
    struct buf before, after;
    struct kerr err = KERR_INIT;
    buf_init(&before, BUF_NO_LIMIT);
    buf_init(&after, BUF_NO_LIMIT);
    make_set(dir.path);
    cr_assert(file_read(tmpdir_file(&dir, "client/kmip-cert.pem"), &before, &err));
    make_set(dir.path);
    cr_assert(file_read(tmpdir_file(&dir, "client/kmip-cert.pem"), &after, &err));
    cr_expect(bytes_eq(buf_bytes(&before), buf_bytes(&after)));
    buf_clear(&before);
    buf_clear(&after);
}

static void expect_refusal(const char *text)
{
    struct kerr err = KERR_INIT;
    cr_expect_not(pki_set(dir.path, &err));
    cr_expect_eq(err.code, KE_PEM);
    cr_expect(strstr(err.msg, text), "%s", err.msg);
}

Test(pki, a_missing_part_is_an_error)
{
    make_set(dir.path);
    unlink(tmpdir_file(&dir, "client/kmip-key.pem"));
    expect_refusal("holds only 2 of");
    unlink(tmpdir_file(&dir, "ca-key.pem"));
    expect_refusal("ca-key.pem is missing");
}

Test(pki, a_set_of_another_authority_is_an_error)
{
    make_set(dir.path);
    unlink(tmpdir_file(&dir, "ca.pem"));
    unlink(tmpdir_file(&dir, "ca-key.pem"));
    expect_refusal("are not of the authority");
}

Test(pki, a_folder_that_cannot_be_made_is_an_error)
{
    struct kerr err = KERR_INIT;
    tmpdir_write(&dir, "file", "x");
    cr_expect_not(pki_set(tmpdir_file(&dir, "file/pki"), &err));
    cr_expect(err.code == KE_FILE && strstr(err.msg, "file/pki"), "%s", err.msg);
    kerr_clear(&err);
    cr_expect_not(pki_set("", &err));
    cr_expect_eq(err.code, KE_FILE);
}
