/* GET /events: exchanges as they happen, as server-sent events.
 *
 *     event: exchange        id: 17        an entry, as GET /journal has it without messages;
 *                                          again when it has changed
 *     event: gap             {"lost": 3, "skipped": 40}: entries not told since the last gap
 *
 * Nothing is queued for a reader. It has a place in the journal, and what it is told is
 * read from there when it can take more. One that is too slow for the journal's ring finds
 * entries gone (`lost`); one that asked for at most so many a second is not told of the
 * rest (`skipped`). So a reader costs the same memory however slow it is, and the server
 * never waits for one. */
#include <stdlib.h>

#include "kmip/base/clock.h"
#include "mockserver/control_journal.h"

enum {
    PIECE = 32 << 10,           /* bytes written out at a time, and an event more */
    LOOKED_MAX = 20000,         /* entries looked at a time */
    PAUSE_NS = 20 * NS_PER_MS   /* between two looks: many exchanges then share one write */
};
#define QUIET_NS (3 * NS_PER_S) /* then a comment is sent: is anybody there? */

/* What a reader knows of an entry: nothing, that it was skipped, or the entry as it was
 * after this change. */
#define UNKNOWN 0
#define SKIPPED UINT64_MAX
static uint64_t as_it_is(const struct exchange *e)
{
    return e->change + 2; /* 1: it has not changed */
}

struct control_stream {
    struct control_request *rq;
    struct journal_question question;
    uint64_t next;   /* number of the first entry to be looked at */
    uint64_t looked; /* ... that never was */
    uint64_t change; /* place in the record of changes of the first to be looked at */
    uint64_t *known; /* of the entries that the journal keeps, by number modulo its room */
    uint64_t lost, skipped; /* not told yet */
    int64_t second_ns, told; /* the second that runs, and how many were told in it */
    int64_t due_ns;          /* looks no sooner */
    int64_t wrote_ns;
    struct buf out;
    size_t sent;
    bool suspended;
    struct control_stream *following;
};

static const struct journal *journal_of(const struct control_stream *s)
{
    return &s->rq->control->server->journal;
}

static uint64_t *knows(struct control_stream *s, const struct exchange *e)
{
    return &s->known[e->number % journal_of(s)->room];
}

/* --- what is told ------------------------------------------------------ */

