/* Attributes of an object: read, listed, added, set, deleted.
 *
 * Changes are made one after the other, additions first, deletions last, each with
 * a request of its own; the first that is refused ends them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/cmd/cli.h"
#include "client/lib/requests.h"
#include "kmip/base/text.h"

static const struct opt opts[] = {
    {.name = "list", .kind = OPT_FLAG, .off = CLI_AT(list), .help = "names only"},
    {.name = "add", .kind = OPT_LIST, .off = CLI_AT(add), .arg = "NAME=VALUE",
     .help = "add an attribute, or one more instance; a custom one is text, or 'x-n=!Integer 5'"},
    {.name = "set", .kind = OPT_LIST, .off = CLI_AT(set), .arg = "NAME=VALUE",
     .help = "change one (NAME#1=VALUE: the instance with index 1)"},
    {.name = "delete", .kind = OPT_LIST, .off = CLI_AT(del), .arg = "NAME",
     .help = "delete one (NAME#1: the instance with index 1)"},
};

static bool read_all(struct cli *cli, struct ttlv_writer *w)
{
    req_get_attributes(w, cli->operand[0], (const char *const *)cli->operand + 1,
                       (size_t)cli->n_operands - 1);
    return true;
}

static bool read_names(struct cli *cli, struct ttlv_writer *w)
{
    req_uid(w, cli->operand[0]);
    return true;
}

static bool write_one(struct cli *cli, struct ttlv_writer *w, const char *option,
                      const char *const *word)
{
    struct buf attribute;

    buf_init(&attribute, BUF_NO_LIMIT);
    bool ok = cli_attributes(cli, option, word, 1, &attribute);
    if (ok)
        req_attribute(w, cli->operand[0], buf_bytes(&attribute));
    buf_clear(&attribute);
    return ok;
}

/* The change at hand is the first of its list that has not been made. */
static bool add(struct cli *cli, struct ttlv_writer *w)
{
    return write_one(cli, w, "--add", cli->a.add.v);
}

static bool set(struct cli *cli, struct ttlv_writer *w)
{
    return write_one(cli, w, "--set", cli->a.set.v);
}

static bool delete(struct cli *cli, struct ttlv_writer *w)
{
    const char *word = cli->a.del.v[0], *hash = strrchr(word, '#');
    int64_t index = -1;

    if (!hash || !text_int(bytes_str(hash + 1), 0, INT32_MAX, &index)) {
        req_delete_attribute(w, cli->operand[0], word, -1);
        return true;
    }
    char *name = strndup(word, (size_t)(hash - word));
    if (!name)
        return kerr_set(&cli->err, KE_MEMORY, "no memory for a name");
    req_delete_attribute(w, cli->operand[0], name, (int32_t)index);
    free(name);
    return true;
}

static const struct change {
    size_t list; /* of the words, in struct cli_args */
    uint32_t operation;
    bool (*payload)(struct cli *cli, struct ttlv_writer *w);
} changes[] = {
    {CLI_AT(add), KMIP_OPERATION_ADD_ATTRIBUTE, add},
    {CLI_AT(set), KMIP_OPERATION_MODIFY_ATTRIBUTE, set},
    {CLI_AT(del), KMIP_OPERATION_DELETE_ATTRIBUTE, delete},
};

/* One request and its answer: shown, or moved to the list of changes. */
static bool ask(struct cli *cli, uint32_t operation,
                bool (*payload)(struct cli *cli, struct ttlv_writer *w), json_t *list)
{
    struct kmip_item item;
    struct buf reply;
    json_t *whole = cli->json;

    buf_init(&reply, BUF_NO_LIMIT);
    bool ok = cli_call(cli, operation, payload, &reply, &item) && cli_show(cli, &item);
    if (ok && cli->a.json && list) {
        cli_json_set(cli->json, "operation", json_string(kmip_operation_name(operation)));
        json_array_append_new(list, cli->json);
        cli->json = whole;
    }
    buf_clear(&reply);
    return ok;
}

static bool change(struct cli *cli)
{
    bool ok = true;
    json_t *list = json_array();

    if (cli->a.json) {
        cli->json = json_object();
        cli_json_set(cli->json, "unique_identifier", json_string(cli->operand[0]));
        cli_json_set(cli->json, "changes", json_incref(list));
    }
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct opt_list *words = (struct opt_list *)(void *)((char *)&cli->a + changes[i].list);
        for (; ok && words->n > 0; words->n--) {
            ok = ask(cli, changes[i].operation, changes[i].payload, list);
            memmove(words->v, words->v + 1, (words->n - 1) * sizeof *words->v);
        }
    }
    json_decref(list);
    return ok;
}

static bool attributes(struct cli *cli)
{
    const struct cli_args *a = &cli->a;
    bool changing = a->add.n + a->set.n + a->del.n > 0;

    if (cli->n_operands > 1 && (changing || a->list))
        return kerr_set(&cli->err, KE_USAGE, "'%s': names are for reading attributes only",
                        cli->operand[1]);
    if (changing && a->list)
        return kerr_set(&cli->err, KE_USAGE, "--list does not go with changes");
    if (changing)
        return change(cli);
    return a->list ? ask(cli, KMIP_OPERATION_GET_ATTRIBUTE_LIST, read_names, NULL)
                   : ask(cli, KMIP_OPERATION_GET_ATTRIBUTES, read_all, NULL);
}

static const struct cmd cmds[] = {
    {.name = "attributes", .operands = "UID [NAME...]", .min = 1, .max = -1,
     .help = "Show an object's attributes (all, or these), or change them", CLI_OPTS(opts),
     .run = attributes},
};
const struct cmd_group cmd_attribute = CLI_GROUP(cmds);
