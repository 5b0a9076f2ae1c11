/* test_number.c - numbers as JavaScript reads and writes them. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "sio/json/json.h"
#include "sio/json/number.h"
#include "test/guard.h"

static double
read_number(const char *text)
{
	struct guard g = guard_copy(text, strlen(text));
	double value = sio_number_read((const char *)g.at, g.len);

	guard_free(&g);
	return value;
}

static const char *
write_number(double value, char out[SIO_NUMBER_MAX + 1])
{
	struct guard g = guard_copy("", 0);
	size_t len = sio_number_write(value, out);

	guard_free(&g);
	cr_assert_leq(len, SIO_NUMBER_MAX);
	out[len] = '\0';
	return out;
}

/* Both ways, as node 20 has them: JSON.stringify(value). */
static const struct {
	double value;
	const char *text;
} both[] = {
	{ 1, "1" },
	{ -1, "-1" },
	{ 0.5, "0.5" },
	{ 0.1, "0.1" },
	{ 1.0 / 3, "0.3333333333333333" },
	{ 2.0 / 3, "0.6666666666666666" },
	{ 123456789, "123456789" },
	{ -123.456, "-123.456" },
	{ 9007199254740991, "9007199254740991" },
	{ 9007199254740994, "9007199254740994" },
	{ 100, "100" },
	{ 1e20, "100000000000000000000" },
	{ 123456789012345680000.0, "123456789012345680000" },
	{ 1e21, "1e+21" },
	{ 1.5e21, "1.5e+21" },
	{ -1e100, "-1e+100" },
	{ 0.000001, "0.000001" },
	{ 0.0000015, "0.0000015" },
	{ 1e-7, "1e-7" },
	{ 1.5e-7, "1.5e-7" },
	{ DBL_MAX, "1.7976931348623157e+308" },
	{ -DBL_MAX, "-1.7976931348623157e+308" },
	{ DBL_MIN, "2.2250738585072014e-308" },
	{ 5e-324, "5e-324" },
	{ 1.5e-323, "1.5e-323" },
	{ 2.225073858507201e-308, "2.225073858507201e-308" },
	{ DBL_EPSILON, "2.220446049250313e-16" },
	/* Powers of two: 16 digits above it do, the nearest 16 do not. */
	{ 0x1p-44, "5.684341886080802e-14" },
	{ 0x1p-24, "5.960464477539063e-8" },
	/* All 17 are needed. */
	{ 0.1 + 0.7, "0.7999999999999999" },
	{ 0.1 + 0.2, "0.30000000000000004" },
	{ 4.35, "4.35" },
	{ 0.000035, "0.000035" },
	{ 1e23, "1e+23" },
	{ 9.5e-3, "0.0095" },
};

Test(sio_number, writes_and_reads)
{
	char out[SIO_NUMBER_MAX + 1];

	for (size_t i = 0; i < WS_LEN(both); i++) {
		cr_expect_str_eq(write_number(both[i].value, out), both[i].text,
		    "%a: %s", both[i].value, out);
		cr_expect_eq(read_number(both[i].text), both[i].value, "%s",
		    both[i].text);
	}
}

Test(sio_number, writes_what_json_has_not)
{
	char out[SIO_NUMBER_MAX + 1];

	cr_expect_str_eq(write_number(INFINITY, out), "null");
	cr_expect_str_eq(write_number(-INFINITY, out), "null");
	cr_expect_str_eq(write_number(NAN, out), "null");
	cr_expect_str_eq(write_number(0, out), "0");
	cr_expect_str_eq(write_number(-0.0, out), "0");
}

