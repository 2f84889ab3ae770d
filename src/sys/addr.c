/* The text form of addresses. Opening them is in addr_open.c. */
#include "sys/addr.h"

#include <arpa/inet.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/un.h>

#include "base/assert.h"
#include "base/fmt.h"

#define ADDR_FORMS "use unix:PATH, tcp:HOST:PORT or vsock:CID:PORT"
#define CID_ANY    UINT32_MAX /* VMADDR_CID_ANY, with a type */

/* A decimal number of at most `max`, all of s. */
static bool parse_number(uint64_t *out, const char *s, uint64_t max)
{
	*out = 0;
	if (*s == 0)
		return false;
	for (; *s != 0; s++) {
		if (*s < '0' || *s > '9')
			return false;
		*out = *out * 10 + (uint64_t)(*s - '0');
		if (*out > max)
			return false;
	}
	return true;
}

static enum err parse_unix(
    struct addr *a, const char *path, struct err_ctx *ctx)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	size_t n = strlen(path);

	if (n == 0)
		return err_set(ctx, ERR_FORMAT, "address unix: has no path");
	if (n >= sizeof(un.sun_path))
		return err_set(ctx, ERR_LIMIT,
		    "socket path is %zu bytes long, at most %zu are possible",
		    n, sizeof(un.sun_path) - 1);
	memcpy(un.sun_path, path, n + 1);
	memcpy(&a->sa, &un, sizeof(un));
	a->kind = ADDR_UNIX;
	a->len = sizeof(un);
	(void)fmt_print(a->text, sizeof(a->text), "unix:%s", path);
	return ERR_OK;
}

/* The canonical text of a TCP address; false if sa is neither IPv4 nor 6. */
static bool print_tcp(struct addr *a)
{
	char host[INET6_ADDRSTRLEN];
	const struct sockaddr_in *in4 = (const void *)&a->sa;
	const struct sockaddr_in6 *in6 = (const void *)&a->sa;

	if (a->sa.ss_family == AF_INET &&
	    inet_ntop(AF_INET, &in4->sin_addr, host, sizeof(host)) != NULL)
		(void)fmt_print(a->text, sizeof(a->text), "tcp:%s:%u", host,
		    (unsigned)ntohs(in4->sin_port));
	else if (a->sa.ss_family == AF_INET6 &&
		 inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof(host)) !=
		     NULL)
		(void)fmt_print(a->text, sizeof(a->text), "tcp:[%s]:%u", host,
		    (unsigned)ntohs(in6->sin6_port));
	else
		return false;
	return true;
}

static enum err parse_tcp(struct addr *a, const char *text, struct err_ctx *ctx)
{
	struct sockaddr_in in4 = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	char host[INET6_ADDRSTRLEN + 2] = { 0 };
	const char *colon = strrchr(text, ':');
	uint64_t port = 0;
	size_t n;

	if (colon == NULL || !parse_number(&port, colon + 1, 65535))
		return err_set(ctx, ERR_FORMAT,
		    "address tcp:%.*s has no port of 0 to 65535", 60, text);
	n = (size_t)(colon - text);
	if (n < sizeof(host))
		memcpy(host, text, n);
	in4.sin_port = in6.sin6_port = htons((uint16_t)port);
	a->kind = ADDR_TCP;
	if (strcmp(host, "localhost") == 0)
		(void)fmt_print(host, sizeof(host), "127.0.0.1");
	if (n > 2 && host[0] == '[' && host[n - 1] == ']') {
		host[n - 1] = 0;
		if (inet_pton(AF_INET6, host + 1, &in6.sin6_addr) == 1) {
			memcpy(&a->sa, &in6, sizeof(in6));
			a->len = sizeof(in6);
		}
	} else if (inet_pton(AF_INET, host, &in4.sin_addr) == 1) {
		memcpy(&a->sa, &in4, sizeof(in4));
		a->len = sizeof(in4);
	}
	if (a->len == 0 || !print_tcp(a))
		return err_set(ctx, ERR_FORMAT,
		    "host in tcp:%.*s is neither a numeric address "
		    "([...] for IPv6) nor localhost",
		    60, text);
	return ERR_OK;
}

static void print_vsock(struct addr *a)
{
	const struct sockaddr_vm *vm = (const void *)&a->sa;

	if (vm->svm_cid == CID_ANY)
		(void)fmt_print(
		    a->text, sizeof(a->text), "vsock:any:%u", vm->svm_port);
	else
		(void)fmt_print(a->text, sizeof(a->text), "vsock:%u:%u",
		    vm->svm_cid, vm->svm_port);
}

static enum err parse_vsock(
    struct addr *a, const char *text, struct err_ctx *ctx)
{
	struct sockaddr_vm vm = { .svm_family = AF_VSOCK };
	char cid_text[12] = { 0 };
	const char *colon = strchr(text, ':');
	uint64_t cid = CID_ANY;
	uint64_t port = 0;

	if (colon != NULL && (size_t)(colon - text) < sizeof(cid_text))
		memcpy(cid_text, text, (size_t)(colon - text));
	if (colon == NULL || !parse_number(&port, colon + 1, UINT32_MAX - 1) ||
	    (strcmp(cid_text, "any") != 0 &&
		!parse_number(&cid, cid_text, UINT32_MAX - 1)))
		return err_set(ctx, ERR_FORMAT,
		    "address vsock:%.*s is not vsock:CID:PORT", 60, text);
	vm.svm_cid = (unsigned)cid;
	vm.svm_port = (unsigned)port;
	memcpy(&a->sa, &vm, sizeof(vm));
	a->kind = ADDR_VSOCK;
	a->len = sizeof(vm);
	print_vsock(a);
	return ERR_OK;
}

enum err addr_parse(struct addr *out, const char *text, struct err_ctx *ctx)
{
	struct addr a = { 0 };
	enum err e;

	if (strncmp(text, "unix:", 5) == 0)
		e = parse_unix(&a, text + 5, ctx);
	else if (strncmp(text, "tcp:", 4) == 0)
		e = parse_tcp(&a, text + 4, ctx);
	else if (strncmp(text, "vsock:", 6) == 0)
		e = parse_vsock(&a, text + 6, ctx);
	else
		e = err_set(ctx, ERR_FORMAT,
		    "\"%.*s\" is not an address: " ADDR_FORMS, 60, text);
	*out = e == ERR_OK ? a : (struct addr){ 0 };
	return e;
}

enum err addr_local(struct addr *out, int fd)
{
	struct addr a = { .len = sizeof(a.sa) };
	struct sockaddr_un un;

	*out = (struct addr){ 0 };
	if (getsockname(fd, (struct sockaddr *)&a.sa, &a.len) != 0)
		return ERR_IO;
	switch (a.sa.ss_family) {
	case AF_UNIX:
		a.kind = ADDR_UNIX;
		memcpy(&un, &a.sa, sizeof(un));
		un.sun_path[sizeof(un.sun_path) - 1] = 0;
		(void)fmt_print(a.text, sizeof(a.text), "unix:%s", un.sun_path);
		break;
	case AF_VSOCK:
		a.kind = ADDR_VSOCK;
		print_vsock(&a);
		break;
	default:
		a.kind = ADDR_TCP;
		if (!print_tcp(&a))
			return ERR_UNSUPPORTED;
	}
	*out = a;
	return ERR_OK;
}
