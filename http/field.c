/* field.c - meanings of HTTP field values (RFC 9110). */
/* SPDX-License-Identifier: MIT */

/*
 * Small readers, one for each kind of value that a client may write:
 *
 *	list           gzip;q=0.8, br          5.6.1
 *	date           Sun, 06 Nov 1994 08:49:37 GMT   5.6.7
 *	entity-tags    "a1b2", W/"c3"          8.8.3
 *	range          bytes=500-999           14.2
 *	codings        gzip, br;q=0.5, *;q=0   12.5.3
 *
 * They work on spans and keep nothing. Each octet is read a constant number of
 * times, so the worst value that fits into a request head costs microseconds.
 * A malformed value is treated as RFC 9110 says for its kind, which is mostly
 * as if the field were absent.
 */

#include <time.h>

#include "field.h"
#include "base/digits.h"

/* OWS, RFC 9110 section 5.6.3. */
static bool
is_space(char c)
{
	return c == ' ' || c == '\t';
}

/* Return a span without the white space around it. */
static struct ws_span
trim(struct ws_span span)
{
	while (span.len > 0 && is_space(span.at[0]))
		ws_span_drop(&span, 1);
	while (span.len > 0 && is_space(span.at[span.len - 1]))
		span.len--;
	return span;
}

/* ---- lists (RFC 9110 section 5.6.1) -------------------------------------- */

/* Drop commas and white space before a list member. Empty members go with them
 * (section 5.6.1.2: a recipient must ignore a reasonable number of these). */
static void
skip_separators(struct ws_span *list)
{
	while (list->len > 0 && (list->at[0] == ',' || is_space(list->at[0])))
		ws_span_drop(list, 1);
}

bool
ws_field_next(struct ws_span *list, struct ws_span *member)
{
	bool quoted = false;
	size_t n;

	skip_separators(list);
	for (n = 0; n < list->len; n++) {
		if (list->at[n] == '"')
			quoted = !quoted;
		else if (quoted && list->at[n] == '\\' && n + 1 < list->len)
			n++; /* RFC 9110 section 5.6.4: quoted-pair */
		else if (!quoted && list->at[n] == ',')
			break;
	}
	if (n == 0)
		return false;
	*member = trim((struct ws_span){ list->at, n });
	ws_span_drop(list, n);
	return true;
}

/* ---- dates (RFC 9110 section 5.6.7) -------------------------------------- */

enum {
	DAY_S = 86400
};

/* English names, whatever the locale is. */
static const char weekdays[7][10] = { "Sunday", "Monday", "Tuesday",
	"Wednesday", "Thursday", "Friday", "Saturday" };
static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
	"Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

/* Convert days since 1970, from 0 on, to a day of the Gregorian calendar. The
 * year is counted from March: its leap day is then its last, and the lengths of
 * the months follow one line, as (153 * m + 2) / 5 days precede month m.
 *
 * Every page has a date in its head. Measured, this and write_digits take 260
 * instructions, gmtime_r(3) 250 more, and snprintf(3) 3,000 more; a page of
 * 3 KB takes 7,000. */
static void
civil_from_days(int64_t days, struct tm *tm)
{
	int64_t since_0 = days + 719468; /* from 1 March of the year 0 */
	int64_t era = since_0 / 146097;  /* of 400 years */
	int64_t of_era = since_0 % 146097;
	int64_t year =
	    (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * of_year + 2) / 153;

	tm->tm_mday = (int)(of_year - (153 * month + 2) / 5 + 1);
	tm->tm_mon = (int)(month < 10 ? month + 2 : month - 10);
	tm->tm_year = (int)(year + era * 400 + (month >= 10)) - 1900;
}

static void
write_digits(char *out, int digits, int number)
{
	for (; digits-- > 0; number /= 10)
		out[digits] = (char)('0' + number % 10);
}

