/* kmip-conform run: options, servers, reports. The work is in run.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/hosts.h"
#include "conformance/program.h"
#include "conformance/run.h"
#include "kmip/base/clock.h"
#include "kmip/base/token.h"

#define RUN(member) offsetof(struct run_options, member)

static const struct opt run_opts[] = {
    {.name = "profile", .kind = OPT_LIST, .off = RUN(profiles), .arg = "NAME",
     .help = "run this profile (may be repeated); default: the three server profiles and "
             "authentication; robustness only by its name"},
    {.name = "case", .kind = OPT_LIST, .off = RUN(cases), .arg = "GLOB",
     .help = "only cases whose id matches"},
    {.name = "skip", .kind = OPT_LIST, .off = RUN(skips), .arg = "GLOB",
     .help = "leave out cases whose id matches"},
    {.name = "repeat", .kind = OPT_INT, .off = RUN(repeat), .arg = "N", .min = 1, .max = 100000,
     .help = "run each case N times and tell how often it came out how"},
    {.name = "jobs", .ch = 'j', .kind = OPT_INT, .off = RUN(jobs), .arg = "N", .min = 1, .max = 32,
     .help = "run N cases at a time, each on connections of its own; those that need the server for "
             "themselves come last"},
    {.name = "shard", .kind = OPT_STR, .off = RUN(shard), .arg = "I/N",
     .help = "run only the I-th of N parts of the cases; `merge` makes one report of all"},
    {.name = "strict", .kind = OPT_FLAG, .off = RUN(strict),
     .help = "a warning fails the run too, and so does a known deviation that is gone"},
    {.name = "baseline", .kind = OPT_STR, .off = RUN(baseline), .arg = "FILE",
     .help = "known deviations: only new ones fail the run"},
    {.name = "write-baseline", .kind = OPT_STR, .off = RUN(write_baseline), .arg = "FILE",
     .help = "write the deviations found as a baseline; to the file of --baseline, what is new is "
             "added"},
    {.name = "object", .kind = OPT_STR, .off = RUN(object), .arg = "ID",
     .help = "an object to read, for servers that let clients make none"},
    {.name = "other-certs", .kind = OPT_STR, .off = RUN(other_certs), .arg = "DIR",
     .help = "certificates of a second client identity (else KMIP_OTHER_CERTS)"},
    {.name = "auth-suite", .kind = OPT_STR, .off = RUN(auth_suite), .arg = "basic|tls12|report",
     .help = "the authentication suite that the server claims; report: none, and what it lacks of "
             "either is told (default)"},
    {.name = "client-ca", .kind = OPT_STR, .off = RUN(client_ca), .arg = "DIR",
     .help = "ca.pem and ca-key.pem of the authority that signs clients, for certificates that no "
             "server should take; default: the folder above the client's certificates"},
    {.name = "journal", .kind = OPT_STR, .off = RUN(journal), .arg = "FILE",
     .help = "where to keep note of what is made; default kmip-conform-RUN.journal"},
    {.name = "show-secrets", .kind = OPT_FLAG, .off = RUN(show_secrets),
     .help = "print key material and passwords"},
    {.name = "verbose", .ch = 'v', .kind = OPT_FLAG, .off = RUN(verbose),
     .help = "show exchanges of warnings too, and all of them"},
    {.name = "quiet", .ch = 'q', .kind = OPT_FLAG, .off = RUN(quiet),
     .help = "no line for a case that passed"},
    {.name = "idle", .kind = OPT_DURATION, .off = RUN(idle_ns), .arg = "DURATION",
     .help = "driver suite: how long to leave a connection alone (default: not at all)"},
    {.name = "control", .kind = OPT_STR, .off = RUN(control), .arg = "HOST:PORT",
     .help = "the server is a kmip-mock with this control API: waits advance its clock and take no "
             "time (else KMIP_CONTROL, for the server of KMIP_HOST and KMIP_PORT)"},
    {.name = "control-token-file", .kind = OPT_STR, .off = RUN(control_token_file), .arg = "FILE",
     .help = "holds the token that the control API asks for (else KMIP_CONTROL_TOKEN)"},
    {.name = "control-token", .kind = OPT_STR, .off = RUN(control_token), .arg = "TOKEN",
     .help = "the same, where others on this machine may see it"},
    {.name = "oasis", .kind = OPT_LIST, .off = RUN(oasis), .arg = "FILE|DIR",
     .help = "run the published OASIS test cases (XML) of a file or a folder; more may follow"},
    {.name = "suites", .kind = OPT_STR, .off = RUN(suites), .arg = "DIR",
     .help = "folder of the suites"},
};

static bool write_baseline(struct run *run, struct kerr *err)
{
    const char *path = run->o.write_baseline;
    size_t added;
    if (!baseline_write(path, &run->result, &added, err))
        return false;
    if (strcmp(path, "-") != 0)
        fprintf(run->term.out, "%s: %zu known deviation%s %s\n", path, added,
                added == 1 ? "" : "s", run->o.baseline ? "added" : "written");
    return true;
}

static int write_files(struct run *run)
{
    struct kerr err = KERR_INIT;
    run->result.took_ns = clock_wall_ns() - run->result.started_wall_ns;
    if (run->result.gate == GATE_OPEN && run->o.write_baseline && !write_baseline(run, &err))
        return program_failed(&err);
    if (!report_files_write(&run->o.files, &run->result, &err))
        return program_failed(&err);
    return result_exit(&run->result);
}

static int shut(struct run *run, const struct kerr *err)
{
    char text[900];
    run->result.gate_text = kerr_format(err, text, sizeof text);
    run->result.not_run = run_selected(run);
    fprintf(stderr, PROGRAM ": %s\n" PROGRAM ": nothing was tested\n", text);
    return write_files(run);
}

static int run_prepared(struct run *run)
{
    struct kerr err = KERR_INIT;
    if (!run_gate(run, &err))
        return shut(run, &err);
    report_target(&run->term, &run->target, run->prefix);
    run_warn(run);
    if (!run_cases(run, &err))
        return program_failed(&err);
    report_end(&run->term, &run->result);
    return write_files(run);
}

static bool to_stdout(const char *path)
{
    return path && strcmp(path, "-") == 0;
}

/* What the command line asks for; each server gets a copy. */
struct request {
    struct run_options o;
    struct kc_settings settings;
    struct host_options hosts;
    struct command_line line;
    char token[TOKEN_MAX + 1]; /* --control-token, hidden from the command line; one that is
                              * too long stays so */
};

