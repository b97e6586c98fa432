/* Session tickets: a client that comes back is known by the certificate it showed
 * the first time, and judged anew. The client here is bare GnuTLS, because ours
 * does not keep sessions. */
#include <criterion/criterion.h>
#include <gnutls/gnutls.h>
#include <sys/socket.h>
#include <unistd.h>

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

/* One connection: handshake, a byte from the server (behind the ticket), and the
 * session kept for the next time. Returns the server's end. */
static struct tls_conn *visit(struct visitor *v, const struct tls_creds *server, const char *priority)
{
    int fd[2], rc = GNUTLS_E_AGAIN;
    struct kerr err = KERR_INIT;
    gnutls_session_t s;
    char c;
    size_t n;
    cr_assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd) == 0);
    struct tls_conn *t = tls_new(server, fd[1], NULL, &err);
    gnutls_init(&s, GNUTLS_CLIENT | GNUTLS_NONBLOCK);
    gnutls_priority_set_direct(s, priority, NULL);
    gnutls_credentials_set(s, GNUTLS_CRD_CERTIFICATE, v->cred);
    gnutls_transport_set_int(s, fd[0]);
    if (v->ticket.data)
        gnutls_session_set_data(s, v->ticket.data, v->ticket.size);
    enum tls_io io = TLS_WANT_READ;
    for (int i = 0; i < 100 && (rc != 0 || io != TLS_OK); i++) {
        if (rc != 0)
            rc = gnutls_handshake(s);
        if (io == TLS_WANT_READ)
            io = tls_handshake(t, &err);
    }
    cr_assert(rc == 0 && io == TLS_OK, "%d %s", rc, err.msg);
    cr_assert_eq(tls_write(t, bytes_str("x"), &n, &err), TLS_OK);
    for (int i = 0; i < 10 && gnutls_record_recv(s, &c, 1) != 1; i++)
        ;
    gnutls_free(v->ticket.data);
    cr_assert_eq(gnutls_session_get_data2(s, &v->ticket), 0);
    gnutls_deinit(s);
    close(fd[0]);
    return t;
}

Test(tls_resume, a_returning_client_keeps_its_identity)
{
    static const char *const versions[] = {"NORMAL:-VERS-ALL:+VERS-TLS1.2",
                                           "NORMAL:-VERS-ALL:+VERS-TLS1.3"};
    struct tls_creds *server = tlspair_creds(TLS_SERVER, tmpdir_file(&dir, "server"), NULL);
    for (size_t i = 0; i < 2; i++) {
        struct visitor v = {0};
        gnutls_certificate_allocate_credentials(&v.cred);
        cr_assert_eq(gnutls_certificate_set_x509_key_file(
                         v.cred, tmpdir_file(&dir, "client/kmip-cert.pem"),
                         tmpdir_file(&dir, "client/kmip-key.pem"), GNUTLS_X509_FMT_PEM), 0);
        struct tls_conn *t = visit(&v, server, versions[i]);
        cr_expect_not(tls_info(t)->resumed);
        tls_free(&t);
        t = visit(&v, server, versions[i]);
        cr_expect(tls_info(t)->resumed, "%s", versions[i]);
        cr_expect_str_eq(tls_info(t)->peer_cn, "kmip-client");
        tls_free(&t);
        gnutls_free(v.ticket.data);
        gnutls_certificate_free_credentials(v.cred);
    }
    tls_creds_free(&server);
}
