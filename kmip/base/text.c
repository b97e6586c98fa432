/* Small parsers and printers of text (text.h). */
#include "kmip/base/text.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

bool text_int(struct bytes s, int64_t min, int64_t max, int64_t *out)
{
    size_t i = 0;
    bool neg = s.n > 0 && s.p[0] == '-';
    if (neg || (s.n > 0 && s.p[0] == '+'))
        i++;
    unsigned base = 10;
    if (s.n - i > 2 && s.p[i] == '0' && (s.p[i + 1] | 32) == 'x') {
        base = 16;
        i += 2;
    }
    if (i >= s.n)
        return false;
    uint64_t v = 0, top = neg ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
    for (; i < s.n; i++) {
        int c = tolower(s.p[i]);
        unsigned d = c >= '0' && c <= '9'                 ? (unsigned)(c - '0')
                     : base == 16 && c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
                                                          : 99;
        if (d >= base || v > (top - d) / base)
            return false;
        v = v * base + d;
    }
    int64_t r = neg ? (v == 0 ? 0 : -(int64_t)(v - 1) - 1) : (int64_t)v;
    if (r < min || r > max)
        return false;
    *out = r;
    return true;
}

bool text_bool(struct bytes s, bool *out)
{
    static const char *const words[] = {"false", "no", "off", "true", "yes", "on"};
    for (size_t i = 0; i < 6; i++)
        if (s.n == strlen(words[i]) && strncasecmp((const char *)s.p, words[i], s.n) == 0) {
            *out = i >= 3;
            return true;
        }
    return false;
}

static const struct {
    const char *unit;
    int64_t ns;
} units[] = {{"ns", 1},
             {"us", 1000},
             {"ms", 1000000},
             {"s", 1000000000},
             {"m", INT64_C(60) * 1000000000},
             {"h", INT64_C(3600) * 1000000000},
             {"d", INT64_C(86400) * 1000000000}};

static int64_t unit_ns(struct bytes s)
{
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (bytes_eq_str(s, units[i].unit))
            return units[i].ns;
    return 0;
}

/* One "12.5h" of a duration; *at moves behind it. */
static bool duration_part(struct bytes s, size_t *at, long double *ns)
{
    long double v = 0, scale = 1;
    size_t i = *at, digits = 0;
    for (; i < s.n && isdigit(s.p[i]); i++, digits++)
        v = v * 10 + (s.p[i] - '0');
    if (i < s.n && s.p[i] == '.')
        for (i++; i < s.n && isdigit(s.p[i]); i++, digits++)
            v += (s.p[i] - '0') * (scale /= 10);
    size_t u = i;
    while (i < s.n && isalpha(s.p[i]))
        i++;
    int64_t unit = unit_ns(bytes_of(s.p + u, i - u));
    if (digits == 0 || digits > 18 || unit == 0)
        return false;
    *ns += v * (long double)unit;
    *at = i;
    return true;
}

bool text_duration(struct bytes s, int64_t *ns)
{
    bool neg = s.n > 0 && s.p[0] == '-';
    size_t i = neg || (s.n > 0 && s.p[0] == '+') ? 1 : 0;
    if (s.n - i == 1 && s.p[i] == '0') {
        *ns = 0;
        return true;
    }
    long double sum = 0;
    if (i >= s.n)
        return false;
    while (i < s.n)
        if (!duration_part(s, &i, &sum))
            return false;
    sum += 0.5L; /* to the nearest: a decimal fraction is rarely exact in binary */
    if (sum >= 0x1p63L)
        return false;
    *ns = (int64_t)(neg ? -sum : sum);
    return true;
}

bool text_unhex(struct bytes s, struct buf *out)
{
    int high = -1;
    size_t before = out->n, i = s.n > 1 && s.p[0] == '0' && (s.p[1] | 32) == 'x' ? 2 : 0;
    for (; i < s.n; i++) {
        int c = s.p[i];
        if (isspace(c) || c == ':')
            continue;
        if (!isxdigit(c))
            break;
        int d = isdigit(c) ? c - '0' : tolower(c) - 'a' + 10;
        if (high < 0) {
            high = d;
        } else {
            if (!buf_putc(out, (char)(high << 4 | d)))
                break;
            high = -1;
        }
    }
    if (i == s.n && high < 0)
        return true;
    buf_truncate(out, before);
    return false;
}

