/* GET /journal/wait: the HTTP connection is suspended until the journal has what is asked
 * for, time is up, or the server stops.
 *
 * libmicrohttpd does not look at a connection that is suspended. Whether the client is
 * still there is looked at here, once a second: those that gave up, as a test does that is
 * killed, would otherwise fill the connections there may be.
 *
 * Each wait counts the entries that fit as they come. A fault may label an entry later
 * than it came; then its wait counts anew. */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "kmip/base/clock.h"
#include "mockserver/control_journal.h"

#define LOOK_AGAIN_NS NS_PER_S /* whether the clients are still there */

struct control_wait {
    struct control_request *rq;
    struct journal_question question;
    int64_t deadline_ns;
    uint64_t from, looked; /* entries [from, looked) are counted */
    int64_t found;
    bool over; /* resumed: will be answered */
    struct control_wait *next;
};

static void count(struct control_wait *w)
{
    const struct control *c = w->rq->control;
    const struct journal *j = &c->server->journal;
    if (c->changed < w->looked) {
        w->looked = w->from;
        w->found = 0;
    }
    if (w->looked < j->first)
        w->looked = j->first;
    for (; w->looked < j->next; w->looked++)
        w->found += journal_question_fits(&w->question, journal_get(j, w->looked));
}

/* The client has closed its side: nobody will read the answer. */
static bool has_hung_up(const struct control_wait *w)
{
    char byte;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(w->rq->http, MHD_CONNECTION_INFO_CONNECTION_FD);
    ssize_t n = info ? recv(info->connect_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) : 1;
    return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

static bool is_over(const struct control_wait *w, int64_t now_ns)
{
    return w->found >= w->question.count || now_ns >= w->deadline_ns || w->rq->control->stopping;
}

static void answer(struct control_wait *w)
{
    struct control_request *rq = w->rq;
    struct journal *j = &rq->control->server->journal;
    if (rq->control->stopping && w->found < w->question.count) {
        control_refuse(rq, MHD_HTTP_SERVICE_UNAVAILABLE, NULL, "the server stops");
        return;
    }
    json_t *o = journal_json(j, &w->question);
    bool enough = w->found >= w->question.count;
    if (o && !enough) {
        json_t *e = json_object();
        json_object_set_new(
            e, "message",
            json_sprintf("%lld of %lld exchanges came in %gs", (long long)w->found,
                         (long long)w->question.count, (double)w->question.timeout_ns / 1e9));
        json_object_set_new(o, "error", e);
    }
    control_answer(rq, enough ? MHD_HTTP_OK : MHD_HTTP_GATEWAY_TIMEOUT, o);
}

void control_get_wait(struct control_request *rq)
{
    struct control *c = rq->control;
    struct control_wait w = {.rq = rq}, *kept;
    if (!journal_question_read(rq, &w.question))
        return;
    if (w.question.count > (int64_t)c->server->journal.room) {
        control_refuse(rq, MHD_HTTP_BAD_REQUEST, "count",
                       "the journal keeps %zu exchanges, not %lld", c->server->journal.room,
                       (long long)w.question.count);
        return;
    }
    if (w.question.since == 0)
        w.question.since = (int64_t)c->server->journal.first;
    w.from = w.looked = (uint64_t)w.question.since;
    int64_t now_ns = clock_mono_ns();
    w.deadline_ns = now_ns + w.question.timeout_ns;
    count(&w);
    if (is_over(&w, now_ns)) {
        answer(&w);
        return;
    }
    kept = malloc(sizeof *kept);
    if (!kept) {
        control_answer(rq, MHD_HTTP_INTERNAL_SERVER_ERROR, NULL);
        return;
    }
    *kept = w;
    kept->next = c->waits;
    c->waits = rq->wait = kept;
}

void control_wait_done(struct control_request *rq)
{
    answer(rq->wait);
}

void control_waits_look(struct control *c)
{
    int64_t now_ns = clock_mono_ns();
    for (struct control_wait *w = c->waits; w; w = w->next) {
        if (w->over)
            continue;
        count(w);
        w->over = is_over(w, now_ns) || has_hung_up(w);
        if (w->over)
            MHD_resume_connection(w->rq->http);
    }
    c->changed = UINT64_MAX;
}

int64_t control_waits_deadline(const struct control *c)
{
    int64_t first = INT64_MAX, look = clock_mono_ns() + LOOK_AGAIN_NS;
    for (const struct control_wait *w = c->waits; w; w = w->next)
        if (!w->over && w->deadline_ns < first)
            first = w->deadline_ns;
    return first < INT64_MAX && look < first ? look : first;
}

size_t control_waits_count(const struct control *c)
{
    size_t n = 0;
    for (const struct control_wait *w = c->waits; w; w = w->next)
        n += !w->over;
    return n;
}

void control_wait_free(struct control_request *rq)
{
    struct control *c = rq->control;
    for (struct control_wait **at = &c->waits; rq->wait && *at; at = &(*at)->next)
        if (*at == rq->wait) {
            *at = rq->wait->next;
            break;
        }
    free(rq->wait);
    rq->wait = NULL;
}
