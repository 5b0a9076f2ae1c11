/* signal.c - what a process does about a signal. */
/* SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "signal.h"

bool
ws_signal_is_default(int number)
{
	struct sigaction action;

	return sigaction(number, NULL, &action) == 0 &&
	       action.sa_handler == SIG_DFL;
}
