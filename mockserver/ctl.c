/* Sub-commands of kmip-mock ctl (ctl.h): a table maps each onto a request. */
#include "mockserver/ctl.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "kmip/base/file.h"
#include "kmip/base/option.h"
#include "kmip/base/text.h"
#include "kmip/base/token.h"
#include "kmip/net/tcp.h"

enum { DONE = 0, REFUSED = 1, USAGE = 2, UNREACHABLE = 3 };
enum { FILE_MAX = 16 << 20 };

/* What follows the words of a command. */
enum operands {
    NOTHING,
    NAME,       /* a further part of the path */
    BODY,       /* a file, or YAML (or JSON) as it is */
    BODY_OR_SET, /* the same, or a word */
    VALUE,      /* {key: operand} */
    NAME_VALUE  /* both */
};

enum { EXCHANGES = 1, OBJECTS = 2 };

struct command {
    const char *words, *shown; /* "fault add", operands as in usage */
    const char *method, *path;
    enum operands operands;
    const char *key; /* VALUE, NAME_VALUE */
    unsigned chooses; /* bits: which options choose what is shown */
    const char *help;
};

static const struct command commands[] = {
    {"health", "", "GET", "/health", NOTHING, NULL, 0, "is the server there?"},
    {"state", "", "GET", "/state", NOTHING, NULL, 0, "what it is and does"},
    {"faults", "", "GET", "/faults", NOTHING, NULL, 0, "faults in force, with counts"},
    {"fault add", "FILE|YAML", "POST", "/faults", BODY, NULL, 0, "add a fault or a list"},
    {"fault set", "FILE|YAML", "PUT", "/faults", BODY, NULL, 0, "these in place of all others"},
    {"fault get", "NAME", "GET", "/faults", NAME, NULL, 0, "one fault"},
    {"fault remove", "NAME", "DELETE", "/faults", NAME, NULL, 0, "take one away"},
    {"fault clear", "", "DELETE", "/faults", NOTHING, NULL, 0, "take all away"},
    {"fault reset", "", "POST", "/faults/reset", NOTHING, NULL, 0,
     "counts, random streams and scenarios as at the start"},
    {"scenarios", "", "GET", "/scenarios", NOTHING, NULL, 0, "states that faults match"},
    {"scenario get", "NAME", "GET", "/scenarios", NAME, NULL, 0, "one scenario's state"},
    {"scenario set", "NAME STATE", "PUT", "/scenarios", NAME_VALUE, "state", 0, "set it"},
    {"scenario reset", "NAME", "DELETE", "/scenarios", NAME, NULL, 0, "as at the start"},
    {"library", "", "GET", "/library", NOTHING, NULL, 0, "scenarios to choose from"},
    {"choose", "NAME|[NAMES]", "PUT", "/library", BODY_OR_SET, NULL, 0,
     "these scenarios, and no others; '[]': none"},
    {"clock", "", "GET", "/clock", NOTHING, NULL, 0, "what the clock says"},
    {"clock set", "FILE|YAML", "PUT", "/clock", BODY, NULL, 0, "such as '{offset: -90s}'"},
    {"clock advance", "TIME", "POST", "/clock", VALUE, "advance", 0,
     "let virtual time pass, such as 2h"},
    {"clock reset", "", "DELETE", "/clock", NOTHING, NULL, 0, "as configured"},
    {"objects", "", "GET", "/objects", NOTHING, NULL, OBJECTS, "objects with state and dates"},
    {"objects clear", "", "DELETE", "/objects", NOTHING, NULL, 0, "forget them all"},
    {"object get", "ID", "GET", "/objects", NAME, NULL, 0, "one with its attributes"},
    {"object remove", "ID", "DELETE", "/objects", NAME, NULL, 0, "forget it"},
    {"preload", "FILE|YAML|SET", "POST", "/objects", BODY_OR_SET, NULL, 0,
     "make objects, as preload: of the configuration; SET: states"},
    {"reload", "", "POST", "/reload", NOTHING, NULL, 0,
     "read the configuration anew, as at SIGHUP"},
    {"journal", "", "GET", "/journal", NOTHING, NULL, EXCHANGES, "exchanges, decoded"},
    {"journal clear", "", "DELETE", "/journal", NOTHING, NULL, 0, "forget them"},
};
enum { N_COMMANDS = sizeof commands / sizeof *commands };

