/* file.c - a file that was found: its identity, its entity-tag, its octets. */
/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "file.h"

/* Mix a number into a hash: the finalizer of splitmix64, which changes half of
 * the bits for any change of one. */
static uint64_t
mix(uint64_t hash, uint64_t number)
{
	hash ^= number;
	hash = (hash ^ hash >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	hash = (hash ^ hash >> 27) * UINT64_C(0x94d049bb133111eb);
	return hash ^ hash >> 31;
}

/* Identify the content of a file on disk. Neither the size nor the time of
 * modification does: package managers and reproducible builds give all files
 * one time. The time of change moves with every writing and cannot be set; the
 * inode is another one where a file was replaced. It is a hash, since nobody
 * needs to know these numbers. */
uint64_t
ws_file_identity(const struct ws_file *file)
{
	uint64_t hash = mix(file->device, file->inode);

	hash = mix(hash, (uint64_t)file->changed_s);
	hash = mix(hash, file->changed_ns);
	hash = mix(hash, (uint64_t)file->modified_s);
	hash = mix(hash, file->modified_ns);
	return mix(hash, file->octets);
}

/* Make the entity-tag of a file on disk (RFC 9110 section 8.8.3):
 * "1a2b-9f86d081884c7d65", its size and its identity. The tag is as strong as
 * the file system's clock is fine: a file that is written twice to the same
 * size within one tick keeps its tag. */
void
ws_file_tag(struct ws_file *file)
{
	(void)snprintf(file->etag, sizeof(file->etag),
	    "\"%" PRIx64 "-%" PRIx64 "\"", file->octets,
	    ws_file_identity(file));
}

void
ws_file_tag_coding(struct ws_file *file, const char *coding)
{
	size_t quote = strlen(file->etag) - 1;

	(void)snprintf(
	    file->etag + quote, sizeof(file->etag) - quote, "-%s\"", coding);
}

ssize_t
ws_file_read(
    const struct ws_file *file, uint64_t first, void *out, size_t octets)
{
	size_t have = 0;
	ssize_t n = 1;

	while (have < octets && n > 0) {
		n = pread(file->fd, (char *)out + have, octets - have,
		    (off_t)(first + have));
		if (n > 0)
			have += (size_t)n;
	}
	return n < 0 ? -1 : (ssize_t)have;
}

void
ws_file_close(struct ws_file *file)
{
	if (file->fd > 0)
		close(file->fd);
	*file = (struct ws_file){ .fd = -1 };
}
