/* An engine for tests: requests written in YAML go in, replies come out, and every
 * reply must pass the validator and the check against its request.
 *
 * Time stands still unless a test moves it. Values that replies bring are bound to
 * names and used as $name in later requests. */
#ifndef MOCKSERVER_TESTS_ENGINE_RIG_H
#define MOCKSERVER_TESTS_ENGINE_RIG_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "kmip/base/text.h"
#include "kmip/form/form.h"
#include "kmip/form/from_yaml.h"
#include "kmip/schema/message.h"
#include "kmip/schema/validate.h"
#include "mockserver/engine.h"
#include "mockserver/scratch.h"

#define RIG_NOW INT64_C(1700000000)
#define RIG_VARS 32

struct rig_var {
    char name[24];
    unsigned type;
    uint8_t val[4096];
    size_t n;
};

struct rig {
    struct mock_config cfg;
    struct mock_engine engine;
    struct mock_peer peer;
    struct behaviour *behaviour; /* of the next requests; NULL: as configured */
    struct draws *draws;         /* NULL: the engine's */
    int64_t now_ns;
    struct buf request, reply;
    struct answer_note note;
    struct rig_var vars[RIG_VARS];
    size_t n_vars;
    unsigned findings;
    bool any_version; /* a server set up to speak fewer versions than it must */
    const char *version; /* of the next requests; NULL = 1.2 */
    const char *header; /* further header fields, each followed by a comma */
};

static int64_t rig_clock(void *arg)
{
    return ((struct rig *)arg)->now_ns;
}

/* Settings are "path=value", NULL-terminated. */
static struct rig *rig_new(const char *const *sets)
{
    struct rig *r = calloc(1, sizeof *r);
    struct opt_list list = {0};
    struct kerr err = KERR_INIT;
    for (; sets && sets[list.n]; list.n++)
        list.v[list.n] = sets[list.n];
    r->now_ns = RIG_NOW * 1000000000;
    cr_assert(config_load(&r->cfg, NULL, &list, &err), "%s", err.msg);
    cr_assert(engine_init(&r->engine, &r->cfg, rig_clock, r, &err), "%s", err.msg);
    snprintf(r->peer.identity, sizeof r->peer.identity, "alice");
    r->peer.authenticated = true;
    buf_init(&r->request, BUF_NO_LIMIT);
    buf_init(&r->reply, 64u << 20);
    return r;
}

static void rig_free(struct rig *r)
{
    engine_clear(&r->engine);
    config_clear(&r->cfg);
    buf_clear(&r->request);
    buf_clear(&r->reply);
    free(r);
}

static void rig_bind(struct rig *r, const char *name, unsigned type, struct bytes val)
{
    struct rig_var *v = NULL;
    for (size_t i = 0; i < r->n_vars; i++)
        if (strcmp(r->vars[i].name, name) == 0)
            v = &r->vars[i];
    if (!v)
        v = &r->vars[r->n_vars++];
    cr_assert(r->n_vars <= RIG_VARS && val.n <= sizeof v->val);
    snprintf(v->name, sizeof v->name, "%s", name);
    v->type = type;
    v->n = val.n;
    if (val.n)
        memcpy(v->val, val.p, val.n);
}

static bool rig_lookup(void *arg, struct bytes name, struct form_value_ref *out)
{
    struct rig *r = arg;
    for (size_t i = 0; i < r->n_vars; i++)
        if (bytes_eq_str(name, r->vars[i].name)) {
            *out = (struct form_value_ref){r->vars[i].type, bytes_of(r->vars[i].val, r->vars[i].n)};
            return true;
        }
    return false;
}

static void rig_finding(void *arg, const struct finding *f)
{
    struct rig *r = arg;
    if (f->rule == RULE_MESSAGE_VERSION && r->any_version)
        return;
    r->findings++;
    fprintf(stderr, "%s: expected %s, got %s (%s)\n", rule_of(f->rule)->name, f->expected,
            f->actual, f->path);
}

static void rig_show(struct rig *r)
{
    struct buf text;
    const struct form_options o = {.show_secrets = true};
    buf_init(&text, BUF_NO_LIMIT);
    form_text(buf_bytes(&r->request), &o, &text);
    form_text(buf_bytes(&r->reply), &o, &text);
    fprintf(stderr, "%s\n", buf_cstr(&text));
    buf_clear(&text);
}

/* Hands over what r->request holds. */
static bool rig_answer(struct rig *r, struct kerr *err)
{
    const struct engine_request rq = {.bytes = buf_bytes(&r->request),
                                      .peer = &r->peer,
                                      .behaviour = r->behaviour,
                                      .draws = r->draws};
    const struct engine_scratch *scratch = r->engine.scratch;
    buf_reset(&r->reply);
    bool ok = engine_answer(&r->engine, &rq, &r->reply, &r->note, err);
    cr_expect_eq(scratch->data.n + scratch->wrapped.n + scratch->found.n, 0, "not wiped");
    return ok;
}

