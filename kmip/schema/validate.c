/* The validator: tolerant reader and walk side by side, one level per open structure.
 *
 * An honest message goes straight through: per item a look at the tables, a bit in
 * the mask of fields seen and a comparison of types. Everything else, the texts and
 * the path above all, is made only when there is a finding; and what excuses a
 * finding (a partial structure in Locate, the payload of a failed item) is asked
 * only then. */
#include "kmip/schema/validate.h"

#include <stdio.h>

#include "kmip/schema/validate_in.h"
#include "kmip/schema/walk_in.h"

/* Depth of the structures inside a message's header. */
#define HEADER_DEPTH 3

/* Findings: off the straight path, and not inlined into it. */
#define RARE __attribute__((cold, noinline))

static void start_level(struct validator *v, const struct ttlv_item *it, bool newer)
{
    validator_stand(v);
    struct level *lv = current(v);
    lv->item = *it;
    lv->seen = 0;
    lv->last = 0;
    lv->newer = newer;
    lv->together = false;
}

/* Rules that say to keep to a table; where that stands is the structure's section. */
static bool is_of_table(enum rule_id rule)
{
    switch (rule) {
    case RULE_SCHEMA_UNKNOWN:
    case RULE_SCHEMA_ORDER:
    case RULE_SCHEMA_REPEAT:
    case RULE_SCHEMA_MISSING:
    case RULE_SCHEMA_TYPE:
    case RULE_SCHEMA_ENUM:
    case RULE_SCHEMA_MASK:
        return true;
    default:
        return false;
    }
}

RARE void validator_report(struct validator *v, enum rule_id rule, uint32_t off, const char *expected,
                      const char *actual)
{
    char path[512];
    struct finding f = {.rule = rule, .off = off, .expected = expected, .actual = actual};

    /* A path costs a walk: a hostile message must not buy one for each of its items. */
    if (v->findings == TTLV_MAX_FINDINGS)
        return;
    v->findings++;
    if (is_of_table(rule) && v->walk.depth > 0 && frame(v)->def)
        f.section = frame(v)->def->section;
    f.path = ttlv_path_at(v->msg, off, &kmip_namer, path, sizeof path);
    v->sink->take(v->sink->arg, &f);
}

/* Values inside key material and the like are not told. */
static const char *told(const struct validator *v, const struct ttlv_item *it, const char *value)
{
    return kmip_secret_at(v->msg, it->off) ? "another value (not shown)" : value;
}

/* Name of a tag, else its digits in text. */
static const char *tag_text(uint32_t tag, char text[16])
{
    const char *name = kmip_tag_name(tag);

    snprintf(text, 16, "%06X", (unsigned)tag);
    return name ? name : text;
}

static const char *field_text(const struct kmip_field *f)
{
    return f->tag ? kmip_tag_name(f->tag) : "the managed object";
}

/* Something first defined in `since`: a finding unless a structure around it is one. */
RARE static void report_newer(struct validator *v, uint32_t off, const char *what, uint8_t since)
{
    char expected[64], actual[128];

    for (unsigned d = 0; d <= v->walk.depth; d++)
        if (v->level[d].newer)
            return;
    snprintf(expected, sizeof expected, "nothing newer than KMIP %s",
             kmip_version_text(v->version));
    snprintf(actual, sizeof actual, "%s, first in KMIP %s", what, kmip_version_text(since));
    validator_report(v, RULE_SCHEMA_NEWER, off, expected, actual);
}

/* A tag that the structure does not name. True when it is newer than the message. */
RARE static bool stray(struct validator *v, const struct kmip_spot *s, const struct ttlv_item *it)
{
    char expected[96], text[16];

    if (it->tag >> 16 == 0x54)
        return false; /* an extension may stand anywhere (KMIP 1.2 spec, 9.1.3.1) */
    if (s->tag && s->tag->since > KMIP_V12 && s->tag->since > v->version) {
        report_newer(v, it->off, s->tag->name, s->tag->since);
        return true;
    }
    if (v->version > KMIP_V12)
        return false; /* later structures have fields that our tables do not list */
    snprintf(expected, sizeof expected, "a field of %s", frame(v)->def->name);
    validator_report(v, RULE_SCHEMA_UNKNOWN, it->off, expected,
                     kmip_hides_at(v->msg, it->off) ? "bytes that are no item (not shown)"
                                                    : tag_text(it->tag, text));
    return false;
}

