/* Objects to be made at the start, out of YAML (preload.h). What can be told wrong
 * without a server is told here, at the field. */
#include "mockserver/fields.h"
#include "mockserver/preload.h"

#include <gnutls/gnutls.h>
#include <stdlib.h>

#include "kmip/base/clock.h"
#include "kmip/base/text.h"
#include "kmip/form/from_yaml.h"
#include "kmip/schema/walk.h"
#include "kmip/yaml/yfield.h"
#include "mockserver/crypto.h"
#include "mockserver/preload_priv.h"
#include "mockserver/tables.h"

enum { OBJECTS_MAX = 100000, VALUE_MAX = 1 << 20 };
#define ARENA_MAX ((size_t)1 << 30)

/* Secret Data, Opaque Objects and Templates are described by their content alone; the
 * rest has what Register asks for (KMIP 1.2 spec, 4.3). */
static const struct preload_type types[] = {
    {KMIP_OBJECT_TYPE_SYMMETRIC_KEY, KMIP_KEY_FORMAT_TYPE_RAW,
     KMIP_CRYPTOGRAPHIC_USAGE_MASK_ENCRYPT | KMIP_CRYPTOGRAPHIC_USAGE_MASK_DECRYPT,
     TAKES_ALGORITHM | TAKES_USAGE | TAKES_STATE | VALUE_DRAWN},
    {KMIP_OBJECT_TYPE_SECRET_DATA, KMIP_KEY_FORMAT_TYPE_OPAQUE,
     KMIP_CRYPTOGRAPHIC_USAGE_MASK_VERIFY,
     TAKES_USAGE | TAKES_STATE | TAKES_SECRET | VALUE_DRAWN},
    {KMIP_OBJECT_TYPE_OPAQUE_OBJECT, 0, 0, VALUE_DRAWN},
    {KMIP_OBJECT_TYPE_CERTIFICATE, 0, KMIP_CRYPTOGRAPHIC_USAGE_MASK_VERIFY,
     TAKES_USAGE | TAKES_STATE | TAKES_PEM | VALUE_NEEDED},
    {KMIP_OBJECT_TYPE_PUBLIC_KEY, KMIP_KEY_FORMAT_TYPE_X_509, KMIP_CRYPTOGRAPHIC_USAGE_MASK_VERIFY,
     TAKES_ALGORITHM | TAKES_USAGE | TAKES_STATE | TAKES_FORMAT | TAKES_PEM | VALUE_NEEDED},
    {KMIP_OBJECT_TYPE_PRIVATE_KEY, KMIP_KEY_FORMAT_TYPE_PKCS_8, KMIP_CRYPTOGRAPHIC_USAGE_MASK_SIGN,
     TAKES_ALGORITHM | TAKES_USAGE | TAKES_STATE | TAKES_FORMAT | TAKES_PEM | VALUE_NEEDED},
    {KMIP_OBJECT_TYPE_TEMPLATE, 0, 0, 0},
};

struct reading {
    const char *identifier, *owner;
    const struct ynode *type, *algorithm, *length, *format, *secret, *value, *usage;
    const struct ynode *state, *names, *group, *attributes;
    const struct ynode *dates[PRELOAD_DATES];
    const struct ynode *reason;
    const char *message;
};

#define DATE(k, d, h) NODE(reading, k, dates[d], h)

static const struct yfield date_fields[] = {
    DATE("initial", PRELOAD_INITIAL, "when it was made"),
    DATE("activation", PRELOAD_ACTIVATION, "Activation Date, or never"),
    DATE("deactivation", PRELOAD_DEACTIVATION, "Deactivation Date, or never"),
    DATE("compromise", PRELOAD_COMPROMISE, "Compromise Date"),
    DATE("destroy", PRELOAD_DESTROY, "Destroy Date"),
    DATE("archive", PRELOAD_ARCHIVE, "Archive Date: it is archived since"),
    DATE("compromise_occurrence", PRELOAD_OCCURRENCE, "Compromise Occurrence Date"),
    DATE("process_start", PRELOAD_PROCESS_START, "Process Start Date"),
    DATE("protect_stop", PRELOAD_PROTECT_STOP, "Protect Stop Date"), END};

