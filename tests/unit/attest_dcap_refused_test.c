/* What the parsers of Intel's signed documents refuse, and their limits. */
#include "tcb_parse.h"

struct edit {
	const char *from, *to;
	enum err want;
	const char *message; /* a part of it */
	unsigned nth;
};

#define MISSING(name)                                                          \
	{                                                                      \
		"\"" name "\":", "\"x" name "\":", ERR_FORMAT,                 \
		    ": " name " at offset ", 0                                 \
	}

static void check_edits(const struct edit *edit, size_t n, bool is_qe)
{
	for (size_t i = 0; i < n; i++) {
		if (is_qe)
			doc_qe(&doc);
		else
			write_tdx();
		doc_edit_nth(&doc, edit[i].from, edit[i].to, edit[i].nth);
		check_refused(
		    doc_bytes(&doc), is_qe, edit[i].want, edit[i].message);
	}
}

#define CHECK_EDITS(edits, is_qe)                                              \
	check_edits(edits, sizeof(edits) / sizeof((edits)[0]), is_qe)

TEST(each_missing_member_is_named)
{
	static const struct edit of_tcb[] = { MISSING("id"), MISSING("version"),
		MISSING("issueDate"), MISSING("nextUpdate"), MISSING("fmspc"),
		MISSING("pceId"), MISSING("tcbType"),
		MISSING("tcbEvaluationDataNumber"), MISSING("tdxModule"),
		MISSING("mrsigner"), MISSING("attributes"),
		MISSING("attributesMask"), MISSING("tcbLevels"), MISSING("tcb"),
		MISSING("isvsvn"), MISSING("tcbDate"), MISSING("tcbStatus"),
		MISSING("sgxtcbcomponents"), MISSING("pcesvn"),
		MISSING("tdxtcbcomponents"), MISSING("svn"),
		{ "\"id\":\"TDX_03\"", "\"i\":1", ERR_FORMAT, ": id at ", 0 },
		{ "\"tcbLevels\":", "\"t\":", ERR_FORMAT, ": tcbLevels at ",
		    2 },
		{ "\"tcb\":", "\"t\":", ERR_FORMAT, ": tcb at ", 4 },
		{ "\"tcbDate\":", "\"t\":", ERR_FORMAT, ": tcbDate at ", 4 },
		{ "\"tcbStatus\":", "\"t\":", ERR_FORMAT, ": tcbStatus at ",
		    4 },
		{ "\"svn\":", "\"t\":", ERR_FORMAT, ": svn at ", 127 },
		{ "\"tcbInfo\":", "\"tcb\":", ERR_FORMAT,
		    "a member that the signature does not cover", 0 },
		{ "\"signature\":", "\"sig\":", ERR_FORMAT,
		    "a member that the signature does not cover", 0 },
		{ ",\"signature\":\"" DOC_HEX_64 "\"", "", ERR_FORMAT,
		    ": signature at offset ", 0 } };
	static const struct edit of_qe[] = { MISSING("id"), MISSING("version"),
		MISSING("issueDate"), MISSING("nextUpdate"),
		MISSING("tcbEvaluationDataNumber"), MISSING("miscselect"),
		MISSING("miscselectMask"), MISSING("attributes"),
		MISSING("attributesMask"), MISSING("mrsigner"),
		MISSING("isvprodid"), MISSING("tcbLevels"), MISSING("tcb"),
		MISSING("isvsvn"), MISSING("tcbDate"), MISSING("tcbStatus"),
		{ ",\"signature\":\"" DOC_HEX_64 "\"", "", ERR_FORMAT,
		    ": signature at offset ", 0 } };

	CHECK_EDITS(of_tcb, false);
	CHECK_EDITS(of_qe, true);
	check_refused(
	    (struct bytes)BYTES_LITERAL("{\"signature\":\"" DOC_HEX_64 "\"}"),
	    false, ERR_FORMAT, "tcbInfo at offset ");
	check_refused((struct bytes)BYTES_LITERAL("{}"), true, ERR_FORMAT,
	    "enclaveIdentity at offset 2: is missing");
}

TEST(a_name_with_escapes_is_another_name)
{
	static const struct edit of_tcb[] = {
		{ "\"fmspc\"", "\"\\u0066mspc\"", ERR_FORMAT, ": fmspc at ",
		    0 },
		{ "\"tcbInfo\"", "\"\\u0074cbInfo\"", ERR_FORMAT,
		    "a member that the signature does not cover", 0 },
	};

	CHECK_EDITS(of_tcb, false);
}

