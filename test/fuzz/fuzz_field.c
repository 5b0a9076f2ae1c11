/* fuzz_field.c - every reader of a field value, and what it promises. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/url.h"
#include "http/field.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
check(bool good)
{
	if (!good)
		abort();
}

/* Members lie inside the list, in order, and are neither empty nor padded. */
static void
check_list(struct ws_span value)
{
	const char *end = value.at + value.len, *last = value.at;
	struct ws_span member;

	while (ws_field_next(&value, &member)) {
		check(member.at >= last && member.len > 0);
		last = member.at + member.len;
		check(last <= value.at && value.at + value.len == end);
		check(member.at[0] != ' ' && member.at[0] != ',');
		check(last[-1] != ' ' && last[-1] != '\t');
	}
	check(value.len == 0);
}

/* A date that was read is written as one that reads the same. */
static void
check_date(struct ws_span value)
{
	char out[WS_FIELD_DATE_SIZE];
	int64_t unix_s, again;

	if (!ws_field_date_read(value, &unix_s))
		return;
	ws_field_date_write(unix_s, out);
	check(ws_field_date_read((struct ws_span){ out, sizeof(out) }, &again));
	check(again == unix_s || unix_s < 0 || unix_s > 253402300799);
}

static void
check_range(struct ws_span value, uint64_t size)
{
	uint64_t first, length;

	if (ws_field_range(value, size, &first, &length) != WS_RANGE_ONE)
		return;
	check(length > 0 && first < size && length <= size - first);
}

static void
check_decode(struct ws_span value, bool plus)
{
	char *out = malloc(value.len + 1);
	ssize_t n;

	check(out != NULL);
	n = ws_url_decode(value, out, value.len, plus ? WS_URL_PLUS : 0);
	check(n >= -1 && n <= (ssize_t)value.len);
	if (memchr(value.at, '%', value.len) == NULL)
		check(n == (ssize_t)value.len);
	free(out);
}

static void
check_query(struct ws_span query)
{
	const char *end = query.at + query.len;
	struct ws_span name, value;

	while (ws_url_next(&query, &name, &value)) {
		check(name.at + name.len <= value.at);
		check(value.at + value.len <= query.at);
		check(query.at + query.len == end);
	}
	check(query.len == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *copy = malloc(len + 1);
	struct ws_span value = { copy + 1, len };

	check(copy != NULL);
	if (len > 0)
		memcpy(copy + 1, data, len);
	check_list(value);
	check_date(value);
	check_range(value, 0);
	check_range(value, 10);
	check_range(value, UINT64_MAX);
	check_decode(value, false);
	check_decode(value, true);
	check_query(value);
	check(ws_field_accepts(value, WS_SPAN("gzip")) <= 1000);
	check(ws_field_accepts(value, WS_SPAN("identity")) <= 1000);
	if (ws_field_etag_listed(value, WS_SPAN("\"a\""), true))
		check(memchr(copy + 1, '*', len) || memchr(copy + 1, 'a', len));
	free(copy);
	return 0;
}
