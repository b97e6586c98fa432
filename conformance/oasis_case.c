/* A file of a published case becomes a case (oasis.h): the document is checked as KMIP XML,
 * then a document of a case is made of it (case.h), which is read like one from YAML. */
#include <ctype.h>
#include <stdlib.h>

#include "conformance/oasis.h"
#include "conformance/oasis_in.h"

#define ARENA_MAX (64u << 20)
#define MESSAGE_MAX (16u << 20)
#define NEWEST 0x12 /* what this tester's tables know in full */

/* ---- names of files ------------------------------------------------------------------- */

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static size_t stem_length(const char *name)
{
    size_t n = strlen(name);

    return n > 4 && strcmp(name + n - 4, ".xml") == 0 ? n - 4 : n;
}

/* How much of the name is the case's number: all before the first word with a small letter,
 * "TC_ECC_1_12_Register_..." -> 11. */
static size_t number_length(const char *name, size_t n)
{
    for (size_t start = 0, i = 0; i <= n; i++) {
        if (i < n && name[i] != '_' && name[i] != '-')
            continue;
        for (size_t k = start; start > 0 && k < i; k++)
            if (islower((unsigned char)name[k]))
                return start - 1;
        start = i + 1;
    }
    return n;
}

static const char *id_of(struct oasis *o, const char *path, bool whole)
{
    const char *name = file_name(path);
    size_t stem = stem_length(name), n = whole ? stem : number_length(name, stem);
    char *id = arena_copy(o->arena, bytes_of(name, n));

    if (!id) {
        kerr_set(o->err, KE_MEMORY, "no memory for the case");
        return "";
    }
    for (char *p = id; *p; p++)
        *p = isalnum((unsigned char)*p) || *p == '.' ? (char)tolower((unsigned char)*p) : '-';
    return id;
}

/* What the first comment says of the case; "" where it only says whose the file is. */
static const char *comment_of(const struct oasis *o)
{
    static const char imprint[] = "Key Management Interoperability Protocol Profiles Version";

    return strncmp(o->doc->comment, imprint, strlen(imprint)) == 0 ? "" : o->doc->comment;
}

/* The words behind the number, else the beginning of the first comment. */
static const char *title_of(struct oasis *o, const char *path)
{
    const char *name = file_name(path), *comment = comment_of(o);
    size_t stem = stem_length(name), n = number_length(name, stem);

    if (n < stem) {
        char *title = arena_copy(o->arena, bytes_of(name + n + 1, stem - n - 1));
        for (char *p = title; p && *p; p++)
            *p = *p == '_' || *p == '-' ? ' ' : *p;
        return title ? title : "";
    }
    n = strcspn(comment, ".");
    return *comment ? oasis_format(o, "%.*s", n < 100 ? (int)n : 100, comment)
                    : oasis_format(o, "%.*s", (int)stem, name);
}

/* An optional case, such as SKLC-O-1-12, costs no more than a warning. */
static const char *level_of(const char *id)
{
    return strstr(id, "-o-") ? "MAY" : "MUST";
}

/* ---- errata ----------------------------------------------------------------------------- */

/* Published values that no server can come to. */
static const struct erratum {
    const char *file, *published, *right, *why;
} errata[] = {
    {"CS-BC-M-6-13.", "fd912d102dbb482f6f6e91bd57119095", "d9bcce11b0b437b90239552df3a360c9",
     "The published result is not AES of the published key and data; the right one is expected."},
};

static void correct_values(struct xnode *n, const struct erratum *e)
{
    for (size_t i = 0; i < n->n_attrs; i++)
        if (strcmp(n->attrs[i].name, "value") == 0 && strcmp(n->attrs[i].value, e->published) == 0)
            n->attrs[i].value = e->right;
    for (struct xnode *c = n->first; c; c = c->next)
        correct_values(c, e);
}

