/* The journal by the control API: which entries, and how one is shown.
 *
 * Messages are shown by kmip/form, which leaves secrets out; what a fault has damaged is
 * shown cautiously, for a key may then stand where nobody expects one. */
#include "mockserver/control_journal.h"
#include "mockserver/fields.h"

#include <stdio.h>

#include "kmip/base/clock.h"
#include "kmip/base/text.h"
#include "kmip/form/form.h"
#include "kmip/schema/message.h"

enum { LIMIT = 100, LIMIT_MAX = 1000 };
/* Messages decoded for one answer, in bytes and counted once for each form: the server
 * answers nobody else meanwhile. */
enum { DECODED_MAX = 2 << 20 };
enum { FORM_TEXT = 1, FORM_YAML = 2, FORM_HEX = 4 };

#define WHICH                                                                                      \
    NODE(journal_question, "operation", operation,                                                 \
         "name of an operation, or several with commas: some Batch Item has one of them"),         \
    STR(journal_question, "client", client,                                                        \
        "Common Name of the client's certificate; * and ? stand for others"),                      \
    INT(journal_question, "connection", connection, 1, INT64_MAX,                                  \
        "number of the connection"),                                                               \
    STR(journal_question, "fault", fault,                                                          \
        "name of a fault that fired; * and ? stand for others, so that * is any")

#define SHOWN                                                                                      \
    INT(journal_question, "since", since, 1, INT64_MAX,                                            \
        "from this number on, the oldest first; without it the newest, as many as limit"),         \
    INT(journal_question, "limit", limit, 1, LIMIT_MAX,                                            \
        "at most so many exchanges; 100 unless told"),                                             \
    NODE(journal_question, "messages", messages,                                                   \
         "how messages are shown: text (unless told), yaml, hex, or several with commas; none")

const struct yfield control_journal_params[] = {WHICH, SHOWN, END};

const struct yfield control_wait_params[] = {
    WHICH, SHOWN,
    INT(journal_question, "count", count, 1, 1000000, "exchanges to wait for; 1 unless told"),
    TIME(journal_question, "timeout", timeout_ns, 0, 600 * NS_PER_S,
         "how long to wait for them: 5s unless told, at most 10m"),
    END};

const struct yfield control_events_params[] = {
    WHICH,
    INT(journal_question, "since", since, 1, INT64_MAX,
        "from this number on; without it what comes from now on"),
    INT(journal_question, "last", last, 1, 1000000, "begin with the last so many"),
    INT(journal_question, "most", most, 1, 1000000,
        "exchanges a second that are told at most, the others are counted; 1000 unless told"),
    END};

/* --- the question ------------------------------------------------------ */

/* "a,b" as a list of nodes, each at the place of the whole. NULL: no memory. */
static struct ynode *split(struct arena *a, const struct ynode *n)
{
    struct ynode *list = arena_alloc(a, sizeof *list);
    char *rest = arena_str(a, n->text), *word;
    size_t most = 1;
    for (const char *c = n->text; *c; c++)
        most += *c == ',';
    if (!list || !rest)
        return NULL;
    *list = (struct ynode){
        .kind = YNODE_SEQ, .line = n->line, .col = n->col, .file = n->file, .text = n->text};
    list->vals = arena_array(a, most, sizeof *list->vals);
    while (list->vals && (word = strsep(&rest, ","))) {
        struct ynode *v = arena_alloc(a, sizeof *v);
        if (!v)
            return NULL;
        *v = *n;
        v->text = word;
        v->len = strlen(word);
        list->vals[list->n++] = v;
    }
    return list->vals ? list : NULL;
}

static bool read_forms(const struct ynode *words, unsigned *out, struct kerr *err)
{
    static const struct {
        const char *name;
        unsigned bit;
    } forms[] = {{"text", FORM_TEXT}, {"yaml", FORM_YAML}, {"hex", FORM_HEX}, {"none", 0}};
    *out = 0;
    for (size_t i = 0; i < words->n; i++) {
        size_t k = 0;
        while (k < sizeof forms / sizeof *forms && strcmp(forms[k].name, words->vals[i]->text) != 0)
            k++;
        if (k == sizeof forms / sizeof *forms)
            return ynode_err(words->vals[i], KE_CONFIG, err,
                             "messages are shown as text, yaml, hex or none, not '%s'",
                             words->vals[i]->text);
        *out |= forms[k].bit;
    }
    return true;
}

static bool understand(struct control_request *rq, struct journal_question *q, struct kerr *err)
{
    const struct ynode *operations = q->operation ? split(&rq->arena, q->operation) : NULL;
    const struct ynode *forms = q->messages ? split(&rq->arena, q->messages) : NULL;
    if ((q->operation && !operations) || (q->messages && !forms))
        return kerr_set(err, KE_MEMORY, "no memory for the question");
    return (!operations || read_operations(operations, &rq->arena, &q->operations, err)) &&
           (!forms || read_forms(forms, &q->forms, err));
}

