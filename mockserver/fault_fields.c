/* Actions on the fields of one reply (fault_action.h): the message stays well formed,
 * but says something else. */
#include <stdio.h>

#include "kmip/base/clock.h"
#include "kmip/base/text.h"
#include "kmip/form/from_yaml.h"
#include "mockserver/fault_action.h"
#include "mockserver/fields.h"
#include "mockserver/place.h"

#define CHANGE_MAX (1u << 20) /* bytes that a field may be set to */


static bool no_room(struct fault_shot *s)
{
    s->no_memory = true;
    return fault_event(s, false, "no memory");
}

static bool not_there(struct fault_shot *s, const struct tag_path *p)
{
    return fault_event(s, false, "the reply has no field %s", p->text);
}

/* --- set, insert, remove ----------------------------------------------- */

struct field_params {
    const struct ynode *field, *value;
    struct tag_path path;
    int position;
};

static const char *const positions[] = {"last", "first", NULL};

static const struct yfield set_fields[] = {
    NODE(field_params, "field", field, "tag path, such as Response Header/Time Stamp", NEEDED),
    NODE(field_params, "value", value,
         "as in a message in YAML; !item and !raw work", NEEDED), END};

static const struct yfield insert_fields[] = {
    NODE(field_params, "field", field, "tag path that ends with the new field's name", NEEDED),
    NODE(field_params, "value", value, "as in a message in YAML; !item and !raw work", NEEDED),
    CHOICE(field_params, "position", position, positions,
           "last (the default) or first in its structure"),
    END};

static const struct yfield remove_fields[] = {
    NODE(field_params, "field", field,
         "tag path, such as Response Header/Time Stamp", NEEDED), END};

static bool no_variable(void *arg, struct bytes name, struct form_value_ref *out)
{
    (void)arg;
    (void)name;
    (void)out;
    return false;
}

/* The item {tag: value} as it stands at a place of the walk. */
static bool make_item(const struct kmip_walk *at, uint32_t tag, const struct ynode *value,
                      struct buf *out, struct kerr *err)
{
    char hex[16];
    const char *name = kmip_tag_name(tag);
    snprintf(hex, sizeof hex, "0x%06X", tag);
    struct ynode key = *value;
    key.kind = YNODE_SCALAR;
    key.tag = NULL;
    key.plain = true;
    key.text = name ? name : hex;
    key.len = strlen(key.text);
    struct ynode *keys[] = {&key}, *vals[] = {(struct ynode *)value};
    struct ynode map = *value;
    map.kind = YNODE_MAP;
    map.tag = NULL;
    map.keys = keys;
    map.vals = vals;
    map.n = 1;
    struct form_env env = {.lookup = no_variable, .now_s = clock_wall_ns() / NS_PER_S};
    struct kmip_walk walk = *at;
    struct ttlv_writer w;
    ttlv_w_init(&w, out, err);
    return from_yaml_fields(&map, &walk, &env, &w, err) && ttlv_w_finish(&w);
}

/* What the value means can hang on fields beside it: then it is only known at a reply. */
static bool known_beforehand(const struct fault *f, const struct tag_path *p)
{
    for (size_t i = 0; i + 1 < p->n; i++)
        switch (p->v[i].tag) {
        case KMIP_TAG_RESPONSE_PAYLOAD:
            if (f->match.operations.n != 1)
                return false;
            break;
        case KMIP_TAG_ATTRIBUTE:
        case KMIP_TAG_KEY_BLOCK:
        case KMIP_TAG_KEY_VALUE:
        case KMIP_TAG_CREDENTIAL:
            return false;
        default:
            break;
        }
    return true;
}

