/* Small parsers and printers of text that all programs share. None allocates. */
#ifndef KMIP_BASE_TEXT_H
#define KMIP_BASE_TEXT_H

#include "kmip/base/buf.h"
#include "kmip/base/bytes.h"

/* Whole-string decimal or 0x hexadecimal integer within [min, max]. */
bool text_int(struct bytes s, int64_t min, int64_t max, int64_t *out);
/* "true", "yes", "on" / "false", "no", "off". */
bool text_bool(struct bytes s, bool *out);
/* A signed duration with a unit: 90s, -5m, +1h, 2d, 50ms, 1h30m; "0" alone too. In ns. */
bool text_duration(struct bytes s, int64_t *ns);
/* Hexadecimal digits, blanks, colons and line breaks between them allowed; appends to out.
 * False, with nothing appended, on an odd number of digits or another character. */
bool text_unhex(struct bytes s, struct buf *out);
/* Dates: 2013-06-21T22:18:59Z or with +hh:mm; also plain seconds since the epoch. */
bool text_date(struct bytes s, int64_t *seconds);
/* "2013-06-21T22:18:59Z" into out, at least 40 bytes; any int64 gives something sensible. */
char *text_date_out(int64_t seconds, char out[40]);
/* True when s is valid UTF-8 (no surrogates, no overlong forms). */
bool text_utf8(struct bytes s);
/* Shell pattern with * ? [ ]. */
bool text_glob(const char *pattern, const char *s);
/* The candidate nearest in spelling to s, or NULL when none is near: for "did you mean". */
const char *text_nearest(const char *s, const char *const *candidates, size_t n);
/* That as the end of a message: "; did you mean 'near'?", or "" for NULL. */
struct text_hint {
    char text[96];
};
struct text_hint text_hint(const char *near);
/* Characters that a terminal or editor acts upon instead of showing them: controls, line
 * separators, directional marks, byte order mark; and non-characters. */
bool text_unsafe(uint32_t character);
/* Appends s, for between double quotes: these, backslashes and unsafe characters escaped;
 * at most max bytes of it, then "..." if cut. */
void text_quote(struct buf *out, struct bytes s, size_t max);
/* ... with unsafe characters alone escaped: for a text that stands by itself, whose parts
 * may have been quoted already. */
void text_show(struct buf *out, struct bytes s, size_t max);
/* Appends a word as a shell reads it: quoted where it must be. */
void text_shell_word(struct buf *out, const char *word);

#endif
