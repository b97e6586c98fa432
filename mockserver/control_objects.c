/* Stored objects by the control API: what they are, never what is in them.
 *
 * States are what the clock says now. Looking changes nothing: each look is a request of
 * the store that is taken back. */
#include "kmip/base/text.h"
#include "kmip/form/form.h"
#include "kmip/schema/walk.h"
#include "mockserver/control_priv.h"
#include "mockserver/fields.h"
#include "mockserver/lifecycle.h"
#include "mockserver/preload.h"

enum { LIMIT = 1000, LIMIT_MAX = 100000 };

struct object_question {
    const struct ynode *state;
    const char *name, *owner; /* patterns; NULL: any */
    int64_t limit;
    uint32_t wanted; /* state; 0: any */
};

const struct yfield control_objects_params[] = {
    NODE(object_question, "state", state, "objects in this state only"),
    STR(object_question, "name", name, "with a Name that fits; * and ? stand for others"),
    STR(object_question, "owner", owner, "of the client that fits; * and ? stand for others"),
    INT(object_question, "limit", limit, 1, LIMIT_MAX,
        "at most so many, the oldest first; 1000 unless told"),
    END};

/* --- one object -------------------------------------------------------- */

/* The n-th Name Value; false: there are no more. */
static bool name_at(const struct mock_object *o, int32_t n, struct bytes *out)
{
    const struct mock_attr *a = object_attr(o, KMIP_TAG_NAME, n);
    if (!a)
        return false;
    struct ttlv_item name = {
        .tag = KMIP_TAG_NAME, .type = TTLV_STRUCTURE, .len = (uint32_t)a->len,
        .val = bytes_of(a->value, a->len)};
    struct ttlv_item value;
    *out = ttlv_find(&name, KMIP_TAG_NAME_VALUE, &value) ? value.val : bytes_str("");
    return true;
}

static json_t *names_json(const struct mock_object *o)
{
    json_t *list = json_array();
    struct bytes name;
    for (int32_t n = 0; name_at(o, n, &name); n++)
        json_array_append_new(list, control_text(name));
    return list;
}

/* By the names that preload: has for them. */
static json_t *dates_json(const struct mock_object *o)
{
    static const struct {
        const char *key;
        uint32_t tag;
    } dates[] = {{"initial", KMIP_TAG_INITIAL_DATE},
                 {"activation", KMIP_TAG_ACTIVATION_DATE},
                 {"process_start", KMIP_TAG_PROCESS_START_DATE},
                 {"protect_stop", KMIP_TAG_PROTECT_STOP_DATE},
                 {"deactivation", KMIP_TAG_DEACTIVATION_DATE},
                 {"occurrence", KMIP_TAG_COMPROMISE_OCCURRENCE_DATE},
                 {"compromise", KMIP_TAG_COMPROMISE_DATE},
                 {"destroy", KMIP_TAG_DESTROY_DATE},
                 {"archive", KMIP_TAG_ARCHIVE_DATE},
                 {"last_change", KMIP_TAG_LAST_CHANGE_DATE}};
    json_t *v = json_object();
    char text[40];
    int64_t s;
    for (size_t i = 0; i < sizeof dates / sizeof *dates; i++)
        if (object_date(o, dates[i].tag, &s))
            json_object_set_new(v, dates[i].key, json_string(text_date_out(s, text)));
    return v;
}

static json_t *object_json(const struct mock_object *o, uint32_t state)
{
    uint32_t algorithm;
    int32_t length;
    json_t *v = json_pack("{s:o, s:s, s:o, s:b, s:b, s:b, s:o, s:o}", "identifier",
                          control_text(bytes_str(o->uid)), "type",
                          kmip_name_of("Object Type", o->type), "owner",
                          o->shared ? json_null() : control_text(bytes_str(o->owner)), "shared",
                          o->shared, "archived", o->archived, "destroyed", o->body_len == 0,
                          "names", names_json(o), "dates", dates_json(o));
    if (v && state)
        json_object_set_new(v, "state", json_string(kmip_name_of("State", state)));
    if (v && object_enum(o, KMIP_TAG_CRYPTOGRAPHIC_ALGORITHM, &algorithm))
        json_object_set_new(v, "algorithm",
                            json_string(kmip_name_of("Cryptographic Algorithm", algorithm)));
    if (v && object_int(o, KMIP_TAG_CRYPTOGRAPHIC_LENGTH, &length))
        json_object_set_new(v, "length", json_integer(length));
    return v;
}

