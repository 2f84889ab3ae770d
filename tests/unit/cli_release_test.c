/* `confer release make`: one spelling from options; mistakes are named. */
#include "release_run.h"

#include <sys/stat.h>

#include "cli/release_source.h"
#include "tlog/tile.h"

TEST(an_image_has_its_lines_in_their_one_order)
{
	char file[300], model[300], other[300];

	(void)snprintf(file, sizeof(file), "kernel=%s", path_of("one"));
	(void)snprintf(model, sizeof(model), "zeta=%s", path_of("two"));
	(void)snprintf(other, sizeof(other), "initrd=%s", path_of("empty"));
	WORKS("make", "image", FIRST, "--version", "1.4.0", "--source",
	    "https://e.org/c.git", "--commit", HEX40, "--tree", HEX40,
	    "--recipe", path_of("one"), "--builder", "sha256:" HEX64, "--file",
	    file, "--file", other, "--file-verity", "rootfs=4096:" HEX64,
	    "--measured",
	    put_text("lines",
		"snp 4 EPYC-v4 " HEX96 " policy 0000000000030000\n\n"
		"snp 16 EPYC-v4 " HEX96 " policy 0000000000030000"),
	    "--sim", HEX96, "--model", model, "--model", "alpha=verity:" HEX64);
	CHECK_STR(out_text,
	    HEAD("image",
		HALF_YEAR) "version 1.4.0\n"
			   "source https://e.org/c.git " HEX40 " " HEX40 "\n"
			   "recipe sha256:" ONE "\nbuilder sha256:" HEX64 "\n"
			   "file initrd 0 sha256:" NONE "\n"
			   "file kernel 1 sha256:" ONE "\n"
			   "file rootfs 4096 verity:" HEX64 "\n"
			   "snp 16 EPYC-v4 " HEX96 " policy 0000000000030000\n"
			   "snp 4 EPYC-v4 " HEX96 " policy 0000000000030000\n"
			   "sim " HEX96 "\nmodel alpha verity:" HEX64 "\n"
			   "model zeta sha256:" TWO "\n");
	check_says(err_text, "image 1 of p/stable is made");
}

TEST(a_policy_says_what_its_options_say)
{
	const struct json keys = member(&samples, "keys");
	struct json_iter it = json_iter(&keys);
	struct json c;
	const char *vkey;
	char want[8192];

	CHECK(json_next(&it, NULL, &c));
	vkey = str(&c, "vkey", NULL);
	WORKS("make", "policy", FIRST, "--channel", "stable", "--min-seq",
	    "model/beta=3", "--min-seq", "image=16", "--revoke", HEX64,
	    "--revoke", put_sample("image", "entry"), "--tcb-snp",
	    "turin:1:1:1:4:81", "--tcb-snp", "genoa:10:0:23:84", "--tcb-sgx",
	    "19", "--tcb-tdx", "18", "--chip", HEX128 ":30", "--ppid",
	    HEX32 ":1", "--next-log", vkey);
	c = sample("image");
	(void)snprintf(want, sizeof(want),
	    HEAD("policy", WEEK) "min-seq image p stable 16\n"
				 "min-seq model p beta 3\n"
				 "revoked " HEX64 "\nrevoked %s\n"
				 "tcb-snp genoa 10 0 23 84\n"
				 "tcb-snp turin 1 1 1 4 81\n"
				 "tcb-tdx 18\ntcb-sgx 19\nhardware listed\n"
				 "chip " HEX128 " 1802592000\n"
				 "ppid " HEX32 " 1800086400\nnext-log %s\n",
	    str(&c, "leaf_hash", NULL), vkey);
	CHECK_STR(out_text, want);
	WORKS("make", "policy", FIRST, "--hardware", "any", "--next-witness",
	    "w4=w4.example.net+a157d52c+"
	    "BN88BhGGZeFezIf9gcHMCZsCqhWJ1KmdyzqbouhwY2iX");
	check_says(out_text, "hardware any\nnext-witness w4 w4.example.net+");
}

