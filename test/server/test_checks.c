/* test_checks.c - a library that was built with WS_CHECKS. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <signal.h>

#undef NDEBUG
#define WS_CHECKS 1
#include "server/conn_message.c"

/* The archive's conn_message.o stays out: this file has all that is in it. */

Test(checks, a_text_may_be_any_utf8)
{
	ws_prepared_free(ws_prepare(WS_TEXT, "gr\xc3\xbc\xc3\x9f", WS_STR));
	ws_prepared_free(ws_prepare(WS_TEXT | WS_NO_COMPRESS, "", 0));
	ws_prepared_free(ws_prepare(WS_BINARY, "\xff", 1));
}

Test(checks, a_text_that_is_no_utf8_ends_the_program, .signal = SIGABRT)
{
	(void)ws_prepare(WS_TEXT, "\xff", 1);
}

Test(checks, so_does_one_for_a_single_connection, .signal = SIGABRT)
{
	(void)ws_send(NULL, WS_TEXT | WS_VOLATILE, "cut \xc3", WS_STR);
}
