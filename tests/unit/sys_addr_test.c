/* Addresses: what they mean, and what each failure says. */
#include "test.h"

#include <sys/stat.h>
#include <unistd.h>

#include "sys/addr.h"
#include "sys/fd.h"

static char dir[] = "/tmp/sys_addr_XXXXXX";
static char text[256];

static const char *in_dir(const char *name)
{
	snprintf(text, sizeof(text), "unix:%s/%s", dir, name);
	return text;
}

static void check_refused(const char *address, enum err want, const char *says)
{
	struct err_ctx ctx = { 0 };
	struct addr a;

	CHECK_ERR(addr_parse(&a, address, &ctx), want);
	if (strstr(ctx.msg, says) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", ctx.msg, says);
}

static void check_canonical(const char *address, const char *want)
{
	struct addr a;

	CHECK_OK(addr_parse(&a, address, NULL));
	CHECK_STR(a.text, want);
}

TEST(addr_reads_the_three_forms)
{
	check_canonical("unix:/run/x", "unix:/run/x");
	check_canonical("tcp:127.0.0.1:80", "tcp:127.0.0.1:80");
	check_canonical("tcp:localhost:0", "tcp:127.0.0.1:0");
	check_canonical("tcp:[0:0::1]:65535", "tcp:[::1]:65535");
	check_canonical("vsock:3:1024", "vsock:3:1024");
	check_canonical("vsock:any:1", "vsock:any:1");
}

TEST(addr_refuses_what_is_no_address)
{
	char longest[200] = "unix:";

	check_refused("", ERR_FORMAT, "not an address");
	check_refused("http://x", ERR_FORMAT, "unix:PATH");
	check_refused("unix:", ERR_FORMAT, "no path");
	check_refused("tcp:127.0.0.1", ERR_FORMAT, "no port");
	check_refused("tcp:127.0.0.1:", ERR_FORMAT, "no port");
	check_refused("tcp:127.0.0.1:65536", ERR_FORMAT, "no port");
	check_refused("tcp:127.0.0.1:-1", ERR_FORMAT, "no port");
	check_refused("tcp:example.org:80", ERR_FORMAT, "numeric");
	check_refused("tcp:::1:80", ERR_FORMAT, "[...]");
	check_refused("tcp:[::1:80", ERR_FORMAT, "[...]");
	check_refused("vsock:3", ERR_FORMAT, "vsock:CID:PORT");
	check_refused("vsock:4294967296:1", ERR_FORMAT, "vsock:CID:PORT");
	memset(longest + 5, 'a', 108);
	check_refused(longest, ERR_LIMIT, "108 bytes long, at most 107");
	longest[5 + 107] = 0;
	check_canonical(longest, longest);
}

/* A connection can be made and carries bytes, over `address`. */
static void check_carries(const char *address)
{
	struct addr a, local;
	struct addr_peer peer;
	int listener, client, server;
	char got[2];

	CHECK_OK(addr_parse(&a, address, NULL));
	CHECK_OK(addr_listen(&listener, &a, NULL));
	CHECK_ERR(addr_accept(&server, &peer, listener), ERR_AGAIN);
	CHECK_OK(addr_local(&local, listener));
	CHECK_OK(addr_connect(&client, &local, 1000, NULL));
	CHECK_OK(addr_accept(&server, &peer, listener));
	CHECK_OK(fd_write_full(client, "hi", 2, FD_NO_DEADLINE));
	CHECK_OK(fd_read_full(server, got, 2, FD_NO_DEADLINE));
	CHECK_MEM(got, "hi", 2);
	fd_close(&client);
	CHECK_ERR(fd_read_full(server, got, 1, FD_NO_DEADLINE), ERR_CLOSED);
	fd_close(&server);
	fd_close(&listener);
	addr_unlink(&local);
}

TEST(addr_connects_over_unix_and_tcp)
{
	check_carries(in_dir("carry"));
	check_carries("tcp:127.0.0.1:0");
	check_carries("tcp:[::1]:0");
}

TEST(addr_listen_names_a_tcp_port_in_use)
{
	struct err_ctx ctx = { 0 };
	struct addr a, local;
	int first, second;

	CHECK_OK(addr_parse(&a, "tcp:127.0.0.1:0", NULL));
	CHECK_OK(addr_listen(&first, &a, NULL));
	CHECK_OK(addr_local(&local, first));
	CHECK_ERR(addr_listen(&second, &local, &ctx), ERR_BUSY);
	CHECK_EQ(second, -1);
	CHECK(strstr(ctx.msg, "another program listens there") != NULL);
	fd_close(&first);
}

TEST(addr_listen_leaves_a_living_unix_socket_alone)
{
	struct err_ctx ctx = { 0 };
	struct addr a;
	int first, second, client;

	CHECK_OK(addr_parse(&a, in_dir("live"), NULL));
	CHECK_OK(addr_listen(&first, &a, NULL));
	CHECK_ERR(addr_listen(&second, &a, &ctx), ERR_BUSY);
	CHECK_OK(addr_connect(&client, &a, 1000, NULL));
	fd_close(&client);
	fd_close(&first);
	addr_unlink(&a);
}

TEST(addr_listen_replaces_a_stale_unix_socket)
{
	struct addr a;
	int fd;

	CHECK_OK(addr_parse(&a, in_dir("stale"), NULL));
	CHECK_OK(addr_listen(&fd, &a, NULL));
	fd_close(&fd); /* as a crash leaves it: the name stays */
	CHECK_ERR(addr_connect(&fd, &a, 1000, NULL), ERR_NOTFOUND);
	CHECK_OK(addr_listen(&fd, &a, NULL));
	fd_close(&fd);
	addr_unlink(&a);
	CHECK(access(text + 5, F_OK) != 0);
}

TEST(addr_listen_never_removes_a_file)
{
	struct err_ctx ctx = { 0 };
	struct addr a;
	int fd;

	CHECK_OK(addr_parse(&a, in_dir("file"), NULL));
	CHECK_OK(fd_replace_file(
	    text + 5, (struct bytes){ (const uint8_t *)"x", 1 }, 0600, NULL));
	CHECK_ERR(addr_listen(&fd, &a, &ctx), ERR_BUSY);
	CHECK(strstr(ctx.msg, "no socket") != NULL);
	CHECK(access(text + 5, F_OK) == 0);
	unlink(text + 5);
}

TEST(addr_listen_says_that_the_directory_is_missing)
{
	struct err_ctx ctx = { 0 };
	struct addr a;
	int fd;

	CHECK_OK(addr_parse(&a, in_dir("no/such"), NULL));
	CHECK_ERR(addr_listen(&fd, &a, &ctx), ERR_NOTFOUND);
	CHECK(strstr(ctx.msg, "directory does not exist") != NULL);
	CHECK_ERR(addr_connect(&fd, &a, 1000, NULL), ERR_NOTFOUND);
}

TEST(addr_listen_keeps_a_unix_socket_to_its_owner)
{
	struct addr a;
	struct stat st;
	int fd;

	CHECK_OK(addr_parse(&a, in_dir("mode"), NULL));
	CHECK_OK(addr_listen(&fd, &a, NULL));
	CHECK_EQ(stat(text + 5, &st), 0);
	CHECK_EQ(st.st_mode & 0777, 0600);
	fd_close(&fd);
	addr_unlink(&a);
}

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) == NULL;
}

static int remove_dir(void **state)
{
	(void)state;
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addr_reads_the_three_forms),
		cmocka_unit_test(addr_refuses_what_is_no_address),
		cmocka_unit_test(addr_connects_over_unix_and_tcp),
		cmocka_unit_test(addr_listen_names_a_tcp_port_in_use),
		cmocka_unit_test(addr_listen_leaves_a_living_unix_socket_alone),
		cmocka_unit_test(addr_listen_replaces_a_stale_unix_socket),
		cmocka_unit_test(addr_listen_never_removes_a_file),
		cmocka_unit_test(
		    addr_listen_says_that_the_directory_is_missing),
		cmocka_unit_test(addr_listen_keeps_a_unix_socket_to_its_owner),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
