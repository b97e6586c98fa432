/* Socket addresses (address.h). */
#include "mockserver/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

void address_text(const union address *a, char out[INET6_ADDRSTRLEN])
{
    const void *ip =
        a->any.sa_family == AF_INET6 ? (const void *)&a->v6.sin6_addr : &a->v4.sin_addr;
    if (!inet_ntop(a->any.sa_family, ip, out, INET6_ADDRSTRLEN))
        snprintf(out, INET6_ADDRSTRLEN, "?");
}

void address_with_port(const union address *a, char *out, size_t room)
{
    char ip[INET6_ADDRSTRLEN];
    address_text(a, ip);
    bool v6 = a->any.sa_family == AF_INET6;
    snprintf(out, room, v6 ? "[%s]:%u" : "%s:%u", ip, ntohs(v6 ? a->v6.sin6_port : a->v4.sin_port));
}

bool address_is_loopback(const union address *a)
{
    if (a->any.sa_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(&a->v6.sin6_addr);
    return ntohl(a->v4.sin_addr.s_addr) >> 24 == 127;
}

static bool is_all(const union address *a)
{
    return a->any.sa_family == AF_INET6 ? IN6_IS_ADDR_UNSPECIFIED(&a->v6.sin6_addr)
                                        : a->v4.sin_addr.s_addr == htonl(INADDR_ANY);
}

bool address_bound(int fd, struct address_bound *out, struct kerr *err)
{
    union address a;
    socklen_t len = sizeof a;
    char ip[INET6_ADDRSTRLEN];
    if (getsockname(fd, &a.any, &len) < 0)
        return kerr_set(err, KE_IO, "cannot tell the address listened on: %s", strerror(errno));
    address_text(&a, ip);
    out->beyond_loopback = !address_is_loopback(&a);
    snprintf(out->host, sizeof out->host, "%s",
             !is_all(&a)                   ? ip
             : a.any.sa_family == AF_INET6 ? "::1"
                                           : "127.0.0.1");
    return true;
}
