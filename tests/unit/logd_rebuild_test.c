/* Rebuilding: what the command is told, what it may do, what is compared. */
#include "logd_records.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "logd/rebuild.h"
#include "sys/clock.h"
#include "sys/fd.h"

#define LONG_MS 60000 /* more than any of these commands needs */

static struct signer alice;
static const struct signer *by = &alice;
static struct entry entry;
static struct logd_rebuild got;
static struct err_ctx ctx;

static int setup(void **state)
{
	(void)state;
	CHECK_OK(crypto_init());
	alice = signer_make("release.example.org/a", TLOG_KEY_ED25519);
	return 0;
}

static enum err rebuild(
    const struct tlog_record *rec, const char *command, unsigned time_ms)
{
	struct logd_rebuild_spec spec = {
		.command = command, .log_fd = -1, .time_ms = time_ms
	};

	record_sign(&entry, rec, &by, 1);
	spec.entry = entry_bytes(&entry);
	ctx = (struct err_ctx){ 0 };
	return logd_rebuild_run(&got, &spec, &ctx);
}

static struct tlog_record client(void)
{
	return record_make(RECORD_CLIENT, 1);
}

/* The record itself tells what a good build prints. */
#define GOOD "grep ^file \"$CONFER_RECORD\""

/* L-185 */
TEST(the_same_lines_are_the_same_build)
{
	struct tlog_record rec = client();
	struct tlog_hash want;
	struct tlog_note note;

	CHECK_OK(rebuild(&rec, GOOD, LONG_MS));
	CHECK(got.same);
	CHECK_EQ(got.line, 0);
	CHECK_OK(tlog_note_parse(&note, entry_bytes(&entry), NULL));
	CHECK_OK(tlog_rebuild_result(&want, note.text));
	CHECK(tlog_hash_eq(&got.result, &want));
	rec = record_make(RECORD_WEB, 1);
	CHECK_OK(rebuild(&rec, "grep ^bundle $CONFER_RECORD", LONG_MS));
	CHECK(got.same);
	rec = record_make(RECORD_IMAGE, 1);
	CHECK_OK(
	    rebuild(&rec, "grep -E '^(file|snp) ' $CONFER_RECORD", LONG_MS));
	CHECK(got.same);
}

/* L-186 */
TEST(the_command_is_told_what_to_build)
{
	struct tlog_record rec = client();
	const char *dir = "0102030000000000000000000000000000000000";

	CHECK_OK(rebuild(&rec,
	    "echo $CONFER_SOURCE_URL $CONFER_SOURCE_COMMIT $CONFER_VERSION",
	    LONG_MS));
	CHECK_EQ(strncmp(got.got, "https://example.org/confer.git ", 31), 0);
	CHECK_EQ(strncmp(got.got + 31, dir, 40), 0);
	CHECK_STR(got.got + 71, " 1.4.0");
	CHECK_OK(rebuild(&rec, "echo $CONFER_SOURCE_TREE", LONG_MS));
	CHECK_STR(got.got, "0405060000000000000000000000000000000000");
	CHECK_OK(rebuild(&rec, "echo $CONFER_KIND $CONFER_RECIPE", LONG_MS));
	CHECK_EQ(strncmp(got.got, "client sha256:0000", 18), 0);
	CHECK_EQ(strlen(got.got), 7 + 71);
	rec.client.has_recipe = false;
	CHECK_OK(rebuild(&rec, "echo \"<$CONFER_RECIPE>\"", LONG_MS));
	CHECK_STR(got.got, "<>");
	rec = record_make(RECORD_WEB, 1);
	rec.web.version = text_bytes("w1");
	CHECK_OK(rebuild(&rec, "echo $CONFER_KIND $CONFER_VERSION", LONG_MS));
	CHECK_STR(got.got, "web w1");
	rec = record_make(RECORD_IMAGE, 1);
	rec.image.version = text_bytes("i1");
	CHECK_OK(rebuild(&rec, "echo $CONFER_KIND $CONFER_VERSION", LONG_MS));
	CHECK_STR(got.got, "image i1");
}

TEST(values_are_not_read_as_shell_text)
{
	struct tlog_record rec = client();

	rec.client.source.url = text_bytes("$(echo;echo)`id`\";exit;'");
	CHECK_OK(rebuild(&rec, "echo \"$CONFER_SOURCE_URL\"", LONG_MS));
	CHECK_STR(got.got, "$(echo;echo)`id`\";exit;'");
}

TEST(the_longest_values_are_told_whole)
{
	struct tlog_record rec = client();
	char url[RECORD_URL_LEN_MAX + 1], version[RECORD_TOKEN_LEN_MAX + 1];

	memset(url, 'u', sizeof(url));
	url[sizeof(url) - 1] = '\0';
	memset(version, 'v', sizeof(version));
	version[sizeof(version) - 1] = '\0';
	rec.client.source.url = text_bytes(url);
	rec.client.version = text_bytes(version);
	rec.client.source.commit.len = rec.client.source.tree.len = 32;
	CHECK_OK(rebuild(&rec,
	    "echo ${#CONFER_SOURCE_URL} ${#CONFER_SOURCE_COMMIT}"
	    " ${#CONFER_SOURCE_TREE} ${#CONFER_VERSION} ${#CONFER_RECIPE}",
	    LONG_MS));
	CHECK_STR(got.got, "255 64 64 64 71");
}