void
ws_field_date_write(int64_t unix_s, char out[WS_FIELD_DATE_SIZE])
{
	const int64_t last = INT64_C(253402300799); /* of the year 9999 */
	struct tm tm;
	int of_day;

	unix_s = unix_s < 0 ? 0 : unix_s > last ? last : unix_s;
	of_day = (int)(unix_s % DAY_S);
	civil_from_days(unix_s / DAY_S, &tm);
	memcpy(out, "Www, 00 Mmm 0000 00:00:00 GMT", WS_FIELD_DATE_SIZE);
	/* 1970-01-01 was a Thursday. */
	memcpy(out, weekdays[(unix_s / DAY_S + 4) % 7], 3);
	write_digits(out + 5, 2, tm.tm_mday);
	memcpy(out + 8, months[tm.tm_mon], 3);
	write_digits(out + 12, 4, tm.tm_year + 1900);
	write_digits(out + 17, 2, of_day / 3600);
	write_digits(out + 20, 2, of_day / 60 % 60);
	write_digits(out + 23, 2, of_day % 60);
}

/* Take a number of exactly as many digits. */
static bool
take_digits(struct ws_span *in, size_t digits, int *number)
{
	uint64_t value;

	if (in->len < digits ||
	    ws_digits_read(in->at, digits, &value) != digits)
		return false;
	*number = (int)value;
	ws_span_drop(in, digits);
	return true;
}

/* Take a given text. */
static bool
take_text(struct ws_span *in, const char *text, size_t len)
{
	if (in->len < len || memcmp(in->at, text, len) != 0)
		return false;
	ws_span_drop(in, len);
	return true;
}

/* Take a weekday, whole or its first three letters. It need not be the right
 * one: the date says all that matters. */
static bool
take_weekday(struct ws_span *in, bool whole)
{
	for (size_t i = 0; i < WS_LEN(weekdays); i++) {
		size_t len = whole ? strlen(weekdays[i]) : 3;

		if (take_text(in, weekdays[i], len))
			return true;
	}
	return false;
}

static bool
take_month(struct ws_span *in, int *month)
{
	for (*month = 0; *month < 12; ++*month) {
		if (take_text(in, months[*month], 3))
			return true;
	}
	return false;
}

/* Take a year of four digits, or of two: 1970 to 2069. */
static bool
take_year(struct ws_span *in, size_t digits, int *year)
{
	if (!take_digits(in, digits, year))
		return false;
	if (digits == 2)
		*year += *year < 70 ? 2000 : 1900;
	*year -= 1900; /* as struct tm counts */
	return true;
}

/* Take a day of two places, of which the first may be a space. */
static bool
take_padded_day(struct ws_span *in, int *day)
{
	bool is_padded = take_text(in, " ", 1);

	return take_digits(in, is_padded ? 1 : 2, day);
}

static bool
take_time(struct ws_span *in, struct tm *tm)
{
	return take_digits(in, 2, &tm->tm_hour) && take_text(in, ":", 1) &&
	       take_digits(in, 2, &tm->tm_min) && take_text(in, ":", 1) &&
	       take_digits(in, 2, &tm->tm_sec);
}

/* Take one part of a date, named by a letter of a form. */
static bool
take_part(struct ws_span *in, char part, struct tm *tm)
{
	switch (part) {
	case 'w':
		return take_weekday(in, false);
	case 'W':
		return take_weekday(in, true);
	case 'd':
		return take_digits(in, 2, &tm->tm_mday);
	case 'e':
		return take_padded_day(in, &tm->tm_mday);
	case 'm':
		return take_month(in, &tm->tm_mon);
	case 'y':
		return take_year(in, 2, &tm->tm_year);
	case 'Y':
		return take_year(in, 4, &tm->tm_year);
	case 't':
		return take_time(in, tm);
	default:
		return take_text(in, &part, 1);
	}
}

static bool
take_form(struct ws_span in, const char *form, struct tm *tm)
{
	for (; *form != '\0'; form++) {
		if (!take_part(&in, *form, tm))
			return false;
	}
	return in.len == 0;
}

