/* Nodes as YAML (case_print.h): maps in block form, lists of scalars on one line. */
#include "conformance/case_print.h"

#include <string.h>

#include "kmip/form/leaf.h"

struct printer {
    struct buf *out;
    bool after_dash; /* the next key follows "- " on its line */
};

static void print_block(struct printer *p, const struct ynode *n, unsigned indent);

static void start_line(struct printer *p, unsigned indent)
{
    if (!p->after_dash)
        buf_fill(p->out, ' ', indent);
    p->after_dash = false;
}

static void end_line(struct printer *p)
{
    while (p->out->n > 0 && p->out->p[p->out->n - 1] == ' ')
        buf_truncate(p->out, p->out->n - 1);
    buf_putc(p->out, '\n');
}

/* Variables stand in it as they are, so no dollar is doubled. */
static void print_scalar(struct printer *p, const struct ynode *n)
{
    if (n->plain && !strpbrk(n->text, ",[]{}#\"'&*"))
        buf_puts(p->out, n->text);
    else
        form_yaml_quote(p->out, bytes_of(n->text, n->len), false);
}

static bool is_flat(const struct ynode *n)
{
    for (size_t i = 0; i < n->n; i++)
        if (n->vals[i]->kind == YNODE_MAP || (n->vals[i]->kind == YNODE_SEQ && !is_flat(n->vals[i])))
            return false;
    return n->kind != YNODE_MAP || n->n == 0;
}

/* What fits on the line; false: a block must follow. */
static bool print_flat(struct printer *p, const struct ynode *n)
{
    if (n->tag)
        buf_printf(p->out, "%s ", n->tag);
    if (!is_flat(n))
        return false;
    if (n->kind == YNODE_SCALAR) {
        print_scalar(p, n);
        return true;
    }
    buf_puts(p->out, n->kind == YNODE_MAP ? "{" : "[");
    for (size_t i = 0; i < n->n; i++) {
        buf_puts(p->out, i ? ", " : "");
        print_flat(p, n->vals[i]);
    }
    buf_puts(p->out, n->kind == YNODE_MAP ? "}" : "]");
    return true;
}

static void print_value(struct printer *p, const struct ynode *n, unsigned indent)
{
    bool beside_dash = p->after_dash && n->kind == YNODE_MAP && n->n > 0 && !n->tag;

    if (beside_dash) {
        print_block(p, n, indent);
        return;
    }
    p->after_dash = false;
    bool flat = print_flat(p, n);
    end_line(p);
    if (!flat)
        print_block(p, n, indent);
}

static void print_block(struct printer *p, const struct ynode *n, unsigned indent)
{
    for (size_t i = 0; i < n->n; i++) {
        start_line(p, indent);
        if (n->kind == YNODE_MAP) {
            form_yaml_text(p->out, bytes_of(n->keys[i]->text, n->keys[i]->len));
            buf_puts(p->out, ": ");
        } else {
            buf_puts(p->out, "- ");
            p->after_dash = true;
        }
        print_value(p, n->vals[i], indent + 2);
    }
}

void case_print(const struct ynode *root, struct buf *out)
{
    struct printer p = {.out = out};

    print_block(&p, root, 0);
}