static const struct yfield revocation_fields[] = {
    NODE(reading, "reason", reason, "Revocation Reason Code"),
    STR(reading, "message", message, "Revocation Message"), END};

const struct yfield preload_fields[] = {
    STR(reading, "identifier", identifier, "Unique Identifier; default preload-1 and so on"),
    NODE(reading, "type", type, "Object Type; default Symmetric Key"),
    NODE(reading, "algorithm", algorithm, "Cryptographic Algorithm; default AES"),
    NODE(reading, "length", length, "Cryptographic Length in bits"),
    NODE(reading, "format", format, "Key Format Type of a public or private key"),
    NODE(reading, "secret_data_type", secret, "Secret Data Type; default Password"),
    NODE(reading, "value", value, "hexadecimal, or PEM; drawn from the seed when absent"),
    NODE(reading, "usage", usage, "Cryptographic Usage Mask"),
    NODE(reading, "state", state, "State; default: what the dates bring about"),
    MAP("dates", date_fields, "relative to now, or absolute"),
    MAP("revocation", revocation_fields, "Revocation Reason"),
    NODE(reading, "names", names, "a Name, or a list"),
    NODE(reading, "group", group, "an Object Group, or a list"),
    STR(reading, "owner", owner, "identity of the client it belongs to; default: every client"),
    NODE(reading, "attributes", attributes, "further attributes, as in messages in YAML"), END};

/* Attributes that have a key of their own. */
static const struct {
    const char *attribute, *key;
} own_keys[] = {
    {"Unique Identifier", "identifier"},
    {"Object Type", "type"},
    {"Cryptographic Algorithm", "algorithm"},
    {"Cryptographic Length", "length"},
    {"Cryptographic Usage Mask", "usage"},
    {"State", "state"},
    {"Name", "names"},
    {"Object Group", "group"},
    {"Initial Date", "dates.initial"},
    {"Original Creation Date", "dates.initial"},
    {"Activation Date", "dates.activation"},
    {"Deactivation Date", "dates.deactivation"},
    {"Compromise Date", "dates.compromise"},
    {"Compromise Occurrence Date", "dates.compromise_occurrence"},
    {"Destroy Date", "dates.destroy"},
    {"Archive Date", "dates.archive"},
    {"Process Start Date", "dates.process_start"},
    {"Protect Stop Date", "dates.protect_stop"},
    {"Revocation Reason", "revocation"},
};

const char *preload_date_name(enum preload_date d)
{
    return date_fields[d].key;
}

/* --- values ------------------------------------------------------------ */

/* Enumerations and masks by name or number. */
static bool read_number(const struct ynode *n, uint32_t tag, uint32_t *out, struct kerr *err)
{
    const struct kmip_tag *t = kmip_tag(tag);
    const struct kmip_spot spot = {.tag = t, .types = t->types, .en = t->en};
    unsigned type;
    struct buf wire;
    buf_init(&wire, 64);
    bool ok = from_yaml_value(n, &spot, NULL, &type, &wire, err);
    if (ok)
        ok = wire.n == 4 || ynode_err(n, KE_CONFIG, err, "%s is no %s", t->name, n->tag);
    if (ok)
        *out = be32_get(wire.p);
    buf_clear(&wire);
    return ok;
}

static bool no_memory(struct kerr *err)
{
    return kerr_set(err, KE_MEMORY, "no memory for objects to preload");
}

static bool keep(struct arena *a, struct bytes v, struct bytes *out, struct kerr *err)
{
    char *copy = arena_copy(a, v);
    *out = bytes_of(copy, v.n);
    return copy || no_memory(err);
}

static bool read_texts(const struct ynode *n, const char *what, struct arena *a,
                       struct preload_texts *out, struct kerr *err)
{
    bool list = n->kind == YNODE_SEQ;
    size_t count = list ? n->n : 1;
    out->v = arena_array(a, count + 1, sizeof *out->v);
    if (!out->v)
        return no_memory(err);
    for (size_t i = 0; i < count; i++) {
        const struct ynode *text = list ? n->vals[i] : n;
        if (!ynode_str(text, &out->v[i], err))
            return false;
        if (text->len == 0 || !text_utf8(bytes_str(text->text)))
            return ynode_err(text, KE_CONFIG, err, "%s is %s", what,
                             text->len ? "no UTF-8" : "empty");
    }
    out->n = count;
    return true;
}

