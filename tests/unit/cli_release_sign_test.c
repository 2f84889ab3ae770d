/* `confer release key`, sign, check, show. */
#include "release_run.h"

#include <sys/stat.h>

#include "cli/release_check.h"
#include "logd/key.h"
#include "tlog/proof.h"

/* ---- key, sign -------------------------------------------------------------------------- */

TEST(signers_add_their_lines_one_after_another)
{
	static struct cli_release_file f;
	struct stat st;
	char a[256], b[256], vkey[512], other[512];

	(void)snprintf(a, sizeof(a), "%s", path_of("a.key"));
	(void)snprintf(b, sizeof(b), "%s", path_of("b.key"));
	WORKS("key", "example.org/a", a);
	check_says(err_text, "without a network");
	CHECK_EQ(stat(a, &st), 0);
	CHECK_EQ(st.st_mode & 0777, 0600);
	(void)snprintf(
	    vkey, sizeof(vkey), "%.*s", (int)strcspn(out_text, "\n"), out_text);
	WORKS("key", "example.org/b", b, "--json");
	check_says(out_text, "{\"exit\":0,\"vkey\":\"example.org/b+");
	(void)snprintf(other, sizeof(other), "%.*s",
	    (int)strcspn(strstr(out_text, "example.org"), "\""),
	    strstr(out_text, "example.org"));
	REFUSED(CLI_EXIT_REFUSED, "a.key", "key", "example.org/c", a);
	MISTAKE("a key's name", "key", "a b", path_of("c.key"));

	WORKS("make", "image", SIM, "-o", path_of("r"));
	REFUSED(
	    CLI_EXIT_REFUSED, "", "check", path_of("r"), "--now", "1800000000");
	check_says(out_text, "nobody has signed it");
	WORKS("sign", "--key", a, path_of("r"));
	check_says(err_text, "Signing:\nimage 1 of p/stable, version 1\n");
	check_says(err_text, "it has 1 signature now");
	REFUSED(CLI_EXIT_REFUSED, "has signed it already", "sign", "--key", a,
	    path_of("r"));
	REFUSED(CLI_EXIT_REFUSED, "", "check", path_of("r"), "--signer", vkey,
	    "--signer", other, "--now", "1800000000");
	check_says(out_text, "signed by 1 of 2");
	WORKS("sign", "--key", b, path_of("r"), "-o", path_of("r2"), "--json");
	check_says(out_text, "\"signatures\":2,\"leaf_hash\":\"");
	CHECK_STR(err_text, "");
	WORKS("check", path_of("r2"), "--signer", vkey, "--signer", other,
	    "--now", "1800000000");
	check_says(out_text, "2 of 2 named keys, 2 needed");
	CHECK_OK(cli_release_file_read(&f, path_of("r"), NULL));
	CHECK_EQ(f.note.n, 1); /* -o leaves the input as it was */
	MISTAKE("", "check", path_of("r2"), "--signer", "x");
}

TEST(a_witness_does_not_sign_records_and_lines_are_limited)
{
	static struct cli_release_file f;
	struct logd_key k;
	uint8_t buf[RECORD_LEN_MAX];
	struct wr w;

	CHECK_OK(logd_key_make(&k, "w", TLOG_KEY_COSIGNATURE, NULL));
	CHECK_OK(logd_key_save(&k, path_of("w.key"), NULL));
	WORKS("make", "image", SIM, "-o", path_of("l"));
	REFUSED(CLI_EXIT_REFUSED, "a witness's", "sign", "--key",
	    path_of("w.key"), path_of("l"));
	REFUSED(CLI_EXIT_REFUSED, "No such file", "sign", "--key",
	    path_of("absent"), path_of("l"));
	CHECK_OK(cli_release_file_read(&f, path_of("l"), NULL));
	w = wr_init(buf, sizeof(buf));
	wr_bytes(&w, f.all);
	tlog_note_format_end_text(&w);
	for (unsigned i = 0; i < TLOG_NOTE_SIGS_MAX; i++) {
		char name[8];

		(void)snprintf(name, sizeof(name), "k%u", i);
		CHECK_OK(logd_key_make(&k, name, TLOG_KEY_ED25519, NULL));
		logd_key_sign(&w, &k, f.note.text, 0);
	}
	CHECK_OK(logd_key_make(&k, "last", TLOG_KEY_ED25519, NULL));
	CHECK_OK(logd_key_save(&k, path_of("last.key"), NULL));
	put_file("full", (struct bytes){ w.p, w.len });
	REFUSED(CLI_EXIT_REFUSED, "32 signatures already", "sign", "--key",
	    path_of("last.key"), path_of("full"));
	REFUSED(CLI_EXIT_REFUSED, "is no release record", "sign", "--key",
	    path_of("last.key"), path_of("one"));
}

