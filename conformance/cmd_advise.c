/* kmip-conform advise: runs the driver suite and prints the settings that suit the
 * server: on standard output nothing but YAML. Progress goes to standard error. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "conformance/advise_values.h"
#include "conformance/hosts.h"
#include "conformance/interrupt.h"
#include "conformance/program.h"
#include "conformance/run.h"
#include "kmip/base/clock.h"
#include "kmip/base/file.h"
#include "kmip/base/text.h"

struct advise_options {
    const char *write;
    int64_t idle_ns;
};

#define ADVISE(member) offsetof(struct advise_options, member)

static const struct opt advise_opts[] = {
    {.name = "write", .kind = OPT_STR, .off = ADVISE(write), .arg = "FILE",
     .help = "write the block there too"},
    {.name = "idle", .kind = OPT_DURATION, .off = ADVISE(idle_ns), .arg = "DURATION",
     .help = "how long to leave a connection alone (default: not at all)"},
};

/* One server and what came of it. */
struct tried {
    struct run *run;
    struct advice advice;
    enum gate_result gate;
    bool advised;          /* else nothing is known of it */
    char why[ADVICE_TEXT]; /* it does not work */
};

struct advising {
    struct advise_options o;
    struct kc_settings settings;
    struct host_options hosts;
    struct values values;
    bool has_values;
    struct tried tried[16];
    size_t n;
};

/* ---- one server ------------------------------------------------------------- */

/* A server that does not even answer Discover Versions and Query as it must. */
static void shut(struct tried *t, const struct kerr *err)
{
    const struct run *run = t->run;
    bool older = run->target.n_versions > 0 && !target_has_version(&run->target, KMIP_V12);
    bool speaks_kmip = run->result.gate == GATE_REFUSED;
    if (run->result.gate == GATE_REFUSED || run->result.gate == GATE_UNREACHABLE)
        t->advised = advise_shut(err, speaks_kmip, older, &t->advice);
}

/* False: *code is the exit code of all. */
static bool try_host(struct advising *ad, const char *host, struct tried *t, int *code)
{
    struct kerr err = KERR_INIT;
    struct run *run = t->run = calloc(1, sizeof *run);
    *code = EXIT_OURS;
    if (!run)
        return false;
    run->o = (struct run_options){.profiles = {{"driver"}, 1}, .repeat = 1,
                                  .idle_ns = ad->o.idle_ns};
    run->to.settings = ad->settings;
    run->to.settings.host = host;
    terminal_init(&run->term, stderr);
    run->term.quiet = true;
    if (!run_load(run, NULL, 0, &err) || !run_prepare(run, &err)) {
        *code = program_failed(&err);
        return false;
    }
    if (!run_gate(run, &err)) {
        snprintf(t->why, sizeof t->why, "%s", err.msg);
        fprintf(stderr, PROGRAM ": %s: %s\n", host, err.msg);
        shut(t, &err);
    } else if (!run_cases(run, &err)) {
        *code = program_failed(&err);
        return false;
    } else {
        advise(&run->driver.facts, run->driver.opt.attribute, &t->advice);
        t->advised = true;
        snprintf(t->why, sizeof t->why, "%s", t->advice.works ? "" : t->advice.ask[0]);
        if (run->result.left_behind > 0)
            fprintf(stderr, PROGRAM ": %zu objects could not be removed: %s cleanup%s %s\n",
                    run->result.left_behind, program_name(), run->result.reach,
                    run->journal_path);
    }
    t->gate = run->result.gate;
    *code = 0;
    return true;
}

/* ---- the block -------------------------------------------------------------- */

/* The first server that works, else the first that could be tested, else the first that
 * there is something to ask about, else none (n). */
static size_t choose(const struct advising *ad)
{
    for (size_t i = 0; i < ad->n; i++)
        if (ad->tried[i].gate == GATE_OPEN && ad->tried[i].advice.works)
            return i;
    for (size_t i = 0; i < ad->n; i++)
        if (ad->tried[i].gate == GATE_OPEN || ad->tried[i].gate == GATE_REFUSED)
            return i;
    for (size_t i = 0; i < ad->n; i++)
        if (ad->tried[i].advised)
            return i;
    return ad->n;
}

