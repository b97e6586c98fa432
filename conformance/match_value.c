/* One value of a reply against one expected value (match_in.h). Forms that are more
 * than 'equals' have a YAML tag, and a function each, found in a table. */
#include <nettle/sha2.h>
#include <stdarg.h>
#include <stdio.h>

#include "conformance/match_in.h"
#include "kmip/base/clock.h"
#include "kmip/base/text.h"
#include "kmip/form/form.h"
#include "kmip/ttlv/reader.h"

#define TOLERANCE_S 30 /* a server may have several clocks */

/* ---- text for mismatches ---------------------------------------------------- */

static const char *kept(struct matcher *m, struct buf *text)
{
    const char *copy = arena_str(m->arena, buf_cstr(text));
    buf_clear(text);
    if (!copy)
        kerr_set(m->err, KE_MEMORY, "no memory for a mismatch");
    return copy ? copy : "";
}

/* A structure's fields in one line, as deep as they go; cut by the buffer's limit. */
static void put_fields(const struct form_options *o, const struct kmip_walk *around,
                       const struct ttlv_item *it, struct buf *out)
{
    struct kmip_walk walk = *around;
    struct ttlv_reader r;
    struct ttlv_item child;
    if (!kmip_walk_enter(&walk, it->tag))
        return;
    buf_putc(out, '{');
    ttlv_r_init(&r, it->val, NULL, NULL);
    for (bool more = false; ttlv_r_next(&r, &child); more = true) {
        struct kmip_spot spot = kmip_walk_look(&walk, child.tag);
        const char *name = kmip_tag_name(child.tag);
        buf_printf(out, "%s%s: ", more ? ", " : "", name ? name : "unknown field");
        if (child.type == TTLV_STRUCTURE) {
            put_fields(o, &walk, &child, out);
            continue;
        }
        form_value(&spot, &child, o, out);
        kmip_walk_note(&walk, child.tag, child.type, child.val);
    }
    buf_putc(out, '}');
}

/* What was received, as text; redacted like everywhere. */
const char *match_show(struct matcher *m, const struct got *g)
{
    struct form_options o = {.show_secrets = m->show_secrets, .max_bytes = 128};
    struct buf text;
    buf_init(&text, 2048);
    if (g->it->type == TTLV_STRUCTURE)
        put_fields(&o, g->walk, g->it, &text);
    else
        form_value(&g->spot, g->it, &o, &text);
    return kept(m, &text);
}

/* Expected wire bytes as text, by way of an item in the place of the received one. */
static const char *show_wire(struct matcher *m, const struct got *g, unsigned type,
                             struct bytes val)
{
    struct ttlv_item it = {
        .tag = g->it->tag, .type = (uint8_t)type, .len = (uint32_t)val.n, .val = val};
    struct got as = {g->walk, g->spot, &it, g->name};
    return !m->show_secrets && kmip_hides(&g->spot, &it)
               ? "the value given in the case (--show-secrets shows it)"
               : match_show(m, &as);
}

bool match_differs(struct matcher *m, const struct got *g, const char *fmt, ...)
{
    struct buf expected;
    va_list ap;
    buf_init(&expected, 16384);
    va_start(ap, fmt);
    buf_vprintf(&expected, fmt, ap);
    va_end(ap);
    mismatch_field(m, g->it->off, g->name ? g->name : "", buf_cstr(&expected), match_show(m, g));
    buf_clear(&expected);
    return false;
}

bool match_case_error(struct matcher *m, const struct ynode *n, const char *fmt, ...)
{
    char what[300];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    return ynode_err(n, KE_CASE, m->err, "%s", what);
}

/* ---- variables -------------------------------------------------------------- */

/* A whole scalar that is a variable's name; $NOW-3600 and $RUN-a are none. */
static bool is_variable(const struct ynode *n, struct bytes *name)
{
    if (n->kind != YNODE_SCALAR || n->len < 2 || n->text[0] != '$')
        return false;
    *name = bytes_of(n->text + 1, n->len - 1);
    for (size_t i = 0; i < name->n; i++)
        if (strchr("${+- ", name->p[i]))
            return false;
    return true;
}