/* Mends the document where it is one of those; what was done, else NULL. */
static const char *correct(const struct oasis *o, const char *path)
{
    for (size_t i = 0; i < sizeof errata / sizeof *errata; i++)
        if (strncmp(file_name(path), errata[i].file, strlen(errata[i].file)) == 0) {
            correct_values(o->doc->root, &errata[i]);
            return errata[i].why;
        }
    return NULL;
}

/* ---- the messages ------------------------------------------------------------------------ */

static bool is_message(const struct xnode *n, const char *name)
{
    return n && strcmp(n->name, name) == 0;
}

/* Any variable will do to see whether a message is sound. */
static bool anything(void *arg, struct bytes name, struct form_value_ref *out)
{
    (void)arg, (void)name;
    *out = (struct form_value_ref){.val = bytes_str("00")};
    return true;
}

static bool check_message(const struct xnode *n, struct kerr *err)
{
    const struct form_env env = {.lookup = anything};
    struct buf msg;

    buf_init(&msg, MESSAGE_MAX);
    bool ok = from_xml_message(n, &env, &msg, err);
    buf_clear(&msg);
    if (!ok)
        return false;
    const struct xnode *header =
        oasis_child(n, is_message(n, "RequestMessage") ? KMIP_TAG_REQUEST_HEADER
                                                       : KMIP_TAG_RESPONSE_HEADER);
    if (!header || !oasis_child(header, KMIP_TAG_PROTOCOL_VERSION))
        return xnode_err(n, KE_XML, err, "%s: a header with a Protocol Version is missing",
                         n->name);
    return oasis_child(n, KMIP_TAG_BATCH_ITEM) ||
           xnode_err(n, KE_XML, err, "%s: there is no BatchItem", n->name);
}

static uint8_t version_of(const struct xnode *message)
{
    const struct xnode *header = message->first;
    const struct xnode *v = header ? xnode_child(header, "ProtocolVersion") : NULL;
    const struct xnode *major = v ? xnode_child(v, "ProtocolVersionMajor") : NULL;
    const struct xnode *minor = v ? xnode_child(v, "ProtocolVersionMinor") : NULL;

    return KMIP_VERSION(atoi(oasis_value(major)), atoi(oasis_value(minor)));
}

/* The first placeholder in the element that no reply before `end` gives, not even by a field
 * of the same name. */
static const char *unbound(struct oasis *o, const struct xnode *n, const struct xnode *end)
{
    const char *missing = oasis_placeholder(n);

    for (const struct xnode *m = o->doc->root->first; missing && m != end; m = m->next)
        if (is_message(m, "ResponseMessage") &&
            (oasis_uses(m, missing) > 0 || oasis_within(m, n->name)))
            missing = NULL;
    for (const struct xnode *c = n->first; !missing && c; c = c->next)
        missing = unbound(o, c, end);
    return missing;
}

/* Why the case cannot be run at all; NULL: it can. */
static const char *not_applicable(struct oasis *o)
{
    const char *missing;

    for (const struct xnode *n = o->doc->root->first; n; n = n->next) {
        struct kerr why = KERR_INIT;
        uint8_t version = version_of(n);
        if (strstr(n->before, "[Server-to-Client]"))
            return "the case needs messages from the server to the client (Notify, Put), and this "
                   "tester does not listen";
        if (version > NEWEST && !check_message(n, &why))
            return oasis_format(o, "the case is of KMIP %s: %s", kmip_version_text(version),
                                why.msg);
        if (is_message(n, "RequestMessage") && (missing = unbound(o, n, n)))
            return oasis_format(o, "the request of line %u needs %s, which no reply before it gives",
                                n->line, missing);
    }
    return NULL;
}

static bool check_document(struct oasis *o)
{
    const struct xnode *root = o->doc->root;

    if (strcmp(root->name, "KMIP") != 0 || !root->first)
        return xnode_err(root, KE_XML, o->err,
                         "a test case is pairs of RequestMessage and ResponseMessage in <KMIP>");
    for (const struct xnode *n = root->first; n; n = n->next->next) {
        if (!is_message(n, "RequestMessage"))
            return xnode_err(n, KE_XML, o->err, "<%.60s> stands where <RequestMessage> is expected",
                             n->name);
        if (!is_message(n->next, "ResponseMessage"))
            return xnode_err(n->next ? n->next : n, KE_XML, o->err,
                             "the <RequestMessage> of line %u has no <ResponseMessage> behind it",
                             n->line);
        if (!check_message(n, o->err) || !check_message(n->next, o->err))
            return false;
    }
    return true;
}

