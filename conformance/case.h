/* A test case, as read from its YAML file.
 *
 *     id: locate-by-name
 *     title: Locate finds a key by its Name
 *     clause: KMIP 1.2 spec, 4.9
 *     level: MUST                     # MUST | SHOULD | MAY: a mismatch costs FAIL, WARN, WARN
 *     covers: [BL-P-1, BL-A-2]        # rows of requirements.tsv
 *     needs: {operations: [Locate], objects: [Symmetric Key], identities: 2, versions: [1.1],
 *             auth_suite: [tls12, report]}   # which --auth-suite it is about; default any
 *     why: one or two sentences for whoever meets the failure (optional)
 *     vars: {k16: 0123456789abcdef0123456789abcdef}
 *     mock: {clock: 2010-02-11T13:01:59Z, otherwise: "it was written for that day"}   # see below
 *     objects:                        # made before the steps, whichever way the server offers
 *       key: {name: $RUN-a, state: Active, attributes: {Object Group: $RUN-g}}
 *     steps:
 *       - operation: Locate
 *         payload:
 *           Attributes: {Name: $RUN-a}
 *         expect:
 *           payload: {Unique Identifier: $key}
 *
 * `mock` is what the server must be like and no client can bring about: a mock is made so by
 * its control API (--control) before the case, and put back behind it. On any other server the
 * case is NOT APPLICABLE; `otherwise` says why.
 *
 *   clock          its date when the case begins
 *   preload        objects that are there, as in the mock's configuration, with ${...} in texts.
 *                  They count as made by the case, so it may change and destroy them
 *
 * A step sends one request and judges its reply. All that can be checked without a
 * server is checked when the file is read, with FILE:LINE:COL.
 *
 *   note           what this step is for, shown in reports
 *   operation      name of the operation; with `payload` (fields as in from_yaml.h, default
 *                  none), `id` (Unique Batch Item ID in hex, `auto`; default none in a single
 *                  request, as 6.4 and the published cases have it, so that a server with bad
 *                  ids fails the cases about ids and not all; auto in a batch; `none` leaves it
 *                  out), `extension` (Message Extension)
 *   batch          list of such items, each with its own `expect`, instead of operation
 *   header         extra header fields by name: {Maximum Response Size: 256}; put in the
 *                  standard's place. Batch Count follows from the items unless given here
 *   message        a whole message (from_yaml.h), for what the above cannot say
 *   raw            bytes in hexadecimal, sent as they are; may hold ${variables}
 *   version        of this request; default the run's
 *   client         whose connection: main (default), second (same identity), other (second
 *                  identity), anonymous (no client certificate), fresh (a new one for this step
 *                  only, so that a server may hang up behind it), or a name made by a connect step
 *   async          true: Asynchronous Indicator; a Pending answer is polled until it is final
 *                  unless the step expects status Operation Pending
 *   setup          true: only prepares; a mismatch makes the case INCONCLUSIVE, not failed
 *   repeat         {every: 1s, at_most: 130s}: until the expectation holds
 *   unless         $name: the step is skipped when the variable is bound; `when` the reverse
 *   announced      true: the step is skipped unless Query announces its operation; false: it is
 *                  skipped if Query does
 *   no_later       3s since the case began: what is expected holds only until then, so that a
 *                  reply that comes later says nothing; a mismatch makes the case INCONCLUSIVE
 *   within         2s: how long to wait for a reply; silence is then an answer, not an error
 *   pieces         1: so many bytes of the request at a time, each in a TLS record of its own
 *   together       8: so many times in one go, in as few TLS records as it takes; each time is
 *                  answered as expected, in order
 *   break          type, or a list of families (malform.h), or `all`: the request is sent in
 *                  each malformed way of these families. It is refused or the connection closed,
 *                  nothing is stored, and the next is served; so nothing else is expected
 *   expect         see below; default: success
 *
 * Or a step does something else:
 *   wait: 2s       lets time pass
 *   connect: {client: NAME, as: IDENTITY, priority: GNUTLS-STRING}, expect {connection:
 *                  open | refused | any}; binds $NAME when it is open. Identities: main, other,
 *                  anonymous (no certificate), and made ones that no server should take
 *                  (auth.h): expired, early, stranger, keyless
 *   close: NAME    ends a client's connection
 *   stall: WAY     a nuisance without a message (step_stall.c), on connections of its own; the
 *                  server serves others meanwhile, and afterwards. With `connections: 20`
 *                  (default 1) and `hold: 1s`, how long they stay
 *   ciphers: basic|tls12   which cipher suites does the server take? Those outside of that
 *                  authentication suite's list are mismatches; all of them are told
 *   let: {name: value}   binds variables (text with ${...} in it)
 *   check: {that: $a, equals: $b}   compares variables: equals, differs, at_least, at_most;
 *                  length: 16, the number of its bytes
 *
 * An expectation:
 *
 *   expect: success
 *   expect: {fail: Permission Denied}             # or a list of reasons, `any`, `!not REASON`
 *   expect:
 *     status: Success            # default; Operation Failed with `fail`; Operation Pending, ...
 *     payload: {...}             # fields that must match; others may be there
 *     exact: true                # ... and no others (payload level)
 *     empty: true                # the payload is there and empty
 *     item: {...}                # fields of the response item itself: the correlation value, ...
 *     operation: absent          # the reply item must have no Operation (message-level errors);
 *                                #   present: it must have one, so the error is the item's own
 *     any_of: [...]              # alternatives, tried in order; beside it only `header`. Each is
 *                                #   an expectation that may add
 *                                #   verdict: PASS | WARN | FAIL | NOT SUPPORTED (ends the case:
 *                                #   the server lacks something optional that Query cannot tell) |
 *                                #   NOT APPLICABLE (ends it: the server is not set up for it),
 *                                #   because: "..." (shown; required unless PASS)
 *     connection: closed         # no reply but a closed connection; `silent`: none `within` it
 *     header: {...}              # fields of the response header
 *     items: 2                   # number of response items, each with this result (of a batch:
 *                                #   in all); `any`: whatever their number. Default: one, or of
 *                                #   a batch as many as it has
 *     later: true                # an alternative that counts only if Discover Versions lists a
 *                                #   later version than the request's as well
 *
 * In a batch `expect: none` says that the item has no response item (after a Stop).
 *
 * Values in an expected payload:
 *   AES, 256, ...    equals, read by the type of the field
 *   $x               binds x to the value if it is not bound yet, else equals it; what is bound
 *                    so and never used is taken for a slip
 *   !any             is there, once or more            !absent      is not there
 *                    (in {...} with a blank before the brace: {State: !absent })
 *   !bind x          binds x, also if it was bound     !not V       is there and differs
 *   !length N        bytes of a string value           !near D      within 30 s (`!near [D, 5s]`);
 *                    from $NOW or $SERVER_NOW as much more as the case took, apart from its waits
 *   !at_least V, !at_most V                            numbers and dates, inclusive
 *   !one_of [V, W]   equals one of them                !has M       mask holds these bits
 *   !matches GLOB    text by shell pattern             !sha256 $x   SHA-256 of x's bytes
 *   !contains [..]   repeated field holds these, among others
 *   !lacks [..]      repeated field holds none of these
 *   !set [..]        repeated field holds exactly these, in any order
 *   !descending      repeated field, each value less than the one before (versions too)
 *   [V, W]           repeated field holds exactly these, in this order
 *   {...}            structure: the fields named must match
 *   Attributes: {Name: value, ...}   attributes by name, in any order; a sequence for several
 *                    instances (as a set); `!indexed {index: 1, value: V}` for one instance,
 *                  the index a number or a $variable
 *
 * Variables have names of letters, digits and '_'. $RUN (the run's prefix, for every name
 * that is made; $RUN-a for longer names), $CASE (id), $NOW±n (our clock),
 * $SERVER_NOW±n (our clock corrected by the server's Time Stamp), $VERSION (the run's
 * Protocol Version, for whole messages), $PORT (the server's), and what was bound.
 * `vars` and `let` also take generated texts: !repeat {text: "00", times: 65536}, and
 * !nest {tag: 0x42009C, times: 100}, structures each inside the last, in hexadecimal. */