/* Fields of a structure one behind the other: "Name Value: "x", Name Type: ...". */
static void on_one_line(struct buf *out, const char *text)
{
    while (*text) {
        size_t n = strcspn(text, "\n");
        buf_put(out, text, n);
        text += n + strspn(text + n, "\n ");
        if (*text)
            buf_puts(out, ", ");
    }
}

/* As the text tree has an Attribute, from its value on. */
static json_t *attribute_json(const struct mock_attr *a)
{
    static const char label[] = "Attribute Value";
    const struct form_options cautious = {.cautious = true};
    struct buf wire, text, line;
    struct ttlv_writer w;
    buf_init(&wire, BUF_NO_LIMIT);
    buf_init(&text, BUF_NO_LIMIT);
    buf_init(&line, BUF_NO_LIMIT);
    ttlv_w_init(&w, &wire, NULL);
    object_write_attr(a, &w);
    if (ttlv_w_finish(&w))
        form_text(buf_bytes(&wire), &cautious, &text);
    const char *value = strstr(buf_cstr(&text), label);
    if (value)
        on_one_line(&line, value + sizeof label - 1 + strspn(value + sizeof label - 1, ": \n"));
    json_t *v = json_pack("{s:o, s:i, s:o}", "name", control_text(bytes_str(a->name)), "index",
                          (int)a->index, "value", control_text(buf_bytes(&line)));
    buf_clear(&line);
    buf_clear(&text);
    buf_clear(&wire);
    return v;
}

/* --- looking ----------------------------------------------------------- */

static bool begin(struct control_request *rq)
{
    struct kerr err = KERR_INIT;
    engine_settle(&rq->control->server->engine);
    if (store_begin(rq->control->server->engine.store, &err))
        return true;
    control_refuse_err(rq, NULL, &err);
    return false;
}

/* Errors so far count first. */
static bool end(struct control_request *rq, bool commit, struct kerr *err)
{
    bool ok = err->code == KE_OK;
    ok = store_end(rq->control->server->engine.store, commit && ok, err) && ok;
    if (!ok)
        control_refuse_err(rq, NULL, err);
    return ok;
}

struct looking {
    const struct object_question *question;
    int64_t now;
    json_t *list;
    bool more;
};

static bool some_name_fits(const struct mock_object *o, const char *pattern)
{
    char text[300];
    struct bytes name;
    for (int32_t n = 0; name_at(o, n, &name); n++) {
        snprintf(text, sizeof text, "%.*s", (int)name.n, (const char *)name.p);
        if (text_glob(pattern, text))
            return true;
    }
    return false;
}

static bool visit(void *arg, struct mock_object *o)
{
    struct looking *l = arg;
    const struct object_question *q = l->question;
    uint32_t state = lifecycle_settle(o, l->now);
    if ((q->wanted && state != q->wanted) || (q->owner && !text_glob(q->owner, o->owner)) ||
        (q->name && !some_name_fits(o, q->name)))
        return true;
    l->more = json_array_size(l->list) >= (size_t)q->limit;
    if (!l->more)
        json_array_append_new(l->list, object_json(o, state));
    return !l->more;
}

static bool read_state(const struct ynode *n, uint32_t *out, struct kerr *err)
{
    const struct kmip_enum *states = kmip_enum_by_name(bytes_str("State"));
    const struct kmip_enum_value *v = kmip_enum_by_text(states, bytes_str(n->text));
    if (!v)
        return ynode_err(n, KE_CONFIG, err,
                         "there is no state '%s'; Pre-Active, Active, Deactivated, Compromised, "
                         "Destroyed, Destroyed Compromised",
                         n->text);
    *out = v->value;
    return true;
}

void control_get_objects(struct control_request *rq)
{
    struct object_question q = {.limit = LIMIT};
    struct mock_engine *e = &rq->control->server->engine;
    struct kerr err = KERR_INIT;
    if (!control_params(rq, &q))
        return;
    if (q.state && !read_state(q.state, &q.wanted, &err)) {
        control_refuse_query(rq, &err);
        return;
    }
    struct looking l = {.question = &q, .now = engine_now(e), .list = json_array()};
    if (begin(rq)) {
        (void)!store_scan(e->store, NULL, 0, visit, &l, &err);
        if (end(rq, false, &err)) {
            control_answer(rq, MHD_HTTP_OK,
                           json_pack("{s:I, s:b, s:O}", "total", (json_int_t)store_count(e->store),
                                     "more", l.more, "objects", l.list));
        }
    }
    json_decref(l.list);
}

static void no_such_object(struct control_request *rq)
{
    control_refuse(rq, MHD_HTTP_NOT_FOUND, "identifier", "there is no object '%s'", rq->name);
}

