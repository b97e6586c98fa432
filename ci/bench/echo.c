/* The limit that the mock is measured by: a server that does nothing but TLS.
 *
 *     echo CERTS-DIR [PRIORITY]      prints its port; ends with SIGTERM
 *
 * Plain GnuTLS, epoll, one thread, mutual authentication, session tickets. Every record that
 * comes is taken for a request, and answered with a record that holds the same reply to Get
 * each time, with the id of the request put in: so that kmip-client bench can load it. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ci/bench/bench.h"
#include "kmip/base/buf.h"
#include "kmip/schema/message.h"

static struct buf reply;
static size_t reply_id; /* where the id stands in it */
static gnutls_certificate_credentials_t cred;
static gnutls_priority_t prio;
static gnutls_datum_t ticket_key;
static int poll_fd;
static volatile sig_atomic_t ended;

struct peer {
    gnutls_session_t session;
    int fd;
    bool open;
};

static void on_term(int sig)
{
    (void)sig;
    ended = 1;
}

/* 304 bytes, as of a Get of an AES-256 key by our mock. */
static void make_reply(void)
{
    static const uint8_t id[16] = {0xA5}, key[32];
    struct ttlv_writer w;

    buf_init(&reply, BUF_NO_LIMIT);
    ttlv_w_init(&w, &reply, NULL);
    bench_begin_response(&w);
    ttlv_w_enum(&w, KMIP_TAG_OPERATION, KMIP_OPERATION_GET);
    ttlv_w_bytes(&w, KMIP_TAG_UNIQUE_BATCH_ITEM_ID, bytes_of(id, sizeof id));
    ttlv_w_enum(&w, KMIP_TAG_RESULT_STATUS, KMIP_RESULT_STATUS_SUCCESS);
    ttlv_w_open(&w, KMIP_TAG_RESPONSE_PAYLOAD);
    ttlv_w_enum(&w, KMIP_TAG_OBJECT_TYPE, KMIP_OBJECT_TYPE_SYMMETRIC_KEY);
    ttlv_w_str(&w, KMIP_TAG_UNIQUE_IDENTIFIER, "6c1f2a0e-77d3-4a52-9b0c-5d1f8a3e4b21");
    ttlv_w_open(&w, KMIP_TAG_SYMMETRIC_KEY);
    ttlv_w_open(&w, KMIP_TAG_KEY_BLOCK);
    ttlv_w_enum(&w, KMIP_TAG_KEY_FORMAT_TYPE, KMIP_KEY_FORMAT_TYPE_RAW);
    ttlv_w_open(&w, KMIP_TAG_KEY_VALUE);
    ttlv_w_bytes(&w, KMIP_TAG_KEY_MATERIAL, bytes_of(key, sizeof key));
    ttlv_w_close(&w);
    ttlv_w_enum(&w, KMIP_TAG_CRYPTOGRAPHIC_ALGORITHM, KMIP_CRYPTOGRAPHIC_ALGORITHM_AES);
    ttlv_w_int(&w, KMIP_TAG_CRYPTOGRAPHIC_LENGTH, 256);
    if (!bench_end_response(&w))
        bench_die("echo", "no reply could be made");
    const uint8_t *at = memmem(reply.p, reply.n, id, sizeof id);
    reply_id = (size_t)(at - reply.p);
}

static void check(int rc, const char *what)
{
    if (rc >= 0)
        return;
    fprintf(stderr, "echo: %s: %s\n", what, gnutls_strerror(rc));
    exit(1);
}

static void load(const char *dir, const char *priority)
{
    char ca[4096], cert[4096], key[4096];

    snprintf(ca, sizeof ca, "%s/kmip-ca.pem", dir);
    snprintf(cert, sizeof cert, "%s/kmip-cert.pem", dir);
    snprintf(key, sizeof key, "%s/kmip-key.pem", dir);
    check(gnutls_certificate_allocate_credentials(&cred), "credentials");
    check(gnutls_certificate_set_x509_trust_file(cred, ca, GNUTLS_X509_FMT_PEM), ca);
    check(gnutls_certificate_set_x509_key_file(cred, cert, key, GNUTLS_X509_FMT_PEM), cert);
    check(gnutls_priority_init(&prio, priority, NULL), priority);
    check(gnutls_session_ticket_key_generate(&ticket_key), "ticket key");
}

static int listen_somewhere(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&a, n) || listen(fd, 1024) ||
        getsockname(fd, (struct sockaddr *)&a, &n))
        bench_die("echo", strerror(errno));
    printf("%d\n", ntohs(a.sin_port));
    fflush(stdout);
    return fd;
}

static void drop(struct peer *p)
{
    gnutls_deinit(p->session);
    close(p->fd);
    free(p);
}

static void take(int listener)
{
    int fd, on = 1;

    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        struct peer *p = calloc(1, sizeof *p);
        struct epoll_event e = {.events = EPOLLIN, .data.ptr = p};

        if (!p)
            bench_die("echo", "no memory");
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        p->fd = fd;
        check(gnutls_init(&p->session, GNUTLS_SERVER | GNUTLS_NONBLOCK), "session");
        check(gnutls_priority_set(p->session, prio), "priority");
        check(gnutls_credentials_set(p->session, GNUTLS_CRD_CERTIFICATE, cred), "credentials");
        check(gnutls_session_ticket_enable_server(p->session, &ticket_key), "tickets");
        gnutls_certificate_server_set_request(p->session, GNUTLS_CERT_REQUIRE);
        gnutls_session_set_verify_cert(p->session, NULL, 0);
        gnutls_transport_set_int(p->session, fd);
        epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &e);
    }
}

/* False when the connection is over. */
static bool answer(struct peer *p)
{
    uint8_t request[16384];

    if (!p->open) {
        int rc = gnutls_handshake(p->session);
        if (rc < 0)
            return !gnutls_error_is_fatal(rc);
        p->open = true;
    }
    for (;;) {
        ssize_t n = gnutls_record_recv(p->session, request, sizeof request);
        if (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED)
            return true;
        if (n <= 0)
            return false;
        static const uint8_t head[] = {0x42, 0x00, 0x93, 0x08, 0, 0, 0, 16};
        const uint8_t *id = memmem(request, (size_t)n, head, sizeof head);
        if (id)
            memcpy(reply.p + reply_id, id + sizeof head, 16);
        while ((n = gnutls_record_send(p->session, reply.p, reply.n)) == GNUTLS_E_AGAIN)
            ;
        if (n < 0)
            return false;
    }
}

int main(int argc, char **argv)
{
    struct sigaction act = {.sa_handler = on_term};
    struct epoll_event events[256];

    if (argc < 2 || argc > 3)
        bench_die("echo", "usage: echo CERTS-DIR [PRIORITY]");
    signal(SIGPIPE, SIG_IGN);
    sigaction(SIGTERM, &act, NULL);
    make_reply();
    load(argv[1], argc == 3 ? argv[2] : "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2");
    poll_fd = epoll_create1(0);
    int listener = listen_somewhere();
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = NULL};
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, listener, &e);
    while (!ended) {
        int n = epoll_wait(poll_fd, events, 256, -1);
        for (int i = 0; i < n; i++)
            if (!events[i].data.ptr)
                take(listener);
            else if (!answer(events[i].data.ptr))
                drop(events[i].data.ptr);
    }
    return 0;
}
