/* Long texts of cases, generated instead of written out (case.h):
 *
 *     !repeat {text: "00", times: 65536}
 *     !nest {tag: 0x42009C, times: 100}    structures, each inside the last, in hexadecimal */
#include "conformance/runner.h"
#include "kmip/yaml/yfield.h"

#define TIMES_MAX 4000000

struct generated {
    const char *text;
    int64_t tag, times;
};

#define AT(member) offsetof(struct generated, member)

static const struct yfield repeat_fields[] = {
    {.key = "text", .kind = YF_STR, .off = AT(text), .required = true},
    {.key = "times",
     .kind = YF_INT,
     .off = AT(times),
     .required = true,
     .min = 0,
     .max = TIMES_MAX},
    {0},
};

static const struct yfield nest_fields[] = {
    {.key = "tag", .kind = YF_INT, .off = AT(tag), .required = true, .min = 0, .max = 0xFFFFFF},
    {.key = "times",
     .kind = YF_INT,
     .off = AT(times),
     .required = true,
     .min = 1,
     .max = TIMES_MAX},
    {0},
};

static void repeat(const struct generated *g, struct buf *out)
{
    for (int64_t i = 0; i < g->times && !out->failed; i++)
        buf_puts(out, g->text);
}

static void nest(const struct generated *g, struct buf *out)
{
    for (int64_t i = g->times; i-- > 0 && !out->failed;)
        buf_printf(out, "%06x01%08x", (unsigned)g->tag, (unsigned)(i * TTLV_HEADER));
}

static const struct {
    const char *tag;
    const struct yfield *fields;
    void (*write)(const struct generated *g, struct buf *out);
} generators[] = {{"!repeat", repeat_fields, repeat}, {"!nest", nest_fields, nest}};

bool generate_text(const struct ynode *n, struct buf *out, struct kerr *err)
{
    struct generated g = {0};
    for (size_t i = 0; n->tag && i < sizeof generators / sizeof *generators; i++) {
        if (strcmp(n->tag, generators[i].tag) != 0)
            continue;
        if (!yfields_read(n, generators[i].fields, &g, err))
            return false;
        generators[i].write(&g, out);
        return !out->failed || ynode_err(n, KE_CASE, err, "the generated text is too long");
    }
    return ynode_err(n, KE_CASE, err, "a variable holds one value, or !repeat or !nest with a map");
}
