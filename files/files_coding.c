/* files_coding.c - which form of a file to send: plain, gzip or Brotli. */
/* SPDX-License-Identifier: MIT */
/*
 * A site may keep compressed forms beside a file. Which of them a client gets
 * follows from its Accept-Encoding (RFC 9110 section 12.5.3), where "q" is how
 * much it likes a coding, from 0 to 1000:
 *
 *	 on disk           a client that likes gzip    a client that does not
 *	 app.js            app.js                      app.js
 *	 app.js app.js.gz  app.js.gz                   app.js
 *	        app.js.gz  app.js.gz                   its content, decompressed
 *	 app.js.br, older than app.js: not used, and the operator is told once
 *
 * All forms have the same address and the same type, so they differ in the
 * entity-tag (section 8.8.3.3), and Vary tells caches about the choice.
 */
#include <stdio.h>
#include <string.h>

#include "http/field.h"
#include "http/gzip_cache.h"
#include "files_coding.h"

enum {
	/* Octets of a file on disk that is decompressed for those who do not
	 * accept gzip: 4 MiB take 10 ms. Of a larger one they get the gzip
	 * file. */
	INFLATED_MAX = 4 << 20,
	GZIP_LEAST = 18, /* octets of the shortest gzip file, RFC 1952 */
};

struct coding {
	const char *name, *suffix;
};

/* What a file's name says of its content. */
struct description {
	const char *type;
	const char *encoding; /* the name ends in a coding: "gzip", "br" */
};

static struct description
describe(const struct ws_files *root, const struct ws_files_path *p)
{
	struct ws_span name = { p->name, p->len };
	struct description is;

	is.type = ws_files_type(name, root->types, &is.encoding);
	return is;
}

/* A type that is compressed already has no siblings. A file of unknown type may
 * have some: it may be a program's data. */
static bool
may_have_siblings(const struct description *is)
{
	return is->encoding == NULL &&
	       (ws_gzip_shrinks(is->type) ||
		   strcmp(is->type, "application/octet-stream") == 0);
}

/* The first is preferred when the client likes several equally. */
static const struct coding codings[] = {
	{ "br", ".br" },
	{ "gzip", ".gz" },
};

/* Tell the operator of a sibling that is not used, once. */
static void
note_sibling(struct ws_files *root, const struct ws_files_path *p,
    const char *suffix, const struct ws_file *sibling, const char *why)
{
	uint64_t id = ws_file_identity(sibling);

	if (root->noted[id % WS_FILES_NOTED] == id)
		return;
	root->noted[id % WS_FILES_NOTED] = id;
	root->has_note = true;
	(void)snprintf(root->note, sizeof(root->note), "%.200s%.200s%s %s",
	    root->path, p->name, suffix, why);
}

/* Copy a part of a file. Returns whether the file has it. */
static bool
read_part(const struct ws_file *file, uint64_t first, uint8_t *out, size_t len)
{
	if (file->data == NULL)
		return ws_file_read(file, first, out, len) == (ssize_t)len;
	memcpy(out, file->data + first, len);
	return true;
}

/* Read the length of what a gzip file was made of, modulo 2^32, from its
 * last octets (RFC 1952 section 2.3.1). Returns whether the file can be one: it
 * begins as all do. */
static bool
read_gzip_length(const struct ws_file *file, uint32_t *octets)
{
	static const uint8_t magic[3] = { 0x1f, 0x8b, 8 };
	uint8_t first[3], last[4];

	if (file->octets < GZIP_LEAST ||
	    !read_part(file, 0, first, sizeof(first)) ||
	    memcmp(first, magic, sizeof(magic)) != 0 ||
	    !read_part(file, file->octets - 4, last, sizeof(last)))
		return false;
	*octets = (uint32_t)last[0] | (uint32_t)last[1] << 8 |
		  (uint32_t)last[2] << 16 | (uint32_t)last[3] << 24;
	return true;
}

/* Compare two times. Returns a number below, equal to or above 0. */
static int
compare_times(int64_t a_s, uint32_t a_ns, int64_t b_s, uint32_t b_ns)
{
	if (a_s != b_s)
		return a_s < b_s ? -1 : 1;
	return a_ns < b_ns ? -1 : a_ns > b_ns;
}

/* Find out why a sibling cannot be used, if it is a file: an older one was
 * forgotten when the plain one was edited. Where all files have one time of
 * modification, the time of change tells which is older. A gzip file knows how
 * long its original was. Returns NULL when it can be used. */
static const char *
fault_of(const struct ws_file *sibling, const struct ws_file *plain,
    const char *suffix)
{
	int newer = compare_times(sibling->modified_s, sibling->modified_ns,
	    plain->modified_s, plain->modified_ns);
	uint32_t octets;

	if (newer == 0)
		newer = compare_times(sibling->changed_s, sibling->changed_ns,
		    plain->changed_s, plain->changed_ns);
	if (newer < 0)
		return "is older than the file beside it: not used";
	if (strcmp(suffix, ".gz") == 0 &&
	    (!read_gzip_length(sibling, &octets) ||
		octets != (uint32_t)plain->octets))
		return "was not made of the file beside it: not used";
	return NULL;
}

/* Send a gzip file as it is, if the client wants gzip, or if it is too large to
 * be decompressed here. */
