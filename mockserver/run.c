/* A command with a mock around it (run.h). The command is a child in the server's
 * own loop: its end stops the server.
 *
 * Signals sent to us are passed on, and the command decides; at a second one both
 * end at once. An interrupt typed at the terminal reaches the command by itself. */
#include "mockserver/run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "kmip/base/log.h"
#include "kmip/base/text.h"
#include "mockserver/control.h"
#include "mockserver/ready.h"
#include "mockserver/service.h"

enum { CANNOT_RUN = 126, NOT_FOUND = 127, BY_SIGNAL = 128 };
enum { N_VARS = 10 };

extern char **environ;

struct run {
    struct server server;
    uv_process_t child;
    bool running;
    bool told; /* a signal was passed on */
    int code;
};

/* --- environment ------------------------------------------------------- */

struct var {
    const char *name;
    const char *value, *file; /* value, or value/file; NULL: unset */
};

static bool is_one_of(const char *entry, const struct var vars[N_VARS])
{
    for (size_t i = 0; i < N_VARS; i++) {
        size_t n = strlen(vars[i].name);
        if (strncmp(entry, vars[i].name, n) == 0 && entry[n] == '=')
            return true;
    }
    return false;
}

static char *assignment(const struct var *v)
{
    char *text;
    int n =
        asprintf(&text, "%s=%s%s%s", v->name, v->value, v->file ? "/" : "", v->file ? v->file : "");
    return n < 0 ? NULL : text;
}

static void free_environment(char **env)
{
    for (size_t i = 0; env && env[i]; i++)
        free(env[i]);
    free(env);
}

/* Ours, without what an outer mock may have left of them; NULL: no memory. `again`: what
 * runs a command with such a server. */
static char **environment(const struct server *s, const struct start *st, const char *again)
{
    char port[16], control[80];
    snprintf(port, sizeof port, "%d", s->port);
    if (s->control)
        control_place(s->control, control, sizeof control);
    const struct var vars[N_VARS] = {
        {"KMIP_HOST", s->host, NULL},
        {"KMIP_PORT", port, NULL},
        {"KMIP_CERTS", st->client_certs, NULL},
        {"KMIP_CA", st->client_certs, "kmip-ca.pem"},
        {"KMIP_CERT", st->client_certs, "kmip-cert.pem"},
        {"KMIP_KEY", st->client_certs, "kmip-key.pem"},
        {"KMIP_OTHER_CERTS", st->other_certs, NULL},
        {"KMIP_CONTROL", s->control ? control : NULL, NULL},
        {"KMIP_CONTROL_TOKEN", s->control && st->control_token[0] ? st->control_token : NULL, NULL},
        {"KMIP_RUN", again, NULL},
    };
    size_t had = 0, n = 0;
    while (environ[had])
        had++;
    char **env = calloc(had + N_VARS + 1, sizeof *env);
    bool ok = env != NULL;
    for (size_t i = 0; ok && i < had; i++)
        if (!is_one_of(environ[i], vars))
            ok = (env[n++] = strdup(environ[i])) != NULL;
    for (size_t i = 0; ok && i < N_VARS; i++)
        if (vars[i].value)
            ok = (env[n++] = assignment(&vars[i])) != NULL;
    if (ok)
        return env;
    free_environment(env);
    return NULL;
}

/* --- the command ------------------------------------------------------- */

static void on_exit_of_child(uv_process_t *p, int64_t status, int signum)
{
    struct run *r = p->data;
    r->running = false;
    r->code = signum ? BY_SIGNAL + signum : (int)status;
    uv_close((uv_handle_t *)p, NULL);
    if (!r->server.aborted)
        server_stop(&r->server);
}

static bool at_terminal(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (tcgetpgrp(fd) == getpgrp())
            return true;
    return false;
}

static void on_signal(void *arg, int signum)
{
    struct run *r = arg;
    if (r->told) {
        if (r->running)
            uv_process_kill(&r->child, SIGKILL);
        server_abort(&r->server);
        return;
    }
    r->told = true;
    if (r->running && !(signum == SIGINT && at_terminal()))
        uv_process_kill(&r->child, signum);
}

static bool spawn(struct run *r, char **command, char **env)
{
    uv_stdio_container_t stdio[3];
    for (int fd = 0; fd < 3; fd++)
        stdio[fd] = (uv_stdio_container_t){.flags = UV_INHERIT_FD, .data.fd = fd};
    const uv_process_options_t o = {.exit_cb = on_exit_of_child,
                                    .file = command[0],
                                    .args = command,
                                    .env = env,
                                    .stdio_count = 3,
                                    .stdio = stdio};
    r->child.data = r;
    int rc = uv_spawn(&r->server.loop, &r->child, &o);
    r->running = rc == 0;
    if (rc == 0)
        return true;
    fprintf(stderr, "kmip-mock: cannot run %s: %s\n", command[0], uv_strerror(rc));
    r->code = rc == UV_ENOENT ? NOT_FOUND : CANNOT_RUN;
    return false;
}

static int with_server(struct run *r, struct start *st, char **command)
{
    struct kerr err = KERR_INIT;
    if (st->opt.ready_file && !ready_file(&r->server, st, &err))
        return start_failed(&err);
    if (!st->client_certs)
        log_line(LOG_WARN, "no client certificates beside %s: KMIP_CERTS is not set",
                 r->server.cfg->certs);
    struct buf again;
    buf_init(&again, BUF_NO_LIMIT);
    text_shell_word(&again, st->program);
    buf_puts(&again, " run");
    start_again(st, &again);
    buf_puts(&again, " --");
    char **env = again.failed ? NULL : environment(&r->server, st, buf_cstr(&again));
    buf_clear(&again);
    if (!env) {
        kerr_set(&err, KE_MEMORY, "no memory for the environment of %s", command[0]);
        return start_failed(&err);
    }
    r->server.on_signal = on_signal;
    r->server.on_signal_arg = r;
    if (spawn(r, command, env))
        server_run(&r->server);
    free_environment(env);
    return r->code;
}

int run_command(struct start *st, char **command)
{
    struct kerr err = KERR_INIT;
    if (!st->opt.listen)
        st->opt.listen = st->cfg.listen = "127.0.0.1:0";
    struct run *r = calloc(1, sizeof *r);
    if (!r) {
        kerr_set(&err, KE_MEMORY, "no memory for a server");
        return start_failed(&err);
    }
    int code =
        service_open(&r->server, st, &err) ? with_server(r, st, command) : start_failed(&err);
    if (st->opt.ready_file)
        ready_file_clear(st->opt.ready_file);
    service_close(&r->server);
    free(r);
    return code;
}
