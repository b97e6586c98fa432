/* Whole files in and out. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kmip/base/file.h"
#include "kmip/tests/support/fail_alloc.h"

static char dir[64], name[128];
static struct buf in;
static struct kerr err;

static void set_up(void)
{
    snprintf(dir, sizeof dir, "/tmp/kmip-test-file-XXXXXX");
    cr_assert_not_null(mkdtemp(dir));
    buf_init(&in, 1u << 20);
    kerr_clear(&err);
}

static void tear_down(void)
{
    char cmd[128];
    buf_clear(&in);
    snprintf(cmd, sizeof cmd, "rm -rf '%s'", dir);
    cr_expect_eq(system(cmd), 0);
}

TestSuite(file, .init = set_up, .fini = tear_down, .timeout = 30);

static const char *path(const char *leaf)
{
    snprintf(name, sizeof name, "%s/%s", dir, leaf);
    return name;
}

static size_t files_in_dir(void)
{
    char cmd[128], out[32] = "";
    snprintf(cmd, sizeof cmd, "ls -A '%s' | wc -l", dir);
    FILE *p = popen(cmd, "r");
    cr_assert(p && fgets(out, sizeof out, p));
    pclose(p);
    return (size_t)atoi(out);
}

Test(file, what_is_written_reads_back)
{
    char big[100000];
    for (size_t i = 0; i < sizeof big; i++)
        big[i] = (char)(i * 31);
    cr_assert(file_write(path("a"), bytes_of(big, sizeof big), 0600, &err));
    cr_assert(file_read(path("a"), &in, &err));
    cr_expect(bytes_eq(buf_bytes(&in), bytes_of(big, sizeof big)));
    cr_assert(file_write(path("a"), bytes_str("short"), 0600, &err), "over an older one");
    buf_reset(&in);
    cr_assert(file_read(path("a"), &in, &err));
    cr_expect_str_eq(buf_cstr(&in), "short");
    cr_assert(file_write(path("empty"), bytes_of(NULL, 0), 0600, &err));
    buf_reset(&in);
    cr_assert(file_read(path("empty"), &in, &err));
    cr_expect_eq(in.n, 0);
    cr_expect_eq(files_in_dir(), 2, "no temporary stays");
}

Test(file, reading_appends)
{
    cr_assert(file_write(path("a"), bytes_str("two"), 0600, &err));
    cr_assert(buf_puts(&in, "one "));
    cr_assert(file_read(path("a"), &in, &err));
    cr_expect_str_eq(buf_cstr(&in), "one two");
}

Test(file, has_the_mode_asked_for)
{
    struct stat st;
    umask(022);
    cr_assert(file_write(path("key"), bytes_str("k"), 0600, &err));
    cr_assert_eq(stat(path("key"), &st), 0);
    cr_expect_eq(st.st_mode & 0777, 0600);
    cr_assert(file_write(path("report"), bytes_str("r"), 0666, &err));
    cr_assert_eq(stat(path("report"), &st), 0);
    cr_expect_eq(st.st_mode & 0777, 0644);
}

Test(file, errors_name_the_file_and_the_reason)
{
    cr_expect(!file_read(path("absent"), &in, &err));
    cr_expect_eq(err.code, KE_FILE);
    cr_expect(strstr(err.msg, path("absent")) && strstr(err.msg, "No such file"), "%s", err.msg);

    kerr_clear(&err);
    cr_expect(!file_read(dir, &in, &err));
    cr_expect(err.code == KE_FILE && strstr(err.msg, "directory"), "%s", err.msg);

    kerr_clear(&err);
    cr_expect(!file_write(path("no/such/folder"), bytes_str("x"), 0600, &err));
    cr_expect(err.code == KE_FILE && strstr(err.msg, "No such file"), "%s", err.msg);

    kerr_clear(&err);
    cr_expect(!file_write(dir, bytes_str("x"), 0600, &err));
    cr_expect(err.code == KE_FILE && strstr(err.msg, "directory"), "%s", err.msg);
    cr_expect_eq(files_in_dir(), 0);
}

Test(file, a_file_longer_than_the_bound_is_refused)
{
    cr_assert(file_write(path("a"), bytes_str("0123456789"), 0600, &err));
    struct buf small;
    buf_init(&small, 9);
    cr_expect(!file_read(path("a"), &small, &err));
    cr_expect(err.code == KE_FILE && strstr(err.msg, "longer than the 9 bytes"), "%s", err.msg);
    buf_clear(&small);
    kerr_clear(&err);
    buf_init(&small, 1000);
    cr_expect(!file_read("/dev/zero", &small, &err), "endless");
    cr_expect_eq(err.code, KE_FILE);
    buf_clear(&small);
}

Test(file, lack_of_memory_is_told_apart)
{
    cr_assert(file_write(path("a"), bytes_str("0123456789"), 0600, &err));
    fail_alloc_from(1);
    bool ok = file_read(path("a"), &in, &err);
    fail_alloc_off();
    cr_expect(!ok);
    cr_expect_eq(err.code, KE_MEMORY);
}

Test(file, a_leftover_temporary_is_no_obstacle)
{
    char stale[160];
    snprintf(stale, sizeof stale, "%s.%ld-0.tmp", path("a"), (long)getpid());
    cr_assert(file_write(stale, bytes_str("half"), 0600, &err));
    cr_assert(file_write(path("a"), bytes_str("whole"), 0600, &err), "%s", err.msg);
    cr_assert(file_read(path("a"), &in, &err));
    cr_expect_str_eq(buf_cstr(&in), "whole");
}

Test(file, what_is_no_plain_file_is_written_onto_and_stays)
{
    struct stat st;
    cr_expect(file_write("/dev/null", bytes_str("gone"), 0600, &err));
    cr_assert_eq(lstat("/dev/null", &st), 0);
    cr_expect(S_ISCHR(st.st_mode), "/dev/null must stay a device");

    char target[128];
    cr_assert(file_write(path("target"), bytes_str("a longer text"), 0600, &err));
    snprintf(target, sizeof target, "%s", path("target"));
    cr_assert_eq(symlink(target, path("link")), 0);
    cr_assert(file_write(path("link"), bytes_str("new"), 0600, &err));
    cr_assert_eq(lstat(path("link"), &st), 0);
    cr_expect(S_ISLNK(st.st_mode));
    cr_assert(file_read(target, &in, &err));
    cr_expect_str_eq(buf_cstr(&in), "new");

    /* Where a link points to must not be readable by more than was promised. */
    cr_assert_eq(chmod(target, 0644), 0);
    cr_assert(file_write(path("link"), bytes_str("key"), 0600, &err), "%s", err.msg);
    cr_assert_eq(stat(target, &st), 0);
    cr_expect_eq(st.st_mode & 0777, 0600);
    cr_assert_eq(unlink(target), 0);
    cr_assert(file_write(path("link"), bytes_str("key"), 0600, &err), "%s", err.msg);
    cr_assert_eq(stat(target, &st), 0);
    cr_expect_eq(st.st_mode & 0777, 0600);

    kerr_clear(&err);
    cr_expect(!file_write("/dev/full", bytes_str("x"), 0600, &err));
    cr_expect(strstr(err.msg, "No space left"), "%s", err.msg);
}

