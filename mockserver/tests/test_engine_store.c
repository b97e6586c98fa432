/* The engine over a store that is slow to write to, or cannot be written at all: what
 * only reads needs neither. */
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kmip/base/clock.h"
#include "kmip/tests/support/tmpdir.h"
#include "mockserver/store_priv.h"
#include "mockserver/tests/engine_rig.h"

enum { NOBODY = 65534 };

static struct tmpdir dir;

static void setup(void)
{
    tmpdir_make(&dir);
}

static void teardown(void)
{
    if (geteuid() == NOBODY)
        cr_expect(setresuid(0, 0, 0) == 0 || getuid() != 0);
    chmod(dir.path, 0700);
    tmpdir_remove(&dir);
}

TestSuite(engine_store, .init = setup, .fini = teardown);

static struct rig *rig_on_file(void)
{
    static char store[300];
    static const char *sets[] = {store, NULL};
    snprintf(store, sizeof store, "store=%s", tmpdir_file(&dir, "store"));
    return rig_new(sets);
}

#define NOTE(object)                                                                               \
    "Add Attribute, {Unique Identifier: " object                                                   \
    ", Attribute: {Attribute Name: x-note, Attribute Value: hello}}"
#define CREATE(attrs)                                                                              \
    "Create, {Object Type: Symmetric Key, Template-Attribute: {Attributes: {Cryptographic "        \
    "Algorithm: AES, Cryptographic Length: 128, Cryptographic Usage Mask: Encrypt, "               \
    "Cryptographic Parameters: {Block Cipher Mode: ECB, Padding Method: PKCS5}" attrs "}}}"

/* A key, and one that becomes Active in ten seconds. */
static void fill(struct rig *r)
{
    rig_make(r, "key", CREATE(""));
    rig_make(r, "later", CREATE(", Activation Date: $NOW+10"));
}

/* From here on nobody may write the file, nor the folder if that is said too. */
static void lock(struct rig *r, bool folder_too)
{
    struct kerr err = KERR_INIT;
    engine_clear(&r->engine);
    cr_assert_eq(chmod(tmpdir_file(&dir, "store"), 0444), 0);
    cr_assert_eq(chmod(dir.path, folder_too ? 0555 : 0777), 0);
    if (geteuid() == 0) /* to whom permissions mean nothing */
        cr_assert_eq(setresuid(NOBODY, NOBODY, 0), 0);
    cr_assert(engine_init(&r->engine, &r->cfg, rig_clock, r, &err), "%s", err.msg);
}

static int changes(const struct rig *r)
{
    return sqlite3_total_changes(r->engine.store->db);
}

static void expect_readable(bool folder_too)
{
    struct rig *r = rig_on_file();
    fill(r);
    lock(r, folder_too);
    rig_expect(r, "Get, {Unique Identifier: $key}", 0);
    rig_expect(r, "Get, {Unique Identifier: $key}", 0);
    r->now_ns += 20 * NS_PER_S;
    cr_expect_eq(rig_state(r, "later"), KMIP_STATE_ACTIVE);
    rig_expect(r, "Get, {Unique Identifier: $later}", 0);
    rig_expect(r, "Locate, {Attribute: [{Attribute Name: State, Attribute Value: Active}]}", 0);
    cr_expect_eq(rig_count(r, 0, KMIP_TAG_UNIQUE_IDENTIFIER), 1);
    rig_expect(r, "Encrypt, {Unique Identifier: $later, Data: 00112233}", 0);
    rig_expect(r, "Get Attributes, {Unique Identifier: $later} || Get, {Unique Identifier: $key}",
               0);
    cr_expect_eq(rig_reason(r, 1), 0);
    rig_expect(r, "Check, {Unique Identifier: $later}", 0);
    rig_expect(r, "Obtain Lease, {Unique Identifier: $later}", 0);
    rig_expect(r,
               NOTE("$key") " || Get, {Unique Identifier: $key}",
               KMIP_RESULT_REASON_GENERAL_FAILURE);
    rig_expect(r, "Destroy, {Unique Identifier: $key}", KMIP_RESULT_REASON_GENERAL_FAILURE);
    cr_expect(strstr(rig_message(r, 0), "cannot write"), "%s", rig_message(r, 0));
    cr_expect_not(strstr(rig_message(r, 0), "/"), "%s: a path of the server's",
                  rig_message(r, 0));
    rig_expect(r, "Get, {Unique Identifier: $key}", 0);
    rig_free(r);
}

