/* Published replies as expectations of a case (oasis_in.h): equal to what is published,
 * but for what conforming servers may do otherwise. `variations` says of which fields that
 * is true, and how the rest of this file takes them.
 *
 * Where a value is the server's choice or the client's gift, the file itself tells: what was
 * in a request before must come back, and what comes of material that the client registered
 * can be computed. */
#include "conformance/oasis_in.h"

#include "kmip/base/text.h"

/* How a field of a reply is judged; others must equal the published value. */
enum judged {
    JUDGED_EXACTLY,
    JUDGED_NOT,        /* it may be there or not */
    JUDGED_THERE,      /* it must be there, with any value */
    JUDGED_IDENTIFIER, /* as the placeholder says; a written one was the sample server's */
    JUDGED_IF_GIVEN,   /* exactly if the client gave it before, else it must be there */
    JUDGED_DIGEST,     /* exactly if the object's material is the client's, else there */
    JUDGED_RESULT,     /* of cryptography: exactly if it can be known, else its length */
    JUDGED_WRAPPED,    /* exactly if the wrapping can be known, else there */
    JUDGED_SET,        /* all of them, in any order; others may be there */
    JUDGED_FOUND       /* identifiers of a Locate */
};

static const struct variation {
    uint32_t operation; /* 0: any */
    uint32_t field;
    enum judged judged;
} variations[] = {
    {KMIP_OPERATION_QUERY, KMIP_TAG_OPERATION, JUDGED_THERE},
    {KMIP_OPERATION_QUERY, KMIP_TAG_OBJECT_TYPE, JUDGED_THERE},
    {KMIP_OPERATION_QUERY, KMIP_TAG_VENDOR_IDENTIFICATION, JUDGED_NOT},
    {KMIP_OPERATION_QUERY, KMIP_TAG_SERVER_INFORMATION, JUDGED_NOT},
    {KMIP_OPERATION_QUERY, KMIP_TAG_APPLICATION_NAMESPACE, JUDGED_NOT},
    {KMIP_OPERATION_QUERY, KMIP_TAG_EXTENSION_INFORMATION, JUDGED_NOT},
    {KMIP_OPERATION_QUERY, KMIP_TAG_RNG_PARAMETERS, JUDGED_NOT},
    {KMIP_OPERATION_QUERY, KMIP_TAG_PROFILE_INFORMATION, JUDGED_NOT},
    {KMIP_OPERATION_QUERY, KMIP_TAG_VALIDATION_INFORMATION, JUDGED_NOT},
    {KMIP_OPERATION_QUERY, KMIP_TAG_CAPABILITY_INFORMATION, JUDGED_NOT},
    {KMIP_OPERATION_QUERY, KMIP_TAG_CLIENT_REGISTRATION_METHOD, JUDGED_NOT},
    {KMIP_OPERATION_LOCATE, KMIP_TAG_UNIQUE_IDENTIFIER, JUDGED_FOUND},
    {KMIP_OPERATION_GET_ATTRIBUTE_LIST, KMIP_TAG_ATTRIBUTE_NAME, JUDGED_SET},
    {KMIP_OPERATION_CANCEL, KMIP_TAG_CANCELLATION_RESULT, JUDGED_THERE},
    {0, KMIP_TAG_CERTIFICATE_VALUE, JUDGED_IF_GIVEN},
    {0, KMIP_TAG_UNIQUE_IDENTIFIER, JUDGED_IDENTIFIER},
    {0, KMIP_TAG_LINKED_OBJECT_IDENTIFIER, JUDGED_IDENTIFIER},
    {0, KMIP_TAG_PRIVATE_KEY_UNIQUE_IDENTIFIER, JUDGED_IDENTIFIER},
    {0, KMIP_TAG_PUBLIC_KEY_UNIQUE_IDENTIFIER, JUDGED_IDENTIFIER},
    {0, KMIP_TAG_ASYNCHRONOUS_CORRELATION_VALUE, JUDGED_IDENTIFIER},
    {0, KMIP_TAG_TEMPLATE_ATTRIBUTE, JUDGED_NOT},
    {0, KMIP_TAG_PRIVATE_KEY_TEMPLATE_ATTRIBUTE, JUDGED_NOT},
    {0, KMIP_TAG_PUBLIC_KEY_TEMPLATE_ATTRIBUTE, JUDGED_NOT},
    {0, KMIP_TAG_LEASE_TIME, JUDGED_THERE},
    {0, KMIP_TAG_CERTIFICATE_SUBJECT_DISTINGUISHED_NAME, JUDGED_THERE},
    {0, KMIP_TAG_CERTIFICATE_ISSUER_DISTINGUISHED_NAME, JUDGED_THERE},
    {0, KMIP_TAG_ISSUER, JUDGED_THERE},
    {0, KMIP_TAG_SERIAL_NUMBER, JUDGED_THERE},
    {0, KMIP_TAG_KEY_MATERIAL, JUDGED_IF_GIVEN},
    {0, KMIP_TAG_KEY_VALUE, JUDGED_WRAPPED},
    {0, KMIP_TAG_DIGEST_VALUE, JUDGED_DIGEST},
    {0, KMIP_TAG_DATA, JUDGED_RESULT},
    {0, KMIP_TAG_MAC_DATA, JUDGED_RESULT},
    {0, KMIP_TAG_AUTHENTICATED_ENCRYPTION_TAG, JUDGED_RESULT},
    {0, KMIP_TAG_SIGNATURE_DATA, JUDGED_IDENTIFIER}, /* most ways to sign are random */
    {0, KMIP_TAG_IV_COUNTER_NONCE, JUDGED_IF_GIVEN},
};

