/* field.c - meanings of HTTP field values (RFC 9110). */
/* SPDX-License-Identifier: MIT */

/* Small readers, one per kind of value, for text that a client wrote: lists,
 * dates, entity-tags, ranges, codings. They work on spans,
 * keep nothing, and pass over each octet a constant number of times, so the
 * worst value that fits into a request head costs microseconds. What is
 * malformed is treated as RFC 9110 says for each: mostly as if absent. */

#include "base/digits.h"
#include "field.h"

static bool
is_space(char c)
{
	return c == ' ' || c == '\t'; /* OWS, RFC 9110 section 5.6.3 */
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Drop octets from the front of a span. */
static void
advance(struct ws_span *span, size_t n)
{
	span->at += n;
	span->len -= n;
}

/* A span without the white space around it. */
static struct ws_span
trim(struct ws_span span)
{
	while (span.len > 0 && is_space(span.at[0]))
		advance(&span, 1);
	while (span.len > 0 && is_space(span.at[span.len - 1]))
		span.len--;
	return span;
}

/* ---- lists ---------------------------------------------------------------- */

/* Drop what may be between list members. */
static void
skip_separators(struct ws_span *list)
{
	while (list->len > 0 && (list->at[0] == ',' || is_space(list->at[0])))
		advance(list, 1);
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
	advance(list, n);
	return true;
}

/* ---- dates (RFC 9110 section 5.6.7) --------------------------------------- */

enum {
	DAY_S = 86400,
	DAYS_0000_TO_1970 = 719468, /* from 1 March of the year 0 */
	DAYS_400_YEARS = 146097,
};

static const char weekdays[7][10] = {
	"Sunday",
	"Monday",
	"Tuesday",
	"Wednesday",
	"Thursday",
	"Friday",
	"Saturday",
};

static const char months[12][4] = {
	"Jan",
	"Feb",
	"Mar",
	"Apr",
	"May",
	"Jun",
	"Jul",
	"Aug",
	"Sep",
	"Oct",
	"Nov",
	"Dec",
};

/* A date and time of day as people write it. */
struct civil {
	int year;
	int month; /* 1 to 12 */
	int day;   /* 1 to 31 */
	int hour, minute, second;
};

/* Days since 1970-01-01 in the Gregorian calendar. The year is counted from
 * March, so that the leap day is its last and the lengths of the months before
 * it follow one line: (153 * m + 2) / 5 days precede month m. */
static int64_t
days_from_civil(const struct civil *c)
{
	int64_t year = c->month <= 2 ? c->year - 1 : c->year;
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t of_era = year - era * 400;
	int64_t month = (c->month + 9) % 12;
	int64_t of_year = (153 * month + 2) / 5 + c->day - 1;

	return era * DAYS_400_YEARS + of_era * 365 + of_era / 4 - of_era / 100 +
	       of_year - DAYS_0000_TO_1970;
}

/* The inverse, for days from 0 on. */
static void
civil_from_days(int64_t days, struct civil *c)
{
	int64_t since_0 = days + DAYS_0000_TO_1970;
	int64_t era = since_0 / DAYS_400_YEARS;
	int64_t of_era = since_0 % DAYS_400_YEARS;
	int64_t year =
	    (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * of_year + 2) / 153;

	c->day = (int)(of_year - (153 * month + 2) / 5 + 1);
	c->month = (int)(month < 10 ? month + 3 : month - 9);
	c->year = (int)(year + era * 400 + (c->month <= 2));
}

static void
write_digits(char *out, int digits, int number)
{
	while (digits-- > 0) {
		out[digits] = (char)('0' + number % 10);
		number /= 10;
	}
}

void
ws_field_date_write(int64_t unix_s, char out[WS_FIELD_DATE_SIZE])
{
	const int64_t last = INT64_C(253402300799);
	struct civil c;
	int of_day;

	unix_s = unix_s < 0 ? 0 : unix_s > last ? last : unix_s;
	of_day = (int)(unix_s % DAY_S);
	civil_from_days(unix_s / DAY_S, &c);
	memcpy(out, "Www, 00 Mmm 0000 00:00:00 GMT", WS_FIELD_DATE_SIZE);
	/* 1970-01-01 was a Thursday. */
	memcpy(out, weekdays[(unix_s / DAY_S + 4) % 7], 3);
	write_digits(out + 5, 2, c.day);
	memcpy(out + 8, months[c.month - 1], 3);
	write_digits(out + 12, 4, c.year);
	write_digits(out + 17, 2, of_day / 3600);
	write_digits(out + 20, 2, of_day / 60 % 60);
	write_digits(out + 23, 2, of_day % 60);
}

/* Take a number of exactly so many digits. */
static bool
take_digits(struct ws_span *in, size_t digits, int *number)
{
	uint64_t value;

	if (in->len < digits || ws_digits_read(in->at, digits, &value) < digits)
		return false;
	*number = (int)value;
	advance(in, digits);
	return true;
}

/* Take a given text. */
static bool
take_text(struct ws_span *in, const char *text, size_t len)
{
	if (in->len < len || memcmp(in->at, text, len) != 0)
		return false;
	advance(in, len);
	return true;
}

/* Take a weekday, whole or its first three letters. Which one it is does not
 * matter: it says nothing that the date does not say. */
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
	for (*month = 1; *month <= 12; ++*month) {
		if (take_text(in, months[*month - 1], 3))
			return true;
	}
	return false;
}

