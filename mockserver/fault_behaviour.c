/* Actions on how the server behaves (fault_action.h): they override, for one request,
 * what the engine does. */
#include "kmip/base/clock.h"
#include "mockserver/config.h"
#include "mockserver/fault_action.h"

#define CHOICE(type, k, m, c, h)                                                                   \
    {.key = k,                                                                                     \
     .kind = YF_CHOICE,                                                                            \
     .off = offsetof(struct type, m),                                                              \
     .required = true,                                                                             \
     .choices = c,                                                                                 \
     .help = h}
#define TIME(type, k, m, need, h)                                                                  \
    {.key = k,                                                                                     \
     .kind = YF_DURATION,                                                                          \
     .off = offsetof(struct type, m),                                                              \
     .required = need,                                                                             \
     .min = 0,                                                                                     \
     .max = READ_CENTURY_NS,                                                                       \
     .help = h}
#define END {.key = NULL}

/* Dates have whole seconds. */
static int64_t seconds_of(int64_t ns)
{
    return ns / NS_PER_S + (ns % NS_PER_S != 0);
}

/* --- what a request asks for ------------------------------------------- */

typedef bool attribute_test(struct bytes name);

static bool any_attribute(const struct ttlv_item *structure, attribute_test *test)
{
    struct ttlv_reader r;
    struct ttlv_item it, name;
    ttlv_r_init(&r, structure->val, NULL, NULL);
    while (ttlv_r_next(&r, &it)) {
        if (it.type != TTLV_STRUCTURE)
            continue;
        if (it.tag == KMIP_TAG_ATTRIBUTE &&
            ttlv_find(&it, KMIP_TAG_ATTRIBUTE_NAME, &name) && test(name.val))
            return true;
        if (it.tag != KMIP_TAG_ATTRIBUTE && any_attribute(&it, test))
            return true;
    }
    return false;
}

static bool some_item(const struct fault_request *rq, uint32_t operation, attribute_test *test)
{
    struct kmip_message m = rq->msg;
    struct kmip_item it;
    while (rq->readable && kmip_next_item(&m, &it))
        if ((operation == 0 || it.operation == operation) && it.has_payload &&
            (!test || any_attribute(&it.payload, test)))
            return true;
    return false;
}

/* --- compound_create --------------------------------------------------- */

struct compound_params {
    int is;
    int64_t by_ns;
};

enum { COMPOUND_IS_REJECT, COMPOUND_IS_IGNORE, COMPOUND_IS_DELAY };
static const char *const compound_names[] = {"reject", "ignore", "delay", NULL};

static const struct yfield compound_fields[] = {
    CHOICE(compound_params, "is", is, compound_names,
           "reject (nothing is made), ignore (the key stays Pre-Active), delay (Active later)"),
    TIME(compound_params, "by", by_ns, false, "delay: how much later; 60s"), END};

static const struct compound_params compound_defaults = {.by_ns = 60 * NS_PER_S};

static bool is_activation_date(struct bytes name)
{
    return bytes_eq_str(name, "Activation Date");
}

static bool compound_applies(const void *params, const struct fault_request *rq)
{
    (void)params;
    return some_item(rq, KMIP_OPERATION_CREATE, is_activation_date);
}

static bool apply_compound(struct fault_shot *s)
{
    static const int as[] = {COMPOUND_REJECT, COMPOUND_IGNORE, COMPOUND_DELAY};
    const struct compound_params *p = s->params;
    struct engine_overrides *o = fault_overrides(s->exchange);
    o->has_compound_create = true;
    o->compound_create = as[p->is];
    o->compound_delay_s = seconds_of(p->by_ns);
    if (p->is == COMPOUND_IS_DELAY)
        return fault_event(s, true, "Activation Date moved by %lld s",
                           (long long)o->compound_delay_s);
    return fault_event(s, true, "Activation Date of Create: %s", compound_names[p->is]);
}

/* --- custom_attributes ------------------------------------------------- */

struct custom_params {
    int is;
    int64_t length;
};

static const char *const custom_names[] = {"reject", "ignore", "truncate", NULL};

static const struct yfield custom_fields[] = {
    CHOICE(custom_params, "is", is, custom_names,
           "reject, ignore (nothing is kept), truncate (of texts only the start is kept)"),
    {.key = "length",
     .kind = YF_INT,
     .off = offsetof(struct custom_params, length),
     .min = 1,
     .max = INT32_MAX,
     .help = "truncate: bytes that are kept; 16"},
    END};

static const struct custom_params custom_defaults = {.length = 16};

static bool is_custom(struct bytes name)
{
    return !kmip_attribute_by_name(name);
}

static bool custom_applies(const void *params, const struct fault_request *rq)
{
    (void)params;
    return some_item(rq, 0, is_custom);
}

static bool apply_custom(struct fault_shot *s)
{
    static const int as[] = {CUSTOM_REJECT, CUSTOM_IGNORE, CUSTOM_TRUNCATE};
    const struct custom_params *p = s->params;
    struct engine_overrides *o = fault_overrides(s->exchange);
    o->has_custom_attributes = true;
    o->custom_attributes = as[p->is];
    o->custom_length = (size_t)p->length;
    return fault_event(s, true, "custom attributes: %s", custom_names[p->is]);
}

/* --- activate ---------------------------------------------------------- */

struct activate_params {
    int is;
    int64_t by_ns;
};

static const char *const activate_names[] = {"delayed", NULL};

static const struct yfield activate_fields[] = {
    CHOICE(activate_params, "is", is, activate_names, "delayed"),
    TIME(activate_params, "by", by_ns, false, "how much later it takes effect; 60s"), END};

