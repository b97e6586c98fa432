/* The client over a server that says anything: requests in flight, replies put together
 * however they come, matched by id or by position, opened, and put into words.
 *
 * TLS and the socket stand in the way of that and are taken out: the linker has the client
 * call what is here (-Wl,--wrap). Input: a byte of switches, the size of records in 8 bytes,
 * what the server sends. */
#include <sys/eventfd.h>
#include <unistd.h>

#include "ci/fuzz/fuzz.h"
#include "client/lib/kc.h"
#include "client/lib/reply.h"
#include "client/lib/requests.h"
#include "kmip/base/clock.h"

enum { BY_POSITION = 1, ABRUPT = 2, RAW = 4, DEPTH = 4 };

static struct {
    struct bytes left;
    size_t record;
    bool abrupt;
    int fd;
    struct tls_info info;
} server;

struct tls_creds *__wrap_tls_creds_load(enum tls_role role, const struct tls_files *files,
                                        const struct tls_options *o, struct kerr *err)
{
    (void)role, (void)files, (void)o, (void)err;
    return (struct tls_creds *)&server;
}

void __wrap_tls_creds_free(struct tls_creds **c)
{
    *c = NULL;
}

int __wrap_tcp_connect(const char *host, const char *port, int64_t deadline_ns, struct kerr *err)
{
    (void)host, (void)port, (void)deadline_ns, (void)err;
    return server.fd;
}

struct tls_conn *__wrap_tls_new(const struct tls_creds *c, int fd, const char *host, struct kerr *err)
{
    (void)c, (void)fd, (void)host, (void)err;
    return (struct tls_conn *)&server;
}

void __wrap_tls_free(struct tls_conn **t)
{
    *t = NULL;
}

enum tls_io __wrap_tls_handshake(struct tls_conn *t, struct kerr *err)
{
    (void)t, (void)err;
    return TLS_OK;
}

const struct tls_info *__wrap_tls_info(const struct tls_conn *t)
{
    (void)t;
    return &server.info;
}

enum tls_io __wrap_tls_read(struct tls_conn *t, void *p, size_t room, size_t *n, struct kerr *err)
{
    (void)t, (void)err;
    size_t take = server.left.n < server.record ? server.left.n : server.record;
    if (take > room)
        take = room;
    if (take == 0)
        return TLS_EOF;
    memcpy(p, server.left.p, take);
    server.left.p += take;
    server.left.n -= take;
    *n = take;
    return TLS_OK;
}

enum tls_io __wrap_tls_write(struct tls_conn *t, struct bytes v, size_t *n, struct kerr *err)
{
    (void)t, (void)err;
    *n = v.n;
    return TLS_OK;
}

void __wrap_tls_bye(struct tls_conn *t)
{
    (void)t;
}

bool __wrap_tls_abrupt(const struct tls_conn *t)
{
    (void)t;
    return server.abrupt;
}

int __wrap_tls_fd(const struct tls_conn *t)
{
    (void)t;
    return server.fd;
}

/* What callers do with a reply. */
static void look_at(struct bytes reply, uint32_t operation)
{
    struct kmip_item item;
    struct reply_refusal refusal = {0};
    struct kerr err = KERR_INIT;
    struct bytes uid;
    struct buf text;

    buf_init(&text, BUF_NO_LIMIT);
    if (reply_open(reply, operation, &item, &refusal, &err))
        (void)!reply_field(&item, KMIP_TAG_UNIQUE_IDENTIFIER, TTLV_TEXT_STRING, &uid, &err);
    else if (err.code == KE_OK)
        fuzz_broken("a reply is refused without a reason");
    if (refusal.refused)
        reply_refusal_text(&refusal, &text);
    reply_plain(reply, 200, &text);
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] < 0x20 || text.p[i] == 0x7F)
            fuzz_broken("a control character of the server goes to the terminal");
    buf_clear(&text);
}

static bool submit(struct kc_client *c, uint8_t number, kc_ticket *ticket, struct kerr *err)
{
    struct buf request;
    struct ttlv_writer w;
    bool ok;

    buf_init(&request, BUF_NO_LIMIT);
    req_begin(&w, &request, &(struct kmip_request){0}, KMIP_OPERATION_ACTIVATE, bytes_of(&number, 1), err);
    req_uid(&w, "1");
    ok = req_end(&w) && kc_submit(c, buf_bytes(&request), bytes_of(&number, 1), ticket, err);
    buf_clear(&request);
    return ok;
}

static void converse(struct kc_client *c, bool raw, struct kerr *err)
{
    kc_ticket tickets[DEPTH];
    struct buf reply;
    struct kc_seen seen;
    uint8_t n = 0;

    buf_init(&reply, BUF_NO_LIMIT);
    if (raw && kc_exchange(c, bytes_str("any"), &reply, &seen, err))
        look_at(buf_bytes(&reply), KMIP_OPERATION_QUERY);
    while (n < DEPTH && submit(c, n, &tickets[n], err))
        n++;
    for (uint8_t i = 0; i < n; i++) {
        buf_reset(&reply);
        if (!kc_wait(c, tickets[n - 1 - i], &reply, &seen, err))
            break;
        look_at(buf_bytes(&reply), KMIP_OPERATION_ACTIVATE);
    }
    if (kc_is_open(c))
        kc_still_open(c);
    if (kc_is_open(c) && server.left.n > 0 && n == DEPTH)
        (void)kc_unasked(c);
    buf_clear(&reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes in = bytes_of(data, size);
    uint8_t switches = fuzz_byte(&in), record = fuzz_byte(&in);
    struct kerr err = KERR_INIT;
    const struct kc_connect to = {.host = "h", .port = "1", .timeout_ns = NS_PER_S,
                                  .depth = DEPTH, .max_message = 1u << 16,
                                  .match = switches & BY_POSITION ? KC_MATCH_POSITION : KC_MATCH_ID};

    server.fd = eventfd(1, EFD_NONBLOCK);
    server.left = in;
    server.record = record ? record * (size_t)8 : TLS_RECORD_MAX;
    server.abrupt = switches & ABRUPT;
    struct kc_client *c = kc_open(&to, &err);
    if (!c)
        fuzz_broken("%s", err.msg);
    converse(c, switches & RAW, &err);
    kc_close(&c);
    close(server.fd);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
    return fuzz_mutate_messages(data, size, max, seed, 2);
}
