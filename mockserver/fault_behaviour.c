/* Actions on how the server behaves (fault_action.h, behaviour.h): before the engine
 * answers a request they say how it is to behave, and afterwards whether it did. */
#include "kmip/base/clock.h"
#include "mockserver/config.h"
#include "mockserver/fault_action.h"
#include "mockserver/fields.h"


/* Dates have whole seconds. */
static int64_t seconds_of(int64_t ns)
{
    return ns / NS_PER_S + (ns % NS_PER_S != 0);
}

/* --- what they share --------------------------------------------------- */

/* Whether a request comes out differently only the engine can tell. These are the
 * operations of which it may; the others do not count for `nth`. */
static bool asks_one_of(const struct fault_request *rq, const uint32_t *operations, size_t n)
{
    struct kmip_message m = rq->msg;
    struct kmip_item it;
    while (rq->readable && kmip_next_item(&m, &it))
        for (size_t i = 0; i < n; i++)
            if (it.has_operation && it.operation == operations[i])
                return true;
    return false;
}

/* NULL when another fault has said before how it is to be. */
static struct behaviour *say(struct fault_shot *s, enum behaviour_kind kind)
{
    struct behaviour *b = fault_behaviour(s->exchange);
    *s->share = behaviour_is_said(b, kind, 1);
    return *s->share ? b : NULL;
}

/* Has it come to what this fault has said? If not, the event says why. */
static bool came_true(struct fault_shot *s, enum behaviour_kind kind)
{
    if (!*s->share)
        return fault_event(s, false, "another fault has said before how it is to be");
    return (s->exchange->behaviour.used.v[kind] & *s->share) != 0 ||
           fault_event(s, false, "nothing came out differently for it");
}

/* --- compound_create --------------------------------------------------- */

struct compound_params {
    int is;
    int64_t by_ns;
};

/* Of enum compound_create, without the first: that is what is right. */
static const char *const compound_names[] = {"reject", "ignore", "delay", NULL};

static int compound_as(const struct compound_params *p)
{
    return COMPOUND_REJECT + p->is;
}

static const struct yfield compound_fields[] = {
    CHOICE(compound_params, "is", is, compound_names,
           "reject (nothing is made), ignore (the key stays Pre-Active), delay (Active later)",
           NEEDED),
    TIME(compound_params, "by", by_ns, 0, READ_CENTURY_NS, "delay: how much later; 60s"), END};

static const struct compound_params compound_defaults = {.by_ns = 60 * NS_PER_S};

static bool compound_applies(const void *params, const struct fault_request *rq)
{
    static const uint32_t create = KMIP_OPERATION_CREATE;
    (void)params;
    return asks_one_of(rq, &create, 1);
}

static void say_compound(struct fault_shot *s)
{
    const struct compound_params *p = s->params;
    struct behaviour *b = say(s, BEHAVIOUR_COMPOUND_CREATE);
    if (!b)
        return;
    b->compound_create = compound_as(p);
    b->compound_delay_s = seconds_of(p->by_ns);
}

static bool apply_compound(struct fault_shot *s)
{
    const struct compound_params *p = s->params;
    if (!came_true(s, BEHAVIOUR_COMPOUND_CREATE))
        return false;
    if (compound_as(p) == COMPOUND_DELAY)
        return fault_event(s, true, "Activation Date moved by %lld s",
                           (long long)seconds_of(p->by_ns));
    return fault_event(s, true, "Activation Date of Create: %s", compound_names[p->is]);
}

/* --- custom_attributes ------------------------------------------------- */

struct custom_params {
    int is;
    int64_t length;
};

/* Of enum custom_attributes, without the first. */
static const char *const custom_names[] = {"reject", "ignore", "truncate", NULL};

static const struct yfield custom_fields[] = {
    CHOICE(custom_params, "is", is, custom_names,
           "reject, ignore (nothing is kept), truncate (of texts only the start is kept)", NEEDED),
    INT(custom_params, "length", length, 1, INT32_MAX, "truncate: bytes that are kept; 16"),
    END};

static const struct custom_params custom_defaults = {.length = 16};

static bool custom_applies(const void *params, const struct fault_request *rq)
{
    static const uint32_t operations[] = {
        KMIP_OPERATION_CREATE,           KMIP_OPERATION_REGISTER,
        KMIP_OPERATION_RE_KEY,           KMIP_OPERATION_LOCATE,
        KMIP_OPERATION_GET,              KMIP_OPERATION_GET_ATTRIBUTES,
        KMIP_OPERATION_ADD_ATTRIBUTE,    KMIP_OPERATION_GET_ATTRIBUTE_LIST,
        KMIP_OPERATION_MODIFY_ATTRIBUTE, KMIP_OPERATION_DELETE_ATTRIBUTE,
    };
    (void)params;
    return asks_one_of(rq, operations, sizeof operations / sizeof *operations);
}

