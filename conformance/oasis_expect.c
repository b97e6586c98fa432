/* Statuses and reasons of published replies (oasis_in.h), with what a conforming server may
 * answer otherwise: alternatives of an expectation, each with its verdict and its reason. */
#include "conformance/oasis_in.h"

/* Tried behind the published outcome. `applies` says of which items; NULL reasons: Success. */
struct alternative {
    bool (*applies)(struct oasis *o, const struct oasis_pair *p, const struct xnode *asked,
                    const struct xnode *got);
    const char *reasons[3];
    const char *verdict, *because;
    bool finds_nothing; /* Success without an identifier */
};

uint32_t oasis_operation(const struct xnode *item)
{
    return oasis_enum(oasis_child(item, KMIP_TAG_OPERATION), "Operation");
}

uint32_t oasis_status(const struct xnode *item)
{
    return oasis_enum(oasis_child(item, KMIP_TAG_RESULT_STATUS), "Result Status");
}

static bool succeeds(const struct xnode *got)
{
    return oasis_status(got) == KMIP_RESULT_STATUS_SUCCESS;
}

static bool fails(const struct xnode *got, uint32_t reason)
{
    return oasis_enum(oasis_child(got, KMIP_TAG_RESULT_REASON), "Result Reason") == reason;
}

static struct oasis_object *asked_of(struct oasis *o, const struct xnode *asked)
{
    return oasis_object_of(o, oasis_child(asked, KMIP_TAG_REQUEST_PAYLOAD));
}

static const char *located_name(const struct xnode *item)
{
    const struct xnode *uid = oasis_child(oasis_child(item, KMIP_TAG_RESPONSE_PAYLOAD),
                                          KMIP_TAG_UNIQUE_IDENTIFIER);
    const char *v = oasis_value(uid);

    return oasis_operation(item) == KMIP_OPERATION_LOCATE && v[0] == '$' ? v + 1 : NULL;
}

/* ---- when ------------------------------------------------------------------------- */

static bool with_new_credential(struct oasis *o, const struct oasis_pair *p,
                                const struct xnode *asked, const struct xnode *got)
{
    (void)o, (void)asked, (void)got;
    return p->new_credential;
}

static bool of_a_destroyed_object(struct oasis *o, const struct oasis_pair *p,
                                  const struct xnode *asked, const struct xnode *got)
{
    const struct oasis_object *object = asked_of(o, asked);

    (void)p;
    return object && object->destroyed && succeeds(got);
}

static bool of_an_object_now_gone(struct oasis *o, const struct oasis_pair *p,
                                  const struct xnode *asked, const struct xnode *got)
{
    const struct oasis_object *object = asked_of(o, asked);

    (void)p;
    return object && object->destroyed && fails(got, KMIP_RESULT_REASON_ITEM_NOT_FOUND);
}

static bool of_somebody_elses_object(struct oasis *o, const struct oasis_pair *p,
                                     const struct xnode *asked, const struct xnode *got)
{
    const struct oasis_object *object = asked_of(o, asked);

    return object && object->owner != p->credential &&
           fails(got, KMIP_RESULT_REASON_PERMISSION_DENIED);
}

static bool too_large_for_the_sample(struct oasis *o, const struct oasis_pair *p,
                                     const struct xnode *asked, const struct xnode *got)
{
    (void)o, (void)p, (void)asked;
    return fails(got, KMIP_RESULT_REASON_RESPONSE_TOO_LARGE);
}

static bool lease_refused(struct oasis *o, const struct oasis_pair *p, const struct xnode *asked,
                          const struct xnode *got)
{
    (void)o, (void)p;
    return oasis_operation(asked) == KMIP_OPERATION_OBTAIN_LEASE &&
           fails(got, KMIP_RESULT_REASON_PERMISSION_DENIED);
}

static bool is_new(const struct oasis *o, const char *name)
{
    for (size_t i = 0; i < o->n_objects; i++)
        if (strcmp(o->objects[i].name, name) == 0)
            return false;
    return true;
}

static bool finds_new(const struct oasis *o, const struct xnode *got)
{
    const char *name = located_name(got);

    return name && is_new(o, name);
}

