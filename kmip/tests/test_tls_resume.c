/* Session tickets: a client that comes back is known by the certificate it showed
 * the first time, and judged anew. The client here is bare GnuTLS, because ours
 * does not keep sessions. */
#include <criterion/criterion.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "kmip/base/clock.h"
#include "kmip/net/pki.h"
#include "kmip/tests/support/tlspair.h"
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

TestSuite(tls_resume, .init = set_up, .fini = tear_down, .timeout = 30);

struct visitor {
    gnutls_certificate_credentials_t cred;
    gnutls_datum_t ticket;
};

/* Both ends take turns until the server is done or has failed, with which *io says. */
static gnutls_session_t knock(struct visitor *v, struct tls_conn *t, int fd, const char *priority,
                              enum tls_io *io, struct kerr *err)
{
    int rc = GNUTLS_E_AGAIN;
    gnutls_session_t s;
    gnutls_init(&s, GNUTLS_CLIENT | GNUTLS_NONBLOCK);
    gnutls_priority_set_direct(s, priority, NULL);
    gnutls_credentials_set(s, GNUTLS_CRD_CERTIFICATE, v->cred);
    gnutls_transport_set_int(s, fd);
    if (v->ticket.data)
        gnutls_session_set_data(s, v->ticket.data, v->ticket.size);
    *io = TLS_WANT_READ;
    for (int i = 0; i < 100 && *io != TLS_FAILED && (rc != 0 || *io != TLS_OK); i++) {
        if (rc != 0)
            rc = gnutls_handshake(s);
        if (*io == TLS_WANT_READ)
            *io = tls_handshake(t, err);
    }
    return s;
}

static struct tls_conn *pair(const struct tls_creds *server, int *fd)
{
    int both[2];
    struct kerr err = KERR_INIT;
    cr_assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, both) == 0);
    struct tls_conn *t = tls_new(server, both[1], NULL, &err);
    cr_assert(t, "%s", err.msg);
    *fd = both[0];
    return t;
}

/* One connection: handshake, a byte from the server (behind the ticket), and the
 * session kept for the next time. Returns the server's end. */
static struct tls_conn *visit(struct visitor *v, const struct tls_creds *server, const char *priority)
{
    struct kerr err = KERR_INIT;
    enum tls_io io;
    char c;
    size_t n;
    int fd;
    struct tls_conn *t = pair(server, &fd);
    gnutls_session_t s = knock(v, t, fd, priority, &io, &err);
    cr_assert_eq(io, TLS_OK, "%s", err.msg);
    cr_assert_eq(tls_write(t, bytes_str("x"), &n, &err), TLS_OK);
    for (int i = 0; i < 10 && gnutls_record_recv(s, &c, 1) != 1; i++)
        ;
    gnutls_free(v->ticket.data);
    cr_assert_eq(gnutls_session_get_data2(s, &v->ticket), 0);
    gnutls_deinit(s);
    close(fd);
    return t;
}

/* ... that ends in a refusal. */
static void visit_in_vain(struct visitor *v, const struct tls_creds *server, const char *priority,
                          struct kerr *err)
{
    enum tls_io io;
    int fd;
    struct tls_conn *t = pair(server, &fd);
    gnutls_session_t s = knock(v, t, fd, priority, &io, err);
    cr_expect_eq(io, TLS_FAILED, "%s: %d", priority, (int)io);
    cr_expect(gnutls_session_is_resumed(s), "%s", priority);
    gnutls_deinit(s);
    tls_free(&t);
    close(fd);
}

static const char *const versions[] = {"NORMAL:-VERS-ALL:+VERS-TLS1.2",
                                       "NORMAL:-VERS-ALL:+VERS-TLS1.3"};

static void dress(struct visitor *v, const char *cert, const char *key)
{
    *v = (struct visitor){0};
    gnutls_certificate_allocate_credentials(&v->cred);
    cr_assert_eq(gnutls_certificate_set_x509_key_file(v->cred, tmpdir_file(&dir, cert),
                                                      tmpdir_file(&dir, key), GNUTLS_X509_FMT_PEM),
                 0);
}

static void undress(struct visitor *v)
{
    gnutls_free(v->ticket.data);
    gnutls_certificate_free_credentials(v->cred);
}

Test(tls_resume, a_returning_client_keeps_its_identity)
{
    struct tls_creds *server = tlspair_creds(TLS_SERVER, tmpdir_file(&dir, "server"), NULL);
    for (size_t i = 0; i < 2; i++) {
        struct visitor v;
        dress(&v, "client/kmip-cert.pem", "client/kmip-key.pem");
        struct tls_conn *t = visit(&v, server, versions[i]);
        cr_expect_not(tls_info(t)->resumed);
        tls_free(&t);
        t = visit(&v, server, versions[i]);
        cr_expect(tls_info(t)->resumed, "%s", versions[i]);
        cr_expect_str_eq(tls_info(t)->peer_cn, "kmip-client");
        tls_free(&t);
        undress(&v);
    }
    tls_creds_free(&server);
}

enum { EXPIRES_S = 3 };

/* Until it is past by time(), which GnuTLS judges by: it may be some milliseconds behind
 * clock_wall_ns(). */
static void wait_until(int64_t second)
{
    while (time(NULL) <= second)
        nanosleep(&(struct timespec){.tv_nsec = 50 * NS_PER_MS}, NULL);
}

/* Neither the ticket nor that the server has verified it lately helps a client then. */
Test(tls_resume, a_client_whose_certificate_has_expired_meanwhile_is_refused)
{
    struct tls_creds *server = tlspair_creds(TLS_SERVER, tmpdir_file(&dir, "server"), NULL);
    for (size_t i = 0; i < 2; i++) {
        struct kerr err = KERR_INIT;
        const struct pki_leaf brief = {.cn = "brief",
                                       .not_after = clock_wall_ns() / NS_PER_S + EXPIRES_S};
        const char *name = i ? "brief2" : "brief";
        cr_assert(pki_leaf(dir.path, name, &brief, &err), "%s", err.msg);
        struct visitor v;
        char cert[64], key[64];
        snprintf(cert, sizeof cert, "%s/kmip-cert.pem", name);
        snprintf(key, sizeof key, "%s/kmip-key.pem", name);
        dress(&v, cert, key);
        struct tls_conn *t = visit(&v, server, versions[i]);
        cr_expect_not(tls_info(t)->resumed);
        tls_free(&t);
        t = visit(&v, server, versions[i]);
        cr_expect(tls_info(t)->resumed, "%s", versions[i]);
        cr_expect_str_eq(tls_info(t)->peer_cn, "brief");
        tls_free(&t);

        wait_until(brief.not_after);
        visit_in_vain(&v, server, versions[i], &err);
        cr_expect_eq(err.code, KE_TLS_PEER, "%s: %s", versions[i], err.msg);
        cr_expect(strstr(err.msg, "the client's certificate is refused: it has expired"), "%s: %s",
                  versions[i], err.msg);
        undress(&v);
    }
    tls_creds_free(&server);
}