/* --- options ----------------------------------------------------------- */

struct options {
    const char *control, *control_token, *control_token_file;
    const char *wait, *timeout;
    const char *operation, *client, *connection, *fault, *since, *limit, *messages;
    const char *state, *name, *owner;
};

#define AT(member) offsetof(struct options, member)
#define STR(n, m, a, h) {.name = n, .kind = OPT_STR, .off = AT(m), .arg = a, .help = h}

static const struct opt place_options[] = {
    STR("control", control, "HOST:PORT", "the control API; default: KMIP_CONTROL"),
    STR("control-token-file", control_token_file, "FILE",
        "holds the token that it asks for; default: KMIP_CONTROL_TOKEN"),
    STR("control-token", control_token, "TOKEN", "the same, where others may see it"),
};

/* Each is a parameter of the query, of the same name but for --wait. */
static const struct opt choosing_options[] = {
    STR("operation", operation, "NAMES", "journal: with one of these operations"),
    STR("client", client, "NAME", "journal: of clients with this Common Name; * and ?"),
    STR("connection", connection, "N", "journal: of this connection"),
    STR("fault", fault, "NAME", "journal: at which this fault fired; * and ?"),
    STR("since", since, "N", "journal: from this number on"),
    STR("messages", messages, "FORMS", "journal: text (default), yaml, hex with commas; none"),
    STR("wait", wait, "N", "journal: wait until there are N of them"),
    STR("timeout", timeout, "TIME", "journal: with --wait, for how long; 5s unless told"),
    STR("state", state, "STATE", "objects: in this state"),
    STR("name", name, "NAME", "objects: with such a Name; * and ?"),
    STR("owner", owner, "NAME", "objects: of this client; * and ?"),
    STR("limit", limit, "N", "journal, objects: at most so many"),
};
enum { N_CHOOSING = sizeof choosing_options / sizeof *choosing_options };

static unsigned takers(const struct opt *o)
{
    if (o->off == AT(limit))
        return EXCHANGES | OBJECTS;
    return o->off == AT(state) || o->off == AT(name) || o->off == AT(owner) ? OBJECTS : EXCHANGES;
}

static const char *value_of(const struct options *o, const struct opt *row)
{
    return *(const char *const *)((const char *)o + row->off);
}

static bool put_choice(struct ctl_request *rq, const struct command *c, const struct options *o,
                       struct kerr *err)
{
    for (size_t i = 0; i < N_CHOOSING; i++) {
        const struct opt *row = &choosing_options[i];
        const char *value = value_of(o, row);
        if (!value)
            continue;
        if (!(c->chooses & takers(row)))
            return kerr_set(err, KE_USAGE, "ctl %s takes no --%s", c->words, row->name);
        if (!ctl_put_param(rq, row->off == AT(wait) ? "count" : row->name, value))
            return kerr_set(err, KE_MEMORY, "no memory for a request");
    }
    if (o->timeout && !o->wait)
        return kerr_set(err, KE_USAGE, "--timeout is for --wait");
    if (o->wait)
        rq->path = "/journal/wait";
    return true;
}