/* The proof that it can be used: the client library reads it and means the same. */
static bool read_back(const struct kc_settings *from, const struct advice *a,
                      const struct advice_place *place, struct bytes block, struct kerr *err)
{
    char path[64];
    struct kc_settings *s = calloc(1, sizeof *s);
    int fd = memfd_create("values.yaml", MFD_CLOEXEC);
    bool ok = s && fd >= 0 && write(fd, block.p, block.n) == (ssize_t)block.n;
    if (!ok)
        kerr_set(err, KE_IO, "cannot read the advice back: %m");
    if (ok && a->works) { /* `enabled: false` is refused, as it should be */
        kc_settings_init(s);
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        s->values = path;
        s->ca = from->files.ca;
        s->cert = from->files.cert;
        s->key = from->files.key;
        const char *attribute = a->attribute[0] ? a->attribute : NULL;
        ok = kc_settings_finish(s, err) &&
             ((s->values_enabled && s->port == place->port && s->depth == a->depth &&
               s->compound_create == a->compound &&
               strcmp(s->host, place->hosts[place->chosen].host) == 0 &&
               (attribute ? s->bucket_attribute && strcmp(s->bucket_attribute, attribute) == 0
                          : !s->bucket_attribute)) ||
              kerr_set(err, KE_INTERNAL, "the advice reads back as something else"));
    }
    if (fd >= 0)
        close(fd);
    free(s);
    return ok;
}

static void compare(const struct advising *ad, const struct advice *a,
                    const struct advice_place *place, struct buf *out)
{
    const struct driver_facts *f = &ad->tried[place->chosen].run->driver.facts;
    if (!ad->has_values)
        return;
    if (f->configured != TRI_UNKNOWN) {
        buf_puts(out, "# ");
        advice_comment(out, ad->values.v.path);
        buf_printf(out, ": the driver's flow %s with what stands there",
                   f->configured == TRI_YES ? "works" : "fails");
        buf_puts(out, f->configured == TRI_YES ? "" : ": ");
        advice_comment(out, f->configured == TRI_YES ? "" : f->configured_why);
        buf_putc(out, '\n');
    }
    if (advice_compare(a, place, &ad->values.v, out) == 0)
        buf_puts(out, "# and these are the advised settings\n");
}

static int print_block(const struct advising *ad, size_t chosen)
{
    struct kerr err = KERR_INIT;
    struct advice_host hosts[16];
    struct buf out;
    const struct tried *t = &ad->tried[chosen];
    for (size_t i = 0; i < ad->n; i++)
        hosts[i] = (struct advice_host){
            ad->tried[i].run->to.settings.host,
            ad->tried[i].gate == GATE_OPEN && ad->tried[i].advice.works, ad->tried[i].why};
    const struct advice_place place = {.hosts = hosts,
                                       .n_hosts = ad->n,
                                       .chosen = chosen,
                                       .port = t->run->to.settings.port,
                                       .server = t->run->target.vendor,
                                       .when_s = clock_wall_ns() / NS_PER_S};
    buf_init(&out, 1u << 20);
    bool ok = (advice_yaml(&t->advice, &place, &out) ||
               kerr_set(&err, KE_MEMORY, "no memory for the advice")) &&
              read_back(&t->run->to.settings, &t->advice, &place, buf_bytes(&out), &err);
    if (ok) {
        compare(ad, &t->advice, &place, &out);
        ok = file_write("-", buf_bytes(&out), 0644, &err) &&
             (!ad->o.write || file_write(ad->o.write, buf_bytes(&out), 0644, &err));
    }
    buf_clear(&out);
    if (!ok)
        return program_failed(&err);
    if (t->gate == GATE_UNREACHABLE)
        return EXIT_UNREACHABLE;
    return t->advice.works ? EXIT_CONFORMANT : EXIT_FAILED;
}

/* ---- all of them ------------------------------------------------------------ */

