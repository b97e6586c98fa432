/* The server under test: how to reach it, what it said of itself, and the open
 * connections of a run. */
#ifndef CONFORMANCE_TARGET_H
#define CONFORMANCE_TARGET_H

#include "client/lib/kc.h"
#include "conformance/pace.h"
#include "kmip/base/arena.h"

#define TARGET_OPERATIONS_MAX 96
#define TARGET_CLIENTS_MAX 16

struct target_options {
    struct kc_settings settings;
    const char *other_certs;  /* directory of a second identity's files, or NULL */
    const char *object;       /* identifier of a pre-made object, or NULL */
    const char *client_ca;    /* folder with ca.pem and ca-key.pem of the clients' authority, or
                               * NULL: the one above their certificates */
    unsigned auth_suite;      /* enum auth_suite: the one that the server claims */
};

/* Connections that are there for every case: main, second (the same identity), other
 * (the second identity), anonymous (no certificate), fresh (main's identity, closed
 * behind each exchange). A case may name more. */
struct target_client {
    char name[32];
    char as[12];          /* its identity: main, other, anonymous, or one of auth.h */
    bool named;           /* by a case: never opened again by itself */
    struct kc_client *kc; /* NULL: not open */
    int64_t last_ns;      /* when it was last used: pace_mono_ns */
};

struct auth_certs;

struct target {
    struct target_options opt;
    char port[16];
    struct tls_dir other;
    struct arena arena; /* for what the server said */
    struct pace pace;   /* the time it is tested in */
    struct auth_certs *made; /* certificates that no server should take (auth.h), or NULL */

    struct target_client clients[TARGET_CLIENTS_MAX];
    size_t n_clients;

    /* From the gate. */
    uint8_t versions[16];
    size_t n_versions;
    uint32_t operations[TARGET_OPERATIONS_MAX], objects[32];
    size_t n_operations, n_objects;
    const char *vendor;                 /* "" if it did not say */
    struct tls_info tls;
    bool has_offset;
    int64_t offset_s;                   /* server's clock minus ours, from Time Stamps */
    int64_t offset_uncertain_s;
    const char *gate_clause;            /* of GATE_REFUSED: what the replies break */
};

enum gate_result {
    GATE_OPEN,
    GATE_UNREACHABLE, /* TCP, TLS, or no KMIP behind them: exit 3 */
    GATE_REFUSED,     /* a KMIP server, but Discover Versions or Query fail: exit 1 */
    GATE_CONFIG,      /* ours cannot be used: exit 2 */
    GATE_INTERRUPTED
};

void target_init(struct target *t, const struct target_options *o);
void target_clear(struct target *t);

/* Connects and asks Discover Versions and Query. What failed, and what to do, is in err;
 * where the server refuses or breaks a rule, with the clauses. */
enum gate_result target_gate(struct target *t, struct kerr *err);

/* A connection and one Discover Versions: does the server still answer? */
__attribute__((warn_unused_result)) bool target_alive(struct target *t, struct kerr *err);

/* The connection of that name, opened now if need be; again when the server has hung up
 * on it between requests, or it has not been used for a while. Of a connection that a
 * case has named, the loss is the case's to judge. "other" without other_certs, or an
 * unknown name: NULL with KE_CASE. */
struct target_client *target_client(struct target *t, const char *name, struct kerr *err);
/* Has more come on this open connection than was asked for? Looks without waiting, and not
 * at all at one that a case has named: whether it is still open is for the case to see. */
bool target_unasked(struct target *t, const char *name);
/* Is it the reply to another request: does it name an operation that this one does not ask
 * for, or an id that none of its items bears? *what says so, or is "". */
bool target_out_of_step(struct bytes request, struct bytes reply, char what[200]);
/* Did a case make it? */
bool target_is_named(struct target *t, const char *name);
/* The identity behind a connection's name, also after it was closed. */
const char *target_identity(struct target *t, const char *name);
/* Opens a connection under a new name, as `as` with another GnuTLS priority (NULL: default). */
__attribute__((warn_unused_result)) bool target_connect(struct target *t, const char *name,
                                                        const char *as, const char *priority,
                                                        struct kerr *err);
void target_close(struct target *t, const char *name);
/* All but main; what a case named is forgotten. After each case. */
void target_end_case(struct target *t);
void target_close_all(struct target *t);

bool target_has_operation(const struct target *t, uint32_t op);
/* True also when the server lists no object types at all. */
bool target_has_object(const struct target *t, uint32_t type);
bool target_has_version(const struct target *t, uint8_t version);
/* Takes note of a reply's Time Stamp: sent and arrived by pace_wall_ns, in seconds. */
void target_note_time(struct target *t, int64_t stamp, int64_t sent_s, int64_t arrived_s);

/* One request of ours (not a case's) and its reply, opened, its first item read:
 *
 *     target_ask(t, &c, KMIP_OPERATION_DESTROY);
 *     ttlv_w_text(&c.w, KMIP_TAG_UNIQUE_IDENTIFIER, uid);
 *     if (target_answer(&c, "main", &err)) ... c.item ...
 *     target_call_clear(&c);
 */
struct target_call {
    struct target *t;
    uint8_t id[16];
    struct buf request, reply;
    struct ttlv_writer w; /* stands in the request's payload */
    struct kmip_message msg;
    struct kmip_item item;
};
void target_ask(struct target *t, struct target_call *c, uint32_t operation);
/* With an Authentication as it stood in another request; empty: none. */
void target_ask_as(struct target *t, struct target_call *c, uint32_t operation,
                   struct bytes authentication);
/* False when there is no readable reply to it. */
__attribute__((warn_unused_result)) bool target_answer(struct target_call *c, const char *client,
                                                       struct kerr *err);
void target_call_clear(struct target_call *c);

#endif
