/* Variables of a case (vars.h). Binding anew appends, and look-up goes from the
 * end, so that rewinding brings the older value back. */
#include "conformance/vars.h"

#include "kmip/base/clock.h"
#include "kmip/base/text.h"

static bool begins(struct bytes name, const char *with, struct bytes *rest)
{
    size_t n = strlen(with);
    if (name.n < n || memcmp(name.p, with, n) != 0)
        return false;
    *rest = bytes_of(name.p + n, name.n - n);
    return true;
}

/* SERVER_NOW, SERVER_NOW-3600, SERVER_NOW+1h. */
static bool server_now(struct vars *vars, struct bytes rest, struct form_value_ref *out)
{
    int64_t seconds = 0, ns;
    if (rest.n > 0 && !text_int(rest, -INT64_C(1000000000000), INT64_C(1000000000000), &seconds)) {
        if (!text_duration(rest, &ns))
            return false;
        seconds = ns / NS_PER_S;
    }
    be64_put(vars->server_now, (uint64_t)(vars->env.now_s + vars->server_offset_s + seconds));
    *out = (struct form_value_ref){TTLV_DATE_TIME, bytes_of(vars->server_now, 8)};
    return true;
}

/* RUN-a: the run's prefix with what follows, so that names need no braces. */
static bool run_name(struct vars *vars, struct bytes rest, struct form_value_ref *out)
{
    const struct var *run = vars_find(vars, bytes_str("RUN"));
    char *text = run ? arena_printf(vars->arena, "%.*s%.*s", (int)run->val.n,
                                    (const char *)run->val.p, (int)rest.n, (const char *)rest.p)
                     : NULL;
    if (!text)
        return false;
    *out = (struct form_value_ref){0, bytes_str(text)};
    return true;
}

static bool lookup(void *arg, struct bytes name, struct form_value_ref *out)
{
    struct vars *vars = arg;
    struct bytes rest;
    if (begins(name, "SERVER_NOW", &rest))
        return server_now(vars, rest, out);
    if (begins(name, "RUN", &rest) && rest.n > 0 && rest.p[0] == '-')
        return run_name(vars, rest, out);
    const struct var *v = vars_find(vars, name);
    if (!v)
        return false;
    out->type = v->type;
    out->val = v->val;
    return true;
}

void vars_init(struct vars *v, struct arena *arena, const struct pace *pace)
{
    memset(v, 0, sizeof *v);
    v->arena = arena;
    v->pace = pace;
    v->env.lookup = lookup;
    v->env.arg = v;
    vars_tick(v);
}

void vars_tick(struct vars *v)
{
    v->env.now_s = pace_wall_ns(v->pace) / NS_PER_S;
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
