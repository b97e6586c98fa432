/* A repro for people (repro.h): what it is about, the attempts in a line each, their time
 * lines side by side, and what it comes to. */
#include <string.h>

#include "conformance/repro.h"

#define COLUMN 56
#define LABEL 15 /* of the paragraphs on top */
#define WIDE 84
#define LINES_MAX 400

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

/* ---- time lines -------------------------------------------------------------- */

static void put_rows(struct column *c, const struct picture *p)
{
    struct picture_walk w = picture_walk(p);
    struct picture_row row;
    size_t lanes = picture_depth(p), label;
    struct buf line;
    buf_init(&line, 1u << 16);
    picture_head(&line, p);
    if (line.n > 0)
        put(c, 0, buf_cstr(&line));
    while (picture_next(&w, &row)) {
        buf_reset(&line);
        picture_line(&line, p, &row, lanes, &label);
        put(c, label, buf_cstr(&line));
    }
    buf_clear(&line);
}

static void fill(struct column *c, const struct repro_run *run, size_t i)
{
    const struct repro_result *r = &run->result[i];
    const struct picture p = repro_picture(run, i);
    char title[200];
    snprintf(title, sizeof title, "%zu  %s", i + 1, r->attempt->title);
    put(c, 3, title);
    snprintf(title, sizeof title, "   %s", repro_who(r->attempt->who));
    put(c, 3, title);
    put_rows(c, &p);
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
    size_t n = repro_attempts_of(r->repro);
    for (size_t i = 0; i < n; i += 2) {
        arena_init(&arena, 4u << 20);
        a.n = b.n = 0;
        a.arena = b.arena = &arena;
        fill(&a, r, i);
        if (i + 1 < n)
            fill(&b, r, i + 1);
        side_by_side(out, &a, &b);
        arena_clear(&arena);
    }
}

/* ---- all of it -------------------------------------------------------------- */

static void attempts(FILE *out, const struct repro_run *r)
{
    size_t n = repro_attempts_of(r->repro);
    for (size_t i = 0; i < n; i++) {
        const struct repro_result *x = &r->result[i];
        char label[80];
        const struct repro_attempt *a = x->attempt;
        fprintf(out, "%zu  %-15s  %-46s  %s%s\n", i + 1, repro_who(a->who), a->title,
                x->works ? "works" : "BREAKS",
                repro_as_expected(x)                    ? ""
                : x->works == !x->attempt->breaks       ? "  (in another way than expected)"
                                                        : "  (not as expected)");
        snprintf(label, sizeof label, "%*s", LABEL, "");
        paragraph(out, label, x->what);
    }
}

static void about(FILE *out, const struct repro_run *r)
{
    const struct repro_about *a = &r->about;
    char text[BESIDE_MAX + 80], words[120];
    fprintf(out, "%s: %s\n\n", r->repro->name, a->title);
    for (size_t i = 0; i < a->n; i++)
        paragraph(out, strlen(a->part[i].label) < LABEL ? a->part[i].label : "What it shows",
                  a->part[i].text);
    paragraph(out, "Driver setting", r->repro->setting);
    snprintf(text, sizeof text, "kmip-mock --scenario %s --seed %s", r->repro->name, r->seed);
    paragraph(out, "Mock", text);
    for (size_t i = 0; i < r->sets.n; i++) {
        snprintf(text, sizeof text, "--set %s", r->sets.v[i]);
        paragraph(out, "", text);
    }
    if (r->trouble == CLOCK_FROZEN)
        paragraph(out, "Clock", "the server's clock stands still");
    else if (r->trouble != CLOCK_EVEN)
        paragraph(out, "Clock", "the server's clock jumps, or runs at another rate than ours");
    else if (r->clock.e.n > 0) {
        snprintf(text, sizeof text, "the server's clock %s",
                 clock_words(&r->clock.e, words, sizeof words));
        paragraph(out, "Clock", text);
    }
    fputc('\n', out);
}

/* "1, 3": those that came out otherwise. */
static const char *culprits(const struct repro_run *r, bool breaking, char out[80])
{
    size_t n = repro_attempts_of(r->repro), used = 0;
    out[0] = 0;
    for (size_t i = 0; i < n; i++)
        if ((r->repro->attempts[i].breaks != NULL) == breaking && !repro_as_expected(&r->result[i]))
            used += (size_t)snprintf(out + used, 80 - used, "%s%zu", used ? ", " : "", i + 1);
    return out;
}

static void verdict(FILE *out, const struct repro_run *r)
{
    bool shown = repro_all(r, true), held = repro_all(r, false);
    char which[80];
    if (shown && held) {
        fprintf(out, "The bug is reproduced, and the remedies hold.\n");
        return;
    }
    if (shown)
        fprintf(out, "The bug is reproduced.\n");
    else
        fprintf(out, "The bug is not reproduced: attempt %s did not come out as expected.\n",
                culprits(r, true, which));
    if (held)
        fprintf(out, "The remedies hold.\n");
    else
        fprintf(out, "A remedy does not hold: attempt %s.\n", culprits(r, false, which));
}

void repro_print(FILE *out, const struct repro_run *r)
{
    about(out, r);
    attempts(out, r);
    fputc('\n', out);
    time_lines(out, r);
    verdict(out, r);
}
