/* /dev/sev-guest, played by a function in place of ioctl(2). */
#include "fake_tsm.h"

#include <sys/ioctl.h>

#include "attest/snp.h"
#include "enclave/source.h"
#include "enclave/source_sev.h"

static char device[] = "/tmp/source_sev_XXXXXX";
static struct source s;
static struct source_answer a;
static struct err_ctx ctx;
static uint8_t data[REPORT_DATA_LEN];

/* ---- the device */

static struct {
	int error; /* errno of each call, 0: none */
	int ext_error;
	uint64_t exitinfo2;
	unsigned busy;   /* calls that the hypervisor puts off */
	uint32_t status; /* of the firmware's answer */
	uint32_t size;
	bool recorded;     /* an answer to another question */
	uint32_t room;     /* certificates need this much */
	uint32_t told;     /* and the host says that they need this */
	unsigned ext, get; /* calls */
	uint32_t certs_len;
} dev;

static uint8_t *at(uint64_t address)
{
	return (uint8_t *)(uintptr_t)address;
}

static void put_u32(uint8_t *out, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		out[i] = (uint8_t)(v >> 8 * i);
}

static int fails(struct sev_guest_ioctl *arg, int error, uint64_t exitinfo2)
{
	arg->exitinfo2 = exitinfo2;
	errno = error;
	return -1;
}

static int respond(
    struct sev_guest_ioctl *arg, const struct sev_guest_request *req)
{
	uint8_t *out = at(arg->resp_data);

	assert_int_equal(req->vmpl, 0);
	assert_true(mem_is_zero(req->reserved, sizeof(req->reserved)));
	if (dev.error != 0 || dev.exitinfo2 != 0)
		return fails(
		    arg, dev.error != 0 ? dev.error : EIO, dev.exitinfo2);
	memset(out, 0, SEV_GUEST_RESPONSE_LEN);
	put_u32(out, dev.status);
	put_u32(out + 4, dev.size);
	(void)fake_snp_report(out + 32);
	if (!dev.recorded)
		memcpy(out + 32 + 0x50, req->user_data, 64);
	return 0;
}

static int play(int fd, unsigned long request, void *p)
{
	struct sev_guest_ioctl *arg = p;
	struct sev_guest_ext_request *ext;

	assert_int_equal(fd, s.fd);
	assert_int_equal(arg->msg_version, 1);
	assert_int_equal(arg->exitinfo2, 0);
	if (request == SEV_GUEST_GET_REPORT) {
		dev.get++;
		return respond(arg, (const void *)at(arg->req_data));
	}
	assert_true(request == SEV_GUEST_GET_EXT_REPORT);
	dev.ext++;
	if (dev.busy > 0) {
		dev.busy--;
		return fails(arg, EAGAIN, 2ULL << 32);
	}
	if (dev.ext_error != 0)
		return fails(arg, dev.ext_error, 0);
	ext = (void *)at(arg->req_data);
	dev.certs_len = ext->certs_len;
	if (dev.room > ext->certs_len) {
		ext->certs_len = dev.told;
		return fails(arg, EIO, 1ULL << 32);
	}
	memset(at(ext->certs_address), 0, ext->certs_len);
	memcpy(at(ext->certs_address), "table", 5);
	return respond(arg, &ext->data);
}

/* ---- claims */

static struct source_os os;

static void start(void)
{
	source_close(&s);
	fake_reset("/");
	memset(&dev, 0, sizeof(dev));
	dev.size = SNP_REPORT_LEN;
	os = fake_os;
	os.ioctl = play;
	s = (struct source)SOURCE_INIT;
	s.os = &os;
	ctx = (struct err_ctx){ 0 };
	CHECK_OK(source_sev_find(&s, device, &ctx));
}

static enum err make(void)
{
	ctx = (struct err_ctx){ 0 };
	return source_make(&a, &s, data, &ctx);
}

static void check_fails(enum err want, const char *why)
{
	CHECK_ERR(make(), want);
	CHECK_STR(ctx.msg, why);
	CHECK_EQ(a.report_len, 0);
	CHECK_EQ(a.extra_len, 0);
}

TEST(sev_guest_requests_are_laid_out_as_the_kernels)
{
	/* _IOWR('S', 0 and 2, 32 bytes) */
	CHECK_EQ(SEV_GUEST_GET_REPORT, 0xc0205300);
	CHECK_EQ(SEV_GUEST_GET_EXT_REPORT, 0xc0205302);
	CHECK_EQ(offsetof(struct sev_guest_ioctl, req_data), 8);
	CHECK_EQ(offsetof(struct sev_guest_ioctl, exitinfo2), 24);
	CHECK_EQ(offsetof(struct sev_guest_request, vmpl), 64);
	CHECK_EQ(offsetof(struct sev_guest_ext_request, certs_address), 96);
	CHECK_EQ(offsetof(struct sev_guest_ext_request, certs_len), 104);
}

TEST(sev_guest_gives_a_report_and_the_hosts_table)
{
	start();
	CHECK_EQ(s.tee, TEE_SNP);
	CHECK_OK(make());
	CHECK_EQ(a.tee, TEE_SNP);
	CHECK_EQ(a.report_len, SNP_REPORT_LEN);
	CHECK_MEM(a.report + 0x50, data, sizeof(data));
	CHECK_EQ(a.extra_len, SEV_GUEST_CERTS_LEN);
	CHECK_MEM(a.extra, "table", 5);
	CHECK_EQ(dev.ext, 1);
	CHECK_EQ(dev.get, 0);
}

