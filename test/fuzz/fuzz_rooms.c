/* fuzz_rooms.c - rooms against a naive model, driven by the fuzzer. */
/* SPDX-License-Identifier: MIT */

/* The input is a program. Each step is an octet for the operation and two for
 * its operands; a publish takes one more, which says at how many of its
 * deliveries the program goes on from inside. The model is a table of bits:
 * who is in which room, and who was so when the publish began. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rooms.h"
#include "test/scarce.h"

enum {
	PEERS = 12,
	ROOMS = 24,
	DEPTH_STEPS = 6
};

struct peer {
	struct ws_member member; /* first, so that a pointer to it is one */
	bool got;
};

struct model {
	struct ws_rooms *rooms;
	struct peer *peers[PEERS];
	bool in[ROOMS][PEERS];
	bool settled[ROOMS][PEERS]; /* in before the publish, and since */
	bool named[ROOMS], spared[PEERS];
	bool delivering;
	unsigned nested; /* deliveries that still run a part of the program */
	const uint8_t *at, *end;
};

static void step(struct model *model);

/* ---- helpers ------------------------------------------------------------ */

static void
check(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "fuzz_rooms: %s\n", what);
	abort();
}

static uint8_t
next_octet(struct model *model)
{
	return model->at < model->end ? *model->at++ : 0;
}

/* Names of all lengths, with NUL in them. Returns the length. */
static size_t
name_room(unsigned room, char name[WS_ROOM_NAME_MAX])
{
	static const size_t lengths[] = { 1, 2, 20, WS_ROOM_NAME_MAX };
	size_t len = lengths[room % 4];

	memset(name, 0, len);
	name[len - 1] = (char)room;
	return len;
}

static size_t
count_in(const struct model *model, unsigned room)
{
	size_t count = 0;

	for (unsigned p = 0; p < PEERS; p++)
		count += model->in[room][p];
	return count;
}

/* ---- operations --------------------------------------------------------- */

static void
join(struct model *model, unsigned room, unsigned p)
{
	char name[WS_ROOM_NAME_MAX];
	size_t len = name_room(room, name);
	bool failing = scarce_at > scarce_calls;
	int joined;

	joined =
	    ws_rooms_join(model->rooms, &model->peers[p]->member, name, len);
	if (joined == -1) {
		check(failing, "failed with memory left");
		check(!model->in[room][p], "failed though it was in");
		return;
	}
	check(joined == !model->in[room][p], "join's result");
	model->in[room][p] = true;
}

static void
leave(struct model *model, unsigned room, unsigned p)
{
	char name[WS_ROOM_NAME_MAX];
	size_t len = name_room(room, name);
	bool left;

	left =
	    ws_rooms_leave(model->rooms, &model->peers[p]->member, name, len);
	check(left == model->in[room][p], "leave's result");
	model->in[room][p] = model->settled[room][p] = false;
}

static void
leave_all(struct model *model, unsigned p)
{
	ws_rooms_leave_all(model->rooms, &model->peers[p]->member);
	for (unsigned r = 0; r < ROOMS; r++)
		model->in[r][p] = model->settled[r][p] = false;
}

static void
deliver(struct ws_member *member, void *message)
{
	struct peer *peer = (struct peer *)member;
	struct model *model = message;
	unsigned p = 0;
	bool due = false;

	while (model->peers[p] != peer)
		p++;
	check(!peer->got, "met twice");
	check(!model->spared[p], "met though it is to be spared");
	for (unsigned r = 0; r < ROOMS; r++)
		due = due || (model->named[r] && model->settled[r][p]);
	check(due, "met though it is in no room named");
	peer->got = true;
	if (model->nested == 0)
		return;
	model->nested--;
	for (int i = 0; i < DEPTH_STEPS; i++)
		step(model);
}

static void
new_peer(struct model *model, unsigned p)
{
	struct peer *peer = calloc(1, sizeof(*peer));

	if (peer == NULL)
		abort();
	ws_member_init(&peer->member, deliver);
	model->peers[p] = peer;
}

static void
free_peer(struct model *model, unsigned p)
{
	leave_all(model, p);
	free(model->peers[p]);
}

static void
begin_publish(struct model *model)
{
	memcpy(model->settled, model->in, sizeof(model->in));
	memset(model->named, 0, sizeof(model->named));
	memset(model->spared, 0, sizeof(model->spared));
	for (unsigned p = 0; p < PEERS; p++)
		model->peers[p]->got = false;
}

