/* What can be asked of the control API: one row each. */
#include <stdio.h>

#include "kmip/base/text.h"
#include "mockserver/control_priv.h"

const struct control_route control_routes[] = {
    {"GET", "/", BODY_NONE, NULL, control_get_root,
     "what can be asked; for a browser, the live page"},
    {"GET", "/page/{file}", BODY_NONE, NULL, control_get_page, "a file of the live page"},
    {"GET", "/health", BODY_NONE, NULL, control_get_health, "is the server there?"},
    {"GET", "/state", BODY_NONE, NULL, control_get_state,
     "version, seed, port, connections, requests, objects, faults, scenarios"},
    {"GET", "/faults", BODY_NONE, NULL, control_get_faults, "the faults in force, with counts"},
    {"POST", "/faults", BODY_NEEDED, NULL, control_post_faults,
     "add a fault, or a list of them, in force at once: all or none"},
    {"PUT", "/faults", BODY_NEEDED, NULL, control_put_faults,
     "these faults in place of all there are, at once"},
    {"DELETE", "/faults", BODY_NONE, NULL, control_delete_faults, "no faults, at once"},
    {"POST", "/faults/reset", BODY_NONE, NULL, control_reset_faults,
     "counts, random streams and scenarios as at the start; the faults stay"},
    {"GET", "/faults/{name}", BODY_NONE, NULL, control_get_fault, "one fault"},
    {"DELETE", "/faults/{name}", BODY_NONE, NULL, control_delete_fault,
     "take a fault away, at once"},
    {"GET", "/scenarios", BODY_NONE, NULL, control_get_scenarios,
     "states of the scenarios that faults know"},
    {"GET", "/scenarios/{name}", BODY_NONE, NULL, control_get_scenario, "one scenario's state"},
    {"PUT", "/scenarios/{name}", BODY_NEEDED, NULL, control_put_scenario,
     "set the state: {\"state\": \"over\"}"},
    {"DELETE", "/scenarios/{name}", BODY_NONE, NULL, control_delete_scenario,
     "the state as at the start"},
    {"GET", "/library", BODY_NONE, NULL, control_get_library,
     "the scenarios that come with the programs, which tell servers in the field; those in force"},
    {"PUT", "/library", BODY_NEEDED, NULL, control_put_library,
     "these scenarios over the configuration in place of those in force: [\"out-of-order\"]"},
    {"GET", "/clock", BODY_NONE, NULL, control_get_clock,
     "what the clock says, and how it is wrong"},
    {"PUT", "/clock", BODY_NEEDED, NULL, control_put_clock,
     "set the server's clock, as clock: of the configuration: {\"offset\": \"-90s\"}"},
    {"POST", "/clock", BODY_NEEDED, NULL, control_post_clock,
     "let virtual time pass: {\"advance\": \"2h\"}"},
    {"DELETE", "/clock", BODY_NONE, NULL, control_delete_clock,
     "the clock as the configuration has it; virtual time that has passed stays"},
    {"GET", "/objects", BODY_NONE, control_objects_params, control_get_objects,
     "the objects there are, without what is secret about them"},
    {"POST", "/objects", BODY_NEEDED, NULL, control_post_objects,
     "make objects, as preload: of the configuration: all or none"},
    {"DELETE", "/objects", BODY_NONE, NULL, control_delete_objects, "no objects, as if never made"},
    {"GET", "/objects/{identifier}", BODY_NONE, NULL, control_get_object,
     "one object with its attributes"},
    {"DELETE", "/objects/{identifier}", BODY_NONE, NULL, control_delete_object,
     "forget an object, as if it had never been made"},
    {"GET", "/journal", BODY_NONE, control_journal_params, control_get_journal,
     "exchanges, decoded, secrets left out"},
    {"GET", "/journal/wait", BODY_NONE, control_wait_params, control_get_wait,
     "the same once there are so many; 504 with those there are when time is up"},
    {"GET", "/events", BODY_NONE, control_events_params, control_get_events,
     "exchanges as they happen, as server-sent events: exchange, gap"},
    {"DELETE", "/journal", BODY_NONE, NULL, control_delete_journal,
     "forget all exchanges; their numbers go on"},
    {"POST", "/reload", BODY_NONE, NULL, control_post_reload,
     "read the configuration anew: whole or not at all"},
    {.path = NULL}};

/* "/faults/{name}" against "/faults/a": *name gets the part that is free. */
static bool path_fits(const char *pattern, const char *path, const char **name)
{
    const char *free_part = strchr(pattern, '{');
    size_t fixed = free_part ? (size_t)(free_part - pattern) : 0;
    if (!free_part)
        return strcmp(pattern, path) == 0;
    if (strncmp(pattern, path, fixed) != 0 || !path[fixed])
        return false;
    *name = path + fixed;
    return true;
}

static const char *nearest_path(const char *path)
{
    enum { MOST = 64 };
    const char *paths[MOST];
    size_t n = 0;
    for (const struct control_route *r = control_routes; r->path && n < MOST; r++)
        if (!strchr(r->path, '{'))
            paths[n++] = r->path;
    return text_nearest(path, paths, n);
}

static void no_such_path(struct control_request *rq, const char *path)
{
    struct buf quoted;
    const char *near = nearest_path(path);
    buf_init(&quoted, 400);
    text_quote(&quoted, bytes_str(path), 200);
    control_refuse(rq, MHD_HTTP_NOT_FOUND, NULL, "there is no %s%s%s%s; GET / lists what there is",
                   buf_cstr(&quoted), near ? "; did you mean " : "", near ? near : "",
                   near ? "?" : "");
    buf_clear(&quoted);
}

static void add_method(char *allow, size_t room, const char *method)
{
    size_t n = strlen(allow);
    if (!strstr(allow, method))
        snprintf(allow + n, room - n, "%s%s%s", n ? ", " : "", method,
                 strcmp(method, "GET") == 0 ? ", HEAD" : "");
}

void control_find_route(struct control_request *rq, const char *method, const char *path)
{
    char allow[80] = "";
    const char *asked = strcmp(method, "HEAD") == 0 ? "GET" : method, *name;
    for (const struct control_route *r = control_routes; r->path; r++) {
        name = "";
        if (!path_fits(r->path, path, &name))
            continue;
        if (strcmp(r->method, asked) == 0) {
            rq->route = r;
            rq->name = name;
            return;
        }
        add_method(allow, sizeof allow, r->method);
    }
    if (!allow[0]) {
        no_such_path(rq, path);
        return;
    }
    rq->allow = arena_str(&rq->arena, allow);
    control_refuse(rq, MHD_HTTP_METHOD_NOT_ALLOWED, NULL, "%s takes %s", path, allow);
}

static json_t *params(const struct control_route *r)
{
    json_t *o = json_object();
    for (const struct yfield *f = r->params; f && f->key; f++)
        json_object_set_new(o, f->key, json_string(f->help));
    return o;
}

void control_get_root(struct control_request *rq)
{
    if (control_page_wanted(rq, "GET", "/"))
        control_get_page(rq);
    else
        control_get_routes(rq);
}

void control_get_routes(struct control_request *rq)
{
    json_t *list = json_array();
    for (const struct control_route *r = control_routes; r->path; r++) {
        json_t *row =
            json_pack("{s:s, s:s, s:s}", "method", r->method, "path", r->path, "help", r->help);
        if (r->params)
            json_object_set_new(row, "parameters", params(r));
        json_array_append_new(list, row);
    }
    control_answer(rq, MHD_HTTP_OK,
                   json_pack("{s:s, s:o}", "program", "kmip-mock " KMIP_CONFORM_VERSION, "routes",
                             list));
}