TEST(another_version_kind_or_type_is_not_supported)
{
	static const struct edit of_tcb[] = {
		{ "\"version\":3", "\"version\":2", ERR_UNSUPPORTED,
		    ": version at offset ", 0 },
		{ "\"version\":3", "\"version\":4", ERR_UNSUPPORTED,
		    ": version at offset ", 0 },
		{ "\"version\":3", "\"version\":\"3\"", ERR_FORMAT,
		    ": version at offset ", 0 },
		{ "\"id\":\"TDX\"", "\"id\":\"TDY\"", ERR_UNSUPPORTED,
		    ": id at offset ", 0 },
		{ "\"id\":\"TDX\"", "\"id\":\"tdx\"", ERR_UNSUPPORTED,
		    ": id at offset ", 0 },
		{ "\"id\":\"TDX\"", "\"id\":\"\"", ERR_UNSUPPORTED,
		    ": id at offset ", 0 },
		{ "\"id\":\"TDX\"", "\"id\":7", ERR_FORMAT, ": id at offset ",
		    0 },
		{ "\"tcbType\":0", "\"tcbType\":1", ERR_UNSUPPORTED,
		    ": tcbType at offset ", 0 },
	};
	static const struct edit of_qe[] = {
		{ "\"version\":2", "\"version\":1", ERR_UNSUPPORTED,
		    ": version at offset ", 0 },
		{ "\"version\":2", "\"version\":3", ERR_UNSUPPORTED,
		    ": version at offset ", 0 },
		{ "\"TD_QE\"", "\"QVE\"", ERR_UNSUPPORTED, ": id at offset ",
		    0 },
	};

	CHECK_EDITS(of_tcb, false);
	CHECK_EDITS(of_qe, true);
}

TEST(a_list_for_sgx_has_no_modules_and_one_for_tdx_has)
{
	doc_tcb(&doc, DCAP_TEE_SGX, levels, 2);
	doc_edit(
	    &doc, "\"fmspc\"", "\"tdxModule\":{" DOC_IDENTITY "},\"fmspc\"");
	check_refused(doc_bytes(&doc), false, ERR_FORMAT, "tdxModule at");

	doc_tcb(&doc, DCAP_TEE_SGX, levels, 2);
	doc_edit(&doc, "\"fmspc\"",
	    "\"tdxModuleIdentities\":[{\"id\":\"TDX_01\"," DOC_IDENTITY
	    ",\"tcbLevels\":[{\"tcb\":{\"isvsvn\":2},\"tcbDate\":"
	    "\"2023-08-09T00:00:00Z\",\"tcbStatus\":\"UpToDate\"}]}],"
	    "\"fmspc\"");
	check_refused(
	    doc_bytes(&doc), false, ERR_FORMAT, "tdxModuleIdentities at");

	/* Documents of 2023 have no list of identities. */
	write_tdx();
	doc_edit(&doc, "\"tdxModuleIdentities\"", "\"other\"");
	CHECK_OK(parse_tcb(doc_bytes(&doc), NULL));
	CHECK_EQ(info.n_identities, 0);
}

TEST(numbers_outside_their_range_are_refused)
{
	static const struct edit of_tcb[] = {
		{ "\"svn\":5", "\"svn\":256", ERR_FORMAT, ": svn at", 0 },
		{ "\"svn\":5", "\"svn\":-1", ERR_FORMAT, ": svn at", 0 },
		{ "\"svn\":5", "\"svn\":5.0", ERR_FORMAT, ": svn at", 0 },
		{ "\"svn\":5", "\"svn\":\"5\"", ERR_FORMAT, ": svn at", 0 },
		{ "\"svn\":5", "\"svn\":null", ERR_FORMAT, ": svn at", 0 },
		{ "\"svn\":5", "\"svn\":18446744073709551616", ERR_FORMAT,
		    ": svn at", 0 },
		{ "\"pcesvn\":65535", "\"pcesvn\":65536", ERR_FORMAT,
		    ": pcesvn at", 0 },
		{ "\"isvsvn\":3", "\"isvsvn\":65536", ERR_FORMAT, ": isvsvn at",
		    0 },
		{ "\"tcbEvaluationDataNumber\":17",
		    "\"tcbEvaluationDataNumber\":4294967296", ERR_FORMAT,
		    ": tcbEvaluationDataNumber at", 0 },
	};
	static const struct edit of_qe[] = {
		{ "\"isvprodid\":2", "\"isvprodid\":65536", ERR_FORMAT,
		    ": isvprodid at", 0 },
		{ "\"isvprodid\":2", "\"isvprodid\":[2]", ERR_FORMAT,
		    ": isvprodid at", 0 },
	};

	CHECK_EDITS(of_tcb, false);
	CHECK_EDITS(of_qe, true);
	write_tdx();
	doc_edit(&doc, "\"tcbEvaluationDataNumber\":17",
	    "\"tcbEvaluationDataNumber\":4294967295");
	doc_edit(&doc, "\"isvsvn\":3", "\"isvsvn\":65535");
	CHECK_OK(parse_tcb(doc_bytes(&doc), NULL));
	CHECK_EQ(info.eval_number, 4294967295U);
	CHECK_EQ(info.identity[0].level[0].isvsvn, 65535);
}