#ifndef CONFORMANCE_CASE_H
#define CONFORMANCE_CASE_H

#include "kmip/base/error.h"
#include "kmip/yaml/ynode.h"

enum case_level { LEVEL_MUST, LEVEL_SHOULD, LEVEL_MAY };

enum verdict {
    VERDICT_PASS,
    VERDICT_WARN,           /* a SHOULD, or a permitted but unusual way */
    VERDICT_FAIL,           /* a MUST */
    VERDICT_NOT_SUPPORTED,  /* optional and not announced */
    VERDICT_NOT_APPLICABLE, /* needs what this run was not given */
    VERDICT_INCONCLUSIVE,   /* could not be brought to the point */
    VERDICT_ERROR,          /* ours or the network's */
    VERDICT_COUNT_
};

#define CASE_LIST_MAX 32
#define HEADER_MAX 64 /* fields that a step gives its header */

struct case_list {
    const char *v[CASE_LIST_MAX];
    size_t n;
};

/* What stands in place of a reply, or of a connection. */
enum connection_want {
    CONNECTION_REPLY, /* nothing said: a reply */
    CONNECTION_CLOSED,
    CONNECTION_SILENT,
    CONNECTION_OPEN, /* from here on: for connect steps */
    CONNECTION_REFUSED,
    CONNECTION_ANY
};

