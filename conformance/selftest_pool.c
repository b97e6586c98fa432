/* The processes of a selftest (selftest.h): so many at a time, each with a deadline. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conformance/interrupt.h"
#include "conformance/selftest.h"
#include "kmip/base/clock.h"

#define SAYS_MAX (16u << 20)
#define LOOK_MS 200

/* A run under way. */
struct job {
    struct selftest_entry *e;
    pid_t pid;
    int fd;
    int64_t began_ns, deadline_ns;
    bool late;
    struct buf said;
};

static bool start(struct selftest *st, struct selftest_entry *e, struct job *job, struct kerr *err)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) < 0)
        return kerr_set(err, KE_IO, "cannot make a pipe: %m");
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        close(fds[0]);
        selftest_run(st, e, fds[1]);
    }
    close(fds[1]);
    if (pid < 0) {
        close(fds[0]);
        return kerr_set(err, KE_IO, "cannot start a run: %m");
    }
    *job = (struct job){.e = e, .pid = pid, .fd = fds[0], .began_ns = clock_mono_ns(),
                        .deadline_ns = deadline_in(st->timeout_ns)};
    buf_init(&job->said, SAYS_MAX);
    return true;
}

static void broken(struct selftest_entry *e, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static void broken(struct selftest_entry *e, const char *fmt, ...)
{
    char text[200];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    const char *copy = arena_str(&e->arena, text);
    e->broken = copy ? copy : "no memory";
}

static int64_t cpu_ns(const struct rusage *u)
{
    return (u->ru_utime.tv_sec + u->ru_stime.tv_sec) * NS_PER_S +
           (u->ru_utime.tv_usec + u->ru_stime.tv_usec) * INT64_C(1000);
}

/* It has closed its pipe: it is at its end, one way or the other. */
static void finish(struct selftest *st, struct job *job)
{
    struct selftest_entry *e = job->e;
    struct rusage used = {.ru_maxrss = 0};
    int status = 0;
    while (wait4(job->pid, &status, 0, &used) < 0 && errno == EINTR)
        continue;
    e->took_ns = clock_mono_ns() - job->began_ns;
    e->cpu_ns = cpu_ns(&used);
    if (job->late)
        broken(e, "the run was not at its end after %lld s",
               (long long)(st->timeout_ns / NS_PER_S));
    else if (WIFSIGNALED(status) && !interrupted)
        broken(e, "the run crashed: %s", strsignal(WTERMSIG(status)));
    else if (!WIFSIGNALED(status) &&
             (!selftest_take(st, e, buf_bytes(&job->said)) || WEXITSTATUS(status) != 0) &&
             !e->broken)
        broken(e, "the run said nothing of use (exit %d)", WEXITSTATUS(status));
    close(job->fd);
    buf_clear(&job->said);
    if (interrupted)
        return;
    selftest_judge(st, e);
    selftest_told(st, e);
}

/* False: nothing more comes of it. */
static bool listen_to(struct job *job)
{
    char piece[65536];
    ssize_t n = read(job->fd, piece, sizeof piece);
    return n > 0 ? buf_put(&job->said, piece, (size_t)n) : n < 0 && errno == EINTR;
}

/* What has come, and what is late or not wanted any more. */
static void look(struct selftest *st, struct job *jobs, size_t *n)
{
    struct pollfd fds[SELFTEST_JOBS_MAX];
    for (size_t i = 0; i < *n; i++)
        fds[i] = (struct pollfd){.fd = jobs[i].fd, .events = POLLIN};
    if (poll(fds, *n, LOOK_MS) < 0)
        return; /* by a signal */
    for (size_t i = *n; i-- > 0;) {
        struct job *job = &jobs[i];
        bool late = deadline_poll_ms(job->deadline_ns) == 0;
        if ((late || interrupted) && !job->late) {
            job->late = late;
            kill(job->pid, SIGKILL); /* its mock goes with it */
        }
        if (fds[i].revents && !listen_to(job)) {
            finish(st, job);
            jobs[i] = jobs[--*n];
        }
    }
}

bool selftest_pool(struct selftest *st, size_t from, size_t to, struct kerr *err)
{
    struct job jobs[SELFTEST_JOBS_MAX];
    size_t n = 0;
    bool ok = true;
    while (n > 0 || (ok && from < to && !interrupted)) {
        while (ok && from < to && n < (size_t)st->jobs && !interrupted) {
            ok = start(st, &st->v[from], &jobs[n], err);
            n += ok;
            from += ok;
        }
        selftest_progress(st, n);
        look(st, jobs, &n);
    }
    return ok;
}
