/* Certificate attributes (certificate.h), by GnuTLS. */
#include "mockserver/certificate.h"

#include <gnutls/x509.h>

#include "kmip/base/text.h"
#include "mockserver/asym.h"
#include "mockserver/der.h"
#include "mockserver/scratch.h"

/* One structure being put together in the engine's buffer. */
struct value {
    struct op_call *call;
    struct mock_object *object;
    struct ttlv_writer w;
};

static void begin(struct value *v)
{
    struct buf *b = &v->call->engine->scratch->data;
    buf_reset(b);
    ttlv_w_init(&v->w, b, &v->call->err);
}

static bool set(struct value *v, uint32_t tag)
{
    return ttlv_w_finish(&v->w) &&
           (object_set(v->object, tag, TTLV_STRUCTURE, buf_bytes(v->w.out)) ||
            op_no_memory(v->call));
}

/* A field from what GnuTLS hands out to be freed: a Byte String of DER, or a Text String. */
static bool put_datum(struct value *v, uint32_t tag, int result, gnutls_datum_t *d)
{
    bool text = kmip_tag(tag)->types & TYPE_BIT(TTLV_TEXT_STRING);
    if (result < 0)
        return op_fail(v->call, KMIP_RESULT_REASON_INVALID_FIELD,
                       "the certificate cannot be read: %s", gnutls_strerror(result));
    struct bytes value = bytes_of(d->data, d->size);
    bool ok = !text || (text_utf8(value) && !memchr(d->data, 0, d->size));
    if (ok)
        ttlv_w_value(&v->w, tag, text ? TTLV_TEXT_STRING : TTLV_BYTE_STRING, value);
    gnutls_free(d->data);
    return ok || op_fail(v->call, KMIP_RESULT_REASON_INVALID_FIELD,
                         "a name in the certificate is no text");
}

static int issuer_text(gnutls_x509_crt_t crt, gnutls_datum_t *d)
{
    return gnutls_x509_crt_get_issuer_dn3(crt, d, 0);
}

static int subject_text(gnutls_x509_crt_t crt, gnutls_datum_t *d)
{
    return gnutls_x509_crt_get_dn3(crt, d, 0);
}

/* Attributes of names and serial number: as DER, since 1.1 (3.10 to 3.12), and as text
 * for clients of 1.0 (3.13 to 3.15). */
static const struct {
    uint32_t attribute, name;
    int (*get)(gnutls_x509_crt_t crt, gnutls_datum_t *d);
    uint32_t serial; /* field of the serial number beside the name, or 0 */
} names[] = {
    {KMIP_TAG_X_509_CERTIFICATE_IDENTIFIER, KMIP_TAG_ISSUER_DISTINGUISHED_NAME,
     gnutls_x509_crt_get_raw_issuer_dn, KMIP_TAG_CERTIFICATE_SERIAL_NUMBER},
    {KMIP_TAG_X_509_CERTIFICATE_ISSUER, KMIP_TAG_ISSUER_DISTINGUISHED_NAME,
     gnutls_x509_crt_get_raw_issuer_dn, 0},
    {KMIP_TAG_X_509_CERTIFICATE_SUBJECT, KMIP_TAG_SUBJECT_DISTINGUISHED_NAME,
     gnutls_x509_crt_get_raw_dn, 0},
    {KMIP_TAG_CERTIFICATE_IDENTIFIER, KMIP_TAG_ISSUER, issuer_text, KMIP_TAG_SERIAL_NUMBER},
    {KMIP_TAG_CERTIFICATE_ISSUER, KMIP_TAG_CERTIFICATE_ISSUER_DISTINGUISHED_NAME, issuer_text, 0},
    {KMIP_TAG_CERTIFICATE_SUBJECT, KMIP_TAG_CERTIFICATE_SUBJECT_DISTINGUISHED_NAME, subject_text,
     0},
};

/* Parts that GnuTLS does not hand out as they stand in the certificate. */
struct parts {
    struct bytes serial; /* the INTEGER, head and all */
    struct bytes key;    /* SubjectPublicKeyInfo */
};

/* Takes an element off *in, head and all. */
static bool take(struct bytes *in, unsigned tag, struct bytes *whole)
{
    struct bytes content;
    const uint8_t *from = in->p;
    if (!der_next(in, tag, &content))
        return false;
    *whole = bytes_of(from, (size_t)(in->p - from));
    return true;
}