RARE static void report_order(struct validator *v, const struct kmip_field *field, uint32_t off)
{
    const char *last = field_text(&frame(v)->def->fields[current(v)->last]);
    char expected[160], actual[160];

    snprintf(expected, sizeof expected, "%s before %s", field_text(field), last);
    snprintf(actual, sizeof actual, "%s behind %s", field_text(field), last);
    validator_report(v, RULE_SCHEMA_ORDER, off, expected, actual);
}

/* A managed object of another type than the Object Type before it says. */
static void check_object(struct validator *v, const struct ttlv_item *it)
{
    struct ttlv_item type;

    if (!ttlv_find(&current(v)->item, KMIP_TAG_OBJECT_TYPE, &type) ||
        type.type != TTLV_ENUMERATION ||
        kmip_object_tag(ttlv_enum(&type)) == it->tag)
        return;
    validator_report(v, RULE_SCHEMA_OBJECT, it->off, kmip_name_of("Object Type", ttlv_enum(&type)),
           kmip_tag_name(it->tag));
}

/* Position and number of a field. True when it is newer than the message. */
static bool place(struct validator *v, const struct kmip_field *field, uint32_t off)
{
    struct level *lv = current(v);
    unsigned i = (unsigned)(field - frame(v)->def->fields);
    uint32_t bit = UINT32_C(1) << i;

    if (lv->seen & bit && !field->repeat)
        validator_report(v, RULE_SCHEMA_REPEAT, off, "the field once", field_text(field));
    else if (i < lv->last)
        report_order(v, field, off);
    lv->seen |= bit;
    if (i > lv->last)
        lv->last = (uint8_t)i;
    if (field->since <= v->version)
        return false;
    report_newer(v, off, field_text(field), field->since);
    return true;
}

RARE static void report_type(struct validator *v, uint16_t types, const struct ttlv_item *it)
{
    char expected[160] = "";
    size_t n = 0;

    for (unsigned t = TTLV_STRUCTURE; t <= TTLV_INTERVAL && n < sizeof expected; t++)
        if (types & TYPE_BIT(t))
            n += (size_t)snprintf(expected + n, sizeof expected - n, "%s%s", n ? " or " : "",
                                  ttlv_type_name(t));
    validator_report(v, RULE_SCHEMA_TYPE, it->off, expected, ttlv_type_name(it->type));
}

/* One that there is; another the reader has told of. */
static bool is_type(uint8_t type)
{
    return type >= TTLV_STRUCTURE && type <= TTLV_INTERVAL;
}

/* A value that is newer than the message (known), or that the enumeration does not have. */
RARE static void judge_enum(struct validator *v, const struct kmip_enum *en,
                            const struct kmip_enum_value *known, const struct ttlv_item *it)
{
    uint32_t value = ttlv_enum(it);
    bool of_item = it->tag == KMIP_TAG_OPERATION && frame(v)->tag == KMIP_TAG_BATCH_ITEM;
    bool echo = of_item && v->walk.response; /* repeats the request's (KMIP 1.2 spec, 7.2) */
    char expected[96], actual[128];

    if (known) {
        snprintf(actual, sizeof actual, "%s %s", en->name, known->name);
        if (!echo)
            report_newer(v, it->off, actual, known->since);
        if (of_item)
            current(v)->newer = true;
        return;
    }
    if (echo || kmip_enum_extension(value) || v->version > KMIP_V12)
        return;
    snprintf(expected, sizeof expected, "a value of %s", en->name);
    snprintf(actual, sizeof actual, "0x%08X", (unsigned)value);
    validator_report(v, RULE_SCHEMA_ENUM, it->off, expected, told(v, it, actual));
}

static void check_enum(struct validator *v, const struct kmip_enum *en,
                       const struct ttlv_item *it)
{
    const struct kmip_enum_value *known = kmip_enum_value(en, ttlv_enum(it));

    if (!known || known->since > v->version)
        judge_enum(v, en, known, it);
}