/* Take a two-digit year: 1970 to 2069. */
static bool
take_short_year(struct ws_span *in, int *year)
{
	if (!take_digits(in, 2, year))
		return false;
	*year += *year < 70 ? 2000 : 1900;
	return true;
}

/* Take a day of two places of which the first may be a space. */
static bool
take_padded_day(struct ws_span *in, int *day)
{
	if (in->len == 0 || in->at[0] != ' ')
		return take_digits(in, 2, day);
	advance(in, 1);
	return take_digits(in, 1, day);
}

static bool
take_time(struct ws_span *in, struct civil *c)
{
	return take_digits(in, 2, &c->hour) && take_text(in, ":", 1) &&
	       take_digits(in, 2, &c->minute) && take_text(in, ":", 1) &&
	       take_digits(in, 2, &c->second);
}

/* Take one part of a date, named by a letter of a form. */
static bool
take_part(struct ws_span *in, char part, struct civil *c)
{
	switch (part) {
	case 'w':
		return take_weekday(in, false);
	case 'W':
		return take_weekday(in, true);
	case 'd':
		return take_digits(in, 2, &c->day);
	case 'e':
		return take_padded_day(in, &c->day);
	case 'm':
		return take_month(in, &c->month);
	case 'y':
		return take_short_year(in, &c->year);
	case 'Y':
		return take_digits(in, 4, &c->year);
	case 't':
		return take_time(in, c);
	default:
		return take_text(in, &part, 1);
	}
}

static bool
take_form(struct ws_span in, const char *form, struct civil *c)
{
	for (; *form != '\0'; form++) {
		if (!take_part(&in, *form, c))
			return false;
	}
	return in.len == 0;
}

/* Whether such a day and time exist. A leap second is let through. */
static bool
civil_ok(const struct civil *c)
{
	static const int days[12] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31,
		30, 31 };
	bool leap =
	    c->year % 4 == 0 && (c->year % 100 != 0 || c->year % 400 == 0);

	if (c->day < 1 || c->day > days[c->month - 1])
		return false;
	if (c->month == 2 && c->day == 29 && !leap)
		return false;
	return c->hour <= 23 && c->minute <= 59 && c->second <= 60;
}

bool
ws_field_date_read(struct ws_span value, int64_t *unix_s)
{
	static const char *const forms[] = {
		"w, d m Y t GMT", /* Sun, 06 Nov 1994 08:49:37 GMT */
		"W, d-m-y t GMT", /* Sunday, 06-Nov-94 08:49:37 GMT */
		"w m e t Y",      /* Sun Nov  6 08:49:37 1994 */
	};
	struct civil c = { 0 };

	for (size_t i = 0; i < WS_LEN(forms); i++) {
		if (!take_form(value, forms[i], &c))
			continue;
		if (!civil_ok(&c))
			return false;
		*unix_s = days_from_civil(&c) * DAY_S + c.hour * 3600 +
			  c.minute * 60 + c.second;
		return true;
	}
	return false;
}

/* ---- entity-tags (RFC 9110 section 8.8.3) --------------------------------- */

/* Take an entity-tag. A backslash in it stands for itself: an opaque-tag is no
 * quoted-string.
 *   opaque  receives the part with the quotes
 *   has_w   receives whether W/ stands before it */
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
	advance(&rest, opaque->len);
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

/* ---- ranges (RFC 9110 section 14) ----------------------------------------- */

/* Take a number of any length; what is beyond 64 bits is the largest one. */
static bool
take_number(struct ws_span *in, uint64_t *number)
{
	size_t digits = ws_digits_read(in->at, in->len, number);

	advance(in, digits);
	return digits > 0;
}

/* "-n": the last n octets. */
static enum ws_range
suffix_range(
    struct ws_span in, uint64_t size, uint64_t *first, uint64_t *length)
{
	uint64_t n;

	if (!take_number(&in, &n) || in.len > 0)
		return WS_RANGE_NONE;
	if (n == 0)
		return WS_RANGE_UNSATISFIABLE;
	/* The last n octets of nothing are nothing, which no Content-Range can
	 * say: the whole answer says it. */
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
	if (to < from)
		return WS_RANGE_NONE;
	if (from >= size)
		return WS_RANGE_UNSATISFIABLE;
	*first = from;
	*length = (to < size - 1 ? to : size - 1) - from + 1;
	return WS_RANGE_ONE;
}

/* ---- Accept-Encoding (RFC 9110 section 12.5.3) ---------------------------- */

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
		if (!is_digit(in.at[i]))
			return -1;
		q += (in.at[i] - '0') * scale;
		scale /= 10;
	}
	return q <= 1000 ? q : -1;
}

/* The weight behind a member's name, or -1 when it is malformed. */
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
	/* Without a word about it, only no coding at all is acceptable. */
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
		size_t n = 0;

		while (n < member.len && member.at[n] != ';' &&
		       member.at[n] != ' ' && member.at[n] != '\t')
			n++;
		member.len = n;
		if (ws_span_equal_nocase(member, WS_SPAN("identity")))
			return ws_field_accepts(accept_encoding, member);
	}
	return 0;
}

bool
ws_field_wants_gzip(struct ws_span accept_encoding)
{
	unsigned q = ws_field_accepts(accept_encoding, WS_SPAN("gzip"));

	return q > 0 && q >= ws_field_identity(accept_encoding);
}