/* Exactly n digits at *at. */
static bool digits(struct bytes s, size_t *at, int n, int *out)
{
    int v = 0;
    if (s.n - *at < (size_t)n)
        return false;
    for (int i = 0; i < n; i++, (*at)++) {
        if (!isdigit(s.p[*at]))
            return false;
        v = v * 10 + (s.p[*at] - '0');
    }
    *out = v;
    return true;
}

static bool expect(struct bytes s, size_t *at, const char *any)
{
    if (*at >= s.n || !strchr(any, s.p[*at]) || s.p[*at] == 0)
        return false;
    (*at)++;
    return true;
}

/* Z, +hh:mm, -hh:mm or nothing (UTC): seconds to subtract. */
static bool zone(struct bytes s, size_t at, int *seconds)
{
    int h = 0, m = 0;
    *seconds = 0;
    if (at == s.n || (at + 1 == s.n && (s.p[at] | 32) == 'z'))
        return true;
    bool neg = s.p[at] == '-';
    if (!expect(s, &at, "+-") || !digits(s, &at, 2, &h) || !expect(s, &at, ":") ||
        !digits(s, &at, 2, &m) || at != s.n || h > 23 || m > 59)
        return false;
    *seconds = (h * 3600 + m * 60) * (neg ? -1 : 1);
    return true;
}

bool text_date(struct bytes s, int64_t *seconds)
{
    if (text_int(s, INT64_MIN, INT64_MAX, seconds))
        return true;
    struct tm tm = {0};
    size_t at = 0;
    int off;
    if (!digits(s, &at, 4, &tm.tm_year) || !expect(s, &at, "-") || !digits(s, &at, 2, &tm.tm_mon) ||
        !expect(s, &at, "-") || !digits(s, &at, 2, &tm.tm_mday))
        return false;
    if (at < s.n) {
        if (!expect(s, &at, "Tt ") || !digits(s, &at, 2, &tm.tm_hour) || !expect(s, &at, ":") ||
            !digits(s, &at, 2, &tm.tm_min) || !expect(s, &at, ":") ||
            !digits(s, &at, 2, &tm.tm_sec))
            return false;
    }
    if (!zone(s, at, &off) || tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_mday < 1 ||
        tm.tm_mday > 31 || tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 59)
        return false;
    int day = tm.tm_mday;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    time_t t = timegm(&tm);
    if (tm.tm_mday != day) /* 31 February: timegm moved it */
        return false;
    *seconds = (int64_t)t - off;
    return true;
}

char *text_date_out(int64_t seconds, char out[40])
{
    struct tm tm;
    time_t t = (time_t)seconds;
    if (seconds >= INT64_C(253402300800) || seconds < INT64_C(-62167219200) || !gmtime_r(&t, &tm)) {
        snprintf(out, 40, "%lld", (long long)seconds);
        return out;
    }
    /* %Y would not pad the years before 1000. */
    int n = snprintf(out, 40, "%04d", tm.tm_year + 1900);
    strftime(out + n, (size_t)(40 - n), "-%m-%dT%H:%M:%SZ", &tm);
    return out;
}

/* Length of the UTF-8 sequence that starts at p, or 0. */
static size_t utf8_len(const uint8_t *p, size_t n)
{
    uint8_t c = p[0];
    size_t len = c < 0x80                 ? 1
                 : c >= 0xC2 && c <= 0xDF ? 2
                 : c >= 0xE0 && c <= 0xEF ? 3
                 : c >= 0xF0 && c <= 0xF4 ? 4
                                          : 0;
    if (len == 0 || len > n)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    /* Overlong forms, surrogates, beyond U+10FFFF. */
    if ((c == 0xE0 && p[1] < 0xA0) || (c == 0xED && p[1] > 0x9F) || (c == 0xF0 && p[1] < 0x90) ||
        (c == 0xF4 && p[1] > 0x8F))
        return 0;
    return len;
}

