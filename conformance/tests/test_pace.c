/* Waits in real time, and control APIs that are none. Virtual time itself is tested with a
 * mock (ci/test-selftest.sh, ci/test-misbehaving.sh). */
#include <criterion/criterion.h>

#include "conformance/pace.h"
#include "kmip/base/clock.h"

TestSuite(pace, .timeout = 20);

Test(pace, waits_for_real_without_a_mock)
{
    struct pace p = {.control = NULL};
    atomic_bool stop = false;
    struct kerr err = KERR_INIT;
    int64_t before = clock_mono_ns();
    cr_assert(pace_wait(&p, 30 * NS_PER_MS, &stop, &err));
    cr_expect_geq(clock_mono_ns() - before, 30 * NS_PER_MS);
    cr_expect_eq(p.passed_ns, 0);
}

Test(pace, gives_a_wait_up_when_the_run_is_to_stop)
{
    struct pace p = {.control = NULL};
    atomic_bool stop = true;
    struct kerr err = KERR_INIT;
    cr_assert(!pace_wait(&p, 3600 * NS_PER_S, &stop, &err));
    cr_expect_eq(err.code, KE_INTERRUPTED);
}

Test(pace, reckons_with_what_has_passed)
{
    const struct pace p = {.passed_ns = 5 * NS_PER_S};
    cr_expect_geq(pace_mono_ns(&p) - clock_mono_ns(), 4 * NS_PER_S);
    cr_expect_geq(pace_wall_ns(&p) - clock_wall_ns(), 4 * NS_PER_S);
    cr_expect_leq(pace_wall_ns(NULL) - clock_wall_ns(), 0);
}

Test(pace, tells_when_nothing_listens)
{
    struct kerr err = KERR_INIT;
    struct pace p = {.control = mock_control_new("127.0.0.1:1", "", &err)};
    atomic_bool stop = false;
    int port;
    cr_assert(p.control);
    cr_expect(!pace_wait(&p, NS_PER_S, &stop, &err));
    cr_expect_eq(err.code, KE_CONNECT);
    cr_expect(strstr(err.msg, "127.0.0.1:1"), "%s", err.msg);
    cr_expect_eq(p.passed_ns, 0);
    cr_expect(!mock_control_port(p.control, &port, &err));
    mock_control_free(&p.control);
    cr_expect_null(p.control);
}
