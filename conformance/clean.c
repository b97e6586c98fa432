/* Removing from the server what a journal lists (journal.h).
 *
 * What a server says of its own objects is believed only where a mistake of it cannot
 * cost anybody a key: what Locate returns is looked at again before it is destroyed. And
 * where it cannot leave one behind: an object that is 'not found' without anybody having
 * destroyed it is looked for in other ways. */
#include "conformance/journal.h"

#include <stdio.h>

#include "client/lib/requests.h"
#include "kmip/base/text.h"

#define LOST_MAX 2      /* entries in a row before the server is taken for gone */
#define LOCATED_MAX 200 /* of one Locate: more, and it does not heed its filter */
#define SAME_TIME_S 2   /* between an Initial Date and the Time Stamp of the reply */

enum answer { DONE, NO_SUCH_OBJECT, ARCHIVED, REFUSED, LOST };

struct cleaning {
    struct journal *j;
    struct journal_entry *e;
    struct target *t;
    bool careful, last;
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

static struct ttlv_writer *begin(struct cleaning *cl, struct target_call *c, uint32_t operation)
{
    target_ask_as(cl->t, c, operation, cl->e->authentication);
    return &c->w;
}

static enum answer answer_of(struct cleaning *cl, struct target_call *c)
{
    struct kerr err = KERR_INIT;
    char text[900];
    if (!target_answer(c, cl->e->client, &err)) {
        stays(cl, kerr_format(&err, text, sizeof text));
        cl->lost = true;
        return LOST;
    }
    if (c->item.has_status && c->item.status == KMIP_RESULT_STATUS_SUCCESS)
        return DONE;
    if (c->item.has_reason && c->item.reason == KMIP_RESULT_REASON_ITEM_NOT_FOUND)
        return NO_SUCH_OBJECT;
    if (c->item.has_reason && c->item.reason == KMIP_RESULT_REASON_OBJECT_ARCHIVED)
        return ARCHIVED;
    struct buf message;
    buf_init(&message, 1000);
    text_show(&message, c->item.message, 200);
    snprintf(text, sizeof text, "the server refuses to: %s%s%s",
             c->item.has_reason ? kmip_name_of("Result Reason", c->item.reason) : "no reason",
             message.n ? ", " : "", buf_cstr(&message));
    buf_clear(&message);
    stays(cl, text);
    return REFUSED;
}

static enum answer ask(struct cleaning *cl, uint32_t operation, const char *uid)
{
    struct target_call c;
    struct ttlv_writer *w = begin(cl, &c, operation);
    if (operation == KMIP_OPERATION_REVOKE)
        req_revoke(w, uid, KMIP_REVOCATION_REASON_CODE_CESSATION_OF_OPERATION, NULL, INT64_MIN);
    else
        req_uid(w, uid);
    enum answer a = answer_of(cl, &c);
    target_call_clear(&c);
    return a;
}

/* ---- looking at an object --------------------------------------------------- */

/* An attribute's name and value: is it the one that is looked for? */
typedef bool is_it(const struct cleaning *cl, struct bytes name, const struct ttlv_item *value);

static bool any_is(struct cleaning *cl, const struct target_call *c, is_it *is)
{
    struct ttlv_reader r;
    struct ttlv_item it, name, value;
    ttlv_r_children(&r, c->msg.msg, &c->item.payload, NULL);
    while (ttlv_r_next(&r, &it))
        if (it.tag == KMIP_TAG_ATTRIBUTE && ttlv_find(&it, KMIP_TAG_ATTRIBUTE_NAME, &name) &&
            ttlv_find(&it, KMIP_TAG_ATTRIBUTE_VALUE, &value) && is(cl, name.val, &value))
            return true;
    return false;
}

/* Attributes of an object, one by name or all. *has: one of them is it. */
static enum answer look(struct cleaning *cl, const char *uid, const char *name, is_it *is,
                        bool *has)
{
    struct target_call c;
    req_get_attributes(begin(cl, &c, KMIP_OPERATION_GET_ATTRIBUTES), uid, &name, name ? 1 : 0);
    enum answer a = answer_of(cl, &c);
    *has = a == DONE && c.item.has_payload && any_is(cl, &c, is);
    target_call_clear(&c);
    return a;
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

static bool is_wanted(const struct cleaning *cl, struct bytes name, const struct ttlv_item *value)
{
    return bytes_eq_str(name, cl->e->attribute) && bytes_eq_str(text_in(value), cl->e->value);
}

static bool bears_run(const struct journal *j, struct bytes text)
{
    size_t n = strlen(j->run);
    return n > 0 && text.n >= n && memcmp(text.p, j->run, n) == 0;
}

/* The run's prefix; or, of an object that bears no name (the storage driver's keys), the
 * second at which it was made. */
static bool is_of_run(const struct cleaning *cl, struct bytes name, const struct ttlv_item *value)
{
    if (bytes_eq_str(name, "Initial Date") && value->type == TTLV_DATE_TIME && cl->e->has_at) {
        int64_t made = ttlv_long(value), at = cl->e->at;
        return made >= at - SAME_TIME_S && made <= at + SAME_TIME_S;
    }
    return bears_run(cl->j, text_in(value));
}

static bool is_destroyed_state(const struct cleaning *cl, struct bytes name,
                               const struct ttlv_item *value)
{
    (void)cl;
    return bytes_eq_str(name, "State") && value->type == TTLV_ENUMERATION &&
           (ttlv_enum(value) == KMIP_STATE_DESTROYED ||
            ttlv_enum(value) == KMIP_STATE_DESTROYED_COMPROMISED);
}

/* ---- removing it ------------------------------------------------------------ */

static enum answer remove_object(struct cleaning *cl, const char *uid)
{
    bool destroyed = false;
    journal_destroying(cl->j, bytes_str(uid));
    enum answer a = ask(cl, KMIP_OPERATION_DESTROY, uid);
    if (a == ARCHIVED) {
        stays(cl, "it is archived, and cannot be recovered");
        if (ask(cl, KMIP_OPERATION_RECOVER, uid) == DONE)
            a = ask(cl, KMIP_OPERATION_DESTROY, uid);
    }
    /* Active, or destroyed already with its attributes kept. */
    if (a == REFUSED) {
        const char *why = cl->e->why;
        look(cl, uid, "State", is_destroyed_state, &destroyed);
        cl->e->why = why;
    }
    if (destroyed)
        return DONE;
    if (a == REFUSED) {
        ask(cl, KMIP_OPERATION_REVOKE, uid);
        a = ask(cl, KMIP_OPERATION_DESTROY, uid);
    }
    return a;
}

/* One of those that a Locate returned. *ok: it is not there any more, or not ours. */
static void remove_found(struct cleaning *cl, struct bytes uid, bool *ok)
{
    const char *text = arena_copy(&cl->j->arena, uid);
    bool ours = false;
    if (!text) {
        *ok = stays(cl, "no memory");
        return;
    }
    enum answer a = look(cl, text, cl->e->attribute, is_wanted, &ours);
    if (a == REFUSED || a == LOST) {
        *ok = false; /* it may be ours: `why` says what the server answers */
    } else if (ours) {
        a = remove_object(cl, text);
        if (a == NO_SUCH_OBJECT)
            stays(cl, "the server answers its Destroy with Item Not Found, and yet has it");
        *ok = *ok && a == DONE;
    }
}

/* All identifiers in a Locate response that do have the attribute. */
static bool remove_located(struct cleaning *cl, const struct target_call *c)
{
    struct ttlv_reader r;
    struct ttlv_item it;
    size_t n = 0;
    bool ok = true;
    ttlv_r_children(&r, c->msg.msg, &c->item.payload, NULL);
    while (ttlv_r_next(&r, &it)) {
        if (it.tag != KMIP_TAG_UNIQUE_IDENTIFIER || it.type != TTLV_TEXT_STRING)
            continue;
        if (++n > LOCATED_MAX)
            return stays(cl, "Locate does not heed its filter: it returns too many objects to "
                             "look at");
        remove_found(cl, it.val, &ok);
    }
    return ok;
}

/* Looks for what the entry's attribute names, and destroys it. *answered: Locate works. */
static bool locate_and_remove(struct cleaning *cl, bool *answered)
{
    struct target_call c;
    struct ttlv_writer *w = begin(cl, &c, KMIP_OPERATION_LOCATE);
    if (strcmp(cl->e->attribute, "Name") == 0)
        kmip_attribute_name(w, cl->e->value);
    else
        kmip_attribute_text(w, cl->e->attribute, cl->e->value);
    enum answer a = answer_of(cl, &c);
    *answered = a == DONE || a == NO_SUCH_OBJECT;
    bool ok = *answered && (a == NO_SUCH_OBJECT || !c.item.has_payload || remove_located(cl, &c));
    target_call_clear(&c);
    return ok;
}

/* ---- objects that only an attribute is known of -------------------------------- */

/* A refused request is done with when nothing is found, or when the server cannot be
 * asked: its word must do then. What may still be under way, because no reply came, is
 * looked for again at the end of the run. */
static bool remove_by_attribute(struct cleaning *cl)
{
    bool answered = false;
    if (cl->careful && !bears_run(cl->j, bytes_str(cl->e->value)))
        return stays(cl, "it does not bear the run's prefix, so it may be somebody else's");
    bool ok = locate_and_remove(cl, &answered);
    if (cl->e->refused)
        return ok || (!answered && !cl->lost);
    return ok && (cl->last || stays(cl, "no reply came, and it is not there yet"));
}

/* ---- objects with an identifier -------------------------------------------------- */

/* The server says that it has no such object, though we know of nobody who destroyed it. Do
 * its attributes and the names that it was made with tell the same? */
static bool really_gone(struct cleaning *cl)
{
    struct journal *j = cl->j;
    struct journal_entry *object = cl->e;
    bool unused, answered, gone = true;
    enum answer a = look(cl, object->uid, NULL, is_of_run, &unused);
    if (a != NO_SUCH_OBJECT)
        return a == DONE ? stays(cl, "the server answers its Destroy with Item Not Found, and yet "
                                     "has it")
                         : false;
    for (size_t i = 0; gone && i < j->n && object->ask > 0; i++) {
        struct journal_entry *e = &j->v[i];
        if (e->uid[0] || e->ask != object->ask)
            continue;
        cl->e = e;
        gone = locate_and_remove(cl, &answered) || (!answered && !cl->lost);
        object->why = e->why;
        cl->e = object;
    }
    return gone;
}

/* An object of an earlier run, or one that came in a reply to nothing we asked: it must
 * bear the run's marks. *over: there is nothing to destroy, and this is the result. */
static bool examine(struct cleaning *cl, bool *over)
{
    bool ours = false;
    enum answer a = look(cl, cl->e->uid, NULL, is_of_run, &ours);
    *over = !ours;
    if (ours)
        return true;
    if (!cl->careful && (a == DONE || a == NO_SUCH_OBJECT))
        return true; /* a finding has told of the reply; the object is not the run's */
    if (a == NO_SUCH_OBJECT)
        return cl->e->destroy_asked ||
               stays(cl, "the server does not find it: it is gone, or hidden from this client (if "
                         "it is gone, delete the journal)");
    return a == DONE ? stays(cl, "it does not bear the run's prefix, so it may be somebody else's")
                     : false;
}

static bool remove_by_uid(struct cleaning *cl)
{
    if (cl->careful || cl->e->doubtful) {
        bool over, done = examine(cl, &over);
        if (over)
            return done;
    }
    switch (remove_object(cl, cl->e->uid)) {
    case DONE:
        return true;
    case NO_SUCH_OBJECT:
        return really_gone(cl);
    default:
        return false;
    }
}

/* ---- all of them ------------------------------------------------------------------ */

static bool remove_once(struct cleaning *cl)
{
    cl->e->why = NULL;
    cl->lost = false;
    return cl->e->uid[0] ? remove_by_uid(cl) : remove_by_attribute(cl);
}

/* As the one who made it; should that credential not be good for anything, without it. */
static bool remove_entry(struct cleaning *cl)
{
    if (cl->e->credential && cl->e->authentication.n == 0)
        return stays(cl, "it was made with a credential, which a journal does not keep");
    if (remove_once(cl))
        return true;
    if (cl->e->authentication.n == 0)
        return false;
    cl->e->authentication = bytes_of(NULL, 0);
    cl->e->credential = false;
    return remove_once(cl);
}

size_t journal_clean(struct journal *j, struct target *t, const char *case_id, bool careful)
{
    size_t left = 0, lost = 0;
    for (size_t i = j->n; i-- > 0;) {
        struct cleaning cl = {
            .j = j, .e = &j->v[i], .t = t, .careful = careful, .last = case_id == NULL};
        if (cl.e->gone || (case_id && strcmp(cl.e->case_id, case_id) != 0))
            continue;
        if (lost >= LOST_MAX)
            left += !stays(&cl, "the server does not answer any more");
        else if (remove_entry(&cl))
            journal_done(j, cl.e);
        else
            left++;
        lost = cl.lost ? lost + 1 : lost >= LOST_MAX ? lost : 0;
    }
    return left;
}
