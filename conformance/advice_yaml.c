/* Advice as text (advice.h): the kmip: block of a values.yaml, and what a file has
 * otherwise. Comments hold texts of servers, so nothing in them may end the line. */
#include <stdio.h>
#include <string.h>

#include "conformance/advice.h"
#include "kmip/base/text.h"
#include "kmip/form/leaf.h"

const char *advice_key_name(enum advice_key k)
{
    static const char *const names[] = {
        [ADVICE_ENABLED] = "enabled",
        [ADVICE_PORT] = "port",
        [ADVICE_HOSTS] = "hosts",
        [ADVICE_COMPOUND] = "compoundCreate",
        [ADVICE_ATTRIBUTE] = "bucketAttributeName",
        [ADVICE_DEPTH] = "pipelineDepth",
    };
    return names[k];
}

/* YAML ends lines also at U+0085, U+2028 and U+2029. */
void advice_comment(struct buf *out, const char *text)
{
    bool utf8 = text_utf8(bytes_str(text));
    for (const char *p = text; *p; p++) {
        bool end = strncmp(p, "\xC2\x85", 2) == 0 || strncmp(p, "\xE2\x80\xA8", 3) == 0 ||
                   strncmp(p, "\xE2\x80\xA9", 3) == 0;
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            buf_putc(out, ' ');
        else if ((unsigned char)*p < 0x80 || (utf8 && !end))
            buf_putc(out, *p);
        else if (end)
            p += *p == '\xC2' ? 1 : 2;
        else
            buf_putc(out, '?');
    }
}

static void value(const struct advice *a, const struct advice_place *place, enum advice_key k,
                  struct buf *out)
{
    switch (k) {
    case ADVICE_ENABLED:
        buf_puts(out, a->works ? "true" : "false");
        break;
    case ADVICE_PORT:
        buf_printf(out, "%lld", (long long)place->port);
        break;
    case ADVICE_HOSTS:
        buf_putc(out, '[');
        form_yaml_quote(out, bytes_str(place->hosts[place->chosen].host), false);
        buf_putc(out, ']');
        break;
    case ADVICE_COMPOUND:
        buf_puts(out, a->compound ? "true" : "false");
        break;
    case ADVICE_ATTRIBUTE:
        form_yaml_quote(out, bytes_str(a->attribute), false);
        break;
    default:
        buf_printf(out, "%u", a->depth);
        break;
    }
}

static void because(const struct advice *a, const struct advice_place *place, enum advice_key k,
                    struct buf *out)
{
    if (k == ADVICE_PORT)
        buf_puts(out, "where it was tested");
    else if (k != ADVICE_HOSTS)
        advice_comment(out, a->because[k]);
    else if (place->n_hosts > 1)
        buf_printf(out, "one of %zu tested: the protocol has no failover, so list one",
                   place->n_hosts);
    else
        buf_puts(out, "one server: the protocol has no failover");
}

static void head(const struct advice *a, const struct advice_place *place, struct buf *out)
{
    char when[40];
    buf_puts(out, "# Settings of the storage driver for ");
    advice_comment(out, place->hosts[place->chosen].host);
    buf_printf(out, ", port %lld", (long long)place->port);
    if (place->server[0]) {
        buf_puts(out, ", \"");
        advice_comment(out, place->server);
        buf_putc(out, '"');
    }
    buf_printf(out, "\n# tested %s by kmip-conform " KMIP_CONFORM_VERSION "\n",
               text_date_out(place->when_s, when));
    for (size_t i = 0; place->n_hosts > 1 && i < place->n_hosts; i++) {
        const struct advice_host *h = &place->hosts[i];
        buf_puts(out, "# host ");
        advice_comment(out, h->host);
        buf_puts(out, h->works ? ": works" : ": does not work: ");
        advice_comment(out, h->works ? "" : h->why);
        buf_putc(out, '\n');
    }
    for (size_t i = 0; i < a->n_notes; i++) {
        buf_puts(out, "# note: ");
        advice_comment(out, a->note[i]);
        buf_putc(out, '\n');
    }
    if (!a->works)
        buf_puts(out,
                 "# No settings make the driver work against this server. Ask its vendor to\n");
    for (size_t i = 0; i < a->n_asks; i++) {
        buf_puts(out, "#   - ");
        advice_comment(out, a->ask[i]);
        buf_putc(out, '\n');
    }
}

