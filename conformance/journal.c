/* The journal of what a run made (journal.h). */
#include "conformance/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

void journal_init(struct journal *j, const char *path, const char *run, const char *server)
{
    memset(j, 0, sizeof *j);
    arena_init(&j->arena, 256u << 20);
    j->path = path;
    j->run = run;
    j->server = server;
}

static bool no_memory(struct kerr *err)
{
    return kerr_set(err, KE_MEMORY, "no memory for the journal");
}

bool journal_check(const struct journal *j, struct kerr *err)
{
    char folder[4096];
    struct stat st;
    if (stat(j->path, &st) == 0)
        return kerr_set(
            err, KE_FILE,
            "the journal %s is there already: work it off with `kmip-conform cleanup %s`, or name "
            "another with --journal",
            j->path, j->path);
    if (snprintf(folder, sizeof folder, "%s", j->path) >= (int)sizeof folder)
        return kerr_set(err, KE_FILE, "the path of the journal is too long");
    const char *in = dirname(folder);
    return access(in, W_OK | X_OK) == 0 ||
           kerr_set(err, KE_FILE,
                    "cannot keep the journal %s: %s: %s; --journal FILE names another place",
                    j->path, in, strerror(errno));
}

/* ---- lines ------------------------------------------------------------------ */

static bool put_line(struct journal *j, json_t *line)
{
    return line && json_dumpf(line, j->file, JSON_COMPACT) == 0 && fputc('\n', j->file) != EOF &&
           fflush(j->file) == 0;
}