/* Tries the value now, so that a slip shows when the fault is declared. */
static bool try_value(const struct fault_reading *r, const struct field_params *p)
{
    struct kmip_walk walk;
    struct buf out;
    uint8_t operation[4];
    kmip_walk_init(&walk);
    if (!known_beforehand(r->fault, &p->path) || !kmip_walk_enter(&walk, KMIP_TAG_RESPONSE_MESSAGE))
        return true;
    for (size_t i = 0; i + 1 < p->path.n; i++) {
        if (p->path.v[i].tag == KMIP_TAG_RESPONSE_PAYLOAD) {
            be32_put(operation, r->fault->match.operations.v[0]);
            kmip_walk_note(&walk, KMIP_TAG_OPERATION, TTLV_ENUMERATION, bytes_of(operation, 4));
        }
        if (!kmip_walk_enter(&walk, p->path.v[i].tag))
            return true;
    }
    buf_init(&out, CHANGE_MAX);
    bool ok = make_item(&walk, p->path.v[p->path.n - 1].tag, p->value, &out, r->err);
    buf_clear(&out);
    return ok;
}

static bool check_field(const struct fault_reading *r, void *params)
{
    struct field_params *p = params;
    if (!tag_path_read(p->field, &p->path, r->err))
        return false;
    if (p->path.n == 0)
        return ynode_err(p->field, KE_CONFIG, r->err, "the path names no field of the message");
    return !p->value || try_value(r, p);
}

/* Replaces cut bytes at `at` by the field, which stands at a place of the walk. */
static bool put_field(struct fault_shot *s, const struct kmip_walk *walk, const size_t *up,
                      size_t n_up, size_t at, size_t cut)
{
    const struct field_params *p = s->params;
    struct kerr err = KERR_INIT;
    struct buf item;
    buf_init(&item, CHANGE_MAX);
    bool ok = make_item(walk, p->path.v[p->path.n - 1].tag, p->value, &item, &err);
    if (!ok)
        fault_event(s, false, "%.190s", err.msg);
    else if (!place_splice(s->reply, up, n_up, at, cut, buf_bytes(&item)))
        ok = no_room(s);
    buf_clear(&item);
    return ok;
}

static bool apply_set(struct fault_shot *s)
{
    const struct field_params *p = s->params;
    struct place at;
    if (!place_find(buf_bytes(s->reply), &p->path, p->path.n, &at))
        return not_there(s, &p->path);
    return put_field(s, &at.walk, at.up, at.n_up, at.off, at.size) &&
           fault_event(s, true, "%s set", p->path.text);
}

static bool apply_insert(struct fault_shot *s)
{
    const struct field_params *p = s->params;
    struct place at;
    if (!place_find(buf_bytes(s->reply), &p->path, p->path.n - 1, &at) ||
        at.it.type != TTLV_STRUCTURE || at.n_up > TAG_PATH_MAX)
        return fault_event(s, false, "the reply has no structure for %s", p->path.text);
    /* Into the structure: the walk notes what stands before the new field. */
    struct ttlv_reader r;
    struct ttlv_item it;
    struct kerr err = KERR_INIT;
    if (!kmip_walk_enter(&at.walk, at.it.tag))
        return not_there(s, &p->path);
    ttlv_r_children(&r, buf_bytes(s->reply), &at.it, &err);
    while (p->position == 0 && ttlv_r_next(&r, &it))
        if (it.type != TTLV_STRUCTURE)
            kmip_walk_note(&at.walk, it.tag, it.type, it.val);
    at.up[at.n_up++] = at.off;
    size_t where = at.off + TTLV_HEADER + (p->position == 0 ? at.it.len : 0);
    return put_field(s, &at.walk, at.up, at.n_up, where, 0) &&
           fault_event(s, true, "%s inserted", p->path.text);
}

static bool remove_at(struct fault_shot *s, const struct place *at)
{
    return place_splice(s->reply, at->up, at->n_up, at->off, at->size, bytes_of(NULL, 0)) ||
           no_room(s);
}

static bool apply_remove(struct fault_shot *s)
{
    const struct field_params *p = s->params;
    struct place at;
    if (!place_find(buf_bytes(s->reply), &p->path, p->path.n, &at))
        return not_there(s, &p->path);
    return remove_at(s, &at) && fault_event(s, true, "%s removed", p->path.text);
}

/* --- result ------------------------------------------------------------ */

struct result_params {
    const struct ynode *status_node, *reason_node, *performed_node;
    const char *message;
    uint32_t status, reason;
    bool performed;
};