/* HOST:PORT, or a port of 127.0.0.1. */
static bool find_place(const char *given, char out[300], struct kerr *err)
{
    char host[256] = "127.0.0.1", port[16] = "";
    const char *from = given ? "--control" : "KMIP_CONTROL";
    const char *place = given ? given : getenv("KMIP_CONTROL");
    if (!place || !place[0])
        return kerr_set(err, KE_USAGE,
                        "which server? --control HOST:PORT says so, or KMIP_CONTROL; the server's "
                        "ready line has it as control=");
    if (!tcp_split(place, host, port) || !port[0])
        return kerr_set(err, KE_USAGE, "%s is HOST:PORT, such as 127.0.0.1:8080, not '%s'", from,
                        place);
    snprintf(out, 300, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
    return true;
}

static bool find_token(const struct options *o, char out[TOKEN_MAX], struct kerr *err)
{
    const struct token_source from = {.argument = o->control_token,
                                      .file = o->control_token_file,
                                      .environment = "KMIP_CONTROL_TOKEN",
                                      .option = "control-token"};
    bool ok = token_read(&from, out, err);
    token_hide(o->control_token);
    return ok;
}

/* --- which command ----------------------------------------------------- */

/* How many operands the words of a command take when they stand there; 0: not these. */
static int words_match(const char *words, char **operands, int n)
{
    int i = 0;
    for (; *words; i++) {
        size_t len = strcspn(words, " ");
        if (i == n || strlen(operands[i]) != len || strncmp(operands[i], words, len) != 0)
            return 0;
        words += len;
        words += *words == ' ';
    }
    return i;
}

static bool no_such_command(char **operands, int n, struct kerr *err)
{
    const char *names[N_COMMANDS];
    char given[200];
    for (size_t i = 0; i < N_COMMANDS; i++)
        names[i] = commands[i].words;
    if (n == 0)
        return kerr_set(err, KE_USAGE, "what is to be done? kmip-mock ctl --help tells");
    snprintf(given, sizeof given, "%s%s%s", operands[0], n > 1 ? " " : "",
             n > 1 ? operands[1] : "");
    const char *near = text_nearest(given, names, N_COMMANDS);
    if (!near)
        near = text_nearest(operands[0], names, N_COMMANDS);
    return kerr_set(err, KE_USAGE,
                    "unknown command 'ctl %s'%s; kmip-mock ctl --help tells more", given,
                    text_hint(near).text);
}

static int wanted(enum operands o)
{
    return o == NOTHING ? 0 : o == NAME_VALUE ? 2 : 1;
}

/* The command with the most words that stand there; *n_words of them. */
static const struct command *find_command(char **operands, int n, int *n_words, struct kerr *err)
{
    const struct command *best = NULL;
    *n_words = 0;
    for (size_t i = 0; i < N_COMMANDS; i++) {
        int k = words_match(commands[i].words, operands, n);
        if (k > *n_words) {
            *n_words = k;
            best = &commands[i];
        }
    }
    if (!best || (wanted(best->operands) == 0 && n > *n_words)) {
        no_such_command(operands, n, err);
        return NULL;
    }
    if (n - *n_words == wanted(best->operands))
        return best;
    kerr_set(err, KE_USAGE, "usage: kmip-mock ctl %s %s", best->words, best->shown);
    return NULL;
}

/* --- what it sends ----------------------------------------------------- */

static bool looks_like_yaml(const char *text)
{
    return strpbrk(text, ":{[\n") != NULL;
}

static bool is_word(const char *text)
{
    return strpbrk(text, "./") == NULL && strcmp(text, "-") != 0;
}

static bool put_body(struct ctl_request *rq, const char *operand, bool word, struct kerr *err)
{
    bool as_it_is = looks_like_yaml(operand) || (word && is_word(operand));
    rq->has_body = true;
    if (!as_it_is || file_exists(operand))
        return file_read(operand, &rq->body, err);
    return buf_puts(&rq->body, operand) || kerr_set(err, KE_MEMORY, "no memory for a request");
}

/* {"key": "value"}. */
static bool put_value(struct ctl_request *rq, const char *key, const char *value, struct kerr *err)
{
    json_t *o = json_pack("{s:s}", key, value);
    char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;
    rq->has_body = true;
    bool ok = text && buf_puts(&rq->body, text);
    free(text);
    json_decref(o);
    return ok || kerr_set(err, KE_USAGE, "'%s' is no text in UTF-8", value);
}

static bool put_operands(struct ctl_request *rq, const struct command *c, char **operands,
                         struct buf *path, struct kerr *err)
{
    bool named = c->operands == NAME || c->operands == NAME_VALUE;
    buf_puts(path, c->path);
    if (named && !ctl_put_name(path, operands[0]))
        return kerr_set(err, KE_MEMORY, "no memory for a request");
    rq->path = buf_cstr(path);
    switch (c->operands) {
    case BODY:
    case BODY_OR_SET:
        return put_body(rq, operands[0], c->operands == BODY_OR_SET, err);
    case VALUE:
        return put_value(rq, c->key, operands[0], err);
    case NAME_VALUE:
        return put_value(rq, c->key, operands[1], err);
    case NOTHING:
    case NAME:
        break;
    }
    return true;
}

/* --- what comes back --------------------------------------------------- */

static const char *text_at(const json_t *o, const char *key)
{
    const char *v = json_string_value(json_object_get(o, key));
    return v ? v : "";
}

static void complain(const json_t *answer)
{
    const json_t *e = json_object_get(answer, "error");
    const char *field = text_at(e, "field");
    json_int_t line = json_integer_value(json_object_get(e, "line"));
    fprintf(stderr, "kmip-mock: %s%s%s", field, field[0] ? ": " : "", text_at(e, "message"));
    if (line)
        fprintf(stderr, " (line %lld, column %lld)", (long long)line,
                (long long)json_integer_value(json_object_get(e, "column")));
    fputc('\n', stderr);
}

static int show(const struct ctl_request *rq, long status, const struct buf *answer)
{
    json_t *o = json_loadb(answer->n ? (const char *)answer->p : "", answer->n, 0, NULL);
    if (!o) {
        fprintf(stderr, "kmip-mock: %s answers, but is no control API of kmip-mock\n", rq->place);
        return UNREACHABLE;
    }
    fwrite(answer->p, 1, answer->n, stdout);
    if (status >= 400)
        complain(o);
    json_decref(o);
    return status < 400 ? DONE : REFUSED;
}

/* --- the command ------------------------------------------------------- */

static const char ctl_help[] =
    "Looks at a running server that has a control API (kmip-mock --control), or changes it.\n"
    "Prints the answer, which is JSON. FILE may be -, standard input.\n\n"
    "Exit: 0 done, 1 refused, 2 command line, 3 unreachable.";

static void help(const struct opt_set *sets, size_t n)
{
    static const struct opt_command cmd = {"ctl", "COMMAND", ctl_help, ctl_main};
    struct opt_command list[N_COMMANDS];
    for (size_t i = 0; i < N_COMMANDS; i++)
        list[i] = (struct opt_command){commands[i].words, commands[i].shown, commands[i].help, NULL};
    opt_help(stdout, "kmip-mock", &cmd, sets, n);
    opt_help_within(stdout, "kmip-mock", &cmd, list, N_COMMANDS);
}

static int failed(const struct kerr *err)
{
    char text[900];
    fprintf(stderr, "kmip-mock: %s\n", kerr_format(err, text, sizeof text));
    return kerr_exit(err) == UNREACHABLE ? UNREACHABLE : USAGE;
}

static int run(const struct options *o, char **operands, int n)
{
    struct kerr err = KERR_INIT;
    struct ctl_request rq = {0};
    struct buf path, answer = {0};
    char place[300], token[TOKEN_MAX] = "";
    long status = 0;
    int n_words;
    buf_init(&path, BUF_NO_LIMIT);
    buf_init(&rq.query, BUF_NO_LIMIT);
    buf_init(&rq.body, FILE_MAX);
    const struct command *c = find_command(operands, n, &n_words, &err);
    rq.place = place;
    rq.token = token;
    rq.method = c ? c->method : "";
    bool ok = c && find_place(o->control, place, &err) && find_token(o, token, &err) &&
              put_operands(&rq, c, operands + n_words, &path, &err) &&
              put_choice(&rq, c, o, &err) && ctl_ask(&rq, &status, &answer, &err);
    wipe(token, sizeof token);
    int code = ok ? show(&rq, status, &answer) : failed(&err);
    buf_clear(&answer);
    buf_clear(&rq.body);
    buf_clear(&rq.query);
    buf_clear(&path);
    return code;
}

int ctl_main(int argc, char **argv)
{
    struct options o = {0};
    const struct opt_set sets[] = {
        {"Options", place_options, sizeof place_options / sizeof *place_options, &o},
        {"To choose what is shown", choosing_options, N_CHOOSING, &o}};
    struct kerr err = KERR_INIT;
    char **operands;
    int n;
    bool wants_help = false;
    if (!opt_parse(sets, 2, argc, argv, &operands, &n, &wants_help, &err))
        return failed(&err);
    if (!wants_help)
        return run(&o, operands, n);
    help(sets, 2);
    return DONE;
}
