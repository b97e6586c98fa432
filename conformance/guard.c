/* The guard (runner.h): a case changes nothing but what the run has made, and makes
 * nothing that the run could not find again. A server whose Locate ignores its filters
 * would otherwise have us destroy the keys of others. */
#include <stdio.h>

#include "conformance/made.h"
#include "kmip/base/text.h"
#include "kmip/schema/open.h"

struct guard {
    struct running *rn;
    /* Whose object the ID Placeholder stands for (KMIP 1.2 spec, 4). It is empty at the
     * start, but not on every server. */
    enum { NOBODYS, OURS, THEIRS } placeholder;
};

static bool is_ours(const struct running *rn, struct bytes uid)
{
    return made_bears_prefix(rn, uid) || journal_knows(rn->runner->journal, uid);
}

/* ---- does the case reckon with a refusal? ------------------------------------- */

static bool may_be_refused(const struct expectation *e)
{
    bool may = e->status != KMIP_RESULT_STATUS_SUCCESS || e->connection != CONNECTION_REPLY;
    for (size_t i = 0; !may && i < e->n_any_of; i++)
        may = may_be_refused(&e->any_of[i]);
    for (size_t i = 0; !may && i < e->n_batch; i++)
        may = may_be_refused(&e->batch[i]);
    return may;
}

/* The item of this number in the step under way. */
static bool reckons_with_refusal(const struct running *rn, uint32_t index)
{
    if (rn->step >= rn->tc->n_steps)
        return false;
    const struct case_step *s = &rn->tc->steps[rn->step];
    return may_be_refused(&s->expect) ||
           (index < s->n_items && may_be_refused(&s->items[index].expect));
}

/* ---- what changes --------------------------------------------------------------- */

static bool refuse(struct running *rn, const struct kmip_item *it, const char *what)
{
    result_decide(rn->result, VERDICT_INCONCLUSIVE, rn->step, "not sent: %s of %s",
                  kmip_operation_name(it->operation), what);
    rn->over = true;
    return false;
}

static bool names_object(const struct ttlv_item *it)
{
    return (it->tag == KMIP_TAG_UNIQUE_IDENTIFIER ||
            it->tag == KMIP_TAG_PRIVATE_KEY_UNIQUE_IDENTIFIER ||
            it->tag == KMIP_TAG_PUBLIC_KEY_UNIQUE_IDENTIFIER) &&
           (it->type == TTLV_TEXT_STRING || it->type == TTLV_BYTE_STRING);
}

/* Objects that the item names: *n of them. False: one, *foreign, is not ours. */
static bool only_ours(const struct running *rn, const struct kmip_item *it, size_t *n,
                      struct bytes *foreign)
{
    struct ttlv_reader r;
    struct ttlv_item field;
    *n = 0;
    if (!it->has_payload)
        return true;
    ttlv_r_init(&r, it->payload.val, NULL, NULL);
    while (ttlv_r_next(&r, &field)) {
        if (!names_object(&field))
            continue;
        (*n)++;
        if (!is_ours(rn, field.val)) {
            *foreign = field.val;
            return false;
        }
    }
    return true;
}

static bool refuse_foreign(struct running *rn, const struct kmip_item *it, struct bytes uid)
{
    struct buf what;
    buf_init(&what, 1000);
    buf_putc(&what, '\'');
    text_quote(&what, uid, 80);
    buf_puts(&what, "', an object that this run has not made");
    refuse(rn, it, buf_cstr(&what));
    buf_clear(&what);
    return false;
}

/* ---- what is made ------------------------------------------------------------------ */

static bool found_one(void *arg, struct bytes attribute, struct bytes value)
{
    (void)attribute, (void)value;
    *(bool *)arg = true;
    return false;
}

/* An object without a name of ours could not be found again if its reply were lost; a
 * case that means the request to be refused may try. */
static bool can_be_found(struct guard *g, const struct kmip_item *it)
{
    struct running *rn = g->rn;
    bool named = false;
    if (it->has_payload)
        made_each_name(rn, &it->payload, found_one, &named);
    if (named || rn->tc->unnamed || reckons_with_refusal(rn, it->index))
        return true;
    return kerr_set(&rn->err, KE_CASE,
                    "not sent: %s without a Name, or another attribute, that begins with $RUN: "
                    "what it makes could not be found again",
                    kmip_operation_name(it->operation));
}

/* What this Locate found before in the case was ours alone, and so will it be again. */
static bool finds_ours(const struct running *rn, const struct kmip_item *it)
{
    const struct own_locate *known = rn->own_locates;
    while (known && !(it->has_payload && bytes_eq(known->payload, it->payload.val)))
        known = known->next;
    return known != NULL;
}

/* ---- the items of a request ----------------------------------------------------------- */

static bool item_allowed(struct guard *g, const struct kmip_item *it)
{
    struct bytes foreign = bytes_of(NULL, 0);
    size_t n = 0;
    unsigned effect = it->has_operation ? made_effect(it->operation) : 0;
    bool ours = only_ours(g->rn, it, &n, &foreign);
    if ((effect & MADE_CHANGES) && !ours)
        return refuse_foreign(g->rn, it, foreign);
    if ((effect & MADE_CHANGES) && n == 0 &&
        (g->placeholder == THEIRS ||
         (g->placeholder == NOBODYS && !reckons_with_refusal(g->rn, it->index))))
        return refuse(g->rn, it,
                      "whatever the ID Placeholder stands for: no item before it makes an object");
    if (effect & MADE_NEW) {
        g->placeholder = OURS;
        return (effect & MADE_REPLACES) || can_be_found(g, it);
    }
    if (it->has_operation && (it->operation == KMIP_OPERATION_LOCATE || !ours))
        g->placeholder = ours && finds_ours(g->rn, it) ? OURS : THEIRS;
    return true;
}

bool made_allowed(struct running *rn, struct bytes request)
{
    struct guard g = {.rn = rn};
    struct kmip_message m;
    struct kmip_item it;
    if (!kmip_open_outline(&m, request, NULL) && m.n_items == 0)
        return true; /* deliberately no message: nothing that a server could do */
    while (kmip_next_item(&m, &it))
        if (!item_allowed(&g, &it))
            return false;
    return true;
}
