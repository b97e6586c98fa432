/* Finding and loading the suites (suite.h). */
#include "conformance/suite.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/driver_probe.h"
#include "conformance/requirement.h"
#include "kmip/base/beside.h"
#include "kmip/base/file.h"
#include "kmip/base/text.h"

const struct profile profiles[] = {
    {"baseline-server", "Baseline Server", true, false, NULL},
    {"symmetric-key-lifecycle-server", "Symmetric Key Lifecycle Server", true, false, NULL},
    {"basic-cryptographic-server", "Basic Cryptographic Server", true, false, NULL},
    {"authentication", "Authentication Suites", true, false, NULL},
    {"robustness", "Robustness", false, true, NULL},
    {"driver", "Storage driver (Zenko)", false, false, driver_probes},
};
const size_t n_profiles = sizeof profiles / sizeof *profiles;

const struct profile *profile_find(const char *name)
{
    for (size_t i = 0; i < n_profiles; i++)
        if (strcmp(profiles[i].name, name) == 0)
            return &profiles[i];
    return NULL;
}

/* ---- where they are --------------------------------------------------------- */

static bool load_requirements(const struct suites *s, struct kerr *err)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/requirements.tsv", s->dir);
    if (!file_exists(path))
        snprintf(path, sizeof path, "%s/../requirements.tsv", s->dir);
    if (!file_exists(path))
        return kerr_set(err, KE_CASE,
                        "%s holds no suites: there is no requirements.tsv in it or beside it",
                        s->dir);
    return requirements_load(path, err);
}

bool suites_find(struct suites *s, const char *given, struct kerr *err)
{
    static const char *const places[] = {"conformance/suites", "share/kmip-conform/suites", NULL};
    memset(s, 0, sizeof *s);
    if (given)
        snprintf(s->dir, sizeof s->dir, "%s", given);
    else if (!beside_program(places, places[0], s->dir))
        return kerr_set(err, KE_CASE,
                        "the suites are not beside the program; --suites DIR names their folder");
    if (!file_exists(s->dir))
        return kerr_set(err, KE_CASE, "there is no folder %s", s->dir);
    return load_requirements(s, err);
}

/* ---- loading ---------------------------------------------------------------- */

bool suites_add(struct suites *s, struct test_case *c, struct kerr *err)
{
    struct test_case **at = &s->first;
    if (!c)
        return false;
    for (; *at; at = &(*at)->next)
        if (strcmp((*at)->id, c->id) == 0) {
            kerr_set(err, KE_CASE, "%s: the id '%s' is also that of %s", c->path, c->id,
                     (*at)->path);
            case_free(&c);
            return false;
        }
    *at = c;
    s->n++;
    return true;
}

/* Cases that are written in C. */
static bool add_probes(struct suites *s, const struct profile *p, struct kerr *err)
{
    for (size_t g = 0; p->probes[g]; g++)
        for (const struct probe *row = p->probes[g]; row->id; row++)
            if (!suites_add(s, probe_case(row, p->name, err), err))
                return false;
    return true;
}

static bool load_profile(struct suites *s, const struct profile *p, struct kerr *err)
{
    char pattern[4200];
    glob_t files;
    snprintf(pattern, sizeof pattern, "%s/%s/*.yaml", s->dir, p->name);
    if (p->probes)
        return add_probes(s, p, err);
    int r = glob(pattern, 0, NULL, &files);
    if (r == GLOB_NOMATCH)
        return kerr_set(err, KE_CASE, "there are no cases for the profile: %s", pattern);
    if (r != 0)
        return kerr_set(err, KE_CASE, "cannot read %s: %s", pattern, strerror(errno));
    bool ok = true;
    for (size_t i = 0; ok && i < files.gl_pathc; i++)
        ok = suites_add(s, case_load(files.gl_pathv[i], p->name, err), err);
    globfree(&files);
    return ok;
}

static bool unknown_profile(const char *name, struct kerr *err)
{
    const char *names[16];
    struct buf list;
    for (size_t i = 0; i < n_profiles; i++)
        names[i] = profiles[i].name;
    const char *near = text_nearest(name, names, n_profiles);
    buf_init(&list, 400);
    for (size_t i = 0; i < n_profiles; i++)
        buf_printf(&list, "%s%s", i ? ", " : "", names[i]);
    kerr_set(err, KE_USAGE, "there is no profile '%s'%s%s%s; profiles: %s", name,
             near ? "; did you mean " : "", near ? near : "", near ? "?" : "", buf_cstr(&list));
    buf_clear(&list);
    return false;
}

bool suites_load(struct suites *s, const struct opt_list *names, struct kerr *err)
{
    bool wanted[16] = {false};
    for (size_t i = 0; i < names->n; i++) {
        const struct profile *p = profile_find(names->v[i]);
        if (!p && strcmp(names->v[i], "all") != 0)
            return unknown_profile(names->v[i], err);
        for (size_t k = 0; k < n_profiles; k++)
            wanted[k] = wanted[k] || (p ? p == &profiles[k] : !profiles[k].opt_in);
    }
    for (size_t k = 0; k < n_profiles; k++)
        if ((names->n == 0 ? profiles[k].by_default : wanted[k]) &&
            !load_profile(s, &profiles[k], err))
            return false;
    return true;
}

bool suites_add_file(struct suites *s, const char *path, struct kerr *err)
{
    return suites_add(s, case_load(path, "", err), err);
}

void suites_clear(struct suites *s)
{
    while (s->first) {
        struct test_case *c = s->first;
        s->first = c->next;
        case_free(&c);
    }
}

static bool any_glob(const struct opt_list *l, const char *id)
{
    for (size_t i = 0; i < l->n; i++)
        if (text_glob(l->v[i], id))
            return true;
    return false;
}

bool suite_selected(const struct test_case *tc, const struct opt_list *wanted,
                    const struct opt_list *skipped)
{
    return (wanted->n == 0 || any_glob(wanted, tc->id)) && !any_glob(skipped, tc->id);
}
