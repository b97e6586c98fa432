/* The TTLV reader, strict and tolerant, framing and writer, over any bytes.
 *
 * What strict reading takes, tolerant reading takes too, without a broken MUST, and the
 * other way round. What is taken is written again as the same bytes, but for padding. */
#include <stdlib.h>

#include "ci/fuzz/fuzz.h"
#include "kmip/schema/dict.h"
#include "kmip/ttlv/framing.h"
#include "kmip/ttlv/reader.h"
#include "kmip/ttlv/writer.h"

static bool write_level(struct ttlv_reader *r, struct ttlv_writer *w)
{
    struct ttlv_item it;

    while (ttlv_r_next(r, &it)) {
        if (it.type != TTLV_STRUCTURE) {
            ttlv_w_value(w, it.tag, it.type, it.val);
            continue;
        }
        if (!ttlv_r_enter(r, &it))
            return false;
        ttlv_w_open(w, it.tag);
        if (!write_level(r, w))
            return false;
        ttlv_w_close(w);
        ttlv_r_leave(r);
    }
    return !r->failed;
}

/* Padding need not be zero, and is written as zeros. */
static bool same_but_padding(struct bytes a, struct bytes b)
{
    struct ttlv_reader r, s;
    struct ttlv_item x, y;

    if (a.n != b.n)
        return false;
    ttlv_r_init(&r, a, NULL, NULL);
    ttlv_r_init(&s, b, NULL, NULL);
    for (;;) {
        bool more = ttlv_r_next(&r, &x);
        if (more != ttlv_r_next(&s, &y))
            return false;
        if (more) {
            if (x.tag != y.tag || x.type != y.type || x.len != y.len)
                return false;
            if (x.type != TTLV_STRUCTURE && !bytes_eq(x.val, y.val))
                return false;
            if (x.type == TTLV_STRUCTURE && (!ttlv_r_enter(&r, &x) || !ttlv_r_enter(&s, &y)))
                return false;
        } else if (r.depth == 0) {
            return !r.failed && !s.failed;
        } else {
            ttlv_r_leave(&r);
            ttlv_r_leave(&s);
        }
    }
}

static void write_again(struct bytes msg)
{
    struct ttlv_reader r;
    struct ttlv_writer w;
    struct buf out;
    struct kerr err = KERR_INIT;

    buf_init(&out, BUF_NO_LIMIT);
    ttlv_r_init(&r, msg, NULL, &err);
    ttlv_w_init(&w, &out, &err);
    if (!write_level(&r, &w) || !ttlv_w_finish(&w))
        fuzz_broken("what was read cannot be written: %s", err.msg);
    if (!same_but_padding(msg, buf_bytes(&out)))
        fuzz_broken("what was read is written as something else");
    buf_clear(&out);
}

static void name_place(void *arg, const struct finding *f)
{
    fuzz_count_musts(arg, f);
    if (!f->path || !f->expected || !f->actual)
        fuzz_broken("a finding of %s without words", rule_of(f->rule)->name);
}

static void check_framing(struct bytes in, bool strict)
{
    size_t n = 0;
    struct kerr err = KERR_INIT;

    enum ttlv_frame got = ttlv_framing(in, TTLV_DEFAULT_SIZE, &n, &err);
    if (got == TTLV_FRAME_WHOLE ? n > in.n || n < TTLV_HEADER
                                : got == TTLV_FRAME_MORE ? n <= in.n : n != 0 || err.code == KE_OK)
        fuzz_broken("framing answers %d, %zu of %zu bytes", (int)got, n, in.n);
    if (strict && got == TTLV_FRAME_WHOLE && n != in.n)
        fuzz_broken("a message of %zu bytes is framed as one of %zu", in.n, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes in = bytes_of(data, size);
    struct kerr err = KERR_INIT, tolerant_err = KERR_INIT;
    size_t musts = 0;
    uint32_t items = 0, tolerant_items = 0;
    const struct finding_sink sink = {name_place, &musts};
    char path[200];

    bool strict = ttlv_check(in, NULL, NULL, &kmip_namer, &items, &err);
    bool tolerant = ttlv_check(in, NULL, &sink, &kmip_namer, &tolerant_items, &tolerant_err);
    if (strict != (tolerant && musts == 0))
        fuzz_broken("strict: %s; tolerant: %s, %zu MUSTs", strict ? "well" : err.msg,
                    tolerant ? "well" : tolerant_err.msg, musts);
    if (strict && items != tolerant_items)
        fuzz_broken("strict reads %u items, tolerant %u", items, tolerant_items);
    if (!strict && err.code == KE_OK)
        fuzz_broken("strict reading fails without a reason");
    if (strict)
        write_again(in);
    check_framing(in, strict);
    ttlv_path_at(in, (uint32_t)(size / 2), &kmip_namer, path, sizeof path);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
    return fuzz_mutate_messages(data, size, max, seed, 0);
}
