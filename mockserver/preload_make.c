/* Objects made at the start (preload.h): what was read becomes operations, each
 * carried out at the date it has, in one request of the store. */
#include <stdio.h>
#include <strings.h>

#include "kmip/schema/validate.h"
#include "kmip/ttlv/writer.h"
#include "mockserver/crypto.h"
#include "mockserver/lifecycle.h"
#include "mockserver/op.h"
#include "mockserver/preload_priv.h"

/* --- steps ------------------------------------------------------------- */

enum step_kind { STEP_ACTIVATE, STEP_REVOKE, STEP_COMPROMISE, STEP_DESTROY, STEP_ARCHIVE, N_STEPS };

/* In the order in which they come when their dates are the same. */
static const struct {
    uint32_t operation;
    enum preload_date date;
} steps[N_STEPS] = {
    [STEP_ACTIVATE] = {KMIP_OPERATION_ACTIVATE, PRELOAD_ACTIVATION},
    [STEP_REVOKE] = {KMIP_OPERATION_REVOKE, PRELOAD_DEACTIVATION},
    [STEP_COMPROMISE] = {KMIP_OPERATION_REVOKE, PRELOAD_COMPROMISE},
    [STEP_DESTROY] = {KMIP_OPERATION_DESTROY, PRELOAD_DESTROY},
    [STEP_ARCHIVE] = {KMIP_OPERATION_ARCHIVE, PRELOAD_ARCHIVE},
};

#define STEP(s) (1u << STEP_##s)

/* How a state is reached (KMIP 1.2 spec, 3.22), and by which further steps it may be. */
static const struct {
    unsigned usual, also;
} ways[] = {
    [KMIP_STATE_PRE_ACTIVE] = {0, 0},
    [KMIP_STATE_ACTIVE] = {STEP(ACTIVATE), 0},
    [KMIP_STATE_DEACTIVATED] = {STEP(ACTIVATE) | STEP(REVOKE), 0},
    [KMIP_STATE_COMPROMISED] = {STEP(ACTIVATE) | STEP(COMPROMISE), STEP(REVOKE)},
    [KMIP_STATE_DESTROYED] = {STEP(ACTIVATE) | STEP(REVOKE) | STEP(DESTROY), 0},
    [KMIP_STATE_DESTROYED_COMPROMISED] = {STEP(ACTIVATE) | STEP(COMPROMISE) | STEP(DESTROY),
                                          STEP(REVOKE)},
};

struct maker {
    struct mock_engine *e;
    struct preload_object *o;
    const struct preload_plan *p;
    int64_t now;
    int64_t date[PRELOAD_DATES]; /* of steps, and of attributes that are given */
    bool given[PRELOAD_DATES];   /* ... and not never */
    unsigned steps;
    struct buf payload, reply;
    struct kerr *err;
};

static bool said(const struct maker *m, enum preload_date d)
{
    return m->p->dates[d].when != WHEN_UNSAID;
}

static bool at_date(struct maker *m, enum preload_date d, const char *why)
{
    const struct ynode *at = m->p->dates[d].at;
    return ynode_err(at ? at : m->p->at, KE_CONFIG, m->err, "the %s date %s", preload_date_name(d),
                     why);
}

static const char *state_name(const struct maker *m)
{
    return kmip_name_of("State", m->p->state);
}

/* Dates as they are given; and the object is as old as the oldest of them. */
static void take_dates(struct maker *m)
{
    int64_t oldest = m->now;
    for (int d = 0; d < PRELOAD_DATES; d++) {
        const struct preload_time *t = &m->p->dates[d];
        m->given[d] = t->when == WHEN_RELATIVE || t->when == WHEN_ABSOLUTE;
        if (!m->given[d])
            continue;
        m->date[d] = t->when == WHEN_RELATIVE ? m->now + t->s : t->s;
        if (m->date[d] < oldest && d != PRELOAD_OCCURRENCE)
            oldest = m->date[d];
    }
    if (!m->given[PRELOAD_INITIAL])
        m->date[PRELOAD_INITIAL] = oldest;
}

