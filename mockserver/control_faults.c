/* Faults and the scenarios they know, by the control API. */
#include <stdio.h>

#include "kmip/base/text.h"
#include "mockserver/control_priv.h"

static struct fault_set *faults_of(const struct control_request *rq)
{
    return &rq->control->server->faults;
}

/* --- showing ----------------------------------------------------------- */

static json_t *fault_json(const struct fault_info *f)
{
    json_t *count = f->count == INT64_MAX ? json_string("always") : json_integer(f->count);
    return json_pack("{s:o, s:s, s:o, s:I, s:o}", "name", control_text(bytes_str(f->name)),
                     "action", f->action, "count", count, "fired", (json_int_t)f->fired, "declared",
                     control_node(f->source));
}

static json_t *list_from(const struct fault_set *s, size_t from)
{
    json_t *list = json_array();
    for (size_t i = from; i < s->n; i++) {
        struct fault_info f = fault_set_info(s, i);
        json_array_append_new(list, fault_json(&f));
    }
    return json_pack("{s:o}", "faults", list);
}

void control_get_faults(struct control_request *rq)
{
    control_answer(rq, MHD_HTTP_OK, list_from(faults_of(rq), 0));
}

static void no_such_fault(struct control_request *rq)
{
    enum { MOST = 200 };
    const struct fault_set *s = faults_of(rq);
    const char *names[MOST];
    size_t n = 0;
    for (; n < s->n && n < MOST; n++)
        names[n] = fault_set_info(s, n).name;
    const char *near = text_nearest(rq->name, names, n);
    control_refuse(rq, MHD_HTTP_NOT_FOUND, "name", "there is no fault named '%s'%s", rq->name,
                   text_hint(near).text);
}

void control_get_fault(struct control_request *rq)
{
    const struct fault_set *s = faults_of(rq);
    for (size_t i = 0; i < s->n; i++) {
        struct fault_info f = fault_set_info(s, i);
        if (strcmp(f.name, rq->name) == 0) {
            control_answer(rq, MHD_HTTP_OK, fault_json(&f));
            return;
        }
    }
    no_such_fault(rq);
}

/* --- changing ---------------------------------------------------------- */

/* A fault, a list of them, or {"faults": ...}, a piece of a configuration. *in says
 * what errors' fields begin with. */
static bool read_faults(struct control_request *rq, struct fault_list *out, const char **in)
{
    const struct ynode *n = rq->doc.root, *inside;
    struct kerr err = KERR_INIT;
    struct {
        const struct ynode *faults;
    } r = {0};
    static const struct yfield fields[] = {
        {.key = "faults", .kind = YF_NODE, .off = 0, .required = true}, {.key = NULL}};
    inside = ynode_get(n, "faults");
    *in = inside ? NULL : n->kind == YNODE_SEQ ? "faults" : "faults[0]";
    if ((!inside || yfields_read(n, fields, &r, &err)) &&
        fault_list_read(inside ? r.faults : n, out, &err))
        return true;
    control_refuse_err(rq, *in, &err);
    return false;
}

static void change(struct control_request *rq, unsigned status,
                   bool (*how)(struct fault_set *, const struct fault_list *, struct kerr *))
{
    struct fault_set *s = faults_of(rq);
    struct fault_list list;
    struct kerr err = KERR_INIT;
    const char *in;
    if (!read_faults(rq, &list, &in))
        return;
    if (how(s, &list, &err)) {
        server_wake(rq->control->server);
        control_log(rq, "%zu faults, now %zu in force", list.n, s->n);
        control_answer(rq, status, list_from(s, s->n - list.n));
    } else {
        control_refuse_err(rq, in, &err);
    }
    fault_list_clear(&list);
}

void control_post_faults(struct control_request *rq)
{
    change(rq, MHD_HTTP_CREATED, fault_set_add);
}

void control_put_faults(struct control_request *rq)
{
    change(rq, MHD_HTTP_OK, fault_set_put);
}

