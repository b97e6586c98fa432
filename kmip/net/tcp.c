/* Sockets (tcp.h). Everything here is non-blocking from the start; waiting is
 * poll(2) against a monotonic deadline. */
#include "kmip/net/tcp.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kmip/base/buf.h"
#include "kmip/base/clock.h"
#include "kmip/net/lookup.h"

static bool all_digits(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (s[i] < '0' || s[i] > '9')
            return false;
    return n > 0;
}

static bool port_ok(const char *s, size_t n)
{
    if (!all_digits(s, n) || n > 5)
        return false;
    unsigned v = 0;
    for (size_t i = 0; i < n; i++)
        v = v * 10 + (unsigned)(s[i] - '0');
    return v <= 65535;
}

static void copy_part(char *out, const char *s, size_t n)
{
    memcpy(out, s, n);
    out[n] = 0;
}

bool tcp_split(const char *where, char host[256], char port[16])
{
    const char *h = where, *p = NULL;
    size_t hn = strlen(where);
    const char *colon = strrchr(where, ':');
    if (where[0] == '[') {
        const char *end = strchr(where, ']');
        if (!end || end == where + 1 || (end[1] != 0 && end[1] != ':'))
            return false;
        h = where + 1;
        hn = (size_t)(end - h);
        p = end[1] == ':' ? end + 2 : NULL;
    } else if (colon && strchr(where, ':') == colon) {
        hn = (size_t)(colon - where);
        p = colon + 1;
    } else if (!colon && all_digits(where, hn)) {
        hn = 0;
        p = where;
    } else if (hn == 0) {
        return false;
    } /* else: a name, or an IPv6 address without brackets */
    if (hn > 255 || (p && !port_ok(p, strlen(p))))
        return false;
    if (hn > 0)
        copy_part(host, h, hn);
    if (p)
        copy_part(port, p, strlen(p));
    return true;
}

/* "127.0.0.1" of an address, for error texts. */
static const char *address_text(const struct addrinfo *ai, char out[NI_MAXHOST])
{
    if (getnameinfo(ai->ai_addr, ai->ai_addrlen, out, NI_MAXHOST, NULL, 0, NI_NUMERICHOST) != 0)
        snprintf(out, NI_MAXHOST, "?");
    return out;
}

static int new_socket(const struct addrinfo *ai)
{
    return socket(ai->ai_family, ai->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, ai->ai_protocol);
}

/* Waits until the connection stands; 0, or the errno that says why not. */
static int wait_connected(int fd, int64_t deadline_ns)
{
    struct pollfd pfd = {.fd = fd, .events = POLLOUT};
    int n = poll(&pfd, 1, deadline_poll_ms(deadline_ns));
    if (n < 0)
        return errno;
    if (n == 0)
        return ETIMEDOUT;
    int why = 0;
    socklen_t len = sizeof why;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &len) < 0 ? errno : why;
}

/* One address; the socket, or -1 with the errno in *why. */
static int connect_one(const struct addrinfo *ai, int64_t deadline_ns, int *why)
{
    int fd = new_socket(ai);
    if (fd < 0) {
        *why = errno;
        return -1;
    }
    *why = connect(fd, ai->ai_addr, ai->ai_addrlen) == 0 ? 0 : errno;
    if (*why == EINPROGRESS)
        *why = wait_connected(fd, deadline_ns);
    int on = 1;
    if (*why == 0 && setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0)
        *why = errno;
    if (*why == 0)
        return fd;
    close(fd);
    return -1;
}

static const char *connect_remedy(int why)
{
    switch (why) {
    case ECONNREFUSED:
        return "; nothing listens there: check that the server runs and the port is right";
    case ENETUNREACH:
    case EHOSTUNREACH:
        return "; check the address and the route to it";
    case ETIMEDOUT:
        return "; no answer at all: check the address and firewalls between";
    default:
        return "";
    }
}

