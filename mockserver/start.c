/* Options and configuration of the mock's commands (start.h). */
#include "mockserver/start.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "kmip/base/file.h"
#include "kmip/base/log.h"
#include "kmip/base/text.h"
#include "kmip/net/pki.h"
#include "kmip/net/tcp.h"
#include "mockserver/ready.h"

#define AT(member) offsetof(struct start_options, member)

static const struct opt options[] = {
    {.name = "config",
     .kind = OPT_STR,
     .off = AT(config),
     .arg = "FILE",
     .help = "configuration in YAML"},
    {.name = "scenario",
     .kind = OPT_LIST,
     .off = AT(scenarios),
     .arg = "NAME",
     .help = "behave as some servers in the field do; `kmip-mock scenarios` lists them; a path "
             "names a file of your own; may be repeated"},
    {.name = "set",
     .kind = OPT_LIST,
     .off = AT(sets),
     .arg = "PATH=VALUE",
     .help = "override one place of the configuration, such as clock.offset=-90s; may be repeated"},
    {.name = "listen",
     .kind = OPT_STR,
     .off = AT(listen),
     .arg = "HOST:PORT",
     .help = "where to listen; port 0 picks a free one"},
    {.name = "control",
     .kind = OPT_STR,
     .off = AT(control),
     .arg = "HOST:PORT",
     .help = "where on loopback the control API and the live page listen (kmip-mock ctl, a browser); "
             "port 0 picks a free one"},
    {.name = "control-token-file",
     .kind = OPT_STR,
     .off = AT(control_token_file),
     .arg = "FILE",
     .help = "whoever asks the control API shows the secret in FILE (else KMIP_CONTROL_TOKEN); it "
             "may then listen beyond loopback"},
    {.name = "control-token",
     .kind = OPT_STR,
     .off = AT(control_token),
     .arg = "TOKEN",
     .help = "the same given here, where others on this machine may see it"},
    {.name = "pki",
     .kind = OPT_STR,
     .off = AT(pki),
     .arg = "DIR",
     .help = "use the certificates in DIR/server; make DIR with a CA, server, client and other "
             "unless there"},
    {.name = "pki-name",
     .kind = OPT_LIST,
     .off = AT(pki_names),
     .arg = "NAME",
     .help = "... a server that clients reach by this name or address, besides localhost; may be "
             "repeated"},
    {.name = "certs",
     .kind = OPT_STR,
     .off = AT(certs),
     .arg = "DIR",
     .help = "folder with the server's kmip-ca.pem, kmip-cert.pem and kmip-key.pem"},
    {.name = "ready-file",
     .kind = OPT_STR,
     .off = AT(ready_file),
     .arg = "FILE",
     .help = "write host, port, pid and client certificates as JSON once connections are accepted"},
    {.name = "seed",
     .kind = OPT_INT,
     .off = AT(seed),
     .arg = "N",
     .min = 0,
     .max = INT64_MAX,
     .seen_off = OPT_SEEN(struct start_options, seed_given),
     .help = "start of all randomness; drawn if not given"},
    {.name = "log",
     .kind = OPT_STR,
     .off = AT(log),
     .arg = "error|warn|info|debug",
     .help = "how much is told on standard error; default warn; info: one line per exchange"},
    {.name = "version", .kind = OPT_FLAG, .off = AT(version), .help = "print the version and stop"},
};

struct opt_set start_option_set(struct start_options *o)
{
    return (struct opt_set){"Options", options, sizeof options / sizeof *options, o};
}

/* --- certificates ------------------------------------------------------ */

static bool make_temporary(struct start *st, struct kerr *err)
{
    char dir[FILE_PATH_MAX];
    if (!file_temporary(dir, "kmip-mock", err))
        return kerr_wrap(err, "certificates");
    st->pki_is_ours = true;
    st->pki_dir = strdup(dir);
    return st->pki_dir || kerr_set(err, KE_MEMORY, "no memory for a path");
}

