/* Pictures of pipelines: who overtakes whom, drawn as text, kept as JSON. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "conformance/picture.h"
#include "kmip/base/clock.h"
#include "kmip/schema/dict.h"
#include "kmip/tests/support/golden.h"

#define EVENTS 16

static struct picture_event v[EVENTS];
static struct picture p;

static void set_up(void)
{
    memset(v, 0, sizeof v);
    p = (struct picture){.v = v, .began_ns = 1000, .began_wall_ns = 1371853139 * NS_PER_S};
}

TestSuite(picture, .init = set_up, .timeout = 30);

static struct picture_event *add(enum picture_kind kind, uint32_t request, uint32_t order)
{
    struct picture_event *e = &v[p.n];
    *e = (struct picture_event){.kind = kind,
                                .at_ns = 1000 + (int64_t)++p.n * NS_PER_MS / 4,
                                .connection = request ? 1 : 0,
                                .request = request,
                                .operation = KMIP_OPERATION_ENCRYPT,
                                .id = {(uint8_t)request, 0xAB},
                                .order = order,
                                .records = order ? 1 : 0,
                                .text = ""};
    return e;
}

/* Three in flight, of which the second is answered first, then all breaks. */
static void reordered(void)
{
    for (uint32_t i = 1; i <= 3; i++)
        add(EVENT_SENT, i, 0);
    add(EVENT_REPLY, 2, 1)->faults = "replies.reorder";
    add(EVENT_NOTE, 0, 0)->text = "a while";
    add(EVENT_REPLY, 1, 2)->shared = true;
    for (uint32_t i = 4; i <= 5; i++)
        add(EVENT_SENT, i, 0);
    for (uint32_t i = 4; i <= 5; i++) {
        struct picture_event *e = add(EVENT_FAULT, i, 0);
        e->faults = "cut";
        e->did = "lost";
    }
    add(EVENT_BROKE, 0, 0)->text = "the connection has ended";
    add(EVENT_SENT, 1, 0)->connection = 2;
}

Test(picture, a_reply_overtakes_the_older_requests_that_are_outstanding)
{
    static const struct {
        enum picture_kind kind;
        size_t times, open, place;
    } rows[] = {{EVENT_SENT, 1, 0, 0},  {EVENT_SENT, 1, 1, 1},  {EVENT_SENT, 1, 2, 2},
                {EVENT_REPLY, 1, 3, 1}, {EVENT_NOTE, 1, 2, 2},  {EVENT_REPLY, 1, 2, 0},
                {EVENT_SENT, 1, 1, 1},  {EVENT_SENT, 1, 2, 2},  {EVENT_FAULT, 2, 3, 1},
                {EVENT_BROKE, 1, 3, 3}, {EVENT_SENT, 1, 0, 0}};
    reordered();
    struct picture_walk w = picture_walk(&p);
    struct picture_row row;
    size_t i = 0;
    for (; picture_next(&w, &row); i++) {
        cr_assert_lt(i, sizeof rows / sizeof *rows);
        cr_expect_eq(row.e->kind, rows[i].kind, "row %zu", i);
        cr_expect_eq(row.times, rows[i].times, "row %zu", i);
        cr_expect_eq(row.open, rows[i].open, "row %zu: %zu", i, row.open);
        cr_expect_eq(row.place, rows[i].place, "row %zu: %zu", i, row.place);
        for (size_t k = 1; k < row.open; k++)
            cr_expect_lt(row.outstanding[k - 1]->request, row.outstanding[k]->request);
    }
    cr_expect_eq(i, sizeof rows / sizeof *rows);
    cr_expect_eq(picture_depth(&p), 3);
}

Test(picture, what_breaks_with_the_connection_has_no_reply)
{
    reordered();
    cr_expect_eq(picture_reply(&p, &v[0]), &v[5]);
    cr_expect_eq(picture_reply(&p, &v[1]), &v[3]);
    cr_expect_null(picture_reply(&p, &v[2]));
    cr_expect_null(picture_reply(&p, &v[11]));
}

Test(picture, more_than_it_has_lanes_for_are_shown_without_one)
{
    static struct picture_event many[2 * PICTURE_OPEN_MAX];
    struct picture all = {.v = many, .n = 2 * PICTURE_OPEN_MAX};
    struct buf out;
    for (size_t i = 0; i < all.n; i++)
        many[i] = (struct picture_event){.request = (uint32_t)i + 1, .connection = 1, .text = ""};
    buf_init(&out, 1u << 20);
    picture_text(&out, &all, 0);
    cr_expect_eq(picture_depth(&all), PICTURE_OPEN_MAX);
    cr_expect(strstr(buf_cstr(&out), " 128 "), "%s", buf_cstr(&out));
    buf_clear(&out);
}

Test(picture, lines_cross_where_a_reply_overtakes)
{
    struct buf out;
    buf_init(&out, 1u << 20);
    reordered();
    picture_text(&out, &p, 2);
    buf_putc(&out, '\n');
    p.two_clocks = true;
    p.offset_ns = -90 * NS_PER_S;
    v[11].passed_ns = 3600 * NS_PER_S;
    picture_text(&out, &p, 0);
    buf_putc(&out, '\n');
    p.two_clocks = false;
    p.n = 1; /* one at a time: nothing can cross */
    add(EVENT_REPLY, 1, 1)->text = "refused";
    add(EVENT_NOTE, 0, 0)->text = "so it goes";
    picture_text(&out, &p, 0);
    golden_expect("conformance/tests/golden/picture.txt", buf_bytes(&out));
    buf_clear(&out);
}

Test(picture, json_holds_all_of_it)
{
    static struct picture_event back[EVENTS];
    reordered();
    v[11].passed_ns = 3600 * NS_PER_S;
    json_t *j = picture_json(&p);
    struct picture again = {.v = back, .n = picture_load(back, EVENTS, j)};
    json_t *k = picture_json(&again);
    cr_expect_eq(again.n, p.n);
    cr_expect(json_equal(j, k));
    cr_expect_eq(back[3].operation, KMIP_OPERATION_ENCRYPT);
    cr_expect_eq(back[3].id[1], 0xAB);
    cr_expect_str_eq(back[3].faults, "replies.reorder");
    cr_expect_eq(back[3].at_ns, NS_PER_MS);
    json_decref(k);
    cr_expect_eq(picture_load(back, 2, j), 2, "no more than there is room for");
    json_decref(j);
}

Test(picture, what_is_no_event_is_read_as_a_note)
{
    struct picture_event e;
    json_error_t why;
    json_t *j = json_loads("[{\"kind\": 7, \"id\": \"zz\", \"ms\": \"x\", \"text\": 1}]", 0, &why);
    cr_assert(j);
    cr_expect_eq(picture_load(&e, 1, j), 1);
    cr_expect_eq(e.kind, EVENT_NOTE);
    cr_expect_str_eq(e.text, "");
    json_decref(j);
}
