/* What `kmip-mock` and `kmip-mock run` have in common before a server opens:
 * options, configuration, certificates, seed. */
#ifndef MOCKSERVER_START_H
#define MOCKSERVER_START_H

#include "kmip/base/option.h"
#include "kmip/base/token.h"
#include "mockserver/config.h"

struct start_options {
    const char *config, *listen, *control, *pki, *certs, *ready_file, *log;
    const char *control_token, *control_token_file;
    struct opt_list scenarios, sets, pki_names;
    int64_t seed;
    bool seed_given, version;
};

struct start {
    const char *program; /* as it was called */
    struct start_options opt;
    struct mock_config cfg;
    char control_token[TOKEN_MAX]; /* what the control API asks for; "": nothing */
    char *pki_dir; /* where certificates were made, or NULL */
    bool pki_is_ours; /* a temporary folder: removed by start_clear */
    char *server_certs; /* owned text behind cfg.certs when it comes from pki_dir */
    char *client_certs, *other_certs; /* absolute folders for clients; NULL when unknown */
};

/* The option set over o, for opt_parse and opt_help. */
struct opt_set start_option_set(struct start_options *o);

/* From st->opt (parsed already) to a complete configuration: loads the file,
 * applies --set and the options, makes certificates, draws a seed. temporary_pki:
 * without any certificates, make some in a temporary folder. start_clear is always
 * safe afterwards. */
__attribute__((warn_unused_result)) bool start_load(struct start *st, bool temporary_pki,
                                                    struct kerr *err);
/* The same file and options once more, with these scenarios, for a server that runs
 * already: what was made or drawn at the start stays. st owns strings of *next, which
 * config_clear ends. KE_CONFIG... */
__attribute__((warn_unused_result)) bool
start_load_again(const struct start *st, const struct opt_list *scenarios,
                 struct mock_config *next, struct kerr *err);
/* Can it be loaded again? Not what came by standard input. */
bool start_can_load_again(const struct start *st);
void start_clear(struct start *st);

/* Appends the options that start such a server again, those drawn here included; not the
 * ready file, nor where it listens, nor temporary certificates, nor a token. */
void start_again(const struct start *st, struct buf *out);

/* Prints err for the person at the terminal; returns the exit code:
 * 2 command line, configuration or certificates, 3 cannot listen, 5 our own. */
int start_failed(const struct kerr *err);

#endif
