/* One HTTP request by libcurl (ctl.h). */
#include <curl/curl.h>
#include <stdio.h>

#include "mockserver/ctl.h"

enum {
    CONNECT_MS = 5000,
    ANSWER_S = 700, /* the longest wait there is, and some */
    ANSWER_MAX = 256 << 20
};

static bool put_encoded(struct buf *out, const char *text)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~";
    for (const char *c = text; *c; c++)
        if (strchr(plain, *c))
            buf_putc(out, *c);
        else
            buf_printf(out, "%%%02X", (unsigned char)*c);
    return !out->failed;
}

bool ctl_put_param(struct ctl_request *rq, const char *name, const char *value)
{
    if (rq->query.n > 0)
        buf_putc(&rq->query, '&');
    buf_printf(&rq->query, "%s=", name);
    return put_encoded(&rq->query, value);
}

bool ctl_put_name(struct buf *out, const char *name)
{
    buf_putc(out, '/');
    return put_encoded(out, name);
}

static size_t take(char *data, size_t size, size_t n, void *arg)
{
    return buf_put(arg, data, size * n) ? size * n : 0;
}

static void set_body(CURL *curl, const struct ctl_request *rq)
{
    if (!rq->has_body)
        return;
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, rq->body.n ? (const char *)rq->body.p : "");
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)rq->body.n);
}

/* The method goes last, for a body would choose one. A proxy of the environment is for
 * other things than a loopback port. */
static CURLcode perform(CURL *curl, const struct ctl_request *rq, const char *url,
                        struct buf *answer, long *status)
{
    struct curl_slist *headers = curl_slist_append(NULL, "Expect:");
    headers = curl_slist_append(headers, "Content-Type: application/yaml");
    if (rq->token[0]) {
        curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
        curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, rq->token);
    }
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)ANSWER_S);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    set_body(curl, rq);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, rq->method);
    CURLcode rc = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, status);
    curl_slist_free_all(headers);
    return rc;
}

static bool failed(const struct ctl_request *rq, CURLcode rc, struct kerr *err)
{
    if (rc == CURLE_OPERATION_TIMEDOUT)
        return kerr_set(err, KE_TIMEOUT, "no answer from %s in time", rq->place);
    if (rc == CURLE_COULDNT_CONNECT)
        return kerr_set(err, KE_CONNECT,
                        "nothing listens on %s: is the server there, and was it started with "
                        "--control?",
                        rq->place);
    return kerr_set(err, KE_IO, "%s: %s", rq->place, curl_easy_strerror(rc));
}

bool ctl_ask(const struct ctl_request *rq, long *status, struct buf *answer, struct kerr *err)
{
    struct buf url, query = rq->query;
    CURL *curl = curl_easy_init();
    buf_init(&url, BUF_NO_LIMIT);
    buf_init(answer, ANSWER_MAX);
    buf_printf(&url, "http://%s%s%s%s", rq->place, rq->path, query.n ? "?" : "",
               query.n ? buf_cstr(&query) : "");
    bool ok = curl && !url.failed;
    if (ok) {
        CURLcode rc = perform(curl, rq, buf_cstr(&url), answer, status);
        ok = rc == CURLE_OK || failed(rq, rc, err);
    } else {
        kerr_set(err, KE_MEMORY, "no memory for a request");
    }
    curl_easy_cleanup(curl);
    buf_clear(&url);
    return ok;
}
