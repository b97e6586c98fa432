/* kmip-conform report: other reports of a run, made later from its JSON. */
#include <stdlib.h>

#include "conformance/program.h"
#include "conformance/report.h"
#include "conformance/report_files.h"
#include "conformance/report_read.h"

/* As the run ended on the terminal. */
static bool show(const json_t *root, struct kerr *err)
{
    struct report_loaded *l = calloc(1, sizeof *l);
    struct terminal t;
    if (!l)
        return kerr_set(err, KE_MEMORY, "no memory for a report");
    terminal_init(&t, stdout);
    t.quiet = true; /* no line for a case was shown before */
    bool ok = report_load(l, root, err);
    if (ok && l->result.gate == GATE_OPEN)
        report_target(&t, &l->target, l->result.run_prefix);
    if (ok)
        report_end(&t, &l->result);
    report_loaded_clear(l);
    free(l);
    return ok;
}

static bool make(const char *path, const struct report_files *f, struct kerr *err)
{
    json_t *root = report_read(path, err);
    bool ok = root && (report_files_asked(f) ? report_files_make(f, root, err) : show(root, err));
    json_decref(root);
    return ok;
}

int cmd_report(int argc, char **argv)
{
    struct report_files f = {.path = {NULL}};
    struct opt_set set = {REPORT_FILES_TITLE, report_file_opts, REPORT_FORMATS, &f};
    struct command_line line;
    struct kerr err = KERR_INIT;
    int code;
    if (!program_parse("report", &set, 1, argc, argv, &line, &code))
        return code;
    bool ok = line.n == 1 ? report_files_check(&f, NULL, NULL, &err)
                          : kerr_set(&err, KE_USAGE, "report takes one report of `run --json`");
    ok = ok && make(line.operands[0], &f, &err);
    return ok ? EXIT_CONFORMANT : program_failed(&err);
}
