/* What a published case wants a server to be, and no client can make it (oasis_in.h): the date
 * that it is, and objects that are there before. A mock is made so (case.h, `mock`). */
#include "conformance/oasis_in.h"
#include "kmip/base/clock.h"
#include "kmip/base/text.h"

/* ---- cases of their day ------------------------------------------------------------- */

/* An attribute of that name in the element: its value for the first that fits. */
static const char *attribute_in(struct oasis *o, const struct xnode *n, const char *name,
                                bool (*fits)(const struct xnode *value))
{
    const char *found = NULL;

    if (oasis_is(n, KMIP_TAG_ATTRIBUTE)) {
        const struct xnode *v = oasis_child(n, KMIP_TAG_ATTRIBUTE_VALUE);
        return v && strcmp(oasis_attribute_name(o, n), name) == 0 && fits(v) ? oasis_value(v)
                                                                            : NULL;
    }
    for (const struct xnode *c = n->first; !found && c; c = c->next)
        found = attribute_in(o, c, name, fits);
    return found;
}

/* Written down at a time when it lay ahead. */
static bool has_passed(const struct xnode *v)
{
    const char *date = oasis_value(v);
    int64_t seconds;

    return date[0] != '$' && text_date(bytes_str(date), &seconds) &&
           seconds < clock_wall_ns() / NS_PER_S;
}

static bool is_active(const struct xnode *v)
{
    return oasis_enum(v, "State") == KMIP_STATE_ACTIVE;
}

static const char *stamp_of(const struct xnode *response, int64_t *seconds)
{
    const struct xnode *header = oasis_child(response, KMIP_TAG_RESPONSE_HEADER);
    const char *stamp = oasis_value(oasis_child(header, KMIP_TAG_TIME_STAMP));

    return text_date(bytes_str(stamp), seconds) ? stamp : NULL;
}

/* A key that the client has deactivated at a date that has passed is to be Active. */
void oasis_find_day(struct oasis *o)
{
    const struct xnode *root = o->doc->root;
    const char *ended = NULL;

    for (const struct xnode *n = root->first; n && !o->has_ended; n = n->next->next) {
        if (!ended)
            ended = attribute_in(o, n, "Deactivation Date", has_passed);
        if (ended && attribute_in(o, n->next, "State", is_active))
            o->has_ended = ended;
    }
    if (o->has_ended)
        o->began = stamp_of(root->first->next, &o->reached_s);
}

void oasis_keep_time(struct oasis *o, const struct oasis_pair *p, struct ynode *steps)
{
    struct ynode *step;
    int64_t now;

    if (!o->began || !stamp_of(p->response, &now) || now <= o->reached_s)
        return;
    step = oasis_map(o, p->request);
    oasis_put(o, step, "wait",
              oasis_scalar(o, p->request,
                           oasis_format(o, "%llds", (long long)(now - o->reached_s))));
    oasis_push(o, steps, step);
    o->reached_s = now;
}

/* ---- what is there before ------------------------------------------------------------- */

static bool is_default(const struct xnode *v)
{
    return strcmp(oasis_value(v), "default") == 0;
}

bool oasis_asks_for_fresh(struct oasis *o, const struct xnode *item)
{
    const struct xnode *payload = oasis_child(item, KMIP_TAG_REQUEST_PAYLOAD);
    const struct xnode *member = oasis_child(payload, KMIP_TAG_OBJECT_GROUP_MEMBER);

    return oasis_operation(item) == KMIP_OPERATION_LOCATE && member &&
           oasis_enum(member, "Object Group Member") ==
               KMIP_OBJECT_GROUP_MEMBER_GROUP_MEMBER_FRESH &&
           attribute_in(o, payload, "Object Group", is_default);
}

static struct ynode *fresh_object(struct oasis *o)
{
    const struct xnode *at = o->doc->root;
    struct ynode *map = oasis_map(o, at);

    oasis_put(o, map, "names", oasis_text(o, at, "${RUN}-fresh"));
    oasis_put(o, map, "group", oasis_scalar(o, at, "default"));
    return map;
}

struct ynode *oasis_mock(struct oasis *o)
{
    const struct xnode *at = o->doc->root;
    struct ynode *map = oasis_map(o, at);
    const char *otherwise = NULL;

    if (o->wants_fresh) {
        oasis_put(o, map, "preload", fresh_object(o));
        otherwise = "it takes a fresh object out of the server's group `default` and destroys it, "
                    "and this run has not made it";
    }
    if (o->has_ended) {
        oasis_put(o, map, "clock", oasis_text(o, at, o->began));
        otherwise = oasis_format(o,
                                 "its dates have passed: a key that is deactivated at %s is "
                                 "expected to be Active",
                                 o->has_ended);
    }
    if (!otherwise)
        return NULL;
    oasis_put(o, map, "otherwise", oasis_text(o, at, otherwise));
    return map;
}
