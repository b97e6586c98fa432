/* The server under test (target.h): connections, our own requests, capabilities. */
#include "conformance/target.h"

#include <stdio.h>

#include "client/lib/requests.h"
#include "conformance/auth.h"
#include "kmip/base/clock.h"

#define IDLE_MAX_NS (10 * NS_PER_S)

void target_init(struct target *t, const struct target_options *o)
{
    memset(t, 0, sizeof *t);
    t->opt = *o;
    t->vendor = "";
    t->gate_clause = "";
    snprintf(t->port, sizeof t->port, "%u", (unsigned)o->settings.port & 0xFFFF);
    arena_init(&t->arena, 1u << 20);
}

void target_clear(struct target *t)
{
    target_close_all(t);
    mock_control_free(&t->pace.control);
    auth_certs_free(&t->made);
    arena_clear(&t->arena);
}

/* ---- connections ------------------------------------------------------------ */

/* Those that need no connect step. */
static const struct {
    const char *name, *as;
} standing[] = {{"main", "main"},
                {"second", "main"},
                {"other", "other"},
                {"anonymous", "anonymous"},
                {"fresh", "main"}};

static struct target_client *find(struct target *t, const char *name)
{
    for (size_t i = 0; i < t->n_clients; i++)
        if (strcmp(t->clients[i].name, name) == 0)
            return &t->clients[i];
    return NULL;
}

static struct target_client *slot(struct target *t, const char *name, const char *as)
{
    struct target_client *c = find(t, name);
    if (!c && t->n_clients < TARGET_CLIENTS_MAX) {
        c = &t->clients[t->n_clients++];
        *c = (struct target_client){.named = true};
        snprintf(c->name, sizeof c->name, "%s", name);
        for (size_t i = 0; i < sizeof standing / sizeof *standing; i++)
            c->named = c->named && strcmp(name, standing[i].name) != 0;
    }
    if (c)
        snprintf(c->as, sizeof c->as, "%s", as);
    return c;
}

static bool use_other(struct target *t, struct kc_connect *c, struct kerr *err)
{
    if (!t->opt.other_certs)
        return kerr_set(err, KE_CASE, "the second identity needs --other-certs DIR");
    if (!t->other.ca[0] && !tls_dir_files(t->opt.other_certs, &t->other, err))
        return false;
    c->files = tls_files_of(&t->other);
    return true;
}

bool target_connect(struct target *t, const char *name, const char *as, const char *priority,
                    struct kerr *err)
{
    struct kc_connect c;
    struct target_client *s = slot(t, name, as);
    if (!s)
        return kerr_set(err, KE_CASE, "more than %d connections in a case", TARGET_CLIENTS_MAX);
    kc_connect_from(&t->opt.settings, t->port, &c);
    c.tls.priority = priority;
    if (strcmp(as, "other") == 0 && !use_other(t, &c, err))
        return false;
    if (strcmp(as, "anonymous") == 0)
        c.tls.no_client_cert = true;
    if (auth_is_made(as) && !auth_use(t, as, &c, err))
        return false;
    kc_close(&s->kc);
    s->last_ns = pace_mono_ns(&t->pace);
    s->kc = kc_open(&c, err);
    return s->kc != NULL;
}

struct target_client *target_client(struct target *t, const char *name, struct kerr *err)
{
    struct target_client *c = find(t, name);
    if (c && c->named && kc_is_open(c->kc))
        return c;
    if (c && !c->named && c->kc && pace_mono_ns(&t->pace) - c->last_ns < IDLE_MAX_NS &&
        kc_still_open(c->kc) && kc_unasked(c->kc) == 0)
        return c;
    for (size_t i = 0; i < sizeof standing / sizeof *standing; i++)
        if (strcmp(name, standing[i].name) == 0)
            return target_connect(t, name, standing[i].as, NULL, err) ? find(t, name) : NULL;
    kerr_set(err, KE_CASE, "there is no open connection '%s'; a connect step makes one", name);
    return NULL;
}

bool target_unasked(struct target *t, const char *name)
{
    struct target_client *c = find(t, name);
    if (!c || !kc_is_open(c->kc) || (!c->named && !kc_still_open(c->kc)))
        return false;
    return kc_unasked(c->kc) > 0;
}

bool target_is_named(struct target *t, const char *name)
{
    const struct target_client *c = find(t, name);
    return c && c->named;
}

