/* TLS connections over GnuTLS (tls.h).
 *
 * GnuTLS reads and writes the socket through the two functions below, push and
 * pull, for three reasons: a hold can collect encrypted records without merging
 * them, the errno of a failed call survives, and the first bytes of a peer that
 * does not speak TLS can be shown. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <arpa/inet.h>

#include "kmip/net/tls_priv.h"

/* Warnings and tickets to skip in one call before the peer is taken for a nuisance. */
enum { MAX_SKIPPED = 16 };

/* --- the socket below GnuTLS ------------------------------------------- */

static ssize_t pull(gnutls_transport_ptr_t ptr, void *p, size_t n)
{
    struct tls_conn *t = ptr;
    ssize_t got = TEMP_FAILURE_RETRY(recv(t->fd, p, n, 0));
    if (got < 0) {
        if (errno != EAGAIN)
            t->sys_errno = errno;
        gnutls_transport_set_errno(t->session, errno);
        return got;
    }
    if (got == 0 && n > 0) {
        /* To GnuTLS the end of the socket ends the session in both directions,
         * but a peer that has only stopped sending still waits for replies. */
        t->eof = true;
        gnutls_transport_set_errno(t->session, EAGAIN);
        return -1;
    }
    size_t keep = sizeof t->first - t->n_first;
    keep = keep < (size_t)got ? keep : (size_t)got;
    memcpy(t->first + t->n_first, p, keep);
    t->n_first += keep;
    return got;
}

/* Sends what a hold has left with one call. False with errno set when the socket
 * did not take all of it. */
static bool send_out(struct tls_conn *t)
{
    size_t left = t->out.n - t->out_off;
    if (left == 0)
        return true;
    ssize_t n = TEMP_FAILURE_RETRY(send(t->fd, t->out.p + t->out_off, left, MSG_NOSIGNAL));
    if (n < 0)
        return false;
    t->out_off += (size_t)n;
    if ((size_t)n < left) {
        errno = EAGAIN;
        return false;
    }
    t->out.n = t->out_off = 0; /* ciphertext: nothing to wipe */
    return true;
}

static ssize_t hold_back(struct tls_conn *t, const giovec_t *iov, int n_iov)
{
    size_t total = 0;
    for (int i = 0; i < n_iov; i++) {
        if (!buf_put(&t->out, iov[i].iov_base, iov[i].iov_len)) {
            errno = ENOMEM;
            return -1;
        }
        total += iov[i].iov_len;
    }
    return (ssize_t)total;
}

static ssize_t push(gnutls_transport_ptr_t ptr, const giovec_t *iov, int n_iov)
{
    struct tls_conn *t = ptr;
    ssize_t n = -1;
    size_t waiting = t->out.n - t->out_off;
    if (waiting < TLS_HOLD_MAX && (t->held || waiting > 0)) {
        n = hold_back(t, iov, n_iov);
    } else if (send_out(t)) {
        struct msghdr m = {.msg_iov = (struct iovec *)iov, .msg_iovlen = (size_t)n_iov};
        n = t->held ? hold_back(t, iov, n_iov)
                    : TEMP_FAILURE_RETRY(sendmsg(t->fd, &m, MSG_NOSIGNAL));
    }
    if (n < 0) {
        if (errno != EAGAIN)
            t->sys_errno = errno;
        gnutls_transport_set_errno(t->session, errno);
    }
    return n;
}

/* --- making and ending ------------------------------------------------- */

static bool is_address(const char *host)
{
    uint8_t a[16];
    return inet_pton(AF_INET, host, a) == 1 || inet_pton(AF_INET6, host, a) == 1;
}

static int set_up_role(struct tls_conn *t, const char *host)
{
    const struct tls_creds *c = t->creds;
    if (c->role == TLS_SERVER) {
        gnutls_certificate_server_set_request(t->session,
                                              c->o.no_client_cert         ? GNUTLS_CERT_IGNORE
                                              : c->o.client_cert_optional ? GNUTLS_CERT_REQUEST
                                                                          : GNUTLS_CERT_REQUIRE);
        return gnutls_session_ticket_enable_server(t->session, &c->ticket_key);
    }
    if (!host)
        return 0;
    if (!c->o.no_verify_name)
        snprintf(t->shake->host, sizeof t->shake->host, "%s", host);
    return is_address(host) ? 0
                            : gnutls_server_name_set(t->session, GNUTLS_NAME_DNS, host, strlen(host));
}