RARE static void report_mask(struct validator *v, const struct kmip_enum *mask,
                             const struct ttlv_item *it, uint32_t unknown)
{
    char expected[96], actual[32];

    if (v->version > KMIP_V12)
        return;
    snprintf(expected, sizeof expected, "bits of %s", mask->name);
    snprintf(actual, sizeof actual, "0x%08X", (unsigned)unknown);
    validator_report(v, RULE_SCHEMA_MASK, it->off, expected, told(v, it, actual));
}

static void check_mask(struct validator *v, const struct kmip_enum *mask,
                       const struct ttlv_item *it)
{
    uint32_t unknown = kmip_mask_unknown(mask, (uint32_t)ttlv_int(it));

    if (unknown)
        report_mask(v, mask, it, unknown);
}

/* Locate takes structures with fields left out and ignores indices (KMIP 1.2 spec, 4.9). */
static bool in_locate(const struct validator *v)
{
    return !v->walk.response && v->walk.depth > 0 &&
           v->walk.frame[v->walk.depth - 1].operation == KMIP_OPERATION_LOCATE;
}

RARE static void report_index(struct validator *v, const struct ttlv_item *it, int32_t index)
{
    char expected[128], actual[32];

    if (in_locate(v))
        return;
    snprintf(expected, sizeof expected, "%s", "zero or more");
    if (index >= 0)
        snprintf(expected, sizeof expected, "0: %s has one instance only",
                 frame(v)->attribute->name);
    snprintf(actual, sizeof actual, "%d", index);
    validator_report(v, RULE_SCHEMA_INDEX, it->off, expected, actual);
}

static void check_index(struct validator *v, const struct ttlv_item *it)
{
    const struct kmip_attribute *a = frame(v)->attribute;
    int32_t index = ttlv_int(it);

    if (index != 0 && (index < 0 || (a && !(a->flags & KMIP_ATTR_MULTI))))
        report_index(v, it, index);
}

RARE static void report_negative(struct validator *v, const struct kmip_spot *s,
                                 const struct ttlv_item *it, int64_t value)
{
    const struct kmip_tag *t = s->attr ? kmip_tag(s->attr->tag) : s->tag;
    char expected[96], actual[32];

    if (!t || !kmip_use(t)->natural)
        return;
    snprintf(expected, sizeof expected, "%s of zero or more", t->name);
    snprintf(actual, sizeof actual, "%lld", (long long)value);
    validator_report(v, RULE_SCHEMA_VALUE, it->off, expected, told(v, it, actual));
}

static void check_natural(struct validator *v, const struct kmip_spot *s,
                          const struct ttlv_item *it)
{
    int64_t value = it->type == TTLV_INTEGER ? ttlv_int(it) : ttlv_long(it);

    if (value < 0)
        report_negative(v, s, it, value);
}

static void check_integer(struct validator *v, const struct kmip_spot *s,
                          const struct ttlv_item *it)
{
    switch (it->tag) {
    case KMIP_TAG_PROTOCOL_VERSION_MAJOR:
        v->major = ttlv_int(it);
        break;
    case KMIP_TAG_PROTOCOL_VERSION_MINOR:
        v->minor = ttlv_int(it);
        break;
    case KMIP_TAG_BATCH_COUNT:
        v->has_batch_count = true;
        v->batch_count = ttlv_int(it);
        v->batch_count_off = it->off;
        break;
    case KMIP_TAG_ATTRIBUTE_INDEX:
        check_index(v, it);
        break;
    default:
        break;
    }
    if (s->en && s->en->mask)
        check_mask(v, s->en, it);
    else
        check_natural(v, s, it);
}

/* x- of clients, y- of servers (KMIP 1.2 spec, 3.39). */
static bool is_custom_name(struct bytes name)
{
    return name.n >= 2 && (name.p[0] == 'x' || name.p[0] == 'y') && name.p[1] == '-';
}

/* A name that is neither the standard's nor a custom one. Later versions have names that
 * our tables do not list. */