/* Convert a day and time, which may not exist: timegm(3) makes 1 March of 31
 * February. A leap second counts as the first of the next minute. */
static bool
read_civil(const struct tm *tm, int64_t *unix_s)
{
	struct tm day = { .tm_year = tm->tm_year,
		.tm_mon = tm->tm_mon,
		.tm_mday = tm->tm_mday };
	int64_t midnight = timegm(&day);

	if (day.tm_mday != tm->tm_mday || tm->tm_hour > 23 || tm->tm_min > 59 ||
	    tm->tm_sec > 60)
		return false;
	*unix_s = midnight + tm->tm_hour * 3600 + tm->tm_min * 60 + tm->tm_sec;
	return true;
}

bool
ws_field_date_read(struct ws_span value, int64_t *unix_s)
{
	static const char *const forms[] = {
		"w, d m Y t GMT", /* Sun, 06 Nov 1994 08:49:37 GMT */
		"W, d-m-y t GMT", /* Sunday, 06-Nov-94 08:49:37 GMT */
		"w m e t Y",      /* Sun Nov  6 08:49:37 1994 */
	};
	struct tm tm = { 0 };

	for (size_t i = 0; i < WS_LEN(forms); i++) {
		if (take_form(value, forms[i], &tm))
			return read_civil(&tm, unix_s);
	}
	return false;
}

/* ---- entity-tags (RFC 9110 section 8.8.3) -------------------------------- */

/* Take an entity-tag. A backslash in it stands for itself, as an opaque-tag is
 * not a quoted-string.
 *   opaque  receives the part with the quotes
 *   has_w   receives true for a weak tag, which has W/ before the quotes */
static bool
take_etag(struct ws_span *in, struct ws_span *opaque, bool *has_w)
{
	struct ws_span rest = *in;
	const char *end;

	*has_w = take_text(&rest, "W/", 2);
	if (rest.len < 2 || rest.at[0] != '"')
		return false;
	end = memchr(rest.at + 1, '"', rest.len - 1);
	if (end == NULL)
		return false;
	opaque->at = rest.at;
	opaque->len = (size_t)(end - rest.at) + 1;
	ws_span_drop(&rest, opaque->len);
	*in = rest;
	return true;
}

bool
ws_field_etag_listed(struct ws_span list, struct ws_span etag, bool is_weak)
{
	struct ws_span ours, theirs;
	bool has_w;

	list = trim(list);
	if (ws_span_equal(list, WS_SPAN("*")))
		return true;
	if (!take_etag(&etag, &ours, &has_w) || etag.len > 0 ||
	    (has_w && !is_weak))
		return false;
	for (skip_separators(&list); list.len > 0; skip_separators(&list)) {
		bool good = take_etag(&list, &theirs, &has_w);
		struct ws_span junk = trim(ws_span_split(list, ',', &list));

		if (good && junk.len == 0 && (is_weak || !has_w) &&
		    ws_span_equal(ours, theirs))
			return true;
	}
	return false;
}

/* ---- ranges (RFC 9110 section 14) ---------------------------------------- */

/* Take a number of any length. One that does not fit into 64 bits becomes the
 * largest that does. */
static bool
take_number(struct ws_span *in, uint64_t *number)
{
	size_t digits = ws_digits_read(in->at, in->len, number);

	ws_span_drop(in, digits);
	return digits > 0;
}

/* Read a suffix range behind its '-': the last n octets. RFC 9110 section
 * 14.1.2. */
static enum ws_range
suffix_range(
    struct ws_span in, uint64_t size, uint64_t *first, uint64_t *length)
{
	uint64_t n;

	if (!take_number(&in, &n) || in.len > 0)
		return WS_RANGE_NONE;
	if (n == 0)
		return WS_RANGE_UNSATISFIABLE;
	/* A Content-Range cannot express a suffix of an empty file: answer 200
	 * with the whole of it. */
	if (size == 0)
		return WS_RANGE_NONE;
	*length = n < size ? n : size;
	*first = size - *length;
	return WS_RANGE_ONE;
}

