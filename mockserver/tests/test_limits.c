/* limits: of the configuration that the engine keeps; test_session.c and test_server.c have
 * those of connections. */
#include "mockserver/tests/engine_rig.h"

#define CREATE                                                                                     \
    "Create, {Object Type: SymmetricKey, Template-Attribute: {Attributes: {"                       \
    "Cryptographic Algorithm: AES, Cryptographic Length: 128, Cryptographic Usage Mask: "          \
    "Encrypt}}}"
#define PAIR                                                                                       \
    "Create Key Pair, {Common Template-Attribute: {Attributes: {Cryptographic Algorithm: RSA, "    \
    "Cryptographic Length: 2048}}, Private Key Template-Attribute: {Attributes: {Cryptographic "   \
    "Usage Mask: Sign}}, Public Key Template-Attribute: {Attributes: {Cryptographic Usage "        \
    "Mask: Verify}}}"

TestSuite(limits, .timeout = 60);

Test(limits, a_full_store_takes_no_object_more)
{
    static const char *const sets[] = {"limits.objects=3", NULL};
    struct rig *r = rig_new(sets);
    rig_ask(r, CREATE " || " PAIR " || " CREATE);
    cr_expect_eq(rig_reason(r, 0), 0u, "%s", rig_message(r, 0));
    cr_expect_eq(rig_reason(r, 1), 0u, "%s", rig_message(r, 1));
    cr_expect_eq(rig_reason(r, 2), KMIP_RESULT_REASON_GENERAL_FAILURE);
    cr_expect(strstr(rig_message(r, 2), "3 objects"), "%s", rig_message(r, 2));
    cr_expect_eq(store_count(r->engine.store), 3u);
    rig_expect(r, "Locate, {}", 0);
    rig_free(r);
}

Test(limits, of_a_pair_for_which_there_is_no_room_nothing_is_kept)
{
    static const char *const sets[] = {"limits.objects=1", NULL};
    struct rig *r = rig_new(sets);
    rig_expect(r, PAIR, KMIP_RESULT_REASON_GENERAL_FAILURE);
    cr_expect_eq(store_count(r->engine.store), 0u);
    rig_free(r);
}

Test(limits, structures_too_deep_are_an_invalid_message)
{
    static const char *const sets[] = {"limits.depth=5", NULL};
    struct rig *r = rig_new(sets);
    rig_expect(r, "Locate, {Maximum Items: 1}", 0); /* 3 deep */
    rig_expect(r, CREATE, 0);                       /* 5 deep */
    rig_expect(r, "Locate, {Attributes: {Name: a}}", 0);
    rig_free(r);
    static const char *const less[] = {"limits.depth=4", NULL};
    r = rig_new(less);
    rig_expect(r, "Locate, {Maximum Items: 1}", 0);
    rig_expect(r, CREATE, KMIP_RESULT_REASON_INVALID_MESSAGE);
    cr_expect(strstr(rig_message(r, 0), "4"), "the limit is told: %s", rig_message(r, 0));
    rig_free(r);
}

/* By item, whatever stands before it. */
Test(limits, a_reply_that_grows_too_long_says_so)
{
    enum { LIMIT = 4096 };
    struct rig *r = rig_new(NULL);
    for (int i = 0; i < 100; i++)
        rig_expect(r, CREATE, 0);
    r->reply.limit = LIMIT;
    rig_ask(r, "Locate, {Maximum Items: 2} || Locate, {} || Locate, {Maximum Items: 3}");
    cr_expect_eq(rig_reason(r, 0), 0u);
    cr_expect_eq(rig_reason(r, 1), KMIP_RESULT_REASON_RESPONSE_TOO_LARGE);
    cr_expect(strstr(rig_message(r, 1), "4096"), "%s", rig_message(r, 1));
    cr_expect_leq(r->reply.n, (size_t)LIMIT);
    rig_free(r);
}

Test(limits, work_that_takes_too_long_is_not_gone_on_with)
{
    static const char *const sets[] = {"limits.work=1ms", NULL};
    struct rig *r = rig_new(sets);
    r->header = "Batch Error Continuation Option: Continue,";
    rig_ask(r, PAIR " || " CREATE " || " CREATE);
    cr_expect_eq(rig_reason(r, 0), 0u, "%s", rig_message(r, 0));
    cr_expect_eq(rig_reason(r, 1), KMIP_RESULT_REASON_GENERAL_FAILURE);
    cr_expect_eq(rig_reason(r, 2), KMIP_RESULT_REASON_GENERAL_FAILURE);
    cr_expect(strstr(rig_message(r, 2), "1 ms"), "%s", rig_message(r, 2));
    cr_expect_eq(store_count(r->engine.store), 2u);
    rig_expect(r, PAIR, 0); /* alone it may take as long as it takes */
    rig_free(r);
}
