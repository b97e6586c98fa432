/* Readiness (ready.h). */
#include "mockserver/ready.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
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
