/* The matcher (match.h). One function per value form, found in a table by its
 * YAML tag. */
#include "conformance/match.h"

#include <nettle/sha2.h>
#include <stdarg.h>
#include <stdio.h>

#include "kmip/base/clock.h"
#include "kmip/base/text.h"
#include "kmip/form/form.h"
#include "kmip/schema/dict.h"
#include "kmip/ttlv/reader.h"

#define TOLERANCE_S 5
#define REPEAT_MAX 512

/* One value of the reply and what the schema says of its place. */
struct got {
    struct kmip_walk *walk; /* stands in the structure around it */
    struct kmip_spot spot;
    const struct ttlv_item *it;
};

static bool match_value(struct matcher *m, const struct ynode *want, const struct got *g);

static bool case_error(struct matcher *m, const struct ynode *n, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static bool case_error(struct matcher *m, const struct ynode *n, const char *fmt, ...)
{
    char what[300];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    return ynode_err(n, KE_CASE, m->err, "%s", what);
}

/* What was received, as text; redacted like everywhere. */
static const char *show(struct matcher *m, const struct got *g)
{
    struct form_options o = {.show_secrets = m->show_secrets, .max_bytes = 128};
    struct buf text;
    buf_init(&text, 4096);
    form_value(&g->spot, g->it, &o, &text);
    const char *copy = arena_str(m->arena, buf_cstr(&text));
    buf_clear(&text);
    return copy ? copy : "";
}

/* Expected wire bytes as text, by way of an item in the place of the received one. */
static const char *show_wire(struct matcher *m, const struct got *g, unsigned type, struct bytes val)
{
    struct ttlv_item it = {.tag = g->it->tag, .type = (uint8_t)type, .len = (uint32_t)val.n, .val = val};
    struct got as = {g->walk, g->spot, &it};
    return show(m, &as);
}

static bool differs(struct matcher *m, const struct got *g, const char *expected)
{
    mismatch_at(m, g->it->off, expected, show(m, g));
    return false;
}

/* ---- scalars ---------------------------------------------------------------- */

static bool is_variable(const struct ynode *n, struct bytes *name)
{
    if (n->kind != YNODE_SCALAR || n->len < 2 || n->text[0] != '$' || n->text[1] == '$' || n->text[1] == '{')
        return false;
    *name = bytes_of(n->text + 1, n->len - 1);
    for (size_t i = 0; i < name->n; i++)
        if (strchr("+- ", name->p[i]))
            return false;
    return true;
}

static bool reserved(struct bytes name)
{
    static const char *const names[] = {"NOW", "SERVER_NOW", "RUN", "CASE"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (bytes_eq_str(name, names[i]))
            return true;
    return false;
}

static bool bind(struct matcher *m, const struct ynode *n, struct bytes name, const struct got *g)
{
    return vars_set(m->vars, name, g->it->type, g->it->val) || case_error(m, n, "too many variables");
}

/* The wire value that a scalar means at this place. */
static bool wire(struct matcher *m, const struct ynode *n, const struct got *g, unsigned *type, struct buf *out)
{
    struct kmip_spot spot = g->spot;
    /* A custom attribute has no type of its own: read the expectation as the type that came. */
    if (spot.types == 0 && !n->tag)
        spot.types = TYPE_BIT(g->it->type);
    return from_yaml_value(n, &spot, &m->vars->env, type, out, m->err);
}

static bool same(struct matcher *m, const struct ynode *want, const struct got *g, bool *equal,
                 const char **expected)
{
    struct buf val;
    unsigned type = 0;
    buf_init(&val, 1u << 20);
    bool ok = wire(m, want, g, &type, &val);
    if (ok) {
        *equal = type == g->it->type && bytes_eq(buf_bytes(&val), g->it->val);
        *expected = show_wire(m, g, type, buf_bytes(&val));
        if (!*equal && g->spot.secret && !m->show_secrets)
            *expected = "the value given in the case (shown with --show-secrets)";
    }
    buf_clear(&val);
    return ok;
}

/* The first field of a structure stands for it: Name: abc means its Name Value. */
static bool match_first_field(struct matcher *m, const struct ynode *want, const struct got *g)
{
    struct kmip_walk walk = *g->walk;
    struct ttlv_item first;
    if (g->it->tag == KMIP_TAG_PROTOCOL_VERSION) {
        struct ttlv_item major, minor;
        char text[32];
        if (!ttlv_find(g->it, KMIP_TAG_PROTOCOL_VERSION_MAJOR, &major) ||
            !ttlv_find(g->it, KMIP_TAG_PROTOCOL_VERSION_MINOR, &minor))
            return differs(m, g, want->text);
        snprintf(text, sizeof text, "%d.%d", ttlv_int(&major), ttlv_int(&minor));
        if (strcmp(text, want->text) == 0)
            return true;
        mismatch_at(m, g->it->off, want->text, text);
        return false;
    }
    struct ttlv_reader r;
    ttlv_r_children(&r, m->reply, g->it, NULL);
    if (!ttlv_r_next(&r, &first))
        return differs(m, g, want->text);
    if (!match_enter(&walk, g->it))
        return false;
    struct got inner = {&walk, kmip_walk_look(&walk, first.tag), &first};
    return match_value(m, want, &inner);
}

static bool match_scalar(struct matcher *m, const struct ynode *want, const struct got *g)
{
    struct bytes name;
    if (is_variable(want, &name) && !reserved(name) && !vars_find(m->vars, name))
        return bind(m, want, name, g);
    if (g->it->type == TTLV_STRUCTURE && !is_variable(want, &name))
        return match_first_field(m, want, g);
    bool equal = false;
    const char *expected = "";
    if (!same(m, want, g, &equal, &expected))
        return false;
    return equal || differs(m, g, expected);
}

/* ---- value forms by YAML tag ------------------------------------------------ */

/* A copy of the node without its tag, to be read as a plain value. */
static struct ynode untagged(const struct ynode *n)
{
    struct ynode plain = *n;
    plain.tag = NULL;
    return plain;
}

static bool form_any(struct matcher *m, const struct ynode *want, const struct got *g)
{
    (void)m;
    (void)want;
    (void)g;
    return true;
}

static bool form_bind(struct matcher *m, const struct ynode *want, const struct got *g)
{
    return bind(m, want, bytes_str(want->text[0] == '$' ? want->text + 1 : want->text), g);
}

static bool form_not(struct matcher *m, const struct ynode *want, const struct got *g)
{
    struct ynode plain = untagged(want);
    bool equal = false;
    const char *text = "";
    if (!same(m, &plain, g, &equal, &text))
        return false;
    if (!equal)
        return true;
    char expected[300];
    snprintf(expected, sizeof expected, "anything but %s", text);
    return differs(m, g, expected);
}

static bool form_length(struct matcher *m, const struct ynode *want, const struct got *g)
{
    int64_t n;
    char expected[60], actual[60];
    if (!text_int(bytes_of(want->text, want->len), 0, INT32_MAX, &n))
        return case_error(m, want, "!length takes a number of bytes");
    if ((int64_t)g->it->val.n == n)
        return true;
    snprintf(expected, sizeof expected, "%lld bytes", (long long)n);
    snprintf(actual, sizeof actual, "%zu bytes", g->it->val.n);
    mismatch_at(m, g->it->off, expected, actual);
    return false;
}

/* Numbers and dates as one scale. */
static bool number(const struct got *g, unsigned type, struct bytes v, int64_t *out)
{
    (void)g;
    switch (type) {
    case TTLV_INTEGER:
        *out = (int32_t)be32_get(v.p);
        return true;
    case TTLV_ENUMERATION:
    case TTLV_INTERVAL:
        *out = be32_get(v.p);
        return true;
    case TTLV_LONG_INTEGER:
    case TTLV_DATE_TIME:
    case TTLV_BOOLEAN:
        *out = (int64_t)be64_get(v.p);
        return true;
    default:
        return false;
    }
}

static bool numbers(struct matcher *m, const struct ynode *want, const struct got *g, int64_t *a, int64_t *b,
                    const char **text)
{
    struct buf val;
    unsigned type = 0;
    struct ynode plain = untagged(want);
    buf_init(&val, 4096);
    bool ok = wire(m, &plain, g, &type, &val);
    if (ok && (!number(g, type, buf_bytes(&val), a) || g->it->wrong || !number(g, g->it->type, g->it->val, b)))
        ok = case_error(m, want, "%s compares numbers and dates only", want->tag);
    if (ok)
        *text = show_wire(m, g, type, buf_bytes(&val));
    buf_clear(&val);
    return ok;
}

static bool form_at_least(struct matcher *m, const struct ynode *want, const struct got *g)
{
    int64_t a, b;
    const char *text;
    char expected[200];
    if (!numbers(m, want, g, &a, &b, &text))
        return false;
    snprintf(expected, sizeof expected, "at least %s", text);
    return b >= a || differs(m, g, expected);
}

static bool form_at_most(struct matcher *m, const struct ynode *want, const struct got *g)
{
    int64_t a, b;
    const char *text;
    char expected[200];
    if (!numbers(m, want, g, &a, &b, &text))
        return false;
    snprintf(expected, sizeof expected, "at most %s", text);
    return b <= a || differs(m, g, expected);
}

static bool form_near(struct matcher *m, const struct ynode *want, const struct got *g)
{
    int64_t a, b, tolerance = TOLERANCE_S * NS_PER_S;
    const char *text;
    char expected[200];
    const struct ynode *date = want;
    if (want->kind == YNODE_SEQ) {
        if (want->n != 2 || !text_duration(bytes_str(want->vals[1]->text), &tolerance))
            return case_error(m, want, "!near takes a date, or [date, tolerance]");
        date = want->vals[0];
    }
    struct ynode plain = untagged(date);
    plain.tag = NULL;
    struct ynode tagged = plain;
    tagged.tag = "!near";
    if (!numbers(m, &tagged, g, &a, &b, &text))
        return false;
    int64_t away = a > b ? a - b : b - a;
    if (away <= tolerance / NS_PER_S)
        return true;
    snprintf(expected, sizeof expected, "%s, give or take %lld s (it is %lld s off)", text,
             (long long)(tolerance / NS_PER_S), (long long)away);
    return differs(m, g, expected);
}

static bool form_one_of(struct matcher *m, const struct ynode *want, const struct got *g)
{
    struct buf list;
    if (want->kind != YNODE_SEQ || want->n == 0)
        return case_error(m, want, "!one_of takes a list");
    buf_init(&list, 1024);
    buf_puts(&list, "one of ");
    for (size_t i = 0; i < want->n; i++) {
        bool equal = false;
        const char *text = "";
        if (!same(m, want->vals[i], g, &equal, &text) || equal) {
            buf_clear(&list);
            return equal;
        }
        buf_printf(&list, "%s%s", i ? ", " : "", text);
    }
    differs(m, g, buf_cstr(&list));
    buf_clear(&list);
    return false;
}

static bool form_has(struct matcher *m, const struct ynode *want, const struct got *g)
{
    int64_t a, b;
    const char *text;
    char expected[300];
    if (!numbers(m, want, g, &a, &b, &text))
        return false;
    snprintf(expected, sizeof expected, "a mask with %s", text);
    return (a & b) == a || differs(m, g, expected);
}

static bool form_matches(struct matcher *m, const struct ynode *want, const struct got *g)
{
    struct buf pattern;
    buf_init(&pattern, 4096);
    struct ynode plain = untagged(want);
    bool ok = from_yaml_text(&plain, &m->vars->env, &pattern, m->err);
    char *text = ok ? arena_copy(m->arena, g->it->val) : NULL;
    bool match = text && g->it->type == TTLV_TEXT_STRING && text_glob(buf_cstr(&pattern), text);
    if (ok && !match) {
        char expected[300];
        snprintf(expected, sizeof expected, "text that matches '%s'", buf_cstr(&pattern));
        differs(m, g, expected);
    }
    buf_clear(&pattern);
    return match;
}

static bool form_sha256(struct matcher *m, const struct ynode *want, const struct got *g)
{
    struct bytes name;
    const struct var *v = is_variable(want, &name) ? vars_find(m->vars, name) : NULL;
    if (!v)
        return case_error(m, want, "!sha256 takes a bound variable");
    struct sha256_ctx h;
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_init(&h);
    sha256_update(&h, v->val.n, v->val.p);
    sha256_digest(&h, sizeof digest, digest);
    if (bytes_eq(g->it->val, bytes_of(digest, sizeof digest)))
        return true;
    char expected[200] = "the SHA-256 of the material: ";
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(expected + strlen(expected), sizeof expected - strlen(expected), "%02x", digest[i]);
    return differs(m, g, expected);
}

static const struct {
    const char *tag;
    bool (*match)(struct matcher *m, const struct ynode *want, const struct got *g);
} forms[] = {
    {"!any", form_any},         {"!bind", form_bind},         {"!not", form_not},
    {"!length", form_length},   {"!at_least", form_at_least}, {"!at_most", form_at_most},
    {"!near", form_near},       {"!one_of", form_one_of},     {"!has", form_has},
    {"!matches", form_matches}, {"!sha256", form_sha256},
};

static bool tagged(const struct ynode *n, const char *tag)
{
    return n->tag && strcmp(n->tag, tag) == 0;
}

static bool match_value(struct matcher *m, const struct ynode *want, const struct got *g)
{
    if (want->tag)
        for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
            if (tagged(want, forms[i].tag))
                return forms[i].match(m, want, g);
    if (want->kind == YNODE_MAP) {
        struct kmip_walk walk = *g->walk;
        if (g->it->type != TTLV_STRUCTURE)
            return differs(m, g, "a structure");
        return match_enter(&walk, g->it) && match_fields(m, want, &walk, g->it);
    }
    return match_scalar(m, want, g);
}

/* ---- fields, repeated fields, attributes ------------------------------------ */

/* The instances of one field (or of one attribute's values) in the reply. */
struct found {
    struct ttlv_item v[REPEAT_MAX];
    size_t n;
};

/* Tries without leaving a trace when it does not match. */
static bool would_match(struct matcher *m, const struct ynode *want, const struct got *g)
{
    struct mismatches aside = {.n = 0};
    struct mismatches *real = m->out;
    size_t mark = vars_mark(m->vars);
    m->out = &aside;
    bool ok = match_value(m, want, g);
    m->out = real;
    if (!ok)
        vars_rewind(m->vars, mark);
    return ok;
}

static struct got at(struct kmip_walk *walk, const struct ttlv_item *it)
{
    struct got g = {walk, kmip_walk_look(walk, it->tag), it};
    return g;
}

static const char *node_text(struct matcher *m, const struct ynode *n)
{
    struct buf text;
    buf_init(&text, 400);
    if (n->kind == YNODE_SCALAR && !from_yaml_text(n, &m->vars->env, &text, NULL)) {
        buf_reset(&text);
        buf_puts(&text, n->text);
    } else if (n->kind != YNODE_SCALAR) {
        for (size_t i = 0; i < n->n; i++)
            buf_printf(&text, "%s%s%s%s", i ? ", " : "", n->keys ? n->keys[i]->text : "",
                       n->keys ? ": " : "", n->vals[i]->kind == YNODE_SCALAR ? n->vals[i]->text : "...");
    }
    const char *copy = arena_str(m->arena, buf_cstr(&text));
    buf_clear(&text);
    return copy ? copy : "";
}

/* Pairs each wanted value with an instance of its own; what is left over on either
 * side is a mismatch, instances only when the list must be complete. */
static bool match_set(struct matcher *m, const struct ynode *want, struct kmip_walk *walk,
                      const struct found *f, const struct ttlv_item *parent, bool complete)
{
    bool used[REPEAT_MAX] = {false}, ok = true;
    for (size_t i = 0; i < want->n; i++) {
        size_t k = 0;
        for (; k < f->n; k++) {
            struct got g = at(walk, &f->v[k]);
            if (!used[k] && would_match(m, want->vals[i], &g))
                break;
        }
        if (k < f->n) {
            used[k] = true;
        } else {
            char expected[300];
            snprintf(expected, sizeof expected, "%s among the values", node_text(m, want->vals[i]));
            mismatch_at(m, parent->off, expected, "not there");
            ok = false;
        }
    }
    for (size_t k = 0; complete && k < f->n; k++)
        if (!used[k]) {
            struct got g = at(walk, &f->v[k]);
            ok = differs(m, &g, "no further value");
        }
    return ok;
}

static bool match_lacks(struct matcher *m, const struct ynode *want, struct kmip_walk *walk,
                        const struct found *f)
{
    bool ok = true;
    for (size_t i = 0; i < want->n; i++)
        for (size_t k = 0; k < f->n; k++) {
            struct got g = at(walk, &f->v[k]);
            if (would_match(m, want->vals[i], &g)) {
                char expected[300];
                snprintf(expected, sizeof expected, "%s not to be there", node_text(m, want->vals[i]));
                ok = differs(m, &g, expected);
            }
        }
    return ok;
}

static bool match_list(struct matcher *m, const struct ynode *want, struct kmip_walk *walk,
                       const struct found *f, const struct ttlv_item *parent)
{
    bool ok = true;
    for (size_t i = 0; i < want->n && i < f->n; i++) {
        struct got g = at(walk, &f->v[i]);
        ok = match_value(m, want->vals[i], &g) && ok;
    }
    if (want->n != f->n) {
        char expected[60], actual[60];
        snprintf(expected, sizeof expected, "%zu values", want->n);
        snprintf(actual, sizeof actual, "%zu", f->n);
        mismatch_at(m, f->n ? f->v[0].off : parent->off, expected, actual);
        ok = false;
    }
    return ok;
}

/* A scalar after !contains or !lacks means a list of one. */
static const struct ynode *as_list(const struct ynode *n, struct ynode *list, struct ynode *one,
                                   struct ynode **slot)
{
    if (n->kind == YNODE_SEQ)
        return n;
    *one = untagged(n);
    *slot = one;
    *list = *n;
    list->kind = YNODE_SEQ;
    list->n = 1;
    list->vals = slot;
    return list;
}

static const char *wanted_text(struct matcher *m, const struct ynode *want)
{
    return want->tag ? arena_printf(m->arena, "%s %s", want->tag + 1, node_text(m, want)) : node_text(m, want);
}

static bool match_instances(struct matcher *m, const struct ynode *want, const char *name,
                            struct kmip_walk *walk, const struct found *f, const struct ttlv_item *parent)
{
    struct ynode list, one, *slot;
    char text[400];
    if (tagged(want, "!absent")) {
        if (f->n == 0)
            return true;
        struct got g = at(walk, &f->v[0]);
        snprintf(text, sizeof text, "no %s", name);
        return differs(m, &g, text);
    }
    if (tagged(want, "!lacks"))
        return match_lacks(m, as_list(want, &list, &one, &slot), walk, f);
    if (tagged(want, "!contains"))
        return match_set(m, as_list(want, &list, &one, &slot), walk, f, parent, false);
    if (tagged(want, "!set"))
        return match_set(m, as_list(want, &list, &one, &slot), walk, f, parent, true);
    /* A sequence means the whole repeated field, unless the field's value is itself
     * written as one (masks, !near, !one_of). */
    if (want->kind == YNODE_SEQ && !want->tag && f->n > 0) {
        struct got g = at(walk, &f->v[0]);
        if (!(g.spot.en && g.spot.en->mask))
            return match_list(m, want, walk, f, parent);
    }
    if (want->kind == YNODE_SEQ && !want->tag && want->n == 0)
        return true;
    if (f->n == 0) {
        const char *value = wanted_text(m, want);
        snprintf(text, sizeof text, "%s: %s", name, value ? value : "");
        mismatch_at(m, parent->off, text, "not there");
        return false;
    }
    struct got g = at(walk, &f->v[0]);
    bool ok = match_value(m, want, &g);
    if (f->n > 1) {
        struct got more = at(walk, &f->v[1]);
        snprintf(text, sizeof text, "%s once", name);
        ok = differs(m, &more, text);
    }
    return ok;
}

/* Attributes {name: value}: the Attribute structures of the parent by name. */
static bool match_attribute(struct matcher *m, const struct ynode *want, struct bytes name,
                            struct kmip_walk *walk, const struct ttlv_item *parent)
{
    static const char *const fallback = "attribute";
    struct found values = {.n = 0};
    struct kmip_walk inside = *walk;
    struct ttlv_reader r;
    struct ttlv_item it, attr_name, index, value;
    bool entered = false;
    int64_t wanted_index = -1;
    const struct ynode *wanted = want;
    if (tagged(want, "!indexed")) {
        const struct ynode *i = ynode_get(want, "index");
        wanted = ynode_get(want, "value");
        if (!i || !wanted || !text_int(bytes_str(i->text), 0, INT32_MAX, &wanted_index))
            return case_error(m, want, "!indexed takes {index: N, value: V}");
    }
    ttlv_r_children(&r, m->reply, parent, NULL);
    while (ttlv_r_next(&r, &it)) {
        if (it.tag != KMIP_TAG_ATTRIBUTE || !ttlv_find(&it, KMIP_TAG_ATTRIBUTE_NAME, &attr_name) ||
            !bytes_eq(attr_name.val, name) || !ttlv_find(&it, KMIP_TAG_ATTRIBUTE_VALUE, &value))
            continue;
        bool has_index = ttlv_find(&it, KMIP_TAG_ATTRIBUTE_INDEX, &index);
        if (wanted_index >= 0 && (has_index ? ttlv_int(&index) : 0) != wanted_index)
            continue;
        if (!entered) {
            entered = match_enter(&inside, &it);
        }
        if (values.n < REPEAT_MAX)
            values.v[values.n++] = value;
    }
    const char *label = arena_copy(m->arena, name);
    /* Several instances come in any order: a sequence is a set here. */
    if (wanted->kind == YNODE_SEQ && !wanted->tag && values.n > 0) {
        struct got g = at(&inside, &values.v[0]);
        if (!(g.spot.en && g.spot.en->mask))
            return match_set(m, wanted, &inside, &values, parent, true);
    }
    return match_instances(m, wanted, label ? label : fallback, &inside, &values, parent);
}

static bool match_attributes(struct matcher *m, const struct ynode *want, struct kmip_walk *walk,
                             const struct ttlv_item *parent)
{
    bool ok = true;
    if (want->kind != YNODE_MAP)
        return case_error(m, want, "Attributes: expected a map of names and values");
    for (size_t i = 0; i < want->n; i++) {
        struct buf name;
        buf_init(&name, 1024);
        bool named = from_yaml_text(want->keys[i], &m->vars->env, &name, m->err);
        ok = named && match_attribute(m, want->vals[i], buf_bytes(&name), walk, parent) && ok;
        buf_clear(&name);
    }
    return ok;
}

static bool match_field(struct matcher *m, const struct ynode *key, const struct ynode *want,
                        struct kmip_walk *walk, const struct ttlv_item *parent)
{
    struct found f = {.n = 0};
    struct ttlv_reader r;
    struct ttlv_item it;
    int64_t number_tag;
    const struct kmip_tag *t = kmip_tag_by_name(bytes_of(key->text, key->len));
    if (!t && !text_int(bytes_str(key->text), 0x420000, 0x54FFFF, &number_tag))
        return case_error(m, key, "'%s' is no field of the standard", key->text);
    uint32_t tag = t ? t->tag : (uint32_t)number_tag;
    ttlv_r_children(&r, m->reply, parent, NULL);
    while (ttlv_r_next(&r, &it))
        if (it.tag == tag && f.n < REPEAT_MAX)
            f.v[f.n++] = it;
    return match_instances(m, want, key->text, walk, &f, parent);
}

bool match_fields(struct matcher *m, const struct ynode *want, struct kmip_walk *walk,
                  const struct ttlv_item *got)
{
    bool ok = true;
    if (want->kind != YNODE_MAP)
        return case_error(m, want, "expected a map of fields");
    for (size_t i = 0; i < want->n; i++) {
        bool attributes = strcmp(want->keys[i]->text, "Attributes") == 0;
        ok = (attributes ? match_attributes(m, want->vals[i], walk, got)
                         : match_field(m, want->keys[i], want->vals[i], walk, got)) &&
             ok;
    }
    return ok;
}

bool match_relation(struct matcher *m, const struct ynode *that, const char *relation,
                    const struct ynode *other)
{
    struct bytes name;
    const struct var *v = is_variable(that, &name) ? vars_find(m->vars, name) : NULL;
    if (!v)
        return case_error(m, that, "check: 'that' is no bound variable");
    struct ttlv_item it = {.tag = KMIP_TAG_ATTRIBUTE_VALUE, .type = (uint8_t)v->type, .off = KERR_NO_OFF,
                           .len = (uint32_t)v->val.n, .val = v->val};
    struct kmip_walk walk;
    kmip_walk_init(&walk);
    struct got g = {&walk, {.types = TYPE_BIT(v->type)}, &it};
    struct ynode want = *other;
    static const struct {
        const char *relation, *tag;
    } relations[] = {{"equals", NULL}, {"differs", "!not"}, {"at_least", "!at_least"}, {"at_most", "!at_most"}};
    for (size_t i = 0; i < sizeof relations / sizeof *relations; i++)
        if (strcmp(relation, relations[i].relation) == 0) {
            if (relations[i].tag)
                want.tag = relations[i].tag;
            return match_value(m, &want, &g);
        }
    return case_error(m, that, "check: '%s' is none of equals, differs, at_least, at_most", relation);
}
