/* Standard input, output and error, for the main functions of programs. */
#ifndef KMIP_BASE_STD_H
#define KMIP_BASE_STD_H

/* To be called first. Those of the three that the caller has closed are opened on
 * /dev/null: else the next socket or file would take their number, and what is printed
 * would go into it. */
void std_open(void);
/* The exit code of a program that would end with `code`: not 0 when something printed on
 * standard output was lost, which is told on standard error. */
int std_finish(const char *program, int code);

#endif
