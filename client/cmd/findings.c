/* Findings about messages that are shown (cli.h). */
#include <stdio.h>

#include "client/cmd/cli.h"
#include "kmip/base/clock.h"
#include "kmip/schema/validate.h"

struct out {
    const char *prefix; /* of each line, or NULL: to the list */
    json_t *list;
    size_t n;
};

static void take(void *arg, const struct finding *f)
{
    struct out *o = arg;
    const struct rule *rule = rule_of(f->rule);

    o->n++;
    if (o->prefix) {
        printf("%s%s %s (%s) at offset %u, %s: expected %s, found %s\n", o->prefix,
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

static void find(struct bytes msg, struct bytes request, struct out *o)
{
    struct finding_sink sink = {take, o};
    struct kerr err = KERR_INIT;
    char text[900];

    if (!kmip_validate(msg, 0, NULL, &sink, &err))
        fprintf(stderr, "kmip-client: the message was not checked to its end: %s\n",
                kerr_format(&err, text, sizeof text));
    if (request.n > 0)
        kmip_check_reply(request, msg, clock_wall_ns() / NS_PER_S, &sink);
    else if (is_response(msg)) /* of whenever: its Time Stamp is not measured by our clock */
        kmip_check_reply(bytes_of(NULL, 0), msg, 0, &sink);
}

size_t cli_findings_print(struct bytes msg, struct bytes request, const char *prefix)
{
    struct out o = {.prefix = prefix};

    find(msg, request, &o);
    return o.n;
}

json_t *cli_findings_json(struct bytes msg, struct bytes request)
{
    struct out o = {.list = json_array()};

    find(msg, request, &o);
    return o.list;
}