TEST(hexadecimal_has_its_length_and_digits)
{
	static const struct edit of_tcb[] = {
		{ "b0C06f0000a1", "b0C06f0000a", ERR_FORMAT, ": fmspc at", 0 },
		{ "b0C06f0000a1", "b0C06f0000", ERR_FORMAT, ": fmspc at", 0 },
		{ "b0C06f0000a1", "b0C06f0000a1ff", ERR_FORMAT, ": fmspc at",
		    0 },
		{ "b0C06f0000a1", "b0C06f0000g1", ERR_FORMAT, ": fmspc at", 0 },
		{ "b0C06f0000a1", "b0C06f00001G", ERR_FORMAT, ": fmspc at", 0 },
		{ "b0C06f0000a1", "b0C06f0000`1", ERR_FORMAT, ": fmspc at", 0 },
		{ "b0C06f0000a1", "b0C06f0000@1", ERR_FORMAT, ": fmspc at", 0 },
		{ "b0C06f0000a1", "b0C06f0000/1", ERR_FORMAT, ": fmspc at", 0 },
		{ "b0C06f0000a1", "b0C06f0000:1", ERR_FORMAT, ": fmspc at", 0 },
		{ "b0C06f0000a1", "\\u0062000000", ERR_FORMAT,
		    "must be without escapes", 0 },
		{ "\"b0C06f0000a1\"", "12", ERR_FORMAT, ": fmspc at", 0 },
		{ "01fE", "01f", ERR_FORMAT, ": pceId at", 0 },
		{ DOC_ZERO_48, DOC_ZERO_48 "00", ERR_FORMAT, ": mrsigner at",
		    0 },
		{ DOC_ZERO_48, DOC_ZERO_8, ERR_FORMAT, ": mrsigner at", 1 },
		{ "FFFFFFFFFFFFFFFF", "FFFF", ERR_FORMAT, ": attributesMask at",
		    1 },
		{ DOC_HEX_64, DOC_HEX_48, ERR_FORMAT, ": signature at", 0 },
		{ DOC_HEX_64, DOC_HEX_64 "00", ERR_FORMAT, ": signature at",
		    0 },
		{ "\"" DOC_HEX_64 "\"", "{}", ERR_FORMAT, ": signature at", 0 },
	};
	static const struct edit of_qe[] = {
		{ "00000001", "000001", ERR_FORMAT, ": miscselect at", 0 },
		{ "FFFFFF7F", "FFFFFF7FFF", ERR_FORMAT, ": miscselectMask at",
		    0 },
		{ "\"11000000", "\"110000", ERR_FORMAT, ": attributes at", 0 },
		{ "\"FBFF", "\"FB", ERR_FORMAT, ": attributesMask at", 0 },
		{ "\"" DOC_HEX_8, "\"", ERR_FORMAT, ": mrsigner at", 0 },
	};

	CHECK_EDITS(of_tcb, false);
	CHECK_EDITS(of_qe, true);
}

TEST(every_hexadecimal_digit_has_its_value)
{
	write_tdx();
	doc_edit(&doc, "b0C06f0000a1", "09afAF9FfaF0");
	CHECK_OK(parse_tcb(doc_bytes(&doc), NULL));
	CHECK_MEM(info.fmspc, "\x09\xaf\xaf\x9f\xfa\xf0", 6);
}