/* ---- who ------------------------------------------------------------------------------------ */

/* The number of the request's credential, from 1 in the order of their appearance. */
static void find_credential(struct oasis *o, struct oasis_pair *p)
{
    const struct xnode *header = oasis_child(p->request, KMIP_TAG_REQUEST_HEADER);
    const struct xnode *authentication = oasis_child(header, KMIP_TAG_AUTHENTICATION);
    if (!authentication)
        return;
    const char *text = oasis_written_out(o, authentication);
    size_t i = 0;
    while (i < o->n_credentials && strcmp(o->credentials[i], text) != 0)
        i++;
    if (i == o->n_credentials && i < OASIS_CREDENTIALS_MAX) {
        o->credentials[o->n_credentials++] = text;
        p->new_credential = true;
    }
    if (i == OASIS_CREDENTIALS_MAX)
        xnode_err(authentication, KE_CASE, o->err, "the case has more than %d credentials",
                  OASIS_CREDENTIALS_MAX);
    p->credential = i + 1;
}

/* ---- needs ----------------------------------------------------------------------------------- */

static void put_once(struct oasis *o, struct ynode *list, const struct xnode *at, const char *text)
{
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->vals[i]->text, text) == 0)
            return;
    oasis_push(o, list, oasis_text(o, at, text));
}

/* Operations that are not there to be announced, or that steps do without. */
static bool is_always(uint32_t operation)
{
    return operation == KMIP_OPERATION_QUERY || operation == KMIP_OPERATION_DISCOVER_VERSIONS ||
           operation == KMIP_OPERATION_POLL || operation == KMIP_OPERATION_CANCEL;
}

static void need_item(struct oasis *o, const struct xnode *item, struct ynode *operations,
                      struct ynode *objects)
{
    const struct xnode *operation = oasis_child(item, KMIP_TAG_OPERATION);
    const struct xnode *type =
        oasis_child(oasis_child(item, KMIP_TAG_REQUEST_PAYLOAD), KMIP_TAG_OBJECT_TYPE);

    if (!is_always(oasis_operation(item)))
        put_once(o, operations, operation, kmip_operation_name(oasis_operation(item)));
    if (type)
        put_once(o, objects, type, kmip_name_of("Object Type", oasis_enum(type, "Object Type")));
}

/* Versions that a reply to Discover Versions must hold. */
static void need_versions(struct oasis *o, const struct xnode *response, struct ynode *versions)
{
    const struct xnode *item = oasis_child(response, KMIP_TAG_BATCH_ITEM);
    const struct xnode *payload = oasis_child(item, KMIP_TAG_RESPONSE_PAYLOAD);

    put_once(o, versions, response, kmip_version_text(version_of(response)));
    if (oasis_operation(item) != KMIP_OPERATION_DISCOVER_VERSIONS || !payload)
        return;
    for (const struct xnode *c = payload->first; c; c = c->next)
        put_once(o, versions, c,
                 oasis_format(o, "%s.%s", oasis_value(xnode_child(c, "ProtocolVersionMajor")),
                              oasis_value(xnode_child(c, "ProtocolVersionMinor"))));
}

static struct ynode *needs_of(struct oasis *o)
{
    const struct xnode *root = o->doc->root;
    struct ynode *map = oasis_map(o, root), *operations = oasis_seq(o, root);
    struct ynode *objects = oasis_seq(o, root), *versions = oasis_seq(o, root);

