/* Who may use the control API.
 *
 * Without a token the port is on loopback, yet pages that a browser of this machine shows
 * can send requests there too. A page's own script has an Origin that is not ours; a name
 * that its owner points at 127.0.0.1 (DNS rebinding) stands in Host. Programs send no
 * Origin and name loopback.
 *
 * With a token any name will do, for no page but ours is told the token. The files of our
 * own page are had without: they hold nothing, and it is in the page that the token is
 * entered. */
#include <arpa/inet.h>
#include <stdio.h>

#include "kmip/base/token.h"
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

/* Scheme and Host: the page came from this very server; where others may reach it, perhaps
 * by what speaks TLS for it. */
static bool is_same_origin(const char *origin, const char *host, bool by_tls)
{
    static const char *const schemes[] = {"http://", "https://"};
    for (size_t i = 0; i < 1u + by_tls; i++) {
        size_t n = strlen(schemes[i]);
        if (strncmp(origin, schemes[i], n) == 0 && strcasecmp(origin + n, host) == 0)
            return true;
    }
    return false;
}

bool control_has_token(const struct control *c)
{
    return c->options.token && c->options.token[0];
}

/* "Authorization: Bearer TOKEN" (RFC 6750, 2.1). */
static bool shows_token(const struct control_request *rq)
{
    static const char scheme[] = "Bearer ";
    const char *given = header(rq, "Authorization");
    if (!given || strncasecmp(given, scheme, sizeof scheme - 1) != 0)
        return false;
    given += sizeof scheme - 1;
    given += strspn(given, " ");
    return token_same(rq->control->options.token, given, strlen(given));
}

bool control_guard(struct control_request *rq, const char *method, const char *path)
{
    const char *host = header(rq, "Host"), *origin = header(rq, "Origin");
    const char *site = header(rq, "Sec-Fetch-Site");
    bool token = control_has_token(rq->control);
    if (!host || (!token && !host_allowed(host)))
        control_refuse(rq, MHD_HTTP_FORBIDDEN, "Host",
                       "the header Host must name this machine's loopback, such as %s:%d",
                       rq->control->host, rq->control->port);
    else if (origin && !is_same_origin(origin, host, token))
        control_refuse(rq, MHD_HTTP_FORBIDDEN, "Origin", "a page of another origin asks");
    else if (site && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0)
        control_refuse(rq, MHD_HTTP_FORBIDDEN, "Sec-Fetch-Site", "a page of another site asks");
    else if (token && !control_page_wanted(rq, method, path) && !shows_token(rq))
        control_refuse(rq, MHD_HTTP_UNAUTHORIZED, "Authorization",
                       "this control API asks for the token that it was started with: "
                       "Authorization: Bearer TOKEN");
    else
        return true;
    return false;
}