static const struct yfield result_fields[] = {
    NODE(result_params, "status", status_node, "Result Status; Operation Failed"),
    NODE(result_params, "reason", reason_node, "Result Reason; General Failure"),
    STR(result_params, "message", message, "Result Message; names the fault when not given"),
    NODE(result_params, "performed", performed_node,
         "true: the operation is carried out all the same; default: false unless status is "
         "Success"),
    END};

static bool read_enum(const struct ynode *n, const char *enumeration, uint32_t *out,
                      struct kerr *err)
{
    const struct kmip_enum *e = kmip_enum_by_name(bytes_str(enumeration));
    const char *text, *names[96];
    int64_t number;
    size_t k = 0;
    if (!ynode_str(n, &text, err))
        return false;
    const struct kmip_enum_value *v = kmip_enum_by_text(e, bytes_str(text));
    if (v) {
        *out = v->value;
        return true;
    }
    if (n->plain && text_int(bytes_str(text), 0, UINT32_MAX, &number)) {
        *out = (uint32_t)number;
        return true;
    }
    for (; k < e->n && k < 96; k++)
        names[k] = e->values[k].name;
    const char *near = text_nearest(text, names, k);
    return ynode_err(n, KE_CONFIG, err, "'%s' is no %s%s", text, enumeration,
                     text_hint(near).text);
}

static bool check_result(const struct fault_reading *r, void *params)
{
    struct result_params *p = params;
    p->status = KMIP_RESULT_STATUS_OPERATION_FAILED;
    p->reason = KMIP_RESULT_REASON_GENERAL_FAILURE;
    if ((p->status_node && !read_enum(p->status_node, "Result Status", &p->status, r->err)) ||
        (p->reason_node && !read_enum(p->reason_node, "Result Reason", &p->reason, r->err)))
        return false;
    p->performed = p->status == KMIP_RESULT_STATUS_SUCCESS;
    if (p->performed_node && !ynode_bool(p->performed_node, &p->performed, r->err))
        return false;
    if (p->message && !text_utf8(bytes_str(p->message)))
        return ynode_err(ynode_get(r->n, "message"), KE_CONFIG, r->err, "message is not UTF-8");
    return true;
}

static void result_before(struct fault_shot *s)
{
    const struct result_params *p = s->params;
    if (p->performed)
        return;
    struct behaviour *b = fault_behaviour(s->exchange);
    b->refuse_reason = KMIP_RESULT_REASON_GENERAL_FAILURE; /* apply_result says which */
    b->refuse_text = "injected fault";
}

static void copy_field(struct ttlv_writer *w, const struct ttlv_item *item, uint32_t tag)
{
    struct ttlv_item it;
    if (ttlv_find(item, tag, &it))
        ttlv_w_item(w, 0, &it);
}

/* A Batch Item with this result in place of its own (KMIP 1.2 spec, 7.2). */
static void write_item(struct ttlv_writer *w, const struct ttlv_item *item,
                       const struct result_params *p, const char *fault)
{
    bool success = p->status == KMIP_RESULT_STATUS_SUCCESS;
    char message[200];
    snprintf(message, sizeof message, "injected fault %s", fault);
    ttlv_w_open(w, KMIP_TAG_BATCH_ITEM);
    copy_field(w, item, KMIP_TAG_OPERATION);
    copy_field(w, item, KMIP_TAG_UNIQUE_BATCH_ITEM_ID);
    ttlv_w_enum(w, KMIP_TAG_RESULT_STATUS, p->status);
    if (!success || p->reason_node)
        ttlv_w_enum(w, KMIP_TAG_RESULT_REASON, p->reason);
    if (!success || p->message)
        ttlv_w_str(w, KMIP_TAG_RESULT_MESSAGE, p->message ? p->message : message);
    copy_field(w, item, KMIP_TAG_ASYNCHRONOUS_CORRELATION_VALUE);
    if (success)
        copy_field(w, item, KMIP_TAG_RESPONSE_PAYLOAD);
    copy_field(w, item, KMIP_TAG_MESSAGE_EXTENSION);
    ttlv_w_close(w);
}

