/* Hexadecimal digits for tests (hex.h). */
#include "kmip/tests/support/hex.h"

#include <stdio.h>
#include <stdlib.h>

static int digit(char c)
{
    const char *all = "0123456789ABCDEF0123456789abcdef", *at = c ? strchr(all, c) : NULL;
    return at ? (int)((at - all) & 15) : -1;
}

void hex_put(struct buf *out, const char *digits)
{
    int high = -1;
    for (const char *c = digits; *c; c++) {
        int d = digit(*c);
        if (*c == ' ')
            continue;
        if (d < 0)
            abort();
        if (high >= 0 && !buf_putc(out, (char)(high << 4 | d)))
            abort();
        high = high < 0 ? d : -1;
    }
    if (high >= 0)
        abort();
}

const char *hex_text(struct bytes v)
{
    static char ring[4][2 * 128 + 4];
    static unsigned turn;
    char *out = ring[turn++ % 4];
    size_t n = v.n < 128 ? v.n : 128;
    for (size_t i = 0; i < n; i++)
        snprintf(out + 2 * i, 3, "%02X", v.p[i]);
    snprintf(out + 2 * n, 4, "%s", n < v.n ? "..." : "");
    return out;
}