/* The absolute path of DIR/name when it holds a certificate, else NULL. */
static char *certs_in(const char *dir, const char *name)
{
    char folder[FILE_PATH_MAX], cert[FILE_PATH_MAX];
    return file_join(folder, dir, name, NULL) && file_join(cert, folder, "kmip-cert.pem", NULL) &&
                   file_exists(cert)
               ? realpath(folder, NULL)
               : NULL;
}

static bool use_pki(struct start *st, struct kerr *err)
{
    if (!pki_set_for(st->pki_dir, st->opt.pki_names.v, st->opt.pki_names.n, err))
        return kerr_wrap(err, "cannot make certificates in %s", st->pki_dir);
    st->server_certs = certs_in(st->pki_dir, "server");
    st->client_certs = certs_in(st->pki_dir, "client");
    st->other_certs = certs_in(st->pki_dir, "other");
    if (!st->server_certs || !st->client_certs || !st->other_certs)
        return kerr_set(err, KE_FILE, "cannot find the certificates just made in %s: %s",
                        st->pki_dir, strerror(errno));
    st->cfg.certs = st->server_certs;
    return true;
}

/* Certificates that were there already: clients' ones, as --pki lays them out,
 * stand beside the server's. */
static bool use_certs(struct start *st, struct kerr *err)
{
    struct stat sb;
    if (stat(st->cfg.certs, &sb) < 0 || !S_ISDIR(sb.st_mode))
        return kerr_set(
            err, KE_CONFIG,
            "there is no certificates folder %s; --certs DIR names one, --pki DIR makes some",
            st->cfg.certs);
    char beside[FILE_PATH_MAX];
    if (!file_join(beside, st->cfg.certs, "..", err))
        return false;
    st->client_certs = certs_in(beside, "client");
    st->other_certs = certs_in(beside, "other");
    return true;
}

static bool find_certs(struct start *st, bool temporary_pki, struct kerr *err)
{
    if (st->opt.pki && st->opt.certs)
        return kerr_set(
            err, KE_USAGE,
            "--pki makes certificates, --certs names those that are there: give one of them");
    if (st->opt.certs && st->opt.pki_names.n > 0)
        return kerr_set(err, KE_USAGE, "--pki-name goes with --pki, which makes certificates");
    if (st->opt.certs)
        st->cfg.certs = st->opt.certs;
    if (st->opt.pki && !(st->pki_dir = strdup(st->opt.pki)))
        return kerr_set(err, KE_MEMORY, "no memory for a path");
    if (!st->pki_dir && !st->cfg.certs && temporary_pki && !make_temporary(st, err))
        return false;
    if (st->pki_dir)
        return use_pki(st, err);
    if (!st->cfg.certs)
        return kerr_set(
            err, KE_USAGE,
            "no certificates: --pki DIR makes some in DIR and uses them; --certs DIR names "
            "a folder with kmip-ca.pem, kmip-cert.pem and kmip-key.pem");
    return use_certs(st, err);
}

/* --- all of it --------------------------------------------------------- */

static bool find_token(struct start *st, struct kerr *err)
{
    const struct token_source from = {.argument = st->opt.control_token,
                                      .file = st->opt.control_token_file,
                                      .environment = "KMIP_CONTROL_TOKEN",
                                      .option = "control-token"};
    bool ok = token_read(&from, st->control_token, err);
    token_hide(st->opt.control_token);
    return ok;
}

static bool set_log(const char *name, struct kerr *err)
{
    enum log_level level = LOG_WARN;
    if (name && !log_level_parse(name, &level))
        return kerr_set(err, KE_USAGE, "--log takes error, warn, info or debug, not '%s'", name);
    log_set_level(level);
    return true;
}

