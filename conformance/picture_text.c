/* Pictures of pipelines for a terminal (picture.h). */
#include "conformance/picture.h"
#include "kmip/base/clock.h"
#include "kmip/schema/dict.h"

#define TIME "%9.2f ms  "
#define TIME_COLUMNS 14
#define CLOCKS_COLUMNS 30 /* two of "12:34:56.789", and blanks */

/* ---- times ------------------------------------------------------------------- */

/* "12:34:56.789", UTC */
static void put_clock(struct buf *out, int64_t ns)
{
    int64_t day = 24 * 3600 * NS_PER_S, in = ((ns % day) + day) % day, ms = in / NS_PER_MS;
    buf_printf(out, "%02d:%02d:%02d.%03d", (int)(ms / 3600000), (int)(ms / 60000 % 60),
               (int)(ms / 1000 % 60), (int)(ms % 1000));
}

static size_t time_columns(const struct picture *p)
{
    return p->two_clocks ? CLOCKS_COLUMNS : TIME_COLUMNS;
}

static void put_time(struct buf *out, const struct picture *p, const struct picture_event *e)
{
    if (!p->two_clocks) {
        buf_printf(out, TIME, picture_ms(p, e));
        return;
    }
    put_clock(out, picture_our_time(p, e));
    buf_puts(out, "   ");
    put_clock(out, picture_their_time(p, e));
    buf_puts(out, "   ");
}

void picture_head(struct buf *out, const struct picture *p)
{
    if (p->two_clocks)
        buf_printf(out, "our clock      %s", p->of_keys ? "that of its keys" : "the server's");
}

/* ---- lanes ------------------------------------------------------------------- */

/* What a lane looks like in a row: left of the one that it is about, that one, right of it. */
static const struct {
    const char *begin, *left, *own, *right;
} looks[EVENT_KINDS] = {
    [EVENT_SENT] = {"\u2500", "\u2502", "\u2510", ""},
    [EVENT_REPLY] = {"\u25C0", "\u253C", "\u256F", "\u2571"}, /* those on the right move up */
    [EVENT_NOTE] = {" ", "\u2502", "", ""},
    [EVENT_BROKE] = {"\u2717", "\u2717", "", ""},
    [EVENT_FAULT] = {" ", "\u2502", "!", "\u2502"},
};

/* Where one request is outstanding at a time there is nothing to cross. */
static const char *const alone[EVENT_KINDS] = {[EVENT_SENT] = "->",
                                               [EVENT_REPLY] = "<-",
                                               [EVENT_NOTE] = "",
                                               [EVENT_BROKE] = "**",
                                               [EVENT_FAULT] = "!!"};

static size_t lanes_columns(size_t lanes)
{
    return lanes > 1 ? lanes + 3 : 3;
}

static void put_lanes(struct buf *out, const struct picture_row *row, size_t lanes)
{
    enum picture_kind k = row->e->kind;
    if (lanes <= 1) {
        buf_printf(out, "%-3s", alone[k]);
        return;
    }
    size_t used = 1, end = row->open + (k == EVENT_SENT);
    buf_puts(out, looks[k].begin);
    for (size_t i = 0; i < end; i++) {
        const char *look = i < row->place ? looks[k].left
                           : i == row->place ? looks[k].own
                                             : looks[k].right;
        buf_puts(out, look);
        used += *look != 0;
    }
    buf_fill(out, ' ', used < lanes_columns(lanes) ? lanes_columns(lanes) - used : 1);
}

/* ---- what it is --------------------------------------------------------------- */

static void put_request(struct buf *out, const struct picture_event *e)
{
    buf_printf(out, "%u %s  ", e->request, kmip_operation_name(e->operation));
    buf_hex(out, bytes_of(e->id, 4));
}

static void put_reply(struct buf *out, const struct picture_event *e)
{
    put_request(out, e);
    if (e->order != e->request)
        buf_printf(out, "  came as %u", e->order);
    else if (e->records > 1)
        buf_printf(out, "  in %u records", e->records);
    else if (e->shared)
        buf_puts(out, "  shares a record");
    if (e->text[0])
        buf_printf(out, "  %s", e->text);
    if (e->faults)
        buf_printf(out, "  fault %s", e->faults);
}

static void put_fault(struct buf *out, const struct picture_row *row)
{
    buf_printf(out, "fault %s: ", row->e->faults ? row->e->faults : "");
    if (row->times > 1)
        buf_printf(out, "%zu replies ", row->times);
    buf_puts(out, row->e->did ? row->e->did : "");
}

static void put_label(struct buf *out, const struct picture_row *row)
{
    const struct picture_event *e = row->e;
    if (e->kind == EVENT_SENT)
        put_request(out, e);
    else if (e->kind == EVENT_REPLY)
        put_reply(out, e);
    else if (e->kind == EVENT_FAULT)
        put_fault(out, row);
    else
        buf_puts(out, e->text);
}

void picture_line(struct buf *out, const struct picture *p, const struct picture_row *row,
                  size_t lanes, size_t *label)
{
    bool note = row->e->kind == EVENT_NOTE;
    *label = time_columns(p) + lanes_columns(lanes);
    if (note && lanes <= 1) { /* notes go with what stands above them */
        *label = TIME_COLUMNS - 5;
        buf_fill(out, ' ', *label);
    } else {
        if (note)
            buf_fill(out, ' ', time_columns(p));
        else
            put_time(out, p, row->e);
        put_lanes(out, row, lanes);
    }
    put_label(out, row);
}

void picture_text(struct buf *out, const struct picture *p, size_t indent)
{
    struct picture_walk w = picture_walk(p);
    struct picture_row row;
    size_t lanes = picture_depth(p), label;
    if (p->two_clocks) {
        buf_fill(out, ' ', indent);
        picture_head(out, p);
        buf_putc(out, '\n');
    }
    while (picture_next(&w, &row)) {
        buf_fill(out, ' ', indent);
        picture_line(out, p, &row, lanes, &label);
        buf_putc(out, '\n');
    }
}
