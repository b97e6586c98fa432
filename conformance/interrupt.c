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

static struct {
    pthread_mutex_t lock;
    pthread_t main_thread;
    bool held;
    const char *journal;
} state = {.lock = PTHREAD_MUTEX_INITIALIZER};

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
    if (!state.held)
        pthread_kill(state.main_thread, SIGUSR1);
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
    state.main_thread = pthread_self();
    if (sigaction(SIGUSR1, &sa, NULL) != 0 || pthread_sigmask(SIG_BLOCK, &set, NULL) != 0)
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

void interrupt_hold(void)
{
    pthread_mutex_lock(&state.lock);
    state.held = true;
    pthread_mutex_unlock(&state.lock);
}

void interrupt_release(void)
{
    pthread_mutex_lock(&state.lock);
    state.held = false;
    pthread_mutex_unlock(&state.lock);
}