/* Which steps lead to the state. One that is never taken takes with it what it leads to. */
static void choose_steps(struct maker *m)
{
    const struct preload_plan *p = m->p;
    if (m->given[PRELOAD_ARCHIVE])
        m->steps |= STEP(ARCHIVE);
    if (p->state == 0 || p->state >= sizeof ways / sizeof *ways)
        return;
    m->steps |= ways[p->state].usual;
    for (int s = 0; s < N_STEPS; s++) {
        if (ways[p->state].also & 1u << s && m->given[steps[s].date])
            m->steps |= 1u << s;
        if (p->dates[steps[s].date].when == WHEN_NEVER)
            m->steps &= ~(1u << s);
    }
    if (!(m->steps & STEP(ACTIVATE)) && !said(m, PRELOAD_DEACTIVATION))
        m->steps &= ~STEP(REVOKE);
}

/* A step without a date has that of the step before it. */
static bool date_steps(struct maker *m)
{
    int64_t before = m->date[PRELOAD_INITIAL];
    if (m->date[PRELOAD_INITIAL] > m->now)
        return at_date(m, PRELOAD_INITIAL, "lies in the future");
    for (int s = 0; s < N_STEPS; s++) {
        enum preload_date d = steps[s].date;
        if (!(m->steps & 1u << s))
            continue;
        if (!m->given[d])
            m->date[d] = before;
        if (m->date[d] > m->now)
            return at_date(m, d, "lies in the future, and so does the state it leads to");
        if (m->date[d] < m->date[PRELOAD_INITIAL])
            return at_date(m, d, "lies before the initial date");
        before = m->date[d] > before ? m->date[d] : before;
    }
    return true;
}

/* Dates that are neither a step's nor an attribute's of this object. */
static bool check_dates(struct maker *m)
{
    const struct {
        enum preload_date date;
        unsigned step;
    } rows[] = {{PRELOAD_COMPROMISE, STEP(COMPROMISE)},
                {PRELOAD_OCCURRENCE, STEP(COMPROMISE)},
                {PRELOAD_DESTROY, STEP(DESTROY)}};
    char why[120];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!m->given[rows[i].date] || m->steps & rows[i].step)
            continue;
        snprintf(why, sizeof why, "does not go with %s%s",
                 m->p->state ? "the state " : "an object without state: give it one",
                 m->p->state ? state_name(m) : "");
        return at_date(m, rows[i].date, why);
    }
    return true;
}

/* --- the object -------------------------------------------------------- */

/* Bytes that depend on seed and identifier alone, block after block. */
struct dice {
    int64_t seed;
    const char *uid;
    unsigned block;
};

static bool dice_bytes(void *arg, void *p, size_t n)
{
    struct dice *d = arg;
    uint8_t block[32], *to = p;
    char text[160];
    while (n > 0) {
        size_t k = n < sizeof block ? n : sizeof block;
        snprintf(text, sizeof text, "%lld:preload:%s:%u", (long long)d->seed, d->uid, d->block++);
        crypto_sha256(bytes_str(text), block);
        memcpy(to, block, k);
        to += k;
        n -= k;
    }
    wipe(block, sizeof block);
    wipe(text, sizeof text);
    return true;
}

static bool system_bytes(void *arg, void *p, size_t n)
{
    (void)arg;
    return crypto_random(p, n);
}

static bool draw(struct maker *m, struct buf *out)
{
    enum { SECRET = 32 };
    struct dice d = {.seed = m->e->cfg->seed, .uid = m->o->uid};
    bool (*bytes)(void *, void *, size_t) = m->e->cfg->seed_given ? dice_bytes : system_bytes;
    if (m->p->type->type == KMIP_OBJECT_TYPE_SYMMETRIC_KEY)
        return crypto_key_of(m->p->algorithm, m->p->length, bytes, &d, out) == CRYPTO_OK;
    uint8_t *at = buf_room(out, SECRET);
    return at && bytes(&d, at, SECRET);
}

static void write_key_block(const struct preload_plan *p, struct bytes value, struct ttlv_writer *w)
{
    ttlv_w_open(w, KMIP_TAG_KEY_BLOCK);
    ttlv_w_enum(w, KMIP_TAG_KEY_FORMAT_TYPE, p->format);
    ttlv_w_open(w, KMIP_TAG_KEY_VALUE);
    ttlv_w_bytes(w, KMIP_TAG_KEY_MATERIAL, value);
    ttlv_w_close(w);
    if (p->algorithm)
        ttlv_w_enum(w, KMIP_TAG_CRYPTOGRAPHIC_ALGORITHM, p->algorithm);
    if (p->length)
        ttlv_w_int(w, KMIP_TAG_CRYPTOGRAPHIC_LENGTH, p->length);
    ttlv_w_close(w);
}