static int set_up(struct tls_conn *t, const char *host)
{
    /* FORCE_CLIENT_CERT: send our certificate even when the server's list of
     * authorities does not name its issuer; let the server say so. */
    unsigned flags = GNUTLS_NONBLOCK |
                     (t->creds->role == TLS_CLIENT ? GNUTLS_CLIENT | GNUTLS_FORCE_CLIENT_CERT
                                                   : GNUTLS_SERVER);
    int rc = gnutls_init(&t->session, flags);
    if (rc < 0)
        return rc;
    gnutls_session_set_ptr(t->session, t);
    gnutls_transport_set_ptr(t->session, t);
    gnutls_transport_set_pull_function(t->session, pull);
    gnutls_transport_set_vec_push_function(t->session, push);
    rc = gnutls_priority_set(t->session, t->creds->prio);
    if (rc == 0)
        rc = gnutls_credentials_set(t->session, GNUTLS_CRD_CERTIFICATE, t->creds->cred);
    return rc < 0 ? rc : set_up_role(t, host);
}

struct tls_conn *tls_new(const struct tls_creds *c, int fd, const char *host, struct kerr *err)
{
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
        kerr_set(err, KE_IO, "cannot use the socket: %s", strerror(errno));
        return NULL;
    }
    struct tls_conn *t = calloc(1, sizeof *t);
    struct tls_shake *shake = calloc(1, sizeof *shake);
    if (!t || !shake) {
        free(t);
        free(shake);
        kerr_set(err, KE_MEMORY, "no memory for a TLS connection");
        return NULL;
    }
    t->shake = shake;
    t->creds = c;
    t->fd = fd;
    buf_init(&t->out, BUF_NO_LIMIT); /* push keeps to TLS_HOLD_MAX and a record */
    int rc = set_up(t, host);
    if (rc < 0) {
        kerr_set(err, rc == GNUTLS_E_MEMORY_ERROR ? KE_MEMORY : KE_TLS,
                 "cannot set up TLS: %s", gnutls_strerror(rc));
        t->fd = -1; /* stays the caller's */
        tls_free(&t);
    }
    return t;
}

/* A close with unread bytes in the socket resets the connection, and the reset
 * would overtake the alert that says why. */
static void let_alert_arrive(struct tls_conn *t)
{
    char drop[4096];
    shutdown(t->fd, SHUT_WR);
    for (int i = 0; i < 16; i++)
        if (recv(t->fd, drop, sizeof drop, MSG_DONTWAIT) <= 0)
            break;
}

void tls_free(struct tls_conn **t)
{
    if (!t || !*t)
        return;
    if ((*t)->session)
        gnutls_deinit((*t)->session);
    if ((*t)->fd >= 0) {
        if ((*t)->alert_sent)
            let_alert_arrive(*t);
        close((*t)->fd);
    }
    buf_clear(&(*t)->out);
    free((*t)->shake);
    wipe(*t, sizeof **t);
    free(*t);
    *t = NULL;
}

void tls_bye(struct tls_conn *t)
{
    t->held = false;
    if (t->established && send_out(t))
        t->alert_sent = gnutls_bye(t->session, GNUTLS_SHUT_WR) == 0;
}

/* --- moving bytes ------------------------------------------------------ */

static enum tls_io waits_for(const struct tls_conn *t)
{
    return gnutls_record_get_direction(t->session) ? TLS_WANT_WRITE : TLS_WANT_READ;
}

