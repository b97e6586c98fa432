/* The journal of what a run made (journal.h). */
#include "conformance/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "kmip/base/log.h"

void journal_init(struct journal *j, const char *path)
{
    memset(j, 0, sizeof *j);
    arena_init(&j->arena, 64u << 20);
    j->path = path ? arena_str(&j->arena, path) : NULL;
}

static bool no_memory(struct kerr *err)
{
    return kerr_set(err, KE_MEMORY, "no memory for the journal");
}

static struct journal_entry *add(struct journal *j)
{
    if (j->n == j->cap) {
        size_t cap = j->cap ? 2 * j->cap : 32;
        struct journal_entry *v = realloc(j->v, cap * sizeof *v);
        if (!v)
            return NULL;
        j->v = v;
        j->cap = cap;
    }
    struct journal_entry *e = &j->v[j->n];
    *e = (struct journal_entry){"", "", "", "main", false};
    return e;
}

/* ---- the file --------------------------------------------------------------- */

static bool write_line(struct journal *j, json_t *line, struct kerr *err)
{
    if (!line)
        return no_memory(err);
    bool ok = true;
    if (j->path) {
        if (!j->file) {
            int fd = open(j->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
            j->file = fd < 0 ? NULL : fdopen(fd, "a");
        }
        ok = j->file && json_dumpf(line, j->file, JSON_COMPACT) == 0 && fputc('\n', j->file) != EOF &&
             fflush(j->file) == 0;
        if (!ok)
            kerr_set(err, KE_FILE, "cannot write the journal %s: %s", j->path, strerror(errno));
    }
    json_decref(line);
    return ok;
}

bool journal_intent(struct journal *j, const char *case_id, const char *client, struct bytes name,
                    struct kerr *err)
{
    struct journal_entry *e = add(j);
    if (!e)
        return no_memory(err);
    e->name = arena_copy(&j->arena, name);
    e->case_id = case_id;
    e->client = arena_str(&j->arena, client);
    if (!e->name || !e->client)
        return no_memory(err);
    if (!write_line(j, json_pack("{s:s,s:s,s:s}", "intent", e->name, "case", case_id, "client", client), err))
        return false;
    j->n++;
    return true;
}

void journal_settled(struct journal *j, const char *case_id)
{
    for (size_t i = 0; i < j->n; i++) {
        struct journal_entry *e = &j->v[i];
        if (!e->gone && !e->uid[0] && strcmp(e->case_id, case_id) == 0) {
            e->gone = true;
            write_line(j, json_pack("{s:s}", "settled", e->name), NULL);
        }
    }
}

bool journal_made(struct journal *j, const char *case_id, const char *client, struct bytes uid, struct kerr *err)
{
    struct journal_entry *e = add(j);
    if (!e)
        return no_memory(err);
    e->uid = arena_copy(&j->arena, uid);
    e->case_id = case_id;
    e->client = arena_str(&j->arena, client);
    if (!e->uid || !e->client)
        return no_memory(err);
    j->n++;
    return write_line(j, json_pack("{s:s,s:s,s:s}", "made", e->uid, "case", case_id, "client", client), err);
}

void journal_gone(struct journal *j, struct bytes uid)
{
    for (size_t i = 0; i < j->n; i++)
        if (!j->v[i].gone && bytes_eq_str(uid, j->v[i].uid)) {
            j->v[i].gone = true;
            write_line(j, json_pack("{s:s}", "gone", j->v[i].uid), NULL);
        }
}

size_t journal_left(const struct journal *j)
{
    size_t left = 0;
    for (size_t i = 0; i < j->n; i++)
        left += !j->v[i].gone;
    return left;
}

static bool read_line(struct journal *j, json_t *line)
{
    const char *made = json_string_value(json_object_get(line, "made"));
    const char *intent = json_string_value(json_object_get(line, "intent"));
    const char *gone = json_string_value(json_object_get(line, "gone"));
    const char *settled = json_string_value(json_object_get(line, "settled"));
    const char *id = json_string_value(json_object_get(line, "case"));
    const char *client = json_string_value(json_object_get(line, "client"));
    if (gone) {
        journal_gone(j, bytes_str(gone));
        return true;
    }
    if (settled) {
        for (size_t i = 0; i < j->n; i++)
            if (!j->v[i].uid[0] && strcmp(j->v[i].name, settled) == 0)
                j->v[i].gone = true;
        return true;
    }
    if (!made && !intent)
        return false;
    struct journal_entry *e = add(j);
    if (!e)
        return false;
    e->uid = arena_str(&j->arena, made ? made : "");
    e->name = arena_str(&j->arena, intent ? intent : "");
    e->case_id = arena_str(&j->arena, id ? id : "");
    e->client = arena_str(&j->arena, client ? client : "main");
    j->n++;
    return e->uid && e->name && e->case_id && e->client;
}

bool journal_load(struct journal *j, const char *path, struct kerr *err)
{
    journal_init(j, NULL); /* reading must not append to what is read */
    FILE *f = fopen(path, "re");
    if (!f)
        return kerr_set(err, KE_FILE, "cannot open the journal %s: %s", path, strerror(errno));
    char *text = NULL;
    size_t room = 0, line_no = 0;
    bool ok = true;
    while (ok && getline(&text, &room, f) > 0) {
        json_error_t why;
        json_t *line = json_loads(text, 0, &why);
        line_no++;
        ok = line && read_line(j, line);
        if (!ok)
            kerr_set(err, KE_CONFIG, "%s:%zu: not a line of a journal", path, line_no);
        json_decref(line);
    }
    free(text);
    fclose(f);
    j->path = arena_str(&j->arena, path);
    return ok;
}

void journal_close(struct journal *j)
{
    if (j->file)
        fclose(j->file);
    if (j->path && journal_left(j) == 0)
        unlink(j->path);
    free(j->v);
    arena_clear(&j->arena);
    memset(j, 0, sizeof *j);
}

/* ---- cleaning --------------------------------------------------------------- */

enum step_result { DONE, NO_SUCH_OBJECT, ARCHIVED, REFUSED, LOST };

static enum step_result ask(struct target *t, const char *client, uint32_t operation, struct bytes uid)
{
    struct kmip_request rq = {.version = t->opt.settings.version};
    struct buf request;
    struct ttlv_writer w;
    struct target_reply reply;
    struct kerr err = KERR_INIT;
    buf_init(&request, 65536);
    ttlv_w_init(&w, &request, NULL);
    kmip_request_begin(&w, &rq);
    kmip_item_begin(&w, operation, bytes_of(NULL, 0));
    ttlv_w_text(&w, KMIP_TAG_UNIQUE_IDENTIFIER, uid);
    if (operation == KMIP_OPERATION_REVOKE) {
        ttlv_w_open(&w, KMIP_TAG_REVOCATION_REASON);
        ttlv_w_enum(&w, KMIP_TAG_REVOCATION_REASON_CODE, KMIP_REVOCATION_REASON_CODE_CESSATION_OF_OPERATION);
        ttlv_w_close(&w);
    }
    kmip_item_end(&w);
    kmip_request_end(&w);
    enum step_result result = LOST;
    buf_init(&reply.bytes, 0);
    if (ttlv_w_finish(&w) && target_call(t, client, &request, &reply, &err)) {
        const struct kmip_item *it = &reply.item;
        result = it->status == KMIP_RESULT_STATUS_SUCCESS ? DONE
                 : !it->has_reason                        ? REFUSED
                 : it->reason == KMIP_RESULT_REASON_ITEM_NOT_FOUND ? NO_SUCH_OBJECT
                 : it->reason == KMIP_RESULT_REASON_OBJECT_ARCHIVED ? ARCHIVED
                                                                    : REFUSED;
    }
    target_reply_clear(&reply);
    buf_clear(&request);
    return result;
}

/* Is it destroyed already, its attributes kept? */
static bool is_destroyed(struct target *t, const char *client, struct bytes uid)
{
    struct kmip_request rq = {.version = t->opt.settings.version};
    struct buf request;
    struct ttlv_writer w;
    struct target_reply reply;
    struct ttlv_item attribute, value;
    struct kerr err = KERR_INIT;
    buf_init(&request, 65536);
    ttlv_w_init(&w, &request, NULL);
    kmip_request_begin(&w, &rq);
    kmip_item_begin(&w, KMIP_OPERATION_GET_ATTRIBUTES, bytes_of(NULL, 0));
    ttlv_w_text(&w, KMIP_TAG_UNIQUE_IDENTIFIER, uid);
    ttlv_w_str(&w, KMIP_TAG_ATTRIBUTE_NAME, "State");
    kmip_item_end(&w);
    kmip_request_end(&w);
    buf_init(&reply.bytes, 0);
    bool destroyed = ttlv_w_finish(&w) && target_call(t, client, &request, &reply, &err) &&
                     reply.item.has_payload && ttlv_find(&reply.item.payload, KMIP_TAG_ATTRIBUTE, &attribute) &&
                     ttlv_find(&attribute, KMIP_TAG_ATTRIBUTE_VALUE, &value) && value.type == TTLV_ENUMERATION &&
                     (ttlv_enum(&value) == KMIP_STATE_DESTROYED ||
                      ttlv_enum(&value) == KMIP_STATE_DESTROYED_COMPROMISED);
    target_reply_clear(&reply);
    buf_clear(&request);
    return destroyed;
}

static bool remove_object(struct target *t, const char *client, struct bytes uid)
{
    enum step_result r = ask(t, client, KMIP_OPERATION_DESTROY, uid);
    if (r == ARCHIVED && ask(t, client, KMIP_OPERATION_RECOVER, uid) == DONE)
        r = ask(t, client, KMIP_OPERATION_DESTROY, uid);
    if (r == REFUSED && !is_destroyed(t, client, uid)) {
        ask(t, client, KMIP_OPERATION_REVOKE, uid);
        r = ask(t, client, KMIP_OPERATION_DESTROY, uid);
    } else if (r == REFUSED) {
        r = DONE;
    }
    return r == DONE || r == NO_SUCH_OBJECT;
}

/* Objects whose reply was lost: by their Name, which bears the run's prefix. */
static bool remove_named(struct target *t, const struct journal_entry *e)
{
    struct kmip_request rq = {.version = t->opt.settings.version};
    struct buf request;
    struct ttlv_writer w;
    struct target_reply reply;
    struct kerr err = KERR_INIT;
    buf_init(&request, 65536);
    ttlv_w_init(&w, &request, NULL);
    kmip_request_begin(&w, &rq);
    kmip_item_begin(&w, KMIP_OPERATION_LOCATE, bytes_of(NULL, 0));
    kmip_attribute_name(&w, e->name);
    kmip_item_end(&w);
    kmip_request_end(&w);
    buf_init(&reply.bytes, 0);
    bool ok = ttlv_w_finish(&w) && target_call(t, e->client, &request, &reply, &err) &&
              reply.item.status == KMIP_RESULT_STATUS_SUCCESS;
    if (ok && reply.item.has_payload) {
        struct ttlv_reader r;
        struct ttlv_item it;
        ttlv_r_children(&r, reply.msg.msg, &reply.item.payload, NULL);
        while (ttlv_r_next(&r, &it))
            if (it.tag == KMIP_TAG_UNIQUE_IDENTIFIER)
                ok = remove_object(t, e->client, it.val) && ok;
    }
    target_reply_clear(&reply);
    buf_clear(&request);
    return ok;
}

size_t journal_clean(struct journal *j, struct target *t, const char *case_id)
{
    size_t left = 0;
    for (size_t i = j->n; i-- > 0;) {
        struct journal_entry *e = &j->v[i];
        if (e->gone || (case_id && strcmp(e->case_id, case_id) != 0))
            continue;
        bool gone = e->uid[0] ? remove_object(t, e->client, bytes_str(e->uid)) : remove_named(t, e);
        if (gone) {
            e->gone = true;
            write_line(j, e->uid[0] ? json_pack("{s:s}", "gone", e->uid) : json_pack("{s:s}", "settled", e->name),
                       NULL);
        } else {
            left++;
        }
    }
    return left;
}
