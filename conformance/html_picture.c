/* The pipeline picture as SVG (html_picture.h). */
#include "conformance/html_picture.h"

#include <stdlib.h>
#include <string.h>

#include "kmip/base/clock.h"
#include "kmip/schema/dict.h"

#define ROW 20.0     /* pixels of a line of text, and between events */
#define TOP 44.0     /* what stands above the first event */
#define CLIENT 340.0 /* where the lanes are */
#define SERVER 570.0
#define MARGIN 14.0  /* between a lane and what stands beside it */
#define CLOCK 94.0   /* a column of times, beside the server's lane */
#define BESIDE 62    /* characters of a line on the right */
#define LETTER 6.7   /* pixels of one, about */

struct drawn {
    double y;    /* of the row */
    double knot; /* of its request, on the server's lane; 0: none is known */
    bool overtakes;
};

struct drawing {
    struct buf *out;
    const struct picture *p;
    struct drawn *of; /* by event */
    double x_right;   /* of texts on the right */
    double height;
};

/* ---- places ------------------------------------------------------------------ */

/* Bytes of the text that stand in one line: up to a blank, where there is one. */
static size_t line_of(const char *text)
{
    size_t n = strlen(text), blank = 0;
    if (n <= BESIDE)
        return n;
    for (size_t i = 0; i <= BESIDE; i++)
        if (text[i] == ' ')
            blank = i;
    n = blank > 0 ? blank : BESIDE;
    while (n < BESIDE + 4 && ((uint8_t)text[n] & 0xC0) == 0x80)
        n++; /* not within a character */
    return n;
}

static size_t lines_of(const char *text)
{
    size_t n = 0;
    for (; *text; n++) {
        text += line_of(text);
        text += strspn(text, " ");
    }
    return n > 0 ? n : 1;
}

/* What a row says on the right; "" for requests and replies. */
static void put_words(struct buf *out, const struct picture_row *row)
{
    const struct picture_event *e = row->e;
    if (e->kind == EVENT_NOTE || e->kind == EVENT_BROKE) {
        buf_puts(out, e->text);
    } else if (e->kind == EVENT_FAULT) {
        buf_printf(out, "fault %s: ", e->faults ? e->faults : "");
        if (row->times > 1)
            buf_printf(out, "%zu replies ", row->times);
        buf_puts(out, e->did ? e->did : "");
    }
}

static void place(struct drawing *d)
{
    struct picture_walk w = picture_walk(d->p);
    struct picture_row row;
    struct buf words;
    buf_init(&words, 1u << 16);
    d->height = TOP;
    while (picture_next(&w, &row)) {
        struct drawn *at = &d->of[row.e - d->p->v];
        buf_reset(&words);
        put_words(&words, &row);
        at->y = d->height;
        if (row.e->kind == EVENT_SENT)
            at->knot = at->y + ROW / 2;
        else if (row.place < row.open)
            at->knot = d->of[row.outstanding[row.place] - d->p->v].knot;
        at->overtakes = row.e->kind == EVENT_REPLY && row.place > 0 && row.place < row.open;
        d->height += ROW * (double)lines_of(buf_cstr(&words));
    }
    d->height += ROW;
    buf_clear(&words);
}

/* ---- arrows ------------------------------------------------------------------ */

static void put_head(struct drawing *d, const char *class, double x, double y, double from_x,
                     double from_y)
{
    double dx = x - from_x, dy = y - from_y, length = dx * dx + dy * dy;
    for (double guess = length > 1 ? length : 1, i = 0; i < 40; i++, length = guess)
        guess = (guess + (dx * dx + dy * dy) / guess) / 2;
    dx /= length;
    dy /= length;
    html_put(d->out, "<path class=\"%s head\" d=\"M%.1f %.1fL%.1f %.1fL%.1f %.1fz\"/>", class, x, y,
             x - 7 * dx - 3 * dy, y - 7 * dy + 3 * dx, x - 7 * dx + 3 * dy, y - 7 * dy - 3 * dx);
}

static void put_arrow(struct drawing *d, const char *class, double x1, double y1, double x2,
                      double y2)
{
    html_put(d->out, "<path class=\"%s\" d=\"M%.1f %.1fL%.1f %.1f\"/>", class, x1, y1, x2, y2);
    put_head(d, class, x2, y2, x1, y1);
}

static void put_arrows(struct drawing *d, enum picture_kind kind)
{
    for (size_t i = 0; i < d->p->n; i++) {
        const struct drawn *at = &d->of[i];
        if (d->p->v[i].kind != kind || at->y == 0)
            continue;
        if (kind == EVENT_SENT)
            put_arrow(d, "sent", CLIENT, at->y, SERVER, at->knot);
        else
            put_arrow(d, at->overtakes ? "over" : "came", SERVER,
                      at->knot > 0 ? at->knot : at->y - ROW / 2, CLIENT, at->y);
    }
}

