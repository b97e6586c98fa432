/* kmip-conform merge: reports of shards into that of one run. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/merge.h"
#include "conformance/program.h"
#include "conformance/report.h"
#include "conformance/report_files.h"
#include "conformance/report_read.h"

struct merge_options {
    struct report_files files;
    bool quiet;
};

#define MERGE(member) offsetof(struct merge_options, member)

static const struct opt merge_opts[] = {
    {.name = "quiet", .ch = 'q', .kind = OPT_FLAG, .off = MERGE(quiet),
     .help = "no report on the terminal"},
};

/* The exit code is that of the run that it stands for. */
static int told(const struct merge_options *o, const json_t *root, struct kerr *err)
{
    struct report_loaded *l = calloc(1, sizeof *l);
    struct terminal t;
    if (!l) {
        kerr_set(err, KE_MEMORY, "no memory for the report");
        return EXIT_OURS;
    }
    bool ok = report_load(l, root, err) && report_files_make(&o->files, root, err);
    terminal_init(&t, report_files_to_stdout(&o->files) ? stderr : stdout);
    if (ok && !o->quiet)
        report_end(&t, &l->result);
    int code = result_exit(&l->result);
    report_loaded_clear(l);
    free(l);
    return code;
}

static const char *certificate(const struct shard_report *s)
{
    const json_t *of = json_object_get(json_object_get(s->root, "target"), "certificate");
    return of ? report_text_of(of, "sha256") : "none";
}

static void warn(const struct shard_report *v, size_t n)
{
    const struct shard_report *other = merge_other_certificate(v, n);
    if (other)
        fprintf(stderr,
                PROGRAM ": warning: the server of %s had another certificate (SHA-256 %s) than that "
                        "of %s (%s). If these are not several servers behind one address, or a "
                        "certificate that was renewed, the shards are of different servers. The "
                        "whole report names no certificate.\n",
                other->path, certificate(other), v[0].path, certificate(&v[0]));
}

static int merge(const struct merge_options *o, char *const *paths, size_t n, struct kerr *err)
{
    struct shard_report *v = calloc(n, sizeof *v);
    json_t *root = NULL;
    int code = EXIT_OURS;
    bool ok = v != NULL || kerr_set(err, KE_MEMORY, "no memory for the reports");
    for (size_t i = 0; ok && i < n; i++) {
        v[i] = (struct shard_report){paths[i], report_read(paths[i], err)};
        ok = v[i].root != NULL;
    }
    if (ok)
        root = merge_reports(v, n, err);
    if (root) {
        warn(v, n);
        code = told(o, root, err);
    }
    json_decref(root);
    for (size_t i = 0; v && i < n; i++)
        json_decref(v[i].root);
    free(v);
    return code;
}

int cmd_merge(int argc, char **argv)
{
    struct merge_options o = {.quiet = false};
    const struct opt_set sets[] = {
        {"Merge", merge_opts, sizeof merge_opts / sizeof *merge_opts, &o},
        {REPORT_FILES_TITLE, report_file_opts, REPORT_FORMATS, &o.files}};
    struct command_line line;
    struct kerr err = KERR_INIT;
    int code = EXIT_CONFORMANT;
    if (!program_parse("merge", sets, 2, argc, argv, &line, &code))
        return code;
    if (line.n < 1)
        kerr_set(&err, KE_USAGE, "merge takes the JSON reports of all shards");
    else if (report_files_check(&o.files, NULL, NULL, &err))
        code = merge(&o, line.operands, (size_t)line.n, &err);
    return err.code == KE_OK ? code : program_failed(&err);
}
