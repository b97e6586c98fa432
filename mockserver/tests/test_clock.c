/* The mock's clock against a scripted machine. */
#include <criterion/criterion.h>

#include "kmip/base/clock.h"
#include "mockserver/read.h"

TestSuite(clock, .timeout = 20);

#define EPOCH (INT64_C(1700000000) * NS_PER_S)
#define HOUR (3600 * NS_PER_S)

static int64_t wall, mono;

static int64_t scripted_wall(void)
{
    return wall;
}

static int64_t scripted_mono(void)
{
    return mono;
}

static void pass(int64_t ns)
{
    wall += ns;
    mono += ns;
}

static bool read_spec(const char *yaml, struct clock_spec *spec, struct kerr *err)
{
    struct ydoc doc;
    if (!ydoc_parse(&doc, "c.yaml", bytes_str(yaml), err))
        return false;
    bool ok = read_clock(doc.root, &doc.arena, spec, NULL, err);
    ydoc_clear(&doc);
    return ok;
}

static void begin(struct mock_clock *c, const char *yaml)
{
    struct clock_spec spec;
    struct kerr err = KERR_INIT;
    wall = EPOCH;
    mono = 5 * NS_PER_S;
    cr_assert(read_spec(yaml, &spec, &err), "%s", err.msg);
    mock_clock_init(c, &clock_right);
    c->wall_ns = scripted_wall;
    c->mono_ns = scripted_mono;
    c->last_wall_ns = INT64_MIN;
    mock_clock_set(c, &spec);
}

/* What it tells against the machine's clock, in seconds. */
static double off(struct mock_clock *c)
{
    return (double)(mock_clock_ns(c) - wall) / 1e9;
}

Test(clock, is_the_machines_unless_told_otherwise)
{
    struct mock_clock c;
    begin(&c, "{}");
    cr_expect_eq(mock_clock_ns(&c), EPOCH);
    cr_expect_eq(mock_clock_stamp_ns(&c), EPOCH);
    pass(90 * NS_PER_S);
    cr_expect_eq(off(&c), 0);
}

Test(clock, stands_still_when_the_machine_is_set_back_a_little)
{
    struct mock_clock c;
    begin(&c, "{offset: -90s}");
    (void)mock_clock_ns(&c);
    wall -= NS_PER_S / 2;
    cr_expect_eq(mock_clock_ns(&c), EPOCH - 90 * NS_PER_S);
    wall -= HOUR;
    cr_expect_eq(off(&c), -90, "a large step is followed");
}

Test(clock, is_ahead_behind_fast_or_slow)
{
    struct mock_clock c;
    begin(&c, "{offset: +1h}");
    cr_expect_eq(off(&c), 3600);
    begin(&c, "{rate: 0.5, offset: -10s}");
    cr_expect_eq(off(&c), -10);
    pass(100 * NS_PER_S);
    cr_expect_eq(off(&c), -60);
    begin(&c, "{rate: 3}");
    pass(100 * NS_PER_S);
    cr_expect_eq(off(&c), 200);
}

Test(clock, stands_still)
{
    struct mock_clock c;
    begin(&c, "{freeze: true, offset: 5s}");
    pass(HOUR);
    cr_expect_eq(mock_clock_ns(&c), EPOCH + 5 * NS_PER_S);
    mock_clock_advance(&c, HOUR);
    cr_expect_eq(mock_clock_ns(&c), EPOCH + 5 * NS_PER_S + HOUR, "unless it is moved");
    begin(&c, "{freeze: 2020-01-01T00:00:00Z}");
    cr_expect_eq(mock_clock_ns(&c), INT64_C(1577836800) * NS_PER_S);
}

Test(clock, jumps_after_requests_and_after_a_time)
{
    struct mock_clock c;
    begin(&c, "{jumps: [{after: 2 requests, by: +1h}, {after: 10s, by: -30s}]}");
    static const double by_request[] = {0, 0, 3600, 3600};
    for (size_t i = 0; i < 4; i++) {
        mock_clock_hold(&c, NULL);
        cr_expect_eq(off(&c), by_request[i], "request %zu", i + 1);
        mock_clock_release(&c);
    }
    pass(10 * NS_PER_S);
    cr_expect_eq(off(&c), 3570);
}

Test(clock, goes_forth_and_back)
{
    struct mock_clock c;
    begin(&c, "{strobe: {by: -2s, every: 500ms}}");
    static const double expected[] = {0, -2, 0, -2, 0};
    for (size_t i = 0; i < 5; i++) {
        cr_expect_eq(off(&c), expected[i], "half second %zu", i);
        pass(NS_PER_S / 2);
    }
}

Test(clock, may_be_wrong_on_one_side_only)
{
    struct mock_clock c;
    begin(&c, "{offset: 1h, applies_to: time_stamp}");
    cr_expect_eq(mock_clock_ns(&c), EPOCH);
    cr_expect_eq(mock_clock_stamp_ns(&c), EPOCH + HOUR);
    begin(&c, "{offset: 1h, applies_to: life_cycle}");
    cr_expect_eq(mock_clock_ns(&c), EPOCH + HOUR);
    cr_expect_eq(mock_clock_stamp_ns(&c), EPOCH);
}