/* ---- check, show -------------------------------------------------------------------------- */

/* A trust file with the keys of the samples. */
static const char *put_trust(const char *channel, unsigned need)
{
	const struct json keys = member(&samples, "keys");
	struct json_iter it = json_iter(&keys);
	struct json c;
	char text[4096];
	size_t n = (size_t)snprintf(text, sizeof(text),
	    "confer-trust/v1\nproduct confer\nchannel %s\nlocal\n", channel);

	while (json_next(&it, NULL, &c))
		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    "release-key %s\n", str(&c, "vkey", NULL));
	(void)snprintf(text + n, sizeof(text) - n,
	    "threshold %u\n\nlog log.example.org/releases/2+cc09f90e+AXrQopgM"
	    "vJVoxTJVtBHkv03a7UA0El4U617gH3xmZhsu\nquorum none\n",
	    need);
	return put_text("trust", text);
}

#define AT "--now", "1800000001"

TEST(check_says_what_a_client_and_a_monitor_say)
{
	const char *image = put_sample("image", "entry");

	WORKS("check", image, AT);
	check_says(out_text, "not checked: --trust FILE says who may sign");
	check_says(out_text, "not all was checked");
	WORKS("check", image, "--trust", put_trust("stable", 2), AT);
	check_says(out_text, "of 3 release keys, 2 needed");
	check_says(out_text, "confer/stable, as in the trust file");
	CHECK(strstr(out_text, "Monitors") == NULL);
	REFUSED(CLI_EXIT_REFUSED, "", "check", image, "--trust",
	    put_trust("beta", 2), AT);
	check_says(out_text, "is not the product and channel");
	check_says(out_text, "Clients refuse it.");
	REFUSED(CLI_EXIT_REFUSED, "", "check", image, "--now", "1799999000");
	check_says(out_text, "valid from");
	/* A release key is no rebuilder's. */
	REFUSED(CLI_EXIT_REFUSED, "", "check", put_sample("rebuild", "entry"),
	    "--trust", put_trust("stable", 2), AT);
	check_says(out_text, "no signature of a known key");
	REFUSED(CLI_EXIT_REFUSED, "trust file", "check", image, "--trust",
	    path_of("one"), AT);
	MISTAKE("--trust is an option of `confer release check`", "show", image,
	    "--trust", "x");
	MISTAKE("--proof is an option of `confer release check`", "show", image,
	    "--proof", "x");
	MISTAKE("--now wants", "show", image, "--now", "x");
	REFUSED(CLI_EXIT_REFUSED, "No such file", "check", image, "--proof",
	    path_of("absent"), AT);
}

TEST(what_a_monitor_alarms_about_is_said)
{
	WORKS("check", put_sample("image-simulated", "entry"), AT);
	check_says(out_text, "! source");
	check_says(out_text, "! recipe");
	check_says(out_text, "! builder");
	WORKS("check", put_sample("image", "entry"), "--now", "1807700000");
	check_says(out_text, "! end         in 21 hours");
	WORKS("check", put_sample("image", "entry"), "--now", "1807000000",
	    "--json");
	check_says(
	    out_text, "\"accepted\":null,\"checks\":[{\"name\":\"record\"");
	check_says(out_text,
	    "\"alarms\":[{\"name\":\"end\",\"result\":\"alarm\",\"text\":\"in "
	    "8 days");
	WORKS("check", put_sample("web", "entry"), AT);
	CHECK(strstr(out_text, "Monitors") == NULL);
	WORKS("check", put_sample("client", "entry"), AT);
	CHECK(strstr(out_text, "Monitors") == NULL);
	WORKS("check", put_sample("policy", "entry"), AT);
	CHECK(strstr(out_text, "Monitors") == NULL);
}

