/* The operations: one function per row of the table in op.c, each in the file that
 * is named after its group. */
#ifndef MOCKSERVER_OPS_H
#define MOCKSERVER_OPS_H

#include "mockserver/op.h"

bool op_create(struct op_call *c); /* ops_create.c */
bool op_register(struct op_call *c); /* ops_register.c */
bool op_rekey(struct op_call *c); /* rekey.c */
bool op_create_key_pair(struct op_call *c); /* ops_pair.c */
bool op_rekey_key_pair(struct op_call *c);
bool op_locate(struct op_call *c); /* ops_locate.c */
bool op_get(struct op_call *c); /* ops_get.c */

bool op_get_attributes(struct op_call *c); /* ops_attributes.c */
bool op_get_attribute_list(struct op_call *c);
bool op_add_attribute(struct op_call *c);
bool op_modify_attribute(struct op_call *c);
bool op_delete_attribute(struct op_call *c);

bool op_check(struct op_call *c); /* ops_lease.c */
bool op_obtain_lease(struct op_call *c);
bool op_get_usage_allocation(struct op_call *c);

bool op_activate(struct op_call *c); /* ops_life.c */
bool op_revoke(struct op_call *c);
bool op_destroy(struct op_call *c);
bool op_archive(struct op_call *c);
bool op_recover(struct op_call *c);

bool op_query(struct op_call *c); /* ops_info.c */
bool op_discover_versions(struct op_call *c);

bool op_encrypt(struct op_call *c); /* ops_crypto.c */
bool op_decrypt(struct op_call *c);

bool op_poll(struct op_call *c); /* async.c */
bool op_cancel(struct op_call *c);

#endif