void control_delete_faults(struct control_request *rq)
{
    struct kerr err = KERR_INIT;
    if (!fault_set_put(faults_of(rq), NULL, &err)) {
        control_refuse_err(rq, NULL, &err);
        return;
    }
    server_wake(rq->control->server);
    control_log(rq, "no faults in force");
    control_get_faults(rq);
}

void control_delete_fault(struct control_request *rq)
{
    struct kerr err = KERR_INIT;
    if (!fault_set_remove(faults_of(rq), rq->name, &err)) {
        no_such_fault(rq);
        return;
    }
    server_wake(rq->control->server);
    control_log(rq, "%s", rq->name);
    control_get_faults(rq);
}

void control_reset_faults(struct control_request *rq)
{
    fault_set_reset(faults_of(rq));
    control_log(rq, "counts, streams and scenarios as at the start");
    control_get_faults(rq);
}

/* --- scenarios --------------------------------------------------------- */

struct naming {
    const struct fault_set *set;
    json_t *states; /* by name */
};

static void put_state(void *arg, const char *name)
{
    struct naming *n = arg;
    json_t *key = control_text(bytes_str(name));
    if (key)
        json_object_set_new(n->states, json_string_value(key),
                            control_text(bytes_str(fault_scenario(n->set, name))));
    json_decref(key);
}

/* {"outage": "started", ...}: those that somebody has set or a fault speaks of. */
json_t *control_scenarios(const struct control_request *rq)
{
    struct naming n = {.set = faults_of(rq), .states = json_object()};
    if (n.states)
        fault_scenarios_visit(n.set, put_state, &n);
    return n.states;
}

void control_get_scenarios(struct control_request *rq)
{
    control_answer(rq, MHD_HTTP_OK, json_pack("{s:o}", "scenarios", control_scenarios(rq)));
}

static const char *nearest_scenario(const char *name, json_t *known)
{
    enum { MOST = 200 };
    const char *names[MOST], *key;
    json_t *v;
    size_t n = 0;
    json_object_foreach(known, key, v) if (n < MOST) names[n++] = key;
    return text_nearest(name, names, n);
}

/* A name that no fault in force speaks of, and that nobody has set, is a slip. */
static bool scenario_there(struct control_request *rq)
{
    json_t *known = control_scenarios(rq);
    bool there = json_object_get(known, rq->name) != NULL;
    if (!there) {
        const char *near = nearest_scenario(rq->name, known);
        control_refuse(rq, MHD_HTTP_NOT_FOUND, "name",
                       "no fault in force speaks of a scenario '%s'%s", rq->name,
                       text_hint(near).text);
    }
    json_decref(known);
    return there;
}

static json_t *scenario_json(const struct fault_set *s, const char *name)
{
    return json_pack("{s:o, s:o}", "name", control_text(bytes_str(name)), "state",
                     control_text(bytes_str(fault_scenario(s, name))));
}

void control_get_scenario(struct control_request *rq)
{
    if (scenario_there(rq))
        control_answer(rq, MHD_HTTP_OK, scenario_json(faults_of(rq), rq->name));
}

static void set_scenario(struct control_request *rq, const char *state)
{
    struct kerr err = KERR_INIT;
    if (!fault_scenario_set(faults_of(rq), rq->name, state, &err)) {
        control_refuse_err(rq, NULL, &err);
        return;
    }
    control_log(rq, "%s is %s", rq->name, state);
    control_answer(rq, MHD_HTTP_OK, scenario_json(faults_of(rq), rq->name));
}

void control_put_scenario(struct control_request *rq)
{
    struct {
        const char *state;
    } r;
    static const struct yfield fields[] = {
        {.key = "state", .kind = YF_STR, .off = 0, .required = true}, {.key = NULL}};
    struct kerr err = KERR_INIT;
    if (!scenario_there(rq))
        return;
    if (!yfields_read(rq->doc.root, fields, &r, &err))
        control_refuse_err(rq, NULL, &err);
    else
        set_scenario(rq, r.state);
}

void control_delete_scenario(struct control_request *rq)
{
    if (scenario_there(rq))
        set_scenario(rq, "started");
}
