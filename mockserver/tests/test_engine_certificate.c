/* Certificates registered: what the server reads out of them, for each version. */
#include <gnutls/x509.h>
#include <unistd.h>

#include "kmip/base/file.h"
#include "kmip/net/pki.h"
#include "mockserver/tests/engine_rig.h"

/* The DER of a fresh certificate of "alice", in hexadecimal. */
static void make_certificate(struct buf *hex)
{
    char dir[] = "/tmp/kmip-certificate-XXXXXX", path[128], command[160];
    struct kerr err = KERR_INIT;
    struct buf pem;
    gnutls_datum_t in, der;
    buf_init(&pem, 1 << 20);
    cr_assert(mkdtemp(dir));
    cr_assert(pki_ca(dir, "Test CA", &err), "%s", err.msg);
    cr_assert(pki_leaf(dir, "leaf", &(struct pki_leaf){.cn = "alice"}, &err), "%s", err.msg);
    snprintf(path, sizeof path, "%s/leaf/kmip-cert.pem", dir);
    cr_assert(file_read(path, &pem, &err), "%s", err.msg);
    in = (gnutls_datum_t){pem.p, (unsigned)pem.n};
    cr_assert_eq(gnutls_pem_base64_decode2("CERTIFICATE", &in, &der), 0);
    buf_hex(hex, bytes_of(der.data, der.size));
    gnutls_free(der.data);
    buf_clear(&pem);
    snprintf(command, sizeof command, "rm -r %s", dir);
    cr_assert_eq(system(command), 0);
}

Test(certificate, gives_its_attributes_in_the_form_of_the_version)
{
    static const struct {
        const char *version, *attribute;
        bool there;
    } rows[] = {
        {"1.2", "Certificate Type", true},
        {"1.2", "Certificate Length", true},
        {"1.2", "Cryptographic Algorithm", true},
        {"1.2", "Cryptographic Length", true},
        {"1.2", "Digital Signature Algorithm", true},
        {"1.2", "X.509 Certificate Identifier", true},
        {"1.2", "X.509 Certificate Subject", true},
        {"1.2", "X.509 Certificate Issuer", true},
        {"1.2", "Digest", true},
        {"1.2", "State", true},
        {"1.0", "Certificate Identifier", true},
        {"1.0", "Certificate Subject", true},
        {"1.0", "Certificate Issuer", true},
        {"1.0", "X.509 Certificate Subject", false},
        {"1.0", "Certificate Length", false},
    };
    struct rig *r = rig_new(NULL);
    struct ttlv_item v, f;
    struct buf text;
    buf_init(&text, BUF_NO_LIMIT);
    buf_puts(&text, "Register, {Object Type: Certificate, Template-Attribute: {Attributes: "
                    "{Cryptographic Usage Mask: Verify, Name: cert}}, Certificate: {Certificate "
                    "Type: X.509, Certificate Value: ");
    make_certificate(&text);
    buf_puts(&text, "}}");
    rig_make(r, "c", buf_cstr(&text));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char ask[200];
        r->version = rows[i].version;
        snprintf(ask, sizeof ask, "Get Attributes, {Unique Identifier: $c, Attribute Name: %s}",
                 rows[i].attribute);
        rig_expect(r, ask, 0);
        cr_expect_eq(rig_attribute(r, rows[i].attribute, 0, &v, NULL), rows[i].there, "%s in %s",
                     rows[i].attribute, rows[i].version);
    }
    r->version = "1.0";
    rig_expect(r, "Get Attributes, {Unique Identifier: $c, Attribute Name: Certificate Subject}",
               0);
    cr_assert(rig_attribute(r, "Certificate Subject", 0, &v, NULL) &&
              ttlv_find(&v, KMIP_TAG_CERTIFICATE_SUBJECT_DISTINGUISHED_NAME, &f));
    cr_expect(bytes_eq_str(f.val, "CN=alice"));
    r->version = NULL;
    rig_expect(r,
               "Get Attributes, {Unique Identifier: $c, Attribute Name: X.509 Certificate "
               "Identifier}",
               0);
    cr_assert(rig_attribute(r, "X.509 Certificate Identifier", 0, &v, NULL) &&
              ttlv_find(&v, KMIP_TAG_CERTIFICATE_SERIAL_NUMBER, &f));
    cr_expect(f.val.n > 2 && f.val.p[0] == 2 && f.val.p[1] == f.val.n - 2, "an INTEGER of DER");
    rig_expect(r, "Get Attributes, {Unique Identifier: $c}", 0);
    rig_expect(r, "Get, {Unique Identifier: $c}", 0);
    rig_expect(r, "Encrypt, {Unique Identifier: $c, Data: 00}",
               KMIP_RESULT_REASON_ILLEGAL_OPERATION);
    rig_expect(r,
               "Revoke, {Unique Identifier: $c, Revocation Reason: {Revocation Reason Code: CA "
               "Compromise}, Compromise Occurrence Date: 6}",
               0);
    cr_expect_eq(rig_state(r, "c"), KMIP_STATE_COMPROMISED);
    buf_clear(&text);
    rig_free(r);
}
