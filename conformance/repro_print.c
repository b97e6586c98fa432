/* A repro for people (repro.h): what it is about, the attempts in a line each, then
 * their time lines side by side. */
#include <string.h>

#include "conformance/repro.h"
#include "kmip/base/clock.h"

#define COLUMN 48
#define LABEL 15 /* of the paragraphs on top */
#define WIDE 84
#define LINES_MAX 400
#define NOTE_INDENT 9
#define EVENT_INDENT 17

/* ---- text in columns --------------------------------------------------------- */

/* Characters, not bytes, of UTF-8. */
static size_t length(const char *s, size_t n)
{
    size_t chars = 0;
    for (size_t i = 0; i < n; i++)
        chars += ((unsigned char)s[i] & 0xC0) != 0x80;
    return chars;
}

/* Bytes of s that fit into `room` characters, cut between words where there are any. */
static size_t fitting(const char *s, size_t room)
{
    size_t n = 0, chars = 0, blank = 0;
    while (s[n] && chars < room) {
        if (s[n] == ' ')
            blank = n;
        do
            n++;
        while (((unsigned char)s[n] & 0xC0) == 0x80);
        chars++;
    }
    return !s[n] || s[n] == ' ' || blank == 0 ? n : blank;
}

static void paragraph(FILE *out, const char *label, const char *text)
{
    for (bool first = true; *text; first = false) {
        size_t n = fitting(text, WIDE);
        fprintf(out, "%-*s%.*s\n", LABEL, first ? label : "", (int)n, text);
        text += n;
        text += strspn(text, " ");
    }
}

struct column {
    struct {
        const char *text;
        size_t n;
    } line[LINES_MAX];
    size_t n;
    struct arena *arena;
};

/* One line, or several, the later ones indented. */
static void put(struct column *c, size_t indent, const char *text)
{
    for (size_t from = 0; *text && c->n < LINES_MAX; from = indent) {
        size_t n = fitting(text, COLUMN - from);
        const char *line = arena_printf(c->arena, "%*s%.*s", (int)from, "", (int)n, text);
        if (!line)
            return;
        c->line[c->n].text = line;
        c->line[c->n++].n = strlen(line);
        text += n;
        text += strspn(text, " ");
    }
}

/* ---- events ----------------------------------------------------------------- */

static void put_event(struct column *c, const struct repro_result *r, const struct repro_event *e)
{
    char line[900], seen[120] = "";
    double ms = (double)(e->at_ns - r->began_ns) / (double)NS_PER_MS;
    const char *what = kmip_operation_name(e->operation);
    switch (e->kind) {
    case EVENT_SENT:
        snprintf(line, sizeof line, "%9.2f ms  -> %u %s  %02x%02x%02x%02x", ms, e->request, what,
                 e->id[0], e->id[1], e->id[2], e->id[3]);
        break;
    case EVENT_REPLY:
        if (e->order != e->request)
            snprintf(seen, sizeof seen, "  came as %u", e->order);
        else if (e->records > 1)
            snprintf(seen, sizeof seen, "  in %u records", e->records);
        else if (e->shared)
            snprintf(seen, sizeof seen, "  shares a record");
        snprintf(line, sizeof line, "%9.2f ms  <- %u %s  %02x%02x%02x%02x%s%s%s", ms, e->request,
                 what, e->id[0], e->id[1], e->id[2], e->id[3], seen, e->text[0] ? "  " : "",
                 e->text);
        break;
    case EVENT_BROKE:
        snprintf(line, sizeof line, "%9.2f ms  ** %s", ms, e->text);
        break;
    default:
        snprintf(line, sizeof line, "%*s%s", NOTE_INDENT, "", e->text);
    }
    put(c, e->kind == EVENT_NOTE ? NOTE_INDENT : EVENT_INDENT, line);
}

static void fill(struct column *c, const struct repro_run *run, size_t i)
{
    const struct repro_result *r = &run->result[i];
    char title[200];
    snprintf(title, sizeof title, "%zu  %s", i + 1, r->attempt->title);
    put(c, 3, title);
    put(c, 3, r->attempt->remedy ? "   remedied" : "   as the driver");
    for (size_t k = 0; k < r->n; k++)
        put_event(c, r, &r->v[k]);
}

static void side_by_side(FILE *out, const struct column *a, const struct column *b)
{
    size_t n = a->n > b->n ? a->n : b->n;
    for (size_t i = 0; i < n; i++) {
        const char *left = i < a->n ? a->line[i].text : "";
        const char *right = i < b->n ? b->line[i].text : "";
        size_t used = length(left, strlen(left));
        if (b->n > 0)
            fprintf(out, "%s%*s | %s\n", left, (int)(used < COLUMN ? COLUMN - used : 0), "", right);
        else
            fprintf(out, "%s\n", left);
    }
    fputc('\n', out);
}

static void time_lines(FILE *out, const struct repro_run *r)
{
    static struct column a, b; /* too large for the stack */
    struct arena arena;
    for (size_t i = 0; i < r->repro->n; i += 2) {
        arena_init(&arena, 4u << 20);
        a.n = b.n = 0;
        a.arena = b.arena = &arena;
        fill(&a, r, i);
        if (i + 1 < r->repro->n)
            fill(&b, r, i + 1);
        side_by_side(out, &a, &b);
        arena_clear(&arena);
    }
}

/* ---- all of it -------------------------------------------------------------- */

static void attempts(FILE *out, const struct repro_run *r)
{
    for (size_t i = 0; i < r->repro->n; i++) {
        const struct repro_result *x = &r->result[i];
        char label[80];
        fprintf(out, "%zu  %-13s  %-42s  %s%s\n", i + 1,
                x->attempt->remedy ? "remedied" : "as the driver", x->attempt->title,
                x->works ? "works" : "BREAKS",
                x->works == x->attempt->breaks ? "  (not as expected)" : "");
        snprintf(label, sizeof label, "%*s", LABEL, "");
        paragraph(out, label, x->what);
    }
}

void repro_print(FILE *out, const struct repro_run *r)
{
    const struct repro *p = r->repro;
    char words[120], clock[200];
    fprintf(out, "%s: %s\n\n", p->name, p->title);
    paragraph(out, "In the field", p->field);
    paragraph(out, "What it does", p->shows);
    paragraph(out, "What helps", p->helps);
    snprintf(words, sizeof words, "kmip-mock --scenario %s", p->name);
    paragraph(out, "Mock", words);
    for (size_t i = 0; i < r->more_sets.n; i++)
        paragraph(out, "", r->more_sets.v[i]);
    if (r->clock.e.n > 0) {
        snprintf(clock, sizeof clock, "the server's clock %s",
                 clock_words(&r->clock.e, words, sizeof words));
        paragraph(out, "Clock", clock);
    }
    fputc('\n', out);
    attempts(out, r);
    fputc('\n', out);
    time_lines(out, r);
    fprintf(out, "%s\n", repro_held(r) ? "The bug is reproduced, and the remedies hold."
                                       : "It did not come out as expected: see above.");
}
