/* The validator, and every form of a message, over any bytes.
 *
 * What is printed as YAML or XML, secrets included, is read back as the same bytes. What is
 * printed without secrets says so and is refused. */
#include "ci/fuzz/fuzz.h"
#include "kmip/form/form.h"
#include "kmip/form/from_xml.h"
#include "kmip/form/from_yaml.h"
#include "kmip/schema/message.h"
#include "kmip/schema/validate.h"

static const struct form_options options[] = {
    {.show_secrets = true, .max_bytes = 1u << 20},
    {.show_secrets = false},
    {.cautious = true, .offsets = true, .indent = 4, .max_bytes = 16},
};

static bool read_yaml(struct bytes text, struct buf *out, struct kerr *err)
{
    struct ydoc doc = {0};
    bool ok = ydoc_parse(&doc, "message", text, err) && doc.root &&
              from_yaml_message(doc.root, NULL, out, err);

    ydoc_clear(&doc);
    return ok;
}

static bool read_xml(struct bytes text, struct buf *out, struct kerr *err)
{
    static const struct form_env none = {.now_s = 0};
    struct xdoc doc = {0};
    bool ok = xdoc_parse(&doc, "message", text, err) &&
              from_xml_message(doc.root, &none, out, err);

    xdoc_clear(&doc);
    return ok;
}

static const struct {
    const char *name;
    bool (*write)(struct bytes msg, const struct form_options *o, struct buf *out,
                  struct kerr *err);
    bool (*read)(struct bytes text, struct buf *out, struct kerr *err);
} forms[] = {{"YAML", form_yaml, read_yaml}, {"XML", form_xml, read_xml}};

/* A whole message, whose root is one that the standard has: others are not read back. */
static bool is_message(struct bytes msg)
{
    struct ttlv_item it;

    return ttlv_first(msg, &it) && it.type == TTLV_STRUCTURE &&
           (it.tag == KMIP_TAG_REQUEST_MESSAGE || it.tag == KMIP_TAG_RESPONSE_MESSAGE);
}

static void comes_back(size_t form, struct bytes msg)
{
    struct buf text, again;
    struct kerr err = KERR_INIT;

    buf_init(&text, BUF_NO_LIMIT);
    buf_init(&again, BUF_NO_LIMIT);
    if (forms[form].write(msg, &options[0], &text, &err) && is_message(msg)) {
        if (!forms[form].read(buf_bytes(&text), &again, &err))
            fuzz_broken("%s is not read back: %s", forms[form].name, err.msg);
        if (!bytes_eq(msg, buf_bytes(&again)))
            fuzz_broken("%s is read back as other bytes", forms[form].name);
    }
    buf_clear(&again);
    buf_clear(&text);
}

static void print(struct bytes msg, const struct form_options *o)
{
    struct buf out;
    struct kerr err = KERR_INIT;

    buf_init(&out, BUF_NO_LIMIT);
    form_text(msg, o, &out);
    form_hex(msg, o, &out);
    size_t before = out.n;
    form_raw(msg, o, &out);
    if (out.n - before != 2 * msg.n)
        fuzz_broken("%zu bytes are shown by %zu digits", msg.n, out.n - before);
    (void)!form_yaml(msg, o, &out, &err);
    (void)!form_xml(msg, o, &out, &err);
    if (out.failed)
        fuzz_broken("a message of %zu bytes has no room in any buffer", msg.n);
    buf_clear(&out);
}

static void judge(struct bytes msg)
{
    static const uint8_t versions[] = {0, KMIP_V10, KMIP_V11, KMIP_V12};
    struct kmip_message m;
    struct kmip_item it;
    struct kerr err = KERR_INIT;
    size_t musts = 0;
    const struct finding_sink sink = {fuzz_count_musts, &musts};

    for (size_t i = 0; i < sizeof versions; i++)
        kmip_validate(msg, versions[i], NULL, &sink, &err);
    kmip_check_reply(bytes_of(NULL, 0), msg, 1700000000, &sink);
    kmip_check_reply(msg, msg, 0, &sink);
    if (!kmip_open(&m, msg, &err))
        return;
    uint32_t n = 0;
    while (kmip_next_item(&m, &it))
        n++;
    if (n != m.n_items)
        fuzz_broken("%u items of %u", n, m.n_items);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes msg = bytes_of(data, size);

    judge(msg);
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        print(msg, &options[i]);
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        comes_back(i, msg);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
    return fuzz_mutate_messages(data, size, max, seed, 0);
}