TEST(web_client_and_retire_say_what_their_options_say)
{
	char file[300];

	WORKS(
	    "make", "web", FIRST, "--version", "1", "--bundle", path_of("one"));
	CHECK_STR(out_text,
	    HEAD("web", HALF_YEAR) "version 1\nbundle 1 sha256:" ONE "\n");
	(void)snprintf(
	    file, sizeof(file), "confer-linux-x86_64=%s", path_of("two"));
	WORKS("make", "client", FIRST, "--version", "1", "--file", file);
	CHECK_STR(out_text,
	    HEAD("client", HALF_YEAR) "version 1\n"
				      "file confer-linux-x86_64 1 sha256:" TWO
				      "\n");
	WORKS("make", "retire", FIRST, "--log-origin", "log.example.org/1",
	    "--last", "412:" HEX64, "--cause", "lost-state", "--successor",
	    "log.example.org/2");
	CHECK_STR(out_text,
	    HEAD("retire",
		DECADE) "log log.example.org/1\nlast 412 " HEX64
			"\ncause lost-state\nsuccessor log.example.org/2\n");
}

TEST(a_model_record_asks_the_file_unless_told)
{
	char model[300];

	(void)snprintf(model, sizeof(model), "demo=%s", path_of("one"));
	WORKS("make", "model", FIRST, "--model", model, "--tokenizer", "llama",
	    "--quant", "Q8_0", "--context", "2048", "--verity", HEX64,
	    "--template", path_of("two"));
	CHECK_STR(out_text,
	    HEAD("model", HALF_YEAR) "name demo\nfile 1 sha256:" ONE
				     "\nverity " HEX64
				     "\ntokenizer llama\ntemplate sha256:" TWO
				     "\nquant Q8_0\ncontext 2048\n");
	REFUSED(CLI_EXIT_USAGE, "no model that I can run", "make", "model",
	    FIRST, "--model", model);
	WORKS("make", "model", FIRST, "--model", "demo=model/confer-demo.gguf");
	check_says(out_text, "\ntokenizer gpt2\nquant ");
	MISTAKE("describes one", "make", "model", FIRST, "--model", model,
	    "--model", model);
	MISTAKE("--model is missing", "make", "model", FIRST);
}

TEST(a_rebuild_is_compared_with_its_release)
{
	const char *image = put_sample("image", "entry");
	const char *text = put_sample("image", "text");
	const struct json c = sample("image");

	WORKS("make", "rebuild", "--now", "1800000000", "--seq", "2",
	    "--release", image, "--result-of", text, "--rebuilder",
	    "reproducible.example.org", "-o", path_of("rebuild"));
	slurp(out_text, "rebuild");
	check_says(out_text, str(&c, "leaf_hash", NULL));
	check_says(out_text, "\nresult sha256:");
	check_says(err_text, "identical to");
	WORKS("make", "image", "--from", text, "--drop", "snp", "--now",
	    "1800000000", "-o", path_of("other"), "--quiet");
	CHECK_STR(err_text, "");
	WORKS("make", "rebuild", "--seq", "2", "--release", image,
	    "--result-of", path_of("other"), "--rebuilder", "r");
	check_says(err_text, "DIFFERENT from");
	WORKS("make", "rebuild", "--seq", "2", "--release", image,
	    "--result-of", path_of("other"), "--rebuilder", "r", "--json");
	check_says(out_text, "\"identical\":false");
	MISTAKE("signed record", "make", "rebuild", "--seq", "2", "--release",
	    text, "--result-of", text, "--rebuilder", "r");
	MISTAKE("of the kind of --release", "make", "rebuild", "--seq", "2",
	    "--release", put_sample("policy", "entry"), "--result-of",
	    put_sample("policy", "text"), "--rebuilder", "r");
	MISTAKE("wants --release and", "make", "rebuild", FIRST, "--rebuilder",
	    "r");
	MISTAKE("--rebuilder is missing", "make", "rebuild", "--seq", "2",
	    "--release", image, "--result-of", text);
}

TEST(every_sample_made_from_itself_is_itself)
{
	static const char *const name[] = { "image", "image-simulated", "model",
		"web", "client", "policy", "retire", "rebuild" };

	for (size_t i = 0; i < sizeof(name) / sizeof(name[0]); i++) {
		const struct json c = sample(name[i]);
		const struct bytes want = member_bytes(&c, "text");
		char kind[32], number[32];

		(void)snprintf(kind, sizeof(kind), "%s", name[i]);
		kind[strcspn(kind, "-")] = '\0';
		(void)snprintf(number, sizeof(number), "%.*s",
		    (int)strcspn(
			strstr((const char *)want.p, "seq ") + 4, "\n"),
		    strstr((const char *)want.p, "seq ") + 4);
		WORKS("make", kind, "--from", put_sample(name[i], "entry"),
		    "--seq", number, "--now", "1800000000");
		CHECK_EQ(strlen(out_text), want.len);
		CHECK_MEM(out_text, want.p, want.len);
	}
}

