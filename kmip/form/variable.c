/* Variables in scalars: "$name" as a whole, "${name}" within longer text, "$$" for
 * a dollar. Any other dollar is an error, because it is a forgotten brace far more
 * often than a dollar. */
#include "kmip/form/variable.h"

#include <ctype.h>
#include <inttypes.h>

#include "kmip/base/clock.h"
#include "kmip/base/text.h"

/* '+' and '-' only matter in $NOW+10. */
static bool is_name(struct bytes s)
{
    if (s.n == 0 || !(isalpha(s.p[0]) || s.p[0] == '_'))
        return false;
    for (size_t i = 1; i < s.n; i++)
        if (!isalnum(s.p[i]) && (s.p[i] == 0 || !strchr("_.+-", s.p[i])))
            return false;
    return true;
}

bool variable_whole(const struct ynode *n, struct bytes *name)
{
    if (n->kind != YNODE_SCALAR || n->len < 2 || n->text[0] != '$')
        return false;
    *name = bytes_of(n->text + 1, n->len - 1);
    return is_name(*name);
}

/* NOW, NOW-3600, NOW+1h: true with the offset in seconds. */
static bool is_now(struct bytes name, int64_t *offset)
{
    int64_t ns;
    *offset = 0;
    if (name.n < 3 || memcmp(name.p, "NOW", 3) != 0)
        return false;
    struct bytes rest = bytes_of(name.p + 3, name.n - 3);
    if (rest.n == 0)
        return true;
    if (rest.p[0] != '+' && rest.p[0] != '-')
        return false;
    if (text_int(rest, INT32_MIN * INT64_C(1000), INT32_MAX * INT64_C(1000), offset))
        return true;
    if (!text_duration(rest, &ns) || ns % NS_PER_S != 0)
        return false;
    *offset = ns / NS_PER_S;
    return true;
}

bool variable_get(const struct ynode *n, struct bytes name, const struct form_env *env,
                  struct variable *v, struct kerr *err)
{
    int64_t offset;
    struct form_value_ref ref = {0};
    int shown = name.n > 60 ? 60 : (int)name.n;
    if (!env)
        return ynode_err(
            n, KE_YAML, err,
            "\"$%.*s\" is a variable, and this file is read without any; write $$ for a dollar",
            shown, (const char *)name.p);
    if (is_now(name, &offset)) {
        be64_put(v->now, (uint64_t)(env->now_s + offset));
        v->type = TTLV_DATE_TIME;
        v->val = bytes_of(v->now, sizeof v->now);
        return true;
    }
    if (!env->lookup || !env->lookup(env->arg, name, &ref))
        return ynode_err(n, KE_YAML, err, "no variable \"%.*s\" is known at this point", shown,
                         (const char *)name.p);
    v->type = ref.type;
    v->val = ref.val;
    return true;
}

/* Appends the value as one would write it. */
static void put_value(const struct variable *v, struct buf *out)
{
    char date[40];
    int fixed = ttlv_type_length(v->type);
    if (fixed >= 0 && v->val.n != (size_t)fixed) {
        buf_hex(out, v->val);
        return;
    }
    switch (v->type) {
    case 0:
    case TTLV_TEXT_STRING:
        buf_put_bytes(out, v->val);
        break;
    case TTLV_INTEGER:
        buf_printf(out, "%" PRId32, (int32_t)be32_get(v->val.p));
        break;
    case TTLV_LONG_INTEGER:
        buf_printf(out, "%" PRId64, (int64_t)be64_get(v->val.p));
        break;
    case TTLV_ENUMERATION:
        buf_printf(out, "0x%08" PRIX32, be32_get(v->val.p));
        break;
    case TTLV_INTERVAL:
        buf_printf(out, "%" PRIu32, be32_get(v->val.p));
        break;
    case TTLV_BOOLEAN:
        buf_puts(out, v->val.p[7] ? "true" : "false");
        break;
    case TTLV_DATE_TIME:
        buf_puts(out, text_date_out((int64_t)be64_get(v->val.p), date));
        break;
    default:
        buf_hex(out, v->val);
    }
}

static bool put_variable(const struct ynode *n, struct bytes name, const struct form_env *env,
                         struct buf *out, struct kerr *err)
{
    struct variable v;
    if (!variable_get(n, name, env, &v, err))
        return false;
    put_value(&v, out);
    return true;
}

/* What follows a dollar within text; *used = its bytes, the dollar included. */
static bool put_dollar(const struct ynode *n, struct bytes rest, const struct form_env *env,
                       size_t *used, struct buf *out, struct kerr *err)
{
    const uint8_t *brace = rest.n > 1 && rest.p[1] == '{' ? memchr(rest.p, '}', rest.n) : NULL;
    if (rest.n > 1 && rest.p[1] == '$') {
        *used = 2;
        return buf_putc(out, '$') || ynode_err(n, KE_MEMORY, err, "no memory for the text");
    }
    if (brace) {
        struct bytes name = bytes_of(rest.p + 2, (size_t)(brace - rest.p) - 2);
        *used = name.n + 3;
        if (is_name(name))
            return put_variable(n, name, env, out, err);
    }
    return ynode_err(n, KE_YAML, err,
                     "a dollar must begin ${name}, or be a whole $name, or be written twice ($$)");
}

bool from_yaml_text(const struct ynode *node, const struct form_env *env, struct buf *out,
                    struct kerr *err)
{
    struct bytes name, s = bytes_of(node->text, node->len);
    if (node->kind != YNODE_SCALAR)
        return ynode_err(node, KE_YAML, err, "a %s stands where one value is expected",
                         node->kind == YNODE_MAP ? "map" : "sequence");
    if (variable_whole(node, &name))
        return put_variable(node, name, env, out, err);
    while (s.n > 0) {
        const uint8_t *dollar = memchr(s.p, '$', s.n);
        size_t n = dollar ? (size_t)(dollar - s.p) : s.n, used = 0;
        buf_put(out, s.p, n);
        s = bytes_of(s.p + n, s.n - n);
        if (dollar && !put_dollar(node, s, env, &used, out, err))
            return false;
        s = bytes_of(s.p + used, s.n - used);
    }
    if (out->failed)
        return ynode_err(node, out->too_long ? KE_TTLV_SIZE : KE_MEMORY, err,
                         "the text is too long");
    return true;
}