/* What the flow depends on; what cannot be read is told as a difference. */
static void take_flow(struct advising *ad)
{
    const struct advice_values *v = &ad->values.v;
    struct kc_settings *s = &ad->settings;
    int64_t depth;
    bool compound;
    if (!s->depth_given && v->text[ADVICE_DEPTH] &&
        text_int(bytes_str(v->text[ADVICE_DEPTH]), 0, DRIVER_DEPTH_MAX, &depth))
        s->depth = depth > 0 ? depth : DRIVER_DEPTH_DEFAULT; /* as the driver has it */
    s->depth_given = true; /* by the file, or by its silence */
    if (v->text[ADVICE_COMPOUND] && text_bool(bytes_str(v->text[ADVICE_COMPOUND]), &compound))
        s->compound_create = s->compound_create || (compound && !s->no_compound_create);
    if (!s->bucket_attribute && v->text[ADVICE_ATTRIBUTE] && v->text[ADVICE_ATTRIBUTE][0])
        s->bucket_attribute = v->text[ADVICE_ATTRIBUTE];
}

/* What the values file says of the server, where the command line does not. */
static bool take_values(struct advising *ad, struct kerr *err)
{
    const char *path = ad->settings.values;
    if (!path)
        return true;
    ad->has_values = true;
    if (!values_read(&ad->values, path, err))
        return kerr_wrap(err, "--values");
    ad->settings.values = NULL;
    if (ad->hosts.list.n == 0)
        ad->hosts.list = ad->values.hosts;
    if (!ad->settings.port_given && ad->values.port)
        ad->settings.port = ad->values.port;
    take_flow(ad);
    return true;
}

static int advise_all(struct advising *ad)
{
    struct kerr err = KERR_INIT;
    int code = EXIT_OURS;
    if (!take_values(ad, &err) || !report_can_write(ad->o.write, &err))
        return program_failed(&err);
    size_t most = sizeof ad->tried / sizeof *ad->tried;
    if (ad->hosts.list.n > most) {
        kerr_set(&err, KE_USAGE, "more than %zu hosts", most);
        return program_failed(&err);
    }
    size_t n = ad->hosts.list.n > 0 ? ad->hosts.list.n : 1;
    while (ad->n < n && !interrupted) {
        const char *host = ad->hosts.list.n > 0 ? ad->hosts.list.v[ad->n] : NULL;
        if (!try_host(ad, host, &ad->tried[ad->n++], &code))
            return code;
    }
    if (interrupted) {
        fprintf(stderr, PROGRAM ": interrupted: not enough was tested to advise anything\n");
        return EXIT_UNDECIDED;
    }
    size_t chosen = choose(ad);
    if (chosen == ad->n)
        return EXIT_UNREACHABLE;
    if (ad->n > 1)
        fprintf(stderr, PROGRAM ": %s\n", hosts_no_failover);
    return print_block(ad, chosen);
}

int cmd_advise(int argc, char **argv)
{
    struct advising *ad = calloc(1, sizeof *ad);
    struct command_line line;
    struct kerr err = KERR_INIT;
    int code = EXIT_OURS;
    if (!ad)
        return code;
    kc_settings_init(&ad->settings);
    ad->settings.timeout_ns = RUN_TIMEOUT_S * NS_PER_S;
    struct opt_set sets[3] = {
        {"Advice", advise_opts, sizeof advise_opts / sizeof *advise_opts, &ad->o}};
    hosts_opt_sets(sets + 1, &ad->hosts, &ad->settings);
    if (program_parse("advise", sets, 3, argc, argv, &line, &code)) {
        if (line.n > 0) {
            kerr_set(&err, KE_USAGE, "advise takes no operand '%s'", line.operands[0]);
            code = program_failed(&err);
        } else {
            code = advise_all(ad);
        }
    }
    for (size_t i = 0; i < ad->n; i++)
        if (ad->tried[i].run) {
            run_clear(ad->tried[i].run);
            free(ad->tried[i].run);
        }
    values_clear(&ad->values);
    free(ad);
    return code;
}
