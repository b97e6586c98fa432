/* The standard streams (std.h). */
#include "kmip/base/std.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kmip/base/error.h"

void std_open(void)
{
    /* The lowest number that is free is given out first. */
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", O_RDWR) != fd)
            _exit(5);
}

int std_finish(const char *program, int code)
{
    struct kerr err = KERR_INIT;
    errno = 0;
    int flushed = fflush(stdout), why = errno;
    if (flushed == 0 && !ferror(stdout))
        return code;
    fprintf(stderr, "%s: cannot write standard output%s%s\n", program, why ? ": " : "",
            why ? strerror(why) : "");
    kerr_set(&err, KE_FILE, "output");
    return code != 0 ? code : kerr_exit(&err);
}
