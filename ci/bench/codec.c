/* What the codec costs: reading, reading with the whole check against the schema, writing;
 * beside libkmip's decode and encode when it was compiled in.
 *
 *     codec [ROUNDS]              a table; medians of ROUNDS (7) alternating rounds
 *     codec --only WORK MESSAGE N N times one work and nothing else: for counting instructions
 *
 * Works: read, validate, write, and with libkmip peer-decode, peer-encode. Messages are
 * those of fixtures/messages, so run it at the top of the tree. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ci/bench/bench.h"
#include "ci/bench/peer.h"
#include "kmip/base/buf.h"
#include "kmip/schema/tags.h"
#include "kmip/schema/validate.h"
#include "kmip/ttlv/reader.h"
#include "kmip/ttlv/writer.h"

#define ITEMS_MAX 256
#define ROUND_NS 20000000.0 /* how long one work runs in one round */

struct message {
    const char *file, *title;
    struct buf bytes;
    struct ttlv_item items[ITEMS_MAX]; /* what the writer writes again */
    unsigned depth[ITEMS_MAX];
    size_t n;
    struct buf out;
    struct peer *peer;
    bool peer_encodes;
};

static struct message messages[] = {
    {.file = "create-response", .title = "Create response"},
    {.file = "get-response", .title = "Get response"},
    {.file = "query-response", .title = "Query response"},
    {.file = "get-attributes-response", .title = "Get Attributes response"},
};
#define N_MESSAGES (sizeof messages / sizeof messages[0])

/* ---- The works ---- */

static void work_read(struct message *m)
{
    if (!ttlv_check(buf_bytes(&m->bytes), NULL, NULL, NULL, NULL, NULL))
        bench_die("codec", "the message could not be read");
}

static void found(void *arg, const struct finding *f)
{
    (void)f;
    (*(unsigned *)arg)++;
}

static void work_validate(struct message *m)
{
    unsigned n = 0;
    struct finding_sink sink = {.take = found, .arg = &n};

    if (!kmip_validate(buf_bytes(&m->bytes), 0, NULL, &sink, NULL) || n)
        bench_die("codec", "the message has findings");
}

static void write_one(struct ttlv_writer *w, const struct ttlv_item *it)
{
    switch (it->type) {
    case TTLV_STRUCTURE:
        ttlv_w_open(w, it->tag);
        break;
    case TTLV_INTEGER:
        ttlv_w_int(w, it->tag, ttlv_int(it));
        break;
    case TTLV_ENUMERATION:
        ttlv_w_enum(w, it->tag, ttlv_enum(it));
        break;
    case TTLV_DATE_TIME:
        ttlv_w_date(w, it->tag, ttlv_long(it));
        break;
    case TTLV_TEXT_STRING:
        ttlv_w_text(w, it->tag, it->val);
        break;
    case TTLV_BYTE_STRING:
        ttlv_w_bytes(w, it->tag, it->val);
        break;
    default:
        ttlv_w_value(w, it->tag, it->type, it->val);
        break;
    }
}

static void work_write(struct message *m)
{
    struct ttlv_writer w;
    unsigned depth = 0;

    buf_reset(&m->out);
    ttlv_w_init(&w, &m->out, NULL);
    for (size_t i = 0; i < m->n; i++) {
        for (; depth > m->depth[i]; depth--)
            ttlv_w_close(&w);
        write_one(&w, &m->items[i]);
        depth += m->items[i].type == TTLV_STRUCTURE;
    }
    for (; depth > 0; depth--)
        ttlv_w_close(&w);
    if (!ttlv_w_finish(&w))
        bench_die("codec", "the message could not be written");
}

static void work_peer_decode(struct message *m)
{
    if (!peer_decode(m->peer))
        bench_die("codec", "libkmip does not decode the message");
}

static void work_peer_encode(struct message *m)
{
    if (!peer_encode(m->peer))
        bench_die("codec", "libkmip does not encode the message");
}

