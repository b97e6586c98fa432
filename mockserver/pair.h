/* Two keys in the making that belong together (KMIP 1.2 spec, 4.2, 4.5): what Create Key
 * Pair and Re-key Key Pair have in common. */
#ifndef MOCKSERVER_PAIR_H
#define MOCKSERVER_PAIR_H

#include "mockserver/making.h"

struct pair {
    struct op_call *call;
    struct making private_half, public_half;
};

bool pair_begin(struct pair *p, struct op_call *c, enum making_kind kind);
void pair_clear(struct pair *p);

/* The request's attributes: those of a half's own Template-Attribute go before those of
 * the common one, in each what is said before what a template says (4.2). */
bool pair_take_attributes(struct pair *p);
/* What has to be the same in both halves (4.2, table of attribute requirements) is: said
 * of one, it holds for the other; said of both, it must agree. No Name is both's. */
bool pair_agree(struct pair *p);

/* Makes the keys that the attributes ask for. `refusal` is the reason when no such keys can
 * be made. */
bool pair_make(struct pair *p, uint32_t refusal);
/* Gives the halves their identifiers and links them to each other. */
bool pair_link(struct pair *p);
/* Stores them and writes their identifiers; the ID Placeholder is the private key's. */
bool pair_finish(struct pair *p);

#endif