Test(file, a_dash_is_standard_input_and_output)
{
    int fds[2];
    cr_assert_eq(pipe(fds), 0);
    cr_assert_eq(write(fds[1], "piped", 5), 5);
    close(fds[1]);
    int kept = dup(STDIN_FILENO);
    dup2(fds[0], STDIN_FILENO);
    cr_expect(file_read("-", &in, &err));
    dup2(kept, STDIN_FILENO);
    cr_expect_str_eq(buf_cstr(&in), "piped");

    int out = open(path("out"), O_WRONLY | O_CREAT, 0600);
    cr_assert(out >= 0);
    fflush(stdout);
    kept = dup(STDOUT_FILENO);
    dup2(out, STDOUT_FILENO);
    bool ok = file_write("-", bytes_str("to standard output"), 0600, &err);
    dup2(kept, STDOUT_FILENO);
    cr_expect(ok);
    buf_reset(&in);
    cr_assert(file_read(path("out"), &in, &err));
    cr_expect_str_eq(buf_cstr(&in), "to standard output");
}

Test(file, a_temporary_folder_is_new_and_goes_with_all_in_it)
{
    char at[FILE_PATH_MAX], other[FILE_PATH_MAX], inside[FILE_PATH_MAX], leaf[FILE_PATH_MAX];
    struct stat st;
    setenv("TMPDIR", dir, 1);
    cr_assert(file_temporary(at, "some", &err), "%s", err.msg);
    cr_assert(file_temporary(other, "some", &err), "%s", err.msg);
    cr_expect_str_neq(at, other);
    cr_expect(strncmp(at, dir, strlen(dir)) == 0 && stat(at, &st) == 0 && !(st.st_mode & 0077));
    cr_assert(file_join(inside, at, "folder", &err) && mkdir(inside, 0700) == 0);
    cr_assert(file_join(leaf, inside, "leaf", &err));
    cr_assert(file_write(leaf, bytes_str("x"), 0600, &err), "%s", err.msg);
    cr_assert(file_join(leaf, at, "link", &err) && symlink(other, leaf) == 0);
    file_remove_folder(at);
    cr_expect_not(file_exists(at));
    cr_expect(file_exists(other), "what a link leads to stays");
    file_remove_folder(other);
    setenv("TMPDIR", "/no/such/folder", 1);
    cr_expect_not(file_temporary(at, "some", &err));
    cr_expect(strstr(err.msg, "/no/such/folder: No such file"), "%s", err.msg);
    unsetenv("TMPDIR");
}

Test(file, a_path_that_is_too_long_is_refused)
{
    char out[FILE_PATH_MAX], longest[FILE_PATH_MAX];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = 0;
    cr_expect_not(file_join(out, longest, "y", &err));
    cr_expect_eq(err.code, KE_FILE);
}

Test(file, exists)
{
    cr_expect(!file_exists(path("a")));
    cr_assert(file_write(path("a"), bytes_str("x"), 0600, &err));
    cr_expect(file_exists(path("a")));
    cr_expect(file_exists(dir));
}
