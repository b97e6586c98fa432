/* Reading a values file for advise (advise_values.h). */
#include "conformance/advise_values.h"

#include <string.h>

#include "kmip/base/text.h"

#define HOSTS_TEXT_MAX 4096

static bool key_of(const struct ynode *key, enum advice_key *out, struct kerr *err)
{
    const char *names[ADVICE_KEYS];
    for (int k = 0; k < ADVICE_KEYS; k++) {
        names[k] = advice_key_name((enum advice_key)k);
        if (strcmp(names[k], key->text) == 0) {
            *out = (enum advice_key)k;
            return true;
        }
    }
    const char *near = text_nearest(key->text, names, ADVICE_KEYS);
    return ynode_err(key, KE_CONFIG, err, "kmip: has no key '%s'%s%s%s", key->text,
                     near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static bool hosts_of(struct values *out, const struct ynode *list, struct kerr *err)
{
    if (ynode_is_null(list))
        return true;
    if (list->kind != YNODE_SEQ)
        return ynode_err(list, KE_CONFIG, err, "expected a list for hosts, such as [kms.example]");
    for (size_t i = 0; i < list->n; i++) {
        if (list->vals[i]->kind != YNODE_SCALAR)
            return ynode_err(list->vals[i], KE_CONFIG, err, "expected the name of a host");
        if (out->hosts.n < OPT_LIST_MAX)
            out->hosts.v[out->hosts.n++] = list->vals[i]->text;
        buf_printf(&out->hosts_text, "%s%s", i ? ", " : "", list->vals[i]->text);
    }
    return true;
}

static bool pair(struct values *out, const struct ynode *key, const struct ynode *val,
                 struct kerr *err)
{
    enum advice_key k = ADVICE_ENABLED;
    if (!key_of(key, &k, err))
        return false;
    out->v.line[k] = key->line;
    if (k == ADVICE_HOSTS)
        return hosts_of(out, val, err);
    if (val->kind != YNODE_SCALAR)
        return ynode_err(val, KE_CONFIG, err, "expected one value for %s", key->text);
    out->v.text[k] = ynode_is_null(val) ? NULL : val->text;
    if (k == ADVICE_PORT && out->v.text[k] &&
        !text_int(bytes_str(val->text), 1, 65535, &out->port))
        return ynode_err(val, KE_CONFIG, err, "expected a number from 1 to 65535 for port");
    return true;
}

bool values_read(struct values *out, const char *path, struct kerr *err)
{
    memset(out, 0, sizeof *out);
    buf_init(&out->hosts_text, HOSTS_TEXT_MAX);
    out->v.path = path;
    if (!ydoc_load(&out->doc, path, err))
        return false;
    const struct ynode *top = ynode_get(out->doc.root, "kmip");
    const struct ynode *under = ynode_get(ynode_get(out->doc.root, "cloudserver"), "kmip");
    const struct ynode *block = top ? top : under;
    if (!block)
        return kerr_set(err, KE_CONFIG,
                        "%s: no kmip: block, neither at the top nor under cloudserver:", path);
    if (block->kind != YNODE_MAP)
        return ynode_err(block, KE_CONFIG, err, "expected settings under kmip:");
    for (size_t i = 0; i < block->n; i++)
        if (!pair(out, block->keys[i], block->vals[i], err))
            return false;
    if (out->v.line[ADVICE_HOSTS])
        out->v.text[ADVICE_HOSTS] = buf_cstr(&out->hosts_text);
    return true;
}

void values_clear(struct values *v)
{
    ydoc_clear(&v->doc);
    buf_clear(&v->hosts_text);
}
