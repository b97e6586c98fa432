/* A crowd of clients of one kind, most of them bad ones.
 *
 *     crowd HOST PORT CERTS-DIR KIND COUNT [REPLIES]
 *
 * Tells "there" once COUNT of them are where their kind leads; goes on until SIGTERM, the end
 * of its standard input, or so many replies, then prints "connected C, requests R, replies A,
 * ended E".
 *
 * What each kind does is a row of `kinds`. One thread, epoll. Those whom the server has put out
 * come back, some at each tick. */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kmip/base/buf.h"
#include "kmip/base/clock.h"
#include "kmip/net/tls.h"
#include "kmip/schema/message.h"

enum { BOMB_ITEMS = 1000, REPLIES_EACH = 100, SHAKING_MAX = 64, TICK_MS = 100, BACK_PER_TICK = 10 };
#define DRIPPED (1u << 10)   /* bytes of a long request that come one by one */
#define MISSING (1u << 10)   /* ... and that never come */

/* How it behaves. */
enum habit {
    KNOCKS = 1,      /* connects, closes, comes back */
    MUTE = 2,        /* connects and says nothing, not even for TLS */
    SHAKES = 4,      /* shakes hands, closes, comes back */
    SITS = 8,        /* asks once, stays */
    ASKS = 16,       /* sends its request, reads the reply, and again */
    NEVER_READS = 32, /* sends requests as long as they are taken, and reads nothing */
    DRIPS = 64,      /* sends most of a long request at once, then a byte per tick */
    MOVES = 128      /* comes back on a new connection after REPLIES_EACH */
};

static bool query(struct buf *out);
static bool life(struct buf *out);
static bool locate_all(struct buf *out);
static bool locate_bomb(struct buf *out);
static bool query_bomb(struct buf *out);
static bool long_request(struct buf *out);

static const struct kind {
    const char *name;
    unsigned habit;
    bool (*request)(struct buf *out);
} kinds[] = {
    {"knocking", KNOCKS, NULL},
    {"mute", MUTE, NULL},
    {"shaking", SHAKES, NULL},
    {"idle", SITS, query},
    {"slow-readers", NEVER_READS, query},
    {"greedy-readers", NEVER_READS, query_bomb},
    {"slow-writers", DRIPS, long_request},
    {"churning", ASKS | MOVES, life},
    {"query-bombs", ASKS, query_bomb},
    {"locate-all", ASKS, locate_all},
    {"locate-bombs", ASKS, locate_bomb},
};

struct member {
    int fd;
    struct tls_conn *tls; /* NULL: not yet, or never */
    bool open;            /* hands are shaken */
    bool counted;         /* among those that are there */
    size_t sent;          /* of the request */
    uint8_t head[8];      /* of the reply that comes */
    unsigned replies;
    size_t n_head, rest;  /* bytes of it that are here, and that are to come */
    unsigned events;      /* that are waited for */
};

static const struct kind *kind;
static struct buf request;
static struct tls_creds *creds;
static struct sockaddr_in server;
static struct member *members;
static size_t n_members, n_there, n_shaking;
static uint64_t connected, requests, replies, ended, most_replies;
static int poll_fd;
static volatile sig_atomic_t over;

_Noreturn static void die(const char *what, const char *why)
{
    fprintf(stderr, "crowd: %s: %s\n", what, why);
    exit(1);
}

static void on_term(int sig)
{
    (void)sig;
    over = 1;
}

/* --- what they ask ----------------------------------------------------- */

static bool batch(struct buf *out, uint32_t operation, int items, bool (*payload)(struct ttlv_writer *))
{
    struct ttlv_writer w;
    ttlv_w_init(&w, out, NULL);
    kmip_request_begin(&w, &(struct kmip_request){
                               .batch_count = items,
                               .continuation = KMIP_BATCH_ERROR_CONTINUATION_OPTION_CONTINUE});
    for (int i = 0; i < items; i++) {
        uint8_t id[4];
        be32_put(id, (uint32_t)i);
        kmip_item_begin(&w, operation, bytes_of(id, sizeof id));
        if (payload && !payload(&w))
            return false;
        kmip_item_end(&w);
    }
    kmip_request_end(&w);
    return ttlv_w_finish(&w);
}

