/* Pictures of pipelines, whatever they are drawn with (picture.h). */
#include "conformance/picture.h"

#include <string.h>

const char *picture_kind_name(enum picture_kind k)
{
    static const char *const names[EVENT_KINDS] = {[EVENT_SENT] = "sent",
                                                   [EVENT_REPLY] = "reply",
                                                   [EVENT_NOTE] = "note",
                                                   [EVENT_BROKE] = "broke",
                                                   [EVENT_FAULT] = "fault"};
    return names[k];
}

double picture_ms(const struct picture *p, const struct picture_event *e)
{
    return (double)(e->at_ns - p->began_ns) / 1e6;
}

int64_t picture_our_time(const struct picture *p, const struct picture_event *e)
{
    return p->began_wall_ns + (e->at_ns - p->began_ns);
}

int64_t picture_their_time(const struct picture *p, const struct picture_event *e)
{
    return picture_our_time(p, e) + p->offset_ns + e->passed_ns;
}

/* ---- walking ----------------------------------------------------------------- */

struct picture_walk picture_walk(const struct picture *p)
{
    return (struct picture_walk){.p = p};
}

static bool same_request(const struct picture_event *a, const struct picture_event *b)
{
    return a->request > 0 && a->request == b->request && a->connection == b->connection;
}

static size_t place_of(const struct picture_walk *w, const struct picture_event *e)
{
    size_t i = 0;
    while (i < w->n && !same_request(w->open[i], e))
        i++;
    return i;
}

/* Faults that struck several replies alike. */
static size_t alike(const struct picture *p, size_t from)
{
    const struct picture_event *e = &p->v[from];
    size_t n = 1;
    while (e->kind == EVENT_FAULT && e->faults && e->did && from + n < p->n &&
           e[n].kind == EVENT_FAULT && e[n].faults && e[n].did &&
           strcmp(e[n].faults, e->faults) == 0 && strcmp(e[n].did, e->did) == 0)
        n++;
    return n;
}

static void happen(struct picture_walk *w, const struct picture_row *row)
{
    const struct picture_event *e = row->e;
    if (e->kind == EVENT_SENT && w->n < PICTURE_OPEN_MAX) {
        w->open[w->n++] = e;
    } else if (e->kind == EVENT_REPLY && row->place < w->n) {
        w->n--;
        for (size_t i = row->place; i < w->n; i++)
            w->open[i] = w->open[i + 1];
    } else if (e->kind == EVENT_BROKE) {
        w->n = 0;
    }
}

bool picture_next(struct picture_walk *w, struct picture_row *row)
{
    if (w->at >= w->p->n)
        return false;
    const struct picture_event *e = &w->p->v[w->at];
    *row = (struct picture_row){.e = e,
                                .times = alike(w->p, w->at),
                                .open = w->n,
                                .place = place_of(w, e),
                                .outstanding = w->before};
    memcpy(w->before, w->open, sizeof w->before);
    happen(w, row);
    w->at += row->times;
    return true;
}

size_t picture_depth(const struct picture *p)
{
    struct picture_walk w = picture_walk(p);
    struct picture_row row;
    size_t most = 0;
    while (picture_next(&w, &row))
        most = w.n > most ? w.n : most;
    return most;
}

const struct picture_event *picture_reply(const struct picture *p, const struct picture_event *sent)
{
    for (size_t i = (size_t)(sent - p->v) + 1; i < p->n; i++) {
        if (p->v[i].kind == EVENT_REPLY && same_request(&p->v[i], sent))
            return &p->v[i];
        if (p->v[i].kind == EVENT_BROKE)
            return NULL;
    }
    return NULL;
}
