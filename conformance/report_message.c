/* Messages for reports (report_message.h). */
#include "conformance/report_message.h"

#include <stdlib.h>
#include <string.h>

#include "kmip/base/error.h"
#include "kmip/form/form.h"

#define TEXT_MAX (256u << 20)
#define BEFORE_REMARK 19 /* blanks, where other lines have offset, tag and type (form.h) */

/* Offset, tag and type in front of a line, of which the offset may be long. */
static const char *line_head(const char *line, uint32_t *off)
{
    char *end;
    if (*line == ' ') {
        *off = KERR_NO_OFF;
        return line + BEFORE_REMARK;
    }
    *off = (uint32_t)strtoul(line, &end, 16);
    return end + (BEFORE_REMARK - 6);
}

static size_t count_lines(const char *s)
{
    size_t n = 0;
    while ((s = strchr(s, '\n'))) {
        n++;
        s++;
    }
    return n;
}

/* The text with offsets, taken apart. */
static void take_apart(struct report_message *m, const char *annotated)
{
    size_t n = count_lines(annotated);
    m->offsets = n > 0 ? malloc(n * sizeof *m->offsets) : NULL;
    for (const char *p = annotated; m->offsets && *p;) {
        const char *from = line_head(p, &m->offsets[m->shown.n_lines]), *end = strchr(p, '\n');
        m->shown.n_lines++;
        buf_put(&m->text, from, (size_t)(end - from) + 1);
        p = end + 1;
    }
}

void report_message(struct report_message *m, const struct run_result *r, const struct exchange *e,
                    enum exchange_side side)
{
    struct bytes msg = side == EXCHANGE_REQUEST ? e->request : e->reply;
    const struct form_options o = {.show_secrets = r->show_secrets, .offsets = true};
    struct buf annotated;
    *m = (struct report_message){.shown = e->shown[side]};
    if (r->loaded || (side == EXCHANGE_REPLY && msg.n == 0))
        return;
    buf_init(&annotated, TEXT_MAX);
    buf_init(&m->text, TEXT_MAX);
    buf_init(&m->hex, TEXT_MAX);
    m->shown = (struct shown){.size = msg.n};
    form_text(msg, &o, &annotated);
    take_apart(m, buf_cstr(&annotated));
    form_raw(msg, &o, &m->hex);
    m->shown.text = buf_cstr(&m->text);
    m->shown.hex = buf_cstr(&m->hex);
    m->shown.offsets = m->offsets;
    buf_clear(&annotated);
}

void report_message_clear(struct report_message *m)
{
    buf_clear(&m->text);
    buf_clear(&m->hex);
    free(m->offsets);
    *m = (struct report_message){.offsets = NULL};
}

bool report_line_next(struct report_line *l)
{
    const char *p = l->rest ? l->rest : l->shown->text;
    bool first = !l->rest;
    if (!p || !*p)
        return false;
    size_t n = strcspn(p, "\n"), blanks = strspn(p, " ");
    l->number = first ? 0 : l->number + 1;
    l->off = l->number < l->shown->n_lines ? l->shown->offsets[l->number] : KERR_NO_OFF;
    l->depth = (unsigned)(blanks / 2);
    l->text = p + blanks;
    l->n = n - blanks;
    l->rest = p[n] ? p + n + 1 : p + n;
    return true;
}