TEST(dates_are_dates_and_in_order)
{
	static const struct edit of_tcb[] = {
		{ "2025-06-19T10:16:03Z", "2025-06-31T10:16:03Z", ERR_FORMAT,
		    ": issueDate at", 0 },
		{ "2025-06-19T10:16:03Z", "2025-06-19 10:16:03Z", ERR_FORMAT,
		    ": issueDate at", 0 },
		{ "2025-06-19T10:16:03Z", "", ERR_FORMAT, ": issueDate at", 0 },
		{ "2025-07-19T10:16:03Z", "2025-07-19T10:16:03", ERR_FORMAT,
		    ": nextUpdate at", 0 },
		{ "2025-07-19T10:16:03Z", "2025-06-19T10:16:02Z", ERR_FORMAT,
		    ": nextUpdate at", 0 },
		{ "2025-07-19T10:16:03Z", "2025-06-19T10:16:03Z", ERR_FORMAT,
		    "not after issueDate", 0 },
		{ "\"2024-03-13T00:00:00Z\"", "1710288000", ERR_FORMAT,
		    ": tcbDate at", 0 },
		{ "2024-03-13T00:00:00Z", "2024-03-13T24:00:00Z", ERR_FORMAT,
		    ": tcbDate at", 3 },
		{ "2023-08-09T00:00:00Z", "2023-13-09T00:00:00Z", ERR_FORMAT,
		    ": tcbDate at", 0 },
	};
	static const struct edit of_qe[] = {
		{ "2025-06-19T10:32:27Z", "x", ERR_FORMAT, ": issueDate at",
		    0 },
		{ "2025-07-19T10:32:27Z", "2025-06-19T10:32:27Z", ERR_FORMAT,
		    "not after issueDate", 0 },
	};

	CHECK_EDITS(of_tcb, false);
	CHECK_EDITS(of_qe, true);
	write_tdx();
	doc_edit(&doc, "2025-07-19T10:16:03Z", "2025-06-19T10:16:04Z");
	CHECK_OK(parse_tcb(doc_bytes(&doc), NULL));
}

/* Every word that Intel's library reads in that place, and no other. */
TEST(status_words_are_those_of_the_list)
{
	static const char *const word[] = { "UpToDate", "OutOfDate", "Revoked",
		"ConfigurationNeeded", "OutOfDateConfigurationNeeded",
		"SWHardeningNeeded", "ConfigurationAndSWHardeningNeeded",
		"TDRelaunchAdvised", "TDRelaunchAdvisedConfigurationNeeded",
		"NotSupported", "uptodate", "UpToDate ", "", "Secure" };
	const size_t module = 3, identity = 5, platform = 7;
	char to[64];

	for (size_t i = 0; i < sizeof(word) / sizeof(word[0]); i++) {
		(void)snprintf(to, sizeof(to), "\"tcbStatus\":\"%s\"", word[i]);
		write_tdx();
		doc_edit(&doc, "\"tcbStatus\":\"UpToDate\"", to);
		if (i < module)
			CHECK_OK(parse_tcb(doc_bytes(&doc), NULL));
		else
			check_refused(doc_bytes(&doc), false, ERR_FORMAT,
			    ": tcbStatus at");
		write_tdx();
		doc_edit_nth(&doc, "\"tcbStatus\":\"UpToDate\"", to, 2);
		if (i < platform) {
			CHECK_OK(parse_tcb(doc_bytes(&doc), NULL));
			CHECK_STR(
			    dcap_status_name(info.level[0].status), word[i]);
		} else {
			check_refused(doc_bytes(&doc), false, ERR_FORMAT,
			    ": tcbStatus at");
		}
		doc_qe(&doc);
		doc_edit(&doc, "\"tcbStatus\":\"UpToDate\"", to);
		if (i < identity)
			CHECK_OK(parse_qe(doc_bytes(&doc), NULL));
		else
			check_refused(doc_bytes(&doc), true, ERR_FORMAT,
			    ": tcbStatus at");
	}
	write_tdx();
	doc_edit(&doc, "\"tcbStatus\":\"UpToDate\"", "\"tcbStatus\":0");
	check_refused(doc_bytes(&doc), false, ERR_FORMAT, ": tcbStatus at");
}