Test(engine_store, that_cannot_be_written_is_read)
{
    expect_readable(false);
}

Test(engine_store, in_a_folder_that_cannot_be_written_either_is_read)
{
    expect_readable(true);
}

Test(engine_store, that_cannot_be_written_knows_what_it_handed_out)
{
    struct rig *r = rig_on_file();
    fill(r);
    lock(r, false);
    rig_expect(r, "Get, {Unique Identifier: $key}", 0);
    cr_expect_eq(rig_number(r, "key", "Fresh"), 0);
    cr_expect_eq(rig_number(r, "later", "Fresh"), 1);
    /* ... and that dates are asked anew. */
    r->now_ns += 20 * NS_PER_S;
    rig_expect(r, "Get, {Unique Identifier: $later}", 0);
    cr_expect_eq(rig_state(r, "later"), KMIP_STATE_ACTIVE);
    r->now_ns -= 20 * NS_PER_S;
    cr_expect_eq(rig_state(r, "later"), KMIP_STATE_PRE_ACTIVE);
    cr_expect_eq(rig_number(r, "later", "Fresh"), 0);
    rig_free(r);
}

/* A transaction is a wait for the disk: no read is worth one, but the first Get, after
 * which a key must never pass for Fresh again. */
Test(engine_store, is_not_written_by_what_only_looks)
{
    struct rig *r = rig_on_file();
    fill(r);
    int before = changes(r);
    r->now_ns += 20 * NS_PER_S;
    cr_expect_eq(rig_state(r, "later"), KMIP_STATE_ACTIVE);
    rig_expect(r, "Encrypt, {Unique Identifier: $later, Data: 00112233}", 0);
    rig_expect(r, "Check, {Unique Identifier: $later}", 0);
    rig_expect(r, "Locate, {Attribute: [{Attribute Name: State, Attribute Value: Active}]}", 0);
    cr_expect_eq(changes(r), before);
    rig_expect(r, "Get, {Unique Identifier: $later}", 0);
    cr_expect_eq(changes(r), before + 1);
    rig_expect(r, "Get, {Unique Identifier: $later}", 0);
    cr_expect_eq(changes(r), before + 1);
    rig_free(r);
}

/* What the dates brought about is kept with the next change, or comes of the dates again. */
Test(engine_store, has_the_state_that_dates_bring_about_after_a_restart)
{
    struct rig *r = rig_on_file();
    struct kerr err = KERR_INIT;
    fill(r);
    r->now_ns += 20 * NS_PER_S;
    cr_expect_eq(rig_state(r, "later"), KMIP_STATE_ACTIVE);
    for (int change = 0; change < 2; change++) {
        engine_clear(&r->engine);
        cr_assert(engine_init(&r->engine, &r->cfg, rig_clock, r, &err), "%s", err.msg);
        cr_expect_eq(rig_state(r, "later"), KMIP_STATE_ACTIVE);
        cr_expect_eq(rig_number(r, "later", "Last Change Date"), RIG_NOW + 10 * (1 + change));
        rig_expect(r, NOTE("$later"), 0);
    }
    rig_free(r);
}

/* Undo takes back what was done, and what time did stays. */
Test(engine_store, keeps_the_state_that_dates_bring_about_through_an_undo)
{
    struct rig *r = rig_on_file();
    fill(r);
    r->now_ns += 20 * NS_PER_S;
    r->header = "Batch Error Continuation Option: Undo,";
    rig_ask(r, NOTE("$later") " || Get, {Unique Identifier: none}");
    cr_expect_eq(rig_reason(r, 0), 1000 + KMIP_RESULT_STATUS_OPERATION_UNDONE);
    r->header = NULL;
    cr_expect_eq(rig_state(r, "later"), KMIP_STATE_ACTIVE);
    rig_expect(r, "Get Attributes, {Unique Identifier: $later, Attribute Name: x-note}", 0);
    cr_expect_eq(rig_count(r, 0, KMIP_TAG_ATTRIBUTE), 0);
    rig_free(r);
}
