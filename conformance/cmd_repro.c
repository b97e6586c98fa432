/* kmip-conform repro: a field bug on demand, with the driver and its remedies. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/interrupt.h"
#include "conformance/program.h"
#include "conformance/report.h"
#include "conformance/repro.h"

#define SEED "7" /* the same order of replies each time, unless --seed */

struct repro_options {
    const char *trace, *html, *seed;
    struct opt_list sets;
    bool wait;
};

#define REPRO(member) offsetof(struct repro_options, member)

static const struct opt repro_opts[] = {
    {.name = "trace", .kind = OPT_STR, .off = REPRO(trace), .arg = "FILE",
     .help = "write every request and reply with its time as JSON"},
    {.name = "html", .kind = OPT_STR, .off = REPRO(html), .arg = "FILE",
     .help = "write a page with a picture of each attempt ('-': standard output)"},
    {.name = "wait", .kind = OPT_FLAG, .off = REPRO(wait),
     .help = "wait until a key becomes usable, however long, instead of reckoning when"},
    {.name = "seed", .kind = OPT_STR, .off = REPRO(seed), .arg = "N",
     .help = "of the mock's randomness (default " SEED ")"},
    {.name = "set", .kind = OPT_LIST, .off = REPRO(sets), .arg = "PATH=VALUE",
     .help = "further configuration of the mock, such as clock.offset=-5s"},
};

/* Every repro with its scenario's title. */
static int list(void)
{
    struct kerr err = KERR_INIT;
    for (size_t i = 0; i < n_repros; i++) {
        struct repro_about about;
        bool ok = repro_about_read(&about, repros[i].name, &err);
        if (ok)
            printf("%-34s %s\n", repros[i].name, about.title);
        repro_about_clear(&about);
        if (!ok)
            return program_failed(&err);
    }
    return EXIT_CONFORMANT;
}

#define SETS_MAX 8

static int run(const struct repro *r, const struct repro_options *o)
{
    struct repro_run *run = calloc(1, sizeof *run);
    struct kerr err = KERR_INIT;
    if (!run)
        return EXIT_OURS;
    run->repro = r;
    run->stop = &interrupted;
    run->wait = o->wait;
    run->sets = o->sets;
    run->seed = o->seed ? o->seed : SEED;
    bool ok = repro_about_read(&run->about, r->name, &err) && repro_attempts(run, &err);
    if (ok)
        repro_print(o->html && strcmp(o->html, "-") == 0 ? stderr : stdout, run);
    ok = ok && (!o->trace || repro_trace(o->trace, run, &err)) &&
         (!o->html || repro_html(o->html, run, &err));
    bool held = ok && repro_all(run, true) && repro_all(run, false);
    int code = !ok ? program_failed(&err) : held ? EXIT_CONFORMANT : EXIT_FAILED;
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
    if (line.n == 0)
        return list();
    if (line.n > 1)
        kerr_set(&err, KE_USAGE, "repro takes one name, not also '%s'", line.operands[1]);
    else if (o.sets.n > SETS_MAX)
        kerr_set(&err, KE_USAGE, "--set is given more than %d times", SETS_MAX);
    const struct repro *r = err.code == KE_OK ? repro_find(line.operands[0], &err) : NULL;
    if (!r || !report_can_write(o.trace, &err) || !report_can_write(o.html, &err))
        return program_failed(&err);
    return run(r, &o);
}
