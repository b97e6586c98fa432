/* Writes items into a buffer; lengths of structures are filled in when they are
 * closed. Failure is sticky: a run of calls is checked once, by ttlv_w_finish.
 *
 *     ttlv_w_init(&w, &buf, &err);
 *     ttlv_w_open(&w, KMIP_TAG_REQUEST_MESSAGE);
 *     ttlv_w_enum(&w, KMIP_TAG_OPERATION, KMIP_OPERATION_CREATE);
 *     ttlv_w_close(&w);
 *     if (!ttlv_w_finish(&w)) return false;
 *
 * The raw side writes deliberately wrong items (length, type, padding), so that
 * hostile and honest traffic go through one API. */
#ifndef KMIP_TTLV_WRITER_H
#define KMIP_TTLV_WRITER_H

#include "kmip/base/buf.h"
#include "kmip/base/error.h"
#include "kmip/ttlv/ttlv.h"

struct ttlv_writer {
    struct buf *out; /* appended to; the caller's */
    size_t start;    /* where in out this writer began */
    size_t open[TTLV_MAX_DEPTH];
    unsigned depth;
    bool failed;
    struct kerr *err; /* may be NULL */
};

/* Appends to out from where it stands. out's limit is the size limit. */
void ttlv_w_init(struct ttlv_writer *w, struct buf *out, struct kerr *err);
void ttlv_w_open(struct ttlv_writer *w, uint32_t tag);
void ttlv_w_close(struct ttlv_writer *w);

void ttlv_w_int(struct ttlv_writer *w, uint32_t tag, int32_t v);
void ttlv_w_long(struct ttlv_writer *w, uint32_t tag, int64_t v);
/* Two's complement, big-endian, any length: sign-extended here to the shortest
 * multiple of eight that keeps the value; empty is zero. */
void ttlv_w_big(struct ttlv_writer *w, uint32_t tag, struct bytes v);
void ttlv_w_enum(struct ttlv_writer *w, uint32_t tag, uint32_t v);
void ttlv_w_bool(struct ttlv_writer *w, uint32_t tag, bool v);
/* Must be UTF-8 (KE_TTLV_UTF8) without a terminating NUL (KE_TTLV_VALUE). */
void ttlv_w_text(struct ttlv_writer *w, uint32_t tag, struct bytes v);
void ttlv_w_str(struct ttlv_writer *w, uint32_t tag, const char *v);
void ttlv_w_bytes(struct ttlv_writer *w, uint32_t tag, struct bytes v);
void ttlv_w_date(struct ttlv_writer *w, uint32_t tag, int64_t seconds);
void ttlv_w_interval(struct ttlv_writer *w, uint32_t tag, uint32_t seconds);

/* An item of any type from its value bytes, padded; checked against the type. */
void ttlv_w_value(struct ttlv_writer *w, uint32_t tag, unsigned type, struct bytes val);
/* An item as read, whole, under its own or another tag (0 = its own). */
void ttlv_w_item(struct ttlv_writer *w, uint32_t tag, const struct ttlv_item *it);

/* Raw side: a header with any type and length, and bytes as they are. */
void ttlv_w_raw_head(struct ttlv_writer *w, uint32_t tag, unsigned type, uint32_t len);
void ttlv_w_raw_bytes(struct ttlv_writer *w, struct bytes v);

/* A place to come back to: rewinding cuts all written and opened since. The
 * structures open at the mark must not have been closed for others (KE_TTLV_WRITER). */
struct ttlv_mark {
    size_t n;
    unsigned depth;
};
struct ttlv_mark ttlv_w_mark(const struct ttlv_writer *w);
void ttlv_w_rewind(struct ttlv_writer *w, struct ttlv_mark m);

/* True when everything was written and every structure closed. */
bool ttlv_w_finish(struct ttlv_writer *w);

#endif
