/* What in a reason passes with its run (reason.h). */
#include "conformance/reason.h"

#include <ctype.h>

#include "conformance/journal.h"

#define PIECE_MAX 160 /* bytes of a reason: enough to know it again */
#define DIGITS_MAX 5  /* a longer number is a time, a length of something, an identifier */

static bool in_word(char c)
{
    return isalnum((unsigned char)c) || c == '-' || c == '_';
}

static size_t word_at(const char *p)
{
    size_t n = 0;
    while (in_word(p[n]))
        n++;
    return n;
}

/* A word that another run would have otherwise: a name of the run, a time, an identifier.
 * Behind `before`, a quotation mark, a number is one, however short. */
static bool passes_by(const char *word, size_t n, char before)
{
    const size_t prefix = strlen(JOURNAL_PREFIX);
    size_t digits = 0, hex = 0, most = 0, row = 0;
    if (n >= prefix && memcmp(word, JOURNAL_PREFIX, prefix) == 0)
        return true;
    for (size_t i = 0; i < n; i++) {
        row = isdigit((unsigned char)word[i]) ? row + 1 : 0;
        most = row > most ? row : most;
        digits += row > 0;
        hex += isxdigit((unsigned char)word[i]) || word[i] == '-';
    }
    bool date = n >= 10 && digits >= 8 && word[4] == '-' && word[7] == '-';
    return most > DIGITS_MAX || date || (digits == n && before == '"' && word[n] == '"') ||
           (hex == n && n >= 16 && digits > 0);
}

/* Bytes of a word at p that passes by, or 0. */
static size_t passing(const char *text, const char *p)
{
    size_t n = word_at(p);
    return n > 0 && passes_by(p, n, p > text ? p[-1] : 0) ? n : 0;
}

/* Not longer than a line or two, and no word or character cut in the middle. */
static struct bytes shortened(const char *s, size_t n)
{
    if (n > PIECE_MAX) {
        n = PIECE_MAX;
        while (n > PIECE_MAX / 2 && s[n] != ' ')
            n--;
        while (n > 0 && ((unsigned char)s[n] & 0xC0) == 0x80)
            n--;
    }
    while (n > 0 && s[n - 1] == ' ')
        n--;
    while (n > 0 && *s == ' ') {
        s++;
        n--;
    }
    return bytes_of(s, n);
}

struct bytes reason_piece(const char *reason)
{
    struct bytes best = bytes_of(reason, 0);
    const char *from = reason, *p = reason;
    for (;;) {
        size_t passes = passing(reason, p);
        if (passes > 0 || *p == '\n' || *p == 0) {
            struct bytes piece = shortened(from, (size_t)(p - from));
            if (piece.n > best.n)
                best = piece;
            if (*p == 0)
                return best;
            p += passes > 0 ? passes : 1;
            from = p;
        } else {
            size_t n = word_at(p);
            p += n > 0 ? n : 1;
        }
    }
}

bool reason_same(const char *a, const char *b)
{
    const char *p = a, *q = b;
    while (*p && *q) {
        size_t x = passing(a, p), y = passing(b, q);
        if ((x > 0) != (y > 0))
            return false;
        if (x == 0) {
            x = y = word_at(p) > 0 ? word_at(p) : 1;
            if (strncmp(p, q, x) != 0 || (in_word(*p) && in_word(q[y])))
                return false;
        }
        p += x;
        q += y;
    }
    return *p == *q;
}
