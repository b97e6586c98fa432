/* A KMIP server that does exactly what a script says, for one connection: a thread
 * of the test with TLS on a loopback port.
 *
 *     static void script(struct peer *p)
 *     {
 *         peer_read(p, 2);
 *         peer_reply(p, 1);   // the second request first
 *         peer_reply(p, 0);
 *     }
 *     peer_start(&peer, script);
 *     ... a client connects to peer.port with the files of peer.files ...
 *     peer_stop(&peer);
 *
 * A peer_ function that fails notes why and makes the later ones do nothing;
 * peer_stop fails the test then, unless the client was meant to leave early
 * (PEER_MAY_BREAK). */
#ifndef KMIP_TESTS_SUPPORT_PEER_H
#define KMIP_TESTS_SUPPORT_PEER_H

#include <pthread.h>

#include "kmip/base/buf.h"
#include "kmip/net/tls.h"
#include "kmip/tests/support/tmpdir.h"

#define PEER_REQUESTS 32u

struct peer {
    char port[16];
    struct tls_dir files; /* of the client */
    struct buf request[PEER_REQUESTS]; /* as read, in order */
    size_t n_requests;
    const void *arg; /* for the script */

    struct tmpdir dir;
    struct tls_creds *creds;
    struct tls_conn *tls;
    struct buf in;
    int listener;
    pthread_t thread;
    bool joined;
    void (*script)(struct peer *p);
    char failure[300];
};

/* What a script does while the client is already gone is no failure. */
#define PEER_MAY_BREAK true

void peer_start(struct peer *p, void (*script)(struct peer *p), const void *arg);
/* Waits for the script's end; what was read can be looked at then. */
void peer_join(struct peer *p);
/* Joins and clears. */
void peer_stop(struct peer *p, bool may_break);

/* In scripts: */
/* Reads n more whole requests. */
void peer_read(struct peer *p, size_t n);
/* Fails when the client sends anything within ms. */
void peer_hears_nothing(struct peer *p, int ms);
/* Sends v: whatever tls_write makes of it, so up to 16384 bytes are one record. */
void peer_send(struct peer *p, struct bytes v);
/* A successful response to request i: its operation and id, and a payload with
 * `uid` as Unique Identifier (NULL: "uid-I"), appended to out. */
void peer_response(struct peer *p, size_t i, const char *uid, struct buf *out);
/* ... in a record of its own. */
void peer_reply(struct peer *p, size_t i);
/* A response to request i that says Operation Failed, Invalid Field, with a message. */
void peer_refuse(struct peer *p, size_t i, const char *message);
void peer_pause(int ms);
/* Until the client closes. */
void peer_wait_closed(struct peer *p);
/* Closes without close-notify; otherwise the end of the script says goodbye. */
void peer_hang_up(struct peer *p);

#endif