TEST(advisory_ids_are_plain_words)
{
	static const struct edit of_tcb[] = {
		{ "\"SA-1\"", "\"\"", ERR_FORMAT, ": advisoryIDs at", 0 },
		{ "\"SA-1\"", "\"ABCDEFGHIJKLMNOPQRSTUVWX\"", ERR_FORMAT,
		    ": advisoryIDs at", 0 },
		{ "\"SA-1\"", "\"A 1\"", ERR_FORMAT, ": advisoryIDs at", 0 },
		{ "\"SA-1\"", "\"A-\x7f\"", ERR_FORMAT, ": advisoryIDs at", 0 },
		{ "\"SA-1\"", "\"A-\xc3\xa9\"", ERR_FORMAT, ": advisoryIDs at",
		    0 },
		{ "\"SA-1\"", "\"A-\\n\"", ERR_FORMAT, ": advisoryIDs at", 0 },
		{ "\"SA-1\"", "7", ERR_FORMAT, ": advisoryIDs at", 0 },
		{ "[\"SA-1\"]", "\"SA-1\"", ERR_FORMAT, ": advisoryIDs at", 0 },
		{ "[\"SA-1\"]", "null", ERR_FORMAT, ": advisoryIDs at", 0 },
	};
	static const char *const longest[] = { "!BCDEFGHIJKLMNOPQRSTUV~",
		NULL };

	CHECK_EDITS(of_tcb, false);
	write_tdx();
	doc_edit(&doc, "SA-1", longest[0]);
	CHECK_OK(parse_tcb(doc_bytes(&doc), NULL));
	CHECK_EQ(info.level[3].advisories.n, 1);
	check_ids(&info.level[3].advisories, longest);
}

TEST(module_ids_are_tdx_and_two_digits)
{
	static const char *const bad[] = { "TDX_3", "TDX_003", "TDX-03",
		"TDZ_03", "UDX_03", "TDX_0g", "TDX_", "", "tdx\\u007f03",
		"{DX_03", "`DX_03" };
	char to[32];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		(void)snprintf(to, sizeof(to), "\"%s\"", bad[i]);
		write_tdx();
		doc_edit(&doc, "\"TDX_03\"", to);
		check_refused(
		    doc_bytes(&doc), false, ERR_FORMAT, ": id at offset ");
	}
	write_tdx();
	doc_edit(&doc, "\"TDX_03\"", "3");
	check_refused(doc_bytes(&doc), false, ERR_FORMAT, ": id at offset ");
	write_tdx();
	doc_edit(&doc, "TDX_03", "tdx_01");
	check_refused(doc_bytes(&doc), false, ERR_FORMAT, "two of the same id");
	write_tdx();
	doc_edit(&doc, "TDX_03", "TDz_03");
	check_refused(doc_bytes(&doc), false, ERR_FORMAT, ": id at offset ");
}

TEST(containers_have_their_type)
{
	static const struct edit of_tcb[] = {
		{ "{\"tcbInfo\":", "[{\"tcbInfo\":", ERR_TRUNCATED, "offset",
		    0 },
		{ "\"tdxModule\":{", "\"tdxModule\":1,\"x\":{", ERR_FORMAT,
		    ": tdxModule at", 0 },
		{ "\"tdxModuleIdentities\":[",
		    "\"tdxModuleIdentities\":{},\"x\":[", ERR_FORMAT,
		    ": tdxModuleIdentities at", 0 },
		{ "\"tdxModuleIdentities\":[",
		    "\"tdxModuleIdentities\":[],\"x\":[", ERR_FORMAT,
		    "must not be empty", 0 },
		{ "\"tdxModuleIdentities\":[", "\"tdxModuleIdentities\":[7,",
		    ERR_FORMAT, ": tdxModuleIdentities at", 0 },
		{ "\"tcbLevels\":[", "\"tcbLevels\":[],\"x\":[", ERR_FORMAT,
		    "must not be empty", 0 },
		{ "\"tcbLevels\":[", "\"tcbLevels\":[],\"x\":[", ERR_FORMAT,
		    "must not be empty", 2 },
		{ "\"tcbLevels\":[", "\"tcbLevels\":\"\",\"x\":[", ERR_FORMAT,
		    ": tcbLevels at", 2 },
		{ "\"tcbLevels\":[", "\"tcbLevels\":[[],", ERR_FORMAT,
		    ": tcbLevels at", 2 },
		{ "\"tcb\":{", "\"tcb\":[],\"x\":{", ERR_FORMAT, ": tcb at",
		    0 },
		{ "\"tcb\":{", "\"tcb\":true,\"x\":{", ERR_FORMAT, ": tcb at",
		    4 },
		{ "\"sgxtcbcomponents\":[", "\"sgxtcbcomponents\":{},\"x\":[",
		    ERR_FORMAT, ": sgxtcbcomponents at", 0 },
		{ "\"tdxtcbcomponents\":[{\"svn\":4}",
		    "\"tdxtcbcomponents\":[4", ERR_FORMAT,
		    ": tdxtcbcomponents at", 0 },
		{ "\"tcbInfo\":{", "\"tcbInfo\":[{", ERR_FORMAT, "offset", 0 },
	};

	CHECK_EDITS(of_tcb, false);
	check_refused((struct bytes)BYTES_LITERAL("[]"), false, ERR_FORMAT,
	    "document at offset 0: must be an object");
	check_refused((struct bytes)BYTES_LITERAL(" 7"), true, ERR_FORMAT,
	    "document at offset 1: must be an object");
	check_refused((struct bytes)BYTES_LITERAL("{\"tcbInfo\":[]}"), false,
	    ERR_FORMAT, "tcbInfo at offset 11: must be an object");
}

