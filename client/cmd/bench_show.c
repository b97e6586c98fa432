/* What a load found, for people and for programs. */
#include "client/cmd/bench.h"
#include "kmip/base/clock.h"

const unsigned bench_depths[BENCH_DEPTHS] = {1, 2, 4, 8, 16, 32};

static const struct {
    const char *name, *key;
    double share;
} percentiles[] = {
    {"p50", "p50", 0.50}, {"p90", "p90", 0.90},     {"p99", "p99", 0.99},
    {"p99.9", "p99_9", 0.999}, {"p99.99", "p99_99", 0.9999},
};
#define N_PERCENTILES (sizeof percentiles / sizeof *percentiles)

/* ---- People ---- */

static const char *time_text(int64_t ns, char out[24])
{
    if (ns < 1000000)
        snprintf(out, 24, "%.0f us", (double)ns / 1e3);
    else if (ns < 1000000000)
        snprintf(out, 24, "%.2f ms", (double)ns / 1e6);
    else
        snprintf(out, 24, "%.2f s", (double)ns / 1e9);
    return out;
}

static void print_latency(const char *name, const struct histogram *h)
{
    char text[24];

    if (h->n == 0)
        return;
    printf("%-12s %9llu", name, (unsigned long long)h->n);
    for (size_t i = 0; i < N_PERCENTILES; i++)
        printf(" %9s", time_text(histogram_at(h, percentiles[i].share), text));
    printf(" %9s\n", time_text(h->max, text));
}

static void print_latencies(const struct bench *b, const struct load_result *r)
{
    printf("\n%-12s %9s", "Latency", "replies");
    for (size_t i = 0; i < N_PERCENTILES; i++)
        printf(" %9s", percentiles[i].name);
    printf(" %9s\n", "max");
    for (size_t i = 0; i < b->n_ops && b->n_ops > 1; i++)
        print_latency(b->load[i].name, &r->op[i].latency);
    print_latency(b->n_ops > 1 ? "all" : b->load[0].name, &r->latency);
    if (b->cli->a.reconnect || b->cli->a.resume)
        print_latency("handshake", &r->handshake);
}

static void print_result(const struct bench *b, const struct load_result *r)
{
    printf("%llu replies in %.2f s: %.0f per second", (unsigned long long)r->answered,
           (double)r->took_ns / 1e9, load_throughput(r));
    printf(" (%s)\n", r->tls[0] ? r->tls : "no connection");
    if (b->rate > 0)
        printf("asked for %.0f per second; latency counts from when a request was due%s\n",
               b->rate, r->late ? "" : ", and all were sent");
    if (r->late)
        printf("%llu requests were due and not sent before the end\n", (unsigned long long)r->late);
    if (b->cli->a.reconnect || b->cli->a.resume)
        printf("%llu handshakes, %llu of them resumed\n", (unsigned long long)r->handshakes,
               (unsigned long long)r->resumed);
    print_latencies(b, r);
    if (r->seconds > 2 && b->n_results == 1) {
        printf("\nReplies in each second:");
        for (size_t i = 0; i < r->seconds && i < 60; i++)
            printf(" %llu", (unsigned long long)r->second[i]);
        puts(r->seconds > 60 ? " ..." : "");
    }
    if (r->n_errors || r->lost)
        printf("\nErrors: %llu refused, %llu lost\n", (unsigned long long)r->failed,
               (unsigned long long)r->lost);
    for (size_t i = 0; i < r->n_errors; i++) {
        printf("%9llu  ", (unsigned long long)r->errors[i].n);
        cli_put_line(bytes_str(r->errors[i].what));
    }
}

void bench_tell_depth(const struct bench *b, size_t i)
{
    const struct load_result *r = &b->results[i];
    char p50[24], p99[24];

    if (b->cli->a.json)
        return;
    if (i == 0)
        printf("%6s %12s %10s %10s %8s\n", "depth", "per second", "p50", "p99", "errors");
    printf("%6u %12.0f %10s %10s %8llu\n", bench_depths[i], b->throughput[i],
           time_text(histogram_at(&r->latency, 0.5), p50),
           time_text(histogram_at(&r->latency, 0.99), p99),
           (unsigned long long)(r->failed + r->lost));
    fflush(stdout);
}

static void print_knee(const struct bench *b)
{
    size_t knee = load_knee(b->throughput, b->n_results);

    printf("\nKnee: depth %u reaches 90 %% of the best; more brings little besides latency.\n",
           bench_depths[knee]);
}

