/* Text as a YAML scalar (leaf.h): plain where nothing can misread it, otherwise in
 * double quotes with escapes, on one line whatever it holds. */
#include <strings.h>

#include "kmip/base/text.h"
#include "kmip/form/leaf.h"

/* One character of valid UTF-8 at s.p; *len = its bytes. */
static uint32_t decode(struct bytes s, size_t *len)
{
    uint8_t c = s.p[0];
    *len = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
    if (*len == 1 || *len > s.n) {
        *len = 1;
        return c;
    }
    uint32_t v = c & (0xFFu >> (*len + 1));
    for (size_t i = 1; i < *len; i++)
        v = v << 6 | (s.p[i] & 0x3F);
    return v;
}

static void escape(struct buf *out, uint32_t c)
{
    static const struct {
        char c, name;
    } named[] = {{'\n', 'n'}, {'\t', 't'}, {'\r', 'r'}, {0, '0'}, {0x1B, 'e'}};
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        if (c == (uint32_t)named[i].c) {
            buf_putc(out, '\\');
            buf_putc(out, named[i].name);
            return;
        }
    buf_printf(out, c < 0x100 ? "\\x%02X" : c < 0x10000 ? "\\u%04X" : "\\U%08X", c);
}

void form_yaml_quote(struct buf *out, struct bytes text, bool dollars)
{
    buf_putc(out, '"');
    for (size_t i = 0, len; i < text.n; i += len) {
        uint32_t c = decode(bytes_of(text.p + i, text.n - i), &len);
        if (text_unsafe(c)) { /* a YAML reader refuses them, too */
            escape(out, c);
            continue;
        }
        if (c == '"' || c == '\\')
            buf_putc(out, '\\');
        if (c == '$' && dollars)
            buf_putc(out, '$');
        buf_put(out, text.p + i, len);
    }
    buf_putc(out, '"');
}

static bool is_letter(uint8_t c)
{
    return (c | 32) >= 'a' && (c | 32) <= 'z';
}

/* Letters, digits and characters that mean nothing to YAML, beginning with a
 * letter: so neither number nor date, and no indicator in front. */
static bool is_plain(struct bytes s)
{
    static const char *const words[] = {"true", "false", "yes", "no", "on",
                                        "off",  "null",  "y",   "n"};
    if (s.n == 0 || s.n > 200 || !is_letter(s.p[0]) || s.p[s.n - 1] == ' ')
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (!is_letter(s.p[i]) && !(s.p[i] >= '0' && s.p[i] <= '9') &&
            (s.p[i] == 0 || !strchr(" _./()+@=|-", s.p[i])))
            return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (s.n == strlen(words[i]) && strncasecmp((const char *)s.p, words[i], s.n) == 0)
            return false;
    return true;
}

void form_yaml_text(struct buf *out, struct bytes text)
{
    if (is_plain(text))
        buf_put_bytes(out, text);
    else
        form_yaml_quote(out, text, true);
}
