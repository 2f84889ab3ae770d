/* The quote parser: quotes of real machines, written ones, and mutations. */
#include "dcap_build.h"
#include "dcap_vectors.h"

static enum err parse(struct dcap_quote *q, const uint8_t *p, size_t len)
{
	return dcap_quote_parse(q, (struct bytes){ p, len }, NULL);
}

/* Refused with this code, a zeroed result, and a message that says `text`. */
static void check_refused(
    const uint8_t *p, size_t len, enum err want, const char *text)
{
	struct err_ctx ctx = { 0 };
	struct dcap_quote q;
	enum err e = dcap_quote_parse(&q, (struct bytes){ p, len }, &ctx);

	if (e != want || strstr(ctx.msg, text) == NULL)
		fail_msg("got \"%s\": %s; want \"%s\": %s", err_name(e),
		    ctx.msg, err_name(want), text);
	CHECK_EQ(ctx.code, want);
	CHECK(mem_is_zero(&q, sizeof(q)));
}

/* A number of n bytes, what to put there, and how that is refused. */
struct change {
	size_t at, n;
	uint32_t value;
	enum err want;
	const char *text;
};

static void check_changed(uint8_t *raw, size_t len, const struct change *c)
{
	uint8_t old[4];

	memcpy(old, raw + c->at, c->n);
	memcpy(raw + c->at, &c->value, c->n);
	check_refused(raw, len, c->want, c->text);
	memcpy(raw + c->at, old, c->n);
}

/* ---- quotes of real machines ----------------------------------------- */
static uint64_t number(const struct json *o, const char *name)
{
	struct json v = json_member(o, name);
	uint64_t n = 0;

	if (v.type == JSON_STRING)
		n = strtoull((const char *)v.text.p + 1, NULL, 16);
	else
		CHECK_OK(json_u64(&v, &n));
	return n;
}

static void check_hex(
    const struct json *o, const char *name, const void *got, size_t n)
{
	uint8_t want[64];

	CHECK_EQ(json_hex(o, name, want, sizeof(want)), n);
	CHECK_MEM(got, want, n);
}

/* Eight bytes that we read as a number, little endian. */
static void check_hex_le64(const struct json *o, const char *name, uint64_t got)
{
	uint8_t le[8];
	struct wr w = wr_init(le, sizeof(le));

	wr_u64le(&w, got);
	check_hex(o, name, le, sizeof(le));
}

static void check_sgx(const struct json *o, const struct sgx_report *s)
{
	check_hex(o, "mrenclave", s->mrenclave, sizeof(s->mrenclave));
	check_hex(o, "mrsigner", s->mrsigner, sizeof(s->mrsigner));
	check_hex(o, "attributes", s->attributes, sizeof(s->attributes));
	check_hex(o, "miscselect", s->miscselect, sizeof(s->miscselect));
	CHECK_EQ(s->isvprodid, number(o, "isvprodid"));
	CHECK_EQ(s->isvsvn, number(o, "isvsvn"));
}

static void check_td(const struct json *o, const struct td_report *t)
{
	static const char *const rtmr[] = { "rtmr0", "rtmr1", "rtmr2",
		"rtmr3" };

	check_hex(o, "tee_tcb_svn", t->tee_tcb_svn, 16);
	check_hex(o, "mrseam", t->mrseam, 48);
	check_hex(o, "mrsignerseam", t->mrsignerseam, 48);
	check_hex(o, "seamattributes", t->seamattributes, 8);
	check_hex_le64(o, "tdattributes", t->tdattributes);
	check_hex_le64(o, "xfam", t->xfam);
	check_hex(o, "mrtd", t->mrtd, 48);
	check_hex(o, "mrconfigid", t->mrconfigid, 48);
	check_hex(o, "mrowner", t->mrowner, 48);
	check_hex(o, "mrownerconfig", t->mrownerconfig, 48);
	for (size_t i = 0; i < 4; i++)
		check_hex(o, rtmr[i], t->rtmr[i], 48);
	if (!t->is_15) {
		CHECK(mem_is_zero(t->tee_tcb_svn2, 16));
		CHECK(mem_is_zero(t->mrservicetd, 48));
		return;
	}
	check_hex(o, "tee_tcb_svn2", t->tee_tcb_svn2, 16);
	check_hex(o, "mrservicetd", t->mrservicetd, 48);
}

