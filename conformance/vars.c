/* Variables of a case (vars.h). Binding anew appends, and look-up goes from the
 * end, so that rewinding brings the older value back. */
#include "conformance/vars.h"

#include "kmip/base/clock.h"

static bool lookup(void *arg, struct bytes name, struct form_value_ref *out)
{
    struct vars *vars = arg;
    if (bytes_eq_str(name, "SERVER_NOW")) {
        be64_put(vars->server_now, (uint64_t)(vars->env.now_s + vars->server_offset_s));
        *out = (struct form_value_ref){TTLV_DATE_TIME, bytes_of(vars->server_now, 8)};
        return true;
    }
    const struct var *v = vars_find(vars, name);
    if (!v)
        return false;
    out->type = v->type;
    out->val = v->val;
    return true;
}

void vars_init(struct vars *v, struct arena *arena)
{
    memset(v, 0, sizeof *v);
    v->arena = arena;
    v->env.lookup = lookup;
    v->env.arg = v;
    vars_tick(v);
}

void vars_tick(struct vars *v)
{
    v->env.now_s = clock_wall_ns() / NS_PER_S;
}

const struct var *vars_find(const struct vars *v, struct bytes name)
{
    for (size_t i = v->n; i-- > 0;)
        if (bytes_eq_str(name, v->v[i].name))
            return &v->v[i];
    return NULL;
}

bool vars_set(struct vars *v, struct bytes name, unsigned type, struct bytes val)
{
    char *key = arena_copy(v->arena, name), *copy = arena_copy(v->arena, val);
    if (!key || !copy || v->n == VARS_MAX)
        return false;
    v->v[v->n++] = (struct var){key, type, bytes_of(copy, val.n)};
    return true;
}

size_t vars_mark(const struct vars *v)
{
    return v->n;
}

void vars_rewind(struct vars *v, size_t mark)
{
    v->n = mark;
}
