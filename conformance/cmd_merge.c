/* kmip-conform merge: reports of shards into that of one run. */
#include <stdlib.h>
#include <string.h>

#include "conformance/merge.h"
#include "conformance/program.h"
#include "conformance/report.h"
#include "conformance/report_read.h"

struct merge_options {
    const char *json, *junit;
    bool quiet;
};

#define MERGE(member) offsetof(struct merge_options, member)

static const struct opt merge_opts[] = {
    {.name = "json", .kind = OPT_STR, .off = MERGE(json), .arg = "FILE",
     .help = "write the whole report as JSON ('-': standard output)"},
    {.name = "junit", .kind = OPT_STR, .off = MERGE(junit), .arg = "FILE",
     .help = "write the whole report as JUnit XML"},
    {.name = "quiet", .ch = 'q', .kind = OPT_FLAG, .off = MERGE(quiet),
     .help = "no report on the terminal"},
};

static bool to_stdout(const char *path)
{
    return path && strcmp(path, "-") == 0;
}

static bool write_files(const struct merge_options *o, const json_t *root,
                        const struct run_result *r, struct kerr *err)
{
    return (!o->json || report_write_json(o->json, root, err)) &&
           (!o->junit || report_junit(o->junit, r, err));
}

/* The exit code is that of the run that it stands for. */
static int told(const struct merge_options *o, const json_t *root, struct kerr *err)
{
    struct report_loaded *l = calloc(1, sizeof *l);
    struct terminal t;
    if (!l) {
        kerr_set(err, KE_MEMORY, "no memory for the report");
        return EXIT_OURS;
    }
    bool ok = report_load(l, root, err) && write_files(o, root, &l->result, err);
    terminal_init(&t, to_stdout(o->json) || to_stdout(o->junit) ? stderr : stdout);
    if (ok && !o->quiet)
        report_end(&t, &l->result);
    int code = result_exit(&l->result);
    report_loaded_clear(l);
    free(l);
    return code;
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
    if (root)
        code = told(o, root, err);
    json_decref(root);
    for (size_t i = 0; v && i < n; i++)
        json_decref(v[i].root);
    free(v);
    return code;
}

int cmd_merge(int argc, char **argv)
{
    struct merge_options o = {.json = NULL};
    struct opt_set set = {"Merge", merge_opts, sizeof merge_opts / sizeof *merge_opts, &o};
    struct command_line line;
    struct kerr err = KERR_INIT;
    int code = EXIT_CONFORMANT;
    if (!program_parse("merge", &set, 1, argc, argv, &line, &code))
        return code;
    if (line.n < 1)
        kerr_set(&err, KE_USAGE, "merge takes the JSON reports of all shards");
    else if (o.json && o.junit && report_same_place(o.json, o.junit))
        kerr_set(&err, KE_USAGE, "--json and --junit go to the same place: %s", o.json);
    else if (report_can_write(o.json, &err) && report_can_write(o.junit, &err))
        code = merge(&o, line.operands, (size_t)line.n, &err);
    return err.code == KE_OK ? code : program_failed(&err);
}