/* -1h and +1h count from the start; all else is a date. */
static bool read_date(const struct ynode *n, enum preload_date d, struct preload_time *out,
                      struct kerr *err)
{
    const char *text;
    int64_t ns;
    bool may_never = d == PRELOAD_ACTIVATION || d == PRELOAD_DEACTIVATION;
    if (!ynode_str(n, &text, err))
        return false;
    *out = (struct preload_time){.at = n, .when = WHEN_RELATIVE};
    if (strcmp(text, "now") == 0)
        return true;
    if ((text[0] == '-' || text[0] == '+') && text_duration(bytes_str(text), &ns)) {
        out->s = ns / NS_PER_S;
        return true;
    }
    out->when = WHEN_ABSOLUTE;
    if (text_date(bytes_str(text), &out->s))
        return true;
    out->when = WHEN_NEVER;
    if (may_never && strcmp(text, "never") == 0)
        return true;
    return ynode_err(n, KE_CONFIG, err,
                     "%s is -1h or +2d from now, a date such as 2024-02-29T12:00:00Z, now%s; not "
                     "'%s'",
                     preload_date_name(d), may_never ? ", or never" : "", text);
}

/* --- what depends on the type ------------------------------------------ */

static bool read_type(struct preload_plan *p, const struct reading *r, struct kerr *err)
{
    uint32_t type = KMIP_OBJECT_TYPE_SYMMETRIC_KEY;
    if (r->type && !read_number(r->type, KMIP_TAG_OBJECT_TYPE, &type, err))
        return false;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].type == type) {
            p->type = &types[i];
            return true;
        }
    return ynode_err(r->type, KE_CONFIG, err, "objects of type %s cannot be preloaded",
                     kmip_name_of("Object Type", type));
}

/* Fields that the type has no use for. */
static bool check_taken(const struct preload_plan *p, const struct reading *r, struct kerr *err)
{
    const unsigned takes = p->type->takes;
    const struct {
        const struct ynode *given;
        bool taken;
        const char *key;
    } rows[] = {
        {r->algorithm, takes & TAKES_ALGORITHM, "algorithm"},
        {r->length, takes & TAKES_ALGORITHM, "length"},
        {r->format, takes & TAKES_FORMAT, "format"},
        {r->secret, takes & TAKES_SECRET, "secret_data_type"},
        {r->value, takes & (VALUE_NEEDED | VALUE_DRAWN), "value"},
        {r->usage, takes & TAKES_USAGE, "usage"},
        {r->state, takes & TAKES_STATE, "state"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].given && !rows[i].taken)
            return ynode_err(rows[i].given, KE_CONFIG, err, "an object of type %s has no %s",
                             kmip_name_of("Object Type", p->type->type), rows[i].key);
    if (takes & VALUE_NEEDED && !r->value)
        return ynode_err(p->at, KE_CONFIG, err, "an object of type %s needs a value",
                         kmip_name_of("Object Type", p->type->type));
    return true;
}

static bool read_pem(const struct ynode *n, struct buf *out, struct kerr *err)
{
    gnutls_datum_t pem = {(unsigned char *)(uintptr_t)n->text, (unsigned)n->len}, der;
    int rc = gnutls_pem_base64_decode2(NULL, &pem, &der);
    if (rc < 0)
        return ynode_err(n, KE_CONFIG, err, "value is no sound PEM: %s", gnutls_strerror(rc));
    bool ok = buf_put(out, der.data, der.size) || no_memory(err);
    wipe(der.data, der.size);
    gnutls_free(der.data);
    return ok;
}