static void make_key(struct ttlv_writer *w)
{
    ttlv_w_enum(w, KMIP_TAG_OBJECT_TYPE, KMIP_OBJECT_TYPE_SYMMETRIC_KEY);
    ttlv_w_open(w, KMIP_TAG_TEMPLATE_ATTRIBUTE);
    kmip_attribute_enum(w, "Cryptographic Algorithm", KMIP_CRYPTOGRAPHIC_ALGORITHM_AES);
    kmip_attribute_int(w, "Cryptographic Length", 256);
    kmip_attribute_int(w, "Cryptographic Usage Mask",
                       KMIP_CRYPTOGRAPHIC_USAGE_MASK_ENCRYPT | KMIP_CRYPTOGRAPHIC_USAGE_MASK_DECRYPT);
    kmip_attribute_text(w, "x-churn", "one of very many");
    ttlv_w_close(w);
}

static void end_of_use(struct ttlv_writer *w)
{
    ttlv_w_open(w, KMIP_TAG_REVOCATION_REASON);
    ttlv_w_enum(w, KMIP_TAG_REVOCATION_REASON_CODE,
                KMIP_REVOCATION_REASON_CODE_CESSATION_OF_OPERATION);
    ttlv_w_close(w);
}

/* A key from its beginning to its end, by the ID Placeholder. */
static bool life(struct buf *out)
{
    static const struct {
        uint32_t operation;
        void (*payload)(struct ttlv_writer *w);
    } steps[] = {{KMIP_OPERATION_CREATE, make_key},
                 {KMIP_OPERATION_ACTIVATE, NULL},
                 {KMIP_OPERATION_GET, NULL},
                 {KMIP_OPERATION_REVOKE, end_of_use},
                 {KMIP_OPERATION_DESTROY, NULL}};
    enum { STEPS = sizeof steps / sizeof *steps };
    struct ttlv_writer w;
    ttlv_w_init(&w, out, NULL);
    kmip_request_begin(&w, &(struct kmip_request){.batch_count = STEPS});
    for (uint8_t i = 0; i < STEPS; i++) {
        kmip_item_begin(&w, steps[i].operation, bytes_of(&i, 1));
        if (steps[i].payload)
            steps[i].payload(&w);
        kmip_item_end(&w);
    }
    kmip_request_end(&w);
    return ttlv_w_finish(&w);
}

static bool locate_all(struct buf *out)
{
    return batch(out, KMIP_OPERATION_LOCATE, 1, NULL);
}

static bool locate_bomb(struct buf *out)
{
    return batch(out, KMIP_OPERATION_LOCATE, BOMB_ITEMS, NULL);
}

static bool every_function(struct ttlv_writer *w)
{
    ttlv_w_enum(w, KMIP_TAG_QUERY_FUNCTION, KMIP_QUERY_FUNCTION_QUERY_OPERATIONS);
    ttlv_w_enum(w, KMIP_TAG_QUERY_FUNCTION, KMIP_QUERY_FUNCTION_QUERY_OBJECTS);
    return true;
}

static bool query(struct buf *out)
{
    return batch(out, KMIP_OPERATION_QUERY, 1, every_function);
}

static bool query_bomb(struct buf *out)
{
    return batch(out, KMIP_OPERATION_QUERY, BOMB_ITEMS, every_function);
}

/* As long as the mock takes by default; its end is never sent. */
static bool long_request(struct buf *out)
{
    static const uint8_t head[] = {0x42, 0x00, 0x78, 0x01, 0x00, 0x0F, 0xFF, 0xF8};
    return buf_put(out, head, sizeof head) && buf_fill(out, '\x42', 0x0FFFF8 - MISSING);
}

/* --- one of them ------------------------------------------------------- */

static void join(struct member *m);

/* Where the server puts them out as they come, it is enough that as many were. */
static void there(struct member *m)
{
    static bool told;
    n_there += !m->counted;
    m->counted = true;
    if (told || (n_there < n_members && ended < n_members))
        return;
    told = true;
    puts("there");
    fflush(stdout);
}

static void leave(struct member *m)
{
    if (m->tls && !m->open)
        n_shaking--;
    if (m->tls)
        tls_free(&m->tls);
    else if (m->fd >= 0)
        close(m->fd);
    *m = (struct member){.fd = -1, .counted = m->counted};
}

static void rejoin(struct member *m)
{
    leave(m);
    if (!over)
        join(m);
}

/* The server has had enough of it. */
static void put_out(struct member *m)
{
    ended++;
    there(m);
    leave(m);
}

static void watch(struct member *m, unsigned events)
{
    struct epoll_event e = {.events = events, .data.ptr = m};
    if (m->events != events && epoll_ctl(poll_fd, EPOLL_CTL_MOD, m->fd, &e) < 0)
        die("epoll", strerror(errno));
    m->events = events;
}

