/* The order in which replies leave. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "kmip/base/clock.h"
#include "mockserver/pipeline.h"

TestSuite(pipeline, .timeout = 20);

#define MS NS_PER_MS
#define HOUR (3600 * NS_PER_S)

static void push(struct pipeline *p, uint64_t request, int64_t now_ns)
{
    struct buf b;
    buf_init(&b, BUF_NO_LIMIT);
    buf_printf(&b, "reply %llu", (unsigned long long)request);
    cr_assert(pipeline_push(p, &b, request, 0, NULL, now_ns));
    cr_assert_eq(b.n, 0, "the bytes are moved out");
    buf_clear(&b);
}

/* All that may leave, as the numbers of their requests: "2 0 1 3 ". */
static const char *taken(struct pipeline *p, char out[512])
{
    size_t at = 0;
    out[0] = 0;
    for (struct reply *r; (r = pipeline_take(p)); reply_free(&r)) {
        char want[32];
        snprintf(want, sizeof want, "reply %llu", (unsigned long long)r->request);
        cr_expect_str_eq(buf_cstr(&r->bytes), want);
        at += (size_t)snprintf(out + at, 512 - at, "%llu ", (unsigned long long)r->request);
    }
    return out;
}

Test(pipeline, without_a_window_replies_leave_at_once_and_in_order)
{
    for (size_t window = 0; window < 2; window++) {
        struct pipeline p;
        char out[512];
        pipeline_init(&p, window, 50 * MS, 7, 1);
        for (uint64_t i = 0; i < 4; i++)
            push(&p, i, 0);
        cr_expect_eq(pipeline_due(&p, 0), INT64_MAX);
        cr_expect_str_eq(taken(&p, out), "0 1 2 3 ");
        pipeline_clear(&p);
    }
}

Test(pipeline, holds_replies_until_the_window_is_full)
{
    struct pipeline p;
    char out[512];
    pipeline_init(&p, 4, 50 * MS, 7, 1);
    for (uint64_t i = 0; i < 3; i++) {
        push(&p, i, (int64_t)i * MS);
        cr_expect_eq(pipeline_due(&p, (int64_t)i * MS), 50 * MS, "the oldest one's wait counts");
        cr_expect_null(pipeline_take(&p));
    }
    push(&p, 3, 3 * MS);
    cr_expect_eq(pipeline_due(&p, 3 * MS), INT64_MAX);
    cr_expect_eq(strlen(taken(&p, out)), 8);
    cr_expect_str_neq(out, "0 1 2 3 ");
    pipeline_clear(&p);
}

Test(pipeline, never_delays_a_single_reply_beyond_the_wait)
{
    struct pipeline p;
    char out[512];
    pipeline_init(&p, 4, 50 * MS, 7, 1);
    push(&p, 0, 10 * MS);
    cr_expect_eq(pipeline_due(&p, 60 * MS - 1), 60 * MS);
    cr_expect_str_eq(taken(&p, out), "");
    cr_expect_eq(pipeline_due(&p, 60 * MS), INT64_MAX);
    cr_expect_str_eq(taken(&p, out), "0 ");
    pipeline_clear(&p);
}

Test(pipeline, with_no_wait_lets_a_single_reply_go_at_once)
{
    struct pipeline p;
    char out[512];
    pipeline_init(&p, 8, 0, 7, 1);
    push(&p, 0, 5);
    cr_expect_eq(pipeline_due(&p, 5), INT64_MAX);
    cr_expect_str_eq(taken(&p, out), "0 ");
    pipeline_clear(&p);
}

Test(pipeline, never_keeps_the_original_order_of_two_or_more)
{
    for (size_t held = 2; held <= 9; held++)
        for (uint64_t seed = 0; seed < 500; seed++) {
            struct pipeline p;
            char out[512], original[512] = "";
            pipeline_init(&p, 16, 50 * MS, seed, 1);
            for (uint64_t i = 0; i < held; i++) {
                push(&p, i, 0);
                snprintf(original + strlen(original), sizeof original - strlen(original), "%llu ",
                         (unsigned long long)i);
            }
            (void)pipeline_due(&p, 50 * MS);
            taken(&p, out);
            cr_assert_eq(strlen(out), strlen(original), "each leaves once");
            cr_assert_str_neq(out, original, "%zu held, seed %llu", held, (unsigned long long)seed);
            pipeline_clear(&p);
        }
}

Test(pipeline, draws_every_other_order)
{
    /* Three replies have five orders that are not the original. */
    static const char *const orders[] = {"0 2 1 ", "1 0 2 ", "1 2 0 ", "2 0 1 ", "2 1 0 "};
    unsigned seen[5] = {0};
    struct pipeline p;
    char out[512];
    pipeline_init(&p, 3, 50 * MS, 42, 1);
    for (int n = 0; n < 1000; n++) {
        for (uint64_t i = 0; i < 3; i++)
            push(&p, i, 0);
        (void)pipeline_due(&p, 0);
        taken(&p, out);
        for (size_t k = 0; k < 5; k++)
            seen[k] += strcmp(out, orders[k]) == 0;
    }
    for (size_t k = 0; k < 5; k++)
        cr_expect(seen[k] > 50, "%s came %u times of 1000", orders[k], seen[k]);
    pipeline_clear(&p);
}