static bool reserved(struct bytes name)
{
    return bytes_eq_str(name, "NOW") || bytes_eq_str(name, "SERVER_NOW");
}

static bool bind(struct matcher *m, const struct ynode *n, struct bytes name, const struct got *g)
{
    return vars_set(m->vars, name, g->it->type, g->it->val) ||
           match_case_error(m, n, "too many variables");
}

/* ---- equality --------------------------------------------------------------- */

/* A custom attribute has no type of its own: the expectation is read as the type that came.
 * What it cannot be read as, the server has got wrong: the case means something else. */
static bool wire_as_it_came(struct matcher *m, const struct ynode *n, const struct got *g,
                            unsigned *type, struct buf *out)
{
    struct kmip_spot spot = g->spot;
    struct kerr why = KERR_INIT;
    spot.types = TYPE_BIT(g->it->type);
    if (from_yaml_value(n, &spot, &m->vars->env, type, out, &why))
        return true;
    buf_reset(out);
    spot.types = TYPE_BIT(TTLV_TEXT_STRING);
    return from_yaml_value(n, &spot, &m->vars->env, type, out, m->err);
}

/* The wire value that a scalar means at this place. */
static bool wire(struct matcher *m, const struct ynode *n, const struct got *g, unsigned *type,
                 struct buf *out)
{
    struct kmip_spot spot = g->spot;
    struct bytes name;
    const struct var *v = is_variable(n, &name) ? vars_find(m->vars, name) : NULL;
    if (v && v->type && !n->tag) { /* as it came, whatever may stand here */
        *type = v->type;
        return buf_put_bytes(out, v->val) || kerr_set(m->err, KE_MEMORY, "no memory for a value");
    }
    if (spot.types == 0 && !n->tag)
        return wire_as_it_came(m, n, g, type, out);
    return from_yaml_value(n, &spot, &m->vars->env, type, out, m->err);
}

static bool same(struct matcher *m, const struct ynode *want, const struct got *g, bool *equal,
                 const char **expected)
{
    struct buf val;
    unsigned type = 0;
    buf_init(&val, 8u << 20);
    bool ok = wire(m, want, g, &type, &val);
    if (ok) {
        *equal = type == g->it->type && bytes_eq(buf_bytes(&val), g->it->val);
        *expected = *equal ? "" : show_wire(m, g, type, buf_bytes(&val));
    }
    buf_clear(&val);
    return ok;
}

/* Protocol Version: 1.2 */
static bool match_version(struct matcher *m, const struct ynode *want, const struct got *g)
{
    struct ttlv_item major, minor;
    char text[32] = "";
    if (ttlv_find(g->it, KMIP_TAG_PROTOCOL_VERSION_MAJOR, &major) && major.type == TTLV_INTEGER &&
        ttlv_find(g->it, KMIP_TAG_PROTOCOL_VERSION_MINOR, &minor) && minor.type == TTLV_INTEGER)
        snprintf(text, sizeof text, "%d.%d", ttlv_int(&major), ttlv_int(&minor));
    if (strcmp(text, want->text) == 0)
        return true;
    mismatch_field(m, g->it->off, g->name ? g->name : "", want->text, text);
    return false;
}

/* The first field of a structure stands for it: Name: abc means its Name Value. */
static bool match_first_field(struct matcher *m, const struct ynode *want, const struct got *g)
{
    struct kmip_walk walk = *g->walk;
    struct ttlv_reader r;
    struct ttlv_item first;
    if (g->it->tag == KMIP_TAG_PROTOCOL_VERSION)
        return match_version(m, want, g);
    ttlv_r_children(&r, m->reply, g->it, NULL);
    if (!ttlv_r_next(&r, &first))
        return match_differs(m, g, "%s", want->text);
    if (!match_enter(&walk, g->it))
        return false;
    struct got inner = {&walk, kmip_walk_look(&walk, first.tag), &first, g->name};
    return match_value(m, want, &inner);
}