static void say_custom(struct fault_shot *s)
{
    const struct custom_params *p = s->params;
    struct behaviour *b = say(s, BEHAVIOUR_CUSTOM_ATTRIBUTES);
    if (!b)
        return;
    b->custom_attributes = CUSTOM_REJECT + p->is;
    b->custom_length = (size_t)p->length;
}

static bool apply_custom(struct fault_shot *s)
{
    const struct custom_params *p = s->params;
    return came_true(s, BEHAVIOUR_CUSTOM_ATTRIBUTES) &&
           fault_event(s, true, "custom attributes: %s", custom_names[p->is]);
}

/* --- activate ---------------------------------------------------------- */

struct activate_params {
    int is;
    int64_t by_ns;
};

static const char *const activate_names[] = {"delayed", NULL};

static const struct yfield activate_fields[] = {
    CHOICE(activate_params, "is", is, activate_names, "delayed", NEEDED),
    TIME(activate_params, "by", by_ns, 0, READ_CENTURY_NS,
         "how much later it takes effect; 60s"), END};

static const struct activate_params activate_defaults = {.by_ns = 60 * NS_PER_S};

static bool check_activate(const struct fault_reading *r, void *params)
{
    const struct activate_params *p = params;
    return p->by_ns > 0 ||
           ynode_err(ynode_get(r->n, "by"), KE_CONFIG, r->err, "by is a time above 0");
}

static bool activate_applies(const void *params, const struct fault_request *rq)
{
    static const uint32_t activate = KMIP_OPERATION_ACTIVATE;
    (void)params;
    return asks_one_of(rq, &activate, 1);
}

static void say_activate(struct fault_shot *s)
{
    const struct activate_params *p = s->params;
    struct behaviour *b = say(s, BEHAVIOUR_ACTIVATE);
    if (b)
        b->activate_delay_s = seconds_of(p->by_ns);
}

static bool apply_activate(struct fault_shot *s)
{
    const struct activate_params *p = s->params;
    return came_true(s, BEHAVIOUR_ACTIVATE) &&
           fault_event(s, true, "Activate takes effect %lld s later",
                       (long long)seconds_of(p->by_ns));
}

/* --- session_revoked --------------------------------------------------- */

struct revoked_params {
    int64_t after_ns;
    const char *message;
};

static const struct yfield revoked_fields[] = {
    TIME(revoked_params, "after", after_ns, 0, READ_CENTURY_NS,
         "time between two requests after which the server has forgotten the client", NEEDED),
    STR(revoked_params, "message", message, "Result Message of its refusals"),
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
    NODE(operations_params, "operations", node, "an operation, or a list of them", NEEDED),
    END};

static bool check_operations(const struct fault_reading *r, void *params)
{
    struct operations_params *p = params;
    return read_operations(p->node, r->arena, &p->operations, r->err);
}

/* What of the operations no other fault has spoken of before. */
static uint64_t say_operations(struct fault_shot *s, enum behaviour_kind kind)
{
    const struct operations_params *p = s->params;
    uint64_t marks = 0;
    for (size_t i = 0; i < p->operations.n; i++)
        marks |= behaviour_operation(p->operations.v[i]);
    return *s->share = behaviour_is_said(fault_behaviour(s->exchange), kind, marks);
}

static bool not_supported_applies(const void *params, const struct fault_request *rq)
{
    const struct operations_params *p = params;
    return fault_request_asks(rq, &p->operations);
}

static void say_not_supported(struct fault_shot *s)
{
    fault_behaviour(s->exchange)->not_supported |= say_operations(s, BEHAVIOUR_NOT_SUPPORTED);
}

static bool apply_not_supported(struct fault_shot *s)
{
    return came_true(s, BEHAVIOUR_NOT_SUPPORTED) &&
           fault_event(s, true, "refused as not supported");
}

static bool hidden_applies(const void *params, const struct fault_request *rq)
{
    static const uint32_t query = KMIP_OPERATION_QUERY;
    (void)params;
    return asks_one_of(rq, &query, 1);
}

static void say_hidden(struct fault_shot *s)
{
    fault_behaviour(s->exchange)->hidden |= say_operations(s, BEHAVIOUR_HIDDEN);
}

static bool apply_hidden(struct fault_shot *s)
{
    return came_true(s, BEHAVIOUR_HIDDEN) && fault_event(s, true, "operations left out of Query");
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
     .before = say_compound,
     .apply = apply_compound},
    {.name = "custom_attributes",
     .stage = FAULT_REQUEST,
     .help = "attributes with the client's own names are not kept as they are",
     .size = sizeof(struct custom_params),
     .fields = custom_fields,
     .defaults = &custom_defaults,
     .main = "is",
     .applies = custom_applies,
     .before = say_custom,
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
     .before = say_activate,
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
     .before = say_not_supported,
     .apply = apply_not_supported},
    {.name = "hidden",
     .stage = FAULT_REQUEST,
     .help = "operations that work are missing from Query",
     .size = sizeof(struct operations_params),
     .fields = operations_fields,
     .main = "operations",
     .check = check_operations,
     .applies = hidden_applies,
     .before = say_hidden,
     .apply = apply_hidden},
    {.name = NULL},
};
