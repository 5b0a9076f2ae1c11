/* files_list.c - an HTML listing of one directory. */
/* SPDX-License-Identifier: MIT */

/*
 * A file name is any run of octets. Anybody who may write into the directory
 * chooses it: "<script>" is a name, and so are "javascript:x" and "a\"b". The
 * listing has each name twice and never raw:
 *
 *	<a href="./%3Cscript%3E">&lt;script&gt;</a>
 *	         | |
 *	         | `- all octets but the unreserved ones of RFC 3986 as %XX
 *	         `--- "./" keeps a name like "javascript:x" from being a scheme
 *
 * The listing leaves out names that a request cannot ask for: hidden ones, and
 * those with a control octet or a backslash. It shows a symbolic link as a
 * plain name and does not follow it: the target may be outside the root, and
 * nobody shall learn its size. A request for the link redirects if the target
 * is a directory.
 */

#include <sys/stat.h>
#include <sys/types.h>

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "base/array.h"
#include "base/bytes.h"
#include "base/mem.h"
#include "base/url.h"
#include "http/field.h"

/* Measured, 10,000 entries take 20 to 70 ms, mostly in fstatat(2), so they are
 * read and written in parts. Nobody reads a longer page. */
enum {
	ENTRIES_MAX = 10000
};

struct entry {
	char *name; /* owned */
	uint64_t octets;
	int64_t modified_s;
	bool directory;
	bool link;
};

struct entries {
	struct entry *at; /* owned */
	size_t count, room;
};

/* A page that grows. After a failure nothing more is added. */
struct page {
	char *at; /* owned */
	size_t len, room;
	bool failed;
};

/* ---- text --------------------------------------------------------------- */

static void
put(struct page *page, const char *data, size_t len)
{
	if (page->failed ||
	    !ws_array_reserve(&page->at, &page->room, page->len + len, 1)) {
		page->failed = true;
		return;
	}
	memcpy(page->at + page->len, data, len);
	page->len += len;
}

static void
put_string(struct page *page, const char *string)
{
	put(page, string, strlen(string));
}

/* Write text between tags. Quotes are escaped, too, so that the text would also
 * fit into an attribute. */
static void
put_escaped(struct page *page, const char *data, size_t len)
{
	static const char special[] = { '<', '>', '&', '"', '\'' };
	static const char *const escapes[] = { "&lt;", "&gt;", "&amp;",
		"&quot;", "&#39;" };

	for (size_t i = 0; i < len; i++) {
		const char *at = memchr(special, data[i], sizeof(special));

		if (at != NULL)
			put_string(page, escapes[at - special]);
		else
			put(page, &data[i], 1);
	}
}

/* RFC 3986 section 2.3. */
static bool
is_unreserved(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("-._~", c) != NULL);
}

static void
put_encoded(struct page *page, const char *name)
{
	for (; *name != '\0'; name++) {
		unsigned char c = (unsigned char)*name;
		char escape[4];

		if (is_unreserved(c)) {
			put(page, name, 1);
			continue;
		}
		(void)snprintf(escape, sizeof(escape), "%%%02X", (unsigned)c);
		put(page, escape, 3);
	}
}

/* ---- reading the directory ---------------------------------------------- */

static bool
is_servable(const char *name)
{
	if (name[0] == '.')
		return false;
	for (; *name != '\0'; name++) {
		unsigned char c = (unsigned char)*name;

		if (c < 0x20 || c == 0x7f || c == '\\')
			return false;
	}
	return true;
}

static bool
entries_add(struct entries *list, const char *name, const struct stat *st)
{
	size_t size = strlen(name) + 1;
	char *copy;

	if (!ws_array_reserve(
		&list->at, &list->room, list->count + 1, sizeof(*list->at)))
		return false;
	copy = ws_mem_resize(NULL, size);
	if (copy == NULL)
		return false;
	memcpy(copy, name, size);
	list->at[list->count++] = (struct entry){
		.name = copy,
		.octets = (uint64_t)st->st_size,
		.modified_s = st->st_mtime,
		.directory = S_ISDIR(st->st_mode),
		.link = S_ISLNK(st->st_mode),
	};
	return true;
}

/* Read one entry of the directory, and keep it if it can be listed.
 * Returns 1, 0 at the end of the directory, or -1 when out of memory. */
static int
entries_read(struct entries *list, DIR *dir)
{
	struct dirent *found = readdir(dir);
	struct stat st;

	if (found == NULL)
		return 0;
	if (!is_servable(found->d_name) ||
	    fstatat(dirfd(dir), found->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return 1; /* or it is gone already */
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode) &&
	    !S_ISLNK(st.st_mode))
		return 1;
	return entries_add(list, found->d_name, &st) ? 1 : -1;
}

static void
entries_fini(struct entries *list)
{
	for (size_t i = 0; i < list->count; i++)
		ws_mem_free(list->at[i].name);
	ws_mem_free(list->at);
	*list = (struct entries){ 0 };
}

/* Compare entries for qsort(3): directories first, then names by their octets,
 * whatever the locale is. */
static int
compare(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;

	if (a->directory != b->directory)
		return a->directory ? -1 : 1;
	return strcmp(a->name, b->name);
}

/* ---- the page ----------------------------------------------------------- */

