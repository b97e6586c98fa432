/* Cases that run alone (alone.h). A rule on the safe side rather than a mark in each file:
 * cases that people write keep it without knowing.
 *
 * Whatever a case makes bears names of its own, so what others make at the same time
 * cannot be met by it, except by a look at all that there is. */
#include "conformance/alone.h"

#include <string.h>

#include "kmip/schema/dict.h"

/* Variables that are the same for every case, or nearly so. */
static bool is_common(const char *name, size_t n)
{
    static const char *const common[] = {"NOW", "SERVER_NOW", "VERSION", "PORT"};
    for (size_t i = 0; i < sizeof common / sizeof *common; i++)
        if (strlen(common[i]) == n && strncmp(common[i], name, n) == 0)
            return true;
    return false;
}

static bool has_own_variable(const char *text)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    for (const char *p = text; (p = strchr(p, '$')) != NULL;) {
        p += 1 + (p[1] == '{');
        size_t n = strspn(p, letters);
        if (n > 0 && !is_common(p, n))
            return true;
    }
    return false;
}

/* Is there anything in it that only this case's objects can have? */
static bool is_own(const struct ynode *n)
{
    if (!n)
        return false;
    if (n->kind == YNODE_SCALAR)
        return has_own_variable(n->text);
    for (size_t i = 0; i < n->n; i++)
        if (is_own(n->vals[i]))
            return true;
    return false;
}

static bool names_locate(const struct ynode *n)
{
    if (!n || n->kind == YNODE_SCALAR)
        return false;
    for (size_t i = 0; i < n->n; i++)
        if ((n->kind == YNODE_MAP && strcmp(n->keys[i]->text, "Operation") == 0 &&
             n->vals[i]->kind == YNODE_SCALAR && strcmp(n->vals[i]->text, "Locate") == 0) ||
            names_locate(n->vals[i]))
            return true;
    return false;
}

static bool locates_all(const struct case_step *s)
{
    for (size_t i = 0; i < s->n_items; i++)
        if (s->items[i].operation == KMIP_OPERATION_LOCATE && !is_own(s->items[i].payload))
            return true;
    return names_locate(s->message) && !is_own(s->message);
}

static bool lets_time_pass(const struct case_step *s)
{
    return s->kind == STEP_WAIT || s->repeat_every_ns > 0 || s->async;
}

static bool is_hostile(const struct case_step *s)
{
    return s->families || s->kind == STEP_STALL;
}

const char *case_alone(const struct test_case *tc, bool virtual_time)
{
    if (tc->probe)
        return "it measures the server";
    if (tc->unnamed)
        return "what it makes bears names that other cases use too";
    if (tc->mock.has_clock)
        return "it sets the server's clock";
    for (size_t i = 0; i < tc->n_steps; i++) {
        if (is_hostile(&tc->steps[i]))
            return "it may be more than the server can bear";
        if (locates_all(&tc->steps[i]))
            return "it looks at all objects of the server";
        if (virtual_time && lets_time_pass(&tc->steps[i]))
            return "it advances the server's clock";
    }
    return NULL;
}