/* Sign what make has written with the first sample's key. */
static const char *signed_policy(const char *option, const char *value)
{
	WORKS("make", "policy", FIRST, "--hardware",
	    strcmp(option, "--ppid") == 0 ? "listed" : "any", option, value,
	    "-o", path_of("p"));
	(void)unlink(path_of("p.key"));
	WORKS("key", "p", path_of("p.key"));
	WORKS("sign", "--key", path_of("p.key"), path_of("p"));
	return path_of("p");
}

TEST(a_policy_that_shuts_out_every_machine_is_an_alarm)
{
	WORKS("check", signed_policy("--min-seq", "image=1"), AT);
	check_says(out_text, "! floors");
	WORKS("make", "policy", FIRST, "--hardware", "listed", "--tcb-tdx",
	    "18", "-o", path_of("p"));
	WORKS("sign", "--key", path_of("p.key"), path_of("p"));
	WORKS("check", path_of("p"), AT);
	check_says(out_text, "! hardware");
	CHECK(strstr(out_text, "! floors") == NULL);
}

TEST(a_proof_is_held_against_the_trust_file)
{
	static struct cli_release_file f;
	static struct cli_release_report r;
	static struct trust trust;
	const struct cli_list none = { .n = 0 };
	uint8_t text[8192], note[4096];
	struct wr t = wr_init(text, sizeof(text));
	struct wr w = wr_init(note, sizeof(note)), p;
	uint8_t file[8192];
	struct logd_key log;
	struct tlog_hash leaf;
	struct tlog_proof proof = { .index = 0 };
	struct cli_release_against against = {
		.trust = &trust, .signer = &none, .now_s = NOW
	};
	size_t n;
	uint8_t *own;

	CHECK_OK(cli_release_file_read(&f, put_sample("image", "entry"), NULL));
	CHECK_OK(logd_key_make(&log, "log", TLOG_KEY_ED25519, NULL));
	own = read_file(put_trust("stable", 2), &n);
	*strstr((char *)own, "\nlog ") = '\0';
	wr_str(&t, (const char *)own);
	free(own);
	wr_str(&t, "\nlog ");
	tlog_vkey_format(&t, log.key.name, log.key.type, log.key.pub);
	wr_str(&t, "\nquorum none\n");
	CHECK_OK(trust_parse(&trust, (struct bytes){ t.p, t.len }, NULL));
	tlog_leaf_hash(&leaf, f.all);
	tlog_checkpoint_format(&w, log.key.name, 1, &leaf);
	n = w.len;
	tlog_note_format_end_text(&w);
	logd_key_sign(&w, &log, (struct bytes){ note, n }, 0);
	proof.checkpoint = (struct bytes){ w.p, w.len };
	p = wr_init(file, sizeof(file));
	tlog_proof_format(&p, &proof);
	against.proof = (struct bytes){ p.p, p.len };

	CHECK_OK(cli_release_check(&r, &f, &against, NULL));
	CHECK(!r.refused && !r.unchecked);
	check_says(r.item[4].text, "entry 0 of 1 in log, no witnesses");
	file[p.len - 20] ^= 1;
	CHECK_OK(cli_release_check(&r, &f, &against, NULL));
	CHECK(r.refused && r.item[4].result == CLI_RELEASE_FAILED);
	file[p.len - 20] ^= 1;
	trust.log[0].until = NOW; /* no policy for this time any more */
	CHECK_OK(cli_release_check(&r, &f, &against, NULL));
	CHECK(r.refused && r.item[4].result == CLI_RELEASE_FAILED);
	against.trust = NULL;
	CHECK_OK(cli_release_check(&r, &f, &against, NULL));
	check_says(r.item[3].text, "--trust FILE tells of the log");
}

