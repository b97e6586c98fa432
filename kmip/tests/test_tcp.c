/* Sockets: addresses, deadlines, and what a user is told. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "kmip/base/clock.h"
#include "kmip/net/tcp.h"

TestSuite(tcp, .timeout = 20);

Test(tcp, splits_places)
{
    static const struct {
        const char *where, *host, *port;
        bool ok;
    } rows[] = {
        {"kms.example:5696", "kms.example", "5696", true},
        {"kms.example", "kms.example", "kept", true},
        {"5696", "kept", "5696", true},
        {":5696", "kept", "5696", true},
        {"[::1]:5696", "::1", "5696", true},
        {"[::1]", "::1", "kept", true},
        {"::1", "::1", "kept", true},
        {"10.0.0.1:0", "10.0.0.1", "0", true},
        {"0", "kept", "0", true},
        {"", "", "", false},
        {":", "", "", false},
        {"host:", "", "", false},
        {"host:http", "", "", false},
        {"host:65536", "", "", false},
        {"host:-1", "", "", false},
        {"99999", "", "", false},
        {"[::1", "", "", false},
        {"[]:5", "", "", false},
        {"[::1]x", "", "", false},
        {"[::1]:", "", "", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char host[256] = "kept", port[16] = "kept";
        bool ok = tcp_split(rows[i].where, host, port);
        cr_expect_eq(ok, rows[i].ok, "%s", rows[i].where);
        cr_expect_str_eq(host, ok ? rows[i].host : "kept", "%s", rows[i].where);
        cr_expect_str_eq(port, ok ? rows[i].port : "kept", "%s", rows[i].where);
    }
}

Test(tcp, refuses_a_host_name_that_is_too_long)
{
    char where[400], host[256], port[16];
    memset(where, 'a', sizeof where);
    snprintf(where + 256, sizeof where - 256, ":1");
    cr_expect_not(tcp_split(where, host, port));
}

static int connect_to(int port, int64_t timeout_ms, struct kerr *err)
{
    char text[16];
    snprintf(text, sizeof text, "%d", port);
    return tcp_connect("127.0.0.1", text, deadline_in_ms(timeout_ms), err);
}

Test(tcp, connects_without_blocking_and_without_delay)
{
    struct kerr err = KERR_INIT;
    int port = 0, l = tcp_listen("127.0.0.1:0", &port, &err);
    cr_assert(l >= 0 && port > 0, "%s", err.msg);
    int c = connect_to(port, 5000, &err);
    cr_assert(c >= 0, "%s", err.msg);
    int on = 0;
    socklen_t len = sizeof on;
    cr_expect(getsockopt(c, IPPROTO_TCP, TCP_NODELAY, &on, &len) == 0 && on != 0);
    cr_expect(fcntl(c, F_GETFL) & O_NONBLOCK);
    cr_expect(fcntl(c, F_GETFD) & FD_CLOEXEC);
    cr_expect(fcntl(l, F_GETFL) & O_NONBLOCK);
    cr_expect(fcntl(l, F_GETFD) & FD_CLOEXEC);
    close(c);
    close(l);
}

Test(tcp, a_bare_port_listens_on_loopback)
{
    struct kerr err = KERR_INIT;
    int port = 0, l = tcp_listen("0", &port, &err);
    struct sockaddr_in a;
    socklen_t len = sizeof a;
    cr_assert(l >= 0, "%s", err.msg);
    cr_assert(getsockname(l, (struct sockaddr *)&a, &len) == 0);
    cr_expect_eq(ntohl(a.sin_addr.s_addr), INADDR_LOOPBACK);
    close(l);
}

Test(tcp, says_that_nothing_listens)
{
    struct kerr err = KERR_INIT;
    int port = 0, l = tcp_listen("127.0.0.1:0", &port, &err);
    close(l);
    cr_assert_eq(connect_to(port, 5000, &err), -1);
    cr_expect_eq(err.code, KE_CONNECT);
    cr_expect(strstr(err.msg, "127.0.0.1") && strstr(err.msg, "nothing listens there"), "%s", err.msg);
}

Test(tcp, says_that_a_name_is_unknown)
{
    struct kerr err = KERR_INIT;
    cr_assert_eq(tcp_connect("no-such-host.invalid", "5696", deadline_in_ms(5000), &err), -1);
    cr_expect_eq(err.code, KE_CONNECT);
    cr_expect(strstr(err.msg, "cannot look up no-such-host.invalid port 5696"), "%s", err.msg);
}

/* A listener whose queue is full lets further connections wait: the kernel drops
 * their first segment. */
struct full {
    int listener, port, waiting[8];
};

static void fill_queue(struct full *f)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    f->listener = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert(bind(f->listener, (struct sockaddr *)&a, len) == 0 && listen(f->listener, 0) == 0);
    cr_assert(getsockname(f->listener, (struct sockaddr *)&a, &len) == 0);
    f->port = ntohs(a.sin_port);
    for (size_t i = 0; i < 8; i++) {
        f->waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)!connect(f->waiting[i], (struct sockaddr *)&a, len);
    }
    usleep(50000);
}

static void empty_queue(struct full *f)
{
    for (size_t i = 0; i < 8; i++)
        close(f->waiting[i]);
    close(f->listener);
}

Test(tcp, gives_up_at_the_deadline)
{
    struct full f;
    struct kerr err = KERR_INIT;
    fill_queue(&f);
    int64_t start = clock_mono_ns();
    cr_expect_eq(connect_to(f.port, 200, &err), -1);
    int64_t took_ms = (clock_mono_ns() - start) / NS_PER_MS;
    cr_expect_eq(err.code, KE_TIMEOUT, "%s", err.msg);
    cr_expect(took_ms >= 190 && took_ms < 3000, "%ld ms", (long)took_ms);
    empty_queue(&f);
}

static void on_alarm(int sig)
{
    (void)sig;
}

Test(tcp, stops_at_a_signal)
{
    struct full f;
    struct kerr err = KERR_INIT;
    fill_queue(&f);
    struct sigaction sa = {.sa_handler = on_alarm};
    sigaction(SIGALRM, &sa, NULL);
    struct itimerval soon = {.it_value = {.tv_usec = 100000}};
    setitimer(ITIMER_REAL, &soon, NULL);
    cr_expect_eq(connect_to(f.port, 10000, &err), -1);
    cr_expect_eq(err.code, KE_INTERRUPTED, "%s", err.msg);
    empty_queue(&f);
}

Test(tcp, says_why_it_cannot_listen)
{
    struct kerr err = KERR_INIT;
    int port = 0, l = tcp_listen("127.0.0.1:0", &port, &err);
    char taken[32];
    snprintf(taken, sizeof taken, "127.0.0.1:%d", port);
    const struct {
        const char *where;
        enum kerr_code code;
        const char *text;
    } rows[] = {
        {taken, KE_IO, "another program listens there"},
        {"192.0.2.1:0", KE_IO, "does not have that address"},
        {"nonsense:port", KE_CONFIG, "expected HOST:PORT"},
        {"127.0.0.1", KE_CONFIG, "expected HOST:PORT"},
        {"", KE_CONFIG, "expected HOST:PORT"},
        {"no-such-host.invalid:1", KE_CONFIG, "no-such-host.invalid:1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        kerr_clear(&err);
        cr_expect_eq(tcp_listen(rows[i].where, &port, &err), -1, "%s", rows[i].where);
        cr_expect_eq(err.code, rows[i].code, "%s: %s", rows[i].where, err.msg);
        cr_expect(strstr(err.msg, rows[i].text), "%s: %s", rows[i].where, err.msg);
    }
    close(l);
}
