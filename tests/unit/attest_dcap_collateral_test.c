/* Intel's signed documents: what is read from them, and what is refused. */
#include "json_hex.h"
#include "tcb_parse.h"

#include "base/utc.h"

#define MANIFEST      "attest/MANIFEST.json"
#define MANIFEST_DOCS 9 /* dcap-collateral items of the manifest */

static void check_date(uint64_t got, const char *want)
{
	uint64_t t;

	CHECK_OK(utc_from_text(
	    &t, (struct bytes){ (const uint8_t *)want, strlen(want) }));
	CHECK_EQ(got, t);
}

/* ---- Real documents -------------------------------------------------------- */

static void check_dates(const struct json *item, const char *name,
    uint64_t issued, uint64_t next_update)
{
	struct json v = json_member(item, name), date;
	struct json_iter it = json_iter(&v);
	uint64_t want[2];

	for (int i = 0; i < 2; i++) {
		CHECK(json_next(&it, NULL, &date));
		CHECK_OK(utc_from_text(&want[i], json_text(&date)));
	}
	CHECK_EQ(issued, want[0]);
	CHECK_EQ(next_update, want[1]);
}

static void check_number(
    const struct json *item, const char *name, uint64_t got)
{
	struct json v = json_member(item, name);
	uint64_t want;

	CHECK_OK(json_u64(&v, &want));
	CHECK_EQ(got, want);
}

/* A file that the item names; malloc'ed. */
static struct bytes item_file(const struct json *item, const char *name)
{
	struct json files = json_member(item, "files"), v;
	char path[256];
	struct bytes b;

	v = json_member(&files, name);
	(void)snprintf(path, sizeof(path), "attest/%.*s",
	    (int)json_text(&v).len, (const char *)json_text(&v).p);
	b.p = read_file(vector_path(path), &b.len);
	return b;
}

static void check_real_item(const struct json *item)
{
	struct bytes tcb = item_file(item, "tcb_info");
	struct bytes identity = item_file(item, "qe_identity");
	struct json tee = json_member(item, "tee");
	struct json id = json_member(item, "qe_identity_id");
	bool tdx = mem_eq_str(json_text(&tee), "TDX");
	uint8_t fmspc[PCK_FMSPC_LEN];

	CHECK_OK(parse_tcb(tcb, NULL));
	CHECK_EQ(info.tee, tdx ? DCAP_TEE_TDX : DCAP_TEE_SGX);
	CHECK_EQ(json_hex(item, "fmspc", fmspc, sizeof(fmspc)), sizeof(fmspc));
	CHECK_MEM(info.fmspc, fmspc, sizeof(fmspc));
	CHECK(mem_is_zero(info.pceid, sizeof(info.pceid)));
	check_number(item, "tcb_evaluation_data_number", info.eval_number);
	check_dates(item, "tcb_info_dates", info.issued, info.next_update);
	CHECK_EQ(info.has_module, tdx);
	CHECK(info.n_levels > 0);
	CHECK(info.signed_part.p > tcb.p && info.signed_part.p[0] == '{');

	CHECK_OK(parse_qe(identity, NULL));
	CHECK(mem_eq_str(json_text(&id), tdx ? "TD_QE" : "QE"));
	CHECK_EQ(qe.id, tdx ? QE_ID_TD_QE : QE_ID_QE);
	check_number(item, "qe_tcb_evaluation_data_number", qe.eval_number);
	check_dates(item, "qe_identity_dates", qe.issued, qe.next_update);
	CHECK_EQ(qe.isvprodid, tdx ? 2 : 1);
	CHECK_EQ(qe.attributes[0], 0x11);
	CHECK_EQ(qe.attributes_mask[0], 0xfb);
	free((void *)tcb.p);
	free((void *)identity.p);
}

TEST(every_real_document_reads_as_the_manifest_says)
{
	uint8_t *text;
	struct json root = json_file(vector_path(MANIFEST), &text), item;
	struct json items = json_member(&root, "items");
	struct json_iter it = json_iter(&items);
	unsigned n = 0;

	while (json_next(&it, NULL, &item)) {
		struct json kind = json_member(&item, "kind");

		if (!json_is_str(&kind, "dcap-collateral"))
			continue;
		check_real_item(&item);
		n++;
	}
	CHECK_EQ(n, MANIFEST_DOCS);
	free(text);
}

TEST(tcb_info_of_version_2_is_not_supported)
{
	struct bytes b;

	b.p = read_file(
	    vector_path("attest/sgx/tcb-info-v2-format/tcb_info.json"), &b.len);
	check_refused(b, false, ERR_UNSUPPORTED, "version at offset ");
	free((void *)b.p);
}

