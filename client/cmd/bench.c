/* bench: loads a server and prints what it can do.
 *
 * What the mix needs is made first, over a connection of its own: a key, activated. All
 * that was made is destroyed at the end, also after Ctrl-C, unless --keep says otherwise. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "client/cmd/bench.h"
#include "client/lib/bucket.h"
#include "client/lib/requests.h"
#include "kmip/base/clock.h"
#include "kmip/base/text.h"

#define DATA_SIZE 32 /* bytes that Encrypt is given: a storage driver's data key */

static const struct opt opts[] = {
    {.name = "connections", .kind = OPT_INT, .off = CLI_AT(connections), .arg = "N", .min = 1,
     .max = LOAD_CONNECTIONS_MAX, .help = "connections at once (default 1)"},
    {.name = "depth", .kind = OPT_INT, .off = CLI_AT(depth), .arg = "N", .min = 1,
     .max = LOAD_DEPTH_MAX, .help = "requests in flight on each (default: --pipeline-depth)"},
    {.name = "duration", .kind = OPT_DURATION, .off = CLI_AT(duration_ns), .arg = "SECONDS",
     .help = "send for so long (default 10s, of a sweep 2s for each depth)"},
    {.name = "requests", .kind = OPT_INT, .off = CLI_AT(requests), .arg = "N", .min = 1,
     .max = INT64_MAX, .help = "send so many instead"},
    {.name = "mix", .kind = OPT_STR, .off = CLI_AT(mix), .arg = "OP=N,OP=N",
     .help = "what to send, by weight (default get=1)"},
    {.name = "rate", .kind = OPT_STR, .off = CLI_AT(rate), .arg = "N",
     .help = "requests per second over all connections (default: as fast as replies come)"},
    {.name = "reconnect", .kind = OPT_FLAG, .off = CLI_AT(reconnect),
     .help = "a new connection for each request"},
    {.name = "resume", .kind = OPT_FLAG, .off = CLI_AT(resume),
     .help = "... that resumes the TLS session of an earlier one"},
    {.name = "sweep", .kind = OPT_FLAG, .off = CLI_AT(sweep),
     .help = "at depths 1, 2, 4, 8, 16 and 32, and where more brings no more"},
    {.name = "key", .kind = OPT_STR, .off = CLI_AT(key), .arg = "UID",
     .help = "use this key instead of making one"},
    {.name = "keep", .kind = OPT_FLAG, .off = CLI_AT(keep), .help = "leave what was made"},
    {.name = "seed", .kind = OPT_INT, .off = CLI_AT(seed), .arg = "N", .min = 0, .max = INT64_MAX,
     .help = "of the order of the mix (default 1)"},
};

/* ---- Kinds of requests ---- */

static const uint8_t data[DATA_SIZE];

static void get(struct ttlv_writer *w, struct bench *b)
{
    req_get(w, b->key, 0);
}

static void get_attributes(struct ttlv_writer *w, struct bench *b)
{
    req_get_attributes(w, b->key, NULL, 0);
}

static void encrypt(struct ttlv_writer *w, struct bench *b)
{
    bucket_crypt_payload(w, b->key, bytes_of(data, sizeof data));
}

static void decrypt(struct ttlv_writer *w, struct bench *b)
{
    bucket_crypt_payload(w, b->key, buf_bytes(&b->ciphered));
}

static void create(struct ttlv_writer *w, struct bench *b)
{
    static const struct bucket_key key = {.compound = false};

    (void)b;
    bucket_create_payload(w, &key, "kmip-client bench");
}

static void locate(struct ttlv_writer *w, struct bench *b)
{
    struct ttlv_writer a;
    struct buf attributes;

    buf_init(&attributes, BUF_NO_LIMIT);
    ttlv_w_init(&a, &attributes, NULL);
    kmip_attribute_text(&a, "Unique Identifier", b->key);
    req_locate(w, 1, 0, buf_bytes(&attributes));
    buf_clear(&attributes);
}

static void query(struct ttlv_writer *w, struct bench *b)
{
    static const uint32_t functions[] = {KMIP_QUERY_FUNCTION_QUERY_OPERATIONS,
                                         KMIP_QUERY_FUNCTION_QUERY_OBJECTS};

    (void)b;
    req_query(w, functions, 2);
}