/* Attributes that a server has or has not; judged only when they were asked for by name, or
 * were given by the client. */
static const char *const optional_attributes[] = {
    "Lease Time", "Fresh", "Original Creation Date", "Operation Policy Name", "Object Group",
};

static struct ynode *value(struct oasis_reply *r, const struct xnode *n, const char *attribute);

/* ---- objects ------------------------------------------------------------------------ */

static const char *placeholder(const struct xnode *n)
{
    const char *v = oasis_value(n);

    return v[0] == '$' ? v + 1 : NULL;
}

struct oasis_object *oasis_object(struct oasis *o, const char *name)
{
    static struct oasis_object none;

    for (size_t i = 0; i < o->n_objects; i++)
        if (strcmp(o->objects[i].name, name) == 0)
            return &o->objects[i];
    if (o->n_objects == OASIS_OBJECTS_MAX) {
        kerr_set(o->err, KE_CASE, "the case has more than %d objects", OASIS_OBJECTS_MAX);
        return &none;
    }
    o->objects[o->n_objects] = (struct oasis_object){.name = name};
    return &o->objects[o->n_objects++];
}

static bool is_known(const struct oasis *o, const char *name)
{
    for (size_t i = 0; i < o->n_objects; i++)
        if (strcmp(o->objects[i].name, name) == 0)
            return true;
    return false;
}

struct oasis_object *oasis_object_of(struct oasis *o, const struct xnode *payload)
{
    const struct xnode *uid = oasis_child(payload, KMIP_TAG_UNIQUE_IDENTIFIER);
    const char *name = uid ? placeholder(uid) : NULL;

    return name && is_known(o, name) ? oasis_object(o, name) : NULL;
}

static const struct {
    uint32_t operation;
    enum oasis_origin origin;
} makers[] = {
    {KMIP_OPERATION_REGISTER, ORIGIN_GIVEN},      {KMIP_OPERATION_CREATE, ORIGIN_MADE},
    {KMIP_OPERATION_CREATE_KEY_PAIR, ORIGIN_MADE}, {KMIP_OPERATION_RE_KEY, ORIGIN_MADE},
    {KMIP_OPERATION_RE_KEY_KEY_PAIR, ORIGIN_MADE}, {KMIP_OPERATION_DERIVE_KEY, ORIGIN_MADE},
    {KMIP_OPERATION_CERTIFY, ORIGIN_MADE},        {KMIP_OPERATION_RE_CERTIFY, ORIGIN_MADE},
    {KMIP_OPERATION_CREATE_SPLIT_KEY, ORIGIN_MADE}, {KMIP_OPERATION_JOIN_SPLIT_KEY, ORIGIN_MADE},
};

static enum oasis_origin origin_of(uint32_t operation)
{
    for (size_t i = 0; i < sizeof makers / sizeof *makers; i++)
        if (makers[i].operation == operation)
            return makers[i].origin;
    return ORIGIN_UNKNOWN;
}