static void
end_publish(struct model *model)
{
	for (unsigned r = 0; r < ROOMS; r++) {
		for (unsigned p = 0; p < PEERS; p++) {
			if (model->named[r] && model->settled[r][p] &&
			    !model->spared[p])
				check(model->peers[p]->got, "passed over");
		}
	}
}

static void
spare_room(struct model *model, unsigned room)
{
	for (unsigned p = 0; p < PEERS; p++)
		model->spared[p] = model->spared[p] || model->in[room][p];
}

/* how: the counts of names, whether one is left out, how often to nest. */
static void
publish(struct model *model, unsigned how, unsigned p)
{
	char names[8][WS_ROOM_NAME_MAX];
	struct ws_room_name name[8];
	struct ws_selection selection = {
		.to = name,
		.to_count = how & 3,
		.except = name + 4,
		.except_count = how >> 2 & 3,
		.without = how & 16 ? &model->peers[p]->member : NULL,
	};

	if (model->delivering) {
		check(ws_rooms_publish(model->rooms, &selection, model) == -1,
		    "nested publish");
		return;
	}
	begin_publish(model);
	model->spared[p] = selection.without != NULL;
	for (unsigned i = 0; i < 8; i++) {
		unsigned room = next_octet(model) % ROOMS;

		name[i].at = names[i];
		name[i].len = name_room(room, names[i]);
		if (i < selection.to_count)
			model->named[room] = true;
		if (i >= 4 && i - 4 < selection.except_count)
			spare_room(model, room);
	}
	model->nested = how >> 5;
	model->delivering = true;
	check(ws_rooms_publish(model->rooms, &selection, model) >= 0,
	    "publish was refused");
	model->delivering = false;
	end_publish(model);
}

static void
compare_room(struct model *model, unsigned room)
{
	char name[WS_ROOM_NAME_MAX];
	size_t len = name_room(room, name);

	check(ws_rooms_count(model->rooms, name, len) == count_in(model, room),
	    "count");
	for (unsigned p = 0; p < PEERS; p++)
		check(ws_rooms_has(model->rooms, &model->peers[p]->member, name,
			  len) == model->in[room][p],
		    "has");
}

static bool
count_name(const void *name, size_t len, void *arg)
{
	(void)name;
	(void)len;
	++*(uint32_t *)arg;
	return true;
}

static void
compare(struct model *model)
{
	size_t total = 0;

	for (unsigned r = 0; r < ROOMS; r++) {
		compare_room(model, r);
		total += count_in(model, r) > 0;
	}
	check(ws_rooms_total(model->rooms) == total, "total");
	for (unsigned p = 0; p < PEERS; p++) {
		uint32_t count = 0, listed = 0;

		for (unsigned r = 0; r < ROOMS; r++)
			count += model->in[r][p];
		ws_rooms_walk_joined(
		    &model->peers[p]->member, count_name, &listed);
		check(listed == count, "list of rooms");
		check(model->peers[p]->member.joined_count == count,
		    "count of rooms");
	}
}

static void
step(struct model *model)
{
	unsigned op, room, p;

	if (model->at == model->end)
		return;
	op = next_octet(model);
	room = next_octet(model) % ROOMS;
	p = next_octet(model) % PEERS;
	switch (op % 8) {
	case 0:
	case 1:
		join(model, room, p);
		break;
	case 2:
		leave(model, room, p);
		break;
	case 3:
		leave_all(model, p);
		break;
	case 4:
		free_peer(model, p);
		new_peer(model, p);
		break;
	case 5:
		publish(model, next_octet(model), p);
		break;
	case 6:
		compare(model);
		break;
	case 7:
		scarce(room);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t key[16] = { 1 };
	struct model model = { .at = data, .end = data + size };

	scarce(0);
	model.rooms = ws_rooms_new(key);
	for (unsigned p = 0; p < PEERS; p++)
		new_peer(&model, p);
	while (model.at < model.end)
		step(&model);
	compare(&model);
	scarce(0);
	for (unsigned p = 0; p < PEERS; p++)
		free_peer(&model, p);
	check(ws_rooms_total(model.rooms) == 0, "rooms without members");
	ws_rooms_free(model.rooms);
	check(scarce_octets == 0, "memory lost");
	return 0;
}
