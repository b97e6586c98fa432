/* Advice for a server that the gate kept out (advice.h): no settings help, so what is to
 * be asked of the vendor, or of whoever runs it? */
#include <stdio.h>
#include <string.h>

#include "conformance/advice.h"

static const struct {
    enum kerr_code code;
    const char *ask;
} asks[] = {
    {KE_TLS_PEER, "give the server a certificate that is valid now, bears the name in hosts and is "
                  "of the authority in kmip-ca.pem"},
    {KE_TLS, "make TLS work, 1.2 or 1.3, with the client's certificate"},
    {KE_TTLV_ROOT, "say on which host and port KMIP answers; here something else does"},
    {KE_TTLV_SIZE, "say on which host and port KMIP answers; here something else does"},
    {KE_REFUSED, "make Discover Versions and Query work (KMIP 1.2 spec, 4.25, 4.26)"},
};

static const char *ask_for(enum kerr_code code)
{
    for (size_t i = 0; i < sizeof asks / sizeof *asks; i++)
        if (asks[i].code == code)
            return asks[i].ask;
    return NULL;
}

bool advise_shut(const struct kerr *err, bool speaks_kmip, bool older, struct advice *out)
{
    const char *ask = older ? "speak KMIP 1.2: Encrypt and Decrypt, which the driver needs, came "
                              "with it"
                            : ask_for(err->code);
    struct driver_facts none = {.handshake = TRI_NO};
    if (!ask && !speaks_kmip)
        return false;
    fact_text(none.handshake_why, "%.*s", FACT_TEXT - 1, err->msg);
    advise(&none, NULL, out);
    if (!ask)
        return true;
    size_t n = older ? strcspn(err->msg, ";") : strlen(err->msg); /* the rest is for testers */
    snprintf(out->ask[0], ADVICE_TEXT, "%s: %.*s", ask, (int)(n < 400 ? n : 400), err->msg);
    snprintf(out->because[ADVICE_ENABLED], ADVICE_TEXT, "no settings make the driver work: %.600s",
             out->ask[0]);
    return true;
}