static bool is_public(const struct xnode *asked)
{
    const struct xnode *payload = oasis_child(asked, KMIP_TAG_REQUEST_PAYLOAD);

    return oasis_enum(oasis_child(payload, KMIP_TAG_OBJECT_TYPE), "Object Type") ==
           KMIP_OBJECT_TYPE_PUBLIC_KEY;
}

void oasis_note_objects(struct oasis *o, const struct oasis_pair *p, const struct xnode *asked,
                        const struct xnode *got)
{
    const struct xnode *payload = oasis_child(got, KMIP_TAG_RESPONSE_PAYLOAD);
    uint32_t operation = oasis_operation(asked);

    for (const struct xnode *c = payload ? payload->first : NULL; c; c = c->next) {
        bool uid = oasis_is(c, KMIP_TAG_UNIQUE_IDENTIFIER) ||
                   oasis_is(c, KMIP_TAG_PRIVATE_KEY_UNIQUE_IDENTIFIER) ||
                   oasis_is(c, KMIP_TAG_PUBLIC_KEY_UNIQUE_IDENTIFIER);
        const char *name = uid ? placeholder(c) : NULL;
        if (!name)
            continue;
        bool fresh = !is_known(o, name);
        struct oasis_object *object = oasis_object(o, name);
        if (fresh) {
            object->origin = origin_of(operation);
            object->is_public = is_public(asked);
            object->owner = p->credential;
        }
        object->destroyed =
            object->destroyed || (operation == KMIP_OPERATION_DESTROY && oasis_status(got) == KMIP_RESULT_STATUS_SUCCESS);
    }
}

/* ---- leaves -------------------------------------------------------------------------- */

static struct ynode *any(struct oasis_reply *r, const struct xnode *n)
{
    return oasis_tagged(oasis_scalar(r->o, n, ""), "!any");
}

/* About then, by the server's clock: a case takes its time. */
static struct ynode *about_now(struct oasis_reply *r, const struct xnode *n, const char *offset)
{
    struct ynode *near = oasis_tagged(oasis_seq(r->o, n), "!near");

    oasis_push(r->o, near, oasis_scalar(r->o, n, oasis_format(r->o, "$SERVER_NOW%s", offset)));
    oasis_push(r->o, near, oasis_scalar(r->o, n, "60s"));
    return near;
}

static struct ynode *variable(struct oasis_reply *r, const struct xnode *n)
{
    const char *text = oasis_value(n);

    if (!oasis_placeholder(n))
        return about_now(r, n, text + 4);
    if (r->found && oasis_is(n, KMIP_TAG_UNIQUE_IDENTIFIER) && is_known(r->o, text + 1)) {
        struct ynode *either = oasis_tagged(oasis_seq(r->o, n), "!one_of");
        for (size_t i = 0; i < r->o->n_objects; i++)
            oasis_push(r->o, either,
                       oasis_scalar(r->o, n, oasis_format(r->o, "$%s", r->o->objects[i].name)));
        return either;
    }
    return oasis_uses(r->o->doc->root, text) == 1 ? any(r, n) : oasis_leaf(r->o, n, NULL, false);
}

/* Custom attributes have no type of their own: it must be the published one. */
static struct ynode *exactly(struct oasis_reply *r, const struct xnode *n, const char *attribute)
{
    bool typed = attribute && oasis_is(n, KMIP_TAG_ATTRIBUTE_VALUE) &&
                 !kmip_attribute_by_name(bytes_str(attribute));

    return oasis_leaf(r->o, n, attribute, typed);
}

/* What the server alone can know has the published length at least, unless a request behind
 * this reply sends it back. */
static struct ynode *result(struct oasis_reply *r, const struct xnode *n)
{
    struct buf bytes;

    if (oasis_result_known(r, n))
        return exactly(r, n, NULL);
    const char *name = oasis_learn(r->o, n);
    if (name)
        return oasis_tagged(oasis_scalar(r->o, n, name), "!bind");
    buf_init(&bytes, BUF_NO_LIMIT);
    bool ok = text_unhex(bytes_str(oasis_value(n)), &bytes);
    struct ynode *length = oasis_scalar(r->o, n, oasis_format(r->o, "%zu", bytes.n));
    buf_clear(&bytes);
    return ok ? oasis_tagged(length, "!length") : any(r, n);
}

static enum judged judged_as(const struct oasis_reply *r, const struct xnode *n)
{
    uint32_t tag = oasis_tag(n);

