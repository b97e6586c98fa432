/* Actions on the bytes of one reply (fault_action.h): what arrives is no longer a
 * sound message. They come behind the actions on fields. */
#include "kmip/base/text.h"
#include "mockserver/fault_action.h"
#include "mockserver/fields.h"
#include "mockserver/place.h"
#include "mockserver/rng.h"


/* --- truncate ---------------------------------------------------------- */

struct truncate_params {
    int64_t at;
};

static const struct yfield truncate_fields[] = {
    INT(truncate_params, "at", at, -INT32_MAX, INT32_MAX,
        "bytes that are left of the reply; negative: bytes that are missing at its end", NEEDED),
    END};

static bool apply_truncate(struct fault_shot *s)
{
    int64_t at = ((const struct truncate_params *)s->params)->at;
    size_t n = s->reply->n;
    size_t left = at >= 0 ? (size_t)at : (size_t)-at < n ? n - (size_t)-at : 0;
    if (left >= n)
        return fault_event(s, false, "the reply has only %zu bytes", n);
    buf_truncate(s->reply, left);
    return fault_event(s, true, "cut to %zu of %zu bytes", left, n);
}

/* --- corrupt ----------------------------------------------------------- */

struct corrupt_params {
    int64_t offset, bits; /* offset -1: drawn for every bit */
};

static const struct yfield corrupt_fields[] = {
    INT(corrupt_params, "offset", offset, 0, INT32_MAX,
        "byte from which bits are flipped, the lowest first; default: drawn bits of the whole"),
    INT(corrupt_params, "bits", bits, 1, 1 << 20, "how many bits are flipped; 1"), END};

static const struct corrupt_params corrupt_defaults = {.offset = -1, .bits = 1};