/* What the server is said to claim (KMIP Profiles 1.2, 3): --auth-suite. */
enum auth_suite { AUTH_REPORT, AUTH_BASIC, AUTH_TLS12, AUTH_SUITES_ };
extern const char *const auth_suite_names[]; /* by the above; NULL ends */

#define ITEMS_AS_ASKED (-1) /* one, or of a batch as many as the request has */
#define ITEMS_ANY (-2)

struct reason_want {
    uint32_t reason; /* enum of the standard */
    bool any, other; /* whatever it is; anything but this one */
};

struct expectation {
    const struct ynode *node;     /* for positions; NULL: the default, success */
    bool none;                    /* in a batch: no response item */
    bool whole;                   /* speaks of one response item, also of a batch's */
    uint32_t status;              /* Result Status */
    struct reason_want *reasons;  /* of Operation Failed; none: whatever there is */
    size_t n_reasons;
    const struct ynode *payload, *item, *header;
    bool exact, empty;
    enum { OPERATION_OR_NOT, OPERATION_ABSENT, OPERATION_PRESENT } operation;
    enum connection_want connection;
    int64_t items;                /* a number, ITEMS_AS_ASKED or ITEMS_ANY */
    bool later;                   /* only if the server speaks a later version, too */
    struct expectation *any_of, *batch;
    size_t n_any_of, n_batch;
    enum verdict verdict;         /* of an alternative */
    const char *because;
};

/* Nodes point into the document. */
struct case_item {
    uint32_t operation;
    const struct ynode *node;   /* for positions */
    const struct ynode *payload, *extension;
    struct expectation expect;
    const char *id;             /* NULL default, "auto", "none", or hexadecimal */
};

enum step_kind {
    STEP_REQUEST, STEP_MESSAGE, STEP_RAW, STEP_WAIT, STEP_CONNECT, STEP_CLOSE, STEP_LET, STEP_CHECK,
    STEP_STALL, STEP_CIPHERS
};

enum relation { RELATION_EQUALS, RELATION_DIFFERS, RELATION_AT_LEAST, RELATION_AT_MOST,
                RELATION_LENGTH };

struct stall_way;

