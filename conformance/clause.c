/* Clauses taken apart (clause.h). */
#include "conformance/clause.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "kmip/base/bytes.h"

/* One section of one document; the section is empty where the whole document is meant. */
struct place {
    struct bytes document, section, detail;
};

struct walk {
    const char *s, *end; /* what is left of a document's sections; the text before the first */
    struct bytes document;
};

static struct bytes trimmed(const char *from, const char *to)
{
    while (from < to && *from == ' ')
        from++;
    while (to > from && to[-1] == ' ')
        to--;
    return bytes_of(from, (size_t)(to - from));
}

/* Where a section ends: at a comma or "and" outside parentheses, or with the document. */
static const char *end_of_section(const char *s, const char *end)
{
    int depth = 0;
    for (; s < end; s++) {
        depth += (*s == '(') - (*s == ')');
        if (depth == 0 && (*s == ',' || strncmp(s, " and ", strlen(" and ")) == 0))
            break;
    }
    return s;
}

static void read_section(const char *from, const char *end, struct place *out)
{
    struct bytes all = trimmed(from, end);
    const char *s = (const char *)all.p, *stop = s + all.n;
    const char *number = s;
    while (number < stop && *number != ' ' && *number != '(')
        number++;
    out->section = trimmed(s, number);
    const char *open = memchr(s, '(', all.n);
    const char *close = open ? memchr(open, ')', (size_t)(stop - open)) : NULL;
    out->detail = close ? trimmed(open + 1, close) : bytes_of(NULL, 0);
}

/* The next document: its name goes up to the first comma, its sections stand behind that.
 * False: there is none. */
static bool enter(struct walk *w)
{
    const char *from = w->end + (*w->end == ';');
    if (!*from)
        return false;
    w->end = from + strcspn(from, ";");
    const char *comma = memchr(from, ',', (size_t)(w->end - from));
    w->document = trimmed(from, comma ? comma : w->end);
    w->s = comma ? comma + 1 : w->end;
    return true;
}

static bool next_place(struct walk *w, struct place *out)
{
    if (w->s == w->end && !enter(w))
        return false;
    const char *to = end_of_section(w->s, w->end);
    *out = (struct place){.document = w->document};
    read_section(w->s, to, out);
    w->s = to == w->end ? to : to + (*to == ',' ? 1 : strlen(" and "));
    return true;
}

static bool within(struct bytes section, struct bytes of)
{
    return section.n >= of.n && memcmp(section.p, of.p, of.n) == 0 &&
           (section.n == of.n || (of.n > 0 && section.p[of.n] == '.'));
}

static bool names(const struct place *a, const struct place *b)
{
    return bytes_eq(a->document, b->document) && within(a->section, b->section) &&
           (a->detail.n == 0 || b->detail.n == 0 || bytes_eq(a->detail, b->detail));
}

bool clause_cites(const char *citing, const char *clause)
{
    struct place a, b;
    for (struct walk w = {citing, citing, {0}}; next_place(&w, &a);)
        for (struct walk v = {clause, clause, {0}}; next_place(&v, &b);)
            if (names(&a, &b))
                return true;
    return false;
}

bool clause_touches(const char *a, const char *b)
{
    return clause_cites(a, b) || clause_cites(b, a);
}

/* A section's first two numbers: of 3.18.2.1 it is 3.18. */
static struct bytes chapter(struct bytes section)
{
    unsigned dots = 0;
    for (size_t i = 0; i < section.n; i++)
        if (section.p[i] == '.' && ++dots == 2)
            return bytes_of(section.p, i);
    return section;
}

void clause_heading(const char *clause, struct buf *out)
{
    struct walk w = {clause, clause, {0}};
    struct place p;
    if (!next_place(&w, &p))
        return;
    buf_put_bytes(out, p.document);
    if (p.section.n > 0)
        buf_puts(out, ", ");
    buf_put_bytes(out, chapter(p.section));
}

int clause_compare(const char *a, const char *b)
{
    while (*a && *b) {
        if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
            char *x, *y;
            unsigned long m = strtoul(a, &x, 10), n = strtoul(b, &y, 10);
            if (m != n)
                return m < n ? -1 : 1;
            a = x;
            b = y;
        } else if (*a != *b) {
            break;
        } else {
            a++;
            b++;
        }
    }
    return (unsigned char)*a - (unsigned char)*b;
}
