/* What faults can say of the engine's behaviour: it comes to that through the same door
 * as what is configured, and is marked as used exactly when something came out
 * differently for it. */
#include "mockserver/tests/engine_rig.h"

#define CREATE(attrs)                                                                              \
    "Create, {Object Type: Symmetric Key, Template-Attribute: {Attributes: {Cryptographic "        \
    "Algorithm: AES, Cryptographic Length: 128, Cryptographic Usage Mask: Encrypt | Decrypt" attrs \
    "}}}"
#define FROM_TEMPLATE                                                                              \
    "Create, {Object Type: Symmetric Key, Template-Attribute: {Name: {Name Value: t, Name Type: "  \
    "Uninterpreted Text String}}}"
#define TEMPLATE(attrs)                                                                            \
    "Register, {Object Type: Template, Template-Attribute: {Attributes: {Name: t}}, Template: "    \
    "{Attributes: {Cryptographic Algorithm: AES, Cryptographic Usage Mask: Encrypt" attrs "}}}"
#define NO_SUCH_KEY "Get, {Unique Identifier: none}"

static struct rig *r;
static struct behaviour said;

static void set_up(void)
{
    r = rig_new(NULL);
}

static void tear_down(void)
{
    rig_free(r);
}

TestSuite(behaviour, .init = set_up, .fini = tear_down);

static void say_nothing(void)
{
    said = (struct behaviour){0};
    r->behaviour = &said;
}

static void say_compound(enum compound_create how)
{
    say_nothing();
    said.said.v[BEHAVIOUR_COMPOUND_CREATE] = 1;
    said.compound_create = how;
    said.compound_delay_s = 60;
}

static void say_custom(enum custom_attributes how)
{
    say_nothing();
    said.said.v[BEHAVIOUR_CUSTOM_ATTRIBUTES] = 1;
    said.custom_attributes = how;
    said.custom_length = 3;
}

/* What was used since this was last asked. */
static uint64_t used(enum behaviour_kind kind)
{
    uint64_t marks = said.used.v[kind];
    said.used = (struct behaviour_marks){{0}};
    return marks;
}

Test(behaviour, of_compound_create_sees_a_date_wherever_it_comes_from)
{
    static const enum compound_create hows[] = {COMPOUND_REJECT, COMPOUND_IGNORE, COMPOUND_DELAY};
    rig_expect(r, TEMPLATE(", Activation Date: 0"), 0);
    for (size_t i = 0; i < 3; i++) {
        uint32_t reason = hows[i] == COMPOUND_REJECT ? KMIP_RESULT_REASON_INVALID_FIELD : 0;
        say_compound(hows[i]);
        rig_expect(r, CREATE(""), 0);
        cr_expect_not(used(BEHAVIOUR_COMPOUND_CREATE), "no date, how %zu", i);
        rig_expect(r, CREATE(", Activation Date: 0"), reason);
        cr_expect(used(BEHAVIOUR_COMPOUND_CREATE), "how %zu", i);
        rig_expect(r, FROM_TEMPLATE, reason);
        cr_expect(used(BEHAVIOUR_COMPOUND_CREATE), "from a Template, how %zu", i);
    }
}

Test(behaviour, delays_a_compound_create_from_now_on)
{
    static const struct {
        const char *date;
        int64_t becomes;
        bool used;
    } rows[] = {{"0", RIG_NOW + 60, true},
                {"$NOW", RIG_NOW + 60, true},
                {"$NOW+100", RIG_NOW + 160, true},
                {"9223372036854775807", INT64_MAX, false},
                {"-9223372036854775808", RIG_NOW + 60, true}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[400];
        snprintf(text, sizeof text, CREATE(", Activation Date: %s"), rows[i].date);
        say_compound(COMPOUND_DELAY);
        rig_make(r, "k", text);
        cr_expect_eq(used(BEHAVIOUR_COMPOUND_CREATE), rows[i].used, "%s", rows[i].date);
        cr_expect_eq(rig_state(r, "k"), KMIP_STATE_PRE_ACTIVE, "%s", rows[i].date);
        cr_expect_eq(rig_number(r, "k", "Activation Date"), rows[i].becomes, "%s", rows[i].date);
    }
}

