/* Inside the command bench: bench.c prepares, runs and cleans up, bench_show.c prints. */
#ifndef CLIENT_CMD_BENCH_H
#define CLIENT_CMD_BENCH_H

#include "client/cmd/cli.h"
#include "client/lib/load.h"

#define BENCH_DEPTHS 6
extern const unsigned bench_depths[BENCH_DEPTHS]; /* of --sweep */

struct bench;

/* A kind of request that --mix can name. */
struct bench_op {
    const char *name;
    uint32_t operation;
    void (*payload)(struct ttlv_writer *w, struct bench *b);
    bool needs_key; /* one that is there, and active */
};

struct bench {
    struct cli *cli;
    int64_t connections, duration_ns;
    double rate;

    const struct bench_op *op[LOAD_OPS_MAX];
    struct load_op load[LOAD_OPS_MAX];
    struct buf bytes[LOAD_OPS_MAX]; /* of the requests */
    size_t n_ops;

    bool needs_key, made_key;
    const char *key; /* Unique Identifier */
    struct buf uid, ciphered;
    struct buf uids; /* of keys that Create made, each with a NUL behind it */
    uint64_t n_made, forgotten; /* forgotten: no memory for its identifier */
    uint64_t left;   /* on the server at the end */

    struct load_result results[BENCH_DEPTHS]; /* one, or one for each depth */
    double throughput[BENCH_DEPTHS];
    size_t n_results;
};

/* A sweep's line, as soon as there is one; nothing with --json. */
void bench_tell_depth(const struct bench *b, size_t i);
/* All that was found, for people or as JSON. */
void bench_show(struct bench *b);

#endif
