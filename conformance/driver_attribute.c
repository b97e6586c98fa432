/* Probes: the attribute that names a key's bucket. Which names does the server keep,
 * how long a value, and does Locate find the key by it? */
#include <stdio.h>

#include "conformance/driver_probe.h"
#include "kmip/base/text.h"

enum which { NAME_X, NAME_FREE, NAME_CONFIGURED };

static const char *const names[] = {[NAME_X] = "x-zenko-bucket", [NAME_FREE] = "zenko-bucket"};

/* Longest value tried; longer ones than a bucket's name say how much room there is. */
static const size_t lengths[] = {DRIVER_BUCKET_MAX, 255, 1024};

static struct name_facts *facts_of(struct probing *p, const char *name)
{
    struct driver_facts *f = p->facts;
    for (size_t i = 0; i < f->n_names; i++)
        if (strcmp(f->names[i].name, name) == 0)
            return &f->names[i];
    struct name_facts *n = &f->names[f->n_names < DRIVER_NAMES_MAX ? f->n_names++ : 0];
    *n = (struct name_facts){.taken = TRI_NO, .kept = TRI_NO};
    snprintf(n->name, sizeof n->name, "%s", name);
    return n;
}

/* ---- finding by it ---------------------------------------------------------- */

/* Does Locate by the attribute find this key, and nothing else? */
static enum tri locate(struct wire *w, const char *uid, const char *name, const char *value,
                       struct name_facts *f)
{
    struct key_found found = {.wanted = uid};
    struct kerr err = KERR_INIT;
    bool ok = key_find(w, name, value, &found, &err);
    if (!ok)
        fact_text(f->why, "%s", err.msg);
    else if (!found.has_wanted)
        fact_text(f->why, "Locate by it does not find the key");
    else if (found.n > 1)
        fact_text(f->why, "Locate by it finds %zu other objects too", found.n - 1);
    return ok && found.has_wanted && found.n == 1 ? TRI_YES : TRI_NO;
}

/* ---- one name --------------------------------------------------------------- */

static bool make_named(struct wire *w, const char *name, const char *value, struct key *k,
                       struct kerr *err)
{
    const struct key_plan plan = {.way = KEY_TWO_STEP, .attribute = name, .bucket = value};
    return key_create(w, &plan, k, err);
}

static void kept_or_not(struct probing *p, struct wire *w, const struct key *k, const char *value,
                        struct name_facts *f)
{
    struct buf got;
    struct kerr err = KERR_INIT;
    buf_init(&got, 65536);
    bool read = key_attribute(w, k->uid, f->name, &got, &err);
    f->kept = read && bytes_eq_str(buf_bytes(&got), value) ? TRI_YES : TRI_NO;
    if (f->kept == TRI_YES)
        f->located = locate(w, k->uid, f->name, value, f);
    else if (err.code != KE_OK)
        fact_text(f->why, "%s", err.msg);
    else if (read)
        fact_text(f->why, "the value comes back changed, %zu bytes instead of %zu", got.n,
                  strlen(value));
    else
        fact_text(f->why, "Create takes it, and yet it is not there afterwards");
    if (f->kept == TRI_NO)
        probe_decide(p, VERDICT_WARN, "\"%s\" is not kept: %s", f->name, f->why);
    else if (f->located == TRI_NO)
        probe_decide(p, VERDICT_WARN, "\"%s\" is kept, but %s", f->name, f->why);
    else
        probe_decide(p, VERDICT_PASS, "\"%s\" is kept, and Locate finds the key by it", f->name);
    buf_clear(&got);
}

