/* http_tables.c - octets, methods and errors of HTTP/1.x (RFC 9110, 9112). */
/* SPDX-License-Identifier: MIT */

#include "http.h"

/* The classes of an octet, a letter for each: V a field value, U a
 * request-target (a URI), T a token, H a host. */
enum {
	V = WS_HTTP_TEXT,
	VU = WS_HTTP_TEXT | WS_HTTP_TARGET,
	VT = WS_HTTP_TEXT | WS_HTTP_TOKEN,
	VUT = VU | WS_HTTP_TOKEN,
	VUH = VU | WS_HTTP_HOST,
	VUTH = VUT | WS_HTTP_HOST,
};

const uint8_t ws_http_classes[256] = {
	['\t'] = V,
	[' '] = V,
	['!'] = VUTH,
	['"'] = VU,
	['#'] = VT,
	['$'] = VUTH,
	['%'] = VUT,
	['&' ... '\''] = VUTH,
	['(' ... ')'] = VUH,
	['*' ... '+'] = VUTH,
	[','] = VU,
	['-' ... '.'] = VUTH,
	['/'] = VU,
	['0' ... '9'] = VUTH,
	[':'] = VU,
	[';'] = VUH,
	['<'] = VU,
	['='] = VUH,
	['>' ... '@'] = VU,
	['A' ... 'Z'] = VUTH,
	['[' ... ']'] = VU,
	['^'] = VUT,
	['_'] = VUTH,
	['`'] = VUT,
	['a' ... 'z'] = VUTH,
	['{'] = VU,
	['|'] = VUT,
	['}'] = VU,
	['~'] = VUTH,
	[0x80 ... 0xff] = V,
};

/* Methods are case-sensitive (RFC 9110 section 9.1). */
static const char *const methods[] = {
	[WS_HTTP_GET] = "GET",
	[WS_HTTP_HEAD] = "HEAD",
	[WS_HTTP_POST] = "POST",
	[WS_HTTP_PUT] = "PUT",
	[WS_HTTP_DELETE] = "DELETE",
	[WS_HTTP_CONNECT] = "CONNECT",
	[WS_HTTP_OPTIONS] = "OPTIONS",
	[WS_HTTP_TRACE] = "TRACE",
	[WS_HTTP_PATCH] = "PATCH",
};

static const struct {
	int status;
	const char *text;
} errors[] = {
	[-WS_HTTP_EREQUEST] = { 400, "the request line is malformed" },
	[-WS_HTTP_EMETHOD] = { 501, "the method is not known" },
	[-WS_HTTP_EVERSION] = { 505, "the HTTP version is not 1.x" },
	[-WS_HTTP_EURI] = { 414,
	    "the request-target is longer than the limit" },
	[-WS_HTTP_ETARGET] = { 400, "the request-target is malformed" },
	[-WS_HTTP_EFIELD] = { 400, "a field line is malformed" },
	[-WS_HTTP_EFOLD] = { 400, "a field line begins with white space" },
	[-WS_HTTP_ELINE] = { 400, "a line ends with a bare CR or a bare LF" },
	[-WS_HTTP_ETOOLARGE] = { 431,
	    "the header section is larger than the limit" },
	[-WS_HTTP_ETOOMANY] = { 431, "there are too many fields" },
	[-WS_HTTP_EHOST] = { 400, "Host is missing, repeated or malformed" },
	[-WS_HTTP_ELENGTH] = { 400, "Content-Length is repeated or malformed" },
	[-WS_HTTP_ESMUGGLE] = { 400,
	    "Content-Length and Transfer-Encoding exclude each other" },
	[-WS_HTTP_ECODING] = { 501, "the transfer coding is not known" },
	[-WS_HTTP_ECHUNK] = { 400, "the chunked body is malformed" },
	[-WS_HTTP_EEXPECT] = { 417, "the expectation is not known" },
	[-WS_HTTP_EBODY] = { 413, "the body is larger than the limit" },
	[-WS_HTTP_ETRANSFER] = { 400,
	    "Transfer-Encoding is malformed, repeated or not allowed here" },
};

const char *
ws_http_method_name(int method)
{
	if (method < 0 || method >= (int)WS_LEN(methods))
		return "";
	return methods[method];
}

int
ws_http_error_status(int error)
{
	if (error >= 0 || error <= -(int)WS_LEN(errors))
		return 400;
	return errors[-error].status;
}

const char *
ws_http_error_text(int error)
{
	if (error >= 0 || error <= -(int)WS_LEN(errors))
		return "the request is malformed";
	return errors[-error].text;
}
