/* Known deviations of a server (baseline.h): the file, and what it says of a run. */
#include "conformance/baseline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kmip/base/text.h"
#include "kmip/yaml/yfield.h"

#define DAY_TEXT 10 /* YYYY-MM-DD */

/* ---- the file --------------------------------------------------------------- */

/* The verdicts that an entry may have, as they stand in it. */
static const char *const words[] = {"FAIL", "WARN", "INCONCLUSIVE", NULL};
static const enum verdict verdicts[] = {VERDICT_FAIL, VERDICT_WARN, VERDICT_INCONCLUSIVE};

struct raw_entry {
    const char *cause, *clause, *note, *reason, *expires;
    int verdict;
    const struct ynode *cases;
};

#define ENTRY(name, yaml_kind, ...) \
    {.key = #name, .kind = yaml_kind, .off = offsetof(struct raw_entry, name), __VA_ARGS__}

static const struct yfield entry_fields[] = {
    ENTRY(cause, YF_STR, .help = "what is behind it, in a few words"),
    ENTRY(clause, YF_STR, .help = "where the standard says otherwise"),
    ENTRY(note, YF_STR, .help = "why it is lived with: a ticket, a promise"),
    ENTRY(expires, YF_STR, .help = "the last day on which the entry counts, as 2027-03-31 (UTC)"),
    ENTRY(verdict, YF_CHOICE, .required = true, .choices = words,
          .help = "the verdict that is known"),
    ENTRY(reason, YF_STR, .help = "a piece of the reason that the report has"),
    ENTRY(cases, YF_NODE, .required = true,
          .help = "ids of cases; one with a reason of its own as ID: REASON"),
    {0},
};

struct reading {
    struct baseline *b;
    const struct ynode *entry;
    struct known as; /* what the entry says of all its cases */
    int64_t now_s;
    struct kerr *err;
};

/* The last second of the day. */
static bool read_day(struct reading *rd, const char *day)
{
    char end[40];
    int64_t until;
    snprintf(end, sizeof end, "%.*sT23:59:59Z", DAY_TEXT, day);
    if (strlen(day) != DAY_TEXT || !text_date(bytes_str(end), &until))
        return ynode_err(ynode_get(rd->entry, "expires"), KE_CONFIG, rd->err,
                         "expected a day such as 2027-03-31, found '%s'", day);
    rd->as.expires = day;
    rd->as.expired = until < rd->now_s;
    return true;
}

static const struct known *twice(const struct baseline *b, const struct known *k)
{
    for (size_t i = 0; i < b->n; i++)
        if (b->v[i].verdict == k->verdict && strcmp(b->v[i].id, k->id) == 0)
            return &b->v[i];
    return NULL;
}

static bool keep(struct reading *rd, const struct ynode *at, const struct known *k)
{
    struct baseline *b = rd->b;
    const struct known *other = twice(b, k);
    if (other)
        return ynode_err(at, KE_CONFIG, rd->err, "%s with %s stands in line %u already", k->id,
                         verdict_name(k->verdict), other->line);
    if (b->n == b->cap) {
        size_t cap = b->cap ? 2 * b->cap : 64;
        struct known *v = realloc(b->v, cap * sizeof *v);
        if (!v)
            return kerr_set(rd->err, KE_MEMORY, "no memory for the baseline");
        b->v = v;
        b->cap = cap;
    }
    b->v[b->n++] = *k;
    return true;
}

/* `- ID`, or `- ID: REASON`. */
static bool read_case(struct reading *rd, const struct ynode *n)
{
    struct known k = rd->as;
    const struct ynode *id = n, *reason = NULL;
    if (n->kind == YNODE_MAP && n->n == 1) {
        id = n->keys[0];
        reason = n->vals[0];
    }
    if (id->kind != YNODE_SCALAR)
        return ynode_err(n, KE_CONFIG, rd->err,
                         "expected the id of a case, or one with its reason, as ID: REASON");
    k.line = id->line;
    if (!ynode_str(id, &k.id, rd->err) || (reason && !ynode_str(reason, &k.reason, rd->err)))
        return false;
    if (!k.id[0])
        return ynode_err(id, KE_CONFIG, rd->err, "expected the id of a case, found nothing");
    if (!k.reason[0])
        return ynode_err(reason ? reason : id, KE_CONFIG, rd->err,
                         "%s needs a piece of its reason, with the entry (reason: ...) or with the "
                         "case (ID: ...): without one, whatever it may fail by next would be "
                         "taken for known",
                         k.id);
    return keep(rd, id, &k);
}

static bool read_entry(struct reading *rd)
{
    struct raw_entry raw = {.cause = "", .clause = "", .note = "", .reason = "", .expires = NULL};
    if (rd->entry->kind != YNODE_MAP)
        return ynode_err(rd->entry, KE_CONFIG, rd->err,
                         "expected an entry: a map with verdict, reason and cases");
    if (!yfields_read(rd->entry, entry_fields, &raw, rd->err))
        return false;
    rd->as = (struct known){.reason = raw.reason,
                            .verdict = verdicts[raw.verdict],
                            .cause = raw.cause,
                            .clause = raw.clause,
                            .note = raw.note,
                            .expires = ""};
    if (raw.expires && !read_day(rd, raw.expires))
        return false;
    if (raw.cases->kind != YNODE_SEQ)
        return read_case(rd, raw.cases);
    for (size_t i = 0; i < raw.cases->n; i++)
        if (!read_case(rd, raw.cases->vals[i]))
            return false;
    return raw.cases->n > 0 ||
           ynode_err(raw.cases, KE_CONFIG, rd->err, "an entry without cases says nothing");
}

static bool read_all(struct baseline *b, int64_t now_s, struct kerr *err)
{
    struct reading rd = {.b = b, .now_s = now_s, .err = err};
    const struct ynode *root = b->doc.root;
    if (!root || ynode_is_null(root))
        return true; /* nothing is known yet */
    if (root->kind != YNODE_SEQ)
        return ynode_err(root, KE_CONFIG, err,
                         "a baseline is a list of entries, each with verdict, reason and cases");
    for (size_t i = 0; i < root->n; i++) {
        rd.entry = root->vals[i];
        if (!read_entry(&rd))
            return false;
    }
    return true;
}

bool baseline_parse(struct baseline *b, const char *name, struct bytes text, int64_t now_s,
                    struct kerr *err)
{
    *b = (struct baseline){.path = name};
    return ydoc_parse(&b->doc, name, text, err) && read_all(b, now_s, err);
}

bool baseline_load(struct baseline *b, const char *path, int64_t now_s, struct kerr *err)
{
    *b = (struct baseline){.path = path};
    return ydoc_load(&b->doc, path, err) && read_all(b, now_s, err);
}

void baseline_clear(struct baseline *b)
{
    free(b->v);
    ydoc_clear(&b->doc);
    *b = (struct baseline){.path = NULL};
}

/* ---- a run against it ------------------------------------------------------- */

/* Nothing that a baseline could be asked about. */
static bool is_well(enum verdict v)
{
    return v == VERDICT_PASS || v == VERDICT_NOT_SUPPORTED || v == VERDICT_NOT_APPLICABLE;
}

static const struct known *known_by(const struct baseline *b, const struct case_result *c)
{
    for (size_t i = 0; i < b->n; i++) {
        const struct known *k = &b->v[i];
        if (!k->expired && k->verdict == c->verdict && strcmp(k->id, c->tc->id) == 0 &&
            strstr(c->reason, k->reason))
            return k;
    }
    return NULL;
}

const struct known *baseline_find(const struct baseline *b, const char *id)
{
    for (size_t i = 0; b && i < b->n; i++)
        if (strcmp(b->v[i].id, id) == 0)
            return &b->v[i];
    return NULL;
}

void baseline_tally(const struct baseline *b, struct case_tally *t)
{
    const struct known *known = NULL;
    size_t round = 0;
    t->known = NULL;
    for (const struct case_result *c = t->first; round < t->rounds; c = c->next, round++) {
        const struct known *k = is_well(c->verdict) ? NULL : known_by(b, c);
        if (!k && !is_well(c->verdict))
            return;
        if (c == t->worst)
            known = k;
    }
    t->known = known;
}

/* The case of an entry is better now than the entry says. */
static bool is_stale(const struct known *k, const struct case_tally *t)
{
    return !t->known && verdict_rank(t->worst->verdict) < verdict_rank(k->verdict);
}

void baseline_settle(struct baseline *b, const struct run_result *r,
                     const struct test_case *loaded)
{
    for (size_t i = 0; i < b->n; i++) {
        struct known *k = &b->v[i];
        const struct test_case *tc = loaded;
        while (tc && strcmp(tc->id, k->id) != 0)
            tc = tc->next;
        k->nowhere = tc == NULL;
        k->now = NULL;
        for (size_t n = 0; n < r->n_tallies; n++)
            if (strcmp(r->tallies[n].tc->id, k->id) == 0 && is_stale(k, &r->tallies[n]))
                k->now = verdict_name(r->tallies[n].worst->verdict);
    }
}
