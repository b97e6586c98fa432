/* POST /reload of the control API. */
#include <stdio.h>

#include "mockserver/control_priv.h"
#include "mockserver/reload.h"

/* "FILE:3:7: text": file and text apart, for line and column are told by themselves. */
static json_t *error_json(const struct kerr *err)
{
    char place[40], whole[900];
    json_t *e = json_object();
    snprintf(place, sizeof place, ":%u:%u: ", err->line, err->col);
    const char *at = err->line ? strstr(err->msg, place) : NULL;
    if (err->path[0])
        json_object_set_new(e, "field", control_text(bytes_str(err->path)));
    if (!at) {
        kerr_format(err, whole, sizeof whole);
        json_object_set_new(e, "message", control_text(bytes_str(whole)));
        return e;
    }
    json_object_set_new(e, "message", control_text(bytes_str(at + strlen(place))));
    json_object_set_new(e, "file", control_text(bytes_of(err->msg, (size_t)(at - err->msg))));
    json_object_set_new(e, "line", json_integer(err->line));
    json_object_set_new(e, "column", json_integer(err->col));
    return e;
}

void control_post_reload(struct control_request *rq)
{
    struct server *s = rq->control->server;
    struct kerr err = KERR_INIT;
    if (server_reload(s, &err)) {
        control_log(rq, "%zu faults in force", s->faults.n);
        control_answer(rq, MHD_HTTP_OK,
                       json_pack("{s:s, s:I}", "status", "reloaded", "faults",
                                 (json_int_t)s->faults.n));
        return;
    }
    control_log(rq, "refused, nothing has changed: %s", err.msg);
    control_answer(rq, s->load ? control_status(&err) : MHD_HTTP_CONFLICT,
                   json_pack("{s:o}", "error", error_json(&err)));
}