Test(behaviour, of_custom_attributes_is_used_only_on_those)
{
    static const struct {
        enum custom_attributes how;
        const char *attributes;
        uint32_t reason;
        bool used;
    } rows[] = {
        {CUSTOM_REJECT, ", \"Nmae\": a", KMIP_RESULT_REASON_INVALID_FIELD, false},
        {CUSTOM_REJECT, ", x-a: b", KMIP_RESULT_REASON_INVALID_FIELD, true},
        {CUSTOM_REJECT, ", y-a: b", KMIP_RESULT_REASON_INVALID_FIELD, true},
        {CUSTOM_REJECT, "", 0, false},
        {CUSTOM_IGNORE, ", x-a: b", 0, true},
        {CUSTOM_IGNORE, "", 0, false},
        {CUSTOM_IGNORE, ", x-a: b, \"Nmae\": a", KMIP_RESULT_REASON_INVALID_FIELD, false},
        {CUSTOM_IGNORE, ", x-a: b, Process Start Date: 5, Activation Date: 6",
         KMIP_RESULT_REASON_INVALID_FIELD, false},
        {CUSTOM_TRUNCATE, ", x-a: abc", 0, false},
        {CUSTOM_TRUNCATE, ", x-a: abcd", 0, true},
        {CUSTOM_TRUNCATE, ", x-a: !Integer 70000", 0, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[400];
        snprintf(text, sizeof text, CREATE("%s"), rows[i].attributes);
        say_custom(rows[i].how);
        rig_expect(r, text, rows[i].reason);
        cr_expect_eq(used(BEHAVIOUR_CUSTOM_ATTRIBUTES), rows[i].used, "row %zu", i);
    }
}

Test(behaviour, of_custom_attributes_holds_for_those_that_are_there)
{
    static const struct {
        enum custom_attributes how;
        unsigned shown;
        uint32_t deleted;
    } rows[] = {{CUSTOM_REJECT, 0, KMIP_RESULT_REASON_ITEM_NOT_FOUND},
                {CUSTOM_IGNORE, 0, 0},
                {CUSTOM_TRUNCATE, 1, 0}};
    for (size_t i = 0; i < 3; i++) {
        r->behaviour = NULL;
        rig_make(r, "k", CREATE(", x-a: b"));
        say_custom(rows[i].how);
        rig_expect(r, "Get Attributes, {Unique Identifier: $k, Attribute Name: x-a}", 0);
        cr_expect_eq(rig_count(r, 0, KMIP_TAG_ATTRIBUTE), rows[i].shown);
        cr_expect_eq(used(BEHAVIOUR_CUSTOM_ATTRIBUTES), !rows[i].shown);
        rig_expect(r, "Get Attributes, {Unique Identifier: $k, Attribute Name: State}", 0);
        cr_expect_not(used(BEHAVIOUR_CUSTOM_ATTRIBUTES));
        rig_expect(r, "Delete Attribute, {Unique Identifier: $k, Attribute Name: x-a}",
                   rows[i].deleted);
        cr_expect_eq(used(BEHAVIOUR_CUSTOM_ATTRIBUTES), rows[i].deleted != 0);
        rig_expect(r, "Delete Attribute, {Unique Identifier: $k, Attribute Name: x-none}",
                   KMIP_RESULT_REASON_ITEM_NOT_FOUND);
        cr_expect_not(used(BEHAVIOUR_CUSTOM_ATTRIBUTES));
    }
}

Test(behaviour, of_activate_is_used_when_it_succeeds)
{
    rig_make(r, "k", CREATE(""));
    say_nothing();
    said.said.v[BEHAVIOUR_ACTIVATE] = 1;
    said.activate_delay_s = 60;
    rig_expect(r, "Activate, {Unique Identifier: none}", KMIP_RESULT_REASON_ITEM_NOT_FOUND);
    cr_expect_not(used(BEHAVIOUR_ACTIVATE));
    rig_expect(r, "Activate, {Unique Identifier: $k}", 0);
    cr_expect(used(BEHAVIOUR_ACTIVATE));
    cr_expect_eq(rig_state(r, "k"), KMIP_STATE_PRE_ACTIVE);
    r->now_ns += INT64_C(60000000000);
    cr_expect_eq(rig_state(r, "k"), KMIP_STATE_ACTIVE);
    rig_expect(r, "Activate, {Unique Identifier: $k}", KMIP_RESULT_REASON_PERMISSION_DENIED);
    cr_expect_not(used(BEHAVIOUR_ACTIVATE));
}

Test(behaviour, of_operations_is_used_by_each_on_its_own)
{
    uint64_t locate = behaviour_operation(KMIP_OPERATION_LOCATE),
             check = behaviour_operation(KMIP_OPERATION_CHECK);
    say_nothing();
    said.not_supported = said.hidden = locate | check;
    rig_expect(r, "Query, {Query Function: Query Objects}", 0);
    cr_expect_not(used(BEHAVIOUR_HIDDEN));
    rig_expect(r, "Query, {Query Function: Query Operations}", 0);
    cr_expect_eq(rig_count(r, 0, KMIP_TAG_OPERATION), 24u);
    cr_expect_eq(used(BEHAVIOUR_HIDDEN), locate | check);
    rig_expect(r, "Locate, {}", KMIP_RESULT_REASON_OPERATION_NOT_SUPPORTED);
    cr_expect_eq(used(BEHAVIOUR_NOT_SUPPORTED), locate);
    rig_expect(r, NO_SUCH_KEY, KMIP_RESULT_REASON_ITEM_NOT_FOUND);
    cr_expect_not(used(BEHAVIOUR_NOT_SUPPORTED));
}

Test(behaviour, that_refuses_all_is_not_used_on_what_is_wrong_anyway)
{
    say_nothing();
    said.refuse_reason = KMIP_RESULT_REASON_GENERAL_FAILURE;
    said.refuse_text = "no";
    rig_expect(r, "Get, {Key Format Type: Raw, Unique Identifier: k}",
               KMIP_RESULT_REASON_INVALID_MESSAGE);
    cr_expect_not(used(BEHAVIOUR_REFUSE));
    rig_expect(r, NO_SUCH_KEY, KMIP_RESULT_REASON_GENERAL_FAILURE);
    cr_expect(used(BEHAVIOUR_REFUSE));
}

/* Of a batch that is undone nothing came out at all, except for the item that failed. */
Test(behaviour, is_not_used_by_what_is_undone)
{
    r->header = "Batch Error Continuation Option: Undo,";
    say_compound(COMPOUND_IGNORE);
    rig_ask(r, CREATE(", Activation Date: 0") "||" NO_SUCH_KEY);
    cr_expect_eq(rig_reason(r, 0), 1000u + KMIP_RESULT_STATUS_OPERATION_UNDONE);
    cr_expect_not(used(BEHAVIOUR_COMPOUND_CREATE));
    rig_ask(r, CREATE(", Activation Date: 0") "||" CREATE(", Activation Date: 0"));
    cr_expect(used(BEHAVIOUR_COMPOUND_CREATE));
    say_compound(COMPOUND_REJECT);
    rig_ask(r, CREATE("") "||" CREATE(", Activation Date: 0"));
    cr_expect_eq(rig_reason(r, 1), KMIP_RESULT_REASON_INVALID_FIELD);
    cr_expect(used(BEHAVIOUR_COMPOUND_CREATE));
}

Test(behaviour, of_one_item_does_not_count_for_the_next)
{
    r->header = "Batch Error Continuation Option: Continue,";
    say_custom(CUSTOM_IGNORE);
    rig_ask(r, CREATE(", x-a: b, \"Nmae\": a") "||" CREATE(""));
    cr_expect_eq(rig_reason(r, 0), KMIP_RESULT_REASON_INVALID_FIELD);
    cr_expect_eq(rig_reason(r, 1), 0u);
    cr_expect_not(used(BEHAVIOUR_CUSTOM_ATTRIBUTES));
}

Test(behaviour, is_not_used_by_a_reply_that_is_too_large)
{
    r->header = "Maximum Response Size: 150,";
    say_compound(COMPOUND_IGNORE);
    rig_expect(r, CREATE(", Activation Date: 0"), KMIP_RESULT_REASON_RESPONSE_TOO_LARGE);
    cr_expect_not(used(BEHAVIOUR_COMPOUND_CREATE));
}
