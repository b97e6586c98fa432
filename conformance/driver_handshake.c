/* The driver's handshake (driver_handshake.h). */
#include "conformance/driver_handshake.h"

#include "client/lib/requests.h"

static const uint8_t versions[] = {KMIP_VERSION(1, 4), KMIP_VERSION(1, 3), KMIP_V12};

static const uint32_t needed[] = {
    KMIP_OPERATION_CREATE,  KMIP_OPERATION_ACTIVATE,          KMIP_OPERATION_ENCRYPT,
    KMIP_OPERATION_DECRYPT, KMIP_OPERATION_REVOKE,            KMIP_OPERATION_DESTROY,
    KMIP_OPERATION_QUERY,   KMIP_OPERATION_DISCOVER_VERSIONS,
};

static bool done(struct wire_call *c, bool ok, struct kerr *err)
{
    if (!ok)
        kerr_set_at(err, c->err.code, c->err.off, c->err.path, "%s", c->err.msg);
    wire_call_clear(c);
    return ok;
}

/* ---- versions --------------------------------------------------------------- */

static bool version_of(const struct ttlv_item *it, uint8_t *version)
{
    struct ttlv_item major, minor;
    if (it->tag != KMIP_TAG_PROTOCOL_VERSION ||
        !ttlv_find(it, KMIP_TAG_PROTOCOL_VERSION_MAJOR, &major) ||
        !ttlv_find(it, KMIP_TAG_PROTOCOL_VERSION_MINOR, &minor) || major.type != TTLV_INTEGER ||
        minor.type != TTLV_INTEGER || ttlv_int(&major) < 1 || ttlv_int(&major) > 15 ||
        ttlv_int(&minor) < 0 || ttlv_int(&minor) > 15)
        return false;
    *version = KMIP_VERSION((uint8_t)ttlv_int(&major), (uint8_t)ttlv_int(&minor));
    return true;
}

uint8_t handshake_offered(const struct wire_call *c, struct buf *list)
{
    struct ttlv_reader r;
    struct ttlv_item it;
    uint8_t first = 0, version;
    ttlv_r_children(&r, buf_bytes(&c->reply), &c->item.payload, NULL);
    while (ttlv_r_next(&r, &it)) {
        if (!version_of(&it, &version))
            continue;
        buf_printf(list, "%s%s", first ? ", " : "", kmip_version_text(version));
        first = first ? first : version;
    }
    return first;
}

struct ttlv_writer *handshake_discover(struct wire *w, struct wire_call *c)
{
    struct ttlv_writer *out = wire_begin(w, c, KMIP_OPERATION_DISCOVER_VERSIONS);
    req_discover_versions(out, versions, sizeof versions);
    return out;
}

/* Of a reply that is there. */
static bool adopt(const struct wire_call *c, uint8_t *adopted)
{
    struct buf list;
    buf_init(&list, 1000);
    *adopted = handshake_offered(c, &list);
    buf_clear(&list);
    return true;
}

bool handshake_versions(struct wire *w, uint8_t *adopted, struct kerr *err)
{
    struct wire_call c;
    *adopted = 0;
    handshake_discover(w, &c);
    return done(&c, wire_ask(w, &c) && adopt(&c, adopted), err);
}

bool handshake_begin(struct wire *w, const struct key_plan *plan, struct key *k, uint8_t *adopted,
                     struct kerr *err)
{
    struct wire_call user, c;
    *adopted = 0;
    key_put_create(wire_begin(w, &user, KMIP_OPERATION_CREATE), plan, k);
    bool sent = wire_send(w, &user);
    handshake_discover(w, &c);
    sent = sent && wire_send(w, &c);
    bool made = wire_take(w, &user) && key_take_uid(&user, k);
    bool asked = sent && wire_take(w, &c) && adopt(&c, adopted);
    made = done(&user, made, err);
    return done(&c, asked || !made, err) && made; /* the first that failed has the reason */
}

/* ---- Query ------------------------------------------------------------------ */

bool handshake_lists(const struct wire_call *c, uint32_t operation)
{
    struct ttlv_reader r;
    struct ttlv_item it;
    ttlv_r_children(&r, buf_bytes(&c->reply), &c->item.payload, NULL);
    while (ttlv_r_next(&r, &it))
        if (it.tag == KMIP_TAG_OPERATION && it.type == TTLV_ENUMERATION &&
            ttlv_enum(&it) == operation)
            return true;
    return false;
}

void handshake_missing(const struct wire_call *c, struct buf *names)
{
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (!handshake_lists(c, needed[i]))
            buf_printf(names, "%s%s", names->n ? ", " : "", kmip_operation_name(needed[i]));
}

bool handshake_queries(struct wire *w, struct buf *missing, struct kerr *err)
{
    static const uint32_t functions[] = {
        KMIP_QUERY_FUNCTION_QUERY_EXTENSION_MAP, KMIP_QUERY_FUNCTION_QUERY_SERVER_INFORMATION,
        KMIP_QUERY_FUNCTION_QUERY_OPERATIONS, KMIP_QUERY_FUNCTION_QUERY_OBJECTS};
    static const size_t asked[] = {1, 1, 2}; /* functions of each Query */
    const size_t n = sizeof asked / sizeof *asked;
    struct wire_call c;
    size_t from = 0;
    bool ok = true;
    for (size_t i = 0; ok && i < n; from += asked[i++]) {
        req_query(wire_begin(w, &c, KMIP_OPERATION_QUERY), functions + from, asked[i]);
        ok = wire_ask(w, &c);
        if (ok && i == n - 1 && missing)
            handshake_missing(&c, missing);
        ok = done(&c, ok, err);
    }
    return ok;
}