static void join(struct member *m)
{
    struct kerr err = KERR_INIT;
    int small = 4096;
    m->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (m->fd < 0)
        die("socket", strerror(errno));
    if (kind->habit & NEVER_READS)
        (void)setsockopt(m->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    if (connect(m->fd, (struct sockaddr *)&server, sizeof server) < 0 && errno != EINPROGRESS)
        die("connect", strerror(errno));
    m->events = EPOLLOUT;
    struct epoll_event e = {.events = m->events, .data.ptr = m};
    if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, m->fd, &e) < 0)
        die("epoll", strerror(errno));
    if (kind->habit & (KNOCKS | MUTE))
        return;
    m->tls = tls_new(creds, m->fd, NULL, &err);
    if (!m->tls)
        die("TLS", err.msg);
    n_shaking++;
}

static bool wants(struct member *m, enum tls_io io)
{
    if (io != TLS_WANT_READ && io != TLS_WANT_WRITE)
        return false;
    watch(m, io == TLS_WANT_WRITE ? EPOLLOUT : EPOLLIN);
    return true;
}

/* How much of a request leaves now. */
static size_t portion(const struct member *m)
{
    size_t left = request.n - m->sent;
    if (!(kind->habit & DRIPS))
        return left;
    if (left > DRIPPED)
        return left - DRIPPED;
    return left > 0;
}

/* False when it cannot go on. */
static bool say(struct member *m)
{
    struct kerr err = KERR_INIT;
    while (m->sent < request.n) {
        size_t n, most = portion(m);
        enum tls_io io = tls_write(m->tls, bytes_of(request.p + m->sent, most), &n, &err);
        if (io == TLS_WANT_WRITE)
            there(m);
        if (wants(m, io))
            return true;
        if (io != TLS_OK)
            return false;
        m->sent += n;
        if (kind->habit & DRIPS && request.n - m->sent <= DRIPPED) { /* a tick brings the next */
            there(m);
            watch(m, EPOLLIN);
            return true;
        }
        if (m->sent == request.n) {
            requests++;
            m->sent = kind->habit & NEVER_READS ? 0 : m->sent;
        }
    }
    watch(m, EPOLLIN);
    return true;
}

/* Counts replies in what has come. */
static void take(struct member *m, struct bytes in)
{
    while (in.n > 0) {
        size_t n = m->rest < in.n ? m->rest : in.n;
        if (m->n_head < sizeof m->head) {
            m->head[m->n_head++] = in.p[0];
            in = bytes_of(in.p + 1, in.n - 1);
            if (m->n_head == sizeof m->head)
                m->rest = be32_get(m->head + 4);
            continue;
        }
        m->rest -= n;
        in = bytes_of(in.p + n, in.n - n);
        if (m->rest > 0)
            continue;
        m->n_head = 0;
        m->sent = kind->habit & SITS ? m->sent : 0;
        replies++;
        m->replies++;
        over |= replies == most_replies;
        there(m);
    }
}

static bool hear(struct member *m)
{
    static uint8_t record[TLS_RECORD_MAX];
    struct kerr err = KERR_INIT;
    for (;;) {
        size_t n;
        enum tls_io io = tls_read(m->tls, record, sizeof record, &n, &err);
        if (wants(m, io))
            return true;
        if (io != TLS_OK)
            return false;
        take(m, bytes_of(record, n));
    }
}

/* False when it cannot go on. */
static bool shake(struct member *m)
{
    struct kerr err = KERR_INIT;
    enum tls_io io = tls_handshake(m->tls, &err);
    if (wants(m, io))
        return true;
    if (io != TLS_OK)
        return false;
    m->open = true;
    n_shaking--;
    connected++;
    if (kind->habit & SHAKES)
        there(m);
    watch(m, EPOLLIN);
    return true;
}

static void turn(struct member *m)
{
    if (kind->habit & KNOCKS) {
        connected++;
        there(m);
        rejoin(m);
        return;
    }
    if (kind->habit & MUTE) {
        char c;
        connected += m->events == EPOLLOUT;
        there(m);
        watch(m, EPOLLIN);
        if (recv(m->fd, &c, 1, MSG_DONTWAIT) >= 0 || errno != EAGAIN)
            put_out(m);
        return;
    }
    bool was_open = m->open;
    bool ok = was_open || shake(m);
    if (ok && m->open && kind->habit & SHAKES) {
        rejoin(m);
        return;
    }
    if (ok && was_open && !(kind->habit & NEVER_READS))
        ok = hear(m);
    if (ok && kind->habit & MOVES && m->replies >= REPLIES_EACH) {
        rejoin(m);
        return;
    }
    if (ok && m->open && kind->request)
        ok = say(m);
    if (!ok)
        put_out(m);
}

