/* The catalogues that come with the programs: that each entry can be put in force, cites
 * what there is, and that the engine's switches and they name one another. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "kmip/base/file.h"
#include "kmip/base/text.h"
#include "kmip/tests/support/tmpdir.h"
#include "mockserver/catalogues.h"

static struct tmpdir dir;

static void make_dir(void)
{
    tmpdir_make(&dir);
}

static void remove_dir(void)
{
    tmpdir_remove(&dir);
}

TestSuite(catalogues, .timeout = 60, .init = make_dir, .fini = remove_dir);

static const enum catalogue_kind kinds[] = {CATALOGUE_DEVIATIONS, CATALOGUE_VARIATIONS};
#define N_KINDS (sizeof kinds / sizeof *kinds)

static void load_catalogue(struct catalogue *c, enum catalogue_kind kind)
{
    struct kerr err = KERR_INIT;
    cr_assert(catalogue_load(c, kind, &err), "%s", err.msg);
}

/* Options --set of a mock. */
static bool load(struct mock_config *cfg, const char *const sets[], struct kerr *err)
{
    struct opt_list l = {.n = 0};
    for (; sets[l.n]; l.n++)
        l.v[l.n] = sets[l.n];
    return config_load(cfg, NULL, &l, err);
}

Test(catalogues, deviations_are_many)
{
    struct catalogue c;
    load_catalogue(&c, CATALOGUE_DEVIATIONS);
    cr_expect_geq(c.n, 300);
    catalogue_clear(&c);
}

Test(catalogues, variations_say_what_permits_them)
{
    struct catalogue c;
    load_catalogue(&c, CATALOGUE_VARIATIONS);
    cr_expect_geq(c.n, 40);
    for (size_t i = 0; i < c.n; i++)
        cr_expect(c.v[i].why && c.v[i].why[0] && c.v[i].why[strlen(c.v[i].why) - 1] != '.',
                  "%s: why it is permitted", c.v[i].name);
    catalogue_clear(&c);
}

Test(catalogues, entries_can_be_put_in_force)
{
    for (size_t k = 0; k < N_KINDS; k++) {
        struct catalogue c;
        load_catalogue(&c, kinds[k]);
        for (size_t i = 0; i < c.n; i++) {
            struct mock_config cfg;
            struct kerr err = KERR_INIT;
            char set[200];
            snprintf(set, sizeof set, "%s=%s", catalogue_plural[kinds[k]], c.v[i].name);
            bool ok = load(&cfg, (const char *[]){set, NULL}, &err);
            cr_expect(ok, "%s: %s", c.v[i].name, err.msg);
            if (ok)
                config_clear(&cfg);
        }
        catalogue_clear(&c);
    }
}

/* Column `row` of the requirements, a line each. */
static bool row_exists(struct buf *tsv, const char *row)
{
    size_t n = strlen(row);
    for (const char *at = buf_cstr(tsv); at; at = strchr(at, '\n')) {
        at += *at == '\n';
        if (strncmp(at, row, n) == 0 && at[n] == '\t')
            return true;
    }
    return false;
}

static bool is_name(const char *name)
{
    for (const char *p = name; *p; p++)
        if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-.", *p))
            return false;
    return name[0] != '\0';
}

static void check_entry(const struct catalogue_entry *e, struct buf *tsv)
{
    const struct kmip_enum *operations = kmip_enum_by_name(bytes_str("Operation"));
    cr_expect(is_name(e->name), "%s: lower case, digits, hyphens", e->name);
    cr_expect(strncmp(e->clause, "KMIP ", 5) == 0 && strpbrk(e->clause, "123456789"), "%s: %s",
              e->name, e->clause);
    cr_expect(e->what[0] >= 'A' && e->what[0] <= 'Z' && e->what[strlen(e->what) - 1] != '.',
              "%s: a sentence without full stop: %s", e->name, e->what);
    cr_expect_gt(e->n_rows, 0, "%s", e->name);
    for (size_t i = 0; i < e->n_rows; i++)
        cr_expect(row_exists(tsv, e->rows[i]), "%s: there is no row %s", e->name, e->rows[i]);
    for (size_t i = 0; i < e->n_operations; i++)
        cr_expect(kmip_enum_by_text(operations, bytes_str(e->operations[i])), "%s: %s", e->name,
                  e->operations[i]);
}

