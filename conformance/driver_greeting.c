/* Probes: the driver's handshake (driver_handshake.h), each request by itself and all of
 * it on one connection. */
#include <stdio.h>

#include "client/lib/requests.h"
#include "conformance/driver_handshake.h"
#include "conformance/driver_probe.h"
#include "kmip/base/text.h"

/* The handshake is as good as its worst part. */
static void handshake(struct probing *p, bool ok, const char *why)
{
    struct driver_facts *f = p->facts;
    if (!ok && f->handshake != TRI_NO)
        fact_text(f->handshake_why, "%s", why);
    if (!ok || f->handshake == TRI_UNKNOWN)
        f->handshake = ok ? TRI_YES : TRI_NO;
}

static void broken(struct probing *p, const struct kerr *err)
{
    probe_failed(p, err);
    handshake(p, false, err->msg);
}

/* ---- the user's request ----------------------------------------------------- */

static void first_request(struct probing *p)
{
    struct wire w;
    struct key k;
    struct kerr err = KERR_INIT;
    p->facts->adopted = 0;
    if (!probe_open(p, &w, 1))
        return;
    if (key_create(&w, &(struct key_plan){.way = KEY_TWO_STEP}, &k, &err))
        probe_decide(p, VERDICT_PASS,
                     "Create at version 1.2 is answered before anything was asked about versions");
    else
        broken(p, &err);
    wire_close(&w);
}

/* ---- Discover Versions ------------------------------------------------------ */

static void adopt(struct probing *p, const struct wire_call *c)
{
    struct buf list;
    buf_init(&list, 1000);
    uint8_t first = handshake_offered(c, &list);
    if (first == 0) {
        probe_decide(p, VERDICT_FAIL, "no version in the reply: the driver has none to adopt");
        handshake(p, false, "Discover Versions lists no version");
    } else if (first != KMIP_V12 && first != KMIP_VERSION(1, 3) && first != KMIP_VERSION(1, 4)) {
        probe_decide(p, VERDICT_FAIL,
                     "asked for 1.4, 1.3 or 1.2, the server lists %s: the driver adopts the first",
                     buf_cstr(&list));
        handshake(p, false, p->rn.result->reason);
    } else {
        p->facts->adopted = first;
        handshake(p, true, "");
        probe_decide(p, VERDICT_PASS, "the server lists %s; the driver adopts %s", buf_cstr(&list),
                     kmip_version_text(first));
    }
    buf_clear(&list);
}

static void discover(struct probing *p)
{
    struct wire w;
    struct wire_call c;
    p->facts->adopted = 0;
    if (!probe_open(p, &w, 1))
        return;
    handshake_discover(&w, &c);
    if (wire_ask(&w, &c))
        adopt(p, &c);
    else
        broken(p, &c.err);
    wire_call_clear(&c);
    wire_close(&w);
}

/* ---- Query ------------------------------------------------------------------ */

static bool query(struct probing *p, struct wire *w, struct wire_call *c,
                  const uint32_t *functions, size_t n)
{
    req_query(wire_begin(w, c, KMIP_OPERATION_QUERY), functions, n);
    if (!wire_ask(w, c)) {
        broken(p, &c->err);
        return false;
    }
    handshake(p, true, "");
    probe_say(p, "reply of %zu bytes in %u TLS record%s", c->reply.n, c->seen.records,
              c->seen.records == 1 ? "" : "s");
    return true;
}

static void query_extension_map(struct probing *p)
{
    static const uint32_t functions[] = {KMIP_QUERY_FUNCTION_QUERY_EXTENSION_MAP};
    struct wire w;
    struct wire_call c;
    struct ttlv_reader r;
    struct ttlv_item it;
    unsigned n = 0;
    if (!probe_open(p, &w, 1))
        return;
    if (query(p, &w, &c, functions, 1)) {
        ttlv_r_children(&r, buf_bytes(&c.reply), &c.item.payload, NULL);
        while (ttlv_r_next(&r, &it))
            n += it.tag == KMIP_TAG_EXTENSION_INFORMATION;
        probe_decide(p, VERDICT_PASS, "answered, with %u extensions", n);
    }
    wire_call_clear(&c);
    wire_close(&w);
}