Test(clock, virtual_time_passes_for_jumps_too)
{
    struct mock_clock c;
    begin(&c, "{jumps: [{after: 1h, by: -60s}]}");
    mock_clock_advance(&c, HOUR);
    cr_expect_eq(off(&c), 3540);
    mock_clock_advance(&c, INT64_MAX);
    (void)mock_clock_ns(&c); /* no overflow: the sanitizer looks */
}

Test(clock, of_another_rate_counts_virtual_time_at_that_rate)
{
    struct mock_clock c;
    begin(&c, "{rate: 0.5}");
    mock_clock_advance(&c, HOUR);
    cr_expect_eq(off(&c), 1800);
    begin(&c, "{rate: 1.0001}");
    mock_clock_advance(&c, 24 * HOUR);
    cr_expect(off(&c) > 24 * 3600 + 8.6 && off(&c) < 24 * 3600 + 8.7, "%f", off(&c));
    begin(&c, "{rate: 1000000}");
    mock_clock_advance(&c, INT64_MAX);
    (void)mock_clock_ns(&c); /* no overflow: the sanitizer looks */
}

Test(clock, counts_moments_with_virtual_time_and_back)
{
    struct mock_clock c;
    begin(&c, "{}");
    mock_clock_advance(&c, HOUR);
    cr_expect_eq(mock_clock_virtual(&c, 5), HOUR + 5);
    cr_expect_eq(mock_clock_monotonic(&c, HOUR + 5), 5);
    cr_expect_eq(mock_clock_monotonic(&c, INT64_MAX), INT64_MAX, "never");
    cr_expect_eq(mock_clock_virtual(NULL, 5), 5);
    mock_clock_advance(&c, INT64_MAX);
    cr_expect_lt(mock_clock_virtual(&c, 5), INT64_MAX, "what is never due stays so");
}

Test(clock, of_a_connection_replaces_the_servers_and_shares_virtual_time)
{
    struct mock_clock server, own;
    struct clock_spec spec;
    struct kerr err = KERR_INIT;
    begin(&server, "{offset: -1h}");
    cr_assert(read_spec("{offset: 10s}", &spec, &err));
    mock_clock_init_own(&own, &spec, &server);
    cr_expect_eq(off(&server), -3600);
    mock_clock_hold(&server, &own);
    cr_expect_eq(off(&server), 10);
    mock_clock_advance(&server, HOUR);
    cr_expect_eq(off(&server), 3610);
    pass(NS_PER_S);
    cr_expect_eq(off(&server), 3609, "time stands still while a request is answered");
    mock_clock_release(&server);
    cr_expect_eq(off(&server), 0);
}

Test(clock, reads_clocks_for_connections)
{
    struct ydoc doc;
    struct clock_spec spec;
    struct clock_choices choices;
    struct kerr err = KERR_INIT;
    cr_assert(ydoc_parse(&doc, "c.yaml",
                         bytes_str("{offset: 1s, connections: [{client: kmip-*, freeze: true}, "
                                   "{connection: 2, offset: 2s}]}"),
                         &err));
    cr_assert(read_clock(doc.root, &doc.arena, &spec, &choices, &err), "%s", err.msg);
    cr_expect(spec.offset_ns == NS_PER_S && choices.n == 2);
    cr_expect(choices.v[0].spec.freeze && choices.v[0].spec.offset_ns == 0);
    cr_expect_str_eq(choices.v[0].client, "kmip-*");
    cr_expect_eq(choices.v[1].connection, 2);
    ydoc_clear(&doc);
}

static const struct wrong {
    const char *yaml, *words[2];
} wrongs[] = {
    {"{ofset: 1s}", {"c.yaml:1:2", "did you mean 'offset'"}},
    {"{offset: 100000d}", {"c.yaml:1:10", "must lie between"}},
    {"{rate: fast}", {"c.yaml:1:8", "rate is a number"}},
    {"{freeze: maybe}", {"c.yaml:1:10", "true, false or a date"}},
    {"{jumps: {after: 1s}}", {"c.yaml:1:9", "jumps is a list"}},
    {"{jumps: [{after: 5 apples, by: 1s}]}", {"c.yaml:1:18", "number of requests or a time"}},
    {"{jumps: [{after: 5 requests}]}", {"c.yaml:1:10", "'by' is missing"}},
    {"{jumps: [{after: x requests, by: 1s}]}", {"c.yaml:1:18", "no number of requests"}},
    {"{strobe: {by: 1s, every: 0}}", {"c.yaml:1:26", "every must lie"}},
    {"{applies_to: nothing}", {"c.yaml:1:14", "both, time_stamp, life_cycle"}},
};

Test(clock, tells_what_is_wrong_and_where)
{
    for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
        struct clock_spec spec;
        struct kerr err = KERR_INIT;
        cr_expect_not(read_spec(wrongs[i].yaml, &spec, &err), "%s", wrongs[i].yaml);
        for (size_t k = 0; k < 2; k++)
            cr_expect(strstr(err.msg, wrongs[i].words[k]), "%s: %s", wrongs[i].yaml, err.msg);
    }
}
