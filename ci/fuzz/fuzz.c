/* What fuzz targets have in common (fuzz.h). */
#include "ci/fuzz/fuzz.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "kmip/base/file.h"
#include "kmip/base/log.h"

void fuzz_broken(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    fputs("broken: ", stderr);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
    abort();
}

static char folder[FILE_PATH_MAX];

static void remove_folder(void)
{
    file_remove_folder(folder);
}

const char *fuzz_file(const char *name, struct bytes content)
{
    static char path[FILE_PATH_MAX];
    struct kerr err = KERR_INIT;

    if (!folder[0]) {
        if (!file_temporary(folder, "fuzz", &err))
            fuzz_broken("%s", err.msg);
        atexit(remove_folder);
    }
    if (!file_join(path, folder, name, &err))
        fuzz_broken("%s", err.msg);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(content.p, 1, content.n, f) != content.n || fclose(f) != 0)
        fuzz_broken("cannot write %s", path);
    return path;
}

struct bytes fuzz_tree_file(const char *path)
{
    struct buf text;
    struct kerr err = KERR_INIT;

    buf_init(&text, BUF_NO_LIMIT);
    if (!file_read(path, &text, &err))
        fuzz_broken("%s", err.msg);
    return buf_bytes(&text);
}

void fuzz_count_musts(void *arg, const struct finding *f)
{
    if (rule_of(f->rule)->severity == RULE_MUST)
        ++*(size_t *)arg;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const char *const variables[] = {"KMIP_HOST", "KMIP_PORT", "KMIP_CERTS", "KMIP_CA",
                                            "KMIP_CERT", "KMIP_KEY"};

    (void)argc, (void)argv;
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        unsetenv(variables[i]);
    setenv("NO_COLOR", "1", 1);
    log_set_level(LOG_ERROR);
    return 0;
}