static json_t *whole_object(struct mock_object *o, int64_t now)
{
    json_t *v = object_json(o, lifecycle_settle(o, now)), *list = json_array();
    for (size_t i = 0; i < o->n_attrs; i++)
        json_array_append_new(list, attribute_json(&o->attrs[i]));
    if (v)
        json_object_set(v, "attributes", list);
    json_decref(list);
    return v;
}

void control_get_object(struct control_request *rq)
{
    struct mock_engine *e = &rq->control->server->engine;
    struct kerr err = KERR_INIT;
    if (!begin(rq))
        return;
    struct mock_object *o = store_get(e->store, bytes_str(rq->name), &err);
    json_t *v = o ? whole_object(o, engine_now(e)) : NULL;
    if (!end(rq, false, &err))
        json_decref(v);
    else if (o)
        control_answer(rq, MHD_HTTP_OK, v);
    else
        no_such_object(rq);
}

/* --- changing ---------------------------------------------------------- */

void control_delete_object(struct control_request *rq)
{
    struct mock_store *store = rq->control->server->engine.store;
    struct kerr err = KERR_INIT;
    if (!begin(rq))
        return;
    struct mock_object *o = store_get(store, bytes_str(rq->name), &err);
    (void)!(o && store_remove(store, o, &err));
    if (!end(rq, true, &err))
        return;
    if (!o) {
        no_such_object(rq);
        return;
    }
    control_log(rq, "%s", rq->name);
    control_answer(rq, MHD_HTTP_OK, json_pack("{s:s}", "removed", rq->name));
}

static bool note_uid(void *arg, struct mock_object *o)
{
    return buf_put(arg, o->uid, sizeof o->uid);
}

static bool remove_all(struct mock_store *store, const struct buf *uids, struct kerr *err)
{
    if (uids->failed)
        return kerr_set(err, KE_MEMORY, "no memory for a list of objects");
    for (size_t at = 0; at < uids->n; at += MOCK_UID_MAX) {
        struct mock_object *o = store_get(store, bytes_str((const char *)uids->p + at), err);
        if (!o || !store_remove(store, o, err))
            return false;
    }
    return true;
}

void control_delete_objects(struct control_request *rq)
{
    struct mock_store *store = rq->control->server->engine.store;
    struct kerr err = KERR_INIT;
    struct buf uids;
    buf_init(&uids, BUF_NO_LIMIT);
    if (begin(rq)) {
        (void)!(store_scan(store, NULL, 0, note_uid, &uids, &err) &&
                remove_all(store, &uids, &err));
        if (end(rq, true, &err)) {
            control_log(rq, "%zu objects", uids.n / MOCK_UID_MAX);
            control_answer(rq, MHD_HTTP_OK,
                           json_pack("{s:I}", "removed", (json_int_t)(uids.n / MOCK_UID_MAX)));
        }
    }
    buf_clear(&uids);
}

static json_t *made_json(const struct preload_list *l)
{
    json_t *list = json_array();
    for (size_t i = 0; i < l->n; i++)
        json_array_append_new(list, control_text(bytes_str(l->v[i].uid)));
    return json_pack("{s:o}", "identifiers", list);
}

static void make(struct control_request *rq, const struct ynode *objects, const char *in)
{
    struct preload_list l;
    struct kerr err = KERR_INIT;
    if (!preload_read(objects, &l, &err)) {
        control_refuse_err(rq, in, &err);
        return;
    }
    if (preload_store(&l, &rq->control->server->engine, PRELOAD_REFUSE, &err)) {
        control_log(rq, "%zu objects", l.n);
        control_answer(rq, MHD_HTTP_CREATED, made_json(&l));
    } else {
        control_refuse_err(rq, in, &err);
    }
    preload_clear(&l);
}

/* A list, an object, the name of a set, or {"preload": ...}, a piece of a configuration. */
void control_post_objects(struct control_request *rq)
{
    const struct ynode *n = rq->doc.root;
    struct {
        const struct ynode *preload;
    } r = {0};
    static const struct yfield fields[] = {
        {.key = "preload", .kind = YF_NODE, .off = 0, .required = true}, END};
    struct kerr err = KERR_INIT;
    if (!ynode_get(n, "preload"))
        make(rq, n, n->kind == YNODE_SEQ ? "preload" : "preload[0]");
    else if (yfields_read(n, fields, &r, &err))
        make(rq, r.preload, NULL);
    else
        control_refuse_err(rq, NULL, &err);
}
