/* Get (KMIP 1.2 spec, 4.11): the object as it was registered, or its key in another
 * format, or wrapped. */
#include "mockserver/asym.h"
#include "mockserver/ops.h"
#include "mockserver/scratch.h"
#include "mockserver/wrapping.h"

/* What is to be handed out. */
struct request_for {
    struct op_call *call;
    const struct mock_object *object;
    bool has_key; /* the object has a Key Block */
    struct mock_key key;
    bool is_asym; /* what asym holds has been read from it */
    struct asym_key asym;
    uint32_t format; /* to be served in */
    bool wrap;
    struct wrapping wrapping;
};

/* Formats of symmetric keys that are made from one another. */
static bool symmetric_convertible(uint32_t from, uint32_t to)
{
    return (from == KMIP_KEY_FORMAT_TYPE_RAW &&
            to == KMIP_KEY_FORMAT_TYPE_TRANSPARENT_SYMMETRIC_KEY) ||
           (from == KMIP_KEY_FORMAT_TYPE_TRANSPARENT_SYMMETRIC_KEY &&
            to == KMIP_KEY_FORMAT_TYPE_RAW);
}

static bool convertible(const struct request_for *g, uint32_t to)
{
    if (g->key.wrapped)
        return false;
    if (g->object->type == KMIP_OBJECT_TYPE_SYMMETRIC_KEY)
        return symmetric_convertible(g->key.format, to);
    return g->is_asym && asym_writable(&g->asym, to, g->call->version);
}

static bool choose_format(struct request_for *g)
{
    struct op_call *c = g->call;
    struct ttlv_item it;
    g->format = g->key.format;
    if (!op_field(c, KMIP_TAG_KEY_FORMAT_TYPE, &it))
        return true;
    if (!g->has_key)
        return op_fail(c, KMIP_RESULT_REASON_KEY_FORMAT_TYPE_NOT_SUPPORTED,
                       "an object of type %s has no Key Format Type",
                       kmip_name_of("Object Type", g->object->type));
    if (ttlv_enum(&it) == g->key.format || deviates(c, DEV_GET_FORMAT_IGNORED))
        return true;
    if (deviates(c, DEV_GET_TRANSPARENT_REFUSED) || !convertible(g, ttlv_enum(&it)))
        return op_fail(c, KMIP_RESULT_REASON_KEY_FORMAT_TYPE_NOT_SUPPORTED,
                       "the key is kept as %s and cannot be served as %s",
                       kmip_name_of("Key Format Type", g->key.format),
                       kmip_name_of("Key Format Type", ttlv_enum(&it)));
    g->format = ttlv_enum(&it);
    return true;
}

static bool find_key_block(const struct mock_object *o, struct ttlv_item *body,
                           struct ttlv_item *block)
{
    return ttlv_first(bytes_of(o->body, o->body_len), body) &&
           ttlv_find(body, KMIP_TAG_KEY_BLOCK, block);
}

static bool check_compression(const struct request_for *g)
{
    struct op_call *c = g->call;
    struct ttlv_item it, body, block, kept;
    if (!op_field(c, KMIP_TAG_KEY_COMPRESSION_TYPE, &it))
        return true;
    if (g->has_key && find_key_block(g->object, &body, &block) &&
        ttlv_find(&block, KMIP_TAG_KEY_COMPRESSION_TYPE, &kept) &&
        ttlv_enum(&kept) == ttlv_enum(&it))
        return true;
    if (g->is_asym && asym_is_compressed(&g->asym, ttlv_enum(&it)))
        return true;
    return op_fail(c, KMIP_RESULT_REASON_KEY_COMPRESSION_TYPE_NOT_SUPPORTED,
                   "keys are served as they were registered");
}

/* Objects that are known by their attributes only (3.41). */
static bool check_value(const struct request_for *g)
{
    struct op_call *c = g->call;
    if (!g->has_key || g->key.has_value)
        return true;
    if (g->wrap || g->format != g->key.format)
        return op_fail(c, KMIP_RESULT_REASON_KEY_VALUE_NOT_PRESENT,
                       "the server does not have the Key Value");
    return c->version >= KMIP_V12 || op_fail(c, KMIP_RESULT_REASON_ILLEGAL_OPERATION,
                                             "the server has attributes of this object only");
}

