/* Published cases among the suites (oasis.h): files, folders, and ids that are unique. */
#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "conformance/oasis.h"

static bool is_xml(const char *name)
{
    size_t n = strlen(name);

    return n > 4 && strcmp(name + n - 4, ".xml") == 0;
}

bool oasis_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool oasis_names(const char *path)
{
    return is_xml(path) || oasis_folder(path);
}

static bool is_taken(const struct suites *s, const char *id)
{
    for (const struct test_case *c = s->first; c; c = c->next)
        if (strcmp(c->id, id) == 0)
            return true;
    return false;
}

/* "tl-m-3-10" -> "tl-m-" and "-10": what the cases of a series have in common. */
static bool same_series(const char *a, const char *b)
{
    const char *ends[2] = {a, b};
    size_t heads[2];

    for (int i = 0; i < 2; i++) {
        const char *last = strrchr(ends[i], '-'), *number = last;
        while (number && number > ends[i] && number[-1] != '-')
            number--;
        heads[i] = number ? (size_t)(number - ends[i]) : 0;
        ends[i] = last;
    }
    return heads[0] > 0 && heads[0] == heads[1] && strncmp(a, b, heads[0]) == 0 &&
           strcmp(ends[0], ends[1]) == 0 && memchr(a, '-', heads[0] - 1) != NULL;
}

/* A case that looks for what it has not made finds it in what the earlier ones of its series
 * leave. */
static void keep_for(struct suites *s, const struct test_case *follower)
{
    for (struct test_case *c = s->first; follower->follows && c != follower; c = c->next)
        c->leaves = c->leaves || (strcmp(c->suite, follower->suite) == 0 &&
                                  same_series(c->id, follower->id));
}

static bool add_file(struct suites *s, const char *path, bool other, struct kerr *err)
{
    struct test_case *c = oasis_load(path, false, other, err);

    if (c && is_taken(s, c->id)) {
        case_free(&c);
        c = oasis_load(path, true, other, err);
    }
    if (!suites_add(s, c, err))
        return false;
    keep_for(s, c);
    return true;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static bool add_folder(struct suites *s, const char *path, bool other, struct kerr *err)
{
    char *const roots[] = {(char *)path, NULL};
    FTS *walk = fts_open(roots, FTS_COMFOLLOW | FTS_PHYSICAL | FTS_NOCHDIR, by_name);
    size_t n = 0;
    bool ok = walk || kerr_set(err, KE_FILE, "cannot read %s: %s", path, strerror(errno));

    for (FTSENT *e; ok && (e = fts_read(walk));)
        if (e->fts_info == FTS_DNR || e->fts_info == FTS_ERR)
            ok = kerr_set(err, KE_FILE, "cannot read %s: %s", e->fts_path, strerror(e->fts_errno));
        else if (e->fts_info == FTS_F && is_xml(e->fts_name)) {
            ok = add_file(s, e->fts_path, other, err);
            n++;
        }
    if (walk)
        fts_close(walk);
    return ok && (n > 0 || kerr_set(err, KE_CASE, "%s holds no test case: there is no *.xml in it",
                                    path));
}

bool oasis_add(struct suites *s, const char *path, bool other, struct kerr *err)
{
    return oasis_folder(path) ? add_folder(s, path, other, err) : add_file(s, path, other, err);
}
