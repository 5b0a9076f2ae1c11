/* file.h - a file that was found: what is known of it, and its octets. */
/* SPDX-License-Identifier: MIT */
#ifndef WS_FILE_H
#define WS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define WS_FILES_ETAG_MAX 64

/* A file, found. */
struct ws_file {
	int fd; /* owned; -1 for an embedded file; never 0, so that a zeroed
	           struct owns nothing */
	const unsigned char *data; /* borrowed for ever, NULL when fd is used */
	uint64_t octets;
	/* Not 0: data, or what fd reads, is a gzip file of this length, and the
	 * file its content. */
	size_t gzip_octets;
	int64_t modified_s;   /* seconds since 1970 */
	uint32_t modified_ns; /* and nanoseconds of that second */
	int64_t changed_s;    /* the same for the last change of any kind */
	uint32_t changed_ns;
	uint64_t device,
	    inode;            /* of the file; of an asset: 0 and its address */
	const char *type;     /* Content-Type, static */
	const char *encoding; /* "br" or "gzip" (static), or NULL */
	bool vary;            /* the choice depends on Accept-Encoding */
	bool directory;       /* a directory without slash: redirect; or, with a
	                         slash, a directory without index.html (fd is
	                         open and can be listed; -1 when embedded) */
	/* A strong entity-tag, a C string; differs between the codings of one
	 * file, and whenever the file was replaced or rewritten. */
	char etag[WS_FILES_ETAG_MAX];
};

/* Identify the content of a file on disk: the result differs, in all
 * likelihood, whenever a file was replaced or rewritten. */
uint64_t ws_file_identity(const struct ws_file *file);

/* Make the entity-tag of a file on disk, of its length and its identity. */
void ws_file_tag(struct ws_file *file);

/* Add a coding to the entity-tag of a file: "x" becomes "x-gzip". RFC 9110
 * section 8.8.3.3: the representations with and without it need different
 * tags. */
void ws_file_tag_coding(struct ws_file *file, const char *coding);

/* Read from the descriptor of a file.
 *   out  receives octets from the first one on
 * Returns how many there were, fewer at the end of the file, or -1. */
ssize_t ws_file_read(
    const struct ws_file *file, uint64_t first, void *out, size_t octets);

/* Close what ws_files_find opened and forget it. A zeroed or closed file is
 * allowed. */
void ws_file_close(struct ws_file *file);

#endif