static void discover(struct ttlv_writer *w, struct bench *b)
{
    (void)b;
    req_discover_versions(w, NULL, 0);
}

static const struct bench_op ops[] = {
    {"get", KMIP_OPERATION_GET, get, true},
    {"attributes", KMIP_OPERATION_GET_ATTRIBUTES, get_attributes, true},
    {"encrypt", KMIP_OPERATION_ENCRYPT, encrypt, true},
    {"decrypt", KMIP_OPERATION_DECRYPT, decrypt, true},
    {"locate", KMIP_OPERATION_LOCATE, locate, true},
    {"create", KMIP_OPERATION_CREATE, create, false},
    {"query", KMIP_OPERATION_QUERY, query, false},
    {"discover", KMIP_OPERATION_DISCOVER_VERSIONS, discover, false},
};
#define N_OPS (sizeof ops / sizeof *ops)

/* ---- The mix ---- */

static const struct bench_op *op_named(struct bytes name)
{
    for (size_t i = 0; i < N_OPS; i++)
        if (bytes_eq_str(name, ops[i].name))
            return &ops[i];
    return NULL;
}

static bool bad_mix(struct cli *cli, struct bytes word)
{
    struct buf list;

    buf_init(&list, 400);
    for (size_t i = 0; i < N_OPS; i++)
        buf_printf(&list, "%s%s", i ? ", " : "", ops[i].name);
    kerr_set(&cli->err, KE_USAGE, "--mix takes OP=WEIGHT with commas between, such as "
             "get=70,encrypt=20,create=10, each OP once, one of %s; not '%.*s'",
             buf_cstr(&list), (int)(word.n < 60 ? word.n : 60), (const char *)word.p);
    buf_clear(&list);
    return false;
}

static bool parse_mix(struct bench *b, const char *mix)
{
    for (const char *p = mix;;) {
        struct bytes word = bytes_of(p, strcspn(p, ","));
        const char *equals = memchr(p, '=', word.n);
        size_t name = equals ? (size_t)(equals - p) : word.n;
        const struct bench_op *op = op_named(bytes_of(p, name));
        int64_t weight = 1;

        if (!op || (equals && !text_int(bytes_of(equals + 1, word.n - name - 1), 1, 1000000,
                                        &weight)))
            return bad_mix(b->cli, word);
        for (size_t i = 0; i < b->n_ops; i++)
            if (b->op[i] == op)
                return bad_mix(b->cli, word);
        b->op[b->n_ops] = op;
        b->load[b->n_ops] = (struct load_op){.name = op->name, .weight = (unsigned)weight};
        b->needs_key |= op->needs_key;
        b->n_ops++;
        if (!p[word.n])
            return true;
        p += word.n + 1;
    }
}

/* The request with an id that is there to be written over. */
static bool compose(struct bench *b, size_t i)
{
    uint8_t id[16];
    struct kmip_request head = bucket_head(b->cli->settings.version);
    struct ttlv_writer w;
    struct buf *out = &b->bytes[i];

    memset(id, 0xA5, sizeof id);
    buf_init(out, BUF_NO_LIMIT);
    req_begin(&w, out, &head, b->op[i]->operation, bytes_of(id, sizeof id), &b->cli->err);
    b->op[i]->payload(&w, b);
    if (!req_end(&w))
        return false;
    const uint8_t *at = memmem(out->p, out->n, id, sizeof id);
    b->load[i].request = buf_bytes(out);
    b->load[i].id_off = (size_t)(at - out->p);
    return true;
}

/* ---- Before and after ---- */

static struct bucket_driver driver(struct bench *b)
{
    return (struct bucket_driver){.c = b->cli->c, .version = b->cli->settings.version,
                                  .refusal = &b->cli->refusal};
}

/* The key, unless one was given, and what Decrypt is given. */
static bool prepare(struct bench *b)
{
    struct cli *cli = b->cli;
    const struct bucket_key key = {.attribute = cli->settings.bucket_attribute,
                                   .compound = cli->settings.compound_create,
                                   .activation = clock_wall_ns() / NS_PER_S};
    bool ciphered = false;

    for (size_t i = 0; i < b->n_ops; i++)
        ciphered |= b->op[i]->payload == decrypt;
    if (!b->needs_key)
        return true;
    if (!cli_connect(cli))
        return false;
    struct bucket_driver d = driver(b);
    b->key = cli->a.key;
    if (!b->key) {
        bool ok = bucket_create(&d, &key, "kmip-client bench", &b->uid, &cli->err);
        b->made_key = b->uid.n > 0;
        b->key = buf_cstr(&b->uid);
        if (!ok)
            return false;
    }
    return !ciphered || bucket_cipher(&d, b->key, bytes_of(data, sizeof data), &b->ciphered,
                                      &cli->err);
}

