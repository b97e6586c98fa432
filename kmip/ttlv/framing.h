/* Where a message ends in a stream of bytes, however TLS records split or join
 * it: the one answer that client and server share. */
#ifndef KMIP_TTLV_FRAMING_H
#define KMIP_TTLV_FRAMING_H

#include "kmip/base/error.h"
#include "kmip/ttlv/ttlv.h"

enum ttlv_frame {
    TTLV_FRAME_MORE,  /* not whole yet; *n = bytes needed in all, as far as known (at least 8) */
    TTLV_FRAME_WHOLE, /* the first *n bytes are one message */
    TTLV_FRAME_BAD    /* this will never be a message: *n = 0, err says why */
};

/* Looks at the start of a stream. `max` bounds the size of a message
 * (KE_TTLV_SIZE). A message is a Structure with a tag of the Request Message or
 * Response Message (KE_TTLV_ROOT otherwise; the text says what it looks like:
 * HTTP, TLS, XML...). Bad is told as early as the bytes allow. */
enum ttlv_frame ttlv_framing(struct bytes in, size_t max, size_t *n, struct kerr *err);

#endif
