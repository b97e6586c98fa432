/* The request of a step as bytes (runner.h): header in the standard's order, items
 * with their ids, payloads by from_yaml. */
#include "conformance/runner.h"
#include "kmip/base/text.h"

static bool header_default(const struct running *rn, const struct case_step *s, uint32_t tag,
                           struct ttlv_writer *w)
{
    uint8_t version = s->version ? s->version : rn->runner->target->opt.settings.version;
    switch (tag) {
    case KMIP_TAG_PROTOCOL_VERSION:
        ttlv_w_open(w, tag);
        ttlv_w_int(w, KMIP_TAG_PROTOCOL_VERSION_MAJOR, version >> 4);
        ttlv_w_int(w, KMIP_TAG_PROTOCOL_VERSION_MINOR, version & 15);
        ttlv_w_close(w);
        return true;
    case KMIP_TAG_ASYNCHRONOUS_INDICATOR:
        if (s->async)
            ttlv_w_bool(w, tag, true);
        return true;
    case KMIP_TAG_BATCH_COUNT:
        ttlv_w_int(w, tag, (int32_t)s->n_items);
        return true;
    default:
        return true;
    }
}

/* Fields in the order of the table; the step's own win; names that the table lacks
 * come at the end. */
static bool write_header(struct running *rn, const struct case_step *s, struct kmip_walk *walk,
                         struct ttlv_writer *w)
{
    const struct kmip_struct *def = kmip_struct(KMIP_TAG_REQUEST_HEADER, KMIP_STRUCT_PLAIN, 0);
    const struct ynode *extra = s->header;
    bool used[HEADER_MAX] = {false};
    ttlv_w_open(w, KMIP_TAG_REQUEST_HEADER);
    if (!kmip_walk_enter(walk, KMIP_TAG_REQUEST_HEADER))
        return false;
    for (size_t i = 0; i < def->n; i++) {
        bool given = false;
        for (size_t k = 0; extra && k < extra->n; k++) {
            const struct kmip_tag *t = kmip_tag_by_name(bytes_str(extra->keys[k]->text));
            if (!t || t->tag != def->fields[i].tag)
                continue;
            given = used[k] = true;
            if (!from_yaml_field(extra->keys[k], extra->vals[k], walk, &rn->vars.env, w, &rn->err))
                return false;
        }
        if (!given)
            header_default(rn, s, def->fields[i].tag, w);
    }
    for (size_t k = 0; extra && k < extra->n; k++)
        if (!used[k] &&
            !from_yaml_field(extra->keys[k], extra->vals[k], walk, &rn->vars.env, w, &rn->err))
            return false;
    kmip_walk_leave(walk);
    ttlv_w_close(w);
    return true;
}

static bool write_id(struct running *rn, const struct case_step *s, size_t i, struct ttlv_writer *w)
{
    const char *given = s->items[i].id;
    uint8_t id[16];
    if (given && strcmp(given, "none") == 0)
        return true;
    if (!given && !s->batch)
        return true;
    if (!given || strcmp(given, "auto") == 0) {
        kc_new_id(NULL, id);
        ttlv_w_bytes(w, KMIP_TAG_UNIQUE_BATCH_ITEM_ID, bytes_of(id, sizeof id));
        return true;
    }
    struct buf bytes;
    buf_init(&bytes, 1024);
    bool ok =
        text_unhex(bytes_str(given), &bytes) ||
        ynode_err(s->items[i].node, KE_CASE, &rn->err, "id: expected hexadecimal, auto or none");
    if (ok)
        ttlv_w_bytes(w, KMIP_TAG_UNIQUE_BATCH_ITEM_ID, buf_bytes(&bytes));
    buf_clear(&bytes);
    return ok;
}

static bool write_item(struct running *rn, const struct case_step *s, size_t i,
                       struct kmip_walk *walk, struct ttlv_writer *w)
{
    const struct case_item *it = &s->items[i];
    uint8_t op[4];
    be32_put(op, it->operation);
    ttlv_w_open(w, KMIP_TAG_BATCH_ITEM);
    ttlv_w_enum(w, KMIP_TAG_OPERATION, it->operation);
    if (!kmip_walk_enter(walk, KMIP_TAG_BATCH_ITEM) || !write_id(rn, s, i, w))
        return false;
    kmip_walk_note(walk, KMIP_TAG_OPERATION, TTLV_ENUMERATION, bytes_of(op, sizeof op));
    ttlv_w_open(w, KMIP_TAG_REQUEST_PAYLOAD);
    if (!kmip_walk_enter(walk, KMIP_TAG_REQUEST_PAYLOAD) ||
        (it->payload && !from_yaml_fields(it->payload, walk, &rn->vars.env, w, &rn->err)))
        return false;
    kmip_walk_leave(walk);
    ttlv_w_close(w);
    if (it->extension) {
        ttlv_w_open(w, KMIP_TAG_MESSAGE_EXTENSION);
        if (!kmip_walk_enter(walk, KMIP_TAG_MESSAGE_EXTENSION) ||
            !from_yaml_fields(it->extension, walk, &rn->vars.env, w, &rn->err))
            return false;
        kmip_walk_leave(walk);
        ttlv_w_close(w);
    }
    kmip_walk_leave(walk);
    ttlv_w_close(w);
    return true;
}

static bool build_request(struct running *rn, const struct case_step *s, struct buf *out)
{
    struct ttlv_writer w;
    struct kmip_walk walk;
    ttlv_w_init(&w, out, &rn->err);
    kmip_walk_init(&walk);
    ttlv_w_open(&w, KMIP_TAG_REQUEST_MESSAGE);
    if (!kmip_walk_enter(&walk, KMIP_TAG_REQUEST_MESSAGE) || !write_header(rn, s, &walk, &w))
        return false;
    for (size_t i = 0; i < s->n_items; i++)
        if (!write_item(rn, s, i, &walk, &w))
            return false;
    ttlv_w_close(&w);
    return ttlv_w_finish(&w);
}

static bool build_raw(struct running *rn, const struct case_step *s, struct buf *out)
{
    struct buf text;
    buf_init(&text, 32u << 20);
    bool ok = from_yaml_text(s->raw, &rn->vars.env, &text, &rn->err) &&
              (text_unhex(buf_bytes(&text), out) ||
               ynode_err(s->node, KE_CASE, &rn->err,
                         "raw: expected an even number of hexadecimal digits"));
    buf_clear(&text);
    return ok;
}

bool step_build(struct running *rn, const struct case_step *s, struct buf *out)
{
    bool ok;
    switch (s->kind) {
    case STEP_MESSAGE:
        ok = from_yaml_message(s->message, &rn->vars.env, out, &rn->err);
        break;
    case STEP_RAW:
        ok = build_raw(rn, s, out);
        break;
    default:
        ok = build_request(rn, s, out);
    }
    if (!ok && rn->err.code == KE_OK)
        kerr_set(&rn->err, KE_CASE, "%s:%u: the request cannot be built", rn->tc->path,
                 s->node->line);
    return ok;
}
