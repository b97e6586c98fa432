/* The server over real TLS, in a process of its own: records, pipelines, slow and
 * rude clients, limits, stopping. */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kmip/base/clock.h"
#include "kmip/net/pki.h"
#include "mockserver/server.h"
#include "mockserver/tests/tls_client.h"

static pid_t server_pid;

/* --- the server -------------------------------------------------------- */

/* In the child: serves until it is stopped; never returns. */
static void serve(const char *const sets[], rlim_t files, int report)
{
    struct server *s = calloc(1, sizeof *s);
    struct mock_config cfg;
    struct kerr err = KERR_INIT;
    struct opt_list list = {0};
    for (size_t i = 0; sets && sets[i]; i++)
        list.v[list.n++] = sets[i];
    struct rlimit limit = {files, files};
    bool ok = s && config_load(&cfg, NULL, &list, &err);
    cfg.listen = "127.0.0.1:0";
    cfg.certs = tmpdir_file(&dir, "pki/server");
    ok = ok && server_open(s, &cfg, &err) && (files == 0 || setrlimit(RLIMIT_NOFILE, &limit) == 0);
    if (!ok)
        fprintf(stderr, "server: %s\n", err.msg);
    int port = ok ? s->port : 0;
    if (write(report, &port, sizeof port) != sizeof port)
        ok = false;
    close(report);
    int code = 99;
    if (ok) {
        server_run(s);
        code = s->aborted ? 128 + s->signal : 0;
        server_close(s);
        config_clear(&cfg);
    }
    free(s);
    exit(code);
}

/* sets: configuration as --set has it, ends with NULL. files: bound on descriptors, or 0. */
static void start(const char *const sets[], rlim_t files)
{
    int ends[2], port = 0;
    cr_assert_eq(pipe(ends), 0);
    fflush(NULL);
    server_pid = fork();
    if (server_pid == 0) {
        close(ends[0]);
        serve(sets, files, ends[1]);
    }
    close(ends[1]);
    cr_assert_eq(read(ends[0], &port, sizeof port), sizeof port);
    close(ends[0]);
    cr_assert_gt(port, 0);
    snprintf(server_port, sizeof server_port, "%d", port);
}

