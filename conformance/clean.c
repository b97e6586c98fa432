/* Removing from the server what a journal lists (journal.h).
 *
 * What a server says of its own objects is believed only where a mistake of it cannot
 * cost anybody a key: what Locate returns is looked at again before it is destroyed. */
#include "conformance/journal.h"

#include <stdio.h>

#include "kmip/base/text.h"

#define LOST_MAX 2 /* entries in a row before the server is taken for gone */

enum answer { DONE, NO_SUCH_OBJECT, ARCHIVED, REFUSED, LOST };

struct cleaning {
    struct journal *j;
    struct journal_entry *e;
    struct target *t;
    bool lost; /* no reply came */
};

/* Says why the entry stays. Always false. */
static bool stays(struct cleaning *cl, const char *why)
{
    const char *copy = arena_str(&cl->j->arena, why);
    cl->e->why = copy ? copy : "";
    return false;
}

/* ---- one request ------------------------------------------------------------ */

static enum answer answer_of(struct cleaning *cl, struct target_call *c)
{
    struct kerr err = KERR_INIT;
    char text[900];
    if (!target_answer(c, cl->e->client, &err)) {
        stays(cl, kerr_format(&err, text, sizeof text));
        cl->lost = true;
        return LOST;
    }
    if (c->item.status == KMIP_RESULT_STATUS_SUCCESS)
        return DONE;
    if (c->item.has_reason && c->item.reason == KMIP_RESULT_REASON_ITEM_NOT_FOUND)
        return NO_SUCH_OBJECT;
    if (c->item.has_reason && c->item.reason == KMIP_RESULT_REASON_OBJECT_ARCHIVED)
        return ARCHIVED;
    struct buf message;
    buf_init(&message, 1000);
    text_quote(&message, c->item.message, 200);
    snprintf(text, sizeof text, "the server refuses to: %s%s%s",
             c->item.has_reason ? kmip_name_of("Result Reason", c->item.reason) : "no reason",
             message.n ? ", " : "", buf_cstr(&message));
    buf_clear(&message);
    stays(cl, text);
    return REFUSED;
}

static enum answer ask(struct cleaning *cl, uint32_t operation, struct bytes uid)
{
    struct target_call c;
    target_ask(cl->t, &c, operation);
    ttlv_w_text(&c.w, KMIP_TAG_UNIQUE_IDENTIFIER, uid);
    if (operation == KMIP_OPERATION_REVOKE) {
        ttlv_w_open(&c.w, KMIP_TAG_REVOCATION_REASON);
        ttlv_w_enum(&c.w, KMIP_TAG_REVOCATION_REASON_CODE,
                    KMIP_REVOCATION_REASON_CODE_CESSATION_OF_OPERATION);
        ttlv_w_close(&c.w);
    }
    enum answer a = answer_of(cl, &c);
    target_call_clear(&c);
    return a;
}

/* ---- looking at an object --------------------------------------------------- */

/* Attributes of an object, one by name or all; each value goes to `is` until it says yes. */
static bool has_attribute(struct cleaning *cl, struct bytes uid, const char *name,
                          bool (*is)(const struct ttlv_item *value, const char *arg),
                          const char *arg)
{
    struct target_call c;
    struct ttlv_reader r;
    struct ttlv_item it, value;
    bool found = false;
    target_ask(cl->t, &c, KMIP_OPERATION_GET_ATTRIBUTES);
    ttlv_w_text(&c.w, KMIP_TAG_UNIQUE_IDENTIFIER, uid);
    if (name)
        ttlv_w_str(&c.w, KMIP_TAG_ATTRIBUTE_NAME, name);
    if (answer_of(cl, &c) == DONE && c.item.has_payload) {
        ttlv_r_children(&r, c.msg.msg, &c.item.payload, NULL);
        while (!found && ttlv_r_next(&r, &it))
            found = it.tag == KMIP_TAG_ATTRIBUTE &&
                    ttlv_find(&it, KMIP_TAG_ATTRIBUTE_VALUE, &value) && is(&value, arg);
    }
    target_call_clear(&c);
    return found;
}

/* A Name is a structure whose Name Value counts. */
static struct bytes text_in(const struct ttlv_item *value)
{
    struct ttlv_item name;
    if (value->type == TTLV_TEXT_STRING)
        return value->val;
    return value->type == TTLV_STRUCTURE && ttlv_find(value, KMIP_TAG_NAME_VALUE, &name)
               ? name.val
               : bytes_of(NULL, 0);
}