static void
prefer_gzip(struct ws_file *file, struct ws_span accept)
{
	bool large = file->fd > 0 && (file->octets > INFLATED_MAX ||
					 file->gzip_octets > INFLATED_MAX);

	if (file->gzip_octets == 0 || file->encoding != NULL ||
	    (!large && !ws_field_wants_gzip(accept)))
		return;
	file->octets = file->gzip_octets;
	file->gzip_octets = 0;
	file->encoding = "gzip";
	ws_file_tag_coding(file, "gzip");
}

/* Open a file whose name has a suffix behind that of another. Returns whether
 * it is there, and no directory. */
static bool
open_beside(struct ws_files *root, struct ws_files_path *p, const char *suffix,
    struct ws_file *file)
{
	size_t len = p->len;
	int error;

	ws_files_path_suffix(p, suffix);
	error = ws_files_look_up(root, p->name, file);
	ws_files_path_cut(p, len);
	if (error != 0)
		return false;
	if (!file->directory)
		return true;
	ws_file_close(file);
	return false;
}

/* Open the sibling with a coding. Returns whether there is a current one. */
static bool
find_sibling(struct ws_files *root, struct ws_files_path *p,
    const struct coding *coding, const struct ws_file *plain,
    struct ws_file *sibling)
{
	const char *fault;

	if (!open_beside(root, p, coding->suffix, sibling))
		return false;
	/* Assets are made together. */
	fault = root->path != NULL ? fault_of(sibling, plain, coding->suffix)
				   : NULL;
	if (fault == NULL)
		return true;
	note_sibling(root, p, coding->suffix, sibling, fault);
	ws_file_close(sibling);
	return false;
}

/* Find a file of which there is only a compressed form. For a client that does
 * not accept gzip, that of gzip is its content. */
static int
find_compressed_only(struct ws_files *root, struct ws_files_path *p,
    struct ws_span accept, struct ws_file *file)
{
	struct description is = describe(root, p);
	unsigned br = ws_field_accepts(accept, WS_SPAN("br"));
	uint32_t octets;

	if (!may_have_siblings(&is))
		return WS_FILES_ENOENT;
	if (br > 0 && br >= ws_field_accepts(accept, WS_SPAN("gzip")) &&
	    open_beside(root, p, ".br", file)) {
		file->encoding = "br";
		return 0;
	}
	if (open_beside(root, p, ".gz", file)) {
		if (read_gzip_length(file, &octets)) {
			file->gzip_octets = (size_t)file->octets;
			file->octets = octets;
			return 0;
		}
		ws_file_close(file);
		root->cause = "the .gz of it is no gzip file";
	}
	if (!open_beside(root, p, ".br", file))
		return WS_FILES_ENOENT;
	if (br > 0) {
		file->encoding = "br";
		return 0;
	}
	ws_file_close(file);
	root->cause = "only the .br of it is there, which this client does not "
		      "accept; browsers do over HTTPS";
	return WS_FILES_ECODING;
}

int
ws_files_find_coded(struct ws_files *root, struct ws_files_path *p,
    struct ws_span accept, struct ws_file *file)
{
	int error = ws_files_look_up(root, p->name, file);

	p->only_compressed = false;
	if (error == WS_FILES_ENOENT && p->len > 0) {
		error = find_compressed_only(root, p, accept, file);
		p->only_compressed = error == 0;
	}
	return error;
}

/* Replace the plain file by the sibling that the client likes best, unless it
 * likes the plain one better. RFC 9110 section 12.5.3. */
static void
choose_sibling(struct ws_files *root, struct ws_files_path *p,
    struct ws_span accept, struct ws_file *file)
{
	struct ws_file plain, sibling;
	unsigned best;

	if (accept.len == 0)
		return;
	plain = *file;
	best = ws_field_identity(accept);
	for (size_t i = 0; i < WS_LEN(codings); i++) {
		const struct coding *coding = &codings[i];
		struct ws_span name = ws_span_of(coding->name);
		unsigned q = ws_field_accepts(accept, name);

		if (q == 0 || q < best || (q == best && file->encoding) ||
		    !find_sibling(root, p, coding, &plain, &sibling))
			continue;
		best = q;
		ws_file_close(file);
		*file = sibling;
		file->encoding = coding->name;
		ws_file_tag_coding(file, coding->name);
	}
}

void
ws_files_represent(struct ws_files *root, struct ws_files_path *p,
    struct ws_span accept, struct ws_file *file)
{
	struct description is = describe(root, p);
	bool vary = file->gzip_octets > 0 || may_have_siblings(&is);

	if (p->only_compressed && file->encoding != NULL)
		ws_file_tag_coding(file, file->encoding);
	else if (vary && !p->only_compressed)
		choose_sibling(root, p, accept, file);
	prefer_gzip(file, accept);
	if (is.encoding != NULL)
		file->encoding = is.encoding;
	file->type = is.type;
	file->vary = vary;
}

void
ws_files_asset(const struct ws_asset *asset, int64_t modified_s,
    struct ws_span accept_encoding, struct ws_file *file)
{
	struct ws_span name = ws_span_of(asset->path);
	const char *encoding;

	ws_files_root_asset(asset, modified_s, file);
	prefer_gzip(file, accept_encoding);
	file->type = ws_files_type(name, NULL, &encoding);
	file->vary = asset->plain_len > 0 || ws_gzip_shrinks(file->type);
}
