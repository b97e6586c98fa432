/* A server in a thread of the test, with TLS and the real engine, and requests to it:
 * unlike a process of its own its journal can be looked at. */
#ifndef MOCKSERVER_TESTS_SERVER_THREAD_H
#define MOCKSERVER_TESTS_SERVER_THREAD_H

#include <pthread.h>
#include <signal.h>

#include "kmip/net/pki.h"
#include "mockserver/server.h"
#include "mockserver/tests/tls_client.h"

static struct server *server;
static struct mock_config cfg;
static pthread_t thread;
static bool running;
static uv_async_t async;
static struct {
    void (*what)(void *arg);
    void *arg;
    pthread_mutex_t lock;
    pthread_cond_t done;
} call;

/* In the server's thread. */
HELPER void on_async(uv_async_t *h)
{
    (void)h;
    pthread_mutex_lock(&call.lock);
    if (call.what)
        call.what(call.arg);
    call.what = NULL;
    pthread_cond_signal(&call.done);
    pthread_mutex_unlock(&call.lock);
}

HELPER void in_server(void (*what)(void *arg), void *arg)
{
    pthread_mutex_lock(&call.lock);
    call.what = what;
    call.arg = arg;
    uv_async_send(&async);
    while (call.what)
        pthread_cond_wait(&call.done, &call.lock);
    pthread_mutex_unlock(&call.lock);
}

HELPER void *serve(void *arg)
{
    (void)arg;
    server_run(server);
    return NULL;
}

HELPER bool open_server(const char *const sets[], struct kerr *err)
{
    struct opt_list list = {0};
    for (size_t i = 0; sets && sets[i]; i++)
        list.v[list.n++] = sets[i];
    if (!config_load(&cfg, NULL, &list, err))
        return false;
    cfg.listen = "127.0.0.1:0";
    if (!cfg.certs)
        cfg.certs = tmpdir_file(&dir, "pki/server");
    server = calloc(1, sizeof *server);
    if (server && server_open(server, &cfg, err))
        return true;
    free(server);
    server = NULL;
    config_clear(&cfg);
    return false;
}

/* The server that was opened runs. */
HELPER void launch(void)
{
    snprintf(server_port, sizeof server_port, "%d", server->port);
    pthread_mutex_init(&call.lock, NULL);
    pthread_cond_init(&call.done, NULL);
    uv_async_init(&server->loop, &async, on_async);
    uv_unref((uv_handle_t *)&async);
    pthread_create(&thread, NULL, serve, NULL);
    running = true;
}

HELPER void start(const char *const sets[])
{
    struct kerr err = KERR_INIT;
    cr_assert(open_server(sets, &err), "%s", err.msg);
    launch();
}

#define START(...) start((const char *const[]){__VA_ARGS__, NULL})

HELPER void stop_in_server(void *arg)
{
    (void)arg;
    server_stop(server);
}

/* The journal can be looked at afterwards. */
HELPER void stop(void)
{
    in_server(stop_in_server, NULL);
    pthread_join(thread, NULL);
    running = false;
}

HELPER void end(void)
{
    if (running)
        stop();
    if (!server)
        return;
    server_close(server);
    free(server);
    server = NULL;
    config_clear(&cfg);
}

HELPER void set_up(void)
{
    struct kerr err = KERR_INIT;
    signal(SIGPIPE, SIG_IGN);
    tmpdir_make(&dir);
    cr_assert(pki_set(tmpdir_file(&dir, "pki"), &err), "%s", err.msg);
    creds = client_creds("pki/client", false);
}

HELPER void tear_down(void)
{
    end();
    tls_creds_free(&creds);
    tmpdir_remove(&dir);
}

/* "1/2:name ", with connection and request; "1:name" for the connection itself. */
HELPER const char *firings(const char *of)
{
    static char out[20000];
    size_t at = 0;
    out[0] = 0;
    for (uint64_t n = server->journal.first; n < server->journal.next; n++) {
        const struct exchange *e = journal_get(&server->journal, n);
        if (e->n_faults == 0 || (of && strcmp(of, e->client) != 0))
            continue;
        at += (size_t)snprintf(out + at, sizeof out - at, at ? " " : "");
        at += e->nth ? (size_t)snprintf(out + at, sizeof out - at, "%llu/%llu:%s",
                                        (unsigned long long)e->connection,
                                        (unsigned long long)e->nth, e->faults)
                     : (size_t)snprintf(out + at, sizeof out - at, "%llu:%s",
                                        (unsigned long long)e->connection, e->faults);
    }
    return out;
}