enum ws_range
ws_field_range(
    struct ws_span value, uint64_t size, uint64_t *first, uint64_t *length)
{
	uint64_t from, to = UINT64_MAX;
	struct ws_span in, unit = ws_span_split(trim(value), '=', &in);

	if (!ws_span_equal_nocase(unit, WS_SPAN("bytes")))
		return WS_RANGE_NONE;
	if (take_text(&in, "-", 1))
		return suffix_range(in, size, first, length);
	if (!take_number(&in, &from) || !take_text(&in, "-", 1))
		return WS_RANGE_NONE;
	if (in.len > 0 && (!take_number(&in, &to) || in.len > 0))
		return WS_RANGE_NONE;
	/* RFC 9110 section 14.1.1: such a range is invalid, so ignore it. */
	if (to < from)
		return WS_RANGE_NONE;
	if (from >= size)
		return WS_RANGE_UNSATISFIABLE;
	*first = from;
	*length = (to < size - 1 ? to : size - 1) - from + 1;
	return WS_RANGE_ONE;
}

/* ---- Accept-Encoding (RFC 9110 section 12.5.3) --------------------------- */

/* Read a qvalue as thousandths, or -1. RFC 9110 section 12.4.2. */
static int
qvalue(struct ws_span in)
{
	int q, scale = 100;

	if (in.len == 0 || in.len > 5 || (in.at[0] != '0' && in.at[0] != '1'))
		return -1;
	q = (in.at[0] - '0') * 1000;
	if (in.len > 1 && in.at[1] != '.')
		return -1;
	for (size_t i = 2; i < in.len; i++) {
		if (in.at[i] < '0' || in.at[i] > '9')
			return -1;
		q += (in.at[i] - '0') * scale;
		scale /= 10;
	}
	return q <= 1000 ? q : -1;
}

/* Read the weight behind the name of a coding as thousandths, or -1. */
static int
weight(struct ws_span parameters)
{
	struct ws_span value, name = ws_span_split(parameters, '=', &value);

	if (!ws_span_equal_nocase(name, WS_SPAN("q")))
		return -1;
	return qvalue(value);
}

unsigned
ws_field_accepts(struct ws_span accept_encoding, struct ws_span coding)
{
	struct ws_span list = accept_encoding, member, parameters;
	bool identity = ws_span_equal_nocase(coding, WS_SPAN("identity"));
	/* If Accept-Encoding does not mention a coding, only identity is
	 * acceptable. */
	int otherwise = identity ? 1000 : 0;

	while (ws_field_next(&list, &member)) {
		struct ws_span name =
		    trim(ws_span_split(member, ';', &parameters));
		bool bare = name.at + name.len == member.at + member.len;
		int q = bare ? 1000 : weight(trim(parameters));

		if (q < 0)
			continue;
		if (ws_span_equal_nocase(name, coding))
			return (unsigned)q;
		if (ws_span_equal(name, WS_SPAN("*")) && (!identity || q == 0))
			otherwise = q;
	}
	return (unsigned)otherwise;
}

unsigned
ws_field_identity(struct ws_span accept_encoding)
{
	struct ws_span list = accept_encoding, member;

	while (ws_field_next(&list, &member)) {
		struct ws_span rest, name = ws_span_split(member, ';', &rest);

		if (ws_span_equal_nocase(trim(name), WS_SPAN("identity")))
			return ws_field_accepts(accept_encoding, trim(name));
	}
	return 0;
}

bool
ws_field_wants_gzip(struct ws_span accept_encoding)
{
	unsigned q;

	if (accept_encoding.len == 0)
		return false;
	q = ws_field_accepts(accept_encoding, WS_SPAN("gzip"));
	return q > 0 && q >= ws_field_identity(accept_encoding);
}
