/* Words of the command line as values (cli.h). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/cmd/cli.h"
#include "kmip/base/clock.h"
#include "kmip/base/file.h"
#include "kmip/base/text.h"
#include "kmip/form/from_yaml.h"

#define INPUT_MAX (64u << 20)

/* The names of an enumeration as far as they are short enough to be listed. */
static void list_names(const struct kmip_enum *e, struct buf *out)
{
    for (unsigned i = 0; i < e->n; i++)
        if (out->n < 300)
            buf_printf(out, "%s%s", i ? ", " : "", e->values[i].name);
        else if (i + 1 == e->n)
            buf_puts(out, ", ...");
}

static bool unknown_word(struct cli *cli, const char *option, const struct kmip_enum *e,
                         const char *word)
{
    const char *names[128];
    size_t n = 0;
    struct buf list;

    for (; n < e->n && n < 128; n++)
        names[n] = e->values[n].name;
    const char *near = text_nearest(word, names, n);
    buf_init(&list, BUF_NO_LIMIT);
    if (near)
        buf_printf(&list, "did you mean '%s'?", near);
    else {
        buf_puts(&list, "one of: ");
        list_names(e, &list);
    }
    kerr_set(&cli->err, KE_USAGE, "%s: '%s' is no %s; %s", option, word, e->name, buf_cstr(&list));
    buf_clear(&list);
    return false;
}

/* A name of the enumeration, or a number. */
static bool enum_word(const struct kmip_enum *e, struct bytes word, uint32_t *out)
{
    int64_t number;
    const struct kmip_enum_value *v = kmip_enum_by_text(e, word);

    if (v)
        *out = v->value;
    else if (text_int(word, 1, UINT32_MAX, &number))
        *out = (uint32_t)number;
    else
        return false;
    return true;
}

bool cli_enum(struct cli *cli, const char *option, const char *enumeration, const char *word,
              uint32_t *out)
{
    const struct kmip_enum *e = kmip_enum_by_name(bytes_str(enumeration));

    return !word || enum_word(e, bytes_str(word), out) || unknown_word(cli, option, e, word);
}

bool cli_mask(struct cli *cli, const char *option, const char *mask, const char *words,
              uint32_t *out)
{
    const struct kmip_enum *e = kmip_enum_by_name(bytes_str(mask));
    uint32_t bits = 0;

    if (!words)
        return true;
    for (const char *p = words;; p++) {
        size_t n = strcspn(p, "|,");
        const char *end = p + n;
        uint32_t bit;
        char word[64];
        while (n > 0 && *p == ' ')
            p++, n--;
        while (n > 0 && p[n - 1] == ' ')
            n--;
        snprintf(word, sizeof word, "%.*s", (int)n, p);
        if (n >= sizeof word || !enum_word(e, bytes_of(p, n), &bit))
            return unknown_word(cli, option, e, word);
        bits |= bit;
        p = end;
        if (*p == 0)
            break;
    }
    *out = bits;
    return true;
}

#define SHIFT_MAX (INT64_C(1) << 40)

bool cli_date(struct cli *cli, const char *option, const char *word, int64_t *out)
{
    int64_t now = clock_wall_ns() / NS_PER_S, shift = 0;

    if (!word)
        return true;
    if (strncmp(word, "now", 3) == 0) {
        const char *rest = word + 3;
        if (rest[0] == 0 || ((rest[0] == '+' || rest[0] == '-') &&
                             text_int(bytes_str(rest), -SHIFT_MAX, SHIFT_MAX, &shift))) {
            *out = now + shift;
            return true;
        }
    } else if (text_date(bytes_str(word), out)) {
        return true;
    }
    return kerr_set(&cli->err, KE_USAGE,
                    "%s: '%s' is no date; write 2026-01-31T12:00:00Z, seconds since 1970, now, "
                    "now+60 or now-60",
                    option, word);
}

bool cli_hex(struct cli *cli, const char *option, const char *word, struct buf *out)
{
    return !word || text_unhex(bytes_str(word), out) ||
           kerr_set(&cli->err, KE_USAGE, "%s: expected hexadecimal digits, two for each byte",
                    option);
}

