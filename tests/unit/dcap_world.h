/*
 * A synthetic Intel for tests: certificates, revocation lists, TCB Info, QE
 * Identity and a quote that all fit each other, at PKI_NOW, under a root of its
 * own. Change one thing, and see who notices:
 *
 *	static struct dcap_world w;
 *	pki_reset();
 *	dcap_world_init(&w, 5, DCAP_TEE_TDX, true);   (version, TEE, TD 1.5)
 *	w.info.next_update = PKI_NOW;
 *	dcap_world_make(&w);                          (w.ev, w.roots are ready)
 *	w.ev.pck_crl.len = 0;                         (or change what was made)
 *
 * What dcap_world_make() computes - keys, hashes and signatures of the quote,
 * the chain in it - stays as it is in w.q afterwards: change it there and call
 * dcap_world_write() to have a quote with everything else as it was signed.
 */
#ifndef CONFER_TESTS_UNIT_DCAP_WORLD_H
#define CONFER_TESTS_UNIT_DCAP_WORLD_H

#include "dcap_build.h"
#include "pki.h"

#include "attest/dcap_verify.h"
#include "crypto/crypto.h"

#define DCAP_OID_SGX "1.2.840.113741.1.13.1"

/* Keys of the world: pki_p256() of these. */
enum dcap_key {
	DCAP_KEY_ROOT,
	DCAP_KEY_PLATFORM,
	DCAP_KEY_PROCESSOR,
	DCAP_KEY_SIGNING,
	DCAP_KEY_PCK,
	DCAP_KEY_AK, /* the attestation key */
};

struct dcap_world {
	/* What there is. dcap_world_init() fills it; then change it. */
	struct pki_cert root, platform, processor, signing, leaf;
	bool by_processor; /* who issued the PCK certificate */
	struct pki_list root_crl, pck_crl;
	struct dcap_pck pck;
	struct bytes sgx_ext; /* of the leaf, instead of pck's; empty: none */
	bool replace_sgx_ext;
	struct tcb_info info;
	struct qe_identity qe_id;
	const struct pki_key *info_signer, *qe_id_signer;
	const struct pki_key *qe_signer, *quote_signer;
	struct dcap_quote q;
	uint8_t ak[DCAP_AK_LEN]; /* point of DCAP_KEY_AK, unless changed */

	/* What dcap_world_make() makes of it; also w.q's slices. */
	struct bytes leaf_der, ca_der, root_der, signing_der;
	struct root_key roots[ATTEST_ROOTS];
	struct dcap_evidence ev;
};

/* ---- the SGX extension ------------------------------------------------- */

/* Its members by their numbers, each whole; left out where p is NULL. */
struct pck_parts {
	struct bytes top[8]; /* 2 and 7 are made of the two below */
	struct bytes tcb[19];
	struct bytes config[4];
};

static inline struct bytes pck_member(
    const char *arc, unsigned n, struct bytes value)
{
	char oid[64];

	(void)snprintf(oid, sizeof(oid), DCAP_OID_SGX "%s.%u", arc, n);
	return PKI_SEQ(pki_oid(oid), value);
}

static inline struct pck_parts pck_parts(const struct dcap_pck *p)
{
	struct pck_parts m = { 0 };
	struct bytes type =
	    pki_tlv(DER_ENUMERATED, (struct bytes){ &p->sgx_type, 1 });

	m.top[1] = pck_member("", 1, pki_octets((struct bytes){ p->ppid, 16 }));
	m.top[3] = pck_member("", 3, pki_octets((struct bytes){ p->pceid, 2 }));
	m.top[4] = pck_member("", 4, pki_octets((struct bytes){ p->fmspc, 6 }));
	m.top[5] = pck_member("", 5, type);
	for (unsigned i = 0; i < DCAP_SVN_LEN; i++)
		m.tcb[1 + i] = pck_member(".2", 1 + i, pki_int(p->svn[i]));
	m.tcb[17] = pck_member(".2", 17, pki_int(p->pcesvn));
	m.tcb[18] =
	    pck_member(".2", 18, pki_octets((struct bytes){ p->cpusvn, 16 }));
	if (p->has_instance)
		m.top[6] = pck_member(
		    "", 6, pki_octets((struct bytes){ p->instance, 16 }));
	if (p->has_config) {
		m.config[1] = pck_member(".7", 1, pki_bool(p->dynamic));
		m.config[2] = pck_member(".7", 2, pki_bool(p->cached_keys));
		m.config[3] = pck_member(".7", 3, pki_bool(p->smt));
	}
	return m;
}

