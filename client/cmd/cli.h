/* kmip-client: one command from its row to its exit code.
 *
 * A command is a row: name, operands, options, and either an operation with a
 * function that writes its payload (and, where the common printer will not do,
 * one that shows the answer), or a run function of its own. main.c holds the
 * table and parses; operate.c sends and receives; show.c prints for people and
 * json.c for programs; input.c turns words of the command line into values. */
#ifndef CLIENT_CMD_CLI_H
#define CLIENT_CMD_CLI_H

#include <jansson.h>
#include <stdio.h>

#include "client/lib/kc.h"
#include "client/lib/reply.h"
#include "kmip/base/option.h"
#include "kmip/ttlv/writer.h"

/* Options of all commands; each command's table names those it takes. */
struct cli_args {
    bool json, show_secrets;
    bool list, hex, yaml, xml;
    const char *algorithm, *usage, *name, *type, *kind, *format, *mode, *padding, *iv;
    const char *reason, *message, *date, *out;
    int64_t length, max, limit, lease_ns;
    bool limit_given, lease_given;
    struct opt_list attributes, add, set, del, vars;
    const char *mix, *rate, *key; /* bench */
    int64_t connections, depth, duration_ns, requests, seed;
    bool reconnect, resume, sweep, keep;
};

struct cmd;

struct cli {
    const struct cmd *cmd;
    struct cli_args a;
    struct kc_settings settings; /* finished, unless the command is offline */
    char **operand;
    int n_operands;

    bool talking; /* a connection was tried: what fails now is the other side's doing */
    struct kc_client *c;
    json_t *json; /* --json: the object to print */
    struct reply_refusal refusal;
    struct kerr err;
};

struct cmd {
    const char *name, *operands; /* as usage shows them */
    const char *help;
    int min, max; /* number of operands; max -1 = any */
    const struct opt *opts;
    size_t n_opts;
    bool offline; /* takes no connection options */
    bool (*run)(struct cli *cli); /* NULL: cli_operate with what follows */

    uint32_t operation;
    bool (*payload)(struct cli *cli, struct ttlv_writer *w);
    bool (*show)(struct cli *cli, const struct kmip_item *item); /* NULL: cli_show */
    const char *nothing; /* what it means that the answer is empty, for people; or NULL */
};

#define CLI_OPTS(table) .opts = table, .n_opts = sizeof table / sizeof *table
#define CLI_GROUP(table) {table, sizeof table / sizeof *table}
#define CLI_AT(member) offsetof(struct cli_args, member)
#define CLI_SEEN(member) OPT_SEEN(struct cli_args, member)

/* operate.c */
/* The command's operation with its payload, answered and shown. */
bool cli_operate(struct cli *cli);
/* Opens the connection, unless it is open already. */
bool cli_connect(struct cli *cli);
/* One operation over the open connection; item points into reply. The payload
 * function may fail before anything is sent. */
bool cli_call(struct cli *cli, uint32_t operation,
              bool (*payload)(struct cli *cli, struct ttlv_writer *w), struct buf *reply,
              struct kmip_item *item);

/* show.c: an answer's payload as "Name: value" lines, or into cli->json. */
bool cli_show(struct cli *cli, const struct kmip_item *item);
/* The new object's identifier alone, for scripts; what else the answer holds goes to
 * standard error. JSON as cli_show has it. */
bool cli_show_identifier(struct cli *cli, const struct kmip_item *item);
/* That there is nothing to show, on standard error. */
void cli_tell_nothing(const struct cli *cli);
/* A text of the server as a line of its own, control characters escaped. */
void cli_put_line(struct bytes text);
/* Results that are bytes: to --out (0600) or standard output. */
bool cli_put_data(struct cli *cli, struct bytes data);

/* json.c: names in snake_case, enumerations by name, bytes in hexadecimal, fields
 * that repeat as arrays. Attributes are one object, "attributes", under their names: those
 * that may have several instances as arrays, with the indices of the instances in the
 * arrays of "attribute_indices". An Attribute that cannot stand under its name (which is
 * neither the standard's nor begins with x- or y-, say) stands under "attribute" with all
 * its fields. Any bytes will do; what cannot be read is left out or "unreadable". */
json_t *cli_json_payload(uint32_t operation, bool response, const struct ttlv_item *payload,
                         bool show_secrets);
json_t *cli_json_message(struct bytes msg, bool show_secrets);
json_t *cli_json_refusal(const struct reply_refusal *r);
json_t *cli_json_hex(struct bytes v);
json_t *cli_json_text(struct bytes v);
void cli_json_set(json_t *object, const char *key, json_t *value);

/* input.c: each fails with KE_USAGE naming the option and what it takes. */
bool cli_enum(struct cli *cli, const char *option, const char *enumeration, const char *word,
              uint32_t *out);
/* Names joined by '|' or ','. */
bool cli_mask(struct cli *cli, const char *option, const char *mask, const char *words,
              uint32_t *out);
/* A date, seconds since the epoch, "now", "now+60" or "now-60". */
bool cli_date(struct cli *cli, const char *option, const char *word, int64_t *out);
/* Hexadecimal digits. */
bool cli_hex(struct cli *cli, const char *option, const char *word, struct buf *out);
/* Appends encoded Attributes for words NAME=VALUE or NAME#INDEX=VALUE. */
bool cli_attributes(struct cli *cli, const char *option, const char *const *words, size_t n,
                    struct buf *out);
/* The file named by operand i, or standard input. */
bool cli_read(struct cli *cli, int i, struct buf *out);

/* findings.c: what is wrong with a message by the standard, one line or one JSON
 * object each. request: empty unless msg answers it. prefix stands before each line.
 * False with err when the message was not checked to its end. */
bool cli_findings_print(FILE *to, struct bytes msg, struct bytes request, const char *prefix,
                        struct kerr *err);
bool cli_findings_json(struct bytes msg, struct bytes request, json_t **list, struct kerr *err);

/* wipe.c: what is printed is wiped from memory when it was. Before any output. */
void cli_wipe_output(void);

/* form.c: each message of a YAML file, one or a list of them, encoded. take gets
 * them in order with their number from 0; false from it ends the walk. */
bool cli_yaml_messages(struct cli *cli, const char *path,
                       bool (*take)(struct cli *cli, void *arg, size_t number, struct bytes msg),
                       void *arg);

/* The rows, by the file that holds them. */
struct cmd_group {
    const struct cmd *cmds;
    size_t n;
};
extern const struct cmd_group cmd_server;    /* discover query */
extern const struct cmd_group cmd_object;    /* create register locate get ... check */
extern const struct cmd_group cmd_attribute; /* attributes */
extern const struct cmd_group cmd_crypt;     /* encrypt decrypt */
extern const struct cmd_group cmd_bucket;    /* bucket-key */
extern const struct cmd_group cmd_message;   /* send */
extern const struct cmd_group cmd_form;      /* decode encode */
extern const struct cmd_group cmd_bench;     /* bench */

#endif
