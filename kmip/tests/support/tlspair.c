/* Two ends of TLS in one process (tlspair.h). */
#include "kmip/tests/support/tlspair.h"

#include <criterion/criterion.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_TURNS = 100000 };

struct tls_creds *tlspair_creds(enum tls_role role, const char *dir, const struct tls_options *o)
{
    struct kerr err = KERR_INIT;
    struct tls_dir d;
    struct tls_creds *c = NULL;
    if (tls_dir_files(dir, &d, &err)) {
        struct tls_files f = {.ca = d.ca, .cert = d.cert, .key = d.key};
        c = tls_creds_load(role, &f, o, &err);
    }
    cr_assert(c, "%s", err.msg);
    return c;
}

static bool waits(enum tls_io io)
{
    return io == TLS_WANT_READ || io == TLS_WANT_WRITE;
}

/* TLS 1.3 session tickets come after the handshake; a test of bytes wants them
 * out of the way. */
static void take_tickets(struct tls_conn *t)
{
    struct kerr err = KERR_INIT;
    char c;
    size_t n;
    while (recv(tls_fd(t), &c, 1, MSG_PEEK | MSG_DONTWAIT) == 1)
        cr_assert_eq(tls_read(t, &c, 1, &n, &err), TLS_WANT_READ, "%s", err.msg);
}

bool tlspair_connect(struct tlspair *p, const struct tls_creds *client, const struct tls_creds *server,
                     const char *host)
{
    int fd[2];
    kerr_clear(&p->client_err);
    kerr_clear(&p->server_err);
    p->client = p->server = NULL;
    cr_assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) == 0);
    p->client = tls_new(client, fd[0], host, &p->client_err);
    p->server = tls_new(server, fd[1], NULL, &p->server_err);
    cr_assert(p->client && p->server, "%s%s", p->client_err.msg, p->server_err.msg);
    p->client_io = p->server_io = TLS_WANT_READ;
    for (int i = 0; i < MAX_TURNS && (waits(p->client_io) || waits(p->server_io)); i++) {
        if (waits(p->client_io))
            p->client_io = tls_handshake(p->client, &p->client_err);
        if (waits(p->server_io))
            p->server_io = tls_handshake(p->server, &p->server_err);
        if (i > 20 && (p->client_io == TLS_FAILED || p->server_io == TLS_FAILED))
            break; /* the other may wait for ever */
    }
    if (p->client_io != TLS_OK || p->server_io != TLS_OK)
        return false;
    take_tickets(p->client);
    return true;
}

void tlspair_clear(struct tlspair *p)
{
    tls_free(&p->client);
    tls_free(&p->server);
}

bool tlspair_pass(struct tls_conn *from, struct tls_conn *to, struct bytes v, void *out,
                  size_t *records)
{
    struct kerr err = KERR_INIT;
    size_t got = 0, n, want = v.n;
    *records = 0;
    for (int i = 0; i < MAX_TURNS && got < want; i++) {
        enum tls_io io = tls_write(from, v, &n, &err);
        if (io != TLS_OK && io != TLS_WANT_WRITE)
            return false;
        v = bytes_of(v.p + n, v.n - n);
        while (got < want && (io = tls_read(to, (char *)out + got, want - got, &n, &err)) == TLS_OK) {
            got += n;
            ++*records;
        }
        if (io == TLS_FAILED || io == TLS_EOF)
            return false;
    }
    return got == want;
}