/* Short enough to be typed again. */
static bool choose_seed(struct start *st, struct kerr *err)
{
    uint32_t drawn;
    if (st->opt.seed_given) {
        st->cfg.seed = st->opt.seed;
    } else if (!st->cfg.seed_given) {
        if (getrandom(&drawn, sizeof drawn, 0) != (ssize_t)sizeof drawn)
            return kerr_set(err, KE_IO, "cannot draw a seed: %s", strerror(errno));
        st->cfg.seed = drawn;
    }
    st->cfg.seed_given = true;
    return true;
}

static bool set_listen(struct start *st, struct kerr *err)
{
    char host[256] = "", port[16] = "";
    if (st->opt.control)
        st->cfg.control = st->opt.control;
    if (!st->opt.listen)
        return true;
    if (!tcp_split(st->opt.listen, host, port) || !port[0])
        return kerr_set(err, KE_USAGE, "--listen takes HOST:PORT, such as 127.0.0.1:5696, not '%s'",
                        st->opt.listen);
    st->cfg.listen = st->opt.listen;
    return true;
}

static bool load_layers(const struct start *st, const struct opt_list *scenarios,
                        struct mock_config *cfg, struct kerr *err)
{
    const struct config_layers layers = {st->opt.config, scenarios, &st->opt.sets};
    return config_load_layers(cfg, &layers, err);
}

bool start_load(struct start *st, bool temporary_pki, struct kerr *err)
{
    if (st->opt.ready_file)
        ready_file_clear(st->opt.ready_file);
    return set_log(st->opt.log, err) && load_layers(st, &st->opt.scenarios, &st->cfg, err) &&
           set_listen(st, err) && find_token(st, err) && choose_seed(st, err) && find_certs(st, temporary_pki, err);
}

bool start_can_load_again(const struct start *st)
{
    return !st->opt.config || strcmp(st->opt.config, "-") != 0;
}

bool start_load_again(const struct start *st, const struct opt_list *scenarios,
                      struct mock_config *next, struct kerr *err)
{
    if (!load_layers(st, scenarios, next, err))
        return false;
    if (st->opt.listen)
        next->listen = st->opt.listen;
    if (st->opt.control)
        next->control = st->opt.control;
    if (st->opt.certs || st->pki_dir)
        next->certs = st->cfg.certs;
    if (st->opt.seed_given || !next->seed_given)
        next->seed = st->cfg.seed;
    next->seed_given = true;
    return true;
}

void start_clear(struct start *st)
{
    if (st->pki_is_ours && st->pki_dir)
        file_remove_folder(st->pki_dir);
    free(st->pki_dir);
    free(st->server_certs);
    free(st->client_certs);
    free(st->other_certs);
    config_clear(&st->cfg);
    wipe(st, sizeof *st);
}

int start_failed(const struct kerr *err)
{
    char text[900];
    fprintf(stderr, "kmip-mock: %s\n", kerr_format(err, text, sizeof text));
    return kerr_exit(err);
}

/* ---- the same once more ----------------------------------------------------- */

static void put_option(struct buf *out, const char *name, const char *value)
{
    if (!value)
        return;
    buf_printf(out, " --%s ", name);
    text_shell_word(out, value);
}

static void put_list(struct buf *out, const char *name, const struct opt_list *values)
{
    for (size_t i = 0; i < values->n; i++)
        put_option(out, name, values->v[i]);
}

void start_again(const struct start *st, struct buf *out)
{
    const struct start_options *o = &st->opt;
    put_option(out, "config", o->config);
    put_list(out, "scenario", &o->scenarios);
    put_list(out, "set", &o->sets);
    put_option(out, "control", o->control);
    put_option(out, "control-token-file", o->control_token_file);
    put_option(out, "pki", o->pki);
    put_list(out, "pki-name", &o->pki_names);
    put_option(out, "certs", o->certs);
    put_option(out, "log", o->log);
    buf_printf(out, " --seed %lld", (long long)st->cfg.seed);
}
