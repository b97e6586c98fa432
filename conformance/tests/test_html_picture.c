/* The pipeline picture on a page: an arrow for each request and reply, a ring for each
 * crossing, marks for faults, times of two clocks. */
#include <criterion/criterion.h>

#include "conformance/html_picture.h"
#include "kmip/base/clock.h"
#include "kmip/schema/dict.h"

#define EVENTS 16

static struct picture_event v[EVENTS];
static struct picture p;
static struct buf out;

static void set_up(void)
{
    memset(v, 0, sizeof v);
    p = (struct picture){.v = v, .began_wall_ns = 1371853139 * NS_PER_S};
    buf_init(&out, BUF_NO_LIMIT);
}

static void tear_down(void)
{
    buf_clear(&out);
}

TestSuite(html_picture, .init = set_up, .fini = tear_down, .timeout = 30);

static struct picture_event *add(enum picture_kind kind, uint32_t request, uint32_t order)
{
    struct picture_event *e = &v[p.n];
    *e = (struct picture_event){.kind = kind,
                                .at_ns = (int64_t)++p.n * NS_PER_MS,
                                .connection = 1,
                                .request = request,
                                .operation = KMIP_OPERATION_ENCRYPT,
                                .id = {(uint8_t)request, 0xAB},
                                .order = order,
                                .records = 1,
                                .text = ""};
    return e;
}

static size_t drawn(const char *what)
{
    const char *end, *at;
    size_t n = 0;
    if (out.n == 0)
        html_picture(&out, &p);
    end = strstr(buf_cstr(&out), "</svg>");
    for (at = buf_cstr(&out); (at = strstr(at, what)) && at < end; at += strlen(what))
        n++;
    return n;
}

Test(html_picture, rings_each_crossing_of_replies)
{
    for (uint32_t i = 1; i <= 3; i++)
        add(EVENT_SENT, i, 0);
    add(EVENT_REPLY, 3, 1);
    add(EVENT_REPLY, 1, 2);
    add(EVENT_REPLY, 2, 3);
    cr_expect_eq(drawn("<path class=\"sent\""), 3);
    cr_expect_eq(drawn("<path class=\"over\""), 1);
    cr_expect_eq(drawn("<path class=\"came\""), 2);
    cr_expect_eq(drawn("<circle class=\"cross\""), 2);
    cr_expect_eq(drawn("3 Encrypt  03ab0000  came as 1"), 1);
    cr_expect_eq(drawn("3 requests, 3 replies, of which 1 overtook another"), 1);
}

Test(html_picture, rings_nothing_where_the_order_is_kept)
{
    for (uint32_t i = 1; i <= 3; i++)
        add(EVENT_SENT, i, 0);
    for (uint32_t i = 1; i <= 3; i++)
        add(EVENT_REPLY, i, i);
    cr_expect_eq(drawn("class=\"cross\""), 0);
    cr_expect_eq(drawn("class=\"over\""), 0);
}

Test(html_picture, marks_faults_and_says_what_the_server_says)
{
    add(EVENT_SENT, 1, 0);
    struct picture_event *e = add(EVENT_REPLY, 1, 1);
    e->faults = "replies.delay";
    e->did = "waited <5> s";
    e->text = "</svg><script>alert(1)</script>";
    add(EVENT_SENT, 2, 0);
    e = add(EVENT_FAULT, 2, 0);
    e->faults = "cut";
    e->did = "lost";
    add(EVENT_BROKE, 0, 0)->text = "the connection has ended";
    cr_expect_eq(drawn("<path class=\"fault\""), 2);
    cr_expect_eq(drawn("fault cut: lost"), 1);
    cr_expect_eq(drawn("<path class=\"broke\""), 1);
    cr_expect_eq(drawn("waited &lt;5&gt; s"), 1);
    cr_expect_null(strstr(buf_cstr(&out), "<script>"));
}

Test(html_picture, has_two_axes_where_the_clocks_differ)
{
    p.two_clocks = true;
    p.offset_ns = -90 * NS_PER_S;
    add(EVENT_SENT, 1, 0);
    add(EVENT_REPLY, 1, 1);
    cr_expect_eq(drawn(">22:18:59.001<"), 1);
    cr_expect_eq(drawn(">22:17:29.001<"), 1);
    cr_expect_eq(drawn(">its clock<"), 1);
    buf_reset(&out);
    p.of_keys = true;
    cr_expect_eq(drawn(">clock of its keys<"), 1);
}

Test(html_picture, is_nothing_without_events)
{
    html_picture(&out, &p);
    cr_expect_eq(out.n, 0);
}
