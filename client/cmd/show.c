/* Answers for people (cli.h): one "Name: value" per line, structures indented,
 * fields that repeat on one line, attributes under their names. */
#include <stdio.h>
#include <unistd.h>

#include "client/cmd/cli.h"
#include "kmip/base/file.h"
#include "kmip/base/text.h"
#include "kmip/form/form.h"
#include "kmip/schema/walk.h"

enum { INDENT = 2 };

static bool on_one_line(const struct ttlv_item *it)
{
    return it->type != TTLV_STRUCTURE || it->tag == KMIP_TAG_PROTOCOL_VERSION;
}

/* "1.2" for a Protocol Version; false when it is not made of two numbers. */
static bool version(const struct ttlv_item *it, struct buf *out)
{
    struct ttlv_item major, minor;

    if (it->tag != KMIP_TAG_PROTOCOL_VERSION || it->type != TTLV_STRUCTURE ||
        !ttlv_find(it, KMIP_TAG_PROTOCOL_VERSION_MAJOR, &major) || major.type != TTLV_INTEGER ||
        !ttlv_find(it, KMIP_TAG_PROTOCOL_VERSION_MINOR, &minor) || minor.type != TTLV_INTEGER)
        return false;
    return buf_printf(out, "%d.%d", ttlv_int(&major), ttlv_int(&minor));
}

/* Text stands without its quotes: it is escaped, and nothing follows on the line. */
static void leaf(const struct kmip_spot *spot, const struct ttlv_item *it,
                 const struct form_options *o, struct buf *out)
{
    size_t start = out->n;

    if (version(it, out))
        return;
    form_value(spot, it, o, out);
    if (out->n - start < 2 || out->p[start] != '"' || out->p[out->n - 1] != '"')
        return;
    memmove(out->p + start, out->p + start + 1, out->n - start - 2);
    buf_truncate(out, out->n - 2);
}

static void fields(struct kmip_walk *walk, struct bytes children, const struct form_options *o,
                   unsigned indent, struct buf *out);

/* Behind a name: the value, or the lines of a structure. */
static void value(struct kmip_walk *walk, const struct kmip_spot *spot, const struct ttlv_item *it,
                  const struct form_options *o, unsigned indent, struct buf *out)
{
    bool hidden = spot->secret && !o->show_secrets;

    buf_putc(out, ':');
    if (on_one_line(it) || hidden) {
        buf_putc(out, ' ');
        leaf(spot, it, o, out);
        kmip_walk_note(walk, it->tag, it->type, it->val);
    } else if (kmip_walk_enter(walk, it->tag)) {
        buf_putc(out, '\n');
        fields(walk, it->val, o, indent + INDENT, out);
        kmip_walk_leave(walk);
        return;
    }
    buf_putc(out, '\n');
}

static void attribute(struct kmip_walk *walk, const struct ttlv_item *it,
                      const struct form_options *o, unsigned indent, struct buf *out)
{
    struct ttlv_item name, index, val;

    buf_fill(out, ' ', indent);
    if (ttlv_find(it, KMIP_TAG_ATTRIBUTE_NAME, &name))
        text_quote(out, name.val, 200);
    if (ttlv_find(it, KMIP_TAG_ATTRIBUTE_INDEX, &index) && index.type == TTLV_INTEGER &&
        ttlv_int(&index) != 0)
        buf_printf(out, "#%d", ttlv_int(&index));
    if (!ttlv_find(it, KMIP_TAG_ATTRIBUTE_VALUE, &val) || !kmip_walk_enter(walk, it->tag)) {
        buf_putc(out, '\n');
        return;
    }
    kmip_walk_note(walk, KMIP_TAG_ATTRIBUTE_NAME, TTLV_TEXT_STRING, name.val);
    struct kmip_spot spot = kmip_walk_look(walk, val.tag);
    value(walk, &spot, &val, o, indent, out);
    kmip_walk_leave(walk);
}

static void put_name(const struct kmip_spot *spot, uint32_t tag, unsigned indent, struct buf *out)
{
    buf_fill(out, ' ', indent);
    if (spot->tag)
        buf_puts(out, spot->tag->name);
    else
        buf_printf(out, "0x%06X", tag);
}

static void fields(struct kmip_walk *walk, struct bytes children, const struct form_options *o,
                   unsigned indent, struct buf *out)
{
    struct ttlv_reader r;
    struct ttlv_item it;
    uint32_t before = 0; /* tag of the leaf that the last line ends with */

    ttlv_r_init(&r, children, NULL, NULL);
    while (ttlv_r_next(&r, &it)) {
        if (it.tag == KMIP_TAG_ATTRIBUTE && it.type == TTLV_STRUCTURE) {
            attribute(walk, &it, o, indent, out);
            before = 0;
            continue;
        }
        struct kmip_spot spot = kmip_walk_look(walk, it.tag);
        bool repeats = on_one_line(&it) && spot.field && spot.field->repeat;
        if (repeats && before == it.tag) {
            buf_truncate(out, out->n - 1);
            buf_puts(out, ", ");
            leaf(&spot, &it, o, out);
            buf_putc(out, '\n');
            continue;
        }
        put_name(&spot, it.tag, indent, out);
        value(walk, &spot, &it, o, indent, out);
        before = repeats ? it.tag : 0;
    }
}

bool cli_show(struct cli *cli, const struct kmip_item *item)
{
    struct form_options o = {.show_secrets = cli->a.show_secrets};
    struct kmip_walk walk;
    struct buf out;

    if (cli->a.json) {
        cli->json = cli_json_payload(item->operation, true, &item->payload, cli->a.show_secrets);
        return true;
    }
    buf_init(&out, BUF_NO_LIMIT);
    kmip_walk_init_payload(&walk, true, item->operation);
    fields(&walk, item->payload.val, &o, 0, &out);
    fputs(buf_cstr(&out), stdout);
    buf_clear(&out);
    return true;
}

void cli_put_line(struct bytes text)
{
    struct buf b;

    buf_init(&b, BUF_NO_LIMIT);
    reply_plain(text, SIZE_MAX, &b);
    puts(buf_cstr(&b));
    buf_clear(&b);
}

bool cli_put_data(struct cli *cli, struct bytes data)
{
    if (cli->a.out)
        return file_write(cli->a.out, data, 0600, &cli->err);
    return fwrite(data.p, 1, data.n, stdout) == data.n ||
           kerr_set(&cli->err, KE_FILE, "cannot write standard output: %m");
}
