/* Certificate and key files that cannot be used: each has its own sentence. */
#include <criterion/criterion.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kmip/base/buf.h"
#include "kmip/base/file.h"
#include "kmip/net/pki.h"
#include "kmip/net/tls.h"
#include "kmip/tests/support/tmpdir.h"

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

TestSuite(tls_creds, .init = set_up, .fini = tear_down, .timeout = 30);

#define CA "client/kmip-ca.pem"
#define CERT "client/kmip-cert.pem"
#define KEY "client/kmip-key.pem"

/* Copies the middle of a PEM file as DER, cut short, or under another name. */
static void make_variants(void)
{
    struct buf pem;
    struct kerr err = KERR_INIT;
    gnutls_datum_t der = {0}, in;
    buf_init(&pem, BUF_NO_LIMIT);
    cr_assert(file_read(tmpdir_file(&dir, CERT), &pem, &err));
    in = (gnutls_datum_t){pem.p, (unsigned)pem.n};
    cr_assert(gnutls_pem_base64_decode2("CERTIFICATE", &in, &der) == 0);
    cr_assert(file_write(tmpdir_file(&dir, "der"), bytes_of(der.data, der.size), 0644, &err));
    gnutls_free(der.data);
    cr_assert(file_write(tmpdir_file(&dir, "cut"), bytes_of(pem.p, pem.n / 2), 0644, &err));
    buf_clear(&pem);
    tmpdir_write(&dir, "text", "hello\n");
    tmpdir_write(&dir, "empty", "");
    tmpdir_write(&dir, "bad-base64",
                 "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    tmpdir_write(&dir, "bad-key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    tmpdir_write(&dir, "locked-key",
                 "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n");
    tmpdir_write(&dir, "old-locked-key",
                 "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n"
                 "-----END EC PRIVATE KEY-----\n");
}

Test(tls_creds, each_wrong_file_has_its_sentence)
{
    static const struct {
        const char *ca, *cert, *key, *text;
    } rows[] = {
        {"none", CERT, KEY, "the CA certificate file %s/none does not exist"},
        {CA, "none", KEY, "the certificate file %s/none does not exist"},
        {CA, CERT, "none", "the private key file %s/none does not exist"},
        {CA, CERT, ".", "the private key file %s/. is a folder"},
        {CA, "empty", KEY, "the certificate file %s/empty is empty"},
        {CA, "text", KEY, "the certificate file %s/text is not PEM"},
        {"text", CERT, KEY, "the CA certificate file %s/text is not PEM"},
        {CA, "der", KEY, "the certificate file %s/der is not PEM but looks like DER"},
        {CA, KEY, KEY, "the certificate file %s/" KEY " holds a private key, not a certificate"},
        {CA, CERT, CERT, "the private key file %s/" CERT " holds a certificate, not a private key"},
        {CA, "cut", KEY, "the certificate file %s/cut holds a malformed certificate"},
        {CA, "bad-base64", KEY, "the certificate file %s/bad-base64 holds a malformed certificate"},
        {CA, CERT, "bad-key", "the private key file %s/bad-key is malformed"},
        {CA, CERT, "locked-key", "the private key file %s/locked-key is protected by a passphrase"},
        {CA, CERT, "old-locked-key", "the private key file %s/old-locked-key is protected by a passphrase"},
        {CA, CERT, "other/kmip-key.pem", "the private key %s/other/kmip-key.pem does not belong to the"},
    };
    make_variants();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct tls_files f = {tmpdir_file(&dir, rows[i].ca), tmpdir_file(&dir, rows[i].cert),
                              tmpdir_file(&dir, rows[i].key), NULL};
        struct kerr err = KERR_INIT;
        char text[256];
        snprintf(text, sizeof text, rows[i].text, dir.path);
        cr_expect_null(tls_creds_load(TLS_CLIENT, &f, NULL, &err), "%zu", i);
        cr_expect_eq(err.code, KE_PEM, "%zu: %s", i, err.msg);
        cr_expect(strstr(err.msg, text) == err.msg, "%zu: %s", i, err.msg);
    }
}