static bool match_scalar(struct matcher *m, const struct ynode *want, const struct got *g)
{
    struct bytes name;
    bool variable = is_variable(want, &name) && !reserved(name);
    const struct var *bound = variable ? vars_find(m->vars, name) : NULL;
    if (variable && !bound && !match_tagged(want, "!not"))
        return bind(m, want, name, g);
    if (g->it->type == TTLV_STRUCTURE && !(bound && bound->type == TTLV_STRUCTURE))
        return match_first_field(m, want, g);
    bool equal = false;
    const char *expected = "";
    if (!same(m, want, g, &equal, &expected))
        return false;
    return equal || (bound ? match_differs(m, g, "%s ($%s)", expected, bound->name)
                           : match_differs(m, g, "%s", expected));
}

/* ---- forms ------------------------------------------------------------------ */

struct ynode match_untagged(const struct ynode *n)
{
    struct ynode plain = *n;
    plain.tag = NULL;
    return plain;
}

bool match_tagged(const struct ynode *n, const char *tag)
{
    return n->tag && strcmp(n->tag, tag) == 0;
}

static bool form_any(struct matcher *m, const struct ynode *want, const struct got *g)
{
    (void)m, (void)want, (void)g;
    return true;
}

static bool form_bind(struct matcher *m, const struct ynode *want, const struct got *g)
{
    return bind(m, want, bytes_str(want->text[0] == '$' ? want->text + 1 : want->text), g);
}

bool match_tried(struct matcher *m, const struct ynode *want, const struct got *g,
                 const char **expected)
{
    struct mismatches aside = {.n = 0}, *real = m->out;
    size_t mark = vars_mark(m->vars);
    m->out = &aside;
    bool match = match_value(m, want, g);
    m->out = real;
    if (!match)
        vars_rewind(m->vars, mark);
    if (expected)
        *expected = aside.n > 0                  ? aside.v[0].expected
                    : want->kind == YNODE_SCALAR ? want->text
                                                 : "what is given";
    return match;
}

static bool form_not(struct matcher *m, const struct ynode *want, const struct got *g)
{
    struct ynode plain = match_untagged(want);
    struct bytes name;
    if (is_variable(want, &name) && !reserved(name) && !vars_find(m->vars, name))
        return match_case_error(m, want, "!not: no variable '%s' is bound at this point",
                                want->text);
    if (!match_tried(m, &plain, g, NULL))
        return m->err->code == KE_OK; /* else the case itself is wrong */
    return match_differs(m, g, "anything but this");
}

static bool form_one_of(struct matcher *m, const struct ynode *want, const struct got *g)
{
    struct buf list;
    if (want->kind != YNODE_SEQ || want->n == 0)
        return match_case_error(m, want, "!one_of takes a list");
    buf_init(&list, 4096);
    for (size_t i = 0; i < want->n; i++) {
        const char *text;
        bool match = match_tried(m, want->vals[i], g, &text);
        if (match || m->err->code != KE_OK) {
            buf_clear(&list);
            return match;
        }
        buf_printf(&list, "%s%s", i ? ", " : "", text);
    }
    match_differs(m, g, "one of %s", buf_cstr(&list));
    buf_clear(&list);
    return false;
}

static bool form_length(struct matcher *m, const struct ynode *want, const struct got *g)
{
    int64_t n;
    char expected[60], actual[60];
    if (!text_int(bytes_of(want->text, want->len), 0, INT32_MAX, &n))
        return match_case_error(m, want, "!length takes a number of bytes");
    if ((int64_t)g->it->val.n == n)
        return true;
    snprintf(expected, sizeof expected, "%lld bytes", (long long)n);
    snprintf(actual, sizeof actual, "%zu bytes", g->it->val.n);
    mismatch_field(m, g->it->off, g->name ? g->name : "", expected, actual);
    return false;
}

