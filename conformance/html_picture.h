/* The pipeline picture (picture.h) as SVG within a page: the client's lane and the server's,
 * time runs down. A request's arrow leads to a knot on the server's lane; the arrow of its
 * reply leads back from that knot, so that replies in another order cross, and each crossing is
 * ringed. Where faults struck is marked; where the clocks differ, each lane has its own times. */
#ifndef CONFORMANCE_HTML_PICTURE_H
#define CONFORMANCE_HTML_PICTURE_H

#include "conformance/html.h"
#include "conformance/picture.h"

/* With the same as text, folded up. Nothing for a picture without events. */
void html_picture(struct buf *out, const struct picture *p);

#endif