/* Where the arrow of a reply crosses that of one which came later, though it was asked for
 * earlier. */
static void put_crossings(struct drawing *d)
{
    const struct drawn *a = d->of;
    for (size_t i = 0; i < d->p->n; i++)
        for (size_t k = i + 1; k < d->p->n; k++) {
            if (d->p->v[i].kind != EVENT_REPLY || d->p->v[k].kind != EVENT_REPLY ||
                a[k].knot == 0 || a[i].knot <= a[k].knot)
                continue;
            double t = (a[i].knot - a[k].knot) / (a[i].knot - a[k].knot + a[k].y - a[i].y);
            html_put(d->out, "<circle class=\"cross\" cx=\"%.1f\" cy=\"%.1f\" r=\"3\"/>",
                     SERVER + (CLIENT - SERVER) * t, a[i].knot + (a[i].y - a[i].knot) * t);
        }
}

/* ---- texts ------------------------------------------------------------------- */

/* "12:34:56.789", UTC */
static void clock_text(char out[40], int64_t ns)
{
    int64_t day = 24 * 3600 * NS_PER_S, in = ((ns % day) + day) % day, ms = in / NS_PER_MS;
    snprintf(out, 40, "%02d:%02d:%02d.%03d", (int)(ms / 3600000), (int)(ms / 60000 % 60),
             (int)(ms / 1000 % 60), (int)(ms % 1000));
}

static void put_times(struct drawing *d, const struct picture_event *e, double y)
{
    char text[40];
    if (e->kind == EVENT_NOTE)
        return;
    if (d->p->two_clocks)
        clock_text(text, picture_our_time(d->p, e));
    else
        snprintf(text, sizeof text, "%.2f ms", picture_ms(d->p, e));
    html_put(d->out, "<text class=\"at end\" x=\"86\" y=\"%.1f\">%s</text>", y + 4, text);
    if (!d->p->two_clocks)
        return;
    clock_text(text, picture_their_time(d->p, e));
    html_put(d->out, "<text class=\"at\" x=\"%.1f\" y=\"%.1f\">%s</text>", SERVER + MARGIN, y + 4,
             text);
}

static bool several_connections(const struct picture *p)
{
    for (size_t i = 1; i < p->n; i++)
        if (p->v[i].connection > 1)
            return true;
    return false;
}

/* A request or a reply, beside the client's lane. */
static void put_name(struct drawing *d, const struct picture_event *e, double y, bool overtakes)
{
    struct buf text;
    buf_init(&text, 1u << 16);
    if (several_connections(d->p) && e->connection > 0)
        buf_printf(&text, "%u/", e->connection);
    buf_printf(&text, "%u %s  ", e->request, kmip_operation_name(e->operation));
    buf_hex(&text, bytes_of(e->id, 4));
    if (e->kind == EVENT_REPLY && e->order != e->request)
        buf_printf(&text, "  came as %u", e->order);
    else if (e->kind == EVENT_REPLY && e->records > 1)
        buf_printf(&text, "  in %u records", e->records);
    else if (e->kind == EVENT_REPLY && e->shared)
        buf_puts(&text, "  shares a record");
    html_put(d->out, "<text class=\"end%s\" x=\"%.1f\" y=\"%.1f\">%s</text>",
             overtakes ? " over" : "", CLIENT - MARGIN, y + 4, buf_cstr(&text));
    buf_clear(&text);
}

static void put_beside(struct drawing *d, const char *class, const char *text, double y)
{
    while (*text) {
        size_t n = line_of(text);
        html_put(d->out, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\">", class, d->x_right, y + 4);
        html_text(d->out, bytes_of(text, n));
        buf_puts(d->out, "</text>");
        text += n;
        text += strspn(text, " ");
        y += ROW;
    }
}

static void put_fault_mark(struct drawing *d, double y)
{
    html_put(d->out, "<path class=\"fault\" d=\"M%.1f %.1fl5 -6l5 6l-5 6z\"/>", SERVER - 5, y);
}

/* What a reply says beside itself, and the faults that struck it: at its knot. */
static void put_remarks(struct drawing *d, const struct picture_event *e, const struct drawn *at)
{
    struct buf text;
    double y = at->knot > 0 ? at->knot : at->y;
    buf_init(&text, 1u << 16);
    if (e->text && *e->text)
        buf_printf(&text, "%s%s", e->text, e->faults ? "; " : "");
    if (e->faults) {
        buf_printf(&text, "fault %s", e->faults);
        put_fault_mark(d, y);
    }
    const char *all = buf_cstr(&text);
    size_t n = line_of(all);
    html_put(d->out, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\">", e->faults ? "struck" : "", d->x_right,
             y + 4);
    html_put(d->out, "<title>%s%s%s</title>", all, e->did ? ": " : "", e->did ? e->did : "");
    html_text(d->out, bytes_of(all, n));
    buf_puts(d->out, all[n] ? " \u2026</text>" : "</text>");
    buf_clear(&text);
}

