/*
 * Stream addresses, written the same way everywhere:
 *
 *	unix:PATH		a Unix socket
 *	tcp:HOST:PORT		HOST is a numeric IPv4 address, a numeric IPv6
 *				address in brackets, or localhost
 *	vsock:CID:PORT		a virtual machine's socket; CID may be `any`
 *
 * No name is ever looked up: that would pull a resolver into static binaries
 * and ask the network about what the user does.
 */
#ifndef CONFER_SYS_ADDR_H
#define CONFER_SYS_ADDR_H

#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"

#define ADDR_TEXT_MAX 160 /* holds a Unix path of 107 bytes and any other */

enum addr_kind {
	ADDR_NONE = 0,
	ADDR_UNIX,
	ADDR_TCP,
	ADDR_VSOCK,
};

struct addr {
	enum addr_kind kind;
	char text[ADDR_TEXT_MAX]; /* canonical spelling, for messages */
	socklen_t len;
	struct sockaddr_storage sa;
};

/* Who is at the other end: equal keys are one peer, for rate limits. */
struct addr_peer {
	uint8_t key[16]; /* IP address, user id or CID, by kind */
};

/* ERR_FORMAT or ERR_LIMIT; ctx says what is wrong and shows the three forms. */
enum err addr_parse(struct addr *out, const char *text, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/*
 * Open a listening socket: non-blocking, close-on-exec. A Unix socket gets mode
 * 0600; one that a dead process left behind is replaced, one that answers is
 * not (ERR_BUSY, as for a TCP port in use). ERR_NOTFOUND: its directory does
 * not exist. ctx holds one sentence for a person.
 */
enum err addr_listen(int *fd, const struct addr *a, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/* What a listening socket is bound to: port 0 becomes the port it got. */
enum err addr_local(struct addr *out, int fd)
    __attribute__((warn_unused_result));

/*
 * The next waiting connection, non-blocking, close-on-exec; TCP without delay.
 * ERR_AGAIN: none waits. ERR_NOSPACE: this process has no descriptor left.
 */
enum err addr_accept(int *fd, struct addr_peer *peer, int listen_fd)
    __attribute__((warn_unused_result));

/*
 * Connect within timeout_ms. The socket is non-blocking. ERR_NOTFOUND: nobody
 * listens there; ERR_TIMEOUT; ERR_IO. ctx holds one sentence for a person.
 */
enum err addr_connect(int *fd, const struct addr *a, unsigned timeout_ms,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/* Remove a Unix socket's name when its owner stops; nothing for the others. */
void addr_unlink(const struct addr *a);

#endif