static const struct work {
    const char *name;
    void (*run)(struct message *m);
    bool of_peer;
} works[] = {
    {"read", work_read, false},
    {"validate", work_validate, false},
    {"write", work_write, false},
    {"peer-decode", work_peer_decode, true},
    {"peer-encode", work_peer_encode, true},
};
#define N_WORKS (sizeof works / sizeof works[0])
enum { READ, VALIDATE, WRITE, PEER_DECODE, PEER_ENCODE };

/* ---- Messages ---- */

static void load_hex(struct message *m)
{
    char path[200];
    snprintf(path, sizeof path, "fixtures/messages/%s.hex", m->file);
    FILE *f = fopen(path, "r");
    unsigned high = 0;
    bool half = false;
    int c;

    if (!f)
        bench_die("codec", "fixtures/messages is not here: run at the top of the tree");
    while ((c = fgetc(f)) != EOF) {
        const char *digit = c ? strchr("0123456789abcdef", c) : NULL;
        if (!digit)
            continue;
        unsigned v = (unsigned)(digit - "0123456789abcdef");
        if (half && !buf_putc(&m->bytes, (char)(high << 4 | v)))
            bench_die("codec", "out of memory");
        high = v;
        half = !half;
    }
    fclose(f);
}

static void read_items(struct message *m)
{
    struct ttlv_reader r;
    struct ttlv_item it;

    ttlv_r_init(&r, buf_bytes(&m->bytes), NULL, NULL);
    for (;;) {
        if (ttlv_r_next(&r, &it)) {
            if (m->n == ITEMS_MAX)
                bench_die("codec", "the message has more items than expected");
            m->items[m->n] = it;
            m->depth[m->n++] = r.depth;
            if (it.type == TTLV_STRUCTURE)
                ttlv_r_enter(&r, &it);
        } else if (r.depth == 0) {
            break;
        } else {
            ttlv_r_leave(&r);
        }
    }
}

/* ---- Measuring ---- */

static double once(const struct work *w, struct message *m, size_t n)
{
    double start = bench_cpu_ns();
    for (size_t i = 0; i < n; i++)
        w->run(m);
    return (bench_cpu_ns() - start) / (double)n;
}

static bool can(const struct message *m, size_t work)
{
    return !works[work].of_peer || (m->peer && (work != PEER_ENCODE || m->peer_encodes));
}

/* Nanoseconds of each work, 0 where there is none: medians over rounds in which all take turns. */
static void measure(struct message *m, size_t rounds, double ns[N_WORKS])
{
    static double seen[N_WORKS][BENCH_ROUNDS_MAX];
    size_t times[N_WORKS];

    for (size_t w = 0; w < N_WORKS; w++) {
        times[w] = can(m, w) ? (size_t)(ROUND_NS / once(&works[w], m, 1000)) + 1 : 0;
    }
    for (size_t r = 0; r < rounds; r++)
        for (size_t w = 0; w < N_WORKS; w++)
            if (can(m, w))
                seen[w][r] = once(&works[w], m, times[w]);
    for (size_t w = 0; w < N_WORKS; w++)
        ns[w] = can(m, w) ? bench_median(seen[w], rounds) : 0;
}

static void cell(double ns, double peer)
{
    if (peer > 0)
        printf(" %7.0f ns %4.1fx", ns, peer / ns);
    else
        printf(" %7.0f ns     ", ns);
}

static void print_table(size_t rounds)
{
    printf("codec: CPU time per message, medians of %zu rounds%s\n", rounds,
           peer_name() ? "; 1.0x is libkmip in the same run" : "; libkmip was not compiled in");
    printf("%-24s %6s %16s %16s %16s", "", "bytes", "read", "read + validate", "write");
    printf(peer_name() ? " %16s %16s\n" : "\n", "libkmip decode", "libkmip encode");
    for (size_t i = 0; i < N_MESSAGES; i++) {
        struct message *m = &messages[i];
        double ns[N_WORKS];

        measure(m, rounds, ns);
        printf("%-24s %6zu", m->title, m->bytes.n);
        cell(ns[READ], ns[PEER_DECODE]);
        cell(ns[VALIDATE], ns[PEER_DECODE]);
        cell(ns[WRITE], ns[PEER_ENCODE]);
        for (int w = PEER_DECODE; w <= PEER_ENCODE; w++)
            if (ns[w] > 0)
                printf(" %13.0f ns", ns[w]);
        printf("\n");
    }
}

