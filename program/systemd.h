/* systemd.h - socket activation and readiness, without libsystemd. */
/* SPDX-License-Identifier: MIT */
#ifndef SYSTEMD_H
#define SYSTEMD_H

#define SYSTEMD_FIRST_FD 3 /* sd_listen_fds(3): SD_LISTEN_FDS_START */

/* How many listening sockets were passed to this process, from
 * SYSTEMD_FIRST_FD on, at most 64; 0 for none. Removes the variables that say
 * so from the environment. sd_listen_fds(3). */
int systemd_listen_fds(void);

/* Tell the service manager about a change of state; do nothing without one.
 *   state  such as "READY=1"
 * sd_notify(3). */
void systemd_notify(const char *state);

#endif
