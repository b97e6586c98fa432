/* Maps into structs by a table (yfield.h). */
#include "kmip/yaml/yfield.h"

#include <stdio.h>
#include <string.h>

#include "kmip/base/buf.h"
#include "kmip/base/text.h"

static bool scalar(const struct ynode *n, const char *what, struct kerr *err)
{
    if (n->kind == YNODE_SCALAR && strlen(n->text) == n->len)
        return true;
    if (n->kind == YNODE_SCALAR)
        return ynode_err(n, KE_CONFIG, err, "expected %s, found a NUL character in it", what);
    return ynode_err(n, KE_CONFIG, err, "expected %s, found a %s", what,
                     n->kind == YNODE_MAP ? "map" : "list");
}

bool ynode_int(const struct ynode *n, int64_t min, int64_t max, int64_t *out, struct kerr *err)
{
    if (!scalar(n, "a whole number", err))
        return false;
    /* Octal by YAML 1.1, as Helm has it, and decimal by 1.2. */
    const char *digits = n->text + (n->text[0] == '-' || n->text[0] == '+');
    if (n->plain && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9')
        return ynode_err(n, KE_CONFIG, err, "write %s without the leading zero: some take it for "
                         "octal, others do not", n->text);
    if (n->plain && text_int(bytes_of(n->text, n->len), min, max, out))
        return true;
    if (min == INT64_MIN && max == INT64_MAX)
        return ynode_err(n, KE_CONFIG, err, "expected a whole number, found '%s'", n->text);
    return ynode_err(n, KE_CONFIG, err, "expected a whole number from %lld to %lld, found %s%s%s",
                     (long long)min, (long long)max, n->plain ? "" : "the text '", n->text,
                     n->plain ? "" : "'");
}

bool ynode_bool(const struct ynode *n, bool *out, struct kerr *err)
{
    if (!scalar(n, "true or false", err))
        return false;
    return (n->plain && text_bool(bytes_of(n->text, n->len), out)) ||
           ynode_err(n, KE_CONFIG, err, "expected true or false, found '%s'", n->text);
}

bool ynode_duration(const struct ynode *n, int64_t *ns, struct kerr *err)
{
    if (!scalar(n, "a duration", err))
        return false;
    return text_duration(bytes_of(n->text, n->len), ns) ||
           ynode_err(n, KE_CONFIG, err, "expected a duration such as 90s, -5m or 50ms, found '%s'",
                     n->text);
}

bool ynode_str(const struct ynode *n, const char **out, struct kerr *err)
{
    if (!scalar(n, "a text", err))
        return false;
    *out = n->text;
    return true;
}

static bool read_choice(const struct ynode *n, const struct yfield *f, int *out, struct kerr *err)
{
    if (!scalar(n, "a word", err))
        return false;
    size_t k = 0;
    for (; f->choices[k]; k++)
        if (strcmp(f->choices[k], n->text) == 0) {
            *out = (int)k;
            return true;
        }
    char list[200];
    size_t at = 0;
    for (size_t i = 0; i < k && at < sizeof list - 1; i++)
        at += (size_t)snprintf(list + at, sizeof list - at, "%s%s", i ? ", " : "", f->choices[i]);
    return ynode_err(n, KE_CONFIG, err, "'%s' is not a value of %s; one of: %s", n->text, f->key,
                     list);
}

static bool read_one(const struct ynode *n, const struct yfield *f, void *base, struct kerr *err)
{
    void *at = (char *)base + f->off;
    bool bounded = f->min != 0 || f->max != 0;
    switch (f->kind) {
    case YF_STR:
        return ynode_str(n, at, err);
    case YF_INT:
        return ynode_int(n, bounded ? f->min : INT64_MIN, bounded ? f->max : INT64_MAX, at, err);
    case YF_BOOL:
        return ynode_bool(n, at, err);
    case YF_DURATION: {
        int64_t ns;
        if (!ynode_duration(n, &ns, err))
            return false;
        if (bounded && (ns < f->min || ns > f->max))
            return ynode_err(n, KE_CONFIG, err, "%s must lie between %gs and %gs, not %s", f->key,
                             (double)f->min / 1e9, (double)f->max / 1e9, n->text);
        *(int64_t *)at = ns;
        return true;
    }
    case YF_CHOICE:
        return read_choice(n, f, at, err);
    case YF_NODE:
        *(const struct ynode **)at = n;
        return true;
    case YF_MAP:
        return yfields_read(n, f->fields, at, err);
    }
    return false;
}

static const struct yfield *find(const struct yfield *fields, const char *key)
{
    for (const struct yfield *f = fields; f->key; f++)
        if (strcmp(f->key, key) == 0)
            return f;
    return NULL;
}

static bool unknown_key(const struct ynode *key, const struct yfield *fields, struct kerr *err)
{
    const char *names[128] = {NULL};
    size_t n = 0;
    for (const struct yfield *f = fields; f->key && n < 128; f++)
        names[n++] = f->key;
    const char *near = text_nearest(key->text, names, n);
    if (near)
        return ynode_err(key, KE_CONFIG, err, "unknown key '%s'; did you mean '%s'?", key->text,
                         near);
    struct buf list;
    buf_init(&list, 400);
    for (size_t i = 0; i < n; i++)
        buf_printf(&list, "%s%s", i ? ", " : "", names[i]);
    ynode_err(key, KE_CONFIG, err, "unknown key '%s'; known here: %s", key->text, buf_cstr(&list));
    buf_clear(&list);
    return false;
}

bool yfields_read(const struct ynode *map, const struct yfield *fields, void *base,
                  struct kerr *err)
{
    /* An empty value stands for an empty map: `clock:` with nothing below it. */
    if (map->kind != YNODE_MAP && !ynode_is_null(map))
        return ynode_err(map, KE_CONFIG, err, "expected a map with keys such as '%s'", fields->key);
    size_t n = map->kind == YNODE_MAP ? map->n : 0;
    for (size_t i = 0; i < n; i++) {
        const struct ynode *key = map->keys[i];
        const struct yfield *f = find(fields, key->text);
        if (!f || strlen(key->text) != key->len)
            return unknown_key(key, fields, err);
        for (size_t k = 0; k < i; k++)
            if (strcmp(map->keys[k]->text, key->text) == 0)
                return ynode_err(key, KE_CONFIG, err, "key '%s' is given twice", key->text);
        if (!read_one(map->vals[i], f, base, err))
            return false;
    }
    for (const struct yfield *f = fields; f->key; f++)
        if (f->required && !ynode_get(map, f->key))
            return ynode_err(map, KE_CONFIG, err, "key '%s' is missing", f->key);
    return true;
}