/* ---- Long messages ---- */

/* A Locate response with so many Unique Identifiers. */
static void make_long(struct message *m, size_t n)
{
    struct ttlv_writer w;

    buf_init(&m->bytes, TTLV_DEFAULT_SIZE);
    ttlv_w_init(&w, &m->bytes, NULL);
    bench_begin_response(&w);
    ttlv_w_enum(&w, KMIP_TAG_OPERATION, KMIP_OPERATION_LOCATE);
    ttlv_w_enum(&w, KMIP_TAG_RESULT_STATUS, KMIP_RESULT_STATUS_SUCCESS);
    ttlv_w_open(&w, KMIP_TAG_RESPONSE_PAYLOAD);
    for (size_t i = 0; i < n; i++)
        ttlv_w_str(&w, KMIP_TAG_UNIQUE_IDENTIFIER, "6c1f2a0e-77d3-4a52-9b0c-5d1f8a3e4b21");
    if (!bench_end_response(&w))
        bench_die("codec", "the long message could not be written");
}

static void print_long(size_t rounds)
{
    static const size_t sizes[] = {100, 1000, 10000, 21840, 100000};

    printf("\nlong messages: a Locate response, CPU time per item\n");
    printf("%10s %10s %12s %16s\n", "items", "bytes", "read", "read + validate");
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct message m = {.title = "long"};
        double seen[2][BENCH_ROUNDS_MAX];

        make_long(&m, sizes[i]);
        size_t times = 1 + 2000000 / sizes[i] / 10;
        for (size_t r = 0; r < rounds; r++)
            for (int w = READ; w <= VALIDATE; w++)
                seen[w][r] = once(&works[w], &m, times) / (double)sizes[i];
        printf("%10zu %10zu %9.1f ns %13.1f ns\n", sizes[i], m.bytes.n, bench_median(seen[0], rounds),
               bench_median(seen[1], rounds));
        buf_clear(&m.bytes);
    }
}

/* ---- Command line ---- */

static int only(const char *work, const char *message, const char *times)
{
    for (size_t w = 0; w < N_WORKS; w++)
        for (size_t i = 0; i < N_MESSAGES; i++)
            if (strcmp(works[w].name, work) == 0 && strcmp(messages[i].file, message) == 0) {
                for (long n = atol(times); n > 0; n--)
                    works[w].run(&messages[i]);
                return 0;
            }
    bench_die("codec", "no such work or message");
    return 1;
}

int main(int argc, char **argv)
{
    size_t rounds = argc == 2 ? (size_t)atol(argv[1]) : 7;

    for (size_t i = 0; i < N_MESSAGES; i++) {
        struct message *m = &messages[i];

        buf_init(&m->bytes, TTLV_DEFAULT_SIZE);
        buf_init(&m->out, TTLV_DEFAULT_SIZE);
        load_hex(m);
        read_items(m);
        work_write(m);
        if (!bytes_eq(buf_bytes(&m->out), buf_bytes(&m->bytes)))
            bench_die("codec", "a message is written otherwise than it was read");
        m->peer = peer_new(m->bytes.p, m->bytes.n);
        m->peer_encodes = m->peer && peer_encode(m->peer);
    }
    if (argc == 5 && strcmp(argv[1], "--only") == 0)
        return only(argv[2], argv[3], argv[4]);
    if (argc > 2 || rounds < 1 || rounds > BENCH_ROUNDS_MAX)
        bench_die("codec", "usage: codec [ROUNDS up to 101] | codec --only WORK MESSAGE TIMES");
    print_table(rounds);
    print_long(rounds);
    return 0;
}