Test(catalogues, entries_cite_what_there_is)
{
    struct buf tsv;
    struct kerr err = KERR_INIT;
    buf_init(&tsv, 1 << 20);
    cr_assert(file_read("conformance/requirements.tsv", &tsv, &err), "%s", err.msg);
    for (size_t k = 0; k < N_KINDS; k++) {
        struct catalogue c;
        load_catalogue(&c, kinds[k]);
        for (size_t i = 0; i < c.n; i++)
            check_entry(&c.v[i], &tsv);
        catalogue_clear(&c);
    }
    buf_clear(&tsv);
}

Test(catalogues, every_switch_has_one_entry_of_its_name)
{
    unsigned named[MOCK_SWITCHES] = {0};
    for (size_t k = 0; k < N_KINDS; k++) {
        struct catalogue c;
        load_catalogue(&c, kinds[k]);
        for (size_t i = 0; i < c.n; i++) {
            if (!c.v[i].engine)
                continue;
            enum mock_switch which = switch_by_name(c.v[i].engine);
            cr_assert_lt(which, MOCK_SWITCHES, "%s", c.v[i].engine);
            cr_expect_str_eq(c.v[i].name, c.v[i].engine);
            named[which]++;
        }
        catalogue_clear(&c);
    }
    for (unsigned i = 0; i < MOCK_SWITCHES; i++)
        cr_expect_eq(named[i], 1, "%s has %u entries", switch_name(i), named[i]);
}

Test(catalogues, entries_lie_over_the_rest)
{
    struct mock_config cfg;
    struct kerr err = KERR_INIT;
    cr_assert(load(&cfg,
                   (const char *[]){"deviations=[time-stamp-missing, version-1.0-refused]",
                                    "faults=[{name: a, action: drop}]", "versions=[1.0]", NULL},
                   &err),
              "%s", err.msg);
    cr_expect_eq(cfg.faults.n, 2, "faults add up");
    cr_expect(cfg.n_versions == 2 && cfg.versions[1] == KMIP_V11, "settings are replaced");
    config_clear(&cfg);
}

Test(catalogues, turn_switches_on)
{
    struct mock_config cfg;
    struct kerr err = KERR_INIT;
    cr_assert(load(&cfg, (const char *[]){"deviations=batch-count-one-too-many", NULL}, &err),
              "%s", err.msg);
    for (unsigned i = 0; i < MOCK_SWITCHES; i++)
        cr_expect_eq(switch_on(&cfg.switches, i), i == DEV_BATCH_COUNT_ONE_TOO_MANY);
    config_clear(&cfg);
    cr_assert(load(&cfg, (const char *[]){"deviations=[]", NULL}, &err), "%s", err.msg);
    cr_expect_not(switch_on(&cfg.switches, DEV_BATCH_COUNT_ONE_TOO_MANY), "none is none");
    config_clear(&cfg);
}

#define ENTRY "- {name: a, what: Something, clause: 'KMIP 1.2 spec, 1', rows: [BL-M-1], operation: any"