static bool apply_corrupt(struct fault_shot *s)
{
    const struct corrupt_params *p = s->params;
    uint64_t total = (uint64_t)s->reply->n * 8;
    uint64_t from = p->offset < 0 ? 0 : (uint64_t)p->offset * 8;
    if (from >= total)
        return fault_event(s, false, "the reply has only %zu bytes", s->reply->n);
    for (uint64_t i = 0; i < (uint64_t)p->bits; i++) {
        uint64_t bit = p->offset < 0 ? rng_below(s->rng, total) : from + i;
        if (bit < total)
            s->reply->p[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    return fault_event(s, true, "%lld bits flipped", (long long)p->bits);
}

/* --- length ------------------------------------------------------------ */

struct length_params {
    const struct ynode *field;
    struct tag_path path;
    int64_t plus, minus;
    bool huge;
};

static const struct yfield length_fields[] = {
    INT(length_params, "plus", plus, 1, INT32_MAX, "bytes that the length says too much"),
    INT(length_params, "minus", minus, 1, INT32_MAX, "bytes that the length says too few"),
    FLAG(length_params, "huge", huge, "the length is 0xFFFFFFF8"),
    NODE(length_params, "field", field, "tag path; default: the message itself"), END};

static bool check_length(const struct fault_reading *r, void *params)
{
    struct length_params *p = params;
    p->path.text = "the message";
    if (p->field && !tag_path_read(p->field, &p->path, r->err))
        return false;
    if ((p->plus > 0) + (p->minus > 0) + p->huge != 1)
        return ynode_err(r->n, KE_CONFIG, r->err, "length takes one of plus, minus and huge");
    return true;
}

static bool apply_length(struct fault_shot *s)
{
    const struct length_params *p = s->params;
    struct place at;
    if (!place_find(buf_bytes(s->reply), &p->path, p->path.n, &at))
        return fault_event(s, false, "the reply has no field %s", p->path.text);
    uint32_t len = p->huge ? 0xFFFFFFF8 : at.it.len + (uint32_t)p->plus - (uint32_t)p->minus;
    be32_put(s->reply->p + at.off + 4, len);
    return fault_event(s, true, "length of %s is %u instead of %u", p->path.text, len, at.it.len);
}

/* --- bad_padding ------------------------------------------------------- */

struct padding_params {
    const struct ynode *field;
    struct tag_path path;
    int64_t byte;
};

static const struct yfield padding_fields[] = {
    NODE(padding_params, "field", field, "tag path; default: the first item that has padding"),
    INT(padding_params, "byte", byte, 1, 255, "what the padding is filled with; 0xFF"), END};

static const struct padding_params padding_defaults = {.byte = 0xFF};

static bool check_padding(const struct fault_reading *r, void *params)
{
    struct padding_params *p = params;
    return !p->field || tag_path_read(p->field, &p->path, r->err);
}

static bool first_padded(struct bytes msg, struct ttlv_item *it)
{
    struct ttlv_reader r;
    struct kerr ignored = KERR_INIT;
    ttlv_r_init(&r, msg, NULL, &ignored);
    for (;;) {
        while (ttlv_r_next(&r, it)) {
            if (it->type == TTLV_STRUCTURE) {
                if (!ttlv_r_enter(&r, it))
                    return false;
            } else if (ttlv_padded(it->len) > it->len) {
                return true;
            }
        }
        if (r.failed || r.depth == 0)
            return false;
        ttlv_r_leave(&r);
    }
}

static bool apply_padding(struct fault_shot *s)
{
    const struct padding_params *p = s->params;
    struct place at;
    bool found = p->field ? place_find(buf_bytes(s->reply), &p->path, p->path.n, &at)
                          : first_padded(buf_bytes(s->reply), &at.it);
    size_t pad = found ? (size_t)ttlv_padded(at.it.len) - at.it.len : 0;
    if (pad == 0)
        return fault_event(s, false, "%s has no padding", p->field ? p->path.text : "the reply");
    memset(s->reply->p + at.it.off + TTLV_HEADER + at.it.len, (int)p->byte, pad);
    return fault_event(s, true, "padding at offset %u filled with 0x%02X", at.it.off,
                       (unsigned)p->byte);
}

/* --- not_ttlv ---------------------------------------------------------- */

struct not_ttlv_params {
    int as;
};

static const char *const protocols[] = {"http", "xml", NULL};

static const struct yfield not_ttlv_fields[] = {
    CHOICE(not_ttlv_params, "as", as, protocols,
           "what another protocol on the port would answer: http or xml"),
    END};

static const char *const answers[] = {
    "HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\nContent-Length: 50\r\n"
    "Connection: close\r\n\r\n<html><body><h1>400 Bad Request</h1></body></html>",
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ResponseMessage>\n  <ResponseHeader>\n"
    "    <ProtocolVersion>\n      <ProtocolVersionMajor type=\"Integer\" value=\"1\"/>\n"
    "      <ProtocolVersionMinor type=\"Integer\" value=\"2\"/>\n    </ProtocolVersion>\n"
    "    <BatchCount type=\"Integer\" value=\"0\"/>\n  </ResponseHeader>\n</ResponseMessage>\n",
};

static bool apply_not_ttlv(struct fault_shot *s)
{
    const struct not_ttlv_params *p = s->params;
    buf_reset(s->reply);
    s->no_memory = !buf_puts(s->reply, answers[p->as]);
    return fault_event(s, !s->no_memory, "answered in %s", p->as == 0 ? "HTTP" : "XML");
}

const struct fault_action fault_byte_actions[] = {
    {.name = "truncate",
     .stage = FAULT_BYTES,
     .help = "the end of the reply is missing; the connection stays",
     .size = sizeof(struct truncate_params),
     .fields = truncate_fields,
     .main = "at",
     .apply = apply_truncate},
    {.name = "corrupt",
     .stage = FAULT_BYTES,
     .help = "bits of the reply are flipped",
     .size = sizeof(struct corrupt_params),
     .fields = corrupt_fields,
     .defaults = &corrupt_defaults,
     .bare = true,
     .apply = apply_corrupt},
    {.name = "length",
     .stage = FAULT_BYTES,
     .help = "the length of an item is wrong",
     .size = sizeof(struct length_params),
     .fields = length_fields,
     .check = check_length,
     .apply = apply_length},
    {.name = "bad_padding",
     .stage = FAULT_BYTES,
     .help = "padding that is not zero",
     .size = sizeof(struct padding_params),
     .fields = padding_fields,
     .defaults = &padding_defaults,
     .main = "field",
     .bare = true,
     .check = check_padding,
     .apply = apply_padding},
    {.name = "not_ttlv",
     .stage = FAULT_BYTES,
     .help = "the reply is in another protocol",
     .size = sizeof(struct not_ttlv_params),
     .fields = not_ttlv_fields,
     .main = "as",
     .bare = true,
     .apply = apply_not_ttlv},
    {.name = NULL},
};