TEST(arrays_of_15_or_17_components_are_refused)
{
	static const struct edit of_tcb[] = {
		{ "{\"svn\":5},", "", ERR_FORMAT, "sgxtcbcomponents", 0 },
		{ "{\"svn\":5},", "{\"svn\":5},{\"svn\":5},", ERR_FORMAT,
		    "sgxtcbcomponents", 0 },
		{ "{\"svn\":3},", "", ERR_FORMAT, "tdxtcbcomponents", 0 },
		{ "{\"svn\":3},", "{\"svn\":3},{\"svn\":3},", ERR_FORMAT,
		    "tdxtcbcomponents", 0 },
		{ "\"tdxtcbcomponents\":[", "\"tdxtcbcomponents\":[],\"x\":[",
		    ERR_FORMAT, "fewer than 16", 0 },
	};

	CHECK_EDITS(of_tcb, false);
}

TEST(duplicate_keys_are_refused_everywhere)
{
	static const struct edit of_tcb[] = {
		{ "\"version\":3", "\"version\":3,\"version\":3", ERR_FORMAT,
		    "repeated", 0 },
		{ "\"version\":3", "\"version\":3,\"\\u0076ersion\":3",
		    ERR_FORMAT, "repeated", 0 },
		{ "\"svn\":5", "\"svn\":5,\"svn\":5", ERR_FORMAT, "repeated",
		    0 },
		{ "\"isvsvn\":3", "\"isvsvn\":3,\"isvsvn\":3", ERR_FORMAT,
		    "repeated", 0 },
		{ "\"tcbStatus\"", "\"tcbStatus\":\"Revoked\",\"tcbStatus\"",
		    ERR_FORMAT, "repeated", 6 },
		{ "{\"tcbInfo\"", "{\"signature\":\"\",\"tcbInfo\"", ERR_FORMAT,
		    "repeated", 0 },
		{ "{\"tcbInfo\"", "{\"tcbInfo\":{},\"tcbInfo\"", ERR_FORMAT,
		    "repeated", 0 },
	};
	static const struct edit of_qe[] = {
		{ "\"isvprodid\":2", "\"isvprodid\":2,\"isvprodid\":2",
		    ERR_FORMAT, "repeated", 0 },
	};

	CHECK_EDITS(of_tcb, false);
	CHECK_EDITS(of_qe, true);
}

TEST(a_member_beside_the_signed_object_is_refused)
{
	static const struct edit of_tcb[] = {
		{ "{\"tcbInfo\"", "{\"x\":1,\"tcbInfo\"", ERR_FORMAT,
		    "a member that the signature does not cover", 0 },
		{ DOC_HEX_64 "\"", DOC_HEX_64 "\",\"x\":1", ERR_FORMAT,
		    "a member that the signature does not cover", 0 },
	};

	CHECK_EDITS(of_tcb, false);
}

/* ---- Limits, truncations, trailing bytes ----------------------------------- */

static void write_levels(size_t n)
{
	doc_tcb_begin(&doc, DCAP_TEE_SGX);
	for (size_t i = 0; i < n; i++) {
		struct doc_level l = { .status = "UpToDate",
			.pcesvn = (uint16_t)i };

		doc_add(&doc, "%s", i == 0 ? "" : ",");
		doc_level(&doc, &l, DCAP_TEE_SGX);
	}
	doc_tcb_end(&doc);
}

