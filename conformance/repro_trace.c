/* A repro as JSON (repro.h): for pictures of the time line.
 *
 *   {"repro", "title", "setting" (of the driver), "seed", "settings": [--set ...],
 *    "clock_offset_seconds" | "clock": "stands still" ...,     where it was measured
 *    "reproduced": bool, "remedies_hold": bool,
 *    "attempts": [{"title", "who": "as the driver" | "another client" | "remedied" |
 *                  "server repaired", "expected": "works" | "breaks", "promised": words of
 *                  the failure, "outcome", "as_expected", "what",
 *                  "match": "position" | "id", "depth",
 *                  "began_ms": by our clock, since 1970,
 *                  "clock_offset_seconds": the server's minus ours (where they differ),
 *                  "clock_of_keys": true where that is not the clock of its Time Stamps,
 *                  "events": as picture.h has them}]}
 *
 * A fault is told with the reply that it struck; as an event of its own when there was no
 * such reply, or when it is about the connection. */
#include <jansson.h>
#include <stdlib.h>

#include "conformance/report.h"
#include "conformance/repro.h"
#include "kmip/base/clock.h"
#include "kmip/base/file.h"

static json_t *attempt_of(const struct repro_run *run, size_t i)
{
    const struct repro_result *r = &run->result[i];
    const struct picture p = repro_picture(run, i);
    const struct repro_attempt *a = r->attempt;
    size_t depth = a->kind == REPRO_PIPELINE ? a->depth : 1;
    bool by_position = a->match == KC_MATCH_POSITION || a->kind == REPRO_KEY;
    json_t *j = json_pack("{s:s, s:s, s:s, s:s?, s:s, s:b, s:o, s:s, s:I, s:o}", "title", a->title,
                     "who", repro_who(a->who), "expected", a->breaks ? "breaks" : "works",
                     "promised", a->breaks, "outcome", r->works ? "works" : "breaks",
                     "as_expected", (int)repro_as_expected(r), "what", report_json_text(r->what), "match",
                     by_position ? "position" : "id", "depth", (json_int_t)depth, "events",
                     picture_json(&p));
    if (p.two_clocks)
        json_object_set_new(j, "clock_offset_seconds", json_real((double)p.offset_ns / 1e9));
    if (p.of_keys)
        json_object_set_new(j, "clock_of_keys", json_true());
    json_object_set_new(j, "began_ms", json_integer((json_int_t)(p.began_wall_ns / NS_PER_MS)));
    return j;
}

static bool add_clock(json_t *root, const struct repro_run *r)
{
    static const char *const troubles[] = {[CLOCK_FROZEN] = "stands still",
                                           [CLOCK_BACK] = "goes back",
                                           [CLOCK_UNEVEN] = "uneven"};
    if (r->trouble != CLOCK_EVEN)
        return json_object_set_new(root, "clock", json_string(troubles[r->trouble])) == 0;
    return r->clock.e.n == 0 ||
           json_object_set_new(root, "clock_offset_seconds",
                               json_real((double)clock_offset_ns(&r->clock.e) / 1e9)) == 0;
}

bool repro_trace(const char *path, const struct repro_run *r, struct kerr *err)
{
    json_t *attempts = json_array(), *sets = json_array();
    size_t n = repro_attempts_of(r->repro);
    bool shown = repro_all(r, true), held = repro_all(r, false);
    for (size_t i = 0; i < r->sets.n; i++)
        json_array_append_new(sets, report_json_text(r->sets.v[i]));
    for (size_t i = 0; i < n; i++)
        json_array_append_new(attempts, attempt_of(r, i));
    json_t *root = json_pack("{s:s, s:o, s:s, s:s, s:o, s:b, s:b, s:o}", "repro", r->repro->name,
                             "title", report_json_text(r->about.title), "setting", r->repro->setting, "seed",
                             r->seed, "settings", sets, "reproduced", (int)shown, "remedies_hold",
                             (int)held, "attempts", attempts);
    char *dump = root && add_clock(root, r)
                     ? json_dumps(root, JSON_INDENT(1) | JSON_REAL_PRECISION(9))
                     : NULL;
    bool ok = dump ? file_write(path, bytes_str(dump), 0644, err)
                   : kerr_set(err, KE_MEMORY, "no memory for the trace");
    free(dump);
    json_decref(root);
    return ok;
}