static void query_server_information(struct probing *p)
{
    static const uint32_t functions[] = {KMIP_QUERY_FUNCTION_QUERY_SERVER_INFORMATION};
    struct wire w;
    struct wire_call c;
    struct ttlv_item vendor;
    struct buf text;
    if (!probe_open(p, &w, 1))
        return;
    buf_init(&text, 1000);
    if (query(p, &w, &c, functions, 1)) {
        if (ttlv_find(&c.item.payload, KMIP_TAG_VENDOR_IDENTIFICATION, &vendor))
            text_quote(&text, vendor.val, 80);
        probe_decide(p, VERDICT_PASS, "vendor \"%s\"", buf_cstr(&text));
    }
    buf_clear(&text);
    wire_call_clear(&c);
    wire_close(&w);
}

static void missing(struct probing *p, const struct wire_call *c)
{
    struct buf names;
    buf_init(&names, 1000);
    handshake_missing(c, &names);
    fact_text(p->facts->missing, "%s", buf_cstr(&names));
    if (names.n > 0)
        probe_decide(p, VERDICT_WARN,
                     "Query does not list %s; the driver logs that and goes on, so what counts is "
                     "whether they work",
                     buf_cstr(&names));
    else
        probe_decide(p, VERDICT_PASS, "Query lists every operation that the driver uses");
    buf_clear(&names);
}

static void query_operations(struct probing *p)
{
    static const uint32_t functions[] = {KMIP_QUERY_FUNCTION_QUERY_OPERATIONS,
                                         KMIP_QUERY_FUNCTION_QUERY_OBJECTS};
    struct wire w;
    struct wire_call c;
    if (!probe_open(p, &w, 1))
        return;
    if (query(p, &w, &c, functions, 2))
        missing(p, &c);
    wire_call_clear(&c);
    wire_close(&w);
}

/* ---- all of it on one connection -------------------------------------------- */

/* With so many requests in flight. */
static bool greet(struct probing *p, unsigned depth, uint8_t *version, struct kerr *err)
{
    struct wire w;
    struct key k;
    uint8_t adopted, known = p->facts->adopted;
    p->facts->adopted = 0; /* begins at 1.2 */
    bool ok = probe_connect(p, &w, depth, KC_MATCH_ID, false, err);
    p->facts->adopted = known;
    ok = ok && handshake_begin(&w, &(struct key_plan){.way = KEY_TWO_STEP}, &k, &adopted, err);
    if (ok)
        *version = w.version = adopted ? adopted : KMIP_V12;
    ok = ok && handshake_queries(&w, NULL, err);
    wire_close(&w);
    return ok;
}

static void whole(struct probing *p)
{
    struct kerr err = KERR_INIT, alone = KERR_INIT;
    uint8_t version = KMIP_V12;
    if (greet(p, DRIVER_DEPTH_DEFAULT, &version, &err)) {
        handshake(p, true, "");
        probe_decide(p, VERDICT_PASS,
                     "Create at 1.2 and Discover Versions in flight together, then three Queries "
                     "at %s",
                     kmip_version_text(version));
    } else if (!probe_stopped(p) && greet(p, 1, &version, &alone)) {
        handshake(p, true, "");
        probe_decide(p, VERDICT_WARN,
                     "%s, with Create and Discover Versions in flight together; one after the "
                     "other they work, as with pipelineDepth 1",
                     err.msg);
    } else {
        broken(p, &err);
    }
}

const struct probe probes_handshake[] = {
    {"driver-first-request", "A request at version 1.2 ahead of the handshake is answered",
     "KMIP 1.2 spec, 6.1",
     "The driver sends a user's first request before its own Discover Versions.", LEVEL_MUST,
     first_request, 0},
    {"driver-discover-versions", "Discover Versions offers a version that the driver speaks",
     "KMIP 1.2 spec, 4.26", "The driver asks for 1.4, 1.3, 1.2 and adopts the first one returned.",
     LEVEL_MUST, discover, 0},
    {"driver-query-extension-map", "Query Extension Map is answered", "KMIP 1.2 spec, 4.25",
     "A part of the driver's handshake: an error ends it.", LEVEL_MUST, query_extension_map, 0},
    {"driver-query-server-information", "Query Server Information is answered",
     "KMIP 1.2 spec, 4.25", "A part of the driver's handshake: an error ends it.", LEVEL_MUST,
     query_server_information, 0},
    {"driver-query-operations", "Query lists the operations that the driver uses",
     "KMIP 1.2 spec, 4.25", "Missing operations are only logged by the driver.", LEVEL_MUST,
     query_operations, 0},
    {"driver-handshake", "The whole handshake on one connection, behind a user's request",
     "KMIP 1.2 spec, 4.25, 4.26, 6.1",
     "The user's request and Discover Versions are in flight together, the Queries follow.",
     LEVEL_MUST, whole, 0},
    {.id = NULL},
};