static void check_fields(
    const struct json *f, const struct dcap_quote *q, struct bytes file)
{
	struct json body = json_member(f, "body");
	struct json qe = json_member(f, "qe_report");
	struct quote_at at = quote_find(q);
	struct json v;

	CHECK_EQ(q->version, number(f, "version"));
	CHECK_EQ(q->tee, number(f, "tee_type"));
	CHECK_EQ(file.len, number(f, "length"));
	CHECK_EQ(q->qe_auth.len, number(f, "qe_auth_data_len"));
	CHECK_EQ(file.len - at.end, number(f, "trailing_bytes"));
	CHECK(q->pck_pem.p + q->pck_pem.len == file.p + at.end);
	CHECK(q->signed_part.p == file.p && q->signed_part.len == at.sig_len);
	CHECK(q->sig.p == file.p + at.sig && q->sig.len == DCAP_SIG_LEN);
	CHECK(q->ak.p == file.p + at.ak && q->ak.len == DCAP_AK_LEN);
	CHECK_EQ(q->ak_point[0], 4);
	CHECK_MEM(q->ak_point + 1, q->ak.p, DCAP_AK_LEN);
	CHECK(q->qe_report.p == file.p + at.qe_report);
	CHECK_EQ(q->qe_report.len, SGX_REPORT_LEN);
	CHECK(q->qe_sig.p == q->qe_report.p + SGX_REPORT_LEN);
	CHECK_EQ(q->qe_sig.len, DCAP_SIG_LEN);
	CHECK(q->qe_auth.p == file.p + at.auth_len + 2);
	check_sgx(&qe, &q->qe);
	check_hex(&body, "reportdata", dcap_report_data(q), 64);
	if (q->tee == DCAP_TEE_SGX) {
		check_sgx(&body, &q->sgx);
		check_hex(&body, "cpusvn", q->sgx.cpusvn, 16);
	} else {
		check_td(&body, &q->td);
		CHECK_EQ(q->td.is_15, json_get(f, "v5_body_type", &v) &&
					  number(f, "v5_body_type") == 3);
	}
}

TEST(dcap_quote_has_the_fields_of_every_real_quote)
{
	struct manifest m = manifest_open();
	struct json_iter it = json_iter(&m.items);
	struct json item, fields;
	size_t n = 0;

	for (; manifest_next_quote(&it, &item); n++) {
		struct bytes file = manifest_file(&item, "quote");
		struct bytes quote = file;
		struct dcap_quote q;
		char id[64];

		fields = json_member(&item, "fields");
		if (strcmp(item_text(&item, "id", id), TRAILING_ITEM) == 0)
			quote.len -= TRAILING_BYTES;
		CHECK_OK(dcap_quote_parse(&q, quote, NULL));
		check_fields(&fields, &q, file);
		bytes_free(&file);
	}
	CHECK_EQ(n, DCAP_QUOTES);
	manifest_close(&m);
}

/* Some hosts hand out a buffer: what follows the quote is zero, or refused. */
TEST(dcap_quote_refuses_the_real_file_with_other_bytes_behind_it)
{
	struct manifest m = manifest_open();
	struct json item = manifest_find(&m, TRAILING_ITEM);
	struct bytes file = manifest_file(&item, "quote");

	check_refused(file.p, file.len, ERR_TRAILING,
	    "quote ends at offset 4935, bytes after it are not zero");
	bytes_free(&file);
	manifest_close(&m);
}

TEST(dcap_quote_rejects_every_truncation_of_every_real_quote)
{
	struct manifest m = manifest_open();
	struct json_iter it = json_iter(&m.items);
	struct json item;

	while (manifest_next_quote(&it, &item)) {
		struct bytes file = manifest_file(&item, "quote");
		struct json fields = json_member(&item, "fields");
		size_t end = file.len - number(&fields, "trailing_bytes");
		struct dcap_quote q;

		for (size_t n = 0; n < end; n++) {
			/* Of its own size: reading further is noticed. */
			uint8_t *cut = malloc(n + 1);

			assert_non_null(cut);
			memcpy(cut + 1, file.p, n);
			CHECK_ERR(parse(&q, cut + 1, n), ERR_TRUNCATED);
			CHECK(mem_is_zero(&q, sizeof(q)));
			free(cut);
		}
		CHECK_OK(parse(&q, file.p, end));
		bytes_free(&file);
	}
	manifest_close(&m);
}

