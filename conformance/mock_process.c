/* kmip-mock as a child (mock_process.h). */
#include "conformance/mock_process.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <jansson.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conformance/interrupt.h"
#include "kmip/base/clock.h"
#include "kmip/base/file.h"

#define ARGS_MAX 48
#define START_MS 20000
#define STOP_MS 3000
#define LOOK_MS 5

static bool beside_us(char out[PATH_MAX], struct kerr *err)
{
    ssize_t n = readlink("/proc/self/exe", out, PATH_MAX - 16);
    if (n <= 0)
        return kerr_set(err, KE_IO, "cannot tell where this program is: %m");
    out[n] = 0;
    char *slash = strrchr(out, '/');
    strcpy(slash ? slash + 1 : out, "kmip-mock");
    return true;
}

static bool find_program(char out[PATH_MAX], struct kerr *err)
{
    const char *given = getenv("KMIP_MOCK");
    if (given && *given)
        snprintf(out, PATH_MAX, "%s", given);
    else if (!beside_us(out, err))
        return false;
    return access(out, X_OK) == 0 ||
           kerr_set(err, KE_USAGE, "there is no mock at %s; KMIP_MOCK names the program", out);
}

/* In the child: signals as a program expects them, and an end with ours. */
static void become(const char *program, char *const *argv, const char *log)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    unsetenv("KMIP_CONTROL_TOKEN"); /* of another mock; this one is on loopback, ours alone */
    int out = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600), in = open("/dev/null", O_RDONLY);
    if (out < 0 || in < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
        _exit(126);
    setpgid(0, 0); /* an interrupt from the terminal is ours to act on */
    execv(program, argv);
    _exit(127);
}

/* ---- ready? ----------------------------------------------------------------- */

static bool take_ready(struct mock_process *m, const char *path, struct kerr *err)
{
    json_error_t why;
    json_t *j = json_load_file(path, 0, &why);
    const char *host = json_string_value(json_object_get(j, "host"));
    const char *certs = json_string_value(json_object_get(j, "client_certs"));
    long long port = (long long)json_integer_value(json_object_get(j, "port"));
    json_t *control = json_object_get(j, "control");
    const char *control_host = json_string_value(json_object_get(control, "host"));
    long long control_port = (long long)json_integer_value(json_object_get(control, "port"));
    bool ok = host && certs && port > 0;
    if (ok) {
        snprintf(m->host, sizeof m->host, "%s", host);
        snprintf(m->port, sizeof m->port, "%u", (unsigned)port & 0xFFFF);
        if (control_host)
            snprintf(m->control, sizeof m->control, "%.60s:%u", control_host,
                     (unsigned)control_port & 0xFFFF);
        ok = tls_dir_files(certs, &m->client, err);
    } else {
        kerr_set(err, KE_INTERNAL, "the mock's ready file says nothing of use");
    }
    json_decref(j);
    return ok;
}

/* With the last line that the mock has printed. */
static bool last_words(const char *log, const char *what, struct kerr *err)
{
    struct buf text;
    struct kerr ignored = KERR_INIT;
    buf_init(&text, 1u << 20);
    bool read = file_read(log, &text, &ignored);
    while (text.n > 0 && text.p[text.n - 1] == '\n')
        buf_truncate(&text, text.n - 1);
    const char *all = read ? buf_cstr(&text) : "", *last = strrchr(all, '\n');
    kerr_set(err, KE_IO, "%s: %.400s", what, last ? last + 1 : all);
    buf_clear(&text);
    return false;
}

static bool await(struct mock_process *m, struct kerr *err)
{
    char ready[300], log[300];
    int64_t deadline = deadline_in_ms(START_MS);
    snprintf(ready, sizeof ready, "%s/ready.json", m->dir);
    snprintf(log, sizeof log, "%s/log", m->dir);
    while (!file_exists(ready)) {
        int status;
        if (waitpid(m->pid, &status, WNOHANG) == m->pid) {
            m->pid = 0;
            return last_words(log, "the mock did not start", err);
        }
        if (interrupted)
            return kerr_set(err, KE_INTERRUPTED, "interrupted");
        if (deadline_poll_ms(deadline) == 0)
            return kerr_set(err, KE_TIMEOUT, "the mock is not ready after %d s", START_MS / 1000);
        poll(NULL, 0, LOOK_MS);
    }
    return take_ready(m, ready, err);
}

/* ---- start and stop --------------------------------------------------------- */

static bool make_dir(struct mock_process *m, struct kerr *err)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(m->dir, sizeof m->dir, "%s/kmip-conform.XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (mkdtemp(m->dir))
        return true;
    kerr_set(err, KE_FILE, "cannot make a temporary folder %s: %s", m->dir, strerror(errno));
    m->dir[0] = 0;
    return false;
}

bool mock_start(struct mock_process *m, const char *pki, const char *const *args,
                struct kerr *err)
{
    char program[PATH_MAX], own[300], ready[300], log[300];
    *m = (struct mock_process){.pid = 0};
    if (!find_program(program, err) || !make_dir(m, err))
        return false;
    snprintf(own, sizeof own, "%s/pki", m->dir);
    snprintf(ready, sizeof ready, "%s/ready.json", m->dir);
    snprintf(log, sizeof log, "%s/log", m->dir);
    const char *argv[ARGS_MAX] = {program,     "--pki",       pki ? pki : own, "--listen",
                                  "127.0.0.1:0", "--ready-file", ready};
    size_t n = 7;
    while (*args && n < ARGS_MAX - 1)
        argv[n++] = *args++;
    pid_t pid = fork();
    if (pid < 0)
        return kerr_set(err, KE_IO, "cannot start the mock: %s", strerror(errno));
    if (pid == 0)
        become(program, (char *const *)argv, log);
    m->pid = pid;
    return await(m, err);
}

bool mock_ended(struct mock_process *m, char *what, size_t room)
{
    int status;
    if (m->pid <= 0 || waitpid(m->pid, &status, WNOHANG) != m->pid)
        return false;
    m->pid = 0;
    if (WIFSIGNALED(status))
        snprintf(what, room, "%s", strsignal(WTERMSIG(status)));
    else
        snprintf(what, room, "exit %d", WEXITSTATUS(status));
    return true;
}

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    (void)remove(path); /* what stays is in a temporary folder */
    return 0;
}

void mock_stop(struct mock_process *m)
{
    if (m->pid > 0) {
        int64_t deadline = deadline_in_ms(STOP_MS);
        kill(m->pid, SIGTERM);
        while (waitpid(m->pid, NULL, WNOHANG) == 0) {
            if (deadline_poll_ms(deadline) == 0)
                kill(m->pid, SIGKILL);
            poll(NULL, 0, LOOK_MS);
        }
        m->pid = 0;
    }
    if (m->dir[0])
        nftw(m->dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    m->dir[0] = 0;
}