/* Opaque Data Types are all vendors' own (KMIP 1.2 spec, 9.1.3.2.10). */
#define OPAQUE_DATA_TYPE 0x80000000u

static void write_object(const struct preload_plan *p, struct bytes value, struct ttlv_writer *w)
{
    ttlv_w_open(w, kmip_object_tag(p->type->type));
    switch (p->type->type) {
    case KMIP_OBJECT_TYPE_CERTIFICATE:
        ttlv_w_enum(w, KMIP_TAG_CERTIFICATE_TYPE, KMIP_CERTIFICATE_TYPE_X_509);
        ttlv_w_bytes(w, KMIP_TAG_CERTIFICATE_VALUE, value);
        break;
    case KMIP_OBJECT_TYPE_OPAQUE_OBJECT:
        ttlv_w_enum(w, KMIP_TAG_OPAQUE_DATA_TYPE, OPAQUE_DATA_TYPE);
        ttlv_w_bytes(w, KMIP_TAG_OPAQUE_DATA_VALUE, value);
        break;
    case KMIP_OBJECT_TYPE_TEMPLATE:
        ttlv_w_raw_bytes(w, p->attributes);
        break;
    default:
        if (p->secret)
            ttlv_w_enum(w, KMIP_TAG_SECRET_DATA_TYPE, p->secret);
        write_key_block(p, value, w);
    }
    ttlv_w_close(w);
}

/* --- its attributes ---------------------------------------------------- */

static void open_attribute(struct ttlv_writer *w, uint32_t tag)
{
    ttlv_w_open(w, KMIP_TAG_ATTRIBUTE);
    ttlv_w_str(w, KMIP_TAG_ATTRIBUTE_NAME, kmip_attribute_by_tag(tag)->name);
}

static void write_name(struct ttlv_writer *w, const char *name)
{
    open_attribute(w, KMIP_TAG_NAME);
    ttlv_w_open(w, KMIP_TAG_ATTRIBUTE_VALUE);
    ttlv_w_str(w, KMIP_TAG_NAME_VALUE, name);
    ttlv_w_enum(w, KMIP_TAG_NAME_TYPE, KMIP_NAME_TYPE_UNINTERPRETED_TEXT_STRING);
    ttlv_w_close(w);
    ttlv_w_close(w);
}

static void write_date(struct ttlv_writer *w, uint32_t tag, int64_t date)
{
    open_attribute(w, tag);
    ttlv_w_date(w, KMIP_TAG_ATTRIBUTE_VALUE, date);
    ttlv_w_close(w);
}

/* Dates that are there from the making on, because no step sets them. A value that was
 * drawn counts as made here, and the object as the original. */