/* The recipes of the manifest that concern the format. */
TEST(dcap_quote_refuses_the_mutations_of_a_real_quote)
{
	struct manifest m = manifest_open();
	struct json item = manifest_find(&m, "v4-uptodate-b0c06f");
	struct bytes file = manifest_file(&item, "quote");
	static const struct change recipe[] = {
		{ 2, 2, 3, ERR_UNSUPPORTED, "key type 3 at offset 2" },
		{ 4, 4, 0, ERR_UNSUPPORTED, "TEE type 0x0 at offset 4" },
		{ 12, 1, 0x92, ERR_UNSUPPORTED, "vendor id at offset 12" },
		{ 632, 4, 0xffffffff, ERR_TRUNCATED,
		    "signature data of 4294967295 bytes" },
		{ 632, 4, 5006 - 636 + 1, ERR_TRUNCATED,
		    "signature data of 4371 bytes" },
	};
	uint8_t raw[5006];

	CHECK_EQ(file.len, sizeof(raw));
	memcpy(raw, file.p, sizeof(raw));
	for (size_t i = 0; i < sizeof(recipe) / sizeof(recipe[0]); i++)
		check_changed(raw, sizeof(raw), &recipe[i]);
	bytes_free(&file);
	manifest_close(&m);
}

TEST(dcap_quote_refuses_a_real_quote_without_a_chain)
{
	struct manifest m = manifest_open();
	struct json item =
	    manifest_find(&m, "bad-impostor-root-intel-sample-v3");
	struct bytes file = manifest_file(&item, "quote");

	check_refused(file.p, file.len, ERR_UNSUPPORTED,
	    "certification data type 1 at offset");
	bytes_free(&file);
	manifest_close(&m);
}

/* ---- written quotes --------------------------------------------------- */
static const uint8_t sig[DCAP_SIG_LEN] = { 0x51 };
static const uint8_t qe_sig[DCAP_SIG_LEN] = { 0x52 };
static const uint8_t ak[DCAP_AK_LEN] = { 0x53 };
static const uint8_t auth[32] = { 0x54 };
static const uint8_t pem[100] = { 0x55 };

/* Each byte of a field differs from the next. */
static void number_bytes(void *p, size_t n, uint8_t start)
{
	for (size_t i = 0; i < n; i++)
		((uint8_t *)p)[i] = (uint8_t)(start + i);
}

static void fill_sgx(struct sgx_report *s, uint8_t start)
{
	number_bytes(s->cpusvn, 16, start);
	number_bytes(s->miscselect, 4, start + 1);
	number_bytes(s->attributes, 16, start + 2);
	number_bytes(s->mrenclave, 32, start + 3);
	number_bytes(s->mrsigner, 32, start + 4);
	number_bytes(s->report_data, 64, start + 5);
	s->isvprodid = 0x1234;
	s->isvsvn = 0x5678;
}

static void fill_td(struct td_report *t, bool is_15)
{
	number_bytes(t, offsetof(struct td_report, is_15), 7);
	t->tdattributes = 0x1122334455667788;
	t->xfam = 0x99AABBCCDDEEFF00;
	t->is_15 = is_15;
	if (!is_15)
		return;
	number_bytes(t->tee_tcb_svn2, 16, 100);
	number_bytes(t->mrservicetd, 48, 120);
}

/* The shapes that exist. */
static const struct shape {
	uint16_t version;
	enum dcap_tee tee;
	bool is_15;
} shapes[] = {
	{ 3, DCAP_TEE_SGX, false },
	{ 4, DCAP_TEE_TDX, false },
	{ 5, DCAP_TEE_SGX, false },
	{ 5, DCAP_TEE_TDX, false },
	{ 5, DCAP_TEE_TDX, true },
};
#define SHAPES (sizeof(shapes) / sizeof(shapes[0]))

static struct dcap_quote make(const struct shape *s)
{
	struct dcap_quote q = {
		.version = s->version,
		.tee = s->tee,
		.sig = { sig, sizeof(sig) },
		.ak = { ak, sizeof(ak) },
		.qe_sig = { qe_sig, sizeof(qe_sig) },
		.qe_auth = { auth, sizeof(auth) },
		.pck_pem = { pem, sizeof(pem) },
	};

