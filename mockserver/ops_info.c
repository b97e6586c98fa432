/* Query and Discover Versions (KMIP 1.2 spec, 4.25, 4.26): what the server can do, in the
 * terms of the version it is asked in. */
#include "mockserver/ops.h"
#include "mockserver/variant.h"

static void list_operations(struct op_call *c)
{
    size_t n = 0;
    while (mock_ops[n].operation)
        n++;
    for (size_t i = 0; i < n; i++) {
        const struct op *op = &mock_ops[variant_nth(c, VAR_QUERY_BACKWARDS, n, i)];
        uint64_t hidden = c->behaviour->hidden & behaviour_operation(op->operation);
        if (op->since > c->version && !deviates(c, DEV_NEWER_OPERATION_SERVED))
            continue;
        if (hidden)
            op_differs(c, BEHAVIOUR_HIDDEN, hidden);
        else
            ttlv_w_enum(c->out, KMIP_TAG_OPERATION, op->operation);
    }
    if (deviates(c, DEV_QUERY_BOASTS_OF_SIGN))
        ttlv_w_enum(c->out, KMIP_TAG_OPERATION, KMIP_OPERATION_SIGN);
}

static void list_objects(struct op_call *c)
{
    const struct kmip_enum *types = kmip_tag(KMIP_TAG_OBJECT_TYPE)->en;
    for (uint16_t i = 0; i < types->n; i++) {
        uint32_t type = types->values[variant_nth(c, VAR_QUERY_BACKWARDS, types->n, i)].value;
        if (op_type_known(c, type) && !(type == KMIP_OBJECT_TYPE_SYMMETRIC_KEY &&
                                        deviates(c, DEV_QUERY_HIDES_SYMMETRIC_KEY)))
            ttlv_w_enum(c->out, KMIP_TAG_OBJECT_TYPE, type);
    }
}

static void tell_server(struct op_call *c)
{
    ttlv_w_str(c->out, KMIP_TAG_VENDOR_IDENTIFICATION, c->engine->cfg->vendor);
    ttlv_w_open(
        c->out,
        KMIP_TAG_SERVER_INFORMATION); /* vendors may put anything here; clients choke on it */
    ttlv_w_close(c->out);
}

/* There is none: no Application Data is made up. */
static void list_nothing(struct op_call *c)
{
    (void)c;
}

/* In the order of the response payload's fields. */
static const struct {
    uint32_t function;
    void (*answer)(struct op_call *c);
} functions[] = {
    {KMIP_QUERY_FUNCTION_QUERY_OPERATIONS, list_operations},
    {KMIP_QUERY_FUNCTION_QUERY_OBJECTS, list_objects},
    {KMIP_QUERY_FUNCTION_QUERY_SERVER_INFORMATION, tell_server},
    {KMIP_QUERY_FUNCTION_QUERY_APPLICATION_NAMESPACES, list_nothing},
    {KMIP_QUERY_FUNCTION_QUERY_EXTENSION_LIST, variant_list_extensions},
    {KMIP_QUERY_FUNCTION_QUERY_EXTENSION_MAP, variant_map_extensions},
    {KMIP_QUERY_FUNCTION_QUERY_ATTESTATION_TYPES, variant_list_attestation_types},
};

static bool asked_for(const struct op_call *c, uint32_t function)
{
    struct ttlv_reader r;
    struct ttlv_item it;
    ttlv_r_init(&r, c->payload.val, NULL, NULL);
    while (ttlv_r_next(&r, &it))
        if (it.tag == KMIP_TAG_QUERY_FUNCTION && ttlv_enum(&it) == function)
            return true;
    return false;
}

bool op_query(struct op_call *c)
{
    enum { N = sizeof functions / sizeof *functions };
    bool backwards = deviates(c, DEV_QUERY_LISTS_IN_ANOTHER_ORDER);
    for (size_t i = 0; i < N; i++) {
        size_t at = backwards ? N - 1 - i : i;
        if (asked_for(c, functions[at].function) || deviates(c, DEV_QUERY_ANSWERS_ALL))
            functions[at].answer(c);
    }
    return true;
}

static bool version_of(const struct ttlv_item *it, uint8_t *out)
{
    struct ttlv_item major, minor;
    if (it->tag != KMIP_TAG_PROTOCOL_VERSION ||
        !ttlv_find(it, KMIP_TAG_PROTOCOL_VERSION_MAJOR, &major) ||
        !ttlv_find(it, KMIP_TAG_PROTOCOL_VERSION_MINOR, &minor))
        return false;
    bool small = ttlv_int(&major) >= 0 && ttlv_int(&major) <= 15 && ttlv_int(&minor) >= 0 &&
                 ttlv_int(&minor) <= 15;
    *out = (uint8_t)(small ? KMIP_VERSION(ttlv_int(&major), ttlv_int(&minor)) : 0);
    return true;
}

/* True when the client named this version, or none at all. */
static bool wanted(const struct op_call *c, uint8_t version)
{
    struct ttlv_reader r;
    struct ttlv_item it;
    uint8_t named;
    bool any = false;
    ttlv_r_init(&r, c->payload.val, NULL, NULL);
    while (ttlv_r_next(&r, &it))
        if (version_of(&it, &named)) {
            any = true;
            if (named == version)
                return true;
        }
    return !any;
}

static void tell_version(struct op_call *c, uint8_t version)
{
    ttlv_w_open(c->out, KMIP_TAG_PROTOCOL_VERSION);
    ttlv_w_int(c->out, KMIP_TAG_PROTOCOL_VERSION_MAJOR, version >> 4);
    ttlv_w_int(c->out, KMIP_TAG_PROTOCOL_VERSION_MINOR, version & 15);
    ttlv_w_close(c->out);
}

/* Best first, as the configuration has them. */
bool op_discover_versions(struct op_call *c)
{
    const struct mock_config *cfg = c->engine->cfg;
    size_t common = 0;
    for (uint8_t minor = 4; minor > 2 && varies(c, VAR_VERSIONS_TO_1_4); minor--)
        if (wanted(c, KMIP_VERSION(1, minor)))
            tell_version(c, KMIP_VERSION(1, minor));
    if (deviates(c, DEV_VERSIONS_BOAST))
        tell_version(c, KMIP_VERSION(1, 4));
    for (size_t i = 0; i < cfg->n_versions; i++)
        if (wanted(c, cfg->versions[i]) || deviates(c, DEV_VERSIONS_NOT_COMMON_LISTED)) {
            tell_version(c, cfg->versions[i]);
            common++;
        }
    return common > 0 || !deviates(c, DEV_VERSIONS_NONE_COMMON_REFUSED) ||
           op_fail(c, KMIP_RESULT_REASON_GENERAL_FAILURE, "there is no common version");
}