/* The extension's value. */
static inline struct bytes pck_join(const struct pck_parts *m)
{
	struct bytes tcb = pki_cat(m->tcb, 19), config = pki_cat(m->config, 4);
	struct bytes top[8];

	memcpy(top, m->top, sizeof(top));
	if (top[2].p == NULL)
		top[2] = pck_member("", 2, pki_tlv(DER_SEQUENCE, tcb));
	if (top[7].p == NULL && config.len > 0)
		top[7] = pck_member("", 7, pki_tlv(DER_SEQUENCE, config));
	return pki_tlv(DER_SEQUENCE, pki_cat(top, 8));
}

/* ---- signed documents --------------------------------------------------- */
static inline const char *dcap_word(enum dcap_status s)
{
	static const char *const word[] = { "UpToDate", "SWHardeningNeeded",
		"ConfigurationNeeded", "ConfigurationAndSWHardeningNeeded",
		"TDRelaunchAdvised", "TDRelaunchAdvisedConfigurationNeeded",
		"OutOfDate", "OutOfDateConfigurationNeeded", "Revoked",
		"NotSupported" };

	return word[s];
}

static inline void json_put_hex(
    struct wr *w, const char *name, const uint8_t *p, size_t n)
{
	wr_fmt(w, "\"%s\":\"", name);
	for (size_t i = 0; i < n; i++)
		wr_fmt(w, "%c%c", "0123456789ABCDEF"[p[i] >> 4],
		    "0123456789ABCDEF"[p[i] & 15]);
	wr_str(w, "\",");
}

static inline void json_put_date(struct wr *w, const char *name, uint64_t t)
{
	time_t unix_s = (time_t)t;
	char text[32];
	struct tm tm;

	CHECK(gmtime_r(&unix_s, &tm) != NULL);
	CHECK(strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) != 0);
	wr_fmt(w, "\"%s\":\"%s\",", name, text);
}

/* The end of a level, whichever it is. */
static inline void json_put_status(struct wr *w, uint64_t date,
    enum dcap_status status, const struct tcb_advisories *a)
{
	json_put_date(w, "tcbDate", date);
	wr_fmt(w, "\"tcbStatus\":\"%s\"", dcap_word(status));
	if (a->array.len > 0) {
		wr_str(w, ",\"advisoryIDs\":");
		wr_bytes(w, a->array);
	}
	wr_str(w, "}");
}

static inline void json_put_svns(
    struct wr *w, const char *name, const uint8_t svn[DCAP_SVN_LEN])
{
	wr_fmt(w, "\"%s\":[", name);
	for (size_t i = 0; i < DCAP_SVN_LEN; i++)
		wr_fmt(w, "%s{\"svn\":%u}", i > 0 ? "," : "", svn[i]);
	wr_str(w, "]");
}

static inline void json_put_isv_levels(
    struct wr *w, const struct isv_level *level, size_t n)
{
	wr_str(w, "\"tcbLevels\":[");
	for (size_t i = 0; i < n; i++) {
		wr_fmt(w, "%s{\"tcb\":{\"isvsvn\":%u},", i > 0 ? "," : "",
		    level[i].isvsvn);
		json_put_status(w, level[i].tcb_date, level[i].status,
		    &level[i].advisories);
	}
	wr_str(w, "]");
}

static inline void json_put_module(
    struct wr *w, const struct tdx_module *m, bool identity)
{
	wr_str(w, "{");
	if (identity)
		wr_fmt(w, "\"id\":\"TDX_%02x\",", m->version);
	json_put_hex(w, "mrsigner", m->mrsigner, sizeof(m->mrsigner));
	json_put_hex(w, "attributes", m->attributes, sizeof(m->attributes));
	json_put_hex(w, "attributesMask", m->mask, sizeof(m->mask));
	if (identity)
		json_put_isv_levels(w, m->level, m->n_levels);
	else
		w->len--; /* the comma */
	wr_str(w, "}");
}