static bool open_file(struct journal *j)
{
    int fd = open(j->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    j->file = fd < 0 ? NULL : fdopen(fd, "a");
    if (!j->file && fd >= 0)
        close(fd);
    if (!j->file)
        return false;
    json_t *head = json_pack("{s:s, s:s}", "run", j->run, "server", j->server);
    bool ok = put_line(j, head);
    json_decref(head);
    return ok;
}

static bool write_line(struct journal *j, json_t *line, struct kerr *err)
{
    if (!line)
        return kerr_set(err, KE_MEMORY, "no memory for the journal, or a name that is not UTF-8");
    bool ok = !j->path || ((j->file || open_file(j)) && put_line(j, line));
    json_decref(line);
    return ok ||
           kerr_set(err, KE_FILE, "cannot write the journal %s: %s", j->path, strerror(errno));
}

/* A line that only helps a later clean-up: its failure must not hide the run's result. */
static void note_line(struct journal *j, json_t *line)
{
    struct kerr ignored = KERR_INIT;
    if (!write_line(j, line, &ignored))
        return;
}

/* ---- entries ---------------------------------------------------------------- */

/* The next entry, not counted yet. */
static struct journal_entry *room(struct journal *j)
{
    if (j->n == j->cap) {
        size_t cap = j->cap ? 2 * j->cap : 32;
        struct journal_entry *v = realloc(j->v, cap * sizeof *v);
        if (!v)
            return NULL;
        j->v = v;
        j->cap = cap;
    }
    return &j->v[j->n];
}

static bool add(struct journal *j, const char *case_id, const char *client, struct bytes uid,
                struct bytes attribute, struct bytes value)
{
    struct journal_entry *e = room(j);
    if (!e)
        return false;
    *e = (struct journal_entry){.uid = arena_copy(&j->arena, uid),
                                .attribute = arena_copy(&j->arena, attribute),
                                .value = arena_copy(&j->arena, value),
                                .case_id = arena_str(&j->arena, case_id),
                                .client = arena_str(&j->arena, client)};
    if (!e->uid || !e->attribute || !e->value || !e->case_id || !e->client)
        return false;
    j->n++;
    return true;
}

static bool is_intent(const struct journal_entry *e)
{
    return e->uid[0] == 0;
}

bool journal_intent(struct journal *j, const char *case_id, const char *client,
                    struct bytes attribute, struct bytes value, struct kerr *err)
{
    if (!add(j, case_id, client, bytes_str(""), attribute, value))
        return no_memory(err);
    const struct journal_entry *e = &j->v[j->n - 1];
    return write_line(j,
                      json_pack("{s:s, s:s, s:s, s:s}", "intent", e->value, "attribute",
                                e->attribute, "case", e->case_id, "client", e->client),
                      err);
}

bool journal_intent_again(struct journal *j, const char *case_id, struct kerr *err)
{
    size_t n = j->n;
    for (size_t i = 0; i < n; i++) {
        struct journal_entry e = j->v[i];
        if (is_intent(&e) && e.gone && strcmp(e.case_id, case_id) == 0 &&
            !journal_intent(j, case_id, e.client, bytes_str(e.attribute), bytes_str(e.value), err))
            return false;
    }
    return true;
}

void journal_done(struct journal *j, struct journal_entry *e)
{
    e->gone = true;
    e->why = NULL;
    note_line(j, is_intent(e) ? json_pack("{s:s}", "settled", e->value)
                              : json_pack("{s:s}", "gone", e->uid));
}

void journal_settled(struct journal *j, const char *case_id)
{
    for (size_t i = 0; i < j->n; i++)
        if (!j->v[i].gone && is_intent(&j->v[i]) && strcmp(j->v[i].case_id, case_id) == 0)
            journal_done(j, &j->v[i]);
}

bool journal_made(struct journal *j, const char *case_id, const char *client, struct bytes uid,
                  struct kerr *err)
{
    if (!add(j, case_id, client, uid, bytes_str(""), bytes_str("")))
        return no_memory(err);
    const struct journal_entry *e = &j->v[j->n - 1];
    return write_line(
        j, json_pack("{s:s, s:s, s:s}", "made", e->uid, "case", e->case_id, "client", e->client),
        err);
}

void journal_gone(struct journal *j, struct bytes uid)
{
    for (size_t i = 0; i < j->n; i++)
        if (!j->v[i].gone && !is_intent(&j->v[i]) && bytes_eq_str(uid, j->v[i].uid))
            journal_done(j, &j->v[i]);
}

bool journal_knows(const struct journal *j, struct bytes uid)
{
    for (size_t i = 0; i < j->n; i++)
        if (!is_intent(&j->v[i]) && bytes_eq_str(uid, j->v[i].uid))
            return true;
    return false;
}

size_t journal_left(const struct journal *j)
{
    size_t left = 0;
    for (size_t i = 0; i < j->n; i++)
        left += !j->v[i].gone;
    return left;
}

/* ---- reading ---------------------------------------------------------------- */

static const char *text_of(const json_t *line, const char *key, const char *otherwise)
{
    const char *text = json_string_value(json_object_get(line, key));
    return text ? text : otherwise;
}

static void settle_value(struct journal *j, const char *value)
{
    for (size_t i = 0; i < j->n; i++)
        if (is_intent(&j->v[i]) && strcmp(j->v[i].value, value) == 0)
            j->v[i].gone = true;
}

static bool read_line(struct journal *j, const json_t *line)
{
    const char *made = text_of(line, "made", NULL), *intent = text_of(line, "intent", NULL);
    const char *gone = text_of(line, "gone", NULL), *settled = text_of(line, "settled", NULL);
    const char *run = text_of(line, "run", NULL);
    if (run) {
        j->run = arena_str(&j->arena, run);
        j->server = arena_str(&j->arena, text_of(line, "server", ""));
        return j->run && j->server;
    }
    if (gone)
        journal_gone(j, bytes_str(gone));
    else if (settled)
        settle_value(j, settled);
    else if (made || intent)
        return add(j, text_of(line, "case", ""), text_of(line, "client", "main"),
                   bytes_str(made ? made : ""), bytes_str(text_of(line, "attribute", "")),
                   bytes_str(intent ? intent : ""));
    return gone || settled;
}

static bool read_all(struct journal *j, const char *path, FILE *f, struct kerr *err)
{
    char *text = NULL;
    size_t size = 0, line_no = 0;
    ssize_t n;
    bool ok = true;
    while (ok && (n = getline(&text, &size, f)) > 0) {
        json_error_t why;
        line_no++;
        if (text[n - 1] != '\n')
            break; /* cut short by a crash: what it announces was never asked for */
        json_t *line = json_loads(text, 0, &why);
        ok = (line && read_line(j, line)) ||
             kerr_set(err, KE_CONFIG, "%s:%zu: not a line of a journal", path, line_no);
        json_decref(line);
    }
    free(text);
    return ok && (j->run || kerr_set(err, KE_CONFIG, "%s: not a journal of kmip-conform", path));
}

bool journal_load(struct journal *j, const char *path, struct kerr *err)
{
    journal_init(j, NULL, NULL, NULL); /* reading must not append to what is read */
    FILE *f = fopen(path, "re");
    if (!f)
        return kerr_set(err, KE_FILE, "cannot open the journal %s: %s", path, strerror(errno));
    bool ok = read_all(j, path, f, err);
    fclose(f);
    if (!ok)
        return false;
    j->path = path;
    int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    j->file = fd < 0 ? NULL : fdopen(fd, "a");
    return j->file ||
           kerr_set(err, KE_FILE, "cannot write the journal %s: %s", path, strerror(errno));
}

void journal_close(struct journal *j)
{
    bool ours = j->file != NULL;
    if (j->file)
        fclose(j->file);
    if (ours && j->path && journal_left(j) == 0)
        unlink(j->path);
    free(j->v);
    arena_clear(&j->arena);
    memset(j, 0, sizeof *j);
}