	if (s->tee == DCAP_TEE_SGX)
		fill_sgx(&q.sgx, 0x10);
	else
		fill_td(&q.td, s->is_15);
	fill_sgx(&q.qe, 0x80);
	return q;
}

static void check_same_sgx(
    const struct sgx_report *a, const struct sgx_report *b)
{
	CHECK_MEM(a->cpusvn, b->cpusvn, 16);
	CHECK_MEM(a->miscselect, b->miscselect, 4);
	CHECK_MEM(a->attributes, b->attributes, 16);
	CHECK_MEM(a->mrenclave, b->mrenclave, 32);
	CHECK_MEM(a->mrsigner, b->mrsigner, 32);
	CHECK_MEM(a->report_data, b->report_data, 64);
	CHECK_EQ(a->isvprodid, b->isvprodid);
	CHECK_EQ(a->isvsvn, b->isvsvn);
}

TEST(dcap_quote_reads_back_each_shape_as_written)
{
	uint8_t raw[2048];

	for (size_t i = 0; i < SHAPES; i++) {
		struct dcap_quote want = make(&shapes[i]), q;
		size_t len = quote_write(raw, sizeof(raw), &want);

		CHECK_OK(parse(&q, raw, len));
		CHECK_EQ(q.version, want.version);
		CHECK_EQ(q.tee, want.tee);
		check_same_sgx(&q.sgx, &want.sgx);
		check_same_sgx(&q.qe, &want.qe);
		CHECK_MEM(
		    &q.td, &want.td, offsetof(struct td_report, report_data));
		CHECK_EQ(q.td.is_15, want.td.is_15);
		CHECK_MEM(q.td.tee_tcb_svn2, want.td.tee_tcb_svn2, 16);
		CHECK_MEM(q.td.mrservicetd, want.td.mrservicetd, 48);
		CHECK_MEM(dcap_report_data(&q), dcap_report_data(&want), 64);
		CHECK(mem_eq(q.sig, want.sig) && mem_eq(q.ak, want.ak));
		CHECK(mem_eq(q.qe_sig, want.qe_sig));
		CHECK(mem_eq(q.qe_auth, want.qe_auth));
		CHECK(mem_eq(q.pck_pem, want.pck_pem));
	}
}

TEST(dcap_quote_rejects_every_truncation_of_each_shape)
{
	uint8_t raw[2048];
	struct dcap_quote q;

	for (size_t i = 0; i < SHAPES; i++) {
		struct dcap_quote want = make(&shapes[i]);
		size_t len = quote_write(raw, sizeof(raw), &want);

		for (size_t n = 0; n < len; n++)
			CHECK_ERR(parse(&q, raw, n), ERR_TRUNCATED);
		CHECK_OK(parse(&q, raw, len));
	}
	CHECK_ERR(parse(&q, NULL, 0), ERR_TRUNCATED);
	check_refused(raw, 20, ERR_TRUNCATED, "within its header");
	check_refused(raw, 47, ERR_TRUNCATED, "within its header");
	check_refused(raw, 48, ERR_TRUNCATED, "within its body");
	check_refused(raw, 53, ERR_TRUNCATED, "within its body");
	check_refused(raw, 300, ERR_TRUNCATED, "offset 300, within its body");
}

TEST(dcap_quote_takes_zeros_after_it_up_to_the_limit_and_nothing_else)
{
	uint8_t raw[2048 + DCAP_ZEROS_MAX + 1] = { 0 };
	struct dcap_quote want = make(&shapes[1]), q;
	size_t len = quote_write(raw, 2048, &want);

	for (size_t n = 0; n <= DCAP_ZEROS_MAX; n += 64) {
		CHECK_OK(parse(&q, raw, len + n));
		CHECK_EQ(q.pck_pem.len, sizeof(pem));
	}
	CHECK_OK(parse(&q, raw, len + DCAP_ZEROS_MAX));
	check_refused(raw, len + DCAP_ZEROS_MAX + 1, ERR_LIMIT,
	    "4097 zeros after offset");
	for (size_t n = 0; n < 80; n++) {
		raw[len + n] = 1;
		check_refused(raw, len + 80, ERR_TRAILING, "are not zero");
		raw[len + n] = 0;
	}
}