/* Tells the peer why; best effort. */
static void send_alert(struct tls_conn *t, int rc)
{
    t->held = false;
    if (rc == GNUTLS_E_NO_CERTIFICATE_FOUND) /* RFC 5246, 7.4.6 */
        t->refusal_alert = GNUTLS_A_HANDSHAKE_FAILURE;
    if (rc == GNUTLS_E_CERTIFICATE_REQUIRED) /* RFC 8446, 4.4.2.4 */
        t->refusal_alert = GNUTLS_A_CERTIFICATE_REQUIRED;
    int sent = t->refusal_alert != 0
                   ? gnutls_alert_send(t->session, GNUTLS_AL_FATAL, t->refusal_alert)
                   : gnutls_alert_send_appropriate(t->session, rc);
    t->alert_sent = sent == 0;
}

static bool peer_is_at_fault(int rc)
{
    return rc != GNUTLS_E_FATAL_ALERT_RECEIVED && rc != GNUTLS_E_PREMATURE_TERMINATION &&
           rc != GNUTLS_E_PULL_ERROR && rc != GNUTLS_E_PUSH_ERROR;
}

static enum tls_io fail(struct tls_conn *t, int rc, struct kerr *err)
{
    if (peer_is_at_fault(rc))
        send_alert(t, rc);
    return tls_explain(t, rc, err);
}

/* A resumed session skips the verify callback, but its certificate may have
 * expired since. */
static int after_handshake(struct tls_conn *t)
{
    if (gnutls_session_is_resumed(t->session) && !(t->creds->o.no_client_cert &&
                                                   t->creds->role == TLS_SERVER)) {
        int rc = tls_peer_verify(t->session);
        if (rc < 0)
            return rc;
    }
    t->established = true;
    tls_peer_info(t);
    return 0;
}

enum tls_io tls_handshake(struct tls_conn *t, struct kerr *err)
{
    if (t->established)
        return TLS_OK;
    int rc, warnings = 0;
    do
        rc = gnutls_handshake(t->session);
    while (rc == GNUTLS_E_WARNING_ALERT_RECEIVED && ++warnings < MAX_SKIPPED);
    if (rc == GNUTLS_E_AGAIN && t->eof)
        rc = GNUTLS_E_PREMATURE_TERMINATION;
    if (rc == GNUTLS_E_AGAIN)
        return waits_for(t);
    if (rc == 0)
        rc = after_handshake(t);
    return rc == 0 ? TLS_OK : fail(t, rc, err);
}

bool tls_session(const struct tls_conn *t, struct buf *out)
{
    gnutls_datum_t data = {NULL, 0};
    bool ticket = gnutls_protocol_get_version(t->session) != GNUTLS_TLS1_3 ||
                  gnutls_session_get_flags(t->session) & GNUTLS_SFLAGS_SESSION_TICKET;

    if (!ticket || gnutls_session_get_data2(t->session, &data) != 0)
        return false;
    bool ok = buf_put(out, data.data, data.size);
    wipe(data.data, data.size);
    gnutls_free(data.data);
    return ok;
}

void tls_resume(struct tls_conn *t, struct bytes session)
{
    if (session.n > 0) /* what does not fit leads to a full handshake */
        (void)gnutls_session_set_data(t->session, session.p, session.n);
}

enum tls_io tls_read(struct tls_conn *t, void *p, size_t room, size_t *n, struct kerr *err)
{
    *n = 0;
    if (room == 0)
        return TLS_OK;
    if (t->has_early) {
        memcpy(p, &t->early, 1);
        t->has_early = false;
        *n = 1;
        return TLS_OK;
    }
    ssize_t rc;
    int warnings = 0;
    do
        rc = gnutls_record_recv(t->session, p, room);
    while (rc == GNUTLS_E_WARNING_ALERT_RECEIVED && ++warnings < MAX_SKIPPED);
    if (rc > 0) {
        t->got_data = true;
        *n = (size_t)rc;
        return TLS_OK;
    }
    if (rc == 0 || (rc == GNUTLS_E_AGAIN && t->eof)) {
        t->abrupt = rc != 0;
        return TLS_EOF;
    }
    if (rc == GNUTLS_E_AGAIN)
        return waits_for(t);
    return fail(t, (int)rc, err);
}

static bool socket_has_data(const struct tls_conn *t)
{
    char c;
    return recv(t->fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) == 1;
}

/* A send that fails because the peer is gone: the alert that says why may lie
 * unread in the socket (TLS 1.3 refuses a client certificate like that), perhaps
 * behind session tickets, over which GnuTLS asks to be called again. When it is a
 * reply that lies there, its first byte is kept for tls_read. */