static inline void json_put_modules(struct wr *w, const struct tcb_info *t)
{
	if (t->has_module) {
		wr_str(w, "\"tdxModule\":");
		json_put_module(w, &t->module, false);
		wr_str(w, ",");
	}
	if (t->n_identities == 0)
		return;
	wr_str(w, "\"tdxModuleIdentities\":[");
	for (size_t i = 0; i < t->n_identities; i++) {
		wr_str(w, i > 0 ? "," : "");
		json_put_module(w, &t->identity[i], true);
	}
	wr_str(w, "],");
}

static inline void json_put_levels(struct wr *w, const struct tcb_info *t)
{
	wr_str(w, "\"tcbLevels\":[");
	for (size_t i = 0; i < t->n_levels; i++) {
		const struct tcb_level *l = &t->level[i];

		wr_str(w, i > 0 ? ",{\"tcb\":{" : "{\"tcb\":{");
		json_put_svns(w, "sgxtcbcomponents", l->sgx);
		wr_fmt(w, ",\"pcesvn\":%u", l->pcesvn);
		if (t->tee == DCAP_TEE_TDX) {
			wr_str(w, ",");
			json_put_svns(w, "tdxtcbcomponents", l->tdx);
		}
		wr_str(w, "},");
		json_put_status(w, l->tcb_date, l->status, &l->advisories);
	}
	wr_str(w, "]");
}

/* What was written, in the pool. */
static inline struct bytes json_done(const struct wr *w)
{
	size_t len;

	CHECK_OK(wr_end(w, &len));
	return PKI_CAT({ w->p, len });
}

/* The inner object of TCB Info, version 3. */
static inline struct bytes dcap_tcb_info_json(const struct tcb_info *t)
{
	static uint8_t text[TCB_INFO_LEN_MAX];
	struct wr w = wr_init(text, sizeof(text));

	wr_fmt(&w, "{\"id\":\"%s\",\"version\":3,",
	    t->tee == DCAP_TEE_SGX ? "SGX" : "TDX");
	json_put_date(&w, "issueDate", t->issued);
	json_put_date(&w, "nextUpdate", t->next_update);
	json_put_hex(&w, "fmspc", t->fmspc, sizeof(t->fmspc));
	json_put_hex(&w, "pceId", t->pceid, sizeof(t->pceid));
	wr_fmt(&w, "\"tcbType\":0,\"tcbEvaluationDataNumber\":%u,",
	    t->eval_number);
	json_put_modules(&w, t);
	json_put_levels(&w, t);
	wr_str(&w, "}");
	return json_done(&w);
}

/* The inner object of an Enclave Identity, version 2. */
static inline struct bytes dcap_qe_identity_json(const struct qe_identity *q)
{
	static uint8_t text[QE_IDENTITY_LEN_MAX];
	struct wr w = wr_init(text, sizeof(text));

	wr_fmt(&w, "{\"id\":\"%s\",\"version\":2,",
	    q->id == QE_ID_QE ? "QE" : "TD_QE");
	json_put_date(&w, "issueDate", q->issued);
	json_put_date(&w, "nextUpdate", q->next_update);
	wr_fmt(&w, "\"tcbEvaluationDataNumber\":%u,", q->eval_number);
	json_put_hex(&w, "miscselect", q->miscselect, 4);
	json_put_hex(&w, "miscselectMask", q->miscselect_mask, 4);
	json_put_hex(&w, "attributes", q->attributes, 16);
	json_put_hex(&w, "attributesMask", q->attributes_mask, 16);
	json_put_hex(&w, "mrsigner", q->mrsigner, sizeof(q->mrsigner));
	wr_fmt(&w, "\"isvprodid\":%u,", q->isvprodid);
	json_put_isv_levels(&w, q->level, q->n_levels);
	wr_str(&w, "}");
	return json_done(&w);
}