static void keep_token(struct request *q)
{
    if (!q->o.control_token)
        return;
    snprintf(q->token, sizeof q->token, "%s", q->o.control_token);
    token_hide(q->o.control_token);
    q->o.control_token = q->token;
}

static int run_host(const struct request *q, const char *host)
{
    struct run *run = calloc(1, sizeof *run);
    struct kerr err = KERR_INIT;
    if (!run)
        return EXIT_OURS;
    run->o = q->o;
    run->to.settings = q->settings;
    run->to.settings.host = host;
    bool taken = report_files_to_stdout(&run->o.files) || to_stdout(run->o.write_baseline);
    terminal_init(&run->term, taken ? stderr : stdout);
    run->term.quiet = run->o.quiet;
    bool ready = run_load(run, q->line.operands, q->line.n, &err) && run_prepare(run, &err);
    int code = ready ? run_prepared(run) : program_failed(&err);
    run_clear(run);
    free(run);
    return code;
}

/* One server after the other. The worst exit code counts. */
static int run_hosts(const struct request *q)
{
    int worst = 0;
    for (size_t i = 0; i < q->hosts.list.n; i++) {
        int code = run_host(q, q->hosts.list.v[i]);
        worst = hosts_worse(worst, code);
        printf("\n");
    }
    printf("%s\n", hosts_no_failover);
    return worst;
}

static int run_request(const struct request *q)
{
    struct kerr err = KERR_INIT;
    if (q->hosts.list.n < 2)
        return run_host(q, q->hosts.list.n ? q->hosts.list.v[0] : NULL);
    const struct {
        const char *option, *value;
    } of_one[] = {{report_files_asked(&q->o.files), report_files_asked(&q->o.files)},
                  {"journal", q->o.journal},
                  {"baseline", q->o.baseline},
                  {"write-baseline", q->o.write_baseline},
                  {"shard", q->o.shard}};
    for (size_t i = 0; i < sizeof of_one / sizeof *of_one; i++)
        if (of_one[i].value) {
            kerr_set(&err, KE_USAGE,
                     "--%s is for one server: call " PROGRAM " once for each --host",
                     of_one[i].option);
            return program_failed(&err);
        }
    return run_hosts(q);
}

int cmd_run(int argc, char **argv)
{
    struct request *q = calloc(1, sizeof *q);
    int code = EXIT_OURS;
    if (!q)
        return code;
    kc_settings_init(&q->settings);
    q->settings.timeout_ns = RUN_TIMEOUT_S * NS_PER_S;
    q->o.repeat = q->o.jobs = 1;
    q->o.other_certs = program_env("KMIP_OTHER_CERTS");
    struct opt_set sets[4] = {
        {"Run", run_opts, sizeof run_opts / sizeof *run_opts, &q->o},
        {REPORT_FILES_TITLE, report_file_opts, REPORT_FORMATS, &q->o.files}};
    hosts_opt_sets(sets + 2, &q->hosts, &q->settings);
    if (program_parse("run", sets, 4, argc, argv, &q->line, &code)) {
        keep_token(q);
        code = run_request(q);
    }
    wipe(q->token, sizeof q->token);
    free(q);
    return code;
}