static bool is_asymmetric(uint32_t object_type)
{
    return object_type == KMIP_OBJECT_TYPE_PUBLIC_KEY ||
           object_type == KMIP_OBJECT_TYPE_PRIVATE_KEY;
}

static bool read_request(struct request_for *g)
{
    struct op_call *c = g->call;
    struct ttlv_item spec;
    g->has_key = object_key(g->object, &g->key);
    g->is_asym = is_asymmetric(g->object->type) && g->has_key && g->key.has_value &&
                 !g->key.wrapped &&
                 asym_read(g->object->type, g->key.format, &g->key.material, &g->asym) == ASYM_READ;
    g->wrap = op_field(c, KMIP_TAG_KEY_WRAPPING_SPECIFICATION, &spec);
    if (!choose_format(g) || !check_compression(g) || !check_value(g))
        return false;
    if (!g->wrap)
        return true;
    if (!g->has_key || g->key.wrapped)
        return op_fail(c, KMIP_RESULT_REASON_ILLEGAL_OPERATION,
                       g->has_key ? "the key is wrapped already"
                                  : "only keys and secrets can be wrapped");
    return wrapping_read(c, &spec, &g->wrapping);
}

/* Key Value in the format asked for, with the attributes it was registered with and
 * those the Key Wrapping Specification names. */
static void write_key_value(const struct request_for *g, struct ttlv_writer *w)
{
    struct ttlv_reader r;
    struct ttlv_item it;
    ttlv_w_open(w, KMIP_TAG_KEY_VALUE);
    if (g->format == g->key.format) {
        ttlv_w_item(w, 0, &g->key.material);
    } else if (g->is_asym) {
        asym_write(&g->asym, g->format, w);
    } else if (g->format == KMIP_KEY_FORMAT_TYPE_RAW) {
        ttlv_w_bytes(w, KMIP_TAG_KEY_MATERIAL, g->key.bytes);
    } else {
        ttlv_w_open(w, KMIP_TAG_KEY_MATERIAL);
        ttlv_w_bytes(w, KMIP_TAG_KEY, g->key.bytes);
        ttlv_w_close(w);
    }
    ttlv_r_init(&r, g->key.key_value.val, NULL, NULL);
    while (ttlv_r_next(&r, &it))
        if (it.tag == KMIP_TAG_ATTRIBUTE)
            ttlv_w_item(w, 0, &it);
    if (g->wrap)
        wrapping_write_attributes(g->call, &g->wrapping, g->object, w);
    ttlv_w_close(w);
}

/* The wrapped Key Value into scratch->wrapped. */
static bool wrap(const struct request_for *g)
{
    struct engine_scratch *s = g->call->engine->scratch;
    struct ttlv_writer w;
    struct ttlv_item value, material;
    buf_reset(&s->data);
    ttlv_w_init(&w, &s->data, &g->call->err);
    write_key_value(g, &w);
    bool ok = ttlv_w_finish(&w);
    if (ok && g->wrapping.no_encoding) {
        ok = ttlv_first(buf_bytes(&s->data), &value) &&
                     ttlv_find(&value, KMIP_TAG_KEY_MATERIAL, &material) &&
                     material.type == TTLV_BYTE_STRING
                 ? wrapping_wrap(g->call, &g->wrapping, material.val, &s->wrapped)
                 : op_fail(g->call, KMIP_RESULT_REASON_ENCODING_OPTION_ERROR,
                           "Key Material that is a structure cannot be wrapped with No Encoding");
    } else if (ok) {
        ok = wrapping_wrap(g->call, &g->wrapping, buf_bytes(&s->data), &s->wrapped);
    }
    buf_reset(&s->data);
    return ok;
}