static void try_name(struct probing *p)
{
    bool configured = p->row->arg == NAME_CONFIGURED;
    const char *name = configured ? p->driver->opt.attribute : names[p->row->arg];
    struct wire w;
    struct key k;
    struct kerr err = KERR_INIT;
    char value[80];
    if (!name) {
        probe_decide(p, VERDICT_NOT_APPLICABLE, "no name is configured: --bucket-attribute NAME");
        return;
    }
    if (!probe_open(p, &w, 1))
        return;
    struct name_facts *f = facts_of(p, name);
    f->taken = f->kept = TRI_NO;
    f->located = TRI_UNKNOWN;
    probe_name(p, "bucket", value, sizeof value);
    if (make_named(&w, name, value, &k, &err)) {
        f->taken = TRI_YES;
        kept_or_not(p, &w, &k, value, f);
    } else if (err.code == KE_REFUSED && !configured) {
        fact_text(f->why, "%s", err.msg);
        probe_decide(p, VERDICT_NOT_SUPPORTED, "\"%s\": %s", name, err.msg);
    } else {
        fact_text(f->why, "%s", err.msg);
        probe_failed(p, &err);
    }
    wire_close(&w);
}

/* ---- lengths ---------------------------------------------------------------- */

static void make_value(const struct probing *p, size_t n, char *out)
{
    probe_name(p, "bucket-", out, 80);
    for (size_t i = strlen(out); i < n; i++)
        out[i] = (char)('a' + i % 26);
    out[n] = 0;
}

/* Bytes kept whole; 0: none. */
static bool length_kept(struct probing *p, struct wire *w, const char *name, size_t n,
                        struct kerr *err)
{
    char value[1025];
    struct key k;
    struct buf got;
    make_value(p, n, value);
    buf_init(&got, 65536);
    bool kept = make_named(w, name, value, &k, err) && key_attribute(w, k.uid, name, &got, err) &&
                bytes_eq_str(buf_bytes(&got), value);
    if (err->code == KE_OK || err->code == KE_REFUSED)
        probe_say(p, "%zu bytes: %s", n, kept                ? "kept"
                                         : err->code != KE_OK ? err->msg
                                         : got.n              ? "cut or changed"
                                                              : "not kept");
    buf_clear(&got);
    return kept;
}

static void try_lengths(struct probing *p)
{
    struct name_facts *f = NULL;
    struct wire w;
    for (size_t i = 0; i < p->facts->n_names; i++)
        if (p->facts->names[i].kept == TRI_YES)
            f = &p->facts->names[i]; /* the configured one, which comes last, before others */
    if (!f) {
        probe_decide(p, VERDICT_NOT_APPLICABLE,
                     "no name of an attribute is kept, or none was tried");
        return;
    }
    if (!probe_open(p, &w, 1))
        return;
    f->longest = 0;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths && w.kc; i++) {
        struct kerr err = KERR_INIT;
        if (length_kept(p, &w, f->name, lengths[i], &err))
            f->longest = lengths[i];
        else if (err.code != KE_OK && err.code != KE_REFUSED)
            probe_failed(p, &err);
        if (f->longest != lengths[i])
            break;
    }
    if (f->longest == 0)
        probe_decide(p, VERDICT_WARN,
                     "\"%s\": names of buckets may have %d bytes, which is not kept",
                     f->name, DRIVER_BUCKET_MAX);
    else
        probe_decide(p, VERDICT_PASS, "\"%s\": %zu bytes are kept (a bucket's name has at most %d)",
                     f->name, f->longest, DRIVER_BUCKET_MAX);
    wire_close(&w);
}

const struct probe probes_attribute[] = {
    {"driver-attribute-x", "A custom attribute with a name in x- is kept", "KMIP 1.2 spec, 3.39",
     "bucketAttributeName makes keys findable by their bucket; it is for people, the driver does "
     "not read it.",
     LEVEL_SHOULD, try_name, NAME_X},
    {"driver-attribute-free", "A custom attribute with a free name is kept", "KMIP 1.2 spec, 3.39",
     "The driver takes any name; the standard wants x- in front of a client's own.", LEVEL_MAY,
     try_name, NAME_FREE},
    {"driver-attribute-configured", "The configured bucketAttributeName is kept",
     "KMIP 1.2 spec, 3.39", "Create fails for every bucket when the server refuses the attribute.",
     LEVEL_MUST, try_name, NAME_CONFIGURED},
    {"driver-attribute-length", "The attribute holds the longest name of a bucket",
     "KMIP 1.2 spec, 3.39", "Names of buckets have up to 63 characters.", LEVEL_SHOULD, try_lengths,
     0},
    {.id = NULL},
};