/* What each address said, and what to do about the last. */
static int connect_failed(const char *host, const char *port, struct buf *tried, int why,
                          struct kerr *err)
{
    if (why == EINTR)
        kerr_set(err, KE_INTERRUPTED, "interrupted while connecting to %s port %s", host, port);
    else
        kerr_set(err, why == ETIMEDOUT ? KE_TIMEOUT : KE_CONNECT,
                 "cannot connect to %s port %s: %s%s", host, port, buf_cstr(tried),
                 connect_remedy(why));
    return -1;
}

static int connect_any(const struct addrinfo *list, const char *host, const char *port,
                       int64_t deadline_ns, struct kerr *err)
{
    int left = 0, why = 0, fd = -1;
    for (const struct addrinfo *ai = list; ai; ai = ai->ai_next)
        left++;
    struct buf tried;
    buf_init(&tried, 400);
    for (const struct addrinfo *ai = list; ai && fd < 0 && why != EINTR; ai = ai->ai_next, left--) {
        int64_t now = clock_mono_ns();
        int64_t until = deadline_ns == DEADLINE_NEVER ? DEADLINE_NEVER
                                                      : now + (deadline_ns - now) / left;
        fd = connect_one(ai, until, &why);
        char text[NI_MAXHOST];
        if (fd < 0)
            buf_printf(&tried, "%s%s: %s", tried.n ? ", " : "", address_text(ai, text),
                       strerror(why));
    }
    if (fd < 0)
        connect_failed(host, port, &tried, why, err);
    buf_clear(&tried);
    return fd;
}

int tcp_connect(const char *host, const char *port, int64_t deadline_ns, struct kerr *err)
{
    struct addrinfo *list = lookup_host(host, port, deadline_ns, err);
    if (!list)
        return -1;
    int fd = connect_any(list, host, port, deadline_ns, err);
    freeaddrinfo(list);
    return fd;
}

static int bind_one(const struct addrinfo *ai, int *why)
{
    int fd = new_socket(ai), on = 1;
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0)
        return fd;
    *why = errno;
    if (fd >= 0)
        close(fd);
    return -1;
}

static int bound_port(int fd)
{
    struct sockaddr_storage a;
    socklen_t len = sizeof a;
    if (getsockname(fd, (struct sockaddr *)&a, &len) < 0)
        return -1;
    return ntohs(a.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&a)->sin6_port
                                         : ((struct sockaddr_in *)&a)->sin_port);
}

static const char *listen_remedy(int why)
{
    switch (why) {
    case EADDRINUSE:
        return "; another program listens there: stop it, or choose another port (0 picks a free one)";
    case EACCES:
        return "; ports below 1024 need privileges: choose a higher one";
    case EADDRNOTAVAIL:
        return "; this machine does not have that address";
    default:
        return "";
    }
}

int tcp_listen(const char *where, int *port, struct kerr *err)
{
    char host[256] = "127.0.0.1", service[16] = "";
    if (!tcp_split(where, host, service) || !service[0]) {
        kerr_set(err, KE_CONFIG, "cannot listen on \"%s\": expected HOST:PORT, [IPV6]:PORT or PORT",
                 where);
        return -1;
    }
    static const struct addrinfo hints = {.ai_family = AF_UNSPEC,
                                          .ai_socktype = SOCK_STREAM,
                                          .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    int rc = getaddrinfo(host, service, &hints, &list);
    if (rc != 0) {
        kerr_set(err, KE_CONFIG, "cannot listen on \"%s\": %s", where,
                 rc == EAI_SYSTEM ? strerror(errno) : gai_strerror(rc));
        return -1;
    }
    int fd = -1, why = 0;
    for (const struct addrinfo *ai = list; ai && fd < 0; ai = ai->ai_next)
        fd = bind_one(ai, &why);
    freeaddrinfo(list);
    if (fd < 0)
        kerr_set(err, KE_IO, "cannot listen on %s port %s: %s%s", host, service, strerror(why),
                 listen_remedy(why));
    else if (port)
        *port = bound_port(fd);
    return fd;
}