/* A word as the node of a YAML file that it might have stood in. */
static struct ynode scalar(const char *option, const char *text, size_t len, size_t col)
{
    return (struct ynode){.kind = YNODE_SCALAR,
                          .line = 1,
                          .col = (uint32_t)col + 1,
                          .file = option,
                          .plain = true,
                          .text = text,
                          .len = len};
}

/* A one-pair map around key and *val. */
static struct ynode map_of(struct ynode **key, struct ynode **val)
{
    return (struct ynode){.kind = YNODE_MAP,
                          .line = 1,
                          .col = (*key)->col,
                          .file = (*key)->file,
                          .n = 1,
                          .keys = key,
                          .vals = val};
}

static bool write_attribute(struct cli *cli, struct ynode *name, struct ynode *value, bool indexed,
                            struct ynode *index, struct buf *out)
{
    struct ynode word_attributes = scalar(name->file, "Attributes", 10, 0);
    struct ynode word_index = scalar(name->file, "index", 5, 0);
    struct ynode word_value = scalar(name->file, "value", 5, 0);
    struct ynode *in_keys[] = {&word_index, &word_value}, *in_vals[] = {index, value};
    struct ynode with_index = {.kind = YNODE_MAP, .line = 1, .col = name->col, .file = name->file,
                               .tag = "!indexed", .n = 2, .keys = in_keys, .vals = in_vals};
    struct ynode *key = name, *val = indexed ? &with_index : value;
    struct ynode attributes = map_of(&key, &val);
    struct ynode *top_key = &word_attributes, *top_val = &attributes;
    struct ynode top = map_of(&top_key, &top_val);
    struct form_env env = {.now_s = clock_wall_ns() / NS_PER_S};
    struct kmip_walk walk;
    struct ttlv_writer w;

    kmip_walk_init_payload(&walk, false, KMIP_OPERATION_LOCATE);
    ttlv_w_init(&w, out, &cli->err);
    return from_yaml_fields(&top, &walk, &env, &w, &cli->err) && ttlv_w_finish(&w);
}

/* What YAML would take for more than a word is read as YAML: quotes, maps, lists. */
static bool attribute(struct cli *cli, const char *option, const char *word, struct buf *out)
{
    const char *equals = strchr(word, '=');
    struct ydoc doc = {0};

    if (!equals || equals == word)
        return kerr_set(&cli->err, KE_USAGE, "%s takes NAME=VALUE, not '%s'", option, word);
    size_t n = (size_t)(equals - word), at = n;
    while (at > 0 && word[at - 1] >= '0' && word[at - 1] <= '9')
        at--;
    bool indexed = at > 1 && at < n && word[at - 1] == '#';
    char *name = strndup(word, indexed ? at - 1 : n), *number = strndup(word + at, n - at);
    bool ok = name && number;
    if (!ok)
        kerr_set(&cli->err, KE_MEMORY, "no memory for an attribute");
    const char *value = equals + 1;
    struct ynode word_value = scalar(option, value, strlen(value), n + 1), *val = &word_value;
    /* A custom attribute may have any type: without one, a word is a word. */
    word_value.plain = !(word[0] == 'x' || word[0] == 'y') || word[1] != '-';
    if (ok && value[0] && strchr("{[!\"'", value[0])) {
        ok = ydoc_parse(&doc, option, bytes_str(value), &cli->err);
        val = ok && doc.root ? doc.root : val;
    }
    if (ok) {
        struct ynode key = scalar(option, name, strlen(name), 0);
        struct ynode index = scalar(option, number, strlen(number), at);
        ok = write_attribute(cli, &key, val, indexed, &index, out);
    }
    ydoc_clear(&doc);
    free(name);
    free(number);
    return ok;
}

bool cli_attributes(struct cli *cli, const char *option, const char *const *words, size_t n,
                    struct buf *out)
{
    for (size_t i = 0; i < n; i++)
        if (!attribute(cli, option, words[i], out)) {
            /* Whatever the place in the word, it is the command line that is wrong. */
            cli->err.cls = cli->err.cls == KERR_CLASS_MEMORY ? cli->err.cls : KERR_CLASS_USAGE;
            return false;
        }
    return true;
}

bool cli_read(struct cli *cli, int i, struct buf *out)
{
    buf_init(out, INPUT_MAX);
    return file_read(i < cli->n_operands ? cli->operand[i] : "-", out, &cli->err);
}
