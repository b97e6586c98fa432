/* Finding, reading and explaining scenarios (scenario.h). */
#include "mockserver/scenario.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "kmip/base/file.h"
#include "kmip/base/text.h"

#define ENDING ".yaml"
enum { NAMES_MAX = 1000, FILE_MAX = 1 << 20 };

/* --- where they are ---------------------------------------------------- */

static bool find_folder(char out[BESIDE_MAX], struct kerr *err)
{
    static const char *const places[] = {"fixtures/scenarios", "share/kmip-conform/scenarios",
                                         NULL};
    const char *given = getenv("KMIP_SCENARIOS");
    if (given && *given) {
        snprintf(out, BESIDE_MAX, "%s", given);
        return file_exists(out) || kerr_set(err, KE_USAGE,
                                            "KMIP_SCENARIOS names the folder %s, which is not "
                                            "there",
                                            given);
    }
    return beside_program(places, places[0], out) ||
           kerr_set(err, KE_USAGE,
                    "the scenarios are neither beside the program (fixtures/scenarios, "
                    "share/kmip-conform/scenarios) nor here; KMIP_SCENARIOS names their folder");
}

static bool ends_in_yaml(const char *name)
{
    size_t n = strlen(name), k = strlen(ENDING);
    return n > k && strcmp(name + n - k, ENDING) == 0;
}

static bool is_path(const char *name)
{
    return strchr(name, '/') || ends_in_yaml(name);
}

/* All files of the folder, by name; globfree is the caller's. */
static bool all_files(const char *folder, glob_t *files, struct kerr *err)
{
    char pattern[BESIDE_MAX + 16];
    snprintf(pattern, sizeof pattern, "%s/*" ENDING, folder);
    int rc = glob(pattern, 0, NULL, files);
    if (rc == 0 && files->gl_pathc <= NAMES_MAX)
        return true;
    if (rc == 0)
        globfree(files);
    return kerr_set(err, KE_USAGE, "%s %s: %s", rc == 0 ? "too many scenarios in" : "cannot list",
                    pattern, rc == GLOB_NOMATCH ? "there is none" : strerror(errno));
}

/* "out-of-order" of ".../out-of-order.yaml"; cuts the path. */
static char *name_of(char *path)
{
    char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    if (ends_in_yaml(name))
        name[strlen(name) - strlen(ENDING)] = 0;
    return name;
}

static bool unknown(const char *name, const char *folder, struct kerr *err)
{
    const char *names[NAMES_MAX];
    glob_t files;
    if (!all_files(folder, &files, err))
        return false;
    for (size_t i = 0; i < files.gl_pathc; i++)
        names[i] = name_of(files.gl_pathv[i]);
    const char *near = text_nearest(name, names, files.gl_pathc);
    kerr_set(err, KE_USAGE,
             "there is no scenario '%s' in %s%s; `kmip-mock scenarios` lists them", name,
             folder, text_hint(near).text);
    globfree(&files);
    return false;
}

bool scenario_path(const char *name, char out[BESIDE_MAX], struct kerr *err)
{
    char folder[BESIDE_MAX];
    if (is_path(name)) {
        snprintf(out, BESIDE_MAX, "%s", name);
        return file_exists(out) || kerr_set(err, KE_USAGE, "there is no scenario %s", name);
    }
    if (!find_folder(folder, err))
        return false;
    if (*name && snprintf(out, BESIDE_MAX, "%s/%s" ENDING, folder, name) < BESIDE_MAX &&
        file_exists(out))
        return true;
    return unknown(name, folder, err);
}

/* --- reading ----------------------------------------------------------- */

bool scenario_load(const char *name, struct ydoc *out, struct kerr *err)
{
    static const char *const elsewhere[] = {"listen", "control", "certs", "store"};
    char path[BESIDE_MAX];
    if (!scenario_path(name, path, err) || !ydoc_load(out, path, err))
        return false;
    struct ynode *root = out->root;
    bool ok = !root || ynode_is_null(root) || root->kind == YNODE_MAP ||
              ynode_err(root, KE_CONFIG, err, "a scenario is a map, a piece of the configuration");
    for (size_t i = 0; ok && root && i < root->n; i++)
        for (size_t k = 0; k < sizeof elsewhere / sizeof *elsewhere; k++)
            if (strcmp(root->keys[i]->text, elsewhere[k]) == 0)
                ok = ynode_err(root->keys[i], KE_CONFIG, err,
                               "%s is not for a scenario: it says how a server behaves, not where "
                               "it is",
                               elsewhere[k]);
    if (!ok)
        ydoc_clear(out);
    return ok;
}

/* --- explaining -------------------------------------------------------- */

/* Appends the head comment, without the comment signs. */
static bool head_comment(const char *path, struct buf *out, struct kerr *err)
{
    struct buf file;
    buf_init(&file, FILE_MAX);
    bool ok = file_read(path, &file, err);
    const char *at = buf_cstr(&file);
    while (ok && *at == '#') {
        size_t n = strcspn(++at, "\n"), skip = at[0] == ' ';
        buf_put(out, at + skip, n - skip);
        buf_putc(out, '\n');
        at += n + (at[n] == '\n');
    }
    buf_clear(&file);
    return ok && (!out->failed || kerr_set(err, KE_MEMORY, "no memory for %s", path));
}

bool scenario_explain(const char *name, FILE *out, struct kerr *err)
{
    char path[BESIDE_MAX];
    struct buf text;
    buf_init(&text, FILE_MAX);
    bool ok = scenario_path(name, path, err) && head_comment(path, &text, err);
    if (ok)
        fputs(buf_cstr(&text), out);
    buf_clear(&text);
    return ok;
}

bool scenario_visit(void (*what)(void *arg, const char *name, const char *text), void *arg,
                    struct kerr *err)
{
    char folder[BESIDE_MAX], path[BESIDE_MAX];
    struct buf text;
    glob_t files;
    if (!find_folder(folder, err) || !all_files(folder, &files, err))
        return false;
    bool ok = true;
    buf_init(&text, FILE_MAX);
    for (size_t i = 0; ok && i < files.gl_pathc; i++) {
        snprintf(path, sizeof path, "%s", files.gl_pathv[i]);
        buf_reset(&text);
        ok = head_comment(path, &text, err);
        if (ok)
            what(arg, name_of(files.gl_pathv[i]), buf_cstr(&text));
    }
    buf_clear(&text);
    globfree(&files);
    return ok;
}

/* The first line is the title, as a sentence: its full stop has no place in a list. */
static void print_title(void *arg, const char *name, const char *text)
{
    size_t n = strcspn(text, "\n");
    n -= n > 0 && text[n - 1] == '.';
    fprintf(arg, "%-28s %.*s\n", name, (int)n, text);
}

bool scenario_list(FILE *out, struct kerr *err)
{
    return scenario_visit(print_title, out, err);
}