bool journal_question_read(struct control_request *rq, struct journal_question *q)
{
    struct kerr err = KERR_INIT;
    *q = (struct journal_question){
        .limit = LIMIT, .count = 1, .timeout_ns = 5 * NS_PER_S, .most = 1000, .forms = FORM_TEXT};
    if (rq->control->server->journal.room == 0) {
        control_refuse(rq, MHD_HTTP_CONFLICT, "journal.exchanges",
                       "the configuration says that no exchanges are kept");
        return false;
    }
    if (!control_params(rq, q))
        return false;
    if (understand(rq, q, &err))
        return true;
    control_refuse_query(rq, &err);
    return false;
}

/* --- which entries ----------------------------------------------------- */

static bool wanted_operation(const struct read_operations *w, uint32_t operation)
{
    for (size_t i = 0; i < w->n; i++)
        if (w->v[i] == operation)
            return true;
    return false;
}

/* Of a batch the journal notes the first operation only: the request has them all. */
static bool some_item_fits(const struct read_operations *w, const struct exchange *e)
{
    struct kmip_message m;
    struct kmip_item it;
    struct kerr err = KERR_INIT;
    if (w->n == 0 || (e->note.operation && wanted_operation(w, e->note.operation)))
        return true;
    if (e->note.items < 2 || !kmip_open(&m, buf_bytes(&e->request), &err))
        return false;
    while (kmip_next_item(&m, &it))
        if (it.has_operation && wanted_operation(w, it.operation))
            return true;
    return false;
}

/* Steps through "a, b"; *name gets each in turn. */
static const char *next_fault(const char *from, char name[JOURNAL_FAULTS_MAX])
{
    if (!from || !from[0])
        return NULL;
    size_t n = strcspn(from, ",");
    snprintf(name, JOURNAL_FAULTS_MAX, "%.*s", (int)n, from);
    from += n;
    return from + strspn(from, ", ");
}

static bool some_fault_fits(const char *pattern, const struct exchange *e)
{
    char name[JOURNAL_FAULTS_MAX];
    if (!pattern)
        return true;
    for (const char *at = e->faults; (at = next_fault(at, name));)
        if (text_glob(pattern, name))
            return true;
    return false;
}

bool journal_question_fits(const struct journal_question *q, const struct exchange *e)
{
    return (q->connection == 0 || (uint64_t)q->connection == e->connection) &&
           (!q->client || text_glob(q->client, e->client)) && some_fault_fits(q->fault, e) &&
           some_item_fits(&q->operations, e);
}

/* --- one entry --------------------------------------------------------- */

static json_t *as_text(struct bytes message, const struct form_options *o)
{
    struct buf out;
    buf_init(&out, BUF_NO_LIMIT);
    form_text(message, o, &out);
    json_t *v = control_text(buf_bytes(&out));
    buf_clear(&out);
    return v;
}

static json_t *as_hex(struct bytes message, const struct form_options *o)
{
    struct buf out;
    buf_init(&out, BUF_NO_LIMIT);
    form_hex(message, o, &out);
    json_t *v = control_text(buf_bytes(&out));
    buf_clear(&out);
    return v;
}

/* Null for what is no message. */
static json_t *as_yaml(struct bytes message, const struct form_options *o)
{
    struct buf out;
    struct kerr err = KERR_INIT;
    buf_init(&out, BUF_NO_LIMIT);
    json_t *v = form_yaml(message, o, &out, &err) ? control_text(buf_bytes(&out)) : json_null();
    buf_clear(&out);
    return v;
}

static json_t *message_json(const struct buf *kept, size_t size, unsigned forms)
{
    static const struct form_options cautious = {.cautious = true};
    struct bytes v = buf_bytes(kept);
    json_t *o = json_pack("{s:I}", "size", (json_int_t)size);
    if (kept->n < size)
        json_object_set_new(o, "kept", json_integer((json_int_t)kept->n));
    if (forms & FORM_TEXT)
        json_object_set_new(o, "text", as_text(v, &cautious));
    if (forms & FORM_YAML)
        json_object_set_new(o, "yaml", as_yaml(v, &cautious));
    if (forms & FORM_HEX)
        json_object_set_new(o, "hex", as_hex(v, &cautious));
    return o;
}

static json_t *operations_json(const struct exchange *e)
{
    struct kmip_message m;
    struct kmip_item it;
    struct kerr err = KERR_INIT;
    json_t *list = json_array();
    if (e->note.items > 1 && kmip_open(&m, buf_bytes(&e->request), &err)) {
        while (kmip_next_item(&m, &it))
            if (it.has_operation)
                json_array_append_new(list, json_string(kmip_operation_name(it.operation)));
    } else if (e->note.operation) {
        json_array_append_new(list, json_string(kmip_operation_name(e->note.operation)));
    }
    return list;
}

static json_t *result_json(const struct answer_note *note)
{
    json_t *o = json_pack("{s:s}", "status", kmip_name_of("Result Status", note->status));
    if (note->reason)
        json_object_set_new(o, "reason", json_string(kmip_name_of("Result Reason", note->reason)));
    if (note->message[0])
        json_object_set_new(o, "message", control_text(bytes_str(note->message)));
    return o;
}