/* ---- Programs ---- */

static json_t *latency_object(const struct histogram *h)
{
    json_t *o = json_object();

    cli_json_set(o, "n", json_integer((json_int_t)h->n));
    cli_json_set(o, "min", json_real((double)h->min / 1e3));
    cli_json_set(o, "mean", json_real(histogram_mean(h) / 1e3));
    for (size_t i = 0; i < N_PERCENTILES; i++)
        cli_json_set(o, percentiles[i].key,
                     json_real((double)histogram_at(h, percentiles[i].share) / 1e3));
    cli_json_set(o, "max", json_real((double)h->max / 1e3));
    return o;
}

static json_t *operations_object(const struct bench *b, const struct load_result *r)
{
    json_t *all = json_object();

    for (size_t i = 0; i < b->n_ops; i++) {
        json_t *o = json_object();
        cli_json_set(o, "weight", json_integer(b->load[i].weight));
        cli_json_set(o, "replies", json_integer((json_int_t)r->op[i].answered));
        cli_json_set(o, "refused", json_integer((json_int_t)r->op[i].failed));
        cli_json_set(o, "latency_us", latency_object(&r->op[i].latency));
        cli_json_set(all, b->load[i].name, o);
    }
    return all;
}

static json_t *errors_array(const struct load_result *r)
{
    json_t *all = json_array();

    for (size_t i = 0; i < r->n_errors; i++) {
        json_t *o = json_object();
        cli_json_set(o, "what", cli_json_text(bytes_str(r->errors[i].what)));
        cli_json_set(o, "n", json_integer((json_int_t)r->errors[i].n));
        json_array_append_new(all, o);
    }
    return all;
}

static json_t *result_object(const struct bench *b, const struct load_result *r, unsigned depth)
{
    json_t *o = json_object(), *seconds = json_array();

    cli_json_set(o, "depth", json_integer(depth));
    cli_json_set(o, "tls", json_string(r->tls));
    cli_json_set(o, "seconds", json_real((double)r->took_ns / 1e9));
    cli_json_set(o, "sent", json_integer((json_int_t)r->sent));
    cli_json_set(o, "replies", json_integer((json_int_t)r->answered));
    cli_json_set(o, "refused", json_integer((json_int_t)r->failed));
    cli_json_set(o, "lost", json_integer((json_int_t)r->lost));
    cli_json_set(o, "late", json_integer((json_int_t)r->late));
    cli_json_set(o, "per_second", json_real(load_throughput(r)));
    cli_json_set(o, "handshakes", json_integer((json_int_t)r->handshakes));
    cli_json_set(o, "resumed", json_integer((json_int_t)r->resumed));
    cli_json_set(o, "interrupted", json_boolean(r->interrupted));
    cli_json_set(o, "latency_us", latency_object(&r->latency));
    cli_json_set(o, "handshake_us", latency_object(&r->handshake));
    cli_json_set(o, "operations", operations_object(b, r));
    cli_json_set(o, "errors", errors_array(r));
    for (size_t i = 0; i < r->seconds; i++)
        json_array_append_new(seconds, json_integer((json_int_t)r->second[i]));
    cli_json_set(o, "each_second", seconds);
    return o;
}

static json_t *sweep_object(const struct bench *b)
{
    json_t *o = json_object(), *depths = json_array();

    for (size_t i = 0; i < b->n_results; i++)
        json_array_append_new(depths, result_object(b, &b->results[i], bench_depths[i]));
    cli_json_set(o, "depths", depths);
    cli_json_set(o, "knee", json_integer(bench_depths[load_knee(b->throughput, b->n_results)]));
    return o;
}

void bench_show(struct bench *b)
{
    struct cli *cli = b->cli;
    bool sweep = cli->a.sweep;

    if (!cli->a.json) {
        if (sweep)
            print_knee(b);
        else
            print_result(b, &b->results[0]);
        return;
    }
    cli->json = sweep ? sweep_object(b)
                      : result_object(b, &b->results[0], (unsigned)cli->settings.depth);
    cli_json_set(cli->json, "connections", json_integer(b->connections));
    cli_json_set(cli->json, "rate", b->rate > 0 ? json_real(b->rate) : json_null());
    cli_json_set(cli->json, "left_behind", json_integer((json_int_t)b->left));
}
