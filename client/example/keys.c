/* A program of somebody else's that uses libkmip-conform: makes an AES key, shows its
 * attributes, encrypts with it, revokes and destroys it.
 *
 *     cc keys.c $(pkg-config --cflags --libs libkmip-conform) -o keys
 *     kmip-mock run -- ./keys
 *
 * The server is the one of KMIP_HOST, KMIP_PORT and KMIP_CERTS, as for kmip-client. Only
 * headers that `make install` installs are included, and only what they declare is used. */
#include <stdio.h>

#include "client/lib/kc.h"
#include "client/lib/reply.h"
#include "client/lib/requests.h"
#include "kmip/form/form.h"

/* One request and its reply. Write the payload between start and finish; item then points
 * into reply. */
struct call {
    struct kc_client *client;
    uint32_t operation;
    uint8_t id[16];
    struct buf request, reply;
    struct ttlv_writer w;
    struct kmip_item item;
};

static struct ttlv_writer *start(struct call *c, uint32_t operation, struct kerr *err)
{
    c->operation = operation;
    buf_reset(&c->request);
    buf_reset(&c->reply);
    kc_new_id(c->client, c->id);
    req_begin(&c->w, &c->request, &(struct kmip_request){.version = KMIP_V12}, operation,
              bytes_of(c->id, sizeof c->id), err);
    return &c->w;
}

static bool finish(struct call *c, struct kerr *err)
{
    return req_end(&c->w) &&
           kc_call(c->client, buf_bytes(&c->request), bytes_of(c->id, sizeof c->id), &c->reply,
                   err) &&
           reply_open(buf_bytes(&c->reply), c->operation, &c->item, NULL, err);
}

static bool make_key(struct call *c, struct buf *uid, struct kerr *err)
{
    const struct req_key key = {.algorithm = KMIP_CRYPTOGRAPHIC_ALGORITHM_AES,
                                .length = 256,
                                .usage = KMIP_CRYPTOGRAPHIC_USAGE_MASK_ENCRYPT |
                                         KMIP_CRYPTOGRAPHIC_USAGE_MASK_DECRYPT};
    struct bytes made;

    req_create(start(c, KMIP_OPERATION_CREATE, err), KMIP_OBJECT_TYPE_SYMMETRIC_KEY, &key);
    return finish(c, err) &&
           reply_field(&c->item, KMIP_TAG_UNIQUE_IDENTIFIER, TTLV_TEXT_STRING, &made, err) &&
           (buf_put_bytes(uid, made) || kerr_set(err, KE_MEMORY, "no memory for an identifier"));
}

/* Keys, passwords and plaintexts are redacted in what the forms print. */
static void show(const struct call *c)
{
    struct buf text;
    buf_init(&text, BUF_NO_LIMIT);
    form_text(buf_bytes(&c->reply), &(struct form_options){0}, &text);
    printf("%s", buf_cstr(&text));
    buf_clear(&text);
}

static bool use_key(struct call *c, const char *uid, struct kerr *err)
{
    static const uint8_t iv[16];
    const struct req_crypt crypt = {.mode = KMIP_BLOCK_CIPHER_MODE_CBC,
                                    .padding = KMIP_PADDING_METHOD_PKCS5,
                                    .algorithm = KMIP_CRYPTOGRAPHIC_ALGORITHM_AES,
                                    .data = bytes_str("a secret"),
                                    .iv = bytes_of(iv, sizeof iv)};

    req_uid(start(c, KMIP_OPERATION_ACTIVATE, err), uid);
    if (!finish(c, err))
        return false;
    req_get_attributes(start(c, KMIP_OPERATION_GET_ATTRIBUTES, err), uid, NULL, 0);
    if (!finish(c, err))
        return false;
    show(c);
    req_crypt(start(c, KMIP_OPERATION_ENCRYPT, err), uid, &crypt);
    return finish(c, err);
}

static bool end_key(struct call *c, const char *uid, struct kerr *err)
{
    req_revoke(start(c, KMIP_OPERATION_REVOKE, err), uid,
               KMIP_REVOCATION_REASON_CODE_CESSATION_OF_OPERATION, NULL, INT64_MIN);
    if (!finish(c, err))
        return false;
    req_uid(start(c, KMIP_OPERATION_DESTROY, err), uid);
    return finish(c, err);
}

static bool with_server(struct call *c, struct buf *uid, struct kerr *err)
{
    struct kc_settings settings;
    struct kc_connect to;
    char port[16];

    kc_settings_init(&settings);
    if (!kc_settings_finish(&settings, err))
        return false;
    kc_connect_from(&settings, port, &to);
    c->client = kc_open(&to, err);
    return c->client && make_key(c, uid, err) && use_key(c, buf_cstr(uid), err) &&
           end_key(c, buf_cstr(uid), err);
}

int main(void)
{
    struct kerr err = KERR_INIT;
    struct call c = {.client = NULL};
    struct buf uid;
    char line[1024];

    buf_init(&c.request, BUF_NO_LIMIT);
    buf_init(&c.reply, BUF_NO_LIMIT);
    buf_init(&uid, BUF_NO_LIMIT);
    bool ok = with_server(&c, &uid, &err);
    if (ok)
        printf("key %s: made, used, destroyed\n", buf_cstr(&uid));
    else
        fprintf(stderr, "keys: %s\n", kerr_format(&err, line, sizeof line));
    kc_close(&c.client);
    buf_clear(&c.request);
    buf_clear(&c.reply);
    buf_clear(&uid);
    return ok ? 0 : kerr_exit(&err);
}