/* ... and looks at the reply. */
static void rig_send(struct rig *r)
{
    struct kerr err = KERR_INIT;
    const struct finding_sink sink = {rig_finding, r};
    unsigned before = r->findings;
    cr_assert(rig_answer(r, &err), "%s", err.msg);
    cr_expect(kmip_validate(buf_bytes(&r->reply), 0, NULL, &sink, &err), "%s", err.msg);
    kmip_check_reply(buf_bytes(&r->request), buf_bytes(&r->reply), r->now_ns / 1000000000, &sink);
    if (r->findings != before)
        rig_show(r);
    cr_expect_eq(r->findings, before, "the reply breaks the standard");
}

/* Makes a message of Batch Items in YAML flow style, separated by blank-ringed bars
 * "||"; items of a batch get identifiers unless they have them. */
static void rig_compose(struct rig *r, const char *items)
{
    struct buf text;
    struct ydoc doc = {0};
    struct kerr err = KERR_INIT;
    const struct form_env env = {rig_lookup, r, r->now_ns / 1000000000};
    unsigned n = 1;
    for (const char *p = items; (p = strstr(p, "||")); p += 2)
        n++;
    buf_init(&text, BUF_NO_LIMIT);
    buf_printf(&text,
               "Request Message: {Request Header: {Protocol Version: %s, %s Batch Count: %u}, "
               "Batch Item: [",
               r->version ? r->version : "1.2", r->header ? r->header : "", n);
    unsigned index = 0;
    for (const char *p = items;; index++) {
        const char *end = strstr(p, "||");
        size_t len = end ? (size_t)(end - p) : strlen(p);
        const char *comma = memchr(p, ',', len);
        cr_assert(comma, "an item has an Operation and a payload: %s", p);
        /* Operation first, then the identifier, then the rest. */
        buf_printf(&text, "%s{Operation: %.*s,", index ? ", " : "", (int)(comma - p), p);
        if (n > 1)
            buf_printf(&text, " Unique Batch Item ID: %08x,", 0xAB000000 + index);
        buf_printf(&text, " Request Payload: %.*s}", (int)(len - (size_t)(comma - p) - 1),
                   comma + 1);
        if (!end)
            break;
        p = end + 2;
    }
    buf_puts(&text, "]}");
    cr_assert(ydoc_parse(&doc, "request", buf_bytes(&text), &err), "%s in %s", err.msg,
              buf_cstr(&text));
    buf_reset(&r->request);
    cr_assert(from_yaml_message(doc.root, &env, &r->request, &err), "%s in %s", err.msg,
              buf_cstr(&text));
    ydoc_clear(&doc);
    buf_clear(&text);
}

/* "Get, {Unique Identifier: $key}" */
static void rig_ask(struct rig *r, const char *items)
{
    rig_compose(r, items);
    rig_send(r);
}

static bool rig_item(struct rig *r, unsigned index, struct kmip_item *it)
{
    struct kmip_message m;
    struct kerr err = KERR_INIT;
    if (!kmip_open(&m, buf_bytes(&r->reply), &err))
        return false;
    while (kmip_next_item(&m, it))
        if (it->index == index)
            return true;
    return false;
}

static unsigned rig_items(struct rig *r)
{
    struct kmip_message m;
    struct kerr err = KERR_INIT;
    return kmip_open(&m, buf_bytes(&r->reply), &err) ? m.n_items : 0;
}

/* 0 for Success, else the Result Reason; 1000 + status for Pending and Undone. */
static uint32_t rig_reason(struct rig *r, unsigned index)
{
    struct kmip_item it;
    if (!rig_item(r, index, &it))
        return UINT32_MAX;
    if (it.status == KMIP_RESULT_STATUS_OPERATION_FAILED)
        return it.reason;
    return it.status ? 1000 + it.status : 0;
}

static const char *rig_message(struct rig *r, unsigned index)
{
    static char text[200];
    struct kmip_item it;
    text[0] = '\0';
    if (rig_item(r, index, &it) && it.has_message)
        snprintf(text, sizeof text, "%.*s", (int)it.message.n, (const char *)it.message.p);
    return text;
}

#define rig_expect(r, items, reason)                                                               \
    do {                                                                                           \
        rig_ask(r, items);                                                                         \
        uint32_t got_ = rig_reason(r, 0);                                                          \
        cr_expect_eq(got_, (uint32_t)(reason), "%s: expected %s, got %s (%s)", items,              \
                     (reason) ? kmip_name_of("Result Reason", reason) : "Success",                 \
                     got_ ? kmip_name_of("Result Reason", got_) : "Success", rig_message(r, 0));   \
    } while (0)

/* The first item of the last reply fails for this reason, or succeeds (0). */
#define rig_expect_reason(r, name, expected)                                                       \
    do {                                                                                           \
        uint32_t got_ = rig_reason(r, 0);                                                          \
        cr_expect_eq(got_, (uint32_t)(expected), "%s: got %s: %s", name,                           \
                     got_ ? kmip_name_of("Result Reason", got_) : "Success", rig_message(r, 0));   \
    } while (0)

