/* What is advised for a server that behaves so or so, and how it is written down. */
#include <criterion/criterion.h>
#include <string.h>

#include "conformance/advice.h"
#include "kmip/base/clock.h"
#include "kmip/base/text.h"
#include "kmip/yaml/ynode.h"

TestSuite(advice, .timeout = 20);

static struct driver_facts f;
static struct advice a;

/* A server with which all goes well. */
static void honest(void)
{
    static const unsigned depths[] = {1, 2, 4, 8, 16, 32};
    memset(&f, 0, sizeof f);
    f.handshake = f.reconnect = f.connections = f.advised = TRI_YES;
    f.adopted = 0x12;
    for (size_t i = 0; i < KEY_WAYS; i++)
        f.create[i].works = TRI_YES;
    for (size_t i = 0; i < DRIVER_DEPTHS; i++)
        f.depth[i] = (struct depth_facts){.depth = depths[i], .works = TRI_YES,
                                          .per_second = 1000.0 * (i < 3 ? i + 1 : 4)};
    f.n_names = 1;
    f.names[0] = (struct name_facts){.name = "x-zenko-bucket", .taken = TRI_YES, .kept = TRI_YES,
                                     .located = TRI_YES, .longest = 255};
}

static void fails(struct create_facts *c, const char *why)
{
    c->works = TRI_NO;
    fact_text(c->why, "%s", why);
}

static bool says(const char *text, const char *part)
{
    bool found = strstr(text, part) != NULL;
    cr_expect(found, "'%s' is not in: %s", part, text);
    return found;
}

Test(advice, an_honest_server_gets_the_drivers_own_settings, .init = honest)
{
    advise(&f, NULL, &a);
    cr_expect(a.works && !a.compound);
    cr_expect_eq(a.depth, 8u);
    cr_expect_str_eq(a.attribute, "x-zenko-bucket");
    says(a.because[ADVICE_ENABLED], "proven");
    for (int k = 0; k < ADVICE_KEYS; k++)
        cr_expect(k == ADVICE_PORT || k == ADVICE_HOSTS || a.because[k][0], "%s",
                  advice_key_name((enum advice_key)k));
}

/* ---- pipelineDepth ---------------------------------------------------------- */

Test(advice, one_reply_out_of_order_is_enough_for_depth_1, .init = honest)
{
    f.piped = (struct wire_facts){.replies = 5000, .moved = 2};
    fact_text(f.piped.where, "the reply to request 3 came as number 5");
    advise(&f, NULL, &a);
    cr_expect(a.works);
    cr_expect_eq(a.depth, 1u);
    says(a.because[ADVICE_DEPTH], "request 3 came as number 5");
    says(a.because[ADVICE_DEPTH], "2 of 5000");
}

Test(advice, shared_or_split_records_of_pipelined_replies_mean_depth_1, .init = honest)
{
    f.piped.shared = 1;
    advise(&f, NULL, &a);
    cr_expect(a.works && a.depth == 1);
    honest();
    f.piped.split = 1;
    advise(&f, NULL, &a);
    cr_expect(a.works && a.depth == 1);
}

Test(advice, stays_below_a_depth_that_fails, .init = honest)
{
    for (size_t i = 2; i < DRIVER_DEPTHS; i++)
        f.depth[i].works = TRI_NO;
    fact_text(f.depth[2].why, "the server closed the connection");
    advise(&f, NULL, &a);
    cr_expect_eq(a.depth, 2u);
    says(a.because[ADVICE_DEPTH], "depth 4 fails: the server closed");
}

Test(advice, goes_deeper_only_where_it_pays, .init = honest)
{
    f.depth[5].per_second = 4400; /* a little more at 32: not worth it */
    advise(&f, NULL, &a);
    cr_expect_eq(a.depth, 8u);
    f.depth[4].per_second = 7800;
    f.depth[5].per_second = 8000;
    advise(&f, NULL, &a);
    cr_expect_eq(a.depth, 16u);
}

Test(advice, without_pipelining_tested_one_at_a_time, .init = honest)
{
    memset(f.depth, 0, sizeof f.depth);
    advise(&f, NULL, &a);
    cr_expect_eq(a.depth, 1u);
    says(a.because[ADVICE_DEPTH], "not tested");
}

