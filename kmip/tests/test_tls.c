/* TLS with both ends in one process: who is accepted, what a refusal says, and
 * how bytes and records move. */
#include <criterion/criterion.h>
#include <gnutls/gnutls.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kmip/base/buf.h"
#include "kmip/base/clock.h"
#include "kmip/net/pki.h"
#include "kmip/tests/support/tlspair.h"
#include "kmip/tests/support/tmpdir.h"

#define DAY INT64_C(86400)
#define TLS12 "NORMAL:-VERS-ALL:+VERS-TLS1.2"
#define TLS13 "NORMAL:-VERS-ALL:+VERS-TLS1.3"

static struct tmpdir dir;

/* Every way of being a server or client, made once per test. */
static void set_up(void)
{
    int64_t now = clock_wall_ns() / NS_PER_S, then = now - 20 * DAY;
    const struct {
        const char *ca, *name;
        struct pki_leaf leaf;
    } rows[] = {
        {"pki", "expired", {.cn = "localhost", .server = true, .not_before = then, .not_after = now - 9}},
        {"pki", "early", {.cn = "localhost", .server = true, .not_before = now + DAY}},
        {"pki", "named", {.cn = "kms", .server = true, .dns = "kms.example", .ip = "192.0.2.7"}},
        {"pki", "expired-client", {.cn = "late", .not_before = then, .not_after = now - DAY}},
        {"foreign", "server", {.cn = "localhost", .server = true}},
        {"foreign", "client", {.cn = "stranger"}},
    };
    struct kerr err = KERR_INIT;
    tmpdir_make(&dir);
    cr_assert(pki_set(tmpdir_file(&dir, "pki"), &err) &&
              pki_ca(tmpdir_file(&dir, "foreign"), "foreign CA", &err), "%s", err.msg);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_assert(pki_leaf(tmpdir_file(&dir, rows[i].ca), rows[i].name, &rows[i].leaf, &err), "%s",
                  err.msg);
}

static void tear_down(void)
{
    tmpdir_remove(&dir);
}

TestSuite(tls, .init = set_up, .fini = tear_down, .timeout = 60);

/* Credentials of the folder cert, trusting the authority of the folder ca. */
static struct tls_creds *creds(enum tls_role role, const char *cert, const char *ca,
                               const struct tls_options *o)
{
    struct kerr err = KERR_INIT;
    struct tls_dir own, trust;
    cr_assert(tls_dir_files(tmpdir_file(&dir, cert), &own, &err) &&
              tls_dir_files(tmpdir_file(&dir, ca), &trust, &err), "%s", err.msg);
    struct tls_files f = {.ca = trust.ca, .cert = own.cert, .key = own.key};
    struct tls_creds *c = tls_creds_load(role, &f, o, &err);
    cr_assert(c, "%s", err.msg);
    return c;
}

/* A connection that every test about bytes starts from. */
struct both {
    struct tls_creds *cc, *sc;
    struct tlspair p;
};

static bool both_open(struct both *b, const struct tls_options *client,
                      const struct tls_options *server)
{
    b->cc = creds(TLS_CLIENT, "pki/client", "pki/client", client);
    b->sc = creds(TLS_SERVER, "pki/server", "pki/server", server);
    return tlspair_connect(&b->p, b->cc, b->sc, "localhost");
}

static void both_close(struct both *b)
{
    tlspair_clear(&b->p);
    tls_creds_free(&b->cc);
    tls_creds_free(&b->sc);
}

/* System calls that send, counted: the executable's send comes before libc's. */
static unsigned sends;

ssize_t send(int fd, const void *p, size_t n, int flags)
{
    sends++;
    return syscall(SYS_sendto, fd, p, n, flags, NULL, 0);
}

ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
    sends++;
    return syscall(SYS_sendmsg, fd, m, flags);
}

/* --- handshakes that succeed ------------------------------------------- */