Test(sio_number, reads_all_notations)
{
	static const struct {
		const char *text;
		double value;
	} rows[] = {
		{ "0", 0 },
		{ "0.0", 0 },
		{ "0e999", 0 },
		{ "0.000e-999999999999999999999", 0 },
		{ "1E2", 100 },
		{ "1e+2", 100 },
		{ "1.0e2", 100 },
		{ "100e-2", 1 },
		{ "0.00001e5", 1 },
		{ "1e0000000000000000000002", 100 },
		{ "123e-22", 123e-22 },
		{ "123e22", 123e22 },
		{ "123e23", 123e23 },
		{ "999999999999999e22", 999999999999999e22 },
		{ "1e400", INFINITY },
		{ "-1e400", -INFINITY },
		{ "1e99999999999999999999", INFINITY },
		{ "1e-400", 0 },
		{ "1e-99999999999999999999", 0 },
		{ "9007199254740993", 9007199254740992 },
		{ "9007199254740993.0000000000000000000001", 9007199254740994 },
		{ "179769313486231580793e289", INFINITY },
		{ "2.4703282292062328e-324", 5e-324 },
		{ "2.4703282292062327e-324", 0 },
		{ "4.9e-324", 0x1p-1074 },
		{ "1e-323", 0x1p-1073 },
		{ "1e-324", 0 },
		{ "9.999999999999999e-325", 0 },
		/* The one made PHP 5.3 loop for ever, the other Java 6. */
		{ "2.2250738585072011e-308", 0x0.fffffffffffffp-1022 },
		{ "2.2250738585072012e-308", 0x1p-1022 },
		{ "1.7976931348623157e308", DBL_MAX },
		{ "1.7976931348623158e308", DBL_MAX },
		{ "1.7976931348623159e308", INFINITY },
		{ "999e306", INFINITY },
		{ "0.9e310", INFINITY },
		{ "100000000000000000000000e-22", 10 },
		/* Clinger, Gay, Paxson and others: near the middle. */
		{ "8.5", 8.5 },
		{ "1.448997445238699", 0x1.72f17f1f49aadp+0 },
		{ "5e-20", 0x1.d83c94fb6d2acp-65 },
		{ "1.00000005960464477539062499e0",
		    1.000000059604644775390625 },
		{ "9007199254740992.999999999999999", 9007199254740992 },
		{ "9007199254740995", 9007199254740996 },
		{ "36028797018963978", 36028797018963976 },
		{ "9214843084008499", 9214843084008500 },
		{ "0.500000000000000166533453693773481063544750213623046875",
		    0x1.0000000000002p-1 },
		{ "3.518437208883201171875e13", 0x1.0000000000002p+45 },
		{ "6929495644600919.5", 6929495644600920 },
		{ "3.2378839133029012895883524125015321748630094232306e-319",
		    0x1.fffep-1059 },
		{ "5882371.000000000000000000000000000000000000000000000001e5",
		    588237100000 },
		{ "3571e263", 3571e263 },
		{ "9e-265", 9e-265 },
		{ "623e100", 623e100 },
		{ "104110013277974872254e-225", 104110013277974872254e-225 },
	};

	for (size_t i = 0; i < WS_LEN(rows); i++)
		cr_expect_eq(read_number(rows[i].text), rows[i].value, "%s: %a",
		    rows[i].text, read_number(rows[i].text));
	cr_expect(signbit(read_number("-0")));
	cr_expect(!signbit(read_number("0")));
}

/* Digits far behind decide between two doubles: half a unit above 1 is even,
 * anything more is odd. */
Test(sio_number, reads_digits_without_end)
{
	static const char half[] =
	    "1.00000000000000011102230246251565404236316680908203125";
	size_t len = 5000, exact = sizeof(half) - 1;
	char *text = malloc(len + 1);

	memset(text, '0', len);
	text[len] = '\0';
	memcpy(text, half, exact);
	cr_expect_eq(read_number(text), 1);
	text[len - 1] = '1';
	cr_expect_eq(read_number(text), 1 + DBL_EPSILON);
	/* Many zeros in front, and the exponent that makes up for them. */
	memset(text, '0', len);
	text[1] = '.';
	memcpy(text + len - 7, "15e4992", 7);
	cr_expect_eq(read_number(text), 1.5, "%a", read_number(text));
	/* And behind. */
	memset(text, '0', len);
	text[0] = '7';
	memcpy(text + len - 6, "e-4993", 6);
	cr_expect_eq(read_number(text), 7, "%a", read_number(text));
	free(text);
}

