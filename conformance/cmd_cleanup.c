/* kmip-conform cleanup: works off the journal of an earlier run. */
#include <stdio.h>
#include <string.h>

#include "client/lib/settings_opts.h"
#include "conformance/journal.h"
#include "conformance/program.h"

struct cleanup_options {
    const char *other_certs;
};

static const struct opt cleanup_opts[] = {
    {.name = "other-certs",
     .kind = OPT_STR,
     .off = offsetof(struct cleanup_options, other_certs),
     .arg = "DIR",
     .help =
         "certificates of a second client identity, if the run had one (else KMIP_OTHER_CERTS)"},
};

/* Identifiers mean something on their own server only. */
static bool same_server(const struct journal *j, const struct target *t, struct kerr *err)
{
    char here[400];
    snprintf(here, sizeof here, "%s:%s", t->opt.settings.host, t->port);
    return strcmp(j->server, here) == 0 ||
           kerr_set(err, KE_CONFIG, "%s is of a run against %s, not %s", j->path, j->server, here);
}

static int report(const struct journal *j, size_t before, size_t left)
{
    printf("%zu of %zu objects removed\n", before - left, before);
    for (size_t i = 0; i < j->n; i++) {
        const struct journal_entry *e = &j->v[i];
        if (!e->gone)
            printf("still there: %s%s%s (case %s): %s\n", e->uid[0] ? "" : e->attribute,
                   e->uid[0] ? "" : " ", e->uid[0] ? e->uid : e->value, e->case_id,
                   e->why ? e->why : "not tried");
    }
    if (j->unreadable > 0)
        printf("line %zu of %s cannot be read%s; what it names may still be there\n",
               j->unreadable_line, j->path, j->unreadable > 1 ? ", and others" : "");
    return left > 0 || j->unreadable > 0 ? EXIT_FAILED : 0;
}

static int clean(struct journal *j, struct target *t)
{
    struct kerr err = KERR_INIT;
    size_t before = journal_left(j);
    if (!same_server(j, t, &err) || (before > 0 && !target_client(t, "main", &err)))
        return program_failed(&err);
    return report(j, before, journal_clean(j, t, NULL, true));
}

int cmd_cleanup(int argc, char **argv)
{
    struct cleanup_options o = {.other_certs = program_env("KMIP_OTHER_CERTS")};
    struct target_options to = {.object = NULL};
    struct kerr err = KERR_INIT;
    struct command_line line;
    struct journal j;
    struct target t;
    int code;
    kc_settings_init(&to.settings);
    struct opt_set sets[] = {{"Clean-up", cleanup_opts, 1, &o},
                             {"Connection", kc_settings_opts, kc_n_settings_opts, &to.settings}};
    if (!program_parse("cleanup", sets, 2, argc, argv, &line, &code))
        return code;
    if (line.n != 1)
        kerr_set(&err, KE_USAGE, "cleanup takes the journal of a run");
    if (line.n != 1 || !kc_settings_finish(&to.settings, &err))
        return program_failed(&err);
    to.other_certs = o.other_certs;
    target_init(&t, &to);
    code = journal_load(&j, line.operands[0], &err) ? clean(&j, &t) : program_failed(&err);
    journal_close(&j);
    target_clear(&t);
    return code;
}