static const struct activate_params activate_defaults = {.by_ns = 60 * NS_PER_S};

static bool check_activate(const struct fault_reading *r, void *params)
{
    const struct activate_params *p = params;
    return p->by_ns > 0 ||
           ynode_err(ynode_get(r->n, "by"), KE_CONFIG, r->err, "by is a time above 0");
}

static bool activate_applies(const void *params, const struct fault_request *rq)
{
    (void)params;
    return some_item(rq, KMIP_OPERATION_ACTIVATE, NULL);
}

static bool apply_activate(struct fault_shot *s)
{
    const struct activate_params *p = s->params;
    struct engine_overrides *o = fault_overrides(s->exchange);
    o->activate_delay_s = seconds_of(p->by_ns);
    return fault_event(s, true, "Activate takes effect %lld s later",
                       (long long)o->activate_delay_s);
}

/* --- session_revoked --------------------------------------------------- */

struct revoked_params {
    int64_t after_ns;
    const char *message;
};

static const struct yfield revoked_fields[] = {
    TIME(revoked_params, "after", after_ns, true,
         "time between two requests after which the server has forgotten the client"),
    {.key = "message",
     .kind = YF_STR,
     .off = offsetof(struct revoked_params, message),
     .help = "Result Message of its refusals"},
    END};

static const struct revoked_params revoked_defaults = {
    .message = "the session's token was revoked for having been idle; connect again"};

static bool apply_revoked(struct fault_shot *s)
{
    const struct revoked_params *p = s->params;
    struct fault_armed *a = &s->conn->armed;
    a->revoke_use = s->use;
    a->revoke_idle_ns = p->after_ns;
    a->revoked_text = p->message;
    s->later = true;
    return true;
}

/* --- not_supported, hidden --------------------------------------------- */

struct operations_params {
    const struct ynode *node;
    struct read_operations operations;
};

static const struct yfield operations_fields[] = {
    {.key = "operations",
     .kind = YF_NODE,
     .off = offsetof(struct operations_params, node),
     .required = true,
     .help = "an operation, or a list of them"},
    END};

static bool check_operations(const struct fault_reading *r, void *params)
{
    struct operations_params *p = params;
    return read_operations(p->node, r->arena, &p->operations, r->err);
}

static bool add_names(struct operation_names *l, const struct read_operations *operations)
{
    size_t had = l->n;
    for (size_t i = 0; i < operations->n && l->n < OVERRIDE_OPERATIONS_MAX; i++)
        if (!overrides_name(l, operations->v[i]))
            l->v[l->n++] = operations->v[i];
    return l->n > had;
}

static bool not_supported_applies(const void *params, const struct fault_request *rq)
{
    const struct operations_params *p = params;
    return fault_request_asks(rq, &p->operations);
}

static bool apply_not_supported(struct fault_shot *s)
{
    const struct operations_params *p = s->params;
    return add_names(&fault_overrides(s->exchange)->not_supported, &p->operations)
               ? fault_event(s, true, "refused as not supported")
               : fault_event(s, false, "another fault refuses it already");
}

static bool hidden_applies(const void *params, const struct fault_request *rq)
{
    (void)params;
    return some_item(rq, KMIP_OPERATION_QUERY, NULL);
}

static bool apply_hidden(struct fault_shot *s)
{
    const struct operations_params *p = s->params;
    return add_names(&fault_overrides(s->exchange)->hidden, &p->operations)
               ? fault_event(s, true, "operations left out of Query")
               : fault_event(s, false, "another fault leaves them out already");
}

const struct fault_action fault_behaviour_actions[] = {
    {.name = "compound_create",
     .stage = FAULT_REQUEST,
     .help = "Create with an Activation Date does not give an Active key",
     .size = sizeof(struct compound_params),
     .fields = compound_fields,
     .defaults = &compound_defaults,
     .main = "is",
     .applies = compound_applies,
     .apply = apply_compound},
    {.name = "custom_attributes",
     .stage = FAULT_REQUEST,
     .help = "attributes with the client's own names are not kept as they are",
     .size = sizeof(struct custom_params),
     .fields = custom_fields,
     .defaults = &custom_defaults,
     .main = "is",
     .applies = custom_applies,
     .apply = apply_custom},
    {.name = "activate",
     .stage = FAULT_REQUEST,
     .help = "Activate succeeds, but the key becomes Active later",
     .size = sizeof(struct activate_params),
     .fields = activate_fields,
     .defaults = &activate_defaults,
     .main = "is",
     .check = check_activate,
     .applies = activate_applies,
     .apply = apply_activate},
    {.name = "session_revoked",
     .stage = FAULT_OPEN,
     .help = "after an idle time all requests fail until the client connects again",
     .size = sizeof(struct revoked_params),
     .fields = revoked_fields,
     .defaults = &revoked_defaults,
     .main = "after",
     .apply = apply_revoked},
    {.name = "not_supported",
     .stage = FAULT_REQUEST,
     .help = "operations that Query announces are refused",
     .size = sizeof(struct operations_params),
     .fields = operations_fields,
     .main = "operations",
     .check = check_operations,
     .applies = not_supported_applies,
     .apply = apply_not_supported},
    {.name = "hidden",
     .stage = FAULT_REQUEST,
     .help = "operations that work are missing from Query",
     .size = sizeof(struct operations_params),
     .fields = operations_fields,
     .main = "operations",
     .check = check_operations,
     .applies = hidden_applies,
     .apply = apply_hidden},
    {.name = NULL},
};