Test(sio_number, knows_integers)
{
	static const struct {
		const char *text;
		int64_t value;
	} good[] = {
		{ "0", 0 },
		{ "-0", 0 },
		{ "0.0", 0 },
		{ "0e9999", 0 },
		{ "12", 12 },
		{ "-3.0", -3 },
		{ "1e3", 1000 },
		{ "1.5e1", 15 },
		{ "1500e-2", 15 },
		{ "9007199254740993", INT64_C(9007199254740993) },
		{ "9223372036854775807", INT64_MAX },
		{ "-9223372036854775808", INT64_MIN },
		{ "-9223372036854775807", -INT64_MAX },
		{ "1e18", INT64_C(1000000000000000000) },
		{ "922337203685477580700000e-5", INT64_MAX },
	};
	static const char *const bad[] = { "0.5", "1e-1", "15e-2", "1.25e1",
		"9223372036854775808", "-9223372036854775809", "1e19",
		"99999999999999999999", "1e99", "-1e9999999999999999999" };
	int64_t value;

	for (size_t i = 0; i < WS_LEN(good); i++) {
		value = 42;
		cr_expect(sio_number_integer(
			      good[i].text, strlen(good[i].text), &value),
		    "%s", good[i].text);
		cr_expect_eq(value, good[i].value, "%s", good[i].text);
	}
	for (size_t i = 0; i < WS_LEN(bad); i++) {
		value = 42;
		cr_expect(!sio_number_integer(bad[i], strlen(bad[i]), &value),
		    "%s", bad[i]);
		cr_expect_eq(value, 42, "%s", bad[i]);
	}
}

/* xorshift64: the same numbers every time. */
static uint64_t
next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Any finite double, or one of those that people write, or a tiny one. */
static double
random_double(uint64_t *state, int kind)
{
	uint64_t bits = next_random(state);
	double value;

	if (kind % 4 == 0) /* below DBL_MIN */
		bits &= UINT64_C(0x800fffffffffffff);
	memcpy(&value, &bits, sizeof(value));
	if (kind % 4 == 1)
		value = (double)(bits >> 20 % 64) / 1000;
	return isfinite(value) ? value : 1;
}

/* Copy the digits of a number, without sign, point and zeros at both ends.
 * Returns how many there are. */
static int
significant(const char *text, char digits[40])
{
	int count = 0;

	for (; *text != '\0' && *text != 'e'; text++) {
		if (*text >= '0' && *text <= '9' && (count > 0 || *text != '0'))
			digits[count++] = *text;
	}
	while (count > 0 && digits[count - 1] == '0')
		count--;
	digits[count] = '\0';
	return count;
}

/* What is written is JSON, reads as the same double by our reader and by
 * strtod, has no more digits than printf needs, and of all that are as short
 * it is the nearest. */
static void
check_round_trip(double value)
{
	char out[SIO_NUMBER_MAX + 1], printed[40], ours[40], theirs[40];
	int digits = 1;

	write_number(value, out);
	cr_assert_eq(
	    sio_json_number_len(out, strlen(out)), strlen(out), "%s", out);
	if (sio_number_read(out, strlen(out)) != value)
		cr_assert(false, "%a: %s", value, out);
	if (strtod(out, NULL) != value)
		cr_assert(false, "%a: %s", value, out);
	do
		snprintf(printed, sizeof(printed), "%.*e", digits++ - 1, value);
	while (strtod(printed, NULL) != value);
	if (significant(out, ours) > significant(printed, theirs))
		cr_assert(false, "%a: %s, not %s", value, out, printed);
	if (strlen(ours) == strlen(theirs) && strcmp(ours, theirs) != 0)
		cr_assert(false, "%a: %s, not %s", value, out, printed);
}

Test(sio_number, writes_the_shortest_of_any_double)
{
	uint64_t state = 88172645463325252;

	for (int i = 0; i < 20000; i++) {
		double value = random_double(&state, i);

		if (value != 0)
			check_round_trip(value);
	}
	for (int i = -1074; i < 1024; i++)
		check_round_trip(ldexp(1, i));
	/* Just below 0.001, 15 digits are not always among the nearest 16. */
	for (int i = 0; i < 2000; i++)
		check_round_trip(
		    (double)(999999999999999 -
			     next_random(&state) % 23000000000000) /
		    1e18);
}

