/* files_path.c - from the path of a request to the name of a file. */
/* SPDX-License-Identifier: MIT */
/*
 *	 "/caf%C3%A9//x%2Fy"     the path of a request
 *	   caf%C3%A9   x%2Fy      cut at each '/'; an empty segment is dropped
 *	   café        x/y        each segment decoded once
 *	               refused    by what it is then: '/' in it
 *
 * The result is a name, no octet of which has a meaning here. Overlong or
 * broken UTF-8 is simply the name of a file that does not exist. Empty segments
 * are merged, since careless proxies make them.
 */
#include <string.h>

#include "base/url.h"
#include "files.h"
#include "files_path.h"

enum {
	NAME_OCTETS = 255,  /* of one segment, decoded: NAME_MAX of Linux */
	SUFFIX_OCTETS = 16, /* kept free for "/index.html" and ".br" */
};

static bool
segment_allowed(const char *segment, size_t len)
{
	if (segment[0] == '.' && (len == 1 || (len == 2 && segment[1] == '.')))
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)segment[i];

		if (c < 0x20 || c == 0x7f || c == '/' || c == '\\')
			return false;
	}
	return true;
}

/* Dot files are private, except for /.well-known/ (RFC 8615 section 3). */
static bool
segment_hidden(const struct ws_files_path *p, const char *segment, size_t len)
{
	struct ws_span name = { segment, len };

	if (segment[0] != '.')
		return false;
	return p->len > 0 || !ws_span_equal(name, WS_SPAN(".well-known"));
}

static int
path_append(struct ws_files_path *p, struct ws_span segment)
{
	char decoded[3 * NAME_OCTETS];
	ssize_t n;
	size_t len;

	if (segment.len > sizeof(decoded))
		return WS_FILES_ENOENT;
	n = ws_url_decode(segment, decoded, sizeof(decoded), 0);
	if (n <= 0)
		return WS_FILES_EPATH;
	len = (size_t)n;
	if (!segment_allowed(decoded, len))
		return WS_FILES_EPATH;
	p->hidden = segment_hidden(p, decoded, len);
	if (p->hidden || len > NAME_OCTETS ||
	    len + 1 > WS_FILES_PATH_SIZE - SUFFIX_OCTETS - p->len)
		return WS_FILES_ENOENT;
	p->name[p->len++] = '/';
	memcpy(p->name + p->len, decoded, len);
	p->len += len;
	return 0;
}

int
ws_files_path_parse(struct ws_files_path *p, struct ws_span path)
{
	p->len = 0;
	p->slash = p->hidden = false;
	if (path.len == 0 || path.at[0] != '/')
		return WS_FILES_EPATH;
	while (path.len > 0) {
		struct ws_span segment = { path.at + 1, 0 };
		int error;

		while (segment.len < path.len - 1 &&
		       segment.at[segment.len] != '/')
			segment.len++;
		path.at += segment.len + 1;
		path.len -= segment.len + 1;
		p->slash = segment.len == 0;
		error = p->slash ? 0 : path_append(p, segment);
		if (error != 0)
			return error;
	}
	p->name[p->len] = '\0';
	return 0;
}

void
ws_files_path_suffix(struct ws_files_path *p, const char *suffix)
{
	size_t len = strlen(suffix);

	memcpy(p->name + p->len, suffix, len + 1);
	p->len += len;
}

void
ws_files_path_cut(struct ws_files_path *p, size_t len)
{
	p->name[p->len = len] = '\0';
}
