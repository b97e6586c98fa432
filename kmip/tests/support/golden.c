/* Golden files (golden.h). */
#include "kmip/tests/support/golden.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "kmip/base/file.h"

/* The line that p stands in, without its end. */
static struct bytes line_at(struct bytes all, size_t at)
{
    size_t end = at;
    while (end < all.n && all.p[end] != '\n')
        end++;
    return bytes_of(all.p + at, end - at);
}

static void compare(const char *path, struct bytes want, struct bytes got)
{
    size_t line = 1, start = 0, i = 0;
    for (; i < want.n && i < got.n && want.p[i] == got.p[i]; i++)
        if (want.p[i] == '\n') {
            line++;
            start = i + 1;
        }
    if (i == want.n && i == got.n)
        return;
    struct bytes w = line_at(want, start < want.n ? start : want.n);
    struct bytes g = line_at(got, start < got.n ? start : got.n);
    cr_expect(false, "%s:%zu differs\nexpected: %.*s\nactual:   %.*s", path, line, (int)w.n,
              (const char *)w.p, (int)g.n, (const char *)g.p);
}

void golden_expect(const char *path, struct bytes got)
{
    struct buf want;
    struct kerr err = KERR_INIT;
    const char *mode = getenv("KMIP_GOLDEN");
    if (mode && strcmp(mode, "write") == 0) {
        cr_expect(file_write(path, got, 0644, &err), "%s", err.msg);
        return;
    }
    buf_init(&want, BUF_NO_LIMIT);
    if (file_read(path, &want, &err))
        compare(path, buf_bytes(&want), got);
    else
        cr_expect(false, "%s", err.msg);
    buf_clear(&want);
}
