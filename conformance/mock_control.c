/* A mock's control API by libcurl (mock_control.h). */
#include "conformance/mock_control.h"

#include <curl/curl.h>
#include <jansson.h>
#include <stdlib.h>

#include "kmip/base/buf.h"
#include "kmip/base/text.h"
#include "kmip/base/token.h"

#define CONNECT_MS 5000L
#define ANSWER_MS 10000L
#define ANSWER_MAX (4u << 20)

struct mock_control {
    char place[200], token[TOKEN_MAX];
    CURL *curl;
    struct curl_slist *headers;
};

struct mock_control *mock_control_new(const char *place, const char *token, struct kerr *err)
{
    struct mock_control *c = calloc(1, sizeof *c);
    if (c) {
        snprintf(c->place, sizeof c->place, "%s", place);
        snprintf(c->token, sizeof c->token, "%s", token);
        c->curl = curl_easy_init();
        c->headers = curl_slist_append(NULL, "Content-Type: application/json");
    }
    if (c && c->curl && c->headers)
        return c;
    mock_control_free(&c);
    kerr_set(err, KE_MEMORY, "no memory for the control API of the mock");
    return NULL;
}

struct mock_control *mock_control_again(const struct mock_control *c, struct kerr *err)
{
    return mock_control_new(c->place, c->token, err);
}

void mock_control_free(struct mock_control **c)
{
    if (!*c)
        return;
    curl_easy_cleanup((*c)->curl);
    curl_slist_free_all((*c)->headers);
    wipe((*c)->token, sizeof (*c)->token);
    free(*c);
    *c = NULL;
}

const char *mock_control_place(const struct mock_control *c)
{
    return c->place;
}

static size_t take(char *data, size_t size, size_t n, void *arg)
{
    return buf_put(arg, data, size * n) ? size * n : 0;
}

/* The loopback port of the mock is no proxy's business, whatever the environment says. */
static CURLcode perform(struct mock_control *c, const char *method, const char *url,
                        const char *body, struct buf *answer)
{
    CURL *curl = c->curl;
    curl_easy_reset(curl); /* keeps the connection */
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, ANSWER_MS);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, c->headers);
    if (c->token[0]) {
        curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
        curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, c->token);
    }
    if (body)
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    return curl_easy_perform(curl);
}

static bool no_answer(const struct mock_control *c, CURLcode rc, struct kerr *err)
{
    if (rc == CURLE_COULDNT_CONNECT)
        return kerr_set(err, KE_CONNECT,
                        "nothing listens on %s: was the mock started with --control?", c->place);
    return kerr_set(err, rc == CURLE_OPERATION_TIMEDOUT ? KE_TIMEOUT : KE_IO,
                    "the mock's control API at %s: %s", c->place, curl_easy_strerror(rc));
}

/* What the mock says of a request that it does not fulfil; NULL: it is no mock. */
static const char *refusal(const json_t *answer)
{
    return json_string_value(json_object_get(json_object_get(answer, "error"), "message"));
}

/* An answer of another status than 200 or 201. */
static bool refused(const struct mock_control *c, const char *path, long status,
                    const json_t *answer, struct buf *text, struct kerr *err)
{
    if (status == 401)
        return kerr_set(
            err, KE_CONFIG,
            "the mock's control API at %s asks for %s token: --control-token-file FILE or "
            "KMIP_CONTROL_TOKEN gives the one that it was started with",
            c->place, c->token[0] ? "another" : "a");
    if (refusal(answer))
        return kerr_set(err, KE_CONFIG, "the mock's control API at %s refuses %s: %s", c->place,
                        path, refusal(answer));
    return kerr_set(err, KE_CONFIG, "what listens on %s is no mock's control API: %ld, %.300s",
                    c->place, status, buf_cstr(text));
}

/* One request (body NULL: none) and its answer as JSON, to be freed; NULL: err. */
static json_t *ask(struct mock_control *c, const char *method, const char *path, const char *body,
                   struct kerr *err)
{
    char url[300];
    struct buf answer;
    long status = 0;
    json_t *j = NULL;
    snprintf(url, sizeof url, "http://%s%s", c->place, path);
    buf_init(&answer, ANSWER_MAX);
    CURLcode rc = perform(c, method, url, body, &answer);
    curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status);
    if (rc == CURLE_OK)
        j = json_loadb((const char *)answer.p, answer.n, 0, NULL);
    if (rc != CURLE_OK)
        no_answer(c, rc, err);
    else if (!j || (status != 200 && status != 201)) {
        refused(c, path, status, j, &answer, err);
        json_decref(j);
        j = NULL;
    }
    buf_clear(&answer);
    return j;
}

bool mock_control_port(struct mock_control *c, int *port, struct kerr *err)
{
    json_t *state = ask(c, "GET", "/state", NULL, err);
    *port = (int)json_integer_value(json_object_get(state, "port"));
    bool known = *port > 0;
    if (state && !known)
        kerr_set(err, KE_CONFIG, "what listens on %s is no mock's control API: it names no port",
                 c->place);
    json_decref(state);
    return known;
}