static void put_row(struct drawing *d, const struct picture_row *row)
{
    const struct picture_event *e = row->e;
    const struct drawn *at = &d->of[e - d->p->v];
    static const char *const classes[EVENT_KINDS] = {
        [EVENT_NOTE] = "note", [EVENT_BROKE] = "over", [EVENT_FAULT] = "struck"};
    struct buf words;
    put_times(d, e, at->y);
    if (e->kind == EVENT_SENT || e->kind == EVENT_REPLY)
        put_name(d, e, at->y, at->overtakes);
    if (e->kind == EVENT_REPLY && ((e->text && *e->text) || e->faults))
        put_remarks(d, e, at);
    if (e->kind == EVENT_FAULT)
        put_fault_mark(d, at->y);
    if (e->kind == EVENT_BROKE)
        html_put(d->out, "<path class=\"broke\" d=\"M%.1f %.1fH%.1f\"/><text class=\"over mid\" "
                         "x=\"%.1f\" y=\"%.1f\">\u2717</text>",
                 CLIENT, at->y, SERVER, CLIENT, at->y + 4);
    if (!classes[e->kind])
        return;
    buf_init(&words, 1u << 16);
    put_words(&words, row);
    put_beside(d, classes[e->kind], buf_cstr(&words), at->y);
    buf_clear(&words);
}

/* ---- the whole ---------------------------------------------------------------- */

static void put_lanes(struct drawing *d)
{
    static const struct {
        double x;
        const char *name;
    } lanes[] = {{CLIENT, "Client"}, {SERVER, "Server"}};
    for (size_t i = 0; i < 2; i++)
        html_put(d->out,
                 "<path class=\"lane\" d=\"M%.1f 28V%.1f\"/><text class=\"mid title\" x=\"%.1f\" "
                 "y=\"18\">%s</text>",
                 lanes[i].x, d->height - ROW / 2, lanes[i].x, lanes[i].name);
    if (d->p->two_clocks)
        html_put(d->out,
                 "<text class=\"at end\" x=\"86\" y=\"18\">our clock</text><text class=\"at\" x=\"%.1f\" "
                 "y=\"18\">%s</text>",
                 SERVER + 2 * MARGIN, d->p->of_keys ? "clock of its keys" : "its clock");
}

/* What there is to see, in words. */
static void put_sum(struct buf *out, const struct picture *p, const struct drawn *of)
{
    size_t sent = 0, came = 0, over = 0, faults = 0, broke = 0;
    for (size_t i = 0; i < p->n; i++) {
        sent += p->v[i].kind == EVENT_SENT;
        came += p->v[i].kind == EVENT_REPLY;
        broke += p->v[i].kind == EVENT_BROKE;
        faults += p->v[i].faults != NULL;
        over += of[i].overtakes;
    }
    html_put(out, "%zu requests, %zu replies", sent, came);
    if (over > 0)
        html_put(out, ", of which %zu overtook another", over);
    if (faults > 0)
        html_put(out, "; a fault struck %zu time%s", faults, faults == 1 ? "" : "s");
    if (broke > 0)
        buf_puts(out, "; then it broke");
}

static void put_text_form(struct buf *out, const struct picture *p)
{
    struct buf text;
    buf_init(&text, 1u << 20);
    picture_text(&text, p, 0);
    html_put(out, "<details><summary>The same as text</summary><pre>%s</pre></details>\n",
             buf_cstr(&text));
    buf_clear(&text);
}

void html_picture(struct buf *out, const struct picture *p)
{
    struct drawing d = {.out = out, .p = p, .of = calloc(p->n + 1, sizeof *d.of)};
    struct picture_walk w = picture_walk(p);
    struct picture_row row;
    if (p->n == 0 || !d.of) {
        free(d.of);
        return;
    }
    d.x_right = SERVER + MARGIN + (p->two_clocks ? CLOCK : 0);
    place(&d);
    double width = d.x_right + BESIDE * LETTER;
    html_put(out,
             "<figure class=\"picture\"><div class=\"wide\" tabindex=\"0\">\n<svg class=\"pict\" role=\"img\" "
             "width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\" aria-label=\"",
             width, d.height, width, d.height);
    put_sum(out, p, d.of);
    buf_puts(out, "\">");
    put_lanes(&d);
    put_arrows(&d, EVENT_SENT);
    put_arrows(&d, EVENT_REPLY);
    put_crossings(&d);
    while (picture_next(&w, &row))
        put_row(&d, &row);
    buf_puts(out, "</svg></div>\n<figcaption>");
    put_sum(out, p, d.of);
    buf_puts(out, "</figcaption>\n");
    put_text_form(out, p);
    buf_puts(out, "</figure>\n");
    free(d.of);
}
