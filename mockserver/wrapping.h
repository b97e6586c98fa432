/* Keys handed out wrapped by another key (KMIP 1.2 spec, 2.1.5, 2.1.6): AES Key Wrap. */
#ifndef MOCKSERVER_WRAPPING_H
#define MOCKSERVER_WRAPPING_H

#include "mockserver/op.h"

/* A Key Wrapping Specification, checked. Views into request and wrapping key: they
 * live as long as the request. */
struct wrapping {
    struct ttlv_item spec, key_information;
    struct bytes kek;
    bool no_encoding; /* the key's bytes alone; otherwise its Key Value as TTLV */
    bool has_option;
};

bool wrapping_read(struct op_call *c, const struct ttlv_item *spec, struct wrapping *out);
/* The attributes it names, as they are part of a wrapped Key Value. */
void wrapping_write_attributes(struct op_call *c, const struct wrapping *wr,
                               const struct mock_object *o, struct ttlv_writer *w);
/* Into out, which is emptied first. */
bool wrapping_wrap(struct op_call *c, const struct wrapping *wr, struct bytes plain,
                   struct buf *out);
/* Key Wrapping Data: the specification repeated. */
void wrapping_write_data(const struct wrapping *wr, struct ttlv_writer *w);

#endif
