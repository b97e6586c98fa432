/* What the server makes up: repeatable for each connection whatever others do, and never
 * twice the same in a store's life. */
#include "kmip/tests/support/tmpdir.h"
#include "mockserver/tests/engine_rig.h"

#define CREATE(attrs)                                                                              \
    "Create, {Object Type: Symmetric Key, Template-Attribute: {Attributes: {Cryptographic "        \
    "Algorithm: AES, Cryptographic Length: 128, Cryptographic Usage Mask: Encrypt | Decrypt" attrs \
    "}}}"
#define ENCRYPT                                                                                    \
    "Encrypt, {Unique Identifier: $k, Cryptographic Parameters: {Block Cipher Mode: CBC, Padding " \
    "Method: PKCS5, Random IV: true}, Data: 00}"
#define TEMPLATE                                                                                   \
    "Register, {Object Type: Template, Template-Attribute: {}, Template: {Attributes: "            \
    "{Cryptographic Algorithm: AES}}}"

static void draw_as(struct rig *r, struct draws *d, const char *who, uint64_t connection)
{
    draws_init(d, &r->cfg, r->engine.run, who, connection);
    r->draws = d;
    snprintf(r->peer.identity, sizeof r->peer.identity, "%s", who);
}

/* All that comes back, reply after reply. */
static void keep(struct rig *r, struct buf *out, const char *items)
{
    rig_expect(r, items, 0);
    buf_put_bytes(out, buf_bytes(&r->reply));
}

static void make_much_up(struct rig *r, struct buf *out)
{
    struct kmip_item it;
    keep(r, out, CREATE(", Activation Date: 0"));
    rig_take(r, "k", KMIP_TAG_UNIQUE_IDENTIFIER);
    keep(r, out, "Get, {Unique Identifier: $k}");
    keep(r, out, ENCRYPT);
    keep(r, out, "Re-key, {Unique Identifier: $k}");
    rig_take(r, "k", KMIP_TAG_UNIQUE_IDENTIFIER);
    keep(r, out, "Get, {Unique Identifier: $k}");
    r->header = "Asynchronous Indicator: true,";
    rig_ask(r, CREATE(""));
    r->header = NULL;
    buf_put_bytes(out, buf_bytes(&r->reply));
    cr_assert(rig_item(r, 0, &it) && it.has_correlation);
    rig_bind(r, "v", TTLV_BYTE_STRING, it.correlation);
    keep(r, out, "Poll, {Asynchronous Correlation Value: $v}");
}

static void talk(struct rig *r, bool others, struct buf *out)
{
    struct draws mine, theirs;
    struct buf other;
    buf_init(out, BUF_NO_LIMIT);
    buf_init(&other, BUF_NO_LIMIT);
    draw_as(r, &mine, "alice", 1);
    for (int i = 0; i < 3; i++) {
        if (others) {
            draw_as(r, &theirs, "bob", (uint64_t)i + 1);
            make_much_up(r, &other);
        }
        snprintf(r->peer.identity, sizeof r->peer.identity, "alice");
        r->draws = &mine;
        make_much_up(r, out);
    }
    buf_clear(&other);
}

Test(draws, are_the_same_for_a_client_whatever_others_do)
{
    static const char *const seven[] = {"seed=7", NULL}, *const eight[] = {"seed=8", NULL};
    struct buf alone, beside, other;
    struct rig *r = rig_new(seven);
    talk(r, false, &alone);
    rig_free(r);
    r = rig_new(seven);
    talk(r, true, &beside);
    rig_free(r);
    r = rig_new(eight);
    talk(r, false, &other);
    rig_free(r);
    cr_expect(bytes_eq(buf_bytes(&alone), buf_bytes(&beside)));
    cr_expect_not(bytes_eq(buf_bytes(&alone), buf_bytes(&other)));
    buf_clear(&alone);
    buf_clear(&beside);
    buf_clear(&other);
}

