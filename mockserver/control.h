/* The control API: HTTP and JSON on a loopback port of its own, by which tests and
 * people look at a running mock and change it. `kmip-mock ctl` speaks it too.
 *
 *     control_open(s, &(struct control_options){.listen = "127.0.0.1:0"}, &err);
 *     server_run(s);
 *     control_close(s);
 *
 * It lives in the server's loop and thread: between two events of the loop nothing else
 * happens, so that every change is whole. It keeps no loop running. Requests that wait
 * (GET /journal/wait) hold their HTTP connection and nothing else.
 *
 * Only this machine reaches it, and no page that a browser shows but its own
 * (control_guard.c). With a token it may listen elsewhere too, and whoever asks shows the
 * token. No answer holds key material: messages are shown as kmip/form redacts them. */
#ifndef MOCKSERVER_CONTROL_H
#define MOCKSERVER_CONTROL_H

#include "mockserver/server.h"

struct control_options {
    const char *listen; /* HOST:PORT, PORT; of loopback unless there is a token; port 0
                         * picks one */
    const char *token;  /* (kmip/base/token.h) outlives it; NULL or "": none is asked for */
    const char *config; /* name of the configuration file, for GET /state; may be NULL */
};

/* Answers once the server runs. s is open already; its journal should keep entries
 * (cfg.control or cfg.journal_exchanges set). KE_CONFIG for a place beyond loopback
 * without a token, KE_IO... On failure nothing is left open. */
__attribute__((warn_unused_result)) bool
control_open(struct server *s, const struct control_options *o, struct kerr *err);
/* Ends what waits. To be called before server_close; safe when it is not open. */
void control_close(struct server *s);

/* Where it listens: the address to connect to. */
const char *control_host(const struct control *c);
int control_port(const struct control *c);
/* "127.0.0.1:8080", "[::1]:8080" into out. */
void control_place(const struct control *c, char *out, size_t room);

#endif
