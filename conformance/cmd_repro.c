/* kmip-conform repro: a field bug on demand, with the driver and its remedies. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/interrupt.h"
#include "conformance/mock_process.h"
#include "conformance/program.h"
#include "conformance/report.h"
#include "conformance/repro.h"
#include "kmip/base/clock.h"

#define TIMEOUT_S 20
#define SEED "7" /* the same order of replies each time, unless --seed */

struct repro_options {
    const char *trace, *seed;
    struct opt_list sets;
    bool wait;
};

#define REPRO(member) offsetof(struct repro_options, member)

static const struct opt repro_opts[] = {
    {.name = "trace", .kind = OPT_STR, .off = REPRO(trace), .arg = "FILE",
     .help = "write every request and reply with its time as JSON"},
    {.name = "wait", .kind = OPT_FLAG, .off = REPRO(wait),
     .help = "wait until a key becomes usable, however long, instead of reckoning when"},
    {.name = "seed", .kind = OPT_STR, .off = REPRO(seed), .arg = "N",
     .help = "of the mock's randomness (default " SEED ")"},
    {.name = "set", .kind = OPT_LIST, .off = REPRO(sets), .arg = "PATH=VALUE",
     .help = "further configuration of the mock, such as clock.offset=-5s"},
};

static void list(void)
{
    for (size_t i = 0; i < n_repros; i++)
        printf("  %-26s %s\n", repros[i].name, repros[i].title);
}

/* The mock's command line; room for all is checked by the caller. */
static void mock_args(const struct repro *r, const struct repro_options *o, const char **args)
{
    size_t n = 0;
    args[n++] = "--seed";
    args[n++] = o->seed ? o->seed : SEED;
    args[n++] = "--scenario";
    args[n++] = r->name;
    for (size_t i = 0; i < o->sets.n; i++) {
        args[n++] = "--set";
        args[n++] = o->sets.v[i];
    }
    args[n] = NULL;
}

#define SETS_MAX 8

static int run(const struct repro *r, const struct repro_options *o)
{
    struct mock_process mock = {.pid = 0};
    struct repro_run *run = calloc(1, sizeof *run);
    const char *args[2 * SETS_MAX + 5];
    struct kerr err = KERR_INIT;
    if (!run)
        return EXIT_OURS;
    run->repro = r;
    run->stop = &interrupted;
    run->wait = o->wait;
    run->more_sets = o->sets;
    mock_args(r, o, args);
    bool ok = mock_start(&mock, args, &err);
    if (ok) {
        run->base = (struct kc_connect){
            .host = mock.host,
            .port = mock.port,
            .files = {.ca = mock.client.ca, .cert = mock.client.cert, .key = mock.client.key},
            .timeout_ns = TIMEOUT_S * NS_PER_S};
        ok = repro_attempts(run, &err);
    }
    mock_stop(&mock);
    if (ok)
        repro_print(stdout, run);
    ok = ok && (!o->trace || repro_trace(o->trace, run, &err));
    int code = !ok ? program_failed(&err) : repro_held(run) ? EXIT_CONFORMANT : EXIT_FAILED;
    repro_clear(run);
    free(run);
    return code;
}

int cmd_repro(int argc, char **argv)
{
    struct repro_options o = {.trace = NULL};
    struct command_line line;
    struct kerr err = KERR_INIT;
    int code;
    struct opt_set sets[] = {{"Repro", repro_opts, sizeof repro_opts / sizeof *repro_opts, &o}};
    if (!program_parse("repro", sets, 1, argc, argv, &line, &code))
        return code;
    if (line.n == 0) {
        list();
        return 0;
    }
    if (line.n > 1)
        kerr_set(&err, KE_USAGE, "repro takes one name, not also '%s'", line.operands[1]);
    else if (o.sets.n > SETS_MAX)
        kerr_set(&err, KE_USAGE, "--set is given more than %d times", SETS_MAX);
    const struct repro *r = err.code == KE_OK ? repro_find(line.operands[0], &err) : NULL;
    if (!r || !report_can_write(o.trace, &err))
        return program_failed(&err);
    return run(r, &o);
}