/* ---- compoundCreate --------------------------------------------------------- */

Test(advice, compound_only_where_two_step_does_not_work)
{
    static const struct {
        bool two, now, epoch, works, compound;
    } rows[] = {
        {true, true, true, true, false},    {true, false, true, true, false}, /* a clock behind */
        {true, false, false, true, false},  /* rejected or ignored */
        {false, true, true, true, true},    {false, false, true, true, true},
        {false, true, false, false, false}, /* released drivers send 1970 */
        {false, false, false, false, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        honest();
        if (!rows[i].two)
            fails(&f.create[KEY_TWO_STEP], "Activate is refused");
        if (!rows[i].now)
            fails(&f.create[KEY_COMPOUND_NOW], "Pre-Active");
        if (!rows[i].epoch)
            fails(&f.create[KEY_COMPOUND_EPOCH], "Invalid Field");
        advise(&f, NULL, &a);
        cr_expect_eq(a.works, rows[i].works, "row %zu", i);
        cr_expect_eq(a.compound, rows[i].compound, "row %zu", i);
    }
}

/* ---- bucketAttributeName ---------------------------------------------------- */

Test(advice, the_wanted_name_comes_first_if_it_is_kept, .init = honest)
{
    f.names[1] = (struct name_facts){.name = "bucket", .taken = TRI_YES, .kept = TRI_YES};
    f.n_names = 2;
    advise(&f, "bucket", &a);
    cr_expect_str_eq(a.attribute, "bucket");
    f.names[1].kept = TRI_NO;
    fact_text(f.names[1].why, "Invalid Field");
    advise(&f, "bucket", &a);
    cr_expect_str_eq(a.attribute, "x-zenko-bucket");
    says(a.because[ADVICE_ATTRIBUTE], "\"bucket\" is not kept: Invalid Field");
}

Test(advice, no_name_where_none_is_kept, .init = honest)
{
    f.names[0].kept = TRI_NO;
    fact_text(f.names[0].why, "Invalid Field");
    advise(&f, NULL, &a);
    cr_expect(a.works);
    cr_expect_str_eq(a.attribute, "");
    says(a.because[ADVICE_ATTRIBUTE], "Invalid Field");
}

/* ---- nothing works ---------------------------------------------------------- */

Test(advice, asks_the_vendor_when_nothing_helps)
{
    static const char *const asks[] = {"make the handshake work, which fails: no version", "one TLS record of at most",
                                       "with its Unique Batch Item ID",
                                       "connect again", "best settings there are: refused"};
    for (size_t i = 0; i < sizeof asks / sizeof *asks; i++) {
        honest();
        f.handshake = i == 0 ? TRI_NO : TRI_YES;
        fact_text(f.handshake_why, "no version");
        f.alone.split = i == 1;
        f.alone.unnamed = i == 2;
        f.reconnect = i == 3 ? TRI_NO : TRI_YES;
        f.advised = i == 4 ? TRI_NO : TRI_YES;
        fact_text(f.advised_why, "refused");
        advise(&f, NULL, &a);
        cr_expect(!a.works, "%s", asks[i]);
        cr_assert_eq(a.n_asks, 1u, "%s", asks[i]);
        says(a.ask[0], asks[i]);
    }
}

Test(advice, a_server_that_the_gate_kept_out_is_switched_off_with_what_to_ask)
{
    static const struct {
        enum kerr_code code;
        bool speaks, older;
        const char *ask; /* NULL: nobody to ask */
    } rows[] = {
        {KE_TLS_PEER, false, false, "a certificate that is valid now"},
        {KE_TLS, false, false, "make TLS work"},
        {KE_TTLV_ROOT, false, false, "on which host and port KMIP answers"},
        {KE_TTLV_LENGTH, true, false, "make the handshake work, which fails: the reason"},
        {KE_REFUSED, true, false, "make Discover Versions and Query work"},
        {KE_REFUSED, true, true, "speak KMIP 1.2"},
        {KE_CONNECT, false, false, NULL},
        {KE_TIMEOUT, false, false, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct kerr err = KERR_INIT;
        kerr_set(&err, rows[i].code, "the reason; and more");
        bool asked = advise_shut(&err, rows[i].speaks, rows[i].older, &a);
        cr_expect_eq(asked, rows[i].ask != NULL, "row %zu", i);
        if (!asked || !rows[i].ask)
            continue;
        cr_expect(!a.works, "row %zu", i);
        cr_assert_eq(a.n_asks, 1u, "row %zu", i);
        says(a.ask[0], rows[i].ask);
        says(a.ask[0], "the reason");
        says(a.because[ADVICE_ENABLED], rows[i].ask);
        cr_expect_eq(strstr(a.ask[0], "and more") == NULL, rows[i].older, "%s", a.ask[0]);
    }
}

Test(advice, a_bound_on_connections_is_told_and_stops_nothing, .init = honest)
{
    f.connections = TRI_NO;
    f.connected = 2;
    advise(&f, NULL, &a);
    cr_expect(a.works);
    cr_assert_eq(a.n_notes, 1u);
    says(a.note[0], "only 2 connections at a time");
    f.connected = 0;
    advise(&f, NULL, &a);
    cr_expect(!a.works);
}

Test(advice, dates_apart_from_stamps_are_told_with_their_direction, .init = honest)
{
    f.clock.engine_known = true;
    f.clock.engine_minus_stamp_s = -90;
    advise(&f, NULL, &a);
    says(a.note[0], "dates keys 90 s behind its own Time Stamps");
    f.clock.engine_minus_stamp_s = 30;
    advise(&f, NULL, &a);
    says(a.note[0], "30 s ahead of");
}

Test(advice, nothing_tested_is_nothing_claimed)
{
    memset(&f, 0, sizeof f);
    advise(&f, NULL, &a);
    cr_expect(a.works && !a.compound && a.depth == 1 && !a.attribute[0]);
    says(a.because[ADVICE_ENABLED], "was not");
}

/* ---- as YAML ---------------------------------------------------------------- */

static const struct advice_host here = {"kms.example", true, ""};
static const struct advice_place place = {.hosts = &here, .n_hosts = 1, .port = 5696,
                                          .server = "Vendor", .when_s = 1700000000};

static void write_block(const struct advice_place *p, struct buf *out, struct ydoc *doc)
{
    struct kerr err = KERR_INIT;
    buf_init(out, 1u << 20);
    cr_assert(advice_yaml(&a, p, out));
    cr_assert(ydoc_parse(doc, "block", buf_bytes(out), &err), "%s\n%s", err.msg, buf_cstr(out));
}

static const char *value(const struct ydoc *doc, const char *key)
{
    const struct ynode *n = ynode_get(ynode_get(doc->root, "kmip"), key);
    cr_assert(n, "no %s", key);
    return n->kind == YNODE_SEQ ? n->vals[0]->text : n->text;
}

Test(advice_yaml, has_the_six_keys_each_with_a_comment, .init = honest)
{
    struct buf out;
    struct ydoc doc;
    advise(&f, NULL, &a);
    write_block(&place, &out, &doc);
    cr_expect_str_eq(value(&doc, "enabled"), "true");
    cr_expect_str_eq(value(&doc, "port"), "5696");
    cr_expect_str_eq(value(&doc, "hosts"), "kms.example");
    cr_expect_str_eq(value(&doc, "compoundCreate"), "false");
    cr_expect_str_eq(value(&doc, "bucketAttributeName"), "x-zenko-bucket");
    cr_expect_str_eq(value(&doc, "pipelineDepth"), "8");
    cr_expect_eq(ynode_get(doc.root, "kmip")->n, 6u);
    for (const char *line = strstr(buf_cstr(&out), "kmip:\n") + 6; *line; line = strchr(line, '\n') + 1)
        cr_expect(strcspn(line, "#") < strcspn(line, "\n"), "no comment: %s", line);
    ydoc_clear(&doc);
    buf_clear(&out);
}

/* Texts of a server go into comments: none may end its line. */
Test(advice_yaml, a_hostile_text_stays_a_comment, .init = honest)
{
    static const char *const texts[] = {"a\nkmip: {enabled: false}\n", "a\r\nport: 1", "\xC2\x85x: 1",
                                        "\xE2\x80\xA8x: 1\xE2\x80\xA9y: 2", "\xFF\xFE \x01\x7f",
                                        "# \" ' : {"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct advice_place p = place;
        struct buf out;
        struct ydoc doc;
        p.server = texts[i];
        honest();
        f.piped.moved = 1;
        fact_text(f.piped.where, "%s", texts[i]);
        fails(&f.create[KEY_COMPOUND_NOW], texts[i]);
        advise(&f, NULL, &a);
        write_block(&p, &out, &doc);
        cr_expect_eq(doc.root->n, 1u);
        cr_expect_eq(ynode_get(doc.root, "kmip")->n, 6u);
        cr_expect(text_utf8(buf_bytes(&out)));
        ydoc_clear(&doc);
        buf_clear(&out);
    }
}

Test(advice_yaml, several_hosts_are_told_and_one_is_listed, .init = honest)
{
    static const struct advice_host hosts[] = {{"a.example", false, "cannot connect"},
                                               {"b.example", true, ""}};
    const struct advice_place p = {.hosts = hosts, .n_hosts = 2, .chosen = 1, .port = 5696,
                                   .server = ""};
    struct buf out;
    struct ydoc doc;
    advise(&f, NULL, &a);
    write_block(&p, &out, &doc);
    cr_expect_str_eq(value(&doc, "hosts"), "b.example");
    says(buf_cstr(&out), "# host a.example: does not work: cannot connect");
    says(buf_cstr(&out), "no failover");
    ydoc_clear(&doc);
    buf_clear(&out);
}

Test(advice_yaml, without_settings_that_work_it_is_switched_off, .init = honest)
{
    struct buf out;
    struct ydoc doc;
    f.alone.split = 3;
    fact_text(f.alone.where, "reply 1 came in 3 TLS records");
    advise(&f, NULL, &a);
    write_block(&place, &out, &doc);
    cr_expect_str_eq(value(&doc, "enabled"), "false");
    says(buf_cstr(&out), "Ask its vendor to\n#   - send every reply in one TLS record");
    ydoc_clear(&doc);
    buf_clear(&out);
}

/* ---- against a file --------------------------------------------------------- */

Test(advice_compare, tells_only_what_differs, .init = honest)
{
    struct advice_values v = {.path = "v.yaml",
                              .text = {"true", "5696", "kms.example", "no", "x-zenko-bucket", "8"},
                              .line = {2, 3, 4, 5, 6, 7}};
    struct buf out;
    buf_init(&out, 1u << 16);
    advise(&f, NULL, &a);
    cr_expect_eq(advice_compare(&a, &place, &v, &out), 0u, "%s", buf_cstr(&out));
    cr_expect_eq(out.n, 0u);
    f.piped.moved = 1;
    v.text[ADVICE_COMPOUND] = "yes";
    v.text[ADVICE_HOSTS] = "kms.example, other.example";
    advise(&f, NULL, &a);
    cr_expect_eq(advice_compare(&a, &place, &v, &out), 3u);
    says(buf_cstr(&out), "# v.yaml:7: pipelineDepth is \"8\", should be \"1\": replies out of order");
    says(buf_cstr(&out), "# v.yaml:5: compoundCreate is \"yes\", should be \"false\"");
    says(buf_cstr(&out), "# v.yaml:4: hosts is \"kms.example, other.example\"");
    buf_clear(&out);
}

Test(advice_compare, what_is_not_given_counts_as_its_default, .init = honest)
{
    const struct advice_values v = {.path = "v.yaml", .text = {[ADVICE_ENABLED] = "true",
                                                               [ADVICE_HOSTS] = "kms.example"}};
    struct buf out;
    buf_init(&out, 1u << 16);
    f.piped.moved = 1; /* depth 1, and the default is 8 */
    f.n_names = 0;
    advise(&f, NULL, &a);
    cr_expect_eq(advice_compare(&a, &place, &v, &out), 1u, "%s", buf_cstr(&out));
    says(buf_cstr(&out), "# v.yaml: pipelineDepth is \"8\" (not given), should be \"1\"");
    buf_clear(&out);
}
