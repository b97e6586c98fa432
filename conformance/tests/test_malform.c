/* Messages broken on purpose: each in one place, each otherwise what it was. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "client/lib/requests.h"
#include "conformance/malform.h"
#include "kmip/schema/message.h"
#include "kmip/ttlv/reader.h"

static struct buf good;

/* Create with a Name, with every kind of item that a request is likely to hold. */
static void set_up(void)
{
    const struct kmip_request head = {.max_response_size = 4096, .order = 1};
    const struct req_key key = {.algorithm = KMIP_CRYPTOGRAPHIC_ALGORITHM_AES, .length = 128,
                                .usage = 4, .name = "a name"};
    struct ttlv_writer w;
    buf_init(&good, 4096);
    req_begin(&w, &good, &head, KMIP_OPERATION_CREATE, bytes_str("12345678"), NULL);
    req_create(&w, KMIP_OBJECT_TYPE_SYMMETRIC_KEY, &key);
    cr_assert(req_end(&w));
}

static void tear_down(void)
{
    buf_clear(&good);
}

TestSuite(malform, .init = set_up, .fini = tear_down, .timeout = 60);

struct seen {
    size_t n, sound, waits, overhangs, most, spared;
    uint64_t sum; /* of all bytes in their order */
    char last[600];
};

static bool look(void *arg, const struct malformed *m)
{
    struct seen *s = arg;
    struct kerr err = KERR_INIT;
    s->n++;
    s->sound += ttlv_check(m->message, NULL, NULL, NULL, NULL, &err);
    s->waits += m->waits;
    s->overhangs += m->overhangs;
    s->spared += strstr(m->what, "Unique Batch Item ID") != NULL;
    for (size_t i = 0; i < m->message.n; i++)
        s->sum = s->sum * 31 + m->message.p[i];
    s->most = m->message.n > s->most ? m->message.n : s->most;
    cr_expect_not(bytes_eq(m->message, buf_bytes(&good)), "the same as before: %s", m->what);
    snprintf(s->last, sizeof s->last, "%s", m->what);
    return true;
}

static struct seen run(const char *family, uint32_t spared)
{
    struct seen s = {0};
    struct kerr err = KERR_INIT;
    const struct malform_family *f = malform_find(family);
    cr_assert(f, "%s", family);
    cr_assert(malform_each(f, buf_bytes(&good), spared, look, &s, &err), "%s: %s", family, err.msg);
    return s;
}

/* What breaks an encoding is broken, but for strings that differ within their padding and the
 * like; what only moves and copies items is sound. */
Test(malform, families_break_what_they_say)
{
    static const struct {
        const char *family;
        size_t at_least;
        enum { SOME, ALL } sound;
    } rows[] = {
        {"tag", 150, SOME},      {"type", 300, SOME},   {"length", 400, SOME},
        {"size", 200, SOME},     {"padding", 40, SOME}, {"value", 80, SOME},
        {"bytes", 900, SOME},    {"missing", 25, ALL},  {"twice", 25, ALL},
        {"order", 25, ALL},      {"stray", 150, SOME},  {"truncate", 150, SOME},
        {"nest", 50, SOME},      {"many", 25, ALL},
    };
    cr_assert_eq(sizeof rows / sizeof *rows, n_malform_families);
    for (size_t i = 0; i < n_malform_families; i++) {
        struct seen s = run(rows[i].family, 0);
        cr_expect_geq(s.n, rows[i].at_least, "%s: %zu", rows[i].family, s.n);
        if (rows[i].sound == ALL)
            cr_expect_eq(s.sound, s.n, "%s: %zu of %zu sound", rows[i].family, s.sound, s.n);
        else
            cr_expect(s.sound < s.n, "%s: all sound", rows[i].family);
    }
}

Test(malform, the_same_comes_out_each_time)
{
    for (size_t i = 0; i < n_malform_families; i++) {
        struct seen a = run(malform_families[i].name, 0), b = run(malform_families[i].name, 0);
        cr_expect_eq(a.sum, b.sum, "%s", malform_families[i].name);
        cr_expect_eq(a.n, b.n, "%s", malform_families[i].name);
    }
}

/* Neither it, nor a structure that holds it. */
Test(malform, what_is_spared_stays_as_it_is)
{
    for (size_t i = 0; i < n_malform_families; i++)
        cr_expect_eq(run(malform_families[i].name, KMIP_TAG_UNIQUE_BATCH_ITEM_ID).spared, 0,
                     "%s", malform_families[i].name);
}

Test(malform, a_message_that_announces_more_or_less_is_known)
{
    cr_expect_gt(run("length", 0).waits, 3);
    cr_expect_gt(run("length", 0).overhangs, 3);
    cr_expect_eq(run("twice", 0).overhangs, 0);
    cr_expect_eq(run("truncate", 0).waits, 0);
    cr_expect_eq(run("missing", 0).waits, 0);
}

static bool first_only(void *arg, const struct malformed *m)
{
    snprintf(arg, 600, "%s", m->what);
    return false;
}

Test(malform, each_is_told_with_its_place)
{
    static const struct {
        const char *family, *what;
    } rows[] = {
        {"tag", "Request Message: tag 000000 instead of 420078"},
        {"type", "Request Message: type 00 instead of 01"},
        {"missing", "Request Message/Request Header: left out"},
        {"many", "Request Message/Request Header: comes 1000 times"},
        {"truncate", "Request Message: the message ends 8 bytes into it"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char what[600] = "";
        struct kerr err = KERR_INIT;
        cr_expect(malform_each(malform_find(rows[i].family), buf_bytes(&good), 0, first_only, what,
                               &err));
        cr_expect_str_eq(what, rows[i].what);
    }
}

/* The count, and the id of each, are right. */
Test(malform, a_batch_of_a_thousand_is_a_sound_one)
{
    struct seen s = run("many", 0);
    cr_expect_gt(s.most, 1000 * 200);
    cr_expect_gt(s.sound, 20);
}

Test(malform, what_is_no_message_is_an_error)
{
    char what[600];
    struct kerr err = KERR_INIT;
    good.p[20] = 0x77; /* a tag of neither range */
    cr_expect_not(malform_each(malform_find("tag"), buf_bytes(&good), 0, first_only, what, &err));
    cr_expect_neq(err.code, KE_OK);
    cr_expect_null(malform_find("nonsense"));
}