bool match_number(unsigned type, struct bytes v, int64_t *out)
{
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

/* The expected and the received number, and the expected one as text. */
struct numbers {
    int64_t wanted, got;
    const char *text;
};

static bool numbers(struct matcher *m, const struct ynode *want, const char *form,
                    const struct got *g, struct numbers *out)
{
    struct buf val;
    unsigned type = 0;
    struct ynode plain = match_untagged(want);
    buf_init(&val, 4096);
    bool ok = wire(m, &plain, g, &type, &val);
    if (ok && !match_number(type, buf_bytes(&val), &out->wanted))
        ok = match_case_error(m, want, "%s compares numbers and dates only", form);
    if (ok)
        out->text = show_wire(m, g, type, buf_bytes(&val));
    if (ok && !match_number(g->it->type, g->it->val, &out->got))
        ok = match_differs(m, g, "a value to compare with %s", out->text);
    buf_clear(&val);
    return ok;
}

static bool form_at_least(struct matcher *m, const struct ynode *want, const struct got *g)
{
    struct numbers n;
    return numbers(m, want, "!at_least", g, &n) &&
           (n.got >= n.wanted || match_differs(m, g, "at least %s", n.text));
}

static bool form_at_most(struct matcher *m, const struct ynode *want, const struct got *g)
{
    struct numbers n;
    return numbers(m, want, "!at_most", g, &n) &&
           (n.got <= n.wanted || match_differs(m, g, "at most %s", n.text));
}

static bool form_has(struct matcher *m, const struct ynode *want, const struct got *g)
{
    struct numbers n;
    return numbers(m, want, "!has", g, &n) &&
           ((n.got & n.wanted) == n.wanted || match_differs(m, g, "a mask with %s", n.text));
}

/* Is it reckoned from the present? */
static bool is_now(const struct ynode *n)
{
    return n->kind == YNODE_SCALAR &&
           (strncmp(n->text, "$NOW", 4) == 0 || strncmp(n->text, "$SERVER_NOW", 11) == 0);
}

static bool form_near(struct matcher *m, const struct ynode *want, const struct got *g)
{
    int64_t tolerance = TOLERANCE_S * NS_PER_S;
    const struct ynode *date = want;
    struct numbers n;
    if (want->kind == YNODE_SEQ) {
        if (want->n != 2 || want->vals[1]->kind != YNODE_SCALAR ||
            !text_duration(bytes_str(want->vals[1]->text), &tolerance))
            return match_case_error(m, want, "!near takes a date, or [date, tolerance]");
        date = want->vals[0];
    }
    if (!numbers(m, date, "!near", g, &n))
        return false;
    if (is_now(date)) /* a slow server is not to blame for what time it is now */
        tolerance += (m->vars->slack_ns + NS_PER_S - 1) / NS_PER_S * NS_PER_S;
    uint64_t away = n.wanted > n.got ? (uint64_t)n.wanted - (uint64_t)n.got
                                     : (uint64_t)n.got - (uint64_t)n.wanted;
    tolerance /= NS_PER_S;
    return away <= (uint64_t)tolerance ||
           match_differs(m, g, "%s, give or take %lld s (it is %llu s %s)", n.text,
                         (long long)tolerance, (unsigned long long)away,
                         n.got > n.wanted ? "late" : "early");
}

static bool form_matches(struct matcher *m, const struct ynode *want, const struct got *g)
{
    struct buf pattern;
    struct ynode plain = match_untagged(want);
    buf_init(&pattern, 4096);
    bool ok = from_yaml_text(&plain, &m->vars->env, &pattern, m->err);
    char *text = ok && g->it->type == TTLV_TEXT_STRING ? arena_copy(m->arena, g->it->val) : NULL;
    bool match = text && text_glob(buf_cstr(&pattern), text);
    if (ok && !match)
        match_differs(m, g, "text that matches '%s'", buf_cstr(&pattern));
    buf_clear(&pattern);
    return match;
}

static bool form_sha256(struct matcher *m, const struct ynode *want, const struct got *g)
{
    struct bytes name;
    const struct var *v = is_variable(want, &name) ? vars_find(m->vars, name) : NULL;
    struct sha256_ctx h;
    uint8_t digest[SHA256_DIGEST_SIZE];
    struct buf bytes;
    if (!v)
        return match_case_error(m, want, "!sha256 takes a bound variable");
    buf_init(&bytes, 8u << 20);
    bool ok = v->type ? buf_put_bytes(&bytes, v->val) : text_unhex(v->val, &bytes);
    sha256_init(&h);
    sha256_update(&h, bytes.n, bytes.p);
    sha256_digest(&h, sizeof digest, digest);
    buf_clear(&bytes);
    if (!ok)
        return match_case_error(m, want, "!sha256: $%s is not hexadecimal", v->name);
    if (bytes_eq(g->it->val, bytes_of(digest, sizeof digest)))
        return true;
    struct buf text;
    buf_init(&text, 100);
    buf_hex(&text, bytes_of(digest, sizeof digest));
    match_differs(m, g, "the SHA-256 of $%s: %s", v->name, buf_cstr(&text));
    buf_clear(&text);
    return false;
}

typedef bool form_fn(struct matcher *m, const struct ynode *want, const struct got *g);

/* Without function: match.c's, because they concern all instances of a field. */
static const struct {
    const char *tag;
    enum match_form form;
    form_fn *match;
} forms[] = {
    {"!any", MATCH_FORM_OTHER, form_any},
    {"!bind", MATCH_FORM_OTHER, form_bind},
    {"!length", MATCH_FORM_OTHER, form_length},
    {"!near", MATCH_FORM_OTHER, form_near},
    {"!matches", MATCH_FORM_OTHER, form_matches},
    {"!sha256", MATCH_FORM_OTHER, form_sha256},
    {"!not", MATCH_FORM_VALUES, form_not},
    {"!at_least", MATCH_FORM_VALUES, form_at_least},
    {"!at_most", MATCH_FORM_VALUES, form_at_most},
    {"!has", MATCH_FORM_VALUES, form_has},
    {"!one_of", MATCH_FORM_VALUES, form_one_of},
    {"!descending", MATCH_FORM_OTHER, NULL},
    {"!absent", MATCH_FORM_OTHER, NULL},
    {"!indexed", MATCH_FORM_OTHER, NULL},
    {"!contains", MATCH_FORM_VALUES, NULL},
    {"!lacks", MATCH_FORM_VALUES, NULL},
    {"!set", MATCH_FORM_VALUES, NULL},
};

enum match_form match_form(const char *tag)
{
    static const char *const types[] = {"!Structure",   "!Integer",  "!LongInteger", "!BigInteger",
                                        "!Enumeration", "!Boolean",  "!TextString",  "!ByteString",
                                        "!DateTime",    "!Interval", "!text"};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (strcmp(tag, forms[i].tag) == 0)
            return forms[i].form;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(tag, types[i]) == 0)
            return MATCH_FORM_OTHER;
    return MATCH_FORM_NONE;
}

