/* What a server is: Discover Versions, Query. */
#include "client/cmd/cli.h"
#include "client/lib/requests.h"

static bool discover(struct cli *cli, struct ttlv_writer *w)
{
    uint8_t versions[32];
    size_t n = 0;

    for (; n < (size_t)cli->n_operands && n < sizeof versions; n++) {
        versions[n] = kmip_version_parse(bytes_str(cli->operand[n]));
        if (!versions[n])
            return kerr_set(&cli->err, KE_USAGE, "'%s' is no version such as 1.2",
                            cli->operand[n]);
    }
    req_discover_versions(w, versions, n);
    return true;
}

/* "operations" is short for "Query Operations". */
static bool query_function(struct cli *cli, const char *word, uint32_t *out)
{
    const struct kmip_enum *e = kmip_enum_by_name(bytes_str("Query Function"));
    struct buf b;

    buf_init(&b, 200);
    buf_printf(&b, "Query %s", word);
    const struct kmip_enum_value *v = kmip_enum_by_text(e, buf_bytes(&b));
    buf_clear(&b);
    if (v)
        *out = v->value;
    return v || cli_enum(cli, "query", "Query Function", word, out);
}

static bool query(struct cli *cli, struct ttlv_writer *w)
{
    const struct kmip_enum *e = kmip_enum_by_name(bytes_str("Query Function"));
    uint32_t functions[32];
    size_t n = 0;

    for (; n < (size_t)cli->n_operands && n < 32; n++)
        if (!query_function(cli, cli->operand[n], &functions[n]))
            return false;
    for (size_t i = 0; cli->n_operands == 0 && i < e->n; i++)
        if (e->values[i].since <= cli->settings.version)
            functions[n++] = e->values[i].value;
    req_query(w, functions, n);
    return true;
}

static const struct cmd cmds[] = {
    {.name = "discover", .operands = "[VERSION...]", .max = 32,
     .help = "Protocol versions the server speaks, or which of these",
     .operation = KMIP_OPERATION_DISCOVER_VERSIONS, .payload = discover,
     .nothing = "the server speaks none of these versions"},
    {.name = "query", .operands = "[FUNCTION...]", .max = 32,
     .help = "What the server offers: operations, objects, server information... (default: all)",
     .operation = KMIP_OPERATION_QUERY, .payload = query},
};
const struct cmd_group cmd_server = CLI_GROUP(cmds);
