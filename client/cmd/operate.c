/* One operation: request written, connection opened, reply shown.
 *
 * The request is written before the connection is opened, so that a mistake on the
 * command line is told without a server. */
#include "client/cmd/cli.h"
#include "client/lib/requests.h"
#include "kmip/schema/validate.h"

bool cli_connect(struct cli *cli)
{
    char port[16];
    struct kc_connect o;

    if (cli->c)
        return true;
    kc_connect_from(&cli->settings, port, &o);
    cli->talking = true;
    cli->c = kc_open(&o, &cli->err);
    return cli->c != NULL;
}

static bool write_request(struct cli *cli, uint32_t operation,
                          bool (*payload)(struct cli *cli, struct ttlv_writer *w),
                          struct bytes id, struct buf *out)
{
    struct ttlv_writer w;
    struct kmip_request head = {.version = cli->settings.version};

    req_begin(&w, out, &head, operation, id, &cli->err);
    return payload(cli, &w) && req_end(&w);
}

bool cli_call(struct cli *cli, uint32_t operation,
              bool (*payload)(struct cli *cli, struct ttlv_writer *w), struct buf *reply,
              struct kmip_item *item)
{
    uint8_t id[16];
    struct buf request;

    kc_new_id(NULL, id);
    buf_init(&request, BUF_NO_LIMIT);
    bool ok = write_request(cli, operation, payload, bytes_of(id, sizeof id), &request) &&
              cli_connect(cli) &&
              kc_call(cli->c, buf_bytes(&request), bytes_of(id, sizeof id), reply, &cli->err) &&
              reply_open(buf_bytes(reply), operation, item, &cli->refusal, &cli->err);
    buf_clear(&request);
    return ok;
}

/* Without the identifier an answer is of no use, whatever else it holds. */
static void take_identifier_missing(void *arg, const struct finding *f)
{
    static const char identifier[] = "Unique Identifier ";

    if (f->rule == RULE_SCHEMA_MISSING && strncmp(f->expected, identifier, strlen(identifier)) == 0)
        *(bool *)arg = true;
}

static bool has_identifier(struct cli *cli, const struct kmip_item *item)
{
    bool missing = false;
    struct finding_sink sink = {take_identifier_missing, &missing};

    (void)kmip_validate_payload(item->payload.val, true, item->operation, cli->settings.version,
                                &sink, NULL);
    return !missing ||
           kerr_set(&cli->err, KE_REPLY, "the reply to %s has no Unique Identifier",
                    kmip_operation_name(item->operation));
}

bool cli_operate(struct cli *cli)
{
    const struct cmd *cmd = cli->cmd;
    struct kmip_item item;
    struct buf reply;

    buf_init(&reply, BUF_NO_LIMIT);
    bool ok = cli_call(cli, cmd->operation, cmd->payload, &reply, &item) &&
              has_identifier(cli, &item) && (cmd->show ? cmd->show : cli_show)(cli, &item);
    buf_clear(&reply);
    return ok;
}
