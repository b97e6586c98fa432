/* Look-ups of names against a resolver that takes its time: getaddrinfo is ours here. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "kmip/base/clock.h"
#include "kmip/net/lookup.h"
#include "kmip/net/tcp.h"

TestSuite(lookup, .timeout = 20);

#define SLOW_MS 600

static atomic_int asked, answered; /* by name, not in digits */

typedef int resolver(const char *host, const char *port, const struct addrinfo *hints,
                     struct addrinfo **out);

/* Takes the place of the C library's, which knows only what is in digits from here on. */
int getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
                struct addrinfo **out)
{
    resolver *real;
    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    if (hints->ai_flags & AI_NUMERICHOST)
        return real(host, port, hints, out);
    atomic_fetch_add(&asked, 1);
    if (strncmp(host, "slow.", 5) == 0)
        usleep(SLOW_MS * 1000);
    int rc = EAI_AGAIN;
    if (strcmp(host, "broken.test") == 0) {
        errno = EMFILE;
        rc = EAI_SYSTEM;
    } else if (strcmp(host, "unknown.test") != 0) {
        rc = real("127.0.0.1", port, hints, out);
    }
    atomic_fetch_add(&answered, 1);
    return rc;
}

static void settle(void)
{
    for (int i = 0; i < 500 && atomic_load(&answered) < atomic_load(&asked); i++)
        usleep(10000);
    usleep(20000); /* the thread clears up */
}

static int port_of(const struct addrinfo *list)
{
    const struct sockaddr_in *a = (const void *)list->ai_addr;
    return ntohs(a->sin_port);
}

Test(lookup, digits_ask_nobody)
{
    static const char *const rows[] = {"127.0.0.1", "::1", "192.0.2.7"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct kerr err = KERR_INIT;
        struct addrinfo *list = lookup_host(rows[i], "5696", 0, &err);
        cr_assert(list, "%s: %s", rows[i], err.msg);
        cr_expect_eq(list->ai_socktype, SOCK_STREAM);
        freeaddrinfo(list);
    }
    cr_expect_eq(atomic_load(&asked), 0);
}

Test(lookup, finds_names)
{
    static const char *const rows[] = {"quick.test", "slow.test"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct kerr err = KERR_INIT;
        struct addrinfo *list = lookup_host(rows[i], "5696", deadline_in_ms(10000), &err);
        cr_assert(list, "%s: %s", rows[i], err.msg);
        cr_expect_eq(list->ai_family, AF_INET);
        cr_expect_eq(port_of(list), 5696);
        freeaddrinfo(list);
    }
    cr_expect_eq(atomic_load(&asked), 2);
    settle();
}

Test(lookup, says_what_the_resolver_says)
{
    static const struct {
        const char *host, *port, *words;
    } rows[] = {
        {"unknown.test", "5696", "cannot look up unknown.test port 5696: Temporary failure in name"},
        {"broken.test", "5696", "cannot look up broken.test port 5696: Too many open files"},
        {"127.0.0.1", "no-service", "cannot look up 127.0.0.1 port no-service: Servname"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct kerr err = KERR_INIT;
        cr_expect_null(lookup_host(rows[i].host, rows[i].port, deadline_in_ms(10000), &err));
        cr_expect_eq(err.code, KE_CONNECT, "%s", err.msg);
        cr_expect(strstr(err.msg, rows[i].words), "%s", err.msg);
    }
    settle();
}

/* Nor is anything left behind by those that come too late: the sanitizers would tell. */
Test(lookup, gives_up_at_the_deadline)
{
    for (int i = 0; i < 3; i++) {
        struct kerr err = KERR_INIT;
        int64_t before = clock_mono_ns();
        cr_expect_eq(tcp_connect("slow.test", "5696", deadline_in_ms(100), &err), -1);
        int64_t took_ms = (clock_mono_ns() - before) / NS_PER_MS;
        cr_expect_eq(err.code, KE_TIMEOUT, "%s", err.msg);
        cr_expect(strstr(err.msg, "cannot look up slow.test: the system's resolver"), "%s", err.msg);
        cr_expect(took_ms >= 90 && took_ms < SLOW_MS, "%ld ms", (long)took_ms);
    }
    cr_expect_eq(atomic_load(&asked), 3);
    settle();
    cr_expect_eq(atomic_load(&answered), 3);
}

static void on_alarm(int sig)
{
    (void)sig;
}

Test(lookup, stops_at_a_signal)
{
    struct kerr err = KERR_INIT;
    struct sigaction sa = {.sa_handler = on_alarm};
    struct itimerval soon = {.it_value = {.tv_usec = 100000}};
    sigaction(SIGALRM, &sa, NULL);
    setitimer(ITIMER_REAL, &soon, NULL);
    cr_expect_null(lookup_host("slow.test", "5696", deadline_in_ms(10000), &err));
    cr_expect_eq(err.code, KE_INTERRUPTED, "%s", err.msg);
    settle();
}