/* Reading agrees with strtod on numbers that people write. */
Test(sio_number, reads_what_strtod_reads)
{
	uint64_t state = 4711;

	for (int i = 0; i < 20000; i++) {
		uint64_t bits = next_random(&state);
		char text[80];

		snprintf(text, sizeof(text), "%llu.%llue%d",
		    (unsigned long long)(bits >> bits % 64),
		    (unsigned long long)(bits * 31 >> bits % 50),
		    (int)(bits % 700) - 350);
		if (read_number(text) != strtod(text, NULL))
			cr_assert(false, "%s", text);
	}
}

/* Each reads what the other writes. */
Test(sio_number, agrees_with_the_c_library)
{
	uint64_t state = 1234567;
	char out[40];

	for (int i = 0; i < 120000; i++) {
		double value = random_double(&state, i);

		out[sio_number_write(value, out)] = '\0';
		if (strtod(out, NULL) != value)
			cr_assert(false, "%a is not %s", value, out);
		snprintf(out, sizeof(out), "%.17g", value);
		if (sio_number_read(out, strlen(out)) != value)
			cr_assert(false, "%s is not %a", out, value);
	}
}

enum {
	/* Room for any double with all of its places, and one place more. */
	WHOLE = 310,
	PLACES = 1075,
	ALL = WHOLE + 1 + PLACES,
};

/* Write the middle between two numbers with all its digits, as for division by
 * two on paper. */
static void
write_middle(double low, double high, char out[ALL + 1])
{
	char other[ALL + 1];
	int sum = 0;

	snprintf(out, ALL + 1, "%0*.*f", ALL, PLACES, low);
	snprintf(other, sizeof(other), "%0*.*f", ALL, PLACES, high);
	for (int i = ALL; i-- > 0;) {
		if (out[i] == '.')
			continue;
		sum += out[i] - '0' + other[i] - '0';
		out[i] = (char)('0' + sum % 10);
		sum /= 10;
	}
	for (int i = 0; i < ALL; i++) {
		if (out[i] == '.')
			continue;
		sum = sum % 2 * 10 + out[i] - '0';
		out[i] = (char)('0' + sum / 2);
	}
}

/* One digit decides, far behind all others, or the last of them. */
static void
check_middle(double low)
{
	double high = nextafter(low, INFINITY), even = low;
	char text[ALL + 1024], *last = text + ALL - 1;
	uint64_t bits;

	memcpy(&bits, &low, sizeof(bits));
	if (bits % 2 == 1)
		even = high;
	write_middle(low, high, text);
	memset(text + ALL, '0', sizeof(text) - ALL);
	if (sio_number_read(text, sizeof(text)) != even)
		cr_assert(false, "the middle above %a is not %a", low, even);
	text[sizeof(text) - 1] = '1';
	if (sio_number_read(text, sizeof(text)) != high)
		cr_assert(false, "above the middle above %a is %a", low, high);
	while (*last == '0' || *last == '.')
		last--;
	--*last;
	while (++last < text + ALL) {
		if (*last != '.')
			*last = '9';
	}
	if (sio_number_read(text, ALL) != low)
		cr_assert(false, "below the middle above %a is not it", low);
}

Test(sio_number, rounds_the_middle_to_even)
{
	uint64_t state = 271828;

	for (int i = 0; i < 4000; i++)
		check_middle(fabs(random_double(&state, i)));
	for (int i = -1074; i < 1024; i++)
		check_middle(ldexp(1, i));
	check_middle(0);
	check_middle(nextafter(DBL_MIN, 0));
	check_middle(nextafter(DBL_MAX, 0));
}

/* Print a number as "%.PRECISIONe" and so on, and as the C library does. */
static void
check_print(double value, char letter, int precision)
{
	const char format[] = { '%', '.', '*', letter, '\0' };
	char ours[SIO_NUMBER_PRINT_MAX + 1], theirs[sizeof(ours)];
	size_t len = sio_number_print(value, letter, precision, ours);

	cr_assert_lt(len, sizeof(ours));
	ours[len] = '\0';
	snprintf(theirs, sizeof(theirs), format, precision, value);
	if (strcmp(ours, theirs) != 0)
		cr_assert(false, "%%.%d%c of %a: %s, not %s", precision, letter,
		    value, ours, theirs);
}