TEST(the_next_record_takes_over_what_no_option_replaces)
{
	const char *image = put_sample("image", "entry");
	char file[300];

	(void)snprintf(file, sizeof(file), "kernel=%s", path_of("one"));
	WORKS("make", "image", "--from", image, "--version", "1.5", "--file",
	    file, "--measured",
	    put_text("lines", "snp 1 EPYC " HEX96 " policy 0000000000030000\n"),
	    "--now", "2027-02-01T00:00:00Z");
	check_says(out_text, "\nseq 18\nissued 1801440000\n");
	check_says(out_text, "\nnot-after 1809216000\nversion 1.5\n");
	check_says(out_text, "file kernel 1 sha256:" ONE "\nfile rootfs ");
	check_says(out_text, "snp 1 EPYC " HEX96 " policy 0000000000030000\n"
			     "model demo-10m");
	check_says(err_text, "Taken over unchanged: source, recipe, builder, "
			     "file, model, supersedes.");
	WORKS("make", "image", "--previous", image, "--version", "1", "--sim",
	    HEX96);
	check_says(out_text, "product confer\nchannel stable\nseq 18\n");
}

/* One record as an entry of a bundle, or all of them. */
static void add_entry(struct wr *w, const char *name)
{
	const struct json c = sample(name);

	tlog_bundle_add(w, member_bytes(&c, "entry"));
}

/* A log of 258 entries as files, of which the last bundle has two. */
static void put_log(void)
{
	static uint8_t full[TLOG_TILE_WIDTH * RECORD_LEN_MAX];
	uint8_t two[4 * RECORD_LEN_MAX];
	struct wr w = wr_init(full, sizeof(full));
	struct wr v = wr_init(two, sizeof(two));

	add_entry(&w, "image");
	for (unsigned i = 1; i < TLOG_TILE_WIDTH; i++)
		add_entry(&w, "rebuild");
	add_entry(&v, "policy");
	tlog_bundle_add(&v, str_bytes("no record"));
	CHECK_OK(w.err);
	CHECK_OK(v.err);
	CHECK_EQ(mkdir(path_of("log"), 0700), 0);
	CHECK_EQ(mkdir(path_of("log/tile"), 0700), 0);
	CHECK_EQ(mkdir(path_of("log/tile/entries"), 0700), 0);
	CHECK_EQ(mkdir(path_of("log/tile/entries/001.p"), 0700), 0);
	put_file("log/tile/entries/000", (struct bytes){ w.p, w.len });
	put_file("log/tile/entries/001.p/2", (struct bytes){ v.p, v.len });
}

static void put_checkpoint(const char *size)
{
	char text[512];

	(void)snprintf(text, sizeof(text),
	    "log\n%s\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
	    "\n\xe2\x80\x94 log AAAAAAA=\n",
	    size);
	put_text("log/checkpoint", text);
}

#define LOGGED                                                                 \
	"--product", "confer", "--version", "1", "--sim", HEX96, "--log",      \
	    path_of("log")

TEST(a_log_says_which_number_comes_next)
{
	put_log();
	put_checkpoint("258");
	WORKS("make", "image", LOGGED);
	check_says(out_text, "\nseq 18\n"); /* in the first bundle */
	WORKS("make", "policy", "--product", "confer", "--hardware", "any",
	    "--log", path_of("log"));
	check_says(out_text, "\nseq 42\n"); /* in the last */
	WORKS("make", "image", LOGGED, "--channel", "beta");
	check_says(out_text, "\nseq 1\n");
	put_checkpoint("0");
	WORKS("make", "image", LOGGED);
	check_says(out_text, "\nseq 1\n");
	put_checkpoint("259");
	REFUSED(CLI_EXIT_REFUSED, "", "make", "image", LOGGED);
	put_checkpoint("1048577");
	MISTAKE("1048577 entries", "make", "image", LOGGED);
	put_checkpoint("x");
	MISTAKE("", "make", "image", LOGGED);
	put_text("log/checkpoint", "x\n");
	MISTAKE("", "make", "image", LOGGED);
	REFUSED(CLI_EXIT_REFUSED, "", "make", "image", "--product", "p",
	    "--log", path_of("absent"));
	REFUSED(CLI_EXIT_UNREACHABLE, "", "make", "image", "--product", "p",
	    "--log", "http://127.0.0.1:1/");
}

