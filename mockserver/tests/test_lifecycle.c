/* Every transition there is, and every one there is not; dates; what a state allows. */
#include <criterion/criterion.h>

#include "mockserver/lifecycle.h"

#define PRE KMIP_STATE_PRE_ACTIVE
#define ACT KMIP_STATE_ACTIVE
#define DEA KMIP_STATE_DEACTIVATED
#define COM KMIP_STATE_COMPROMISED
#define DES KMIP_STATE_DESTROYED
#define DCO KMIP_STATE_DESTROYED_COMPROMISED

/* KMIP 1.2 spec, 3.22: the table of transitions, written out. */
static const struct {
    uint32_t from;
    uint32_t to[4]; /* activate, revoke, compromise, destroy */
} transitions[] = {
    {0, {0, 0, 0, 0}},       {PRE, {ACT, 0, COM, DES}}, {ACT, {0, DEA, COM, 0}},
    {DEA, {0, 0, COM, DES}}, {COM, {0, 0, 0, DCO}},     {DES, {0, 0, DCO, 0}},
    {DCO, {0, 0, 0, 0}},     {99, {0, 0, 0, 0}},
};

Test(transitions, are_those_of_the_standard_and_no_others)
{
    static const enum lifecycle_event events[] = {LIFE_ACTIVATE, LIFE_REVOKE, LIFE_COMPROMISE,
                                                  LIFE_DESTROY};
    for (size_t i = 0; i < sizeof transitions / sizeof *transitions; i++)
        for (size_t e = 0; e < 4; e++)
            cr_expect_eq(lifecycle_next(transitions[i].from, events[e]), transitions[i].to[e],
                         "from %u by event %zu", transitions[i].from, e);
    cr_expect_eq(lifecycle_next(PRE, (enum lifecycle_event)4), 0);
}

enum { NONE = -1 };

static struct mock_object *object_with(uint32_t type, uint32_t state, int64_t activation,
                                       int64_t deactivation, int64_t process, int64_t protect)
{
    const struct {
        uint32_t tag;
        int64_t date;
    } dates[] = {{KMIP_TAG_ACTIVATION_DATE, activation},
                 {KMIP_TAG_DEACTIVATION_DATE, deactivation},
                 {KMIP_TAG_PROCESS_START_DATE, process},
                 {KMIP_TAG_PROTECT_STOP_DATE, protect}};
    struct mock_object *o = object_new(type, "tester");
    cr_assert_not_null(o);
    if (state)
        cr_assert(object_set_enum(o, KMIP_TAG_STATE, state));
    for (size_t i = 0; i < sizeof dates / sizeof *dates; i++)
        if (dates[i].date != NONE)
            cr_assert(object_set_date(o, dates[i].tag, dates[i].date));
    return o;
}

#define KEY KMIP_OBJECT_TYPE_SYMMETRIC_KEY

static const struct {
    const char *name;
    uint32_t type, state;
    int64_t activation, deactivation;
    int64_t last_change; /* before */
    uint32_t want;
    int64_t want_change; /* Last Change Date afterwards */
} settlings[] = {
    {"no dates", KEY, PRE, NONE, NONE, 10, PRE, 10},
    {"activation to come", KEY, PRE, 101, NONE, 10, PRE, 10},
    {"activation now", KEY, PRE, 100, NONE, 10, ACT, 100},
    {"activation past", KEY, PRE, 50, NONE, 10, ACT, 50},
    {"activation before the last change", KEY, PRE, 5, NONE, 10, ACT, 10},
    {"activation at the epoch", KEY, PRE, 0, NONE, 10, ACT, 10},
    {"both past", KEY, PRE, 50, 60, 10, DEA, 60},
    {"deactivation before activation", KEY, PRE, 60, 50, 10, DEA, 60},
    {"deactivation alone does not activate", KEY, PRE, NONE, 50, 10, PRE, 10},
    {"active, no dates", KEY, ACT, NONE, NONE, 10, ACT, 10},
    {"deactivation to come", KEY, ACT, 50, 101, 10, ACT, 10},
    {"deactivation now", KEY, ACT, 50, 100, 10, DEA, 100},
    {"deactivation past", KEY, ACT, 50, 60, 10, DEA, 60},
    {"compromised stays", KEY, COM, 50, 60, 10, COM, 10},
    {"destroyed stays", KEY, DES, 50, 60, 10, DES, 10},
    {"deactivated stays", KEY, DEA, 50, 60, 10, DEA, 10},
    {"secret data", KMIP_OBJECT_TYPE_SECRET_DATA, PRE, 50, NONE, 10, ACT, 50},
    {"certificate", KMIP_OBJECT_TYPE_CERTIFICATE, PRE, 50, NONE, 10, ACT, 50},
    {"template", KMIP_OBJECT_TYPE_TEMPLATE, 0, 50, 60, 10, 0, 10},
    {"opaque object", KMIP_OBJECT_TYPE_OPAQUE_OBJECT, 0, 50, 60, 10, 0, 10},
};

