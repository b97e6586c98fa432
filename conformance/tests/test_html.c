/* HTML out: whatever a server says, a browser shows it and does nothing else. */
#include <criterion/criterion.h>

#include "conformance/html.h"

TestSuite(html, .timeout = 20);

static void check(const char *text, const char *expected)
{
    struct buf out;
    buf_init(&out, 10000);
    html_put(&out, "<p title=\"%s\">", text);
    cr_assert_str_eq(buf_cstr(&out) + out.n - 2, "\">");
    buf_truncate(&out, out.n - 2);
    cr_expect_str_eq(buf_cstr(&out) + strlen("<p title=\""), expected);
    buf_clear(&out);
}

Test(html, escapes_what_would_be_markup)
{
    check("<script>alert('1' && \"2\")</script>",
          "&lt;script&gt;alert(&#39;1&#39; &amp;&amp; &quot;2&quot;)&lt;/script&gt;");
    check("--></style><!--", "--&gt;&lt;/style&gt;&lt;!--");
}

Test(html, shows_what_a_browser_would_act_upon)
{
    check("one\ntwo\tthree", "one\ntwo\tthree");
    check("a\xE2\x80\xAE"
          "b",
          "a\\u202eb");
    check("bell\a", "bell\\x07");
    check("\xC3\xA4 \xFF<", "\xC3\xA4 \\xff&lt;");
}

Test(html, keeps_markup_of_the_format_and_its_numbers)
{
    struct buf out;
    buf_init(&out, 1000);
    html_put(&out, "<td class=\"n\">%zu %d %u %lld %.1f%%</td>", (size_t)1, -2, 3u, 4LL, 5.25);
    cr_expect_str_eq(buf_cstr(&out), "<td class=\"n\">1 -2 3 4 5.2%</td>");
    buf_clear(&out);
}

Test(html, makes_names_that_need_no_escape_and_do_not_meet)
{
    static const struct {
        const char *text, *name;
    } rows[] = {{"locate-by-name", "locate-by-name"},
                {"TC-41 a/b", "TC-41~20a~2fb"},
                {"a~20b", "a~7e20b"},
                {"\"><i>", "~22~3e~3ci~3e"},
                {"\xC3\xA4", "~c3~a4"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf out;
        buf_init(&out, 1000);
        html_name(&out, rows[i].text);
        cr_expect_str_eq(buf_cstr(&out), rows[i].name);
        buf_clear(&out);
    }
}