static bool apply_result(struct fault_shot *s)
{
    const struct result_params *p = s->params;
    struct ttlv_item root, it;
    struct ttlv_reader r;
    struct ttlv_writer w;
    struct kerr err = KERR_INIT;
    struct buf out;
    if (!ttlv_first(buf_bytes(s->reply), &root) || root.type != TTLV_STRUCTURE)
        return fault_event(s, false, "the reply cannot be read");
    buf_init(&out, s->reply->limit);
    ttlv_w_init(&w, &out, &err);
    ttlv_w_open(&w, root.tag);
    ttlv_r_children(&r, buf_bytes(s->reply), &root, &err);
    while (ttlv_r_next(&r, &it))
        if (it.tag == KMIP_TAG_BATCH_ITEM)
            write_item(&w, &it, p, s->fault->name);
        else
            ttlv_w_item(&w, 0, &it);
    ttlv_w_close(&w);
    bool ok = ttlv_w_finish(&w) && !r.failed;
    if (ok) {
        buf_clear(s->reply);
        *s->reply = out;
        return fault_event(s, true, "answered %s%s%s", kmip_name_of("Result Status", p->status),
                           p->status ? ", " : "",
                           p->status ? kmip_name_of("Result Reason", p->reason) : "");
    }
    buf_clear(&out);
    return fault_event(s, false, "%.190s", err.msg);
}

/* --- identifiers, types, versions -------------------------------------- */

static bool find_batch_id(const struct buf *reply, uint32_t item, struct place *at)
{
    struct tag_path p = tag_path_of("Batch Item/Unique Batch Item ID");
    p.v[0].index = item;
    return place_find(buf_bytes(reply), &p, p.n, at);
}

static uint32_t items_of(const struct buf *reply)
{
    struct kmip_message m;
    struct kerr ignored = KERR_INIT;
    return kmip_open(&m, buf_bytes(reply), &ignored) ? m.n_items : 0;
}

/* The identifier of somebody else, of the same length: every bit is another. */
static bool apply_wrong_batch_id(struct fault_shot *s)
{
    unsigned n = 0;
    struct place at;
    for (uint32_t i = 0, items = items_of(s->reply); i < items; i++)
        if (find_batch_id(s->reply, i, &at) && at.it.len > 0) {
            for (uint32_t k = 0; k < at.it.len; k++)
                s->reply->p[at.off + TTLV_HEADER + k] ^= 0xFF;
            n++;
        }
    return n > 0 ? fault_event(s, true, "Unique Batch Item ID changed")
                 : fault_event(s, false, "the reply has no Unique Batch Item ID");
}

static bool apply_no_batch_id(struct fault_shot *s)
{
    unsigned n = 0;
    struct place at;
    for (uint32_t i = 0, items = items_of(s->reply); i < items; i++)
        if (find_batch_id(s->reply, i, &at)) {
            if (!remove_at(s, &at))
                return false;
            n++;
        }
    return n > 0 ? fault_event(s, true, "Unique Batch Item ID left out")
                 : fault_event(s, false, "the reply has no Unique Batch Item ID");
}

struct type_params {
    const struct ynode *field, *type_node;
    struct tag_path path;
    int64_t type;
};

static const struct yfield type_fields[] = {
    NODE(type_params, "field", field, "tag path; Batch Item/Result Status"),
    NODE(type_params, "type", type_node, "name of an item type, or its number; Integer"),
    END};

static bool check_type(const struct fault_reading *r, void *params)
{
    struct type_params *p = params;
    const char *text;
    p->path = tag_path_of("Batch Item/Result Status");
    p->type = TTLV_INTEGER;
    if (p->field && !tag_path_read(p->field, &p->path, r->err))
        return false;
    if (!p->type_node)
        return true;
    if (!ynode_str(p->type_node, &text, r->err))
        return false;
    p->type = ttlv_type_by_name(bytes_str(text));
    return p->type != 0 || text_int(bytes_str(text), 0, 255, &p->type) ||
           ynode_err(p->type_node, KE_CONFIG, r->err,
                     "type is one such as Integer or Text String, or a number up to 0xFF, not '%s'",
                     text);
}

