/* A blocking KMIP client with pipelining.
 *
 * One connection, one thread. Up to `depth` requests are in flight; replies are
 * put together however TLS records split or join them, and given to the request
 * they belong to:
 *
 *   by id        the Unique Batch Item ID of the reply's first item names its
 *                request; order does not matter
 *   by position  as the Zenko driver does: the next reply belongs to the oldest
 *                outstanding request; if its id is another one, the error is
 *                'invalid batch item ID', the connection is dropped, and every
 *                outstanding request fails
 *
 * Every wait ends at the time-out of the settings: that for a reply whether nothing has
 * come or the last byte of it is missing still. After a failure the client is
 * closed for good; open a new one. */
#ifndef CLIENT_LIB_KC_H
#define CLIENT_LIB_KC_H

#include "client/lib/settings.h"
#include "kmip/base/buf.h"
#include "kmip/base/error.h"
#include "kmip/schema/message.h"

struct kc_client;

struct kc_connect {
    const char *host, *port;
    struct tls_files files;
    struct tls_options tls;
    int64_t timeout_ns;       /* for connecting with the handshake, and for each whole reply */
    unsigned depth;           /* at least 1 */
    enum kc_match match;
    size_t max_message;       /* 0 = 8 MiB */
};

/* Connection parameters from finished settings. port_buf holds the port's text. */
void kc_connect_from(const struct kc_settings *s, char port_buf[16], struct kc_connect *out);

/* Connects and shakes hands. NULL with KE_CONNECT, KE_TIMEOUT, KE_TLS, KE_TLS_PEER, KE_PEM. */
__attribute__((warn_unused_result)) struct kc_client *kc_open(const struct kc_connect *o,
                                                              struct kerr *err);
/* Says goodbye, closes, frees; *c becomes NULL. Outstanding requests are dropped. */
void kc_close(struct kc_client **c);
bool kc_is_open(const struct kc_client *c);
/* Looks, without waiting, whether the server has hung up meanwhile: then closed. */
bool kc_still_open(struct kc_client *c);
/* Bytes that have come and that no request asked for. With none outstanding, what the
 * server sends belongs to nobody; kc_still_open takes it in. They are known also after it
 * has found that the server hung up. */
size_t kc_unasked(const struct kc_client *c);
const struct tls_info *kc_tls(const struct kc_client *c);

/* What was seen of one reply on the wire. */
struct kc_seen {
    int64_t sent_ns, arrived_ns; /* monotonic: last byte of the request, of the reply */
    uint32_t order;              /* this was the order-th reply of the connection, from 0 */
    uint32_t records;            /* TLS records it was spread over */
    bool shared_record;          /* a record held bytes of another reply too */
};

typedef uint64_t kc_ticket;

/* A fresh 16-byte Unique Batch Item ID. */
void kc_new_id(struct kc_client *c, uint8_t id[16]);

/* Sends one whole request message; id is its (first) Unique Batch Item ID, empty
 * if it has none. Waits for a place in the pipeline first. */
__attribute__((warn_unused_result)) bool kc_submit(struct kc_client *c, struct bytes request,
                                                   struct bytes id, kc_ticket *ticket,
                                                   struct kerr *err);
/* Waits for the reply of a ticket; appended to reply. seen may be NULL. */
__attribute__((warn_unused_result)) bool kc_wait(struct kc_client *c, kc_ticket ticket,
                                                 struct buf *reply, struct kc_seen *seen,
                                                 struct kerr *err);
/* Submit and wait. */
__attribute__((warn_unused_result)) bool kc_call(struct kc_client *c, struct bytes request,
                                                 struct bytes id, struct buf *reply,
                                                 struct kerr *err);

/* For testers: sends bytes as they are, reads one message whatever it is. Nothing
 * may be outstanding. KE_CLOSED when the server hangs up instead (with an offset:
 * that far into a reply); KE_TTLV_ROOT when it answers something else. */
__attribute__((warn_unused_result)) bool kc_exchange(struct kc_client *c, struct bytes request,
                                                     struct buf *reply, struct kc_seen *seen,
                                                     struct kerr *err);
/* Bytes out without waiting, and one message in: the halves of kc_exchange. */
__attribute__((warn_unused_result)) bool kc_send_raw(struct kc_client *c, struct bytes data,
                                                     struct kerr *err);
__attribute__((warn_unused_result)) bool kc_receive(struct kc_client *c, struct buf *reply,
                                                    struct kc_seen *seen, struct kerr *err);
/* Changes the time-out of the waits that follow. */
void kc_set_timeout(struct kc_client *c, int64_t timeout_ns);

#endif