/* A Locate finds an object that the file has not made, and no mock is given it. */
static bool from_before(struct oasis *o, const struct oasis_pair *p, const struct xnode *asked,
                        const struct xnode *got)
{
    (void)p, (void)asked;
    return finds_new(o, got) && !o->wants_fresh;
}

#define NOT_THERE \
    "the server holds no such object; the case needs one that is there before, from a case of its " \
    "series or by other means"

static const struct alternative alternatives[] = {
    {with_new_credential,
     {"Authentication Not Successful"},
     "NOT APPLICABLE",
     "the server does not take the credential of the case; it is to be set up there first",
     false},
    {of_a_destroyed_object,
     {"Item Not Found"},
     "NOT SUPPORTED",
     "the server keeps no attributes of destroyed objects, which is its choice (KMIP 1.2 spec, "
     "4.21)",
     false},
    {of_an_object_now_gone,
     {"Permission Denied", "Illegal Operation"},
     "WARN",
     "the server still has the destroyed object's attributes, and tells so by its reason",
     false},
    {of_somebody_elses_object, {"Item Not Found"}, "PASS", NULL, false},
    {too_large_for_the_sample, {NULL}, "PASS", NULL, false},
    {lease_refused,
     {NULL},
     "WARN",
     "the server grants a lease on a key that it has marked compromised, which is its policy",
     false},
    {from_before, {NULL}, "NOT APPLICABLE", NOT_THERE, true},
};

/* ---- nodes -------------------------------------------------------------------------- */

/* {Unique Identifier: !absent} */
static struct ynode *no_identifier(struct oasis *o, const struct xnode *at)
{
    struct ynode *map = oasis_map(o, at);

    oasis_put(o, map, "Unique Identifier", oasis_tagged(oasis_scalar(o, at, ""), "!absent"));
    return map;
}

static struct ynode *outcome(struct oasis *o, const struct xnode *at,
                             const struct alternative *alt)
{
    struct ynode *map = oasis_map(o, at), *reasons = oasis_seq(o, at);

    for (size_t i = 0; i < 3 && alt->reasons[i]; i++)
        oasis_push(o, reasons, oasis_scalar(o, at, alt->reasons[i]));
    if (reasons->n > 0)
        oasis_put(o, map, "fail", reasons);
    if (alt->finds_nothing)
        oasis_put(o, map, "payload", no_identifier(o, at));
    oasis_put(o, map, "verdict", oasis_scalar(o, at, alt->verdict));
    if (alt->because)
        oasis_put(o, map, "because", oasis_text(o, at, alt->because));
    return map;
}

/* What is published: a status, a reason, a payload. */
static struct ynode *published(struct oasis *o, const struct xnode *asked, const struct xnode *got,
                               bool found)
{
    const struct xnode *status = oasis_child(got, KMIP_TAG_RESULT_STATUS);
    const struct xnode *reason = oasis_child(got, KMIP_TAG_RESULT_REASON);
    struct ynode *map = oasis_map(o, got);

    if (reason)
        oasis_put(o, map, "fail", oasis_scalar(o, reason, oasis_value(reason)));
    else if (status)
        oasis_put(o, map, "status", oasis_scalar(o, status, oasis_value(status)));
    if (succeeds(got))
        oasis_put(o, map, "payload", oasis_payload(o, asked, got, found));
    return map;
}

static struct ynode *either(struct oasis *o, const struct xnode *at, struct ynode *list)
{
    struct ynode *map = oasis_map(o, at);

    oasis_put(o, map, "any_of", list);
    return map;
}

/* Answered at once instead: what the Poll after it expects then holds already. */
static struct ynode *at_once(struct oasis *o, const struct oasis_pair *p, const struct xnode *at)
{
    const struct xnode *asked = oasis_child(p->next_request, KMIP_TAG_BATCH_ITEM);
    const struct xnode *got = oasis_child(p->next_response, KMIP_TAG_BATCH_ITEM);

    if (!asked || !got || oasis_operation(asked) != KMIP_OPERATION_POLL || !succeeds(got)) {
        struct ynode *map = oasis_map(o, at);
        oasis_put(o, map, "status", oasis_scalar(o, at, "Success"));
        return map;
    }
    return published(o, o->pending_item, got, false);
}

