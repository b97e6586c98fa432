/* The storage driver's key flows (bucket.h). */
#include "client/lib/bucket.h"

#include "client/lib/requests.h"

static const char revocation_message[] = "About to be deleted";

struct kmip_request bucket_head(uint8_t version)
{
    return (struct kmip_request){.version = version, .max_response_size = BUCKET_MAX_RESPONSE};
}

void bucket_create_payload(struct ttlv_writer *w, const struct bucket_key *key, const char *bucket)
{
    static const struct req_key aes256 = {
        .algorithm = KMIP_CRYPTOGRAPHIC_ALGORITHM_AES,
        .length = 256,
        .usage = KMIP_CRYPTOGRAPHIC_USAGE_MASK_ENCRYPT | KMIP_CRYPTOGRAPHIC_USAGE_MASK_DECRYPT,
    };

    ttlv_w_enum(w, KMIP_TAG_OBJECT_TYPE, KMIP_OBJECT_TYPE_SYMMETRIC_KEY);
    ttlv_w_open(w, KMIP_TAG_TEMPLATE_ATTRIBUTE);
    if (key->attribute)
        kmip_attribute_text(w, key->attribute, bucket);
    req_key_attributes(w, &aes256);
    if (key->compound)
        kmip_attribute_date(w, "Activation Date", key->activation);
    ttlv_w_close(w);
}

void bucket_crypt_payload(struct ttlv_writer *w, const char *uid, struct bytes data)
{
    static const uint8_t zero_iv[16];

    req_crypt(w, uid,
              &(struct req_crypt){.mode = KMIP_BLOCK_CIPHER_MODE_CBC,
                                  .padding = KMIP_PADDING_METHOD_PKCS5,
                                  .algorithm = KMIP_CRYPTOGRAPHIC_ALGORITHM_AES,
                                  .data = data,
                                  .iv = bytes_of(zero_iv, sizeof zero_iv)});
}

void bucket_revoke_payload(struct ttlv_writer *w, const char *uid)
{
    req_revoke(w, uid, KMIP_REVOCATION_REASON_CODE_CESSATION_OF_OPERATION, revocation_message,
               INT64_MIN);
}

/* One request under way: what to send is written between begin and end. */
struct exchange {
    const struct bucket_driver *d;
    uint32_t operation;
    uint8_t id[16];
    struct buf request, reply;
    struct ttlv_writer w;
    struct kmip_item item; /* after end: points into reply */
};

static struct ttlv_writer *begin(struct exchange *x, const struct bucket_driver *d,
                                 uint32_t operation, struct kerr *err)
{
    struct kmip_request head = bucket_head(d->version);

    x->d = d;
    x->operation = operation;
    buf_init(&x->request, BUF_NO_LIMIT);
    buf_init(&x->reply, BUF_NO_LIMIT);
    kc_new_id(d->c, x->id);
    req_begin(&x->w, &x->request, &head, operation, bytes_of(x->id, sizeof x->id), err);
    return &x->w;
}

static bool end(struct exchange *x, struct kerr *err)
{
    return req_end(&x->w) &&
           kc_call(x->d->c, buf_bytes(&x->request), bytes_of(x->id, sizeof x->id), &x->reply,
                   err) &&
           reply_open(buf_bytes(&x->reply), x->operation, &x->item, x->d->refusal, err);
}

static void clear(struct exchange *x)
{
    buf_clear(&x->request);
    buf_clear(&x->reply);
}

/* Operations that answer with nothing of interest. */
static bool call_uid(const struct bucket_driver *d, uint32_t operation, const char *uid,
                     void (*payload)(struct ttlv_writer *w, const char *uid), struct kerr *err)
{
    struct exchange x;

    payload(begin(&x, d, operation, err), uid);
    bool ok = end(&x, err);
    clear(&x);
    return ok;
}

bool bucket_create(const struct bucket_driver *d, const struct bucket_key *key, const char *bucket,
                   struct buf *uid, struct kerr *err)
{
    struct exchange x;
    struct bytes made;

    buf_reset(uid);
    bucket_create_payload(begin(&x, d, KMIP_OPERATION_CREATE, err), key, bucket);
    bool ok = end(&x, err) &&
              reply_field(&x.item, KMIP_TAG_UNIQUE_IDENTIFIER, TTLV_TEXT_STRING, &made, err) &&
              (buf_put_bytes(uid, made) || kerr_set(err, KE_MEMORY, "no memory for an identifier"));
    clear(&x);
    if (!ok || key->compound)
        return ok;
    return call_uid(d, KMIP_OPERATION_ACTIVATE, buf_cstr(uid), req_uid, err) ||
           kerr_wrap(err, "key %s was made but not activated", buf_cstr(uid));
}

static bool use_key(const struct bucket_driver *d, uint32_t operation, const char *uid,
                    struct bytes data, struct buf *out, struct kerr *err)
{
    struct exchange x;
    struct bytes result;

    bucket_crypt_payload(begin(&x, d, operation, err), uid, data);
    bool ok = end(&x, err) &&
              reply_field(&x.item, KMIP_TAG_DATA, TTLV_BYTE_STRING, &result, err) &&
              (buf_put_bytes(out, result) || kerr_set(err, KE_MEMORY, "no memory for the data"));
    clear(&x);
    return ok;
}

bool bucket_cipher(const struct bucket_driver *d, const char *uid, struct bytes data,
                   struct buf *out, struct kerr *err)
{
    return use_key(d, KMIP_OPERATION_ENCRYPT, uid, data, out, err);
}

bool bucket_decipher(const struct bucket_driver *d, const char *uid, struct bytes data,
                     struct buf *out, struct kerr *err)
{
    return use_key(d, KMIP_OPERATION_DECRYPT, uid, data, out, err);
}

bool bucket_destroy(const struct bucket_driver *d, const char *uid, struct kerr *err)
{
    return call_uid(d, KMIP_OPERATION_REVOKE, uid, bucket_revoke_payload, err) &&
           (call_uid(d, KMIP_OPERATION_DESTROY, uid, req_uid, err) ||
            kerr_wrap(err, "key %s is revoked but not destroyed", uid));
}