Test(tls, both_versions_agree_and_know_each_other)
{
    static const struct {
        const char *client, *server, *version;
    } rows[] = {
        {NULL, NULL, "TLS1.3"},
        {TLS12, NULL, "TLS1.2"},
        {NULL, TLS12, "TLS1.2"},
        {TLS13, NULL, "TLS1.3"},
        {NULL, TLS13, "TLS1.3"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct tls_options co = {.priority = rows[i].client}, so = {.priority = rows[i].server};
        struct both b;
        cr_assert(both_open(&b, &co, &so), "%zu: %s %s", i, b.p.client_err.msg, b.p.server_err.msg);
        const struct tls_info *c = tls_info(b.p.client), *s = tls_info(b.p.server);
        cr_expect_str_eq(c->version, rows[i].version);
        cr_expect_str_eq(s->version, rows[i].version);
        cr_expect(strncmp(c->suite, "TLS_", 4) == 0, "%s", c->suite);
        cr_expect(c->group[0], "no group");
        cr_expect_str_eq(c->peer_cn, "localhost");
        cr_expect_str_eq(s->peer_cn, "kmip-client");
        cr_expect_str_eq(s->peer_subject, "CN=kmip-client");
        cr_expect_str_eq(s->peer_issuer, "CN=kmip-conform test CA");
        cr_expect_eq(strlen(s->peer_sha256), 64u);
        cr_expect(s->has_peer && s->peer_not_before < s->peer_not_after);
        both_close(&b);
    }
}

Test(tls, names_and_addresses_are_compared)
{
    static const struct {
        const char *cert, *host;
        bool ok;
    } rows[] = {
        {"pki/server", "localhost", true},    {"pki/server", "127.0.0.1", true},
        {"pki/server", "::1", true},          {"pki/named", "kms.example", true},
        {"pki/named", "192.0.2.7", true},     {"pki/named", "localhost", false},
        {"pki/named", "192.0.2.8", false},    {"pki/server", "10.0.0.1", false},
        {"pki/named", "a.kms.example", false}, {"pki/named", "kms", false},
    };
    struct tls_creds *cc = creds(TLS_CLIENT, "pki/client", "pki/client", NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct tls_creds *sc = creds(TLS_SERVER, rows[i].cert, "pki/server", NULL);
        struct tlspair p;
        cr_expect_eq(tlspair_connect(&p, cc, sc, rows[i].host), rows[i].ok, "%s %s: %s",
                     rows[i].cert, rows[i].host, p.client_err.msg);
        if (!rows[i].ok)
            cr_expect(p.client_err.code == KE_TLS_PEER && strstr(p.client_err.msg, rows[i].host) &&
                      strstr(p.client_err.msg, "it is for another name"), "%s", p.client_err.msg);
        tlspair_clear(&p);
        tls_creds_free(&sc);
    }
    tls_creds_free(&cc);
}

Test(tls, name_comparison_can_be_left_out)
{
    struct tls_options o = {.no_verify_name = true};
    struct tls_creds *cc = creds(TLS_CLIENT, "pki/client", "pki/client", &o);
    struct tls_creds *sc = creds(TLS_SERVER, "pki/named", "pki/server", NULL);
    struct tlspair p;
    cr_expect(tlspair_connect(&p, cc, sc, "elsewhere.example"), "%s", p.client_err.msg);
    tlspair_clear(&p);
    tls_creds_free(&cc);
    tls_creds_free(&sc);
}

Test(tls, a_server_may_do_without_client_certificates)
{
    static const struct tls_options none = {.no_client_cert = true};
    static const struct tls_options optional = {.client_cert_optional = true};
    const struct {
        const struct tls_options *client, *server;
        bool known;
    } rows[] = {{NULL, &none, false}, {&none, &none, false}, {&none, &optional, false},
                {NULL, &optional, true}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct both b;
        cr_assert(both_open(&b, rows[i].client, rows[i].server), "%zu: %s", i, b.p.server_err.msg);
        cr_expect_eq(tls_info(b.p.server)->has_peer, rows[i].known, "%zu", i);
        both_close(&b);
    }
}

Test(tls, default_suites_serve_the_kmip_profiles)
{
    /* KMIP 1.2 profiles, 3.2: suites that a TLS 1.2 server may insist on. */
    static const char *const only[] = {
        TLS12 ":-KX-ALL:+RSA:-CIPHER-ALL:+AES-256-CBC:-MAC-ALL:+SHA256",
        TLS12 ":-KX-ALL:+RSA:-CIPHER-ALL:+AES-128-CBC:-MAC-ALL:+SHA256",
        TLS12 ":-KX-ALL:+DHE-RSA:-CIPHER-ALL:+AES-256-CBC:-MAC-ALL:+SHA256",
        TLS12 ":-KX-ALL:+ECDHE-RSA:-CIPHER-ALL:+AES-128-CBC:-MAC-ALL:+SHA256",
        TLS12 ":-KX-ALL:+ECDHE-RSA:-CIPHER-ALL:+AES-256-CBC:-MAC-ALL:+SHA384",
    };
    struct pki_leaf rsa = {.cn = "localhost", .server = true, .rsa = true};
    struct kerr err = KERR_INIT;
    cr_assert(pki_leaf(tmpdir_file(&dir, "pki"), "rsa", &rsa, &err), "%s", err.msg);
    struct tls_creds *cc = creds(TLS_CLIENT, "pki/client", "pki/client", NULL);
    for (size_t i = 0; i < sizeof only / sizeof *only; i++) {
        struct tls_options o = {.priority = only[i]};
        struct tls_creds *sc = creds(TLS_SERVER, "pki/rsa", "pki/server", &o);
        struct tlspair p;
        cr_expect(tlspair_connect(&p, cc, sc, "localhost"), "%s: %s", only[i], p.client_err.msg);
        tlspair_clear(&p);
        tls_creds_free(&sc);
    }
    tls_creds_free(&cc);
}

/* --- handshakes that fail ---------------------------------------------- */

static void expect_words(const char *text, const char *const words[4], size_t row)
{
    for (size_t i = 0; i < 4 && words[i]; i++)
        cr_expect(strstr(text, words[i]), "row %zu: no \"%s\" in: %s", row, words[i], text);
    cr_expect_not(strchr(text, '\n'));
}

Test(tls, a_refused_server_is_described)
{
    static const struct {
        const char *cert, *client_ca, *client_says[4], *server_says[4];
    } rows[] = {
        {"pki/expired", "pki/client",
         {"it has expired", "our clock shows", "subject CN=localhost, issuer CN=kmip-conform test CA",
          "valid "},
         {"the client refused our certificate: certificate_expired alert", "ours: subject CN=localhost"}},
        {"pki/early", "pki/client", {"it is not yet valid", "our clock shows", "subject CN=localhost"},
         {"certificate_expired alert"}},
        {"foreign/server", "pki/client",
         {"its issuer is not among the trusted ones", "kmip-ca.pem", "issuer CN=foreign CA"},
         {"unknown_ca alert"}},
        {"pki/client", "pki/client", {"extended key usage", "subject CN=kmip-client"},
         {"unsupported_certificate alert"}},
        {"pki/named", "pki/client", {"not localhost but kms.example, 192.0.2.7", "subject CN=kms"},
         {"bad_certificate alert"}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct tls_creds *cc = creds(TLS_CLIENT, "pki/client", rows[i].client_ca, NULL);
        struct tls_creds *sc = creds(TLS_SERVER, rows[i].cert, "pki/client", NULL);
        struct tlspair p;
        cr_expect_not(tlspair_connect(&p, cc, sc, "localhost"), "%s", rows[i].cert);
        cr_expect_eq(p.client_err.code, KE_TLS_PEER, "%s", p.client_err.msg);
        expect_words(p.client_err.msg, rows[i].client_says, i);
        expect_words(p.server_err.msg, rows[i].server_says, i);
        tlspair_clear(&p);
        tls_creds_free(&cc);
        tls_creds_free(&sc);
    }
}

/* What the client learns of a refusal: from the handshake (TLS 1.2) or from its
 * first read (TLS 1.3). */
static const char *client_learns(struct tlspair *p)
{
    char c;
    size_t n;
    tls_free(&p->server); /* as a server does: alert, then close */
    if (p->client_io != TLS_FAILED && !tls_info(p->client)->version[0])
        p->client_io = tls_handshake(p->client, &p->client_err);
    if (p->client_io == TLS_OK)
        p->client_io = tls_read(p->client, &c, 1, &n, &p->client_err);
    cr_expect_eq(p->client_io, TLS_FAILED);
    return p->client_err.msg;
}

Test(tls, a_refused_client_is_described_to_both)
{
    static const struct tls_options none = {.no_client_cert = true};
    static const struct {
        const char *cert;
        const struct tls_options *client;
        enum kerr_code code;
        const char *server_says[4], *client_says[4];
    } rows[] = {
        {"foreign/client", NULL, KE_TLS_PEER,
         {"the client's certificate is refused", "not among the trusted", "CN=stranger",
          "issuer CN=foreign CA"},
         {"the server refused our certificate: unknown_ca alert", "ours: subject CN=stranger"}},
        {"pki/expired-client", NULL, KE_TLS_PEER, {"it has expired", "subject CN=late"},
         {"the server refused our certificate: certificate_expired alert", "subject CN=late"}},
        {"pki/server", NULL, KE_TLS_PEER, {"extended key usage"}, {"unsupported_certificate alert"}},
        {"pki/client", &none, KE_TLS, {"the client showed no certificate; one is required"},
         {"the server refused us, who showed no certificate"}},
    };
    static const char *const versions[] = {TLS12, TLS13};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t v = 0; v < 2; v++) {
            struct tls_options o = {.priority = versions[v]};
            struct tls_creds *cc = creds(TLS_CLIENT, rows[i].cert, "pki/client", rows[i].client);
            struct tls_creds *sc = creds(TLS_SERVER, "pki/server", "pki/server", &o);
            struct tlspair p;
            cr_expect_not(tlspair_connect(&p, cc, sc, "localhost"));
            cr_expect_eq(p.server_err.code, rows[i].code, "%s", p.server_err.msg);
            expect_words(p.server_err.msg, rows[i].server_says, i);
            expect_words(client_learns(&p), rows[i].client_says, i);
            tlspair_clear(&p);
            tls_creds_free(&cc);
            tls_creds_free(&sc);
        }
}

Test(tls, a_refusal_is_found_by_a_write_that_fails_too)
{
    struct tls_options o = {.priority = TLS13};
    struct tls_creds *cc = creds(TLS_CLIENT, "foreign/client", "pki/client", NULL);
    struct tls_creds *sc = creds(TLS_SERVER, "pki/server", "pki/server", &o);
    struct tlspair p;
    size_t n;
    cr_expect_not(tlspair_connect(&p, cc, sc, "localhost"));
    tls_free(&p.server);
    cr_assert_eq(p.client_io, TLS_OK);
    enum tls_io io = TLS_OK;
    for (int i = 0; i < 10 && io == TLS_OK; i++)
        io = tls_write(p.client, bytes_str("request"), &n, &p.client_err);
    cr_expect_eq(io, TLS_FAILED);
    cr_expect(strstr(p.client_err.msg, "unknown_ca alert"), "%s", p.client_err.msg);
    tlspair_clear(&p);
    tls_creds_free(&cc);
    tls_creds_free(&sc);
}

Test(tls, no_version_in_common_is_said)
{
    struct tls_options co = {.priority = TLS13}, so = {.priority = TLS12};
    struct both b;
    cr_expect_not(both_open(&b, &co, &so));
    cr_expect(strstr(b.p.server_err.msg, "in no TLS version"), "%s", b.p.server_err.msg);
    cr_expect(strstr(b.p.client_err.msg, "handshake_failure alert (no version"), "%s", b.p.client_err.msg);
    both_close(&b);
}

Test(tls, nothing_below_tls_1_2_by_default)
{
    struct tls_options old = {.priority = "NORMAL:-VERS-ALL:+VERS-TLS1.1:%COMPAT"};
    struct both b;
    cr_expect_not(both_open(&b, &old, NULL));
    both_close(&b);
    cr_expect_not(both_open(&b, NULL, &old));
    both_close(&b);
}

/* --- peers that are no TLS peers ---------------------------------------- */

/* One end of a socket pair is TLS, the other a bare socket. */
struct half {
    struct tls_creds *creds;
    struct tls_conn *t;
    int fd;
};

static void half_open(struct half *h, enum tls_role role)
{
    int fd[2];
    struct kerr err = KERR_INIT;
    h->creds = role == TLS_CLIENT ? creds(role, "pki/client", "pki/client", NULL)
                                  : creds(role, "pki/server", "pki/server", NULL);
    cr_assert(socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == 0);
    h->t = tls_new(h->creds, fd[0], role == TLS_CLIENT ? "localhost" : NULL, &err);
    cr_assert(h->t, "%s", err.msg);
    h->fd = fd[1];
}

static void half_close(struct half *h)
{
    tls_free(&h->t);
    tls_creds_free(&h->creds);
    close(h->fd);
}

Test(tls, other_protocols_are_recognised)
{
    static const struct {
        enum tls_role role;
        const char *sent;
        size_t n;
        const char *text;
    } rows[] = {
        {TLS_SERVER, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 27, "the client speaks plain HTTP"},
        {TLS_SERVER, "\x42\x00\x78\x01\x00\x00\x00\x20", 8, "the client speaks KMIP without TLS"},
        {TLS_CLIENT, "HTTP/1.1 400 Bad Request\r\n\r\n", 28, "the server speaks plain HTTP"},
        {TLS_CLIENT, "<!DOCTYPE HTML>", 15, "the server speaks plain HTTP"},
        {TLS_CLIENT, "SSH-2.0-OpenSSH_9.2\r\n", 21, "the server speaks SSH"},
        {TLS_CLIENT, "\x00\x01\x02\x03\x04\x05", 6, "it starts with bytes 0001020304"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct half h;
        struct kerr err = KERR_INIT;
        half_open(&h, rows[i].role);
        cr_assert_eq(write(h.fd, rows[i].sent, rows[i].n), (ssize_t)rows[i].n);
        enum tls_io io = TLS_WANT_READ;
        for (int k = 0; k < 10 && io == TLS_WANT_READ; k++)
            io = tls_handshake(h.t, &err);
        cr_expect_eq(io, TLS_FAILED, "%zu", i);
        cr_expect(err.code == KE_TLS && strstr(err.msg, rows[i].text), "%zu: %s", i, err.msg);
        half_close(&h);
    }
}

Test(tls, a_silent_peer_costs_no_more_than_the_deadline)
{
    static const enum tls_role roles[] = {TLS_CLIENT, TLS_SERVER};
    for (size_t i = 0; i < 2; i++) {
        struct half h;
        struct kerr err = KERR_INIT;
        half_open(&h, roles[i]);
        int64_t deadline = deadline_in_ms(100), start = clock_mono_ns();
        struct pollfd pfd = {.fd = tls_fd(h.t), .events = POLLIN};
        do
            cr_assert_eq(tls_handshake(h.t, &err), TLS_WANT_READ);
        while (poll(&pfd, 1, deadline_poll_ms(deadline)) > 0);
        cr_expect(clock_mono_ns() - start < 5 * NS_PER_S);
        half_close(&h);
    }
}

Test(tls, a_peer_that_closes_in_the_handshake_is_named)
{
    struct half h;
    struct kerr err = KERR_INIT;
    half_open(&h, TLS_CLIENT);
    cr_expect_eq(tls_handshake(h.t, &err), TLS_WANT_READ);
    shutdown(h.fd, SHUT_WR);
    cr_expect_eq(tls_handshake(h.t, &err), TLS_FAILED);
    cr_expect_str_eq(err.msg, "the server closed the connection in the TLS handshake");
    half_close(&h);
}

Test(tls, a_failed_start_leaves_the_socket_to_its_owner)
{
    struct kerr err = KERR_INIT;
    struct tls_creds *c = creds(TLS_CLIENT, "pki/client", "pki/client", NULL);
    cr_expect_null(tls_new(c, -1, "localhost", &err));
    cr_expect_eq(err.code, KE_IO);
    tls_creds_free(&c);
}

/* --- bytes and records -------------------------------------------------- */

static uint8_t pattern(size_t i)
{
    return (uint8_t)(i * 31 + (i >> 8));
}

Test(tls, large_writes_arrive_whole_in_several_records)
{
    enum { SIZE = 1000000 };
    static uint8_t in[SIZE], out[SIZE];
    static const char *const versions[] = {TLS12, TLS13};
    for (size_t i = 0; i < SIZE; i++)
        in[i] = pattern(i);
    for (size_t v = 0; v < 2; v++) {
        struct tls_options o = {.priority = versions[v]};
        struct both b;
        size_t records;
        cr_assert(both_open(&b, &o, NULL));
        memset(out, 0, SIZE);
        cr_assert(tlspair_pass(b.p.server, b.p.client, bytes_of(in, SIZE), out, &records));
        cr_expect(memcmp(in, out, SIZE) == 0);
        cr_expect(records >= (SIZE + TLS_RECORD_MAX - 1) / TLS_RECORD_MAX, "%zu", records);
        both_close(&b);
    }
}

Test(tls, each_write_is_a_record_and_each_read_stays_in_one)
{
    struct both b;
    struct kerr err = KERR_INIT;
    uint8_t out[4096];
    size_t n;
    cr_assert(both_open(&b, NULL, NULL));
    for (size_t i = 1; i <= 100; i++) {
        uint8_t msg[100];
        memset(msg, (int)i, i);
        cr_assert_eq(tls_write(b.p.client, bytes_of(msg, i), &n, &err), TLS_OK);
        cr_assert_eq(n, i);
    }
    for (size_t i = 1; i <= 100; i++) {
        cr_assert_eq(tls_read(b.p.server, out, sizeof out, &n, &err), TLS_OK, "%s", err.msg);
        cr_expect(n == i && out[0] == i && out[n - 1] == i, "%zu: %zu", i, n);
    }
    cr_expect_eq(tls_read(b.p.server, out, sizeof out, &n, &err), TLS_WANT_READ);
    both_close(&b);
}

Test(tls, the_rest_of_a_record_is_pending)
{
    struct both b;
    struct kerr err = KERR_INIT;
    char out[8];
    size_t n;
    cr_assert(both_open(&b, NULL, NULL));
    cr_assert_eq(tls_write(b.p.client, bytes_str("0123456789"), &n, &err), TLS_OK);
    cr_assert_eq(tls_read(b.p.server, out, 4, &n, &err), TLS_OK);
    cr_expect_eq(n, 4u);
    cr_expect_eq(tls_pending(b.p.server), 6u);
    cr_assert_eq(tls_read(b.p.server, out, 8, &n, &err), TLS_OK);
    cr_expect_eq(n, 6u);
    cr_expect_eq(tls_pending(b.p.server), 0u);
    both_close(&b);
}

Test(tls, an_interrupted_send_goes_on)
{
    struct both b;
    struct kerr err = KERR_INIT;
    static uint8_t in[TLS_RECORD_MAX], out[TLS_RECORD_MAX];
    size_t n, taken = 0, got = 0;
    cr_assert(both_open(&b, NULL, NULL));
    enum tls_io io;
    while ((io = tls_write(b.p.server, bytes_of(in, sizeof in), &n, &err)) == TLS_OK) {
        taken += n;
        memset(in, (int)(taken / sizeof in), sizeof in);
    }
    cr_assert_eq(io, TLS_WANT_WRITE);
    cr_assert_eq(tls_write(b.p.server, bytes_of(in, sizeof in), &n, &err), TLS_WANT_WRITE);
    size_t want = taken + sizeof in;
    while (got < want) {
        io = tls_read(b.p.client, out, sizeof out, &n, &err);
        if (io == TLS_OK) {
            cr_expect(n == sizeof out && out[0] == got / sizeof out && out[n - 1] == out[0]);
            got += n;
        } else {
            cr_assert_eq(io, TLS_WANT_READ);
            cr_assert_eq(tls_write(b.p.server, bytes_of(in, sizeof in), &n, &err), TLS_OK, "%s", err.msg);
            cr_expect_eq(n, sizeof in);
        }
    }
    both_close(&b);
}

Test(tls, a_hold_sends_two_records_with_one_call)
{
    struct both b;
    struct kerr err = KERR_INIT;
    uint8_t raw[512], out[64];
    size_t n;
    cr_assert(both_open(&b, NULL, NULL));
    sends = 0;
    tls_hold(b.p.server);
    cr_assert_eq(tls_write(b.p.server, bytes_str("first"), &n, &err), TLS_OK);
    cr_assert_eq(tls_write(b.p.server, bytes_str("second"), &n, &err), TLS_OK);
    cr_expect_eq(sends, 0u);
    cr_expect_eq(recv(tls_fd(b.p.client), raw, sizeof raw, MSG_PEEK), -1);
    cr_expect_eq(tls_flush(b.p.server, &err), TLS_OK);
    cr_expect_eq(sends, 1u);
    size_t have = (size_t)recv(tls_fd(b.p.client), raw, sizeof raw, MSG_PEEK), records = 0;
    for (size_t at = 0; at + 5 <= have; at += 5 + (size_t)(raw[at + 3] << 8 | raw[at + 4])) {
        cr_expect_eq(raw[at], 23u);
        records++;
    }
    cr_expect_eq(records, 2u);
    cr_assert_eq(tls_read(b.p.client, out, sizeof out, &n, &err), TLS_OK);
    cr_expect(n == 5 && memcmp(out, "first", 5) == 0);
    cr_assert_eq(tls_read(b.p.client, out, sizeof out, &n, &err), TLS_OK);
    cr_expect(n == 6 && memcmp(out, "second", 6) == 0);
    cr_assert_eq(tls_write(b.p.server, bytes_str("third"), &n, &err), TLS_OK);
    cr_expect_eq(sends, 2u);
    both_close(&b);
}

Test(tls, a_hold_survives_a_full_socket_in_order)
{
    struct both b;
    struct kerr err = KERR_INIT;
    static uint8_t in[TLS_RECORD_MAX], out[TLS_RECORD_MAX];
    size_t n, records = 0, got = 0;
    enum tls_io io = TLS_OK;
    cr_assert(both_open(&b, NULL, NULL));
    for (;;) { /* until the hold is full and the socket too */
        tls_hold(b.p.server);
        memset(in, (int)records, sizeof in);
        io = tls_write(b.p.server, bytes_of(in, sizeof in), &n, &err);
        if (io != TLS_OK)
            break;
        records++;
    }
    cr_assert_eq(io, TLS_WANT_WRITE);
    cr_expect(records * sizeof in >= TLS_HOLD_MAX);
    cr_expect_eq(tls_flush(b.p.server, &err), TLS_WANT_WRITE);
    bool interrupted = true;
    while (got < records + 1) {
        io = tls_read(b.p.client, out, sizeof out, &n, &err);
        if (io == TLS_OK) {
            cr_expect(n == sizeof out && out[0] == (uint8_t)got && out[n - 1] == (uint8_t)got,
                      "%zu", got);
            got++;
        } else {
            cr_assert_eq(io, TLS_WANT_READ);
            io = tls_flush(b.p.server, &err);
            if (io == TLS_OK && interrupted) {
                io = tls_write(b.p.server, bytes_of(in, sizeof in), &n, &err);
                interrupted = io == TLS_WANT_WRITE;
            }
            cr_assert(io == TLS_OK || io == TLS_WANT_WRITE, "%s", err.msg);
        }
    }
    both_close(&b);
}

/* --- ends ---------------------------------------------------------------- */

Test(tls, a_goodbye_is_told_from_an_abrupt_end)
{
    for (int polite = 0; polite < 2; polite++) {
        struct both b;
        struct kerr err = KERR_INIT;
        char c;
        size_t n;
        cr_assert(both_open(&b, NULL, NULL));
        if (polite)
            tls_bye(b.p.client);
        tls_free(&b.p.client);
        cr_expect_eq(tls_read(b.p.server, &c, 1, &n, &err), TLS_EOF);
        cr_expect_eq(tls_abrupt(b.p.server), !polite);
        both_close(&b);
    }
}

Test(tls, a_half_closed_peer_still_gets_its_answer)
{
    struct both b;
    struct kerr err = KERR_INIT;
    char out[8];
    size_t n;
    cr_assert(both_open(&b, NULL, NULL));
    shutdown(tls_fd(b.p.client), SHUT_WR);
    cr_expect_eq(tls_read(b.p.server, out, sizeof out, &n, &err), TLS_EOF);
    cr_assert_eq(tls_write(b.p.server, bytes_str("reply"), &n, &err), TLS_OK);
    cr_assert_eq(tls_read(b.p.client, out, sizeof out, &n, &err), TLS_OK);
    cr_expect_eq(n, 5u);
    both_close(&b);
}

Test(tls, writing_to_a_peer_that_is_gone_fails_without_a_signal)
{
    struct both b;
    struct kerr err = KERR_INIT;
    size_t n;
    cr_assert(both_open(&b, NULL, NULL));
    tls_free(&b.p.server);
    cr_expect_eq(tls_write(b.p.client, bytes_str("x"), &n, &err), TLS_FAILED);
    cr_expect_eq(err.code, KE_CLOSED, "%s", err.msg);
    both_close(&b);
}

Test(tls, a_reset_is_told_alike_by_reads_and_writes)
{
    for (int writes = 0; writes < 2; writes++) {
        struct both b;
        struct kerr err = KERR_INIT;
        char c;
        size_t n;
        cr_assert(both_open(&b, NULL, NULL) &&
                  tls_write(b.p.server, bytes_str("r"), &n, &err) == TLS_OK &&
                  tls_read(b.p.client, &c, 1, &n, &err) == TLS_OK &&
                  tls_write(b.p.client, bytes_str("x"), &n, &err) == TLS_OK);
        tls_free(&b.p.server); /* with something unread, which makes it a reset */
        cr_expect(TLS_FAILED == (writes ? tls_write(b.p.client, bytes_str("y"), &n, &err)
                                        : tls_read(b.p.client, &c, 1, &n, &err)));
        cr_expect(strstr(err.msg, "the connection to the server broke: "), "%s", err.msg);
        both_close(&b);
    }
}

Test(tls, a_reply_that_lies_behind_a_failed_send_is_kept)
{
    struct both b;
    struct kerr err = KERR_INIT;
    char out[8];
    size_t n;
    cr_assert(both_open(&b, NULL, NULL));
    cr_assert_eq(tls_write(b.p.server, bytes_str("reply"), &n, &err), TLS_OK);
    tls_free(&b.p.server);
    cr_expect_eq(tls_write(b.p.client, bytes_str("x"), &n, &err), TLS_FAILED);
    cr_assert_eq(tls_pending(b.p.client), 5u);
    cr_assert_eq(tls_read(b.p.client, out, 8, &n, &err), TLS_OK);
    cr_expect(n == 1 && out[0] == 'r');
    cr_assert_eq(tls_read(b.p.client, out, 8, &n, &err), TLS_OK);
    cr_expect(n == 4 && memcmp(out, "eply", 4) == 0);
    both_close(&b);
}

Test(tls, a_damaged_record_is_an_error)
{
    struct half h;
    struct kerr err = KERR_INIT;
    half_open(&h, TLS_SERVER);
    uint8_t junk[64] = {22, 3, 1, 0, 59};
    cr_assert_eq(write(h.fd, junk, sizeof junk), (ssize_t)sizeof junk);
    cr_expect_eq(tls_handshake(h.t, &err), TLS_FAILED);
    cr_expect_eq(err.code, KE_TLS, "%s", err.msg);
    half_close(&h);
}
