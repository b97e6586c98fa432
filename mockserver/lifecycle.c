/* The states of a managed object as a table (KMIP 1.2 spec, 3.22, figure 1). */
#include "mockserver/lifecycle.h"

enum { N_STATES = KMIP_STATE_DESTROYED_COMPROMISED + 1, N_EVENTS = LIFE_DESTROY + 1 };

/* By state and event; 0 where no arrow leads on. Revoke is a revocation for another
 * reason than compromise: it deactivates what is Active and nothing else. */
static const uint8_t transitions[N_STATES][N_EVENTS] = {
    [KMIP_STATE_PRE_ACTIVE] = {[LIFE_ACTIVATE] = KMIP_STATE_ACTIVE,
                               [LIFE_COMPROMISE] = KMIP_STATE_COMPROMISED,
                               [LIFE_DESTROY] = KMIP_STATE_DESTROYED},
    [KMIP_STATE_ACTIVE] =
        {[LIFE_REVOKE] = KMIP_STATE_DEACTIVATED, [LIFE_COMPROMISE] = KMIP_STATE_COMPROMISED},
    [KMIP_STATE_DEACTIVATED] =
        {[LIFE_COMPROMISE] = KMIP_STATE_COMPROMISED, [LIFE_DESTROY] = KMIP_STATE_DESTROYED},
    [KMIP_STATE_COMPROMISED] = {[LIFE_DESTROY] = KMIP_STATE_DESTROYED_COMPROMISED},
    [KMIP_STATE_DESTROYED] = {[LIFE_COMPROMISE] = KMIP_STATE_DESTROYED_COMPROMISED},
};

bool lifecycle_has_state(uint32_t object_type)
{
    return object_type != KMIP_OBJECT_TYPE_TEMPLATE &&
           object_type != KMIP_OBJECT_TYPE_OPAQUE_OBJECT;
}

uint32_t lifecycle_next(uint32_t state, enum lifecycle_event event)
{
    return state < N_STATES && (unsigned)event < N_EVENTS ? transitions[state][event] : 0;
}

/* What dates bring about, in the order they do. */
static const struct {
    uint32_t from, date, to;
} by_date[] = {
    {KMIP_STATE_PRE_ACTIVE, KMIP_TAG_ACTIVATION_DATE, KMIP_STATE_ACTIVE},
    {KMIP_STATE_ACTIVE, KMIP_TAG_DEACTIVATION_DATE, KMIP_STATE_DEACTIVATED},
};

/* A transition is a change of the object (3.38): it was last changed when the date
 * came, unless something changed it later. */
static bool move_last_change(struct mock_object *o, int64_t when)
{
    int64_t last;
    if (!object_date(o, KMIP_TAG_LAST_CHANGE_DATE, &last) || last >= when)
        return true;
    return object_set_date(o, KMIP_TAG_LAST_CHANGE_DATE, when);
}

static int64_t last_change(const struct mock_object *o)
{
    int64_t date = 0;
    object_date(o, KMIP_TAG_LAST_CHANGE_DATE, &date);
    return date;
}

/* Takes back what an earlier settling did, unless something has been done since. */
static bool unsettle(struct mock_object *o)
{
    const struct mock_settled s = o->settled;
    o->settled = (struct mock_settled){0};
    if (object_state(o) != s.state || last_change(o) != s.change)
        return true;
    return object_set_enum(o, KMIP_TAG_STATE, s.stored_state) &&
           (s.change == s.stored_change ||
            object_set_date(o, KMIP_TAG_LAST_CHANGE_DATE, s.stored_change));
}

/* The transition that a date brings about. Values of unchanged length are set in place,
 * so this finds memory. */
static bool move(struct mock_object *o, uint32_t from, uint32_t to, int64_t date)
{
    struct mock_settled *s = &o->settled;
    if (!s->stored_state)
        *s = (struct mock_settled){
            .stored_state = from, .stored_change = last_change(o), .since = date};
    if (!object_set_enum(o, KMIP_TAG_STATE, to) || !move_last_change(o, date))
        return false;
    s->state = to;
    s->change = last_change(o);
    if (date > s->since)
        s->since = date;
    return true;
}

uint32_t lifecycle_settle(struct mock_object *o, int64_t now)
{
    bool dirty = o->dirty;
    if (!lifecycle_has_state(o->type))
        return 0;
    if (o->settled.stored_state && now < o->settled.since && !unsettle(o))
        return 0;
    uint32_t state = object_state(o);
    for (size_t i = 0; i < sizeof by_date / sizeof *by_date; i++) {
        int64_t date;
        if (state != by_date[i].from || !object_date(o, by_date[i].date, &date) || date > now)
            continue;
        if (!move(o, state, by_date[i].to, date))
            break;
        state = by_date[i].to;
    }
    o->dirty = dirty;
    return state;
}

/* Using a Deactivated or Compromised key, even to process, takes special permission
 * (3.22); this server gives none. */
static const char *const state_refusals[N_STATES] = {
    [0] = "the object has no State",
    [KMIP_STATE_PRE_ACTIVE] = "the object is Pre-Active",
    [KMIP_STATE_DEACTIVATED] = "the object is Deactivated",
    [KMIP_STATE_COMPROMISED] = "the object is Compromised",
    [KMIP_STATE_DESTROYED] = "the object is Destroyed",
    [KMIP_STATE_DESTROYED_COMPROMISED] = "the object is Destroyed Compromised",
};

const char *lifecycle_refusal(const struct mock_object *o, enum lifecycle_use use, int64_t now)
{
    int64_t date;
    uint32_t state = lifecycle_has_state(o->type) ? object_state(o) : 0;
    if (state >= N_STATES)
        return "the object is in an unknown State";
    if (state != KMIP_STATE_ACTIVE)
        return state_refusals[state];
    /* Each date limits one kind of use (3.25, 3.26), though 3.22 reads otherwise. */
    if (use == USE_PROTECT && object_date(o, KMIP_TAG_PROTECT_STOP_DATE, &date) && now > date)
        return "the Protect Stop Date has passed";
    if (use == USE_PROCESS && object_date(o, KMIP_TAG_PROCESS_START_DATE, &date) && now < date)
        return "the Process Start Date has not come";
    return NULL;
}