/* RFC 5280, 4.1; broken only where GnuTLS has not looked. */
static bool find_parts(struct bytes der, struct parts *out)
{
    struct bytes crt, tbs, skip;
    if (!der_next(&der, DER_SEQUENCE, &crt) || !der_next(&crt, DER_SEQUENCE, &tbs))
        return false;
    take(&tbs, DER_CONTEXT(0), &skip); /* version, where it is not the first */
    if (!take(&tbs, DER_INTEGER, &out->serial))
        return false;
    for (int i = 0; i < 4; i++) /* signature, issuer, validity, subject */
        if (!take(&tbs, DER_SEQUENCE, &skip))
            return false;
    return take(&tbs, DER_SEQUENCE, &out->key);
}

/* The serial number as the field has it: DER, as the published cases show it, or
 * hexadecimal digits. */
static bool put_serial(struct value *v, uint32_t tag, struct bytes serial)
{
    char hex[2 * 64 + 1];
    struct bytes in = serial, content;
    bool text = kmip_tag(tag)->types & TYPE_BIT(TTLV_TEXT_STRING);
    if (!text) {
        ttlv_w_bytes(&v->w, tag, serial);
        return true;
    }
    if (!der_next(&in, DER_INTEGER, &content) || content.n == 0 || content.n > sizeof hex / 2)
        return op_fail(v->call, KMIP_RESULT_REASON_INVALID_FIELD,
                       "the certificate has no serial number, or one that is too long");
    if (content.n > 1 && content.p[0] == 0) /* which is the sign */
        content = bytes_of(content.p + 1, content.n - 1);
    for (size_t i = 0; i < content.n; i++)
        snprintf(hex + 2 * i, 3, "%02X", content.p[i]);
    ttlv_w_str(&v->w, tag, hex);
    return true;
}

static bool set_names(struct value *v, gnutls_x509_crt_t crt, const struct parts *parts)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        gnutls_datum_t name = {NULL, 0};
        begin(v);
        if (!put_datum(v, names[i].name, names[i].get(crt, &name), &name) ||
            (names[i].serial && !put_serial(v, names[i].serial, parts->serial)) ||
            !set(v, names[i].attribute))
            return false;
    }
    return true;
}

static const struct {
    int gnutls;
    uint32_t kmip;
} key_algorithms[] =
    {
        {GNUTLS_PK_RSA, KMIP_CRYPTOGRAPHIC_ALGORITHM_RSA},
        {GNUTLS_PK_DSA, KMIP_CRYPTOGRAPHIC_ALGORITHM_DSA},
        {GNUTLS_PK_ECDSA, KMIP_CRYPTOGRAPHIC_ALGORITHM_ECDSA},
},
  signatures[] = {
      {GNUTLS_SIGN_RSA_SHA1, KMIP_DIGITAL_SIGNATURE_ALGORITHM_SHA_1_WITH_RSA_ENCRYPTION},
      {GNUTLS_SIGN_RSA_SHA224, KMIP_DIGITAL_SIGNATURE_ALGORITHM_SHA_224_WITH_RSA_ENCRYPTION},
      {GNUTLS_SIGN_RSA_SHA256, KMIP_DIGITAL_SIGNATURE_ALGORITHM_SHA_256_WITH_RSA_ENCRYPTION},
      {GNUTLS_SIGN_RSA_SHA384, KMIP_DIGITAL_SIGNATURE_ALGORITHM_SHA_384_WITH_RSA_ENCRYPTION},
      {GNUTLS_SIGN_RSA_SHA512, KMIP_DIGITAL_SIGNATURE_ALGORITHM_SHA_512_WITH_RSA_ENCRYPTION},
      {GNUTLS_SIGN_RSA_PSS_SHA256, KMIP_DIGITAL_SIGNATURE_ALGORITHM_RSASSA_PSS},
      {GNUTLS_SIGN_RSA_PSS_SHA384, KMIP_DIGITAL_SIGNATURE_ALGORITHM_RSASSA_PSS},
      {GNUTLS_SIGN_RSA_PSS_SHA512, KMIP_DIGITAL_SIGNATURE_ALGORITHM_RSASSA_PSS},
      {GNUTLS_SIGN_DSA_SHA1, KMIP_DIGITAL_SIGNATURE_ALGORITHM_DSA_WITH_SHA_1},
      {GNUTLS_SIGN_DSA_SHA256, KMIP_DIGITAL_SIGNATURE_ALGORITHM_DSA_WITH_SHA256},
      {GNUTLS_SIGN_ECDSA_SHA1, KMIP_DIGITAL_SIGNATURE_ALGORITHM_ECDSA_WITH_SHA_1},
      {GNUTLS_SIGN_ECDSA_SHA256, KMIP_DIGITAL_SIGNATURE_ALGORITHM_ECDSA_WITH_SHA256},
      {GNUTLS_SIGN_ECDSA_SHA384, KMIP_DIGITAL_SIGNATURE_ALGORITHM_ECDSA_WITH_SHA384},
      {GNUTLS_SIGN_ECDSA_SHA512, KMIP_DIGITAL_SIGNATURE_ALGORITHM_ECDSA_WITH_SHA512},
};

