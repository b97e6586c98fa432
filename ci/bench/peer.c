#include "ci/bench/peer.h"

#include <stdlib.h>

#ifdef WITH_LIBKMIP

#include <kmip.h>
#include <kmip_memset.h>
#include <string.h>

struct peer {
    const uint8_t *message;
    size_t n;
    ResponseMessage decoded;
};

const char *peer_name(void)
{
    return "libkmip";
}

/* The way its own kmip_bio.c goes about a response. */
static bool decode(const struct peer *p, ResponseMessage *into, bool keep)
{
    KMIP ctx = {0};
    memset(into, 0, sizeof *into);
    kmip_init(&ctx, (void *)(uintptr_t)p->message, p->n, KMIP_1_2);
    bool ok = kmip_decode_response_message(&ctx, into) == KMIP_OK;
    if (!ok || !keep)
        kmip_free_response_message(&ctx, into);
    kmip_set_buffer(&ctx, NULL, 0);
    kmip_destroy(&ctx);
    return ok;
}

struct peer *peer_new(const uint8_t *message, size_t n)
{
    struct peer *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->message = message;
    p->n = n;
    if (!decode(p, &p->decoded, true)) {
        free(p);
        return NULL;
    }
    return p;
}

bool peer_decode(struct peer *p)
{
    ResponseMessage m;
    return decode(p, &m, false);
}

/* The way its own kmip_bio.c goes about a request: 1024 bytes at first, more when they do
 * not do. */
bool peer_encode(struct peer *p)
{
    for (size_t blocks = 1; blocks <= 8; blocks++) {
        KMIP ctx = {0};
        kmip_init(&ctx, NULL, 0, KMIP_1_2);
        uint8 *out = ctx.calloc_func(ctx.state, blocks, 1024);
        if (!out)
            return false;
        kmip_set_buffer(&ctx, out, blocks * 1024);
        int rc = kmip_encode_response_message(&ctx, &p->decoded);
        kmip_free_buffer(&ctx, out, blocks * 1024);
        kmip_set_buffer(&ctx, NULL, 0);
        kmip_destroy(&ctx);
        if (rc != KMIP_ERROR_BUFFER_FULL)
            return rc == KMIP_OK;
    }
    return false;
}

#else

const char *peer_name(void)
{
    return NULL;
}

struct peer *peer_new(const uint8_t *message, size_t n)
{
    (void)message;
    (void)n;
    return NULL;
}

bool peer_decode(struct peer *p)
{
    (void)p;
    return false;
}

bool peer_encode(struct peer *p)
{
    (void)p;
    return false;
}

#endif
