/* The journal (journal.h): slots used in turn, their buffers kept for the next. */
#include "mockserver/journal.h"

#include <stdio.h>
#include <stdlib.h>

void journal_init(struct journal *j, size_t room, size_t bytes_max)
{
    *j = (struct journal){.room = room, .bytes_max = bytes_max, .next = 1, .first = 1};
}

static struct exchange *slot(const struct journal *j, uint64_t number)
{
    return &j->ring[number % j->room];
}

/* A large buffer is not worth keeping for the small messages that most are. */
static void empty(struct buf *b)
{
    enum { WORTH_KEEPING = 2048 };
    if (b->cap > WORTH_KEEPING)
        buf_clear(b);
    else
        buf_reset(b);
}

static void drop_oldest(struct journal *j)
{
    struct exchange *e = slot(j, j->first++);
    j->bytes -= e->request.n + e->reply.n;
    empty(&e->request);
    empty(&e->reply);
}

void journal_forget(struct journal *j)
{
    while (j->first < j->next)
        drop_oldest(j);
}

void journal_clear(struct journal *j)
{
    for (size_t i = 0; j->ring && i < j->room; i++) {
        buf_clear(&j->ring[i].request);
        buf_clear(&j->ring[i].reply);
    }
    free(j->ring);
    free(j->changes);
    *j = (struct journal){.next = 1, .first = 1};
}

static bool make_ring(struct journal *j)
{
    if (j->ring || j->room == 0)
        return j->ring != NULL;
    j->room_changes = 2 * j->room; /* each is labelled now and then, and its reply leaves */
    j->ring = calloc(j->room, sizeof *j->ring);
    j->changes = calloc(j->room_changes, sizeof *j->changes);
    if (!j->ring || !j->changes) {
        free(j->ring);
        free(j->changes);
        j->ring = NULL;
        j->changes = NULL;
        return false;
    }
    for (size_t i = 0; i < j->room; i++) {
        buf_init(&j->ring[i].request, JOURNAL_MESSAGE_MAX);
        buf_init(&j->ring[i].reply, JOURNAL_MESSAGE_MAX);
    }
    return true;
}

static size_t kept(struct bytes v)
{
    return v.n < JOURNAL_MESSAGE_MAX ? v.n : JOURNAL_MESSAGE_MAX;
}

static void copy_text(char *to, size_t room, const char *from)
{
    size_t n = strnlen(from, room - 1);
    memcpy(to, from, n);
    to[n] = '\0';
}

static void tell(const struct journal *j, uint64_t number, enum journal_change what)
{
    if (j->changed)
        j->changed(j->changed_arg, number, what);
}

/* An entry that was there already. */
static void change(struct journal *j, struct exchange *e, enum journal_change what)
{
    e->change = j->next_change++;
    j->changes[e->change % j->room_changes] = e->number;
    tell(j, e->number, what);
}

uint64_t journal_add(struct journal *j, const struct journal_about *about,
                     const struct answer_note *note, struct bytes request, struct bytes reply)
{
    if (!make_ring(j))
        return 0;
    size_t bytes = kept(request) + kept(reply);
    while (j->first < j->next &&
           (j->next - j->first >= j->room || j->bytes + bytes > j->bytes_max))
        drop_oldest(j);
    struct exchange *e = slot(j, j->next);
    e->number = j->next++;
    e->connection = about->connection;
    e->nth = about->nth;
    e->request_size = request.n;
    e->reply_size = reply.n;
    e->received_ns = about->received_ns;
    e->took_ns = about->took_ns;
    e->clock = about->clock;
    e->left_ns = 0;
    e->came = ++j->turn;
    e->went = 0;
    e->change = UINT64_MAX;
    copy_text(e->client, sizeof e->client, about->client ? about->client : "");
    if (note)
        e->note = *note;
    else
        memset(&e->note, 0, sizeof e->note);
    e->n_faults = 0;
    e->faults[0] = e->event[0] = '\0';
    /* Without memory an entry is there all the same, only without its bytes. */
    (void)buf_put(&e->request, request.p, kept(request));
    (void)buf_put(&e->reply, reply.p, kept(reply));
    j->bytes += e->request.n + e->reply.n;
    e->request.failed = e->reply.failed = false;
    tell(j, e->number, JOURNAL_ADDED);
    return e->number;
}

static struct exchange *find(const struct journal *j, uint64_t number)
{
    return number >= j->first && number < j->next ? slot(j, number) : NULL;
}

const struct exchange *journal_get(const struct journal *j, uint64_t number)
{
    return find(j, number);
}

void journal_fault(struct journal *j, uint64_t number, const char *name, const char *event)
{
    struct exchange *e = find(j, number);
    if (!e)
        return;
    size_t at = strlen(e->faults);
    if (at + strlen(name) + 3 < sizeof e->faults)
        snprintf(e->faults + at, sizeof e->faults - at, "%s%s", at ? ", " : "", name);
    e->n_faults++;
    snprintf(e->event, sizeof e->event, "%s", event);
    change(j, e, JOURNAL_LABELLED);
}

void journal_left(struct journal *j, uint64_t number, int64_t now_ns)
{
    struct exchange *e = find(j, number);
    if (!e || e->went)
        return;
    e->left_ns = now_ns;
    e->went = ++j->turn;
    change(j, e, JOURNAL_LEFT);
}

uint64_t journal_first_change(const struct journal *j)
{
    return j->next_change > j->room_changes ? j->next_change - j->room_changes : 0;
}

const struct exchange *journal_changed(const struct journal *j, uint64_t place)
{
    if (place < journal_first_change(j) || place >= j->next_change)
        return NULL;
    const struct exchange *e = find(j, j->changes[place % j->room_changes]);
    return e && e->change == place ? e : NULL;
}
