/* Readiness (ready.h). */
#include "mockserver/ready.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kmip/base/file.h"
#include "mockserver/control.h"

void ready_line(const struct server *s, const struct start *st)
{
    char control[80] = "";
    if (s->control)
        control_place(s->control, control, sizeof control);
    printf("ready host=%s port=%d pid=%ld seed=%" PRId64 "%s%s%s%s\n", s->host, s->port,
           (long)getpid(), s->cfg->seed, s->control ? " control=" : "", control,
           st->client_certs ? " client_certs=" : "", st->client_certs ? st->client_certs : "");
    fflush(stdout);
}

static json_t *control_json(const struct control *c)
{
    return c ? json_pack("{s:s, s:i}", "host", control_host(c), "port", control_port(c))
             : json_null();
}

bool ready_file(const struct server *s, const struct start *st, struct kerr *err)
{
    json_t *o = json_pack("{s:s, s:i, s:i, s:I, s:o, s:s?}", "host", s->host, "port", s->port,
                          "pid", (int)getpid(), "seed", (json_int_t)s->cfg->seed, "control",
                          control_json(s->control), "client_certs", st->client_certs);
    char *text = o ? json_dumps(o, JSON_INDENT(2)) : NULL;
    json_decref(o);
    if (!text)
        return kerr_set(err, KE_MEMORY,
                        "cannot write the ready file %s: no memory, or a path that is not UTF-8",
                        st->opt.ready_file);
    struct buf line;
    buf_init(&line, BUF_NO_LIMIT);
    bool ok = (buf_printf(&line, "%s\n", text) ||
               kerr_set(err, KE_MEMORY, "no memory for the ready file")) &&
              file_write(st->opt.ready_file, buf_bytes(&line), 0644, err);
    buf_clear(&line);
    free(text);
    return ok;
}

/* The process that a ready file tells of; 0: this is no ready file. */
static pid_t pid_in(const char *path)
{
    struct stat st;
    if (lstat(path, &st) < 0 || !S_ISREG(st.st_mode))
        return 0;
    json_t *o = json_load_file(path, 0, NULL);
    json_int_t pid = json_integer_value(json_object_get(o, "pid"));
    bool ours = json_is_string(json_object_get(o, "host")) &&
                json_is_integer(json_object_get(o, "port")) && pid > 0 && pid <= INT32_MAX;
    json_decref(o);
    return ours ? (pid_t)pid : 0;
}

void ready_file_clear(const char *path)
{
    pid_t pid = pid_in(path);
    if (pid > 0 && (pid == getpid() || (kill(pid, 0) < 0 && errno == ESRCH)))
        unlink(path);
}
