/* send: messages of a YAML file, pipelined; replies in the order they came. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/cmd/cli.h"
#include "kmip/form/form.h"

static const struct opt opts[] = {
    {.name = "var", .kind = OPT_LIST, .off = CLI_AT(vars), .arg = "NAME=VALUE",
     .help = "what $NAME stands for in the file"},
};

struct message {
    size_t number; /* in the file, from 1 */
    struct buf request, reply;
    kc_ticket ticket;
    struct kc_seen seen;
};

struct batch {
    struct message *v;
    size_t n;
};

static bool add(struct cli *cli, void *arg, size_t number, struct bytes msg)
{
    struct batch *b = arg;
    struct message *v = realloc(b->v, (b->n + 1) * sizeof *v);

    if (!v)
        return kerr_set(&cli->err, KE_MEMORY, "no memory for message %zu", number + 1);
    b->v = v;
    struct message *m = &v[b->n++];
    *m = (struct message){.number = number + 1};
    buf_init(&m->request, BUF_NO_LIMIT);
    buf_init(&m->reply, BUF_NO_LIMIT);
    return buf_put_bytes(&m->request, msg) ||
           kerr_set(&cli->err, KE_MEMORY, "no memory for message %zu", number + 1);
}

/* The first Unique Batch Item ID and Operation, of a message that may be wrong on
 * purpose. */
static bool first_item(struct bytes msg, struct kmip_item *it)
{
    struct kmip_message m;

    return kmip_open(&m, msg, NULL) && kmip_next_item(&m, it);
}

static struct bytes id_of(struct bytes msg)
{
    struct kmip_item it;

    return first_item(msg, &it) && it.has_id ? it.id : bytes_of(NULL, 0);
}

static const char *operation_of(struct bytes msg)
{
    struct kmip_item it;

    return first_item(msg, &it) && it.has_operation ? kmip_operation_name(it.operation)
                                                    : "no operation";
}

/* Sends all, then waits for all: what comes in meanwhile is kept by the client.
 * After a failure the replies that did come are still to be had. */
static void exchange(struct cli *cli, struct batch *b)
{
    size_t sent = 0;
    bool ok = true;

    for (; ok && sent < b->n; sent += ok) {
        struct message *m = &b->v[sent];
        ok = kc_submit(cli->c, buf_bytes(&m->request), id_of(buf_bytes(&m->request)), &m->ticket,
                       &cli->err) ||
             kerr_wrap(&cli->err, "message %zu", m->number);
    }
    for (size_t i = 0; i < sent; i++) {
        struct message *m = &b->v[i];
        struct kerr err = KERR_INIT;
        if (!kc_wait(cli->c, m->ticket, &m->reply, &m->seen, &err) && cli->err.code == KE_OK) {
            cli->err = err;
            kerr_wrap(&cli->err, "message %zu", m->number);
        }
    }
}

static void tell_refusal(struct cli *cli, const struct message *m, const struct kmip_item *it)
{
    struct buf text;

    reply_refusal_of(it, it->operation, &cli->refusal);
    buf_init(&text, BUF_NO_LIMIT);
    reply_refusal_text(&cli->refusal, &text);
    fprintf(stderr, "kmip-client send: message %zu: the server refused %s: %s\n", m->number,
            it->has_operation ? kmip_operation_name(it->operation) : "it", buf_cstr(&text));
    buf_clear(&text);
}

/* The first error is the one that counts. */
static void unchecked(struct cli *cli, const struct message *m, struct kerr *err)
{
    kerr_wrap(err, "reply to message %zu", m->number);
    if (cli->err.code == KE_OK)
        cli->err = *err;
}

/* Refusals and broken replies: all are told, the first broken one is the error. */
static void judge(struct cli *cli, const struct message *m)
{
    struct kmip_message reply;
    struct kmip_item it;
    struct kerr err = KERR_INIT;

    if (!kmip_open(&reply, buf_bytes(&m->reply), &err)) {
        unchecked(cli, m, &err);
        return;
    }
    while (kmip_next_item(&reply, &it)) {
        if (it.has_status && it.status == KMIP_RESULT_STATUS_SUCCESS)
            continue;
        tell_refusal(cli, m, &it);
    }
}

static void show(struct cli *cli, const struct message *m)
{
    struct kerr err = KERR_INIT;
    struct form_options o = {.show_secrets = cli->a.show_secrets, .indent = 2};
    struct buf out;

    buf_init(&out, BUF_NO_LIMIT);
    form_text(buf_bytes(&m->reply), &o, &out);
    printf("Reply %" PRIu32 ", to message %zu (%s), after %.3f ms", m->seen.order + 1, m->number,
           operation_of(buf_bytes(&m->request)),
           (double)(m->seen.arrived_ns - m->seen.sent_ns) / 1e6);
    if (m->seen.records > 1)
        printf(", in %" PRIu32 " TLS records", m->seen.records);
    if (m->seen.shared_record)
        printf(", in one TLS record with another reply");
    printf(":\n%s", buf_cstr(&out));
    if (!cli_findings_print(stdout, buf_bytes(&m->reply), buf_bytes(&m->request), "  finding: ", &err))
        unchecked(cli, m, &err);
    buf_clear(&out);
}

static void add_json(struct cli *cli, const struct message *m)
{
    json_t *o = json_object(), *findings;
    struct kerr err = KERR_INIT;
    struct bytes reply = buf_bytes(&m->reply);

    cli_json_set(o, "message", json_integer((json_int_t)m->number));
    cli_json_set(o, "operation", json_string(operation_of(buf_bytes(&m->request))));
    cli_json_set(o, "order", json_integer(m->seen.order + 1));
    cli_json_set(o, "tls_records", json_integer(m->seen.records));
    cli_json_set(o, "shares_a_tls_record", json_boolean(m->seen.shared_record));
    cli_json_set(o, "reply", cli_json_message(reply, cli->a.show_secrets));
    if (!cli_findings_json(reply, buf_bytes(&m->request), &findings, &err))
        unchecked(cli, m, &err);
    cli_json_set(o, "findings", findings);
    json_array_append_new(json_object_get(cli->json, "replies"), o);
}

static int by_order(const void *a, const void *b)
{
    const struct message *x = a, *y = b;

    return (x->seen.order > y->seen.order) - (x->seen.order < y->seen.order);
}

static bool send_file(struct cli *cli)
{
    struct batch b = {0};
    bool ok = cli_yaml_messages(cli, cli->operand[0], add, &b) && cli_connect(cli);

    if (ok) {
        exchange(cli, &b);
        qsort(b.v, b.n, sizeof *b.v, by_order);
        if (cli->a.json) {
            cli->json = json_object();
            cli_json_set(cli->json, "replies", json_array());
        }
    }
    for (size_t i = 0; i < b.n; i++) {
        if (b.v[i].reply.n > 0) {
            (cli->a.json ? add_json : show)(cli, &b.v[i]);
            judge(cli, &b.v[i]);
        }
        buf_clear(&b.v[i].request);
        buf_clear(&b.v[i].reply);
    }
    free(b.v);
    return ok && cli->err.code == KE_OK;
}

static const struct cmd cmds[] = {
    {.name = "send", .operands = "FILE.yaml", .min = 1, .max = 1,
     .help = "Send the messages of a YAML file, pipelined, and show the replies as they came",
     CLI_OPTS(opts), .run = send_file},
};
const struct cmd_group cmd_message = CLI_GROUP(cmds);
