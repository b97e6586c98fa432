/* decode and encode: messages between their binary and readable forms, offline. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/cmd/cli.h"
#include "kmip/base/clock.h"
#include "kmip/base/file.h"
#include "kmip/base/text.h"
#include "kmip/form/form.h"
#include "kmip/form/from_xml.h"
#include "kmip/form/from_yaml.h"
#include "kmip/ttlv/framing.h"

#define MESSAGES_MAX (64u << 20)

/* --- decode ---------------------------------------------------------------- */

static const struct opt decode_opts[] = {
    {.name = "hex", .kind = OPT_FLAG, .off = CLI_AT(hex),
     .help = "a line per item with offset, header and bytes"},
    {.name = "yaml", .kind = OPT_FLAG, .off = CLI_AT(yaml),
     .help = "YAML, which encode turns back (with --show-secrets) into the same bytes"},
    {.name = "xml", .kind = OPT_FLAG, .off = CLI_AT(xml),
     .help = "KMIP XML, which encode --xml turns back likewise; findings go to standard error"},
};

/* Binary begins with a tag, 42 or 54 and a zero byte or another that is no digit. */
static bool looks_binary(struct bytes in)
{
    for (size_t i = 0; i < in.n && i < 8; i++)
        if (in.p[i] < ' ' && !strchr("\t\r\n", in.p[i]))
            return true;
    return false;
}

/* Hexadecimal digits are turned into the bytes they stand for. */
static bool to_binary(struct cli *cli, struct buf *in)
{
    struct buf bytes;

    if (in->n == 0)
        return kerr_set(&cli->err, KE_TTLV_ROOT, "not a KMIP message: there are no bytes");
    if (looks_binary(buf_bytes(in)))
        return true;
    buf_init(&bytes, MESSAGES_MAX);
    if (!text_unhex(buf_bytes(in), &bytes)) {
        buf_clear(&bytes);
        return kerr_set(&cli->err, KE_TTLV_ROOT,
                        "not a KMIP message: neither its bytes nor hexadecimal digits");
    }
    buf_clear(in);
    *in = bytes;
    return bytes.n > 0 ||
           kerr_set(&cli->err, KE_TTLV_ROOT, "not a KMIP message: there are no bytes");
}

/* An entry of a YAML list: the message's lines behind "- ". */
static void print_indented(const char *text)
{
    const char *before = "- ";

    while (*text) {
        size_t n = strcspn(text, "\n");
        printf("%s%.*s\n", n ? before : "", (int)n, text);
        before = "  ";
        text += text[n] ? n + 1 : n;
    }
}

static bool print_form(struct cli *cli, struct bytes msg, bool one_of_many)
{
    struct form_options o = {.show_secrets = cli->a.show_secrets,
                             .max_bytes = SIZE_MAX,
                             .indent = cli->a.xml && one_of_many ? 2 : 0};
    struct buf out;
    bool ok = true;

    buf_init(&out, BUF_NO_LIMIT);
    if (cli->a.yaml)
        ok = form_yaml(msg, &o, &out, &cli->err);
    else if (cli->a.xml)
        ok = form_xml(msg, &o, &out, &cli->err);
    else if (cli->a.hex)
        form_hex(msg, &o, &out);
    else
        form_text(msg, &o, &out);
    if (ok && cli->a.yaml && one_of_many)
        print_indented(buf_cstr(&out));
    else if (ok)
        fputs(buf_cstr(&out), stdout);
    buf_clear(&out);
    return ok;
}

static bool add_json(struct cli *cli, struct bytes msg, size_t at)
{
    json_t *o = json_object(), *findings;
    struct kerr broken = KERR_INIT;
    char text[900];

    cli_json_set(o, "offset", json_integer((json_int_t)at));
    cli_json_set(o, "length", json_integer((json_int_t)msg.n));
    cli_json_set(o, "message", cli_json_message(msg, cli->a.show_secrets));
    bool whole = cli_findings_json(msg, bytes_of(NULL, 0), &findings, &cli->err);
    if (!ttlv_check(msg, NULL, NULL, &kmip_namer, NULL, &broken))
        cli_json_set(o, "error",
                     cli_json_text(bytes_str(kerr_format(&broken, text, sizeof text))));
    cli_json_set(o, "findings", findings);
    json_array_append_new(json_object_get(cli->json, "messages"), o);
    return whole;
}