#define TOP_BITS UINT64_C(0x8080808080808080)

static uint64_t load64(const uint8_t *p)
{
    uint64_t w;
    memcpy(&w, p, 8);
    return w;
}

/* Most text is ASCII: eight bytes at a time, the last eight overlapping. */
static bool ascii(struct bytes s)
{
    uint64_t top = 0;
    if (s.n < 8) {
        for (size_t i = 0; i < s.n; i++)
            top |= s.p[i];
        return !(top & 0x80);
    }
    for (size_t i = 0; i + 8 < s.n; i += 8)
        top |= load64(s.p + i);
    return !((top | load64(s.p + s.n - 8)) & TOP_BITS);
}

bool text_utf8(struct bytes s)
{
    if (ascii(s))
        return true;
    for (size_t i = 0, len; i < s.n; i += len) {
        len = utf8_len(s.p + i, s.n - i);
        if (len == 0)
            return false;
    }
    return true;
}

bool text_glob(const char *pattern, const char *s)
{
    return fnmatch(pattern, s, 0) == 0;
}

/* Edit distance without case, bounded: names longer than 63 characters are far. */
static unsigned distance(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    unsigned row[64];
    if (n > 63 || m > 63)
        return 99;
    for (size_t j = 0; j <= m; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= n; i++) {
        unsigned diag = row[0];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= m; j++) {
            unsigned up = row[j];
            bool same = tolower((unsigned char)a[i - 1]) == tolower((unsigned char)b[j - 1]);
            unsigned best = diag + !same;
            if (up + 1 < best)
                best = up + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            diag = up;
            row[j] = best;
        }
    }
    return row[m];
}

const char *text_nearest(const char *s, const char *const *candidates, size_t n)
{
    const char *best = NULL;
    unsigned least = (unsigned)strlen(s) / 3 + 2;
    for (size_t i = 0; i < n; i++) {
        unsigned d = distance(s, candidates[i]);
        if (d < least) {
            least = d;
            best = candidates[i];
        }
    }
    return best;
}

struct text_hint text_hint(const char *near)
{
    struct text_hint h = {""};
    if (near)
        snprintf(h.text, sizeof h.text, "; did you mean '%.70s'?", near);
    return h;
}

bool text_unsafe(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x200B && c <= 0x200F) ||
           (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF ||
           (c & 0xFFFE) == 0xFFFE;
}

/* The character of len valid bytes. */
static uint32_t utf8_value(const uint8_t *p, size_t len)
{
    uint32_t c = len < 2 ? p[0] : p[0] & (0xFFu >> (len + 1));
    for (size_t i = 1; i < len; i++)
        c = c << 6 | (p[i] & 0x3F);
    return c;
}

static void put_escaped(struct buf *out, struct bytes s, size_t max, bool quoted)
{
    size_t i = 0;
    while (i < s.n && i < max) {
        size_t len = utf8_len(s.p + i, s.n - i);
        uint32_t c = utf8_value(s.p + i, len);
        if (len == 0 || (c < 0x80 && text_unsafe(c)))
            buf_printf(out, c == '\n' ? "\\n" : c == '\t' ? "\\t" : "\\x%02x", c);
        else if (text_unsafe(c))
            buf_printf(out, c < 0x10000 ? "\\u%04x" : "\\U%08x", c);
        else if (quoted && (c == '\\' || c == '"'))
            buf_printf(out, "\\%c", (int)c);
        else
            buf_put(out, s.p + i, len);
        i += len ? len : 1;
    }
    if (i < s.n)
        buf_puts(out, "...");
}

void text_quote(struct buf *out, struct bytes s, size_t max)
{
    put_escaped(out, s, max, true);
}

void text_show(struct buf *out, struct bytes s, size_t max)
{
    put_escaped(out, s, max, false);
}

void text_shell_word(struct buf *out, const char *word)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";
    if (*word && word[strspn(word, plain)] == 0) {
        buf_puts(out, word);
        return;
    }
    buf_putc(out, '\'');
    for (; *word; word++)
        if (*word == '\'')
            buf_puts(out, "'\\''");
        else
            buf_putc(out, *word);
    buf_putc(out, '\'');
}