static const char page_style[] =
    "<style>"
    ":root{color-scheme:light dark}"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:50em;"
    "margin:2em auto;padding:0 1em}"
    "h1{font-size:1.3em;overflow-wrap:anywhere}"
    "table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;padding:.2em .6em;"
    "border-bottom:1px solid #8884}"
    "td:first-child{overflow-wrap:anywhere}"
    "td+td,th+th{text-align:right;white-space:nowrap;"
    "font-variant-numeric:tabular-nums}"
    "a{text-decoration:none}a:hover{text-decoration:underline}"
    "</style>\n";

/* Write a size as "999", "1.0 K" to "9.9 K", "10 K" and so on, in powers of
 * 1024. */
static void
put_octets(struct page *page, uint64_t octets)
{
	static const char units[] = "KMGTPE";
	char number[32];
	size_t unit = 0;
	unsigned n;

	for (; octets >= UINT64_C(1024) * 1024; unit++)
		octets /= 1024;
	n = (unsigned)octets;
	if (n < 1024)
		(void)snprintf(number, sizeof(number), "%u", n);
	else if (n < 10 * 1024)
		(void)snprintf(number, sizeof(number), "%u.%u %c", n / 1024,
		    n % 1024 * 10 / 1024, units[unit]);
	else
		(void)snprintf(
		    number, sizeof(number), "%u %c", n / 1024, units[unit]);
	put_string(page, number);
}

static void
put_entry(struct page *page, const struct entry *entry)
{
	const char *slash = entry->directory ? "/" : "";
	char date[WS_FIELD_DATE_SIZE];

	put_string(page, "<tr><td><a href=\"./");
	put_encoded(page, entry->name);
	put_string(page, slash);
	put_string(page, "\">");
	put_escaped(page, entry->name, strlen(entry->name));
	put_string(page, slash);
	put_string(page, "</a><td>");
	if (!entry->directory && !entry->link)
		put_octets(page, entry->octets);
	put_string(page, "<td>");
	if (!entry->link) {
		ws_field_date_write(entry->modified_s, date);
		put(page, date + 5, 17); /* "06 Nov 1994 08:49" */
	}
	put_string(page, "\n");
}

static void
put_begin(struct page *page, struct ws_span title)
{
	put_string(page,
	    "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width\">\n"
	    "<title>");
	put_escaped(page, title.at, title.len);
	put_string(page, "</title>\n");
	put_string(page, page_style);
	put_string(page, "<h1>");
	put_escaped(page, title.at, title.len);
	put_string(
	    page, "</h1>\n<table>\n<tr><th>Name<th>Size<th>Modified (UTC)\n");
	if (title.len > 1)
		put_string(page, "<tr><td><a href=\"../\">../</a><td><td>\n");
}

static void
put_end(struct page *page, size_t count)
{
	put_string(page, "</table>\n");
	if (count == ENTRIES_MAX)
		put_string(page, "<p>There are more files than are shown.\n");
}

/* ---- a part at a time ---------------------------------------------------- */

struct ws_files_list {
	DIR *dir; /* owned; NULL once all entries are read and sorted */
	struct entries entries;
	size_t written; /* of the entries */
	struct page page;
	size_t title_len;
	char title[]; /* the path decoded, as a person reads it */
};

/* Open a directory a second time, because a directory stream closes its
 * descriptor. One of dup(2) would share the position in the directory. */
static DIR *
open_again(int fd)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;

	if (dir == NULL && copy >= 0)
		close(copy);
	return dir;
}

struct ws_files_list *
ws_files_list_begin(const struct ws_file *file, struct ws_span path)
{
	DIR *dir = file->fd > 0 ? open_again(file->fd) : NULL;
	struct ws_files_list *list;
	ssize_t n;

	if (dir == NULL)
		return NULL;
	list = ws_mem_resize(NULL, sizeof(*list) + path.len);
	if (list == NULL) {
		closedir(dir);
		return NULL;
	}
	*list = (struct ws_files_list){ .dir = dir };
	n = ws_url_decode(path, list->title, path.len, 0);
	list->title_len = n >= 0 ? (size_t)n : 0;
	return list;
}

/* Sort the entries, which are complete, and begin the page. */
static void
end_of_entries(struct ws_files_list *list)
{
	struct entries *entries = &list->entries;

	closedir(list->dir);
	list->dir = NULL;
	if (entries->count > 0)
		qsort(
		    entries->at, entries->count, sizeof(*entries->at), compare);
	put_begin(
	    &list->page, (struct ws_span){ list->title, list->title_len });
}

int
ws_files_list_step(struct ws_files_list *list, size_t entries)
{
	struct entries *all = &list->entries;

	for (; list->dir != NULL && entries > 0; entries--) {
		int result =
		    all->count < ENTRIES_MAX ? entries_read(all, list->dir) : 0;

		if (result < 0)
			return -1;
		if (result == 0)
			end_of_entries(list);
	}
	for (; list->dir == NULL && entries > 0; entries--) {
		if (list->written == all->count) {
			put_end(&list->page, all->count);
			return list->page.failed ? -1 : 1;
		}
		put_entry(&list->page, &all->at[list->written++]);
	}
	return list->page.failed ? -1 : 0;
}

char *
ws_files_list_take(struct ws_files_list *list, size_t *len)
{
	char *text = list->page.at;

	*len = list->page.len;
	list->page = (struct page){ 0 };
	return text;
}

void
ws_files_list_free(struct ws_files_list *list)
{
	if (list == NULL)
		return;
	if (list->dir != NULL)
		closedir(list->dir);
	entries_fini(&list->entries);
	ws_mem_free(list->page.at);
	ws_mem_free(list);
}
