/* Inside the reading of published cases: oasis_suite.c finds files and adds them to the
 * suites, oasis_case.c reads a file into a case, oasis_step.c makes a step of each pair of
 * messages, oasis_request.c and oasis_reply.c its payloads and expectations, oasis_result.c
 * which results of cryptography can be known, oasis_mock.c tells what only a mock can be made
 * to be, oasis_node.c has the nodes that all of it is made of. */
#ifndef CONFORMANCE_OASIS_IN_H
#define CONFORMANCE_OASIS_IN_H

#include "conformance/case_in.h"
#include "kmip/form/from_xml.h"

/* Where the material of an object comes from: what the client gave can be compared. */
enum oasis_origin { ORIGIN_UNKNOWN, ORIGIN_GIVEN, ORIGIN_MADE };

/* A placeholder for an object, as far as the file has been read. */
struct oasis_object {
    const char *name; /* UNIQUE_IDENTIFIER_0 */
    enum oasis_origin origin;
    bool is_public; /* a Public Key */
    bool destroyed;
    size_t owner; /* number of the credential it was made with; 0: none */
};

/* A value that the client gave, by the field's or attribute's name without blanks. */
struct oasis_given {
    const char *field, *value;
};

#define OASIS_OBJECTS_MAX     64
#define OASIS_GIVEN_MAX       2000
#define OASIS_LEARNT_MAX      16
#define OASIS_CREDENTIALS_MAX 8
#define OASIS_CLIENTS_MAX     26

struct oasis {
    struct arena *arena; /* of the case's document */
    struct kerr *err;    /* sticky */
    const struct xdoc *doc;
    const char *file; /* its path, which the case keeps */
    bool other;          /* there is a second identity */

    struct oasis_object objects[OASIS_OBJECTS_MAX];
    size_t n_objects;
    struct oasis_given given[OASIS_GIVEN_MAX];
    size_t n_given;
    struct oasis_given learnt[OASIS_LEARNT_MAX]; /* the sample server's values: $LEARNT_1 ... */
    size_t n_learnt;
    const char *credentials[OASIS_CREDENTIALS_MAX]; /* written out; the first has number 1 */
    size_t n_credentials;
    bool connected[OASIS_CLIENTS_MAX];              /* by [Client-X]: C and later */
    unsigned pending;    /* asynchronous requests so far */
    const struct xnode *pending_item; /* of the last of them */
    bool follows;        /* it looks for objects that it has not made */
    const char *repeated;  /* the request of a [REPEAT] just before, written out */
    bool wants_fresh;      /* ... among them a fresh one of the group `default` */
    const char *has_ended; /* a Deactivation Date of the client's that has passed, and should not */
    const char *began;     /* the first Time Stamp of a case with such a date; NULL: none */
    int64_t reached_s;     /* ... and the last one so far */
    int64_t longest_s;   /* of $NOW+n in requests */
    struct ynode nothing; /* in place of a node that there was no memory for */
};

/* One pair of messages. */
struct oasis_pair {
    const struct xnode *request, *response;
    const struct xnode *next_request, *next_response; /* NULL: the last pair */
    size_t credential; /* number of the request's; 0: none */
    bool new_credential;
};

/* ---- oasis_node.c --------------------------------------------------------------- */

/* Nodes at the place of an XML element. Without memory o->err is set and a node of no use
 * comes back, so that making goes on and is checked once. */