RARE static void check_unknown_name(struct validator *v, const struct ttlv_item *it)
{
    char actual[100];
    size_t n = it->val.n < 80 ? it->val.n : 80;

    if (v->version > KMIP_V12)
        return;
    snprintf(actual, sizeof actual, "'%.*s'%s", (int)n, (const char *)it->val.p,
             n < it->val.n ? "..." : "");
    for (char *p = actual; *p; p++)
        if ((unsigned char)*p < ' ' || (unsigned char)*p > '~')
            *p = '?';
    validator_report(v, RULE_SCHEMA_NAME, it->off, "a name of the standard, or one with x- or y-",
                     told(v, it, actual));
}

/* A name that is not, or not yet, one of the message's version: a is what it names in the
 * tables. Also one that stands for an attribute of a later version. */
RARE static void judge_name(struct validator *v, const struct kmip_attribute *a,
                            const struct ttlv_item *it)
{
    const struct kmip_tag *t = NULL;
    uint8_t since = a ? a->since : 0;
    char what[96];

    if (!a && !is_custom_name(it->val)) {
        t = kmip_tag_by_name(it->val);
        since = t && t->since > KMIP_V12 ? t->since : 0;
        if (!since)
            check_unknown_name(v, it);
    }
    if (since <= v->version)
        return;
    snprintf(what, sizeof what, "attribute %s", a ? a->name : t->name);
    report_newer(v, it->off, what, since);
    if (frame(v)->tag == KMIP_TAG_ATTRIBUTE)
        current(v)->newer = true;
}

static void check_attribute_name(struct validator *v, const struct ttlv_item *it)
{
    /* Noted already where the name stands in an Attribute. */
    const struct kmip_attribute *a = frame(v)->tag == KMIP_TAG_ATTRIBUTE
                                         ? frame(v)->attribute
                                         : kmip_attribute_by_name(it->val);

    if (!a || a->since > v->version)
        judge_name(v, a, it);
}

/* The value of an item whose type is right, in a structure with a definition. */
static void check_value(struct validator *v, const struct kmip_spot *s, const struct ttlv_item *it)
{
    switch (it->type) {
    case TTLV_ENUMERATION:
        if (s->en && !s->en->mask)
            check_enum(v, s->en, it);
        break;
    case TTLV_INTEGER:
        check_integer(v, s, it);
        break;
    case TTLV_LONG_INTEGER:
        check_natural(v, s, it);
        break;
    case TTLV_TEXT_STRING:
        if (it->tag == KMIP_TAG_ATTRIBUTE_NAME)
            check_attribute_name(v, it);
        break;
    default:
        break;
    }
}

/* True when the content of the item can be judged by the definition in s. */
static bool check_item(struct validator *v, const struct kmip_spot *s, const struct ttlv_item *it,
                       bool *newer)
{
    struct kmip_frame *f = frame(v);

    *newer = false;
    if (!f->def) {
        if (f->tag == KMIP_TAG_ATTRIBUTE_VALUE && it->type == TTLV_STRUCTURE)
            validator_report(v, RULE_SCHEMA_VALUE, it->off, "no structure inside a custom attribute's",
                   "Structure"); /* KMIP 1.2 spec, 3.39 */
        return true;
    }
    if (s->field)
        *newer = place(v, s->field, it->off);
    else
        *newer = stray(v, s, it);
    if (s->field && s->field->tag == 0)
        check_object(v, it);
    if (is_type(it->type) && s->types && !(s->types & TYPE_BIT(it->type))) {
        if (s->field)
            report_type(v, s->types, it);
        return false;
    }
    if (it->wrong)
        return false;
    if (s->tag && s->tag->selects)
        kmip_walk_select(&v->walk, it->tag, it->type, it->val);
    if (s->field)
        check_value(v, s, it);
    return true;
}

/* True where the standard lets required fields be away: the attributes of a Locate,
 * and whatever a server says of an operation that failed. */
RARE static bool forgiven(struct validator *v)
{
    struct ttlv_item status;

    for (unsigned d = v->walk.depth; d > 1; d--) {
        uint32_t tag = v->walk.frame[d - 1].tag;

        if (tag == KMIP_TAG_ATTRIBUTE_VALUE && in_locate(v))
            return true;
        if (tag == KMIP_TAG_RESPONSE_PAYLOAD)
            return ttlv_find(&v->level[d - 1].item, KMIP_TAG_RESULT_STATUS, &status) &&
                   status.type == TTLV_ENUMERATION &&
                   ttlv_enum(&status) == KMIP_RESULT_STATUS_OPERATION_FAILED;
    }
    return false;
}