Test(tls_creds, a_file_that_may_not_be_read_is_named)
{
    const char *key = tmpdir_file(&dir, KEY);
    struct tls_files f = {tmpdir_file(&dir, CA), tmpdir_file(&dir, CERT), key, NULL};
    struct kerr err = KERR_INIT;
    cr_assert(chmod(dir.path, 0755) == 0 && chmod(tmpdir_file(&dir, "client"), 0755) == 0);
    cr_assert(chmod(key, 0) == 0);
    if (geteuid() == 0)
        cr_assert(setegid(65534) == 0 && seteuid(65534) == 0);
    cr_expect_null(tls_creds_load(TLS_CLIENT, &f, NULL, &err));
    cr_expect(err.code == KE_PEM && strstr(err.msg, "may not be read by this user (mode 0000"), "%s",
              err.msg);
    if (getuid() == 0)
        cr_assert(seteuid(0) == 0);
}

Test(tls_creds, a_missing_name_is_an_error)
{
    struct tls_files f = {NULL, NULL, NULL, NULL};
    struct kerr err = KERR_INIT;
    cr_expect_null(tls_creds_load(TLS_SERVER, &f, NULL, &err));
    cr_expect_str_eq(err.msg, "no CA certificate file is given");
}

Test(tls_creds, a_wrong_priority_string_is_quoted)
{
    struct tls_files f = {tmpdir_file(&dir, CA), tmpdir_file(&dir, CERT), tmpdir_file(&dir, KEY), NULL};
    struct tls_options o = {.priority = "NORMAL:+NONSENSE"};
    struct kerr err = KERR_INIT;
    cr_expect_null(tls_creds_load(TLS_CLIENT, &f, &o, &err));
    cr_expect(err.code == KE_CONFIG && strstr(err.msg, "NONSENSE"), "%s", err.msg);
}

Test(tls_creds, a_folder_gives_three_paths)
{
    struct tls_dir d;
    struct kerr err = KERR_INIT;
    cr_assert(tls_dir_files(tmpdir_file(&dir, "client"), &d, &err));
    cr_expect_str_eq(d.ca, tmpdir_file(&dir, CA));
    cr_expect_str_eq(d.cert, tmpdir_file(&dir, CERT));
    cr_expect_str_eq(d.key, tmpdir_file(&dir, KEY));
    cr_expect_not(tls_dir_files(tmpdir_file(&dir, "none"), &d, &err));
    cr_expect(err.code == KE_PEM && strstr(err.msg, "kmip-ca.pem"), "%s", err.msg);
    kerr_clear(&err);
    cr_expect_not(tls_dir_files(tmpdir_file(&dir, CA), &d, &err));
    cr_expect(strstr(err.msg, "is not a folder"), "%s", err.msg);
}

/* What loading writes on standard error. */
static void load_and_capture(char *out, size_t room)
{
    struct tls_files f = {tmpdir_file(&dir, CA), tmpdir_file(&dir, CERT), tmpdir_file(&dir, KEY), NULL};
    struct kerr err = KERR_INIT;
    FILE *log = tmpfile();
    int saved = dup(STDERR_FILENO);
    fflush(stderr);
    dup2(fileno(log), STDERR_FILENO);
    struct tls_creds *c = tls_creds_load(TLS_CLIENT, &f, NULL, &err);
    fflush(stderr);
    dup2(saved, STDERR_FILENO);
    close(saved);
    rewind(log);
    out[fread(out, 1, room - 1, log)] = 0;
    fclose(log);
    cr_expect(c, "%s", err.msg);
    tls_creds_free(&c);
}

Test(tls_creds, a_key_open_to_everyone_is_reported)
{
    char log[1024];
    load_and_capture(log, sizeof log);
    cr_expect_str_empty(log);
    cr_assert(chmod(tmpdir_file(&dir, KEY), 0644) == 0);
    load_and_capture(log, sizeof log);
    cr_expect(strstr(log, KEY) && strstr(log, "0644") && strstr(log, "warn"), "%s", log);
}