static bool read_value(struct preload_plan *p, const struct ynode *n, struct arena *a,
                       struct kerr *err)
{
    struct buf value;
    const char *text;
    if (!ynode_str(n, &text, err))
        return false;
    buf_init(&value, VALUE_MAX);
    bool pem = p->type->takes & TAKES_PEM && strstr(text, "-----BEGIN");
    bool ok = pem ? read_pem(n, &value, err)
                  : text_unhex(bytes_str(text), &value) ||
                        ynode_err(n, KE_CONFIG, err, "value takes pairs of hexadecimal digits%s",
                                  p->type->takes & TAKES_PEM ? ", or PEM" : "");
    if (ok && value.n == 0)
        ok = ynode_err(n, KE_CONFIG, err, "value is empty");
    ok = ok && keep(a, buf_bytes(&value), &p->value, err);
    buf_clear(&value);
    return ok;
}

/* Bits as Cryptographic Length counts them: those of 3DES without parity. */
static int32_t bits_of(const struct preload_plan *p)
{
    bool des = p->algorithm == KMIP_CRYPTOGRAPHIC_ALGORITHM_3DES;
    return p->value.n > 0 ? (int32_t)p->value.n * (des ? 7 : 8) : des ? 168 : 256;
}

/* A symmetric key of these properties can be made; and what is given is one. */
static bool check_key(const struct preload_plan *p, const struct reading *r, struct kerr *err)
{
    struct buf key;
    const char *algorithm = kmip_name_of("Cryptographic Algorithm", p->algorithm);
    buf_init(&key, 64);
    enum crypto_result result = crypto_new_key(p->algorithm, p->length, &key);
    size_t bytes = key.n;
    buf_clear(&key);
    if (!p->value.p && result == CRYPTO_BAD_ALGORITHM)
        return ynode_err(r->algorithm, KE_CONFIG, err,
                         "keys for %s are not made here; give it a value", algorithm);
    if (result == CRYPTO_BAD_KEY)
        return ynode_err(r->length    ? r->length
                         : p->value.p ? r->value
                                      : p->at,
                         KE_CONFIG, err, "%s has no keys of length %d", algorithm, p->length);
    if (p->value.p && result == CRYPTO_OK && p->value.n != bytes)
        return ynode_err(r->value, KE_CONFIG, err,
                         "a value for %s of length %d has %zu bytes, not %zu", algorithm,
                         p->length, bytes, p->value.n);
    return result != CRYPTO_NO_MEMORY || no_memory(err);
}

static bool read_algorithm(struct preload_plan *p, const struct reading *r, struct kerr *err)
{
    int64_t length = 0;
    bool symmetric = p->type->type == KMIP_OBJECT_TYPE_SYMMETRIC_KEY;
    if (r->algorithm &&
        !read_number(r->algorithm, KMIP_TAG_CRYPTOGRAPHIC_ALGORITHM, &p->algorithm, err))
        return false;
    if (r->length && !ynode_int(r->length, 1, INT32_MAX, &length, err))
        return false;
    p->length = (int32_t)length;
    if (!symmetric)
        return !r->algorithm == !r->length ||
               ynode_err(r->algorithm ? r->algorithm : r->length, KE_CONFIG, err,
                         "algorithm and length are both to be given, or neither");
    if (!r->algorithm)
        p->algorithm = KMIP_CRYPTOGRAPHIC_ALGORITHM_AES;
    if (!r->length)
        p->length = bits_of(p);
    return check_key(p, r, err);
}

static bool read_content(struct preload_plan *p, const struct reading *r, struct arena *a,
                         struct kerr *err)
{
    const struct preload_type *t = p->type;
    p->format = t->format;
    p->usage = t->usage;
    p->secret = t->takes & TAKES_SECRET ? KMIP_SECRET_DATA_TYPE_PASSWORD : 0;
    if ((r->format && !read_number(r->format, KMIP_TAG_KEY_FORMAT_TYPE, &p->format, err)) ||
        (r->usage && !read_number(r->usage, KMIP_TAG_CRYPTOGRAPHIC_USAGE_MASK, &p->usage, err)) ||
        (r->secret && !read_number(r->secret, KMIP_TAG_SECRET_DATA_TYPE, &p->secret, err)) ||
        (r->value && !read_value(p, r->value, a, err)))
        return false;
    p->drawn = !r->value && t->takes & VALUE_DRAWN;
    return !(t->takes & TAKES_ALGORITHM) || read_algorithm(p, r, err);
}

