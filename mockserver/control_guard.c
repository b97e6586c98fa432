/* Who may use the control API.
 *
 * The port is on loopback, yet pages that a browser of this machine shows can send
 * requests there too. A page's own script has an Origin that is not ours; a name that
 * its owner points at 127.0.0.1 (DNS rebinding) stands in Host. Programs send no Origin
 * and name loopback. */
#include <arpa/inet.h>
#include <stdio.h>

#include "kmip/net/tcp.h"
#include "mockserver/address.h"
#include "mockserver/control_priv.h"

static const char *header(const struct control_request *rq, const char *name)
{
    return MHD_lookup_connection_value(rq->http, MHD_HEADER_KIND, name);
}

static bool is_loopback_name(const char *host)
{
    union address a = {.any = {.sa_family = AF_INET}};
    if (strcasecmp(host, "localhost") == 0)
        return true;
    if (inet_pton(AF_INET, host, &a.v4.sin_addr) == 1)
        return address_is_loopback(&a);
    a.any.sa_family = AF_INET6;
    return inet_pton(AF_INET6, host, &a.v6.sin6_addr) == 1 && address_is_loopback(&a);
}

/* Any port: a tunnel's differs from ours. */
static bool host_allowed(const char *host)
{
    char name[256] = "", port[16] = "";
    return host && tcp_split(host, name, port) && is_loopback_name(name);
}

/* "http://" and the Host: the page came from this very server. */
static bool is_same_origin(const char *origin, const char *host)
{
    static const char scheme[] = "http://";
    return strncmp(origin, scheme, sizeof scheme - 1) == 0 &&
           strcasecmp(origin + sizeof scheme - 1, host) == 0;
}

bool control_guard(struct control_request *rq)
{
    const char *host = header(rq, "Host"), *origin = header(rq, "Origin");
    const char *site = header(rq, "Sec-Fetch-Site");
    if (!host_allowed(host))
        control_refuse(rq, MHD_HTTP_FORBIDDEN, "Host",
                       "the header Host must name this machine's loopback, such as %s:%d",
                       rq->control->host, rq->control->port);
    else if (origin && !is_same_origin(origin, host))
        control_refuse(rq, MHD_HTTP_FORBIDDEN, "Origin", "a page of another origin asks");
    else if (site && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0)
        control_refuse(rq, MHD_HTTP_FORBIDDEN, "Sec-Fetch-Site", "a page of another site asks");
    else
        return true;
    return false;
}