static int wait_for_server(void)
{
    int status = -1;
    cr_assert_eq(waitpid(server_pid, &status, 0), server_pid);
    server_pid = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static int stop(void)
{
    kill(server_pid, SIGTERM);
    return wait_for_server();
}

static void set_up(void)
{
    struct kerr err = KERR_INIT;
    signal(SIGPIPE, SIG_IGN);
    tmpdir_make(&dir);
    cr_assert(pki_set(tmpdir_file(&dir, "pki"), &err), "%s", err.msg);
    creds = client_creds("pki/client", false);
}

static void tear_down(void)
{
    if (server_pid > 0)
        cr_expect_eq(stop(), 0, "the server ends well");
    tls_creds_free(&creds);
    tmpdir_remove(&dir);
}

TestSuite(server, .init = set_up, .fini = tear_down, .timeout = 60);

/* A new client is served. */
static void expect_service(void)
{
    struct buf b;
    struct tls_conn *t = client();
    put_requests(&b, 1);
    say(t, buf_bytes(&b));
    cr_expect_eq(next_id(t), 0);
    buf_clear(&b);
    tls_free(&t);
}

/* --- records and pipelines --------------------------------------------- */

Test(server, sends_each_reply_in_a_record_of_its_own_and_in_order)
{
    struct buf b;
    start(NULL, 0);
    struct tls_conn *t = client();
    put_requests(&b, 32);
    say(t, buf_bytes(&b));
    for (uint32_t i = 0; i < 32; i++)
        cr_expect_eq(next_id(t), i);
    buf_clear(&b);
    tls_free(&t);
}

Test(server, sends_a_reply_larger_than_a_record_whole)
{
    struct buf b, all;
    uint8_t in[TLS_RECORD_MAX];
    start(NULL, 0);
    struct tls_conn *t = client();
    buf_init(&b, BUF_NO_LIMIT);
    buf_init(&all, BUF_NO_LIMIT);
    put_request(&b, 5, 400);
    put_request(&b, 6, 1);
    say(t, buf_bytes(&b));
    struct kerr err = KERR_INIT;
    size_t need = 0;
    do {
        ssize_t n = record(t, in, WAIT_MS);
        cr_assert_gt(n, 0);
        cr_assert(buf_put(&all, in, (size_t)n));
    } while (ttlv_framing(buf_bytes(&all), BIG, &need, &err) == TTLV_FRAME_MORE);
    cr_expect_gt(all.n, TLS_RECORD_MAX);
    cr_expect_eq(id_of(buf_bytes(&all)), 5, "the next reply is not in the same record");
    cr_expect_eq(next_id(t), 6);
    buf_clear(&b);
    buf_clear(&all);
    tls_free(&t);
}

Test(server, takes_requests_byte_by_byte)
{
    struct buf b;
    start(NULL, 0);
    struct tls_conn *t = client();
    put_requests(&b, 2);
    for (size_t i = 0; i < b.n; i++)
        say(t, bytes_of(b.p + i, 1));
    cr_expect_eq(next_id(t), 0);
    cr_expect_eq(next_id(t), 1);
    buf_clear(&b);
    tls_free(&t);
}

static void eight_reordered(char out[64])
{
    struct buf b;
    struct tls_conn *t = client();
    put_requests(&b, 8);
    say(t, buf_bytes(&b));
    size_t at = 0;
    for (int i = 0; i < 8; i++)
        at += (size_t)snprintf(out + at, 64 - at, "%u ", next_id(t));
    buf_clear(&b);
    tls_free(&t);
}

Test(server, reorders_a_pipeline_repeatably)
{
    static const char *const sets[] = {"replies.reorder={window: 4, max_wait: 2s}", "seed=7", NULL};
    char first[64], second[64], again[64];
    start(sets, 0);
    eight_reordered(first);
    eight_reordered(second);
    cr_expect_str_neq(first, "0 1 2 3 4 5 6 7 ");
    cr_expect_eq(stop(), 0);
    start(sets, 0);
    eight_reordered(again);
    cr_expect_str_eq(again, first, "same seed, same connection, same order");
}

Test(server, does_not_delay_a_client_of_depth_one_beyond_the_wait)
{
    static const char *const sets[] = {"replies.reorder={window: 4, max_wait: 80ms}", NULL};
    struct buf b;
    start(sets, 0);
    struct tls_conn *t = client();
    put_requests(&b, 1);
    for (int i = 0; i < 3; i++) {
        int64_t began = clock_mono_ns();
        say(t, buf_bytes(&b));
        (void)next_id(t);
        int64_t took = clock_mono_ns() - began;
        cr_expect(took >= 75 * NS_PER_MS && took < NS_PER_S, "%lld ns", (long long)took);
    }
    buf_clear(&b);
    tls_free(&t);
}

/* --- clients that are done, slow, rude --------------------------------- */

/* However short the wait. A machine that is busy with other things adds to some trips;
 * a wait in whole milliseconds would to all. */
Test(server, lets_replies_go_at_a_part_of_a_millisecond)
{
    static const char *const sets[] = {"replies.reorder={window: 4, max_wait: 1100us}", NULL};
    enum { TRIPS = 60 };
    int within = 0;
    struct buf b;
    start(sets, 0);
    struct tls_conn *t = client();
    put_requests(&b, 1);
    for (int i = 0; i < TRIPS; i++) {
        int64_t from = clock_mono_ns();
        say(t, buf_bytes(&b));
        cr_expect_eq(next_id(t), 0);
        within += clock_mono_ns() - from < 1900 * NS_PER_MS / 1000;
    }
    cr_expect_gt(within, TRIPS / 4, "%d of %d", within, TRIPS);
    buf_clear(&b);
    tls_free(&t);
}

Test(server, answers_what_came_before_the_client_closed_its_side)
{
    struct buf b;
    start(NULL, 0);
    struct tls_conn *t = client();
    put_requests(&b, 5);
    say(t, bytes_of(b.p, b.n - 3));
    tls_bye(t);
    for (uint32_t i = 0; i < 4; i++)
        cr_expect_eq(next_id(t), i);
    expect_end(t, "half close");
    buf_clear(&b);
    tls_free(&t);
}

static void expect_rejection(struct tls_conn *t)
{
    uint8_t in[TLS_RECORD_MAX];
    struct kmip_message m;
    struct kmip_item it;
    struct kerr err = KERR_INIT;
    ssize_t n = record(t, in, WAIT_MS);
    cr_assert_gt(n, 0, "an error reply comes");
    cr_assert(kmip_open(&m, bytes_of(in, (size_t)n), &err) && kmip_next_item(&m, &it), "%s",
              err.msg);
    cr_expect_eq(it.status, KMIP_RESULT_STATUS_OPERATION_FAILED);
    cr_expect_eq(it.reason, KMIP_RESULT_REASON_INVALID_MESSAGE);
    expect_end(t, "after the rejection");
}

Test(server, answers_garbage_with_an_error_and_closes)
{
    start(NULL, 0);
    struct tls_conn *t = client();
    say(t, bytes_str("GET / HTTP/1.1\r\nHost: kms\r\n\r\n"));
    expect_rejection(t);
    tls_free(&t);
    expect_service();
}

/* The client is still sending when the reply leaves: it must arrive all the same. */
Test(server, answers_a_message_beyond_the_limit_and_closes)
{
    static const char *const sets[] = {"limits.message_size=65536", NULL};
    static uint8_t message[1 << 20] = {0x42, 0x00, 0x78, 0x01, 0x00, 0x0F, 0xFF, 0xF8};
    start(sets, 0);
    struct tls_conn *t = client();
    (void)push(t, bytes_of(message, sizeof message), 300);
    expect_rejection(t);
    tls_free(&t);
    expect_service();
}

Test(server, survives_other_protocols_on_its_port)
{
    static const char *const words[] = {"GET / HTTP/1.0\r\n\r\n", "\x16\x03\x01\xff\xff", "\n", ""};
    start(NULL, 0);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        int fd = dial();
        char in[256];
        cr_assert_eq(send(fd, words[i], strlen(words[i]), MSG_NOSIGNAL), (ssize_t)strlen(words[i]));
        shutdown(fd, SHUT_WR);
        ssize_t n;
        do
            cr_assert(ready(fd, TLS_WANT_READ, WAIT_MS), "row %zu: closed", i);
        while ((n = recv(fd, in, sizeof in, 0)) > 0);
        close(fd);
    }
    expect_service();
}