TEST(dcap_quote_refuses_more_than_16_kb_before_reading_it)
{
	uint8_t *raw = calloc(1, DCAP_QUOTE_LEN_MAX + 1);

	assert_non_null(raw);
	check_refused(raw, DCAP_QUOTE_LEN_MAX + 1, ERR_LIMIT,
	    "quote of 16385 bytes, at most 16384");
	check_refused(
	    raw, DCAP_QUOTE_LEN_MAX, ERR_UNSUPPORTED, "quote version 0");
	free(raw);
}

/* A quote that fills the limit: its own bytes, not zeros behind it. */
TEST(dcap_quote_of_16_kb_is_read)
{
	uint8_t *raw = calloc(1, DCAP_QUOTE_LEN_MAX);
	struct dcap_quote want = make(&shapes[0]), q;
	uint8_t *chain = calloc(1, DCAP_QUOTE_LEN_MAX);

	assert_non_null(raw);
	assert_non_null(chain);
	want.pck_pem.p = chain;
	want.pck_pem.len = DCAP_QUOTE_LEN_MAX - quote_find(&want).cert5 - 6;
	CHECK_EQ(
	    quote_write(raw, DCAP_QUOTE_LEN_MAX, &want), DCAP_QUOTE_LEN_MAX);
	CHECK_OK(parse(&q, raw, DCAP_QUOTE_LEN_MAX));
	free(chain);
	free(raw);
}

TEST(dcap_quote_refuses_other_versions_key_types_and_tees)
{
	static const struct change all[] = {
		{ 0, 2, 0, ERR_UNSUPPORTED, "version 0 at offset 0" },
		{ 0, 2, 2, ERR_UNSUPPORTED, "version 2 at offset 0" },
		{ 0, 2, 6, ERR_UNSUPPORTED, "version 6 at offset 0" },
		{ 0, 2, 0xffff, ERR_UNSUPPORTED, "version 65535 at offset 0" },
		{ 2, 2, 0, ERR_UNSUPPORTED, "key type 0 at offset 2" },
		{ 2, 2, 3, ERR_UNSUPPORTED, "key type 3 at offset 2" },
		{ 4, 4, 1, ERR_UNSUPPORTED, "TEE type 0x1 at offset 4" },
		{ 4, 4, 0x82, ERR_UNSUPPORTED, "TEE type 0x82 at offset 4" },
		{ 4, 4, 0x8100, ERR_UNSUPPORTED, "TEE type 0x8100" },
		{ 4, 4, 0x10081, ERR_UNSUPPORTED, "TEE type 0x10081" },
		{ 12, 1, 0, ERR_UNSUPPORTED, "vendor id at offset 12" },
		{ 27, 1, 0, ERR_UNSUPPORTED, "vendor id at offset 12" },
	};
	uint8_t raw[2048];

	for (size_t i = 0; i < SHAPES; i++) {
		struct dcap_quote want = make(&shapes[i]);
		size_t len = quote_write(raw, sizeof(raw), &want);

		for (size_t j = 0; j < sizeof(all) / sizeof(all[0]); j++)
			check_changed(raw, len, &all[j]);
	}
}

/* Version 3 has SGX reports, version 4 TD reports; nothing else. */
TEST(dcap_quote_refuses_a_tee_that_its_version_does_not_have)
{
	static const struct change sgx_of_4 = { 4, 4, 0, ERR_UNSUPPORTED,
		"TEE type 0x0 at offset 4 in version 4" };
	static const struct change td_of_3 = { 4, 4, 0x81, ERR_UNSUPPORTED,
		"TEE type 0x81 at offset 4 in version 3" };
	struct dcap_quote v3 = make(&shapes[0]), v4 = make(&shapes[1]);
	uint8_t raw[2048];

	check_changed(raw, quote_write(raw, sizeof(raw), &v3), &td_of_3);
	check_changed(raw, quote_write(raw, sizeof(raw), &v4), &sgx_of_4);
}

