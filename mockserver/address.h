/* Socket addresses as the listeners need them: where they are bound, who connects. */
#ifndef MOCKSERVER_ADDRESS_H
#define MOCKSERVER_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "kmip/base/error.h"

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_storage room;
};

/* The address without its port. */
void address_text(const union address *a, char out[INET6_ADDRSTRLEN]);
/* "127.0.0.1:5696", "[::1]:5696". */
void address_with_port(const union address *a, char *out, size_t room);
bool address_is_loopback(const union address *a);

/* What a listening socket is bound to: the address to connect to (a loopback one when it
 * is bound to all), and whether others than this machine may reach it. KE_IO. */
struct address_bound {
    char host[64];
    bool beyond_loopback;
};
__attribute__((warn_unused_result)) bool address_bound(int fd, struct address_bound *out,
                                                       struct kerr *err);

#endif
