/* Encrypt and Decrypt: data from a file or standard input to standard output.
 *
 * The result is what the command is for, so it is printed without --show-secrets. */
#include <stdio.h>

#include "client/cmd/cli.h"
#include "client/lib/requests.h"

static const struct opt opts[] = {
    {.name = "mode", .kind = OPT_STR, .off = CLI_AT(mode), .arg = "NAME",
     .help = "Block Cipher Mode, such as CBC"},
    {.name = "padding", .kind = OPT_STR, .off = CLI_AT(padding), .arg = "NAME",
     .help = "Padding Method, such as PKCS5"},
    {.name = "algorithm", .kind = OPT_STR, .off = CLI_AT(algorithm), .arg = "NAME",
     .help = "Cryptographic Algorithm"},
    {.name = "iv", .kind = OPT_STR, .off = CLI_AT(iv), .arg = "HEX", .help = "IV/Counter/Nonce"},
    {.name = "out", .kind = OPT_STR, .off = CLI_AT(out), .arg = "FILE",
     .help = "write the result there (readable by you alone)"},
};

static bool crypt_payload(struct cli *cli, struct ttlv_writer *w)
{
    const struct cli_args *a = &cli->a;
    struct req_crypt c = {0};
    struct buf data = {0}, iv;

    buf_init(&iv, BUF_NO_LIMIT);
    bool ok = cli_enum(cli, "--mode", "Block Cipher Mode", a->mode, &c.mode) &&
              cli_enum(cli, "--padding", "Padding Method", a->padding, &c.padding) &&
              cli_enum(cli, "--algorithm", "Cryptographic Algorithm", a->algorithm,
                       &c.algorithm) &&
              cli_hex(cli, "--iv", a->iv, &iv) && cli_read(cli, 1, &data);
    if (ok) {
        c.data = buf_bytes(&data);
        c.iv = buf_bytes(&iv);
        req_crypt(w, cli->operand[0], &c);
    }
    buf_clear(&data);
    buf_clear(&iv);
    return ok;
}

/* An IV that the server chose is needed to decrypt: it must not be lost. */
static void tell_iv(const struct kmip_item *item)
{
    struct ttlv_item it;

    if (!ttlv_find(&item->payload, KMIP_TAG_IV_COUNTER_NONCE, &it))
        return;
    fputs("IV/Counter/Nonce: ", stderr);
    for (size_t i = 0; i < it.val.n; i++)
        fprintf(stderr, "%02x", it.val.p[i]);
    fputc('\n', stderr);
}

static bool crypt_show(struct cli *cli, const struct kmip_item *item)
{
    struct bytes data;

    if (!reply_field(item, KMIP_TAG_DATA, TTLV_BYTE_STRING, &data, &cli->err))
        return false;
    if (cli->a.json) {
        cli->json = cli_json_payload(item->operation, true, &item->payload, cli->a.show_secrets);
        if (!cli->a.out)
            cli_json_set(cli->json, "data", cli_json_hex(data));
    } else {
        tell_iv(item);
    }
    return (cli->a.json && !cli->a.out) || cli_put_data(cli, data);
}

static const struct cmd cmds[] = {
    {.name = "encrypt", .operands = "UID [FILE]", .min = 1, .max = 2,
     .help = "Encrypt FILE or standard input with a key", CLI_OPTS(opts),
     .operation = KMIP_OPERATION_ENCRYPT, .payload = crypt_payload, .show = crypt_show},
    {.name = "decrypt", .operands = "UID [FILE]", .min = 1, .max = 2,
     .help = "Decrypt FILE or standard input with a key", CLI_OPTS(opts),
     .operation = KMIP_OPERATION_DECRYPT, .payload = crypt_payload, .show = crypt_show},
};
const struct cmd_group cmd_crypt = CLI_GROUP(cmds);