struct case_step {
    enum step_kind kind;
    const struct ynode *node;
    const char *note, *client;
    uint8_t version;            /* 0: the run's */
    bool async, setup;
    const char *unless, *when;  /* variable names without the dollar, or NULL */
    enum { ANNOUNCED_OR_NOT, ANNOUNCED_ONLY, UNANNOUNCED_ONLY } announced;
    int64_t within_ns;          /* 0: the run's time-out */
    int64_t no_later_ns;        /* 0: whenever */
    int64_t repeat_every_ns, repeat_at_most_ns; /* 0: once */
    int64_t wait_ns;
    int64_t pieces, together;   /* 0: whole, once */
    uint32_t families;          /* of malformations: a mask (malform.h); 0: sent as it is */
    const struct stall_way *stall; /* STEP_STALL */
    int64_t connections, hold_ns;
    enum auth_suite ciphers;    /* STEP_CIPHERS */
    const struct ynode *header, *message, *raw, *let;
    struct expectation expect;
    struct case_item *items;    /* STEP_REQUEST */
    size_t n_items;
    bool batch;                 /* written as a batch */
    const char *close;          /* STEP_CLOSE: whose connection */
    const char *as, *priority;  /* STEP_CONNECT: the new one is `client` */
    const struct ynode *that, *other; /* STEP_CHECK */
    enum relation relation;
    const char *yaml;           /* of one read back from a report: all of it, and nothing but
                                 * note, client and node->line otherwise */
};

enum object_state {
    OBJECT_PRE_ACTIVE,
    OBJECT_ACTIVE,
    OBJECT_DEACTIVATED,
    OBJECT_COMPROMISED,
    OBJECT_DESTROYED,
    OBJECT_DESTROYED_COMPROMISED
};

/* An object to be made before the steps:
 *
 *     key: {type: Symmetric Key, algorithm: AES, length: 128, mask: Encrypt | Decrypt,
 *           name: $RUN-a, state: Active, attributes: {...}, material: HEX, client: main} */
struct case_object {
    const char *name;           /* the variable that its identifier goes to */
    const struct ynode *node;
    uint32_t type, algorithm;
    int64_t length;             /* bits */
    bool has_length;            /* the case says it */
    enum object_state state;
    bool has_state;
    const struct ynode *mask, *object_name, *attributes;
    const char *material;       /* NULL: random */
    const char *client;
};

/* What only a mock can be made to be; `otherwise` NULL: nothing. */
struct case_mock {
    const char *otherwise;
    bool has_clock;
    int64_t clock_s;            /* since the epoch */
    const struct ynode *preload; /* or NULL */
};

struct probe;

struct test_case {
    const char *id, *title, *clause, *why, *suite; /* suite: its folder's name, or "" */
    const char *path;
    enum case_level level;
    struct case_list covers;
    uint32_t needs_operations[CASE_LIST_MAX], needs_objects[CASE_LIST_MAX];
    size_t n_needs_operations, n_needs_objects;
    uint8_t needs_versions[CASE_LIST_MAX];
    size_t n_needs_versions;
    unsigned needs_auth_suites; /* 1 << each of them; 0: any will do */
    int64_t needs_identities;   /* 2 also when a step's client is the other one */
    struct case_mock mock;
    const struct ynode *vars;
    struct case_object *objects;
    size_t n_objects;
    struct case_step *steps;
    size_t n_steps;
    bool provisional;           /* every row it covers is marked M: never worse than WARN */
    struct ydoc doc;
    bool unnamed;               /* what it makes need bear no name of the run: it is not ours to
                                 * write (a published case, a probe of the driver suite) */
    bool follows, leaves;       /* it needs what an earlier one of its series has made; what it
                                 * makes stays until the run ends */
    const char *not_applicable; /* why it can be run on no server; NULL: it can */
    const char *rerun;          /* of one read back from a report: the command that reruns it */
    const struct probe *probe;  /* it is written in C (driver_probe.h), without steps; or NULL */
    struct test_case *next;
};

/* Reads and checks one file. KE_CASE, KE_CONFIG, KE_YAML with FILE:LINE:COL. NULL on
 * failure. */
struct test_case *case_load(const char *path, const char *suite, struct kerr *err);
/* The same of a document, which is the case's from then on, or cleared. */
struct test_case *case_from(struct ydoc *doc, const char *path, const char *suite,
                            struct kerr *err);
void case_free(struct test_case **c);

const char *verdict_name(enum verdict v); /* "NOT SUPPORTED" */
const char *level_name(enum case_level l);

#endif
