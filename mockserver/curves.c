/* The curves (curves.h). Object identifiers are those of SEC 2, X9.62 and RFC 5639; they
 * share a few long arcs. */
#include "mockserver/curves.h"

#include <nettle/ecc-curve.h>

#include "kmip/schema/tags.h"

enum arc { SECG, X962_PRIME, X962_BINARY, BRAINPOOL };

static const struct {
    uint8_t n, oid[CURVE_OID_MAX - 1];
} arcs[] = {
    [SECG] = {4, {0x2B, 0x81, 0x04, 0x00}},
    [X962_PRIME] = {7, {0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01}},
    [X962_BINARY] = {7, {0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x00}},
    [BRAINPOOL] = {8, {0x2B, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01}},
};

#define C(curve, arc, last, bits) {KMIP_RECOMMENDED_CURVE_##curve, arc, last, bits, NULL}
#define MADE(curve, arc, last, bits, nettle) {KMIP_RECOMMENDED_CURVE_##curve, arc, last, bits, nettle}
static const struct curve curves[] = {
    MADE(P_192, X962_PRIME, 1, 192, nettle_get_secp_192r1),
    MADE(P_224, SECG, 33, 224, nettle_get_secp_224r1),
    MADE(P_256, X962_PRIME, 7, 256, nettle_get_secp_256r1),
    MADE(P_384, SECG, 34, 384, nettle_get_secp_384r1),
    MADE(P_521, SECG, 35, 521, nettle_get_secp_521r1),
    C(K_163, SECG, 1, 163),
    C(B_163, SECG, 15, 163),
    C(K_233, SECG, 26, 233),
    C(B_233, SECG, 27, 233),
    C(K_283, SECG, 16, 283),
    C(B_283, SECG, 17, 283),
    C(K_409, SECG, 36, 409),
    C(B_409, SECG, 37, 409),
    C(K_571, SECG, 38, 571),
    C(B_571, SECG, 39, 571),
    C(SECP112R1, SECG, 6, 112),
    C(SECP112R2, SECG, 7, 112),
    C(SECP128R1, SECG, 28, 128),
    C(SECP128R2, SECG, 29, 128),
    C(SECP160K1, SECG, 9, 160),
    C(SECP160R1, SECG, 8, 160),
    C(SECP160R2, SECG, 30, 160),
    C(SECP192K1, SECG, 31, 192),
    C(SECP224K1, SECG, 32, 224),
    C(SECP256K1, SECG, 10, 256),
    C(SECT113R1, SECG, 4, 113),
    C(SECT113R2, SECG, 5, 113),
    C(SECT131R1, SECG, 22, 131),
    C(SECT131R2, SECG, 23, 131),
    C(SECT163R1, SECG, 2, 163),
    C(SECT193R1, SECG, 24, 193),
    C(SECT193R2, SECG, 25, 193),
    C(SECT239K1, SECG, 3, 239),
    C(ANSIX9P192V2, X962_PRIME, 2, 192),
    C(ANSIX9P192V3, X962_PRIME, 3, 192),
    C(ANSIX9P239V1, X962_PRIME, 4, 239),
    C(ANSIX9P239V2, X962_PRIME, 5, 239),
    C(ANSIX9P239V3, X962_PRIME, 6, 239),
    C(ANSIX9C2PNB163V1, X962_BINARY, 1, 163),
    C(ANSIX9C2PNB163V2, X962_BINARY, 2, 163),
    C(ANSIX9C2PNB163V3, X962_BINARY, 3, 163),
    C(ANSIX9C2PNB176V1, X962_BINARY, 4, 176),
    C(ANSIX9C2TNB191V1, X962_BINARY, 5, 191),
    C(ANSIX9C2TNB191V2, X962_BINARY, 6, 191),
    C(ANSIX9C2TNB191V3, X962_BINARY, 7, 191),
    C(ANSIX9C2PNB208W1, X962_BINARY, 10, 208),
    C(ANSIX9C2TNB239V1, X962_BINARY, 11, 239),
    C(ANSIX9C2TNB239V2, X962_BINARY, 12, 239),
    C(ANSIX9C2TNB239V3, X962_BINARY, 13, 239),
    C(ANSIX9C2PNB272W1, X962_BINARY, 16, 272),
    C(ANSIX9C2PNB304W1, X962_BINARY, 17, 304),
    C(ANSIX9C2TNB359V1, X962_BINARY, 18, 359),
    C(ANSIX9C2PNB368W1, X962_BINARY, 19, 368),
    C(ANSIX9C2TNB431R1, X962_BINARY, 20, 431),
    C(BRAINPOOLP160R1, BRAINPOOL, 1, 160),
    C(BRAINPOOLP160T1, BRAINPOOL, 2, 160),
    C(BRAINPOOLP192R1, BRAINPOOL, 3, 192),
    C(BRAINPOOLP192T1, BRAINPOOL, 4, 192),
    C(BRAINPOOLP224R1, BRAINPOOL, 5, 224),
    C(BRAINPOOLP224T1, BRAINPOOL, 6, 224),
    C(BRAINPOOLP256R1, BRAINPOOL, 7, 256),
    C(BRAINPOOLP256T1, BRAINPOOL, 8, 256),
    C(BRAINPOOLP320R1, BRAINPOOL, 9, 320),
    C(BRAINPOOLP320T1, BRAINPOOL, 10, 320),
    C(BRAINPOOLP384R1, BRAINPOOL, 11, 384),
    C(BRAINPOOLP384T1, BRAINPOOL, 12, 384),
    C(BRAINPOOLP512R1, BRAINPOOL, 13, 512),
    C(BRAINPOOLP512T1, BRAINPOOL, 14, 512),
};
#undef C
#undef MADE

enum { CURVES = sizeof curves / sizeof *curves };

const struct curve *curve_of(uint32_t recommended)
{
    for (size_t i = 0; i < CURVES; i++)
        if (curves[i].recommended == recommended)
            return &curves[i];
    return NULL;
}

struct bytes curve_oid(const struct curve *c, uint8_t room[CURVE_OID_MAX])
{
    size_t n = arcs[c->arc].n;
    memcpy(room, arcs[c->arc].oid, n);
    room[n] = c->last;
    return bytes_of(room, n + 1);
}

const struct curve *curve_by_oid(struct bytes oid)
{
    uint8_t room[CURVE_OID_MAX];
    for (size_t i = 0; i < CURVES; i++)
        if (bytes_eq(curve_oid(&curves[i], room), oid))
            return &curves[i];
    return NULL;
}

const struct curve *curve_of_length(int32_t bits)
{
    for (size_t i = 0; i < CURVES; i++)
        if (curves[i].bits == bits && curves[i].nettle)
            return &curves[i];
    return NULL;
}
