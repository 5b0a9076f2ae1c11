/* faults.h - system calls of the server that fail when a test wants it. */
/* SPDX-License-Identifier: MIT */
#ifndef TEST_FAULTS_H
#define TEST_FAULTS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * faults.c defines functions of libc that the server calls. They stand before
 * those of libc, do the same, and fail when told to. The clock is theirs, too:
 * it stands still until a test lets time pass.
 */

/* A call, and the errors that its manual page lists, as far as something other
 * than a wrong argument causes them. */
struct faults_row {
	const char *call;
	size_t harmless; /* so many of the first errors cost nobody anything */
	int errors[16];  /* ended by 0 */
};
extern const struct faults_row faults_table[];
extern const size_t faults_rows;

/* Count calls from now on, and have some fail.
 *   row    of faults_table
 *   error  an errno; 0: none fails
 *   nth    the first call that fails, from 1
 *   times  how many fail in a row */
void faults_arm(size_t row, int error, size_t nth, size_t times);

/* Fail no more; counts stay. */
void faults_disarm(void);

/* Whether calls belong to the server, and are counted: not those that a client
 * makes. */
void faults_enter(void);
void faults_leave(void);

/* No call on this descriptor fails; -1: none is spared. */
void faults_spare(int fd);

/* The descriptor that was accepted last. */
int faults_accepted(void);

/* Count the calls of a row, and those that failed, since faults_arm. */
size_t faults_calls(size_t row);
size_t faults_hits(void);

/* Count the calls that moved something, since the start. */
size_t faults_moves(void);

/* Return how many descriptors the last wait for events reported. */
int faults_ready(void);

/* Let time pass. */
void faults_pass(int ms);

#endif