TEST(dcap_quote_5_refuses_type_size_and_tee_that_disagree)
{
	static const struct change sgx[] = {
		{ 48, 2, 0, ERR_UNSUPPORTED, "body type 0 at offset 48" },
		{ 48, 2, 4, ERR_UNSUPPORTED, "body type 4 at offset 48" },
		{ 48, 2, 0x101, ERR_UNSUPPORTED, "body type 257 at offset" },
		{ 48, 2, 2, ERR_FORMAT, "type 2 has 584" },
		{ 50, 4, 383, ERR_FORMAT, "body size 383 at offset 50" },
		{ 50, 4, 385, ERR_FORMAT, "body size 385 at offset 50" },
		{ 50, 4, 584, ERR_FORMAT, "body size 584 at offset 50" },
		{ 4, 4, 0x81, ERR_FORMAT, "type 1 at offset 48 is not of TEE" },
	};
	static const struct change td_10[] = {
		{ 48, 2, 1, ERR_FORMAT, "type 1 has 384" },
		{ 48, 2, 3, ERR_FORMAT, "type 3 has 648" },
		{ 50, 4, 648, ERR_FORMAT, "body size 648 at offset 50" },
		{ 50, 4, 0xffffffff, ERR_FORMAT, "body size 4294967295" },
		{ 4, 4, 0, ERR_FORMAT, "type 2 at offset 48 is not of TEE" },
	};
	static const struct change td_15[] = {
		{ 48, 2, 2, ERR_FORMAT, "type 2 has 584" },
		{ 50, 4, 584, ERR_FORMAT, "body size 584 at offset 50" },
		{ 50, 4, 0, ERR_FORMAT, "body size 0 at offset 50" },
		{ 4, 4, 0, ERR_FORMAT, "type 3 at offset 48 is not of TEE" },
	};
	struct dcap_quote q = make(&shapes[2]);
	uint8_t raw[2048];
	size_t len = quote_write(raw, sizeof(raw), &q);

	for (size_t i = 0; i < sizeof(sgx) / sizeof(sgx[0]); i++)
		check_changed(raw, len, &sgx[i]);
	q = make(&shapes[3]);
	len = quote_write(raw, sizeof(raw), &q);
	for (size_t i = 0; i < sizeof(td_10) / sizeof(td_10[0]); i++)
		check_changed(raw, len, &td_10[i]);
	q = make(&shapes[4]);
	len = quote_write(raw, sizeof(raw), &q);
	for (size_t i = 0; i < sizeof(td_15) / sizeof(td_15[0]); i++)
		check_changed(raw, len, &td_15[i]);
}

/* Each length, one less and one more: with nothing and with zeros behind. */
TEST(dcap_quote_refuses_nested_lengths_wrong_by_one)
{
	uint8_t raw[2048];

	for (size_t i = 0; i < SHAPES; i++) {
		struct dcap_quote q = make(&shapes[i]);
		struct quote_at at = quote_find(&q);
		uint32_t whole = (uint32_t)(at.end - at.sig);
		uint32_t inner = (uint32_t)(at.end - at.qe_report);
		const char *ends = "does not end with the signature data";
		const struct change both[] = {
			{ at.auth_len, 2, sizeof(auth) - 1, ERR_UNSUPPORTED,
			    "certification data type" },
			{ at.auth_len, 2, sizeof(auth) + 1, ERR_UNSUPPORTED,
			    "certification data type" },
			{ at.auth_len, 2, 0xffff, ERR_FORMAT,
			    "ends within the QE's part, at offset" },
			{ at.cert5 + 2, 4, sizeof(pem) - 1, ERR_FORMAT, ends },
			{ at.cert5 + 2, 4, sizeof(pem) + 1, ERR_FORMAT, ends },
			{ at.cert5 + 2, 4, 0xffffffff, ERR_FORMAT, ends },
			/* the last two: where there is a type 6 */
			{ at.cert6 + 2, 4, inner - 1, ERR_FORMAT, ends },
			{ at.cert6 + 2, 4, inner + 1, ERR_FORMAT, ends },
		};
		const struct change more = { at.sig_len, 4, whole + 1,
			ERR_TRUNCATED, "ends after the quote's" };
		const struct change more_zeros = { at.sig_len, 4, whole + 1,
			ERR_FORMAT, ends };
		const struct change less = { at.sig_len, 4, whole - 1,
			ERR_TRAILING, "are not zero" };
		const struct change less_zeros = { at.sig_len, 4, whole - 1,
			ERR_FORMAT, ends };
		size_t n = at.cert6 != 0 ? 8 : 6;
		size_t len = quote_write(raw, sizeof(raw), &q);

		memset(raw + len, 0, 8);
		for (size_t j = 0; j < n; j++) {
			check_changed(raw, len, &both[j]);
			check_changed(raw, len + 8, &both[j]);
		}
		check_changed(raw, len, &more);
		check_changed(raw, len + 8, &more_zeros);
		raw[len - 1] = 7;
		check_changed(raw, len, &less);
		raw[len - 1] = 0;
		check_changed(raw, len, &less_zeros);
	}
}

