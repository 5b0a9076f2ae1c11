/* criterion.h - the part of Criterion that unit tests use, in one small file. */
/* SPDX-License-Identifier: MIT */
#ifndef TEST_MSAN_CRITERION_H
#define TEST_MSAN_CRITERION_H

/*
 * MemorySanitizer needs a program all of which it has compiled, and Criterion is
 * a library that it has not. Programs of tests that are compiled with this
 * header in its place have a main of their own. Each test runs in a process, as
 * it does with Criterion.
 */

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct msan_options {
	void (*init)(void);
	void (*fini)(void);
	double timeout; /* seconds; not observed */
	int signal;     /* that ends the test, or 0 */
};

struct msan_test {
	const char *suite, *name;
	void (*run)(void);
	struct msan_options options;
	struct msan_test *next;
};

static struct msan_test *msan_tests;
static bool msan_failed;

/* The options of suites, by name. */
static struct msan_suite {
	const char *name;
	struct msan_options options;
	struct msan_suite *next;
} * msan_suites;

#define TestSuite(suite_, ...)                                                 \
	static struct msan_suite msan_suite_##suite_ = { .name = #suite_,      \
		.options = { __VA_ARGS__ } };                                  \
	__attribute__((constructor)) static void msan_add_suite_##suite_(void) \
	{                                                                      \
		msan_suite_##suite_.next = msan_suites;                        \
		msan_suites = &msan_suite_##suite_;                            \
	}                                                                      \
	struct msan_suite

#define Test(suite_, name_, ...)                                              \
	static void suite_##_##name_(void);                                   \
	static struct msan_test msan_##suite_##_##name_ = { .suite = #suite_, \
		.name = #name_,                                               \
		.run = suite_##_##name_,                                      \
		.options = { __VA_ARGS__ } };                                 \
	__attribute__((constructor)) static void msan_add_##suite_##_##name_( \
	    void)                                                             \
	{                                                                     \
		msan_##suite_##_##name_.next = msan_tests;                    \
		msan_tests = &msan_##suite_##_##name_;                        \
	}                                                                     \
	static void suite_##_##name_(void)

/* What is told is the place; the message of a check is left out, though its
 * arguments are used. */
static inline void
msan_use(const char *format, ...)
{
	(void)format;
}

static inline void
msan_fail(const char *file, int line, const char *what, bool end)
{
	fprintf(stderr, "%s:%d: %s\n", file, line, what);
	msan_failed = true;
	if (end)
		_exit(1);
}

#define MSAN_CHECK(end_, good_, what_, ...)                         \
	do {                                                        \
		msan_use("" __VA_ARGS__);                           \
		if (!(good_))                                       \
			msan_fail(__FILE__, __LINE__, what_, end_); \
	} while (0)

#define cr_assert(a, ...) MSAN_CHECK(true, a, #a, __VA_ARGS__)
#define cr_expect(a, ...) MSAN_CHECK(false, a, #a, __VA_ARGS__)
#define cr_assert_not(a, ...) MSAN_CHECK(true, !(a), "not " #a, __VA_ARGS__)
#define cr_expect_not(a, ...) MSAN_CHECK(false, !(a), "not " #a, __VA_ARGS__)
#define cr_assert_null(a, ...) cr_assert((a) == NULL, __VA_ARGS__)
#define cr_expect_null(a, ...) cr_expect((a) == NULL, __VA_ARGS__)
#define cr_assert_not_null(a, ...) cr_assert((a) != NULL, __VA_ARGS__)
#define cr_expect_not_null(a, ...) cr_expect((a) != NULL, __VA_ARGS__)
#define cr_assert_eq(a, b, ...) cr_assert((a) == (b), __VA_ARGS__)
#define cr_expect_eq(a, b, ...) cr_expect((a) == (b), __VA_ARGS__)
#define cr_assert_neq(a, b, ...) cr_assert((a) != (b), __VA_ARGS__)
#define cr_expect_neq(a, b, ...) cr_expect((a) != (b), __VA_ARGS__)
#define cr_assert_lt(a, b, ...) cr_assert((a) < (b), __VA_ARGS__)
#define cr_expect_lt(a, b, ...) cr_expect((a) < (b), __VA_ARGS__)
#define cr_assert_leq(a, b, ...) cr_assert((a) <= (b), __VA_ARGS__)
#define cr_expect_leq(a, b, ...) cr_expect((a) <= (b), __VA_ARGS__)
#define cr_assert_gt(a, b, ...) cr_assert((a) > (b), __VA_ARGS__)
#define cr_expect_gt(a, b, ...) cr_expect((a) > (b), __VA_ARGS__)
#define cr_assert_geq(a, b, ...) cr_assert((a) >= (b), __VA_ARGS__)
#define cr_expect_geq(a, b, ...) cr_expect((a) >= (b), __VA_ARGS__)
#define cr_assert_str_eq(a, b, ...) cr_assert(strcmp(a, b) == 0, __VA_ARGS__)
#define cr_expect_str_eq(a, b, ...) cr_expect(strcmp(a, b) == 0, __VA_ARGS__)
#define cr_assert_str_neq(a, b, ...) cr_assert(strcmp(a, b) != 0, __VA_ARGS__)
#define cr_expect_str_neq(a, b, ...) cr_expect(strcmp(a, b) != 0, __VA_ARGS__)
#define cr_assert_arr_eq(a, b, n, ...) \
	cr_assert(memcmp(a, b, n) == 0, __VA_ARGS__)
#define cr_expect_arr_eq(a, b, n, ...) \
	cr_expect(memcmp(a, b, n) == 0, __VA_ARGS__)
#define cr_assert_fail(...) MSAN_CHECK(true, false, "failed", __VA_ARGS__)
#define cr_expect_fail(...) MSAN_CHECK(false, false, "failed", __VA_ARGS__)
#define cr_skip_test(...) _exit(0)
#define cr_log_info(...) msan_use(__VA_ARGS__)

static void
msan_run(const struct msan_test *test)
{
	struct msan_options of_suite = { 0 };

	for (const struct msan_suite *s = msan_suites; s != NULL; s = s->next)
		if (strcmp(s->name, test->suite) == 0)
			of_suite = s->options;
	if (of_suite.init != NULL)
		of_suite.init();
	if (test->options.init != NULL)
		test->options.init();
	test->run();
	if (test->options.fini != NULL)
		test->options.fini();
	if (of_suite.fini != NULL)
		of_suite.fini();
}

/* Returns whether a test passes, in a process of its own. */
static bool
msan_passes(const struct msan_test *test)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		msan_run(test);
		fflush(NULL);
		_exit(msan_failed);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return false;
	if (test->options.signal != 0)
		return WIFSIGNALED(status);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int
main(void)
{
	int passed = 0, failed = 0;

	for (struct msan_test *test = msan_tests; test != NULL;
	     test = test->next) {
		if (msan_passes(test)) {
			passed++;
			continue;
		}
		failed++;
		fprintf(stderr, "FAILED  %s::%s\n", test->suite, test->name);
	}
	printf("%d passed, %d failed\n", passed, failed);
	return failed > 0 || passed == 0;
}

#endif
