/* Command lines from tables (option.h), on top of getopt_long(3). */
#include "kmip/base/option.h"

#include <getopt.h>
#include <stdio.h>
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
    char shorts[2 * OPTIONS_MAX + 4];
    size_t n;
};

enum { CODE_LONG = 0x1000, CODE_HELP = 0x2000 };

static size_t by_letter(const struct flat *f, int ch)
{
    size_t i = 0;
    while (i < f->n && f->opt[i]->ch != ch)
        i++;
    return i;
}

static bool flatten(struct flat *f, const struct opt_set *sets, size_t n_sets, bool help)
{
    memset(f, 0, sizeof *f);
    char *s = f->shorts;
    *s++ = '-'; /* operands come in their turn, also with POSIXLY_CORRECT set */
    *s++ = ':'; /* tells a missing argument from an unknown option */
    for (size_t i = 0; i < n_sets; i++)
        for (size_t j = 0; j < sets[i].n; j++) {
            const struct opt *o = &sets[i].opts[j];
            if (f->n == OPTIONS_MAX)
                return false;
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
    if (help) {
        f->longs[f->n] = (struct option){"help", no_argument, NULL, CODE_HELP};
        if (by_letter(f, 'h') == f->n)
            *s++ = 'h';
    }
    return true;
}

/* Long options that begin with this, by name, at most two. */
static size_t begin_with(const struct flat *f, const char *start, const char *hit[2])
{
    size_t n = 0;
    for (size_t i = 0; i < f->n && n < 2; i++)
        if (strncmp(f->opt[i]->name, start, strlen(start)) == 0)
            hit[n++] = f->opt[i]->name;
    return n;
}

/* A word that is no option, or whose letter is none. The name asked about is what
 * stands behind the dashes, also behind a single one: -port for --port. */
static bool unknown(const struct flat *f, const char *word, int letter, struct kerr *err)
{
    const char *names[OPTIONS_MAX + 1] = {NULL}, *hit[2];
    for (size_t i = 0; i < f->n; i++)
        names[i] = f->opt[i]->name;
    char bare[64], which[80];
    snprintf(bare, sizeof bare, "%.*s", (int)strcspn(word, "="), word);
    const char *name = bare + strspn(bare, "-");
    if (letter && strlen(bare) > 2)
        snprintf(which, sizeof which, "-%c (in %s)", letter, bare);
    else
        snprintf(which, sizeof which, "%s", bare);
    if (!letter && begin_with(f, name, hit) == 2)
        return kerr_set(err, KE_USAGE, "%s may stand for --%s or --%s", bare, hit[0], hit[1]);
    const char *near = strlen(name) > 1 ? text_nearest(name, names, f->n) : NULL;
    if (near)
        return kerr_set(err, KE_USAGE, "unknown option %s; did you mean --%s?", which, near);
    return kerr_set(err, KE_USAGE, "unknown option %s; --help lists the options", which);
}

static bool needs_value(const struct opt *o, struct kerr *err)
{
    return kerr_set(err, KE_USAGE, "--%s needs a value: --%s %s", o->name, o->name, o->arg);
}

/* Is the word another option of ours, taken for the value of the one before? */
static bool is_option(const struct flat *f, const char *word)
{
    size_t n = strcspn(word, "=");
    for (size_t i = 0; word[0] == '-' && word[1] == '-' && i < f->n; i++)
        if (strlen(f->opt[i]->name) == n - 2 && memcmp(f->opt[i]->name, word + 2, n - 2) == 0)
            return true;
    return false;
}

/* Seconds with a fraction, without a unit: "0.5". */
static bool decimal_seconds(const char *arg, int64_t *ns)
{
    char text[40];
    size_t n = strspn(arg, "+-0123456789.");
    if (arg[n] || !strpbrk(arg, "0123456789") || n + 2 > sizeof text)
        return false;
    memcpy(text, arg, n);
    memcpy(text + n, "s", 2);
    return text_duration(bytes_str(text), ns);
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
        if (text_duration(bytes_str(arg), ns) || decimal_seconds(arg, ns))
            return true;
        return kerr_set(err, KE_USAGE, "--%s takes a duration such as 30s or 5m, not '%s'", o->name,
                        arg);
    }
    case OPT_LIST: {
        struct opt_list *l = at;
        if (l->n == OPT_LIST_MAX)
            return kerr_set(err, KE_USAGE, "--%s is given more than %d times", o->name,
                            OPT_LIST_MAX);
        l->v[l->n++] = arg;
        return true;
    }
    }
    return false;
}

/* What getopt answers '?' to. */
static bool refuse(const struct flat *f, const char *word, struct kerr *err)
{
    if (optopt == CODE_HELP)
        return kerr_set(err, KE_USAGE, "--help takes no value");
    if (optopt >= CODE_LONG)
        return kerr_set(err, KE_USAGE, "--%s takes no value", f->opt[optopt - CODE_LONG]->name);
    return unknown(f, word, optopt > 0 ? optopt : 0, err);
}

static size_t by_code(const struct flat *f, int code)
{
    return code >= CODE_LONG ? (size_t)(code - CODE_LONG) : by_letter(f, code);
}

bool opt_parse(const struct opt_set *sets, size_t n_sets, int argc, char **argv, char ***operands,
               int *n_operands, bool *help, struct kerr *err)
{
    struct flat f;
    int kept = argc > 0 ? 1 : 0; /* argv below this is the program and its operands so far */
    if (!flatten(&f, sets, n_sets, help != NULL))
        return kerr_set(err, KE_INTERNAL, "more than %d options", OPTIONS_MAX);
    opterr = 0;
    optind = 0; /* glibc: start anew, also after an earlier parse */
    for (;;) {
        const char *word = argv[optind ? optind : kept];
        int c = getopt_long(argc, argv, f.shorts, f.longs, NULL);
        if (c == -1)
            break;
        if (c == 1) {
            argv[kept++] = optarg;
            continue;
        }
        if (c == '?')
            return refuse(&f, word, err);
        if (c == ':')
            return needs_value(f.opt[by_code(&f, optopt)], err);
        size_t i = c == CODE_HELP ? f.n : by_code(&f, c);
        if (i == f.n) { /* --help, or -h that is no option of the sets */
            *help = true;
            continue;
        }
        if (optarg && optarg == argv[optind - 1] && is_option(&f, optarg))
            return needs_value(f.opt[i], err);
        if (!store(f.opt[i], f.base[i], optarg, err))
            return false;
    }
    for (int i = optind; i < argc; i++) /* behind "--" */
        argv[kept++] = argv[i];
    if (kept < argc)
        argv[kept] = NULL;
    *operands = argv + (argc > 0);
    *n_operands = kept - (argc > 0);
    return true;
}
