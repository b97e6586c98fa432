/* What a request costs the mock without its sockets: the engine alone, with its store in
 * memory.
 *
 *     engine [ROUNDS]       a table; medians of ROUNDS (7) alternating rounds
 *     engine --only WORK N  N times one work, after what it needs: for counting instructions
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ci/bench/bench.h"
#include "kmip/form/from_yaml.h"
#include "kmip/schema/message.h"
#include "mockserver/engine.h"

#define ROUND_NS 50000000.0

static struct {
    struct mock_config cfg;
    struct mock_engine engine;
    struct mock_peer peer;
    struct buf reply;
    char uid[MOCK_UID_MAX]; /* of the key that is there */
} mock;

static int64_t clock_ns(void *arg)
{
    (void)arg;
    return INT64_C(1700000000) * 1000000000;
}

#define REQUEST(operation, payload)                                                                \
    "Request Message: {Request Header: {Protocol Version: 1.2, Batch Count: 1}, "                 \
    "Batch Item: [{Operation: " operation ", Request Payload: " payload "}]}"

#define CREATE                                                                                     \
    REQUEST("Create", "{Object Type: Symmetric Key, Template-Attribute: {Attributes: "            \
                      "{Cryptographic Algorithm: AES, Cryptographic Length: 256, "                \
                      "Cryptographic Usage Mask: [Encrypt, Decrypt]}}}")

static struct work {
    const char *name, *request; /* $key is the key that is there */
    struct buf bytes;
} works[] = {
    {.name = "Get", .request = REQUEST("Get", "{Unique Identifier: $key}")},
    {.name = "Encrypt",
     .request = REQUEST("Encrypt", "{Unique Identifier: $key, Cryptographic Parameters: "
                                   "{Block Cipher Mode: CBC, Padding Method: PKCS5}, "
                                   "Data: 0102030405060708090a0b0c0d0e0f100102030405060708090a0b0c0d"
                                   "0e0f10, IV/Counter/Nonce: 00000000000000000000000000000000}")},
    {.name = "Locate", .request = REQUEST("Locate", "{Attributes: {Unique Identifier: $key}}")},
    {.name = "Create", .request = CREATE},
};
#define N_WORKS (sizeof works / sizeof works[0])

static bool lookup(void *arg, struct bytes name, struct form_value_ref *out)
{
    (void)arg;
    *out = (struct form_value_ref){TTLV_TEXT_STRING, bytes_str(mock.uid)};
    return bytes_eq_str(name, "key");
}

static void compose(const char *request, struct buf *out)
{
    const struct form_env env = {lookup, NULL, 0};
    struct ydoc doc = {0};
    struct kerr err = KERR_INIT;

    buf_init(out, BUF_NO_LIMIT);
    if (!ydoc_parse(&doc, "request", bytes_str(request), &err) ||
        !from_yaml_message(doc.root, &env, out, &err))
        bench_die("engine", err.msg);
    ydoc_clear(&doc);
}

static void ask(struct bytes request)
{
    const struct engine_request rq = {.bytes = request, .peer = &mock.peer};
    struct answer_note note;
    struct kerr err = KERR_INIT;

    buf_reset(&mock.reply);
    if (!engine_answer(&mock.engine, &rq, &mock.reply, &note, &err))
        bench_die("engine", err.msg);
    if (note.status != KMIP_RESULT_STATUS_SUCCESS)
        bench_die("engine", note.message);
    if (note.operation == KMIP_OPERATION_CREATE)
        snprintf(mock.uid, sizeof mock.uid, "%s", note.uid);
}

static void ask_once(const char *request)
{
    struct buf bytes;

    compose(request, &bytes);
    ask(buf_bytes(&bytes));
    buf_clear(&bytes);
}

static void start(void)
{
    struct opt_list none = {0};
    struct kerr err = KERR_INIT;

    snprintf(mock.peer.identity, sizeof mock.peer.identity, "bench");
    mock.peer.authenticated = true;
    buf_init(&mock.reply, BUF_NO_LIMIT);
    if (!config_load(&mock.cfg, NULL, &none, &err) ||
        !engine_init(&mock.engine, &mock.cfg, clock_ns, NULL, &err))
        bench_die("engine", err.msg);
    ask_once(CREATE);
    ask_once(REQUEST("Activate", "{Unique Identifier: $key}"));
    for (size_t i = 0; i < N_WORKS; i++)
        compose(works[i].request, &works[i].bytes);
}

static double once(const struct work *w, size_t n)
{
    double begin = bench_cpu_ns();

    for (size_t i = 0; i < n; i++)
        ask(buf_bytes(&w->bytes));
    return (bench_cpu_ns() - begin) / (double)n;
}

static void print_table(size_t rounds)
{
    static double seen[N_WORKS][BENCH_ROUNDS_MAX];
    size_t times[N_WORKS];

    for (size_t w = 0; w < N_WORKS; w++)
        times[w] = (size_t)(ROUND_NS / once(&works[w], 200)) + 1;
    for (size_t r = 0; r < rounds; r++)
        for (size_t w = 0; w < N_WORKS; w++)
            seen[w][r] = once(&works[w], times[w]);
    printf("engine: CPU time per request without sockets, medians of %zu rounds\n", rounds);
    for (size_t w = 0; w < N_WORKS; w++)
        printf("%-10s %8.2f us\n", works[w].name, bench_median(seen[w], rounds) / 1000);
}

int main(int argc, char **argv)
{
    size_t rounds = argc == 2 ? (size_t)atol(argv[1]) : 7;

    start();
    if (argc == 4 && strcmp(argv[1], "--only") == 0) {
        for (size_t w = 0; w < N_WORKS; w++)
            if (strcmp(works[w].name, argv[2]) == 0) {
                once(&works[w], (size_t)atol(argv[3]));
                return 0;
            }
        bench_die("engine", "no such work");
    }
    if (argc > 2 || rounds < 1 || rounds > BENCH_ROUNDS_MAX)
        bench_die("engine", "usage: engine [ROUNDS up to 101] | engine --only WORK TIMES");
    print_table(rounds);
    return 0;
}
