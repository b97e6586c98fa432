/* Standard streams: closed, full, and as they should be. Each test is a process. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "kmip/base/std.h"

TestSuite(std, .timeout = 10);

Test(std, output_that_fits_leaves_the_code_as_it_is)
{
    cr_assert(freopen("/dev/null", "w", stdout));
    printf("text\n");
    cr_expect_eq(std_finish("test", 0), 0);
    cr_expect_eq(std_finish("test", 4), 4);
}

Test(std, output_that_is_lost_is_no_success)
{
    cr_assert(freopen("/dev/full", "w", stdout));
    printf("text\n");
    cr_expect_eq(std_finish("test", 0), 2);
    cr_expect_eq(std_finish("test", 1), 1, "what failed before tells more");
}

Test(std, closed_streams_are_taken_by_nothing_else)
{
    int kept = fcntl(STDOUT_FILENO, F_DUPFD, 10);
    close(STDIN_FILENO);
    close(STDOUT_FILENO);
    std_open();
    int next = open("/dev/null", O_RDONLY);
    int in = fcntl(STDIN_FILENO, F_GETFD), out = fcntl(STDOUT_FILENO, F_GETFD);
    dup2(kept, STDOUT_FILENO);
    cr_expect_gt(next, STDERR_FILENO);
    cr_expect(in >= 0 && out >= 0);
}