bool advice_yaml(const struct advice *a, const struct advice_place *place, struct buf *out)
{
    head(a, place, out);
    buf_puts(out, "kmip:\n");
    for (int k = 0; k < ADVICE_KEYS; k++) {
        size_t from = out->n;
        buf_printf(out, "  %s: ", advice_key_name((enum advice_key)k));
        value(a, place, (enum advice_key)k, out);
        size_t used = out->n - from;
        buf_fill(out, ' ', used < 40 ? 40 - used : 2);
        buf_puts(out, "# ");
        because(a, place, (enum advice_key)k, out);
        buf_putc(out, '\n');
    }
    return !out->failed;
}

/* ---- against a file --------------------------------------------------------- */

/* What a file means where it says nothing. */
static const char *const defaults[] = {
    [ADVICE_ENABLED] = "false",  [ADVICE_PORT] = "5696",   [ADVICE_HOSTS] = "",
    [ADVICE_COMPOUND] = "false", [ADVICE_ATTRIBUTE] = "",  [ADVICE_DEPTH] = "8",
};

static const char *const costs[] = {
    [ADVICE_ENABLED] = "",
    [ADVICE_PORT] = "this port was tested, the file's was not",
    [ADVICE_HOSTS] = "the driver talks to the first and the protocol has no failover: list one",
    [ADVICE_COMPOUND] = "",
    [ADVICE_ATTRIBUTE] = "",
    [ADVICE_DEPTH] = "",
};

/* Values mean the same: truth values and numbers by what they are. */
static bool same(enum advice_key k, const char *is, const char *should)
{
    bool x, y;
    int64_t m, n;
    if (k == ADVICE_DEPTH && text_int(bytes_str(is), 0, INT64_MAX, &m))
        return text_int(bytes_str(should), 0, INT64_MAX, &n) && m == n;
    if ((k == ADVICE_ENABLED || k == ADVICE_COMPOUND) && text_bool(bytes_str(is), &x))
        return text_bool(bytes_str(should), &y) && x == y;
    return strcmp(is, should) == 0;
}

static void should_be(const struct advice *a, const struct advice_place *place, enum advice_key k,
                      struct buf *out)
{
    buf_reset(out);
    if (k == ADVICE_HOSTS)
        buf_puts(out, place->hosts[place->chosen].host);
    else if (k == ADVICE_ATTRIBUTE)
        buf_puts(out, a->attribute);
    else
        value(a, place, k, out);
}

size_t advice_compare(const struct advice *a, const struct advice_place *place,
                      const struct advice_values *v, struct buf *out)
{
    struct buf should;
    size_t n = 0;
    buf_init(&should, 4096);
    for (int i = 0; i < ADVICE_KEYS; i++) {
        enum advice_key k = (enum advice_key)i;
        const char *is = v->text[k] ? v->text[k] : defaults[k];
        should_be(a, place, k, &should);
        if (same(k, is, buf_cstr(&should)))
            continue;
        n++;
        buf_puts(out, "# ");
        advice_comment(out, v->path);
        if (v->text[k])
            buf_printf(out, ":%u", v->line[k]);
        buf_printf(out, ": %s is ", advice_key_name(k));
        form_yaml_quote(out, bytes_str(is), false);
        buf_printf(out, "%s, should be ", v->text[k] ? "" : " (not given)");
        form_yaml_quote(out, buf_bytes(&should), false);
        buf_puts(out, ": ");
        advice_comment(out, costs[k][0] ? costs[k] : a->because[k]);
        if (k == ADVICE_DEPTH && same(k, is, "0"))
            buf_puts(out, " (the driver takes 0 for 8)");
        buf_putc(out, '\n');
    }
    buf_clear(&should);
    return n;
}