TEST(sev_guest_asks_once_more_with_the_room_that_the_host_wants)
{
	start();
	dev.room = dev.told = SEV_GUEST_CERTS_LEN + 4096;
	CHECK_OK(make());
	CHECK_EQ(dev.ext, 2);
	CHECK_EQ(dev.certs_len, SEV_GUEST_CERTS_LEN + 4096);
	CHECK_EQ(a.extra_len, SEV_GUEST_CERTS_LEN + 4096);
	/* More than we have, no more than it had, and never enough. */
	start();
	dev.room = dev.told = SOURCE_EXTRA_LEN_MAX + 1;
	check_fails(ERR_LIMIT,
	    "sev-guest: the host wants room for 32769 bytes of certificates, "
	    "at most 32768");
	CHECK_EQ(dev.ext, 1);
	start();
	dev.room = SEV_GUEST_CERTS_LEN + 1;
	dev.told = SEV_GUEST_CERTS_LEN;
	CHECK_ERR(make(), ERR_LIMIT);
	CHECK_EQ(dev.ext, 1);
	start();
	dev.room = UINT32_MAX;
	dev.told = SOURCE_EXTRA_LEN_MAX;
	check_fails(ERR_PROTOCOL, "sev-guest: error 1 of the hypervisor");
	CHECK_EQ(dev.ext, 2);
}

TEST(sev_guest_does_without_the_table_where_the_device_has_none)
{
	start();
	dev.ext_error = ENOTTY;
	CHECK_OK(make());
	CHECK_EQ(dev.get, 1);
	CHECK_EQ(a.report_len, SNP_REPORT_LEN);
	CHECK_EQ(a.extra_len, 0);
	dev.error = ENOTTY;
	check_fails(ERR_UNSUPPORTED,
	    "sev-guest: the device does not take requests for reports");
}

TEST(sev_guest_says_who_refused)
{
	start();
	dev.ext_error = EIO;
	check_fails(ERR_IO, "sev-guest: i/o error");
	CHECK_EQ(dev.get, 0);
	start();
	dev.exitinfo2 = 0x16; /* INVALID_PARAM */
	check_fails(ERR_POLICY, "sev-guest: error 22 of the firmware");
	start();
	dev.exitinfo2 = 7ULL << 32;
	check_fails(ERR_PROTOCOL, "sev-guest: error 7 of the hypervisor");
	start();
	dev.status = 0x27;
	check_fails(ERR_POLICY, "sev-guest: the firmware refused, status 39");
	/* Also where the certificates are not asked for. */
	start();
	dev.ext_error = ENOTTY;
	dev.status = 0x27;
	check_fails(ERR_POLICY, "sev-guest: the firmware refused, status 39");
}

TEST(sev_guest_tries_again_while_the_host_is_busy)
{
	start();
	dev.busy = 2;
	CHECK_OK(make());
	CHECK_EQ(dev.ext, 3);
	CHECK_EQ(fake.waits, 2);
	start();
	dev.busy = 1000;
	check_fails(ERR_BUSY, "sev-guest: the host has no time for a report");
	CHECK_EQ(dev.ext, SOURCE_TRIES);
}

TEST(sev_guest_looks_at_the_answer)
{
	start();
	dev.recorded = true;
	check_fails(ERR_AUTH,
	    "sev-guest: the report is about another REPORT_DATA than the one "
	    "asked for");
	start();
	dev.size = SNP_REPORT_LEN - 1;
	check_fails(
	    ERR_FORMAT, "sev-guest: a report of 1183 bytes, must be 1184");
	dev.size = UINT32_MAX;
	CHECK_ERR(make(), ERR_FORMAT);
}

TEST(sev_guest_is_not_there_without_its_device)
{
	start();
	source_close(&s);
	ctx = (struct err_ctx){ 0 };
	CHECK_ERR(
	    source_sev_find(&s, "/tmp/source_sev_none", &ctx), ERR_NOTFOUND);
	CHECK_EQ(ctx.msg[0], 0);
	fake.fault = (struct fake_fault){ device + 5, 'o', EACCES, 1 };
	CHECK_ERR(source_sev_find(&s, device, &ctx), ERR_IO);
	CHECK(strstr(ctx.msg, ": Permission denied") != NULL);
	/* A character device that is no sev-guest: the real ioctl says so. */
	s = (struct source)SOURCE_INIT;
	s.os = &source_os_linux;
	CHECK_OK(source_sev_find(&s, "/dev/null", &ctx));
	check_fails(ERR_UNSUPPORTED,
	    "sev-guest: the device does not take requests for reports");
}

static int set_up(void **state)
{
	int fd = mkstemp(device);

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i + 1);
	s = (struct source)SOURCE_INIT;
	s.os = &source_os_linux;
	return fd < 0 || close(fd) != 0;
}

static int tear_down(void **state)
{
	(void)state;
	source_close(&s);
	return unlink(device);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    sev_guest_requests_are_laid_out_as_the_kernels),
		cmocka_unit_test(sev_guest_gives_a_report_and_the_hosts_table),
		cmocka_unit_test(
		    sev_guest_asks_once_more_with_the_room_that_the_host_wants),
		cmocka_unit_test(
		    sev_guest_does_without_the_table_where_the_device_has_none),
		cmocka_unit_test(sev_guest_says_who_refused),
		cmocka_unit_test(sev_guest_tries_again_while_the_host_is_busy),
		cmocka_unit_test(sev_guest_looks_at_the_answer),
		cmocka_unit_test(sev_guest_is_not_there_without_its_device),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
