/* GET /health and GET /state of the control API. */
#include <unistd.h>

#include "kmip/base/clock.h"
#include "mockserver/control_priv.h"

void control_get_health(struct control_request *rq)
{
    control_answer(rq, MHD_HTTP_OK,
                   json_pack("{s:s}", "status", rq->control->stopping ? "stopping" : "ok"));
}

static json_t *versions(const struct mock_config *cfg)
{
    json_t *list = json_array();
    for (size_t i = 0; i < cfg->n_versions; i++)
        json_array_append_new(list, json_string(kmip_version_text(cfg->versions[i])));
    return list;
}

static json_t *faults(const struct fault_set *s)
{
    uint64_t fired = 0;
    for (size_t i = 0; i < s->n; i++)
        fired += fault_set_info(s, i).fired;
    return json_pack("{s:I, s:I, s:I}", "in_force", (json_int_t)s->n, "retired",
                     (json_int_t)fault_set_retired(s), "fired", (json_int_t)fired);
}

static json_t *scenarios(const struct mock_config *cfg)
{
    json_t *list = json_array();
    for (size_t i = 0; i < cfg->n_scenarios; i++)
        json_array_append_new(list, control_text(bytes_str(cfg->scenarios[i])));
    return list;
}

static json_t *journal(const struct journal *j)
{
    return json_pack("{s:I, s:I, s:I, s:I}", "kept", (json_int_t)(j->next - j->first), "room",
                     (json_int_t)j->room, "first", (json_int_t)j->first, "next",
                     (json_int_t)j->next);
}

void control_get_state(struct control_request *rq)
{
    const struct control *c = rq->control;
    struct server *s = c->server;
    json_t *o = json_pack(
        "{s:s, s:s, s:i, s:I, s:s, s:i, s:{s:s, s:i}, s:o, s:o, s:I}", "program", "kmip-mock",
        "version", KMIP_CONFORM_VERSION, "pid", (int)getpid(), "seed", (json_int_t)s->cfg->seed,
        "host", s->host, "port", s->port, "control", "host", c->host, "port", c->port, "started",
        control_time(c->opened_wall_ns), "uptime", control_duration(clock_mono_ns() - c->opened_ns),
        "requests", (json_int_t)s->engine.requests);
    json_t *more = json_pack(
        "{s:{s:I, s:I}, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "connections", "open",
        (json_int_t)s->n_conns, "accepted", (json_int_t)(s->next_number - 1), "objects",
        (json_int_t)store_count(s->engine.store), "versions", versions(s->cfg), "vendor",
        control_text(bytes_str(s->cfg->vendor)), "store", control_text(bytes_str(s->cfg->store)),
        "faults", faults(&s->faults), "scenarios", scenarios(s->cfg), "states", control_scenarios(rq), "journal",
        journal(&s->journal));
    if (o && more)
        json_object_update(o, more);
    json_decref(more);
    if (o)
        json_object_update_new(o, json_pack("{s:I, s:I}", "waiting",
                                            (json_int_t)control_waits_count(c), "followers",
                                            (json_int_t)control_streams_count(c)));
    if (o && c->options.config)
        json_object_set_new(o, "config", control_text(bytes_str(c->options.config)));
    control_answer(rq, MHD_HTTP_OK, o);
}