/* {"name":inner,"signature":"hex"}, as Intel's service answers. */
static inline struct bytes dcap_document(
    const char *name, struct bytes inner, const struct pki_key *signer)
{
	struct bytes sig = pki_sign(signer, inner);
	char hex[2 * DCAP_SIG_LEN + 1];

	for (size_t i = 0; i < sig.len; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", sig.p[i]);
	return PKI_CAT(pki_str("{\""), pki_str(name), pki_str("\":"), inner,
	    pki_str(",\"signature\":\""), pki_str(hex), pki_str("\"}"));
}

/* ---- a world in which everything is right -------------------------------- */
static inline void dcap_init_certs(struct dcap_world *w)
{
	w->root = pki_ca("Intel SGX Root CA", NULL, pki_p256(DCAP_KEY_ROOT));
	w->root.path_len = 1;
	w->platform = pki_ca(
	    "Intel SGX PCK Platform CA", &w->root, pki_p256(DCAP_KEY_PLATFORM));
	w->platform.path_len = 0;
	w->platform.serial = 0x20001;
	w->processor = pki_ca("Intel SGX PCK Processor CA", &w->root,
	    pki_p256(DCAP_KEY_PROCESSOR));
	w->processor.path_len = 0;
	w->processor.serial = 0x20002;
	w->signing = pki_leaf(
	    "Intel SGX TCB Signing", &w->root, pki_p256(DCAP_KEY_SIGNING));
	w->signing.serial = 0x30001;
	w->signing.no_basic = false;
	w->signing.usage = X509_USAGE_DIGITAL_SIGNATURE;
	w->leaf = pki_leaf("Intel SGX PCK Certificate",
	    w->by_processor ? &w->processor : &w->platform,
	    pki_p256(DCAP_KEY_PCK));
	w->leaf.serial = 0x40001;
	w->leaf.no_basic = false;
	w->leaf.usage = X509_USAGE_DIGITAL_SIGNATURE;
	w->root_crl = pki_list(&w->root);
	w->pck_crl = pki_list(w->by_processor ? &w->processor : &w->platform);
}

/* The platform: three levels, of which it is on the best. */
static inline void dcap_init_platform(struct dcap_world *w, enum dcap_tee tee)
{
	static const uint8_t svn[DCAP_SVN_LEN] = { 2, 2, 2, 2, 3, 1, 0, 5 };
	static const uint8_t fmspc[] = { 0x90, 0xC0, 0x6F, 0, 0, 0 };
	static const enum dcap_status status[] = { DCAP_UP_TO_DATE,
		DCAP_OUT_OF_DATE, DCAP_REVOKED };
	struct tcb_info *t = &w->info;

	w->pck.has_instance = w->pck.has_config = !w->by_processor;
	w->pck.sgx_type = w->by_processor ? 0 : 1;
	w->pck.pcesvn = 13;
	memset(w->pck.ppid, 0xA1, sizeof(w->pck.ppid));
	if (!w->by_processor)
		memset(w->pck.instance, 0xA2, sizeof(w->pck.instance));
	memcpy(w->pck.svn, svn, sizeof(svn));
	memcpy(w->pck.cpusvn, svn, sizeof(svn));
	memcpy(w->pck.fmspc, fmspc, sizeof(fmspc));
	t->tee = tee;
	t->issued = PKI_NOW - 2 * PKI_DAY;
	t->next_update = PKI_NOW + 28 * PKI_DAY;
	t->eval_number = 18;
	memcpy(t->fmspc, fmspc, sizeof(fmspc));
	t->n_levels = 3;
	for (size_t i = 0; i < t->n_levels; i++) {
		memcpy(t->level[i].sgx, svn, sizeof(svn));
		t->level[i].sgx[0] = (uint8_t)(2 - i);
		t->level[i].pcesvn = (uint16_t)(13 - i);
		t->level[i].status = status[i];
		t->level[i].tcb_date = PKI_NOW - (100 + 100 * i) * PKI_DAY;
		if (tee == DCAP_TEE_TDX) {
			t->level[i].tdx[0] = (uint8_t)(5 - i);
			t->level[i].tdx[2] = (uint8_t)(2 - i);
		}
	}
}

/* TDX modules: version 1, which runs, and version 3. */
static inline void dcap_init_modules(struct dcap_world *w)
{
	struct tcb_info *t = &w->info;
	struct tdx_module *m = t->identity;

	t->has_module = true;
	memset(t->module.mask, 0xFF, sizeof(t->module.mask));
	t->n_identities = 2;
	m[0] = m[1] = t->module;
	m[0].version = 3;
	m[0].n_levels = 1;
	m[0].level[0].isvsvn = 3;
	m[1].version = 1;
	m[1].n_levels = 2;
	m[1].level[0].isvsvn = 4;
	m[1].level[1].isvsvn = 2;
	m[1].level[1].status = DCAP_OUT_OF_DATE;
	for (size_t i = 0; i < 2; i++)
		m[0].level[i].tcb_date = m[1].level[i].tcb_date =
		    PKI_NOW - (100 + 100 * i) * PKI_DAY;
}

static inline void dcap_init_qe(struct dcap_world *w, enum dcap_tee tee)
{
	struct qe_identity *id = &w->qe_id;
	struct sgx_report *qe = &w->q.qe;

	id->id = tee == DCAP_TEE_SGX ? QE_ID_QE : QE_ID_TD_QE;
	id->issued = PKI_NOW - 2 * PKI_DAY;
	id->next_update = PKI_NOW + 28 * PKI_DAY;
	id->eval_number = 18;
	memset(id->miscselect_mask, 0xFF, 4);
	id->attributes[0] = 0x11;
	id->attributes_mask[0] = 0xFB;
	memset(id->attributes_mask + 1, 0xFF, 7);
	memset(id->mrsigner, 0xDC, sizeof(id->mrsigner));
	id->isvprodid = tee == DCAP_TEE_SGX ? 1 : 2;
	id->n_levels = 2;
	id->level[0].isvsvn = 6;
	id->level[0].tcb_date = PKI_NOW - 100 * PKI_DAY;
	id->level[1].isvsvn = 4;
	id->level[1].status = DCAP_OUT_OF_DATE;
	id->level[1].tcb_date = PKI_NOW - 200 * PKI_DAY;
	qe->attributes[0] = 0x15;
	qe->attributes[8] = 0xE7;
	memset(qe->mrenclave, 0xE1, sizeof(qe->mrenclave));
	memcpy(qe->mrsigner, id->mrsigner, sizeof(qe->mrsigner));
	qe->isvprodid = id->isvprodid;
	qe->isvsvn = 6;
}

/* What the quote says of the enclave or TD. */
static inline void dcap_init_body(struct dcap_world *w, bool is_15)
{
	static const uint8_t svn[] = { 5, 1, 2 };
	struct td_report *td = &w->q.td;

	if (w->q.tee == DCAP_TEE_SGX) {
		w->q.sgx.attributes[0] = 0x05;
		w->q.sgx.attributes[8] = 0xE7;
		memset(w->q.sgx.mrenclave, 0xB1, 32);
		memset(w->q.sgx.mrsigner, 0xB2, 32);
		memset(w->q.sgx.report_data, 0xB3, 64);
		return;
	}
	memcpy(td->tee_tcb_svn, svn, sizeof(svn));
	memset(td->mrseam, 0xC1, sizeof(td->mrseam));
	td->tdattributes = 1ULL << 28; /* SEPT_VE_DISABLE */
	td->xfam = 0x642E7;
	memset(td->mrtd, 0xC2, sizeof(td->mrtd));
	memset(td->rtmr, 0xC3, sizeof(td->rtmr));
	memset(td->report_data, 0xC4, sizeof(td->report_data));
	td->is_15 = is_15;
	if (is_15)
		memcpy(td->tee_tcb_svn2, svn, sizeof(svn));
}

/* Its PCK is issued by the Processor CA if w->by_processor was set before; the
 * rest of *w is overwritten. */
static inline void dcap_world_init(
    struct dcap_world *w, uint16_t version, enum dcap_tee tee, bool is_15)
{
	static const uint8_t auth[32] = { 0x41, 0x55, 0x54, 0x48 };
	bool by_processor = w->by_processor;

	memset(w, 0, sizeof(*w));
	w->by_processor = by_processor;
	w->q.version = version;
	w->q.tee = tee;
	w->q.qe_auth = (struct bytes){ auth, sizeof(auth) };
	w->info_signer = w->qe_id_signer = pki_p256(DCAP_KEY_SIGNING);
	w->qe_signer = pki_p256(DCAP_KEY_PCK);
	w->quote_signer = pki_p256(DCAP_KEY_AK);
	memcpy(w->ak, pki_point(w->quote_signer).p + 1, DCAP_AK_LEN);
	dcap_init_certs(w);
	dcap_init_platform(w, tee);
	if (tee == DCAP_TEE_TDX)
		dcap_init_modules(w);
	dcap_init_qe(w, tee);
	dcap_init_body(w, is_15);
}

/* ---- making the evidence ------------------------------------------------- */
static inline void dcap_make_certs(struct dcap_world *w)
{
	struct pck_parts parts = pck_parts(&w->pck);
	struct pki_ext ext = { DCAP_OID_SGX,
		w->replace_sgx_ext ? w->sgx_ext : pck_join(&parts), false };

	w->leaf.ext = &ext;
	w->leaf.n_ext = ext.value.len > 0;
	w->leaf_der = pki_cert(&w->leaf);
	w->leaf.ext = NULL;
	w->leaf.n_ext = 0;
	w->ca_der = pki_cert(w->by_processor ? &w->processor : &w->platform);
	w->root_der = pki_cert(&w->root);
	w->signing_der = pki_cert(&w->signing);
	w->q.pck_pem = PKI_PEM(w->leaf_der, w->ca_der, w->root_der);
	w->ev.tcb_signing_chain = PKI_PEM(w->signing_der, w->root_der);
	w->ev.root_ca_crl = pki_crl(&w->root_crl);
	w->ev.pck_crl = pki_crl(&w->pck_crl);
	w->roots[ROOT_INTEL_SGX] = (struct root_key){ "Intel SGX Root CA",
		pki_spki(pki_p256(DCAP_KEY_ROOT)) };
}

/* The quote of w->q as it stands. */
static inline void dcap_world_write(struct dcap_world *w)
{
	uint8_t *raw = pki_alloc(DCAP_QUOTE_LEN_MAX);

	w->ev.quote.p = raw;
	w->ev.quote.len = quote_write(raw, DCAP_QUOTE_LEN_MAX, &w->q);
}

/* The QE report vouches for the attestation key; both sign. */
static inline void dcap_make_quote(struct dcap_world *w)
{
	struct dcap_quote *q = &w->q;
	uint8_t raw[1024];
	struct wr out = wr_init(raw, sizeof(raw));
	size_t len;

	q->ak = (struct bytes){ w->ak, DCAP_AK_LEN };
	memset(q->qe.report_data, 0, sizeof(q->qe.report_data));
	crypto_sha256(
	    q->qe.report_data, (struct bytes[]){ q->ak, q->qe_auth }, 2);
	sgx_report_write(&out, &q->qe);
	CHECK_OK(wr_end(&out, &len));
	q->qe_sig = pki_sign(w->qe_signer, (struct bytes){ raw, len });
	out = wr_init(raw, sizeof(raw));
	quote_write_signed(&out, q);
	CHECK_OK(wr_end(&out, &len));
	q->sig = pki_sign(w->quote_signer, (struct bytes){ raw, len });
	dcap_world_write(w);
}

static inline void dcap_world_make(struct dcap_world *w)
{
	dcap_make_certs(w);
	w->ev.tcb_info = dcap_document(
	    "tcbInfo", dcap_tcb_info_json(&w->info), w->info_signer);
	w->ev.qe_identity = dcap_document("enclaveIdentity",
	    dcap_qe_identity_json(&w->qe_id), w->qe_id_signer);
	dcap_make_quote(w);
}

#endif