/* Requests one after the other, and what comes of each. */
struct rig_row {
    const char *name, *items;
    uint32_t reason;
};
#define rig_expect_rows(r, rows)                                                                   \
    do {                                                                                           \
        for (size_t i_ = 0; i_ < sizeof(rows) / sizeof *(rows); i_++) {                            \
            rig_ask(r, (rows)[i_].items);                                                          \
            rig_expect_reason(r, (rows)[i_].name, (rows)[i_].reason);                              \
        }                                                                                          \
    } while (0)

/* A field of an item's payload by tag. */
static bool rig_field(struct rig *r, unsigned index, uint32_t tag, struct ttlv_item *out)
{
    struct kmip_item it;
    return rig_item(r, index, &it) && it.has_payload && ttlv_find(&it.payload, tag, out);
}

static unsigned rig_count(struct rig *r, unsigned index, uint32_t tag)
{
    struct kmip_item it;
    struct ttlv_reader rd;
    struct ttlv_item f;
    unsigned n = 0;
    if (!rig_item(r, index, &it) || !it.has_payload)
        return 0;
    ttlv_r_init(&rd, it.payload.val, NULL, NULL);
    while (ttlv_r_next(&rd, &f))
        n += f.tag == tag;
    return n;
}

/* Binds a field of the first item to a name. */
static void rig_take(struct rig *r, const char *name, uint32_t tag)
{
    struct ttlv_item it;
    if (!rig_field(r, 0, tag, &it)) {
        rig_show(r);
        cr_assert_fail("no %s in the reply", kmip_tag_name(tag));
    }
    rig_bind(r, name, it.type, it.val);
}

static void rig_make(struct rig *r, const char *name, const char *items)
{
    rig_expect(r, items, 0);
    rig_take(r, name, KMIP_TAG_UNIQUE_IDENTIFIER);
}

/* The value of an attribute in the first item's reply; n-th instance. */
static bool rig_attribute(struct rig *r, const char *name, unsigned n, struct ttlv_item *value,
                          int32_t *index)
{
    struct kmip_item it;
    struct ttlv_reader rd;
    struct ttlv_item a, f;
    if (!rig_item(r, 0, &it) || !it.has_payload)
        return false;
    ttlv_r_init(&rd, it.payload.val, NULL, NULL);
    while (ttlv_r_next(&rd, &a)) {
        if (a.tag != KMIP_TAG_ATTRIBUTE || !ttlv_find(&a, KMIP_TAG_ATTRIBUTE_NAME, &f) ||
            !bytes_eq_str(f.val, name) || n-- > 0)
            continue;
        if (index)
            *index = ttlv_find(&a, KMIP_TAG_ATTRIBUTE_INDEX, &f) ? ttlv_int(&f) : 0;
        return ttlv_find(&a, KMIP_TAG_ATTRIBUTE_VALUE, value);
    }
    return false;
}

/* Asks for the attribute of $name and returns its value, enumerations and numbers. */
static int64_t rig_number(struct rig *r, const char *object, const char *attribute)
{
    char text[200];
    struct ttlv_item v;
    snprintf(text, sizeof text, "Get Attributes, {Unique Identifier: $%s, Attribute Name: %s}",
             object, attribute);
    rig_expect(r, text, 0);
    if (!rig_attribute(r, attribute, 0, &v, NULL))
        return -1;
    return v.val.n == 8 ? ttlv_long(&v) : v.val.n == 4 ? (int64_t)ttlv_enum(&v) : -2;
}

static uint32_t rig_state(struct rig *r, const char *object)
{
    return (uint32_t)rig_number(r, object, "State");
}

/* What the store holds, as one number; object by object, so it has to be asked while nothing
 * fails. */
static bool rig_add_object(void *arg, struct mock_object *o)
{
    struct buf *all = arg;
    cr_assert(object_save(o, all));
    return true;
}

static uint64_t rig_digest(struct rig *r)
{
    struct buf all;
    struct kerr err = KERR_INIT;
    buf_init(&all, BUF_NO_LIMIT);
    engine_settle(&r->engine);
    cr_assert(store_scan(r->engine.store, NULL, 0, rig_add_object, &all, &err), "%s", err.msg);
    uint64_t digest = bytes_hash(buf_bytes(&all));
    buf_clear(&all);
    return digest;
}

/* Keeps the compiler quiet about what a test file does not use. */
static void *const rig_all[] __attribute__((unused)) = {
    (void *)rig_new,    (void *)rig_free,  (void *)rig_ask,   (void *)rig_items,
    (void *)rig_count,  (void *)rig_take,  (void *)rig_make,  (void *)rig_attribute,
    (void *)rig_number, (void *)rig_state, (void *)rig_field, (void *)rig_message,
    (void *)rig_reason, (void *)rig_show,  (void *)rig_digest};

#endif
