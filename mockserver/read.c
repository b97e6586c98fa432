/* Numbers, times and operations of the mock's configuration (read.h). */
#include "mockserver/read.h"

#include <stdlib.h>

#include "kmip/base/text.h"
#include "kmip/schema/dict.h"
#include "kmip/yaml/yfield.h"

/* Digits with at most one point: no exponents, no words for infinity. */
static bool is_decimal(const char *s, size_t n)
{
    size_t digits = 0, points = 0, i = n > 0 && (s[0] == '-' || s[0] == '+') ? 1 : 0;
    for (; i < n; i++) {
        if (s[i] == '.')
            points++;
        else if (s[i] >= '0' && s[i] <= '9')
            digits++;
        else
            return false;
    }
    return digits > 0 && digits < 30 && points < 2;
}

bool read_real(const struct ynode *n, const char *what, double min, double max, double *out,
               struct kerr *err)
{
    const char *text;
    if (!ynode_str(n, &text, err))
        return false;
    size_t len = n->len;
    bool percent = len > 0 && text[len - 1] == '%';
    if (!is_decimal(text, len - percent))
        return ynode_err(n, KE_CONFIG, err, "%s is a number such as 0.25, not '%s'", what, text);
    double v = strtod(text, NULL) / (percent ? 100 : 1);
    if (v < min || v > max)
        return ynode_err(n, KE_CONFIG, err, "%s lies between %g and %g, not at %s", what, min, max,
                         text);
    *out = v;
    return true;
}

bool read_time(const struct ynode *n, const char *what, int64_t min, int64_t max, int64_t *out,
               struct kerr *err)
{
    int64_t ns;
    if (!ynode_duration(n, &ns, err))
        return false;
    if (ns < min || ns > max)
        return ynode_err(n, KE_CONFIG, err, "%s must lie between %gs and %gs, not %s", what,
                         (double)min / 1e9, (double)max / 1e9, n->text);
    *out = ns;
    return true;
}

static bool read_operation(const struct ynode *n, uint32_t *out, struct kerr *err)
{
    const struct kmip_enum *operations = kmip_enum_by_name(bytes_str("Operation"));
    const char *text, *names[64];
    if (!ynode_str(n, &text, err))
        return false;
    const struct kmip_enum_value *v = kmip_enum_by_text(operations, bytes_str(text));
    if (v) {
        *out = v->value;
        return true;
    }
    size_t k = 0;
    for (; k < operations->n && k < 64; k++)
        names[k] = operations->values[k].name;
    const char *near = text_nearest(text, names, k);
    return ynode_err(n, KE_CONFIG, err, "there is no operation '%s'%s", text,
                     text_hint(near).text);
}

bool read_operations(const struct ynode *n, struct arena *a, struct read_operations *out,
                     struct kerr *err)
{
    bool list = n->kind == YNODE_SEQ;
    size_t count = list ? n->n : 1;
    if (count == 0)
        return ynode_err(n, KE_CONFIG, err, "the list of operations is empty");
    out->v = arena_array(a, count, sizeof *out->v);
    if (!out->v)
        return kerr_set(err, KE_MEMORY, "no memory for a list of operations");
    for (size_t i = 0; i < count; i++)
        if (!read_operation(list ? n->vals[i] : n, &out->v[i], err))
            return false;
    out->n = count;
    return true;
}