Test(dates, bring_about_activation_then_deactivation)
{
    for (size_t i = 0; i < sizeof settlings / sizeof *settlings; i++) {
        int64_t last = 0;
        struct mock_object *o =
            object_with(settlings[i].type, settlings[i].state, settlings[i].activation,
                        settlings[i].deactivation, NONE, NONE);
        cr_assert(object_set_date(o, KMIP_TAG_LAST_CHANGE_DATE, settlings[i].last_change));
        o->dirty = false;
        const char *name = settlings[i].name;
        cr_expect_eq(lifecycle_settle(o, 100), settlings[i].want, "%s", name);
        cr_expect_eq(object_state(o), settlings[i].want, "%s", name);
        cr_expect_not(o->dirty, "%s: dates are stored already", name);
        cr_assert(object_date(o, KMIP_TAG_LAST_CHANGE_DATE, &last));
        cr_expect_eq(last, settlings[i].want_change, "%s: %lld", name, (long long)last);
        cr_expect_eq(lifecycle_settle(o, 100), settlings[i].want, "%s: again", name);
        object_free(&o);
    }
}

/* A clock that goes back takes the state back, but not one that something else set. */
Test(dates, are_asked_anew_each_time)
{
    struct mock_object *o = object_with(KEY, PRE, 50, 90, NONE, NONE);
    int64_t last = 0;
    cr_assert(object_set_date(o, KMIP_TAG_LAST_CHANGE_DATE, 10));
    cr_expect_eq(lifecycle_settle(o, 100), DEA);
    cr_expect_eq(lifecycle_settle(o, 60), ACT);
    cr_expect(object_date(o, KMIP_TAG_LAST_CHANGE_DATE, &last) && last == 50);
    cr_expect_eq(lifecycle_settle(o, 40), PRE);
    cr_expect(object_date(o, KMIP_TAG_LAST_CHANGE_DATE, &last) && last == 10);
    cr_expect_eq(lifecycle_settle(o, 60), ACT);
    cr_assert(object_set_enum(o, KMIP_TAG_STATE, COM));
    cr_expect_eq(lifecycle_settle(o, 40), COM);
    object_free(&o);
}

Test(dates, need_no_last_change_date)
{
    struct mock_object *o = object_with(KEY, PRE, 50, NONE, NONE, NONE);
    int64_t last;
    cr_expect_eq(lifecycle_settle(o, 100), ACT);
    cr_expect_not(object_date(o, KMIP_TAG_LAST_CHANGE_DATE, &last));
    object_free(&o);
}

static const struct {
    const char *name;
    uint32_t type, state;
    int64_t process, protect;
    const char *refuse_protect, *refuse_process;
} uses[] = {
    {"Pre-Active", KEY, PRE, NONE, NONE, "Pre-Active", "Pre-Active"},
    {"Active", KEY, ACT, NONE, NONE, NULL, NULL},
    {"Deactivated", KEY, DEA, NONE, NONE, "Deactivated", "Deactivated"},
    {"Compromised", KEY, COM, NONE, NONE, "Compromised", "Compromised"},
    {"Destroyed", KEY, DES, NONE, NONE, "Destroyed", "Destroyed"},
    {"Destroyed Compromised", KEY, DCO, NONE, NONE, "Destroyed Comp", "Destroyed Comp"},
    {"unknown State", KEY, 77, NONE, NONE, "unknown", "unknown"},
    {"template", KMIP_OBJECT_TYPE_TEMPLATE, 0, NONE, NONE, "no State", "no State"},
    {"dates not reached", KEY, ACT, 101, 101, NULL, "Process Start"},
    {"dates now", KEY, ACT, 100, 100, NULL, NULL},
    {"dates past", KEY, ACT, 99, 99, "Protect Stop", NULL},
    {"CS-BC-M-14: start after stop", KEY, ACT, 101, 99, "Protect Stop", "Process Start"},
    {"dates do not help another state", KEY, DEA, 99, 101, "Deactivated", "Deactivated"},
};

static void expect_refusal(const char *got, const char *want, const char *row)
{
    if (want)
        cr_expect(got && strstr(got, want), "%s: %s", row, got ? got : "allowed");
    else
        cr_expect_null(got, "%s: %s", row, got);
}

Test(use, follows_state_and_dates)
{
    for (size_t i = 0; i < sizeof uses / sizeof *uses; i++) {
        struct mock_object *o =
            object_with(uses[i].type, uses[i].state, NONE, NONE, uses[i].process, uses[i].protect);
        expect_refusal(lifecycle_refusal(o, USE_PROTECT, 100), uses[i].refuse_protect,
                       uses[i].name);
        expect_refusal(lifecycle_refusal(o, USE_PROCESS, 100), uses[i].refuse_process,
                       uses[i].name);
        object_free(&o);
    }
}

Test(states, are_had_by_all_but_templates_and_opaque_objects)
{
    for (uint32_t type = KMIP_OBJECT_TYPE_CERTIFICATE; type <= KMIP_OBJECT_TYPE_PGP_KEY; type++)
        cr_expect_eq(lifecycle_has_state(type),
                     type != KMIP_OBJECT_TYPE_TEMPLATE && type != KMIP_OBJECT_TYPE_OPAQUE_OBJECT);
}