    for (const struct xnode *n = root->first; n; n = n->next->next) {
        for (const struct xnode *item = n->first; item; item = item->next)
            if (oasis_is(item, KMIP_TAG_BATCH_ITEM))
                need_item(o, item, operations, objects);
        need_versions(o, n->next, versions);
    }
    oasis_put(o, map, "operations", operations);
    oasis_put(o, map, "objects", objects);
    oasis_put(o, map, "versions", versions);
    return map;
}

/* ---- the case ---------------------------------------------------------------------------------- */

static struct ynode *steps_of(struct oasis *o)
{
    struct ynode *steps = oasis_seq(o, o->doc->root);

    oasis_find_day(o);
    for (const struct xnode *n = o->doc->root->first; n; n = n->next->next) {
        const struct xnode *then = n->next->next;
        struct oasis_pair p = {.request = n,
                               .response = n->next,
                               .next_request = then,
                               .next_response = then ? then->next : NULL};
        find_credential(o, &p);
        oasis_steps(o, &p, steps);
    }
    return steps;
}

/* In place of steps that could not be made. */
static struct ynode *no_steps(struct oasis *o)
{
    struct ynode *steps = oasis_seq(o, o->doc->root), *step = oasis_map(o, o->doc->root);

    oasis_put(o, step, "operation", oasis_scalar(o, o->doc->root, "Query"));
    oasis_push(o, steps, step);
    return steps;
}

static struct ynode *root_of(struct oasis *o, const char *path, bool whole, const char *why_not)
{
    const struct xnode *at = o->doc->root;
    const char *id = id_of(o, path, whole), *corrected = correct(o, path);
    struct ynode *root = oasis_map(o, at), *steps = why_not ? no_steps(o) : steps_of(o);
    struct ynode *mock = oasis_mock(o);

    oasis_put(o, root, "id", oasis_text(o, at, id));
    oasis_put(o, root, "title", oasis_text(o, at, title_of(o, path)));
    oasis_put(o, root, "clause",
              oasis_text(o, at,
                         oasis_format(o, "OASIS test case %.*s",
                                      (int)number_length(file_name(path),
                                                         stem_length(file_name(path))),
                                      file_name(path))));
    oasis_put(o, root, "level", oasis_text(o, at, level_of(id)));
    if (corrected || *comment_of(o))
        oasis_put(o, root, "why", oasis_text(o, at, corrected ? corrected : comment_of(o)));
    if (!why_not)
        oasis_put(o, root, "needs", needs_of(o));
    if (mock)
        oasis_put(o, root, "mock", mock);
    oasis_put(o, root, "steps", steps);
    return root;
}

static struct test_case *make_case(struct oasis *o, struct ydoc *doc, const char *path, bool whole)
{
    const char *why_not = not_applicable(o);

    if (!why_not && !check_document(o))
        return NULL;
    doc->root = root_of(o, path, whole, why_not);
    if (o->err->code != KE_OK)
        return NULL;
    struct test_case *c = case_from(doc, path, OASIS_SUITE, o->err);
    if (c) {
        c->unnamed = true;
        c->follows = o->follows;
        c->not_applicable = why_not;
    }
    return c;
}

struct test_case *oasis_load(const char *path, bool whole, bool other, struct kerr *err)
{
    struct kerr own = KERR_INIT;
    struct xdoc xml;
    struct ydoc doc = {.root = NULL};
    struct test_case *c = NULL;
    struct oasis *o = calloc(1, sizeof *o);

    arena_init(&doc.arena, ARENA_MAX);
    if (!o)
        kerr_set(err, KE_MEMORY, "no memory for case %s", path);
    else if (xdoc_load(&xml, path, err)) {
        *o = (struct oasis){
            .arena = &doc.arena, .err = err ? err : &own, .doc = &xml, .other = other};
        o->file = arena_str(o->arena, path);
        if (o->file)
            c = make_case(o, &doc, path, whole);
        else
            kerr_set(o->err, KE_MEMORY, "no memory for case %s", path);
        xdoc_clear(&xml);
    }
    if (!c)
        ydoc_clear(&doc);
    free(o);
    return c;
}
