/* The server under test (target.h). */
#include "conformance/target.h"

#include <stdio.h>

#include "kmip/base/clock.h"

void target_init(struct target *t, const struct target_options *o)
{
    memset(t, 0, sizeof *t);
    t->opt = *o;
    t->vendor = "";
    arena_init(&t->arena, 1u << 20);
}

void target_clear(struct target *t)
{
    target_close_all(t);
    arena_clear(&t->arena);
}

/* ---- connections ------------------------------------------------------------ */

static struct target_client *find(struct target *t, const char *name)
{
    for (size_t i = 0; i < t->n_clients; i++)
        if (strcmp(t->clients[i].name, name) == 0)
            return &t->clients[i];
    return NULL;
}

/* The client's place: its own, else one whose connection is closed, else a new one. */
static struct target_client *slot(struct target *t, const char *name)
{
    struct target_client *c = find(t, name);
    for (size_t i = 0; !c && i < t->n_clients; i++)
        if (!t->clients[i].kc)
            c = &t->clients[i];
    if (!c && t->n_clients < TARGET_CLIENTS_MAX)
        c = &t->clients[t->n_clients++];
    if (c && strcmp(c->name, name) != 0) {
        snprintf(c->name, sizeof c->name, "%s", name);
        c->kc = NULL;
    }
    return c;
}

static bool use_other(struct target *t, struct kc_connect *c, struct kerr *err)
{
    if (!t->opt.other_certs)
        return kerr_set(err, KE_CASE, "the second identity needs --other-certs DIR");
    if (!t->other.ca[0] && !tls_dir_files(t->opt.other_certs, &t->other, err))
        return false;
    c->files = (struct tls_files){t->other.ca, t->other.cert, t->other.key, NULL};
    return true;
}

bool target_connect(struct target *t, const char *name, const char *as, const char *priority, struct kerr *err)
{
    struct kc_connect c;
    struct target_client *s = slot(t, name);
    if (!s)
        return kerr_set(err, KE_CASE, "more than %d connections in a run", TARGET_CLIENTS_MAX);
    kc_connect_from(&t->opt.settings, t->port, &c);
    c.tls.priority = priority;
    if (strcmp(as, "other") == 0 && !use_other(t, &c, err))
        return false;
    if (strcmp(as, "anonymous") == 0)
        c.tls.no_client_cert = true;
    kc_close(&s->kc);
    s->kc = kc_open(&c, err);
    return s->kc != NULL;
}

struct kc_client *target_client(struct target *t, const char *name, struct kerr *err)
{
    static const char *const known[] = {"main", "second", "other", "anonymous", "fresh"};
    struct target_client *c = find(t, name);
    bool opens = false;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        opens = opens || strcmp(name, known[i]) == 0;
    /* Of a connection that a case has made, the loss is the case's to judge; others are
     * opened again when a server has hung up on them between requests. */
    if (c && c->kc && (opens ? kc_still_open(c->kc) : kc_is_open(c->kc)))
        return c->kc;
    if (opens)
        return target_connect(t, name, name, NULL, err) ? find(t, name)->kc : NULL;
    kerr_set(err, KE_CASE, "there is no open connection '%s'; a connect step makes one", name);
    return NULL;
}

void target_close(struct target *t, const char *name)
{
    struct target_client *c = find(t, name);
    if (c)
        kc_close(&c->kc);
}

void target_close_all(struct target *t)
{
    for (size_t i = 0; i < t->n_clients; i++)
        kc_close(&t->clients[i].kc);
    t->n_clients = 0;
}

/* ---- our own requests ------------------------------------------------------- */

void target_reply_clear(struct target_reply *r)
{
    buf_clear(&r->bytes);
}

bool target_call(struct target *t, const char *client, struct buf *request, struct target_reply *out,
                 struct kerr *err)
{
    buf_init(&out->bytes, 8u << 20);
    struct kc_client *kc = target_client(t, client, err);
    int64_t sent = clock_wall_ns() / NS_PER_S;
    if (!kc || !kc_exchange(kc, buf_bytes(request), &out->bytes, NULL, err) ||
        !kmip_open(&out->msg, buf_bytes(&out->bytes), err))
        return false;
    if (!kmip_next_item(&out->msg, &out->item))
        return kerr_set(err, KE_REPLY, "the reply has no Batch Item");
    if (out->msg.header.has_time_stamp)
        target_note_time(t, out->msg.header.time_stamp, sent, clock_wall_ns() / NS_PER_S);
    return true;
}

void target_note_time(struct target *t, int64_t stamp, int64_t sent_s, int64_t arrived_s)
{
    /* The stamp was taken somewhere between sending and arrival, cut to a second. */
    t->has_offset = true;
    t->offset_s = stamp - sent_s;
    if (t->offset_s <= arrived_s - sent_s + 1 && t->offset_s >= -1)
        t->offset_s = 0;
    t->offset_uncertain_s = arrived_s - sent_s + 1;
}

/* ---- the gate --------------------------------------------------------------- */

static void begin(struct target *t, struct buf *out, struct ttlv_writer *w, uint32_t operation)
{
    struct kmip_request rq = {.version = t->opt.settings.version};
    buf_init(out, 65536);
    ttlv_w_init(w, out, NULL);
    kmip_request_begin(w, &rq);
    kmip_item_begin(w, operation, bytes_of(NULL, 0));
}