/* Forty replies, window four. */
static void run_forty(uint64_t seed, uint64_t connection, char out[512])
{
    struct pipeline p;
    pipeline_init(&p, 4, 50 * MS, seed, connection);
    for (uint64_t i = 0; i < 40; i++)
        push(&p, i, 0);
    (void)pipeline_due(&p, 0);
    taken(&p, out);
    pipeline_clear(&p);
}

Test(pipeline, repeats_itself_from_the_seed)
{
    char a[512], b[512];
    run_forty(7, 3, a);
    run_forty(7, 3, b);
    cr_expect_str_eq(a, b);
    run_forty(8, 3, b);
    cr_expect_str_neq(a, b);
}

Test(pipeline, gives_each_connection_a_stream_of_its_own)
{
    char alone[512], other[512], beside[512];
    run_forty(7, 1, alone);
    run_forty(7, 2, other);
    cr_expect_str_neq(alone, other);

    /* The same connection while another one draws in between. */
    struct pipeline p, q;
    size_t at = 0;
    pipeline_init(&p, 4, 50 * MS, 7, 1);
    pipeline_init(&q, 4, 50 * MS, 7, 2);
    for (uint64_t i = 0; i < 40; i++) {
        char none[512];
        push(&p, i, 0);
        push(&q, i, 0);
        (void)pipeline_due(&q, 0);
        taken(&q, none);
        (void)pipeline_due(&p, 0);
        taken(&p, none);
        at += (size_t)snprintf(beside + at, sizeof beside - at, "%s", none);
    }
    cr_expect_str_eq(beside, alone);
    pipeline_clear(&p);
    pipeline_clear(&q);
}

Test(pipeline, reorders_within_the_window_only)
{
    char out[512];
    run_forty(11, 1, out);
    unsigned long v[40];
    const char *at = out;
    for (size_t i = 0; i < 40; i++) {
        char *end;
        v[i] = strtoul(at, &end, 10);
        at = end;
        cr_expect_eq(v[i] / 4, i / 4, "place %zu holds %lu", i, v[i]);
    }
}

Test(pipeline, lets_everything_go_when_no_more_requests_come)
{
    struct pipeline p;
    char out[512];
    pipeline_init(&p, 4, 3600 * NS_PER_S, 7, 1);
    for (uint64_t i = 0; i < 3; i++)
        push(&p, i, 0);
    pipeline_flush(&p);
    cr_expect_eq(strlen(taken(&p, out)), 6);
    cr_expect_str_neq(out, "0 1 2 ");
    pipeline_flush(&p);
    cr_expect_null(pipeline_take(&p));
    pipeline_clear(&p);
}

Test(pipeline, frees_what_is_still_there)
{
    struct pipeline p;
    pipeline_init(&p, 2, 50 * MS, 7, 1);
    for (uint64_t i = 0; i < 5; i++)
        push(&p, i, 0);
    (void)pipeline_due(&p, 0);
    pipeline_clear(&p); /* the sanitizer counts */
    cr_expect_null(pipeline_take(&p));
}

/* --- faults taken away ------------------------------------------------------- */

static void push_planned(struct pipeline *p, const struct reply_plan *plan)
{
    struct buf b;
    buf_init(&b, BUF_NO_LIMIT);
    buf_puts(&b, "reply");
    cr_assert(pipeline_push(p, &b, 0, 0, plan, 0));
}

/* The bytes that may leave by now. */
static size_t bytes_taken(struct pipeline *p)
{
    size_t n = 0;
    for (struct reply *r; (r = pipeline_take(p)); reply_free(&r))
        n += r->bytes.n;
    return n;
}

Test(pipeline, what_an_owner_delays_pauses_or_stalls_leaves_once_it_is_gone)
{
    static const char owner, other;
    static const struct {
        const char *name;
        struct reply_plan plan;
        size_t before; /* bytes that leave at once */
    } rows[] = {
        {"delay", {.delay_ns = INT64_MAX, .delayer = &owner}, 0},
        {"pause", {.split = {2}, .n_split = 1, .split_pause_ns = HOUR, .splitter = &owner}, 2},
        {"stall", {.stalls = true, .stall_ns = INT64_MAX, .staller = &owner}, 0},
        {"stall later", {.stalls = true, .stall_at = 4, .stall_ns = HOUR, .staller = &owner}, 4},
        {"stall behind", {.stalls = true, .stall_at = 9, .stall_ns = HOUR, .staller = &owner}, 5},
        {"held besides",
         {.group[GROUP_REORDER] = {.want = 2, .max_wait_ns = MS, .mix = pipeline_shuffle},
          .delay_ns = HOUR,
          .delayer = &owner},
         0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct pipeline p;
        pipeline_init(&p, 0, 0, 7, 1);
        push_planned(&p, &rows[i].plan);
        cr_expect_eq(bytes_taken(&p), rows[i].before, "%s", rows[i].name);
        pipeline_dissolve(&p, &other);
        (void)pipeline_due(&p, MS);
        cr_expect_eq(bytes_taken(&p), 0, "%s: another's is gone", rows[i].name);
        pipeline_dissolve(&p, &owner);
        cr_expect_eq(pipeline_due(&p, MS), INT64_MAX, "%s", rows[i].name);
        cr_expect_eq(bytes_taken(&p), 5 - rows[i].before, "%s", rows[i].name);
        cr_expect_eq(p.n_out, 0, "%s", rows[i].name);
        pipeline_clear(&p);
    }
}