const char *target_identity(struct target *t, const char *name)
{
    const struct target_client *c = find(t, name);
    for (size_t i = 0; !c && i < sizeof standing / sizeof *standing; i++)
        if (strcmp(name, standing[i].name) == 0)
            return standing[i].as;
    return c ? c->as : "main";
}

void target_close(struct target *t, const char *name)
{
    struct target_client *c = find(t, name);
    if (c)
        kc_close(&c->kc);
}

void target_end_case(struct target *t)
{
    size_t kept = 0;
    for (size_t i = 0; i < t->n_clients; i++)
        if (strcmp(t->clients[i].name, "main") == 0)
            t->clients[kept++] = t->clients[i];
        else
            kc_close(&t->clients[i].kc);
    t->n_clients = kept;
}

void target_close_all(struct target *t)
{
    for (size_t i = 0; i < t->n_clients; i++)
        kc_close(&t->clients[i].kc);
    t->n_clients = 0;
}

/* ---- our own requests ------------------------------------------------------- */

void target_ask_as(struct target *t, struct target_call *c, uint32_t operation,
                   struct bytes authentication)
{
    struct kmip_request rq = {.version = t->opt.settings.version, .authentication = authentication};
    *c = (struct target_call){.t = t};
    buf_init(&c->request, 65536);
    buf_init(&c->reply, 8u << 20);
    kc_new_id(NULL, c->id);
    req_begin(&c->w, &c->request, &rq, operation, bytes_of(c->id, sizeof c->id), NULL);
}

void target_ask(struct target *t, struct target_call *c, uint32_t operation)
{
    target_ask_as(t, c, operation, bytes_of(NULL, 0));
}

/* The item of the request that a reply's operation, or id, belongs to. */
static bool asks_for(struct kmip_message request, const struct kmip_item *got, bool by_id)
{
    struct kmip_item asked;
    while (kmip_next_item(&request, &asked)) {
        if (by_id ? !asked.has_id || bytes_eq(asked.id, got->id)
                  : !asked.has_operation || asked.operation == got->operation ||
                        asked.operation == KMIP_OPERATION_POLL)
            return true;
    }
    return false;
}

bool target_out_of_step(struct bytes request, struct bytes reply, char what[200])
{
    struct kmip_message asked, got;
    struct kmip_item it;
    what[0] = 0;
    if (!kmip_open(&asked, request, NULL) || asked.n_items == 0 || !kmip_open(&got, reply, NULL))
        return false;
    while (kmip_next_item(&got, &it)) {
        if (it.has_operation && !asks_for(asked, &it, false))
            snprintf(what, 200, "a reply to %s", kmip_operation_name(it.operation));
        else if (it.has_id && !asks_for(asked, &it, true))
            snprintf(what, 200, "a reply with an id that the request does not bear");
        if (what[0])
            return true;
    }
    return false;
}

/* On the wire and back; the connection goes when the reply is not one to this request. */
static bool exchange(struct target_call *c, const char *client, int64_t *sent_s, struct kerr *err)
{
    struct target_client *tc = target_client(c->t, client, err);
    char what[200];
    if (!tc)
        return false;
    *sent_s = pace_wall_ns(&c->t->pace) / NS_PER_S;
    bool ok = kc_exchange(tc->kc, buf_bytes(&c->request), &c->reply, NULL, err);
    tc->last_ns = pace_mono_ns(&c->t->pace);
    if (ok && target_out_of_step(buf_bytes(&c->request), buf_bytes(&c->reply), what))
        ok = kerr_set(err, KE_REPLY, "%s came, which was not asked for", what);
    if (!ok)
        target_close(c->t, client);
    return ok;
}

bool target_answer(struct target_call *c, const char *client, struct kerr *err)
{
    int64_t sent_s;
    if (!req_end(&c->w))
        return kerr_set(err, KE_MEMORY, "no memory for a request");
    if (!exchange(c, client, &sent_s, err) || !kmip_open(&c->msg, buf_bytes(&c->reply), err))
        return false;
    if (!kmip_next_item(&c->msg, &c->item))
        return kerr_set(err, KE_REPLY, "the reply has no Batch Item");
    if (c->msg.header.has_time_stamp)
        target_note_time(c->t, c->msg.header.time_stamp, sent_s,
                         pace_wall_ns(&c->t->pace) / NS_PER_S);
    return true;
}

void target_call_clear(struct target_call *c)
{
    buf_clear(&c->request);
    buf_clear(&c->reply);
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