/* --- all of them ------------------------------------------------------- */

/* Not all at once: the server's queue for those who knock is short. */
static void gather(size_t *joined)
{
    while (*joined < n_members && n_shaking < SHAKING_MAX) {
        join(&members[(*joined)++]);
        if (kind->habit & (KNOCKS | MUTE) && *joined % SHAKING_MAX == 0)
            return;
    }
}

static void tick(size_t joined)
{
    for (size_t i = 0, back = 0; i < joined && back < BACK_PER_TICK; i++)
        if (members[i].fd < 0) {
            join(&members[i]);
            back++;
        }
    for (size_t i = 0; kind->habit & DRIPS && i < joined; i++)
        if (members[i].open && portion(&members[i]) <= 1 && !say(&members[i]))
            put_out(&members[i]);
}

static void run(void)
{
    struct epoll_event events[256];
    struct epoll_event input = {.events = EPOLLIN, .data.ptr = NULL};
    size_t joined = 0;
    int64_t next = clock_mono_ns();
    (void)epoll_ctl(poll_fd, EPOLL_CTL_ADD, 0, &input); /* fails for a file, which never ends */
    while (!over) {
        gather(&joined);
        int n = epoll_wait(poll_fd, events, 256, joined < n_members ? 0 : TICK_MS);
        for (int i = 0; i < n && !over; i++) {
            char c;
            if (events[i].data.ptr)
                turn(events[i].data.ptr);
            else
                over = read(0, &c, 1) <= 0;
        }
        if (clock_mono_ns() < next)
            continue;
        next = clock_mono_ns() + TICK_MS * NS_PER_MS;
        tick(joined);
    }
}

static const struct kind *find_kind(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    fprintf(stderr, "crowd: there is no kind '%s'; there are", name);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        fprintf(stderr, " %s", kinds[i].name);
    fputc('\n', stderr);
    exit(2);
}

static void raise_file_limit(void)
{
    struct rlimit r;
    if (getrlimit(RLIMIT_NOFILE, &r) == 0) {
        r.rlim_cur = r.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &r);
    }
}

static void set_up(char **argv)
{
    struct kerr err = KERR_INIT;
    struct tls_dir files;
    server = (struct sockaddr_in){.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)atoi(argv[2]))};
    if (inet_pton(AF_INET, argv[1], &server.sin_addr) != 1)
        die(argv[1], "no IPv4 address");
    kind = find_kind(argv[4]);
    n_members = (size_t)atol(argv[5]);
    most_replies = argv[6] ? (uint64_t)atoll(argv[6]) : 0;
    members = calloc(n_members, sizeof *members);
    if (n_members == 0 || !members)
        die(argv[5], "not that many");
    buf_init(&request, BUF_NO_LIMIT);
    if (kind->request && !kind->request(&request))
        die(kind->name, "its request cannot be written");
    if (!tls_dir_files(argv[3], &files, &err))
        die(argv[3], err.msg);
    creds = tls_creds_load(
        TLS_CLIENT, &(struct tls_files){.ca = files.ca, .cert = files.cert, .key = files.key},
        &(struct tls_options){.no_verify_name = true}, &err);
    if (!creds)
        die(argv[3], err.msg);
    poll_fd = epoll_create1(EPOLL_CLOEXEC);
}

int main(int argc, char **argv)
{
    struct sigaction act = {.sa_handler = on_term};
    if (argc < 6 || argc > 7) {
        fprintf(stderr, "usage: crowd HOST PORT CERTS-DIR KIND COUNT [REPLIES]\n");
        return 2;
    }
    raise_file_limit();
    signal(SIGPIPE, SIG_IGN);
    sigaction(SIGTERM, &act, NULL);
    set_up(argv);
    run();
    for (size_t i = 0; i < n_members; i++)
        leave(&members[i]);
    printf("connected %llu, requests %llu, replies %llu, ended %llu\n",
           (unsigned long long)connected, (unsigned long long)requests,
           (unsigned long long)replies, (unsigned long long)ended);
    buf_clear(&request);
    tls_creds_free(&creds);
    free(members);
    return 0;
}