/* The object with its Key Block written anew, field by field in the table's order. */
static void write_rebuilt(const struct request_for *g)
{
    struct ttlv_writer *w = g->call->out;
    struct buf *wrapped = &g->call->engine->scratch->wrapped;
    struct ttlv_item body, block, it;
    struct ttlv_reader r;
    if (!find_key_block(g->object, &body, &block))
        return;
    ttlv_w_open(w, body.tag);
    ttlv_r_init(&r, body.val, NULL, NULL);
    while (ttlv_r_next(&r, &it))
        if (it.tag != KMIP_TAG_KEY_BLOCK)
            ttlv_w_item(w, 0, &it);
    ttlv_w_open(w, KMIP_TAG_KEY_BLOCK);
    ttlv_r_init(&r, block.val, NULL, NULL);
    while (ttlv_r_next(&r, &it)) {
        if (it.tag == KMIP_TAG_KEY_FORMAT_TYPE)
            ttlv_w_enum(w, KMIP_TAG_KEY_FORMAT_TYPE, g->format);
        else if (it.tag != KMIP_TAG_KEY_VALUE)
            ttlv_w_item(w, 0, &it);
        else if (g->wrap)
            ttlv_w_bytes(w, KMIP_TAG_KEY_VALUE, buf_bytes(wrapped));
        else
            write_key_value(g, w);
    }
    if (g->wrap)
        wrapping_write_data(&g->wrapping, w);
    ttlv_w_close(w);
    ttlv_w_close(w);
}

/* An object that was handed out is no longer Fresh (3.34). Its Last Change Date stays:
 * Get is not among the operations that move it (3.38). */
static bool no_longer_fresh(struct op_call *c, struct mock_object *o)
{
    const struct mock_attr *fresh = object_attr(o, KMIP_TAG_FRESH, 0);
    if (!fresh || fresh->len != 8 || !fresh->value[7])
        return true;
    if (!object_set_bool(o, KMIP_TAG_FRESH, deviates(c, DEV_FRESH_AFTER_GET)))
        return op_no_memory(c);
    /* A store that cannot be written is no reason to keep the object back. */
    store_put_optional(c->engine->store, o);
    return true;
}

/* Every live object is served, whatever its State (4.11). */
static bool may_serve(struct op_call *c, const struct mock_object *o)
{
    static const struct {
        enum mock_switch on;
        uint32_t state;
    } refused[] = {
        {DEV_GET_PRE_ACTIVE_REFUSED, KMIP_STATE_PRE_ACTIVE},
        {DEV_GET_COMPROMISED_REFUSED, KMIP_STATE_COMPROMISED},
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (deviates(c, refused[i].on) && object_state(o) == refused[i].state)
            return op_fail(c, KMIP_RESULT_REASON_PERMISSION_DENIED, "the object is %s",
                           kmip_name_of("State", refused[i].state));
    return true;
}

/* The last bit of the Key Material that stands in the response from `at` on is flipped. */
static void spoil_key(struct op_call *c, const struct mock_object *o, size_t at)
{
    struct mock_key key;
    struct bytes told = bytes_of(c->out->out->p + at, c->out->out->n - at);
    if (!object_key(o, &key) || key.bytes.n == 0)
        return;
    uint8_t *p = memmem(told.p, told.n, key.bytes.p, key.bytes.n);
    if (p)
        p[key.bytes.n - 1] ^= 1;
}

bool op_get(struct op_call *c)
{
    struct mock_object *o = op_live_object(c, POLICY_READ);
    struct request_for g = {.call = c, .object = o};
    if (!o || !may_serve(c, o) || !read_request(&g) || (g.wrap && !wrap(&g)))
        return false;
    ttlv_w_enum(c->out, KMIP_TAG_OBJECT_TYPE, o->type);
    op_write_uid(c, o);
    size_t at = c->out->out->n;
    if (g.wrap || (g.has_key && g.format != g.key.format))
        write_rebuilt(&g);
    else
        ttlv_w_raw_bytes(c->out, bytes_of(o->body, o->body_len));
    if (deviates(c, DEV_GET_ANOTHER_KEY) && !c->out->failed)
        spoil_key(c, o, at);
    if (deviates(c, DEV_LAST_CHANGE_DATE_MOVES_AT_GET) && !op_changed(c, o))
        return false;
    return no_longer_fresh(c, o);
}
