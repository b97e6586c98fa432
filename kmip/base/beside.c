/* Folders beside the program (beside.h). */
#include "kmip/base/beside.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kmip/base/file.h"

static bool above(const char *program, const char *tail, char out[BESIDE_MAX])
{
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%s", program);
    for (int up = 0; up < 4; up++) {
        char *slash = strrchr(folder, '/');
        if (!slash)
            return false;
        *slash = 0;
        if (snprintf(out, BESIDE_MAX, "%s/%s", folder, tail) < BESIDE_MAX && file_exists(out))
            return true;
    }
    return false;
}

bool beside_program(const char *const *installed, const char *in_tree, char out[BESIDE_MAX])
{
    char program[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    program[n > 0 ? n : 0] = 0;
    for (; *installed; installed++)
        if (above(program, *installed, out))
            return true;
    if (snprintf(out, BESIDE_MAX, "%s", in_tree) < BESIDE_MAX && file_exists(out))
        return true;
    out[0] = 0;
    return false;
}