static bool is_text(const struct ttlv_item *value, const char *text)
{
    return bytes_eq_str(text_in(value), text);
}

static bool begins_with(const struct ttlv_item *value, const char *prefix)
{
    struct bytes text = text_in(value);
    size_t n = strlen(prefix);
    return n > 0 && text.n >= n && memcmp(text.p, prefix, n) == 0;
}

static bool is_destroyed_state(const struct ttlv_item *value, const char *unused)
{
    (void)unused;
    return value->type == TTLV_ENUMERATION &&
           (ttlv_enum(value) == KMIP_STATE_DESTROYED ||
            ttlv_enum(value) == KMIP_STATE_DESTROYED_COMPROMISED);
}

/* ---- removing it ------------------------------------------------------------ */

static bool remove_object(struct cleaning *cl, struct bytes uid)
{
    enum answer a = ask(cl, KMIP_OPERATION_DESTROY, uid);
    if (a == ARCHIVED) {
        stays(cl, "it is archived, and cannot be recovered");
        if (ask(cl, KMIP_OPERATION_RECOVER, uid) == DONE)
            a = ask(cl, KMIP_OPERATION_DESTROY, uid);
    }
    /* Active, or destroyed already with its attributes kept. */
    if (a == REFUSED && has_attribute(cl, uid, "State", is_destroyed_state, NULL))
        a = DONE;
    if (a == REFUSED) {
        ask(cl, KMIP_OPERATION_REVOKE, uid);
        a = ask(cl, KMIP_OPERATION_DESTROY, uid);
    }
    return a == DONE || a == NO_SUCH_OBJECT;
}

/* All identifiers in a Locate response that do have the attribute. */
static bool remove_located(struct cleaning *cl, const struct target_call *c)
{
    struct ttlv_reader r;
    struct ttlv_item it;
    bool ok = true;
    ttlv_r_children(&r, c->msg.msg, &c->item.payload, NULL);
    while (ttlv_r_next(&r, &it))
        if (it.tag == KMIP_TAG_UNIQUE_IDENTIFIER && it.type == TTLV_TEXT_STRING &&
            has_attribute(cl, it.val, cl->e->attribute, is_text, cl->e->value))
            ok = remove_object(cl, it.val) && ok;
    return ok;
}

/* An object whose reply was lost: by the attribute that bears the run's prefix. */
static bool remove_by_attribute(struct cleaning *cl)
{
    struct target_call c;
    target_ask(cl->t, &c, KMIP_OPERATION_LOCATE);
    if (strcmp(cl->e->attribute, "Name") == 0)
        kmip_attribute_name(&c.w, cl->e->value);
    else
        kmip_attribute_text(&c.w, cl->e->attribute, cl->e->value);
    bool ok = answer_of(cl, &c) == DONE && (!c.item.has_payload || remove_located(cl, &c));
    target_call_clear(&c);
    return ok;
}

static bool remove_by_uid(struct cleaning *cl, bool careful)
{
    struct bytes uid = bytes_str(cl->e->uid);
    if (!careful || has_attribute(cl, uid, NULL, begins_with, cl->j->run))
        return remove_object(cl, uid);
    /* has_attribute leaves a `why` when the server did not answer the question. */
    if (!cl->e->why && ask(cl, KMIP_OPERATION_GET_ATTRIBUTES, uid) == NO_SUCH_OBJECT)
        return true;
    return cl->e->why
               ? false
               : stays(cl, "it does not bear the run's prefix, so it may be somebody else's");
}

size_t journal_clean(struct journal *j, struct target *t, const char *case_id, bool careful)
{
    size_t left = 0, lost = 0;
    for (size_t i = j->n; i-- > 0;) {
        struct cleaning cl = {.j = j, .e = &j->v[i], .t = t};
        if (cl.e->gone || (case_id && strcmp(cl.e->case_id, case_id) != 0))
            continue;
        cl.e->why = NULL;
        if (lost >= LOST_MAX)
            left += !stays(&cl, "the server does not answer any more");
        else if (cl.e->uid[0] ? remove_by_uid(&cl, careful) : remove_by_attribute(&cl))
            journal_done(j, cl.e);
        else
            left++;
        lost = cl.lost ? lost + 1 : lost >= LOST_MAX ? lost : 0;
    }
    return left;
}