Test(server, survives_clients_that_vanish)
{
    struct buf b;
    start(NULL, 0);
    put_requests(&b, 50);
    for (int i = 0; i < 10; i++) {
        struct tls_conn *t = client();
        struct linger reset = {1, 0}; /* as for a killed process with unread bytes */
        say(t, bytes_of(b.p, b.n - (size_t)i));
        setsockopt(tls_fd(t), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        tls_free(&t);
    }
    buf_clear(&b);
    expect_service();
}

Test(server, holds_back_a_client_that_does_not_read_and_serves_the_others)
{
    struct buf b;
    start(NULL, 0);
    struct tls_conn *t = client();
    put_requests(&b, 1000);
    /* Far more than all buffers between can take: at some point sending stalls. */
    uint32_t rounds = 0;
    while (rounds < 200 && push(t, buf_bytes(&b), 300))
        rounds++;
    cr_expect_lt(rounds, 200);
    expect_service();
    buf_clear(&b);
    tls_free(&t);
    expect_service();
}

Test(server, goes_on_when_a_slow_reader_reads_at_last)
{
    struct buf b;
    start(NULL, 0);
    struct tls_conn *t = client();
    int room = 4096;
    setsockopt(tls_fd(t), SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    put_requests(&b, 3000);
    pid_t writer = fork();
    if (writer == 0) { /* a process of its own, so that both directions are busy */
        bool ok = push(t, buf_bytes(&b), WAIT_MS);
        _exit(ok ? 0 : 1);
    }
    usleep(300000);
    for (uint32_t i = 0; i < 3000; i++)
        cr_assert_eq(next_id(t), i);
    int status;
    cr_assert_eq(waitpid(writer, &status, 0), writer);
    cr_expect_eq(status, 0);
    buf_clear(&b);
    tls_free(&t);
}

/* --- limits ------------------------------------------------------------ */

Test(server, closes_silent_connections)
{
    static const char *const sets[] = {"limits={handshake: 200ms, idle: 300ms, request: 200ms}",
                                       NULL};
    struct buf b;
    char in[8];
    start(sets, 0);

    int fd = dial();
    cr_assert(ready(fd, TLS_WANT_READ, WAIT_MS), "no handshake");
    cr_expect_leq(recv(fd, in, sizeof in, 0), 0);
    close(fd);

    struct tls_conn *t = client();
    expect_end(t, "idle");
    tls_free(&t);

    t = client();
    put_requests(&b, 1);
    say(t, bytes_of(b.p, 20));
    expect_end(t, "half a request");
    tls_free(&t);

    t = client();
    for (int i = 0; i < 4; i++) {
        say(t, buf_bytes(&b));
        (void)next_id(t);
        usleep(150000); /* busier than idle */
    }
    buf_clear(&b);
    tls_free(&t);
}

Test(server, refuses_connections_beyond_the_limit)
{
    static const char *const sets[] = {"limits.connections=2", NULL};
    char in[8];
    start(sets, 0);
    struct tls_conn *a = client(), *b = client();
    int fd = dial();
    cr_assert(ready(fd, TLS_WANT_READ, WAIT_MS));
    cr_expect_eq(recv(fd, in, sizeof in, 0), 0);
    close(fd);
    tls_bye(a);
    expect_end(a, "said goodbye");
    tls_free(&a);
    expect_service();
    tls_free(&b);
}

/* A request that stays without its last bytes. */
static struct tls_conn *hoarder(void)
{
    static const uint8_t head[] = {0x42, 0x00, 0x78, 0x01, 0x00, 0x0F, 0xFF, 0xF8};
    static const uint8_t zeros[800000];
    struct tls_conn *t = client();
    say(t, bytes_of(head, sizeof head));
    say(t, bytes_of(zeros, sizeof zeros));
    return t;
}

Test(server, parts_with_who_has_held_most_for_longest)
{
    static const char *const sets[] = {"limits.buffers=3000000", NULL};
    enum { HOARDERS = 3 }; /* a buffer grows by doubling: each takes a MiB or more */
    struct buf b;
    uint8_t in[TLS_RECORD_MAX];
    start(sets, 0);
    struct tls_conn *honest = client(), *h[HOARDERS];
    put_requests(&b, 1);
    for (int i = 0; i < HOARDERS; i++) {
        h[i] = hoarder();
        say(honest, buf_bytes(&b)); /* answered once what came before it is read */
        cr_expect_eq(next_id(honest), 0);
    }
    cr_expect_leq(record(h[0], in, WAIT_MS), 0, "the first is gone");
    say(honest, buf_bytes(&b));
    cr_expect_eq(next_id(honest), 0);
    expect_service();
    for (int i = 0; i < HOARDERS; i++)
        tls_free(&h[i]);
    buf_clear(&b);
    tls_free(&honest);
}

Test(server, goes_on_when_descriptors_run_out)
{
    enum { CLIENTS = 40 };
    struct buf b;
    int fds[CLIENTS];
    start(NULL, 32);
    struct tls_conn *t = client();
    for (int i = 0; i < CLIENTS; i++)
        fds[i] = dial(); /* the kernel takes them all; the server cannot */
    put_requests(&b, 1);
    for (int i = 0; i < 5; i++) {
        say(t, buf_bytes(&b));
        cr_expect_eq(next_id(t), 0, "those who are in are served");
        usleep(50000);
    }
    for (int i = 0; i < CLIENTS; i++)
        close(fds[i]);
    expect_service();
    buf_clear(&b);
    tls_free(&t);
}

/* --- who may come in --------------------------------------------------- */

/* The refusal comes in the handshake, or under TLS 1.3 at the first read. */
static bool is_let_in(const struct tls_creds *c)
{
    struct buf b;
    uint8_t in[TLS_RECORD_MAX];
    struct kerr err = KERR_INIT;
    struct tls_conn *t = shake_hands(c, &err);
    if (!t)
        return false;
    put_requests(&b, 1);
    bool ok = push(t, buf_bytes(&b), WAIT_MS) && record(t, in, WAIT_MS) > 0;
    buf_clear(&b);
    tls_free(&t);
    return ok;
}

Test(server, refuses_clients_without_a_certificate)
{
    start(NULL, 0);
    struct tls_creds *none = client_creds("pki/client", true);
    cr_expect_not(is_let_in(none));
    tls_creds_free(&none);
    cr_expect(is_let_in(creds));
}

Test(server, lets_clients_without_a_certificate_in_when_told_so)
{
    static const char *const sets[] = {"client_certificate=optional", NULL};
    start(sets, 0);
    struct tls_creds *none = client_creds("pki/client", true);
    cr_expect(is_let_in(none));
    tls_creds_free(&none);
}

/* --- stopping ---------------------------------------------------------- */

Test(server, stops_at_once_while_clients_are_connected)
{
    start(NULL, 0);
    struct tls_conn *a = client(), *b = client();
    int raw = dial();
    int64_t began = clock_mono_ns();
    cr_expect_eq(stop(), 0);
    cr_expect_lt(clock_mono_ns() - began, NS_PER_S);
    expect_end(a, "stopped");
    expect_end(b, "stopped");
    close(raw);
    tls_free(&a);
    tls_free(&b);
}

Test(server, lets_held_replies_leave_before_it_stops)
{
    static const char *const sets[] = {"replies.reorder={window: 8, max_wait: 1h}", NULL};
    struct buf b;
    start(sets, 0);
    struct tls_conn *t = client();
    put_requests(&b, 2);
    say(t, buf_bytes(&b));
    usleep(200000);
    cr_expect_eq(stop(), 0);
    cr_expect_eq(next_id(t), 1);
    cr_expect_eq(next_id(t), 0);
    expect_end(t, "stopped");
    buf_clear(&b);
    tls_free(&t);
}

Test(server, waits_for_a_client_that_does_not_read_only_so_long_or_until_the_second_signal)
{
    struct buf b;
    put_requests(&b, 1000);
    for (int second = 0; second < 2; second++) {
        start(NULL, 0);
        struct tls_conn *t = client();
        while (push(t, buf_bytes(&b), 1500)) /* a slow server is not a full one */
            ;
        int64_t began = clock_mono_ns();
        kill(server_pid, SIGTERM);
        if (second) {
            usleep(200000);
            kill(server_pid, SIGINT);
        }
        cr_expect_eq(wait_for_server(), second ? 128 + SIGINT : 0);
        int64_t took = clock_mono_ns() - began;
        cr_expect(second ? took < NS_PER_S : took > NS_PER_S && took < 4 * NS_PER_S, "%lld ns",
                  (long long)took);
        tls_free(&t);
    }
    buf_clear(&b);
}

Test(server, two_servers_in_parallel_do_not_disturb_each_other)
{
    start(NULL, 0);
    pid_t first = server_pid;
    char port[16];
    snprintf(port, sizeof port, "%s", server_port);
    start(NULL, 0);
    cr_expect_str_neq(port, server_port);
    expect_service();
    cr_expect_eq(stop(), 0);
    server_pid = first;
    snprintf(server_port, sizeof server_port, "%s", port);
    expect_service();
}