struct ynode *oasis_scalar(struct oasis *o, const struct xnode *at, const char *text);
struct ynode *oasis_text(struct oasis *o, const struct xnode *at, const char *text); /* quoted */
struct ynode *oasis_map(struct oasis *o, const struct xnode *at);
struct ynode *oasis_seq(struct oasis *o, const struct xnode *at);
struct ynode *oasis_tagged(struct ynode *n, const char *tag);
/* Appends to a map (val NULL: nothing) or a sequence. Return val. */
struct ynode *oasis_put(struct oasis *o, struct ynode *map, const char *key, struct ynode *val);
struct ynode *oasis_push(struct oasis *o, struct ynode *seq, struct ynode *val);
const char *oasis_format(struct oasis *o, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* What an element says; the messages have been checked before. */
uint32_t oasis_tag(const struct xnode *n);
unsigned oasis_type(const struct xnode *n);
const char *oasis_value(const struct xnode *n); /* "" if none */
bool oasis_is(const struct xnode *n, uint32_t tag);
/* The first child of this tag, NULL if none; n may be NULL. */
const struct xnode *oasis_child(const struct xnode *n, uint32_t tag);
/* The text with one blank where there are several. */
const char *oasis_name(struct oasis *o, const char *text);
/* An Attribute's name, so. */
const char *oasis_attribute_name(struct oasis *o, const struct xnode *attribute);
/* The text without its blanks: names of fields and attributes to compare. */
const char *oasis_squeezed(struct oasis *o, const char *text);
/* An Enumeration's value, 0 if it is none. */
uint32_t oasis_enum(const struct xnode *n, const char *enumeration);
/* Elements in this one, itself included, of this value. */
size_t oasis_uses(const struct xnode *n, const char *value);
/* The value if it is a placeholder ("$DATA_0"), and no date; else NULL. */
const char *oasis_placeholder(const struct xnode *n);
/* The first element of that name in this one, itself included; NULL if none. */
const struct xnode *oasis_within(const struct xnode *n, const char *name);
/* Names and values of an element and all in it, to compare. */
const char *oasis_written_out(struct oasis *o, const struct xnode *n);

/* ---- oasis_request.c ------------------------------------------------------------- */

/* A leaf as from_yaml reads it: with the run's prefix where the client gives a name. Its
 * type goes into a tag if `typed`. attribute: the name of the one that it is (in); NULL. */
struct ynode *oasis_leaf(struct oasis *o, const struct xnode *n, const char *attribute, bool typed);
/* The fields of a structure as a map. */
struct ynode *oasis_fields(struct oasis *o, const struct xnode *n);
/* Takes note of what the client gives. */
void oasis_note_given(struct oasis *o, const struct xnode *n, const char *attribute);
bool oasis_is_given(struct oasis *o, const char *field, const char *value);

/* ---- oasis_reply.c ---------------------------------------------------------------- */

/* The object of a placeholder's name, known from now on. */
struct oasis_object *oasis_object(struct oasis *o, const char *name);
/* The one that a payload speaks of: its Unique Identifier's; NULL if none is known. */
struct oasis_object *oasis_object_of(struct oasis *o, const struct xnode *payload);
/* What a response item's payload must be, a map; NULL if nothing in it is judged. found: the
 * item comes behind a Locate of some of several objects, and which one it is about is the
 * server's choice. */
struct ynode *oasis_payload(struct oasis *o, const struct xnode *asked, const struct xnode *got,
                            bool found);
/* Takes note of what the reply's objects are, once its expectation is made. */
void oasis_note_objects(struct oasis *o, const struct oasis_pair *p, const struct xnode *asked,
                        const struct xnode *got);

/* What one reply is judged in. */
struct oasis_reply {
    struct oasis *o;
    uint32_t operation;
    const struct xnode *asked, *got; /* payloads; NULL if there is none */
    const struct oasis_object *object;
    bool found;
};

/* ---- oasis_result.c --------------------------------------------------------------- */

/* Must what Encrypt, Decrypt, MAC or Hash gave be the published value for any server? */
bool oasis_result_known(struct oasis_reply *r, const struct xnode *n);
/* ... and a Key Value that is wrapped? */
bool oasis_wrapping_known(struct oasis_reply *r, const struct xnode *key_value);
/* The name that the server's own value is to be kept by, because a request behind this reply
 * sends it back; NULL: none does. */
const char *oasis_kept_as(struct oasis_reply *r, const struct xnode *n);
/* The published value was the sample server's own: keeps this server's instead where a request
 * behind the reply sends it back as it stands. "LEARNT_1"; NULL: none does. */
const char *oasis_learn(struct oasis *o, const struct xnode *n);
/* "$LEARNT_1" in place of such a value; NULL: it is none. */
const char *oasis_learnt(struct oasis *o, const struct xnode *n);

/* ---- oasis_expect.c ---------------------------------------------------------------- */

/* The expectation of one response item. */
struct ynode *oasis_expect(struct oasis *o, const struct oasis_pair *p, const struct xnode *asked,
                           const struct xnode *got, bool found);
/* ... of a batch as a whole, where its items' own ones are not enough; NULL: they are. */
struct ynode *oasis_expect_batch(struct oasis *o, const struct oasis_pair *p,
                                 const struct ynode *items);
uint32_t oasis_operation(const struct xnode *item);
uint32_t oasis_status(const struct xnode *item);

/* ---- oasis_mock.c ----------------------------------------------------------------- */

/* Looks whether it is a case of its day: has_ended and began. */
void oasis_find_day(struct oasis *o);
/* A step that waits until it is as late as published; of a case of its day only. */
void oasis_keep_time(struct oasis *o, const struct oasis_pair *p, struct ynode *steps);
/* Does this Locate ask for a fresh object of the group `default`? */
bool oasis_asks_for_fresh(struct oasis *o, const struct xnode *item);
/* The case's `mock` (case.h), once its steps are made; NULL: any server will do. */
struct ynode *oasis_mock(struct oasis *o);

/* ---- oasis_step.c ----------------------------------------------------------------- */

/* Appends the steps of one pair. */
void oasis_steps(struct oasis *o, const struct oasis_pair *p, struct ynode *steps);

#endif