static bool decode_one(struct cli *cli, struct bytes msg, size_t at, size_t number, bool many)
{
    const char *prefix = cli->a.yaml ? "# finding: " : "finding: ";

    if (cli->a.json)
        return add_json(cli, msg, at);
    if (cli->a.xml && number == 1)
        printf("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n%s", many ? "<KMIP>\n" : "");
    else if (many && !cli->a.yaml && !cli->a.xml)
        printf("%sMessage %zu, %zu bytes at offset %zu:\n", number > 1 ? "\n" : "", number, msg.n,
               at);
    return print_form(cli, msg, many) &&
           cli_findings_print(cli->a.xml ? stderr : stdout, msg, bytes_of(NULL, 0), prefix,
                              &cli->err);
}

/* What there is of a message that was cut short: the error tells of it in any case, and
 * YAML and XML have no way to write half a message. */
static void decode_cut(struct cli *cli, struct bytes rest, size_t at, size_t number)
{
    struct kerr cut = cli->err;

    if (!cli->a.yaml && !cli->a.xml)
        (void)decode_one(cli, rest, at, number, number > 1);
    cli->err = cut;
}

/* Several messages of XML stand in one element. */
static void end_of_many(struct cli *cli, size_t number)
{
    if (cli->a.xml && number > 1)
        puts("</KMIP>");
}

static bool decode_all(struct cli *cli, struct bytes all)
{
    struct kerr first = KERR_INIT;
    size_t at = 0, number = 1;

    for (; at < all.n; number++) {
        struct bytes rest = bytes_of(all.p + at, all.n - at);
        size_t n;
        enum ttlv_frame got = ttlv_framing(rest, MESSAGES_MAX, &n, &cli->err);
        if (got == TTLV_FRAME_MORE) {
            kerr_set(&cli->err, KE_TTLV_SHORT,
                     "not a whole KMIP message: %zu bytes of at least %zu", rest.n, n);
            decode_cut(cli, rest, at, number);
        }
        if (got != TTLV_FRAME_WHOLE) {
            end_of_many(cli, number);
            return number > 1 ? kerr_wrap(&cli->err, "behind message %zu, at offset %zu",
                                          number - 1, at)
                              : false;
        }
        if (!decode_one(cli, bytes_of(rest.p, n), at, number, number > 1 || n < rest.n) &&
            first.code == KE_OK)
            first = cli->err;
        kerr_clear(&cli->err);
        at += n;
    }
    end_of_many(cli, number - 1);
    cli->err = first;
    return first.code == KE_OK;
}

static bool decode(struct cli *cli)
{
    struct buf in;

    if (cli->a.hex + cli->a.yaml + cli->a.xml + cli->a.json > 1)
        return kerr_set(&cli->err, KE_USAGE, "choose one of --hex, --yaml, --xml and --json");
    if (cli->a.json) {
        cli->json = json_object();
        cli_json_set(cli->json, "messages", json_array());
    }
    bool ok = cli_read(cli, 0, &in) && to_binary(cli, &in) && decode_all(cli, buf_bytes(&in));
    buf_clear(&in);
    return ok;
}

/* --- YAML in ---------------------------------------------------------------- */

/* --var NAME=VALUE: the text behind the last one given for the name. */
static bool variable(void *arg, struct bytes name, struct form_value_ref *out)
{
    const struct opt_list *vars = arg;

    for (size_t i = vars->n; i > 0; i--) {
        const char *word = vars->v[i - 1];
        size_t n = strcspn(word, "=");
        if (word[n] && bytes_eq(bytes_of(word, n), name)) {
            *out = (struct form_value_ref){.val = bytes_str(word + n + 1)};
            return true;
        }
    }
    return false;
}

static bool check_vars(struct cli *cli)
{
    for (size_t i = 0; i < cli->a.vars.n; i++)
        if (!strchr(cli->a.vars.v[i], '=') || cli->a.vars.v[i][0] == '=')
            return kerr_set(&cli->err, KE_USAGE, "--var takes NAME=VALUE, not '%s'",
                            cli->a.vars.v[i]);
    return true;
}

static bool messages_of(struct cli *cli, const struct ynode *root,
                        bool (*take)(struct cli *cli, void *arg, size_t number, struct bytes msg),
                        void *arg)
{
    struct form_env env = {variable, &cli->a.vars, clock_wall_ns() / NS_PER_S};
    bool list = root->kind == YNODE_SEQ, ok = true;
    struct buf msg;

    if (list && root->n == 0)
        return ynode_err(root, KE_YAML, &cli->err, "the list of messages is empty");
    buf_init(&msg, MESSAGES_MAX);
    for (size_t i = 0; ok && i < (list ? root->n : 1); i++) {
        buf_reset(&msg);
        ok = from_yaml_message(list ? root->vals[i] : root, &env, &msg, &cli->err) &&
             take(cli, arg, i, buf_bytes(&msg));
    }
    buf_clear(&msg);
    return ok;
}

