/* The journal of what a run made (journal.h). */
#include "conformance/journal.h"

#include "conformance/program.h"

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
    if (stat(j->path, &st) == 0 && !S_ISREG(st.st_mode))
        return kerr_set(err, KE_FILE,
                        "the journal must be a file of its own, and %s is none; --journal FILE "
                        "names another place",
                        j->path);
    if (stat(j->path, &st) == 0)
        return kerr_set(
            err, KE_FILE,
            "the journal %s is there already: work it off with `%s cleanup %s`, or name another "
            "with --journal",
            j->path, program_name(), j->path);
    if (snprintf(folder, sizeof folder, "%s", j->path) >= (int)sizeof folder)
        return kerr_set(err, KE_FILE, "the path of the journal is too long");
    const char *in = dirname(folder);
    return access(in, W_OK | X_OK) == 0 ||
           kerr_set(err, KE_FILE,
                    "cannot keep the journal %s: %s: %s; --journal FILE names another place",
                    j->path, in, strerror(errno));
}

/* ---- lines ------------------------------------------------------------------ */

/* In one piece, whoever else writes to the file. */
static bool put_line(struct journal *j, json_t *line)
{
    if (!line)
        return false;
    flockfile(j->file);
    bool ok = json_dumpf(line, j->file, JSON_COMPACT) == 0 && fputc('\n', j->file) != EOF &&
              fflush(j->file) == 0;
    funlockfile(j->file);
    return ok;
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

static struct journal_entry *add(struct journal *j, const struct journal_ask *a, struct bytes uid,
                                 struct bytes attribute, struct bytes value)
{
    struct journal_entry *e = room(j);
    const char *authentication = arena_copy(&j->arena, a->authentication);
    if (!e || !authentication)
        return NULL;
    *e = (struct journal_entry){.uid = arena_copy(&j->arena, uid),
                                .attribute = arena_copy(&j->arena, attribute),
                                .value = arena_copy(&j->arena, value),
                                .case_id = arena_str(&j->arena, a->case_id),
                                .client = arena_str(&j->arena, a->client),
                                .authentication = bytes_of(authentication, a->authentication.n),
                                .credential = a->authentication.n > 0,
                                .ask = a->no};
    if (!e->uid || !e->attribute || !e->value || !e->case_id || !e->client)
        return NULL;
    j->n++;
    return e;
}

static bool is_intent(const struct journal_entry *e)
{
    return e->uid[0] == 0;
}

unsigned journal_asks(struct journal *j, unsigned n)
{
    unsigned first = j->asks + 1;
    j->asks += n;
    return first;
}

/* What every entry's line has; more follows. */
static json_t *line_of(const struct journal_entry *e, const char *key, const char *value)
{
    json_t *line = json_pack("{s:s, s:i, s:s, s:s}", key, value, "ask", (int)e->ask, "case",
                             e->case_id, "client", e->client);
    if (line && e->credential)
        json_object_set_new(line, "credential", json_true());
    return line;
}

bool journal_intent(struct journal *j, const struct journal_ask *a, struct bytes attribute,
                    struct bytes value, struct kerr *err)
{
    const struct journal_entry *e = add(j, a, bytes_str(""), attribute, value);
    if (!e)
        return no_memory(err);
    json_t *line = line_of(e, "intent", e->value);
    if (line)
        json_object_set_new(line, "attribute", json_string(e->attribute));
    return write_line(j, line, err);
}

bool journal_intent_again(struct journal *j, const struct journal_ask *a, struct kerr *err)
{
    size_t n = j->n;
    for (size_t i = 0; i < n; i++) {
        struct journal_entry e = j->v[i];
        if (is_intent(&e) && e.gone && strcmp(e.case_id, a->case_id) == 0 &&
            !journal_intent(j, a, bytes_str(e.attribute), bytes_str(e.value), err))
            return false;
    }
    return true;
}

bool journal_sync(struct journal *j, struct kerr *err)
{
    return !j->file || fdatasync(fileno(j->file)) == 0 || errno == EINVAL || errno == EROFS ||
           kerr_set(err, KE_FILE, "cannot write the journal %s: %s", j->path, strerror(errno));
}

void journal_done(struct journal *j, struct journal_entry *e)
{
    e->gone = true;
    e->why = NULL;
    note_line(j, is_intent(e) ? json_pack("{s:s, s:i}", "settled", e->value, "ask", (int)e->ask)
                              : json_pack("{s:s}", "gone", e->uid));
}

static bool is_open_intent(const struct journal_entry *e, unsigned ask)
{
    return !e->gone && is_intent(e) && e->ask == ask;
}

void journal_refused(struct journal *j, unsigned ask)
{
    for (size_t i = 0; i < j->n; i++)
        if (is_open_intent(&j->v[i], ask))
            j->v[i].refused = true;
}

void journal_settled(struct journal *j, unsigned ask)
{
    for (size_t i = 0; i < j->n; i++)
        if (is_open_intent(&j->v[i], ask))
            journal_done(j, &j->v[i]);
}

bool journal_made(struct journal *j, const struct journal_ask *a, struct bytes uid,
                  const int64_t *at, struct kerr *err)
{
    struct journal_entry *e = add(j, a, uid, bytes_str(""), bytes_str(""));
    if (!e)
        return no_memory(err);
    e->doubtful = a->no == 0;
    e->has_at = at != NULL;
    e->at = at ? *at : 0;
    json_t *line = line_of(e, "made", e->uid);
    if (line && at)
        json_object_set_new(line, "at", json_integer((json_int_t)*at));
    return write_line(j, line, err);
}

static bool is_object(const struct journal_entry *e, struct bytes uid)
{
    return !is_intent(e) && bytes_eq_str(uid, e->uid);
}

void journal_destroying(struct journal *j, struct bytes uid)
{
    for (size_t i = 0; i < j->n; i++) {
        struct journal_entry *e = &j->v[i];
        if (e->gone || e->destroy_asked || !is_object(e, uid))
            continue;
        e->destroy_asked = true;
        note_line(j, json_pack("{s:s}", "destroying", e->uid));
    }
}

void journal_gone(struct journal *j, struct bytes uid)
{
    for (size_t i = 0; i < j->n; i++)
        if (!j->v[i].gone && is_object(&j->v[i], uid))
            journal_done(j, &j->v[i]);
}

bool journal_knows(const struct journal *j, struct bytes uid)
{
    for (size_t i = 0; i < j->n; i++)
        if (is_object(&j->v[i], uid) && !j->v[i].doubtful)
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

/* ---- parts ------------------------------------------------------------------ */

#define PART_ASKS (1u << 24) /* items that a part may number before the next one's begin */

bool journal_lend(struct journal *j, struct journal *out, unsigned part, struct kerr *err)
{
    if (j->path && !j->file && !open_file(j))
        return kerr_set(err, KE_FILE, "cannot write the journal %s: %s", j->path, strerror(errno));
    journal_init(out, j->path, j->run, j->server);
    out->file = j->file;
    out->asks = part * PART_ASKS;
    return true;
}

/* A copy whose texts are those of j. */
static bool take_entry(struct journal *j, const struct journal_entry *from)
{
    const struct journal_ask a = {.no = from->ask,
                                  .case_id = from->case_id,
                                  .client = from->client,
                                  .authentication = from->authentication};
    struct journal_entry *e = add(j, &a, bytes_str(from->uid), bytes_str(from->attribute),
                                  bytes_str(from->value));
    const char *why = from->why ? arena_str(&j->arena, from->why) : NULL;
    if (!e)
        return false;
    const struct journal_entry texts = *e;
    *e = *from;
    e->uid = texts.uid;
    e->attribute = texts.attribute;
    e->value = texts.value;
    e->case_id = texts.case_id;
    e->client = texts.client;
    e->authentication = texts.authentication;
    e->why = why;
    return true;
}

bool journal_take_over(struct journal *j, struct journal *part, struct kerr *err)
{
    bool ok = true;
    for (size_t i = 0; i < part->n; i++)
        ok = take_entry(j, &part->v[i]) && ok;
    part->file = NULL;
    journal_close(part);
    return ok || no_memory(err);
}

/* ---- reading ---------------------------------------------------------------- */

static const char *text_of(const json_t *line, const char *key, const char *otherwise)
{
    const char *text = json_string_value(json_object_get(line, key));
    return text ? text : otherwise;
}

/* A line without a number is of every item. */
static void settle(struct journal *j, const char *value, const json_t *line)
{
    const json_t *ask = json_object_get(line, "ask");
    for (size_t i = 0; i < j->n; i++) {
        struct journal_entry *e = &j->v[i];
        if (is_intent(e) && strcmp(e->value, value) == 0 &&
            (!ask || json_integer_value(ask) == (json_int_t)e->ask))
            e->gone = true;
    }
}

static bool read_entry(struct journal *j, const json_t *line, const char *made, const char *intent)
{
    const json_t *at = json_object_get(line, "at"), *ask = json_object_get(line, "ask");
    const struct journal_ask a = {.no = (unsigned)json_integer_value(ask),
                                  .case_id = text_of(line, "case", ""),
                                  .client = text_of(line, "client", "main")};
    const char *attribute = intent ? text_of(line, "attribute", NULL) : "";
    if (!attribute || (made ? !*made : !*intent))
        return false;
    struct journal_entry *e = add(j, &a, bytes_str(made ? made : ""), bytes_str(attribute),
                                  bytes_str(made ? "" : intent));
    if (!e)
        return false;
    e->credential = json_is_true(json_object_get(line, "credential"));
    e->has_at = json_is_integer(at);
    e->at = (int64_t)json_integer_value(at);
    return true;
}

static void read_destroying(struct journal *j, const char *uid)
{
    for (size_t i = 0; i < j->n; i++)
        if (is_object(&j->v[i], bytes_str(uid)))
            j->v[i].destroy_asked = true;
}

static bool read_line(struct journal *j, const json_t *line)
{
    const char *made = text_of(line, "made", NULL), *intent = text_of(line, "intent", NULL);
    const char *gone = text_of(line, "gone", NULL), *settled = text_of(line, "settled", NULL);
    const char *destroying = text_of(line, "destroying", NULL);
    if (gone)
        journal_gone(j, bytes_str(gone));
    else if (settled)
        settle(j, settled, line);
    else if (destroying)
        read_destroying(j, destroying);
    else if (made || intent)
        return read_entry(j, line, made, intent);
    return gone || settled || destroying;
}

/* A run's prefix, and nothing that other objects may begin with. */
static bool is_run(const char *run)
{
    static const char hex[] = "0123456789abcdef";
    size_t n = strlen(JOURNAL_PREFIX);
    return strncmp(run, JOURNAL_PREFIX, n) == 0 && strlen(run + n) == 8 &&
           strspn(run + n, hex) == 8;
}

static bool read_head(struct journal *j, const json_t *line, const char *path, struct kerr *err)
{
    const char *run = text_of(line, "run", NULL), *server = text_of(line, "server", NULL);
    if (!run || !server || !is_run(run))
        return kerr_set(err, KE_CONFIG,
                        "%s: not a journal of kmip-conform: its first line names no run (%s and "
                        "eight hexadecimal digits) and server",
                        path, JOURNAL_PREFIX);
    j->run = arena_str(&j->arena, run);
    j->server = arena_str(&j->arena, server);
    return (j->run && j->server) || no_memory(err);
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
        if (line_no == 1)
            ok = read_head(j, line, path, err);
        else if (!line || !read_line(j, line))
            j->unreadable_line = j->unreadable++ ? j->unreadable_line : line_no;
        json_decref(line);
    }
    free(text);
    return ok && (j->run || read_head(j, NULL, path, err));
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
    if (ours && j->path && journal_left(j) == 0 && j->unreadable == 0)
        unlink(j->path);
    free(j->v);
    arena_clear(&j->arena);
    memset(j, 0, sizeof *j);
}