static bool apply_type(struct fault_shot *s)
{
    const struct type_params *p = s->params;
    struct place at;
    if (!place_find(buf_bytes(s->reply), &p->path, p->path.n, &at))
        return not_there(s, &p->path);
    if (at.it.type == p->type)
        return fault_event(s, false, "%s has that type", p->path.text);
    s->reply->p[at.off + 3] = (uint8_t)p->type;
    return fault_event(s, true, "%s given type 0x%02X", p->path.text, (unsigned)p->type);
}

struct version_params {
    const char *version;
    int64_t major, minor;
};

static const struct yfield version_fields[] = {
    STR(version_params, "version", version, "Protocol Version of the reply; 9.9"),
    END};

static const struct version_params version_defaults = {.version = "9.9"};

static bool check_version(const struct fault_reading *r, void *params)
{
    struct version_params *p = params;
    const char *dot = strchr(p->version, '.');
    return (dot &&
            text_int(bytes_of(p->version, (size_t)(dot - p->version)), INT32_MIN, INT32_MAX,
                     &p->major) &&
            text_int(bytes_str(dot + 1), INT32_MIN, INT32_MAX, &p->minor)) ||
           ynode_err(ynode_get(r->n, "version"), KE_CONFIG, r->err,
                     "version is two numbers such as 9.9, not '%s'", p->version);
}

static bool set_integer(struct buf *reply, const char *path, int64_t v)
{
    struct tag_path p = tag_path_of(path);
    struct place at;
    if (!place_find(buf_bytes(reply), &p, p.n, &at) || at.it.len != 4)
        return false;
    be32_put(reply->p + at.off + TTLV_HEADER, (uint32_t)(int32_t)v);
    return true;
}

static bool apply_version(struct fault_shot *s)
{
    const struct version_params *p = s->params;
    static const char major[] = "Response Header/Protocol Version/Protocol Version Major",
                      minor[] = "Response Header/Protocol Version/Protocol Version Minor";
    bool ok = set_integer(s->reply, major, p->major) && set_integer(s->reply, minor, p->minor);
    return ok ? fault_event(s, true, "Protocol Version %s", p->version)
              : fault_event(s, false, "the reply has no Protocol Version");
}

const struct fault_action fault_field_actions[] = {
    {.name = "result",
     .stage = FAULT_FIELDS,
     .help = "every Batch Item is answered with this status, reason and message",
     .size = sizeof(struct result_params),
     .fields = result_fields,
     .main = "reason",
     .bare = true,
     .check = check_result,
     .before = result_before,
     .apply = apply_result},
    {.name = "set",
     .stage = FAULT_FIELDS,
     .help = "a field of the reply has another value",
     .size = sizeof(struct field_params),
     .fields = set_fields,
     .check = check_field,
     .apply = apply_set},
    {.name = "insert",
     .stage = FAULT_FIELDS,
     .help = "the reply has a field more",
     .size = sizeof(struct field_params),
     .fields = insert_fields,
     .check = check_field,
     .apply = apply_insert},
    {.name = "remove",
     .stage = FAULT_FIELDS,
     .help = "a field of the reply is left out",
     .size = sizeof(struct field_params),
     .fields = remove_fields,
     .main = "field",
     .check = check_field,
     .apply = apply_remove},
    {.name = "wrong_batch_id",
     .stage = FAULT_FIELDS,
     .help = "the reply carries Unique Batch Item IDs that nobody sent",
     .bare = true,
     .apply = apply_wrong_batch_id},
    {.name = "no_batch_id",
     .stage = FAULT_FIELDS,
     .help = "the reply leaves the Unique Batch Item IDs out",
     .bare = true,
     .apply = apply_no_batch_id},
    {.name = "wrong_type",
     .stage = FAULT_FIELDS,
     .help = "a field of the reply has another item type, its bytes unchanged",
     .size = sizeof(struct type_params),
     .fields = type_fields,
     .main = "field",
     .bare = true,
     .check = check_type,
     .apply = apply_type},
    {.name = "wrong_version",
     .stage = FAULT_FIELDS,
     .help = "the reply is in another Protocol Version than the request",
     .size = sizeof(struct version_params),
     .fields = version_fields,
     .defaults = &version_defaults,
     .main = "version",
     .bare = true,
     .check = check_version,
     .apply = apply_version},
    {.name = NULL},
};