TEST(show_has_every_kind_in_words_and_as_json)
{
	static const struct {
		const char *name, *words, *json;
	} kinds[] = {
		{ "image", "Intel SGX    MRENCLAVE 5e7eb3e79cba…",
		    "\"supersedes\":16" },
		{ "image-simulated", "simulated    launch 0dc384be3e07…",
		    "\"sim\":[\"0dc384be3e07" },
		{ "model", "file         9.0 MiB, sha256 9408d7b71144…",
		    "\"context\":2048" },
		{ "web", "bundle       470 KiB, sha256 b08789698e8f…",
		    "\"bundle\":\"sha256:b087" },
		{ "client", "file         confer-linux-x86_64, 1.2 MiB",
		    "\"files\":[{\"role\":\"confer-linux-x86_64\"" },
		{ "policy", "Turin: FMC 1, bootloader 1, TEE 1, SNP 4",
		    "\"turin\":{\"fmc\":1," },
		{ "retire", "goes on as   log.example.org/releases/2",
		    "\"cause\":\"lost-state\"" },
		{ "rebuild", "by reproducible.example.org",
		    "\"rebuilder\":\"reproducible.example.org\"" },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const char *path = put_sample(kinds[i].name, "entry");
		struct json v;

		WORKS("show", path, AT);
		check_says(out_text, kinds[i].words);
		check_says(out_text, "leaf hash");
		WORKS("show", path, AT, "--json");
		check_says(out_text, kinds[i].json);
		CHECK_OK(json_parse(&v, str_bytes(out_text), NULL));
	}
	WORKS("show", put_sample("policy", "entry"), AT);
	check_says(out_text, "Genoa: bootloader "); /* which has no FMC */
	WORKS("show", put_sample("image", "text"), "--now", "1807776000");
	check_says(out_text, "signed by    nobody yet");
	check_says(out_text, "2027-04-15 08:00 UTC: over");
	CHECK_EQ(RUN("show", path_of("absent"), "--json"), CLI_EXIT_REFUSED);
	check_says(out_text, "{\"exit\":2,\"error\":{\"code\":\"refused\"");
	WORKS("make", "image", SIM, "--not-before", "1800086400", "-o",
	    path_of("later"));
	WORKS("show", path_of("later"), AT);
	check_says(out_text, "holds from   2027-01-16 08:00 UTC");
}

TEST(standard_input_is_a_record_too)
{
	const char *path = put_sample("image", "entry");
	const int saved = dup(STDIN_FILENO);
	static uint8_t large[RECORD_LEN_MAX + 1];
	int fd = open(path, O_RDONLY);

	CHECK(fd >= 0 && dup2(fd, STDIN_FILENO) == STDIN_FILENO);
	close(fd);
	WORKS("show", "-", AT);
	check_says(out_text, "image 17 of confer/stable");
	put_file("large", (struct bytes){ large, sizeof(large) });
	fd = open(path_of("large"), O_RDONLY);
	CHECK(fd >= 0 && dup2(fd, STDIN_FILENO) == STDIN_FILENO);
	close(fd);
	REFUSED(CLI_EXIT_REFUSED, "standard input", "show", "-", AT);
	fd = open(dir, O_RDONLY);
	CHECK(fd >= 0 && dup2(fd, STDIN_FILENO) == STDIN_FILENO);
	close(fd);
	REFUSED(CLI_EXIT_REFUSED, "standard input", "show", "-", AT);
	(void)dup2(saved, STDIN_FILENO);
	close(saved);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signers_add_their_lines_one_after_another),
		cmocka_unit_test(
		    a_witness_does_not_sign_records_and_lines_are_limited),
		cmocka_unit_test(check_says_what_a_client_and_a_monitor_say),
		cmocka_unit_test(what_a_monitor_alarms_about_is_said),
		cmocka_unit_test(
		    a_policy_that_shuts_out_every_machine_is_an_alarm),
		cmocka_unit_test(a_proof_is_held_against_the_trust_file),
		cmocka_unit_test(show_has_every_kind_in_words_and_as_json),
		cmocka_unit_test(standard_input_is_a_record_too),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
