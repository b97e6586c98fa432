/* The storage driver's flows against a scripted server: which requests go out, in
 * which order, and what is told when one is refused. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "client/lib/bucket.h"
#include "kmip/base/clock.h"
#include "kmip/tests/support/peer.h"

TestSuite(bucket, .timeout = 60);

static struct peer peer;
static struct kc_client *c;
static struct reply_refusal refusal;
static struct kerr err;
static struct buf out;

static struct bucket_driver start(void (*script)(struct peer *p))
{
    peer_start(&peer, script, NULL);
    struct kc_connect o = {
        .host = "127.0.0.1",
        .port = peer.port,
        .files = {.ca = peer.files.ca, .cert = peer.files.cert, .key = peer.files.key},
        .timeout_ns = 10 * NS_PER_S,
        .depth = 1,
        .match = KC_MATCH_POSITION,
    };
    err = (struct kerr)KERR_INIT;
    buf_init(&out, BUF_NO_LIMIT);
    c = kc_open(&o, &err);
    cr_assert(c, "%s", err.msg);
    return (struct bucket_driver){c, KMIP_V12, &refusal};
}

/* The operations that were asked for, "Create Activate"; each with the driver's
 * header and a 16-byte id. */
static const char *operations(void)
{
    static char text[200];

    text[0] = 0;
    for (size_t i = 0; i < peer.n_requests; i++) {
        struct kmip_message m;
        struct kmip_item it;
        cr_assert(kmip_open(&m, buf_bytes(&peer.request[i]), NULL) && kmip_next_item(&m, &it));
        cr_expect_eq(m.header.max_response_size, 8000);
        cr_expect_eq(m.header.batch_count, 1);
        cr_expect_eq(it.id.n, 16u);
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i ? " " : "",
                 kmip_operation_name(it.operation));
    }
    return text;
}

static void stop(const char *expected)
{
    kc_close(&c);
    peer_join(&peer);
    cr_expect_str_eq(operations(), expected);
    peer_stop(&peer, false);
    buf_clear(&out);
}

static void one_reply(struct peer *p)
{
    peer_read(p, 1);
    peer_reply(p, 0);
    peer_wait_closed(p);
}

static void two_replies(struct peer *p)
{
    peer_read(p, 1);
    peer_reply(p, 0);
    peer_read(p, 1);
    peer_reply(p, 1);
    peer_wait_closed(p);
}

static void second_refused(struct peer *p)
{
    peer_read(p, 1);
    peer_reply(p, 0);
    peer_read(p, 1);
    peer_refuse(p, 1, "not now");
    peer_wait_closed(p);
}

Test(bucket, two_step_create_activates)
{
    struct bucket_driver d = start(two_replies);

    cr_assert(bucket_create(&d, &(struct bucket_key){.attribute = "x-b"}, "b1", &out, &err), "%s",
              err.msg);
    cr_expect_str_eq(buf_cstr(&out), "uid-0");
    stop("Create Activate");
}

Test(bucket, compound_create_is_one_request)
{
    struct bucket_driver d = start(one_reply);
    struct bucket_key key = {.compound = true, .activation = 1};

    cr_assert(bucket_create(&d, &key, "b1", &out, &err), "%s", err.msg);
    cr_expect_str_eq(buf_cstr(&out), "uid-0");
    stop("Create");
}

Test(bucket, a_key_that_cannot_be_activated_is_named)
{
    struct bucket_driver d = start(second_refused);

    cr_expect(!bucket_create(&d, &(struct bucket_key){0}, "b1", &out, &err));
    cr_expect_eq(err.code, KE_REFUSED);
    cr_expect_str_eq(err.msg, "key uid-0 was made but not activated: the server refused Activate: "
                              "Operation Failed, Invalid Field: not now");
    cr_expect(refusal.refused);
    cr_expect_eq(refusal.operation, KMIP_OPERATION_ACTIVATE);
    cr_expect_str_eq(buf_cstr(&out), "uid-0");
    stop("Create Activate");
}

Test(bucket, destroy_revokes_first)
{
    struct bucket_driver d = start(two_replies);

    cr_assert(bucket_destroy(&d, "k", &err), "%s", err.msg);
    stop("Revoke Destroy");
}

Test(bucket, a_key_that_cannot_be_destroyed_is_named)
{
    struct bucket_driver d = start(second_refused);

    cr_expect(!bucket_destroy(&d, "k", &err));
    cr_expect(strstr(err.msg, "key k is revoked but not destroyed"), "%s", err.msg);
    stop("Revoke Destroy");
}

Test(bucket, a_reply_without_data_is_no_success)
{
    struct bucket_driver d = start(one_reply);

    cr_expect(!bucket_cipher(&d, "k", bytes_str("abc"), &out, &err));
    cr_expect_eq(err.code, KE_REPLY);
    cr_expect(strstr(err.msg, "the reply to Encrypt has no Data"), "%s", err.msg);
    stop("Encrypt");
}

Test(bucket, decipher_decrypts)
{
    struct bucket_driver d = start(one_reply);

    cr_expect(!bucket_decipher(&d, "k", bytes_str("abc"), &out, &err));
    stop("Decrypt");
}