    for (size_t i = 0; i < sizeof variations / sizeof *variations; i++)
        if (variations[i].field == tag &&
            (variations[i].operation == 0 || variations[i].operation == r->operation))
            return variations[i].judged;
    return oasis_type(n) == TTLV_DATE_TIME ? JUDGED_IF_GIVEN : JUDGED_EXACTLY;
}

/* By the field that an attribute stands for: a Lease Time's value is one. */
static enum judged attribute_judged_as(const char *attribute, const struct xnode *n)
{
    const struct kmip_attribute *a = kmip_attribute_by_name(bytes_str(attribute));

    if (a && a->tag == KMIP_TAG_LEASE_TIME)
        return JUDGED_THERE;
    if (a && a->tag == KMIP_TAG_UNIQUE_IDENTIFIER)
        return JUDGED_IDENTIFIER;
    return oasis_type(n) == TTLV_DATE_TIME ? JUDGED_IF_GIVEN : JUDGED_EXACTLY;
}

static struct ynode *leaf(struct oasis_reply *r, const struct xnode *n, const char *attribute)
{
    const char *kept = oasis_kept_as(r, n);
    bool is_value = attribute && oasis_is(n, KMIP_TAG_ATTRIBUTE_VALUE), mine;
    struct bytes name;

    if (from_xml_variable(n, &name))
        return variable(r, n);
    if (kept)
        return oasis_tagged(oasis_scalar(r->o, n, kept), "!bind");
    switch (is_value ? attribute_judged_as(attribute, n) : judged_as(r, n)) {
    case JUDGED_NOT:
        return NULL;
    case JUDGED_THERE:
    case JUDGED_IDENTIFIER:
        return any(r, n);
    case JUDGED_IF_GIVEN:
        mine = oasis_is_given(r->o, is_value ? attribute : n->name, oasis_value(n));
        return mine ? exactly(r, n, attribute) : any(r, n);
    case JUDGED_DIGEST:
        mine = r->object && r->object->origin == ORIGIN_GIVEN;
        return mine ? exactly(r, n, attribute) : any(r, n);
    case JUDGED_RESULT:
        return result(r, n);
    case JUDGED_WRAPPED:
        return oasis_wrapping_known(r, n) ? exactly(r, n, attribute) : any(r, n);
    default:
        return exactly(r, n, attribute);
    }
}

/* ---- attributes ------------------------------------------------------------------------ */

static bool is_optional(const char *name)
{
    for (size_t i = 0; i < sizeof optional_attributes / sizeof *optional_attributes; i++)
        if (strcmp(optional_attributes[i], name) == 0)
            return true;
    return false;
}

/* Is it an attribute that some servers have of their own accord: of the optional ones, and
 * not asked for by name; or a custom one that the client never spoke of? */
static bool may_lack(struct oasis_reply *r, const char *name)
{
    bool custom = (name[0] == 'x' || name[0] == 'y') && name[1] == '-';
    const struct xnode *c = r->asked ? r->asked->first : NULL;

    bool own = strcmp(name, "Random Number Generator") == 0; /* of the server, if it tells */
    if (!custom && !own && !is_optional(name))
        return false;
    for (size_t i = 0; i < r->o->n_given; i++)
        if (strcmp(r->o->given[i].field, oasis_squeezed(r->o, name)) == 0)
            return false;
    if (own)
        return true;
    for (; c; c = c->next)
        if ((oasis_is(c, KMIP_TAG_ATTRIBUTE_NAME) &&
             strcmp(oasis_name(r->o, oasis_value(c)), name) == 0) ||
            (oasis_is(c, KMIP_TAG_ATTRIBUTE) &&
             strcmp(oasis_attribute_name(r->o, c), name) == 0))
            return false;
    return true;
}

/* One instance. An index above 0 counts where the client gave it. */
static struct ynode *instance(struct oasis_reply *r, const struct xnode *attribute, const char *name)
{
    static const uint32_t echoes[] = {KMIP_OPERATION_ADD_ATTRIBUTE, KMIP_OPERATION_MODIFY_ATTRIBUTE,
                                      KMIP_OPERATION_DELETE_ATTRIBUTE};
    const struct xnode *v = oasis_child(attribute, KMIP_TAG_ATTRIBUTE_VALUE);
    const struct xnode *index = oasis_child(attribute, KMIP_TAG_ATTRIBUTE_INDEX);
    struct ynode *want = v ? value(r, v, name) : any(r, attribute);
    bool echo = false;

