/* bucket-key: the storage driver's key flows, by hand. */
#include <string.h>

#include "client/cmd/cli.h"
#include "client/lib/bucket.h"
#include "kmip/base/clock.h"

static const struct opt opts[] = {
    {.name = "activation-date", .kind = OPT_STR, .off = CLI_AT(date), .arg = "DATE",
     .help = "Activation Date of a compound create (default now; 0: as some drivers send it)"},
    {.name = "out", .kind = OPT_STR, .off = CLI_AT(out), .arg = "FILE",
     .help = "write ciphered or deciphered data there (readable by you alone)"},
};

/* What the words ask for is clear by now. */
static bool connected(struct cli *cli, struct bucket_driver *d)
{
    bool ok = cli_connect(cli);

    d->c = cli->c;
    return ok;
}

static void put_key(struct cli *cli, struct bytes uid)
{
    cli->json = json_object();
    cli_json_set(cli->json, "unique_identifier", cli_json_text(uid));
}

static bool create(struct cli *cli, struct bucket_driver *d)
{
    struct bucket_key key = {.attribute = cli->settings.bucket_attribute,
                             .compound = cli->settings.compound_create,
                             .activation = clock_wall_ns() / NS_PER_S};
    struct buf made;

    if (cli->a.date && !key.compound)
        return kerr_set(&cli->err, KE_USAGE, "--activation-date goes with --compound-create: "
                        "otherwise Activate says when");
    if (!cli_date(cli, "--activation-date", cli->a.date, &key.activation))
        return false;
    buf_init(&made, BUF_NO_LIMIT);
    bool ok = connected(cli, d) && bucket_create(d, &key, cli->operand[1], &made, &cli->err);
    /* In JSON also when it could not be activated: whoever made it has to know it. */
    if (made.n > 0 && cli->a.json)
        put_key(cli, buf_bytes(&made));
    else if (ok)
        cli_put_line(buf_bytes(&made));
    buf_clear(&made);
    return ok;
}

static bool use(struct cli *cli, struct bucket_driver *d,
                bool (*step)(const struct bucket_driver *d, const char *uid, struct bytes data,
                             struct buf *out, struct kerr *err))
{
    struct buf in, out;

    buf_init(&out, BUF_NO_LIMIT);
    bool ok = cli_read(cli, 2, &in) && connected(cli, d) &&
              step(d, cli->operand[1], buf_bytes(&in), &out, &cli->err);
    if (ok && cli->a.json) {
        put_key(cli, bytes_str(cli->operand[1]));
        if (!cli->a.out)
            cli_json_set(cli->json, "data", cli_json_hex(buf_bytes(&out)));
    }
    ok = ok && ((cli->a.json && !cli->a.out) || cli_put_data(cli, buf_bytes(&out)));
    buf_clear(&in);
    buf_clear(&out);
    return ok;
}

static bool cipher(struct cli *cli, struct bucket_driver *d)
{
    return use(cli, d, bucket_cipher);
}

static bool decipher(struct cli *cli, struct bucket_driver *d)
{
    return use(cli, d, bucket_decipher);
}

static bool destroy(struct cli *cli, struct bucket_driver *d)
{
    if (!connected(cli, d) || !bucket_destroy(d, cli->operand[1], &cli->err))
        return false;
    if (cli->a.json)
        put_key(cli, bytes_str(cli->operand[1]));
    return true;
}

static const struct {
    const char *verb;
    bool (*run)(struct cli *cli, struct bucket_driver *d);
    bool takes_date, takes_out;
} verbs[] = {
    {"create", create, true, false},
    {"cipher", cipher, false, true},
    {"decipher", decipher, false, true},
    {"destroy", destroy, false, false},
};

static bool run_verb(struct cli *cli, size_t i)
{
    struct bucket_driver d = {.version = cli->settings.version, .refusal = &cli->refusal};
    const char *idle = cli->a.date && !verbs[i].takes_date ? "activation-date"
                       : cli->a.out && !verbs[i].takes_out ? "out"
                                                           : NULL;

    if (idle)
        return kerr_set(&cli->err, KE_USAGE, "--%s means nothing here", idle);
    return verbs[i].run(cli, &d);
}

static bool bucket(struct cli *cli)
{
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(cli->operand[0], verbs[i].verb) == 0)
            return run_verb(cli, i) ||
                   (cli->err.code != KE_OK && kerr_wrap(&cli->err, "%s", verbs[i].verb));
    return kerr_set(&cli->err, KE_USAGE, "'%s' is none of create, cipher, decipher, destroy",
                    cli->operand[0]);
}

static const struct cmd cmds[] = {
    {.name = "bucket-key",
     .operands = "create BUCKET | cipher KEY | decipher KEY | destroy KEY",
     .min = 2, .max = 2,
     .help = "Make, use and end bucket keys as the Zenko driver does; data on standard input",
     CLI_OPTS(opts), .run = bucket},
};
const struct cmd_group cmd_bucket = CLI_GROUP(cmds);
