/* The configuration by the control API: read anew (POST /reload), and with other scenarios
 * over it (/library: those that come with the programs). */
#include <stdio.h>

#include "mockserver/control_priv.h"
#include "mockserver/reload.h"
#include "mockserver/scenario.h"

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
    control_answer(rq, server_reloads(s) ? control_status(&err) : MHD_HTTP_CONFLICT,
                   json_pack("{s:o}", "error", error_json(&err)));
}

/* --- scenarios to choose from ------------------------------------------ */

struct listing {
    const struct mock_config *cfg;
    json_t *list;
};

static bool in_force(const struct mock_config *cfg, const char *name)
{
    for (size_t i = 0; i < cfg->n_scenarios; i++)
        if (strcmp(cfg->scenarios[i], name) == 0)
            return true;
    return false;
}

static void list_one(void *arg, const char *name, const char *text)
{
    struct listing *l = arg;
    json_array_append_new(l->list, json_pack("{s:o, s:o, s:b}", "name",
                                             control_text(bytes_str(name)), "text",
                                             control_text(bytes_str(text)), "in_force",
                                             in_force(l->cfg, name)));
}

void control_get_library(struct control_request *rq)
{
    const struct mock_config *cfg = rq->control->server->cfg;
    struct listing l = {.cfg = cfg, .list = json_array()};
    json_t *now = json_array();
    struct kerr err = KERR_INIT;
    for (size_t i = 0; i < cfg->n_scenarios; i++)
        json_array_append_new(now, control_text(bytes_str(cfg->scenarios[i])));
    bool ok = scenario_visit(list_one, &l, &err);
    if (!ok)
        control_refuse_err(rq, NULL, &err);
    else
        control_answer(rq, MHD_HTTP_OK,
                       json_pack("{s:O, s:O}", "in_force", now, "scenarios", l.list));
    json_decref(now);
    json_decref(l.list);
}

/* A name, not a path: files of this machine are no business of whoever asks. Those that
 * the server was started with may stay. */
static bool read_name(const struct control_request *rq, const struct ynode *n,
                      struct opt_list *out, struct kerr *err)
{
    const char *name;
    if (!ynode_str(n, &name, err))
        return false;
    if (!in_force(rq->control->server->cfg, name) && (strchr(name, '/') || strchr(name, '.')))
        return ynode_err(n, KE_CONFIG, err,
                         "'%s' is a path; a scenario is chosen by its name (GET /library)", name);
    if (out->n == OPT_LIST_MAX)
        return ynode_err(n, KE_CONFIG, err, "more than %d scenarios", OPT_LIST_MAX);
    out->v[out->n++] = name;
    return true;
}

/* A name, a list of names, or {"scenarios": ...}. */
static bool read_names(struct control_request *rq, struct opt_list *out, struct kerr *err)
{
    struct {
        const struct ynode *scenarios;
    } r = {0};
    static const struct yfield fields[] = {
        {.key = "scenarios", .kind = YF_NODE, .off = 0, .required = true}, {.key = NULL}};
    const struct ynode *n = rq->doc.root;
    if (n->kind == YNODE_MAP) {
        if (!yfields_read(n, fields, &r, err))
            return false;
        n = r.scenarios;
    }
    if (n->kind != YNODE_SEQ)
        return read_name(rq, n, out, err);
    for (size_t i = 0; i < n->n; i++)
        if (!read_name(rq, n->vals[i], out, err))
            return false;
    return true;
}

void control_put_library(struct control_request *rq)
{
    struct server *s = rq->control->server;
    struct opt_list names = {.n = 0};
    struct kerr err = KERR_INIT;
    if (!read_names(rq, &names, &err)) {
        control_refuse_err(rq, NULL, &err);
        return;
    }
    if (!server_choose(s, &names, &err)) {
        control_log(rq, "refused, nothing has changed: %s", err.msg);
        control_answer(rq, s->load ? control_status(&err) : MHD_HTTP_CONFLICT,
                       json_pack("{s:o}", "error", error_json(&err)));
        return;
    }
    control_log(rq, "%zu scenarios, %zu faults in force", names.n, s->faults.n);
    control_get_library(rq);
}