RARE static void report_missing(struct validator *v, const char *what, const char *section)
{
    char expected[256];

    snprintf(expected, sizeof expected, "%s in %s (%s)", what, frame(v)->def->name, section);
    validator_report(v, RULE_SCHEMA_MISSING, current(v)->item.off, expected, "absent");
}

static bool enum_equals(const struct ttlv_item *in, uint32_t tag, uint32_t value)
{
    struct ttlv_item it;

    return ttlv_find(in, tag, &it) && it.type == TTLV_ENUMERATION && ttlv_enum(&it) == value;
}

static bool condition_holds(struct validator *v, const struct kmip_condition *c)
{
    struct ttlv_item it;

    switch ((enum kmip_when)c->when) {
    case KMIP_WHEN_ALWAYS:
        return true;
    case KMIP_WHEN_HAS:
        return current(v)->seen & c->field;
    case KMIP_WHEN_EQUALS:
        return enum_equals(&current(v)->item, c->field, c->value);
    case KMIP_WHEN_AROUND_EQUALS:
        return v->walk.depth > 1 && enum_equals(&current(v)[-1].item, c->field, c->value);
    case KMIP_WHEN_BYTES:
        return ttlv_find(&current(v)->item, c->field, &it) && it.type == TTLV_BYTE_STRING;
    case KMIP_WHEN_VERSION_BEFORE:
        return v->version < c->value;
    case KMIP_WHEN_OPERATION_NOT:
        return frame(v)->operation != c->value;
    case KMIP_WHEN_BATCH_ABOVE:
        return v->batch_count > (int32_t)c->value;
    }
    return false;
}

/* Fields of the definition that a message of this version does not know. */
static uint32_t unknown_yet(const struct validator *v, const struct kmip_struct *def)
{
    uint32_t mask = 0;

    for (unsigned i = 0; i < def->n; i++)
        if (def->fields[i].since > v->version)
            mask |= UINT32_C(1) << i;
    return mask;
}

static void check_condition(struct validator *v, const struct kmip_condition *c)
{
    uint32_t there = current(v)->seen;

    for (unsigned i = 0; i < c->n; i++)
        if ((there & c->alternatives[i]) == c->alternatives[i])
            return;
    if (!condition_holds(v, c))
        return;
    there |= unknown_yet(v, frame(v)->def);
    for (unsigned i = 0; i < c->n; i++)
        if ((there & c->alternatives[i]) == c->alternatives[i])
            return;
    if (!forgiven(v))
        report_missing(v, c->text, c->section);
}

/* Batch Count against the items (KMIP 1.2 spec, 6.14). */
static void check_batch_count(struct validator *v)
{
    char expected[64], actual[32];

    if (!v->has_batch_count || v->batch_count == (int64_t)v->batch_items)
        return;
    snprintf(expected, sizeof expected, "%u, the number of Batch Items", v->batch_items);
    snprintf(actual, sizeof actual, "%d", v->batch_count);
    validator_report(v, RULE_MESSAGE_COUNT, v->batch_count_off, expected, actual);
}

/* The end of a structure: what should have been there. */
static void check_end(struct validator *v)
{
    const struct kmip_struct *def = frame(v)->def;
    uint32_t missing;

    if (!def)
        return;
    missing = def->required & ~current(v)->seen;
    if (missing)
        missing &= ~unknown_yet(v, def);
    if (missing && !forgiven(v))
        for (unsigned i = 0; i < def->n; i++)
            if (missing >> i & 1)
                report_missing(v, field_text(&def->fields[i]), def->section);
    for (unsigned i = 0; i < def->n_conditions; i++)
        check_condition(v, &def->conditions[i]);
    if (current(v)->together || frame(v)->tag == KMIP_TAG_KEY_BLOCK)
        validator_check_together(v);
}

/* The header's Protocol Version rules over all that follows it. */
static void take_version(struct validator *v)
{
    if (v->version_given || v->walk.depth != HEADER_DEPTH ||
        frame(v)->tag != KMIP_TAG_PROTOCOL_VERSION)
        return;
    if (v->major >= 1 && v->major <= 15 && v->minor >= 0 && v->minor <= 15)
        v->version = KMIP_VERSION(v->major, v->minor);
}

