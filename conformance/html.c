/* HTML out (html.h). */
#include "conformance/html.h"

#include <stdio.h>
#include <stdlib.h>

#include "kmip/base/text.h"

static const char *entity(uint8_t c)
{
    switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    default: return NULL;
    }
}

static void escape(struct buf *out, struct bytes s)
{
    size_t from = 0;
    for (size_t i = 0; i < s.n; i++) {
        const char *e = entity(s.p[i]);
        if (!e)
            continue;
        buf_put(out, s.p + from, i - from);
        buf_puts(out, e);
        from = i + 1;
    }
    buf_put(out, s.p + from, s.n - from);
}

static bool is_plain(struct bytes s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < 0x20 || s.p[i] > 0x7E)
            return false;
    return true;
}

static void put_line(struct buf *out, struct bytes line)
{
    struct buf shown;
    if (is_plain(line)) {
        escape(out, line);
        return;
    }
    buf_init(&shown, 64u << 20);
    text_show(&shown, line, SIZE_MAX);
    escape(out, buf_bytes(&shown));
    buf_clear(&shown);
}

void html_text(struct buf *out, struct bytes text)
{
    for (size_t i = 0, from = 0; text.n > 0 && i <= text.n; i++) {
        if (i < text.n && text.p[i] != '\n' && text.p[i] != '\t')
            continue;
        put_line(out, bytes_of(text.p + from, i - from));
        if (i < text.n)
            buf_putc(out, (char)text.p[i]);
        from = i + 1;
    }
}

/* One conversion that is no %s: its specification, up to 15 characters of it. */
static void put_number(struct buf *out, const char *spec, va_list *ap)
{
    size_t n = strlen(spec);
    if (strstr(spec, "zu"))
        buf_printf(out, spec, va_arg(*ap, size_t));
    else if (strstr(spec, "lld"))
        buf_printf(out, spec, va_arg(*ap, long long));
    else if (spec[n - 1] == 'd')
        buf_printf(out, spec, va_arg(*ap, int));
    else if (spec[n - 1] == 'u')
        buf_printf(out, spec, va_arg(*ap, unsigned));
    else if (spec[n - 1] == 'f')
        buf_printf(out, spec, va_arg(*ap, double));
    else
        abort(); /* a slip of ours, on the first call */
}

void html_put(struct buf *out, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    for (const char *p = fmt; *p;) {
        size_t n = strcspn(p, "%");
        buf_put(out, p, n);
        p += n;
        if (!*p)
            break;
        char spec[16];
        size_t k = 1 + strspn(p + 1, "-+ 0123456789.lz");
        if (k + 2 > sizeof spec)
            abort();
        memcpy(spec, p, k + 1);
        spec[k + 1] = 0;
        p += k + 1;
        if (strcmp(spec, "%%") == 0)
            buf_putc(out, '%');
        else if (strcmp(spec, "%s") == 0)
            html_text(out, bytes_str(va_arg(ap, const char *)));
        else
            put_number(out, spec, &ap);
    }
    va_end(ap);
}

void html_name(struct buf *out, const char *text)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    for (; *text; text++)
        if (strchr(plain, *text))
            buf_putc(out, *text);
        else
            buf_printf(out, "~%02x", (unsigned)(uint8_t)*text);
}
