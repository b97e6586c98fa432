/* The keys of hostile steps (case.h): break, stall, ciphers. */
#include <string.h>

#include "conformance/case_in.h"
#include "conformance/hostile.h"
#include "conformance/malform.h"

static bool take_family(const struct ynode *n, uint32_t *families, struct kerr *err)
{
    struct buf names;
    const struct malform_family *f = n->kind == YNODE_SCALAR ? malform_find(n->text) : NULL;
    if (f) {
        *families |= 1u << (f - malform_families);
        return true;
    }
    if (n->kind == YNODE_SCALAR && strcmp(n->text, "all") == 0) {
        *families = (1u << n_malform_families) - 1;
        return true;
    }
    buf_init(&names, 2000);
    malform_names(&names);
    ynode_err(n, KE_CASE, err, "break: expected all, or some of %s", buf_cstr(&names));
    buf_clear(&names);
    return false;
}

static bool read_break(const struct ynode *n, struct case_step *s, struct kerr *err)
{
    if (n->kind != YNODE_SEQ)
        return take_family(n, &s->families, err);
    for (size_t i = 0; i < n->n; i++)
        if (!take_family(n->vals[i], &s->families, err))
            return false;
    return n->n > 0 || ynode_err(n, KE_CASE, err, "break: the list is empty");
}

static bool read_stall(const struct ynode *n, struct case_step *s, struct kerr *err)
{
    struct buf names;
    s->stall = n->kind == YNODE_SCALAR ? stall_find(n->text) : NULL;
    if (s->stall)
        return true;
    buf_init(&names, 2000);
    stall_names(&names);
    ynode_err(n, KE_CASE, err, "stall: expected one of %s", buf_cstr(&names));
    buf_clear(&names);
    return false;
}

static bool read_ciphers(const struct ynode *n, struct case_step *s, struct kerr *err)
{
    for (enum auth_suite a = AUTH_BASIC; a < AUTH_SUITES_; a++)
        if (n->kind == YNODE_SCALAR && strcmp(n->text, auth_suite_names[a]) == 0) {
            s->ciphers = a;
            return true;
        }
    return ynode_err(n, KE_CASE, err, "ciphers: expected basic or tls12");
}

bool case_read_hostile(struct case_step *s, struct kerr *err)
{
    const struct ynode *families = ynode_get(s->node, "break"),
                       *stall = ynode_get(s->node, "stall"),
                       *ciphers = ynode_get(s->node, "ciphers");
    if (families && (ynode_get(s->node, "expect") || ynode_get(s->node, "client") ||
                     s->together > 0 || s->pieces > 0))
        return ynode_err(families, KE_CASE, err,
                         "'break' has connections and expectations of its own");
    if (s->together > 0 && s->batch)
        return ynode_err(s->node, KE_CASE, err, "'together' is for single requests");
    return (!families || read_break(families, s, err)) && (!stall || read_stall(stall, s, err)) &&
           (!ciphers || read_ciphers(ciphers, s, err));
}