static size_t open_files(void)
{
	size_t n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

TEST(no_descriptor_is_left_behind)
{
	struct tlog_record rec = client();
	size_t before = open_files();

	CHECK_OK(rebuild(&rec, GOOD, LONG_MS));
	CHECK_ERR(rebuild(&rec, "exit 1", LONG_MS), ERR_PROTOCOL);
	CHECK_ERR(rebuild(&rec, "sleep 1000", 1), ERR_TIMEOUT);
	CHECK_EQ(open_files(), before);
}

TEST(the_records_file_is_gone_afterwards)
{
	struct tlog_record rec = client();

	CHECK_OK(rebuild(&rec, "echo $CONFER_RECORD", LONG_MS));
	CHECK_EQ(strncmp(got.got, "/tmp/confer-rebuild-", 20), 0);
	CHECK_EQ(access(got.got, F_OK), -1);
	got.got[26] = '\0';
	CHECK_EQ(access(got.got, F_OK), -1);
}

/* L-187 */
TEST(a_failing_command_is_no_result)
{
	struct tlog_record rec = client();

	CHECK_ERR(rebuild(&rec, GOOD "; exit 3", LONG_MS), ERR_PROTOCOL);
	CHECK_STR(ctx.msg, "rebuild: the command ended with status 3");
	CHECK(!got.same);
	CHECK_ERR(rebuild(&rec, GOOD "; kill -9 $$", LONG_MS), ERR_PROTOCOL);
}

TEST(a_command_that_does_not_end_is_killed_with_its_children)
{
	struct tlog_record rec = client();

	CHECK_ERR(rebuild(&rec, "sleep 1000 & wait", 1), ERR_TIMEOUT);
	CHECK_STR(ctx.msg, "rebuild: no end within 0 s");
	/* This one closes what we read from. */
	CHECK_ERR(rebuild(&rec, "exec >&- 2>&-; sleep 1000", 300), ERR_TIMEOUT);
}

/* Has this process ended, or does so at once? */
static bool has_ended(const char *pid)
{
	int fd = (int)syscall(SYS_pidfd_open, strtol(pid, NULL, 10), 0);
	enum err e;

	if (fd < 0)
		return true;
	e = fd_wait(fd, false, clock_mono_ms() + 10000);
	fd_close(&fd);
	return e == ERR_OK;
}

/* What outlives the command would hold, and write, what it has open. */
TEST(nothing_is_left_of_a_command_that_has_ended)
{
	static const struct {
		const char *end;
		enum err want;
	} ways[] = { { "exit 3", ERR_PROTOCOL }, { "exit 0", ERR_OK } };
	struct tlog_record rec = client();
	char path[64], command[192];
	uint8_t text[32] = { 0 };
	size_t len;

	(void)snprintf(
	    path, sizeof(path), "/tmp/confer-left-%ld", (long)getpid());
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		(void)snprintf(command, sizeof(command),
		    "sleep 1000 >/dev/null 2>&1 & echo $! > %s; %s", path,
		    ways[i].end);
		CHECK_ERR(rebuild(&rec, command, LONG_MS), ways[i].want);
		CHECK_OK(
		    fd_read_file(text, sizeof(text) - 1, &len, path, NULL));
		CHECK(has_ended((const char *)text));
	}
	CHECK_EQ(unlink(path), 0);
}

/* Ctrl-C ends the audit, and the build that it waits for. */
TEST(a_build_ends_with_the_audit)
{
	struct tlog_record rec = client();
	char path[64], command[192], text[128] = "", record[96];
	int status;
	FILE *f;
	pid_t pid;

	(void)snprintf(
	    path, sizeof(path), "/tmp/confer-audit-%ld", (long)getpid());
	(void)snprintf(command, sizeof(command),
	    "sleep 1000 & echo $! $CONFER_RECORD > %s; wait", path);
	CHECK_EQ(mkfifo(path, 0600), 0);
	pid = fork();
	if (pid == 0) {
		(void)!rebuild(&rec, command, LONG_MS);
		_exit(0);
	}
	f = fopen(path, "r"); /* as soon as the command writes */
	assert_non_null(f);
	CHECK(fgets(text, sizeof(text), f) != NULL);
	CHECK_EQ(fclose(f), 0);
	CHECK_EQ(unlink(path), 0);
	CHECK_EQ(sscanf(text, "%*d %95s", record), 1);
	CHECK_EQ(access(record, F_OK), 0);
	CHECK_EQ(kill(pid, SIGTERM), 0);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	CHECK(has_ended(text));
	CHECK_EQ(access(record, F_OK), -1);
}