/* --- state and dates --------------------------------------------------- */

static bool read_life(struct preload_plan *p, const struct reading *r, struct kerr *err)
{
    for (int d = 0; d < PRELOAD_DATES; d++) {
        if (!r->dates[d])
            continue;
        bool any_type = d == PRELOAD_INITIAL || d == PRELOAD_ARCHIVE;
        if (!any_type && !(p->type->takes & TAKES_STATE))
            return ynode_err(r->dates[d], KE_CONFIG, err,
                             "an object of type %s has no State and no %s date",
                             kmip_name_of("Object Type", p->type->type),
                             preload_date_name((enum preload_date)d));
        if (!read_date(r->dates[d], (enum preload_date)d, &p->dates[d], err))
            return false;
    }
    p->state_at = r->state;
    p->message = r->message;
    return (!r->state || read_number(r->state, KMIP_TAG_STATE, &p->state, err)) &&
           (!r->reason ||
            read_number(r->reason, KMIP_TAG_REVOCATION_REASON_CODE, &p->reason, err));
}

/* --- attributes -------------------------------------------------------- */

static bool check_own_key(const struct preload_plan *p, const struct ynode *map, struct kerr *err)
{
    bool template = p->type->type == KMIP_OBJECT_TYPE_TEMPLATE;
    for (size_t i = 0; i < map->n; i++)
        for (size_t k = 0; k < sizeof own_keys / sizeof *own_keys; k++)
            if (strcmp(map->keys[i]->text, own_keys[k].attribute) == 0 && !template)
                return ynode_err(map->keys[i], KE_CONFIG, err, "%s is given by %s here",
                                 own_keys[k].attribute, own_keys[k].key);
    return true;
}

/* As Attribute items. Of a Template these are what it holds. */
static bool read_attributes(struct preload_plan *p, const struct ynode *n, struct arena *a,
                            struct kerr *err)
{
    struct ynode key = *n, map = *n, *keys[] = {&key}, *vals[] = {(struct ynode *)(uintptr_t)n};
    struct kmip_walk walk;
    struct ttlv_writer w;
    struct buf out;
    if (n->kind != YNODE_MAP)
        return ynode_err(n, KE_CONFIG, err,
                         "attributes is a map of names and values, such as {x-purpose: demo}");
    if (!check_own_key(p, n, err))
        return false;
    key.kind = YNODE_SCALAR;
    key.tag = NULL;
    key.plain = true;
    key.text = "Attributes";
    key.len = strlen(key.text);
    map.tag = NULL;
    map.keys = keys;
    map.vals = vals;
    map.n = 1;
    buf_init(&out, VALUE_MAX);
    kmip_walk_init_payload(&walk, false, KMIP_OPERATION_REGISTER);
    ttlv_w_init(&w, &out, err);
    bool ok = kmip_walk_enter(&walk, KMIP_TAG_TEMPLATE_ATTRIBUTE) &&
              from_yaml_fields(&map, &walk, NULL, &w, err) && ttlv_w_finish(&w) &&
              keep(a, buf_bytes(&out), &p->attributes, err);
    buf_clear(&out);
    return ok;
}

/* --- the whole --------------------------------------------------------- */

static bool read_names(struct preload_object *o, const struct ynode *n, const struct reading *r,
                       struct arena *a, struct kerr *err)
{
    struct preload_plan *p = o->plan;
    const struct ynode *id = ynode_get(n, "identifier"), *owner = ynode_get(n, "owner");
    p->identifier = r->identifier;
    p->owner = r->owner;
    if (id && (id->len == 0 || id->len >= sizeof o->uid || !text_utf8(bytes_str(r->identifier))))
        return ynode_err(id, KE_CONFIG, err, "identifier is a text of 1 to %zu bytes",
                         sizeof o->uid - 1);
    if (owner && owner->len == 0)
        return ynode_err(owner, KE_CONFIG, err, "owner is empty; leave it out for every client");
    if (id)
        memcpy(o->uid, r->identifier, id->len + 1);
    return (!r->names || read_texts(r->names, "a name", a, &p->names, err)) &&
           (!r->group || read_texts(r->group, "a group", a, &p->groups, err));
}

