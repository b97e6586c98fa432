/* Reads reports from their files (report_read.h). */
#include "conformance/report_read.h"

#include <string.h>

#include "kmip/base/file.h"

#define REPORT_MAX (1u << 30)

const char *report_text_of(const json_t *object, const char *key)
{
    const char *s = json_string_value(json_object_get(object, key));
    return s ? s : "";
}

int64_t report_number_of(const json_t *object, const char *key)
{
    return (int64_t)json_integer_value(json_object_get(object, key));
}

bool verdict_parse(const char *name, enum verdict *out)
{
    for (int v = 0; v < VERDICT_COUNT_; v++)
        if (strcmp(name, verdict_name((enum verdict)v)) == 0) {
            *out = (enum verdict)v;
            return true;
        }
    return false;
}

enum verdict report_verdict_of(const json_t *one)
{
    enum verdict v = VERDICT_ERROR;
    verdict_parse(report_text_of(one, "verdict"), &v);
    return v;
}

/* ---- what makes a report ---------------------------------------------------- */

static bool check_case(const char *path, const json_t *one, size_t i, struct kerr *err)
{
    enum verdict v;
    const char *id = report_text_of(one, "id");
    if (!*id)
        return kerr_set(err, KE_FILE, "%s: cases[%zu] has no id", path, i);
    return verdict_parse(report_text_of(one, "verdict"), &v) ||
           kerr_set(err, KE_FILE, "%s: case %s has the verdict '%s', which is none", path, id,
                    report_text_of(one, "verdict"));
}

static bool check_cases(const char *path, const json_t *cases, struct kerr *err)
{
    json_t *seen = json_object();
    bool ok = seen || kerr_set(err, KE_MEMORY, "no memory for a report");
    for (size_t i = 0; ok && i < json_array_size(cases); i++) {
        const json_t *one = json_array_get(cases, i);
        ok = check_case(path, one, i, err);
        if (ok && json_object_get(seen, report_text_of(one, "id")))
            ok = kerr_set(err, KE_FILE, "%s: case %s is in it twice", path,
                          report_text_of(one, "id"));
        if (ok)
            json_object_set_new(seen, report_text_of(one, "id"), json_true());
    }
    json_decref(seen);
    return ok;
}

static bool check(const char *path, const json_t *root, struct kerr *err)
{
    static const struct {
        const char *key;
        json_type type;
    } needed[] = {{"gate", JSON_OBJECT},
                  {"target", JSON_OBJECT},
                  {"counts", JSON_OBJECT},
                  {"profiles", JSON_ARRAY},
                  {"cases", JSON_ARRAY},
                  {"left_behind", JSON_ARRAY}};
    const json_t *version = json_object_get(root, "report_version");
    if (strcmp(report_text_of(json_object_get(root, "tool"), "name"), "kmip-conform") != 0 ||
        !json_is_integer(version))
        return kerr_set(err, KE_FILE,
                        "%s is JSON, but no report of kmip-conform (run --json writes one)", path);
    if (json_integer_value(version) != REPORT_VERSION)
        return kerr_set(err, KE_FILE,
                        "%s is a report of version %lld, and this program reads version %d: it "
                        "was written by kmip-conform %s",
                        path, (long long)json_integer_value(version), REPORT_VERSION,
                        report_text_of(json_object_get(root, "tool"), "version"));
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        const json_t *x = json_object_get(root, needed[i].key);
        if (!x || json_typeof(x) != needed[i].type)
            return kerr_set(err, KE_FILE, "%s: %s is %s", path, needed[i].key,
                            x ? "of another type" : "missing");
    }
    return check_cases(path, json_object_get(root, "cases"), err);
}

json_t *report_read(const char *path, struct kerr *err)
{
    struct buf text;
    json_error_t why;
    json_t *root = NULL;
    buf_init(&text, REPORT_MAX);
    if (file_read(path, &text, err)) {
        root = json_loadb(buf_cstr(&text), text.n, JSON_REJECT_DUPLICATES, &why);
        if (!root && text.n == 0)
            kerr_set(err, KE_FILE, "%s is empty: no report was written to its end", path);
        else if (!root)
            kerr_set(err, KE_FILE, "%s:%d:%d: not a report: %s", path, why.line, why.column,
                     why.text);
    }
    if (root && !check(path, root, err)) {
        json_decref(root);
        root = NULL;
    }
    buf_clear(&text);
    return root;
}