static json_t *faults_json(const struct exchange *e)
{
    char name[JOURNAL_FAULTS_MAX];
    json_t *list = json_array();
    for (const char *at = e->faults; (at = next_fault(at, name));)
        json_array_append_new(list, control_text(bytes_str(name)));
    return list;
}

/* A fault may have given the reply another identifier than the request has. */
static void put_reply_id(json_t *o, const struct exchange *e)
{
    struct kmip_message m;
    struct kmip_item it;
    struct kerr err = KERR_INIT;
    struct buf id;
    if (!e->n_faults || !kmip_open(&m, buf_bytes(&e->reply), &err) || !kmip_next_item(&m, &it) ||
        bytes_eq(it.id, bytes_of(e->note.id, e->note.id_len)) || it.id.n > sizeof e->note.id)
        return;
    buf_init(&id, 2 * sizeof e->note.id + 1);
    buf_hex(&id, it.id);
    json_object_set_new(o, "reply_batch_item_id", json_string(buf_cstr(&id)));
    buf_clear(&id);
}

/* What there is of a request and its reply; an entry about a connection has neither. */
static void put_exchange(json_t *o, const struct exchange *e, unsigned forms)
{
    struct buf id;
    buf_init(&id, 2 * sizeof e->note.id + 1);
    buf_hex(&id, bytes_of(e->note.id, e->note.id_len));
    json_object_set_new(o, "nth", json_integer((json_int_t)e->nth));
    json_object_set_new(o, "operations", operations_json(e));
    if (e->note.uid[0])
        json_object_set_new(o, "unique_identifier", control_text(bytes_str(e->note.uid)));
    if (id.n)
        json_object_set_new(o, "batch_item_id", json_string(buf_cstr(&id)));
    put_reply_id(o, e);
    json_object_set_new(o, "result", result_json(&e->note));
    if (e->clock.time_stamp_ns || e->clock.life_cycle_ns)
        json_object_set_new(o, "clock", control_ahead(&e->clock));
    json_object_set_new(o, "duration_ms", json_real((double)e->took_ns / 1e6));
    json_object_set_new(o, "left", e->left_ns ? control_time(e->left_ns) : json_null());
    json_object_set_new(o, "turn", json_integer((json_int_t)e->came));
    if (e->went)
        json_object_set_new(o, "left_turn", json_integer((json_int_t)e->went));
    json_object_set_new(o, "request", message_json(&e->request, e->request_size, forms));
    json_object_set_new(o, "reply", message_json(&e->reply, e->reply_size, forms));
    buf_clear(&id);
}

json_t *journal_entry_json(const struct exchange *e, unsigned forms)
{
    json_t *o = json_pack("{s:I, s:o, s:I, s:o}", "number", (json_int_t)e->number, "time",
                          control_time(e->received_ns), "connection", (json_int_t)e->connection,
                          "client", control_text(bytes_str(e->client)));
    if (!o)
        return NULL;
    if (e->nth)
        put_exchange(o, e, forms);
    json_object_set_new(o, "faults", faults_json(e));
    if (e->event[0])
        json_object_set_new(o, "event", control_text(bytes_str(e->event)));
    return o;
}

/* --- all of them ------------------------------------------------------- */

/* Where to begin, so that the newest `limit` that fit are shown. */
static uint64_t newest(const struct journal *j, const struct journal_question *q)
{
    uint64_t at = j->next;
    for (int64_t left = q->limit; at > j->first && left > 0;)
        if (journal_question_fits(q, journal_get(j, --at)))
            left--;
    return at;
}

json_t *journal_json(const struct journal *j, const struct journal_question *q)
{
    uint64_t since = (uint64_t)q->since, at = q->since ? since : newest(j, q);
    json_t *list = json_array();
    size_t decoded = 0, forms = (size_t)__builtin_popcount(q->forms);
    int64_t left = q->limit;
    if (at < j->first)
        at = j->first;
    for (; list && at < j->next && left > 0 && decoded < DECODED_MAX; at++) {
        const struct exchange *e = journal_get(j, at);
        if (!journal_question_fits(q, e))
            continue;
        json_array_append_new(list, journal_entry_json(e, q->forms));
        decoded += (e->request.n + e->reply.n) * forms;
        left--;
    }
    uint64_t missed = q->since && since < j->first ? j->first - since : 0;
    return json_pack("{s:I, s:I, s:I, s:b, s:o}", "first", (json_int_t)j->first, "next",
                     (json_int_t)at, "missed", (json_int_t)missed, "more", at < j->next,
                     "exchanges", list);
}

void control_get_journal(struct control_request *rq)
{
    struct journal_question q;
    if (journal_question_read(rq, &q))
        control_answer(rq, MHD_HTTP_OK, journal_json(&rq->control->server->journal, &q));
}

void control_delete_journal(struct control_request *rq)
{
    struct journal *j = &rq->control->server->journal;
    json_int_t had = (json_int_t)(j->next - j->first);
    journal_forget(j);
    rq->control->changed = 0; /* those who wait count anew */
    control_log(rq, "%lld exchanges forgotten", (long long)had);
    control_answer(rq, MHD_HTTP_OK,
                   json_pack("{s:I, s:I}", "forgotten", had, "next", (json_int_t)j->next));
}