/* The signature data's length cut to every smaller one: it ends early, and
 * whatever remains is refused as not zero, so that it is made zero. */
TEST(dcap_quote_refuses_signature_data_that_ends_early)
{
	uint8_t raw[2048], cut[2048];

	for (size_t i = 0; i < SHAPES; i++) {
		struct dcap_quote want = make(&shapes[i]), q;
		struct quote_at at = quote_find(&want);
		size_t len = quote_write(raw, sizeof(raw), &want);

		for (uint32_t n = 0; n < len - at.sig; n++) {
			memcpy(cut, raw, len);
			memset(cut + at.sig + n, 0, len - at.sig - n);
			memcpy(cut + at.sig_len, &n, 4);
			CHECK_ERR(parse(&q, cut, len), ERR_FORMAT);
		}
	}
}

TEST(dcap_quote_refuses_certification_data_without_a_chain)
{
	uint8_t raw[2048];
	char text[80];

	for (size_t i = 0; i < SHAPES; i++) {
		struct dcap_quote q = make(&shapes[i]);
		struct quote_at at = quote_find(&q);
		size_t len = quote_write(raw, sizeof(raw), &q);

		for (uint32_t type = 0; type < 9; type++) {
			const struct change five = { at.cert5, 2, type,
				ERR_UNSUPPORTED, text };
			const struct change six = { at.cert6, 2, type,
				ERR_UNSUPPORTED, text };

			(void)snprintf(text, sizeof(text),
			    "data type %u at offset %zu, must be 5", type,
			    at.cert5);
			if (type != 5)
				check_changed(raw, len, &five);
			(void)snprintf(text, sizeof(text),
			    "data type %u at offset %zu, must be 6", type,
			    at.cert6);
			if (type != 6 && at.cert6 != 0)
				check_changed(raw, len, &six);
		}
	}
}

TEST(dcap_quote_takes_any_length_of_authentication_data)
{
	static const size_t len[] = { 0, 1, 31, 33, 1000 };
	static const uint8_t data[1000] = { 1 };
	uint8_t raw[4096];

	for (size_t i = 0; i < sizeof(len) / sizeof(len[0]); i++) {
		struct dcap_quote want = make(&shapes[4]), q;

		want.qe_auth = (struct bytes){ data, len[i] };
		CHECK_OK(parse(&q, raw, quote_write(raw, sizeof(raw), &want)));
		CHECK(mem_eq(q.qe_auth, want.qe_auth));
		CHECK(mem_eq(q.pck_pem, want.pck_pem));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dcap_quote_has_the_fields_of_every_real_quote),
		cmocka_unit_test(
		    dcap_quote_refuses_the_real_file_with_other_bytes_behind_it),
		cmocka_unit_test(
		    dcap_quote_rejects_every_truncation_of_every_real_quote),
		cmocka_unit_test(
		    dcap_quote_refuses_the_mutations_of_a_real_quote),
		cmocka_unit_test(
		    dcap_quote_refuses_a_real_quote_without_a_chain),
		cmocka_unit_test(dcap_quote_reads_back_each_shape_as_written),
		cmocka_unit_test(
		    dcap_quote_rejects_every_truncation_of_each_shape),
		cmocka_unit_test(
		    dcap_quote_takes_zeros_after_it_up_to_the_limit_and_nothing_else),
		cmocka_unit_test(
		    dcap_quote_refuses_more_than_16_kb_before_reading_it),
		cmocka_unit_test(dcap_quote_of_16_kb_is_read),
		cmocka_unit_test(
		    dcap_quote_refuses_other_versions_key_types_and_tees),
		cmocka_unit_test(
		    dcap_quote_refuses_a_tee_that_its_version_does_not_have),
		cmocka_unit_test(
		    dcap_quote_5_refuses_type_size_and_tee_that_disagree),
		cmocka_unit_test(
		    dcap_quote_refuses_nested_lengths_wrong_by_one),
		cmocka_unit_test(
		    dcap_quote_refuses_signature_data_that_ends_early),
		cmocka_unit_test(
		    dcap_quote_refuses_certification_data_without_a_chain),
		cmocka_unit_test(
		    dcap_quote_takes_any_length_of_authentication_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