/* at: where to point a finger for what the fields cannot tell: at the object, or at the
 * name of the set that it comes from. */
static bool read_object(struct preload_list *l, const struct ynode *n, const struct ynode *at,
                        struct kerr *err)
{
    struct preload_object *o = &l->v[l->n];
    struct reading r = {0};
    if (n->kind != YNODE_MAP)
        return ynode_err(n, KE_CONFIG, err,
                         "an object to preload is a map, such as {identifier: key-1, state: "
                         "Active}, or the name of a built-in set");
    o->plan = arena_alloc(&l->arena, sizeof *o->plan);
    if (!o->plan)
        return no_memory(err);
    struct preload_plan *p = o->plan;
    p->at = at;
    if (!yfields_read(n, preload_fields, &r, err) || !read_type(p, &r, err) || !check_taken(p, &r, err) ||
        !read_names(o, n, &r, &l->arena, err) || !read_content(p, &r, &l->arena, err) ||
        !read_life(p, &r, err) ||
        (r.attributes && !read_attributes(p, r.attributes, &l->arena, err)))
        return false;
    for (size_t i = 0; o->uid[0] && i < l->n; i++)
        if (strcmp(l->v[i].uid, o->uid) == 0)
            return ynode_err(at == n ? ynode_get(n, "identifier") : at, KE_CONFIG, err,
                             "there is an object '%s' already", o->uid);
    l->n++;
    return true;
}

static bool unknown_set(const struct ynode *n, struct kerr *err)
{
    size_t k = 0;
    while (preload_set_names[k])
        k++;
    const char *near = text_nearest(n->text, preload_set_names, k);
    return ynode_err(n, KE_CONFIG, err,
                     "there is no built-in set '%s'%s; there are states and default-group",
                     n->text, text_hint(near).text);
}

/* The objects of a built-in set: all sets stand in one document, a map by name. */
static const struct ynode *find_set(struct preload_list *l, const struct ynode *n,
                                    struct kerr *err)
{
    if (!preload_set(n->text)) {
        unknown_set(n, err);
        return NULL;
    }
    const struct ynode *set = ynode_get(l->sets.root, n->text);
    if (set)
        return set;
    if (!l->sets.root && !ydoc_parse(&l->sets, "built-in", bytes_str("{}"), err))
        return NULL;
    return ydoc_set(&l->sets, n->text, preload_set(n->text), err) ? ynode_get(l->sets.root, n->text)
                                                                 : NULL;
}

/* The entries of a node, sets taken apart; with l->v NULL they are counted only. */
static bool read_entries(struct preload_list *l, const struct ynode *n, size_t *count,
                         struct kerr *err)
{
    bool list = n->kind == YNODE_SEQ;
    for (size_t i = 0; i < (list ? n->n : 1); i++) {
        const struct ynode *entry = list ? n->vals[i] : n;
        const struct ynode *set = entry->kind == YNODE_SCALAR ? find_set(l, entry, err) : NULL;
        if (entry->kind == YNODE_SCALAR && !set)
            return false;
        for (size_t k = 0; k < (set ? set->n : 1); k++)
            if (l->v && !read_object(l, set ? set->vals[k] : entry, entry, err))
                return false;
        *count += set ? set->n : 1;
    }
    return true;
}

bool preload_read(const struct ynode *n, struct preload_list *out, struct kerr *err)
{
    size_t count = 0;
    *out = (struct preload_list){.v = NULL};
    arena_init(&out->arena, ARENA_MAX);
    if (ynode_is_null(n))
        return true;
    bool ok = read_entries(out, n, &count, err);
    if (ok && count > OBJECTS_MAX)
        ok = ynode_err(n, KE_CONFIG, err, "more than %d objects", OBJECTS_MAX);
    if (ok && !(out->v = arena_array(&out->arena, count + 1, sizeof *out->v)))
        ok = no_memory(err);
    if (ok && read_entries(out, n, &count, err))
        return true;
    preload_clear(out);
    return false;
}

void preload_clear(struct preload_list *l)
{
    arena_clear(&l->arena);
    ydoc_clear(&l->sets);
    *l = (struct preload_list){.v = NULL};
}
