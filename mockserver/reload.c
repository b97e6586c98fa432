/* Reloading (reload.h).
 *
 * Nothing but the server and its engine holds on to a configuration: sessions, faults
 * and clocks copy what they need. So the new one takes the old one's place between two
 * requests, and the old one can go. */
#include "mockserver/reload.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "kmip/base/log.h"

/* --- what only a start can do ------------------------------------------ */

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_nodes(const struct ynode *a, const struct ynode *b)
{
    if (!a || !b)
        return (!a || ynode_is_null(a)) && (!b || ynode_is_null(b));
    if (a->kind != b->kind || a->n != b->n || a->plain != b->plain || a->len != b->len ||
        !same_text(a->tag, b->tag) || (a->len && memcmp(a->text, b->text, a->len) != 0))
        return false;
    for (size_t i = 0; i < a->n; i++)
        if ((a->keys && !same_nodes(a->keys[i], b->keys[i])) ||
            !same_nodes(a->vals[i], b->vals[i]))
            return false;
    return true;
}

static bool same_listen(const struct mock_config *a, const struct mock_config *b)
{
    return same_text(a->listen, b->listen);
}

static bool same_control(const struct mock_config *a, const struct mock_config *b)
{
    return same_text(a->control, b->control);
}

static bool same_certs(const struct mock_config *a, const struct mock_config *b)
{
    return same_text(a->certs, b->certs);
}

static bool same_tls(const struct mock_config *a, const struct mock_config *b)
{
    return same_text(a->tls, b->tls);
}

static bool same_client_certificate(const struct mock_config *a, const struct mock_config *b)
{
    return a->client_cert_optional == b->client_cert_optional;
}

static bool same_store(const struct mock_config *a, const struct mock_config *b)
{
    return same_text(a->store, b->store);
}

static bool same_journal(const struct mock_config *a, const struct mock_config *b)
{
    return a->journal_exchanges == b->journal_exchanges && a->journal_bytes == b->journal_bytes;
}

static bool same_preload(const struct mock_config *a, const struct mock_config *b)
{
    return same_nodes(ynode_get(a->doc.root, "preload"), ynode_get(b->doc.root, "preload"));
}

static bool same_seed(const struct mock_config *a, const struct mock_config *b)
{
    return a->seed == b->seed;
}

static const struct fixed {
    const char *key;
    bool (*same)(const struct mock_config *a, const struct mock_config *b);
    const char *instead; /* what to do without a restart, or "" */
} fixed[] = {
    {"listen", same_listen, ""},
    {"control", same_control, ""},
    {"certs", same_certs, ""},
    {"tls", same_tls, ""},
    {"client_certificate", same_client_certificate, ""},
    {"store", same_store, ""},
    {"journal", same_journal, ""},
    {"preload", same_preload, "; POST /objects (kmip-mock ctl preload) adds objects to a "
                              "running server"},
    {"seed", same_seed, ""},
};

/* What a scenario preloads may differ when scenarios are chosen. */
static bool check_fixed(const struct mock_config *now, const struct mock_config *next,
                        bool choosing, struct kerr *err)
{
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
        const struct fixed *f = &fixed[i];
        const struct ynode *n = ynode_get(next->doc.root, f->key);
        if (f->same(now, next) || (choosing && f->same == same_preload))
            continue;
        if (n)
            ynode_err(n, KE_CONFIG, err, "%s differs, which takes a restart%s", f->key,
                      f->instead);
        else
            kerr_set(err, KE_CONFIG, "%s is not there any more, which takes a restart%s", f->key,
                     f->instead);
        if (err)
            snprintf(err->path, sizeof err->path, "%s", f->key);
        return false;
    }
    return true;
}

/* --- the change -------------------------------------------------------- */

/* From here on nothing can fail once the faults are replaced. */
static bool put_in_force(struct server *s, const struct mock_config *next, bool choosing,
                         struct kerr *err)
{
    struct mock_config *kept = malloc(sizeof *kept), *old = s->reloaded;
    if (!kept)
        return kerr_set(err, KE_MEMORY, "no memory for a configuration");
    if (!(choosing ? fault_set_put : fault_set_replace)(&s->faults, &next->faults, err)) {
        free(kept);
        return false;
    }
    *kept = *next;
    s->cfg = s->engine.cfg = s->reloaded = kept;
    if (!clock_spec_same(&s->clock.spec, &kept->clock))
        mock_clock_set(&s->clock, &kept->clock);
    if (old)
        config_clear(old);
    free(old);
    if (choosing)
        server_rearrange(s);
    server_wake(s); /* limits of time may be other ones */
    return true;
}

static bool load(struct server *s, const struct opt_list *scenarios, bool choosing,
                 struct kerr *err)
{
    struct mock_config next;
    if (!s->load(s->load_arg, scenarios, &next, err))
        return false;
    if (check_fixed(s->cfg, &next, choosing, err) &&
        (!choosing || preload_store(&next.preload, &s->engine, PRELOAD_LEAVE, err)) &&
        put_in_force(s, &next, choosing, err))
        return true;
    config_clear(&next);
    return false;
}

bool server_reloads(const struct server *s)
{
    return s->load && (s->has_file || s->cfg->n_scenarios > 0);
}

bool server_reload(struct server *s, struct kerr *err)
{
    struct opt_list now = {.n = s->cfg->n_scenarios};
    if (!server_reloads(s))
        return kerr_set(err, KE_CONFIG,
                        "there is nothing to reload: the server was started without a file that "
                        "can be read again (--config, --scenario)");
    for (size_t i = 0; i < now.n; i++)
        now.v[i] = s->cfg->scenarios[i];
    return load(s, &now, false, err);
}

bool server_choose(struct server *s, const struct opt_list *scenarios, struct kerr *err)
{
    if (!s->load)
        return kerr_set(err, KE_CONFIG,
                        "scenarios cannot be chosen: the configuration came by standard input, "
                        "and cannot be read again");
    return load(s, scenarios, true, err);
}

/* --- SIGHUP ------------------------------------------------------------ */

bool server_has_terminal(void)
{
    int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

void server_hangup(struct server *s)
{
    struct kerr err = KERR_INIT;
    char text[900];
    if (s->had_terminal && !server_has_terminal())
        server_stop(s);
    else if (!server_reloads(s))
        log_line(LOG_WARN, "SIGHUP: there is no configuration file to reload");
    else if (server_reload(s, &err))
        log_line(LOG_WARN, "configuration reloaded: %zu faults in force", s->faults.n);
    else
        log_line(LOG_ERROR, "configuration not reloaded, nothing has changed: %s",
                 kerr_format(&err, text, sizeof text));
}