    for (size_t i = 0; i < sizeof echoes / sizeof *echoes; i++)
        echo = echo || echoes[i] == r->operation;
    if (!echo || !index || strcmp(oasis_value(index), "0") == 0)
        return want;
    struct ynode *indexed = oasis_tagged(oasis_map(r->o, attribute), "!indexed");
    oasis_put(r->o, indexed, "index", oasis_scalar(r->o, index, oasis_value(index)));
    oasis_put(r->o, indexed, "value", want);
    return indexed;
}

/* All instances of the name: of one kind a server may have more (a digest by each of its
 * algorithms), of others exactly these, in any order. */
static struct ynode *instances(struct oasis_reply *r, const struct xnode *first, const char *name)
{
    bool more = strcmp(name, "Digest") == 0;
    struct ynode *list = oasis_seq(r->o, first);

    for (const struct xnode *c = first; c; c = c->next)
        if (oasis_is(c, KMIP_TAG_ATTRIBUTE) && strcmp(oasis_attribute_name(r->o, c), name) == 0)
            oasis_push(r->o, list, instance(r, c, name));
    if (more)
        return oasis_tagged(list, "!contains");
    return list->n == 1 ? list->vals[0] : list;
}

/* The attributes of a structure, by name; NULL if none is judged. */
static struct ynode *attributes(struct oasis_reply *r, const struct xnode *first)
{
    struct ynode *map = oasis_map(r->o, first);

    for (const struct xnode *c = first; c; c = c->next) {
        const char *name = oasis_is(c, KMIP_TAG_ATTRIBUTE) ? oasis_attribute_name(r->o, c) : NULL;
        if (name && !ynode_get(map, name) && !may_lack(r, name))
            oasis_put(r->o, map, name, instances(r, c, name));
    }
    return map->n > 0 ? map : NULL;
}

/* ---- fields ------------------------------------------------------------------------------ */

/* Does the request tell its own objects from those of others? */
static bool is_narrow(struct oasis_reply *r)
{
    for (const struct xnode *c = r->asked ? r->asked->first : NULL; c; c = c->next) {
        const char *name = oasis_is(c, KMIP_TAG_ATTRIBUTE) ? oasis_attribute_name(r->o, c) : "";
        const struct xnode *v = oasis_child(c, KMIP_TAG_ATTRIBUTE_VALUE);
        if (strcmp(name, "Name") == 0 || strcmp(name, "Unique Identifier") == 0 ||
            strncmp(name, "x-", 2) == 0 ||
            (strcmp(name, "Object Group") == 0 && strcmp(oasis_value(v), "default") != 0))
            return true;
    }
    return false;
}

/* All children of the tag from `first` on, as a list. */
static struct ynode *list_of(struct oasis_reply *r, const struct xnode *first)
{
    struct ynode *list = oasis_seq(r->o, first);
    uint32_t tag = oasis_tag(first);

    for (const struct xnode *c = first; c; c = c->next)
        if (oasis_tag(c) == tag)
            oasis_push(r->o, list, value(r, c, NULL));
    return list;
}

/* Identifiers come in any order; others may be among them unless the request says whose. */
static struct ynode *located(struct oasis_reply *r, const struct xnode *first)
{
    struct ynode *list = list_of(r, first);

    if (!is_narrow(r) && !oasis_child(r->asked, KMIP_TAG_MAXIMUM_ITEMS))
        return oasis_tagged(list, "!contains");
    return list->n == 1 ? list->vals[0] : oasis_tagged(list, "!set");
}

static struct ynode *attribute_names(struct oasis_reply *r, const struct xnode *first)
{
    struct ynode *list = oasis_tagged(oasis_seq(r->o, first), "!contains");

    for (const struct xnode *c = first; c; c = c->next) {
        const char *name = oasis_name(r->o, oasis_value(c));
        if (oasis_is(c, KMIP_TAG_ATTRIBUTE_NAME) && !may_lack(r, name))
            oasis_push(r->o, list, oasis_text(r->o, c, name));
    }
    return list;
}

/* A reply to a question without versions may name more of them (KMIP 1.2 spec, 4.26). */
static struct ynode *versions(struct oasis_reply *r, const struct xnode *first)
{
    bool asked = oasis_child(r->asked, KMIP_TAG_PROTOCOL_VERSION) != NULL;
    struct ynode *list = oasis_seq(r->o, first);

