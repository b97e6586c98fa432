/* The cipher suites that a server takes, tried one by one, against the lists of the
 * authentication suites (KMIP Profiles 1.2, 3.1.2 and 3.2.2). */
#include "conformance/auth.h"
#include "conformance/hostile.h"

#include <stdio.h>

/* What a list says of a cipher suite: it must be there, may be, or must not. */
enum listed { OUTSIDE, MAY, MUST };

static const struct cipher_suite {
    const char *name;
    const char *how; /* key exchange, cipher and MAC of a GnuTLS priority string */
    enum listed listed[AUTH_SUITES_];
} cipher_suites[] = {
#define SUITE(name, how, basic, tls12) \
    {"TLS_" name, how, {[AUTH_BASIC] = basic, [AUTH_TLS12] = tls12}}
    SUITE("RSA_WITH_AES_128_CBC_SHA", "+RSA:+AES-128-CBC:+SHA1", MUST, OUTSIDE),
    SUITE("RSA_WITH_AES_256_CBC_SHA", "+RSA:+AES-256-CBC:+SHA1", MAY, OUTSIDE),
    SUITE("RSA_WITH_3DES_EDE_CBC_SHA", "+RSA:+3DES-CBC:+SHA1", MAY, OUTSIDE),
    SUITE("RSA_WITH_AES_128_CBC_SHA256", "+RSA:+AES-128-CBC:+SHA256", OUTSIDE, MUST),
    SUITE("RSA_WITH_AES_256_CBC_SHA256", "+RSA:+AES-256-CBC:+SHA256", OUTSIDE, MUST),
    SUITE("RSA_WITH_AES_128_GCM_SHA256", "+RSA:+AES-128-GCM:+AEAD", OUTSIDE, OUTSIDE),
    SUITE("RSA_WITH_AES_256_GCM_SHA384", "+RSA:+AES-256-GCM:+AEAD", OUTSIDE, OUTSIDE),
    SUITE("RSA_WITH_AES_128_CCM", "+RSA:+AES-128-CCM:+AEAD", OUTSIDE, OUTSIDE),
    SUITE("RSA_WITH_AES_256_CCM", "+RSA:+AES-256-CCM:+AEAD", OUTSIDE, OUTSIDE),
    SUITE("RSA_WITH_CAMELLIA_128_CBC_SHA", "+RSA:+CAMELLIA-128-CBC:+SHA1", OUTSIDE, OUTSIDE),
    SUITE("RSA_WITH_CAMELLIA_256_CBC_SHA", "+RSA:+CAMELLIA-256-CBC:+SHA1", OUTSIDE, OUTSIDE),
    SUITE("DHE_RSA_WITH_AES_128_CBC_SHA", "+DHE-RSA:+AES-128-CBC:+SHA1", MAY, OUTSIDE),
    SUITE("DHE_RSA_WITH_AES_256_CBC_SHA", "+DHE-RSA:+AES-256-CBC:+SHA1", MAY, OUTSIDE),
    SUITE("DHE_RSA_WITH_3DES_EDE_CBC_SHA", "+DHE-RSA:+3DES-CBC:+SHA1", MAY, OUTSIDE),
    SUITE("DHE_RSA_WITH_AES_128_CBC_SHA256", "+DHE-RSA:+AES-128-CBC:+SHA256", OUTSIDE, MAY),
    SUITE("DHE_RSA_WITH_AES_256_CBC_SHA256", "+DHE-RSA:+AES-256-CBC:+SHA256", OUTSIDE, MAY),
    SUITE("DHE_RSA_WITH_AES_128_GCM_SHA256", "+DHE-RSA:+AES-128-GCM:+AEAD", OUTSIDE, OUTSIDE),
    SUITE("DHE_RSA_WITH_AES_256_GCM_SHA384", "+DHE-RSA:+AES-256-GCM:+AEAD", OUTSIDE, OUTSIDE),
    SUITE("DHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "+DHE-RSA:+CHACHA20-POLY1305:+AEAD", OUTSIDE,
          OUTSIDE),
    SUITE("ECDHE_RSA_WITH_AES_128_CBC_SHA", "+ECDHE-RSA:+AES-128-CBC:+SHA1", OUTSIDE, OUTSIDE),
    SUITE("ECDHE_RSA_WITH_AES_256_CBC_SHA", "+ECDHE-RSA:+AES-256-CBC:+SHA1", OUTSIDE, OUTSIDE),
    SUITE("ECDHE_RSA_WITH_AES_128_CBC_SHA256", "+ECDHE-RSA:+AES-128-CBC:+SHA256", OUTSIDE, MAY),
    SUITE("ECDHE_RSA_WITH_AES_256_CBC_SHA384", "+ECDHE-RSA:+AES-256-CBC:+SHA384", OUTSIDE, MAY),
    SUITE("ECDHE_RSA_WITH_AES_128_GCM_SHA256", "+ECDHE-RSA:+AES-128-GCM:+AEAD", OUTSIDE, OUTSIDE),
    SUITE("ECDHE_RSA_WITH_AES_256_GCM_SHA384", "+ECDHE-RSA:+AES-256-GCM:+AEAD", OUTSIDE, OUTSIDE),
    SUITE("ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "+ECDHE-RSA:+CHACHA20-POLY1305:+AEAD",
          OUTSIDE, OUTSIDE),
    SUITE("ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "+ECDHE-ECDSA:+AES-128-CBC:+SHA1", OUTSIDE, OUTSIDE),
    SUITE("ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "+ECDHE-ECDSA:+AES-256-CBC:+SHA1", OUTSIDE, OUTSIDE),
    SUITE("ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", "+ECDHE-ECDSA:+AES-128-CBC:+SHA256", OUTSIDE,
          MAY),
    SUITE("ECDHE_ECDSA_WITH_AES_256_CBC_SHA384", "+ECDHE-ECDSA:+AES-256-CBC:+SHA384", OUTSIDE,
          MAY),
    SUITE("ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "+ECDHE-ECDSA:+AES-128-GCM:+AEAD", OUTSIDE, MAY),
    SUITE("ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "+ECDHE-ECDSA:+AES-256-GCM:+AEAD", OUTSIDE, MAY),
    SUITE("ECDHE_ECDSA_WITH_AES_128_CCM", "+ECDHE-ECDSA:+AES-128-CCM:+AEAD", OUTSIDE, OUTSIDE),
    SUITE("ECDHE_ECDSA_WITH_AES_256_CCM", "+ECDHE-ECDSA:+AES-256-CCM:+AEAD", OUTSIDE, OUTSIDE),
    SUITE("ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "+ECDHE-ECDSA:+CHACHA20-POLY1305:+AEAD",
          OUTSIDE, OUTSIDE),
#undef SUITE
};

#define REST ":+SIGN-ALL:+COMP-NULL:+GROUP-ALL"

static const char *const versions[AUTH_SUITES_] = {
    [AUTH_BASIC] = "NONE:+VERS-TLS1.2:+VERS-TLS1.1:+VERS-TLS1.0:",
    [AUTH_TLS12] = "NONE:+VERS-TLS1.2:",
};

/* False with err: the local library cannot offer it, or the server is not there. */
static bool takes(struct running *rn, const struct cipher_suite *c, enum auth_suite list,
                  bool *taken, struct kerr *err)
{
    struct target *t = rn->runner->target;
    char priority[300];
    struct kerr why = KERR_INIT;
    snprintf(priority, sizeof priority, "%s%s" REST, versions[list], c->how);
    *taken = target_connect(t, "cipher", "main", priority, &why);
    target_close(t, "cipher");
    return *taken || why.code == KE_TLS || why.code == KE_CLOSED ||
           kerr_set(err, why.code, "%s", why.msg);
}

bool step_ciphers(struct running *rn, const struct case_step *s)
{
    static const char *const words[] = {"outside of the list", "permitted", "mandatory"};
    size_t n = sizeof cipher_suites / sizeof *cipher_suites, outside = 0, all = 0;
    const char *first = "";
    for (size_t i = 0; i < n; i++) {
        const struct cipher_suite *c = &cipher_suites[i];
        struct kerr err = KERR_INIT;
        bool taken = false;
        if (!takes(rn, c, s->ciphers, &taken, &err)) {
            if (err.code == KE_CONFIG) {
                hostile_say(rn, "%s: not testable here (%s)", c->name, err.msg);
                continue;
            }
            rn->err = err;
            return false;
        }
        if (!taken)
            continue;
        hostile_say(rn, "%s: %s", c->name, words[c->listed[s->ciphers]]);
        all++;
        if (c->listed[s->ciphers] == OUTSIDE && outside++ == 0)
            first = c->name;
    }
    if (all == 0)
        hostile_say(rn, "of %zu cipher suites tried the server takes none", n);
    if (outside > 0)
        hostile_found(rn, verdict_cap(rn->tc), "cipher suites of the list only",
                      "%zu of %zu that are not on it: %s%s",
                      outside, all, first, outside > 1 ? ", ..." : "");
    return true;
}
