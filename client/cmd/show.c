/* Answers for people (cli.h): one "Name: value" per line, structures indented,
 * fields that repeat on one line, attributes under their names. */
#include <stdio.h>
#include <unistd.h>

#include "client/cmd/cli.h"
#include "kmip/base/file.h"
#include "kmip/base/text.h"
#include "kmip/form/tour.h"

enum { INDENT = 2 };

/* Text stands without its quotes: it is escaped, and nothing follows on the line. */
static void put_leaf(const struct tour *t, struct buf *out)
{
    size_t start = out->n;
    int32_t major, minor;

    if (form_version(&t->it, &major, &minor)) {
        buf_printf(out, "%d.%d", major, minor);
        return;
    }
    form_value(&t->spot, &t->it, t->o, out);
    if (out->n - start < 2 || out->p[start] != '"' || out->p[out->n - 1] != '"')
        return;
    memmove(out->p + start, out->p + start + 1, out->n - start - 2);
    buf_truncate(out, out->n - 2);
}

/* An answer on its way to lines. */
struct lines {
    struct tour t;
    struct buf *out;
    uint32_t before;       /* tag of the leaf that the last line ends with, ... */
    unsigned before_depth; /* ... and its depth */
    /* By depth of what is inside: an Attribute written short, whose value stands there. */
    bool in_attribute[TTLV_MAX_DEPTH + 2];
};

static void put_indent(struct lines *l)
{
    unsigned short_ones = 0;

    for (unsigned d = 0; d <= l->t.depth; d++)
        short_ones += l->in_attribute[d];
    buf_fill(l->out, ' ', INDENT * (size_t)(l->t.depth - short_ones));
}

static void put_name(struct lines *l)
{
    const struct tour *t = &l->t;

    put_indent(l);
    if (t->headless)
        buf_puts(l->out, "Unreadable");
    else if (t->spot.tag)
        buf_puts(l->out, t->spot.tag->name);
    else
        buf_printf(l->out, "0x%06X", t->it.tag);
}

/* The name and index of an Attribute, behind which its value is to follow. */
static void put_attribute(struct lines *l, const struct form_attribute *a)
{
    put_indent(l);
    text_quote(l->out, a->name.val, 200);
    if (a->has_index && ttlv_int(&a->index) != 0)
        buf_printf(l->out, "#%d", ttlv_int(&a->index));
    if (!a->has_value)
        buf_putc(l->out, '\n');
    l->in_attribute[l->t.depth + 1] = true;
    l->before = 0;
}

static void put_structure(struct lines *l)
{
    struct form_attribute a;

    l->in_attribute[l->t.depth + 1] = false;
    if (!l->in_attribute[l->t.depth] && form_attribute(&l->t.it, &a)) {
        put_attribute(l, &a);
        return;
    }
    if (!l->in_attribute[l->t.depth])
        put_name(l);
    buf_puts(l->out, ":\n");
    l->before = 0;
}

/* A value behind its name, or behind the one before it when the field repeats. */
static void put_value(struct lines *l)
{
    const struct tour *t = &l->t;
    bool repeats = t->spot.field && t->spot.field->repeat;

    tour_skip(&l->t);
    if (l->in_attribute[t->depth] && t->it.tag != KMIP_TAG_ATTRIBUTE_VALUE)
        return;
    if (repeats && l->before == t->it.tag && l->before_depth == t->depth) {
        buf_truncate(l->out, l->out->n - 1);
        buf_puts(l->out, ", ");
    } else {
        if (!l->in_attribute[t->depth])
            put_name(l);
        buf_puts(l->out, ": ");
    }
    put_leaf(t, l->out);
    buf_putc(l->out, '\n');
    l->before = repeats ? t->it.tag : 0;
    l->before_depth = t->depth;
}

static void put_payload(const struct kmip_item *item, const struct form_options *o,
                        struct buf *out)
{
    struct lines l = {.out = out};
    int32_t major, minor;

    tour_start_payload(&l.t, item->payload.val, true, item->operation, o);
    while (tour_next(&l.t) == TOUR_ITEM)
        if (l.t.it.type != TTLV_STRUCTURE || l.t.hidden || form_version(&l.t.it, &major, &minor))
            put_value(&l);
        else
            put_structure(&l);
    tour_end(&l.t);
}

void cli_tell_nothing(const struct cli *cli)
{
    fprintf(stderr, "kmip-client %s: %s\n", cli->cmd->name,
            cli->cmd->nothing ? cli->cmd->nothing : "the answer is empty");
}

bool cli_show_identifier(struct cli *cli, const struct kmip_item *item)
{
    const struct form_options o = {.show_secrets = cli->a.show_secrets};
    struct ttlv_item uid, more;
    struct buf out;

    if (cli->a.json || !ttlv_find(&item->payload, KMIP_TAG_UNIQUE_IDENTIFIER, &uid) ||
        uid.type != TTLV_TEXT_STRING)
        return cli_show(cli, item);
    cli_put_line(uid.val);
    if (ttlv_find(&item->payload, KMIP_TAG_TEMPLATE_ATTRIBUTE, &more)) {
        buf_init(&out, BUF_NO_LIMIT);
        put_payload(item, &o, &out);
        fputs(buf_cstr(&out), stderr);
        buf_clear(&out);
    }
    return true;
}

bool cli_show(struct cli *cli, const struct kmip_item *item)
{
    struct form_options o = {.show_secrets = cli->a.show_secrets};
    struct buf out;

    if (cli->a.json) {
        cli->json = cli_json_payload(item->operation, true, &item->payload, cli->a.show_secrets);
        return true;
    }
    buf_init(&out, BUF_NO_LIMIT);
    put_payload(item, &o, &out);
    if (out.n == 0)
        cli_tell_nothing(cli);
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