static void
check_prints(double value)
{
	for (int i = 0; i <= SIO_NUMBER_PRECISION_MAX; i++) {
		check_print(value, 'e', i);
		check_print(value, 'f', i);
		check_print(value, 'g', i);
		check_print(-value, 'g', i);
	}
}

Test(sio_number, prints_as_printf)
{
	static const double values[] = { 0, 1, 5, 10, 0.1, 0.5, 1.5, 2.5, 0.05,
		0.25, 0.125, 0.375, 0.625, 9.5, 99.5, 999999.5, 999999.4,
		9.9999995, 99999.95, 0.0001, 0.00009999995, 0.00001, 0.00012345,
		123456, 1234567, 1e15, 1e16, 1e17, 1e20, 1e21, 1e22, 1e23, 1e99,
		1e100, 1e-99, 1e-100, 4.35, 1.005, 0.045, 1e-20, 6e-21, 5e-21,
		0x1p-21, 0x3p-21, 5e-324, DBL_MIN, DBL_MAX, DBL_EPSILON };
	uint64_t state = 31415;

	for (size_t i = 0; i < WS_LEN(values); i++)
		check_prints(values[i]);
	for (int i = 0; i < 2000; i++)
		check_prints(random_double(&state, i));
	/* A 5 at the end is a half, exactly. */
	for (int i = 0; i < 2000; i++)
		check_prints((double)(next_random(&state) % 4096) / 64);
}

/* Choose a locale of the system, or make it from its sources. On Debian these
 * are in the package locales; where the environment has CI they must be there.
 */
static void
choose_locale(const char *language, const char *point)
{
	char name[40], command[200];

	snprintf(name, sizeof(name), "%s.UTF-8", language);
	snprintf(command, sizeof(command),
	    "mkdir -p build/test/locale && cd build/test/locale && "
	    "localedef -i %s -f UTF-8 ./%s >localedef.log 2>&1",
	    language, name);
	if (setlocale(LC_ALL, name) == NULL && system(command) >= 0) {
		setenv("LOCPATH", "build/test/locale", 1);
		setlocale(LC_ALL, name);
	}
	if (strcmp(localeconv()->decimal_point, point) == 0)
		return;
	cr_assert_null(getenv("CI"), "the locale %s is missing", name);
	cr_skip_test("the locale %s is missing", name);
}

static void
check_locale(const char *language, const char *point)
{
	char out[SIO_NUMBER_PRINT_MAX];
	size_t len;

	choose_locale(language, point);
	snprintf(out, sizeof(out), "%.1f", 0.5);
	cr_assert_null(strchr(out, '.'), "%s", out);

	for (size_t i = 0; i < WS_LEN(both); i++) {
		write_number(both[i].value, out);
		cr_expect_str_eq(
		    out, both[i].text, "%a: %s", both[i].value, out);
		cr_expect_eq(read_number(both[i].text), both[i].value, "%s",
		    both[i].text);
	}
	cr_expect_eq(
	    read_number("3.14159265358979323846"), 3.14159265358979323846);
	len = sio_number_print(-1234567.891, 'f', 2, out);
	cr_expect_str_eq(out, "-1234567.89");
	cr_expect_eq(len, strlen(out));
	sio_number_print(1234567.891, 'e', 3, out);
	cr_expect_str_eq(out, "1.235e+06");
	sio_number_print(0.25, 'g', 6, out);
	cr_expect_str_eq(out, "0.25");
	sio_number_print(12, 'f', 0, out);
	cr_expect_str_eq(out, "12");
}

Test(sio_number, heeds_no_locale)
{
	check_locale("de_DE", ",");
}

/* Pashto's decimal point has two octets, U+066B. */
Test(sio_number, heeds_no_locale_with_a_longer_point)
{
	check_locale("ps_AF", "\xd9\xab");
}