bool cli_yaml_messages(struct cli *cli, const char *path,
                       bool (*take)(struct cli *cli, void *arg, size_t number, struct bytes msg),
                       void *arg)
{
    struct ydoc doc = {0};
    bool ok = check_vars(cli) && ydoc_load(&doc, path, &cli->err);

    if (ok)
        ok = doc.root ? messages_of(cli, doc.root, take, arg)
                      : kerr_set(&cli->err, KE_YAML, "%s:1:1: the file is empty; expected a "
                                 "message or a list of them", path);
    ydoc_clear(&doc);
    return ok;
}

/* --- XML in ----------------------------------------------------------------- */

/* One message, or several in an element <KMIP>, with other text between them as published
 * test cases have it. */
static bool xml_messages(struct cli *cli, const char *path, struct buf *out,
                         bool (*take)(struct cli *cli, void *arg, size_t number, struct bytes msg))
{
    struct form_env env = {variable, &cli->a.vars, clock_wall_ns() / NS_PER_S};
    struct xdoc doc = {.comment = ""};
    size_t number = 0;
    struct buf msg;
    bool ok = check_vars(cli) && xdoc_load(&doc, path, &cli->err);
    bool many = ok && strcmp(doc.root->name, "KMIP") == 0;

    buf_init(&msg, MESSAGES_MAX);
    if (many && !doc.root->first)
        ok = xnode_err(doc.root, KE_XML, &cli->err, "<KMIP> holds no message");
    for (const struct xnode *n = ok ? many ? doc.root->first : doc.root : NULL; ok && n;
         n = many ? n->next : NULL) {
        buf_reset(&msg);
        ok = from_xml_message(n, &env, &msg, &cli->err) &&
             take(cli, out, number++, buf_bytes(&msg));
    }
    buf_clear(&msg);
    xdoc_clear(&doc);
    return ok;
}

/* --- encode ----------------------------------------------------------------- */

static const struct opt encode_opts[] = {
    {.name = "xml", .kind = OPT_FLAG, .off = CLI_AT(xml),
     .help = "KMIP XML, as in FILE.xml: a message, or several in <KMIP>"},
    {.name = "hex", .kind = OPT_FLAG, .off = CLI_AT(hex),
     .help = "hexadecimal digits, a line per message"},
    {.name = "var", .kind = OPT_LIST, .off = CLI_AT(vars), .arg = "NAME=VALUE",
     .help = "what $NAME stands for in the file"},
    {.name = "out", .kind = OPT_STR, .off = CLI_AT(out), .arg = "FILE",
     .help = "write there (readable by you alone)"},
};

static bool add_bytes(struct cli *cli, void *arg, size_t number, struct bytes msg)
{
    struct buf *out = arg;

    (void)number;
    if (cli->a.json) {
        json_t *o = json_object();
        cli_json_set(o, "length", json_integer((json_int_t)msg.n));
        cli_json_set(o, "hex", cli_json_hex(msg));
        json_array_append_new(json_object_get(cli->json, "messages"), o);
    } else if (cli->a.hex) {
        buf_hex(out, msg);
        buf_putc(out, '\n');
    } else {
        buf_put_bytes(out, msg);
    }
    return !out->failed || kerr_set(&cli->err, KE_MEMORY, "no memory for the messages");
}

static bool is_xml(const char *path)
{
    size_t n = strlen(path);

    return n > 4 && strcmp(path + n - 4, ".xml") == 0;
}

static bool encode(struct cli *cli)
{
    struct buf out;

    if (cli->a.json) {
        cli->json = json_object();
        cli_json_set(cli->json, "messages", json_array());
    } else if (!cli->a.hex && !cli->a.out && isatty(STDOUT_FILENO)) {
        return kerr_set(&cli->err, KE_USAGE,
                        "a terminal is no place for binary: give --hex or --out FILE");
    }
    buf_init(&out, BUF_NO_LIMIT);
    const char *path = cli->n_operands ? cli->operand[0] : "-";
    bool ok = (cli->a.xml || is_xml(path) ? xml_messages(cli, path, &out, add_bytes)
                          : cli_yaml_messages(cli, path, add_bytes, &out)) &&
              (cli->a.json || cli_put_data(cli, buf_bytes(&out)));
    buf_clear(&out);
    return ok;
}

static const struct cmd cmds[] = {
    {.name = "decode", .operands = "[FILE]", .max = 1, .offline = true,
     .help = "Show messages, binary or hexadecimal, and what is wrong with them",
     CLI_OPTS(decode_opts), .run = decode},
    {.name = "encode", .operands = "[FILE]", .max = 1, .offline = true,
     .help = "Turn YAML (a message, or a list of them) or KMIP XML into binary", CLI_OPTS(encode_opts),
     .run = encode},
};
const struct cmd_group cmd_form = CLI_GROUP(cmds);
