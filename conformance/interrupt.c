/* Signals (interrupt.h). */
#include "conformance/interrupt.h"

#include "conformance/program.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define GRACE_S 2 /* for the exchange under way */
#define EXIT_TWICE 130

atomic_bool interrupted;

/* Threads whose waits are to be given up, the main one first. */
struct waiter {
    pthread_t thread;
    bool used, held;
};

static struct {
    pthread_mutex_t lock;
    struct waiter waiters[INTERRUPT_THREADS_MAX];
    const char *journal;
} state = {.lock = PTHREAD_MUTEX_INITIALIZER};

static _Thread_local struct waiter *self;

static void break_wait(int sig)
{
    (void)sig; /* its arrival is what counts: poll(2) returns */
}

static void asked(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGHUP);
}

static void end_at_once(void)
{
    pthread_mutex_lock(&state.lock);
    const char *journal = state.journal;
    pthread_mutex_unlock(&state.lock);
    if (journal && access(journal, F_OK) == 0)
        fprintf(stderr,
                "\nkmip-conform: ended at once; `%s cleanup %s` removes what is left\n",
                program_name(), journal);
    _exit(EXIT_TWICE);
}

static void give_up(const struct waiter *w)
{
    if (w->used && !w->held)
        pthread_kill(w->thread, SIGUSR1);
}

static void *take_signals(void *unused)
{
    const struct timespec grace = {.tv_sec = GRACE_S};
    sigset_t set;
    int sig;
    (void)unused;
    asked(&set);
    while (sigwait(&set, &sig) != 0)
        continue;
    interrupted = true;
    fprintf(stderr, "\nkmip-conform: ending, and removing what was made; once more ends at once\n");
    if (sigtimedwait(&set, NULL, &grace) > 0)
        end_at_once();
    pthread_mutex_lock(&state.lock);
    for (size_t i = 0; i < INTERRUPT_THREADS_MAX; i++)
        give_up(&state.waiters[i]);
    pthread_mutex_unlock(&state.lock);
    while (sigwait(&set, &sig) != 0)
        continue;
    end_at_once();
    return NULL;
}

bool interrupt_start(void)
{
    struct sigaction sa = {.sa_handler = break_wait};
    pthread_t thread;
    sigset_t set;
    asked(&set);
    if (!interrupt_join() || sigaction(SIGUSR1, &sa, NULL) != 0 || pthread_sigmask(SIG_BLOCK, &set, NULL) != 0)
        return false;
    if (pthread_create(&thread, NULL, take_signals, NULL) == 0) {
        pthread_detach(thread);
        return true;
    }
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    return false;
}

void interrupt_journal(const char *path)
{
    pthread_mutex_lock(&state.lock);
    state.journal = path;
    pthread_mutex_unlock(&state.lock);
}

bool interrupt_join(void)
{
    pthread_mutex_lock(&state.lock);
    for (size_t i = 0; !self && i < INTERRUPT_THREADS_MAX; i++)
        if (!state.waiters[i].used) {
            self = &state.waiters[i];
            *self = (struct waiter){.thread = pthread_self(), .used = true};
        }
    pthread_mutex_unlock(&state.lock);
    return self != NULL;
}

void interrupt_leave(void)
{
    pthread_mutex_lock(&state.lock);
    if (self)
        self->used = false;
    self = NULL;
    pthread_mutex_unlock(&state.lock);
}

static void hold(bool held)
{
    pthread_mutex_lock(&state.lock);
    if (self)
        self->held = held;
    pthread_mutex_unlock(&state.lock);
}

void interrupt_hold(void)
{
    hold(true);
}

void interrupt_release(void)
{
    hold(false);
}
