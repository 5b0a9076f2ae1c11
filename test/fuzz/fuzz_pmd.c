/* fuzz_pmd.c - any offer of extensions, and what is answered. */
/* SPDX-License-Identifier: MIT */

#include <stdlib.h>
#include <string.h>

#include "websocket/pmd.h"

#define NAME "Sec-WebSocket-Extensions: "

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
check(bool good)
{
	if (!good)
		abort();
}

/* Put lines into a request. Returns its octets, of exactly its size. */
static char *
request_of(const char *lines, size_t len, size_t *octets)
{
	static const char front[] = "GET / HTTP/1.1\r\nHost: a\r\n" NAME;
	char *request = malloc(sizeof(front) - 1 + len + 4);

	check(request != NULL);
	memcpy(request, front, sizeof(front) - 1);
	memcpy(request + sizeof(front) - 1, lines, len);
	memcpy(request + sizeof(front) - 1 + len, "\r\n\r\n", 4);
	*octets = sizeof(front) - 1 + len + 4;
	return request;
}

static bool
has(const char *text, size_t len, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i + n <= len; i++) {
		if (memcmp(text + i, word, n) == 0)
			return true;
	}
	return false;
}

static void
check_agreed(const struct ws_pmd *agreed, const struct ws_pmd_policy *policy)
{
	check(agreed->server_bits >= policy->server_bits_min);
	check(agreed->server_bits <= policy->server_bits);
	check(agreed->client_bits >= 8 && agreed->client_bits <= 15);
	check(agreed->client_no_context ||
	      agreed->client_bits <= policy->client_bits);
	check(agreed->client_no_context || !policy->client_no_context);
	check(agreed->server_no_context || !policy->server_no_context);
}

/* An answer has the form of an offer, and would be answered by the same. */
static void
check_answer(const struct ws_pmd_answer *answer, const struct ws_pmd *agreed)
{
	const struct ws_pmd_policy willing = { 15, 8, 15, false, false };
	struct ws_http_head head;
	struct ws_pmd_answer again;
	struct ws_pmd same;
	size_t octets;
	char *request = request_of(answer->value, answer->octets, &octets);

	ws_http_init(&head, 16384, 1024);
	check(ws_http_parse(&head, request, octets) == (ssize_t)octets);
	check(ws_pmd_negotiate(&head, request, &willing, &same, &again));
	check(again.octets == answer->octets);
	check(memcmp(again.value, answer->value, again.octets) == 0);
	check(same.server_no_context == agreed->server_no_context);
	check(same.client_no_context == agreed->client_no_context);
	check(same.client_bits == agreed->client_bits);
	free(request);
}

/* Three octets are a policy, the rest is the field, and maybe others. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct ws_pmd_policy policy;
	struct ws_http_head head;
	struct ws_pmd_answer answer;
	struct ws_pmd agreed;
	char *request;
	size_t octets;

	if (len < 3)
		return 0;
	policy = (struct ws_pmd_policy){
		.server_bits = (uint8_t)(15 - data[0] % 8),
		.server_bits_min = 8,
		.client_bits = (uint8_t)(15 - data[1] % 8),
		.server_no_context = (data[2] & 1) != 0,
		.client_no_context = (data[2] & 2) != 0,
	};
	request = request_of((const char *)data + 3, len - 3, &octets);
	ws_http_init(&head, 16384, 1024);
	if (ws_http_parse(&head, request, octets) > 0 &&
	    ws_pmd_negotiate(&head, request, &policy, &agreed, &answer) &&
	    answer.octets > 0) {
		check(answer.octets <= WS_PMD_ANSWER_MAX);
		check_agreed(&agreed, &policy);
		check_answer(&answer, &agreed);
		check(agreed.client_bits == 15 ||
		      has(request, octets, "client_max_window_bits"));
	}
	free(request);
	return 0;
}
