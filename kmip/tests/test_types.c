/* The item types by number and name, and looking into messages of any size. */
#include <criterion/criterion.h>

#include "kmip/base/buf.h"
#include "kmip/ttlv/reader.h"

Test(types, messages_larger_than_the_default_limits_can_be_looked_into)
{
    struct buf scratch;
    buf_init(&scratch, BUF_NO_LIMIT);
    cr_assert(buf_fill(&scratch, 0, (9u << 20) + 32));
    memcpy(scratch.p, "\x42\x00\x78\x01", 4);
    be32_put(scratch.p + 4, (9u << 20) + 24);
    memcpy(scratch.p + 8, "\x42\x00\x94\x08", 4);
    be32_put(scratch.p + 12, 9u << 20);
    memcpy(scratch.p + 16 + (9u << 20), "\x42\x00\x0D\x02\x00\x00\x00\x04\x00\x00\x00\x07", 12);
    struct ttlv_item root, it;
    cr_assert(ttlv_first(buf_bytes(&scratch), &root));
    cr_assert(ttlv_find(&root, 0x42000D, &it));
    cr_expect_eq(ttlv_int(&it), 7);
    buf_clear(&scratch);
}

Test(types, are_known_by_their_names)
{
    for (unsigned t = TTLV_STRUCTURE; t <= TTLV_INTERVAL; t++) {
        cr_assert_not_null(ttlv_type_name(t));
        cr_expect_eq(ttlv_type_by_name(bytes_str(ttlv_type_name(t))), t);
    }
    cr_expect_eq(ttlv_type_by_name(bytes_str("DateTime")), TTLV_DATE_TIME);
    cr_expect_eq(ttlv_type_by_name(bytes_str("LongInteger")), TTLV_LONG_INTEGER);
    cr_expect_eq(ttlv_type_by_name(bytes_str("integer")), 0);
    cr_expect_eq(ttlv_type_by_name(bytes_str("")), 0);
    cr_expect_null(ttlv_type_name(0));
    cr_expect_null(ttlv_type_name(11));
    cr_expect_null(ttlv_type_name(0xFFFFFFFF));
    cr_expect_eq(ttlv_type_length(0), -1);
    cr_expect_eq(ttlv_type_length(99), -1);
    cr_expect_eq(ttlv_type_length(TTLV_BOOLEAN), 8);
    cr_expect_eq(ttlv_padded(0), 0);
    cr_expect_eq(ttlv_padded(1), 8);
    cr_expect_eq(ttlv_padded(8), 8);
    cr_expect_eq(ttlv_padded(UINT32_MAX), UINT64_C(0x100000000));
}