static enum tls_io explain_send(struct tls_conn *t, int rc, struct kerr *err)
{
    int why = t->sys_errno;
    if ((why == EPIPE || why == ECONNRESET) && !t->has_early) {
        ssize_t got;
        int tickets = 0;
        do
            got = gnutls_record_recv(t->session, &t->early, 1);
        while (got == GNUTLS_E_AGAIN && socket_has_data(t) && ++tickets < MAX_SKIPPED);
        t->has_early = got == 1;
        t->sys_errno = why;
        if (got == GNUTLS_E_FATAL_ALERT_RECEIVED)
            rc = (int)got;
    }
    return fail(t, rc, err);
}

static enum tls_io send_rest(struct tls_conn *t, struct kerr *err)
{
    if (send_out(t))
        return TLS_OK;
    if (errno == EAGAIN)
        return TLS_WANT_WRITE;
    t->sys_errno = errno;
    return explain_send(t, GNUTLS_E_PUSH_ERROR, err);
}

/* Most connections are idle, and what they keep adds up. Ciphertext: nothing to wipe, which
 * of a buffer that was large once would take longer than all the rest. */
static void give_back(struct tls_conn *t)
{
    free(t->out.p);
    buf_init(&t->out, t->out.limit);
}

void tls_hold(struct tls_conn *t)
{
    t->held = true;
}

enum tls_io tls_flush(struct tls_conn *t, struct kerr *err)
{
    t->held = false;
    enum tls_io io = send_rest(t, err);
    if (io == TLS_OK)
        give_back(t);
    return io;
}

enum tls_io tls_flush_part(struct tls_conn *t, size_t most, size_t *left, struct kerr *err)
{
    size_t n = t->out.n - t->out_off;
    ssize_t sent = 0;
    if (n > 0 && most > 0)
        sent = TEMP_FAILURE_RETRY(
            send(t->fd, t->out.p + t->out_off, n < most ? n : most, MSG_NOSIGNAL));
    *left = n - (sent > 0 ? (size_t)sent : 0);
    if (sent < 0 && errno == EAGAIN)
        return TLS_WANT_WRITE;
    if (sent < 0) {
        t->sys_errno = errno;
        return explain_send(t, GNUTLS_E_PUSH_ERROR, err);
    }
    t->out_off += (size_t)sent;
    if (*left == 0)
        t->out.n = t->out_off = 0;
    return TLS_OK;
}

enum tls_io tls_write(struct tls_conn *t, struct bytes v, size_t *n, struct kerr *err)
{
    *n = 0;
    if (v.n == 0)
        return TLS_OK;
    if (!t->held) {
        enum tls_io io = send_rest(t, err);
        if (io != TLS_OK)
            return io;
    }
    /* NULL and 0: go on with the record that GnuTLS has encrypted already. */
    ssize_t rc = t->sending ? gnutls_record_send(t->session, NULL, 0)
                            : gnutls_record_send(t->session, v.p, v.n);
    t->sending = rc == GNUTLS_E_AGAIN;
    if (rc == GNUTLS_E_AGAIN)
        return waits_for(t);
    if (rc < 0)
        return explain_send(t, (int)rc, err);
    *n = (size_t)rc;
    return TLS_OK;
}

/* --- asking ------------------------------------------------------------ */

size_t tls_waiting(const struct tls_conn *t)
{
    return t->out.n - t->out_off;
}

size_t tls_pending(const struct tls_conn *t)
{
    return gnutls_record_check_pending(t->session) + (t->has_early ? 1 : 0);
}

bool tls_abrupt(const struct tls_conn *t)
{
    return t->abrupt;
}

int tls_fd(const struct tls_conn *t)
{
    return t->fd;
}

const struct tls_info *tls_info(const struct tls_conn *t)
{
    static const struct tls_info none;
    return t->shake ? &t->shake->info : &none;
}

void tls_settle(struct tls_conn *t)
{
    if (!t->established || !t->shake)
        return;
    free(t->shake);
    t->shake = NULL;
}
