/* Errors (error.h): recording, wrapping, printing. */
#include "kmip/base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name, *text;
    enum kerr_class cls;
} kinds[] = {
    [KE_OK] = {"OK", "no error", KERR_NONE},
#define KERR(code, cls, text) [KE_##code] = {#code, text, KERR_CLASS_##cls},
#include "kmip/base/errors.def"
#undef KERR
};

static void set(struct kerr *e, enum kerr_code code, uint32_t off, const char *path,
                const char *fmt, va_list ap) __attribute__((format(printf, 5, 0)));

/* Texts hold what peers and files said: one line of it, and no control characters
 * for a terminal to obey. When the text was cut, it says so, and no character of
 * several bytes is left half. */
static void tidy(char *text, size_t room, bool cut)
{
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7F)
            *c = *c == '\n' || *c == '\t' ? ' ' : '?';
    if (!cut)
        return;
    size_t n = room - sizeof "...";
    while (n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80)
        n--;
    memcpy(text + n, "...", sizeof "...");
}

void kerr_clear(struct kerr *e)
{
    static const struct kerr none = KERR_INIT;
    if (e)
        *e = none;
}

static void set(struct kerr *e, enum kerr_code code, uint32_t off, const char *path,
                const char *fmt, va_list ap)
{
    if (!e || e->code != KE_OK)
        return;
    e->code = code;
    e->cls = code < KE_COUNT_ ? kinds[code].cls : KERR_CLASS_INTERNAL;
    e->off = off;
    int n = snprintf(e->path, sizeof e->path, "%s", path ? path : "");
    tidy(e->path, sizeof e->path, n >= (int)sizeof e->path);
    n = vsnprintf(e->msg, sizeof e->msg, fmt, ap);
    tidy(e->msg, sizeof e->msg, n >= (int)sizeof e->msg);
}

bool kerr_set(struct kerr *e, enum kerr_code code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    set(e, code, KERR_NO_OFF, NULL, fmt, ap);
    va_end(ap);
    return false;
}

bool kerr_set_at(struct kerr *e, enum kerr_code code, uint32_t off, const char *path,
                 const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    set(e, code, off, path, fmt, ap);
    va_end(ap);
    return false;
}

bool kerr_wrap(struct kerr *e, const char *fmt, ...)
{
    if (!e || e->code == KE_OK)
        return false;
    char context[sizeof e->msg];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(context, sizeof context, fmt, ap);
    va_end(ap);
    /* The context goes in front; what no longer fits falls off the end. */
    char whole[2 * sizeof e->msg + 4];
    int n = snprintf(whole, sizeof whole, "%s: %s", context, e->msg);
    whole[sizeof e->msg - 1] = 0;
    memcpy(e->msg, whole, sizeof e->msg);
    tidy(e->msg, sizeof e->msg, n >= (int)sizeof e->msg);
    return false;
}

const char *kerr_name(enum kerr_code code)
{
    return code < KE_COUNT_ ? kinds[code].name : "UNKNOWN";
}

const char *kerr_text(enum kerr_code code)
{
    return code < KE_COUNT_ ? kinds[code].text : "unknown error";
}

char *kerr_format(const struct kerr *e, char *out, size_t room)
{
    const char *msg = e->msg[0] ? e->msg : kerr_text(e->code);
    /* Of a document, msg says line and column already. */
    bool off = e->off != KERR_NO_OFF, path = e->path[0] && !e->line;
    char at[32] = "";
    if (off)
        snprintf(at, sizeof at, "offset %u", e->off);
    snprintf(out, room, "%s%s%s%s%s%s", msg, off || path ? " (" : "", at, off && path ? ", " : "",
             path ? e->path : "", off || path ? ")" : "");
    return out;
}

int kerr_exit(const struct kerr *e)
{
    switch (e->cls) {
    case KERR_NONE:
        return 0;
    case KERR_CLASS_USAGE:
    case KERR_CLASS_CONFIG:
        return 2;
    case KERR_CLASS_IO:
    case KERR_CLASS_TLS:
    case KERR_CLASS_TIMEOUT:
        return 3;
    default:
        return 5;
    }
}
