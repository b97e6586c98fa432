/* Messages for tests (fixture.h). */
#include "kmip/tests/support/fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "kmip/base/text.h"

void fixture_message(const char *name, struct buf *out)
{
    char path[256];
    struct ydoc doc = {0};
    struct kerr err = KERR_INIT;
    snprintf(path, sizeof path, "fixtures/messages/%s.yaml", name);
    if (!ydoc_load(&doc, path, &err) || !from_yaml_message(doc.root, NULL, out, &err))
        cr_assert(false, "%s", err.msg);
    ydoc_clear(&doc);
}

bool fixture_yaml(const char *yaml, const struct form_env *env, struct buf *out, struct kerr *err)
{
    struct ydoc doc = {0};
    bool ok = ydoc_parse(&doc, "t.yaml", bytes_str(yaml), err) &&
              from_yaml_message(doc.root, env, out, err);
    ydoc_clear(&doc);
    return ok;
}

void fixture_hex(const char *hex, struct buf *out)
{
    cr_assert(text_unhex(bytes_str(hex), out), "not hexadecimal: %s", hex);
}

const char *const *fixture_names(void)
{
    static const char *const names[] = {"create-request",
                                        "create-response",
                                        "get-request",
                                        "get-response",
                                        "get-response-transparent",
                                        "locate-request",
                                        "locate-response",
                                        "query-response",
                                        "encrypt-request",
                                        "encrypt-response",
                                        "batch-request",
                                        "get-attributes-response",
                                        "error-response",
                                        "register-request",
                                        "message-extension",
                                        "discover-versions-response",
                                        NULL};
    return names;
}

bool fixture_comes_back(const struct fixture_form *form, const char *what, struct bytes msg)
{
    static const struct form_options show = {.show_secrets = true};
    struct buf text, back;
    struct kerr err = KERR_INIT;
    buf_init(&text, BUF_NO_LIMIT);
    buf_init(&back, BUF_NO_LIMIT);
    bool ok = form->write(msg, &show, &text, &err) && form->read(buf_bytes(&text), &back, &err) &&
              bytes_eq(buf_bytes(&back), msg);
    cr_expect(ok, "%s: %s\n%s", what, err.msg, buf_cstr(&text));
    buf_clear(&text);
    buf_clear(&back);
    return ok;
}

void fixtures_come_back(const struct fixture_form *form)
{
    for (const char *const *name = fixture_names(); *name; name++) {
        struct buf msg;
        buf_init(&msg, BUF_NO_LIMIT);
        fixture_message(*name, &msg);
        fixture_comes_back(form, *name, buf_bytes(&msg));
        buf_clear(&msg);
    }
}