TEST(at_most_48_levels)
{
	write_levels(TCB_LEVELS_MAX);
	CHECK(doc.len <= TCB_INFO_LEN_MAX);
	CHECK_OK(parse_tcb(doc_bytes(&doc), NULL));
	CHECK_EQ(info.n_levels, TCB_LEVELS_MAX);
	for (unsigned i = 0; i < TCB_LEVELS_MAX; i++)
		CHECK_EQ(info.level[i].pcesvn, TCB_LEVELS_MAX - 1 - i);
	write_levels(TCB_LEVELS_MAX + 1);
	check_refused(doc_bytes(&doc), false, ERR_LIMIT, ": tcbLevels at");
}

static void write_modules(size_t modules, size_t n_levels)
{
	char levels_text[4096] = "", text[32 * 1024] = "";

	for (size_t i = 0; i < n_levels; i++) {
		size_t at = strlen(levels_text);

		(void)snprintf(levels_text + at, sizeof(levels_text) - at,
		    "%s{\"tcb\":{\"isvsvn\":%zu},\"tcbDate\":"
		    "\"2023-08-09T00:00:00Z\",\"tcbStatus\":\"UpToDate\"}",
		    i == 0 ? "" : ",", i);
	}
	for (size_t i = 0; i < modules; i++) {
		size_t at = strlen(text);

		(void)snprintf(text + at, sizeof(text) - at,
		    "{\"id\":\"TDX_%02zx\"," DOC_IDENTITY
		    ",\"tcbLevels\":[%s]},",
		    0x80 + i, levels_text);
	}
	text[strlen(text) - 1] = '\0';
	doc_tcb(&doc, DCAP_TEE_TDX, levels, 1);
	doc_edit(&doc, "\"tdxModuleIdentities\"",
	    "\"tdxModuleIdentities\":[@],\"x\"");
	doc_edit(&doc, "@", text);
}

TEST(at_most_16_modules_of_16_levels)
{
	write_modules(TCB_MODULES_MAX, TCB_MODULE_LEVELS_MAX);
	CHECK_OK(parse_tcb(doc_bytes(&doc), NULL));
	CHECK_EQ(info.n_identities, TCB_MODULES_MAX);
	for (unsigned i = 0; i < TCB_MODULES_MAX; i++) {
		CHECK_EQ(info.identity[i].version, 0x80 + i);
		CHECK_EQ(info.identity[i].n_levels, TCB_MODULE_LEVELS_MAX);
		CHECK_EQ(info.identity[i].level[0].isvsvn, 15);
		CHECK_EQ(info.identity[i].level[15].isvsvn, 0);
	}
	write_modules(TCB_MODULES_MAX + 1, 1);
	check_refused(
	    doc_bytes(&doc), false, ERR_LIMIT, ": tdxModuleIdentities at");
	write_modules(1, TCB_MODULE_LEVELS_MAX + 1);
	check_refused(doc_bytes(&doc), false, ERR_LIMIT, ": tcbLevels at");
}

TEST(qe_levels_are_limited_and_different)
{
	for (unsigned extra = 0; extra < 2; extra++) {
		doc_qe_begin(&doc);
		for (unsigned i = 0; i < TCB_MODULE_LEVELS_MAX + extra; i++) {
			doc_add(&doc, "%s", i == 0 ? "" : ",");
			doc_isv_level(&doc, 100 - i, "UpToDate", NULL);
		}
		doc_qe_end(&doc);
		if (extra == 0)
			CHECK_OK(parse_qe(doc_bytes(&doc), NULL));
		else
			check_refused(
			    doc_bytes(&doc), true, ERR_LIMIT, ": tcbLevels at");
	}
	doc_qe(&doc);
	doc_edit(&doc, "\"isvsvn\":4", "\"isvsvn\":5");
	check_refused(
	    doc_bytes(&doc), true, ERR_FORMAT, "two levels of the same number");
	doc_qe_begin(&doc);
	doc_qe_end(&doc);
	check_refused(doc_bytes(&doc), true, ERR_FORMAT, "must not be empty");
}