static bool finish(struct ttlv_writer *w, struct kerr *err)
{
    kmip_item_end(w);
    kmip_request_end(w);
    return ttlv_w_finish(w) || kerr_set(err, KE_MEMORY, "no memory for a request");
}

static bool succeeded(const struct target_reply *r, const char *operation, struct kerr *err)
{
    const struct kmip_item *it = &r->item;
    if (it->has_status && it->status == KMIP_RESULT_STATUS_SUCCESS)
        return true;
    return kerr_set(err, KE_REFUSED, "the server answers %s with %s%s%s: %.*s", operation,
                    it->has_status ? kmip_name_of("Result Status", it->status) : "no Result Status",
                    it->has_reason ? ", " : "", it->has_reason ? kmip_name_of("Result Reason", it->reason) : "",
                    (int)it->message.n, it->message.n ? (const char *)it->message.p : "");
}

static bool ask_versions(struct target *t, struct kerr *err)
{
    struct buf request;
    struct ttlv_writer w;
    struct target_reply reply;
    begin(t, &request, &w, KMIP_OPERATION_DISCOVER_VERSIONS);
    bool ok = finish(&w, err) && target_call(t, "main", &request, &reply, err);
    buf_clear(&request);
    if (!ok) {
        target_reply_clear(&reply);
        return false;
    }
    ok = succeeded(&reply, "Discover Versions", err);
    struct ttlv_reader r;
    struct ttlv_item it, major, minor;
    if (ok && reply.item.has_payload) {
        ttlv_r_children(&r, reply.msg.msg, &reply.item.payload, NULL);
        while (ttlv_r_next(&r, &it))
            if (it.tag == KMIP_TAG_PROTOCOL_VERSION && ttlv_find(&it, KMIP_TAG_PROTOCOL_VERSION_MAJOR, &major) &&
                ttlv_find(&it, KMIP_TAG_PROTOCOL_VERSION_MINOR, &minor) && t->n_versions < sizeof t->versions)
                t->versions[t->n_versions++] =
                    KMIP_VERSION((uint8_t)ttlv_int(&major), (uint8_t)ttlv_int(&minor));
    }
    target_reply_clear(&reply);
    return ok;
}

static void take_capability(struct target *t, const struct ttlv_item *it)
{
    if (it->tag == KMIP_TAG_OPERATION && it->type == TTLV_ENUMERATION && t->n_operations < TARGET_OPERATIONS_MAX)
        t->operations[t->n_operations++] = ttlv_enum(it);
    else if (it->tag == KMIP_TAG_OBJECT_TYPE && it->type == TTLV_ENUMERATION && t->n_objects < 32)
        t->objects[t->n_objects++] = ttlv_enum(it);
    else if (it->tag == KMIP_TAG_VENDOR_IDENTIFICATION) {
        const char *v = arena_copy(&t->arena, it->val);
        t->vendor = v ? v : "";
    }
}

static bool ask_query(struct target *t, struct kerr *err)
{
    static const uint32_t functions[] = {KMIP_QUERY_FUNCTION_QUERY_OPERATIONS, KMIP_QUERY_FUNCTION_QUERY_OBJECTS,
                                         KMIP_QUERY_FUNCTION_QUERY_SERVER_INFORMATION};
    struct buf request;
    struct ttlv_writer w;
    struct target_reply reply;
    begin(t, &request, &w, KMIP_OPERATION_QUERY);
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        ttlv_w_enum(&w, KMIP_TAG_QUERY_FUNCTION, functions[i]);
    bool ok = finish(&w, err) && target_call(t, "main", &request, &reply, err);
    buf_clear(&request);
    if (!ok) {
        target_reply_clear(&reply);
        return false;
    }
    ok = succeeded(&reply, "Query", err);
    struct ttlv_reader r;
    struct ttlv_item it;
    if (ok && reply.item.has_payload) {
        ttlv_r_children(&r, reply.msg.msg, &reply.item.payload, NULL);
        while (ttlv_r_next(&r, &it))
            take_capability(t, &it);
    }
    target_reply_clear(&reply);
    return ok;
}

static enum gate_result gate_failed(const struct kerr *err)
{
    return err->code == KE_REFUSED ? GATE_REFUSED : GATE_UNREACHABLE;
}

enum gate_result target_gate(struct target *t, struct kerr *err)
{
    struct kc_client *kc = target_client(t, "main", err);
    if (!kc) {
        kerr_wrap(err, "cannot reach the server");
        return GATE_UNREACHABLE;
    }
    t->tls = *kc_tls(kc);
    if (!ask_versions(t, err)) {
        kerr_wrap(err, "Discover Versions does not work, so nothing can be tested");
        return gate_failed(err);
    }
    if (!ask_query(t, err)) {
        kerr_wrap(err, "Query does not work, so nothing can be tested");
        return gate_failed(err);
    }
    return GATE_OPEN;
}

/* ---- capabilities ----------------------------------------------------------- */

bool target_has_operation(const struct target *t, uint32_t op)
{
    for (size_t i = 0; i < t->n_operations; i++)
        if (t->operations[i] == op)
            return true;
    return false;
}

bool target_has_object(const struct target *t, uint32_t type)
{
    for (size_t i = 0; i < t->n_objects; i++)
        if (t->objects[i] == type)
            return true;
    return t->n_objects == 0;
}

bool target_has_version(const struct target *t, uint8_t version)
{
    for (size_t i = 0; i < t->n_versions; i++)
        if (t->versions[i] == version)
            return true;
    return false;
}
