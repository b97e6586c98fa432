/* Findings about messages that are shown (cli.h). */
#include <stdio.h>

#include "client/cmd/cli.h"
#include "kmip/base/clock.h"
#include "kmip/schema/validate.h"

struct out {
    FILE *to; /* NULL: to the list */
    const char *prefix; /* of each line */
    json_t *list;
};

static void take(void *arg, const struct finding *f)
{
    struct out *o = arg;
    const struct rule *rule = rule_of(f->rule);

    if (o->to) {
        fprintf(o->to, "%s%s %s (%s) at offset %u, %s: expected %s, found %s\n", o->prefix,
               rule->severity == RULE_MUST ? "MUST" : "SHOULD", rule->name, rule->clause, f->off,
               f->path && f->path[0] ? f->path : "the message", f->expected, f->actual);
        return;
    }
    json_t *j = json_object();
    cli_json_set(j, "rule", json_string(rule->name));
    cli_json_set(j, "severity", json_string(rule->severity == RULE_MUST ? "MUST" : "SHOULD"));
    cli_json_set(j, "clause", json_string(rule->clause));
    cli_json_set(j, "offset", json_integer(f->off));
    cli_json_set(j, "path", cli_json_text(bytes_str(f->path)));
    cli_json_set(j, "expected", cli_json_text(bytes_str(f->expected)));
    cli_json_set(j, "actual", cli_json_text(bytes_str(f->actual)));
    json_array_append_new(o->list, j);
}

static bool is_response(struct bytes msg)
{
    return msg.n >= TTLV_HEADER && be32_get(msg.p) >> 8 == KMIP_TAG_RESPONSE_MESSAGE;
}

static bool find(struct bytes msg, struct bytes request, struct out *o, struct kerr *err)
{
    struct finding_sink sink = {take, o};
    bool whole = kmip_validate(msg, 0, NULL, &sink, err) ||
                 kerr_wrap(err, "the message was not checked to its end");

    if (request.n > 0)
        kmip_check_reply(request, msg, clock_wall_ns() / NS_PER_S, &sink);
    else if (is_response(msg)) /* of whenever: its Time Stamp is not measured by our clock */
        kmip_check_reply(bytes_of(NULL, 0), msg, 0, &sink);
    return whole;
}

bool cli_findings_print(FILE *to, struct bytes msg, struct bytes request, const char *prefix,
                        struct kerr *err)
{
    struct out o = {.to = to, .prefix = prefix};

    return find(msg, request, &o, err);
}

bool cli_findings_json(struct bytes msg, struct bytes request, json_t **list, struct kerr *err)
{
    struct out o = {.list = json_array()};

    *list = o.list;
    return find(msg, request, &o, err);
}