    for (const struct xnode *c = first; c; c = c->next)
        if (oasis_is(c, KMIP_TAG_PROTOCOL_VERSION))
            oasis_push(
                r->o, list,
                oasis_text(r->o, c,
                           oasis_format(
                               r->o, "%s.%s",
                               oasis_value(oasis_child(c, KMIP_TAG_PROTOCOL_VERSION_MAJOR)),
                               oasis_value(oasis_child(c, KMIP_TAG_PROTOCOL_VERSION_MINOR)))));
    return asked ? list : oasis_tagged(list, "!contains");
}

/* What is expected of all fields of first's tag; NULL: nothing. */
static struct ynode *field(struct oasis_reply *r, const struct xnode *first)
{
    if (r->operation == KMIP_OPERATION_DISCOVER_VERSIONS &&
        oasis_is(first, KMIP_TAG_PROTOCOL_VERSION))
        return versions(r, first);
    switch (judged_as(r, first)) {
    case JUDGED_NOT:
        return NULL;
    case JUDGED_THERE:
        return any(r, first);
    case JUDGED_FOUND:
        return located(r, first);
    case JUDGED_SET:
        return attribute_names(r, first);
    default:
        break;
    }
    struct ynode *list = list_of(r, first);
    return list->n > 1 ? list : list->n == 1 ? list->vals[0] : NULL;
}

static bool is_first(const struct xnode *n)
{
    for (const struct xnode *c = n->parent->first; c != n; c = c->next)
        if (oasis_tag(c) == oasis_tag(n))
            return false;
    return true;
}

static struct ynode *structure(struct oasis_reply *r, const struct xnode *n)
{
    struct ynode *map = oasis_map(r->o, n);

    for (const struct xnode *c = n->first; c; c = c->next) {
        if (!is_first(c))
            continue;
        bool attribute = oasis_is(c, KMIP_TAG_ATTRIBUTE);
        const char *name = kmip_tag_name(oasis_tag(c));
        const char *key =
            attribute ? "Attributes"
            : name    ? name
                      : oasis_format(r->o, "0x%06X", (unsigned)oasis_tag(c));
        oasis_put(r->o, map, key, attribute ? attributes(r, c) : field(r, c));
    }
    return map;
}

static struct ynode *value(struct oasis_reply *r, const struct xnode *n, const char *attribute)
{
    if (oasis_type(n) != TTLV_STRUCTURE)
        return leaf(r, n, attribute);
    bool material = oasis_is(n, KMIP_TAG_KEY_MATERIAL) || oasis_is(n, KMIP_TAG_CERTIFICATE);
    if (material && !(r->object && r->object->origin == ORIGIN_GIVEN))
        return any(r, n);
    if (attribute) { /* a structure of an attribute: Name, Link, Digest */
        struct ynode *map = oasis_map(r->o, n);
        for (const struct xnode *c = n->first; c; c = c->next)
            oasis_put(r->o, map, kmip_tag_name(oasis_tag(c)), value(r, c, attribute));
        return map;
    }
    return structure(r, n);
}

struct ynode *oasis_payload(struct oasis *o, const struct xnode *asked, const struct xnode *got,
                            bool found)
{
    struct oasis_reply r = {.o = o,
                      .operation = oasis_operation(got),
                      .asked = oasis_child(asked, KMIP_TAG_REQUEST_PAYLOAD),
                      .got = oasis_child(got, KMIP_TAG_RESPONSE_PAYLOAD),
                      .found = found};

    if (!r.got)
        return NULL;
    r.object = oasis_object_of(o, r.got);
    if (!r.object)
        r.object = oasis_object_of(o, r.asked);
    struct ynode *map = structure(&r, r.got);
    if (r.operation == KMIP_OPERATION_LOCATE && !oasis_child(r.got, KMIP_TAG_UNIQUE_IDENTIFIER))
        oasis_put(o, map, "Unique Identifier",
                  oasis_tagged(oasis_scalar(o, r.got, ""), "!absent"));
    if (r.operation == KMIP_OPERATION_DISCOVER_VERSIONS && !r.got->first)
        oasis_put(o, map, "Protocol Version", oasis_tagged(oasis_scalar(o, r.got, ""), "!absent"));
    return map->n > 0 ? map : NULL;
}
