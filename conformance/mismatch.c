/* What the matcher (match.h) leaves behind and leans on: recorded mismatches, a walk
 * that goes into a structure, and the check that nothing else is there. */
#include "conformance/match.h"
#include "kmip/schema/dict.h"
#include "kmip/ttlv/reader.h"

void mismatch_add(struct matcher *m, const struct mismatch *mm)
{
    struct mismatches *out = m->out;
    if (out->n < MISMATCH_MAX)
        out->v[out->n++] = *mm;
    else
        out->dropped++;
}

void mismatch_at(struct matcher *m, uint32_t off, const char *expected, const char *actual)
{
    char path[256] = "";
    if (off != KERR_NO_OFF)
        ttlv_path_at(m->reply, off, kmip_tag_name, path, sizeof path);
    struct mismatch mm = {.path = arena_str(m->arena, path),
                          .expected = arena_str(m->arena, expected),
                          .actual = arena_str(m->arena, actual),
                          .off = off,
                          .rule = "",
                          .must = true};
    if (!mm.path || !mm.expected || !mm.actual)
        kerr_set(m->err, KE_MEMORY, "no memory for a mismatch");
    else
        mismatch_add(m, &mm);
}

bool match_enter(struct kmip_walk *walk, const struct ttlv_item *it)
{
    struct ttlv_reader r;
    struct ttlv_item child;
    if (!kmip_walk_enter(walk, it->tag))
        return false;
    ttlv_r_init(&r, it->val, NULL, NULL);
    while (ttlv_r_next(&r, &child))
        if (child.type != TTLV_STRUCTURE)
            kmip_walk_note(walk, child.tag, child.type, child.val);
    return true;
}

bool match_exact(struct matcher *m, const struct ynode *want, const struct ttlv_item *got)
{
    struct ttlv_reader r;
    struct ttlv_item it;
    bool ok = true;
    ttlv_r_children(&r, m->reply, got, NULL);
    while (ttlv_r_next(&r, &it)) {
        bool named = it.tag == KMIP_TAG_ATTRIBUTE && ynode_get(want, "Attributes");
        for (size_t i = 0; !named && i < want->n; i++) {
            const struct kmip_tag *t = kmip_tag_by_name(bytes_str(want->keys[i]->text));
            named = t && t->tag == it.tag;
        }
        if (!named) {
            mismatch_at(m, it.off, "no further field", "there");
            ok = false;
        }
    }
    return ok;
}