TEST(more_than_64_kib_of_output_are_refused)
{
	struct tlog_record rec = client();

	CHECK_ERR(rebuild(&rec, "cat /dev/zero", LONG_MS), ERR_LIMIT);
	CHECK_OK(rebuild(&rec, "head -c 65536 /dev/zero", LONG_MS));
	CHECK(!got.same);
	CHECK_ERR(rebuild(&rec, "head -c 65537 /dev/zero", LONG_MS), ERR_LIMIT);
	CHECK_STR(ctx.msg, "rebuild: it prints more than 65536 bytes");
}

TEST(what_nobody_can_build_is_not_tried)
{
	struct tlog_record rec = record_make(RECORD_POLICY, 1);

	CHECK_ERR(rebuild(&rec, "true", LONG_MS), ERR_UNSUPPORTED);
	rec = client();
	rec.client.source.url.len = 0;
	CHECK_ERR(rebuild(&rec, "true", LONG_MS), ERR_UNSUPPORTED);
	CHECK_STR(ctx.msg, "rebuild: the record names no source");
}

TEST(what_is_no_record_is_not_built)
{
	struct logd_rebuild_spec spec = { .command = "true",
		.entry = BYTES_LITERAL("nothing"),
		.log_fd = -1,
		.time_ms = LONG_MS };

	CHECK_ERR(logd_rebuild_run(&got, &spec, NULL), ERR_FORMAT);
}

static void check_compare(
    const char *printed, size_t line, const char *g, const char *w)
{
	struct tlog_record rec = client();
	static uint8_t text[RECORD_LEN_MAX];
	struct wr wr = wr_init(text, sizeof(text));

	rec.client.files.item[1] = rec.client.files.item[0];
	rec.client.files.item[1].role = text_bytes("rootfs");
	rec.client.files.n = 2;
	CHECK_OK(tlog_record_format(&wr, &rec, NULL));
	CHECK_OK(logd_rebuild_compare(
	    &got, text_bytes(printed), (struct bytes){ text, wr.len }, NULL));
	CHECK_EQ(got.line, line);
	CHECK_EQ(got.same, line == 0);
	CHECK_STR(got.got, g);
	CHECK_EQ(strncmp(got.want, w, strlen(w)), 0);
}

#define DIGEST                                                                 \
	" 7 sha256:07000000000000000000000000000000"                           \
	"00000000000000000000000000000000"

/* L-188 */
TEST(the_first_line_that_differs_is_told)
{
	check_compare(
	    "file kernel" DIGEST "\nfile rootfs" DIGEST "\n", 0, "", "");
	check_compare("file kernel" DIGEST "\nfile rootfs" DIGEST, 2,
	    "file rootfs" DIGEST, "file rootfs");
	check_compare("file kernel" DIGEST "\n", 2, "", "file rootfs");
	check_compare("", 1, "", "file kernel");
	check_compare("file rootfs" DIGEST "\nfile kernel" DIGEST "\n", 1,
	    "file rootfs" DIGEST, "file kernel");
	check_compare("file kernel" DIGEST "\nfile rootfs" DIGEST "\nmore\n", 3,
	    "more", "");
	check_compare("\x1b[2J\n", 1, "?[2J", "file kernel");
	check_compare("\x1f \x7e\x7f\x80\n", 1, "? ~??", "file kernel");
}

TEST(a_long_line_is_cut)
{
	char line[300];

	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\0';
	check_compare(line, 1, line + 299 - LOGD_REBUILD_LINE_MAX, "file");
}

TEST(the_finding_says_what_came_out)
{
	struct logd_finding f;

	got = (struct logd_rebuild){ .same = true };
	logd_rebuild_finding(&f, 7, &got);
	CHECK_EQ(f.kind, LOGD_NOTE);
	CHECK_STR(f.name, "rebuilt");
	CHECK(f.has_index);
	CHECK_EQ(f.index, 7);
	got = (struct logd_rebuild){ .line = 2, .got = "a", .want = "b" };
	logd_rebuild_finding(&f, 7, &got);
	CHECK_EQ(f.kind, LOGD_ALARM);
	CHECK_STR(f.name, "rebuild-differs");
	CHECK_STR(f.text, "built again, line 2 is \"a\", in the record \"b\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_lines_are_the_same_build),
		cmocka_unit_test(the_command_is_told_what_to_build),
		cmocka_unit_test(values_are_not_read_as_shell_text),
		cmocka_unit_test(the_longest_values_are_told_whole),
		cmocka_unit_test(no_descriptor_is_left_behind),
		cmocka_unit_test(the_records_file_is_gone_afterwards),
		cmocka_unit_test(a_failing_command_is_no_result),
		cmocka_unit_test(
		    a_command_that_does_not_end_is_killed_with_its_children),
		cmocka_unit_test(nothing_is_left_of_a_command_that_has_ended),
		cmocka_unit_test(a_build_ends_with_the_audit),
		cmocka_unit_test(more_than_64_kib_of_output_are_refused),
		cmocka_unit_test(what_nobody_can_build_is_not_tried),
		cmocka_unit_test(what_is_no_record_is_not_built),
		cmocka_unit_test(the_first_line_that_differs_is_told),
		cmocka_unit_test(a_long_line_is_cut),
		cmocka_unit_test(the_finding_says_what_came_out),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
