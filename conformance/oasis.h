/* Published OASIS test cases, unmodified: KMIP XML with pairs of RequestMessage and
 * ResponseMessage becomes a case like any other (case.h), run, judged and reported alike.
 *
 *     # TIME 0              between messages, shown as the step's note
 *     # [Client-B]          whose connection: A main, B second, others one of their own; all
 *                           of the same identity, for the cases share their objects
 *     # [REPEAT] until ...  the request is repeated until the reply is as expected
 *     # [Server-to-Client]  the case does not apply: the tester does not listen
 *     $UNIQUE_IDENTIFIER_0  binds where it appears first in a reply, else must be the same
 *     $NOW, $NOW-3600       the server's clock, by its Time Stamps, when the request is sent; in
 *                           a reply, about then
 *
 * A request is sent as it is written, but for one thing: what the client calls its own (a
 * Name, Application Data, a custom attribute's text, an Object Group other than `default`)
 * begins with the run's prefix, in requests and in expected replies alike, so that what the
 * run makes can be told from what is there, and found again. A case that names nothing is
 * sent all the same. Cases of a series (TL-M-1 to 3) find what the earlier ones have left.
 *
 * A reply may differ from the published one where servers may (oasis_reply.c has the table):
 * identifiers, dates and material that the server chooses, the order of attributes, further
 * attributes, optional fields, texts. What the client gave must come back, and statuses and
 * reasons must be those that are published.
 *
 * Authentication is sent as published. Another credential than the first has a connection
 * of its own, of the second identity where there is one. A server that takes no such
 * credential is not set up for the case: NOT APPLICABLE. */
#ifndef CONFORMANCE_OASIS_H
#define CONFORMANCE_OASIS_H

#include "conformance/suite.h"

#define OASIS_SUITE "oasis" /* of all of them */

/* One file. Its id comes from the file's name, TC_313_12_Create_Locate.xml is tc-313-12;
 * `whole`: from the whole name. `other`: there is a second identity. KE_XML and KE_CASE with
 * FILE:LINE:COL; NULL on failure. */
struct test_case *oasis_load(const char *path, bool whole, bool other, struct kerr *err);

/* Does the operand of a command line name a published case, or a folder, of them perhaps? */
bool oasis_names(const char *path);
bool oasis_folder(const char *path);
/* Adds a file, or all *.xml files of a folder and the folders in it, in order of their
 * names. A short id that is taken already gives way to the whole name. */
__attribute__((warn_unused_result)) bool oasis_add(struct suites *s, const char *path, bool other,
                                                   struct kerr *err);

#endif
