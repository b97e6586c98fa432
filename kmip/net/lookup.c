/* Host names with a deadline (lookup.h).
 *
 * getaddrinfo(3) waits as long as the system's resolver likes, and nothing ends it before
 * (gai_cancel(3) does not end what has begun). So a thread of its own waits for it. When
 * the deadline comes first the thread is left to itself, and whoever of the two is done
 * last clears up. An address in digits needs neither thread nor wait. */
#include "kmip/net/lookup.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "kmip/base/clock.h"

static const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};

struct lookup {
    char *host, *port;
    int done; /* eventfd: readable when the answer is there */
    pthread_mutex_t lock; /* of what follows */
    bool left; /* by one of the two; the other frees */
    int rc, why; /* of getaddrinfo, and errno */
    struct addrinfo *list;
};

static void lookup_free(struct lookup *l)
{
    if (l->list)
        freeaddrinfo(l->list);
    if (l->done >= 0)
        close(l->done);
    pthread_mutex_destroy(&l->lock);
    free(l->host);
    free(l->port);
    free(l);
}

/* One of the two is done with it. */
static void leave(struct lookup *l)
{
    pthread_mutex_lock(&l->lock);
    bool last = l->left;
    l->left = true;
    pthread_mutex_unlock(&l->lock);
    if (last)
        lookup_free(l);
}

static void *look(void *arg)
{
    struct lookup *l = arg;
    struct addrinfo *list = NULL;
    int rc = getaddrinfo(l->host, l->port, &hints, &list), why = errno;
    pthread_mutex_lock(&l->lock);
    l->rc = rc;
    l->why = why;
    l->list = list;
    pthread_mutex_unlock(&l->lock);
    (void)eventfd_write(l->done, 1);
    leave(l);
    return NULL;
}

static struct lookup *lookup_new(const char *host, const char *port)
{
    struct lookup *l = calloc(1, sizeof *l);
    if (!l)
        return NULL;
    pthread_mutex_init(&l->lock, NULL);
    l->host = strdup(host);
    l->port = strdup(port);
    l->done = eventfd(0, EFD_CLOEXEC);
    if (l->host && l->port && l->done >= 0)
        return l;
    lookup_free(l);
    return NULL;
}

/* A detached thread in which no signal is handled: they are for those who wait. */
static int start(struct lookup *l)
{
    pthread_t thread;
    pthread_attr_t detached;
    sigset_t all, before;
    int rc = pthread_attr_init(&detached);
    if (rc != 0)
        return rc;
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rc = pthread_create(&thread, &detached, look, l);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&detached);
    return rc;
}

static void failed(const char *host, const char *port, int rc, int why, struct kerr *err)
{
    kerr_set(err, KE_CONNECT, "cannot look up %s port %s: %s", host, port,
             rc == EAI_SYSTEM ? strerror(why) : gai_strerror(rc));
}

static struct addrinfo *take(struct lookup *l, struct kerr *err)
{
    pthread_mutex_lock(&l->lock);
    struct addrinfo *list = l->list;
    l->list = NULL;
    if (l->rc != 0)
        failed(l->host, l->port, l->rc, l->why, err);
    pthread_mutex_unlock(&l->lock);
    return list;
}

/* The answer, if it comes in time. */
static struct addrinfo *wait_for(struct lookup *l, int64_t deadline_ns, struct kerr *err)
{
    struct pollfd p = {.fd = l->done, .events = POLLIN};
    int n = poll(&p, 1, deadline_poll_ms(deadline_ns));
    if (n > 0)
        return take(l, err);
    if (n == 0)
        kerr_set(err, KE_TIMEOUT, "cannot look up %s: the system's resolver gives no answer in "
                 "time; check the name servers, or give an address", l->host);
    else if (n < 0 && errno == EINTR)
        kerr_set(err, KE_INTERRUPTED, "interrupted while looking up %s", l->host);
    else
        kerr_set(err, KE_IO, "cannot wait for the look-up of %s: %s", l->host, strerror(errno));
    return NULL;
}

struct addrinfo *lookup_host(const char *host, const char *port, int64_t deadline_ns,
                             struct kerr *err)
{
    struct addrinfo digits = hints, *list = NULL;
    digits.ai_flags = AI_NUMERICHOST;
    int rc = getaddrinfo(host, port, &digits, &list);
    if (rc == 0)
        return list;
    if (rc != EAI_NONAME) {
        failed(host, port, rc, errno, err);
        return NULL;
    }
    struct lookup *l = lookup_new(host, port);
    if (!l) {
        kerr_set(err, KE_MEMORY, "no memory to look up %s", host);
        return NULL;
    }
    rc = start(l);
    if (rc != 0) {
        kerr_set(err, KE_MEMORY, "cannot look up %s: no thread for it: %s", host, strerror(rc));
        lookup_free(l);
        return NULL;
    }
    list = wait_for(l, deadline_ns, err);
    leave(l);
    return list;
}
