/* Identity and default policy (access.h). */
#include "mockserver/access.h"

#include <nettle/memops.h>

/* Takes as long whatever the bytes are; the length is no secret. */
static bool same_secret(struct bytes given, const char *known)
{
    size_t n = strlen(known);
    return given.n == n && memeql_sec(given.p, known, n);
}

/* The fields of Credential Values that say who and prove it (KMIP 1.2 spec, 2.1.2). */
static const struct {
    uint32_t type, tag;
    size_t member;
    bool secret;
} fields[] = {
    {KMIP_CREDENTIAL_TYPE_USERNAME_AND_PASSWORD, KMIP_TAG_USERNAME,
     offsetof(struct mock_credential, username), false},
    {KMIP_CREDENTIAL_TYPE_USERNAME_AND_PASSWORD, KMIP_TAG_PASSWORD,
     offsetof(struct mock_credential, password), true},
    {KMIP_CREDENTIAL_TYPE_DEVICE, KMIP_TAG_DEVICE_SERIAL_NUMBER,
     offsetof(struct mock_credential, serial), false},
    {KMIP_CREDENTIAL_TYPE_DEVICE, KMIP_TAG_PASSWORD, offsetof(struct mock_credential, password),
     true},
    {KMIP_CREDENTIAL_TYPE_DEVICE, KMIP_TAG_DEVICE_IDENTIFIER,
     offsetof(struct mock_credential, device), false},
    {KMIP_CREDENTIAL_TYPE_DEVICE, KMIP_TAG_NETWORK_IDENTIFIER,
     offsetof(struct mock_credential, network), false},
    {KMIP_CREDENTIAL_TYPE_DEVICE, KMIP_TAG_MACHINE_IDENTIFIER,
     offsetof(struct mock_credential, machine), false},
    {KMIP_CREDENTIAL_TYPE_DEVICE, KMIP_TAG_MEDIA_IDENTIFIER,
     offsetof(struct mock_credential, media), false},
};

/* Does the value show all that the configured credential has, and something that is
 * of this type alone? */
static bool fits(const struct mock_credential *known, uint32_t type, const struct ttlv_item *value)
{
    bool named = false, ok = true;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        struct ttlv_item it;
        const char *want;
        if (fields[i].type != type)
            continue;
        memcpy(&want, (const char *)known + fields[i].member, sizeof want);
        if (!want)
            continue;
        if (!ttlv_find(value, fields[i].tag, &it) || it.type != TTLV_TEXT_STRING ||
            !same_secret(it.val, want))
            ok = false;
        named |= !fields[i].secret;
    }
    return ok && named;
}

static const char *identity_of(const struct mock_credential *k)
{
    return k->identity   ? k->identity
           : k->username ? k->username
           : k->serial   ? k->serial
                         : k->device;
}

/* All configured credentials are looked at, found or not. */
static const char *verify(const struct mock_config *cfg, uint32_t type,
                          const struct ttlv_item *value)
{
    const char *found = NULL;
    for (size_t i = 0; i < cfg->n_credentials; i++)
        if (fits(&cfg->credentials[i], type, value) && !found)
            found = identity_of(&cfg->credentials[i]);
    return found;
}

bool access_identify(const struct mock_config *cfg, const struct mock_peer *peer,
                     const struct kmip_header *header, struct access *out, const char **why)
{
    struct ttlv_reader r;
    struct ttlv_item credential, type, value;
    bool first = true;
    *out = (struct access){.identity = peer->identity, .authenticated = peer->authenticated};
    if (!header->has_authentication)
        return true;
    ttlv_r_init(&r, header->authentication.val, NULL, NULL);
    while (ttlv_r_next(&r, &credential)) {
        if (credential.tag != KMIP_TAG_CREDENTIAL || credential.type != TTLV_STRUCTURE ||
            !ttlv_find(&credential, KMIP_TAG_CREDENTIAL_TYPE, &type) ||
            !ttlv_find(&credential, KMIP_TAG_CREDENTIAL_VALUE, &value))
            continue;
        /* This server asks nobody for attestation, so it has no use for one. */
        if (ttlv_enum(&type) == KMIP_CREDENTIAL_TYPE_ATTESTATION)
            continue;
        const char *who = verify(cfg, ttlv_enum(&type), &value);
        if (!who) {
            *why = "the Credential is not known here or does not verify";
            return false;
        }
        if (first)
            *out = (struct access){.identity = who, .authenticated = true};
        first = false;
    }
    return true;
}

bool access_allowed(const struct mock_object *o, const char *identity, enum op_policy policy)
{
    if (policy == POLICY_NONE || o->shared || strcmp(o->owner, identity) == 0)
        return true;
    return policy == POLICY_READ &&
           (o->type == KMIP_OBJECT_TYPE_CERTIFICATE || o->type == KMIP_OBJECT_TYPE_PUBLIC_KEY);
}
