/* The files of a report (report_files.h). */
#include "conformance/report_files.h"

#include <stdlib.h>
#include <string.h>

#include "conformance/report.h"
#include "conformance/report_html.h"
#include "conformance/report_read.h"

#define FILES(format) (offsetof(struct report_files, path) + (format) * sizeof(const char *))

const struct opt report_file_opts[REPORT_FORMATS] = {
    [REPORT_JSON] = {.name = "json", .kind = OPT_STR, .off = FILES(REPORT_JSON), .arg = "FILE",
                     .help = "JSON, from which `report` makes all others"},
    [REPORT_JUNIT] = {.name = "junit", .kind = OPT_STR, .off = FILES(REPORT_JUNIT), .arg = "FILE",
                      .help = "JUnit XML, as GitLab and Jenkins read it"},
    [REPORT_MD] = {.name = "md", .kind = OPT_STR, .off = FILES(REPORT_MD), .arg = "FILE",
                   .help = "Markdown, for the summary of a CI's job"},
    [REPORT_TAP] = {.name = "tap", .kind = OPT_STR, .off = FILES(REPORT_TAP), .arg = "FILE",
                    .help = "TAP 13, as prove reads it"},
    [REPORT_HTML] = {.name = "html", .kind = OPT_STR, .off = FILES(REPORT_HTML), .arg = "FILE",
                     .help = "a page for people, in one file that stands by itself"},
};

/* From a report that was read back; the JSON is written as it is. */
typedef bool report_writer(const char *path, const struct run_result *r, struct kerr *err);
static report_writer *const writers[REPORT_FORMATS] = {
    [REPORT_JUNIT] = report_junit,
    [REPORT_MD] = report_md,
    [REPORT_TAP] = report_tap,
    [REPORT_HTML] = report_html,
};

/* ---- what is asked for ------------------------------------------------------- */

const char *report_files_asked(const struct report_files *f)
{
    for (size_t i = 0; i < REPORT_FORMATS; i++)
        if (f->path[i])
            return report_file_opts[i].name;
    return NULL;
}

bool report_files_to_stdout(const struct report_files *f)
{
    for (size_t i = 0; i < REPORT_FORMATS; i++)
        if (f->path[i] && strcmp(f->path[i], "-") == 0)
            return true;
    return false;
}

static bool check_two(const char *option, const char *path, const char *other_option,
                      const char *other, struct kerr *err)
{
    return !path || !other || !report_same_place(path, other) ||
           kerr_set(err, KE_USAGE, "--%s and --%s go to the same place: %s", option, other_option,
                    path);
}

bool report_files_check(const struct report_files *f, const char *option, const char *path,
                        struct kerr *err)
{
    for (size_t i = 0; i < REPORT_FORMATS; i++) {
        const char *name = report_file_opts[i].name;
        for (size_t k = i + 1; k < REPORT_FORMATS; k++)
            if (!check_two(name, f->path[i], report_file_opts[k].name, f->path[k], err))
                return false;
        if (!check_two(name, f->path[i], option, path, err) || !report_can_write(f->path[i], err))
            return false;
    }
    return true;
}

/* ---- writing ---------------------------------------------------------------- */

bool report_files_make(const struct report_files *f, const json_t *root, struct kerr *err)
{
    struct report_loaded *l = calloc(1, sizeof *l);
    bool ok = l ? report_load(l, root, err) : kerr_set(err, KE_MEMORY, "no memory for a report");
    if (ok && f->path[REPORT_JSON])
        ok = report_write_json(f->path[REPORT_JSON], root, err);
    for (size_t i = 0; ok && i < REPORT_FORMATS; i++)
        if (f->path[i] && writers[i])
            ok = writers[i](f->path[i], &l->result, err);
    if (l)
        report_loaded_clear(l);
    free(l);
    return ok;
}

bool report_files_write(const struct report_files *f, const struct run_result *r, struct kerr *err)
{
    if (!report_files_asked(f))
        return true;
    json_t *root = report_make(r, err);
    bool ok = root && report_files_make(f, root, err);
    json_decref(root);
    return ok;
}