/* What the certificate is for: GnuTLS knows less curves, asym less algorithms. */
static void read_key(gnutls_x509_crt_t crt, const struct parts *parts, uint32_t *algorithm,
                     unsigned *bits)
{
    const struct ttlv_item spki = {.type = TTLV_BYTE_STRING, .val = parts->key};
    struct asym_key key;
    *algorithm = 0;
    *bits = 0;
    int known = gnutls_x509_crt_get_pk_algorithm(crt, bits);
    for (size_t i = 0; i < sizeof key_algorithms / sizeof *key_algorithms; i++)
        if (key_algorithms[i].gnutls == known)
            *algorithm = key_algorithms[i].kmip;
    if (!*algorithm && asym_read(KMIP_OBJECT_TYPE_PUBLIC_KEY, KMIP_KEY_FORMAT_TYPE_X_509, &spki,
                                 &key) == ASYM_READ) {
        *algorithm = key.kind == ASYM_EC ? KMIP_CRYPTOGRAPHIC_ALGORITHM_ECDSA
                                         : KMIP_CRYPTOGRAPHIC_ALGORITHM_RSA;
        *bits = key.bits;
    }
}

/* Algorithm and Length of the public key, unless the client has given them; how the
 * certificate is signed. What the standard has no value for stays unsaid. */
static bool set_algorithms(struct value *v, gnutls_x509_crt_t crt, const struct parts *parts)
{
    struct mock_object *o = v->object;
    uint32_t algorithm;
    unsigned bits;
    int signature = gnutls_x509_crt_get_signature_algorithm(crt);
    bool ok = true;
    read_key(crt, parts, &algorithm, &bits);
    if (algorithm && !object_attr(o, KMIP_TAG_CRYPTOGRAPHIC_ALGORITHM, 0))
        ok = object_set_enum(o, KMIP_TAG_CRYPTOGRAPHIC_ALGORITHM, algorithm) &&
             (object_attr(o, KMIP_TAG_CRYPTOGRAPHIC_LENGTH, 0) ||
              object_set_int(o, KMIP_TAG_CRYPTOGRAPHIC_LENGTH, (int32_t)bits));
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++)
        if (signatures[i].gnutls == signature)
            ok = ok && object_set_enum(o, KMIP_TAG_DIGITAL_SIGNATURE_ALGORITHM, signatures[i].kmip);
    return ok || op_no_memory(v->call);
}

static bool read_x509(struct value *v, struct bytes der)
{
    gnutls_x509_crt_t crt;
    struct parts parts = {{0}, {0}};
    gnutls_datum_t d = {(unsigned char *)(uintptr_t)der.p, (unsigned)der.n};
    if (gnutls_x509_crt_init(&crt) < 0)
        return op_no_memory(v->call);
    int result = gnutls_x509_crt_import(crt, &d, GNUTLS_X509_FMT_DER);
    bool ok = (result >= 0 && find_parts(der, &parts)) ||
              op_fail(v->call, KMIP_RESULT_REASON_INVALID_FIELD,
                      "the Certificate Value is no X.509 certificate: %s",
                      result < 0 ? gnutls_strerror(result) : "it is not built as one");
    ok = ok && set_names(v, crt, &parts) && set_algorithms(v, crt, &parts);
    gnutls_x509_crt_deinit(crt);
    return ok;
}

bool certificate_attributes(struct op_call *c, struct mock_object *o, const struct ttlv_item *body)
{
    struct value v = {.call = c, .object = o};
    struct ttlv_item type, der;
    if (!ttlv_find(body, KMIP_TAG_CERTIFICATE_TYPE, &type) ||
        !ttlv_find(body, KMIP_TAG_CERTIFICATE_VALUE, &der))
        return op_fail(c, KMIP_RESULT_REASON_INVALID_MESSAGE,
                       "the Certificate has no type or no value");
    if (!object_set_enum(o, KMIP_TAG_CERTIFICATE_TYPE, ttlv_enum(&type)) ||
        !object_set_int(o, KMIP_TAG_CERTIFICATE_LENGTH, (int32_t)der.val.n))
        return op_no_memory(c);
    return ttlv_enum(&type) != KMIP_CERTIFICATE_TYPE_X_509 || read_x509(&v, der.val);
}
