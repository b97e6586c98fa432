/* Looks over the fields of payloads when a case is read: names of fields and
 * attributes, value forms, names of enumerations. What holds a variable is left for
 * later, because its type is not known yet. */
#include <string.h>

#include "conformance/case_in.h"
#include "conformance/match.h"
#include "kmip/base/text.h"

struct look {
    bool expected; /* value forms may stand here; else what from_yaml.h knows */
    struct kerr *err;
};

static bool check_value(const struct look *l, const struct ynode *n, uint32_t tag,
                        struct kmip_walk *walk);

static bool no_field(const struct look *l, const struct ynode *key)
{
    const char *names[512] = {"Attributes"};
    size_t n = 1;
    for (size_t i = 0; i < kmip_n_tags && n < sizeof names / sizeof *names; i++)
        names[n++] = kmip_tags[i].name;
    const char *near = text_nearest(key->text, names, n);
    return ynode_err(key, KE_CASE, l->err, "'%s' is no field of the standard%s%s%s", key->text,
                     near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* The scalar's meaning at this place, so that the walk knows what follows from it. */
static bool check_scalar(const struct look *l, const struct ynode *n, uint32_t tag,
                         struct kmip_walk *walk)
{
    struct kmip_spot spot = kmip_walk_look(walk, tag);
    struct buf val;
    unsigned type = 0;
    bool structure = spot.types == TYPE_BIT(TTLV_STRUCTURE);
    if (spot.types == 0 || structure || memchr(n->text, '$', n->len) ||
        (ynode_is_null(n) && !n->tag))
        return true;
    buf_init(&val, 8u << 20);
    bool ok = from_yaml_value(n, &spot, NULL, &type, &val, l->err);
    if (ok)
        kmip_walk_note(walk, tag, type, buf_bytes(&val));
    buf_clear(&val);
    return ok;
}

static bool check_fields(const struct look *l, const struct ynode *map, struct kmip_walk *walk);

/* A copy without the form's tag, to be looked over as a plain value. */
static bool check_untagged(const struct look *l, const struct ynode *n, uint32_t tag,
                           struct kmip_walk *walk)
{
    struct ynode plain = *n;
    plain.tag = NULL;
    return check_value(l, &plain, tag, walk);
}

static bool form_error(const struct look *l, const struct ynode *n, const char *takes)
{
    return ynode_err(n, KE_CASE, l->err, "%s takes %s", n->tag, takes);
}

/* What a form takes that is no value of its field. */
static bool check_form(const struct look *l, const struct ynode *n)
{
    bool scalar = n->kind == YNODE_SCALAR;
    int64_t number;
    if (strcmp(n->tag, "!length") == 0)
        return (scalar && text_int(bytes_of(n->text, n->len), 0, INT32_MAX, &number)) ||
               form_error(l, n, "a number of bytes");
    if (strcmp(n->tag, "!matches") == 0)
        return scalar || form_error(l, n, "a shell pattern");
    if (strcmp(n->tag, "!sha256") == 0)
        return (scalar && n->text[0] == '$') || form_error(l, n, "a bound variable");
    if (strcmp(n->tag, "!bind") == 0)
        return scalar ? case_variable(n, n->text[0] == '$' ? n->text + 1 : n->text, l->err)
                      : form_error(l, n, "the name of a variable");
    if (strcmp(n->tag, "!near") == 0)
        return scalar ||
               (n->kind == YNODE_SEQ && n->n == 2 && n->vals[0]->kind == YNODE_SCALAR &&
                n->vals[1]->kind == YNODE_SCALAR &&
                text_duration(bytes_str(n->vals[1]->text), &number)) ||
               form_error(l, n, "a date, or [date, tolerance]");
    return true;
}

static bool check_tagged(const struct look *l, const struct ynode *n, uint32_t tag,
                         struct kmip_walk *walk)
{
    if (!l->expected)
        return true; /* a type, !item, !raw, !text: from_yaml.h judges it */
    switch (match_form(n->tag)) {
    case MATCH_FORM_VALUES:
        return check_untagged(l, n, tag, walk);
    case MATCH_FORM_OTHER:
        return check_form(l, n);
    case MATCH_FORM_NONE:
        break;
    }
    return ynode_err(n, KE_CASE, l->err,
                     "'%s' is no form of value; the forms are listed in the manual of cases",
                     n->tag);
}

static bool check_value(const struct look *l, const struct ynode *n, uint32_t tag,
                        struct kmip_walk *walk)
{
    if (n->tag)
        return check_tagged(l, n, tag, walk);
    if (n->kind == YNODE_MAP) {
        if (!kmip_walk_enter(walk, tag))
            return ynode_err(n, KE_CASE, l->err, "structures are nested too deeply");
        bool ok = check_fields(l, n, walk);
        kmip_walk_leave(walk);
        return ok;
    }
    struct kmip_spot spot = kmip_walk_look(walk, tag);
    bool mask = spot.en && spot.en->mask;
    if (n->kind == YNODE_SCALAR || mask)
        return check_scalar(l, n, tag, walk);
    for (size_t i = 0; i < n->n; i++)
        if (!check_value(l, n->vals[i], tag, walk))
            return false;
    return true;
}

/* A plain name that is nearly one of the standard's is a slip. */
static bool check_attribute_name(const struct look *l, const struct ynode *key)
{
    const char *names[128];
    size_t n = 0;
    bool custom =
        key->len > 2 && (key->text[0] == 'x' || key->text[0] == 'y') && key->text[1] == '-';
    if (custom || !key->plain || memchr(key->text, '$', key->len) ||
        kmip_attribute_by_name(bytes_of(key->text, key->len)))
        return true;
    for (; n < kmip_n_attributes && n < sizeof names / sizeof *names; n++)
        names[n] = kmip_attributes[n].name;
    const char *near = text_nearest(key->text, names, n);
    return !near ||
           ynode_err(key, KE_CASE, l->err,
                     "'%s' is no attribute; did you mean '%s'? (quote it to have it as it is)",
                     key->text, near);
}

static bool check_attributes(const struct look *l, const struct ynode *map,
                             const struct kmip_walk *walk)
{
    if (map->tag && l->expected)
        return ynode_err(map, KE_CASE, l->err,
                         "Attributes: a form stands with one attribute, not with all");
    if (map->kind != YNODE_MAP)
        return ynode_is_null(map) ||
               ynode_err(map, KE_CASE, l->err, "Attributes: expected a map of names and values");
    for (size_t i = 0; i < map->n; i++) {
        const struct ynode *key = map->keys[i], *value = map->vals[i];
        struct kmip_walk inside = *walk;
        if (!check_attribute_name(l, key))
            return false;
        if (value->tag && strcmp(value->tag, "!indexed") == 0 &&
            !(value = ynode_get(value, "value")))
            continue;
        if (!kmip_walk_enter(&inside, KMIP_TAG_ATTRIBUTE))
            return ynode_err(key, KE_CASE, l->err, "structures are nested too deeply");
        kmip_walk_note(&inside, KMIP_TAG_ATTRIBUTE_NAME, TTLV_TEXT_STRING,
                       bytes_of(key->text, key->len));
        if (!check_value(l, value, KMIP_TAG_ATTRIBUTE_VALUE, &inside))
            return false;
    }
    return true;
}

static bool check_fields(const struct look *l, const struct ynode *map, struct kmip_walk *walk)
{
    if (map->kind != YNODE_MAP)
        return ynode_is_null(map) || map->tag ||
               ynode_err(map, KE_CASE, l->err, "expected a map of fields");
    for (size_t i = 0; i < map->n; i++) {
        const struct ynode *key = map->keys[i], *value = map->vals[i];
        const struct kmip_tag *t = kmip_tag_by_name(bytes_of(key->text, key->len));
        int64_t number = t ? t->tag : 0;
        bool ok;
        if (strcmp(key->text, "Attributes") == 0)
            ok = check_attributes(l, value, walk);
        else if (!l->expected && strcmp(key->text, "!raw") == 0)
            ok = true;
        else if (!t && !text_int(bytes_of(key->text, key->len), 0, 0xFFFFFF, &number))
            ok = no_field(l, key);
        else
            ok = check_value(l, value, (uint32_t)number, walk);
        if (!ok)
            return false;
    }
    return true;
}

bool case_check_payload(const struct ynode *payload, uint32_t operation, struct kerr *err)
{
    struct look l = {false, err};
    struct kmip_walk walk;
    kmip_walk_init_payload(&walk, false, operation);
    return check_fields(&l, payload, &walk);
}

/* Fields of the Response Header, or of a Batch Item. */
static bool check_part(const struct look *l, uint32_t part, const struct ynode *fields)
{
    struct kmip_walk walk;
    kmip_walk_init(&walk);
    return kmip_walk_enter(&walk, KMIP_TAG_RESPONSE_MESSAGE) && kmip_walk_enter(&walk, part) &&
           check_fields(l, fields, &walk);
}

bool case_check_expected(const struct expectation *e, const struct case_item *items, size_t n,
                         struct kerr *err)
{
    struct look l = {true, err};
    struct kmip_walk walk;
    kmip_walk_init_payload(&walk, true, n > 0 ? items[0].operation : 0);
    if ((e->payload && !check_fields(&l, e->payload, &walk)) ||
        (e->item && !check_part(&l, KMIP_TAG_BATCH_ITEM, e->item)) ||
        (e->header && !check_part(&l, KMIP_TAG_RESPONSE_HEADER, e->header)))
        return false;
    for (size_t i = 0; i < e->n_any_of; i++)
        if (!case_check_expected(&e->any_of[i], items, n, err))
            return false;
    for (size_t i = 0; i < e->n_batch; i++)
        if (!case_check_expected(&e->batch[i], i < n ? &items[i] : NULL, i < n ? 1 : 0, err))
            return false;
    return true;
}