bool match_value(struct matcher *m, const struct ynode *want, const struct got *g)
{
    for (size_t i = 0; want->tag && i < sizeof forms / sizeof *forms; i++)
        if (strcmp(want->tag, forms[i].tag) == 0)
            return forms[i].match
                       ? forms[i].match(m, want, g)
                       : match_case_error(m, want, "%s stands with a field, not within a list",
                                          want->tag);
    if (want->kind == YNODE_MAP) {
        struct kmip_walk walk = *g->walk;
        if (g->it->type != TTLV_STRUCTURE)
            return match_differs(m, g, "a structure");
        return match_enter(&walk, g->it) && match_fields(m, want, &walk, g->it);
    }
    return match_scalar(m, want, g);
}

/* ---- check steps ------------------------------------------------------------ */

bool match_relation(struct matcher *m, const struct ynode *that, enum relation relation,
                    const struct ynode *other)
{
    static const char *const tags[] = {NULL, "!not", "!at_least", "!at_most", "!length"};
    struct bytes name;
    const struct var *v = is_variable(that, &name) ? vars_find(m->vars, name) : NULL;
    if (!v)
        return match_case_error(m, that, "check: 'that' is no bound variable");
    struct ttlv_item it = {.tag = KMIP_TAG_ATTRIBUTE_VALUE,
                           .type = (uint8_t)(v->type ? v->type : TTLV_TEXT_STRING),
                           .off = KERR_NO_OFF,
                           .len = (uint32_t)v->val.n,
                           .val = v->val};
    struct kmip_walk walk;
    struct got g = {&walk, {.types = TYPE_BIT(it.type)}, &it, NULL};
    struct ynode want = *other;
    kmip_walk_init(&walk);
    if (tags[relation])
        want.tag = tags[relation];
    if (is_variable(other, &name) && !reserved(name) && !vars_find(m->vars, name))
        return match_case_error(m, other, "check: '%s' is no bound variable", other->text);
    return match_value(m, &want, &g);
}