static void made(void *arg, struct bytes uid)
{
    struct bench *b = arg;

    if (!buf_put_bytes(&b->uids, uid) || !buf_putc(&b->uids, '\0'))
        b->forgotten++;
    else
        b->n_made++;
}

/* Destroy for each, as many in flight as the pipeline holds. */
static bool destroy_made(struct bench *b, uint64_t *left)
{
    struct cli *cli = b->cli;
    struct kmip_request head = bucket_head(cli->settings.version);
    kc_ticket tickets[LOAD_DEPTH_MAX];
    size_t depth = (size_t)cli->settings.depth, sent = 0, done = 0;
    const char *uid = (const char *)b->uids.p;
    struct buf request, reply;
    struct kmip_item item;
    uint8_t id[16];
    bool ok = b->n_made == 0 || cli_connect(cli);

    buf_init(&request, BUF_NO_LIMIT);
    buf_init(&reply, BUF_NO_LIMIT);
    depth = depth < LOAD_DEPTH_MAX ? depth : LOAD_DEPTH_MAX;
    while (ok && done < b->n_made) {
        if (sent < b->n_made && sent - done < depth) {
            struct ttlv_writer w;
            kc_new_id(cli->c, id);
            buf_reset(&request);
            req_begin(&w, &request, &head, KMIP_OPERATION_DESTROY, bytes_of(id, 16), &cli->err);
            req_uid(&w, uid);
            ok = req_end(&w) && kc_submit(cli->c, buf_bytes(&request), bytes_of(id, 16),
                                          &tickets[sent++ % depth], &cli->err);
            uid += strlen(uid) + 1;
            continue;
        }
        buf_reset(&reply);
        struct kerr refused = KERR_INIT;
        ok = kc_wait(cli->c, tickets[done++ % depth], &reply, NULL, &cli->err);
        if (ok && !reply_open(buf_bytes(&reply), KMIP_OPERATION_DESTROY, &item, NULL, &refused))
            ++*left;
    }
    *left += b->n_made - done;
    buf_clear(&request);
    buf_clear(&reply);
    return ok;
}

/* What was made goes, also when something failed on the way. False with err when it does
 * not. */
static bool clean_up(struct bench *b)
{
    struct cli *cli = b->cli;
    uint64_t left = b->forgotten;
    bool ok = true;

    if (cli->a.keep) {
        b->left = b->n_made + b->forgotten + b->made_key;
        return true;
    }
    if (cli->c && !kc_still_open(cli->c))
        kc_close(&cli->c);
    ok = destroy_made(b, &left);
    if (b->made_key) {
        struct bucket_driver d = {.version = cli->settings.version};
        bool gone = ok && cli_connect(cli);
        d.c = cli->c;
        gone = gone && bucket_destroy(&d, b->key, &cli->err);
        left += !gone;
        ok = ok && gone;
    }
    b->left = left;
    if (left > 0 && cli->err.code == KE_OK)
        kerr_set(&cli->err, KE_REFUSED, "%llu of the keys that were made could not be destroyed",
                 (unsigned long long)left);
    return left == 0 && ok;
}

/* ---- Running ---- */

static volatile sig_atomic_t interrupted;

static void on_interrupt(int sig)
{
    (void)sig;
    interrupted = 1;
}

static bool enough(void *arg)
{
    (void)arg;
    return interrupted;
}

/* One load with this many requests in flight. */
static bool run_load(struct bench *b, unsigned depth, struct load_result *result)
{
    struct cli *cli = b->cli;
    char port[16];
    struct kc_connect connect;
    struct load_plan plan = {
        .connect = &connect,
        .ops = b->load,
        .n_ops = b->n_ops,
        .connections = (unsigned)b->connections,
        .requests = (uint64_t)cli->a.requests,
        .duration_ns = b->duration_ns,
        .rate = b->rate,
        .reconnect = cli->a.reconnect || cli->a.resume,
        .resume = cli->a.resume,
        .seed = (uint64_t)cli->a.seed,
        .made = made,
        .enough = enough,
        .arg = b,
    };

    kc_connect_from(&cli->settings, port, &connect);
    connect.depth = depth;
    cli->talking = true;
    return load_run(&plan, result, &cli->err);
}