TEST(times_are_within_the_life_of_a_kind)
{
	WORKS("make", "image", FIRST, "--version", "1", "--sim", HEX96,
	    "--days", "90", "--not-before", "1800086400");
	check_says(out_text, "not-before 1800086400\nnot-after 1807862400\n");
	WORKS("make", "image", FIRST, "--version", "1", "--sim", HEX96,
	    "--not-before", "1800086400");
	check_says(out_text, "not-after " HALF_YEAR "\n");
	MISTAKE("--days wants a number of at most 7", "make", "policy", FIRST,
	    "--hardware", "any", "--days", "8");
	MISTAKE("ends 7 days after", "make", "policy", FIRST, "--hardware",
	    "any", "--days", "7", "--not-before", "1800000001");
	MISTAKE("--not-before is before now", "make", "policy", FIRST,
	    "--hardware", "any", "--not-before", "1799999999");
	MISTAKE("--not-before is before now", "make", "policy", FIRST,
	    "--hardware", "any", "--not-before", WEEK);
	MISTAKE("not in order", "make", "policy", FIRST, "--hardware", "any",
	    "--days", "0");
	MISTAKE("--now wants Unix seconds or UTC", "make", "policy",
	    "--product", "p", "--seq", "1", "--hardware", "any", "--now",
	    "today");
}

/* ---- mistakes ----------------------------------------------------------------------- */

TEST(what_is_missing_is_named)
{
	MISTAKE("make wants image, model", "make");
	MISTAKE("not frob", "make", "frob");
	MISTAKE("one argument too many", "make", "image", "x", FIRST);
	MISTAKE("wants key, make, sign, check or show", "frob");
	MISTAKE("wants key, make, sign, check or show", "--quiet");
	MISTAKE("--product is missing", "make", "image", "--seq", "1");
	MISTAKE("which number?", "make", "image", "--product", "p");
	MISTAKE("--version is missing", "make", "image", FIRST);
	MISTAKE("--measured (or --sim) is missing", "make", "image", FIRST,
	    "--version", "1");
	MISTAKE("--bundle is missing", "make", "web", FIRST, "--version", "1");
	MISTAKE("--file is missing", "make", "client", FIRST, "--version", "1");
	MISTAKE("--hardware any or --hardware listed is missing", "make",
	    "policy", FIRST);
	MISTAKE("--log-origin is missing", "make", "retire", FIRST);
	MISTAKE(
	    "--last is missing", "make", "retire", FIRST, "--log-origin", "o");
	MISTAKE("--cause is missing", "make", "retire", FIRST, "--log-origin",
	    "o", "--last", "1:" HEX64);
	MISTAKE("--source is missing", "make", "image", SIM, "--commit", HEX40);
	MISTAKE("goes with --commit and --tree", "make", "image", SIM,
	    "--source", "https://e.org", "--commit", HEX40);
	MISTAKE("record's file is missing", "show");
	MISTAKE("one record at a time", "show", "a", "b");
	MISTAKE("--key FILE is missing", "sign", "a");
	MISTAKE("wants a name", "key", "n");
}

