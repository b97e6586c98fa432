/* Actions before there is TLS (fault_action.h): refused connections, handshakes that
 * go nowhere, wrong certificates. */
#include "kmip/base/clock.h"
#include "kmip/base/text.h"
#include "mockserver/fault_action.h"
#include "mockserver/fields.h"


/* --- refuse ------------------------------------------------------------ */

struct refuse_params {
    int64_t count;
};

static const struct yfield refuse_fields[] = {
    INT(refuse_params, "count", count, 1, INT64_MAX,
        "connections that are refused, as the fault's own count"),
    END};

static bool check_refuse(const struct fault_reading *r, void *params)
{
    const struct refuse_params *p = params;
    if (p->count > 0 && r->fault->count_given)
        return ynode_err(ynode_get(r->n, "count"), KE_CONFIG, r->err,
                         "the fault has a count already");
    if (p->count > 0)
        r->fault->count = p->count;
    return true;
}

static bool apply_refuse(struct fault_shot *s)
{
    s->accept->refuse = true;
    return fault_event(s, true, "connection refused");
}

/* --- handshake_stall --------------------------------------------------- */

struct stall_params {
    int64_t for_ns;
};

static const struct yfield stall_fields[] = {
    TIME(stall_params, "for", for_ns, 1, 365 * READ_DAY_NS,
         "how long the handshake does not begin; default: for good"),
    END};

static const struct stall_params stall_defaults = {.for_ns = INT64_MAX};

static bool apply_handshake_stall(struct fault_shot *s)
{
    s->accept->stall_ns = ((const struct stall_params *)s->params)->for_ns;
    return fault_event(s, true, "the TLS hello is not answered");
}

/* --- alert ------------------------------------------------------------- */

/* RFC 8446, 6.2 and RFC 5246, 7.2.2: those that a server may answer a hello with. */
#define ALERTS(ALERT)                                                                              \
    ALERT(handshake_failure, 40)                                                                   \
    ALERT(bad_certificate, 42)                                                                     \
    ALERT(unsupported_certificate, 43)                                                             \
    ALERT(certificate_expired, 45)                                                                 \
    ALERT(certificate_unknown, 46)                                                                 \
    ALERT(illegal_parameter, 47)                                                                   \
    ALERT(unknown_ca, 48)                                                                          \
    ALERT(access_denied, 49)                                                                       \
    ALERT(decode_error, 50)                                                                        \
    ALERT(protocol_version, 70)                                                                    \
    ALERT(insufficient_security, 71)                                                               \
    ALERT(internal_error, 80)                                                                      \
    ALERT(unrecognized_name, 112)
#define NAME(name, code) #name,
#define CODE(name, code) code,
static const char *const alerts[] = {ALERTS(NAME) NULL};
static const uint8_t alert_codes[] = {ALERTS(CODE)};
#undef NAME
#undef CODE

struct alert_params {
    int which;
};

static const struct yfield alert_fields[] = {
    CHOICE(alert_params, "description", which, alerts, "name of the alert; handshake_failure"),
    END};

static bool apply_alert(struct fault_shot *s)
{
    int which = ((const struct alert_params *)s->params)->which;
    s->accept->alert = alert_codes[which];
    return fault_event(s, true, "the TLS hello is answered with the alert %s", alerts[which]);
}

/* --- certificate ------------------------------------------------------- */

static const char *const certificates[] = {"expired", "not_yet_valid", "wrong_name", "unknown_ca",
                                           NULL};

struct certificate_params {
    int kind; /* enum fault_certificate */
};

static const struct yfield certificate_fields[] = {
    CHOICE(certificate_params, "is", kind, certificates,
           "what is wrong with it: expired, not_yet_valid, wrong_name, unknown_ca", NEEDED),
    END};

static bool prepare_certificate(struct fault_set *set, const void *params, struct kerr *err)
{
    const struct certificate_params *p = params;
    return fault_certs_make(set->certs, (enum fault_certificate)p->kind, err);
}

static bool apply_certificate(struct fault_shot *s)
{
    const struct certificate_params *p = s->params;
    s->accept->creds = fault_certs_get(s->set->certs, (enum fault_certificate)p->kind);
    return fault_event(s, s->accept->creds != NULL, "server certificate: %s",
                       certificates[p->kind]);
}

const struct fault_action fault_tls_actions[] = {
    {.name = "refuse",
     .stage = FAULT_ACCEPT,
     .help = "the connection is reset before TLS",
     .size = sizeof(struct refuse_params),
     .fields = refuse_fields,
     .main = "count",
     .bare = true,
     .check = check_refuse,
     .apply = apply_refuse},
    {.name = "handshake_stall",
     .stage = FAULT_ACCEPT,
     .help = "the TLS handshake does not begin",
     .size = sizeof(struct stall_params),
     .fields = stall_fields,
     .defaults = &stall_defaults,
     .main = "for",
     .bare = true,
     .apply = apply_handshake_stall},
    {.name = "alert",
     .stage = FAULT_ACCEPT,
     .help = "the TLS handshake ends with an alert",
     .size = sizeof(struct alert_params),
     .fields = alert_fields,
     .main = "description",
     .bare = true,
     .apply = apply_alert},
    {.name = "certificate",
     .stage = FAULT_ACCEPT,
     .help = "the server shows a certificate that clients must refuse",
     .size = sizeof(struct certificate_params),
     .fields = certificate_fields,
     .main = "is",
     .prepare = prepare_certificate,
     .apply = apply_certificate},
    {.name = NULL},
};
