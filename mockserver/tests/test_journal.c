/* The journal: bounded, numbered, wiped. */
#include <criterion/criterion.h>

#include "mockserver/journal.h"

TestSuite(journal, .timeout = 20);

static uint64_t add(struct journal *j, uint64_t nth, const char *request, const char *reply)
{
    struct journal_about about = {.connection = 3, .nth = nth, .client = "c", .received_ns = 5};
    struct answer_note note = {.operation = 1};
    return journal_add(j, &about, &note, bytes_str(request), bytes_str(reply));
}

Test(journal, keeps_the_last_entries)
{
    struct journal j;
    journal_init(&j, 4, 1000);
    cr_expect_null(journal_get(&j, 1));
    for (uint64_t i = 1; i <= 10; i++)
        cr_expect_eq(add(&j, i, "request", "reply"), i);
    cr_expect(j.first == 7 && j.next == 11);
    cr_expect_null(journal_get(&j, 6));
    cr_expect_null(journal_get(&j, 11));
    const struct exchange *e = journal_get(&j, 7);
    cr_assert(e);
    cr_expect(e->nth == 7 && e->connection == 3 && e->note.operation == 1 && e->left_ns == 0);
    cr_expect(bytes_eq_str(buf_bytes(&e->request), "request"));
    cr_expect(bytes_eq_str(buf_bytes(&e->reply), "reply"));
    journal_clear(&j);
}

Test(journal, keeps_no_more_bytes_than_allowed)
{
    struct journal j;
    journal_init(&j, 100, 50);
    for (uint64_t i = 1; i <= 10; i++)
        (void)add(&j, i, "0123456789", "0123456789");
    cr_expect(j.first == 9 && j.bytes == 40);
    journal_forget(&j);
    cr_expect(j.first == j.next && j.bytes == 0);
    cr_expect_eq(add(&j, 1, "a", "b"), 11, "numbers go on");
    journal_clear(&j);
}

Test(journal, cuts_long_messages_and_tells_their_size)
{
    struct journal j;
    static char big[JOURNAL_MESSAGE_MAX + 100];
    memset(big, 'x', sizeof big - 1);
    journal_init(&j, 10, 1 << 20);
    const struct exchange *e = journal_get(&j, add(&j, 1, big, "r"));
    cr_assert(e);
    cr_expect_eq(e->request.n, JOURNAL_MESSAGE_MAX);
    cr_expect_eq(e->request_size, sizeof big - 1);
    journal_clear(&j);
}

static void count(void *arg, uint64_t number, enum journal_change what)
{
    cr_expect_eq(number, 1);
    ++((unsigned *)arg)[what];
}

Test(journal, labels_entries_with_faults)
{
    struct journal j;
    unsigned changes[3] = {0};
    journal_init(&j, 10, 1000);
    j.changed = count;
    j.changed_arg = changes;
    uint64_t n = add(&j, 1, "a", "b");
    journal_fault(&j, n, "first", "did this");
    journal_fault(&j, n, "second", "did that");
    journal_fault(&j, 99, "nowhere", "");
    journal_left(&j, n, 77);
    journal_left(&j, n, 78);
    const struct exchange *e = journal_get(&j, n);
    cr_expect_str_eq(e->faults, "first, second");
    cr_expect_str_eq(e->event, "did that");
    cr_expect(e->n_faults == 2 && e->left_ns == 77);
    cr_expect(changes[JOURNAL_ADDED] == 1 && changes[JOURNAL_LABELLED] == 2 &&
              changes[JOURNAL_LEFT] == 1);
    for (int i = 0; i < 50; i++)
        journal_fault(&j, n, "a-rather-long-name", "");
    cr_expect_eq(e->n_faults, 52);
    cr_expect(strlen(e->faults) < sizeof e->faults);
    cr_expect_str_eq(e->faults + strlen(e->faults) - 6, "g-name", "cut at a name");
    journal_clear(&j);
}

Test(journal, records_what_changed_and_in_which_turn)
{
    struct journal j;
    journal_init(&j, 2, 1000);
    cr_expect_null(journal_changed(&j, 0));
    uint64_t a = add(&j, 1, "a", "b"), b = add(&j, 2, "a", "b");
    cr_expect_null(journal_changed(&j, 0), "entries that came are no changes");
    journal_left(&j, b, 77);
    journal_left(&j, a, 78);
    cr_expect(journal_get(&j, a)->came == 1 && journal_get(&j, b)->came == 2);
    cr_expect(journal_get(&j, b)->went == 3 && journal_get(&j, a)->went == 4);
    cr_expect_eq(journal_changed(&j, 0)->number, b);
    cr_expect_eq(journal_changed(&j, 1)->number, a);
    journal_fault(&j, b, "late", "");
    cr_expect_null(journal_changed(&j, 0), "it has changed again since");
    cr_expect_eq(journal_changed(&j, 2)->number, b);
    for (int i = 0; i < 4; i++)
        journal_fault(&j, b, "again", "");
    cr_expect_eq(journal_first_change(&j), 3, "the last four are kept");
    cr_expect_null(journal_changed(&j, 2));
    add(&j, 3, "a", "b");
    add(&j, 4, "a", "b");
    cr_expect_null(journal_changed(&j, 6), "the entry is gone");
    journal_clear(&j);
}

Test(journal, of_no_entries_keeps_none)
{
    struct journal j;
    journal_init(&j, 0, 1000);
    cr_expect_eq(add(&j, 1, "a", "b"), 0);
    journal_fault(&j, 0, "x", "");
    journal_clear(&j);
}
