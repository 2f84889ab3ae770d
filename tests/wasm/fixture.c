/*
 * Evidence that holds for a channel key, made natively each time: prints it with
 * its private key, its trust file and its time as JSON.
 */
#include "evidence_fixture.h"

static void put(const char *name, struct bytes b)
{
	printf("\"%s\":\"", name);
	for (size_t i = 0; i < b.len; i++)
		printf("%02x", b.p[i]);
	printf("\",");
}

static void make(void **state)
{
	static const uint8_t priv[X25519_LEN] = "the channel key of a test TEE";
	static struct fix f;

	(void)state;
	fix_init(&f);
	crypto_x25519_base(f.s_pub, priv);
	printf("{");
	put("s_priv", (struct bytes){ priv, sizeof(priv) });
	put("evidence", fix_bundle(&f));
	put("trust", fix_str(fix_text));
	printf("\"now\":%llu}\n", FIX_NOW);
	fix_clear(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(make) };

	return cmocka_run_group_tests_name(
	    NULL, tests, fix_setup, fix_teardown);
}