HELPER void expect_firings(const char *expected)
{
    stop();
    const char *got = firings(NULL);
    cr_expect_str_eq(got, expected, "%s", got);
}

/* --- requests ---------------------------------------------------------- */

static struct buf message;
static struct ttlv_writer writer;

HELPER struct ttlv_writer *begin_as(uint32_t operation, const struct kmip_request *header)
{
    buf_clear(&message);
    buf_init(&message, BUF_NO_LIMIT);
    ttlv_w_init(&writer, &message, NULL);
    kmip_request_begin(&writer, header);
    kmip_item_begin(&writer, operation, bytes_str("id"));
    return &writer;
}

HELPER struct ttlv_writer *begin(uint32_t operation)
{
    return begin_as(operation, &(struct kmip_request){0});
}

static struct buf answer_buf;

/* Sends the request begun and takes the reply, which is one record. */
HELPER struct kmip_item answer(struct tls_conn *t)
{
    uint8_t in[TLS_RECORD_MAX];
    struct kmip_message m;
    struct kmip_item it;
    struct kerr err = KERR_INIT;
    kmip_item_end(&writer);
    kmip_request_end(&writer);
    cr_assert(ttlv_w_finish(&writer));
    say(t, buf_bytes(&message));
    ssize_t n = record(t, in, WAIT_MS);
    cr_assert_gt(n, 0);
    buf_clear(&answer_buf);
    buf_init(&answer_buf, BUF_NO_LIMIT);
    buf_put(&answer_buf, in, (size_t)n);
    cr_assert(kmip_open(&m, buf_bytes(&answer_buf), &err) && kmip_next_item(&m, &it), "%s",
              err.msg);
    return it;
}

HELPER int64_t time_stamp(void)
{
    struct kmip_message m;
    struct kerr err = KERR_INIT;
    cr_assert(kmip_open(&m, buf_bytes(&answer_buf), &err) && m.header.has_time_stamp);
    return m.header.time_stamp;
}

/* A key of AES 256; date 0: no Activation Date; custom: an x- attribute, or NULL. */
HELPER struct kmip_item create(struct tls_conn *t, int64_t date, const char *custom)
{
    struct ttlv_writer *w = begin(KMIP_OPERATION_CREATE);
    ttlv_w_enum(w, KMIP_TAG_OBJECT_TYPE, KMIP_OBJECT_TYPE_SYMMETRIC_KEY);
    ttlv_w_open(w, KMIP_TAG_TEMPLATE_ATTRIBUTE);
    kmip_attribute_enum(w, "Cryptographic Algorithm", KMIP_CRYPTOGRAPHIC_ALGORITHM_AES);
    kmip_attribute_int(w, "Cryptographic Length", 256);
    kmip_attribute_int(w, "Cryptographic Usage Mask", 12);
    if (date)
        kmip_attribute_date(w, "Activation Date", date);
    if (custom)
        kmip_attribute_text(w, "x-purpose", custom);
    ttlv_w_close(w);
    return answer(t);
}

static char uid[64];

HELPER void keep_uid(struct kmip_item it)
{
    struct ttlv_item id;
    cr_assert(it.status == 0 && ttlv_find(&it.payload, KMIP_TAG_UNIQUE_IDENTIFIER, &id), "%.*s",
              (int)it.message.n, (const char *)it.message.p);
    snprintf(uid, sizeof uid, "%.*s", (int)id.val.n, (const char *)id.val.p);
}

HELPER struct kmip_item simple(struct tls_conn *t, uint32_t operation)
{
    ttlv_w_str(begin(operation), KMIP_TAG_UNIQUE_IDENTIFIER, uid);
    return answer(t);
}

/* The value of an attribute of the object `uid`; false when it has none. */
HELPER bool attribute(struct tls_conn *t, const char *name, struct ttlv_item *value)
{
    struct ttlv_writer *w = begin(KMIP_OPERATION_GET_ATTRIBUTES);
    struct ttlv_item a;
    ttlv_w_str(w, KMIP_TAG_UNIQUE_IDENTIFIER, uid);
    ttlv_w_str(w, KMIP_TAG_ATTRIBUTE_NAME, name);
    struct kmip_item it = answer(t);
    cr_assert_eq(it.status, 0);
    return ttlv_find(&it.payload, KMIP_TAG_ATTRIBUTE, &a) &&
           ttlv_find(&a, KMIP_TAG_ATTRIBUTE_VALUE, value);
}

HELPER uint32_t state(struct tls_conn *t)
{
    struct ttlv_item v;
    cr_assert(attribute(t, "State", &v));
    return ttlv_enum(&v);
}

#endif