static bool sweep(struct bench *b)
{
    for (size_t i = 0; i < BENCH_DEPTHS && !interrupted; i++) {
        struct load_result *r = &b->results[i];
        if (!run_load(b, bench_depths[i], r))
            return false;
        b->throughput[i] = load_throughput(r);
        b->n_results++;
        bench_tell_depth(b, i);
    }
    return true;
}

static bool check_options(struct bench *b)
{
    struct cli_args *a = &b->cli->a;
    char *end;

    b->connections = a->connections ? a->connections : 1;
    b->duration_ns = a->duration_ns;
    if (!a->duration_ns && !a->requests)
        b->duration_ns = a->sweep ? 2 * NS_PER_S : 10 * NS_PER_S;
    if (a->depth)
        b->cli->settings.depth = a->depth;
    if (b->cli->settings.depth > LOAD_DEPTH_MAX)
        return kerr_set(&b->cli->err, KE_USAGE, "--pipeline-depth: bench takes at most %d",
                        LOAD_DEPTH_MAX);
    if (a->sweep && (a->depth || a->reconnect || a->resume || a->rate))
        return kerr_set(&b->cli->err, KE_USAGE,
                        "--sweep goes with neither --depth, --rate, --reconnect nor --resume");
    if (a->duration_ns < 0)
        return kerr_set(&b->cli->err, KE_USAGE, "--duration: less than nothing");
    if (!a->rate)
        return true;
    b->rate = strtod(a->rate, &end);
    if (*end || !(b->rate > 0 && b->rate <= 1e9))
        return kerr_set(&b->cli->err, KE_USAGE,
                        "--rate takes requests per second, more than 0; not '%s'", a->rate);
    return true;
}

static bool run(struct bench *b)
{
    struct cli *cli = b->cli;

    if (!check_options(b) || !parse_mix(b, cli->a.mix ? cli->a.mix : "get=1"))
        return false;
    struct sigaction old[2], act = {.sa_handler = on_interrupt};
    sigaction(SIGINT, &act, &old[0]);
    sigaction(SIGTERM, &act, &old[1]);
    bool ok = prepare(b);
    for (size_t i = 0; ok && i < b->n_ops; i++)
        ok = compose(b, i);
    if (ok && cli->a.sweep)
        ok = sweep(b);
    else if (ok && (ok = run_load(b, (unsigned)cli->settings.depth, &b->results[0])))
        b->n_results = 1;
    struct kerr why = cli->err;
    cli->err = (struct kerr)KERR_INIT;
    bool clean = clean_up(b);
    if (!ok)
        cli->err = why; /* the first that failed says why */
    sigaction(SIGINT, &old[0], NULL);
    sigaction(SIGTERM, &old[1], NULL);
    return ok && clean;
}

static bool bench(struct cli *cli)
{
    struct bench *b = calloc(1, sizeof *b);

    if (!b)
        return kerr_set(&cli->err, KE_MEMORY, "no memory for the results");
    b->cli = cli;
    buf_init(&b->uid, BUF_NO_LIMIT);
    buf_init(&b->ciphered, BUF_NO_LIMIT);
    buf_init(&b->uids, BUF_NO_LIMIT);
    if (!cli->a.seed)
        cli->a.seed = 1;
    bool ok = run(b);
    if (b->n_results > 0)
        bench_show(b);
    if (b->left > 0)
        fprintf(stderr, "kmip-client bench: %llu key%s left on the server\n",
                (unsigned long long)b->left, b->left == 1 ? " is" : "s are");
    for (size_t i = 0; i < b->n_ops; i++)
        buf_clear(&b->bytes[i]);
    buf_clear(&b->uid);
    buf_clear(&b->ciphered);
    buf_clear(&b->uids);
    free(b);
    return ok;
}

static const struct cmd cmds[] = {
    {.name = "bench", .operands = "", .help = "Load a server, and print what it can do",
     CLI_OPTS(opts), .run = bench},
};
const struct cmd_group cmd_bench = CLI_GROUP(cmds);