TEST(at_most_64_advisories_on_a_level)
{
	for (unsigned n = TCB_ADVISORIES_MAX; n <= TCB_ADVISORIES_MAX + 1;
	     n++) {
		char text[4096] = "\"INTEL-SA-00000\"", id[POLICY_ADVISORY_LEN];
		size_t pos = 0, seen = 0;

		for (unsigned i = 1; i < n; i++)
			(void)snprintf(
			    text + strlen(text), 32, ",\"INTEL-SA-%05u\"", i);
		write_tdx();
		doc_edit(&doc, "\"SA-1\"", text);
		if (n > TCB_ADVISORIES_MAX) {
			check_refused(doc_bytes(&doc), false, ERR_LIMIT,
			    ": advisoryIDs at");
			continue;
		}
		CHECK_OK(parse_tcb(doc_bytes(&doc), NULL));
		CHECK_EQ(info.level[3].advisories.n, n);
		while (tcb_advisory_next(&info.level[3].advisories, &pos, id))
			seen++;
		CHECK_EQ(seen, n);
	}
}

static void pad(size_t len)
{
	memset(doc.p + doc.len, ' ', len - doc.len);
	doc.len = len;
}

TEST(documents_are_limited_in_length)
{
	write_tdx();
	pad(TCB_INFO_LEN_MAX);
	CHECK_OK(parse_tcb(doc_bytes(&doc), NULL));
	pad(TCB_INFO_LEN_MAX + 1);
	check_refused(doc_bytes(&doc), false, ERR_LIMIT, "at most 40960");
	doc_qe(&doc);
	pad(QE_IDENTITY_LEN_MAX);
	CHECK_OK(parse_qe(doc_bytes(&doc), NULL));
	pad(QE_IDENTITY_LEN_MAX + 1);
	check_refused(doc_bytes(&doc), true, ERR_LIMIT, "at most 8192");
}

/* Copies without a byte to spare, for the sanitizer. */
static void truncate_everywhere(bool is_qe)
{
	for (size_t n = 0; n < doc.len; n++) {
		uint8_t *copy = malloc(n + (n == 0));

		memcpy(copy, doc.p, n);
		check_refused(
		    (struct bytes){ copy, n }, is_qe, ERR_TRUNCATED, "");
		free(copy);
	}
}

TEST(every_truncation_is_refused)
{
	doc_tcb(&doc, DCAP_TEE_TDX, levels, 2);
	truncate_everywhere(false);
	doc_qe(&doc);
	truncate_everywhere(true);
	check_refused((struct bytes){ NULL, 0 }, false, ERR_TRUNCATED, "");
	check_refused((struct bytes){ NULL, 0 }, true, ERR_TRUNCATED, "");
}

TEST(trailing_bytes_are_refused)
{
	for (unsigned c = 0; c < 256; c++) {
		bool space = c == ' ' || c == '\t' || c == '\n' || c == '\r';

		doc_qe(&doc);
		doc.p[doc.len++] = (char)c;
		if (space)
			CHECK_OK(parse_qe(doc_bytes(&doc), NULL));
		else
			check_refused(
			    doc_bytes(&doc), true, ERR_TRAILING, "offset");
		write_tdx();
		doc.p[doc.len++] = (char)c;
		if (space)
			CHECK_OK(parse_tcb(doc_bytes(&doc), NULL));
		else
			check_refused(
			    doc_bytes(&doc), false, ERR_TRAILING, "offset");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_missing_member_is_named),
		cmocka_unit_test(a_name_with_escapes_is_another_name),
		cmocka_unit_test(another_version_kind_or_type_is_not_supported),
		cmocka_unit_test(
		    a_list_for_sgx_has_no_modules_and_one_for_tdx_has),
		cmocka_unit_test(numbers_outside_their_range_are_refused),
		cmocka_unit_test(hexadecimal_has_its_length_and_digits),
		cmocka_unit_test(every_hexadecimal_digit_has_its_value),
		cmocka_unit_test(dates_are_dates_and_in_order),
		cmocka_unit_test(status_words_are_those_of_the_list),
		cmocka_unit_test(advisory_ids_are_plain_words),
		cmocka_unit_test(module_ids_are_tdx_and_two_digits),
		cmocka_unit_test(containers_have_their_type),
		cmocka_unit_test(arrays_of_15_or_17_components_are_refused),
		cmocka_unit_test(duplicate_keys_are_refused_everywhere),
		cmocka_unit_test(a_member_beside_the_signed_object_is_refused),
		cmocka_unit_test(at_most_48_levels),
		cmocka_unit_test(at_most_16_modules_of_16_levels),
		cmocka_unit_test(qe_levels_are_limited_and_different),
		cmocka_unit_test(at_most_64_advisories_on_a_level),
		cmocka_unit_test(documents_are_limited_in_length),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(trailing_bytes_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