/* ---- What is read ---------------------------------------------------------- */

static void check_level(
    const struct tcb_level *got, const struct doc_level *want)
{
	CHECK_MEM(got->sgx, want->sgx, DCAP_SVN_LEN);
	CHECK_EQ(got->pcesvn, want->pcesvn);
	CHECK_MEM(got->tdx, want->tdx, DCAP_SVN_LEN);
	CHECK_STR(dcap_status_name(got->status), want->status);
	check_date(got->tcb_date, "2024-03-13T00:00:00Z");
}

TEST(tcb_info_gives_its_members)
{
	static const uint8_t fmspc[] = { 0xb0, 0xc0, 0x6f, 0, 0, 0xa1 };
	static const uint8_t pceid[] = { 0x01, 0xfe };
	const char *object;

	write_tdx();
	CHECK_OK(parse_tcb(doc_bytes(&doc), NULL));
	CHECK_EQ(info.tee, DCAP_TEE_TDX);
	check_date(info.issued, "2025-06-19T10:16:03Z");
	check_date(info.next_update, "2025-07-19T10:16:03Z");
	CHECK_MEM(info.fmspc, fmspc, sizeof(fmspc));
	CHECK_MEM(info.pceid, pceid, sizeof(pceid));
	CHECK_EQ(info.eval_number, 17);
	CHECK(info.has_module);
	CHECK_EQ(info.n_identities, 2);
	CHECK_EQ(info.identity[0].version, 3);
	CHECK_EQ(info.identity[1].version, 1);
	CHECK_EQ(info.n_levels, N_LEVELS);
	object = strstr(doc.p, "{\"id\"");
	CHECK(info.signed_part.p == (const uint8_t *)object);
	CHECK_EQ(info.signed_part.len,
	    (size_t)(strstr(doc.p, ",\"signature\"") - object));
	for (size_t i = 0; i < DCAP_SIG_LEN; i++)
		CHECK_EQ(info.sig[i], 0x01 + 0x22 * (i % 8));
}

TEST(tcb_levels_are_sorted_highest_first)
{
	write_tdx();
	CHECK_OK(parse_tcb(doc_bytes(&doc), NULL));
	check_level(&info.level[0], &levels[1]); /* by the SGX components */
	check_level(&info.level[1], &levels[3]); /* by the TDX components */
	check_level(&info.level[2], &levels[2]); /* by PCESVN */
	check_level(&info.level[3], &levels[0]);

	/* PCESVN is one number of 16 bits. */
	write_tdx();
	doc_edit(&doc, "\"pcesvn\":5,", "\"pcesvn\":255,");
	doc_edit(&doc, "\"pcesvn\":11,", "\"pcesvn\":256,");
	CHECK_OK(parse_tcb(doc_bytes(&doc), NULL));
	CHECK_EQ(info.level[1].pcesvn, 256);
	CHECK_EQ(info.level[2].pcesvn, 255);
	CHECK_EQ(info.level[3].pcesvn, 11);

	doc_tcb(&doc, DCAP_TEE_SGX, levels, 3);
	CHECK_OK(parse_tcb(doc_bytes(&doc), NULL));
	CHECK_EQ(info.tee, DCAP_TEE_SGX);
	CHECK_EQ(info.level[0].pcesvn, 65535);
	CHECK_EQ(info.level[1].pcesvn, 11);
	CHECK_EQ(info.level[2].pcesvn, 5);
	CHECK(mem_is_zero(info.level[0].tdx, DCAP_SVN_LEN));
}

/* Each component decides, and the first that differs does. */
TEST(tcb_levels_are_compared_component_by_component)
{
	for (unsigned k = 0; k < 2 * DCAP_SVN_LEN; k++) {
		struct doc_level two[2] = { { .status = "UpToDate" },
			{ .status = "OutOfDate" } };
		uint8_t *low = k < 16 ? two[0].sgx : two[0].tdx;
		uint8_t *high = k < 16 ? two[1].sgx : two[1].tdx;

		low[k % 16] = 7;
		high[k % 16] = 8;
		if (k % 16 < 15)
			low[k % 16 + 1] = 200;
		doc_tcb(&doc, DCAP_TEE_TDX, two, 2);
		CHECK_OK(parse_tcb(doc_bytes(&doc), NULL));
		CHECK_EQ(info.level[0].status, DCAP_OUT_OF_DATE);
	}
}

