/* A target whose input is a file that people write: it is loaded, or an error says where. */
#ifndef CI_FUZZ_TEXT_TARGET_H
#define CI_FUZZ_TEXT_TARGET_H

#include "ci/fuzz/fuzz.h"

/* An error is in words, of one line, and not of our own making. */
static inline void fuzz_check_error(bool loaded, const struct kerr *err)
{
    if (loaded != (err->code == KE_OK))
        fuzz_broken("loaded: %d, and yet: %s", (int)loaded, err->msg);
    if (loaded)
        return;
    if (!err->msg[0] || strchr(err->msg, '\n'))
        fuzz_broken("an error of %s without words, or on several lines: %s", kerr_name(err->code),
                    err->msg);
    if (err->cls == KERR_CLASS_INTERNAL)
        fuzz_broken("our own fault: %s", err->msg);
}

#endif