static struct ynode *pending(struct oasis *o, const struct oasis_pair *p, const struct xnode *got)
{
    struct ynode *list = oasis_seq(o, got), *later = oasis_map(o, got), *item = oasis_map(o, got);

    o->pending_item = oasis_child(p->request, KMIP_TAG_BATCH_ITEM);
    oasis_put(o, item, "Asynchronous Correlation Value",
              oasis_tagged(oasis_scalar(o, got, oasis_format(o, "ASYNC_%u", ++o->pending)),
                           "!bind"));
    oasis_put(o, later, "status", oasis_scalar(o, got, "Operation Pending"));
    oasis_put(o, later, "item", item);
    oasis_push(o, list, later);
    oasis_push(o, list, at_once(o, p, got));
    return either(o, got, list);
}

struct ynode *oasis_expect(struct oasis *o, const struct oasis_pair *p, const struct xnode *asked,
                           const struct xnode *got, bool found)
{
    if (oasis_status(got) == KMIP_RESULT_STATUS_OPERATION_PENDING)
        return pending(o, p, got);
    struct ynode *list = oasis_seq(o, got);
    bool polled = oasis_operation(asked) == KMIP_OPERATION_POLL && o->pending_item &&
                  oasis_operation(got) == oasis_operation(o->pending_item);
    oasis_push(o, list, published(o, polled ? o->pending_item : asked, got, found));
    if (finds_new(o, got)) {
        o->wants_fresh = o->wants_fresh || oasis_asks_for_fresh(o, asked);
        o->follows = o->follows || !o->wants_fresh;
    }
    for (size_t i = 0; i < sizeof alternatives / sizeof *alternatives; i++)
        if (alternatives[i].applies(o, p, asked, got))
            oasis_push(o, list, outcome(o, got, &alternatives[i]));
    return list->n == 1 ? list->vals[0] : either(o, got, list);
}

/* ---- batches -------------------------------------------------------------------------- */

/* All items as published: {batch: [...]}. */
static struct ynode *as_published(struct oasis *o, const struct xnode *at,
                                  const struct ynode *items)
{
    struct ynode *map = oasis_map(o, at), *list = oasis_seq(o, at);

    for (size_t i = 0; i < items->n; i++)
        oasis_push(o, list, ynode_get(items->vals[i], "expect"));
    oasis_put(o, map, "batch", list);
    return map;
}

/* The first item finds nothing, and the items behind it fail likewise. */
static struct ynode *all_in_vain(struct oasis *o, const struct xnode *at, size_t n)
{
    struct ynode *map = oasis_map(o, at), *list = oasis_seq(o, at);

    for (size_t i = 0; i < n; i++) {
        struct ynode *one = oasis_push(o, list, oasis_map(o, at));
        if (i == 0)
            oasis_put(o, one, "payload", no_identifier(o, at));
        else
            oasis_put(o, one, "fail", oasis_scalar(o, at, "any"));
    }
    oasis_put(o, map, "batch", list);
    oasis_put(o, map, "verdict", oasis_scalar(o, at, "NOT APPLICABLE"));
    oasis_put(o, map, "because", oasis_text(o, at, NOT_THERE));
    return map;
}

struct ynode *oasis_expect_batch(struct oasis *o, const struct oasis_pair *p,
                                 const struct ynode *items)
{
    const struct xnode *got = oasis_child(p->response, KMIP_TAG_BATCH_ITEM);
    bool in_vain = from_before(o, p, NULL, got);

    if (!in_vain && !p->new_credential)
        return NULL;
    struct ynode *list = oasis_seq(o, got);
    oasis_push(o, list, as_published(o, got, items));
    if (in_vain)
        oasis_push(o, list, all_in_vain(o, got, items->n));
    /* A credential that is not taken is the whole message's: one item answers. */
    for (size_t i = 0; i < sizeof alternatives / sizeof *alternatives; i++)
        if (p->new_credential && alternatives[i].applies == with_new_credential)
            oasis_push(o, list, outcome(o, got, &alternatives[i]));
    return either(o, got, list);
}