TEST(two_equal_levels_are_refused)
{
	struct doc_level three[3] = { levels[0], levels[1], levels[0] };

	three[2].status = "UpToDate";
	doc_tcb(&doc, DCAP_TEE_TDX, three, 3);
	check_refused(doc_bytes(&doc), false, ERR_FORMAT,
	    "two levels of the same numbers");
	three[2].tdx[15]++;
	doc_tcb(&doc, DCAP_TEE_TDX, three, 3);
	CHECK_OK(parse_tcb(doc_bytes(&doc), NULL));
	/* Lists for SGX have no TDX components that could differ. */
	doc_tcb(&doc, DCAP_TEE_SGX, three, 3);
	check_refused(doc_bytes(&doc), false, ERR_FORMAT,
	    "two levels of the same numbers");
}

TEST(module_identities_and_their_levels_are_read)
{
	const struct tdx_module *m = &info.identity[1];

	write_tdx();
	doc_edit_nth(&doc, DOC_ZERO_48, DOC_HEX_48, 2);
	doc_edit_nth(&doc, "\"" DOC_ZERO_8 "\"", "\"00000000000000AB\"", 2);
	doc_edit_nth(&doc, "FFFFFFFFFFFFFFFF", "0fffffffffffffff", 2);
	CHECK_OK(parse_tcb(doc_bytes(&doc), NULL));
	CHECK_EQ(m->mrsigner[0], 0x01);
	CHECK_EQ(m->mrsigner[47], 0xef);
	CHECK_EQ(m->attributes[7], 0xab);
	CHECK_EQ(m->mask[0], 0x0f);
	CHECK(mem_is_zero(info.module.mrsigner, TDX_MEASUREMENT_LEN));
	CHECK_EQ(m->n_levels, 3);
	CHECK_EQ(m->level[0].isvsvn, 5);
	CHECK_EQ(m->level[0].status, DCAP_UP_TO_DATE);
	CHECK_EQ(m->level[0].advisories.n, 0);
	CHECK_EQ(m->level[1].isvsvn, 4);
	CHECK_EQ(m->level[1].status, DCAP_REVOKED);
	CHECK_EQ(m->level[2].isvsvn, 2);
	CHECK_EQ(m->level[2].status, DCAP_OUT_OF_DATE);
	CHECK_EQ(m->level[2].advisories.n, 1);
	check_date(m->level[2].tcb_date, "2023-08-09T00:00:00Z");

	write_tdx();
	doc_edit(&doc, "TDX_03", "tDx_fE");
	CHECK_OK(parse_tcb(doc_bytes(&doc), NULL));
	CHECK_EQ(info.identity[0].version, 0xfe);
}

TEST(qe_identity_gives_its_members)
{
	static const uint8_t misc[4] = { 0, 0, 0, 1 };
	static const uint8_t misc_mask[4] = { 255, 255, 255, 0x7f };
	const char *object;

	doc_qe(&doc);
	CHECK_OK(parse_qe(doc_bytes(&doc), NULL));
	CHECK_EQ(qe.id, QE_ID_TD_QE);
	check_date(qe.issued, "2025-06-19T10:32:27Z");
	check_date(qe.next_update, "2025-07-19T10:32:27Z");
	CHECK_EQ(qe.eval_number, 18);
	CHECK_MEM(qe.miscselect, misc, 4);
	CHECK_MEM(qe.miscselect_mask, misc_mask, 4);
	CHECK_EQ(qe.attributes[0], 0x11);
	CHECK_EQ(qe.attributes_mask[0], 0xfb);
	CHECK_EQ(qe.attributes_mask[15], 2);
	CHECK_EQ(qe.mrsigner[31], 0xef);
	CHECK_EQ(qe.isvprodid, 2);
	CHECK_EQ(qe.n_levels, 3);
	CHECK_EQ(qe.level[0].isvsvn, 6);
	CHECK_EQ(qe.level[0].status, DCAP_UP_TO_DATE);
	CHECK_EQ(qe.level[1].isvsvn, 5);
	CHECK_EQ(qe.level[1].advisories.n, 2);
	CHECK_EQ(qe.level[2].isvsvn, 4);
	CHECK_EQ(qe.level[2].status, DCAP_OUT_OF_DATE_CONFIGURATION_NEEDED);
	object = strstr(doc.p, "{\"id\"");
	CHECK(qe.signed_part.p == (const uint8_t *)object);
	CHECK_EQ(qe.signed_part.len,
	    (size_t)(strstr(doc.p, ",\"signature\"") - object));
	CHECK_EQ(qe.sig[0], 0x01);
	CHECK_EQ(qe.sig[63], 0xef);

	doc_edit(&doc, "TD_QE", "QE");
	CHECK_OK(parse_qe(doc_bytes(&doc), NULL));
	CHECK_EQ(qe.id, QE_ID_QE);
}

