/* Ctrl-C, SIGTERM and SIGHUP. The first asks the run to end: the exchange under way
 * is given a moment, then its wait is given up; what was made is removed, and the
 * report tells how far the run came. The second ends the program at once, with exit
 * code 130; the journal tells what is left.
 *
 * Signals are taken by a thread of their own, so that no wait is broken off but by
 * intent. */
#ifndef CONFORMANCE_INTERRUPT_H
#define CONFORMANCE_INTERRUPT_H

#include <stdatomic.h>
#include <stdbool.h>

/* Set by the first signal, in its thread; read in the others. */
extern atomic_bool interrupted;

/* From the main thread, before other threads. False: no thread; signals end the
 * program as usual. */
bool interrupt_start(void);
/* Named by the second signal's last words; lives as long as the program. NULL: none. */
void interrupt_journal(const char *path);
/* From here on no wait of this thread is given up: while cleaning. */
void interrupt_hold(void);
void interrupt_release(void);
/* A further thread that works on the server: its waits are given up as well, from here to
 * there. False: there are too many, and they are not. */
#define INTERRUPT_THREADS_MAX 64
bool interrupt_join(void);
void interrupt_leave(void);

#endif
