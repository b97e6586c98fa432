/* Command lines from tables (option.h), on top of getopt_long(3). */
#include "kmip/base/option.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "kmip/base/bytes.h"
#include "kmip/base/clock.h"
#include "kmip/base/text.h"

#define OPTIONS_MAX 128

/* All sets flattened for getopt: long options by index, short ones by letter. */
struct flat {
    const struct opt *opt[OPTIONS_MAX];
    void *base[OPTIONS_MAX];
    struct option longs[OPTIONS_MAX + 2];
    char shorts[2 * OPTIONS_MAX + 3];
    size_t n;
};

enum { CODE_LONG = 0x1000, CODE_HELP = 0x2000 };

static void flatten(struct flat *f, const struct opt_set *sets, size_t n_sets, bool help)
{
    memset(f, 0, sizeof *f);
    char *s = f->shorts;
    *s++ = ':'; /* tells a missing argument from an unknown option */
    for (size_t i = 0; i < n_sets; i++)
        for (size_t j = 0; j < sets[i].n && f->n < OPTIONS_MAX; j++) {
            const struct opt *o = &sets[i].opts[j];
            int has_arg = o->kind == OPT_FLAG ? no_argument : required_argument;
            f->longs[f->n] = (struct option){o->name, has_arg, NULL, CODE_LONG + (int)f->n};
            if (o->ch) {
                *s++ = (char)o->ch;
                if (has_arg)
                    *s++ = ':';
            }
            f->base[f->n] = sets[i].base;
            f->opt[f->n++] = o;
        }
    if (help)
        f->longs[f->n] = (struct option){"help", no_argument, NULL, CODE_HELP};
}

static size_t by_letter(const struct flat *f, int ch)
{
    size_t i = 0;
    while (i < f->n && f->opt[i]->ch != ch)
        i++;
    return i;
}

static bool unknown(const struct flat *f, const char *word, struct kerr *err)
{
    const char *names[OPTIONS_MAX + 1];
    for (size_t i = 0; i < f->n; i++)
        names[i] = f->opt[i]->name;
    char bare[64];
    snprintf(bare, sizeof bare, "%.*s", (int)strcspn(word, "="), word);
    const char *near = bare[0] == '-' && bare[1] == '-' ? text_nearest(bare + 2, names, f->n) : NULL;
    if (near)
        return kerr_set(err, KE_USAGE, "unknown option %s; did you mean --%s?", bare, near);
    return kerr_set(err, KE_USAGE, "unknown option %s; --help lists the options", bare);
}

static bool store(const struct opt *o, void *base, const char *arg, struct kerr *err)
{
    void *at = (char *)base + o->off;
    if (o->seen_off)
        *(bool *)((char *)base + o->seen_off - 1) = true;
    switch (o->kind) {
    case OPT_FLAG:
        *(bool *)at = true;
        return true;
    case OPT_STR:
        *(const char **)at = arg;
        return true;
    case OPT_INT:
        if (text_int(bytes_str(arg), o->min, o->max, at))
            return true;
        return kerr_set(err, KE_USAGE, "--%s takes a whole number from %lld to %lld, not '%s'",
                        o->name, (long long)o->min, (long long)o->max, arg);
    case OPT_DURATION: {
        int64_t *ns = at, seconds;
        if (text_int(bytes_str(arg), -INT64_C(9000000000), INT64_C(9000000000), &seconds)) {
            *ns = seconds * NS_PER_S;
            return true;
        }
        if (text_duration(bytes_str(arg), ns))
            return true;
        return kerr_set(err, KE_USAGE, "--%s takes a duration such as 30s or 5m, not '%s'", o->name,
                        arg);
    }
    case OPT_LIST: {
        struct opt_list *l = at;
        if (l->n == OPT_LIST_MAX)
            return kerr_set(err, KE_USAGE, "--%s is given more than %d times", o->name, OPT_LIST_MAX);
        l->v[l->n++] = arg;
        return true;
    }
    }
    return false;
}

bool opt_parse(const struct opt_set *sets, size_t n_sets, int argc, char **argv, char ***operands,
               int *n_operands, bool *help, struct kerr *err)
{
    struct flat f;
    flatten(&f, sets, n_sets, help != NULL);
    opterr = 0;
    optind = 0; /* glibc: start anew, also after an earlier parse */
    for (;;) {
        int at = optind ? optind : 1;
        int c = getopt_long(argc, argv, f.shorts, f.longs, NULL);
        if (c == -1)
            break;
        const char *word = argv[optind > at ? optind - 1 : at];
        if (c == '?') {
            /* A flag given a value, or a letter inside a cluster, comes here too. */
            if (optopt >= CODE_LONG && (size_t)(optopt - CODE_LONG) < f.n)
                return kerr_set(err, KE_USAGE, "--%s takes no value", f.opt[optopt - CODE_LONG]->name);
            char letter[3] = {'-', (char)optopt, 0};
            return unknown(&f, optopt > 0 && optopt < 256 ? letter : word, err);
        }
        if (c == ':') {
            size_t i = optopt >= CODE_LONG ? (size_t)(optopt - CODE_LONG) : by_letter(&f, optopt);
            return kerr_set(err, KE_USAGE, "--%s needs a value: --%s %s", f.opt[i]->name,
                            f.opt[i]->name, f.opt[i]->arg);
        }
        if (c == CODE_HELP) {
            *help = true;
            continue;
        }
        size_t i = c >= CODE_LONG ? (size_t)(c - CODE_LONG) : by_letter(&f, c);
        if (!store(f.opt[i], f.base[i], optarg, err))
            return false;
    }
    *operands = argv + optind;
    *n_operands = argc - optind;
    return true;
}

static void help_rows(FILE *out, const struct opt_set *set)
{
    fprintf(out, "\n%s:\n", set->title);
    for (size_t i = 0; i < set->n; i++) {
        const struct opt *o = &set->opts[i];
        char left[80];
        int n = snprintf(left, sizeof left, "  %c%c%s--%s%s%s", o->ch ? '-' : ' ', o->ch ? o->ch : ' ',
                         o->ch ? ", " : "  ", o->name, o->arg ? " " : "", o->arg ? o->arg : "");
        if (n > 30)
            fprintf(out, "%s\n%32s%s\n", left, "", o->help);
        else
            fprintf(out, "%-32s%s\n", left, o->help);
    }
}

void opt_help(FILE *out, const char *program, const struct opt_command *cmd, const struct opt_set *sets,
              size_t n_sets)
{
    fprintf(out, "usage: %s%s%s [options]%s%s\n\n%s\n", program, cmd->name[0] ? " " : "", cmd->name,
            cmd->operands[0] ? " " : "", cmd->operands, cmd->help);
    for (size_t i = 0; i < n_sets; i++)
        if (sets[i].n > 0)
            help_rows(out, &sets[i]);
}

void opt_help_commands(FILE *out, const char *program, const char *purpose,
                       const struct opt_command *cmds, size_t n)
{
    fprintf(out, "%s: %s\n\nusage: %s COMMAND [options] [operands]\n\nCommands:\n", program, purpose,
            program);
    for (size_t i = 0; i < n; i++) {
        char left[80];
        snprintf(left, sizeof left, "  %s %s", cmds[i].name, cmds[i].operands);
        fprintf(out, strlen(left) > 30 ? "%s\n%32s%s\n" : "%-32s%s%s\n", left, "", cmds[i].help);
    }
    fprintf(out, "\n%s COMMAND --help tells more.\n", program);
}