TEST(advisories_are_walked_in_their_order)
{
	static const char *const two[] = { "INTEL-SA-00289", "INTEL-SA-00615",
		NULL };
	static const char *const none[] = { NULL };

	write_tdx();
	CHECK_OK(parse_tcb(doc_bytes(&doc), NULL));
	CHECK_EQ(info.level[2].advisories.n, 2);
	check_ids(&info.level[2].advisories, two);
	CHECK_EQ(info.level[1].advisories.n, 0);
	check_ids(&info.level[1].advisories, none);
	check_ids(&info.level[0].advisories, none); /* no array */
	check_ids(&(struct tcb_advisories){ .n = 0 }, none);
}

/* An array that nobody checked is not left either. */
TEST(advisories_are_not_read_beyond_their_array)
{
	static const char text[] = "[\"INTEL-SA-00001-longer-than-any\"";
	struct tcb_advisories a = { .n = 1 };
	char id[POLICY_ADVISORY_LEN];

	for (size_t n = 0; n < sizeof(text); n++) {
		uint8_t *copy = malloc(n + 1);
		size_t pos = 0, rounds = 0;

		memcpy(copy, text, n);
		copy[n] = '#';
		a.array = (struct bytes){ copy, n };
		while (tcb_advisory_next(&a, &pos, id)) {
			CHECK(strlen(id) < sizeof(id));
			CHECK(strchr(id, '#') == NULL);
			CHECK(++rounds < 4);
		}
		free(copy);
	}
}

TEST(members_stand_in_any_order)
{
	write_tdx();
	doc_edit(&doc, "\"id\":\"TDX\",\"version\":3,", "");
	doc_edit(&doc, "]},\"signature\"",
	    "] , \"version\" : 3 ,\n\"id\":\"TDX\" } ,\"signature\"");
	CHECK_OK(parse_tcb(doc_bytes(&doc), NULL));
	CHECK_EQ(info.tee, DCAP_TEE_TDX);
	CHECK_EQ(info.n_levels, N_LEVELS);
	CHECK_EQ(info.signed_part.p[info.signed_part.len - 1], '}');

	doc.len = 0;
	doc_add(&doc,
	    " {\"signature\" : \"" DOC_HEX_64 "\" , \"enclaveIdentity\" : ");
	struct doc *whole = malloc(sizeof(*whole));
	doc_qe(whole);
	whole->p[whole->len - strlen(",\"signature\":\"\"}") - 128] = '\0';
	doc_add(&doc, "%s \n}\r\n", strstr(whole->p, "{\"id\""));
	free(whole);
	CHECK_OK(parse_qe(doc_bytes(&doc), NULL));
	CHECK_EQ(qe.n_levels, 3);
	CHECK_EQ(qe.signed_part.p[0], '{');
	CHECK_EQ(qe.signed_part.p[qe.signed_part.len - 1], '}');
}

TEST(unknown_members_are_passed_over)
{
	write_tdx();
	doc_edit(&doc, "\"tcbType\"",
	    "\"new\":{\"tcbType\":[7,{\"a\":\"]\"}]},\"\\u0066mspc\\u0020\":1,"
	    "\"tcbType\"");
	doc_edit(&doc, "\"pcesvn\"", "\"x\":null,\"pcesvn\"");
	doc_edit(&doc, "\"svn\"", "\"y\":-1.5,\"svn\"");
	CHECK_OK(parse_tcb(doc_bytes(&doc), NULL));
	doc_qe(&doc);
	doc_edit(&doc, "\"isvsvn\"", "\"z\":[[]],\"isvsvn\"");
	CHECK_OK(parse_qe(doc_bytes(&doc), NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    every_real_document_reads_as_the_manifest_says),
		cmocka_unit_test(tcb_info_of_version_2_is_not_supported),
		cmocka_unit_test(tcb_info_gives_its_members),
		cmocka_unit_test(tcb_levels_are_sorted_highest_first),
		cmocka_unit_test(
		    tcb_levels_are_compared_component_by_component),
		cmocka_unit_test(two_equal_levels_are_refused),
		cmocka_unit_test(module_identities_and_their_levels_are_read),
		cmocka_unit_test(qe_identity_gives_its_members),
		cmocka_unit_test(advisories_are_walked_in_their_order),
		cmocka_unit_test(advisories_are_not_read_beyond_their_array),
		cmocka_unit_test(members_stand_in_any_order),
		cmocka_unit_test(unknown_members_are_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