static void write_dates(const struct maker *m, struct ttlv_writer *w)
{
    static const struct {
        enum preload_date date;
        uint32_t tag;
        unsigned step;
    } rows[] = {
        {PRELOAD_ACTIVATION, KMIP_TAG_ACTIVATION_DATE, STEP(ACTIVATE)},
        {PRELOAD_DEACTIVATION, KMIP_TAG_DEACTIVATION_DATE, STEP(REVOKE)},
        {PRELOAD_PROCESS_START, KMIP_TAG_PROCESS_START_DATE, 0},
        {PRELOAD_PROTECT_STOP, KMIP_TAG_PROTECT_STOP_DATE, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (m->given[rows[i].date] && !(m->steps & rows[i].step))
            write_date(w, rows[i].tag, m->date[rows[i].date]);
    if (m->p->drawn)
        write_date(w, KMIP_TAG_ORIGINAL_CREATION_DATE, m->date[PRELOAD_INITIAL]);
}

static void write_attributes(const struct maker *m, struct ttlv_writer *w)
{
    const struct preload_plan *p = m->p;
    ttlv_w_open(w, KMIP_TAG_TEMPLATE_ATTRIBUTE);
    for (size_t i = 0; i < p->names.n; i++)
        write_name(w, p->names.v[i]);
    for (size_t i = 0; i < p->groups.n; i++) {
        open_attribute(w, KMIP_TAG_OBJECT_GROUP);
        ttlv_w_str(w, KMIP_TAG_ATTRIBUTE_VALUE, p->groups.v[i]);
        ttlv_w_close(w);
    }
    if (p->usage) {
        open_attribute(w, KMIP_TAG_CRYPTOGRAPHIC_USAGE_MASK);
        ttlv_w_int(w, KMIP_TAG_ATTRIBUTE_VALUE, (int32_t)p->usage);
        ttlv_w_close(w);
    }
    write_dates(m, w);
    if (p->type->type != KMIP_OBJECT_TYPE_TEMPLATE)
        ttlv_w_raw_bytes(w, p->attributes);
    ttlv_w_close(w);
}

/* --- operations -------------------------------------------------------- */

static void keep_first(void *arg, const struct finding *f)
{
    struct maker *m = arg;
    ynode_err(m->p->at, KE_CONFIG, m->err, "%s: expected %s, found %s", f->path, f->expected,
              f->actual);
}

/* The payload that was just written is carried out at `date`. */
static bool carry_out(struct maker *m, uint32_t operation, int64_t date)
{
    struct kerr own = KERR_INIT;
    struct ttlv_writer w;
    const struct finding_sink sink = {keep_first, m};
    struct behaviour plain = {.said.v[BEHAVIOUR_CUSTOM_ATTRIBUTES] = 1,
                              .custom_attributes = CUSTOM_ACCEPT};
    struct op_call c = {.engine = m->e,
                        .identity = m->p->owner ? m->p->owner : "",
                        .behaviour = &plain,
                        .draws = &m->e->draws,
                        .uid = m->o->uid,
                        .version = KMIP_V12,
                        .now = date,
                        .out = &w,
                        .err = KERR_INIT};
    c.payload = (struct ttlv_item){.tag = KMIP_TAG_REQUEST_PAYLOAD,
                                   .type = TTLV_STRUCTURE,
                                   .val = buf_bytes(&m->payload)};
    behaviour_complete(&plain, m->e->cfg);
    if (m->payload.failed)
        return kerr_set(m->err, KE_MEMORY, "no memory for an object to preload");
    if (!kmip_validate_payload(c.payload.val, false, operation, KMIP_V12, &sink, m->err) ||
        m->err->code != KE_OK)
        return false;
    buf_reset(&m->reply);
    ttlv_w_init(&w, &m->reply, &own);
    if (op_run(&c, op_find(operation)))
        return true;
    return ynode_err(m->p->at, c.err.code == KE_OK ? KE_CONFIG : c.err.code, m->err,
                     "'%s' cannot be made: %s: %s", m->o->uid, kmip_operation_name(operation),
                     c.message);
}

static bool make(struct maker *m)
{
    const struct preload_plan *p = m->p;
    struct buf value;
    struct ttlv_writer w;
    buf_init(&value, BUF_NO_LIMIT);
    if (p->drawn && !draw(m, &value)) {
        bool no_memory = value.failed;
        buf_clear(&value);
        return no_memory ? kerr_set(m->err, KE_MEMORY, "no memory for the key '%s'", m->o->uid)
                         : kerr_set(m->err, KE_CRYPTO, "no key could be drawn for '%s'", m->o->uid);
    }
    buf_reset(&m->payload);
    ttlv_w_init(&w, &m->payload, m->err);
    ttlv_w_enum(&w, KMIP_TAG_OBJECT_TYPE, p->type->type);
    write_attributes(m, &w);
    write_object(p, p->drawn ? buf_bytes(&value) : p->value, &w);
    buf_clear(&value);
    return ttlv_w_finish(&w) &&
           carry_out(m, KMIP_OPERATION_REGISTER, m->date[PRELOAD_INITIAL]);
}

static void write_revocation(const struct maker *m, bool compromise, struct ttlv_writer *w)
{
    /* The reason that is given is that of the last revocation. */
    bool last = compromise || !(m->steps & STEP(COMPROMISE));
    uint32_t usual = compromise ? KMIP_REVOCATION_REASON_CODE_KEY_COMPROMISE
                                : KMIP_REVOCATION_REASON_CODE_CESSATION_OF_OPERATION;
    ttlv_w_open(w, KMIP_TAG_REVOCATION_REASON);
    ttlv_w_enum(w, KMIP_TAG_REVOCATION_REASON_CODE, last && m->p->reason ? m->p->reason : usual);
    if (last && m->p->message)
        ttlv_w_str(w, KMIP_TAG_REVOCATION_MESSAGE, m->p->message);
    ttlv_w_close(w);
    if (compromise)
        ttlv_w_date(w, KMIP_TAG_COMPROMISE_OCCURRENCE_DATE,
                    m->given[PRELOAD_OCCURRENCE] ? m->date[PRELOAD_OCCURRENCE]
                                                 : m->date[PRELOAD_COMPROMISE]);
}

static bool go(struct maker *m, enum step_kind s)
{
    struct ttlv_writer w;
    buf_reset(&m->payload);
    ttlv_w_init(&w, &m->payload, m->err);
    ttlv_w_str(&w, KMIP_TAG_UNIQUE_IDENTIFIER, m->o->uid);
    if (steps[s].operation == KMIP_OPERATION_REVOKE)
        write_revocation(m, s == STEP_COMPROMISE, &w);
    return ttlv_w_finish(&w) && carry_out(m, steps[s].operation, m->date[steps[s].date]);
}

/* The step that comes first; of one date, the first in the table. */
static enum step_kind earliest(const struct maker *m, unsigned left)
{
    int first = ffs((int)left) - 1;
    for (int s = first + 1; s < N_STEPS; s++)
        if (left & 1u << s && m->date[steps[s].date] < m->date[steps[first].date])
            first = s;
    return (enum step_kind)first;
}

static bool go_all(struct maker *m)
{
    for (unsigned left = m->steps; left != 0;) {
        enum step_kind next = earliest(m, left);
        if (!go(m, next))
            return false;
        left &= ~(1u << next);
    }
    return true;
}

/* What has come out: in the state that was asked for, and everybody's unless it has an owner. */
static bool finish(struct maker *m)
{
    struct mock_object *o = store_get(m->e->store, bytes_str(m->o->uid), m->err);
    if (!o)
        return m->err->code == KE_OK &&
               ynode_err(m->p->state_at ? m->p->state_at : m->p->at, KE_CONFIG, m->err,
                         "keep_metadata is false: nothing is left of a destroyed object");
    uint32_t state = lifecycle_settle(o, m->now);
    if (m->p->state && state != m->p->state)
        return ynode_err(m->p->state_at, KE_CONFIG, m->err, "by its dates the object is %s, not %s",
                         kmip_name_of("State", state), state_name(m));
    o->shared = m->p->owner == NULL;
    o->dirty = true;
    return store_put(m->e->store, o, m->err);
}

/* --- all of them ------------------------------------------------------- */

/* True when the object's identifier is settled and free; *leave: it is there already. */
static bool choose_uid(struct maker *m, size_t place, enum preload_twice twice, bool *leave)
{
    char *uid = m->o->uid;
    bool given = m->p->identifier != NULL;
    struct kerr own = KERR_INIT;
    struct mock_object *there;
    if (!given)
        snprintf(uid, sizeof m->o->uid, "preload-%zu", place);
    while ((there = store_get(m->e->store, bytes_str(uid), &own)) && !given &&
           twice == PRELOAD_REFUSE)
        snprintf(uid, sizeof m->o->uid, "preload-%zu", ++place);
    if (own.code != KE_OK) {
        *m->err = own;
        return false;
    }
    *leave = there && twice == PRELOAD_LEAVE;
    return !there || *leave ||
           ynode_err(ynode_get(m->p->at, "identifier") ? ynode_get(m->p->at, "identifier")
                                                       : m->p->at,
                     KE_CONFIG, m->err, "there is an object '%s' in the store already", uid);
}

static bool make_one(struct maker *m, size_t place, enum preload_twice twice)
{
    bool leave = false;
    m->steps = 0;
    if (!choose_uid(m, place, twice, &leave) || leave)
        return leave;
    take_dates(m);
    choose_steps(m);
    if (!check_dates(m) || !date_steps(m))
        return false;
    m->o->made = make(m) && go_all(m) && finish(m);
    return m->o->made;
}

bool preload_store(const struct preload_list *l, struct mock_engine *e, enum preload_twice twice,
                   struct kerr *err)
{
    struct kerr own = KERR_INIT;
    struct maker m = {.e = e, .now = engine_now(e), .err = &own};
    engine_settle(e);
    bool ok = store_begin(e->store, &own), begun = ok;
    buf_init(&m.payload, BUF_NO_LIMIT);
    buf_init(&m.reply, BUF_NO_LIMIT);
    for (size_t i = 0; i < l->n; i++)
        l->v[i].made = false;
    for (size_t i = 0; ok && i < l->n; i++) {
        m.o = &l->v[i];
        m.p = m.o->plan;
        ok = make_one(&m, i + 1, twice);
    }
    buf_clear(&m.payload);
    buf_clear(&m.reply);
    if (begun && !store_end(e->store, ok, &own))
        ok = false;
    for (size_t i = 0; !ok && i < l->n; i++)
        l->v[i].made = false;
    if (!ok && err)
        *err = own;
    return ok;
}