static const struct wrong {
    const char *what, *catalogue; /* NULL: the one that comes with the programs */
    const char *set;
    enum kerr_code code;
    const char *words[2];
} wrongs[] = {
    {"a name that is nearly one", NULL, "deviations=[time-stamp-mising]", KE_CONFIG,
     {"no deviation 'time-stamp-mising'", "did you mean 'time-stamp-missing'?"}},
    {"a name that is none", NULL, "deviations=[zzzzzzzzzz]", KE_CONFIG,
     {"no deviation 'zzzzzzzzzz'", "`kmip-mock deviations` lists them"}},
    {"a map", NULL, "deviations={a: b}", KE_CONFIG, {"deviations is a list of names"}},
    {"an empty catalogue", "# none\n", "deviations=[a]", KE_CONFIG, {"is empty"}},
    {"a map as catalogue", "a: b\n", "deviations=[a]", KE_CONFIG, {"a catalogue is a list"}},
    {"no level", ENTRY ", config: {}}\n", "deviations=[a]", KE_CONFIG, {"a: a deviation has a level"}},
    {"profiles", ENTRY ", level: MUST, config: {}, profiles: [a]}\n", "deviations=[a]", KE_CONFIG,
     {"a: a deviation has no profiles"}},
    {"another level", ENTRY ", level: MAY, config: {}}\n", "deviations=[a]", KE_CONFIG,
     {"MUST or SHOULD, not 'MAY'"}},
    {"neither config nor engine", ENTRY ", level: MUST}\n", "deviations=[a]", KE_CONFIG,
     {"config or engine says how"}},
    {"a switch that is none", ENTRY ", level: MUST, engine: a}\n", "deviations=[a]", KE_CONFIG,
     {"the engine has no switch 'a'"}},
    {"two of a name", ENTRY ", level: MUST, config: {}}\n" ENTRY ", level: MUST, config: {}}\n",
     "deviations=[a]", KE_CONFIG, {"there is a deviation a already"}},
    {"a place", ENTRY ", level: MUST, config: {listen: '127.0.0.1:1'}}\n", "deviations=[a]",
     KE_CONFIG, {"listen is not for config of a"}},
    {"config that is no map", ENTRY ", level: MUST, config: [a]}\n", "deviations=[a]", KE_CONFIG,
     {"config of a is a map"}},
    {"an unknown key", ENTRY ", level: MUST, config: {}, claus: b}\n", "deviations=[a]", KE_CONFIG,
     {"did you mean 'clause'?"}},
    {"an unknown setting", ENTRY ", level: MUST, config: {falts: []}}\n", "deviations=[a]",
     KE_CONFIG, {"did you mean 'faults'?"}},
};

Test(catalogues, tell_what_is_wrong)
{
    for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
        const struct wrong *w = &wrongs[i];
        struct mock_config cfg;
        struct kerr err = KERR_INIT;
        if (w->catalogue) {
            tmpdir_write(&dir, "deviations.yaml", w->catalogue);
            setenv("KMIP_CATALOGUES", dir.path, 1);
        } else {
            unsetenv("KMIP_CATALOGUES");
        }
        bool ok = load(&cfg, (const char *[]){w->set, NULL}, &err);
        cr_expect(!ok, "%s: accepted", w->what);
        cr_expect_eq(err.code, w->code, "%s: %s", w->what, err.msg);
        for (size_t k = 0; k < 2 && w->words[k]; k++)
            cr_expect(strstr(err.msg, w->words[k]), "%s: '%s' is not in: %s", w->what, w->words[k],
                      err.msg);
        if (ok)
            config_clear(&cfg);
    }
}

Test(catalogues, a_folder_without_one_is_told)
{
    struct catalogue c;
    struct kerr err = KERR_INIT;
    setenv("KMIP_CATALOGUES", dir.path, 1);
    cr_expect_not(catalogue_load(&c, CATALOGUE_VARIATIONS, &err));
    cr_expect_eq(err.code, KE_USAGE);
    cr_expect(strstr(err.msg, "has no variations.yaml"), "%s", err.msg);
    catalogue_clear(&c);
}

Test(catalogues, are_listed_and_explained)
{
    struct kerr err = KERR_INIT;
    char *text = NULL, *names[] = {"time-stamp-missing", "query-hides-create"};
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    cr_assert(catalogue_print(CATALOGUE_DEVIATIONS, NULL, 0, out, &err), "%s", err.msg);
    fputs("--\n", out);
    cr_assert(catalogue_print(CATALOGUE_DEVIATIONS, names, 2, out, &err), "%s", err.msg);
    fclose(out);
    cr_expect(strstr(text, "time-stamp-missing                       The response header has no "
                           "Time Stamp\n"),
              "%s", text);
    cr_expect(strstr(text, "--\ntime-stamp-missing\n\nThe response header has no Time Stamp.\n\n"
                           "Clause:     KMIP 1.2 spec, 6.5, 7.2\nLevel:      MUST\n"
                           "Operations: any\nRows:       BL-M-5, BL-X-2\n"
                           "By:         configuration\n\nquery-hides-create\n"),
              "%s", text);
    free(text);
    names[0] = "time-stamp-mising";
    cr_expect_not(catalogue_print(CATALOGUE_DEVIATIONS, names, 1, stdout, &err));
    cr_expect_eq(err.code, KE_USAGE);
}
