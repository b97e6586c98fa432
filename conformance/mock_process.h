/* kmip-mock as a child of ours: started on a free loopback port with certificates in a
 * temporary folder, ended and cleaned up behind it. The tester knows the mock by its
 * command line and its socket only. */
#ifndef CONFORMANCE_MOCK_PROCESS_H
#define CONFORMANCE_MOCK_PROCESS_H

#include <sys/types.h>

#include "client/lib/kc.h"

struct mock_process {
    pid_t pid;              /* 0: not running */
    char dir[256];          /* temporary */
    char host[64], port[16];
    char control[80];       /* HOST:PORT of its control API; "": it was not asked for */
    struct tls_dir client;  /* certificates of a client */
};

/* The program: KMIP_MOCK, or kmip-mock beside ours. pki: a folder of certificates, made if
 * it is not there (NULL: one of its own). args: its options, NULL at the end; --pki,
 * --listen and --ready-file are added. KE_USAGE when there is no program, KE_IO with the
 * mock's own words when it does not start. */
__attribute__((warn_unused_result)) bool mock_start(struct mock_process *m, const char *pki,
                                                    const char *const *args, struct kerr *err);
/* Has it ended by itself? How, into what. */
bool mock_ended(struct mock_process *m, char *what, size_t room);
/* Ends it and removes the folder. Safe on a zeroed one. */
void mock_stop(struct mock_process *m);

#endif
