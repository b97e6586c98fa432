/* Actions on the shape of one reply (fault_action.h): its fields in another order or twice,
 * and single bytes of an item that no honest writer writes. */
#include "kmip/base/text.h"
#include "mockserver/fault_action.h"
#include "mockserver/fields.h"
#include "mockserver/place.h"

struct shape_params {
    const struct ynode *field, *type_node;
    const char *hex;
    struct tag_path path;
    unsigned type; /* 0: by the path */
    int position;
};

static const char *const positions[] = {"last", "first", NULL};

static const struct yfield move_fields[] = {
    NODE(shape_params, "field", field, "tag path, such as Response Header/Time Stamp", NEEDED),
    CHOICE(shape_params, "position", position, positions,
           "last (the default) or first in its structure"),
    END};

static const struct yfield repeat_fields[] = {
    NODE(shape_params, "field", field, "tag path, such as Response Header/Time Stamp", NEEDED),
    END};

static const struct yfield overwrite_fields[] = {
    STR(shape_params, "bytes", hex, "hexadecimal: what the value begins with from now on", NEEDED),
    NODE(shape_params, "field", field, "tag path of the item"),
    NODE(shape_params, "type", type_node, "name of a type: the first item of that type"),
    END};

static bool check_path(const struct fault_reading *r, void *params)
{
    struct shape_params *p = params;
    if (!tag_path_read(p->field, &p->path, r->err))
        return false;
    return p->path.n > 0 ||
           ynode_err(p->field, KE_CONFIG, r->err, "the path names no field of the message");
}

static bool check_overwrite(const struct fault_reading *r, void *params)
{
    struct shape_params *p = params;
    struct buf bytes;
    const char *name;
    buf_init(&bytes, 1 << 10);
    bool hex = text_unhex(bytes_str(p->hex), &bytes) && bytes.n > 0;
    buf_clear(&bytes);
    if (!hex)
        return ynode_err(ynode_get(r->n, "bytes"), KE_CONFIG, r->err,
                         "bytes are written as pairs of hexadecimal digits");
    if ((p->field != NULL) == (p->type_node != NULL))
        return ynode_err(r->n, KE_CONFIG, r->err, "overwrite takes either a field or a type");
    if (p->field)
        return check_path(r, params);
    if (!ynode_str(p->type_node, &name, r->err))
        return false;
    p->type = ttlv_type_by_name(bytes_str(name));
    return (p->type != 0 && p->type != TTLV_STRUCTURE) ||
           ynode_err(p->type_node, KE_CONFIG, r->err,
                     "type is one such as Boolean or Text String, not '%s'", name);
}

static bool find(struct fault_shot *s, struct place *at)
{
    const struct shape_params *p = s->params;
    return place_find(buf_bytes(s->reply), &p->path, p->path.n, at) ||
           fault_event(s, false, "the reply has no field %s", p->path.text);
}

/* Takes the field out if `cut`, and puts it in again at `to` as the message then is. */
static bool put_again(struct fault_shot *s, const struct place *at, bool cut, size_t to)
{
    struct buf item;
    buf_init(&item, BUF_NO_LIMIT);
    bool ok = buf_put(&item, s->reply->p + at->off, at->size) &&
              (!cut || place_splice(s->reply, at->up, at->n_up, at->off, at->size,
                                    bytes_of(NULL, 0))) &&
              place_splice(s->reply, at->up, at->n_up, to, 0, buf_bytes(&item));
    buf_clear(&item);
    s->no_memory |= !ok;
    return ok || fault_event(s, false, "no memory");
}

static bool apply_move(struct fault_shot *s)
{
    const struct shape_params *p = s->params;
    struct place at;
    if (!find(s, &at))
        return false;
    size_t around = at.up[at.n_up - 1], begin = around + TTLV_HEADER;
    size_t end = begin + be32_get(s->reply->p + around + 4) - at.size;
    size_t to = p->position == 1 ? begin : end;
    if (to == at.off)
        return fault_event(s, false, "%s stands there already", p->path.text);
    return put_again(s, &at, true, to) && fault_event(s, true, "%s moved", p->path.text);
}

static bool apply_repeat(struct fault_shot *s)
{
    const struct shape_params *p = s->params;
    struct place at;
    return find(s, &at) && put_again(s, &at, false, at.off + at.size) &&
           fault_event(s, true, "%s repeated", p->path.text);
}

/* The first item of the type, however deep. */
static bool find_type(const struct fault_shot *s, unsigned type, struct ttlv_item *it)
{
    struct ttlv_reader r;
    struct kerr ignored = KERR_INIT;
    ttlv_r_init(&r, buf_bytes(s->reply), NULL, &ignored);
    for (;;) {
        while (ttlv_r_next(&r, it)) {
            if (it->type == type)
                return true;
            if (it->type == TTLV_STRUCTURE && !ttlv_r_enter(&r, it))
                return false;
        }
        if (r.failed || r.depth == 0)
            return false;
        ttlv_r_leave(&r);
    }
}

static bool apply_overwrite(struct fault_shot *s)
{
    const struct shape_params *p = s->params;
    struct place at;
    struct buf bytes;
    if (p->type == 0 ? !find(s, &at) : !find_type(s, p->type, &at.it))
        return p->type == 0 ? false
                            : fault_event(s, false, "the reply has no %s", ttlv_type_name(p->type));
    buf_init(&bytes, 1 << 10);
    bool ok = text_unhex(bytes_str(p->hex), &bytes);
    size_t n = bytes.n < at.it.len ? bytes.n : at.it.len;
    if (ok && n > 0)
        memcpy(s->reply->p + at.it.off + TTLV_HEADER, bytes.p, n);
    buf_clear(&bytes);
    return fault_event(s, n > 0, "value at offset %u overwritten", at.it.off);
}

const struct fault_action fault_shape_actions[] = {
    {.name = "move",
     .stage = FAULT_FIELDS,
     .help = "a field of the reply stands last or first in its structure",
     .size = sizeof(struct shape_params),
     .fields = move_fields,
     .main = "field",
     .check = check_path,
     .apply = apply_move},
    {.name = "repeat",
     .stage = FAULT_FIELDS,
     .help = "a field of the reply is there twice",
     .size = sizeof(struct shape_params),
     .fields = repeat_fields,
     .main = "field",
     .check = check_path,
     .apply = apply_repeat},
    {.name = "overwrite",
     .stage = FAULT_BYTES,
     .help = "the value of an item begins with other bytes",
     .size = sizeof(struct shape_params),
     .fields = overwrite_fields,
     .check = check_overwrite,
     .apply = apply_overwrite},
    {.name = NULL},
};