RARE static bool too_many(const struct validator *v)
{
    return kerr_set(v->reader.err, KE_TTLV_COUNT,
                    "the message breaks the standard too often to read on: %u findings",
                    TTLV_MAX_FINDINGS);
}

/* Items of the levels below the one entered first, until that one ends. False on limits. */
static bool run(struct validator *v)
{
    unsigned bottom = v->walk.depth;
    struct ttlv_item it;
    bool newer;

    for (;;) {
        if (v->findings == TTLV_MAX_FINDINGS)
            return too_many(v);
        if (ttlv_r_next(&v->reader, &it)) {
            struct kmip_spot s = walk_place(&v->walk, frame(v), it.tag, current(v)->last);
            bool known = check_item(v, &s, &it, &newer);

            if (it.type != TTLV_STRUCTURE)
                continue;
            if (!ttlv_r_enter(&v->reader, &it))
                return false;
            v->batch_items += it.tag == KMIP_TAG_BATCH_ITEM && v->walk.depth == 1;
            current(v)->together |= it.tag == KMIP_TAG_ATTRIBUTE;
            kmip_walk_push(&v->walk, it.tag, known ? s.def : NULL);
            start_level(v, &it, newer);
            continue;
        }
        if (v->reader.failed)
            return false;
        check_end(v);
        take_version(v);
        if (v->walk.depth == bottom)
            return true;
        kmip_walk_leave(&v->walk);
        validator_stand(v);
        ttlv_r_leave(&v->reader);
    }
}

static void init(struct validator *v, struct bytes msg, uint8_t version,
                 const struct ttlv_limits *limits, const struct finding_sink *sink,
                 struct kerr *err)
{
    ttlv_r_init(&v->reader, msg, limits, err);
    ttlv_r_tolerant(&v->reader, sink, &kmip_namer);
    v->msg = msg;
    v->sink = sink;
    v->version = version ? version : KMIP_V12;
    v->version_given = version != 0;
    v->major = v->minor = -1;
    v->has_batch_count = false;
    v->batch_count = 0;
    v->batch_items = 0;
    v->findings = 0;
    v->level[0].newer = false;
}

bool kmip_validate(struct bytes msg, uint8_t version, const struct ttlv_limits *limits,
                   const struct finding_sink *sink, struct kerr *err)
{
    static const char roots[] = "Request Message or Response Message";
    struct validator v;
    struct ttlv_item root;
    char text[16];

    init(&v, msg, version, limits, sink, err);
    kmip_walk_init(&v.walk);
    if (msg.n == 0)
        validator_report(&v, RULE_SCHEMA_MISSING, 0, roots, "no bytes");
    if (!ttlv_r_next(&v.reader, &root))
        return !v.reader.failed;
    if ((root.tag != KMIP_TAG_REQUEST_MESSAGE && root.tag != KMIP_TAG_RESPONSE_MESSAGE) ||
        root.type != TTLV_STRUCTURE) {
        validator_report(&v, RULE_SCHEMA_UNKNOWN, root.off, roots, tag_text(root.tag, text));
        return true;
    }
    if (!ttlv_r_enter(&v.reader, &root))
        return false;
    kmip_walk_push(&v.walk, root.tag, kmip_use(kmip_tag(root.tag))->def);
    start_level(&v, &root, false);
    if (!run(&v))
        return false;
    check_batch_count(&v);
    ttlv_r_leave(&v.reader);
    if (v.reader.pos != v.reader.end)
        validator_report(&v, RULE_TTLV_TRAILING, (uint32_t)(v.reader.pos - msg.p), "the end of the message",
               "more bytes follow");
    return true;
}

bool kmip_validate_payload(struct bytes payload, bool response, uint32_t operation, uint8_t version,
                           const struct finding_sink *sink, struct kerr *err)
{
    struct validator v;
    struct ttlv_item whole = {.type = TTLV_STRUCTURE, .val = payload};

    init(&v, payload, version ? version : KMIP_V12, NULL, sink, err);
    kmip_walk_init_payload(&v.walk, response, operation);
    start_level(&v, &whole, false);
    return run(&v);
}