TEST(what_does_not_fit_is_named_with_its_option)
{
	static const struct {
		const char *option, *value, *why;
	} bad[] = {
		{ "--version", "1 2", "--version: " },
		{ "--version", "1\n", "no character 0x0a" },
		{ "--file", "kernel", "--file wants ROLE=PATH" },
		{ "--file", "=x", "--file wants ROLE=PATH" },
		{ "--file", "kernel=", "--file wants ROLE=PATH" },
		{ "--file-verity", "r=1", "--file-verity wants" },
		{ "--file-verity", "r", "--file-verity wants" },
		{ "--file-verity", "r=x:" HEX64, "--file-verity: " },
		{ "--file-verity", "r=1:" HEX32, "--file-verity: " },
		{ "--model", "m", "--model wants NAME=PATH" },
		{ "--model", "m=sha256:12", "--model: " },
		{ "--sim", HEX64, "--sim: " },
		{ "--sim", HEX96, "--sim: sim 0123abcd" },
		{ "--recipe", "verity:" HEX64, "--recipe: " },
		{ "--builder", "sha256:12", "--builder: " },
		{ "--supersedes", "1", "--supersedes: " },
		{ "--supersedes", "x", "--supersedes: " },
		{ "--chip", HEX128 ":1",
		    "an option of `confer release make policy`, not of `confer "
		    "release make image`" },
		{ "--key", "k", "an option of `confer release sign`" },
		{ "--drop", "sim", "--drop goes with --from" },
		{ "--previous", "x", "exclude each other" },
		{ "--channel", "a b", "--channel wants 1 to 64" },
		{ "--seq", "x", "--seq wants a number" },
		{ "--seq", "0", "--seq: " },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		MISTAKE(bad[i].why, "make", "image", SIM, bad[i].option,
		    bad[i].value);
	MISTAKE("line 2 of", "make", "image", FIRST, "--version", "1",
	    "--measured", put_text("x", "\nsimulated\n"));
	MISTAKE("--measured: ", "make", "image", FIRST, "--version", "1",
	    "--measured", put_text("x", "snp 4 EPYC-v4 12 policy 0\n"));
}

TEST(what_does_not_fit_a_policy_is_named_with_its_option)
{
	static const struct {
		const char *option, *value, *why;
	} bad[] = {
		{ "--min-seq", "image", "--min-seq wants KIND=N" },
		{ "--min-seq", "frob=1", "--min-seq: " },
		{ "--min-seq", "image=0", "--min-seq: " },
		{ "--tcb-snp", "rome:1:2:3:4", "--tcb-snp: no record has" },
		{ "--tcb-snp", "genoa 1 2 3 4", "--tcb-snp wants" },
		{ "--tcb-snp", "genoa:10:0:23:256", "--tcb-snp: " },
		{ "--tcb-tdx", "x", "--tcb-tdx: " },
		{ "--chip", HEX128, "--chip wants HEX:DAYS" },
		{ "--chip", HEX128 ":x", "--chip wants a number" },
		{ "--chip", HEX64 ":1", "--chip: " },
		{ "--ppid", HEX64 ":1", "--ppid: " },
		{ "--hardware", "some", "--hardware: " },
		{ "--next-log", "x", "--next-log: " },
		{ "--next-witness", "x", "--next-witness wants NAME=VKEY" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		MISTAKE(bad[i].why, "make", "policy", FIRST, bad[i].option,
		    bad[i].value, "--chip", HEX128 ":30");
	MISTAKE("--hardware any goes without a list", "make", "policy", FIRST,
	    "--hardware", "any", "--chip", HEX128 ":1");
	MISTAKE("min-seq image p stable is there twice", "make", "policy",
	    FIRST, "--hardware", "any", "--min-seq", "image=1", "--min-seq",
	    "image=2");
	MISTAKE("--revoke wants the signed record", "make", "policy", FIRST,
	    "--hardware", "any", "--revoke", put_sample("image", "text"));
	MISTAKE("--last wants SIZE:ROOTHASH", "make", "retire", FIRST, "--last",
	    "1");
}

TEST(json_has_the_record_and_stands_alone)
{
	struct json v, text;

	WORKS("make", "image", SIM, "--json", "-o", "-");
	CHECK_OK(json_parse(&v, str_bytes(out_text), NULL));
	CHECK(json_get(&v, "record", &text));
	check_says(out_text, "\"record\":\"confer-release/v1\\nkind image");
	CHECK_STR(err_text, "");
}

TEST(records_before_are_of_the_same_kind)
{
	const char *image = put_sample("image", "text");

	MISTAKE("is a record of kind image, not policy", "make", "policy",
	    "--from", image);
	MISTAKE("no --previous", "make", "image", "--from", image, "--previous",
	    image);
	MISTAKE("has no line frob", "make", "image", "--from", image, "--drop",
	    "frob");
	REFUSED(CLI_EXIT_REFUSED, "No such file", "make", "image", "--from",
	    path_of("absent"));
	MISTAKE(
	    "is no release record", "make", "image", "--from", path_of("one"));
	REFUSED(CLI_EXIT_REFUSED, "No such file", "make", "image", SIM,
	    "--recipe", path_of("absent"));
}

TEST(the_longest_record_that_is_too_long_is_refused)
{
	char sim[CLI_LIST_MAX][512];
	const char *args[ARGS] = { "make", "policy", FIRST, "--hardware",
		"any" };
	size_t n = 10;

	for (size_t i = 0; i < 17; i++) { /* each line of 1 KB */
		(void)snprintf(sim[i], sizeof(sim[i]), "w%zu=%.*s", i, 450,
		    HEX128 HEX128 HEX128 HEX128);
		args[n++] = "--next-witness";
		args[n++] = sim[i];
	}
	CHECK_EQ(run(args), CLI_EXIT_USAGE);
	check_says(err_text, "--next-witness: ");
}

/* ---- git ------------------------------------------------------------------------------ */

static void git(const char *command)
{
	char line[1024];

	(void)snprintf(line, sizeof(line),
	    "cd %s/src && HOME=%s git -c user.name=a -c user.email=b %s "
	    ">/dev/null 2>&1",
	    dir, dir, command);
	if (system(line) != 0)
		fail_msg("%s", line);
}

TEST(git_is_asked_for_commit_and_tree)
{
	static struct cli_release_source s;
	struct err_ctx ctx = { 0 };
	const char *src = path_of("src");
	char *path = strdup(getenv("PATH"));

	if (system("git --version >/dev/null 2>&1") != 0)
		SKIP("there is no git");
	CHECK_EQ(mkdir(src, 0700), 0);
	git("init");
	MISTAKE("takes the place of", "make", "image", SIM, "--source-dir", src,
	    "--tree", HEX40);
	CHECK_ERR(cli_release_source_git(&s, src, &ctx), ERR_NOTFOUND);
	check_says(ctx.msg, "git finds no commit");
	git("commit --allow-empty -m a");
	CHECK_OK(cli_release_source_git(&s, src, NULL));
	CHECK_EQ(strlen(s.commit), 40);
	CHECK_STR(s.tree, "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
	CHECK_STR(s.url, "");
	git("remote add origin git@example.org:c.git");
	CHECK_OK(cli_release_source_git(&s, src, NULL));
	CHECK_STR(s.url, "");
	git("remote set-url origin https://me:secret@example.org/c.git");
	MISTAKE(
	    "--source is missing", "make", "image", SIM, "--source-dir", src);
	git("remote set-url origin https://example.org/c.git");
	WORKS("make", "image", SIM, "--source-dir", src);
	check_says(out_text, "source https://example.org/c.git ");
	check_says(out_text, " 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n");
	put_text("src/new", "x");
	REFUSED(CLI_EXIT_REFUSED, "are in no commit", "make", "image", SIM,
	    "--source-dir", src);
	CHECK_EQ(setenv("PATH", "/nowhere:/nowhere", 1), 0);
	ctx = (struct err_ctx){ 0 };
	CHECK_ERR(cli_release_source_git(&s, src, &ctx), ERR_NOTFOUND);
	check_says(ctx.msg, "there is no git here");
	CHECK_EQ(setenv("PATH", path, 1), 0);
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_image_has_its_lines_in_their_one_order),
		cmocka_unit_test(a_policy_says_what_its_options_say),
		cmocka_unit_test(
		    web_client_and_retire_say_what_their_options_say),
		cmocka_unit_test(a_model_record_asks_the_file_unless_told),
		cmocka_unit_test(a_rebuild_is_compared_with_its_release),
		cmocka_unit_test(every_sample_made_from_itself_is_itself),
		cmocka_unit_test(
		    the_next_record_takes_over_what_no_option_replaces),
		cmocka_unit_test(a_log_says_which_number_comes_next),
		cmocka_unit_test(times_are_within_the_life_of_a_kind),
		cmocka_unit_test(what_is_missing_is_named),
		cmocka_unit_test(what_does_not_fit_is_named_with_its_option),
		cmocka_unit_test(
		    what_does_not_fit_a_policy_is_named_with_its_option),
		cmocka_unit_test(json_has_the_record_and_stands_alone),
		cmocka_unit_test(records_before_are_of_the_same_kind),
		cmocka_unit_test(
		    the_longest_record_that_is_too_long_is_refused),
		cmocka_unit_test(git_is_asked_for_commit_and_tree),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