bool mock_control_advance(struct mock_control *c, int64_t ms, struct kerr *err)
{
    char body[80];
    snprintf(body, sizeof body, "{\"advance\": \"%lldms\"}", (long long)ms);
    json_t *clock = ask(c, "POST", "/clock", body, err);
    json_decref(clock);
    return clock != NULL;
}

/* ---- times, as the mock tells them ------------------------------------------ */

/* "2024-02-29T12:00:00.123Z" */
static int64_t ms_of(const char *time)
{
    char date[40];
    int64_t seconds = 0;
    const char *point = strchr(time, '.');
    snprintf(date, sizeof date, "%.*sZ", (int)(point ? point - time : 0), time);
    return point && text_date(bytes_str(date), &seconds) ? seconds * 1000 + atoi(point + 1) : 0;
}

/* ---- the journal -------------------------------------------------------------- */

static void join(struct buf *out, const json_t *names)
{
    size_t i;
    const json_t *name;
    json_array_foreach(names, i, name) {
        const char *s = json_string_value(name);
        buf_printf(out, "%s%s", i ? ", " : "", s ? s : "");
    }
}

static bool told(const json_t *entry, bool (*each)(void *arg, const struct mock_firing *f),
                 void *arg)
{
    const char *did = json_string_value(json_object_get(entry, "event"));
    const char *time = json_string_value(json_object_get(entry, "time"));
    const char *hex = json_string_value(json_object_get(entry, "batch_item_id"));
    struct buf faults, id;
    buf_init(&faults, 1000);
    buf_init(&id, 100);
    join(&faults, json_object_get(entry, "faults"));
    if (hex)
        (void)text_unhex(bytes_str(hex), &id); /* what is no hex is no id */
    const struct mock_firing f = {.faults = buf_cstr(&faults), .did = did ? did : "",
                                  .id = buf_bytes(&id), .at_ms = time ? ms_of(time) : 0};
    bool more = each(arg, &f);
    buf_clear(&faults);
    buf_clear(&id);
    return more;
}

bool mock_control_firings(struct mock_control *c, bool (*each)(void *arg, const struct mock_firing *f),
                          void *arg, struct kerr *err)
{
    size_t i;
    const json_t *entry;
    json_t *journal = ask(c, "GET", "/journal?fault=*&messages=none&limit=1000", NULL, err);
    json_array_foreach(json_object_get(journal, "exchanges"), i, entry)
        if (!told(entry, each, arg))
            break;
    json_decref(journal);
    return journal != NULL;
}

/* ---- the clock ------------------------------------------------------------------ */

static bool put_clock(struct mock_control *c, const char *spec, int64_t *s, struct kerr *err)
{
    json_t *clock = ask(c, "PUT", "/clock", spec, err);
    const char *now = json_string_value(json_object_get(clock, "life_cycle"));
    *s = now ? ms_of(now) / 1000 : 0;
    bool ok = clock && (now || kerr_set(err, KE_CONFIG, "the mock's control API at %s tells no time",
                                        c->place));
    json_decref(clock);
    return ok;
}

bool mock_control_set_clock(struct mock_control *c, int64_t s, struct mock_clock_was *was,
                            struct kerr *err)
{
    char offset[80];
    int64_t now;
    json_t *clock = ask(c, "GET", "/clock", NULL, err);
    was->json = json_dumps(json_object_get(clock, "spec"), JSON_COMPACT);
    json_decref(clock);
    if (!was->json)
        return err->code == KE_OK ? kerr_set(err, KE_CONFIG,
                                             "the mock's control API at %s tells of no clock",
                                             c->place)
                                  : false;
    /* A clock that is right first, whatever was wrong with it. */
    if (!put_clock(c, "{}", &now, err))
        return false;
    snprintf(offset, sizeof offset, "{\"offset\": \"%llds\"}", (long long)(s - now));
    return put_clock(c, offset, &now, err);
}

bool mock_control_restore_clock(struct mock_control *c, struct mock_clock_was *was,
                                struct kerr *err)
{
    int64_t now;
    bool ok = !was->json || put_clock(c, was->json, &now, err);
    free(was->json);
    was->json = NULL;
    return ok;
}

/* ---- objects ------------------------------------------------------------------------ */

bool mock_control_preload(struct mock_control *c, const char *yaml, mock_control_take *each,
                          void *arg, struct kerr *err)
{
    json_t *made = ask(c, "POST", "/objects", yaml, err), *uid;
    size_t i;
    bool ok = made != NULL;
    json_array_foreach(json_object_get(made, "identifiers"), i, uid)
        ok = ok && each(arg, bytes_str(json_string_value(uid) ? json_string_value(uid) : ""));
    json_decref(made);
    return ok;
}
