/* Shared secret words (token.h). */
#include "kmip/base/token.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kmip/base/buf.h"
#include "kmip/base/file.h"

/* `what` says whose it is, for the error. */
static bool take(char out[TOKEN_MAX], const char *text, size_t n, const char *what,
                 struct kerr *err)
{
    if (n == 0)
        return kerr_set(err, KE_CONFIG, "%s holds no token", what);
    if (n >= TOKEN_MAX)
        return kerr_set(err, KE_CONFIG, "%s: a token has at most %d characters", what,
                        TOKEN_MAX - 1);
    for (size_t i = 0; i < n; i++)
        if (text[i] < 0x21 || text[i] > 0x7e)
            return kerr_set(err, KE_CONFIG,
                            "%s: a token has visible ASCII characters and no blanks; number %zu "
                            "is another",
                            what, i + 1);
    memcpy(out, text, n);
    out[n] = '\0';
    return true;
}

static bool take_file(char out[TOKEN_MAX], const char *path, struct kerr *err)
{
    enum { FILE_MAX = 4096 };
    struct buf file;
    buf_init(&file, FILE_MAX);
    bool ok = file_read(path, &file, err);
    const char *text = buf_cstr(&file);
    ok = ok && take(out, text, strcspn(text, "\r\n"), path, err);
    buf_clear(&file);
    return ok;
}

bool token_read(const struct token_source *from, char out[TOKEN_MAX], struct kerr *err)
{
    const char *set = from->environment ? getenv(from->environment) : NULL;
    out[0] = '\0';
    if (from->argument && from->file)
        return kerr_set(err, KE_USAGE, "--%s and --%s-file both give the token: one will do",
                        from->option, from->option);
    if (from->file)
        return take_file(out, from->file, err);
    if (!from->argument)
        return !set || !*set || take(out, set, strlen(set), from->environment, err);
    return take(out, from->argument, strlen(from->argument), from->option, err);
}

void token_hide(const char *argument)
{
    if (argument)
        memset((char *)argument, '*', strlen(argument));
}

bool token_same(const char *token, const char *given, size_t n)
{
    size_t length = strlen(token);
    volatile uint8_t differs = (uint8_t)(length != n);
    for (size_t i = 0; length > 0 && i < n; i++)
        differs = (uint8_t)(differs | (uint8_t)(token[i % length] ^ given[i]));
    return length > 0 && !differs;
}