static void put_event(struct control_stream *s, const char *event, uint64_t id, json_t *data)
{
    char *text = data ? json_dumps(data, JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;
    if (text && id)
        buf_printf(&s->out, "id: %llu\n", (unsigned long long)id);
    if (text)
        buf_printf(&s->out, "event: %s\ndata: %s\n\n", event, text);
    free(text);
    json_decref(data);
}

static void put_gap(struct control_stream *s)
{
    if (s->lost == 0 && s->skipped == 0)
        return;
    put_event(s, "gap", 0,
              json_pack("{s:I, s:I}", "lost", (json_int_t)s->lost, "skipped",
                        (json_int_t)s->skipped));
    s->lost = s->skipped = 0;
}

/* May one more be told in this second? */
static bool has_budget(struct control_stream *s, int64_t now_ns)
{
    if (now_ns - s->second_ns >= NS_PER_S) {
        s->second_ns = now_ns;
        s->told = 0;
    }
    return s->told < s->question.most;
}

static void put_entry(struct control_stream *s, const struct exchange *e)
{
    put_event(s, "exchange", e->number, journal_entry_json(e, 0));
    *knows(s, e) = as_it_is(e);
}

static void look_at_new(struct control_stream *s, const struct exchange *e, int64_t now_ns)
{
    *knows(s, e) = UNKNOWN;
    if (!journal_question_fits(&s->question, e))
        return;
    if (has_budget(s, now_ns)) {
        s->told++;
        put_entry(s, e);
    } else {
        s->skipped++;
        *knows(s, e) = SKIPPED;
    }
}

static void look_again(struct control_stream *s, const struct exchange *e)
{
    if (*knows(s, e) != SKIPPED && *knows(s, e) != as_it_is(e) &&
        journal_question_fits(&s->question, e))
        put_entry(s, e);
}

static void put_changed(struct control_stream *s, int *left)
{
    const struct journal *j = journal_of(s);
    if (s->change < journal_first_change(j)) { /* who knows what: look at all that are kept */
        s->change = j->next_change;
        s->next = j->first;
    }
    for (; s->change < j->next_change && s->out.n < PIECE && *left > 0; s->change++, --*left) {
        const struct exchange *e = journal_changed(j, s->change);
        if (e && e->number < s->looked)
            look_again(s, e);
    }
}

static void put_new(struct control_stream *s, int64_t now_ns, int *left)
{
    const struct journal *j = journal_of(s);
    if (s->looked < j->first) {
        s->lost += j->first - s->looked;
        s->looked = j->first;
    }
    if (s->next < j->first)
        s->next = j->first;
    put_gap(s);
    for (; s->next < j->next && s->out.n < PIECE && *left > 0; s->next++, --*left) {
        if (s->next < s->looked) {
            look_again(s, journal_get(j, s->next));
        } else {
            look_at_new(s, journal_get(j, s->next), now_ns);
            s->looked = s->next + 1;
        }
    }
}

static bool has_news(const struct control_stream *s)
{
    const struct journal *j = journal_of(s);
    return s->next < j->next || s->change < j->next_change;
}

static void write_out(struct control_stream *s, int64_t now_ns)
{
    int left = LOOKED_MAX;
    buf_reset(&s->out);
    s->sent = 0;
    put_new(s, now_ns, &left);
    put_changed(s, &left);
    put_gap(s);
    if (s->out.n == 0 && now_ns - s->wrote_ns >= QUIET_NS)
        buf_puts(&s->out, ":\n\n");
    if (s->out.n > 0)
        s->wrote_ns = now_ns;
}

/* --- to the reader ----------------------------------------------------- */

/* libmicrohttpd can send `room` bytes more. */
static ssize_t on_room(void *arg, uint64_t at, char *to, size_t room)
{
    struct control_stream *s = arg;
    int64_t now_ns = clock_mono_ns();
    (void)at;
    if (s->rq->control->stopping)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (s->sent == s->out.n && now_ns >= s->due_ns) {
        write_out(s, now_ns);
        s->due_ns = now_ns + PAUSE_NS;
    }
    size_t n = s->out.n - s->sent;
    if (n == 0) {
        MHD_suspend_connection(s->rq->http);
        s->suspended = true;
        return 0;
    }
    n = n < room ? n : room;
    memcpy(to, s->out.p + s->sent, n);
    s->sent += n;
    return (ssize_t)n;
}

static int64_t due(const struct control_stream *s)
{
    return has_news(s) ? s->due_ns : s->wrote_ns + QUIET_NS;
}

void control_streams_look(struct control *c)
{
    int64_t now_ns = clock_mono_ns();
    c->stirred = false;
    for (struct control_stream *s = c->streams; s; s = s->following)
        if (s->suspended && (c->stopping || now_ns >= due(s))) {
            s->suspended = false;
            MHD_resume_connection(s->rq->http);
        }
}

int64_t control_streams_deadline(const struct control *c)
{
    int64_t first = INT64_MAX;
    for (const struct control_stream *s = c->streams; s; s = s->following)
        if (s->suspended && due(s) < first)
            first = due(s);
    return first;
}

size_t control_streams_count(const struct control *c)
{
    size_t n = 0;
    for (const struct control_stream *s = c->streams; s; s = s->following)
        n++;
    return n;
}

/* --- beginning and end ------------------------------------------------- */

static uint64_t begin_at(const struct journal *j, const struct journal_question *q)
{
    uint64_t kept = j->next - j->first;
    if (q->since)
        return (uint64_t)q->since < j->next ? (uint64_t)q->since : j->next;
    return j->next - ((uint64_t)q->last < kept ? (uint64_t)q->last : kept);
}

static struct control_stream *stream_new(struct control_request *rq,
                                         const struct journal_question *q)
{
    const struct journal *j = &rq->control->server->journal;
    struct control_stream *s = calloc(1, sizeof *s);
    uint64_t *known = calloc(j->room, sizeof *known);
    if (!s || !known) {
        free(s);
        free(known);
        return NULL;
    }
    *s = (struct control_stream){.rq = rq,
                                 .question = *q,
                                 .next = begin_at(j, q),
                                 .change = j->next_change,
                                 .known = known,
                                 .wrote_ns = clock_mono_ns(),
                                 .following = rq->control->streams};
    s->looked = s->next;
    buf_init(&s->out, BUF_NO_LIMIT);
    buf_puts(&s->out, "retry: 1000\n\n"); /* so that the answer's head leaves at once */
    rq->control->streams = rq->stream = s;
    return s;
}

void control_get_events(struct control_request *rq)
{
    struct journal_question q;
    if (!journal_question_read(rq, &q))
        return;
    if (q.since && q.last) {
        control_refuse(rq, MHD_HTTP_BAD_REQUEST, "last", "since and last: one of them will do");
        return;
    }
    if (control_streams_count(rq->control) >= CONTROL_STREAMS_MAX) {
        control_refuse(rq, MHD_HTTP_SERVICE_UNAVAILABLE, NULL,
                       "%d readers of events are there already", CONTROL_STREAMS_MAX);
        return;
    }
    struct control_stream *s = stream_new(rq, &q);
    if (s)
        rq->response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, PIECE, on_room, s, NULL);
    if (rq->response) {
        rq->status = MHD_HTTP_OK;
        rq->type = "text/event-stream";
    } else {
        control_answer(rq, MHD_HTTP_INTERNAL_SERVER_ERROR, NULL);
    }
}

void control_stream_free(struct control_request *rq)
{
    struct control_stream *s = rq->stream;
    if (!s)
        return;
    for (struct control_stream **at = &rq->control->streams; *at; at = &(*at)->following)
        if (*at == s) {
            *at = s->following;
            break;
        }
    buf_clear(&s->out);
    free(s->known);
    free(s);
    rq->stream = NULL;
}