Test(draws, without_a_seed_are_never_the_same)
{
    struct buf one, two;
    struct rig *r = rig_new(NULL);
    talk(r, false, &one);
    rig_free(r);
    r = rig_new(NULL);
    talk(r, false, &two);
    rig_free(r);
    cr_expect_not(bytes_eq(buf_bytes(&one), buf_bytes(&two)));
    buf_clear(&one);
    buf_clear(&two);
}

Test(draws, differ_by_seed_run_client_and_connection)
{
    static const struct {
        int64_t seed;
        uint64_t run, connection;
        const char *identity;
    } rows[] = {{7, 1, 1, "a"},  {8, 1, 1, "a"},   {7, 2, 1, "a"},   {7, 1, 2, "a"},
                {7, 1, 1, "b"},  {7, 1, 11, "a"},  {7, 11, 1, "a"},  {71, 1, 1, "a"},
                {7, 1, 1, ":a"}, {7, 1, 1, "1:a"}, {7, 1, 0, "a"},   {7, 1, 1, ""}};
    enum { N = sizeof rows / sizeof *rows };
    uint8_t drawn[N][40], again[40];
    for (size_t i = 0; i < N; i++) {
        struct mock_config cfg = {.seed = rows[i].seed, .seed_given = true};
        struct draws d;
        draws_init(&d, &cfg, rows[i].run, rows[i].identity, rows[i].connection);
        cr_assert(draws_bytes(&d, drawn[i], sizeof drawn[i]));
        cr_assert(draws_bytes(&d, again, sizeof again));
        cr_expect(memcmp(drawn[i], again, sizeof again) != 0, "the stream goes on");
        for (size_t j = 0; j < i; j++)
            cr_expect(memcmp(drawn[i], drawn[j], sizeof again) != 0, "rows %zu and %zu", j, i);
    }
}

/* A removed object leaves nothing behind, yet its identifier does not come again: not in
 * the same run, nor in a later one in which the same client asks for the same. */
Test(draws, give_no_identifier_twice_in_the_life_of_a_store)
{
    enum { RUNS = 3, EACH = 4 };
    static char uids[RUNS * EACH][MOCK_UID_MAX];
    struct tmpdir dir;
    char store[300];
    const char *const sets[] = {store, "seed=7", NULL};
    size_t n = 0;
    tmpdir_make(&dir);
    snprintf(store, sizeof store, "store=%s", tmpdir_file(&dir, "store"));
    for (int run = 0; run < RUNS; run++) {
        struct rig *r = rig_new(sets);
        struct draws d;
        draw_as(r, &d, "alice", 1);
        for (int i = 0; i < EACH; i++) {
            rig_make(r, "t", TEMPLATE);
            snprintf(uids[n++], MOCK_UID_MAX, "%s", r->note.uid);
            if (i % 2 == 0)
                rig_expect(r, "Destroy, {Unique Identifier: $t}", 0);
        }
        rig_free(r);
    }
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            cr_expect_str_neq(uids[i], uids[j], "%zu and %zu", j, i);
    tmpdir_remove(&dir);
}

/* An object may have been preloaded under the very identifier that comes next. */
Test(draws, pass_over_an_identifier_that_is_there)
{
    static const char *const seven[] = {"seed=7", NULL};
    char first[MOCK_UID_MAX], sets[200];
    struct draws d;
    struct rig *r = rig_new(seven);
    struct kerr err = KERR_INIT;
    draw_as(r, &d, "alice", 1);
    rig_make(r, "k", CREATE(""));
    snprintf(first, sizeof first, "%s", r->note.uid);
    rig_free(r);
    snprintf(sets, sizeof sets, "preload=[{identifier: %s}]", first);
    r = rig_new((const char *const[]){"seed=7", sets, NULL});
    cr_assert(preload_store(&r->cfg.preload, &r->engine, PRELOAD_REFUSE, &err), "%s", err.msg);
    draw_as(r, &d, "alice", 1);
    rig_make(r, "k", CREATE(""));
    cr_expect_str_neq(r->note.uid, first);
    rig_free(r);
}
