/* reply.c - HTTP/1.1 response head writer (RFC 9112 section 4). */
/* SPDX-License-Identifier: MIT */

/* A response head is written into a buffer of the caller's:
 *
 *	HTTP/1.1 404 Not Found\r\n
 *	Content-Length: 10\r\n
 *	\r\n
 *
 * A head fails once and for all when something does not fit or is not allowed,
 * so a caller writes every field and checks for failure at the end. Names and
 * values are checked octet by octet: whatever text an application puts into a
 * value, it cannot end the line and begin a field of its own. */

#include "base/digits.h"
#include "http.h"

/* The phrase is no pointer: as part of the row it costs no relocation. */
static const struct {
	short status;
	char phrase[32];
} reasons[] = {
	{ 100, "Continue" },
	{ 101, "Switching Protocols" },
	{ 200, "OK" },
	{ 201, "Created" },
	{ 202, "Accepted" },
	{ 203, "Non-Authoritative Information" },
	{ 204, "No Content" },
	{ 205, "Reset Content" },
	{ 206, "Partial Content" },
	{ 300, "Multiple Choices" },
	{ 301, "Moved Permanently" },
	{ 302, "Found" },
	{ 303, "See Other" },
	{ 304, "Not Modified" },
	{ 305, "Use Proxy" },
	{ 307, "Temporary Redirect" },
	{ 308, "Permanent Redirect" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 402, "Payment Required" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 406, "Not Acceptable" },
	{ 407, "Proxy Authentication Required" },
	{ 408, "Request Timeout" },
	{ 409, "Conflict" },
	{ 410, "Gone" },
	{ 411, "Length Required" },
	{ 412, "Precondition Failed" },
	{ 413, "Content Too Large" },
	{ 414, "URI Too Long" },
	{ 415, "Unsupported Media Type" },
	{ 416, "Range Not Satisfiable" },
	{ 417, "Expectation Failed" },
	{ 421, "Misdirected Request" },
	{ 422, "Unprocessable Content" },
	{ 426, "Upgrade Required" },
	{ 428, "Precondition Required" },
	{ 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" },
	{ 501, "Not Implemented" },
	{ 502, "Bad Gateway" },
	{ 503, "Service Unavailable" },
	{ 504, "Gateway Timeout" },
	{ 505, "HTTP Version Not Supported" },
};

const char *
ws_http_reason(int status)
{
	for (size_t i = 0; i < WS_LEN(reasons); i++) {
		if (reasons[i].status == status)
			return reasons[i].phrase;
	}
	return "";
}

/* Append octets, or fail. */
static void
put(struct ws_http_out *out, const char *octets, size_t len)
{
	if (out->failed || len > out->size - out->len) {
		out->failed = true;
		return;
	}
	if (len > 0)
		memcpy(out->at + out->len, octets, len);
	out->len += len;
}

static bool
is_token(struct ws_span span)
{
	for (size_t i = 0; i < span.len; i++) {
		if (!ws_http_is(span.at[i], WS_HTTP_TOKEN))
			return false;
	}
	return span.len > 0;
}

void
ws_http_out_status(struct ws_http_out *out, char *at, size_t size, int status)
{
	const char *phrase = ws_http_reason(status);
	char digits[WS_DIGITS_MAX];

	*out = (struct ws_http_out){ .at = at, .size = size };
	if (status < 100 || status > 599) {
		out->failed = true;
		return;
	}
	put(out, "HTTP/1.1 ", 9);
	put(out, digits, ws_digits_write(digits, (uint64_t)status));
	/* RFC 9112 section 4: the space stays when the phrase is empty. */
	put(out, " ", 1);
	put(out, phrase, strlen(phrase));
	put(out, "\r\n", 2);
}

void
ws_http_out_field(
    struct ws_http_out *out, const char *name, struct ws_span value)
{
	struct ws_span token = ws_span_of(name);
	size_t room = out->size - out->len;
	char *at = out->at + out->len;

	if (out->failed || token.len > room || value.len > room - token.len ||
	    room - token.len - value.len < 4 || !is_token(token) ||
	    ws_http_skip_text(value.at, 0, value.len) < value.len) {
		out->failed = true;
		return;
	}
	memcpy(at, token.at, token.len);
	at += token.len;
	memcpy(at, ": ", 2);
	if (value.len > 0)
		memcpy(at + 2, value.at, value.len);
	memcpy(at + 2 + value.len, "\r\n", 2);
	out->len += token.len + value.len + 4;
}

void
ws_http_out_number(struct ws_http_out *out, const char *name, uint64_t value)
{
	char digits[WS_DIGITS_MAX];
	size_t len = ws_digits_write(digits, value);

	ws_http_out_field(out, name, (struct ws_span){ digits, len });
}

void
ws_http_out_end(struct ws_http_out *out)
{
	put(out, "\r\n", 2);
}
