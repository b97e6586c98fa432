/* The mock of a repro (repro.h): a fresh one for each attempt, so that what fires once,
 * or after so many requests, is there for each of them. */
#include "conformance/mock_control.h"
#include "conformance/repro.h"
#include "kmip/base/clock.h"
#include "kmip/base/text.h"

#define ARGS_MAX 32
#define TIMEOUT_S 20

static void add(const char **args, size_t *n, const char *option, const char *value)
{
    if (*n + 3 > ARGS_MAX)
        return; /* the caller bounds what the user may give */
    args[(*n)++] = option;
    args[(*n)++] = value;
}

bool repro_server(struct repro_run *r, const struct repro_attempt *a, struct kerr *err)
{
    const char *args[ARGS_MAX];
    bool repaired = a && a->who == REPAIRED;
    size_t n = 0;
    add(args, &n, "--control", "127.0.0.1:0");
    add(args, &n, "--seed", r->seed);
    if (!repaired)
        add(args, &n, "--scenario", r->about.path);
    if (a && a->set)
        add(args, &n, "--set", a->set);
    for (size_t i = 0; !repaired && i < r->sets.n; i++)
        add(args, &n, "--set", r->sets.v[i]);
    args[n] = NULL;
    mock_stop(&r->mock);
    if (!mock_start(&r->mock, NULL, args, err))
        return false;
    const struct tls_dir *client = &r->mock.client;
    r->base = (struct kc_connect){
        .host = r->mock.host,
        .port = r->mock.port,
        .files = {.ca = client->ca, .cert = client->cert, .key = client->key},
        .timeout_ns = TIMEOUT_S * NS_PER_S};
    return true;
}

bool repro_pass_time(struct repro_run *r, struct repro_result *out, const char *time,
                     struct kerr *err)
{
    struct mock_control *c = mock_control_new(r->mock.control, "", err);
    int64_t ns;
    bool ok = c && (text_duration(bytes_str(time), &ns) ||
                    kerr_set(err, KE_INTERNAL, "'%s' is no duration", time)) &&
              mock_control_advance(c, ns / NS_PER_MS, err);
    mock_control_free(&c);
    out->passed_ns += ok ? ns : 0;
    return ok;
}
